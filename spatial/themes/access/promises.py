"""What the circles promise to reach, found among towns, elements and the territory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.plan.findings import STORED_CRS
from spatial.plan.promises import find_elements, parse_promise
from spatial.plan.records import Circle

_TEXTS = ("circle", "promise", "subject", "targets", "aim_zh", "aim_en", "problem_zh", "problem_en")


def circle_promises(
    circle_specs: tuple[Circle, ...],
    structure: gpd.GeoDataFrame,
    towns: gpd.GeoDataFrame,
    territory: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """Return what each promise is about.

    Returns
    -------
    geopandas.GeoDataFrame
        One row for each circle with `must_reach`, EPSG:4490: ``circle, promise, subject, targets, aim_zh,
        aim_en, problem_zh, problem_en, geometry``. The aims say in words what is to be reached. `subject`
        is ``towns``, ``points`` (of the structure), ``area``, or empty where the promise leads nowhere; then
        the problem says why. `targets` are ids of towns or points, joined by commas. Geometry is the area to
        be reached, else null.
    """
    rows = [
        {
            "circle": circle.id,
            "promise": circle.must_reach,
            **_aim(circle.must_reach, structure, towns, territory),
            **_say(circle.must_reach, structure),
        }
        for circle in circle_specs
        if circle.must_reach is not None
    ]
    texts = {name: pd.Series([row[name] for row in rows], dtype="str") for name in _TEXTS}
    return gpd.GeoDataFrame(texts, geometry=[row["geometry"] for row in rows], crs=STORED_CRS)


def _aim(
    text: str, structure: gpd.GeoDataFrame, towns: gpd.GeoDataFrame, territory: gpd.GeoDataFrame
) -> dict[str, Any]:
    try:
        promise = parse_promise(text)
    except ValueError as error:
        return _miss(
            f"“{text}”无法解读；可写 towns、towns[tag=plain]、territory 或要素的标识、名称", str(error)
        )
    if promise.kind == "territory":
        return _hit("area", shape=territory.geometry.union_all())
    if promise.kind == "named":
        return _aim_at_name(promise.word, structure, towns)
    chosen = towns
    if promise.word:
        chosen = towns[[promise.word in str(tags).split(",") for tags in towns["tags"]]]
    if len(chosen):
        return _hit("towns", chosen["id"])
    return _miss(
        f"没有符合“{text}”的镇；请在 towns 中给镇加上标签", f"no town fits {text!r}; tag the towns that do"
    )


def _say(text: str, structure: gpd.GeoDataFrame) -> dict[str, str]:
    """Return a promise in words; as it is written where it names a town or cannot be read."""
    zh = en = text
    try:
        promise = parse_promise(text)
    except ValueError:
        return {"aim_zh": zh, "aim_en": en}
    if promise.kind == "territory":
        zh, en = "全域", "the whole territory"
    elif promise.kind == "towns":
        zh = f"带“{promise.word}”标签的镇街" if promise.word else "全部镇街"
        en = f"towns tagged “{promise.word}”" if promise.word else "all towns"
    elif len(found := structure[structure["id"] == promise.word]):
        zh, en = found["name"].iloc[0], found["name_en"].iloc[0] or found["name"].iloc[0]
    return {"aim_zh": zh, "aim_en": en}


def _aim_at_name(word: str, structure: gpd.GeoDataFrame, towns: gpd.GeoDataFrame) -> dict[str, Any]:
    elements = find_elements(word, structure)
    dimensions = set(shapely.get_dimensions(elements.geometry.to_numpy()).tolist())
    if dimensions == {2}:
        return _hit("area", shape=elements.geometry.union_all())
    if dimensions == {0}:
        return _hit("points", elements["id"])
    if dimensions:
        return _miss(
            f"要素“{word}”既非面也非点，无法衡量是否到达；请改用核、带、点、镇或 territory",
            f"element {word!r} is a line; name a core, belt, point, town or territory",
        )
    chosen = towns[(towns["name"] == word) | (towns["name_en"] == word)]
    if len(chosen):
        return _hit("towns", chosen["id"])
    known = ", ".join(structure["id"])
    return _miss(
        f"没有名为“{word}”的要素或镇；已有要素：{known or '无'}",
        f"there is no element or town {word!r}; elements are {known or 'none'}",
    )


def _hit(subject: str, targets: Iterable[str] = (), shape: BaseGeometry | None = None) -> dict[str, Any]:
    return {
        "subject": subject,
        "targets": ",".join(targets),
        "problem_zh": "",
        "problem_en": "",
        "geometry": shape,
    }


def _miss(problem_zh: str, problem_en: str) -> dict[str, Any]:
    return _hit("") | {"problem_zh": problem_zh, "problem_en": problem_en}
