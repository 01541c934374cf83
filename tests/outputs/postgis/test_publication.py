"""What a publication leaves in the database: tables, constraints, comments, views, versions; or nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import geopandas as gpd
import pandas as pd
import psycopg
import pytest
import shapely

from spatial.errors import CrsError, OutputError
from spatial.outputs.postgis.publication import Parcel, Publication
from spatial.outputs.postgis.restoration import restore_version
from spatial.plan.contract import Column, Contract
from spatial.plan.postgres import read_address

Layers = dict[str, pd.DataFrame]
Publish = Callable[..., Publication]
EDIT = "UPDATE demo.zones SET area_ha = 7 WHERE id = 'zone-2'"


def test_columns_are_typed_keyed_indexed_and_named_in_chinese(database: Any, publish: Publish) -> None:
    made = publish()
    assert (made.version, made.schema, made.stem, made.is_new) == (1, "demo_v0001", "demo", True)
    told = database.ask(
        "SELECT f_table_name, type, srid FROM geometry_columns WHERE f_table_schema = 'demo_v0001' ORDER BY 1"
    )
    assert told == [
        ("lines", "MULTIPOLYGON", 4490),
        ("towns", "POINT", 4490),
        ("zones", "MULTIPOLYGON", 4490),
    ]
    columns = database.ask(
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, col_description(c.oid, a.attnum)"
        " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
        " WHERE c.oid = 'demo_v0001.zones'::regclass ORDER BY a.attnum"
    )
    assert columns[:5] == [
        ("id", "text", True, "标识 Id"),
        ("name", "text", True, "名称 Name"),
        ("zone", "text", True, "类别 Zone"),
        ("area_ha", "double precision", False, "面积（公顷） Area (ha)"),
        ("geom", "geometry(MultiPolygon,4490)", True, "几何（CGCS2000 经纬度） Geometry (EPSG:4490)"),
    ]
    indexes = database.ask("SELECT indexdef FROM pg_indexes WHERE schemaname = 'demo_v0001'")
    assert sum("USING gist (geom)" in text for (text,) in indexes) == 3
    assert sum("UNIQUE INDEX" in text and "(id)" in text for (text,) in indexes) == 4
    comment = database.ask("SELECT obj_description('demo_v0001.zones'::regclass)")[0][0]
    assert comment.startswith("三区 Three zones")


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("UPDATE demo.zones SET geom = ST_Transform(geom, 4547)", psycopg.Error),
        ("UPDATE demo.zones SET geom = ST_SetSRID(geom, 4326)", psycopg.Error),
        (
            "UPDATE demo.zones SET geom = 'SRID=4490;MULTIPOLYGON(((0 0,1 1,1 0,0 1,0 0)))' WHERE id = 'zone-1'",
            psycopg.errors.CheckViolation,
        ),
        ("UPDATE demo.zones SET geom = NULL", psycopg.errors.NotNullViolation),
        ("UPDATE demo.zones SET zone = NULL", psycopg.errors.NotNullViolation),
        ("UPDATE demo.zones SET id = 'zone-1'", psycopg.errors.UniqueViolation),
        ("TRUNCATE demo_v0001.zones", psycopg.errors.InsufficientPrivilege),
        (
            "INSERT INTO demo.zones SELECT 'new', name, zone, area_ha, geom FROM demo.zones WHERE id = 'zone-3'",
            psycopg.errors.ExclusionViolation,
        ),
        (
            "UPDATE demo.zones SET geom = ST_Multi(ST_Buffer(geom, 0.001)) WHERE id = 'zone-2'",
            psycopg.errors.ExclusionViolation,
        ),
    ],
)
def test_edits_that_break_the_plan_are_refused(
    database: Any, publish: Publish, statement: str, error: type[Exception]
) -> None:
    publish()
    before = database.ask("SELECT * FROM demo.zones ORDER BY id")
    with pytest.raises(error):
        database.ask(statement)
    assert database.ask("SELECT * FROM demo.zones ORDER BY id") == before


def test_neighbours_may_touch_and_move_their_common_edge(database: Any, publish: Publish) -> None:
    publish()
    database.ask(
        "UPDATE demo.zones z SET geom = n.geom FROM (VALUES"
        " ('zone-2', ST_Multi(ST_MakeEnvelope(112.4123456789, 34.9, 112.8, 35.2, 4490))),"
        " ('zone-3', ST_Multi(ST_MakeEnvelope(112.4123456789, 35.2, 112.8, 35.3, 4490)))) n(id, geom)"
        " WHERE n.id = z.id"
    )
    assert database.ask("SELECT count(*) FROM demo.zones WHERE ST_YMin(geom) = 35.2") == [(1,)]


def test_two_editors_at_once_cannot_both_take_the_same_land(database: Any, publish: Publish) -> None:
    publish()
    add = (
        "INSERT INTO demo.lines VALUES"
        " ('{0}', 'x', 'x', ST_Multi(ST_MakeEnvelope(112.5, 35.0, 112.6, 35.05, 4490)))"
    )
    with psycopg.connect(database.url()) as one, psycopg.connect(database.url()) as other:
        one.execute(add.format("one"))
        other.execute("SET lock_timeout = '200ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):  # it waits for the first
            other.execute(add.format("other"))
        other.rollback()
        one.commit()
        with pytest.raises(psycopg.errors.ExclusionViolation):
            other.execute(add.format("other"))


def test_an_unchanged_plan_makes_no_version(database: Any, publish: Publish, schemas: Any) -> None:
    publish()
    before = schemas()
    again = publish(note="again")
    assert not again.is_new
    assert again.version == 1
    assert schemas() == before
    assert database.ask("SELECT count(*) FROM spatial_registry.versions") == [(1,)]


def test_the_same_layers_from_another_plan_are_another_version(database: Any, publish: Publish) -> None:
    """Opinions stand with the plan they were computed on, so that plan must be there to stand with."""
    told = {"plan_sha256": "ab" * 32, "source.lines": "sha256 1", "code_sha256": "1"}
    publish(provenance=told)
    assert not publish(provenance={**told, "code_sha256": "2"}).is_new
    assert publish(provenance={**told, "plan_sha256": "cd" * 32}).version == 2
    assert publish(provenance={**told, "source.lines": "sha256 2"}).version == 3


def test_another_name_of_a_column_is_a_change(publish: Publish, contracts: dict[str, Contract]) -> None:
    publish()
    contracts["lines"] = Contract("控制线", "Lines", "Polygon", contracts["lines"].columns)
    assert publish(contracts=contracts).version == 2


def test_a_new_version_is_shown_and_the_old_one_is_kept(
    database: Any, publish: Publish, layers: Layers
) -> None:
    publish()
    layers["zones"] = layers["zones"].iloc[:2]
    del layers["zone_balance"]
    assert publish(layers, note="少一区").version == 2
    assert database.ask("SELECT count(*) FROM demo.zones") == [(2,)]
    assert database.ask("SELECT count(*) FROM demo_v0001.zones") == [(3,)]
    assert database.ask("SELECT to_regclass('demo.zone_balance')") == [(None,)]
    rows = database.ask("SELECT version, published_by, plan_hash, tool, note FROM spatial_registry.versions")
    assert rows == [(1, "postgres", "ab" * 32, "test 1", ""), (2, "postgres", "ab" * 32, "test 1", "少一区")]


def test_edits_in_the_database_are_audited_and_not_lost(database: Any, publish: Publish) -> None:
    publish()
    database.ask(EDIT)
    who, table, action, row, before, after = database.ask(
        "SELECT who, table_name, action, row_id, before, after FROM spatial_registry.audit"
    )[0]
    assert (who, table, action, row) == ("postgres", "zones", "update", "zone-2")
    assert (before["area_ha"], after["area_ha"]) == (None, 7)
    assert shapely.from_wkb(after["geom"]).geom_type == "MultiPolygon"
    made = publish()
    assert made.version == 2
    assert any("1 edits" in note for note in made.notes)
    assert database.ask("SELECT area_ha FROM demo_v0001.zones WHERE id = 'zone-2'") == [(7,)]


def test_the_audit_is_only_added_to(database: Any, publish: Publish) -> None:
    publish()
    database.ask(EDIT)
    for statement in ("UPDATE {} SET who = 'x'", "DELETE FROM {}", "TRUNCATE {}"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            database.ask(statement.format("spatial_registry.audit"))


def test_an_older_version_is_restored_with_its_edits(database: Any, publish: Publish, layers: Layers) -> None:
    publish()
    database.ask(EDIT)
    publish({**layers, "zones": layers["zones"].iloc[:1]})
    address = read_address(database.url())
    made = restore_version(address, "demo", 1, note="退回")
    assert (made.version, made.is_new, made.rows["zones"]) == (3, True, 3)
    assert database.ask("SELECT area_ha FROM demo.zones WHERE id = 'zone-2'") == [(7,)]
    assert database.ask("SELECT count(*) FROM demo_v0002.zones") == [(1,)]
    rows = database.ask("SELECT restored_from, note FROM spatial_registry.versions WHERE version = 3")
    assert rows == [(1, "退回")]
    with pytest.raises(psycopg.errors.ExclusionViolation):
        database.ask("UPDATE demo.zones SET geom = (SELECT geom FROM demo.zones WHERE id = 'zone-1')")
    with pytest.raises(psycopg.errors.NotNullViolation):
        database.ask("UPDATE demo.zones SET geom = NULL")
    assert not restore_version(address, "demo", 3).is_new
    with pytest.raises(OutputError, match="no version 9; there is 1, 2, 3"):
        restore_version(address, "demo", 9)
    with pytest.raises(OutputError, match="no such published plan"):
        restore_version(address, "nothing", 1)


def test_restored_without_edits_is_the_same_plan(publish: Publish, database: Any, layers: Layers) -> None:
    publish()
    publish({**layers, "zones": layers["zones"].iloc[:1]})
    restore_version(read_address(database.url()), "demo", 1)
    assert not publish().is_new


@pytest.mark.parametrize(
    "plan",
    [
        "济源市国土空间总体规划",
        "国土空间总体规划" * 12,
        'quo"ted',
        "a'; DROP SCHEMA public CASCADE; --",
        "pg_catalog",
        "x" * 63,
        "%s {0} $1 \\",
        "Ünïcode 🗺",
        "demo_v0001",
    ],
)
def test_plans_may_be_called_anything(database: Any, publish: Publish, plan: str) -> None:
    for version in (1, 2):
        made = publish(plan=plan)
        assert made.version == 1
        assert made.is_new == (version == 1)
        assert len(made.schema.encode()) <= 63
    assert database.ask("SELECT plan, current FROM spatial_registry.plans") == [(plan, 1)]
    assert database.ask("SELECT to_regnamespace('public') IS NOT NULL") == [(True,)]


def test_text_that_is_broken_is_refused_or_mended(publish: Publish, layers: Layers, schemas: Any) -> None:
    with pytest.raises(OutputError, match="broken characters"):
        publish(note="\ud800")
    with pytest.raises(OutputError, match="broken characters"):
        publish(prefix="\ud800")
    assert schemas() == set()
    zones = layers["zones"].assign(name=pd.Series(["a\0b", "\ud800", "c"], dtype=object))
    assert publish({**layers, "zones": zones}).is_new


def test_long_names_that_begin_alike_are_kept_apart(publish: Publish) -> None:
    made = [publish(plan="规划" * 30 + end) for end in ("甲", "乙")]
    assert made[0].schema != made[1].schema
    assert [one.version for one in made] == [1, 1]


@pytest.mark.parametrize("plan", ["", "  ", "a\0b", "a\nb", "\ud800"])
def test_names_that_are_none_are_refused(publish: Publish, schemas: Any, plan: str) -> None:
    with pytest.raises(OutputError, match="--as"):
        publish(plan=plan)
    assert schemas() == set()


@pytest.mark.parametrize("plan", ["public", "taken", "spatial_registry"])
def test_schemas_of_others_are_not_touched(database: Any, publish: Publish, schemas: Any, plan: str) -> None:
    database.ask("CREATE SCHEMA taken")
    with pytest.raises(OutputError, match="already that is not ours; publish under another name"):
        publish(plan=plan)
    assert schemas() == {"taken"}


def test_rows_that_break_a_constraint_are_all_named(publish: Publish, layers: Layers, schemas: Any) -> None:
    zones = layers["zones"].copy()
    zones["id"] = ["one", "two", "two"]
    bow = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1), (0, 0)])
    zones.loc[[0, 1], "geometry"] = gpd.GeoSeries([bow, bow], crs=4490)
    with pytest.raises(OutputError) as caught:
        publish({**layers, "zones": zones})
    text = str(caught.value)
    assert "two: the id stands twice" in text
    assert text.count("Self-intersection") == 2
    assert schemas() == set()


def test_layers_that_share_land_are_refused_by_name(publish: Publish, layers: Layers, schemas: Any) -> None:
    lines = pd.concat([layers["lines"], layers["lines"].assign(id="line-2")], ignore_index=True)
    with pytest.raises(OutputError, match="line-1: shares land with line-2"):
        publish({**layers, "lines": lines})
    assert schemas() == set()


def test_frames_that_cannot_be_kept_are_refused(
    publish: Publish, layers: Layers, contracts: dict[str, Contract], schemas: Any
) -> None:
    with pytest.raises(CrsError, match="4326"):
        publish({**layers, "zones": layers["zones"].set_crs(4326, allow_override=True)})
    with pytest.raises(OutputError, match="no layer to publish"):
        publish({})
    long = "国土空间" * 6
    for key in (long, "geom", "row_order"):
        contract = Contract("三线", "Lines", "Polygon", {key: Column("text", "长", "Long")})
        frame = layers["lines"].rename(columns={"line": key})
        with pytest.raises(OutputError, match=r"shorter one|rename it"):
            publish({"lines": frame}, contracts={**contracts, "lines": contract})
    assert schemas() == set()


def test_what_others_built_on_a_view_stays_or_is_named(
    database: Any, publish: Publish, layers: Layers, contracts: dict[str, Contract]
) -> None:
    publish()
    database.ask("CREATE VIEW public.mine AS SELECT id, zone FROM demo.zones")
    publish({**layers, "zones": layers["zones"].iloc[:2]})
    assert database.ask("SELECT count(*) FROM public.mine") == [(2,)]
    contracts["zones"] = Contract("三区", "Zones", "Polygon", {"kind": Column("text", "类别", "Kind")})
    with pytest.raises(OutputError, match="mine"):
        publish({**layers, "zones": layers["zones"].rename(columns={"zone": "kind"})}, contracts=contracts)
    assert database.ask("SELECT current FROM spatial_registry.plans") == [(2,)]


def test_postgis_may_lie_in_a_schema_of_its_own(
    postgres: Any, cluster: Any, make_parcel: Callable[..., Parcel], monkeypatch: pytest.MonkeyPatch
) -> None:
    from spatial.outputs.postgis.publication import publish_layers
    from spatial.sources.postgis import read_published

    monkeypatch.setenv("PGPASSWORD", postgres.PASSWORD)
    made = postgres.make_database(cluster, "elsewhere", template="template1")
    try:
        made.ask("CREATE SCHEMA gis; CREATE EXTENSION postgis SCHEMA gis")
        publish_layers(read_address(made.url()), make_parcel())
        assert len(read_published(made.url(), "demo")["zones"]) == 3
        with pytest.raises(psycopg.errors.ExclusionViolation):
            made.ask("UPDATE demo.zones SET geom = (SELECT geom FROM demo.zones WHERE id = 'zone-1')")
    finally:
        postgres.drop_database(made)


def test_a_backup_brings_back_all_of_it(database: Any, publish: Publish, postgres: Any) -> None:
    from spatial.sources.postgis import read_published

    publish()
    database.ask(EDIT)
    cluster, file = database.cluster, database.cluster.folder / "plan.dump"
    secret = f"PGPASSWORD={postgres.PASSWORD}"
    tools = cluster.binaries
    cluster.run("env", secret, tools / "pg_dump", "--format=custom", f"--file={file}", database.url())
    back = postgres.make_database(cluster, f"{database.name}_back", template="template0")
    try:
        cluster.run("env", secret, tools / "pg_restore", "--exit-on-error", "--dbname", back.url(), file)
        for name, frame in read_published(database.url(), "demo").items():
            assert frame.equals(read_published(back.url(), "demo")[name])
        assert back.ask("SELECT count(*) FROM spatial_registry.audit") == [(1,)]
        with pytest.raises(psycopg.errors.ExclusionViolation):
            back.ask("UPDATE demo.zones SET geom = (SELECT geom FROM demo.zones WHERE id = 'zone-1')")
    finally:
        postgres.drop_database(back)
