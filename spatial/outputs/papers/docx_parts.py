"""Parts of a Word document without a call in python-docx: fonts of both scripts, fields, shading, bytes."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_THEMES = ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme")
_STILL = (1980, 1, 1, 0, 0, 0)


def set_fonts(owner: Any, latin: str, east: str) -> None:
    """Set the fonts of Latin and of Chinese text of a style, in the place of the theme's.

    Without ``w:eastAsia`` Word takes whatever its theme names for Chinese.
    """
    from docx.oxml.ns import qn

    fonts = owner.element.get_or_add_rPr().get_or_add_rFonts()
    for name in _THEMES:
        fonts.attrib.pop(qn(f"w:{name}"), None)
    for name in ("ascii", "hAnsi", "cs"):
        fonts.set(qn(f"w:{name}"), latin)
    fonts.set(qn("w:eastAsia"), east)


def set_default_fonts(document: Any, latin: str, east: str) -> None:
    """Set the fonts that a document falls back on, and its languages."""
    from docx.oxml.ns import qn

    run = document.styles.element.find(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}")
    fonts = run.find(qn("w:rFonts"))
    for name in _THEMES:
        fonts.attrib.pop(qn(f"w:{name}"), None)
    for name in ("ascii", "hAnsi", "cs"):
        fonts.set(qn(f"w:{name}"), latin)
    fonts.set(qn("w:eastAsia"), east)
    run.find(qn("w:lang")).set(qn("w:eastAsia"), "zh-CN")


def add_field(paragraph: Any, code: str, result: str = "1", dirty: bool = False) -> None:
    """Add a field, such as ``PAGE``, with the result to show until it is counted anew."""
    _add_mark(paragraph, "begin", dirty)
    run = paragraph.add_run()
    run._r.append(_make("w:instrText", text=f" {code} ", **{"xml:space": "preserve"}))
    _add_mark(paragraph, "separate")
    paragraph.add_run(result)
    _add_mark(paragraph, "end")


def add_contents(document: Any, headings: Iterable[str]) -> None:
    """Add a table of contents: a field that Word fills on opening, with the headings until then."""
    paragraph = document.add_paragraph()
    _add_mark(paragraph, "begin", dirty=True)
    run = paragraph.add_run()
    run._r.append(_make("w:instrText", text=r' TOC \o "1-1" \h \z \u ', **{"xml:space": "preserve"}))
    _add_mark(paragraph, "separate")
    for heading in headings:
        paragraph.add_run(heading)
        paragraph = document.add_paragraph()
    _add_mark(paragraph, "end")


def _add_mark(paragraph: Any, kind: str, dirty: bool = False) -> None:
    marks = {"w:fldCharType": kind} | ({"w:dirty": "true"} if dirty else {})
    paragraph.add_run()._r.append(_make("w:fldChar", **marks))


def _make(tag: str, text: str = "", **attributes: str) -> Any:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    element = OxmlElement(tag)
    for name, value in attributes.items():
        # The prefix xml is the parser's own, so qn does not know it.
        space = "{http://www.w3.org/XML/1998/namespace}"
        element.set(f"{space}{name[4:]}" if name.startswith("xml:") else qn(name), value)
    if text:
        element.text = text
    return element


def remove_border(style: Any) -> None:
    """Remove the line that a paragraph style draws."""
    from docx.oxml.ns import qn

    properties = style.element.get_or_add_pPr()
    for border in properties.findall(qn("w:pBdr")):
        properties.remove(border)


def shade(cell: Any, colour: str) -> None:
    """Fill a table cell with a colour, six hexadecimal digits."""
    mark = _make("w:shd", **{"w:val": "clear", "w:color": "auto", "w:fill": colour})
    cell._tc.get_or_add_tcPr().append(mark)


def repeat_row(row: Any) -> None:
    """Repeat a table's row at the top of each page."""
    row._tr.get_or_add_trPr().append(_make("w:tblHeader"))


def keep_row(row: Any) -> None:
    """Keep a table's row on one page."""
    row._tr.get_or_add_trPr().append(_make("w:cantSplit"))


def indent_first(style: Any, signs: int) -> None:
    """Indent the first line of a style's paragraphs by so many Chinese signs."""
    from docx.oxml.ns import qn

    indent = style.element.get_or_add_pPr().get_or_add_ind()
    indent.set(qn("w:firstLineChars"), str(signs * 100))
    # WPS and LibreOffice pass over indents in signs: the same in twentieths of a point, at the body's 10.5.
    indent.set(qn("w:firstLine"), str(signs * 210))


def still_zip(path: Path) -> None:
    """Write a zip anew with fixed times, so that the same contents give the same bytes."""
    with zipfile.ZipFile(path) as archive:
        parts = [(entry.filename, archive.read(entry)) for entry in archive.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts:
            entry = zipfile.ZipInfo(name, _STILL)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
