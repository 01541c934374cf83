"""Packed blocks read back by another reader: nothing lost, nothing that depends on the run, nothing unescaped."""

from __future__ import annotations

import base64
import json
import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.errors import CrsError, OutputError
from spatial.outputs.web.features import DrawnLayer, choose_layers
from spatial.outputs.web.generalise import simplify_layers
from spatial.outputs.web.overlays import RasterOverlay, sort_overlay
from spatial.outputs.web.packed import (
    PACKED_ABOVE,
    PACKED_VERTICES,
    pack_column,
    pack_shapes,
    should_pack,
    write_packed,
)
from spatial.plan.base import Text
from spatial.plan.findings import STORED_CRS
from spatial.plan.styles import ClassStyle, LayerStyle, read_styles

if TYPE_CHECKING:
    from .conftest import City

METRIC = "EPSG:4546"
UNIT = 10**6


def unpack(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a block as its description says, one number at a time."""
    raw = zlib.decompress(base64.b64decode(text))
    at = 4 + int.from_bytes(raw[:4], "little")
    header = json.loads(raw[4:at])
    arrays = {}
    for name, count, planes in header["arrays"]:
        part = raw[at : at + count * planes]
        arrays[name] = [
            sum(part[plane * count + place] << (8 * plane) for plane in range(planes))
            for place in range(count)
        ]
        at += count * planes
    assert at == len(raw)
    return header, arrays


def signed(number: int) -> int:
    return -(number + 1) // 2 if number % 2 else number // 2


def rebuild(packed: dict[str, Any]) -> list[Any]:
    """Build shapes from paths, by shapely."""
    arrays = {name: iter(map(int, numbers)) for name, numbers in packed.items()}
    x0 = y0 = 0
    shapes = []
    for paths in arrays["paths"]:
        parts: list[Any] = []
        for _ in range(paths):
            kind, size = next(arrays["kinds"]), next(arrays["sizes"])
            x0, y0 = x0 + signed(next(arrays["x0"])), y0 + signed(next(arrays["y0"]))
            points = [(x0, y0)]
            for _ in range(size - 1):
                points.append(
                    (points[-1][0] + signed(next(arrays["dx"])), points[-1][1] + signed(next(arrays["dy"])))
                )
            degrees = [(x / UNIT, y / UNIT) for x, y in points]
            if kind == 3:
                parts[-1] = shapely.Polygon(parts[-1].exterior, [*parts[-1].interiors, degrees])
            else:
                make = (shapely.Point, shapely.LineString, shapely.Polygon)[kind]
                parts.append(make(degrees))
        shapes.append(parts[0] if len(parts) == 1 else shapely.GeometryCollection(parts))
    assert all(next(left, None) is None for left in arrays.values())
    return shapes


def coordinates() -> st.SearchStrategy[tuple[float, float]]:
    whole = st.integers(-180 * UNIT, 180 * UNIT)
    return st.tuples(whole, st.integers(-85 * UNIT, 85 * UNIT)).map(lambda at: (at[0] / UNIT, at[1] / UNIT))


def shapes() -> st.SearchStrategy[Any]:
    points = coordinates().map(shapely.Point)
    lines = st.lists(coordinates(), min_size=2, max_size=6).map(shapely.LineString)
    boxes = st.tuples(coordinates(), st.integers(10, UNIT)).map(
        lambda at: shapely.box(at[0][0], at[0][1], at[0][0] + at[1] / UNIT, at[0][1] + at[1] / UNIT)
    )
    rings = boxes.map(lambda box: box.difference(shapely.Point(box.centroid).buffer(2 / UNIT, quad_segs=1)))
    single = st.one_of(points, lines, boxes, rings)
    return st.one_of(single, st.lists(single, min_size=2, max_size=4).map(shapely.GeometryCollection))


@settings(max_examples=150, deadline=None)
@given(st.lists(shapes(), min_size=1, max_size=8))
def test_shapes_come_back_to_the_last_decimal(given_shapes: list[Any]) -> None:
    rounded = shapely.transform(given_shapes, lambda xy: np.round(xy, 6))
    back = rebuild(pack_shapes(rounded))
    flat = [shapely.get_coordinates(shape).round(6).tolist() for shape in rounded]
    assert [shapely.get_coordinates(shape).round(6).tolist() for shape in back] == flat


CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**12), 10**12), st.floats(-1e6, 1e6), st.text(max_size=5)
)


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.lists(CELLS, min_size=1, max_size=20).map(lambda cells: pd.Series(cells, dtype=object)),
        st.lists(st.floats(allow_infinity=True, allow_nan=True), min_size=1).map(
            lambda c: pd.Series(c, dtype=float)
        ),
        st.lists(st.text(max_size=4), min_size=1).map(lambda c: pd.Series(c, dtype="str")),
        st.lists(st.booleans(), min_size=1).map(pd.Series),
    )
)
def test_cells_come_back_as_plain_layers_write_them(values: pd.Series[Any]) -> None:
    told, numbers = pack_column(values)
    for number, cell in zip(numbers.tolist(), values, strict=True):
        nothing = cell is None or cell == "" or (isinstance(cell, float) and not np.isfinite(cell))
        if not number:
            assert nothing
        elif "values" in told:
            back = told["values"][number - 1]
            assert type(back) is type(cell) or isinstance(cell, float | np.generic)
            assert back == (round(cell, 6) if isinstance(cell, float) else cell)
        else:
            assert signed(number - 1) / 10 ** told["decimals"] == pytest.approx(
                round(float(cell), 6), abs=1e-9
            )


def make_parcels(count: int, zone: str = "farming") -> gpd.GeoDataFrame:
    side = int(np.ceil(np.sqrt(count)))
    x, y = np.arange(count) % side, np.arange(count) // side
    lon, lat = 112.0 + 0.001 * x, 35.0 + 0.001 * y
    rows = {
        "id": [f"parcel-{at}" for at in range(count)],
        "name": [f"地块 {at}" for at in range(count)],
        "zone": zone,
        "area_ha": np.round(1.0 + x * 0.5, 2),
    }
    return gpd.GeoDataFrame(rows, geometry=shapely.box(lon, lat, lon + 0.001, lat + 0.001), crs=STORED_CRS)


def block_of(path: Path, key: str) -> tuple[str, str]:
    text = path.read_text(encoding="utf-8")
    found = re.search(rf'<script type="([\w/]+)" id="plan-data-{key}">(.*?)</script>', text, re.S)
    assert found is not None
    return found[1], found[2]


def test_only_large_layers_are_packed(city: City, tmp_path: Path) -> None:
    kinds = {}
    for count in (PACKED_ABOVE, PACKED_ABOVE + 1):
        city.layers["zones"] = make_parcels(count)
        city.write(tmp_path / "map.html")
        kinds[count] = block_of(tmp_path / "map.html", "zones")[0]
    assert list(kinds.values()) == ["application/json", "text/plain"]
    assert block_of(tmp_path / "map.html", "towns")[0] == "application/json"
    ring = shapely.Point(112.5, 35).buffer(0.1, quad_segs=PACKED_VERTICES // 4 + 1)
    heavy = {"territory": gpd.GeoDataFrame({"id": ["t"], "name": ["t"]}, geometry=[ring], crs=STORED_CRS)}
    assert should_pack(choose_layers(heavy, city.styles, {})[0])


def test_a_packed_layer_says_what_a_plain_one_says(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zones = make_parcels(400)
    zones.loc[3, "name"] = None
    zones.loc[5, "area_ha"] = np.nan
    zones["area_ha"] = zones["area_ha"].astype(object)
    city.layers["zones"] = zones
    city.write(tmp_path / "packed.html")
    monkeypatch.setattr("spatial.outputs.web.strata.should_pack", lambda _: False)
    city.write(tmp_path / "plain.html")
    plain = json.loads(block_of(tmp_path / "plain.html", "zones")[1])["features"]
    header, arrays = unpack(block_of(tmp_path / "packed.html", "zones")[1])
    assert block_of(tmp_path / "plain.html", "config") == block_of(tmp_path / "packed.html", "config")
    for place, feature in enumerate(plain):
        cells = {}
        for column in header["columns"]:
            number = arrays[f"={column['key']}"][place]
            told = column.get("values")
            if number:
                cells[column["key"]] = (
                    told[number - 1] if told else signed(number - 1) / 10 ** column["decimals"]
                )
        assert cells.pop("#id") == feature["id"]
        assert cells == feature["properties"]
        assert header["classes"][arrays["class"][place]] == feature["class"]
    shapes_back = rebuild(
        {name: arrays[name] for name in ("paths", "kinds", "sizes", "x0", "y0", "dx", "dy")}
    )
    assert all(
        shapely.equals(one, shapely.geometry.shape(other["geometry"]))
        for one, other in zip(shapes_back, plain, strict=True)
    )


def test_a_column_may_be_called_like_what_a_block_is_made_of(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"id": ["a", "b"], "name": ["甲", "乙"], "class": ["primary", "track"], "kinds": [7, 8]},
        geometry=[shapely.LineString([(112, 35), (112.1, 35)]), shapely.LineString([(112, 35), (112, 35.1)])],
        crs=STORED_CRS,
    )
    style = LayerStyle(
        title=Text(zh="路"),
        group="roads",
        order=1,
        class_column="name",
        details=("class", "kinds"),
        classes={name: ClassStyle(label=Text(zh=name)) for name in ("甲", "乙")},
    )
    layer = DrawnLayer("network", style, None, frame, frame["name"], 0)
    header, arrays = unpack(write_packed(layer, "EPSG:4546"))
    assert [header["classes"][code] for code in arrays["class"]] == ["甲", "乙"]
    assert list(arrays["kinds"]) == [1, 1]
    assert [column["key"] for column in header["columns"]][-2:] == ["class", "kinds"]


def test_two_runs_give_the_same_block_and_hostile_names_cannot_leave_it(
    city: City, tmp_path: Path, hostile: tuple[str, str]
) -> None:
    zones = make_parcels(400)
    zones["name"] = [f"</script><img src=x onerror=alert(1)> {hostile[1]}", "名" * 200] * 200
    city.layers["zones"] = zones
    for name in ("one.html", "two.html"):
        assert city.write(tmp_path / name) == []
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()
    _, text = block_of(tmp_path / "one.html", "zones")
    assert re.fullmatch(r"[A-Za-z0-9+/=]+", text)
    header, _ = unpack(text)
    names = next(column for column in header["columns"] if column["key"] == "name")["values"]
    assert names == [zones["name"][0], "名" * 200]
    assert "<img" not in (tmp_path / "one.html").read_text(encoding="utf-8").replace(text, "")


def test_a_hundred_thousand_unknown_classes_are_one_warning(city: City, tmp_path: Path) -> None:
    zones = make_parcels(100_000)
    zones["zone"] = [f"k{at}" for at in range(len(zones))]
    city.layers = {"zones": zones}
    (warning,) = city.write(tmp_path / "map.html")
    assert len(warning) < 300
    header, arrays = unpack_header(tmp_path / "map.html", "zones")
    assert header["classes"] == ["unstyled"]
    assert arrays["class"] == (100_000, 0)


def unpack_header(path: Path, key: str) -> tuple[dict[str, Any], dict[str, Any]]:
    raw = zlib.decompress(base64.b64decode(block_of(path, key)[1]))
    header = json.loads(raw[4 : 4 + int.from_bytes(raw[:4], "little")])
    return header, {name: (count, planes) for name, count, planes in header["arrays"]}


def wavy_cells() -> gpd.GeoDataFrame:
    """Two areas with a wavy edge between, round a hole that a third one fills."""
    wave = [(112.1 + 0.0004 * np.sin(at / 3), 35.0 + 0.001 * at) for at in range(101)]
    west = shapely.Polygon([(112.0, 35.0), *wave, (112.0, 35.1)])
    east = shapely.Polygon([(112.2, 35.0), (112.2, 35.1), *reversed(wave)])
    island = shapely.Polygon(
        [(112.15 + 0.02 * np.cos(t), 35.05 + 0.02 * np.sin(t)) for t in np.linspace(0, 6.2, 200)]
    )
    rows = {"id": ["a", "b", "c"], "name": ["a", "b", "c"], "zone": ["ecology", "farming", "urban"]}
    return gpd.GeoDataFrame(rows, geometry=[west, east.difference(island), island], crs=STORED_CRS)


@pytest.mark.parametrize("tolerance", [5.0, 60.0, 5000.0])
def test_shared_edges_are_simplified_together(city: City, tolerance: float) -> None:
    before = choose_layers({"zones": wavy_cells()}, city.styles, {})
    result = simplify_layers(before, tolerance, METRIC)
    old, new = before[0].frame.geometry.to_numpy(), result.layers[0].frame.geometry.to_numpy()
    assert shapely.coverage_is_valid(new)
    assert shapely.get_num_coordinates(new).sum() < shapely.get_num_coordinates(old).sum()
    assert shapely.union_all(new).symmetric_difference(shapely.union_all(old)).area < 1e-12
    assert sum(shapely.area(new)) == pytest.approx(sum(shapely.area(old)), rel=1e-9)
    moved = shapely.symmetric_difference(
        *(gpd.GeoSeries(s, crs=STORED_CRS).to_crs(METRIC).to_numpy() for s in (old, new))
    )
    if tolerance == 5.0:
        # Each cut-off triangle is smaller than the square of the tolerance.
        assert (shapely.area(moved) < 300 * tolerance**2).all()
    assert result.refused == []


def test_overlapping_areas_are_left_and_named(city: City, tmp_path: Path) -> None:
    zones = wavy_cells()
    zones.loc[2, "geometry"] = shapely.Point(112.1, 35.05).buffer(0.01)
    city.layers["zones"] = zones
    notes = city.write(tmp_path / "map.html", simplify_m=5.0)
    assert any("未简化" in note and "三区" in note for note in notes)
    plain = json.loads(block_of(tmp_path / "map.html", "zones")[1])["features"]
    assert len(plain[2]["geometry"]["coordinates"][0]) == 65
    with pytest.raises(OutputError, match="not above 0"):
        city.write(tmp_path / "map.html", simplify_m=0.0)


def test_the_page_says_what_was_simplified_and_how_fine_it_is(city: City, tmp_path: Path) -> None:
    city.layers["zones"] = wavy_cells()
    city.write(tmp_path / "map.html", simplify_m=5.0)
    about = {
        head["en"]: text for head, text in json.loads(block_of(tmp_path / "map.html", "config")[1])["about"]
    }
    assert "5 m" in about["Generalised"]["en"]
    assert "Three zones" in about["Generalised"]["en"]
    assert "6 decimals" in about["Coordinate systems"]["en"]
    city.write(tmp_path / "map.html")
    about = dict(
        (head["en"], text) for head, text in json.loads(block_of(tmp_path / "map.html", "config")[1])["about"]
    )
    assert "Generalised" not in about


def raster_style() -> LayerStyle:
    return read_styles().layers["zones"]


@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:4546", "EPSG:3857"])
def test_no_cell_is_moved(crs: str) -> None:
    """Each class of a chessboard is looked up at the places of its cells, up to its edges, by pyproj and the mesh alone."""
    rows, columns = 40, 60
    names = np.where(np.add.outer(np.arange(rows), np.arange(columns)) % 2, "urban", "ecology")
    corners = gpd.GeoSeries(gpd.points_from_xy([111.0, 114.0], [34.0, 36.5]), crs=STORED_CRS).to_crs(crs)
    west, east, south, north = *corners.x, *corners.y
    warped = sort_overlay(RasterOverlay("board", names, (west, south, east, north), crs, raster_style()))
    wide, high = (east - west) / columns, (north - south) / rows
    x, y = np.meshgrid(west + wide * (np.arange(columns) + 0.5), north - high * (np.arange(rows) + 0.5))
    seen = []
    for dx, dy in [(0, 0), (0.45, 0.45), (-0.45, 0.45), (0.45, -0.45), (-0.45, -0.45)]:
        points = gpd.points_from_xy((x + dx * wide).ravel(), (y + dy * high).ravel())
        shown = gpd.GeoSeries(points, crs=crs).to_crs("EPSG:3857")
        column, row = warped.mesh.look_up(shown.x.to_numpy(), shown.y.to_numpy())
        found = warped.cells[row.astype(int), column.astype(int)]
        seen.append(np.array(["", *warped.classes])[found] == names.ravel())
    assert np.all(seen)
    areas = dict(zip(warped.classes, warped.areas_km2, strict=True))
    assert areas["urban"] == pytest.approx(areas["ecology"], rel=1e-3)
    if crs != METRIC:
        from spatial.engine.areas import straight_area_m2

        assert sum(areas.values()) == pytest.approx(
            straight_area_m2([shapely.box(111, 34, 114, 36.5)])[0] / 1e6
        )


def test_cells_without_a_value_stay_clear_and_unknown_ones_are_named(city: City, tmp_path: Path) -> None:
    grid = np.array([["urban", None, "moon"]], dtype=object)
    overlay = RasterOverlay("risk", grid, (112.0, 35.0, 112.3, 35.1), "EPSG:4490", raster_style())
    warped = sort_overlay(overlay)
    assert warped.classes == ("urban", "unstyled")
    assert warped.cells[0].tolist() == [1, 0, 2]
    notes = city.write(tmp_path / "map.html", rasters=[overlay])
    assert len(notes) == 1
    header, arrays = unpack(block_of(tmp_path / "map.html", "risk")[1])
    assert np.reshape(arrays["cells"], (header["rows"], header["columns"])).tolist() == warped.cells.tolist()


def test_bad_rasters_are_refused() -> None:
    def overlay(**changes: Any) -> RasterOverlay:
        given_ = {"key": "risk", "values": np.ones((2, 2)), "bounds": (112, 35, 113, 36), "crs": "EPSG:4490"}
        return RasterOverlay(**(given_ | changes), style=raster_style())

    for changes in (
        {"key": "a b"},
        {"values": np.ones(3)},
        {"values": np.ones((0, 4))},
        {"bounds": (1, 1, 1, 1)},
    ):
        with pytest.raises(OutputError):
            sort_overlay(overlay(**changes))
    with pytest.raises(CrsError, match="not known"):
        sort_overlay(overlay(crs="EPSG:999999"))
