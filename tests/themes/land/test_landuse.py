"""Land use: areas add up to their map, what is not certain is not shared out, urban and village by their mark."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.checks.landuse import landuse_findings
from spatial.engine.areas import straight_area_m2
from spatial.plan.contract import contract_of
from spatial.plan.parts.landuse import LandUse, LandUseMap, read_codes
from spatial.plan.rules import read_rules
from spatial.themes.land.landuse import landuse_balance, landuse_parcels, landuse_unsettled

RULES = read_rules("landuse_groups")
SPEC = LandUse(
    source="now",
    column="DLBM",
    settlement="CZCSXM",
    target=LandUseMap(source="then", column="YDYH", scheme=2023),
)


def cells(codes, column="DLBM", marks=None):
    shapes = [shapely.box(112 + at * 0.01, 35, 112.01 + at * 0.01, 35.01) for at in range(len(codes))]
    columns = {"id": [str(at) for at in range(len(codes))], column: codes}
    if marks is not None:
        columns["CZCSXM"] = marks
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4490")


def make(now, then=None, marks=None, spec=SPEC):
    frames = {"now": cells(now, marks=marks)} | ({"then": cells(then, "YDYH")} if then is not None else {})
    parcels = landuse_parcels(spec, frames, RULES)
    balance, unsettled = landuse_balance(parcels, spec, RULES), landuse_unsettled(parcels)
    for table, function, name in ((balance, landuse_balance, "a"), (unsettled, landuse_unsettled, "b")):
        contract_of(function).schema(name).validate(table)
    return frames, parcels, balance.set_index(["section", "key"]), unsettled


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from([*read_codes("survey"), "x", ""]), min_size=1, max_size=12), st.data())
def test_areas_add_up_and_nothing_is_shared_out(codes, data):
    target = data.draw(st.lists(st.sampled_from(list(read_codes("2023"))), min_size=1, max_size=6))
    frames, parcels, balance, unsettled = make(codes, target, ["203"] * len(codes))
    for kind, source in (("base", "now"), ("target", "then")):
        whole = straight_area_m2(frames[source].geometry).sum() / 1e4
        assert balance.loc["class", f"{kind}_ha"].sum() == pytest.approx(whole)
        assert balance.loc["class", f"{kind}_share"].sum() == pytest.approx(1)
    assert balance["change_ha"].to_numpy() == pytest.approx(
        (balance["target_ha"] - balance["base_ha"]).to_numpy()
    )
    assert unsettled["area_ha"].sum() == pytest.approx(
        parcels.loc[parcels["status"] != "one", "area_ha"].sum()
    )


def test_classes_groups_and_what_is_to_be_settled():
    codes = ["0101", "0102", "0702", "0702", "1003", "05H1", "1006", "0602", "9999", "0809"]
    _, parcels, balance, unsettled = make(codes, None, ["", "", "203", "201A", "", "203", "", "204", "", ""],
                                          LandUse(source="now", settlement="CZCSXM"))  # fmt: skip
    cell = parcels["area_ha"].iloc[0]
    hectares = balance["base_ha"]
    assert hectares["class", "01"] == pytest.approx(2 * cell, rel=1e-3)
    assert hectares["class", "06"] == pytest.approx(cell, rel=1e-3)  # 060101 or 060102: both are 06
    assert hectares["class", "13"] == pytest.approx(cell, rel=1e-3)
    assert hectares["class", "unsettled"] == pytest.approx(2 * cell, rel=1e-3)  # 05H1 and 9999
    assert hectares["building", "village"] == pytest.approx(
        2 * cell, rel=1e-3
    )  # a homestead, and 05H1 in a village
    assert hectares["building", "urban"] == pytest.approx(cell, rel=1e-3)
    assert hectares["building", "regional"] == pytest.approx(cell, rel=1e-3)
    assert hectares["building", "other"] == pytest.approx(cell, rel=1e-3)
    assert hectares["building", "unsettled"] == pytest.approx(
        2 * cell, rel=1e-3
    )  # 0809 may be regional, 9999 all
    assert balance["target_ha"].isna().all()
    assert set(unsettled["code"]) == {"05H1", "1006", "9999", "0809"}
    assert unsettled.set_index("code").loc["1006", "candidates"] == "060101 | 060102"


def test_without_marks_urban_and_village_stand_together():
    _, _, balance, _ = make(["0702", "0701"], spec=LandUse(source="now"))
    assert balance.loc[("building", "settlement"), "base_share"] == pytest.approx(1)


def test_codes_read_as_numbers_keep_their_meaning():
    _, _, balance, _ = make([101, 702], marks=[0, 203], spec=LandUse(source="now", settlement="CZCSXM"))
    assert set(balance.loc["class"].index) == {"01", "07"}
    assert ("building", "village") in balance.index


def test_findings(tmp_path):
    spec = LandUse(
        source="now", column="DLBM", target=LandUseMap(source="then", column="NONE", scheme="2023")
    )
    frames, parcels, _, unsettled = make(["0101", "05H1"], ["0101"], spec=spec)
    territory = gpd.GeoDataFrame(geometry=[shapely.box(112, 35, 112.04, 35.01)], crs="EPSG:4490")

    def findings(said=spec):
        return landuse_findings(
            landuse_spec=said, landuse_parcels=parcels, landuse_unsettled=unsettled, source_frames=frames,
            territory=territory, landuse_rules=RULES,
        )  # fmt: skip

    assert [found.rule for found in findings()] == ["landuse.sum", "landuse.unsettled", "landuse.column"]
    assert findings(None) == []
    assert landuse_balance(landuse_parcels(None, {}, RULES), None, RULES).empty


def test_there_is_no_way_back():
    with pytest.raises(ValueError, match="led back"):
        LandUse(source="now", scheme="2023", version="2020")
    assert LandUse(source="now", scheme=2020, version=2020).scheme == "2020"
    assert pd.isna(LandUse(source="now").year) or LandUse(source="now").year is None
