"""The swipe, two versions on one map, the address and shifted tiles, in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from spatial.engine.gcj02 import shift_gcj02, unshift_gcj02
from spatial.outputs.web.beside import Beside
from spatial.plan.base import Text

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from .conftest import City, Visit

VIEW = "[spatialPlan.map.getZoom(), spatialPlan.map.getCenter().lng, spatialPlan.map.getCenter().lat]"
CLIP = "key => getComputedStyle(document.querySelector(`.leaflet-plan-${key}-pane`)).clipPath"


def found(seen: Visit, x: float, y: float) -> set[str]:
    """Layers that a click at a place of the screen would tell of."""
    script = """([x, y]) => spatialPlan.hits(spatialPlan.map.containerPointToLatLng([x, y])).map(item => item.layer.key)"""
    return set(seen.ask(script, [x, y]))


def test_two_views_stand_left_and_right_of_a_line(opened: Visit) -> None:
    before = opened.shown()
    opened.page.click("[data-tool=swipe]")
    opened.page.select_option(".plan-side-left", "structure")
    opened.page.select_option(".plan-side-right", "lines")
    assert {"belts", "zones", "lines", "towns"} <= set(opened.shown())
    line = opened.page.locator(".plan-knob").bounding_box()
    at = line["x"] + line["width"] / 2
    for key, left in (("belts", True), ("zones", True), ("lines", False)):
        edges = [float(one) for one in re.findall(r"(-?[\d.]+)px", opened.ask(CLIP, key))][::2]
        origin = opened.ask("spatialPlan.map.containerPointToLayerPoint([0, 0]).x")
        inside = [edge - origin for edge in edges]
        assert (min(inside), max(inside)) == pytest.approx((0, at) if left else (at, 1400), abs=1)
    assert opened.ask(CLIP, "towns") == "none"
    _, y = opened.pixel(112.1, 35.05)
    assert "lines" not in found(opened, at - 5, y)
    opened.ask("spatialPlan.map.panBy([100, 0], { animate: false })")
    assert opened.page.locator(".plan-knob").bounding_box() == line
    opened.page.click("[data-tool=swipe]")
    assert opened.shown() == before
    assert opened.ask(CLIP, "belts") == "none"


def test_names_and_hits_keep_to_their_side(opened: Visit) -> None:
    opened.ask("() => spatialPlan.swipe.begin('layer:lines', 'layer:zones', 0.5)")
    x, y = opened.pixel(112.1, 35.05)
    opened.ask("([x, y]) => spatialPlan.swipe.move((x + 20) / 1400)", [x, y])
    assert found(opened, x, y) & {"lines", "zones"} == {"lines"}
    opened.ask("([x, y]) => spatialPlan.swipe.move((x - 20) / 1400)", [x, y])
    assert found(opened, x, y) & {"lines", "zones"} == {"zones"}
    opened.ask("() => spatialPlan.swipe.begin('layer:belts', 'layer:points', 0.4)")
    opened.rest()
    boxes = opened.ask(
        """spatialPlan.labels.placed.map(({ text, boxes }) =>
             [text, boxes.map(box => spatialPlan.map.layerPointToContainerPoint([box[2], box[1]]).x)])"""
    )
    belts = [max(edges) for text, edges in boxes if text == "黄河北岸发展带"]
    assert belts
    assert max(belts) <= 0.4 * 1400 + 1


def test_the_line_is_moved_by_mouse_and_keyboard(opened: Visit) -> None:
    opened.page.click("[data-tool=swipe]")
    knob = opened.page.locator(".plan-knob")
    box = knob.bounding_box()
    opened.page.mouse.move(box["x"] + 18, box["y"] + 18)
    opened.page.mouse.down()
    opened.page.mouse.move(700, 500, steps=4)
    opened.page.mouse.up()
    assert opened.ask("spatialPlan.swipe.share") == pytest.approx(0.5, abs=0.02)
    assert opened.ask("spatialPlan.map.getCenter().lng") == pytest.approx(opened.ask(VIEW)[1])
    knob.focus()
    opened.page.keyboard.press("ArrowLeft")
    assert opened.ask("spatialPlan.swipe.share") == pytest.approx(0.48, abs=0.02)
    assert knob.get_attribute("aria-valuenow") == "48"
    opened.page.keyboard.press("End")
    panel = opened.page.locator(".plan-panel").bounding_box()
    assert knob.bounding_box()["x"] < panel["x"]


def test_another_version_is_swiped_against_the_first(
    visit: Callable[..., Visit], city: City, tmp_path: Path, hostile: tuple[str, str]
) -> None:
    other = {**city.layers, "zones": city.layers["zones"].assign(zone=["urban", "farming", "ecology"])}
    city.write(tmp_path / "map.html", beside=Beside(Text(zh=f"方案二{hostile[0]}", en="Second"), other))
    seen = visit(tmp_path / "map.html")
    second = [key for key in seen.ask("[...spatialPlan.layers.keys()]") if key.startswith("beside_")]
    assert second == ["beside_zones"]
    assert "beside_zones" not in seen.shown()
    assert hostile[0] in seen.page.inner_text("[data-group=beside] > summary")
    seen.page.click(".plan-views button:nth-child(2)")
    seen.page.click("[data-tool=swipe]")
    assert seen.ask("[spatialPlan.swipe.left, spatialPlan.swipe.right]") == ["zones", "beside_zones"]
    assert {"zones", "beside_zones", "towns"} <= set(seen.shown())
    classes = """key => [...document.querySelectorAll(`.leaflet-plan-${key}-pane path`)].map(path => path.getAttribute('fill'))"""
    assert seen.ask(classes, "zones") == seen.ask(classes, "beside_zones")[::-1]
    sides = [
        seen.page.get_attribute(f"[data-layer={key}]", "data-side")
        for key in ("zones", "beside_zones", "towns")
    ]
    assert sides == ["left", "right", "both"]


def test_the_address_brings_the_same_picture_back(visit: Callable[..., Visit], city_page: Path) -> None:
    first = visit(city_page)
    first.page.click("[data-language=en]")
    first.page.click(".plan-views button:nth-child(4)")
    first.page.uncheck("[data-layer=cores] input")
    first.ask("() => { spatialPlan.layers.get('zones').setOpacity(0.4); spatialPlan.map.fire('planstate'); }")
    first.ask("() => spatialPlan.layers.get('commute_circles').timeline.set(1)")
    first.ask("() => { spatialPlan.map.setView([35.05, 112.3], 12.25, { animate: false }); }")
    first.page.wait_for_timeout(400)
    address = first.ask("location.hash")
    again = visit(city_page, address=address)
    assert again.ask(VIEW) == pytest.approx(first.ask(VIEW), abs=1e-5)
    assert again.shown() == first.shown()
    assert again.ask("[...spatialPlan.layers.values()].map(one => one.opacity)").count(0.4) == 1
    assert again.ask("spatialPlan.layers.get('commute_circles').timeline.limit") == 30
    assert again.page.inner_text(".plan-fold") == "Legend"
    assert again.ask("location.hash") == address


def test_the_address_keeps_views_and_swipes(visit: Callable[..., Visit], city_page: Path) -> None:
    first = visit(city_page)
    assert first.ask("location.hash") == ""
    first.page.click(".plan-views button:nth-child(2)")
    first.page.wait_for_timeout(400)
    assert "view=zones" in first.ask("location.hash")
    first.ask("() => spatialPlan.swipe.begin('zones', 'layer:lines', 0.25)")
    first.page.wait_for_timeout(400)
    again = visit(city_page, address=first.ask("location.hash"))
    swipe = "[spatialPlan.swipe.on, spatialPlan.swipe.left, spatialPlan.swipe.right, spatialPlan.swipe.share]"
    assert again.ask(swipe) == [True, "zones", "layer:lines", 0.25]
    again.ask("() => { location.hash = 'view=structure&lang=en'; }")
    again.page.wait_for_selector(".plan-swipe", state="hidden")
    assert "belts" in again.shown()
    assert again.page.inner_text(".plan-fold") == "Legend"


def test_an_address_that_says_nonsense_changes_nothing(visit: Callable[..., Visit], city_page: Path) -> None:
    plain = visit(city_page)
    nonsense = "#map=NaN/x/1e999&view=__proto__&opacity=zones:900,:,toString:1&time=towns:1&lang=fr&swipe=a,b,c&<script>"
    seen = visit(city_page, address=nonsense)
    assert seen.ask(VIEW) == plain.ask(VIEW)
    assert seen.shown() == plain.shown()
    assert seen.ask("[...spatialPlan.layers.values()].every(one => one.opacity === 1)")


def test_shifts_of_page_and_engine_agree(opened: Visit) -> None:
    chance = np.random.default_rng(2)
    lons, lats = chance.uniform(73, 137, 200), chance.uniform(1, 55, 200)
    points = np.column_stack([lons, lats]).tolist()
    there = opened.ask("points => points.map(([x, y]) => SpatialMap.toGcj02(x, y))", points)
    back = opened.ask("points => points.map(([x, y]) => SpatialMap.fromGcj02(x, y))", points)
    assert np.abs(np.array(there).T - shift_gcj02(lons, lats)).max() < 1e-11
    assert np.abs(np.array(back).T - unshift_gcj02(lons, lats)).max() < 1e-9


TILES = """[...document.querySelectorAll('.leaflet-tile-container img')].map(tile => {
  const box = tile.getBoundingClientRect();
  return [tile.src, box.left, box.top, box.right, box.bottom];
})"""
PIXEL = '<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256"/>'


def to_world(lon: Any, lat: Any, zoom: int) -> tuple[Any, Any]:
    """Tile numbers, with fractions, of positions as a tile service counts them."""
    y = np.arcsinh(np.tan(np.radians(lat)))
    return 2**zoom * (lon + 180) / 360, 2**zoom * (1 - y / np.pi) / 2


@pytest.mark.parametrize("zoom", [10, 14, 18])
def test_tiles_in_gcj02_lie_where_their_land_is(
    browser: Browser, city: City, tmp_path: Path, zoom: int
) -> None:
    (warning,) = city.write(tmp_path / "map.html", basemap="gaode")
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.route("https://**", lambda route: route.fulfill(body=PIXEL, content_type="image/svg+xml"))
    page.goto((tmp_path / "map.html").as_uri() + f"#map={zoom}/35.1/112.4")
    page.wait_for_selector(".leaflet-tile", state="attached")
    assert warning in page.inner_text(".plan-basemap")
    assert "autonavi.com" in page.inner_text(".plan-basemap")
    tiles = {}
    for source, *box in page.evaluate(TILES):
        x, y, z = (int(re.search(rf"[?&]{name}=(\d+)", source)[1]) for name in "xyz")
        if z == zoom:
            tiles[x, y] = box
    for x, y in ((100, 100), (700, 450), (1300, 800), (150, 850)):
        place = page.evaluate("([x, y]) => spatialPlan.map.containerPointToLatLng([x, y])", [x, y])
        column, row = to_world(*map(float, shift_gcj02(place["lng"], place["lat"])), zoom)
        left, top, right, bottom = tiles[int(column), int(row)]
        drawn = (left + (column % 1) * (right - left), top + (row % 1) * (bottom - top))
        assert drawn == pytest.approx((x, y), abs=2)
    for (x, y), box in tiles.items():
        beside, below = tiles.get((x + 1, y)), tiles.get((x, y + 1))
        assert beside is None or beside[0] == pytest.approx(box[2], abs=1.01)
        assert below is None or below[1] == pytest.approx(box[3], abs=1.01)
    assert page.locator(".leaflet-plan-ground-pane path").count() == 0
    page.context.close()
