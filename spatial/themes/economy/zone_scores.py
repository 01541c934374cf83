"""Scores of functional zones 差异化考核: each zone held against the zones of its own kind, and no others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from spatial.engine import ranking
from spatial.engine.ranking import Stability
from spatial.plan.contract import Column, layer, shape_rows
from spatial.plan.findings import STORED_CRS
from spatial.plan.parts.assessment import Assessment, Criterion, list_criteria
from spatial.plan.rules import RuleTable

Floats = npt.NDArray[np.float64]
_NUMBERS = ("score", "rank", "ranked", "expert_rank", "entropy_rank", "combined_rank", "stability",
            "rank_low", "rank_high", "rival_share", "missing_weight")  # fmt: skip
_NO_TEXTS = ("rival", "rival_en", "missing_names", "missing_names_en", "weakest", "weakest_en", "weighing")


@dataclass(frozen=True)
class KindScores:
    """All that came of one kind of zone; arrays go by zone and by criterion.

    Parameters
    ----------
    kind : str
    zones : numpy.ndarray of str
        Ids of the functional zones of this kind.
    criteria : tuple of Criterion
    values, merits : numpy.ndarray, shape (zones, criteria)
        As given, and between the worst (0) and the best (1) of the zones that are ranked; NaN where missing.
    ranked : numpy.ndarray of bool
        Zones that are scored; the others lack too much, or there is only one.
    weights : dict of str to numpy.ndarray
        ``expert``, ``entropy``, ``both``, each to a sum of one; NaN where they cannot be had.
    used : str
        By which of them zones are scored.
    missing : numpy.ndarray
        Share of the expert weight that a zone lacks.
    scores : dict of str to numpy.ndarray
        Closeness by each of the three, NaN for zones that are not ranked.
    stability : Stability or None
        Of the ranked zones, in their order.
    """

    kind: str
    zones: npt.NDArray[np.object_]
    criteria: tuple[Criterion, ...]
    values: Floats
    merits: Floats
    ranked: npt.NDArray[np.bool_]
    weights: Mapping[str, Floats]
    used: str
    missing: Floats
    scores: Mapping[str, Floats]
    stability: Stability | None


def kind_scores(
    assessment_spec: Assessment | None,
    assessment_rules: RuleTable,
    assessment_cells: pd.DataFrame,
    functional_zones: gpd.GeoDataFrame,
) -> tuple[KindScores, ...]:
    """Return the scores of each kind of zone that the territory has; nothing without the plan's part."""
    if assessment_spec is None:
        return ()
    good = assessment_cells[assessment_cells["problem"] == ""]
    table = good.pivot_table(index="zone_id", columns="key", values="number", aggfunc="first", observed=True)
    found = []
    for kind, criteria in list_criteria(assessment_spec, assessment_rules).items():
        zones = functional_zones.loc[functional_zones["kind"] == kind, "id"].to_numpy(dtype=object)
        if len(zones) and criteria:
            values = table.reindex(index=zones, columns=[one.key for one in criteria]).to_numpy(dtype=float)
            found.append(_score(kind, zones, criteria, values, (assessment_spec.weights, assessment_rules)))
    return tuple(found)


def _score(
    kind: str,
    zones: npt.NDArray[np.object_],
    criteria: tuple[Criterion, ...],
    values: Floats,
    how: tuple[str, RuleTable],
) -> KindScores:
    wanted, rules = how
    expert = np.array([one.weight for one in criteria])
    expert = expert / expert.sum()
    missing = (np.isnan(values) * expert).sum(axis=1)
    ranked = missing <= rules.value("missing.most")
    ranked &= ranked.sum() > 1
    directions = [one.direction for one in criteria]
    targets = np.array([np.nan if one.target is None else one.target for one in criteria])
    # The ends of each scale are those of the zones that are ranked; the others have no say in it.
    merits = np.full_like(values, np.nan)
    merits[ranked] = ranking.normalise(values[ranked], directions, targets)
    nothing = np.full(len(criteria), np.nan)
    entropy = ranking.entropy_weights(merits[ranked])
    if ranked.sum() < rules.value("entropy.least"):
        entropy = nothing
    both = nothing if np.isnan(entropy).any() else ranking.combine_weights(expert, entropy)
    weights = {"expert": expert, "entropy": entropy, "both": both}
    used = "expert" if np.isnan(weights[wanted]).any() else wanted
    scores = {name: _close(merits, ranked, each) for name, each in weights.items()}
    firm = _shake(merits[ranked], weights[used], rules) if ranked.any() else None
    return KindScores(kind, zones, criteria, values, merits, ranked, weights, used, missing, scores, firm)


