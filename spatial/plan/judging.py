"""Judging: steps from values to grades and from grades to classes, each by a row of a rule table.

Every step of the evaluation that follows a rule goes through a `Judge`. It does the step and notes it (see
`spatial.plan.traces`), so that what ``spatial explain`` tells is what was done. A factor that the plan does
not give is None: the step is skipped and the skip noted; nothing is graded best or worst for want of data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spatial.engine.rasters import scoring
from spatial.engine.rasters.patches import concentrate
from spatial.errors import Fault, RuleError
from spatial.plan.base import Text
from spatial.plan.parts.evaluation import WEIGHED, Evaluation
from spatial.plan.rules import Rule, RuleTable
from spatial.plan.traces import note

Grades = npt.NDArray[np.uint8]
Values = npt.NDArray[np.float32]
Truths = npt.NDArray[np.bool_]

BEST, WORST = 1, 5
GROUPS = ("farming", "urban", "ecology", "cover", "capacity")
"""Parts of the evaluation; a plan writes its breaks as ``GROUP.KEY``."""
_HELD: dict[tuple[int, int, str], tuple[RuleTable, Evaluation, RuleTable]] = {}
_HELD_MOST = 1024


def settle_table(table: RuleTable, spec: Evaluation, group: str) -> RuleTable:
    """Return a table as the plan's profile has it, with the plan's own breaks and rows.

    Parameters
    ----------
    table : RuleTable
        As shipped.
    spec : Evaluation
    group : str
        One of `GROUPS`.

    Raises
    ------
    RuleError
        Breaks or values of a row that there is not, or of another number, kind or size.

    Examples
    --------
    >>> from spatial.plan.rules import read_rules
    >>> spec = Evaluation(breaks={"farming.slope": [3, 6, 15, 25]})
    >>> settle_table(read_rules("evaluation_farming"), spec, "farming").value("slope").breaks
    (3.0, 6.0, 15.0, 25.0)
    """
    key = id(table), id(spec), group
    held = _HELD.get(key)
    if held is not None and held[0] is table and held[1] is spec:
        return held[2]
    settled = _override(table.of(spec.profile), spec, group)
    if len(_HELD) >= _HELD_MOST:
        _HELD.clear()
    # Both are kept, so that their ids are not given to others.
    _HELD[key] = table, spec, settled
    return settled


def _override(table: RuleTable, spec: Evaluation, group: str) -> RuleTable:
    head, faults = f"{group}.", list[Fault]()
    for part, said in (("breaks", spec.breaks), ("rules", spec.rules)):
        own = {name.removeprefix(head): row for name, row in said.items() if name.startswith(head)}
        try:
            table = table.override(own, head=f"evaluation.{part}.{head}")
        except RuleError as error:
            faults += error.faults
    if faults:
        raise RuleError(faults)
    return table


def check_choices(spec: Evaluation, tables: Mapping[str, RuleTable]) -> None:
    """Refuse breaks, rows and weights of a plan that no step would ever read.

    Parameters
    ----------
    spec : Evaluation
    tables : mapping of str to RuleTable
        Shipped ones, by group.

    Raises
    ------
    RuleError
        All faults at once.
    """
    faults = []
    for part, said in (("breaks", spec.breaks), ("rules", spec.rules)):
        for name in said:
            group, _, row = name.partition(".")
            if group not in GROUPS or not row:
                problem = "names no row of the group" if group in GROUPS else "names no group of rules"
                remedy = f"write GROUP.KEY in one, such as farming.slope; groups are {', '.join(GROUPS)}"
                faults.append(Fault("plan.yaml", f"evaluation.{part}.{name}", problem, remedy))
    for group, shares in spec.weights.items():
        known = WEIGHED.get(group, ())
        for name in sorted(shares.keys() - set(known)) if known else [""]:
            key = f"evaluation.weights.{group}" + (f".{name}" if name else "")
            there = ", ".join(f"{one}: {', '.join(names)}" for one, names in WEIGHED.items())
            faults.append(Fault("plan.yaml", key, "cannot be weighed", f"there is {there}"))
    for group, table in tables.items():
        try:
            settle_table(table, spec, group)
        except RuleError as error:
            faults += error.faults
    if faults:
        raise RuleError(faults)


@dataclass(frozen=True)
class Judge:
    """Does steps by the rows of one table.

    Parameters
    ----------
    table : RuleTable
        Settled.
    """

    table: RuleTable

    @classmethod
    def of(cls, table: RuleTable, spec: Evaluation, group: str) -> Judge:
        """Return the judge of a group of rules."""
        return cls(settle_table(table, spec, group))

    def row(self, key: str) -> Rule | None:
        """Return a row, or None where the profile has none."""
        return next((rule for rule in self.table.rules if rule.key == key), None)

    def value(self, key: str) -> Any:
        """Return what a row says; RuleError where there is none."""
        return self.table.value(key)

    def note(self, action: str, inputs: dict[str, Any], result: Any, key: str = "") -> None:
        """Note a step by a row of the table."""
        note(action, inputs, result, self.row(key) if key else None, self.table.name)

    def grade(self, key: str, values: npt.ArrayLike) -> Grades:
        """Return grades of values by the breaks of a row."""
        steps = self.value(key)
        grade = scoring.grade_by_breaks(values, steps.breaks, steps.grades, steps.edges)
        self.note("grade", {key: values}, grade, key)
        return grade

    def first(self, key: str, given: Mapping[str, Values | None], shape: tuple[int, ...]) -> Grades:
        """Return grades of the first factor in a row's order that is given; all missing without any."""
        name = choose_first(self.value(key), given)
        values = given[name] if name else None
        if name is None or values is None:
            missing = np.zeros(shape, dtype=np.uint8)
            self.note("skip", dict(given), missing, key)
            return missing
        return self.grade(name, values)

    def shift(self, key: str, grade: Grades, values: npt.NDArray[Any] | None) -> Grades:
        """Return grades moved by the interval that a value lies in; unmoved where there is no value."""
        if values is None:
            self.note("skip", {key: None}, grade, key)
            return grade
        row = self.value(key)
        moved = scoring.shift_by_breaks(
            grade, values, row.breaks, row.shifts, row.edges, best=BEST, worst=WORST
        )
        self.note("correct", {"grade": grade, key: values}, moved, key)
        return moved

    def move(
        self, key: str, grade: Grades, codes: Grades | None, by: Mapping[int, int] | None = None
    ) -> Grades:
        """Return grades moved by what a row says of codes; unmoved where they are missing or not given."""
        if codes is None:
            self.note("skip", {key: None}, grade, key)
            return grade
        shifts = self.value(key) if by is None else by
        moved = scoring.shift_by_codes(grade, codes, shifts, best=BEST, worst=WORST)
        self.note("correct", {"grade": grade, key: codes}, moved, key)
        return moved

    def combine(self, key: str, rows: Grades, columns: Grades | None, names: tuple[str, str]) -> Grades:
        """Return the entries of a matrix; a dimension that is not given is left out.

        A cell that is missing in a dimension that is given is missing.
        """
        found = scoring.combine_matrix(rows, columns, self.value(key))
        inputs = dict(zip(names, (rows, columns), strict=True))
        self.note("matrix" if columns is not None else "skip", inputs, found, key)
        return found

    def correct(self, key: str, grade: Grades, codes: Grades | None, name: str) -> Grades:
        """Return grades corrected by a matrix; where the correction is missing or not given, they stay."""
        if codes is None:
            self.note("skip", {name: None}, grade, key)
            return grade
        found = scoring.combine_matrix(grade, codes, self.value(key), "skip")
        found = np.where(grade == 0, np.uint8(0), found)
        self.note("correct", {"grade": grade, name: codes}, found, key)
        return found

    def forbid(self, key: str, grade: Grades, where: Truths | None, values: Any) -> Grades:
        """Return grades, the worst where a condition of a row holds; unchanged without row or data."""
        if self.row(key) is None:
            return grade
        if where is None:
            self.note("skip", {key: None}, grade, key)
            return grade
        found = scoring.set_grade(grade, WORST, where)
        self.note("forbid", {"grade": grade, key: values}, found, key)
        return found

    def weigh(self, dimensions: Mapping[str, Grades | None], shares: Mapping[str, float]) -> Grades:
        """Return the weighted mean of the dimensions that are given, rounded, halves to the worse grade.

        Weights are raised to add up to 1 again where a dimension is not given, or missing in a cell. A cell
        without the first dimension, which is the land itself, stays missing.
        """
        there = {name: grade for name, grade in dimensions.items() if grade is not None and shares.get(name)}
        if not there:
            given = ", ".join(name for name, one in dimensions.items() if one is not None)
            problem = "weighs only what the plan gives no data for"
            raise RuleError(Fault("plan.yaml", "evaluation.weights", problem, f"weigh some of {given}"))
        score, _ = scoring.weigh_grades(list(there.values()), [shares[name] for name in there])
        with np.errstate(invalid="ignore"):
            found = np.where(np.isnan(score), 0, np.floor(score + np.float32(0.5))).astype(np.uint8)
        first = next(iter(dimensions.values()))
        if first is not None:
            found = np.where(first == 0, np.uint8(0), found)
        said: dict[str, Any] = dict(dimensions)
        note("weights", {**said, "weighted_mean": score}, found, _tell_weights(shares), self.table.name)
        return found

    def compact(self, grade: Grades, ratio: Values, patch_m2: Values) -> Grades:
        """Return grades corrected by how compact the patch of each cell is.

        The worst grade stays: compactness makes no unsuitable land suitable. Patches below the least area are
        not improved, and those from the greatest area on are not lowered.
        """
        row = self.value("concentration")
        moved = concentrate(grade, ratio, row.breaks, row.shifts, best=BEST, worst=WORST, edges=row.edges)
        self.note("correct", {"grade": grade, "ratio": ratio}, moved, "concentration")
        exempt: dict[str, Truths] = {}
        for name in ("max_area", "min_area"):
            key = f"concentration.{name}"
            exempt[name] = patch_m2 >= self.value(key)
            self.note("condition", {"patch_m2": patch_m2}, exempt[name], key)
        fit = exempt["min_area"] & (grade < WORST)
        found = np.where(fit, moved, np.maximum(moved, grade))
        found = np.where(exempt["max_area"], np.minimum(found, grade), found)
        shown = {"grade": grade, "moved": moved, "not_lowered": exempt["max_area"], "may_rise": fit}
        self.note("combine", shown, found)
        return found

    def classify(self, grade: Grades) -> Grades:
        """Return the class of each grade by the row ``class``."""
        found = scoring.map_codes(grade, self.value("class"))
        self.note("class", {"grade": grade}, found, "class")
        return found

    def best(self, named: Mapping[str, Grades | None], shape: tuple[int, ...]) -> Grades:
        """Return the lowest number of what is given; None is left out.

        A cell that is missing in one that is given is missing, unless another is 1 there, which nothing goes
        below.
        """
        there = [grade for grade in named.values() if grade is not None]
        if there:
            least = scoring.best_of(*there)
            known = scoring.best_of(*there, missing="missing")
            found = np.where(least == BEST, least, known)
        else:
            found = np.zeros(shape, dtype=np.uint8)
        self.note("combine", dict(named), found)
        return found


