"""Tables without shapes: what CSV files and workbooks say, line by line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.errors import SourceError
from spatial.plan.records import Source
from spatial.sources.nodes import source_tables
from spatial.sources.origin import Origin, name_origin
from spatial.sources.references import reference_sources
from spatial.sources.tables import read_table, split_text

CELLS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1, max_size=12)


def origin(file: str) -> Origin:
    return name_origin("table", Source(file=file))


def write(path: Path, rows: list[list[object]]) -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encodings_and_separators_make_no_difference(tmp_path: Path, encoding: str, separator: str) -> None:
    text = "功能区,指标,数值\n生态圈一,产出,12.5\n\n生态圈二,产出,\n".replace(",", separator)
    (tmp_path / "t.csv").write_text(text, encoding)
    table = read_table(origin("t.csv"), tmp_path / "t.csv")
    assert list(table.columns) == ["功能区", "指标", "数值"]
    assert table.index.tolist() == [2, 4]
    assert table["数值"].tolist()[0] == 12.5
    assert table["数值"].isna().tolist() == [False, True]


def test_a_workbook_reads_as_the_same_table_in_csv(tmp_path: Path) -> None:
    rows = [
        ["from", "to", "code", "people"],
        ["东区", "西区", "003", 7],
        [None] * 4,
        ["西区", "东区", "010", 2.5],
    ]
    text = "\n".join(",".join("" if cell is None else str(cell) for cell in row) for row in rows)
    (tmp_path / "t.csv").write_text(text, "utf-8")
    book = read_table(origin("t.xlsx"), write(tmp_path / "t.xlsx", rows))
    assert book.equals(read_table(origin("t.csv"), tmp_path / "t.csv"))
    assert book["code"].tolist() == ["003", "010"]


def test_columns_that_a_sheet_once_had_are_left_out(tmp_path: Path) -> None:
    book = write(tmp_path / "t.xlsx", [["a", "b", None, ""], ["1", "2", None, " "]])
    assert list(read_table(origin("t.xlsx"), book).columns) == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("a,a\n1,2\n", "stands twice"),
        ("a,b\n1,2\n3\n", "line 3 has 1 fields"),
        ('a,b\n"1,2\n', "is not a table"),
    ],
)
def test_broken_tables_say_where(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "t.csv").write_text(text, "utf-8")
    with pytest.raises(SourceError, match=says):
        read_table(origin("t.csv"), tmp_path / "t.csv")


def test_a_file_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.xlsx").write_bytes(b"PK no workbook")
    with pytest.raises(SourceError, match="not a workbook"):
        read_table(origin("t.xlsx"), tmp_path / "t.xlsx")


def test_all_tables_that_cannot_be_read_are_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,a\n", "utf-8")
    (tmp_path / "b.csv").write_text("\n", "utf-8")
    sources = {name: Source(file=f"{name}.csv") for name in "ab"}
    with pytest.raises(SourceError) as refused:
        source_tables(reference_sources(sources, tmp_path, tables=sources))
    assert [fault.where for fault in refused.value.faults] == ["a.csv", "b.csv"]


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=8))
def test_what_csv_writes_is_read_back(rows: list[list[str]]) -> None:
    import csv
    import io

    out = io.StringIO(newline="")
    csv.writer(out).writerows([["a", "b"], *rows])
    kept = [row for row in rows if any(cell.strip() for cell in row)]
    if out.getvalue().splitlines()[0].count(",") == 1:
        assert split_text(origin("t.csv"), out.getvalue()).to_numpy().tolist() == kept
