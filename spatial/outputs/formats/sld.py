"""Styles as OGC documents (SLD 1.0), which QGIS, GeoServer and others read beside a database."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import geopandas as gpd
import pandas as pd

from spatial.outputs.files import replacing
from spatial.outputs.formats.symbolizers import OGC, add_symbolizers, add_text
from spatial.outputs.order import Order
from spatial.outputs.web.symbols import Part
from spatial.plan.base import Text
from spatial.plan.styles import ALL, OTHER, UNSTYLED, ClassStyle, LayerStyle, read_styles

PART_NAMES: dict[str, Part] = {"polygon": "Polygon", "line": "LineString", "point": "Point"}
"""What is put behind a layer's name where each of its geometry types gets a file of its own."""

_NAMESPACES = {
    "version": "1.0.0",
    "xmlns": "http://www.opengis.net/sld",
    "xmlns:ogc": "http://www.opengis.net/ogc",
    "xmlns:xlink": "http://www.w3.org/1999/xlink",
}
_ZOOM_0_SCALE = 559082264.0


@dataclass(frozen=True)
class Sheet:
    """One document: how one geometry type of a layer is drawn.

    Parameters
    ----------
    layer : str
        Name of the layer, as in the database.
    style : LayerStyle
        Its classes, class column and labels.
    part : {"Point", "LineString", "Polygon"}
        Geometry type.
    classes : mapping of str to ClassStyle
        Classes to draw, in legend order; the warning style under ``unstyled`` where a row needs it.
    whole : bool
        Draw all rows, also those that the `where` of the style leaves to other layers of a map.
    """

    layer: str
    style: LayerStyle
    part: Part
    classes: Mapping[str, ClassStyle]
    whole: bool = False


def style_to_sld(sheet: Sheet, language: Literal["zh", "en", "both"] = "zh") -> str:
    """Write a layer's style as a Styled Layer Descriptor 1.0.0 (OGC 02-070).

    Parameters
    ----------
    sheet : Sheet
        What is drawn how.
    language : {"zh", "en", "both"}
        Of titles.

    Returns
    -------
    str
        XML with a rule for each class; filters hold for the rows that `LayerStyle.classify` gives the class.

    Examples
    --------
    >>> blue = ClassStyle(label="镇", fill="#336699")
    >>> style = LayerStyle(title="镇", group="base", order=1, classes={"all": blue})
    >>> "<WellKnownName>circle" in style_to_sld(Sheet("towns", style, "Point", style.classes))
    True
    """
    root = Element("StyledLayerDescriptor", _NAMESPACES)
    layer = SubElement(root, "NamedLayer")
    SubElement(layer, "Name").text = sheet.layer
    user = SubElement(layer, "UserStyle")
    SubElement(user, "Title").text = _say(sheet.style.title, language)
    rules = SubElement(user, "FeatureTypeStyle")
    label = sheet.style.label
    apart = bool(sheet.style.label_column) and label.min_zoom > 0
    for key, look in sheet.classes.items():
        rule = _start_rule(rules, key, _say(look.label, language), _conditions(sheet, key))
        add_symbolizers(rule, sheet.part, look)
        if sheet.style.label_column and not apart:
            add_text(rule, sheet.style.label_column, label, sheet.part, look.radius)
    if sheet.style.label_column and apart:
        # Names that show from some scale on need a rule of their own: a scale counts for all of a rule.
        rule = _start_rule(rules, "labels", _say(Text(zh="名称", en="Names"), language), _chosen(sheet))
        SubElement(rule, "MaxScaleDenominator").text = f"{_ZOOM_0_SCALE / 2**label.min_zoom:.0f}"
        radius = max(look.radius for look in sheet.classes.values())
        add_text(rule, sheet.style.label_column, label, sheet.part, radius)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def list_sld(order: Order) -> dict[str, Sheet]:
    """Return the documents of an order by the names of their files, in the order of its layers.

    A layer has one for each of its styles, and if it mixes geometry types one for each of these too. Layers
    without rows or without geometry have none, nor has a style whose classes are values that no row has.
    """
    found = {}
    for name, frame in order.layers.items():
        if isinstance(frame, gpd.GeoDataFrame) and len(frame):
            for key, style, whole in _styles_of(name, frame):
                if style.each and style.select(frame).empty:
                    continue  # no row has a value that would be a class
                mixed = order.contracts[name].shape == "any"
                kinds = frame.geometry.geom_type.str.removeprefix("Multi")
                for ending, part in PART_NAMES.items():
                    rows = frame[kinds == part]
                    if len(rows):
                        sheet = Sheet(name, style, part, _classes_of(rows, style, mixed=mixed), whole)
                        found[f"{key}_{ending}" if mixed else key] = sheet
    return found


