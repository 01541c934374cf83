"""Plans to records: every fault at once, at its line, in words that help; overrides as if they stood in the file."""

import errno
import io
import pickle
import re
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.errors import PlanError
from spatial.plan.reading.reader import find_plan, load_plan, read_plan
from spatial.plan.shelf import list_plans

HEAD = "name: demo\ntitle: 示例\nyear: 2035\nterritory: {adcode: 419001}\n"
CIRCLES = (
    HEAD
    + "circles:\n  - {id: near, name: 近, from: core, time: 15 min}\n  - id: far\n    name: 远\n    from: core\n    time: 60 min\n"
)
STRUCTURE = HEAD + "structure:\n  formula: 一核\n  elements:\n"


BROKEN = """\
naem: demo
title:
year: soon
territory: {adcode: 4190, provider: gaode}
towns:
  - {name: 甲镇, code: 419001001, seat: [112.5, 35.0], accuracy: 2,
     tags: [plain, 平 原]}
  - {name: 乙镇, code: "2", seat: [35.0, 112.5], people: -4}
places:
  - {name: 12, seat: [112.5, 35.0]}
structure:
  formula: 一核两带多电
  elements:
    - {id: core, kind: core, name: 核}
    - id: belt
      kind: belt
      name: 带
      width: 600 km
      side: nort
      through: [甲镇, 乙镇]
      cut: [core,
            cor]
    - {id: x, kind: kern, name: x}
    - {id: ring, kind: ring, name: 环, distance: 1 km, width: 0 m,
       round: core, colour: red}
circles:
  - {id: near, name: 近, from: core, time: 15, share: 95%}
  - {id: near, name: 近, from: core, time: 15 min, tiem: 2}
zones:
  claims: [{zone: ecolgy, source: polygons}]
sources:
  polygon: {file: a.gpkg, url: "https://example.org/a", date: 2026-02-30}
year: 2030
"""
SAID = [
    (1, "name: is missing; add `name: …`"),
    (1, "naem: unknown key; did you mean `name`?"),
    (2, "title: nothing is written here"),
    (3, 'year: "soon" is not a whole number; write digits only'),
    (4, "territory.adcode: 4190 is too little; write at least 100000"),
    (4, "territory.provider: \"gaode\" is not known; use one of 'tianditu' or 'amap'"),
    (6, "towns.0.code: 419001001 is not text; put it in quotes"),
    (6, "towns.0.accuracy: 2 has no unit; write a number and a unit, such as 2 km"),
    (7, 'towns.0.tags.1: "平 原" is not a tag'),
    (8, "towns.1.seat: [35, 112.5] is no longitude and latitude in degrees; is the latitude first? write [112.5, 35]"),
    (8, "towns.1.people: -4 is too little; write at least 0"),
    (10, "places.0.name: 12 is not text; put it in quotes"),
    (10, "places.0.at: is missing; add `at: [112.59, 35.09]`"),
    (10, "places.0.seat: unknown key; did you mean `at`?"),
    (12, "structure.formula: '电' at position 6 of '一核两带多电' is no kind of element"),
    (14, "structure.elements.0: nothing to make it from"),
    (18, 'structure.elements.1.width: "600 km" is too much; write at most 500000 m'),
    (19, "structure.elements.1.side: \"nort\" is not known; use one of 'both', 'north', 'south', 'east' or 'west'"),
    (22, "structure.elements.1.cut.1: there is no element 'cor'; did you mean 'core'?"),
    (23, "structure.elements.2: \"kern\" is not a kind; use one of 'core'"),
    (24, 'structure.elements.3.width: "0 m" is too little; write more than 0 m'),
    (25, "structure.elements.3.colour: unknown key; remove it, or use one of id, name, function, rank, kind, round, distance, width"),
    (27, "circles.0.time: 15 has no unit; write a number and a unit, such as 30 min"),
    (27, 'circles.0.share: "95%" is not a number; write 0.95'),
    (28, "circles.1.tiem: unknown key; did you mean `time`?"),
    (28, "circles.1.id: the id 'near' is given already at circles.0.id"),
    (30, "zones.claims.0.zone: \"ecolgy\" is not known; use one of 'ecology', 'farming' or 'urban'"),
    (30, "zones.claims.0.source: there is no source 'polygons'; did you mean 'polygon'?"),
    (32, "sources.polygon.date: '2026-02-30' is not a date"),
    (32, "sources.polygon: give either `file` or `url`"),
    (33, "year: the key stands already in line 3; keep one of them"),
]  # fmt: skip


def test_every_fault_of_a_broken_plan_is_told_at_once_at_its_line(faults):
    found = faults(BROKEN)
    missing = [
        said
        for said in (f"{line}: {text}" for line, text in SAID)
        if not any(f.startswith(said) for f in found)
    ]
    assert missing == []
    assert len(found) == len(SAID), [
        f for f in found if not any(f.startswith(f"{line}: {text}") for line, text in SAID)
    ]
    lines = [int(fault.partition(":")[0]) for fault in found]
    assert lines == sorted(lines)


