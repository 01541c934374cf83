"""Opinions: what came of holding projects against rules, as sentences in Chinese and English, in frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.plan.base import Text
from spatial.plan.departments import Attribute, DepartmentRule, SliverLimits, list_values
from spatial.plan.findings import STORED_CRS
from spatial.studies.conformance import CODES, CONDITIONAL, PASS, REJECT, Answer, Asked, Judge, summarise

_REASONS = {
    "no_layer": Text(zh="未审查：规划中没有图层 {target}", en="Not judged: the plan has no layer {target}"),
    "no_column": Text(
        zh="未审查：图层 {target} 没有字段 {where}", en="Not judged: layer {target} has no column {where}"
    ),
    "no_rows": Text(
        zh="未审查：图层 {target} 中没有 {where} 的要素，不能说明其不存在",
        en="Not judged: layer {target} has no shapes with {where}, which does not prove there are none",
    ),
    "no_area": Text(
        zh="未审查：图层 {target} 不是面，不能按面积审查",
        en="Not judged: layer {target} holds no polygons to measure by",
    ),
    "outside_plan": Text(
        zh="未审查：项目全部位于规划范围以外",
        en="Not judged: the whole project lies outside the plan's territory",
    ),
    "unknown_attribute": Text(
        zh="未审查：项目未填写{attributes}，无法判断规则是否适用",
        en="Not judged: the project does not state its {attributes_en}, on which the rule hangs",
    ),
    "not_meant": Text(zh="不适用：本规则只审查{meant}", en="Does not apply: the rule is for {meant_en} only"),
}
_CLEAR = {
    "overlaps": Text(zh="未占用", en="Nothing in common"),
    "outside": Text(zh="全部在内", en="Lies wholly inside"),
    "within": Text(zh="距离在 {distance:g} 米以外", en="Farther than {distance:g} m"),
    "share_above": Text(
        zh="占比 {share:.1%}，不超过 {limit:.0%}", en="Share {share:.1%}, not above {limit:.0%}"
    ),
}
_SEEN = {
    "overlaps": Text(
        zh="占用 {amount}（占项目 {share:.1%}）", en="{amount} in common ({share:.1%} of the project)"
    ),
    "outside": Text(
        zh="超出 {amount}（占项目 {share:.1%}）", en="{amount} beyond ({share:.1%} of the project)"
    ),
    "within": Text(
        zh="最近 {near:.1f} 米，{distance:g} 米内有 {amount}（占项目 {share:.1%}）",
        en="{near:.1f} m at the nearest; {amount} within {distance:g} m ({share:.1%} of the project)",
    ),
    "share_above": Text(
        zh="占用 {amount}，占项目 {share:.1%}，超过 {limit:.0%}",
        en="{amount}, {share:.1%} of the project, above {limit:.0%}",
    ),
}
_TOUCH = Text(
    zh="仅相接或有细碎重叠 {amount}，低于容差（{area:g} 平方米、宽 {width:g} 米），不作占用",
    en="Touched, or a sliver of {amount}, below the tolerance ({area:g} m², {width:g} m wide): not counted",
)


def write_amount(value: float, kind: int, language: str) -> str:
    """Write an area, a length or a count with its unit.

    Examples
    --------
    >>> write_amount(12345.6, 2, "zh"), write_amount(0.25, 2, "en"), write_amount(2.0, 1, "zh")
    ('12,346 平方米', '0.25 m²', '2.00 米')
    """
    units = {"zh": ("处", "米", "平方米"), "en": ("points", "m", "m²")}[language]
    digits = 0 if kind == 0 or value >= 100 else 2 if value >= 0.01 or value == 0 else 6
    return f"{value:,.{digits}f} {units[min(max(kind, 0), 2)]}"


def frame_opinions(judge: Judge, projects: gpd.GeoDataFrame, answers: list[Answer]) -> gpd.GeoDataFrame:
    """Return one row for each project and rule.

    Returns
    -------
    geopandas.GeoDataFrame
        EPSG:4490, sorted by project, then as the table has its rules: ``id, name, name_en, project_id,
        department, rule, verdict, area_m2, length_m, share, distance_m, touch, text_zh, text_en, todo_zh,
        todo_en, basis_zh, basis_en, confidence, layer, features, geometry``; geometry is the piece, or null.
    """
    columns = [
        _write_rule(judge, asked, answer, projects)
        for asked, answer in zip(judge.asked, answers, strict=True)
    ]
    ids = projects["id"].astype(str).to_numpy()
    # Each column is one array a rule; the frame goes project by project.
    table = {key: np.stack([column[key] for column in columns], axis=1).ravel() for key in columns[0]}
    rules = [asked.rule.id for asked in judge.asked]
    head = {
        "id": [f"{one}/{rule}" for one in ids for rule in rules],
        "name": np.tile([asked.rule.title.pick("zh") for asked in judge.asked], len(ids)),
        "name_en": np.tile([asked.rule.title.pick("en") for asked in judge.asked], len(ids)),
        "project_id": np.repeat(ids, len(rules)),
        "department": np.tile([asked.department.key for asked in judge.asked], len(ids)),
        "rule": np.tile(rules, len(ids)),
    }
    shapes = table.pop("geometry")
    return gpd.GeoDataFrame({**head, **table}, geometry=shapes, crs=STORED_CRS)


def _write_rule(judge: Judge, asked: Asked, answer: Answer, projects: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return the columns of one rule, a value a project."""
    count, rule = len(projects), asked.rule
    kind = shapely.get_dimensions(projects.geometry.to_numpy())
    pieces = answer.pieces.copy()
    pieces[shapely.is_empty(pieces)] = None
    texts = {key: np.full(count, "", dtype=object) for key in _WORDS}
    fixed = {
        "basis_zh": rule.basis.pick("zh"), "basis_en": rule.basis.pick("en"), "confidence": rule.confidence,
        "features": "",
    }  # fmt: skip
    for key, value in fixed.items():
        texts[key] = np.full(count, value, dtype=object)
    clear = _tell_clear(rule)
    plain = (answer.amount == 0) & ~answer.touch & (np.array(answer.reason, dtype=object) == "")
    plain[list(answer.words)] = False
    texts["text_zh"][plain], texts["text_en"][plain] = clear.zh, clear.en
    for at in np.flatnonzero(~plain):
        for key, value in _tell(_Case(judge, asked, answer, projects, int(at), int(kind[at]))).items():
            texts[key][at] = value
    return {
        "verdict": np.array(CODES, dtype=object)[answer.verdict],
        "area_m2": np.where(kind == 2, answer.amount, 0.0),
        "length_m": np.where(kind == 1, answer.amount, 0.0),
        "share": answer.share,
        "distance_m": answer.distance,
        "touch": answer.touch,
        **texts,
        "layer": np.full(count, rule.target, dtype=object),
        "geometry": pieces,
    }


