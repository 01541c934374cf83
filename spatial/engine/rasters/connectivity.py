"""Connectivity of patches joined by links: integral index, probability of connectivity, weight of each patch.

IIC, the integral index of connectivity (Pascual-Hortal and Saura 2006), counts links as there or not there;
PC, the probability of connectivity (Saura and Pascual-Hortal 2007), weighs each by how likely it is taken.
Both are the chance that two places, thrown at random into a region, fall into patches that can be reached one
from the other. What a patch weighs in them is what they lose without it (Saura and Rubio 2010).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spatial.errors import GeometryError

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]
Worth = Callable[[Floats], Floats]
_TIE = 1e-9
"""Share by which two ways may differ and still count as equally short."""


@dataclass(frozen=True, eq=False)
class Web:
    """Patches with areas, and links between them with costs.

    Parameters
    ----------
    areas : ndarray of float64, shape (n,)
        Of the patches, or anything else that is summed, such as habitat.
    pairs : ndarray of int64, shape (m, 2)
        Patches that each link joins, from 0.
    costs : ndarray of float64, shape (m,)
        Of going along it; of several links between two patches the cheapest counts.
    reach : float
        Cost at which a link is taken with probability `chance`; costlier ones are not there for IIC.
    chance : float
        Between 0 and 1.

    Raises
    ------
    GeometryError
        Negative or infinite areas or costs, links to no patch, a reach or chance that is none.
    """

    areas: Floats
    pairs: Longs
    costs: Floats
    reach: float
    chance: float = 0.5

    def __post_init__(self) -> None:
        count = len(self.areas)
        if not (np.isfinite(self.areas).all() and (self.areas >= 0).all()):
            raise GeometryError("areas of patches must be finite and not negative")
        if len(self.pairs) != len(self.costs) or not (
            np.isfinite(self.costs).all() and (self.costs >= 0).all()
        ):
            raise GeometryError("each link needs one cost, finite and not negative")
        if len(self.pairs) and (self.pairs.min() < 0 or self.pairs.max() >= count):
            raise GeometryError(f"a link leads to none of {count} patches")
        if not (self.reach > 0 and np.isfinite(self.reach) and 0 < self.chance < 1):
            raise GeometryError("the reach must be above 0 and its chance between 0 and 1")

    @property
    def chances(self) -> Floats:
        """Probability that each link is taken, shape (m,): falls with e to the cost, `chance` at `reach`."""
        return np.asarray(self.chance ** (self.costs / self.reach))

    @property
    def near(self) -> Truths:
        """Which links are there for IIC: those that cost no more than the reach, shape (m,)."""
        return self.costs <= self.reach

    def without(self, patches: npt.ArrayLike) -> Web:
        """Return the web in which some patches have no area and no links; their numbers stay."""
        gone = np.zeros(len(self.areas), dtype=bool)
        gone[np.asarray(patches, dtype=np.int64)] = True
        kept = ~gone[self.pairs].any(axis=1)
        areas = np.where(gone, 0.0, self.areas)
        return Web(areas, self.pairs[kept], self.costs[kept], self.reach, self.chance)


@dataclass(frozen=True)
class Indices:
    """What a web comes to.

    Parameters
    ----------
    pc, iic : float
        Probability of connectivity and integral index, 0 to 1.
    eca_pc, eca_iic : float
        Equivalent connected area of each, in the unit of the areas: one patch that would be worth as much.
    parts : int
        Groups of patches that hold together by links within reach; a patch alone is one.
    links : int
        Links within reach.
    """

    pc: float
    iic: float
    eca_pc: float
    eca_iic: float
    parts: int
    links: int


@dataclass(frozen=True, eq=False)
class Weights:
    """What each patch is worth to a web: the share, in per cent, that an index loses without it.

    Parameters
    ----------
    pc, iic : ndarray of float64, shape (n,)
        dPC and dIIC.
    connector : ndarray of float64, shape (n,)
        Of dPC, what the patch is worth as a stepping stone between others: 0 where they do without it.
    """

    pc: Floats
    iic: Floats
    connector: Floats


def measure_web(web: Web, region: float) -> Indices:
    """Return the indices of a web.

    Parameters
    ----------
    web : Web
    region : float
        Area of the whole region, in the unit of the patches' areas and not less than their sum.

    Raises
    ------
    GeometryError
        A region smaller than its patches.

    Examples
    --------
    Two patches of a quarter of the region each, joined by a link of probability one half:
    (¼² + ¼² + 2 · ¼ · ¼ · ½) for both, since 1 / (1 + 1 link) is one half too.

    >>> web = Web(np.array([25.0, 25.0]), np.array([[0, 1]]), np.array([10.0]), reach=10.0)
    >>> found = measure_web(web, 100.0)
    >>> found.pc, found.iic, round(found.eca_pc, 3)
    (0.1875, 0.1875, 43.301)
    """
    if not region >= web.areas.sum() * (1 - _TIE) or not region > 0:
        raise GeometryError(f"a region of {region:g} is smaller than its patches, {web.areas.sum():g}")
    sums = [_sum(web.areas, worth) for worth in (_likely(web), _counted(web))]
    parts = len(set(label_parts(web).tolist()))
    pc, iic = (total / region**2 for total in sums)
    return Indices(pc, iic, float(np.sqrt(sums[0])), float(np.sqrt(sums[1])), parts, int(web.near.sum()))


def label_parts(web: Web) -> Longs:
    """Return the group of each patch, from 1, the largest by area first: those joined by links within reach.

    Examples
    --------
    >>> web = Web(np.array([1.0, 5.0, 1.0]), np.array([[0, 2]]), np.array([3.0]), reach=10.0)
    >>> label_parts(web).tolist()
    [2, 1, 2]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(web.areas)
    if not count:
        return np.zeros(0, dtype=np.int64)
    pairs = web.pairs[web.near]
    ones = np.ones(len(pairs), dtype=np.int8)
    found, owner = connected_components(
        coo_array((ones, tuple(pairs.T)), shape=(count, count)), directed=False
    )
    areas = np.bincount(owner, weights=web.areas, minlength=found)
    _, first = np.unique(owner, return_index=True)
    rank = np.empty(found, dtype=np.int64)
    rank[np.lexsort((first, -areas))] = np.arange(1, found + 1)
    return rank[owner]


