"""Sector plans as parties: what each says of every face that the edges of all of them make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.engine.areas import straight_area_m2
from spatial.engine.shapes.agreement import Masks, encode_sets, gather_claims
from spatial.engine.shapes.topology import SharedEdges, find_shared_edges, partition
from spatial.plan.base import Text
from spatial.plan.zoning import GRID_DEG

Integers = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Party:
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


@dataclass(frozen=True, eq=False)
class Ground:
    """Faces of all plans with what is said of them; arrays by face."""

    shapes: Shapes
    areas: npt.NDArray[np.float64]
    edges: SharedEdges
    masks: Masks
    torn: npt.NDArray[np.bool_]
    within: npt.NDArray[np.bool_]
    face: Integers
    claim: Integers


def node_parties(sectors: Sequence[Party], codes: list[str]) -> Ground:
    """Cut the land of all plans along all their edges, and gather what is said of each face.

    Raises
    ------
    GeometryError
        More classes than can be told apart.
    """
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
    return Ground(shapes, straight_area_m2(shapes), edges, said.masks, said.torn, within, face, claim)


def read_mask(mask: int, codes: list[str]) -> frozenset[str]:
    """Return the classes of a mask."""
    return frozenset(code for at, code in enumerate(codes) if mask >> at & 1)


def tell_claims(
    ground: Ground, part: Integers, parts: int, sectors: Sequence[Party], codes: list[str]
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
