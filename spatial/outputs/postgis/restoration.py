"""Restoration of a published version: it becomes current again as a new version, and history is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spatial.errors import Fault, OutputError
from spatial.outputs.postgis.drafts import (
    Current,
    Draft,
    copy_draft,
    find_current,
    finish_draft,
    register_draft,
    style_draft,
)
from spatial.outputs.postgis.publication import Publication
from spatial.outputs.postgis.registry import begin_alone, has_registry, require_postgis
from spatial.outputs.postgis.roles import become_planner, find_prefix
from spatial.outputs.postgis.styles import copy_styles
from spatial.outputs.postgis.views import find_platforms
from spatial.plan.base import Text
from spatial.plan.postgres import Address, Ask, connect, explaining

if TYPE_CHECKING:
    from psycopg import Connection


def restore_version(
    address: Address, plan: str, version: int, *, note: str = "", ask: Ask | None = None
) -> Publication:
    """Make an older version of a plan current again, in one transaction.

    Parameters
    ----------
    address : Address
    plan : str
        Name of the published plan.
    version : int
        The version to go back to, with the edits that it had when it was superseded.
    note : str
        What the publisher says of it.
    ask : callable, optional
        See `spatial.plan.postgres.connect`.

    Returns
    -------
    Publication
        The new version; its rows are those of the old one. `is_new` is False where that one is current.

    Raises
    ------
    OutputError
        There is no such plan or version, the role may not, or the server fails; nothing was changed.
    """
    with explaining(address), connect(address, ask=ask) as connection:
        begin_alone(connection)
        postgis = require_postgis(connection, address)
        found = find_current(connection, plan) if has_registry(connection) else None
        if found is None:
            remedy = "see what there is: spatial versions --at URL"
            raise OutputError(Fault(str(address), plan, "there is no such published plan", remedy))
        source, told = _find_version(connection, address, plan, version)
        stem, title = _find_plan(connection, plan)
        if source.version == found.version:
            return Publication(plan, version, source.schema, stem, False, _count(connection, plan, version))
        prefix = find_prefix(connection) or ""
        become_planner(connection, "")
        platforms = find_platforms(connection)
        draft = Draft(connection, plan, title, stem, found.version + 1, postgis, prefix, platforms)
        register_draft(draft, told, note.replace("\0", ""), restored_from=version)
        tables = copy_draft(draft, source)
        finish_draft(draft, tables, found.schema)
        copy_styles(connection, source.schema, draft.schema)
        style_draft(draft)
        rows = _count(connection, plan, draft.version)
        return Publication(plan, draft.version, draft.schema, stem, True, rows)


def _find_version(
    connection: Connection[Any], address: Address, plan: str, version: int
) -> tuple[Current, dict[str, str]]:
    rows = connection.execute(
        "SELECT version, schema_name, (SELECT count(*) FROM spatial_registry.audit a"
        " WHERE a.schema_name = v.schema_name), provenance FROM spatial_registry.versions v WHERE plan = %s",
        (plan,),
    ).fetchall()
    known = {int(row[0]): row for row in rows}
    if version not in known:
        numbers = ", ".join(map(str, sorted(known)))
        raise OutputError(Fault(str(address), plan, f"there is no version {version}", f"there is {numbers}"))
    row = known[version]
    return Current(version, str(row[1]), int(row[2])), dict(row[3])


def _find_plan(connection: Connection[Any], plan: str) -> tuple[str, Text]:
    row = connection.execute(
        "SELECT stem, title_zh, title_en FROM spatial_registry.plans WHERE plan = %s", (plan,)
    ).fetchone()
    assert row is not None
    return str(row[0]), Text(zh=row[1], en=row[2])


def _count(connection: Connection[Any], plan: str, version: int) -> dict[str, int]:
    rows = connection.execute(
        "SELECT layer, rows FROM spatial_registry.layers WHERE plan = %s AND version = %s ORDER BY position",
        (plan, version),
    ).fetchall()
    return {str(name): int(count) for name, count in rows}
