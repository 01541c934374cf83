"""The drawn terrain of Jiyuan: files are what the drawing makes, and the drawing keeps to what is known of the place."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import shapely

from spatial.plan.parts.evaluation import FACTORS
from spatial.plan.reading.reader import read_plan
from spatial.plan.shelf import find_shelf

rasterio = pytest.importorskip("rasterio")

DOCS = Path(__file__).parents[1] / "docs"
FOLDER = find_shelf() / "jiyuan" / "terrain"
RASTERS = sorted(file.stem for file in FOLDER.glob("*.tif"))


@pytest.fixture(scope="module")
def terrain() -> ModuleType:
    if not (DOCS / "terrain.py").is_file():
        pytest.skip("the drawing is in the repository only, not in an installed package")
    sys.path.insert(0, str(DOCS))
    try:
        return importlib.import_module("terrain")
    finally:
        sys.path.remove(str(DOCS))


@pytest.fixture(scope="module")
def height() -> np.ndarray:
    return read("elevation")


def read(name: str) -> np.ndarray:
    with rasterio.open(FOLDER / f"{name}.tif") as raster:
        return raster.read(1)


def at(cells: np.ndarray, lon: Any, lat: Any) -> np.ndarray:
    """Return the cells that places lie in."""
    row = ((35.33 - np.asarray(lat)) / 0.48 * cells.shape[0]).astype(int)
    return cells[row, ((np.asarray(lon) - 111.98) / 0.84 * cells.shape[1]).astype(int)]


def river(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return places every 100 m or so along a river, from its spring down."""
    rows = json.loads((FOLDER.parent / "rivers.geojson").read_text(encoding="utf-8"))["features"]
    (line,) = [
        shapely.from_geojson(json.dumps(row["geometry"])) for row in rows if row["properties"]["name"] == name
    ]
    spots = shapely.line_interpolate_point(line, np.arange(0, line.length, 0.001))
    return shapely.get_x(spots), shapely.get_y(spots)


def test_files_are_what_the_drawing_makes(terrain: ModuleType) -> None:
    drawn = terrain.draw_rasters()
    assert sorted(drawn) == RASTERS
    for name, (cells, kind) in drawn.items():
        shipped = read(name)
        assert shipped.dtype == kind
        # Sums of floats may round the other way on another machine.
        far = np.abs(shipped.astype(float) - cells) > 1
        assert far.mean() < (1e-3 if name == "landcover" else 1e-5), name


def test_polygons_are_what_the_drawing_makes(terrain: ModuleType, tmp_path: Path) -> None:
    for name, rows in terrain.draw_shapes().items():
        terrain.write_shapes(tmp_path / f"{name}.geojson", rows)
        pair = [json.loads((folder / f"{name}.geojson").read_text("utf-8")) for folder in (tmp_path, FOLDER)]
        for fresh, shipped in zip(*(told["features"] for told in pair), strict=True):
            assert fresh["properties"] == shipped["properties"]
            one, other = (shapely.from_geojson(json.dumps(row["geometry"])) for row in (fresh, shipped))
            assert shapely.symmetric_difference(one, other).area < 1e-3 * other.area


def test_each_file_is_a_factor_of_the_plan() -> None:
    plan = read_plan("jiyuan")
    assert plan.evaluation is not None
    named = {factor.source for factor in plan.evaluation.factors.values()}
    assert named == set(RASTERS)
    assert {"weather_hazard", "soil_salinity"} <= set(FACTORS) - set(plan.evaluation.factors)


def test_the_files_are_small() -> None:
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 600_000


@pytest.mark.parametrize(("lon", "lat", "metres"), [(112.284, 35.178, 1715), (112.166, 35.240, 1930)])
def test_peaks_stand_where_and_as_high_as_known(
    height: np.ndarray, lon: float, lat: float, metres: float
) -> None:
    assert abs(at(height, lon, lat) - metres) < 30
    near = [at(height, lon + east, lat + north) for east in (-0.02, 0, 0.02) for north in (-0.02, 0, 0.02)]
    assert max(near) == near[4]


def test_nothing_is_higher_than_the_highest(height: np.ndarray) -> None:
    row, column = np.unravel_index(height.argmax(), height.shape)
    assert (abs(111.98 + column / 1000 - 112.166), abs(35.33 - row / 1000 - 35.24)) < (0.005, 0.005)


def test_the_plain_lies_low_in_the_east_and_is_flat(height: np.ndarray) -> None:
    lon, lat = np.meshgrid(np.arange(112.65, 112.76, 0.001), np.arange(35.03, 35.14, 0.001))
    plain = at(height, lon, lat)
    assert plain.max() < 200
    assert np.median(plain) == pytest.approx(132, abs=12)
    assert np.abs(np.diff(plain.astype(int), axis=1)).max() <= 8
    assert at(height, 112.592, 35.088) == pytest.approx(150, abs=20)


def test_towns_of_the_hills_lie_between_plain_and_peaks(height: np.ndarray) -> None:
    for town in read_plan("jiyuan").towns:
        metres = at(height, *town.seat)
        low, high = (
            (100, 240) if "plain" in town.tags else (150, 450) if "hills" in town.tags else (240, 1000)
        )
        assert low < metres < high, town.name.zh


@pytest.mark.parametrize(
    "name", ["黄河", "沁河", "北蟒河", "南蟒河", "济河", "东洋河", "逢石河", "大峪河", "砚瓦河"]
)
def test_rivers_fall_all_the_way(height: np.ndarray, name: str) -> None:
    metres = at(height, *river(name)).astype(int)
    # Where a bend comes back into its own cell, that cell holds the lower height: a few metres.
    assert (metres - np.minimum.accumulate(metres)).max() <= 4
    assert metres[0] > metres[-1]


def test_the_reservoir_is_level_and_the_river_below_it_low(height: np.ndarray) -> None:
    lon, lat = river("黄河")
    metres, cover = at(height, lon, lat), at(read("landcover"), lon, lat)
    assert set(metres[lon < 112.365]) == {275}
    assert ((metres > 125) & (metres < 150))[lon > 112.37].all()
    assert set(cover) == {5}


def test_land_cover_agrees_with_ground_and_plan(height: np.ndarray) -> None:
    cover = read("landcover")
    down, right = np.gradient(height.astype(float), 111, 91)
    slope = np.hypot(down, right)
    share = {code: (cover == code).mean() for code in (1, 2, 3, 4, 5, 7, 8, 9)}
    assert sum(share.values()) == pytest.approx(1)
    assert slope[cover == 1].mean() < 0.1 < slope[cover == 2].mean()
    assert np.percentile(slope[cover == 8], 99) < 0.25
    assert (height[cover == 5] <= 275).all()
    rows = json.loads((FOLDER / "built.geojson").read_text(encoding="utf-8"))["features"]
    built = shapely.union_all([shapely.from_geojson(json.dumps(row["geometry"])) for row in rows])
    lon, lat = np.meshgrid(111.98 + (np.arange(840) + 0.5) / 1000, 35.33 - (np.arange(480) + 0.5) / 1000)
    assert (cover[shapely.contains_xy(built, lon, lat)] == 8).mean() > 0.85


def test_soil_adds_up_and_air_is_colder_above(height: np.ndarray) -> None:
    assert (read("sand") + read("silt") + read("clay") == 1000).all()
    coarse = height.reshape(96, 5, 168, 5).mean((1, 3))
    for name in ("temperature", "accumulated_temperature"):
        assert np.corrcoef(coarse.ravel(), read(name).ravel())[0, 1] < -0.98
