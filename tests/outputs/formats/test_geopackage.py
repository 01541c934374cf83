"""The GeoPackage: standard, complete, the same bytes again, and never half."""

import datetime
import json
import sqlite3
import subprocess
import sys
import warnings
from contextlib import closing
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from spatial.errors import CrsError, OutputError
from spatial.outputs.formats.geopackage import write_geopackage
from spatial.plan.contract import Column, Contract
from spatial.plan.findings import Finding, frame_findings
from spatial.plan.styles import Styles

STAMP = datetime.date(2026, 11, 1)
MOMENT = "2026-11-01T00:00:00.000Z"
HOSTILE = "<script>alert(1)</script>'); DROP TABLE zones;--\"[red]"
STYLES = Styles.model_validate(
    {
        "version": "1",
        "groups": {"g": "组"},
        "unstyled": {"label": "未定义样式", "fill": "#ff00ff"},
        "terms": {"mode": {"drive": {"zh": "小汽车", "en": "Car"}}},
        "layers": {
            "zones": {
                "title": {"zh": "三区", "en": "Zones"},
                "group": "g",
                "order": 1,
                "class_column": "zone",
                "classes": {"ecology": {"label": "生态空间", "fill": "#a9d196"}},
            },
            "circles": {
                "title": {"zh": "累计", "en": "Cumulative"},
                "group": "g",
                "order": 2,
                "where": {"form": ["cumulative"]},
                "class_column": "time_min",
                "graded": True,
                "classes": {"15": {"label": "15 分钟", "stroke": "#4a1486"}},
            },
            "bands": {
                "title": {"zh": "环带", "en": "Bands"},
                "group": "g",
                "order": 3,
                "of": "circles",
                "where": {"form": ["band"]},
                "classes": {"all": {"label": "环带", "fill": "#4a1486"}},
            },
            "findings": {
                "title": {"zh": "检查结果", "en": "Findings"},
                "group": "g",
                "order": 4,
                "class_column": "severity",
                "where": {"layer": ["zones"]},
                "classes": {
                    "error": {"label": "错误", "fill": "#d50000"},
                    "info": {"label": "提示", "fill": "#0277bd"},
                },
            },
        },
    }
)
TEXT = Column("text", "文本", "Text", nullable=True)
CONTRACTS = {
    "zones": Contract(
        "三区",
        "Zones",
        "Polygon",
        {
            "zone": Column("text", "空间", "Zone"),
            "parts": Column("integer", "图斑数", "Parts"),
            "area_ha": Column("number", "面积（公顷）", "Area (ha)", nullable=True),
            "illustrative": Column("truth", "示意", "Illustrative"),
        },
    ),
    "axes": Contract(
        "轴", "Axes", "LineString", {"length_km": Column("number", "长度", "Length", nullable=True)}
    ),
    "towns": Contract("乡镇", "Towns", "Point", {"code": TEXT, "alias": TEXT}),
    "circles": Contract(
        "通勤圈",
        "Circles",
        "Polygon",
        {
            "form": Column("text", "形式", "Form"),
            "mode": Column("text", "方式", "Mode"),
            "time_min": Column("number", "时间", "Time"),
        },
    ),
    "balance": Contract("乡镇", "Balance", "none", {"share": Column("number", "占比", "Share")}),
    "findings": Contract(
        "检查结果",
        "Findings",
        "any",
        {
            "rule": Column("text", "规则", "Rule"),
            "severity": Column("text", "级别", "Severity"),
            "layer": Column("text", "图层", "Layer"),
            "feature_id": Column("text", "要素", "Feature"),
            "message_zh": Column("text", "说明", "Message"),
            "message_en": Column("text", "英文说明", "English message"),
            "value": Column("number", "值", "Value", nullable=True),
            "limit": Column("number", "限值", "Limit", nullable=True),
        },
    ),
}


def frame(columns, geometry):
    return gpd.GeoDataFrame(columns, geometry=list(geometry), crs="EPSG:4490")


