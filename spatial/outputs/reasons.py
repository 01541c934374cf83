"""Reasons in words: what steps of the evaluation are called, what went in, and what their rules say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spatial.plan.base import Text
from spatial.plan.parts.evaluation import BURNT, FACTORS
from spatial.plan.rasters import RasterContract
from spatial.plan.rules import Confidence, Intervals, Rule

ACTIONS: dict[str, Text] = {
    "grade": Text(zh="分级", en="grade"),
    "matrix": Text(zh="判别矩阵", en="matrix"),
    "weights": Text(zh="加权", en="weigh"),
    "correct": Text(zh="修正", en="correct"),
    "forbid": Text(zh="不适宜条件", en="unsuitable if"),
    "condition": Text(zh="条件（1 满足，0 不满足）", en="condition (1 holds, 0 does not)"),
    "class": Text(zh="归类", en="class"),
    "combine": Text(zh="综合", en="combine"),
    "skip": Text(zh="缺数据，跳过", en="no data, skipped"),
    "unused": Text(zh="不采用（本规则表另有依据）", en="not used, the rules go by another"),
    "made": Text(zh="计算", en="compute"),
}
"""What is done in a step."""
CONFIDENCES: dict[Confidence, Text] = {
    "found": Text(zh="见于资料", en="found in a source"),
    "high": Text(zh="高（未核对原文）", en="high, not verified"),
    "medium": Text(zh="中（未核对原文）", en="medium, not verified"),
    "low": Text(zh="低（未核对原文）", en="low, not verified"),
    "default": Text(zh="本工具默认，非规范", en="default of this tool, no norm"),
    "given": Text(zh="规划给定", en="given by the plan"),
}
"""How far a row of rules may be trusted."""
_NAMES: dict[str, Text] = {
    "land": Text(zh="土地", en="land"),
    "water": Text(zh="水资源", en="water"),
    "heat": Text(zh="光热", en="heat"),
    "base": Text(zh="水土基础", en="base"),
    "grade": Text(zh="等级", en="grade"),
    "ratio": Text(zh="地块集中度", en="compactness"),
    "patch_m2": Text(zh="地块面积", en="area of the patch"),
    "moved": Text(zh="按集中度修正后", en="as compactness moves it"),
    "not_lowered": Text(zh="大地块不降级", en="large patch, not lowered"),
    "may_rise": Text(zh="可提升", en="may be raised"),
    "weighted_mean": Text(zh="加权平均", en="weighted mean"),
    "slope": Text(zh="坡度", en="slope"),
    "relief": Text(zh="起伏度", en="relief"),
    "cover": Text(zh="植被覆盖度", en="cover"),
    "aridity": Text(zh="干燥度", en="aridity"),
    "service": Text(zh="服务功能", en="services"),
    "sensitivity": Text(zh="敏感性", en="sensitivity"),
    "retention": Text(zh="水源涵养", en="water retention"),
    "conservation": Text(zh="水土保持", en="soil conservation"),
    "windbreak": Text(zh="防风固沙", en="wind-break"),
    "biodiversity": Text(zh="生物多样性", en="biodiversity"),
    "erosion": Text(zh="水土流失", en="erosion"),
    "karst": Text(zh="石漠化", en="karst"),
    "sand": Text(zh="沙化", en="sand"),
    "ecology": Text(zh="生态", en="ecology"),
    "farming": Text(zh="农业", en="farming"),
    "urban": Text(zh="城镇", en="building"),
    "from_1": Text(zh="前列起点", en="first share from"),
    "from_2": Text(zh="次列起点", en="second share from"),
    "comfort": Text(zh="舒适度", en="comfort"),
    "air_grade": Text(zh="大气环境", en="air"),
    "weather_hazard": Text(zh="气象灾害", en="weather hazard"),
    "given": Text(zh="所给值", en="as given"),
    "rise_m": Text(zh="高差（米）", en="height above that (m)"),
    "capacity": Text(zh="环境容量", en="capacity"),
    "screening": Text(zh="筛选值", en="screening value"),
    "control": Text(zh="管制值", en="control value"),
    "cadmium": Text(zh="镉", en="cadmium"),
    "mercury": Text(zh="汞", en="mercury"),
    "arsenic": Text(zh="砷", en="arsenic"),
    "lead": Text(zh="铅", en="lead"),
    "chromium": Text(zh="铬", en="chromium"),
    **{f"month_{number}": Text(zh=f"{number}月", en=f"month {number}") for number in range(1, 13)},
}
"""What functions call their inputs."""


def title_name(name: str, contracts: Mapping[str, RasterContract], rule: Rule | None = None) -> Text:
    """Return what an input or a layer is called.

    Parameters
    ----------
    name : str
        Of a raster layer, a factor, burnt polygons, or as a step names its input.
    contracts : mapping of str to RasterContract
    rule : Rule, optional
        Of the step: an input of the name of its row is called as the row is.

    Examples
    --------
    >>> title_name("rain", {}).zh, title_name("land", {}).en
    ('年降水量', 'land')
    """
    if name in contracts:
        return Text(zh=contracts[name].zh, en=contracts[name].en)
    if name in FACTORS:
        return Text(zh=FACTORS[name].zh, en=FACTORS[name].en)
    if name in BURNT:
        return Text(zh=BURNT[name][0], en=BURNT[name][1])
    if name in _NAMES:
        return _NAMES[name]
    # Keys of rows: unsuitable.slope speaks of the slope, storm_surge.shift of storm surges.
    for part in (name.rpartition(".")[2], name.partition(".")[0]):
        if part != name and (part in FACTORS or part in _NAMES):
            return title_name(part, contracts)
    return rule.label if rule is not None else Text(zh=name, en=name)


def tell_interval(steps: Intervals, number: int, unit: str = "") -> str:
    """Write the interval between breaks of a number, counted from 1 for the lowest.

    Examples
    --------
    >>> from spatial.plan.rules import Steps
    >>> steps = Steps(breaks=(2, 6), grades=(1, 2, 3))
    >>> [tell_interval(steps, number, "°") for number in (1, 2, 3)]
    ['≤ 2 °', '2–6 °', '> 6 °']
    """
    breaks, edges = steps.breaks, steps.edges
    sides = (edges,) * len(breaks) if isinstance(edges, str) else edges
    if number == 1:
        text = f"{'≤' if sides[0] == 'below' else '<'} {breaks[0]:g}"
    elif number > len(breaks):
        text = f"{'>' if sides[-1] == 'below' else '≥'} {breaks[-1]:g}"
    else:
        text = f"{breaks[number - 2]:g}–{breaks[number - 1]:g}"
    return f"{text} {unit}".rstrip()


def tell_value(value: Any) -> str:
    """Write a row's value: breaks with grades or shifts, a matrix by rows, others as they are.

    Examples
    --------
    >>> tell_value(((1, 2), (2, 3)))
    '1 2; 2 3'
    """
    if isinstance(value, Intervals):
        outcome = getattr(value, "grades", getattr(value, "shifts", ()))
        breaks = ", ".join(f"{one:g}" for one in value.breaks)
        return f"{breaks} → {', '.join(map(str, outcome))}"
    if isinstance(value, tuple) and value and isinstance(value[0], tuple):
        return "; ".join(" ".join(f"{one:g}" for one in row) for row in value)
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{key}: {one}" for key, one in value.items())
    return str(value)
