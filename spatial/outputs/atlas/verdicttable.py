"""Verdicts beside a map: each promise with its share, what was asked for, and whether it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import shapely

from spatial.outputs.atlas.fonts import POINT_MM, clean_text, fit_text, shorten_text, wrap_text
from spatial.outputs.atlas.ink import Ink, draw_class
from spatial.outputs.atlas.lettering import Pen, write_text
from spatial.outputs.atlas.marginalia import Tongue
from spatial.outputs.atlas.paper import Box
from spatial.outputs.order import Order
from spatial.plan.base import Text
from spatial.plan.styles import ClassStyle, Styles

_INK = "#1c1c1c"
_GREY = "#5c6166"
_WORDS = {
    "kept": Text(zh="兑现", en="kept"),
    "broken": Text(zh="未兑现", en="broken"),
    "undecidable": Text(zh="无法判定", en="cannot be decided"),
}
_MARKS = "connections"
_MOST = 8
_LONGEST = 60


@dataclass(frozen=True)
class Verdict:
    """One row of the table: mark, promise, what came of it."""

    mark: ClassStyle
    name: str
    outcome: str


def list_verdicts(order: Order, name: str, styles: Styles, tongue: Tongue) -> list[Verdict]:
    """List the rows of a table of verdicts.

    Parameters
    ----------
    order : Order
        Plan and layers.
    name : str
        The table's layer; it has the columns circle, promise, verdict, share and required_share.
    styles : Styles
        Marks are those of the connections, so that a verdict looks the same on all sheets.
    tongue : Tongue
        Language.
    """
    frame = order.layers.get(name)
    if frame is None or not len(frame):
        return []
    marks = styles.layers[_MARKS].classes if _MARKS in styles.layers else {}
    names = {circle.id: circle.name for circle in order.plan.circles}
    rows = []
    for row in frame.itertuples():
        circle = names.get(str(row.circle), Text(zh=str(row.name)))
        aim = _say_aim(order, str(row.promise))
        word = _WORDS.get(str(row.verdict), Text(zh=str(row.verdict)))
        # In both languages names are Chinese, as on the map; the verdict itself is told in both.
        own: Literal["zh", "en"] = "en" if tongue.language == "en" else "zh"
        rows.append(
            Verdict(
                marks.get(str(row.verdict), styles.unstyled),
                clean_text(f"{shorten_text(circle.pick(own), _LONGEST)} → {aim.pick(own)}"),
                f"{tongue.line(word.zh, word.en, ' ')}{_say_share(row.share, row.required_share)}",
            )
        )
    return rows


def _say_aim(order: Order, promise: str) -> Text:
    """Return what a promise aims at in words: 全域, towns, or the name of an element."""
    if promise == "territory":
        return Text(zh="全域", en="whole territory")
    if promise.startswith("towns"):
        tag = promise.removeprefix("towns").strip("[]").removeprefix("tag=")
        return (
            Text(zh=f"标签为 {tag} 的镇", en=f"towns tagged {tag}")
            if tag
            else Text(zh="各镇", en="all towns")
        )
    elements = order.plan.structure.elements if order.plan.structure else ()
    return next((element.name for element in elements if element.id == promise), Text(zh=promise))


def _say_share(share: float, required: float) -> str:
    if pd.isna(share):
        return ""
    return f" · {share:.1%}" + ("" if pd.isna(required) else f" (≥ {required:.1%})")


def measure_table(verdicts: list[Verdict], width: float, size: float) -> float:
    """Return how tall a table is, millimetres."""
    if not verdicts:
        return 0.0
    step = size * POINT_MM * 1.45
    lines = sum(len(_wrap(verdict, width, size)) + 1 for verdict in verdicts[:_MOST])
    return 7.0 + lines * step + 1.2 * min(len(verdicts), _MOST) + step * (len(verdicts) > _MOST)


def draw_table(ink: Ink, verdicts: list[Verdict], box: Box, size: float, tongue: Tongue) -> None:
    """Draw a table of verdicts from the top of a box downwards; the last line counts those left out."""
    step = size * POINT_MM * 1.45
    head = tongue.line("承诺核验", "Verdicts on promises")
    text, tall = fit_text(head, 9.5 * size / 7.5, box.width, 6.0)
    write_text(ink.axes, (box.left, box.top - 2.5), text, Pen(tall, _INK, bold=True))
    y = box.top - 7.0
    for verdict in verdicts[:_MOST]:
        point = np.array([shapely.Point(box.left + 2.2, y - step / 2)], dtype=object)
        draw_class(ink, point, verdict.mark)
        for line in _wrap(verdict, box.width, size):
            write_text(ink.axes, (box.left + 6.0, y - step / 2), line, Pen(size, _INK))
            y -= step
        text, small = fit_text(verdict.outcome, size, box.width - 6.0, 5.0)
        write_text(ink.axes, (box.left + 6.0, y - step / 2), text, Pen(small, _GREY))
        y -= step + 1.2
    if len(verdicts) > _MOST:
        left = len(verdicts) - _MOST
        rest = tongue.line(f"另有 {left} 项，见附表", f"{left} more, see the tables")
        write_text(ink.axes, (box.left + 6.0, y - step / 2), rest, Pen(size, _GREY))


def _wrap(verdict: Verdict, width: float, size: float) -> list[str]:
    return wrap_text(verdict.name, size, width - 6.0, 3)
