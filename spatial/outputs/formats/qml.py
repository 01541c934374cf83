"""Styles as QGIS style documents (QML), so that QGIS opens a layer as the map draws it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from spatial.outputs.web.symbols import Part, make_symbol, to_mm, to_rgba
from spatial.plan.base import Text
from spatial.plan.contract import Contract, Shape
from spatial.plan.styles import ALL, OTHER, UNSTYLED, ClassStyle, LabelStyle, LayerStyle

PARTS: tuple[Part, ...] = ("Polygon", "LineString", "Point")
"""All geometry types that are drawn, areas below lines below points."""

_EXPRESSION_TYPES: dict[Part, str] = {"Point": "Point", "LineString": "Line", "Polygon": "Polygon"}
_GEOMETRY_CODES: dict[Shape, str] = {"Point": "0", "LineString": "1", "Polygon": "2", "none": "4"}
# QGIS numbers its label placements; "beside" a point tries positions in cartographic order.
_PLACEMENTS: dict[tuple[str, Shape], str] = {
    ("beside", "Point"): "6",
    ("centre", "Point"): "1",
    ("along", "LineString"): "3",
    ("centre", "LineString"): "4",
    ("along", "Polygon"): "5",
    ("centre", "Polygon"): "4",
    ("edge", "Polygon"): "7",
}
_ANYWHERE = "4"
_POINTS_PER_PIXEL = 0.75
_HALO_PX = 3.0
_ZOOM_0_SCALE = 559082264.0
_PRIORITIES = 10


def style_to_qml(
    style: LayerStyle | None,
    contract: Contract,
    *,
    parts: Iterable[tuple[str, Part]] | None = None,
    whole: bool = False,
    unstyled: ClassStyle | None = None,
    terms: Mapping[str, Mapping[str, Text]] | None = None,
) -> str:
    """Write a layer's style as a QGIS style document.

    Parameters
    ----------
    style : LayerStyle or None
        Classes, class column and labels; None gives names of columns only, and QGIS chooses colours.
    contract : Contract
        Geometry type and columns, whose Chinese names become aliases.
    parts : iterable of (class key, geometry type), optional
        For layers of shape ``any``: which classes come with which geometry types, in drawing order. Each pair
        gets a rule of its own, since a QGIS symbol draws one geometry type. Without it each class gets all.
    whole : bool
        Draw all rows, also those that the `where` of the style leaves to other layers of a map.
    unstyled : ClassStyle, optional
        How to draw what no class takes; None leaves it undrawn.
    terms : mapping of column to mapping of value to Text, optional
        Words for coded values; the class column takes its words from its classes.

    Returns
    -------
    str
        XML, readable by QGIS 3.20 and later. One symbol without a class column; categories of its values
        with one; rules where a style is graded or picks rows and for shape ``any``.

    Examples
    --------
    >>> blue = ClassStyle(label="镇", fill="#336699", fill_opacity=1)
    >>> style = LayerStyle(title="镇", group="base", order=1, classes={"all": blue})
    >>> document = style_to_qml(style, Contract("镇", "Towns", "Point"))
    >>> 'class="SimpleMarker"' in document and 'value="51,102,153,255"' in document
    True
    """
    drawn = style if contract.shape != "none" else None
    root = Element(
        "qgis",
        version="3.28.0",
        styleCategories="AllStyleCategories",
        hasScaleBasedVisibilityFlag="0",
        labelsEnabled=str(int(bool(drawn and drawn.label_column))),
    )
    if drawn is not None:
        classes = drawn.classes if unstyled is None else {**drawn.classes, UNSTYLED: unstyled}
        root.append(_renderer(drawn, classes, contract.shape, parts=parts, whole=whole))
        if drawn.label_column:
            root.append(_labeling(drawn.label_column, drawn.label, contract.shape))
    root.extend(_fields(style, contract, terms or {}))
    SubElement(root, "previewExpression").text = '"name"'
    if contract.shape in _GEOMETRY_CODES:
        SubElement(root, "layerGeometryType").text = _GEOMETRY_CODES[contract.shape]
    indent(root)
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + tostring(root, encoding="unicode")


def _renderer(
    style: LayerStyle,
    classes: Mapping[str, ClassStyle],
    shape: Shape,
    *,
    parts: Iterable[tuple[str, Part]] | None,
    whole: bool,
) -> Element:
    """Return the renderer that fits: by rules, by categories, or one symbol for all."""
    where = {} if whole else style.where
    if shape == "any":
        pairs = [(key, part) for part in PARTS for key in classes] if parts is None else list(parts)
        return _rules(style, classes, pairs, where, mixed=True)
    part: Part = "Polygon" if shape == "none" else shape
    if where or style.graded:
        return _rules(style, classes, [(key, part) for key in classes], where, mixed=False)
    if style.class_column is None:
        return _renderer_of("singleSymbol", [make_symbol("0", part, next(iter(classes.values())))])
    return _categories(style.class_column, classes, part)


def _categories(column: str, classes: Mapping[str, ClassStyle], part: Part) -> Element:
    """Return a renderer with a symbol for each value of a column; an empty value stands for all others."""
    symbols = [make_symbol(str(at), part, rule) for at, rule in enumerate(classes.values())]
    renderer = _renderer_of("categorizedSymbol", symbols, attr=column)
    categories = SubElement(renderer, "categories")
    for at, (key, rule) in enumerate(classes.items()):
        rest = key in {OTHER, UNSTYLED}
        if key == UNSTYLED and OTHER in classes:
            continue
        SubElement(
            categories,
            "category",
            symbol=str(at),
            value="" if rest else key,
            type="NULL" if rest else "string",
            label=rule.label.pick("zh"),
            render="true",
        )
    return renderer


def _rules(
    style: LayerStyle,
    classes: Mapping[str, ClassStyle],
    pairs: list[tuple[str, Part]],
    where: Mapping[str, tuple[str, ...]],
    *,
    mixed: bool,
) -> Element:
    """Return a renderer with a rule for each class, in mixed layers for each class and geometry type."""
    symbols = [make_symbol(str(at), part, classes[key]) for at, (key, part) in enumerate(pairs)]
    renderer = _renderer_of("RuleRenderer", symbols)
    rules = SubElement(renderer, "rules", key="{rules}")
    chosen = [f"{_column(name)} IN ({', '.join(map(_quote, values))})" for name, values in where.items()]
    for at, (key, part) in enumerate(pairs):
        conditions = [*chosen, *_class_conditions(style, key)]
        if mixed:
            conditions.append(f"geometry_type($geometry) = '{_EXPRESSION_TYPES[part]}'")
        SubElement(
            rules,
            "rule",
            key=f"{{rule-{at}}}",
            symbol=str(at),
            label=classes[key].label.pick("zh"),
            filter=" AND ".join(conditions),
        )
    return renderer


def _class_conditions(style: LayerStyle, key: str) -> list[str]:
    """Return QGIS expressions that hold together for the rows of a class, as `LayerStyle.classify` does."""
    if style.class_column is None or key == ALL:
        return []
    column = _column(style.class_column)
    named = [name for name in style.classes if name != OTHER]
    if key == UNSTYLED and OTHER in style.classes:
        return [f"{column} IS NULL"]
    if style.graded:
        return _graded_conditions(column, key, sorted(map(float, named)))
    listed = f"to_string({column}) IN ({', '.join(map(_quote, named))})"
    if key == UNSTYLED:
        return [f"({column} IS NULL OR NOT {listed})"]
    return [f"NOT {listed}"] if key == OTHER else [f"to_string({column}) = {_quote(key)}"]


def _graded_conditions(column: str, key: str, limits: list[float]) -> list[str]:
    if key == OTHER:
        return [f"{column} > {limits[-1]:g}"] if limits else []
    if key == UNSTYLED:
        return [f"({column} IS NULL OR {column} > {limits[-1]:g})"] if limits else []
    upper = float(key)
    below = [limit for limit in limits if limit < upper]
    return [*(f"{column} > {limit:g}" for limit in below[-1:]), f"{column} <= {upper:g}"]


def _column(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _quote(text: str) -> str:
    """Quote a text for a QGIS expression, where a backslash escapes too."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _renderer_of(kind: str, symbols: list[Element], **attributes: str) -> Element:
    renderer = Element(
        "renderer-v2",
        {"type": kind, "forceraster": "0", "symbollevels": "0", "enableorderby": "0"} | attributes,
    )
    SubElement(renderer, "symbols").extend(symbols)
    return renderer


