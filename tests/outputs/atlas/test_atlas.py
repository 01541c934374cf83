"""The atlas as files: pages, text that can be searched, fonts, same bytes, bad input, references."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import matplotlib
import numpy as np
import numpy.typing as npt
import pandas as pd
import pypdf
import pytest
import shapely
from PIL import Image

from spatial.errors import OutputError
from spatial.outputs.atlas.book import draw_sheet, save_picture, write_atlas
from spatial.outputs.atlas.fonts import list_faces
from spatial.outputs.atlas.sheets import list_sheets
from spatial.outputs.order import Order
from spatial.plan.findings import STORED_CRS
from spatial.plan.records import Plan
from spatial.plan.styles import UNSTYLED, read_styles

if TYPE_CHECKING:
    from spatial.results import Build

REFERENCES = Path(__file__).parent / "references"
REFERENCE_DPI = 40
MM_PER_POINT = 25.4 / 72


def make_order(layers: dict[str, pd.DataFrame], *, metric_crs: str = "EPSG:4546", **plan: Any) -> Order:
    record = {
        "name": "city",
        "title": {"zh": "测试市国土空间总体规划", "en": "Test City Territorial Plan"},
        "year": 2035,
        "period": "2021–2035",
        "date": "2026-05-04",
        "language": "zh",
        "territory": {"adcode": 419001, "name": {"zh": "测试市", "en": "Test City"}},
    }
    return Order(Plan.model_validate(record | plan), layers, {}, {}, metric_crs)


def order_of(build: Build) -> Order:
    return Order(build.plan, build.layers, build.contracts, build.provenance, build.metric_crs)


def make_towns(names: list[str]) -> gpd.GeoDataFrame:
    rows = [{"id": f"town-{at}", "name": name} for at, name in enumerate(names)]
    points = [shapely.Point(112.2 + 0.03 * at, 35.1) for at in range(len(names))]
    return gpd.GeoDataFrame(rows, geometry=points, crs=STORED_CRS)


def make_land(shape: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame([{"id": "territory", "name": "测试市"}], geometry=[shape], crs=STORED_CRS)


def read_text(path: Path) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(path).pages]


@pytest.fixture(scope="module")
def atlas(jiyuan: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The atlas of Jiyuan, three of its pages."""
    path = tmp_path_factory.mktemp("atlas") / "atlas.pdf"
    write_atlas(order_of(jiyuan), path, styles=keep("structure", "zones", "promises"))
    return path


def measure_picture(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


def read_greys(path: Path) -> npt.NDArray[np.float64]:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("L"), dtype=float)


def keep(*names: str) -> Any:
    """Return the shipped styles in which other sheets need what no plan has."""
    styles = read_styles()
    sheets = {
        name: sheet if name in names else sheet.model_copy(update={"needs": ("nothing",)})
        for name, sheet in styles.sheets.items()
    }
    return styles.model_copy(update={"sheets": sheets})


def test_every_sheet_that_the_plan_built_is_a_page(jiyuan: Build) -> None:
    names = [sheet.name for sheet in list_sheets(order_of(jiyuan))]
    built = ["territory", "structure", "zones", "lines", "conflicts", "circles", "circles_beside", "promises"]
    assert [name for name in names if name in built] == built
    assert names[:5] == built[:5]
    assert "life_circles" in names
    assert "job_balance" not in names  # the plan says nothing of commuting
    assert {"gaps", "connections"} <= set(names)


