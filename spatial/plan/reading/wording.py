"""What pydantic says of a plan, in the words of somebody who writes one."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from functools import cache
from typing import Any

from pydantic_core import ErrorDetails

from spatial.errors import Fault
from spatial.plan.base import TAG_PATTERN, show_value
from spatial.plan.reading.yamltext import Lines, Path
from spatial.plan.records import Plan

_KINDS = {
    "string_type": ("is not text", "put it in quotes"),
    "string_too_short": ("is empty", "write it or remove the key"),
    "string_pattern_mismatch": ("is not a plain name", "use a to z, digits and _, a letter first"),
    "string_unicode": ("is not text", "delete what is not readable in it"),
    "model_type": ("is not a mapping", "write its keys below, two spaces further in"),
    "model_attributes_type": ("is not a mapping", "write its keys below, two spaces further in"),
    "dict_type": ("is not a mapping", "write its keys below, two spaces further in"),
    "tuple_type": ("is not a list", "write items in [brackets], or below as lines that begin with `- `"),
    "bool_type": ("is neither true nor false", "write true or false"),
    "bool_parsing": ("is neither true nor false", "write true or false"),
    "int_type": ("is not a whole number", "write digits only"),
    "int_parsing": ("is not a whole number", "write digits only"),
    "int_from_float": ("is not a whole number", "write digits only"),
    "float_type": ("is not a number", "write digits, with a point for decimals"),
    "float_parsing": ("is not a number", "write digits, with a point for decimals"),
    "finite_number": ("is not a finite number", "write digits, with a point for decimals"),
    "date_type": ("is not a date", "write year-month-day, such as 2026-11-22"),
    "date_parsing": ("is not a date", "write year-month-day, such as 2026-11-22"),
    "date_from_datetime_parsing": ("is not a date", "write year-month-day, such as 2026-11-22"),
    "date_from_datetime_inexact": ("is not a date", "write year-month-day, such as 2026-11-22"),
}  # fmt: skip
"""Types of pydantic errors whose words depend on nothing else."""
_TAG = ("is not a tag", "write one word, without blanks, separators and brackets")
_BOUNDS = {
    "greater_than": ("gt", "is too little", "more than"),
    "greater_than_equal": ("ge", "is too little", "at least"),
    "less_than": ("lt", "is too much", "less than"),
    "less_than_equal": ("le", "is too much", "at most"),
}


def explain_fault(item: ErrorDetails, document: Any, lines: Lines) -> Fault:
    """Put one pydantic error of the plan records into a fault with its place in the document.

    Parameters
    ----------
    item : pydantic_core.ErrorDetails
        One of ``ValidationError.errors()``.
    document : dict
        What was validated.
    lines : Lines
        Where things stand in it.

    Examples
    --------
    >>> from pydantic import ValidationError
    >>> document = {"name": "x", "title": "x", "territory": {"adcode": 419001}, "year": "soon"}
    >>> try:
    ...     Plan.model_validate(document)
    ... except ValidationError as error:
    ...     print(explain_fault(error.errors()[0], document, Lines("plan.yaml")))
    plan.yaml:1: year: "soon" is not a whole number; write digits only
    """
    path, given = _walk(document, item["loc"])
    if item["loc"][-1:] == ("[key]",):
        given = item["input"]
    if item["type"] == "missing":
        path = (*path, item["loc"][-1])
    problem, remedy = _say(item, given)
    return Fault(lines.where(path), ".".join(map(str, path)), problem, remedy)


def _walk(document: Any, loc: Sequence[str | int]) -> tuple[Path, Any]:
    """Follow an error's location to the value written there, past the tags of unions that stand in it."""
    path: Path = ()
    here = _schema()
    for step in loc:
        keyed = isinstance(document, dict) and step in document and _resolve(here).get("type") == "object"
        here = _enter(here, step)
        if keyed or (isinstance(document, list) and isinstance(step, int) and step < len(document)):
            document, path = document[step], (*path, step)
    return path, document


def _say(item: ErrorDetails, given: Any) -> tuple[str, str]:
    kind, context, loc = item["type"], item.get("ctx", {}), item["loc"]
    if kind in _BOUNDS:
        return _say_bound(item, given)
    if kind in _KINDS:
        problem, remedy = _TAG if TAG_PATTERN in context.get("pattern", "") else _KINDS[kind]
        if given is None:
            return "nothing is written here", "write the value, or remove the key"
        return f"{show_value(given)} {problem}", _read_percent(given) or remedy
    what = said = ""
    match kind:
        case "missing":
            what, said = "is missing", f"add `{loc[-1]}: {_expect(loc).get('examples', '…')[0]}`"
        case "extra_forbidden":
            what, said = "unknown key", _suggest(str(loc[-1]), _expect(loc[:-1]).get("properties", {}))
        case "value_error":
            what, _, said = str(context.get("error", item["msg"])).partition("; ")
        case "literal_error":
            what, said = f"{show_value(given)} is not known", f"use one of {context['expected']}"
        case "union_tag_invalid":
            what, said = (
                f"{show_value(context['tag'])} is not a kind",
                f"use one of {context['expected_tags']}",
            )
        case "union_tag_not_found":
            what, said = "`kind` is missing", "add `kind: core`, `kind: belt`, `kind: point` …"
        case _:
            what = f"{show_value(given)}: {item['msg'][0].lower()}{item['msg'][1:]}"
    return what, said


def _say_bound(item: ErrorDetails, given: Any) -> tuple[str, str]:
    name, problem, words = _BOUNDS[item["type"]]
    limit = f"{float(item.get('ctx', {})[name]):.15g}"
    unit = _expect(item["loc"]).get("unit", "")
    return f"{show_value(given)} {problem}", f"write {words} {limit} {unit}".rstrip()


def _suggest(key: str, known: dict[str, Any]) -> str:
    near = difflib.get_close_matches(key, known, 1)
    if "：" in key or ":" in key:
        return "write an ordinary colon and a space between key and value"
    if near:
        return f"did you mean `{near[0]}`?"
    return f"remove it, or use one of {', '.join(known)}" if known else "remove it"


def _read_percent(given: Any) -> str:
    digits = given.strip().removesuffix("%") if isinstance(given, str) and given.strip().endswith("%") else ""
    try:
        return f"write {float(digits) / 100:g}" if digits else ""
    except ValueError:
        return ""


@cache
def _schema() -> dict[str, Any]:
    return Plan.model_json_schema(by_alias=True)


def _expect(loc: Sequence[str | int]) -> dict[str, Any]:
    """Return the JSON Schema of what the plan should hold at an error's location."""
    here = _schema()
    for step in loc:
        here = _enter(here, step)
    return _resolve(here)


def _enter(schema: dict[str, Any], step: str | int) -> dict[str, Any]:
    schema = _resolve(schema)
    tags = schema.get("discriminator", {}).get("mapping", {})
    if step in tags:
        inner = {"$ref": tags[step]}
    elif isinstance(step, int):
        inner = schema.get("items", {})
    else:
        named = list(schema.get("patternProperties", {}).values())
        others = schema.get("additionalProperties") or (named[0] if named else {})
        inner = schema.get("properties", {}).get(step, others)
    return inner if isinstance(inner, dict) else {}


def _resolve(schema: dict[str, Any]) -> dict[str, Any]:
    """Follow references, and of alternatives take the one with most to say."""
    while "$ref" in schema or "anyOf" in schema:
        if "$ref" in schema:
            schema = _schema()["$defs"][schema["$ref"].rpartition("/")[2]]
        else:
            schema = max(schema["anyOf"], key=lambda one: ("$ref" in one, "properties" in one, len(one)))
    return schema
