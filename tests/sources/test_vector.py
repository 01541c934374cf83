"""Reading vector files: every format into one kind of frame, and a clear word for each that is refused."""

import hashlib
import zipfile

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely

from spatial.errors import SourceError
from spatial.plan.records import Source
from spatial.sources.vector import fingerprint_source, read_source

HOSTILE = "<script>alert(1)</script>'; DROP TABLE x;--"


@pytest.mark.parametrize(
    ("file", "driver"),
    [
        ("a.gpkg", "GPKG"), ("a.shp", "ESRI Shapefile"), ("a.geojson", "GeoJSON"), ("a.gdb", "OpenFileGDB"),
        ("a.fgb", "FlatGeobuf"), ("a.tab", "MapInfo File"), ("a.mif", "MapInfo File"), ("a.kml", "KML"),
        ("a.gml", "GML"), ("济源 边界.gpkg", "GPKG"),
    ],
)  # fmt: skip
def test_each_format_becomes_the_same_frame(dirty, tmp_path, file, driver):
    shapes = [dirty.square, shapely.affinity.translate(dirty.square, 0.2)]
    crs = "EPSG:4326" if driver in ("KML", "GeoJSON") else "EPSG:4490"
    named = "Name" if driver == "KML" else "label"
    attributes = {named: ["王屋镇", HOSTILE], "rank": [1, 2]}
    path = dirty.write(tmp_path / file, shapes, crs, attributes, driver=driver)
    frame = dirty.read(path, illustrative=True, name_column=named).frame
    assert list(frame.columns[:4]) == ["id", "name", "source", "illustrative"]
    assert frame.columns[-1] == "geometry"
    frame = frame.iloc[np.argsort(frame["rank"].astype(float))]  # FlatGeobuf writes in its own order
    assert frame["name"].tolist() == ["王屋镇", HOSTILE]
    assert frame["source"].tolist() == ["data", "data"]
    assert frame["illustrative"].tolist() == [True, True]
    assert frame["id"].is_unique
    assert frame["rank"].astype(float).tolist() == [1, 2]
    assert frame.crs == "EPSG:4490"
    np.testing.assert_allclose(frame.total_bounds, (112.5, 35.0, 112.8, 35.1), atol=1e-6)


def test_a_drawing_is_read_with_the_crs_of_the_plan(dirty, tmp_path):
    line = shapely.LineString([(645_000, 3_886_000), (646_000, 3_887_000)])
    path = dirty.write(tmp_path / "a.dxf", [line], None, {"Layer": ["DLTB"]})
    assert dirty.refusal(path).key == "crs"
    frame = dirty.read(path, crs="EPSG:4546", name_column="Layer").frame
    assert frame["name"].tolist() == ["DLTB"]
    assert 112.5 < frame.total_bounds[0] < 112.7


def test_a_packed_kml_is_read(dirty, tmp_path):
    path = dirty.write(tmp_path / "doc.kml", [dirty.square], "EPSG:4326", {"Name": ["济源"]}, driver="KML")
    with zipfile.ZipFile(tmp_path / "a.kmz", "w") as packed:
        packed.write(path, "doc.kml")
    assert dirty.read(tmp_path / "a.kmz").frame["name"].tolist() == ["济源"]


def test_tracks_of_a_receiver_are_read_by_layer(dirty, tmp_path):
    path = tmp_path / "a.gpx"
    path.write_text(
        '<?xml version="1.0"?><gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1">'
        '<wpt lat="35.1" lon="112.6"><name>天坛峰</name></wpt></gpx>',
        encoding="utf-8",
    )
    assert "waypoints" in dirty.refusal(path).problem
    assert dirty.read(path, layer="waypoints").frame["name"].tolist() == ["天坛峰"]


def test_projected_coordinates_come_back_in_degrees(dirty, tmp_path):
    moved = gpd.GeoSeries([dirty.square], crs=4490).to_crs(4546)
    path = dirty.write(tmp_path / "gk.shp", moved.tolist(), "EPSG:4546", {"name": ["a"]})
    result = dirty.read(path)
    np.testing.assert_allclose(result.frame.total_bounds, dirty.square.bounds, atol=1e-9)
    assert dirty.rules(result) == []


