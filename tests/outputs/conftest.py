"""A small made-up city for the tests of the web map: every kind of layer, hostile names, findings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from spatial.outputs.webmap import MapHeading, write_webmap
from spatial.plan.base import Text
from spatial.plan.contract import Column, Contract
from spatial.plan.findings import STORED_CRS, Finding, frame_findings
from spatial.plan.styles import Styles, read_styles

HOSTILE = "<script>alert(1)</script>"
TEMPLATE = "{{ 7*7 }}{% raw %}"
METRIC = "EPSG:4546"


def frame(rows: list[dict[str, object]], shapes: list[object]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=STORED_CRS)


def make_zones() -> gpd.GeoDataFrame:
    west, middle, east = 112.0, 112.4123456789, 112.8
    boxes = [
        shapely.Polygon(
            [(west, 34.9), (middle, 34.9), (middle, 35.1000000049), (middle, 35.3), (west, 35.3)]
        ),
        shapely.box(middle, 34.9, east, 35.1000000049),
        shapely.box(middle, 35.1000000049, east, 35.3),
    ]
    names = [("ecology", "生态空间"), ("farming", "农业空间"), ("urban", "城镇空间")]
    rows = [
        {
            "id": f"zone-{zone}-0001",
            "name": name,
            "zone": zone,
            "name_en": zone.title(),
            "area_ha": 1000.0 * at,
        }
        for at, (zone, name) in enumerate(names, start=1)
    ]
    return frame(rows, boxes)


def make_layers() -> dict[str, pd.DataFrame]:
    towns = [
        ("419001104", "邵原镇", "Shaoyuan", 112.124, 35.165),
        ("419001109", "王屋镇", "Wangwu", 112.278, 35.114),
        ("419001106", "梨林镇", "Lilin", 112.704, 35.082),
        ("419001999", HOSTILE, TEMPLATE, 112.5, 35.2),
    ]
    circle = shapely.Point(112.6, 35.1)
    rings = [
        (15.0, "cumulative", 0.06),
        (30.0, "cumulative", 0.12),
        (60.0, "cumulative", 0.19),
        (15.0, "band", 0.06),
    ]
    return {
        "territory": frame(
            [{"id": "territory", "name": "测试市", "name_en": "Test City", "area_km2": 3230.0}],
            [shapely.box(112.0, 34.9, 112.8, 35.3)],
        ),
        "towns": frame(
            [
                {"id": f"town-{code}", "name": name, "name_en": english, "code": code}
                for code, name, english, _, _ in towns
            ],
            [shapely.Point(x, y) for *_, x, y in towns],
        ),
        "cores": frame(
            [
                {
                    "id": "core",
                    "name": "中心城区",
                    "kind": "core",
                    "rank": 1,
                    "name_en": "Main city",
                    "function": "行政",
                    "function_en": "Administration",
                }
            ],
            [shapely.Point(112.6, 35.1).buffer(0.05)],
        ),
        "belts": frame(
            [
                {
                    "id": "belt",
                    "name": "黄河北岸发展带",
                    "kind": "belt",
                    "rank": 1,
                    "name_en": "North bank belt",
                }
            ],
            [shapely.LineString([(112.05, 34.95), (112.3, 34.94), (112.75, 34.96)]).buffer(0.03)],
        ),
        "points": frame(
            [{"id": "point", "name": "邵原文旅", "kind": "point", "rank": 2, "name_en": "Shaoyuan tourism"}],
            [shapely.Point(112.124, 35.165)],
        ),
        "zones": make_zones(),
        "lines": frame(
            [
                {
                    "id": "line-1",
                    "name": "生态保护红线",
                    "line": "ecological_redline",
                    "name_en": "Red line",
                    "area_ha": 5.0,
                }
            ],
            [shapely.box(112.05, 35.0, 112.2, 35.1)],
        ),
        "commute_circles": frame(
            [
                {
                    "id": f"ring-{form}-{time:g}",
                    "name": f"{time:g} 分钟圈",
                    "name_en": f"{time:g} minutes",
                    "form": form,
                    "time_min": time,
                    "mode": "drive",
                }
                for time, form, _ in rings
            ],
            [circle.buffer(reach) for *_, reach in rings],
        ),
        "zone_balance": pd.DataFrame({"id": ["a"], "name": ["b"]}),
        "findings": frame_findings(
            [
                Finding(
                    "belts.outside",
                    "warning",
                    "belts",
                    "belt",
                    f"带越界 {HOSTILE}",
                    "Belt outside",
                    1.0,
                    0.0,
                    shapely.box(112.1, 34.9, 112.12, 34.92),
                ),
                Finding(
                    "structure.count",
                    "error",
                    "structure",
                    "",
                    "公式与要素不符",
                    "Formula and elements differ",
                ),
            ]
        ),
    }


@dataclass
class City:
    """What a map is written from; tests change parts of it."""

    layers: dict[str, pd.DataFrame] = field(default_factory=make_layers)
    heading: MapHeading = field(
        default_factory=lambda: MapHeading(
            title=Text(zh=f"测试市国土空间总体规划 {HOSTILE}", en="Test City Territorial Plan"),
            subtitle=Text(zh="2021—2035 年"),
            language="zh",
            compiler=Text(zh="测试院"),
            provenance={"tool": TEMPLATE},
        )
    )
    styles: Styles = field(default_factory=read_styles)
    contracts: dict[str, Contract] = field(
        default_factory=lambda: {
            "zones": Contract(
                "三区", "Three zones", "Polygon", {"area_ha": Column("number", "面积（公顷）", "Area (ha)")}
            ),
            "cores": Contract("核", "Cores", "Polygon", {"function": Column("text", "功能", "Function")}),
        }
    )

    def write(self, path: Path, **options: str | None) -> list[str]:
        return write_webmap(
            path,
            self.layers,
            heading=self.heading,
            styles=self.styles,
            contracts=self.contracts,
            metric_crs=METRIC,
            **options,  # type: ignore[arg-type]
        )


@pytest.fixture
def city() -> City:
    return City()


@pytest.fixture(scope="session")
def city_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("webmap") / "map.html"
    assert City().write(path) == []
    return path


@pytest.fixture(scope="session")
def hostile() -> tuple[str, str]:
    return HOSTILE, TEMPLATE


@pytest.fixture(scope="session")
def make_frame() -> Callable[[list[dict[str, object]], list[object]], gpd.GeoDataFrame]:
    return frame
