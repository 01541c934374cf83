"""Coded values in words: verdicts, states, kinds and flags as planners read them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from spatial.errors import RuleError
from spatial.outputs.papers.cells import is_absent
from spatial.plan.base import Text
from spatial.plan.rules import read_rules
from spatial.plan.styles import OTHER, read_styles


def _words(**pairs: tuple[str, str]) -> dict[str, Text]:
    return {key: Text(zh=zh, en=en) for key, (zh, en) in pairs.items()}


VERDICTS = _words(
    kept=("兑现", "kept"),
    broken=("未兑现", "not kept"),
    undecidable=("无法判定", "undecidable"),
    info=("参考", "for information"),
)
REACHES = _words(
    kept=("达标", "within the limit"),
    broken=("超出限值", "beyond the limit"),
    undecidable=("无法判定", "undecidable"),
)
SEVERITIES = _words(error=("错误", "error"), warning=("警告", "warning"), info=("提示", "note"))
STATES = _words(
    inside=("圈内", "inside"),
    beyond=("圈外", "beyond"),
    unreached=("无路可达", "not connected"),
    unsnapped=("附近无道路", "no road near"),
    unknown=("无法测算", "unknown"),
)
SUBJECTS = _words(
    towns=("镇（个）", "towns (count)"),
    points=("节点（个）", "points (count)"),
    area=("面积（平方公里）", "area (km²)"),
    people=("人口（人）", "people (count)"),
    homes=("居住用地（平方公里）", "residential land (km²)"),
)
UNITS = _words(
    towns=("个", "towns"),
    points=("个", "points"),
    area=("平方公里", "km²"),
    people=("人", "people"),
    km2=("平方公里", "km²"),
)
SECTIONS = _words(zone=("三区", "Zones"), line=("三线", "Lines"), territory=("全域", "Territory"))
FLAGS = _words(
    straight_line=("按直线距离，未用道路", "straight line, no roads"),
    illustrative_roads=("道路为示意", "roads are illustrative"),
    class_speeds=("车速按道路等级取值，非实测", "speeds go by class of road, not measured"),
    off_road=("面积取决于道路以外的可达距离", "the area depends on the reach off the road"),
    illustrative_elements=("起点或目标为示意", "start or aim is illustrative"),
    seat_accuracy=("驻地距边界小于其位置精度", "a seat is nearer to the edge than it is accurate"),
    no_road_near=("部分地点附近无道路", "no road is near to some places"),
)
CONNECTION_KINDS = _words(
    expressway=("镇到高速公路出入口", "Town to an expressway entrance"),
    bus=("村到公交站", "Village to a bus stop"),
    paved=("村民小组到硬化路", "Hamlet to a paved road"),
)
GAP_KINDS = _words(link=("新建连接", "New link"), upgrade=("道路提级", "Road raised one class"))
CONFIDENCES = _words(
    found=("已见于来源", "found in a source"),
    high=("经验判断，较可靠，未核原文", "own knowledge, high; text not checked"),
    medium=("经验判断，一般，未核原文", "own knowledge, medium; text not checked"),
    low=("经验判断，较弱，未核原文", "own knowledge, low; text not checked"),
    default=("本项目默认值，无规范依据", "default of this project, no norm"),
    given=("规划给定", "given by the plan"),
)
GRADES = _words(
    expressway=("高速公路", "expressway"),
    trunk=("国道干线", "trunk road"),
    county=("县道", "county road"),
    town=("乡道", "town road"),
    main=("主要河流", "main river"),
    tributary=("支流", "tributary"),
)
LEVELS = _words(province=("省级", "province"), city=("地市级", "city"), county=("县级", "county"))
ROAD_CLASSES = _words(
    motorway=("高速公路", "motorway"),
    trunk=("干线公路、快速路", "trunk road"),
    primary=("主要公路、主干路", "primary road"),
    secondary=("次要公路、次干路", "secondary road"),
    tertiary=("乡道、支路", "tertiary road"),
    unclassified=("村道、等外路", "minor road"),
    residential=("居住区道路", "residential street"),
    track=("机耕路", "track"),
)
_FORMS = _words(beside=("直线对照", "Straight line beside"))
EVALUATIONS = _words(
    farming=("农业生产适宜性", "suitability for farming"),
    urban=("城镇建设适宜性", "suitability for building"),
    ecology=("生态保护重要性", "importance for ecology"),
)
SERVICE_STATES = _words(
    within=("达标", "within the standard"),
    beyond=("超出标准", "beyond the standard"),
    unreached=("无路可达", "not connected"),
    unsnapped=("附近无道路", "no road near"),
    absent=("无此类设施", "no such facility"),
)
MERITS = _words(
    up=("越高越好", "higher is better"),
    down=("越低越好", "lower is better"),
    near=("越接近目标越好", "nearer to the target is better"),
)
TARGETS = _words(
    yes=("达标", "reached"),
    no=("未达标", "not reached"),
    none=("无目标", "no target"),
    missing=("缺数据", "no value"),
)
STANDINGS = _words(
    leading=("前列", "leading third"),
    middle=("中游", "middle third"),
    trailing=("后列", "trailing third"),
    unscored=("未参评", "not ranked"),
)
_BY_LAYER = {
    ("assessment", "standing"): STANDINGS,
    ("assessment_scores", "direction"): MERITS,
    ("assessment_scores", "reached"): TARGETS,
    ("assessment_weights", "direction"): MERITS,
    ("service_times", "state"): SERVICE_STATES,
    ("service_gap", "level"): _words(district=("行政区", "district"), total=("全部", "all")),
    ("suitability_sensitivity", "result"): EVALUATIONS,
    ("connections", "verdict"): REACHES,
    ("connections", "kind"): CONNECTION_KINDS,
    ("gaps", "kind"): GAP_KINDS,
}
_BY_COLUMN = {
    "verdict": VERDICTS,
    "verdict_after": VERDICTS,
    "slower_20": VERDICTS,
    "slower_10": VERDICTS,
    "faster_10": VERDICTS,
    "faster_20": VERDICTS,
    "severity": SEVERITIES,
    "state": STATES,
    "subject": SUBJECTS,
    "section": SECTIONS,
    "gain_unit": UNITS,
    "confidence": CONFIDENCES,
    "form": _FORMS,
    "grade": GRADES,
    "level": LEVELS,
    "from_class": ROAD_CLASSES,
    "to_class": ROAD_CLASSES,
}


@cache
def find_words(layer: str, column: str) -> dict[str, Text]:
    """Return what the codes in a layer's column mean; empty where the column holds no codes.

    Examples
    --------
    >>> find_words("conflicts", "winner")["urban"].en
    'Urban space'
    """
    styles = read_styles()
    style = styles.layers.get(layer)
    classes = style.classes if style and style.class_column == column and not style.graded else {}
    known = {key: entry.label for key, entry in classes.items() if key != OTHER}
    facilities = _name_facilities() if column in ("category", "group") else {}
    general = _BY_COLUMN.get(column, {})
    return {
        **facilities,
        **styles.terms.get(column, {}),
        **known,
        **general,
        **_BY_LAYER.get((layer, column), {}),
    }


@cache
def _name_facilities() -> dict[str, Text]:
    """Return the labels of categories and groups of facilities."""
    try:
        rules = read_rules("facilities").rules
    except RuleError:
        return {}
    return {
        rule.key.removeprefix("group."): rule.label
        for rule in rules
        if "." not in rule.key or rule.key.startswith("group.")
    }


def decode(layer: str, column: str, value: object) -> Text | str:
    """Return a coded value in words, else the value itself as text.

    Lists of words joined by commas, such as flags, are decoded one by one.
    """
    text = "" if is_absent(value) else str(value)
    if column == "flags":
        parts = [FLAGS.get(word, Text(zh=word)) for word in text.split(",") if word]
        return join_texts(parts, "；", "; ") if parts else ""
    return find_words(layer, column).get(text, text)


def join_texts(texts: list[Text], zh: str = "、", en: str = ", ") -> Text:
    """Join texts, in each language by its own sign."""
    return make_text(zh.join(text.pick("zh") for text in texts), en.join(text.pick("en") for text in texts))


def make_text(zh: object, en: object = "") -> Text:
    """Return a text of two cells, either of which may be empty or null; never refuses."""
    sides = ["" if is_absent(value) else str(value) for value in (zh, en)]
    return Text.model_construct(zh=sides[0] or sides[1], en=sides[1] or sides[0])


def split_reason(text: object) -> Text | str:
    """Return a reason written in both languages, ``中文 · English``, as such; other texts as they are.

    Examples
    --------
    >>> split_reason("没有道路 · no road").en
    'no road'
    """
    if is_absent(text):
        return ""
    zh, mark, en = str(text).partition(" · ")
    return make_text(zh, en) if mark else str(text)


def translate_names(text: object, names: Mapping[str, str]) -> Text | str:
    """Return a list of named places, such as ``坡头镇 22.5 min (+7.5)、大峪镇 …``, with English names beside.

    Parameters
    ----------
    text : object
        The list; null is nothing.
    names : mapping of str to str
        Chinese name to English name.
    """
    reason = split_reason(text)
    if isinstance(reason, Text) or not reason:
        return reason
    pieces = []
    for piece in reason.split("、"):
        name, gap, rest = piece.partition(" ")
        pieces.append(names.get(name, name) + gap + rest)
    return make_text(reason, ", ".join(pieces))
