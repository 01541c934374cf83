"""Boundary-point text 界址点 taken apart: header, parcels, and points by ring, every fault with its line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import shapely

from spatial.engine.rings.nesting import nest_rings
from spatial.errors import Fault, SourceError
from spatial.sources.origin import list_some

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

SHAPES = {"面": 2, "线": 1, "点": 0}
"""What the fifth field of a parcel says its points are, and the dimension of that."""
PARCEL_FIELDS = ("points", "area", "id", "name", "shape", "map_sheet", "purpose", "land_code")
"""The fields of a parcel in their order; the last may be left out."""

_PLAIN = str.maketrans("＝［］【】\u3000\ufeff", "=[][]  ")
_SECTION = re.compile(r"\[(.+)\]")
_MOST_FAULTS = 100
_POINT = "write J1,1,3874000.123,38500000.456 : number, ring, northing, easting"


@dataclass(frozen=True)
class Parcel:
    """The line that begins a parcel: its place in the file and its fields by name."""

    line: int
    fields: dict[str, str]

    @property
    def dimension(self) -> int:
        """2 of an area, 1 of lines, 0 of points."""
        return SHAPES[self.fields["shape"] or "面"]


@dataclass
class ParcelText:
    """A text taken apart.

    Parameters
    ----------
    header : dict of str to str
        What stands before the parcels, by key.
    header_lines : dict of str to int
        The line of each.
    parcels : list of Parcel
        In the order of the file.
    owner, ring, line : numpy.ndarray of int
        Of every point: which parcel, which ring number, which line of the file.
    first, second : numpy.ndarray of float
        Coordinates in the order of the file, by the norm northing and easting.
    """

    header: dict[str, str] = field(default_factory=dict)
    header_lines: dict[str, int] = field(default_factory=dict)
    parcels: list[Parcel] = field(default_factory=list)
    owner: Indices = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    ring: Indices = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    line: Indices = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    first: Floats = field(default_factory=lambda: np.empty(0))
    second: Floats = field(default_factory=lambda: np.empty(0))

    def points_of(self, parcel: int) -> slice:
        """Return where the points of a parcel stand."""
        start, end = np.searchsorted(self.owner, [parcel, parcel + 1])
        return slice(start, end)


def parse_parcels(text: str, where: str) -> ParcelText:
    r"""Take boundary-point text apart.

    Parameters
    ----------
    text : str
        With any line ends. Sections in square brackets of any width; commas of any width, or tabs.
    where : str
        The file, for messages.

    Returns
    -------
    ParcelText
        A text without a line that begins a parcel is one parcel.

    Raises
    ------
    SourceError
        Lines that are neither header, parcel nor point, numbers that are none, parcels without points, a text
        without any: all of them with their lines.

    Examples
    --------
    >>> points = "J1,1,3874000,38500000\nJ2,1,3874100,38500000\nJ3,1,3874000,38500100"
    >>> parsed = parse_parcels("[地块坐标]\n3,0.5,1,东地块,面,,,,@\n" + points, "a.txt")
    >>> parsed.parcels[0].fields["name"], len(parsed.first)
    ('东地块', 3)
    """
    reading = _Reading(where)
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        plain = line.strip(" ;\x1a\x00\ufeff\u3000")
        if plain:
            reading.take(number, _part(plain))
    return reading.finish()


def _part(line: str) -> str:
    """Return a line with its fields parted by commas: wide ones and tabs count where there are no others."""
    for mark in ("，", "\t"):
        if "," not in line:
            line = line.replace(mark, ",")
    return line


class _Reading:
    """Lines as they are sorted: what was met so far, and what is wrong with it."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.found = ParcelText()
        self.points: list[tuple[int, int, str, str, str]] = []
        self.faults: list[Fault] = []

    def fault(self, line: int, key: str, problem: str, remedy: str) -> None:
        self.faults.append(Fault(f"{self.where}:{line}", key, problem, remedy))

    def take(self, number: int, line: str) -> None:
        if _SECTION.fullmatch(line.translate(_PLAIN)):
            return
        cells = line.split(",")
        if cells[-1].strip() == "@" or (len(cells) >= 5 and cells[4].strip() in SHAPES):
            self._begin(number, [cell.strip() for cell in cells])
        elif "=" in cells[0].translate(_PLAIN):
            key, value = re.split("[=＝]", line, maxsplit=1)
            self.found.header[key.strip()] = value.strip()
            self.found.header_lines[key.strip()] = number
        elif len(cells) == 4:
            self._add(number, cells)
        else:
            problem = f"{line[:60]!r} is neither a line of the header nor of a parcel nor of a point"
            self.fault(number, "", problem, _POINT)

    def _begin(self, number: int, cells: list[str]) -> None:
        given = cells[:-1] if cells[-1] == "@" else cells
        given = (given + [""] * len(PARCEL_FIELDS))[: max(len(given), len(PARCEL_FIELDS))]
        if any(given[len(PARCEL_FIELDS) :]):
            problem = f"a parcel has at most {len(PARCEL_FIELDS)} fields before @, here are {len(given)}"
            self.fault(number, "", f"{problem}: {','.join(cells)[:60]!r}", "replace commas in names by 、")
            given[4] = ""
        elif given[4] and given[4] not in SHAPES:
            self.fault(number, "shape", f"{given[4]!r} is no kind of shape", "write 面, 线 or 点")
            given[4] = ""
        self.found.parcels.append(Parcel(number, dict(zip(PARCEL_FIELDS, given, strict=False))))

    def _add(self, number: int, cells: list[str]) -> None:
        if not self.found.parcels:
            self.found.parcels.append(Parcel(number, dict.fromkeys(PARCEL_FIELDS, "")))
        self.points.append((number, len(self.found.parcels) - 1, cells[1], cells[2], cells[3]))

    def finish(self) -> ParcelText:
        """Return what was read, or raise all that is wrong with it."""
        found = self.found
        if not self.points and not (self.faults and (found.parcels or found.header)):
            remedy = (
                "give a text with [地块坐标] and lines such as J1,1,3874000.123,38500000.456, or another file"
            )
            raise SourceError(Fault(self.where, "", "holds no boundary point 界址点", remedy))
        lines, owners, rings, firsts, seconds = zip(*self.points, strict=True) if self.points else ((),) * 5
        found.line, found.owner = np.array(lines, dtype=np.intp), np.array(owners, dtype=np.intp)
        found.first = self._numbers(firsts, found.line, "X")
        found.second = self._numbers(seconds, found.line, "Y")
        whole = [text.strip() or "1" for text in rings]
        for line, text in zip(found.line, whole, strict=True):
            if not (text.isascii() and text.isdigit() and len(text) < 10):
                self.fault(int(line), "ring", f"{text[:20]!r} is not the number of a ring", _POINT)
        if not self.faults:
            found.ring = np.array(whole, dtype=np.intp)
            self._check_parcels()
        self._raise()
        return found

    def _numbers(self, texts: tuple[str, ...], lines: Indices, key: str) -> Floats:
        try:
            numbers = np.array(texts, dtype=np.float64)
        except ValueError:
            numbers = np.array([_number(text) for text in texts])
        for at in np.flatnonzero(~np.isfinite(numbers)):
            problem = f"{texts[at].strip()[:20]!r} is not a number"
            self.fault(int(lines[at]), key, problem, "write metres such as 3874000.123, or decimal degrees")
        return numbers

    def _check_parcels(self) -> None:
        counts = np.bincount(self.found.owner, minlength=len(self.found.parcels))
        for parcel, count in zip(self.found.parcels, counts, strict=True):
            least = parcel.dimension + 1
            if count < least:
                name = parcel.fields["name"] or parcel.fields["id"]
                problem = f"the parcel {name!r} has {count} points, at least {least} make one"
                self.fault(parcel.line, "points", problem, "add the missing lines, or remove the parcel")

    def _raise(self) -> None:
        if not self.faults:
            return
        shown = sorted(self.faults, key=lambda fault: int(fault.where.rpartition(":")[2]))
        if (more := len(shown) - _MOST_FAULTS) > 0:
            told = Fault(self.where, "", f"{more} more lines are wrong", "mend these first")
            shown = [*shown[:_MOST_FAULTS], told]
        raise SourceError(shown)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan


