"""Extracts: what a plan's layers say of one functional zone, cut out of the layers of the whole plan."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.areas import straight_area_m2
from spatial.engine.shapes.overlays import intersect_areas
from spatial.outputs.order import Order
from spatial.plan.base import Text
from spatial.plan.findings import STORED_CRS
from spatial.plan.parts.functional import CONTROLS
from spatial.plan.parts.landuse import read_codes

WANTED = (
    "functional_zones", "startup_areas", "zone_communities", "firms", "industry_density", "industry_units",
    "zones", "lines", "axes", "belts", "cores", "places", "towns", "roads", "rivers", "districts",
    "territory",
)  # fmt: skip
"""Layers that dossiers are made from, where the toolkit and the plan have them."""
ROLES = ("key", "supporting")
_UNCOUNTED = ("duplicate", "outside")
_USES_VERSION = "2023"
_LEVEL = 2
_LEAST_SIGNS = 2


@dataclass(frozen=True)
class Extract:
    """One zone and what is known of it.

    Parameters
    ----------
    number : int
        Of the zone in the plan, from 1.
    zone : dict
        Its row of the layer ``functional_zones``.
    shape : shapely geometry
        Its land, EPSG:4490.
    blocks : geopandas.GeoDataFrame
        Start-up area, with ``mark`` (01, 02, …), ``label`` and ``use_class``.
    communities, neighbours : geopandas.GeoDataFrame
        Its communities, and the other zones.
    spaces : dict of str to float
        Hectares of it by zone of the three 三区.
    firms : pandas.DataFrame or None
        Firms in it, key ones first; None where the plan has none at all.
    leading : dict or None
        Its row of the layer ``industry_units``, where industries are compared over the zones.
    """

    number: int
    zone: dict[str, Any]
    shape: BaseGeometry
    blocks: gpd.GeoDataFrame
    communities: gpd.GeoDataFrame
    neighbours: gpd.GeoDataFrame
    spaces: dict[str, float]
    firms: pd.DataFrame | None
    leading: dict[str, Any] | None

    @property
    def name(self) -> str:
        """Name of the zone."""
        return str(self.zone["name"])

    @property
    def startup(self) -> BaseGeometry | None:
        """The start-up area as a whole, if the plan draws one."""
        return shapely.union_all(self.blocks.geometry.to_numpy()) if len(self.blocks) else None

    @property
    def lacking_controls(self) -> list[str]:
        """Controls that the plan sets for no block."""
        return [key for key in CONTROLS if self.blocks[key].isna().all()]


def list_zones(order: Order) -> list[str]:
    """Return the names of the functional zones, in the plan's order.

    Examples
    --------
    >>> from spatial.plan.reading.reader import load_plan
    >>> list_zones(Order(load_plan("jiyuan").plan, {}, {}, {}, "EPSG:4546"))
    []
    """
    frame = order.layers.get("functional_zones")
    return [] if frame is None else frame["name"].astype(str).tolist()


def extract_zone(order: Order, name: str) -> Extract:
    """Cut what the layers say of one zone out of them.

    Parameters
    ----------
    order : Order
        Layers of the plan; those of `WANTED` that are not there are taken as not given.
    name : str
        Name of the zone.

    Raises
    ------
    KeyError
        There is no such zone.
    """
    zones = gpd.GeoDataFrame(order.layers["functional_zones"])
    found = np.flatnonzero(zones["name"].astype(str) == name)
    if not len(found):
        raise KeyError(name)
    at = int(found[0])
    row = {str(key): value for key, value in zones.drop(columns="geometry").iloc[at].items()}
    shape = zones.geometry.iloc[at]
    names = (name, str(row.get("name_en") or ""))
    return Extract(
        number=at + 1,
        zone=row,
        shape=shape,
        blocks=_mark_blocks(_pick(order, "startup_areas", str(row["id"])), names),
        communities=_shorten_names(_pick(order, "zone_communities", str(row["id"])), names),
        neighbours=gpd.GeoDataFrame(zones.drop(index=zones.index[at])[["id", "name", "name_en", "geometry"]]),
        spaces=_measure_spaces(order, shape),
        firms=_find_firms(order, shape, name),
        leading=_find_leading(order, name),
    )


def _pick(order: Order, layer: str, zone: str) -> gpd.GeoDataFrame:
    """Return the rows of a layer of parts that belong to a zone."""
    frame = order.layers.get(layer)
    if frame is None:
        columns = ["id", "name", "name_en", "zone", "area_ha", "use", *CONTROLS]
        return gpd.GeoDataFrame(pd.DataFrame(columns=columns), geometry=[], crs=STORED_CRS)
    return gpd.GeoDataFrame(frame[frame["zone"] == zone]).reset_index(drop=True)


def _shorten_names(frame: gpd.GeoDataFrame, zone: tuple[str, str]) -> gpd.GeoDataFrame:
    """Leave the zone's own name out of the names of its parts: the sheet bears it in its title."""
    columns = {}
    for column, name in zip(("name", "name_en"), zone, strict=True):
        texts = frame[column].fillna("").astype(str)
        pattern = re.compile(rf"^{re.escape(name)}[\s·:：\-—]*")
        columns[column] = [(name and pattern.sub("", text)) or text for text in texts]
    return frame.assign(**columns)


