"""Lettering on paper: straight texts and texts along a line, with halos, in millimetres of the page.

Halos and bold strokes are outlines below real text, which stays searchable in the PDF. Letters along a line
are outlines; the text itself lies unseen below them, for programs cut turned text into single letters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from spatial.outputs.atlas.fonts import POINT_MM, Face, choose_face, measure_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BASELINE = 0.36
_ASCENT = 0.88
_DESCENT = 0.14
_BOLD = 0.045
_HALO = 0.24

Align = Literal["left", "center", "right"]


@dataclass(frozen=True)
class Pen:
    """How a text looks: size in points, colour, false bold, colour of the halo if any."""

    size: float
    colour: str = "#222222"
    bold: bool = False
    halo: str | None = None


def write_text(
    axes: Axes,
    at: tuple[float, float],
    text: str,
    pen: Pen,
    *,
    align: Align = "left",
    zorder: float = 100.0,
    rotation: float = 0.0,
    gid: str | None = None,
) -> None:
    """Write a text on a page, its Chinese characters centred on the height of `at`.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Axes of the whole page in millimetres.
    at : tuple of float
        Where, in millimetres.
    text : str
        Cleaned text; drawn as it is, no mark-up.
    pen : Pen
        How it looks.
    align : {"left", "center", "right"}
        Which end of the text `at` is.
    rotation : float
        Degrees, against the clock.

    Raises
    ------
    OutputError
        A character is in no font.
    """
    face = choose_face(text)
    size_mm = pen.size * POINT_MM
    width = measure_text(text, pen.size)
    angle = np.radians(rotation)
    shift = np.array([{"left": 0.0, "center": -width / 2, "right": -width}[align], -_BASELINE * size_mm])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    start = np.asarray(at) + turn @ shift
    if pen.halo or pen.bold:
        outline = _outline(face, text, size_mm)
        if outline is not None:
            _stroke(axes, outline[0] @ turn.T + start, outline[1], pen, zorder)
    axes.text(
        start[0], start[1], text, fontproperties=face.properties, fontsize=pen.size, color=pen.colour,
        rotation=rotation, rotation_mode="anchor",
        ha="left", va="baseline", parse_math=False, zorder=zorder + 0.02, gid=gid,
    )  # fmt: skip


def _outline(face: Face, text: str, size_mm: float) -> tuple[npt.NDArray[Any], npt.NDArray[Any]] | None:
    from matplotlib.textpath import text_to_path

    vertices, codes = text_to_path.get_text_path(face.properties, text, ismath=False)
    if not len(codes):
        return None
    return np.asarray(vertices) * (size_mm / text_to_path.FONT_SCALE), np.asarray(codes)


def _stroke(
    axes: Axes,
    vertices: npt.NDArray[Any],
    codes: npt.NDArray[Any],
    pen: Pen,
    zorder: float,
    *,
    fill: bool = False,
) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    outline = Outline(vertices, codes)
    if pen.halo:
        halo = PathPatch(
            outline, fc="none", ec=pen.halo, lw=_HALO * pen.size, joinstyle="round", zorder=zorder
        )
        axes.add_artist(halo)
    if pen.bold or fill:
        body = PathPatch(
            outline,
            fc=pen.colour if fill else "none",
            ec=pen.colour,
            lw=_BOLD * pen.size if pen.bold else 0.0,
            joinstyle="round",
            zorder=zorder + 0.01,
        )
        axes.add_artist(body)


def write_letters(
    axes: Axes,
    text: str,
    feet: npt.NDArray[np.float64],
    angles: npt.NDArray[np.float64],
    pen: Pen,
    *,
    zorder: float = 100.0,
) -> None:
    """Write a text letter by letter along a line, as outlines, with the text itself unseen but searchable.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Axes of the whole page in millimetres.
    text : str
        Cleaned text.
    feet : numpy.ndarray
        Middle of each letter, shape (len(text), 2), millimetres.
    angles : numpy.ndarray
        Turn of each letter in radians, against the clock.
    pen : Pen
        How it looks.

    Raises
    ------
    OutputError
        A character is in no font.
    """
    face = choose_face(text)
    size_mm = pen.size * POINT_MM
    vertices, codes = [], []
    for char, foot, angle in zip(text, feet, angles, strict=True):
        outline = _outline(face, char, size_mm)
        if outline is None:
            continue
        middle = np.array([face.advances[ord(char)] * size_mm / 2, _BASELINE * size_mm])
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        vertices.append((outline[0] - middle) @ turn + foot)
        codes.append(outline[1])
    if vertices:
        _stroke(axes, np.concatenate(vertices), np.concatenate(codes), pen, zorder, fill=True)
    start = feet.mean(axis=0) - [measure_text(text, pen.size) / 2, 0]
    axes.text(
        start[0], start[1], text, fontproperties=face.properties, fontsize=pen.size, alpha=0.0,
        parse_math=False, zorder=zorder, gid="unseen",
    )  # fmt: skip


def box_text(at: tuple[float, float], text: str, size: float, align: Align) -> tuple[float, ...]:
    """Return the box (left, bottom, right, top) in millimetres that `write_text` fills."""
    wide, tall = measure_text(text, size), size * POINT_MM
    left = at[0] - {"left": 0.0, "center": wide / 2, "right": wide}[align]
    return left, at[1] - (_BASELINE + _DESCENT) * tall, left + wide, at[1] + (_ASCENT - _BASELINE) * tall
