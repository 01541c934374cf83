"""Rings over terrain without a plan: on foot everywhere, by car and from there on foot; and what is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.geometry import LineString

from spatial.errors import CrsError, PlanError, SourceError
from spatial.studies.rings import draw_rings

rasterio = pytest.importorskip("rasterio")
pytest.importorskip("contourpy")

CRS = "EPSG:4547"
EAST, NORTH = 500_000.0, 3_880_000.0
"""Middle of the land: on the central meridian, so the system without roads is the same."""
HALF = 3000.0
MIDDLE = "114.0,35.0463"


def lonlat(x: float, y: float) -> str:
    point = gpd.GeoSeries([shapely.Point(EAST + x, NORTH + y)], crs=CRS).to_crs(4490).iloc[0]
    return f"{point.x:.9f},{point.y:.9f}"


def write(file: Path, values: np.ndarray, crs: str | None = CRS, nodata: float | None = None) -> Path:
    from rasterio.transform import Affine

    cell = 2 * HALF / values.shape[0]
    to = Affine(cell, 0, EAST - HALF, 0, -cell, NORTH + HALF)
    profile = {"driver": "GTiff", "count": 1, "dtype": values.dtype, "crs": crs, "nodata": nodata}
    size = {"height": values.shape[0], "width": values.shape[1]}
    with rasterio.open(file, "w", transform=to, **size, **profile) as raster:
        raster.write(values, 1)
    return file


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Flat land; a lake in the north-east; a tilted model; two streets; a model without a system."""
    folder = tmp_path_factory.mktemp("land")
    row, _ = np.mgrid[0:200, 0:200]
    write(folder / "flat.tif", np.full((200, 200), 100, np.float32))
    write(folder / "tilted.tif", (3.0 * (199 - row)).astype(np.float32))  # 1 in 10 up to the north
    write(folder / "bare.tif", np.zeros((200, 200), np.float32), crs=None)
    voids = np.zeros((200, 200), np.int16)
    voids[95:105, 20:180] = -32768
    write(folder / "voids.tif", voids, nodata=-32768)
    cover = np.full((200, 200), 71, np.uint8)
    cover[:80, 120:] = 11
    write(folder / "nlcd.tif", cover)
    lines = [
        LineString([(EAST - 2500, NORTH), (EAST + 2500, NORTH)]),
        LineString([(EAST, NORTH - 5), (EAST, NORTH + 2000)]),
    ]
    gpd.GeoDataFrame({"kind": ["residential"] * 2}, geometry=lines, crs=CRS).to_file(folder / "streets.gpkg")
    return folder


def rings(land: Path, start: str, minutes: list[float], dem: str = "flat.tif", **more: object):
    more = {"mode": "walk", "method": "surface", "dem": dem and land / dem, **more}
    more |= {key: land / str(more[key]) for key in ("land_cover",) if more.get(key)}
    return draw_rings(more.pop("roads", None), start, minutes, **more)


def test_on_flat_land_rings_are_circles(land: Path) -> None:
    made = rings(land, lonlat(0, 0), [15, 30])
    assert made.rings["area_km2"].tolist() == pytest.approx(
        [np.pi * 0.75**2 * 0.97, np.pi * 1.5**2 * 0.97], rel=0.01
    )
    assert "network_km" not in made.rings
    assert made.origins["stands"].tolist() == [True]
    assert not len(made.findings)
    assert any("16 neighbours" in note for note in made.notes)


def test_uphill_is_nearer_than_downhill_and_towards_turns_it(land: Path) -> None:
    away, back = (
        rings(land, lonlat(0, 0), [20], "tilted.tif", towards=flag).rings.to_crs(CRS).total_bounds
        for flag in (False, True)
    )
    up, down = away[3] - NORTH, NORTH - away[1]
    # Tobler at 1 in 10: exp(-3.5 * 0.10) up, exp(-3.5 * 0.00) down, of 1000 m on the flat.
    assert up == pytest.approx(1000 * np.exp(-0.35), rel=0.02)
    assert down == pytest.approx(1000, rel=0.02)
    assert (back[3] - NORTH, NORTH - back[1]) == pytest.approx((down, up), rel=0.02)