def make_layers():
    square = shapely.box(112.0, 35.0, 112.1, 35.1)
    zones = frame(
        {
            "id": ["zone-1", "zone-2"],
            "name": ["生态空间", HOSTILE],
            "zone": ["ecology", "elsewhere"],
            "parts": [1, 2],
            "area_ha": [10.5, np.nan],
            "illustrative": [True, False],
        },
        [square, shapely.MultiPolygon([square, shapely.box(112.2, 35.0, 112.3, 35.1)])],
    )
    axes = frame({"id": [], "name": [], "length_km": []}, []).astype(
        {"id": "str", "name": "str", "length_km": float}
    )
    broken = pd.Series(
        ["坏\ud800字"], dtype=object
    )  # which pandas' own texts, where pyarrow is there, refuse
    towns = frame(
        {"id": ["town-1"], "name": ["济源\0市"], "code": [None], "alias": broken},
        [shapely.Point(112.6, 35.1, 99)],
    )
    circles = frame(
        {
            "id": ["a", "b"],
            "name": ["圈", "带"],
            "form": ["cumulative", "band"],
            "mode": ["drive"] * 2,
            "time_min": [15.0] * 2,
        },
        [square, None],
    )
    balance = pd.DataFrame({"id": ["b"], "name": ["生态空间"], "share": [0.5]})
    findings = frame_findings(
        [
            Finding("zones.gap", "error", "zones", "", "有缝", "gap", 1.0, 0.0, square),
            Finding("axes.none", "info", "axes", "", "没有轴", "no axis"),
            Finding("towns.far", "info", "towns", "town-1", "太远", "far", geometry=shapely.Point(112, 35)),
        ]
    )
    return {
        "zones": zones,
        "axes": axes,
        "towns": towns,
        "circles": circles,
        "balance": balance,
        "findings": findings,
    }


def write(path, layers=None, **changes):
    options = {
        "contracts": CONTRACTS,
        "styles": STYLES,
        "provenance": {"tool": "0.1.0", "plan": "abc"},
        "stamp": STAMP,
    }
    write_geopackage(path, make_layers() if layers is None else layers, **options | changes)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("gpkg") / "plan.gpkg"
    write(path)
    return path


def ask(path, query, *values):
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query, values).fetchall()


def read(path, layer):
    return gpd.read_file(path, layer=layer, use_arrow=False)


def test_all_layers_are_there_in_their_types(file):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        listed = dict(pyogrio.list_layers(file).tolist())
    assert listed == {
        "zones": "MultiPolygon",
        "axes": "MultiLineString",
        "towns": "Point",
        "circles": "MultiPolygon",
        "findings": "Unknown",
        "balance": None,
        "layer_styles": None,
    }
    tables = [name for (name,) in ask(file, "SELECT table_name FROM gpkg_contents ORDER BY rowid")]
    assert tables == [*CONTRACTS, "layer_styles"]


def test_values_come_back(file):
    zones = read(file, "zones")
    assert zones.columns.tolist() == ["id", "name", "zone", "parts", "area_ha", "illustrative", "geometry"]
    assert zones["name"].tolist() == ["生态空间", HOSTILE]
    assert zones["illustrative"].tolist() == [True, False]
    assert zones["illustrative"].dtype == bool
    assert zones["parts"].dtype == "int64"
    assert zones["area_ha"].isna().tolist() == [False, True]
    assert zones.crs.to_epsg() == 4490
    assert shapely.area(zones.geometry.to_numpy()).tolist() == pytest.approx([0.01, 0.02])
    assert ask(file, "SELECT area_ha FROM zones WHERE id = 'zone-2'") == [(None,)]


def test_texts_lose_only_what_a_database_cannot_hold(file):
    town = read(file, "towns").iloc[0]
    assert town["name"] == "济源市"
    assert town["alias"] == "坏?字"
    assert ask(file, "SELECT code FROM towns") == [(None,)]
    assert not town.geometry.has_z


def test_empty_layers_keep_their_columns_and_type(file):
    info = pyogrio.read_info(file, layer="axes")
    assert info["features"] == 0
    assert info["geometry_type"] == "MultiLineString"
    assert dict(zip(info["fields"], info["ogr_types"], strict=True)) == {
        "id": "OFTString",
        "name": "OFTString",
        "length_km": "OFTReal",
    }


def test_every_layer_may_be_empty(tmp_path):
    empty = {name: layer.iloc[:0] for name, layer in make_layers().items()}
    write(tmp_path / "empty.gpkg", empty)
    write(tmp_path / "full.gpkg")
    schemas = [
        ask(
            path,
            "SELECT sql FROM sqlite_master WHERE name IN ('zones','axes','towns','circles','balance','findings')",
        )
        for path in (tmp_path / "empty.gpkg", tmp_path / "full.gpkg")
    ]
    assert schemas[0] == schemas[1]


def test_null_geometries_stay_null(file):
    assert read(file, "findings").geometry.isna().tolist() == [False, True, False]
    assert read(file, "circles").geometry.isna().tolist() == [False, True]


