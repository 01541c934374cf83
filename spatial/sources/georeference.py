"""Where a source's coordinates lie: its CRS stated and believed, its coordinates held against it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer

from spatial.engine.crs import contradicts, parse_crs, transform_shapes
from spatial.errors import CrsError
from spatial.plan.findings import STORED_CRS
from spatial.sources.origin import Origin, list_some

Shapes = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]

# Beyond its area of use a Gauss-Krüger zone still serves a city that straddles its edge.
_SLACK_DEG = 1.5
# Of WGS84, GRS80 and CGCS2000: geocentric datums that agree to within a metre.
_SEMI_MAJOR_M = 6378137.0
_ASK = "ask whoever made the file; a wrong guess moves it by hundreds of metres"


@dataclass(frozen=True)
class Statement:
    """What a file itself says of its CRS: text for PROJ or None, and whether only its format says so."""

    text: str | None
    by_format: bool = False


def choose_crs(origin: Origin, own: Statement) -> CRS:
    """Return the CRS that the file or the plan states.

    Raises
    ------
    SourceError
        Neither states one, they contradict each other, or it has no published way to CGCS2000.

    Examples
    --------
    >>> from spatial.plan.records import Source
    >>> origin = Origin("a", Source(file="a.csv", crs="EPSG:4490"), "a.csv")
    >>> choose_crs(origin, Statement(None)).to_epsg()
    4490
    """
    asked = _parse(origin, origin.source.crs) if origin.source.crs else None
    stated = (
        own.text if own.text and not re.search("undefined|unknown engineering", own.text[:60], re.I) else None
    )
    if stated is None:
        if asked is None:
            remedy = (
                "write `crs: EPSG:4490` (degrees, CGCS2000) or its projection (3° zones without zone number: "
                "central meridian 111° is EPSG:4546, 114° is EPSG:4547, 117° is EPSG:4548 …) "
            )
            remedy = remedy.replace("`crs: EPSG:4490`", "`--crs EPSG:4490`") if origin.lenient else remedy
            where = "" if origin.lenient else "in the plan"
            problem = "the file does not say its coordinate system"
            raise origin.refuse("crs", problem, f"{(remedy + where).rstrip()}; {_ASK}")
        return asked
    if asked is not None and own.by_format:
        return asked
    crs = _parse(origin, stated)
    if asked is not None and not _is_same(crs, asked):
        who, remove = ("--crs", "leave `--crs` out") if origin.lenient else ("the plan", "remove `crs:`")
        problem = f"{who} says {_label(asked)}, the file says {_label(crs)}"
        raise origin.refuse("crs", problem, f"{remove} if the file is right, else correct the file; {_ASK}")
    return crs


def _parse(origin: Origin, text: str) -> CRS:
    try:
        crs = parse_crs(text)
    except CrsError as error:
        fault = error.faults[0]
        raise origin.refuse("crs", fault.problem, fault.remedy) from error
    flat = crs.sub_crs_list[0] if crs.is_compound else crs.to_2d()
    # Names of other makers (ESRI's .prj) carry no area of use: take EPSG's entry where it is the same.
    code = flat.to_epsg()
    return CRS.from_epsg(code) if code else flat


def _is_same(one: CRS, other: CRS) -> bool:
    return bool(one.equals(other, ignore_axis_order=True))


def _label(crs: CRS) -> str:
    code = crs.to_epsg()
    return f"EPSG:{code} ({crs.name})" if code else str(crs.name)


def locate_shapes(origin: Origin, shapes: Shapes, ids: npt.NDArray[np.object_], crs: CRS) -> Shapes:
    """Return shapes in CGCS2000 (EPSG:4490), after holding their coordinates against their CRS.

    Parameters
    ----------
    shapes : numpy.ndarray of object
        Two-dimensional, finite, not empty.
    ids : numpy.ndarray of object
        Their ids, for messages.
    crs : pyproj.CRS
        As `choose_crs` returns it.

    Raises
    ------
    SourceError
        Degrees labelled as metres, metres labelled as degrees, latitude or northing first, a zone number
        too many or too few, coordinates that have no place on the Earth.

    Examples
    --------
    >>> from spatial.plan.records import Source
    >>> origin = Origin("a", Source(file="a.csv"), "a.csv")
    >>> shapes, ids = np.array([shapely.Point(500_000, 3_874_000)]), np.array(["a-0001"], dtype=object)
    >>> locate_shapes(origin, shapes, ids, CRS("EPSG:4546"))[0].x
    111.0
    """
    # The median feature decides whether the label is wrong; single strays are reported further down.
    fault = contradicts(crs, np.median(shapely.bounds(shapes), axis=0))
    if fault is not None:
        remedy = f"{fault.remedy}; the label is {_label(crs)}; {_ASK}"
        raise origin.refuse("crs", fault.problem, remedy)
    try:
        moved = transform_shapes(shapes, crs, STORED_CRS)
    except CrsError as error:
        remedy = f"correct it, or the label {_label(crs)}"
        raise origin.refuse("crs", error.faults[0].problem, remedy) from error
    moved = _refuse_off_earth(origin, moved, ids, crs)
    _note_outside(origin, moved, ids, crs)
    _note_ballpark(origin, crs)
    return moved


def _area_of(crs: CRS) -> tuple[float, float, float, float] | None:
    area = crs.area_of_use
    return area.bounds if area is not None and area.west <= area.east else None


def _refuse_off_earth(origin: Origin, shapes: Shapes, ids: npt.NDArray[np.object_], crs: CRS) -> Shapes:
    """Refuse the file for shapes off the Earth; a lenient reader returns them empty, and named."""
    bounds = shapely.bounds(shapes)
    off = (np.abs(bounds[:, [0, 2]]) > 180).any(axis=1) | (np.abs(bounds[:, [1, 3]]) > 90).any(axis=1)
    if not off.any():
        return shapes
    west, south, east, north = bounds[off][0]
    problem = f"features {list_some(ids[off])} reach ({west:.6g}, {south:.6g}) to ({east:.6g}, {north:.6g})"
    if not origin.lenient:
        remedy = f"correct them; the file is labelled {_label(crs)}"
        raise origin.refuse("crs", f"{problem}, off the Earth", remedy)
    count = int(off.sum())
    origin.note(
        "off_earth",
        "warning",
        f"{count} 个要素的坐标不在地球上，已舍去（{list_some(ids[off])}）。",
        f"{problem}, off the Earth: left out.",
        value=float(count),
    )
    return np.where(off, shapely.from_wkt("POINT EMPTY"), shapes)


def _note_outside(origin: Origin, shapes: Shapes, ids: npt.NDArray[np.object_], crs: CRS) -> None:
    area = _area_of(crs)
    if area is None:
        return
    bounds = shapely.bounds(shapes)
    beyond = np.column_stack([area[:2] - bounds[:, :2], bounds[:, 2:] - area[2:]]).max(axis=1)
    outside = beyond > _SLACK_DEG
    if outside.any():
        shown, furthest = list_some(ids[outside]), float(beyond[outside].max())
        origin.note(
            "outside_crs_area",
            "warning",
            f"{int(outside.sum())} 个要素超出坐标系 {_label(crs)} 的适用范围，最远 {furthest:.2f}°"
            f"（{shown}）；请核对坐标系。",
            f"{int(outside.sum())} features lie up to {furthest:.2f}° outside the area that {_label(crs)} "
            f"is made for ({shown}); check the coordinate system.",
            value=furthest,
            limit=_SLACK_DEG,
            geometry=shapely.MultiPoint(shapely.centroid(shapes[outside][:100])),
        )


def _note_ballpark(origin: Origin, crs: CRS) -> None:
    """Report a transformation between datums that PROJ has no parameters for (STANDARDS 6.1)."""
    if "ballpark" not in Transformer.from_crs(crs, STORED_CRS, always_xy=True).description.lower():
        return
    modern = crs.ellipsoid is not None and abs(crs.ellipsoid.semi_major_metre - _SEMI_MAJOR_M) < 1
    origin.note(
        "ballpark_transform",
        "info" if modern else "warning",
        f"由 {_label(crs)} 转 CGCS2000（EPSG:4490）无公开参数，按零平移处理，"
        + ("差异小于 1 米。" if modern else "可能偏移数百米；请提供 CGCS2000 成果。"),
        f"from {_label(crs)} to CGCS2000 (EPSG:4490) no parameters are known: the two were taken as equal, "
        + (
            "which is right to within a metre."
            if modern
            else "and may differ by hundreds of metres; give CGCS2000."
        ),
    )
