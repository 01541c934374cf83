"""Factors of an evaluation: rasters opened, doubted and made ready to be laid on the grid.

What cannot be trusted is refused with a word on how to mend it: no CRS, several bands, heights in feet that
nobody has spoken of, two values that both look like voids. Unlabelled voids of one value are masked and told.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pyproj import CRS

from spatial.engine.crs import parse_crs
from spatial.engine.rasters.grids import Grid
from spatial.errors import CrsError, Fault, SourceError, SpatialError
from spatial.plan.findings import Finding
from spatial.plan.parts.evaluation import FACTORS, UNITS, Conversion, Factor, FactorKind, Resampling
from spatial.sources.elevation import look_inside
from spatial.sources.raster import MonthlySource, RasterSource
from spatial.sources.references import SourceRef

if TYPE_CHECKING:
    from rasterio import DatasetReader
    from rasterio.windows import Window

VOIDS = (-32768.0, -9999.0, -99999.0, float(np.float32(-3.4028235e38)))
"""Values that programs write for missing cells, often without saying so."""
_FEET = ("ft", "feet", "foot", "us-ft", "us survey foot", "sft", "usft", "international foot")
_LINES = 512
_YEAR = 12
MONTHS = "_months"
"""Behind the name of a factor whose source is of twelve months."""
_COARSE = 1.5
"""Times the grid's cell from which a source counts as coarse."""


@dataclass(frozen=True)
class Opened:
    """Rasters that are ready to be read, with what was found on the way.

    Sources are named after their factor; those of twelve months have `MONTHS` behind it.
    """

    sources: Mapping[str, RasterSource | MonthlySource] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def open_factors(factors: Mapping[str, Factor], refs: Mapping[str, SourceRef], grid: Grid) -> Opened:
    """Open the rasters of all factors; refusals are raised together.

    Parameters
    ----------
    factors : mapping of str to Factor
    refs : mapping of str to SourceRef
        By name of the source.
    grid : Grid

    Raises
    ------
    SourceError
        A raster that cannot be read as its factor.
    """
    sources, findings, faults = dict[str, RasterSource | MonthlySource](), list[Finding](), list[Fault]()
    for name, factor in factors.items():
        try:
            source, found = open_factor(name, factor, refs[factor.source], grid)
            sources[name + MONTHS if isinstance(source, MonthlySource) else name] = source
            findings += found
        except SpatialError as error:
            faults += error.faults
    if faults:
        raise SourceError(faults)
    year = sources.get("humidity")
    if f"temperature{MONTHS}" in sources and isinstance(year, RasterSource):
        sources[f"humidity{MONTHS}"] = MonthlySource((year,) * _YEAR)
        findings.append(_tell_still("humidity"))
    return Opened(sources, tuple(findings))


def _tell_still(name: str) -> Finding:
    kind = FACTORS[name]
    return Finding(
        "evaluation.one_month", "info", "evaluation", name,
        f"{kind.zh}只有年均值，逐月计算时各月取同一值。",
        f"{kind.en} has the year's mean only, which is taken for each month.",
    )  # fmt: skip


def open_factor(
    name: str, factor: Factor, ref: SourceRef, grid: Grid
) -> tuple[RasterSource | MonthlySource, list[Finding]]:
    """Open one raster and look at what it says of itself.

    Returns
    -------
    RasterSource or MonthlySource, list of Finding
        Of twelve months where the factor has them and the raster twelve bands.

    Raises
    ------
    SourceError
        Not a raster, several bands, complex numbers, heights in feet without a word of it in the plan, voids
        of two values, or a raster that lies elsewhere.
    CrsError
        Neither the raster nor the plan says where it lies.
    """
    path, kind = ref.locate(), FACTORS[name]
    with _open(path) as raster:
        _check_bands(path, raster, kind)
        crs = _find_crs(path, raster, ref)
        window = _find_window(path, raster, crs, grid)
        to_inside = _convert(name, kind, factor, path, raster)
        nodata, findings = _find_nodata(name, factor, raster, path=path, window=window)
        cell_m = _measure_cell(raster, crs, grid)
        findings += _tell_coarse(name, path, cell_m, grid)
        how = factor.resampling or _choose_resampling(cell_m, grid, kind)
        bands = []
        for band, (scale, offset) in enumerate(zip(raster.scales, raster.offsets, strict=True), 1):
            turned = float(scale) * to_inside[0], float(offset) * to_inside[0] + to_inside[1]
            bands.append(RasterSource(look_inside(path), crs, how, nodata, *turned, ref.sha256, band))
    return bands[0] if len(bands) == 1 else MonthlySource(tuple(bands)), findings


