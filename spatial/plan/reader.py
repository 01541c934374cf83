"""The plan reader: ``plan.yaml`` to frozen records, every fault at once as ``file:line: key: …``."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from spatial.errors import Fault, PlanError
from spatial.plan.base import Record
from spatial.plan.records import Plan
from spatial.plan.references import find_broken_references
from spatial.plan.shelf import list_plans
from spatial.plan.yamltext import Lines, decode_yaml, parse_yaml


@dataclass(frozen=True)
class PlanFile:
    """A plan with where it was read from: `folder` is what its sources' files are relative to."""

    plan: Plan
    path: Path
    digest: str

    @property
    def folder(self) -> Path:
        """The folder of the plan file."""
        return self.path.parent


def find_plan(where: str | Path) -> Path:
    """Find a plan file from a file, a folder or the name of a shipped plan.

    Raises
    ------
    PlanError
        There is none; the message lists the shipped plans.

    Examples
    --------
    >>> find_plan("jiyuan").name
    'plan.yaml'
    """
    path = Path(where)
    if path.is_dir() and (path / "plan.yaml").is_file():
        return path / "plan.yaml"
    if path.is_file():
        return path
    shipped = list_plans()
    if str(where) in shipped:
        return shipped[str(where)]
    names = ", ".join(shipped) or "none"
    problem = "the folder holds no plan.yaml" if path.is_dir() else "no such file, folder or shipped plan"
    raise PlanError(Fault(str(where), "", problem, f"give a plan.yaml, its folder, or a shipped plan ({names})"))


def load_plan(where: str | Path, overrides: Sequence[str] = ()) -> PlanFile:
    """Read a plan and remember its place.

    Parameters
    ----------
    where : str or Path
        File, folder or name of a shipped plan.
    overrides : sequence of str
        Such as ``circles.0.speed=40 km/h``; they replace what the file says.

    Raises
    ------
    PlanError
        Every fault of the file and the overrides at once.

    Examples
    --------
    >>> load_plan("jiyuan", ["year=2030"]).plan.year
    2030
    """
    path = find_plan(where)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PlanError(Fault(str(path), "", f"cannot be read: {error.strerror}")) from error
    value, lines = parse_yaml(decode_yaml(data, str(path)), str(path))
    if not isinstance(value, dict):
        raise PlanError(Fault(f"{path}:1", "", "a plan is a mapping of keys to values", "begin with `name: …`"))
    for override in overrides:
        _override(value, override, lines)
    plan = _validate(value, lines)
    digest = hashlib.sha256(plan.model_dump_json().encode()).hexdigest()
    return PlanFile(plan, path.resolve(), digest)


def read_plan(where: str | Path, overrides: Sequence[str] = ()) -> Plan:
    """Read a plan; see `load_plan`.

    Examples
    --------
    >>> read_plan("jiyuan").territory.adcode
    419001
    """
    return load_plan(where, overrides).plan


def _validate(value: dict[str, Any], lines: Lines) -> Plan:
    faults = list(lines.faults)
    plan = None
    try:
        plan = Plan.model_validate(value)
    except ValidationError as error:
        faults += [_explain(item, value, lines) for item in error.errors()]
    if plan is not None:
        faults += [
            Fault(lines.where(path), _dotted(path), problem, remedy)
            for path, problem, remedy in find_broken_references(plan)
        ]
    if faults or plan is None:
        raise PlanError(sorted(dict.fromkeys(faults), key=_line_of))
    return plan


def _line_of(fault: Fault) -> tuple[int, str]:
    tail = fault.where.rpartition(":")[2]
    return (int(tail) if tail.isdigit() else 0, fault.key)


def _dotted(path: Sequence[str | int]) -> str:
    return ".".join(map(str, path))


