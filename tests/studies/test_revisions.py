"""Differences of versions, held against an oracle that looks at every row by itself."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.engine.areas import straight_area_m2
from spatial.outputs.answers.revision import CHANGES, TABLE, write_revision
from spatial.plan.base import Text
from spatial.plan.contract import Column, Contract
from spatial.plan.styles import ClassStyle, LayerStyle
from spatial.sources.postgis import Published
from spatial.studies.revisions import Revision, compare_versions

CONTRACT = Contract(
    "地块", "Parcels", "Polygon",
    {"kind": Column("text", "类", "Kind", nullable=True), "size": Column("number", "数", "Size", nullable=True)},
)  # fmt: skip
_TITLE = Text(zh="地块", en="Parcels")
STYLES = {
    "parcels": LayerStyle(
        title=_TITLE, group="g", order=1, class_column="kind", classes={"a": ClassStyle(label=_TITLE)}
    )
}
ROW = st.tuples(
    st.sampled_from(["甲", "乙"]),
    st.sampled_from(["a", "b", None]),
    st.sampled_from([1.0, 2.5, None]),
    st.integers(0, 3),
)
ROWS = st.dictionaries(st.sampled_from("pqrstuv"), ROW, max_size=6)


def box(at: int) -> Any:
    return shapely.box(112 + at * 0.004, 35, 112.01 + at * 0.004, 35.01)


def frame(rows: dict[str, Any]) -> gpd.GeoDataFrame:
    columns = list(zip(*rows.values(), strict=True)) or [(), (), (), ()]
    data = {
        "id": pd.Series(list(rows), dtype="str"),
        "name": pd.Series(columns[0], dtype="str"),
        "kind": pd.Series(columns[1], dtype="str"),
        "size": pd.Series(columns[2], dtype="float64"),
    }
    return gpd.GeoDataFrame(data, geometry=[box(at) for at in columns[3]], crs=4490)


def version(rows: dict[str, Any]) -> Published:
    return Published(None, {"parcels": frame(rows)}, {"parcels": CONTRACT})  # type: ignore[arg-type]


def compare(old: dict[str, Any], new: dict[str, Any]) -> Revision:
    return compare_versions(version(old), version(new), STYLES)


def cells_of(row: Any) -> set[tuple[str, int]]:
    """Return the columns of land, 0.002° wide, that a row covers, with its class."""
    return {(row[1], cell) for cell in range(row[3] * 2, row[3] * 2 + 5)}


@settings(max_examples=80, deadline=None)
@given(ROWS, ROWS)
def test_land_of_another_class_is_counted_once_however_it_is_cut(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    covered = [set().union(*map(cells_of, rows.values())) for rows in (old, new)]
    moved = {cell for _, cell in covered[0] ^ covered[1]}
    land = [shapely.box(112 + at * 0.002, 35, 112.002 + at * 0.002, 35.01) for at in moved]
    made = compare(old, new).table.iloc[0]
    assert made["area_moved_ha"] * 1e4 == pytest.approx(straight_area_m2(land).sum(), rel=1e-6, abs=0.1)


@settings(max_examples=80, deadline=None)
@given(ROWS, ROWS)
def test_each_row_is_told_of_once_and_truly(old: dict[str, Any], new: dict[str, Any]) -> None:
    made = compare(old, new)
    counts = made.changes["change"].value_counts()
    alone = {kind: int(counts.get(kind, 0)) for kind in ("added", "removed", "changed")}
    assert len(old) - alone["removed"] == len(new) - alone["added"] >= alone["changed"]
    for row in made.changes.to_dict("records"):
        here = old if row["change"] == "removed" else new
        assert row["feature_id"] in here
        if row["change"] != "changed":
            assert row["area_m2"] == pytest.approx(straight_area_m2([box(here[row["feature_id"]][3])])[0])
        else:
            assert set(row["what"].split("; ")) <= {"name", "kind", "size", "geometry"}
            assert (row["before"] != row["after"]) or row["what"] == "geometry"
    table = made.table.iloc[0]
    assert {kind: table[kind] for kind in alone} == alone
    assert (table["rows_before"], table["rows_after"]) == (len(old), len(new))
    assert made.differs == bool(sum(alone.values()))
    CHANGES.schema("changes").validate(made.changes, lazy=True)
    TABLE.schema("table").validate(made.table, lazy=True)


@settings(max_examples=40, deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_other_ids_and_another_order_are_no_difference(rows: dict[str, Any], chance: Any) -> None:
    values, ids = list(rows.values()), list(rows)
    chance.shuffle(values)
    other = dict(zip(ids, values, strict=True))
    made = compare(rows, other)
    assert not made.differs
    assert made.table["area_moved_ha"].tolist() == [0.0]
    assert made.table["renumbered"].tolist() == [sum(rows[key] != other[key] for key in rows)]


def test_a_parcel_that_goes_shifts_no_other() -> None:
    """What a fresh analyst found: with running numbers all that followed counted as changed."""
    old = {f"parcel-{at:03d}": (f"名{at}", "ab"[at % 2], 1.0, at * 3) for at in range(40)}
    left = [row for at, row in enumerate(old.values()) if at != 4]
    wider = {f"parcel-{at:03d}": row for at, row in enumerate(left)}
    made = compare(old, wider)
    assert made.changes[["feature_id", "change"]].to_numpy().tolist() == [["parcel-004", "removed"]]
    assert made.table[["removed", "changed", "renumbered"]].to_numpy().tolist() == [[1, 0, 35]]
    gone_ha = straight_area_m2([box(12)])[0] / 1e4
    assert made.table["area_moved_ha"].tolist() == pytest.approx([gone_ha])


def test_an_edge_that_moves_changes_one_row_whatever_its_number() -> None:
    old = {"z-1": ("甲", "a", 1.0, 0), "z-2": ("乙", "b", 1.0, 9), "z-3": ("丙", "a", 1.0, 18)}
    new = {"z-1": ("乙", "b", 1.0, 10), "z-2": ("丙", "a", 2.0, 18)}
    made = compare(old, new)
    assert made.changes[["feature_id", "change", "what"]].to_numpy().tolist() == [
        ["z-1", "changed", "geometry"],
        ["z-2", "changed", "size"],
        ["z-1", "removed", ""],
    ]
    land = [shapely.symmetric_difference(box(9), box(10)), box(0)]
    assert made.changes["area_m2"].tolist() == pytest.approx(
        [*straight_area_m2(land)[:1], 0.0, straight_area_m2(land)[1]]
    )
    assert made.table["area_moved_ha"].tolist() == pytest.approx([straight_area_m2(land).sum() / 1e4])


def test_rows_without_shapes_are_the_same_by_what_they_say() -> None:
    told = Contract("发现", "Findings", "none", {"text": Column("text", "内容", "Text")})

    def findings(*texts: str) -> Published:
        ids = [f"finding-{at:06d}" for at in range(1, len(texts) + 1)]
        frame = pd.DataFrame({"id": ids, "name": [f"名{text}" for text in texts], "text": list(texts)})
        return Published(None, {"findings": frame}, {"findings": told})  # type: ignore[arg-type]

    made = compare_versions(findings("a", "b", "c", "d"), findings("b", "x", "c", "d"), {})
    assert made.changes[["change", "name"]].to_numpy().tolist() == [["added", "名x"], ["removed", "名a"]]
    kept = pd.DataFrame({"id": ["farming", "urban"], "name": ["农", "城"], "text": ["1", "2"]})
    one = Published(None, {"balance": kept}, {"balance": told})  # type: ignore[arg-type]
    other = Published(None, {"balance": kept.assign(text=["1", "3"])}, {"balance": told})  # type: ignore[arg-type]
    assert compare_versions(one, other, {}).changes["what"].tolist() == ["text"]


def test_layers_and_columns_of_one_version_alone_are_told() -> None:
    plain = Contract("表", "Table", "none", {"share": Column("number", "比例", "Share")})
    table = pd.DataFrame({"id": ["a", "b"], "name": ["甲", "乙"], "share": [0.5, np.nan]})
    rows = {"p": ("甲", "a", 1.0, 0)}
    before = version(rows)
    wider = before.layers["parcels"].assign(extra=1)
    after = Published(None, {"parcels": wider, "balance": table}, {"parcels": CONTRACT, "balance": plain})  # type: ignore[arg-type]
    made = compare_versions(before, after, STYLES)
    assert made.table["layer"].tolist() == ["parcels", "balance"]
    assert made.changes[["layer", "feature_id", "change", "area_m2"]].to_numpy().tolist() == [
        ["balance", "a", "added", 0.0],
        ["balance", "b", "added", 0.0],
    ]
    assert made.changes.geometry.isna().all()
    same = compare_versions(after, after, STYLES)
    assert not same.differs


def test_what_differs_is_written(tmp_path: Any) -> None:
    import datetime as dt

    made = compare_versions(
        version({"p": ("甲", "a", 1.0, 0)}),
        version({"p": ("乙", None, 1.0, 1), "q": ("乙", "b", None, 2)}),
        STYLES,
    )
    kept = {"provenance": {"plan": "demo"}, "stamp": dt.date(2026, 1, 1)}
    for name in ("a.gpkg", "b.gpkg", "c.csv"):
        write_revision(tmp_path / name, made.table, made.changes, **kept)
    assert (tmp_path / "a.gpkg").read_bytes() == (tmp_path / "b.gpkg").read_bytes()
    back = gpd.read_file(tmp_path / "a.gpkg", layer="changes")
    assert back["what"].tolist() == ["name; kind; geometry", ""]
    assert gpd.read_file(tmp_path / "a.gpkg", layer="changes_by_layer")["changed"].tolist() == [1]
    styles = gpd.read_file(tmp_path / "a.gpkg", layer="layer_styles")
    assert styles["styleQML"].str.contains("changed").any()
    assert pd.read_csv(tmp_path / "c.csv")["before"].tolist()[0] == "name=甲; kind=a"
