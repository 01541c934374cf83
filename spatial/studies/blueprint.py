"""One blueprint out of several sector plans: where they differ, what is proposed, and the base that follows.

All edges of all plans are noded at once; on each face between them every plan says one class of the common
classification, several where its code means several, or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.engine.agreement import (
    DISPUTED,
    OPEN,
    Masks,
    cross_areas,
    encode_sets,
    gather_claims,
    judge_faces,
    number_claims,
)
from spatial.engine.areas import straight_area_m2
from spatial.engine.crs import transform_shapes
from spatial.engine.topology import SharedEdges, dissolve, find_shared_edges, label_parts, partition
from spatial.plan.base import Text
from spatial.plan.findings import STORED_CRS
from spatial.plan.settling import Settling
from spatial.plan.zoning import GRID_DEG

Integers = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]

KINDS: Mapping[str, Text] = {
    "conflict": Text(zh="用途冲突", en="Conflict"),
    "edge": Text(zh="边界不吻合", en="Edge mismatch"),
    "missing": Text(zh="规划缺失", en="Missing in a plan"),
    "self": Text(zh="规划自身重叠", en="Plan overlaps itself"),
    "code": Text(zh="编码不能唯一对应", en="Code means several classes"),
    "unclaimed": Text(zh="各规划均未涉及", en="In no plan"),
}
"""Kinds of differences."""
STATES: Mapping[str, Text] = {
    "agreed": Text(zh="一致", en="Agreed"),
    "proposed": Text(zh="建议处置", en="Settlement proposed"),
    "open": Text(zh="待协商", en="To be agreed"),
}
"""What stands behind the class of a part of the base."""
_AGREED = "agreed"


@dataclass(frozen=True, eq=False)
class Sector:
    """One plan as it takes part.

    Parameters
    ----------
    key : str
    title : Text
    department, role : str
        Who answers for it, and what it is among plans; see the rules.
    partial : bool
        It speaks of its own land only, so its silence lacks nothing.
    territory : shapely geometry
        EPSG:4490; where it holds.
    shapes : numpy.ndarray of shapely polygons
        Valid; its claims.
    codes : tuple of str
        Of each claim, as the plan writes them.
    classes : tuple of frozenset of str
        What each code means in the common classification; none if it is unknown there.
    illustrative : bool
    """

    key: str
    title: Text
    department: str
    role: str
    partial: bool
    territory: shapely.Geometry
    shapes: Shapes
    codes: tuple[str, ...]
    classes: tuple[frozenset[str], ...]
    illustrative: bool = False


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
        ``landuse``, area by each plan and in the base, hectares.
    """

    differences: gpd.GeoDataFrame
    base: gpd.GeoDataFrame
    matrix: pd.DataFrame
    balance: pd.DataFrame


@dataclass(frozen=True, eq=False)
class _Ground:
    """Faces of all plans with what is said of them; arrays by face."""

    shapes: Shapes
    areas: npt.NDArray[np.float64]
    edges: SharedEdges
    masks: Masks
    torn: npt.NDArray[np.bool_]
    within: npt.NDArray[np.bool_]
    face: Integers
    claim: Integers