_WORDS = (
    "text_zh", "text_en", "todo_zh", "todo_en", "basis_zh", "basis_en", "confidence", "features",
)  # fmt: skip


def _tell_clear(rule: DepartmentRule) -> Text:
    given = {"distance": rule.distance_m or 0.0, "share": 0.0, "limit": rule.share or 0.0}
    both = _CLEAR[rule.relation]
    return Text(zh=both.zh.format(**given), en=both.en.format(**given))


class _Case(NamedTuple):
    """One project before one rule; `kind` is 2 for polygons, 1 for lines, 0 for points."""

    judge: Judge
    asked: Asked
    answer: Answer
    projects: gpd.GeoDataFrame
    at: int
    kind: int


def _tell(case: _Case) -> dict[str, str]:
    """Return the words of one opinion that has something to say."""
    rule, answer, at = case.asked.rule, case.answer, case.at
    if at in answer.words:
        todo = rule.todo if answer.verdict[at] in (CONDITIONAL, REJECT) else None
        said = dict(zip(("text_zh", "text_en"), answer.words[at], strict=True))
        return said | ({"todo_zh": todo.pick("zh"), "todo_en": todo.pick("en")} if todo else {})
    if reason := answer.reason[at]:
        given = _explain(case.judge, rule)
        return {f"text_{tongue}": _REASONS[reason].pick(tongue).format(**given) for tongue in ("zh", "en")}
    said = {"features": case.judge.name_features(case.asked, answer.features[at])}
    amount, number = float(answer.amount[at]), int(answer.exemption[at])
    stands = rule.exceptions[number] if number >= 0 else rule
    below = rule.share is not None and answer.share[at] <= rule.share
    both = _TOUCH if answer.touch[at] else _CLEAR[rule.relation] if below else _SEEN[rule.relation]
    numbers = _list_numbers(rule, answer, at, case.judge.tolerance)
    for tongue in ("zh", "en"):
        words = both.pick(tongue).format(amount=write_amount(amount, case.kind, tongue), **numbers)
        said[f"text_{tongue}"] = f"{_name_case(case, number, tongue)}{words}"
        if number >= 0:
            said[f"basis_{tongue}"] = stands.basis.pick(tongue)
        if answer.verdict[at] != PASS and stands.todo is not None:
            said[f"todo_{tongue}"] = stands.todo.pick(tongue)
    return said | ({"confidence": stands.confidence} if number >= 0 else {})


