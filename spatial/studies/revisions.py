"""Revisions: two versions of a published plan held together row by row, and the land that moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.engine.areas import straight_area_m2
from spatial.plan.findings import STORED_CRS
from spatial.sources.postgis import Published

SHAPE = "geometry"
_HA = 10_000.0
_TEXTS = ("id", "name", "layer", "feature_id", "change", "what", "before", "after")
_TABLE = (
    "id", "name", "name_en", "layer", "rows_before", "rows_after", "added", "removed", "changed",
    "area_before_ha", "area_after_ha", "area_moved_ha",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Revision:
    """What differs between two versions.

    Parameters
    ----------
    before, after : Published
        The versions as read.
    table : pandas.DataFrame
        One row a layer: ``id, name, name_en, layer, rows_before, rows_after, added, removed, changed,
        area_before_ha, area_after_ha, area_moved_ha``. Areas are ellipsoidal; `area_moved_ha` is that of rows
        added and removed and of what shapes of changed rows do not share; 0 without polygons.
    changes : geopandas.GeoDataFrame
        One row a difference: ``id, name, layer, feature_id, change`` (``added``, ``removed`` or ``changed``),
        ``what`` (its columns that differ, ``geometry`` too), ``before`` and ``after`` (their values),
        ``area_m2`` (land moved) and geometry in EPSG:4490: the row's own, or what its two polygons do not
        share. Null for tables.
    """

    before: Published
    after: Published
    table: pd.DataFrame
    changes: gpd.GeoDataFrame

    @property
    def differs(self) -> bool:
        """Whether a row, or a layer, differs."""
        same = list(self.before.layers) == list(self.after.layers)
        return bool(len(self.changes)) or not same


def compare_versions(before: Published, after: Published) -> Revision:
    """Compare two versions of a plan by the ids of their rows.

    Shapes are the same when their coordinates are, to the last bit; columns that only one version has are
    left out; a layer that only one has is all added or all removed.

    Examples
    --------
    >>> from spatial.plan.contract import Contract
    >>> frame = gpd.GeoDataFrame({"id": ["a"], "name": ["甲"]}, geometry=[shapely.Point(112, 35)], crs=4490)
    >>> one = Published(None, {"towns": frame}, {"towns": Contract("镇", "Towns", "Point")})
    >>> other = Published(None, {"towns": frame.assign(name="乙")}, one.contracts)
    >>> compare_versions(one, other).changes[["change", "what", "before", "after"]].to_numpy().tolist()
    [['changed', 'name', 'name=甲', 'name=乙']]
    """
    names = [*after.layers, *(name for name in before.layers if name not in after.layers)]
    rows, parts = [], []
    for name in names:
        contract = after.contracts.get(name) or before.contracts[name]
        old, new = before.layers.get(name), after.layers.get(name)
        made = _compare_layer(
            name, *(frame if frame is not None else _none_of(old, new) for frame in (old, new))
        )
        parts.append(made)
        counts = made["change"].value_counts()
        rows.append({
            "id": name, "name": contract.zh, "name_en": contract.en, "layer": name,
            "rows_before": 0 if old is None else len(old), "rows_after": 0 if new is None else len(new),
            **{kind: int(counts.get(kind, 0)) for kind in ("added", "removed", "changed")},
            "area_before_ha": _measure(old), "area_after_ha": _measure(new),
            "area_moved_ha": float(made["area_m2"].sum()) / _HA,
        })  # fmt: skip
    changes = pd.concat(parts, ignore_index=True) if parts else _frame_changes({}, [])
    changes["id"] = [f"change-{at:06d}" for at in range(1, len(changes) + 1)]
    typed = changes.astype({**dict.fromkeys(_TEXTS, "str"), "area_m2": "float64"})
    table = pd.DataFrame(rows, columns=list(_TABLE))
    return Revision(before, after, table, gpd.GeoDataFrame(typed, geometry=SHAPE, crs=STORED_CRS))


def _none_of(old: pd.DataFrame | None, new: pd.DataFrame | None) -> pd.DataFrame:
    there = old if old is not None else new
    assert there is not None
    return there.iloc[:0]


def _measure(frame: pd.DataFrame | None) -> float:
    if not isinstance(frame, gpd.GeoDataFrame):
        return 0.0
    return float(straight_area_m2(frame.geometry.to_numpy()).sum()) / _HA


def _compare_layer(name: str, old: pd.DataFrame, new: pd.DataFrame) -> gpd.GeoDataFrame:
    old, new = old.set_index("id"), new.set_index("id")
    both = new.index.intersection(old.index, sort=False)
    parts = [
        _list_changed(name, old.loc[both], new.loc[both]),
        _list_alone(name, new.drop(index=both), "added"),
        _list_alone(name, old.drop(index=both), "removed"),
    ]
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _list_alone(name: str, frame: pd.DataFrame, change: str) -> gpd.GeoDataFrame:
    shapes = _shapes_of(frame)
    columns = {
        "name": frame["name"].to_numpy(), "layer": name, "feature_id": frame.index.to_numpy(),
        "change": change, "what": "", "before": "", "after": "", "area_m2": straight_area_m2(shapes),
    }  # fmt: skip
    return _frame_changes(columns, shapes)


def _list_changed(name: str, old: pd.DataFrame, new: pd.DataFrame) -> gpd.GeoDataFrame:
    ones, others = _shapes_of(old), _shapes_of(new)
    differs = dict(_find_differences(old, new))
    moved = shapely.to_wkb(ones) != shapely.to_wkb(others)
    some = np.logical_or.reduce([moved, *differs.values()])
    what, before, after = (_tell(differs, moved, some, frame) for frame in (None, old, new))
    ones, others, moved = ones[some], others[some], moved[some]
    lands = np.array(others, dtype=object)
    areas = np.zeros(len(lands))
    areal = moved & (shapely.get_dimensions(ones) == 2) & (shapely.get_dimensions(others) == 2)
    lands[areal] = shapely.symmetric_difference(ones[areal], others[areal])
    areas[areal] = straight_area_m2(lands[areal])
    columns = {
        "name": new["name"].to_numpy()[some], "layer": name, "feature_id": new.index.to_numpy()[some],
        "change": "changed", "what": what, "before": before, "after": after, "area_m2": areas,
    }  # fmt: skip
    return _frame_changes(columns, lands)


def _find_differences(old: pd.DataFrame, new: pd.DataFrame) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    for key in new.columns:
        if key == SHAPE or key not in old.columns:
            continue
        one, other = old[key].astype(object), new[key].astype(object)
        unlike = (one != other).to_numpy(dtype=bool)
        yield str(key), unlike & ~(one.isna() & other.isna()).to_numpy(dtype=bool)


def _tell(
    differs: dict[str, npt.NDArray[np.bool_]],
    moved: npt.NDArray[np.bool_],
    some: npt.NDArray[np.bool_],
    frame: pd.DataFrame | None,
) -> list[str]:
    """Return for each changed row the columns that differ, or, given a frame, their values in it."""
    told: list[list[str]] = [[] for _ in range(int(some.sum()))]
    for key, unlike in differs.items():
        rows = np.flatnonzero(unlike[some])
        if frame is None:
            texts = [key] * len(rows)
        else:
            texts = [f"{key}={_show(value)}" for value in frame[key].to_numpy(dtype=object)[some][rows]]
        for row, text in zip(rows.tolist(), texts, strict=True):
            told[row].append(text)
    if frame is None:
        for row in np.flatnonzero(moved[some]).tolist():
            told[row].append(SHAPE)
    return ["; ".join(texts) for texts in told]


def _show(value: object) -> str:
    if not isinstance(value, str) and pd.isna(value):
        return ""
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _shapes_of(frame: pd.DataFrame) -> npt.NDArray[np.object_]:
    if SHAPE not in frame.columns:
        return np.full(len(frame), None, dtype=object)
    return np.asarray(frame[SHAPE].to_numpy(), dtype=object)


def _frame_changes(columns: dict[str, Any], shapes: Any) -> gpd.GeoDataFrame:
    data = {key: columns.get(key, "") for key in (*_TEXTS, "area_m2")}
    index = pd.RangeIndex(len(shapes))
    return gpd.GeoDataFrame(pd.DataFrame(data, index=index), geometry=list(shapes), crs=STORED_CRS)
