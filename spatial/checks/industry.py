"""Checks of the list of firms: codes that there are not, firms in no unit, numbers that cannot be used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.plan.findings import Finding
from spatial.plan.industry_codes import IndustryCodes
from spatial.plan.parts.industry import Industry
from spatial.plan.rules import RuleTable

Truths: TypeAlias = "pd.Series[bool]"
_LISTED = 5
_CODES = 20
_STATES = {
    "outside": ("在规划范围之外，未计入", "outside the territory, not counted"),
    "duplicate": ("重复列出（名称、代码、位置均相同），只计一次",
                  "listed again (same name, code and place), counted once"),
    "no_unit": ("不在任何比较单元内，未计入", "in no unit, not counted"),
}  # fmt: skip


def industry_findings(
    *,
    industry_spec: Industry | None,
    source_frames: dict[str, gpd.GeoDataFrame],
    source_tables: dict[str, pd.DataFrame],
    industry_roll: gpd.GeoDataFrame,
    industry_grounds: gpd.GeoDataFrame,
    industry_codes: IndustryCodes,
    industry_rules: RuleTable,
    plan_year: int,
) -> list[Finding]:
    """Report what is wrong with the list of firms.

    Returns
    -------
    list of Finding
        ``industry.no_column`` and ``industry.no_link_column`` (errors; a warning for columns that can be done
        without), ``industry.no_units`` and ``industry.none``
        (errors): nothing can be compared. ``industry.unknown_code``, ``industry.outside``,
        ``industry.no_unit``, ``industry.duplicate``, ``industry.jobs``, ``industry.output``,
        ``industry.role``, ``industry.year`` (warnings): rows that do not count or are doubtful.
        ``industry.slip`` (warning): firms of so many jobs or so much output that the unit may be wrong.
        ``industry.coarse`` and ``industry.moved`` (info).
    """
    if industry_spec is None:
        return []
    spec, roll = industry_spec, industry_roll
    found = [*_find_columns(spec, source_frames[spec.firms]), *_find_link_columns(spec, source_tables)]
    if industry_grounds.empty:
        found.append(Finding(
            "industry.no_units", "error", "industry_units", "",
            f"产业地图：没有名为 {spec.units} 的比较单元（面）；请核对 industry.units。",
            f"industry map: there are no polygons {spec.units} to compare; check industry.units",
        ))  # fmt: skip
    elif not (roll["state"] == "counted").any():
        found.append(Finding(
            "industry.none", "error", "firms", "",
            f"产业地图：来源 {spec.firms} 中没有可计入的企业；请核对坐标、行业代码与规划范围。",
            f"industry map: no firm of source {spec.firms} counts; check places, codes and the territory",
        ))  # fmt: skip
    found += _find_codes(roll, industry_codes)
    for state, words in _STATES.items():
        if state != "no_unit" or len(industry_grounds):
            found += _find_rows(roll, roll["state"] == state, state, words)
    oldest = plan_year - int(industry_rules.value("year.oldest"))
    return [*found, *_find_amounts(roll, spec), *_find_slips(roll, industry_rules),
            *_find_doubts(spec, source_frames[spec.firms], roll, oldest),
            *_find_levels(spec, roll, industry_codes)]  # fmt: skip


def _row(key: str, source: str) -> str:
    """Return the row of the file where an id tells it."""
    match = re.fullmatch(re.escape(source) + r"-0*(\d+)", key)
    return match[1] if match else key


def _name(roll: pd.DataFrame, which: Truths) -> tuple[str, str]:
    """List the first rows, as ``第 3 行 某企业`` and ``row 3 某企业``."""
    rows = roll[which.to_numpy()].head(_LISTED)
    keys = [_row(key, source) for key, source in zip(rows["id"], rows["source"], strict=True)]
    named = list(zip(keys, rows["name"], strict=True))
    zh = "、".join(f"第 {row} 行 {name}".strip() for row, name in named)
    en = ", ".join(f"row {row} {name}".strip() for row, name in named)
    more = int(which.sum()) > _LISTED
    return zh + (" 等" if more else ""), en + (" and more" if more else "")


def _find_rows(
    roll: gpd.GeoDataFrame, which: Truths, rule: str, words: tuple[str, str], severity: str = "warning"
) -> Iterator[Finding]:
    """Report rows that something holds for, all in one finding, with their places."""
    count = int(which.sum())
    if not count:
        return
    zh, en = _name(roll, which)
    yield Finding(
        f"industry.{rule}", "info" if severity == "info" else "warning", "firms", "",
        f"{count} 家企业{words[0]}（{zh}）。", f"firms {words[1]}: {count} ({en})",
        float(count), 0.0, shapely.multipoints(roll.geometry.to_numpy()[which.to_numpy()]),
    )  # fmt: skip


def _find_columns(spec: Industry, frame: gpd.GeoDataFrame) -> Iterator[Finding]:
    own = [str(name) for name in frame.columns if name not in ("id", "source", "illustrative", "geometry")]
    wanted = {"code": spec.columns.code} | (
        {spec.measure: getattr(spec.columns, spec.measure)} if spec.measure != "firms" else {}
    )
    given = {key: name for key, name in spec.columns if key in spec.columns.model_fields_set}
    for key, name in (wanted | given).items():
        if name not in frame.columns:
            yield Finding(
                "industry.no_column", "error" if key in wanted else "warning", "firms", "",
                f"来源 {spec.firms} 无“{name}”列（industry.columns.{key}），现有：{'、'.join(own)}。",
                f"source {spec.firms} has no column {name} (industry.columns.{key}); "
                f"there is {', '.join(own)}",
            )  # fmt: skip


def _find_link_columns(spec: Industry, tables: dict[str, pd.DataFrame]) -> Iterator[Finding]:
    own = [] if spec.links is None else [str(name) for name in tables[spec.links].columns]
    for key in ("supplier", "buyer"):
        name = getattr(spec.link_columns, key)
        if spec.links is not None and name not in own:
            yield Finding(
                "industry.no_link_column", "error", "industry_links", "",
                f"来源 {spec.links} 无“{name}”列（industry.link_columns.{key}），现有：{'、'.join(own)}。",
                f"source {spec.links} has no column {name} (industry.link_columns.{key}); "
                f"there is {', '.join(own)}",
            )  # fmt: skip


def _find_codes(roll: gpd.GeoDataFrame, codes: IndustryCodes) -> Iterator[Finding]:
    wrong = roll[(roll["code"] == "")]
    kinds = wrong["given"].value_counts(sort=False)
    for given, count in list(kinds.items())[:_CODES]:
        zh, en = _name(roll, (roll["code"] == "") & (roll["given"] == given))
        near = codes.suggest(given)
        hint_zh = f"；最接近的是 {near}" if near else "；应为 GB/T 4754-2017 的门类字母或两至四位数字"
        hint_en = f"; the nearest is {near}" if near else "; give a section letter or two to four digits"
        said = f"“{given[:20]}”" if given else "（空）"
        yield Finding(
            "industry.unknown_code", "warning", "firms", "",
            f"{count} 家企业的行业代码{said}不在 GB/T 4754-2017 中，未计入（{zh}）{hint_zh}。",
            f"GB/T 4754-2017 has no code {given[:20]!r}; firms that do not count for it: {count} ({en})"
            f"{hint_en}",
            float(count), 0.0,
        )  # fmt: skip
    if len(kinds) > _CODES:
        yield Finding(
            "industry.unknown_code", "warning", "firms", "",
            f"另有 {len(kinds) - _CODES} 种未知行业代码。", f"{len(kinds) - _CODES} more codes are unknown",
            float(len(kinds)), 0.0,
        )  # fmt: skip


def _find_amounts(roll: gpd.GeoDataFrame, spec: Industry) -> Iterator[Finding]:
    """Report jobs and output that are no amounts, and those that are missing where some are given."""
    for rule, zh, en in (("jobs", "从业人员", "jobs"), ("output", "产值", "output")):
        given, lacking = roll[f"given_{rule}"], roll[rule].isna()
        if not given.any():
            continue
        yield from _find_rows(roll, given & lacking, rule, (
            f"的{zh}为负或不是数值，按缺失处理", f"without a usable number of {en}: below zero or no number",
        ))  # fmt: skip
        yield from _find_rows(roll, ~given, rule, (f"没有{zh}，合计中未含", f"without {en}; sums lack them"))


def _find_slips(roll: gpd.GeoDataFrame, rules: RuleTable) -> Iterator[Finding]:
    """Report firms whose numbers lie far above all others of their division, or do not fit each other."""
    ratio, most = float(rules.value("slip.ratio")), float(rules.value("slip.output_per_job"))
    counted = roll["state"] == "counted"
    for what, zh, en in (("jobs", "从业人员", "jobs"), ("output", "产值", "output")):
        amounts = roll[what].where(counted & (roll["division"] != ""))
        others = _find_largest_other(amounts, roll["division"])
        yield from _find_rows(roll, (others > 0) & (amounts > ratio * others), "slip", (
            f"的{zh}超过同大类其他企业最大值的 {ratio:g} 倍，请核对单位",
            f"with more than {ratio:g} times the {en} of the largest other of their division; check the unit",
        ))  # fmt: skip
    much = counted & (roll["output"] > most * roll["jobs"]) & (roll["jobs"] > 0)
    yield from _find_rows(roll, much, "slip", (
        f"的人均产值超过 {most:g} 万元，请核对产值和从业人员的单位",
        f"with an output of more than {most:g} times 10 000 yuan a job; check the units of output and jobs",
    ))  # fmt: skip


def _find_largest_other(amounts: pd.Series[float], division: pd.Series[str]) -> pd.Series[float]:
    """Return the largest amount that another row of the division has, NaN where no other has any."""
    order = pd.DataFrame({"division": division, "amount": amounts}).dropna()
    order = order.sort_values("amount", ascending=False, kind="stable")
    place = order.groupby("division").cumcount()
    first = order[place == 0].set_index("division")["amount"]
    second = order[place == 1].set_index("division")["amount"]
    largest = order.index[place == 0]
    others = division.map(first.to_dict()).astype(float)
    others[largest] = division[largest].map(second.to_dict()).astype(float)
    return others


def _find_doubts(
    spec: Industry, frame: gpd.GeoDataFrame, roll: gpd.GeoDataFrame, oldest: int
) -> Iterator[Finding]:
    old = roll["year"] < oldest
    yield from _find_rows(roll, old, "year", (f"的数据早于 {oldest} 年", f"with data from before {oldest}"))
    if spec.columns.role in frame:
        said = frame[spec.columns.role].fillna("").astype(str).str.strip().ne("").to_numpy()
        unclear = pd.Series(said & (roll["role"] == "").to_numpy(), roll.index)
        yield from _find_rows(roll, unclear, "role", (
            "的角色不是 key（重点）或 supporting（配套）",
            "of a role that is neither key 重点 nor supporting 配套",
        ))  # fmt: skip
    yield from _find_rows(roll, roll["moved"], "moved", (
        "按所填单元计入，其位置在别处", "counted in the unit that the list names, though they lie elsewhere",
    ), "info")  # fmt: skip


def _find_levels(spec: Industry, roll: gpd.GeoDataFrame, codes: IndustryCodes) -> Iterator[Finding]:
    known = {code: codes.is_coarse(code, spec.level) for code in roll["code"].unique()}
    coarse = pd.Series(np.array([known[code] for code in roll["code"]], dtype=bool), roll.index)
    yield from _find_rows(roll, coarse, "coarse", (
        f"的代码比 {spec.level} 级粗，单独成行",
        f"of codes coarser than {spec.level}, which stand on their own",
    ), "info")  # fmt: skip
