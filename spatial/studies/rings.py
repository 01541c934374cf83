"""Rings without a plan: what lies within so many minutes of places, from a file of roads alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from spatial.engine.crs import transform_shapes
from spatial.engine.travel.network import Network
from spatial.errors import Fault, PlanError
from spatial.outputs.answers.rings import RingPapers, write_rings
from spatial.plan.base import Text
from spatial.plan.findings import STORED_CRS, Finding, frame_findings
from spatial.sources.origin import list_some
from spatial.sources.people import People
from spatial.studies.drawing import Drawing, Question, draw_groups, draw_nearest, peel_rings, trace_roads
from spatial.studies.journeys import (
    SNAP,
    Given,
    Progress,
    Roads,
    ask_roads,
    gather_places,
    keep_quiet,
    snap_places,
)
from spatial.studies.overland import Overland, open_overland
from spatial.studies.questions import read_length, read_minutes
from spatial.studies.standing import ask_overland
from spatial.version import __version__

_MODES = {"drive": ("驾车", "By car"), "cycle": ("骑行", "By bicycle"), "walk": ("步行", "On foot")}
_METHODS = ("network", "surface")
_OFF_ROAD = "100m"
_MOST_DRAWN = 30


@dataclass(frozen=True)
class Rings:
    """What can be reached from places, or from where they can be reached.

    Parameters
    ----------
    rings : geopandas.GeoDataFrame
        EPSG:4490, one row for each origin and number of minutes: all that lies within them.
    bands : geopandas.GeoDataFrame
        The same without what fewer minutes reach: disjoint.
    origins : geopandas.GeoDataFrame
        The places, with their distance to the nearest road.
    network : geopandas.GeoDataFrame or None
        Roads with the minutes at which they are reached, where asked for.
    table : pandas.DataFrame
        For each origin and number of minutes: area, people, kilometres of road.
    findings : geopandas.GeoDataFrame
        What is wrong or worth knowing, worst first.
    files : tuple of Path
        What was written.
    notes : tuple of str
        How the network was built.
    """

    rings: gpd.GeoDataFrame
    bands: gpd.GeoDataFrame
    origins: gpd.GeoDataFrame
    network: gpd.GeoDataFrame | None
    table: pd.DataFrame
    findings: gpd.GeoDataFrame
    files: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def has_errors(self) -> bool:
        """Whether a finding is an error: exit code 1."""
        return bool((self.findings["severity"] == "error").any())


def draw_rings(  # noqa: PLR0913 (a question in one call; all but three have a default)
    roads: str | PathLike[str] | None,
    origins: Given | Iterable[Given],
    minutes: str | float | Iterable[float] = (15, 30, 60),
    *,
    mode: str = "drive",
    method: str = "network",
    speed: str | Sequence[str] | None = None,
    dem: str | PathLike[str] | None = None,
    land_cover: str | PathLike[str] | None = None,
    codes: str | None = None,
    columns: Sequence[str] | None = None,
    towards: bool = False,
    together: bool = False,
    snap: str = SNAP,
    cell: str = "25m",
    off_road: str = _OFF_ROAD,
    people: str | PathLike[str] | None = None,
    people_column: str | None = None,
    network: bool = False,
    crs: str | None = None,
    out: str | PathLike[str] | None = None,
    basemap: str = "none",
    progress: Progress | None = None,
) -> Rings:
    """Draw what lies within so many minutes of places, along roads or over the terrain.

    Parameters
    ----------
    roads : path
        OpenStreetMap extract (``.osm.pbf``) or any file of lines; over terrain None is on foot without roads.
    origins : str, path or iterable of them
        Positions ``lon,lat`` or ``name=lon,lat`` in degrees, and files of features.
    minutes : str, float or iterable of float
        Rising, such as ``"15,30,60"``.
    mode : {"drive", "cycle", "walk"}
    method : {"network", "surface"}
        Along roads, with the land beside them; or over the ground too, by slope and land cover: on foot
        everywhere, by car or bicycle along roads and from there on foot.
    speed : str or sequence of str, optional
        ``5km/h`` for all roads (posted speeds and those of the rule table count for nothing then), or
        ``primary=50km/h`` for a class; over terrain ``off_road=4km/h`` where no land cover is known.
    dem : path, optional
        Elevation model: walking and cycling follow its slope; needed over terrain.
    land_cover : path, optional
        Raster of classes, for speeds over terrain and water that nobody walks on.
    codes : str, optional
        Whose classes they are, such as ``worldcover``; may be left out where they tell themselves.
    columns : sequence of str, optional
        Of a file of lines: ``class=…``, ``speed=…``, ``oneway=…``, ``level=…``, ``bridge=…``, ``tunnel=…``,
        ``surface=…``.
    towards : bool
        Journeys to the places: on one-way roads and slopes the two differ.
    together : bool
        One set of rings for all places: within so many minutes of the nearest.
    snap : str
        Farthest road that a place is snapped to. Walkers take their time on the way there, at 3 km/h; by
        car and bicycle journeys start on the road.
    cell, off_road : str
        Side of the cells that rings are drawn with, and how far off a road land still belongs. The same for
        all minutes, so that a ring is the same whatever else is asked; 50 m to 100 m save time and space in
        rings of an hour by car.
    people : path, optional
        Grid of counts, or points or areas with a count: gives the people inside.
    people_column : str, optional
        Of a vector file of people.
    network : bool
        Whether the roads reached are wanted too, cut where the minutes run out.
    crs : str, optional
        Of files that do not say theirs.
    out : path, optional
        Folder for ``rings.html``, ``rings.gpkg`` and ``rings.csv``; nothing is written without it.
    basemap : {"none", "osm", "gaode"}
        Tiles below the map, which then needs a network when it is opened.
    progress : callable, optional
        Called with (step, done, total); a total of 0 is unknown.

    Returns
    -------
    Rings

    Raises
    ------
    PlanError
        Minutes, speeds or positions that cannot be.
    SourceError
        A file that cannot be read, or roads of another region than the places.
    OutputError
        A file that cannot be written.

    Notes
    -----
    How rings are drawn, and what they promise: `spatial.engine.rings.isochrones`. Areas are ellipsoidal.
    """
    show = progress or keep_quiet
    cell_m, off_road_m = read_length(cell, "--cell"), read_length(off_road, "--off-road")
    question = Question(read_minutes(minutes), towards, together, cell_m, off_road_m)
    snap_m = read_length(snap, "--snap")
    _refuse_mixed(
        method,
        roads,
        network=network,
        off_road=off_road,
        ground={"--land-cover": land_cover, "--codes": codes},
    )
    drawing: Drawing | Overland
    if method == "surface":
        asked = ask_overland(roads, mode, speed, dem, land_cover=land_cover, codes=codes, columns=columns)
        places = gather_places(origins, "--from", crs)
        drawing = open_overland(asked, places, question, snap_m, show)
        source = asked.roads
    else:
        source = ask_roads(roads or "", mode, speed, dem, columns)
        places = gather_places(origins, "--from", crs)
        built = source.open(show)
        drawing = Drawing(
            built, snap_places(built, places, snap_m, where=source.path.name, layer="origins"), question
        )
    counted = People(Path(people), people_column, crs) if people else None
    read = [*places.findings, *(source.findings if source else ())]
    made = _make(drawing, read, counted, network=network, show=show)
    if source:
        made = replace(made, notes=(*made.notes, f"speeds: {source.describe()['speeds']}"))
    if out is None:
        return made
    show("writing", 0, 0)
    return _deliver(made, drawing, _describe(source, drawing, basemap), Path(out))


def _make(
    drawing: Drawing | Overland,
    found: list[Finding],
    counted: People | None,
    *,
    network: bool,
    show: Progress,
) -> Rings:
    """Draw, measure and tabulate; `found` is what reading the places and roads came to."""
    rings = draw_groups(drawing, drawing.groups(), show)
    if counted is not None:
        show("people", 0, 0)
        rings.insert(rings.columns.get_loc("label"), "people", counted.count(rings.geometry.to_numpy()))
    found += [*drawing.findings(), *(counted.findings if counted else ())]
    if drawing.network is not None and (isinstance(drawing, Drawing) or drawing.mode != "walk"):
        found += _find_cut(rings, drawing.network)
    return Rings(
        rings=rings,
        bands=peel_rings(rings),
        origins=drawing.frame,
        network=trace_roads(drawing) if network and isinstance(drawing, Drawing) else None,
        table=_tabulate(rings, drawing.frame),
        findings=frame_findings(found),
        notes=(*(drawing.network.notes if drawing.network else ()), *drawing.notes()),
    )


def _refuse_mixed(
    method: str, roads: Any, *, network: bool, off_road: str, ground: Mapping[str, Any]
) -> None:
    """Refuse what has no meaning for a method, all at once.

    Raises
    ------
    PlanError
    """
    faults = []
    if method not in _METHODS:
        remedy = f"write one of {', '.join(_METHODS)}"
        faults.append(Fault("--method", "", f"{method!r} is no way to measure", remedy))
    elif method == "network":
        if roads is None:
            remedy = "add --roads FILE, or take --method surface with --dem FILE"
            faults.append(Fault("--roads", "", "there are no roads", remedy))
        faults += [
            Fault(key, "", "counts for nothing along roads", "leave it out, or take --method surface")
            for key, value in ground.items()
            if value is not None
        ]
    else:
        given = {"--network": network, "--off-road": off_road != _OFF_ROAD}
        faults += [
            Fault(key, "", "counts for nothing over terrain", "leave it out, or take --method network")
            for key, is_given in given.items()
            if is_given
        ]
    if faults:
        raise PlanError(faults)


def _tabulate(rings: gpd.GeoDataFrame, origins: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the rings as a table; places without rings have a row too."""
    table = pd.DataFrame(rings.drop(columns=["geometry", "id", "name", "label", "label_en"]))
    left = origins[~origins["stands" if "stands" in origins else "snapped"]]
    lost = pd.DataFrame({"origin": left["id"], "origin_name": left["name"]})
    table = pd.concat([table, lost], ignore_index=True) if len(lost) else table
    if "offset_m" not in origins:
        return table
    return table.assign(offset_m=table["origin"].map(origins.set_index("id")["offset_m"]))


