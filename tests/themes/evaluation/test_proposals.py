"""Proposed zones and lines: partitions whatever is given, given land kept, aims followed, the same each time.

The country is made up: mountains in the north, a plain with a town in the south, hills between; every count of
the hand-worked case is done by hand in its comment.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.ndimage import gaussian_filter

from spatial.checks.proposals import proposal_findings
from spatial.engine.areas import straight_area_m2
from spatial.engine.crs import transform_shapes
from spatial.engine.rasters.grids import Grid
from spatial.errors import RuleError
from spatial.plan.findings import Finding
from spatial.plan.parts.evaluation import Evaluation, Targets
from spatial.plan.proposals import settle_choices
from spatial.plan.rules import read_rules
from spatial.plan.zoning import settle_zoning
from spatial.themes.evaluation.drafts import CODES, proposal_drafts
from spatial.themes.evaluation.faces import proposal_faces
from spatial.themes.evaluation.grounds import GIVEN
from spatial.themes.evaluation.proposals import proposed_growth, proposed_lines, proposed_zones
from spatial.themes.evaluation.tradeoffs import (
    proposal_balance,
    proposal_comparison,
    proposal_lacking,
    proposal_transfers,
)

ROWS, COLUMNS, CELL = 150, 180, 50.0
GRID = Grid("EPSG:4546", 500_000.0, 3_880_000.0, CELL, ROWS, COLUMNS)
TABLES = [read_rules(name) for name in ("proposals", "evaluation_capacity", "evaluation_cover")]
ZONING = settle_zoning(None, None, read_rules("zones"), read_rules("lines"))
TARGETS = {"population": 17_000, "land_per_head": "100 m2"}
FIELD, FOREST, TOWN = 16, 3, 20


def place(shape: shapely.Geometry) -> shapely.Geometry:
    """Return a shape drawn in cells, from the upper left corner, in longitude and latitude."""
    metres = shapely.transform(shape, lambda xy: xy * [CELL, -CELL] + [GRID.left, GRID.top])
    return transform_shapes([metres], GRID.crs, "EPSG:4490")[0]


BORDER = shapely.Polygon([(6, 5), (170, 8), (174, 100), (150, 144), (60, 140), (8, 120)])
PARK = shapely.Polygon([(30, 12), (70, 10), (74, 33), (40, 36)])
TOWNS = [
    shapely.Point(110, 105).buffer(11),
    shapely.Point(60, 110).buffer(7.5),
    shapely.Point(140, 70).buffer(1.5),
]
APPROVED = shapely.Polygon([(76, 80), (95, 78), (97, 95), (80, 99)])


def burn(shapes: list[shapely.Geometry]) -> np.ndarray:
    row, column = np.indices(GRID.shape)
    found = np.zeros(GRID.shape, dtype=np.uint8)
    for shape in shapes:
        found |= shapely.contains_xy(shape, column + 0.5, row + 0.5).astype(np.uint8)
    return found


@cache
def make_country() -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return layers of the evaluation and masks of given land."""
    chance = np.random.default_rng(11)

    def noise(width: float) -> np.ndarray:
        field = gaussian_filter(chance.normal(size=GRID.shape), width)
        return field / field.std()

    north = 1 - np.indices(GRID.shape)[0] / ROWS
    height = north * 5 + 0.7 * noise(9)
    masks = {
        "inside": burn([BORDER]), "protection": burn([PARK]),
        "existing_urban": burn(TOWNS), "approved_farmland": burn([APPROVED]),
    }  # fmt: skip
    ecosystem = np.where(height > 2.6 + 0.5 * noise(3), FOREST, FIELD)
    ecosystem = np.where(masks["existing_urban"] > 0, TOWN, ecosystem)
    layers = {
        "ecology_importance": np.digitize(-height - 0.4 * noise(4), [-3.4, -2.6]) + 1,
        "farming_concentrated": np.clip(np.round(height + 0.6 * noise(4)), 1, 5),
        "urban_concentrated": np.clip(np.round(height + 0.5 * noise(6)), 1, 5),
        "ecosystem": ecosystem,
    }
    layers["farming_suitability"] = np.digitize(layers["farming_concentrated"], [3, 5]) + 1
    return {name: cells.astype(np.uint8) for name, cells in layers.items()}, masks


class Stack:
    """As much of a stack of rasters as proposals ask for."""

    def __init__(self, layers: dict[str, np.ndarray], grid: Grid = GRID) -> None:
        self.layers, self.grid = layers, grid

    def __contains__(self, name: str) -> bool:
        return name in self.layers

    def read(self, name: str) -> np.ndarray:
        return self.layers[name]


