"""The evaluation from factors to suitability, carrying scale, robustness and explanations, from end to end."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from scipy.ndimage import gaussian_filter
from typer.testing import CliRunner

from spatial.cli import app
from spatial.engine.geodesy import area_m2
from spatial.engine.rasters.grids import Block, measure_cells
from spatial.errors import PlanError, RuleError
from spatial.grading.robustness import draw_runs, is_movable, move_rule
from spatial.grading.wholes import join_stack
from spatial.inputs import RULE_TABLES
from spatial.pipeline import Build, build_plan, check_plan
from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.rules import read_rules
from spatial.studies.explain import RESULTS, explain_place, trace_cell

rasterio = pytest.importorskip("rasterio")

BORDER = shapely.Polygon([(114.0, 35.0), (114.06, 35.0), (114.06, 35.04), (114.03, 35.05), (114.0, 35.04)])
PARK = shapely.box(114.04, 35.02, 114.055, 35.035)
ROWS, COLUMNS, STEP = 110, 130, 0.0008
RANGES = {
    "elevation": (12, 100, 700), "rain": (30, 350, 900), "evaporation": (30, 300, 700),
    "accumulated_temperature": (30, 3500, 5000), "vegetation": (6, 0, 1), "silt": (8, 20, 85),
    "sand": (9, 20, 60), "clay": (9, 5, 20), "organic": (9, 0.5, 3), "erosivity": (25, 80, 900),
    "air_calm": (20, 0.02, 0.4), "geology_hazard": (10, 1, 5),
}  # fmt: skip
CLASSES = ("geology_hazard", "landcover")
TABLES = {node: read_rules(table) for node, table in RULE_TABLES.items()}


def write_raster(file: Path, cells: np.ndarray) -> None:
    place = rasterio.transform.Affine(STEP, 0, 113.98, 0, -STEP, 35.07)
    kept = {"driver": "GTiff", "height": ROWS, "width": COLUMNS, "count": 1, "dtype": cells.dtype}
    with rasterio.open(file, "w", transform=place, crs="EPSG:4490", **kept) as raster:
        raster.write(cells, 1)


def write_plan(folder: Path, *, more: str = "", names: tuple[str, ...] = (*RANGES, "landcover")) -> Path:
    factors = "".join(
        f"    {name}: {{source: {name}{', scheme: worldcover' if name == 'landcover' else ''}}}\n"
        for name in names
    )
    sources = "".join(f"  {name}: {{file: {name}.tif, licence: x}}\n" for name in names)
    text = (
        "name: hills\ntitle: {zh: 山村, en: Hills}\nyear: 2035\n"
        "territory: {source: border, name: {zh: 山村, en: Hills}}\n"
        f"evaluation:\n  cell: 100 m\n  runs: 4\n{more}  factors:\n{factors}"
        "sources:\n  border: {file: border.gpkg, licence: x}\n  park: {file: park.gpkg, licence: x}\n"
        + sources
    )
    (folder / "plan.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def hills(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with rasters of all factors: smooth noise, the same at every run."""
    folder = tmp_path_factory.mktemp("hills")
    gpd.GeoDataFrame({"name": ["山村"]}, geometry=[BORDER], crs=4490).to_file(folder / "border.gpkg")
    gpd.GeoDataFrame({"name": ["园"]}, geometry=[PARK], crs=4490).to_file(folder / "park.gpkg")
    chance = np.random.default_rng(7)
    for name, (smooth, least, most) in RANGES.items():
        cells = gaussian_filter(chance.normal(size=(ROWS, COLUMNS)), smooth / 2)
        cells = least + (most - least) * (cells - cells.min()) / np.ptp(cells)
        if name == "elevation":
            cells += 600 * np.linspace(0, 1, COLUMNS) ** 2
        cells = np.round(cells).astype(np.uint8) if name in CLASSES else cells.astype(np.float32)
        write_raster(folder / f"{name}.tif", cells)
    cover = np.where(chance.normal(size=(ROWS, COLUMNS)) > 0, 10, 40).astype(np.uint8)
    cover[60:70, 40:60] = 50
    write_raster(folder / "landcover.tif", cover)
    return folder


