"""Claims: which polygons ask for which land, and who gets each face between all their edges.

All edges of the territory and of the claims are noded at once; the faces between them go to one line and
one zone each. Edges are straight in longitude and latitude, so they are noded there: a metric projection
bends an edge of 10 km by more than a metre, and neighbours would no longer meet.
"""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.engine.areas import straight_area_m2
from spatial.engine.shapes.slivers import absorb_slivers, measure_contacts
from spatial.engine.shapes.topology import (
    SharedEdges,
    find_shared_edges,
    label_parts,
    name_faults,
    partition,
    repair_polygons,
)
from spatial.plan.findings import STORED_CRS
from spatial.plan.picking import select_rows
from spatial.plan.records import Lines, Zones
from spatial.plan.rules import RuleTable
from spatial.plan.zoning import GRID_DEG, LINE_NAMES, NAMES, ZONE_NAMES, Zoning, settle_zoning

Integers = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]

_SHOWN = 8
_MADE_COLUMNS = ("id", "source", "illustrative", "geometry")
NO_CLAIM = "zones.unclaimed"
"""What stands as the source of a zone part that no claim covers: the rule that gave it away."""


def zoning(
    zone_spec: Zones | None, line_spec: Lines | None, zone_rules: RuleTable, line_rules: RuleTable
) -> Zoning:
    """Return how claims are settled: the plan's words before those of the rule tables."""
    return settle_zoning(zone_spec, line_spec, zone_rules, line_rules)


