"""The JSON Schema that editors use: up to date, and of one mind with the reader."""

import copy
import json
import re

import pytest
import yaml

from spatial.errors import PlanError
from spatial.plan.reading.reader import load_plan
from spatial.plan.reading.schema import export_schema
from spatial.plan.reading.starter import Seat, compose_plan
from spatial.plan.shelf import find_shelf, list_plans

SCHEMA = json.loads(export_schema())
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
STARTER = compose_plan(
    "demo", "某市", territory="{adcode: 419001}", centre=Seat("中心", 112.6, 35.1), seats=[Seat("甲县", 112.5, 35.0, "419001")],
    core_radius_m=900, schema="plan.json",
)  # fmt: skip
FULL = """\
name: full
title: {zh: 全, en: Full}
year: 2035
date: 2026-11-22
territory: {source: border, stated_area: 1931 km²}
towns: [{name: 甲, code: "1", seat: [112.5, 35], accuracy: 2 km, people: 5, tags: [plain]}]
places: [{name: 乙, at: [112.6, 35.1], role: 站}]
structure:
  formula: 一核一带一轴一点一环一片区
  elements:
    - {id: core, kind: core, name: 核, discs: [{at: 甲, radius: 1 km}, {at: [112.5, 35], radius: 2 公里}], smooth: 100 m, parts: many}
    - {id: belt, kind: belt, name: 带, source: border, along: [河], width: 5 km, side: north, ends: taper, cut: [core]}
    - {id: axis, kind: axis, name: 轴, through: [甲, [112.7, 35.2]], smooth: false}
    - {id: point, kind: point, name: 点, at: [112.5, 35], rank: 2}
    - {id: ring, kind: ring, name: 环, round: core, distance: 1 km, width: 500 m}
    - {id: part, kind: district, name: 片, districts: [甲]}
zones: {claims: [{zone: urban, source: border, where: {kind: a, level: 2}}], priority: [urban, farming, ecology], unclaimed: ecology, tolerance: 1 mm, min_area: 2 亩}
lines: {claims: [{line: urban_boundary, source: border}]}
circles: [{id: c, name: 圈, from: core, time: 15 min, mode: walk, speed: 5 km/h, detour: 1.3, must_reach: core, share: 0.9, clip: false}]
population: {source: border, column: people}
counts: [{id: villages, name: 村庄, source: border}, {id: jobs, name: 岗位, source: border, column: jobs, where: {kind: a}}]
roads: {source: border, grade_column: 等级, columns: {speed: v, level: z}, classes: {县道: secondary}, speeds: {drive.primary: 50 km/h, track: 0 km/h}, maxspeed_share: 0.9, junction: 5 s, join: 2 m, snap: 500 m, off_road: 1 km, off_road_speed: 6 km/h, margin: 10 km, gap: 3 km, elevation: border}
connections: {to_expressway: 30 min, villages: border, stops: border, to_stop: 10 min, hamlets: border, to_paved: 200 m}
facilities: {source: border, category_column: 类别, categories: {菜市场: market}, homes: border}
sources: {border: {file: b.gpkg, layer: x, crs: "EPSG:4490", date: 2026-01-01, illustrative: true}}
outputs: {files: [geopackage], basemap: none, approval_number: 豫S(2026)1号, compiler: 院}
"""


def resolve(schema):
    return SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def matches(value, schema):
    """Judge a value by the keywords of JSON Schema that the export uses."""
    schema = resolve(schema)
    kind, text = schema.get("type"), isinstance(value, str)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    checks = [
        kind is None or (number and kind == "number") or (number and kind == "integer" and value == int(value)) or isinstance(value, TYPES.get(kind, ())),
        not text or re.search(schema.get("pattern", ""), value) is not None,
        not text or schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)),
        not number or schema.get("minimum", value) <= value <= schema.get("maximum", value),
        not number or schema.get("exclusiveMinimum", value - 1) < value < schema.get("exclusiveMaximum", value + 1),
        "enum" not in schema or value in schema["enum"],
        "const" not in schema or value == schema["const"],
        "anyOf" not in schema or any(matches(value, option) for option in schema["anyOf"]),
        "oneOf" not in schema or sum(matches(value, option) for option in schema["oneOf"]) == 1,
    ]  # fmt: skip
    if isinstance(value, dict):
        checks.append(matches_object(value, schema))
    if isinstance(value, list):
        leading = schema.get("prefixItems", [])
        checks.append(schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)))
        checks += [matches(item, rule) for item, rule in zip(value, leading, strict=False)]
        checks += [matches(item, schema.get("items", {})) for item in value[len(leading) :]]
    return all(checks)


def matches_object(value, schema):
    known, patterns, others = (
        schema.get("properties", {}),
        schema.get("patternProperties", {}),
        schema.get("additionalProperties", {}),
    )
    if set(schema.get("required", ())) - set(value) or len(value) < schema.get("minProperties", 0):
        return False
    for key, item in value.items():
        if not re.search(schema.get("propertyNames", {}).get("pattern", ""), key):
            return False
        rules = (
            [known[key]]
            if key in known
            else [rule for pattern, rule in patterns.items() if re.search(pattern, key)]
        )
        if not rules and others is False:
            return False
        if not all(matches(item, rule) for rule in rules or [others]):
            return False
    return True


