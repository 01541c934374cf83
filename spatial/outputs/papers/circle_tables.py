"""Tables of circles: along roads against the straight ring, promises, who is inside, what is near enough."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from spatial.outputs.order import Order
from spatial.outputs.papers.cells import Cell, Derived, Head, Quantity, Table, is_absent
from spatial.outputs.papers.layouts import Formula, Layout, lay_out
from spatial.outputs.papers.words import decode, make_text, split_reason, translate_names
from spatial.plan.base import Text

_CIRCLE = Head(Text(zh="圈层", en="Circle"))
_TURN = Head(Text(zh="结论翻转的速度变化", en="Change of speeds that turns the verdict"), "points", 1)


def name_circles(order: Order) -> dict[str, Text]:
    """Return the names of the plan's circles by id."""
    return {circle.id: circle.name for circle in order.plan.circles}


def name_places(order: Order) -> dict[str, str]:
    """Return the English names of towns and elements by the Chinese ones, as far as there are any."""
    names: dict[str, str] = {}
    for layer in ("towns", "structure"):
        frame = order.layers.get(layer)
        if frame is not None and "name_en" in frame:
            names |= {zh: en for zh, en in zip(frame["name"], frame["name_en"], strict=True) if en}
    return names


def name_aim(order: Order, aim: str) -> Text:
    """Return in words what a circle promises to reach: the territory, towns, or an element.

    `aim` is as the plan writes it: ``territory``, ``towns``, ``towns[tag=plain]``, an element's id or name.
    """
    if aim in ("territory", "全域"):
        return Text(zh="全域", en="the whole territory")
    if aim == "towns":
        return Text(zh="全部镇街", en="all towns")
    if aim.startswith("towns[tag=") and aim.endswith("]"):
        tag = aim.removeprefix("towns[tag=").removesuffix("]")
        return make_text(f"带“{tag}”标签的镇街", f"towns tagged “{tag}”")
    structure = order.layers.get("structure")
    if structure is not None and len(
        found := structure[(structure["id"] == aim) | (structure["name"] == aim)]
    ):
        return make_text(found["name"].iloc[0], found["name_en"].iloc[0])
    return make_text(aim)


def list_circle_tables(order: Order) -> list[Table]:
    """Return the tables of circles that the order has layers for."""
    tables = []
    for layer, make in _MAKERS.items():
        frame = order.layers.get(layer)
        if frame is not None and len(frame) and layer in order.contracts:
            tables.append(make(order, frame))
    return tables


def _lay_out_circles(order: Order, circles: pd.DataFrame) -> Table:
    """Return one row a circle: how it was measured, its area, and the straight ring beside it."""
    forms = {form: rows.set_index("circle") for form, rows in circles.groupby("form")}
    nothing = circles.iloc[:0].set_index("circle")
    own, band, beside = (forms.get(form, nothing) for form in ("cumulative", "band", "beside"))
    names = name_circles(order)
    rows: list[tuple[Cell, ...]] = []
    for at, (circle, row) in enumerate(own.iterrows()):
        straight = beside.loc[circle] if circle in beside.index else None
        area = float(row["area_km2"])
        ring = None if straight is None else float(straight["area_km2"])
        source = row if straight is None else straight
        rows.append(
            (
                names.get(str(circle), make_text(row["name"], row["name_en"])),
                float(row["time_min"]),
                decode("commute_circles", "mode", row["mode"]),
                decode("commute_circles", "method", row["method"]),
                area,
                float(band.loc[circle, "area_km2"]) if circle in band.index else None,
                ring,
                Derived(ring / area, "ratio", ((at, 6), (at, 4))) if ring and area else None,
                *(_number(source[column]) for column in ("speed_kmh", "detour", "radius_m")),
            )
        )
    title = _title(order, "commute_circles")
    return Table("commute_circles", title, _CIRCLE_HEADS, tuple(rows), notes=(_STRAIGHT,))


