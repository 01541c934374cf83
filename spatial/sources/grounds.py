"""The ground of a plan as nodes of the pipeline: read once, for circles that go over it."""

from __future__ import annotations

import geopandas as gpd
import shapely

from spatial.engine.crs import transform_shapes
from spatial.engine.rings.outlines import SurfaceRules
from spatial.engine.rings.terrain import Terrain
from spatial.plan.findings import STORED_CRS, Finding
from spatial.plan.records import Circle, Roads
from spatial.plan.records import Terrain as TerrainSpec
from spatial.plan.rules import RuleTable
from spatial.sources.references import SourceRef
from spatial.sources.terrain import Ground, Laid, lay_terrain


def _name_elevation(terrain_spec: TerrainSpec | None, road_spec: Roads | None) -> str | None:
    """Return the source of heights: the terrain's own, else that of the roads."""
    own = terrain_spec.elevation if terrain_spec else None
    return own or (road_spec.elevation if road_spec else None)


def ground_refs(
    terrain_spec: TerrainSpec | None, road_spec: Roads | None, source_refs: tuple[SourceRef, ...]
) -> dict[str, SourceRef]:
    """Return the sources of heights and land cover, so that no other source makes them read again."""
    names = (_name_elevation(terrain_spec, road_spec), terrain_spec.land_cover if terrain_spec else None)
    return {ref.name: ref for ref in source_refs if ref.name in names}


def ground_reading(
    *,
    terrain_spec: TerrainSpec | None,
    road_spec: Roads | None,
    circle_specs: tuple[Circle, ...],
    ground_refs: dict[str, SourceRef],
    boundary: gpd.GeoDataFrame,
    metric_crs: str,
    landcover_rules: RuleTable,
) -> Laid | None:
    """Read the ground of the territory with the plan's margin; None where no circle goes over it.

    None too without a source of heights. The rule table stands here so that a change of it is read anew.

    Raises
    ------
    SourceError, CrsError, GeometryError
        As `lay_terrain`.
    """
    elevation = _name_elevation(terrain_spec, road_spec)
    if elevation is None or not any(circle.method == "surface" for circle in circle_specs):
        return None
    spec = terrain_spec or TerrainSpec()
    kmh = road_spec.off_road_kmh if road_spec else None
    cover = ground_refs[spec.land_cover].locate() if spec.land_cover else None
    ground = Ground(ground_refs[elevation].locate(), cover, spec.codes, kmh)
    land = transform_shapes([shapely.box(*boundary.total_bounds)], STORED_CRS, metric_crs)[0]
    west, south, east, north = land.bounds
    box = west - spec.margin_m, south - spec.margin_m, east + spec.margin_m, north + spec.margin_m
    return lay_terrain(ground, box, metric_crs, spec.cell_m)


def surface_ground(
    ground_reading: Laid | None, road_spec: Roads | None, landcover_rules: RuleTable
) -> tuple[Terrain, SurfaceRules] | None:
    """Return the ground and how rings over it are reckoned; None where there is none."""
    if ground_reading is None:
        return None
    own = road_spec.off_road_kmh if road_spec else None
    cell_m = ground_reading.terrain.cell_m
    return ground_reading.terrain, SurfaceRules(
        cell_m=cell_m,
        usual_kmh=float(landcover_rules.value("usual")) if own is None else own,
        cover=ground_reading.codes,
        smallest_m2=max(10_000.0, 16 * cell_m**2),
        steepest=float(landcover_rules.value("steepest")),
    )


def ground_findings(ground_reading: Laid | None) -> list[Finding]:
    """Return what was found while the ground was read: voids, and classes without a speed."""
    return list(ground_reading.findings) if ground_reading else []
