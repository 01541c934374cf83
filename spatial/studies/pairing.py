"""Rows of two versions of a layer brought together: by what they are, not by the number they bear."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.engine.shapes.overlays import intersect_areas

SHAPE = "geometry"
Integers = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]
_NONE = -1


def shapes_of(frame: pd.DataFrame) -> Shapes:
    """Return the shapes of a layer's rows; nulls where it has none."""
    if SHAPE not in frame.columns:
        return np.full(len(frame), None, dtype=object)
    return np.asarray(frame[SHAPE].to_numpy(), dtype=object)


def pair_rows(
    old: pd.DataFrame, new: pd.DataFrame, old_class: pd.Series[Any], new_class: pd.Series[Any]
) -> tuple[Integers, Integers]:
    """Say which row of one version is which of the other.

    Parameters
    ----------
    old, new : DataFrame or GeoDataFrame
        The layer in each version; unique ``id``.
    old_class, new_class : pandas.Series
        Class of each row, such as its zone; same order.

    Returns
    -------
    old, new : numpy.ndarray of int64
        Positions of the pairs, in the order of the newer version. Rows in none are alone.

    Notes
    -----
    Ids are often running numbers: one parcel less, and all that follow bear another. So rows are paired, each
    once, by the first of these that holds: the same in all but perhaps the id; the same shape and class; the
    same shape; polygons of one class that have the most land in common, each with the other; polygons of
    other classes likewise; the same id. Where ids are consecutive numbers in both versions, rows paired by
    them must bear the same name too; so must polygons that share no land.

    Examples
    --------
    >>> old = pd.DataFrame({"id": ["z-1", "z-2", "z-3"], "name": ["甲", "乙", "丙"]})
    >>> new = pd.DataFrame({"id": ["z-1", "z-2"], "name": ["乙", "丙"]})
    >>> none = pd.Series(["all"] * 3)
    >>> [made.tolist() for made in pair_rows(old, new, none, none[:2])]
    [[1, 2], [0, 1]]
    """
    partner = np.full(len(new), _NONE, dtype=np.int64)
    for one, other in _list_keys(old, new, old_class, new_class):
        _pair_equal(partner, one, other)
    for same in (True, False):
        _pair_overlapping(partner, (shapes_of(old), shapes_of(new)), (old_class, new_class), same=same)
    _pair_named(partner, old, new)
    found = np.flatnonzero(partner != _NONE)
    return partner[found], found


def _list_keys(
    old: pd.DataFrame, new: pd.DataFrame, old_class: pd.Series[Any], new_class: pd.Series[Any]
) -> Iterator[tuple[pd.Series[Any], pd.Series[Any]]]:
    """Yield what rows may be the same by, strictest first; null where a row has no such thing."""
    shared = [key for key in new.columns if key in old.columns and key != SHAPE]
    ones, others = (pd.Series(shapely.to_wkb(shapes_of(frame)), dtype=object) for frame in (old, new))
    for columns in (shared, [key for key in shared if key != "id"]):
        yield _join(old, columns, ones), _join(new, columns, others)
    yield _with(ones, old_class), _with(others, new_class)
    yield ones, others


def _join(frame: pd.DataFrame, columns: list[str], shapes: pd.Series[Any]) -> pd.Series[Any]:
    cells = [_spell(frame[key]) for key in columns]
    return pd.Series(list(zip(*cells, shapes.tolist(), strict=True)), dtype=object)


def _spell(values: pd.Series[Any]) -> list[object]:
    """Return values that are equal where they are, null to null too."""
    plain = values.astype(object)
    return list(plain.where(plain.notna(), None))


def _with(shapes: pd.Series[Any], classes: pd.Series[Any]) -> pd.Series[Any]:
    pairs = pd.Series(list(zip(shapes.tolist(), _spell(classes), strict=True)), dtype=object)
    return pairs.where(shapes.notna(), None)


def _pair_equal(partner: Integers, one: pd.Series[Any], other: pd.Series[Any]) -> None:
    """Pair rows not yet paired whose keys are equal; the first with the first where several are."""
    left = np.setdiff1d(np.arange(len(one)), partner[partner != _NONE])
    right = np.flatnonzero(partner == _NONE)
    keys, wanted = one.iloc[left], other.iloc[right]
    left, keys = left[keys.notna().to_numpy()], keys[keys.notna()]
    right, wanted = right[wanted.notna().to_numpy()], wanted[wanted.notna()]
    known: dict[object, list[int]] = {}
    for at, key in zip(left[::-1].tolist(), keys.tolist()[::-1], strict=True):
        known.setdefault(key, []).append(at)
    for at, key in zip(right.tolist(), wanted.tolist(), strict=True):
        if known.get(key):
            partner[at] = known[key].pop()


def _pair_overlapping(
    partner: Integers,
    shapes: tuple[Shapes, Shapes],
    classes: tuple[pd.Series[Any], pd.Series[Any]],
    *,
    same: bool,
) -> None:
    """Pair polygons not yet paired that have more land in common with each other than with any third."""
    left = np.setdiff1d(np.arange(len(shapes[0])), partner[partner != _NONE])
    right = np.flatnonzero(partner == _NONE)
    left, right = (at[_is_land(all_[at])] for at, all_ in zip((left, right), shapes, strict=True))
    if not len(left) or not len(right):
        return
    made = intersect_areas(shapes[0][left], shapes[1][right])
    one, other, area = left[made.left], right[made.right], made.area
    if same:
        keys = [np.array(_spell(values), dtype=object) for values in classes]
        alike = keys[0][one] == keys[1][other]
        one, other, area = one[alike], other[alike], area[alike]
    # Largest first, and among equals in the order of the rows, so that the pairs do not hang on chance.
    order = np.lexsort((other, one, -area))
    best_of_old = dict(zip(one[order][::-1].tolist(), other[order][::-1].tolist(), strict=True))
    best_of_new = dict(zip(other[order][::-1].tolist(), one[order][::-1].tolist(), strict=True))
    for at, mate in best_of_new.items():
        if best_of_old[mate] == at:
            partner[at] = mate


def _is_land(shapes: Shapes) -> npt.NDArray[np.bool_]:
    return (shapely.get_dimensions(shapes) == 2) & ~shapely.is_empty(shapes) & shapely.is_valid(shapes)


def _pair_named(partner: Integers, old: pd.DataFrame, new: pd.DataFrame) -> None:
    """Pair what is left by the id, and by the name too where the id alone says little."""
    counted = _is_counted(old["id"]) and _is_counted(new["id"])
    keys = []
    for frame in (old, new):
        loose = counted | _is_land(shapes_of(frame))
        names = frame["name"].astype(object).where(pd.Series(loose, index=frame.index), None)
        keys.append(pd.Series(list(zip(frame["id"], names, strict=True)), dtype=object))
    _pair_equal(partner, *keys)


def _is_counted(ids: pd.Series[Any]) -> bool:
    """Say whether ids are numbers that run without a gap, within each beginning that they have.

    One row alone says nothing, so it is taken for one.
    """
    parts = ids.astype("str").str.extract(r"^(.*?)(\d+)$")
    if parts.isna().to_numpy().any():
        return False
    numbers = parts[1].astype(object).map(int).groupby(parts[0])
    return bool((numbers.max() - numbers.min() + 1 == numbers.size()).all())
