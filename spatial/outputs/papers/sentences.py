"""Sentences of the report: each a function of the numbers or facts that it states, in Chinese and English.

Numbers that are not there are never written: a function says so in words, leaves the clause out, or, where
the number is the point of the sentence, refuses it.
"""

from __future__ import annotations

from collections.abc import Sequence

from spatial.outputs.papers.cells import is_absent, say, share_digits, show_number
from spatial.outputs.papers.words import FLAGS, VERDICTS, join_texts, make_text
from spatial.plan.base import Text


def write_number(value: float, digits: int = 2) -> str:
    """Return a number for a sentence.

    Raises
    ------
    ValueError
        It is not a number: a sentence without one must not be written.

    Examples
    --------
    >>> write_number(1894.9497)
    '1,894.95'
    """
    if is_absent(value):
        raise ValueError("a sentence needs a number")
    return show_number(value, "number", digits)


def write_share(value: float, required: float | None = None) -> str:
    """Return a share in percent, to as many decimals as tell it from what is required.

    Examples
    --------
    >>> write_share(0.5), write_share(0.94999, 0.95)
    ('50.00%', '94.999%')
    """
    if is_absent(value):
        raise ValueError("a sentence needs a share")
    return f"{value:.{share_digits(value, 2, required)}%}"


def count_things(number: int, one: str, many: str) -> str:
    """Return a count with its English noun.

    Examples
    --------
    >>> count_things(1, "patch", "patches"), count_things(1200, "patch", "patches")
    ('1 patch', '1,200 patches')
    """
    return f"{number:,} {one if number == 1 else many}"


def tell_basis(place: Text, period: str, metric_crs: str) -> Text:
    """Say what is planned, for when, and in which coordinates."""
    zh, en = place.pick("zh"), place.pick("en")
    return Text(
        zh=f"规划范围为{zh}，规划期限 {period}；数据采用 CGCS2000（EPSG:4490），平面坐标系为 {metric_crs}，"
        "面积与距离按椭球计算。",
        en=f"The plan is of {en} for {period}. Data are in CGCS2000 (EPSG:4490), the plane CRS is "
        f"{metric_crs}; areas and distances are measured on the ellipsoid.",
    )


def tell_territory(area_km2: float, stated_km2: float | None = None) -> Text:
    """Say how large the territory is, and what lies between that and the stated area, both in km²."""
    area = write_number(area_km2)
    zh, en = f"规划范围椭球面积 {area} 平方公里", f"The territory has {area} km² on the ellipsoid"
    if stated_km2 is None or is_absent(stated_km2) or not stated_km2:
        return Text(zh=f"{zh}。", en=f"{en}.")
    gap, part = area_km2 - stated_km2, show_number(area_km2 / stated_km2 - 1, "points", 2)
    stated, size = write_number(stated_km2), write_number(abs(gap))
    more_zh, more_en = ("大", "more") if gap >= 0 else ("小", "less")
    return Text(
        zh=f"{zh}，公布面积 {stated} 平方公里；量算值比公布值{more_zh} {size} 平方公里（{part}），"
        "两者均如实列出。",
        en=f"{en}; the stated area is {stated} km². Measured is {size} km² {more_en} than stated "
        f"({part}); both are given as they are.",
    )


def tell_sources(count: int, illustrative: int) -> Text:
    """Say how many sources there are and how many of them are illustrative."""
    if not count:
        return Text(zh="规划未列数据来源（0 项）。", en="The plan names no sources (0).")
    zh, en = f"采用数据来源 {count} 项", f"There are {count_things(count, 'source', 'sources')}"
    if not illustrative:
        return Text(zh=f"{zh}，其中无示意数据。", en=f"{en}, none of them illustrative.")
    are = "is" if illustrative == 1 else "are"
    return Text(
        zh=f"{zh}，其中 {illustrative} 项为示意数据；由其得出的结论亦为示意。",
        en=f"{en}, of which {illustrative} {are} illustrative; so is what follows from them.",
    )


def tell_formula(formula: str, counts: Sequence[tuple[Text, int]]) -> Text:
    """Say the structure formula and how many elements of each kind there are."""
    zh = "、".join(f"{kind.pick('zh')} {number} 处" for kind, number in counts)
    en = ", ".join(f"{kind.pick('en').lower()} {number}" for kind, number in counts)
    return make_text(
        f"总体格局为“{formula}”；要素：{zh}。", f"The structure is “{formula}”. Elements by kind: {en}."
    )


def tell_class(name: Text, area_ha: float, share: float, parts: int) -> Text:
    """Say the area in hectares, the share and the number of parts of a zone or line."""
    area, part = write_number(area_ha), write_share(share)
    return Text(
        zh=f"{name.pick('zh')} {area} 公顷，占全域 {part}，{parts:,} 个图斑。",
        en=f"{name.pick('en')}: {area} ha, {part} of the territory, "
        f"in {count_things(parts, 'part', 'parts')}.",
    )


