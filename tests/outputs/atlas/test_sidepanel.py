"""Panels beside a map: no text leaves its width, heights add up, and what has no room is told."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("matplotlib", reason="matplotlib is not installed: extra atlas")

from spatial.outputs.atlas.fonts import measure_text
from spatial.outputs.atlas.ink import Ink
from spatial.outputs.atlas.marginalia import Tongue
from spatial.outputs.atlas.paper import A3, Box
from spatial.outputs.atlas.sheetpage import open_paper, paper_settings
from spatial.outputs.atlas.sidepanel import (
    Bars,
    Fact,
    Grid,
    Panel,
    Remark,
    _Setter,
    draw_panel,
    measure_panel,
)
from spatial.plan.base import Text

words = st.text(alphabet="产业功能区 abc-（1）、", min_size=1, max_size=80).filter(str.strip)
texts = st.builds(lambda zh, en: Text(zh=zh, en=en), words, words)
facts = st.builds(Fact, texts, texts)
remarks = st.builds(Remark, texts, st.booleans())
bars = st.builds(
    lambda title, rows: Bars(title, tuple(rows)),
    texts,
    st.lists(st.tuples(texts, st.floats(0, 1e6), st.just("12 · 3,456")), max_size=5),
)
grids = st.builds(
    lambda rows: Grid((Text(zh="号"), Text(zh="容积率")), tuple(rows), (0.4, 0.6)),
    st.lists(st.tuples(words, words), max_size=4),
)
panels = st.builds(
    lambda title, parts: Panel(title, tuple(parts)),
    texts,
    st.lists(facts | remarks | bars | grids, max_size=5),
)


@settings(max_examples=60, deadline=None)
@given(panels, st.sampled_from(["zh", "en", "both"]), st.floats(40, 90))
def test_nothing_leaves_the_panel(panel: Panel, language: str, width: float) -> None:
    lines = _Setter(width, 7.5, Tongue(language)).set_panel(panel)
    assert measure_panel(panel, width, 7.5, Tongue(language)) == pytest.approx(
        sum(line.height for line in lines) + 1.0
    )
    for line in lines:
        assert line.height > 0
        if line.bar is not None:
            assert 0 <= line.bar[0] <= line.bar[1] <= width + 1e-9
        for piece in line.pieces:
            wide = measure_text(piece.text, piece.pen.size)
            left = piece.x - {"left": 0.0, "center": wide / 2, "right": wide}[piece.align]
            # A single character is never shortened further, whatever the width.
            assert left >= -0.6 or len(piece.text) == 1
            assert left + wide <= width + 0.6 or len(piece.text) == 1


def test_bars_are_as_long_as_their_values() -> None:
    rows = tuple((Text(zh=f"行业{value}"), float(value), str(value)) for value in (100, 50, 0))
    setter = _Setter(80.0, 7.5, Tongue("zh"))
    lines = setter.set_panel(Panel(Text(zh="一"), (Bars(Text(zh="二"), rows),)))
    lengths = [line.bar[1] - line.bar[0] for line in lines if line.bar]
    assert lengths == pytest.approx([lengths[0], lengths[0] / 2, 0.0])


def test_lines_without_room_are_counted() -> None:
    panel = Panel(Text(zh="标题"), tuple(Fact(Text(zh=f"项{at}"), Text(zh="值")) for at in range(20)))
    with paper_settings():
        _, axes = open_paper(A3)
        whole = measure_panel(panel, 60.0, 7.5, Tongue("zh"))
        assert draw_panel(Ink(axes, 1.0), panel, Box(0, 0, 60, whole), 7.5, Tongue("zh")) == 0
        before = len(axes.texts)
        left = draw_panel(Ink(axes, 1.0), panel, Box(0, 0, 60, whole / 2), 7.5, Tongue("zh"))
    shown = [text.get_text() for text in axes.texts[before:]]
    assert left > 0
    assert shown[-1] == f"另有 {left} 行，见附表"
    assert sum(text == "值" for text in shown) == 20 - left
