"""Where people live: a grid of counts, or points and areas with one, asked how many live in some shapes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.crs import parse_crs, transform_shapes
from spatial.engine.geodesy import area_m2
from spatial.errors import CrsError, Fault, SourceError
from spatial.plan.findings import STORED_CRS, Finding
from spatial.plan.records import Source
from spatial.sources.origin import list_some
from spatial.sources.vector import read_source

if TYPE_CHECKING:
    from rasterio import DatasetReader

Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]
T = TypeVar("T")

_GRIDS = (".tif", ".tiff", ".img", ".asc", ".bil", ".vrt")
_COLUMNS = ("people", "population", "pop", "人口", "人口数", "常住人口")
_FINEST = 8
_MOST_CELLS = 16_000_000
_MISSED = 0.001


@dataclass
class People:
    """A source of people.

    Parameters
    ----------
    path : Path
        A raster whose cells are counts, in any known system, or a file of points or areas.
    column : str, optional
        Of a vector file: its counts; else the first of ``people``, ``population``, ``pop``, ``人口``.
    crs : str, optional
        Of a vector file that does not say its own.
    findings : list of Finding
        Grows while it is asked.
    """

    path: Path
    column: str | None = None
    crs: str | None = None
    findings: list[Finding] = field(default_factory=list)

    def count(self, shapes: Shapes) -> Floats:
        """Return how many people live in each shape.

        Parameters
        ----------
        shapes : ndarray of polygons
            EPSG:4490.

        Returns
        -------
        ndarray of float64
            Of a grid, a cell counts by the share of it that lies inside, to 1/64 of a cell (less finely in
            shapes of more than 250 000 cells); it is not resampled, whatever its system. Areas count by the
            share of their area, points count or do not.

        Raises
        ------
        SourceError
            The file cannot be read, has no counts, or lies elsewhere.
        CrsError
            The file does not say where it lies.
        """
        if self.path.suffix.lower() in _GRIDS:
            return self._open_grid(lambda raster: self._sum_grid(raster, shapes))
        return self._count_in_frame(shapes)

    def scatter(self, area: BaseGeometry) -> tuple[Shapes, Floats]:
        """Return where people live in an area: points, and how many at each.

        Parameters
        ----------
        area : polygon
            EPSG:4490; what lies in the box round it is returned.

        Returns
        -------
        points : ndarray of shapely points
            EPSG:4490: centres of cells with people, points themselves, points on areas.
        amount : ndarray of float64
            Above zero.

        Raises
        ------
        SourceError, CrsError
            As `count`.
        """
        if self.path.suffix.lower() in _GRIDS:
            points, amount = self._open_grid(lambda raster: self._find_homes(raster, area))
        else:
            frame = self._read_frame()
            points = frame.geometry.representative_point().to_numpy()
            amount = self._read_counts(frame)
            within = shapely.intersects(shapely.box(*area.bounds), points)
            points, amount = points[within], amount[within]
        if not (amount > 0).any():
            raise self._refuse("", "nobody lives in the region of the roads", "take the file of that region")
        return points[amount > 0], amount[amount > 0]

    def _refuse(self, key: str, problem: str, remedy: str) -> SourceError:
        return SourceError(Fault(self.path.name, key, problem, remedy))

    def _note(self, rule: str, zh: str, en: str, value: float) -> None:
        texts = f"{self.path.name}：{zh}", f"{self.path.name}: {en}"
        self.findings.append(Finding(f"people.{rule}", "warning", "people", "", *texts, value=float(value)))

    def _open_grid(self, ask: Callable[[DatasetReader], T]) -> T:
        """Open the grid, ask it, and say what is wrong with it in the words of who gave it."""
        import rasterio

        if not self.path.is_file():
            raise self._refuse("", "no such file", "check the path")
        try:
            with rasterio.open(self.path) as raster:
                if raster.crs is None:
                    problem, remedy = "the grid does not say where it lies", "assign its coordinate system"
                    raise CrsError(Fault(self.path.name, "crs", problem, remedy))
                return ask(raster)
        except rasterio.errors.RasterioError as error:
            problem = f"cannot be read as a grid of people: {str(error).splitlines()[0]}"
            raise self._refuse("", problem, "give a GeoTIFF with one count to a cell") from error

    def _sum_grid(self, raster: DatasetReader, shapes: Shapes) -> Floats:
        system = parse_crs(raster.crs.to_wkt())
        # An edge is straight in one system only; between corners as dense as cells that does not matter.
        across = abs(raster.transform.a) * (1.0 if system.is_geographic else 1e-5)
        own = transform_shapes(shapely.segmentize(shapes, max(across, 1e-5)), STORED_CRS, system)
        tallies = [_tally(raster, shape) for shape in own]
        people, known, inside, negative = np.array(tallies, dtype=float).reshape(-1, 4).T
        whole = shapely.area(own)
        on_grid = shapely.area(shapely.intersection(own, _outline(raster)))
        if len(own) and not known.any() and whole.any():
            box = ", ".join(f"{value:.6g}" for value in raster.bounds)
            problem = f"has no cell with data in the rings; it spans {box} in {system.name}"
            raise self._refuse("", problem, "take the grid of that region")
        if negative.any():
            count = int(negative.max())
            zh, en = f"{count} 个负值单元按无数据处理。", f"{count} negative cells were taken as no data."
            self._note("negative", zh, en, count)
        share = np.where(inside > 0, known / np.where(inside > 0, inside, 1), 1.0) * on_grid
        missed = float((1 - share[whole > 0] / whole[whole > 0]).max(initial=0.0))
        if missed > _MISSED:
            self._note(
                "without_data",
                f"等时圈最多有 {missed:.1%} 的面积在格网之外或无数据，其中的人口未计入。",
                f"up to {missed:.1%} of a ring's area lies beyond the grid or has no data; people there are "
                "not counted.",
                missed,
            )
        return people

    def _find_homes(self, raster: DatasetReader, area: BaseGeometry) -> tuple[Shapes, Floats]:
        points, amount, negative, unknown = _read_centres(raster, area)
        if negative:
            zh, en = (
                f"{negative} 个负值单元按无数据处理。",
                f"{negative} negative cells were taken as no data.",
            )
            self._note("negative", zh, en, negative)
        if unknown > _MISSED and len(points):
            self._note(
                "without_data",
                f"道路所在范围内有 {unknown:.1%} 的面积在格网之外或无数据，其中的人口未计入。",
                f"{unknown:.1%} of the box round the roads lies beyond the grid or has no data; people there "
                "are not counted.",
                unknown,
            )
        return points, amount

    def _count_in_frame(self, shapes: Shapes) -> Floats:
        frame = self._read_frame()
        homes = frame.geometry.to_numpy()
        ground = shapely.box(*shapely.total_bounds(shapes))
        if not shapely.is_empty(shapes).all() and not shapely.intersects(ground, homes).any():
            west, south, east, north = shapely.total_bounds(homes)
            box = f"{west:.2f} to {east:.2f} E, {south:.2f} to {north:.2f} N"
            problem = f"has nobody near the rings; it spans {box}"
            raise self._refuse("", problem, "take the file of that region")
        return _share_out(homes, self._read_counts(frame), shapes)

    def _read_frame(self) -> gpd.GeoDataFrame:
        own = "EPSG:4326" if self.path.suffix.lower() == ".csv" else None
        read = read_source("people", Source(file=self.path.name, crs=self.crs or own), self.path.parent)
        self.findings += [found for found in read.findings if found.severity != "info"]
        if (shapely.get_dimensions(read.frame.geometry.to_numpy()) == 1).any():
            raise self._refuse("", "holds lines", "people live at points or in areas")
        return read.frame

    def _read_counts(self, frame: gpd.GeoDataFrame) -> Floats:
        known = {str(name).lower(): str(name) for name in frame.columns}
        column = self.column or next((known[name] for name in _COLUMNS if name in known), None)
        if column is None or column not in frame:
            there = [
                name for name in frame.columns if name not in ("id", "source", "illustrative", "geometry")
            ]
            problem = (
                f"there is no column {column!r}" if column else "no column is called people or population"
            )
            raise self._refuse("--people-column", problem, f"there is {list_some(there, 20)}")
        counts = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        wrong = ~(np.isfinite(counts) & (counts >= 0))
        if wrong.any():
            ids = list_some(frame["id"][wrong])
            zh = f"{int(wrong.sum())} 行“{column}”不是人口数，未计入（{ids}）。"
            en = f"in {int(wrong.sum())} rows {column!r} is no count of people; they are left out ({ids})."
            self._note("no_count", zh, en, int(wrong.sum()))
        return np.where(wrong, 0.0, counts)


def _outline(raster: DatasetReader) -> BaseGeometry:
    a, b, c, d, e, f = raster.transform[:6]
    corners = [(0, 0), (raster.width, 0), (raster.width, raster.height), (0, raster.height)]
    return shapely.Polygon([(a * x + b * y + c, d * x + e * y + f) for x, y in corners])


def _tally(raster: DatasetReader, shape: BaseGeometry) -> tuple[float, float, float, int]:
    """Return people in a shape, the cells with data that it covers, all cells, and how many are negative."""
    from affine import Affine
    from rasterio.features import rasterize
    from rasterio.windows import Window

    left, top, right, low = _find_cells(raster, shape)
    if left >= right or top >= low:
        return 0.0, 0.0, 0.0, 0
    high, wide = low - top, right - left
    fine = int(np.clip(math.isqrt(_MOST_CELLS // (high * wide)), 1, _FINEST))
    cells = raster.read(1, window=Window(left, top, wide, high), masked=True).astype(float)
    values = np.ma.masked_invalid(cells).filled(np.nan)
    a, b, c, d, e, f = raster.transform[:6]
    corner = (c + a * left + b * top, f + d * left + e * top)
    finer = Affine(a / fine, b / fine, corner[0], d / fine, e / fine, corner[1])
    inside = rasterize([shape], out_shape=(high * fine, wide * fine), transform=finer, dtype="uint8")
    share = inside.reshape(high, fine, wide, fine).mean(axis=(1, 3))
    known = values >= 0
    people, negative = float((values * share)[known].sum()), int((values < 0).sum())
    return people, float(share[known].sum()), float(share.sum()), negative


def _read_centres(raster: DatasetReader, area: BaseGeometry) -> tuple[Shapes, Floats, int, float]:
    """Return centres of cells round an area with people, how many, cells below zero, share without data."""
    from rasterio.windows import Window

    system = parse_crs(raster.crs.to_wkt())
    box = shapely.box(*transform_shapes([area], STORED_CRS, system)[0].bounds)
    left, top, right, low = _find_cells(raster, box)
    if left >= right or top >= low:
        return np.empty(0, dtype=object), np.empty(0), 0, 1.0
    window = Window(left, top, right - left, low - top)
    read = np.ma.masked_invalid(raster.read(1, window=window, masked=True).astype(float))
    cells = read.filled(np.nan)
    row, column = np.nonzero(cells > 0)
    a, b, c, d, e, f = raster.transform[:6]
    x, y = column + left + 0.5, row + top + 0.5
    centres = transform_shapes(shapely.points(a * x + b * y + c, d * x + e * y + f), system, STORED_CRS)
    on_grid = shapely.area(shapely.intersection(box, _outline(raster))) / box.area
    unknown = 1 - float((cells >= 0).mean() * on_grid)
    return centres, cells[row, column], int((cells < 0).sum()), unknown


def _find_cells(raster: DatasetReader, shape: BaseGeometry) -> tuple[int, int, int, int]:
    """Return first column and row and those behind the last of the cells that a shape's box overlaps."""
    if shape.is_empty:
        return 0, 0, 0, 0
    corners = shapely.get_coordinates(shapely.box(*shape.bounds))
    a, b, c, d, e, f = (~raster.transform)[:6]
    column, row = (corners @ np.array([[a, d], [b, e]]) + np.array([c, f])).T
    left, top = max(math.floor(column.min()), 0), max(math.floor(row.min()), 0)
    right, low = min(math.ceil(column.max()), raster.width), min(math.ceil(row.max()), raster.height)
    return left, top, right, low


def _share_out(homes: Shapes, counts: Floats, shapes: Shapes) -> Floats:
    """Return the counts of homes in each shape: of points that are covered, of areas by their share."""
    shapely.prepare(shapes)
    tree = shapely.STRtree(homes)
    shape, home = tree.query(shapes, predicate="intersects")
    share = np.ones(len(home))
    cut = (shapely.get_dimensions(homes[home]) == 2) & ~shapely.covers(shapes[shape], homes[home])
    parts = shapely.intersection(homes[home[cut]], shapes[shape[cut]])
    share[cut] = area_m2(parts) / area_m2(homes[home[cut]])
    return np.bincount(shape, counts[home] * share, minlength=len(shapes)).astype(np.float64)