def frame_given(shapes: dict[str, list[shapely.Geometry]]) -> gpd.GeoDataFrame:
    rows = [(GIVEN[name], name, False, place(shape)) for name, many in shapes.items() for shape in many]
    columns = ["target", "source", "illustrative", "geometry"]
    frame = gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs="EPSG:4490")
    return frame.astype({"illustrative": bool})


TERRITORY = gpd.GeoDataFrame({"illustrative": [False]}, geometry=[place(BORDER)], crs="EPSG:4490")
SHAPES = {"approved_farmland": [APPROVED], "protection": [PARK], "existing_urban": TOWNS}
NO_BALANCE = pd.DataFrame({"section": ["line"], "key": ["urban_boundary"], "area_ha": [1234.0]})


def propose(
    *, without: tuple[str, ...] = (), edges: tuple[shapely.Geometry, ...] = (), **spec: Any
) -> SimpleNamespace:
    """Run all that makes proposals; `spec` is the plan's evaluation."""
    layers, masks = make_country()
    stack = Stack({name: cells for name, cells in layers.items() if name not in without})
    masks = {name: cells for name, cells in masks.items() if name not in without}
    given = frame_given({name: shapes for name, shapes in SHAPES.items() if name not in without})
    targets = Targets(**(TARGETS | spec.pop("targets", {})))
    choices = settle_choices(Evaluation(targets=targets, **spec), *TABLES)
    drafts = proposal_drafts(stack, masks, choices, ZONING)
    faces = proposal_faces(
        proposal_drafts=drafts, evaluation_rasters=stack, proposal_edges=edges, given_land=given,
        evaluation_rough=False, territory=TERRITORY, zoning=ZONING,
    )  # fmt: skip
    zones, lines, growth = proposed_zones(faces), proposed_lines(faces), proposed_growth(faces)
    balance = proposal_balance(
        proposal_faces=faces, proposed_zones=zones, proposed_lines=lines, proposed_growth=growth,
        given_land=given, territory=TERRITORY, zone_balance=NO_BALANCE,
    )  # fmt: skip
    findings = proposal_findings(
        proposal_choices=choices, proposal_lacking=proposal_lacking(drafts), proposal_balance=balance,
        proposed_zones=zones, proposed_lines=lines, territory=TERRITORY,
    )  # fmt: skip
    return SimpleNamespace(
        choices=choices, drafts=drafts, faces=faces, zones=zones, lines=lines, growth=growth,
        balance=balance, transfers=proposal_transfers(faces), findings=findings,
    )  # fmt: skip


@pytest.fixture(scope="module")
def made() -> SimpleNamespace:
    return propose()


def land(frame: gpd.GeoDataFrame, alternative: str, **where: str) -> gpd.GeoDataFrame:
    found = frame[frame["alternative"] == alternative]
    for column, value in where.items():
        found = found[found[column] == value]
    return found


def ask(made: SimpleNamespace, alternative: str, key: str, column: str = "area_ha") -> float:
    rows = made.balance[(made.balance["alternative"] == alternative) & (made.balance["key"] == key)]
    assert len(rows) == 1, key
    return float(rows[column].iloc[0])


def rules(findings: list[Finding]) -> set[str]:
    return {finding.rule for finding in findings}


ALTERNATIVES = ("farming_first", "ecology_first", "growth")


@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_zones_tile_the_territory_and_lines_lie_apart_in_their_zones(
    made: SimpleNamespace, alternative: str
) -> None:
    zones, lines = land(made.zones, alternative), land(made.lines, alternative)
    whole = straight_area_m2(TERRITORY.geometry).sum()
    assert abs(straight_area_m2(zones.geometry).sum() - whole) <= 1
    for frame in (zones, lines, land(made.growth, alternative)):
        assert shapely.is_valid(frame.geometry.to_numpy()).all()
        assert shapely.coverage_is_valid(frame.geometry.to_numpy())
        assert frame["area_ha"].min() > 0.4, "no slivers"
    for line, zone in ZONING.zone_of_line.items():
        held = shapely.union_all(land(made.zones, alternative, zone=zone).geometry.to_numpy())
        beyond = shapely.difference(land(made.lines, alternative, line=line).geometry.to_numpy(), held)
        assert straight_area_m2(beyond).sum() < 1
    assert not {"proposals.partition", "proposals.overlap"} & rules(made.findings)


