"""Friction of the ground: seconds a metre from land cover and slope, and how long each step takes.

Walking follows Tobler's hiking function up and down along each step (`travel.slopes.walk_factor`),
from the speed that the land cover allows on the flat. Across a slope, along the contour, one walks as on the
flat.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from spatial.engine.rings.terrain import STEPS, Bits, Terrain, beyond, rises, shift, sides
from spatial.engine.travel.graph import EDGE, Graph
from spatial.engine.travel.network import FAR, Floats, Longs, Seconds
from spatial.engine.travel.slopes import walk_factor

_BAND = 1 << 14
"""Nodes of a band."""
_WHOLE = np.uint64
"""An edge copied as one number: many times quicker than as a record."""
_TOBLER, _LEVEL = np.float32(3.5), np.float32(0.05)


@dataclass(frozen=True, eq=False)
class Cover:
    """Paces from land cover, and what could not be read from it.

    Parameters
    ----------
    pace : ndarray of float32
        Seconds a metre on the flat; `FAR` where there is no path.
    unknown : dict of int to int
        How many nodes hold a code without a speed; they take the usual pace. -1 stands for no data.
    """

    pace: Seconds
    unknown: dict[int, int]


def pace_cover(codes: npt.NDArray[np.int32], speeds: Mapping[int, float], usual_kmh: float) -> Cover:
    """Return the pace on the flat of each class of land cover.

    Parameters
    ----------
    codes : ndarray of int32
        Classes; -1 for no data.
    speeds : mapping of int to float
        km/h on the flat by class; 0 is no path.
    usual_kmh : float
        For classes without a speed and where there is no data.

    Examples
    --------
    >>> cover = pace_cover(np.array([[41, 11, 7]]), {41: 3.6, 11: 0}, 3.0)
    >>> cover.pace.round(1).tolist(), cover.unknown
    ([[1.0, 1000000000.0, 1.2000000476837158]], {7: 1})
    """
    known, place, count = np.unique(codes, return_inverse=True, return_counts=True)
    kmh = np.array([speeds.get(int(code), usual_kmh) for code in known], dtype=float)
    with np.errstate(divide="ignore"):
        pace = np.where(kmh > 0, 3.6 / kmh, FAR).astype(np.float32)
    unknown = {int(code): int(n) for code, n in zip(known, count, strict=True) if int(code) not in speeds}
    return Cover(pace[place].reshape(codes.shape), unknown)


def steps_of(terrain: Terrain, bits: Bits, *, towards: bool = False) -> Iterator[tuple[int, Longs, Seconds]]:
    """Yield, for each of `STEPS`, how far on its nodes lie, the nodes that it is open from, and its seconds.

    Parameters
    ----------
    terrain : Terrain
    bits : ndarray of uint16, shape (high, wide)
        As `open_steps` returns them.
    towards : bool
        The seconds are those of the way back: for journeys to a place, swept from it.
    """
    wide = terrain.pace.shape[1]
    number_of = np.arange(terrain.nodes).reshape(terrain.pace.shape)
    for number, step in enumerate(STEPS):
        free = (shift(bits, step) >> np.uint16(number) & 1).astype(bool)
        yield (
            step[1] * wide + step[0],
            shift(number_of, step)[free],
            _step_seconds(terrain, step, towards=towards)[free],
        )


def _step_seconds(terrain: Terrain, step: tuple[int, int], *, towards: bool) -> Seconds:
    """Return the seconds of a step from every node that has one; any number where it is not open."""
    pace, half = terrain.pace, np.float32(0.5)
    here, there = shift(pace, step), beyond(pace, step, step)
    stretches = rises(terrain, step)
    if len(stretches) == 1:
        paces = [(here + there) * half]
    else:
        left, right = (beyond(pace, step, side) for side in sides(step))
        between = (left + right) * half
        paces = [(here + between) * half, (between + there) * half]
    total = np.zeros(here.shape, dtype=np.float32)
    for (rise, run_m), mean in zip(stretches, paces, strict=True):
        slope = rise * np.float32((-1.0 if towards else 1.0) / run_m)
        with np.errstate(over="ignore", invalid="ignore"):
            total += mean * np.float32(run_m) * np.exp(_TOBLER * (np.abs(slope + _LEVEL) - _LEVEL))
    return total


def link_seconds(
    metres: Floats, rise_m: Floats, pace: npt.ArrayLike, steepest: float, *, towards: bool = False
) -> Floats:
    """Return the seconds of short straight ways off the lattice; slopes count as `steepest` at most.

    Parameters
    ----------
    metres, rise_m : ndarray of float64
        Length, and height at the end less that at the start; NaN counts as level.
    pace : array-like of float
        Seconds a metre on the flat.
    steepest : float
    towards : bool
        The way back is meant.

    Examples
    --------
    >>> up, down = (link_seconds(np.array([100.0]), np.array([rise]), 1.0, 1.0) for rise in (10.0, -5.0))
    >>> up.round().tolist(), down.round().tolist()
    ([142.0], [84.0])
    """
    slope = np.nan_to_num(rise_m) / np.maximum(metres, 1e-9) * (-1 if towards else 1)
    return np.asarray(
        metres * np.asarray(pace, dtype=float) / walk_factor(np.clip(slope, -steepest, steepest))
    )


@dataclass(frozen=True, eq=False)
class Links:
    """Edges besides the steps of a terrain; nodes from `Terrain.nodes` on are none of the lattice.

    Parameters
    ----------
    tails, heads : ndarray of int64
    seconds : ndarray of float32
    nodes : int
        How many nodes there are besides those of the lattice.
    """

    tails: Longs
    heads: Longs
    seconds: Seconds
    nodes: int

    @classmethod
    def none(cls) -> Links:
        """Return no links."""
        nothing = np.empty(0, dtype=np.int64)
        return cls(nothing, nothing, np.empty(0, dtype=np.float32), 0)


def grid_graph(terrain: Terrain, bits: Bits, links: Links, *, towards: bool = False) -> Graph:
    """Return the graph of a terrain's steps and of links.

    Parameters
    ----------
    terrain : Terrain
    bits : ndarray of uint16
        As `open_steps` returns them.
    links : Links
        Already in the direction of the sweep.
    towards : bool
        Steps take the time of their way back.

    Returns
    -------
    Graph
        Eight bytes an edge, some 130 a node.
    """
    steps = np.bitwise_count(bits).reshape(-1).astype(np.int64)
    counts = np.concatenate([steps, np.zeros(links.nodes, dtype=np.int64)])
    counts += np.bincount(links.tails, minlength=len(counts))
    indptr = np.concatenate([[0], np.cumsum(counts)])
    edges = np.empty(indptr[-1], dtype=EDGE)
    whole = edges.view(_WHOLE)
    high, wide = terrain.pace.shape
    rows = max(1, _BAND // wide)
    for low in range(0, high, rows):
        top = min(low + rows, high)
        chosen = _lay_band(terrain, bits, low, top, towards=towards)
        first, last = low * wide, top * wide
        if indptr[last] - indptr[first] == len(chosen):
            whole[indptr[first] : indptr[last]] = chosen
        else:
            before = np.cumsum(steps[first:last]) - steps[first:last]
            at = np.repeat(indptr[first:last] - before, steps[first:last]) + np.arange(len(chosen))
            whole[at] = chosen
    _lay_links(edges, links, indptr[:-1] + np.concatenate([steps, np.zeros(links.nodes, dtype=np.int64)]))
    return Graph(indptr.astype(np.int32), edges)


def _lay_band(terrain: Terrain, bits: Bits, low: int, top: int, *, towards: bool) -> npt.NDArray[np.uint64]:
    """Return the steps from some rows, node by node: few rows at a time stay in the processor's cache."""
    high, wide = terrain.pace.shape
    south, north = max(0, low - 2), min(high, top + 2)
    part = replace(terrain, height_m=terrain.height_m[south:north], pace=terrain.pace[south:north])
    numbers = np.arange(south * wide, north * wide, dtype=np.int32).reshape(-1, wide)
    block = np.empty((north - south, wide, len(STEPS)), dtype=EDGE)
    for number, step in enumerate(STEPS):
        if north - south <= abs(step[1]) or wide <= abs(step[0]):
            continue
        here = block[..., number]
        shift(here["node"], step)[...] = shift(numbers, step) + np.int32(step[1] * wide + step[0])
        shift(here["seconds"], step)[...] = _step_seconds(part, step, towards=towards)
    # Little-endian bytes, so that bit k of a node is its k-th step.
    taken = np.unpackbits(bits[low:top].astype("<u2").view(np.uint8), axis=None, bitorder="little").reshape(
        top - low, wide, len(STEPS)
    )
    return np.asarray(block.view(_WHOLE)[low - south : top - south][taken.view(np.bool_)])


def _lay_links(edges: npt.NDArray[np.void], links: Links, after: Longs) -> None:
    """Put links behind the steps of the nodes that they start from."""
    order = np.argsort(links.tails, kind="stable")
    tail = links.tails[order]
    at = after[tail] + np.arange(len(tail)) - np.searchsorted(tail, tail)
    edges["node"][at], edges["seconds"][at] = links.heads[order], links.seconds[order]
