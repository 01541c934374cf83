"""Shapes that are broken, flat in the wrong way or not there: mended or left out, and always reported."""

import sqlite3
import struct

import numpy as np
import pytest
import shapely

from spatial.engine.geodesy import area_m2


def test_self_intersections_are_repaired_with_their_area(dirty, tmp_path):
    path = dirty.write(tmp_path / "a.gpkg", [dirty.square, dirty.bowtie], attributes={"id": ["good", "bad"]})
    result = dirty.read(path)
    assert result.frame.geometry.is_valid.all()
    found = dirty.finding(result, "repaired")
    assert found.severity == "warning"
    assert "1 invalid shapes (Self-intersection)" in found.message_en
    assert "(bad)" in found.message_en
    mended = float(area_m2(result.frame.geometry.iloc[[1]])[0])
    before = float(area_m2([dirty.bowtie])[0])
    assert mended > 4e7
    assert found.value == pytest.approx(mended - before)
    assert f"{mended:.0f} m²" in found.message_en
    assert dirty.bowtie.envelope.contains(found.geometry)


def test_overlapping_parts_are_united_not_cancelled(dirty, tmp_path):
    other = shapely.affinity.translate(dirty.square, 0.05)
    path = dirty.write(tmp_path / "a.gpkg", [shapely.MultiPolygon([dirty.square, other])])
    frame = dirty.read(path).frame
    assert frame.geometry.iloc[0].equals(shapely.union(dirty.square, other))


def test_what_collapses_is_left_out(dirty, tmp_path):
    needle = shapely.Polygon([(112.5, 35), (112.6, 35), (112.5, 35)])
    path = dirty.write(tmp_path / "a.gpkg", [needle, dirty.square], attributes={"id": ["needle", "square"]})
    result = dirty.read(path)
    assert result.frame["id"].tolist() == ["square"]
    assert "1 of them could not be and were left out (needle)" in dirty.finding(result, "repaired").message_en
    path = dirty.write(tmp_path / "b.gpkg", [needle])
    assert dirty.refusal(path).problem == "no feature is left after repair"


def test_lines_that_are_points_are_left_out(dirty, tmp_path):
    shapes = [shapely.LineString([(112.5, 35), (112.5, 35)]), shapely.LineString([(112.5, 35), (112.6, 35)])]
    result = dirty.read(dirty.write(tmp_path / "a.gpkg", shapes))
    assert result.frame["id"].tolist() == ["data-0002"]
    assert "(data-0001)" in dirty.finding(result, "repaired").message_en


def test_missing_and_empty_geometries_are_left_out_by_id(dirty, tmp_path):
    shapes = [dirty.square, None, shapely.Polygon(), dirty.square]
    path = dirty.write(tmp_path / "a.gpkg", shapes, attributes={"name": list("abcd")})
    result = dirty.read(path)
    assert result.frame["name"].tolist() == ["a", "d"]
    assert result.frame["id"].tolist() == ["data-0001", "data-0004"]
    found = dirty.finding(result, "no_geometry")
    assert found.value == 2
    assert "(data-0002, data-0003)" in found.message_en
    path = dirty.write(tmp_path / "b.gpkg", [None, shapely.Polygon()])
    assert dirty.refusal(path).problem == "none of its 2 features has a usable geometry"


def test_coordinates_that_are_not_numbers_are_left_out(dirty, tmp_path):
    shapes = [shapely.Point(112.5, 35), shapely.LineString([(112.5, 35), (np.inf, 35)])]
    path = dirty.write(tmp_path / "a.gpkg", shapes)
    result = dirty.read(path)
    assert len(result.frame) == 1
    assert (
        "coordinates that are not numbers were left out (data-0002)"
        in dirty.finding(result, "no_geometry").message_en
    )


@pytest.mark.parametrize("file", ["a.gpkg", "a.shp", "a.gdb"])
def test_heights_are_dropped_and_reported(dirty, tmp_path, file):
    high = shapely.force_3d(dirty.square, 131.5)
    driver = {"driver": "OpenFileGDB"} if file.endswith("gdb") else {}
    path = dirty.write(tmp_path / file, [high, high], attributes={"name": ["a", "b"]}, **driver)
    result = dirty.read(path)
    assert not result.frame.has_z.any()
    assert dirty.rules(result) == ["heights_dropped"]
    assert dirty.finding(result, "heights_dropped").value == 2


