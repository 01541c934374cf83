"""YAML text to plain values that remember their lines. Safe tags only.

Refused, each with its line: anchors and aliases (a few bytes of them can unfold into gigabytes), tabs,
duplicate keys, several documents, nesting beyond any plan.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from spatial.errors import Fault, PlanError

_DEEPEST = 40
_LONGEST = 5_000_000

Path = tuple[str | int, ...]


@dataclass
class Lines:
    """Line numbers of every key and item of a document, and the faults seen while reading it."""

    file: str
    at: dict[Path, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def where(self, path: Path) -> str:
        """Return ``file:line`` of the nearest known ancestor of `path`."""
        while path and path not in self.at:
            path = path[:-1]
        return f"{self.file}:{self.at.get(path, 1)}"


def decode_yaml(data: bytes, file: str) -> str:
    """Decode the bytes of a plan.

    Raises
    ------
    PlanError
        Not UTF-8 (the message tells a GBK file apart), or too long.
    """
    if len(data) > _LONGEST:
        raise PlanError(Fault(file, "", f"{len(data)} bytes are too many for a plan", "move data into sources"))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise PlanError(
            Fault(f"{file}:{line}", "", f"byte {data[error.start]:#04x} is not UTF-8", "save the file as UTF-8")
        ) from error


def parse_yaml(text: str, file: str) -> tuple[Any, Lines]:
    """Parse one YAML document.

    Parameters
    ----------
    text : str
        The document.
    file : str
        Name used in messages.

    Returns
    -------
    tuple
        Plain dicts, lists and scalars, and the lines they stand on. Duplicate keys are faults in
        ``Lines.faults`` so that they can be reported with all others; the first value is kept.

    Raises
    ------
    PlanError
        The text is not one safe YAML document.

    Examples
    --------
    >>> value, lines = parse_yaml("year: 2035\\ntowns: []", "plan.yaml")
    >>> value, lines.where(("towns",))
    ({'year': 2035, 'towns': []}, 'plan.yaml:2')
    """
    lines = Lines(file)
    try:
        _refuse_unsafe(text, file)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if node is None:
            raise PlanError(Fault(f"{file}:1", "", "the file is empty", "start from `spatial new CITY --adcode N`"))
        return _build(node, (), lines), lines
    except yaml.MarkedYAMLError as error:
        raise PlanError(_explain(error, text, file)) from error
    except yaml.YAMLError as error:
        raise PlanError(Fault(file, "", f"not YAML text: {str(error).splitlines()[0]}")) from error


def _refuse_unsafe(text: str, file: str) -> None:
    depth = documents = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise PlanError(
                Fault(f"{file}:{line}", "", "anchors (&) and aliases (*) are refused", "write the text out; quote it if it is a name")
            )
        documents += isinstance(event, yaml.DocumentStartEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if documents > 1:
            raise PlanError(Fault(f"{file}:{line}", "", "a second document begins", "keep one plan in one file"))
        if depth > _DEEPEST:
            raise PlanError(Fault(f"{file}:{line}", "", f"nested deeper than {_DEEPEST} levels"))


def _explain(error: yaml.MarkedYAMLError, text: str, file: str) -> Fault:
    mark = error.problem_mark or error.context_mark
    row = mark.line if mark else 0
    rows = text.splitlines() or [""]
    line = rows[min(row, len(rows) - 1)]
    if "\t" in line[: len(line) - len(line.lstrip())] or "'\\t'" in (error.problem or ""):
        return Fault(f"{file}:{row + 1}", "", "a tab is used for indentation", "use two spaces a level")
    return Fault(f"{file}:{row + 1}", "", f"not YAML: {error.problem or error.context}", "check quotes, colons and indentation here")


def _build(node: yaml.Node, path: Path, lines: Lines) -> Any:
    lines.at.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _build_mapping(node, path, lines)
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*path, number), lines) for number, item in enumerate(node.value)]
    return _build_scalar(node, path, lines)


def _build_mapping(node: yaml.MappingNode, path: Path, lines: Lines) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key, line = str(key_node.value), key_node.start_mark.line + 1
        dotted = ".".join(map(str, (*path, key)))
        if not isinstance(key_node, yaml.ScalarNode):
            lines.faults.append(Fault(f"{lines.file}:{line}", "", "a list or mapping is used as a key", "use a word"))
        elif key in result:
            first = lines.at[(*path, key)]
            lines.faults.append(
                Fault(f"{lines.file}:{line}", dotted, f"the key stands already in line {first}", "keep one of them")
            )
        else:
            lines.at[(*path, key)] = line
            result[key] = _build(value_node, (*path, key), lines)
    return result


def _build_scalar(node: yaml.Node, path: Path, lines: Lines) -> Any:
    try:
        return yaml.SafeLoader("").construct_object(node)  # type: ignore[no-untyped-call]
    except (yaml.YAMLError, ValueError) as error:
        line, dotted = node.start_mark.line + 1, ".".join(map(str, path))
        reason = getattr(error, "problem", None) or str(error)
        lines.faults.append(Fault(f"{lines.file}:{line}", dotted, f"cannot read {node.value!r}: {reason}"))
        return None