def test_a_file_named_wrong_is_told_with_near_names(dirty, tmp_path):
    dirty.write(tmp_path / "rivers.gpkg", [dirty.square])
    assert "did you mean 'rivers.gpkg'?" in dirty.refusal(tmp_path / "river.gpkg").remedy
    assert "the folder holds rivers.gpkg" in dirty.refusal(tmp_path / "完全不同.shp").remedy
    fault = dirty.refusal(tmp_path / "x.gpkg", url=None)
    assert fault.problem == "no such file"


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(SourceError, match=r"nowhere/a\.gpkg: no such file, nor a folder 'nowhere'"):
        read_source("data", Source(file="nowhere/a.gpkg"), tmp_path)


@pytest.mark.parametrize("lost", [".shx", ".dbf"])
def test_a_shapefile_without_its_other_files_is_refused(dirty, tmp_path, lost):
    path = dirty.write(tmp_path / "roads.shp", [dirty.square], attributes={"name": ["a"]})
    path.with_suffix(lost).unlink()
    fault = dirty.refusal(path)
    assert f"roads{lost}" in fault.problem
    assert "is missing" in fault.problem
    assert "copy it from where roads.shp came from" in fault.remedy


def test_two_lost_files_are_told_at_once(dirty, tmp_path):
    path = dirty.write(tmp_path / "roads.shp", [dirty.square], attributes={"name": ["a"]})
    path.with_suffix(".dbf").unlink()
    path.with_suffix(".shx").unlink()
    assert "roads.shx (the index of its shapes) and roads.dbf" in dirty.refusal(path).problem


def test_upper_case_endings_are_the_same(dirty, tmp_path):
    path = dirty.write(tmp_path / "ROADS.shp", [dirty.square], attributes={"name": ["路"]}, encoding="gbk")
    path.with_suffix(".cpg").unlink()
    for file in list(tmp_path.iterdir()):
        file.rename(file.with_suffix(file.suffix.upper()))
    assert dirty.read(tmp_path / "ROADS.SHP").frame["name"].tolist() == ["路"]


def test_layers_are_listed_when_the_name_is_wrong_or_missing(dirty, tmp_path):
    path = dirty.write(tmp_path / "plan.gpkg", [dirty.square], layer="rivers")
    dirty.write(path, [dirty.square], layer="roads", append=True)
    fault = dirty.refusal(path, layer="river")
    assert fault.key == "layer"
    assert fault.problem == "there is no layer 'river'; there is rivers, roads"
    assert fault.remedy == "did you mean 'rivers'?"
    fault = dirty.refusal(path)
    assert fault.problem == "the file holds 2 layers: rivers, roads"
    assert fault.remedy == "write for example `layer: rivers`"
    assert len(dirty.read(path, layer="roads").frame) == 1


def test_tables_without_geometry_are_not_counted_as_layers(dirty, tmp_path):
    path = dirty.write(tmp_path / "plan.gpkg", [dirty.square], layer="rivers")
    table = gpd.pd.DataFrame({"a": [1]})
    pyogrio.write_dataframe(table, path, layer="layer_styles")
    assert len(dirty.read(path).frame) == 1
    assert "has no geometry" in dirty.refusal(path, layer="layer_styles").problem


@pytest.mark.parametrize("file", ["none.gpkg", "none.shp", "none.geojson"])
def test_zero_features_are_refused(dirty, tmp_path, file):
    path = dirty.write(
        tmp_path / file, [], "EPSG:4326", {"name": np.array([], dtype=object)}, geometry_type="Polygon"
    )
    fault = dirty.refusal(path)
    assert "zero features" in fault.problem
    assert "without a selection or filter" in fault.remedy


