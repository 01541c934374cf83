"""Quotas drawn by projects: what each adds to the land ledger 用地台账, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.engine.shapes.regions import Region, measure_shapes
from spatial.plan.base import Text
from spatial.plan.departments import Attribute, DepartmentRule
from spatial.studies.conformance import NOT_JUDGED, PASS, REJECT, Answer, Asked, Judge
from spatial.studies.locations import Located
from spatial.studies.projects import list_words

Floats = npt.NDArray[np.float64]

_RULE = DepartmentRule(
    id="land_ledger",
    title=Text(zh="用地指标", en="Land quota"),
    layer="land_ledger",
    relation="overlaps",
    verdict="reject",
    todo=Text(zh="调剂指标、核减用地或利用存量", en="Move quota here, trim the project or use stock land"),
    basis=Text(
        zh="规划的用地台账（指标以下达文件为准）", en="The plan's land ledger; the quotas as issued prevail"
    ),
    confidence="given",
)
_CLOSURE_HA = 1e-4
_COLUMNS = {
    "id": "str", "name": "str", "project_id": "str", "district": "str", "kind": "str", "verdict": "str",
    "quota_ha": "float64", "before_ha": "float64", "inside_ha": "float64",
    "new_ha": "float64", "after_ha": "float64",
    "counted": "bool", "text_zh": "str", "text_en": "str",
}  # fmt: skip


@dataclass(frozen=True)
class Drawn:
    """What projects draw on quotas.

    Parameters
    ----------
    judge : Judge
        With the rule of the ledger behind all others.
    answer : Answer
        Of that rule.
    table : pandas.DataFrame
        One row a project: ``quota_ha``, the balance ``before_ha`` it, ``inside_ha`` on land that the ledger
        already has, ``new_ha`` on other land, the balance ``after_ha`` it, whether it was ``counted``.
    """

    judge: Judge
    answer: Answer
    table: pd.DataFrame


def draw_quotas(
    judge: Judge,
    projects: gpd.GeoDataFrame,
    answers: list[Answer],
    ledger: pd.DataFrame,
    parcels: gpd.GeoDataFrame,
    *,
    located: Located | None = None,
) -> Drawn:
    """Let projects draw on the quotas, in the order of their file.

    Parameters
    ----------
    judge : Judge
    projects : geopandas.GeoDataFrame
        EPSG:4490, with ``kind`` and ``district``.
    answers : list of Answer
        Of all other rules: a project that one of them rejects is told whether the quota would do, and takes
        nothing from those behind it.
    ledger : pandas.DataFrame
        The layer ``land_ledger``.
    parcels : geopandas.GeoDataFrame
        The layer ``ledger_parcels``: land on them draws no quota again.
    located : Located, optional
        Where projects lie: one that states another district than the one it lies in draws nothing. Nor does
        one outside the territory.
    """
    shapes = projects.geometry.to_numpy()
    inside = measure_shapes(Region(parcels.geometry.to_numpy()).hold(shapes).shapes) / 1e4
    whole = projects["area_m2"].to_numpy() / 1e4
    kind = next((one for one in judge.table.attributes if one.key == "kind"), None)
    books = _Books(kind, _read_balances(ledger, kind))
    refused = np.max([answer.verdict for answer in answers], axis=0) == REJECT
    away = judge.find_away(shapes)
    rows = [
        _draw(
            projects.iloc[at], float(inside[at]), float(whole[at]), refused=bool(refused[at]), books=books,
            astray=_find_astray(projects.iloc[at], bool(away[at]), located, at),
        )
        for at in range(len(projects))
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)
    table["id"] = [f"draw-{number:04d}" for number in range(1, len(table) + 1)]
    department = next(
        (one for one in judge.table.departments if one.key == "natural_resources"), judge.table.departments[0]
    )
    asked = Asked(department, _RULE, ("land_ledger", (), None))
    return Drawn(judge.extend(asked), _answer(table, whole), table)


class _Books(NamedTuple):
    """Quota and balance by district and kind, and what the kinds are called."""

    kind: Attribute | None
    left: dict[tuple[str, str], list[float]]


def _read_balances(ledger: pd.DataFrame, kind: Attribute | None) -> dict[tuple[str, str], list[float]]:
    """Return quota and balance by district and kind, kinds as projects have them."""
    words = list_words(kind) if kind is not None else {}
    return {
        (row.district, words.get(row.kind.lower(), row.kind)): [row.quota_ha, row.balance_ha]
        for row in ledger.itertuples()
    }


def _draw(
    project: pd.Series[Any],
    inside: float,
    whole: float,
    *,
    refused: bool,
    books: _Books,
    astray: Text | None,
) -> dict[str, Any]:
    kind, left = books
    key = (str(project.get("district", "")), str(project.get("kind", "")))
    row = {"name": project["name"], "project_id": project["id"], "district": key[0], "kind": key[1]}
    row |= {
        "inside_ha": inside,
        "new_ha": max(whole - inside, 0.0),
        "counted": False,
        "verdict": "not_judged",
    }
    lacking = astray or _find_lacking(key, whole, left)
    if lacking is not None:
        return row | {"text_zh": lacking.zh, "text_en": lacking.en}
    quota, before = left[key]
    after = before - row["new_ha"]
    over = after < -_CLOSURE_HA and row["new_ha"] > _CLOSURE_HA
    if not (over or refused):
        left[key][1] = after
    label = kind.values.get(key[1]) if kind is not None else None
    said = _say(
        key[0], label or Text(zh=key[1]), (quota, before, inside, row["new_ha"], after), over, refused
    )
    return row | {
        "quota_ha": quota, "before_ha": before, "after_ha": after, "counted": not (over or refused),
        "verdict": "reject" if over else "pass", "text_zh": said.zh, "text_en": said.en,
    }  # fmt: skip


def _find_astray(project: pd.Series[Any], away: bool, located: Located | None, at: int) -> Text | None:
    """Return why a project cannot be weighed where it lies."""
    if away:
        return Text(
            zh="未审查：项目全部位于规划范围以外",
            en="Not judged: the whole project lies outside the territory",
        )
    if located is None or not located.wrong[at]:
        return None
    stated, found = project.get("district", ""), located.texts[at]
    return Text(
        zh=f"未审查：填报所在区镇为“{stated}”，按图位于{found}，核实后方可核减指标",
        en=f"Not judged: states {stated}, lies in {found}; no quota is drawn before that is settled",
    )


def _find_lacking(key: tuple[str, str], area: float, left: dict[tuple[str, str], list[float]]) -> Text | None:
    if area <= 0:
        return Text(zh="未审查：项目没有面积", en="Not judged: the project has no area")
    if not all(key):
        return Text(
            zh="未审查：项目未填写所在区镇或项目类型",
            en="Not judged: the project states no district or no kind",
        )
    if key not in left:
        return Text(
            zh=f"未审查：台账没有{key[0]}该类用地的指标",
            en=f"Not judged: the ledger has no quota of this kind for {key[0]}",
        )
    return None


def _say(district: str, kind: Text, numbers: tuple[float, ...], over: bool, refused: bool) -> Text:
    quota, before, inside, new, after = numbers
    zh = f"{district}“{kind.zh}”指标 {quota:,.4f} 公顷，此前余 {before:,.4f} 公顷，本项目新增 {new:,.4f} 公顷"
    en = f"{district}, {kind.pick('en').lower()}: quota {quota:,.4f} ha, {before:,.4f} ha left, "
    en += f"{new:,.4f} ha new"
    if inside > _CLOSURE_HA:
        zh += f"（另 {inside:,.4f} 公顷在台账地块内，不重复扣减）"
        en += f" ({inside:,.4f} ha more on parcels of the ledger)"
    cut = min(-after, new)
    zh += f"，超出 {-after:,.4f} 公顷" if over else f"，余 {after:,.4f} 公顷"
    en += f", {-after:,.4f} ha too much" if over else f", {after:,.4f} ha then left"
    if over:
        whole = cut >= new - _CLOSURE_HA
        zh += (
            "；指标已无余额，新增用地须全部另行落实" if whole else f"；核减新增用地 {cut:,.4f} 公顷即不超指标"
        )
        en += "; no quota is left for any of it" if whole else f"; {cut:,.4f} ha less new land would do"
    if refused and not over:
        zh += "；因其他意见为不同意，未予扣减"
        en += "; not taken, since other rules reject the project"
    return Text(zh=zh, en=en)


def _answer(table: pd.DataFrame, whole: Floats) -> Answer:
    """Return the rule's answers: a rejection is about the overdraft, which lies nowhere in particular."""
    count = len(table)
    codes = {"reject": REJECT, "pass": PASS, "not_judged": NOT_JUDGED}
    nothing = np.full(count, shapely.Polygon(), dtype=object)
    rejected = (table["verdict"] == "reject").to_numpy()
    over = np.where(rejected, np.minimum(-table["after_ha"], table["new_ha"]), 0.0)
    words = dict(enumerate(zip(table["text_zh"], table["text_en"], strict=True)))
    return Answer(
        verdict=table["verdict"].map(codes).to_numpy(dtype=np.int64),
        pieces=nothing,
        amount=over * 1e4,
        share=np.divide(over, whole, out=np.zeros(count), where=whole > 0),
        distance=np.full(count, np.nan),
        touch=np.zeros(count, dtype=bool),
        exemption=np.full(count, -1),
        reason=[""] * count,
        features=[()] * count,
        words=words,
    )
