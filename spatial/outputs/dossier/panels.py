"""Panels of a dossier: what stands beside each of the three maps of a functional zone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from spatial.outputs.atlas.sidepanel import Bars, Fact, Grid, Panel, Part, Remark
from spatial.outputs.dossier.extract import ROLES, Extract, measure_ha
from spatial.outputs.papers.cells import ABSENT, show_number
from spatial.plan.base import Text
from spatial.plan.parts.functional import CONTROLS, KIND_NAMES
from spatial.plan.styles import Styles

ROLE_NAMES = {
    "key": Text(zh="重点企业", en="Key firm"),
    "supporting": Text(zh="配套企业", en="Supporting firm"),
}
_MOST_BARS = 8
_USE_SIGNS = 8
_NONE = Text(zh="未给出", en="not given")


def describe_master(extract: Extract, styles: Styles) -> Panel:
    """Return what stands beside the master plan: what the zone is, and what land it holds."""
    zone = extract.zone
    parts: list[Part] = [
        Fact(Text(zh="产业生态圈", en="Ecosystem"), _say(zone.get("ecosystem"), zone.get("ecosystem_en"))),
        Fact(Text(zh="类别", en="Kind"), _say_kind(zone.get("kind"))),
        Fact(Text(zh="主导产业", en="Leading industries"), _say(zone.get("industries"))),
        Fact(Text(zh="管理区县", en="Managed by"), _say(zone.get("district"))),
        Fact(Text(zh="主要所在区县", en="Lies in"), _say(zone.get("district_in"))),
        Fact(Text(zh="面积", en="Area"), _say_ha(float(zone["area_ha"]))),
    ]
    parts += _list_parts(extract)
    if extract.spaces:
        words = styles.layers["zones"].classes
        whole = float(zone["area_ha"])
        rows = tuple(
            (words[key].label if key in words else Text(zh=key), area, f"{area:,.1f} ha · {area / whole:.1%}")
            for key, area in extract.spaces.items()
        )
        parts.append(Bars(Text(zh="三区构成", en="Land by space"), rows, "#9fb58a"))
    else:
        parts.append(
            _lacks("规划未给出三区，图上无用地底图", "the plan gives no zones, so the map has no land below")
        )
    return Panel(Text(zh="功能区概况", en="The zone"), tuple(parts))


def _list_parts(extract: Extract) -> Iterator[Part]:
    startup, homes = extract.startup, extract.communities
    if startup is None:
        yield _lacks("规划未给出核心起步区", "the plan gives no start-up area")
    else:
        share = measure_ha(startup) / float(extract.zone["area_ha"])
        said = Text(zh=f"{measure_ha(startup):,.1f} ha · {share:.1%}")
        yield Fact(Text(zh="核心起步区", en="Start-up area"), said)
    if not len(homes):
        yield _lacks("规划未给出产业社区", "the plan gives no communities")
    else:
        said = Text(zh=f"{len(homes)} · {float(homes['area_ha'].sum()):,.1f} ha")
        yield Fact(Text(zh="产业社区", en="Communities"), said)


def describe_control(extract: Extract) -> Panel:
    """Return what stands beside the control map: each block with what the plan sets, and what it does not."""
    title = Text(zh="起步区控制指标", en="Control of the start-up area")
    startup = extract.startup
    if startup is None:
        text = _lacks(
            "规划未给出核心起步区，本图示功能区全域，无控制指标",
            "the plan gives no start-up area; the map shows the whole zone, without controls",
        )
        return Panel(title, (text,))
    blocks = extract.blocks
    parts: list[Part] = [
        Fact(Text(zh="起步区面积", en="Area"), _say_ha(measure_ha(startup))),
        Fact(Text(zh="地块数", en="Blocks"), Text(zh=str(len(blocks)))),
        *_sum_floors(blocks),
    ]
    lacking = extract.lacking_controls
    if lacking:
        zh = "、".join(CONTROLS[key].zh for key in lacking)
        en = ", ".join(CONTROLS[key].en.lower() for key in lacking)
        parts.append(_lacks(f"规划未给出：{zh}", f"not given by the plan: {en}"))
    if (blocks["use"].fillna("") == "").all():
        parts.append(_lacks("规划未给出地块用地性质", "the plan gives no land use of blocks"))
    if len(lacking) < len(CONTROLS):
        parts += [
            _set_controls(blocks),
            Remark(
                Text(
                    zh="图上：编号 R容积率 H限高（米）", en="On the map: number, R plot ratio, H height in m"
                )
            ),
        ]
    return Panel(title, tuple(parts))


def _sum_floors(blocks: pd.DataFrame) -> Iterator[Part]:
    """Say the floor area that the plot ratios allow, and the mean ratio: of the blocks that have one."""
    given = blocks[blocks["plot_ratio"].notna()]
    if not len(given):
        return
    floors = float((given["area_ha"] * given["plot_ratio"]).sum())
    ratio = floors / float(given["area_ha"].sum())
    zh, en = f"{ratio:.2f}", f"{ratio:.2f}"
    if len(given) < len(blocks):
        zh, en = f"{zh}（{len(given)} 个有容积率的地块）", f"{en} ({len(given)} blocks with one)"
    yield Fact(Text(zh="平均容积率（毛）", en="Mean plot ratio (gross)"), Text(zh=zh, en=en))
    yield Fact(
        Text(zh="可建建筑面积（按地块面积）", en="Floor area allowed"),
        Text(zh=f"{floors:,.1f} 万平方米", en=f"{floors / 100:,.2f} million m²"),
    )


def _set_controls(blocks: pd.DataFrame) -> Grid:
    heads = (
        Text(zh="号", en="No."), Text(zh="用地", en="Use"), Text(zh="公顷", en="ha"),
        Text(zh="容积率", en="Ratio"), Text(zh="限高", en="m"), Text(zh="密度%", en="Dens."),
        Text(zh="绿地%", en="Green"),
    )  # fmt: skip
    rows = tuple(
        (
            row["mark"],
            str(row["use"] or ABSENT)[:_USE_SIGNS],
            f"{row['area_ha']:.1f}",
            *(_show(row[key]) for key in CONTROLS),
        )
        for row in blocks.to_dict("records")
    )
    return Grid(heads, rows, (0.08, 0.26, 0.14, 0.14, 0.12, 0.13, 0.13))


def describe_panorama(extract: Extract, *, with_axes: bool) -> Panel:
    """Return what stands beside the panorama: heights, firms by industry, and what leads.

    Parameters
    ----------
    extract : Extract
        The zone.
    with_axes : bool
        Whether an axis, a belt or a core of the structure reaches into the map.
    """
    leading = extract.leading
    parts: list[Part] = [*_list_design(extract)]
    if not with_axes:
        parts.append(
            _lacks("图幅内规划未给出轴、带、核", "the plan gives no axis, belt or core within the map")
        )
    parts.append(
        Fact(
            Text(zh="主导产业（规划）", en="Leading industries (plan)"), _say(extract.zone.get("industries"))
        )
    )
    if leading is not None and str(leading.get("leading") or ""):
        measured = Text(zh=str(leading["leading"]), en=str(leading.get("leading_en") or ""))
        parts.append(Fact(Text(zh="主导产业（区位商）", en="Leading by location quotient"), measured))
    parts += _list_industries(extract)
    return Panel(Text(zh="城市设计与产业", en="Urban design and industry"), tuple(parts))


def _list_design(extract: Extract) -> Iterator[Part]:
    high = extract.blocks["height_m"].dropna()
    if len(high):
        spread = f"{high.min():g}–{high.max():g} m" if high.min() < high.max() else f"{high.min():g} m"
        yield Fact(Text(zh="起步区限高", en="Heights allowed"), Text(zh=spread))
    else:
        yield _lacks("规划未给出建筑高度，图上无高度分区", "the plan gives no heights, so the map has none")


def _list_industries(extract: Extract) -> Iterator[Part]:
    firms = extract.firms
    if firms is None:
        yield _lacks(
            "规划未给出企业（industry），本图无企业、密度与产业构成",
            "the plan gives no firms (industry): no firms, density or structure on this map",
        )
        return
    if not len(firms):
        yield Remark(Text(zh="企业名录中没有位于本功能区的企业", en="No firm of the list lies in this zone"))
        return
    known = firms["jobs"].notna()
    people = Text(zh=f"{len(firms)} 家", en=f"{len(firms)}")
    if known.any():
        jobs = f"{firms['jobs'].sum():,.0f}"
        people = Text(zh=f"{people.zh}，从业 {jobs} 人", en=f"{people.en} firms, {jobs} jobs")
    yield Fact(Text(zh="企业", en="Firms"), people)
    counts = firms["role"].value_counts()
    roles = Text(
        zh="、".join(f"{ROLE_NAMES[key].zh} {counts.get(key, 0)}" for key in ROLES),
        en=", ".join(f"{counts.get(key, 0)} {key}" for key in ROLES),
    )
    yield Fact(Text(zh="其中", en="Of these"), roles)
    yield _chart(firms, by_jobs=bool(known.all()))


def _chart(firms: pd.DataFrame, *, by_jobs: bool) -> Bars:
    groups = firms.assign(one=1.0).groupby("industry", sort=False)
    table = groups.agg(count=("one", "size"), jobs=("jobs", "sum"), en=("industry_en", "first"))
    table["value"] = table["jobs"] if by_jobs else table["count"].astype(float)
    table = table.sort_values(["value", "count"], ascending=False, kind="stable")
    rows = [
        (
            Text(zh=str(name) or "行业不明", en=str(row.en) or "Unknown industry"),
            float(str(row.value)),
            _count(int(str(row.count)), float(str(row.jobs)) if by_jobs else None),
        )
        for name, row in zip(table.index, table.rename_axis(None).itertuples(index=False), strict=True)
    ]
    rest = table.iloc[_MOST_BARS:]
    if len(rest):
        words = Text(zh=f"其他 {len(rest)} 个行业", en=f"{len(rest)} other industries")
        value = float(rest["value"].sum())
        rows = [
            *rows[:_MOST_BARS],
            (words, value, _count(int(rest["count"].sum()), value if by_jobs else None)),
        ]
    measure = Text(zh="按从业人员", en="by jobs") if by_jobs else Text(zh="按企业数", en="by firms")
    return Bars(Text(zh=f"企业按行业（{measure.zh}）", en=f"Firms by industry ({measure.en})"), tuple(rows))


def _count(firms: int, jobs: float | None) -> str:
    return f"{firms} · {jobs:,.0f}" if jobs is not None else f"{firms}"


def _say(value: object, english: object = "") -> Text:
    text = "" if value is None or (isinstance(value, float) and np.isnan(value)) else str(value).strip()
    return Text(zh=text, en=str(english or "")) if text else _NONE


def _say_kind(value: object) -> Text:
    text = str(value or "")
    unknown = Text(zh="无法识别", en="unknown")
    return KIND_NAMES.get(text, unknown) if text else _NONE


def _say_ha(area: float) -> Text:
    return Text(zh=f"{area:,.1f} ha")


def _lacks(zh: str, en: str) -> Remark:
    return Remark(Text(zh=f"{zh}。", en=f"{en[:1].upper()}{en[1:]}."), lacking=True)


def _show(value: object) -> str:
    number = float(str(value)) if value is not None else float("nan")
    return ABSENT if np.isnan(number) else show_number(number, "general")
