"""Packed and raster layers in a real Chromium: like plain ones to a reader, in a fixed order, where they belong."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from spatial.outputs.web.overlays import RasterOverlay
from spatial.plan.base import Text
from spatial.plan.findings import STORED_CRS
from spatial.plan.styles import ALL, ClassStyle, LabelStyle, LayerStyle, Styles

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from .conftest import City, Visit

Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")

PANEL = ".plan-panel .plan-name"
HOSTILE = "</script><img src=x onerror=alert(1)>{{7*7}}"
STACK = {"lowest": "#ff0000", "second": "#00a000", "third": "#0000ff", "topmost": "#ffcc00"}
PACKED = ("lowest", "third")


def parcels(bounds: Sequence[float], count: int, name: str = "地块") -> gpd.GeoDataFrame:
    """Cells side by side, row by row from the south-west, of three zones in turn."""
    west, south, east, north = bounds
    side = int(np.ceil(np.sqrt(count)))
    x, y = np.arange(count) % side, np.arange(count) // side
    wide, high = (east - west) / side, (north - south) / side
    shapes = shapely.box(west + x * wide, south + y * high, west + (x + 1) * wide, south + (y + 1) * high)
    zone = np.array(["ecology", "farming", "urban"])[np.arange(count) % 3]
    rows = {
        "id": [f"{name}-{at}" for at in range(count)],
        "name": [f"{name} {at}" for at in range(count)],
        "name_en": [f"Parcel {at}" for at in range(count)],
        "zone": zone,
        "area_ha": np.round(1 + x * 0.37, 2),
        "rank": 3,
    }
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=STORED_CRS)


def pixels(seen: Visit, places: Sequence[tuple[float, float]]) -> list[str]:
    """Return the colours that a reader sees at places."""
    picture = Image.open(io.BytesIO(seen.page.screenshot())).convert("RGB")
    points = [seen.pixel(*place) for place in places]
    return ["#{:02x}{:02x}{:02x}".format(*picture.getpixel((round(x), round(y)))) for x, y in points]


def stack_styles(styles: Styles) -> Styles:
    layers = {
        key: LayerStyle(
            title=Text(zh=key),
            group="zones",
            order=10 * at,
            classes={ALL: ClassStyle(label=Text(zh=key), fill=colour, fill_opacity=1.0)},
        )
        for at, (key, colour) in enumerate(STACK.items())
    }
    return styles.model_copy(update={"layers": layers, "views": {}})


@pytest.fixture
def stacked(city: City, tmp_path: Path, visit: Callable[..., Visit]) -> Visit:
    """Four layers, packed and plain in turn, each covering less of the one below from the east."""
    city.styles = stack_styles(city.styles)
    city.layers = {}
    # Not in their order: neither the order of writing nor that of adding may count.
    for at, key in enumerate(reversed(STACK)):
        east = 112.2 + 0.2 * at
        city.layers[key] = parcels((112.0, 34.9, east, 35.3), 400 if key in PACKED else 4, key)
    city.write(tmp_path / "map.html")
    return visit(tmp_path / "map.html", until=PANEL)


PLACES = [(112.113, 35.113), (112.313, 35.113), (112.513, 35.113), (112.713, 35.113)]


def look(shown: Sequence[str]) -> list[str | None]:
    """The colour of the topmost shown layer at each of the places; None for none."""
    keys = list(STACK)
    found: list[str | None] = []
    for at in range(4):
        there = [key for key in keys[: 4 - at] if key in shown]
        found.append(STACK[there[-1]] if there else None)
    return found


def test_order_survives_all_toggling_of_packed_and_plain(stacked: Visit) -> None:
    kinds = stacked.ask(
        "Object.fromEntries([...spatialPlan.layers.values()].map(one => [one.key, one.kind]))"
    )
    assert kinds == {key: "packed" if key in PACKED else "plain" for key in STACK}
    assert pixels(stacked, PLACES) == look(list(STACK))
    for order in [*permutations(STACK)][::5]:
        for key in order:
            stacked.page.uncheck(f"[data-layer={key}] input[type=checkbox]")
        for at, key in enumerate(order, start=1):
            stacked.page.check(f"[data-layer={key}] input[type=checkbox]")
            stacked.rest()
            seen = pixels(stacked, PLACES)
            wanted = look(order[:at])
            assert [one if two else None for one, two in zip(seen, wanted, strict=True)] == wanted
    assert pixels(stacked, PLACES) == look(list(STACK))


def test_tooltips_reach_the_layers_below_after_toggling(stacked: Visit) -> None:
    for key in ("third", "lowest", "topmost"):
        stacked.page.uncheck(f"[data-layer={key}] input[type=checkbox]")
        stacked.page.check(f"[data-layer={key}] input[type=checkbox]")
    for at, place in enumerate(PLACES):
        rows = [line for line in stacked.hover(*place).split("\n") if " " in line]
        assert [row.split()[0] for row in rows] == list(reversed(list(STACK)[: 4 - at]))
    stacked.page.uncheck("[data-layer=topmost] input[type=checkbox]")
    assert "topmost" not in stacked.hover(*PLACES[0])
    assert "third" in stacked.hover(*PLACES[0])


def test_opacity_fades_packed_and_plain_alike(stacked: Visit) -> None:
    for key in STACK:
        stacked.ask("key => spatialPlan.layers.get(key).setOpacity(0.25)", key)
    faded = pixels(stacked, PLACES)
    stacked.ask("() => [...spatialPlan.layers.values()].forEach(one => one.setOpacity(0))")
    assert len(set(pixels(stacked, PLACES))) == 1
    stacked.ask("() => [...spatialPlan.layers.values()].forEach(one => one.setOpacity(1))")
    assert pixels(stacked, PLACES) == look(list(STACK))
    assert not set(faded) & set(STACK.values())


def zoned(city: City) -> None:
    """A city with cells, holes, many parts, lines and points in numbers, hatches, dashes and halos among them."""
    zones = parcels((112.0, 34.9, 112.8, 35.3), 484)
    zones.loc[7, "geometry"] = zones.geometry[7].difference(zones.geometry[7].centroid.buffer(0.004))
    zones.loc[8, "geometry"] = shapely.MultiPolygon(
        [zones.geometry[8], shapely.box(112.83, 35.0, 112.85, 35.02)]
    )
    zones.loc[9, ["name", "name_en", "area_ha"]] = [HOSTILE, None, np.nan]
    city.layers["zones"] = zones
    lines = parcels((112.05, 34.95, 112.4, 35.2), 361, "红线")
    lines["line"] = np.array(
        ["ecological_redline", "permanent_basic_farmland", "urban_development_boundary"]
    )[np.arange(361) % 3]
    city.layers["lines"] = lines
    towns = gpd.GeoDataFrame(
        {"id": [f"t{at}" for at in range(400)], "name": [f"镇 {at}" for at in range(400)]},
        geometry=shapely.points(112.0 + 0.04 * (np.arange(400) % 20), 34.9 + 0.02 * (np.arange(400) // 20)),
        crs=STORED_CRS,
    )
    city.layers["towns"] = towns
    y = 34.9 + 0.001 * np.arange(400)
    bends = np.stack(
        [np.stack([np.full(400, x), y + 0.002 * (x > 112.3)], -1) for x in (112.0, 112.4, 112.8)], 1
    )
    city.layers["roads"] = gpd.GeoDataFrame(
        {"id": [f"r{at}" for at in range(400)], "name": [f"路 {at % 5}" for at in range(400)]},
        geometry=shapely.linestrings(bends),
        crs=STORED_CRS,
    )


@pytest.fixture
def pair(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, visit: Callable[..., Visit]
) -> tuple[Visit, Visit]:
    """The same layers packed and plain."""
    zoned(city)
    city.write(tmp_path / "packed.html")
    monkeypatch.setattr("spatial.outputs.web.strata.should_pack", lambda _: False)
    city.write(tmp_path / "plain.html")
    return visit(tmp_path / "packed.html"), visit(tmp_path / "plain.html")


def ask_both(pair: tuple[Visit, Visit], script: str, argument: Any = None) -> Any:
    packed, plain = (seen.ask(script, argument) for seen in pair)
    assert packed == plain
    return packed


def test_packed_and_plain_have_one_face(pair: tuple[Visit, Visit]) -> None:
    packed = pair[0].ask(
        "[...spatialPlan.layers.values()].filter(one => one.kind === 'packed').map(one => one.key)"
    )
    assert set(packed) == {"zones", "lines", "towns", "roads"}
    for key in packed:
        ask_both(
            pair,
            """key => { const layer = spatialPlan.layers.get(key); return Array.from({length: layer.count}, (_, at) => [
                 layer.names(at), layer.classOf(at).key, layer.properties(at), layer.bounds(at),
                 layer.item(at).feature.id, layer.item(at).feature.class, layer.item(at).feature.geometry,
                 layer.item(at).feature.label]); }""",
            key,
        )
        ask_both(pair, "key => spatialPlan.layers.get(key).features.map(one => one.index)", key)
    for text in ("地块 12", "parcel 4", "路", "镇 39", "onerror", "没有"):
        rows = "text => spatialPlan.search(text, 5).map(row => [row.name, row.layer.key, row.items.map(one => one.index)])"
        assert ask_both(pair, rows, text) or text == "没有"
    ask_both(
        pair,
        "[...spatialPlan.layers.values()].map(one => one.within([112.1, 35.0, 112.2, 35.1]).map(item => item.index))",
    )


def test_packed_and_plain_are_hit_alike_and_where_shapely_says(pair: tuple[Visit, Visit], city: City) -> None:
    for seen in pair:
        seen.ask("() => [...spatialPlan.layers.values()].forEach(one => one.setVisible(true))")
    rng = np.random.default_rng(3)
    places = np.column_stack([rng.uniform(112.0, 112.86, 300), rng.uniform(34.9, 35.3, 300)]).tolist()
    hits = "places => places.map(([lng, lat]) => spatialPlan.hits({lng, lat}).map(one => [one.layer.key, one.feature.id]))"
    found = ask_both(pair, hits, places)
    zones = city.layers["zones"]
    tree = shapely.STRtree(zones.geometry.to_numpy())
    at, row = tree.query(shapely.points(places), predicate="within")
    wanted = {(place, zones["id"][one]) for place, one in zip(at, row, strict=True)}
    assert {(place, one) for place, ids in enumerate(found) for key, one in ids if key == "zones"} == wanted


def test_packed_and_plain_look_alike(pair: tuple[Visit, Visit]) -> None:
    for seen in pair:
        seen.ask(
            "() => { for (const one of spatialPlan.layers.values()) one.setVisible(true); spatialPlan.labels.draw(); }"
        )
        seen.rest()
    for zoom in (10.5, 13.5):
        for seen in pair:
            seen.ask("zoom => { spatialPlan.map.setView([35.1, 112.4], zoom, {animate: false}); }", zoom)
            # Leaflet clips plain lines at the rim, so dashes of lines that cross it begin elsewhere.
            seen.ask("on => spatialPlan.layers.get('roads').setVisible(on)", zoom < 11)
            seen.page.wait_for_timeout(400)  # attributions and names fade in
        one, other = (
            np.asarray(Image.open(io.BytesIO(seen.page.screenshot())).convert("RGB"), dtype=float)
            for seen in pair
        )
        apart = np.abs(one - other).max(axis=2)
        assert one.std() > 20
        assert apart.mean() < 1.5
        assert (apart > 60).mean() < 0.01


def test_tooltip_popup_and_outline_of_a_packed_feature(pair: tuple[Visit, Visit]) -> None:
    place = (112.52, 35.21)
    texts = []
    for seen in pair:
        tooltip = seen.hover(*place)
        outlines = seen.ask("document.querySelectorAll('.leaflet-highlight-pane path').length")
        assert outlines == 1
        seen.page.mouse.click(*seen.pixel(*place))
        texts.append((tooltip, seen.page.inner_text(".plan-popup")))
        seen.page.hover(".plan-fold")
        seen.rest()
        assert seen.ask("document.querySelectorAll('.leaflet-highlight-pane path').length") == 0
    assert texts[0] == texts[1]
    assert "地块" in texts[0][0]
    assert "公顷" in texts[0][1]


def test_search_leads_to_a_packed_feature_with_a_hostile_name(pair: tuple[Visit, Visit]) -> None:
    seen = pair[0]
    seen.page.fill(".plan-search input", "onerror")
    seen.page.keyboard.press("Enter")
    assert HOSTILE in seen.page.inner_text(".plan-popup .plan-headline")
    assert seen.ask("document.querySelectorAll('img[src=x]').length") == 0


def test_a_printed_packed_layer_is_sharper(stacked: Visit) -> None:
    wide = "document.querySelector('.leaflet-lowest-pane, .leaflet-plan-lowest-pane').querySelector('canvas')"
    ratio = f"(() => {{ const one = {wide}; return one.width / parseFloat(one.style.width); }})()"
    assert stacked.ask(ratio) == pytest.approx(1, abs=0.01)
    stacked.ask("() => { dispatchEvent(new Event('beforeprint')); }")
    assert stacked.ask(ratio) == pytest.approx(3, abs=0.01)
    stacked.ask("() => { dispatchEvent(new Event('afterprint')); }")
    assert stacked.ask(ratio) == pytest.approx(1, abs=0.01)


def test_an_old_browser_is_told(browser: Browser, city: City, tmp_path: Path) -> None:
    zoned(city)
    city.write(tmp_path / "map.html")
    page = browser.new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto((tmp_path / "map.html").as_uri())
    assert "浏览器版本过旧" in page.inner_text(".plan-refusal")
    page.close()


@pytest.mark.parametrize(
    ("lon", "lat", "side"), [(112.5, 35.0, 0.01), (105.0, 33.0, 10.0)], ids=["1 km2", "1e6 km2"]
)
def test_small_and_large_territories(
    city: City, tmp_path: Path, visit: Callable[..., Visit], lon: float, lat: float, side: float
) -> None:
    bounds = (lon, lat, lon + side, lat + side)
    zones = parcels(bounds, 400)
    ground = gpd.GeoDataFrame(
        {"id": ["t"], "name": ["名" * 200]}, geometry=[shapely.box(*bounds)], crs=STORED_CRS
    )
    city.layers = {"territory": ground, "zones": zones, "towns": zones.head(0), "lines": zones.head(1)}
    city.write(tmp_path / "map.html")
    seen = visit(tmp_path / "map.html", until=PANEL)
    assert seen.ask("([w, s, e, n]) => spatialPlan.map.getBounds().contains([[s, w], [n, e]])", list(bounds))
    middle = zones.geometry[210].centroid
    assert "地块 210" in seen.hover(middle.x, middle.y)
    left, right = seen.pixel(lon, lat)[0], seen.pixel(lon + side, lat)[0]
    assert right - left > 300


def test_cells_lie_where_they_belong(city: City, tmp_path: Path, visit: Callable[..., Visit]) -> None:
    """A tall chessboard, in which an image straight in degrees would be off by several cells in its middle."""
    rows, columns = 40, 10
    names = np.where(np.add.outer(np.arange(rows), np.arange(columns)) % 2, "urban", "ecology")
    base = city.styles.layers["zones"]
    classes = {
        "urban": ClassStyle(label=Text(zh="城"), fill="#ff0000", fill_opacity=1.0),
        "ecology": ClassStyle(label=Text(zh="绿"), fill="#00a000", fill_opacity=1.0),
    }
    style = base.model_copy(update={"classes": classes, "title": Text(zh="风险"), "order": 5})
    overlay = RasterOverlay("risk", names, (110.0, 25.0, 115.0, 45.0), "EPSG:4490", style)
    city.layers = {}
    city.write(tmp_path / "map.html", rasters=[overlay])  # type: ignore[arg-type]
    seen = visit(tmp_path / "map.html", until=PANEL)
    seen.ask("() => spatialPlan.map.fitBounds([[25, 110], [45, 115]], {animate: false})")
    seen.rest()
    lon, lat = np.meshgrid(110.25 + 0.5 * np.arange(columns), 44.75 - 0.5 * np.arange(rows))
    places = [(x, y + dy) for x, y in zip(lon.ravel(), lat.ravel(), strict=True) for dy in (-0.12, 0.12)]
    colours = {key: one.fill for key, one in classes.items()}
    assert pixels(seen, places) == [colours[name] for name in names.ravel() for _ in range(2)]
    hits = seen.ask(
        "places => places.map(([lng, lat]) => spatialPlan.hits({lng, lat})[0].feature.class)", places
    )
    assert hits == [name for name in names.ravel() for _ in range(2)]
    assert "城" in seen.hover(110.75, 44.75)
    assert seen.ask("spatialPlan.hits({lng: 109, lat: 35}).length") == 0
    seen.page.mouse.click(*seen.pixel(110.75, 44.75))
    assert "城" in seen.page.inner_text(".plan-popup")


def test_a_raster_lies_between_vector_layers(city: City, tmp_path: Path, visit: Callable[..., Visit]) -> None:
    city.styles = stack_styles(city.styles)
    city.layers = {
        "lowest": parcels((112.0, 34.9, 112.8, 35.3), 400),
        "topmost": parcels((112.0, 34.9, 112.4, 35.3), 4),
    }
    style = city.styles.layers["second"].model_copy(
        update={
            "class_column": "kind",
            "classes": {"a": ClassStyle(label=Text(zh="甲"), fill="#123456", fill_opacity=1.0)},
        }
    )
    overlay = RasterOverlay("cells", np.full((4, 4), "a"), (112.0, 34.9, 112.6, 35.3), "EPSG:4490", style)
    city.write(tmp_path / "map.html", rasters=[overlay])  # type: ignore[arg-type]
    seen = visit(tmp_path / "map.html", until=PANEL)
    places = [(112.113, 35.113), (112.513, 35.113), (112.713, 35.113)]
    for _ in range(2):
        assert pixels(seen, places) == ["#ffcc00", "#123456", "#ff0000"]
        for key in ("lowest", "cells"):
            seen.page.uncheck(f"[data-layer={key}] input[type=checkbox]")
            seen.page.check(f"[data-layer={key}] input[type=checkbox]")
        seen.rest()


def test_names_of_packed_layers_stand_on_the_map(
    city: City, tmp_path: Path, visit: Callable[..., Visit]
) -> None:
    base = city.styles.layers["zones"].model_copy(
        update={"label_column": "name", "label": LabelStyle(place="centre")}
    )
    city.styles = city.styles.model_copy(update={"layers": city.styles.layers | {"zones": base}})
    city.layers = {"zones": parcels((112.0, 34.9, 112.8, 35.3), 5000)}
    city.write(tmp_path / "map.html")
    seen = visit(tmp_path / "map.html", until=".plan-fold")
    # From afar parcels are too small to bear names.
    assert seen.ask("spatialPlan.labels.placed.length") == 0
    seen.ask("() => { spatialPlan.map.setZoom(13, { animate: false }); }")
    placed = seen.ask("spatialPlan.labels.placed.map(one => [one.item.feature.anchors[0], one.item.bounds])")
    assert len(placed) > 20
    assert all(w < x < e and s < y < n for (x, y), (w, s, e, n) in placed)
