"""Tracing: strips of any height give the patches of the whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from spatial.engine.rasters.patches import measure_patches
from spatial.engine.rasters.tracing import trace_patches

fields = arrays.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 9)), elements=st.integers(0, 2))


def cut(classes, rows):
    return [classes[begin : begin + rows] for begin in range(0, len(classes), rows)]


def hold_to_the_whole(classes, rows, diagonal):
    whole, strips = measure_patches(classes, 10.0, diagonal), cut(classes, rows)
    traced = trace_patches(iter(strips), 10.0, diagonal)
    assert len(traced.kind) == len(whole.kind)
    for ours, theirs, rel in (
        (traced.kind, whole.kind, 0), (traced.area_m2, whole.area_m2, 0), (traced.ratio, whole.ratio, 1e-6),
    ):  # fmt: skip
        spread = np.concatenate([traced.spread(ours, number, strip) for number, strip in enumerate(strips)])
        np.testing.assert_allclose(spread, whole.spread(theirs), rtol=rel)
    assert np.isnan(traced.ratio[0])


@settings(deadline=None)
@given(fields, st.integers(1, 5), st.booleans())
def test_strips_give_the_patches_of_the_whole(classes, rows, diagonal):
    hold_to_the_whole(classes, rows, diagonal)


@pytest.mark.parametrize("diagonal", [False, True])
def test_a_comb_is_one_patch_that_many_parts_make(diagonal):
    """Its teeth are apart in all strips but the last, where its back joins them."""
    comb = np.zeros((40, 41), np.uint8)
    comb[:, ::2] = 3
    comb[-1] = 3
    hold_to_the_whole(comb, 7, diagonal)
    assert trace_patches(cut(comb, 7), 1.0, diagonal).kind.tolist() == [0, 3]


def test_a_rough_raster():
    random = np.random.default_rng(0)
    ground = np.cumsum(np.cumsum(random.normal(size=(300, 200)), 0), 1)
    classes = np.digitize(ground, np.quantile(ground, [0.2, 0.4, 0.6, 0.8])).astype(np.uint8)
    classes[random.random(classes.shape) < 0.2] = 5
    for rows in (1, 64, 300):
        hold_to_the_whole(classes, rows, False)


@pytest.mark.parametrize("strips", [[], [np.zeros((2, 3), np.uint8)] * 2])
def test_nothing_has_no_patches(strips):
    traced = trace_patches(strips, 10.0)
    assert traced.kind.tolist() == traced.cells.tolist() == [0]
    for number, strip in enumerate(strips):
        assert np.isnan(traced.spread(traced.ratio, number, strip)).all()
