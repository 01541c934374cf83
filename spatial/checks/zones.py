"""Checks of zones and lines: that they are the partition they claim to be, and what it took to make it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.areas import straight_area_m2
from spatial.engine.shapes.slivers import width_m
from spatial.engine.shapes.topology import find_shared_edges, label_parts, repair_polygons
from spatial.plan.findings import Finding, Severity
from spatial.plan.zoning import GRID_DEG, NAMES, Zoning, say_area

CLOSURE_M2 = 1.0
"""By how much areas may miss their sum, overlap, or leave their zone before that is an error."""


def zones_findings(
    zones: gpd.GeoDataFrame, territory: gpd.GeoDataFrame, land_faces: gpd.GeoDataFrame, zoning: Zoning
) -> list[Finding]:
    """Measure whether the zones partition the territory, and tell what slivers and unclaimed land became.

    Sum and overlap are held to 1 m², by ellipsoidal area.
    """
    if not zoning.has_zones:
        return []
    return [
        _state_settings(zoning),
        *_check_sum(zones, territory),
        *_check_coverage("zones", _unite(zones, "zone")),
        *_list_slivers(zones, land_faces, zoning),
        *_count_merged(land_faces, zoning),
        *_count_unclaimed(land_faces, zoning),
    ]


def lines_findings(lines: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, zoning: Zoning) -> list[Finding]:
    """Measure whether lines overlap or leave their zones, to 1 m², and count small patches."""
    if not zoning.has_lines:
        return []
    shapes = _unite(lines, "line")
    held = _unite(zones, "zone")
    inside = _check_inside(shapes, held, zoning) if zoning.has_zones else []
    return [
        *([] if zoning.has_zones else [_state_settings(zoning)]),
        *_check_coverage("lines", shapes),
        *inside,
        *_count_small(lines, zoning),
    ]


def conflicts_findings(conflicts: gpd.GeoDataFrame, zoning: Zoning) -> list[Finding]:
    """Sum up what was taken from whom; every patch is in the layer.

    A warning where a line was taken from, unless all those patches are thinner than the tolerance.
    """
    found = []
    for (kind, winner, loser, rule), rows in conflicts.groupby(["kind", "winner", "loser", "rule"]):
        area = float(rows["area_m2"].sum())
        thin = int((width_m(rows.geometry) < zoning.tolerance_m).sum())
        severity: Severity = "warning" if kind == "line_line" and thin < len(rows) else "info"
        thin_zh = f"其中 {thin} 处窄于容差 {zoning.tolerance_m:g} 米；" if thin else ""
        thin_en = f"{thin} are thinner than the tolerance of {zoning.tolerance_m:g} m; " if thin else ""
        had, has, size = NAMES[str(loser)], NAMES[str(winner)], say_area(area)
        found.append(
            Finding(
                f"conflicts.{kind}", severity, "conflicts", "",
                f"{had.zh}主张的土地中有 {len(rows)} 处、{size.zh}按规则 {rule} 归{has.zh}；"
                f"{thin_zh}请核对数据，消除重叠。",
                f"{len(rows)} patches, {size.en}, claimed for {had.en.lower()} went to {has.en.lower()} "
                f"by rule {rule}; {thin_en}settle the overlap in the data.",
                area,
            )
        )  # fmt: skip
    return found


def _measure(shapes: BaseGeometry | gpd.GeoSeries) -> float:
    return float(straight_area_m2(shapes).sum())


def _unite(frame: gpd.GeoDataFrame, column: str) -> dict[str, BaseGeometry]:
    """Return all parts of each class as one multipolygon; its validity says that they do not overlap."""
    return {
        str(name): shapely.multipolygons(shapely.get_parts(rows.geometry))
        for name, rows in frame.groupby(column)
    }


def _state_settings(zoning: Zoning) -> Finding:
    zones = [NAMES[name] for name in zoning.zone_order]
    lines = [NAMES[name] for name in zoning.line_order]
    rest = NAMES[zoning.unclaimed]
    return Finding(
        "zones.settings", "info", "zones", "",
        f"三区三线按以下规则协调：容差 {zoning.tolerance_m:g} 米，坐标网格 {GRID_DEG:g} 度，"
        f"最小图斑 {zoning.min_area_m2:g} 平方米，"
        f"三线优先序 {'、'.join(text.zh for text in lines)}，"
        f"三区优先序 {'、'.join(text.zh for text in zones)}，未划定土地归{rest.zh}。",
        f"Settled with a tolerance of {zoning.tolerance_m:g} m, a grid of {GRID_DEG:g}°, a least area "
        f"of {zoning.min_area_m2:g} m², lines in the order {', '.join(text.en for text in lines)}, "
        f"zones in the order {', '.join(text.en for text in zones)}; unclaimed land is {rest.en.lower()}.",
        zoning.tolerance_m,
    )  # fmt: skip


def _check_sum(zones: gpd.GeoDataFrame, territory: gpd.GeoDataFrame) -> list[Finding]:
    total, whole = _measure(zones.geometry), _measure(territory.geometry)
    if abs(total - whole) <= CLOSURE_M2:
        return []
    return [
        Finding(
            "zones.partition", "error", "zones", "",
            f"三区面积之和与全域相差 {total - whole:.2f} 平方米，应不超过 {CLOSURE_M2:g} 平方米。",
            f"The zones add up to {total - whole:.2f} m² more than the territory; it should be within "
            f"{CLOSURE_M2:g} m².",
            total - whole, CLOSURE_M2,
        )
    ]  # fmt: skip


def _check_coverage(layer: str, shapes: Mapping[str, BaseGeometry]) -> list[Finding]:
    """Prove that parts do not overlap and share their vertices; where not, measure who overlaps whom."""
    united = np.array(list(shapes.values()), dtype=object)
    if shapely.is_valid(united).all() and shapely.coverage_is_valid(united):
        return []
    broken = Finding(
        f"{layer}.coverage", "error", layer, "",
        "相邻图斑没有共用同样的顶点，不是有效的面覆盖。",
        "Neighbours do not share the same vertices: this is no valid coverage.",
    )  # fmt: skip
    sound = dict(zip(shapes, repair_polygons(united), strict=True))
    found = [
        _check_pair(layer, (name, name), _measure(shapes[name]) - _measure(sound[name])) for name in sound
    ]
    for one, other in combinations(sound, 2):
        common = shapely.intersection(sound[one], sound[other], grid_size=GRID_DEG)
        found.append(_check_pair(layer, (one, other), _measure(common), common))
    return [broken, *(finding for finding in found if finding)]


def _check_pair(
    layer: str, pair: tuple[str, str], area: float, where: BaseGeometry | None = None
) -> Finding | None:
    if area <= CLOSURE_M2:
        return None
    (one, other), size = (NAMES[name] for name in pair), say_area(area)
    return Finding(
        f"{layer}.overlap", "error", layer, "",
        f"{one.zh}与{other.zh}重叠 {size.zh}，应不超过 {CLOSURE_M2:g} 平方米。",
        f"{one.en} and {other.en.lower()} overlap by {size.en}; it should be within {CLOSURE_M2:g} m².",
        area, CLOSURE_M2, where,
    )  # fmt: skip


def _check_inside(
    lines: Mapping[str, BaseGeometry], zones: Mapping[str, BaseGeometry], zoning: Zoning
) -> list[Finding]:
    found = []
    for name, shape in lines.items():
        zone = next(str(zone) for line, zone in zoning.zone_of_line.items() if line == name)
        held = repair_polygons([zones.get(zone)])[0]
        outside = shapely.difference(repair_polygons([shape])[0], held, grid_size=GRID_DEG)
        area = _measure(outside)
        if area > CLOSURE_M2:
            one, other, size = NAMES[name], NAMES[zone], say_area(area)
            found.append(
                Finding(
                    "lines.outside_zone", "error", "lines", "",
                    f"{one.zh}有 {size.zh}不在{other.zh}内，应不超过 {CLOSURE_M2:g} 平方米。",
                    f"{size.en} of {one.en.lower()} lie outside {other.en.lower()}; it should be within "
                    f"{CLOSURE_M2:g} m².",
                    area, CLOSURE_M2, outside,
                )
            )  # fmt: skip
    return found


def _list_slivers(zones: gpd.GeoDataFrame, faces: gpd.GeoDataFrame, zoning: Zoning) -> list[Finding]:
    """List each zone part that is smaller than the least area: a line holds it, or no zone touches it."""
    small = zones[zones["area_ha"] * 1e4 < zoning.min_area_m2]
    in_line = shapely.point_on_surface(faces.geometry[faces["line"] != ""].to_numpy())
    holds = np.unique(shapely.STRtree(in_line).query(small.geometry, predicate="contains")[0])
    found = []
    for place, (_, row) in enumerate(small.iterrows()):
        size = say_area(row["area_ha"] * 1e4)
        why_zh, why_en = (
            ("内有控制线", "it holds a line") if place in holds else ("无相邻空间", "no zone touches it")
        )
        found.append(
            Finding(
                "zones.sliver", "info", "zones", str(row["id"]),
                f"{row['name']}图斑 {row['id']} 仅 {size.zh}，小于最小图斑 {zoning.min_area_m2:g} 平方米；"
                f"{why_zh}，予以保留。",
                f"{row['id']} ({row['name_en'].lower()}) has only {size.en}, less than "
                f"{zoning.min_area_m2:g} m²; {why_en}, so it stays.",
                float(row["area_ha"]) * 1e4, zoning.min_area_m2, row.geometry,
            )
        )  # fmt: skip
    return found


def _count_merged(faces: gpd.GeoDataFrame, zoning: Zoning) -> list[Finding]:
    merged = faces[faces["merged"]]
    if merged.empty:
        return []
    count = int(label_parts(np.zeros(len(merged)), find_shared_edges(merged.geometry)).max()) + 1
    area = float(merged["area_m2"].sum())
    size = say_area(area)
    return [
        Finding(
            "zones.merged", "info", "zones", "",
            f"{count} 处小于 {zoning.min_area_m2:g} 平方米的碎图斑共 {size.zh}，已并入共边最长的相邻空间。",
            f"{count} slivers below {zoning.min_area_m2:g} m², {size.en} in all, went to the zone that they "
            "share most edge with.",
            area, zoning.min_area_m2,
        )
    ]  # fmt: skip


def _count_unclaimed(faces: gpd.GeoDataFrame, zoning: Zoning) -> list[Finding]:
    claimed = faces[[f"claims_{name}" for name in NAMES]].any(axis=1)
    bare = faces[~claimed & ~faces["merged"]]
    area, whole = float(bare["area_m2"].sum()), float(faces["area_m2"].sum())
    if bare.empty:
        return []
    size, rest = say_area(area), NAMES[zoning.unclaimed]
    wide = bare["area_m2"][width_m(bare.geometry) >= zoning.tolerance_m]
    severity: Severity = "warning" if len(wide) and wide.sum() >= zoning.min_area_m2 else "info"
    return [
        Finding(
            "zones.unclaimed", severity, "zones", "",
            f"{size.zh}土地（占全域 {area / whole:.2%}）没有划入任何空间或控制线，"
            f"按规则归{rest.zh}；请补充划定。",
            f"{size.en} ({area / whole:.2%} of the territory) are in no claim and went to {rest.en.lower()} "
            "by rule; claim them.",
            area, zoning.min_area_m2, shapely.coverage_union_all(bare.geometry),
        )
    ]  # fmt: skip


def _count_small(lines: gpd.GeoDataFrame, zoning: Zoning) -> list[Finding]:
    small = lines[lines["area_ha"] * 1e4 < zoning.min_area_m2]
    if small.empty:
        return []
    return [
        Finding(
            "lines.small", "info", "lines", "",
            f"{len(small)} 个控制线图斑小于 {zoning.min_area_m2:g} 平方米，均予保留；请核对是否为碎图斑。",
            f"{len(small)} patches of lines are smaller than {zoning.min_area_m2:g} m²; all are kept. See "
            "whether they are slivers.",
            float(len(small)), zoning.min_area_m2, shapely.coverage_union_all(small.geometry),
        )
    ]  # fmt: skip
