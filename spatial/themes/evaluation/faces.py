"""Faces of proposals: drafts drawn as polygons and settled with all given land, as claims are."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.areas import straight_area_m2
from spatial.engine.crs import transform_shapes
from spatial.engine.rasters.cleaning import spread_out
from spatial.engine.rasters.grids import Grid
from spatial.engine.rasters.stacks import RasterStack
from spatial.engine.rasters.tiling import Coverage, draw_coverage
from spatial.engine.shapes.following import follow_lines
from spatial.engine.shapes.slivers import absorb_slivers, measure_contacts
from spatial.engine.shapes.topology import (
    SharedEdges,
    dissolve,
    find_shared_edges,
    label_parts,
    partition,
    repair_polygons,
)
from spatial.errors import Fault, SourceError
from spatial.plan.findings import STORED_CRS
from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.proposals import Choice
from spatial.plan.zoning import GRID_DEG, Zoning
from spatial.themes.evaluation.drafts import CODES, OWNERS, Draft
from spatial.themes.evaluation.grounds import GIVEN
from spatial.themes.land.claims import land_faces

Integers = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]

_BEYOND = 3
"""Cells that classes are spread beyond the territory, whose own edge then cuts them."""
DRAWN = "evaluation"
"""What stands as the source of land that was chosen from the evaluation."""
_URBAN = (CODES["concentrated"], CODES["elastic"], CODES["special"])
_SUBZONES = ("concentrated", "elastic", "special")
_FIELDS = "permanent_farmland"
_NEARLY = 4
"""Times the least patch up to which a drawn patch may fall below it once the territory cuts it."""
_HECTARE_M2 = 1e4
_CLAIM = ("target", "source", "illustrative", "binding", "geometry")


@dataclass(frozen=True, eq=False)
class Drawn:
    """One alternative as polygons, EPSG:4490.

    Parameters
    ----------
    draft : Draft
    faces : geopandas.GeoDataFrame
        As `spatial.themes.land.claims.land_faces` returns them.
    growth : geopandas.GeoDataFrame
        Single polygons that tile the urban boundary: ``subzone``.
    """

    draft: Draft
    faces: gpd.GeoDataFrame
    growth: gpd.GeoDataFrame


def proposal_edges(
    evaluation_spec: Evaluation | None, source_frames: dict[str, gpd.GeoDataFrame], metric_crs: str
) -> tuple[BaseGeometry, ...]:
    """Return the natural edges that proposed lines follow, in the metric system; none where none are given.

    Raises
    ------
    SourceError
        A source that is no source of features.
    """
    name = evaluation_spec.natural_edges if evaluation_spec else None
    if name is None:
        return ()
    if name not in source_frames:
        problem, remedy = "is a raster, where lines are needed", "name a source of lines or polygons"
        raise SourceError(Fault("evaluation.natural_edges", name, problem, remedy))
    frame = source_frames[name]
    shapes = frame.geometry[~frame.geometry.is_empty].to_numpy()
    return tuple(transform_shapes(shapes[shapely.get_dimensions(shapes) > 0], frame.crs, metric_crs))


def given_land(
    evaluation_spec: Evaluation | None, source_frames: dict[str, gpd.GeoDataFrame]
) -> gpd.GeoDataFrame:
    """Return the land that the plan gives to a line: ``target, source, illustrative``, single polygons."""
    tables = [gpd.GeoDataFrame(columns=list(_CLAIM[:3]), geometry=[], crs=STORED_CRS)]
    for name, line in GIVEN.items():
        source = getattr(evaluation_spec, name) if evaluation_spec else None
        if source in source_frames:
            rows = source_frames[source]
            shapes = repair_polygons(rows.geometry)
            table = gpd.GeoDataFrame({"illustrative": rows["illustrative"]}, geometry=shapes, crs=STORED_CRS)
            table = table.assign(target=line, source=source)[~shapely.is_empty(shapes)]
            tables.append(table.explode(ignore_index=True))
    filled = [table for table in tables if len(table)] or tables
    return pd.concat(filled, ignore_index=True).astype({"illustrative": "bool"})


def proposal_faces(
    *,
    proposal_drafts: tuple[Draft, ...],
    evaluation_rasters: RasterStack | None,
    proposal_edges: tuple[BaseGeometry, ...],
    given_land: gpd.GeoDataFrame,
    evaluation_rough: bool,
    territory: gpd.GeoDataFrame,
    zoning: Zoning,
) -> tuple[Drawn, ...]:
    """Return the alternatives as polygons; given land goes to its line before all else, to the last metre.

    Edges of cells are rounded, laid onto natural edges where they run beside some, and cut by the territory.
    """
    if evaluation_rasters is None:
        return ()
    found = []
    for draft in proposal_drafts:
        coverage = _draw(draft, evaluation_rasters.grid, proposal_edges)
        given = _choose_given(given_land, draft, evaluation_rasters.grid)
        claims = _drop_small(_claim_lines(coverage, evaluation_rough), given, territory, draft.choice)
        lines = pd.concat([claims, given], ignore_index=True)
        zones = _claim_zones(coverage, zoning, evaluation_rough).iloc[: None if draft.has_zones else 0]
        settled = _settle(draft, zoning)
        faces = land_faces(territory, zones, lines, settled)
        built = given.geometry.to_numpy()[(given["target"] == "urban_boundary").to_numpy()]
        found.append(Drawn(draft, faces, _split_boundary(faces, coverage, built, settled.min_line_m2)))
    return tuple(found)


def _draw(draft: Draft, grid: Grid, edges: tuple[BaseGeometry, ...]) -> Coverage:
    """Return the draft as a coverage in longitude and latitude; neighbours share vertices, so none part."""
    choice = draft.choice
    wide = spread_out(draft.classes, _BEYOND)
    drawn = draw_coverage(wide, grid, choice.by_name("simplify") * grid.cell_m)
    drawn = follow_lines(drawn, edges, choice.by_name("follow"))
    return Coverage(transform_shapes(drawn.shapes, grid.crs, STORED_CRS), drawn.classes)


def _settle(draft: Draft, zoning: Zoning) -> Zoning:
    least = draft.choice.by_name("least_line") * _HECTARE_M2
    return zoning.model_copy(update={"has_lines": True, "has_zones": draft.has_zones, "min_line_m2": least})


def _frame_claims(coverage: Coverage, targets: dict[int, str], rough: bool) -> gpd.GeoDataFrame:
    """Return the polygons of some classes as claims."""
    names = pd.Series(coverage.classes.astype(int)).map(targets)
    table = gpd.GeoDataFrame({"target": names}, geometry=coverage.shapes, crs=STORED_CRS)
    table = table[names.notna()].assign(source=DRAWN, illustrative=rough, binding=False)
    return table[list(_CLAIM)].astype({"target": "str", "source": "str"})


def _claim_lines(coverage: Coverage, rough: bool) -> gpd.GeoDataFrame:
    lines = {code: name for code, name in OWNERS.items() if code <= max(_URBAN)}
    return _frame_claims(coverage, lines, rough)


def _drop_small(
    claims: gpd.GeoDataFrame, given: gpd.GeoDataFrame, territory: gpd.GeoDataFrame, choice: Choice
) -> gpd.GeoDataFrame:
    """Return the claims less farmland drawn below its least patch, unless it lies beside given farmland."""
    least_m2 = choice.by_name("farmland.least_patch") * _HECTARE_M2
    fields = np.flatnonzero((claims["target"] == _FIELDS).to_numpy())
    shapes = claims.geometry.to_numpy()[fields]
    # Beyond the territory drawn land goes on for some cells, which do not count.
    near = straight_area_m2(shapes) < _NEARLY * least_m2
    cut = shapely.intersection(shapes[near], territory.geometry.union_all())
    must = given.geometry[given["target"] == _FIELDS].union_all()
    small = (straight_area_m2(cut) < least_m2) & ~shapely.intersects(shapes[near], must)
    return claims.drop(index=claims.index[fields[near][small]])


def _claim_zones(coverage: Coverage, zoning: Zoning, rough: bool) -> gpd.GeoDataFrame:
    """Return what claims zones: land outside lines, and that in lines for the zone which it would be in."""
    held = {str(line): str(zone) for line, zone in zoning.zone_of_line.items()}
    return _frame_claims(coverage, {code: held.get(name, name) for code, name in OWNERS.items()}, rough)


def _choose_given(given: gpd.GeoDataFrame, draft: Draft, grid: Grid) -> gpd.GeoDataFrame:
    """Return the given land that binds: all of it for lines that are drawn, but built land within towns."""
    targets = given["target"].to_numpy(dtype=object)
    stays = ~np.isin(targets, list(draft.lacking))
    towns = targets == "urban_boundary"
    places = shapely.point_on_surface(
        transform_shapes(given.geometry.to_numpy()[towns], STORED_CRS, grid.crs)
    )
    cells = [grid.cell_of(place.x, place.y) for place in places]
    built = [cell is not None and draft.classes[cell] in _URBAN for cell in cells]
    stays[towns] &= np.array(built, dtype=bool)
    return given[stays].assign(binding=True)[list(_CLAIM)]


def _split_boundary(
    faces: gpd.GeoDataFrame, coverage: Coverage, built: Shapes, least_m2: float
) -> gpd.GeoDataFrame:
    """Return the zones of the urban boundary; built land, and what none claims, is concentrated."""
    town = faces.geometry.to_numpy()[(faces["line"] == "urban_boundary").to_numpy()]
    parts = list[gpd.GeoDataFrame]()
    claims = [coverage.shapes[coverage.classes == CODES[name]] for name in _SUBZONES]
    shapes = np.concatenate([*claims, built])
    # Of several claims of a face the last stays: that of built land.
    owner = np.repeat([0, 1, 2, 0], [*map(len, claims), len(built)])
    for area in dissolve(town, label_parts(np.zeros(len(town)), find_shared_edges(town))):
        pieces, face, claim = partition(area, shapes, GRID_DEG)
        codes = np.zeros(len(pieces), dtype=np.int64)
        codes[face] = owner[claim]
        edges = find_shared_edges(pieces)
        codes = _absorb(pieces, codes, edges, least_m2)
        label = label_parts(codes, edges)
        _, first = np.unique(label, return_index=True)
        names = np.array(_SUBZONES, dtype=object)[codes[first]]
        united = dissolve(pieces, label)
        parts.append(gpd.GeoDataFrame({"subzone": names}, geometry=united, crs=STORED_CRS))
    empty = gpd.GeoDataFrame({"subzone": []}, geometry=[], crs=STORED_CRS)
    return pd.concat(parts or [empty], ignore_index=True).astype({"subzone": "str"})


def _absorb(pieces: Shapes, codes: Integers, edges: SharedEdges, least_m2: float) -> Integers:
    """Return the classes after parts that are too small went to the one that they share most edge with."""
    part = label_parts(codes, edges)
    count = part.max(initial=-1) + 1
    sizes = np.bincount(part, weights=straight_area_m2(pieces), minlength=count)
    small = sizes < least_m2
    classes = np.zeros(count, dtype=np.int64)
    classes[part] = codes
    contacts = measure_contacts(part, edges, small)
    return absorb_slivers(classes, sizes, small, contacts, least_m2)[part]
