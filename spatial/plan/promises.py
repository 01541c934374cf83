"""What a circle promises to reach: ``towns``, ``towns[tag=平原]``, ``territory`` (全域) or an element."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd

from spatial.plan.base import TAG_PATTERN

_TOWNS = re.compile(rf"towns(?:\[\s*tag\s*=\s*(?P<tag>{TAG_PATTERN})\s*\])?")
_TERRITORY = ("territory", "全域")


@dataclass(frozen=True)
class Promise:
    """A promise as read.

    Parameters
    ----------
    kind : {"towns", "territory", "named"}
        ``named`` is an element of the structure (id, name or kind) or a town.
    word : str
        The tag of ``towns`` (empty: all towns), or the name.
    """

    kind: Literal["towns", "territory", "named"]
    word: str = ""


def parse_promise(text: str) -> Promise:
    """Read what a circle must reach.

    Raises
    ------
    ValueError
        The text begins like a selection of towns but is none.

    Examples
    --------
    >>> parse_promise("towns[tag=plain]")
    Promise(kind='towns', word='plain')
    >>> parse_promise("全域")
    Promise(kind='territory', word='')
    >>> parse_promise("core")
    Promise(kind='named', word='core')
    """
    text = text.strip()
    if text in _TERRITORY:
        return Promise("territory")
    if match := _TOWNS.fullmatch(text):
        return Promise("towns", match["tag"] or "")
    if not text or re.match(r"towns\b", text) or "[" in text:
        raise ValueError(
            f"{text!r} cannot be read; write towns, towns[tag=plain], territory, or an element's id or name"
        )
    return Promise("named", text)


def find_elements(word: str, structure: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the elements that a word of the plan names.

    Parameters
    ----------
    word : str
        An element's id, its Chinese or English name, or a kind (all of that kind); the first that fits.
    structure : GeoDataFrame
        With columns ``id, name, name_en, kind``.

    Returns
    -------
    GeoDataFrame
        The rows, without those of empty geometry; no row where nothing is called so.

    Examples
    --------
    >>> rows = {"id": ["a"], "name": ["核"], "name_en": ["Core"], "kind": ["core"]}
    >>> find_elements("core", gpd.GeoDataFrame(rows, geometry=gpd.points_from_xy([112], [35])))["id"].tolist()
    ['a']
    """
    filled = structure[~(structure.geometry.isna() | structure.geometry.is_empty)]
    for column in ("id", "name", "name_en", "kind"):
        chosen = filled[filled[column] == word]
        if len(chosen):
            return chosen
    return filled.iloc[:0]
