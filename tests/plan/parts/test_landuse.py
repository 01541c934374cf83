"""Land-use codes: complete as far as counts tell, and no code is ever chosen where several may be meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.errors import RuleError
from spatial.plan.parts.landuse import crosswalk, read_codes
from spatial.plan.rules import read_rules

VERSIONS = ("2020", "2023")


@pytest.mark.parametrize(("version", "seconds"), [("2020", 106), ("2023", 111)])
def test_counts_are_those_of_the_source(version, seconds):
    codes = read_codes(version)
    levels = [code.level for code in codes.values()]
    assert levels.count(1) == 24
    assert levels.count(2) == seconds
    assert all(code[:2] in codes and (len(code) < 6 or code[:4] in codes) for code in codes)
    assert len({code.zh for code in codes.values() if code.level == 1}) == 24
    said = read_rules(f"landuse_{version}").value("levels")
    assert all(levels.count(level) <= most for level, most in zip((1, 2, 3), said, strict=True))


@pytest.mark.parametrize("version", VERSIONS)
def test_every_survey_class_leads_somewhere_that_exists(version):
    survey, targets = read_codes("survey"), read_codes(version)
    table = crosswalk(survey, "survey", version)
    assert set(table["status"]) == {"one", "many"}
    for row in table.itertuples():
        found = row.candidates.split(" | ")
        assert set(found) <= set(targets)
        assert (row.status == "one") == (len(found) == 1) == (row.target != "")
        assert row.confidence == "found"


def test_adjustable_land_may_always_return_to_cultivated_land():
    adjustable = [code for code in read_codes("survey") if code.endswith("K")]
    assert len(adjustable) == 9
    for version in VERSIONS:
        assert all(value.endswith("01") for value in crosswalk(adjustable, "survey", version)["candidates"])


def test_from_2020_to_2023_every_code_has_one_successor():
    table = crosswalk(read_codes("2020"), "2020", "2023").set_index("code")
    assert set(table["status"]) == {"one"}
    assert table.loc["1312", "target"] == "1311"
    assert table.loc["060102", "target_name"] == "城镇村道路用地"
    moved = table[table["target"] != table.index]
    assert len(moved) == 12
    assert table.loc["1313", "name"] == "其他公用设施用地" == table.loc["1313", "target_name"]


@pytest.mark.parametrize(
    ("code", "version", "target"),
    [("1109", "2020", "1312"), ("1109", "2023", "1311"), ("1203", "2020", "2302"), ("1203", "2023", "2303"),
     ("0307", "2023", "0304"), ("08H2A", "2023", "080401"), ("1004", "2023", "1207"), ("0303", "2020", "0507")],
)  # fmt: skip
def test_known_classes(code, version, target):
    assert crosswalk([code], "survey", version)["target"].tolist() == [target]


@given(st.lists(st.text(max_size=6)))
def test_strange_codes_are_unknown_and_each_stands_once(codes):
    table = crosswalk(codes, "survey", "2023")
    assert table["code"].tolist() == list(dict.fromkeys(code.strip() for code in codes))
    known = read_codes("survey")
    assert all((row.status == "unknown") == (row.code not in known) for row in table.itertuples())


def test_nulls_and_ways_that_there_are_not():
    assert crosswalk([None, float("nan"), ""], "survey", "2023")["status"].tolist() == ["unknown"]
    with pytest.raises(RuleError, match="no table"):
        crosswalk(["0101"], "2023", "survey")
    with pytest.raises(RuleError, match="no such scheme"):
        read_codes("1984")
    assert crosswalk(["0101", "0199"], "2023", "2023")["status"].tolist() == ["one", "unknown"]