def _close(merits: Floats, ranked: npt.NDArray[np.bool_], weights: Floats) -> Floats:
    found = np.full(len(merits), np.nan)
    if not np.isnan(weights).any() and ranked.any():
        found[ranked] = ranking.closeness(merits[ranked], weights)
    return found


def _shake(merits: Floats, weights: Floats, rules: RuleTable) -> Stability:
    """Return how ranks stand when each weight is moved by itself, as the rules say how far and how often."""
    runs, spread, seed = (rules.value(f"stability.{key}") for key in ("runs", "spread", "seed"))
    sets = ranking.perturb_weights(weights, int(runs), float(spread), int(seed))
    return ranking.measure_stability(merits, weights, sets)


@layer(
    "功能区考核", "Assessment of zones", "Polygon",
    needs=("assessment", "functional_zones"),
    name_en=Column("text", "英文名称", "English name"),
    zone=Column("text", "功能区标识", "Zone id"),
    kind=Column("text", "类别", "Kind"),
    standing=Column("text", "同类名次段", "Standing in its kind"),
    grade=Column("text", "类别与名次段", "Kind and standing"),
    score=Column("number", "得分（0–100）", "Score (0–100)", nullable=True),
    rank=Column("number", "同类名次", "Rank in its kind", nullable=True),
    ranked=Column("integer", "同类参评数", "Zones ranked in its kind"),
    weighing=Column("text", "采用权重", "Weights used"),
    expert_rank=Column("number", "专家权重名次", "Rank by expert weights", nullable=True),
    entropy_rank=Column("number", "熵权名次", "Rank by entropy weights", nullable=True),
    combined_rank=Column("number", "组合权重名次", "Rank by combined weights", nullable=True),
    stability=Column("number", "名次保持率", "Rank kept", nullable=True),
    rank_low=Column("number", "名次区间上限（5%）", "Rank, 5 % of runs", nullable=True),
    rank_high=Column("number", "名次区间下限（95%）", "Rank, 95 % of runs", nullable=True),
    rival=Column("text", "最易被其超越", "Most often overtaken by"),
    rival_en=Column("text", "最易被其超越（英文）", "Most often overtaken by, English name"),
    rival_share=Column("number", "被超越的比例", "Share of runs overtaken", nullable=True),
    targets=Column("integer", "可判定目标数", "Targets with a value"),
    reached=Column("integer", "达标数", "Targets reached"),
    weakest=Column("text", "主要拉低指标", "Pulled down most by"),
    weakest_en=Column("text", "主要拉低指标（英文）", "Pulled down most by, in English"),
    indicators=Column("integer", "指标数", "Indicators"),
    missing=Column("integer", "缺失指标数", "Indicators missing"),
    missing_weight=Column("number", "缺失权重", "Weight missing", nullable=True),
    missing_names=Column("text", "缺失指标", "Missing"),
    missing_names_en=Column("text", "缺失指标（英文）", "Missing, in English"),
    year=Column("text", "考核年份", "Year"),
    source=Column("text", "来源", "Source"),
    illustrative=Column("truth", "示意", "Illustrative"),
)  # fmt: skip
def assessment(
    assessment_spec: Assessment | None,
    kind_scores: tuple[KindScores, ...],
    assessment_scores: pd.DataFrame,
    assessment_year: int | None,
    functional_zones: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """Return the functional zones with score and rank among the zones of their kind, and how firm these are.

    The score is TOPSIS closeness in hundredths: 100 is best of its kind in every indicator, 0 worst in every
    one. A zone without kind, or one that lacks too much, has neither score nor rank.
    """
    if assessment_spec is None or functional_zones.empty:
        return shape_rows(gpd.GeoDataFrame({"id": []}, geometry=[], crs=STORED_CRS), assessment)
    frame = gpd.GeoDataFrame(
        functional_zones[["name", "name_en", "kind", "source", "illustrative", "geometry"]]
    )
    frame["zone"] = functional_zones["id"].to_numpy()
    frame["id"] = [f"assessment-{number:03d}" for number in range(1, len(frame) + 1)]
    names = functional_zones.set_index("id")[["name", "name_en"]]
    told = pd.concat([_tell_zones(one, names) for one in kind_scores] or [pd.DataFrame()])
    told = told.reindex(index=frame["zone"], columns=[*_NUMBERS, "weighing", "rival", "rival_en"])
    sums = _sum_indicators(assessment_scores).reindex(frame["zone"])
    for column in [*told, *sums]:
        frame[column] = (told if column in told else sums)[column].to_numpy()
    frame["year"] = "" if assessment_year is None else str(assessment_year)
    counts = ["ranked", "targets", "reached", "indicators", "missing"]
    frame[counts] = frame[counts].astype(float).fillna(0).astype("int64")
    frame["standing"] = _stand(frame["rank"].astype(float), frame["ranked"])
    known = frame["standing"] != "unscored"
    frame["grade"] = (frame["kind"] + "_" + frame["standing"]).where(known, "unscored")
    texts = list(_NO_TEXTS)
    frame[texts] = frame[texts].astype(object).fillna("")
    return shape_rows(frame, assessment)


def _tell_zones(one: KindScores, names: pd.DataFrame) -> pd.DataFrame:
    """Return what came of the zones of a kind, by zone."""
    frame = pd.DataFrame(index=one.zones)
    frame["score"] = 100.0 * one.scores[one.used]
    frame["rank"] = ranking.rank(one.scores[one.used])
    frame["ranked"] = int(one.ranked.sum())
    frame["weighing"] = one.used
    for column, key in (("expert_rank", "expert"), ("entropy_rank", "entropy"), ("combined_rank", "both")):
        frame[column] = ranking.rank(one.scores[key])
    frame["missing_weight"] = one.missing
    if one.stability is not None:
        there = one.zones[one.ranked]
        firm = one.stability
        frame.loc[there, "stability"] = firm.kept
        frame.loc[there, "rank_low"] = firm.low
        frame.loc[there, "rank_high"] = firm.high
        most = firm.reversed.argmax(axis=1)
        share = firm.reversed.max(axis=1)
        frame.loc[there, "rival_share"] = np.where(share > 0, share, np.nan)
        for column, key in (("rival", "name"), ("rival_en", "name_en")):
            rivals = names.loc[there[most], key].to_numpy(dtype=object)
            frame.loc[there, column] = np.where(share > 0, rivals, "")
    return frame


def _sum_indicators(scores: pd.DataFrame) -> pd.DataFrame:
    """Return, by zone, how many indicators there are, are missing and reach their target, and the weakest."""
    groups = scores.groupby("zone", sort=False)
    lacking = scores["value"].isna()
    named = scores[lacking].groupby("zone", sort=False)
    frame = pd.DataFrame({"indicators": groups.size()})
    frame["missing"] = lacking.groupby(scores["zone"]).sum()
    frame["targets"] = scores["reached"].isin(["yes", "no"]).groupby(scores["zone"]).sum()
    frame["reached"] = (scores["reached"] == "yes").groupby(scores["zone"]).sum()
    frame["missing_names"] = named["indicator_name"].agg("、".join)
    frame["missing_names_en"] = named["indicator_name_en"].agg(", ".join)
    worst = scores[scores["drag"] > 0].sort_values("drag", ascending=False, kind="stable")
    first = worst.groupby("zone", sort=False).first()
    frame["weakest"], frame["weakest_en"] = first["indicator_name"], first["indicator_name_en"]
    return frame


def _stand(ranks: pd.Series, ranked: pd.Series) -> npt.NDArray[np.object_]:
    """Return the third of its kind that a rank lies in: leading, middle or trailing."""
    third = [max(1, round(count / 3)) for count in ranked]
    cases = [ranks.isna(), ranks <= third, ranks > ranked - np.array(third, dtype=float)]
    return np.select(cases, ["unscored", "leading", "trailing"], "middle").astype(object)
