"""Ecosystems: every class of every scheme leads somewhere, and every table knows whom it speaks of."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio

from spatial.errors import RuleError
from spatial.plan.ecosystems import (
    cover_factors,
    ecosystem_codes,
    list_schemes,
    name_kinds,
    read_crosswalk,
    runoff_shares,
    wind_decays,
)
from spatial.plan.rules import read_rules

COVER, ECOLOGY = read_rules("evaluation_cover"), read_rules("evaluation_ecology")


def test_codes_are_numbers_of_a_byte_each_once():
    codes = list(ecosystem_codes(COVER).values())
    assert sorted(codes) == list(range(1, len(codes) + 1))


def test_every_class_leads_to_an_ecosystem():
    known = set(ecosystem_codes(COVER).values())
    for scheme in list_schemes(COVER):
        crosswalk = read_crosswalk(COVER, scheme)
        assert set(crosswalk.values()) <= known
        assert all(0 < code < 65_536 for code in crosswalk)
        # Each scheme tells at least fields, forest, water and built land apart.
        assert len(set(crosswalk.values())) >= 8
    rows = sum(len(read_crosswalk(COVER, scheme)) for scheme in list_schemes(COVER))
    assert rows == sum(rule.key.split(".")[-1].isdigit() for rule in COVER.rules)


def test_every_ecosystem_has_a_factor_of_cover():
    codes = set(ecosystem_codes(COVER).values())
    factors, dry = cover_factors(COVER, ECOLOGY)
    assert set(factors) | set(dry) == codes
    assert not set(factors) & set(dry)
    for row in factors.values():
        assert len(row) in (1, len(ECOLOGY.value("cover_factor.breaks")) + 1)
        assert all(0 <= item <= 1 for item in row)
        assert sorted(row, reverse=True) == list(row)


def test_every_row_of_the_tables_is_reached():
    """A name spelt differently in two tables would silently count for nothing."""
    codes = ecosystem_codes(COVER)
    assert set(ECOLOGY.under("runoff")) <= set(codes)
    assert len(runoff_shares(COVER, ECOLOGY)) == len(ECOLOGY.under("runoff"))
    assert set(COVER.under("group")) == set(codes)
    assert set(COVER.under("wind")) <= set(codes)
    assert set(COVER.under("wind").values()) == set(ECOLOGY.under("wind_decay"))
    groups = set(COVER.under("group").values())
    factors = set(ECOLOGY.under("cover_factor")) - {"breaks", "edges"}
    assert groups == factors | set(ECOLOGY.value("dry_groups"))
    assert set(wind_decays(COVER, ECOLOGY).values()) == set(ECOLOGY.under("wind_decay").values())
    capacity = read_rules("evaluation_capacity")
    for names in (*capacity.under("conflict").values(), ECOLOGY.value("2020-trial.conservation.kinds")):
        assert all(name_kinds(COVER, (name,)) for name in names)


def test_kinds_by_name_and_by_group():
    code = ecosystem_codes(COVER)
    assert name_kinds(COVER, ("urban", "grass")) == (
        code["meadow"], code["steppe"], code["tussock"], code["sparse_grass"], code["urban"],
    )  # fmt: skip
    assert name_kinds(COVER, ()) == ()


def test_classes_of_zion_are_all_known(real_data):
    with rasterio.open(real_data / "zion" / "nlcd2011.tif") as file:
        classes = np.unique(file.read(1, masked=True).compressed())
    assert set(classes.tolist()) <= set(read_crosswalk(COVER, "nlcd"))


def test_schemes_and_ecosystems_that_there_are_not():
    with pytest.raises(RuleError, match=r"no such land-cover scheme.*worldcover"):
        read_crosswalk(COVER, "corine")
    wrong = COVER.override({"nlcd.11": "sea", "nlcd.12": "snow"})
    with pytest.raises(RuleError) as caught:
        read_crosswalk(wrong, "nlcd")
    assert all(word in str(caught.value) for word in ("nlcd.11", "nlcd.12", "called sea"))
    assert read_crosswalk(wrong, "worldcover")[80] == ecosystem_codes(COVER)["water"]
