"""The text of a new plan: small, builds at once, and shows by comments what to write next."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import yaml
from yaml.reader import Reader


@dataclass(frozen=True)
class Seat:
    """A named position: longitude and latitude in degrees, CGCS2000. Seats of districts need a `code`."""

    name: str
    lon: float
    lat: float
    code: str = ""


def name_plan(text: str) -> str:
    """Turn a folder name into a plan name: at most 63 lower-case letters, digits and underscores.

    Examples
    --------
    >>> name_plan("He-Bi 2035"), name_plan("鹤壁")
    ('he_bi_2035', 'plan')
    """
    slug = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return (slug if slug[:1].isalpha() else f"plan_{slug}")[:63].strip("_")


def compose_plan(
    name: str,
    title: str,
    *,
    territory: str,
    sources: str = "",
    centre: Seat,
    seats: Sequence[Seat] = (),
    core_radius_m: float,
    schema: str,
) -> str:
    """Write the YAML of a plan with one core, a point at each seat and three circles.

    Parameters
    ----------
    name, title : str
        The plan's name (see `name_plan`) and its title.
    territory, sources : str
        The bodies of these two parts, as flow mappings; `sources` may be empty.
    centre : Seat
        The middle of the core.
    seats : sequence of Seat
        Seats of the districts, their names and codes all different; may be empty.
    core_radius_m : float
        Radius of the disc that stands for the core until it is drawn.
    schema : str
        Address of the JSON Schema for editors.

    Examples
    --------
    >>> text = compose_plan(
    ...     "x", "某市", territory="{adcode: 410600}", centre=Seat("中心", 114.3, 35.7),
    ...     core_radius_m=3000, schema="plan.json",
    ... )
    >>> "formula: 一核 " in text
    True
    """
    points = "".join(_POINT.format(number=n, name=_quote(s.name)) for n, s in enumerate(seats, 1))
    towns = "".join(_TOWN.format(name=_quote(s.name), s=s) for s in seats)
    return _PLAN.format(
        schema=schema,
        name=name,
        title=_quote(title),
        territory=territory,
        sources=f"\nsources:\n{sources}" if sources else "",
        towns=f"\n{_TOWNS}\n{towns}" if seats else "",
        centre=_quote(centre.name),
        lon=centre.lon,
        lat=centre.lat,
        formula=f"一核{len(seats)}点" if seats else "一核",
        radius=f"{core_radius_m:.0f} m",
        points=points,
    )


def _quote(text: str) -> str:
    text = Reader.NON_PRINTABLE.sub("", text)
    return yaml.safe_dump(text, allow_unicode=True, default_style='"', width=10_000).strip()


_TOWNS = "# Seats are the middles of the districts until you correct them.\ntowns:"
_TOWN = '  - {{name: {name}, code: "{s.code}", seat: [{s.lon:.5f}, {s.lat:.5f}], accuracy: 5 km}}\n'
_POINT = "    - {{id: point_{number}, kind: point, name: {name}, at: {name}}}\n"
_PLAN = """\
# yaml-language-server: $schema={schema}
# A plan to start from. Change it, then run: spatial check FOLDER; spatial build FOLDER
# Quantities carry their unit (2 km, 30 min, 40 km/h). Positions are [longitude, latitude] in CGCS2000.
name: {name}
title: {title}
year: 2035
language: both

territory: {territory}
{sources}{towns}
# The middle of the territory, until you put the centre where it is.
places:
  - {{name: {centre}, at: [{lon:.5f}, {lat:.5f}]}}

structure:
  formula: {formula}          # must agree with the elements below
  elements:
    # The core is a disc until you draw it: give `source` and `areas` instead of `discs`.
    - {{id: core, kind: core, name: 核心区, discs: [{{at: {centre}, radius: {radius}}}]}}
{points}
circles:
  - {{id: commute_15, name: 15分钟圈, from: core, time: 15 min}}
  - {{id: commute_30, name: 30分钟圈, from: core, time: 30 min}}
  - {{id: commute_60, name: 60分钟圈, from: core, time: 60 min}}
  # A promise is judged: add `must_reach: core`, `must_reach: towns[tag=plain]` or `must_reach: territory`.

# Three zones and three lines come from polygons that you have:
# sources:
#   zones: {{file: zones.gpkg, licence: internal}}
# zones:
#   claims: [{{zone: farming, source: zones, where: {{kind: 农业}}}}]
# lines:
#   claims: [{{line: permanent_farmland, source: zones, where: {{kind: 永久基本农田}}}}]
"""
