"""One mistake in a plan gives one fault, in words that help to mend it."""

import pytest

HEAD = "name: demo\ntitle: 示例\nyear: 2035\nterritory: {adcode: 419001}\n"


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ("places: [{name: 甲, at: [true, 35]}]", "5: places.0.at: [true, 35] is not a position; write [longitude, latitude], such as [112.59, 35.09]"),
        ("places: [{name: 甲, at: 112.5 35}]", '5: places.0.at: "112.5 35" is not a position'),
        ("places: [{name: 甲, at: [112.5]}]", "5: places.0.at: [112.5] is not a position"),
        ("places: [{name: 甲, at: [112.5, 35, 100]}]", "5: places.0.at: [112.5, 35, 100] is not a position"),
        ("places: [{name: 甲, at: ['112.5', '35']}]", '5: places.0.at: ["112.5", "35"] is not a position'),
        ("places: [{name: 甲, at: {lon: 112.5, lat: 35}}]", '5: places.0.at: {"lon": 112.5, "lat": 35} is not a position'),
        ("places: [{name: 甲, at: [.nan, 35]}]", "5: places.0.at.0: NaN is not a finite number"),
        ("places: [{name: 甲, at: [112.5, -.inf]}]", "5: places.0.at.1: -Infinity is not a finite number"),
        ("places: [{name: 甲, at: [35.1, 112.5]}]", "5: places.0.at: [35.1, 112.5] is no longitude and latitude in degrees; is the latitude first? write [112.5, 35.1]"),
        ("places: [{name: 甲, at: [38463000.5, 3884000]}]", "5: places.0.at: [38463000.5, 3884000] is no longitude and latitude in degrees; are these metres?"),
        ("places: [{name: 甲, at: [190, 35]}]", "5: places.0.at: [190, 35] is no longitude and latitude in degrees; write [longitude"),
        ("places: [{name: 2035, at: [1, 2]}]", "5: places.0.name: 2035 is not text; put it in quotes"),
        ("places: [{name: 2026-01-01, at: [1, 2]}]", '5: places.0.name: "2026-01-01" is not text; put it in quotes'),
        ("places: [{name: on, at: [1, 2]}]", "5: places.0.name: true is not text; put it in quotes"),
        ("places: [{name: '', at: [1, 2]}]", "5: places.0.name: the text is empty"),
        ("places: [{name: {zh: 1}, at: [1, 2]}]", "5: places.0.name.zh: 1 is not text; put it in quotes"),
        ("places: [{name: {cn: 甲}, at: [1, 2]}]", "5: places.0.name.cn: unknown key"),
        ("places: [{name：甲, at: [1, 2]}]", "5: places.0.name：甲: unknown key; write an ordinary colon and a space"),
        ("places: [甲]", '5: places.0: "甲" is not a mapping'),
        ("places: {name: 甲}", '5: places: {"name": "甲"} is not a list'),
        ("places:", "5: places: nothing is written here; write the value, or remove the key"),
        ("structure:\n  formula: 一核\n  elements: []", "7: structure.elements: there is no element"),
        ("structure:\n  elements: [{}]", "6: structure.elements.0: `kind` is missing; add `kind: core`"),
        ("structure:\n  formula: 一核\n  elements:\n  - - a", '8: structure.elements.0: ["a"] is not a mapping'),
        ("structure:\n  formula: 一核\n  elements: [{id: a, kind: point, name: a, at: {name: 甲}}]", '7: structure.elements.0.at: {"name": "甲"} is not text'),
        ("structure:\n  formula: 一核\n  elements: [{id: a, kind: point, name: a, at: [35, 112]}]", "7: structure.elements.0.at: [35, 112] is no longitude"),
        ("date: 20261122", "5: date: 20261122 is not a date; write year-month-day, such as 2026-11-22"),
        ("date: 22.11.2026", '5: date: "22.11.2026" is not a date'),
        ("date: 2026-11-22 10:30:00", '5: date: "2026-11-22 10:30:00" is not a date'),
        ("sources: {A b: {file: x}}", '5: sources.A b: "A b" is not a plain name'),
        ("sources: [a.gpkg]", '5: sources: ["a.gpkg"] is not a mapping'),
        ("sources: {a: {}}", "5: sources.a: give either `file` or `url`"),
        ("sources: {a: {file: ' '}}", '5: sources.a.file: " " is empty'),
        ("language: zw", "5: language: \"zw\" is not known; use one of 'zh', 'en' or 'both'"),
        ("towns: [{name: a, code: b, seat: [1, 2], people: true}]", "5: towns.0.people: true is not a whole number"),
        ("towns: [{name: a, code: b, seat: [1, 2], people: 3.5}]", "5: towns.0.people: 3.5 is not a whole number"),
        ("towns: [{name: a, code: b, seat: [1, 2], tags: plain}]", '5: towns.0.tags: "plain" is not a list; write items in [brackets]'),
        ("towns: [{name: a, code: b, seat: [1, 2], tags: [平原]}]", None),
        ("places: [{name: a, at: [1, 2], tags: [平原, 山-2]}]", None),
        ("places: [{name: a, at: [1, 2], tags: ['平 原']}]", '5: places.0.tags.0: "平 原" is not a tag; write one word'),
        ("towns: [{name: a, code: b, seat: [1, 2], tags: ['a，b']}]", '5: towns.0.tags.0: "a，b" is not a tag'),
        ("circles: [{id: a, name: a, from: b, time: 5 min, detour: yes}]", "5: circles.0.detour: true is not a number"),
        ("circles: [{id: a, name: a, from: b, time: 5 min, detour: .nan}]", "5: circles.0.detour: NaN is not a finite number"),
        ("circles: [{id: a, name: a, from: b, time: 5 min, clip: maybe}]", '5: circles.0.clip: "maybe" is neither true nor false'),
        ("circles: [{id: a, name: a, from: b, time: 0 min}]", '5: circles.0.time: "0 min" is too little; write more than 0 min'),
        ("circles: [{id: a, name: a, from: b, time: true}]", "5: circles.0.time: true is not a number with a unit"),
        ("outputs: {files: [pdf]}", "5: outputs.files.0: \"pdf\" is not known; use one of 'geopackage'"),
        ("zones: {claims: [], tolerance: 1}", "5: zones.tolerance: 1 has no unit"),
        ("name2: &x 1", "5: name2: an anchor (&) is refused"),
        ("period: !!python/object/apply:os.getcwd []", "5: period: the tag !!python/object/apply:os.getcwd is refused"),
        ("period: !!binary aGk=", "5: period: the tag !!binary is refused"),
        (f"period: {'长' * 300}", None),
        (f"circles: [{{id: a, name: a, from: {'长' * 300}, time: 5 min}}]", "5: circles.0.from: \"长"),
    ],
)  # fmt: skip
def test_one_mistake_gives_one_fault(load, faults, extra, said):
    text = HEAD + extra + "\n"
    if said is None:
        load(text)
        return
    found = [fault for fault in faults(text) if not fault.startswith("5: name2: unknown key")]
    for follows in (
        "5: structure.formula: is missing; add `formula: 一核两带多点`",
        "5: places.0.name: is missing; add `name: …`",
    ):
        if follows in found and ("elements: [{}]" in text or "：" in text):
            found.remove(follows)
    assert len(found) == 1, found
    assert found[0].startswith(said)
    assert len(found[0]) < 400


def test_values_of_a_claim_are_one_fault_not_three(faults):
    text = (
        HEAD
        + "sources: {z: {file: a}}\nzones:\n  claims:\n  - {zone: urban, source: z, where: {kind: [1]}}\n"
    )
    assert faults(text) == ["8: zones.claims.0.where.kind: [1] is not text; put it in quotes"]
