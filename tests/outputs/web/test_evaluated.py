"""The evaluation on the map in a real Chromium: cells lie where they are, and a click tells what explain tells."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pyproj import Transformer

from spatial import themes
from spatial.engine.rasters.thinning import thin_grid
from spatial.grading.digesting import digest_result
from spatial.grading.streaming import find_layers
from spatial.grading.wholes import join_stack
from spatial.outputs.jobs import write_map
from spatial.outputs.order import Order
from spatial.outputs.web.evaluated import list_overlays
from spatial.pipeline import Build, check_plan
from spatial.plan.digests import Digests
from spatial.plan.styles import read_styles
from spatial.studies.explain import explain_place

if TYPE_CHECKING:
    from .conftest import Visit

Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
BESIDES = ("evaluation_inputs", "evaluation_stack", "assessment_stack", "evaluation_digests")
READY = ".plan-panel .plan-name"
SHOWN = ("farming_suitability", "urban_suitability", "ecology_importance", "land_conflict", "slope")


@pytest.fixture(scope="module")
def made(hamlet: Any) -> Build:
    return check_plan(hamlet.write(), besides=BESIDES)


@pytest.fixture(scope="module")
def order(made: Build) -> Order:
    return made.order(language="zh")


@pytest.fixture(scope="module")
def page(order: Order, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("evaluated") / "map.html"
    assert write_map(order, path) == []
    return path


def places_of(order: Order, count: int, seed: int = 2) -> list[tuple[float, float, dict[str, Any]]]:
    """Return places inside cells of the territory, not at their middles, and what the rasters say there."""
    stack = order.rasters
    assert stack is not None
    chance = np.random.default_rng(seed)
    inside = np.argwhere(stack.read("farming_suitability") > 0)
    back = Transformer.from_crs(stack.grid.crs, "EPSG:4490", always_xy=True)
    found = []
    for row, column in chance.choice(inside, count, replace=False).tolist():
        dx, dy = chance.uniform(0.15, 0.85, 2)
        x = stack.grid.left + (column + dx) * stack.grid.cell_m
        y = stack.grid.top - (row + dy) * stack.grid.cell_m
        found.append((*back.transform(x, y), stack.at(x, y)))
    return found


def show_only(seen: Visit, key: str) -> None:
    seen.ask(
        "key => { for (const name of spatialPlan.layers.keys()) spatialPlan.toggle(name, name === key); }",
        key,
    )
    seen.rest()


def test_every_cell_is_its_class_and_has_its_colour(
    order: Order, page: Path, visit: Callable[..., Visit]
) -> None:
    seen = visit(page, until=READY)
    assert not set(SHOWN) & set(seen.shown())
    styles = read_styles()
    places = places_of(order, 40)
    for key in ("farming_suitability", "ecology_importance", "urban_concentrated"):
        show_only(seen, key)
        hits = seen.ask(
            "places => places.map(([lng, lat]) => spatialPlan.hits({lng, lat}).map(one => one.feature.class))",
            [list(place[:2]) for place in places],
        )
        assert hits == [[str(told[key])] for *_, told in places]
        picture = Image.open(io.BytesIO(seen.page.screenshot())).convert("RGB")
        for lon, lat, told in places:
            rule = styles.layers[key].classes[str(told[key])]
            assert rule.fill is not None
            x, y = seen.pixel(lon, lat)
            if seen.ask(
                "([x, y]) => document.elementFromPoint(x, y).closest('.plan-panel, .plan-title')", [x, y]
            ):
                continue
            paint = [int(rule.fill[at : at + 2], 16) for at in (1, 3, 5)]
            # Where the territory is off, the ground is the page's paper or the territory's own white.
            grounds = [
                [int(one[at : at + 2], 16) for at in (1, 3, 5)] for one in (styles.paper, styles.ground)
            ]
            mixed = [[0.8 * a + 0.2 * b for a, b in zip(paint, ground, strict=True)] for ground in grounds]
            colour = picture.getpixel((int(x), int(y)))
            assert min(np.abs(np.subtract(colour, one)).max() for one in mixed) <= 2


def test_a_click_tells_what_explain_tells(
    order: Order, page: Path, hamlet: Any, visit: Callable[..., Visit]
) -> None:
    seen = visit(page, until=READY)
    (lon, lat, told), *_ = places_of(order, 1, seed=9)
    explained = explain_place(hamlet.write(), f"{lon},{lat}")
    said = {note.layer: note.result for note in explained.notes if note.action == "made"}
    for key in ("farming_suitability", "urban_suitability", "ecology_importance", "land_conflict"):
        show_only(seen, key)
        seen.page.mouse.click(*seen.pixel(lon, lat))
        popup = seen.page.locator(".plan-popup").last
        rows = popup.locator(".plan-section > summary").evaluate_all(
            "rows => rows.map(row => [...row.children].map(one => one.textContent))"
        )
        assert order.digests is not None
        titles = {contract.zh: name for name, contract in order.digests.contracts.items()}
        assert rows[-1][0] == explained.layers[key].contract.zh
        for title, text in rows:
            layer = titles[title]
            code = said[layer]
            names = order.digests.contracts[layer].classes
            expected = "缺失" if not code else f"{code} {names[int(code)].zh}"
            assert text == expected, layer
        assert names_of(order, key, told[key]) in popup.inner_text()
        assert f"spatial explain hamlet --at {lon:.3f}" in popup.inner_text()
        seen.page.keyboard.press("Escape")


def names_of(order: Order, key: str, code: int | None) -> str:
    assert order.rasters is not None
    return order.rasters.layers[key].classes[code or 0][0]


def test_steps_name_rule_source_and_confidence(order: Order, page: Path, visit: Callable[..., Visit]) -> None:
    seen = visit(page, until=READY, width=390, height=800)
    (lon, lat, _), *_ = places_of(order, 1, seed=4)
    show_only(seen, "farming_suitability")
    # Whatever stands round the map, the place is in its middle.
    seen.ask("place => { spatialPlan.map.setView(place, 14, { animate: false }); }", [lat, lon])
    seen.rest()
    seen.page.mouse.click(*seen.pixel(lon, lat))
    seen.ask("document.querySelectorAll('.plan-popup details').forEach(one => { one.open = true; })")
    text = seen.page.locator(".plan-reasons").inner_text()
    for part in (
        "判别矩阵",
        "evaluation_farming:matrix.land_water",
        "来源",
        "可信度",
        "→",
        "土壤环境容量",
        "mm",
    ):
        assert part in text
    seen.page.wait_for_timeout(400)  # the map moves to make room
    box = seen.page.locator(".leaflet-popup").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    seen.ask("spatialPlan.setLanguage('en')")
    seen.ask("place => { spatialPlan.map.setView(place, 14, { animate: false }); }", [lat, lon])
    seen.rest()
    seen.page.mouse.click(*seen.pixel(lon, lat))
    # The popup before it may still be fading.
    assert "Why this class" in seen.page.locator(".plan-reasons").last.inner_text()


def test_printing_turns_cells_into_a_picture(page: Path, visit: Callable[..., Visit]) -> None:
    seen = visit(page, until=READY)
    show_only(seen, "ecology_importance")
    seen.ask("() => spatialPlan.sheet.begin()")
    seen.rest()
    painted = seen.ask(
        """async () => {
          const picture = document.querySelector(".plan-picture");
          await picture.decode();
          const canvas = document.createElement("canvas");
          [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
          const brush = canvas.getContext("2d");
          brush.drawImage(picture, 0, 0);
          return brush.getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean);
        }"""
    )
    assert painted
    assert seen.page.locator(".leaflet-popup").count() == 0
    seen.ask("() => spatialPlan.sheet.end()")


def test_without_digests_cells_have_classes_and_no_reasons(
    order: Order, tmp_path: Path, visit: Callable[..., Visit]
) -> None:
    write_map(replace(order, digests=None), tmp_path / "map.html")
    seen = visit(tmp_path / "map.html", until=READY)
    (lon, lat, told), *_ = places_of(order, 1)
    show_only(seen, "urban_suitability")
    seen.page.mouse.click(*seen.pixel(lon, lat))
    assert names_of(order, "urban_suitability", told["urban_suitability"]) in seen.page.inner_text(
        ".plan-popup"
    )
    assert seen.page.locator(".plan-reasons").count() == 0


def test_a_coarser_picture_says_so_and_keeps_the_areas(
    made: Build, order: Order, tmp_path: Path, visit: Callable[..., Visit]
) -> None:
    inputs, first, second, digests = (made.besides[name] for name in BESIDES)
    layers = find_layers(themes, 1) | find_layers(themes, 2)
    name, every = "urban_suitability", 4
    digest = digest_result(name, layers, join_stack(inputs, first), second, every)
    coarse = Digests(thin_grid(second.grid, every), every, {name: digest}, digests.contracts)
    overlays = {one.key: one for one in list_overlays(replace(order, digests=coarse), read_styles())}
    assert overlays[name].note is not None
    assert "每 4×4 个 100 m 栅格" in overlays[name].note.pick("zh")
    assert overlays[name].areas_ha == {str(key): area for key, area in second.areas_ha(name).items()}
    assert overlays["farming_suitability"].note is None
    write_map(replace(order, digests=coarse), tmp_path / "map.html")
    seen = visit(tmp_path / "map.html", until=READY)
    show_only(seen, name)
    assert "400 m" in seen.page.inner_text(f"[data-layer={name}] .plan-note")
    back = Transformer.from_crs(second.grid.crs, "EPSG:4490", always_xy=True)
    grid = coarse.grid
    for row, column in np.argwhere(digest.cells > 0)[::40].tolist():
        x, y = grid.left + (column + 0.5) * grid.cell_m, grid.top - (row + 0.5) * grid.cell_m
        lon, lat = back.transform(x, y)
        (hit,) = seen.ask(
            "([lng, lat]) => spatialPlan.hits({lng, lat}).map(one => one.feature.class)", [lon, lat]
        )
        # The middle one of four by four is the third.
        middle = second.read(name)[row * every + 2, column * every + 2]
        assert hit == str(middle)


def test_labels_of_styles_are_those_of_the_rasters(order: Order) -> None:
    """One place for colours, and the same words in legend, GeoTIFF and explanation."""
    assert order.rasters is not None
    styles = read_styles().layers
    shown = [name for name in order.rasters.names if name in styles]
    assert {*SHOWN, "farming_stability", "urban_concentrated"} <= set(shown)
    for name in shown:
        layer = order.rasters.layers[name]
        assert (styles[name].title.zh, styles[name].title.en) == (layer.zh, layer.en)
        assert not styles[name].show
        if layer.kind != "value":
            told = {key: (one.label.zh, one.label.en) for key, one in styles[name].classes.items()}
            assert told == {str(key): names for key, names in layer.classes.items()}