def shape_parcels(
    found: ParcelText, eastings: Floats, northings: Floats, where: str
) -> npt.NDArray[np.object_]:
    r"""Return the shape of each parcel, easting first, vertices exactly as given.

    Rings are parted where the number of the ring changes, and where one is closed by its first point. What is
    hole and what another part is told by what lies within what, whatever the numbers of the rings are.

    Raises
    ------
    SourceError
        Rings of fewer than three points, lines of fewer than two: with their lines.

    Examples
    --------
    >>> found = parse_parcels("J1,1,0,0\nJ2,1,0,9\nJ3,1,9,9\nJ1,1,0,0", "a.txt")
    >>> shape_parcels(found, found.second, found.first, "a.txt")[0].area
    40.5
    """
    faults = list[Fault]()
    shapes = np.empty(len(found.parcels), dtype=object)
    for at, parcel in enumerate(found.parcels):
        rows = found.points_of(at)
        places = np.column_stack([eastings[rows], northings[rows]])
        if parcel.dimension == 0:
            shapes[at] = shapely.MultiPoint(places) if len(places) > 1 else shapely.Point(places[0])
            continue
        least = parcel.dimension + 1
        pieces = _split_rings(places, found.ring[rows], closed=parcel.dimension == 2)
        short = [piece for piece in pieces if len(np.unique(places[piece], axis=0)) < least]
        for piece in short:
            line = int(found.line[rows][piece.start])
            problem = f"the ring has {len(places[piece])} points, of which fewer than {least} differ"
            faults.append(Fault(f"{where}:{line}", "ring", problem, "add the missing points, or remove it"))
        if not short:
            shapes[at] = _build([places[piece] for piece in pieces], parcel.dimension)
    if faults:
        raise SourceError(faults)
    return shapes


