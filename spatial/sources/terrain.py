"""Terrain from an elevation model and land cover, laid on a lattice in metres."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Transformer

from spatial.engine.crs import parse_crs, transform_shapes
from spatial.engine.rings.friction import pace_cover
from spatial.engine.rings.terrain import Terrain, refuse_many
from spatial.engine.travel.network import FAR, Floats
from spatial.errors import Fault, PlanError, SourceError
from spatial.plan.findings import STORED_CRS, Finding
from spatial.plan.rules import read_rules
from spatial.sources.elevation import open_heights

if TYPE_CHECKING:
    from rasterio import DatasetReader
    from rasterio.windows import Window

_NO_CODE = -1
_EXTRA = 3
_FEW = 0.001
"""Share of nodes without a height or a known class that is worth a word."""


@dataclass(frozen=True)
class Ground:
    """What a terrain is read from.

    Parameters
    ----------
    elevation : Path
        As `spatial.sources.elevation.read_heights` takes it.
    land_cover : Path, optional
        Single-band raster of classes.
    codes : str, optional
        Whose classes they are: one of `list_codes()`. None tells it from the classes found, if only one fits.
    usual_kmh : float, optional
        Walking speed where no land cover is known; None takes the rule table's.
    """

    elevation: Path
    land_cover: Path | None = None
    codes: str | None = None
    usual_kmh: float | None = None

    @property
    def pace_kmh(self) -> float:
        """The usual walking speed, km/h."""
        return float(read_rules("landcover").value("usual")) if self.usual_kmh is None else self.usual_kmh

    @property
    def fastest_kmh(self) -> float:
        """The fastest walking speed on the flat, km/h."""
        if self.land_cover is None:
            return self.pace_kmh
        tables = [list_speeds(self.codes)] if self.codes else map(list_speeds, list_codes())
        return max(self.pace_kmh, *(max(table.values()) for table in tables))


@dataclass(frozen=True, eq=False)
class Laid:
    """A terrain with what was found while it was read.

    Parameters
    ----------
    terrain : Terrain
    codes : str
        Whose classes the land cover has; "" without land cover.
    findings : tuple of Finding
        Voids, and classes without a speed.
    """

    terrain: Terrain
    codes: str
    findings: tuple[Finding, ...]


@cache
def list_codes() -> tuple[str, ...]:
    """Return the code lists of land cover that the rule table knows.

    Examples
    --------
    >>> list_codes()
    ('clcd', 'globeland30', 'nlcd', 'worldcover')
    """
    keys = {rule.key.partition(".")[0] for rule in read_rules("landcover").rules if "." in rule.key}
    return tuple(sorted(keys))


@cache
def list_speeds(codes: str) -> dict[int, float]:
    """Return km/h on the flat by class of a code list; 0 is no path.

    Raises
    ------
    PlanError
        No such list.
    """
    if codes not in list_codes():
        remedy = f"write one of {', '.join(list_codes())}"
        raise PlanError(Fault("", "codes", f"{codes!r} is no list of land cover codes", remedy))
    rules = [rule for rule in read_rules("landcover").rules if rule.key.startswith(f"{codes}.")]
    return {int(rule.key.partition(".")[2]): float(str(rule.value)) for rule in rules}


def steepest() -> float:
    """Return the rise over run beyond which ground is no path."""
    return float(read_rules("landcover").value("steepest"))


def lay_terrain(ground: Ground, box: tuple[float, float, float, float], crs: str, cell_m: float) -> Laid:
    """Read heights and land cover at the nodes of a lattice.

    Parameters
    ----------
    ground : Ground
    box : tuple of float
        West, south, east, north, metres in `crs`; it is cut to where the elevation model lies.
    crs : str
        Metric system.
    cell_m : float
        Distance between nodes, metres.

    Raises
    ------
    SourceError
        A raster that cannot be read, does not cover the box, or whose classes nobody can tell.
    CrsError
        A raster that does not say where it lies.
    GeometryError
        More nodes than the memory can be expected to hold.

    Notes
    -----
    Heights are interpolated between four cells of the model, land cover is that of the cell a node lies in.
    """
    with open_heights(ground.elevation) as raster:
        part = _cut(box, _extent(raster, crs))
        if part is None:
            raise _refuse_elsewhere(ground.elevation, raster, box, crs)
        column, row = (math.floor(part[at] / cell_m) + 1 for at in (0, 1))  # nodes on the rim have no cell
        wide, high = (math.ceil(part[at] / cell_m) - (column, row)[at - 2] for at in (2, 3))
        if wide < 2 or high < 2:
            raise _refuse_elsewhere(ground.elevation, raster, box, crs)
        refuse_many(high, wide, cell_m)
        lattice = _Lattice(crs, cell_m, column, row, wide, high)
        height = _warp(raster, lattice, "bilinear", np.float32, np.nan)
    found = list(_find_voids(height, ground.elevation))
    if ground.land_cover is None:
        pace = np.full(height.shape, 3.6 / ground.pace_kmh if ground.pace_kmh > 0 else FAR, dtype=np.float32)
        return Laid(Terrain(crs, cell_m, column, row, height, pace), "", tuple(found))
    with open_heights(ground.land_cover, "land cover") as raster:
        classes = _warp(raster, lattice, "nearest", np.int32, _NO_CODE)
    codes = ground.codes or _tell_codes(classes, ground.land_cover)
    cover = pace_cover(classes, list_speeds(codes), ground.pace_kmh)
    found += _find_unknown(cover.unknown, classes.size, ground, codes)
    return Laid(Terrain(crs, cell_m, column, row, height, cover.pace), codes, tuple(found))


@dataclass(frozen=True)
class _Lattice:
    crs: str
    cell_m: float
    column: int
    row: int
    wide: int
    high: int


def _extent(raster: DatasetReader, crs: str) -> tuple[float, float, float, float]:
    """Return the box of a raster in another system."""
    turn = Transformer.from_crs(parse_crs(raster.crs.to_wkt()), parse_crs(crs), always_xy=True)
    west, south, east, north = turn.transform_bounds(*raster.bounds)
    return west, south, east, north


def _cut(
    box: tuple[float, float, float, float], extent: tuple[float, float, float, float]
) -> tuple[float, float, float, float] | None:
    if not all(map(math.isfinite, extent)):
        return box
    west, south = max(box[0], extent[0]), max(box[1], extent[1])
    east, north = min(box[2], extent[2]), min(box[3], extent[3])
    return (west, south, east, north) if west < east and south < north else None


def _warp(raster: DatasetReader, lattice: _Lattice, how: str, kind: type, empty: float) -> npt.NDArray[Any]:
    """Return a raster's values at the nodes, row 0 southernmost; `empty` outside it and where it has none."""
    from rasterio.transform import Affine
    from rasterio.warp import Resampling, reproject

    cell, north = lattice.cell_m, (lattice.row + lattice.high - 0.5) * lattice.cell_m
    values: npt.NDArray[Any] = np.full((lattice.high, lattice.wide), empty, dtype=kind)
    window = _find_window(raster, lattice)
    if window is None:
        return values
    at, left, top = raster.transform, window.col_off, window.row_off
    plain = raster.read(1, masked=True, window=window).astype(kind).filled(empty)
    reproject(
        plain,
        values,
        src_transform=Affine(
            at.a, at.b, at.a * left + at.b * top + at.c, at.d, at.e, at.d * left + at.e * top + at.f
        ),
        src_crs=raster.crs,
        src_nodata=empty,
        dst_transform=Affine(cell, 0, (lattice.column - 0.5) * cell, 0, -cell, north),
        dst_crs=parse_crs(lattice.crs).to_wkt(),
        dst_nodata=empty,
        resampling=Resampling[how],
    )
    return np.ascontiguousarray(values[::-1])


