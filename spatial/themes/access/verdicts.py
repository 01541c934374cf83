"""Verdicts on promises 承诺: kept or broken, by how much, at what speeds that turns, and on what it rests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.geodesy import area_m2, buffer_geodesic
from spatial.engine.rings.treks import Trek, draw_reach
from spatial.engine.travel.journeys import Journey
from spatial.engine.travel.network import Floats, Mode, Network
from spatial.errors import GeometryError
from spatial.plan.contract import Column, layer
from spatial.plan.promises import find_elements
from spatial.plan.records import Circle, Roads

FACTORS = (0.8, 0.9, 1.1, 1.2)
"""What all speeds are multiplied by to see how firm a verdict is."""
_WIDEST = 4.0
_CLOSE = 0.005


@dataclass(frozen=True)
class AreaTest:
    """How the share of an area changes with speed.

    Parameters
    ----------
    shares : tuple of float
        Share reached at each of `FACTORS`.
    flip : float
        Factor at which the verdict turns, to 0.005; NaN where it does not between a quarter and four times.
    """

    shares: tuple[float, ...]
    flip: float


def area_tests(
    *,
    circle_specs: tuple[Circle, ...],
    circle_reaches: gpd.GeoDataFrame,
    circle_journeys: dict[str, Journey | Trek],
    circle_rings: gpd.GeoDataFrame,
    circle_promises: gpd.GeoDataFrame,
    road_networks: dict[Mode, Network],
) -> dict[str, AreaTest]:
    """Return how promised areas fare at other speeds, by circle: rings are drawn again for each.

    To multiply all speeds by a factor is to multiply the time allowed by it, the way off the road included.
    """
    aims = circle_promises[circle_promises["subject"] == "area"].set_index("circle").geometry
    tests = {}
    for circle, reach, ring in zip(
        circle_specs, circle_reaches.itertuples(), circle_rings.geometry, strict=True
    ):
        if circle.id not in aims.index or ring is None:
            continue
        journey = circle_journeys.get(circle.id)
        if journey is None or circle.mode == "bus":
            draw = _straight(reach.geometry, reach.radius_m)
        else:
            draw = _along(journey, road_networks.get(circle.mode), circle.time_min)
        tests[circle.id] = _test_area(draw, aims[circle.id], circle.share)
    return tests


_Draw = Callable[[float], BaseGeometry]


def _straight(start: BaseGeometry, radius_m: float) -> _Draw:
    def draw(factor: float) -> BaseGeometry:
        try:
            return buffer_geodesic(start, radius_m * factor)
        except GeometryError:  # too far to be drawn: everything
            return shapely.box(-180, -90, 180, 90)

    return draw


def _along(journey: Journey | Trek, network: Network | None, time_min: float) -> _Draw:
    return lambda factor: draw_reach(journey, network, [time_min * factor])[0]


def _test_area(draw: _Draw, target: BaseGeometry, required: float) -> AreaTest:
    total = area_m2([target])[0]

    def share(factor: float) -> float:
        return float(area_m2([shapely.intersection(draw(factor), target)])[0] / total)

    kept = share(1.0) >= required
    last, turned = (1.0, 1 / _WIDEST) if kept else (1.0, _WIDEST)
    flip = np.nan
    if (share(turned) >= required) != kept:
        while abs(turned - last) > _CLOSE:
            middle = (turned + last) / 2
            if (share(middle) >= required) == kept:
                last = middle
            else:
                turned = middle
        flip = turned
    return AreaTest(tuple(share(factor) for factor in FACTORS), flip)


def promise_flags(
    *,
    circle_specs: tuple[Circle, ...],
    circle_promises: gpd.GeoDataFrame,
    circle_margins: gpd.GeoDataFrame,
    structure: gpd.GeoDataFrame,
    road_spec: Roads | None,
    road_networks: dict[Mode, Network],
    source_frames: dict[str, gpd.GeoDataFrame],
) -> dict[str, tuple[str, ...]]:
    """Return, by circle with a promise, what its verdict rests on that is not firm.

    ``straight_line`` (no roads), ``illustrative_roads``, ``class_speeds`` (not measured but by class of
    road), ``walking_speeds`` (over the ground they go by slope and land cover), ``off_road`` (an area depends
    on the reach off the road), ``illustrative_elements`` (start or aim), ``seat_accuracy`` (a seat is nearer
    to the edge than it is known), ``no_road_near`` (for some).
    """
    specs = {circle.id: circle for circle in circle_specs}
    flags = {}
    for aim in circle_promises.itertuples():
        circle = specs[aim.circle]
        chosen = circle_margins["target"].isin(aim.targets.split(",")) & (
            circle_margins["circle"] == aim.circle
        )
        seats = circle_margins[chosen]
        close = seats["margin_min"].abs() <= seats["accuracy_min"].where(seats["accuracy_m"] > 0)
        words = {
            "straight_line": circle.method == "buffer",
            "illustrative_roads": circle.method != "buffer" and _is_drawn(road_spec, source_frames),
            "class_speeds": circle.method == "network" and _goes_by_class(circle, road_spec, road_networks),
            "off_road": circle.method == "network" and aim.subject == "area",
            "walking_speeds": circle.method == "surface",
            "illustrative_elements": _is_illustrative(circle, structure),
            "seat_accuracy": bool(close.any()),
            "no_road_near": bool((seats["state"] == "unsnapped").any()),
        }
        flags[aim.circle] = tuple(word for word, holds in words.items() if holds)
    return flags


def _choose_seats(margins: gpd.GeoDataFrame, circle: str, targets: str) -> gpd.GeoDataFrame:
    return margins[margins["target"].isin(targets.split(",")) & (margins["circle"] == circle)]


def _is_drawn(spec: Roads | None, frames: dict[str, gpd.GeoDataFrame]) -> bool:
    return spec is not None and spec.source in frames and bool(frames[spec.source]["illustrative"].any())


def _goes_by_class(circle: Circle, spec: Roads | None, networks: dict[Mode, Network]) -> bool:
    """Tell whether some road's speed is neither a column's nor the plan's."""
    if spec is None or circle.mode == "bus" or circle.mode not in networks:
        return False
    own = {key.removeprefix(f"{circle.mode}.") for key in spec.speeds}
    return spec.columns.speed is None and not set(networks[circle.mode].road_class) <= own


