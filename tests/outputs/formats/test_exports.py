"""Exports read back equal: shapes, Chinese, nulls, whole numbers, true and false, in every format."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from spatial.errors import CrsError, OutputError
from spatial.outputs.files import replacing_folder
from spatial.outputs.formats import arrowfiles, exports
from spatial.outputs.formats.exports import export_layers
from spatial.outputs.formats.shapefile import FIELD_LENGTH, RESERVED, TEXT_BYTES, cut_text, shorten_names
from spatial.outputs.order import Order
from spatial.pipeline import list_layers
from spatial.plan.contract import Column, Contract
from spatial.results import Build

HOSTILE = "<script>alert('1')</script>, \"引\"；\n换行\t\\"
CONTRACTS = {
    "parcels": Contract(
        "地块", "Parcels", "Polygon",
        {
            "code": Column("text", "代码", "Code", nullable=True),
            "required_share": Column("number", "要求比例", "Required share", nullable=True),
            "requested_share": Column("number", "申请比例", "Requested share", nullable=True),
            "group": Column("text", "组", "Group", nullable=True),
            "people": Column("integer", "人口（人）", "People", nullable=True),
            "illustrative": Column("truth", "示意", "Illustrative"),
        },
    ),
    "stops": Contract("站点", "Stops", "Point", {}),
    "things": Contract("杂项", "Things", "any", {"value": Column("number", "值", "Value", nullable=True)}),
    "balance": Contract("平衡表", "Balance", "none", {"share": Column("number", "比例", "Share")}),
    "nothing": Contract("空", "Nothing", "LineString", {}),
}  # fmt: skip


def make_layers() -> dict[str, pd.DataFrame]:
    ring = shapely.Polygon([(112.1, 35.1), (112.20000000001, 35.1), (112.2, 35.3), (112.1, 35.1)])
    hole = shapely.box(112.3, 35.0, 112.9, 35.5).difference(shapely.box(112.4, 35.1, 112.5, 35.2))
    parcels = gpd.GeoDataFrame(
        {
            "id": ["p-1", "p-2", "p-3"],
            "name": ["济源市轵城镇", HOSTILE, "长" * 300],
            "code": pd.Series(["419001", None, ""], dtype=object),
            "required_share": [0.1 + 0.2, np.nan, 1 / 3],
            "requested_share": [1234567.123456, -0.0, np.nan],
            "group": pd.Series(["甲", None, "乙"], dtype=object),
            "people": pd.array([7_800_000, None, 0], dtype="Int64"),
            "illustrative": [True, False, True],
        },
        geometry=[shapely.MultiPolygon([ring, hole]), ring, None],
        crs="EPSG:4490",
    )
    stops = gpd.GeoDataFrame(
        {"id": ["s-1", "s-2"], "name": ["站", "站群"]},
        geometry=[shapely.Point(112.5, 35), shapely.MultiPoint([(112, 35), (113, 36)])],
        crs="EPSG:4490",
    )
    things = gpd.GeoDataFrame(
        {"id": list("abcd"), "name": list("甲乙丙丁"), "value": [1.5, None, 3.0, 4.0]},
        geometry=[ring, shapely.LineString([(112, 35), (113, 36)]), shapely.Point(112, 35), None],
        crs="EPSG:4490",
    )
    balance = pd.DataFrame({"id": ["b"], "name": ["生态空间"], "share": [0.5]})
    nothing = gpd.GeoDataFrame({"id": [], "name": []}, geometry=[], crs="EPSG:4490")
    return {"parcels": parcels, "stops": stops, "things": things, "balance": balance, "nothing": nothing}


@pytest.fixture
def order(jiyuan: Build) -> Order:
    return replace(jiyuan.order(language="both"), layers=make_layers(), contracts=CONTRACTS)


def same_values(mine: pd.Series[Any], theirs: pd.Series[Any], kind: str) -> None:
    assert mine.isna().tolist() == theirs.isna().tolist()
    pairs = list(zip(mine.dropna(), theirs.dropna(), strict=True))
    if kind == "number":
        assert all(abs(one - two) <= 1e-12 * max(1, abs(one)) for one, two in pairs)
    else:
        assert all(one == two for one, two in pairs)


def same_shapes(mine: gpd.GeoDataFrame, theirs: gpd.GeoDataFrame, degrees: float) -> None:
    assert theirs.crs.to_epsg() == 4490
    for one, two in zip(mine.geometry, theirs.geometry, strict=True):
        assert (one is None) == (two is None)
        if one is not None:
            assert shapely.hausdorff_distance(one, two) <= degrees
            assert shapely.symmetric_difference(one, two).area <= degrees


def read_dbf(file: Path, encoding: str) -> tuple[list[str], list[list[str]]]:
    """Read a dBase table by its published layout, with no library."""
    data = file.read_bytes()
    count, start, length = struct.unpack("<IHH", data[4:12])
    fields, at = [], 32
    while data[at] != 0x0D:
        name = data[at : at + 11].split(b"\0")[0].decode("ascii")
        fields.append((name, data[at + 16]))
        at += 32
    rows = []
    for number in range(count):
        record, place, row = data[start + number * length : start + (number + 1) * length], 1, []
        for _, width in fields:
            row.append(record[place : place + width].decode(encoding).strip())
            place += width
        rows.append(row)
    return [name for name, _ in fields], rows


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_shapefiles_read_back_equal(order: Order, tmp_path: Path, encoding: Literal["utf-8", "gbk"]) -> None:
    made = export_layers(order, tmp_path, "shp", encoding=encoding)
    parcels = make_layers()["parcels"]
    read = gpd.read_file(tmp_path / "parcels.shp")
    names = shorten_names(CONTRACTS["parcels"].all_columns())
    same_shapes(parcels, read, 1e-12)
    for key, column in CONTRACTS["parcels"].all_columns().items():
        mine = parcels[key]
        if column.kind == "text":
            # A dBase table has no empty text beside null, and blanks at the end of a text are its padding.
            mine = mine.map(lambda text: cut_text(text, encoding), na_action="ignore").replace("", None)
        same_values(mine, read[names[key]], column.kind)
    heads, rows = read_dbf(tmp_path / "parcels.dbf", encoding)
    assert heads == list(names.values())
    assert rows[0][1] == "济源市轵城镇"
    assert rows[2][1] == "长" * (TEXT_BYTES // (2 if encoding == "gbk" else 3))
    assert (tmp_path / "parcels.cpg").read_text() == {"utf-8": "UTF-8", "gbk": "936"}[encoding]
    assert any("p-3" in note and "254" in note for note in made.notes)


def test_mixed_layers_are_split_by_type_and_every_row_is_somewhere(order: Order, tmp_path: Path) -> None:
    made = export_layers(order, tmp_path, "shp")
    kinds = {"things_polygon.shp": "Polygon", "things_line.shp": "LineString", "things_point.shp": "Point"}
    found = []
    for name, kind in kinds.items():
        read = gpd.read_file(tmp_path / name)
        assert set(read.geom_type) == {kind}
        found += list(read["id"])
    found += list(pyogrio.read_dataframe(tmp_path / "things_table.dbf")["id"])
    assert found == ["a", "b", "c", "d"]
    assert set(gpd.read_file(tmp_path / "stops.shp").geom_type) == {"MultiPoint"}
    assert any("nothing" in note for note in made.notes)
    assert not list(tmp_path.glob("nothing*"))


def test_the_table_of_fields_leads_back_to_the_columns(order: Order, tmp_path: Path) -> None:
    export_layers(order, tmp_path, "shp")
    table = pd.read_csv(tmp_path / "fields.csv", encoding="utf-8-sig")
    for layer, rows in table.groupby("layer"):
        file = next(file for file in (tmp_path / f"{layer}.shp", tmp_path / f"{layer}.dbf") if file.exists())
        assert rows["field"].tolist() == list(pyogrio.read_info(file)["fields"])
    row = table[(table["layer"] == "parcels") & (table["column"] == "requested_share")].iloc[0]
    assert (row["field"], row["zh"], row["type"]) == ("requ_shar2", "申请比例", "number")


def test_characters_that_gbk_lacks_are_named_or_written_plainly(order: Order, tmp_path: Path) -> None:
    layers = make_layers()
    layers["stops"].loc[0, "name"] = "面积 3 km²"
    made = export_layers(replace(order, layers=layers), tmp_path / "plain", "shp", encoding="gbk")
    assert gpd.read_file(tmp_path / "plain" / "stops.shp")["name"].iloc[0] == "面积 3 km2"
    assert any("² → 2" in note for note in made.notes)
    layers["stops"].loc[1, "name"] = "𬭚镇"
    layers["balance"].loc[0, "name"] = "村😀"
    with pytest.raises(OutputError) as caught:
        export_layers(replace(order, layers=layers), tmp_path / "hard", "shp", encoding="gbk")
    text = str(caught.value)
    for part in ("stops.name", "𬭚 (U+2CB5A)", "balance.name", "U+1F600", "--encoding utf-8"):
        assert part in text
    assert "²" not in text
    export_layers(replace(order, layers=layers), tmp_path / "whole", "shp")
    assert gpd.read_file(tmp_path / "whole" / "stops.shp")["name"].tolist() == ["面积 3 km²", "𬭚镇"]


def test_a_geodatabase_reads_back_equal_and_bears_titles(order: Order, tmp_path: Path) -> None:
    export_layers(order, tmp_path, "fgdb")
    database = tmp_path / "jiyuan.gdb"
    layers = [name for name, _ in pyogrio.list_layers(database)]
    assert layers == [
        "parcels",
        "stops",
        "things_polygon",
        "things_line",
        "things_point",
        "things_table",
        "balance",
    ]
    parcels, read = make_layers()["parcels"], gpd.read_file(database, layer="parcels")
    same_shapes(parcels, read, 2e-9)
    for key, column in CONTRACTS["parcels"].all_columns().items():
        same_values(parcels[key], read["group_" if key == "group" else key], column.kind)
    info = pyogrio.read_info(database, layer="parcels")
    assert info["layer_metadata"]["ALIAS_NAME"] == "地块"
    assert info["dtypes"][list(info["fields"]).index("people")] == "int32"
    data = b"".join(file.read_bytes() for file in database.iterdir())
    assert "人口（人）".encode("utf-16le") in data


def test_parquet_reads_back_equal_with_titles_and_provenance(order: Order, tmp_path: Path) -> None:
    from pyarrow import parquet

    export_layers(order, tmp_path, "parquet")
    parcels, read = make_layers()["parcels"], gpd.read_parquet(tmp_path / "parcels.parquet")
    assert [
        shapely.equals_exact(one, two)
        for one, two in zip(parcels.geometry[:2], read.geometry[:2], strict=True)
    ] == [True, True]
    assert read.geometry[2] is None
    assert read.crs.to_epsg() == 4490
    for key, column in CONTRACTS["parcels"].all_columns().items():
        same_values(parcels[key], read[key], column.kind)
    assert str(read["people"].dtype) == "Int64"
    schema = parquet.read_schema(tmp_path / "parcels.parquet")
    assert schema.field("people").metadata[b"GDAL:OGR:alternative_name"].decode() == "人口（人）"
    told = json.loads(schema.metadata[b"spatial_planning_toolkit"])
    assert told["provenance"] == dict(order.provenance)
    assert json.loads(schema.metadata[b"geo"])["columns"]["geometry"]["geometry_types"]
    assert len(gpd.read_parquet(tmp_path / "nothing.parquet")) == 0
    assert pd.read_parquet(tmp_path / "balance.parquet")["share"].tolist() == [0.5]


def test_geojson_reads_back_equal(order: Order, tmp_path: Path) -> None:
    export_layers(order, tmp_path, "geojson")
    parcels = make_layers()["parcels"]
    record = json.loads((tmp_path / "parcels.geojson").read_text(encoding="utf-8"))
    assert record["crs"]["properties"]["name"].endswith("EPSG::4490")
    rows = [feature["properties"] for feature in record["features"]]
    shapes = [
        shapely.geometry.shape(part["geometry"]) if part["geometry"] else None for part in record["features"]
    ]
    same_shapes(parcels, gpd.GeoDataFrame(geometry=shapes, crs=4490), 1e-11)
    for key, column in CONTRACTS["parcels"].all_columns().items():
        same_values(parcels[key], pd.Series([row[key] for row in rows], dtype=object), column.kind)
    assert [type(row["illustrative"]) for row in rows] == [bool] * 3
    assert rows[0]["people"] == 7_800_000
    assert len(json.loads((tmp_path / "things.geojson").read_text(encoding="utf-8"))["features"]) == 4


@pytest.mark.parametrize("form", ["shp", "parquet", "geojson", "gpkg", "sld"])
def test_two_exports_have_the_same_bytes(jiyuan: Build, tmp_path: Path, form: exports.Format) -> None:
    for name in ("one", "two"):
        export_layers(jiyuan.order(), tmp_path / name, form)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_an_export_leaves_others_alone_and_takes_old_indexes_away(order: Order, tmp_path: Path) -> None:
    for name in ("parcels.qix", "mine.shp", "parcels.txt"):
        (tmp_path / name).write_text("old")
    export_layers(order, tmp_path, "shp")
    assert not (tmp_path / "parcels.qix").exists()
    assert (tmp_path / "mine.shp").read_text() == "old"
    assert (tmp_path / "parcels.txt").read_text() == "old"
    assert not list(tmp_path.glob(".part-*"))


def test_bad_requests_are_refused_with_a_remedy(
    order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OutputError, match="take --format shp"):
        export_layers(order, tmp_path, "parquet", encoding="gbk")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="file stands where a folder is needed"):
        export_layers(order, tmp_path / "file", "shp")
    elsewhere = make_layers()["parcels"].to_crs(4326)
    with pytest.raises(CrsError):
        export_layers(replace(order, layers={"parcels": elsewhere}), tmp_path / "out", "shp")
    monkeypatch.setattr(exports, "find_spec", lambda _: None)
    with pytest.raises(OutputError, match=r"pip install 'spatial-planning-toolkit\[parquet\]'"):
        export_layers(order, tmp_path / "out", "fgdb")


def test_a_locked_or_failing_geodatabase_stays(
    order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_layers(order, tmp_path, "fgdb")
    database = tmp_path / "jiyuan.gdb"
    before = {file.name: file.read_bytes() for file in database.iterdir()}
    lock = database / "_gdb.PC.1.2.sr.lock"
    lock.write_text("")
    with pytest.raises(OutputError, match="is open in another program"):
        export_layers(order, tmp_path, "fgdb")
    lock.unlink()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(arrowfiles, "_append", fail)
    with pytest.raises(OutputError, match="No space left"):
        export_layers(order, tmp_path, "fgdb")
    assert {file.name: file.read_bytes() for file in database.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "x.gdb"
    for name in ("old", "new"):
        with replacing_folder(target) as beside:
            (beside / name).write_text(name)
    assert [file.name for file in target.iterdir()] == ["new"]
    assert [file.name for file in tmp_path.iterdir()] == ["x.gdb"]


WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=14)
NAME = st.lists(WORD, min_size=1, max_size=5).map("_".join)


@given(st.lists(NAME, max_size=40, unique_by=str.lower))
def test_short_names_fit_differ_and_are_not_reserved(names: list[str]) -> None:
    short = shorten_names(names)
    assert list(short) == names
    assert all(1 <= len(name) <= FIELD_LENGTH for name in short.values())
    assert len({name.lower() for name in short.values()}) == len(names)
    assert not RESERVED & {name.lower() for name in short.values()}


def test_short_names_of_all_layers_can_be_read() -> None:
    for contract in list_layers().values():
        for name, short in shorten_names(contract.all_columns()).items():
            assert short[0] == name[0]
            assert len(name) > FIELD_LENGTH or short in (name, f"{name}_")


@given(st.text(max_size=400), st.sampled_from(["utf-8", "gbk"]))
def test_a_cut_text_is_the_beginning_of_the_text(text: str, encoding: Literal["utf-8", "gbk"]) -> None:
    text = text.encode(encoding, "ignore").decode(encoding)
    kept = cut_text(text, encoding)
    assert text.startswith(kept)
    assert len(kept.encode(encoding)) <= TEXT_BYTES
    rest = text[len(kept) :]
    assert not rest or len((kept + rest[0]).encode(encoding)) > TEXT_BYTES


def test_boundary_points_of_all_layers_of_areas(order: Order, tmp_path: Path) -> None:
    made = export_layers(order, tmp_path, "txt")
    assert [file.name for file in made.files] == ["parcels.txt", "export_txt.json"]
    text = (tmp_path / "parcels.txt").read_bytes().decode("gbk")
    assert f"数据产生日期={order.date}\r\n" in text
    assert text.count(",@\r\n") == 2
    assert "stops" in made.notes[1]
    whole = export_layers(order, tmp_path / "utf", "txt", encoding="utf-8")
    assert whole.files[0].read_bytes().decode("utf-8") == text