def _find_window(raster: DatasetReader, lattice: _Lattice) -> Window | None:
    """Return the part of a raster that a lattice lies on, so that no more is read."""
    from rasterio.windows import Window

    cell = lattice.cell_m
    west, south = lattice.column * cell, lattice.row * cell
    east, north = west + lattice.wide * cell, south + lattice.high * cell
    turn = Transformer.from_crs(parse_crs(lattice.crs), parse_crs(raster.crs.to_wkt()), always_xy=True)
    left, low, right, top = turn.transform_bounds(west, south, east, north)
    back = ~raster.transform
    x, y = np.array([left, left, right, right]), np.array([low, top, low, top])
    column, row = back.a * x + back.b * y + back.c, back.d * x + back.e * y + back.f
    if not np.isfinite([column, row]).all():
        return Window(0, 0, raster.width, raster.height)
    first, upper, last, lower = column.min(), row.min(), np.ceil(column.max()), np.ceil(row.max())
    first, upper = max(int(first) - _EXTRA, 0), max(int(upper) - _EXTRA, 0)
    wide = min(int(last) + _EXTRA, raster.width) - first
    high = min(int(lower) + _EXTRA, raster.height) - upper
    return Window(first, upper, wide, high) if wide > 0 and high > 0 else None


def _refuse_elsewhere(
    path: Path, raster: DatasetReader, box: tuple[float, float, float, float], crs: str
) -> SourceError:
    lies = transform_shapes([shapely.box(*_extent(raster, STORED_CRS))], STORED_CRS, STORED_CRS)[0].bounds
    asked = transform_shapes([shapely.box(*box)], crs, STORED_CRS)[0].bounds
    problem = f"spans {_say(lies)}, but heights are needed in {_say(asked)}"
    return SourceError(Fault(path.name, "", problem, "take the sheet of that area"))


