"""Boundary-point text 界址点: every dialect gives the same parcels, every fault names its line."""

import numpy as np
import pytest
import shapely

from spatial.engine.crs import transform_shapes
from spatial.errors import SourceError
from spatial.sources.boundary_text import read_boundary_text, read_hectares

HEAD = """[属性描述]
格式版本号=1.01版本
数据产生单位=某市自然资源局
数据产生日期=2026-11-22
坐标系=2000国家大地坐标系
几度分带=3
投影类型=高斯克吕格
计量单位=米
带号=38
精度=0.001
转换参数=,,,,,,
[地块坐标]
"""
OUTER = [
    (3874000.123, 38500000.456),
    (3874100.0, 38500000.0),
    (3874100.5, 38500120.25),
    (3874000.0, 38500120.0),
]
INNER = [(3874040.0, 38500040.0), (3874040.0, 38500060.0), (3874060.0, 38500060.0), (3874060.0, 38500040.0)]


def ring(points, number=1, start=1, *, prefix="J", closed=True, swap=False):
    """Return the lines of a ring, the first point again at its end."""
    rows = [(start + at, *point) for at, point in enumerate(points)]
    rows += [(start, *points[0])] if closed else []
    return "".join(
        f"{prefix}{label},{number},{y if swap else x:.3f},{x if swap else y:.3f}\n" for label, x, y in rows
    )


def parcel(count=10, area="", code="DK1", name="东地块", shape="面", tail=",工业,1001,@"):
    return f"{count},{area},{code},{name},{shape},I49G050{tail}\n"


def plain(**more):
    return parcel() + ring(OUTER, **more) + ring(INNER, 2, 1 if more.pop("anew", False) else 5, **more)


@pytest.fixture
def read(tmp_path):
    def read(text, encoding="utf-8", **said):
        file = tmp_path / "a.txt"
        file.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return read_boundary_text(file, **said)

    return read


@pytest.fixture
def refused(read):
    def refused(text, **said):
        with pytest.raises(SourceError) as caught:
            read(text, **said)
        assert all(
            fault.remedy and fault.where.rpartition("/")[2].startswith("a.txt")
            for fault in caught.value.faults
        )
        return caught.value.faults

    return refused


def metric(frame, crs="EPSG:4526"):
    """Return the shapes in the text's own system, to the millimetre."""
    return shapely.set_precision(transform_shapes(frame.geometry, "EPSG:4490", crs), 0.001, mode="pointwise")


def expected():
    turn = lambda points: [(y, x) for x, y in points]  # noqa: E731
    return shapely.set_precision(shapely.Polygon(turn(OUTER), [turn(INNER)]), 0.001, mode="pointwise")


DIALECTS = {
    "default": HEAD + plain(),
    "not closed": HEAD + plain(closed=False),
    "numbers anew in each ring": HEAD + parcel() + ring(OUTER) + ring(INNER, 2, 1),
    "no J": HEAD + plain(prefix=""),
    "no land code": HEAD + parcel(tail=",工业,@") + ring(OUTER) + ring(INNER, 2, 5),
    "land code and no @": HEAD + parcel(tail=",工业,1001") + ring(OUTER) + ring(INNER, 2, 5),
    "hole under the same ring number": HEAD + parcel() + ring(OUTER) + ring(INNER, 1, 5),
    "hole first": HEAD + parcel() + ring(INNER, 1) + ring(OUTER, 2, 5),
    "CRLF": (HEAD + plain()).replace("\n", "\r\n"),
    "CR": (HEAD + plain()).replace("\n", "\r"),
    "wide commas and tabs": (HEAD + plain()).replace(",", "，").replace("=", "＝"),
    "tabs": HEAD + plain().replace(",", "\t"),
    "blank lines and spaces": HEAD + plain().replace("\n", " \n\n").replace(",", " , "),
    "wide brackets": (HEAD + plain()).replace("[", "【").replace("]", "】"),
    "wordy header": (HEAD + plain())
    .replace("几度分带=3", "分带=3度带")
    .replace("=高斯克吕格", "=高斯-克吕格"),
    "short header": "坐标系=国家2000坐标系\n" + plain(),
    "no zone in the header": (HEAD + plain()).replace("带号=38", "带号="),
    "other sections": "[项目信息]\n项目名称=一号，二期\n" + HEAD + plain(),
    "trailing control character": HEAD + plain() + "\x1a",
}


@pytest.mark.parametrize("text", DIALECTS.values(), ids=DIALECTS)
def test_every_dialect_gives_the_same_parcel(read, text):
    frame = read(text)
    assert frame.crs == "EPSG:4490"
    assert frame["name"].tolist() == ["东地块"]
    assert frame["id"].tolist() == ["DK1"]
    assert frame["purpose"].tolist() == ["工业"]
    assert frame["map_sheet"].tolist() == ["I49G050"]
    assert frame["land_code"].tolist()[0] in ("1001", "")
    assert frame["given_crs"].tolist() == ["EPSG:4526"]
    assert shapely.equals_exact(shapely.normalize(metric(frame)[0]), shapely.normalize(expected()), 5e-4)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_encodings(read, encoding):
    frame = read(DIALECTS["default"], encoding)
    assert frame["name"].tolist() == ["东地块"]
    assert frame.attrs["header"]["数据产生单位"] == "某市自然资源局"


