"""Who may do what: planners write, departments write their own opinions, viewers read, the audit names all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import geopandas as gpd
import pandas as pd
import psycopg
import pytest
import shapely

from spatial.errors import CrsError, OutputError, SourceError
from spatial.outputs.postgis.opinions import publish_opinions
from spatial.outputs.postgis.publication import Publication
from spatial.outputs.postgis.restoration import restore_version
from spatial.plan.postgres import read_address
from spatial.plan.published import SubPlatform
from spatial.sources.postgis import list_versions, read_published

Publish = Callable[..., Publication]
DENIED = psycopg.errors.InsufficientPrivilege
EDIT = "UPDATE demo.towns SET people = people + 1"


def write_opinion(schema: str) -> str:
    return f"INSERT INTO {schema}.opinions (project_id, rule, verdict, text) VALUES ('p1', 'r', 'reject', '不同意')"


def opinions(**more: Any) -> gpd.GeoDataFrame:
    columns = {
        "project_id": ["p1", "p1", "p2"],
        "department": ["water", "ecology", "water"],
        "rule": ["river", "line'; --", "river"],
        "verdict": ["reject", "pass", "conditional"],
        "area_m2": [12.5, 0.0, None],
        "share": [0.5, 0.0, None],
        **more,
    }
    shapes = [shapely.box(112, 35, 112.01, 35.01), None, None]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4490)


def test_viewers_read_everything_and_write_nothing(database: Any, publish: Publish) -> None:
    publish()
    viewer = database.add_user("reader", "viewer")
    assert len(read_published(database.url(viewer), "demo")) == 4
    for table in ("demo.zones", "demo_v0001.zones", "spatial_registry.versions", "spatial_registry.opinions"):
        database.ask(f"SELECT count(*) FROM {table}", user=viewer)
    for statement in (
        EDIT,
        "UPDATE demo_v0001.towns SET people = 1",
        "DELETE FROM spatial_registry.versions",
        "INSERT INTO spatial_registry.audit (schema_name, table_name, action) VALUES ('a', 'b', 'c')",
        "SELECT * FROM spatial_registry.audit",
        "CREATE SCHEMA mine",
    ):
        with pytest.raises(DENIED):
            database.ask(statement, user=viewer)
    with pytest.raises(OutputError, match="your role may not do that"):
        publish(note="by a viewer", user=viewer, plan="other")
    with pytest.raises(OutputError, match="your role may not do that"):
        publish_opinions(read_address(database.url(viewer)), "demo", opinions())
    assert database.ask("SELECT plan FROM spatial_registry.plans") == [("demo",)]


def test_strangers_see_nothing(database: Any, publish: Publish) -> None:
    publish()
    stranger = database.add_user("stranger")
    for table in ("demo.zones", "demo_v0001.zones", "demo_water.zones", "spatial_registry.plans"):
        with pytest.raises(DENIED):
            database.ask(f"SELECT * FROM {table}", user=stranger)


def test_planners_edit_the_current_version_and_publish_the_next(
    database: Any, publish: Publish, layers: dict[str, pd.DataFrame]
) -> None:
    publish()
    one, other = (database.add_user(name, "planner") for name in ("wang", "li"))
    database.ask(EDIT, user=one)
    assert database.ask("SELECT who FROM spatial_registry.audit") == [(one,)]
    changed = {**layers, "zones": layers["zones"].iloc[:2]}
    assert publish(changed, user=one).version == 2
    assert publish(user=other).version == 3
    assert restore_version(read_address(database.url(one)), "demo", 2).version == 4
    rows = database.ask("SELECT published_by FROM spatial_registry.versions ORDER BY version")
    assert rows == [("postgres",), (one,), (other,), (one,)]
    with pytest.raises(DENIED):
        database.ask("UPDATE demo_v0001.towns SET people = 0", user=one)  # history
    database.ask(EDIT, user=other)


def test_departments_see_their_platform_and_write_their_own_opinions(database: Any, publish: Publish) -> None:
    publish()
    water = database.add_user("shui", "department_water")
    assert database.ask("SELECT count(*) FROM demo_water.zones", user=water) == [(3,)]
    for table in (
        "demo_water.lines",
        "demo_ecology.zones",
        "demo.zones",
        "demo_v0001.zones",
        "spatial_registry.audit",
    ):
        with pytest.raises((DENIED, psycopg.errors.UndefinedTable)):
            database.ask(f"SELECT * FROM {table}", user=water)
    assert [one.version for one in list_versions(read_address(database.url(water)))] == [1]
    with pytest.raises(SourceError, match="your role may not"):
        read_published(database.url(water), "demo")
    database.ask(write_opinion("demo_water"), user=water)
    seen = "plan, version, department, verdict, origin, given_by"
    rows = database.ask(f"SELECT {seen} FROM demo_water.opinions", user=water)
    assert rows == [("demo", 1, "water", "reject", "department", water)]
    database.ask("UPDATE demo_water.opinions SET verdict = 'conditional'", user=water)
    assert database.ask("SELECT verdict, conditions_by FROM spatial_registry.verdicts") == [
        ("conditional", "water")
    ]
    trail = database.ask("SELECT who, action, before ->> 'verdict' FROM spatial_registry.audit ORDER BY id")
    assert trail == [(water, "insert", None), (water, "update", "reject")]


@pytest.mark.parametrize("schema", ["demo_water", "spatial_registry"])
def test_departments_cannot_touch_the_opinions_of_others(
    database: Any, publish: Publish, schema: str
) -> None:
    publish()
    water = database.add_user("shui", "department_water")
    ecology = database.add_user("huan", "department_ecology")
    database.ask(write_opinion("demo_ecology"), user=ecology)
    refused = (DENIED, psycopg.errors.WithCheckOptionViolation)
    with pytest.raises(refused):
        database.ask(
            f"INSERT INTO {schema}.opinions (plan, department, project_id, rule, verdict)"
            " VALUES ('demo', 'ecology', 'p1', 'r', 'pass')",
            user=water,
        )
    # Rows of others are there to be read, and not there to be changed.
    for statement in ("UPDATE {}.opinions SET verdict = 'pass'", "DELETE FROM {}.opinions"):
        database.ask(statement.format(schema), user=water)
    assert database.ask("SELECT department, verdict FROM spatial_registry.opinions") == [
        ("ecology", "reject")
    ]
    database.ask(write_opinion("demo_water"), user=water)
    with pytest.raises(refused):
        database.ask(f"UPDATE {schema}.opinions SET department = 'ecology'", user=water)
    with pytest.raises(refused):
        database.ask(f"UPDATE {schema}.opinions SET origin = 'computed'", user=water)
    with pytest.raises(DENIED):
        database.ask(write_opinion("demo_ecology"), user=water)
    assert len(database.ask("SELECT * FROM spatial_registry.opinions", user=water)) == 2


def test_signatures_cannot_be_forged(database: Any, publish: Publish) -> None:
    publish()
    water = database.add_user("shui", "department_water")
    database.ask(
        "INSERT INTO demo_water.opinions (project_id, rule, verdict, given_by, given_at)"
        " VALUES ('p1', 'r', 'pass', 'somebody else', '2000-01-01')",
        user=water,
    )
    rows = database.ask("SELECT given_by, given_at > now() - interval '1 hour' FROM demo_water.opinions")
    assert rows == [(water, True)]


def test_computed_opinions_are_replaced_and_those_of_departments_stay(
    database: Any, publish: Publish
) -> None:
    publish()
    planner = database.add_user("wang", "planner")
    water = database.add_user("shui", "department_water")
    address = read_address(database.url(planner))
    assert publish_opinions(address, "demo", opinions()).rows == 3
    database.ask(write_opinion("demo_water"), user=water)
    sent = publish_opinions(address, "demo", opinions(verdict=["pass"] * 3, text=["好", "<b>", "'"]))
    assert (sent.plan, sent.version, sent.rows) == ("demo", 1, 3)
    rows = database.ask("SELECT project_id, department, verdict, origin FROM spatial_registry.opinions")
    assert sorted(rows) == [
        ("p1", "ecology", "pass", "computed"),
        ("p1", "water", "pass", "computed"),
        ("p1", "water", "reject", "department"),
        ("p2", "water", "pass", "computed"),
    ]
    shape = database.ask("SELECT ST_AsBinary(geom) FROM spatial_registry.opinions WHERE geom IS NOT NULL")
    assert shapely.from_wkb(shape[0][0]).equals_exact(opinions().geometry[0])
    with pytest.raises(DENIED):
        database.ask(
            "INSERT INTO spatial_registry.opinions (plan, version, project_id, department, rule, verdict)"
            " VALUES ('demo', 1, 'p1', 'water', 'r', 'pass')",
            user=planner,
        )  # a planner does not speak for a department
    with pytest.raises(OutputError, match="your role may not"):
        publish_opinions(read_address(database.url(water)), "demo", opinions())


def test_opinions_that_are_none_are_all_named(database: Any, publish: Publish) -> None:
    address = read_address(database.url())
    with pytest.raises(OutputError, match="no plan was published"):
        publish_opinions(address, "demo", opinions())
    publish()
    with pytest.raises(OutputError) as caught:
        publish_opinions(address, "demo", opinions(verdict=["ja", "pass", "no"]))
    assert "'ja' is no verdict" in str(caught.value)
    assert "'no' is no verdict" in str(caught.value)
    with pytest.raises(OutputError, match="no such column"):
        publish_opinions(address, "demo", opinions().drop(columns=["rule"]))
    with pytest.raises(OutputError, match="no such plan"):
        publish_opinions(address, "other", opinions())
    with pytest.raises(CrsError):
        publish_opinions(address, "demo", opinions().to_crs(4547))
    assert database.ask("SELECT count(*) FROM spatial_registry.opinions") == [(0,)]


def test_whoever_may_not_make_roles_is_told_what_to_run(database: Any, publish: Publish) -> None:
    owner = database.add_user("owner")
    database.ask(f"ALTER DATABASE {database.name} OWNER TO {owner}")
    made = publish(user=owner)
    assert made.is_new
    note = next(note for note in made.notes if "may not create roles" in note)
    assert f'CREATE ROLE "{database.name}_planner" NOLOGIN' in note
    database.ask(note.split("administrator run: ")[1].split("; then publish")[0])
    assert publish(note="again", user=owner).notes == ()
    database.ask(EDIT, user=owner)
    assert publish(user=owner).version == 2
    with pytest.raises(DENIED):
        database.ask("UPDATE demo_v0001.towns SET people = 0", user=owner)  # history
    viewer = database.add_user("reader", "viewer")
    publish(plan="next", user=owner)
    assert database.ask("SELECT count(*) FROM next.zones", user=viewer) == [(3,)]


def test_a_creator_of_roles_becomes_a_planner(database: Any, publish: Publish) -> None:
    owner = database.add_user("owner")
    database.ask(f"ALTER ROLE {owner} CREATEROLE; ALTER DATABASE {database.name} OWNER TO {owner}")
    assert publish(user=owner).notes == ()
    planner = database.add_user("wang", "planner")
    assert publish(plan="next", user=planner).is_new
    rows = database.ask("SELECT DISTINCT nspowner::regrole::text FROM pg_namespace WHERE nspname ~ '_v0001$'")
    assert rows == [(f"{database.name}_planner",)]


def test_names_of_roles_begin_as_chosen_and_departments_stay(
    database: Any, publish: Publish, layers: dict[str, pd.DataFrame]
) -> None:
    prefix = f"{database.name}_x_"
    publish(prefix=prefix)
    roles = database.ask("SELECT rolname FROM pg_roles WHERE rolname ~ %s ORDER BY 1", f"^{prefix}")
    ends = ("department_ecology", "department_water", "planner", "viewer")
    assert roles == [(f"{prefix}{end}",) for end in ends]
    more = (SubPlatform("heritage", "文物", "Heritage"),)
    made = publish({**layers, "zones": layers["zones"].iloc[:1]}, platforms=more, prefix="other_")
    assert any(prefix in note for note in made.notes)
    assert database.ask("SELECT count(*) FROM demo_heritage.zones") == [(1,)]
    assert database.ask("SELECT count(*) FROM demo_water.zones") == [(1,)]
