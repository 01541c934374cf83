"""Doubts about lines of roads: what their columns say that is not understood, where, and what was taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import geopandas as gpd
import numpy as np
import shapely

from spatial.plan.findings import Finding
from spatial.sources.origin import list_some

Kind = Literal["class", "speed", "zero_speed", "oneway", "level", "zero_length", "no_line"]

_WORDS: Mapping[Kind, tuple[str, str, str, str]] = {
    "class": (
        "warning",
        "道路等级“{value}”没有对应车速，按 other 的车速取值；请在等级对照或车速中写明",
        "class {value!r} has no speed of its own, that of 'other' is taken",
        "; map it to a class, or give it a speed",
    ),
    "speed": (
        "warning",
        "限速“{value}”无法识别，按道路等级取值；请改为大于 0、至多 200 的数（公里/小时）",
        "speed {value!r} is not understood, class speed taken",
        "; write a number above 0 and up to 200 (km/h)",
    ),
    "zero_speed": (
        "info",
        "限速为 0，视为未知，按道路等级取值",
        "speed 0 is taken as unknown, class speed taken",
        "",
    ),
    "oneway": (
        "warning",
        "单向字段“{value}”无法识别，按双向通行；请改为 F、T 或 B",
        "one-way {value!r} is not understood, taken as both ways",
        "; write F, T or B",
    ),
    "level": (
        "warning",
        "层级“{value}”不是 -9 至 9 的整数，按地面处理；立交可能被误连",
        "level {value!r} is no whole number from -9 to 9, taken as the ground",
        "; roads that cross there may be joined wrongly",
    ),
    "zero_length": ("warning", "线长度为零，已舍去", "lines without length, left out", ""),
    "no_line": ("info", "要素不是线，已舍去", "features that are not lines, left out", ""),
}
_RULES: Mapping[Kind, str] = {
    "class": "sources.road_class_unknown",
    "speed": "sources.road_speed_unusable",
    "zero_speed": "sources.road_speed_zero",
    "oneway": "sources.road_oneway_unusable",
    "level": "sources.road_level_unusable",
    "zero_length": "sources.road_without_length",
    "no_line": "sources.road_no_line",
}
_MOST_VALUES = 10
_MOST_PLACES = 500


@dataclass
class Doubts:
    """What is not understood, by kind and value, with the rows that say it.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        The roads, EPSG:4490.
    rows : dict
        Positions in the frame by kind and value.
    """

    frame: gpd.GeoDataFrame
    rows: dict[tuple[Kind, str], list[int]] = field(default_factory=dict)

    def add(self, kind: Kind, row: int, value: str = "") -> None:
        """Note that a row says something that is not understood."""
        self.rows.setdefault((kind, value), []).append(row)

    def notes(self) -> Iterator[str]:
        """Yield what was counted, most first."""
        for (kind, value), rows in sorted(self.rows.items(), key=lambda item: -len(item[1])):
            if kind != "zero_speed":
                yield f"{_WORDS[kind][2].format(value=value)}: {len(rows)}"

    def findings(self, name: str) -> Iterator[Finding]:
        """Yield a finding for each kind and value, with features and places; rare values together.

        Parameters
        ----------
        name : str
            Of the source: the findings' layer.
        """
        by_kind: dict[Kind, list[tuple[str, list[int]]]] = {}
        for (kind, value), rows in self.rows.items():
            by_kind.setdefault(kind, []).append((value, rows))
        for kind, said in by_kind.items():
            said.sort(key=lambda item: (-len(item[1]), item[0]))
            for value, rows in said[:_MOST_VALUES]:
                yield self._tell(name, kind, value, rows)
            rest = said[_MOST_VALUES:]
            if rest:
                more = list_some([value for value, _ in rest], 5)
                yield self._tell(name, kind, more, [row for _, rows in rest for row in rows])

    def _tell(self, name: str, kind: Kind, value: str, rows: list[int]) -> Finding:
        severity, zh, en, remedy = _WORDS[kind]
        ids = self.frame.get("id", self.frame.index.to_series()).to_numpy()[rows]
        some = list_some(ids, 5)
        return Finding(
            _RULES[kind],
            "info" if severity == "info" else "warning",
            name,
            str(ids[0]) if len(rows) == 1 else "",
            f"{name}：{len(rows)} 个要素（{some}）{zh.format(value=value)}。",
            f"{name}: {len(rows)} features ({some}): {en.format(value=value)}{remedy}.",
            value=float(len(rows)),
            geometry=_mark(self.frame.geometry.to_numpy()[rows[:_MOST_PLACES]]),
        )


def _mark(shapes: np.ndarray) -> shapely.Geometry | None:
    """Return a point on each shape."""
    points = shapely.point_on_surface(shapes[~(shapely.is_empty(shapes) | shapely.is_missing(shapes))])
    there = points[~shapely.is_empty(points)]
    return shapely.multipoints(there) if len(there) else None
