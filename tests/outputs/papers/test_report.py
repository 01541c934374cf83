"""Tests of the report: numbers in the text are the layers', fonts of both scripts, and a page that stands alone."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from spatial.errors import OutputError
from spatial.outputs.order import Order
from spatial.outputs.papers.blocks import MOST_ROWS, Chapter, Picture
from spatial.outputs.papers.chapters import list_chapters
from spatial.outputs.papers.report import share_width, write_page, write_report
from spatial.plan.base import Text
from spatial.plan.findings import Finding, frame_findings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from spatial.results import Build

docx = pytest.importorskip("docx", reason="python-docx is not installed")
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def make_png(width: int, height: int) -> bytes:
    """Return a grey picture."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    lines = zlib.compress((b"\0" + b"\x80" * width) * height)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


HOSTILE = "<script>window.hit=1</script>{{ 7*7 }}&amp;\"'"


def make_order(build: Build, **changes: object) -> Order:
    order = Order(
        build.plan,
        build.layers,
        build.contracts,
        build.provenance,
        build.metric_crs,
        not_built=build.not_built,
    )
    return replace(order, **changes)  # type: ignore[arg-type]


def text_of(path: Path) -> str:
    """Return all text of a document, tables too, in order."""
    with zipfile.ZipFile(path) as archive:
        xml = archive.read("word/document.xml").decode("utf-8")
    paragraphs = re.split(r"</w:p>", xml)
    lines = ("".join(re.findall(r"<w:t(?: [^>]*)?>([^<]*)</w:t>", part)) for part in paragraphs)
    return "\n".join(lines)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    folder = tmp_path_factory.mktemp("pictures")
    names = ("structure", "zones", "circles", "promises", "sheet_of_tomorrow")
    for name in names:
        (folder / f"{name}.png").write_bytes(make_png(20, 10))
    return {name: folder / f"{name}.png" for name in names}


