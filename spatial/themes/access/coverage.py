"""Coverage of circles: what share of towns, area and people each one reaches, and who is left out."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.plan.contract import Column, layer
from spatial.plan.records import Circle
from spatial.themes.access.tallies import Scale, Tally

_WHY_NO_RING = {
    "unknown_origin": "未知起点 · unknown origin",
    "method_unavailable": "缺少该测算方法所需的数据或功能 · method not available",
    "no_network": "没有可供该方式通行的道路 · no road is open to this mode",
    "off_network": "起点附近没有道路 · no road is near the start",
    "no_terrain": "缺少高程来源 · no source of heights",
    "no_ground": "起点不在可通行的地面上 · the start is not on ground that is a path",
    "too_far": "范围过大，无法绘制 · reaches too far to be drawn",
}
_WHAT = {"towns": "镇", "points": "节点", "area": "面积", "people": "人口", "": "目标不明"}


@dataclass(frozen=True)
class Ground:
    """The whole territory, or one district of it: name (empty for the whole), land and towns."""

    id: str
    name: str
    land: BaseGeometry
    towns: tuple[str, ...]


def coverage_grounds(
    territory: gpd.GeoDataFrame, districts: gpd.GeoDataFrame, towns: gpd.GeoDataFrame
) -> list[Ground]:
    """Return the whole territory, and after it each district where there is more than one."""
    whole = Ground("", "", territory.geometry.union_all(), tuple(towns["id"]))
    if len(districts) < 2:
        return [whole]
    seats = towns.geometry.to_numpy()
    parts = [
        Ground(row.id, row.name, row.geometry, tuple(towns["id"][shapely.intersects(row.geometry, seats)]))
        for row in districts[["id", "name", "geometry"]].itertuples(index=False)
    ]
    return [whole, *parts]


@layer(
    "圈层覆盖", "Circle coverage", "none",
    needs=("circles",),
    circle=Column("text", "圈层", "Circle"),
    promise=Column("text", "应达目标", "Promise", nullable=True),
    district=Column("text", "行政区", "District", nullable=True),
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
    coverage_scale: Scale,
    coverage_grounds: list[Ground],
) -> pd.DataFrame:
    """Return what each circle reaches, and whether its promise is kept.

    For each circle: a row for its promise (`verdict` kept, broken or undecidable), one for the people of
    the promise where they can be counted, and three rows on the whole territory (`promise` and
    `required_share` null, `verdict` info, or undecidable with the reason): towns, area, people, and what the
    plan counts besides (``counts.<id>``: villages, jobs, schools). The same for each district, where there
    is more than one.

    Notes
    -----
    A town or point is inside when it is reached in the circle's minutes: along roads by its own arrival, not
    by the ring; of a buffer, when its ellipsoidal distance from the start is at most the radius. Areas are
    ellipsoidal, km²; people of a polygon are shared out by area. What the plan counts besides is inside
    where the ring covers it. `outside` names towns and points with how far they are beyond the edge and how
    accurate the seat is; for area and people, how much. A town that no road is near to is neither inside nor
    outside: the verdict is undecidable if it hangs on it.
    """
    rows = [
        row
        for circle, ring, problem in zip(
            circle_specs, circle_rings.geometry, circle_rings["problem"], strict=True
        )
        for row in (
            *_judge_promise(circle, ring, problem, circle_promises, coverage_scale),
            *(
                row
                for ground in coverage_grounds
                for row in _describe_ground(circle, ring, problem, ground, coverage_scale)
            ),
        )
    ]
    columns = circle_coverage.__dict__["contract"].all_columns()
    kinds = {name: "float64" if column.kind == "number" else "str" for name, column in columns.items()}
    return pd.DataFrame(rows, columns=list(columns)).astype(kinds)


def _judge_promise(
    circle: Circle, ring: BaseGeometry | None, problem: str, promises: gpd.GeoDataFrame, scale: Scale
) -> list[dict[str, object]]:
    chosen = promises[promises["circle"] == circle.id]
    if chosen.empty:
        return []
    aim = chosen.iloc[0]
    subject, targets = aim["subject"], str(aim["targets"]).split(",")
    if not subject:
        tally = Tally(reason=f"{aim['problem_zh']} · {aim['problem_en']}")
        return [_row(circle, "", tally, promise=aim["promise"], required=circle.share)]
    if ring is None:
        tally = Tally(reason=_WHY_NO_RING[problem])
        return [_row(circle, subject, tally, promise=aim["promise"], required=circle.share)]
    if subject == "area":
        tally, people = scale.measure_area(ring, aim["geometry"]), scale.count_people(ring, aim["geometry"])
    else:
        tally, people = scale.count_seats(circle.id, targets), scale.count_townspeople(circle.id, targets)
    rows = [_row(circle, subject, tally, promise=aim["promise"], required=circle.share)]
    if not people.reason:
        rows.append(_row(circle, "people", people, promise=aim["promise"]))
    return rows


def _describe_ground(
    circle: Circle, ring: BaseGeometry | None, problem: str, ground: Ground, scale: Scale
) -> list[dict[str, object]]:
    if ring is None:
        why = Tally(reason=_WHY_NO_RING[problem])
        subjects = [("towns", ""), ("area", ""), ("people", "")]
        subjects += [(things.subject, things.label) for things in scale.counts]
        return [_row(circle, subject, why, ground=ground, label=label) for subject, label in subjects]
    return [
        _row(circle, "towns", scale.count_seats(circle.id, ground.towns), ground=ground),
        _row(circle, "area", scale.measure_area(ring, ground.land), ground=ground),
        _row(circle, "people", scale.count_people(ring, ground.land), ground=ground),
        *(
            _row(
                circle,
                things.subject,
                scale.count_things(ring, ground.land, things),
                ground=ground,
                label=things.label,
            )
            for things in scale.counts
        ),
    ]


def _row(
    circle: Circle,
    subject: str,
    tally: Tally,
    *,
    promise: str | None = None,
    required: float | None = None,
    ground: Ground | None = None,
    label: str = "",
) -> dict[str, object]:
    verdict = "undecidable" if tally.reason else "info" if required is None else tally.judge(required)
    name = ground.name if ground else ""
    part = "-".join(filter(None, ["promise" if promise else "", ground.id if ground else "", subject]))
    what = f"{'承诺·' if promise else ''}{name}{'·' if name else ''}{label or _WHAT[subject]}"
    return {
        "id": f"{circle.id}-{part}",
        "name": f"{circle.name.pick('zh')}：{what}",
        "circle": circle.id,
        "promise": promise,
        "district": name or None,
        "subject": subject,
        "method": circle.method,
        "inside": tally.inside,
        "total": tally.total,
        "share": tally.share,
        "required_share": required,
        "verdict": verdict,
        "outside": tally.reason or tally.outside,
    }
