"""Boundary-point text written: what is read again is the same to the millimetre, and the text the same to the byte."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spatial.engine.crs import transform_shapes
from spatial.errors import OutputError
from spatial.outputs.formats.boundary_text import format_boundary_text, write_boundary_text
from spatial.sources.boundary_text import read_boundary_text

ZONED, PLAIN, SIX = "EPSG:4526", "EPSG:4547", "EPSG:4497"
FALSE = {ZONED: 38_500_000, PLAIN: 500_000, SIX: 19_500_000}
NAMES = st.text("东西地块甲乙丙一二三(1)-、 aZ", max_size=8).map(str.strip)


@st.composite
def stars(draw, x, y):
    """A ring of 5 to 12 vertices round a centre, in whole millimetres, with a hole or without."""
    count = draw(st.integers(5, 12))
    moved = np.array(draw(st.lists(st.floats(-0.2, 0.2), min_size=count, max_size=count)))
    turns = (np.arange(count) + moved) * 360 / count
    far = np.array(draw(st.lists(st.integers(40_000, 90_000), min_size=count, max_size=count)))
    ring = np.column_stack(
        [np.round(far * np.cos(np.radians(turns))), np.round(far * np.sin(np.radians(turns)))]
    )
    shell = ring / 1000 + [x, y]
    holes = [ring / 8000 + [x, y]] if draw(st.booleans()) else []
    return shapely.set_precision(
        shapely.Polygon(shell, [np.round(hole, 3) for hole in holes]), 0, mode="pointwise"
    )


@st.composite
def parcels(draw):
    crs = draw(st.sampled_from(list(FALSE)))
    shapes = []
    for at in range(draw(st.integers(1, 4))):
        places = [
            (FALSE[crs] + draw(st.integers(-60_000, 60_000)), 3_874_000 + 1000 * at + 300 * part)
            for part in range(2)
        ]
        parts = [draw(stars(*place)) for place in places[: draw(st.integers(1, 2))]]
        shapes.append(parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts))
    names = draw(st.lists(NAMES, min_size=len(shapes), max_size=len(shapes)))
    columns = {"id": [f"DK{at}" for at in range(len(shapes))], "name": names, "purpose": names[::-1]}
    return gpd.GeoDataFrame(columns, geometry=np.array(shapes, dtype=object), crs=crs)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frame=parcels(), encoding=st.sampled_from(["gbk", "utf-8"]))
def test_round_trip_is_exact_to_the_millimetre(frame, encoding, tmp_path):
    file, crs = tmp_path / "a.txt", frame.crs.to_string()
    stored = frame.to_crs("EPSG:4490")  # as the toolkit keeps it
    write_boundary_text(file, stored, crs=crs, encoding=encoding, header={"数据产生单位": "某局"})
    again = read_boundary_text(file)
    assert again["given_crs"].unique().tolist() == [crs]
    assert again["id"].tolist() == frame["id"].tolist()
    assert again["name"].tolist() == frame["name"].tolist()
    assert again["purpose"].tolist() == frame["purpose"].tolist()
    assert again.attrs["header"]["数据产生单位"] == "某局"
    back = transform_shapes(again.geometry, "EPSG:4490", crs)
    for one, other in zip(back, frame.geometry, strict=True):
        ours, theirs = shapely.get_coordinates(one), shapely.get_coordinates(other)
        ours, theirs = (places[np.lexsort(places.T)] for places in (np.round(ours, 3), np.round(theirs, 3)))
        assert (np.abs(ours - theirs) < 1e-9).all()
        assert one.area == pytest.approx(other.area, abs=1e-3)
    text = file.read_bytes()
    write_boundary_text(file, again, encoding=encoding, header=again.attrs["header"])
    assert file.read_bytes() == text


def square(x=38_500_000.0, y=3_874_000.0, size=100.0):
    return shapely.box(x, y, x + size, y + size)


def frame_of(*shapes, crs=ZONED, **columns):
    return gpd.GeoDataFrame(
        {"id": [f"{at}" for at in range(len(shapes))]} | columns, geometry=list(shapes), crs=crs
    )


def test_the_default_dialect():
    lines = format_boundary_text(frame_of(square(), name=["东地块"], land_code=["1001"]), crs=ZONED).split(
        "\r\n"
    )
    assert lines == [
        "[属性描述]", "格式版本号=1.01版本", "数据产生单位=", "数据产生日期=", "坐标系=2000国家大地坐标系", "几度分带=3",
        "投影类型=高斯克吕格", "计量单位=米", "带号=38", "精度=0.001", "转换参数=,,,,,,", "[地块坐标]",
        "5,1.0000,0,东地块,面,,,1001,@", "J1,1,3874000.000,38500100.000", "J2,1,3874100.000,38500100.000",
        "J3,1,3874100.000,38500000.000", "J4,1,3874000.000,38500000.000", "J1,1,3874000.000,38500100.000", "",
    ]  # fmt: skip


def test_the_zone_is_chosen_where_none_is_said(tmp_path):
    frame = frame_of(shapely.box(112.59, 35.08, 112.60, 35.09), crs="EPSG:4490")
    write_boundary_text(tmp_path / "a.txt", frame)
    text = (tmp_path / "a.txt").read_bytes().decode("gbk")
    assert "带号=38\r\n" in text
    assert read_boundary_text(tmp_path / "a.txt").total_bounds == pytest.approx(frame.total_bounds, abs=1e-8)


def test_degrees_lines_and_points(tmp_path):
    shapes = [
        shapely.LineString([(112.5, 35), (112.6, 35.1)]),
        shapely.MultiPoint([(112.5, 35), (112.51, 35)]),
        shapely.Point(112.5, 35),
    ]
    write_boundary_text(tmp_path / "a.txt", frame_of(*shapes, crs="EPSG:4490"), crs="EPSG:4490")
    again = read_boundary_text(tmp_path / "a.txt")
    assert all(one.equals_exact(other, 1e-9) for one, other in zip(again.geometry, shapes, strict=True))


def test_text_is_data_and_cannot_break_a_line(tmp_path):
    evil = "甲,乙\r\nJ9,1,0,0\n@=\t"
    write_boundary_text(tmp_path / "a.txt", frame_of(square(), name=[evil]), header={"数据产生单位": "a\nb"})
    again = read_boundary_text(tmp_path / "a.txt")
    assert len(again) == 1
    assert again["name"].tolist() == ["甲，乙  J9，1，0，0 @="]


def test_all_refusals_at_once():
    mixed = shapely.GeometryCollection([shapely.Point(38_500_000, 3_874_000)])
    for shapes, wrong in (
        ([square(), None, shapely.Polygon(), mixed], ["1", "2", "3"]),
        ([square(size=1e-5), square(), square(size=2e-5)], ["0", "2"]),
    ):
        with pytest.raises(OutputError) as caught:
            format_boundary_text(frame_of(*shapes), crs=ZONED)
        assert [fault.key for fault in caught.value.faults] == wrong
        assert all(fault.remedy for fault in caught.value.faults)


@pytest.mark.parametrize(
    ("frame", "crs", "seen"),
    [
        (frame_of(square()).iloc[:0], None, "no rows"),
        (frame_of(square()), "EPSG:3857", "no place"),
        (frame_of(square()), "EPSG:2362", "Xi'an 80"),
        (frame_of(shapely.box(-74, 40, -73.9, 40.1), crs="EPSG:4490"), None, "no place"),
    ],
)
def test_systems_that_the_format_has_no_words_for(frame, crs, seen):
    with pytest.raises(OutputError, match=seen):
        format_boundary_text(frame, crs=crs)


def test_characters_that_gbk_lacks(tmp_path):
    frame = frame_of(square(), name=["𠮷地块"])
    with pytest.raises(OutputError, match=r"U\+20BB7\), as on line 13"):
        write_boundary_text(tmp_path / "a.txt", frame)
    assert not list(tmp_path.iterdir())
    write_boundary_text(tmp_path / "a.txt", frame, encoding="utf-8")
    assert read_boundary_text(tmp_path / "a.txt")["name"].tolist() == ["𠮷地块"]
