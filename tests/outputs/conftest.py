"""A small made-up city for the tests of the web map, and a real Chromium with the network cut to open it in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from spatial.outputs.web.webmap import MapHeading, write_webmap
from spatial.plan.base import Text
from spatial.plan.contract import Column, Contract
from spatial.plan.findings import STORED_CRS, Finding, frame_findings
from spatial.plan.styles import Styles, read_styles

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

collect_ignore = ["formats/qgis_probe.py"]  # run by the Python that QGIS brings
HOSTILE = "<script>alert(1)</script>"
TEMPLATE = "{{ 7*7 }}{% raw %}"
METRIC = "EPSG:4546"


NAMES = ".plan-labels text"
CANDIDATES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "microsoft-edge",
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


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

    def write(self, path: Path, **options: Any) -> list[str]:
        return write_webmap(
            path,
            self.layers,
            heading=self.heading,
            styles=self.styles,
            contracts=self.contracts,
            metric_crs=METRIC,
            **options,
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


@dataclass
class Visit:
    """A page with all that it asked for and complained of."""

    page: Page
    file: Path
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def ask(self, script: str, argument: Any = None) -> Any:
        return self.page.evaluate(script, argument)

    def hover(self, lon: float, lat: float) -> str:
        x, y = self.pixel(lon, lat)
        self.page.mouse.move(x - 3, y)
        self.page.mouse.move(x, y)
        self.rest()
        return str(
            self.ask("[...document.querySelectorAll('.plan-tooltip')].map(one => one.innerText).join()")
        )

    def rest(self) -> None:
        """Wait until two frames are painted; the page's own policy forbids waiting by a polled script."""
        self.ask(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
        )

    def pixel(self, lon: float, lat: float) -> tuple[float, float]:
        point = self.ask("([x, y]) => spatialPlan.map.latLngToContainerPoint([y, x])", [lon, lat])
        return point["x"], point["y"]

    def shown(self) -> list[str]:
        """Keys of the layers that are switched on."""
        return list(self.ask("[...spatialPlan.layers.keys()].filter(key => spatialPlan.isShown(key))"))

    def order(self) -> list[str]:
        """Panes that hold drawn shapes, lowest first."""
        return list(
            self.ask(
                """[...document.querySelectorAll('.leaflet-map-pane > .leaflet-pane')]
                   .filter(pane => pane.querySelector('g > path:not(.plan-halo)'))
                   .sort((one, other) => getComputedStyle(one).zIndex - getComputedStyle(other).zIndex)
                   .map(pane => [...pane.classList].find(name => name.startsWith('leaflet-plan-')).slice(13, -5))"""
            )
        )

    def close(self) -> None:
        """Leave; nothing may have been asked of the network, and nothing complained of."""
        assert {url.partition("#")[0] for url in self.requests} == {self.file.as_uri()}
        assert self.complaints == []
        self.page.context.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = os.environ.get("SPATIAL_BROWSER") or next(filter(None, map(shutil.which, CANDIDATES)), None)
    with sync_api.sync_playwright() as playwright:
        if path is None and not Path(playwright.chromium.executable_path).is_file():
            missing = "no Chromium: set SPATIAL_BROWSER, or run `playwright install chromium`"
            if os.environ.get("CI") == "true":
                pytest.fail(missing)
            pytest.skip(missing)
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Open files as a reader does; all that stay open are checked and closed at the end."""
    seen: list[Visit] = []

    def open_file(
        file: Path, *, width: int = 1400, height: int = 900, address: str = "", until: str = NAMES
    ) -> Visit:
        context = browser.new_context(viewport={"width": width, "height": height})
        context.set_offline(True)
        context.route(lambda url: not url.startswith("file:"), lambda route: route.abort())
        one = Visit(context.new_page(), file)
        one.page.on("request", lambda request: one.requests.append(request.url))
        one.page.on("console", lambda message: one.complaints.append(message.text))
        one.page.on("pageerror", lambda error: one.complaints.append(str(error)))
        one.page.on(
            "dialog", lambda dialog: one.complaints.append(f"dialog {dialog.message}") or dialog.dismiss()
        )
        one.page.goto(file.as_uri() + address)
        one.page.wait_for_selector(until, state="attached")
        seen.append(one)
        return one

    yield open_file
    for one in seen:
        one.close()


@pytest.fixture
def opened(visit: Callable[..., Visit], city_page: Path) -> Visit:
    """The city's map, opened."""
    return visit(city_page)