def _tell_weights(shares: Mapping[str, float]) -> Rule:
    """Return the plan's weights as a row, so that they are shown like one."""
    label = Text(zh="权重（加权平均四舍五入取整）", en="Weights (of the mean, rounded, halves to the worse)")
    return Rule(key="weights", value=dict(shares), label=label, source="plan", confidence="given")


def read_codes(values: npt.NDArray[Any] | None) -> Grades | None:
    """Return whole numbers 0 to 255 of a raster of classes; 0 where missing or no such number.

    Examples
    --------
    >>> read_codes(np.array([1.0, np.nan, 300.0, 2.5], np.float32)).tolist()
    [1, 0, 0, 0]
    """
    if values is None:
        return None
    if values.dtype == np.uint8:
        return values
    whole = np.where(np.isfinite(values), values, 0)
    fits = (whole == np.floor(whole)) & (whole >= 0) & (whole <= 255)
    return np.where(fits, whole, 0).astype(np.uint8)


def choose_first(order: Sequence[str], given: Mapping[str, Any]) -> str | None:
    """Return the first name of an order that is given, or None.

    Examples
    --------
    >>> choose_first(("quota", "rain"), {"quota": None, "rain": 3})
    'rain'
    """
    return next((name for name in order if given.get(name) is not None), None)