@pytest.fixture(scope="module")
def written(
    jiyuan: Build, pictures: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("report")
    paths = {}
    for language in ("zh", "en", "both"):
        order = make_order(jiyuan, language=language)
        for write, ending in ((write_report, "docx"), (write_page, "html")):
            paths[f"{language}.{ending}"] = folder / f"{language}.{ending}"
            assert write(order, paths[f"{language}.{ending}"], pictures) == []
    return paths


@pytest.mark.parametrize("kind", ["docx", "html"])
def test_numbers_in_the_text_are_the_layers(jiyuan: Build, written: Mapping[str, Path], kind: str) -> None:
    path = written[f"zh.{kind}"]
    text = text_of(path) if kind == "docx" else path.read_text(encoding="utf-8")
    for row in jiyuan.layers["zone_balance"].to_dict("records"):
        if row["section"] != "territory":
            assert f"{row['name']} {row['area_ha']:,.2f} 公顷，占全域 {row['share']:.2%}" in text
    promises = jiyuan.layers["promises"].set_index("circle")
    for row in promises.to_dict("records"):
        assert f"覆盖率 {row['share']:.2%}，要求 {row['required_share']:.2%}" in text
    turn = promises.loc["core_15", "flip_factor"] - 1
    assert f"{turn:+.1%}".replace("-", "−") + " 时结论翻转" in text
    assert f"{promises.loc['plain_30', 'margin_min']:.1f} 分钟" in text
    circles = jiyuan.layers["commute_circles"]
    over = circles["overclaim"].dropna().max() - 1
    assert f"夸大 {over:.1%}" in text
    assert "下冶镇 34.2 分钟" in text


def test_a_changed_layer_is_a_changed_text(jiyuan: Build, tmp_path: Path) -> None:
    promises = jiyuan.layers["promises"].assign(verdict="kept", share=0.949999, required_share=0.95)
    order = make_order(jiyuan, layers={**jiyuan.layers, "promises": promises}, language="zh")
    write_report(order, tmp_path / "a.docx", {})
    assert text_of(tmp_path / "a.docx").count("覆盖率 94.9999%，要求 95.00%") == 3


@pytest.mark.parametrize("name", ["zh.docx", "en.docx", "both.docx", "zh.html", "en.html", "both.html"])
def test_nothing_reads_as_nan(written: Mapping[str, Path], name: str) -> None:
    path = written[name]
    text = text_of(path) if name.endswith("docx") else path.read_text(encoding="utf-8")
    assert not re.search(r"\b(nan|None|inf|NaT)\b", text)
    assert "Text(" not in text


def test_chapters_of_jiyuan(jiyuan: Build, written: Mapping[str, Path]) -> None:
    heads = [
        paragraph.text
        for paragraph in docx.Document(str(written["zh.docx"])).paragraphs
        if paragraph.style.name == "Heading 1"
    ]
    assert heads == [
        "第一章 总则与依据", "第二章 规划指标", "第三章 国土空间总体格局", "第四章 三区三线", "第五章 通勤圈",
        "第六章 交通连接", "第七章 生活圈", "第八章 产业功能区", "第九章 校核结果", "第十章 局限与说明",
        "第十一章 其他图件", "附录：溯源信息",
    ]  # fmt: skip
    english = docx.Document(str(written["en.docx"]))
    assert "4 Zones and lines" in [paragraph.text for paragraph in english.paragraphs]


def test_english_only_has_no_chinese_words_of_ours(written: Mapping[str, Path]) -> None:
    document = docx.Document(str(written["en.docx"]))
    ours = [
        paragraph.text
        for paragraph in document.paragraphs
        if paragraph.style.name in ("Heading 1", "Caption", "Sentence", "Note")
    ]
    # The formula 一核两带多点 and names without an English one are the plan's own.
    strange = [text for text in ours if re.search("[\u3400-\u9fff]", text)]
    own = re.compile("一核两带多点|Raise|[村组][0-9]+")
    assert all(own.search(text) for text in strange)


def test_fonts_are_set_for_both_scripts(written: Mapping[str, Path]) -> None:
    document = docx.Document(str(written["zh.docx"]))
    for name, latin, east in (
        ("Normal", "Times New Roman", "宋体"),
        ("Heading 1", "Arial", "黑体"),
        ("Caption", "Arial", "黑体"),
    ):
        fonts = document.styles[name].element.rPr.rFonts
        assert fonts.get(f"{W}ascii") == latin
        assert fonts.get(f"{W}eastAsia") == east
        assert not [key for key in dict(fonts.attrib) if "Theme" in key or "theme" in key]
    default = document.styles.element.find(f"{W}docDefaults/{W}rPrDefault/{W}rPr/{W}rFonts")
    assert default.get(f"{W}eastAsia") == "宋体"


def test_captions_are_numbered_fields_and_pages_have_numbers(written: Mapping[str, Path]) -> None:
    document = docx.Document(str(written["zh.docx"]))
    captions = [paragraph for paragraph in document.paragraphs if paragraph.style.name == "Caption"]
    tables = [caption.text for caption in captions if caption.text.startswith("表")]
    assert [int(re.findall(r"\d+", text)[0]) for text in tables] == list(range(1, len(tables) + 1))
    assert len([caption for caption in captions if caption.text.startswith("图")]) == 5
    assert all("SEQ" in caption._p.xml for caption in captions)
    assert "NUMPAGES" in document.sections[0].footer.paragraphs[0]._p.xml
    header = document.sections[0].header.paragraphs[0]
    assert "示意，不作为法定依据" in header.text
    assert "TOC" in document.element.xml
    assert len(tables) == len(document.tables)


def test_same_order_same_bytes(jiyuan: Build, pictures: Mapping[str, Path], tmp_path: Path) -> None:
    order = make_order(jiyuan)
    for write, ending in ((write_report, "docx"), (write_page, "html")):
        first, second = tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"
        write(order, first, pictures)
        write(order, second, pictures)
        assert first.read_bytes() == second.read_bytes()


def test_pictures_stand_in_their_chapters(jiyuan: Build, pictures: Mapping[str, Path]) -> None:
    chapters = {chapter.title.en: chapter for chapter in list_chapters(make_order(jiyuan), pictures)}

    def names(chapter: Chapter) -> list[str]:
        return [block.name for block in chapter.blocks if isinstance(block, Picture)]

    assert names(chapters["Spatial structure"]) == ["structure"]
    assert names(chapters["Zones and lines"]) == ["zones"]
    assert names(chapters["Other maps"]) == ["sheet_of_tomorrow"]


@pytest.mark.parametrize("write", [write_report, write_page])
def test_a_picture_that_is_not_there_is_refused(jiyuan: Build, tmp_path: Path, write: object) -> None:
    target = tmp_path / "report.docx"
    with pytest.raises(OutputError, match="there is no such picture"):
        write(make_order(jiyuan), target, {"zones": tmp_path / "absent.png"})  # type: ignore[operator]
    assert not target.exists()


def test_a_file_that_is_no_picture_is_refused(jiyuan: Build, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    for data in (b"", b"no picture", make_png(20, 10)[:30]):
        broken.write_bytes(data)
        with pytest.raises(OutputError, match="is not a picture"):
            write_report(make_order(jiyuan), tmp_path / "a.docx", {"zones": broken})


def _hostile_order(build: Build) -> Order:
    names = [HOSTILE, "甲" * 200, "x" * 200, "a\x00b\x1bc\u202e"]
    towns = pd.concat([build.layers["towns"].iloc[:1]] * len(names), ignore_index=True)
    towns = towns.assign(id=[f"town-{at}" for at in range(len(names))], name=names, name_en="")
    times = build.layers["circle_times"].iloc[: len(names)].assign(name=names, name_en=names, state="beyond")
    found = frame_findings([Finding("demo", "error", "zones", HOSTILE, name, name) for name in names])
    title = Text(zh=HOSTILE + "乙" * 150, en="y" * 200)
    plan = build.plan.model_copy(update={"title": title})
    layers = {**build.layers, "towns": towns, "circle_times": times, "findings": found}
    return make_order(build, layers=layers, plan=plan)


def test_hostile_names_are_text(jiyuan: Build, tmp_path: Path) -> None:
    order = _hostile_order(jiyuan)
    write_report(order, tmp_path / "a.docx", {})
    shown = "\n".join(
        cell.text for table in docx.Document(str(tmp_path / "a.docx")).tables for cell in table._cells
    )
    assert HOSTILE in shown
    assert "a b c " in shown
    write_page(order, tmp_path / "a.html", {})
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert "{{ 7*7 }}" in text
    assert "\x00" not in text


def test_layers_that_are_not_there_leave_chapters_out(jiyuan: Build, tmp_path: Path) -> None:
    layers = {name: frame if name == "territory" else frame.iloc[:0] for name, frame in jiyuan.layers.items()}
    order = make_order(jiyuan, layers=layers, not_built={"zones": "zones", "commute_circles": "circles"})
    titles = [chapter.title.en for chapter in list_chapters(order, {})]
    assert titles == ["Basis", "Findings of the checks", "Limits", "Appendix: provenance"]
    write_report(order, tmp_path / "bare.docx", {})
    text = text_of(tmp_path / "bare.docx")
    assert "未生成：三区，因规划未写 zones。" in text
    assert "Not built: Commute circles, as the plan has no circles." in text


def test_one_town_and_no_illustrative_source(jiyuan: Build, tmp_path: Path) -> None:
    times = jiyuan.layers["circle_times"].iloc[:1]
    sources = {
        name: source.model_copy(update={"illustrative": False})
        for name, source in jiyuan.plan.sources.items()
    }
    plan = jiyuan.plan.model_copy(update={"sources": sources, "structure": None})
    order = make_order(jiyuan, plan=plan, layers={**jiyuan.layers, "circle_times": times}, language="en")
    write_report(order, tmp_path / "one.docx", {})
    text = text_of(tmp_path / "one.docx")
    assert "reaches 1 of 1 town." in text
    assert f"There are {len(plan.sources)} sources, none of them illustrative." in text


def test_long_tables_are_cut_and_the_rest_counted(jiyuan: Build, tmp_path: Path) -> None:
    many = frame_findings(
        Finding("demo.rule", "info", "zones", f"zone-{at}", f"第 {at} 条", f"number {at}")
        for at in range(100_000)
    )
    order = make_order(jiyuan, layers={**jiyuan.layers, "findings": many}, language="zh")
    write_report(order, tmp_path / "many.docx", {})
    text = text_of(tmp_path / "many.docx")
    assert f"本表列出 100,000 行中的前 {MOST_ROWS} 行，其余 {100_000 - MOST_ROWS:,} 行见附表。" in text
    assert "提示 100000 条" in text
    assert (tmp_path / "many.docx").stat().st_size < 200_000


def test_columns_fill_the_page_and_hold_their_words() -> None:
    widths = share_width(["名", "Permanent"], [["甲乙丙丁", "1"], ["a", "unbreakable"]], 8.5)
    assert sum(widths) == pytest.approx(166.0)
    many = share_width(["列"] * 30, [["x" * 300] * 30], 7.0)
    assert sum(many) == pytest.approx(166.0)
    assert min(many) > 0


def test_long_chinese_texts_keep_room_beside_long_english_words() -> None:
    rows = [
        [
            "drive.maxspeed_share",
            "小汽车：主要公路、主干路",
            "permanent_farmland, ecological_redline",
            "x " * 30,
        ]
    ]
    widths = share_width(["键", "规则", "取值", "来源"], rows, 8.5)
    assert sum(widths) == pytest.approx(166.0)
    assert widths[1] > 20.0
    assert widths[0] == pytest.approx(min(widths[0], widths[3]))


def test_the_page_stands_alone_in_a_browser(
    browser: Browser, jiyuan: Build, tmp_path: Path, pictures: Mapping[str, Path]
) -> None:
    path = tmp_path / "page.html"
    write_page(_hostile_order(jiyuan), path, pictures)
    context = browser.new_context(offline=True)
    page = context.new_page()
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(path.as_uri())
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
    assert said == []
    assert page.evaluate("window.hit") is None
    assert page.evaluate("[...document.images].every(image => image.naturalWidth === 20)")
    assert page.locator("table").count() > 8
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.emulate_media(media="print")
    data = page.pdf()
    assert data[:4] == b"%PDF"
    context.close()


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice (soffice) is not installed")
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_libreoffice_sets_the_document(written: Mapping[str, Path], tmp_path: Path) -> None:
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    source = str(written["both.docx"])
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), source]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    made = subprocess.run(["pdftotext", str(tmp_path / "both.pdf"), "-"], check=True, capture_output=True)
    text = made.stdout.decode("utf-8")
    pages = text.count("\f")
    assert 8 <= pages <= 60
    assert f"1 / {pages}" in text
    assert "第四章 三区三线" in text
    assert "Error" not in text


def test_first_lines_are_indented_in_signs_and_in_points(jiyuan: Build, tmp_path: Path) -> None:
    for language, wanted in (("zh", True), ("en", False)):
        write_report(make_order(jiyuan, language=language), tmp_path / "report.docx", {})
        with zipfile.ZipFile(tmp_path / "report.docx") as archive:
            styles = archive.read("word/styles.xml").decode()
        assert ('w:firstLineChars="200"' in styles, 'w:firstLine="420"' in styles) == (wanted, wanted)