def test_swapped_axes_are_told_by_the_numbers(read):
    text = HEAD + parcel() + ring(OUTER, swap=True)
    assert metric(read(text))[0].equals(metric(read(HEAD + parcel() + ring(OUTER)))[0])


def unzoned(points):
    return [(x, y - 38e6) for x, y in points]


@pytest.mark.parametrize("swap", [False, True])
def test_eastings_without_zone_number(read, refused, swap):
    lines = parcel() + ring(unzoned(OUTER), swap=swap)
    frame = read(HEAD + lines)
    assert frame["given_crs"].tolist() == ["EPSG:4547"]
    assert shapely.equals_exact(metric(frame)[0], metric(read(HEAD + parcel() + ring(OUTER)))[0], 1e-3)
    (fault,) = refused(HEAD.replace("带号=38\n", "") + lines)
    assert "coordinate system" in fault.problem
    assert read(HEAD.replace("带号=38\n", "") + lines, crs="EPSG:4547").total_bounds == pytest.approx(
        frame.total_bounds
    )
    by_meridian = read(HEAD.replace("带号=38", "中央子午线=114") + lines)
    assert by_meridian.total_bounds == pytest.approx(frame.total_bounds)


def test_zones_of_six_degrees(read):
    six = [(x, y - 38e6 + 19e6) for x, y in OUTER]
    head = HEAD.replace("分带=3", "分带=6").replace("带号=38", "带号=19")
    assert read(head + parcel() + ring(six))["given_crs"].tolist() == ["EPSG:4497"]
    assert read(head + parcel() + ring(unzoned(OUTER)))["given_crs"].tolist() == ["EPSG:4508"]


@pytest.mark.parametrize("lat_first", [True, False])
def test_degrees(read, refused, lat_first):
    corners = [(35.0, 112.5), (35.001, 112.5), (35.001, 112.502)]
    lines = "".join(f"J{n},1,{a:.8f},{b:.8f}\n" for n, (a, b) in enumerate(corners, 1))
    if not lat_first:
        lines = "".join(f"J{n},1,{b:.8f},{a:.8f}\n" for n, (a, b) in enumerate(corners, 1))
    frame = read("坐标系=CGCS2000\n计量单位=度\n" + parcel() + lines)
    assert frame.total_bounds == pytest.approx([112.5, 35.0, 112.502, 35.001])
    assert frame["given_crs"].tolist() == ["EPSG:4490"]
    (fault,) = refused("坐标系=CGCS2000\n计量单位=米\n" + parcel() + lines)
    assert fault.where.endswith(":2")


def test_lines_points_and_several_parcels(read):
    text = (
        HEAD + parcel(code="A") + ring(OUTER) + parcel(shape="线", code="B") + ring(OUTER, closed=False)
        + parcel(shape="点", code="C") + ring(OUTER[:2], closed=False) + parcel(shape="点", code="D") + ring(OUTER[:1], closed=False)
    )  # fmt: skip
    frame = read(text)
    assert frame.geometry.geom_type.tolist() == ["Polygon", "LineString", "MultiPoint", "Point"]
    assert frame["id"].tolist() == ["A", "B", "C", "D"]


def test_rings_side_by_side_are_parts_and_islands_lie_in_holes(read):
    aside = [(x, y + 500) for x, y in OUTER]
    island = [(3874045.0, 38500045.0), (3874045.0, 38500050.0), (3874050.0, 38500050.0)]
    frame = read(HEAD + parcel() + ring(OUTER) + ring(aside, 2) + ring(INNER, 3) + ring(island, 4))
    shape = frame.geometry.iloc[0]
    assert shape.geom_type == "MultiPolygon"
    assert len(shape.geoms) == 3
    assert sum(len(part.interiors) for part in shape.geoms) == 1
    assert shape.is_valid


def test_a_text_without_header_and_parcel_lines(read, refused):
    assert read(ring(unzoned(OUTER)), crs="EPSG:4547")["id"].tolist() == [""]
    assert "coordinate system" in refused(ring(unzoned(OUTER)))[0].problem


def test_as_a_source_of_a_plan(dirty, tmp_path):
    file = tmp_path / "parcels.txt"
    area_m2 = shapely.Polygon(OUTER).area
    twice = (
        HEAD
        + parcel(count=99, area="1.1公顷")
        + ring(OUTER, swap=True)
        + parcel(area=f"{area_m2:.1f}")
        + ring(OUTER, swap=True)
    )
    file.write_text(twice, encoding="gbk")
    made = dirty.read(file)
    assert made.frame["id"].tolist() == ["DK1", "DK1-2"]
    assert made.frame["name"].tolist() == ["东地块", "东地块"]
    assert dirty.rules(made) == [
        "area_unit",
        "axes_swapped",
        "duplicate_ids",
        "encoding",
        "point_count",
        "stated_area",
    ]
    assert "99" in dirty.finding(made, "point_count").message_zh
    assert dirty.finding(made, "stated_area").value == pytest.approx(11000)


