"""The registry of a shared database: plans, versions, layers, and the functions that guard and audit them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, LiteralString

from spatial.errors import Fault, OutputError
from spatial.plan.postgres import Address

if TYPE_CHECKING:
    from psycopg import Connection

_LOCK = "spatial_registry"
_WAIT = "10min"
_EARLIEST = 120_000

_TABLES: LiteralString = """
CREATE SCHEMA IF NOT EXISTS spatial_registry;
CREATE TABLE IF NOT EXISTS spatial_registry.settings (
  key text PRIMARY KEY, value text NOT NULL
);
CREATE TABLE IF NOT EXISTS spatial_registry.plans (
  plan text PRIMARY KEY, stem text NOT NULL UNIQUE, title_zh text NOT NULL, title_en text NOT NULL,
  current integer NOT NULL
);
CREATE TABLE IF NOT EXISTS spatial_registry.versions (
  plan text NOT NULL REFERENCES spatial_registry.plans, version integer NOT NULL CHECK (version > 0),
  schema_name text NOT NULL UNIQUE, published_at timestamptz NOT NULL DEFAULT now(),
  published_by text NOT NULL DEFAULT session_user, plan_hash text NOT NULL, tool text NOT NULL,
  note text NOT NULL DEFAULT '', restored_from integer, provenance jsonb NOT NULL,
  PRIMARY KEY (plan, version)
);
CREATE TABLE IF NOT EXISTS spatial_registry.layers (
  plan text NOT NULL, version integer NOT NULL, layer text NOT NULL, position integer NOT NULL,
  contract jsonb NOT NULL, geometry_type text, rows bigint NOT NULL, content_sha256 text NOT NULL,
  lone_parts text[] NOT NULL DEFAULT '{}',
  PRIMARY KEY (plan, version, layer),
  FOREIGN KEY (plan, version) REFERENCES spatial_registry.versions
);
CREATE TABLE IF NOT EXISTS spatial_registry.audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp(),
  who text NOT NULL DEFAULT session_user, program text NOT NULL DEFAULT current_setting('application_name'),
  schema_name text NOT NULL, table_name text NOT NULL, action text NOT NULL, row_id text,
  before jsonb, after jsonb
);
CREATE INDEX IF NOT EXISTS audit_of_row ON spatial_registry.audit (schema_name, table_name, row_id);
"""

_GUARDS: LiteralString = """
CREATE OR REPLACE FUNCTION spatial_registry.audit_row() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $body$
DECLARE old_row jsonb; new_row jsonb;
BEGIN
  IF TG_OP <> 'INSERT' THEN
    old_row := to_jsonb(OLD);
    IF TG_ARGV[0] = 'geom' THEN old_row := old_row || jsonb_build_object('geom', OLD.geom::text); END IF;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    new_row := to_jsonb(NEW);
    IF TG_ARGV[0] = 'geom' THEN new_row := new_row || jsonb_build_object('geom', NEW.geom::text); END IF;
  END IF;
  INSERT INTO spatial_registry.audit (schema_name, table_name, action, row_id, before, after)
  VALUES (TG_TABLE_SCHEMA, TG_TABLE_NAME, lower(TG_OP), coalesce(new_row, old_row) ->> 'id',
    old_row, new_row);
  RETURN NULL;
END $body$;

CREATE OR REPLACE FUNCTION spatial_registry.count_edits(schema_name text) RETURNS bigint LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
  SELECT count(*) FROM spatial_registry.audit a WHERE a.schema_name = $1
$body$;

CREATE OR REPLACE FUNCTION spatial_registry.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  RAISE EXCEPTION '% of %.% is not allowed 不允许', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege', HINT = TG_ARGV[0];
END $body$;