@contextmanager
def _open(path: Path) -> Iterator[DatasetReader]:
    import rasterio

    try:
        with rasterio.open(look_inside(path)) as raster:
            yield raster
    except (rasterio.errors.RasterioError, zipfile.BadZipFile) as error:
        problem = f"cannot be read as a raster: {str(error).splitlines()[0]}"
        raise SourceError(Fault(path.name, "", problem, "give a GeoTIFF, or a .zip with one")) from error


def _check_bands(path: Path, raster: DatasetReader, kind: FactorKind) -> None:
    if raster.count != 1 and not (kind.months and raster.count == _YEAR):
        problem, remedy = f"has {raster.count} bands", "export the one band that holds the factor"
        if kind.months:
            remedy += ", or all twelve months, January first"
        raise SourceError(Fault(path.name, "", problem, remedy))
    if raster.dtypes[0].startswith("complex"):
        raise SourceError(Fault(path.name, "", "holds complex numbers", "export real ones"))


def _find_crs(path: Path, raster: DatasetReader, ref: SourceRef) -> str:
    """Return the system of a raster: its own, else the one that the plan gives the source."""
    own = raster.crs.to_wkt() if raster.crs else ref.source.crs
    if own is None:
        remedy = f"write `crs` at source {ref.name}, such as EPSG:4490, or assign it in QGIS"
        raise CrsError(Fault(path.name, "crs", "the raster does not say where it lies", remedy))
    return parse_crs(own).to_wkt()


def _find_window(path: Path, raster: DatasetReader, crs: str, grid: Grid) -> Window:
    """Return the part of a raster that the grid lies on; refuse one that lies elsewhere."""
    from rasterio.warp import transform_bounds
    from rasterio.windows import Window

    west, south, east, north = transform_bounds(
        parse_crs(grid.crs).to_wkt(), crs, *grid.bounds, densify_pts=21
    )
    back = ~raster.transform
    corners = [_turn(back, *place) for place in ((west, north), (east, north), (west, south), (east, south))]
    columns, rows = zip(*corners, strict=True)
    left, top = max(math.floor(min(columns)), 0), max(math.floor(min(rows)), 0)
    right, low = min(math.ceil(max(columns)), raster.width), min(math.ceil(max(rows)), raster.height)
    if left >= right or top >= low:
        spans = ", ".join(f"{value:.6g}" for value in raster.bounds)
        wants = ", ".join(f"{value:.6g}" for value in (west, south, east, north))
        problem = f"spans {spans} in its system, but the territory lies in {wants}"
        raise SourceError(Fault(path.name, "", problem, "take the sheet of that area, or check its CRS"))
    return Window(left, top, right - left, low - top)


def _convert(name: str, kind: FactorKind, factor: Factor, path: Path, raster: DatasetReader) -> Conversion:
    """Return how values become the unit used inside; refuse feet of which the plan says nothing."""
    if factor.unit is not None:
        return UNITS.get(kind.unit, {kind.unit: (1.0, 0.0)})[factor.unit]
    said = (raster.units[0] or "").strip().lower() or _vertical_unit(raster)
    if kind.unit == "m" and said in _FEET:
        problem = f"its values are in feet ({said}), but {name} is taken for metres"
        remedy = (
            f"write `unit: ft` at evaluation.factors.{name} to have them converted, `unit: m` if they are not"
        )
        raise SourceError(Fault(path.name, "unit", problem, remedy))
    return 1.0, 0.0


def _vertical_unit(raster: DatasetReader) -> str:
    """Return the unit of heights of a compound system, in small letters."""
    if raster.crs is None:
        return ""
    parts = CRS.from_wkt(raster.crs.to_wkt()).sub_crs_list
    names = [axis.unit_name.lower() for part in parts if part.is_vertical for axis in part.axis_info]
    return names[0] if names else ""


