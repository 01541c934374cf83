"""Indicators of the assessment: the table of values as understood, and how each zone stands in each."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from spatial.engine import ranking
from spatial.plan.contract import Column, layer, shape_rows
from spatial.plan.parts.assessment import Assessment, Criterion, list_criteria, list_indicators
from spatial.plan.rules import RuleTable
from spatial.themes.economy.zone_scores import KindScores

_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d+)?([eE][+-]?\d+)?")
_ROUNDED = 1 + 1e-9
"""1.1 is within a tenth of 1, although its floating-point number is a trifle further off."""
_CELLS = ("line", "zone", "indicator", "value", "year", "zone_id", "kind", "key", "number", "problem", "near")


def assessment_cells(
    assessment_spec: Assessment | None,
    assessment_rules: RuleTable,
    source_tables: dict[str, pd.DataFrame],
    functional_zones: gpd.GeoDataFrame,
) -> pd.DataFrame:
    """Return the rows of the table of values with what each means, or why it is not used.

    Returns
    -------
    pandas.DataFrame
        ``line`` of the file; zone, indicator, value, year as written; ``zone_id``, ``kind``, ``key``,
        ``number`` as understood; ``problem``: empty, ``no_column``, ``unknown_zone``, ``unknown_indicator``,
        ``not_a_number``, ``no_year``, ``other_year``, ``not_in_set``, ``repeated`` (the same value again),
        ``contradictory`` (other values for the same; none of them is used), ``no_percent`` (a share that is
        not within 0 and 100 %, which counts as missing) or ``empty``; ``near`` names that come close, or the
        column that is not there.
    """
    nothing = pd.DataFrame({name: pd.Series(dtype=object) for name in _CELLS})
    table = source_tables.get(assessment_spec.table) if assessment_spec else None
    if assessment_spec is None or table is None:
        return nothing
    named = assessment_spec.columns
    lacking = [name for name in (named.zone, named.indicator, named.value) if name not in table]
    if lacking:
        there = "、".join(map(str, table.columns))
        return pd.DataFrame([dict.fromkeys(_CELLS, "") | {"line": 1, "problem": "no_column",
                             "zone": "、".join(lacking), "near": there}])  # fmt: skip
    cells = pd.DataFrame({"line": table.index.to_numpy()})
    for key in ("zone", "indicator", "value", "year"):
        column = getattr(named, key)
        texts = [_write(cell) for cell in table[column]] if column in table else ""
        cells[key] = pd.Series(texts, index=cells.index, dtype=object)
    _understand(cells, assessment_spec, assessment_rules, functional_zones)
    _choose_year(cells, assessment_spec.year, named.year in table)
    _refuse_twice(cells)
    _refuse_percents(cells, assessment_spec, assessment_rules)
    return cells.reindex(columns=list(_CELLS))


def _write(cell: Any) -> str:
    if pd.isna(cell):
        return ""
    return f"{cell:.15g}" if isinstance(cell, float) else str(cell).strip()


def _fold(text: str) -> str:
    """Return what two spellings of one name share: width, case and blanks do not tell them apart."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _understand(cells: pd.DataFrame, spec: Assessment, rules: RuleTable, zones: gpd.GeoDataFrame) -> None:
    """Add zone, kind, indicator and number to cells, and the first thing that is wrong with each."""
    ids = zones["id"].astype(str).tolist()
    known: dict[str, str] = {}
    for column in ("id", "name", "name_en"):
        for word, key in zip(zones[column].astype(str), ids, strict=True):
            if _fold(word):
                known.setdefault(_fold(word), key)
    called = list_indicators(spec, rules)
    words = {_fold(word): key for word, key in called.items()}
    kinds = dict(zip(ids, zones["kind"].astype(str), strict=True))
    sets = {kind: {one.key for one in rows} for kind, rows in list_criteria(spec, rules).items()}
    cells["zone_id"] = [known.get(_fold(text), "") for text in cells["zone"]]
    cells["kind"] = [kinds.get(key, "") for key in cells["zone_id"]]
    cells["key"] = [words.get(_fold(text), "") for text in cells["indicator"]]
    units = {one.key: one.unit.zh for rows in list_criteria(spec, rules).values() for one in rows}
    numbers = [
        _read_number(text, units.get(key, "") == "%")
        for text, key in zip(cells["value"], cells["key"], strict=True)
    ]
    cells["number"] = np.array(numbers, dtype=float)
    inside = [key in sets.get(kind, ()) for kind, key in zip(cells["kind"], cells["key"], strict=True)]
    unset = (cells["key"] != "") & cells["kind"].isin(list(sets)) & ~np.array(inside, dtype=bool)
    cases = {
        "unknown_zone": cells["zone_id"] == "",
        "unknown_indicator": cells["key"] == "",
        "empty": cells["value"] == "",
        "not_a_number": cells["number"].isna(),
        "not_in_set": unset,
    }
    cells["problem"] = np.select(list(cases.values()), list(cases), "").astype(object)
    names = zones["name"].astype(str).tolist()
    cells["near"] = [_find_near(row, names, list_indicators(spec, rules)) for row in cells.to_dict("records")]


