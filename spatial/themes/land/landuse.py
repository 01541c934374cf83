"""Land use 用地用海: the table of space 空间功能结构调整表, and what no table can place in a class."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.engine.areas import straight_area_m2
from spatial.plan.contract import Column, layer
from spatial.plan.parts.landuse import LandUse, LandUseMap, crosswalk, read_codes
from spatial.plan.rules import RuleTable

_UNSETTLED = "unsettled"
_DTYPES = {"text": "str", "number": "float64", "integer": "int64"}


def landuse_parcels(
    landuse_spec: LandUse | None, source_frames: dict[str, gpd.GeoDataFrame], landuse_rules: RuleTable
) -> pd.DataFrame:
    """Return each code of each map with its area and what it is in the plan's version of the classes.

    Returns
    -------
    pandas.DataFrame
        ``map`` (base or target), ``code``, ``settlement``, ``area_ha``, ``parcels``, and of the way to the
        version: ``status``, ``candidates``, ``name``, ``class_`` (first level) and ``group`` of building
        land; both are ``unsettled`` where the candidates are of several, and the group is empty where it is
        no building land. Without rows where a source has no such column.
    """
    columns = [
        "map",
        "code",
        "settlement",
        "area_ha",
        "parcels",
        "status",
        "candidates",
        "name",
        "class_",
        "group",
    ]
    if landuse_spec is None:
        return pd.DataFrame(columns=columns)
    maps = [("base", landuse_spec), ("target", landuse_spec.target)]
    tables = [
        _measure_map(kind, one, source_frames.get(one.source), landuse_spec.version, landuse_rules)
        for kind, one in maps
        if one is not None
    ]
    tables = [table for table in tables if len(table)]
    return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)


def _measure_map(
    kind: str, said: LandUseMap, frame: gpd.GeoDataFrame | None, version: str, rules: RuleTable
) -> pd.DataFrame:
    if frame is None or said.column not in frame:
        return pd.DataFrame()
    polygons = frame[shapely.get_dimensions(frame.geometry.to_numpy()) == 2]
    marks = polygons[said.settlement] if said.settlement in polygons else pd.Series("", index=polygons.index)
    parcels = pd.DataFrame(
        {
            "code": _as_codes(polygons[said.column]),
            "settlement": _as_codes(marks, pad=False),
            "area_ha": straight_area_m2(polygons.geometry) / 1e4,
        }
    )
    table = parcels.groupby(["code", "settlement"], as_index=False).agg(
        area_ha=("area_ha", "sum"), parcels=("area_ha", "size")
    )
    way = crosswalk(table["code"].unique(), said.scheme, version).set_index("code")  # type: ignore[arg-type]
    for column in ("status", "candidates", "name"):
        table[column] = table["code"].map(way[column])
    found = [text.split(" | ") if text else [] for text in table["candidates"]]
    table["class_"] = [_agree([code[:2] for code in codes]) for codes in found]
    table["group"] = [
        _place(codes, mark, version, rules) for codes, mark in zip(found, table["settlement"], strict=True)
    ]
    return table.assign(map=kind)


def _as_codes(values: pd.Series, *, pad: bool = True) -> pd.Series:
    """Return codes as texts; those that were read as numbers have lost nothing but their leading zero."""
    texts = values.astype(object).where(values.notna(), "").astype(str).str.strip()
    if not pd.api.types.is_numeric_dtype(values):
        return texts
    plain = texts.str.removesuffix(".0")
    return plain if not pad else plain.where(plain.str.len() % 2 == 0, "0" + plain)


def _agree(values: Sequence[str]) -> str:
    """Return what all values are, or that they are not one."""
    return values[0] if values and len(set(values)) == 1 else _UNSETTLED


def _place(codes: Sequence[str], mark: str, version: str, rules: RuleTable) -> str:
    """Return the group of building land of candidates; urban or village by the settlement code only."""
    kinds = [_group_of(code, version, rules) for code in codes]
    kind = _agree(kinds) if kinds else _UNSETTLED
    if kind != "settlement":
        return kind
    for side in ("urban", "village"):
        if mark.rstrip("A") in rules.value(f"settlement.{side}"):
            return side
    return kind


def _group_of(code: str, version: str, rules: RuleTable) -> str:
    for kind in ("regional", "other", "settlement"):
        if any(code.startswith(head) for head in rules.value(f"{version}.{kind}")):
            return kind
    return ""


@layer(
    "空间功能结构调整表", "Table of space", "none",
    needs=("landuse",),
    section=Column("text", "分类", "Section"),
    key=Column("text", "代码", "Code"),
    base_ha=Column("number", "基期面积（公顷）", "Base year (ha)"),
    base_share=Column("number", "基期占比", "Share in the base year"),
    target_ha=Column("number", "目标年面积（公顷）", "Target year (ha)", nullable=True),
    target_share=Column("number", "目标年占比", "Share in the target year", nullable=True),
    change_ha=Column("number", "变化（公顷）", "Change (ha)", nullable=True),
)  # fmt: skip
def landuse_balance(
    landuse_parcels: pd.DataFrame, landuse_spec: LandUse | None, landuse_rules: RuleTable
) -> pd.DataFrame:
    """Return areas by first-level class, then of the groups of building land, in base and target year.

    Areas are ellipsoidal, of the sources as they are. Land whose survey class may be of several classes has
    a row of its own, ``unsettled``: it is not shared out. Urban and village land are told apart by the
    settlement code of the survey; where there is none they stand together as ``settlement``. Target columns
    are null without a target map.
    """
    if landuse_spec is None or landuse_parcels.empty:
        return _shape_up(pd.DataFrame(), landuse_balance)
    names = {code: known.zh for code, known in read_codes(landuse_spec.version).items() if known.level == 1}
    names |= {_UNSETTLED: "一对多或未知，待核"}
    groups = {"urban": "城镇用地", "village": "村庄建设用地", "settlement": "城乡建设用地（未分城镇与村庄）"}
    groups |= {
        kind: landuse_rules[f"{landuse_spec.version}.{kind}"].label.pick("zh")
        for kind in ("regional", "other")
    }
    rows = [
        *_sum_rows(landuse_parcels, "class", "class_", names, landuse_spec),
        *_sum_rows(
            landuse_parcels, "building", "group", groups | {_UNSETTLED: "建设用地类别待核"}, landuse_spec
        ),
    ]
    return _shape_up(pd.DataFrame(rows), landuse_balance)


def _sum_rows(
    parcels: pd.DataFrame, section: str, column: str, names: dict[str, str], spec: LandUse
) -> list[dict[str, object]]:
    sums = parcels.pivot_table(index=column, columns="map", values="area_ha", aggfunc="sum", fill_value=0.0)
    whole = parcels.groupby("map")["area_ha"].sum()
    has_target = spec.target is not None and "target" in sums
    rows = []
    for key in (key for key in names if key in sums.index):
        base = float(sums["base"].get(key, 0.0)) if "base" in sums else 0.0
        target = float(sums["target"][key]) if has_target else np.nan
        rows.append(
            {
                "id": f"{section}-{key}", "name": names[key], "section": section, "key": key, "base_ha": base,
                "base_share": base / whole["base"] if whole.get("base", 0.0) else 0.0,
                "target_ha": target, "target_share": target / whole["target"] if has_target else np.nan,
                "change_ha": target - base,
            }
        )  # fmt: skip
    return rows


@layer(
    "待核地类", "Codes to be settled", "none",
    needs=("landuse",),
    map=Column("text", "图", "Map"),
    code=Column("text", "地类编码", "Code"),
    status=Column("text", "状态", "Status"),
    candidates=Column("text", "可能的用地用海分类", "What it may be"),
    area_ha=Column("number", "面积（公顷）", "Area (ha)"),
    parcels=Column("integer", "图斑数", "Parcels"),
)  # fmt: skip
def landuse_unsettled(landuse_parcels: pd.DataFrame) -> pd.DataFrame:
    """Return the codes that lead to several classes or to none that is known: look at each parcel."""
    rows = landuse_parcels[landuse_parcels["status"] != "one"]
    if rows.empty:
        return _shape_up(pd.DataFrame(), landuse_unsettled)
    keys = ["map", "code", "status", "candidates", "name"]
    table = rows.groupby(keys, as_index=False).agg(area_ha=("area_ha", "sum"), parcels=("parcels", "sum"))
    table = table.sort_values(["map", "area_ha", "code"], ascending=[True, False, True], ignore_index=True)
    table["id"] = [f"unsettled-{number:03d}" for number in range(1, len(table) + 1)]
    return _shape_up(table, landuse_unsettled)


def _shape_up(table: pd.DataFrame, function: Callable[..., object]) -> pd.DataFrame:
    """Give a table the columns of its contract, in order, typed also where it has no rows."""
    columns = function.__dict__["contract"].all_columns()
    return table.reindex(columns=list(columns)).astype(
        {key: _DTYPES[column.kind] for key, column in columns.items()}
    )
