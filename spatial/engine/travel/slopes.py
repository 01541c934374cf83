"""Walking and cycling on slopes: times along roads from the heights beneath them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from spatial.engine.travel.network import FAR, Floats, Longs, Network, Truths
from spatial.errors import GeometryError

_LEVEL_CLASSES = ("ferry", "steps", "elevator")
"""Classes whose speed is that of the thing itself, not of the slope."""
_CYCLE_UP, _CYCLE_DOWN = 40.02 / 6.01, 23.79 / 6.01
_CYCLE_FASTEST = 35 / 21.6
_PUSH_SHARE = 4 / 15
_STEEPEST = 1.0
"""Rise over run that no road exceeds: what is steeper is the elevation model's error."""


def walk_factor(slope: npt.ArrayLike) -> Floats:
    """Return walking speed on a slope as a multiple of that on the flat.

    Tobler's hiking function (W. Tobler, *Three presentations on geographical analysis and modeling*,
    NCGIA Technical Report 93-1, 1993): ``6 exp(-3.5 |s + 0.05|)`` km/h, here divided by its value at 0.

    Parameters
    ----------
    slope : array-like of float
        Rise over run in the direction of travel: 0.1 climbs 10 m in 100 m.

    Examples
    --------
    >>> walk_factor([-0.05, 0.0, 0.1]).round(3).tolist()
    [1.191, 1.0, 0.705]
    """
    s = np.asarray(slope, dtype=float)
    return np.exp(-3.5 * (np.abs(s + 0.05) - 0.05))


def cycle_factor(slope: npt.ArrayLike) -> Floats:
    """Return cycling speed on a slope as a multiple of that on the flat.

    J. Parkin and J. Rotheram, *Design speeds and acceleration characteristics of bicycle traffic for use
    in planning, design and appraisal*, Transport Policy 17 (2010): 6.01 m/s on the flat, 0.4002 m/s less
    for each percent uphill, 0.2379 m/s more for each percent downhill, at most 35 km/h. Where riding would
    be slower than pushing on foot (4 of 15 km/h on the flat, slowed as walking is), one pushes.

    Parameters
    ----------
    slope : array-like of float
        Rise over run in the direction of travel.

    Examples
    --------
    >>> cycle_factor([-0.03, 0.0, 0.03, 0.12]).round(3).tolist()
    [1.119, 1.0, 0.8, 0.201]
    """
    s = np.asarray(slope, dtype=float)
    ride = np.minimum(1 - _CYCLE_UP * np.maximum(s, 0) - _CYCLE_DOWN * np.minimum(s, 0), _CYCLE_FASTEST)
    return np.maximum(ride, _PUSH_SHARE * walk_factor(s))


@dataclass(frozen=True, eq=False)
class RoadSamples:
    """Places at equal steps along roads, where heights are asked for.

    Parameters
    ----------
    start : ndarray of int64, shape (r + 1,)
        First place of each road; its first and last place are its ends.
    xy : ndarray of float64, shape (k, 2)
        Metres, in the network's `crs`.
    aloft : ndarray of bool, shape (k,)
        On a bridge or in a tunnel: the terrain's height is not the road's.
    """

    start: Longs
    xy: Floats
    aloft: Truths


def sample_roads(network: Network, step_m: float = 30.0) -> RoadSamples:
    """Return places along every road, at equal steps of about `step_m`.

    Parameters
    ----------
    network : Network
    step_m : float
        About the cell of the elevation model: finer steps would only measure its noise.

    Raises
    ------
    GeometryError
        `step_m` is not above zero.
    """
    if not step_m > 0:
        raise GeometryError(f"a step of {step_m} m is not above zero")
    lengths = np.hypot(*np.diff(network.shape_xy, axis=0).T)
    lengths[network.shape_start[1:-1] - 1] = 0.0  # from the end of one road to the start of the next
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    first, last = along[network.shape_start[:-1]], along[network.shape_start[1:] - 1]
    steps = np.maximum(np.round((last - first) / step_m), 1).astype(np.int64)
    start = np.concatenate([[0], np.cumsum(steps + 1)])
    within = np.arange(start[-1]) - np.repeat(start[:-1], steps + 1)
    at = np.repeat(first, steps + 1) + within * np.repeat((last - first) / steps, steps + 1)
    road = np.repeat(np.arange(len(steps)), steps + 1)
    vertex = np.searchsorted(along, at, side="right") - 1
    vertex = np.clip(vertex, network.shape_start[road], network.shape_start[road + 1] - 2)
    span = np.where(lengths[vertex] > 0, lengths[vertex], 1.0)
    share = np.clip((at - along[vertex]) / span, 0.0, 1.0)[:, None]
    xy = network.shape_xy[vertex] * (1 - share) + network.shape_xy[vertex + 1] * share
    return RoadSamples(start, xy, network.shape_aloft[vertex])


