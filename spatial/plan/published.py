"""Published plans: what a shared database calls schemas and roles, and what it knows of a version."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spatial.errors import Fault, OutputError
from spatial.plan.contract import Column, Contract
from spatial.plan.departments import Departments

REGISTRY = "spatial_registry"
"""Schema with the table of plans, their versions, opinions and the audit."""
GEOMETRY = "geom"
"""Name of the geometry column of every layer."""
ORDER = "row_order"
"""Column that keeps the rows in the order of the plan."""
DISJOINT = frozenset({"zones", "lines", "districts"})
"""Layers of which no two rows may share land: the database refuses an edit that makes them."""
ROLES = ("planner", "viewer")
VERDICTS = ("pass", "not_judged", "conditional", "reject")
LONGEST = 63
"""Bytes that PostgreSQL keeps of a name; it cuts off the rest without a word."""
_MARK = 8
_GROUND = ("territory", "districts", "towns", "zones", "lines")


def fit_name(text: str, *, room: int = 0) -> str:
    """Return a name that PostgreSQL keeps whole, different for different texts.

    Parameters
    ----------
    text : str
        Any text.
    room : int
        Bytes to leave free for an ending.

    Returns
    -------
    str
        The text itself where it fits; else its beginning, whole characters, and eight digits of its hash.

    Examples
    --------
    >>> fit_name("jiyuan")
    'jiyuan'
    >>> len(fit_name("国土空间总体规划" * 9).encode()) <= 63
    True
    """
    data = text.encode()
    if len(data) <= LONGEST - room:
        return text
    head = data[: LONGEST - room - _MARK - 1].decode(errors="ignore")
    return f"{head}_{hashlib.sha256(data).hexdigest()[:_MARK]}"


def stem_of(plan: str) -> str:
    """Return the schema of a plan's current layers; further ones add an ending to it.

    Raises
    ------
    OutputError
        The name is empty, has a control character, or cannot be UTF-8.

    Examples
    --------
    >>> stem_of("济源"), stem_of("pg_stat")
    ('济源', 'plan_pg_stat')
    """
    try:
        plan.encode()
    except UnicodeEncodeError:
        raise OutputError(Fault("--as", "", "the name is not text", "write another name")) from None
    if not plan.strip() or not plan.isprintable():
        problem = f"{plan!r} is no name for a plan"
        raise OutputError(Fault("--as", "", problem, "write printable characters, such as jiyuan"))
    safe = f"plan_{plan}" if plan.lower().startswith("pg_") else plan
    return fit_name(safe, room=24)


def version_schema(stem: str, version: int) -> str:
    """Return the schema of one version: ``jiyuan_v0001``."""
    return f"{stem}_v{version:04d}"


def department_schema(stem: str, department: str) -> str:
    """Return the schema of what a department sees, its sub-platform 子平台: ``jiyuan_water``."""
    return fit_name(f"{stem}_{department}")


def role_of(prefix: str, role: str) -> str:
    """Return a role's name: roles belong to the whole server, so each database has a prefix of its own.

    Examples
    --------
    >>> role_of("plan_", "viewer"), role_of("pg_plan_", "viewer")
    ('plan_viewer', 'plan_pg_plan_viewer')
    """
    name = f"{prefix}{role}"
    return fit_name(f"plan_{name}" if name.startswith("pg_") else name)  # the server keeps pg_ for itself


def department_role(prefix: str, department: str) -> str:
    """Return the role of a department: ``plan_department_water``."""
    return role_of(prefix, f"department_{department}")


@dataclass(frozen=True)
class SubPlatform:
    """What a department sees of a plan, its sub-platform 子平台, and where it writes its opinions.

    Parameters
    ----------
    key : str
        Such as ``water``.
    zh, en : str
        Its name.
    layers : tuple of str
        Layers that its sub-platform shows; all unless given.
    """

    key: str
    zh: str
    en: str
    layers: tuple[str, ...] = ()


def list_platforms(table: Departments) -> list[SubPlatform]:
    """Return a sub-platform for each department: the layers that its rules ask for, and the ground below.

    Examples
    --------
    >>> from spatial.plan.departments import read_departments
    >>> "lines" in list_platforms(read_departments())[0].layers
    True
    """
    return [
        SubPlatform(
            one.key,
            one.name.pick("zh"),
            one.name.pick("en"),
            tuple(dict.fromkeys([*_GROUND, *(rule.layer for rule in one.rules if rule.layer)])),
        )
        for one in table.departments
    ]


@dataclass(frozen=True)
class Version:
    """A version of a published plan, as the registry knows it."""

    plan: str
    version: int
    schema: str
    published_at: dt.datetime
    published_by: str
    plan_hash: str
    tool: str
    note: str
    restored_from: int | None = None
    current: bool = False
    rows: int = 0
    edits: int = 0


def contract_to_json(contract: Contract) -> dict[str, Any]:
    """Return a contract as values of JSON, as the registry keeps it."""
    columns = [[key, it.kind, it.zh, it.en, it.nullable] for key, it in contract.columns.items()]
    told = {"zh": contract.zh, "en": contract.en, "shape": contract.shape, "about": contract.about}
    return {**told, "columns": columns}


def contract_from_json(value: Mapping[str, Any]) -> Contract:
    """Return the contract that `contract_to_json` made into JSON."""
    rows: Sequence[Sequence[Any]] = value["columns"]
    columns = {key: Column(kind, zh, en, nullable) for key, kind, zh, en, nullable in rows}
    return Contract(value["zh"], value["en"], value["shape"], columns, value.get("about", ""))
