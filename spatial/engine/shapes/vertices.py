"""Faults of shapes by their vertices: repeats, spikes, holes that turn the wrong way, shapes given twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]


def _list_vertices(shapes: Any) -> tuple[Floats, Integers, Integers]:
    """Return the vertices of all rings and lines, which ring each is of, and which shape each ring is of."""
    parts, owner = shapely.get_parts(np.asarray(shapes, dtype=object).ravel(), return_index=True)
    areas = shapely.get_type_id(parts) == 3
    rings, of = shapely.get_rings(parts[areas], return_index=True)
    pieces = np.concatenate([rings, parts[~areas]])
    owners = np.concatenate([owner[areas][of], owner[~areas]]).astype(np.int64)
    coordinates, ring = shapely.get_coordinates(pieces, return_index=True)
    return coordinates, ring.astype(np.int64), owners


def _step_m(coordinates: Floats, start: Integers, end: Integers) -> Floats:
    """Return the way from some vertices to others in metres east and north, for ways that are short."""
    step = coordinates[end] - coordinates[start]
    shrink = np.cos(np.radians(coordinates[start, 1]))
    return step * np.column_stack([shrink * 111_320.0, np.full(len(start), 110_574.0)])


def find_repeats(shapes: Any, distance_m: float) -> tuple[Integers, Floats]:
    """Find vertices that lie on the vertex before them.

    Parameters
    ----------
    shapes : array-like of shapely geometries
        Longitude and latitude in degrees; lines and polygons, points never repeat.
    distance_m : float
        Two vertices at most so far apart are one.

    Returns
    -------
    numpy.ndarray of int64
        Position of the shape of each repeat.
    numpy.ndarray of shape (n, 2)
        Where.

    Examples
    --------
    >>> line = shapely.LineString([(112, 35), (112, 35), (113, 35)])
    >>> find_repeats([line], 0.001)[0].tolist()
    [0]
    """
    coordinates, ring, owner = _list_vertices(shapes)
    start = np.arange(max(len(coordinates) - 1, 0))
    far = np.hypot(*_step_m(coordinates, start, start + 1).T)
    same = np.flatnonzero((np.diff(ring) == 0) & (far <= distance_m))
    return owner[ring[same]], coordinates[same]


def find_spikes(shapes: Any, degrees: float) -> tuple[Integers, Floats, Floats]:
    """Find vertices at which a ring or line turns back by more than 180° less an angle.

    Parameters
    ----------
    shapes : array-like of shapely geometries
        Longitude and latitude in degrees.
    degrees : float
        Angles between the two edges of a vertex below this are spikes.

    Returns
    -------
    numpy.ndarray of int64, numpy.ndarray of shape (n, 2), numpy.ndarray of float64
        Position of the shape, where, and the angle in degrees.

    Examples
    --------
    >>> thorn = [(112, 35), (112.1, 35), (112.1, 35.1), (112.05, 36), (112.049, 35.1), (112, 35.1)]
    >>> find_spikes([shapely.Polygon(thorn)], 10)[0].tolist()
    [0]
    """
    coordinates, ring, owner = _list_vertices(shapes)
    if len(coordinates) < 3:
        return np.empty(0, np.int64), np.empty((0, 2)), np.empty(0)
    # Vertices in a row at one place have no angle; each ring is followed by its second vertex, to be closed.
    moved = np.append(True, (np.diff(coordinates, axis=0) != 0).any(axis=1) | (np.diff(ring) != 0))
    coordinates, ring = coordinates[moved], ring[moved]
    first = np.append(True, np.diff(ring) != 0)
    start = np.flatnonzero(first)
    end = np.append(start[1:], len(ring)) - 1
    closed = (coordinates[start] == coordinates[end]).all(axis=1) & (end - start >= 3)
    at = np.concatenate([np.arange(1, len(ring) - 1), end[closed]])
    before = at - 1
    after = np.concatenate([np.arange(2, len(ring)), start[closed] + 1])
    inside = (ring[before] == ring[at]) & (ring[at] == ring[after])
    at, before, after = at[inside], before[inside], after[inside]
    one, other = _step_m(coordinates, at, before), _step_m(coordinates, at, after)
    turn = np.abs(np.arctan2(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0], (one * other).sum(axis=1)))
    angle = np.degrees(turn)
    sharp = angle < degrees
    return owner[ring[at[sharp]]], coordinates[at[sharp]], angle[sharp]


def find_turned(shapes: Any) -> Integers:
    """Find polygons with a hole that turns the way of its shell.

    Returns
    -------
    numpy.ndarray of int64
        Positions, rising. Which way shells turn differs by format and says nothing.

    Examples
    --------
    >>> hole = [(3, 3), (6, 3), (6, 6), (3, 6)]
    >>> shell = [(0, 0), (9, 0), (9, 9), (0, 9)]
    >>> find_turned([shapely.Polygon(shell, [hole]), shapely.Polygon(shell, [hole[::-1]])]).tolist()
    [0]
    """
    parts, owner = shapely.get_parts(np.asarray(shapes, dtype=object).ravel(), return_index=True)
    areas = shapely.get_type_id(parts) == 3
    parts, owner = parts[areas], owner[areas]
    holes = shapely.get_num_interior_rings(parts) > 0
    rings, of = shapely.get_rings(parts[holes], return_index=True)
    turns = shapely.is_ccw(rings)
    shell = np.append(True, np.diff(of) != 0) if len(of) else np.empty(0, bool)
    wrong = ~shell & (turns == turns[np.flatnonzero(shell)][of]) if len(of) else np.empty(0, bool)
    return np.unique(owner[holes][of[wrong]]).astype(np.int64)


def find_twins(shapes: Any) -> tuple[Integers, Integers]:
    """Find shapes that are the same as one before them, wherever their rings start and however they turn.

    Parameters
    ----------
    shapes : array-like of shapely geometries
        None and empty ones have no twin.

    Returns
    -------
    numpy.ndarray of int64
        Positions of the later ones.
    numpy.ndarray of int64
        Position of the first that each is the same as.

    Examples
    --------
    >>> find_twins([shapely.box(0, 0, 1, 1), shapely.box(2, 2, 3, 3), shapely.box(0, 0, 1, 1, ccw=False)])
    (array([2]), array([0]))
    """
    shapes = np.asarray(shapes, dtype=object).ravel()
    there = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    keys = shapely.to_wkb(shapely.normalize(shapely.force_2d(shapes[there])), output_dimension=2)
    _, first, inverse = np.unique(keys.astype(object), return_index=True, return_inverse=True)
    later = np.flatnonzero(first[inverse] != np.arange(len(there)))
    return there[later].astype(np.int64), there[first[inverse[later]]].astype(np.int64)