def _read_number(text: str, percent: bool) -> float:
    """Return a number, or NaN: thousands may be parted by commas, and a share may bear its sign."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if percent:
        plain = plain.removesuffix("%").rstrip()
    if not _NUMBER.fullmatch(plain) or not any(char.isdigit() for char in plain):
        return float("nan")
    number = float(plain.replace(",", ""))
    return number if np.isfinite(number) else float("nan")


def _find_near(row: Mapping[str, Any], zones: list[str], words: Mapping[str, str]) -> str:
    if row["problem"] == "unknown_zone":
        return "、".join(difflib.get_close_matches(row["zone"], zones, 3, 0.5))
    if row["problem"] == "unknown_indicator":
        return "、".join(difflib.get_close_matches(row["indicator"].lower(), words, 3, 0.5))
    return ""


def _choose_year(cells: pd.DataFrame, asked: int | None, dated: bool) -> None:
    """Keep the rows of one year: that which the plan names, else the newest that there is."""
    cells["year_number"] = pd.to_numeric(cells["year"], errors="coerce")
    good = cells["problem"] == ""
    if not dated:
        return
    years = cells["year_number"]
    newest = years[good].max() if asked is None else float(asked)
    cells.loc[good & years.isna(), "problem"] = "no_year"
    cells.loc[good & years.notna() & (years != newest), "problem"] = "other_year"


def _refuse_twice(cells: pd.DataFrame) -> None:
    good = cells[cells["problem"] == ""]
    groups = good.groupby(["zone_id", "key"], sort=False)["number"]
    differ = groups.transform("nunique") > 1
    again = good.duplicated(["zone_id", "key"]) & ~differ
    cells.loc[good.index[differ], "problem"] = "contradictory"
    cells.loc[good.index[again], "problem"] = "repeated"


def _refuse_percents(cells: pd.DataFrame, spec: Assessment, rules: RuleTable) -> None:
    """Refuse shares below 0 % or above 100 % of indicators that the rule table does not let leave these."""
    free = set(rules.value("percent.free"))
    shares = {
        (kind, one.key)
        for kind, rows in list_criteria(spec, rules).items()
        for one in rows
        if _fold(one.unit.pick("zh")) == "%" and one.key not in free
    }
    share = [pair in shares for pair in zip(cells["kind"], cells["key"], strict=True)]
    good = (cells["problem"] == "") & np.array(share, dtype=bool)
    cells.loc[good & ~cells["number"].between(0.0, 100.0), "problem"] = "no_percent"


def assessment_year(assessment_spec: Assessment | None, assessment_cells: pd.DataFrame) -> int | None:
    """Return the year that is assessed: the plan's, else that of the values; None where nothing says it."""
    if assessment_spec is None or assessment_spec.year is not None:
        return assessment_spec.year if assessment_spec else None
    used = pd.to_numeric(assessment_cells.loc[assessment_cells["problem"] == "", "year"], errors="coerce")
    return int(used.max()) if used.notna().any() else None


