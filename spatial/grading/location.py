"""Location 区位 as nodes of the pipeline: minutes from every cell to the plan's centre, by its own roads.

Only where the plan gives no raster of minutes. No time is made up: without roads or a centre the factor is
absent, and a finding says so.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import get_args

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.crs import transform_shapes
from spatial.engine.rasters.grids import Block, Grid
from spatial.engine.rings.outlines import SurfaceRules
from spatial.engine.rings.remoteness import Remoteness, lay_level_ground, measure_remoteness
from spatial.engine.rings.terrain import Terrain
from spatial.engine.travel.journeys import choose_ring_rules
from spatial.engine.travel.network import Mode, Network
from spatial.errors import Fault, GeometryError, PlanError
from spatial.plan.findings import STORED_CRS, Finding
from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.parts.structure import CoreKind
from spatial.plan.promises import find_elements
from spatial.plan.records import Roads

LOCATION = "location"
"""The factor that is made here unless the plan gives it."""


@dataclass(frozen=True, eq=False)
class Centre:
    """What minutes are counted to.

    Parameters
    ----------
    zh, en : str
        Its names.
    shape : shapely geometry
        EPSG:4490.
    given : bool
        Whether the plan names it; else it is the core of the structure.
    """

    zh: str
    en: str
    shape: BaseGeometry
    given: bool


@dataclass(frozen=True, eq=False)
class MinuteSource:
    """Minutes to the centre at each cell, float32; NaN where no way leads."""

    remoteness: Remoteness

    def read(self, grid: Grid, block: Block) -> npt.NDArray[np.float32]:
        """Return the cells of a block."""
        return self.remoteness.minutes(grid, block)


def evaluation_centre(
    evaluation_spec: Evaluation | None,
    structure: gpd.GeoDataFrame,
    gazetteer: dict[str, tuple[float, float]],
) -> Centre | None:
    """Return what the evaluation counts minutes to: the place that the plan names, else the structure's core.

    Of several cores those of the first kind and the highest rank count, whichever is nearer to a cell. None
    without an evaluation or a structure, and where the plan gives minutes as a raster.

    Raises
    ------
    PlanError
        The plan names a centre that it has no element, town or place of.
    """
    if evaluation_spec is None or LOCATION in evaluation_spec.factors:
        return None
    word = evaluation_spec.centre
    if word is None:
        cores = structure[structure["kind"].isin(get_args(CoreKind)) & ~structure.geometry.is_empty]
        if cores.empty:
            return None
        first = cores.iloc[0]
        return _join(cores[(cores["kind"] == first["kind"]) & (cores["rank"] == first["rank"])], given=False)
    elements = find_elements(word, structure)
    if len(elements):
        return _join(elements, given=True)
    if word in gazetteer:
        return Centre(word, word, shapely.Point(gazetteer[word]), given=True)
    known = [*structure["id"], *gazetteer]
    near = difflib.get_close_matches(word, known, 3, 0.4)
    remedy = f"did you mean {' or '.join(near)}?" if near else "name an element, town or place of the plan"
    raise PlanError(Fault("plan.yaml", "evaluation.centre", f"the plan has nothing called {word!r}", remedy))


def _join(elements: gpd.GeoDataFrame, *, given: bool) -> Centre:
    english = elements["name_en"].where(elements["name_en"] != "", elements["name"])
    return Centre("、".join(elements["name"]), ", ".join(english), elements.geometry.union_all(), given)


def location_remoteness(
    *,
    evaluation_spec: Evaluation | None,
    evaluation_grid: Grid | None,
    evaluation_centre: Centre | None,
    road_spec: Roads | None,
    road_networks: dict[Mode, Network],
    surface_ground: tuple[Terrain, SurfaceRules] | None,
) -> Remoteness | None:
    """Return how long it takes to the centre from everywhere on the grid, by car along the plan's roads.

    Off the roads one goes over the plan's ground where circles go over it, else over level ground at the
    plan's speed off the road. None without a centre or roads of cars.

    Raises
    ------
    PlanError
        A centre that no road comes near.
    """
    network = road_networks.get("drive")
    if evaluation_spec is None or evaluation_grid is None or evaluation_centre is None:
        return None
    if road_spec is None or network is None:
        return None
    shape = transform_shapes(
        np.array([evaluation_centre.shape], dtype=object), STORED_CRS, evaluation_grid.crs
    )[0]
    kmh = off_road_kmh(road_spec)
    more = {} if surface_ground is None else {"steepest": surface_ground[1].steepest}
    ground = surface_ground[0] if surface_ground else lay_level_ground(evaluation_grid, shape, kmh)
    try:
        return measure_remoteness(network, shape, ground, kmh=kmh, snap_m=road_spec.snap_m, **more)
    except GeometryError as error:
        problem = f"{evaluation_centre.zh}: {error.faults[0].problem}"
        remedy = "name another centre, or give roads that reach it (roads.snap)"
        raise PlanError(Fault("plan.yaml", "evaluation.centre", problem, remedy)) from error


def off_road_kmh(spec: Roads) -> float:
    """Return the speed off the roads that minutes to the centre are counted with, km/h.

    Examples
    --------
    >>> off_road_kmh(Roads(source="roads"))
    3.0
    """
    return choose_ring_rules("drive", spec.off_road_m, spec.off_road_kmh).off_road_kmh


def location_findings(
    *,
    evaluation_spec: Evaluation | None,
    evaluation_centre: Centre | None,
    location_remoteness: Remoteness | None,
    road_spec: Roads | None,
    surface_ground: tuple[Terrain, SurfaceRules] | None,
) -> list[Finding]:
    """Report what minutes to the centre were counted to, and how (``evaluation.location``, info).

    Without minutes: what there would have to be for them (``evaluation.location_absent``, info).
    """
    if evaluation_spec is None or LOCATION in evaluation_spec.factors:
        return []
    if location_remoteness is None or evaluation_centre is None or road_spec is None:
        lacks = "roads" if evaluation_centre is not None else "evaluation.centre, structure"
        return [Finding(
            "evaluation.location_absent", "info", "evaluation", LOCATION,
            f"未计算至市县中心时间：规划缺 {lacks}；区位不作修正。",
            f"minutes to the centre are not counted: the plan lacks {lacks}; location moves no grade.",
        )]  # fmt: skip
    zh, en = tell_ways(location_remoteness, off_road_kmh(road_spec), over_ground=surface_ground is not None)
    named = (
        ("规划指定", "named by the plan")
        if evaluation_centre.given
        else (
            "总体格局的核，可用 evaluation.centre 另指",
            "the structure's core; name another by evaluation.centre",
        )
    )
    return [Finding(
        "evaluation.location", "info", "evaluation", LOCATION,
        f"区位按至{evaluation_centre.zh}（{named[0]}）的时间评价：{zh}。",
        f"location is graded by the minutes to {evaluation_centre.en} ({named[1]}): {en}.",
    )]  # fmt: skip


def location_told(
    *,
    evaluation_centre: Centre | None,
    location_remoteness: Remoteness | None,
    road_spec: Roads | None,
    surface_ground: tuple[Terrain, SurfaceRules] | None,
) -> str:
    """Return in one line what minutes to the centre are counted to, and how; empty where they are not."""
    if location_remoteness is None or evaluation_centre is None or road_spec is None:
        return ""
    zh, en = tell_ways(location_remoteness, off_road_kmh(road_spec), over_ground=surface_ground is not None)
    return f"至{evaluation_centre.zh}，{zh} to {evaluation_centre.en}, {en}"


def tell_ways(remoteness: Remoteness, kmh: float, *, over_ground: bool) -> tuple[str, str]:
    """Return in Chinese and English how minutes to the centre are counted."""
    off = (
        ("离路段按规划地形步行", "off the roads over the plan's ground on foot")
        if over_ground
        else (f"离路段按平地 {kmh:g} km/h", f"off the roads over level ground at {kmh:g} km/h")
    )
    step = f"{remoteness.step_m:g}"
    return (
        f"小汽车沿规划道路，{off[0]}，节点间距 {step} m 的格网，方向为去往中心，不计拥堵与停车",
        f"by car along the plan's roads, {off[1]}, on a lattice of {step} m, towards the centre, without "
        "congestion or parking",
    )
