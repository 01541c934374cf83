"""How a build shows itself in a notebook: the map works in its frame, and users' words stay words."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from spatial.errors import OutputError
from spatial.outputs.notebook import TableView, show_table
from spatial.plan.base import Text
from spatial.plan.contract import Column, Contract
from spatial.results import Build

if TYPE_CHECKING:
    from .conftest import Visit

HOSTILE = "<script>alert(1)</script>"


class Cells(HTMLParser):
    """The texts of a table's cells, and the tags that were opened."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip()


def test_the_summary_lists_every_layer_and_counts_findings(jiyuan: Build) -> None:
    page = jiyuan._repr_html_()
    rows = {row[0]: row for row in Cells(page).rows[1:]}
    assert list(rows) == list(jiyuan.layers)
    for name, frame in jiyuan.layers.items():
        assert rows[name][3] == f"{len(frame):,}"
    assert "commuting" in rows["job_balance"][4]
    warnings = int((jiyuan.findings["severity"] == "warning").sum())
    assert f"{warnings} 警告 warnings" in page


def test_a_table_has_heads_and_codes_in_words(jiyuan: Build) -> None:
    chinese, english = jiyuan.table("promises", language="zh"), jiyuan.table("promises", language="en")
    assert (chinese.title, english.title) == ("承诺结论", "Promises")
    assert "geometry" not in english.frame
    verdicts = {"kept": "兑现", "broken": "未兑现", "undecidable": "无法判定", "info": "参考"}
    coded = jiyuan.layers["promises"]["verdict"]
    head = jiyuan.contracts["promises"].columns["verdict"]
    assert list(chinese.frame[head.zh]) == [verdicts[code] for code in coded]
    assert len(english) == len(coded)
    assert list(english.frame[jiyuan.contracts["promises"].columns["share"].en]) == list(
        jiyuan.layers["promises"]["share"]
    )


def test_every_layer_can_be_shown_as_a_table(jiyuan: Build) -> None:
    for name in jiyuan.layers:
        view = jiyuan.table(name, language="both")
        assert view.frame.columns.is_unique
        assert len(view) == len(jiyuan.layers[name])
        assert view.title in view._repr_html_()


def test_words_of_users_are_escaped_and_long_tables_say_so(jiyuan: Build) -> None:
    contract = Contract(HOSTILE, HOSTILE, "none", {"value": Column("number", HOSTILE, HOSTILE)})
    layers = {"t": pd.DataFrame({"id": ["a"] * 100, "name": [HOSTILE] * 100, "value": [1234.5] * 100})}
    page = show_table("t", layers, {"t": contract}, "both")._repr_html_()
    cells = Cells(page)
    assert not cells.tags & {"script"}
    assert HOSTILE in cells.rows[1]
    assert cells.rows[1][2] == "1,234.50"
    assert "+40" in page
    hostile = replace(jiyuan, plan=jiyuan.plan.model_copy(update={"title": Text(zh=HOSTILE)}))
    assert "script" not in Cells(hostile._repr_html_()).tags
    with pytest.raises(OutputError, match="there is no such layer"):
        jiyuan.table("zone")


def test_shares_and_areas_have_decimals_that_fit() -> None:
    frame = pd.DataFrame({"share": [0.61234, 1.0, None], "area": [1.0, 12345.678, None]})
    assert [row[0] for row in Cells(TableView("t", frame)._repr_html_()).rows[1:]] == ["0.6123", "1.0000", ""]
    assert [row[1] for row in Cells(TableView("t", frame)._repr_html_()).rows[1:]] == [
        "1.00",
        "12,345.68",
        "",
    ]


def test_the_map_is_that_of_the_folder_and_can_be_saved(jiyuan: Build, tmp_path: Path) -> None:
    view = jiyuan.map()
    made = next(path for path in jiyuan.files if path.name == "map.html")
    assert view.page == made.read_text(encoding="utf-8")
    assert view.save(tmp_path / "a" / "map.html").read_bytes() == made.read_bytes()


def test_the_map_works_in_its_frame_without_an_origin(
    jiyuan: Build, tmp_path: Path, visit: Callable[..., Visit]
) -> None:
    page = tmp_path / "notebook.html"
    shown = jiyuan.map(language="en")._repr_html_()
    page.write_text(f"<!doctype html><meta charset=utf-8>{shown}", encoding="utf-8")
    tab = visit(page, until="iframe").page
    frame = tab.frames[1]
    drawn = ".leaflet-plan-zones-pane path, .leaflet-plan-zones-pane canvas"
    frame.wait_for_selector(drawn, state="attached")
    assert "Jiyuan" in frame.inner_text("body")
    alone = "(() => { try { return !parent.document } catch { return true } })()"
    assert frame.evaluate(alone) is True


def test_the_map_says_what_a_user_should_know(jiyuan: Build) -> None:
    outputs = jiyuan.plan.outputs.model_copy(update={"basemap": "gaode"})
    view = replace(jiyuan, plan=jiyuan.plan.model_copy(update={"outputs": outputs})).map(height=300)
    assert any("GCJ-02" in note for note in view.notes)
    shown = view._repr_html_()
    assert "height:300px" in shown
    assert shown.rstrip().endswith("</p>")


def test_notebooks_show_the_build_the_map_and_tables() -> None:
    book = json.loads(
        (Path(__file__).parents[2] / "notebooks" / "01_first_plan.ipynb").read_text(encoding="utf-8")
    )
    code = "\n".join("".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code")
    assert "build.map(" in code
    assert "build.table(" in code