CREATE OR REPLACE FUNCTION spatial_registry.refuse_overlap() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE one text; other text; shared double precision;
BEGIN
  PERFORM pg_advisory_xact_lock(TG_RELID::bigint);
  EXECUTE format('SELECT a.id, b.id, %1$s.ST_Area(%1$s.ST_Intersection(a.geom, b.geom)::%1$s.geography)
      FROM fresh a JOIN %2$I.%3$I b ON a.geom OPERATOR(%1$s.&&) b.geom AND a.id <> b.id
      WHERE %1$s.ST_Relate(a.geom, b.geom, ''2********'') LIMIT 1',
    quote_ident(TG_ARGV[0]), TG_TABLE_SCHEMA, TG_TABLE_NAME) INTO one, other, shared;
  IF one IS NOT NULL THEN
    RAISE EXCEPTION '% and % share % m2 of land 重叠', one, other, round(shared::numeric, 3)
      USING ERRCODE = 'exclusion_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
      HINT = 'snap the edges to each other with topological editing on 请启用拓扑编辑并捕捉边界';
  END IF;
  RETURN NULL;
END $body$;
"""

_KEPT: LiteralString = """
CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE ON spatial_registry.audit
  FOR EACH ROW EXECUTE FUNCTION spatial_registry.refuse_change('the audit is only added to 审计记录只增不改');
CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON spatial_registry.audit
  FOR EACH STATEMENT EXECUTE FUNCTION
  spatial_registry.refuse_change('the audit is only added to 审计记录只增不改');
"""

_COMMENTS: dict[str, str] = {
    "SCHEMA spatial_registry": "国土空间规划发布登记 Registry of published territorial plans",
    "TABLE spatial_registry.settings": "设置 Settings of this database",
    "TABLE spatial_registry.plans": "已发布的规划及其现行版本 Published plans and their current version",
    "TABLE spatial_registry.versions": "规划版本：时间、人员、来源 Versions: when, who, made from what",
    "TABLE spatial_registry.layers": "各版本图层及其字段约定 Layers of each version, with their columns",
    "TABLE spatial_registry.audit": "修改审计：何人何时，修改前后 Audit of edits: who, when, before, after",
}


def require_postgis(connection: Connection[Any], address: Address) -> str:
    """Return the schema that PostGIS lies in.

    Raises
    ------
    OutputError
        The database has no PostGIS of version 3, or the server is older than PostgreSQL 12.
    """
    if connection.info.server_version < _EARLIEST:
        problem = f"PostgreSQL {connection.info.server_version // 10000} is too old"
        raise OutputError(Fault(str(address), "", problem, "use PostgreSQL 12 or newer"))
    row = connection.execute(
        "SELECT n.nspname, e.extversion FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace"
        " WHERE e.extname = 'postgis'"
    ).fetchone()
    name = connection.info.dbname
    remedy = f'let the administrator run once: psql -d "{name}" -c "CREATE EXTENSION postgis"'
    if row is None:
        raise OutputError(Fault(str(address), "", "the database has no PostGIS", remedy))
    if int(row[1].split(".")[0]) < 3:
        raise OutputError(Fault(str(address), "", f"PostGIS {row[1]} is too old", "upgrade it to 3 or newer"))
    return str(row[0])


def begin_alone(connection: Connection[Any]) -> bool:
    """Begin a transaction that no other publisher runs beside; say whether one had to be waited for.

    The lock goes with the transaction, so a client that dies leaves none.

    Raises
    ------
    psycopg.errors.LockNotAvailable
        The other one was not done in ten minutes.
    """
    connection.execute("SET LOCAL lock_timeout = '%s'" % _WAIT)  # noqa: UP031 (a literal, no user's text)
    row = connection.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", (_LOCK,)).fetchone()
    if row is not None and row[0]:
        return False
    connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (_LOCK,))
    return True


def has_registry(connection: Connection[Any]) -> bool:
    """Say whether anything was ever published to the database."""
    row = connection.execute("SELECT to_regclass('spatial_registry.versions') IS NOT NULL").fetchone()
    return bool(row and row[0])


def make_registry(connection: Connection[Any]) -> None:
    """Make the registry where there is none: tables, guards and comments, all within the transaction."""
    from psycopg import sql

    if has_registry(connection):
        return
    for script in (_TABLES, _GUARDS, _KEPT):
        connection.execute(script)
    for what, comment in _COMMENTS.items():
        kind, name = what.split(" ")
        target = sql.SQL(".").join(map(sql.Identifier, name.split(".")))
        told = sql.SQL("COMMENT ON {} {} IS {}")
        connection.execute(told.format(sql.SQL(kind), target, sql.Literal(comment)))
