"""Opinions computed on projects, put beside the published plan that they were computed on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, LiteralString

import geopandas as gpd
import pandas as pd
import shapely

from spatial.errors import CrsError, Fault, OutputError
from spatial.outputs.postgis.registry import begin_alone, has_registry, require_postgis
from spatial.outputs.postgis.roles import become_planner
from spatial.plan.findings import STORED_CRS
from spatial.plan.postgres import Address, Ask, connect, explaining
from spatial.plan.published import VERDICTS

if TYPE_CHECKING:
    from psycopg import Connection

COLUMNS = (
    "project_id", "department", "rule", "verdict", "area_m2", "share", "text", "basis", "confidence",
)  # fmt: skip
"""What an opinion says, beside its geometry; that and all after the verdict may be absent."""
_MUST = COLUMNS[:4]
_NUMBERS: Mapping[str, LiteralString] = {"area_m2": "double precision", "share": "double precision"}
_PLAN_HASH = "plan_sha256"
_INPUTS = ("source.", "rules.")
_SHOWN = 3


@dataclass(frozen=True)
class Computed:
    """What ``spatial conform`` computed.

    Parameters
    ----------
    opinions : DataFrame or GeoDataFrame
        Columns ``project_id, department, rule, verdict`` (``pass``, ``not_judged``, ``conditional`` or
        ``reject``) and, where known, ``area_m2``, ``share``, ``text`` (or ``text_zh`` and ``todo_zh``),
        ``basis`` (or ``basis_zh``), ``confidence`` and geometry in EPSG:4490.
    projects : DataFrame or GeoDataFrame
        What they are on: ``id`` and, where known, ``name``, ``kind``, ``illustrative`` and geometry in
        EPSG:4490.
    provenance : mapping of str to str
        What they were computed on: ``plan_sha256``, ``source.…`` and the rest.
    """

    opinions: pd.DataFrame
    projects: pd.DataFrame
    provenance: Mapping[str, str]


@dataclass(frozen=True)
class OpinionsSent:
    """What was written: the plan's version that the opinions stand with, how many, and what to know."""

    plan: str
    version: int
    rows: int
    projects: int = 0
    notes: tuple[str, ...] = ()


def publish_opinions(
    address: Address, plan: str, computed: Computed, *, version: int | None = None, ask: Ask | None = None
) -> OpinionsSent:
    """Write computed opinions and their projects beside a published plan, in one transaction.

    Parameters
    ----------
    address : Address
    plan : str
        Name of the published plan.
    computed : Computed
        The opinions take the place of the computed ones of the same projects and version; what a department
        wrote itself stays, and goes on counting in their stead.
    version : int, optional
        The version that they were computed on; the current one unless given.
    ask : callable, optional
        See `spatial.plan.postgres.connect`.

    Raises
    ------
    OutputError
        Bad columns or verdicts, opinions on no project, no such plan or version, a version of another plan
        file or other data than they were computed on, a role that may not, or a server that fails; nothing
        was written.
    CrsError
        Geometry is not in EPSG:4490.
    """
    projects, opinions = render_projects(computed), render_opinions(computed)
    with explaining(address), connect(address, ask=ask) as connection:
        begin_alone(connection)
        if not has_registry(connection):
            raise OutputError(Fault(str(address), plan, "no plan was published here", "publish it first"))
        postgis = require_postgis(connection, address)
        become_planner(connection, "")
        number, notes = _find_version(connection, (address, plan), computed.provenance, version)
        _write(connection, postgis, (plan, number), projects, opinions)
    return OpinionsSent(plan, number, len(opinions), len(projects), notes)