def weigh_patches(web: Web) -> Weights:
    """Return what each patch is worth to a web.

    Only ways that led through a patch are sought again without it.

    Examples
    --------
    Three equal patches in a row: without the middle one its neighbours are apart.

    >>> web = Web(np.ones(3), np.array([[0, 1], [1, 2]]), np.array([10.0, 10.0]), reach=10.0)
    >>> weights = weigh_patches(web)
    >>> weights.pc.round(2).tolist(), weights.connector.round(2).tolist()
    ([45.45, 63.64, 45.45], [0.0, 9.09, 0.0])
    """
    pc = _losses(web, web.costs, _worth_of_cost(web))
    iic = _losses(*_hops(web), _worth_of_hops)
    likely = _likely(web)
    total = _sum(web.areas, likely)
    own = web.areas * (2 * (likely @ web.areas) - web.areas)
    connector = np.maximum(pc - _share(own, total), 0.0)
    return Weights(pc, iic, np.where(connector < _TIE * 100, 0.0, connector))


def gain_of_links(web: Web, after: Floats) -> Floats:
    """Return by how much PC rises, in per cent, when one link alone is made as cheap as `after` says.

    Parameters
    ----------
    web : Web
    after : ndarray of float64, shape (m,)
        Cost of each link once it is mended; one that is dearer than now counts as now.

    Returns
    -------
    ndarray of float64, shape (m,)

    Examples
    --------
    >>> web = Web(np.ones(2), np.array([[0, 1]]), np.array([20.0]), reach=10.0)
    >>> gain_of_links(web, np.array([10.0])).round(9).tolist()
    [20.0]
    """
    worth = _worth_of_cost(web)
    cost = _shortest(len(web.areas), web.pairs, web.costs)
    total = _sum(web.areas, worth(cost))
    found = np.zeros(len(web.costs))
    for number, (one, other) in enumerate(web.pairs.tolist()):
        if total > 0 and after[number] < web.costs[number]:
            # With one link cheaper a way either stays as it is or leads along that link once.
            along = cost[:, [one]] + after[number] + cost[[other], :]
            less = np.minimum(cost, np.minimum(along, along.T))
            found[number] = 100 * (_sum(web.areas, worth(less)) / total - 1)
    return found


def _hops(web: Web) -> tuple[Web, Floats]:
    near = Web(web.areas, web.pairs[web.near], web.costs[web.near], web.reach, web.chance)
    return near, np.ones(len(near.pairs))


def _worth_of_cost(web: Web) -> Worth:
    return lambda cost: np.asarray(web.chance ** (cost / web.reach))


def _worth_of_hops(hops: Floats) -> Floats:
    return np.asarray(1 / (1 + hops))


def _likely(web: Web) -> Floats:
    """Return the probability of the best way between any two patches, (n, n)."""
    return _worth_of_cost(web)(_shortest(len(web.areas), web.pairs, web.costs))


def _counted(web: Web) -> Floats:
    """Return 1 / (1 + links) of the way of fewest links between any two patches, (n, n); 0 without any."""
    near, ones = _hops(web)
    return _worth_of_hops(_shortest(len(web.areas), near.pairs, ones))


def _sum(areas: Floats, worth: Floats) -> float:
    return float(areas @ worth @ areas)


def _share(part: Floats, total: float) -> Floats:
    return 100 * part / total if total > 0 else np.zeros(len(part))


def _shortest(count: int, pairs: Longs, costs: Floats, sources: Longs | None = None) -> Floats:
    """Return the least cost between patches, of all or of some, infinite where no way leads."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    if not count:
        return np.zeros((0, 0))
    low, high = np.sort(pairs, axis=1).T if len(pairs) else np.zeros((2, 0), dtype=np.int64)
    order = np.lexsort((costs, high, low))
    low, high, costs = low[order], high[order], costs[order]
    first = np.flatnonzero((np.diff(low, prepend=-1) != 0) | (np.diff(high, prepend=-1) != 0))
    graph = csr_array((costs[first], (low[first], high[first])), shape=(count, count))
    return np.asarray(dijkstra(graph, directed=False, indices=sources))


def _losses(web: Web, costs: Floats, worth: Worth) -> Floats:
    """Return what the sum over all pairs loses without each patch, in per cent."""
    count, areas = len(web.areas), web.areas
    cost = _shortest(count, web.pairs, costs)
    found = worth(cost)
    total = _sum(areas, found)
    lost = areas * (2 * (found @ areas) - areas)
    for patch in range(count):
        beyond = cost[:, [patch]] + cost[[patch], :]
        led = np.isfinite(cost) & (beyond <= cost * (1 + _TIE))
        led[patch, :] = led[:, patch] = False
        np.fill_diagonal(led, False)
        touched = np.flatnonzero(led.any(axis=1))
        if len(touched):
            kept = ~(web.pairs == patch).any(axis=1)
            anew = worth(_shortest(count, web.pairs[kept], costs[kept], touched))
            less = np.where(led[touched], found[touched] - anew, 0.0)
            lost[patch] += float(areas[touched] @ less @ areas)
    return _share(lost, total)
