"""Differentiated assessment: a small case by hand, kinds apart, missing values, and rows that mean nothing."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.checks.zone_scores import zone_score_findings
from spatial.plan.parts.assessment import Assessment, settle_rules
from spatial.plan.rules import read_rules
from spatial.themes.economy import zone_indicators, zone_scores

SETS = {
    "manufacturing": [
        {"indicator": "output_per_ha", "target": 15, "weight": 0.8},
        {"indicator": "energy_intensity", "weight": 0.2, "direction": "down", "target": 3},
    ],
    "services": [{"indicator": "visits", "weight": 1}],
}
SPEC = Assessment.model_validate({"table": "scores", "sets": SETS, "weights": "expert"})


def make_zones(**kinds: str) -> gpd.GeoDataFrame:
    rows = {
        "id": [f"functional-zone-{number:03d}" for number in range(1, len(kinds) + 1)],
        "name": list(kinds), "name_en": [f"Zone {name}" for name in kinds], "kind": list(kinds.values()),
        "source": "zones", "illustrative": True,
    }  # fmt: skip
    shapes = [shapely.box(at, 0, at + 1, 1) for at in range(len(kinds))]
    return gpd.GeoDataFrame(rows, geometry=shapes, crs="EPSG:4490")


class Result:
    """All layers of an assessment, each valid by its contract, and the rules of its findings."""

    def __init__(self, spec: Assessment, zones: gpd.GeoDataFrame, table: pd.DataFrame) -> None:
        rules = settle_rules(spec, read_rules("assessment"))
        self.cells = zone_indicators.assessment_cells(spec, rules, {"scores": table}, zones)
        self.kinds = zone_scores.kind_scores(spec, rules, self.cells, zones)
        self.scores = zone_indicators.assessment_scores(rules, self.kinds, zones)
        self.weights = zone_indicators.assessment_weights(self.kinds)
        year = zone_indicators.assessment_year(spec, self.cells)
        self.zones = zone_scores.assessment(spec, self.kinds, self.scores, year, zones)
        made = (
            (zone_scores.assessment, self.zones),
            (zone_indicators.assessment_scores, self.scores),
            (zone_indicators.assessment_weights, self.weights),
        )
        for function, frame in made:
            function.__dict__["contract"].schema(function.__name__).validate(frame)
        self.found = zone_score_findings(
            assessment_spec=spec, assessment_rules=rules, assessment_cells=self.cells,
            assessment=self.zones, assessment_scores=self.scores, assessment_weights=self.weights,
        )  # fmt: skip

    def row(self, name: str) -> pd.Series:
        return self.zones.set_index("name").loc[name]

    def rules(self) -> list[str]:
        return sorted(finding.rule.removeprefix("assessment.") for finding in self.found)


def table_of(*rows: tuple[object, ...], year: bool = False) -> pd.DataFrame:
    columns = ["zone", "indicator", "value", *(["year"] if year else [])]
    frame = pd.DataFrame(list(rows), columns=columns, dtype=object)
    return frame.set_axis(range(2, len(frame) + 2), axis=0)


HAND = (
    ("甲", "output_per_ha", 10), ("甲", "energy_intensity", 4),
    ("乙", "output_per_ha", 20), ("乙", "energy_intensity", 2),
    ("丙", "output_per_ha", 15), ("丙", "energy_intensity", 6),
)  # fmt: skip


def test_by_hand() -> None:
    # As in tests/engine/test_ranking.py: normalised (0, .5), (1, 1), (.5, 0); weights .8 and .2.
    made = Result(
        SPEC, make_zones(甲="manufacturing", 乙="manufacturing", 丙="manufacturing"), table_of(*HAND)
    )
    assert made.zones["rank"].tolist() == [3, 1, 2]
    assert made.zones["score"].tolist() == pytest.approx(
        [10 / (0.65**0.5 + 0.1), 100.0, 40 / (0.2**0.5 + 0.4)]
    )
    assert made.zones["standing"].tolist() == ["trailing", "leading", "middle"]
    assert made.zones["grade"].tolist()[0] == "manufacturing_trailing"
    assert made.row("甲")["weakest"] == "地均产值"
    assert made.row("乙")["weakest"] == ""
    assert made.zones[["targets", "reached"]].to_numpy().tolist() == [[2, 0], [2, 2], [2, 1]]
    first = made.scores[made.scores["zone_name"] == "甲"].set_index("indicator")
    assert first["drag"].to_dict() == pytest.approx(
        {"output_per_ha": 0.64 / 0.65, "energy_intensity": 0.01 / 0.65}
    )
    assert first["contribution"].to_dict() == {"output_per_ha": 0.0, "energy_intensity": pytest.approx(0.1)}
    assert first["place"].to_dict() == {"output_per_ha": 3, "energy_intensity": 2}
    assert first["median"].to_dict() == {"output_per_ha": 15, "energy_intensity": 4}
    assert made.weights["entropy"].tolist() == pytest.approx([0.5, 0.5])
    assert made.weights["combined"].tolist() == pytest.approx([0.8, 0.2])
    assert made.row("乙")["stability"] == 1.0  # best in all: no weights can take that away
    assert made.rules() == []


def test_kinds_are_ranked_apart_and_small_ones_have_no_entropy_weights() -> None:
    zones = make_zones(
        甲="manufacturing", 乙="manufacturing", 丙="services", 丁="services", 戊="services", 己=""
    )
    rows = [*HAND[:4], ("丙", "visits", 5), ("丁", "visits", 3), ("戊", "visits", 1), ("己", "visits", 99)]
    made = Result(SPEC.model_copy(update={"weights": "both"}), zones, table_of(*rows))
    assert made.zones["rank"].fillna(0).tolist() == [2, 1, 1, 2, 3, 0]
    assert made.zones["weighing"].tolist() == ["expert", "expert", "both", "both", "both", ""]
    assert made.weights.loc[made.weights["kind"] == "manufacturing", "entropy"].isna().all()
    assert made.row("己")["standing"] == "unscored"
    assert made.rules() == ["few", "no_kind"]


def test_a_zone_alone_in_its_kind_is_not_ranked() -> None:
    made = Result(SPEC, make_zones(甲="services"), table_of(("甲", "visits", 5)))
    assert made.zones[["rank", "score", "stability"]].isna().all(axis=None)
    assert made.scores["value"].tolist() == [5.0]
    assert made.rules() == ["alone"]


def test_missing_values_are_told_and_too_many_of_them_leave_a_zone_out() -> None:
    zones = make_zones(甲="manufacturing", 乙="manufacturing", 丙="manufacturing", 丁="manufacturing")
    rows = [*HAND[:5], ("丁", "energy_intensity", 1)]  # 丙 lacks a fifth of the weight, 丁 four fifths
    made = Result(SPEC, zones, table_of(*rows))
    assert np.isnan(made.row("丁")["rank"])
    assert made.row("丁")["missing_weight"] == pytest.approx(0.8)
    assert made.row("丁")["missing_names"] == "地均产值"
    # What 丁 alone has, the lowest energy, is no end of the scale: 乙 is still best in all.
    assert made.row("乙")["score"] == 100.0
    assert made.row("丙")["score"] == pytest.approx(50.0)
    assert made.row("丙")["rank"] == 2
    assert made.rules() == ["partial", "unscored"]


def test_rows_that_mean_nothing_are_told_with_their_lines() -> None:
    zones = make_zones(甲区="manufacturing", 乙区="manufacturing", 丙区="manufacturing")
    rows = [
        ("甲区", "地均产值", "1,200.5"), ("甲 区", "Energy per value added", "４"), ("functional-zone-002", "output_per_ha", 20),
        ("乙区", "energy_intensity", "约3"), ("丙取", "output_per_ha", 3), ("丙区", "output_per_hb", 3),
        ("丙区", "visits", 3), ("丙区", "output_per_ha", 7), ("丙区", "output_per_ha", 8),
        ("丙区", "energy_intensity", 2), ("丙区", "energy_intensity", 2.0), ("乙区", "energy_intensity", None),
    ]  # fmt: skip
    made = Result(SPEC, zones, table_of(*rows))
    assert made.cells["problem"].tolist() == [
        "", "", "", "not_a_number", "unknown_zone", "unknown_indicator", "not_in_set", "contradictory",
        "contradictory", "", "repeated", "empty",
    ]  # fmt: skip
    assert made.cells["number"].tolist()[:3] == [1200.5, 4.0, 20.0]
    told = {finding.rule: finding.message_zh for finding in made.found}
    assert "第 6 行" in told["assessment.unknown_zone"]
    assert "丙区" in told["assessment.unknown_zone"]
    assert "output_per_ha" in told["assessment.unknown_indicator"]
    assert "第 9、10 行" in told["assessment.contradictory"]
    assert {finding.severity for finding in made.found if finding.rule == "assessment.contradictory"} == {
        "error"
    }


def test_a_share_may_bear_its_sign_and_another_number_may_not() -> None:
    spec = Assessment.model_validate({"table": "scores", "sets": {"services": [
        {"indicator": "vacancy_rate", "weight": 1}, {"indicator": "visits", "weight": 1}]}})  # fmt: skip
    rules = read_rules("assessment")
    table = table_of(("甲", "vacancy_rate", "12.5%"), ("甲", "visits", "12%"), ("甲", "vacancy_rate", "一成"))
    cells = zone_indicators.assessment_cells(spec, rules, {"scores": table}, make_zones(甲="services"))
    assert cells["problem"].tolist() == ["", "not_a_number", "not_a_number"]
    assert cells["number"].tolist()[0] == 12.5


def test_one_year_is_assessed() -> None:
    zones = make_zones(甲="services", 乙="services")
    rows = [
        ("甲", "visits", 5, 2018),
        ("甲", "visits", 7, 2019),
        ("乙", "visits", 6, 2019),
        ("乙", "visits", 1, "去年"),
    ]
    made = Result(SPEC, zones, table_of(*rows, year=True))
    assert made.zones["rank"].tolist() == [1, 2]
    assert made.zones["year"].tolist() == ["2019", "2019"]
    assert made.rules() == ["few", "no_year", "other_year"]
    before = Result(SPEC.model_copy(update={"year": 2018}), zones, table_of(*rows, year=True))
    assert before.scores["value"].tolist()[0] == 5
    assert before.row("乙")["standing"] == "unscored"


def test_a_table_without_its_columns_and_a_plan_without_zones() -> None:
    zones = make_zones(甲="services")
    made = Result(SPEC, zones, pd.DataFrame({"区": ["甲"], "indicator": ["visits"], "value": [1]}, index=[2]))
    assert made.rules() == ["no_column"]
    assert "区" in made.found[0].message_zh
    assert Result(SPEC, make_zones(), table_of(("甲", "visits", 1))).rules() == ["no_zones"]
    nothing = zone_scores.assessment(None, (), made.scores, None, zones)
    assert nothing.empty
    assert zone_scores.kind_scores(None, read_rules("assessment"), made.cells, zones) == ()


def test_weights_that_do_not_sum_and_defaults_are_told() -> None:
    spec = Assessment.model_validate({"table": "scores", "rules": {"services.visits": {"weight": 0.4}}})
    zones = make_zones(甲="services")
    made = Result(spec, zones, table_of(("甲", "visits", 1)))
    assert {"weights", "defaults", "unscored"} <= set(made.rules())
    percent = {"table": "scores", "sets": {"services": [{"indicator": "visits", "weight": 100}]}}
    assert Result(Assessment.model_validate(percent), zones, table_of(("甲", "visits", 1))).rules() == [
        "alone"
    ]


def test_a_first_place_that_small_changes_take_away_is_told() -> None:
    near = [("甲", "output_per_ha", 20), ("甲", "energy_intensity", 4), ("乙", "output_per_ha", 10),
            ("乙", "energy_intensity", 2), ("丙", "output_per_ha", 9), ("丙", "energy_intensity", 9)]  # fmt: skip
    sets = {
        "manufacturing": [
            {"indicator": "output_per_ha", "weight": 0.25},
            {"indicator": "energy_intensity", "weight": 0.75},
        ]
    }
    spec = Assessment.model_validate({"table": "scores", "sets": sets, "weights": "expert"})
    made = Result(
        spec, make_zones(甲="manufacturing", 乙="manufacturing", 丙="manufacturing"), table_of(*near)
    )
    first = made.zones[made.zones["rank"] == 1].iloc[0]
    assert 0.1 < 1 - first["stability"] < 0.9
    assert first["rival"] in ("甲", "乙")
    assert first["rival_share"] == pytest.approx(1 - first["stability"])
    assert (first["rank_low"], first["rank_high"]) == (1, 2)
    assert made.rules() == ["unstable"]
    assert f"{1 - first['stability']:.0%}" in made.found[0].message_zh


def test_near_a_target_is_best_and_reached_within_its_share() -> None:
    spec = Assessment.model_validate({"table": "scores", "sets": {"services": [
        {"indicator": "jobs_per_worker", "weight": 1, "target": 1}]}})  # fmt: skip
    rows = [("甲", "jobs_per_worker", 1.1), ("乙", "jobs_per_worker", 0.2), ("丙", "jobs_per_worker", 3)]
    made = Result(spec, make_zones(甲="services", 乙="services", 丙="services"), table_of(*rows))
    assert made.zones["rank"].tolist() == [1, 2, 3]
    assert made.scores["reached"].tolist() == ["yes", "no", "no"]


def test_a_value_of_another_size_is_doubted() -> None:
    rows = [
        (zone, "visits", value)
        for zone, value in (("甲", 0.65), ("乙", 62), ("丙", 70), ("丁", 2000), ("戊", 0))
    ]
    made = Result(SPEC, make_zones(**dict.fromkeys("甲乙丙丁戊", "services")), table_of(*rows))
    assert made.rules() == ["doubtful", "doubtful"]
    assert {finding.value for finding in made.found} == {0.65, 2000.0}
    assert {finding.limit for finding in made.found} == {62.0}


VALUES = st.integers(0, 9)


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.tuples(VALUES, VALUES), min_size=2, max_size=7),
    st.sampled_from(["expert", "entropy", "both"]),
)
def test_a_zone_that_is_nowhere_better_never_ranks_above(values: list[tuple[int, int]], weights: str) -> None:
    names = [f"z{number}" for number in range(len(values))]
    rows = [row for name, (one, other) in zip(names, values, strict=True)
            for row in ((name, "output_per_ha", one), (name, "energy_intensity", -other))]  # fmt: skip
    spec = SPEC.model_copy(update={"weights": weights})
    zones = make_zones(**dict.fromkeys(names, "manufacturing"))
    made = Result(spec, zones, table_of(*rows))
    ranks = made.zones["rank"].to_numpy()
    for at, one in enumerate(values):
        for behind, other in enumerate(values):
            if other[0] <= one[0] and other[1] <= one[1]:
                assert ranks[behind] >= ranks[at]
    assert made.weights["weight"].sum() == pytest.approx(1.0)
    drag = made.scores.groupby("zone")["drag"].sum()
    assert (np.isclose(drag, 1.0) | np.isclose(drag, 0.0)).all()


def test_a_share_that_no_share_can_be_is_an_error_and_counts_as_missing() -> None:
    sets = {"services": [
        {"indicator": "vacancy_rate", "weight": 0.5}, {"indicator": "revenue_growth", "weight": 0.25},
        {"indicator": "visits", "weight": 0.25}]}  # fmt: skip
    zones = make_zones(甲="services", 乙="services", 丙="services")
    rows = [
        ("甲", "vacancy_rate", 650), ("乙", "vacancy_rate", 10), ("丙", "vacancy_rate", 100),
        ("甲", "revenue_growth", -5), ("乙", "revenue_growth", 180), ("丙", "revenue_growth", 3),
        ("甲", "visits", 500), ("乙", "visits", 300), ("丙", "visits", 250),
    ]  # fmt: skip
    spec = Assessment.model_validate({"table": "scores", "sets": sets, "weights": "expert"})
    made = Result(spec, zones, table_of(*rows))
    (found,) = [one for one in made.found if one.rule == "assessment.no_percent"]
    assert (found.severity, found.value, found.limit) == ("error", 650, 100)
    assert all(word in found.message_zh for word in ("甲", "楼宇空置率", "650 %", "第 2 行"))
    assert all(word in found.message_en for word in ("Zone 甲", "Vacancy of buildings", "650 %", "line 2"))
    absent = Result(spec, zones, table_of(*rows[1:]))
    pd.testing.assert_frame_equal(made.scores, absent.scores)
    assert made.row("甲")["standing"] == absent.row("甲")["standing"] == "unscored"
    below = Result(spec, zones, table_of(("甲", "vacancy_rate", -0.1), *rows[1:]))
    assert "no_percent" in below.rules()
    free = spec.model_copy(update={"rules": {"percent.free": ["revenue_growth", "vacancy_rate"]}})
    assert "no_percent" not in Result(free, zones, table_of(*rows)).rules()


def test_another_year_may_hold_a_share_that_is_not_looked_at() -> None:
    sets = {"services": [{"indicator": "vacancy_rate", "weight": 1}]}
    spec = Assessment.model_validate({"table": "scores", "sets": sets, "weights": "expert"})
    rows = [("甲", "vacancy_rate", 650, 2018), ("甲", "vacancy_rate", 6, 2019)]
    made = Result(spec, make_zones(甲="services"), table_of(*rows, year=True))
    assert made.cells["problem"].tolist() == ["other_year", ""]