def _mark_blocks(frame: gpd.GeoDataFrame, zone: tuple[str, str]) -> gpd.GeoDataFrame:
    """Give each block a number, what stands on it on the map, and the class of its use."""
    frame = _shorten_names(frame, zone)
    marks = [f"{number:02d}" for number in range(1, len(frame) + 1)]
    uses = {use: find_use_class(use) for use in frame["use"].fillna("").astype(str).unique()}
    labels = [
        " ".join([mark, *(f"{sign}{value:g}" for sign, value in _list_signs(row))])
        for mark, (_, row) in zip(marks, frame.iterrows(), strict=True)
    ]
    classes = [uses[use] for use in frame["use"].fillna("").astype(str)]
    return frame.assign(mark=marks, label=labels, use_class=np.array(classes, dtype=object))


def _list_signs(row: pd.Series) -> list[tuple[str, float]]:
    """Return what is written on a block beside its number: plot ratio and height."""
    signs = {"plot_ratio": "R", "height_m": "H"}
    return [(sign, float(row[key])) for key, sign in signs.items() if pd.notna(row[key])]


def find_use_class(use: str) -> str:
    """Return the first-level class of 用地用海分类 that a block's use is of, by code or name; empty for none.

    Examples
    --------
    >>> [find_use_class(use) for use in ("1001", "工业用地", "商业用地", "一类工业用地", "未定", "")]
    ['10', '10', '09', '10', '', '']
    """
    use = use.strip()
    codes = read_codes(_USES_VERSION)
    head = use[:_LEVEL]
    if use[:1].isdigit():
        return head if head in codes else ""
    names = {code.zh: key[:_LEVEL] for key, code in codes.items() if len(code.zh) >= _LEAST_SIGNS}
    if use in names:
        return names[use]
    # What a plan calls a use is often a class with a word before it, such as 一类工业用地.
    ends = [name for name in names if len(use) > _LEAST_SIGNS and use.endswith(name)]
    return names[max(ends, key=len)] if ends else ""


def _measure_spaces(order: Order, shape: BaseGeometry) -> dict[str, float]:
    """Return how much of a zone lies in each of the three spaces, hectares, the most first."""
    frame = order.layers.get("zones")
    if frame is None or not len(frame):
        return {}
    spaces = gpd.GeoDataFrame(frame)
    met = intersect_areas([shape], spaces.geometry.to_numpy())
    sums = pd.Series(met.area / 1e4, dtype=float).groupby(spaces["zone"].to_numpy()[met.right]).sum()
    return {str(key): float(value) for key, value in sums.sort_values(ascending=False).items()}


def _find_firms(order: Order, shape: BaseGeometry, name: str) -> pd.DataFrame | None:
    """Return the firms in a zone, by where they lie or by what they say; key ones first, then by jobs."""
    frame = order.layers.get("firms")
    if frame is None or not len(frame):
        return None
    points = frame.geometry.to_numpy()
    inside = np.zeros(len(frame), dtype=bool)
    there = ~(shapely.is_missing(points) | shapely.is_empty(points))
    shapely.prepare(shape)
    inside[there] = shapely.intersects(shape, points[there])
    if "unit" in frame:
        inside |= ~there & (frame["unit"].astype(str) == name).to_numpy()
    if "state" in frame:
        inside &= ~frame["state"].isin(_UNCOUNTED).to_numpy()
    picked = frame[inside]
    role = picked["role"] if "role" in picked else pd.Series("", index=picked.index)
    rank = role.map({key: place for place, key in enumerate(ROLES)}).fillna(len(ROLES))
    jobs = picked["jobs"].fillna(-1.0) if "jobs" in picked else pd.Series(0.0, index=picked.index)
    order_by = np.lexsort(
        (picked["name"].astype(str), -jobs.to_numpy(dtype=float), rank.to_numpy(dtype=float))
    )
    return pd.DataFrame(picked).iloc[order_by].reset_index(drop=True)


def _find_leading(order: Order, name: str) -> dict[str, Any] | None:
    frame = order.layers.get("industry_units")
    found = None if frame is None else frame[frame["name"].astype(str) == name]
    if found is None or not len(found):
        return None
    return {str(key): value for key, value in found.drop(columns="geometry").iloc[0].items()}


def locate_firms(extract: Extract) -> list[Text | None]:
    """Return for each firm of an extract the part of the zone that it lies in; None for no part."""
    if extract.firms is None:
        return []
    points = extract.firms["geometry"].to_numpy(dtype=object)
    where: list[Text | None] = [None] * len(points)
    homes = extract.communities
    parts = [
        (Text(zh=str(name), en=str(english)), shape)
        for name, english, shape in zip(homes["name"], homes["name_en"], homes.geometry, strict=True)
    ]
    startup = extract.startup
    if startup is not None:
        parts.append((Text(zh="核心起步区", en="Start-up area"), startup))
    for name, shape in parts:
        for at in np.flatnonzero(shapely.intersects(shape, points)):
            where[int(at)] = name
    return where


def measure_ha(shape: BaseGeometry) -> float:
    """Return the area of a shape in degrees, hectares."""
    return float(straight_area_m2([shape])[0]) / 1e4
