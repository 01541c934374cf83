"""Boundary-point text 界址点 written: the exchange file of land approval, in the usual dialect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from spatial.engine.areas import straight_area_m2
from spatial.engine.crs import choose_gauss_kruger, parse_crs, transform_shapes
from spatial.errors import CrsError, Fault, OutputError
from spatial.outputs.files import replacing
from spatial.plan.findings import STORED_CRS
from spatial.plan.rules import read_rules

Encoding: TypeAlias = Literal["gbk", "utf-8"]
Shapes = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]

_SHAPE_OF = {"Polygon": "面", "LineString": "线", "LinearRing": "线", "Point": "点"}
_BREAKING = str.maketrans({",": "，", "\r": " ", "\n": " ", "\t": " "})
_DEGREE_DECIMALS = 9  # a tenth of a millimetre
_ZONES_3, _ZONES_6 = range(25, 46), range(13, 24)


def write_boundary_text(
    path: Path,
    frame: gpd.GeoDataFrame,
    *,
    crs: str | None = None,
    encoding: Encoding | None = None,
    header: Mapping[str, str] | None = None,
) -> None:
    """Write parcels as boundary-point text, atomically: GBK, CRLF, three decimals, rings closed, J1 onward.

    Parameters
    ----------
    path : Path
        The ``.txt`` to write or replace.
    frame, crs, header
        As `format_boundary_text` takes them.
    encoding : {"gbk", "utf-8"}, optional
        That of the rule table (GBK) unless given.

    Raises
    ------
    OutputError
        As `format_boundary_text`; characters that the encoding lacks; the system refused.

    Examples
    --------
    >>> import tempfile
    >>> square = shapely.box(112, 35, 112.001, 35.001)
    >>> parcels = gpd.GeoDataFrame({"id": ["1"], "name": ["东地块"]}, geometry=[square], crs="EPSG:4490")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_boundary_text(Path(folder, "a.txt"), parcels)
    ...     Path(folder, "a.txt").read_text(encoding="gbk").splitlines()[-6]
    '5,1.0128,1,东地块,面,,,,@'
    """
    codec = encoding or str(read_rules("boundary_text").value("encoding"))
    text = format_boundary_text(frame, crs=crs, header=header)
    try:
        data = text.encode(codec)
    except UnicodeEncodeError as error:
        sign = text[error.start]
        row = text.count("\r\n", 0, error.start) + 1
        problem = f"{codec.upper()} has no {sign} (U+{ord(sign):04X}), as on line {row} of the text"
        remedy = "write it with --encoding utf-8, or change the name"
        raise OutputError(Fault(str(path), "", problem, remedy)) from error
    with replacing(path) as beside:
        beside.write_bytes(data)


def format_boundary_text(
    frame: gpd.GeoDataFrame, *, crs: str | None = None, header: Mapping[str, str] | None = None
) -> str:
    """Return parcels as boundary-point text.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Any CRS. ``id`` and ``name`` are written, and ``map_sheet``, ``purpose`` and ``land_code`` where there
        are such columns. Polygons, lines and points, single or multi.
    crs : str, optional
        A CGCS2000 Gauss-Krüger system, or EPSG:4490 for degrees. Unless given, the one of the column
        ``given_crs`` where that names only one, else the 3° zone that holds most of the parcels, with the
        number of the zone before the easting.
    header : mapping of str to str, optional
        Lines of the header that are to say something else, or to be added.

    Returns
    -------
    str
        Lines end in CRLF. Northing stands first; areas are those on the ellipsoid, in hectares. Rings of a
        parcel are numbered from 1, a shell before its holes; numbers of points run on over all rings, each of
        which ends with its first point. Commas in names are written as ，.

    Raises
    ------
    OutputError
        A frame without rows, shapes that are empty or of another kind, rings that vanish when rounded, a
        system that the format has no words for: all at once.
    """
    system = _choose_system(frame, crs)
    rules = read_rules("boundary_text")
    decimals = _DEGREE_DECIMALS if system.is_geographic else int(rules.value("decimals"))
    _refuse_kinds(frame)
    lon_lat = transform_shapes(frame.geometry.to_numpy(), frame.crs, STORED_CRS)
    own = system.to_epsg() == CRS(frame.crs).to_epsg()
    moved = frame.geometry.to_numpy() if own else transform_shapes(lon_lat, STORED_CRS, system)
    _refuse_small(frame, moved, decimals)
    lines = [f"{key}={value}" for key, value in _make_header(system, decimals, header or {}).items()]
    lines += ["[地块坐标]"]
    areas = straight_area_m2(lon_lat) / 1e4
    table = _texts(frame)
    for at, shape in enumerate(moved):
        lines += _format_parcel(shape, float(areas[at]), table.iloc[at], decimals)
    return "\r\n".join(["[属性描述]", *lines, ""])


def _choose_system(frame: gpd.GeoDataFrame, crs: str | None) -> CRS:
    if frame.crs is None or not len(frame):
        problem = "has no CRS" if frame.crs is None else "has no rows"
        raise OutputError(Fault("boundary text", "", problem, "give a frame with rows and a CRS"))
    given = set(frame["given_crs"]) if "given_crs" in frame else set()
    try:
        if crs is None and len(given) == 1:
            crs = str(next(iter(given)))
        if crs is None:
            shapes = transform_shapes(frame.geometry.to_numpy(), frame.crs, STORED_CRS)
            plain = CRS(choose_gauss_kruger(shapely.box(*_bounds(shapes)))).to_epsg() or 0
            crs = f"EPSG:{plain - 21}" if 4534 <= plain <= 4554 else f"EPSG:{plain}"
        system = parse_crs(crs)
    except CrsError as error:
        fault = error.faults[0]
        raise OutputError(Fault("boundary text", "crs", fault.problem, fault.remedy)) from error
    _describe_system(system)
    return system


def _bounds(shapes: Shapes) -> tuple[float, float, float, float]:
    """Return bounds that have an area, also of a single point: the zone is chosen by area."""
    west, south, east, north = (float(value) for value in shapely.total_bounds(shapes))
    return west - 1e-6, south - 1e-6, east + 1e-6, north + 1e-6


def _describe_system(system: CRS) -> dict[str, str]:
    """Return what the header says of a system of CGCS2000."""
    code = system.to_epsg() or 0
    if code == 4490:
        return {"坐标系": "2000国家大地坐标系", "计量单位": "度"}
    for first, width in ((4488, 3), (4509, 3), (4478, 6), (4489, 6)):
        zone = code - first
        if zone in (_ZONES_3 if width == 3 else _ZONES_6):
            return {
                "坐标系": "2000国家大地坐标系", "几度分带": str(width), "投影类型": "高斯克吕格",
                "计量单位": "米", "带号": str(zone),
            }  # fmt: skip
    problem = f"{system.name} has no place in the header of boundary-point text"
    remedy = "take a Gauss-Krüger zone of CGCS2000, such as EPSG:4526 (zone 38, with its number)"
    raise OutputError(Fault("boundary text", "crs", problem, remedy))


def _make_header(system: CRS, decimals: int, header: Mapping[str, str]) -> dict[str, str]:
    version = str(read_rules("boundary_text").value("version"))
    first = {"格式版本号": version, "数据产生单位": "", "数据产生日期": "", "转换参数": ",,,,,,"}
    fixed = _describe_system(system) | {"精度": f"{10.0**-decimals:.{decimals}f}"}
    said = {key.translate(_BREAKING): " ".join(value.splitlines()) for key, value in header.items()}
    made = first | said | fixed
    order = [*list(first)[:3], *fixed, "转换参数"]
    return {key: made[key] for key in dict.fromkeys([*order, *made])}


def _refuse_kinds(frame: gpd.GeoDataFrame) -> None:
    """Refuse shapes that the format cannot say, naming each by its id."""
    faults = []
    for key, shape in zip(_name_rows(frame), frame.geometry, strict=True):
        if shape is None or shape.is_empty:
            faults.append(Fault("boundary text", key, "has no shape", "leave it out, or mend it"))
        elif shape.geom_type.removeprefix("Multi") not in _SHAPE_OF:
            problem = f"is a {shape.geom_type}"
            faults.append(Fault("boundary text", key, problem, "give areas, lines or points"))
    if faults:
        raise OutputError(faults)


def _refuse_small(frame: gpd.GeoDataFrame, shapes: Shapes, decimals: int) -> None:
    """Refuse rings that are no ring any more when they are rounded."""
    problem, remedy = f"has a ring that vanishes at {decimals} decimals", "leave it out, or mend it"
    faults = [
        Fault("boundary text", key, problem, remedy)
        for key, shape in zip(_name_rows(frame), shapes, strict=True)
        if "Polygon" in shape.geom_type and any(_vanishes(ring, decimals) for ring in _list_rings(shape))
    ]
    if faults:
        raise OutputError(faults)


def _name_rows(frame: gpd.GeoDataFrame) -> list[str]:
    return [str(key) for key in frame.get("id", frame.index)]


def _vanishes(ring: Floats, decimals: int) -> bool:
    return len(ring) < 30 and len(np.unique(np.round(ring, decimals), axis=0)) < 3


def _list_rings(shape: Any) -> list[Floats]:
    """Return the vertices of each ring, line or group of points of a shape."""
    if shape.geom_type in ("Point", "MultiPoint"):
        return [shapely.get_coordinates(shape)]
    parts = shapely.get_parts(shape)
    pieces = shapely.get_rings(parts) if "Polygon" in shape.geom_type else parts
    return [shapely.get_coordinates(piece) for piece in pieces]


def _texts(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return what is written of each parcel beside its shape, without what would break a line."""
    keys = ("id", "name", "map_sheet", "purpose", "land_code")
    texts = {key: frame[key] if key in frame else pd.Series("", index=frame.index) for key in keys}
    return pd.DataFrame(
        {key: ["" if pd.isna(text) else str(text).translate(_BREAKING).strip() for text in values]
         for key, values in texts.items()}
    )  # fmt: skip


def _format_parcel(shape: Any, hectares: float, row: pd.Series[str], decimals: int) -> Iterator[str]:
    kind = _SHAPE_OF[shape.geom_type.removeprefix("Multi")]
    rings = _list_rings(shape)
    places = int(read_rules("boundary_text").value("area.decimals"))
    area = f"{hectares:.{places}f}" if kind == "面" else ""
    head = [str(sum(map(len, rings))), area, row["id"], row["name"], kind]
    yield ",".join([*head, row["map_sheet"], row["purpose"], row["land_code"], "@"])
    start = 1
    for number, ring in enumerate(rings, 1):
        fresh = len(ring) - (kind == "面")
        labels = [*range(start, start + fresh), *([start] if kind == "面" else [])]
        for label, (easting, northing) in zip(labels, ring.tolist(), strict=True):
            yield f"J{label},{number},{northing:.{decimals}f},{easting:.{decimals}f}"
        start += fresh
