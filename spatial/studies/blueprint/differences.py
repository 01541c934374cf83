"""Differences between sector plans: where they disagree, what is proposed, and the base that follows.

All edges of all plans are noded at once; on each face between them every plan says one class of the common
classification, several where its code means several, or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.engine.crs import transform_shapes
from spatial.engine.shapes.agreement import (
    DISPUTED,
    OPEN,
    Masks,
    judge_faces,
    number_claims,
)
from spatial.engine.shapes.slivers import absorb_slivers, measure_contacts
from spatial.engine.shapes.topology import dissolve, label_parts
from spatial.plan.base import Text
from spatial.plan.findings import STORED_CRS
from spatial.plan.settling import KINDS, STATES, Settling
from spatial.studies.blueprint.parties import (
    Ground,
    Integers,
    Party,
    Shapes,
    node_parties,
    read_mask,
    tell_claims,
)
from spatial.studies.blueprint.tables import balance_plans, cross_plans

_AGREED = "agreed"


class Blueprint(NamedTuple):
    """What came of it.

    Parameters
    ----------
    differences : geopandas.GeoDataFrame
        One row for each connected piece: ``kind, area_m2, says_KEY`` of each plan (classes with the plan's
        own codes behind), ``proposed`` (class, empty if none), ``state``, ``rule``, ``confidence``,
        ``agree`` (departments).
    base : geopandas.GeoDataFrame
        Polygons that tile the land of all plans: ``landuse`` (empty while open), ``state``, ``area_ha``.
    matrix : pandas.DataFrame
        ``plan_a, class_a, plan_b, class_b, area_ha, same``: how much land two plans give each pair.
    balance : pandas.DataFrame
        ``landuse, name, KEY_ha`` of each plan and ``base_ha``: area of each class.
    """

    differences: gpd.GeoDataFrame
    base: gpd.GeoDataFrame
    matrix: pd.DataFrame
    balance: pd.DataFrame


def reconcile_parties(
    sectors: Sequence[Party],
    names: Mapping[str, Text],
    settling: Settling,
    departments: Mapping[str, Text],
    metric_crs: str,
) -> Blueprint:
    """Hold sector plans against each other and propose what becomes of where they differ.

    Parameters
    ----------
    sectors : sequence of Party
        At least two.
    names : mapping of str to Text
        The common classification: names of classes by code, 64 at most.
    settling : Settling
    departments : mapping of str to Text
        Names by key; a key without one stands for itself.
    metric_crs : str
        In which the width of a difference is told.

    Raises
    ------
    GeometryError
        More classes than can be told apart.
    """
    codes = list(names)
    ground = node_parties(sectors, codes)
    kind, missing = _name_kinds(ground, np.array([sector.partial for sector in sectors]))
    alike = number_claims(ground.masks, pd.factorize(kind)[0], missing @ (1 << np.arange(len(sectors))))
    part = label_parts(alike, ground.edges)
    first = np.unique(part, return_index=True)[1]
    shapes = dissolve(ground.shapes, part)
    kind = _mark_edges(kind[first], shapes, settling.tolerance_m, metric_crs)
    settled = _settle(kind, ground.masks[first], sectors, codes, settling)
    _absorb_edges(settled, kind, part, ground, codes)
    says = tell_claims(ground, part, len(first), sectors, codes)
    frame = gpd.GeoDataFrame(
        {"kind": kind, "area_m2": np.bincount(part, weights=ground.areas), **says, **settled},
        geometry=shapes,
        crs=STORED_CRS,
    )
    spoken = ground.masks[first] != 0
    own = np.array([sector.department for sector in sectors], dtype=object)
    concerned = spoken | (missing[first] & (kind == "missing")[:, None])
    frame["agree"] = [
        "、".join(departments.get(key, Text(zh=key)).pick("zh") for key in dict.fromkeys([*own[who], *more]))
        for who, more in zip(concerned, frame.pop("more"), strict=True)
    ]
    return Blueprint(
        _list_differences(frame, names),
        _lay_base(frame, ground, part, names),
        cross_plans(ground, sectors, codes),
        balance_plans(frame, ground, sectors, codes, names),
    )


def _name_kinds(ground: Ground, partial: npt.NDArray[np.bool_]) -> tuple[Shapes, npt.NDArray[np.bool_]]:
    """Return the kind of each face, and which plans lack something there."""
    state, _ = judge_faces(ground.masks)
    missing = ground.within & (ground.masks == 0) & ~partial
    silent = (ground.masks == 0).all(axis=1)
    cases = [silent, state == DISPUTED, ground.torn.any(axis=1), missing.any(axis=1), state == OPEN]
    names = ["unclaimed", "conflict", "self", "missing", "code"]
    return np.select(cases, names, _AGREED).astype(object), missing & ~silent[:, None]


def _mark_edges(kind: Shapes, shapes: Shapes, tolerance_m: float, metric_crs: str) -> Shapes:
    """Return the kinds, with ``edge`` for what is nowhere wider than the tolerance."""
    asked = np.flatnonzero(np.isin(kind, ("conflict", "missing", "self", "unclaimed")))
    flat = transform_shapes(shapes[asked], STORED_CRS, metric_crs)
    thin = shapely.is_empty(shapely.buffer(flat, -tolerance_m / 2, quad_segs=2))
    result = kind.copy()
    result[asked[thin]] = "edge"
    return result


def _settle(
    kind: Shapes, masks: Masks, sectors: Sequence[Party], codes: list[str], settling: Settling
) -> dict[str, list[object]]:
    """Return class, state, rule, confidence and further departments of each piece.

    There are few different sets of claims, however many pieces: each is settled once.
    """
    numbers = number_claims(masks, pd.factorize(kind)[0])
    firsts = np.unique(numbers, return_index=True)[1]
    found = [_settle_one(str(kind[at]), masks[at], sectors, codes, settling) for at in firsts]
    columns = ("proposed", "state", "rule", "confidence", "label", "more")
    return {name: [found[number][at] for number in numbers] for at, name in enumerate(columns)}


def _settle_one(
    kind: str, row: Masks, sectors: Sequence[Party], codes: list[str], settling: Settling
) -> tuple[str, str, str, str, Text | None, tuple[str, ...]]:
    claims = [read_mask(int(mask), codes) for mask in row if mask]
    ranks = [settling.rank(sector.role) for sector, mask in zip(sectors, row, strict=True) if mask]
    shared = frozenset.intersection(*claims) if claims else frozenset[str]()
    if len(shared) == 1 and kind == _AGREED:
        return next(iter(shared)), "agreed" if len(claims) > 1 else "single", "", "", None, ()
    if len(shared) == 1 and kind != "self":
        return next(iter(shared)), "proposed", "", "", None, ()
    if kind == "edge" and claims:
        chosen = claims[min(range(len(claims)), key=ranks.__getitem__)]
        if len(chosen) == 1:
            return next(iter(chosen)), "proposed", "edge.roles", "default", None, ()
    rule = settling.find(claims) if kind == "conflict" else None
    if rule is None:
        return "", "open", "", "", None, ()
    roles = [sector.role for sector, mask in zip(sectors, row, strict=True) if mask]
    taken = rule.choose(claims, roles, ranks)
    if len(taken) != 1:
        return "", "open", rule.rule, rule.confidence, rule.label, rule.agree
    return next(iter(taken)), "proposed", rule.rule, rule.confidence, rule.label, rule.agree


def _absorb_edges(
    settled: dict[str, list[object]], kind: Shapes, part: Integers, ground: Ground, codes: list[str]
) -> None:
    """Give mismatches that no plan's edge decides to the neighbour that they share most edge with."""
    places = {code: at for at, code in enumerate(codes)}
    classes = np.array([places.get(str(code), -1) for code in settled["proposed"]], dtype=np.int64)
    slivers = (kind == "edge") & (classes < 0)
    sizes = np.bincount(part, weights=ground.areas, minlength=len(kind))
    contacts = measure_contacts(part, ground.edges, slivers)
    taken = absorb_slivers(classes, sizes, slivers, contacts, np.inf)
    for at in np.flatnonzero(slivers & (taken >= 0)):
        settled["proposed"][at], settled["state"][at] = codes[taken[at]], "proposed"
        settled["rule"][at], settled["confidence"][at] = "edge.neighbour", "default"


