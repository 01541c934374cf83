"""The map of a page: a true round scale, names that cover nothing, colours that survive grey print."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod
from shapely import affinity

from spatial.engine.crs import choose_gauss_kruger
from spatial.outputs.atlas.book import draw_sheet
from spatial.outputs.atlas.fonts import fit_text, measure_text, wrap_text
from spatial.outputs.atlas.lettering import Pen
from spatial.outputs.atlas.marginalia import find_true_north, write_scale
from spatial.outputs.atlas.paper import A3, ROUND, choose_scale, make_picture_layout, make_sight
from spatial.outputs.atlas.placement import Name, place_names
from spatial.outputs.atlas.sheetpage import draw_page
from spatial.outputs.atlas.sheets import find_sheet, list_sheets, make_stock
from spatial.outputs.atlas.spots import find_along, find_beside
from spatial.outputs.order import Order
from spatial.plan.findings import STORED_CRS
from spatial.plan.records import Plan
from spatial.plan.styles import read_styles

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from spatial.results import Build

NONE = np.array([], dtype=object)
GEOD = Geod(ellps="GRS80")


def order_of(build: Build) -> Order:
    return Order(build.plan, build.layers, build.contracts, build.provenance, build.metric_crs)


def make_order(shape: Any, metric_crs: str) -> Order:
    plan = Plan.model_validate(
        {"name": "land", "title": "地", "year": 2035, "language": "zh", "territory": {"adcode": 419001}}
    )
    land = gpd.GeoDataFrame([{"id": "territory", "name": "地"}], geometry=[shape], crs=STORED_CRS)
    return Order(plan, {"territory": land}, {}, {}, metric_crs)


def find_ground(figure: Figure) -> Any:
    """Return the drawn territory: the lowest patch but the paper, in millimetres of the page."""
    patches = sorted(figure.axes[0].patches, key=lambda patch: patch.get_zorder())
    return patches[1].get_path()


def write_texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_axes_are_millimetres_of_the_page(jiyuan: Build) -> None:
    order = order_of(jiyuan)
    figure = draw_sheet(order, list_sheets(order)[0])
    pixels = figure.axes[0].transData.transform([(0.0, 0.0), (420.0, 297.0)])
    assert (pixels[1] - pixels[0]) / figure.dpi * 25.4 == pytest.approx([420.0, 297.0], rel=1e-9)


def test_printed_scale_is_true(jiyuan: Build) -> None:
    """Two far corners of the territory: along the ellipsoid, and with a ruler on the page."""
    order = order_of(jiyuan)
    figure = draw_sheet(order, list_sheets(order)[0])
    drawn = find_ground(figure).vertices
    west, east = drawn[drawn[:, 0].argmin()], drawn[drawn[:, 0].argmax()]
    territory = jiyuan.layers["territory"].to_crs(order.metric_crs)
    corners = shapely.get_coordinates(territory.geometry.iloc[0])
    ends = corners[[corners[:, 0].argmin(), corners[:, 0].argmax()]]
    lon_lat = gpd.GeoSeries(shapely.points(ends), crs=order.metric_crs).to_crs(STORED_CRS)
    metres = GEOD.inv(lon_lat.iloc[0].x, lon_lat.iloc[0].y, lon_lat.iloc[1].x, lon_lat.iloc[1].y)[2]
    scale = metres * 1000 / np.hypot(*(east - west))
    assert scale == pytest.approx(250_000, rel=1e-3)
    assert any("1:250 000" in text for text in write_texts(figure))


@given(st.floats(1, 5e6), st.floats(1, 5e6))
def test_scales_are_round_and_no_larger_than_fits(width: float, height: float) -> None:
    scale = choose_scale(width, height, A3.map)
    digits = scale / 10 ** np.floor(np.log10(scale))
    assert any(digits == pytest.approx(step) for step in ROUND)
    assert width * 1000 / scale <= A3.map.width
    assert height * 1000 / scale <= A3.map.height
    tighter = [
        step * 10.0**power for power in range(2, 9) for step in ROUND if step * 10.0**power < scale * 0.999
    ]
    if tighter and scale > 500:
        fills = max(width * 1000 / tighter[-1] / A3.map.width, height * 1000 / tighter[-1] / A3.map.height)
        assert fills > 0.9


@pytest.mark.parametrize(("half_deg", "scale"), [(0.005, "1:5 000"), (5.0, "1:5 000 000")])
def test_small_and_large_territories_are_drawn_to_scale(half_deg: float, scale: str) -> None:
    """About 1 km² and 10⁶ km²."""
    shape = shapely.box(112.5 - half_deg, 35 - 0.9 * half_deg, 112.5 + half_deg, 35 + 0.9 * half_deg)
    order = make_order(shape, choose_gauss_kruger(shape))
    figure = draw_sheet(order, list_sheets(order)[0])
    assert any(scale in text for text in write_texts(figure))
    drawn = find_ground(figure).vertices
    assert (drawn >= [A3.map.left, A3.map.bottom]).all()
    assert (drawn <= [A3.map.right, A3.map.top]).all()
    assert np.ptp(drawn, axis=0).max() > 120
    # A stretch that a ruler would show is told.
    assert any("偏大" in text for text in write_texts(figure)) == (half_deg > 1)


def test_long_edges_bend_as_the_projection_does() -> None:
    """A parallel over ten degrees is no straight line in a Gauss-Kruger zone."""
    shape = shapely.box(107.5, 30, 117.5, 40)
    stock = make_stock(make_order(shape, "EPSG:4547"))
    assert shapely.get_num_coordinates(stock.stacks["territory"].shapes).sum() > 100


def test_no_names_overlap_on_crowded_pages(jiyuan: Build) -> None:
    order = order_of(jiyuan)
    stock = make_stock(order)
    crowded = ("territory", "structure", "circles", "promises", "gaps")
    for sheet in (sheet for sheet in list_sheets(order) if sheet.name in crowded):
        small = [make_picture_layout(160.0)] if sheet.name in ("structure", "circles") else []
        for layout in (A3, *small):
            figure = draw_page(stock, sheet, layout, "both").figure
            renderer = figure._get_renderer()
            boxes = [
                text.get_window_extent(renderer) for text in figure.axes[0].texts if text.get_gid() == "name"
            ]
            assert boxes or layout is not A3
            shapes = [shapely.box(*box.extents) for box in boxes]
            frame = figure.axes[0].transData.transform(
                [(layout.map.left, layout.map.bottom), (layout.map.right, layout.map.top)]
            )
            for one, other in itertools.combinations(shapes, 2):
                assert one.intersection(other).area < 0.5, sheet.name
            for shape in shapes:
                assert shapely.box(*frame.ravel()).covers(shape), sheet.name


names = st.lists(
    st.tuples(
        st.floats(0, 80), st.floats(0, 60), st.text("镇村河Aa ", min_size=1, max_size=9), st.integers(0, 3)
    ),
    max_size=40,
)


@given(names)
@settings(max_examples=40, deadline=None)
def test_placed_names_are_free_of_each_other_and_of_symbols(
    points: list[tuple[float, float, str, int]],
) -> None:
    pen = Pen(8.0)
    symbols = np.array([shapely.Point(x, y).buffer(0.8) for x, y, *_ in points], dtype=object)
    room = shapely.box(0, 0, 80, 60)
    wanted = [
        Name(text, pen, weight, tuple(find_beside((x, y), text, pen, 1.0))) for x, y, text, weight in points
    ]
    placed, left = place_names(wanted, room=room, symbols=symbols, lines=NONE)
    assert len(placed) + len(left) == len(points)
    for one, other in itertools.combinations(placed, 2):
        assert not one.spot.shape.intersects(other.spot.shape)
    for item in placed:
        assert room.covers(item.spot.shape)
        assert not shapely.intersects(symbols, item.spot.shape).any()


def test_the_weightier_name_gets_the_place() -> None:
    pen = Pen(9.0)
    room = shapely.box(40, 47, 62, 53)
    wanted = [
        Name(text, pen, weight, tuple(find_beside((45, 50), "镇名甲乙", pen, 1.0)))
        for text, weight in (("轻", 1), ("重", 2))
    ]
    placed, left = place_names(wanted, room=room, symbols=NONE, lines=NONE)
    assert [item.name.text for item in placed] == ["重"]
    assert [name.text for name in left] == ["轻"]


@given(st.floats(0, 360))
@settings(max_examples=30, deadline=None)
def test_letters_along_a_line_can_be_read(turn: float) -> None:
    """Whatever way a line is drawn, Latin text runs to the right and Chinese never stands on its head."""
    line = affinity.rotate(shapely.LineString([(0, 0), (60, 3), (120, 0)]), turn, origin=(60, 0))
    for text in ("North bank belt", "黄河北岸发展带"):
        spot = find_along(line, text, Pen(9.0))[0]
        assert spot.feet is not None
        assert spot.angles is not None
        way = spot.feet[-1] - spot.feet[0]
        assert way[0] > -1e-6 or way[1] < 0
        up = np.cos(spot.angles)
        assert (up > -0.2).all()
        steps = np.hypot(*np.diff(spot.feet, axis=0).T)
        assert steps.min() > 0.5 * measure_text("a", 9.0)


def test_a_line_that_is_too_short_takes_no_letters() -> None:
    assert find_along(shapely.LineString([(0, 0), (10, 0)]), "黄河北岸发展带", Pen(9.0)) == []


def test_grid_north_is_told() -> None:
    """At the central meridian both norths agree; east of it true north lies to the west."""
    assert find_true_north("EPSG:4546", (500_000.0, 3_900_000.0)) == pytest.approx(0.0, abs=1e-6)
    assert find_true_north("EPSG:4546", (600_000.0, 3_900_000.0)) < -0.5


def test_sheets_show_only_where_their_layers_are_when_asked(jiyuan: Build) -> None:
    styles = read_styles()
    order = order_of(jiyuan)
    both = []
    for extent in ("territory", "layers"):
        sheet = styles.sheets["functional_zones"].model_copy(update={"extent": extent})
        stock = make_stock(order, styles.model_copy(update={"sheets": {"functional_zones": sheet}}))
        both.append(draw_page(stock, find_sheet(stock, "functional_zones"), A3, "zh").sight.scale)
    assert both[1] < both[0]


def test_legend_tells_only_what_is_in_the_frame(city: Any) -> None:
    """A page of one village: neither the outline of the territory nor far towns are on it."""
    village = shapely.Point(112.278, 35.114).buffer(0.01)
    row = {"id": "life", "name": "圈", "group": "composite", "category": "all", "time_min": 15.0}
    layers = {**city.layers, "life_circles": gpd.GeoDataFrame([row], geometry=[village], crs=STORED_CRS)}
    plan = Plan.model_validate(
        {"name": "land", "title": "地", "year": 2035, "language": "zh", "territory": {"adcode": 419001}}
    )
    order = Order(plan, layers, {}, {}, "EPSG:4546")
    sheet = next(sheet for sheet in list_sheets(order) if sheet.name == "life_circles")
    texts = write_texts(draw_sheet(order, sheet))
    assert "15 分钟社区生活圈" in texts
    assert "王屋镇" in texts
    assert "邵原镇" not in texts
    assert "规划范围" not in texts
    assert texts[texts.index("行政驻地") + 1] == "1"


def test_zones_and_lines_differ_in_grey_print() -> None:
    styles = read_styles()
    lightness = sorted(find_lightness(rule.fill or "") for rule in styles.layers["zones"].classes.values())
    assert np.diff(lightness).min() > 12
    looks = {(rule.hatch, rule.width) for rule in styles.layers["lines"].classes.values()}
    assert len(looks) == len(styles.layers["lines"].classes)


def find_lightness(colour: str) -> float:
    """Return CIE L* of an sRGB colour on white paper."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    luminance = float(np.dot([0.2126, 0.7152, 0.0722], linear))
    return 116 * luminance ** (1 / 3) - 16


