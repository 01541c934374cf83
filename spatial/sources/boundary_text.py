"""Boundary-point text 界址点, the exchange file of land approval: read as features like any other source."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.engine.areas import straight_area_m2
from spatial.engine.crs import transform_shapes
from spatial.errors import CrsError
from spatial.plan.findings import STORED_CRS
from spatial.plan.records import Source
from spatial.plan.rules import read_rules
from spatial.sources.encoding import decode_text
from spatial.sources.georeference import Statement, choose_crs
from spatial.sources.origin import Origin, list_some
from spatial.sources.parcel_axes import place_points
from spatial.sources.parcels import (
    Parcel,
    ParcelText,
    count_points,
    name_parcels,
    parse_parcels,
    shape_parcels,
)

Shapes = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]

COLUMNS = ("id", "name", "stated_area_ha", "map_sheet", "purpose", "land_code", "given_crs")
"""What is known of a parcel beside its shape; ``given_crs`` is the system that its text is written in."""

_UNITS = {"公顷": 1.0, "ha": 1.0, "亩": 1 / 15, "平方米": 1e-4, "㎡": 1e-4, "m2": 1e-4, "m²": 1e-4, "": 1.0}
_MU_M2 = 2000 / 3


def read_parcels(origin: Origin, path: Path) -> tuple[pd.DataFrame, Shapes, Statement]:
    """Read boundary-point text as rows, shapes as written (easting first), and what it says of its CRS.

    Parameters
    ----------
    origin : Origin
        Takes findings: axes swapped, counts of points or areas that are not those of the parcels.
    path : Path
        Text in UTF-8 or GBK.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, one row a parcel.
    numpy.ndarray of object
        Shapes in the text's own CRS, vertices exactly as written.
    Statement
        EPSG code of that CRS, or None where neither header nor numbers tell it.

    Raises
    ------
    SourceError
        Every line that cannot be right, with value and remedy; what `choose_crs` refuses.

    Examples
    --------
    >>> from spatial.plan.records import Source
    >>> from spatial.sources.origin import name_origin
    >>> read_parcels(name_origin("a", Source(file="none.txt")), Path("none.txt"))
    Traceback (most recent call last):
    spatial.errors.SourceError: none.txt: cannot be read: No such file or directory; check the file
    """
    return _read(origin, path)[1:]


def _read(origin: Origin, path: Path) -> tuple[ParcelText, pd.DataFrame, Shapes, Statement]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise origin.refuse("", f"cannot be read: {error.strerror}", "check the file") from error
    found = parse_parcels(decode_text(origin, data), origin.where)
    placed = place_points(origin, found)
    shapes = shape_parcels(found, placed.eastings, placed.northings, origin.where)
    crs = choose_crs(origin, Statement(placed.crs))
    _note_counts(origin, found)
    table = _tabulate(found.parcels, f"EPSG:{crs.to_epsg()}")
    _note_areas(origin, found.parcels, shapes, table["stated_area_ha"].to_numpy(), crs.to_wkt())
    return found, table, shapes, Statement(placed.crs)


def read_boundary_text(
    path: str | Path, *, crs: str | None = None, encoding: str | None = None
) -> gpd.GeoDataFrame:
    r"""Read boundary-point text 界址点 as a frame.

    Parameters
    ----------
    path : path-like
        A ``.txt`` in any of the dialects: rings closed or not, numbers running on or anew in each ring, with
        or without J, X and Y swapped, without the land code, any line ends, UTF-8 or GBK.
    crs : str, optional
        Where neither the header nor the numbers say it.
    encoding : str, optional
        Where it cannot be told.

    Returns
    -------
    geopandas.GeoDataFrame
        EPSG:4490, with `COLUMNS` and ``geometry``; shapes are not repaired. Written again in ``given_crs``
        (`spatial.outputs.formats.boundary_text`), coordinates agree to the millimetre. ``attrs["header"]``
        holds the header.

    Raises
    ------
    SourceError
        All that is wrong with the text at once, each with file, line, value and remedy.

    Examples
    --------
    >>> import tempfile
    >>> head = "坐标系=2000国家大地坐标系\n3,,1,东地块,面,,工业,1001,@\n"
    >>> points = "J1,1,3874000,38500000\nJ2,1,3874100,38500000\nJ3,1,3874000,38500100"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "a.txt")
    ...     _ = file.write_text(head + points, encoding="utf-8")
    ...     frame = read_boundary_text(file)
    >>> frame.loc[0, "given_crs"], round(frame.geometry.iloc[0].bounds[0], 6)
    ('EPSG:4526', 114.0)
    """
    file = Path(path)
    origin = Origin(file.stem, Source(file=file.name, crs=crs, encoding=encoding), str(path))
    found, table, shapes, stated = _read(origin, file)
    system = choose_crs(origin, stated)
    try:
        moved = transform_shapes(shapes, system, STORED_CRS)
    except CrsError as error:
        fault = error.faults[0]
        raise origin.refuse("crs", fault.problem, fault.remedy or "correct the coordinates") from error
    frame = gpd.GeoDataFrame(table, geometry=moved, crs=STORED_CRS)
    frame.attrs["header"] = dict(found.header)
    return frame


def _tabulate(parcels: list[Parcel], crs: str) -> pd.DataFrame:
    texts = {key: [parcel.fields[key] for parcel in parcels] for key in COLUMNS if key not in _MADE}
    areas = [read_hectares(parcel.fields["area"]) for parcel in parcels]
    made = {"stated_area_ha": areas, "given_crs": [crs] * len(parcels)}
    return pd.DataFrame(texts | made)[list(COLUMNS)]


_MADE = ("stated_area_ha", "given_crs")


def read_hectares(text: str) -> float:
    """Return the area that a parcel states, in hectares; not a number where it states none.

    Examples
    --------
    >>> read_hectares("0.7655公顷"), read_hectares("15亩"), read_hectares("")
    (0.7655, 1.0, nan)
    """
    number = text.strip()
    unit = next((unit for unit in _UNITS if unit and number.lower().endswith(unit)), "")
    try:
        return float(number[: len(number) - len(unit)]) * _UNITS[unit] if number else np.nan
    except ValueError:
        return np.nan


def _note_counts(origin: Origin, found: ParcelText) -> None:
    wrong = count_points(found)
    if wrong:
        parcel, count = wrong[0]
        stated, shown = parcel.fields["points"], name_parcels([parcel for parcel, _ in wrong])
        origin.note(
            "point_count", "warning",
            f"{len(wrong)} 个地块声明的界址点数与实际不符（如第 {parcel.line} 行写 {stated}，实有 {count}）；"
            f"文件可能缺行：{shown}。",
            f"{len(wrong)} parcels state another number of points than they have (line {parcel.line} says "
            f"{stated}, there are {count}); lines may be missing: {shown}.",
            value=float(len(wrong)),
        )  # fmt: skip


def _note_areas(origin: Origin, parcels: list[Parcel], shapes: Shapes, stated: Floats, crs: str) -> None:
    """Hold the stated areas against those of the shapes, on the ellipsoid."""
    faces = np.array([parcel.dimension == 2 for parcel in parcels]) & (stated > 0)
    if not faces.any():
        return
    rules = read_rules("boundary_text")
    try:
        areas = straight_area_m2(transform_shapes(shapes[faces], crs, STORED_CRS))
    except CrsError:  # whoever transforms them for good says what is wrong
        return
    given = stated[faces] * 1e4
    allowed = np.maximum(rules.value("area.share") * areas, rules.value("area.least"))
    off = np.abs(given - areas) > allowed
    if not off.any():
        return
    in_m2 = off & (np.abs(stated[faces] - areas) <= allowed)
    in_mu = off & ~in_m2 & (np.abs(stated[faces] * _MU_M2 - areas) <= allowed)
    names = [parcel for parcel, face in zip(parcels, faces, strict=True) if face]
    for which, unit_zh, unit_en in ((in_m2, "平方米", "square metres"), (in_mu, "亩", "mu")):
        if which.any():
            shown = name_parcels([names[at] for at in np.flatnonzero(which)])
            origin.note(
                "area_unit", "warning",
                f"{int(which.sum())} 个地块的面积是{unit_zh}而不是公顷：{shown}；以图形面积为准。",
                f"{int(which.sum())} parcels state their area in {unit_en}, not in hectares: {shown}; the "
                "shapes count.",
            )  # fmt: skip
    rest = off & ~in_m2 & ~in_mu
    if rest.any():
        worst = int(np.argmax(np.where(rest, np.abs(given - areas), 0)))
        shown = list_some(
            f"{name_parcels([names[at]])} {given[at] / 1e4:.4f} / {areas[at] / 1e4:.4f}"
            for at in np.flatnonzero(rest)
        )
        origin.note(
            "stated_area", "warning",
            f"{int(rest.sum())} 个地块声明的面积与图形椭球面积不符（公顷，声明/图形）：{shown}。",
            f"{int(rest.sum())} parcels state another area than that of their shapes on the ellipsoid "
            f"(hectares, stated / shape): {shown}.",
            value=float(given[worst]),
            limit=float(areas[worst]),
            geometry=shapely.centroid(transform_shapes(shapes[faces][[worst]], crs, STORED_CRS)[0]),
        )  # fmt: skip
