"""Functional zones laid over administrative units 区政合一: which part of each zone lies in which unit."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.engine.areas import straight_area_m2
from spatial.engine.shapes.topology import dissolve, partition, repair_polygons
from spatial.plan.contract import Column, Contract, layer
from spatial.plan.findings import STORED_CRS
from spatial.plan.parts.functional import FunctionalZones
from spatial.plan.picking import select_rows
from spatial.plan.zoning import GRID_DEG

Integers = npt.NDArray[np.int64]
ONE_M2_HA = 1e-4
"""Less than this is where the edges of two maps touch: it counts as area, but not as lying in a unit."""
_TRAITS: dict[str, Any] = {
    "short": "", "ecosystem": "", "ecosystem_en": "", "kind": "", "industries": "",
    "district": "", "district_in": "", "district_share": np.nan,
    "startup_ha": 0.0, "communities": 0, "communities_ha": 0.0,
}  # fmt: skip
"""What is said or measured of a zone besides its land, and what stands where nothing is."""
_TYPES = {"text": "str", "number": "float64", "integer": "int64", "truth": "bool"}


def functional_rows(
    functional_spec: FunctionalZones | None, source_frames: dict[str, gpd.GeoDataFrame]
) -> gpd.GeoDataFrame:
    """Return the zones as drawn: one row a name, valid polygons, EPSG:4490; none without the plan's part."""
    if functional_spec is None:
        return _unite(_nothing())
    rows, fault = select_rows(source_frames.get(functional_spec.source), functional_spec.where)
    return _unite(_nothing() if fault else rows)


def functional_units(
    functional_spec: FunctionalZones | None,
    source_frames: dict[str, gpd.GeoDataFrame],
    districts: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """Return the towns or districts that zones are laid over: one row a name, EPSG:4490."""
    if functional_spec is None:
        return _unite(_nothing())
    named = functional_spec.units
    return _unite(districts if named is None else source_frames.get(named, _nothing()))


def _nothing() -> gpd.GeoDataFrame:
    columns = {"id": "str", "name": "str", "source": "str", "illustrative": "bool"}
    return gpd.GeoDataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()},
                            geometry=[], crs=STORED_CRS)  # fmt: skip


