"""Charts of indicators: what was, what is to be, and where two trends lead, one small chart each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from spatial.outputs.atlas.fonts import choose_face, clean_text, fit_text
from spatial.outputs.atlas.sheetpage import paper_settings
from spatial.outputs.files import replacing
from spatial.outputs.order import Order
from spatial.plan.base import Text
from spatial.plan.reading.targets import show_target

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Language = Literal["zh", "en", "both"]
MOST_CHARTS = 12
"""Charts in one picture; the years of all indicators are in the workbook."""
_DPI = 220
_COLUMNS, _HIGH_MM, _LEGEND_MM = 3, 40.0, 8.0
_INK, _ACTUAL, _TARGET, _LINEAR, _GROWTH = "#404040", "#00564c", "#b3260a", "#5b8f87", "#c08a1e"
_TITLE_PT, _SMALL_PT = 7.0, 6.0
_LOOKS: Mapping[str, dict[str, Any]] = {
    "actual": {"color": _ACTUAL, "marker": "o", "markersize": 3.2, "linewidth": 1.2},
    "target": {
        "color": _TARGET,
        "marker": "D",
        "markersize": 4.0,
        "linewidth": 0,
        "markerfacecolor": "white",
    },
    "linear": {"color": _LINEAR, "linewidth": 1.0, "linestyle": (0, (4, 2))},
    "growth": {"color": _GROWTH, "linewidth": 1.0, "linestyle": (0, (1, 1.5))},
}
_NAMES = {
    "actual": Text(zh="实际值", en="actual"),
    "target": Text(zh="目标", en="target"),
    "linear": Text(zh="线性趋势", en="linear trend"),
    "growth": Text(zh="等速增长趋势", en="constant growth"),
}
_NEEDED = {"actual", "target"}


def save_trend_charts(order: Order, path: Path, *, width_mm: float = 166.0) -> bool:
    """Save charts of the indicators that have both values and targets; return whether there are any.

    Parameters
    ----------
    order : Order
        With the layer ``indicator_years``; `order.tongue` is the language.
    path : pathlib.Path
        The PNG to write or replace.
    width_mm : float
        Width of the picture.

    Raises
    ------
    OutputError
        A name has characters that no font has, or the file cannot be written.
    """
    years = order.layers.get("indicator_years")
    if years is None or years.empty:
        return False
    series = [
        rows for _, rows in years.groupby(["indicator", "of"], sort=False) if set(rows["kind"]) >= _NEEDED
    ]
    if not series:
        return False
    with paper_settings(), replacing(path) as beside:
        figure = _draw(series[:MOST_CHARTS], order.tongue, width_mm)
        figure.savefig(beside, format="png", dpi=_DPI, metadata={"Software": "spatial-planning-toolkit"})
    return True


def _draw(series: list[pd.DataFrame], language: Language, width_mm: float) -> Figure:
    from matplotlib.figure import Figure

    columns = min(_COLUMNS, len(series))
    rows = math.ceil(len(series) / columns)
    high_mm = rows * _HIGH_MM + _LEGEND_MM
    figure = Figure(figsize=(width_mm / 25.4, high_mm / 25.4), facecolor="white")
    wide = width_mm / columns
    for at, years in enumerate(series):
        row, column = divmod(at, columns)
        left, low = column * wide + 11, high_mm - (row + 1) * _HIGH_MM + 6
        box = (left / width_mm, low / high_mm, (wide - 16) / width_mm, (_HIGH_MM - 13) / high_mm)
        _draw_chart(figure.add_axes(box), years, language, wide - 12)
    _draw_legend(figure, {kind for years in series for kind in years["kind"]}, language)
    return figure


def _draw_chart(axes: Axes, years: pd.DataFrame, language: Language, width_mm: float) -> None:
    first = years.iloc[0]
    for kind, rows in years.groupby("kind"):
        axes.plot(rows["year"], rows["value"], zorder=3 if kind in _NEEDED else 2, **_LOOKS[str(kind)])
    tongue = "en" if language == "en" else "zh"
    for row in years[years["kind"] == "target"].itertuples():
        text = clean_text(show_target(str(row.relation), float(row.value), tongue))
        axes.annotate(
            text, (row.year, row.value), xytext=(4, -2), textcoords="offset points",
            color=_TARGET, fontproperties=_font(text, _SMALL_PT),
        )  # fmt: skip
    name, unit = (first["name_en"], first["unit_en"]) if tongue == "en" else (first["name"], first["unit"])
    named = f"{name} ({unit})" if tongue == "en" else f"{name}（{unit}）"
    title, size = fit_text(clean_text(named if unit else name), _TITLE_PT, width_mm, 5.0)
    axes.set_title(title, fontproperties=_font(title, size), color=_INK, loc="left", pad=5, x=-0.12)
    _set_axes(axes, years)


def _set_axes(axes: Axes, years: pd.DataFrame) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.margins(y=0.2)
    ends = years["year"].min(), years["year"].max()
    room = max(ends[1] - ends[0], 1)
    axes.set_xlim(ends[0] - 0.08 * room, ends[1] + 0.3 * room)
    told = sorted({int(year) for year in years.loc[years["kind"].isin(list(_NEEDED)), "year"]})
    axes.set_xticks(told if len(told) <= 4 else [told[0], told[len(told) // 2], told[-1]])
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    font = _font("0123456789,.", _SMALL_PT)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_fontproperties(font)
        label.set_color(_INK)
    axes.tick_params(length=2, width=0.5, color=_INK, pad=2)
    axes.grid(axis="y", color="#e3e6e8", linewidth=0.5, zorder=0)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_linewidth(0.5)
        spine.set_color(_INK)


def _draw_legend(figure: Figure, kinds: set[str], language: Language) -> None:
    from matplotlib.lines import Line2D

    shown = [kind for kind in _NAMES if kind in kinds]
    names = [_name(kind, language) for kind in shown]
    figure.legend(
        [Line2D([], [], **_LOOKS[kind]) for kind in shown], names, loc="lower center", ncol=len(shown),
        frameon=False, prop=_font("".join(names), _SMALL_PT + 0.5), labelcolor=_INK, handlelength=2.6,
        borderaxespad=0.1,
    )  # fmt: skip


def _name(kind: str, language: Language) -> str:
    name = _NAMES[kind]
    return f"{name.zh} {name.en}" if language == "both" else name.pick(language)


def _font(text: str, size: float) -> Any:
    font = choose_face(text, "indicators").properties.copy()
    font.set_size(size)
    return font