def test_points_become_multi_only_when_one_is(tmp_path):
    towns = make_layers()["towns"].set_geometry([shapely.MultiPoint([(112, 35), (113, 35)])], crs="EPSG:4490")
    write(tmp_path / "plan.gpkg", {"towns": towns})
    assert pyogrio.read_info(tmp_path / "plan.gpkg", layer="towns")["geometry_type"] == "MultiPoint"


def test_the_database_is_sound_and_standard(file):
    assert ask(file, "PRAGMA integrity_check") == [("ok",)]
    assert ask(file, "PRAGMA foreign_key_check") == []
    assert ask(file, "PRAGMA application_id") == [(int.from_bytes(b"GPKG"),)]
    assert ask(file, "PRAGMA user_version") == [(10300,)]
    assert ask(file, "PRAGMA journal_mode") == [("delete",)]
    assert ask(
        file, "SELECT organization, organization_coordsys_id FROM gpkg_spatial_ref_sys WHERE srs_id = 4490"
    ) == [("EPSG", 4490)]
    assert set(ask(file, "SELECT srs_id FROM gpkg_geometry_columns")) == {(4490,)}
    extensions = ask(file, "SELECT extension_name, table_name FROM gpkg_extensions WHERE column_name IS NULL")
    assert sorted(extensions) == [
        ("gpkg_metadata", "gpkg_metadata"),
        ("gpkg_metadata", "gpkg_metadata_reference"),
        ("gpkg_schema", "gpkg_data_column_constraints"),
        ("gpkg_schema", "gpkg_data_columns"),
    ]


def test_titles_and_aliases_are_chinese_and_unique(file):
    titles = ask(file, "SELECT table_name, identifier, description FROM gpkg_contents")
    assert ("zones", "三区", "Zones") in titles
    assert ("towns", "乡镇 towns", "Towns") in titles
    assert ("balance", "乡镇 balance", "Balance") in titles
    aliases = ask(
        file,
        "SELECT column_name, name, title, description FROM gpkg_data_columns WHERE table_name = 'towns' ORDER BY rowid",
    )
    assert aliases == [
        ("id", "标识", "标识", "Id"),
        ("name", "名称", "名称", "Name"),
        ("code", "文本", "文本", "Text"),
        ("alias", "文本 alias", "文本", "Text"),
    ]
    for name, contract in CONTRACTS.items():
        named = ask(
            file, "SELECT column_name FROM gpkg_data_columns WHERE table_name = ? ORDER BY rowid", name
        )
        assert [column for (column,) in named] == list(contract.all_columns())


def test_each_layer_has_one_default_style_that_parses(file):
    rows = ask(
        file,
        "SELECT f_table_name, f_geometry_column, styleName, useAsDefault, styleQML, f_table_catalog, f_table_schema,"
        " styleSLD, owner FROM layer_styles ORDER BY id",
    )
    assert [row[:4] for row in rows] == [
        ("zones", "geom", "三区", 1),
        ("axes", "geom", "轴", 1),
        ("towns", "geom", "乡镇", 1),
        ("circles", "geom", "通勤圈", 1),
        ("circles", "geom", "环带", 0),
        ("balance", "", "乡镇", 1),
        ("findings", "geom", "检查结果", 1),
    ]
    assert {row[5:] for row in rows} == {("", "", "", "")}
    documents = [ElementTree.fromstring(row[4]) for row in rows]
    assert {document.tag for document in documents} == {"qgis"}
    columns = [name for _, name, *_ in ask(file, "PRAGMA table_info(layer_styles)")]
    assert columns == [
        "id",
        "f_table_catalog",
        "f_table_schema",
        "f_table_name",
        "f_geometry_column",
        "styleName",
        "styleQML",
        "styleSLD",
        "useAsDefault",
        "description",
        "owner",
        "ui",
        "update_time",
    ]


def find_style(file, name):
    ((text,),) = ask(file, "SELECT styleQML FROM layer_styles WHERE styleName = ?", name)
    return ElementTree.fromstring(text)


def test_values_without_a_class_are_drawn_in_the_warning_style(file):
    labels = [category.get("label") for category in find_style(file, "三区").iter("category")]
    assert labels == ["生态空间", "未定义样式"]


def test_two_styles_of_a_layer_share_its_rows_and_an_only_style_draws_all(file):
    cumulative = [rule.get("filter") for rule in find_style(file, "通勤圈").iter("rule")]
    assert cumulative == ['"form" IN (\'cumulative\') AND "time_min" <= 15']
    bands = [rule.get("filter") for rule in find_style(file, "环带").iter("rule")]
    assert bands == ["\"form\" IN ('band')"]
    findings = [(rule.get("label"), rule.get("filter")) for rule in find_style(file, "检查结果").iter("rule")]
    assert findings == [
        ("错误", "to_string(\"severity\") = 'error' AND geometry_type($geometry) = 'Polygon'"),
        ("提示", "to_string(\"severity\") = 'info' AND geometry_type($geometry) = 'Point'"),
    ]


