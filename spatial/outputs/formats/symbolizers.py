"""Symbolizers of SLD from class styles: fills, hatches, strokes, marks and names, in CSS pixels."""

from __future__ import annotations

import math
from xml.etree.ElementTree import Element, SubElement

from spatial.outputs.web.symbols import Part
from spatial.plan.styles import ClassStyle, LabelStyle

OGC = "ogc:"
_BLACK, _WHITE = "#000000", "#ffffff"
_HATCH_ANGLES = {"none": (), "diagonal": (45,), "back": (135,), "cross": (45, 135)}
# Half a pixel: QGIS takes the width of a hatch's lines for millimetres, other readers for pixels.
_HATCH_GAP_PX, _HATCH_LINE, _HATCH_OPACITY = 7.0, 0.5, 0.75
_GLOW_PX, _GLOW_OPACITY = 5.0, 0.55
_HALO_PX, _HALO_OPACITY = 3.0, 0.85


def add_symbolizers(rule: Element, part: Part, style: ClassStyle) -> None:
    """Add to a rule of SLD what draws a class: ground, hatches, glow, stroke; or a mark.

    Parameters
    ----------
    rule : Element
        A ``Rule``, filled up to its symbolizers.
    part : {"Point", "LineString", "Polygon"}
        Geometry type to draw.
    style : ClassStyle
        Colours, and sizes in CSS pixels.

    Notes
    -----
    A hatch is a ``GraphicFill`` of the mark ``horline``, turned: that is how QGIS writes and reads it. The
    norm's own six marks have no oblique line.

    Examples
    --------
    >>> rule = Element("Rule")
    >>> red = ClassStyle(label="红线", fill="#d7191c", stroke="#c8171d", width=2, hatch="diagonal")
    >>> add_symbolizers(rule, "Polygon", red)
    >>> [child.tag for child in rule], rule.find(".//Rotation").text
    (['PolygonSymbolizer', 'PolygonSymbolizer', 'LineSymbolizer'], '45')
    """
    if part == "Point":
        _add_mark(rule, style)
    elif part == "LineString":
        _add_line(rule, style, style.stroke or style.fill or _BLACK)
    else:
        _add_area(rule, style)


def add_text(rule: Element, column: str, label: LabelStyle, part: Part, radius: float) -> None:
    """Add to a rule the names of features, with a white halo: from a column, beside marks or along lines."""
    text = SubElement(rule, "TextSymbolizer")
    SubElement(SubElement(text, "Label"), OGC + "PropertyName").text = column
    font = SubElement(text, "Font")
    _add_parameters(font, {"font-size": f"{label.size:g}", "font-weight": "bold" if label.bold else "normal"})
    _add_placement(SubElement(text, "LabelPlacement"), label, part, radius)
    halo = SubElement(text, "Halo")
    SubElement(halo, "Radius").text = f"{_HALO_PX / 2:g}"
    _add_parameters(SubElement(halo, "Fill"), {"fill": _WHITE, "fill-opacity": f"{_HALO_OPACITY:g}"})
    _add_parameters(SubElement(text, "Fill"), {"fill": label.colour})


def _add_placement(placement: Element, label: LabelStyle, part: Part, radius: float) -> None:
    if part == "LineString" and label.place == "along":
        SubElement(placement, "LinePlacement")
        return
    point = SubElement(placement, "PointPlacement")
    if part == "Point" and label.place == "beside":
        # Above and right of the mark, where no anchor is said: an anchor makes QGIS forget the displacement.
        shift = SubElement(point, "Displacement")
        SubElement(shift, "DisplacementX").text = f"{radius:g}"
        SubElement(shift, "DisplacementY").text = f"{radius + label.size / 2:g}"
        return
    anchor = SubElement(point, "AnchorPoint")
    SubElement(anchor, "AnchorPointX").text = "0.5"
    SubElement(anchor, "AnchorPointY").text = "0.5"


