"""The web map in a real Chromium with the network cut: what a reader sees and does."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pytest
from pyproj import Geod

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from .conftest import City

CANDIDATES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "microsoft-edge",
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
GEOD = Geod(a=6378137.0, rf=298.257222101)
# Pieces of a route and of a plot that are large enough for a wrong ellipsoid to show.
ROUTE = [(112.1, 34.95), (112.4, 35.25), (112.7, 35.0)]
PLOTS = [
    [(112.1, 34.95), (112.4, 35.25), (112.7, 35.0)],
    [(110.0, 30.0), (113.0, 30.0), (113.0, 33.0), (110.0, 33.0)],
    [(112.5, 35.0), (112.501, 35.0), (112.501, 35.001), (112.5, 35.001)],
]


@dataclass
class Visit:
    """A page with all that it asked for and complained of."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def ask(self, script: str, argument: Any = None) -> Any:
        return self.page.evaluate(script, argument)

    def hover(self, lon: float, lat: float) -> str:
        x, y = self.pixel(lon, lat)
        self.page.mouse.move(x - 3, y)
        self.page.mouse.move(x, y)
        self.rest()
        return str(
            self.ask("[...document.querySelectorAll('.plan-tooltip')].map(one => one.innerText).join()")
        )

    def rest(self) -> None:
        """Wait until two frames are painted; the page's own policy forbids waiting by a polled script."""
        self.ask(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
        )

    def pixel(self, lon: float, lat: float) -> tuple[float, float]:
        point = self.ask("([x, y]) => spatialPlan.map.latLngToContainerPoint([y, x])", [lon, lat])
        return point["x"], point["y"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = os.environ.get("SPATIAL_BROWSER") or next(filter(None, map(shutil.which, CANDIDATES)), None)
    with sync_api.sync_playwright() as playwright:
        if path is None and not Path(playwright.chromium.executable_path).is_file():
            missing = "no Chromium: set SPATIAL_BROWSER, or run `playwright install chromium`"
            if os.environ.get("CI") == "true":
                pytest.fail(missing)
            pytest.skip(missing)
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


def visit(browser: Browser, file: Path, *, width: int = 1400, height: int = 900) -> Visit:
    context = browser.new_context(viewport={"width": width, "height": height})
    context.set_offline(True)
    context.route(lambda url: not url.startswith("file:"), lambda route: route.abort())
    seen = Visit(context.new_page())
    seen.page.on("request", lambda request: seen.requests.append(request.url))
    seen.page.on("console", lambda message: seen.complaints.append(message.text))
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    seen.page.on(
        "dialog", lambda dialog: seen.complaints.append(f"dialog {dialog.message}") or dialog.dismiss()
    )
    seen.page.goto(file.as_uri())
    seen.page.wait_for_selector(".plan-labels text", state="attached")
    return seen


@pytest.fixture
def opened(browser: Browser, city_page: Path) -> Iterator[Visit]:
    seen = visit(browser, city_page)
    yield seen
    assert seen.requests == [city_page.as_uri()]
    assert seen.complaints == []
    seen.page.context.close()


def shown(seen: Visit) -> list[str]:
    return list(seen.ask("[...spatialPlan.layers.keys()].filter(key => spatialPlan.isShown(key))"))


def order(seen: Visit) -> list[str]:
    """Panes that hold drawn shapes, lowest first."""
    return list(
        seen.ask(
            """[...document.querySelectorAll('.leaflet-map-pane > .leaflet-pane')]
               .filter(pane => pane.querySelector('g > path:not(.plan-halo)'))
               .sort((one, other) => getComputedStyle(one).zIndex - getComputedStyle(other).zIndex)
               .map(pane => [...pane.classList].find(name => name.startsWith('leaflet-plan-')).slice(13, -5))"""
        )
    )


def test_one_request_and_no_complaint(opened: Visit) -> None:
    assert opened.ask("document.querySelectorAll('.leaflet-container').length") == 1
    assert opened.ask("performance.getEntriesByType('resource').length") == 0


def test_layers_toggle_and_keep_their_order(opened: Visit) -> None:
    before = order(opened)
    assert before == ["ground", "zones", "belts", "cores", "territory", "towns", "points"]
    for key in ("zones", "belts"):
        opened.page.uncheck(f"[data-layer={key}] input")
        assert key not in shown(opened)
        assert key not in order(opened)
    opened.page.check("[data-layer=belts] input")
    opened.page.check("[data-layer=zones] input")
    assert order(opened) == before


def test_layers_toggle_by_keyboard(opened: Visit) -> None:
    opened.page.focus("[data-layer=lines] input")
    opened.page.keyboard.press("Space")
    assert "lines" in shown(opened)
    opened.page.focus(".plan-views button:nth-child(3)")
    opened.page.keyboard.press("Enter")
    assert set(shown(opened)) == {"lines", "towns", "territory"}
    assert opened.page.get_attribute(".plan-views button:nth-child(3)", "aria-pressed") == "true"


def test_the_legend_shows_what_is_drawn(opened: Visit, city: City) -> None:
    rows = opened.ask(
        "[...document.querySelectorAll('[data-layer=zones] .plan-class')].map(row => row.innerText.split('\\n')[0].trim())"
    )
    assert rows == ["生态空间", "农业空间", "城镇空间"]
    assert opened.page.inner_text("[data-layer=zones] [data-class=urban] .plan-count") == "1 · 30 km²"
    pairs = opened.ask(
        """['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-dasharray'].map(name => [
             document.querySelector('[data-layer=belts] .plan-swatch path:not(.plan-halo)').getAttribute(name),
             document.querySelector('.leaflet-plan-belts-pane path:not(.plan-halo)').getAttribute(name)])"""
    )
    assert all(legend == drawn for legend, drawn in pairs)
    style = city.styles.layers["belts"].classes["belt"]
    assert pairs[0][0] == style.fill
    assert opened.page.locator("[data-layer=lines] .plan-class").count() == 1


def test_hatches_have_a_pattern(opened: Visit) -> None:
    opened.page.check("[data-layer=lines] input")
    fill = opened.ask("document.querySelector('.leaflet-plan-lines-pane path').getAttribute('fill')")
    assert re.fullmatch(r"url\(#plan-hatch-[\w-]+\)", fill)
    assert opened.ask("id => document.getElementById(id).tagName", fill[5:-1]) == "pattern"


def test_tooltips_name_what_lies_beneath_too(opened: Visit) -> None:
    text = opened.hover(112.3, 34.94)
    assert "黄河北岸发展带" in text
    assert "生态空间" in text
    assert "邵原文旅" in opened.hover(112.124, 35.165)
    opened.page.mouse.move(300, 880)
    opened.page.wait_for_selector(".plan-tooltip", state="detached")
    assert "邵原文旅" in opened.hover(112.124, 35.165)
    opened.page.hover(".plan-fold")
    opened.page.wait_for_selector(".plan-tooltip", state="detached")


def test_a_click_opens_all_that_is_there(opened: Visit) -> None:
    opened.page.mouse.click(*opened.pixel(112.6, 35.09))
    popup = opened.page.locator(".plan-popup")
    assert "中心城区" in popup.locator(".plan-headline").first.inner_text()
    assert popup.locator("table").first.inner_text().split() == ["功能", "行政", "rank", "1"]
    assert [row.strip() for row in popup.locator("summary strong").all_inner_texts()] == [
        "农业空间",
        "测试市",
    ]


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
    assert "commute_circles" not in shown(opened)
    opened.page.fill(".plan-search input", "60 分钟圈")
    opened.page.keyboard.press("Enter")
    assert "commute_circles" in shown(opened)


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


def test_hostile_names_show_as_text(opened: Visit, hostile: tuple[str, str]) -> None:
    script, template = hostile
    assert script in opened.page.inner_text(".plan-title h1")
    assert script in opened.page.title()
    labels = opened.page.locator(".plan-labels text").all_text_contents()
    assert script in labels
    assert script in opened.hover(112.5, 35.2)
    opened.page.mouse.click(*opened.pixel(112.5, 35.2))
    assert script in opened.page.inner_text(".plan-popup .plan-headline")
    opened.page.fill(".plan-search input", "alert")
    assert script in opened.page.inner_text(".plan-results")
    opened.page.click("[data-language=en]")
    assert template in opened.page.locator(".plan-labels text").all_text_contents()
    opened.page.click(".plan-about summary")
    assert template in opened.page.inner_text(".plan-about")
    opened.page.click(".plan-list summary")
    opened.page.click("[data-language=zh]")
    assert script in opened.page.inner_text(".plan-findings")


def test_findings_lead_to_their_place(opened: Visit) -> None:
    opened.page.click(".plan-list summary")
    assert opened.page.locator(".plan-findings li").count() == 2
    opened.page.click(".plan-findings .plan-warning button")
    assert "findings" in shown(opened)
    assert opened.ask("spatialPlan.map.getBounds().contains([34.91, 112.11])")


def test_the_position_of_the_mouse_is_written(opened: Visit) -> None:
    opened.hover(112.5, 35.0)
    text = opened.page.inner_text(".plan-position")
    lon, lat = map(float, re.findall(r"(\d+\.\d{5})°", text))
    assert (lon, lat) == pytest.approx((112.5, 35.0), abs=2e-3)
    assert text.endswith("CGCS2000")


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


def test_the_marks_of_a_map_are_there(opened: Visit) -> None:
    assert opened.page.inner_text(".plan-mark") == "示意图 · 不具法律效力"
    assert opened.page.inner_text(".plan-approval") == "审图号：（待审）"
    assert opened.page.inner_text(".plan-title .plan-lines p:nth-child(2)") == "编制单位：测试院"
    assert "km" in opened.page.inner_text(".leaflet-control-scale-line")
    assert opened.page.inner_text(".leaflet-control-attribution") == "Leaflet · folium"
    assert opened.page.locator(".leaflet-control-attribution a").count() == 0


def test_labels_do_not_collide(opened: Visit) -> None:
    opened.page.click("[data-language=both]")
    boxes = opened.ask(
        """spatialPlan.labels.placed.flatMap((label, at) => label.boxes.map(box => [at, ...box]))"""
    )
    for at, *one in boxes:
        for other_at, *other in boxes:
            apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            assert at == other_at or apart


def test_a_narrow_screen_has_room_for_the_map(browser: Browser, city_page: Path) -> None:
    seen = visit(browser, city_page, width=420, height=800)
    assert seen.page.is_hidden(".plan-body")
    left, right = seen.pixel(112.0, 35.1)[0], seen.pixel(112.8, 35.1)[0]
    assert 0 <= left < right <= 420
    assert right - left > 300
    seen.page.click(".plan-fold")
    assert seen.page.is_visible("[data-layer=zones] input")
    assert seen.ask("document.documentElement.scrollWidth") <= 420
    assert seen.complaints == []
    seen.page.context.close()


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


def test_a_plan_with_nothing_to_draw_still_opens(browser: Browser, city: City, tmp_path: Path) -> None:
    city.layers = {}
    city.write(tmp_path / "map.html")
    context = browser.new_context(offline=True)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto((tmp_path / "map.html").as_uri())
    assert "测试市" in page.inner_text(".plan-title h1")
    assert complaints == []
    context.close()


HALOS = """['cores', 'points', 'territory'].flatMap(key => [...document.querySelectorAll(
    `.leaflet-plan-${key}-pane .plan-halo`)].map(halo => [halo.getAttribute('d'), halo.nextSibling.getAttribute('d')]))"""


def test_halos_come_back_with_their_layers(opened: Visit) -> None:
    before = opened.ask(HALOS)
    assert len(before) == 3
    for key in ("cores", "points", "territory"):
        opened.page.uncheck(f"[data-layer={key}] input")
        opened.page.check(f"[data-layer={key}] input")
    assert opened.ask(HALOS) == before
    assert all(halo == shape for halo, shape in before)


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


def test_print_lists_what_is_drawn_below_the_map(opened: Visit) -> None:
    opened.page.uncheck("[data-layer=belts] input")
    view = "[spatialPlan.map.getZoom(), spatialPlan.map.getCenter().lng, spatialPlan.map.getCenter().lat]"
    before = opened.ask(view)
    opened.ask("() => { dispatchEvent(new Event('beforeprint')); }")
    rows = opened.page.locator(".plan-layer-row:visible")
    listed = [rows.nth(at).get_attribute("data-layer") for at in range(rows.count())]
    assert sorted(listed) == sorted(shown(opened))
    assert "belts" not in listed
    legend = opened.page.locator(".plan-panel").bounding_box()
    title = opened.page.locator(".plan-title").bounding_box()
    (left, bottom), (right, top) = opened.pixel(112.0, 34.9), opened.pixel(112.8, 35.3)
    assert 0 < left < right < legend["width"]
    assert title["y"] + title["height"] < top < bottom < legend["y"]
    assert right - left > 0.75 * legend["width"]
    opened.ask("() => { dispatchEvent(new Event('afterprint')); }")
    assert opened.ask(view) == pytest.approx(before, abs=1e-6)
    assert opened.page.is_visible(".plan-search")


def test_one_page_is_printed_with_the_map_fitted(opened: Visit) -> None:
    printed = opened.page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    assert not opened.ask("document.querySelector('.plan-printing')")


def test_search_tells_parts_of_one_name_as_one_row(browser: Browser, city: City, tmp_path: Path) -> None:
    first = city.layers["lines"]
    second = first.assign(id="line-2")
    second.geometry = first.geometry.translate(0.4, 0.1)
    city.layers["lines"] = pd.concat([first, second], ignore_index=True)
    city.write(tmp_path / "map.html")
    seen = visit(browser, tmp_path / "map.html")
    seen.page.fill(".plan-search input", "生态保护红线")
    assert seen.page.locator(".plan-results li").count() == 1
    assert seen.page.inner_text(".plan-results li").split("\n")[0].strip() == "生态保护红线 × 2"
    seen.page.keyboard.press("Enter")
    assert "lines" in shown(seen)
    assert seen.ask("spatialPlan.map.getBounds().contains([[35.0, 112.05], [35.2, 112.6]])")
    assert seen.complaints == []
    seen.page.context.close()


def test_names_leave_room_for_neighbours(browser: Browser, city: City, tmp_path: Path) -> None:
    near = [
        ("沁园街道", 112.587, 35.077), ("济水街道", 112.590, 35.093), ("北海街道", 112.585, 35.104),
        ("天坛街道", 112.560, 35.095), ("玉泉街道", 112.622, 35.090), ("思礼近郊休闲节点", 112.513, 35.112),
    ]  # fmt: skip
    rows = [{"id": f"{at}", "name": name, "kind": "point", "rank": 2} for at, (name, _, _) in enumerate(near)]
    made = gpd.GeoDataFrame(rows, geometry=gpd.points_from_xy(*zip(*[one[1:] for one in near], strict=True)))
    made = made.set_crs("EPSG:4490")
    city.layers["towns"], city.layers["points"] = made[:5], made[5:]
    city.write(tmp_path / "map.html")
    seen = visit(browser, tmp_path / "map.html")
    placed = seen.ask("spatialPlan.labels.placed.map(label => label.text)")
    assert {name for name, _, _ in near} <= set(placed)
    seen.page.context.close()


def test_about_tells_a_reader_first(opened: Visit) -> None:
    opened.page.click(".plan-about summary")
    heads = opened.page.locator(".plan-about > dl dt").all_inner_texts()
    assert heads == ["坐标系", "效力", "制图工具"]
    text = opened.page.inner_text(".plan-about")
    assert "EPSG:4546" in text
    assert opened.page.is_hidden(".plan-about .plan-list dl")
