"""A throw-away PostgreSQL with PostGIS on loopback, for tests and benchmarks; gone when they are done.

The binaries are those of the system (Debian: ``postgresql`` and ``postgresql-postgis``). A server refuses to
run as root, so root hands it to another user. Clients come in by password only, as on a real server.
Without psycopg or a server those who ask for it skip.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

TEMPLATE = "with_postgis"
PASSWORD = "s3cret-and-long"
_TRIES = 3
_USERS = ("postgres", "nobody")


class UnavailableError(RuntimeError):
    """There is no PostgreSQL, no PostGIS, or no user to run it."""


def find_binaries() -> Path:
    """Return the folder of ``initdb``: the newest of Debian's, else that of the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    if there := shutil.which("initdb"):
        return Path(there).resolve().parent
    raise UnavailableError("no PostgreSQL server: install postgresql and postgresql-postgis")


def find_user() -> str | None:
    """Return the user to run the server as; None stands for oneself."""
    if os.geteuid():
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    for name in _USERS:
        if name in known:
            return name
    raise UnavailableError("a server refuses to run as root, and there is no user postgres or nobody")


@dataclass
class Cluster:
    """A running server."""

    folder: Path
    port: int
    binaries: Path
    user: str | None

    def url(self, database: str, user: str = "postgres") -> str:
        """Return an address, which has no password."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def run(self, *command: str | Path) -> str:
        """Run a program of the server as its user; return what it printed."""
        return _run_as(self.user, command, self.folder)

    @property
    def postmaster(self) -> int:
        """The server's process."""
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    def stop(self) -> None:
        """Stop the server at once and remove its files."""
        if not self.folder.exists():
            return
        # One that never came up has nothing to stop.
        with contextlib.suppress(subprocess.CalledProcessError):
            self.run(self.binaries / "pg_ctl", "stop", "-D", self.folder / "data", "-m", "immediate", "-w")
        shutil.rmtree(self.folder, ignore_errors=True)


def start_cluster(*, durable: bool = False) -> Cluster:
    """Make and start a server whose template database has PostGIS.

    `durable` keeps it safe against power cuts, as a real one is; tests do without.
    """
    binaries, user = find_binaries(), find_user()
    # Not in pytest's own folder, into which another user cannot look.
    folder = Path(tempfile.mkdtemp(prefix="spatial-postgres-"))
    if user:
        entry = pwd.getpwnam(user)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
    secret = folder / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    cluster = Cluster(folder, _free_port(), binaries, user)
    atexit.register(cluster.stop)
    try:
        cluster.run(
            binaries / "initdb", "-D", folder / "data", "-U", "postgres", f"--pwfile={secret}",
            "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync",
        )  # fmt: skip
        _start(cluster, durable)
        _make_template(cluster)
    except (subprocess.CalledProcessError, psycopg.Error) as error:
        cluster.stop()
        why = getattr(error, "output", None) or error
        raise UnavailableError(f"no server with PostGIS comes up: {why}") from error
    return cluster


def _start(cluster: Cluster, durable: bool) -> None:
    """Start the server; where another program took the port meanwhile, on another one."""
    data, log = cluster.folder / "data", cluster.folder / "log"
    for left in reversed(range(_TRIES)):
        settings = {
            "listen_addresses": "127.0.0.1", "port": cluster.port, "unix_socket_directories": "''",
            "autovacuum": "off", **({} if durable else {"fsync": "off", "full_page_writes": "off"}),
        }  # fmt: skip
        options = " ".join(f"-c {key}={value}" for key, value in settings.items())
        try:
            cluster.run(cluster.binaries / "pg_ctl", "start", "-D", data, "-l", log, "-w", "-o", options)
        except subprocess.CalledProcessError:
            if not left:
                raise
            cluster.port = _free_port()
        else:
            return


def _make_template(cluster: Cluster) -> None:
    admin = psycopg.connect(cluster.url("postgres"), password=PASSWORD, autocommit=True)
    with admin:
        admin.execute(f"CREATE DATABASE {TEMPLATE}")
    inside = psycopg.connect(cluster.url(TEMPLATE), password=PASSWORD, autocommit=True)
    with inside:
        inside.execute("CREATE EXTENSION postgis")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _run_as(user: str | None, command: tuple[str | Path, ...], folder: Path) -> str:
    entry = pwd.getpwnam(user) if user else None
    who = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []} if entry else {}
    # pg_ctl's server keeps what it inherits open, so its output must not be a pipe that one waits for.
    with tempfile.TemporaryFile("w+") as said:
        done = subprocess.run(
            [str(part) for part in command], stdout=said, stderr=said, stdin=subprocess.DEVNULL,
            cwd=folder, env={"PATH": os.environ["PATH"], "LC_ALL": "C"}, check=False, **who,
        )  # fmt: skip
        said.seek(0)
        text = said.read()
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, str(command[0]), text)
    return text


@dataclass(frozen=True)
class Database:
    """A database of its own for one test."""

    cluster: Cluster
    name: str

    def url(self, user: str = "postgres") -> str:
        """Return its address for a user, without a password."""
        return self.cluster.url(self.name, user)

    def connect(self, user: str = "postgres") -> psycopg.Connection[Any]:
        """Open a connection where each statement is committed at once."""
        return psycopg.connect(self.url(user), password=PASSWORD, autocommit=True)

    def ask(self, query: Any, *values: Any, user: str = "postgres") -> list[tuple[Any, ...]]:
        """Run a statement as a user; return its rows, if it has any."""
        with self.connect(user) as connection:
            cursor = connection.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []

    def add_user(self, name: str, *groups: str) -> str:
        """Make a user who may log in, in some groups; users are of the whole server, so names bear the test's."""
        user = f"{name}_of_{self.name}"
        self.ask(f"CREATE ROLE {user} LOGIN PASSWORD '{PASSWORD}'")
        for group in groups:
            self.ask(f'GRANT "{self.name}_{group}" TO {user}')
        return user


def make_database(cluster: Cluster, name: str, *, template: str = TEMPLATE) -> Database:
    """Make a database with PostGIS in it."""
    with psycopg.connect(cluster.url("postgres"), password=PASSWORD, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return Database(cluster, name)


def drop_database(database: Database) -> None:
    """Remove a database, whoever is in it."""
    cluster = database.cluster
    with psycopg.connect(cluster.url("postgres"), password=PASSWORD, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {database.name} WITH (FORCE)")
