"""Profiles of databases: which layers, fields and codes a norm asks for, each as sure as its rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, TypeAlias, cast

from spatial.errors import Fault, PlanError, RuleError
from spatial.plan.base import Text
from spatial.plan.findings import Severity
from spatial.plan.parts.landuse import Scheme, read_codes
from spatial.plan.rules import Rule, RuleTable, read_rules
from spatial.plan.shelf import find_shelf

FieldKind: TypeAlias = Literal["text", "integer", "number", "date"]
Coverage: TypeAlias = Literal["partition", "disjoint", "free"]
_SURE = ("found", "high")
_HEAD = "database_"


@dataclass(frozen=True)
class FieldSpec:
    """A field as the profile has it.

    Parameters
    ----------
    name : str
        As in the norm, in capital letters.
    title : Text
    kind : {"text", "integer", "number", "date"}
    width : int, optional
        Characters of a text; a Shapefile counts bytes instead, 254 at most.
    decimals : int, optional
        Of a number.
    codes : mapping of str to str
        Code to name; empty where any value will do.
    closed : bool
        Whether no other code can be right.
    filled, optional : bool
        Whether each row must have a value; whether the field itself may be absent.
    sure : bool
        Whether its width and domain are established well enough for an error.
    """

    name: str
    title: Text
    kind: FieldKind
    width: int | None = None
    decimals: int | None = None
    codes: Mapping[str, str] = field(default_factory=dict)
    closed: bool = True
    filled: bool = False
    optional: bool = False
    sure: bool = False


@dataclass(frozen=True)
class LayerSpec:
    """A layer as the profile has it."""

    name: str
    title: Text
    geometry: str
    coverage: Coverage
    required: bool
    fields: tuple[FieldSpec, ...]
    aliases: tuple[str, ...] = ()
    area_field: str = ""
    feature_code: str = ""
    sure: bool = False

    def field(self, name: str) -> FieldSpec | None:
        """Return the field of a name in any case, or None."""
        return next((one for one in self.fields if one.name.lower() == name.lower()), None)


@dataclass(frozen=True)
class Profile:
    """A profile: its layers by name, and what holds between fields and layers."""

    name: str
    title: Text
    layers: dict[str, LayerSpec]
    table: RuleTable

    @property
    def territory(self) -> str:
        """The layer whose features together are the whole area."""
        return str(self.table.value("territory"))

    @property
    def exclusive(self) -> tuple[str, ...]:
        """Layers that must not overlap each other."""
        return tuple(name for name in self.table.value("exclusive") if name in self.layers)

    def match(self, name: str) -> LayerSpec | None:
        """Return the layer that goes by a name: its own in any case, or another one it is known by."""
        lower = name.lower()
        for layer in self.layers.values():
            if lower in (layer.name.lower(), *(alias.lower() for alias in layer.aliases)):
                return layer
        return None


def list_profiles() -> dict[str, str]:
    """Return the names of the shipped profiles with what each is of, in Chinese.

    Examples
    --------
    >>> list(list_profiles())
    ['planning', 'survey']
    """
    files = sorted((find_shelf() / "rules").glob(f"{_HEAD}*.yaml"))
    names = [file.stem.removeprefix(_HEAD) for file in files if file.stem != f"{_HEAD}checks"]
    return {name: read_rules(f"{_HEAD}{name}").title.pick("zh") for name in names}


@cache
def read_profile(name: str) -> Profile:
    """Read a shipped profile.

    Raises
    ------
    PlanError
        No such profile; those that there are, are listed.
    RuleError
        A row that names a field or domain that there is not.

    Examples
    --------
    >>> profile = read_profile("planning")
    >>> profile.layers["GHFQ"].field("ysdm").width, profile.match("永久基本农田").name
    (10, 'YJJBNT')
    """
    known = list_profiles()
    if name not in known:
        listed = ", ".join(f"{key} ({title})" for key, title in known.items())
        raise PlanError(Fault("--profile", name, "there is no such profile", f"take one of {listed}"))
    table = read_rules(f"{_HEAD}{name}")
    layers = {key: _read_layer(table, key) for key in table.under("layer")}
    return Profile(name, table.title, layers, table)


def _read_layer(table: RuleTable, name: str) -> LayerSpec:
    rule, said = table[f"layer.{name}"], table.value(f"layer.{name}")
    return LayerSpec(
        name,
        rule.label,
        said["geometry"],
        cast(Coverage, said["coverage"]),
        said["required"] == "yes",
        tuple(_read_field(table, name, mark) for mark in table.value(f"fields.{name}")),
        tuple(_find(table, f"alias.{name}", ())),
        str(_find(table, f"area.{name}", "")),
        str(_find(table, f"feature_code.{name}", "")),
        rule.confidence in _SURE,
    )


def _find(table: RuleTable, key: str, otherwise: Any) -> Any:
    return next((rule.value for rule in table.rules if rule.key == key), otherwise)


def _read_field(table: RuleTable, layer: str, mark: str) -> FieldSpec:
    name = mark.rstrip("!?")
    keys = {rule.key for rule in table.rules}
    rule: Rule = table[f"field.{layer}.{name}" if f"field.{layer}.{name}" in keys else f"field.{name}"]
    said = cast(dict[str, str], rule.value)
    codes, closed = _read_domain(table, layer, name, said.get("domain", ""))
    return FieldSpec(
        name,
        rule.label,
        cast(FieldKind, said["type"]),
        int(said["width"]) if "width" in said else None,
        int(said["decimals"]) if "decimals" in said else None,
        codes,
        closed,
        mark.endswith("!"),
        mark.endswith("?"),
        rule.confidence in _SURE,
    )


def _read_domain(table: RuleTable, layer: str, name: str, domain: str) -> tuple[dict[str, str], bool]:
    """Return codes with their names, and whether there can be no others."""
    own = table.under(f"domain.{layer}.{name}")
    if own:
        return own, True
    if not domain:
        return {}, True
    if domain.startswith("landuse_"):
        scheme = cast(Scheme, domain.removeprefix("landuse_"))
        return {code: known.zh for code, known in read_codes(scheme).items()}, scheme == "survey"
    codes = table.under(f"domain.{domain}")
    if not codes:
        raise RuleError(Fault(f"rules/{table.name}.yaml", f"domain.{domain}", "there is no such domain"))
    return codes, True


@dataclass(frozen=True)
class Measures:
    """Limits and severities of the checks, from ``layers/rules/database_checks.yaml``."""

    table: RuleTable

    def limit(self, key: str) -> float:
        """Return a limit by what follows ``limit.``."""
        return float(self.table.value(f"limit.{key}"))

    def severity(self, rule: str, sure: bool = True) -> Severity:
        """Return how grave a finding is; one that rests on what is not established is a warning at most."""
        said = cast(Severity, self.table.value(f"severity.{rule}"))
        return "warning" if said == "error" and not sure else said

    def title(self, rule: str) -> Text:
        """Return what a rule is called."""
        return self.table[f"severity.{rule}"].label

    @property
    def rules(self) -> tuple[str, ...]:
        """All rules, in the order in which they are told."""
        return tuple(self.table.under("severity"))


@cache
def read_measures() -> Measures:
    """Read limits and severities.

    Examples
    --------
    >>> read_measures().severity("overlap"), read_measures().severity("overlap", sure=False)
    ('error', 'warning')
    """
    return Measures(read_rules(f"{_HEAD}checks"))
