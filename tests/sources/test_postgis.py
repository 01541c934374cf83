"""What is published is what is read back: Jiyuan whole, and frames that hold all that a column may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from spatial.errors import OutputError, SourceError
from spatial.plan.base import Text
from spatial.plan.contract import Column, Contract
from spatial.plan.postgres import read_address
from spatial.plan.styles import read_styles

if TYPE_CHECKING:
    from spatial.results import Build

pytest.importorskip("psycopg", reason="psycopg is not installed: extra postgis")

from spatial.outputs.postgis.publication import Parcel, publish_layers
from spatial.sources.postgis import list_versions, open_published, read_published

ODD = Contract(
    "杂项",
    "Odds",
    "Polygon",
    {
        "number": Column("integer", "整数", "Whole"),
        "share": Column("number", "比例", "Share", nullable=True),
        "kept": Column("truth", "保留", "Kept"),
        "说明": Column("text", "说明", "Told", nullable=True),
    },
)
BOX = shapely.box(112.0, 35.0, 112.1, 35.1)
FAR = shapely.box(112.2, 35.0, 112.3000000000001, 35.1)


def odds() -> gpd.GeoDataFrame:
    shapes = [
        BOX,
        shapely.MultiPolygon([BOX]),
        shapely.MultiPolygon([BOX, FAR]),
        BOX.difference(BOX.buffer(-0.02)),
        shapely.Polygon(),
        shapely.MultiPolygon(),
        FAR,
    ]
    return gpd.GeoDataFrame(
        {
            "id": [f"odd-{at}" for at in range(len(shapes))],
            "name": ["一", "'; DROP TABLE plans; --", "tab\tnew\nline\\N", "\\.", "", "𠀀🗺", "é"],
            "number": np.array([0, -1, 2**62, -(2**63), 3, 4, 5]),
            "share": [0.1, np.nan, -0.0, 1e-300, 1.7976931348623157e308, 1 / 3, 2.5],
            "kept": [True, False, True, False, True, False, True],
            "说明": pd.Series(["a", None, "", "<b>", "%s", "{x}", "$1"], dtype="str"),
        },
        geometry=shapes,
        crs="EPSG:4490",
    )


def send(
    database: Any, layers: dict[str, pd.DataFrame], contracts: dict[str, Contract], plan: str = "odd"
) -> Any:
    parcel = Parcel(plan, Text(zh="杂", en="Odd"), layers, contracts, read_styles())
    return publish_layers(read_address(database.url()), parcel)


def assert_same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    if not isinstance(one, gpd.GeoDataFrame):
        pd.testing.assert_frame_equal(one, other)
        return
    assert_geodataframe_equal(one, other)
    pairs = (shapely.to_wkb(frame.geometry.to_numpy()) for frame in (one, other))
    assert all(a == b for a, b in zip(*pairs, strict=True))


def test_jiyuan_is_read_back_as_it_was_published(database: Any, jiyuan: Build) -> None:
    send(database, jiyuan.layers, jiyuan.contracts, "jiyuan")
    back = read_published(database.url(), "jiyuan")
    assert list(back) == list(jiyuan.layers)
    for name, frame in jiyuan.layers.items():
        assert_same(back[name], frame)
        jiyuan.contracts[name].schema(name).validate(back[name], lazy=True)


def test_all_that_a_column_may_hold_is_read_back(database: Any) -> None:
    send(database, {"odds": odds()}, {"odds": ODD})
    back = read_published(database.url(), "odd")["odds"]
    assert_same(back, odds())
    assert np.signbit(back["share"].to_numpy()[2])


def test_layers_of_all_shapes_are_read_back(database: Any) -> None:
    line = shapely.LineString([(112, 35), (112.1, 35.1)])
    point = shapely.Point(112.123456789012345, 35)
    shapes: dict[str, tuple[Any, list[Any]]] = {
        "lone_lines": ("LineString", [line, shapely.MultiLineString([line]), line]),
        "spots": ("Point", [point, point, shapely.Point(0.1 + 0.2, 35)]),
        "clusters": ("Point", [point, shapely.MultiPoint([point]), shapely.MultiPoint([point, (1, 2)])]),
        "mixed": ("any", [point, None, shapely.MultiLineString([line])]),
        "gone": ("Polygon", [None, BOX, None]),
    }
    layers: dict[str, pd.DataFrame] = {
        name: gpd.GeoDataFrame({"id": list("abc"), "name": list("甲乙丙")}, geometry=made, crs=4490)
        for name, (_, made) in shapes.items()
    }
    contracts = {name: Contract(name, name, shape) for name, (shape, _) in shapes.items()}
    layers["empty"] = layers["spots"].iloc[:0]
    contracts["empty"] = contracts["spots"]
    layers["table"] = pd.DataFrame({"id": ["1"], "name": ["一"]})
    contracts["table"] = Contract("表", "Table", "none")
    send(database, layers, contracts)
    back = read_published(database.url(), "odd")
    for name, frame in layers.items():
        assert_same(back[name], frame)


def test_versions_are_listed_and_older_ones_are_read(database: Any) -> None:
    send(database, {"odds": odds()}, {"odds": ODD})
    send(database, {"odds": odds().iloc[:2]}, {"odds": ODD})
    found = list_versions(read_address(database.url()))
    assert [(one.version, one.rows, one.current, one.published_by) for one in found] == [
        (1, 7, False, "postgres"),
        (2, 2, True, "postgres"),
    ]
    assert len(read_published(database.url(), "odd", 1)["odds"]) == 7
    both = open_published(read_address(database.url()), "odd", [1, None])
    assert [len(one.layers["odds"]) for one in both] == [7, 2]


def test_what_is_not_there_is_said_with_what_is(database: Any) -> None:
    with pytest.raises(SourceError, match="holds no published plan"):
        read_published(database.url(), "odd")
    send(database, {"odds": odds()}, {"odds": ODD})
    with pytest.raises(SourceError, match="no such published plan; there is odd"):
        read_published(database.url(), "even")
    with pytest.raises(SourceError, match="no version 9; there is 1"):
        read_published(database.url(), "odd", 9)
    with pytest.raises(OutputError, match="no address"):
        read_published("odd.gpkg", "odd")