@pytest.mark.parametrize(
    ("file", "remedy"),
    [
        ("a.mdb", "file geodatabase"), ("a.dwg", "save it as DXF"), ("a.xlsx", "save the sheet as CSV"),
        ("a.rar", "pack it as .zip"), ("a.foo", "give one of .gpkg"), ("a", "give one of .gpkg"), ("a.vrt", "that it points to"),
    ],
)  # fmt: skip
def test_other_formats_are_refused_with_what_to_do(dirty, tmp_path, file, remedy):
    (tmp_path / file).write_bytes(b"\x00\x01\x00\x00Standard Jet DB")
    assert remedy in dirty.refusal(tmp_path / file).remedy


@pytest.mark.parametrize("file", ["a.gpkg", "a.geojson", "a.kml", "a.fgb", "a.gml", "a.dxf", "a.json"])
@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\x89PNG\r\n\x1a\n" + bytes(500), b'{"type": "FeatureCollection"']
)
def test_files_that_are_not_what_they_say_are_refused(dirty, tmp_path, file, content):
    (tmp_path / file).write_bytes(content)
    fault = dirty.refusal(tmp_path / file)
    assert "again" in fault.remedy or "encoding" in fault.remedy


def test_a_gdb_file_and_a_gpkg_folder_are_refused(dirty, tmp_path):
    (tmp_path / "a.gdb").write_bytes(b"x")
    (tmp_path / "b.gpkg").mkdir()
    (tmp_path / "c.gdb").mkdir()
    assert dirty.refusal(tmp_path / "a.gdb").problem == "is a file"
    assert dirty.refusal(tmp_path / "b.gpkg").problem == "is a folder"
    assert "is not a FileGDB file" in dirty.refusal(tmp_path / "c.gdb").problem


def test_a_cut_off_geopackage_is_refused(dirty, tmp_path):
    path = dirty.write(tmp_path / "a.gpkg", [dirty.square])
    path.write_bytes(path.read_bytes()[:20_000])
    assert "a broken one" in dirty.refusal(path).problem


def test_a_hidden_pointer_to_other_data_is_refused(dirty, tmp_path):
    secret = dirty.write(tmp_path / "secret.gpkg", [dirty.square])
    path = tmp_path / "innocent.geojson"
    path.write_text(
        f'<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{secret}</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>"
    )
    assert "only points to other data" in dirty.refusal(path).problem


def test_a_virtual_path_reaches_nothing(dirty, tmp_path):
    with pytest.raises(SourceError, match="no such file"):
        read_source("data", Source(file="/vsicurl/http://127.0.0.1/x.gpkg"), tmp_path)


def test_paths_with_archive_signs_are_refused(dirty, tmp_path):
    path = dirty.write(tmp_path / "a.gpkg", [dirty.square])
    folder = tmp_path / "plans!"
    folder.mkdir()
    path.rename(folder / "a.gpkg")
    assert "holds ! or ?" in dirty.refusal(folder / "a.gpkg").problem


def test_names_come_from_the_column_that_the_plan_says(dirty, tmp_path):
    path = dirty.write(
        tmp_path / "a.gpkg", [dirty.square], attributes={"MC": ["济源"], "name": ["other"], "source": ["x"]}
    )
    frame = dirty.read(path, name_column="MC").frame
    assert frame["name"].tolist() == ["济源"]
    assert frame["MC"].tolist() == ["济源"]
    assert frame["name_original"].tolist() == ["other"]
    assert frame["source"].tolist() == ["data"]
    assert frame["source_original"].tolist() == ["x"]


def test_fields_that_are_called_alike_are_reported(dirty, tmp_path):
    path = dirty.write(tmp_path / "a.shp", [dirty.square], attributes={"ab": ["x"], "ac": ["y"]})
    table = path.with_suffix(".dbf")
    table.write_bytes(table.read_bytes().replace(b"ac\0", b"ab\0"))
    result = dirty.read(path)
    assert list(result.frame.columns) == ["id", "name", "source", "illustrative", "ab", "geometry"]
    assert "called ab" in dirty.finding(result, "duplicate_fields").message_en