def _add_area(rule: Element, style: ClassStyle) -> None:
    """Add ground, hatches and an outline; an area without any is drawn as nothing, yet selected."""
    if style.fill:
        fill = {"fill": style.fill, "fill-opacity": f"{style.fill_opacity:g}"}
        _add_parameters(SubElement(SubElement(rule, "PolygonSymbolizer"), "Fill"), fill)
    for angle in _HATCH_ANGLES[style.hatch]:
        _add_hatch(SubElement(rule, "PolygonSymbolizer"), angle, style.stroke or style.fill or _BLACK)
    if style.stroke and style.width:
        _add_line(rule, style, style.stroke)
    elif not style.fill and style.hatch == "none":
        SubElement(rule, "PolygonSymbolizer")


def _add_hatch(symbolizer: Element, angle: int, colour: str) -> None:
    graphic = SubElement(SubElement(SubElement(symbolizer, "Fill"), "GraphicFill"), "Graphic")
    mark = SubElement(graphic, "Mark")
    SubElement(mark, "WellKnownName").text = "horline"
    line = {
        "stroke": colour,
        "stroke-width": f"{_HATCH_LINE:g}",
        "stroke-opacity": f"{_HATCH_OPACITY:g}",
    }
    _add_parameters(SubElement(mark, "Stroke"), line)
    SubElement(graphic, "Size").text = f"{_HATCH_GAP_PX:g}"
    SubElement(graphic, "Rotation").text = str(angle)


def _add_line(rule: Element, style: ClassStyle, colour: str) -> None:
    joins = {"stroke-linejoin": "round", "stroke-linecap": "butt" if style.dash else "round"}
    if style.halo:
        width = f"{style.width + _GLOW_PX:g}"
        glow = {"stroke": style.halo, "stroke-width": width, "stroke-opacity": f"{_GLOW_OPACITY:g}"}
        _add_parameters(SubElement(SubElement(rule, "LineSymbolizer"), "Stroke"), glow | joins)
    stroke = {"stroke": colour, "stroke-width": f"{style.width:g}"} | joins
    if style.dash:
        # As in CSS, an odd count of dashes is taken twice, so that dashes and gaps alternate.
        dashes = style.dash * 2 if len(style.dash) % 2 else style.dash
        stroke["stroke-dasharray"] = " ".join(f"{dash:g}" for dash in dashes)
    _add_parameters(SubElement(SubElement(rule, "LineSymbolizer"), "Stroke"), stroke)


def _add_mark(rule: Element, style: ClassStyle) -> None:
    """Add a mark; a diamond is a square that stands on its corner, since the norm has none."""
    diamond = style.symbol == "diamond"
    size = 2 * style.radius / (math.sqrt(2) if diamond else 1)
    name = "square" if diamond else style.symbol
    if style.halo:
        glow = {"stroke": style.halo, "stroke-opacity": f"{_GLOW_OPACITY:g}"}
        glow["stroke-width"] = f"{style.width + _GLOW_PX:g}"
        _add_graphic(rule, name, {}, glow, size=size, turned=diamond)
    fill = {"fill": style.fill, "fill-opacity": f"{style.fill_opacity:g}"} if style.fill else {}
    stroke = (
        {"stroke": style.stroke, "stroke-width": f"{style.width:g}"} if style.stroke and style.width else {}
    )
    _add_graphic(rule, name, fill, stroke, size=size, turned=diamond)


def _add_graphic(
    rule: Element, name: str, fill: dict[str, str], stroke: dict[str, str], *, size: float, turned: bool
) -> None:
    graphic = SubElement(SubElement(rule, "PointSymbolizer"), "Graphic")
    mark = SubElement(graphic, "Mark")
    SubElement(mark, "WellKnownName").text = name
    # A mark that says nothing of its fill is grey: clear is said by an opacity of none.
    _add_parameters(SubElement(mark, "Fill"), fill or {"fill": _WHITE, "fill-opacity": "0"})
    _add_parameters(SubElement(mark, "Stroke"), stroke or {"stroke-width": "0", "stroke-opacity": "0"})
    SubElement(graphic, "Size").text = f"{size:.3g}"
    if turned:
        SubElement(graphic, "Rotation").text = "45"


def _add_parameters(parent: Element, values: dict[str, str]) -> None:
    for name, value in values.items():
        SubElement(parent, "CssParameter", name=name).text = value
