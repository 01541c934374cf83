"""Published plans read back from a shared database: which versions there are, and the layers of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.errors import Fault, SourceError
from spatial.plan.contract import Contract
from spatial.plan.findings import STORED_CRS
from spatial.plan.postgres import Address, Ask, connect, explaining, read_address
from spatial.plan.published import GEOMETRY, ORDER, Version, contract_from_json

if TYPE_CHECKING:
    from psycopg import Connection

_DTYPES: Mapping[str, Any] = {"text": "str", "integer": "int64", "number": "float64", "truth": "bool"}
_MULTI = (4, 5, 6)
_VERSIONS = (
    "SELECT v.plan, v.version, v.schema_name, v.published_at, v.published_by, v.plan_hash, v.tool, v.note,"
    " v.restored_from, v.version = p.current,"
    " (SELECT coalesce(sum(l.rows), 0)::bigint FROM spatial_registry.layers l"
    "   WHERE l.plan = v.plan AND l.version = v.version),"
    " spatial_registry.count_edits(v.schema_name)"
    " FROM spatial_registry.versions v JOIN spatial_registry.plans p ON p.plan = v.plan"
    " WHERE %(plan)s::text IS NULL OR v.plan = %(plan)s ORDER BY v.plan, v.version"
)


@dataclass(frozen=True)
class Published:
    """A published version.

    Parameters
    ----------
    version : Version
        What the registry says of it.
    layers : dict
        Layer to frame (EPSG:4490), in the order of publication, with the edits made in the database.
    contracts : dict
        Their columns and titles, as published.
    """

    version: Version
    layers: dict[str, pd.DataFrame]
    contracts: dict[str, Contract]


def list_versions(address: Address, plan: str | None = None, *, ask: Ask | None = None) -> list[Version]:
    """Return the versions of all plans of a database, or of one, by plan and number.

    Raises
    ------
    SourceError
        The server does not let the user in, or holds no published plan, or none of that name.
    """
    with explaining(address, SourceError), connect(address, refuse=SourceError, ask=ask) as connection:
        return _find_versions(connection, address, plan)


def open_published(
    address: Address, plan: str, numbers: Sequence[int | None] = (None,), *, ask: Ask | None = None
) -> list[Published]:
    """Read versions of a published plan, all as of one moment.

    Parameters
    ----------
    address : Address
    plan : str
        Name of the plan in the database.
    numbers : sequence of int or None
        Which versions; None is the current one.
    ask : callable, optional
        See `spatial.plan.postgres.connect`.

    Raises
    ------
    SourceError
        No such plan or version, or the user may not read it.
    """
    with explaining(address, SourceError), connect(address, refuse=SourceError, ask=ask) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        known = _find_versions(connection, address, plan)
        chosen = [_choose(known, number, address) for number in numbers]
        return [_read_version(connection, version) for version in chosen]


def read_published(url: str, plan: str, version: int | None = None) -> dict[str, pd.DataFrame]:
    """Read the layers of a published plan.

    Parameters
    ----------
    url : str
        Such as ``postgresql://wang@10.0.0.5/plan``, without a password.
    plan : str
        Name of the plan in the database.
    version : int, optional
        The current one unless given.

    Returns
    -------
    dict
        Layer to frame: rows, columns, types, coordinates (EPSG:4490) and their order are those that were
        published, where nobody edited them since.

    Raises
    ------
    OutputError, SourceError
        The address is none, the server does not let the user in, or there is no such plan or version.
    """
    return open_published(read_address(url, "url"), plan, [version])[0].layers


def _find_versions(connection: Connection[Any], address: Address, plan: str | None) -> list[Version]:
    there = connection.execute("SELECT to_regclass('spatial_registry.versions') IS NOT NULL").fetchone()
    if not (there and there[0]):
        remedy = "publish one: spatial publish PLAN --to URL"
        raise SourceError(Fault(str(address), "", "the database holds no published plan", remedy))
    rows = connection.execute(_VERSIONS, {"plan": plan}).fetchall()
    if plan is not None and not rows:
        plans = [name for (name,) in connection.execute("SELECT plan FROM spatial_registry.plans ORDER BY 1")]
        remedy = f"there is {', '.join(plans) or 'none'}"
        raise SourceError(Fault(str(address), plan, "there is no such published plan", remedy))
    return [Version(*row) for row in rows]


def _choose(known: Sequence[Version], number: int | None, address: Address) -> Version:
    for version in known:
        if version.version == number or (number is None and version.current):
            return version
    numbers = ", ".join(str(version.version) for version in known)
    fault = Fault(str(address), known[0].plan, f"there is no version {number}", f"there is {numbers}")
    raise SourceError(fault)


def _read_version(connection: Connection[Any], version: Version) -> Published:
    rows = connection.execute(
        "SELECT layer, contract, geometry_type, lone_parts FROM spatial_registry.layers"
        " WHERE plan = %s AND version = %s ORDER BY position",
        (version.plan, version.version),
    ).fetchall()
    layers, contracts = {}, {}
    for name, told, geometry_type, lone in rows:
        contracts[name] = contract_from_json(told)
        layers[name] = _read_layer(connection, version.schema, name, contracts[name], geometry_type, lone)
    return Published(version, layers, contracts)


def _read_layer(  # noqa: PLR0917 (one row of the registry)
    connection: Connection[Any],
    schema: str,
    name: str,
    contract: Contract,
    geometry_type: str | None,
    lone: Sequence[str],
) -> pd.DataFrame:
    from psycopg import sql

    columns = contract.all_columns()
    wanted = sql.SQL(", ").join(map(sql.Identifier, columns))
    if geometry_type is not None:
        # As text, in hexadecimal digits, a geometry comes whole whatever schema PostGIS lies in.
        wanted = sql.SQL("{}, {}::text").format(wanted, sql.Identifier(GEOMETRY))
    statement = sql.SQL("SELECT {} FROM {} ORDER BY {}").format(
        wanted, sql.Identifier(schema, name), sql.Identifier(ORDER)
    )
    rows = connection.execute(statement).fetchall()
    cells: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * (len(columns) + 1)
    data = {
        key: _type_column(values, column.kind)
        for (key, column), values in zip(columns.items(), cells, strict=False)
    }
    if geometry_type is None:
        return pd.DataFrame(data)
    shapes = shapely.set_srid(shapely.from_wkb(np.array(cells[-1], dtype=object)), 0)
    if geometry_type.startswith("Multi"):
        shapes = _to_single(shapes, data["id"], set(lone))
    return gpd.GeoDataFrame(data, geometry=gpd.GeoSeries(shapes, crs=STORED_CRS), crs=STORED_CRS)


def _type_column(values: Sequence[Any], kind: str) -> pd.Series[Any]:
    """Return a column in its type; whole numbers and truths with nulls in one that can say so."""
    absent = None in values
    if kind == "integer" and absent:
        return pd.Series(values, dtype="Int64")
    if kind == "truth" and absent:
        return pd.Series(values, dtype="boolean")
    return pd.Series(values, dtype=_DTYPES[kind])


def _to_single(
    shapes: npt.NDArray[np.object_], ids: pd.Series[Any], lone: set[str]
) -> npt.NDArray[np.object_]:
    """Return multi shapes of one part as single ones, but those that were published as multi ones."""
    multi = np.isin(shapely.get_type_id(shapes), _MULTI) & (shapely.get_num_geometries(shapes) < 2)
    multi &= ~ids.isin(lone).to_numpy(dtype=bool)
    full = multi & ~shapely.is_empty(shapes)
    shapes[full] = shapely.get_geometry(shapes[full], 0)
    for kind, empty in ((4, "POINT"), (5, "LINESTRING"), (6, "POLYGON")):
        shapes[multi & ~full & (shapely.get_type_id(shapes) == kind)] = shapely.from_wkt(f"{empty} EMPTY")
    return shapes