def _find_version(
    connection: Connection[Any], where: tuple[Address, str], provenance: Mapping[str, str], wanted: int | None
) -> tuple[int, tuple[str, ...]]:
    """Return the version that opinions stand with: one of the very plan and data they were computed on."""
    address, plan = where
    rows = connection.execute(
        "SELECT v.version, v.version = p.current, v.provenance, spatial_registry.count_edits(v.schema_name)"
        " FROM spatial_registry.versions v JOIN spatial_registry.plans p ON p.plan = v.plan"
        " WHERE v.plan = %s ORDER BY v.version",
        (plan,),
    ).fetchall()
    if not rows:
        raise OutputError(Fault(str(address), plan, "there is no such plan", "see: spatial versions"))
    chosen = [row for row in rows if (row[1] if wanted is None else row[0] == wanted)]
    if not chosen:
        numbers = ", ".join(str(row[0]) for row in rows)
        raise OutputError(Fault(str(address), plan, f"there is no version {wanted}", f"there is {numbers}"))
    number, _, told, edits = chosen[0]
    if unlike := compare_provenance(provenance, told):
        same = [str(row[0]) for row in rows if not compare_provenance(provenance, row[2])]
        raise OutputError(Fault(str(address), plan, *_tell_unlike(int(number), unlike, same)))
    if not edits:
        return int(number), ()
    note = (
        f"{edits} edits were made in the database since, which spatial conform has not seen 意见未含库内修改"
    )
    return int(number), (note,)


def compare_provenance(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """Return which inputs differ of those that both name; the plan's hash is one where either lacks it.

    Examples
    --------
    >>> compare_provenance({"plan_sha256": "a", "source.dem": "b"}, {"plan_sha256": "a", "source.dem": "c"})
    ['source.dem']
    >>> compare_provenance({}, {})
    ['plan_sha256']
    """
    keys = sorted(key for key in one.keys() & other.keys() if key == "boundary" or key.startswith(_INPUTS))
    unlike = [key for key in keys if one[key] != other[key]]
    same = one.get(_PLAN_HASH) and one.get(_PLAN_HASH) == other.get(_PLAN_HASH)
    return unlike if same else [_PLAN_HASH, *unlike]


def _tell_unlike(number: int, unlike: Sequence[str], same: Sequence[str]) -> tuple[str, str]:
    named = ", ".join(unlike[:_SHOWN]) + (" …" if len(unlike) > _SHOWN else "")
    problem = (
        f"the opinions were not computed on version {number}: {named} differ 意见不是依据第 {number} 版计算的"
    )
    again = "run spatial conform again on the plan as published 请按已发布的规划重新审查"
    if same:
        return problem, f"they belong to: --version {same[-1]}; or {again}"
    return problem, f"publish the plan that they were computed on, or {again}"


def _write(
    connection: Connection[Any],
    postgis: str,
    version: tuple[str, int],
    projects: Sequence[Mapping[str, Any]],
    opinions: Sequence[Mapping[str, Any]],
) -> None:
    """Write projects, then opinions; each as one statement of JSON, so a bad row ends it at once."""
    from psycopg import sql

    schema = sql.Identifier(postgis)
    connection.execute(
        sql.SQL(
            "INSERT INTO spatial_registry.projects (plan, version, id, name, kind, illustrative, geom)"
            " SELECT %s, %s, r.id, r.name, r.kind, r.illustrative, r.geom::{}.geometry FROM"
            " jsonb_to_recordset(%s::jsonb)"
            " r (id text, name text, kind text, illustrative boolean, geom text)"
            " ON CONFLICT (plan, version, id) DO UPDATE SET name = excluded.name, kind = excluded.kind,"
            " illustrative = excluded.illustrative, geom = excluded.geom,"
            " submitted_by = excluded.submitted_by, submitted_at = excluded.submitted_at"
        ).format(schema),
        (*version, json.dumps(projects)),
    )
    connection.execute(
        "DELETE FROM spatial_registry.opinions"
        " WHERE plan = %s AND version = %s AND origin = 'computed' AND project_id = ANY(%s)",
        (*version, [one["id"] for one in projects]),
    )
    columns = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
    types = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(key), sql.SQL(_NUMBERS.get(key, "text"))) for key in COLUMNS
    )
    connection.execute(
        sql.SQL(
            "INSERT INTO spatial_registry.opinions (plan, version, origin, {}, geom)"
            " SELECT %s, %s, 'computed', {}, geom::{}.geometry"
            " FROM jsonb_to_recordset(%s::jsonb) r ({}, geom text)"
        ).format(columns, columns, schema, types),
        (*version, json.dumps(opinions)),
    )


