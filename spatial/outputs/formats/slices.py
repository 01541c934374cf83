"""Layers cut for formats of one geometry type each: polygons, lines, points and rows without a shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import geopandas as gpd
import pandas as pd
import shapely

from spatial.errors import CrsError, Fault
from spatial.plan.contract import Column, Contract
from spatial.plan.findings import STORED_CRS

Kind: TypeAlias = Literal["Polygon", "LineString", "Point", "none"]
"""What the rows of a slice are: one geometry type, or a table."""

_DTYPES: dict[str, Any] = {"integer": "Int64", "number": "float64", "truth": "boolean"}
_ENDINGS: dict[Kind, str] = {"Polygon": "polygon", "LineString": "line", "Point": "point", "none": "table"}


@dataclass(frozen=True)
class Slice:
    """Rows of a layer that go into one file or table.

    Parameters
    ----------
    name : str
        Name of the layer; with an ending where the layer has several slices.
    layer : str
        Name of the layer.
    kind : {"Polygon", "LineString", "Point", "none"}
        Geometry type.
    frame : DataFrame or GeoDataFrame
        Rows, columns in their declared types, without ``geometry`` where there is none.
    columns : mapping of str to Column
        The columns in order.
    """

    name: str
    layer: str
    kind: Kind
    frame: pd.DataFrame
    columns: Mapping[str, Column]

    @property
    def geometry_type(self) -> str | None:
        """The type that takes all rows: areas and lines as multi types, points only where need be."""
        if self.kind == "none":
            return None
        several = self.kind != "Point" or (self.frame.geometry.geom_type == "MultiPoint").any()
        return f"Multi{self.kind}" if several else "Point"


def type_frame(name: str, frame: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """Return a layer with its declared columns in their declared types, shapes flat and in EPSG:4490.

    Texts lose what a database cannot hold: a NUL, which would cut them short, and broken characters.

    Raises
    ------
    CrsError
        The layer is not in EPSG:4490.
    """
    columns = {key: _type_column(frame[key], column) for key, column in contract.all_columns().items()}
    table = pd.DataFrame(columns, index=frame.index)
    if not isinstance(frame, gpd.GeoDataFrame):
        return table
    if frame.crs is None or frame.crs != STORED_CRS:
        problem = "has no CRS" if frame.crs is None else f"has the CRS {frame.crs.to_string()}"
        raise CrsError(Fault("", name, problem, f"layers are written in {STORED_CRS}"))
    return gpd.GeoDataFrame(table, geometry=shapely.force_2d(frame.geometry.to_numpy()), crs=STORED_CRS)


def slice_layers(
    layers: Mapping[str, pd.DataFrame], contracts: Mapping[str, Contract]
) -> tuple[list[Slice], list[str]]:
    """Cut layers by geometry type.

    Parameters
    ----------
    layers : mapping of str to DataFrame
        Layers in EPSG:4490.
    contracts : mapping of str to Contract
        Their columns.

    Returns
    -------
    list of Slice
        In the order of the layers. A layer of one type keeps its name and its rows without a shape; one that
        mixes types has ``_polygon``, ``_line``, ``_point`` and, for rows without a shape, ``_table``.
    list of str
        Names of layers without rows, of which there is nothing to write.
    """
    slices: list[Slice] = []
    empty: list[str] = []
    for name, frame in layers.items():
        typed = type_frame(name, frame, contracts[name])
        if len(typed):
            slices += _cut(name, typed, contracts[name])
        else:
            empty.append(name)
    return slices, empty


def _cut(name: str, frame: pd.DataFrame, contract: Contract) -> Iterator[Slice]:
    columns = contract.all_columns()
    if not isinstance(frame, gpd.GeoDataFrame):
        yield Slice(name, name, "none", frame, columns)
        return
    if contract.shape != "any":
        kind: Kind = "Polygon" if contract.shape == "none" else contract.shape
        yield Slice(name, name, kind, frame, columns)
        return
    kinds = frame.geometry.geom_type.str.removeprefix("Multi").where(~frame.geometry.is_empty, None)
    for kind, ending in _ENDINGS.items():
        rows = frame[kinds.isna() if kind == "none" else kinds == kind]
        table = pd.DataFrame(rows.drop(columns="geometry")) if kind == "none" else rows
        if len(rows):
            yield Slice(f"{name}_{ending}", name, kind, table, columns)


def _type_column(values: pd.Series[Any], column: Column) -> pd.Series[Any]:
    if column.kind != "text":
        return values.astype(_DTYPES[column.kind])
    text = values.astype(object).where(values.notna(), None)
    return text.map(_storable, na_action="ignore").astype(object)


def _storable(text: object) -> str:
    return str(text).replace("\0", "").encode("utf-8", "replace").decode("utf-8")
