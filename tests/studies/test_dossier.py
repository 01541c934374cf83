"""Dossiers of functional zones end to end: a small plan with three zones, its folders, pages and tables."""

from __future__ import annotations

import hashlib
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

pytest.importorskip("matplotlib", reason="matplotlib is not installed: extra atlas")

from spatial.engine.areas import straight_area_m2
from spatial.errors import PlanError
from spatial.outputs.atlas.paper import A3
from spatial.outputs.atlas.sidepanel import Bars, Fact, Grid, Panel, Remark
from spatial.outputs.dossier.extract import WANTED, extract_zone, find_use_class, locate_firms
from spatial.outputs.dossier.folder import name_folder
from spatial.outputs.dossier.ground import frame_place
from spatial.outputs.dossier.listing import count_pages
from spatial.outputs.dossier.panels import describe_control, describe_master, describe_panorama
from spatial.outputs.dossier.tables import list_firms, list_tables
from spatial.outputs.order import Order
from spatial.pipeline import check_plan, list_layers
from spatial.plan.styles import read_styles
from spatial.studies.dossier import Dossiers, choose_zones, write_dossiers

PLAN = """\
name: small
title: {zh: 小城, en: Small town}
year: 2020
territory: {source: border, name: {zh: 小城, en: Small town}}
zones: {claims: [{zone: urban, source: land, where: {zone: urban}}, {zone: farming, source: land, where: {zone: farming}}]}
functional_zones:
  source: zones
  units: border
  startup: {source: blocks}
  communities: {source: homes}
sources:
  border: {file: border.geojson, crs: "EPSG:4490"}
  land: {file: land.geojson, crs: "EPSG:4490"}
  zones: {file: zones.geojson, crs: "EPSG:4490", illustrative: true}
  blocks: {file: blocks.geojson, crs: "EPSG:4490"}
  homes: {file: homes.geojson, crs: "EPSG:4490"}
"""
INDUSTRY = """\
industry: {firms: firms, units: functional_zones, show: points}
"""
FIRMS = """\
name,code,jobs,output,year,role,lon,lat
企业 0001,3911,300,9000,2019,key,111.021,34.921
企业 0002,3911,20,500,2019,supporting,111.041,34.941
企业 0003,5430,90,800,2019,配套,111.023,34.922
企业 0004,5430,70,700,2019,,111.150,34.950
企业 0005,7010,10,100,2019,supporting,111.100,34.990
"""
FIRST, SECOND, THIRD = "东部 功能区", "西部功能区", "三/区: *"


def box(west: float, south: float, wide: float, tall: float) -> shapely.Polygon:
    return shapely.box(111 + west, 34.9 + south, 111 + west + wide, 34.9 + south + tall)


ZONE = box(0.01, 0.01, 0.05, 0.05)


def write(folder: Path, name: str, rows: list[dict[str, object]], shapes: list[shapely.Polygon]) -> None:
    frame = gpd.GeoDataFrame(rows, geometry=shapes, crs="EPSG:4490")
    frame.to_file(folder / f"{name}.geojson", driver="GeoJSON")


def draw_plan(folder: Path) -> None:
    folder.mkdir()
    write(folder, "border", [{"name": "小城"}], [box(0, 0, 0.2, 0.1)])
    land = [box(0, 0, 0.035, 0.1), box(0.035, 0, 0.165, 0.1)]
    write(folder, "land", [{"name": "", "zone": "urban"}, {"name": "", "zone": "farming"}], land)
    zones = [
        {
            "name": FIRST,
            "name_en": "East zone",
            "ecosystem": "电子圈",
            "kind": "制造业",
            "industries": "电子、显示",
        },
        {
            "name": SECOND,
            "name_en": "West zone",
            "short": "02",
            "ecosystem": "",
            "kind": "",
            "industries": "",
        },
        {"name": THIRD, "name_en": "", "ecosystem": "", "kind": "", "industries": ""},
    ]
    write(folder, "zones", zones, [ZONE, box(0.09, 0.01, 0.03, 0.03), box(0.14, 0.04, 0.02, 0.02)])
    blocks = [
        {"name": f"{FIRST} 起步区 01", "zone": FIRST, "use": "工业用地", "plot_ratio": 2.0, "height_m": 24.0},
        {
            "name": f"{FIRST} 起步区 02",
            "zone": FIRST,
            "use": "商业用地",
            "plot_ratio": None,
            "height_m": 60.0,
        },
    ]
    write(folder, "blocks", blocks, [box(0.02, 0.02, 0.01, 0.01), box(0.031, 0.02, 0.01, 0.01)])
    write(folder, "homes", [{"name": f"{FIRST}·甲社区", "zone": FIRST}], [box(0.035, 0.035, 0.01, 0.01)])


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory, own_cache: Path) -> tuple[Path, Path]:
    """The plan without firms, and with them."""
    bare, full = (tmp_path_factory.mktemp("plans") / name for name in ("bare", "full"))
    for folder in (bare, full):
        draw_plan(folder)
    (bare / "plan.yaml").write_text(PLAN, encoding="utf-8")
    (full / "plan.yaml").write_text(
        PLAN.replace("sources:\n", INDUSTRY + 'sources:\n  firms: {file: firms.csv, crs: "EPSG:4490"}\n'),
        encoding="utf-8",
    )
    (full / "firms.csv").write_text(FIRMS, encoding="utf-8")
    return bare, full


