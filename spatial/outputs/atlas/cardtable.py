"""Indicators on a score card: one row each with a bar, and what pulls the zone down in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spatial.outputs.atlas.cardcanvas import BAD, GOOD, GREY, INK, LEFT, RIGHT, RULE, Canvas, write_amount
from spatial.outputs.atlas.ink import draw_line, draw_shape
from spatial.outputs.atlas.paper import Box
from spatial.outputs.atlas.scorecards import Card, Line
from spatial.outputs.papers.words import TARGETS
from spatial.plan.base import Text
from spatial.plan.styles import ClassStyle

_TABLE = Box(LEFT, 70.0, RIGHT, 135.0)
_ROW_MM, _HEAD_MM, _CLOSE_MM = 8.4, 8.6, 6.2
"""Rows closer than the last have no room for two languages."""
_COLUMNS = (0.0, 48.0, 67.0, 86.0, 105.0, 141.0, 154.0, 167.0)
"""Left edges of the columns of the table, from its own left edge."""
_PULLS = 3


def draw_table(canvas: Canvas, card: Card, rule: ClassStyle) -> None:
    """Draw one row an indicator: value, target, whether reached, bar, place, weight, share of the gap."""
    box, edges = _TABLE, [_TABLE.left + edge for edge in (*_COLUMNS, _TABLE.width)]
    heads = (
        Text(zh="指标（单位）", en="Indicator (unit)"), Text(zh="数值", en="Value"),
        Text(zh="目标", en="Target"), Text(zh="达标", en="Reached"),
        Text(zh="标准化值（竖线中位）", en="Normalised; mark: median"),
        Text(zh="位次", en="Place"), Text(zh="权重", en="Weight"), Text(zh="差距份额", en="Gap"),
    )  # fmt: skip
    for at, head in enumerate(heads):
        last = at in (1, 2, 5, 6, 7)
        x = edges[at + 1] - 1.5 if last else edges[at]
        room = edges[at + 1] - edges[at] - 1.5
        x += 4.0 if at == 3 else 0.0
        canvas.put_lines((x, box.top - 2.2), head, 8.0, room, align="right" if last else "left")
    draw_line(canvas.ink, [(box.left, box.top - _HEAD_MM), (box.right, box.top - _HEAD_MM)], INK, 0.7)
    step = min(_ROW_MM, (box.height - _HEAD_MM) / max(1, len(card.lines)))
    for at, line in enumerate(card.lines):
        y = box.top - _HEAD_MM - step * (at + 0.5)
        _draw_row(canvas, line, (y, step), edges, rule)
        foot = y - step / 2
        draw_line(canvas.ink, [(box.left, foot), (box.right, foot)], RULE, 0.3)


def _draw_row(
    canvas: Canvas, line: Line, where: tuple[float, float], edges: Sequence[float], rule: ClassStyle
) -> None:
    y, step = where
    size = min(8.5, step * (1.3 if step < _CLOSE_MM else 1.02))
    named = Text(zh=f"{line.name.zh}（{line.unit.zh}）", en=f"{line.name.en} ({line.unit.en})")
    texts = canvas.tongue.lines(named)
    lift = size * 0.2 if len(texts) > 1 else 0.0
    if step < _CLOSE_MM:
        canvas.put((edges[0], y), texts[0], size, edges[1] - edges[0] - 1.5)
    else:
        canvas.put_lines((edges[0], y + lift), named, size, edges[1] - edges[0] - 1.5)
    place = "—" if np.isnan(line.place) else f"{line.place:.0f}/{line.known}"
    cells = ((1, write_amount(line.value)), (2, write_amount(line.target)), (5, place),
             (6, f"{line.weight:.1%}"), (7, "—" if np.isnan(line.drag) else f"{line.drag:.0%}"))  # fmt: skip
    for at, text in cells:
        canvas.put((edges[at + 1] - 1.5, y), text, size, edges[at + 1] - edges[at] - 2.0, align="right")
    word = TARGETS.get(line.reached, Text(zh=line.reached))
    colour = {"yes": GOOD, "no": BAD}.get(line.reached, GREY)
    said = canvas.tongue.lines(word)[0]
    canvas.put((edges[3] + 4.0, y), said, size * 0.95, edges[4] - edges[3] - 5.5, colour=colour)
    _draw_bar(canvas, line, Box(edges[4], y - 1.5, edges[5] - 4.0, y + 1.5), rule)


def _draw_bar(canvas: Canvas, line: Line, box: Box, rule: ClassStyle) -> None:
    draw_shape(canvas.ink, box.polygon, fc="#eef1f3", ec="none", lw=0)
    if np.isnan(line.normalised):
        text = canvas.tongue.line("缺数据", "no value", " ") if np.isnan(line.value) else "—"
        canvas.put((box.left + 1.0, (box.bottom + box.top) / 2), text, 6.8, box.width - 2.0, colour=GREY)
        return
    bar = Box(box.left, box.bottom, box.left + box.width * max(line.normalised, 0.004), box.top)
    draw_shape(canvas.ink.above(0.1), bar.polygon, fc=rule.stroke or INK, ec="none", lw=0)
    if np.isfinite(line.middle):
        x = box.left + box.width * line.middle
        draw_line(canvas.ink.above(0.2), [(x, box.bottom - 0.9), (x, box.top + 0.9)], "#ffffff", 1.8)
        draw_line(canvas.ink.above(0.3), [(x, box.bottom - 0.9), (x, box.top + 0.9)], INK, 0.8)


def draw_pulls(canvas: Canvas, card: Card) -> None:
    """Say what pulls the zone down most, in words."""
    if not card.scored:
        return
    y = (
        _TABLE.top
        - _HEAD_MM
        - len(card.lines) * min(_ROW_MM, (_TABLE.height - _HEAD_MM) / max(1, len(card.lines)))
    )
    y = max(y - 6.5, 62.0)
    canvas.put(
        (LEFT, y), canvas.tongue.line("主要拉低因素", "What pulls it down", " / "), 9.5, 120.0, bold=True
    )
    pulls = card.pulls[:_PULLS]
    if not pulls:
        best = Text(zh="各项指标均为同类最优。", en="Best of its kind in every indicator.")
        canvas.put((LEFT, y - 5.5), canvas.tongue.line(best.zh, best.en), 8.5, 180.0)
    two = len(canvas.tongue.lines(Text(zh="是", en="yes"))) > 1
    for step, line in enumerate(pulls):
        text = _say_pull(line)
        numbered = Text(zh=f"{step + 1}. {text.zh}", en=f"{step + 1}. {text.en}")
        canvas.put_lines((LEFT, y - 5.5 - (8.2 if two else 5.0) * step), numbered, 8.5, 180.0)


def _say_pull(line: Line) -> Text:
    """Return one sentence on an indicator: value, place, target, and its share of the gap to the best."""
    value, target = write_amount(line.value), write_amount(line.target)
    aim_zh = f"，目标 {target}" if np.isfinite(line.target) else ""
    aim_en = f", target {target}" if np.isfinite(line.target) else ""
    return Text(
        zh=f"{line.name.zh}（{line.unit.zh}）{value}，同类第 {line.place:.0f} 位（共 {line.known}）{aim_zh}；"
        f"占与最优差距的 {line.drag:.0%}",
        en=f"{line.name.en} ({line.unit.en}): {value}, place {line.place:.0f} of {line.known}{aim_en}; "
        f"{line.drag:.0%} of the gap to the best",
    )