def _find_cut(rings: gpd.GeoDataFrame, network: Network) -> Iterator[Finding]:
    """Report rings that come to the edge of the file of roads: beyond it there may be more."""
    hull = transform_shapes(
        [shapely.convex_hull(shapely.multipoints(network.shape_xy))], network.crs, STORED_CRS
    )[0]
    shapely.prepare(hull)
    cut = rings[
        ~shapely.is_empty(rings.geometry) & ~shapely.contains_properly(hull, rings.geometry.to_numpy())
    ]
    if not len(cut):
        return
    first = cut["time_min"].min()
    some = list_some(cut.loc[cut["time_min"] == first, "origin_name"], 5)
    yield Finding(
        "rings.at_the_edge", "warning", "rings", "",
        f"{first:g} 分钟起，等时圈（{some}）到达道路文件的边缘，实际可能更大；请用更大范围的道路文件。",
        f"from {first:g} minutes up, rings ({some}) come to the edge of the file of roads and may be larger; "
        "take the extract of a larger region.",
        value=float(first),
    )  # fmt: skip


def _tell_how(source: Roads | None, drawing: Drawing | Overland) -> Text:
    """Return what a reader must know to sign the map: cells, the way off the road, speeds."""
    zh, en = drawing.rules.describe("zh"), drawing.rules.describe("en")
    if source is None:
        return Text(zh=zh, en=en)
    speeds = source.describe()["speeds"]
    said = speeds.replace("rule table", "规则表").replace("all roads", "各类道路")
    return Text(zh=f"{zh}；道路速度：{said}", en=f"{en}; speeds on roads: {speeds}")