@given(st.text("济源市国土空间 abcdefg，。", min_size=1, max_size=60), st.floats(15, 80))
@settings(deadline=None)
def test_texts_fit_the_room_they_are_given(text: str, width: float) -> None:
    shown, size = fit_text(text, 12.0, width)
    assert measure_text(shown, size) <= width + 1e-9
    for line in wrap_text(text, 9.0, width):
        assert measure_text(line, 9.0) <= width + 1e-9
    if not text.isspace():
        assert "".join(wrap_text(text, 9.0, width)).replace(" ", "") == text.replace(" ", "")


def test_scales_are_written_with_blanks() -> None:
    assert write_scale(1_500_000.0) == "1:1 500 000"
    assert CRS.from_user_input("EPSG:4546").axis_info[0].unit_name == "metre"
    assert make_sight((0.0, 0.0, 1000.0, 1000.0), A3).bounds == pytest.approx(
        (-267.5, -100.0, 1267.5, 1100.0)
    )


@pytest.mark.parametrize("table", [False, True])
def test_wide_land_has_the_width_of_a_picture_and_its_legend_below(table: bool) -> None:
    lying, standing = (make_picture_layout(160.0, tallness=share, table=table) for share in (0.6, 1.4))
    assert lying.map.width > 1.4 * standing.map.width
    assert lying.side.top < lying.map.bottom
    assert standing.side.left > standing.map.right
    assert 0 < lying.side.bottom < lying.side.top < lying.map.top < lying.height
    assert (
        make_sight((0, 0, 60_000, 36_000), lying).scale < make_sight((0, 0, 60_000, 36_000), standing).scale
    )
    # A narrow picture has no room for columns.
    assert make_picture_layout(80.0, tallness=0.6).columns == 1


def test_the_legend_below_a_picture_stays_in_its_room(jiyuan: Build) -> None:
    order = order_of(jiyuan)
    stock = make_stock(order)
    for sheet in list_sheets(order):
        layout = make_picture_layout(160.0, tallness=0.62, table=bool(sheet.style.table))
        page = draw_page(stock, sheet, layout, "both")
        assert not any("图例有" in note for note in page.notes), sheet.name
        renderer = page.figure._get_renderer()
        low = page.figure.axes[0].transData.transform((0, layout.map.bottom - layout.gap))[1]
        below = [
            text.get_window_extent(renderer)
            for text in page.figure.axes[0].texts
            if text.get_position()[1] < layout.map.bottom - layout.gap
        ]
        assert len(below) > 4
        assert all(box.y0 >= 0 and box.y1 <= low for box in below), sheet.name
        for one, other in itertools.combinations([shapely.box(*box.extents) for box in below], 2):
            assert one.intersection(other).area < 0.5 * min(one.area, other.area), sheet.name
