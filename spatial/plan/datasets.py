"""Data files as they are: layers with fields, widths and shapes, nothing mended, for checks to judge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from spatial.plan.profiles import FieldKind


@dataclass(frozen=True)
class FoundField:
    """A field as a file declares it.

    Parameters
    ----------
    name, alias : str
    kind : {"text", "integer", "number", "date"}
    width : int, optional
        Of a text: characters, or bytes where `DataLayer.counts_bytes`. None where the file sets no limit.
    decimals : int, optional
        Of a number, where the format declares them.
    """

    name: str
    kind: FieldKind
    width: int | None = None
    decimals: int | None = None
    alias: str = ""


@dataclass(frozen=True)
class DataLayer:
    """A layer of a data file.

    Parameters
    ----------
    name : str
    table : pandas.DataFrame
        Attributes under the names that they have in the file.
    shapes : numpy.ndarray of object
        As written, None where there is none or it cannot be read; in the layer's own system.
    fields : tuple of FoundField
    geometry : str
        Type that the layer declares, such as ``MultiPolygon``; empty of a table.
    crs : str, optional
        What the file says, None where it says nothing.
    curves : int
        Features with curves, which were read as short edges.
    resolution_m, tolerance_m : float, optional
        Grid of the coordinates and tolerance, where the format has them.
    counts_bytes : bool
        Whether widths of texts are bytes (dBase) and not characters.
    doubts : tuple of (str, str)
        What was seen while texts were decoded, in Chinese and English.
    """

    name: str
    table: pd.DataFrame
    shapes: npt.NDArray[np.object_]
    fields: tuple[FoundField, ...]
    geometry: str = ""
    crs: str | None = None
    curves: int = 0
    resolution_m: float | None = None
    tolerance_m: float | None = None
    counts_bytes: bool = False
    doubts: tuple[tuple[str, str], ...] = ()

    def find(self, name: str) -> FoundField | None:
        """Return the field of a name in any case, or None."""
        return next((one for one in self.fields if one.name.lower() == name.lower()), None)


@dataclass(frozen=True)
class Dataset:
    """A data file or folder: where it lies, its format and its layers."""

    where: str
    form: str
    layers: tuple[DataLayer, ...]
