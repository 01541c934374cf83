"""Checks of connections: which towns, villages and hamlets fall short, and what could not be told."""

from __future__ import annotations

import geopandas as gpd
import shapely

from spatial.plan.findings import Finding

_KINDS = {
    "expressway": ("镇到高速公路出入口", "min", "towns by car to an expressway entrance"),
    "bus": ("村到公交站步行", "min", "villages on foot to a bus stop"),
    "paved": ("村民小组到硬化路", "m", "hamlets to a paved road"),
}
_MOST = 20


def connection_findings(connections: gpd.GeoDataFrame) -> list[Finding]:
    """Report places that are too far (``connections.far``) and those of which nobody can say.

    Returns
    -------
    list of Finding
        Warnings; ``connections.undecidable`` names the reason. `value` is the number of places, `limit` the
        limit. ``connections.kept``, info, where all is well.
    """
    findings = []
    for kind, (zh, unit, en) in _KINDS.items():
        rows = connections[connections["kind"] == kind]
        if rows.empty:
            continue
        limit = float(rows["limit_m" if unit == "m" else "limit_min"].iloc[0])
        far, open_ = rows[rows["verdict"] == "broken"], rows[rows["verdict"] == "undecidable"]
        if len(far):
            findings.append(_tell_far(kind, far, len(rows), limit))
        if len(open_):
            reason_zh, _, reason_en = str(open_["reason"].iloc[0]).partition(" · ")
            findings.append(
                Finding(
                    "connections.undecidable", "warning", "connections", kind,
                    f"{zh}：{len(open_)} 处无法判定（{reason_zh}）：{_list(open_)}",
                    f"{en}: {len(open_)} cannot be decided ({reason_en}): {_list(open_)}",
                    float(len(open_)), limit, shapely.union_all(open_.geometry.to_numpy()),
                )
            )  # fmt: skip
        if len(far) + len(open_) == 0:
            findings.append(
                Finding(
                    "connections.kept", "info", "connections", kind,
                    f"{zh}：{len(rows)} 处均在 {limit:g} {unit} 以内",
                    f"{en}: all {len(rows)} are within {limit:g} {unit}",
                    float(len(rows)), limit,
                )
            )  # fmt: skip
    return findings


def _tell_far(kind: str, far: gpd.GeoDataFrame, total: int, limit: float) -> Finding:
    zh, unit, en = _KINDS[kind]
    column = "time_min" if unit == "min" else "distance_m"
    rows = far.sort_values(column, ascending=False, na_position="first", kind="stable")
    shown = [
        f"{row['name']} {row[column]:.0f} {unit}" if row[column] == row[column] else f"{row['name']} ∞"
        for row in rows.to_dict("records")
    ]
    more = f" … ({len(shown)})" if len(shown) > _MOST else ""
    text = "、".join(shown[:_MOST]) + more
    return Finding(
        "connections.far", "warning", "connections", kind,
        f"{zh}：{total} 处中有 {len(far)} 处超过 {limit:g} {unit}：{text}",
        f"{en}: {len(far)} of {total} are beyond {limit:g} {unit}: {text}",
        float(len(far)), limit, shapely.union_all(far.geometry.to_numpy()),
    )  # fmt: skip


def _list(rows: gpd.GeoDataFrame) -> str:
    names = rows["name"].tolist()
    return "、".join(names[:_MOST]) + (f" … ({len(names)})" if len(names) > _MOST else "")
