"""The system of functional zones 产业功能区体系: what is said of each zone, and the ecosystems of zones."""

from __future__ import annotations

import re

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from spatial.engine.areas import straight_area_m2
from spatial.engine.shapes.overlays import intersect_areas
from spatial.plan.contract import Column, layer, shape_rows
from spatial.plan.parts.functional import FunctionalZones, ZoneSystem, read_kind, split_industries
from spatial.plan.picking import select_rows

_STATED = ("ecosystem", "kind", "industries", "district", "short")
_SUFFIX = re.compile(r"(?<=..)(自治县|[区县市旗])$")


def zone_traits(
    *,
    functional_spec: FunctionalZones | None,
    source_frames: dict[str, gpd.GeoDataFrame],
    functional_rows: gpd.GeoDataFrame,
    districts: gpd.GeoDataFrame,
    startup_areas: gpd.GeoDataFrame,
    zone_communities: gpd.GeoDataFrame,
) -> pd.DataFrame:
    """Return what is said of each zone, in the order of the rows, and what was measured of it besides.

    Columns ``short``, ``ecosystem``, ``ecosystem_en``, ``kind`` (``unknown`` where the word means none;
    ``kind_stated`` is that word), ``industries`` joined by 、, ``district`` as stated, ``district_in`` where
    most of the zone lies,
    ``district_share`` of the zone in the stated districts (null where none is stated or the plan has none of
    that name), ``district_right`` false where most of it lies elsewhere, ``district_unknown`` stated
    districts that the plan does not have, and counts and areas of parts.
    """
    stated = _read_stated(functional_spec, source_frames, functional_rows)
    system = functional_spec.system if functional_spec else None
    frame = pd.DataFrame({"name": functional_rows["name"].to_numpy(dtype=object)})
    frame["short"] = stated["short"].to_numpy()
    frame["ecosystem"] = _settle_ecosystems(stated["ecosystem"], system)
    english = {one.name.pick("zh"): one.name.en for one in (system.ecosystems if system else ())}
    frame["ecosystem_en"] = [english.get(name, "") for name in frame["ecosystem"]]
    frame["kind"] = [read_kind(word) for word in stated["kind"]]
    frame["kind_stated"] = stated["kind"].to_numpy()
    frame["industries"] = ["、".join(split_industries(cell)) for cell in stated["industries"]]
    frame["district"] = ["、".join(split_industries(cell)) for cell in stated["district"]]
    held = _hold_districts(frame["district"].tolist(), functional_rows, districts)
    frame = pd.concat([frame, held], axis=1)
    ids = [f"functional-zone-{number:03d}" for number in range(1, len(frame) + 1)]
    for key, parts in (("startup", startup_areas), ("communities", zone_communities)):
        sums = parts.groupby("zone")["area_ha"].agg(["size", "sum"]).reindex(ids)
        frame[key] = sums["size"].fillna(0).to_numpy(dtype="int64")
        frame[f"{key}_ha"] = sums["sum"].fillna(0.0).to_numpy(dtype=float)
    return frame


