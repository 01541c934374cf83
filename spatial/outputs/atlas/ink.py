"""Ink: shapes on paper in the styles of ``styles.yaml``; CSS pixels are 1/96 inch, as on the screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.outputs.atlas.fonts import PIXEL_PT
from spatial.outputs.atlas.paper import Box, Shapes
from spatial.plan.styles import ClassStyle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path

PIXEL_MM = 25.4 / 96
"""One CSS pixel in millimetres."""
_HALO_PX = 5.0
_HALO_WIDEST = 2.2
_HALO_OPACITY = 0.55
_HATCHES = {"none": "", "diagonal": "//", "back": "\\\\", "cross": "xx"}
_HATCH_PX = 1.0
_HATCH_OPACITY = 0.75
_STAR_INNER = 0.42
_UNSEEN_MM = 3.2
_RING_MM = 2.3
_SIZES = {"circle": 1.0, "square": 0.89, "diamond": 1.25, "triangle": 1.2, "star": 1.25}


@dataclass(frozen=True)
class Ink:
    """Where and in which order something is drawn.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Axes of the whole page in millimetres.
    zorder : float
        Later is above.
    clip : Box, optional
        Nothing is drawn outside it.
    """

    axes: Axes
    zorder: float
    clip: Box | None = None

    def above(self, by: float) -> Ink:
        """Return the same, so much higher."""
        return Ink(self.axes, self.zorder + by, self.clip)


def trace_path(shapes: Shapes) -> Path | None:
    """Trace lines or areas as one path: outer rings run against the clock and holes with it.

    Parameters
    ----------
    shapes : numpy.ndarray of shapely geometries
        Lines or areas, single or multi, millimetres.

    Returns
    -------
    matplotlib.path.Path or None
        None where there is nothing to trace.

    Examples
    --------
    >>> trace_path(np.array([shapely.box(0, 0, 2, 1)], dtype=object)).codes.tolist()
    [1, 2, 2, 2, 79]
    """
    from matplotlib.path import Path

    parts = shapely.get_parts(np.asarray(shapes, dtype=object))
    parts = parts[~shapely.is_empty(parts)]
    areas = parts[shapely.get_dimensions(parts) == 2]
    lines = parts[shapely.get_dimensions(parts) == 1]
    runs = np.concatenate([shapely.get_rings(shapely.orient_polygons(areas)), lines])
    if not len(runs):
        return None
    points, owner = shapely.get_coordinates(runs, return_index=True)
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    ends = np.append(starts[1:], len(owner)) - 1
    codes = np.full(len(points), Path.LINETO, dtype=Path.code_type)
    codes[starts] = Path.MOVETO
    codes[ends[shapely.is_closed(runs)]] = Path.CLOSEPOLY
    return Path(points, codes)


def draw_class(ink: Ink, shapes: Shapes, rule: ClassStyle, *, size: float = 1.0) -> None:
    """Draw the shapes of one class.

    Parameters
    ----------
    ink : Ink
        Where.
    shapes : numpy.ndarray of shapely geometries
        Millimetres; points, lines and areas may be mixed.
    rule : ClassStyle
        Colours and widths.
    size : float
        What points are enlarged by.
    """
    dimensions = shapely.get_dimensions(shapes)
    areas, lines = shapes[dimensions == 2], shapes[dimensions == 1]
    if len(areas):
        _draw_areas(ink, areas, rule)
    if len(lines):
        _draw_lines(ink, lines, rule)
    if (dimensions == 0).any():
        _draw_points(ink, shapely.get_coordinates(shapes[dimensions == 0]), rule, size)


def _draw_areas(ink: Ink, shapes: Shapes, rule: ClassStyle) -> None:
    path = trace_path(shapes)
    if path is None:
        return
    if rule.halo:
        _glow(ink, path, rule)
    if rule.fill:
        patch(ink.above(0.01), path, fc=rule.fill, alpha=rule.fill_opacity, ec="none", lw=0)
    if rule.hatch != "none":
        # Patterns of a PDF are opaque, so a paler line stands for one that lets through.
        colour = blend(rule.stroke or rule.fill or "#000000", _HATCH_OPACITY)
        patch(
            ink.above(0.02), path, fc="none", ec="none", lw=0, hatch=_HATCHES[rule.hatch], hatchcolor=colour,
            hatch_linewidth=_HATCH_PX * PIXEL_PT,
        )  # fmt: skip
    if rule.stroke and rule.width:
        patch(ink.above(0.03), path, fc="none", **_stroke(rule))


def _draw_lines(ink: Ink, shapes: Shapes, rule: ClassStyle) -> None:
    path = trace_path(shapes)
    if path is None:
        return
    if rule.halo:
        _glow(ink, path, rule)
    colour = rule.stroke or rule.fill or "#000000"
    patch(ink.above(0.03), path, fc="none", **(_stroke(rule) | {"ec": colour}))


def _draw_points(ink: Ink, points: npt.NDArray[Any], rule: ClassStyle, size: float) -> None:
    path = trace_path(make_symbols(points, rule, size))
    if path is None:
        return
    if rule.halo:
        _glow(ink, path, rule)
    style = _stroke(rule) if rule.stroke else {"ec": "none", "lw": 0}
    patch(ink.above(0.03), path, fc=rule.fill or "none", **style)


def find_rings(shapes: Shapes) -> Shapes:
    """Return rings round areas that are too small to be seen, one for those that stand close together."""
    bounds = shapely.bounds(shapes)
    small = np.hypot(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]) < _UNSEEN_MM
    middles = shapely.get_coordinates(shapely.centroid(shapes[small]))
    _, first = np.unique(np.round(middles / _RING_MM), axis=0, return_index=True)
    return np.asarray(shapely.buffer(shapely.points(middles[np.sort(first)]), _RING_MM), dtype=object)


def draw_rings(ink: Ink, shapes: Shapes, rule: ClassStyle) -> None:
    """Draw rings round areas that are too small to be seen."""
    for ring in find_rings(shapes):
        draw_shape(ink, ring, fc="none", ec="#ffffff", lw=2.4, alpha=0.8)
        draw_shape(ink, ring, fc="none", ec=rule.stroke or rule.fill, lw=1.0)


def make_symbols(points: npt.NDArray[Any], rule: ClassStyle, size: float = 1.0) -> Shapes:
    """Return the symbol of a class round points, shape (n, 2), as areas in millimetres."""
    corners = _corners(rule.symbol) * (rule.radius * PIXEL_MM * size * _SIZES[rule.symbol])
    return np.asarray(shapely.polygons(points[:, None, :] + corners[None, :, :]), dtype=object)


def _corners(symbol: str) -> npt.NDArray[np.float64]:
    count, turn = {"circle": (48, 0.0), "square": (4, 45.0), "diamond": (4, 0.0), "triangle": (3, 90.0)}.get(
        symbol, (10, 90.0)
    )
    angles = np.radians(turn) + np.arange(count) * 2 * np.pi / count
    radii = np.where(np.arange(count) % 2, _STAR_INNER, 1.0) if symbol == "star" else np.ones(count)
    radii = radii * (np.sqrt(2) if symbol == "square" else 1.0)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1) * radii[:, None]


def _glow(ink: Ink, path: Path, rule: ClassStyle) -> None:
    wide = (rule.width + min(_HALO_PX, _HALO_WIDEST * rule.width)) * PIXEL_PT
    patch(ink, path, fc="none", ec=rule.halo, lw=wide, alpha=_HALO_OPACITY, joinstyle="round")


def _stroke(rule: ClassStyle) -> dict[str, Any]:
    style: dict[str, Any] = {"ec": rule.stroke, "lw": rule.width * PIXEL_PT, "joinstyle": "round"}
    if rule.dash and rule.width:
        # matplotlib counts dashes in widths of the line; an odd list is run through twice, as in SVG.
        dash = rule.dash if len(rule.dash) % 2 == 0 else rule.dash * 2
        return style | {"ls": (0, [step / rule.width for step in dash]), "capstyle": "butt"}
    return style | {"capstyle": "round"}


def patch(ink: Ink, path: Path, **style: Any) -> None:
    """Draw a path as matplotlib does, clipped."""
    from matplotlib.patches import PathPatch, Rectangle

    drawn = PathPatch(path, zorder=ink.zorder, **style)
    # As a plain artist: a patch would have matplotlib search every curve for the limits of the axes.
    ink.axes.add_artist(drawn)
    if ink.clip:
        box = ink.clip
        window = Rectangle((box.left, box.bottom), box.width, box.height, transform=ink.axes.transData)
        drawn.set_clip_path(window)


def draw_shape(ink: Ink, shape: BaseGeometry, **style: Any) -> None:
    """Draw one shape in a style of matplotlib's own."""
    path = trace_path(np.array([shape], dtype=object))
    if path is not None:
        patch(ink, path, **style)


def draw_line(ink: Ink, points: Any, colour: str = "#222222", width_pt: float = 0.5) -> None:
    """Draw a thin line through points."""
    draw_shape(ink, shapely.linestrings(np.asarray(points, dtype=float)), fc="none", ec=colour, lw=width_pt)


def blend(colour: str, opacity: float) -> str:
    """Return the colour that one of an opacity has on white.

    Examples
    --------
    >>> blend("#000000", 0.75)
    '#404040'
    """
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(255 + (part - 255) * opacity):02x}" for part in parts)
