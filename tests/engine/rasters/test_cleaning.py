"""Cleaning holds on any raster: nested masks stay nested, sizes are kept to, nothing moves that is fixed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import binary_closing, convolve1d, distance_transform_edt, label

from spatial.engine.rasters.cleaning import (
    bridge_gaps,
    clean_mask,
    count_round,
    drop_patches,
    fill_holes,
    give_away,
    round_classes,
    round_edges,
    spread_mask,
    spread_out,
)

SHAPES = st.tuples(st.integers(1, 18), st.integers(1, 18))
MASKS = arrays(bool, SHAPES)
CLASSES = arrays(np.uint8, SHAPES, elements=st.integers(0, 4))


@given(MASKS, st.integers(0, 7))
def test_counts_are_two_boxes_laid_over_each_other(mask: np.ndarray, radius: int) -> None:
    expected = mask.astype(np.int64)
    for _ in range(2):
        for axis in (0, 1):
            expected = convolve1d(expected, np.ones(2 * radius + 1, int), axis=axis, mode="constant")
    np.testing.assert_array_equal(count_round(mask, radius), expected)


def test_counts_of_wide_windows_do_not_overflow() -> None:
    assert int(count_round(np.ones((60, 60), bool), 12)[30, 30]) == 25**4


@given(MASKS, st.integers(1, 4))
def test_spread_lies_between_a_disc_and_a_square(mask: np.ndarray, reach: int) -> None:
    spread = spread_mask(mask, reach)
    if not mask.any():
        assert not spread.any()
        return
    away, nearest = distance_transform_edt(~mask, return_indices=True)
    rows, columns = np.indices(mask.shape)
    assert not (spread & (np.abs(rows - nearest[0]) + np.abs(columns - nearest[1]) > 2 * reach)).any()
    assert spread[away <= reach * 0.7].all()
    assert not spread[away > reach * 1.42].any()


@settings(max_examples=60)
@given(arrays(np.uint8, SHAPES, elements=st.integers(0, 2)), st.data())
def test_cleaning_grows_with_the_mask(levels: np.ndarray, data: st.DataObject) -> None:
    small, large = levels == 2, levels >= 1
    must = data.draw(arrays(bool, levels.shape)) & small
    never = data.draw(arrays(bool, levels.shape))
    options = {
        "radius": data.draw(st.integers(0, 2)), "bridge": data.draw(st.integers(0, 2)),
        "least_patch": data.draw(st.integers(0, 12)), "least_hole": data.draw(st.integers(0, 12)),
    }  # fmt: skip
    inner = clean_mask(small, must=must, never=never, **options)
    outer = clean_mask(large, must=must, never=never, **options)
    assert not (inner & ~outer).any()
    for found in (inner, outer):
        assert found[must & ~never].all()
        assert not found[never].any()


@given(MASKS, st.integers(1, 9))
def test_patches_and_holes_keep_their_least_size(mask: np.ndarray, least: int) -> None:
    kept = drop_patches(mask, least)
    numbers, count = label(kept)
    assert all(size >= least for size in np.bincount(numbers.ravel(), minlength=count + 1)[1:])
    assert not (kept & ~mask).any()
    filled = fill_holes(mask, least)
    numbers, count = label(~filled)
    edge = set(np.concatenate([numbers[0], numbers[-1], numbers[:, 0], numbers[:, -1]]).tolist())
    sizes = np.bincount(numbers.ravel(), minlength=count + 1)
    assert all(sizes[hole] >= least for hole in range(1, count + 1) if hole not in edge)


@given(MASKS, st.integers(1, 3))
def test_bridges_only_add_and_bridge_no_more_when_done_again(mask: np.ndarray, reach: int) -> None:
    bridged = bridge_gaps(mask, reach)
    assert not (mask & ~bridged).any()
    np.testing.assert_array_equal(bridge_gaps(bridged, reach), bridged)


def test_a_bridge_by_crosses_is_a_closing() -> None:
    mask = np.random.default_rng(3).random((40, 40)) < 0.3
    framed = np.pad(mask, 3)
    expected = binary_closing(framed)[3:-3, 3:-3]
    np.testing.assert_array_equal(bridge_gaps(mask, 1), expected | mask)


def test_rounding_leaves_straight_edges_and_takes_strips_and_teeth() -> None:
    mask = np.zeros((30, 30), bool)
    mask[:, :15] = True
    inner = slice(5, 25)
    np.testing.assert_array_equal(round_edges(mask, 2)[inner, inner], mask[inner, inner])
    teeth = mask.copy()
    teeth[::4, 15] = True
    strip = mask.copy()
    strip[:, 25] = True
    for ragged in (teeth, strip):
        np.testing.assert_array_equal(round_edges(ragged, 2)[inner, inner], mask[inner, inner])


@given(CLASSES, st.integers(0, 2), st.data())
def test_rounding_classes_moves_nothing_fixed_and_fills_nothing(
    classes: np.ndarray, radius: int, data: st.DataObject
) -> None:
    fixed = data.draw(arrays(bool, classes.shape))
    found = round_classes(classes, radius, fixed)
    np.testing.assert_array_equal(found[fixed], classes[fixed])
    np.testing.assert_array_equal(found == 0, classes == 0)
    assert set(np.unique(found)) <= set(np.unique(classes))


@given(CLASSES, st.integers(2, 9), st.data())
def test_patches_given_away_are_large_enough_or_alone(
    classes: np.ndarray, least: int, data: st.DataObject
) -> None:
    fixed = data.draw(arrays(bool, classes.shape, elements=st.sampled_from([False] * 9 + [True])))
    found = give_away(classes, {1: least, 2: least}, fixed)
    np.testing.assert_array_equal(found == 0, classes == 0)
    np.testing.assert_array_equal(found[fixed & (classes > 2)], classes[fixed & (classes > 2)])
    land, _ = label(classes > 0)
    for kind in (1, 2):
        numbers, _ = label(found == kind)
        for number in range(1, numbers.max() + 1):
            patch = numbers == number
            island = land == land[patch][0]
            alone = (found[island] == kind).all()
            assert patch.sum() >= least or alone or (fixed & patch).any() or island.sum() < 2 * least


def test_a_patch_goes_to_what_lies_nearest() -> None:
    classes = np.full((9, 9), 3, np.uint8)
    classes[:, :4] = 1
    classes[4, 3:5] = 2
    found = give_away(classes, {2: 5})
    assert found[4, 3] == 1
    assert found[4, 4] == 3


@given(CLASSES, st.integers(0, 3))
def test_spreading_out_keeps_what_is_there(classes: np.ndarray, reach: int) -> None:
    found = spread_out(classes, reach)
    np.testing.assert_array_equal(found[classes > 0], classes[classes > 0])
    np.testing.assert_array_equal(found > 0, spread_mask(classes > 0, reach))


@pytest.mark.parametrize("function", [lambda mask: bridge_gaps(mask, 2), lambda mask: drop_patches(mask, 3)])
def test_an_empty_mask_stays_empty(function: object) -> None:
    assert not function(np.zeros((5, 6), bool)).any()  # type: ignore[operator]
