"""Tables of one blueprint: differences by kind and by piece, plans two by two, the balance of classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from spatial.outputs.answers.trio import Papers
from spatial.outputs.papers.cells import Cell, Head, Table, ratio, sum_column
from spatial.plan.base import Text
from spatial.plan.settling import KINDS, STATES

_INDICATOR_STATES = {"missing": "缺少", "unit": "单位不同", "year": "年份不同"}
_NOTE = Text(
    zh="处置为按规则表提出的建议，规则为工具默认，须由有关部门协商确认；面积为椭球面积。",
    en="Settlements are proposals by a rule table of project defaults; the departments named have to agree. "
    "Areas are ellipsoidal.",
)


@dataclass(frozen=True, kw_only=True)
class BlueprintPapers(Papers):
    """What is written besides the layers.

    Parameters
    ----------
    plans : mapping of str to Text
        Titles of the plans by key, in order.
    classes : mapping of str to Text
        Names of the common classification.
    colours : mapping of str to str
        Of its classes.
    illustrative : bool
        Some plan is.
    """

    plans: Mapping[str, Text]
    classes: Mapping[str, Text]
    colours: Mapping[str, str]
    illustrative: bool


def tabulate_blueprint(
    differences: gpd.GeoDataFrame, matrix: pd.DataFrame, balance: pd.DataFrame, papers: BlueprintPapers
) -> list[Table]:
    """Return the tables of the workbook: by kind, by piece, each pair of plans, and the balance."""
    pairs = [_cross(rows, papers) for _, rows in matrix.groupby(["plan_a", "plan_b"], sort=False)]
    return [_tell_kinds(differences), _list_pieces(differences, papers), *pairs, _balance(balance, papers)]


def _tell_kinds(differences: gpd.GeoDataFrame) -> Table:
    """Return how many differences of each kind and state there are, and how large they are."""
    rows: list[list[Cell]] = []
    sums = differences.groupby(["kind", "state"])["area_m2"].agg(["size", "sum"])
    for kind, label in KINDS.items():
        for state, word in STATES.items():
            if (kind, state) in sums.index:
                count, area = sums.loc[(kind, state)]
                rows.append([label, word, int(count), float(area) / 1e4])
    total: list[Cell] = [Text(zh="合计", en="Total"), None, sum_column(rows, 2), sum_column(rows, 3)]
    heads = (
        Head(Text(zh="差异类型", en="Kind")), Head(Text(zh="状态", en="State")),
        Head(Text(zh="图斑数", en="Pieces"), "integer", 0),
        Head(Text(zh="面积（公顷）", en="Area (ha)"), "number", 2),
    )  # fmt: skip
    body = (*map(tuple, rows), tuple(total)) if rows else ()
    return Table(
        "kinds", Text(zh="差异汇总", en="Differences by kind"), heads, body, int(bool(rows)), (_NOTE,)
    )


def _list_pieces(everything: gpd.GeoDataFrame, papers: BlueprintPapers) -> Table:
    differences = everything[everything["kind"] != "edge"]
    left = len(everything) - len(differences)
    edges = Text(
        zh=f"另有边界不吻合 {left:,} 处，见数据库 differences 图层。",
        en=f"{left:,} mismatches of edges besides are in the layer differences of the database.",
    )
    says = [f"says_{key}" for key in papers.plans]
    kinds = differences["kind"].map(KINDS)
    states = differences["state"].map(STATES)
    proposals = [
        Text(zh=zh, en=en) if zh or en else None
        for zh, en in zip(differences["proposal_zh"], differences["proposal_en"], strict=True)
    ]
    classes = [
        f"{code} {name}".strip()
        for code, name in zip(differences["proposed"], differences["proposed_name"], strict=True)
    ]
    columns: list[Sequence[Cell]] = [
        differences["id"].tolist(), kinds.tolist(), (differences["area_m2"]).tolist(),
        *(differences[column].tolist() for column in says), classes, states.tolist(), proposals,
        differences["agree"].tolist(), differences["rule"].tolist(), [None] * len(differences),
    ]  # fmt: skip
    heads = (
        Head(Text(zh="图斑", en="Piece")), Head(Text(zh="差异类型", en="Kind")),
        Head(Text(zh="面积（平方米）", en="Area (m²)"), "number", 1),
        *(Head(papers.plans[key]) for key in papers.plans),
        Head(Text(zh="建议地类", en="Class proposed")), Head(Text(zh="状态", en="State")),
        Head(Text(zh="处置建议", en="Proposal")), Head(Text(zh="须协商部门", en="Who must agree")),
        Head(Text(zh="规则", en="Rule")), Head(Text(zh="协商意见", en="What was agreed")),
    )  # fmt: skip
    rows = tuple(zip(*columns, strict=True))
    title = Text(zh="差异图斑表", en="Differences")
    return Table("differences", title, heads, rows, notes=(_NOTE, *([edges] if left else [])))


def _cross(rows: pd.DataFrame, papers: BlueprintPapers) -> Table:
    """Return the areas that two plans give each pair of classes: those of one down, of the other across."""
    one, other = str(rows["plan_a"].iloc[0]), str(rows["plan_b"].iloc[0])
    wide = rows.pivot(index="class_a", columns="class_b", values="area_ha").fillna(0.0)
    same = float(rows.loc[rows["same"], "area_ha"].sum())
    both = float(rows.loc[(rows["class_a"] != "") & (rows["class_b"] != ""), "area_ha"].sum())
    share = f"{same / both:.2%}" if both else "—"
    note = Text(
        zh=f"两规划都有说法的土地 {both:,.2f} 公顷，其中一致 {same:,.2f} 公顷（{share}）。",
        en=f"Both plans speak of {both:,.2f} ha and agree on {same:,.2f} ha ({share}).",
    )
    body: list[list[Cell]] = [
        [_name(str(code), papers), *(float(value) for value in values)]
        for code, values in zip(wide.index, wide.to_numpy(), strict=True)
    ]
    total: list[Cell] = [Text(zh="合计", en="Total")]
    total += [sum_column(body, column) for column in range(1, len(wide.columns) + 1)]
    first, second = papers.plans[one], papers.plans[other]
    corner = Text(
        zh=f"{first.pick('zh')} ↓ {second.pick('zh')} →", en=f"{first.pick('en')} ↓ {second.pick('en')} →"
    )
    heads = (Head(corner), *(Head(_name(str(code), papers), "number", 2) for code in wide.columns))
    title = Text(
        zh=f"对照 {first.pick('zh')}—{second.pick('zh')}（公顷）",
        en=f"{first.pick('en')} against {second.pick('en')} (ha)",
    )
    return Table(f"matrix-{one}-{other}", title, heads, (*map(tuple, body), tuple(total)), 1, (note,))


def compare_indicators(indicators: pd.DataFrame, papers: BlueprintPapers) -> Table:
    """Return the core indicators side by side: one row for each, with what does not agree behind."""
    rows: list[tuple[Cell, ...]] = []
    for name, told in indicators.groupby("indicator", sort=False):
        by_plan = told.set_index("plan")
        cells: list[Cell] = []
        doubts = []
        for key, title in papers.plans.items():
            row = by_plan.loc[key]
            year = f"（{row['year']:.0f}）" if pd.notna(row["year"]) else ""
            cells.append(None if pd.isna(row["value"]) else f"{row['value']:g} {row['unit']}{year}")
            if row["state"] != "same":
                doubts.append(f"{title.pick('zh')}{_INDICATOR_STATES[row['state']]}")
        rows.append((str(name), *cells, "；".join(doubts) or "一致"))
    heads = (Head(Text(zh="核心指标", en="Core indicator")), *map(Head, papers.plans.values()),
             Head(Text(zh="是否统一", en="One base")))  # fmt: skip
    return Table("indicators", Text(zh="核心指标对照", en="Core indicators"), heads, tuple(rows))


def _name(code: str, papers: BlueprintPapers) -> Text:
    """Return a class with its name; the codes alone where there are several."""
    if not code:
        return Text(zh="— 未说明", en="— says nothing")
    if code not in papers.classes:
        return Text(zh="× 自身重叠", en="× overlaps itself") if code == "×" else Text(zh=code)
    name = papers.classes[code]
    return Text(zh=f"{code} {name.pick('zh')}", en=f"{code} {name.pick('en')}")


def _balance(balance: pd.DataFrame, papers: BlueprintPapers) -> Table:
    areas = [*(f"{key}_ha" for key in papers.plans), "base_ha"]
    body: list[list[Cell]] = [
        [row["landuse"] or "—", row["name"], *(float(row[column]) for column in areas)]
        for row in balance.to_dict("records")
    ]
    total: list[Cell] = [Text(zh="合计", en="Total"), None]
    total += [sum_column(body, column) for column in range(2, len(areas) + 2)]
    rows = [*body, total]
    share: list[Cell] = [
        ratio(rows, (at, len(areas) + 1), (len(body), len(areas) + 1)) for at in range(len(rows))
    ]
    heads = (
        Head(Text(zh="地类", en="Class")), Head(Text(zh="名称", en="Name")),
        *(Head(Text(zh=f"{title.pick('zh')}（公顷）", en=f"{title.pick('en')} (ha)"), "number", 2)
          for title in papers.plans.values()),
        Head(Text(zh="统一底数（公顷）", en="Base (ha)"), "number", 2),
        Head(Text(zh="占比", en="Share"), "share", 2),
    )  # fmt: skip
    table = tuple((*row, part) for row, part in zip(rows, share, strict=True))
    return Table("balance", Text(zh="地类平衡表", en="Balance of classes"), heads, table, 1)
