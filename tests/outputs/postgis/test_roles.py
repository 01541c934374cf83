"""Who may do what: planners write, departments write their own opinions, viewers read, the audit names all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import psycopg
import pytest
import shapely

from spatial.errors import CrsError, OutputError, SourceError
from spatial.outputs.postgis.opinions import Computed, OpinionsSent, publish_opinions
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


HASH = {"plan_sha256": "ab" * 32}


def projects(*ids: str) -> gpd.GeoDataFrame:
    shapes = [shapely.box(112 + at / 100, 35, 112.005 + at / 100, 35.005) for at in range(len(ids))]
    data = {"id": list(ids), "name": [f"项目 {one}" for one in ids], "kind": "industry", "illustrative": True}
    return gpd.GeoDataFrame(data, geometry=shapes, crs=4490)


def send(database: Any, *, user: str = "postgres", plan: str = "demo", **more: Any) -> OpinionsSent:
    """Submit opinions on p1 and p2, as some user."""
    computed = Computed(opinions(**more), projects("p1", "p2"), HASH)
    return publish_opinions(read_address(database.url(user)), plan, computed)


def verdict_of(database: Any, project: str = "p1") -> Any:
    rows = database.ask(
        "SELECT verdict, rejected_by, not_judged_by, conditions_by, opinions, by_departments"
        " FROM spatial_registry.verdicts WHERE project_id = %s", project
    )  # fmt: skip
    return rows[0]


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
        send(database, user=viewer)
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
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match=r"no project p1 .*没有该项目"):
        database.ask(write_opinion("demo_water"), user=water)
    send(database, verdict=["pass"] * 3)
    database.ask(
        "DELETE FROM spatial_registry.opinions; ALTER TABLE spatial_registry.audit DISABLE TRIGGER USER"
    )
    database.ask("DELETE FROM spatial_registry.audit")
    assert database.ask("SELECT id, name, kind FROM demo_water.projects ORDER BY id", user=water) == [
        ("p1", "项目 p1", "industry"),
        ("p2", "项目 p2", "industry"),
    ]
    database.ask(write_opinion("demo_water"), user=water)
    seen = "plan, version, department, verdict, origin, given_by"
    rows = database.ask(f"SELECT {seen} FROM demo_water.opinions", user=water)
    assert rows == [("demo", 1, "water", "reject", "department", water)]
    database.ask("UPDATE demo_water.opinions SET verdict = 'conditional'", user=water)
    assert verdict_of(database) == ("incomplete", None, "ecology", "water", 1, 1)
    assert verdict_of(database, "p2") == ("incomplete", None, "ecology, water", None, 0, 0)
    trail = database.ask("SELECT who, action, before ->> 'verdict' FROM spatial_registry.audit ORDER BY id")
    assert trail == [(water, "insert", None), (water, "update", "reject")]


@pytest.mark.parametrize("schema", ["demo_water", "spatial_registry"])
def test_departments_cannot_touch_the_opinions_of_others(
    database: Any, publish: Publish, schema: str
) -> None:
    publish()
    water = database.add_user("shui", "department_water")
    ecology = database.add_user("huan", "department_ecology")
    send(database)
    database.ask("DELETE FROM spatial_registry.opinions")
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
    send(database)
    database.ask(
        "INSERT INTO demo_water.opinions (project_id, verdict, given_by, given_at)"
        " VALUES ('p1', 'pass', 'somebody else', '2000-01-01')",
        user=water,
    )
    rows = database.ask(
        "SELECT rule, given_by, given_at > now() - interval '1 hour' FROM demo_water.opinions"
        " WHERE origin = 'department'"
    )
    assert rows == [("own", water, True)]


@pytest.mark.parametrize("schema", ["demo_water", "spatial_registry"])
def test_what_was_computed_is_kept_and_departments_are_told_what_to_do(
    database: Any, publish: Publish, schema: str
) -> None:
    publish()
    send(database)
    water = database.add_user("shui", "department_water")
    assert verdict_of(database) == ("reject", "water", None, None, 2, 0)
    for statement in (
        "DELETE FROM {}.opinions WHERE project_id = 'p1'",
        "UPDATE {}.opinions SET verdict = 'pass' WHERE project_id = 'p1'",
        "UPDATE {}.opinions SET origin = 'department' WHERE project_id = 'p1'",
    ):
        with pytest.raises(DENIED, match="系统计算的意见不得修改或删除") as caught:
            database.ask(statement.format(schema), user=water)
        assert "project_id 'p1' and rule 'river'" in str(caught.value.diag.message_hint)
    with pytest.raises(DENIED, match="系统计算的意见只能由 spatial submit 写入"):
        database.ask(
            f"INSERT INTO {schema}.opinions (plan, department, project_id, rule, verdict, origin)"
            " VALUES ('demo', 'water', 'p1', 'river', 'pass', 'computed')",
            user=water,
        )
    assert verdict_of(database) == ("reject", "water", None, None, 2, 0)


def test_the_opinion_of_a_department_counts_instead_of_the_computed_one(
    database: Any, publish: Publish
) -> None:
    publish()
    send(database)
    water = database.add_user("shui", "department_water")
    own = "INSERT INTO demo_water.opinions (project_id, rule, verdict) VALUES ('p1', %s, %s)"
    database.ask(own, "another", "pass", user=water)
    assert verdict_of(database)[0] == "reject"  # another rule overrules nothing
    database.ask(own, "river", "conditional", user=water)
    assert verdict_of(database) == ("conditional", None, None, "water", 3, 2)
    assert database.ask("SELECT count(*) FROM spatial_registry.opinions WHERE project_id = 'p1'") == [(4,)]
    send(database)  # computed anew, it is still the department that speaks
    assert verdict_of(database)[0] == "conditional"
    database.ask(own, "river", "not_judged", user=water)
    assert verdict_of(database)[:4] == ("incomplete", None, "water", "water")
    database.ask("DELETE FROM demo_water.opinions WHERE origin = 'department'", user=water)
    assert verdict_of(database) == ("reject", "water", None, None, 2, 0)


def test_a_project_passes_only_with_all_departments(database: Any, publish: Publish) -> None:
    publish()
    send(database, verdict=["pass"] * 3)
    assert verdict_of(database) == ("pass", None, None, None, 2, 0)
    assert verdict_of(database, "p2") == ("incomplete", None, "ecology", None, 1, 0)
    database.ask("DELETE FROM spatial_registry.opinions WHERE department = 'water'")  # by the administrator
    assert verdict_of(database) == ("incomplete", None, "water", None, 1, 0)


@pytest.mark.parametrize(
    ("verdicts", "whole"),
    [
        (("reject", "not_judged"), "reject"),
        (("conditional", "not_judged"), "incomplete"),
        (("not_judged", "not_judged"), "incomplete"),
        (("pass", "not_judged"), "incomplete"),
        (("conditional", "pass"), "conditional"),
        (("reject", "conditional"), "reject"),
        (("pass", "pass"), "pass"),
    ],
)
def test_verdicts_are_those_of_conform(
    database: Any, publish: Publish, verdicts: tuple[str, str], whole: str
) -> None:
    from types import SimpleNamespace

    from spatial.studies.conformance import CODES, summarise

    asked: Any = [SimpleNamespace(department=SimpleNamespace(key=key)) for key in ("water", "ecology")]
    matrix = np.array([[CODES.index(one) for one in verdicts]])
    assert summarise(matrix, asked)[0] == [whole]
    publish()
    send(database, verdict=[*verdicts, "pass"])
    assert verdict_of(database)[0] == whole


def test_computed_opinions_are_replaced_and_those_of_departments_stay(
    database: Any, publish: Publish
) -> None:
    publish()
    planner = database.add_user("wang", "planner")
    water = database.add_user("shui", "department_water")
    assert send(database, user=planner).rows == 3
    database.ask(write_opinion("demo_water"), user=water)
    more = {"basis_zh": ["法", None, "《水法》"], "confidence": ["high", "found", "default"]}
    sent = send(database, user=planner, verdict=["pass"] * 3, text=["好", "<b>", "'"], **more)
    assert (sent.plan, sent.version, sent.rows, sent.projects) == ("demo", 1, 3, 2)
    told = (
        "SELECT text, basis, confidence FROM spatial_registry.opinions WHERE origin = 'computed' ORDER BY id"
    )
    assert database.ask(told) == [("好", "法", "high"), ("<b>", "", "found"), ("'", "《水法》", "default")]
    kept = database.ask(
        "SELECT id, kind, illustrative, submitted_by FROM spatial_registry.projects ORDER BY id"
    )
    assert kept == [(one, "industry", True, planner) for one in ("p1", "p2")]
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
        send(database, user=water)


def test_opinions_stand_only_with_the_version_that_they_were_computed_on(
    database: Any, publish: Publish, layers: dict[str, pd.DataFrame]
) -> None:
    address = read_address(database.url())
    data = {"source.lines": "sha256 1", "rules.zones": "1"}
    publish(provenance={**HASH, **data})
    publish({**layers, "zones": layers["zones"].iloc[:2]}, provenance={"plan_sha256": "cd" * 32, **data})

    def give(provenance: dict[str, str], version: int | None = None) -> OpinionsSent:
        computed = Computed(opinions(), projects("p1", "p2"), provenance)
        return publish_opinions(address, "demo", computed, version=version)

    with pytest.raises(OutputError, match=r"not computed on version 2: plan_sha256 differ.*--version 1"):
        give(HASH)
    with pytest.raises(OutputError, match=r"source.lines differ.*run spatial conform again"):
        give({"plan_sha256": "cd" * 32, "source.lines": "sha256 2"})
    with pytest.raises(OutputError, match=r"plan_sha256 differ.*publish the plan"):
        give({}, version=1)
    with pytest.raises(OutputError, match="no version 7; there is 1, 2"):
        give(HASH, version=7)
    assert database.ask("SELECT count(*) FROM spatial_registry.projects") == [(0,)]
    assert give(HASH, version=1).version == 1
    assert give({"plan_sha256": "cd" * 32, **data}).notes == ()
    database.ask(EDIT)
    assert "1 edits were made in the database" in give({"plan_sha256": "cd" * 32}).notes[0]
    assert database.ask("SELECT version, count(*) FROM spatial_registry.opinions GROUP BY 1 ORDER BY 1") == [
        (1, 3),
        (2, 3),
    ]


def test_a_refusal_of_the_server_is_one_message_and_no_noise(
    database: Any, publish: Publish, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    publish()
    with pytest.raises(OutputError, match="share"):
        send(database, share=[7.0, 0.0, None])
    assert capfd.readouterr().err == ""
    assert caplog.text == ""
    assert database.ask("SELECT count(*) FROM spatial_registry.projects") == [(0,)]


def test_opinions_that_are_none_are_all_named(database: Any, publish: Publish) -> None:
    address = read_address(database.url())
    with pytest.raises(OutputError, match="no plan was published"):
        send(database)
    publish()
    with pytest.raises(OutputError) as caught:
        send(database, verdict=["ja", "pass", "no"])
    assert "'ja' is no verdict" in str(caught.value)
    assert "'no' is no verdict" in str(caught.value)
    with pytest.raises(OutputError, match="no such plan"):
        send(database, plan="other")
    with pytest.raises(OutputError, match="p9: there is no such project 没有该项目"):
        send(database, project_id=["p1", "p2", "p9"])
    with pytest.raises(OutputError, match="1 rows have none"):
        send(database, rule=["a", None, "b"])
    known = projects("p1", "p2")
    cases: list[tuple[Computed, type[Exception], str]] = [
        (Computed(opinions().drop(columns=["rule"]), known, HASH), OutputError, "no such column"),
        (Computed(opinions(), known.drop(columns=["id"]), HASH), OutputError, "no such column"),
        (Computed(opinions(), projects("p1", "p2", "p1"), HASH), OutputError, "stands twice"),
        (Computed(opinions().to_crs(4547), known, HASH), CrsError, "opinions"),
        (Computed(opinions(), known.to_crs(4547), HASH), CrsError, "projects"),
    ]
    for computed, kind, said in cases:
        with pytest.raises(kind, match=said):
            publish_opinions(address, "demo", computed)
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
