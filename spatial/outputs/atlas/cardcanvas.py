"""A page of score cards to write on: paper, colours, and texts that fit the room they have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spatial.outputs.atlas.fonts import clean_text, fit_text, measure_text
from spatial.outputs.atlas.ink import Ink
from spatial.outputs.atlas.lettering import Align, Pen, write_text
from spatial.outputs.atlas.marginalia import Tongue
from spatial.plan.base import Text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PAPER = (210.0, 297.0)
"""A4, upright, millimetres."""
LEFT, RIGHT = 15.0, 195.0
"""Margins."""
_SMALLEST = 5.0
INK, GREY, RULE, GOOD, BAD = "#1c1c1c", "#5c6166", "#c3c8cc", "#1b7837", "#b3261e"


@dataclass(frozen=True)
class Canvas:
    """A page to write on.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        In millimetres of the page.
    tongue : Tongue
        Language.
    """

    axes: Axes
    tongue: Tongue

    @property
    def ink(self) -> Ink:
        """Where lines and bars are drawn."""
        return Ink(self.axes, 20.0)

    def put(
        self,
        at: tuple[float, float],
        text: str,
        size: float,
        room: float,
        *,
        colour: str = INK,
        align: Align = "left",
        bold: bool = False,
    ) -> None:
        """Write a text, smaller or shorter where it would be wider than its room."""
        text = clean_text(text)
        if text:
            # A hair smaller than would just fit, or rounding would cost the text its end.
            needed = size * room / max(measure_text(text, size), 1e-9) * 0.999
            fitted, small = fit_text(text, min(size, max(needed, _SMALLEST)), room, _SMALLEST)
            write_text(self.axes, at, fitted, Pen(small, colour, bold=bold), align=align)

    def put_lines(
        self, at: tuple[float, float], text: Text, size: float, room: float, align: Align = "left"
    ) -> None:
        """Write a text in each wanted language, the second smaller and below the first."""
        for step, line in enumerate(self.tongue.lines(text)):
            small, colour = (size, INK) if step == 0 else (size * 0.78, GREY)
            self.put((at[0], at[1] - step * size * 0.44), line, small, room, colour=colour, align=align)


def write_amount(value: float) -> str:
    """Write a number with four digits that count, a dash where there is none.

    Examples
    --------
    >>> [write_amount(number) for number in (12345.6, 0.32768, 80.0, float("nan"))]
    ['12,346', '0.3277', '80', '—']
    """
    if not np.isfinite(value):
        return "—"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"
