"""Tables of places: what planners keep in Excel."""

import pytest
import shapely


@pytest.mark.parametrize(
    "header",
    [
        "lon,lat",
        "经度,纬度",
        "Longitude,Latitude",
        "x,y",
        "easting,northing",
        "LNG,LAT",
        "横坐标,纵坐标",
        "东经,北纬",
    ],
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_columns_of_coordinates_are_found(dirty, tmp_path, header, separator):
    path = tmp_path / "a.csv"
    text = f"name,{header},people\n王屋镇, 112.28 ,35.12,21000\n\n邵原镇,112.13,35.16,\n"
    path.write_text(text.replace(",", separator), encoding="utf-8-sig")
    frame = dirty.read(path, crs="EPSG:4490").frame
    assert frame["name"].tolist() == ["王屋镇", "邵原镇"]
    assert frame.geometry.to_wkt().tolist() == ["POINT (112.28 35.12)", "POINT (112.13 35.16)"]
    assert frame["people"].iloc[0] == 21000
    assert frame["people"].isna().tolist() == [False, True]


def test_longitude_wins_over_x(dirty, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,y,lon,lat\n1,2,112.5,35\n")
    assert dirty.read(path, crs="EPSG:4490").frame.geometry.iloc[0] == shapely.Point(112.5, 35)


def test_surveyors_x_is_north_and_is_refused(dirty, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,y\n3886000.1,645000.2\n")
    fault = dirty.refusal(path, crs="EPSG:4546")
    assert "axes swapped" in fault.problem
    assert "easting first" in fault.remedy
    path.write_text("northing,easting\n3886000.1,645000.2\n")
    assert len(dirty.read(path, crs="EPSG:4546").frame) == 1


def test_codes_keep_their_zeros_and_numbers_become_numbers(dirty, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("code,n,share,text,lon,lat\n003,1,0.5,a,112.5,35\n010,-2,.25,,112.6,35\n")
    frame = dirty.read(path, crs="EPSG:4490").frame
    assert frame["code"].tolist() == ["003", "010"]
    assert frame["n"].tolist() == [1, -2]
    assert frame["share"].tolist() == [0.5, 0.25]
    assert frame["text"].iloc[0] == "a"


def test_gbk_from_excel_is_read_and_reported(dirty, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("名称,经度,纬度\r\n王屋镇,112.28,35.12\r\n".encode("gbk"))
    result = dirty.read(path, crs="EPSG:4490", name_column="名称")
    assert result.frame["name"].tolist() == ["王屋镇"]
    assert dirty.rules(result) == ["encoding"]


def test_rows_without_coordinates_are_left_out_by_id(dirty, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,lon,lat\na,112.5,35\nb,,35\nc,112.5,\n")
    result = dirty.read(path, crs="EPSG:4490")
    assert result.frame["id"].tolist() == ["a"]
    assert "(b, c)" in dirty.finding(result, "no_geometry").message_en


def test_hostile_names_pass_unchanged(dirty, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('name,lon,lat\n"<script>alert(1)</script>",112.5,35\n"=cmd|\'/c calc\'!A0",112.6,35\n')
    frame = dirty.read(path, crs="EPSG:4490").frame
    assert frame["name"].tolist() == ["<script>alert(1)</script>", "=cmd|'/c calc'!A0"]


def test_well_known_text_is_read(dirty, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("name;WKT\na;POLYGON ((112.5 35, 112.6 35, 112.6 35.1, 112.5 35))\nb;\n")
    result = dirty.read(path, crs="EPSG:4490")
    assert result.frame.geom_type.tolist() == ["Polygon"]
    assert "no_geometry" in dirty.rules(result)


@pytest.mark.parametrize(
    ("text", "key", "problem", "remedy"),
    [
        ("", "", "is empty", "a header"),
        ("\n \n", "", "is empty", "a header"),
        ("lon,lat\n", "", "zero features", "again"),
        ("name,city\na,b\n", "name, city", "no two columns are coordinates", "经度"),
        ("lon,lat\n112°35',35.1\n", "lon", "line 2: \"112°35'\" is not a number", "decimal degrees"),
        ("lon,lat\n112.5,35\n\n112.5,nan\n", "lat", "line 4: 'nan' is not a number", "decimal degrees"),
        ("lon,lat\n112.5,35,7\n", "", "line 2 has 3 fields, the header has 2", "double quotes"),
        ("lon,lon,lat\n1,2,3\n", "lon", "stands twice", "its own name"),
        ("wkt\nPOINT 1 2\n", "wkt", "is not WKT", "POINT (112.59 35.09)"),
        ('lon,lat\n"112.5"x,35\n', "", "is not a table", "CSV"),
    ],
)  # fmt: skip
def test_tables_that_cannot_be_read_say_why(dirty, tmp_path, text, key, problem, remedy):
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    fault = dirty.refusal(path, crs="EPSG:4490")
    assert fault.key == key
    assert problem in fault.problem
    assert remedy in fault.remedy
