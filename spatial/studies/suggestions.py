"""Suggestions: the smallest trim or shift by which a rejected project would pass, found by judging again."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.engine.crs import transform_shapes
from spatial.engine.shapes.regions import GRID_DEG, measure_shapes
from spatial.plan.findings import STORED_CRS
from spatial.studies.conformance import CODES, REJECT, Answer, Judge

Shapes = npt.NDArray[np.object_]

FARTHEST_M = 2000.0
"""Shifts beyond this are another site, not a shift."""
_FIRST_M = 2.0
_DIRECTIONS = 16
_ROUNDS = 7
_LEAST_KEPT = 0.5
_MANY_VERTICES = 5_000
_COLUMNS = (
    "id", "name", "project_id", "method", "verdict", "kept", "distance_m", "bearing_deg", "area_m2",
    "text_zh", "text_en",
)  # fmt: skip


def suggest_changes(judge: Judge, projects: gpd.GeoDataFrame, answers: list[Answer]) -> gpd.GeoDataFrame:
    """Look for what would let each rejected project pass.

    Parameters
    ----------
    judge : Judge
    projects : geopandas.GeoDataFrame
        As they were judged.
    answers : list of Answer
        What `judge` said of them; none to suggest nothing.

    Returns
    -------
    geopandas.GeoDataFrame
        EPSG:4490, up to two rows a project: ``id, name, project_id, method`` (``trim``, ``shift``, or
        ``none`` where neither helps), ``verdict`` of the changed project, ``kept`` (share of its area),
        ``distance_m``, ``bearing_deg``, ``area_m2``, texts and the changed shape.

    Notes
    -----
    Trim: the pieces that are rejected are cut off. Shift: sixteen directions, distances doubling from 2 m to
    2 km, then seven halvings between the last that fails and the first that passes; so it is the smallest of
    those directions, to about 1 %. Either is judged again by all rules and only told where none rejects it.
    Conditions may remain.
    """
    rows: list[dict[str, Any]] = []
    for at in np.flatnonzero(_find_rejected(answers)) if answers else ():
        project = projects.iloc[[at]]
        pieces = [answer.pieces[at] for answer in answers if answer.verdict[at] == REJECT]
        found = [_trim(judge, project, pieces), _shift(judge, project)]
        kept = [row for row in found if row is not None]
        rows += [{"project": project, **row} for row in kept or [_give_up()]]
    return _frame(rows)


def suggest_cuts(
    suggestions: gpd.GeoDataFrame, projects: gpd.GeoDataFrame, answers: list[Answer], draws: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Add how much less land would do where only the quota rejects a project, and warn where it does too.

    Parameters
    ----------
    suggestions : geopandas.GeoDataFrame
        As `suggest_changes` returns them; they were judged by all rules but that of the quota.
    projects : geopandas.GeoDataFrame
    answers : list of Answer
        Of all other rules.
    draws : pandas.DataFrame
        One row a project, as `spatial.studies.drawing_quotas.draw_quotas` returns them.

    Returns
    -------
    geopandas.GeoDataFrame
        A row ``trim`` without a shape for each project that would pass by less area: which part is given up
        is for its designer to say.
    """
    over = (draws["verdict"] == "reject").to_numpy()
    worst = np.max([answer.verdict for answer in answers], axis=0)
    both = suggestions["project_id"].isin(draws["project_id"][over & (worst == REJECT)])
    warned = suggestions.assign(
        text_zh=suggestions["text_zh"].where(~both, suggestions["text_zh"] + "（未计用地指标，指标亦不足）"),
        text_en=suggestions["text_en"].where(
            ~both, suggestions["text_en"] + " (Not counting the quota, too small.)"
        ),
    )
    rows = []
    for at in np.flatnonzero(over & (worst < REJECT)):
        cut = float(np.minimum(-draws["after_ha"].iloc[at], draws["new_ha"].iloc[at]))
        area = float(projects["area_m2"].iloc[at]) / 1e4
        rows.append({"project": projects.iloc[[at]], **_describe_cut(cut, area, int(worst[at]))})
    return (
        gpd.GeoDataFrame(pd.concat([warned, _frame(rows)], ignore_index=True), crs=STORED_CRS)
        if rows
        else warned
    )