MORE = (
    "  profile: 2020-trial\n  protection: park\n  targets: {population: 200000}\n"
    "  carrying: {water: {total_m3: 8.0e6, farming_share: 0.6, irrigation_m3_ha: 4500, urban_share: 0.3,"
    " per_head_m3: 60}}\n"
)


BESIDES = ("evaluation_inputs", "evaluation_stack", "assessment_stack")


@pytest.fixture(scope="module")
def made(hills: Path) -> Build:
    return check_plan(
        write_plan(hills, more=MORE),
        besides=BESIDES,
    )


@pytest.mark.parametrize("profile", ["2020-trial", "2019-draft"])
def test_what_is_explained_is_what_the_rasters_say(hills: Path, profile: str) -> None:
    build = check_plan(
        write_plan(hills, more=MORE.replace("2020-trial", profile)),
        besides=BESIDES,
    )
    inputs, first, second = (build.besides[name] for name in BESIDES)
    joined = join_stack(inputs, first)
    inside = np.argwhere(second.read("farming_suitability") > 0)
    for row, column in np.random.default_rng(3).choice(inside, 12, replace=False):
        cell = Block(int(row), int(column), 1, 1)
        told = trace_cell(cell, first.grid, inputs, lambda _: joined)
        x, y = first.grid.left + (column + 0.5) * 100, first.grid.top - (row + 0.5) * 100
        stored = first.at(x, y) | second.at(x, y)
        for name, value in stored.items():
            assert told.results[name] == pytest.approx(value), name
        last = {note.layer: note.result for note in told.notes}
        for name in RESULTS:
            assert last[name] == stored[name]


def test_the_command_tells_every_step_in_both_languages(hills: Path) -> None:
    write_plan(hills, more=MORE)
    done = CliRunner().invoke(app, ["explain", str(hills), "--at", "114.03,35.02"])
    assert done.exit_code == 0, done.output
    for part in ("高程 Elevation:", "判别矩阵 matrix: land", "可信度 confidence", "结论 Results",
                 "农业生产适宜性 Suitability for farming:", "缺数据，跳过 no data, skipped"):  # fmt: skip
        assert part in done.output


@pytest.mark.parametrize(
    ("at", "told"),
    [("35.0,114.0", "is no place"), ("here", "is no place"), ("113,35", "outside the territory")],
)
def test_a_place_that_cannot_be_explained_is_refused(hills: Path, at: str, told: str) -> None:
    with pytest.raises(PlanError, match=told):
        explain_place(write_plan(hills, more=MORE), at)


def test_areas_of_each_result_add_up_to_the_territory(made: Build) -> None:
    balance = made.layers["suitability_balance"]
    totals = balance.groupby("result")["area_ha"].sum()
    assert len(totals) == 5
    assert totals.to_numpy() == pytest.approx(totals.iloc[0], rel=1e-9)
    assert totals.iloc[0] == pytest.approx(area_m2([BORDER])[0] / 1e4, rel=0.005)  # whole cells
    assert balance.groupby("result")["share"].sum().to_numpy() == pytest.approx(1)