@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_given_land_is_in_its_line_to_the_last_metre(made: SimpleNamespace, alternative: str) -> None:
    taken = shapely.Polygon()
    kept = {"approved_farmland": [APPROVED], "protection": [PARK], "existing_urban": TOWNS[:2]}
    for name, shapes in kept.items():
        wanted = shapely.union_all([place(shape) for shape in shapes])
        wanted = shapely.intersection(wanted, TERRITORY.geometry.iloc[0])
        line = shapely.union_all(land(made.lines, alternative, line=GIVEN[name]).geometry.to_numpy())
        missed = shapely.difference(shapely.difference(wanted, taken), line)
        assert straight_area_m2([missed]).sum() < 1, name
        taken = shapely.union(taken, wanted)


@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_zones_of_the_boundary_tile_it_and_keep_their_shares(made: SimpleNamespace, alternative: str) -> None:
    parts = land(made.growth, alternative)
    town = land(made.lines, alternative, line="urban_boundary")
    assert parts["area_ha"].sum() == pytest.approx(town["area_ha"].sum(), abs=1e-4)
    core = parts["area_ha"][parts["subzone"] == "concentrated"].sum()
    assert parts["area_ha"][parts["subzone"] == "elastic"].sum() <= 0.1505 * core
    assert parts["area_ha"][parts["subzone"] == "special"].sum() <= 0.1005 * core
    assert town["area_ha"].min() >= 29, "no ring is smaller than 30 ha"
    assert ask(made, alternative, "expansion", "ratio") <= 1.3
    assert ask(made, alternative, "compactness", "ratio") > 0.4


def test_more_growth_and_more_ecology_where_they_come_first(made: SimpleNamespace) -> None:
    red, town, fields = (
        {name: ask(made, name, line) for name in ALTERNATIVES}
        for line in ("ecological_redline", "urban_boundary", "permanent_farmland")
    )
    assert red["ecology_first"] >= red["growth"]
    assert red["ecology_first"] >= red["farming_first"]
    assert town["growth"] > town["farming_first"]
    assert fields["farming_first"] > fields["growth"]
    lost = {name: ask(made, name, "good_farmland_lost") for name in ALTERNATIVES}
    assert lost["growth"] >= lost["farming_first"]


def test_aims_are_reached(made: SimpleNamespace) -> None:
    for name in ALTERNATIVES:
        assert ask(made, name, "farmland") >= 0.99 * ask(made, name, "farmland_aim")
        room = ask(made, name, "boundary_most") * 0.98 / 1.25
        assert ask(made, name, "concentrated_aim") >= min(ask(made, name, "need"), room)
        assert ask(made, name, "concentrated") >= 0.95 * ask(made, name, "concentrated_aim")
    assert "proposals.farmland_short" not in rules(made.findings)


@pytest.mark.parametrize("expansion", [1.02, 1.1, 1.3])
def test_what_stands_never_carries_the_boundary_over_its_limit(expansion: float) -> None:
    """Where built land uses up the limit the reserve shrinks, not the limit."""
    made = propose(targets={"expansion": expansion, "population": None})
    for draft in made.drafts:
        urban = np.isin(draft.classes, [CODES[name] for name in ("concentrated", "elastic", "special")])
        held = np.count_nonzero(urban) * GRID.cell_m**2 / 1e4
        stands = draft.amounts["base"]
        # Beyond what stands, nothing but what rounding fills.
        assert held <= max(draft.amounts["boundary_most"], stands * 1.05)


def test_built_land_and_water_are_cut_out_of_farmland(monkeypatch: pytest.MonkeyPatch) -> None:
    layers, masks = make_country()
    kinds = layers["ecosystem"].copy()
    village, pond, small = (slice(104, 109), slice(74, 80)), (slice(120, 125), slice(90, 95)), (112, 76)
    kinds[village], kinds[pond], kinds[small] = TOWN, 19, TOWN
    monkeypatch.setitem(globals(), "make_country", lambda: (layers | {"ecosystem": kinds}, masks))
    made = propose(targets={"farmland_share": 0.9})
    classes = made.drafts[0].classes
    farmland = CODES["permanent_farmland"]
    around = classes[99:114, 69:85]
    assert np.count_nonzero(around == farmland) > around.size / 3, "the village lies among fields of the line"
    assert not (classes[village] == farmland).any()
    assert not (classes[pond] == farmland).any()
    uncut = (
        propose(targets={"farmland_share": 0.9}, proposals={"farmland.least_cut": 1000.0}).drafts[0].classes
    )
    assert (uncut[village] == farmland).any()
    assert not {"proposals.partition", "proposals.overlap"} & rules(made.findings)


