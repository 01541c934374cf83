"""The book of score cards: a page a zone, texts that can be searched, edge cases, same bytes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pypdf
import pytest
import shapely

from spatial.errors import OutputError
from spatial.outputs.atlas.scorebook import write_scorebook
from spatial.outputs.atlas.scorecards import list_cards
from spatial.outputs.jobs import list_jobs
from spatial.outputs.order import Order
from spatial.outputs.papers.assessment_chapter import list_assessment_tables, tell_kind
from spatial.outputs.papers.plan_tables import list_rules
from spatial.plan.base import Text
from spatial.plan.parts.assessment import Assessment, settle_rules
from spatial.plan.records import Plan
from spatial.plan.rules import read_rules
from spatial.themes.economy import zone_indicators, zone_scores

KINDS = {
    "东园": "manufacturing", "西园": "manufacturing", "南园": "manufacturing", "北园": "manufacturing",
    "商务区": "services", "无类区": "",
}  # fmt: skip
SETS = {
    "manufacturing": [
        {"indicator": "output_per_ha", "weight": 0.6, "target": 15},
        {"indicator": "energy_intensity", "weight": 0.4, "target": 3},
    ],
    "services": [{"indicator": "visits", "weight": 1}],
}
VALUES = [
    ("东园", "output_per_ha", 10), ("东园", "energy_intensity", 4),
    ("西园", "output_per_ha", 20), ("西园", "energy_intensity", 2),
    ("南园", "output_per_ha", 15), ("南园", "energy_intensity", 6),
    ("北园", "energy_intensity", 3), ("商务区", "visits", 700),
]  # fmt: skip


def make_order(names: dict[str, str] | None = None, **plan: Any) -> Order:
    """Return an order with the layers of an assessment of six zones; `names` renames them."""
    names = names or {}
    rows = {
        "id": [f"functional-zone-{at:03d}" for at in range(1, len(KINDS) + 1)],
        "name": [names.get(name, name) for name in KINDS],
        "name_en": [f"Zone {at}" for at in range(1, len(KINDS) + 1)],
        "kind": list(KINDS.values()), "source": "zones", "illustrative": True,
        "ecosystem": "轨道交通", "area_ha": 1234.0,
    }  # fmt: skip
    shapes = [shapely.box(112 + at * 0.05, 35, 112.03 + at * 0.05, 35.02) for at in range(len(KINDS))]
    zones = gpd.GeoDataFrame(rows, geometry=shapes, crs="EPSG:4490")
    spec = Assessment.model_validate({"table": "scores", "sets": SETS})
    rules = settle_rules(spec, read_rules("assessment"))
    table = pd.DataFrame([(names.get(name, name), *rest) for name, *rest in VALUES],
                         columns=["zone", "indicator", "value"])  # fmt: skip
    cells = zone_indicators.assessment_cells(spec, rules, {"scores": table}, zones)
    kinds = zone_scores.kind_scores(spec, rules, cells, zones)
    scores = zone_indicators.assessment_scores(rules, kinds, zones)
    layers = {
        "functional_zones": zones,
        "assessment": zone_scores.assessment(spec, kinds, scores, 2019, zones),
        "assessment_scores": scores,
        "assessment_weights": zone_indicators.assessment_weights(kinds),
    }
    made = (zone_scores.assessment, zone_indicators.assessment_scores, zone_indicators.assessment_weights)
    contracts = {function.__name__: function.__dict__["contract"] for function in made}
    record = {
        "name": "city", "title": {"zh": "测试市规划", "en": "Test City"}, "year": 2035, "date": "2026-05-04",
        "territory": {"adcode": 419001},
    }  # fmt: skip
    return Order(Plan.model_validate(record | plan), layers, contracts, {}, "EPSG:4546")


def read_pages(path: Path) -> list[str]:
    return ["".join(page.extract_text().split()) for page in pypdf.PdfReader(path).pages]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "assessment.pdf"
    assert write_scorebook(make_order(), path) == []
    return path


@pytest.fixture(scope="module")
def pages(book: Path) -> list[str]:
    return read_pages(book)


def test_each_zone_has_its_page_after_the_overview(pages: list[str]) -> None:
    assert len(pages) == 1 + len(KINDS)
    # Kinds in their order, within a kind by rank, those without a rank at its end.
    cards = list_cards(make_order())
    assert [card.name.zh for card in cards] == ["西园", "南园", "东园", "北园", "商务区", "无类区"]
    for card, page in zip(cards, pages[1:], strict=True):
        assert card.name.zh in page
        assert card.name.en.replace(" ", "") in page
        assert card.name.zh in pages[0]


def test_a_page_tells_score_rank_indicators_and_what_pulls_down(pages: list[str]) -> None:
    page = pages[2]
    card = list_cards(make_order())[1]
    assert f"{card.numbers['score']:.1f}" in page
    assert "2/3" in page
    assert "地均产值（万元/公顷）" in page
    heaviest = card.pulls[0]
    assert f"1.{heaviest.name.zh}" in page
    assert f"占与最优差距的{heaviest.drag:.0%}" in page
    assert "1234" not in page
    assert "12.3平方公里" in page
    assert "(2019)" in page
    best = pages[1]
    assert "各项指标均为同类最优" in best
    assert "100.0" in best


def test_zones_without_a_rank_say_why(pages: list[str]) -> None:
    lacking, alone, kindless = pages[4:7]
    assert "缺失指标的权重占60%" in lacking
    assert "地均产值" in lacking
    assert "不足两个" in alone
    assert "700" in alone
    assert "没有类别" in kindless


@pytest.mark.parametrize("language", ["zh", "en"])
def test_one_language_leaves_the_other_out(tmp_path: Path, language: str) -> None:
    write_scorebook(make_order(language=language), tmp_path / "a.pdf")
    text = "".join(read_pages(tmp_path / "a.pdf"))
    assert ("Whatpullsitdown" in text) == (language == "en")
    assert ("主要拉低因素" in text) == (language == "zh")
    assert ("地均产值" in text) == (language == "zh")


def test_the_same_order_gives_the_same_bytes(tmp_path: Path, book: Path) -> None:
    write_scorebook(make_order(), tmp_path / "again.pdf")
    assert (tmp_path / "again.pdf").read_bytes() == book.read_bytes()


def test_long_names_fit_and_names_no_font_has_are_refused(tmp_path: Path) -> None:
    write_scorebook(make_order({"东园": "很长的名称" * 30 + "$a_b^c$<b>&"}), tmp_path / "a.pdf")
    assert len(read_pages(tmp_path / "a.pdf")) == 7
    with pytest.raises(OutputError, match=r"U\+1F600"):
        write_scorebook(make_order({"东园": "园\U0001f600"}), tmp_path / "b.pdf")
    assert not (tmp_path / "b.pdf").exists()


def test_without_an_assessment_there_is_no_book(tmp_path: Path) -> None:
    order = make_order()
    bare = Order(order.plan, {"functional_zones": order.layers["functional_zones"]}, {}, {}, "EPSG:4546")
    assert list_cards(bare) == []
    with pytest.raises(OutputError, match="no assessment"):
        write_scorebook(bare, tmp_path / "a.pdf")
    wanted = [path for job in list_jobs(order, ("atlas",), whole=True) for path in job.paths]
    assert "考核/assessment.pdf" in wanted
    paths = [path for job in list_jobs(bare, ("atlas",), whole=True) for path in job.paths]
    assert not any("assessment.pdf" in path for path in paths)


def test_tables_go_by_kind_and_rank() -> None:
    tables = {table.key: table for table in list_assessment_tables(make_order())}
    assert list(tables) == ["assessment", "assessment_scores", "assessment_weights"]
    names = [row[0].zh for row in tables["assessment"].rows if isinstance(row[0], Text)]
    assert names == ["西园", "南园", "东园", "北园", "商务区", "无类区"]
    weights = {head.title.zh: head.form for head in tables["assessment_weights"].heads}
    assert weights["专家权重"] == "share"


def test_a_kind_in_one_sentence() -> None:
    zones = make_order().layers["assessment"]
    told = tell_kind(Text(zh="制造业", en="Manufacturing"), zones[zones["kind"] == "manufacturing"])
    assert told.zh.startswith("制造业类功能区 4 个，参评 3 个；前列依次为西园（100.0 分）、南园")
    assert "4 zones, 3 ranked; Zone 2 (100.0), Zone 3" in told.en


def test_the_rules_are_those_that_zones_are_scored_by() -> None:
    order = make_order(assessment={"table": "scores", "sets": SETS, "rules": {"stability.runs": 500}},
                       sources={"scores": {"file": "scores.csv"}})  # fmt: skip
    order = replace(order, provenance={"rules.assessment": "2026-11"})
    rows = {rule.key: rule for name, rule in list_rules(order) if name == "assessment"}
    assert (rows["stability.runs"].value, rows["stability.runs"].confidence) == (500, "given")
    assert {key for key in rows if key.startswith("indicator.")} == {
        "indicator.output_per_ha", "indicator.energy_intensity", "indicator.visits"
    }  # fmt: skip
    assert not any(key.startswith(("unit.", "services.", "manufacturing.", "farming.")) for key in rows)
