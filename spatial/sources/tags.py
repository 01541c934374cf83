"""What OpenStreetMap tags say about travel: who may go where, which way, and how fast.

The rules are those of the OpenStreetMap wiki (*OSM tags for routing*, *Key:access*, *Key:oneway*,
*Key:maxspeed*, *Key:barrier*): the most specific tag that is present decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from spatial.engine.travel.network import Mode

Tags = Mapping[str, str | None]

ACCESS_KEYS = (
    "highway", "route", "access", "vehicle", "motor_vehicle", "motorcar", "bicycle", "foot", "motorroad",
    "service", "junction", "oneway", "oneway:bicycle", "oneway:foot", "oneway:motor_vehicle",
    "oneway:motorcar", "cycleway", "cycleway:left", "cycleway:right", "cycleway:both",
)  # fmt: skip
"""Tags of a way that say who may go and which way."""
SPEED_KEYS = ("maxspeed", "maxspeed:forward", "maxspeed:backward", "duration")
"""Tags of a way that say how fast."""
GROUND_KEYS = ("surface", "tracktype", "bridge", "tunnel")
"""Tags of a way that say what it lies on."""
BARRIER_KEYS = ("barrier", "access", "vehicle", "motor_vehicle", "motorcar", "bicycle", "foot")
"""Tags of a node that say who may pass."""

_WHO = {
    "drive": ("motorcar", "motor_vehicle", "vehicle", "access"),
    "cycle": ("bicycle", "vehicle", "access"),
    "walk": ("foot", "access"),
}
_NAMED = {"drive": ("motorcar", "motor_vehicle"), "cycle": ("bicycle",), "walk": ("foot",)}
_NO = {
    "no", "private", "restricted", "military", "emergency", "official", "use_sidepath", "psv", "bus", "taxi",
    "permit", "residents", "employees", "staff", "forestry", "agricultural", "delivery",
    "closed", "construction", "hgv", "tourist_bus", "horse",
}  # fmt: skip
_YES = {"yes", "designated", "permissive", "destination", "customers", "public", "dismount"}
_NO_ROAD = {"", "construction", "proposed", "planned", "abandoned", "razed", "disused", "no"}
_ONE_WAY = {"yes": 1, "true": 1, "1": 1, "-1": -1, "reverse": -1, "no": 0, "false": 0, "0": 0}
_ROUND = {"roundabout", "circular"}
_OPEN_TO_CARS = {
    "cattle_grid", "border_control", "checkpoint", "toll_booth", "sally_port", "gate", "lift_gate",
    "sliding_gate", "swing_gate", "hampshire_gate", "bump_gate", "no", "entrance", "height_restrictor",
    "arch", "kerb", "speed_bump", "spikes",
}  # fmt: skip
_CLOSED_TO_BICYCLES = {"turnstile", "full-height_turnstile", "stile", "kissing_gate", "horse_stile"}
_CLOSED_TO_ALL = {
    "fence", "wall", "hedge", "retaining_wall", "city_wall", "guard_rail", "ditch", "debris",
    "tank_trap", "haha",
}  # fmt: skip
_PAVED = {
    "paved", "asphalt", "chipseal", "concrete", "concrete:lanes", "concrete:plates", "paving_stones", "sett",
    "cobblestone", "cobblestone:flattened", "unhewn_cobblestone", "bricks", "metal", "wood", "tartan",
    "grass_paver",
}  # fmt: skip
_UNPAVED = {
    "unpaved", "compacted", "fine_gravel", "gravel", "shells", "rock", "pebblestone", "ground", "dirt",
    "earth", "grass", "mud", "sand", "woodchips", "snow", "ice", "clay", "stepping_stones", "stone",
}  # fmt: skip
_KMH = {"": 1.0, "kmh": 1.0, "km/h": 1.0, "kph": 1.0, "mph": 1.609344, "knots": 1.852}
_SPEED = re.compile(r"(\d+(?:\.\d+)?)\s*(kmh|km/h|kph|mph|knots|)")
_NO_LIMIT = {"none", "signals", "variable", "default", "implicit", "national"}
_FASTEST_KMH = 200.0


@dataclass(frozen=True)
class WayRule:
    """What tags say of a way for one mode.

    Parameters
    ----------
    class_ : str
        Value of ``highway``, or ``ferry``.
    allowed : bool
        Whether the mode may go there at all.
    oneway : int
        1 as drawn, -1 against it, 0 both.
    push : bool
        Whether cyclists must dismount.
    """

    class_: str
    allowed: bool
    oneway: int
    push: bool


def read_way(tags: Tags, mode: Mode, open_classes: Mapping[str, float]) -> WayRule:
    """Tell what a mode may do on a way.

    Parameters
    ----------
    tags : mapping of str to str or None
        Values of `ACCESS_KEYS`.
    mode : {"drive", "cycle", "walk"}
    open_classes : mapping of str to float
        Classes that are open to the mode unless tags say otherwise, with their speeds.

    Examples
    --------
    >>> read_way({"highway": "primary", "junction": "roundabout"}, "drive", {"primary": 60.0})
    WayRule(class_='primary', allowed=True, oneway=1, push=False)
    """
    ferry = tags.get("route") == "ferry" and not tags.get("highway")
    class_ = "ferry" if ferry else tags.get("highway") or ""
    return WayRule(
        class_, _may_go(tags, mode, open_classes, class_), _tell_direction(tags, mode), _must_push(tags, mode)
    )


def _ask(tags: Tags, mode: Mode) -> tuple[str, bool | None]:
    """Return the most specific access tag that is present, and whether it lets the mode go."""
    for key in _WHO[mode]:
        if value := tags.get(key):
            parts = {part.strip() for part in value.split(";")}
            return key, True if parts & _YES else False if parts <= _NO else None
    return "", None


def _may_go(tags: Tags, mode: Mode, open_classes: Mapping[str, float], class_: str) -> bool:
    key, may = _ask(tags, mode)
    if may is False or class_ in _NO_ROAD or (mode == "drive" and tags.get("service") == "emergency_access"):
        return False
    # Only a tag that names the traveller opens what the class closes: access=yes on a footway is for walkers.
    if may and key in _NAMED[mode]:
        return True
    if mode != "drive" and tags.get("motorroad") == "yes":
        return False
    for_cars = class_ != "ferry" or may or not (tags.get("foot") or tags.get("bicycle"))
    return open_classes.get(class_, 0.0) > 0 and (mode != "drive" or for_cars)


def _tell_direction(tags: Tags, mode: Mode) -> int:
    if mode == "walk":
        return _ONE_WAY.get(tags.get("oneway:foot") or "no", 0)
    own = ("oneway:bicycle",) if mode == "cycle" else ("oneway:motorcar", "oneway:motor_vehicle")
    for key in own:
        if (value := tags.get(key)) in _ONE_WAY:
            return _ONE_WAY[value]
    general = _general_direction(tags)
    return 0 if mode == "cycle" and general and _rides_against(tags) else general


def _general_direction(tags: Tags) -> int:
    value = tags.get("oneway")
    if value in _ONE_WAY:
        return _ONE_WAY[value]
    return int(tags.get("junction") in _ROUND or tags.get("highway") == "motorway")


def _rides_against(tags: Tags) -> bool:
    return any(
        (tags.get(key) or "").startswith("opposite")
        for key in ("cycleway", "cycleway:left", "cycleway:right", "cycleway:both")
    )


def _must_push(tags: Tags, mode: Mode) -> bool:
    return mode == "cycle" and tags.get("bicycle") == "dismount"


def blocks(tags: Tags, mode: Mode) -> bool:
    """Say whether a barrier on a node stops a mode.

    Parameters
    ----------
    tags : mapping of str to str or None
        Values of `BARRIER_KEYS`.
    mode : {"drive", "cycle", "walk"}

    Notes
    -----
    A tag for the mode decides, then ``access``. Without them a gate is taken as open, as routing engines
    do; cars are stopped by what is not known to let them pass, others only by what is known to stop them.

    Examples
    --------
    >>> blocks({"barrier": "bollard"}, "drive"), blocks({"barrier": "bollard"}, "walk")
    (True, False)
    """
    _, may = _ask(tags, mode)
    if may is not None:
        return not may
    kind = tags.get("barrier")
    if mode == "drive":
        return kind not in _OPEN_TO_CARS
    return kind in _CLOSED_TO_ALL or (mode == "cycle" and kind in _CLOSED_TO_BICYCLES)


def parse_maxspeed(text: str | None, walk_kmh: float) -> float | None:
    """Return a posted speed in km/h.

    Parameters
    ----------
    text : str or None
        ``50``, ``50 km/h``, ``30 mph``, ``walk``; zones such as ``CN:urban`` are not read.
    walk_kmh : float
        What ``walk`` stands for.

    Returns
    -------
    float or None
        NaN where nothing is posted or there is no limit; None where the text is not understood, is zero or
        above 200 km/h.

    Examples
    --------
    >>> parse_maxspeed("30 mph", 7), parse_maxspeed("CN:urban", 7)
    (48.28032, None)
    """
    value = (text or "").strip().lower()
    if not value or value in _NO_LIMIT:
        return float("nan")
    if value == "walk" or value.endswith(":walk"):
        return walk_kmh
    found = _SPEED.fullmatch(value)
    kmh = float(found[1]) * _KMH[found[2]] if found else 0.0
    return kmh if 0 < kmh <= _FASTEST_KMH else None


def parse_duration(text: str | None) -> float | None:
    """Return a duration in seconds; None where there is none or it is not understood.

    Parameters
    ----------
    text : str or None
        ``hh:mm``, ``hh:mm:ss``, minutes, or ISO 8601 such as ``PT1H30M``.

    Examples
    --------
    >>> parse_duration("00:20"), parse_duration("PT1H30M"), parse_duration("5"), parse_duration("soon")
    (1200.0, 5400.0, 300.0, None)
    """
    value = (text or "").strip().upper()
    clock = re.fullmatch(r"(\d+):(\d\d)(?::(\d\d))?", value)
    iso = re.fullmatch(r"P(?:(\d+)D)?T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?", value)
    seconds = 0.0
    if clock:
        seconds = int(clock[1]) * 3600.0 + int(clock[2]) * 60 + int(clock[3] or 0)
    elif iso:
        days, hours, minutes, rest = (int(part or 0) for part in iso.groups())
        seconds = days * 86400.0 + hours * 3600 + minutes * 60 + rest
    elif re.fullmatch(r"\d+(\.\d+)?( ?MIN)?", value):
        seconds = float(value.removesuffix("MIN")) * 60
    return seconds or None


def read_ground(tags: Tags) -> tuple[int, bool]:
    """Return whether a way is paved (1, 0, -1 unknown) and whether it is a bridge or a tunnel.

    Examples
    --------
    >>> read_ground({"surface": "asphalt", "tunnel": "yes"})
    (1, True)
    """
    surface, track = tags.get("surface") or "", tags.get("tracktype") or ""
    aloft = any((tags.get(key) or "no") not in ("no", "culvert") for key in ("bridge", "tunnel"))
    if surface in _PAVED or surface in _UNPAVED:
        return int(surface in _PAVED), aloft
    return (int(track == "grade1") if track else -1), aloft
