"""Checks of the territory, its districts, towns and places: areas, GCJ-02, seats outside, names twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import shapely

from spatial.engine.gcj02 import measure_gcj02_fit
from spatial.engine.geodesy import area_m2, distance_m
from spatial.errors import GeometryError
from spatial.plan.findings import Finding

_PROVIDERS = ("tianditu", "amap")
_GAP_HA = 1.0
_M2_PER_HA = 1e4


def territory_findings(
    *,
    territory: gpd.GeoDataFrame,
    boundary: gpd.GeoDataFrame,
    reference_boundary: gpd.GeoDataFrame,
    provider_areas: dict[str, float],
    districts: gpd.GeoDataFrame,
    towns: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
) -> list[Finding]:
    """Report what is worth knowing of the territory, and what is wrong with towns and places.

    Returns
    -------
    list of Finding
        ``territory.area_stated`` and ``territory.area_provider`` (info): the area drawn against each other
        one; all are printed, none is forced. ``territory.wgs84`` (info): the boundary is the provider's.
        ``territory.gcj02`` (warning): the boundary lies where GCJ-02 would put it.
        ``territory.invalid`` (error): the boundary has no area or crosses itself.
        ``districts.gap`` (info): the districts leave out more than 1 ha of the territory.
        ``towns.accuracy_unknown`` (info): seats of which the plan states no accuracy.
        ``towns.outside``, ``places.outside`` (error; warning within a seat's stated accuracy),
        ``towns.duplicate_code``, ``towns.duplicate_name`` and ``places.duplicate_name`` (error).

    Examples
    --------
    >>> border = gpd.GeoDataFrame(
    ...     {"area_km2": [1891.1], "stated_area_km2": [1931.0], "source": ["border"]},
    ...     geometry=[shapely.box(112.1, 34.9, 112.7, 35.2)],
    ...     crs="EPSG:4490",
    ... )
    >>> seats = border.iloc[:0].assign(id="", name="", name_en="", code="")
    >>> found = territory_findings(
    ...     territory=border,
    ...     boundary=border,
    ...     reference_boundary=border.iloc[:0],
    ...     provider_areas={},
    ...     districts=border.iloc[:0],
    ...     towns=seats,
    ...     places=seats,
    ... )
    >>> [item.rule for item in found]
    ['territory.area_stated']
    """
    return [
        *_check_boundary(boundary),
        *_compare_areas(territory, provider_areas),
        *_recognise_gcj02(boundary, reference_boundary),
        *_check_districts(territory, districts),
        *_find_unstated(towns),
        *_find_outside("towns", towns, territory),
        *_find_outside("places", places, territory),
        *_find_twice(towns, places),
    ]


def _check_boundary(boundary: gpd.GeoDataFrame) -> Iterator[Finding]:
    shapes = np.asarray(boundary.geometry.array, dtype=object)
    reasons = [reason for reason in shapely.is_valid_reason(shapes) if reason and reason != "Valid Geometry"]
    if not float(area_m2(shapes).sum()) > 0:
        reasons.append("no area")
    for reason in reasons:
        yield Finding(
            "territory.invalid", "error", "territory", "territory",
            f"规划范围边界无效：{reason}；请在 QGIS 中用“修复几何图形”处理后重新导出。",
            f"the boundary of the territory is invalid: {reason}; fix it in QGIS and export it again.",
        )  # fmt: skip
    for source in boundary["source"].unique():
        if source in _PROVIDERS:
            yield Finding(
                "territory.wgs84", "info", "territory", "territory",
                f"边界取自 {source} 公开数据（WGS84），按 CGCS2000 使用，差异小于 1 米；非法定边界。",
                f"the boundary is the public one of {source}, in WGS84, taken as CGCS2000 (right to within a "
                "metre); it is not a legal boundary.",
            )  # fmt: skip


def _compare_areas(territory: gpd.GeoDataFrame, provider_areas: dict[str, float]) -> Iterator[Finding]:
    drawn = float(territory["area_km2"].sum())
    others = [
        ("territory.area_stated", "公布面积", "the stated area", float(stated))
        for stated in territory["stated_area_km2"].dropna()
    ]
    others += [
        ("territory.area_provider", f"{name} 边界面积", f"the area by {name}", area)
        for name, area in provider_areas.items()
    ]
    for rule, zh, en, area in others:
        difference = round(100 * (drawn - area) / area, 1) + 0.0 if area else np.inf
        yield Finding(
            rule, "info", "territory", "territory",
            f"规划范围椭球面积 {drawn:.1f} 平方公里，{zh} {area:.1f} 平方公里，"
            f"相差 {difference:+.1f}%；均如实列出。",
            f"the territory has {drawn:.1f} km² (ellipsoidal), {en} is {area:.1f} km², {difference:+.1f} %; "
            "both are printed, neither is forced.",
            drawn, area,
        )  # fmt: skip


def _recognise_gcj02(boundary: gpd.GeoDataFrame, reference: gpd.GeoDataFrame) -> Iterator[Finding]:
    if reference.empty or boundary.empty:
        return
    given = shapely.union_all(shapely.make_valid(np.asarray(boundary.geometry.array, dtype=object)))
    known = shapely.union_all(reference.geometry.array)
    try:
        fit = measure_gcj02_fit(given, known)
    except GeometryError:
        return  # an empty boundary is reported as invalid
    if fit.suspected:
        name = str(reference["name"].iloc[0])
        yield Finding(
            "territory.gcj02", "warning", "territory", "territory",
            f"边界疑为 GCJ-02（火星坐标）：与“{name}”参考边界平均相距 {fit.as_is_m:.0f} 米，"
            f"去除偏移后为 {fit.unshifted_m:.0f} 米（偏移约 {fit.shift_m:.0f} 米）；"
            "请向数据提供方索取 CGCS2000 成果。",
            f"the boundary looks like GCJ-02: it lies {fit.as_is_m:.0f} m on average from that of {name}, "
            f"and {fit.unshifted_m:.0f} m with the offset of some {fit.shift_m:.0f} m taken off; ask its "
            "maker for CGCS2000.",
            fit.as_is_m, fit.unshifted_m, given.representative_point(),
        )  # fmt: skip


def _check_districts(territory: gpd.GeoDataFrame, districts: gpd.GeoDataFrame) -> Iterator[Finding]:
    if districts.empty:
        return
    whole, covered = shapely.union_all(territory.geometry.array), shapely.union_all(districts.geometry.array)
    gap = shapely.difference(whole, covered)
    gap_ha = float(area_m2([gap])[0]) / _M2_PER_HA
    if gap_ha > _GAP_HA:
        yield Finding(
            "districts.gap", "info", "districts", "",
            f"区县未覆盖规划范围中的 {gap_ha:.1f} 公顷：两者来自不同绘制的边界，均未改动。",
            f"the districts leave {gap_ha:.1f} ha of the territory uncovered: their boundaries were drawn "
            "apart, and neither was changed.",
            gap_ha, _GAP_HA, gap,
        )  # fmt: skip


def _find_unstated(towns: gpd.GeoDataFrame) -> Iterator[Finding]:
    unstated = towns[towns["accuracy_m"].isna()] if "accuracy_m" in towns else towns.iloc[:0]
    if len(unstated):
        shown = "、".join(unstated["name"].iloc[:8]) + (" …" if len(unstated) > 8 else "")
        yield Finding(
            "towns.accuracy_unknown", "info", "towns", "",
            f"{len(unstated)} 个镇街未写驻地位置精度（accuracy），按未知处理：{shown}；"
            "靠近圈层边缘的结论无法判断是否可靠，请写 accuracy。",
            f"{len(unstated)} towns state no `accuracy` of their seat, which is taken as unknown: {shown}; "
            "verdicts near the edge of a circle cannot be checked against it: write `accuracy`.",
            float(len(unstated)), 0.0,
        )  # fmt: skip


def _find_outside(name: str, points: gpd.GeoDataFrame, territory: gpd.GeoDataFrame) -> Iterator[Finding]:
    whole = shapely.union_all(territory.geometry.array)
    metres = distance_m(points.geometry.array, whole)
    accuracy = points["accuracy_m"] if "accuracy_m" in points else np.full(len(points), np.nan)
    rows = zip(points["id"], points["name"], points.geometry, metres, accuracy, strict=True)
    for key, title, point, away, within in rows:
        if not away > 0:
            continue
        doubtful = away <= within
        zh = f"，在其位置精度 ±{within:.0f} 米之内" if doubtful else ""
        en = f", within its accuracy of ±{within:.0f} m" if doubtful else ""
        yield Finding(
            f"{name}.outside", "warning" if doubtful else "error", name, key,
            f"“{title}”（{point.x:.5f}, {point.y:.5f}）在规划范围外 {away:.0f} 米{zh}；请核对经纬度。",
            f"{title} at ({point.x:.5f}, {point.y:.5f}) lies {away:.0f} m outside the territory{en}; check "
            "its longitude and latitude.",
            float(away), float(within) if within >= 0 else None, point,
        )  # fmt: skip


def _find_twice(towns: gpd.GeoDataFrame, places: gpd.GeoDataFrame) -> Iterator[Finding]:
    columns = (("code", "代码", "code"), ("name", "名称", "name"), ("name_en", "英文名称", "English name"))
    for column, zh, en in columns:
        for value, count in Counter(value for value in towns[column] if value).items():
            if count > 1:
                yield _report_twice("towns", column.removesuffix("_en"), (zh, en), value, count)
    shared = Counter([*towns["name"].unique(), *places["name"]])
    for value, count in shared.items():
        if count > 1:
            yield _report_twice("places", "name", ("名称", "name"), value, count)


def _report_twice(layer: str, rule: str, what: tuple[str, str], value: str, count: int) -> Finding:
    zh, en = what
    where_zh, where_en = ("镇街", "towns") if layer == "towns" else ("地点与镇街", "places and towns")
    return Finding(
        f"{layer}.duplicate_{rule}", "error", layer, "",
        f"{where_zh}中{zh}“{value}”出现 {count} 次；请改为各不相同。",
        f"the {en} {value} is given {count} times among {where_en}; give each its own.",
        float(count), 1.0,
    )  # fmt: skip
