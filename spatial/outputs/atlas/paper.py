"""Paper: the boxes of a page, the true round scale of a map, and where a coordinate lies in millimetres."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import Polygon

Shapes = npt.NDArray[np.object_]
Bounds = tuple[float, float, float, float]

ROUND = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.5, 8.0)
"""First digits of the scales of sheets."""
FINE = (
    1.0,
    1.2,
    1.4,
    1.6,
    1.8,
    2.0,
    2.2,
    2.5,
    2.8,
    3.0,
    3.5,
    4.0,
    4.5,
    5.0,
    5.5,
    6.0,
    6.5,
    7.0,
    7.5,
    8.0,
    9.0,
)
"""First digits of the scales of pictures, where paper is dear."""
_LARGEST = 500.0
_WIDE = 0.85
_LYING_MM = 120.0
_LEGEND_MM, _TABLE_MM = 50.0, 62.0
_MARGIN_MM = 7.0
_TICK_MM = 42.0
_STEPS = (1.0, 2.0, 5.0)
_FINEST_MM = 0.02


@dataclass(frozen=True)
class Box:
    """A rectangle on the page in millimetres from its lower left corner."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        """Width in millimetres."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Height in millimetres."""
        return self.top - self.bottom

    @property
    def polygon(self) -> Polygon:
        """The rectangle as a shape."""
        return shapely.box(self.left, self.bottom, self.right, self.top)

    def grow(self, by: float) -> Box:
        """Return the box moved out by so many millimetres on each side."""
        return Box(self.left - by, self.bottom - by, self.right + by, self.top + by)


@dataclass(frozen=True)
class Layout:
    """Where the parts of a page stand, in millimetres.

    Parameters
    ----------
    width, height : float
        Of the page.
    map : Box
        The inner frame, where the map is.
    side : Box
        Legend, scale and notes.
    head, foot : Box or None
        Title and imprint; a picture for a report has none, for the report says both.
    gap : float
        Between the inner and the outer frame; kilometres stand there when it is wide enough.
    text : float
        Size of the small text in points.
    grain : float
        What strokes, symbols and names are made smaller by.
    steps : tuple of float
        First digits of the scales to choose from.
    columns : int
        Of the side, where it lies below the map: the last holds scale and verdicts, the others the legend.
    """

    width: float
    height: float
    map: Box
    side: Box
    head: Box | None = None
    foot: Box | None = None
    gap: float = 5.5
    text: float = 8.5
    grain: float = 1.0
    steps: tuple[float, ...] = ROUND
    columns: int = 1


A3 = Layout(
    width=420.0,
    height=297.0,
    map=Box(15.5, 22.5, 322.5, 262.5),
    side=Box(331.5, 17.0, 410.0, 268.0),
    head=Box(10.0, 270.0, 410.0, 289.0),
    foot=Box(10.0, 7.5, 410.0, 14.5),
)
"""A3, landscape."""


def make_picture_layout(width_mm: float, *, tallness: float | None = None, table: bool = False) -> Layout:
    """Return the layout of a picture for a report: map and legend, no title, no imprint.

    Parameters
    ----------
    width_mm : float
        Of the picture.
    tallness : float, optional
        Height of the land over its width. Wide land gets the whole width, and its legend below.
    table : bool
        Whether a table of verdicts is to stand below as well.

    Examples
    --------
    >>> make_picture_layout(160.0).height
    99.2
    >>> round(make_picture_layout(160.0, tallness=0.6).map.width)
    156
    """
    height = 0.62 * width_mm
    if tallness is not None and tallness < _WIDE and width_mm >= _LYING_MM:
        return _lay_legend_below(width_mm, max(tallness, 0.3), _TABLE_MM if table else _LEGEND_MM)
    side = min(0.3 * width_mm, 60.0)
    inner = Box(2.0, 2.0, width_mm - side - 2.0, height - 2.0)
    return Layout(
        width=width_mm,
        height=height,
        map=inner,
        side=Box(inner.right + 2.5, 1.0, width_mm - 0.5, height - 1.0),
        gap=1.0,
        text=6.5,
        grain=float(np.clip(width_mm / 230, 0.6, 1.0)),
        steps=FINE,
    )