def _is_illustrative(circle: Circle, structure: gpd.GeoDataFrame) -> bool:
    words = [word for word in (circle.origin, circle.must_reach) if word]
    return any(bool(find_elements(word, structure)["illustrative"].any()) for word in words)


@layer(
    "承诺结论", "Promises", "none",
    needs=("circles",),
    name_en=Column("text", "英文名称", "English name"),
    circle=Column("text", "圈层", "Circle"),
    promise=Column("text", "应达目标", "Promise"),
    subject=Column("text", "对象", "Subject"),
    method=Column("text", "测算方法", "Method"),
    verdict=Column("text", "结论", "Verdict"),
    share=Column("number", "覆盖率", "Share", nullable=True),
    required_share=Column("number", "要求覆盖率", "Required share"),
    margin_share=Column("number", "覆盖率余量", "Margin of share", nullable=True),
    margin_min=Column("number", "时间余量（分钟）", "Margin (min)", nullable=True),
    slower_20=Column("text", "速度 −20% 时", "At speeds −20 %", nullable=True),
    slower_10=Column("text", "速度 −10% 时", "At speeds −10 %", nullable=True),
    faster_10=Column("text", "速度 +10% 时", "At speeds +10 %", nullable=True),
    faster_20=Column("text", "速度 +20% 时", "At speeds +20 %", nullable=True),
    flip_factor=Column("number", "结论翻转的速度倍数", "Speed factor that turns the verdict", nullable=True),
    flags=Column("text", "数据可信度标记", "What the verdict rests on"),
    outside=Column("text", "圈外对象或原因", "Outside, or reason"),
)  # fmt: skip
def promises(
    *,
    circle_specs: tuple[Circle, ...],
    circle_promises: gpd.GeoDataFrame,
    circle_coverage: pd.DataFrame,
    circle_margins: gpd.GeoDataFrame,
    area_tests: dict[str, AreaTest],
    promise_flags: dict[str, tuple[str, ...]],
) -> pd.DataFrame:
    """Return the verdict on every promise, with its margin, how firm it is, and what it rests on.

    `margin_share` is the share reached less that required. `margin_min` is by how many minutes the town or
    point that decides is reached in time: the last one needed for the required share; negative where it
    is late. The verdicts at other speeds are exact: of towns by their minutes, of areas by rings drawn again.
    `flip_factor` is what all speeds must be multiplied by to turn the verdict; null where none does.

    See `promise_flags` for the words in `flags`.
    """
    specs = {circle.id: circle for circle in circle_specs}
    judged = circle_coverage[circle_coverage["required_share"].notna()].set_index("circle")
    rows = []
    for aim in circle_promises.itertuples():
        circle, row = specs[aim.circle], judged.loc[aim.circle]
        if row["verdict"] == "undecidable" and np.isnan(row["share"]):
            firmness = _Firmness()
        elif aim.subject == "area":
            firmness = _weigh_area(area_tests[aim.circle], circle)
        else:
            seats = _choose_seats(circle_margins, aim.circle, aim.targets)
            firmness = _weigh_seats(seats, circle, row["verdict"])
        flags = ",".join(promise_flags[aim.circle])
        rows.append(_tell(circle, row, aim) | firmness.columns() | {"flags": flags})
    columns = promises.__dict__["contract"].all_columns()
    kinds = {name: "float64" if column.kind == "number" else "str" for name, column in columns.items()}
    return pd.DataFrame(rows, columns=list(columns)).astype(kinds)


