"""Drafts of proposed zones and lines as cells: each line chooses its land in the order of the alternative."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spatial.engine.rasters.cleaning import (
    clean_mask,
    count_round,
    drop_patches,
    give_away,
    round_classes,
    spread_out,
)
from spatial.engine.rasters.growing import take_best, take_cheapest
from spatial.engine.rasters.stacks import RasterStack
from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.proposals import Choice, settle_choices
from spatial.plan.rules import RuleTable
from spatial.plan.zoning import Zoning
from spatial.themes.evaluation.grounds import NEEDS, Ground, survey_ground
from spatial.themes.evaluation.growth import Growth, grow_boundary

Truths = npt.NDArray[np.bool_]
Classes = npt.NDArray[np.uint8]

CODES: dict[str, int] = {
    "permanent_farmland": 1,
    "ecological_redline": 2,
    "concentrated": 3,
    "elastic": 4,
    "special": 5,
    "ecology": 6,
    "farming": 7,
}
"""Classes of a draft: lines, the zones of the urban boundary, and zones outside lines; 0 is left open."""
OWNERS: dict[int, str] = {
    **{code: name for name, code in CODES.items()},
    **dict.fromkeys((3, 4, 5), "urban_boundary"),
}
"""Line or zone of each class."""
_BEST_SCORE = 254
_GRADES = 4
_NEAR_CELLS = 5


@dataclass(frozen=True, eq=False)
class Passed:
    """Land that one claimed and another has, by cells: lines, zones, and the rule that settled it."""

    loser: str
    winner: str
    rule: str
    area_ha: float


@dataclass(frozen=True, eq=False)
class Draft:
    """One alternative as cells.

    Parameters
    ----------
    choice : Choice
    classes : ndarray of uint8
        See `CODES`; missing outside the territory.
    has_zones : bool
        Whether there are zones: they need every line.
    lacking : mapping of str to tuple of str
        What each line that is not drawn would have needed.
    amounts : mapping of str to float
        Hectares by cells: ``cultivated``, ``farmland_aim``, ``farmland_most`` (all that could be taken),
        ``farmland`` (cultivated land in it), ``base``, ``boundary_most``, ``concentrated_aim``,
        ``good_farmland_lost``, ``extreme_outside``, ``built_outside``; those that there are.
    passed : tuple of Passed
    """

    choice: Choice
    classes: Classes
    has_zones: bool
    lacking: Mapping[str, tuple[str, ...]]
    amounts: Mapping[str, float]
    passed: tuple[Passed, ...]


def proposal_choices(
    evaluation_spec: Evaluation | None,
    proposal_rules: RuleTable,
    evaluation_capacity_rules: RuleTable,
    evaluation_cover_rules: RuleTable,
) -> tuple[Choice, ...]:
    """Return what each alternative is drawn by, the recommended one first; none without an evaluation.

    Raises
    ------
    RuleError
        Numbers of the plan that no row takes.
    """
    if evaluation_spec is None:
        return ()
    return settle_choices(evaluation_spec, proposal_rules, evaluation_capacity_rules, evaluation_cover_rules)


def proposal_drafts(
    evaluation_rasters: RasterStack | None,
    proposal_masks: dict[str, Classes],
    proposal_choices: tuple[Choice, ...],
    zoning: Zoning,
) -> tuple[Draft, ...]:
    """Return the alternatives as cells; none without an evaluation.

    Rasters of the whole territory are held: some 40 bytes a cell while they are made, one byte a cell and
    alternative afterwards.
    """
    if evaluation_rasters is None or not proposal_choices:
        return ()
    ground = survey_ground(evaluation_rasters, proposal_masks)
    rest = "farming" if zoning.unclaimed == "farming" else "ecology"
    return tuple(_draft(ground, choice, rest) for choice in proposal_choices)


def _draft(ground: Ground, choice: Choice, rest: str) -> Draft:
    lacking = {line: lacks for line in NEEDS if (lacks := ground.lacks(line))}
    lines = np.zeros(ground.inside.shape, dtype=np.uint8)
    amounts: dict[str, float] = {}
    wanted: dict[str, Truths] = {}
    for line in choice.order:
        if line in lacking:
            continue
        never = ~ground.inside | (lines > 0) | ground.given_to_others(line)
        if line == "ecological_redline":
            wanted[line], mask = _draw_redline(ground, choice, never)
            lines[mask] = CODES[line]
        elif line == "permanent_farmland":
            wanted[line], mask, told = _choose_farmland(ground, choice, never)
            lines[mask] = CODES[line]
            amounts |= told
        else:
            growth = grow_boundary(ground, choice, never)
            wanted[line] = ground.built
            lines = np.where(growth.zones > 0, growth.zones + np.uint8(CODES["concentrated"] - 1), lines)
            amounts |= _tell_growth(growth)
    has_zones = not ground.lacks_for_zones()
    outside = _zone_land(ground, choice, rest) if has_zones else np.zeros_like(lines)
    classes = _join(ground, choice, lines, outside)
    passed = tuple(_list_passed(ground, choice, classes, wanted, outside))
    amounts |= _weigh_up(ground, choice, classes)
    return Draft(choice, classes, has_zones, lacking, amounts, passed)


def _draw_redline(ground: Ground, choice: Choice, never: Truths) -> tuple[Truths, Truths]:
    """Return land that the red line claims, and the line: cleaned, without built land, with all reserves."""
    must = ground.given["ecological_redline"]
    wanted = ground.where("ecology_importance", choice.table.value("redline.classes")) | must
    mask = clean_mask(
        wanted,
        radius=choice.cells("smooth", ground.cell_m),
        bridge=choice.cells("bridge", ground.cell_m),
        least_patch=choice.patch_cells("redline.least_patch", ground.cell_m),
        least_hole=choice.patch_cells("redline.least_hole", ground.cell_m),
        must=must,
        never=never | (ground.built & ~must),
    )
    return wanted, mask


def _choose_farmland(
    ground: Ground, choice: Choice, never: Truths
) -> tuple[Truths, Truths, dict[str, float]]:
    """Return the fields that are chosen, the line, and how much was aimed at and could be had."""
    must = ground.given["permanent_farmland"]
    fields = ground.where("ecosystem", choice.cultivated) & ~ground.built
    never = never | ((ground.built | _cut_out(ground, choice)) & ~must)
    score = np.where(never, np.uint8(0), _rank_fields(ground, choice, fields))
    options = {
        "radius": choice.cells("smooth", ground.cell_m) // 2,
        "least_patch": choice.patch_cells("farmland.least_patch", ground.cell_m),
        "least_hole": choice.patch_cells("farmland.least_hole", ground.cell_m),
    }

    def clean(mask: Truths) -> Truths:
        return clean_mask(mask, must=must, never=never, **options)  # type: ignore[arg-type]

    aim = choice.farmland_share * float(np.count_nonzero(fields))
    mask, lowest = take_best(score, fields, aim * (1 + choice.by_name("farmland.edge_margin")), clean)
    most = np.count_nonzero(clean(score > 0) & fields)
    return (
        ((score >= max(lowest, 1)) & fields) | must,
        mask,
        {
            "cultivated": np.count_nonzero(fields) * ground.cell_ha,
            "farmland_aim": aim * ground.cell_ha,
            "farmland_most": most * ground.cell_ha,
        },
    )


def _cut_out(ground: Ground, choice: Choice) -> Truths:
    """Return built land, water and the like in patches large enough to be cut out of permanent farmland."""
    land = ground.where("ecosystem", choice.cut)
    return drop_patches(land, choice.patch_cells("farmland.least_cut", ground.cell_m))


def _rank_fields(ground: Ground, choice: Choice, fields: Truths) -> Classes:
    """Return a score of each field from 1 to 255, by grade and by how much cultivated land lies round it."""
    grade = ground.layers["farming_concentrated"]
    fit = fields & ground.where("farming_concentrated", choice.table.value("farmland.grades"))
    quality = (_GRADES + 1 - np.minimum(grade, _GRADES + 1).astype(np.float32)) / _GRADES
    radius = choice.cells("farmland.window", ground.cell_m) // 2
    dense = count_round(fields, radius) / np.float32((2 * radius + 1) ** 4)
    share = np.float32(choice.table.value("farmland.quality"))
    score = np.round(_BEST_SCORE * (share * quality + (1 - share) * dense))
    return np.where(fit, 1 + np.clip(score, 0, _BEST_SCORE), 0).astype(np.uint8)


def _tell_growth(growth: Growth) -> dict[str, float]:
    return {"base": growth.base_ha, "boundary_most": growth.most_ha, "concentrated_aim": growth.aim_ha}


def _zone_land(ground: Ground, choice: Choice, rest: str) -> Classes:
    """Return the zone of each cell were there no lines."""
    table = choice.table
    extreme = ground.where("ecology_importance", table.value("redline.classes"))
    if choice.order.index("ecological_redline") > choice.order.index("permanent_farmland"):
        extreme &= ~ground.where("ecosystem", choice.farmed)
    tests = [
        (extreme, "ecology"),
        (ground.where("ecosystem", choice.farmed), "farming"),
        (ground.where("ecology_importance", table.value("zones.ecology_classes")), "ecology"),
        (ground.where("farming_suitability", table.value("zones.farming_classes")), "farming"),
    ]
    found = np.select([test for test, _ in tests], [CODES[name] for _, name in tests], CODES[rest])
    zones = np.where(ground.inside, found, 0).astype(np.uint8)
    return round_classes(zones, choice.cells("zones.smooth", ground.cell_m))


def _join(ground: Ground, choice: Choice, lines: Classes, outside: Classes) -> Classes:
    """Return lines and zones as one raster, without gaps and patches too small to stand."""
    fixed = (ground.given["permanent_farmland"] & (lines == 1)) | (
        ground.given["ecological_redline"] & (lines == 2)
    )
    fixed |= ground.built & (lines >= CODES["concentrated"])
    # The zones of towns are rounded as one, or strips of one would be lost to its neighbours.
    whole = np.where(lines > CODES["concentrated"], np.uint8(CODES["concentrated"]), lines)
    both = np.where(whole > 0, whole, outside)
    # Without zones, land outside lines is a class of its own meanwhile: it takes part in rounding.
    open_ = max(CODES.values()) + 1
    both = np.where(ground.inside & (both == 0), np.uint8(open_), both)
    both = round_classes(both, choice.cells("smooth", ground.cell_m) // 2 or 1, fixed)
    # What was cut out of farmland is not rounded back into it.
    farmland = np.uint8(CODES["permanent_farmland"])
    back = (both == farmland) & ~fixed & _cut_out(ground, choice)
    both = np.where(back, np.where(outside > 0, outside, np.uint8(open_)), both)
    fixed |= back
    cell_m = ground.cell_m
    least = {
        CODES["permanent_farmland"]: choice.patch_cells("farmland.least_patch", cell_m),
        CODES["ecological_redline"]: choice.patch_cells("redline.least_patch", cell_m),
        CODES["concentrated"]: choice.least_ring_ha / ground.cell_ha,
        **dict.fromkeys((6, 7), choice.patch_cells("zones.least_patch", cell_m)),
    }
    both = give_away(both, least, fixed)
    both = np.where(both == open_, np.uint8(0), both)
    return _part_towns(both, lines, choice, choice.patch_cells("least_line", cell_m))


def _part_towns(both: Classes, lines: Classes, choice: Choice, least_cells: float) -> Classes:
    """Return the raster with the zones of towns in it; those too small go to their neighbours in the town."""
    towns = (lines >= CODES["concentrated"]) & (lines <= CODES["special"])
    held = both == CODES["concentrated"]
    # Land that rounding added is of the zone that it lies next to.
    zones = np.where(held, spread_out(np.where(towns & held, lines, np.uint8(0)), _NEAR_CELLS), np.uint8(0))
    zones = np.where(held & (zones == 0), np.uint8(CODES["concentrated"]), zones)
    zones = give_away(zones, dict.fromkeys((CODES["elastic"], CODES["special"]), least_cells))
    for name, share in (("special", choice.special_share), ("elastic", choice.elastic_share)):
        zones = _hold_share(zones, CODES[name], share * (1 - choice.by_name("edge_margin")))
    return np.where(held, zones, both)


def _hold_share(zones: Classes, code: int, share: float) -> Classes:
    """Return the zones of towns with what one has above its share given to the concentrated zone."""
    mine, core = zones == code, zones == CODES["concentrated"]
    over = (np.count_nonzero(mine) - share * np.count_nonzero(core)) / (1 + share)
    if over <= 0:
        return zones
    near = np.where(mine, -count_round(core, 1).astype(np.float32), np.float32(np.inf))
    return np.where(take_cheapest(near, math.ceil(over)), np.uint8(CODES["concentrated"]), zones)


def _list_passed(
    ground: Ground, choice: Choice, classes: Classes, wanted: Mapping[str, Truths], outside: Classes
) -> Iterator[Passed]:
    """Yield the land that lines claimed and did not get, and that they got and did not claim, by cells."""
    for line, claim in wanted.items():
        own = np.isin(classes, [code for code, name in OWNERS.items() if name == line])
        given = ground.given_to_others(line)
        rank = choice.order.index(line)
        for lost, rule in ((claim & ~own & given, "proposals.given"), (claim & ~own & ~given, "")):
            for winner, count in _count(classes[lost]):
                by_order = winner in choice.order[:rank]
                said = rule or (f"proposals.order.{choice.alternative}" if by_order else "proposals.cleaning")
                yield Passed(line, winner, said, count * ground.cell_ha)
        if line != "urban_boundary":
            for loser, count in _count(outside[own & ~claim]):
                yield Passed(loser, line, "proposals.cleaning", count * ground.cell_ha)


def _count(codes: Classes) -> Iterator[tuple[str, int]]:
    """Yield how many cells each line and zone has; land that is left open has no name."""
    counts: dict[str, int] = {}
    for code, count in enumerate(np.bincount(codes)):
        counts[OWNERS.get(code, "")] = counts.get(OWNERS.get(code, ""), 0) + int(count)
    yield from ((name, count) for name, count in counts.items() if count)


def _weigh_up(ground: Ground, choice: Choice, classes: Classes) -> dict[str, float]:
    """Return what the alternative costs, by cells, hectares; only of what can be told."""
    table, found = choice.table, dict[str, float]()
    fields = ground.where("ecosystem", choice.cultivated) & ~ground.built
    urban = (classes >= CODES["concentrated"]) & (classes <= CODES["special"])
    measures = {
        "farmland": (("ecosystem",), fields & (classes == CODES["permanent_farmland"])),
        "good_farmland_lost": (
            ("ecosystem", "farming_concentrated"),
            fields & urban & ground.where("farming_concentrated", table.value("farmland.good")),
        ),
        "extreme_outside": (
            ("ecology_importance",),
            ground.where("ecology_importance", table.value("redline.classes"))
            & (classes != CODES["ecological_redline"]),
        ),
    }
    for name, (needs, land) in measures.items():
        if all(need in ground.layers for need in needs):
            found[name] = float(np.count_nonzero(land)) * ground.cell_ha
    if ground.built.any():
        found["built_outside"] = float(np.count_nonzero(ground.built & ~urban)) * ground.cell_ha
    return found
