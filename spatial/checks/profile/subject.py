"""What is judged: layers of a data file beside what the profile says, and how a fault of one is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.engine.shapes.topology import repair_polygons
from spatial.plan.datasets import DataLayer, Dataset
from spatial.plan.findings import Finding
from spatial.plan.profiles import LayerSpec, Measures, Profile

Shapes = npt.NDArray[np.object_]
_KEY = "BSM"


@dataclass(frozen=True)
class Subject:
    """A layer to be judged.

    Parameters
    ----------
    data : DataLayer
        As the file has it.
    spec : LayerSpec
        As the profile has it.
    profile : Profile
    measures : Measures
        Limits and severities.
    shapes : numpy.ndarray of object
        The layer's shapes in EPSG:4490, as they are; all None where they cannot be placed on the Earth.
    in_degrees : bool
        Whether the file has them in degrees, so that places need not be moved.
    """

    data: DataLayer
    spec: LayerSpec
    profile: Profile
    measures: Measures
    shapes: Shapes
    in_degrees: bool = False

    @cached_property
    def keys(self) -> list[str]:
        """What each row is called: its identifier, else its number in the layer."""
        numbers = [f"#{at}" for at in range(1, len(self.data.table) + 1)]
        texts = [text.strip() for text in self.texts(_KEY)] or numbers
        return [text or number for text, number in zip(texts, numbers, strict=True)]

    def column(self, name: str) -> pd.Series[Any] | None:
        """Return the values of a field by its name in any case, or None."""
        found = self.data.find(name)
        return None if found is None or found.name not in self.data.table else self.data.table[found.name]

    @cached_property
    def _texts(self) -> dict[str, Shapes]:
        return {}

    def texts(self, name: str) -> Shapes:
        """Return values as texts: whole numbers without a point, nulls empty; none if the field is absent."""
        if name not in self._texts:
            column = self.column(name)
            self._texts[name] = np.empty(0, dtype=object) if column is None else _as_texts(column)
        return self._texts[name]

    @cached_property
    def areas(self) -> Shapes:
        """The polygons as valid ones; empty where there is none."""
        shapes = self.shapes.copy()
        shapes[~np.isin(shapely.get_type_id(shapes), (3, 6, 7))] = None
        return repair_polygons(shapes)

    @property
    def is_areal(self) -> bool:
        """Whether the layer holds areas."""
        return bool(np.isin(shapely.get_type_id(self.shapes), (3, 6)).any())

    def tell(
        self, rule: str, zh: str, en: str, *, row: int | None = None, sure: bool = True, **more: Any
    ) -> Finding:
        """Return a finding of this layer; `more` is value, limit or geometry."""
        key = "" if row is None else self.keys[row]
        severity = self.measures.severity(rule, sure and self.spec.sure)
        return Finding(f"database.{rule}", severity, self.data.name, key, zh, en, **more)

    def tell_rows(
        self,
        rule: str,
        rows: Sequence[int] | npt.NDArray[Any],
        say: Callable[[int], tuple[str, str]],
        *,
        sure: bool = True,
        more: Callable[[int], dict[str, Any]] = lambda _: {},
    ) -> Iterator[Finding]:
        """Yield a finding for each row, up to the limit of the table; the others are counted in one more.

        `say` and `more` are handed the position in `rows`, not the row.
        """
        most = int(self.measures.limit("shown"))
        for at, row in enumerate(list(rows)[:most]):
            zh, en = say(at)
            given = {"geometry": self.middle(int(row))} | more(at)
            yield self.tell(rule, zh, en, row=int(row), sure=sure, **given)
        rest = len(rows) - most
        if rest > 0:
            title = self.measures.title(rule)
            yield self.tell(
                rule,
                f"{title.pick('zh')}：另有 {rest} 处未逐条列出（共 {len(rows)} 处）。",
                f"{title.pick('en')}: {rest} more are not listed ({len(rows)} in all).",
                sure=sure,
                value=float(len(rows)),
            )

    def middle(self, row: int) -> Any:
        """Return a point on the shape of a row, or None."""
        shape = self.shapes[row]
        if shape is None or shape.is_empty or not np.isfinite(shape.bounds).all():
            return None
        return shape if shape.geom_type == "Point" else shapely.Point(shapely.get_coordinates(shape)[0])


def _as_texts(column: pd.Series[Any]) -> Shapes:
    known = column.notna().to_numpy()
    texts = np.full(len(column), "", dtype=object)
    if pd.api.types.is_float_dtype(column):
        texts[known] = [
            f"{value:.0f}" if value.is_integer() else repr(value) for value in column[known].tolist()
        ]
    else:
        texts[known] = [str(value) for value in column[known].tolist()]
    return texts


@dataclass(frozen=True)
class Holding:
    """A whole data file to be judged, with the layers that the profile knows."""

    data: Dataset
    profile: Profile
    measures: Measures
    subjects: tuple[Subject, ...]

    def find(self, name: str) -> Subject | None:
        """Return the layer of the profile's name, or None."""
        return next((one for one in self.subjects if one.spec.name == name), None)

    @cached_property
    def territory(self) -> Any:
        """The whole area, as its layer has it; None where there is none."""
        found = self.find(self.profile.territory)
        if found is None or not found.is_areal:
            return None
        return shapely.union_all(found.areas)

    def tell(self, rule: str, layer: str, zh: str, en: str, *, sure: bool = True, **more: Any) -> Finding:
        """Return a finding of the file."""
        return Finding(f"database.{rule}", self.measures.severity(rule, sure), layer, "", zh, en, **more)


LayerStep: TypeAlias = Callable[[Subject], Iterable[Finding]]
"""A check of one layer."""
FileStep: TypeAlias = Callable[[Holding], Iterable[Finding]]
"""A check of the whole file."""
