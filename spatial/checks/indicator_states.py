"""Checks of where indicators stand: targets missed by the year or the map, trends that lead elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from spatial.plan.findings import Finding, Severity
from spatial.plan.parts.indicators import NATURE_NAMES
from spatial.plan.reading.targets import show_target, show_trend
from spatial.plan.reading.unitwords import UnitWords
from spatial.plan.rules import RuleTable

_STATES: dict[str, tuple[Severity, Severity]] = {
    "due_missed": ("error", "warning"),
    "off_track": ("warning", "warning"),
    "at_risk": ("warning", "warning"),
    "unclear": ("info", "info"),
    "unreported": ("warning", "info"),
}
"""How grave a state is of binding indicators, and of others."""
_BINDING, _SHARE = "binding", "share"


def indicator_state_findings(indicators: pd.DataFrame, indicator_rules: RuleTable) -> list[Finding]:
    """Report indicators that missed their target, will miss it, or that the map contradicts.

    Returns
    -------
    list of Finding
        ``indicators.due_missed`` and ``indicators.map_missed``: errors where the indicator is binding, else
        warnings. ``indicators.off_track`` and ``indicators.at_risk`` (warning). ``indicators.unreported``:
        a warning where binding, else a note. ``indicators.unclear`` and ``indicators.map_differs`` (info):
        the map meets a target that is no share, but differs from it by more than the rule table lets pass.
    """
    words = UnitWords.of(indicator_rules)
    shares = {row.unit for row in indicators.itertuples() if (words.find(row.unit) or ("",))[0] == _SHARE}
    tolerance = float(indicator_rules.value("map.tolerance"))
    rows = indicators.to_dict("records")
    return [*(one for row in rows for one in _tell_state(row)),
            *(one for row in rows for one in _tell_map(row, tolerance, row["unit"] in shares))]  # fmt: skip


def _name(row: dict[str, Any]) -> tuple[str, str]:
    """Return whose target is spoken of, with what it is."""
    nature, year = NATURE_NAMES.get(row["nature"]), int(row["target_year"])
    target, wanted = (show_target(row["relation"], row["target_value"], tongue) for tongue in ("zh", "en"))
    zh = f"{nature.zh if nature else ''}指标“{row['name']}”{year} 年目标 {target}{row['unit']}"
    kind = f" ({nature.en.lower()})" if nature else ""
    return zh, f"{row['name_en']}{kind}, {year}: target {wanted} {row['unit_en']}".rstrip()


def _tell_state(row: dict[str, Any]) -> Iterator[Finding]:
    state = row["state"]
    if state not in _STATES:
        return
    head, told = _name(row), _say_state(row)
    severity = _STATES[state][0 if row["nature"] == _BINDING else 1]
    value = float(row["actual_value"]) if pd.notna(row["actual_value"]) else None
    yield Finding(
        f"indicators.{state}", severity, "indicators", str(row["id"]),
        f"{head[0]}：{told[0]}。", f"{head[1]}; {told[1]}.", value, float(row["target_value"]),
    )  # fmt: skip


def _say_state(row: dict[str, Any]) -> tuple[str, str]:
    if row["state"] == "unreported":
        return "目标年已过，规划未给出该年实际值", "the year has passed and its value is not given"
    last, year = f"{row['actual_value']:,.10g}", f"{row['actual_year']:.0f}"
    if row["state"] == "due_missed":
        return f"{year} 年为 {last}{row['unit']}，未实现", f"it was {last} {row['unit_en']} in {year}, missed"
    linear, growth = (_show(row[name]) for name in ("linear_value", "growth_value"))
    zh = f"按基期以来的变化，目标年线性趋势为 {linear}，等速增长趋势为 {growth}"
    en = f"by the change so far it will be {linear} (linear) or {growth} (constant growth)"
    return {
        "off_track": (f"{zh}，达不到目标", f"{en}, off track"),
        "at_risk": (f"{year} 年为 {last}，已达标；但{zh}，可能失守", f"met by {last} in {year}, but {en}"),
        "unclear": (f"{zh}，结论不一", f"{en}; the two disagree"),
    }[str(row["state"])]


def _show(value: Any) -> str:
    return show_trend(float(value)) if pd.notna(value) else "—"


def _tell_map(row: dict[str, Any], tolerance: float, is_share: bool) -> Iterator[Finding]:
    if not row["measured_state"]:
        return
    value, target, unit = float(row["measured_value"]), float(row["target_value"]), row["unit"]
    missed = row["measured_state"] == "missed"
    if not missed and (is_share or abs(value - target) <= tolerance * abs(target)):
        return
    severity: Severity = "info" if not missed else "error" if row["nature"] == _BINDING else "warning"
    head, gap = _name(row), ("+" if value > target else "") + show_trend(value - target)
    drawn = ("（示意图）", " (an illustrative map)") if row["illustrative"] else ("", "")
    verdict = (
        ("未达标", "missed")
        if missed
        else ("达标，但图上与文本数值不同", "met, but the map differs from the text")
    )
    yield Finding(
        "indicators.map_missed" if missed else "indicators.map_differs", severity, "indicators",
        str(row["id"]),
        f"{head[0]}；图上量算为 {show_trend(value)}{unit}{drawn[0]}，{verdict[0]}，相差 {gap}{unit}。",
        f"{head[1]}; the map has {show_trend(value)} {row['unit_en']}{drawn[1]}: {verdict[1]} by {gap}.",
        value, target,
    )  # fmt: skip
