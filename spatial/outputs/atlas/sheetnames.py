"""Names on a sheet: which are written, how they look, and where they may stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from shapely.geometry import LineString
from shapely.geometry.base import BaseGeometry

from spatial.outputs.atlas.fonts import PIXEL_PT, POINT_MM, choose_face, clean_text, fit_text, shorten_text
from spatial.outputs.atlas.ink import PIXEL_MM, Ink, draw_line, find_rings, make_symbols
from spatial.outputs.atlas.lettering import Pen, write_letters, write_text
from spatial.outputs.atlas.paper import Shapes, Sight
from spatial.outputs.atlas.placement import Name, Placed, Spot, place_names
from spatial.outputs.atlas.sheets import Stack
from spatial.outputs.atlas.spots import find_along, find_beside, find_inside, find_on_edge
from spatial.outputs.web.anchors import find_edges, largest_part, trace_spine
from spatial.plan.styles import OTHER, UNSTYLED, ClassStyle, LayerStyle, Styles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HALO = "#ffffff"
_MOST = 1200
_LONGEST_MM = 62.0
_ALONG_LONGER = 1.8
_LONGEST_LETTERS = 60
_ZOOM_SCALE = 591_657_550.5
_FINER_ZOOM = 1.0
_ALONG_AIR_MM = 0.5
_LEADER_PT = 0.4
_AIR_MM = 0.25
_STRONG_PX = 1.2
_TWIN_MM = 40.0


@dataclass(frozen=True)
class Plate:
    """A layer on a sheet: its rows within the frame and their shapes in millimetres.

    With `conceptual` it is drawn as emblems, with `ringed` its small areas have rings; `size` is what its
    points are enlarged by.
    """

    stack: Stack
    shapes: Shapes
    conceptual: bool = False
    ringed: bool = False
    size: float = 1.0

    @property
    def style(self) -> LayerStyle:
        """How the layer is drawn."""
        return self.stack.layer.style

    def rule(self, name: str, styles: Styles) -> ClassStyle:
        """Return the style of a class, the warning style where it has none."""
        return find_rule(self.style, name, styles)


def find_rule(style: LayerStyle, name: str, styles: Styles) -> ClassStyle:
    """Return the style of a class of a layer, the warning style where it has none."""
    return styles.unstyled if name == UNSTYLED else style.classes.get(name) or style.classes[OTHER]


def gather_names(
    plates: dict[str, Plate], sight: Sight, styles: Styles, language: str, latitude: float
) -> Iterator[Name]:
    """Yield the names that a sheet should show, with the spots of each.

    Parameters
    ----------
    plates : dict of str to Plate
        Layers of the sheet.
    sight : Sight
        Frame and scale; names that screens show only closer are left out likewise.
    styles : Styles
        For the radius of symbols.
    language : str
        ``en`` writes English names where there are some.
    latitude : float
        Of the middle of the map, degrees: web maps are larger towards the poles.

    Raises
    ------
    OutputError
        A name has a character that no font has.
    """
    zoom = np.log2(_ZOOM_SCALE * np.cos(np.radians(latitude)) / sight.scale) + _FINER_ZOOM
    frame = sight.box.polygon
    for key, plate in plates.items():
        style = plate.style
        if style.label_column is None or style.label.min_zoom > zoom:
            continue
        texts = read_names(plate.stack, style.label_column, language)
        inside = np.flatnonzero([bool(text) for text in texts] & shapely.intersects(plate.shapes, frame))
        edges = _find_outlines(plate, plates, sight) if style.label.place == "edge" else {}
        for at in _drop_doubles(plate, texts, inside)[:_MOST]:
            shape = shapely.intersection(plate.shapes[at], frame)
            rule = plate.rule(str(plate.stack.classes.iloc[at]), styles)
            text, pen = _fit_name(texts[at], style, key)
            spots = _find_spots(shape, text, pen, plate=plate, rule=rule, edge=edges.get(at))
            yield Name(text, pen, style.label.priority - _rank(plate, at), tuple(spots), key)


def read_names(stack: Stack, column: str, language: str) -> list[str]:
    """Return the names of the rows of a layer, cleaned; empty where there is none.

    Parameters
    ----------
    stack : Stack
        The layer.
    column : str
        Column of the names; with ``_en`` behind it that of the English ones.
    language : str
        ``en`` takes English names where there are some.
    """
    frame = stack.frame
    if column not in frame:
        return [""] * len(frame)
    names = frame[column]
    twin = f"{column}_en"
    if language == "en" and twin in frame:
        names = frame[twin].where(frame[twin].notna() & (frame[twin] != ""), names)
    return [clean_text(name) if isinstance(name, str) else "" for name in names]


def _rank(plate: Plate, at: int) -> float:
    """Return a share of one by which lower ranks of a layer come after higher ones."""
    frame = plate.stack.frame
    if "rank" not in frame:
        return 0.0
    rank = pd.to_numeric(frame["rank"].iloc[at], errors="coerce")
    return 0.95 if pd.isna(rank) else min(float(rank), 9.0) / 10


def _drop_doubles(plate: Plate, texts: list[str], inside: Any) -> list[int]:
    """Return one row for each name of lines and areas, the largest; points all have their own."""
    shapes = plate.shapes
    order = inside[np.lexsort((inside, -shapely.length(shapes[inside]), -shapely.area(shapes[inside])))]
    kept: list[int] = []
    seen: set[str] = set()
    for at in order:
        point = shapely.get_dimensions(shapes[at]) == 0
        if point or texts[at] not in seen:
            kept.append(int(at))
            seen.add(texts[at])
    return kept


def _fit_name(text: str, style: LayerStyle, key: str) -> tuple[str, Pen]:
    choose_face(text, key)
    text = shorten_text(text, _LONGEST_LETTERS)
    size = style.label.size * PIXEL_PT
    longest = _LONGEST_MM * (_ALONG_LONGER if style.label.place == "along" else 1.0)
    text, size = fit_text(text, size, longest, smallest=max(6.0, 0.75 * size))
    return text, Pen(size, style.label.colour, style.label.bold, _HALO)


def _find_outlines(plate: Plate, plates: dict[str, Plate], sight: Sight) -> dict[int, Shapes]:
    """Return points for names on outlines, by row; not where the territory's own outline runs."""
    shapes = plate.stack.shapes
    areas = np.flatnonzero(shapely.get_dimensions(shapes) == 2)
    ground = plates.get("territory")
    frame = shapely.union_all(ground.stack.shapes) if ground else None
    # Sought in metres, where near means what it does on the web map.
    edges = find_edges(shapes[areas], frame)
    return {int(at): sight.place(points) for at, points in zip(areas, edges, strict=True)}


