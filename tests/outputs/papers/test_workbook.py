"""Tests of the workbook: read again by openpyxl, worked out again by LibreOffice, bad input and size."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from spatial.errors import OutputError
from spatial.outputs.order import Order
from spatial.outputs.papers import spreadsheet
from spatial.outputs.papers.cells import Head, Table
from spatial.outputs.papers.sheet_sizes import measure_columns
from spatial.outputs.papers.spreadsheet import name_sheets
from spatial.outputs.papers.workbook import write_workbook
from spatial.plan.base import Text
from spatial.plan.findings import Finding, frame_findings

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from spatial.results import Build

openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed")
HEADS = 4
HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "<b>&amp;", "甲" * 200, "https://x.example"]


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


def read(path: Path, *, values: bool = True) -> Workbook:
    return openpyxl.load_workbook(path, data_only=values)


def cells_of(sheet: Worksheet) -> Iterator[Any]:
    return (cell for row in sheet.iter_rows() for cell in row)


def rows_of(sheet: Worksheet) -> list[list[Any]]:
    return [list(row) for row in sheet.iter_rows(min_row=HEADS + 1, values_only=True)]


@pytest.fixture(scope="module")
def written(jiyuan: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "tables.xlsx"
    assert write_workbook(make_order(jiyuan, language="zh"), path) == []
    return path


def test_summary_first_and_every_sheet_ready_to_print(written: Path) -> None:
    book = read(written)
    assert book.sheetnames[:3] == ["摘要", "规划指标一览表", "指标趋势与图上量算"]
    for sheet in book:
        assert sheet.freeze_panes[1:] == str(HEADS + 1)
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.page_setup.paperSize == 9
        assert sheet.print_title_rows == f"${HEADS}:${HEADS}"
        assert sheet.page_setup.fitToHeight == 0
        fonts = {cell.font.name for cell in cells_of(sheet) if cell.value is not None}
        assert fonts == {"宋体"}


def test_figures_are_the_layers(jiyuan: Build, written: Path) -> None:
    book = read(written)
    balance = jiyuan.layers["zone_balance"].set_index("name")
    rows = {row[1]: row for row in rows_of(book["三区三线平衡表"]) if row[0] != "三线" or row[1] != "合计"}
    for name in ("生态空间", "农业空间", "城镇空间", "生态保护红线"):
        assert rows[name][2] == pytest.approx(balance.loc[name, "area_ha"], rel=1e-12)
        assert rows[name][3] == pytest.approx(balance.loc[name, "share"], rel=1e-12)
        assert rows[name][4] == balance.loc[name, "parts"]
    promises = rows_of(book["承诺结论"])
    assert [row[5] for row in promises] == pytest.approx(jiyuan.layers["promises"]["share"].tolist())
    assert [row[4] for row in promises] == ["兑现", "兑现", "未兑现"]
    times = rows_of(book["到达时间"])
    assert len(times) == len(jiyuan.layers["circle_times"])
    assert len(rows_of(book["检查结果"])) == len(jiyuan.layers["findings"])


def test_numbers_have_formats_and_heads_have_units(written: Path) -> None:
    sheet = read(written)["三区三线平衡表"]
    assert sheet.cell(HEADS, 3).value == "面积（公顷）"
    assert sheet.cell(HEADS + 1, 3).number_format == "#,##0.00"
    assert sheet.cell(HEADS + 1, 4).number_format == "0.00%"
    assert read(written)["通勤圈"].auto_filter.ref


def test_sums_shares_and_differences_are_formulas_with_their_values(written: Path) -> None:
    formulas, values = read(written, values=False), read(written)
    found = [
        (sheet.title, cell.coordinate, cell.value)
        for sheet in formulas
        for cell in cells_of(sheet)
        if cell.data_type == "f"
    ]
    assert len(found) > 150
    assert all(isinstance(values[title][where].value, int | float) for title, where, _ in found)
    written_out = {formula for _, _, formula in found}
    assert "=SUM(C5:C7)" in written_out
    assert "='三区三线平衡表'!C5" in written_out
    assert any(formula.startswith("=ROUND(C8-C9") for formula in written_out)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice (soffice) is not installed")
def test_libreoffice_works_out_the_same_values(written: Path, tmp_path: Path) -> None:
    # Saved by openpyxl a workbook has formulas without values, so whatever LibreOffice shows is its own.
    bare = tmp_path / "bare.xlsx"
    formulas = read(written, values=False)
    formulas.save(bare)
    again = tmp_path / "again"
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", str(again), str(bare)]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    ours, theirs = read(written), read(again / "bare.xlsx")
    count = 0
    for sheet in formulas:
        for cell in cells_of(sheet):
            if cell.data_type == "f":
                seen = theirs[sheet.title][cell.coordinate].value
                wanted = ours[sheet.title][cell.coordinate].value
                assert seen == pytest.approx(wanted, rel=1e-9, abs=1e-9), (sheet.title, cell.coordinate)
                count += 1
    assert count > 150


@pytest.mark.parametrize("language", ["zh", "en", "both"])
def test_same_order_same_bytes(jiyuan: Build, tmp_path: Path, language: str) -> None:
    order = make_order(jiyuan, language=language)
    for name in ("a.xlsx", "b.xlsx"):
        write_workbook(order, tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}
        assert b"2025-01-01" in archive.read("docProps/core.xml")


def test_english_only_has_no_chinese_of_ours(jiyuan: Build, tmp_path: Path) -> None:
    path = tmp_path / "en.xlsx"
    write_workbook(make_order(jiyuan, language="en"), path)
    book = read(path)
    assert book.sheetnames[0] == "Summary"
    heads = [cell.value for sheet in book for cell in sheet[HEADS] if cell.value]
    assert all(ord(sign) < 0x2E80 for head in heads for sign in head)
    assert "not kept" in {row[4] for row in rows_of(book["Promises"])}


def _with_names(build: Build, names: list[str]) -> dict[str, pd.DataFrame]:
    towns = pd.concat([build.layers["towns"].iloc[:1]] * len(names), ignore_index=True)
    towns = towns.assign(id=[f"town-{at}" for at in range(len(names))], name=names, name_en="", role=names)
    return {**build.layers, "towns": towns}


def test_hostile_names_are_texts(jiyuan: Build, tmp_path: Path) -> None:
    path = tmp_path / "hostile.xlsx"
    names = [*HOSTILE, "a\x00b\x0b"]
    write_workbook(make_order(jiyuan, layers=_with_names(jiyuan, names), language="zh"), path)
    sheet = read(path, values=False)["镇街"]
    cells = [sheet.cell(HEADS + 1 + at, 1) for at in range(len(names))]
    assert [cell.value for cell in cells] == [*HOSTILE, "a b "]
    assert {cell.data_type for cell in cells} == {"s"}
    with zipfile.ZipFile(path) as archive:
        assert not [name for name in archive.namelist() if "externalLink" in name]
        assert b"<hyperlink" not in b"".join(archive.read(name) for name in archive.namelist())


def test_hostile_titles_name_sheets_and_headers(jiyuan: Build, tmp_path: Path) -> None:
    title = Text(zh="&P=[注入]" * 20, en="x" * 200)
    plan = jiyuan.plan.model_copy(update={"title": title})
    path = tmp_path / "title.xlsx"
    write_workbook(make_order(jiyuan, plan=plan, language="zh"), path)
    assert len(read(path)["摘要"].oddHeader.left.text) < 200
    with zipfile.ZipFile(path) as archive:
        assert b"&amp;L&amp;&amp;P=" in archive.read("xl/worksheets/sheet1.xml")


def test_sheet_names_are_short_legal_and_unique() -> None:
    titles = ["甲/乙:丙", "a" * 40, "A" * 41, "a" * 42, "", "History", "'x'", "?*[]"]
    tables = [Table(f"key{at}", Text.model_construct(zh=title), (), ()) for at, title in enumerate(titles)]
    names = list(name_sheets(tables, "zh").values())
    assert len({name.casefold() for name in names}) == len(titles)
    assert all(0 < len(name) <= 31 for name in names)
    assert not any(set("[]:*?/\\") & set(name) or name[0] == "'" or name[-1] == "'" for name in names)
    assert "history" not in {name.casefold() for name in names}


def test_a_plan_with_nothing_but_a_territory(jiyuan: Build, tmp_path: Path) -> None:
    layers = {name: frame if name == "territory" else frame.iloc[:0] for name, frame in jiyuan.layers.items()}
    path = tmp_path / "bare.xlsx"
    plan = jiyuan.plan.model_copy(update={"evaluation": None})
    write_workbook(make_order(jiyuan, layers=layers, plan=plan, language="zh"), path)
    assert read(path).sheetnames == ["摘要", "规划范围", "数据来源", "未生成的图层", "溯源信息"]


def test_a_hundred_thousand_findings_are_all_there(jiyuan: Build, tmp_path: Path) -> None:
    many = frame_findings(
        Finding("demo.rule", "info", "zones", f"zone-{at}", f"第 {at} 条", f"number {at}", float(at))
        for at in range(100_000)
    )
    layers = {name: frame.iloc[:0] for name, frame in jiyuan.layers.items()} | {"findings": many}
    path = tmp_path / "many.xlsx"
    assert write_workbook(make_order(jiyuan, layers=layers, language="zh"), path) == []
    with zipfile.ZipFile(path) as archive:
        sheets = [archive.read(name) for name in archive.namelist() if "worksheets/sheet" in name]
    assert max(sheet.count(b"<row ") for sheet in sheets) >= 100_000


def test_rows_beyond_the_limit_are_said(
    jiyuan: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheet, "MOST_ROWS", 60)
    path = tmp_path / "cut.xlsx"
    notes = write_workbook(make_order(jiyuan, language="en"), path)
    total, room = len(jiyuan.layers["zones"]), 60 - HEADS - 1
    assert any(f"Three zones: {total - room} more rows" in note for note in notes)
    formulas = read(path, values=False)["Three zones"]
    last = [cell.value for cell in formulas[60]]
    assert last[0] == "Total"
    # The sum is of all rows, so it is a value: a formula over what is left would be another number.
    assert last[1] == pytest.approx(jiyuan.layers["zones"]["area_ha"].sum())
    assert "more rows" in formulas["A3"].value


def test_texts_longer_than_a_cell_are_cut_and_said(jiyuan: Build, tmp_path: Path) -> None:
    long = frame_findings([Finding("demo.rule", "info", "zones", "", "长" * 40_000, "long")])
    order = make_order(jiyuan, layers={**jiyuan.layers, "findings": long}, language="zh")
    notes = write_workbook(order, tmp_path / "long.xlsx")
    assert notes == ["有一格文字长 40000，已截至 32767 字"]
    assert read(tmp_path / "long.xlsx")["检查结果"].cell(HEADS + 1, 3).value.endswith("长…")


def test_a_folder_that_cannot_be_written_is_refused(jiyuan: Build, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot be written"):
        write_workbook(make_order(jiyuan), tmp_path / "file" / "tables.xlsx")


def test_columns_of_text_give_way_to_the_page() -> None:
    heads = tuple(Head(Text(zh=f"列{at}", en=f"c{at}")) for at in range(8))
    table = Table("wide", Text(zh="宽", en="wide"), heads, (("很长的文字" * 20,) * 8,))
    widths = measure_columns(table, "zh")
    assert sum(widths) <= 180
    assert min(widths) >= 8