@dataclass(frozen=True)
class _Firmness:
    """Verdicts at other speeds, and when the verdict turns."""

    verdicts: tuple[str | None, ...] = (None,) * len(FACTORS)
    flip: float = np.nan
    margin_min: float = np.nan

    def columns(self) -> dict[str, object]:
        names = ("slower_20", "slower_10", "faster_10", "faster_20")
        return dict(zip(names, self.verdicts, strict=True)) | {
            "flip_factor": self.flip,
            "margin_min": self.margin_min,
        }


def _weigh_area(test: AreaTest, circle: Circle) -> _Firmness:
    verdicts = tuple("kept" if share >= circle.share else "broken" for share in test.shares)
    return _Firmness(verdicts, test.flip)


def _weigh_seats(seats: gpd.GeoDataFrame, circle: Circle, verdict: str) -> _Firmness:
    """Weigh towns or points: at a factor those are inside whose minutes it makes short enough."""
    minutes = seats["minutes"].to_numpy(dtype=float)
    unknown = int((seats["state"] == "unsnapped").sum())
    needed = int(np.ceil(circle.share * len(seats) - 1e-9))
    known = np.sort(minutes[np.isfinite(minutes)])
    verdicts = tuple(_judge(known / factor, circle, needed, unknown) for factor in FACTORS)
    if needed > len(known):
        return _Firmness(verdicts)
    decides = float(known[needed - 1])
    flip = decides / circle.time_min if verdict != "undecidable" and decides > 0 else np.nan
    return _Firmness(verdicts, flip, circle.time_min - decides)


def _judge(minutes: Floats, circle: Circle, needed: int, unknown: int) -> str:
    inside = int((minutes <= circle.time_min).sum())
    if inside >= needed:
        return "kept"
    return "undecidable" if inside + unknown >= needed else "broken"


def _tell(circle: Circle, row: pd.Series, aim: Any) -> dict[str, object]:
    zh, en = circle.name.pick("zh"), circle.name.pick("en")
    return {
        "id": f"{circle.id}-promise",
        "name": f"{zh}：{aim.aim_zh}",
        "name_en": f"{en}: {aim.aim_en}",
        "circle": circle.id,
        "promise": row["promise"],
        "subject": row["subject"],
        "method": circle.method,
        "verdict": row["verdict"],
        "share": row["share"],
        "required_share": row["required_share"],
        "margin_share": row["share"] - row["required_share"],
        "outside": row["outside"],
    }
