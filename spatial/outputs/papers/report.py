"""The report 文本 as a Word document: chapters from the layers, with maps, tables and sentences."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from spatial.errors import Fault, OutputError
from spatial.outputs.files import replacing
from spatial.outputs.order import Order
from spatial.outputs.papers.blocks import Chapter, Picture
from spatial.outputs.papers.cells import Head, Language, Table, say, show_row
from spatial.outputs.papers.chapters import head_chapters, list_chapters
from spatial.outputs.papers.docx_parts import (
    add_contents,
    add_field,
    indent_first,
    keep_row,
    remove_border,
    repeat_row,
    set_default_fonts,
    set_fonts,
    shade,
    still_zip,
)
from spatial.outputs.papers.headings import CONTENTS, lead_caption
from spatial.outputs.papers.key_figures import MARK
from spatial.outputs.papers.page import write_page
from spatial.outputs.papers.sheet_sizes import count_signs
from spatial.plan.base import Text

__all__ = ["write_page", "write_report"]

_BODY = ("Times New Roman", "宋体")
_HEADS = ("Arial", "黑体")
_PAGE_MM, _MARGIN_MM = (210.0, 297.0), 22.0
_WIDTH_MM = _PAGE_MM[0] - 2 * _MARGIN_MM
_TALLEST_MM = 200.0
_SMALL, _SMALLEST, _WIDE = 8.5, 7.0, 8
_MOST, _LONGEST, _SHORT = 60, 22, 8
_MM_A_POINT, _PADDING_MM, _BOLD = 0.3528, 4.4, 1.1
_CJK = re.compile("[\u2e80-\u9fff\uff00-\uffef]")


def write_report(order: Order, path: Path, pictures: Mapping[str, Path]) -> list[str]:
    """Write the report as a Word document.

    Chapters whose layers are not there are left out, and what is not built is said in the chapter on limits.
    The same order and pictures give the same bytes.

    Parameters
    ----------
    order : Order
        What is to be told; `order.tongue` is the language.
    path : pathlib.Path
        The ``.docx`` file to write or replace.
    pictures : mapping of str to Path
        Image files (PNG or JPEG) by the name of their sheet in the atlas.

    Returns
    -------
    list of str
        What a user should know; nothing so far.

    Raises
    ------
    OutputError
        A picture is not there, or the file cannot be written.
    """
    from docx import Document

    missing = [name for name, file in pictures.items() if not file.is_file()]
    if missing:
        remedy = "draw it first, or leave it out"
        raise OutputError(
            [Fault(str(pictures[name]), name, "there is no such picture", remedy) for name in missing]
        )
    chapters = list_chapters(order, pictures)
    document = Document()
    _set_styles(document, order.tongue)
    _set_page(document, order)
    _describe(document, order)
    _write_title(document, order)
    headings = head_chapters(chapters, order.tongue)
    _write_contents(document, headings, order.tongue)
    _Setter(document, order.tongue).set_chapters(chapters, headings)
    with replacing(path) as beside:
        document.save(str(beside))
        still_zip(beside)
    return []


def _set_styles(document: Any, language: Language) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt, RGBColor

    black = RGBColor(0, 0, 0)
    set_default_fonts(document, *_BODY)
    styles = document.styles
    sizes = {"Normal": 10.5, "Title": 22, "Subtitle": 14, "Heading 1": 15, "Heading 2": 12, "Caption": 9}
    for name, size in sizes.items():
        style = styles[name]
        set_fonts(style, *(_BODY if name == "Normal" else _HEADS))
        style.font.size = Pt(size)
        style.font.color.rgb = black
        style.font.italic = False
    remove_border(styles["Title"])
    styles["Title"].paragraph_format.space_before = Pt(120)
    styles["Header"].paragraph_format.tab_stops.clear_all()
    styles["Normal"].paragraph_format.space_after = Pt(4)
    styles["Normal"].paragraph_format.line_spacing = 1.25
    styles["Caption"].font.bold = False
    styles["Caption"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for name in ("Title", "Subtitle"):
        styles[name].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    body = styles.add_style("Sentence", 1)
    body.base_style = styles["Normal"]
    if language != "en":
        indent_first(body, 2)
    twin = styles.add_style("Twin", 1)
    twin.base_style = styles["Normal"]
    twin.font.size, twin.font.color.rgb = Pt(9.5), RGBColor(0x50, 0x50, 0x50)
    note = styles.add_style("Note", 1)
    note.base_style = styles["Normal"]
    note.font.size, note.font.color.rgb = Pt(8), RGBColor(0x60, 0x60, 0x60)


def _set_page(document: Any, order: Order) -> None:
    """Set paper, margins, the header with the mark, and page numbers."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
    from docx.shared import Mm, Pt

    section = document.sections[0]
    section.page_width, section.page_height = (Mm(size) for size in _PAGE_MM)
    section.left_margin = section.right_margin = Mm(_MARGIN_MM)
    section.top_margin = section.bottom_margin = Mm(_MARGIN_MM)
    header = section.header.paragraphs[0]
    header.paragraph_format.tab_stops.add_tab_stop(Mm(_WIDTH_MM), WD_TAB_ALIGNMENT.RIGHT)
    language: Language = "en" if order.tongue == "en" else "zh"
    mark = say(MARK, language) if order.illustrative else ""
    run = header.add_run(f"{shorten(say(order.plan.title, language), 40)}\t{mark}")
    run.font.size = Pt(8.5)
    footer = section.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    add_field(footer, "PAGE")
    footer.add_run(" / ")
    add_field(footer, "NUMPAGES")


