"""Tables of several plans: areas that each pair gives each pair of classes, and the balance of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd

from spatial.engine.shapes.agreement import cross_areas
from spatial.plan.base import Text
from spatial.studies.blueprint.parties import Ground, Party, read_mask

OVERLAP = "×"
"""Stands in tables for land on which a plan contradicts itself."""
TORN = np.iinfo(np.uint64).max


def cross_plans(ground: Ground, sectors: Sequence[Party], codes: list[str]) -> pd.DataFrame:
    """Return how much land each pair of plans gives each pair of classes, where both hold; hectares."""
    rows = []
    for one in range(len(sectors)):
        for other in range(one + 1, len(sectors)):
            both = ground.within[:, one] & ground.within[:, other]
            masks = np.where(ground.torn, TORN, ground.masks)[both]
            pairs = cross_areas(masks, ground.areas[both], one, other)
            rows += [
                (sectors[one].key, _spell(left, codes), sectors[other].key, _spell(right, codes), area / 1e4,
                 bool(left & right) and TORN not in {left, right})
                for (left, right), area in pairs.items()
            ]  # fmt: skip
    columns = ["plan_a", "class_a", "plan_b", "class_b", "area_ha", "same"]
    table = pd.DataFrame(rows, columns=columns).sort_values(["plan_a", "plan_b", "class_a", "class_b"])
    return table.reset_index(drop=True)


def _spell(mask: int, codes: list[str]) -> str:
    return OVERLAP if mask == TORN else "/".join(sorted(read_mask(mask, codes)))


def balance_plans(
    frame: gpd.GeoDataFrame,
    ground: Ground,
    sectors: Sequence[Party],
    codes: list[str],
    names: Mapping[str, Text],
) -> pd.DataFrame:
    """Return the area of each class by each plan and in the base; what is open or silent has rows too."""
    columns: dict[str, pd.Series] = {}
    for number, sector in enumerate(sectors):
        here = ground.within[:, number]
        masks = np.where(ground.torn, TORN, ground.masks)[here, number]
        spelled = [_spell(int(mask), codes) for mask in masks]
        columns[f"{sector.key}_ha"] = (
            pd.Series(ground.areas[here]).groupby(np.array(spelled, dtype=str)).sum() / 1e4
        )
    columns["base_ha"] = frame.groupby(frame["proposed"].astype(str))["area_m2"].sum() / 1e4
    table = pd.DataFrame(columns).fillna(0.0)
    table = table.reindex(sorted(table.index, key=lambda code: (code in {"", OVERLAP}, "/" in code, code)))
    table.insert(0, "name", [_name_class(code, names) for code in table.index])
    return table.rename_axis("landuse").reset_index()


def _name_class(code: str, names: Mapping[str, Text]) -> str:
    if code == OVERLAP:
        return "规划自身重叠"
    return "/".join(names[item].pick("zh") for item in code.split("/") if item) or "—"
