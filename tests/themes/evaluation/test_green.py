"""Green network: small land worked by hand, a plan's own numbers, and every way to have no network."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from spatial.checks.green import green_findings
from spatial.engine.crs import transform_shapes
from spatial.engine.geodesy import area_m2, length_m
from spatial.engine.rasters.grids import Grid
from spatial.engine.rasters.stacks import RasterStack, StackLayer
from spatial.errors import RuleError
from spatial.plan.contract import contract_of
from spatial.plan.parts.evaluation import Evaluation, Green
from spatial.plan.rules import read_rules
from spatial.themes.evaluation import green
from spatial.themes.evaluation.green_land import green_lacking, green_land, green_left_out, green_table
from spatial.themes.evaluation.green_web import green_web

CRS, CELL = "EPSG:4547", 50.0
FOREST, FIELD, BUILT, WATER = 3, 16, 20, 19
COVER = read_rules("evaluation_cover")
OWN = Green.model_validate({"core_area": "20 ha", "stone_area": "2 ha", "dispersal": "2 km"})
NO_ROADS = gpd.GeoDataFrame({"grade": []}, geometry=[], crs="EPSG:4490")
LAYERS = {
    function.__name__: function
    for function in (
        green.green_patches, green.green_corridors, green.green_pinches, green.green_gaps,
        green.green_connectivity,
    )
}  # fmt: skip


def stack_of(**layers):
    """A stack over arrays instead of files."""
    held = {Path(f"{name}.tif"): values for name, values in layers.items()}
    shape = next(iter(layers.values())).shape
    grid = Grid(CRS, 500_000.0, 3_850_000.0, CELL, *shape)
    described = {
        name: StackLayer(
            name, "value" if values.dtype.kind == "f" else "class", "", "", "", {}, Path(f"{name}.tif")
        )
        for name, values in layers.items()
    }
    return RasterStack(grid, described, lambda path, block: held[path][block.slices])


def two_forests():
    """Two forests of 20 × 20 cells, 40 cells apart, a wood of 8 × 8 between them, fields all round."""
    cover = np.full((30, 90), FIELD, np.uint8)
    cover[5:25, 3:23] = cover[5:25, 67:87] = FOREST
    cover[11:19, 41:49] = FOREST
    return cover, np.where(cover == FOREST, 1, 3).astype(np.uint8)


def roads_of(grid, *lines, grade="expressway"):
    shapes = transform_shapes(np.array(lines, dtype=object), grid.crs, "EPSG:4490")
    return gpd.GeoDataFrame({"grade": [grade] * len(lines)}, geometry=shapes, crs="EPSG:4490")


def make(stack, own=OWN, roads=NO_ROADS, burnt=None, rules=None):
    spec = Evaluation(green=own)
    table = green_table(rules or read_rules("green"), spec)
    west, south, east, north = stack.grid.bounds
    border = transform_shapes(np.array([shapely.box(west, south, east, north)]), CRS, "EPSG:4490")
    land = green_land(
        evaluation_rasters=stack, evaluation_spec=spec, burnt_shapes=burnt or {}, roads=roads, road_spec=None,
        territory=gpd.GeoDataFrame(geometry=border, crs="EPSG:4490"), green_table=table,
        evaluation_cover_rules=COVER,
    )  # fmt: skip
    web = green_web(land, table)
    layers = {
        "green_patches": green.green_patches(land, web),
        "green_corridors": green.green_corridors(land, web, table),
        "green_pinches": green.green_pinches(land, web, table),
        "green_gaps": green.green_gaps(land, web, table, COVER, spec),
        "green_connectivity": green.green_connectivity(land, web, table),
    }
    for name, frame in layers.items():
        contract_of(LAYERS[name]).schema(name).validate(frame)
    judged = {name: frame for name, frame in layers.items() if name != "green_pinches"}
    given = {
        "evaluation_spec": spec,
        "green_left_out": green_left_out(land),
        "green_lacking": green_lacking(land),
    }
    found = green_findings(green_table=table, **given, **judged)
    return land, web, layers, {finding.rule: finding for finding in found}


@pytest.fixture(scope="module")
def small():
    cover, importance = two_forests()
    return make(stack_of(ecosystem=cover, ecology_importance=importance))


def test_forests_are_cores_and_the_wood_is_a_stepping_stone(small):
    patches = small[2]["green_patches"]
    assert patches["id"].tolist() == ["core-001", "core-002", "stepping_stone-001"]
    # Opening by two cells rounds the corners off: a few cells less than 20 × 20, none more.
    assert patches["area_ha"].iloc[0] == pytest.approx(100, rel=0.05)
    assert patches["area_ha"].to_numpy() == pytest.approx(
        area_m2(patches.geometry.to_numpy()) / 1e4, rel=1e-4
    )


def test_corridors_lead_from_patch_to_patch_over_fields(small):
    corridors = small[2]["green_corridors"]
    assert corridors["id"].tolist() == ["core-001--stepping_stone-001", "core-002--stepping_stone-001"]
    assert set(corridors["kind"]) == {"backbone"}
    # Eighteen or so cells of fields at 30, straight across: some 19 steps of 50 m between middles.
    assert corridors["length_m"].to_numpy() == pytest.approx([19 * CELL] * 2, abs=1.5 * CELL)
    assert corridors["length_m"].to_numpy() == pytest.approx(length_m(corridors.geometry.to_numpy()))
    assert corridors["cost"].to_numpy() == pytest.approx(18 * CELL * 30 + CELL, rel=0.06)
    np.testing.assert_allclose(corridors["chance"], 0.5 ** (corridors["cost"] / (2000 * 10)))
    assert (corridors["chance_restored"] > corridors["chance"]).all()


def test_indices_are_those_of_the_patches_and_corridors_by_hand(small):
    land, _, layers, _ = small
    patches, corridors = layers["green_patches"], layers["green_corridors"]
    a, b, stone = patches["area_ha"]
    p, q = corridors["chance"]
    by_hand = a * a + b * b + stone * stone + 2 * (a * stone * p + b * stone * q + a * b * p * q)
    table = layers["green_connectivity"].set_index("id")
    assert table.loc["present", "pc"] == pytest.approx(by_hand / land.region_ha**2)
    assert land.region_ha == pytest.approx(30 * 90 * CELL**2 / 1e4, rel=1e-3)
    # Out of reach (27 000 against 20 000) no link counts for IIC.
    assert table.loc["present", "iic"] == pytest.approx((a * a + b * b + stone * stone) / land.region_ha**2)
    assert table.loc["present", "parts"] == 3
    assert table.loc["restored", "parts"] == 1
    assert table.loc["cores_only", "pc"] < table.loc["present", "pc"] < table.loc["restored", "pc"]


def test_what_is_to_be_restored_first_is_what_gains_most(small):
    _, _, layers, found = small
    corridors = layers["green_corridors"]
    assert (corridors["gain"] > 0).all()
    assert found["green.first"].feature_id == corridors.loc[corridors["gain"].idxmax(), "id"]
    table = layers["green_connectivity"].set_index("id")["pc"]
    assert corridors["gain"].max() < 100 * (table["restored"] / table["present"] - 1)


def test_lonely_cores_and_parts_are_found(small):
    found = small[3]
    assert found["green.isolated_core"].feature_id in ("core-001", "core-002")
    assert found["green.parts"].value == 3
    assert found["green.basis"].value > 40
    assert "green.built" not in found


def test_farther_dispersal_joins_them():
    cover, importance = two_forests()
    far = OWN.model_copy(update={"dispersal_m": 4000.0})
    _, _, layers, found = make(stack_of(ecosystem=cover, ecology_importance=importance), far)
    assert layers["green_connectivity"].set_index("id").loc["present", "parts"] == 1
    assert "green.isolated_core" not in found
    assert layers["green_patches"]["links"].tolist() == [1, 1, 2]


def test_a_road_is_a_gap_and_cuts_what_it_runs_through():
    cover, importance = two_forests()
    stack = stack_of(ecosystem=cover, ecology_importance=importance)
    west, south, _, north = stack.grid.bounds
    between = shapely.LineString([(west + 31.5 * CELL, south), (west + 31.5 * CELL, north)])
    through = shapely.LineString([(west + 76.5 * CELL, south), (west + 76.5 * CELL, north)])
    _, _, layers, _ = make(stack, roads=roads_of(stack.grid, between, through))
    assert len(layers["green_patches"]) == 4
    gaps = layers["green_gaps"]
    assert set(gaps["kind"]) == {"road"}
    assert set(gaps["barrier"]) == {"高速公路"}
    assert gaps["length_m"].to_numpy() == pytest.approx([CELL] * len(gaps), rel=0.2)
    crossed = gaps["corridor"].tolist()
    assert len(crossed) == 2
    plain = make(stack)[2]["green_corridors"].set_index("id")["cost"]
    dear = layers["green_corridors"]["cost"]
    assert dear.max() > plain.max() + 300 * CELL


def test_a_road_that_is_skipped_is_no_barrier():
    cover, importance = two_forests()
    stack = stack_of(ecosystem=cover, ecology_importance=importance)
    west, south, _, north = stack.grid.bounds
    ferry = shapely.LineString([(west + 31.5 * CELL, south), (west + 31.5 * CELL, north)])
    assert make(stack, roads=roads_of(stack.grid, ferry, grade="ferry"))[2]["green_gaps"].empty
    other = make(stack, roads=roads_of(stack.grid, ferry, grade="机耕道"))[2]["green_gaps"]
    assert set(other["barrier"]) == {"其他道路"}


def test_a_road_that_ends_at_the_border_leaves_no_gate():
    """A road cut a little short of the border: all ways between the forests must still cross it."""
    cover, importance = two_forests()
    stack = stack_of(ecosystem=cover, ecology_importance=importance)
    west, south, _, north = stack.grid.bounds
    x = west + 31.5 * CELL
    short = shapely.LineString([(x, south + 2.4 * CELL), (x, north - 2.4 * CELL)])
    land, _, _, _ = make(stack, roads=roads_of(stack.grid, short))
    assert (land.road[:, 31] > 0).all()


def test_built_land_across_all_ways_is_told_with_its_length():
    cover, importance = two_forests()
    cover[:, 28:36] = BUILT
    _, _, layers, found = make(stack_of(ecosystem=cover, ecology_importance=importance))
    gap = layers["green_gaps"].iloc[0]
    assert (gap["kind"], gap["barrier_en"]) == ("built", "Built land")
    assert gap["length_m"] == pytest.approx(8 * CELL, rel=0.02)
    assert found["green.built"].value == pytest.approx(8 * CELL, rel=0.02)
    assert found["green.built"].limit == 200


def test_given_built_land_counts_as_built():
    cover, importance = two_forests()
    stack = stack_of(ecosystem=cover, ecology_importance=importance)
    west, south, _, north = stack.grid.bounds
    town = (shapely.box(west + 28 * CELL, south, west + 36 * CELL, north),)
    assert "green.built" in make(stack, burnt={"existing_urban": town})[3]


def test_a_gate_in_a_town_is_a_severe_pinch():
    cover, importance = two_forests()
    cover[:, 28:36] = BUILT
    cover[14, 28:36] = FOREST
    _, _, layers, _ = make(stack_of(ecosystem=cover, ecology_importance=importance))
    pinches = layers["green_pinches"]
    severe = pinches[pinches["severity"] == "severe"]
    assert severe["corridor"].unique().tolist() == ["core-001--stepping_stone-001"]
    assert severe["width_m"].min() == pytest.approx(CELL, rel=0.05)
    assert severe["length_m"].max() >= 8 * CELL
    row = layers["green_corridors"].set_index("id").loc["core-001--stepping_stone-001"]
    assert row["width_m"] == pytest.approx(severe["width_m"].min())


def test_reserves_add_patches_where_importance_says_nothing():
    cover, importance = two_forests()
    importance[:, 67:] = 3
    stack = stack_of(ecosystem=cover, ecology_importance=importance)
    west, south, east, north = stack.grid.bounds
    reserve = (shapely.box(west + 60 * CELL, south, east, north),)
    assert (make(stack)[2]["green_patches"]["kind"] == "core").sum() == 1
    patches = make(stack, burnt={"protection": reserve})[2]["green_patches"]
    assert (patches["kind"] == "core").sum() == 2


def test_importance_alone_and_ecosystems_alone_both_make_a_network():
    cover, importance = two_forests()
    for lacks, stack in (
        (("ecology_importance", "slope", "roads"), stack_of(ecosystem=cover)),
        (("ecosystem", "slope", "roads"), stack_of(ecology_importance=importance)),
    ):
        land, _, layers, found = make(stack)
        patches = layers["green_patches"]
        assert land.lacking == lacks
        assert "green.lacking" in found
        assert patches["kind"].tolist() == ["core", "core", "stepping_stone"]


def test_steep_land_resists_more():
    cover, importance = two_forests()
    flat, steep = (np.full(cover.shape, degrees, np.float32) for degrees in (5, 40))
    costs = [
        make(stack_of(ecosystem=cover, ecology_importance=importance, slope=slope))[2]["green_corridors"][
            "cost"
        ]
        for slope in (flat, steep)
    ]
    assert costs[1].to_numpy() == pytest.approx(2 * costs[0].to_numpy(), rel=1e-6)


def test_large_rasters_are_worked_on_larger_cells_and_say_so():
    cover, importance = (np.kron(part, np.ones((4, 4), np.uint8)) for part in two_forests())
    rules = read_rules("green").override({"grid.most": 3000, "source.opening": 100})
    land, _, layers, _ = make(stack_of(ecosystem=cover, ecology_importance=importance), rules=rules)
    assert land.grid.cell_m == 4 * CELL
    assert layers["green_connectivity"]["cell_m"].unique().tolist() == [4 * CELL]
    assert layers["green_patches"]["kind"].tolist()[:2] == ["core", "core"]


@pytest.mark.parametrize("most", [10**6, 9000])
def test_strips_of_any_height_give_the_same_land(most, monkeypatch):
    cover, importance = (np.kron(part, np.ones((3, 3), np.uint8)) for part in two_forests())
    slope = np.random.default_rng(4).uniform(0, 50, cover.shape).astype(np.float32)
    stack = stack_of(ecosystem=cover, ecology_importance=importance, slope=slope)
    rules = read_rules("green").override({"grid.most": most})
    _, south, east, north = stack.grid.bounds
    burnt = {
        name: (shapely.box(east - 2000, south + 500, east - 900, north),)
        for name in ("protection", "existing_urban")
    }
    whole = make(stack, rules=rules, burnt=burnt)[0]
    monkeypatch.setattr("spatial.themes.evaluation.green_land._STRIP", 7)
    strips = make(stack, rules=rules, burnt=burnt)[0]
    for name in ("resistance", "cover", "label"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(strips, name))
    np.testing.assert_array_equal(whole.cover[0, 0], FIELD)


def test_too_many_stepping_stones_are_left_out_and_told():
    cover, importance = two_forests()
    cover[:6, 30:40] = cover[24:, 30:40] = FOREST
    importance[cover == FOREST] = 1
    rules = read_rules("green").override({"stone.most": 1})
    _, _, layers, found = make(stack_of(ecosystem=cover, ecology_importance=importance), rules=rules)
    assert (layers["green_patches"]["kind"] == "stepping_stone").sum() == 1
    assert found["green.left_out"].value == 2


def test_land_without_any_patch_says_so():
    cover = np.full((20, 20), FIELD, np.uint8)
    _, _, layers, found = make(stack_of(ecosystem=cover, ecology_importance=np.full((20, 20), 3, np.uint8)))
    assert all(frame.empty for frame in layers.values())
    assert found["green.no_core"].severity == "warning"


def test_one_core_alone_is_no_network_but_no_fault():
    cover = np.full((40, 40), FIELD, np.uint8)
    cover[5:30, 5:30] = FOREST
    _, _, layers, found = make(stack_of(ecosystem=cover))
    assert len(layers["green_patches"]) == 1
    assert layers["green_patches"]["dpc"].tolist() == [100.0]
    assert layers["green_corridors"].empty
    assert "green.isolated_core" not in found


def test_without_an_evaluation_there_is_nothing():
    table = green_table(read_rules("green"), None)
    nothing = green_land(
        evaluation_rasters=None, evaluation_spec=None, burnt_shapes={}, roads=NO_ROADS, road_spec=None,
        territory=NO_ROADS, green_table=table, evaluation_cover_rules=COVER,
    )  # fmt: skip
    assert nothing is None
    assert green_web(None, table) is None
    assert green.green_patches(None, None).empty
    assert green.green_corridors(None, None, table).empty
    assert green.green_pinches(None, None, table).empty
    assert green.green_gaps(None, None, table, COVER, None).empty
    empty = green.green_connectivity(None, None, table)
    assert empty.empty
    frames = {name: gpd.GeoDataFrame() for name in ("green_patches", "green_corridors", "green_gaps")}
    given = {"green_table": table, "green_left_out": None, "green_lacking": (), "green_connectivity": empty}
    assert green_findings(evaluation_spec=None, **given, **frames) == []
    (found,) = green_findings(evaluation_spec=Evaluation(), **given, **frames)
    assert found.rule == "green.not_made"


def test_a_plans_resistance_is_taken_and_told():
    cover, importance = two_forests()
    own = OWN.model_copy(update={"resistance": {"dry_land": 10.0, "road.trunk": 500.0}})
    stack = stack_of(ecosystem=cover, ecology_importance=importance)
    cheap, plain = make(stack, own), make(stack)
    assert cheap[2]["green_corridors"]["cost"].max() < 0.4 * plain[2]["green_corridors"]["cost"].max()
    assert "resistance.dry_land" in cheap[3]["green.basis"].message_en


def test_resistance_of_what_there_is_not_is_refused():
    spec = Evaluation(green=Green(resistance={"jungle": 3.0}))
    with pytest.raises(RuleError, match=r"evaluation\.green.*resistance\.jungle"):
        green_table(read_rules("green"), spec)


@pytest.mark.parametrize(
    "own",
    [{"core_area": "10 ha", "stone_area": "20 ha"}, {"dispersal": "0 m"}, {"resistance": {"dry_land": 0}}],
)
def test_numbers_that_cannot_be_are_refused(own):
    with pytest.raises(ValueError, match=r"smaller than|greater than"):
        Green.model_validate(own)


def test_the_same_land_gives_the_same_layers(small):
    cover, importance = two_forests()
    again = make(stack_of(ecosystem=cover, ecology_importance=importance))
    for name, frame in small[2].items():
        assert frame.equals(again[2][name]), name
