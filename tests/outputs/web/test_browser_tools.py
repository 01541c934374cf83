"""The tools of the web map in a real Chromium: measure, position, swipe, address, print, tiles."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from PIL import Image
from pyproj import Geod, Transformer

from spatial.outputs.web.pointer import describe_grid

if TYPE_CHECKING:
    import geopandas as gpd

    from .conftest import City, Visit

METRIC = "EPSG:4546"
TO_GRID = Transformer.from_crs("EPSG:4490", METRIC, always_xy=True)
VIEW = "[spatialPlan.map.getZoom(), spatialPlan.map.getCenter().lng, spatialPlan.map.getCenter().lat]"
GEOD = Geod(a=6378137.0, rf=298.257222101)
# Pieces of a route and of a plot that are large enough for a wrong ellipsoid to show.
ROUTE = [(112.1, 34.95), (112.4, 35.25), (112.7, 35.0)]
PLOTS = [
    [(112.1, 34.95), (112.4, 35.25), (112.7, 35.0)],
    [(110.0, 30.0), (113.0, 30.0), (113.0, 33.0), (110.0, 33.0)],
    [(112.5, 35.0), (112.501, 35.0), (112.501, 35.001), (112.5, 35.001)],
]


def test_measures_agree_with_the_ellipsoid(opened: Visit) -> None:
    for plot in [*PLOTS, ROUTE]:
        lons, lats = zip(*plot, strict=True)
        area, _ = GEOD.polygon_area_perimeter(lons, lats)
        assert opened.ask("points => SpatialMap.measure.area(points)", plot) == pytest.approx(
            abs(area), rel=1e-3
        )
        length = GEOD.line_length(lons, lats)
        assert opened.ask("points => SpatialMap.measure.distance(points)", plot) == pytest.approx(
            length, rel=1e-7
        )


def test_measuring_by_clicks(opened: Visit) -> None:
    opened.page.click("[data-tool=distance]")
    route = [opened.pixel(*point) for point in ROUTE]
    for x, y in route[:-1]:
        opened.page.mouse.click(x, y)
        opened.page.wait_for_timeout(350)  # a browser takes two quick clicks for a double one
    opened.page.mouse.dblclick(*route[-1])
    text = opened.page.inner_text(".plan-measured strong")
    lons, lats = zip(*ROUTE, strict=True)
    assert float(text.split()[0]) == pytest.approx(GEOD.line_length(lons, lats) / 1000, rel=1e-2)
    assert text.endswith("km")
    assert opened.page.locator(".plan-popup").count() == 0
    opened.page.keyboard.press("Escape")
    assert opened.page.is_hidden(".plan-measured")


def test_the_position_of_the_mouse_is_written(opened: Visit) -> None:
    opened.hover(112.5, 35.0)
    text = opened.page.inner_text(".plan-position")
    lon, lat = map(float, re.findall(r"(\d+\.\d{5})°", text))
    assert (lon, lat) == pytest.approx((112.5, 35.0), abs=2e-3)
    degrees, metres = text.split("\n")
    assert degrees.endswith("CGCS2000")
    assert metres.endswith(METRIC)
    north, east = map(float, re.findall(r"\) (-?[\d.]+)", metres))
    assert (east, north) == pytest.approx(TO_GRID.transform(lon, lat), abs=2)


def test_full_screen_and_whole_territory(opened: Visit) -> None:
    opened.ask(
        "() => { window.zoomed = new Promise(done => spatialPlan.map.once('zoomend', () => done(true))); }"
    )
    opened.page.click("[data-tool=zoom-in]")
    assert opened.ask("() => window.zoomed")
    near = opened.ask("spatialPlan.map.getZoom()")
    opened.page.click("[data-tool=home]")
    assert opened.ask("spatialPlan.map.getZoom()") < near
    assert opened.ask("spatialPlan.map.getBounds().contains([[34.9, 112.0], [35.3, 112.8]])")
    opened.page.click("[data-tool=fullscreen]")
    opened.page.wait_for_selector(":fullscreen")


def test_no_invisible_box_takes_clicks(opened: Visit) -> None:
    opened.page.click("[data-tool=distance]")
    takers = opened.ask(
        """() => {
          const found = new Set();
          for (let x = 4; x < innerWidth; x += 8) for (let y = 4; y < innerHeight; y += 8) {
            const hit = document.elementFromPoint(x, y);
            if (hit.matches('.plan-tools, .leaflet-top, .leaflet-bottom, .plan-labels')) found.add(hit.className);
          }
          return [...found];
        }"""
    )
    assert takers == []
    box = opened.page.locator(".plan-tools").bounding_box()
    for x in (300, 500, 700):
        opened.page.mouse.click(x, box["y"] + 4)
        opened.page.wait_for_timeout(350)
    assert opened.ask("document.querySelectorAll('.leaflet-plan-measure-pane path').length") >= 4
    assert float(opened.page.inner_text(".plan-measured strong").split()[0]) > 0


def test_the_first_fit_is_that_of_the_button(opened: Visit) -> None:
    view = "[spatialPlan.map.getZoom(), spatialPlan.map.getCenter().lng, spatialPlan.map.getCenter().lat]"
    first = opened.ask(view)
    opened.page.click("[data-tool=home]")
    assert opened.ask(view) == pytest.approx(first, abs=1e-9)


def test_print_lists_what_is_drawn_beside_the_map(opened: Visit) -> None:
    opened.page.uncheck("[data-layer=belts] input")
    before = opened.ask(VIEW)
    opened.ask("() => { dispatchEvent(new Event('beforeprint')); }")
    rows = opened.page.locator(".plan-layer-row:visible")
    listed = [rows.nth(at).get_attribute("data-layer") for at in range(rows.count())]
    assert sorted(map(str, listed)) == sorted(opened.shown())
    assert "belts" not in listed
    sheet, legend, title, note = (
        opened.page.locator(name).bounding_box()
        for name in (".leaflet-container", ".plan-panel", ".plan-title", ".plan-imprint")
    )
    (left, bottom), (right, top) = opened.pixel(112.0, 34.9), opened.pixel(112.8, 35.3)
    beside = sheet["width"] - legend["width"] > 1
    assert 0 < left < right < (legend["x"] if beside else sheet["width"])
    assert title["y"] + title["height"] < top < bottom < (note["y"] if beside else legend["y"])
    assert legend["y"] + legend["height"] <= note["y"] + 1
    assert right - left > 0.6 * sheet["width"]
    opened.ask("() => { dispatchEvent(new Event('afterprint')); }")
    assert opened.ask(VIEW) == pytest.approx(before, abs=1e-6)
    assert opened.page.is_visible(".plan-search")


@pytest.mark.parametrize(("paper", "short", "long"), [("A4", 210, 297), ("A3", 297, 420)])
def test_one_page_is_printed_with_all_that_a_sheet_must_say(
    opened: Visit, hostile: tuple[str, str], paper: str, short: float, long: float
) -> None:
    pypdf = pytest.importorskip("pypdf")
    opened.page.click("[data-tool=print]")
    opened.page.check(f".plan-print-menu [value={paper}]")
    opened.page.keyboard.press("Escape")
    opened.page.wait_for_selector(".plan-print-menu", state="detached")
    (page,) = pypdf.PdfReader(io.BytesIO(opened.page.pdf(prefer_css_page_size=True))).pages
    # The city is twice as wide as high, so its sheet lies.
    size = [float(side) * 25.4 / 72 for side in (page.mediabox.width, page.mediabox.height)]
    assert size == pytest.approx([long, short], abs=0.5)
    # Fonts give some characters the code of a radical that looks the same.
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", page.extract_text()))
    wanted = [
        "测试市国土空间总体规划",
        hostile[0],
        "图例",
        "三区",
        "生态空间",
        "示意图",
        "审图号",
        "编制单位:测试院",
    ]
    assert [one for one in wanted if one not in text] == []
    assert "搜索" not in text
    assert "EPSG:4546" in text
    (ratio,) = re.findall(r"比例尺约1:([\d,]+)", text)
    assert int(ratio.replace(",", "")) % 10_000 == 0
    assert not opened.ask("document.querySelector('.plan-printing')")
    assert opened.page.is_visible(".plan-search")


def test_the_printed_scale_is_true(opened: Visit) -> None:
    opened.ask("() => { dispatchEvent(new Event('beforeprint')); }")
    (ratio,) = re.findall(r"1:([\d,]+)", opened.page.inner_text(".plan-ratio"))
    middle = 35.1
    (left, _), (right, _) = opened.pixel(112.3, middle), opened.pixel(112.5, middle)
    metres = GEOD.line_length([112.3, 112.5], [middle, middle])
    on_paper = (right - left) * 0.0254 / 96
    assert metres / on_paper == pytest.approx(int(ratio.replace(",", "")), rel=5e-3)


@pytest.mark.parametrize("landscape", [True, False])
def test_the_shape_of_the_map_chooses_the_sheet(
    visit: Callable[..., Visit], city: City, tmp_path: Path, *, landscape: bool
) -> None:
    box = shapely.box(112, 34.9, 112.8, 35.1) if landscape else shapely.box(112, 34.6, 112.2, 35.4)
    city.layers = {"territory": city.layers["territory"].set_geometry([box]), "towns": city.layers["towns"]}
    city.write(tmp_path / "map.html")
    seen = visit(tmp_path / "map.html")
    seen.ask("() => { dispatchEvent(new Event('beforeprint')); }")
    sheet = seen.page.locator(".leaflet-container").bounding_box()
    assert (sheet["width"] > sheet["height"]) == landscape


def test_measures_of_random_shapes_agree_with_geodesics(opened: Visit) -> None:
    chance = np.random.default_rng(4)
    for _ in range(60):
        lon, lat, size = chance.uniform(75, 134), chance.uniform(4, 53), 10 ** chance.uniform(-4, 0.3)
        turns = np.sort(chance.uniform(0, 2 * np.pi, chance.integers(3, 12)))
        reach = size * chance.uniform(0.3, 1, len(turns))
        lons, lats = lon + reach * np.cos(turns), lat + reach * np.sin(turns)
        ring = np.column_stack([lons, lats]).tolist()
        area, around = GEOD.polygon_area_perimeter(lons, lats)
        measured = opened.ask(
            "ring => [SpatialMap.measure.area(ring), SpatialMap.measure.distance([...ring, ring[0]])]", ring
        )
        assert measured == pytest.approx([abs(area), around], rel=1e-3)


def test_measuring_by_keyboard(opened: Visit) -> None:
    opened.page.focus("[data-tool=area]")
    opened.page.keyboard.press("Enter")
    assert opened.page.get_attribute("[data-tool=area]", "aria-pressed") == "true"
    opened.page.focus(".leaflet-container")
    ring = []
    for lon, lat in PLOTS[0]:
        opened.ask("([x, y]) => { spatialPlan.map.setView([y, x], 11, { animate: false }); }", [lon, lat])
        opened.page.keyboard.press("Space")
        centre = opened.ask("spatialPlan.map.getCenter()")
        ring.append((centre["lng"], centre["lat"]))
    area, _ = GEOD.polygon_area_perimeter(*zip(*ring, strict=True))
    text = opened.page.inner_text(".plan-measured strong >> nth=0")
    assert float(text.split()[0].replace(",", "")) == pytest.approx(abs(area) / 1e6, rel=1e-3)
    opened.page.keyboard.press("Enter")
    opened.page.keyboard.press("Escape")
    assert opened.page.is_hidden(".plan-measured")


def test_metres_are_those_of_proj(opened: Visit) -> None:
    chance = np.random.default_rng(7)
    for code in (METRIC, "EPSG:4534", "EPSG:32650"):
        grid = describe_grid(code)
        assert grid is not None
        lons = grid["lon0"] + chance.uniform(-3, 3, 40)
        lats = chance.uniform(4, 53, 40)
        points = np.column_stack([lons, lats]).tolist()
        written = opened.ask(
            "([grid, points]) => points.map(([x, y]) => SpatialMap.project(grid, x, y))", [grid, points]
        )
        base = "EPSG:4326" if code == "EPSG:32650" else "EPSG:4490"
        known = Transformer.from_crs(base, code, always_xy=True).transform(lons, lats)
        assert np.abs(np.array(written).T - known).max() < 1e-3


def test_esc_closes_one_thing_at_a_time(opened: Visit) -> None:
    opened.page.click("[data-tool=swipe]")
    opened.page.click("[data-tool=distance]")
    opened.page.click("[data-tool=print]")
    opened.page.keyboard.press("Escape")
    assert opened.page.locator(".plan-print-menu").count() == 0
    assert opened.page.is_visible(".plan-measured")
    opened.page.keyboard.press("Escape")
    assert opened.page.is_hidden(".plan-measured")
    assert opened.page.is_visible(".plan-swipe")
    opened.page.keyboard.press("Escape")
    assert opened.page.is_hidden(".plan-swipe")


def test_a_packed_layer_is_printed_where_it_lies(
    visit: Callable[..., Visit], city: City, tmp_path: Path, make_frame: Callable[..., gpd.GeoDataFrame]
) -> None:
    pdftoppm = shutil.which("pdftoppm")
    if pdftoppm is None:
        pytest.skip("pdftoppm is not installed")
    cells = [(112.2 + 0.02 * (at % 20), 35.0 + 0.01 * (at // 20)) for at in range(400)]
    rows = [{"id": f"z{at}", "name": "", "zone": "urban"} for at in range(400)]
    zones = make_frame(rows, [shapely.box(x, y, x + 0.02, y + 0.01) for x, y in cells])
    corner = make_frame(
        [{"id": "r", "name": "", "grade": "trunk"}], [shapely.LineString([(112.05, 34.95), (112.75, 34.95)])]
    )
    city.layers = {
        "territory": city.layers["territory"],
        "zones": zones,
        "roads": corner,
        "towns": city.layers["towns"],
    }
    city.write(tmp_path / "map.html")
    seen = visit(tmp_path / "map.html")
    assert seen.ask("spatialPlan.layers.get('zones').kind") == "packed"
    (tmp_path / "map.pdf").write_bytes(seen.page.pdf(prefer_css_page_size=True, print_background=True))
    subprocess.run([pdftoppm, "-r", "96", "-png", tmp_path / "map.pdf", tmp_path / "map"], check=True)
    with Image.open(next(tmp_path.glob("map*.png"))) as image:
        shades = np.asarray(image.convert("RGB")).astype(int)
    seen.ask("() => { dispatchEvent(new Event('beforeprint')); }")
    assert seen.page.locator(".leaflet-map-pane canvas:visible").count() == 0
    margin = 10 / 25.4 * 96
    (left, bottom), (right, top) = seen.pixel(112.2, 35.0), seen.pixel(112.6, 35.2)
    reddish = (
        (shades[..., 0] - shades[..., 1] > 40)
        & (shades[..., 1] - shades[..., 2] > -20)
        & (shades[..., 0] > 180)
    )
    inside = reddish[
        int(top + margin) + 4 : int(bottom + margin) - 4, int(left + margin) + 4 : int(right + margin) - 4
    ]
    assert inside.mean() > 0.6
    beside = reddish[
        int(top + margin) + 4 : int(bottom + margin) - 4, int(left + margin) - 24 : int(left + margin) - 4
    ]
    assert beside.mean() < 0.02
    x, y = seen.pixel(112.3, 34.95)
    road = shades[int(y + margin) - 3 : int(y + margin) + 4, int(x + margin)]
    assert road.min() < 200
    seen.ask("() => { dispatchEvent(new Event('afterprint')); }")
    assert seen.page.locator(".leaflet-map-pane canvas:visible").count() == 1
    assert seen.page.locator(".plan-picture").count() == 0