def test_no_patch_of_farmland_is_below_the_least(made: SimpleNamespace) -> None:
    for alternative in ALTERNATIVES:
        for frame in (made.lines, propose(targets={"farmland_share": 0.35}).lines):
            sizes = land(frame, alternative, line="permanent_farmland")["area_ha"]
            assert sizes.min() >= 10


def test_a_larger_target_never_gives_less_farmland() -> None:
    areas = [
        propose(targets={"farmland_share": share}).balance.query("key == 'permanent_farmland'")["area_ha"]
        for share in (0.3, 0.6, 0.9)
    ]
    for less, more in pairwise(areas):
        assert (more.to_numpy() >= less.to_numpy()).all()


def test_the_same_plan_gives_the_same_bytes(made: SimpleNamespace) -> None:
    again = propose()
    for name in ("zones", "lines", "growth"):
        one, other = getattr(made, name), getattr(again, name)
        assert one.geometry.to_wkb().tolist() == other.geometry.to_wkb().tolist()
        assert one["id"].tolist() == other["id"].tolist()
    pd.testing.assert_frame_equal(made.balance, again.balance)


def test_every_name_says_that_it_is_proposed(made: SimpleNamespace) -> None:
    for frame in (made.zones, made.lines, made.growth):
        assert frame["name"].str.endswith("（建议）").all()
        assert frame["name_en"].str.endswith("(proposed)").all()
        assert frame["id"].str.startswith("proposed-").all()
        assert frame["id"].is_unique
    assert "proposals.status" in rules(made.findings)


def test_the_plan_chooses_what_is_recommended() -> None:
    made = propose(alternative="growth")
    assert made.choices[0].alternative == "growth"
    assert set(made.lines["alternative"][made.lines["status"] == "recommended"]) == {"growth"}


def test_the_plans_own_areas_stand_beside(made: SimpleNamespace) -> None:
    assert ask(made, "growth", "urban_boundary", "plan_ha") == 1234.0
    area = ask(made, "growth", "urban_boundary")
    assert ask(made, "growth", "urban_boundary", "difference_ha") == pytest.approx(area - 1234)
    assert np.isnan(ask(made, "growth", "ecological_redline", "plan_ha"))


def test_the_plans_own_boundary_is_held_against_the_base_year(made: SimpleNamespace) -> None:
    row = proposal_comparison(made.balance).set_index("id").loc["measure-expansion"]
    assert row["plan"] == pytest.approx(1234.0 / ask(made, "growth", "base_urban"))


@pytest.mark.parametrize(
    ("without", "line"),
    [
        (("ecology_importance",), "ecological_redline"),
        (("farming_concentrated",), "permanent_farmland"),
        (("existing_urban",), "urban_boundary"),
    ],
)
def test_a_line_without_its_layers_is_left_out_and_said(without: tuple[str, ...], line: str) -> None:
    made = propose(without=without)
    assert line not in set(made.lines["line"])
    assert len(set(made.lines["line"])) == 2
    assert made.zones.empty
    told = [finding for finding in made.findings if finding.rule == "proposals.left_out"]
    assert [finding.feature_id for finding in told] == [line]
    assert not {"proposals.partition", "proposals.overlap"} & rules(made.findings)


def test_without_an_evaluation_there_is_nothing() -> None:
    assert proposal_drafts(None, {}, (), ZONING) == ()
    assert proposed_zones(()).empty
    assert proposed_lines(()).empty
    assert proposal_transfers(()).empty
    empty = proposal_balance(
        proposal_faces=(), proposed_zones=proposed_zones(()), proposed_lines=proposed_lines(()),
        proposed_growth=proposed_growth(()), given_land=frame_given({}), territory=TERRITORY,
        zone_balance=NO_BALANCE,
    )  # fmt: skip
    assert empty.empty


def test_an_aim_beyond_all_fields_is_said_with_what_there_is() -> None:
    made = propose(targets={"farmland_share": 1.0})
    short = [finding for finding in made.findings if finding.rule == "proposals.farmland_short"]
    assert short
    for finding in short:
        name = finding.feature_id.split(".", maxsplit=1)[0]
        assert finding.value == pytest.approx(ask(made, name, "farmland"))
        assert finding.limit == pytest.approx(ask(made, name, "farmland_aim"))
        assert f"{ask(made, name, 'farmland_most'):,.0f}" in finding.message_en


