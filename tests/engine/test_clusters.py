"""Clusters: against the definition, against scikit-learn where it is installed, and whatever the order."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.engine import clusters
from spatial.engine.clusters import find_clusters

places = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=40)


@settings(max_examples=80, deadline=None)
@given(places, st.integers(1, 4), st.integers(1, 6))
def test_clusters_are_joined_inner_points_and_what_they_reach(
    xy: list[tuple[int, int]], reach: int, least: int
) -> None:
    points = np.array(xy, dtype=float).reshape(-1, 2)
    apart = np.hypot(*(points[:, None] - points[None]).T)
    near = apart <= reach
    inner = near.sum(axis=1) >= least
    graph = nx.Graph()
    graph.add_nodes_from(np.flatnonzero(inner).tolist())
    graph.add_edges_from(
        (a, b) for a, b in np.argwhere(near & inner[:, None] & inner[None]).tolist() if a != b
    )
    label = find_clusters(points, reach, least)
    parts = [frozenset(part) for part in nx.connected_components(graph)]
    found = [
        frozenset(np.flatnonzero((label == n) & inner).tolist()) for n in range(label.max(initial=-1) + 1)
    ]
    assert set(found) == set(parts)
    for at in np.flatnonzero(~inner):
        reached = np.flatnonzero(inner & near[at])
        assert (label[at] == -1) if not len(reached) else label[at] in label[reached]
    sizes = np.bincount(label[label >= 0]) if (label >= 0).any() else np.zeros(0)
    assert (np.diff(sizes) <= 0).all()


def test_strips_join_as_the_whole_does(monkeypatch: pytest.MonkeyPatch) -> None:
    xy = np.random.default_rng(2).normal(size=(600, 2)) * 300
    whole = find_clusters(xy, 40, 5)
    monkeypatch.setattr(clusters, "_PAIRS", 200)
    np.testing.assert_array_equal(find_clusters(xy, 40, 5), whole)


def test_order_has_no_say() -> None:
    random = np.random.default_rng(5)
    xy = random.normal(size=(300, 2)) * 200
    order = random.permutation(300)
    first, second = find_clusters(xy, 30, 4)[order], find_clusters(xy[order], 30, 4)
    pairs = set(zip(first.tolist(), second.tolist(), strict=True))
    assert len(pairs) == len(set(first.tolist())) == len(set(second.tolist()))


def test_against_scikit_learn() -> None:
    cluster = pytest.importorskip("sklearn.cluster", reason="scikit-learn is not installed")
    xy = np.random.default_rng(7).normal(size=(800, 2)) * 400
    other = cluster.DBSCAN(eps=35, min_samples=5).fit(xy)
    mine = find_clusters(xy, 35, 5)
    core = other.core_sample_indices_
    assert ((mine < 0) == (other.labels_ < 0)).all()
    pairs = set(zip(mine[core].tolist(), other.labels_[core].tolist(), strict=True))
    assert len(pairs) == len(set(mine[core].tolist()))