def test_pages_are_a3_and_can_be_searched(atlas: Path, jiyuan: Build) -> None:
    pages = pypdf.PdfReader(atlas).pages
    assert len(pages) == 3
    for page in pages:
        size = [float(page.mediabox.width) * MM_PER_POINT, float(page.mediabox.height) * MM_PER_POINT]
        assert size == pytest.approx([420.0, 297.0], abs=0.01)
    structure, zones, promises = read_text(atlas)
    for name in [
        *jiyuan.layers["cores"]["name"],
        *jiyuan.layers["belts"]["name"],
        *jiyuan.layers["points"]["name"],
    ]:
        assert name in structure
    for text in (
        "济源市国土空间总体格局图",
        "Jiyuan: Territorial spatial structure",
        "1:250 000",
        "图例",
        "CGCS2000",
    ):
        assert text in structure
    for text in (
        "轵城镇",
        "生态空间",
        "Ecological space",
        "规划期限",
        "审图号",
        "待审",
        "示意图",
        "中央经线 111°E",
    ):
        assert text in zones
    assert "未兑现 broken" in promises


def test_areas_in_the_legend_are_those_of_the_balance(atlas: Path, jiyuan: Build) -> None:
    balance = jiyuan.layers["zone_balance"].set_index("key")
    zones = read_text(atlas)[1]
    for key in ("ecology", "farming", "urban"):
        area = f"{balance.loc[key, 'area_ha'] / 100:,.1f}".replace(",", " ")
        assert f"{area} km² · {100 * balance.loc[key, 'share']:.1f}%" in zones


def test_fonts_are_embedded_and_cut_to_what_is_used(atlas: Path) -> None:
    fonts = {}
    for page in pypdf.PdfReader(atlas).pages:
        for font in page["/Resources"]["/Font"].values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()
            fonts[inner["/BaseFont"]] = inner["/FontDescriptor"].get_object()
    assert fonts
    for name, descriptor in fonts.items():
        assert "+" in name
        assert "/FontFile2" in descriptor
    assert atlas.stat().st_size < 10_000_000


def test_pictures_stand_beside_and_old_ones_go(city: Any, tmp_path: Path) -> None:
    order = make_order(city.layers)
    stale, other = tmp_path / "atlas_07_gone.png", tmp_path / "atlas_mine.png"
    for file in (stale, other):
        file.write_bytes(b"")
    write_atlas(order, tmp_path / "atlas.pdf", styles=keep("territory", "zones"))
    names = sorted(file.name for file in tmp_path.iterdir())
    assert names == ["atlas.pdf", "atlas_01_territory.png", "atlas_02_zones.png", "atlas_mine.png"]
    assert measure_picture(tmp_path / "atlas_02_zones.png") == (2480, 1753)


def test_same_inputs_same_bytes_whatever_the_user_has_set(city: Any, tmp_path: Path) -> None:
    order = make_order(city.layers, language="both")
    styles = keep("structure")
    write_atlas(order, tmp_path / "one" / "atlas.pdf", styles=styles)
    with matplotlib.rc_context(
        {"font.size": 30, "axes.facecolor": "red", "pdf.fonttype": 3, "path.simplify": True}
    ):
        write_atlas(order, tmp_path / "two" / "atlas.pdf", styles=styles)
    for file in sorted((tmp_path / "one").iterdir()):
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name


def test_no_clock_is_in_the_file(atlas: Path) -> None:
    metadata = pypdf.PdfReader(atlas).metadata
    assert metadata is not None
    assert "/CreationDate" not in metadata
    assert "/ModDate" not in metadata


def test_missing_characters_are_all_told_and_nothing_is_written(city: Any, tmp_path: Path) -> None:
    city.layers["towns"] = make_towns(["平安镇", "🏔️峰镇", "ئۈرۈمچى", "轵城镇"])
    with pytest.raises(OutputError) as caught:
        write_atlas(make_order(city.layers), tmp_path / "atlas.pdf", styles=keep("territory"))
    told = [str(fault) for fault in caught.value.faults]
    assert len(told) == 2
    assert "towns" in told[0]
    assert "U+1F3D4" in told[0]
    assert "U+0626" in told[1]
    assert list(tmp_path.iterdir()) == []