def test_the_short_board_is_the_least(made: Build) -> None:
    carrying = made.layers["carrying_capacity"].set_index("id")
    assert carrying.loc["farmland-water", "value"] == pytest.approx(8e6 * 0.6 / 4500)
    assert carrying.loc["urban_population-water", "value"] == pytest.approx(40_000)
    assert carrying.loc["urban_land-water", "value"] == pytest.approx(400)
    stack = made.rasters
    assert stack is not None
    counted = np.isin(stack.read("farming_suitability"), (1, 2)) & (stack.read("ecology_importance") != 1)
    # Built land, water, wetland and ice are no farmland.
    counted &= ~np.isin(stack.read("ecosystem"), (18, 19, 20, 23))
    area = measure_cells(stack.grid, stack.grid.whole)[counted].sum() / 1e4
    assert carrying.loc["farmland-land", "value"] == pytest.approx(area)
    assert "不可相加" in carrying.loc["farmland-land", "basis"]
    assert "not to be added" in carrying.loc["urban_land-land", "basis_en"]
    for _, rows in carrying.groupby("item"):
        assert rows["value"][rows["shortest"]].min() == rows["value"].min()
        assert rows["shortest"].any()
    rules = set(made.findings["rule"])
    assert {"carrying.short_board", "carrying.exceeded", "evaluation.unverified_rules"} <= rules


def test_the_park_is_extremely_important(made: Build) -> None:
    stack = made.rasters
    assert stack is not None
    from spatial.engine.crs import transform_shapes

    ((west, south, east, north),) = [
        shape.bounds for shape in transform_shapes([PARK.buffer(-0.002)], "EPSG:4490", stack.grid.crs)
    ]
    rows = slice(int((stack.grid.top - north) / 100), int((stack.grid.top - south) / 100))
    columns = slice(int((west - stack.grid.left) / 100), int((east - stack.grid.left) / 100))
    assert (stack.read("ecology_importance")[rows, columns] == 1).all()


def test_stability_is_a_share_of_runs_and_missing_where_the_result_is(made: Build) -> None:
    stack = made.rasters
    assert stack is not None
    for group in ("farming", "urban", "ecology"):
        stable = stack.read(f"{group}_stability")
        result = stack.read("ecology_importance" if group == "ecology" else f"{group}_suitability")
        np.testing.assert_array_equal(np.isnan(stable), result == 0)
        shares = np.unique(stable[~np.isnan(stable)])
        assert np.isin(shares, np.arange(5) / np.float32(4)).all()
        assert len(shares) > 1


def test_rules_that_were_used_are_moved_one_at_a_time(made: Build) -> None:
    table = made.layers["suitability_sensitivity"].set_index("id")
    assert {"farming-slope", "urban-slope", "ecology-retention.shares"} <= set(table.index)
    assert "urban-location.city" not in table.index  # no location is given
    assert ((table["moved_share"] >= 0) & (table["moved_share"] <= 1)).all()
    # Steeper limits leave more suitable land, gentler ones less.
    slope = table.loc["farming-slope"]
    assert slope["low_ha"] <= slope["best_ha"] <= slope["high_ha"]
    assert table.loc["farming-slope", "moved_share"] > 0


def test_a_plan_with_heights_alone_skips_and_tells(hills: Path, tmp_path: Path) -> None:
    for name in ("border.gpkg", "elevation.tif", "park.gpkg"):
        (tmp_path / name).write_bytes((hills / name).read_bytes())
    build = build_plan(write_plan(tmp_path, names=("elevation",)), tmp_path / "out")
    stack = build.rasters
    assert stack is not None
    assert "farming_suitability" in stack
    assert "farming_water" not in stack
    assert "retention_importance" not in stack
    np.testing.assert_array_equal(stack.read("farming_land"), stack.read("farming_slope"))
    missing = build.findings[build.findings["rule"] == "evaluation.missing_factors"].set_index("feature_id")
    assert missing.loc["farming", "value"] == 6
    assert "heat is left out" in missing.loc["farming", "message_en"]
    ungraded = build.findings[build.findings["rule"] == "evaluation.ungraded"]
    assert "ecology_importance-0" in set(ungraded["feature_id"])
    assert (tmp_path / "out" / "rasters" / "farming_suitability.tif").is_file()


