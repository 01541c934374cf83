"""The plan reader: ``plan.yaml`` to frozen records, every fault at once as ``file:line: key: …``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from spatial.errors import Fault, PlanError
from spatial.plan.reading.overrides import override_plan
from spatial.plan.reading.references import find_broken_references
from spatial.plan.reading.wording import explain_fault
from spatial.plan.reading.yamltext import LONGEST, Lines, decode_yaml, parse_yaml
from spatial.plan.records import Plan
from spatial.plan.shelf import list_plans


@dataclass(frozen=True)
class PlanFile:
    """A plan with where it was read from: `folder` is what its sources' files are relative to."""

    plan: Plan
    path: Path
    digest: str
    lines: Lines = field(compare=False, repr=False)

    @property
    def folder(self) -> Path:
        """The folder of the plan file."""
        return self.path.parent

    def where(self, key: str) -> str:
        """Return ``file:line``, or ``--set …``, of a dotted key such as ``sources.areas.file``.

        For faults that only come to light later, when sources are read.
        """
        return self.lines.where(tuple(int(step) if step.isdecimal() else step for step in key.split(".")))


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
    try:
        for file in (path / "plan.yaml", path):
            if file.is_file():
                return file
        folder = path.is_dir()
    except OSError as error:  # such as a name too long, or a folder that may not be entered
        raise PlanError(Fault(str(where), "", f"cannot be read: {error.strerror}")) from error
    shipped = list_plans()
    if str(where) in shipped:
        return shipped[str(where)]
    names = ", ".join(shipped) or "none"
    problem = "the folder holds no plan.yaml" if folder else "no such file, folder or shipped plan"
    raise PlanError(
        Fault(str(where), "", problem, f"give a plan.yaml, its folder, or a shipped plan ({names})")
    )


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
        with path.open("rb") as stream:
            data = stream.read(LONGEST + 1)
    except OSError as error:
        raise PlanError(Fault(str(path), "", f"cannot be read: {error.strerror}")) from error
    document, lines = parse_yaml(decode_yaml(data, str(path)), str(path))
    if not isinstance(document, dict):
        problem, remedy = "a plan is a mapping of keys to values", "begin with `name: …`, colon and space"
        raise PlanError([*lines.faults, Fault(f"{path}:1", "", problem, remedy)])
    for override in overrides:
        override_plan(document, override, lines)
    plan = _validate(document, lines)
    digest = hashlib.sha256(plan.model_dump_json().encode()).hexdigest()
    return PlanFile(plan, path.resolve(), digest, lines)


def read_plan(where: str | Path, overrides: Sequence[str] = ()) -> Plan:
    """Read a plan; see `load_plan`.

    Examples
    --------
    >>> read_plan("jiyuan").territory.adcode
    419001
    """
    return load_plan(where, overrides).plan


def _validate(document: dict[str, Any], lines: Lines) -> Plan:
    faults = list(lines.faults)
    plan = None
    try:
        plan = Plan.model_validate(document)
    except ValidationError as error:
        faults += [explain_fault(item, document, lines) for item in error.errors()]
    faults += [
        Fault(lines.where(path), ".".join(map(str, path)), problem, remedy)
        for path, problem, remedy in find_broken_references(document)
    ]
    if faults or plan is None:
        raise PlanError(_order(faults))
    return plan


def _order(faults: Iterable[Fault]) -> list[Fault]:
    """Sort faults by line and keep the first that is said of a value; what follows from it says no more."""
    first: dict[tuple[str, str], Fault] = {}
    for fault in faults:
        first.setdefault((fault.where, fault.key), fault)
    return sorted(first.values(), key=_line_of)


def _line_of(fault: Fault) -> tuple[bool, int]:
    line = fault.where.rpartition(":")[2]
    given = fault.where.startswith("--set")
    return given, int(line) if line.isdigit() and not given else 0