def test_measures_are_dropped_without_a_warning(dirty, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('wkt\n"POINT ZM (112.5 35 1 2)"\n"POINT M (112.6 35 7)"\n')
    result = dirty.read(path, crs="EPSG:4490")
    assert result.frame.geometry.to_wkt().tolist() == ["POINT (112.5 35)", "POINT (112.6 35)"]
    assert dirty.finding(result, "heights_dropped").value == 2


@pytest.mark.parametrize("shape", ["POLYGON M ((112 35 1, 113 35 2, 113 36 3, 112 35 1))", "POLYGON ZM ((112 35 1 9, 113 35 2 9, 113 36 3 9, 112 35 1 9))"])  # fmt: skip
def test_measures_that_the_reader_drops_are_reported(dirty, tmp_path, shape):
    path = dirty.write(tmp_path / "plain.gpkg", [dirty.square], SPATIAL_INDEX="NO")
    with sqlite3.connect(path) as database:
        table, column = database.execute(
            "SELECT table_name, column_name FROM gpkg_geometry_columns"
        ).fetchone()
        database.execute("UPDATE gpkg_geometry_columns SET m = 1, z = 2")
        blob = b"GP\0\1" + struct.pack("<i", 4490) + shapely.to_wkb(shapely.from_wkt(shape), flavor="iso")
        database.execute(f'UPDATE "{table}" SET "{column}" = ?', (blob,))
    database.close()
    result = dirty.read(path)
    assert not result.frame.has_z.any()
    assert "M" in dirty.finding(result, "measures_dropped").message_zh


def test_curves_are_made_straight_and_reported(dirty, tmp_path):
    result = dirty.read(dirty.write_curve(tmp_path / "a.gpkg"))
    shape = result.frame.geometry.iloc[0]
    assert shape.geom_type == "Polygon"
    assert shape.area == pytest.approx(np.pi * 0.1**2, rel=2e-3)
    found = dirty.finding(result, "curves")
    assert found.value == 1
    assert "CURVEPOLYGON" in found.message_en
    assert "4°" in found.message_en


def test_mixed_types_are_kept_and_reported(dirty, tmp_path):
    shapes = [dirty.square, shapely.Point(112.5, 35), dirty.square.boundary]
    result = dirty.read(dirty.write(tmp_path / "a.gpkg", shapes))
    assert len(result.frame) == 3
    assert dirty.finding(result, "mixed_types").message_en.endswith("1 points, 1 lines, 1 polygons.")


def test_collections_keep_what_most_features_are(dirty, tmp_path):
    line = shapely.LineString([(112.5, 35), (112.6, 35.1)])
    other = shapely.affinity.translate(dirty.square, 0.05)
    nested = shapely.GeometryCollection([shapely.GeometryCollection([dirty.square, line]), other])
    shapes = [dirty.square, nested, shapely.GeometryCollection([line, shapely.Point(112.5, 35)])]
    path = dirty.write(tmp_path / "a.gpkg", shapes, attributes={"id": ["p", "mixed", "none"]})
    result = dirty.read(path)
    assert result.frame["id"].tolist() == ["p", "mixed"]
    assert result.frame.geometry.iloc[1].equals(shapely.union(dirty.square, other))
    found = dirty.finding(result, "collections")
    assert found.value == 3
    assert "only the polygons were kept" in found.message_en
    assert "(mixed, none)" in found.message_en


@pytest.mark.parametrize("kind", ["Point", "LineString"])
def test_collections_of_points_and_lines_become_multis(dirty, tmp_path, kind):
    shapes = {
        "Point": [shapely.Point(112.5, 35), shapely.Point(112.6, 35)],
        "LineString": [
            shapely.LineString([(112.5, 35), (112.6, 35)]),
            shapely.LineString([(112.5, 35.1), (112.6, 35.1)]),
        ],
    }[kind]
    result = dirty.read(dirty.write(tmp_path / "a.gpkg", [shapely.GeometryCollection(shapes)]))
    assert result.frame.geometry.iloc[0].geom_type == f"Multi{kind}"
    assert dirty.finding(result, "collections").value == 0


def test_duplicate_ids_are_numbered_and_reported(dirty, tmp_path):
    path = dirty.write(
        tmp_path / "a.gpkg", [dirty.square] * 6, attributes={"id": ["a", "a", None, "a-2", "a", "b"]}
    )
    result = dirty.read(path)
    assert result.frame["id"].tolist() == ["a", "a-3", "data-0003", "a-2", "a-4", "b"]
    found = dirty.finding(result, "duplicate_ids")
    assert found.severity == "warning"
    assert found.value == 1
    assert "(a)" in found.message_en


def test_ids_are_found_in_any_case_and_made_texts(dirty, tmp_path):
    path = dirty.write(tmp_path / "a.gpkg", [dirty.square] * 2, attributes={"ID": [7.0, 8.0]})
    frame = dirty.read(path).frame
    assert frame["id"].tolist() == ["7", "8"]
    assert frame["ID"].tolist() == [7.0, 8.0]
