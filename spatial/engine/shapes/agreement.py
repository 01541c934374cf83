"""Agreement: several parties each say of every face of a coverage what it may be, and where they differ.

What a party says is a set of classes, kept as the bits of one number: a code that means one of three classes
sets three bits, silence sets none. Nothing here knows what parties or classes are.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from spatial.errors import Fault, GeometryError

Masks = npt.NDArray[np.uint64]
Integers = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]

MOST_CLASSES = 64
"""Bits of a mask."""
AGREED, OPEN, DISPUTED, SILENT = range(4)
"""All who speak share one class; share several; share none; nobody speaks."""


class Said(NamedTuple):
    """What each party says of each face.

    Parameters
    ----------
    masks : numpy.ndarray of uint64, shape (faces, parties)
        Classes that a party gives; 0 where it is silent.
    torn : numpy.ndarray of bool, shape (faces, parties)
        Whether the party contradicts itself there: its own claims share no class. Its mask holds them all.
    """

    masks: Masks
    torn: Truths


def encode_sets(sets: Any, classes: int) -> Masks:
    """Return the mask of each set of class positions.

    Parameters
    ----------
    sets : sequence of sequence of int
        Positions of classes, each below `classes`.
    classes : int
        How many there are, 64 at most.

    Raises
    ------
    GeometryError
        More classes than a mask has bits.

    Examples
    --------
    >>> encode_sets([[0], [1, 2], []], 3).tolist()
    [1, 6, 0]
    """
    if classes > MOST_CLASSES:
        problem = f"{classes} classes; {MOST_CLASSES} can be told apart"
        raise GeometryError(Fault("", str(classes), problem, "compare by coarser classes"))
    return np.array([sum(1 << int(item) for item in set(row)) for row in sets], dtype=np.uint64)


def gather_claims(face: Any, party: Any, mask: Any, shape: tuple[int, int]) -> Said:
    """Return what parties say of faces, from their single claims.

    Parameters
    ----------
    face, party : array-like of int
        Positions, one pair for each claim on a face.
    mask : array-like of uint64
        Classes of each claim; a claim of no class says nothing.
    shape : (int, int)
        How many faces and parties there are.

    Returns
    -------
    Said
        Where claims of one party share classes, those; else all of them, and the party is torn.

    Examples
    --------
    >>> said = gather_claims([0, 0, 1, 1], [0, 0, 0, 1], [1, 2, 3, 2], (2, 2))
    >>> said.masks.tolist(), said.torn.tolist()
    ([[3, 0], [3, 2]], [[True, False], [False, False]])
    """
    face, party = np.asarray(face, dtype=np.int64), np.asarray(party, dtype=np.int64)
    mask = np.asarray(mask, dtype=np.uint64)
    speaks = mask != 0
    face, party, mask = face[speaks], party[speaks], mask[speaks]
    every = np.full(shape, np.iinfo(np.uint64).max, dtype=np.uint64)
    some = np.zeros(shape, dtype=np.uint64)
    np.bitwise_and.at(every, (face, party), mask)
    np.bitwise_or.at(some, (face, party), mask)
    torn = (every == 0) & (some != 0)
    return Said(np.where(torn | (some == 0), some, every), torn)


def judge_faces(masks: Masks) -> tuple[Integers, Masks]:
    """Tell of each face whether the parties that speak of it agree.

    Parameters
    ----------
    masks : numpy.ndarray of uint64, shape (faces, parties)

    Returns
    -------
    numpy.ndarray of int64
        `AGREED`, `OPEN`, `DISPUTED` or `SILENT`.
    numpy.ndarray of uint64
        The classes that all who speak share; 0 where they share none or nobody speaks.

    Examples
    --------
    >>> state, common = judge_faces(np.array([[1, 3], [3, 7], [1, 2], [0, 0], [0, 4]], dtype=np.uint64))
    >>> state.tolist(), common.tolist()
    ([0, 1, 2, 3, 0], [1, 3, 0, 0, 4])
    """
    silent = (masks == 0).all(axis=1)
    common = np.bitwise_and.reduce(np.where(masks == 0, np.iinfo(np.uint64).max, masks), axis=1)
    common[silent] = 0
    single = np.bitwise_count(common) == 1
    state = np.select([silent, common == 0, single], [SILENT, DISPUTED, AGREED], OPEN)
    return state.astype(np.int64), common


def number_claims(masks: Masks, *others: Any) -> Integers:
    """Return a number for each different row of claims and of whatever else tells features apart.

    Examples
    --------
    >>> number_claims(np.array([[1, 2], [1, 2], [4, 2]], dtype=np.uint64), [0, 1, 0]).tolist()
    [0, 1, 2]
    """
    columns = [np.asarray(other).astype(np.uint64)[:, None] for other in others]
    rows = np.ascontiguousarray(np.hstack([masks, *columns]))
    if not len(rows):
        return np.empty(0, dtype=np.int64)
    _, first, inverse = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[inverse.ravel()], dtype=np.int64)


def cross_areas(masks: Masks, areas: Any, one: int, other: int) -> dict[tuple[int, int], float]:
    """Return how much area two parties give each pair of what they say; silence is 0.

    Examples
    --------
    >>> cross_areas(np.array([[1, 2], [1, 2], [1, 0]], dtype=np.uint64), [2.0, 3.0, 5.0], 0, 1)
    {(1, 0): 5.0, (1, 2): 5.0}
    """
    pairs, inverse = np.unique(masks[:, [one, other]], axis=0, return_inverse=True)
    sums = np.bincount(inverse.ravel(), weights=np.asarray(areas, dtype=np.float64), minlength=len(pairs))
    return {
        (int(pair[0]), int(pair[1])): float(total)
        for pair, total in zip(pairs, sums, strict=True)
        if pair.any()
    }