def test_a_need_beyond_the_limit_is_said() -> None:
    made = propose(targets={"population": 90_000})
    assert "proposals.need_short" in rules(made.findings)
    for name in ALTERNATIVES:
        assert ask(made, name, "expansion", "ratio") <= 1.3


def test_a_need_below_what_stands_grows_nothing_but_the_reserve() -> None:
    made = propose(targets={"population": 1000})
    assert "proposals.need_below_built" in rules(made.findings)
    built = ask(made, "growth", "base_urban")
    assert ask(made, "growth", "concentrated") == pytest.approx(built, rel=0.08)


def test_a_base_below_what_stands_breaks_the_limit_and_is_said() -> None:
    made = propose(targets={"base_urban": "0.5 km2"})
    assert "proposals.expansion" in rules(made.findings)


def test_without_people_the_limit_alone_counts_and_that_is_said() -> None:
    made = propose(targets={"population": None})
    assert "proposals.no_population" in rules(made.findings)


def test_small_towns_stay_outside_and_are_counted(made: SimpleNamespace) -> None:
    hamlet = place(TOWNS[2])
    towns = shapely.union_all(land(made.lines, "growth", line="urban_boundary").geometry.to_numpy())
    assert not shapely.intersects(towns, hamlet)
    cells = burn([TOWNS[2]]).sum() * CELL**2 / 1e4
    assert ask(made, "growth", "built_outside") >= cells * 0.99


def test_side_by_side_stand_the_same_numbers(made: SimpleNamespace) -> None:
    table = proposal_comparison(made.balance).set_index("id")
    assert len(table) == made.balance.groupby(["section", "key"]).ngroups
    for name in ALTERNATIVES:
        assert table[name]["line-urban-boundary"] == ask(made, name, "urban_boundary")
        assert table[name]["measure-expansion"] == ask(made, name, "expansion", "ratio")
    assert table["plan"]["line-urban-boundary"] == 1234.0
    assert table["unit"]["measure-expansion"] == "倍 ratio"
    assert proposal_comparison(made.balance.head(0)).empty


def test_transfers_tell_who_lost_land_by_which_rule(made: SimpleNamespace) -> None:
    table = made.transfers
    assert set(table["stage"]) == {"cells", "edges"}
    assert (table["area_ha"] > 0).all()
    assert table["name"].str.contains("→").all()
    ordered = table[table["rule"] == "proposals.order.farming_first"]
    assert (ordered["loser"] != "permanent_farmland").all()
    given = table[(table["stage"] == "cells") & (table["rule"] == "proposals.given")]
    assert "ecological_redline" not in set(given["loser"]) or (given["area_ha"] > 0).all()


def test_lines_follow_a_river_that_is_given() -> None:
    column = np.linspace(0, COLUMNS, 60)
    river = shapely.LineString(np.column_stack([column, 62 + 3 * np.sin(column / 9)]))
    metres = shapely.transform(river, lambda xy: xy * [CELL, -CELL] + [GRID.left, GRID.top])
    plain, along = propose(), propose(edges=(metres,))
    within = shapely.buffer(metres, 1.0)
    shared = []
    for made in (plain, along):
        edges = transform_shapes(shapely.boundary(made.zones.geometry.to_numpy()), "EPSG:4490", GRID.crs)
        shared.append(shapely.length(shapely.intersection(edges, within)).sum())
        whole = straight_area_m2(TERRITORY.geometry).sum()
        for name in ALTERNATIVES:
            assert abs(straight_area_m2(land(made.zones, name).geometry).sum() - whole) <= 1
    assert shared[1] > shared[0] * 2