def _build(pieces: list[Floats], dimension: int) -> shapely.Geometry:
    if dimension == 2:
        return nest_rings(pieces)
    return shapely.MultiLineString(pieces) if len(pieces) > 1 else shapely.LineString(pieces[0])


def _split_rings(places: Floats, numbers: Indices, *, closed: bool) -> list[slice]:
    """Return where each ring stands: one a number, and one more where it goes on once it is closed."""
    edges = np.flatnonzero(np.diff(numbers)) + 1
    pieces = list[slice]()
    for begin, end in zip([0, *edges.tolist()], [*edges.tolist(), len(places)], strict=True):
        start = begin
        while closed and end - start > 4:
            back = np.flatnonzero((places[start + 3 : end - 1] == places[start]).all(axis=1))
            middle = start + 3 + int(back[0]) + 1 if len(back) else end
            if len(np.unique(places[middle:end], axis=0)) < 3:  # a spike, not a ring of its own
                break
            pieces.append(slice(start, middle))
            start = middle
        pieces.append(slice(start, end))
    return pieces


def count_points(found: ParcelText) -> list[tuple[Parcel, int]]:
    r"""Return the parcels whose stated number of points is not that of their lines, with or without closing.

    Examples
    --------
    >>> found = parse_parcels("9,,1,a,面,,,,@\nJ1,1,0,0\nJ2,1,0,9\nJ3,1,9,9", "a.txt")
    >>> [(parcel.fields["points"], count) for parcel, count in count_points(found)]
    [('9', 3)]
    """
    differing = []
    for at, parcel in enumerate(found.parcels):
        stated = parcel.fields["points"]
        rows = found.points_of(at)
        places = np.column_stack([found.first[rows], found.second[rows]])
        count = len(places)
        rings = len(_split_rings(places, found.ring[rows], closed=parcel.dimension == 2))
        if stated and stated not in {str(number) for number in range(count - rings, count + rings + 1)}:
            differing.append((parcel, count))
    return differing


def name_parcels(parcels: list[Parcel]) -> str:
    """Return parcels in one line, by name, number or place in the file.

    Examples
    --------
    >>> name_parcels([Parcel(3, {"name": "东地块", "id": "1"}), Parcel(9, {"name": "", "id": ""})])
    '东地块, line 9'
    """
    return list_some(
        parcel.fields["name"] or parcel.fields["id"] or f"line {parcel.line}" for parcel in parcels
    )
