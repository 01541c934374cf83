"""Publishing: a plan is built and put into a shared database, and its versions read back and compared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from spatial.errors import Fault, OutputError
from spatial.outputs.answers.revision import check_target, write_revision
from spatial.outputs.formats.geopackage import write_geopackage
from spatial.outputs.postgis.opinions import Computed, OpinionsSent, publish_opinions
from spatial.outputs.postgis.publication import Parcel, Publication, check_server, publish_layers
from spatial.outputs.postgis.restoration import restore_version
from spatial.pipeline import check_plan
from spatial.plan.departments import read_departments
from spatial.plan.postgres import Ask, read_address
from spatial.plan.published import Version, list_platforms
from spatial.plan.styles import read_styles
from spatial.results import Build
from spatial.sources.opinions import read_opinions
from spatial.sources.postgis import Published, list_versions, open_published
from spatial.studies.revisions import Revision, compare_versions

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Publishing:
    """A plan as built, and what became of its publication."""

    build: Build
    publication: Publication


def publish_plan(  # noqa: PLR0913 (each is an option of the command)
    where: str | Path,
    url: str,
    *,
    name: str | None = None,
    note: str = "",
    departments: Path | None = None,
    prefix: str | None = None,
    overrides: Sequence[str] = (),
    ask: Ask | None = None,
    progress: Progress | None = None,
) -> Publishing:
    """Build a plan and publish its layers as a new version, in one transaction.

    Parameters
    ----------
    where : str or Path
        Plan file, its folder, or the name of a shipped plan.
    url : str
        Such as ``postgresql://wang@10.0.0.5/plan``, without a password.
    name : str, optional
        What the plan is called in the database; its own name unless given.
    note : str
        What is said of this version.
    departments : Path, optional
        Table of departments, each of which gets a sub-platform; the shipped one unless given.
    prefix : str, optional
        What names of roles begin with; the database's name and ``_`` unless given.
    overrides : sequence of str
        Such as ``circles.0.speed=40 km/h``.
    ask : callable, optional
        Asks for the password; see `spatial.plan.postgres.connect`.
    progress : callable, optional
        Called with (step, done, total).

    Raises
    ------
    PlanError, SourceError, RuleError, OutputError
        Bad input, or a database that cannot be written: nothing was.

    Notes
    -----
    Raster layers of an evaluation stay files; see ``spatial build``.
    """
    address, asked = read_address(url), cache(ask) if ask else None
    platforms = list_platforms(read_departments(departments))
    check_server(address, ask=asked)  # before the plan is built, which may take minutes
    build = check_plan(where, overrides=overrides, progress=progress)
    parcel = Parcel(
        name or build.plan.name,
        build.plan.title,
        build.layers,
        build.contracts,
        read_styles(),
        build.provenance,
        note,
        platforms,
    )
    made = publish_layers(address, parcel, prefix=prefix, ask=asked, progress=progress)
    return Publishing(build, made)


def find_versions(url: str, plan: str | None = None, *, ask: Ask | None = None) -> list[Version]:
    """Return the versions of all plans of a database, or of one.

    Raises
    ------
    OutputError, SourceError
        The address is none, the server does not let the user in, or nothing was published.
    """
    return list_versions(read_address(url, "--at"), plan, ask=ask)


def compare_published(
    url: str,
    plan: str,
    before: int,
    after: int,
    *,
    out: Path | None = None,
    ask: Ask | None = None,
) -> Revision:
    """Compare two versions of a published plan, and write what differs if asked to.

    Parameters
    ----------
    url : str
    plan : str
        Its name in the database.
    before, after : int
        The versions.
    out : Path, optional
        ``….gpkg`` or ``….csv``.
    ask : callable, optional

    Raises
    ------
    OutputError, SourceError
        No such plan or version, the server does not let the user in, or the file cannot be written.
    """
    address = read_address(url, "--at")
    if out is not None:
        check_target(out)
    one, other = open_published(address, plan, [before, after], ask=ask)
    made = compare_versions(one, other)
    if out is not None:
        origin = {"database": str(address), "plan": plan, "before": str(before), "after": str(after)}
        stamp = _day_of(made.after.version)
        write_revision(out, made.table, made.changes, provenance=origin, stamp=stamp)
    return made


def restore_published(
    url: str, plan: str, version: int, *, note: str = "", ask: Ask | None = None
) -> Publication:
    """Make an older version of a published plan current again, as a new version.

    Raises
    ------
    OutputError
        No such plan or version, the role may not, or the server fails; nothing was changed.
    """
    return restore_version(read_address(url, "--at"), plan, version, note=note, ask=ask)


def fetch_published(
    url: str, plan: str, out: Path, *, version: int | None = None, ask: Ask | None = None
) -> Published:
    """Read a version of a published plan and write it as one GeoPackage, styled as the plan's own.

    Raises
    ------
    OutputError, SourceError
        No such plan or version, the server does not let the user in, or the file cannot be written.
    """
    address = read_address(url, "--at")
    if out.suffix.lower() != ".gpkg":
        raise OutputError(Fault("--out", str(out), "is no GeoPackage", "write a name that ends in .gpkg"))
    made = open_published(address, plan, [version], ask=ask)[0]
    origin = {"database": str(address), "plan": plan, "version": str(made.version.version)}
    write_geopackage(
        out,
        made.layers,
        contracts=made.contracts,
        styles=read_styles(),
        provenance={**origin, "plan_sha256": made.version.plan_hash},
        stamp=_day_of(made.version),
    )
    return made


def submit_opinions(
    url: str, plan: str, file: Path, *, version: int | None = None, ask: Ask | None = None
) -> OpinionsSent:
    """Write what ``spatial conform`` computed beside a published plan, for departments to act on.

    Parameters
    ----------
    url : str
    plan : str
        Its name in the database.
    file : Path
        ``opinions.gpkg`` with the layers ``opinions`` and ``projects``.
    version : int, optional
        The version that they were computed on; the current one unless given.
    ask : callable, optional

    Raises
    ------
    SourceError, OutputError
        No such file, layer, plan or version, opinions computed on another plan, bad rows, or a role that may
        not; nothing was written.
    """
    address = read_address(url, "--at")
    read = read_opinions(file)
    computed = Computed(read.opinions, read.projects, read.provenance)
    return publish_opinions(address, plan, computed, version=version, ask=ask)


def _day_of(version: Version) -> dt.date:
    return version.published_at.astimezone(dt.UTC).date()
