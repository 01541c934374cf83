"""YAML text to plain values that remember their lines. Plain tags only.

Refused, each with its line: anchors and aliases (a few bytes of them can unfold into gigabytes), tags,
tabs, duplicate keys, several documents, nesting beyond any plan. The text is read in one pass over the
parser's events, so that none of these is built before it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml
from yaml.reader import Reader

from spatial.errors import Fault, PlanError
from spatial.plan.reading.yamlfaults import explain_syntax

LONGEST = 2_000_000
"""Bytes that a plan may have."""
_DEEPEST = 40
_LONGEST_NUMBER = 40
# libyaml is about ten times as fast; the wheels of PyYAML carry it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_COLLECTIONS = (None, "!", f"{_TAG}map", f"{_TAG}seq")
_NUMBERS = (f"{_TAG}int", f"{_TAG}float")
_SCALARS = {
    f"{_TAG}int": "a whole number",
    f"{_TAG}float": "a number",
    f"{_TAG}bool": "true or false",
    f"{_TAG}timestamp": "a date",
    f"{_TAG}null": "nothing",
    f"{_TAG}str": "a text",
}
# The scanner without libyaml hands such an escape to chr() unseen.
_NO_CHARACTER = re.compile(r"\\U(?!000|0010)[0-9A-Fa-f]{8}")
_TAB = re.compile(r"^ *\t", re.MULTILINE)

Path = tuple[str | int, ...]


@dataclass
class Lines:
    """Where every key and item of a document stands, and the faults seen while reading it.

    `at` holds line numbers. `given` holds the places of values that came from elsewhere, such as an
    option of the command line, and goes before `at`.
    """

    file: str
    at: dict[Path, int] = field(default_factory=dict)
    given: dict[Path, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def where(self, path: Path) -> str:
        """Return ``file:line``, or the given place, of the nearest known ancestor of `path`."""
        while path and path not in self.at and path not in self.given:
            path = path[:-1]
        return self.given.get(path) or f"{self.file}:{self.at.get(path, 1)}"

    def give(self, path: Path, place: str) -> None:
        """Note that the value at `path` comes from `place`; lines below it are forgotten."""
        for known in (self.at, self.given):
            for below in [other for other in known if other[: len(path)] == path]:
                del known[below]
        self.given[path] = place


def decode_yaml(data: bytes, file: str) -> str:
    """Decode the bytes of a plan.

    Parameters
    ----------
    data : bytes
        UTF-8, with or without a byte order mark.
    file : str
        Name used in messages.

    Raises
    ------
    PlanError
        Not UTF-8 (the message tells GBK and UTF-16 apart), or too long.

    Examples
    --------
    >>> decode_yaml("title: 济源".encode("gbk"), "plan.yaml")
    Traceback (most recent call last):
    spatial.errors.PlanError: plan.yaml:1: the file is in GBK (ANSI), not UTF-8; save it as UTF-8
    """
    if len(data) > LONGEST:
        problem = f"more than {LONGEST // 1_000_000} MB are too much for a plan"
        raise PlanError(Fault(file, "", problem, "move data into files and name them under `sources`"))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = f"{_guess_encoding(data, error)}, not UTF-8"
        raise PlanError(Fault(f"{file}:{line}", "", problem, "save it as UTF-8")) from error


def _guess_encoding(data: bytes, error: UnicodeDecodeError) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "the file is in UTF-16"
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        text = "\0"
    if Reader.NON_PRINTABLE.search(text):
        return f"the file holds the byte {data[error.start]:#04x}"
    return "the file is in GBK (ANSI)"


def parse_yaml(text: str, file: str) -> tuple[Any, Lines]:
    r"""Parse one YAML document.

    Parameters
    ----------
    text : str
        The document.
    file : str
        Name used in messages.

    Returns
    -------
    tuple
        Plain dicts, lists and scalars, and where they stand. Faults that leave the rest readable
        (duplicate keys, anchors, tags, wrong numbers and dates) are in ``Lines.faults`` so that they can
        be reported with all others; of duplicate keys the first is kept.

    Raises
    ------
    PlanError
        The text is not one YAML document.

    Examples
    --------
    >>> value, lines = parse_yaml("year: 2035\ntowns: []", "plan.yaml")
    >>> value, lines.where(("towns",))
    ({'year': 2035, 'towns': []}, 'plan.yaml:2')
    """
    lines = Lines(file)
    _refuse_unreadable(text, file)
    try:
        return _Builder(text, lines).build(), lines
    except yaml.MarkedYAMLError as error:
        raise PlanError([*lines.faults, explain_syntax(error, text, file)]) from error
    except yaml.YAMLError as error:
        raise PlanError([*lines.faults, Fault(f"{file}:1", "", f"not YAML: {error}")]) from error


def _refuse_unreadable(text: str, file: str) -> None:
    unreadable = Reader.NON_PRINTABLE.search(text) or _NO_CHARACTER.search(text)
    if unreadable:
        line = text.count("\n", 0, unreadable.start()) + 1
        shown = f"U+{ord(unreadable[0]):04X}" if len(unreadable[0]) == 1 else unreadable[0]
        problem = f"the character {shown} is not text"
        raise PlanError(Fault(f"{file}:{line}", "", problem, "delete it; is the file a text file?"))
    tab = _TAB.search(text)
    if tab:
        line, others = text.count("\n", 0, tab.start()) + 1, len(_TAB.findall(text)) - 1
        more = f" and in {others} more lines" if others else ""
        problem = f"a tab is used for indentation here{more}"
        raise PlanError(Fault(f"{file}:{line}", "", problem, "use two spaces a level"))


class _Builder:
    """Builds plain values from the events of one document, noting lines and faults on the way."""

    def __init__(self, text: str, lines: Lines) -> None:
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=_LOADER)
        self._loader = yaml.SafeLoader("")
        self._lines = lines

    def build(self) -> Any:
        value, documents = None, 0
        for event in self._events:
            documents += isinstance(event, yaml.DocumentStartEvent)
            if documents > 1:
                self._stop(event, "a second document begins", "keep one plan in one file")
            if isinstance(event, yaml.NodeEvent):
                value = self._value(event, ())
        if not documents:
            where = f"{self._lines.file}:1"
            raise PlanError(Fault(where, "", "the file is empty", "start from `spatial new CITY --adcode N`"))
        return value

    def _value(self, event: Any, path: Path) -> Any:
        self._lines.at.setdefault(path, event.start_mark.line + 1)
        if event.anchor is not None:
            what = "an alias (*)" if isinstance(event, yaml.AliasEvent) else "an anchor (&)"
            self._note(event, path, f"{what} is refused", "write the value out, or in quotes if it is a text")
        if isinstance(event, yaml.AliasEvent):
            return None
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path)
        if len(path) >= _DEEPEST:
            self._stop(event, f"nested deeper than {_DEEPEST} levels", "close brackets that stand open")
        if event.tag not in _COLLECTIONS:
            self._refuse_tag(event, path)
        return self._mapping(path) if isinstance(event, yaml.MappingStartEvent) else self._sequence(path)

    def _inside(self) -> Iterator[Any]:
        """Yield the events of the items of the list or mapping that has just begun."""
        for event in self._events:
            if isinstance(event, yaml.CollectionEndEvent):
                return
            yield event

    def _sequence(self, path: Path) -> list[Any]:
        return [self._value(event, (*path, number)) for number, event in enumerate(self._inside())]

    def _mapping(self, path: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for event in self._inside():
            simple = isinstance(event, yaml.ScalarEvent)
            key = str(event.value) if simple else "?"
            here = (*path, key)
            if not simple or event.tag not in (None, "!", f"{_TAG}str") or event.anchor:
                self._value(event, here)
            first = self._lines.at.setdefault(here, event.start_mark.line + 1)
            if not simple:
                self._note(event, path, "a list, mapping or alias stands where a key should be", "use a word")
            elif key in result:
                self._note(event, here, f"the key stands already in line {first}", "keep one of them")
            value = self._value(next(self._events), here)
            if simple:
                result.setdefault(key, value)
        return result

    def _scalar(self, event: yaml.ScalarEvent, path: Path) -> Any:
        implied = self._loader.resolve(yaml.ScalarNode, event.value, event.implicit)  # type: ignore[no-untyped-call]
        tag = event.tag if event.tag not in (None, "!") else implied
        if event.tag not in (None, "!", *_SCALARS):
            return self._refuse_tag(event, path)
        if tag not in _SCALARS:  # a bare = or <<
            return event.value
        shown = repr(event.value if len(event.value) <= 40 else event.value[:40] + "…")
        if Reader.NON_PRINTABLE.search(event.value):
            return self._note(event, path, f"{shown} holds a character that is not text", "delete it")
        if tag in _NUMBERS and len(event.value) > _LONGEST_NUMBER:
            problem = f"{shown} is too long for a number"
            return self._note(event, path, problem, "put it in quotes if it is a text")
        node = yaml.ScalarNode(tag, event.value)
        try:
            return self._loader.construct_object(node)
        except (ValueError, LookupError, AttributeError, OverflowError) as error:
            # PyYAML looks at tagged values without checking them, hence the odd kinds of errors.
            reason = f": {error}" if isinstance(error, ValueError) else ""
            problem = f"{shown} is not {_SCALARS[tag]}{reason}"
            return self._note(event, path, problem, "correct it, or put it in quotes if it is a text")

    def _refuse_tag(self, event: Any, path: Path) -> None:
        tag = event.tag.replace(_TAG, "!!")
        self._note(event, path, f"the tag {tag} is refused", "write plain text, numbers, lists and mappings")

    def _note(self, event: Any, path: Path, problem: str, remedy: str) -> None:
        where = f"{self._lines.file}:{event.start_mark.line + 1}"
        self._lines.faults.append(Fault(where, ".".join(map(str, path)), problem, remedy))

    def _stop(self, event: Any, problem: str, remedy: str) -> NoReturn:
        where = f"{self._lines.file}:{event.start_mark.line + 1}"
        raise PlanError([*self._lines.faults, Fault(where, "", problem, remedy)])
