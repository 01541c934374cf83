"""Wedges and ellipses: hand-worked figures, and what turning or cutting the land must not change."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.engine.areas import straight_area_m2
from spatial.engine.geodesy import GEOD
from spatial.engine.shapes.dispersion import draw_wedge, measure_ellipse
from spatial.errors import GeometryError

CENTRE = (112.6, 35.1)


def rectangle(length_m: float, width_m: float, azimuth: float) -> shapely.Polygon:
    """A rectangle about the centre whose longer side has an azimuth, corners laid out by geodesics."""
    half = np.hypot(length_m, width_m) / 2
    lean = np.degrees(np.arctan2(width_m, length_m))
    turns = azimuth + np.array([lean, 180 - lean, 180 + lean, -lean])
    lon, lat, _ = GEOD.fwd(*([one] * 4 for one in CENTRE), turns, [half] * 4)
    return shapely.Polygon(np.column_stack([lon, lat]))


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 179.9), st.floats(1.2, 6))
def test_a_rectangle_has_the_ellipse_worked_out_by_hand_whatever_its_direction(
    azimuth: float, ratio: float
) -> None:
    found = measure_ellipse(rectangle(ratio * 200, 200, azimuth))
    assert found is not None
    # The variance of a side of length a is a² / 12.
    assert found.major_m == pytest.approx(ratio * 200 / 12**0.5, rel=3e-4)
    assert found.minor_m == pytest.approx(200 / 12**0.5, rel=3e-4)
    assert abs((found.azimuth_deg - azimuth + 90) % 180 - 90) < 0.05
    assert found.centre == pytest.approx(CENTRE, abs=1e-6)


def test_two_squares_apart_and_a_hole_are_worked_out_by_hand() -> None:
    # Squares of side 2 at x = ±5: variance across 4/12, along 4/12 + 25.
    def square(bearing: float) -> shapely.Polygon:
        lon, lat, _ = GEOD.fwd(*CENTRE, bearing, 5000)
        corners = GEOD.fwd([lon] * 4, [lat] * 4, [45, 135, 225, 315], [2000 / 2**0.5] * 4)
        return shapely.Polygon(np.column_stack(corners[:2]))

    pair = shapely.MultiPolygon([square(90), square(270)])
    found = measure_ellipse(pair)
    assert found is not None
    assert (found.major_m, found.minor_m) == pytest.approx(
        ((25 + 1 / 3) ** 0.5 * 1000, 1000 / 3**0.5), rel=1e-4
    )
    assert found.azimuth_deg == pytest.approx(90, abs=0.05)
    ring = shapely.difference(draw_wedge(CENTRE, 0, 360, 2000), draw_wedge(CENTRE, 0, 360, 1000))
    hollow = measure_ellipse(ring)
    assert hollow is not None
    # A ring from 1 to 2 has variance (1 + 4) / 4 along each axis.
    assert hollow.major_m == pytest.approx(1000 * (5 / 4) ** 0.5, rel=1e-3)
    assert hollow.azimuth_deg == 0 or hollow.major_m - hollow.minor_m < 1


def test_how_land_is_cut_into_parts_does_not_matter_and_nothing_has_no_ellipse() -> None:
    whole = rectangle(4000, 1000, 30)
    box = shapely.box(112.0, 35.0, CENTRE[0] + 0.003, 36.0)
    parts = shapely.MultiPolygon([shapely.intersection(whole, box), shapely.difference(whole, box)])
    one, two = measure_ellipse(whole), measure_ellipse(parts)
    assert one is not None
    assert two is not None
    assert (one.major_m, one.minor_m) == pytest.approx((two.major_m, two.minor_m), rel=1e-6)
    assert measure_ellipse(shapely.Polygon()) is None
    assert measure_ellipse(shapely.LineString([(112, 35), (113, 35)])) is None


def test_the_outline_has_the_axes_that_were_measured() -> None:
    found = measure_ellipse(rectangle(4000, 1000, 30))
    assert found is not None
    again = measure_ellipse(found.draw(2.0, 360))
    assert again is not None
    # An ellipse with semi-axes of two standard deviations has these deviations itself.
    assert (again.major_m, again.minor_m) == pytest.approx((found.major_m, found.minor_m), rel=1e-3)
    assert again.azimuth_deg == pytest.approx(found.azimuth_deg, abs=0.01)


@given(st.integers(1, 16), st.floats(500, 30_000))
@settings(max_examples=20, deadline=None)
def test_wedges_side_by_side_make_the_disc_without_overlap(count: int, reach_m: float) -> None:
    wedges = [draw_wedge(CENTRE, 360 * k / count, 360 / count, reach_m) for k in range(count)]
    areas = straight_area_m2(wedges)
    assert areas == pytest.approx(np.pi * reach_m**2 / count, rel=1e-3)
    whole = shapely.union_all(wedges)
    assert straight_area_m2([whole])[0] == pytest.approx(areas.sum(), rel=1e-9)


def test_a_wedge_without_area_is_refused() -> None:
    for width, reach in ((0, 100), (45, 0), (float("nan"), 10)):
        with pytest.raises(GeometryError, match="has no area"):
            draw_wedge(CENTRE, 0, width, reach)