def write_sld(sheet: Sheet, path: Path, language: Literal["zh", "en", "both"] = "zh") -> None:
    """Write one of the documents that `list_sld` lists, atomically.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    with replacing(path) as beside:
        beside.write_text(style_to_sld(sheet, language), encoding="utf-8", newline="\n")


def _styles_of(layer: str, frame: pd.DataFrame) -> list[tuple[str, LayerStyle, bool]]:
    """Return the styles of a layer by key; the only one draws all rows."""
    entries = read_styles().fit({layer: frame}).layers
    own = [(key, style) for key, style in entries.items() if (style.of or key) == layer]
    return [(key, style, len(own) == 1) for key, style in own]


def _classes_of(rows: gpd.GeoDataFrame, style: LayerStyle, *, mixed: bool) -> dict[str, ClassStyle]:
    """Return the classes of a style, of mixed layers those there, and the warning style if needed."""
    seen = set(style.classify(rows))
    classes = {key: look for key, look in style.classes.items() if not mixed or key in seen}
    return {**classes, UNSTYLED: read_styles().unstyled} if UNSTYLED in seen else classes


def _say(text: Text, language: str) -> str:
    if language == "both":
        return " ".join(dict.fromkeys((text.pick("zh"), text.pick("en"))))
    return text.pick(language)


def _start_rule(rules: Element, name: str, title: str, conditions: Sequence[Element]) -> Element:
    rule = SubElement(rules, "Rule")
    SubElement(rule, "Name").text = name
    SubElement(rule, "Title").text = title
    if conditions:
        SubElement(rule, OGC + "Filter").append(_all_of(conditions))
    return rule


def _chosen(sheet: Sheet) -> list[Element]:
    """Return what holds for the rows that a map draws."""
    where = {} if sheet.whole else sheet.style.where
    return [_one_of(column, values) for column, values in where.items()]


def _conditions(sheet: Sheet, key: str) -> list[Element]:
    """Return what holds together for the rows of a class, as `LayerStyle.classify` does."""
    style, chosen = sheet.style, _chosen(sheet)
    if style.class_column is None or key == ALL:
        return chosen
    named = [name for name in style.classes if name != OTHER]
    if key == UNSTYLED:
        return [*chosen, _lost(style.class_column, named, style)]
    if style.graded:
        return [*chosen, *_graded(style.class_column, key, named)]
    if key == OTHER:
        return [*chosen, _not_null(style.class_column), _not(_one_of(style.class_column, named))]
    return [*chosen, _compare("EqualTo", style.class_column, key)]


def _graded(column: str, key: str, named: Collection[str]) -> list[Element]:
    limits = sorted(named, key=float)
    if key == OTHER:
        return [_compare("GreaterThan", column, limits[-1])] if limits else [_not_null(column)]
    below = limits[: limits.index(key)][-1:]
    return [
        *(_compare("GreaterThan", column, limit) for limit in below),
        _compare("LessThanOrEqualTo", column, key),
    ]


def _lost(column: str, named: Sequence[str], style: LayerStyle) -> Element:
    """Return what holds for rows that no class takes."""
    null = _null(column)
    if OTHER in style.classes or not named:
        return null
    if style.graded:
        return _any_of([null, _compare("GreaterThan", column, max(named, key=float))])
    return _any_of([null, _not(_one_of(column, named))])


def _one_of(column: str, values: Collection[str]) -> Element:
    return _any_of([_compare("EqualTo", column, value) for value in values])


def _compare(how: str, column: str, value: str) -> Element:
    test = Element(f"{OGC}PropertyIs{how}")
    SubElement(test, OGC + "PropertyName").text = column
    SubElement(test, OGC + "Literal").text = value
    return test


def _null(column: str) -> Element:
    test = Element(OGC + "PropertyIsNull")
    SubElement(test, OGC + "PropertyName").text = column
    return test


def _not_null(column: str) -> Element:
    return _not(_null(column))


def _not(test: Element) -> Element:
    turned = Element(OGC + "Not")
    turned.append(test)
    return turned


def _all_of(tests: Sequence[Element]) -> Element:
    return _joined("And", tests)


def _any_of(tests: Sequence[Element]) -> Element:
    return _joined("Or", tests)


def _joined(how: str, tests: Sequence[Element]) -> Element:
    """Return one test for all: the norm allows And and Or of two at least."""
    if len(tests) == 1:
        return tests[0]
    joined = Element(OGC + how)
    joined.extend(tests)
    return joined
