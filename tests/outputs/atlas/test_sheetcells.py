"""Raster layers on sheets: every cell in its place and colour, areas in the legend, sheets that a plan gives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spatial.outputs.atlas.book import draw_sheet, save_picture, write_atlas
from spatial.outputs.atlas.sheetcells import list_cell_layers, make_cells
from spatial.outputs.atlas.sheetlegend import list_cell_sections
from spatial.outputs.atlas.sheets import list_sheets
from spatial.outputs.order import Order
from spatial.pipeline import check_plan
from spatial.plan.styles import read_styles

pytest.importorskip("matplotlib")
SHEETS = ("farming", "urban", "ecology", "land_conflict", "land_potential")


@pytest.fixture(scope="module")
def order(hamlet: Any) -> Order:
    return check_plan(hamlet.write()).order(language="zh")


def test_each_result_has_a_sheet(order: Order) -> None:
    names = [sheet.name for sheet in list_sheets(order)]
    assert [name for name in names if name in SHEETS] == list(SHEETS)
    bare = [sheet.name for sheet in list_sheets(replace(order, rasters=None))]
    assert not set(SHEETS) & set(bare)


def test_colours_and_areas_are_those_of_styles_and_stack(order: Order) -> None:
    styles = read_styles()
    stack = order.rasters
    assert stack is not None
    (plate,) = make_cells(order, styles, ("farming_suitability",))
    cells = stack.read("farming_suitability")
    assert (plate.image[cells == 0] == 0).all()
    for key, rule in styles.layers["farming_suitability"].classes.items():
        assert rule.fill is not None
        colour = [*bytes.fromhex(rule.fill[1:]), round(255 * rule.fill_opacity)]
        assert (plate.image[cells == int(key)] == colour).all()
    areas = stack.areas_ha("farming_suitability")
    assert plate.areas_m2 == pytest.approx({str(key): 1e4 * area for key, area in areas.items()})
    (section,) = list_cell_sections([plate], styles, shares_of_m2=sum(plate.areas_m2.values()))
    assert [entry.label for entry in section.entries] == [
        styles.layers["farming_suitability"].classes[key].label for key in plate.areas_m2
    ]
    assert "栅格 100 m；规则 2020-trial" in section.notes[0].pick("zh")


def test_values_are_drawn_by_their_grades(order: Order) -> None:
    styles = read_styles()
    stack = order.rasters
    assert stack is not None
    (plate,) = make_cells(order, styles, ("slope",))
    slope = stack.read("slope")
    steep = styles.layers["slope"].classes["other"].fill
    assert steep is not None
    found = (plate.image[..., :3] == list(bytes.fromhex(steep[1:]))).all(axis=-1) & (plate.image[..., 3] > 0)
    assert (found == (np.nan_to_num(slope, nan=-1) > 25)).all()


def test_cells_lie_where_the_map_says(order: Order, tmp_path: Path) -> None:
    """The drawn image spans just what the grid does on the paper."""
    sheet = next(one for one in list_sheets(order) if one.name == "urban")
    figure = draw_sheet(order, sheet)
    (axes,) = figure.axes
    (image,) = axes.images
    left, right, bottom, top = image.get_extent()
    stack = order.rasters
    assert stack is not None
    west, south, east, north = stack.grid.bounds
    assert (right - left) / (top - bottom) == pytest.approx((east - west) / (north - south))
    assert image.get_interpolation() == "none"


def test_sheets_and_pictures_are_written_the_same_each_time(order: Order, tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        save_picture(order, "ecology", tmp_path / name, width_mm=120)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    write_atlas(order, tmp_path / "atlas.pdf")
    assert (tmp_path / "atlas.pdf").stat().st_size < 5_000_000


def test_a_grid_of_another_system_is_not_drawn(order: Order) -> None:
    assert list_cell_layers(replace(order, metric_crs="EPSG:4546"), read_styles()) == []