def test_land_cover_makes_water_a_hole_and_grass_faster(land: Path) -> None:
    made = rings(land, lonlat(300, 300), [15], land_cover=land / "nlcd.tif")
    shape = made.rings.to_crs(CRS).geometry.iloc[0]
    lake = shapely.box(EAST + 600, NORTH + 600, EAST + HALF, NORTH + HALF)
    assert shape.intersection(lake).area < 0.02 * shape.area
    assert NORTH + 300 - shape.bounds[1] == pytest.approx(15 / 60 * 4860, rel=0.02)
    assert "nlcd" in made.notes[-1]


def test_roads_add_and_never_take(land: Path) -> None:
    roads, columns = land / "streets.gpkg", ["class=kind"]
    bare = rings(land, lonlat(0, 0), [10, 20]).rings.to_crs(CRS).geometry
    made = rings(land, lonlat(0, 0), [10, 20], roads=roads, columns=columns)
    for without, within in zip(bare, made.rings.to_crs(CRS).geometry, strict=True):
        assert shapely.difference(without, within.buffer(1)).area < 1
        assert within.area > without.area * 1.1
    alone = draw_rings(roads, lonlat(0, 0), [10, 20], mode="walk", columns=columns)
    assert made.rings["network_km"].to_numpy() == pytest.approx(alone.rings["network_km"].to_numpy(), abs=0.1)
    # Along the road the ring of the network ends where that over terrain does.
    east = [one.rings.to_crs(CRS).geometry.iloc[1].bounds[2] for one in (made, alone)]
    assert east[0] == pytest.approx(east[1], abs=30)


def test_by_car_one_walks_on_from_the_road(land: Path) -> None:
    made = rings(
        land,
        lonlat(0, 0),
        [6],
        roads=land / "streets.gpkg",
        columns=["class=kind"],
        mode="drive",
        speed=["30km/h", "off_road=6km/h"],
    )
    shape = made.rings.to_crs(CRS).geometry.iloc[0]
    # From the crossing one drives 1 km in 2 min, and has 4 min to walk at 100 m a minute.
    at = {x: shape.contains(shapely.Point(EAST + 1000, NORTH - x)) for x in (330, 430)}
    assert at == {330: True, 430: False}


def test_faster_walkers_get_farther(land: Path) -> None:
    slow, fast = (
        rings(land, lonlat(0, 0), [10], speed=f"off_road={kmh}km/h").rings["area_km2"].iloc[0]
        for kmh in (3, 6)
    )
    assert fast == pytest.approx(4 * slow, rel=0.03)