def test_long_and_hostile_names_stay_text_within_the_frame(city: Any, tmp_path: Path) -> None:
    city.layers["towns"] = make_towns(["长" * 200, r"$\frac{1}{2}$", "<b>&amp;", "W" * 200, "a\nb\u200bc"])
    order = make_order(city.layers, title={"zh": "题" * 200, "en": "T " * 100})
    write_atlas(order, tmp_path / "atlas.pdf", styles=keep("territory"))
    (text,) = read_text(tmp_path / "atlas.pdf")
    for shown in (r"$\frac{1}{2}$", "<b>&amp;", "a bc", "…"):
        assert shown in text


def test_a_plan_in_english_shows_no_chinese_of_ours(city: Any, tmp_path: Path) -> None:
    english = {
        name: frame.assign(name=frame["name_en"]) if "name_en" in frame else frame
        for name, frame in city.layers.items()
        if name not in ("findings", "zone_balance")
    }
    english["towns"] = english["towns"].iloc[:3]
    order = make_order(
        english,
        language="en",
        title={"en": "Test City Territorial Plan"},
        territory={"adcode": 419001, "name": {"en": "Test City"}},
    )
    write_atlas(order, tmp_path / "atlas.pdf", styles=keep("structure", "zones"))
    for text in read_text(tmp_path / "atlas.pdf"):
        assert "Test City" in text
        assert not [char for char in text if "\u3400" <= char <= "\u9fff"]


def test_one_feature_makes_a_page_and_empty_layers_none(city: Any, tmp_path: Path) -> None:
    layers = {
        "territory": make_land(shapely.box(112, 35, 112.5, 35.5)),
        "zones": city.layers["zones"].head(0),
        "conflicts": city.layers["zones"].head(0),
    }
    write_atlas(make_order(layers), tmp_path / "atlas.pdf")
    (text,) = read_text(tmp_path / "atlas.pdf")
    assert "规划范围" in text
    assert "生态空间" not in text
    only = make_order({"towns": make_towns(["独镇"])})
    style = keep("territory").sheets["territory"].model_copy(update={"needs": ("towns",)})
    styles = read_styles().model_copy(update={"sheets": {"territory": style}})
    write_atlas(only, tmp_path / "point.pdf", styles=styles)
    assert "独镇" in read_text(tmp_path / "point.pdf")[0]


