"""Relief: planes and valleys of known slope, GDAL and xarray-spatial as oracles, blocks without seams."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.ndimage import maximum_filter, minimum_filter

from spatial.engine.rasters.relief import aspect_deg, ls_factor, relief_m, slope_deg
from spatial.errors import GeometryError

NODATA = -32768.0
needs_gdal = pytest.mark.skipif(shutil.which("gdaldem") is None, reason="gdaldem is not installed (gdal-bin)")

heights = arrays.arrays(
    np.float32,
    st.tuples(st.integers(3, 14), st.integers(3, 14)),
    elements=st.one_of(st.just(np.float32(np.nan)), st.integers(-100, 5000).map(np.float32)),
)


def plane(east, north, shape=(5, 7), cell=30.0):
    row, column = np.mgrid[: shape[0], : shape[1]]
    return (1000 + cell * (column * east - row * north)).astype(np.float32)


def gdaldem(folder, mode, elevation, cell, *options):
    """Run gdaldem on heights; return what it makes, NaN where it says nothing."""
    source, target = folder / "dem.tif", folder / f"{mode}.tif"
    profile = {"driver": "GTiff", "dtype": "float32", "count": 1, "nodata": NODATA, "crs": "EPSG:4547"}
    high, wide = elevation.shape
    with rasterio.open(
        source, "w", height=high, width=wide, transform=Affine(cell, 0, 0, 0, -cell, high * cell), **profile
    ) as file:
        file.write(np.where(np.isnan(elevation), NODATA, elevation).astype(np.float32), 1)
    subprocess.run(["gdaldem", mode, source, target, "-q", *options], check=True, capture_output=True)
    with rasterio.open(target) as file:
        return file.read(1, masked=True).filled(np.nan)


def rough(seed=0, shape=(60, 80), holes=40):
    random = np.random.default_rng(seed)
    ground = np.cumsum(np.cumsum(random.normal(size=shape), 0), 1) + 500
    ground.ravel()[random.choice(ground.size, holes, replace=False)] = np.nan
    return ground.astype(np.float32)


@pytest.mark.parametrize(("east", "north"), [(0, 0), (0.1, 0), (0, -0.25), (0.3, 0.4), (-1, 1)])
def test_a_plane_has_its_slope_and_faces_down(east, north):
    ground = plane(east, north)
    slope, aspect = slope_deg(ground, 30.0), aspect_deg(ground, 30.0)
    assert slope.dtype == aspect.dtype == np.float32
    np.testing.assert_allclose(slope[1:-1, 1:-1], np.degrees(np.arctan(np.hypot(east, north))), rtol=1e-5)
    assert np.isnan(slope[[0, -1]]).all()
    assert np.isnan(slope[:, [0, -1]]).all()
    if east or north:
        down = np.degrees(np.arctan2(-east, -north)) % 360
        np.testing.assert_allclose(aspect[1:-1, 1:-1], down, rtol=1e-4, atol=1e-3)
    else:
        assert np.isnan(aspect).all()


def test_a_valley_converges_as_cells_shrink():
    """A cubic valley has a known slope everywhere; Horn's error falls with the square of the cell."""
    errors = []
    for cell in (20.0, 10.0, 5.0):
        side = np.arange(-200, 200 + cell, cell)
        x, y = np.meshgrid(side, -side)
        exact = np.degrees(np.arctan(np.hypot(3 * x**2, 2 * y * 1000) / 1e5))
        found = slope_deg(((x**3 + 1000 * y**2) / 1e5).astype(np.float32), cell)
        errors.append(np.nanmax(np.abs(found - exact)))
    assert errors[0] > 3 * errors[1]
    assert errors[1] > 3 * errors[2]