def test_the_files_are_those_of_rings_along_roads(land: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "spatial.cli",
        "rings",
        "--method",
        "surface",
        "--dem",
        str(land / "flat.tif"),
    ]
    more = ["--from", f"村={lonlat(0, 0)}", "--mode", "walk", "--minutes", "10,20", "-o", str(tmp_path)]
    done = subprocess.run([*command, *more], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {file.name for file in tmp_path.iterdir()} == {"rings.html", "rings.gpkg", "rings.csv"}
    page = (tmp_path / "rings.html").read_text(encoding="utf-8")
    assert "步行（地形） 10/20 分钟等时圈" in page
    assert "flat.tif" in page
    assert len(gpd.read_file(tmp_path / "rings.gpkg", layer="bands")) == 2
    before = (tmp_path / "rings.html").read_bytes(), (tmp_path / "rings.gpkg").read_bytes()
    subprocess.run([*command, *more], capture_output=True, check=True)
    assert ((tmp_path / "rings.html").read_bytes(), (tmp_path / "rings.gpkg").read_bytes()) == before


def test_several_places_have_each_their_rings_and_the_map_the_nearest(land: Path, tmp_path: Path) -> None:
    starts = [f"甲={lonlat(-900, 0)}", f"乙={lonlat(900, 0)}"]
    made = rings(land, starts, [10, 30], out=tmp_path)
    assert sorted(set(made.rings["origin_name"])) == ["乙", "甲"]
    together = rings(land, starts, [10, 30], together=True).rings
    united = made.rings.groupby("time_min")["geometry"].agg(shapely.union_all)
    for limit, shape in zip(together["time_min"], together.geometry, strict=True):
        assert shapely.symmetric_difference(shape, united[limit]).area < 0.001 * shape.area


def test_rings_that_come_to_the_rim_say_so(land: Path) -> None:
    made = rings(land, lonlat(2000, 0), [10, 30])
    (found,) = made.findings.to_dict("records")
    assert (found["rule"], found["severity"]) == ("terrain.at_the_edge", "warning")
    assert found["value"] == pytest.approx(20, abs=0.5)


def test_voids_are_walked_round_and_reported(land: Path) -> None:
    made = rings(land, lonlat(0, -500), [20], "voids.tif")
    assert made.findings["rule"].tolist() == ["terrain.voids"]
    assert made.rings.to_crs(CRS).total_bounds[3] < NORTH - 100


@pytest.mark.parametrize(
    ("start", "dem", "error", "word"),
    [
        (lonlat(9000, 0), "flat.tif", SourceError, r"flat\.tif: spans .* but heights are needed"),
        (lonlat(0, 0), "bare.tif", CrsError, "does not say where it lies"),
        (lonlat(0, 0), "voids.tif", PlanError, "stands on a void"),
        (lonlat(0, 0), "none.tif", SourceError, "no such file"),
    ],
)
def test_bad_ground_is_refused(land: Path, start: str, dem: str, error: type[Exception], word: str) -> None:
    with pytest.raises(error, match=word):
        rings(land, start, [10], dem)


def test_one_bad_place_is_named_and_the_others_are_drawn(land: Path) -> None:
    starts = [f"岸={lonlat(300, 300)}", f"湖={lonlat(1500, 1500)}", f"外={lonlat(9000, 0)}"]
    made = rings(land, starts, [10], land_cover=land / "nlcd.tif")
    assert made.rings["origin_name"].tolist() == ["岸"]
    bad = made.findings[made.findings["rule"] == "origins.no_ground"]
    assert bad["severity"].tolist() == ["error", "error"]
    assert "湖" in bad["message_zh"].iloc[0]
    assert "stands on water" in bad["message_en"].iloc[0]
    assert "outside the elevation model" in bad["message_en"].iloc[1]
    with pytest.raises(PlanError, match="湖: stands on water"):
        rings(land, starts[1], [10], land_cover=land / "nlcd.tif")


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"dem": None}, "no elevation model"),
        ({"mode": "drive"}, "no roads to drive on"),
        ({"codes": "nlcd"}, "no land cover to read"),
        ({"codes": "mine", "land_cover": "nlcd.tif"}, "no list of land cover codes"),
        ({"network": True}, "counts for nothing over terrain"),
        ({"off_road": "50m"}, "counts for nothing over terrain"),
        ({"speed": "5km/h"}, "there are no roads that it would be of"),
        ({"speed": "off_road=0km/h"}, "no speed over the ground"),
        ({"method": "straight"}, "no way to measure"),
        ({"method": "network", "land_cover": "nlcd.tif"}, "counts for nothing along roads"),
        ({"method": "network"}, "there are no roads"),
    ],
)
def test_questions_without_meaning_are_refused(land: Path, more: dict[str, object], word: str) -> None:
    with pytest.raises(PlanError, match=word):
        rings(land, MIDDLE, [10], **{"dem": "flat.tif", **more})


def test_the_mountains_of_zion(real_data: Path) -> None:
    """In a canyon rings are far smaller than the circle, the longer the limit the less so."""
    zion = real_data / "zion"
    made = draw_rings(
        None,
        "-112.9479,37.2090",
        [30, 60],
        mode="walk",
        method="surface",
        dem=zion / "srtm.tif",
        land_cover=zion / "nlcd2011.tif",
        cell="50m",
    )
    circle = np.pi * (np.array([0.5, 1.0]) * 4.2) ** 2
    assert (made.rings["area_km2"] < 0.6 * circle).all()
    assert (made.rings["area_km2"] > 0.05 * circle).all()
