"""What one part of a plan says of another: sources, elements and names must exist and be unique."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator

from spatial.plan.records import Plan

Path = tuple[str | int, ...]
Broken = tuple[Path, str, str]
"""Where, what is wrong, what would be right."""


def find_broken_references(plan: Plan) -> list[Broken]:
    """Return every reference that leads nowhere and every name that is given twice.

    Examples
    --------
    >>> from spatial.plan.records import Plan
    >>> plan = Plan.model_validate(
    ...     {"name": "x", "title": "x", "year": 2035, "territory": {"source": "border"}}
    ... )
    >>> find_broken_references(plan)[0][1]
    "there is no source 'border'"
    """
    return [*_missing_sources(plan), *_missing_elements(plan), *_given_twice(plan)]


def _missing_sources(plan: Plan) -> Iterator[Broken]:
    uses: list[tuple[Path, str | None]] = [(("territory", "source"), plan.territory.source)]
    if plan.structure:
        uses += [
            (("structure", "elements", number, "source"), getattr(element, "source", None))
            for number, element in enumerate(plan.structure.elements)
        ]
    for part, spec in (("zones", plan.zones), ("lines", plan.lines)):
        if spec:
            uses += [((part, "claims", number, "source"), claim.source) for number, claim in enumerate(spec.claims)]
    if plan.population:
        uses.append((("population", "source"), plan.population.source))
    for path, name in uses:
        if name is not None and name not in plan.sources:
            yield path, f"there is no source {name!r}", _suggest(name, plan.sources, "add it under `sources`")


def _missing_elements(plan: Plan) -> Iterator[Broken]:
    if plan.structure is None:
        return
    ids = [element.id for element in plan.structure.elements]
    for number, element in enumerate(plan.structure.elements):
        base: Path = ("structure", "elements", number)
        named = [((*base, "cut", place), name) for place, name in enumerate(getattr(element, "cut", ()))]
        if element.kind == "ring":
            named.append(((*base, "round"), element.round))
        for path, name in named:
            if name not in ids or name == element.id:
                what = "an element cannot refer to itself" if name == element.id else f"there is no element {name!r}"
                yield path, what, _suggest(name, [other for other in ids if other != element.id], "give an element's id")


def _given_twice(plan: Plan) -> Iterator[Broken]:
    elements = plan.structure.elements if plan.structure else ()
    yield from _repeats("id", ((("structure", "elements", n, "id"), e.id) for n, e in enumerate(elements)))
    yield from _repeats("id", ((("circles", n, "id"), circle.id) for n, circle in enumerate(plan.circles)))
    yield from _repeats("code", ((("towns", n, "code"), town.code) for n, town in enumerate(plan.towns)))
    names: list[tuple[Path, str]] = [(("towns", n, "name"), town.name.pick("zh")) for n, town in enumerate(plan.towns)]
    names += [(("places", n, "name"), place.name.pick("zh")) for n, place in enumerate(plan.places)]
    yield from _repeats("name", names)


def _repeats(what: str, items: Iterable[tuple[Path, str]]) -> Iterator[Broken]:
    seen: dict[str, Path] = {}
    for path, value in items:
        if value in seen:
            first = ".".join(map(str, seen[value]))
            yield path, f"the {what} {value!r} is given already at {first}", f"give each its own {what}"
        seen.setdefault(value, path)


def _suggest(name: str, known: Collection[str], otherwise: str) -> str:
    near = difflib.get_close_matches(name, list(known), 1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"{otherwise}; there is {', '.join(known)}" if known else otherwise