def test_horn_by_hand():
    """East: ((3+2*6+9) - (1+2*4+7)) / 80 = 0.1; north: ((1+2*2+3) - (7+2*8+9)) / 80 = -0.3."""
    ground = np.arange(1, 10, dtype=np.float32).reshape(3, 3)
    assert slope_deg(ground, 10.0)[1, 1] == pytest.approx(np.degrees(np.arctan(np.hypot(0.1, 0.3))))
    assert aspect_deg(ground, 10.0)[1, 1] == pytest.approx(np.degrees(np.arctan2(-0.1, 0.3)) % 360)


@needs_gdal
def test_slope_and_aspect_are_those_of_gdal(tmp_path):
    ground = rough()
    slope = gdaldem(tmp_path, "slope", ground, 25.0)
    np.testing.assert_allclose(slope_deg(ground, 25.0), slope, atol=2e-4)
    aspect = gdaldem(tmp_path, "aspect", ground, 25.0)
    turn = np.abs(aspect_deg(ground, 25.0) - aspect)
    assert (np.isnan(turn) == np.isnan(slope)).all()
    assert np.nanmax(np.minimum(turn, 360 - turn)) < 0.05


@needs_gdal
def test_edges_are_those_of_gdal_beside_missing_cells(tmp_path):
    ground = rough(1)
    slope = gdaldem(tmp_path, "slope", ground, 25.0, "-compute_edges")
    ours = slope_deg(ground, 25.0, edges=True)
    np.testing.assert_allclose(ours[1:-1, 1:-1], slope[1:-1, 1:-1], atol=2e-4)
    assert (np.isnan(ours) == np.isnan(ground)).all()


def test_slope_is_that_of_xarray_spatial():
    slope = pytest.importorskip("xrspatial", reason="xarray-spatial is not installed").slope
    xarray = pytest.importorskip("xarray")
    ground = rough(2)
    there = slope(xarray.DataArray(ground, dims=("y", "x"), attrs={"res": (25.0, 25.0)})).to_numpy()
    ours = slope_deg(ground, 25.0)
    # It also gives a slope to a cell that is missing itself.
    assert (np.isnan(ours) == (np.isnan(there) | np.isnan(ground))).all()
    np.testing.assert_allclose(ours, np.where(np.isnan(ground), np.nan, there), atol=2e-4)


def test_slope_of_zion_is_that_of_gdal(real_data, tmp_path):
    if shutil.which("gdaldem") is None:
        pytest.skip("gdaldem is not installed (gdal-bin)")
    with rasterio.open(real_data / "zion" / "srtm.tif") as file:
        ground = file.read(1, masked=True).astype(np.float32).filled(np.nan)
    slope = gdaldem(tmp_path, "slope", ground, 30.0)
    ours = slope_deg(ground, 30.0)
    np.testing.assert_allclose(ours, slope, atol=1e-3)
    assert 30 < np.nanmax(ours) < 85


@given(heights, st.booleans())
def test_missing_stays_missing(ground, edges):
    slope = slope_deg(ground, 30.0, edges)
    assert np.isnan(slope[np.isnan(ground)]).all()
    if not edges:
        wide = maximum_filter(np.isnan(ground).astype(np.uint8), 3, mode="constant", cval=1)
        assert (np.isnan(slope) == (wide == 1)).all()
    else:
        assert (np.isnan(slope) == np.isnan(ground)).all()
    assert (np.nan_to_num(slope) >= 0).all()
    assert (np.nan_to_num(slope) < 90).all()


