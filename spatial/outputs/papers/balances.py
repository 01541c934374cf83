"""Tables of areas: balance of zones and lines, the same by district, and land claimed and not given."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from spatial.outputs.order import Order
from spatial.outputs.papers.cells import (
    Cell,
    Derived,
    Head,
    Quantity,
    Table,
    difference,
    number_of,
    ratio,
    sum_column,
)
from spatial.outputs.papers.layouts import TOTAL
from spatial.outputs.papers.words import SECTIONS, decode, make_text
from spatial.plan.base import Text
from spatial.plan.zoning import NAMES

_GAP = Text(zh="三区合计减全域", en="Sum of zones less the territory")
_HA_DECIMALS = 6
_HEADS = (
    Head(Text(zh="分类", en="Section")),
    Head(Text(zh="名称", en="Name")),
    Head(Text(zh="面积（公顷）", en="Area (ha)"), "number", 2),
    Head(Text(zh="占全域比例", en="Share of the territory"), "share", 2),
    Head(Text(zh="图斑数", en="Parts"), "integer", 0),
)


def list_balances(order: Order) -> list[Table]:
    """Return the balance and its break-down by district; nothing where they are not built."""
    balance, parts = order.layers.get("zone_balance"), order.layers.get("district_balance")
    tables = []
    if balance is not None and len(balance):
        tables.append(lay_out_balance(balance, _title(order, "zone_balance")))
        if parts is not None and len(parts):
            tables.append(lay_out_districts(parts, tables[0], _title(order, "district_balance")))
    return tables


def _title(order: Order, layer: str) -> Text:
    contract = order.contracts[layer]
    return make_text(contract.zh, contract.en)


def lay_out_balance(balance: pd.DataFrame, title: Text) -> Table:
    """Return the balance: zones, their sum, the territory, what lies between the two, and the lines.

    Parameters
    ----------
    balance : DataFrame
        ``zone_balance``: areas in hectares.
    """
    zones, lines, whole = (balance[balance["section"] == part] for part in ("zone", "line", "territory"))
    rows: list[list[Cell]] = [_start(row) for row in zones.to_dict("records")]
    if len(zones):
        rows.append(_sum(rows, 0, "zone"))
    ground = len(rows)
    rows += [_start(row) for row in whole.to_dict("records")]
    strong = list(range(len(zones), len(rows)))
    if len(zones) and len(whole):
        gap = difference(rows, (len(zones), 2), (ground, 2), _HA_DECIMALS)
        rows.append([None, _GAP, Quantity(gap, "signed", 4) if gap else None, None, None])
        strong.append(len(rows) - 1)
    first = len(rows)
    rows += [_start(row) for row in lines.to_dict("records")]
    if len(lines):
        rows.append(_sum(rows, first, "line"))
        strong.append(len(rows) - 1)
    if len(whole):
        for at, row in enumerate(rows):
            row[3] = ratio(rows, (at, 2), (ground, 2)) if row[4] is not None else None
    notes = (
        Text(
            zh="面积为 CGCS2000 椭球面积；三区铺满全域，三线互不重叠，位于三区之内，不与三区相加。",
            en="Areas are ellipsoidal (CGCS2000). Zones tile the territory; lines never overlap, lie "
            "within the zones and are not to be added to them.",
        ),
    )
    return Table("zone_balance", title, _HEADS, tuple(map(tuple, rows)), notes=notes, strong=tuple(strong))


def _start(row: dict[str, object]) -> list[Cell]:
    section, area, parts = str(row["section"]), row["area_ha"], row["parts"]
    name = NAMES.get(str(row["key"]), make_text(row["name"], SECTIONS["territory"].en))
    return [SECTIONS.get(section, section), name, float(str(area)), None, int(str(parts))]


def _sum(rows: Sequence[Sequence[Cell]], first: int, section: str) -> list[Cell]:
    return [SECTIONS[section], TOTAL, sum_column(rows, 2, first), None, sum_column(rows, 4, first)]


def lay_out_districts(parts: pd.DataFrame, balance: Table, title: Text) -> Table:
    """Return zones and lines by district: areas, shares of the district, and sums held against the balance.

    Parameters
    ----------
    parts : DataFrame
        ``district_balance``: areas in hectares.
    balance : Table
        As `lay_out_balance` makes it; the last two rows hold the sums against it.
    """
    keys = list(dict.fromkeys(parts["key"]))
    zones = [key for key in keys if (parts["section"][parts["key"] == key] == "zone").all()]
    lines = [key for key in keys if key not in zones]
    heads = [Head(Text(zh="行政区", en="District"))]
    heads += [_area_head(key) for key in zones]
    heads += [Head(Text(zh="三区合计（公顷）", en="Sum of zones (ha)"), "number", 2)] if zones else []
    heads += [_share_head(key) for key in zones]
    heads += [_area_head(key) for key in lines]
    rows: list[list[Cell]] = []
    for _, group in parts.groupby("district", sort=False):
        areas = dict(zip(group["key"], group["area_ha"], strict=True))
        name = make_text(group["name"].iloc[0], group["name_en"].iloc[0])
        rows.append(
            _fill(
                len(rows),
                name,
                [areas.get(key, 0.0) for key in zones],
                [areas.get(key, 0.0) for key in lines],
            )
        )
    _sum_districts(rows, len(zones))
    checked = _check_against(rows, balance, [*zones, *lines], len(zones))
    rows += checked
    return Table("district_balance", title, tuple(heads), tuple(map(tuple, rows)), totals=1 + len(checked))


def _area_head(key: str) -> Head:
    name = NAMES[key]
    return Head(Text(zh=f"{name.zh}（公顷）", en=f"{name.en} (ha)"), "number", 2)


def _share_head(key: str) -> Head:
    name = NAMES[key]
    return Head(Text(zh=f"{name.zh}占比", en=f"{name.en}, share"), "share", 2)


def _fill(at: int, name: Text, zones: list[float], lines: list[float]) -> list[Cell]:
    if not zones:
        return [name, *lines]
    cells = tuple((at, 1 + place) for place in range(len(zones)))
    total = Derived(sum(zones), "sum", cells)
    under = (at, 1 + len(zones))
    shares = (
        [Derived(area / total.value, "ratio", (cell, under)) for area, cell in zip(zones, cells, strict=True)]
        if total.value
        else [None] * len(zones)
    )
    return [name, *zones, total, *shares, *lines]


def _sum_districts(rows: list[list[Cell]], zones: int) -> None:
    """Add the row of sums; its shares are of its own sum."""
    total: list[Cell] = [TOTAL]
    at, under = len(rows), 1 + zones
    for column in range(1, len(rows[0])):
        total.append(sum_column(rows, column))
    rows.append(total)
    for place in range(zones):
        total[under + 1 + place] = ratio(rows, (at, 1 + place), (at, under))


def _check_against(rows: list[list[Cell]], balance: Table, keys: list[str], zones: int) -> list[list[Cell]]:
    """Return the balance's own areas and what the sums differ from them by."""
    places = {str(name.zh): at for at, name in enumerate(balance.column(1)) if isinstance(name, Text)}
    same: list[Cell] = [Text(zh="平衡表", en="Balance"), *[None] * (len(rows[0]) - 1)]
    gap: list[Cell] = [Text(zh="差额", en="Difference"), *[None] * (len(rows[0]) - 1)]
    extended = [*rows, same]
    for place, key in enumerate(keys):
        # After the zones stand their sum and their shares.
        column = 1 + place if place < zones or not zones else 2 + place + zones
        at = places[NAMES[key].zh]
        value = number_of(balance.rows[at][2])
        if value is None:
            continue
        same[column] = Derived(value, "same", ((at, 2),), "zone_balance")
        made = difference(extended, (len(rows) - 1, column), (len(rows), column), _HA_DECIMALS)
        gap[column] = Quantity(made, "signed", 4) if made else None
    return [same, gap]


