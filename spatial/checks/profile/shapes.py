"""Shapes of a data file, each on its own: missing, invalid, of parts, with spikes, thin, given twice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import shapely

from spatial.checks.profile.subject import LayerStep, Subject
from spatial.engine.areas import straight_area_m2
from spatial.engine.shapes.slivers import width_m
from spatial.engine.shapes.topology import name_faults
from spatial.engine.shapes.vertices import find_repeats, find_spikes, find_turned, find_twins
from spatial.plan.findings import Finding

Shapes = npt.NDArray[np.object_]

_REASONS_ZH = {
    "Self-intersection": "自相交",
    "Ring Self-intersection": "环自相交",
    "Hole lies outside shell": "孔洞在外环之外",
    "Holes are nested": "孔洞嵌套",
    "Nested shells": "部件嵌套",
    "Interior is disconnected": "内部不连通",
    "Too few points in geometry component": "点数过少",
    "Duplicate Rings": "环重复",
    "not finite": "坐标不是有限数值",
    "Invalid Coordinate": "坐标不是有限数值",
    "collection": "几何集合",
    "no polygon": "不是面",
}


def _there(shapes: Shapes) -> npt.NDArray[np.bool_]:
    return np.asarray(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))


def _finite(shapes: Shapes) -> Shapes:
    """Return shapes without those whose coordinates are not numbers, which other checks could not measure."""
    kept = shapes.copy()
    kept[~np.isfinite(shapely.bounds(shapes)).all(axis=1)] = None
    return kept


def _check_missing(subject: Subject) -> Iterator[Finding]:
    if subject.spec.geometry == "none" or not subject.data.geometry:
        return
    rows = np.flatnonzero(~_there(subject.data.shapes))
    yield from subject.tell_rows(
        "geometry_missing", rows,
        lambda _: ("没有图形、图形为空或不能读出；请补绘或删除该要素。",
                   "There is no shape, or none that can be read; draw it or remove the feature."),
    )  # fmt: skip


def _check_valid(subject: Subject) -> Iterator[Finding]:
    shapes = subject.data.shapes
    areal = np.isin(shapely.get_type_id(shapes), (3, 6))
    faults = np.full(len(shapes), "", dtype=object)
    faults[areal] = name_faults(shapes[areal])
    faults[faults == "empty"] = ""
    rows = np.flatnonzero(faults != "")
    with np.errstate(invalid="ignore"):
        wrong = shapely.is_valid_reason(shapes[rows])

    def say(at: int) -> tuple[str, str]:
        zh = _REASONS_ZH.get(faults[rows[at]], faults[rows[at]])
        return (
            f"图形无效：{zh}；请在 QGIS 中修复。",
            f"The shape is invalid: {faults[rows[at]]}; repair it in QGIS.",
        )

    yield from subject.tell_rows(
        "geometry_invalid", rows, say, more=lambda at: _locate(subject, rows[at], str(wrong[at]))
    )
    lines = np.isin(shapely.get_type_id(shapes), (1, 5)) & _there(shapes)
    crossing = np.flatnonzero(lines & ~shapely.is_simple(shapes))
    yield from subject.tell_rows(
        "geometry_crossing", crossing,
        lambda _: ("线自相交；请打断或改正。", "The line crosses itself; split or correct it."),
    )  # fmt: skip


def _locate(subject: Subject, row: int, reason: str) -> dict[str, shapely.Geometry]:
    """Return the place that the validity test names, where the layer is in degrees already."""
    place = reason.partition("[")[2].rstrip("]").split()
    if not subject.in_degrees or len(place) < 2:
        return {}
    try:
        at = shapely.Point(float(place[0]), float(place[1]))
    except ValueError:
        return {}
    return {"geometry": at} if np.isfinite([at.x, at.y]).all() else {}


def _check_dimension(subject: Subject) -> Iterator[Finding]:
    rows = np.flatnonzero(shapely.has_z(subject.data.shapes) | shapely.has_m(subject.data.shapes))
    if len(rows):
        yield subject.tell(
            "geometry_dimension",
            f"{len(rows)} 个图形带高程或量测值（Z/M），规划成果应为二维；请导出为二维。",
            f"{len(rows)} shapes have heights or measures (Z/M); plans are flat: export them without.",
            value=float(len(rows)),
        )
    if subject.data.curves:
        yield subject.tell(
            "geometry_curve",
            f"{subject.data.curves} 个图形含曲线（圆弧等），应折线化；质检按每段不超过 4° 的折线进行。",
            f"{subject.data.curves} shapes have curves, which should be edges; they were read so.",
            value=float(subject.data.curves),
        )


def _check_parts(subject: Subject) -> Iterator[Finding]:
    counts = shapely.get_num_geometries(subject.data.shapes)
    rows = np.flatnonzero((counts > 1) & (shapely.get_type_id(subject.data.shapes) != 4))
    yield from subject.tell_rows(
        "geometry_multipart", rows,
        lambda at: (f"图形有 {counts[rows[at]]} 个部件；请拆分为单部件。",
                    f"The shape has {counts[rows[at]]} parts; make each a feature."),
        more=lambda at: {"value": float(counts[rows[at]]), "limit": 1.0},
    )  # fmt: skip


def _check_vertices(subject: Subject) -> Iterator[Finding]:
    shapes, measures = _finite(subject.shapes), subject.measures
    limit = measures.limit("vertex")
    owner, places = find_repeats(shapes, limit)
    yield from subject.tell_rows(
        "geometry_repeated_vertex", owner,
        lambda _: (f"折点重复（相距不大于 {limit:g} 米）；请删除多余折点。",
                   f"A vertex is given twice (within {limit:g} m); remove one."),
        more=lambda at: {"geometry": shapely.Point(places[at]), "limit": limit},
    )  # fmt: skip
    sharp = measures.limit("angle")
    spikes, tips, angles = find_spikes(shapes, sharp)
    yield from subject.tell_rows(
        "geometry_spike", spikes,
        lambda at: (f"尖锐角 {angles[at]:.2f}°，小于 {sharp:g}°；请核对是否为错误折点。",
                    f"An angle of {angles[at]:.2f}°, below {sharp:g}°; see whether a vertex is wrong."),
        more=lambda at: {"geometry": shapely.Point(tips[at]), "value": float(angles[at]), "limit": sharp},
    )  # fmt: skip
    turned = find_turned(shapes)
    yield from subject.tell_rows(
        "geometry_orientation", turned,
        lambda _: ("孔洞与外环方向相同；请重新导出以规范环方向。",
                   "A hole turns the way of its shell; export the layer again to mend it."),
    )  # fmt: skip


def _check_twins(subject: Subject) -> Iterator[Finding]:
    later, first = find_twins(_finite(subject.shapes))
    if not len(later):
        return
    table = subject.data.table
    keys = [name for name in table.columns if str(name).upper() not in ("BSM", "FID", "OBJECTID")]
    rows = table[keys].astype(object).where(table[keys].notna(), "").astype(str).to_numpy()
    same = (rows[later] == rows[first]).all(axis=1)
    yield from subject.tell_rows(
        "geometry_repeated", later,
        lambda at: (f"图形与 {subject.keys[first[at]]} 完全相同；请删除其一。",
                    f"The shape is that of {subject.keys[first[at]]}; remove one."),
    )  # fmt: skip
    yield from subject.tell_rows(
        "attributes_repeated", later[same],
        lambda at: (f"图形与属性均与 {subject.keys[first[same][at]]} 相同（标识码除外）；请删除其一。",
                    f"Shape and values are those of {subject.keys[first[same][at]]}, but for the key."),
    )  # fmt: skip


def _check_slivers(subject: Subject) -> Iterator[Finding]:
    if not subject.is_areal:
        return
    areas, widths = straight_area_m2(subject.areas), width_m(subject.areas)
    least, thin = subject.measures.limit("sliver_area"), subject.measures.limit("sliver_width")
    rows = np.flatnonzero((areas > 0) & ((areas < least) | (widths < thin)))
    yield from subject.tell_rows(
        "geometry_sliver", rows,
        lambda at: (
            f"碎面：面积 {areas[rows[at]]:.2f} 平方米、平均宽 {widths[rows[at]]:.2f} 米"
            f"（界限 {least:g} 平方米、{thin:g} 米，为本工具缺省值）；请核对或并入相邻图斑。",
            f"A sliver of {areas[rows[at]]:.2f} m², {widths[rows[at]]:.2f} m wide on average (limits "
            f"{least:g} m² and {thin:g} m, defaults of this tool); merge it if it is no real thing.",
        ),
        more=lambda at: {
            "value": float(areas[rows[at]]), "limit": least, "geometry": subject.areas[rows[at]],
        },
    )  # fmt: skip
    yield from _check_holes(subject, least)


def _check_holes(subject: Subject, least: float) -> Iterator[Finding]:
    parts, owner = shapely.get_parts(subject.areas, return_index=True)
    rings, of = shapely.get_rings(parts, return_index=True)
    inner = np.append(False, np.diff(of) == 0) if len(of) else np.empty(0, dtype=bool)
    holes, rows = shapely.polygons(rings[inner]), owner[of[inner]]
    sizes = straight_area_m2(holes)
    tiny = np.flatnonzero(sizes < least)
    yield from subject.tell_rows(
        "geometry_hole", rows[tiny],
        lambda at: (f"内部空洞仅 {sizes[tiny[at]]:.2f} 平方米；请核对。",
                    f"A hole of {sizes[tiny[at]]:.2f} m² only; see whether it is meant."),
        more=lambda at: {"value": float(sizes[tiny[at]]), "limit": least, "geometry": holes[tiny[at]]},
    )  # fmt: skip


LAYER_STEPS: tuple[LayerStep, ...] = (
    _check_missing, _check_valid, _check_dimension, _check_parts, _check_vertices, _check_twins,
    _check_slivers,
)  # fmt: skip
"""Checks of each layer."""