def test_holes_of_the_heights_stay_missing_to_the_end(hills: Path, tmp_path: Path) -> None:
    for name in ("border.gpkg", "elevation.tif", "rain.tif", "park.gpkg"):
        (tmp_path / name).write_bytes((hills / name).read_bytes())
    with rasterio.open(tmp_path / "elevation.tif", "r+") as raster:
        cells = raster.read(1)
        cells[55:60, 50:60] = np.nan
        raster.write(cells, 1)
    stack = check_plan(write_plan(tmp_path, names=("elevation", "rain"))).rasters
    assert stack is not None
    inside = ~np.isnan(stack.read("evaluation_support"))
    hole = inside & np.isnan(stack.read("slope"))
    assert hole.sum() > 20
    for name in ("farming_land", "farming_grade", "farming_suitability", "urban_suitability"):
        np.testing.assert_array_equal(inside & (stack.read(name) == 0), hole)
    assert np.isnan(stack.read("farming_stability")[hole]).all()
    support = stack.read("evaluation_support")
    assert set(support[hole]) == {1}  # the rain
    assert set(support[inside & ~hole]) == {3}  # rain and the slope for both uses


def test_land_without_land_cover_is_not_graded_for_ecology(hills: Path, tmp_path: Path) -> None:
    names = (*RANGES, "landcover")
    for name in ("border.gpkg", "park.gpkg", *(f"{name}.tif" for name in names)):
        (tmp_path / name).write_bytes((hills / name).read_bytes())
    with rasterio.open(tmp_path / "landcover.tif", "r+") as raster:
        cells = raster.read(1)
        cells[:, COLUMNS // 2 :] = 0  # the park lies in this half
        raster.write(cells, 1)
    build = check_plan(write_plan(tmp_path, names=names, more=MORE))
    stack = build.rasters
    assert stack is not None
    inside = ~np.isnan(stack.read("evaluation_support"))
    bare = inside & (stack.read("ecosystem") == 0)
    importance = stack.read("ecology_importance")
    assert 0.3 < bare.sum() / inside.sum() < 0.7
    assert set(np.unique(importance[bare])) == {0, 1}
    park = stack.read("biodiversity_importance") == 1
    assert (importance[bare & park] == 1).all()
    assert set(np.unique(importance[inside & ~bare])) == {1, 2, 3}
    assert (stack.read("land_conflict")[bare] == 0).all()
    found = build.findings.set_index("feature_id")
    assert found.loc["ecology_importance-0", "value"] == pytest.approx(
        (inside & (importance == 0)).sum() / inside.sum(), rel=0.01
    )
    shares = build.findings[build.findings["rule"] == "evaluation.partial_shares"]
    assert set(shares["feature_id"]) == {"retention"}
    assert "50 % / 80 %" in shares["message_en"].iloc[0]


def test_breaks_that_no_rule_knows_are_refused(hills: Path) -> None:
    with pytest.raises((PlanError, RuleError), match=r"farming.slope|has no such row"):
        check_plan(write_plan(hills, more=MORE + "  breaks: {farming.slop: [1, 2]}\n"))


def test_runs_come_from_the_seed() -> None:
    one, two, three = (
        draw_runs(Evaluation(runs=2, seed=seed), TABLES, {})[1]["evaluation_farming_rules"]
        for seed in (1, 1, 2)
    )
    assert one == two
    assert one != three


def test_only_limits_of_amounts_are_moved() -> None:
    table = read_rules("evaluation_farming").of("2020-trial")
    movable = {rule.key for rule in table.rules if is_movable(rule)}
    assert {"slope", "silt", "concentration", "unsuitable.slope"} <= movable
    assert movable.isdisjoint({"matrix.land_water", "class", "unsuitable.water", "unsuitable.soil_capacity"})
    moved = move_rule(table["slope"], [2, 0.5, 1, 1])  # 4, 3, … would not rise, so all double
    assert moved.value.breaks == (4, 12, 30, 50)
    assert move_rule(table["unsuitable.slope"], [1.1]).value == pytest.approx(27.5)