def _find_spots(
    shape: BaseGeometry, text: str, pen: Pen, *, plate: Plate, rule: ClassStyle, edge: Shapes | None
) -> list[Spot]:
    part = largest_part(shape)
    dimension = int(shapely.get_dimensions(part))
    middle = part.interpolate(0.5, normalized=True) if dimension == 1 else part.representative_point()
    if dimension == 0:
        return find_beside((part.x, part.y), text, pen, symbol_radius(rule, plate.size))
    if edge is not None:
        return find_on_edge(edge, text, pen)
    if dimension == 1:
        offset = pen.size * POINT_MM / 2 + rule.width * PIXEL_MM / 2 + _ALONG_AIR_MM
        along = find_along(_join(shape), text, pen, offset)
        return (
            along if plate.style.label.place == "along" else along or find_beside(_xy(middle), text, pen, 1.0)
        )
    spine = trace_spine(shape) if plate.style.label.place == "along" else None
    spots = find_along(spine, text, pen) if isinstance(spine, LineString) else []
    return spots + [
        Spot(spot.cost + 3.0 * bool(spots), spot.shape, spot.at, leader=spot.leader)
        for spot in find_inside(shape, text, pen)
    ]


def _xy(point: Any) -> tuple[float, float]:
    return float(point.x), float(point.y)


def _join(shape: BaseGeometry) -> LineString:
    """Return the longest line of a shape once pieces that meet are one."""
    joined = shapely.line_merge(shape) if shape.geom_type == "MultiLineString" else shape
    part = largest_part(joined)
    return part if isinstance(part, LineString) else LineString(part.boundary)


