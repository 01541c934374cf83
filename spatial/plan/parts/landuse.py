"""Land-use codes 用地用海分类: names and levels by version, and the way from the survey 三调 to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, TypeAlias, get_args

import pandas as pd
from pydantic import BeforeValidator, Field, model_validator

from spatial.errors import Fault, RuleError
from spatial.plan.base import Name, Record, Slug
from spatial.plan.rules import read_rules

Scheme: TypeAlias = Literal["survey", "2020", "2023"]
"""三调 working classes (TD/T 1055-2019), and 用地用海分类 of 2020 (trial) and of 2023."""
Status: TypeAlias = Literal["one", "many", "unknown"]


class LandUseMap(Record):
    """A map of land use: polygons of a source with a code each, and the classification of the codes.

    Parameters
    ----------
    source : str
        Polygons of the plan's sources.
    column : str
        Its codes: DLBM of the survey, YDYHFLDM of a plan.
    scheme : {"survey", "2020", "2023"}
        三调 working classes, or a version of 用地用海分类.
    year : int, optional
        That it shows: the base year, or the target year.
    settlement : str, optional
        Column of 城镇村属性码 (201 to 205), which tells urban land from village land.
    """

    source: Slug
    column: Name = "DLBM"
    scheme: Annotated[Scheme, BeforeValidator(str)] = "survey"
    year: int | None = Field(default=None, ge=1949, le=2200)
    settlement: Name | None = None


class LandUse(LandUseMap):
    """Land use 用地用海: the present map, the planned one beside it, and the version both are told in."""

    version: Annotated[Literal["2020", "2023"], BeforeValidator(str)] = "2023"
    target: LandUseMap | None = None

    @model_validator(mode="after")
    def _there_is_a_way(self) -> LandUse:
        for name, one in (("scheme", self), ("target.scheme", self.target)):
            if one is not None and one.scheme == "2023" and self.version == "2020":
                raise ValueError(f"`{name}: 2023` cannot be led back to 2020; write `version: 2023`")
        return self


_WAYS: dict[tuple[str, str], str] = {
    ("survey", "2020"): "2020",
    ("survey", "2023"): "2023",
    ("2020", "2023"): "2020to2023",
}
_COLUMNS = ["code", "status", "target", "candidates", "name", "target_name", "source", "confidence", "note"]


@dataclass(frozen=True)
class LandUseCode:
    """A class: its code, names and level (1 to 3; of the survey 1 or 2), and how sure its name is."""

    code: str
    zh: str
    en: str
    level: int
    confidence: str


@cache
def read_codes(scheme: Scheme) -> dict[str, LandUseCode]:
    """Return the classes of a scheme by code, in the order of the codes.

    The versions of 用地用海分类 are not complete at the third level: a code that is not here may exist.

    Raises
    ------
    RuleError
        No such scheme.

    Examples
    --------
    >>> codes = read_codes("2023")
    >>> codes["1207"].zh, codes["1207"].level, len([c for c in codes.values() if c.level == 2])
    ('城镇村道路用地', 2, 111)
    """
    if scheme not in get_args(Scheme):
        raise RuleError(Fault("landuse", str(scheme), "no such scheme", "one of survey, 2020, 2023"))
    table = read_rules(f"landuse_{scheme}")
    head = "name." if scheme == "survey" else ""
    found = {}
    for rule in table.rules:
        code = rule.key.removeprefix(head)
        if rule.key.startswith(head) and code[:1].isdigit() and isinstance(rule.value, str):
            zh, en = rule.label.pick("zh"), rule.label.pick("en")
            found[code] = LandUseCode(code, zh, en, _level(code, scheme), rule.confidence)
    return found


def _level(code: str, scheme: Scheme) -> int:
    return min(2, len(code) // 2) if scheme == "survey" else len(code) // 2


def crosswalk(codes: Iterable[Any], from_: Scheme, to: Scheme) -> pd.DataFrame:
    """Lead codes of one scheme to those of another; what is not certain is told, never chosen.

    Parameters
    ----------
    codes : iterable
        Codes as texts; white space round them does not count. Each different one gives a row.
    from_, to : {"survey", "2020", "2023"}
        From the survey to either version, or from 2020 to 2023; the same scheme gives codes back that it has.

    Returns
    -------
    pandas.DataFrame
        One row a code, in order of appearance: ``code``; ``status``: ``one`` (then ``target`` is the class),
        ``many`` (then ``candidates`` are those that it may be, joined by `` | ``, and ``target`` is empty) or
        ``unknown``; names; ``source``, ``confidence`` and ``note`` of the row of the rule table.

    Raises
    ------
    RuleError
        There is no table from the one to the other.

    Examples
    --------
    >>> table = crosswalk(["0103", "1107", "9999"], "survey", "2023")
    >>> table[["code", "status", "target", "candidates"]].values.tolist()
    [['0103', 'one', '0103', '0103'], ['1107', 'many', '', '1705 | 1311'], ['9999', 'unknown', '', '']]
    """
    if from_ != to and (from_, to) not in _WAYS:
        known = "; ".join(f"{one} to {other}" for one, other in _WAYS)
        raise RuleError(Fault("landuse", f"{from_} to {to}", "there is no table", f"there is {known}"))
    given = list(dict.fromkeys("" if pd.isna(code) else str(code).strip() for code in codes))
    return pd.DataFrame([_lead(code, from_, to) for code in given], columns=_COLUMNS, dtype=object)


def _lead(code: str, from_: Scheme, to: Scheme) -> tuple[str, ...]:
    names, targets = read_codes(from_), read_codes(to)
    name = names[code].zh if code in names else ""
    found, source, confidence, note = _look_up(code, from_, to)
    if not found:
        return (code, "unknown", "", "", name, "", source, confidence, note)
    said = ", ".join(targets[target].zh for target in found if target in targets)
    if len(found) > 1:
        return (code, "many", "", " | ".join(found), name, said, source, confidence, note)
    return (code, "one", found[0], found[0], name, said, source, confidence, note)


def _look_up(code: str, from_: Scheme, to: Scheme) -> tuple[tuple[str, ...], str, str, str]:
    """Return the classes that a code may be, and the source, confidence and note of that."""
    if from_ == to:
        known = read_codes(from_).get(code)
        return ((code,), f"landuse_{to}", known.confidence, "") if known else ((), "", "", "")
    table = read_rules("landuse_survey")
    key = f"{_WAYS[from_, to]}.{code}"
    rule = next((rule for rule in table.rules if rule.key == key), None)
    if rule is not None:
        return tuple(str(target) for target in rule.value), rule.source, rule.confidence, rule.note  # type: ignore[union-attr]
    if from_ == "2020" and code in read_codes("2020") and code in read_codes("2023"):
        return (code,), "STANDARDS 3.2: all other codes unchanged", "found", ""
    return (), "", "", ""