def _lay_legend_below(width_mm: float, tallness: float, below: float) -> Layout:
    height = tallness * (width_mm - 4.0) + 8.0 + below
    return Layout(
        width=width_mm,
        height=height,
        map=Box(2.0, below, width_mm - 2.0, height - 2.0),
        side=Box(1.0, 1.0, width_mm - 1.0, below - 3.5),
        gap=1.0,
        text=6.5,
        grain=float(np.clip(width_mm / 230, 0.6, 1.0)),
        steps=FINE,
        columns=3,
    )


@dataclass(frozen=True)
class Sight:
    """What a map shows and at which scale.

    Parameters
    ----------
    scale : float
        Denominator: 250000 is 1:250 000.
    centre : tuple of float
        Middle of the map in the metric CRS, metres.
    box : Box
        The map's inner frame.
    """

    scale: float
    centre: tuple[float, float]
    box: Box

    def place(self, shapes: Any) -> Shapes:
        """Return shapes of the metric CRS in millimetres of the page, without turns too fine to be seen."""
        moved = shapely.transform(np.asarray(shapes, dtype=object), self.place_points)
        return np.asarray(shapely.simplify(moved, _FINEST_MM), dtype=object)

    def place_points(self, points: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return points of the metric CRS, shape (n, 2), in millimetres of the page."""
        middle = (self.box.left + self.box.width / 2, self.box.bottom + self.box.height / 2)
        return (points - np.asarray(self.centre)) * (1000.0 / self.scale) + np.asarray(middle)

    @property
    def bounds(self) -> Bounds:
        """West, south, east, north of the map in the metric CRS."""
        half = np.array([self.box.width, self.box.height]) * self.scale / 2000.0
        west, south = np.asarray(self.centre) - half
        east, north = np.asarray(self.centre) + half
        return float(west), float(south), float(east), float(north)

    def list_ticks(self) -> tuple[list[float], list[float]]:
        """Return round eastings and northings within the map, metres, a hand's breadth apart."""
        step = round_down(_TICK_MM * 1.6 * self.scale / 1000.0)
        west, south, east, north = self.bounds
        return list(_count(west, east, step)), list(_count(south, north, step))


def _count(start: float, end: float, step: float) -> Iterator[float]:
    for number in range(int(np.ceil(start / step)), int(np.floor(end / step)) + 1):
        yield number * step


def choose_scale(width_m: float, height_m: float, box: Box, steps: tuple[float, ...] = ROUND) -> float:
    """Choose the largest round scale at which so much land fits into a frame with a margin.

    Parameters
    ----------
    width_m, height_m : float
        Of the land, metres; nothing to show counts as a point.
    box : Box
        The frame.
    steps : tuple of float
        First digits to choose from, rising.

    Returns
    -------
    float
        Denominator such as 50000, 150000 or 250000; never below 500.

    Examples
    --------
    >>> choose_scale(67_000, 42_000, A3.map)
    250000.0
    >>> choose_scale(1_000, 1_000, A3.map)
    5000.0
    """
    margin = 2 * min(_MARGIN_MM, 0.03 * box.width)
    least = max(1000.0 * width_m / (box.width - margin), 1000.0 * height_m / (box.height - margin), _LARGEST)
    power = 10.0 ** np.floor(np.log10(least) - 1)
    candidates = [step * power * factor for factor in (1.0, 10.0, 100.0) for step in steps]
    return float(next(round(value, 6) for value in candidates if value >= least * (1 - 1e-12)))


def round_down(value: float) -> float:
    """Return the largest of 1, 2, 5, 10, 20, … that is not above a positive value.

    Examples
    --------
    >>> round_down(17.0), round_down(0.3)
    (10.0, 0.2)
    """
    power = 10.0 ** np.floor(np.log10(value) + 1e-12)
    return float(max(step * power for step in _STEPS if step * power <= value * (1 + 1e-9)))


def make_sight(bounds: Bounds, layout: Layout) -> Sight:
    """Return what the map of a page shows of some bounds of the metric CRS, at a true round scale."""
    west, south, east, north = bounds
    scale = choose_scale(east - west, north - south, layout.map, layout.steps)
    return Sight(scale, ((west + east) / 2, (south + north) / 2), layout.map)