def order_of(plan: Path) -> Order:
    return check_plan(plan, only=[name for name in WANTED if name in list_layers()]).order()


@pytest.fixture(scope="module")
def bare(plans: tuple[Path, Path]) -> Order:
    return order_of(plans[0])


@pytest.fixture(scope="module")
def full(plans: tuple[Path, Path]) -> Order:
    return order_of(plans[1])


@pytest.fixture(scope="module")
def made(plans: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Dossiers:
    return write_dossiers(plans[1], tmp_path_factory.mktemp("out"), zones=["East zone"], workers=1)


def test_a_zone_has_its_folder_with_maps_table_and_pdf(made: Dossiers) -> None:
    (folder,) = made.folders
    assert folder.name == f"01_{FIRST}"
    files = ["1_master.png", "2_control.png", "3_panorama.png", "4_firms.png", "dossier.pdf", "firms.xlsx"]
    assert sorted(file.name for file in folder.iterdir()) == files
    assert [entry.name for entry in folder.parent.iterdir()] == [folder.name]
    assert not made.has_errors


def test_pages_are_a3_and_bear_their_scale_and_their_mark(made: Dossiers) -> None:
    pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed")
    reader = pypdf.PdfReader(made.folders[0] / "dossier.pdf")
    assert len(reader.pages) == 4
    texts = [page.extract_text() for page in reader.pages]
    for page, text in zip(reader.pages, texts, strict=True):
        size = (float(page.mediabox.width) / 72 * 25.4, float(page.mediabox.height) / 72 * 25.4)
        assert size == pytest.approx((A3.width, A3.height), abs=0.1)
        assert FIRST in text
        assert "非法定" in text
    assert all("1:" in text for text in texts[:3])
    assert "总体规划图" in texts[0]
    assert "绿地率" in texts[1]
    assert "企业 0001" in texts[3]


def test_the_workbook_has_the_firms_of_the_zone_and_its_blocks(made: Dossiers) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed")
    book = openpyxl.load_workbook(made.folders[0] / "firms.xlsx")
    rows = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows(min_row=5)]
    assert [row[1] for row in rows] == ["企业 0001", "企业 0003", "企业 0002"]
    assert [row[5] for row in rows] == [300, 90, 20]
    assert rows[0][8].startswith("核心起步区")
    assert len(book.worksheets) == 4
    zone = {row[0].value: row[1].value for row in book.worksheets[1].iter_rows(min_row=5)}
    assert zone["城镇空间（公顷） Urban space (ha)"] == pytest.approx(
        straight_area_m2([ZONE])[0] / 2e4, rel=1e-3
    )


def test_the_same_plan_gives_the_same_bytes(plans: tuple[Path, Path], made: Dossiers, tmp_path: Path) -> None:
    again = write_dossiers(plans[1], tmp_path, zones=[FIRST], workers=1)
    digests = [
        {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in one.folders[0].iterdir()}
        for one in (made, again)
    ]
    assert digests[0] == digests[1]


def test_an_extract_is_of_its_zone(full: Order) -> None:
    extract = extract_zone(full, FIRST)
    assert extract.blocks["label"].tolist() == ["01 R2 H24", "02 H60"]
    assert extract.blocks["use_class"].tolist() == ["10", "09"]
    assert extract.blocks["name"].tolist() == ["起步区 01", "起步区 02"]
    assert extract.communities["name"].tolist() == ["甲社区"]
    assert extract.lacking_controls == ["building_density", "green_share"]
    assert extract.neighbours["name"].tolist() == [SECOND, THIRD]
    whole = straight_area_m2([ZONE])[0] / 1e4
    assert sum(extract.spaces.values()) == pytest.approx(whole, rel=1e-6)
    assert extract.spaces["urban"] == pytest.approx(whole / 2, rel=1e-3)
    assert extract.firms is not None
    assert extract.firms["name"].tolist() == ["企业 0001", "企业 0003", "企业 0002"]
    assert [place and place.zh for place in locate_firms(extract)] == ["核心起步区", "核心起步区", "甲社区"]
    with pytest.raises(KeyError):
        extract_zone(full, "无此区")