def shorten(text: str, most: int) -> str:
    """Return a text of at most so many signs.

    Examples
    --------
    >>> shorten("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= most else text[: most - 1] + "…"


def _describe(document: Any, order: Order) -> None:
    # The clock would change the bytes from run to run, so files carry the plan's own date.
    date = order.plan.date or dt.date(order.plan.year, 1, 1)
    core = document.core_properties
    core.title = shorten(say(order.plan.title, order.tongue), 200)
    core.subject = shorten(say(order.subtitle, order.tongue), 200)
    core.author = shorten(say(order.plan.outputs.compiler or "", order.tongue), 200)
    core.comments = order.provenance.get("plan_sha256", "")
    core.created = core.modified = dt.datetime(date.year, date.month, date.day)
    core.last_modified_by, core.revision = "", 1


def _write_title(document: Any, order: Order) -> None:
    language = order.tongue
    document.add_paragraph(say(order.plan.title, language, "\n"), style="Title")
    document.add_paragraph(say(order.subtitle, language, "\n"), style="Subtitle")
    lines = [say(order.plan.outputs.compiler or "", language), order.date]
    number = order.plan.outputs.approval_number
    lines += (
        [say(Text(zh=f"审图号：{number}", en=f"Map approval number: {number}"), language)] if number else []
    )
    lines += [say(MARK, language)] if order.illustrative else []
    for line in filter(None, lines):
        document.add_paragraph(line, style="Subtitle")


def _write_contents(document: Any, headings: Sequence[str], language: Language) -> None:
    from docx.enum.text import WD_BREAK

    document.add_paragraph(say(CONTENTS, language), style="Subtitle")
    add_contents(document, headings)
    document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)


class _Setter:
    """Sets chapters into a document and numbers what it sets."""

    def __init__(self, document: Any, language: Language) -> None:
        self._document, self._language = document, language
        self._numbers: Counter[str] = Counter()

    def set_chapters(self, chapters: Iterable[Chapter], headings: Iterable[str]) -> None:
        for chapter, heading in zip(chapters, headings, strict=True):
            self._document.add_heading(heading, level=1)
            for block in chapter.blocks:
                if isinstance(block, Text):
                    self._set_sentence(block)
                elif isinstance(block, Table):
                    self._set_table(block)
                else:
                    self._set_picture(block)

    def _set_sentence(self, text: Text) -> None:
        first = "zh" if self._language == "both" else self._language
        self._document.add_paragraph(say(text, first), style="Sentence")
        if self._language == "both" and text.en != text.zh:
            self._document.add_paragraph(say(text, "en"), style="Twin")

    def _set_caption(self, kind: str, title: Text, keep: bool) -> None:
        self._numbers[kind] += 1
        paragraph = self._document.add_paragraph(f"{lead_caption(kind, self._language)} ", style="Caption")
        word = "Table" if kind == "table" else "Figure"
        add_field(paragraph, f"SEQ {word} \\* ARABIC", str(self._numbers[kind]))
        paragraph.add_run(f" {say(title, self._language)}")
        paragraph.paragraph_format.keep_with_next = keep

    def _set_picture(self, picture: Picture) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH
        from docx.shared import Mm

        height = _WIDTH_MM * _measure_picture(picture)
        width = _WIDTH_MM if height <= _TALLEST_MM else _WIDTH_MM * _TALLEST_MM / height
        paragraph = self._document.add_paragraph()
        paragraph.alignment, paragraph.paragraph_format.keep_with_next = WD_ALIGN_PARAGRAPH.CENTER, True
        paragraph.paragraph_format.first_line_indent = Mm(0)
        shape = paragraph.add_run().add_picture(str(picture.path), width=Mm(width))
        shape._inline.docPr.set("descr", say(picture.title, self._language))
        self._set_caption("picture", picture.title, keep=False)

    def _set_table(self, table: Table) -> None:
        from docx.shared import Mm

        self._set_caption("table", table.title, keep=True)
        texts = [show_row(table, at, self._language) for at in range(len(table.rows))]
        # Units stand on a line of their own: in a narrow column they would break in the middle.
        heads = [say(head.title, self._language, "\n").replace("（", "\n（") for head in table.heads]
        grid = self._document.add_table(rows=1 + len(texts), cols=len(heads), style="Table Grid")
        grid.autofit = False
        size = _SMALL if len(heads) < _WIDE else _SMALLEST
        widths = share_width(heads, texts, size)
        for column, width in zip(grid.columns, widths, strict=True):
            column.width = Mm(width)
        for at, row in enumerate(grid.rows):
            keep_row(row)
            line = heads if at == 0 else texts[at - 1]
            for cell, text, head, width in zip(row.cells, line, table.heads, widths, strict=True):
                _fill(
                    cell, text, head, width, size=size, bold=at == 0 or table.is_strong(at - 1), top=at == 0
                )
        repeat_row(grid.rows[0])
        for note in table.notes:
            self._document.add_paragraph(say(note, self._language), style="Note")
        self._document.add_paragraph(style="Note")


def _measure_picture(picture: Picture) -> float:
    """Return the height of a picture over its width."""
    from docx.image.exceptions import (
        InvalidImageStreamError,
        UnexpectedEndOfFileError,
        UnrecognizedImageError,
    )
    from docx.image.image import Image

    try:
        image = Image.from_file(str(picture.path))
        return float(image.px_height / image.px_width)
    except (
        InvalidImageStreamError,
        UnexpectedEndOfFileError,
        UnrecognizedImageError,
        ValueError,
        ZeroDivisionError,
    ) as error:
        fault = Fault(str(picture.path), picture.name, "is not a picture", "draw it again as PNG or JPEG")
        raise OutputError(fault) from error


def share_width(heads: Sequence[str], rows: Sequence[Sequence[str]], points: float) -> list[float]:
    """Return widths of columns in millimetres that fill the page.

    No column is narrower than its longest word, as far as the page allows; what is left goes to those
    with more text.

    Parameters
    ----------
    heads : sequence of str
        Heads of the columns.
    rows : sequence of sequence of str
        Cells as text.
    points : float
        Size of the letters.
    """
    sign = points * _MM_A_POINT / 2 * _BOLD
    least, wanted, load = [], [], []
    for column, head in enumerate(heads):
        lines = [line for row in [*rows, [head] * len(heads)] for line in row[column].split("\n")]
        words = [word for line in lines for word in _CJK.sub(" \\g<0> ", line).split()]
        # Short heads stay whole; of others and of cells no word breaks.
        short = min(max(map(count_signs, head.split("\n"))), _SHORT)
        longest = max(short, min(max(map(count_signs, words), default=1), _LONGEST))
        least.append(longest * sign + _PADDING_MM)
        wanted.append(min(max(map(count_signs, lines)), _MOST) * sign + _PADDING_MM)
        load.append(max(sum(count_signs(line) ** 2 for line in lines), 1) ** (1 / 3))
    if sum(least) >= _WIDTH_MM:
        return [_WIDTH_MM * each / sum(least) for each in least]
    # Words of Chinese are single signs: a column of it must not be left one sign wide.
    if sum(wanted) > _WIDTH_MM:
        wanted = _level(least, wanted, load)
    room = _WIDTH_MM - sum(least)
    more = [max(want - low, 0.01) for want, low in zip(wanted, least, strict=True)]
    return [low + room * each / sum(more) for low, each in zip(least, more, strict=True)]


def _level(least: Sequence[float], most: Sequence[float], load: Sequence[float]) -> list[float]:
    """Return widths in proportion to loads, within bounds, that fill the page as nearly as halving finds."""
    low, high = 0.0, max(top / each for top, each in zip(most, load, strict=True))
    for _ in range(40):
        middle = (low + high) / 2
        widths = [
            min(max(middle * each, floor), max(floor, top))
            for floor, top, each in zip(least, most, load, strict=True)
        ]
        low, high = (middle, high) if sum(widths) < _WIDTH_MM else (low, middle)
    return widths


def _fill(cell: Any, text: str, head: Head, width: float, *, size: float, bold: bool, top: bool) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm, Pt

    cell.width = Mm(width)
    paragraph = cell.paragraphs[0]
    layout = paragraph.paragraph_format
    layout.space_before, layout.space_after, layout.line_spacing = Pt(1), Pt(1), 1.0
    run = paragraph.add_run(text)
    run.font.size, run.font.bold = Pt(size), bold
    if top:
        shade(cell, "DDE7EE")
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    elif head.form != "text":
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
