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
from spatial.plan.contract import Column, Contract
from spatial.sources.postgis import Published
from spatial.studies.revisions import compare_versions

CONTRACT = Contract(
    "地块", "Parcels", "Polygon",
    {"kind": Column("text", "类", "Kind", nullable=True), "size": Column("number", "数", "Size", nullable=True)},
)  # fmt: skip
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


@settings(max_examples=60, deadline=None)
@given(ROWS, ROWS)
def test_every_difference_is_found_and_no_other(old: dict[str, Any], new: dict[str, Any]) -> None:
    made = compare_versions(version(old), version(new))
    expected = {
        **{key: "added" for key in new if key not in old},
        **{key: "removed" for key in old if key not in new},
        **{key: "changed" for key in new if key in old and new[key] != old[key]},
    }
    assert dict(zip(made.changes["feature_id"], made.changes["change"], strict=True)) == expected
    assert made.differs == bool(expected)
    for row in made.changes.to_dict("records"):
        one, other = old.get(row["feature_id"]), new.get(row["feature_id"])
        if one is None or other is None:
            land = box((one or other)[3])  # type: ignore[index]
        else:
            names = ("name", "kind", "size", "geometry")
            assert row["what"].split("; ") == [
                key for key, a, b in zip(names, one, other, strict=True) if a != b
            ]
            land = shapely.symmetric_difference(box(one[3]), box(other[3]))
        assert row["area_m2"] == pytest.approx(straight_area_m2([land])[0], rel=1e-9, abs=1e-6)
    table = made.table.iloc[0]
    assert [table[key] for key in ("added", "removed", "changed")] == [
        list(expected.values()).count(key) for key in ("added", "removed", "changed")
    ]
    assert table["area_moved_ha"] == pytest.approx(made.changes["area_m2"].sum() / 1e4)
    assert (table["rows_before"], table["rows_after"]) == (len(old), len(new))
    CHANGES.schema("changes").validate(made.changes, lazy=True)
    TABLE.schema("table").validate(made.table, lazy=True)


def test_layers_and_columns_of_one_version_alone_are_told() -> None:
    plain = Contract("表", "Table", "none", {"share": Column("number", "比例", "Share")})
    table = pd.DataFrame({"id": ["a", "b"], "name": ["甲", "乙"], "share": [0.5, np.nan]})
    rows = {"p": ("甲", "a", 1.0, 0)}
    before = version(rows)
    wider = before.layers["parcels"].assign(extra=1)
    after = Published(None, {"parcels": wider, "balance": table}, {"parcels": CONTRACT, "balance": plain})  # type: ignore[arg-type]
    made = compare_versions(before, after)
    assert made.table["layer"].tolist() == ["parcels", "balance"]
    assert made.changes[["layer", "feature_id", "change", "area_m2"]].to_numpy().tolist() == [
        ["balance", "a", "added", 0.0],
        ["balance", "b", "added", 0.0],
    ]
    assert made.changes.geometry.isna().all()
    same = compare_versions(after, after)
    assert not same.differs


def test_what_differs_is_written(tmp_path: Any) -> None:
    import datetime as dt

    made = compare_versions(
        version({"p": ("甲", "a", 1.0, 0)}), version({"p": ("乙", None, 1.0, 1), "q": ("乙", "b", None, 2)})
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