def climb_roads(network: Network, samples: RoadSamples, height_m: npt.ArrayLike) -> Network:
    """Return the network with its times along roads changed by the slope.

    Parameters
    ----------
    network : Network
        Of mode ``walk`` or ``cycle``, without slope so far; driving is returned as it is.
    samples : RoadSamples
        Of this network.
    height_m : array-like of float, shape (k,)
        Height at each place, NaN where unknown. On bridges and in tunnels, and where it is unknown, the
        height is interpolated along the road; a road without any keeps its time.

    Returns
    -------
    Network
        Uphill and downhill differ, so `road_seconds` do by direction. Ferries and steps keep theirs.

    Raises
    ------
    GeometryError
        The heights are not as many as the places.
    """
    height = np.array(height_m, dtype=float)
    if height.shape != samples.aloft.shape:
        raise GeometryError(f"{height.size} heights were given for {samples.aloft.size} places")
    if network.mode == "drive":
        return network
    unknown = ~np.isfinite(height)
    height[samples.aloft] = np.nan
    slope = _slopes(network, samples, _bridge_gaps(height, samples))
    factor = walk_factor if network.mode == "walk" else cycle_factor
    counts = np.diff(samples.start) - 1
    road = np.repeat(np.arange(len(counts)), counts)
    ratio = np.column_stack(
        [np.bincount(road, 1 / factor(sign * slope), minlength=len(counts)) / counts for sign in (1, -1)]
    )
    ratio[np.isin(network.road_class.astype(str), _LEVEL_CLASSES)] = 1.0
    seconds = np.where(network.road_seconds < FAR, network.road_seconds * ratio, FAR).astype(np.float32)
    notes: tuple[str, ...] = (f"roads walked or cycled with their slope: {len(counts)}",)
    if unknown.any():
        notes += (f"places on roads without a height, taken from the road's other places: {unknown.sum()}",)
    return replace(
        network,
        road_seconds=seconds,
        seconds=seconds[network.road, np.where(network.forward, 0, 1)],
        notes=network.notes + notes,
    )


def _bridge_gaps(height: Floats, samples: RoadSamples) -> Floats:
    """Interpolate unknown heights along each road; outside the known ones the nearest holds."""
    road = np.repeat(np.arange(len(samples.start) - 1), np.diff(samples.start))
    known = np.isfinite(height)
    # Far apart on one axis, roads cannot lend heights to each other but where one has none at all.
    place = np.arange(len(height)) + road * len(height)
    any_known = np.bincount(road[known], minlength=len(samples.start) - 1) > 0
    lost = ~any_known[road]
    if not known.any():
        return np.zeros_like(height)
    filled = _interpolate_within(place, height, known, road)
    filled[lost] = 0.0
    return filled


def _interpolate_within(place: Longs, height: Floats, known: Truths, road: Longs) -> Floats:
    """Interpolate between the known places before and after on the same road."""
    at = np.flatnonzero(known)
    after = np.clip(np.searchsorted(place[at], place), 0, len(at) - 1)
    before = np.clip(after - 1, 0, None)
    after, before = at[after], at[before]
    after = np.where(road[after] == road, after, before)
    before = np.where(road[before] == road, before, after)
    gap = np.where(after != before, place[after] - place[before], 1)
    share = np.clip((place - place[before]) / gap, 0.0, 1.0)
    return height[before] * (1 - share) + height[after] * share


def _slopes(network: Network, samples: RoadSamples, height: Floats) -> Floats:
    """Return rise over run of every step along every road."""
    inner = np.ones(len(height), dtype=bool)
    inner[samples.start[1:] - 1] = False
    at = np.flatnonzero(inner)
    counts = np.diff(samples.start) - 1
    run = np.repeat(network.road_m / counts, counts)
    return np.clip((height[at + 1] - height[at]) / np.maximum(run, 1e-3), -_STEEPEST, _STEEPEST)
