"""Drafts of versions: registered, filled, guarded and shown, all in the transaction that publishes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from spatial.errors import Fault, OutputError
from spatial.outputs.postgis.loading import find_lone_parts, load_frame
from spatial.outputs.postgis.roles import grant_department, grant_registry, grant_version
from spatial.outputs.postgis.styles import copy_styles
from spatial.outputs.postgis.tables import (
    Table,
    create_table,
    guard_table,
    index_table,
    plan_table,
)
from spatial.outputs.postgis.views import show_current, show_department
from spatial.plan.base import Text
from spatial.plan.contract import Contract
from spatial.plan.published import (
    GEOMETRY,
    SubPlatform,
    contract_from_json,
    contract_to_json,
    department_schema,
    version_schema,
)

if TYPE_CHECKING:
    from psycopg import Connection

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Current:
    """The version of a plan that is current; `edits` were made in the database since it was published."""

    version: int
    schema: str
    edits: int


@dataclass(frozen=True)
class Draft:
    """A version in the making.

    Parameters
    ----------
    connection : psycopg.Connection
        Within the transaction.
    plan : str
    title : Text
    stem : str
        Schema of the views of the current version.
    version : int
    postgis : str
        Schema of PostGIS.
    prefix : str
        What names of roles begin with.
    platforms : sequence of SubPlatform
    """

    connection: Connection[Any]
    plan: str
    title: Text
    stem: str
    version: int
    postgis: str
    prefix: str
    platforms: Sequence[SubPlatform]

    @property
    def schema(self) -> str:
        """Schema of the tables of this version."""
        return version_schema(self.stem, self.version)


def find_current(connection: Connection[Any], plan: str) -> Current | None:
    """Return the current version of a plan; None where it was never published."""
    row = connection.execute(
        "SELECT v.version, v.schema_name,"
        " (SELECT count(*) FROM spatial_registry.audit a WHERE a.schema_name = v.schema_name)"
        " FROM spatial_registry.plans p JOIN spatial_registry.versions v"
        " ON v.plan = p.plan AND v.version = p.current WHERE p.plan = %s",
        (plan,),
    ).fetchone()
    return None if row is None else Current(int(row[0]), str(row[1]), int(row[2]))


def register_draft(
    draft: Draft, provenance: Mapping[str, str], note: str, restored_from: int | None = None
) -> None:
    """Enter a version into the registry as the current one and make its schema.

    Raises
    ------
    OutputError
        There is a schema of that name that is not ours.
    """
    from psycopg import sql

    _refuse_taken(draft)
    zh, en = draft.title.pick("zh"), draft.title.pick("en")
    draft.connection.execute(
        "INSERT INTO spatial_registry.plans VALUES (%s, %s, %s, %s, %s) ON CONFLICT (plan) DO UPDATE"
        " SET title_zh = excluded.title_zh, title_en = excluded.title_en, current = excluded.current",
        (draft.plan, draft.stem, zh, en, draft.version),
    )
    told = json.dumps(dict(provenance), ensure_ascii=False)
    plan_hash, tool = provenance.get("plan_sha256", ""), provenance.get("tool", "")
    draft.connection.execute(
        "INSERT INTO spatial_registry.versions"
        " (plan, version, schema_name, plan_hash, tool, note, restored_from, provenance)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (draft.plan, draft.version, draft.schema, plan_hash, tool, note, restored_from, told),
    )
    schema = sql.Identifier(draft.schema)
    draft.connection.execute(sql.SQL("CREATE SCHEMA {}").format(schema))
    comment = sql.Literal(f"{zh} 第 {draft.version} 版 Version {draft.version}")
    draft.connection.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(schema, comment))


def _refuse_taken(draft: Draft) -> None:
    """Refuse names of schemas that somebody else has; a plan's own views are there from its first time."""
    own = [draft.schema, *([draft.stem] if draft.version == 1 else [])]
    rows = draft.connection.execute("SELECT nspname FROM pg_namespace WHERE nspname = ANY(%s)", (own,))
    remedy = "publish under another name: --as NAME"
    faults = [
        Fault("--as", draft.plan, f"the database has a schema {name!r} already that is not ours", remedy)
        for (name,) in rows.fetchall()
    ]
    if faults:
        raise OutputError(faults)