@layer(
    "考核指标得分", "Scores by indicator", "none",
    needs=("assessment", "functional_zones"),
    zone=Column("text", "功能区标识", "Zone id"),
    zone_name=Column("text", "功能区", "Zone"),
    kind=Column("text", "类别", "Kind"),
    indicator=Column("text", "指标标识", "Indicator id"),
    indicator_name=Column("text", "指标", "Indicator"),
    indicator_name_en=Column("text", "指标（英文）", "Indicator in English"),
    unit=Column("text", "单位", "Unit"),
    unit_en=Column("text", "单位（英文）", "Unit in English"),
    direction=Column("text", "方向", "Direction"),
    value=Column("number", "数值", "Value", nullable=True),
    target=Column("number", "目标值", "Target", nullable=True),
    reached=Column("text", "是否达标", "Target reached"),
    normalised=Column("number", "标准化值（0–1）", "Normalised (0–1)", nullable=True),
    weight=Column("number", "权重", "Weight"),
    contribution=Column("number", "加权值", "Weighted value", nullable=True),
    drag=Column("number", "占与最优差距的份额", "Share of the gap to the best", nullable=True),
    place=Column("number", "同类位次", "Place in its kind", nullable=True),
    known=Column("integer", "同类有数据数", "Zones of its kind with a value"),
    median=Column("number", "同类中位数", "Median of its kind", nullable=True),
)  # fmt: skip
def assessment_scores(
    assessment_rules: RuleTable,
    kind_scores: tuple[KindScores, ...],
    functional_zones: gpd.GeoDataFrame,
) -> pd.DataFrame:
    """Return each indicator of each zone: its value, how it is normalised and weighed, what it pulls down.

    The weighted value is weight times normalised value. The share of the gap tells which part of a zone's
    squared distance from the best it owes to the indicator. Places are among the zones of its kind that have
    a value.
    """
    names = dict(zip(functional_zones["id"], functional_zones["name"], strict=True))
    within = float(assessment_rules.value("near.within"))
    tables = [_tell_cells(one, names, within) for one in kind_scores]
    frame = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame({"id": []})
    if tables:
        frame["name"] = frame["zone_name"] + " · " + frame["indicator_name"]
        frame["id"] = [f"score-{number:04d}" for number in range(1, len(frame) + 1)]
    return shape_rows(frame, assessment_scores)


def _tell_cells(one: KindScores, names: Mapping[str, str], within: float) -> pd.DataFrame:
    """Return the rows of one kind, zone by zone."""
    count, width = one.values.shape
    weights = one.weights[one.used]
    drag = np.full_like(one.values, np.nan)
    if one.ranked.any():
        drag[one.ranked] = ranking.gap_shares(one.merits[one.ranked], weights)
    targets = np.array([np.nan if row.target is None else row.target for row in one.criteria])
    merits = ranking.normalise(one.values, [row.direction for row in one.criteria], targets)
    columns: dict[str, Any] = {
        "zone": np.repeat(one.zones, width),
        "zone_name": np.repeat([names[key] for key in one.zones], width),
        "kind": one.kind,
        **{key: np.tile(texts, count) for key, texts in _describe(one.criteria).items()},
        "value": one.values.ravel(),
        "target": np.tile(targets, count),
        "reached": _judge(one.values, one.criteria, within).ravel(),
        "normalised": one.merits.ravel(),
        "weight": np.tile(weights, count),
        "contribution": (one.merits * weights).ravel(),
        "drag": drag.ravel(),
        "place": ranking.rank(merits.T).T.ravel(),
        "known": np.tile((~np.isnan(one.values)).sum(axis=0), count),
        "median": np.tile(_find_medians(one.values), count),
    }
    return pd.DataFrame(columns)