def _find_nodata(
    name: str, factor: Factor, raster: DatasetReader, *, path: Path, window: Window
) -> tuple[float | None, list[Finding]]:
    """Return the value of missing cells: the plan's, the file's, else that of voids nobody has labelled."""
    if factor.nodata is not None:
        return factor.nodata, []
    if raster.nodata is not None:
        return float(raster.nodata), []
    kinds = raster.dtypes[0]
    if FACTORS[name].classes or not (kinds.startswith("float") or kinds.startswith("int")):
        return None, []
    counts = _count_voids(raster, window)
    if len(counts) > 1:
        found = " and ".join(f"{value:g}" for value in counts)
        problem, remedy = f"{found} both look like missing cells", "label one as nodata and replace the other"
        raise SourceError(Fault(path.name, "nodata", problem, f"{remedy}, or write `nodata` at {name}"))
    if not counts:
        return None, []
    ((value, share),) = counts.items()
    return value, [
        Finding(
            "evaluation.voids", "warning", "evaluation", name,
            f"{path.name}：{share:.2%} 的栅格值为 {value:g}，未标为空值，按缺失处理；"
            f"若确为数值，请在 evaluation.factors.{name} 写 nodata。",
            f"{path.name}: {share:.2%} of its cells are {value:g}, not labelled as nodata, and count "
            f"as missing; if that is a true value, write another `nodata` at evaluation.factors.{name}.",
            value=share,
        )
    ]  # fmt: skip


def _count_voids(raster: DatasetReader, window: Window) -> dict[float, float]:
    """Return the share of cells with each value that looks like a void; reads some lines at a time."""
    from rasterio.windows import Window

    counts: dict[float, int] = {}
    for first in range(0, window.height, _LINES):
        lines = min(_LINES, window.height - first)
        cells = raster.read(1, window=Window(window.col_off, window.row_off + first, window.width, lines))
        low = np.nanmin(cells) if cells.dtype.kind != "f" or not np.isnan(cells).all() else 0
        if low > max(VOIDS):
            continue
        for value in VOIDS:
            if many := int((cells == np.asarray(value).astype(np.float64)).sum()):
                counts[value] = counts.get(value, 0) + many
    total = window.width * window.height
    return {value: many / total for value, many in counts.items()}


def _tell_coarse(name: str, path: Path, cell_m: float, grid: Grid) -> list[Finding]:
    """Tell of cells much coarser than the grid's: they add no detail, and slopes of them are too gentle."""
    if cell_m <= _COARSE * grid.cell_m:
        return []
    return [
        Finding(
            "evaluation.coarse", "info", "evaluation", name,
            f"{path.name}：栅格约 {cell_m:.0f} m，粗于评价格网 {grid.cell_m:g} m；加密不增加细节，坡度偏缓。",
            f"{path.name}: its cells of some {cell_m:.0f} m are coarser than the grid's of {grid.cell_m:g} m"
            "; laid finer they show no more, and slopes of heights are too gentle.",
            value=cell_m, limit=grid.cell_m,
        )
    ]  # fmt: skip


def _choose_resampling(cell_m: float, grid: Grid, kind: FactorKind) -> Resampling:
    """Return mean or mode for cells finer than the grid's, else interpolation or the nearest."""
    fine = cell_m < grid.cell_m * (1 - 1e-6)
    if kind.classes:
        return "mode" if fine else "nearest"
    return "average" if fine else "bilinear"


def _measure_cell(raster: DatasetReader, crs: str, grid: Grid) -> float:
    """Return the side of a raster's cells in the middle of the grid, metres."""
    from rasterio.warp import transform

    west, south, east, north = grid.bounds
    here: Any = parse_crs(grid.crs).to_wkt()
    (x,), (y,) = transform(here, crs, [(west + east) / 2], [(south + north) / 2])
    column, row = _turn(~raster.transform, x, y)
    corners = [_turn(raster.transform, column + dx, row + dy) for dx, dy in ((0, 0), (1, 0), (0, 1))]
    xs, ys = transform(crs, here, [x for x, _ in corners], [y for _, y in corners])
    across, down = math.hypot(xs[1] - xs[0], ys[1] - ys[0]), math.hypot(xs[2] - xs[0], ys[2] - ys[0])
    return math.sqrt(across * down)


def _turn(at: Any, x: float, y: float) -> tuple[float, float]:
    """Apply an affine transform; its own operator has changed between versions."""
    return at.a * x + at.b * y + at.c, at.d * x + at.e * y + at.f
