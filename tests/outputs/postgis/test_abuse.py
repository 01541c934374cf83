"""Servers that are down, full or refuse; publishers that are killed or come at once: nothing half-written."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import psycopg
import pytest
import shapely

from spatial.errors import OutputError, SourceError
from spatial.outputs.postgis.publication import Parcel, Publication, publish_layers
from spatial.plan.contract import Contract
from spatial.plan.postgres import read_address
from spatial.sources.postgis import list_versions

Publish = Callable[..., Publication]
MANY = 60_000
PATIENCE_S = 30.0
CONTRACT = Contract("地块", "Parcels", "Polygon")
PROGRAM = """
import sys
sys.path.insert(0, sys.argv[2])
from spatial.outputs.postgis.publication import publish_layers
from spatial.plan.postgres import read_address
from test_abuse_parcel import make
publish_layers(read_address(sys.argv[1]), make())
"""


def make_many(count: int = MANY) -> gpd.GeoDataFrame:
    side = int(np.ceil(np.sqrt(count)))
    x, y = (part.ravel()[:count] for part in np.meshgrid(np.arange(side), np.arange(side)))
    shapes = shapely.box(112 + x * 1e-3, 35 + y * 1e-3, 112.0009 + x * 1e-3, 35.0009 + y * 1e-3)
    ids = [f"parcel-{at:06d}" for at in range(count)]
    return gpd.GeoDataFrame({"id": ids, "name": ids}, geometry=shapes, crs=4490)


@pytest.fixture
def many(make_parcel: Callable[..., Parcel]) -> Parcel:
    """A plan that takes some seconds to publish."""
    return make_parcel({"parcels": make_many()}, contracts={"parcels": CONTRACT}, plan="many")


def wait_for(condition: Callable[[], bool]) -> bool:
    """Wait until something is so; say whether it came to be."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    return False


def find_publishers(database: Any) -> list[int]:
    rows = database.ask(
        "SELECT pid FROM pg_stat_activity WHERE datname = %s AND query LIKE 'COPY%%' AND state = 'active'"
        " AND application_name = 'spatial-planning-toolkit'",
        database.name,
    )
    return [pid for (pid,) in rows]


def test_a_server_that_is_down_is_said_to_be(make_parcel: Callable[..., Parcel]) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    address = read_address(f"postgresql://wang@127.0.0.1:{port}/plan")
    with pytest.raises(OutputError, match=r"no answer from the server.*firewall"):
        publish_layers(address, make_parcel())
    with pytest.raises(SourceError, match="no answer from the server"):
        list_versions(address)
    with pytest.raises(OutputError, match="no answer from the server"):
        publish_layers(read_address("postgresql://wang@no-such-host.invalid/plan"), make_parcel())