_STRAIGHT = Text(
    zh="环带为本圈减去时间更短的各圈；直线圈按速度与绕行系数折算半径，仅作对照；倍数大于 1 表示直线圈夸大。",
    en="A band is a circle less all shorter ones. The straight ring, its radius from speed and detour "
    "factor, is for comparison only; above 1 it claims too much.",
)
_CIRCLE_HEADS = (
    _CIRCLE,
    Head(Text(zh="时间（分钟）", en="Time (min)"), "number", 0),
    Head(Text(zh="出行方式", en="Mode")),
    Head(Text(zh="测算方法", en="Method")),
    Head(Text(zh="圈层面积（平方公里）", en="Area of the circle (km²)"), "number", 2),
    Head(Text(zh="环带面积（平方公里）", en="Area of the band (km²)"), "number", 2),
    Head(Text(zh="直线圈面积（平方公里）", en="Area of the straight ring (km²)"), "number", 2),
    Head(Text(zh="直线圈为本圈的倍数", en="Straight ring over circle"), "number", 3),
    Head(Text(zh="直线速度（公里/小时）", en="Speed, straight (km/h)"), "number", 1),
    Head(Text(zh="绕行系数", en="Detour factor"), "number", 2),
    Head(Text(zh="半径（米）", en="Radius (m)"), "number", 0),
)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float | np.number) and np.isfinite(value) else None


def _title(order: Order, layer: str) -> Text:
    contract = order.contracts[layer]
    return make_text(contract.zh, contract.en)


def _with_names(order: Order, frame: pd.DataFrame) -> pd.DataFrame:
    """Put names of circles in the place of their ids."""
    names: Mapping[str, Text] = name_circles(order)
    return frame.assign(circle=[names.get(str(circle), make_text(circle)) for circle in frame["circle"]])


def _name_outside(order: Order, frame: pd.DataFrame) -> list[Text | str]:
    names = name_places(order)
    return [translate_names(text, names) for text in frame["outside"]]


def _count(frame: pd.DataFrame, column: str) -> list[Cell]:
    """Return amounts of a column of mixed subjects: towns and people are whole, areas are not."""
    pairs = zip(frame["subject"], frame[column], strict=True)
    return [
        None if is_absent(value) else Quantity(value, "number" if subject in _AREAS else "integer")
        for subject, value in pairs
    ]


_AREAS = ("area", "homes")


def _lay_out_promises(order: Order, promises: pd.DataFrame) -> Table:
    frame = _with_names(order, promises).assign(
        promise=[name_aim(order, str(aim)) for aim in promises["promise"]],
        outside=_name_outside(order, promises),
        turn=promises["flip_factor"] - 1,
    )
    layout = Layout(
        columns=(
            "circle", "promise", "subject", "method", "verdict", "share", "required_share", "margin_share",
            "margin_min", "slower_20", "slower_10", "faster_10", "faster_20", "turn", "flags", "outside",
        ),
        heads={"turn": _TURN},
        formulas={"margin_share": Formula("difference", "share", "required_share")},
        notes=(
            Text(
                zh="余量为实际覆盖率减要求覆盖率；翻转速度变化为全部车速乘以同一倍数时结论改变之处，"
                "空缺表示在四分之一至四倍之间不翻转或无法判定。",
                en="The margin is the share reached less that required. The change of speeds is where the "
                "verdict turns when all speeds are multiplied alike; none is given where it does not turn "
                "between a quarter and four times, or cannot be decided.",
            ),
        ),
    )  # fmt: skip
    return lay_out("promises", frame, order.contracts["promises"], layout)


def _lay_out_times(order: Order, times: pd.DataFrame) -> Table:
    columns = (
        "circle", "name", "state", "time_min", "limit_min", "margin_min",
        "accuracy_m", "accuracy_min", "offset_m",
    )  # fmt: skip
    note = Text(
        zh="到达时间为圈的起点到驻地或节点；余量为负即超时；余量小于位置精度折合时间者，结论不可靠。",
        en="Arrival is from the start of the circle to the seat or point; a negative margin is too late; "
        "where the margin is less than the accuracy of the seat as time, inside or not is not reliable.",
    )
    formulas = {"margin_min": Formula("difference", "limit_min", "time_min")}
    layout = Layout(columns, formulas=formulas, notes=(note,))
    return lay_out("circle_times", _with_names(order, times), order.contracts["circle_times"], layout)


