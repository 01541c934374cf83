"""Comparisons: two scenarios held against each other, what of it is new, and the files that tell of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from spatial.outputs.answers.compare import ComparePapers, tabulate_figures, write_comparison
from spatial.plan.contract import Contract
from spatial.plan.findings import Finding, frame_findings
from spatial.studies.changes import Changes, Scenario, compare_scenarios

_SAME_RULE = ["rule", "layer", "feature_id"]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two scenarios side by side.

    Parameters
    ----------
    changes : Changes
        Land, places, roads and figures, each held against its like.
    table : pandas.DataFrame
        The tidy table, as `tabulate_figures` returns it: ``subject, measure, unit, before, after,
        difference, share`` and names and verdicts. `share` is the difference by what was before.
    findings : geopandas.GeoDataFrame
        What could not be compared, and findings that only the second scenario has.
    files : tuple of Path
        What was written.
    notes : tuple of str
    """

    changes: Changes
    table: pd.DataFrame
    findings: gpd.GeoDataFrame
    files: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether anything differs at all."""
        return self.changes.differs

    @property
    def has_errors(self) -> bool:
        """Whether something that only the second scenario has is an error: exit code 1."""
        return bool((self.findings["severity"] == "error").any())

    def with_findings(self, more: Sequence[Finding]) -> Comparison:
        """Return the comparison with further findings."""
        return replace(self, findings=frame_findings([*_read_findings(self.findings), *more]))


def hold_together(
    scenarios: Sequence[Scenario],
    findings: Sequence[gpd.GeoDataFrame],
    more: Sequence[Finding] = (),
    notes: Sequence[str] = (),
) -> Comparison:
    """Compare two scenarios, and keep of the second's findings those that the first has not.

    Parameters
    ----------
    scenarios : sequence of Scenario
        The first and the second.
    findings : sequence of GeoDataFrame
        Of each, as `frame_findings` makes them.
    more : sequence of Finding
        That concern the comparison itself.
    notes : sequence of str

    Raises
    ------
    GeometryError
        As `compare_scenarios`.
    """
    before, after = scenarios
    changes = compare_scenarios(before, after)
    old, new = (list(frame[_SAME_RULE].itertuples(index=False, name=None)) for frame in findings)
    known = set(old)
    fresh = np.array([key not in known for key in new], dtype=bool) & (findings[1]["severity"] != "info")
    found = frame_findings([*changes.findings, *more, *_read_findings(findings[1][fresh])])
    return Comparison(changes, tabulate_figures(changes.figures), found, notes=tuple(notes))


def _read_findings(frame: gpd.GeoDataFrame) -> list[Finding]:
    """Return findings from the frame that they were put into."""
    rows = frame[list(Finding.__dataclass_fields__)].to_dict("records")
    return [Finding(**_plain(row)) for row in rows]


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    return {
        key: None if not isinstance(value, str) and pd.isna(value) else value for key, value in row.items()
    }


def deliver_comparison(
    made: Comparison,
    folder: Path,
    ground: Mapping[str, gpd.GeoDataFrame],
    contracts: Mapping[str, Contract],
    papers: ComparePapers,
) -> Comparison:
    """Write the files of a comparison; see `write_comparison`.

    Raises
    ------
    OutputError
        A file cannot be written.
    """
    changes = made.changes
    layers = {
        "ring_changes": changes.rings,
        "place_changes": changes.places,
        "land_changes": changes.lands,
        "road_changes": changes.roads,
        "findings": made.findings,
    }
    files, told = write_comparison(
        folder, layers, ground=ground, contracts=contracts, table=made.table, papers=papers
    )
    return replace(made, files=files, notes=(*made.notes, *told))