def test_without_matplotlib_the_remedy_is_told(
    city: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for write in (write_atlas, lambda order, path: save_picture(order, "zones", path)):
        with pytest.raises(OutputError, match=r"matplotlib is not installed; pip install .*\[atlas\]"):
            write(make_order(city.layers), tmp_path / "atlas.pdf")


@pytest.mark.parametrize(
    ("method", "word"), [("buffer", "计算方法：直线距离"), ("network", "计算方法：路网")]
)
def test_the_legend_says_how_circles_were_measured(city: Any, tmp_path: Path, method: str, word: str) -> None:
    """A circle of straight lines must not pass for one along roads."""
    city.layers["commute_circles"] = city.layers["commute_circles"].assign(method=method)
    write_atlas(make_order(city.layers), tmp_path / "atlas.pdf", styles=keep("circles"))
    (text,) = read_text(tmp_path / "atlas.pdf")
    assert word in text


def test_nothing_to_draw_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no layer with anything to draw"):
        write_atlas(make_order({"towns": make_towns(["镇"]).head(0)}), tmp_path / "atlas.pdf")


def test_an_approved_map_bears_its_number_and_no_mark(city: Any, tmp_path: Path) -> None:
    outputs = {
        "approval_number": "豫S〔2026〕001号",
        "compiler": {"zh": "测试规划院", "en": "Test Institute"},
    }
    write_atlas(make_order(city.layers, outputs=outputs), tmp_path / "atlas.pdf", styles=keep("zones"))
    (text,) = read_text(tmp_path / "atlas.pdf")
    for shown in ("豫S〔2026〕001号", "测试规划院", "2026-05-04", "2021–2035"):
        assert shown in text
    assert "示意图" not in text


def test_a_character_that_only_the_other_font_has_is_drawn(city: Any, tmp_path: Path) -> None:
    faces = list_faces()
    if len(faces) < 2:
        pytest.skip("only one Chinese font is installed")
    rare = next(
        chr(code)
        for code in range(0x20000, 0x2A6D6)
        if not faces[1].lacks(chr(code)) and faces[0].lacks(chr(code))
    )
    city.layers["towns"] = make_towns([f"{rare}镇"])
    write_atlas(make_order(city.layers), tmp_path / "atlas.pdf", styles=keep("territory"))
    assert f"{rare}镇" in read_text(tmp_path / "atlas.pdf")[0]


def test_classes_without_a_style_are_told_and_drawn_as_a_warning(city: Any, tmp_path: Path) -> None:
    zones = city.layers["zones"].copy()
    zones["zone"] = ["ecology", "moon", None]
    notes = write_atlas(
        make_order({**city.layers, "zones": zones}), tmp_path / "atlas.pdf", styles=keep("zones")
    )
    assert any("moon" in note for note in notes)
    (text,) = read_text(tmp_path / "atlas.pdf")
    assert f"{read_styles().unstyled.label.zh}：" in text
    assert "moon" in text
    assert UNSTYLED not in text


def test_a_layer_that_no_sheet_names_gets_one(city: Any) -> None:
    layers = {**city.layers, "suitability": city.layers["zones"], "promises": pd.DataFrame({"id": []})}
    sheets = {sheet.name: sheet for sheet in list_sheets(make_order(layers))}
    assert "suitability" in sheets
    assert "territory" in sheets["suitability"].style.layers
    assert [sheet.number for sheet in sheets.values()] == list(range(1, len(sheets) + 1))


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_pictures_for_reports_are_as_wide_as_asked(city: Any, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"zones.{ending}"
    save_picture(make_order(city.layers), "zones", path, width_mm=150.0, dpi=254)
    if ending == "png":
        assert measure_picture(path)[0] == 1500
        with Image.open(path) as picture:
            assert picture.mode == "P", "true colours make reports thrice as large"
            assert picture.convert("RGB").getpixel((0, picture.height - 1)) == (255, 255, 255)
            assert picture.info["Software"] == "spatial-planning-toolkit"
            assert picture.info["dpi"] == pytest.approx((254, 254), abs=0.1)
    elif ending == "pdf":
        assert float(pypdf.PdfReader(path).pages[0].mediabox.width) * MM_PER_POINT == pytest.approx(
            150, abs=0.01
        )
    else:
        assert "生态空间" in path.read_text(encoding="utf-8")
    first = path.read_bytes()
    save_picture(make_order(city.layers), "zones", path, width_mm=150.0, dpi=254)
    assert path.read_bytes() == first


def test_pictures_that_cannot_be_are_refused(city: Any, tmp_path: Path) -> None:
    order = make_order(city.layers)
    with pytest.raises(OutputError, match=r"no such sheet.*territory"):
        save_picture(order, "moon", tmp_path / "a.png")
    with pytest.raises(OutputError, match="width"):
        save_picture(order, "zones", tmp_path / "a.png", width_mm=3.0)
    with pytest.raises(OutputError, match="no format"):
        save_picture(order, "zones", tmp_path / "a.docx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["structure", "zones"])
def test_pages_look_as_approved(jiyuan: Build, tmp_path: Path, name: str) -> None:
    """Approved by eye; make them anew by saving the page at 40 dots per inch in 64 greys."""
    order = order_of(jiyuan)
    sheet = next(sheet for sheet in list_sheets(order) if sheet.name == name)
    draw_sheet(order, sheet, language="both").savefig(tmp_path / "page.png", dpi=REFERENCE_DPI)
    drawn = read_greys(tmp_path / "page.png")
    approved = read_greys(REFERENCES / f"atlas_{name}.png")
    assert drawn.shape == approved.shape
    difference = np.abs(drawn - approved)
    assert difference.mean() < 2.0
    assert (difference > 60).mean() < 0.01
