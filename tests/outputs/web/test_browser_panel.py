"""The panel of the web map in a real Chromium: legend, layers, search, opacity, times, languages, narrow screens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from pyproj import Geod

if TYPE_CHECKING:
    from .conftest import City, Visit

GEOD = Geod(a=6378137.0, rf=298.257222101)


def test_layers_toggle_by_keyboard(opened: Visit) -> None:
    opened.page.focus("[data-layer=lines] input")
    opened.page.keyboard.press("Space")
    assert "lines" in opened.shown()
    opened.page.focus(".plan-views button:nth-child(3)")
    opened.page.keyboard.press("Enter")
    assert set(opened.shown()) == {"lines", "towns", "territory"}
    assert opened.page.get_attribute(".plan-views button:nth-child(3)", "aria-pressed") == "true"


def test_the_legend_shows_what_is_drawn(opened: Visit, city: City) -> None:
    rows = opened.ask(
        "[...document.querySelectorAll('[data-layer=zones] .plan-class')].map(row => row.innerText.split('\\n')[0].trim())"
    )
    assert rows == ["生态空间", "农业空间", "城镇空间"]
    pairs = opened.ask(
        """['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-dasharray'].map(name => [
             document.querySelector('[data-layer=belts] .plan-swatch path:not(.plan-halo)').getAttribute(name),
             document.querySelector('.leaflet-plan-belts-pane path:not(.plan-halo)').getAttribute(name)])"""
    )
    assert all(legend == drawn for legend, drawn in pairs)
    style = city.styles.layers["belts"].classes["belt"]
    assert pairs[0][0] == style.fill
    assert opened.page.locator("[data-layer=lines] .plan-class").count() == 1


def test_search_finds_a_town_in_both_languages(opened: Visit) -> None:
    opened.page.fill(".plan-search input", "邵原")
    names = opened.page.locator(".plan-results li").all_inner_texts()
    assert any(name.startswith("邵原镇") for name in names)
    opened.page.fill(".plan-search input", "shaoyuan")
    opened.page.keyboard.press("ArrowDown")
    opened.page.keyboard.press("Enter")
    centre = opened.ask("spatialPlan.map.getBounds().contains([35.165, 112.124])")
    assert centre
    assert "邵原" in opened.page.inner_text(".plan-popup .plan-headline")
    opened.page.fill(".plan-search input", "没有这个地方")
    assert opened.page.inner_text(".plan-results") == "没有找到"


def test_search_shows_a_hidden_layer(opened: Visit) -> None:
    assert "commute_circles" not in opened.shown()
    opened.page.fill(".plan-search input", "60 分钟圈")
    opened.page.keyboard.press("Enter")
    assert "commute_circles" in opened.shown()


def test_findings_lead_to_their_place(opened: Visit) -> None:
    opened.page.click(".plan-list summary")
    assert opened.page.locator(".plan-findings li").count() == 2
    opened.page.click(".plan-findings .plan-warning button")
    assert "findings" in opened.shown()
    assert opened.ask("spatialPlan.map.getBounds().contains([34.91, 112.11])")


def test_language_switches_everything(opened: Visit) -> None:
    assert opened.page.inner_text(".plan-fold") == "图例"
    opened.page.click("[data-language=en]")
    assert opened.page.inner_text(".plan-fold") == "Legend"
    assert opened.page.inner_text(".plan-title h1") == "Test City Territorial Plan"
    assert "North bank belt" in opened.page.locator(".plan-labels text").all_text_contents()
    assert opened.page.inner_text(".plan-mark") == "Illustrative, not legally binding"
    assert opened.ask("document.documentElement.lang") == "en"
    opened.page.click("[data-language=both]")
    assert opened.page.inner_text("[data-class=ecology] .plan-name").split() == [
        "生态空间",
        "Ecological",
        "space",
    ]


def test_a_narrow_screen_has_room_for_the_map(visit: Callable[..., Visit], city_page: Path) -> None:
    seen = visit(city_page, width=420, height=800)
    assert seen.page.is_hidden(".plan-body")
    left, right = seen.pixel(112.0, 35.1)[0], seen.pixel(112.8, 35.1)[0]
    assert 0 <= left < right <= 420
    assert right - left > 300
    seen.page.click(".plan-fold")
    assert seen.page.is_visible("[data-layer=zones] input")
    assert seen.ask("document.documentElement.scrollWidth") <= 420


def test_search_tells_parts_of_one_name_as_one_row(
    visit: Callable[..., Visit], city: City, tmp_path: Path
) -> None:
    first = city.layers["lines"]
    second = first.assign(id="line-2")
    second.geometry = first.geometry.translate(0.4, 0.1)
    city.layers["lines"] = pd.concat([first, second], ignore_index=True)
    city.write(tmp_path / "map.html")
    seen = visit(tmp_path / "map.html")
    seen.page.fill(".plan-search input", "生态保护红线")
    assert seen.page.locator(".plan-results li").count() == 1
    assert seen.page.inner_text(".plan-results li").split("\n")[0].strip() == "生态保护红线 × 2"
    seen.page.keyboard.press("Enter")
    assert "lines" in seen.shown()
    assert seen.ask("spatialPlan.map.getBounds().contains([[35.0, 112.05], [35.2, 112.6]])")


def test_about_tells_a_reader_first(opened: Visit) -> None:
    opened.page.click(".plan-about summary")
    heads = opened.page.locator(".plan-about > dl dt").all_inner_texts()
    assert heads == ["坐标系", "效力", "制图工具"]
    text = opened.page.inner_text(".plan-about")
    assert "EPSG:4546" in text
    assert opened.page.is_hidden(".plan-about .plan-list dl")


def exact(seen: Visit, row: str) -> float:
    """The exact figure behind the count of a legend row: square or plain kilometres."""
    return float(str(seen.page.get_attribute(f"{row} .plan-count", "title")).split()[0].replace(",", ""))


def test_areas_and_lengths_are_those_of_the_ellipsoid(
    visit: Callable[..., Visit], city: City, tmp_path: Path, make_frame: Callable[..., gpd.GeoDataFrame]
) -> None:
    square, half = shapely.box(112.2, 35.0, 112.3, 35.1), shapely.box(112.2, 35.0, 112.25, 35.1)
    road = shapely.LineString([(112.1, 35.0), (112.4, 35.2)])
    rows = [{"id": str(at), "name": "", "line": "ecological_redline"} for at in range(2)]
    city.layers["lines"] = make_frame(rows, [square, half])
    city.layers["roads"] = make_frame([{"id": "r", "name": "", "grade": "trunk"}], [road])
    city.write(tmp_path / "map.html")
    seen = visit(tmp_path / "map.html")
    # Sides along parallels are not geodesics: cut into short pieces they come near enough.
    outline = shapely.segmentize(square, 1e-4).exterior.coords
    area = abs(GEOD.polygon_area_perimeter(*zip(*outline, strict=True))[0]) / 1e6
    row = "[data-layer=lines] [data-class=ecological_redline]"
    assert exact(seen, row) == pytest.approx(area, rel=1e-6)
    assert seen.page.inner_text(f"{row} .plan-count").startswith("2 · ")
    assert "重叠部分只计一次" in str(seen.page.get_attribute(f"{row} .plan-count", "title"))
    length = GEOD.line_length(*zip(*road.coords, strict=True)) / 1e3
    assert exact(seen, "[data-layer=roads] [data-class=trunk]") == pytest.approx(length, rel=1e-4)
    assert seen.page.inner_text("[data-layer=towns] .plan-count") == "4"


def test_opacity_goes_to_the_map_and_to_the_legend(opened: Visit) -> None:
    row = "[data-layer=zones]"
    assert opened.page.is_hidden(f"{row} .plan-opacity")
    opened.page.focus(f"{row} .plan-fade")
    opened.page.keyboard.press("Enter")
    assert opened.page.get_attribute(f"{row} .plan-fade", "aria-expanded") == "true"
    opened.page.keyboard.press("Tab")
    for _ in range(8):
        opened.page.keyboard.press("ArrowLeft")
    assert opened.page.inner_text(f"{row} .plan-opacity .plan-count") == "60 %"
    assert opened.ask("getComputedStyle(document.querySelector('.leaflet-plan-zones-pane')).opacity") == "0.6"
    assert opened.ask(f"getComputedStyle(document.querySelector('{row} .plan-swatch')).opacity") == "0.6"
    assert opened.page.get_attribute(f"{row} .plan-opacity input", "aria-label") == "不透明度: 三区"


def drawn(seen: Visit, key: str) -> int:
    return seen.page.locator(f".leaflet-plan-{key}-pane g > path:not(.plan-halo)").count()


def found(seen: Visit, lon: float, lat: float) -> set[str]:
    """Ids of what a click would tell of."""
    return set(
        seen.ask("([x, y]) => spatialPlan.hits(L.latLng(y, x)).map(item => item.feature.id)", [lon, lat])
    )


def test_the_slider_shows_what_is_reached_up_to_a_time(opened: Visit) -> None:
    opened.page.click(".plan-views button:nth-child(4)")
    assert drawn(opened, "commute_circles") == 3
    assert {"ring-cumulative-30", "ring-cumulative-60"} <= found(opened, 112.7, 35.1)
    opened.page.focus("[data-layer=commute_circles] .plan-time input")
    opened.page.keyboard.press("Home")
    assert drawn(opened, "commute_circles") == 1
    assert opened.page.inner_text("[data-layer=commute_circles] .plan-time .plan-count") == "≤ 15 分钟"
    assert not {"ring-cumulative-30", "ring-cumulative-60"} & found(opened, 112.7, 35.1)
    assert "ring-cumulative-15" in found(opened, 112.62, 35.13)
    beyond = opened.page.locator("[data-layer=commute_circles] .plan-beyond").all_inner_texts()
    assert [text.split("\n")[0].strip() for text in beyond] == ["30 分钟以内", "60 分钟以内"]
    opened.page.keyboard.press("ArrowRight")
    assert drawn(opened, "commute_circles") == 2
    names = opened.page.locator(".plan-labels text").all_text_contents()
    assert "60 分钟圈" not in names


def test_play_goes_through_all_times_and_stops(opened: Visit) -> None:
    opened.page.click(".plan-views button:nth-child(4)")
    play = opened.page.locator("[data-layer=commute_circles] .plan-play")
    play.click()
    assert play.get_attribute("aria-label") == "暂停: 通勤圈（等时）"
    assert drawn(opened, "commute_circles") == 1
    opened.page.wait_for_selector("[data-layer=commute_circles] .plan-play[title=播放]", timeout=8000)
    assert drawn(opened, "commute_circles") == 3


def test_a_layer_with_one_time_has_no_slider(opened: Visit) -> None:
    assert opened.page.locator("[data-layer=commute_circles] .plan-time").count() == 1
    assert opened.page.locator("[data-layer=commute_bands] .plan-time").count() == 0


def test_search_works_by_keyboard_alone(opened: Visit) -> None:
    box = opened.page.locator(".plan-search input")
    box.focus()
    opened.page.keyboard.type("邵原")
    first = box.get_attribute("aria-activedescendant")
    assert first
    assert opened.page.get_attribute(f"#{first}", "aria-selected") == "true"
    opened.page.keyboard.press("ArrowDown")
    assert box.get_attribute("aria-activedescendant") != first
    opened.page.keyboard.press("Escape")
    assert box.get_attribute("aria-expanded") == "false"
    opened.page.keyboard.press("ArrowDown")
    assert box.get_attribute("aria-expanded") == "true"
    opened.page.keyboard.press("Enter")
    assert "邵原" in opened.page.inner_text(".plan-popup")
    opened.page.keyboard.press("Escape")
    opened.page.wait_for_selector(".plan-popup", state="detached")


CONTROLS = """[...document.querySelectorAll('button, input, select, summary')]
    .filter(one => one.checkVisibility({ visibilityProperty: true })).length"""
FOCUSED = """() => {
  const { activeElement: one } = document;
  const name = one.getAttribute('aria-label') || one.innerText || [...(one.labels || [])].map(label => label.innerText).join();
  return [one.tagName, name.trim(), getComputedStyle(one).outlineStyle, parseFloat(getComputedStyle(one).outlineWidth)];
}"""


def test_every_control_is_reached_by_tab_and_shows_it(opened: Visit) -> None:
    opened.ask("() => spatialPlan.swipe.begin(...spatialPlan.swipe.suggest())")
    stops = []
    for _ in range(200):
        opened.page.keyboard.press("Tab")
        stop = opened.ask(FOCUSED)
        if stop[0] == "BODY":
            break
        stops.append(stop)
    controls = [stop for stop in stops if stop[0] != "DIV"]
    assert len(controls) == opened.ask(CONTROLS)
    assert [stop for stop in stops if stop[0] != "DIV" and not stop[1]] == []
    assert [stop for stop in stops if stop[2] == "none" or stop[3] < 1] == []


def test_narrow_screens_fold_the_panel_to_a_sheet(visit: Callable[..., Visit], city_page: Path) -> None:
    seen = visit(city_page, width=390, height=844)
    assert seen.page.is_hidden(".plan-body")
    assert seen.ask("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == [
        390,
        844,
    ]
    outside = """[...document.querySelectorAll('.plan-title, .plan-panel, .plan-buttons button, .leaflet-control, .plan-side, .plan-swipe-end')]
        .filter(one => one.checkVisibility()).map(one => [one.className, one.getBoundingClientRect()])
        .filter(([, box]) => box.width && (box.left < 0 || box.right > innerWidth || box.bottom > innerHeight)).map(([name]) => name)"""
    assert seen.ask(outside) == []
    overlaps = """() => {
      const boxes = ['.plan-title', '.plan-panel', '.plan-buttons', '.plan-approval', '.leaflet-control-scale']
        .map(name => document.querySelector(name).getBoundingClientRect());
      return boxes.some((one, at) => boxes.slice(at + 1).some(other =>
        one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom));
    }"""
    assert not seen.ask(overlaps)
    seen.page.click("[data-tool=swipe]")
    assert seen.ask(outside) == []
    seen.page.keyboard.press("Escape")
    seen.page.click(".plan-fold")
    sheet = seen.page.locator(".plan-panel").bounding_box()
    assert sheet["y"] > 0.35 * 844
    assert (sheet["x"], sheet["width"]) == (8, 374)
    seen.page.keyboard.press("Escape")
    assert seen.page.is_hidden(".plan-body")


INK = """key => {
  const canvas = document.querySelector(`.leaflet-plan-${key}-pane canvas`);
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  let inked = 0;
  for (let at = 3; at < data.length; at += 4) inked += data[at] > 0;
  return inked;
}"""


def test_the_slider_works_on_a_packed_layer_too(
    visit: Callable[..., Visit], city: City, tmp_path: Path, make_frame: Callable[..., gpd.GeoDataFrame]
) -> None:
    rows = [
        {"id": f"c{at}", "name": f"圈 {at}", "form": "cumulative", "time_min": time, "mode": "drive"}
        for at in range(400)
        for time in [(15.0, 30.0, 60.0)[at % 3]]
    ]
    shapes = [
        shapely.Point(112.02 + 0.0019 * at, 35.1).buffer(0.0005 * row["time_min"])
        for at, row in enumerate(rows)
    ]
    city.layers["commute_circles"] = make_frame(rows, shapes)
    city.write(tmp_path / "map.html")
    seen = visit(tmp_path / "map.html")
    seen.page.click(".plan-views button:nth-child(4)")
    assert seen.ask("spatialPlan.layers.get('commute_circles').kind") == "packed"
    all_of_it = seen.ask(INK, "commute_circles")
    assert {row["id"] for row in rows} & found(seen, 112.4, 35.1)
    seen.page.focus("[data-layer=commute_circles] .plan-time input")
    seen.page.keyboard.press("Home")
    assert 0 < seen.ask(INK, "commute_circles") < 0.7 * all_of_it
    ids = found(seen, 112.4, 35.1)
    assert {row["time_min"] for row in rows if row["id"] in ids} == {15.0}
    seen.page.keyboard.press("End")
    assert seen.ask(INK, "commute_circles") == all_of_it