def tell_zone_sum(total_ha: float, territory_ha: float) -> Text:
    """Say what lies between the sum of the zones and the territory."""
    gap_m2 = (total_ha - territory_ha) * 1e4
    gap, total = show_number(round(gap_m2, 2) + 0.0, "signed", 2), write_number(total_ha)
    return Text(
        zh=f"三区合计 {total} 公顷，与全域面积相差 {gap} 平方米。",
        en=f"The zones come to {total} ha, {gap} m² off the territory.",
    )


def tell_conflict(loser: Text, winner: Text, rule: str, patches: int, area_ha: float) -> Text:
    """Say who gave up how much land to whom by which rule."""
    area = write_number(area_ha)
    return Text(
        zh=f"{loser.pick('zh')}让与{winner.pick('zh')} {patches:,} 处、{area} 公顷（规则 {rule}）。",
        en=f"{loser.pick('en')} gave up {area} ha in {count_things(patches, 'patch', 'patches')} to "
        f"{winner.pick('en')} (rule {rule}).",
    )


def tell_circle(name: Text, time_min: float, mode: Text, area_km2: float, straight_km2: float | None) -> Text:
    """Say how much land a circle reaches, and how much more or less the straight ring claims."""
    area, minutes = write_number(area_km2), f"{time_min:g}"
    zh = f"“{name.pick('zh')}”（{mode.pick('zh')} {minutes} 分钟）面积 {area} 平方公里"
    en = f"“{name.pick('en')}” ({mode.pick('en').lower()}, {minutes} min) has {area} km²"
    if straight_km2 is None or is_absent(straight_km2) or not area_km2:
        return Text(zh=f"{zh}。", en=f"{en}.")
    over, ring = straight_km2 / area_km2 - 1, write_number(straight_km2)
    word_zh, word_en = ("夸大", "more") if over >= 0 else ("偏小", "less")
    return Text(
        zh=f"{zh}；同等条件的直线圈为 {ring} 平方公里，{word_zh} {abs(over):.1%}。",
        en=f"{en}; the straight ring of the same terms has {ring} km², {abs(over):.1%} {word_en}.",
    )


def tell_towns(name: Text, inside: int, total: int, beyond: Sequence[tuple[Text, float | None]]) -> Text:
    """Say how many towns a circle reaches, and in how many minutes the others; None is not at all."""
    zh = f"“{name.pick('zh')}”到达 {total} 个镇街中的 {inside} 个"
    en = f"“{name.pick('en')}” reaches {inside} of {count_things(total, 'town', 'towns')}"
    if not beyond:
        return Text(zh=f"{zh}。", en=f"{en}.")
    late = [
        make_text(f"{town.pick('zh')} 到不了", f"{town.pick('en')} not at all")
        if minutes is None
        else make_text(f"{town.pick('zh')} {minutes:.1f} 分钟", f"{town.pick('en')} {minutes:.1f} min")
        for town, minutes in beyond
    ]
    left = join_texts(late)
    return Text(zh=f"{zh}；圈外：{left.zh}。", en=f"{en}. Beyond it: {left.en}.")


def tell_verdict(
    circle: Text, aim: Text, verdict: str, *, share: float | None, required: float, reason: Text | str = ""
) -> Text:
    """Say whether a promise is kept, with the share reached, the share required and the margin."""
    zh = f"“{circle.pick('zh')}”承诺到达{aim.pick('zh')}"
    en = f"“{circle.pick('en')}” promises to reach {aim.pick('en')}"
    if share is None or is_absent(share):
        why = make_text(say(reason, "zh"), say(reason, "en"))
        return make_text(
            f"{zh}：无法判定（要求 {write_share(required)}）。{_because(why.zh, '原因：', '。')}",
            f"{en}: undecidable (required {write_share(required)}).{_because(why.en, ' Reason: ', '.')}",
        )
    word = VERDICTS[verdict]
    seen, gap = write_share(share, required), show_number(share - required, "points", 2)
    return Text(
        zh=f"{zh}：{word.zh}。覆盖率 {seen}，要求 {write_share(required)}，余量 {gap}。",
        en=f"{en}: {word.en}. The share is {seen}, required {write_share(required)}, margin {gap}.",
    )


def _because(text: str, lead: str, end: str) -> str:
    return f"{lead}{text}{end}" if text else ""