def symbol_radius(rule: ClassStyle, size: float = 1.0) -> float:
    """Return how far the symbol of a point reaches, millimetres, its stroke included."""
    return (rule.radius * size * 1.1 + rule.width / 2) * PIXEL_MM


def arrange_names(
    names: Iterator[Name], plates: dict[str, Plate], sight: Sight, styles: Styles, kept_free: Shapes
) -> tuple[list[Placed], list[Name]]:
    """Place names clear of each other, of symbols and of the furniture of the map.

    Parameters
    ----------
    names : iterator of Name
        From `gather_names`.
    kept_free : numpy.ndarray of shapely geometries
        Parts of the frame that something else stands in, millimetres.

    Returns
    -------
    list of Placed, list of Name
        With a spot, and without.
    """
    symbols = np.concatenate([kept_free, shapely.buffer(list_marks(plates, styles), _AIR_MM)])
    room = sight.box.grow(-1.2).polygon
    return place_names(_drop_twins(names), room=room, symbols=symbols, lines=_list_lines(plates, styles))


def _drop_twins(names: Iterator[Name]) -> list[Name]:
    """Leave out a name that one of more weight says near by: a district, its seat and a node there, say."""
    kept: list[Name] = []
    places: dict[str, list[tuple[float, float]]] = {}
    for name in sorted(names, key=lambda name: -name.priority):
        if not name.spots:
            kept.append(name)
            continue
        x, y = name.spots[0].at
        others = places.setdefault(name.text, [])
        if all(np.hypot(x - west, y - south) > _TWIN_MM for west, south in others):
            others.append((x, y))
            kept.append(name)
    return kept


def _list_classes(plates: dict[str, Plate], styles: Styles) -> Iterator[tuple[Plate, ClassStyle, Shapes]]:
    for plate in plates.values():
        classes = plate.stack.classes.to_numpy(dtype=object)
        for name in sorted(set(classes)):
            yield plate, plate.rule(name, styles), plate.shapes[classes == name]


def list_marks(plates: dict[str, Plate], styles: Styles) -> Shapes:
    """Return the symbols of all points of a sheet as areas in millimetres."""
    marks: list[Shapes] = [np.array([], dtype=object)]
    for plate, rule, shapes in _list_classes(plates, styles):
        points = shapes[shapely.get_dimensions(shapes) == 0]
        marks.append(make_symbols(shapely.get_coordinates(points), rule, plate.size))
    return np.concatenate(marks)


def _list_lines(plates: dict[str, Plate], styles: Styles) -> Shapes:
    """Return the strokes that a name should rather not cover."""
    lines: list[Shapes] = [np.array([], dtype=object)]
    for plate, rule, shapes in _list_classes(plates, styles):
        if plate.ringed:
            lines.append(np.asarray(shapely.boundary(find_rings(shapes)), dtype=object))
        if rule.stroke and (rule.width >= _STRONG_PX or rule.halo) and len(shapes) <= _MOST:
            flat = shapely.get_dimensions(shapes) == 2
            lines.append(np.asarray(shapely.boundary(shapes[flat]), dtype=object))
            lines.append(shapes[shapely.get_dimensions(shapes) == 1])
    return np.concatenate(lines)


def draw_names(axes: Axes, placed: list[Placed], marks: BaseGeometry, zorder: float) -> None:
    """Write the placed names, and the leaders of those that stand apart from what they name.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Of the page.
    placed : list of Placed
        From `arrange_names`.
    marks : shapely geometry
        Symbols of points, which no leader crosses.
    zorder : float
        Height of the leaders; names are above.
    """
    for item in placed:
        spot, name = item.spot, item.name
        if spot.leader is not None:
            # It ends where the symbol does that is drawn over what it names, such as a star on a seat.
            shown = largest_part(shapely.difference(spot.leader, marks))
            if not shown.is_empty:
                draw_line(Ink(axes, zorder), shown.coords, name.pen.colour, _LEADER_PT)
        if spot.feet is not None and spot.angles is not None:
            write_letters(axes, name.text, spot.feet, spot.angles, name.pen, zorder=zorder + 1)
        else:
            write_text(axes, spot.at, name.text, name.pen, align="center", zorder=zorder + 1, gid="name")