def test_a_fault_is_a_value_with_its_parts(load, folder):
    with pytest.raises(PlanError) as caught:
        load(HEAD.replace("2035", "soon"))
    (fault,) = caught.value.faults
    assert (fault.where, fault.key) == (f"{folder / 'plan.yaml'}:3", "year")
    assert str(fault) == f"{fault.where}: year: {fault.problem}; {fault.remedy}"
    assert isinstance(caught.value, ValueError)
    assert pickle.loads(pickle.dumps(caught.value)).faults == caught.value.faults


ELEMENT = {"core": "discs: [{at: [112, 35], radius: 1 km}]", "belt": "width: 1 km, through: [a, b]", "axis": "through: [a, b]",
           "point": "at: [112, 35]", "ring": "round: e0, distance: 1 km, width: 1 km", "district": "districts: [a]"}  # fmt: skip


@pytest.mark.parametrize("kind", list(ELEMENT))
@pytest.mark.parametrize("flow", [True, False])
def test_faults_of_each_kind_of_element_stand_at_their_line(faults, kind, flow):
    body = (
        {"id": "e1", "kind": kind, "name": "x"}
        | yaml.safe_load("{" + ELEMENT[kind] + "}")
        | {"rank": 12, "colour": "red"}
    )
    rows = yaml.safe_dump(
        [{"id": "e0", "kind": "point", "name": "y", "at": "z"}, body],
        default_flow_style=flow,
        width=20,
        sort_keys=False,
    )
    text = STRUCTURE + "".join(f"    {row}\n" for row in rows.splitlines())
    found = faults(text)
    for key, said in (("rank", "12 is too much; write at most 9"), ("colour", "unknown key")):
        line = next(number for number, row in enumerate(text.splitlines(), 1) if f"{key}:" in row)
        assert any(fault.startswith(f"{line}: structure.elements.1.{key}: {said}") for fault in found), (
            found,
            text,
        )
    assert len(found) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1: the file is empty; start from `spatial new CITY --adcode N`"),
        ("# nothing\n", "1: the file is empty"),
        ("- a\n- b\n", "1: a plan is a mapping of keys to values"),
        ("just text", "1: a plan is a mapping of keys to values"),
        ("---\n", "1: a plan is a mapping of keys to values"),
        (HEAD + "---\n" + HEAD, "5: a second document begins"),
        ("[" * 100_000, "1: nested deeper than 40 levels"),
        ("a: " * 5 + "{" * 100_000, "1: a colon stands where none can"),
        (HEAD + "\ttowns: []", "5: a tab is used for indentation"),
        (HEAD.encode("gbk"), "2: the file is in GBK (ANSI), not UTF-8; save it as UTF-8"),
        (HEAD.encode("utf-16"), "1: the file is in UTF-16"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "1: the file holds the byte 0x89"),
        (
            "name：demo\ntitle：示例\n",
            "1: a plan is a mapping of keys to values; begin with `name: …`, colon and space",
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_plan_at_all(faults, text, said):
    found = faults(text)
    assert len(found) == 1
    assert found[0].startswith(said)


def test_a_huge_file_is_refused_without_reading_it_all(folder):
    file = folder / "huge.yaml"
    with file.open("wb") as stream:
        stream.seek(3_000_000_000)  # sparse: takes no room on the disk
        stream.write(b"\n")
    begin = time.perf_counter()
    try:
        with pytest.raises(PlanError, match="more than 2 MB are too much for a plan"):
            load_plan(file)
    finally:
        file.unlink()
    assert time.perf_counter() - begin < 2


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(load):
    plain = load(HEAD)
    assert load(HEAD.encode("utf-8-sig")).digest == plain.digest
    assert load(HEAD.replace("\n", "\r\n")).plan == plain.plan


def test_a_plan_as_read(load, folder):
    text = CIRCLES + (
        "towns:\n  - {name: {zh: 甲, en: A}, code: '01', seat: [112.5, 35], accuracy: 2 km, tags: [plain], people: 1200}\n"
        "zones: {claims: [{zone: urban, source: z}], tolerance: 1 mm, min_area: 15 亩}\n"
        "sources: {z: {file: 甲.gpkg, date: 2026-11-22, illustrative: true}}\n"
    )
    file = load(text)
    plan = file.plan
    assert (file.path, file.folder) == ((folder / "plan.yaml").resolve(), folder.resolve())
    assert (plan.name, plan.year, plan.language, plan.title.pick("en")) == ("demo", 2035, "both", "示例")
    town = plan.towns[0]
    assert (town.code, town.seat, town.accuracy_m, town.people, town.name.pick("en")) == (
        "01",
        (112.5, 35.0),
        2000.0,
        1200,
        "A",
    )
    assert [(circle.id, circle.time_min, circle.speed_kmh) for circle in plan.circles] == [
        ("near", 15.0, None),
        ("far", 60.0, None),
    ]
    assert (plan.zones.tolerance_m, plan.zones.min_area_m2) == (0.001, pytest.approx(1e4))
    assert plan.sources["z"].date.isoformat() == "2026-11-22"
    with pytest.raises(ValueError, match="frozen"):
        plan.year = 2036


def test_a_plan_remembers_where_things_stand(load, folder):
    file = load(CIRCLES, "circles.far.speed=40 km/h")
    assert file.where("circles.1.time") == f"{folder / 'plan.yaml'}:10"
    assert file.where("circles.1.speed") == "--set circles.far.speed=40 km/h"
    assert file.where("territory.source") == f"{folder / 'plan.yaml'}:4"
    assert file == load(CIRCLES, "circles.far.speed=40km/h")


def test_blanks_round_a_name_do_not_hide_it(load):
    plan = load(
        HEAD + "places: [{name: ' 甲　', at: [112, 35]}, {name: {zh: 乙, en: ' B '}, at: [112, 35]}]\n"
    ).plan
    assert [(place.name.zh, place.name.en) for place in plan.places] == [("甲", ""), ("乙", "B")]


def test_the_digest_knows_what_is_said_and_not_how(load):
    first = load(CIRCLES).digest
    assert re.fullmatch("[0-9a-f]{64}", first)
    assert load("# remark\n" + CIRCLES.replace("15 min", "15分钟")).digest == first
    assert load(CIRCLES.replace("15 min", "16 min")).digest != first
    assert (
        load(CIRCLES, "circles.near.time=16 min").digest == load(CIRCLES.replace("15 min", "16 min")).digest
    )


def test_a_plan_is_a_file_a_folder_or_a_shipped_name(load, folder, monkeypatch):
    load(HEAD)
    assert find_plan(folder) == folder / "plan.yaml"
    assert find_plan(str(folder / "plan.yaml")) == folder / "plan.yaml"
    assert find_plan("jiyuan") == list_plans()["jiyuan"]
    monkeypatch.chdir(folder)
    assert find_plan(".").resolve() == (folder / "plan.yaml").resolve()
    (folder / "jiyuan").mkdir()
    assert find_plan("jiyuan") == list_plans()["jiyuan"]
    (folder / "jiyuan" / "plan.yaml").write_text(HEAD, encoding="utf-8")
    assert find_plan("jiyuan") == Path("jiyuan/plan.yaml")


@pytest.mark.parametrize("where", ["nowhere", "", "x" * 5000, "a\0b", "jiyuan/plan.yml", "../jiyuan", "/"])
def test_a_plan_that_is_not_there(where, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PlanError) as caught:
        find_plan(where)
    if "x" not in where:
        assert "jiyuan" in caught.value.faults[0].remedy


def test_a_folder_without_a_plan_says_so(tmp_path):
    with pytest.raises(PlanError, match=r"the folder holds no plan\.yaml"):
        find_plan(tmp_path)


def test_a_file_that_cannot_be_read(load, folder, monkeypatch):
    load(HEAD)

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(io, "open", refuse)
    with pytest.raises(PlanError, match="cannot be read: Permission denied"):
        load_plan(folder)


@pytest.mark.parametrize("name", list(list_plans()))
def test_shipped_plans_are_read(name):
    assert read_plan(name).name == name


KEYS = st.sampled_from(
    ["name", "title", "year", "territory", "adcode", "source", "towns", "seat", "code", "places", "at", "structure", "formula",
     "elements", "id", "kind", "width", "cut", "round", "discs", "radius", "zones", "claims", "zone", "where", "circles", "time",
     "from", "sources", "file", "date", "outputs", "zh", "en", "tags", "through"]
) | st.text(max_size=5)  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates(),
    st.sampled_from(["core", "belt", "ring", "point", "2 km", "15 min", "一核", "demo", "ecology", 112.5, 35.0, 419001, 2035]),
)  # fmt: skip
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=15,
)


@settings(deadline=None, max_examples=80)
@given(tree=st.dictionaries(KEYS, TREES, max_size=8))
def test_any_tree_given_as_a_plan_is_read_or_refused(folder, judge, tree):
    file = folder / "tree.yaml"
    file.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8", newline="\n")
    judge(file)


@settings(deadline=None, max_examples=100)
@given(tree=TREES, part=KEYS, below=KEYS)
def test_any_tree_given_as_a_part_is_read_or_refused(folder, judge, tree, part, below):
    file = folder / "part.yaml"
    document = (
        yaml.safe_load(CIRCLES)
        | {part: tree}
        | {"structure": {"formula": "一核", "elements": [{"kind": "core", below: tree}]}}
    )
    file.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8", newline="\n")
    judge(file)


@settings(deadline=None, max_examples=100)
@given(
    data=st.binary(max_size=80) | st.text(max_size=80).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
def test_any_bytes_given_as_a_plan_are_refused_in_one_way(folder, judge, data):
    file = folder / "bytes.yaml"
    file.write_bytes(data)
    with pytest.raises(PlanError):
        load_plan(file)
    judge(file)