def reconcile_sectors(
    sectors: Sequence[Sector],
    names: Mapping[str, Text],
    settling: Settling,
    departments: Mapping[str, Text],
    metric_crs: str,
) -> Blueprint:
    """Hold sector plans against each other and propose what becomes of where they differ.

    Parameters
    ----------
    sectors : sequence of Sector
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
    ground = _node_sectors(sectors, codes)
    kind, missing = _name_kinds(ground, np.array([sector.partial for sector in sectors]))
    alike = number_claims(ground.masks, pd.factorize(kind)[0], missing @ (1 << np.arange(len(sectors))))
    part = label_parts(alike, ground.edges)
    first = np.unique(part, return_index=True)[1]
    shapes = dissolve(ground.shapes, part)
    kind = _mark_edges(kind[first], shapes, settling.tolerance_m, metric_crs)
    settled = _settle(kind, ground.masks[first], sectors, codes, settling)
    says = _tell_claims(ground, part, len(first), sectors, codes)
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
        _cross_plans(ground, sectors, codes),
        _balance_plans(frame, ground, sectors, codes, names),
    )


def _node_sectors(sectors: Sequence[Sector], codes: list[str]) -> _Ground:
    """Cut the land of all plans along all their edges, and gather what is said of each face."""
    claims = np.concatenate([sector.shapes for sector in sectors])
    borders = np.array([sector.territory for sector in sectors], dtype=object)
    area = shapely.union_all(borders)
    shapes, face, claim = partition(area, np.concatenate([claims, borders]), GRID_DEG)
    owner = np.repeat(np.arange(len(sectors)), [len(sector.shapes) for sector in sectors])
    within = np.zeros((len(shapes), len(sectors)), dtype=bool)
    bounds = claim >= len(claims)
    within[face[bounds], claim[bounds] - len(claims)] = True
    face, claim = face[~bounds], claim[~bounds]
    sets = [[codes.index(code) for code in said] for sector in sectors for said in sector.classes]
    masks = encode_sets(sets, len(codes))
    said = gather_claims(face, owner[claim], masks[claim], (len(shapes), len(sectors)))
    edges = find_shared_edges(shapes)
    return _Ground(shapes, straight_area_m2(shapes), edges, said.masks, said.torn, within, face, claim)


def _name_kinds(ground: _Ground, partial: npt.NDArray[np.bool_]) -> tuple[Shapes, npt.NDArray[np.bool_]]:
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
    kind: Shapes, masks: Masks, sectors: Sequence[Sector], codes: list[str], settling: Settling
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
    kind: str, row: Masks, sectors: Sequence[Sector], codes: list[str], settling: Settling
) -> tuple[str, str, str, str, Text | None, tuple[str, ...]]:
    claims = [_read_mask(int(mask), codes) for mask in row if mask]
    ranks = [settling.rank(sector.role) for sector, mask in zip(sectors, row, strict=True) if mask]
    shared = frozenset.intersection(*claims) if claims else frozenset[str]()
    if len(shared) == 1 and kind == _AGREED:
        return next(iter(shared)), "agreed", "", "", None, ()
    if len(shared) == 1 and kind != "self":
        return next(iter(shared)), "proposed", "", "", None, ()
    if kind == "edge" and claims:
        chosen = claims[min(range(len(claims)), key=ranks.__getitem__)]
        if len(chosen) == 1:
            return next(iter(chosen)), "proposed", "edge.roles", "default", None, ()
    rule = settling.find(claims) if kind == "conflict" else None
    if rule is None:
        return "", "open", "", "", None, ()
    taken = rule.choose(claims, ranks)
    if len(taken) != 1:
        return "", "open", rule.rule, rule.confidence, rule.label, rule.agree
    return next(iter(taken)), "proposed", rule.rule, rule.confidence, rule.label, rule.agree


def _read_mask(mask: int, codes: list[str]) -> frozenset[str]:
    return frozenset(code for at, code in enumerate(codes) if mask >> at & 1)


def _tell_claims(
    ground: _Ground, part: Integers, parts: int, sectors: Sequence[Sector], codes: list[str]
) -> dict[str, list[str]]:
    """Return what each plan says of each piece: classes, and the plan's own codes behind in brackets."""
    said = pd.DataFrame({"part": part[ground.face], "claim": ground.claim}).drop_duplicates()
    firsts = np.cumsum([0, *(len(sector.shapes) for sector in sectors)])
    told = {}
    for number, sector in enumerate(sectors):
        own = said[(said["claim"] >= firsts[number]) & (said["claim"] < firsts[number + 1])]
        at = own["claim"].to_numpy() - firsts[number]
        texts = pd.Series([sector.codes[place] for place in at], index=own["part"].to_numpy(), dtype="str")
        joined = texts.groupby(level=0).agg(lambda row: ", ".join(sorted(set(row))))
        classes = {
            piece: "/".join(sorted(set().union(*(sector.classes[place] for place in places))))
            for piece, places in pd.Series(at, index=own["part"].to_numpy()).groupby(level=0)
        }
        told[f"says_{sector.key}"] = [
            f"{classes[piece] or '?'} [{joined[piece]}]" if piece in classes else "" for piece in range(parts)
        ]
    return told


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
    frame: gpd.GeoDataFrame, ground: _Ground, part: Integers, names: Mapping[str, Text]
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


def _cross_plans(ground: _Ground, sectors: Sequence[Sector], codes: list[str]) -> pd.DataFrame:
    rows = []
    for one in range(len(sectors)):
        for other in range(one + 1, len(sectors)):
            both = ground.within[:, one] & ground.within[:, other]
            pairs = cross_areas(ground.masks[both], ground.areas[both], one, other)
            rows += [
                (sectors[one].key, _spell(left, codes), sectors[other].key, _spell(right, codes), area / 1e4,
                 bool(left & right))
                for (left, right), area in pairs.items()
            ]  # fmt: skip
    columns = ["plan_a", "class_a", "plan_b", "class_b", "area_ha", "same"]
    table = pd.DataFrame(rows, columns=columns).sort_values(["plan_a", "plan_b", "class_a", "class_b"])
    return table.reset_index(drop=True)


def _spell(mask: int, codes: list[str]) -> str:
    return "/".join(sorted(_read_mask(mask, codes)))


def _balance_plans(
    frame: gpd.GeoDataFrame,
    ground: _Ground,
    sectors: Sequence[Sector],
    codes: list[str],
    names: Mapping[str, Text],
) -> pd.DataFrame:
    """Return the area of each class by each plan and in the base; what is open or silent has rows too."""
    columns: dict[str, pd.Series] = {}
    for number, sector in enumerate(sectors):
        here = ground.within[:, number]
        spelled = [_spell(int(mask), codes) for mask in ground.masks[here, number]]
        columns[sector.key] = pd.Series(ground.areas[here]).groupby(np.array(spelled, dtype=str)).sum() / 1e4
    columns["base"] = frame.groupby(frame["proposed"].astype(str))["area_m2"].sum() / 1e4
    table = pd.DataFrame(columns).fillna(0.0)
    table = table.reindex(sorted(table.index, key=lambda code: (code == "", "/" in code, code)))
    table.insert(0, "name", ["/".join(names[item].pick("zh") for item in code.split("/") if item) or "—"
                             for code in table.index])  # fmt: skip
    return table.rename_axis("landuse").reset_index()
