"""Fingerprints tell apart what differs, and the cache hands nobody another's value."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hamilton.caching import fingerprinting
from hypothesis import given
from hypothesis import strategies as st

from spatial.cache import find_cache, fingerprint, hash_code, register_fingerprints
from spatial.plan.base import Text
from spatial.plan.findings import Finding

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@dataclass(frozen=True)
class One:
    value: object


@dataclass(frozen=True)
class Other:
    value: object


def frame(**changes: object) -> gpd.GeoDataFrame:
    columns = {"id": ["a", "b"], "n": [1.0, 2.0]} | {
        k: v for k, v in changes.items() if k not in ("crs", "shapes")
    }
    shapes = changes.get("shapes", [shapely.Point(0, 0), None])
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=changes.get("crs", 4490))


DIFFERENT = [
    {}, [], (), "", b"", None, 0, False, 0.0, "0", np.zeros(0), np.zeros(1), np.zeros(1, "f4"), np.zeros((1, 1)),
    np.zeros(1, "i8"), [None], [[]], {"a": 1}, {"a": "1"}, {"b": 1}, dt.date(2025, 1, 1), Path("a"),
    One(1), Other(1), One("1"), Text(zh="济源"), Text(en="济源"), shapely.Point(0, 0), shapely.Point(0, 0, 0),
    shapely.Polygon(), pd.DataFrame(), pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [1.0]}), pd.DataFrame({"a": ["1"]}),
    frame(), frame(crs=4326), frame(n=[2.0, 1.0]), frame(id=["a", "c"]), frame(shapes=[None, shapely.Point(0, 0)]),
    frame().iloc[::-1], frame().rename(columns={"n": "m"}), frame().drop(columns="n"),
    Finding("r", "info", "l", "", "", ""), Finding("r", "info", "l", "", "", "", geometry=shapely.Point(1, 1)),
]  # fmt: skip


def test_different_values_have_different_fingerprints() -> None:
    prints = [fingerprint(value) for value in DIFFERENT]
    assert fingerprinting.UNHASHABLE not in prints
    assert len(set(prints)) == len(prints)


@given(PLAIN, PLAIN)
def test_equal_values_of_equal_kind_have_equal_fingerprints(one: object, two: object) -> None:
    assert fingerprint(one) == fingerprint(one)
    if repr(one) != repr(two):
        assert fingerprint(one) != fingerprint(two)


def test_copies_have_the_fingerprint_of_their_original() -> None:
    assert fingerprint(frame()) == fingerprint(frame().copy())
    assert fingerprint({"a": frame()}) == fingerprint({"a": frame()})


def test_what_nobody_knows_is_made_anew_however_deep_it_lies() -> None:
    assert fingerprint(object()) == fingerprinting.UNHASHABLE
    assert fingerprint([[[[[[[[[object()]]]]]]]]]) == fingerprinting.UNHASHABLE


@pytest.mark.parametrize("value", DIFFERENT, ids=lambda value: type(value).__name__)
def test_hamilton_asks_us(value: object) -> None:
    register_fingerprints()
    assert fingerprinting.hash_value(value) == fingerprint(value)


def test_old_caches_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPATIAL_CACHE", str(tmp_path))
    for name in "abcdef":
        (tmp_path / "layers" / name).mkdir(parents=True)
    own = find_cache()
    assert own.name == hash_code()[:16]
    assert own.is_dir()
    assert len(list(own.parent.iterdir())) == 3
