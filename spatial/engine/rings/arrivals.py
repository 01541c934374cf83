"""When each place along the roads is reached: the samples that a set of rings is made from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from spatial.engine.rings.lattice import Samples, Spots, lay_roads, place_on_lattice
from spatial.engine.travel.network import FAR, Floats, Ints, Longs, Network, Seconds, Truths
from spatial.engine.travel.snapping import Snaps


@dataclass(frozen=True, eq=False)
class Origins:
    """Where journeys begin (or end, on a reversed network).

    With them a ring knows the road between a start and the first node, and the way from a place to its road.

    Parameters
    ----------
    snaps : Snaps
        Starts on the network; those that did not snap are passed over.
    lead_s : ndarray of float64, shape (q,)
        Seconds already spent when the road is reached.
    places : ndarray of float64, shape (q, 2)
        The starts themselves, metres, reached at 0 s; NaN where only the place on the road counts.
    """

    snaps: Snaps
    lead_s: Floats
    places: Floats

    @classmethod
    def of(cls, snaps: Snaps, places: npt.ArrayLike | None = None, *, lead_s: npt.ArrayLike = 0.0) -> Origins:
        """Return origins of snapped starts; places and seconds may be left out.

        Examples
        --------
        >>> snaps = Snaps(np.array([4], np.int32), np.array([0.5]), np.array([12.0]))
        >>> Origins.of(snaps, lead_s=9).lead_s.tolist()
        [9.0]
        """
        count = len(snaps.road)
        where = np.full((count, 2), np.nan) if places is None else np.asarray(places, dtype=float)
        return cls(snaps, np.broadcast_to(np.asarray(lead_s, dtype=float), (count,)), where.reshape(count, 2))


@dataclass(frozen=True, eq=False)
class Scene:
    """Samples that matter to some rings, with their times.

    Parameters
    ----------
    seconds : ndarray of float32, shape (s,)
        Arrival; `FAR` where not reached.
    cell, spot : ndarray
        As in `Samples`.
    narrow : ndarray of bool, shape (s,)
        Where one cannot leave the road to its side.
    aloft : ndarray of bool, shape (s,)
        On a bridge or in a tunnel: no ground of its own.
    start_xy : ndarray of float64, shape (q, 2)
        The starts, metres.
    start_s : ndarray of float64, shape (q,)
        Seconds at the starts.
    """

    seconds: Seconds
    cell: Ints
    spot: Spots
    narrow: Truths
    aloft: Truths
    start_xy: Floats
    start_s: Floats


def survey(
    network: Network,
    arrival: Seconds,
    limit_s: float,
    *,
    cell_m: float,
    margin: int,
    fenced: tuple[str, ...] = (),
    origins: Origins | None = None,
    towards: bool = False,
) -> Scene:
    """Gather the samples that rings up to a limit are made from.

    Parameters
    ----------
    network : Network
    arrival : ndarray of float32, shape (n,)
        Seconds at the nodes, `FAR` where not reached.
    limit_s : float
        Longest time asked for.
    cell_m : float
        Side of a cell, metres.
    margin : int
        Cells round the reached roads within which roads that are not reached matter.
    fenced : tuple of str
        Classes of road that one cannot leave to the side.
    origins : Origins, optional
        Without them the nodes of least arrival are the starts.
    towards : bool
        Journeys lead to the starts, though the network is not reversed.

    Returns
    -------
    Scene
        Complete for every limit up to `limit_s`.
    """
    samples = lay_roads(network, cell_m)
    begin, run = _runs(network, arrival, towards=towards)
    touched = (begin[:, 0] <= limit_s) | (begin[:, 1] <= limit_s)
    if origins is not None:
        touched[origins.snaps.road[origins.snaps.road >= 0]] = True
    roads = np.flatnonzero(touched)
    entry, counts = samples.of_roads(roads)
    seconds = _times(begin[roads], run[roads], samples.share[entry], counts)
    aside = _aside(network, arrival, cell_m) if origins is None else _lead_in(origins, network, cell_m)
    if origins is not None:
        _start_along(origins, run, samples, roads, seconds)
    reached = np.concatenate([np.take(samples.cell, entry[seconds <= limit_s], axis=1), aside.cell], axis=1)
    near = _roads_near(samples, ~touched, reached, margin)
    further, more = samples.of_roads(near)
    every = np.concatenate([entry, further])
    shut = np.repeat(
        samples.of_classes(fenced)[np.concatenate([roads, near])], np.concatenate([counts, more])
    )
    aloft = samples.aloft[every]
    return Scene(
        seconds=np.concatenate([seconds, np.full(len(further), FAR), aside.seconds]),
        cell=np.concatenate([np.take(samples.cell, every, axis=1), aside.cell], axis=1),
        spot=np.concatenate([samples.spot[every], aside.spot]),
        narrow=np.concatenate([shut | aloft, aside.narrow]),
        aloft=np.concatenate([aloft, aside.aloft]),
        start_xy=aside.start_xy,
        start_s=aside.start_s,
    )


def _runs(network: Network, arrival: Seconds, *, towards: bool) -> tuple[Seconds, Seconds]:
    """Return when runs along each road begin, as drawn and against it, and how long they take."""
    begin, run = network.begin_seconds(arrival), network.road_seconds
    if towards:
        begin = arrival[network.road_exits]
        road, way, node = network.more_ends.T
        np.minimum.at(begin, (road, way), arrival[node])
        begin, run = begin[:, ::-1], run[:, ::-1]
    return np.where(run < FAR, begin, FAR), run


def _times(begin: Seconds, run: Seconds, share: Seconds, counts: Longs) -> Seconds:
    """Return the arrival at samples: by the forward run or by the backward one, whichever is first."""
    forward = np.repeat(begin[:, 0], counts) + share * np.repeat(run[:, 0], counts)
    backward = np.repeat(begin[:, 1], counts) + (1 - share) * np.repeat(run[:, 1], counts)
    return np.minimum(np.minimum(forward, backward), FAR)


def _start_along(origins: Origins, run: Seconds, samples: Samples, roads: Longs, seconds: Seconds) -> None:
    """Lower the times along the roads that starts lie on to those of going there directly."""
    used = np.flatnonzero(origins.snaps.road >= 0)
    road = origins.snaps.road[used]
    entry, counts = samples.of_roads(road)
    first = np.concatenate([[0], np.cumsum(np.diff(samples.first)[roads])])
    at = (
        np.repeat(first[np.searchsorted(roads, road)], counts)
        + entry
        - np.repeat(samples.first[road], counts)
    )
    ahead = samples.share[entry] - np.repeat(origins.snaps.share[used], counts)
    way = np.repeat(run[road].astype(np.float64), counts, axis=0)
    took = np.where(ahead >= 0, ahead * way[:, 0], -ahead * way[:, 1])
    took[np.where(ahead >= 0, way[:, 0], way[:, 1]) >= FAR] = FAR
    when = np.minimum(np.repeat(origins.lead_s[used], counts) + took, FAR)
    np.minimum.at(seconds, at, when.astype(np.float32))


def _roads_near(samples: Samples, among: Truths, cell: Ints, margin: int) -> Longs:
    """Return the roads, of those asked for, whose box comes within a margin of the cells."""
    if not cell.shape[1]:
        return np.empty(0, dtype=np.int64)
    (left, low), (right, high) = cell.min(axis=1) - margin, cell.max(axis=1) + margin
    first_column, first_row, last_column, last_row = samples.box
    across = (first_column <= right) & (last_column >= left)
    return np.flatnonzero(among & across & (first_row <= high) & (last_row >= low))


def _aside(network: Network, arrival: Seconds, cell_m: float) -> Scene:
    """Return the nodes of least arrival as starts; ends of roads, they need no samples of their own."""
    least = np.flatnonzero((arrival == arrival.min()) & (arrival < FAR))
    return _scene(
        np.empty((0, 2)), np.empty(0), network.node_xy[least], arrival[least].astype(np.float64), cell_m
    )


def _lead_in(origins: Origins, network: Network, cell_m: float) -> Scene:
    """Return the starts, with samples on the straight way from each place to its road."""
    used = np.flatnonzero(origins.snaps.road >= 0)
    lines = network.shapes(origins.snaps.road[used])
    points = shapely.line_interpolate_point(lines, origins.snaps.share[used], normalized=True)
    on_road, lead, place = shapely.get_coordinates(points), origins.lead_s[used], origins.places[used]
    away: Truths = np.asarray(np.isfinite(place).all(axis=1))
    place = np.where(away[:, None], place, on_road)
    start_s = np.where(away, 0.0, lead)
    way = on_road - place
    pieces = np.ceil(np.hypot(way[:, 0], way[:, 1]) / (cell_m / 2)).astype(np.int64) + 1
    start = np.repeat(np.arange(len(used)), pieces)
    step = np.arange(len(start)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    along = step / np.maximum(pieces - 1, 1)[start]
    xy = place[start] + along[:, None] * way[start]
    return _scene(xy, start_s[start] + along * (lead - start_s)[start], place, start_s, cell_m)


def _scene(xy: Floats, seconds: Floats, start_xy: Floats, start_s: Floats, cell_m: float) -> Scene:
    cell, spot = place_on_lattice(xy, cell_m)
    free = np.zeros(len(xy), dtype=bool)
    none = np.zeros(len(free), dtype=bool)
    return Scene(seconds.astype(np.float32), cell, spot, free, none, start_xy, start_s.astype(np.float64))
