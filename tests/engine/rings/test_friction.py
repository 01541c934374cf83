"""Friction: paces of land cover, and the seconds of steps up and down, against sums by hand and networkx."""

from __future__ import annotations

import math
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spatial.engine.rings.friction import Links, grid_graph, link_seconds, pace_cover, steps_of
from spatial.engine.rings.terrain import STEPS, Terrain, open_steps, sides
from spatial.engine.travel.network import FAR
from spatial.engine.travel.routing import sweep


def terrain(height: np.ndarray, pace: np.ndarray | float = 1.2, cell: float = 100.0) -> Terrain:
    paces = np.broadcast_to(np.asarray(pace, dtype=np.float32), height.shape)
    return Terrain("EPSG:4547", cell, 0, 0, height.astype(np.float32), np.array(paces))


def tobler(slope: float) -> float:
    """Tobler's speed over that on the flat, as published: 6 exp(-3.5 |s + 0.05|) km/h."""
    return math.exp(-3.5 * abs(slope + 0.05)) / math.exp(-3.5 * 0.05)


def seconds(land: Terrain, *, towards: bool = False) -> dict[tuple[int, int], float]:
    """Return every open step by its two nodes."""
    found = {}
    for offset, tails, spent in steps_of(land, open_steps(land), towards=towards):
        found |= {(int(a), int(a) + offset): float(s) for a, s in zip(tails, spent, strict=True)}
    return found


def test_steps_up_and_down_take_toblers_time() -> None:
    land = terrain(np.array([[0.0, 10, 20], [0, 10, 20]]))  # 1 in 10 to the east; 120 s on the flat
    step = seconds(land)
    assert step[0, 1] == pytest.approx(120 / tobler(0.1), rel=1e-5) == pytest.approx(170.3, abs=0.1)
    assert step[1, 0] == pytest.approx(120 / tobler(-0.1), rel=1e-5) == pytest.approx(120.0, abs=0.1)
    assert step[0, 3] == pytest.approx(120)  # along the contour
    assert step[0, 4] == pytest.approx(120 * math.sqrt(2) / tobler(0.1 / math.sqrt(2)), rel=1e-5)
    assert step[0, 5] == pytest.approx(120 * math.sqrt(5) / tobler(0.2 / math.sqrt(5)), rel=1e-5)


def test_a_knights_move_climbs_what_lies_under_it() -> None:
    flat, ridge = np.zeros((2, 3)), np.array([[0.0, 30, 0], [0, 30, 0]])
    half = math.sqrt(5) * 50
    expected = 1.2 * half * (1 / tobler(30 / half) + 1 / tobler(-30 / half))
    assert seconds(terrain(ridge))[0, 5] == pytest.approx(expected, rel=1e-5)
    assert seconds(terrain(flat))[0, 5] == pytest.approx(1.2 * 2 * half, rel=1e-5)


def test_steps_towards_are_the_way_back() -> None:
    random = np.random.default_rng(5)
    land = terrain(random.uniform(0, 60, (5, 6)), random.uniform(0.7, 3, (5, 6)))
    there, back = seconds(land), seconds(land, towards=True)
    assert there.keys() == back.keys()
    for (a, b), spent in there.items():
        assert back[b, a] == pytest.approx(spent, rel=1e-5)


def test_land_cover_has_paces_and_names_what_it_does_not_know() -> None:
    codes = np.array([[10, 80], [7, -1]], dtype=np.int32)
    cover = pace_cover(codes, {10: 3.6, 80: 0.0}, 1.8)
    assert cover.pace.tolist() == [[1.0, float(FAR)], [2.0, 2.0]]
    assert cover.unknown == {7: 1, -1: 1}


def test_links_are_as_steep_as_allowed_at_most() -> None:
    metres, rise = np.array([10.0, 10.0, 10.0]), np.array([1.0, 400.0, np.nan])
    up, cliff, unknown = link_seconds(metres, rise, 2.0, 1.0)
    assert up == pytest.approx(20 / tobler(0.1))
    assert cliff == pytest.approx(20 / tobler(1.0))
    assert unknown == pytest.approx(20)


def draw_networkx(land: Terrain, steepest: float = 1.0) -> nx.DiGraph:
    """Return the graph of steps as the docstrings say it, a node at a time."""
    high, wide = land.pace.shape
    ground = land.passable
    graph = nx.DiGraph()
    graph.add_nodes_from(range(high * wide))

    def inside(row: int, column: int) -> bool:
        return 0 <= row < high and 0 <= column < wide

    for row, column in np.ndindex(high, wide):
        for right, up in STEPS:
            if not inside(row + up, column + right) or not (
                ground[row, column] and ground[row + up, column + right]
            ):
                continue
            beside = [(row + dy, column + dx) for dx, dy in sides((right, up))]
            free = [bool(ground[place]) for place in beside]
            knight = abs(right) != abs(up) and right and up
            if beside and not (all(free) if knight else any(free)):
                continue
            route = [((row, column), 1.0)]
            if knight:
                route.append((tuple(beside), 0.5))
            route.append(((row + up, column + right), 1.0))

            def at(field: np.ndarray, stop: tuple, weight: float) -> float:
                return (
                    float(field[stop])
                    if weight == 1.0
                    else (float(field[stop[0]]) + float(field[stop[1]])) / 2
                )

            run = math.hypot(right, up) * land.cell_m / (len(route) - 1)
            total, steep = 0.0, False
            for (a, wa), (b, wb) in pairwise(route):
                slope = (at(land.height_m, b, wb) - at(land.height_m, a, wa)) / run
                steep |= abs(slope) > steepest
                total += run * (at(land.pace, a, wa) + at(land.pace, b, wb)) / 2 / tobler(slope)
            if not steep:
                graph.add_edge(row * wide + column, (row + up) * wide + column + right, weight=total)
    return graph


shapes = st.tuples(st.integers(2, 6), st.integers(2, 6))


@settings(max_examples=30, deadline=None)
@given(data=st.data(), shape=shapes)
def test_sweeps_are_those_of_networkx(data: st.DataObject, shape: tuple[int, int]) -> None:
    height = data.draw(arrays(np.float32, shape, elements=st.integers(0, 40).map(float)))
    pace = data.draw(arrays(np.float32, shape, elements=st.sampled_from([0.75, 1.25, 2.5, float(FAR)])))
    land = terrain(height, pace, cell=30.0)
    start = data.draw(st.integers(0, height.size - 1))
    graph = grid_graph(land, open_steps(land), Links.none())
    found = sweep(graph, ([start], [0.0]))
    expected = nx.single_source_dijkstra_path_length(draw_networkx(land), start)
    for node in range(height.size):
        assert found[node] == pytest.approx(expected.get(node, float(FAR)), rel=1e-4)


def test_links_join_nodes_besides_the_lattice() -> None:
    land = terrain(np.zeros((2, 2)))
    links = Links(np.array([4, 0, 0]), np.array([3, 4, 4]), np.array([7.0, 5.0, 9.0], np.float32), 1)
    graph = grid_graph(land, open_steps(land), links)
    assert sweep(graph, ([0], [0.0]))[3:].tolist() == [12.0, 5.0]
