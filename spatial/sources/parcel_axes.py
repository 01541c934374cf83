"""Where boundary points lie: what the header says of their system, and what the numbers themselves tell."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from spatial.errors import Fault, SourceError
from spatial.plan.rules import read_rules
from spatial.sources.origin import Origin, list_some
from spatial.sources.parcels import ParcelText

Floats = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]
Tell: TypeAlias = Callable[[Floats], tuple[Truths, Truths]]

_DATUM, _WIDTH, _ZONE, _PROJECTION, _UNIT, _SHIFT, _MERIDIAN = (
    "坐标系", "几度分带", "带号", "投影类型", "计量单位", "转换参数", "中央子午线",
)  # fmt: skip
_ALIASES = {"分带": _WIDTH, "坐标系统": _DATUM, "投影": _PROJECTION, "单位": _UNIT, "中央经线": _MERIDIAN}
# Of geographic systems; those of the old datums are refused by whoever parses them, with the reason.
_DATUMS = (
    (r"2000|cgcs", "EPSG:4490"), (r"80|西安", "EPSG:4610"), (r"54|北京", "EPSG:4214"),
    (r"wgs", "EPSG:4326"),
)  # fmt: skip
_LARGEST_DEGREE = 180.0


@dataclass(frozen=True)
class Placed:
    """Points with their axes told apart: easting first, and the CRS or None where nothing says it."""

    eastings: Floats
    northings: Floats
    crs: str | None


def place_points(origin: Origin, found: ParcelText) -> Placed:
    """Tell the axes of points apart, and the CRS they are in.

    A zone number before the easting tells which axis it is; without one eastings are shorter than northings.
    Degrees are told by the ranges of longitude and latitude in China.

    Parameters
    ----------
    origin : Origin
        Takes findings; its source may say ``crs`` where the text does not.
    found : ParcelText
        As `spatial.sources.parcels.parse_parcels` returns it.

    Raises
    ------
    SourceError
        Points of which some have their axes swapped, lie in several zones, contradict the header, or a header
        that cannot be right: all faults, with their lines.
    """
    header = {_ALIASES.get(key, key): value for key, value in found.header.items()}
    faults = list[Fault]()
    degrees = max(np.abs(found.first).max(), np.abs(found.second).max()) <= _LARGEST_DEGREE
    swapped = _find_order(origin, found, _tell_degrees if degrees else _tell_metres)
    eastings, northings = (found.first, found.second) if swapped else (found.second, found.first)
    if swapped:
        origin.note(
            "axes_swapped", "warning",
            "界址点坐标为先东（横坐标）后北（纵坐标），与常规“X 为北”相反，已按数值判断并换序。",
            "the easting stands before the northing, against the norm (X is north); the numbers tell, so "
            "they were read as what they are.",
        )  # fmt: skip
    said = _Header(origin, found, header, faults)
    crs = said.of_degrees() if degrees else said.of_metres(eastings)
    if faults:
        raise SourceError(faults)
    said.note_shift()
    return Placed(eastings, northings, crs)


def _tell_metres(values: Floats) -> tuple[Truths, Truths]:
    """Return which numbers can only be eastings, and which only northings."""
    rules = read_rules("boundary_text")
    first, last = rules.value("zones.6")[0], rules.value("zones.3")[1]
    prefix = np.floor(values / 1e6)
    zoned = (prefix >= first) & (prefix <= last)
    return zoned, (values > rules.value("easting")[1]) & (values <= rules.value("northing")[1])


def _tell_degrees(values: Floats) -> tuple[Truths, Truths]:
    rules = read_rules("boundary_text")
    (west, east), (south, north) = rules.value("longitude"), rules.value("latitude")
    return (values > west) & (values <= east), (values >= south) & (values < north)


def _find_order(origin: Origin, found: ParcelText, tell: Tell) -> bool:
    """Say whether the easting stands first in all points; it is a fault where it does in some only."""
    (east1, north1), (east2, north2) = tell(found.first), tell(found.second)
    normal = (east2 & ~east1) | (north1 & ~north2)
    swapped = (east1 & ~east2) | (north2 & ~north1)
    clear_normal, clear_swapped = normal & ~swapped, swapped & ~normal
    if clear_normal.any() and clear_swapped.any():
        odd = clear_swapped if clear_swapped.sum() <= clear_normal.sum() else clear_normal
        lines = found.line[odd]
        problem = (
            f"{len(lines)} points have their two coordinates the other way round (lines {list_some(lines)})"
        )
        remedy = "put the northing (X) before the easting (Y) in all of them"
        raise SourceError(Fault(f"{origin.where}:{lines[0]}", "X,Y", problem, remedy))
    return bool(clear_swapped.sum() > clear_normal.sum())


class _Header:
    """What the header says, held against the numbers; what contradicts them is added to the faults."""

    def __init__(
        self, origin: Origin, found: ParcelText, header: dict[str, str], faults: list[Fault]
    ) -> None:
        self.origin, self.found, self.header, self.faults = origin, found, header, faults

    def fault(self, key: str, problem: str, remedy: str) -> None:
        lines = {_ALIASES.get(name, name): line for name, line in self.found.header_lines.items()}
        where = f"{self.origin.where}:{lines[key]}" if key in lines else self.origin.where
        self.faults.append(Fault(where, key, problem, remedy))

    def datum(self) -> str | None:
        """Return the geographic system that the header names, None where it names none."""
        text = self.header.get(_DATUM, "")
        if not text:
            return None
        for pattern, code in _DATUMS:
            if re.search(pattern, text, re.IGNORECASE):
                return code
        if self.origin.source.crs is None:
            remedy = "write 坐标系=2000国家大地坐标系, or `crs:` in the plan if you know what it is"
            self.fault(_DATUM, f"{text!r} is no coordinate system that is known", remedy)
        return None

    def of_degrees(self) -> str | None:
        unit = self.header.get(_UNIT, "")
        if re.search("米|^m", unit, re.IGNORECASE):
            problem = f"the header says {unit}, but coordinates such as {self.found.first[0]:g} are degrees"
            self.fault(_UNIT, problem, "write 计量单位=度, or give metres")
        return self.datum()

    def of_metres(self, eastings: Floats) -> str | None:
        self._check_words()
        datum, zones = self.datum(), self._zones_of(eastings)
        if len(zones) > 1:
            return None
        prefix = zones[0] if zones else None
        zone = self._zone(prefix)
        if datum is None or datum != "EPSG:4490":
            return datum  # an old datum is refused by its name; WGS 84 in metres contradicts itself there
        width = self._width(zone)
        if zone is None or width is None:
            return None
        base = {3: (4488, 4509), 6: (4478, 4489)}[width][0 if prefix else 1]
        return f"EPSG:{base + zone}"

    def _check_words(self) -> None:
        unit, projection = self.header.get(_UNIT, ""), self.header.get(_PROJECTION, "")
        if unit and not re.fullmatch("米|m|metre|meter", unit, re.IGNORECASE):
            problem = (
                f"the header says {unit!r}, but coordinates such as {self.found.first[0]:.10g} are metres"
            )
            self.fault(_UNIT, problem, "write 计量单位=米, or give degrees")
        if projection and not re.search("高斯|gauss", projection, re.IGNORECASE):
            remedy = "give coordinates in 高斯克吕格, or another format with its CRS"
            self.fault(_PROJECTION, f"{projection!r} is not read", remedy)

    def _zones_of(self, eastings: Floats) -> list[int]:
        prefix = np.floor(eastings / 1e6).astype(np.intp)
        zones = np.unique(prefix).tolist()
        if len(zones) > 1:
            counts = {zone: int((prefix == zone).sum()) for zone in zones}
            rare = min(zones, key=lambda zone: (counts[zone], zone))
            lines = self.found.line[prefix == rare]
            shown = ", ".join(f"{zone} ({count})" for zone, count in counts.items())
            problem = f"eastings begin with several zone numbers: {shown}; {rare} on lines {list_some(lines)}"
            remedy = "transform all points to one zone; 0 means that the zone number is missing"
            self.faults.append(Fault(f"{self.origin.where}:{lines[0]}", "Y", problem, remedy))
        return zones if zones != [0] else []

    def _zone(self, prefix: int | None) -> int | None:
        """Return the zone of the coordinates, else of the header; what does not agree is a fault."""
        text = self.header.get(_ZONE, "")
        said = int(text) if text.isascii() and text.isdigit() else self._zone_by_meridian()
        if text and said is None and prefix is None:
            self.fault(_ZONE, f"{text!r} is not the number of a zone", "write such as 带号=38")
        if prefix is not None and said is not None and prefix != said:
            problem = f"the header says zone {said}, the eastings begin with {prefix}"
            self.fault(_ZONE, problem, f"write 带号={prefix} if the coordinates are right")
        return said if prefix is None else prefix

    def _zone_by_meridian(self) -> int | None:
        match = re.match(r"(\d+)", self.header.get(_MERIDIAN, ""))
        return int(match[1]) // 3 if match and int(match[1]) % 3 == 0 else None

    def _width(self, zone: int | None) -> int | None:
        """Return 3 or 6 degrees as the header says, else as the number of the zone tells."""
        if zone is None:
            return None
        rules = read_rules("boundary_text")
        spans = {width: rules.value(f"zones.{width}") for width in (3, 6)}
        told = next((width for width, (low, high) in spans.items() if low <= zone <= high), None)
        match = re.search(r"[36三六]", self.header.get(_WIDTH, ""))
        said = {"三": 3, "六": 6}.get(match[0]) or int(match[0]) if match else told
        if told is None:
            self.fault(_ZONE, f"there is no zone {zone}", "3° zones are 25 to 45, 6° zones 13 to 23")
        elif said != told:
            problem = f"the header says zones of {said}°, but zone {zone} is one of {told}°"
            self.fault(_WIDTH, problem, f"write 几度分带={told}, or the right zone number")
        return told

    def note_shift(self) -> None:
        """Report parameters of a transformation: they are not applied."""
        text = self.header.get(_SHIFT, "")
        if any(part.strip(" 0.") for part in text.split(",")):
            self.origin.note(
                "shift_unused", "warning",
                f"文件头写有转换参数（{text}），未对坐标使用；请确认坐标已是该坐标系成果。",
                f"the header has parameters of a transformation ({text}), which were not applied; make sure "
                "that the coordinates are in the system named already.",
            )  # fmt: skip
