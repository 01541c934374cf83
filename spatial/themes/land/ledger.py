"""The land ledger 用地台账: parcels by status, and the balance of quotas by district and kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from spatial.engine.areas import straight_area_m2
from spatial.plan.contract import Column, Contract, layer
from spatial.plan.findings import STORED_CRS
from spatial.plan.parts.ledger import DRAWING, STATUS_NAMES, STATUS_WORDS, Ledger

_DTYPES = {"text": "str", "number": "float64", "integer": "int64", "truth": "bool"}


@layer(
    "台账地块", "Parcels of the ledger", "Polygon",
    needs=("ledger",),
    district=Column("text", "行政区", "District"),
    kind=Column("text", "用途", "Kind"),
    status=Column("text", "状态", "Status"),
    area_ha=Column("number", "面积（公顷）", "Area (ha)"),
    source=Column("text", "来源", "Source"),
    illustrative=Column("truth", "示意", "Illustrative"),
)  # fmt: skip
def ledger_parcels(
    ledger_spec: Ledger | None, source_frames: dict[str, gpd.GeoDataFrame]
) -> gpd.GeoDataFrame:
    """Return the parcels of the ledger with district, kind and status; none without a `ledger` in the plan.

    A status, district or kind that is missing or not understood is empty, and the check names it; such a
    parcel draws on no quota.
    """
    frame = source_frames.get(ledger_spec.parcels) if ledger_spec else None
    if ledger_spec is None or frame is None:
        return _shape_up(gpd.GeoDataFrame({"id": []}, geometry=[], crs=STORED_CRS), ledger_parcels)
    frame = frame[frame.geometry.geom_type.isin(("Polygon", "MultiPolygon"))]
    words: Mapping[str, str] = STATUS_WORDS | ledger_spec.statuses
    columns = {
        "district": _read_texts(frame, ledger_spec.district_column),
        "kind": _read_texts(frame, ledger_spec.kind_column),
        "status": _read_texts(frame, ledger_spec.status_column).map(lambda text: words.get(text, "")),
        "area_ha": straight_area_m2(frame.geometry) / 1e4,
    }
    return _shape_up(frame.assign(**columns), ledger_parcels)


def _read_texts(frame: gpd.GeoDataFrame, column: str) -> pd.Series[Any]:
    if column not in frame:
        return pd.Series("", index=frame.index, dtype=object)
    return frame[column].astype(object).where(frame[column].notna(), "").astype(str).str.strip()


@layer(
    "用地台账", "Land ledger", "none",
    needs=("ledger",),
    district=Column("text", "行政区", "District"),
    kind=Column("text", "用途", "Kind"),
    quota_ha=Column("number", "指标（公顷）", "Quota (ha)"),
    approved_ha=Column("number", "已批准（公顷）", "Approved (ha)"),
    supplied_ha=Column("number", "已供应（公顷）", "Supplied (ha)"),
    unused_ha=Column("number", "批而未供（公顷）", "Approved, not supplied (ha)"),
    inefficient_ha=Column("number", "低效用地（公顷）", "Inefficient (ha)"),
    drawn_ha=Column("number", "已用指标（公顷）", "Drawn (ha)"),
    balance_ha=Column("number", "指标余额（公顷）", "Balance (ha)"),
    stock_ha=Column("number", "可盘活存量（公顷）", "Stock to use (ha)"),
    unused_share=Column("number", "批而未供率", "Share not supplied", nullable=True),
    parcels=Column("integer", "地块数", "Parcels"),
)  # fmt: skip
def land_ledger(ledger_parcels: gpd.GeoDataFrame, ledger_spec: Ledger | None) -> pd.DataFrame:
    """Return the balance of quotas by district and kind.

    Drawn is what was approved, supplied, or approved and not supplied; inefficient land drew on a quota
    long ago and does not again. The balance is the quota less what is drawn, and is negative where it is
    over-drawn. Stock is land approved and not supplied with inefficient land: what can be used without a
    new quota. Pairs that have parcels and no quota are listed with a quota of zero. Overlapping parcels each
    count in full; the check tells by how much they overlap.
    """
    if ledger_spec is None:
        return _shape_up(pd.DataFrame({"id": []}), land_ledger)
    quotas = {(quota.district, quota.kind): quota.area_m2 / 1e4 for quota in ledger_spec.quotas}
    known = ledger_parcels[(ledger_parcels[["district", "kind", "status"]] != "").all(axis=1)]
    pairs = dict.fromkeys([*quotas, *sorted(zip(known["district"], known["kind"], strict=True))])
    sums = known.groupby(["district", "kind", "status"])["area_ha"].sum().to_dict()
    counts = known.groupby(["district", "kind"]).size().to_dict()
    table = pd.DataFrame(list(pairs), columns=["district", "kind"])
    table["quota_ha"] = [quotas.get(pair, 0.0) for pair in pairs]
    for status in STATUS_NAMES:
        table[f"{status}_ha"] = [sums.get((*pair, status), 0.0) for pair in pairs]
    table["drawn_ha"] = sum(table[f"{status}_ha"] for status in DRAWING)
    table["balance_ha"] = table["quota_ha"] - table["drawn_ha"]
    table["stock_ha"] = table["unused_ha"] + table["inefficient_ha"]
    table["unused_share"] = table["unused_ha"] / table["drawn_ha"].replace(0.0, np.nan)
    table["parcels"] = [int(counts.get(pair, 0)) for pair in pairs]
    table["name"] = table["district"] + " " + table["kind"]
    table["id"] = [f"ledger-{number:04d}" for number in range(1, len(table) + 1)]
    return _shape_up(table, land_ledger)


def _shape_up(frame: Any, function: Callable[..., object]) -> Any:
    """Give a layer the columns of its contract, in order, typed also where it has no rows."""
    contract: Contract = function.__dict__["contract"]
    columns = contract.all_columns()
    geometry = [] if contract.shape == "none" else ["geometry"]
    kinds = {name: _DTYPES[column.kind] for name, column in columns.items()}
    return frame.reindex(columns=[*columns, *geometry]).astype(kinds).reset_index(drop=True)