def _unite(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return one row for each name, in order of appearance; rows without a name stay apart."""
    names = frame["name"].where(frame["name"] != "", frame["id"]).astype("str")
    label, first = pd.factorize(names)[0], ~names.duplicated()
    shapes = repair_polygons(frame.geometry.to_numpy())
    united = [shapely.union_all(shapes[label == number], grid_size=GRID_DEG) for number in range(first.sum())]
    kept = frame[first]
    return gpd.GeoDataFrame(
        {
            "name": names[first].to_numpy(),
            "name_en": kept["name_en"].fillna("").to_numpy() if "name_en" in kept else "",
            "source": kept["source"].to_numpy(),
            "illustrative": frame["illustrative"].groupby(label).any().to_numpy(dtype=bool),
        },
        geometry=np.array(united, dtype=object),
        crs=STORED_CRS,
    )


@layer(
    "功能区与行政单元", "Functional zones by unit", "Polygon",
    needs=("functional_zones",),
    zone=Column("text", "功能区标识", "Zone id"),
    zone_name=Column("text", "功能区", "Functional zone"),
    unit_name=Column("text", "行政单元", "Unit"),
    state=Column("text", "管理状态", "State"),
    area_ha=Column("number", "面积（公顷）", "Area (ha)"),
    share_of_zone=Column("number", "占功能区比例", "Share of the zone"),
    share_of_unit=Column("number", "占行政单元比例", "Share of the unit", nullable=True),
)  # fmt: skip
def zone_units(functional_rows: gpd.GeoDataFrame, functional_units: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return each part of each zone: the unit that it lies in, and whether it is managed once.

    The parts of a zone add up to it. State ``single``: one zone, one unit. ``orphan``: in no unit.
    ``double_zone``: another functional zone has the land as well, which each of them lists.
    ``double_unit``: the units overlap there; the first has it.
    """
    faces, zone, unit, state = _take_apart(functional_rows, functional_units)
    keys = pd.DataFrame({"zone": zone, "unit": unit, "state": state, "face": faces.face})
    groups = keys.groupby(["zone", "unit", "state"], sort=True)
    label = groups.ngroup().to_numpy()
    rows = keys.assign(label=label).drop_duplicates("label").sort_values("label")
    # Land of two zones is in two rows, so each row unites faces of its own.
    shapes = dissolve(faces.shapes[keys["face"]], label)
    frame = gpd.GeoDataFrame(
        {
            "zone": [f"functional-zone-{number + 1:03d}" for number in rows["zone"]],
            "zone_name": functional_rows["name"].to_numpy()[rows["zone"]],
            "unit_name": np.append(functional_units["name"].to_numpy(dtype=object), "")[rows["unit"]],
            "state": rows["state"].to_numpy(),
            "area_ha": straight_area_m2(shapes) / 1e4,
        },
        geometry=shapes,
        crs=STORED_CRS,
    )
    frame["share_of_zone"] = frame["area_ha"] / frame.groupby("zone")["area_ha"].transform("sum")
    whole = np.append(straight_area_m2(functional_units.geometry) / 1e4, np.nan)
    frame["share_of_unit"] = frame["area_ha"].to_numpy() / whole[rows["unit"]]
    frame["name"] = frame["zone_name"] + " · " + frame["unit_name"].replace("", "不在任何单元内")
    frame["id"] = [f"zone-unit-{number:04d}" for number in range(1, len(frame) + 1)]
    return _shape_up(frame, zone_units)


class _Faces:
    """Faces of all zones, and of each pair of a zone and a face the position of the face."""

    def __init__(self, shapes: npt.NDArray[np.object_], face: Integers) -> None:
        self.shapes, self.face = shapes, face


def _take_apart(
    zones: gpd.GeoDataFrame, units: gpd.GeoDataFrame
) -> tuple[_Faces, Integers, Integers, npt.NDArray[np.object_]]:
    """Return, for each zone on each face between all edges: zone, first unit (-1 for none) and state."""
    area = shapely.union_all(zones.geometry.to_numpy(), grid_size=GRID_DEG)
    claims = np.concatenate([zones.geometry.to_numpy(), units.geometry.to_numpy()])
    shapes, face, claim = partition(area if len(zones) else shapely.Polygon(), claims, GRID_DEG)
    of_zone = claim < len(zones)
    pairs = pd.DataFrame({"face": face[of_zone], "zone": claim[of_zone]})
    inside = pd.DataFrame({"face": face[~of_zone], "unit": claim[~of_zone] - len(zones)})
    first = inside.groupby("face")["unit"].agg(["min", "size"]).reindex(pairs["face"])
    shared = pairs.groupby("face")["zone"].transform("size").to_numpy() > 1
    unit = first["min"].fillna(-1).to_numpy(dtype=np.int64)
    cases = [unit < 0, shared, first["size"].to_numpy() > 1]
    state = np.select(cases, ["orphan", "double_zone", "double_unit"], "single").astype(object)
    return _Faces(shapes, pairs["face"].to_numpy()), pairs["zone"].to_numpy(), unit, state


@layer(
    "功能区", "Functional zones", "Polygon",
    needs=("functional_zones",),
    name_en=Column("text", "英文名称", "English name"),
    short=Column("text", "简称", "Short name"),
    short_en=Column("text", "英文简称", "Short name (English)"),
    ecosystem=Column("text", "产业生态圈", "Ecosystem"),
    ecosystem_en=Column("text", "产业生态圈英文", "Ecosystem (English)"),
    kind=Column("text", "类别", "Kind"),
    industries=Column("text", "主导产业", "Leading industries"),
    district=Column("text", "管理区县（规划）", "Managing district"),
    district_in=Column("text", "主要所在区县", "District it lies in"),
    district_share=Column("number", "在管理区县内比例", "Share in that district", nullable=True),
    area_ha=Column("number", "面积（公顷）", "Area (ha)"),
    startup_ha=Column("number", "核心起步区（公顷）", "Start-up area (ha)"),
    communities=Column("integer", "产业社区数", "Communities"),
    communities_ha=Column("number", "产业社区面积（公顷）", "Communities (ha)"),
    units=Column("integer", "涉及行政单元数", "Units"),
    lies_in=Column("text", "所在行政单元", "Lies in"),
    orphan_ha=Column("number", "不在任何单元内（公顷）", "In no unit (ha)"),
    double_ha=Column("number", "重复管理（公顷）", "Managed twice (ha)"),
    source=Column("text", "来源", "Source"),
    illustrative=Column("truth", "示意", "Illustrative"),
)  # fmt: skip
def functional_zones(
    functional_rows: gpd.GeoDataFrame,
    zone_units: gpd.GeoDataFrame,
    zone_traits: pd.DataFrame | None = None,
) -> gpd.GeoDataFrame:
    """Return the functional zones: what is said of them, and what their parts come to.

    The largest unit is named first. Of a zone of which nothing is said those columns are empty.
    """
    frame = gpd.GeoDataFrame(functional_rows.copy())
    for column, nothing in _TRAITS.items():
        frame[column] = nothing if zone_traits is None else zone_traits[column].to_numpy()
    # A zone without a short name is shown by its name.
    frame["short_en"] = frame["short"].where(frame["short"] != "", frame["name_en"])
    frame["short"] = frame["short"].where(frame["short"] != "", frame["name"])
    frame["id"] = [f"functional-zone-{number:03d}" for number in range(1, len(frame) + 1)]
    frame["area_ha"] = straight_area_m2(frame.geometry) / 1e4
    sums = zone_units.pivot_table(index="zone", columns="state", values="area_ha", aggfunc="sum")
    sums = sums.reindex(index=frame["id"], columns=["orphan", "double_zone", "double_unit"]).fillna(0.0)
    frame["orphan_ha"] = sums["orphan"].to_numpy(dtype=float)
    frame["double_ha"] = (sums["double_zone"] + sums["double_unit"]).to_numpy(dtype=float)
    parts = zone_units[zone_units["unit_name"] != ""].groupby(["zone", "unit_name"])["area_ha"].sum()
    parts = parts[parts >= ONE_M2_HA].reset_index().sort_values("area_ha", ascending=False, kind="stable")
    named = parts.groupby("zone")["unit_name"].agg(["size", "、".join]).reindex(frame["id"])
    frame["units"] = named["size"].fillna(0).to_numpy(dtype="int64")
    frame["lies_in"] = named["join"].fillna("").to_numpy()
    return _shape_up(frame, functional_zones)


def _shape_up(frame: gpd.GeoDataFrame, function: Any) -> gpd.GeoDataFrame:
    """Give a layer the columns of its contract, in order, typed also where it has no rows."""
    contract: Contract = function.__dict__["contract"]
    columns = contract.all_columns()
    kinds = {name: _TYPES[column.kind] for name, column in columns.items()}
    return frame.reindex(columns=[*columns, "geometry"]).astype(kinds)
