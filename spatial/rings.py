"""Rings without a plan: what lies within so many minutes of places, from a file of roads alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from spatial.drawing import Drawing, Question, draw_groups, peel_rings, trace_roads
from spatial.engine.crs import transform_shapes
from spatial.engine.network import Network
from spatial.journeys import (
    SNAP,
    Given,
    Progress,
    Roads,
    ask_roads,
    gather_places,
    keep_quiet,
    snap_places,
)
from spatial.outputs.rings import RingPapers, write_rings
from spatial.plan.base import Text
from spatial.plan.findings import STORED_CRS, Finding, frame_findings
from spatial.questions import read_length, read_minutes
from spatial.sources.origin import list_some
from spatial.sources.people import People
from spatial.version import __version__

_MODES = {"drive": ("驾车", "By car"), "cycle": ("骑行", "By bicycle"), "walk": ("步行", "On foot")}
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
    roads: str | PathLike[str],
    origins: Given | Iterable[Given],
    minutes: str | float | Iterable[float] = (15, 30, 60),
    *,
    mode: str = "drive",
    speed: str | Sequence[str] | None = None,
    dem: str | PathLike[str] | None = None,
    columns: Sequence[str] | None = None,
    towards: bool = False,
    together: bool = False,
    snap: str = SNAP,
    cell: str = "25m",
    off_road: str = "100m",
    people: str | PathLike[str] | None = None,
    people_column: str | None = None,
    network: bool = False,
    crs: str | None = None,
    out: str | PathLike[str] | None = None,
    basemap: str = "none",
    progress: Progress | None = None,
) -> Rings:
    """Draw what lies within so many minutes of places, along roads.

    Parameters
    ----------
    roads : path
        OpenStreetMap extract (``.osm.pbf``) or any file of lines.
    origins : str, path or iterable of them
        Positions ``lon,lat`` or ``name=lon,lat`` in degrees, and files of features.
    minutes : str, float or iterable of float
        Rising, such as ``"15,30,60"``.
    mode : {"drive", "cycle", "walk"}
    speed : str or sequence of str, optional
        ``5km/h`` for all roads (posted speeds and those of the rule table count for nothing then), or
        ``primary=50km/h`` for a class.
    dem : path, optional
        Elevation model: walking and cycling follow its slope.
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
    How rings are drawn, and what they promise: `spatial.engine.isochrones`. Areas are ellipsoidal.
    """
    show = progress or keep_quiet
    cell_m, off_road_m = read_length(cell, "--cell"), read_length(off_road, "--off-road")
    question = Question(read_minutes(minutes), towards, together, cell_m, off_road_m)
    source = ask_roads(roads, mode, speed, dem, columns)
    snap_m = read_length(snap, "--snap")
    places = gather_places(origins, "--from", crs)
    built = source.open(show)
    snapped = snap_places(built, places, snap_m, where=source.path.name, layer="origins")
    drawing = Drawing(built, snapped, question)
    rings = draw_groups(drawing, drawing.groups(), show)
    counted = People(Path(people), people_column, crs) if people else None
    if counted is not None:
        show("people", 0, 0)
        rings.insert(
            rings.columns.get_loc("network_km") + 1, "people", counted.count(rings.geometry.to_numpy())
        )
    found = [
        *places.findings,
        *snapped.findings,
        *(counted.findings if counted else ()),
        *_find_cut(rings, built),
    ]
    made = Rings(
        rings=rings,
        bands=peel_rings(rings),
        origins=snapped.frame,
        network=trace_roads(drawing) if network else None,
        table=_tabulate(rings, snapped.frame),
        findings=frame_findings(found),
        notes=(*built.notes, *drawing.notes()),
    )
    if out is None:
        return made
    show("writing", 0, 0)
    papers = _describe(source, drawing, basemap)
    return _deliver(made, built, drawing, papers, Path(out))


def _tabulate(rings: gpd.GeoDataFrame, origins: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the rings as a table; places without rings have a row too."""
    table = pd.DataFrame(rings.drop(columns=["geometry", "id", "name", "label", "label_en"]))
    left = origins[~origins["snapped"]]
    lost = pd.DataFrame({"origin": left["id"], "origin_name": left["name"]})
    known = origins.set_index("id")["offset_m"]
    table = pd.concat([table, lost], ignore_index=True) if len(lost) else table
    return table.assign(offset_m=table["origin"].map(known))


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


def _describe(source: Roads, drawing: Drawing, basemap: str) -> RingPapers:
    question, mode = drawing.question, source.mode
    zh, en = _MODES[mode]
    limits = "/".join(f"{limit:g}" for limit in question.minutes)
    whither_zh, whither_en = ("到达终点", "to") if question.towards else ("自起点出发", "from")
    provenance = {"tool": f"spatial-planning-toolkit {__version__}", **source.describe()}
    provenance |= {"metric_crs": drawing.network.crs, "rings": drawing.rules.describe()}
    provenance |= {"snapping": drawing.snapped.describe(source.mode)}
    return RingPapers(
        title=Text(zh=f"{zh} {limits} 分钟等时圈", en=f"{en}: rings of {limits} minutes"),
        subtitle=Text(
            zh=f"{whither_zh} · {source.path.name}",
            en=f"Journeys {whither_en} the places · {source.path.name}",
        ),
        minutes=question.minutes,
        metric_crs=drawing.network.crs,
        provenance=provenance,
        stamp=dt.date.fromtimestamp(source.path.stat().st_mtime),
        basemap=basemap,
    )


def _deliver(made: Rings, network: Network, drawing: Drawing, papers: RingPapers, folder: Path) -> Rings:
    """Write the files; a map of very many sets of rings shows one for all places instead."""
    layers = {"rings": made.rings, "bands": made.bands, "origins": made.origins}
    layers |= {} if made.network is None else {"network": made.network}
    layers |= {"findings": made.findings}
    drawn, notes = dict(layers), made.notes
    count = made.rings["origin"].nunique()
    if count > 1:
        # Bands of several places lie over each other, and their mixed colours would be in no legend.
        rings = draw_groups(drawing, drawing.groups(together=True), keep_quiet)
        drawn["bands"] = peel_rings(rings)
        notes = (
            *notes,
            "bands on the map are those of the nearest place; each one's own are in the GeoPackage",
        )
    if count > _MOST_DRAWN:
        drawn["rings"] = rings
        notes = (*notes, f"so are rings on the map, since there are over {_MOST_DRAWN} places")
    files, told = write_rings(folder, layers, drawn=drawn, network=network, table=made.table, papers=papers)
    return replace(made, files=files, notes=(*notes, *told))
