"""QGIS symbols from class styles: CSS pixels become millimetres, so screen and paper look the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias
from xml.etree.ElementTree import Element, SubElement

from spatial.plan.styles import ClassStyle

Part: TypeAlias = Literal["Point", "LineString", "Polygon"]
"""A geometry type, which is drawn with a kind of symbol of its own."""

_PIXEL_MM = 25.4 / 96
_HATCH_GAP_PX = 7.0
_HATCH_LINE_PX = 1.0
_HATCH_OPACITY = 0.75
_HATCH_ANGLES = {"none": (), "diagonal": (45,), "back": (135,), "cross": (45, 135)}
_HALO_PX = 5.0
_HALO_OPACITY = 0.55
_SYMBOL_TYPES: dict[Part, str] = {"Point": "marker", "LineString": "line", "Polygon": "fill"}
_NO_COLOUR = "0,0,0,0"
_BLACK = "#000000"


def make_symbol(name: str, part: Part, rule: ClassStyle) -> Element:
    """Return the QGIS symbol of a class for one geometry type.

    Parameters
    ----------
    name : str
        Name that categories or rules refer to.
    part : {"Point", "LineString", "Polygon"}
        Marker, line or fill.
    rule : ClassStyle
        Colours, and sizes in CSS pixels; without any colour a fill is clear and a line black.

    Returns
    -------
    xml.etree.ElementTree.Element
        A ``symbol``; its layers from bottom to top are halo, ground, hatches, outline.

    Examples
    --------
    >>> axis = ClassStyle(label="轴", stroke="#6a1b9a", width=2, dash=(6, 3))
    >>> symbol = make_symbol("0", "LineString", axis)
    >>> [option.get("value") for option in symbol.iter("Option") if option.get("name") == "customdash"]
    ['1.587;0.794']
    """
    symbol = Element(
        "symbol", name=name, type=_SYMBOL_TYPES[part], alpha="1", clip_to_extent="1", force_rhr="0"
    )
    if part == "Point":
        _add_marker(symbol, rule)
    elif part == "LineString":
        _add_line(symbol, rule, rule.stroke or rule.fill or _BLACK)
    else:
        _add_fill(symbol, rule)
    return symbol


def to_mm(pixels: float) -> str:
    """Write a length in CSS pixels as millimetres, 96 pixels to the inch.

    Examples
    --------
    >>> to_mm(96)
    '25.4'
    """
    return f"{round(pixels * _PIXEL_MM, 3):g}"


def to_rgba(colour: str, opacity: float = 1.0) -> str:
    """Write ``#rrggbb`` and an opacity as the four decimal numbers that QGIS reads.

    Examples
    --------
    >>> to_rgba("#ff8000", 0.5)
    '255,128,0,128'
    """
    red, green, blue = bytes.fromhex(colour[1:])
    return f"{red},{green},{blue},{round(opacity * 255)}"


def _add_fill(symbol: Element, rule: ClassStyle) -> None:
    """Add ground, hatches and an outline; the outline is a line, since only a line can be dashed."""
    if rule.fill:
        ground = {"color": to_rgba(rule.fill, rule.fill_opacity), "style": "solid", "outline_style": "no"}
        _add_layer(symbol, "SimpleFill", ground)
    for angle in _HATCH_ANGLES[rule.hatch]:
        _add_hatch(symbol, angle, to_rgba(rule.stroke or rule.fill or _BLACK, _HATCH_OPACITY))
    if rule.stroke and rule.width:
        _add_line(symbol, rule, rule.stroke)
    if not len(symbol):
        _add_layer(symbol, "SimpleFill", {"color": _NO_COLOUR, "style": "no", "outline_style": "no"})


def _add_hatch(symbol: Element, angle: int, colour: str) -> None:
    number = len(symbol)
    pattern = {
        "angle": str(angle),
        "color": colour,
        "distance": to_mm(_HATCH_GAP_PX),
        "distance_unit": "MM",
    }
    layer = _add_layer(symbol, "LinePatternFill", pattern)
    inner = SubElement(
        layer, "symbol", name=f"@{symbol.get('name')}@{number}", type="line", alpha="1", clip_to_extent="1"
    )
    stroke = {
        "line_color": colour,
        "line_width": to_mm(_HATCH_LINE_PX),
        "line_width_unit": "MM",
        "line_style": "solid",
    }
    _add_layer(inner, "SimpleLine", stroke)


def _add_marker(symbol: Element, rule: ClassStyle) -> None:
    marker = {
        "name": rule.symbol,
        "size": to_mm(2 * rule.radius),
        "size_unit": "MM",
        "color": to_rgba(rule.fill, rule.fill_opacity) if rule.fill else _NO_COLOUR,
        "outline_color": to_rgba(rule.stroke) if rule.stroke else _NO_COLOUR,
        "outline_style": "solid" if rule.stroke and rule.width else "no",
        "outline_width": to_mm(rule.width),
        "outline_width_unit": "MM",
        "joinstyle": "miter",
    }
    if rule.halo:
        _add_layer(
            symbol, "SimpleMarker", marker | _glow(rule.halo, rule.width, "outline_color", "outline_width")
        )
    _add_layer(symbol, "SimpleMarker", marker)


def _add_line(symbol: Element, rule: ClassStyle, colour: str) -> None:
    # As in CSS, an odd count of dashes is taken twice, so that dashes and gaps alternate.
    dashes = rule.dash * 2 if len(rule.dash) % 2 else rule.dash
    line = {
        "line_color": to_rgba(colour),
        "line_width": to_mm(rule.width),
        "line_width_unit": "MM",
        "line_style": "solid",
        "joinstyle": "round",
        "capstyle": "flat" if dashes else "round",
    }
    pattern = {"use_custom_dash": "1", "customdash": ";".join(map(to_mm, dashes)), "customdash_unit": "MM"}
    if rule.halo:
        glow = _glow(rule.halo, rule.width, "line_color", "line_width")
        _add_layer(symbol, "SimpleLine", line | glow)
    _add_layer(symbol, "SimpleLine", line | pattern if dashes else line)


def _glow(halo: str, width: float, colour_key: str, width_key: str) -> dict[str, str]:
    """Return what makes a halo of a stroke: the same shape, wider and paler."""
    return {colour_key: to_rgba(halo, _HALO_OPACITY), width_key: to_mm(width + _HALO_PX)}


def _add_layer(symbol: Element, kind: str, options: Mapping[str, str]) -> Element:
    layer = SubElement(symbol, "layer", {"class": kind, "enabled": "1", "locked": "0", "pass": "0"})
    table = SubElement(layer, "Option", type="Map")
    for name, value in options.items():
        SubElement(table, "Option", name=name, type="QString", value=value)
    return layer
