"""Roles of a shared database: planners write, departments give their opinions, viewers read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from spatial.plan.published import (
    ROLES,
    SubPlatform,
    department_role,
    department_schema,
    role_of,
)

if TYPE_CHECKING:
    from psycopg import Connection

_PREFIX = "role_prefix"
_OPEN = (
    "plans", "versions", "layers", "settings", "department_roles",
    "projects", "opinions", "standing_opinions", "verdicts",
)  # fmt: skip


def find_prefix(connection: Connection[Any]) -> str | None:
    """Return what the names of this database's roles begin with, or None before the first publication."""
    row = connection.execute(
        "SELECT value FROM spatial_registry.settings WHERE key = %s", (_PREFIX,)
    ).fetchone()
    return None if row is None else str(row[0])


def keep_prefix(connection: Connection[Any], prefix: str) -> None:
    """Note what the names of this database's roles begin with."""
    connection.execute(
        "INSERT INTO spatial_registry.settings VALUES (%s, %s) ON CONFLICT (key) DO NOTHING",
        (_PREFIX, prefix),
    )


def list_roles(prefix: str, platforms: Iterable[SubPlatform]) -> list[str]:
    """Return the names of all roles: planner, viewer and one a department."""
    own = [role_of(prefix, role) for role in ROLES]
    return [*own, *(department_role(prefix, one.key) for one in platforms)]


def make_roles(connection: Connection[Any], prefix: str, platforms: Sequence[SubPlatform]) -> list[str]:
    """Make the roles that are absent, if the connecting user may; they are groups without login or password.

    Returns
    -------
    list of str
        What the user should know: which roles are still absent, and the statements that make them.
    """
    from psycopg import sql

    absent = _find_absent(connection, list_roles(prefix, platforms))
    if absent and _may_create(connection):
        for role in absent:
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
        _join_planners(connection, role_of(prefix, "planner"))
        absent = []
    if not absent:
        return []
    made = [sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)) for role in absent]
    text = "; ".join(statement.as_string(connection) for statement in made)
    note = "you may not create roles, so nobody else can read the plan yet: let the administrator run"
    return [f"{note}: {text}; then publish again 角色缺失，请管理员创建后重新发布"]


def open_postgis(connection: Connection[Any], postgis: str, roles: Sequence[str]) -> list[str]:
    """Let all roles use PostGIS where it lies in a schema that not everybody may; tell if that fails."""
    from psycopg import errors, sql

    rows = connection.execute(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND NOT has_schema_privilege(oid, %s, 'USAGE')",
        (list(roles), postgis),
    ).fetchall()
    parts = sql.Identifier(postgis), sql.SQL(", ").join(sql.Identifier(name) for (name,) in rows)
    if not rows:
        return []
    statement = sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(*parts)
    try:
        with connection.transaction():
            connection.execute(statement)
    except errors.InsufficientPrivilege:
        told = statement.as_string(connection)
        return [f"these roles cannot use PostGIS yet: let the administrator run {told} 请管理员授权"]
    return []


def _find_absent(connection: Connection[Any], roles: Sequence[str]) -> list[str]:
    rows = connection.execute(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)",
        (list(roles),),
    ).fetchall()
    there = {name for (name,) in rows}
    return [role for role in roles if role not in there]


def _may_create(connection: Connection[Any]) -> bool:
    row = connection.execute(
        "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    return bool(row and row[0])


def _join_planners(connection: Connection[Any], planner: str) -> None:
    """Make the creator a planner, who may make schemas in this database."""
    from psycopg import sql

    row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if not (row and row[0]):
        user = sql.Identifier(connection.info.user)
        connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(planner), user))
    parts = sql.Identifier(connection.info.dbname), sql.Identifier(planner)
    owner = connection.execute(
        "SELECT pg_has_role(datdba, 'member') FROM pg_database WHERE datname = current_database()"
    ).fetchone()
    if owner and owner[0]:  # else the server would warn that nothing was granted
        connection.execute(sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(*parts))


