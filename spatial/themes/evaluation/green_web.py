"""Web of the green network 绿色网络: corridors between patches, how well they connect, where they crowd."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spatial.engine.rasters.connectivity import (
    Indices,
    Web,
    Weights,
    gain_of_links,
    label_parts,
    measure_web,
    weigh_patches,
)
from spatial.engine.rasters.corridors import (
    Contacts,
    Corridor,
    Ground,
    find_contacts,
    lay_ground,
    surround,
    trace_corridor,
)
from spatial.engine.rasters.currents import find_crowds, spread_current
from spatial.plan.rules import RuleTable
from spatial.themes.evaluation.green_land import GreenLand

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pinch:
    """Where a corridor crowds: the cell that carries most, its share, and how many cells are narrow."""

    row: int
    column: int
    share: float
    cells: int


@dataclass(frozen=True, eq=False)
class Way:
    """A corridor of the network.

    Parameters
    ----------
    ends : (int, int)
        Patches, from 1.
    tree : bool
        Whether it belongs to the tree that joins all patches at the least cost; else it is a way round.
    cost, restored, resistance : float
        Least cost, what it would be once restored, and that of all ways of the band together.
    chance : float
        Probability of getting along it.
    path : ndarray of int64, shape (k, 2)
        Row and column of its cells.
    peak : float
        Greatest share of the current through one cell of the band of ways that are hardly costlier.
    pinches : tuple of Pinch
        The worst first, no more than the rules ask for.
    """

    ends: tuple[int, int]
    tree: bool
    cost: float
    restored: float
    resistance: float
    chance: float
    path: Longs
    peak: float
    pinches: tuple[Pinch, ...]


@dataclass(frozen=True, eq=False)
class GreenWeb:
    """Corridors, and what patches and corridors come to.

    Parameters
    ----------
    ways : tuple of Way
    reach : float
        Cost that the dispersal distance stands for.
    gains : tuple of float
        By how much PC rises, in per cent, when only this way is restored.
    weights : Weights
        Of each patch.
    part : ndarray of int64, shape (n,)
        Which part of the network each patch belongs to, by corridors within reach; 1 is the largest.
    links : ndarray of int64, shape (n,)
        Neighbours of each patch whose least cost is within reach, with a corridor of their own or not.
    indices : dict of str to Indices
        ``present``, ``cores_only`` without stepping stones, ``restored`` with all corridors restored.
    """

    ways: tuple[Way, ...]
    reach: float
    gains: tuple[float, ...]
    weights: Weights
    part: Longs
    links: Longs
    indices: dict[str, Indices]


def green_web(green_land: GreenLand | None, green_table: RuleTable) -> GreenWeb | None:
    """Return corridors and connectivity; None without land."""
    if green_land is None:
        return None
    rules = green_table
    reach = float(rules.value("dispersal.distance") * rules.value("dispersal.resistance"))
    chance = float(rules.value("dispersal.chance"))
    land, region = green_land, green_land.region_ha
    if min(land.grid.shape) < 2 or not len(land.area_ha):
        return _nothing(reach)
    ground = lay_ground(land.resistance, land.grid.cell_m)
    around = surround(ground, land.label)
    contacts = find_contacts(ground, around)
    kept = contacts.tree | (chance ** (contacts.cost / reach) >= rules.value("loop.chance"))
    found = {}
    for number in np.flatnonzero(kept).tolist():
        corridor = trace_corridor(ground, around, land.label, contacts, number)
        if contacts.tree[number] or not corridor.via:
            found[number] = _survey(corridor, land, rules, (reach, chance), tree=bool(contacts.tree[number]))
    now, later = contacts.cost.copy(), contacts.cost.copy()
    for number, way in found.items():
        now[number], later[number] = way.cost, way.restored
    web = Web(land.area_ha, contacts.pairs - 1, now, reach, chance)
    near, gains = web.pairs[web.near], gain_of_links(web, later)
    return GreenWeb(
        ways=tuple(found.values()),
        reach=reach,
        gains=tuple(gains[list(found)].tolist()),
        weights=weigh_patches(web),
        part=label_parts(web),
        links=np.bincount(near.ravel(), minlength=len(land.area_ha)),
        indices={
            "cores_only": measure_web(_cores_web(ground, land, (reach, chance)), region),
            "present": measure_web(web, region),
            "restored": measure_web(Web(web.areas, web.pairs, later, reach, chance), region),
        },
    )


def _nothing(reach: float) -> GreenWeb:
    none, numbers = np.zeros(0), np.zeros(0, dtype=np.int64)
    return GreenWeb((), reach, (), Weights(none, none, none), numbers, numbers, {})


def _cores_web(ground: Ground, land: GreenLand, moves: tuple[float, float]) -> Web:
    """Return the web of the cores alone: stepping stones are then land that is easy to cross."""
    label = np.where(land.label <= land.cores, land.label, 0).astype(np.int32)
    areas = land.area_ha[: land.cores]
    if not land.cores:
        return Web(areas, np.zeros((0, 2), dtype=np.int64), np.zeros(0), *moves)
    contacts: Contacts = find_contacts(ground, surround(ground, label))
    return Web(areas, contacts.pairs - 1, contacts.cost, *moves)


def _survey(
    corridor: Corridor, land: GreenLand, rules: RuleTable, moves: tuple[float, float], *, tree: bool
) -> Way:
    """Return a corridor with what it would cost restored, and its worst pinches."""
    window = corridor.window
    reach, chance = moves
    slack = rules.value("band.slack") * rules.value("dispersal.resistance")
    band = corridor.near(max(slack, rules.value("band.share") * corridor.cost), rules.value("band.most"))
    label, cell_m = land.label[window], land.grid.cell_m
    first, second = corridor.ends
    current = spread_current(land.resistance[window], cell_m, band, label == first, label == second)
    group, cells = find_crowds(current.share, cell_m / rules.value("pinch.width"))
    begins = np.flatnonzero(np.diff(group, prepend=-1))
    sizes = np.bincount(group, minlength=len(begins))
    worst = np.argsort(-current.share[tuple(cells[begins].T)], kind="stable")[: rules.value("pinch.most")]
    pinches = tuple(
        Pinch(
            int(cells[k, 0]) + corridor.row,
            int(cells[k, 1]) + corridor.column,
            float(current.share[tuple(cells[k])]),
            int(size),
        )
        for k, size in zip(begins[worst].tolist(), sizes[worst].tolist(), strict=True)
    )
    return Way(
        ends=corridor.ends,
        tree=tree,
        cost=corridor.cost,
        restored=min(corridor.cost, _restore(corridor.path, land, rules)),
        resistance=current.resistance,
        chance=float(chance ** (corridor.cost / reach)),
        path=corridor.path,
        peak=float(current.share.max()),
        pinches=pinches,
    )


def _restore(path: Longs, land: GreenLand, rules: RuleTable) -> float:
    """Return what a way costs where no cell of it resists more than restored land does."""
    most = float(rules.value("restored.resistance"))
    along = np.minimum(land.resistance[tuple(path.T)], most).astype(float)
    steps: Any = np.hypot(*np.diff(path, axis=0).T)
    return float((steps * (along[1:] + along[:-1]) / 2).sum() * land.grid.cell_m)
