"""Fonts of the atlas: one that has every character of a text, or an error that names what is missing.

A text is set in the first font that has all its characters; where none has, an `OutputError` says which text
and which characters, so no page ever shows an empty box 豆腐块.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

from spatial.errors import Fault, OutputError

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

POINT_MM = 25.4 / 72
"""One typographic point in millimetres."""
PIXEL_PT = 0.75
"""One CSS pixel (1/96 inch) in points."""
_SYSTEM_FONTS = (
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "Noto Sans CJK SC"),
    ("/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc", "Noto Sans CJK SC"),
    ("/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc", "Noto Sans CJK SC"),
)
_REMEDY = (
    "write the name with characters of the font, give it in another language, "
    "or install Noto CJK (Debian: fonts-noto-cjk), which has more"
)


@dataclass(frozen=True)
class Face:
    """A font file with the characters that it has and how wide they are, as a share of the size."""

    properties: FontProperties
    advances: dict[int, float]

    def lacks(self, text: str) -> list[str]:
        """Return the characters of `text` that the font has not, each once, in order."""
        return [char for char in dict.fromkeys(text) if ord(char) not in self.advances]


@cache
def list_faces() -> tuple[Face, ...]:
    """Return the fonts at hand: that of zhplot, then Noto CJK of the system.

    Raises
    ------
    OutputError
        There is none.
    """
    faces = tuple(_load_face(file, family) for file, family in _find_files())
    if not faces:
        raise OutputError(
            Fault(
                "atlas",
                "font",
                "there is no Chinese font",
                "pip install zhplot, or install Noto CJK of Debian",
            )
        )
    return faces


def _find_files() -> Iterator[tuple[Path, str]]:
    """Find the font of zhplot (Noto Sans SC, OFL), then Noto CJK of the system.

    zhplot is asked for its files only: importing it changes matplotlib for everybody.
    """
    try:
        files = distribution("zhplot").files or []
    except PackageNotFoundError:
        files = []
    for file in files:
        if file.suffix == ".ttf":
            yield Path(str(file.locate())), ""
    for place, family in _SYSTEM_FONTS:
        if Path(place).is_file():
            yield Path(place), family
            return


def _load_face(file: Path, family: str) -> Face:
    from fontTools.ttLib import TTCollection, TTFont
    from matplotlib.font_manager import FontPath, FontProperties

    number = 0
    if file.suffix == ".ttc":
        with TTCollection(file, lazy=True) as collection:
            names = [font["name"].getDebugName(1) for font in collection.fonts]
        number = names.index(family) if family in names else 0
    with TTFont(file, fontNumber=number, lazy=True) as font:
        units, widths, characters = font["head"].unitsPerEm, font["hmtx"].metrics, font.getBestCmap()
        advances = {code: widths[glyph][0] / units for code, glyph in characters.items()}
    return Face(FontProperties(fname=FontPath(str(file), number)), advances)


def clean_text(text: object) -> str:
    r"""Return a text on one line: white space runs become one blank, control characters go.

    Examples
    --------
    >>> clean_text("邵原\n 镇\u200b")
    '邵原 镇'
    """
    joined = " ".join(str(text).split())
    return "".join(char for char in joined if unicodedata.category(char) not in {"Cc", "Cf", "Cs"})


def choose_face(text: str, where: str = "atlas") -> Face:
    """Return the first font that has all characters of a text.

    Parameters
    ----------
    text : str
        Cleaned text.
    where : str
        What the text belongs to, for the error.

    Raises
    ------
    OutputError
        No font has them all: names the text and the characters that the first font lacks.
    """
    faces = list_faces()
    for face in faces:
        if not face.lacks(text):
            return face
    # What no font at all has is what stands in the way; else each alone lacks something.
    missing = [char for char in faces[0].lacks(text) if all(face.lacks(char) for face in faces)]
    shown = ", ".join(f"“{char}” (U+{ord(char):04X})" for char in missing or faces[0].lacks(text))
    problem = f"no font at hand has the character {shown} of “{shorten_text(text, 40)}”"
    raise OutputError(Fault(where, "", problem, _REMEDY))


def check_texts(texts: dict[str, list[str]]) -> None:
    """Refuse texts that cannot be drawn, all of them at once.

    Parameters
    ----------
    texts : dict of str to list of str
        What they belong to, and the texts.

    Raises
    ------
    OutputError
        With one fault for each text.
    """
    faults: list[Fault] = []
    for where, group in texts.items():
        for text in dict.fromkeys(map(clean_text, group)):
            try:
                choose_face(text, where)
            except OutputError as error:
                faults += error.faults
    if faults:
        raise OutputError(faults)


def measure_text(text: str, size: float, where: str = "atlas") -> float:
    """Return how wide a text is in millimetres, by the advances of its font at `size` points.

    Examples
    --------
    >>> round(measure_text("济源", 10.0) / POINT_MM, 3)
    20.0
    """
    face = choose_face(text, where)
    return sum(face.advances[ord(char)] for char in text) * size * POINT_MM


def shorten_text(text: str, limit: int) -> str:
    """Shorten a text to at most `limit` characters, the last of them an ellipsis.

    Examples
    --------
    >>> shorten_text("沿太行山生态旅游发展带", 6)
    '沿太行山生…'
    """
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def fit_text(text: str, size: float, width_mm: float, smallest: float = 6.0) -> tuple[str, float]:
    """Return a text and a size at which it is at most `width_mm` wide: smaller, and only then shorter."""
    wide = measure_text(text, size)
    if wide <= width_mm:
        return text, size
    size = max(smallest, size * width_mm / wide)
    while measure_text(text, size) > width_mm and len(text) > 1:
        spare = measure_text(text, size) / width_mm
        text = shorten_text(text, max(1, min(len(text) - 1, int(len(text) / spare))))
    return text, size


def wrap_text(text: str, size: float, width_mm: float, lines: int = 99) -> list[str]:
    """Break a text into lines of at most `width_mm`, between words or between Chinese characters.

    What does not fit into `lines` lines ends in an ellipsis.

    Examples
    --------
    >>> wrap_text("济源市 Jiyuan city", 10.0, 24.0)
    ['济源市 Jiyuan', 'city']
    """
    broken, line = [], ""
    for piece in _split_words(text):
        if line and measure_text((line + piece).rstrip(), size) > width_mm:
            broken.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    broken = [part for part in [*broken, line.rstrip()] if part]
    if len(broken) > lines:
        broken = [*broken[: lines - 1], fit_text(broken[lines - 1] + "…", size, width_mm, size)[0]]
    return [fit_text(part, size, width_mm, size)[0] for part in broken]


def _split_words(text: str) -> Iterator[str]:
    """Split into pieces between which a line may break; blanks and closing marks stay with what is before."""
    word = ""
    for char in text:
        wide = unicodedata.east_asian_width(char) in "WF"
        closing = unicodedata.category(char) in {"Pe", "Pf", "Po"}
        if word and not closing and (wide or _is_wide_end(word)):
            yield word
            word = ""
        word += char
        if char == " ":
            yield word
            word = ""
    if word:
        yield word


def _is_wide_end(word: str) -> bool:
    return unicodedata.east_asian_width(word[-1]) in "WF"
