"""Overrides act as if they stood in the file, and are the place of what is wrong with them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

HEAD = "name: demo\ntitle: 示例\nyear: 2035\nterritory: {adcode: 419001}\n"
CIRCLES = (
    HEAD
    + "circles:\n  - {id: near, name: 近, from: core, time: 15 min}\n  - id: far\n    name: 远\n    from: core\n    time: 60 min\n"
)


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("circles.0.speed=40km/h", lambda plan: plan.circles[0].speed_kmh == 40),
        (
            "circles.far.speed=50 km/h",
            lambda plan: plan.circles[1].speed_kmh == 50 and plan.circles[0].speed_kmh is None,
        ),
        (" circles.far.speed = 50 km/h ", lambda plan: plan.circles[1].speed_kmh == 50),
        ("year=2049", lambda plan: plan.year == 2049),
        ("title={zh: 新, en: New}", lambda plan: plan.title.en == "New"),
        ("title=a=b", lambda plan: plan.title.zh == "a=b"),
        ("outputs.basemap=osm", lambda plan: plan.outputs.basemap == "osm"),
        ("outputs.simplify=5 m", lambda plan: plan.outputs.simplify_m == 5.0),
        ("circles=[]", lambda plan: plan.circles == ()),
        ("circles.1={id: x, name: x, from: core, time: 1 h}", lambda plan: plan.circles[1].time_min == 60),
        (
            "evaluation.rules.farming.concentration.max_area=2000000",
            lambda plan: plan.evaluation.rules == {"farming.concentration.max_area": 2e6},
        ),
        (
            "evaluation.breaks.farming.slope=[2, 5, 15, 25]",
            lambda plan: plan.evaluation.breaks == {"farming.slope": (2, 5, 15, 25)},
        ),
        ("evaluation.proposals.smooth=50", lambda plan: plan.evaluation.proposals == {"smooth": 50}),
        (
            "evaluation.green.resistance.road.motorway=900",
            lambda plan: plan.evaluation.green.resistance == {"road.motorway": 900},
        ),
        (
            "evaluation.weights.urban={land: 0.6, water: 0.4}",
            lambda plan: plan.evaluation.weights == {"urban": {"land": 0.6, "water": 0.4}},
        ),
        ("population={source: s}", lambda plan: plan.population.source == "s"),
    ],
)
def test_overrides(load, override, expected):
    assert expected(load(CIRCLES + "sources: {s: {file: s.csv}}\n", override).plan)


def test_overrides_apply_in_order_and_leave_the_file_alone(load, folder):
    plan = load(CIRCLES, "circles.0.id=new", "circles.new.time=20 min", "circles.0.time=25 min").plan
    assert plan.circles[0].time_min == 25
    assert "25" not in (folder / "plan.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("year=soon", 'year: "soon" is not a whole number; write digits only'),
        ("year=", "year: nothing is written here"),
        ("circles.0.speed=40", "circles.0.speed: 40 has no unit; write a number and a unit, such as 40 km/h"),
        ("circles.far.speed=40", "circles.1.speed: 40 has no unit"),
        ("circles.0.sped=40 km/h", "circles.0.sped: unknown key; did you mean `speed`?"),
        ("circels.0.speed=40 km/h", "circels: unknown key; did you mean `circles`?"),
        (
            "circles.7.speed=40 km/h",
            "circles.7: there is no such item; write a number from 0 to 1, or an id: near, far",
        ),
        ("circles.-1.speed=40 km/h", "circles.-1: there is no such item"),
        ("circles.²=40 km/h", "circles.²: there is no such item"),
        ("circles.middle.speed=40 km/h", "circles.middle: there is no such item"),
        ("circles.0.speed.x=1", 'circles.0.speed: {"x": 1} is not a number with a unit'),
        ("year.x=1", "year.x: there is nothing below this value"),
        ("territory.source=border", "territory.source: there is no source 'border'; add it under `sources`"),
        ("circles.1.id=near", "circles.1.id: the id 'near' is given already at circles.0.id"),
        ("circles.0.time.unit=1", "circles.0.time.unit: there is nothing below this value"),
        ("title=[x", "a bracket opened in line 1 is not closed"),
        ("title=*x", "title: an alias (*) is refused"),
        ("title={zh: a, zh: b}", "title.zh: the key stands already in line 1"),
        ("title=!!python/name:os.system", "title: the tag !!python/name:os.system is refused"),
        ("title=a\0", "the character U+0000 is not text"),
        ("title=\udcff", "the character U+DCFF is not text"),
        ("title=" + "[" * 100_000, "nested deeper than 40 levels"),
        (
            "evaluation.breaks.farming.slope=3",
            "evaluation.breaks.farming.slope: 3 is not a list; write items in [brackets]",
        ),
        ("evaluation.rules.farming..slope=3", "this names no key and value"),
        ("year", "this names no key and value; write KEY=VALUE, such as --set circles.0.speed=40km/h"),
        ("=3", "this names no key and value"),
        ("circles..id=x", "this names no key and value"),
        ("", "this names no key and value"),
    ],
    ids=lambda value: value[:30].encode("ascii", "replace").decode(),
)
def test_a_wrong_override_is_reported_with_itself_as_the_place(faults, override, said):
    found = faults(CIRCLES, override)
    assert len(found) == 1, found
    assert found[0].startswith(f"--set {override}: {said}")


def test_faults_of_overrides_come_with_those_of_the_file_after_them(faults):
    found = faults(CIRCLES + "colour: red\n", "year=soon", "nonsense", "circles.9.id=a")
    assert found[0].startswith("11: colour: unknown key")
    assert [fault.partition(": ")[0] for fault in found[1:]] == [
        "--set nonsense",
        "--set circles.9.id=a",
        "--set year=soon",
    ]


def test_a_fault_that_an_override_mends_is_gone(load):
    assert load(HEAD.replace("2035", "soon"), "year=2035").plan.year == 2035


def test_a_dotted_row_means_the_same_on_the_command_line_as_in_the_file(load):
    row = "farming.concentration.max_area"
    in_file = load(HEAD + f"evaluation:\n  rules:\n    {row}: 5\n    urban.class: {{1: 2}}\n")
    for before in ("", f"evaluation: {{rules: {{{row}: 7, urban.class: {{1: 2}}}}}}\n"):
        sets = () if before else ("evaluation.rules.urban.class={1: 2}",)
        assert load(HEAD + before, f"evaluation.rules.{row}=5", *sets).plan == in_file.plan


KEYS = st.sampled_from(
    ["name", "title", "year", "territory", "circles", "speed", "outputs", "0", "1", "near", "far"]
) | st.text(max_size=5)


@settings(deadline=None, max_examples=200)
@given(
    key=st.lists(KEYS, min_size=1, max_size=4).map(".".join),
    value=st.text(max_size=10) | st.sampled_from(["2 km", "[]", "{}", "null", "40 km/h", "{a: b}"]),
)
def test_any_override_is_taken_or_refused(folder, judge, key, value):
    file = folder / "override.yaml"
    file.write_text(CIRCLES, encoding="utf-8")
    judge(file, [f"{key}={value}"])
