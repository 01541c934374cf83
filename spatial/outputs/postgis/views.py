"""Views of a published plan: its current layers under one name, and what each department sees and writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from spatial.errors import Fault, OutputError
from spatial.outputs.postgis.tables import Table, comment_columns
from spatial.plan.published import SubPlatform, department_role, department_schema

if TYPE_CHECKING:
    from psycopg import Connection

_OPINIONS = "opinions"
_PROJECTS = "projects"


def show_current(connection: Connection[Any], stem: str, title: str, tables: Sequence[Table]) -> None:
    """Let the views in a plan's own schema show the given tables; views of layers that are gone go too."""
    _make_schema(connection, stem, f"{title} 现行版本 Current version")
    _show_tables(connection, stem, tables)


def show_department(
    connection: Connection[Any],
    stem: str,
    plan: str,
    *,
    prefix: str,
    platform: SubPlatform,
    tables: Sequence[Table],
) -> None:
    """Make a department's sub-platform 子平台: its layers as views, and its own opinions to be written.

    The view of opinions shows only those of the department and takes no other; the policies of the table
    say so too.
    """
    from psycopg import sql

    schema = department_schema(stem, platform.key)
    _make_schema(connection, schema, f"{platform.zh}子平台 Sub-platform of {platform.en}")
    wanted = [one for one in tables if not platform.layers or one.name in platform.layers]
    own = [name for name in (_OPINIONS, _PROJECTS) if name not in {one.name for one in tables}]
    _show_tables(connection, schema, wanted, besides=own)
    if _PROJECTS in own:
        _show_projects(connection, schema, plan)
    connection.execute(
        "INSERT INTO spatial_registry.department_roles VALUES (%s, %s, %s, %s, %s) ON CONFLICT (department)"
        " DO UPDATE SET role_name = excluded.role_name, zh = excluded.zh, en = excluded.en,"
        " layers = excluded.layers",
        (
            platform.key,
            department_role(prefix, platform.key),
            platform.zh,
            platform.en,
            list(platform.layers),
        ),
    )
    name = sql.Identifier(schema, _OPINIONS)
    connection.execute(
        sql.SQL(
            "CREATE OR REPLACE VIEW {} WITH (security_barrier) AS SELECT * FROM spatial_registry.opinions"
            " WHERE plan = {} AND department = {} WITH CASCADED CHECK OPTION"
        ).format(name, sql.Literal(plan), sql.Literal(platform.key))
    )
    for column, value in (("plan", plan), ("department", platform.key)):
        default = sql.SQL("ALTER VIEW {} ALTER COLUMN {} SET DEFAULT {}")
        connection.execute(default.format(name, sql.Identifier(column), sql.Literal(value)))
    told = f"{platform.zh}意见 Opinions of {platform.en}"
    connection.execute(sql.SQL("COMMENT ON VIEW {} IS {}").format(name, sql.Literal(told)))


def _show_projects(connection: Connection[Any], schema: str, plan: str) -> None:
    """Show the projects that stand with the current version, whichever that comes to be."""
    from psycopg import sql

    name = sql.Identifier(schema, _PROJECTS)
    connection.execute(
        sql.SQL(
            "CREATE OR REPLACE VIEW {} AS SELECT r.* FROM spatial_registry.projects r JOIN"
            " spatial_registry.plans p ON p.plan = r.plan AND p.current = r.version WHERE p.plan = {}"
        ).format(name, sql.Literal(plan))
    )
    told = "审批项目 Projects that opinions are on"
    connection.execute(sql.SQL("COMMENT ON VIEW {} IS {}").format(name, sql.Literal(told)))


def find_platforms(connection: Connection[Any]) -> list[SubPlatform]:
    """Return the departments that have a sub-platform, with the layers that theirs shows."""
    rows = connection.execute(
        "SELECT department, zh, en, layers FROM spatial_registry.department_roles ORDER BY department"
    ).fetchall()
    return [SubPlatform(key, zh, en, tuple(layers)) for key, zh, en, layers in rows]


def _make_schema(connection: Connection[Any], schema: str, comment: str) -> None:
    from psycopg import sql

    name = sql.Identifier(schema)
    connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(name))
    connection.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(name, sql.Literal(comment)))


def _show_tables(
    connection: Connection[Any], schema: str, tables: Sequence[Table], besides: Sequence[str] = ()
) -> None:
    from psycopg import sql

    rows = connection.execute("SELECT viewname FROM pg_views WHERE schemaname = %s", (schema,)).fetchall()
    there = {name for (name,) in rows} - set(besides)
    for name in sorted(there - {table.name for table in tables}):
        _drop_view(connection, schema, name)
    for table in tables:
        _show_table(connection, schema, table, table.name in there)
        view = sql.Identifier(schema, table.name)
        told = sql.Literal(f"{table.contract.zh} {table.contract.en}")
        connection.execute(sql.SQL("COMMENT ON VIEW {} IS {}").format(view, told))
        for key, text in comment_columns(table.contract, table.geometry_type is not None).items():
            column = sql.SQL("{}.{}").format(view, sql.Identifier(key))
            connection.execute(sql.SQL("COMMENT ON COLUMN {} IS {}").format(column, sql.Literal(text)))


def _show_table(connection: Connection[Any], schema: str, table: Table, there: bool) -> None:
    """Point a view to a table: in place where the columns allow it, so what others built on it stays."""
    from psycopg import errors, sql

    statement = sql.SQL("CREATE OR REPLACE VIEW {} AS SELECT * FROM {}").format(
        sql.Identifier(schema, table.name), sql.Identifier(table.schema, table.name)
    )
    if there:
        try:
            with connection.transaction():
                connection.execute(statement)
            return
        except errors.InvalidTableDefinition:
            _drop_view(connection, schema, table.name)
    connection.execute(statement)


def _drop_view(connection: Connection[Any], schema: str, name: str) -> None:
    from psycopg import errors, sql

    try:
        with connection.transaction():
            connection.execute(sql.SQL("DROP VIEW {}").format(sql.Identifier(schema, name)))
    except errors.DependentObjectsStillExist as error:
        detail = (error.diag.message_detail or "").splitlines()
        problem = f"its columns have changed, and other views are made from it: {'; '.join(detail[:3])}"
        remedy = "drop those views, publish, and make them anew"
        raise OutputError(Fault(schema, name, problem, remedy)) from error
