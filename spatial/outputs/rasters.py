"""Raster layers in the output folder: GeoTIFFs with colours and names of classes, as QGIS shows them."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.sax.saxutils import escape

from spatial.engine.stacks import RasterStack, StackLayer
from spatial.engine.tiles import Colour, find_colours, pack_colours
from spatial.outputs.files import replacing
from spatial.plan.styles import Styles

FOLDER = "rasters"
_HEAD = 1 << 26
"""More than the header of any raster takes."""
_GRADES: tuple[Colour, ...] = ((38, 115, 0), (139, 209, 0), (255, 235, 130), (245, 150, 60), (190, 40, 35))
"""Best to worst, for classes without a style: told apart in grey print by their lightness at the ends."""


def list_rasters(stack: RasterStack | None, folder: Path) -> dict[str, Path]:
    """Return the file of each raster layer, and the one beside it that tells its making and its classes."""
    if stack is None:
        return {}
    files = {}
    for name in stack.names:
        files[name] = folder / FOLDER / f"{name}.tif"
        files[f"{name}.names"] = files[name].with_name(f"{name}.tif.aux.xml")
    return files


def write_rasters(stack: RasterStack, folder: Path, styles: Styles, provenance: Mapping[str, str]) -> None:
    """Write every raster layer of a stack into ``rasters/`` of the output folder.

    Colours of classes are those of the layer's style, else a row from green to red. Names of classes stand
    in the ``.aux.xml`` beside a file, where GDAL and QGIS look for them, with what the file was made from.

    Raises
    ------
    OutputError
        The folder cannot be written; the last good files stay.
    """
    for name, path in list_rasters(stack, folder).items():
        if name in stack:
            layer = stack.layers[name]
            with replacing(path) as beside:
                shutil.copyfile(layer.path, beside)
                if layer.classes:
                    _colour(beside, choose_colours(layer, styles))
        else:
            layer = stack.layers[name.removesuffix(".names")]
            with replacing(path) as beside:
                beside.write_text(_write_names(layer, provenance), encoding="utf-8")


def choose_colours(layer: StackLayer, styles: Styles) -> dict[int, Colour]:
    """Return the colour of each class: that of its style, else one of a row from green to red."""
    style = styles.layers.get(layer.name)
    colours = {}
    for place, key in enumerate(sorted(layer.classes)):
        fill = style.classes[str(key)].fill if style and str(key) in style.classes else None
        if fill:
            colours[key] = (int(fill[1:3], 16), int(fill[3:5], 16), int(fill[5:7], 16))
        else:
            steps = max(len(layer.classes) - 1, 1)
            colours[key] = _GRADES[round(place * (len(_GRADES) - 1) / steps)]
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


def sweep_rasters(folder: Path, names: Iterable[str]) -> None:
    """Remove rasters that an earlier run wrote and this one does not: they would pass for current.

    Parameters
    ----------
    folder : Path
        The output folder.
    names : iterable of str
        Files that the earlier run noted as its own; others in the folder are the user's.
    """
    for name in names:
        if Path(name).name == name and name.endswith((".tif", ".tif.aux.xml")):
            (folder / FOLDER / name).unlink(missing_ok=True)