def render_projects(computed: Computed) -> list[dict[str, Any]]:
    """Return the projects as rows for the database.

    Raises
    ------
    OutputError
        Projects without id or with one that stands twice.
    CrsError
        Geometry is not in EPSG:4490.
    """
    frame = computed.projects
    _require("projects", frame, ("id",))
    _require_crs("projects", frame)
    twice = frame["id"][frame["id"].duplicated()].unique()
    if len(twice):
        remedy = "give every project an id of its own"
        raise OutputError(Fault("projects", str(one), "the id stands twice", remedy) for one in twice)
    stamped = _column(frame, "illustrative")
    return [
        {
            "id": str(key), "name": _clean(name), "kind": _clean(kind),
            "illustrative": stamp is not None and str(stamp).lower() in ("1", "1.0", "true"), "geom": shape,
        }
        for key, name, kind, stamp, shape in zip(
            frame["id"], _column(frame, "name"), _column(frame, "kind"), stamped, _shapes(frame), strict=True
        )
    ]  # fmt: skip


def render_opinions(computed: Computed) -> list[dict[str, Any]]:
    """Return the opinions as rows for the database.

    Raises
    ------
    OutputError
        Columns that lack, verdicts that are none, rows without what they must have, projects that are not
        there: all at once.
    CrsError
        Geometry is not in EPSG:4490.
    """
    frame = computed.opinions
    _require("opinions", frame, _MUST)
    _require_crs("opinions", frame)
    known = set(computed.projects["id"].astype("str"))
    faults = [
        Fault("opinions", str(at), f"{verdict!r} is no verdict", f"write {', '.join(VERDICTS)}")
        for at, verdict in frame["verdict"].items()
        if verdict not in VERDICTS
    ]
    faults += [
        Fault("opinions", str(one), "there is no such project 没有该项目", "add it to the layer projects")
        for one in dict.fromkeys(frame["project_id"].dropna().astype("str"))
        if one not in known
    ]
    if faults:
        raise OutputError(faults)
    cells = {key: _column(frame, key) for key in COLUMNS} | {"geom": _shapes(frame)}
    cells["text"] = _join_texts(frame, ("text",), ("text_zh", "todo_zh"))
    cells["basis"] = _join_texts(frame, ("basis",), ("basis_zh",))
    cells["confidence"] = [_clean(text) for text in cells["confidence"]]
    return [dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)]


def _require(what: str, frame: pd.DataFrame, columns: Sequence[str]) -> None:
    there = ", ".join(map(str, frame.columns))
    faults = [
        Fault(what, key, "there is no such column", f"there is {there}")
        for key in columns
        if key not in frame.columns
    ] or [
        Fault(what, key, f"{int(frame[key].isna().sum())} rows have none", "fill it in")
        for key in columns
        if frame[key].isna().any()
    ]
    if faults:
        raise OutputError(faults)


def _require_crs(what: str, frame: pd.DataFrame) -> None:
    if isinstance(frame, gpd.GeoDataFrame) and frame.crs != STORED_CRS:
        raise CrsError(Fault(what, "", "are not in CGCS2000", f"transform them to {STORED_CRS}"))


def _column(frame: pd.DataFrame, key: str) -> list[Any]:
    """Return a column's values as JSON has them, nulls where it is absent."""
    if key not in frame.columns:
        return [None] * len(frame)
    values = frame[key].astype(object)
    return list(values.where(values.notna(), None))


def _join_texts(frame: pd.DataFrame, own: Sequence[str], parts: Sequence[str]) -> list[str]:
    columns = own if own[0] in frame.columns else parts
    rows = zip(*(_column(frame, key) for key in columns), strict=True)
    return ["；".join(filter(None, map(_clean, row))) for row in rows]


def _clean(text: object) -> str:
    return "" if text is None else str(text).replace("\0", "")


def _shapes(frame: pd.DataFrame) -> list[Any]:
    if not isinstance(frame, gpd.GeoDataFrame):
        return [None] * len(frame)
    return list(shapely.to_wkb(shapely.force_2d(frame.geometry.to_numpy()), hex=True))