def _describe(criteria: tuple[Criterion, ...]) -> dict[str, list[str]]:
    return {
        "indicator": [one.key for one in criteria],
        "indicator_name": [one.name.pick("zh") for one in criteria],
        "indicator_name_en": [one.name.pick("en") for one in criteria],
        "unit": [one.unit.pick("zh") for one in criteria],
        "unit_en": [one.unit.pick("en") for one in criteria],
        "direction": [one.direction for one in criteria],
    }


def _find_medians(values: Any) -> Any:
    known = ~np.isnan(values).all(axis=0)
    found = np.full(values.shape[1], np.nan)
    found[known] = np.nanmedian(values[:, known], axis=0)
    return found


def _judge(values: Any, criteria: tuple[Criterion, ...], within: float) -> Any:
    """Say of each value whether its target is reached: yes, no, none where there is no target, or missing.

    A target to come near to is reached by what is no further from it than a share of it.
    """
    words = np.full(values.shape, "none", dtype=object)
    for at, one in enumerate(criteria):
        if one.target is not None:
            column = values[:, at]
            good = {
                "up": column >= one.target,
                "down": column <= one.target,
                "near": np.abs(column - one.target) <= within * abs(one.target) * _ROUNDED,
            }[one.direction]
            words[:, at] = np.where(good, "yes", "no")
    words[np.isnan(values)] = "missing"
    return words


@layer(
    "考核指标权重", "Weights of the assessment", "none",
    needs=("assessment", "functional_zones"),
    kind=Column("text", "类别", "Kind"),
    indicator=Column("text", "指标标识", "Indicator id"),
    indicator_name=Column("text", "指标", "Indicator"),
    indicator_name_en=Column("text", "指标（英文）", "Indicator in English"),
    unit=Column("text", "单位", "Unit"),
    unit_en=Column("text", "单位（英文）", "Unit in English"),
    direction=Column("text", "方向", "Direction"),
    target=Column("number", "目标值", "Target", nullable=True),
    expert=Column("number", "专家权重", "Expert weight"),
    entropy=Column("number", "熵权", "Entropy weight", nullable=True),
    combined=Column("number", "组合权重", "Combined weight", nullable=True),
    weight=Column("number", "采用权重", "Weight used"),
    zones=Column("integer", "参评功能区数", "Zones ranked"),
    lowest=Column("number", "最小值", "Lowest", nullable=True),
    highest=Column("number", "最大值", "Highest", nullable=True),
)  # fmt: skip
def assessment_weights(kind_scores: tuple[KindScores, ...]) -> pd.DataFrame:
    """Return the weights of the indicators of each kind: by experts, by entropy, and both combined.

    Combined weights are expert weights times entropy weights, brought to a sum of one. A kind with too few
    zones has expert weights only.
    """
    tables = []
    for one in kind_scores:
        table = pd.DataFrame({"kind": one.kind, **_describe(one.criteria)})
        table["name"] = table["indicator_name"]
        table["target"] = [np.nan if row.target is None else row.target for row in one.criteria]
        for column, key in (("expert", "expert"), ("entropy", "entropy"), ("combined", "both")):
            table[column] = one.weights[key]
        table["weight"] = one.weights[one.used]
        table["zones"] = int(one.ranked.sum())
        shown = pd.DataFrame(one.values[one.ranked])
        table["lowest"], table["highest"] = shown.min().to_numpy(), shown.max().to_numpy()
        tables.append(table)
    frame = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame({"id": []})
    if tables:
        frame["id"] = [f"weight-{number:03d}" for number in range(1, len(frame) + 1)]
    return shape_rows(frame, assessment_weights)
