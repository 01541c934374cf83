"""Coverage of circles: what share of towns, area and people each one reaches, and who is left out."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.geodesy import area_m2, distance_m
from spatial.plan.contract import Column, layer
from spatial.plan.findings import STORED_CRS
from spatial.plan.records import Circle

_WHY_NO_RING = {
    "unknown_origin": "未知起点 · unknown origin",
    "method_unavailable": "本版本尚无该测算方法 · method not available in this version",
    "too_far": "范围过大，无法绘制 · reaches too far to be drawn",
}
_EQUAL_KM2 = 1e-6
"""One square metre: what two overlays of the same edge may disagree by."""
_WHAT = {"towns": "镇", "points": "节点", "area": "面积", "people": "人口", "": "目标不明"}


def circle_margins(
    circle_reaches: gpd.GeoDataFrame, towns: gpd.GeoDataFrame, structure: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Return how far each town's seat and each point of the structure lies beyond each circle's edge.

    Returns
    -------
    geopandas.GeoDataFrame
        EPSG:4490: ``circle, target, name, name_en, margin_m, accuracy_m, geometry`` (the seat). `margin_m`
        is the ellipsoidal distance from where the circle starts less its radius, so 0 or less is inside;
        NaN where the start is unknown.
        A point that lies on a town's seat is as accurate as that seat; `accuracy_m` is NaN where unknown.
    """
    points = structure[structure.geom_type == "Point"]
    seats = np.concatenate([towns.geometry.to_numpy(), points.geometry.to_numpy()])
    keys = shapely.to_wkb(seats)
    accuracy = dict(zip(keys, towns["accuracy_m"], strict=False))
    named = pd.concat(
        [towns[["id", "name", "name_en"]], points[["id", "name", "name_en"]]], ignore_index=True
    )
    targets = named.rename(columns={"id": "target"}).assign(
        name_en=named["name_en"].where(named["name_en"] != "", named["name"]),
        accuracy_m=np.array([accuracy.get(key, np.nan) for key in keys], dtype=float),
    )
    starts = zip(circle_reaches["id"], circle_reaches.geometry, circle_reaches["radius_m"], strict=True)
    tables = [
        targets.assign(circle=circle, margin_m=distance_m(seats, start) - radius_m, geometry=seats)
        for circle, start, radius_m in starts
    ]
    empty = targets.iloc[:0].assign(circle="", margin_m=0.0, geometry=None)
    columns = ["circle", "target", "name", "name_en", "margin_m", "accuracy_m", "geometry"]
    frame = pd.concat(tables or [empty], ignore_index=True)[columns]
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=STORED_CRS)


@layer(
    "圈层覆盖", "Circle coverage", "none",
    circle=Column("text", "圈层", "Circle"),
    promise=Column("text", "应达目标", "Promise", nullable=True),
    subject=Column("text", "对象", "Subject"),
    method=Column("text", "测算方法", "Method"),
    inside=Column("number", "圈内（个、平方公里、人）", "Inside (count, km², people)", nullable=True),
    total=Column("number", "总量（个、平方公里、人）", "Total (count, km², people)", nullable=True),
    share=Column("number", "覆盖率", "Share", nullable=True),
    required_share=Column("number", "要求覆盖率", "Required share", nullable=True),
    verdict=Column("text", "结论", "Verdict"),
    outside=Column("text", "圈外对象或原因", "Outside, or reason"),
)  # fmt: skip
def circle_coverage(
    *,
    circle_specs: tuple[Circle, ...],
    circle_rings: gpd.GeoDataFrame,
    circle_promises: gpd.GeoDataFrame,
    circle_margins: gpd.GeoDataFrame,
    residents: gpd.GeoDataFrame,
    population_problem: str,
    towns: gpd.GeoDataFrame,
    territory: gpd.GeoDataFrame,
) -> pd.DataFrame:
    """Return what each circle reaches, and whether its promise is kept.

    For each circle: a row for its promise (`verdict` kept, broken or undecidable), one for the people of
    the promise where they can be counted, and three rows on the whole territory (`promise` and
    `required_share` null, `verdict` info, or undecidable with the reason): towns, area, people.

    Notes
    -----
    A town or point is inside when its ellipsoidal distance from the start is at most the radius. Areas are
    ellipsoidal, km²; people of a polygon are shared out by area. `outside` names towns and points with
    how far they are beyond the edge and how accurate the seat is; for area and people, how much.
    """
    scale = _Scale(circle_margins, residents, population_problem, towns, territory.geometry.union_all())
    rows = [
        row
        for circle, ring, problem in zip(
            circle_specs, circle_rings.geometry, circle_rings["problem"], strict=True
        )
        for row in (
            *_judge_promise(circle, ring, problem, circle_promises, scale),
            *_describe_whole(circle, ring, problem, scale),
        )
    ]
    columns = circle_coverage.__dict__["contract"].all_columns()
    kinds = {name: "float64" if column.kind == "number" else "str" for name, column in columns.items()}
    return pd.DataFrame(rows, columns=list(columns)).astype(kinds)


@dataclass(frozen=True)
class _Tally:
    """How much of a total is inside; `reason` where nobody can say."""

    inside: float = np.nan
    total: float = np.nan
    outside: str = ""
    reason: str = ""

    @property
    def share(self) -> float:
        return np.nan if self.reason else self.inside / self.total


