"""Settling differences between sector plans: which rule of the table speaks of a difference, and for whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from spatial.errors import Fault, RuleError
from spatial.plan.base import Text
from spatial.plan.parts.sector import Role
from spatial.plan.rules import Rule, RuleTable

TAKES = ("one", "other", "role", "open", *get_args(Role))
"""What a rule may propose; see `Settlement`."""
KINDS: dict[str, Text] = {
    "conflict": Text(zh="用途冲突", en="Conflict"),
    "edge": Text(zh="边界不吻合", en="Edge mismatch"),
    "missing": Text(zh="规划缺失", en="Missing in a plan"),
    "self": Text(zh="规划自身重叠", en="Plan overlaps itself"),
    "code": Text(zh="编码不能唯一对应", en="Code means several classes"),
    "unclaimed": Text(zh="各规划均未涉及", en="In no plan"),
}
"""Kinds of differences."""
STATES: dict[str, Text] = {
    "agreed": Text(zh="一致", en="Agreed"),
    "single": Text(zh="仅一个规划涉及", en="In one plan only"),
    "proposed": Text(zh="建议处置", en="Settlement proposed"),
    "open": Text(zh="待协商", en="To be agreed"),
}
"""What stands behind the class of a part of the base."""
ANY = "*"
"""Stands for every class that the other side of a rule does not name."""


@dataclass(frozen=True)
class Settlement:
    """One rule: which two sorts of classes it speaks of, and what it proposes.

    Parameters
    ----------
    rule : str
        Key of the row.
    one, other : frozenset of str
        Classes of the two sides; `other` may be `ANY`.
    takes : str
        The side that is proposed; ``role``: the plan whose role comes first; the name of a role: the plan
        that has it, if it speaks; ``open``: nobody.
    agree : tuple of str
        Keys of departments that must agree, besides those of the plans.
    label : Text
        The proposal in words.
    confidence : str
        Of the row.
    """

    rule: str
    one: frozenset[str]
    other: frozenset[str]
    takes: str
    agree: tuple[str, ...]
    label: Text
    confidence: str

    def fits(self, claims: Sequence[frozenset[str]]) -> bool:
        """Tell whether each claim is on one side or the other, and each side has one.

        Examples
        --------
        >>> farm, forest, grass = (frozenset({code}) for code in ("01", "03", "04"))
        >>> rule = Settlement("r", farm, frozenset({ANY}), "one", (), Text(zh="例"), "default")
        >>> rule.fits([farm, forest]), rule.fits([forest, grass])
        (True, False)
        """
        sides = [self._side(claim) for claim in claims]
        return (None not in sides and {"one", "other"} <= set(sides)) or self._is_within(claims)

    def choose(
        self, claims: Sequence[frozenset[str]], roles: Sequence[str], ranks: Sequence[int]
    ) -> frozenset[str]:
        """Return the classes proposed; none if that is left open.

        Parameters
        ----------
        claims : sequence of frozenset of str
            For which the rule `fits`.
        roles : sequence of str
            Role of each claim's plan.
        ranks : sequence of int
            How early that role comes, the first is 0.
        """
        if self.takes == "role":
            return claims[min(range(len(claims)), key=ranks.__getitem__)]
        if self.takes not in ("one", "other"):
            said = [claim for claim, role in zip(claims, roles, strict=True) if role == self.takes]
            return frozenset.intersection(*said) if said else frozenset()
        chosen = [claim for claim in claims if self._side(claim) == self.takes]
        return frozenset.intersection(*chosen) if chosen else frozenset()

    def _side(self, claim: frozenset[str]) -> str | None:
        if claim <= self.one:
            return "one"
        return "other" if ANY in self.other or claim <= self.other else None

    def _is_within(self, claims: Sequence[frozenset[str]]) -> bool:
        """Whether both sides are the same sort, and all claims are of it."""
        return self.one == self.other and all(claim <= self.one for claim in claims)


@dataclass(frozen=True)
class Settling:
    """How differences are told apart and settled; see `read_settling`."""

    tolerance_m: float
    roles: tuple[str, ...]
    rules: tuple[Settlement, ...]

    def rank(self, role: str) -> int:
        """Return how early a role comes; one that is not listed comes last."""
        return self.roles.index(role) if role in self.roles else len(self.roles)

    def find(self, claims: Sequence[frozenset[str]]) -> Settlement | None:
        """Return the first rule that fits; None where the departments have to find one."""
        return next((rule for rule in self.rules if rule.fits(claims)), None)


def read_settling(table: RuleTable, tolerance_m: float | None = None) -> Settling:
    """Read the rules of settling from their table.

    Parameters
    ----------
    table : RuleTable
        Rows ``edge.tolerance``, ``edge.roles`` and ``settle.NUMBER.NAME``, in the order in which they count.
    tolerance_m : float, optional
        In place of the table's, metres.

    Raises
    ------
    RuleError
        A row of another form.

    Examples
    --------
    >>> from spatial.plan.rules import read_rules
    >>> read_settling(read_rules("reconcile")).find([frozenset({"17"}), frozenset({"01"})]).takes
    'one'
    """
    rows = [rule for rule in table.rules if rule.key.startswith("settle.")]
    found, faults = [], []
    for rule in rows:
        try:
            found.append(_read_settlement(rule))
        except (TypeError, KeyError, AttributeError):
            problem, remedy = "is no settlement", "give one, other, takes and agree"
            faults.append(Fault(f"rules/{table.name}.yaml", rule.key, problem, remedy))
    if faults:
        raise RuleError(faults)
    given = table.value("edge.tolerance") if tolerance_m is None else tolerance_m
    return Settling(float(given), tuple(table.value("edge.roles")), tuple(found))


def _read_settlement(rule: Rule) -> Settlement:
    said: Any = rule.value
    if said["takes"] not in TAKES:
        raise KeyError(said["takes"])
    return Settlement(
        rule.key,
        frozenset(said["one"].split()),
        frozenset(said["other"].split()),
        said["takes"],
        tuple(said["agree"].split()),
        rule.label,
        rule.confidence,
    )