def _describe_cut(cut: float, area: float, worst: int) -> dict[str, Any]:
    if cut >= area:
        return _give_up() | {
            "text_zh": "指标已无余额，核减不能解决：须调剂指标或利用存量用地。",
            "text_en": "No quota is left, so no trim would do: move quota here or use stock land.",
        }
    return {
        "method": "trim", "shape": None, "kept": 1 - cut / area,
        "verdict": CODES[worst].replace("not_judged", "incomplete"),
        "text_zh": f"核减新增用地 {cut:,.4f} 公顷（项目的 {cut / area:.1%}）即不超用地指标；"
        "核减部位由设计确定。",
        "text_en": f"Cut {cut:,.4f} ha of new land ({cut / area:.1%} of the project) to stay within the "
        "quota; where is for its designer to say.",
    }  # fmt: skip


def _find_rejected(answers: list[Answer]) -> npt.NDArray[np.bool_]:
    verdicts = np.stack([answer.verdict for answer in answers], axis=1)
    return np.asarray((verdicts == REJECT).any(axis=1), dtype=bool)


def _judge_again(judge: Judge, project: gpd.GeoDataFrame, shapes: Any) -> npt.NDArray[np.bool_]:
    """Tell which shapes would not be rejected if the project had them."""
    shapes = np.asarray(shapes, dtype=object)
    many = project.iloc[np.zeros(len(shapes), dtype=int)].set_geometry(list(shapes), crs=STORED_CRS)
    return ~_find_rejected(judge.answer(many))


def _name_verdict(judge: Judge, project: gpd.GeoDataFrame, shape: shapely.Geometry) -> str:
    answers = judge.answer(project.set_geometry([shape], crs=STORED_CRS))
    worst = max(int(answer.verdict[0]) for answer in answers)
    return ("pass", "conditional", "incomplete", "reject")[worst]


def _trim(judge: Judge, project: gpd.GeoDataFrame, pieces: list[shapely.Geometry]) -> dict[str, Any] | None:
    (whole,) = project.geometry
    cut = shapely.union_all(pieces, grid_size=GRID_DEG)
    rest = shapely.difference(whole, cut, grid_size=GRID_DEG)
    parts = shapely.get_parts([rest])
    parts = parts[shapely.get_dimensions(parts) == shapely.get_dimensions(whole)]
    if not len(parts):
        return None
    rest = shapely.union_all(parts)
    kept = float(measure_shapes([rest])[0] / measure_shapes([whole])[0])
    if kept < _LEAST_KEPT or not _judge_again(judge, project, [rest])[0]:
        return None
    lost = float(measure_shapes([whole])[0] - measure_shapes([rest])[0])
    return {
        "method": "trim", "shape": rest, "kept": kept, "verdict": _name_verdict(judge, project, rest),
        "text_zh": f"核减不予同意的部分 {lost:,.0f} 平方米（线为米），保留 {kept:.1%}；"
        "重新审查后无不同意意见。",
        "text_en": f"Cut off the {lost:,.0f} m² (or m) that is rejected; {kept:.1%} remains. Judged "
        "again, no rule rejects it.",
    }  # fmt: skip


def _shift(judge: Judge, project: gpd.GeoDataFrame) -> dict[str, Any] | None:
    (whole,) = project.geometry
    (flat,) = transform_shapes([whole], STORED_CRS, judge.metric_crs)
    rough = shapely.simplify(flat, 1.0) if shapely.get_num_coordinates(flat) > _MANY_VERTICES else flat
    steps = [_FIRST_M * 2**number for number in range(20) if _FIRST_M * 2**number <= FARTHEST_M]
    low, high, bearing = 0.0, None, 0.0
    for distance in [*steps, FARTHEST_M]:
        passed = _try_ring(judge, project, rough, distance)
        if passed is not None:
            high, bearing = distance, passed
            break
        low = distance
    if high is None:
        return None
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        passed = _try_ring(judge, project, rough, middle)
        if passed is None:
            low = middle
        else:
            high, bearing = middle, passed
    return _describe_shift(judge, project, flat, high, bearing)