def _list_differences(frame: gpd.GeoDataFrame, names: Mapping[str, Text]) -> gpd.GeoDataFrame:
    """Return the pieces on which not all is well: by kind, the largest first."""
    rows = frame[frame["kind"] != _AGREED].copy()
    rank = rows["kind"].map({kind: at for at, kind in enumerate(KINDS)}).astype(float)
    centre = rows.geometry.representative_point()
    order = np.lexsort((centre.x, -centre.y, -rows["area_m2"], rank))
    rows = rows.iloc[order].reset_index(drop=True)
    rows["id"] = [f"difference-{number:05d}" for number in range(1, len(rows) + 1)]
    rows["name"] = rows["kind"].map({kind: text.zh for kind, text in KINDS.items()}).astype("str")
    rows["name_en"] = rows["kind"].map({kind: text.en for kind, text in KINDS.items()}).astype("str")
    rows["proposed_name"] = [names[code].pick("zh") if code else "" for code in rows["proposed"]]
    labels = rows.pop("label")
    rows["proposal_zh"] = [label.pick("zh") if label else "" for label in labels]
    rows["proposal_en"] = [label.pick("en") if label else "" for label in labels]
    return rows


def _lay_base(
    frame: gpd.GeoDataFrame, ground: Ground, part: Integers, names: Mapping[str, Text]
) -> gpd.GeoDataFrame:
    """Return the base: faces of one class and state that hang together, as one polygon each."""
    classes = frame["proposed"].to_numpy(dtype=object)[part]
    states = frame["state"].to_numpy(dtype=object)[part]
    label = label_parts(pd.factorize(classes.astype(str) + "|" + states.astype(str))[0], ground.edges)
    first = np.unique(label, return_index=True)[1]
    shapes = dissolve(ground.shapes, label)
    base = gpd.GeoDataFrame(
        {
            "landuse": classes[first].astype(str),
            "state": states[first].astype(str),
            "area_ha": np.bincount(label, weights=ground.areas, minlength=len(first)) / 1e4,
        },
        geometry=shapes,
        crs=STORED_CRS,
    )
    base["name"] = [names[code].pick("zh") if code else STATES["open"].zh for code in base["landuse"]]
    base["name_en"] = [names[code].pick("en") if code else STATES["open"].en for code in base["landuse"]]
    centre = base.geometry.representative_point()
    base = base.iloc[np.lexsort((centre.x, -centre.y, base["state"], base["landuse"]))].reset_index(drop=True)
    base["id"] = [f"base-{number:05d}" for number in range(1, len(base) + 1)]
    return base
