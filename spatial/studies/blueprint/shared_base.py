"""One base under many districts 统一底板: what plans that name the same base must have in common.

Sector plans differ and are reconciled; plans of neighbouring districts that name one base have promised not
to. Where they break it the finding is an error, so that a run over them fails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from spatial.engine.areas import straight_area_m2
from spatial.engine.crs import transform_shapes
from spatial.plan.findings import STORED_CRS, Finding
from spatial.plan.parts.sector import CommonBase, Sector
from spatial.plan.records import Plan
from spatial.plan.zoning import GRID_DEG

SAME_M2 = 1.0
"""Maps of districts that differ by no more area are one map."""


@dataclass(frozen=True, eq=False)
class Standing:
    """A plan as it stands on a base.

    Parameters
    ----------
    plan : Plan
    land : shapely geometry
        All land that it gives a code, EPSG:4490.
    districts : mapping of str to shapely geometry
        Its map of the districts by name, EPSG:4490.
    """

    plan: Plan
    land: shapely.Geometry
    districts: Mapping[str, shapely.Geometry]

    @property
    def sector(self) -> Sector:
        """What the plan is among others."""
        assert self.plan.sector is not None
        return self.plan.sector

    @property
    def base(self) -> CommonBase:
        """The base that it names."""
        assert self.sector.base is not None
        return self.sector.base

    def tell(self, rule: str, zh: str, en: str, shape: shapely.Geometry | None = None) -> Finding:
        """Return an error of this plan; the value is the area of the shape in hectares."""
        area_ha = None if shape is None else _area_ha(shape)
        title = self.plan.title
        return Finding(
            f"reconcile.{rule}", "error", "differences", self.plan.name,
            f"{title.pick('zh')}：{zh}", f"{title.pick('en')}: {en}", value=area_ha, geometry=shape,
        )  # fmt: skip


def map_districts(frame: gpd.GeoDataFrame) -> dict[str, shapely.Geometry]:
    """Return the polygons of a map of districts by name, parts of one name united."""
    rows = frame[frame.geometry.geom_type.isin(("Polygon", "MultiPolygon"))]
    shapes = shapely.make_valid(rows.geometry.to_numpy())
    names = rows["name"].astype(str).to_numpy()
    return {
        name: shapely.union_all(shapes[names == name], grid_size=GRID_DEG) for name in dict.fromkeys(names)
    }


def hold_to_bases(standings: Sequence[Standing], tolerance_m: float, metric_crs: str) -> list[Finding]:
    """Hold plans that name one base to what they promised by it.

    Parameters
    ----------
    standings : sequence of Standing
        Plans that name a base; those of different bases are not compared.
    tolerance_m : float
        Land outside a district, or without a code in it, that is nowhere wider is a matter of edges.
    metric_crs : str
        In which that width is taken.

    Returns
    -------
    list of Finding
        Errors: ``reconcile.base_map`` (a map of districts that is not that of most plans),
        ``reconcile.base_twice`` (two plans of one district), ``reconcile.base_outside`` and
        ``reconcile.base_silent`` (land beyond the plan's district; land in it without a code), and
        ``reconcile.base_scheme`` (another classification, or classes given otherwise, than most).
        ``reconcile.base_absent`` (warning): a district that no plan is of. ``reconcile.base_kept``
        (info): nothing of this was found.
    """
    found: list[Finding] = []
    for name in dict.fromkeys(one.base.name for one in standings):
        group = [one for one in standings if one.base.name == name]
        own = [*_compare_maps(group), *_compare_schemes(group), *_find_twice(group)]
        for one in group:
            own += _compare_land(one, _usual(group), tolerance_m, metric_crs)
        found += [*own, *_miss_districts(name, group)]
        if not own and len(group) > 1:
            found.append(Finding(
                "reconcile.base_kept", "info", "differences", "",
                f"{len(group)} 个规划采用统一底板“{name}”：区划底图、用地分类与各区用地范围一致。",
                f"{len(group)} plans stand on the base “{name}”: map of districts, classification and the "
                "land of each agree.",
            ))  # fmt: skip
    return found


def _usual(group: Sequence[Standing]) -> Mapping[str, shapely.Geometry]:
    """Return the map of districts that most plans have, the first of several that as many have."""
    alike = [sum(_differ_m2(one.districts, other.districts) <= SAME_M2 for other in group) for one in group]
    return group[int(np.argmax(alike))].districts


def _differ_m2(one: Mapping[str, shapely.Geometry], other: Mapping[str, shapely.Geometry]) -> float:
    if set(one) != set(other):
        return np.inf
    return sum(_area_ha(_difference(one[name], other[name])) for name in one) * 1e4


def _difference(one: shapely.Geometry, other: shapely.Geometry) -> shapely.Geometry:
    return shapely.symmetric_difference(one, other, grid_size=GRID_DEG)


def _area_ha(shape: shapely.Geometry) -> float:
    return float(straight_area_m2([shape])[0]) / 1e4


def _compare_maps(group: Sequence[Standing]) -> list[Finding]:
    usual, found = _usual(group), []
    for one in group:
        if _differ_m2(one.districts, usual) <= SAME_M2:
            continue
        lacks = sorted(set(usual) ^ set(one.districts))
        both = [_difference(one.districts[name], usual[name]) for name in usual if name in one.districts]
        shape = shapely.union_all([part for part in both if not part.is_empty], grid_size=GRID_DEG)
        named_zh = f"，区名不同：{'、'.join(lacks)}" if lacks else ""
        named_en = f"; names differ: {', '.join(lacks)}" if lacks else ""
        found.append(one.tell(
            "base_map",
            f"区划底图与其他规划不一致，相差 {_area_ha(shape):,.4f} 公顷{named_zh}；请换用统一底图。",
            f"its map of districts differs from the others' by {_area_ha(shape):,.4f} ha{named_en}; "
            "take the shared one.",
            shape,
        ))  # fmt: skip
    return found


def _compare_schemes(group: Sequence[Standing]) -> list[Finding]:
    keys = [(one.sector.scheme, tuple(sorted(one.sector.classes.items(), key=str))) for one in group]
    usual = Counter(keys).most_common(1)[0][0]
    told = usual[0] or "自定 own"
    return [
        one.tell(
            "base_scheme",
            f"用地分类（{key[0] or '自定'}）与其他规划（{told}）不一致；请采用统一分类。",
            f"its classification ({key[0] or 'own classes'}) is not that of the others ({told}); use one.",
        )
        for one, key in zip(group, keys, strict=True) if key != usual
    ]  # fmt: skip


def _find_twice(group: Sequence[Standing]) -> list[Finding]:
    count = Counter(one.base.district for one in group)
    return [
        one.tell(
            "base_twice",
            f"另有规划也编制“{one.base.district}”；一区只用一个规划。",
            f"another plan is of {one.base.district} as well; give one for each district.",
        )
        for one in group if count[one.base.district] > 1
    ]  # fmt: skip


def _compare_land(
    one: Standing, usual: Mapping[str, shapely.Geometry], tolerance_m: float, metric_crs: str
) -> list[Finding]:
    """Return where the land of a plan is not that of its district on the map that most plans have."""
    name, found = one.base.district, list[Finding]()
    district = usual.get(name, one.districts[name])
    beyond = shapely.difference(one.land, district, grid_size=GRID_DEG)
    silent = shapely.difference(district, one.land, grid_size=GRID_DEG)
    beyond, silent = (_keep_wide(shape, tolerance_m, metric_crs) for shape in (beyond, silent))
    if not beyond.is_empty:
        found.append(one.tell(
            "base_outside",
            f"有 {_area_ha(beyond):,.4f} 公顷用地超出本区“{name}”界线；请按统一底图裁剪。",
            f"{_area_ha(beyond):,.4f} ha of its land lie beyond the district {name}; clip to the shared map.",
            beyond,
        ))  # fmt: skip
    if not silent.is_empty:
        found.append(one.tell(
            "base_silent",
            f"本区“{name}”有 {_area_ha(silent):,.4f} 公顷没有用地编码；请补充。",
            f"{_area_ha(silent):,.4f} ha of the district {name} have no code; fill them.",
            silent,
        ))  # fmt: skip
    return found


def _keep_wide(shape: shapely.Geometry, tolerance_m: float, metric_crs: str) -> shapely.Geometry:
    """Return the parts that are somewhere wider than the tolerance, EPSG:4490."""
    parts = shapely.get_parts(shape)
    parts = parts[shapely.area(parts) > 0]
    shrunk = shapely.buffer(transform_shapes(parts, STORED_CRS, metric_crs), -tolerance_m / 2, quad_segs=2)
    return shapely.union_all(parts[~shapely.is_empty(shrunk)], grid_size=GRID_DEG)


def _miss_districts(name: str, group: Sequence[Standing]) -> list[Finding]:
    absent = [each for each in _usual(group) if each not in {one.base.district for one in group}]
    if not absent:
        return []
    return [Finding(
        "reconcile.base_absent", "warning", "differences", "",
        f"统一底板“{name}”的{'、'.join(absent)}没有规划参加比对。",
        f"no plan is of {', '.join(absent)} of the base “{name}”.",
    )]  # fmt: skip