def tell_firmness(flip_factor: float | None, margin_min: float | None, flags: Sequence[str]) -> Text:
    """Say when a verdict turns, by how many minutes it is decided, and on what it rests that is not firm."""
    zh, en = [], []
    if flip_factor is not None and not is_absent(flip_factor):
        change = show_number(flip_factor - 1, "points", 1)
        zh.append(f"全部车速变化 {change} 时结论翻转")
        en.append(f"the verdict turns when all speeds change by {change}")
    else:
        zh.append("车速在四分之一至四倍之间未见结论翻转")
        en.append("no change of speeds between a quarter and four times is known to turn it")
    if margin_min is not None and not is_absent(margin_min):
        late_zh, late_en = ("提前", "in time by") if margin_min >= 0 else ("超时", "late by")
        zh.append(f"起决定作用者{late_zh} {abs(margin_min):.1f} 分钟")
        en.append(f"what decides is {late_en} {abs(margin_min):.1f} min")
    known = [FLAGS.get(flag, make_text(flag)) for flag in flags if flag]
    rests = join_texts(known, "、", ", ") if known else Text(zh="无保留", en="no reservation")
    return Text(
        zh=f"敏感性与可信度：{'；'.join(zh)}；依据：{rests.zh}。",
        en=f"How firm: {'; '.join(en)}. It rests on: {rests.en}.",
    )


def tell_gap(name: Text, length_km: float, before: float, after: float, verdict: str) -> Text:
    """Say what a measure would bring: the share before and after, and the verdict then."""
    length, word = write_number(length_km), VERDICTS.get(verdict, make_text(verdict))
    return Text(
        zh=f"{name.pick('zh')}（{length} 公里）：覆盖率由 {write_share(before)} 变为 {write_share(after)}，"
        f"结论：{word.zh}。",
        en=f"{name.pick('en')} ({length} km): the share goes from {write_share(before)} "
        f"to {write_share(after)}; the promise is then {word.en}.",
    )


_UNITS = {"min": "分钟", "m": "米"}


def tell_connections(kind: Text, *, total: int, kept: int, beyond: int, limit: float, unit: str) -> Text:
    """Say how many places are near enough; the limit in ``min`` or ``m``."""
    unknown = total - kept - beyond
    places = count_things(total, "place", "places")
    zh = f"{kind.pick('zh')}：{total} 处中 {kept} 处在 {limit:g} {_UNITS[unit]}以内，{beyond} 处超出"
    en = f"{kind.pick('en')}: {kept} of {places} within {limit:g} {unit}, {beyond} beyond"
    if unknown:
        zh, en = f"{zh}，{unknown} 处无法判定", f"{en}, {unknown} undecidable"
    return Text(zh=f"{zh}。", en=f"{en}.")


def tell_farthest(name: Text, value: float, unit: str) -> Text:
    """Say which place is the farthest, and how far, in ``min`` or ``m``."""
    far = write_number(value, 1 if unit == "min" else 0)
    return Text(
        zh=f"最远者为{name.pick('zh')}，{far} {_UNITS[unit]}。",
        en=f"The farthest is {name.pick('en')}, {far} {unit}.",
    )


def tell_life(name: Text, share: float, inside: float, total: float) -> Text:
    """Say what share of people or homes a walk covers."""
    part = write_share(share)
    return Text(
        zh=f"{name.pick('zh')}：覆盖率 {part}（{write_number(inside)} / {write_number(total)}）。",
        en=f"{name.pick('en')}: {part} covered ({write_number(inside)} of {write_number(total)}).",
    )


def tell_findings(errors: int, warnings: int, notes: int) -> Text:
    """Say how many findings the checks had."""
    counts = (
        count_things(errors, "error", "errors"),
        count_things(warnings, "warning", "warnings"),
        count_things(notes, "note", "notes"),
    )
    return Text(
        zh=f"检查结果：错误 {errors} 条，警告 {warnings} 条，提示 {notes} 条。",
        en=f"The checks found {counts[0]}, {counts[1]} and {counts[2]}.",
    )


def tell_rules(total: int, unverified: int) -> Text:
    """Say how many rules the numbers rest on and how many were not seen in a source."""
    was = "was" if unverified == 1 else "were"
    return Text(
        zh=f"数值依据规则 {total} 条，其中 {unverified} 条未在来源中核实，列于下表；签署前应逐条核对。",
        en=f"The numbers rest on {count_things(total, 'rule', 'rules')}, of which {unverified} {was} not "
        "seen in a source; see the list below and check each before you sign.",
    )


def tell_absent(layers: Sequence[Text], part: str) -> Text:
    """Say which layers are not built for want of a part of the plan."""
    names = join_texts(list(layers))
    return make_text(
        f"未生成：{names.zh}，因规划未写 {part}。", f"Not built: {names.en}, as the plan has no {part}."
    )


def tell_rest(shown: int, total: int) -> Text:
    """Say how many rows of a table are shown, and where the others are."""
    left = count_things(total - shown, "more is", "more are")
    return Text(
        zh=f"本表列出 {total:,} 行中的前 {shown:,} 行，其余 {total - shown:,} 行见附表。",
        en=f"The first {shown:,} of {count_things(total, 'row', 'rows')}; {left} in the workbook.",
    )