def test_clean_text_has_no_finding(dirty, tmp_path):
    file = tmp_path / "parcels.txt"
    file.write_text(HEAD + parcel(area="1.1621") + ring(OUTER) + ring(INNER, 2, 5), encoding="utf-8")
    assert dirty.rules(dirty.read(file)) == []


def test_parameters_of_a_transformation_are_reported(dirty, tmp_path):
    file = tmp_path / "parcels.txt"
    file.write_text(HEAD.replace(",,,,,,", "1.2,0,0,0,0,0,0") + parcel(5) + ring(OUTER), encoding="utf-8")
    assert dirty.rules(dirty.read(file)) == ["shift_unused"]


def test_a_text_in_a_zip_beside_other_data_is_not_taken_for_data(dirty, tmp_path):
    import zipfile

    dirty.write(tmp_path / "a.geojson", [shapely.Point(112.6, 35.1)], crs="EPSG:4326")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "a.geojson", "a.geojson")
        archive.writestr("readme.txt", "说明")
    assert len(dirty.read(tmp_path / "a.zip").frame) == 1
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("地块.txt", (HEAD + plain()).encode("gbk"))
    assert dirty.read(tmp_path / "b.zip").frame["name"].tolist() == ["东地块"]


FAULTY = {
    "not a number": (plain().replace("3874000.123", "38740O0.123"), [14, 18], "38740O0.123"),
    "no ring": (plain().replace("J3,1,", "J3,一,"), [16], "一"),
    "five fields": (plain().replace("J2,1,", "J2,1,7,"), [15], "neither"),
    "not finite": (plain().replace("3874100.500", "inf"), [16], "inf"),
    "unknown shape": (parcel(shape="体") + ring(OUTER), [13], "体"),
    "comma in the name": (parcel(name="东,西") + ring(OUTER), [13], "西"),
    "parcel without points": (parcel() + plain(), [13], "0 points"),
    "two points": (parcel() + ring(OUTER[:2], closed=False), [13], "2 points"),
    "ring of one place": (parcel() + ring(OUTER) + ring([INNER[0]] * 3, 2), [19], "fewer than 3 differ"),
    "mixed axes": (plain() + parcel() + ring(OUTER[:3], swap=True), [25], "other way round"),
    "mixed zones": (plain().replace("38500120", "37500120"), [16], "37 (2)"),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "places", "seen"), FAULTY.values(), ids=FAULTY)
def test_faults_name_line_and_value(refused, lines, places, seen):
    faults = refused(HEAD + lines)
    assert [int(fault.where.rpartition(":")[2]) for fault in faults] == places
    assert any(seen in fault.problem for fault in faults)


HEADS = {
    "zone of another file": ("带号=38", "带号=37", 9, "37"),
    "no such zone": ("带号=38", "带号=99", 9, "99"),
    "six degrees": ("几度分带=3", "几度分带=6", 6, "6°"),
    "unit": ("计量单位=米", "计量单位=度", 8, "metres"),
    "projection": ("高斯克吕格", "UTM", 7, "UTM"),
    "local system": ("2000国家大地坐标系", "城市独立坐标系", 5, "城市独立"),
}


@pytest.mark.parametrize(("old", "new", "line", "seen"), HEADS.values(), ids=HEADS)
def test_headers_that_contradict_the_coordinates(refused, old, new, line, seen):
    faults = refused(HEAD.replace(old, new) + plain())
    assert any(fault.where.endswith(f":{line}") and seen in fault.problem for fault in faults)


@pytest.mark.parametrize("datum", ["1980西安坐标系", "北京54坐标系"])
def test_old_datums_are_refused(refused, datum):
    (fault,) = refused(HEAD.replace("2000国家大地坐标系", datum) + plain())
    assert "local parameters" in fault.problem


def test_all_faults_at_once_and_no_flood(refused):
    broken = plain().replace("3874", "E874")
    faults = refused(HEAD.replace("带号=38", "带号=12") + broken)
    assert len(faults) == 10
    many = refused(HEAD + parcel() + "何物\n" * 5000)
    assert len(many) == 101
    assert "4900 more" in many[-1].problem


@pytest.mark.parametrize("text", ["", HEAD, "\n\n", "[地块坐标]\n"])
def test_texts_without_points(refused, text):
    assert "no boundary point" in refused(text)[0].problem


def test_binary_is_refused(refused):
    assert refused(bytes(range(256)) * 40)


def test_units_of_areas():
    assert [
        read_hectares(text) for text in ("0.7655", "0.7655公顷", "7655㎡", "7655 平方米")
    ] == pytest.approx([0.7655] * 4)
    assert np.isnan(read_hectares("约一公顷"))