@dataclass(frozen=True)
class _Scale:
    """What weighs towns, land and people against a ring."""

    margins: gpd.GeoDataFrame
    residents: gpd.GeoDataFrame
    population_problem: str
    towns: gpd.GeoDataFrame
    land: BaseGeometry

    def count_seats(self, circle: str, targets: Collection[str]) -> _Tally:
        rows = self.margins[(self.margins["circle"] == circle) & self.margins["target"].isin(targets)]
        if rows.empty:
            return _Tally(reason="计划未列镇 · the plan lists no towns")
        beyond = rows[rows["margin_m"] > 0].sort_values("margin_m", kind="stable")
        return _Tally(len(rows) - len(beyond), len(rows), "、".join(_name_beyond(beyond)))

    def measure_area(self, ring: BaseGeometry, target: BaseGeometry) -> _Tally:
        inside, total = area_m2([shapely.intersection(ring, target), target]) / 1e6
        left = total - inside
        if left <= _EQUAL_KM2:
            return _Tally(total, total)
        return _Tally(inside, total, f"{left:.2f} km²")

    def count_people(self, ring: BaseGeometry, target: BaseGeometry) -> _Tally:
        if self.population_problem:
            return _Tally(reason=self.population_problem)
        homes, people = self.residents.geometry.to_numpy(), self.residents["people"].to_numpy()
        total = float((people * _share_within(homes, target)).sum())
        inside = float((people * _share_within(homes, shapely.intersection(ring, target))).sum())
        return _weigh_people(inside, total)

    def count_townspeople(self, circle: str, targets: Collection[str]) -> _Tally:
        rows = self.margins[(self.margins["circle"] == circle) & self.margins["target"].isin(targets)]
        people = self.towns.set_index("id")["people"].reindex(rows["target"]).to_numpy(dtype=float)
        if np.isnan(people).any():
            return _Tally(reason="所选镇人口不齐 · not all of these towns have people")
        within = (rows["margin_m"] <= 0).to_numpy()
        return _weigh_people(float(people[within].sum()), float(people.sum()))


def _name_beyond(rows: pd.DataFrame) -> Iterator[str]:
    for name, margin_m, accuracy_m in zip(rows["name"], rows["margin_m"], rows["accuracy_m"], strict=True):
        accuracy = f" (±{accuracy_m / 1000:g} km)" if accuracy_m > 0 else ""
        yield f"{name} +{margin_m / 1000:.1f} km{accuracy}"


def _weigh_people(inside: float, total: float) -> _Tally:
    if not total > 0:
        return _Tally(reason="目标范围内没有人口 · nobody lives there")
    left = total - inside
    return _Tally(inside, total, f"{left:.0f}" if left >= 0.5 else "")


def _share_within(shapes: npt.NDArray[np.object_], region: BaseGeometry) -> npt.NDArray[np.float64]:
    """Return 1 or 0 for points in or out of a region, and the share of each polygon's area in it."""
    shapely.prepare(region)
    share = shapely.covers(region, shapes).astype(float)
    cut = (shapely.get_dimensions(shapes) == 2) & (share == 0) & shapely.intersects(region, shapes)
    if cut.any():
        share[cut] = area_m2(shapely.intersection(shapes[cut], region)) / area_m2(shapes[cut])
    return share


def _judge_promise(
    circle: Circle, ring: BaseGeometry | None, problem: str, promises: gpd.GeoDataFrame, scale: _Scale
) -> list[dict[str, object]]:
    chosen = promises[promises["circle"] == circle.id]
    if chosen.empty:
        return []
    aim = chosen.iloc[0]
    subject, targets = aim["subject"], str(aim["targets"]).split(",")
    if not subject:
        tally = _Tally(reason=f"{aim['problem_zh']} · {aim['problem_en']}")
        return [_row(circle, "", tally, promise=aim["promise"], required=circle.share)]
    if ring is None:
        tally = _Tally(reason=_WHY_NO_RING[problem])
        return [_row(circle, subject, tally, promise=aim["promise"], required=circle.share)]
    if subject == "area":
        tally, people = scale.measure_area(ring, aim["geometry"]), scale.count_people(ring, aim["geometry"])
    else:
        tally, people = scale.count_seats(circle.id, targets), scale.count_townspeople(circle.id, targets)
    rows = [_row(circle, subject, tally, promise=aim["promise"], required=circle.share)]
    if not people.reason:
        rows.append(_row(circle, "people", people, promise=aim["promise"]))
    return rows


def _describe_whole(
    circle: Circle, ring: BaseGeometry | None, problem: str, scale: _Scale
) -> list[dict[str, object]]:
    if ring is None:
        why = _Tally(reason=_WHY_NO_RING[problem])
        return [_row(circle, subject, why) for subject in ("towns", "area", "people")]
    return [
        _row(circle, "towns", scale.count_seats(circle.id, scale.towns["id"])),
        _row(circle, "area", scale.measure_area(ring, scale.land)),
        _row(circle, "people", scale.count_people(ring, scale.land)),
    ]


def _row(
    circle: Circle, subject: str, tally: _Tally, *, promise: str | None = None, required: float | None = None
) -> dict[str, object]:
    if tally.reason:
        verdict = "undecidable"
    elif required is None:
        verdict = "info"
    else:
        verdict = "kept" if tally.share >= required else "broken"
    part = "-".join(filter(None, ["promise" if promise else "", subject]))
    return {
        "id": f"{circle.id}-{part}",
        "name": f"{circle.name.pick('zh')}：{'承诺·' if promise else ''}{_WHAT[subject]}",
        "circle": circle.id,
        "promise": promise,
        "subject": subject,
        "method": circle.method,
        "inside": tally.inside,
        "total": tally.total,
        "share": tally.share,
        "required_share": required,
        "verdict": verdict,
        "outside": tally.reason or tally.outside,
    }
