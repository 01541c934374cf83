"""The contract of a layer, declared once beside the function that makes it.

``@layer(...)`` only notes the contract on the function; it does not wrap it. The pipeline turns the
note into a pandera schema and checks each frame; writers take titles and aliases from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from spatial.plan.findings import STORED_CRS

if TYPE_CHECKING:
    from pandera.pandas import Check, DataFrameSchema

Kind = Literal["text", "integer", "number", "truth"]
Shape = Literal["Point", "LineString", "Polygon", "any", "none"]

_DTYPES: dict[str, str] = {"integer": "int64", "number": "float64", "truth": "bool"}
_TYPES: dict[str, tuple[str, ...]] = {
    "Point": ("Point", "MultiPoint"),
    "LineString": ("LineString", "MultiLineString"),
    "Polygon": ("Polygon", "MultiPolygon"),
}


@dataclass(frozen=True)
class Column:
    """A declared column: its type, its alias in Chinese and English, whether it may be null.

    The unit is the ending of the column's name (``area_ha``) and stands in brackets in the alias.
    """

    kind: Kind
    zh: str
    en: str
    nullable: bool = False


@dataclass(frozen=True)
class Contract:
    """What a layer is: title, geometry type and columns beside ``id``, ``name`` and ``geometry``.

    `about` is the first paragraph of the docstring of the function that makes it; `needs` are the parts of a
    plan without which it is empty.
    """

    zh: str
    en: str
    shape: Shape
    columns: dict[str, Column] = field(default_factory=dict)
    about: str = ""
    needs: tuple[str, ...] = ()

    def all_columns(self) -> dict[str, Column]:
        """Return the declared columns with the two that every layer has, in order."""
        common = {
            "id": Column("text", "标识", "Id"),
            "name": Column("text", "名称", "Name"),
        }
        return common | self.columns

    def schema(self, name: str) -> DataFrameSchema:
        """Return the pandera schema of the layer called `name`.

        Exactly these columns in this order, ids all different, numbers finite or null, geometries of the
        declared type, two-dimensional and in EPSG:4490; null geometries are let through.
        """
        import pandera.pandas as pa

        finite = pa.Check(np.isfinite, error="numbers must be finite")
        columns = {
            key: pa.Column(
                _DTYPES.get(column.kind) or str,
                [finite] if column.kind == "number" else None,
                nullable=column.nullable,
                title=column.zh,
                description=column.en,
                unique=key == "id",
            )
            for key, column in self.all_columns().items()
        }
        checks = None
        if self.shape != "none":
            columns["geometry"] = pa.Column(None, self._shape_checks(), nullable=True)
            checks = pa.Check(lambda frame: frame.crs == STORED_CRS, error=f"the CRS must be {STORED_CRS}")
        return pa.DataFrameSchema(columns, checks, strict=True, ordered=True, name=name)

    def _shape_checks(self) -> list[Check]:
        import pandera.pandas as pa

        flat = pa.Check(lambda shapes: ~shapes.has_z, error="geometry must be two-dimensional")
        if self.shape not in _TYPES:
            return [flat]
        allowed = _TYPES[self.shape]
        return [
            flat,
            pa.Check(lambda shapes: shapes.geom_type.isin(allowed), error=f"geometry must be {self.shape}"),
        ]


_Function = TypeVar("_Function", bound=Callable[..., Any])


def layer(
    zh: str, en: str, shape: Shape, *, needs: tuple[str, ...] = (), **columns: Column
) -> Callable[[_Function], _Function]:
    """Declare that a function is a layer.

    Parameters
    ----------
    zh, en : str
        Title of the layer.
    shape : {"Point", "LineString", "Polygon", "any", "none"}
        Geometry type, multi or single; ``none`` is a table.
    needs : tuple of str
        Parts of a plan, such as ``circles``, without which the layer is empty.
    **columns : Column
        The layer's own columns, in order, beside ``id``, ``name`` and ``geometry``.

    Examples
    --------
    >>> @layer("镇", "Towns", "Point", code=Column("text", "代码", "Code"))
    ... def towns(): ...
    >>> list(contract_of(towns).all_columns())
    ['id', 'name', 'code']
    """

    def declare(function: _Function) -> _Function:
        about = " ".join((function.__doc__ or "").split("\n\n")[0].split())
        function.__dict__["contract"] = Contract(zh, en, shape, columns, about, needs)
        return function

    return declare


def contract_of(function: Callable[..., Any]) -> Contract | None:
    """Return the contract that ``@layer`` noted on a function, or None."""
    return getattr(function, "contract", None)


def shape_rows(frame: Any, function: Callable[..., Any]) -> Any:
    """Return a frame with the columns of a layer's contract, in order, typed also where it has no rows.

    Parameters
    ----------
    frame : pandas.DataFrame or geopandas.GeoDataFrame
        With at least the columns that may not be null.
    function : callable
        A layer.

    Examples
    --------
    >>> import pandas as pd
    >>> @layer("镇", "Towns", "none", area_ha=Column("number", "面积", "Area", nullable=True))
    ... def towns(): ...
    >>> shape_rows(pd.DataFrame({"name": ["镇"], "id": ["t"]}), towns).dtypes["area_ha"].name
    'float64'
    """
    contract = contract_of(function)
    assert contract is not None
    columns = contract.all_columns()
    geometry = [] if contract.shape == "none" else ["geometry"]
    kinds = {name: _DTYPES.get(column.kind, "str") for name, column in columns.items()}
    return frame.reindex(columns=[*columns, *geometry]).astype(kinds)