def test_a_case_worked_by_hand() -> None:
    """Three blocks of 40 × 20 cells of 100 m: forest, good fields, and fields with a town of 6 × 6 cells.

    Forest is extremely important: the red line is its 800 ha. Fields are 1600 - 36 = 1564 cells. Built are
    36 ha; with 1.3 times that and farming first, which uses 0.7 of the increase, the boundary holds at most
    36 × (1 + 0.7 × 0.3) = 43.56 ha. 0.4 × 1.05 of the fields are aimed at: 656.88 ha. Cells are 1 ha in the
    plane; on the ellipsoid they are less by twice the scale of the projection, some 0.01 %.
    """
    grid = Grid("EPSG:4546", 500_000.0, 3_880_000.0, 100.0, 60, 40)
    block = np.repeat([1, 2, 3], 20)[:, None] * np.ones((1, 40), int)
    town = np.zeros(grid.shape, bool)
    town[46:52, 17:23] = True
    layers = {
        "ecology_importance": np.where(block == 1, 1, 3),
        "farming_concentrated": np.choose(block - 1, [5, 1, 3]),
        "farming_suitability": np.choose(block - 1, [3, 1, 2]),
        "urban_concentrated": np.choose(block - 1, [5, 2, 1]),
        "ecosystem": np.where(town, TOWN, np.where(block == 1, FOREST, FIELD)),
    }
    stack = Stack({name: cells.astype(np.uint8) for name, cells in layers.items()}, grid)
    masks = {"inside": np.ones(grid.shape, np.uint8), "existing_urban": town.astype(np.uint8)}
    spec = Evaluation(targets=Targets(farmland_share=0.4, population=5000))
    choices = settle_choices(spec, *TABLES)
    draft = proposal_drafts(stack, masks, choices, ZONING)[0]  # type: ignore[arg-type]
    assert draft.choice.alternative == "farming_first"
    count = np.bincount(draft.classes.ravel(), minlength=8)
    assert draft.amounts["cultivated"] == pytest.approx(1564, rel=5e-4)
    assert draft.amounts["farmland_aim"] == pytest.approx(656.88, rel=5e-4)
    assert draft.amounts["base"] == pytest.approx(36, rel=5e-4)
    assert draft.amounts["boundary_most"] == pytest.approx(43.56, rel=5e-4)
    # 5000 people × 100 m² = 50 ha: more than there is room for, so the boundary is filled to its limit.
    assert 36 <= count[CODES["concentrated"]] + count[CODES["elastic"]] <= 43
    assert count[CODES["ecological_redline"]] == 800
    # Good fields only: grade 1 stands in the middle block alone, which suffices.
    assert (draft.classes == CODES["permanent_farmland"])[40:].sum() == 0
    assert 657 <= count[CODES["permanent_farmland"]] <= 800
    assert (draft.classes[town] == CODES["concentrated"]).all()


def test_numbers_of_the_plan_replace_those_of_the_table() -> None:
    spec = Evaluation(proposals={"redline.least_patch": 7.0})
    assert settle_choices(spec, *TABLES)[0].table.value("redline.least_patch") == 7.0
    with pytest.raises(RuleError, match="no such row"):
        settle_choices(Evaluation(proposals={"redline.least": 7.0}), *TABLES)


def test_large_cities_have_a_smaller_reserve() -> None:
    shares = [
        settle_choices(Evaluation(targets=Targets(population=people)), *TABLES)[0].elastic_share
        for people in (1_000_000, 4_000_000, 6_000_000)
    ]
    assert shares == [0.15, 0.1, 0.05]


def test_overlaps_are_found(made: SimpleNamespace) -> None:
    broken = made.lines.copy()
    town = broken.index[(broken["alternative"] == "growth") & (broken["line"] == "urban_boundary")][0]
    broken.loc[town, "geometry"] = shapely.buffer(broken.geometry[town], 0.005)
    torn = made.zones[made.zones.index != made.zones.index[-1]]
    found = proposal_findings(
        proposal_choices=made.choices, proposal_lacking={}, proposal_balance=made.balance,
        proposed_zones=torn, proposed_lines=broken, territory=TERRITORY,
    )  # fmt: skip
    assert {"proposals.partition", "proposals.overlap"} <= rules(found)


def test_the_grid_may_be_finer() -> None:
    """Half the cell, the same country: areas come out alike."""
    layers, masks = make_country()
    fine = replace(GRID, cell_m=CELL / 2, rows=2 * ROWS, columns=2 * COLUMNS)

    def split(cells: np.ndarray) -> np.ndarray:
        return np.kron(cells, np.ones((2, 2), np.uint8))

    choices = settle_choices(Evaluation(targets=Targets(**TARGETS)), *TABLES)[:1]
    coarse_draft, fine_draft = (
        proposal_drafts(stack, given, choices, ZONING)[0]  # type: ignore[arg-type]
        for stack, given in (
            (Stack(layers), masks),
            (Stack({k: split(v) for k, v in layers.items()}, fine), {k: split(v) for k, v in masks.items()}),
        )
    )
    for code in (1, 2, 3):
        coarse = (coarse_draft.classes == code).sum() * CELL**2
        assert (fine_draft.classes == code).sum() * (CELL / 2) ** 2 == pytest.approx(coarse, rel=0.08)
