"""Minutes between places: an origin-destination matrix from a file of roads alone, written as it is made."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from spatial.engine.travel.choice import choose
from spatial.engine.travel.network import FAR, Floats, Longs, Network
from spatial.engine.travel.places import starts_of
from spatial.engine.travel.routing import matrix
from spatial.engine.travel.snapping import index_roads
from spatial.outputs.files import replacing
from spatial.plan.findings import Finding, frame_findings
from spatial.sources.origin import list_some
from spatial.studies.journeys import (
    SNAP,
    Given,
    Progress,
    Snapped,
    ask_roads,
    gather_places,
    keep_quiet,
    snap_places,
    take_snaps,
)
from spatial.studies.questions import read_length, read_minutes

_MOST_NUMBERS = 4_000_000
_SHOWN = 1000


@dataclass(frozen=True)
class Matrix:
    """Minutes between places.

    Parameters
    ----------
    table : pandas.DataFrame
        ``origin, origin_name, target, target_name, time_min``: a row for each pair that is within the limit.
        Of a matrix that was written, the first thousand.
    pairs : int
        How many rows there are.
    findings : geopandas.GeoDataFrame
        Places that no road is near to, and places that reach nothing.
    files : tuple of Path
    notes : tuple of str
        How the network was built and swept.
    """

    table: pd.DataFrame
    pairs: int
    findings: gpd.GeoDataFrame
    files: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def has_errors(self) -> bool:
        """Whether a finding is an error: exit code 1."""
        return bool((self.findings["severity"] == "error").any())


def tabulate_times(  # noqa: PLR0913 (a question in one call; all but two have a default)
    roads: str | PathLike[str],
    origins: Given | Iterable[Given],
    targets: Given | Iterable[Given] | None = None,
    *,
    limit: str | float | None = None,
    mode: str = "drive",
    speed: str | Sequence[str] | None = None,
    dem: str | PathLike[str] | None = None,
    columns: Sequence[str] | None = None,
    snap: str = SNAP,
    crs: str | None = None,
    out: str | PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Matrix:
    """Tell the minutes from each origin to each target along roads.

    Parameters
    ----------
    roads, origins, mode, speed, dem, columns, snap, crs, progress
        As for `draw_rings`.
    targets : str, path or iterable of them, optional
        As `origins`; without them the origins are the targets too.
    limit : str or float, optional
        Minutes; pairs farther apart have no row.
    out : path, optional
        CSV file, UTF-8 with a byte order mark; written a part at a time, so that memory stays flat.

    Returns
    -------
    Matrix
        On foot, times include the ways between places and roads, at 3 km/h. A place is 0 minutes from itself.

    Raises
    ------
    PlanError, SourceError, OutputError
        As `draw_rings`.
    """
    show = progress or keep_quiet
    limit_s = read_minutes(limit)[-1] * 60 if limit is not None else math.inf
    source, snap_m = ask_roads(roads, mode, speed, dem, columns), read_length(snap, "--snap")
    from_, to = gather_places(origins, "--from", crs), None
    if targets is not None:
        to = gather_places(targets, "--to", crs)
    network = source.open(show)
    index = index_roads(network)
    where = source.path.name
    starts = snap_places(network, from_, snap_m, where=where, layer="origins", index=index)
    ends = starts
    if to is not None:
        ends = snap_places(network, to, snap_m, where=where, layer="targets", index=index)
    pairs = _Pairs(network, starts, ends, limit_s)
    first, files = _gather(pairs, Path(out) if out is not None else None, show)
    found = [*from_.findings, *starts.findings, *(to.findings if to else ()), *pairs.find_idle()]
    found += [*source.findings, *(ends.findings if to is not None else ())]
    notes = (*network.notes, f"engine {pairs.choice}", f"snapping: {starts.describe(network.mode)}")
    return Matrix(first, pairs.count, frame_findings(found), files, notes)


class _Pairs:
    """Pairs of places with their minutes, made a part at a time."""

    def __init__(self, network: Network, starts: Snapped, ends: Snapped, limit_s: float) -> None:
        self.network, self.starts, self.ends, self.limit_s = network, starts, ends, limit_s
        self.same = starts is ends
        self.count = 0
        self.reached = np.zeros(len(starts.frame), dtype=np.int64)
        sweeps = starts_of(network, starts.snaps)
        self.choice = choose(network, sweeps, min(limit_s, float(FAR)), targets=len(ends.frame))

    def parts(self, show: Progress) -> Iterator[pd.DataFrame]:
        """Yield rows of the table, origins in their order, targets in theirs."""
        names = [snapped.frame[["id", "name"]] for snapped in (self.starts, self.ends)]
        count = len(names[0])
        step = max(1, _MOST_NUMBERS // max(1, len(names[1])))
        for begin in range(0, count, step):
            show("times", begin, count)
            rows = np.arange(begin, min(begin + step, count))
            minutes = self._measure(rows) / 60
            one, other = np.nonzero(np.isfinite(minutes))
            self.count += len(one)
            self.reached[rows] = np.bincount(one, minlength=len(rows))
            columns: dict[str, object] = {}
            for name, frame, at in zip(("origin", "target"), names, (rows[one], other), strict=True):
                columns[name] = frame["id"].to_numpy()[at]
                columns[f"{name}_name"] = frame["name"].to_numpy()[at]
            yield pd.DataFrame(columns | {"time_min": minutes[one, other].round(3)})
        show("times", count, count)

    def _measure(self, rows: Longs) -> Floats:
        """Return seconds between some origins and all targets; infinite beyond the limit."""
        limit_s, mode = min(self.limit_s, float(FAR)), self.network.mode
        from_ = take_snaps(self.starts.snaps, rows)
        seconds = matrix(self.network, from_, self.ends.snaps, limit_s, choice=self.choice)
        leads = self.starts.lead_s(mode)[rows][:, None] + self.ends.lead_s(mode)
        whole = np.where(seconds < FAR, seconds + leads, np.inf)
        if self.same:
            whole[np.arange(len(rows)), rows] = np.where(from_.road >= 0, 0.0, np.inf)
        return np.where(whole <= self.limit_s, whole, np.inf)

    def find_idle(self) -> Iterator[Finding]:
        """Report places on the network that reach no target but themselves."""
        least = 1 if self.same else 0
        idle = (self.reached <= least) & self.starts.frame["snapped"].to_numpy()
        if idle.any() and len(self.ends.frame) > least:
            some, count = list_some(self.starts.frame["name"][idle]), int(idle.sum())
            zh = f"{count} 个起点在时限内到不了任何终点：{some}。"
            en = f"{count} origins reach no target within the limit: {some}."
            yield Finding("matrix.reaches_nothing", "warning", "origins", "", zh, en, value=float(count))


def _gather(pairs: _Pairs, out: Path | None, show: Progress) -> tuple[pd.DataFrame, tuple[Path, ...]]:
    """Return the whole table, or write it and return its first rows."""
    if out is None:
        return pd.concat(pairs.parts(show), ignore_index=True), ()
    first = pd.DataFrame()
    with replacing(out) as beside:
        for number, part in enumerate(pairs.parts(show)):
            first = part.head(_SHOWN) if number == 0 else first
            encoding = "utf-8" if number else "utf-8-sig"
            part.to_csv(
                beside, mode="a", header=not number, index=False, encoding=encoding, lineterminator="\n"
            )
    return first, (out,)
