"""What one part of a plan says of another: sources, elements and names must exist and be unique.

References are looked up in the document as written, not in the records, so that they are reported with
all other faults of the plan and not only when those are gone.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from spatial.plan.parts.evaluation import BURNT
from spatial.plan.parts.industry import OWN_UNITS
from spatial.plan.reading.yamltext import Path

Broken = tuple[Path, str, str]
"""Where, what is wrong, what would be right."""
_ELEMENTS = ("structure", "elements", "*")
_USES_OF_SOURCES: tuple[tuple[str, ...], ...] = (
    ("territory", "source"),
    (*_ELEMENTS, "source"),
    ("zones", "claims", "*", "source"),
    ("lines", "claims", "*", "source"),
    ("population", "source"),
    ("counts", "*", "source"),
    ("roads", "source"),
    ("roads", "elevation"),
    ("terrain", "elevation"),
    ("terrain", "land_cover"),
    ("rivers", "source"),
    ("connections", "villages"),
    ("connections", "stops"),
    ("connections", "hamlets"),
    ("facilities", "source"),
    ("facilities", "homes"),
    ("ledger", "parcels"),
    ("landuse", "source"),
    ("landuse", "target", "source"),
    ("sector", "source"),
    ("sector", "base", "districts"),
    ("functional_zones", "source"),
    ("functional_zones", "units"),
    ("functional_zones", "startup", "source"),
    ("functional_zones", "communities", "source"),
    ("boundary_roads", "districts"),
    ("boundary_roads", "jobs"),
    ("directions", "actions", "*", "source"),
    ("directions", "land", "*", "source"),
    *(("services", name) for name in ("facilities", "people", "districts", "candidates")),
    ("industry", "firms"),
    ("industry", "units"),
    ("commuting", "zones"),
    ("commuting", "facilities"),
    ("evaluation", "factors", "**", "source"),
    *(("evaluation", name) for name in (*BURNT, "natural_edges")),
)
_USES_OF_TABLES: tuple[tuple[str, ...], ...] = (
    ("industry", "links"),
    ("assessment", "table"),
    ("commuting", "flows"),
    ("indicator_file",),
)
"""Uses of sources that are read as tables without shapes."""
_OWN_WORDS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("services", "districts"): ("districts",),
    ("commuting", "zones"): ("functional_zones",),
    ("industry", "units"): OWN_UNITS,
}
"""Words that stand for layers of the plan where a source may be named, unless a source is called so."""
_EXTRACTS = (".pbf", ".osm", ".osm.gz", ".osm.bz2")
_NO_FEATURES = {
    ("roads", "source"),
    ("roads", "elevation"),
    ("terrain", "elevation"),
    ("terrain", "land_cover"),
    ("evaluation", "factors", "**", "source"),
}
"""Uses of sources that are not read as features."""
_USES_OF_ELEMENTS = ((*_ELEMENTS, "cut", "*"), (*_ELEMENTS, "round"))
_ALL_DIFFERENT: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("id", (*_ELEMENTS, "id")),
    ("id", ("circles", "*", "id")),
    ("id", ("counts", "*", "id")),
    ("code", ("towns", "*", "code")),
    ("zone", ("zones", "priority", "*")),
    ("line", ("lines", "priority", "*")),
)
_NAMES = tuple((part, "*", "name", *more) for part in ("towns", "places") for more in ((), ("zh",), ("en",)))


def find_broken_references(document: dict[str, Any]) -> list[Broken]:
    """Return every reference that leads nowhere and every name that is given twice.

    Parameters
    ----------
    document : dict
        As read from YAML; parts that are not what they should be are passed over.

    Examples
    --------
    >>> find_broken_references({"territory": {"source": "border"}})
    [(('territory', 'source'), "there is no source 'border'", 'add it under `sources`')]
    """
    return [
        *_missing_sources(document),
        *_missing_elements(document),
        *_rings_round_each_other(document),
        *_given_twice(document),
    ]


def _texts(value: Any, *pattern: str, at: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield the texts at a path, whose ``*`` is any item of a list, ``**`` any of a mapping."""
    if not pattern:
        if isinstance(value, str):
            yield at, value.strip()
        return
    head, *rest = pattern
    inner: Iterable[tuple[str | int, Any]] = ()
    if head == "*" and isinstance(value, list):
        inner = enumerate(value)
    elif head == "**" and isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, dict) and head in value:
        inner = [(head, value[head])]
    for step, item in inner:
        yield from _texts(item, *rest, at=(*at, step))