def _override(value: Any, override: str, lines: Lines) -> None:
    """Replace one value in place; list items are named by number or by their ``id``."""
    where = f"--set {override}"
    keys, equals, text = override.partition("=")
    if not equals or not keys.strip():
        raise PlanError(Fault(where, "", "is not KEY=VALUE", "write for example --set circles.0.speed=40km/h"))
    *parents, last = keys.strip().split(".")
    path: tuple[str | int, ...] = ()
    for key in parents:
        step = _step(value, key, where)
        value, path = value[step], (*path, step)
    step = last if isinstance(value, dict) else _step(value, last, where)
    new, _ = parse_yaml(text or "null", where)
    value[step] = new
    lines.at = {known: line for known, line in lines.at.items() if known[: len(path) + 1] != (*path, step)}


def _step(value: Any, key: str, where: str) -> str | int:
    if isinstance(value, list):
        for number, item in enumerate(value):
            if key == str(number) or (isinstance(item, dict) and item.get("id") == key):
                return number
        raise PlanError(Fault(where, key, f"there is no such item; the list has {len(value)}", "count from 0 or use its id"))
    if isinstance(value, dict) and key in value:
        return key
    known = ", ".join(map(str, value)) if isinstance(value, dict) else "nothing below it"
    raise PlanError(Fault(where, key, "there is no such key here", f"there is {known}"))


def _explain(item: ErrorDetails, value: Any, lines: Lines) -> Fault:
    """Put one pydantic error into the words of the plan file."""
    path = _walk(value, item["loc"])
    last = str(item["loc"][-1]) if item["loc"] else ""
    if item["type"] in ("missing", "extra_forbidden"):
        path = (*path[:-1], last) if path and path[-1] == last else (*path, last)
    problem, remedy = _say(item, last)
    return Fault(lines.where(path), _dotted(path), problem, remedy)


def _walk(value: Any, loc: Sequence[str | int]) -> tuple[str | int, ...]:
    """Follow an error's location through the document, past the tags of unions that stand in it."""
    path: tuple[str | int, ...] = ()
    for step in loc:
        inside = isinstance(step, int) if isinstance(value, list) else isinstance(value, dict) and step in value
        if inside and not (isinstance(value, list) and isinstance(step, int) and step >= len(value)):
            value, path = value[step], (*path, step)
    return path


def _say(item: ErrorDetails, last: str) -> tuple[str, str]:
    given = item.get("input")
    context = item.get("ctx", {})
    match item["type"]:
        case "missing":
            return "is missing", f"add `{last}: …`"
        case "extra_forbidden":
            near = difflib.get_close_matches(last, _all_keys(Plan), 1)
            return "unknown key", f"did you mean `{near[0]}`?" if near else "remove it"
        case "literal_error":
            return f"{_show(given)} is not known", f"use one of {context.get('expected', '')}"
        case "union_tag_invalid":
            return f"{_show(context.get('tag'))} is not a known kind", f"use one of {context.get('expected_tags', '')}"
        case "union_tag_not_found":
            return "`kind` is missing", "add `kind: core`, `kind: belt`, `kind: point` …"
        case "string_type":
            return f"{_show(given)} is not text", "put it in quotes"
        case "model_type" | "dict_type" | "model_attributes_type":
            return f"{_show(given)} is not a mapping", "write its keys below, two spaces further in"
        case "tuple_type" | "list_type":
            return f"{_show(given)} is not a list", "write items in [brackets] or as lines that begin with `- `"
        case "string_pattern_mismatch":
            return f"{_show(given)} is not a plain name", "use lower-case letters, digits and _, a letter first"
        case "value_error":
            problem, _, remedy = str(context.get("error", item["msg"])).partition("; ")
            return problem, remedy
    return f"{_show(given)}: {item['msg'][0].lower()}{item['msg'][1:]}", ""


def _show(value: Any) -> str:
    text = yaml.safe_dump(value, allow_unicode=True, default_flow_style=True, width=1000).removesuffix("...\n").strip()
    return text if len(text) <= 60 else text[:57] + "…"


def _all_keys(record: type[Record]) -> list[str]:
    """Return every key that a plan may hold, from the JSON Schema of the record."""
    schema = record.model_json_schema(by_alias=True)
    objects = [schema, *schema.get("$defs", {}).values()]
    return sorted({key for item in objects for key in item.get("properties", {})})