def test_a_server_that_does_not_let_one_in_is_told_apart(
    database: Any, make_parcel: Callable[..., Parcel], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    parcel = make_parcel()
    with pytest.raises(OutputError, match=r"does not let you in.*check user, password"):
        publish_layers(read_address(database.url("nobody_such")), parcel)
    with pytest.raises(OutputError, match=r"does not let you in.*does not exist"):
        publish_layers(read_address(database.cluster.url("no_such_database")), parcel)
    monkeypatch.setenv("PGPASSWORD", "Geheim-1234")
    with pytest.raises(OutputError, match="does not let you in") as caught:
        publish_layers(read_address(database.url()), parcel)
    assert "Geheim-1234" not in str(caught.value)
    monkeypatch.delenv("PGPASSWORD")
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none"))
    with pytest.raises(OutputError, match=r"wants a password and none is known; set PGPASSWORD"):
        publish_layers(read_address(database.url()), parcel)


def test_the_password_is_asked_for_and_kept_nowhere(
    database: Any,
    postgres: Any,
    make_parcel: Callable[..., Parcel],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.delenv("PGPASSWORD")
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none"))
    asked: list[str] = []

    def ask(address: str) -> str:
        asked.append(address)
        return str(postgres.PASSWORD)

    made = publish_layers(read_address(database.url()), make_parcel(), ask=ask)
    assert asked == [f"postgres@127.0.0.1:{database.cluster.port}/{database.name}"]
    assert postgres.PASSWORD not in repr(made)
    assert postgres.PASSWORD not in "".join(
        map(str, database.cluster.run("cat", database.cluster.folder / "log"))
    )
    with pytest.raises(OutputError, match="does not let you in"):
        publish_layers(read_address(database.url()), make_parcel(), ask=lambda _: "wrong")


def test_a_database_without_postgis_is_refused(
    postgres: Any, cluster: Any, make_parcel: Callable[..., Parcel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", postgres.PASSWORD)
    bare = postgres.make_database(cluster, "bare", template="template1")
    try:
        with pytest.raises(
            OutputError, match=r'has no PostGIS.*psql -d "bare" -c "CREATE EXTENSION postgis"'
        ):
            publish_layers(read_address(bare.url()), make_parcel())
        assert bare.ask("SELECT to_regnamespace('spatial_registry')") == [(None,)]
    finally:
        postgres.drop_database(bare)


def test_a_publisher_that_is_killed_leaves_nothing(
    database: Any, publish: Publish, schemas: Any, tmp_path: Path
) -> None:
    publish()
    before = schemas()
    (tmp_path / "test_abuse_parcel.py").write_text(
        "import sys, importlib.util\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "import conftest, test_abuse\n"
        "def make():\n"
        "    return conftest.Parcel('many', conftest.Text(zh='多', en='Many'),\n"
        "        {'parcels': test_abuse.make_many(400_000)}, {'parcels': test_abuse.CONTRACT},\n"
        "        conftest.read_styles())\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-c", PROGRAM, database.url(), str(tmp_path)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[3]) as client:
        try:
            assert wait_for(lambda: bool(find_publishers(database)) or client.poll() is not None)
            assert client.poll() is None, "it was done, or failed, before it could be killed"
        finally:
            client.send_signal(signal.SIGKILL)
    assert wait_for(lambda: not find_publishers(database))
    assert schemas() == before
    assert database.ask("SELECT plan FROM spatial_registry.plans") == [("demo",)]
    assert publish(plan="after").is_new  # no lock is left


def test_a_connection_that_is_ended_on_the_server_leaves_nothing(
    database: Any, publish: Publish, many: Parcel, schemas: Any, caplog: pytest.LogCaptureFixture
) -> None:
    publish()
    before = schemas()
    ended: list[int] = []

    def end() -> None:
        if wait_for(lambda: bool(find_publishers(database))):
            ended.extend(find_publishers(database))
            database.ask("SELECT pg_terminate_backend(pid) FROM unnest(%s) pid", ended)

    killer = threading.Thread(target=end)
    killer.start()
    try:
        with pytest.raises(OutputError, match=r"ended|broke"):
            publish_layers(read_address(database.url()), many)
    finally:
        killer.join()
    assert ended
    assert caplog.text == ""  # psycopg's own words would stand on stderr beside ours
    assert wait_for(lambda: schemas() == before)


def test_a_statement_that_fails_at_the_end_undoes_all(
    database: Any, publish: Publish, schemas: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish()
    before = schemas()
    database.ask(
        "CREATE FUNCTION public.stop() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF current_query() ~ 'VIEW.*lines' THEN RAISE EXCEPTION 'no' USING ERRCODE = 'disk_full'; END IF; END $$;"
        "CREATE EVENT TRIGGER stop ON ddl_command_start EXECUTE FUNCTION public.stop()"
    )
    with pytest.raises(OutputError, match=r"disk is full.*nothing was changed"):
        publish(plan="late")
    database.ask("DROP EVENT TRIGGER stop")
    assert schemas() == before
    assert publish(plan="late").is_new


@pytest.fixture
def tiny(database: Any) -> Iterator[Path]:
    """A file system of a few megabytes that the server may write to; only root can have one."""
    if os.geteuid() or not shutil.which("mount"):
        pytest.skip("a full disk needs root, to mount a tiny one")
    folder = database.cluster.folder / "tiny"
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"this machine lets nobody mount: {done.stderr.strip()}")
    try:
        entry = pwd.getpwnam(database.cluster.user)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def test_a_disk_that_is_full_leaves_nothing(
    database: Any, publish: Publish, many: Parcel, schemas: Any, tiny: Path
) -> None:
    publish()
    before = schemas()
    database.ask(f"CREATE TABLESPACE tiny LOCATION '{tiny}'")
    database.ask("GRANT CREATE ON TABLESPACE tiny TO PUBLIC")
    database.ask(f"ALTER DATABASE {database.name} SET default_tablespace = tiny")
    try:
        with pytest.raises(OutputError, match=r"the server's disk is full.*free some space"):
            publish_layers(read_address(database.url()), many)
        assert schemas() == before
    finally:
        database.ask(f"ALTER DATABASE {database.name} RESET default_tablespace")
        database.ask("DROP TABLESPACE tiny")
    assert publish_layers(read_address(database.url()), many).is_new


def test_publishers_at_once_come_one_after_the_other(
    database: Any, make_parcel: Callable[..., Parcel], layers: dict[str, Any]
) -> None:
    address = read_address(database.url())
    parcels = [
        make_parcel(),
        make_parcel({**layers, "zones": layers["zones"].iloc[:2]}),
        make_parcel(plan="b"),
    ]
    made: list[Publication] = []
    errors: list[BaseException] = []

    def send(parcel: Parcel) -> None:
        try:
            made.append(publish_layers(address, parcel))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=send, args=(parcel,)) for parcel in parcels]
    with psycopg.connect(database.url()) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtext('spatial_registry'))")
        for thread in threads:
            thread.start()
        assert wait_for(
            lambda: (
                database.ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")[0][
                    0
                ]
                == len(threads)
            )
        )
        assert not made
    for thread in threads:
        thread.join()
    assert not errors
    assert sorted((one.plan, one.version) for one in made) == [("b", 1), ("demo", 1), ("demo", 2)]
    assert all(any("waited for another publisher" in note for note in one.notes) for one in made)
    rows = database.ask("SELECT plan, current FROM spatial_registry.plans ORDER BY 1")
    assert rows == [("b", 1), ("demo", 2)]


def test_a_server_that_only_reads_is_said_to_be(database: Any, publish: Publish) -> None:
    database.ask(f"ALTER DATABASE {database.name} SET default_transaction_read_only = on")
    with pytest.raises(OutputError, match="takes no changes"):
        publish()
