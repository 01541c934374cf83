"""Bows: curves between two places that leave to the right, so that the ways there and back lie apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

_VERTICES = 17
_RISE = 0.1
"""How far the middle lies beside the straight line, as a share of its length."""


def draw_bows(starts: npt.ArrayLike, ends: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return a parabola from each start to its end, bent to the right as one travels.

    Parameters
    ----------
    starts, ends : array_like of float, shape (n, 2)
        In a plane, both with y upwards.

    Returns
    -------
    ndarray of shapely LineString, shape (n,)

    Examples
    --------
    >>> there, back = draw_bows([[0, 0], [10, 0]], [[10, 0], [0, 0]])
    >>> there.interpolate(0.5, normalized=True).wkt, back.interpolate(0.5, normalized=True).wkt
    ('POINT (5 -1)', 'POINT (5 1)')
    """
    begin, end = (np.asarray(given, dtype=float).reshape(-1, 1, 2) for given in (starts, ends))
    step = np.linspace(0.0, 1.0, _VERTICES)[None, :, None]
    right = (end - begin)[..., ::-1] * np.array([1.0, -1.0])
    return np.asarray(
        shapely.linestrings(begin + (end - begin) * step + right * _RISE * 4 * step * (1 - step))
    )
