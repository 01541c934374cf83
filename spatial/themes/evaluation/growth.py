"""Growth of the urban boundary 城镇开发边界: from the built area over the cheapest land to what is needed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spatial.engine.rasters.cleaning import (
    bridge_gaps,
    clean_mask,
    count_round,
    drop_patches,
    round_edges,
)
from spatial.engine.rasters.growing import reach_from, take_cheapest
from spatial.engine.rasters.patches import label_patches
from spatial.plan.proposals import Choice
from spatial.themes.evaluation.grounds import Ground

Truths = npt.NDArray[np.bool_]
Classes = npt.NDArray[np.uint8]
CONCENTRATED, ELASTIC, SPECIAL = 1, 2, 3


@dataclass(frozen=True, eq=False)
class Growth:
    """A boundary as cells.

    Parameters
    ----------
    zones : ndarray of uint8
        1 concentrated, 2 elastic, 3 special use, 0 outside.
    seeds : ndarray of bool
        Built land that it grew from.
    base_ha : float
        Urban land of the base year.
    most_ha : float
        What the boundary may hold in this alternative.
    aim_ha : float
        Of the concentrated zone: the need, no more than the limit lets be and no less than stands.
    """

    zones: Classes
    seeds: Truths
    base_ha: float
    most_ha: float
    aim_ha: float


def grow_boundary(ground: Ground, choice: Choice, never: Truths) -> Growth:
    """Grow the boundary from built land.

    The concentrated zone holds what is needed, the elastic zone the next cheapest land, the special-use zone
    open land in bays and holes between them. Rings below the least size do not stay.

    Parameters
    ----------
    ground : Ground
    choice : Choice
    never : ndarray of bool
        Land that others have.
    """
    free = ground.inside & ~never & ~ground.given_to_others("urban_boundary")
    sizes = _measure_groups(ground, choice, ground.built & free)
    seeds = sizes >= max(choice.patch_cells("urban.least_seed", ground.cell_m), 1)
    base = choice.base_ha if choice.base_ha is not None else float(ground.built.sum()) * ground.cell_ha
    most = base * (1 + choice.growth_share * (choice.limit - 1))
    special: float | None = None
    # At most: once more without the seeds whose ring stays too small, once with what special use leaves over.
    while True:
        aim = _size_core(choice, most, special, float(seeds.sum()) * ground.cell_ha)
        cost = _price(ground, choice, free, np.where(seeds, sizes, 0))
        room = most * (1 - choice.by_name("edge_margin")) - (special or 0.0)
        zones = _spread(ground, choice, seeds=seeds, cost=cost, free=free, aim_ha=aim, room_ha=room)
        kept = seeds & (zones > 0)
        if (kept != seeds).any():
            seeds = kept
            continue
        zones = _add_special(ground, choice, zones, free, special)
        if special is not None or (choice.need_ha is not None and aim >= choice.need_ha):
            return Growth(zones, seeds, base, most, aim)
        special = float((zones == SPECIAL).sum()) * ground.cell_ha


def _size_core(choice: Choice, most_ha: float, special_ha: float | None, stands_ha: float) -> float:
    """Return how large the concentrated zone is to be: the need as far as there is room, but all that stands.

    Room is kept for the special-use zone: for all of its share as long as it is not known what it comes to.
    """
    parts = 1 + choice.elastic_share + (choice.special_share if special_ha is None else 0.0)
    room = (most_ha * (1 - choice.by_name("edge_margin")) - (special_ha or 0.0)) / parts
    return max(room if choice.need_ha is None else min(choice.need_ha, room), stands_ha)


def _measure_groups(ground: Ground, choice: Choice, built: Truths) -> npt.NDArray[np.int64]:
    """Return how many built cells the group has that a built cell is in, 0 elsewhere.

    Groups hold together over short gaps.
    """
    joined = bridge_gaps(built, choice.cells("urban.join", ground.cell_m))
    label, kind = label_patches(joined.astype(np.uint8))
    sizes = np.bincount(label[built], minlength=len(kind))
    return np.where(built, sizes[label], 0)


def _by_size(choice: Choice, sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Return how much dearer land is beside towns that are smaller than the largest."""
    from scipy.ndimage import distance_transform_edt

    if not sizes.any():
        return np.ones(sizes.shape, dtype=np.float32)
    nearest = distance_transform_edt(sizes == 0, return_distances=False, return_indices=True)
    share = sizes[tuple(nearest)] / sizes.max()
    return np.asarray(share ** -choice.by_name("urban.size_power"), dtype=np.float32)


