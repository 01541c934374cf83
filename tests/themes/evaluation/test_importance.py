"""Importance for ecology: shares, conditions, polygons and the matrix, by hand."""

from __future__ import annotations

import numpy as np

from spatial.engine.rasters.portions import share_breaks, tally_values
from spatial.plan.parts.evaluation import Evaluation, Factor
from spatial.plan.rules import read_rules
from spatial.themes.evaluation import ecology, importance

RULES, COVER = read_rules("evaluation_ecology"), read_rules("evaluation_cover")
DRAFT = Evaluation(profile="2019-draft")
TRIAL = Evaluation(profile="2020-trial")
INSIDE = np.ones((5, 5), np.uint8)
ECOLOGY = {"evaluation_ecology_rules": RULES, "evaluation_spec": DRAFT}


def test_the_largest_cells_that_hold_half_are_extremely_important() -> None:
    water = np.full((5, 5), 1.0, np.float32)
    water[0, :] = [40, 20, 10, 8, 2]  # 80 of 100; half is reached with 40 + 20, four fifths with 8 and 2
    water[4, 4] = np.nan
    limits = {"retention": share_breaks(tally_values(water), (0.5, 0.8))}
    found = importance.retention_importance(water, limits, RULES, DRAFT)
    np.testing.assert_array_equal(found[0], [1, 1, 2, 2, 2])
    assert (found[1:4] == 3).all()
    assert found[4, 4] == 0


def test_slope_and_cover_make_soil_conservation_by_the_trial_guide() -> None:
    slope = np.array([[0], [15], [25], [30], [30]] * np.ones(5), np.float32)
    cover = np.array([[0.5, 0.6, 0.8, 0.9, np.nan]] * 5, np.float32)
    forest = np.full((5, 5), 4, np.uint8)
    forest[4] = 16  # dry fields do not count whatever grows there
    found = importance.conservation_importance(
        inside=INSIDE, evaluation_ecology_rules=RULES, evaluation_cover_rules=COVER, evaluation_spec=TRIAL,
        ecology_thresholds={}, slope=slope, vegetation=cover, ecosystem=forest,
    )  # fmt: skip
    expected = [[3, 3, 3, 3, 0], [3, 2, 2, 2, 0], [3, 2, 1, 1, 0], [3, 2, 1, 1, 0], [3, 3, 3, 3, 3]]
    np.testing.assert_array_equal(found, expected)


def test_a_gentler_slope_is_extreme_in_the_north() -> None:
    slope, full = np.array([[14, 15, 24, 25]], np.float32), np.ones((1, 4), np.float32)
    forest = np.ones((1, 4), np.uint8)
    given = {
        "inside": forest, "evaluation_ecology_rules": read_rules("evaluation_ecology"),
        "evaluation_cover_rules": read_rules("evaluation_cover"), "ecology_thresholds": {}, "slope": slope,
        "vegetation": full, "ecosystem": forest,
    }  # fmt: skip
    for northern, expected in ((False, [[3, 2, 2, 1]]), (True, [[3, 1, 1, 1]])):
        spec = Evaluation(profile="2020-trial", northern=northern)
        found = importance.conservation_importance(evaluation_spec=spec, **given)
        np.testing.assert_array_equal(found, expected)


def test_without_data_a_service_is_missing_not_general() -> None:
    found = importance.conservation_importance(
        inside=INSIDE, evaluation_ecology_rules=RULES, evaluation_cover_rules=COVER, evaluation_spec=TRIAL,
        ecology_thresholds={}, vegetation=np.ones((5, 5), np.float32),
    )  # fmt: skip
    assert (found == 0).all()


def test_reserves_and_water_sources_are_extremely_important() -> None:
    park, well = np.zeros((5, 5), np.uint8), np.zeros((5, 5), np.uint8)
    park[0], well[:, 0] = 1, 1
    found = importance.biodiversity_importance(INSIDE, RULES, DRAFT, protection=park, water_source=well)
    expected = np.full((5, 5), 3)
    expected[0], expected[:, 0] = 1, 1
    np.testing.assert_array_equal(found, expected)


def test_either_extreme_decides_and_gaps_stay_unless_the_other_is_extreme() -> None:
    service = np.array([[0, 1, 2, 3]] * 4, np.uint8)
    found = importance.ecology_importance(**ECOLOGY, service_importance=service, sensitivity=service.T)
    np.testing.assert_array_equal(found, [[0, 1, 0, 0], [1, 1, 1, 1], [0, 1, 2, 2], [0, 1, 2, 3]])
    np.testing.assert_array_equal(
        importance.ecology_importance(**ECOLOGY, service_importance=service), service
    )


