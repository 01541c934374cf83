"""Charts of indicators: drawn where there is something to compare, the same bytes each time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from spatial.errors import OutputError
from spatial.outputs.atlas.trendcharts import MOST_CHARTS, save_trend_charts
from spatial.outputs.order import Order
from spatial.plan.records import Plan, Territory


def make_order(rows: list[tuple[str, int, str, float]]) -> Order:
    frame = pd.DataFrame(rows, columns=["indicator", "year", "kind", "value"])
    frame = frame.assign(name=frame["indicator"], name_en=frame["indicator"], of="", unit="%", unit_en="%")
    frame["relation"] = frame["kind"].map({"target": ">="}).fillna("")
    plan = Plan(name="p", title="规划", year=2025, territory=Territory(adcode=419001))
    return Order(plan, {"indicator_years": frame}, {}, {}, "EPSG:4546")


def series(name: str) -> list[tuple[str, int, str, float]]:
    return [(name, 2018, "actual", 60.0), (name, 2020, "actual", 64.0), (name, 2030, "target", 80.0),
            (name, 2020, "linear", 64.0), (name, 2030, "linear", 84.0)]  # fmt: skip


def test_the_same_bytes_each_time_and_a_row_of_charts_for_every_three(tmp_path: Path) -> None:
    order = make_order([row for name in ("城镇化率", "b", "c", "d") for row in series(name)])
    first, second = tmp_path / "a.png", tmp_path / "b.png"
    assert save_trend_charts(order, first)
    assert save_trend_charts(order, second)
    assert first.read_bytes() == second.read_bytes()
    few = make_order(series("a"))
    save_trend_charts(few, second)
    with Image.open(first) as four, Image.open(second) as one:
        assert four.width == pytest.approx(one.width, abs=1)
        assert four.height > 1.7 * one.height
        assert len(set(four.convert("RGB").resize((60, 40)).get_flattened_data())) > 5


def test_most_charts_and_every_language(tmp_path: Path) -> None:
    order = make_order([row for number in range(MOST_CHARTS + 4) for row in series(f"n{number}")])
    for language in ("zh", "en", "both"):
        assert save_trend_charts(replace(order, language=language), tmp_path / f"{language}.png")  # type: ignore[arg-type]


def test_nothing_is_drawn_without_values_and_targets(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    assert not save_trend_charts(make_order([("a", 2018, "actual", 60.0)]), path)
    assert not save_trend_charts(make_order([]), path)
    assert not save_trend_charts(replace(make_order([]), layers={}), path)
    assert not path.exists()


def test_a_sign_that_no_font_has_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"no font at hand has the character"):
        save_trend_charts(make_order(series("a\U0001f9ff")), tmp_path / "a.png")