def zone_claims(zone_spec: Zones | None, source_frames: dict[str, gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Return the polygons that claim land for a zone.

    Returns
    -------
    geopandas.GeoDataFrame
        One row a polygon, in the order of the claims: ``claim`` (number in the plan, from 0), ``target``
        (zone), ``source``, ``where`` (as text), ``feature`` (its id), ``illustrative``, ``fault``
        (what was wrong with it, see `name_faults`; empty if nothing), ``known`` and a valid geometry,
        perhaps empty. A claim without polygons has one row with null geometry and the fault ``no source``,
        ``no column NAME`` or ``no match``; ``known`` then lists the columns or values that there are.
    """
    claims = zone_spec.claims if zone_spec else ()
    return _gather([(claim.zone, claim.source, claim.where) for claim in claims], source_frames)


def line_claims(line_spec: Lines | None, source_frames: dict[str, gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Return the polygons that claim land for a line; columns as those of `zone_claims`."""
    claims = line_spec.claims if line_spec else ()
    return _gather([(claim.line, claim.source, claim.where) for claim in claims], source_frames)


def _gather(
    claims: list[tuple[str, str, dict[str, str | int | float]]], frames: dict[str, gpd.GeoDataFrame]
) -> gpd.GeoDataFrame:
    texts = dict.fromkeys(("target", "source", "where", "feature", "fault", "known"), "str")
    kinds = {"claim": "int64", **texts, "illustrative": "bool"}
    tables = [gpd.GeoDataFrame(columns=[*kinds, "geometry"], geometry="geometry", crs=STORED_CRS)]
    for number, (target, source, where) in enumerate(claims):
        rows, fault = select_rows(frames.get(source), where)
        said = ", ".join(f"{key}={value}" for key, value in where.items())
        table = pd.DataFrame({"feature": rows["id"].astype(str), "illustrative": rows["illustrative"]})
        faults = [fault] if fault else name_faults(rows.geometry)
        table["known"] = _list_known(frames.get(source), where) if fault else ""
        shapes = [None] if fault else repair_polygons(rows.geometry)
        table = table.assign(claim=number, target=target, source=source, where=said, fault=faults)
        tables.append(gpd.GeoDataFrame(table, geometry=shapes, crs=STORED_CRS))
    filled = [table for table in tables if len(table)] or tables
    return pd.concat(filled, ignore_index=True)[[*kinds, "geometry"]].astype(kinds)


def _list_known(frame: gpd.GeoDataFrame | None, where: Mapping[str, str | int | float]) -> str:
    """Return the columns of a source if one that is asked for is absent, else the values of those."""
    if frame is None:
        return ""
    if not set(where) <= set(frame.columns):
        own = [str(column) for column in frame.columns if column not in _MADE_COLUMNS]
        return _list_some(own)
    values = {key: frame[key].dropna().astype(str).str.strip().unique() for key in where}
    return "; ".join(f"{key} = {_list_some(list(found))}" for key, found in values.items())


def _list_some(items: list[str]) -> str:
    return ", ".join(items[:_SHOWN]) + (f" … ({len(items)})" if len(items) > _SHOWN else "")


def land_faces(
    territory: gpd.GeoDataFrame,
    zone_claims: gpd.GeoDataFrame,
    line_claims: gpd.GeoDataFrame,
    zoning: Zoning,
) -> gpd.GeoDataFrame:
    """Return the faces between all edges, and what each of them became.

    Claims may have a column ``binding``: land that such a claim covers goes to its line before all others.

    Returns
    -------
    geopandas.GeoDataFrame
        Polygons that tile the territory and share all vertices; no rows without zones and lines in the plan.
        ``line``, ``zone``: what the face became, empty for none. ``merged``: it was part of a sliver
        that went to a neighbour. ``claims_NAME``: whether NAME claims it, ``binds_NAME``: whether with a
        binding claim, of lines that have any. ``line_part``, ``zone_part``:
        number of the connected part that it belongs to, -1 for none. ``line_source``, ``zone_source``,
        ``line_illustrative``, ``zone_illustrative``: of that part. ``area_m2``: ellipsoidal.
    """
    claims = pd.concat([line_claims, zone_claims], ignore_index=True)
    claims = claims[~shapely.is_missing(claims.geometry.to_numpy())]
    wanted = zoning.has_zones or zoning.has_lines
    area = repair_polygons([territory.geometry.union_all() if wanted else None])[0]
    shapes, face, claim = partition(area, claims.geometry, GRID_DEG)
    pairs = claims[["target", "source", "illustrative"]].iloc[claim].assign(face=face).reset_index(drop=True)
    claimed = {f"claims_{name}": np.zeros(len(shapes), dtype=bool) for name in NAMES}
    for name, faces in pairs.groupby("target")["face"]:
        claimed[f"claims_{name}"][faces] = True
    if "binding" in claims:
        bound = pairs.assign(binds=claims["binding"].to_numpy(dtype=bool)[claim]).query("binds")
        for name, faces in bound.groupby("target")["face"]:
            claimed[f"binds_{name}"] = np.isin(np.arange(len(shapes)), faces)
    frame = gpd.GeoDataFrame(
        {**claimed, "area_m2": straight_area_m2(shapes)}, geometry=shapes, crs=STORED_CRS
    )
    edges = find_shared_edges(shapes)
    frame["line"], frame["zone"] = _settle(frame, edges, zoning)
    settled = frame["zone"]
    frame["zone"] = _merge_slivers(frame, edges, zoning)
    frame["merged"] = frame["zone"] != settled
    return _number_parts(frame, edges, pairs, bool(territory["illustrative"].any()))


def _settle(faces: gpd.GeoDataFrame, edges: SharedEdges, zoning: Zoning) -> tuple[pd.Series, pd.Series]:
    """Return the line and the zone of each face: by rank, and in a line the zone of that line."""
    line = _drop_small(faces, _first_claimed(faces, zoning.line_order), edges, zoning)
    if not zoning.has_zones:
        return line, pd.Series("", index=faces.index, dtype="str")
    zone = _first_claimed(faces, zoning.zone_order).where(lambda names: names != "", zoning.unclaimed)
    for name, held in zoning.zone_of_line.items():
        zone = zone.mask(line == name, held)
    return line, zone


def _first_claimed(faces: gpd.GeoDataFrame, order: tuple[str, ...]) -> pd.Series:
    """Return the first of the order that claims each face; binding claims come before all others."""
    binding = [name for name in order if f"binds_{name}" in faces]
    claimed = [faces[f"binds_{name}"] for name in binding] + [faces[f"claims_{name}"] for name in order]
    return pd.Series(np.select(claimed, [*binding, *order], default=""), index=faces.index, dtype="str")


def _drop_small(faces: gpd.GeoDataFrame, line: pd.Series, edges: SharedEdges, zoning: Zoning) -> pd.Series:
    """Return the lines without parts below the least area that hold no binding claim."""
    if zoning.min_line_m2 <= 0:
        return line
    codes = pd.Index(zoning.line_order).get_indexer(line)
    part = label_parts(codes, edges)
    count = part.max(initial=-1) + 1
    binds = np.zeros(len(faces), dtype=bool)
    for name in zoning.line_order:
        if f"binds_{name}" in faces:
            binds |= (faces[f"binds_{name}"] & (line == name)).to_numpy()
    inner = part >= 0
    sizes = np.bincount(part[inner], weights=faces["area_m2"][inner], minlength=count)
    held = np.bincount(part[inner], weights=binds[inner], minlength=count) > 0
    small = np.append((sizes < zoning.min_line_m2) & ~held, False)
    return line.mask(small[part], "")


def _merge_slivers(faces: gpd.GeoDataFrame, edges: SharedEdges, zoning: Zoning) -> pd.Series:
    """Return the zones after parts below the least area, if they hold no line, went to a neighbour."""
    codes = pd.Index(zoning.zone_order).get_indexer(faces["zone"])
    part = label_parts(codes, edges)
    count = part.max(initial=-1) + 1
    if not count:
        return faces["zone"]
    sizes = np.bincount(part, weights=faces["area_m2"], minlength=count)
    held = np.bincount(part, weights=faces["line"] != "", minlength=count) > 0
    slivers = (sizes < zoning.min_area_m2) & ~held
    classes = np.zeros(count, dtype=np.int64)
    classes[part] = codes
    contacts = measure_contacts(part, edges, slivers)
    taken = absorb_slivers(classes, sizes, slivers, contacts, zoning.min_area_m2)
    return pd.Series(np.array(zoning.zone_order)[taken[part]], index=faces.index, dtype="str")


def _number_parts(
    faces: gpd.GeoDataFrame, edges: SharedEdges, pairs: pd.DataFrame, rough: bool
) -> gpd.GeoDataFrame:
    """Add what connected part each face belongs to, and what is known of that part.

    `pairs` says which claim covers which face; `rough`, whether the territory is illustrative.
    """
    any_rough = rough or bool(pairs["illustrative"].any())
    for kind, names in (("line", LINE_NAMES), ("zone", ZONE_NAMES)):
        codes = pd.Index(list(names)).get_indexer(faces[kind])
        part = label_parts(codes, edges)
        won = pairs["target"].to_numpy() == faces[kind].to_numpy()[pairs["face"]]
        if kind == "zone":
            won |= pairs["target"].to_numpy() == faces["line"].to_numpy()[pairs["face"]]
        backed = pairs[won].assign(part=part[pairs["face"][won]])
        sources = backed[["part", "source"]].drop_duplicates().sort_values(["part", "source"])
        joined = sources.groupby("part")["source"].agg(",".join).astype("str").reindex(part)
        bare = ~faces.index.isin(backed["face"])
        doubtful = {*backed["part"][backed["illustrative"]], *(part[bare] if any_rough else ())}
        faces[f"{kind}_part"] = part
        faces[f"{kind}_source"] = joined.fillna(NO_CLAIM if kind == "zone" else "").to_numpy()
        faces[f"{kind}_illustrative"] = rough | np.isin(part, list(doubtful)) & (part >= 0)
    texts = {f"{kind}_source": "str" for kind in ("line", "zone")}
    return faces.astype(texts)