def sum_conflicts(conflicts: pd.DataFrame) -> Table:
    """Return who lost how much land to whom and by which rule: one row a case, with a sum.

    Parameters
    ----------
    conflicts : DataFrame
        Layer ``conflicts``: areas in square metres.
    """
    groups = conflicts.groupby(["kind", "winner", "loser", "rule"], sort=False)["area_m2"].agg(
        ["size", "sum"]
    )
    rows: list[list[Cell]] = [
        [
            decode("conflicts", "kind", kind),
            decode("conflicts", "loser", loser),
            decode("conflicts", "winner", winner),
            rule,
            int(count),
            float(area) / 1e4,
        ]
        for (kind, winner, loser, rule), count, area in groups.itertuples()
    ]
    heads = (
        Head(Text(zh="冲突类型", en="Kind")),
        Head(Text(zh="让出方", en="Loser")),
        Head(Text(zh="优先方", en="Winner")),
        Head(Text(zh="依据规则", en="Rule")),
        Head(Text(zh="图斑数", en="Patches"), "integer", 0),
        Head(Text(zh="面积（公顷）", en="Area (ha)"), "number", 2),
    )
    total: list[Cell] = [TOTAL, None, None, None, sum_column(rows, 4), sum_column(rows, 5)]
    notes = (
        Text(
            zh="同一块土地被多方让出时，每一方各计一次，合计可能大于实际土地面积。",
            en="Land that several gave up counts once for each, so the sum may be more than the land.",
        ),
    )
    title = Text(zh="冲突处理汇总", en="Conflicts settled, summed up")
    return Table("conflict_sums", title, heads, tuple(map(tuple, [*rows, total])), totals=1, notes=notes)
