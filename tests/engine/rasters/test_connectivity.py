"""Connectivity: indices by hand, against a brute force over all ways, and what links and patches can do."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.engine.rasters.connectivity import Web, gain_of_links, label_parts, measure_web, weigh_patches
from spatial.errors import GeometryError

LINE = Web(np.array([4.0, 2.0, 3.0]), np.array([[0, 1], [1, 2]]), np.array([10.0, 20.0]), 10.0)
"""Three patches in a row; the second link is twice as long as reaches."""


def web_of(areas, links, reach=10.0, chance=0.5):
    pairs = np.array([link[:2] for link in links], dtype=np.int64).reshape(-1, 2)
    return Web(np.array(areas, float), pairs, np.array([link[2] for link in links], float), reach, chance)


@st.composite
def webs(draw):
    count = draw(st.integers(1, 6))
    areas = [draw(st.integers(1, 9)) for _ in range(count)]
    every = list(itertools.combinations(range(count), 2))
    chosen = draw(st.lists(st.sampled_from(every), max_size=8)) if every else []
    return web_of(areas, [(*pair, draw(st.integers(0, 30))) for pair in chosen])


def brute(web, region):
    """IIC and PC by every simple way between every two patches, without any shortest-path algorithm."""
    likely, near = nx.MultiGraph(), nx.MultiGraph()
    for graph in (likely, near):
        graph.add_nodes_from(range(len(web.areas)))
    for (a, b), cost in zip(web.pairs.tolist(), web.costs.tolist(), strict=True):
        likely.add_edge(a, b, chance=web.chance ** (cost / web.reach))
        if cost <= web.reach:
            near.add_edge(a, b)
    pc = iic = 0.0
    for a, b in itertools.product(range(len(web.areas)), repeat=2):
        best, fewest = float(a == b), float(a == b)
        if a != b:
            for way in nx.all_simple_edge_paths(likely, a, b):
                best = max(best, float(np.prod([likely.edges[edge]["chance"] for edge in way])))
            fewest = max((1 / (1 + len(way)) for way in nx.all_simple_edge_paths(near, a, b)), default=0.0)
        pc += web.areas[a] * web.areas[b] * best
        iic += web.areas[a] * web.areas[b] * fewest
    return pc / region**2, iic / region**2


def test_three_patches_in_a_row_by_hand():
    found = measure_web(LINE, 10.0)
    # PC: 4² + 2² + 3² + 2 (4·2·½ + 2·3·¼ + 4·3·⅛) = 29 + 14; IIC: the second link is out of reach.
    assert found.pc == pytest.approx((29 + 2 * (4 + 1.5 + 1.5)) / 100)
    assert found.iic == pytest.approx((29 + 2 * 8 / 2) / 100)
    assert found.eca_pc == pytest.approx(43**0.5)
    assert (found.parts, found.links) == (2, 1)


def test_a_square_of_four_by_hand():
    web = web_of([1, 1, 1, 1], [(0, 1, 10), (1, 2, 10), (2, 3, 10), (3, 0, 10)])
    # Neighbours: one link, ½; across: two links, ⅓ for IIC and ¼ for PC.
    assert measure_web(web, 10.0).iic == pytest.approx((4 + 8 / 2 + 4 / 3) / 100)
    assert measure_web(web, 10.0).pc == pytest.approx((4 + 8 / 2 + 4 / 4) / 100)
    weights = weigh_patches(web)
    # Without one corner: a row of three, 3 + 4/2 + 2/4 = 5.5 of 9.
    np.testing.assert_allclose(weights.pc, 100 * (9 - 5.5) / 9)
    # What a corner loses by itself is 1 + 2 (½ + ½ + ¼) = 3.5: the way round stands in for it as a stone.
    np.testing.assert_array_equal(weights.connector, 0)


def test_a_stepping_stone_is_worth_more_than_its_area():
    web = web_of([10, 0.1, 10], [(0, 1, 5), (1, 2, 5)])
    weights = weigh_patches(web)
    assert weights.connector[1] > 0.9 * weights.pc[1] > 20
    assert weights.connector[0] == weights.connector[2] == 0


@settings(max_examples=60, deadline=None)
@given(webs())
def test_indices_are_those_of_all_ways_one_by_one(web):
    region = web.areas.sum() * 1.5
    found = measure_web(web, region)
    assert (found.pc, found.iic) == pytest.approx(brute(web, region))


@settings(max_examples=60, deadline=None)
@given(webs())
def test_weights_are_what_is_lost_without_each_patch(web):
    region = web.areas.sum()
    weights, before = weigh_patches(web), measure_web(web, region)
    for patch in range(len(web.areas)):
        after = measure_web(web.without([patch]), region)
        assert weights.pc[patch] == pytest.approx(100 * (1 - after.pc / before.pc), abs=1e-9)
        assert weights.iic[patch] == pytest.approx(100 * (1 - after.iic / before.iic), abs=1e-9)
    assert (weights.connector <= weights.pc + 1e-9).all()


@settings(max_examples=60, deadline=None)
@given(webs(), st.data())
def test_a_link_more_never_lowers_an_index(web, data):
    if len(web.areas) < 2:
        return
    pair = data.draw(st.sampled_from(list(itertools.combinations(range(len(web.areas)), 2))))
    cost = data.draw(st.integers(0, 30))
    more = Web(web.areas, np.vstack([web.pairs, pair]), np.append(web.costs, float(cost)), web.reach)
    before, after = (measure_web(one, web.areas.sum()) for one in (web, more))
    assert after.pc >= before.pc * (1 - 1e-12)
    assert after.iic >= before.iic * (1 - 1e-12)
    assert after.parts <= before.parts


@settings(max_examples=60, deadline=None)
@given(webs(), st.data())
def test_the_gain_of_a_link_is_that_of_the_web_with_it_cheaper(web, data):
    after = np.array([data.draw(st.integers(0, 30)) for _ in web.costs], dtype=float)
    region = web.areas.sum()
    before = measure_web(web, region).pc
    for number, gain in enumerate(gain_of_links(web, after)):
        costs = web.costs.copy()
        costs[number] = min(costs[number], after[number])
        mended = measure_web(Web(web.areas, web.pairs, costs, web.reach), region).pc
        assert gain == pytest.approx(100 * (mended / before - 1), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(webs())
def test_indices_lie_between_the_patches_alone_and_all_as_one(web):
    region = web.areas.sum()
    found = measure_web(web, region)
    alone = (web.areas**2).sum() / region**2
    for index in (found.pc, found.iic):
        assert alone - 1e-12 <= index <= 1 + 1e-12
    assert web.areas.max() - 1e-9 <= found.eca_pc <= region + 1e-9


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=2, max_size=7), st.data())
def test_pc_is_no_less_than_iic_where_no_two_patches_are_more_than_a_link_apart(areas, data):
    """Every two are linked within reach: a link is at least as likely as one half, what IIC counts it for."""
    pairs = list(itertools.combinations(range(len(areas)), 2))
    web = web_of(areas, [(*pair, data.draw(st.integers(0, 10))) for pair in pairs])
    found = measure_web(web, float(sum(areas)))
    assert found.pc >= found.iic * (1 - 1e-12)


def test_parts_are_numbered_by_area():
    web = web_of([1, 1, 1, 5], [(0, 1, 3), (1, 2, 11)])
    assert label_parts(web).tolist() == [2, 2, 3, 1]


def test_of_several_links_the_cheapest_counts_whichever_way_round():
    twice = web_of([1, 1], [(0, 1, 20), (1, 0, 10)])
    assert measure_web(twice, 2.0).pc == pytest.approx(0.75)


def test_no_patches_at_all():
    nothing = web_of([], [])
    found = measure_web(nothing, 1.0)
    assert (found.pc, found.iic, found.parts) == (0, 0, 0)
    assert len(weigh_patches(nothing).pc) == 0


@pytest.mark.parametrize(
    ("areas", "links", "reach", "match"),
    [
        ([1, -1], [], 10, "areas"),
        ([1, 1], [(0, 1, -3)], 10, "cost"),
        ([1, 1], [(0, 2, 3)], 10, "none of 2"),
        ([1, 1], [], 0, "reach"),
    ],
)
def test_what_cannot_be_is_refused(areas, links, reach, match):
    with pytest.raises(GeometryError, match=match):
        web_of(areas, links, reach)


def test_a_region_smaller_than_its_patches_is_refused():
    with pytest.raises(GeometryError, match="smaller than its patches"):
        measure_web(LINE, 8.0)
