"""Tables as an Excel workbook: one sheet a table, formulas that agree with their values, ready to print."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spatial.outputs.files import replacing
from spatial.outputs.papers.cells import (
    TRUTHS,
    Cell,
    Derived,
    Form,
    Head,
    Language,
    Quantity,
    Table,
    clean,
    is_absent,
    say,
    share_digits,
)
from spatial.outputs.papers.key_figures import MARK
from spatial.outputs.papers.sheet_sizes import (
    POINTS_A_LINE,
    count_lines,
    measure_columns,
    measure_row,
    set_head,
    set_text,
)
from spatial.plan.base import Text

MOST_ROWS = 1_048_576
"""Rows of a sheet in the format."""
_MOST_SIGNS = 32_767
_HEAD_ROW = 3
_NAME_SIGNS = 31
_HEADER_SIGNS = 80
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
_FONTS = {"zh": "宋体", "both": "宋体", "en": "Arial"}


@dataclass(frozen=True, kw_only=True)
class Imprint:
    """What a workbook says of itself.

    Parameters
    ----------
    title, subtitle : Text
        Over every sheet and in the file's properties.
    language : {"zh", "en", "both"}
    date : datetime.date
        That the file bears: the clock would change the bytes from run to run.
    compiler, comment : Text or str
        For the file's properties.
    illustrative : bool
        Every sheet is marked so.
    """

    title: Text
    subtitle: Text | str
    language: Language
    date: dt.date
    compiler: Text | str = ""
    comment: str = ""
    illustrative: bool = False


def write_tables(tables: Sequence[Table], imprint: Imprint, path: Path) -> list[str]:
    """Write tables as an Excel workbook, one sheet each, in their order.

    Numbers are numbers, with a format and, in the head, a unit. Sums, shares and differences are formulas
    that carry their value, so that viewers that do not calculate show it. Texts are never taken for formulas
    or links. The same tables give the same bytes.

    Parameters
    ----------
    tables : sequence of Table
        At least one, each with a key of its own.
    imprint : Imprint
    path : pathlib.Path
        The ``.xlsx`` file to write or replace.

    Returns
    -------
    list of str
        What a user should know: rows or signs that a sheet could not hold.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    import xlsxwriter

    names = name_sheets(tables, imprint.language)
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with replacing(path) as beside:
        book = xlsxwriter.Workbook(str(beside), options)
        book.set_properties(_describe(imprint))
        book.set_calc_mode("auto")
        pen = _Pen(book, imprint.language, names)
        for table in tables:
            _write_sheet(pen, book.add_worksheet(names[table.key]), table, imprint)
        book.close()
    return pen.notes


def name_sheets(tables: Iterable[Table], language: Language) -> dict[str, str]:
    """Return a sheet name for each table: its title without signs that Excel refuses, cut, and unique.

    Examples
    --------
    >>> table = Table("a", Text(zh="三区", en="Zones: all"), (), ())
    >>> name_sheets([table], "en")
    {'a': 'Zones  all'}
    """
    names: dict[str, str] = {}
    taken = {"history"}
    for table in tables:
        whole = say(table.title, language).translate(_FORBIDDEN).strip()
        if len(whole) > _NAME_SIGNS and language == "both":
            whole = say(table.title, "zh").translate(_FORBIDDEN).strip()
        name = whole[:_NAME_SIGNS].strip() or table.key[:_NAME_SIGNS]
        number = 1
        while name.casefold() in taken:
            number += 1
            name = f"{whole[: _NAME_SIGNS - len(str(number)) - 1]} {number}"
        taken.add(name.casefold())
        names[table.key] = name
    return names


def _describe(imprint: Imprint) -> dict[str, Any]:
    date = imprint.date
    return {
        "title": say(imprint.title, imprint.language),
        "subject": say(imprint.subtitle, imprint.language),
        "company": say(imprint.compiler, imprint.language),
        "comments": imprint.comment,
        "created": dt.datetime(date.year, date.month, date.day),
    }


