"""The web map as a file: whole, the same each time, safe against what users write, honest about what it lacks."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from spatial.errors import CrsError, OutputError
from spatial.outputs.web.anchors import find_edges, find_middles, largest_part, trace_spine
from spatial.outputs.web.basemaps import choose_basemap
from spatial.plan.base import Text
from spatial.plan.findings import STORED_CRS

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import City

KEY = "0123456789abcdef0123456789abcdef"


class References(HTMLParser):
    """Collects what tags of a page point to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("src", "href", "data", "srcset")]


def blocks_of(path: Path) -> dict[str, Any]:
    text = path.read_text(encoding="utf-8")
    found = re.findall(r'<script type="application/json" id="plan-data-(\w+)">(.*?)</script>', text, re.S)
    return {key: json.loads(block) for key, block in found}


def layer_of(path: Path, key: str) -> dict[str, Any]:
    return next(layer for layer in blocks_of(path)["config"]["layers"] if layer["key"] == key)


def test_the_page_points_to_nothing_outside(city_page: Path) -> None:
    parser = References()
    parser.feed(city_page.read_text(encoding="utf-8"))
    assert [target for target in parser.found if not target.startswith(("data:", "#"))] == []


def test_two_runs_give_the_same_bytes(city: City, city_page: Path, tmp_path: Path) -> None:
    city.write(tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == city_page.read_bytes()
    assert not re.search(rb"_[0-9a-f]{32}", city_page.read_bytes())


def test_texts_pass_neither_through_html_nor_through_templates(
    city_page: Path, hostile: tuple[str, str]
) -> None:
    script, template = hostile
    text = city_page.read_text(encoding="utf-8")
    assert script not in text
    towns = blocks_of(city_page)["towns"]["features"]
    assert towns[-1]["properties"]["name"] == script
    assert towns[-1]["properties"]["name_en"] == template
    assert blocks_of(city_page)["config"]["provenance"] == [["tool", template]]


def test_shared_edges_stay_shared(city_page: Path) -> None:
    shapes = [shapely.geometry.shape(item["geometry"]) for item in blocks_of(city_page)["zones"]["features"]]
    assert shapely.coverage_is_valid(shapes)
    decimals = shapely.get_coordinates(shapes)
    assert np.array_equal(decimals, decimals.round(6))


def test_features_carry_class_label_and_places(city_page: Path) -> None:
    blocks = blocks_of(city_page)
    belt = blocks["belts"]["features"][0]
    assert belt["class"] == "belt"
    assert belt["label"] == {"zh": "黄河北岸发展带", "en": "North bank belt"}
    spine = shapely.LineString(belt["spine"])
    assert shapely.geometry.shape(belt["geometry"]).buffer(0.002).covers(spine)
    assert [item["class"] for item in blocks["commute_circles"]["features"]] == ["15", "30", "60"]
    assert [item["class"] for item in blocks["commute_bands"]["features"]] == ["15"]
    assert "zone_balance" not in blocks


def test_the_legend_has_only_classes_that_are_there(city_page: Path) -> None:
    zones = layer_of(city_page, "zones")
    assert [(one["key"], one["count"]) for one in zones["classes"]] == [
        ("ecology", 1), ("farming", 1), ("urban", 1)
    ]  # fmt: skip
    # Measured on the shapes, not taken from what a column says of them.
    assert min(one["area_km2"] for one in zones["classes"]) > 700
    assert [one["key"] for one in layer_of(city_page, "lines")["classes"]] == ["ecological_redline"]


def test_layers_stand_in_panel_order_and_views_name_what_is_there(city_page: Path, city: City) -> None:
    config = blocks_of(city_page)["config"]
    keys = [layer["key"] for layer in config["layers"]]
    assert keys == [key for key in city.styles.layers if key in keys]
    assert all(set(view["layers"]) <= set(keys) for view in config["views"])
    assert config["bounds"] == [112.0, 34.9, 112.8, 35.3]


def test_views_without_their_subject_are_left_out(city: City, tmp_path: Path) -> None:
    del city.layers["lines"], city.layers["commute_circles"]
    city.write(tmp_path / "map.html")
    assert [view["key"] for view in blocks_of(tmp_path / "map.html")["config"]["views"]] == [
        "structure",
        "zones",
    ]


def test_classes_without_a_style_are_drawn_and_named(city: City, tmp_path: Path) -> None:
    zones = city.layers["zones"].copy()
    zones["zone"] = ["ecology", "<b>moon</b>", None]
    city.layers["zones"] = zones
    warnings = city.write(tmp_path / "map.html")
    assert len(warnings) == 1
    assert "<b>moon</b>" in warnings[0]
    unstyled = layer_of(tmp_path / "map.html", "zones")["classes"][-1]
    assert (unstyled["key"], unstyled["count"]) == ("unstyled", 2)
    assert unstyled["style"]["stroke"] == city.styles.unstyled.stroke


def test_many_unknown_classes_make_one_legend_entry(city: City, tmp_path: Path) -> None:
    city.layers = {
        "zones": gpd.GeoDataFrame(
            {"id": range(2000), "name": "x", "zone": [f"k{n}" for n in range(2000)]},
            geometry=shapely.points(np.linspace(112, 113, 2000), 35.0),
            crs=STORED_CRS,
        )
    }
    (warning,) = city.write(tmp_path / "map.html")
    assert len(warning) < 300
    assert len(layer_of(tmp_path / "map.html", "zones")["classes"]) == 1


def test_a_layer_without_an_entry_is_drawn_in_the_warning_style(city: City, tmp_path: Path) -> None:
    city.layers["my_parks"] = city.layers["towns"].assign(people=[1.5, np.nan, 2.0, 3.0])
    city.write(tmp_path / "map.html")
    layer = layer_of(tmp_path / "map.html", "my_parks")
    assert layer["title"] == {"zh": "my_parks", "en": "my_parks"}
    assert [column["key"] for column in layer["columns"]] == ["code", "people"]
    rows = [item["properties"] for item in blocks_of(tmp_path / "map.html")["my_parks"]["features"]]
    assert [row.get("people") for row in rows] == [1.5, None, 2.0, 3.0]


def test_a_layer_name_that_is_no_slug_is_refused(city: City, tmp_path: Path) -> None:
    city.layers['x"); alert(1); ("'] = city.layers["towns"]
    with pytest.raises(OutputError, match="is not a layer name"):
        city.write(tmp_path / "map.html")


def test_rows_without_geometry_are_counted(city: City, tmp_path: Path) -> None:
    city.heading = replace(city.heading, language="en")
    towns = city.layers["towns"].copy()
    towns.loc[0, "geometry"] = None
    towns.loc[1, "geometry"] = shapely.Point()
    city.layers["towns"] = towns
    assert city.write(tmp_path / "map.html") == [
        "Towns and subdistricts: 2 features have no geometry and are not drawn."
    ]
    assert len(blocks_of(tmp_path / "map.html")["towns"]["features"]) == 2


def test_findings_without_a_place_are_listed_without_a_warning(city_page: Path) -> None:
    blocks = blocks_of(city_page)
    assert blocks["config"]["findings"]["total"] == 2
    assert [item["severity"] for item in blocks["config"]["findings"]["items"]] == ["error", "warning"]
    assert len(blocks["findings"]["features"]) == 1


def test_other_systems_are_brought_in_and_none_is_refused(
    city: City, city_page: Path, tmp_path: Path
) -> None:
    city.layers["towns"] = city.layers["towns"].to_crs("EPSG:4546")
    city.write(tmp_path / "map.html")
    assert blocks_of(tmp_path / "map.html")["towns"] == blocks_of(city_page)["towns"]
    city.layers["towns"] = gpd.GeoDataFrame(city.layers["towns"]).set_crs(None, allow_override=True)
    with pytest.raises(CrsError, match="towns"):
        city.write(tmp_path / "map.html")


def test_heights_mixed_types_and_nothing_at_all_are_survived(
    city: City, tmp_path: Path, make_frame: Callable[..., gpd.GeoDataFrame]
) -> None:
    shapes = [
        shapely.Point(112.1, 35.0, 300.0),
        shapely.MultiLineString([[(112.1, 35.0), (112.2, 35.1)], [(112.3, 35.0), (112.3, 35.1)]]),
        shapely.GeometryCollection([shapely.Point(112.2, 35.0), shapely.box(112.2, 35.0, 112.3, 35.1)]),
    ]
    rows = [{"id": str(n), "name": "甲", "kind": "district", "rank": 1} for n in range(3)]
    city.layers = {"structure": make_frame(rows, shapes)}
    assert city.write(tmp_path / "map.html") == []
    assert blocks_of(tmp_path / "map.html")["structure"]["features"][0]["geometry"]["coordinates"] == [
        112.1,
        35.0,
    ]
    city.layers = {
        "zone_balance": pd.DataFrame({"id": []}),
        "towns": make_frame([], []).assign(name=[], id=[]),
    }
    assert city.write(tmp_path / "empty.html") == []
    assert blocks_of(tmp_path / "empty.html")["config"]["bounds"] is None


def test_a_basemap_is_an_exception_with_a_warning(city: City, tmp_path: Path) -> None:
    (warning,) = city.write(tmp_path / "map.html", basemap="gaode")
    assert "GCJ-02" in warning
    text = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert "img-src data: https://*.is.autonavi.com;" in text
    assert 'var tile_layer_0 = SpatialMap.shiftedTiles("https://webrd0{s}' in text


def test_tianditu_needs_a_key_and_takes_no_other_text(city: City, tmp_path: Path) -> None:
    for key in (None, "", "x" * 15, "{{ 7*7 }}aaaaaaaaaaaaaaaa", KEY + "\n"):
        (warning,) = city.write(tmp_path / "map.html", basemap="tianditu", tianditu_key=key)
        assert "没有有效的天地图密钥" in warning
        assert "tianditu.gov.cn" not in (tmp_path / "map.html").read_text(encoding="utf-8")
    city.write(tmp_path / "map.html", basemap="tianditu", tianditu_key=KEY)
    text = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert text.count(f"tk={KEY}") == 2
    assert "TILEMATRIX={z}" in text
    city.write(tmp_path / "none.html", tianditu_key=KEY)
    assert KEY not in (tmp_path / "none.html").read_text(encoding="utf-8")


def test_an_unknown_basemap_is_refused_and_the_last_map_stays(city: City, tmp_path: Path) -> None:
    path = tmp_path / "map.html"
    path.write_text("last", encoding="utf-8")
    with pytest.raises(OutputError, match="'moon' is not known"):
        city.write(path, basemap="moon")
    assert path.read_text(encoding="utf-8") == "last"
    assert [file.name for file in tmp_path.iterdir()] == ["map.html"]


def test_every_service_says_what_a_user_must_know() -> None:
    for name in ("osm", "gaode", "tianditu"):
        tiles, warnings = choose_basemap(name, KEY)
        assert tiles is not None
        assert warnings[0].zh
        assert warnings[0].en


def test_warnings_come_in_the_language_of_the_heading(city: City, tmp_path: Path) -> None:
    city.heading = replace(city.heading, language="both", title=Text(zh="规划", en="Plan"))
    (warning,) = city.write(tmp_path / "map.html", basemap="osm")
    assert "需要联网" in warning
    assert "needs a network" in warning


def test_spines_run_inside_slender_shapes_only() -> None:
    bow = shapely.LineString([(0, 0), (500, 120), (1000, 0)]).buffer(60)
    spine = trace_spine(bow)
    assert spine is not None
    assert bow.covers(spine)
    assert spine.length > 800
    assert trace_spine(shapely.Point(0, 0).buffer(10)) is None
    assert trace_spine(shapely.Point(0, 0)) is None
    assert trace_spine(shapely.LineString([(0, 0), (5, 5)])) is not None


def test_middles_lie_inside_and_edges_avoid_shared_outlines() -> None:
    ring = shapely.Point(0, 0).buffer(100).difference(shapely.Point(0, 0).buffer(60))
    assert ring.covers(find_middles([ring])[0])
    ground = shapely.box(-100, -100, 5000, 100)
    discs = [shapely.Point(0, 0).buffer(reach).intersection(ground) for reach in (300, 600)]
    for points, disc in zip(find_edges(discs, ground), discs, strict=True):
        assert shapely.distance(points, ground.boundary).min() > 25
        assert shapely.distance(points, disc.boundary).max() < 1e-6


def test_largest_part_of_anything() -> None:
    mixed = shapely.GeometryCollection(
        [shapely.Point(0, 0), shapely.LineString([(0, 0), (9, 9)]), shapely.box(0, 0, 1, 1)]
    )
    assert largest_part(mixed).geom_type == "Polygon"
    assert largest_part(shapely.MultiPolygon()).is_empty
