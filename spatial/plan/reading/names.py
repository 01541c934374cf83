"""Names in elements of the structure that lead nowhere, each with the names that come near."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from spatial.plan.parts.structure import (
    AxisElement,
    BeltElement,
    CoreElement,
    DistrictElement,
    Element,
    PointElement,
    RingElement,
)

Problem = Literal["unknown_name", "unknown_source", "unnamed_source", "seat_only"]
"""``unnamed_source``: a source without names; ``seat_only``: a town whose seat is known, but no polygon."""

_COLUMNS_SHOWN = 8


@dataclass(frozen=True)
class NameFault:
    """A name in an element that leads nowhere.

    Parameters
    ----------
    element : str
        Id of the element.
    problem : {"unknown_name", "unknown_source", "unnamed_source", "seat_only"}
        What is wrong.
    name : str
        The name as the plan writes it.
    where : str
        Where it was looked for: ``source:NAME``, ``sources``, ``districts``, ``elements``, ``gazetteer``.
    near : str
        Up to three similar names that are known there, joined by ``、``; for a source without names its
        columns, up to eight.
    """

    element: str
    problem: Problem
    name: str
    where: str
    near: str


def find_name_faults(
    elements: Iterable[Element],
    sources: Mapping[str, Collection[str]],
    districts: Collection[str],
    places: Collection[str],
    columns: Mapping[str, Collection[str]] | None = None,
) -> list[NameFault]:
    """Return the names in elements that lead nowhere, in the plan's order.

    Parameters
    ----------
    elements : iterable of Element
        As the plan gives them.
    sources : mapping of str to collection of str
        Each source that was read, with the names of its features.
    districts : collection of str
        Names and codes of districts.
    places : collection of str
        Names of towns and places whose position is known.
    columns : mapping of str to collection of str, optional
        Columns of each source that was read: one of them may hold the names.

    Examples
    --------
    >>> point = PointElement.model_validate({"id": "p", "kind": "point", "name": "点", "at": "坡头"})
    >>> [(fault.name, fault.near) for fault in find_name_faults([point], {}, [], ["坡头镇", "王屋镇"])]
    [('坡头', '坡头镇')]
    """
    elements = list(elements)
    known = {f"source:{name}": set(names) for name, names in sources.items()}
    known |= {"districts": set(districts), "gazetteer": set(places), "sources": set(sources)}
    known["elements"] = {element.id for element in elements}
    faults = []
    for element in elements:
        for where, name in dict.fromkeys(_references(element)):
            if where in known and name not in known[where]:
                faults.append(_explain(element, where, name, known))
    return [_point_to_columns(fault, known, columns or {}) for fault in faults]


def _point_to_columns(
    fault: NameFault, known: Mapping[str, Collection[str]], columns: Mapping[str, Collection[str]]
) -> NameFault:
    """Where a source has no names at all, say so: the name is right, the column is not."""
    kind, _, source = fault.where.partition(":")
    if kind != "source" or source not in columns or set(known[fault.where]) - {""}:
        return fault
    near = "、".join(list(columns[source])[:_COLUMNS_SHOWN])
    return replace(fault, problem="unnamed_source", near=near)


def _references(element: Element) -> Iterator[tuple[str, str]]:
    """Yield where each name of an element is looked for, and the name."""
    source = getattr(element, "source", None)
    here = f"source:{source}"
    if source:
        yield "sources", source
    match element:
        case CoreElement() | DistrictElement():
            yield from ((here, name) for name in element.areas)
            yield from ((here if source else "districts", name) for name in element.towns)
            yield from (("districts", name) for name in element.districts)
            yield from (("gazetteer", disc.at) for disc in element.discs if isinstance(disc.at, str))
        case BeltElement() | AxisElement():
            yield from ((here, name) for name in element.along)
            yield from (("gazetteer", spot) for spot in element.through if isinstance(spot, str))
        case PointElement() if isinstance(element.at, str):
            yield "gazetteer", element.at
        case RingElement():
            yield "elements", element.round


def _explain(element: Element, where: str, name: str, known: Mapping[str, Collection[str]]) -> NameFault:
    problem: Problem = "unknown_source" if where == "sources" else "unknown_name"
    choice = set(known[where])
    if name in getattr(element, "towns", ()):
        if name in known["gazetteer"]:
            problem = "seat_only"
        choice |= set(known["gazetteer"])
    near = difflib.get_close_matches(name, sorted(choice - {name, ""}), n=3, cutoff=0.4)
    return NameFault(element.id, problem, name, where, "、".join(near))
