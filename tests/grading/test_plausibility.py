"""Plausibility of factors: wrong units are told with the right one, and values in the right unit are let be."""

from __future__ import annotations

import numpy as np
import pytest

from spatial.engine.rasters.grids import Grid
from spatial.grading.plausibility import doubt_texture, doubt_values
from spatial.grading.streaming import Seen
from spatial.plan.findings import Finding
from spatial.plan.parts.evaluation import FACTORS, UNITS, Factor
from spatial.plan.rules import read_rules

TABLE = read_rules("evaluation_factors")
GRID = Grid("EPSG:4546", 0, 0, 50, 300, 260)


def doubt(name: str, least: float, greatest: float, unit: str | None = None) -> list[Finding]:
    factor = Factor(source="own", unit=unit)
    return doubt_values(name, factor, "own", Seen(9, 9, least, greatest), TABLE)


@pytest.mark.parametrize(
    ("name", "least", "greatest", "unit", "severity", "remedy"),
    [
        ("silt", 355, 635, None, "error", "write `unit: g/kg` at evaluation.factors.silt"),
        ("vegetation", 1, 97, None, "error", 'write `unit: "%"` at evaluation.factors.vegetation'),
        ("air_calm", 6, 25, None, "error", 'write `unit: "%"` at'),
        ("humidity", 60, 72, None, "error", 'write `unit: "%"` at'),
        ("temperature", 85, 152, None, "error", "write `unit: 0.1°C` at"),
        ("temperature", 275, 290, None, "error", "or `unit: K` at"),
        ("rain", -3, 700, None, "error", "check the file, its nodata"),
        ("rain", 5540, 7850, None, "warning", "write `unit: 0.1mm` at"),
        ("rain", 7850, 25000, None, "error", "write `unit: 0.1mm` at"),
        ("organic", 13, 38, None, "warning", "write `unit: g/kg` at"),
        ("water_modulus", 123, 223, None, "warning", "write `unit: mm` at"),
        ("elevation", 380, 9400, None, "error", "ft"),
        ("elevation", 377, 6329, None, "warning", "or `unit: ft` if these are feet"),
        ("vegetation", 0.0001, 0.0097, "%", "warning", "write `unit: share` at"),
        ("wind_speed", 17, 38, None, "warning", "write `unit: km/h` at"),
        ("soil_ph", 55, 75, None, "error", "check the file"),
    ],
)
def test_values_that_cannot_be_or_seldom_are_are_told_with_the_unit_that_makes_sense(
    name: str, least: float, greatest: float, unit: str | None, severity: str, remedy: str
) -> None:
    (found,) = doubt(name, least, greatest, unit)
    assert found.severity == severity
    assert remedy in found.message_en
    assert "own" in found.message_zh
    assert f"{greatest:.4g}" in found.message_zh or f"{greatest:.0f}" in found.message_zh
    assert found.feature_id == name


@pytest.mark.parametrize(
    ("name", "least", "greatest", "unit"),
    [
        ("silt", 35.5, 63.5, "g/kg"), ("vegetation", 0, 1.0000001, "%"), ("rain", 7, 2800, None),
        ("elevation", -154, 2999, None), ("elevation", 1200, 8849, "m"), ("temperature", -6, 24, "0.1°C"),
        ("organic", 0.2, 12, "g/kg"), ("air_calm", 0, 0.6, "%"), ("landcover", 10, 100, None),
        ("water_modulus", 0, 140, "mm"), ("accumulated_temperature", 0, 9300, None),
    ],
)  # fmt: skip
def test_values_in_their_unit_are_let_be(name: str, least: float, greatest: float, unit: str | None) -> None:
    assert doubt(name, least, greatest, unit) == []


def test_nothing_is_said_of_a_factor_without_values() -> None:
    assert doubt_values("rain", None, "own", Seen(9), TABLE) == []


COMMON = {
    "silt": (20, 60), "vegetation": (0.1, 0.9), "temperature": (8, 16), "rain": (400, 900),
    "accumulated_temperature": (3000, 5000), "water_modulus": (10, 30), "elevation": (50, 2400),
}  # fmt: skip


@pytest.mark.parametrize("name", COMMON)
def test_whatever_is_doubted_for_its_unit_has_the_true_unit_among_those_proposed(name: str) -> None:
    low, high = COMMON[name]
    doubted = 0
    for unit, (times, plus) in UNITS[FACTORS[name].unit].items():
        assert doubt(name, low, high, unit) == []
        for found in doubt(name, (low - plus) / times, (high - plus) / times):
            doubted += 1
            written = f"unit: {unit}".replace("%", '"%"')  # as YAML takes it
            assert f"`{written}`" in found.message_en
            assert written in found.message_zh
    assert doubted


def test_every_factor_of_amounts_has_a_range_and_every_row_a_factor() -> None:
    rows = {key for kind in ("possible", "usual", "reach") for key in TABLE.under(kind)}
    assert rows <= FACTORS.keys()
    bare = {name for name, kind in FACTORS.items() if not kind.classes} - TABLE.under("possible").keys()
    assert bare == {"water_environment"}  # no unit is fixed for it
    for name, (low, high) in TABLE.under("usual").items():
        least, most = TABLE.value(f"possible.{name}")
        assert least <= low < high <= most


class Even:
    """A source of one value, missing in the first column of a block."""

    def __init__(self, value: float) -> None:
        self.value = value

    def read(self, grid: Grid, block: object) -> np.ndarray:
        cells = np.full(block.shape, self.value, np.float32)  # type: ignore[attr-defined]
        cells[:, 0] = np.nan
        return cells


@pytest.mark.parametrize(
    ("sand", "silt", "clay", "sound"),
    [
        (45, 35, 20, True),
        (4.5, 3.5, 2.0, False),
        (45, 35, 2.0, False),
        (48, 36, 19, True),
        (60, 60, 20, False),
    ],
)
def test_sand_silt_and_clay_add_up(sand: float, silt: float, clay: float, sound: bool) -> None:
    sources = {"sand": Even(sand), "silt": Even(silt), "clay": Even(clay)}
    found = doubt_texture(sources, {name: f"own_{name}" for name in sources}, GRID, TABLE)
    assert (found == []) == sound
    if not sound:
        assert f"add up to {sand + silt + clay:.4g} %" in found[0].message_en
        assert "own_sand, own_silt, own_clay" in found[0].message_zh
    del sources["clay"]
    assert doubt_texture(sources, {}, GRID, TABLE) == []
    sources["clay"] = Even(np.nan)
    assert doubt_texture(sources, dict.fromkeys(sources, "own"), GRID, TABLE) == []
