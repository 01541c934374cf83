"""The web map in a real Chromium with the network cut: layers, names, what a click tells."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import shapely

from spatial.plan.base import Text

if TYPE_CHECKING:
    from .conftest import City, Visit


def test_one_request_and_no_complaint(opened: Visit) -> None:
    assert opened.ask("document.querySelectorAll('.leaflet-container').length") == 1
    assert opened.ask("performance.getEntriesByType('resource').length") == 0


def test_layers_toggle_and_keep_their_order(opened: Visit) -> None:
    before = opened.order()
    assert before == ["ground", "zones", "belts", "cores", "territory", "towns", "points"]
    for key in ("zones", "belts"):
        opened.page.uncheck(f"[data-layer={key}] input")
        assert key not in opened.shown()
        assert key not in opened.order()
    opened.page.check("[data-layer=belts] input")
    opened.page.check("[data-layer=zones] input")
    assert opened.order() == before


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


def test_a_plan_with_nothing_to_draw_still_opens(
    visit: Callable[..., Visit], city: City, tmp_path: Path
) -> None:
    city.layers = {}
    city.write(tmp_path / "map.html")
    seen = visit(tmp_path / "map.html", until=".plan-fold")
    assert "测试市" in seen.page.inner_text(".plan-title h1")


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


def test_names_leave_room_for_neighbours(visit: Callable[..., Visit], city: City, tmp_path: Path) -> None:
    near = [
        ("沁园街道", 112.587, 35.077), ("济水街道", 112.590, 35.093), ("北海街道", 112.585, 35.104),
        ("天坛街道", 112.560, 35.095), ("玉泉街道", 112.622, 35.090), ("思礼近郊休闲节点", 112.513, 35.112),
    ]  # fmt: skip
    rows = [{"id": f"{at}", "name": name, "kind": "point", "rank": 2} for at, (name, _, _) in enumerate(near)]
    made = gpd.GeoDataFrame(rows, geometry=gpd.points_from_xy(*zip(*[one[1:] for one in near], strict=True)))
    made = made.set_crs("EPSG:4490")
    city.layers["towns"], city.layers["points"] = made[:5], made[5:]
    city.write(tmp_path / "map.html")
    seen = visit(tmp_path / "map.html")
    placed = seen.ask("spatialPlan.labels.placed.map(label => label.text)")
    assert {name for name, _, _ in near} <= set(placed)


def test_names_of_roads_lie_along_them_or_wait(
    visit: Callable[..., Visit], city: City, make_frame: Callable[..., gpd.GeoDataFrame], tmp_path: Path
) -> None:
    lengths = {"一条很短的旅游公路": 0.02, "一条足够长的旅游公路": 0.5}
    rows = [{"id": f"river-{at}", "name": name, "rank": 1} for at, name in enumerate(lengths)]
    shapes = [
        shapely.LineString([(112.2, 35.0 + 0.1 * at), (112.2 + long, 35.0 + 0.1 * at)])
        for at, long in enumerate(lengths.values())
    ]
    layers = {"territory": city.layers["territory"], "rivers": make_frame(rows, shapes)}
    replace(city, layers=layers).write(tmp_path / "map.html")
    seen = visit(tmp_path / "map.html")
    assert seen.page.locator(".plan-labels text").all_text_contents() == ["一条足够长的旅游公路"]
    seen.ask("spatialPlan.map.setView([35.0, 112.21], 14, {animate: false})")
    assert "一条很短的旅游公路" in seen.page.locator(".plan-labels text").all_text_contents()


def test_a_map_with_nothing_on_opens_its_first_view(
    visit: Callable[..., Visit], city: City, tmp_path: Path
) -> None:
    layers = {key: city.layers[key] for key in ("territory", "towns", "commute_circles")}
    replace(city, layers=layers).write(tmp_path / "map.html")
    seen = visit(tmp_path / "map.html")
    assert "commute_circles" in seen.shown()
    assert seen.page.get_attribute(".plan-views button:nth-child(1)", "aria-pressed") == "true"


def test_a_very_long_title_leaves_room_for_the_buttons(
    visit: Callable[..., Visit], city: City, tmp_path: Path
) -> None:
    replace(city, heading=replace(city.heading, title=Text(zh="这是一个很长的名称" * 22))).write(
        tmp_path / "map.html"
    )
    seen = visit(tmp_path / "map.html")
    title, buttons = (seen.page.locator(part).bounding_box() for part in (".plan-title", ".plan-buttons"))
    assert title is not None
    assert buttons is not None
    assert title["y"] + title["height"] < buttons["y"]