@dataclass
class _Pen:
    """Writes cells: formats made once, names of sheets, and what did not fit."""

    book: Any
    language: Language
    names: dict[str, str]

    def __post_init__(self) -> None:
        self.notes: list[str] = []
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}
        self._frames: dict[tuple[str, bool], Any] = {}

    def style(self, **properties: Any) -> Any:
        font = {"font_name": _FONTS[self.language], "font_size": 10, "valign": "vcenter"}
        merged = font | properties
        key = tuple(sorted(merged.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format(merged)
        return self._formats[key]

    def cell(
        self, sheet: Any, at: tuple[int, int], cell: Cell, head: Head, *, bold: bool, plain: bool
    ) -> None:
        """Write a cell; with `plain`, values in the place of formulas."""
        form, digits, sign = head.form, head.digits, ""
        if isinstance(cell, Quantity):
            form, digits, sign, cell = cell.form, cell.digits, cell.sign, cell.value
        value = cell.value if isinstance(cell, Derived) else cell
        if value is None or value == "" or is_absent(value):
            sheet.write_blank(*at, None, self._frame("", bold))
        elif isinstance(value, bool | str | Text):
            text = set_text(TRUTHS[value] if isinstance(value, bool) else value, self.language)
            sheet.write_string(*at, self._cut(text), self._frame("@", bold))
        else:
            lead = f'"{sign}"' if sign else ""
            style = self._frame(lead + _write_format(value, form, digits), bold)
            if isinstance(cell, Derived) and cell.cells and not plain:
                sheet.write_formula(*at, self._formula(cell), style, value)
            else:
                sheet.write_number(*at, value, style)

    def _frame(self, form: str, bold: bool) -> Any:
        """Return the style of a cell of a table; ``@`` is that of texts, which wrap."""
        key = (form, bold)
        if key not in self._frames:
            look: dict[str, Any] = {"border": 1, "border_color": "#BFBFBF", "bold": bold}
            look |= {"bg_color": "#F2F2F2"} if bold else {}
            kind = {"text_wrap": True, "indent": 1} if form == "@" else {"num_format": form} if form else {}
            self._frames[key] = self.style(**look, **kind)
        return self._frames[key]

    def _cut(self, text: str) -> str:
        if len(text) <= _MOST_SIGNS:
            return text
        self.notes.append(
            say(
                Text(
                    zh=f"有一格文字长 {len(text)}，已截至 {_MOST_SIGNS} 字",
                    en=f"a cell of {len(text)} signs was cut to {_MOST_SIGNS}",
                ),
                self.language,
            )
        )
        return text[: _MOST_SIGNS - 1] + "…"

    def _formula(self, cell: Derived) -> str:
        sheet = f"'{self.names[cell.table]}'!" if cell.table else ""
        if cell.how == "sum":
            return f"=SUM({','.join(_write_ranges(cell.cells))})"
        first, *rest = (sheet + _address(at) for at in cell.cells)
        term = first + "".join({"ratio": "/", "difference": "-"}[cell.how] + other for other in rest)
        return f"={term}" if cell.rounded is None else f"=ROUND({term},{cell.rounded})"


def _address(cell: tuple[int, int]) -> str:
    from xlsxwriter.utility import xl_rowcol_to_cell

    return str(xl_rowcol_to_cell(cell[0] + _HEAD_ROW + 1, cell[1]))


def _write_ranges(cells: Sequence[tuple[int, int]]) -> Iterator[str]:
    """Return cells as ranges: neighbours in a column or a row become one."""
    start = last = cells[0]
    for cell in (*cells[1:], (-1, -1)):
        step = (cell[0] - last[0], cell[1] - last[1])
        along = (1, 0) if last == start else _unit(start, last)
        if step == along or (last == start and step == (0, 1)):
            last = cell
            continue
        yield _address(start) if start == last else f"{_address(start)}:{_address(last)}"
        start = last = cell


def _unit(start: tuple[int, int], last: tuple[int, int]) -> tuple[int, int]:
    return (1, 0) if start[1] == last[1] else (0, 1)


def _write_format(value: float, form: Form, digits: int) -> str:
    """Return Excel's format of a number; shares get the decimals that they need so as not to read as all."""
    if form in ("text", "general"):
        return "General"
    if form == "integer":
        return "#,##0"
    if form in ("share", "points"):
        places = share_digits(value, digits)
        body = f"0.{'0' * places}%" if places else "0%"
    else:
        body = f"#,##0.{'0' * digits}" if digits else "#,##0"
    return f"+{body};-{body};{body}" if form in ("signed", "points") else body


def _write_sheet(pen: _Pen, sheet: Any, table: Table, imprint: Imprint) -> None:
    language, columns = pen.language, max(len(table.heads), 1)
    rows, cut = _fit(table)
    plain = cut is not None
    pen.notes += [] if cut is None else [f"{say(table.title, language)}: {say(cut, language)}"]
    widths = measure_columns(table, language)
    sheet.write_string(0, 0, say(table.title, language), pen.style(bold=True, font_size=14))
    sheet.write_string(1, 0, _tell_whole(imprint), pen.style(font_color="#7F7F7F"))
    _write_notes(pen, sheet, [*table.notes, *([] if cut is None else [cut])], widths)
    look = {"bold": True, "bg_color": "#DDE7EE", "border": 1, "border_color": "#7F7F7F"}
    for column, head in enumerate(table.heads):
        style = pen.style(**look, text_wrap=True, align="center")
        sheet.write_string(_HEAD_ROW, column, set_head(head.title, language), style)
        sheet.set_column(column, column, widths[column])
    titles = [
        count_lines(set_head(head.title, language), width, True)
        for head, width in zip(table.heads, widths, strict=True)
    ]
    sheet.set_row(_HEAD_ROW, POINTS_A_LINE * max(titles, default=1))
    body = len(table.rows) - table.totals
    for at, row in enumerate(rows):
        bold = at in table.strong or (not plain and at >= body) or (plain and at >= len(rows) - table.totals)
        height = measure_row(row, widths, language, bold)
        if height > POINTS_A_LINE:
            sheet.set_row(at + _HEAD_ROW + 1, height)
        for column, (cell, head) in enumerate(zip(row, table.heads, strict=True)):
            pen.cell(sheet, (at + _HEAD_ROW + 1, column), cell, head, bold=bold, plain=plain)
    last = _HEAD_ROW + len(rows) - table.totals
    if not table.strong and last > _HEAD_ROW:
        sheet.autofilter(_HEAD_ROW, 0, last, columns - 1)
    sheet.freeze_panes(_HEAD_ROW + 1, 1 if columns > 2 else 0)
    _set_up_print(sheet, table, imprint, _HEAD_ROW + len(rows), columns)


def _fit(table: Table) -> tuple[Sequence[tuple[Cell, ...]], Text | None]:
    """Return the rows that a sheet holds, and what is to be said where that is not all of them.

    Formulas then give way to values: over the rows that are left they would come to other numbers.
    """
    room = MOST_ROWS - _HEAD_ROW - 1
    if len(table.rows) <= room:
        return table.rows, None
    body = table.rows[: len(table.rows) - table.totals]
    kept = body[: room - table.totals]
    left = len(body) - len(kept)
    note = Text(
        zh=f"另有 {left:,} 行超出工作表上限，见数据库 plan.gpkg",
        en=f"{left:,} more rows than a sheet can hold; see plan.gpkg",
    )
    return (*kept, *table.rows[len(body) :]), note


def _tell_whole(imprint: Imprint) -> str:
    parts = [say(imprint.title, imprint.language), say(imprint.subtitle, imprint.language)]
    return " · ".join([*parts, *([say(MARK, imprint.language)] if imprint.illustrative else [])])


def _write_notes(pen: _Pen, sheet: Any, notes: Sequence[Text], widths: Sequence[float]) -> None:
    """Write the notes across the table, as high as they need."""
    text = "\n".join(say(note, pen.language, "\n") for note in notes)
    if not text:
        return
    style = pen.style(font_color="#595959", text_wrap=True, valign="top")
    if len(widths) > 1:
        sheet.merge_range(2, 0, 2, len(widths) - 1, "", style)
    sheet.write_string(2, 0, text, style)
    sheet.set_row(2, POINTS_A_LINE * count_lines(text, sum(widths)))


def _set_up_print(sheet: Any, table: Table, imprint: Imprint, last: int, columns: int) -> None:
    language = imprint.language
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.set_margins(left=0.5, right=0.5, top=0.8, bottom=0.7)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_HEAD_ROW)
    sheet.print_area(0, 0, last, columns - 1)
    sheet.hide_gridlines(2)
    mark = f"&R{_escape(say(MARK, language))}" if imprint.illustrative else ""
    sheet.set_header(f"&L{_escape(say(imprint.title, language))}{mark}")
    sheet.set_footer(f"&L{_escape(say(table.title, language))}&R&P / &N")


def _escape(text: str) -> str:
    """Return a text for a header: short, on one line, and without codes."""
    return " ".join(clean(text).split())[:_HEADER_SIGNS].replace("&", "&&")