def _missing_sources(document: dict[str, Any]) -> Iterator[Broken]:
    sources = document.get("sources") or {}
    if not isinstance(sources, dict):
        return
    tables = list_tables(document)
    for pattern in (*_USES_OF_SOURCES, *_USES_OF_TABLES):
        for path, name in _texts(document, *pattern):
            if name not in sources and name in _OWN_WORDS.get(pattern, ()):
                continue
            if name not in sources:
                yield path, f"there is no source {name!r}", _suggest(name, sources, "add it under `sources`")
            elif pattern not in _NO_FEATURES and is_extract(_place_of(sources[name])):
                yield (
                    path,
                    f"{name!r} is an OpenStreetMap extract",
                    "only `roads` reads one; name another source",
                )
            elif name in tables and pattern in _USES_OF_SOURCES:
                yield path, f"{name!r} is used as a table without shapes", "give the file a second source"


def list_tables(document: dict[str, Any]) -> frozenset[str]:
    """Return the names of the sources that the plan uses as tables without shapes.

    Examples
    --------
    >>> list_tables({"commuting": {"zones": "cells", "flows": "trips"}})
    frozenset({'trips'})
    """
    return frozenset(name for pattern in _USES_OF_TABLES for _, name in _texts(document, *pattern))


def list_unused(document: dict[str, Any]) -> frozenset[str]:
    """Return the names of the sources that no part of a plan names.

    Examples
    --------
    >>> list_unused({"territory": {"source": "border"}, "sources": {"border": {}, "soil": {}}})
    frozenset({'soil'})
    """
    used = {
        name for pattern in (*_USES_OF_SOURCES, *_USES_OF_TABLES) for _, name in _texts(document, *pattern)
    }
    return frozenset(document.get("sources") or {}) - used


def is_extract(place: str) -> bool:
    """Tell whether a file or address is an OpenStreetMap extract, by its ending.

    Examples
    --------
    >>> is_extract("henan.osm.pbf"), is_extract("roads.gpkg")
    (True, False)
    """
    return place.lower().endswith(_EXTRACTS)


def _place_of(source: Any) -> str:
    return str(source.get("file") or source.get("url") or "") if isinstance(source, dict) else ""


def _missing_elements(document: dict[str, Any]) -> Iterator[Broken]:
    ids = dict(_texts(document, *_ELEMENTS, "id"))
    for pattern in _USES_OF_ELEMENTS:
        for path, name in _texts(document, *pattern):
            own = ids.get((*path[:3], "id"))
            others = dict.fromkeys(other for other in ids.values() if other != own)
            if name == own:
                yield path, f"{name!r} is this element itself", "name another element by its id"
            elif name not in others:
                remedy = _suggest(name, others, "name an element by its id")
                yield path, f"there is no element {name!r}", remedy


def _rings_round_each_other(document: dict[str, Any]) -> Iterator[Broken]:
    ids = dict(_texts(document, *_ELEMENTS, "id"))
    rounds = _texts(document, *_ELEMENTS, "round")
    rings = [(path, ids.get((*path[:3], "id")), inner) for path, inner in rounds]
    inside = {own: inner for _, own, inner in rings}
    for path, own, inner in rings:
        seen, here = {own}, inner
        while here in inside and here not in seen:
            seen.add(here)
            here = inside[here]
        if here == own and inner != own:
            yield (
                path,
                f"{own!r} and {inner!r} lie round each other",
                "begin with a ring round a core or a point",
            )


def _given_twice(document: dict[str, Any]) -> Iterator[Broken]:
    for what, pattern in _ALL_DIFFERENT:
        yield from _repeats(what, _texts(document, *pattern))
    named = [found for pattern in _NAMES for found in _texts(document, *pattern)]
    named.sort(key=lambda found: (found[0][0] != "towns", found[0][1]))
    yield from _repeats("name", named, owner=2)


def _repeats(what: str, items: Iterable[tuple[Path, str]], *, owner: int | None = None) -> Iterator[Broken]:
    """Yield what is given a second time; the first `owner` steps of a path are who gives it."""
    seen: dict[str, Path] = {}
    for path, value in items:
        first = seen.setdefault(value, path)
        if first[:owner] != path[:owner]:
            problem = f"the {what} {value!r} is given already at {'.'.join(map(str, first))}"
            yield path, problem, f"give each its own {what}"


def _suggest(name: str, known: Collection[str], otherwise: str) -> str:
    near = difflib.get_close_matches(name, known, 1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"{otherwise}; there is {', '.join(known)}" if known else otherwise