def test_a_missing_name_column_is_fine_unless_asked_for(dirty, tmp_path):
    path = dirty.write(tmp_path / "a.gpkg", [dirty.square], attributes={"NAMES": ["济源"]})
    assert dirty.read(path).frame["name"].tolist() == [""]
    fault = dirty.refusal(path, name_column="NAME")
    assert fault.key == "name_column"
    assert fault.problem == "there is no column 'NAME'"
    assert fault.remedy == "did you mean 'NAMES'?"


def test_null_names_are_empty_and_numbers_are_texts(dirty, tmp_path):
    path = dirty.write(tmp_path / "a.gpkg", [dirty.square] * 2, attributes={"Name": [7.0, None]})
    assert dirty.read(path).frame["name"].tolist() == ["7", ""]


def test_dates_lists_and_truths_survive(dirty, tmp_path):
    path = tmp_path / "a.geojson"
    path.write_text(
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "id": "a7", "properties": {"day": "2024-05-01",'
        ' "when": "2024-05-01T10:00:00+08:00", "parts": [1, 2], "ok": true, "nothing": null},'
        ' "geometry": {"type": "Point", "coordinates": [112.6, 35.1]}}]}'
    )
    result = dirty.read(path)
    row = result.frame.iloc[0]
    assert row["id"] == "a7"
    assert str(row["day"]) == "2024-05-01"
    assert str(row["when"]).startswith("2024-05-01 10:00:00")
    assert row["parts"] == "[1, 2]"
    assert bool(row["ok"])


def test_warnings_of_the_reader_become_findings(dirty, tmp_path):
    path = tmp_path / "open.geojson"
    path.write_text('{"type": "Polygon", "coordinates": [[[112.5, 35], [112.6, 35], [112.6, 35.1]]]}')
    result = dirty.read(path)
    assert "Non closed ring" in dirty.finding(result, "reader").message_en
    assert result.frame.geometry.is_valid.all()


def test_two_reads_are_equal(dirty, tmp_path):
    path = dirty.write(tmp_path / "a.gpkg", [dirty.bowtie, dirty.square, None], attributes={"id": [1, 1, 2]})
    first, second = dirty.read(path), dirty.read(path)
    assert first.frame.to_json() == second.frame.to_json()
    assert first.findings == second.findings


def test_fingerprints_follow_bytes_of_file_and_sidecars(dirty, tmp_path):
    path = dirty.write(tmp_path / "a.shp", [dirty.square], attributes={"name": ["a"]})
    source = Source(file="a.shp")
    first = fingerprint_source(source, tmp_path)
    assert len(first) == len(hashlib.sha256().hexdigest())
    assert fingerprint_source(source, tmp_path) == first
    (tmp_path / "unrelated.dbf").write_bytes(b"x")
    assert fingerprint_source(source, tmp_path) == first
    seen = {first}
    for ending in (".cpg", ".prj", ".dbf", ".shx", ".shp"):
        part = path.with_suffix(ending)
        part.write_bytes(part.read_bytes() + b" ")
        seen.add(fingerprint_source(source, tmp_path))
    path.with_suffix(".cpg").unlink()
    seen.add(fingerprint_source(source, tmp_path))
    assert len(seen) == 7


def test_fingerprints_of_a_geodatabase_cover_all_files_but_locks(dirty, tmp_path):
    path = dirty.write(tmp_path / "a.gdb", [dirty.square], driver="OpenFileGDB")
    source = Source(file="a.gdb")
    first = fingerprint_source(source, tmp_path)
    (path / "someone.sr.lock").write_bytes(b"")
    assert fingerprint_source(source, tmp_path) == first
    (path / "timestamps").write_bytes(b"other")
    assert fingerprint_source(source, tmp_path) != first


def test_a_missing_file_has_no_fingerprint(tmp_path):
    with pytest.raises(SourceError, match=r"lost\.gpkg: no such file"):
        fingerprint_source(Source(file="lost.gpkg"), tmp_path)
