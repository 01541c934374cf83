"""The ground of a plan: areas that are true, edges that fit, names that are found."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from spatial.engine.crs import transform_shapes
from spatial.engine.geodesy import area_m2
from spatial.plan.contract import contract_of
from spatial.plan.records import Place, Territory, Town
from spatial.themes import territory as theme

JIYUAN = "EPSG:4546"
HOSTILE = "<script>alert(1)</script>"


def boundary(*shapes, name="济源市", source="border", illustrative=False):
    return gpd.GeoDataFrame(
        {"id": "territory", "name": name, "source": source, "illustrative": illustrative},
        geometry=list(shapes),
        index=range(len(shapes)),
        crs=4490,
    )


def counties(*shapes):
    codes = [str(410000 + number) for number in range(len(shapes))]
    return gpd.GeoDataFrame(
        {
            "id": codes,
            "name": codes,
            "code": codes,
            "level": "county",
            "source": "tianditu",
            "illustrative": False,
        },
        geometry=list(shapes),
        index=range(len(shapes)),
        crs=4490,
    )


def make(spec=None, shape=None, **options):
    shape = shapely.box(112.1, 34.9, 112.7, 35.2) if shape is None else shape
    return theme.territory(spec or Territory(adcode=419001), boundary(shape, **options))


def check(name, frame):
    contract_of(getattr(theme, name)).schema(name).validate(frame, lazy=True)
    return frame


def town(code="419001001", name="沁园街道", seat=(112.59, 35.09), **more):
    return Town.model_validate({"name": name, "code": code, "seat": list(seat), **more})


def test_the_metric_crs_is_the_zone_with_most_of_the_area():
    assert theme.metric_crs(boundary(shapely.box(112.0, 35, 112.76, 35.2))) == JIYUAN
    assert theme.metric_crs(boundary(shapely.box(112.3, 35, 112.9, 35.2))) == "EPSG:4547"


def test_the_territory_keeps_its_contract_and_its_facts():
    spec = Territory.model_validate(
        {"adcode": 419001, "name": {"zh": "济源", "en": "Jiyuan"}, "stated_area": "1931 km2"}
    )
    row = check("territory", make(spec, source="tianditu", illustrative=True)).iloc[0]
    assert (row["id"], row["name"], row["name_en"]) == ("territory", "济源", "Jiyuan")
    assert (row["adcode"], row["source"], row["illustrative"]) == ("419001", "tianditu", True)
    assert row["stated_area_km2"] == pytest.approx(1931)


@pytest.mark.parametrize(("given", "shown"), [("济源市", "济源市"), ("", "全域"), (HOSTILE, HOSTILE)])
def test_a_plan_without_name_takes_the_boundary_s(given, shown):
    frame = check("territory", make(Territory(source="border"), name=given))
    assert frame["name"].tolist() == [shown]
    assert frame["adcode"].tolist() == [""]
    assert frame["stated_area_km2"].isna().all()


def test_edges_are_short():
    frame = make()
    ring = shapely.get_coordinates(transform_shapes(frame.geometry.array, 4490, JIYUAN))
    assert np.hypot(*np.diff(ring, axis=0).T).max() <= 100.1


def test_edges_stay_straight_in_longitude_and_latitude():
    shape = shapely.box(112.1, 34.9, 112.7, 35.2)
    made = make(shape=shape).geometry.iloc[0]
    assert shapely.hausdorff_distance(made, shape) < 1e-8
    # A parallel bends 0.1 mm away from a geodesic of 100 m: 2 m² along the 110 km that run east here.
    fine = float(area_m2([shapely.segmentize(shape, 1e-4)])[0])
    assert make(shape=shape)["area_km2"].iloc[0] * 1e6 == pytest.approx(fine, abs=2)


def test_parts_cut_out_of_the_territory_add_up_to_it():
    frame = make(shape=shapely.Point(112.4, 35.1).buffer(0.3, quad_segs=3))
    whole = frame.geometry.iloc[0]
    west, south, east, north = whole.bounds
    middle = (west + east) / 2 + 0.0012345
    halves = [
        shapely.intersection(whole, shapely.box(west - 1, south - 1, middle, north + 1)),
        shapely.intersection(whole, shapely.box(middle, south - 1, east + 1, north + 1)),
    ]
    assert area_m2(halves).sum() == pytest.approx(frame["area_km2"].iloc[0] * 1e6, abs=1)


def test_islands_and_holes_of_the_territory_survive():
    hole = shapely.box(112.3, 35.0, 112.4, 35.1)
    shape = shapely.union(
        shapely.box(112.1, 34.9, 112.7, 35.2).difference(hole), shapely.box(112.8, 35.0, 112.9, 35.1)
    )
    made = make(shape=shape).geometry.iloc[0]
    assert made.geom_type == "MultiPolygon"
    assert shapely.get_num_interior_rings(shapely.get_parts(made)).sum() == 1


def test_districts_are_clipped_to_the_territory():
    territory = make()
    inside, across = shapely.box(112.1, 34.9, 112.5, 35.2), shapely.box(112.5, 34.8, 113.0, 35.3)
    away, touching = shapely.box(113.5, 35, 114, 35.2), shapely.box(112.0, 34.9, 112.1, 35.2)
    frame = check("districts", theme.districts(counties(inside, across, away, touching), territory))
    assert frame["code"].tolist() == ["410000", "410001"]
    assert frame["area_km2"].sum() == pytest.approx(territory["area_km2"].iloc[0], abs=2e-6)
    assert frame.geometry.is_valid.all()
    assert set(frame["name_en"]) == {""}


def test_the_only_district_is_the_territory_itself():
    shape = shapely.box(112.1, 34.9, 112.7, 35.2)
    territory = make(shape=shape)
    frame = theme.districts(counties(shape), territory)
    assert frame["area_km2"].iloc[0] == pytest.approx(territory["area_km2"].iloc[0], abs=1e-6)


def test_towns_keep_what_the_plan_says():
    specs = (
        town(
            role={"zh": "综合服务", "en": "services"}, tags=["plain", "seat"], people=81000, accuracy="2 km"
        ),
        town("419001101", {"zh": HOSTILE, "en": "Kejing"}, (112.6, 35.2)),
    )
    frame = check("towns", theme.towns(specs))
    assert frame["id"].tolist() == ["town-419001001", "town-419001101"]
    assert frame["name"].tolist() == ["沁园街道", HOSTILE]
    assert frame["name_en"].tolist() == ["", "Kejing"]
    assert frame["role_en"].tolist() == ["services", ""]
    assert frame["tags"].tolist() == ["plain,seat", ""]
    assert frame["people"].fillna(-1).tolist() == [81000, -1]
    assert frame["accuracy_m"].tolist() == [2000, pytest.approx(np.nan, nan_ok=True)]
    assert frame.geometry.iloc[0] == shapely.Point(112.59, 35.09)


def test_a_code_given_twice_still_makes_unique_ids():
    frame = check("towns", theme.towns((town("1"), town("1"), town("2"), town("1"))))
    assert frame["id"].tolist() == ["town-1", "town-1-2", "town-2", "town-1-3"]


def test_places_are_numbered_in_the_plan_s_order():
    specs = tuple(Place.model_validate({"name": name, "at": [112.5, 35]}) for name in ("小浪底", "王屋山"))
    frame = check("places", theme.places(specs))
    assert frame["id"].tolist() == ["place-0001", "place-0002"]
    assert frame["name"].tolist() == ["小浪底", "王屋山"]


def test_without_towns_places_and_districts_the_layers_are_empty_but_whole():
    for frame in (
        check("towns", theme.towns(())),
        check("places", theme.places(())),
        check("districts", theme.districts(counties(), make())),
    ):
        assert frame.empty
        assert frame.crs == "EPSG:4490"


def test_names_in_both_languages_lead_to_positions_and_towns_come_first():
    towns = theme.towns((town(name={"zh": "王屋镇", "en": "Wangwu"}, seat=(112.28, 35.12)),))
    places = theme.places(
        (Place.model_validate({"name": {"zh": "小浪底", "en": "Wangwu"}, "at": [112.37, 34.92]}),)
    )
    names = theme.gazetteer(towns, places)
    assert names == {"王屋镇": (112.28, 35.12), "Wangwu": (112.28, 35.12), "小浪底": (112.37, 34.92)}