def _lay_out_coverage(order: Order, coverage: pd.DataFrame) -> Table:
    aims = [None if pd.isna(aim) else name_aim(order, str(aim)) for aim in coverage["promise"]]
    columns = (
        "circle", "promise", "district", "subject", "inside", "total", "share", "required_share", "verdict",
        "outside", "method",
    )  # fmt: skip
    layout = Layout(columns, formulas={"share": Formula("ratio", "inside", "total")})
    frame = _with_names(order, coverage).assign(
        promise=aims,
        outside=_name_outside(order, coverage),
        inside=_count(coverage, "inside"),
        total=_count(coverage, "total"),
    )
    return lay_out("circle_coverage", frame, order.contracts["circle_coverage"], layout)


def _lay_out_gaps(order: Order, gaps: pd.DataFrame) -> Table:
    columns = (
        "circle", "rank", "kind", "name", "from_class", "to_class", "length_km", "speed_kmh", "share_before",
        "share_after", "verdict_after", "gain", "gain_unit", "gain_per_km", "newly",
    )  # fmt: skip
    layout = Layout(columns, formulas={"gain_per_km": Formula("ratio", "gain", "length_km")})
    names = name_places(order)
    newly = [translate_names(text, names) for text in gaps["newly"]]
    return lay_out("gaps", _with_names(order, gaps).assign(newly=newly), order.contracts["gaps"], layout)


def _lay_out_connections(order: Order, connections: pd.DataFrame) -> Table:
    columns = (
        "kind", "name", "verdict", "time_min", "limit_min", "spare_min", "distance_m", "limit_m", "spare_m",
        "to", "reason",
    )  # fmt: skip
    chosen = [column for column in columns if column.startswith("spare") or _any(connections, column)]
    chosen = [column for column in chosen if column not in _spare_of_nothing(connections)]
    layout = Layout(
        tuple(chosen),
        heads={
            "spare_min": Head(Text(zh="时间余量（分钟）", en="Margin (min)"), "signed", 1),
            "spare_m": Head(Text(zh="距离余量（米）", en="Margin (m)"), "signed", 0),
        },
        formulas={
            "spare_min": Formula("difference", "limit_min", "time_min"),
            "spare_m": Formula("difference", "limit_m", "distance_m"),
        },
    )
    frame = connections.assign(reason=[split_reason(text) for text in connections["reason"]])
    return lay_out("connections", frame, order.contracts["connections"], layout)


def _any(frame: pd.DataFrame, column: str) -> bool:
    values = frame[column]
    return bool((values.notna() & (values.astype(str) != "")).any())


def _spare_of_nothing(frame: pd.DataFrame) -> set[str]:
    """Return the margins that no row has."""
    pairs = {"spare_min": ("time_min", "limit_min"), "spare_m": ("distance_m", "limit_m")}
    return {name for name, pair in pairs.items() if not all(_any(frame, column) for column in pair)}


def _lay_out_life(order: Order, coverage: pd.DataFrame) -> Table:
    columns = ("name", "category", "time_min", "standard", "subject", "inside", "total", "share")
    layout = Layout(columns, formulas={"share": Formula("ratio", "inside", "total")})
    frame = coverage.assign(inside=_count(coverage, "inside"), total=_count(coverage, "total"))
    return lay_out("life_coverage", frame, order.contracts["life_coverage"], layout)


_MAKERS = {
    "commute_circles": _lay_out_circles,
    "promises": _lay_out_promises,
    "circle_times": _lay_out_times,
    "circle_coverage": _lay_out_coverage,
    "gaps": _lay_out_gaps,
    "connections": _lay_out_connections,
    "life_coverage": _lay_out_life,
}
