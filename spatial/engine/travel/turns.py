"""Turn restrictions: which run along a road may not be followed by which, and the junctions they split."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spatial.engine.travel.chains import Roads
from spatial.engine.travel.network import Longs
from spatial.engine.travel.roads import Pieces, RoadTable

Bans = npt.NDArray[np.int64]
"""Rows (run in, run out): what comes in by the first may not go out by the second."""


def find_bans(table: RoadTable, pieces: Pieces) -> tuple[Bans, tuple[str, ...]]:
    """Turn restrictions between ways into bans between runs along pieces.

    Parameters
    ----------
    table : RoadTable
    pieces : Pieces
        As cut from `table`; run ``2 p`` goes as piece p is drawn, run ``2 p + 1`` against it.

    Returns
    -------
    ndarray of int64, shape (k, 2)
        Each ban once, sorted.
    tuple of str
        How many restrictions are honoured, and how many are not and why: a way that passes through the
        junction leaves open which side is meant.
    """
    arrive, leave = _gather_runs(table, pieces)
    leave_all = defaultdict[int, list[int]](list)
    for (via, _), runs in leave.items():
        leave_all[via] += runs
    bans: set[tuple[int, int]] = set()
    seen: Counter[str] = Counter()
    for (source, via, target), only in zip(table.turns.tolist(), table.turn_only.tolist(), strict=True):
        into, out = arrive.get((via, source), []), leave.get((via, target), [])
        if not into or not out:
            seen["turn restrictions between ways that do not meet or are closed, without effect"] += 1
        elif len(into) > 1 or len(out) > 1:
            seen["turn restrictions on a way that passes through the junction, ignored"] += 1
        else:
            seen["turn restrictions honoured"] += 1
            banned = [run for run in leave_all[via] if run != out[0]] if only else out
            bans |= {(into[0], run) for run in banned}
    notes = tuple(f"{what}: {count}" for what, count in sorted(seen.items()))
    return np.array(sorted(bans), dtype=np.int64).reshape(-1, 2), notes


_Runs = dict[tuple[int, int], list[int]]


def _gather_runs(table: RoadTable, pieces: Pieces) -> tuple[_Runs, _Runs]:
    """Return the allowed runs that arrive at and leave each via vertex, by (vertex id, way id)."""
    via = np.flatnonzero(np.isin(pieces.place_id, table.turns[:, 1]))
    entry = pieces.ends.ravel()
    allowed = pieces.kmh.ravel() > 0
    arrive, leave = (
        defaultdict[tuple[int, int], list[int]](list),
        defaultdict[tuple[int, int], list[int]](list),
    )
    for runs, place, gathered in (
        (np.arange(len(entry)), entry, leave),
        (np.arange(len(entry)), entry.reshape(-1, 2)[:, ::-1].ravel(), arrive),
    ):
        at = runs[allowed & np.isin(place, via)]
        keys = zip(
            pieces.place_id[place[at]].tolist(), table.way_id[pieces.way[at // 2]].tolist(), strict=True
        )
        for key, run in zip(keys, at.tolist(), strict=True):
            gathered[key].append(run)
    return arrive, leave


def lift_bans(bans: Bans, roads: Roads) -> Bans:
    """Turn bans between runs along pieces into bans between runs along the roads they were joined into.

    The via places must have stayed ends of roads.
    """
    return 2 * roads.road_of[bans // 2] + (bans % 2 ^ roads.flipped[bans // 2])


@dataclass(frozen=True, eq=False)
class Split:
    """Junctions split by bans: what comes in by a restricted run arrives at a node of its own.

    Parameters
    ----------
    node_place : ndarray of int64, shape (c,)
        Place of each further node.
    entry_node : dict of int to int
        Further node, from 0, where a restricted run arrives; other runs arrive at the place itself.
    barred : tuple of frozenset of int
        Runs that may not be taken from each further node.
    """

    node_place: Longs
    entry_node: dict[int, int]
    barred: tuple[frozenset[int], ...]


def split_junctions(bans: Bans, exit_place: Longs) -> Split:
    """Make a further node for every set of banned runs at a place.

    Parameters
    ----------
    bans : ndarray of int64, shape (k, 2)
        Between runs along roads.
    exit_place : ndarray of int64, shape (2 r,)
        Place where each run ends.
    """
    barred_by = defaultdict[int, set[int]](set)
    for into, out in bans.tolist():
        barred_by[into].add(out)
    number: dict[tuple[int, frozenset[int]], int] = {}
    entry_node = {
        into: number.setdefault((int(exit_place[into]), frozenset(outs)), len(number))
        for into, outs in sorted(barred_by.items())
    }
    places = np.array([place for place, _ in number], dtype=np.int64)
    return Split(places, entry_node, tuple(barred for _, barred in number))
