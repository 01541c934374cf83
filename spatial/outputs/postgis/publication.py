"""Publication of a plan to a shared database: a new version in one transaction, or nothing at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely

from spatial.errors import Fault, OutputError
from spatial.outputs.postgis.drafts import (
    Current,
    Draft,
    Progress,
    fill_draft,
    find_current,
    find_provenance,
    finish_draft,
    is_same,
    register_draft,
    style_draft,
)
from spatial.outputs.postgis.opinion_tables import make_opinions
from spatial.outputs.postgis.opinions import compare_provenance
from spatial.outputs.postgis.registry import begin_alone, has_registry, make_registry, require_postgis
from spatial.outputs.postgis.roles import (
    become_planner,
    find_prefix,
    keep_prefix,
    list_roles,
    make_roles,
    open_postgis,
)
from spatial.outputs.postgis.styles import make_styles_table, store_styles
from spatial.outputs.postgis.views import find_platforms
from spatial.plan.base import Text
from spatial.plan.contract import Contract
from spatial.plan.postgres import Address, Ask, connect, explaining
from spatial.plan.published import SubPlatform, role_of, stem_of
from spatial.plan.styles import Styles

if TYPE_CHECKING:
    from psycopg import Connection

_SHOWN = 20


@dataclass(frozen=True)
class Parcel:
    """What is published.

    Parameters
    ----------
    plan : str
        Name of the plan in the database.
    title : Text
        Its title.
    layers : mapping of str to DataFrame
        Layers by name, EPSG:4490, each by its contract.
    contracts : mapping of str to Contract
    styles : Styles
        What QGIS shall draw them by.
    provenance : mapping of str to str
        Hashes and versions of all that went in.
    note : str
        What the publisher says of this version.
    platforms : sequence of SubPlatform
        Departments that get a sub-platform of their own; those of earlier publications keep theirs.
    """

    plan: str
    title: Text
    layers: Mapping[str, pd.DataFrame]
    contracts: Mapping[str, Contract]
    styles: Styles
    provenance: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    platforms: Sequence[SubPlatform] = ()


@dataclass(frozen=True)
class Publication:
    """What became of a publication.

    Parameters
    ----------
    plan : str
    version : int
        The version that is current now.
    schema : str
        Where its tables lie.
    stem : str
        Where the views of the current version lie.
    is_new : bool
        False where the plan was the same as the current version, and nothing was written.
    rows : mapping of str to int
        Rows of each layer.
    notes : tuple of str
        What the user should know.
    """

    plan: str
    version: int
    schema: str
    stem: str
    is_new: bool
    rows: Mapping[str, int]
    notes: tuple[str, ...] = ()


class _SameAsBefore(Exception):  # noqa: N818 (no error: it undoes a transaction that would change nothing)
    """The layers are those of the current version."""


def publish_layers(
    address: Address,
    parcel: Parcel,
    *,
    prefix: str | None = None,
    ask: Ask | None = None,
    progress: Progress | None = None,
) -> Publication:
    """Publish layers as a new version of a plan.

    Everything happens in one transaction: roles, registry, tables, constraints, views, grants. Whatever fails
    or is killed, the database is as it was. Publishers wait for each other.

    Parameters
    ----------
    address : Address
        The database; PostGIS 3 must be installed in it.
    parcel : Parcel
        What is published.
    prefix : str, optional
        What names of roles begin with; the database's name and ``_`` unless given, and fixed by the first
        publication.
    ask : callable, optional
        See `spatial.plan.postgres.connect`.
    progress : callable, optional
        Called with (layer, done, total).

    Returns
    -------
    Publication
        A plan whose file, data, layers and columns are the same as those of the current version, none of
        which was edited in the database since, makes no new version.

    Raises
    ------
    OutputError
        The server is down, refuses the user, has no PostGIS, fails or is full; a row breaks a constraint; a
        name is taken or cannot be kept. Nothing was written.
    CrsError
        A layer is not in EPSG:4490.
    """
    stem = stem_of(parcel.plan)
    if not parcel.layers:
        raise OutputError(Fault(str(address), "", "there is no layer to publish", "build at least one layer"))
    notes: list[str] = []
    try:
        with (
            _telling_rows(parcel),
            explaining(address),
            connect(address, ask=ask) as connection,
        ):
            if begin_alone(connection):
                notes.append("waited for another publisher 已等待另一发布完成")
            return _publish(connection, address, parcel, _Ways(prefix, progress, notes))
    except _SameAsBefore as same:
        before: Current = same.args[0]
    rows = {name: len(frame) for name, frame in parcel.layers.items()}
    return Publication(parcel.plan, before.version, before.schema, stem, False, rows, tuple(notes))


def check_server(address: Address, *, ask: Ask | None = None) -> None:
    """Refuse a database that cannot be published to, before anything is computed for it.

    Raises
    ------
    OutputError
        The server is down, does not let the user in, or has no PostGIS.
    """
    with explaining(address), connect(address, ask=ask) as connection:
        require_postgis(connection, address)


@dataclass
class _Ways:
    """How to publish, and what is noted on the way."""

    prefix: str | None
    progress: Progress | None
    notes: list[str]


def _publish(connection: Connection[Any], address: Address, parcel: Parcel, ways: _Ways) -> Publication:
    postgis = require_postgis(connection, address)
    prefix = _prepare(connection, postgis, parcel, ways)
    before = find_current(connection, parcel.plan)
    stem, version = stem_of(parcel.plan), before.version + 1 if before else 1
    given = {platform.key for platform in parcel.platforms}
    platforms = [*parcel.platforms, *(one for one in find_platforms(connection) if one.key not in given)]
    draft = Draft(connection, parcel.plan, parcel.title, stem, version, postgis, prefix, platforms)
    register_draft(draft, parcel.provenance, parcel.note.replace("\0", ""))
    tables = fill_draft(draft, parcel.layers, parcel.contracts, ways.progress)
    if before and before.edits:
        ways.notes.append(_tell_edits(parcel.plan, before))
    elif before and is_same(draft, before.version) and _has_same_inputs(draft, before, parcel):
        raise _SameAsBefore(before)
    finish_draft(draft, tables, before.schema if before else None)
    ways.notes += store_styles(connection, draft.schema, parcel.layers, parcel.contracts, parcel.styles)
    style_draft(draft)
    rows = {name: len(frame) for name, frame in parcel.layers.items()}
    return Publication(parcel.plan, version, draft.schema, stem, True, rows, tuple(ways.notes))


def _has_same_inputs(draft: Draft, before: Current, parcel: Parcel) -> bool:
    """Say whether the plan and its data are those of a version: opinions computed on them stand with it."""
    told = find_provenance(draft.connection, draft.plan, before.version)
    no_hash = not parcel.provenance.get("plan_sha256") and not told.get("plan_sha256")
    return no_hash or not compare_provenance(parcel.provenance, told)


def _prepare(connection: Connection[Any], postgis: str, parcel: Parcel, ways: _Ways) -> str:
    """Make roles and registry where they are absent; from here on act as the planners."""
    known = find_prefix(connection) if has_registry(connection) else None
    wanted = ways.prefix if ways.prefix is not None else f"{connection.info.dbname}_"
    prefix = wanted if known is None else known
    if ways.prefix is not None and known not in {None, ways.prefix}:
        ways.notes.append(f"roles of this database begin with {known}; that was settled before 角色前缀已定")
    ways.notes += make_roles(connection, prefix, parcel.platforms)
    ways.notes += open_postgis(connection, postgis, list_roles(prefix, parcel.platforms))
    planner = role_of(prefix, "planner")
    ways.notes += make_styles_table(connection, planner)
    become_planner(connection, planner)
    make_registry(connection)
    make_opinions(connection, postgis)
    keep_prefix(connection, prefix)
    return prefix


def _tell_edits(plan: str, before: Current) -> str:
    return (
        f"version {before.version} had {before.edits} edits made in the database, which the plan does not"
        f" have; they stay there: spatial diff --at URL {plan} {before.version} {before.version + 1}"
        " 数据库内的修改保留在旧版本中"
    )


class _telling_rows:  # noqa: N801 (used as a context manager, as a function would be)
    """Name the rows that broke a constraint: the server names only the first."""

    def __init__(self, parcel: Parcel) -> None:
        self._parcel = parcel

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        state = getattr(getattr(error, "__cause__", None), "sqlstate", None)
        if not isinstance(error, OutputError) or state not in ("23514", "23505", "23502"):
            return
        faults = [fault for name, frame in self._parcel.layers.items() for fault in _doubt_rows(name, frame)]
        if faults:
            raise OutputError(faults[:_SHOWN]) from error


def _doubt_rows(name: str, frame: pd.DataFrame) -> list[Fault]:
    """Return what is wrong with rows of a layer: shapes that are not valid, ids that stand twice."""
    faults = [
        Fault(name, str(one), "the id stands twice", "give every row an id of its own")
        for one in frame["id"][frame["id"].duplicated()]
    ]
    if isinstance(frame, gpd.GeoDataFrame):
        shapes = frame.geometry.to_numpy()
        bad = ~shapely.is_valid(shapes) & ~shapely.is_missing(shapes)
        reasons = shapely.is_valid_reason(shapes[bad])
        faults += [
            Fault(name, str(one), f"the shape is not valid: {reason}", "repair it: QGIS, Fix geometries")
            for one, reason in zip(frame["id"][bad], reasons, strict=True)
        ]
    return faults