def _price(
    ground: Ground, choice: Choice, free: Truths, sizes: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    """Return what each cell costs to grow over; infinite where that is not to be."""
    table = choice.table
    by_grade = np.full(256, np.inf, dtype=np.float32)
    for grade, cost in table.value("urban.cost").items():
        by_grade[grade] = cost
    cost = by_grade[ground.layers["urban_concentrated"]]
    good = ground.where("farming_concentrated", table.value("farmland.good"))
    good &= ground.where("ecosystem", choice.cultivated)
    cost = np.where(good, cost * np.float32(table.value("urban.good_farmland")), cost)
    radius = choice.cells("urban.window", ground.cell_m) // 2
    density = count_round(ground.built, radius) / np.float32((2 * radius + 1) ** 4)
    cost *= 1 + np.float32(table.value("urban.infill")) * (1 - density)
    cost *= _by_size(choice, sizes)
    barred = ground.where("ecosystem", choice.barred)
    barred |= ground.where("ecology_importance", table.value("redline.classes"))
    return np.where(free & ~barred, cost, np.float32(np.inf))


def _spread(
    ground: Ground,
    choice: Choice,
    *,
    seeds: Truths,
    cost: npt.NDArray[np.float32],
    free: Truths,
    aim_ha: float,
    room_ha: float,
) -> Classes:
    """Return the concentrated and the elastic zone: the latter no larger than what stands leaves room for."""
    stands = int(seeds.sum())
    core = max(round(aim_ha / ground.cell_ha) - stands, 0)
    whole = core + round(aim_ha * choice.elastic_share / ground.cell_ha)
    whole = max(min(whole, math.floor(room_ha / ground.cell_ha) - stands), core)
    reached = reach_from(seeds, cost, whole)
    beyond = np.where(seeds, np.float32(np.inf), reached)
    all_ = take_cheapest(beyond, whole) | seeds
    cell_m = ground.cell_m
    mask = clean_mask(
        all_,
        radius=choice.cells("smooth", cell_m),
        least_hole=choice.patch_cells("urban.least_hole", cell_m),
        must=seeds,
        never=~free,
    )
    mask = drop_patches(mask, choice.least_ring_ha / ground.cell_ha)
    # Of what was reached, the dearest is the reserve; what rounding and filling took in is not.
    last = np.where(mask & all_ & ~seeds, -reached, np.float32(np.inf))
    # Rounding may take from the one and give to the other, so the shares are not used up.
    share = choice.elastic_share * (1 - choice.by_name("edge_margin"))
    most = int(np.count_nonzero(mask) * share / (1 + share))
    reserve = take_cheapest(last, min(whole - core, most))
    zones = np.where(mask, np.where(reserve, ELASTIC, CONCENTRATED), 0)
    return zones.astype(np.uint8)


def _add_special(
    ground: Ground, choice: Choice, zones: Classes, free: Truths, most_ha: float | None
) -> Classes:
    """Return the zones with the open land that is most enclosed by them as special use, up to its share."""
    held = zones > 0
    share = choice.special_share * (1 - choice.by_name("edge_margin"))
    most = int(np.count_nonzero(zones == CONCENTRATED) * share)
    if most_ha is not None:
        most = min(most, round(most_ha / ground.cell_ha))
    reach = choice.cells("urban.special_reach", ground.cell_m)
    bays = bridge_gaps(held, reach) & ~held & free
    least = choice.patch_cells("urban.least_hole", ground.cell_m)
    bays = drop_patches(bays & round_edges(bays, 1), least)
    enclosed = np.where(bays, -count_round(held, reach // 2 + 1).astype(np.float32), np.float32(np.inf))
    taken = drop_patches(take_cheapest(enclosed, most), least)
    return np.where(taken, np.uint8(SPECIAL), zones)
