"""Scenarios: what a build of a plan, or rings without one, hand to a comparison."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.engine.crs import transform_shapes
from spatial.engine.shapes.differences import Shapes
from spatial.engine.shapes.shares import share_within
from spatial.engine.travel.network import Floats, Network
from spatial.plan.base import Text
from spatial.plan.findings import STORED_CRS
from spatial.plan.styles import read_styles
from spatial.results import Build
from spatial.sources.people import People
from spatial.studies.changes import Count, Scenario
from spatial.studies.journeys import Snapped
from spatial.studies.matrix import Matrix
from spatial.studies.rings import Rings

BESIDES = ("circle_margins", "residents", "population_problem", "road_networks")
"""Nodes of the pipeline that a comparison of plans needs besides the layers."""
_LANDS = ("zones", "lines", "conflicts")
_VISIT = ["circle", "circle_name", "circle_name_en", "place", "name", "name_en", "minutes", "state"]
_FIGURE = ["subject", "name", "name_en", "measure", "value", "verdict"]
_CHECKS = Text(zh="检查结果", en="Findings")
_LINKS = {
    "expressway": Text(zh="镇街至高速公路", en="Towns to an expressway"),
    "bus": Text(zh="村庄至公交站", en="Villages to a bus stop"),
    "paved": Text(zh="居民点至硬化路", en="Hamlets to a paved road"),
}


def describe_plan(build: Build) -> Scenario:
    """Return what a plan is compared by.

    Parameters
    ----------
    build : Build
        With the nodes of `BESIDES`.
    """
    circles = build.layers["commute_circles"]
    circles = circles[circles["form"] == "cumulative"]
    circles = circles[["circle", "name", "name_en", "time_min", "geometry"]].reset_index(drop=True)
    lands, made = _gather_lands(build)
    return Scenario(
        circles=circles.assign(name_en=_fill(circles["name_en"], circles["name"])),
        visits=_gather_visits(build),
        lands=lands,
        roads=next((draw_roads(one) for one in build.besides["road_networks"].values()), _nothing()),
        figures=pd.DataFrame(_gather_figures(build), columns=_FIGURE).astype({"value": float}),
        land_layers=made,
        count=None if build.besides["population_problem"] else _count_residents(build.besides["residents"]),
    )


def draw_roads(network: Network) -> Shapes:
    """Return the roads of a network as lines in EPSG:4490."""
    return np.asarray(transform_shapes(network.shapes(), network.crs, STORED_CRS), dtype=object)


def _nothing() -> Shapes:
    return np.empty(0, dtype=object)


def _fill(english: pd.Series, chinese: pd.Series) -> pd.Series:
    return english.where(english != "", chinese)


def _count_residents(residents: gpd.GeoDataFrame) -> Count:
    homes, people = residents.geometry.to_numpy(), residents["people"].to_numpy()

    def count(shapes: Shapes) -> Floats:
        return np.array([float(people @ share_within(homes, shape)) for shape in shapes])

    return count


def _gather_visits(build: Build) -> gpd.GeoDataFrame:
    margins: gpd.GeoDataFrame = build.besides["circle_margins"]
    named = {circle.id: circle for circle in build.plan.circles}
    visits = margins.rename(columns={"target": "place"})
    names = [named[key].name for key in visits["circle"]]
    visits = visits.assign(
        circle_name=pd.Series([name.pick("zh") for name in names], index=visits.index, dtype="str"),
        circle_name_en=pd.Series([name.pick("en") for name in names], index=visits.index, dtype="str"),
        name_en=_fill(visits["name_en"], visits["name"]),
    )
    limits = visits["circle"].map({key: circle.time_min for key, circle in named.items()}).astype(float)
    return _add_bands(visits, limits.where(visits["state"] == "inside"), "place")


def _add_bands(visits: gpd.GeoDataFrame, limits: pd.Series, by: str) -> gpd.GeoDataFrame:
    """Add the shortest of the times within which a place is reached."""
    shortest = limits.groupby(visits[by]).transform("min")
    return gpd.GeoDataFrame(visits[[*_VISIT, "geometry"]].assign(band_min=shortest.astype(float)))


def _gather_lands(build: Build) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    """Return zones, lines and conflicts by kind, and which of these layers the plan has."""
    parts = []
    for layer in _LANDS:
        style, frame = read_styles().layers[layer], build.layers[layer]
        kinds = frame[style.class_column]
        labels = [style.classes[kind].label if kind in style.classes else Text(zh=kind) for kind in kinds]
        columns = {
            "layer": layer,
            "key": kinds,
            "name": [label.pick("zh") for label in labels],
            "name_en": [label.pick("en") for label in labels],
        }
        parts.append(gpd.GeoDataFrame(columns, geometry=frame.geometry, crs=STORED_CRS, index=frame.index))
    zones, lines = build.plan.zones is not None, build.plan.lines is not None
    there = {"zones": zones, "lines": lines, "conflicts": zones or lines}
    lands = pd.concat([part.astype({"key": "str"}) for part in parts], ignore_index=True)
    return gpd.GeoDataFrame(lands, geometry="geometry", crs=STORED_CRS), tuple(
        layer for layer, is_there in there.items() if is_there
    )


_Row = tuple[str, str, str, str, float, str]


def _gather_figures(build: Build) -> Iterator[_Row]:
    """Yield what is measured beside the land of circles: promises, coverage, balance, conflicts, findings."""
    named = {circle.id: circle.name for circle in build.plan.circles}
    for row in build.layers["promises"].itertuples():
        name = named[row.circle]
        both = (row.circle, name.pick("zh"), name.pick("en"))
        yield (*both, "promise_share", float(row.share), str(row.verdict))
        if np.isfinite(row.margin_min):
            yield (*both, "margin_min", float(row.margin_min), "")
    coverage = build.layers["circle_coverage"]
    whole = coverage[coverage["promise"].isna() & coverage["district"].isna()]
    for row in whole[(whole["subject"] == "towns") & whole["inside"].notna()].itertuples():
        name = named[row.circle]
        yield row.circle, name.pick("zh"), name.pick("en"), "towns", float(row.inside), ""
    yield from _gather_areas(build)
    for kind, rows in build.layers["connections"].groupby("kind", sort=False):
        name = _LINKS.get(str(kind), Text(zh=str(kind)))
        both = (f"connections.{kind}", name.pick("zh"), name.pick("en"))
        yield (*both, "kept", float((rows["verdict"] == "kept").sum()), "")
        yield (*both, "broken", float((rows["verdict"] == "broken").sum()), "")
    for row in build.layers["life_coverage"].itertuples():
        yield str(row.id), str(row.name), str(row.name), "share", float(row.share), ""
    severity = build.findings["severity"]
    for word in ("error", "warning"):
        count = float((severity == word).sum())
        yield "findings", _CHECKS.pick("zh"), _CHECKS.pick("en"), f"{word}s", count, ""


def _gather_areas(build: Build) -> Iterator[_Row]:
    styles = read_styles().layers
    labels = {key: rule.label for name in _LANDS for key, rule in styles[name].classes.items()}
    for row in build.layers["zone_balance"].itertuples():
        english = labels[row.key].pick("en") if row.key in labels else str(row.name)
        yield str(row.key), str(row.name), english, "area_ha", float(row.area_ha), ""
        yield str(row.key), str(row.name), english, "parts", float(row.parts), ""
    for kind, rows in build.layers["conflicts"].groupby("kind", sort=True):
        label = labels[str(kind)]
        both = (f"conflicts.{kind}", label.pick("zh"), label.pick("en"))
        yield (*both, "conflicts", float(len(rows)), "")
        yield (*both, "conflict_ha", float(rows["area_m2"].sum()) / 1e4, "")


def describe_rings(
    made: Rings,
    network: Network,
    *,
    people: People | None = None,
    visits: gpd.GeoDataFrame | None = None,
) -> Scenario:
    """Return what rings without a plan are compared by.

    Parameters
    ----------
    made : Rings
    network : Network
        That they were drawn on.
    people : People, optional
    visits : geopandas.GeoDataFrame, optional
        As `describe_visits` returns it.
    """
    rings = made.rings
    figures = pd.DataFrame({"subject": rings["id"], "name": rings["name"], "name_en": rings["name"]})
    figures = figures.assign(measure="road_km", value=rings["network_km"], verdict="")
    circles = rings[["id", "name", "time_min", "geometry"]].rename(columns={"id": "circle"})
    return Scenario(
        circles=circles.assign(name_en=circles["name"]),
        visits=_no_visits() if visits is None else visits,
        lands=gpd.GeoDataFrame(
            {name: [] for name in ("layer", "key", "name", "name_en")}, geometry=[], crs=STORED_CRS
        ),
        roads=draw_roads(network),
        figures=figures,
        count=None if people is None else _count_there(people),
    )


def _count_there(people: People) -> Count:
    def count(shapes: Shapes) -> Floats:
        there = ~shapely.is_empty(shapes)
        counted = np.zeros(len(shapes))
        if there.any():
            counted[there] = people.count(shapes[there])
        return counted

    return count


def _no_visits() -> gpd.GeoDataFrame:
    columns: Mapping[str, list[object]] = {name: [] for name in (*_VISIT, "band_min")}
    frame = pd.DataFrame(columns).astype(
        {"circle": "str", "place": "str", "minutes": float, "band_min": float}
    )
    return gpd.GeoDataFrame(frame, geometry=[], crs=STORED_CRS)


def describe_visits(times: Matrix, snapped: Snapped, made: Rings, *, towards: bool) -> gpd.GeoDataFrame:
    """Return when each origin of rings reaches each place.

    Parameters
    ----------
    times : Matrix
        From the origins to the places, or with `towards` the other way round, without limit.
    snapped : Snapped
        The places on the network.
    made : Rings
        Their largest time is what a place is inside of.
    """
    origins = made.origins.loc[made.origins["snapped"], ["id", "name"]]
    pairs = origins.rename(columns={"id": "circle", "name": "circle_name"}).merge(
        snapped.frame[["id", "name", "snapped", "geometry"]].rename(columns={"id": "place"}), how="cross"
    )
    ends = ("place", "circle") if towards else ("circle", "place")
    known = times.table.rename(columns={"origin": ends[0], "target": ends[1], "time_min": "minutes"})
    pairs = pairs.merge(known[["circle", "place", "minutes"]], on=["circle", "place"], how="left")
    limits = np.sort(made.rings["time_min"].unique())
    minutes = pairs["minutes"].to_numpy(dtype=float)
    at = np.searchsorted(limits, np.nan_to_num(minutes, nan=np.inf))
    pairs["state"] = np.select(
        [~pairs["snapped"], np.isnan(minutes), at < len(limits)],
        ["unsnapped", "unreached", "inside"],
        "beyond",
    )
    pairs = pairs.assign(circle_name_en=pairs["circle_name"], name_en=pairs["name"])
    bands = np.append(limits, np.nan)[at]
    frame = gpd.GeoDataFrame(pairs[[*_VISIT, "geometry"]].assign(band_min=bands), crs=STORED_CRS)
    return frame.set_geometry("geometry")
