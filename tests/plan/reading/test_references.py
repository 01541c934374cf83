"""What one part of a plan says of another, looked up in documents that may be wrong in any way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.plan.reading.references import find_broken_references

TWO = {"rivers": {"file": "r"}, "areas": {"file": "a"}}


def broken(**document):
    return [
        (".".join(map(str, path)), problem, remedy)
        for path, problem, remedy in find_broken_references(document)
    ]


def elements(*rows):
    return {"structure": {"elements": list(rows)}}


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"territory": {"source": "rivrs"}}, "territory.source"),
        (elements({"id": "a"}, {"id": "b", "source": "rivrs"}), "structure.elements.1.source"),
        ({"zones": {"claims": [{"source": "areas"}, {"source": "rivrs"}]}}, "zones.claims.1.source"),
        ({"lines": {"claims": [{"source": "rivrs"}]}}, "lines.claims.0.source"),
        ({"population": {"source": "rivrs"}}, "population.source"),
        ({"roads": {"source": "rivrs"}}, "roads.source"),
        ({"roads": {"elevation": "rivrs"}}, "roads.elevation"),
        ({"connections": {"villages": "rivrs"}}, "connections.villages"),
        ({"facilities": {"homes": "rivrs"}}, "facilities.homes"),
    ],
)
def test_a_source_that_is_not_there(document, path):
    assert broken(sources=TWO, **document) == [(path, "there is no source 'rivrs'", "did you mean 'rivers'?")]
    fine = {"rivrs": {"file": "x"}}
    assert broken(sources=TWO | fine, **document) == []


def test_an_extract_is_for_roads_only():
    sources = {"streets": {"file": "town.osm.pbf"}, "net": {"url": "https://h/henan.OSM.PBF"}}
    assert broken(sources=sources, roads={"source": "streets"}) == []
    path, problem, remedy = broken(sources=sources, population={"source": "net"})[0]
    assert (path, remedy) == ("population.source", "only `roads` reads one; name another source")
    assert "'net' is an OpenStreetMap extract" in problem


def test_what_to_do_about_a_source():
    named = {"territory": {"source": "zzz"}}
    assert broken(**named)[0][2] == "add it under `sources`"
    assert broken(**named, sources={})[0][2] == "add it under `sources`"
    assert broken(**named, sources=TWO)[0][2] == "add it under `sources`; there is rivers, areas"
    assert broken(**named, sources=["not", "a", "mapping"]) == []


def test_elements_that_are_cut_or_gone_round():
    document = elements(
        {"id": "core"},
        {"id": "belt", "cut": ["core", "cor", "belt"]},
        {"id": "ring", "round": "ring"},
        {"id": "outer", "round": "nowhere"},
        {"cut": ["core", "belt"], "round": "ring"},
    )
    assert broken(**document) == [
        ("structure.elements.1.cut.1", "there is no element 'cor'", "did you mean 'core'?"),
        ("structure.elements.1.cut.2", "'belt' is this element itself", "name another element by its id"),
        ("structure.elements.2.round", "'ring' is this element itself", "name another element by its id"),
        ("structure.elements.3.round", "there is no element 'nowhere'", "name an element by its id; there is core, belt, ring"),
    ]  # fmt: skip


def test_rings_round_each_other_have_no_beginning():
    chain = [
        {"id": "core"},
        {"id": "a", "round": "core"},
        {"id": "b", "round": "a"},
        {"id": "c", "round": "b"},
    ]
    assert broken(**elements(*chain)) == []
    circle = [
        {"id": "a", "round": "c"},
        {"id": "b", "round": "a"},
        {"id": "c", "round": "b"},
        {"id": "d", "round": "c"},
    ]
    assert [path for path, _, _ in broken(**elements(*circle))] == [
        f"structure.elements.{n}.round" for n in (0, 1, 2)
    ]


def test_ids_codes_and_priorities_given_twice():
    document = elements({"id": "x"}, {"id": "y"}, {"id": "x"}, {"id": "x"}) | {
        "circles": [{"id": "x"}, {"id": "near"}, {"id": "near"}],
        "towns": [{"code": "1"}, {"code": "2"}, {"code": "1"}],
        "zones": {"priority": ["urban", "farming", "urban"]},
        "lines": {"priority": ["urban_boundary", "urban_boundary"]},
    }
    assert [(path, problem) for path, problem, _ in broken(**document)] == [
        ("structure.elements.2.id", "the id 'x' is given already at structure.elements.0.id"),
        ("structure.elements.3.id", "the id 'x' is given already at structure.elements.0.id"),
        ("circles.2.id", "the id 'near' is given already at circles.1.id"),
        ("towns.2.code", "the code '1' is given already at towns.0.code"),
        ("zones.priority.2", "the zone 'urban' is given already at zones.priority.0"),
        ("lines.priority.1", "the line 'urban_boundary' is given already at lines.priority.0"),
    ]


def test_names_of_towns_and_places_are_one_list_in_both_languages():
    document = {
        "places": [
            {"name": {"zh": "王屋", "en": "Peak"}},
            {"name": "丙 "},
            {"name": {"en": "Same", "zh": "Same"}},
        ],
        "towns": [
            {"name": "甲"},
            {"name": {"zh": "王屋", "en": "Wangwu"}},
            {"name": {"zh": "丙", "en": "Peak"}},
        ],
    }
    assert [(path, problem) for path, problem, _ in broken(**document)] == [
        ("places.0.name.zh", "the name '王屋' is given already at towns.1.name.zh"),
        ("places.0.name.en", "the name 'Peak' is given already at towns.2.name.en"),
        ("places.1.name", "the name '丙' is given already at towns.2.name.zh"),
    ]


def test_an_element_may_be_named_like_a_town():
    assert (
        broken(
            **elements({"id": "a", "name": "甲"}), towns=[{"name": "甲"}], circles=[{"id": "a", "name": "甲"}]
        )
        == []
    )


KEYS = st.sampled_from(
    ["structure", "elements", "territory", "source", "sources", "zones", "lines", "claims", "priority", "towns", "places",
     "name", "zh", "en", "id", "code", "cut", "round", "circles", "population"]
)  # fmt: skip
TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["a", "b", " a", ""])
    | st.dates(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)


def value_at(document, path):
    for step in path:
        document = document[step]
    return document


@given(document=st.dictionaries(KEYS, TREES, max_size=6))
def test_any_document_is_looked_through_and_faults_stand_at_texts(document):
    for path, problem, remedy in find_broken_references(document):
        assert isinstance(value_at(document, path), str)
        assert problem
        assert remedy


IDS = st.sampled_from("abcd")


@given(rounds=st.dictionaries(IDS, IDS, max_size=4))
def test_rings_are_refused_just_when_one_cannot_be_drawn(rounds):
    document = elements(*({"id": own, "round": other} for own, other in rounds.items()), {"id": "core"})
    drawn = {"core"}
    for _ in rounds:
        drawn |= {own for own, other in rounds.items() if other in drawn}
    assert bool(find_broken_references(document)) == bool(set(rounds) - drawn)
