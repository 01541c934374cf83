"""A new plan from an administrative code or a boundary file, written so that it builds at once."""

from __future__ import annotations

import math
import os
from pathlib import Path

import geopandas as gpd
import numpy as np

from spatial.engine.geodesy import area_m2
from spatial.errors import Fault, OutputError, PlanError
from spatial.outputs.files import replacing
from spatial.plan.reading.schema import export_schema
from spatial.plan.reading.starter import Seat, compose_plan, name_plan
from spatial.plan.records import Source, Territory
from spatial.sources.districts import read_boundary, read_counties
from spatial.sources.vector import read_source

_SCHEMA = "plan.schema.json"


def start_plan(folder: Path, *, adcode: int | None = None, boundary: Path | None = None) -> Path:
    """Write ``plan.yaml`` into a new folder.

    Parameters
    ----------
    folder : Path
        Made if absent; must not hold a plan yet.
    adcode : int, optional
        Six-digit code; boundary, districts and label positions come from the provider.
    boundary : Path, optional
        Vector file with a CRS; it stays where it is and the plan refers to it.

    Returns
    -------
    Path
        The plan file.

    Raises
    ------
    PlanError
        Neither or both of `adcode` and `boundary`; an unknown code.
    SourceError
        The boundary file cannot be read as a territory.
    OutputError
        The folder holds a plan already, or cannot be written.
    """
    if (adcode is None) == (boundary is None):
        raise PlanError(
            Fault("spatial new", "", "give either --adcode or --boundary", "such as --adcode 410600")
        )
    file = folder / "plan.yaml"
    if file.exists():
        raise OutputError(
            Fault(str(file), "", "there is a plan already", "choose another folder, or edit it")
        )
    name = name_plan(folder.resolve().name)
    text = _from_code(name, adcode) if adcode is not None else _from_file(name, Path(boundary or ""), folder)
    # The schema lies beside, so that an editor completes and checks the plan without a network.
    for path, content in ((folder / _SCHEMA, export_schema()), (file, text)):
        with replacing(path) as beside:
            beside.write_text(content, encoding="utf-8")
    return file


def _from_code(name: str, adcode: int) -> str:
    spec = Territory(adcode=adcode)
    frame, counties = read_boundary(spec, {}), read_counties(spec)
    own = counties["code"].astype(str) == str(adcode)
    shown = counties[~own].sort_values("code")
    middle = shown.geometry.representative_point()
    seats = [
        Seat(row.name_, point.x, point.y, str(row.code))
        for row, point in zip(shown.rename(columns={"name": "name_"}).itertuples(), middle, strict=True)
    ]
    title = str(frame["name"].iloc[0])
    return _compose(name, title, frame, seats, territory=f"{{adcode: {adcode}, provider: tianditu}}")


def _from_file(name: str, boundary: Path, folder: Path) -> str:
    where = boundary.resolve()
    read = read_source("boundary", Source(file=str(where)), folder)
    frame = read_boundary(Territory(source="boundary"), {"boundary": read.frame})
    try:
        path = Path(os.path.relpath(where, folder.resolve())).as_posix()
    except ValueError:  # another drive on Windows
        path = where.as_posix()
    title = str(frame["name"].iloc[0]) or boundary.stem
    sources = f'  boundary: {{file: "{path}", licence: unknown}}\n'
    return _compose(name, title, frame, [], territory="{source: boundary}", sources=sources)


def _compose(
    name: str,
    title: str,
    frame: gpd.GeoDataFrame,
    seats: list[Seat],
    *,
    territory: str,
    sources: str = "",
) -> str:
    whole = frame.geometry.union_all()
    middle = whole.representative_point()
    # A twentieth of the territory's breadth, but no more than 3 km: a disc that any town centre fits in.
    radius = min(3000.0, math.sqrt(float(area_m2(np.array([whole]))[0])) / 20)
    return compose_plan(
        name,
        f"{title}国土空间格局",
        territory=territory,
        sources=sources,
        centre=Seat(f"{title}中心", middle.x, middle.y),
        seats=seats,
        core_radius_m=max(1.0, round(radius)),
        schema=_SCHEMA,
    )