def _describe(source: Roads | None, drawing: Drawing | Overland, basemap: str) -> RingPapers:
    question = drawing.question
    zh, en = _MODES[drawing.mode]
    files = [source.path] if source else []
    said = source.describe() if source else {}
    if isinstance(drawing, Overland):
        files.append(drawing.asked.ground.elevation)
        zh, en = f"{zh}（地形）", f"{en} over terrain"
    limits = "/".join(f"{limit:g}" for limit in question.minutes)
    whither_zh, whither_en = ("到达终点", "to") if question.towards else ("自起点出发", "from")
    provenance = {"tool": f"spatial-planning-toolkit {__version__}", **said, **drawing.describe()}
    names = " · ".join(file.name for file in files)
    return RingPapers(
        title=Text(zh=f"{zh} {limits} 分钟等时圈", en=f"{en}: rings of {limits} minutes"),
        subtitle=Text(
            zh=f"{whither_zh} · {names}",
            en=f"Journeys {whither_en} the places · {names}",
        ),
        minutes=question.minutes,
        metric_crs=drawing.crs,
        note=_tell_how(source, drawing),
        provenance=provenance,
        stamp=dt.date.fromtimestamp(max(file.stat().st_mtime for file in files)),
        basemap=basemap,
    )


def _deliver(made: Rings, drawing: Drawing | Overland, papers: RingPapers, folder: Path) -> Rings:
    """Write the files; a map of very many sets of rings shows one for all places instead."""
    layers = {"rings": made.rings, "bands": made.bands, "origins": made.origins}
    layers |= {} if made.network is None else {"network": made.network}
    layers |= {"findings": made.findings}
    drawn, notes = dict(layers), made.notes
    count = made.rings["origin"].nunique()
    if count > 1:
        # Bands of several places lie over each other, and their mixed colours would be in no legend.
        rings = draw_nearest(made.rings, drawing)
        drawn["bands"] = peel_rings(rings)
        notes = (
            *notes,
            "bands on the map are those of the nearest place; each one's own are in the GeoPackage",
        )
    if count > _MOST_DRAWN:
        drawn["rings"] = rings
        notes = (*notes, f"so are rings on the map, since there are over {_MOST_DRAWN} places")
    files, told = write_rings(
        folder, layers, drawn=drawn, network=drawing.network, table=made.table, papers=papers
    )
    return replace(made, files=files, notes=(*notes, *told))
