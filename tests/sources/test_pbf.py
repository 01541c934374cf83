"""The reader by blocks: the same as pyosmium on real and written extracts, and never wrong on broken ones."""

from __future__ import annotations

import contextlib
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

osmium = pytest.importorskip("osmium", reason="pyosmium is not installed (extra `network`)")

from spatial.errors import SourceError  # noqa: E402
from spatial.sources.extract import gather, gather_blocks, gather_things  # noqa: E402
from spatial.sources.osm import read_osm  # noqa: E402
from spatial.sources.packed import UnusualError, unpack_numbers, unzigzag  # noqa: E402
from spatial.sources.pbf import read_blocks  # noqa: E402

CENTRE = (8.65, 49.38, 8.72, 49.42)


def assert_same(one, other):
    for each in fields(one):
        mine, theirs = getattr(one, each.name), getattr(other, each.name)
        if each.name == "seen":
            assert +mine == +theirs
        elif isinstance(mine, np.ndarray):
            np.testing.assert_array_equal(mine, theirs, err_msg=each.name)
        else:
            assert mine == theirs, each.name
            assert list(mine) == list(theirs), each.name


@pytest.mark.parametrize("name", ["osm/heidelberg", "osm/andorra", "poa/poa"])
@pytest.mark.parametrize("bounds", [None, CENTRE])
def test_real_extracts_read_the_same_as_by_pyosmium(real_data, name, bounds):
    path = real_data / f"{name}.osm.pbf"
    assert_same(gather_blocks(path, bounds), gather_things(path, bounds))


@st.composite
def towns(draw):
    """Draw nodes, ways and relations with tags that matter and others."""
    texts = st.sampled_from(["yes", "no", "50", "ferry", "gate", "restriction", "济源", "", "a" * 200])
    keys = ["highway", "route", "barrier", "name", "ref", "maxspeed", "surface", "access", "type", "restriction",
            "restriction:conditional", "except", "building", "道路"]  # fmt: skip
    tags = st.dictionaries(st.sampled_from(keys), texts, max_size=5)
    numbers = st.integers(1, 2**40)
    nodes = draw(
        st.dictionaries(
            numbers, st.tuples(st.integers(-1800, 1800), st.integers(-850, 850), tags), max_size=8
        )
    )
    refs = st.one_of(st.sampled_from([*nodes, 7]), numbers)
    ways = draw(st.dictionaries(numbers, st.tuples(st.lists(refs, max_size=6), tags), max_size=6))
    members = st.tuples(st.sampled_from("nwr"), numbers, st.sampled_from(["from", "via", "to", ""]))
    relations = draw(st.dictionaries(numbers, st.tuples(st.lists(members, max_size=4), tags), max_size=4))
    return nodes, ways, relations


def write(path, town, kind="pbf"):
    nodes, ways, relations = town
    path.unlink(missing_ok=True)
    mutable = osmium.osm.mutable
    with osmium.SimpleWriter(osmium.io.File(str(path), kind)) as writer:
        for number, (x, y, tags) in sorted(nodes.items()):
            writer.add_node(mutable.Node(id=number, location=(x / 10, y / 10), tags=tags, version=1))
        for number, (refs, tags) in sorted(ways.items()):
            writer.add_way(mutable.Way(id=number, nodes=refs, tags=tags, version=1))
        for number, (members, tags) in sorted(relations.items()):
            writer.add_relation(mutable.Relation(id=number, members=members, tags=tags, version=1))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pbf")


@settings(max_examples=60, deadline=None)
@given(town=towns(), bounded=st.booleans(), packed=st.booleans())
def test_written_extracts_read_the_same_as_by_pyosmium(folder, town, bounded, packed):
    path = write(folder / "town.osm.pbf", town, f"pbf,pbf_compression={'zlib' if packed else 'none'}")
    bounds = (-20.0, -20.0, 60.0, 60.0) if bounded else None
    assert_same(gather_blocks(path, bounds), gather_things(path, bounds))


@pytest.fixture(scope="module")
def whole(folder):
    nodes = {number: (1140 + number % 7, 350 + number % 5, {}) for number in range(1, 200)}
    ways = {
        number: ([number, number + 1, 5000], {"highway": "primary", "name": f"{number}"})
        for number in range(1, 90)
    }
    relations = {
        1: (
            [("w", 1, "from"), ("n", 2, "via"), ("w", 2, "to")],
            {"type": "restriction", "restriction": "no_u_turn"},
        )
    }
    return write(folder / "whole.osm.pbf", (nodes, ways, relations), "pbf,pbf_compression=none").read_bytes()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_broken_extracts_are_refused_or_read_as_pyosmium_reads_them(folder, whole, data):
    broken = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        broken = broken[: data.draw(st.integers(1, len(broken)))]
    path = folder / "broken.osm.pbf"
    path.write_bytes(broken)
    with contextlib.suppress(SourceError):
        read_osm(path)


@pytest.mark.parametrize(
    "kind", ["pbf,pbf_dense_nodes=false", "pbf,locations_on_ways=true", "pbf,history=true"]
)
def test_unusual_extracts_are_left_to_pyosmium(folder, kind):
    town = ({1: (1140, 350, {}), 2: (1141, 350, {})}, {1: ([1, 2], {"highway": "primary"})}, {})
    path = write(folder / "unusual.osm.pbf", town, kind)
    gathered = gather(path, None)
    assert gathered.way_id.tolist() == [1]
    assert gathered.vertices[:, 1].tolist() == [1140000000, 1141000000]


def test_ways_before_nodes_are_left_to_pyosmium(folder):
    path = folder / "turned.osm.pbf"
    path.unlink(missing_ok=True)
    with osmium.SimpleWriter(str(path)) as writer:
        writer.add_way(osmium.osm.mutable.Way(id=1, nodes=[1, 2], tags={"highway": "primary"}, version=1))
        for number in (2, 1):
            writer.add_node(osmium.osm.mutable.Node(id=number, location=(1, 1), version=1))
    with pytest.raises(UnusualError, match="nodes"):
        gather_blocks(path, None)


def test_without_pyosmium_plain_extracts_are_read_and_others_refused(folder, monkeypatch):
    town = ({1: (1140, 350, {}), 2: (1141, 350, {})}, {1: ([1, 2], {"highway": "primary"})}, {})
    plain, other = write(folder / "plain.osm.pbf", town), write(folder / "other.osm", town, "osm")
    monkeypatch.setitem(__import__("sys").modules, "osmium", None)
    assert read_osm(plain).way_id.tolist() == [1]
    with pytest.raises(SourceError, match="pyosmium, which is not installed"):
        read_osm(other)


def test_empty_and_foreign_files_are_unusual(folder):
    for data in (b"\xff" * 100, b"\0\0\0\5hello", b"\0\0\0", b"PK\x03\x04" * 30):
        (folder / "foreign.osm.pbf").write_bytes(data)
        with pytest.raises(UnusualError):
            list(read_blocks(folder / "foreign.osm.pbf"))


@given(st.lists(st.integers(-(2**62), 2**62), max_size=50))
def test_numbers_survive_packing(numbers):
    packed = bytearray()
    for number in numbers:
        value = (number << 1) ^ (number >> 63)
        while value > 127:
            packed.append(value & 127 | 128)
            value >>= 7
        packed.append(value)
    assert unzigzag(unpack_numbers(np.frombuffer(bytes(packed), dtype=np.uint8))).tolist() == numbers
