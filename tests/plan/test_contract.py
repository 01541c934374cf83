"""The contract of a layer: noted beside a function, and kept by frames or not."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pandera.errors import SchemaErrors

from spatial.plan.contract import Column, Contract, contract_of, layer

COLUMNS = {
    "zone": Column("text", "空间", "Zone"),
    "area_ha": Column("number", "面积（公顷）", "Area (ha)"),
    "length_km": Column("number", "长度（千米）", "Length (km)", nullable=True),
    "rank": Column("integer", "级别", "Rank"),
    "illustrative": Column("truth", "示意", "Illustrative"),
    "note": Column("text", "说明", "Note", nullable=True),
}
CONTRACT = Contract("分区", "Zones", "Polygon", COLUMNS)
BOX = shapely.box(112, 35, 113, 36)


def frame(crs="EPSG:4490", geometry=(BOX, BOX), **changes):
    values = {
        "id": ["a", "b"], "name": ["甲", "乙"], "zone": ["x", "y"], "area_ha": [1.0, 2.5], "length_km": [1.0, None],
        "rank": [1, 2], "illustrative": [True, False], "note": ["z", None],
    }  # fmt: skip
    return gpd.GeoDataFrame(values | changes, geometry=list(geometry), crs=crs)


def keeps(value, contract=CONTRACT):
    contract.schema("zones").validate(value, lazy=True)
    return True


def breaks(value, contract=CONTRACT):
    with pytest.raises(SchemaErrors) as caught:
        keeps(value, contract)
    return str(caught.value)


def test_a_function_keeps_its_contract_and_is_not_wrapped():
    def zones(territory: int) -> int:
        return territory + 1

    noted = layer("分区", "Zones", "Polygon", **COLUMNS)(zones)
    assert noted is zones
    assert noted(1) == 2
    assert contract_of(zones) == CONTRACT
    assert contract_of(lambda: None) is None


def test_every_layer_has_id_and_name_first_and_aliases_in_both_languages():
    columns = CONTRACT.all_columns()
    assert list(columns) == ["id", "name", *COLUMNS]
    assert all(column.zh and column.en for column in columns.values())
    assert list(CONTRACT.columns) == list(COLUMNS)
    schema = CONTRACT.schema("zones")
    assert (schema.name, schema.columns["area_ha"].title, schema.columns["area_ha"].description) == (
        "zones",
        "面积（公顷）",
        "Area (ha)",
    )


@pytest.mark.parametrize(
    "value",
    [
        frame(),
        frame().iloc[:0],
        frame().iloc[[1]],
        frame().astype({"zone": object, "note": object}),
        frame(geometry=[shapely.MultiPolygon([BOX]), None]),
        frame(length_km=[np.nan, np.nan]),
        frame(note=pd.Series([None, None], dtype="str")),
    ],
    ids=["full", "empty", "one row", "objects", "multi and null", "no numbers", "no notes"],
)
def test_frames_that_keep_it(value):
    assert keeps(value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (frame().drop(columns="zone"), "zone"),
        (frame().assign(colour="red"), "colour"),
        (frame()[["name", "id", *COLUMNS, "geometry"]], "out-of-order"),
        (frame(id=["a", "a"]), "duplicate"),
        (frame(id=["a", None]), "id"),
        (frame(zone=["x", None]), "zone"),
        (frame(zone=[1, 2]), "zone"),
        (frame().assign(zone=pd.Series(["x", 2], dtype=object)), "zone"),
        (frame(area_ha=[1.0, None]), "area_ha"),
        (frame(area_ha=[1.0, np.inf]), "numbers must be finite"),
        (frame(length_km=[-np.inf, None]), "numbers must be finite"),
        (frame(area_ha=["1", "2"]), "area_ha"),
        (frame(rank=[1.0, 2.0]), "rank"),
        (frame(illustrative=[1, 0]), "illustrative"),
        (frame(illustrative=[True, None]), "illustrative"),
        (frame(geometry=[BOX, shapely.Point(112, 35)]), "geometry must be Polygon"),
        (frame(geometry=[BOX, shapely.GeometryCollection([BOX])]), "geometry must be Polygon"),
        (frame(geometry=[BOX, BOX.exterior]), "geometry must be Polygon"),
        (frame(geometry=[BOX, shapely.force_3d(BOX, 5)]), "geometry must be two-dimensional"),
        (frame(crs=None), "the CRS must be EPSG:4490"),
        (frame(crs="EPSG:4326"), "the CRS must be EPSG:4490"),
        (frame().to_crs("EPSG:4546"), "the CRS must be EPSG:4490"),
        (frame().rename_geometry("shape"), "shape"),
    ],
)
def test_frames_that_break_it(value, said):
    assert said in breaks(value)


def test_all_breaches_are_told_at_once():
    told = breaks(frame(crs="EPSG:4326", id=["a", "a"], area_ha=[np.inf, 1]).assign(colour="red"))
    assert all(word in told for word in ("EPSG:4490", "duplicate", "finite", "colour"))


@pytest.mark.parametrize(
    ("shape", "good", "bad"),
    [
        ("Point", [shapely.Point(1, 2), shapely.MultiPoint([[1, 2]])], [BOX, BOX]),
        ("LineString", [BOX.exterior.segmentize(1), BOX.boundary], [BOX, BOX]),
        ("any", [BOX, shapely.Point(1, 2)], [BOX, shapely.Point(1, 2, 3)]),
    ],
)
def test_shapes(shape, good, bad):
    contract = Contract("层", "Layer", shape, COLUMNS)
    good = [shapely.LineString(one.coords) if one.geom_type == "LinearRing" else one for one in good]
    assert keeps(frame(geometry=good), contract)
    assert "geometry" in breaks(frame(geometry=bad), contract)


def test_a_table_has_no_geometry():
    contract = Contract("表", "Table", "none", COLUMNS)
    assert keeps(pd.DataFrame(frame().drop(columns="geometry")), contract)
    assert "geometry" in breaks(frame(), contract)
