"""A small made-up plan to publish: zones that tile a box, lines, a table; what tests change is given by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from spatial.plan.base import Text
from spatial.plan.contract import Column, Contract
from spatial.plan.published import SubPlatform
from spatial.plan.styles import read_styles

pytest.importorskip("psycopg", reason="psycopg is not installed: extra postgis")

from spatial.outputs.postgis.publication import Parcel, Publication, publish_layers
from spatial.plan.postgres import read_address

PLATFORMS = (
    SubPlatform("water", "水利", "Water", ("zones",)),
    SubPlatform("ecology", "生态环境", "Ecology", ("zones", "lines")),
)
CONTRACTS = {
    "zones": Contract(
        "三区",
        "Three zones",
        "Polygon",
        {
            "zone": Column("text", "类别", "Zone"),
            "area_ha": Column("number", "面积（公顷）", "Area (ha)", nullable=True),
        },
    ),
    "lines": Contract("三线", "Three lines", "Polygon", {"line": Column("text", "类别", "Line")}),
    "towns": Contract("镇", "Towns", "Point", {"people": Column("integer", "人口", "People")}),
    "zone_balance": Contract("平衡表", "Balance", "none", {"share": Column("number", "比例", "Share")}),
}


def make_layers() -> dict[str, pd.DataFrame]:
    west, middle, east = 112.0, 112.4123456789, 112.8
    boxes = [
        shapely.Polygon(
            [(west, 34.9), (middle, 34.9), (middle, 35.1000000049), (middle, 35.3), (west, 35.3)]
        ),
        shapely.box(middle, 34.9, east, 35.1000000049),
        shapely.box(middle, 35.1000000049, east, 35.3),
    ]
    zones = {
        "id": ["zone-1", "zone-2", "zone-3"],
        "name": ["生态空间", "农业空间", "<script>alert(1)</script>'; DROP SCHEMA public; --"],
        "zone": ["ecology", "farming", "urban"],
        "area_ha": [1000.0, None, 0.1],
    }
    lines = {"id": ["line-1"], "name": ["红线"], "line": ["ecological_redline"]}
    towns = {"id": ["town-1"], "name": ["邵原镇"], "people": [41_000]}
    return {
        "zones": gpd.GeoDataFrame(zones, geometry=boxes, crs=4490),
        "lines": gpd.GeoDataFrame(lines, geometry=[shapely.box(112.1, 35, 112.2, 35.1)], crs=4490),
        "towns": gpd.GeoDataFrame(towns, geometry=[shapely.Point(112.1, 35.1)], crs=4490),
        "zone_balance": pd.DataFrame({"id": ["a"], "name": ["合计"], "share": [1.0]}),
    }


@pytest.fixture
def layers() -> dict[str, pd.DataFrame]:
    return make_layers()


@pytest.fixture
def contracts() -> dict[str, Contract]:
    return dict(CONTRACTS)


@pytest.fixture
def make_parcel() -> Callable[..., Parcel]:
    def make(layers: dict[str, pd.DataFrame] | None = None, **options: Any) -> Parcel:
        known: dict[str, Any] = {
            "plan": "demo",
            "title": Text(zh="示例规划", en="Demo plan"),
            "layers": make_layers() if layers is None else layers,
            "contracts": CONTRACTS,
            "styles": read_styles(),
            "provenance": {"plan_sha256": "ab" * 32, "tool": "test 1"},
            "platforms": PLATFORMS,
        }
        return Parcel(**{**known, **options})

    return make


@pytest.fixture
def publish(database: Any, make_parcel: Callable[..., Parcel]) -> Callable[..., Publication]:
    """Publish the small plan, or what is given of it, as some user of the test's database."""

    def send(
        layers: dict[str, pd.DataFrame] | None = None,
        *,
        user: str = "postgres",
        prefix: str | None = None,
        **options: Any,
    ) -> Publication:
        parcel = make_parcel(layers, **options)
        return publish_layers(read_address(database.url(user)), parcel, prefix=prefix)

    return send


def list_schemas(database: Any) -> set[str]:
    rows = database.ask("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_'")
    return {name for (name,) in rows} - {"public", "information_schema"}


@pytest.fixture
def schemas(database: Any) -> Callable[[], set[str]]:
    """What schemas there are, besides those of every database."""
    return lambda: list_schemas(database)
