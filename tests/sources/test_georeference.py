"""Coordinate systems: none is guessed, none is believed against its coordinates."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

ESRI_CGCS2000 = (
    'PROJCS["CGCS2000_3_Degree_GK_CM_111E",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",'
    'DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],'
    'UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",500000.0],'
    'PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",111.0],PARAMETER["Scale_Factor",1.0],'
    'PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
)
ESRI_BEIJING = (
    'PROJCS["Beijing_1954_3_Degree_GK_CM_111E",GEOGCS["GCS_Beijing_1954",DATUM["D_Beijing_1954",'
    'SPHEROID["Krasovsky_1940",6378245.0,298.3]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],'
    'PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],'
    'PARAMETER["Central_Meridian",111.0],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],'
    'UNIT["Meter",1.0]]'
)


def project(shape, crs):
    return gpd.GeoSeries([shape], crs=4490).to_crs(crs).iloc[0]


def swap(shape):
    return shapely.transform(shape, lambda xy: xy[:, ::-1])


@pytest.mark.parametrize("file", ["a.shp", "a.gpkg", "a.fgb", "a.gdb"])
def test_a_file_without_a_crs_is_refused(dirty, tmp_path, file):
    driver = {"driver": "OpenFileGDB"} if file.endswith("gdb") else {}
    path = dirty.write(tmp_path / file, [dirty.square], None, {"name": ["a"]}, **driver)
    fault = dirty.refusal(path)
    assert fault.key == "crs"
    assert "does not say its coordinate system" in fault.problem
    assert "`crs: EPSG:4490`" in fault.remedy
    result = dirty.read(path, crs="EPSG:4490")
    np.testing.assert_allclose(result.frame.total_bounds, dirty.square.bounds, atol=1e-6)
    assert dirty.rules(result) == []


def test_a_lost_prj_is_a_file_without_a_crs(dirty, tmp_path):
    path = dirty.write(tmp_path / "a.shp", [dirty.square], attributes={"name": ["a"]})
    path.with_suffix(".prj").unlink()
    assert dirty.refusal(path).key == "crs"


def test_a_table_of_places_needs_a_crs(dirty, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("经度,纬度\n112.6,35.1\n", encoding="utf-8")
    assert dirty.refusal(path).key == "crs"


def test_a_plan_that_contradicts_the_file_is_refused(dirty, tmp_path):
    path = dirty.write(tmp_path / "a.gpkg", [project(dirty.square, 4546)], "EPSG:4546")
    fault = dirty.refusal(path, crs="EPSG:4547")
    assert fault.key == "crs"
    assert "the plan says EPSG:4547" in fault.problem
    assert "the file says EPSG:4546" in fault.problem
    assert "remove `crs:`" in fault.remedy
    assert len(dirty.read(path, crs="EPSG:4546").frame) == 1


def test_names_of_other_makers_are_the_same_crs(dirty, tmp_path):
    path = dirty.write(tmp_path / "a.shp", [project(dirty.square, 4546)], "EPSG:4546", {"name": ["a"]})
    path.with_suffix(".prj").write_text(ESRI_CGCS2000)
    result = dirty.read(path, crs="EPSG:4546")
    np.testing.assert_allclose(result.frame.total_bounds, dirty.square.bounds, atol=1e-8)
    assert dirty.rules(result) == []


def test_geojson_without_a_crs_member_follows_the_plan(dirty, tmp_path):
    path = tmp_path / "a.geojson"
    path.write_text(shapely.to_geojson(project(dirty.square, 4546)))
    fault = dirty.refusal(path)
    assert "are metres, but WGS 84 is in degrees" in fault.problem
    np.testing.assert_allclose(
        dirty.read(path, crs="EPSG:4546").frame.total_bounds, dirty.square.bounds, atol=1e-8
    )
    dirty.write(tmp_path / "b.geojson", [dirty.square], "EPSG:4490", {"name": ["a"]})
    assert "the file says EPSG:4490" in dirty.refusal(tmp_path / "b.geojson", crs="EPSG:4326").problem


@pytest.mark.parametrize("crs", ["EPSG:2436", "EPSG:2383", "EPSG:4214", "EPSG:4610", "EPSG:4555"])
def test_beijing_54_and_xian_80_are_refused_in_file_and_plan(dirty, tmp_path, crs):
    path = dirty.write(tmp_path / "a.gpkg", [dirty.square], crs)
    fault = dirty.refusal(path)
    assert fault.key == "crs"
    assert "needs local parameters" in fault.problem
    assert "CGCS2000" in fault.remedy
    path = dirty.write(tmp_path / "b.gpkg", [dirty.square], None)
    assert "needs local parameters" in dirty.refusal(path, crs=crs).problem


def test_a_beijing_54_prj_is_refused(dirty, tmp_path):
    path = dirty.write(tmp_path / "a.shp", [project(dirty.square, 4546)], "EPSG:4546", {"name": ["a"]})
    path.with_suffix(".prj").write_text(ESRI_BEIJING)
    assert "Beijing 54" in dirty.refusal(path).problem


def test_a_prj_in_gbk_or_broken_is_refused(dirty, tmp_path):
    path = dirty.write(tmp_path / "a.shp", [dirty.square], attributes={"name": ["a"]})
    path.with_suffix(".prj").write_bytes('PROJCS["济源地方坐标系",GEOGCS[]]'.encode("gbk"))
    fault = dirty.refusal(path)
    assert fault.key == "crs"
    assert "济源地方坐标系" in fault.problem
    assert "write `crs:` in the plan" in fault.remedy
    path.with_suffix(".prj").write_text('GEOGCS["x",PRIMEM["Greenwich",0],UNIT["Degree",0.017]]')
    assert dirty.refusal(path).key == "crs"


def test_a_crs_that_does_not_exist_is_refused(dirty, tmp_path):
    path = dirty.write(tmp_path / "a.gpkg", [dirty.square], None)
    fault = dirty.refusal(path, crs="EPSG:999999")
    assert "'EPSG:999999' is not a coordinate system" in fault.problem


@pytest.mark.parametrize(
    ("label", "true", "problem", "remedy"),
    [
        ("EPSG:4546", "EPSG:4490", "are degrees, but CGCS2000 / 3-degree Gauss-Kruger CM 111E is in metres", "crs: EPSG:4490"),
        ("EPSG:4490", "EPSG:4546", "are metres, but China Geodetic Coordinate System 2000 is in degrees", "EPSG:4546"),
        ("EPSG:4546", "EPSG:4525", "lie far outside", "begin with the zone number 37"),
        ("EPSG:4525", "EPSG:4546", "lie far outside", "lack the zone number"),
    ],
)  # fmt: skip
def test_wrong_labels_are_told_from_the_coordinates(dirty, tmp_path, label, true, problem, remedy):
    path = dirty.write(tmp_path / "a.gpkg", [project(dirty.square, true)], label)
    fault = dirty.refusal(path)
    assert fault.key == "crs"
    assert problem in fault.problem
    assert remedy in fault.remedy


@pytest.mark.parametrize(("crs", "problem"), [("EPSG:4490", "latitude first"), ("EPSG:4546", "axes swapped")])
def test_swapped_axes_are_refused(dirty, tmp_path, crs, problem):
    path = dirty.write(tmp_path / "a.gpkg", [swap(project(dirty.square, crs))], crs)
    assert problem in dirty.refusal(path).problem


def test_one_stray_feature_does_not_condemn_the_label(dirty, tmp_path):
    shapes = [dirty.square, dirty.square, shapely.box(10, 50, 11, 51)]
    path = dirty.write(tmp_path / "a.gpkg", shapes, attributes={"id": ["a", "b", "stray"]})
    result = dirty.read(path)
    assert len(result.frame) == 3
    found = dirty.finding(result, "outside_crs_area")
    assert found.severity == "warning"
    assert "stray" in found.message_en
    assert found.value == pytest.approx(63.62)
    assert found.geometry.geoms[0].equals(shapely.Point(10.5, 50.5))


def test_features_off_the_earth_are_refused_by_id(dirty, tmp_path):
    shapes = [dirty.square, dirty.square, shapely.box(500_000, 3_000_000, 500_001, 3_000_001)]
    path = dirty.write(tmp_path / "a.gpkg", shapes, attributes={"id": ["a", "b", "stray"]})
    fault = dirty.refusal(path)
    assert "stray" in fault.problem
    assert "off the Earth" in fault.problem


def test_the_edge_of_a_zone_is_no_finding(dirty, tmp_path):
    east = shapely.box(112.6, 35.0, 112.8, 35.1)
    path = dirty.write(tmp_path / "a.gpkg", [project(east, 4546)], "EPSG:4546")
    assert dirty.rules(dirty.read(path)) == []


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32649", "EPSG:3857"])
def test_a_ballpark_transformation_is_reported(dirty, tmp_path, crs):
    path = dirty.write(
        tmp_path / "a.gpkg", [gpd.GeoSeries([dirty.square], crs=4326).to_crs(crs).iloc[0]], crs
    )
    found = dirty.finding(dirty.read(path), "ballpark_transform")
    assert found.severity == "info"
    assert crs in found.message_en
    assert "within a metre" in found.message_en


def test_an_old_datum_without_parameters_is_a_warning(dirty, tmp_path):
    path = dirty.write(tmp_path / "a.gpkg", [shapely.box(10.5, 50, 10.6, 50.1)], "EPSG:4314")
    found = dirty.finding(dirty.read(path), "ballpark_transform")
    assert found.severity == "warning"
    assert "hundreds of metres" in found.message_en