def _list_numbers(rule: DepartmentRule, answer: Answer, at: int, limits: SliverLimits) -> dict[str, float]:
    return {
        "share": float(answer.share[at]), "limit": rule.share or 0.0, "distance": rule.distance_m or 0.0,
        "near": float(answer.distance[at]), "area": rule.area_m2 or limits.area_m2, "width": limits.width_m,
    }  # fmt: skip


def _name_case(case: _Case, number: int, tongue: str) -> str:
    """Name the attributes by which an exception stands for the rule."""
    if number < 0:
        return ""
    known = {one.key: one for one in case.judge.table.attributes}
    colon, comma, stop = ("：", "，", "。") if tongue == "zh" else (": ", ", ", ". ")
    parts = [
        f"{known[key].name.pick(tongue)}{colon}"
        f"{_label(known[key], str(case.projects[key].iloc[case.at]), tongue)}"
        for key in case.asked.rule.exceptions[number].when
    ]
    return comma.join(parts) + stop


def _label(attribute: Attribute, value: str, tongue: str) -> str:
    return attribute.values[value].pick(tongue) if value in attribute.values else value


def _explain(judge: Judge, rule: DepartmentRule) -> dict[str, str]:
    known = {one.key: one for one in judge.table.attributes}
    where = ", ".join(f"{column} = {'/'.join(list_values(values))}" for column, values in rule.where.items())
    return {
        "target": rule.target,
        "where": where,
        "attributes": "、".join(known[key].name.pick("zh") for key in rule.projects),
        "attributes_en": ", ".join(known[key].name.pick("en").lower() for key in rule.projects),
        "meant": "、".join(_list_meant(known, rule, "zh")),
        "meant_en": ", ".join(_list_meant(known, rule, "en")).lower(),
    }


def _list_meant(known: dict[str, Attribute], rule: DepartmentRule, tongue: str) -> Iterator[str]:
    for key, values in rule.projects.items():
        yield from (_label(known[key], value, tongue) for value in list_values(values))


def frame_verdicts(judge: Judge, projects: gpd.GeoDataFrame, answers: list[Answer]) -> gpd.GeoDataFrame:
    """Return one row for each project: its verdict, how many rules say what, and each department's verdict.

    Returns
    -------
    geopandas.GeoDataFrame
        EPSG:4490: ``id, name, verdict, rejects, conditions, not_judged, passes, area_m2, length_m``, a column
        for each department, and the project's shape.
    """
    matrix = np.stack([answer.verdict for answer in answers], axis=1)
    overall, departments = summarise(matrix, judge.asked)
    counts = {name: (matrix == CODES.index(code)).sum(axis=1) for name, code in _COUNTS.items()}
    table = pd.DataFrame(
        {
            "id": projects["id"].astype(str).to_numpy(),
            "name": projects["name"].astype(str).to_numpy(),
            "verdict": overall,
            **counts,
            "area_m2": projects["area_m2"].to_numpy(),
            "length_m": projects["length_m"].to_numpy(),
            **departments,
        }
    )
    return gpd.GeoDataFrame(table, geometry=projects.geometry.to_numpy(), crs=STORED_CRS)


_COUNTS = {"rejects": "reject", "conditions": "conditional", "not_judged": "not_judged", "passes": "pass"}
