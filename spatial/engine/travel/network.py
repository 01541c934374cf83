"""The network record: one mode's graph as arrays, with the roads that its edges run along.

Two levels are kept apart. **Nodes and directed edges** (compressed rows by tail) are what the kernels
sweep. **Roads** are the lines that people see and places lie on: each has a shape, and runs forward (as
drawn) and backward between its ends. A junction with turn restrictions is several nodes at one place, so
the node where a run along a road *begins* and the one where it *ends* are stored for each direction.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import shapely

from spatial.errors import GeometryError

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Seconds = npt.NDArray[np.float32]
Truths = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]
Mode = Literal["drive", "cycle", "walk"]

FAR = np.float32(1e9)
"""Seconds that stand for "not reached" and "not allowed": large, finite, exact in float32."""

_TEXTS = ("road_class", "road_name")


@dataclass(frozen=True, eq=False)
class Network:
    """A road network of one mode.

    Parameters
    ----------
    crs : str
        Metric system of `node_xy` and `shape_xy`, such as ``EPSG:4546``.
    mode : str
        ``drive``, ``cycle`` or ``walk``.
    node_xy : ndarray of float64, shape (n, 2)
        Places of the nodes, metres, in Hilbert order. A junction with turn restrictions is several nodes
        at one place.
    indptr : ndarray of int32, shape (n + 1,)
        Directed edges of node i are ``indptr[i]:indptr[i + 1]``.
    heads : ndarray of int32, shape (m,)
        Node that each directed edge leads to.
    seconds : ndarray of float32, shape (m,)
        Time along each directed edge, > 0.
    road : ndarray of int32, shape (m,)
        Road that each directed edge runs along.
    forward : ndarray of bool, shape (m,)
        Whether the edge runs as its road is drawn.
    road_nodes : ndarray of int32, shape (r, 2)
        Node where the forward run begins (the road's start) and where the backward run begins (its end).
    road_exits : ndarray of int32, shape (r, 2)
        Node where the forward run ends and where the backward run ends. Equal to `road_nodes` turned round
        unless the junction is split.
    road_seconds : ndarray of float32, shape (r, 2)
        Time of the forward and of the backward run; `FAR` where not allowed.
    road_m : ndarray of float64, shape (r,)
        Length on the ellipsoid, metres (along the slope is not added).
    road_class : ndarray of str, shape (r,)
        Class, such as ``primary``.
    road_name : ndarray of str, shape (r,)
        Name, ``""`` where there is none.
    road_paved : ndarray of int8, shape (r,)
        1 paved, 0 not, -1 unknown.
    road_id : ndarray of int64, shape (r,)
        Way or feature that the road comes from; of several, the longest.
    shape_start : ndarray of int64, shape (r + 1,)
        Vertices of road i are ``shape_xy[shape_start[i]:shape_start[i + 1]]``, from start to end.
    shape_xy : ndarray of float64, shape (k, 2)
        Vertices, metres.
    shape_aloft : ndarray of bool, shape (k,)
        Whether the step from each vertex to the next is a bridge or a tunnel.
    component : ndarray of int32, shape (n,)
        Rank of the node's strongly connected component; 0 is the largest.
    more_begins, more_ends : ndarray of int32, shape (any, 3)
        Further (road, direction, node) where a run along the road may begin or end: at split junctions
        only; direction 0 is forward, 1 backward.
    notes : tuple of str
        What was counted and left out while building.

    Notes
    -----
    From a sweep's arrival times `a`, a place at share t along road r is reached at
    ``min(begin[r, 0] + t * road_seconds[r, 0], begin[r, 1] + (1 - t) * road_seconds[r, 1])`` with
    ``begin = network.begin_seconds(a)``. A start at that place sends ``(1 - t) * road_seconds[r, 0]`` to
    node ``road_exits[r, 0]`` and ``t * road_seconds[r, 1]`` to ``road_exits[r, 1]`` (and to the nodes of
    `more_ends`, which only a reversed network has). A direction whose `road_seconds` are `FAR` is left out
    of both, not multiplied by a share.
    """

    crs: str
    mode: Mode
    node_xy: Floats
    indptr: Ints
    heads: Ints
    seconds: Seconds
    road: Ints
    forward: Truths
    road_nodes: Ints
    road_exits: Ints
    road_seconds: Seconds
    road_m: Floats
    road_class: Texts
    road_name: Texts
    road_paved: npt.NDArray[np.int8]
    road_id: Longs
    shape_start: Longs
    shape_xy: Floats
    shape_aloft: Truths
    component: Ints
    more_begins: Ints
    more_ends: Ints
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int, int]:
        """Numbers of nodes, directed edges and roads."""
        return len(self.node_xy), len(self.heads), len(self.road_m)

    def tails(self) -> Ints:
        """Return the node that each directed edge starts from, shape (m,)."""
        return np.repeat(np.arange(len(self.node_xy), dtype=np.int32), np.diff(self.indptr))

    def reverse(self) -> Network:
        """Return the network with every edge turned round, for journeys towards a place.

        Roads keep their drawing direction: what was the forward run is now the backward one.
        """
        order = np.lexsort((np.arange(len(self.heads)), self.heads))
        counts = np.bincount(self.heads, minlength=len(self.node_xy))
        turned = np.array([0, 1, 0], dtype=np.int32)
        flip = np.array([1, -1, 1], dtype=np.int32)
        return replace(
            self,
            indptr=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
            heads=self.tails()[order],
            seconds=self.seconds[order],
            road=self.road[order],
            forward=~self.forward[order],
            road_nodes=np.ascontiguousarray(self.road_exits[:, ::-1]),
            road_exits=np.ascontiguousarray(self.road_nodes[:, ::-1]),
            road_seconds=np.ascontiguousarray(self.road_seconds[:, ::-1]),
            more_begins=turned + flip * self.more_ends,
            more_ends=turned + flip * self.more_begins,
        )

    def begin_seconds(self, arrival: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return when a run along each road can begin, forward and backward.

        Parameters
        ----------
        arrival : ndarray, shape (..., n)
            Seconds at the nodes, `FAR` where not reached.

        Returns
        -------
        ndarray, shape (..., r, 2)
            Least over the nodes of a split junction that let one turn into the road. Directions that are
            not allowed are not marked here: their `road_seconds` are `FAR`.
        """
        begin = arrival[..., self.road_nodes]
        _lower(begin, self.more_begins, arrival)
        return begin

    def road_components(self) -> Ints:
        """Return the component rank that each road can be both reached from and left to, shape (r,).

        -1 where the two differ, such as on a one-way road out of an island.
        """
        open_ways = self.road_seconds < FAR
        worst = np.int32(len(self.node_xy))
        begin = np.where(open_ways, self.begin_seconds(self.component), worst)
        end = np.where(open_ways, self.component[self.road_exits], worst)
        _lower(end, self.more_ends, self.component)
        reached, left = begin.min(axis=1), end.min(axis=1)
        return np.where((reached == left) & (reached < worst), reached, -1).astype(np.int32)

    def shapes(self, roads: npt.NDArray[Any] | None = None) -> Texts:
        """Return the lines of all roads, or of those asked for, as shapely LineStrings in `crs`."""
        roads = np.arange(len(self.road_m)) if roads is None else np.asarray(roads)
        counts = np.diff(self.shape_start)[roads]
        first = np.repeat(self.shape_start[roads] - np.cumsum(counts) + counts, counts)
        vertices = self.shape_xy[first + np.arange(counts.sum())]
        return shapely.linestrings(vertices, indices=np.repeat(np.arange(len(roads)), counts))


def _lower(table: npt.NDArray[Any], more: Ints, values: npt.NDArray[Any]) -> None:
    """Lower entries (..., road, direction) to the least value of the further nodes that stand for them."""
    road, way, node = more.T
    seen = np.moveaxis(table, (-2, -1), (0, 1))
    np.minimum.at(seen, (road, way), np.moveaxis(values[..., node], -1, 0))


def to_arrays(network: Network) -> dict[str, npt.NDArray[Any]]:
    """Return a network as plain arrays, ready for ``np.savez``: no objects, texts as codes and vocabulary."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    for field in fields(network):
        value = getattr(network, field.name)
        if field.name in _TEXTS:
            words, codes = np.unique(value.astype(str), return_inverse=True)
            arrays[f"{field.name}_words"], arrays[field.name] = words, codes.astype(np.int32)
        else:
            arrays[field.name] = np.asarray(value, dtype=str if field.name == "notes" else None)
    return arrays


def from_arrays(arrays: dict[str, npt.NDArray[Any]]) -> Network:
    """Return the network that `to_arrays` took apart.

    Raises
    ------
    GeometryError
        An array is missing: written by another version.
    """
    values: dict[str, Any] = {}
    try:
        for field in fields(Network):
            value: Any = arrays[field.name]
            if field.name in _TEXTS:
                value = arrays[f"{field.name}_words"].astype(object)[value]
            elif field.name == "notes":
                value = tuple(str(note) for note in value)
            values[field.name] = str(value) if field.name in ("crs", "mode") else value
    except KeyError as error:
        raise GeometryError(f"a saved network lacks {error}; build it again") from error
    return Network(**values)
