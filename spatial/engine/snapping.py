"""Snap points to the nearest road of a network, and say where along it they land."""

from __future__ import annotations

from dataclasses import dataclass

from spatial.engine.network import Floats, Ints


@dataclass(frozen=True, eq=False)
class Snaps:
    """Where points lie on a network.

    Parameters
    ----------
    road : ndarray of int32, shape (q,)
        Nearest road; -1 where none lies within the limit.
    share : ndarray of float64, shape (q,)
        Position along the road from its start (0) to its end (1), by length; NaN where not snapped.
    offset_m : ndarray of float64, shape (q,)
        Distance from the point to the road, metres; of the nearest road, however far, where not snapped
        (NaN where there is none at all).
    """

    road: Ints
    share: Floats
    offset_m: Floats
