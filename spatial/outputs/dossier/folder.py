"""Folders of dossiers 三图一表: of one functional zone its maps, its table as workbook, all as one PDF."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely

from spatial.outputs.atlas.book import bind_pages, check_names
from spatial.outputs.atlas.paper import A3, Bounds, Shapes, make_sight
from spatial.outputs.atlas.sheetpage import draw_page
from spatial.outputs.atlas.sheets import Detail, Sheet, Stock, make_stock
from spatial.outputs.dossier.extract import Extract, extract_zone
from spatial.outputs.dossier.ground import cut_stock, frame_place
from spatial.outputs.dossier.listing import count_pages, draw_listing
from spatial.outputs.dossier.panels import describe_control, describe_master, describe_panorama
from spatial.outputs.dossier.tables import list_firms, list_tables, make_imprint
from spatial.outputs.files import replacing_folder
from spatial.outputs.order import Order
from spatial.outputs.papers.spreadsheet import write_tables
from spatial.plan.base import Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHEETS = ("dossier_master", "dossier_control", "dossier_panorama")
"""Sheets of ``styles.yaml`` that are the three maps."""
_TABLE = Text(zh="重点企业与配套企业表", en="Key and supporting firms")
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')
_LONGEST = 60
_OURS = re.compile(r"dossier\.pdf|firms\.xlsx|\d+_(master|control|panorama|firms)\.png")


def name_folder(number: int, name: str) -> str:
    """Return the name of a zone's folder: its number, and its name without what file systems refuse.

    Examples
    --------
    >>> name_folder(3, "生态圈 01 · 功能区 03"), name_folder(12, "a/b: c. ")
    ('03_生态圈 01 · 功能区 03', '12_a_b_ c')
    """
    safe = _UNSAFE.sub("_", name)[:_LONGEST].strip(" .")
    return f"{number:02d}_{safe}" if safe else f"{number:02d}"


def prepare_stock(order: Order) -> Stock:
    """Return all that maps of zones are drawn from, made ready once; names that no font has are refused.

    Raises
    ------
    OutputError
        A name has a character that no font has.
    """
    stock = make_stock(order)
    check_names(stock, order.tongue)
    return stock


def write_dossier(stock: Stock, name: str, out: Path) -> list[str]:
    """Write the dossier of one zone as a folder; it appears whole, or the last good one stays.

    Parameters
    ----------
    stock : Stock
        From `prepare_stock`.
    name : str
        Name of the zone.
    out : Path
        Where the zone's folder is to lie.

    Returns
    -------
    list of str
        What a user should know: names without room, rows that a sheet could not hold.

    Raises
    ------
    OutputError
        A file cannot be written, or a text has a character that no font has.

    Notes
    -----
    Same inputs, same bytes. The folder holds ``dossier.pdf``, a picture of each of its pages, and
    ``firms.xlsx``.
    """
    extract = extract_zone(stock.order, name)
    notes: list[str] = []
    target = out / name_folder(extract.number, name)
    with replacing_folder(target) as folder:
        bind_pages(stock.order, _draw_pages(stock, extract, folder, notes), folder / "dossier.pdf")
        imprint = make_imprint(stock.order, extract)
        notes += write_tables(list_tables(extract), imprint, folder / "firms.xlsx")
        keep_others(target, folder)
    return [f"{name}: {note}" for note in notes]


def keep_others(old: Path, new: Path) -> None:
    """Copy what a user laid into the last folder of a zone into the one that takes its place.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as room:
    ...     old, new = Path(room, "old"), Path(room, "new")
    ...     for folder in (old, new):
    ...         folder.mkdir()
    ...     for file in ("notes.txt", "1_master.png", "5_firms.png"):
    ...         _ = (old / file).write_text("last")
    ...     keep_others(old, new)
    ...     [path.name for path in new.iterdir()]
    ['notes.txt']
    """
    for path in sorted(old.iterdir()) if old.is_dir() else ():
        if _OURS.fullmatch(path.name):
            continue
        if path.is_dir():
            shutil.copytree(path, new / path.name, symlinks=True)
        else:
            shutil.copy2(path, new / path.name, follow_symlinks=False)


def _draw_pages(
    stock: Stock, extract: Extract, folder: Path, notes: list[str]
) -> Iterator[tuple[Figure, Path]]:
    table = list_firms(extract)
    pages = count_pages(table)
    total = len(SHEETS) + pages
    ground = _find_ground(stock)
    panels = (
        describe_master(extract, stock.styles),
        describe_control(extract),
        describe_panorama(extract, with_axes=_has_axes(stock, extract)),
    )
    for number, (key, panel) in enumerate(zip(SHEETS, panels, strict=True), 1):
        detail = Detail(_find_bounds(stock, extract, key), panel, ground)
        style = stock.styles.sheets[key]
        sheet = Sheet(key, _title(extract, style.title), style, number, total, detail)
        page = draw_page(cut_stock(stock, extract, detail.bounds), sheet, A3, stock.order.tongue)
        notes += page.notes
        yield page.figure, folder / f"{number}_{key.removeprefix('dossier_')}.png"
    for at in range(pages):
        number = len(SHEETS) + at + 1
        sheet = Sheet("firms", _title(extract, _TABLE), stock.styles.sheets[SHEETS[0]], number, total)
        yield draw_listing(stock.order, sheet, table, at), folder / f"{number}_firms.png"


def _find_bounds(stock: Stock, extract: Extract, key: str) -> Bounds:
    """Return what a map has to show: the start-up area for the control map, else all of the zone."""
    startup = extract.startup if key == "dossier_control" else None
    return frame_place(extract.shape if startup is None else startup, stock.order.metric_crs)


def _has_axes(stock: Stock, extract: Extract) -> bool:
    box = shapely.box(*make_sight(_find_bounds(stock, extract, SHEETS[-1]), A3).bounds)
    return any(
        shapely.intersects(stock.stacks[key].shapes, box).any()
        for key in ("axes", "belts", "cores")
        if key in stock.stacks
    )


def _title(extract: Extract, title: Text) -> Text:
    english = str(extract.zone.get("name_en") or "") or extract.name
    return Text(zh=f" {extract.name} {title.zh}", en=f"{english}, {title.en[:1].lower()}{title.en[1:]}")


def _find_ground(stock: Stock) -> Shapes:
    """Return what locators show: the districts, else the territory."""
    for key in ("districts", "territory"):
        if key in stock.stacks:
            return stock.stacks[key].shapes
    return np.zeros(0, dtype=object)