def as_json(text):
    return json.loads(json.dumps(yaml.safe_load(text), default=str))


def every_schema(node=SCHEMA):
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from every_schema(inner)


def test_the_file_is_what_the_records_say():
    file = find_shelf() / "schema" / "plan.json"
    assert file.read_text(encoding="utf-8") == export_schema(), (
        "stale: spatial schema -o layers/schema/plan.json"
    )
    assert export_schema() == export_schema()
    assert export_schema().endswith("}\n")


def test_it_says_what_it_is_and_all_of_it_can_be_found():
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    references = {node["$ref"] for node in every_schema() if isinstance(node.get("$ref"), str)}
    assert {reference.rpartition("/")[2] for reference in references} == set(SCHEMA["$defs"])


def test_keywords_are_those_that_the_test_knows():
    known = {
        "type", "pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "enum", "const",
        "anyOf", "oneOf", "properties", "patternProperties", "additionalProperties", "propertyNames", "required", "minProperties",
        "prefixItems", "items", "minItems", "maxItems", "$ref",
    }  # fmt: skip
    silent = {
        "$schema",
        "$defs",
        "title",
        "description",
        "default",
        "examples",
        "format",
        "discriminator",
        "unit",
        "gt",
        "ge",
        "lt",
        "le",
    }
    names = {"properties", "patternProperties", "$defs", "mapping", "default", "examples"}
    found = set()

    def walk(node, named=False):
        for key, inner in (
            node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        ):
            if isinstance(node, dict) and not named:
                found.add(key)
            if key not in ("default", "examples", "discriminator", "enum"):
                walk(inner, named=not named and key in names)

    walk(SCHEMA)
    assert found <= known | silent


def test_unknown_keys_are_refused_everywhere():
    for node in every_schema():
        if isinstance(node.get("properties"), dict) and node.get("type") == "object":
            assert node["additionalProperties"] is False


def test_what_editors_show_is_no_code():
    for node in every_schema():
        assert ">>>" not in str(node.get("description", ""))


@pytest.mark.parametrize("name", list(list_plans()))
def test_shipped_plans_are_accepted_and_name_it(name):
    file = list_plans()[name]
    text = file.read_text(encoding="utf-8")
    assert matches(as_json(text), SCHEMA)
    address = re.match(r"# yaml-language-server: \$schema=(\S+)", text)
    assert address
    assert (file.parent / address[1]).resolve() == (find_shelf() / "schema" / "plan.json").resolve()


@pytest.mark.parametrize("text", [STARTER, FULL], ids=["starter", "full"])
def test_a_plan_that_the_reader_takes_is_accepted(text, tmp_path):
    (tmp_path / "plan.yaml").write_text(text, encoding="utf-8")
    assert load_plan(tmp_path).plan.year == 2035
    assert matches(as_json(text), SCHEMA)


def steps_into(value, path=()):
    yield path
    for step, item in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from steps_into(item, (*path, step))


def spoil(document, path, change):
    spoilt = copy.deepcopy(document)
    holder = spoilt
    for step in path[:-1]:
        holder = holder[step]
    change(holder, path[-1])
    return spoilt


BEYOND = (
    "there is no",
    "give either",
    "give `adcode`",
    "nothing to make it from",
    "needs two places",
    "give `villages`",
)
"""How keys refer to each other, which a JSON Schema leaves to the reader."""
CHANGES = {
    "a key that is not known": lambda holder, step: holder[step].update(colour="red") if isinstance(holder[step], dict) else holder.update({step: {"colour": 1}}),
    "a mapping in place of a value": lambda holder, step: holder.__setitem__(step, {"colour": {}}),
    "a list of lists in place of a value": lambda holder, step: holder.__setitem__(step, [[[]]]),
    "a key left out": lambda holder, step: holder.pop(step),
    "a number that is too small": lambda holder, step: holder.__setitem__(step, -1.5),
    "true in place of a value": lambda holder, step: holder.__setitem__(step, True),
}  # fmt: skip


@pytest.mark.parametrize("change", list(CHANGES))
def test_what_it_accepts_of_a_spoilt_plan_has_the_right_form(change, tmp_path):
    document, file, differ = as_json(FULL), tmp_path / "plan.yaml", []
    for path in steps_into(document):
        if not path or ("where" in path and change != "a key left out"):
            continue
        try:
            spoilt = spoil(document, path, CHANGES[change])
        except AttributeError:  # an item of a list has no key to add or leave out
            continue
        file.write_text(json.dumps(spoilt, ensure_ascii=False), encoding="utf-8")
        try:
            load_plan(file)
            read = True
        except PlanError as error:
            read = all(any(words in fault.problem for words in BEYOND) for fault in error.faults)
        if matches(spoilt, SCHEMA) != read:
            differ.append(".".join(map(str, path)))
    assert differ == []