def test_provenance_is_metadata_that_readers_find(file):
    stored = pyogrio.read_info(file, layer="zones")["dataset_metadata"]
    assert json.loads(stored["GPKG_METADATA_ITEM_1"]) == {"plan": "abc", "tool": "0.1.0"}
    assert ask(file, "SELECT reference_scope, timestamp, md_file_id FROM gpkg_metadata_reference") == [
        ("geopackage", MOMENT, 1)
    ]


def test_the_only_time_in_the_file_is_the_stamp(file):
    assert set(ask(file, "SELECT last_change FROM gpkg_contents")) == {(MOMENT,)}
    assert set(ask(file, "SELECT update_time FROM layer_styles")) == {(MOMENT,)}


def test_the_same_input_gives_the_same_bytes(file, tmp_path):
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import test_geopackage as test\n"
        "test.write(sys.argv[2])\n"
    )
    folder = str(__file__).rsplit("test_geopackage", 1)[0]
    subprocess.run([sys.executable, "-c", script, folder, tmp_path / "其他.gpkg"], check=True)
    write(tmp_path / "again.gpkg")
    write(tmp_path / "again.gpkg")
    assert (tmp_path / "again.gpkg").read_bytes() == file.read_bytes()
    assert (tmp_path / "其他.gpkg").read_bytes() == file.read_bytes()
    write(tmp_path / "again.gpkg", stamp=datetime.date(2026, 11, 2))
    assert (tmp_path / "again.gpkg").read_bytes() != file.read_bytes()


def test_the_order_of_provenance_does_not_matter(file, tmp_path):
    write(tmp_path / "plan.gpkg", provenance={"plan": "abc", "tool": "0.1.0"})
    assert (tmp_path / "plan.gpkg").read_bytes() == file.read_bytes()


def test_gdal_is_left_as_it_was(tmp_path):
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "kept"})
    try:
        write(tmp_path / "plan.gpkg")
        assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") == "kept"
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
    assert pyogrio.get_gdal_config_option("OGR_SQLITE_SYNCHRONOUS") is None


def test_nothing_to_write_is_refused(tmp_path):
    with pytest.raises(OutputError, match="no layer to write"):
        write(tmp_path / "plan.gpkg", {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda zones: zones.to_crs("EPSG:4326"), "EPSG:4326"),
        (lambda zones: zones.set_crs(None, allow_override=True), "no CRS"),
    ],
)
def test_another_crs_is_refused_and_the_last_file_stays(tmp_path, change, word):
    path = tmp_path / "plan.gpkg"
    path.write_text("last good")
    with pytest.raises(CrsError, match=f"zones.*{word}.*EPSG:4490"):
        write(path, {"zones": change(make_layers()["zones"])})
    assert path.read_text() == "last good"
    assert [file.name for file in tmp_path.iterdir()] == ["plan.gpkg"]


def test_a_database_in_use_is_not_replaced(tmp_path):
    path = tmp_path / "plan.gpkg"
    write(path)
    before = path.read_bytes()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("UPDATE gpkg_contents SET description = 'x'")
        database.commit()
        with pytest.raises(OutputError, match=r"open in another program.*close it in QGIS"):
            write(path)
        database.execute("PRAGMA journal_mode = DELETE")
    write(path)
    assert path.read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits")
@pytest.mark.parametrize("limit", [2_000, 90_000, 150_000])
def test_a_full_disk_keeps_the_last_good_file(tmp_path, file, limit):
    path = tmp_path / "plan.gpkg"
    path.write_bytes(file.read_bytes())
    assert limit < file.stat().st_size
    script = (
        "import resource, signal, sys; sys.path.insert(0, sys.argv[1])\n"
        "import test_geopackage as test\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)\n"
        "test.write(sys.argv[2])\n"
    )
    folder = str(__file__).rsplit("test_geopackage", 1)[0]
    command = [sys.executable, "-B", "-c", script, folder, path, str(limit)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "spatial.errors.OutputError" in run.stderr
    assert "free some space" in run.stderr
    assert path.read_bytes() == file.read_bytes()
    assert [found.name for found in tmp_path.iterdir()] == ["plan.gpkg"]
