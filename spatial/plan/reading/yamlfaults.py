"""What a YAML parser says of broken text, in the words of somebody who writes a plan."""

from __future__ import annotations

import re

import yaml

from spatial.errors import Fault

_SAID: tuple[tuple[str, str, str], ...] = (
    ("simple key", "a line without `key: value`", "put a colon and a space between key and value"),
    ("quoted scalar", "a quote is opened here and not closed", "close it, or leave both quotes out"),
    (
        "flow",
        "a bracket opened in line {} is not closed, or a comma is missing",
        "write [a, b] or {key: value}",
    ),
    (
        "mapping values",
        "a colon stands where none can",
        "check the indentation; put text with `: ` in quotes",
    ),
    ("block", "this does not fit the lines above", "indent it like its neighbours, with spaces"),
    ("start any token", "a text cannot begin with this character", "put the text in quotes"),
    ("anchor", "an anchor (&) is refused", "put a text that begins with & in quotes"),
    ("alias", "an alias (*) is refused", "put a text that begins with * in quotes"),
    ("tag", "a tag (!) is refused", "put a text that begins with ! in quotes"),
)
"""Word of the parser's message, what is wrong, what would be right."""
_FROM_THE_START = ("simple key", "quoted scalar")
"""What the parser notices only later; the place where it began is the one to mend."""
_FULL_WIDTH = re.compile(r"^\s*(- )?[{\[]*\s*\w+：")


def explain_syntax(error: yaml.MarkedYAMLError, text: str, file: str) -> Fault:
    r"""Say what is wrong with a text that is not YAML, where, and what would be right.

    Parameters
    ----------
    error : yaml.MarkedYAMLError
        As raised by PyYAML, with libyaml or without.
    text, file : str
        The text that was parsed and its name.

    Examples
    --------
    >>> try:
    ...     yaml.safe_load("name: a\ntitle：b\nyear: 2035")
    ... except yaml.MarkedYAMLError as error:
    ...     print(explain_syntax(error, "name: a\ntitle：b\nyear: 2035", "plan.yaml"))
    plan.yaml:2: a full-width colon stands after the key; write an ordinary colon and a space: `key: value`
    """
    said = f"{error.context or ''} {error.problem or ''}"
    mark = error.problem_mark or error.context_mark
    if error.context_mark and any(word in said for word in _FROM_THE_START):
        mark = error.context_mark
    rows = text.splitlines() or [""]
    row = min(mark.line if mark else 0, len(rows) - 1)
    opened = min(error.context_mark.line + 1, len(rows)) if error.context_mark else row + 1
    problem = f"not YAML: {error.problem or error.context}"
    remedy = "check quotes, colons and indentation here"
    for word, what, right in _SAID:
        if word in said:
            problem, remedy = what.format(opened), right
            break
    if _FULL_WIDTH.match(rows[row]):
        problem = "a full-width colon stands after the key"
        remedy = "write an ordinary colon and a space: `key: value`"
    if mark and rows[row][mark.column : mark.column + 1] == "\t":
        problem, remedy = "a tab stands here", "use spaces"
    return Fault(f"{file}:{row + 1}", "", problem, remedy)
