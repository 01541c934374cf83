"""Checks of the evaluation: what it lacks, what it simplifies, whose rules it follows, what it carries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from spatial.engine.rasters.crossings import present_area_ha
from spatial.engine.rasters.scoring import grade_by_breaks
from spatial.engine.rasters.stacks import RasterStack
from spatial.plan.findings import Finding
from spatial.plan.judging import check_choices, settle_table
from spatial.plan.parts.evaluation import FACTORS, Evaluation
from spatial.plan.rules import RuleTable

_GROUPS = {
    "farming": ("农业生产适宜性", "suitability for farming"),
    "urban": ("城镇建设适宜性", "suitability for building"),
    "ecology": ("生态保护重要性", "importance for ecology"),
}
_GEOLOGY = ("geology_hazard", "fault", "landslide", "collapse", "subsidence_total", "subsidence_rate")
_WANTED: dict[str, tuple[tuple[tuple[str, ...], str, str], ...]] = {
    "farming": (
        (("elevation",), "无坡度，不能评价", "no slope, so nothing is graded"),
        (("rain", "water_quota_modulus"), "水资源维度略去，缺水地不降级", "water is left out"),
        (("accumulated_temperature", "temperature"), "光热维度略去，高寒地不降级", "heat is left out"),
        (("silt",), "粉砂土不降级", "silty soil is not lowered"),
        (("soil_capacity", "soil_ph"), "污染耕地不降级", "polluted soil is not lowered"),
        (("soil_salinity",), "盐渍化土地不降级", "saline soil is not lowered"),
        (("weather_hazard",), "气象灾害区不降级", "land with weather disasters is not lowered"),
    ),
    "urban": (
        (("elevation",), "无坡度、高程、起伏度，不能评价", "no slope, so nothing is graded"),
        (("water_quota_modulus", "water_modulus"), "水资源维度略去", "water is left out"),
        (_GEOLOGY, "地质灾害区不降级", "land with geological hazards is not lowered"),
        (("storm_surge",), "风暴潮区不降级（内陆不需要）", "surges lower nothing (none inland)"),
        (("air_calm", "wind_speed"), "大气环境不修正", "air lowers nothing"),
        (("water_environment",), "水环境不修正", "the water environment lowers nothing"),
        (("temperature",), "舒适度不修正", "comfort lowers nothing"),
        (("location",), "区位不修正，近郊不升级、偏远不降级", "location moves nothing, near or far"),
    ),
    "ecology": (
        (("landcover",), "水源涵养、水土保持略去", "water retention and soil conservation are left out"),
        (("rain",), "水源涵养略去", "water retention is left out"),
        (("erosivity",), "水土流失量略去", "amounts of soil loss are left out"),
        (("vegetation",), "水土保持、防风固沙略去", "soil conservation and wind-break are left out"),
        (("wind_force", "wind_days"), "防风固沙略去", "wind-break is left out"),
        (("carbonate",), "石漠化敏感性略去（非喀斯特地区不需要）", "karst is left out (none elsewhere)"),
        (("protection",), "自然保护地不成为极重要", "biodiversity is left out"),
        (("water_source",), "水源地不成为极重要", "drinking-water sources count for nothing"),
    ),
}  # fmt: skip
"""Factors of each evaluation, any one of a row, and what their absence changes."""
_UNVERIFIED = ("low", "medium", "high", "default", "found")
_DRAFT, _DRAFT_PROFILES = "2019 draft", ("2019-draft",)
_NAMES = {
    "protection": ("自然保护地", "reserves"),
    "water_source": ("水源保护区", "drinking-water sources"),
}
_TINY = 1e-4
_EVERYWHERE = "evaluation_support"
"""A layer of values that no cell of the territory lacks."""
_SHARED = {
    "retention": ("water_retention", ""),
    "conservation": ("soil_conservation", "conservation.extreme.slope"),
    "windbreak": ("sand_conservation", "windbreak.extreme.sand"),
}
"""Services that are graded by shares: layer of amounts, and a row of profiles that grade otherwise."""
_PROVINCE, _COUNTY = "water_modulus", "water_quota_modulus"


def assessment_findings(
    *,
    evaluation_spec: Evaluation | None,
    raster_tables: dict[str, RuleTable],
    evaluation_rasters: RasterStack | None,
    suitability_balance: pd.DataFrame,
    carrying_capacity: pd.DataFrame,
    rules_in_use: frozenset[tuple[str, str]],
) -> list[Finding]:
    """Report on the evaluation.

    Returns
    -------
    list of Finding
        ``evaluation.missing_factors`` (info; `value` is how many), ``evaluation.unverified_rules`` (warning;
        rows that grading went by and that are not checked against an official text),
        ``evaluation.simplified`` (info),
        ``evaluation.ungraded`` (warning; share of the territory without a class),
        ``evaluation.partial_shares`` (warning; share of the territory that a service graded by shares lacks),
        ``evaluation.water_row`` (warning; urban water is graded by the row for provinces),
        ``carrying.short_board`` (info) and ``carrying.exceeded`` (warning; target population above it).

    Raises
    ------
    RuleError
        Breaks or weights of the plan that no rule knows.
    """
    if evaluation_spec is None or evaluation_rasters is None:
        return []
    names = ("farming", "urban", "ecology", "cover", "capacity")
    tables = {name: raster_tables[f"evaluation_{name}_rules"] for name in names}
    check_choices(evaluation_spec, tables)
    return [
        *_list_missing(evaluation_spec, evaluation_rasters),
        *_list_unverified(evaluation_spec, tables, rules_in_use),
        *_list_simplified(evaluation_spec, evaluation_rasters),
        *_list_ungraded(suitability_balance),
        *_list_partial_shares(evaluation_spec, evaluation_rasters, tables["ecology"]),
        *_tell_water_row(evaluation_spec, evaluation_rasters, tables["urban"], suitability_balance),
        *_judge_carrying(evaluation_spec, carrying_capacity),
    ]


def _list_missing(spec: Evaluation, stack: RasterStack) -> Iterator[Finding]:
    given = {*spec.factors, *(name for name in ("protection", "water_source") if getattr(spec, name))}
    if "location_grade" in stack:
        given.add("location")  # counted along the plan's roads
    for group, rows in _WANTED.items():
        lacking = [row for row in rows if given.isdisjoint(row[0])]
        if not lacking:
            continue
        zh = "；".join(f"{'/'.join(_name(one, 0) for one in names)}：{text}" for names, text, _ in lacking)
        en = "; ".join(f"{' or '.join(_name(one, 1) for one in names)}: {text}" for names, _, text in lacking)
        title_zh, title_en = _GROUPS[group]
        yield Finding(
            "evaluation.missing_factors", "info", "evaluation", group,
            f"{title_zh}缺 {len(lacking)} 项因子，均略去而不评为最好或最差。{zh}。",
            f"{title_en} lacks {_count_factors(len(lacking))} left out, not graded best or worst. {en}.",
            float(len(lacking)),
        )  # fmt: skip


def _count_factors(number: int) -> str:
    return "1 factor, which is" if number == 1 else f"{number} factors, which are"


def _name(factor: str, language: int) -> str:
    if factor in _NAMES:
        return _NAMES[factor][language]
    return FACTORS[factor].en if language else FACTORS[factor].zh


def _list_unverified(
    spec: Evaluation, tables: Mapping[str, RuleTable], used: frozenset[tuple[str, str]]
) -> Iterator[Finding]:
    """Count the rows that grading, matrices and corrections went by, as the report does."""
    for group, (title_zh, title_en) in _GROUPS.items():
        table = tables[group]
        rows = [rule for rule in settle_table(table, spec, group).rules if (table.name, rule.key) in used]
        rows = [rule for rule in rows if rule.confidence in _UNVERIFIED]
        if not rows:
            continue
        loose = [rule for rule in rows if rule.confidence != "found"]
        weak = [rule.key for rule in rows if rule.confidence in ("low", "default")]
        own = {rule.key.removeprefix(f"{spec.profile}.") for rule in table.rules if spec.profile in rule.key}
        lent = [rule for rule in rows if rule.key not in own and _DRAFT in rule.source]
        lent_zh, lent_en = "", ""
        if lent and spec.profile not in _DRAFT_PROFILES:
            lent_zh = f"其中 {len(lent)} 行 {spec.profile} 无自有规定，沿用 2019 年征求意见稿的行。"
            lent_en = (
                f" For {len(lent)} of them {spec.profile} has no row of its own: the 2019 draft's is taken."
            )
        shown = ", ".join(weak[:12]) + (", …" if len(weak) > 12 else "")
        yield Finding(
            "evaluation.unverified_rules", "warning", "evaluation", group,
            f"{title_zh}（{spec.profile}）分级、矩阵与修正用到的 {len(rows)} 行规则未经官方文本核对，"
            f"其中 {len(loose)} 行不见于所引资料，内 {len(weak)} 行把握低或为本工具默认：{shown}。{lent_zh}"
            f"对外使用前请逐行核对 rules/evaluation_{group}.yaml。",
            f"{len(rows)} rows of rules that {title_en} ({spec.profile}) went by in grading, matrices and "
            f"corrections are not checked against an official text; {len(loose)} of them are in no source "
            f"that was found, {len(weak)} of these of low confidence or defaults of this tool: {shown}."
            f"{lent_en} Check each row of rules/evaluation_{group}.yaml before official use of the results.",
            float(len(rows)),
        )  # fmt: skip


_SIMPLIFIED = {
    "farming_heat": (
        "温度未随高程订正；请提供已订正的积温，或以 climate_height 给出气候栅格所代表的高程。",
        "temperatures are not corrected for height; give sums that are, or climate_height: the height that "
        "climate rasters hold for",
    ),
    "comfort_year": (
        "舒适度按年均温湿计算；指南取十二个月的众数。",
        "comfort is of the year's mean; the guide takes the mode of twelve months",
    ),
    "water_retention": (
        "水源涵养以所给蒸发量为实际蒸散；干燥度以同一栅格为潜在蒸发。",
        "the evaporation given counts as actual for water retention and as potential for dryness",
    ),
    "soil_conservation": (
        "坡长取固定值，未作汇流；K 由有机质换算有机碳。",
        "one slope length is taken for all cells, no flow is routed; carbon is derived from organic matter",
    ),
    "farming_concentrated": (
        "地块集中度：最差等级不因紧凑而提升，大地块不因曲折而降级（见 concentration.max_area）。",
        "compactness of patches raises no land of the worst grade and lowers no large patch "
        "(concentration.max_area)",
    ),
    "conservation_importance": (
        "2020 试行指南对华北、东北另取较小坡度（conservation.extreme.slope_north）；"
        "规划未写 evaluation.northern: true，故取 conservation.extreme.slope。",
        "the 2020 guide takes a gentler slope in north and north-east China "
        "(conservation.extreme.slope_north); the plan does not say evaluation.northern: true, so "
        "conservation.extreme.slope holds",
    ),
    "farming_stability": (
        "稳健性：只变动断点、累计占比与权重；判别矩阵与地块形态保持不变，稳定度偏乐观。",
        "stability moves breaks, shares and weights; matrices and patches stay, so it is on the high side",
    ),
    "land_conflict": (
        "现状用途由土地覆被推断，不是国土调查。",
        "present use is inferred from land cover, not from a land survey",
    ),
}


def _list_simplified(spec: Evaluation, stack: RasterStack) -> Iterator[Finding]:
    mended = {"farming_heat"} if "climate_height" in spec.factors else set[str]()
    if spec.northern or spec.profile != "2020-trial":
        mended.add("conservation_importance")
    for name, (zh, en) in _SIMPLIFIED.items():
        if name in stack and name not in mended:
            yield Finding("evaluation.simplified", "info", name, "", zh, f"{en}.")


def _list_ungraded(balance: pd.DataFrame) -> Iterator[Finding]:
    bare = balance[(balance["grade"] == 0) & (balance["share"] > _TINY)]
    for row in bare.itertuples():
        yield Finding(
            "evaluation.ungraded", "warning", "suitability_balance", str(row.id),
            f"{row.result}：{row.share:.1%} 的规划范围缺数据、未评价，不计入任何等级。",
            f"{row.result_en}: {row.share:.1%} of the territory lacks data, has no class and counts in none.",
            float(row.share), _TINY,
        )  # fmt: skip


def _list_partial_shares(spec: Evaluation, stack: RasterStack, table: RuleTable) -> Iterator[Finding]:
    """Say of services that are graded by shares of a total which part of the territory the total lacks."""
    rules = settle_table(table, spec, "ecology")
    keys = {rule.key for rule in rules.rules}
    whole = present_area_ha(stack, _EVERYWHERE)
    for prefix, (layer, instead) in _SHARED.items():
        if layer not in stack or instead in keys or not whole:
            continue
        lacking = 1 - present_area_ha(stack, layer) / whole
        if lacking <= _TINY:
            continue
        said, shares = (
            stack.layers[layer],
            " / ".join(f"{one:.0%}" for one in rules.value(f"{prefix}.shares")),
        )
        yield Finding(
            "evaluation.partial_shares", "warning", "evaluation", prefix,
            f"{said.zh}：{lacking:.1%} 的规划范围缺数据，累计占比（{shares}）只按有数据的部分计算，"
            "补齐数据后界限会变。",
            f"{said.en}: {lacking:.1%} of the territory lacks data; the shares of the total "
            f"({shares.replace('%', ' %')}) are of the part that has data: limits move with the rest.",
            lacking, _TINY,
        )  # fmt: skip


def _tell_water_row(
    spec: Evaluation, stack: RasterStack, table: RuleTable, balance: pd.DataFrame
) -> Iterator[Finding]:
    """Say where urban water is graded by the row for provinces, and what the plan's own quota would give."""
    rules = settle_table(table, spec, "urban")
    used = next((name for name in rules.value("water_order") if name in spec.factors), None)
    if used != _PROVINCE or "urban_water" not in stack:
        return
    zh, en = (rules[_PROVINCE].label.pick(language) for language in ("zh", "en"))
    own_zh, own_en = "", ""
    area_ha = balance.loc[balance["result"] == balance["result"].iloc[0], "area_ha"].sum()
    if spec.carrying.water is not None and area_ha:
        # 10⁴ m³ by km², of 100 ha each.
        modulus, row = spec.carrying.water.total_m3 / 1e4 / (area_ha / 100), rules.value(_COUNTY)
        grade = int(grade_by_breaks([modulus], row.breaks, row.grades, row.edges)[0])
        own_zh = f"按 carrying.water.total_m3 折算为 {modulus:.1f}，按市县行全域均为 {grade} 级。"
        own_en = (
            f" carrying.water.total_m3 comes to {modulus:.1f} over the territory, "
            f"which the row for cities and counties grades {grade} everywhere."
        )
    yield Finding(
        "evaluation.water_row", "warning", "evaluation", _PROVINCE,
        f"城镇水资源按“{zh}”（{_PROVINCE}）分级：规划未给用水总量控制指标模数（{_COUNTY}），"
        f"而市县评价应以后者为准。{own_zh}请以 {_COUNTY} 因子给出指标模数。",
        f"water for building is graded by the row {_PROVINCE} ({en}): the plan gives no raster "
        f"{_COUNTY} (total water use quota by area), which cities and counties go by.{own_en} "
        f"Give the factor {_COUNTY}.",
    )  # fmt: skip


def _judge_carrying(spec: Evaluation, carrying: pd.DataFrame) -> Iterator[Finding]:
    for row in carrying[carrying["shortest"]].itertuples():
        yield Finding(
            "carrying.short_board", "info", "carrying_capacity", str(row.id),
            f"短板：{row.name}，{row.value:,.0f} {row.unit.split()[0]}（{row.basis}）。",
            f"short board: {row.name_en}, {row.value:,.0f} {row.unit.split()[-1]} ({row.basis_en}).",
            float(row.value),
        )  # fmt: skip
    people = carrying[carrying["item"] == "urban_population"]["value"]
    target = spec.targets.population
    if target is not None and len(people) and target > people.min():
        yield Finding(
            "carrying.exceeded", "warning", "carrying_capacity", "urban_population",
            f"目标人口 {target:,} 超过城镇人口承载规模 {people.min():,.0f}。",
            f"the target of {target:,} people exceeds the {people.min():,.0f} that can be carried.",
            float(target), float(people.min()),
        )  # fmt: skip