GIVEN = ("elevation", "sand", "wind_days", "vegetation", "landcover")
FACTORS = {name: Factor(source=name, scheme="clcd" if name == "landcover" else None) for name in GIVEN}


def test_a_cell_without_land_cover_is_missing_not_general_unless_it_lies_in_a_reserve() -> None:
    retention = np.array([[3, 0, 0, 1]], np.uint8)
    said = {"inside": retention, "evaluation_ecology_rules": RULES, "evaluation_spec": TRIAL,
            "factor_specs": FACTORS, "ecology_thresholds": {"retention": (1.0,), "conservation": (1.0,)}}  # fmt: skip
    general = np.full((1, 4), 3, np.uint8)
    services = importance.service_importance(
        **said, retention_importance=retention, conservation_importance=retention,
        windbreak_importance=general, biodiversity_importance=np.array([[3, 3, 1, 3]], np.uint8),
    )  # fmt: skip
    np.testing.assert_array_equal(services, [[3, 0, 1, 1]])
    fragile = importance.sensitivity(
        **said, erosion_sensitivity=general, sand_sensitivity=general,
        soil_loss_rate=np.array([[1, np.nan, np.nan, 1]], np.float32),
    )  # fmt: skip
    np.testing.assert_array_equal(fragile, [[3, 0, 0, 3]])
    said.pop("inside")
    found = importance.ecology_importance(**said, service_importance=services, sensitivity=fragile)
    np.testing.assert_array_equal(found, [[3, 0, 1, 1]])


def test_what_the_plan_gives_no_factors_for_is_left_out() -> None:
    nothing, general = np.zeros((1, 2), np.uint8), np.array([[3, 2]], np.uint8)
    said = {"inside": nothing, "evaluation_ecology_rules": RULES, "evaluation_spec": TRIAL,
            "ecology_thresholds": {"retention": (1.0,)}}  # fmt: skip
    few = {name: FACTORS[name] for name in ("elevation", "landcover")}
    services = importance.service_importance(
        **said, factor_specs=few, retention_importance=general, windbreak_importance=nothing
    )
    np.testing.assert_array_equal(services, general)
    said.pop("inside")
    found = importance.ecology_importance(
        **said, factor_specs=few, service_importance=services, sensitivity=nothing
    )
    np.testing.assert_array_equal(found, general)
    alone = {**said, "ecology_thresholds": {}}
    found = importance.ecology_importance(**alone, factor_specs=few, sensitivity=nothing)
    assert (found == 0).all()


def test_land_that_no_runoff_is_said_of_keeps_no_water_but_is_not_missing() -> None:
    kinds = ecology.ecosystem(
        np.array([[10, 50, 255, 10]], np.float32),
        {"landcover": Factor(source="cover", scheme="worldcover")}, COVER, DRAFT,
    )  # fmt: skip
    rain = np.array([[1000, 1000, 1000, np.nan]], np.float32)
    found = ecology.water_retention(
        rain=rain, evaporation=np.full((1, 4), 400, np.float32), ecosystem=kinds,
        evaluation_cover_rules=COVER, evaluation_ecology_rules=RULES, evaluation_spec=DRAFT,
    )  # fmt: skip
    assert 550 < found[0, 0] < 600
    assert found[0, 1] == 0
    assert np.isnan(found[0, 2:]).all()


def test_sensitivity_is_the_root_of_the_product_of_what_there_is() -> None:
    relief = np.array([[49, 50, 300, 301, np.nan]], np.float32)
    rainy = np.full((1, 5), 700, np.float32)
    found = ecology.erosion_sensitivity(relief_range=relief, **ECOLOGY, erosivity=rainy)
    # (5 1)^½ 2.24, (5 3)^½ 3.87 twice, 5
    np.testing.assert_array_equal(found[0], [3, 1, 1, 1, 0])
    alone = ecology.erosion_sensitivity(relief_range=relief, **ECOLOGY)
    assert (alone == 0).all()  # one factor is too few


def test_soil_kept_and_lost_add_up_to_what_bare_ground_loses() -> None:
    ones = np.ones((1, 3), np.float32)
    bare = ecology.bare_loss(
        erosivity=ones * 3000, sand=ones * 40, silt=ones * 40, clay=ones * 20, organic=ones * 1.724,
        slope=np.array([[0, 10, 30]], np.float32), evaluation_ecology_rules=RULES, evaluation_spec=DRAFT,
    )  # fmt: skip
    c = np.array([[0.0, 0.25, 1.0]], np.float32)
    kept, lost = ecology.soil_conservation(bare, c), ecology.soil_loss_rate(bare, c)
    np.testing.assert_allclose(kept + lost, bare, rtol=1e-6)
    assert kept[0, 2] == 0
    assert (np.diff(bare[0]) > 0).all()