def lacking(panel: Panel) -> str:
    return "".join(part.text.zh for part in panel.parts if isinstance(part, Remark) and part.lacking)


def facts(panel: Panel) -> dict[str, str]:
    return {part.label.zh: part.value.zh for part in panel.parts if isinstance(part, Fact)}


def test_panels_say_what_there_is_and_what_the_plan_does_not_give(full: Order, bare: Order) -> None:
    styles = read_styles()
    extract = extract_zone(full, FIRST)
    master, control = describe_master(extract, styles), describe_control(extract)
    assert lacking(master) == ""
    assert facts(master)["类别"] == "制造业"
    assert lacking(control) == "规划未给出：建筑密度（%）、绿地率（%）。"
    assert facts(control)["平均容积率（毛）"] == "2.00（1 个有容积率的地块）"
    (grid,) = (part for part in control.parts if isinstance(part, Grid))
    assert [row[0] for row in grid.rows] == ["01", "02"]
    panorama = describe_panorama(extract, with_axes=False)
    assert lacking(panorama) == "图幅内规划未给出轴、带、核。"
    (chart,) = (part for part in panorama.parts if isinstance(part, Bars))
    assert [value for _, value, _ in chart.rows] == [320, 90]
    empty = extract_zone(bare, SECOND)
    assert "规划未给出核心起步区" in lacking(describe_master(empty, styles))
    assert "规划未给出产业社区" in lacking(describe_master(empty, styles))
    assert "无控制指标" in lacking(describe_control(empty))
    assert "规划未给出企业" in lacking(describe_panorama(empty, with_axes=True))
    assert facts(describe_master(empty, styles))["产业生态圈"] == "未给出"


def test_tables_without_firms_say_so(bare: Order, full: Order) -> None:
    table = list_firms(extract_zone(bare, FIRST))
    assert table.rows == ()
    assert "规划未给出企业" in table.notes[0].zh
    assert count_pages(table) == 1
    assert [one.key for one in list_tables(extract_zone(full, FIRST))] == [
        "firms", "zone", "blocks", "communities",
    ]  # fmt: skip
    assert list_firms(extract_zone(full, SECOND)).notes[0].zh == "重点企业 0 家，配套企业 0 家。"


def test_zones_are_found_by_either_name_and_near_names_are_told(full: Order) -> None:
    assert choose_zones(full, []) == [FIRST, SECOND, THIRD]
    assert choose_zones(full, ["West zone", FIRST]) == [FIRST, SECOND]
    assert choose_zones(full, ["02"]) == [SECOND]
    with pytest.raises(PlanError) as caught:
        choose_zones(full, ["西部功能", "不相干", FIRST])
    assert [fault.key for fault in caught.value.faults] == ["西部功能", "不相干"]
    assert SECOND in str(caught.value.faults[0])


def test_all_zones_side_by_side_also_with_odd_names(plans: tuple[Path, Path], tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    made = write_dossiers(
        plans[0], tmp_path, zones=[SECOND, THIRD], language="en", workers=2,
        progress=lambda step, done, total: told.append((done, total)),
    )  # fmt: skip
    assert [folder.name for folder in made.folders] == [f"02_{SECOND}", "03_三_区_ _"]
    assert all((folder / "dossier.pdf").stat().st_size > 10_000 for folder in made.folders)
    assert told[-1][1] == 2


def test_folders_have_names_that_every_system_takes() -> None:
    assert name_folder(7, "..") == "07"
    assert len(name_folder(7, "区" * 300)) < 80
    assert name_folder(1, 'a<b>|"c"\n') == "01_a_b_c_"


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        ("工业用地", "10"),
        ("1001", "10"),
        ("07", "07"),
        ("城镇住宅用地", "07"),
        ("99", ""),
        ("未定", ""),
        ("M1", ""),
    ],
)
def test_uses_have_the_class_of_the_norm(use: str, expected: str) -> None:
    assert find_use_class(use) == expected


def test_a_map_shows_the_place_and_land_round_it(full: Order) -> None:
    west, south, east, north = frame_place(ZONE, full.metric_crs)
    inner = gpd.GeoSeries([ZONE], crs="EPSG:4490").to_crs(full.metric_crs).total_bounds
    assert west < inner[0]
    assert south < inner[1]
    assert east > inner[2]
    assert north > inner[3]
    small = frame_place(shapely.Point(111, 35).buffer(1e-5), full.metric_crs)
    assert small[2] - small[0] > 400