def _labeling(column: str, label: LabelStyle, shape: Shape) -> Element:
    """Return labels from a column, in the reader's own font, with a halo that lifts them from the map."""
    labeling = Element("labeling", type="simple")
    settings = SubElement(labeling, "settings", calloutType="simple")
    text = SubElement(
        settings,
        "text-style",
        fieldName=column,
        isExpression="0",
        fontSize=f"{label.size * _POINTS_PER_PIXEL:g}",
        fontSizeUnit="Point",
        fontWeight="75" if label.bold else "50",
        textColor=to_rgba(label.colour),
        textOpacity="1",
    )
    SubElement(
        text,
        "text-buffer",
        bufferDraw="1",
        bufferSize=to_mm(_HALO_PX),
        bufferSizeUnits="MM",
        bufferColor=to_rgba("#ffffff", 0.85),
        bufferOpacity="1",
        bufferNoFill="1",
        bufferJoinStyle="128",
    )
    placement = _PLACEMENTS.get((label.place, shape), _ANYWHERE)
    SubElement(
        settings,
        "placement",
        placement=placement,
        dist=to_mm(_HALO_PX),
        distUnits="MM",
        offsetType="1",  # from the edge of the marker, not from its middle
        priority=str(round(label.priority / 100 * _PRIORITIES)),
        centroidInside="1",
    )
    SubElement(
        settings,
        "rendering",
        drawLabels="1",
        obstacle="1",
        scaleVisibility=str(int(label.min_zoom > 0)),
        scaleMax=f"{_ZOOM_0_SCALE / 2**label.min_zoom:.0f}",
        scaleMin="0",
    )
    return labeling


def _fields(
    style: LayerStyle | None, contract: Contract, terms: Mapping[str, Mapping[str, Text]]
) -> list[Element]:
    """Return the Chinese aliases of columns, and words for coded values."""
    widgets, aliases = Element("fieldConfiguration"), Element("aliases")
    for at, (key, column) in enumerate(contract.all_columns().items(), start=1):
        SubElement(aliases, "alias", field=key, name=column.zh, index=str(at))
        words = dict(terms.get(key, {}))
        if style is not None and key == style.class_column and not style.graded:
            words |= {value: rule.label for value, rule in style.classes.items() if value != OTHER}
        if words:
            _add_words(SubElement(widgets, "field", name=key, configurationFlags="None"), words)
    return [widgets, aliases]


def _add_words(field: Element, words: Mapping[str, Text]) -> None:
    config = SubElement(SubElement(field, "editWidget", type="ValueMap"), "config")
    table = SubElement(SubElement(config, "Option", type="Map"), "Option", name="map", type="List")
    for value, text in words.items():
        entry = SubElement(table, "Option", type="Map")
        SubElement(entry, "Option", name=text.pick("zh"), type="QString", value=value)