def fill_draft(
    draft: Draft,
    layers: Mapping[str, pd.DataFrame],
    contracts: Mapping[str, Contract],
    progress: Progress | None = None,
) -> list[Table]:
    """Make the tables of a version and copy its layers into them.

    Raises
    ------
    OutputError, CrsError
        A name that PostgreSQL does not keep, rows that share land, a layer that is not in EPSG:4490.
    psycopg.Error
        A row breaks a constraint, or the server fails.
    """
    tables = []
    for at, (name, frame) in enumerate(layers.items()):
        if progress:
            progress(name, at, len(layers))
        table = plan_table(draft.schema, name, frame, contracts[name])
        create_table(draft.connection, table, draft.postgis)
        digest = load_frame(draft.connection, table, frame)
        index_table(draft.connection, table, draft.postgis)
        told = json.dumps(contract_to_json(table.contract), ensure_ascii=False)
        row = (name, at, told, table.geometry_type, len(frame), digest, find_lone_parts(frame, table))
        draft.connection.execute(
            "INSERT INTO spatial_registry.layers VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (draft.plan, draft.version, *row),
        )
        tables.append(table)
    if progress:
        progress("commit", len(layers), len(layers))
    return tables


def copy_draft(draft: Draft, source: Current) -> list[Table]:
    """Make the tables of a version and copy into them what an older version holds, edits and all."""
    from psycopg import sql

    rows = draft.connection.execute(
        "SELECT layer, contract, geometry_type FROM spatial_registry.layers"
        " WHERE plan = %s AND version = %s ORDER BY position",
        (draft.plan, source.version),
    ).fetchall()
    tables = []
    for name, told, kind in rows:
        table = Table(
            draft.schema, name, contract_from_json(told), kind, _is_whole(draft, source, name, kind)
        )
        create_table(draft.connection, table, draft.postgis)
        columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
        statement = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} ORDER BY row_order")
        one, other = sql.Identifier(draft.schema, name), sql.Identifier(source.schema, name)
        draft.connection.execute(statement.format(one, columns, columns, other))
        index_table(draft.connection, table, draft.postgis)
        # The hash of rows that somebody edited is not known: what is published next always differs from it.
        draft.connection.execute(
            sql.SQL(
                "INSERT INTO spatial_registry.layers"
                " SELECT plan, %s, layer, position, contract, geometry_type, (SELECT count(*) FROM {}),"
                " CASE WHEN %s THEN content_sha256 ELSE 'edited' END, lone_parts"
                " FROM spatial_registry.layers WHERE plan = %s AND version = %s AND layer = %s"
            ).format(one),
            (draft.version, not source.edits, draft.plan, source.version, name),
        )
        tables.append(table)
    return tables


def _is_whole(draft: Draft, source: Current, layer: str, kind: str | None) -> bool:
    """Say whether every row of a published table must have a shape."""
    row = draft.connection.execute(
        "SELECT a.attnotnull FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE a.attname = %s AND n.nspname = %s AND c.relname = %s",
        (GEOMETRY, source.schema, layer),
    ).fetchone()
    return bool(kind and row and row[0])


def style_draft(draft: Draft) -> None:
    """Let the views of the current version and of each department look as the version's tables do."""
    for schema in (draft.stem, *(department_schema(draft.stem, one.key) for one in draft.platforms)):
        copy_styles(draft.connection, draft.schema, schema)


def find_provenance(connection: Connection[Any], plan: str, version: int) -> dict[str, str]:
    """Return what a version was made from."""
    row = connection.execute(
        "SELECT provenance FROM spatial_registry.versions WHERE plan = %s AND version = %s", (plan, version)
    ).fetchone()
    return dict(row[0]) if row else {}


def is_same(draft: Draft, other: int) -> bool:
    """Say whether the draft has the same layers, columns and rows as another version was published with."""
    row = draft.connection.execute(
        "SELECT NOT EXISTS (SELECT 1 FROM"
        " (SELECT * FROM spatial_registry.layers WHERE plan = %(plan)s AND version = %(one)s) a FULL JOIN"
        " (SELECT * FROM spatial_registry.layers WHERE plan = %(plan)s AND version = %(other)s) b"
        " USING (layer, contract, content_sha256, lone_parts) WHERE a.plan IS NULL OR b.plan IS NULL)",
        {"plan": draft.plan, "one": draft.version, "other": other},
    ).fetchone()
    return bool(row and row[0])


def finish_draft(draft: Draft, tables: Sequence[Table], frozen: str | None) -> None:
    """Guard a filled version, show it as the current one, let the roles at it; the one before is history."""
    connection = draft.connection
    for table in tables:
        guard_table(connection, table)
    show_current(connection, draft.stem, draft.title.pick("zh"), tables)
    for platform in draft.platforms:
        show_department(
            connection,
            draft.stem,
            draft.plan,
            prefix=draft.prefix,
            platform=platform,
            tables=tables,
        )
        grant_department(connection, draft.stem, draft.prefix, platform)
    grant_version(connection, [draft.stem, draft.schema], draft.prefix, frozen)
    grant_registry(connection, draft.prefix, draft.platforms)
