"""A plan as a database of the norm: its territory, lines and zones in the layers and fields of a profile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.engine.areas import straight_area_m2
from spatial.engine.shapes.topology import dissolve, find_shared_edges, label_parts
from spatial.errors import Fault, PlanError
from spatial.outputs.formats.profilefiles import ProfileFormat, write_profile
from spatial.outputs.formats.shapefile import Encoding
from spatial.pipeline import check_plan
from spatial.plan.findings import STORED_CRS
from spatial.plan.profiles import LayerSpec, Profile, read_profile
from spatial.results import Build

Progress = Callable[[str, int, int], None]
_FACES = "land_faces"
_FORMS: tuple[ProfileFormat, ...] = ("gpkg", "fgdb", "shp")


@dataclass(frozen=True)
class ProfileExport:
    """What was written: the file or folder, rows by layer, and what a user should know."""

    file: Path
    layers: dict[str, int]
    notes: tuple[str, ...]


def export_profile(
    plan: str | Path,
    profile: str,
    out: Path,
    form: str = "gpkg",
    *,
    encoding: Encoding | None = None,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
) -> ProfileExport:
    """Write a plan in the layers of a profile.

    Parameters
    ----------
    plan : str or Path
        Plan file, its folder, or the name of a shipped plan.
    profile : str
        Such as ``planning``.
    out : Path
        Folder; the file in it is called ``<plan>_<profile>``.
    form : {"gpkg", "fgdb", "shp"}
    encoding : {"gbk", "utf-8"}, optional
        Of Shapefiles; GBK unless given.
    overrides : sequence of str
        As `build_plan` takes them.
    progress : callable, optional

    Returns
    -------
    ProfileExport

    Raises
    ------
    PlanError
        A plan without administrative code, zones or lines; a format or profile that there is not.
    SourceError, OutputError
        Bad input; a file that cannot be written.
    """
    chosen = read_profile(profile)
    if form not in _FORMS:
        remedy = f"a profile is written as one of {', '.join(_FORMS)}"
        raise PlanError(Fault("--format", form, "is not a format of a profile", remedy))
    build = check_plan(plan, overrides=overrides, progress=progress, besides=(_FACES,))
    layers = make_layers(build, chosen)
    file = write_profile(
        layers, chosen.layers, out / f"{build.plan.name}_{profile}", form,
        encoding=encoding or "gbk", stamp=build.order().stamp,
    )  # fmt: skip
    return ProfileExport(
        file, {name: len(frame) for name, frame in layers.items()}, _note(build, chosen, layers)
    )


def make_layers(build: Build, profile: Profile) -> dict[str, gpd.GeoDataFrame]:
    """Return a plan's layers under the names and fields of a profile, EPSG:4490, single polygons.

    Raises
    ------
    PlanError
        The plan has no administrative code, or neither zones nor lines; the profile has no place for them.
    """
    code = str(build.plan.territory.adcode or "")
    faces = build.besides[_FACES]
    faults = []
    if not code:
        problem = "a database needs the administrative code: identifiers begin with it"
        faults.append(Fault("plan.yaml", "territory.adcode", problem, "write such as `adcode: 419001`"))
    rows = profile.table.under("export")
    if not rows:
        problem = f"the profile {profile.name} has no layers that a plan could fill"
        faults.append(Fault("--profile", profile.name, problem, "take --profile planning"))
    elif not len(faces):
        faults.append(Fault("plan.yaml", "zones", "there are neither zones nor lines", "write their claims"))
    if faults:
        raise PlanError(faults)
    name = build.order().place.pick("zh")
    made = {"XZQ": _make_districts(build, code, name)}
    for line, layer in profile.table.under("export.line").items():
        lines = build.layers["lines"]
        part = lines[lines["line"] == line]
        if len(part) and layer in profile.layers:
            made[str(layer)] = _frame(part.geometry.to_numpy(), BZ=_mark(part["illustrative"]))
    if "GHFQ" in profile.layers:
        made["GHFQ"] = _make_zones(faces, profile)
    return _fill({key: made[key] for key in profile.layers if key in made}, profile, code, name)


def _make_districts(build: Build, code: str, name: str) -> gpd.GeoDataFrame:
    """Return the districts where they fill the territory, else the territory as one district."""
    whole, parts = build.layers["territory"], build.layers["districts"]
    total = straight_area_m2(whole.geometry).sum()
    if len(parts) and abs(straight_area_m2(parts.geometry).sum() - total) <= 1.0:
        return _frame(parts.geometry.to_numpy(), XZQDM=parts["code"], XZQMC=parts["name"])
    return _frame(whole.geometry.to_numpy(), XZQDM=[code] * len(whole), XZQMC=[name] * len(whole))


def _make_zones(faces: gpd.GeoDataFrame, profile: Profile) -> gpd.GeoDataFrame:
    """Return planning zones: lines before zones, as the table reads them, parts that hang together as one."""
    meant = {key: str(value) for key, value in profile.table.under("export.zone").items()}
    said = faces["line"].where(faces["line"] != "", faces["zone"])
    codes = said.map(meant).fillna("")
    known, classes = np.unique(codes.to_numpy(dtype=str), return_inverse=True)
    classes = np.where(known[classes] == "", -1, classes)
    parts = label_parts(classes, find_shared_edges(faces.geometry))
    first = pd.Series(codes.to_numpy(), index=parts).groupby(level=0).first()
    shapes = dissolve(faces.geometry, parts)
    spec = profile.layers["GHFQ"].field("GHFQDM")
    zone = [str(first[number]) for number in range(len(shapes))]
    names = [spec.codes.get(code, "") if spec else "" for code in zone]
    return _frame(
        shapes, GHFQDM=zone, GHFQMC=names, BZ=["由三区三线推导 derived from zones and lines"] * len(zone)
    )


def _frame(shapes: object, **columns: object) -> gpd.GeoDataFrame:
    """Return single polygons with their columns, from north to south, then from west to east."""
    values = {key: np.asarray(value, dtype=object) for key, value in columns.items()}
    frame = gpd.GeoDataFrame(values, geometry=shapes, crs=STORED_CRS).explode(ignore_index=True)
    west, _, _, north = shapely.bounds(frame.geometry.to_numpy()).T
    return frame.iloc[np.lexsort((west, -north))].reset_index(drop=True)


def _mark(illustrative: pd.Series) -> list[str]:
    return ["示意 illustrative" if is_so else "" for is_so in illustrative]


def _fill(
    layers: dict[str, gpd.GeoDataFrame], profile: Profile, code: str, name: str
) -> dict[str, gpd.GeoDataFrame]:
    """Fill the fields that every layer has; identifiers run on through all layers."""
    number, filled = 0, {}
    for key, frame in layers.items():
        spec: LayerSpec = profile.layers[key]
        made = {
            "BSM": [f"{code[:6]}0000{number + at:08d}" for at in range(1, len(frame) + 1)],
            "YSDM": [spec.feature_code or None] * len(frame),
            "XZQDM": [code] * len(frame), "XZQMC": [name] * len(frame),
            "XJXZQDM": [code] * len(frame), "XJXZQMC": [name] * len(frame),
            "MJ": straight_area_m2(frame.geometry).round(2),
            "YJJBNTMJ": straight_area_m2(frame.geometry).round(2),
        }  # fmt: skip
        if key == "CZKFBJ":
            zone = str(profile.table.value("export.zone.urban_boundary"))
            field = spec.field("GHFQDM")
            made |= {
                "GHFQDM": [zone] * len(frame),
                "GHFQMC": [field.codes.get(zone, "") if field else ""] * len(frame),
            }
        own = {field.name for field in spec.fields}
        new = {column: value for column, value in made.items() if column in own and column not in frame}
        filled[key] = frame.assign(**new)
        number += len(frame)
    return filled


def _note(build: Build, profile: Profile, layers: dict[str, gpd.GeoDataFrame]) -> tuple[str, ...]:
    """Return what whoever hands the database in must know."""
    bare = [key for key in layers if not profile.layers[key].feature_code]
    lacking = [key for key, spec in profile.layers.items() if spec.required and key not in layers]
    notes = [
        "规划分区由三区三线按项目约定推导，未定要素代码留空，标识码为暂编 planning zones are derived from "
        "zones and lines by a default of this project; feature codes that are not established are empty; "
        "identifiers are provisional",
        f"未填要素代码 without feature code: {', '.join(bare)}",
    ]
    if lacking:
        notes.append(f"规划没有、未写出 the plan has none of: {', '.join(lacking)}")
    if build.order().illustrative:
        notes.append("示意数据，非法定成果 illustrative data, no legal result")
    return tuple(notes)
