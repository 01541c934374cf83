"""Zoning 三区三线: what a plan and the rule tables together say of zones and lines."""

from __future__ import annotations

from typing import get_args

from spatial.plan.base import Record, Text
from spatial.plan.records import Line, Lines, Zone, Zones
from spatial.plan.rules import RuleTable

ZONE_NAMES: dict[str, Text] = {
    "ecology": Text(zh="生态空间", en="Ecological space"),
    "farming": Text(zh="农业空间", en="Farming space"),
    "urban": Text(zh="城镇空间", en="Urban space"),
}
"""The three zones, in the order in which they are listed."""
LINE_NAMES: dict[str, Text] = {
    "permanent_farmland": Text(zh="永久基本农田", en="Permanent basic farmland"),
    "ecological_redline": Text(zh="生态保护红线", en="Ecological red line"),
    "urban_boundary": Text(zh="城镇开发边界", en="Urban development boundary"),
}
"""The three lines, in the order in which they are listed."""
GRID_DEG = 1e-10
"""Grid on which edges are noded: a hundredth of a millimetre, so that the territory keeps its area."""
NAMES = LINE_NAMES | ZONE_NAMES
"""All that a claim can ask for."""


class Zoning(Record):
    """How claims are settled.

    Parameters
    ----------
    has_zones, has_lines : bool
        Whether the plan has zones and lines at all.
    zone_order, line_order : tuple of str
        All zones and all lines, the one that wins first.
    zone_of_line : dict of str to str
        The zone that each line lies in.
    unclaimed : str
        The zone that takes land without a claim.
    tolerance_m : float
        Overlaps, gaps and overhangs thinner than this are rounding, not disagreement: they are settled and
        listed like all others, but no finding warns of them.
    min_area_m2 : float
        Smaller zone parts without a line go to a neighbour.
    min_line_m2 : float
        Smaller parts of lines without a binding claim are not in the line.
    """

    has_zones: bool
    has_lines: bool
    zone_order: tuple[Zone, ...]
    line_order: tuple[Line, ...]
    zone_of_line: dict[Line, Zone]
    unclaimed: Zone
    tolerance_m: float
    min_area_m2: float
    min_line_m2: float = 0.0


def settle_zoning(
    zones: Zones | None, lines: Lines | None, zone_rules: RuleTable, line_rules: RuleTable
) -> Zoning:
    """Put what the plan says before what the rule tables say.

    A priority in the plan that leaves some out is completed in the order of the table.

    Raises
    ------
    RuleError
        A table lacks a row.

    Examples
    --------
    >>> from spatial.plan.rules import read_rules
    >>> plan = Zones(claims=(), priority=("urban",))
    >>> settle_zoning(plan, None, read_rules("zones"), read_rules("lines")).zone_order
    ('urban', 'farming', 'ecology')
    """
    said = zones or Zones(claims=())
    line_order = (lines.priority if lines else None) or ()
    return Zoning(
        has_zones=zones is not None,
        has_lines=lines is not None,
        zone_order=_complete(said.priority or (), zone_rules.value("priority"), get_args(Zone)),
        line_order=_complete(line_order, line_rules.value("priority"), get_args(Line)),
        zone_of_line=zone_rules.value("zone_of_line"),
        unclaimed=said.unclaimed or zone_rules.value("unclaimed"),
        tolerance_m=_first(said.tolerance_m, zone_rules.value("tolerance")),
        min_area_m2=_first(said.min_area_m2, zone_rules.value("min_area")),
    )


def say_area(square_metres: float) -> Text:
    """Return an area in words, in hectares from one hectare up.

    Examples
    --------
    >>> say_area(25_000).zh, say_area(0.01234567).en
    ('2.50 公顷', '0.01235 m²')
    """
    if square_metres >= 1e4:
        return Text(zh=f"{square_metres / 1e4:,.2f} 公顷", en=f"{square_metres / 1e4:,.2f} ha")
    return Text(zh=f"{square_metres:.4g} 平方米", en=f"{square_metres:.4g} m²")


def _complete(*orders: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for order in orders for name in order))


def _first(said: float | None, rule: float) -> float:
    return float(rule if said is None else said)
