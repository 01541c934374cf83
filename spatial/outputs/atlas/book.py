"""The atlas 图集: an A3 page for every map that the plan gives, as one PDF and as pictures beside it."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from spatial.errors import Fault, OutputError
from spatial.outputs.atlas.fonts import check_texts
from spatial.outputs.atlas.paper import A3, make_picture_layout
from spatial.outputs.atlas.sheetnames import read_names
from spatial.outputs.atlas.sheetpage import draw_page, paper_settings
from spatial.outputs.atlas.sheets import Sheet, Stock, find_sheet, make_stock, measure_extent, number_sheets
from spatial.outputs.files import replacing
from spatial.outputs.order import Order
from spatial.plan.styles import Styles

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Language = Literal["zh", "en", "both"]

PAGE_DPI = 150
"""Dots per inch of the pages as PNG: 2480 by 1754 of them."""
PICTURE_DPI = 220
"""Dots per inch of single pictures for a report."""
_NARROWEST_MM, _WIDEST_MM = 60.0, 1200.0
_PROGRAM = "spatial-planning-toolkit"
_PNG_LEVEL, _COLOURS = 9, 255


def write_atlas(order: Order, path: Path, *, styles: Styles | None = None) -> list[str]:
    """Write the atlas as a PDF, and each page as ``<name>_<number>_<sheet>.png`` beside it.

    Parameters
    ----------
    order : Order
        Plan, layers and what went in.
    path : pathlib.Path
        The PDF; replaced only when all pages are drawn. Pictures of pages that an earlier run had and this
        one has not are removed.
    styles : Styles, optional
        The shipped ones unless given.

    Returns
    -------
    list of str
        What a user should know: names without room, classes without a style.

    Raises
    ------
    OutputError
        A file cannot be written, a character is in no font, or the plan has nothing to draw.

    Notes
    -----
    Same inputs, same bytes: files carry the plan's date in their imprint and no clock.
    """
    _need_matplotlib()
    stock = make_stock(order, styles)
    sheets = number_sheets(stock)
    if not sheets:
        raise OutputError(
            Fault(str(path), "", "the plan has no layer with anything to draw", "build its territory")
        )
    check_names(stock, order.tongue)
    notes: list[str] = []
    if stock.strays:
        notes.append(f"{stock.strays} shapes lie outside the area of {order.metric_crs} and are not drawn")
    pictures = [path.with_name(name_page(path, sheet)) for sheet in sheets]

    def draw() -> Iterator[tuple[Figure, Path]]:
        for sheet, picture in zip(sheets, pictures, strict=True):
            page = draw_page(stock, sheet, A3, order.tongue)
            yield page.figure, picture
            notes.extend(page.notes)

    bind_pages(order, draw(), path)
    _sweep(path, pictures)
    return notes


def bind_pages(order: Order, pages: Iterable[tuple[Figure, Path]], path: Path) -> None:
    """Write pages as one PDF, and each as a picture of its own.

    Parameters
    ----------
    order : Order
        For what the PDF says of itself.
    pages : iterable of (Figure, Path)
        Pages and the PNG of each; a generator draws each page when its turn comes.
    path : pathlib.Path
        The PDF; replaced only when all pages are drawn.

    Raises
    ------
    OutputError
        A file cannot be written.
    """
    _need_matplotlib()
    from matplotlib.backends.backend_pdf import PdfPages

    with paper_settings(), replacing(path) as beside, PdfPages(beside, metadata=_describe(order)) as pdf:
        for figure, picture in pages:
            pdf.savefig(figure)
            _save(figure, picture, PAGE_DPI)


def check_names(stock: Stock, language: str) -> None:
    """Refuse names and titles with characters that no font has, all at once and before anything is drawn.

    Raises
    ------
    OutputError
        One fault for each text: the layer, the text, and the characters.
    """
    plan, place = stock.order.plan, stock.order.place
    compiler = plan.outputs.compiler
    heads = [plan.title, place, *(() if compiler is None else (compiler,)), *(c.name for c in plan.circles)]
    wanted = ("zh", "en") if language == "both" else (language,)
    texts = {"plan": [head.pick(name) for head in heads for name in wanted]}
    texts["plan"] += [plan.period, plan.outputs.approval_number]
    for key, stack in stock.stacks.items():
        column = stack.layer.style.label_column
        if column is not None:
            texts[key] = read_names(stack, column, language)
    check_texts(texts)


def draw_sheet(
    order: Order, sheet: Sheet, *, language: Language | None = None, styles: Styles | None = None
) -> Figure:
    """Draw one sheet as a page of A3.

    Parameters
    ----------
    order : Order
        Plan and layers.
    sheet : Sheet
        From `spatial.outputs.atlas.sheets.list_sheets`.
    language : {"zh", "en", "both"}, optional
        The order's own unless given.
    styles : Styles, optional
        The shipped ones unless given.

    Returns
    -------
    matplotlib.figure.Figure
        420 by 297 millimetres, one axes over all of it in millimetres.

    Raises
    ------
    OutputError
        As `write_atlas`.
    """
    _need_matplotlib()
    with paper_settings():
        return draw_page(make_stock(order, styles), sheet, A3, language or order.tongue).figure


def save_page(order: Order, sheet_name: str, path: Path, *, styles: Styles | None = None) -> list[str]:
    """Save one page of the atlas as a picture, the same as `write_atlas` puts beside the PDF.

    Raises
    ------
    OutputError
        There is no such sheet, or as `write_atlas`.
    """
    stock = make_stock(order, styles)
    with paper_settings():
        page = draw_page(stock, find_sheet(stock, sheet_name), A3, order.tongue)
        _save(page.figure, path, PAGE_DPI)
    return page.notes


def name_page(path: Path, sheet: Sheet) -> str:
    """Return the name of a page's picture, which lies beside the PDF.

    Examples
    --------
    >>> from spatial.plan.base import Text
    >>> from spatial.plan.styles import read_styles
    >>> name_page(Path("atlas.pdf"), Sheet("zones", Text(zh="三区"), read_styles().sheets["zones"], 3, 9))
    'atlas_03_zones.png'
    """
    return f"{path.stem}_{sheet.number:02d}_{sheet.name}.png"


def save_picture(
    order: Order,
    sheet_name: str,
    path: Path,
    *,
    width_mm: float = 160.0,
    language: Language | None = None,
    dpi: int = PICTURE_DPI,
    styles: Styles | None = None,
) -> list[str]:
    """Save one sheet as a picture for a report: map, legend, scale and north, drawn for its width.

    Parameters
    ----------
    order : Order
        Plan and layers.
    sheet_name : str
        Name of a sheet that the plan gives.
    path : pathlib.Path
        PNG, SVG or PDF by its ending.
    width_mm : float
        Width, 60 to 1200 millimetres; its scale is true at this width.
    language : {"zh", "en", "both"}, optional
        The order's own unless given.
    dpi : int
        Dots per inch of a PNG.
    styles : Styles, optional
        The shipped ones unless given.

    Returns
    -------
    list of str
        What a user should know of it.

    Raises
    ------
    OutputError
        There is no such sheet, the width is out of bounds, or as `write_atlas`.
    """
    if not _NARROWEST_MM <= width_mm <= _WIDEST_MM:
        remedy = f"write {_NARROWEST_MM:g} to {_WIDEST_MM:g} millimetres"
        raise OutputError(Fault(str(path), "width_mm", f"{width_mm:g} is no width of a picture", remedy))
    _need_matplotlib()
    stock = make_stock(order, styles)
    sheet = find_sheet(stock, sheet_name)
    with paper_settings():
        west, south, east, north = measure_extent(stock, sheet)
        layout = make_picture_layout(
            width_mm, tallness=(north - south) / (east - west), table=bool(sheet.style.table)
        )
        page = draw_page(stock, sheet, layout, language or order.tongue)
        _save(page.figure, path, dpi, order)
    return page.notes


def _need_matplotlib() -> None:
    """Refuse in one line where the libraries that draw are not installed."""
    try:
        importlib.import_module("matplotlib")
        importlib.import_module("fontTools")
    except ModuleNotFoundError as error:
        remedy = 'pip install "spatial-planning-toolkit[atlas]"'
        raise OutputError(Fault("atlas", "", f"{error.name} is not installed", remedy)) from error


def _save(figure: Figure, path: Path, dpi: int, order: Order | None = None) -> None:
    # Each format says in its own words who made it and when; none is to say when.
    ending = path.suffix.lower()
    silent: dict[str, Any] = {"png": {"Software": _PROGRAM}, "svg": {"Date": None, "Creator": _PROGRAM}}
    metadata = _describe(order) if ending == ".pdf" and order else silent.get(ending[1:])
    if metadata is None:
        raise OutputError(
            Fault(
                str(path), "", f"{ending or 'no ending'} is no format of pictures", "use .png, .svg or .pdf"
            )
        )
    with replacing(path) as beside:
        if ending == ".png":
            _save_palette(figure, beside, dpi, metadata)
        else:
            figure.savefig(beside, dpi=dpi, metadata=metadata)


def _save_palette(figure: Figure, path: Path, dpi: int, metadata: Mapping[str, str]) -> None:
    """Save a PNG in a palette: maps have few colours, and a report of true colours is thrice as large."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    drawn, said = BytesIO(), PngInfo()
    figure.savefig(drawn, format="rgba", dpi=dpi)
    for key, text in metadata.items():
        said.add_text(key, text)
    wide, high = (int(inches * dpi) for inches in figure.get_size_inches())
    true = Image.frombytes("RGBA", (wide, high), drawn.getvalue()).convert("RGB")
    # Dots of two colours mixed would spoil thin lines and small text, and pack badly.
    few = true.quantize(_COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    # Paper is white: with nearly white dots of pale land it would be mixed to a shade, so it gets a place of
    # its own behind the others.
    levels = (few.getpalette() or [])[: 3 * _COLOURS]
    levels += [255] * (3 * (_COLOURS + 1) - len(levels))
    places = np.array(few)
    places[(np.asarray(true) == 255).all(axis=2)] = _COLOURS
    few = Image.fromarray(places)
    few.putpalette(levels)
    few.save(path, format="png", dpi=(dpi, dpi), pnginfo=said, compress_level=_PNG_LEVEL)


def _describe(order: Order) -> dict[str, Any]:
    title = order.plan.title
    texts = dict.fromkeys(filter(None, [title.pick("zh"), title.pick("en")]))
    return {
        "Title": " · ".join(texts),
        "Subject": order.date,
        "Creator": _PROGRAM,
        "Producer": _PROGRAM,
        "CreationDate": None,
    }


def _sweep(path: Path, pictures: list[Path]) -> None:
    """Remove pages that an earlier run left beside the PDF."""
    pattern = re.compile(rf"{re.escape(path.stem)}_\d\d_[a-z0-9_]+\.png")
    for file in sorted(path.parent.iterdir()):
        if pattern.fullmatch(file.name) and file not in pictures:
            with suppress(OSError):
                file.unlink()