def _say(box: tuple[float, float, float, float]) -> str:
    west, south, east, north = box
    return f"{west:.2f} to {east:.2f} E, {south:.2f} to {north:.2f} N"


def _tell_codes(classes: npt.NDArray[np.int32], path: Path) -> str:
    """Return the only code list that knows all the classes found, or refuse."""
    found = {int(code) for code in np.unique(classes) if code != _NO_CODE}
    fits = [name for name in list_codes() if found and found <= list_speeds(name).keys()]
    if len(fits) == 1:
        return fits[0]
    some = ", ".join(map(str, sorted(found)[:20]))
    problem = f"its classes ({some}) are those of {' or '.join(fits) or 'no known code list'}"
    remedy = f"say whose codes they are: {', '.join(list_codes())}"
    raise SourceError(Fault(path.name, "codes", problem, remedy))


def _find_voids(height: Floats, path: Path) -> Iterator[Finding]:
    share = float(np.isnan(height).mean())
    if share > _FEW:
        yield Finding(
            "terrain.voids", "warning", "terrain", "",
            f"{path.name}：所用范围 {share:.1%} 没有高程，视为不可通行；请填补空洞或换用覆盖该范围的数据。",
            f"{path.name}: {share:.1%} of the land in question has no height and counts as no path; fill the "
            "voids or take a model that covers it.",
            value=share,
        )  # fmt: skip


def _find_unknown(unknown: dict[int, int], total: int, ground: Ground, codes: str) -> Iterator[Finding]:
    assert ground.land_cover is not None
    name, kmh = ground.land_cover.name, ground.pace_kmh
    blank, strange = unknown.get(_NO_CODE, 0) / total, {k: n for k, n in unknown.items() if k != _NO_CODE}
    if blank > _FEW:
        yield Finding(
            "terrain.no_cover", "warning", "terrain", "",
            f"{name}：所用范围 {blank:.1%} 没有地类，按 {kmh:g} km/h 计。",
            f"{name}: {blank:.1%} of the land in question has no land cover and is walked at {kmh:g} km/h.",
            value=blank,
        )  # fmt: skip
    if strange:
        share, some = sum(strange.values()) / total, ", ".join(map(str, list(strange)[:12]))
        yield Finding(
            "terrain.unknown_cover", "warning", "terrain", "",
            f"{name}：类别 {some} 不在 {codes} 之中（占 {share:.1%}），按 {kmh:g} km/h 计。",
            f"{name}: classes {some} are not of {codes} ({share:.1%} of the land); walked at {kmh:g} km/h.",
            value=share,
        )  # fmt: skip