def _read_stated(
    spec: FunctionalZones | None, sources: dict[str, gpd.GeoDataFrame], zones: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Return the cells of each zone: of several rows of one name, the first that is not empty."""
    nothing = pd.DataFrame("", index=range(len(zones)), columns=list(_STATED), dtype=object)
    if spec is None or not len(zones):
        return nothing
    rows, fault = select_rows(sources.get(spec.source), spec.where)
    if fault:
        return nothing
    names = rows["name"].where(rows["name"] != "", rows["id"]).astype(str)
    columns = spec.find_columns()
    for key in _STATED:
        column = columns.get(key)
        if column is None or column not in rows:
            continue
        cells = rows[column].fillna("").astype(str).str.strip()
        filled = cells != ""
        first = cells[filled].groupby(names[filled].to_numpy()).first()
        nothing[key] = first.reindex(zones["name"].astype(str)).fillna("").to_numpy(dtype=object)
    return nothing


def _settle_ecosystems(cells: pd.Series, system: ZoneSystem | None) -> list[str]:
    """Return each ecosystem under the name that the plan lists it by, whichever language the source has."""
    listed = system.ecosystems if system else ()
    names = {name: one.name.pick("zh") for one in listed for name in (one.name.en, one.name.zh) if name}
    return [names.get(cell, cell) for cell in cells]


def _hold_districts(stated: list[str], zones: gpd.GeoDataFrame, districts: gpd.GeoDataFrame) -> pd.DataFrame:
    """Say for each zone where most of it lies, and how much of it lies where it is stated to be."""
    names = districts["name"].astype(str).to_numpy(dtype=object)
    shares = np.zeros((len(zones), len(names)))
    if len(zones) and len(names):
        met = intersect_areas(zones.geometry.to_numpy(), districts.geometry.to_numpy())
        shares[met.left, met.right] = met.area
        shares /= straight_area_m2(zones.geometry)[:, None]
    found = [_find_districts(cell, names) for cell in stated]
    where = [names[row.argmax()] if row.max(initial=0.0) > 0 else "" for row in shares]
    known = [bool(len(at)) and not lost for at, lost in found]
    return pd.DataFrame(
        {
            "district_in": np.array(where, dtype=object),
            "district_share": [
                float(row[at].sum()) if good else np.nan
                for row, (at, _), good in zip(shares, found, known, strict=True)
            ],
            "district_right": [
                not good or name in names[at] for name, (at, _), good in zip(where, found, known, strict=True)
            ],
            "district_unknown": np.array(["、".join(lost) for _, lost in found], dtype=object),
        }
    )


def _find_districts(cell: str, names: npt.NDArray[np.object_]) -> tuple[list[int], list[str]]:
    """Return the districts that a cell names, with or without 区, 县 or 市 at the end, and names of none."""
    short = {_SUFFIX.sub("", name): at for at, name in enumerate(names)}
    whole = {name: at for at, name in enumerate(names)}
    found, lost = list[int](), list[str]()
    for name in split_industries(cell):
        at = whole.get(name, short.get(name))
        if at is None:
            lost.append(name)
        else:
            found.append(at)
    return found, lost


@layer(
    "产业生态圈", "Industry ecosystems", "none",
    needs=("functional_zones",),
    name_en=Column("text", "英文名称", "English name"),
    kind=Column("text", "类别", "Kind"),
    listed=Column("truth", "规划列出", "Listed by the plan"),
    established=Column("truth", "名称有据", "Name established"),
    zones_stated=Column("number", "规划功能区数", "Zones stated", nullable=True),
    zones=Column("integer", "图上功能区数", "Zones drawn"),
    difference=Column("number", "相差", "Difference", nullable=True),
    area_ha=Column("number", "面积（公顷）", "Area (ha)"),
    share=Column("number", "占功能区面积比例", "Share of all zones", nullable=True),
    industries=Column("text", "主导产业", "Leading industries"),
)  # fmt: skip
def ecosystems(
    functional_spec: FunctionalZones | None, functional_rows: gpd.GeoDataFrame, zone_traits: pd.DataFrame
) -> pd.DataFrame:
    """Return the industry ecosystems with how many zones the plan states and how many are drawn.

    In the order of the plan's list; those that only zones name come after it, ``listed`` false.
    """
    system = functional_spec.system if functional_spec else None
    listed = {one.name.pick("zh"): one for one in system.ecosystems} if system else {}
    drawn = zone_traits.assign(area_ha=straight_area_m2(functional_rows.geometry) / 1e4)
    drawn = drawn[drawn["ecosystem"] != ""]
    names = list(dict.fromkeys([*listed, *drawn["ecosystem"]]))
    groups = drawn.groupby("ecosystem")
    sums = groups["area_ha"].agg(["size", "sum"]).reindex(names)
    words = groups["industries"].agg(lambda cells: "、".join(split_industries("、".join(cells))))
    frame = pd.DataFrame({"name": np.array(names, dtype=object)})
    ones = [listed.get(name) for name in names]
    frame["id"] = [f"ecosystem-{number:03d}" for number in range(1, len(names) + 1)]
    frame["name_en"] = [one.name.en if one else "" for one in ones]
    frame["kind"] = [one.kind if one else "industry" for one in ones]
    frame["listed"] = [one is not None for one in ones]
    frame["established"] = [one is not None and one.established for one in ones]
    frame["zones_stated"] = [np.nan if one is None or one.zones is None else float(one.zones) for one in ones]
    frame["zones"] = sums["size"].fillna(0).to_numpy(dtype="int64")
    frame["difference"] = frame["zones"] - frame["zones_stated"]
    frame["area_ha"] = sums["sum"].fillna(0.0).to_numpy(dtype=float)
    whole = float(drawn["area_ha"].sum())
    frame["share"] = frame["area_ha"] / whole if whole else np.nan
    frame["industries"] = words.reindex(names).fillna("").to_numpy(dtype=object)
    made: pd.DataFrame = shape_rows(frame, ecosystems)
    return made