@given(heights, st.integers(1, 15), st.integers(1, 6), st.booleans())
def test_blocks_meet_without_seams(ground, window, rows, edges):
    """A block padded by its halo has inside what the whole has there, bit by bit."""
    whole_slope, whole_relief = slope_deg(ground, 30.0, edges), relief_m(ground, window)
    whole_aspect = aspect_deg(ground, 30.0, edges)
    for begin in range(0, len(ground), rows):
        end = min(len(ground), begin + rows)
        for halo, whole, function in (
            (1, whole_slope, lambda part: slope_deg(part, 30.0, edges)),
            (1, whole_aspect, lambda part: aspect_deg(part, 30.0, edges)),
            (window // 2, whole_relief, lambda part: relief_m(part, window)),
        ):
            top = max(0, begin - halo)
            part = function(ground[top : end + halo])
            np.testing.assert_array_equal(part[begin - top : end - top], whole[begin:end])


def test_strips_do_not_show(monkeypatch):
    ground = rough(3)
    whole = slope_deg(ground, 30.0), aspect_deg(ground, 30.0)
    monkeypatch.setattr("spatial.engine.rasters.relief._STRIP_CELLS", 80 * 7)
    np.testing.assert_array_equal(slope_deg(ground, 30.0), whole[0])
    np.testing.assert_array_equal(aspect_deg(ground, 30.0), whole[1])


@pytest.mark.parametrize("window", [1, 2, 3, 9, 12, 15])
def test_relief_is_highest_less_lowest_of_the_window(window):
    ground = rough(4, holes=0)
    top = maximum_filter(ground, window, mode="nearest")
    low = minimum_filter(ground, window, mode="nearest")
    np.testing.assert_array_equal(relief_m(ground, window), top - low)


@given(heights, st.integers(1, 7))
def test_relief_cell_by_cell(ground, window):
    """Against a plain loop, with missing cells; an even window reaches further north and west."""
    found = relief_m(ground, window)
    for row, column in np.ndindex(ground.shape):
        rows = slice(max(0, row - window // 2), row + (window - 1) // 2 + 1)
        columns = slice(max(0, column - window // 2), column + (window - 1) // 2 + 1)
        part = ground[rows, columns]
        if np.isnan(ground[row, column]):
            assert np.isnan(found[row, column])
        else:
            assert found[row, column] == np.nanmax(part) - np.nanmin(part)


@given(heights, st.integers(1, 6))
def test_relief_grows_with_its_window(ground, window):
    there = ~np.isnan(ground)
    assert (relief_m(ground, window)[there] <= relief_m(ground, window + 2)[there]).all()


def test_a_window_by_hand():
    ground = np.zeros((5, 5), np.float32)
    ground[2, 2], ground[0, 4] = 10, np.nan
    expected = np.zeros((5, 5), np.float32)
    expected[1:4, 1:4] = 10
    expected[0, 4] = np.nan
    np.testing.assert_array_equal(relief_m(ground, 3), expected)


def test_slope_length_by_definition():
    slope = np.array([0, 1, 2, 4, 7, 12, 30, np.nan], np.float32)
    sine = np.sin(np.radians(slope))
    expected = [
        (100 / 22.13) ** m * s
        for m, s in zip(
            [0.2, 0.2, 0.3, 0.4, 0.5, 0.5, 0.5, np.nan],
            [*(10.8 * sine[:4] + 0.03), 16.8 * sine[4] - 0.5, *(21.91 * sine[5:] - 0.96)],
            strict=True,
        )
    ]
    np.testing.assert_allclose(ls_factor(slope, 100.0), expected, rtol=1e-5)
    # The unit plot of the equation, 9 percent and 22.13 m, has a factor of about 1.
    assert ls_factor(np.array([np.degrees(np.arctan(0.09))], np.float32), 22.13)[0] == pytest.approx(
        1, abs=0.02
    )


@given(st.floats(0, 88), st.floats(0, 2), st.floats(22.13, 300))
def test_steeper_never_loses_less(slope, more, length):
    less, steeper = ls_factor(np.array([slope, slope + more], np.float32), length)
    # The published pieces meet within 2 percent at 5 and 10 degrees.
    assert steeper >= 0.97 * less


@pytest.mark.parametrize(
    "ask",
    [
        lambda: slope_deg(np.zeros(5, np.float32), 30.0),
        lambda: slope_deg(np.zeros((5, 5), np.float32), 0.0),
        lambda: relief_m(np.zeros((5, 5), np.float32), 0),
        lambda: relief_m(np.zeros((2, 5, 5), np.float32), 3),
    ],
)
def test_what_is_no_raster_is_refused(ask):
    with pytest.raises(GeometryError):
        ask()
