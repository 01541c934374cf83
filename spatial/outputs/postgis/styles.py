"""Styles of published layers where QGIS looks for them, so that it opens them as the map draws them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, LiteralString

import pandas as pd

from spatial.outputs.formats.geopackage import style_rows
from spatial.plan.contract import Contract
from spatial.plan.styles import Styles

if TYPE_CHECKING:
    from psycopg import Connection

# The table as QGIS itself would make it: it looks for this name and these columns.
_TABLE: LiteralString = """
CREATE TABLE public.layer_styles (
  id serial PRIMARY KEY, f_table_catalog varchar, f_table_schema varchar, f_table_name varchar,
  f_geometry_column varchar, stylename text, styleqml xml, stylesld xml, useasdefault boolean,
  description text, owner varchar(63) DEFAULT current_user, ui xml,
  update_time timestamp DEFAULT current_timestamp, type varchar
);
GRANT SELECT ON public.layer_styles TO PUBLIC;
COMMENT ON TABLE public.layer_styles IS 'QGIS 图层样式 Styles of layers, read by QGIS';
"""


def make_styles_table(connection: Connection[Any], planner: str) -> list[str]:
    """Make the table that QGIS reads styles from, as the connecting user; tell where he may not."""
    from psycopg import errors, sql

    there = connection.execute("SELECT to_regclass('public.layer_styles') IS NOT NULL").fetchone()
    if there and there[0]:
        return []
    try:
        with connection.transaction():
            connection.execute(_TABLE)
            role = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (planner,)).fetchone()
            if role is not None:
                name = sql.Identifier(planner)
                for what in ("TABLE public.layer_styles", "SEQUENCE public.layer_styles_id_seq"):
                    connection.execute(sql.SQL("GRANT ALL ON {} TO {}").format(sql.SQL(what), name))
    except (errors.InsufficientPrivilege, errors.InvalidSchemaName):
        return [_TOLD]
    return []


_TOLD = (
    "styles were not stored: you may not write public.layer_styles; QGIS opens the layers in plain colours"
    " 无权写入样式表"
)


def store_styles(
    connection: Connection[Any],
    schema: str,
    layers: Mapping[str, pd.DataFrame],
    contracts: Mapping[str, Contract],
    styles: Styles,
) -> list[str]:
    """Put the styles of a schema's layers in the place of those that we put there before.

    Returns
    -------
    list of str
        What the user should know.
    """
    from psycopg import errors

    there = connection.execute("SELECT to_regclass('public.layer_styles') IS NOT NULL").fetchone()
    if not (there and there[0]):
        return []
    database = connection.info.dbname
    rows = [
        (database, schema, table, geometry, name, document, bool(default), told)
        for layer, frame in layers.items()
        for table, geometry, name, document, default, told in style_rows(
            layer, frame, contracts[layer], styles
        )
    ]
    try:
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM public.layer_styles WHERE f_table_catalog = %s AND f_table_schema = %s",
                (database, schema),
            )
            cursor.executemany(
                "INSERT INTO public.layer_styles (f_table_catalog, f_table_schema, f_table_name,"
                " f_geometry_column, stylename, styleqml, useasdefault, description)"
                " VALUES (%s, %s, %s, %s, %s, XMLPARSE(DOCUMENT %s), %s, %s)",
                rows,
            )
    except (errors.InsufficientPrivilege, errors.UndefinedColumn):
        return [_TOLD]
    return []


def copy_styles(connection: Connection[Any], source: str, target: str) -> None:
    """Let tables and views of one schema look like the tables of the same names in another."""
    from psycopg import errors

    there = connection.execute("SELECT to_regclass('public.layer_styles') IS NOT NULL").fetchone()
    if not (there and there[0]):
        return
    database = connection.info.dbname
    columns = "f_table_name, f_geometry_column, stylename, styleqml, useasdefault, description"
    try:
        with connection.transaction():
            connection.execute(
                "DELETE FROM public.layer_styles WHERE f_table_catalog = %s AND f_table_schema = %s",
                (database, target),
            )
            connection.execute(
                f"INSERT INTO public.layer_styles (f_table_catalog, f_table_schema, {columns})"
                f" SELECT f_table_catalog, %s, {columns} FROM public.layer_styles"
                " WHERE f_table_catalog = %s AND f_table_schema = %s AND f_table_name IN"
                " (SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident(%s))"
                " AND relkind IN ('r', 'v')) ORDER BY id",
                (target, database, source, target),
            )
    except (errors.InsufficientPrivilege, errors.UndefinedColumn):
        return
