"""What tests of several themes hold their layers to."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

Correct = Callable[..., np.ndarray]


@pytest.fixture
def hold_monotone() -> Callable[[Correct, np.ndarray, Mapping[str, np.ndarray]], None]:
    """Hold a correction of grades to it that one more factor never improves one, nor fills a gap."""

    def hold(correct: Correct, base: np.ndarray, factors: Mapping[str, np.ndarray]) -> None:
        given: dict[str, np.ndarray] = {}
        before = correct(base)
        for name, factor in factors.items():
            given[name] = factor
            after = correct(base, **given)
            assert (after >= before).all(), name
            np.testing.assert_array_equal(after == 0, base == 0)
            before = after

    return hold
