"""Addresses of PostgreSQL databases, never with a password, and what servers say, with what to do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spatial.errors import Fault, OutputError, SpatialError

if TYPE_CHECKING:
    from psycopg import Connection, Error

SRID = 4490
"""CGCS2000, longitude and latitude: the CRS of every geometry column."""
_SCHEMES = ("postgresql://", "postgres://")
_FORM = "postgresql://USER@HOST:PORT/DATABASE"
_CONNECT_S = 10
_PASSWORD = "set PGPASSWORD, write it to ~/.pgpass (%APPDATA%\\postgresql\\pgpass.conf), or be asked for it"
Ask = Callable[[str], str]
"""Asks a person at the terminal for the password of who is named; the answer is not shown."""


@dataclass(frozen=True)
class Address:
    """Where a database is.

    Parameters
    ----------
    text : str
        The address as libpq reads it; it holds no password.
    shown : str
        What messages call it: ``user@host:port/database``.
    """

    text: str
    shown: str

    def __str__(self) -> str:
        return self.shown


def read_address(url: str, option: str = "--to") -> Address:
    """Read a database's address.

    Parameters
    ----------
    url : str
        Such as ``postgresql://wang@10.0.0.5:5432/plan``; libpq's further parameters (``?sslmode=require``)
        are kept.
    option : str
        What the address was given by, for messages.

    Raises
    ------
    OutputError
        It is no such address, names no database, or holds a password. The address itself is never repeated:
        part of it may be one.

    Examples
    --------
    >>> print(read_address("postgresql://wang@10.0.0.5/plan"))
    wang@10.0.0.5/plan
    """
    conninfo = require_driver().conninfo
    if not url.startswith(_SCHEMES):
        raise OutputError(Fault(option, "", "this is no address of a PostgreSQL database", f"write {_FORM}"))
    try:
        parts = conninfo.conninfo_to_dict(url)
    except Exception:  # what libpq says of it cites it, and so perhaps a password
        raise OutputError(Fault(option, "", "the address cannot be read", f"write {_FORM}")) from None
    if "password" in parts or ":" in _userinfo(url):
        problem = "the address holds a password, which now stands in process lists and in the shell's history"
        raise OutputError(Fault(option, "", problem, f"leave it out and {_PASSWORD}; then change it"))
    if not str(parts.get("port", "0")).replace(",", "").isdigit():
        raise OutputError(Fault(option, "", "the port is no number", f"write {_FORM}"))
    if not parts.get("dbname"):
        raise OutputError(Fault(option, "", "the address names no database", f"write {_FORM}"))
    user = f"{parts['user']}@" if parts.get("user") else ""
    port = f":{parts['port']}" if parts.get("port") else ""
    return Address(url, f"{user}{parts.get('host') or 'localhost'}{port}/{parts['dbname']}")


def _userinfo(url: str) -> str:
    """Return all before the first ``@``, slashes too: libpq would take a password with a slash for a port."""
    head, found, _ = url.partition("://")[2].partition("?")[0].partition("@")
    return head if found else ""


def require_driver() -> Any:
    """Return the module psycopg.

    Raises
    ------
    OutputError
        It is not installed.
    """
    try:
        import psycopg
        import psycopg.conninfo
    except ImportError as error:
        remedy = "install it: pip install 'spatial-planning-toolkit[postgis]'"
        raise OutputError(Fault("PostgreSQL", "", f"needs psycopg: {error}", remedy)) from error
    # What it warns of, errors in the wake of one, is told once and with what to do: see `explaining`.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    return psycopg


def connect(
    address: Address, *, refuse: type[SpatialError] = OutputError, ask: Ask | None = None
) -> Connection[tuple[Any, ...]]:
    """Open a connection; nothing is committed but by the caller.

    Parameters
    ----------
    address : Address
    refuse : type
        The error to raise.
    ask : callable, optional
        Asks for the password where the server wants one and neither PGPASSWORD nor a password file has it.

    Raises
    ------
    SpatialError
        The server is down, does not let the user in, or has no such database.
    """
    psycopg = require_driver()
    options = {"connect_timeout": _CONNECT_S, "application_name": "spatial-planning-toolkit"}
    try:
        return psycopg.connect(address.text, **options)
    except psycopg.OperationalError as error:
        if not (ask and getattr(error.pgconn, "needs_password", False)):
            raise refuse(_explain_refusal(address, error)) from error
    try:
        return psycopg.connect(address.text, password=ask(str(address)), **options)
    except psycopg.OperationalError as error:
        raise refuse(_explain_refusal(address, error)) from error


def _explain_refusal(address: Address, error: Error) -> Fault:
    said = _first_line(str(error).rsplit("FATAL:", 1)[-1])
    if getattr(error.pgconn, "needs_password", False):
        return Fault(str(address), "", "the server wants a password and none is known", _PASSWORD)
    if "FATAL:" not in str(error) and not getattr(error.pgconn, "used_password", False):
        remedy = "see that the server runs, that host and port are right, and that the firewall lets you in"
        return Fault(str(address), "", f"no answer from the server: {said}", remedy)
    remedy = f"check user, password and database: {_PASSWORD}; pg_hba.conf on the server says who may come in"
    return Fault(str(address), "", f"the server does not let you in: {said}", remedy)


def _first_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[0].strip()


@contextmanager
def explaining(address: Address, refuse: type[SpatialError] = OutputError) -> Iterator[None]:
    """Turn what the server says into an error whose message says what to do.

    Raises
    ------
    SpatialError
        Of the type `refuse`, for every error of psycopg within.
    """
    psycopg = require_driver()
    try:
        yield
    except psycopg.Error as error:
        raise refuse(_explain(address, error)) from error
    except UnicodeEncodeError as error:
        fault = Fault(str(address), "", "a text has broken characters", "write it anew, as UTF-8")
        raise refuse(fault) from error


def _explain(address: Address, error: Error) -> Fault:
    diag = error.diag
    said = _first_line(diag.message_primary or str(error))
    where = ".".join(part for part in (diag.schema_name, diag.table_name) if part)
    for states, problem, remedy in _KNOWN:
        if (error.sqlstate or "").startswith(states):
            return Fault(str(address), where, f"{problem}: {said}", remedy)
    if error.sqlstate is None and not isinstance(error, require_driver().OperationalError):
        return Fault(str(address), where, f"cannot be sent: {said}", "nothing was changed")
    if error.sqlstate is None:
        remedy = "nothing was changed; see the server's log and run again"
        return Fault(str(address), where, f"the connection broke: {said}", remedy)
    detail = f" ({_first_line(diag.message_detail)[:200]})" if diag.message_detail else ""
    return Fault(str(address), where, f"the server refused: {said}{detail}", "nothing was changed")


_KNOWN: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("42501",),
        "your role may not do that",
        "ask the administrator for membership: planners publish and edit, departments write their opinions,"
        " viewers read; nothing was changed",
    ),
    (
        ("53100", "58030"),
        "the server's disk is full",
        "free some space there and run again; nothing was changed",
    ),
    (("53",), "the server is out of resources", "run again later; nothing was changed"),
    (("57P", "08"), "the connection was ended", "nothing was changed; run again"),
    (("57014",), "the statement was stopped", "nothing was changed; run again"),
    (("55P03", "40"), "another program is at it", "run again when it is done; nothing was changed"),
    (("25006",), "this server takes no changes", "use the primary server, not its copy"),
)  # fmt: skip
