"""Cleaning of rasters of classes: ragged edges rounded, narrow gaps bridged, patches too small given away.

Everything on masks only ever grows with the mask: of two masks, one inside the other, the results lie inside
each other too. Counts are whole numbers, so no rounding breaks that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from spatial.engine.rasters.patches import label_patches

Truths = npt.NDArray[np.bool_]
Classes = npt.NDArray[np.uint8]

_ROUNDS = 4
_FEW = 4
"""Cells up to which sums are added one by one."""
_PASSES = 2
"""Boxes laid over each other: two make a pyramid, whose half-way line bends smoothly round corners."""


def count_round(mask: npt.NDArray[Any], radius: int) -> npt.NDArray[Any]:
    """Return how many cells of a mask lie round each cell, near ones counted more often.

    Parameters
    ----------
    mask : ndarray of bool or uint8, shape (h, w)
        Nothing lies beyond its edge.
    radius : int
        In cells, of each of two boxes that are laid over each other: a cell reaches twice as far.

    Returns
    -------
    ndarray of int16 or int32, shape (h, w)
        From 0 to ``(2 radius + 1)⁴``.

    Examples
    --------
    >>> count_round(np.array([[0, 0, 1, 0, 0]], np.uint8), 1).tolist()
    [[1, 2, 3, 2, 1]]
    """
    kind = np.int16 if (2 * radius + 1) ** (2 * _PASSES) <= np.iinfo(np.int16).max else np.int32
    found = mask.astype(kind)
    for _ in range(_PASSES):
        for axis in (0, 1):
            found = _sum_along(found, radius, axis)
    return found


def _sum_along(values: npt.NDArray[Any], radius: int, axis: int) -> npt.NDArray[Any]:
    """Return sums of each cell and `radius` cells before and behind it, in the same whole numbers."""
    size = values.shape[axis]
    pad = [(0, 0), (0, 0)]
    pad[axis] = (radius, radius) if radius <= _FEW else (radius + 1, radius)
    framed = np.pad(values, pad)
    parts = [framed, framed.swapaxes(0, 1)][axis]
    if radius <= _FEW:
        found = parts[:size].copy()
        for step in range(1, 2 * radius + 1):
            found += parts[step : step + size]
    else:
        # Running sums may overflow, but their differences are right again.
        total = np.cumsum(parts, axis=0, dtype=values.dtype)
        found = total[2 * radius + 1 :] - total[:size]
    return found if axis == 0 else np.ascontiguousarray(found.swapaxes(0, 1))


def round_edges(mask: Truths, radius: int) -> Truths:
    """Return a mask with its edges rounded: cells that lie more in it than out of it.

    Parameters
    ----------
    mask : ndarray of bool, shape (h, w)
    radius : int
        As in `count_round`; 0 changes nothing. What is narrower than about so many cells goes.

    Examples
    --------
    >>> mask = np.zeros((7, 7), bool)
    >>> mask[1:6, 1:6] = True
    >>> mask[0, 3] = True
    >>> round_edges(mask, 1)[:2].astype(int).tolist()
    [[0, 0, 0, 0, 0, 0, 0], [0, 0, 1, 1, 1, 0, 0]]
    """
    if radius < 1:
        return mask.copy()
    full = (2 * radius + 1) ** (2 * _PASSES)
    return count_round(mask, radius) > full // 2


def bridge_gaps(mask: Truths, reach: int) -> Truths:
    """Return a mask with gaps of up to twice `reach` cells bridged: spread by so much, then drawn back.

    Examples
    --------
    >>> bridge_gaps(np.array([[1, 0, 0, 1, 0, 0, 0]] * 3, bool), 1)[1].astype(int).tolist()
    [1, 1, 1, 1, 0, 0, 0]
    """
    if reach < 1 or not mask.any():
        return mask.copy()
    framed = np.pad(mask, reach + 1)
    found = ~spread_mask(~spread_mask(framed, reach), reach)
    return found[reach + 1 : -reach - 1, reach + 1 : -reach - 1] | mask


def spread_mask(mask: Truths, reach: int) -> Truths:
    """Return a mask spread by so many cells: an octagon, by crosses and squares in turn, for a disc.

    Examples
    --------
    >>> spread_mask(np.array([[0, 0, 0, 1]], bool), 2).astype(int).tolist()
    [[0, 1, 1, 1]]
    """
    found = mask.copy()
    for step in range(reach):
        before = found.copy()
        found[1:] |= before[:-1]
        found[:-1] |= before[1:]
        if step % 2:
            # Rows first, then columns of what that made: a square.
            before = found.copy()
        found[:, 1:] |= before[:, :-1]
        found[:, :-1] |= before[:, 1:]
    return found


def drop_patches(mask: Truths, least_cells: float, keep: Truths | None = None) -> Truths:
    """Return a mask without patches of fewer cells, but with those that hold a cell of `keep`.

    Cells that only share a corner do not hold together.

    Examples
    --------
    >>> drop_patches(np.array([[1, 1, 0, 1, 0]], bool), 2).astype(int).tolist()
    [[1, 1, 0, 0, 0]]
    """
    label, count = _label(mask)
    stays = np.bincount(label.ravel(), minlength=count + 1) >= least_cells
    if keep is not None:
        stays[label[keep & mask]] = True
    stays[0] = False
    return stays[label]


def fill_holes(mask: Truths, least_cells: float, never: Truths | None = None) -> Truths:
    """Return a mask with enclosed holes of fewer cells filled, but for those that hold a cell of `never`.

    Examples
    --------
    >>> ring = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], bool)
    >>> int(fill_holes(ring, 2).sum()), int(fill_holes(ring, 1).sum())
    (9, 8)
    """
    label, count = _label(~mask)
    sizes = np.bincount(label.ravel(), minlength=count + 1)
    fills = sizes < least_cells
    for edge in (label[0], label[-1], label[:, 0], label[:, -1]):
        fills[edge] = False
    if never is not None:
        fills[label[never & ~mask]] = False
    fills[0] = False
    return mask | fills[label]


def _label(mask: Truths) -> tuple[npt.NDArray[np.int32], int]:
    from scipy.ndimage import label

    found, count = label(mask)
    return found, int(count)


def clean_mask(
    mask: Truths,
    *,
    radius: int = 1,
    bridge: int = 0,
    least_patch: float = 0,
    least_hole: float = 0,
    must: Truths | None = None,
    never: Truths | None = None,
) -> Truths:
    """Return a mask made fit to be drawn: gaps bridged, edges rounded, small patches and holes gone.

    Parameters
    ----------
    mask : ndarray of bool, shape (h, w)
    radius, bridge : int
        As in `round_edges` and `bridge_gaps`, cells.
    least_patch, least_hole : float
        Cells; patches that hold land of `must` stay however small.
    must, never : ndarray of bool, optional
        Cells that are in the result whatever the mask says, and cells that are not; `never` prevails.

    Examples
    --------
    >>> mask = np.zeros((9, 9), bool)
    >>> mask[2:7, 2:7] = True
    >>> mask[0, 0], mask[4, 4] = True, False
    >>> cleaned = clean_mask(mask, least_patch=4, least_hole=4)
    >>> int(cleaned.sum()), bool(cleaned[4, 4]), bool(cleaned[0, 0])
    (21, True, False)
    """
    out = np.zeros(mask.shape, dtype=bool) if never is None else never
    bound = np.zeros(mask.shape, dtype=bool) if must is None else must & ~out
    found = bridge_gaps(mask | bound, bridge) & ~out
    found = (round_edges(found, radius) | bound) & ~out
    found = drop_patches(found, least_patch, bound)
    return fill_holes(found, least_hole, out)


def round_classes(classes: Classes, radius: int, fixed: Truths | None = None) -> Classes:
    """Return classes with the edges between them rounded: each cell gets the class that most lies round it.

    Parameters
    ----------
    classes : ndarray of uint8, shape (h, w)
        0 missing: such cells stay so.
    radius : int
        As in `count_round`.
    fixed : ndarray of bool, optional
        Cells that keep their class.

    Returns
    -------
    ndarray of uint8
        Where classes tie, a cell keeps its own if that is among them, else it gets the lowest.

    Examples
    --------
    >>> round_classes(np.array([[1, 1, 2, 1, 1, 2, 2, 2, 2]], np.uint8), 1).tolist()
    [[1, 1, 1, 1, 1, 2, 2, 2, 2]]
    """
    found, most = classes.copy(), np.zeros(classes.shape, dtype=np.int32)
    if radius < 1:
        return found
    for kind in np.flatnonzero(np.bincount(classes.ravel(), minlength=256)):
        if kind == 0:
            continue
        own = classes == kind
        # Twice the count, and one more for the class that is there, settles ties in one comparison.
        count = 2 * count_round(own, radius).astype(np.int32) + own
        better = count > most
        found[better], most[better] = kind, count[better]
    stays = classes == 0 if fixed is None else (classes == 0) | fixed
    return np.where(stays, classes, found)


def give_away(classes: Classes, least_cells: Mapping[int, float], fixed: Truths | None = None) -> Classes:
    """Return classes without patches that are too small: their cells go to what lies nearest.

    Parameters
    ----------
    classes : ndarray of uint8, shape (h, w)
        0 missing: such cells stay so and take none.
    least_cells : mapping of int to float
        By class; classes that are not named keep all patches.
    fixed : ndarray of bool, optional
        Patches that hold such a cell stay.

    Returns
    -------
    ndarray of uint8
        Patches that grow together may reach the size, so the smallest are given away first, in rounds.
        A patch of all that there is stays.

    Examples
    --------
    >>> give_away(np.array([[1, 1, 1, 2, 3, 3, 0]], np.uint8), {2: 2, 3: 2}).tolist()
    [[1, 1, 1, 1, 3, 3, 0]]
    """
    found = classes.copy()
    limits = np.zeros(256)
    limits[list(least_cells)] = list(least_cells.values())
    for step in range(1, _ROUNDS + 1):
        label, kind = label_patches(found)
        sizes = np.bincount(label.ravel(), minlength=len(kind))
        small = sizes < limits[kind] * min(step / 2, 1.0)
        small[0] = False
        if fixed is not None:
            small[label[fixed]] = False
        if small.any():
            found = _fill_nearest(found, small[label])
        elif step > 1:
            break
    return found


def _fill_nearest(classes: Classes, gone: Truths) -> Classes:
    """Return classes with the cells that are gone given to the nearest that stay, if there is one."""
    found = np.pad(np.where(gone, np.uint8(0), classes), 1).ravel()
    open_ = np.flatnonzero(np.pad(gone, 1))
    wide = classes.shape[1] + 2
    while len(open_):
        taken = np.zeros(len(open_), dtype=np.uint8)
        for step in (-wide, -1, 1, wide):
            taken = np.where(taken > 0, taken, found[open_ + step])
        if not taken.any():
            break
        found[open_] = taken
        open_ = open_[taken == 0]
    result = found.reshape(-1, wide)[1:-1, 1:-1]
    return np.where(gone & (result == 0), classes, result)


def spread_out(classes: Classes, reach: int) -> Classes:
    """Return classes with missing cells up to `reach` steps away given the class of the nearest.

    Examples
    --------
    >>> spread_out(np.array([[0, 0, 1, 2, 0, 0]], np.uint8), 1).tolist()
    [[0, 1, 1, 2, 2, 0]]
    """
    near = spread_mask(classes > 0, reach) if reach > 0 else classes > 0
    return _fill_nearest(classes, near & (classes == 0))
