"""Revisions: two versions of a published plan held together row by row, and the land that moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.engine.areas import straight_area_m2
from spatial.engine.shapes.differences import split_pair
from spatial.engine.shapes.topology import repair_polygons
from spatial.plan.findings import STORED_CRS
from spatial.plan.styles import LayerStyle, read_styles
from spatial.sources.postgis import Published
from spatial.studies.pairing import SHAPE, Shapes, pair_rows, shapes_of

_HA = 10_000.0
_TEXTS = ("id", "name", "layer", "feature_id", "change", "what", "before", "after")
_TABLE = (
    "id", "name", "name_en", "layer", "rows_before", "rows_after", "added", "removed", "changed",
    "renumbered", "area_before_ha", "area_after_ha", "area_moved_ha",
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
        renumbered, area_before_ha, area_after_ha, area_moved_ha``. `renumbered` rows bear another id, which
        is no change. Areas are ellipsoidal; `area_moved_ha` is the land whose class (zone, line, kind …)
        differs, counted once; 0 without polygons.
    changes : geopandas.GeoDataFrame
        One row a difference: ``id, name, layer, feature_id, change`` (``added``, ``removed`` or ``changed``),
        ``what`` (its columns that differ, ``geometry`` too), ``before`` and ``after`` (their values),
        ``area_m2`` (land that the row got or gave) and geometry in EPSG:4490: the row's own, or what its two
        polygons do not share. Null for tables.
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


def compare_versions(
    before: Published, after: Published, styles: Mapping[str, LayerStyle] | None = None
) -> Revision:
    """Compare two versions of a plan row by row.

    Rows are brought together by shape, class and content before their ids, which may be running numbers; see
    `spatial.studies.pairing.pair_rows`. Shapes are the same when their coordinates are, to the last bit;
    columns that only one version has are left out; a layer that only one has is all added or all removed.

    Parameters
    ----------
    before, after : Published
    styles : mapping of str to LayerStyle, optional
        By layer; a row's class is what it is drawn by. The shipped ones unless given.

    Examples
    --------
    >>> from spatial.plan.contract import Contract
    >>> frame = gpd.GeoDataFrame({"id": ["a"], "name": ["甲"]}, geometry=[shapely.Point(112, 35)], crs=4490)
    >>> one = Published(None, {"towns": frame}, {"towns": Contract("镇", "Towns", "Point")})
    >>> other = Published(None, {"towns": frame.assign(name="乙")}, one.contracts)
    >>> compare_versions(one, other).changes[["change", "what", "before", "after"]].to_numpy().tolist()
    [['changed', 'name', 'name=甲', 'name=乙']]
    """
    styles = read_styles().layers if styles is None else styles
    names = [*after.layers, *(name for name in before.layers if name not in after.layers)]
    rows, parts = [], []
    for name in names:
        contract = after.contracts.get(name) or before.contracts[name]
        old, new = before.layers.get(name), after.layers.get(name)
        there = _none_of(old, new) if old is None else old, _none_of(old, new) if new is None else new
        classes = _classify(there[0], styles.get(name)), _classify(there[1], styles.get(name))
        pairs = pair_rows(*there, *classes)
        made = _compare_layer(name, *there, pairs)
        parts.append(made)
        counts = made["change"].value_counts()
        rows.append({
            "id": name, "name": contract.zh, "name_en": contract.en, "layer": name,
            "rows_before": 0 if old is None else len(old), "rows_after": 0 if new is None else len(new),
            **{kind: int(counts.get(kind, 0)) for kind in ("added", "removed", "changed")},
            "renumbered": _count_renumbered(*there, pairs),
            "area_before_ha": _measure(old), "area_after_ha": _measure(new),
            "area_moved_ha": measure_moved(shapes_of(there[0]), shapes_of(there[1]), *classes) / _HA,
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


def _classify(frame: pd.DataFrame, style: LayerStyle | None) -> pd.Series[Any]:
    """Return the class of each row: the value of the column that it is drawn by, or its grade."""
    key = style.class_column if style else None
    if style is None or key is None or key not in frame.columns:
        return pd.Series("", index=pd.RangeIndex(len(frame)), dtype=object)
    values = style.classify(frame) if style.graded else frame[key].astype(object)
    return values.where(values.notna(), None).reset_index(drop=True)


def measure_moved(old: Shapes, new: Shapes, old_class: pd.Series[Any], new_class: pd.Series[Any]) -> float:
    """Measure the land that is of another class than before, or of one for the first or last time.

    Parameters
    ----------
    old, new : array-like of shapely geometries
        The rows of either version, longitude and latitude; only polygons count.
    old_class, new_class : pandas.Series
        Their classes.

    Returns
    -------
    float
        Square metres on the ellipsoid: what, in any class, one version covers and the other does not, each
        place once, however the land is cut into rows.

    Examples
    --------
    >>> whole, halves = [shapely.box(0, 0, 2, 1)], [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]
    >>> same, other = pd.Series(["a", "a"]), pd.Series(["a", "b"])
    >>> measure_moved(whole, halves, same[:1], same)
    0.0
    >>> measure_moved(whole, halves, same[:1], other) == float(straight_area_m2(halves)[1])
    True
    """
    sides = [_gather_land(shapes, classes) for shapes, classes in ((old, old_class), (new, new_class))]
    moved = []
    for key in dict.fromkeys([*sides[0], *sides[1]]):
        one, other = (side.get(key, np.array([], dtype=object)) for side in sides)
        moved += _split_class(one, other)
    # A place that one class lost another got: it is counted once.
    return float(straight_area_m2([shapely.union_all(moved)])[0]) if moved else 0.0


def _gather_land(shapes: Shapes, classes: pd.Series[Any]) -> dict[object, Shapes]:
    shapes = np.asarray(shapes, dtype=object)
    land = np.flatnonzero((shapely.get_dimensions(shapes) == 2) & ~shapely.is_empty(shapes))
    keys = pd.Series(classes.to_numpy(dtype=object)[land])
    groups = keys.groupby(keys, dropna=False, sort=False).indices
    return {None if pd.isna(key) else key: repair_polygons(shapes[land[at]]) for key, at in groups.items()}


def _split_class(old: Shapes, new: Shapes) -> list[shapely.Geometry]:
    """Return what one class lost and gained; shapes in both versions are neither and are not looked at."""
    both = np.intersect1d(shapely.to_wkb(old), shapely.to_wkb(new))
    fresh = [shapes[~np.isin(shapely.to_wkb(shapes), both)] for shapes in (old, new)]
    split = split_pair(*(shapely.union_all(shapes) for shapes in fresh))
    kept = np.asarray(shapely.from_wkb(both), dtype=object)
    near = shapely.STRtree(kept)
    parts = []
    for part in (split.lost, split.gained):
        if part.is_empty:
            continue
        beside = kept[near.query(part, predicate="intersects")]
        parts.append(shapely.difference(part, shapely.union_all(beside)) if len(beside) else part)
    return [part for part in parts if not part.is_empty]


def _compare_layer(
    name: str, old: pd.DataFrame, new: pd.DataFrame, pairs: tuple[Any, Any]
) -> gpd.GeoDataFrame:
    one, other = pairs
    parts = [
        _list_changed(name, old.iloc[one], new.iloc[other]),
        _list_alone(name, new.drop(index=new.index[other]), "added"),
        _list_alone(name, old.drop(index=old.index[one]), "removed"),
    ]
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _count_renumbered(old: pd.DataFrame, new: pd.DataFrame, pairs: tuple[Any, Any]) -> int:
    one, other = pairs
    return int((old["id"].to_numpy(dtype=object)[one] != new["id"].to_numpy(dtype=object)[other]).sum())


def _list_alone(name: str, frame: pd.DataFrame, change: str) -> gpd.GeoDataFrame:
    shapes = shapes_of(frame)
    columns = {
        "name": frame["name"].to_numpy(), "layer": name, "feature_id": frame["id"].to_numpy(),
        "change": change, "what": "", "before": "", "after": "", "area_m2": straight_area_m2(shapes),
    }  # fmt: skip
    return _frame_changes(columns, shapes)


def _list_changed(name: str, old: pd.DataFrame, new: pd.DataFrame) -> gpd.GeoDataFrame:
    ones, others = shapes_of(old), shapes_of(new)
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
        "name": new["name"].to_numpy()[some], "layer": name, "feature_id": new["id"].to_numpy()[some],
        "change": "changed", "what": what, "before": before, "after": after, "area_m2": areas,
    }  # fmt: skip
    return _frame_changes(columns, lands)


def _find_differences(old: pd.DataFrame, new: pd.DataFrame) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    for key in new.columns:
        if key in {SHAPE, "id"} or key not in old.columns:
            continue
        one, other = (frame[key].astype(object).reset_index(drop=True) for frame in (old, new))
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


def _frame_changes(columns: dict[str, Any], shapes: Any) -> gpd.GeoDataFrame:
    data = {key: columns.get(key, "") for key in (*_TEXTS, "area_m2")}
    index = pd.RangeIndex(len(shapes))
    return gpd.GeoDataFrame(pd.DataFrame(data, index=index), geometry=list(shapes), crs=STORED_CRS)
