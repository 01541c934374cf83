"""The table of roads that a network is built from: lines with what matters to travel, before any graph."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from spatial.engine.network import Floats, Longs, Mode, Texts, Truths


def _no_ids() -> Longs:
    return np.empty(0, dtype=np.int64)


def _no_turns() -> Longs:
    return np.empty((0, 3), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class RoadTable:
    """Roads of one mode as they come from a source.

    Parameters
    ----------
    mode : str
        ``drive``, ``cycle`` or ``walk``.
    way_start : ndarray of int64, shape (w + 1,)
        Vertices of way i are ``way_start[i]:way_start[i + 1]``.
    lon, lat : ndarray of float64, shape (v,)
        Vertices, degrees, CGCS2000 or WGS84.
    vertex_id : ndarray of int64, shape (v,)
        Ways meet where they share a vertex id: same place and same level.
    class_ : ndarray of str, shape (w,)
        Class, such as ``primary``; speeds are looked up by it.
    maxspeed_kmh : ndarray of float64, shape (w,)
        Posted speed, NaN where none.
    oneway : ndarray of int8, shape (w,)
        1 as drawn only, -1 against it only, 0 both.
    allowed : ndarray of bool, shape (w,)
        False where this mode may not go; such ways are kept so that they can be counted.
    way_id : ndarray of int64, shape (w,)
        The source's id.
    name : ndarray of str, shape (w,)
        ``""`` where there is none.
    ferry_s : ndarray of float64, shape (w,)
        Seconds of the whole crossing where the way is a ferry, else NaN.
    barrier_id : ndarray of int64
        Vertex ids that this mode cannot pass; it can come as far as there.
    turns : ndarray of int64, shape (k, 3)
        Turn restrictions: from way id, via vertex id, to way id.
    turn_only : ndarray of bool, shape (k,)
        True: from that way one may only turn into that one; False: one may not.
    notes : tuple of str
        What was counted and left out while reading.
    """

    mode: Mode
    way_start: Longs
    lon: Floats
    lat: Floats
    vertex_id: Longs
    class_: Texts
    maxspeed_kmh: Floats
    oneway: npt.NDArray[np.int8]
    allowed: Truths
    way_id: Longs
    name: Texts
    ferry_s: Floats
    barrier_id: Longs = field(default_factory=_no_ids)
    turns: Longs = field(default_factory=_no_turns)
    turn_only: Truths = field(default_factory=lambda: np.empty(0, dtype=bool))
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Numbers of ways and of vertices."""
        return len(self.way_id), len(self.vertex_id)