def _try_ring(
    judge: Judge, project: gpd.GeoDataFrame, flat: shapely.Geometry, distance: float
) -> float | None:
    """Return the first bearing, from north, in which the project would pass at a distance."""
    bearings = np.arange(_DIRECTIONS) * 360 / _DIRECTIONS
    passed = _judge_again(judge, project, [_move(judge, flat, distance, angle) for angle in bearings])
    return float(bearings[np.argmax(passed)]) if passed.any() else None


def _move(judge: Judge, flat: shapely.Geometry, distance: float, bearing: float) -> shapely.Geometry:
    angle = np.radians(bearing)
    step = distance * np.array([np.sin(angle), np.cos(angle)])
    return transform_shapes([shapely.transform(flat, lambda xy: xy + step)], judge.metric_crs, STORED_CRS)[0]


def _describe_shift(
    judge: Judge, project: gpd.GeoDataFrame, flat: shapely.Geometry, distance: float, bearing: float
) -> dict[str, Any] | None:
    distance = float(np.ceil(distance * 10) / 10)
    moved = _move(judge, flat, distance, bearing)
    if not _judge_again(judge, project, [moved])[0]:
        return None
    zh, en = _name_bearing(bearing)
    return {
        "method": "shift", "shape": moved, "kept": 1.0, "distance_m": distance, "bearing_deg": bearing,
        "verdict": _name_verdict(judge, project, moved),
        "text_zh": f"整体向{zh}平移 {distance:g} 米；重新审查后无不同意意见"
        f"（试算 {_DIRECTIONS} 个方向中最短）。",
        "text_en": f"Shift the whole by {distance:g} m to the {en}. Judged again, no rule rejects it "
        f"(the shortest of {_DIRECTIONS} directions).",
    }  # fmt: skip


_WINDS = (
    ("北", "north"), ("北偏东", "north-north-east"), ("东北", "north-east"), ("东偏北", "east-north-east"),
    ("东", "east"), ("东偏南", "east-south-east"), ("东南", "south-east"), ("南偏东", "south-south-east"),
    ("南", "south"), ("南偏西", "south-south-west"), ("西南", "south-west"), ("西偏南", "west-south-west"),
    ("西", "west"), ("西偏北", "west-north-west"), ("西北", "north-west"), ("北偏西", "north-north-west"),
)  # fmt: skip


def _name_bearing(bearing: float) -> tuple[str, str]:
    return _WINDS[round(bearing / 22.5) % len(_WINDS)]


def _give_up() -> dict[str, Any]:
    return {
        "method": "none", "shape": None, "kept": np.nan, "verdict": "reject",
        "text_zh": f"核减（至少保留一半）或在 {FARTHEST_M:g} 米内平移均不能通过，应另行选址或调整项目。",
        "text_en": f"Neither a trim that leaves half of it nor a shift within {FARTHEST_M:g} m would pass: "
        "choose another site or change the project.",
    }  # fmt: skip


def _frame(rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    shapes = [row["shape"] for row in rows]
    table = {
        "id": [f"{row['project']['id'].iloc[0]}/{row['method']}" for row in rows],
        "name": [str(row["project"]["name"].iloc[0]) for row in rows],
        "project_id": [str(row["project"]["id"].iloc[0]) for row in rows],
        "area_m2": measure_shapes(shapes) if rows else [],
        **{key: [row[key] for row in rows] for key in ("method", "verdict", "kept", "text_zh", "text_en")},
        **{key: [row.get(key, np.nan) for row in rows] for key in ("distance_m", "bearing_deg")},
    }
    texts = dict.fromkeys(("id", "name", "project_id", "method", "verdict", "text_zh", "text_en"), "str")
    numbers = dict.fromkeys(("area_m2", "kept", "distance_m", "bearing_deg"), "float64")
    frame = pd.DataFrame(table).astype({**texts, **numbers})[list(_COLUMNS)]
    return gpd.GeoDataFrame(frame, geometry=shapes, crs=STORED_CRS)
