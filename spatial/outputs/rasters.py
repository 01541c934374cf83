"""Raster layers in the output folder: GeoTIFFs with colours and names of classes, as QGIS shows them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape

from spatial.engine.rasters.stacks import RasterStack, StackLayer
from spatial.engine.rasters.tiles import Colour, find_colours, pack_colours
from spatial.outputs.files import replacing
from spatial.plan.styles import Styles

FOLDER = "rasters"
_NAMES = ".tif.aux.xml"
_HEAD = 1 << 26
"""More than the header of any raster takes."""


def list_rasters(stack: RasterStack | None) -> tuple[str, ...]:
    """Return the names of the files that raster layers take: each GeoTIFF, and the names of its classes."""
    layers = stack.layers.items() if stack is not None else ()
    return tuple(
        file
        for name, layer in layers
        for file in (f"{name}.tif", *((f"{name}{_NAMES}",) if layer.classes else ()))
    )


def write_raster(stack: RasterStack, path: Path, styles: Styles, provenance: Mapping[str, str]) -> None:
    """Write one of the files that `list_rasters` names.

    Colours of classes are those of the layer's style, else a row from best to worst or from most to least.
    Names of classes stand in the ``.aux.xml`` beside a file, where GDAL and QGIS look for them, with what the
    file was made from.

    Raises
    ------
    OutputError
        The file cannot be written; the last good one stays.
    """
    layer = stack.layers[path.name.removesuffix(".aux.xml").removesuffix(".tif")]
    with replacing(path) as beside:
        if path.name.endswith(_NAMES):
            beside.write_text(_write_names(layer, provenance), encoding="utf-8")
            return
        shutil.copyfile(layer.path, beside)
        if layer.classes:
            _colour(beside, choose_colours(layer, styles))


def choose_colours(layer: StackLayer, styles: Styles) -> dict[int, Colour]:
    """Return the colour of each class: that of its style, else one of the row for grades or for classes."""
    row = styles.grades if layer.kind == "grade" else styles.ranks
    style = styles.layers.get(layer.name)
    colours = {}
    for place, key in enumerate(sorted(layer.classes)):
        fill = style.classes[str(key)].fill if style and str(key) in style.classes else None
        steps = max(len(layer.classes) - 1, 1)
        fill = fill or row[round(place * (len(row) - 1) / steps)]
        colours[key] = (int(fill[1:3], 16), int(fill[3:5], 16), int(fill[5:7], 16))
    return colours


def _colour(path: Path, colours: Mapping[int, Colour]) -> None:
    """Put a colour table into a file of `write_header`, in all its levels."""
    with path.open("r+b") as file:
        for at in find_colours(file.read(_HEAD)):
            file.seek(at)
            file.write(pack_colours(colours))


def _write_names(layer: StackLayer, provenance: Mapping[str, str]) -> str:
    """Return the names of classes and what a file was made from, as GDAL keeps them beside it."""
    names = [_name(layer, key) for key in range(max(layer.classes) + 1)] if layer.classes else []
    categories = "".join(f"<Category>{escape(name)}</Category>" for name in names)
    categories = f"<CategoryNames>{categories}</CategoryNames>" if names else ""
    notes = "".join(
        f'<MDI key="{escape(key, {chr(34): "&quot;"})}">{escape(text)}</MDI>'
        for key, text in sorted(provenance.items())
    )
    return (
        f"<PAMDataset>\n<Metadata>{notes}</Metadata>\n"
        f'<PAMRasterBand band="1">{categories}</PAMRasterBand>\n'
        "</PAMDataset>\n"
    )


def _name(layer: StackLayer, key: int) -> str:
    zh, en = layer.classes.get(key, ("", ""))
    return zh if zh == en else f"{zh} {en}".strip()