def become_planner(connection: Connection[Any], planner: str) -> None:
    """Act as the role that owns the registry until the transaction ends, so any planner can go on.

    Before the first publication that is the planners' role, if the user belongs to it and it may make
    schemas; else the user acts for himself, and the audit names him in either case.
    """
    from psycopg import sql

    row = connection.execute(
        "SELECT r.rolname FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner"
        " WHERE n.nspname = 'spatial_registry' AND pg_has_role(r.oid, 'member')"
        " UNION ALL SELECT rolname FROM pg_roles WHERE rolname = %s AND to_regnamespace('spatial_registry')"
        " IS NULL AND pg_has_role(oid, 'member')"
        " AND has_database_privilege(oid, current_database(), 'CREATE')",
        (planner,),
    ).fetchone()
    if row is not None:
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(row[0])))


def grant_version(
    connection: Connection[Any], schemas: Sequence[str], prefix: str, frozen: str | None = None
) -> None:
    """Let planners edit and viewers read the given schemas; nobody edits the frozen one from now on."""
    from psycopg import sql

    planner, viewer = role_of(prefix, "planner"), role_of(prefix, "viewer")
    there = {planner, viewer} - set(_find_absent(connection, [planner, viewer]))
    for schema in map(sql.Identifier, schemas):
        for role in map(sql.Identifier, sorted(there)):
            connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, role))
            connection.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}").format(schema, role))
        if planner in there:
            edit = sql.SQL("GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {} TO {}")
            connection.execute(edit.format(schema, sql.Identifier(planner)))
            count = sql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA {} TO {}")
            connection.execute(count.format(schema, sql.Identifier(planner)))
    if frozen is not None:
        # The owner loses his own right too: he would have to take it back on purpose.
        whose = [sql.SQL("CURRENT_USER"), *([sql.Identifier(planner)] if planner in there else [])]
        stop = sql.SQL("REVOKE INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {} FROM {}")
        connection.execute(stop.format(sql.Identifier(frozen), sql.SQL(", ").join(whose)))


def grant_registry(connection: Connection[Any], prefix: str, platforms: Sequence[SubPlatform]) -> None:
    """Let all roles read the registry and its opinions, planners the audit too: it holds rows of every layer.

    Who may write which opinion is settled row by row.
    """
    from psycopg import sql

    roles = list_roles(prefix, platforms)
    absent = _find_absent(connection, roles)
    schema = sql.Identifier("spatial_registry")
    for role in roles:
        if role in absent:
            continue
        name = sql.Identifier(role)
        connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, name))
        tables: sql.Composable = sql.SQL("ALL TABLES IN SCHEMA spatial_registry")
        if role != role_of(prefix, "planner"):
            tables = sql.SQL(", ").join(sql.Identifier("spatial_registry", table) for table in _OPEN)
        connection.execute(sql.SQL("GRANT SELECT ON {} TO {}").format(tables, name))
        if role != role_of(prefix, "viewer"):
            write = sql.SQL("GRANT INSERT, UPDATE, DELETE ON spatial_registry.opinions TO {}")
            connection.execute(write.format(name))
        if role == role_of(prefix, "planner"):
            add = sql.SQL("GRANT INSERT, UPDATE ON spatial_registry.projects TO {}")
            connection.execute(add.format(name))


def grant_department(connection: Connection[Any], stem: str, prefix: str, platform: SubPlatform) -> None:
    """Let a department read its sub-platform and write the opinions in it."""
    from psycopg import sql

    role = department_role(prefix, platform.key)
    if _find_absent(connection, [role]):
        return
    schema, name = sql.Identifier(department_schema(stem, platform.key)), sql.Identifier(role)
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, name))
    connection.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}").format(schema, name))
    view = sql.Identifier(department_schema(stem, platform.key), "opinions")
    connection.execute(sql.SQL("GRANT INSERT, UPDATE, DELETE ON {} TO {}").format(view, name))
