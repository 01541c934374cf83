"""The ground of a plan: read where a circle asks for it, and a plan with circles over it from end to end."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from spatial.errors import PlanError, SourceError
from spatial.pipeline import build_plan
from spatial.plan.records import Roads, Source, Terrain
from spatial.results import Build
from spatial.sources.grounds import ground_refs
from spatial.sources.references import SourceRef, list_rasters

rasterio = pytest.importorskip("rasterio")
pytest.importorskip("contourpy")

PLAN = """
name: hills
title: {zh: 山村, en: Hills}
year: 2035
territory: {source: border, name: {zh: 山村, en: Hills}}
towns:
  - {name: 中村, code: "1", seat: [114.0, 35.0], accuracy: 10 m, people: 100}
  - {name: 近村, code: "2", seat: [114.008, 35.0], accuracy: 10 m, people: 50}
  - {name: 远村, code: "3", seat: [114.02, 35.0], accuracy: 10 m, people: 50}
circles:
  - {id: foot, name: 步行圈, from: 中村, time: 20 min, mode: walk, method: surface, must_reach: towns, share: 0.6}
  - {id: land, name: 面积圈, from: 中村, time: 20 min, mode: walk, method: surface, must_reach: territory, share: 0.5}
TERRAIN
sources:
  border: {file: border.gpkg, licence: x}
"""
RASTERS = {name: f"  {name}: {{file: {name}.tif, licence: x}}\n" for name in ("dem", "cover")}


def write(file: Path, values: np.ndarray, west: float = 113.95) -> None:
    from rasterio.transform import Affine

    to = Affine(1e-3, 0, west, 0, -1e-3, 35.05)
    size = {"height": values.shape[0], "width": values.shape[1]}
    with rasterio.open(
        file, "w", driver="GTiff", count=1, dtype=values.dtype, crs="EPSG:4490", transform=to, **size
    ) as raster:
        raster.write(values, 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    border = gpd.GeoDataFrame(
        {"name": ["山村"]}, geometry=[shapely.box(113.97, 34.98, 114.03, 35.02)], crs=4490
    )
    border.to_file(tmp_path / "border.gpkg")
    write(tmp_path / "dem.tif", np.full((100, 100), 300, np.float32))
    cover = np.full((100, 100), 10, np.uint8)
    cover[:, 60:64] = 80
    write(tmp_path / "cover.tif", cover)
    return tmp_path


def build(folder: Path, terrain: str) -> Build:
    used = "".join(line for name, line in RASTERS.items() if name in terrain or (name == "dem" and terrain))
    text = PLAN.replace("TERRAIN", terrain) + used
    (folder / "plan.yaml").write_text(text, encoding="utf-8")
    return build_plan(folder / "plan.yaml", folder / "out")


def test_circles_over_the_ground_have_rings_verdicts_and_coverage(folder: Path) -> None:
    made = build(folder, "terrain: {elevation: dem, cell: 25 m}")
    circles = made.layers["commute_circles"].set_index("id")
    foot = circles.loc["foot-cumulative"]
    assert foot["method"] == "surface"
    assert foot["area_km2"] == pytest.approx(np.pi * 1.0**2 * 0.972, rel=0.01)  # 1 km at 3 km/h
    assert circles.loc["foot-beside", "method"] == "buffer"
    assert foot["overclaim"] == pytest.approx(circles.loc["foot-beside", "area_km2"] / foot["area_km2"])
    promises = made.layers["promises"].set_index("circle")
    assert promises.loc["foot", "verdict"] == "kept"
    # The near village lies 0.008° of 91.3 km/° away, the far one 0.02°.
    assert promises.loc["foot", "flip_factor"] == pytest.approx(0.73 / 1.0, abs=0.01)
    assert "walking_speeds" in promises.loc["foot", "flags"]
    assert promises.loc["land", "verdict"] == "broken"
    assert promises.loc["land", "faster_20"] == "broken"
    assert promises.loc["land", "flip_factor"] > 1.2
    assert "远村 36" in promises.loc["foot", "outside"]
    rules = set(made.findings["rule"])
    assert "circles.surface" in rules
    assert not made.has_errors


def test_water_between_keeps_a_village_out(folder: Path) -> None:
    made = build(folder, "terrain: {elevation: dem, land_cover: cover, codes: worldcover, cell: 25 m}")
    promises = made.layers["promises"].set_index("circle")
    assert "远村 无路可达" in promises.loc["foot", "outside"]
    words = made.findings.set_index("rule")["message_en"]
    assert "by land cover worldcover" in words[["circles.surface"]].iloc[0]


def test_without_heights_the_circle_is_an_error_and_not_a_buffer(folder: Path) -> None:
    made = build(folder, "")
    assert made.has_errors
    assert not len(made.layers["commute_circles"])
    found = made.findings[made.findings["rule"] == "circles.no_terrain"]
    assert len(found) == 2
    assert "`terrain`" in found["message_en"].iloc[0]
    assert set(made.layers["promises"]["verdict"]) == {"undecidable"}


def test_a_model_elsewhere_is_refused(folder: Path) -> None:
    write(folder / "dem.tif", np.zeros((100, 100), np.float32), west=100.0)
    with pytest.raises(SourceError, match=r"dem\.tif: spans 100\.00 to 100\.10 E"):
        build(folder, "terrain: {elevation: dem}")


@pytest.mark.parametrize(
    ("terrain", "word"),
    [
        ("terrain: {elevation: den}", "did you mean 'dem'"),
        ("terrain: {elevation: dem, codes: clcd}", "give `land_cover` beside `codes`"),
        ("terrain: {elevation: dem, land_cover: cover, codes: mine}", "codes"),
        ("terrain: {elevation: dem, cell: 0 m}", "cell"),
    ],
)
def test_what_a_plan_says_of_its_terrain_is_checked(folder: Path, terrain: str, word: str) -> None:
    with pytest.raises(PlanError, match=word):
        build(folder, terrain)


def test_heights_of_the_roads_serve_where_the_terrain_has_none() -> None:
    refs = tuple(SourceRef(name, Source(file=f"{name}.tif"), "", "", "raster") for name in ("a", "b", "c"))
    roads = Roads(source="r", elevation="a")
    assert list(ground_refs(Terrain(land_cover="b"), roads, refs)) == ["a", "b"]
    assert list(ground_refs(Terrain(elevation="c"), roads, refs)) == ["c"]
    assert list(ground_refs(None, roads, refs)) == ["a"]
    assert list_rasters(roads, Terrain(land_cover="b")) == {"a", "b"}
