"""Codes of industries: the table is whole, and codes are read as planners write them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from spatial.plan.industry_codes import list_industries, read_codes
from spatial.plan.rules import read_rules

CODES = list_industries(read_rules("industries"))


def test_twenty_sections_share_ninety_seven_divisions() -> None:
    rules = read_rules("industries")
    assert list(CODES.divisions) == [f"{number:02d}" for number in range(1, 98)]
    assert "".join(CODES.sections) == "ABCDEFGHIJKLMNOPQRST"
    listed = [division for divisions in rules.under("section").values() for division in divisions]
    assert listed == list(CODES.divisions)
    assert all(division in rules.under("section")[section] for division, section in CODES.section_of.items())
    assert sorted(CODES.family_of) == listed
    assert sum(map(len, rules.under("family").values())) == 97


@pytest.mark.parametrize(
    ("given", "read"),
    [("C3911", "3911"), ("i65", "65"), (65.0, "65"), (1, "01"), ("0111", "0111"), ("S", "S"),
     ("U", ""), ("A39", ""), ("00", ""), ("98", ""), ("39111", ""), ("电子", ""), (None, ""), (np.nan, "")],
)  # fmt: skip
def test_codes_are_read_as_they_are_written(given: object, read: str) -> None:
    assert read_codes(pd.Series([given], dtype=object), CODES).tolist() == [read]


def test_every_unknown_code_is_answered_with_a_valid_one() -> None:
    for given in ("99", "C99", "F39", "0", "12345", "980"):
        near = CODES.suggest(given).split(" ")[0]
        assert CODES.read(near) == near


def test_groups_are_named_by_their_division() -> None:
    assert CODES.name("391").zh == "计算机、通信和其他电子设备制造业（中类 391）"
    assert CODES.put("3911", "group") == "391"
    assert CODES.is_coarse("C", "division")
    assert CODES.is_coarse("39", "group")
    assert not CODES.is_coarse("3911", "group")
