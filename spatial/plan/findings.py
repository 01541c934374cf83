"""Findings: what was seen to be wrong or worth knowing in layers, as a layer of its own."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
from shapely.geometry.base import BaseGeometry

Severity = Literal["error", "warning", "info"]

STORED_CRS = "EPSG:4490"
"""CGCS2000: the CRS in which layers are stored and exchanged."""


@dataclass(frozen=True)
class Finding:
    """One finding.

    Parameters
    ----------
    rule : str
        Stable id of the rule, such as ``structure.count``.
    severity : {"error", "warning", "info"}
        Errors set exit code 1.
    layer, feature_id : str
        What it is about; either may be empty.
    message_zh, message_en : str
        One sentence each, with the value seen and what would be right.
    value, limit : float, optional
        The number seen and the number it was held against, in the unit that the message names.
    geometry : shapely geometry, optional
        Where, in EPSG:4490.
    """

    rule: str
    severity: Severity
    layer: str
    feature_id: str
    message_zh: str
    message_en: str
    value: float | None = None
    limit: float | None = None
    geometry: BaseGeometry | None = None


_ORDER = {"error": 0, "warning": 1, "info": 2}
_FIELDS = ("rule", "severity", "layer", "feature_id", "message_zh", "message_en", "value", "limit")


def _rank(finding: Finding) -> tuple[object, ...]:
    """Worst first, then by all that tells findings apart, so that the order they come in has no say."""
    numbers = (math.inf if number is None else number for number in (finding.value, finding.limit))
    texts = (finding.rule, finding.layer, finding.feature_id, finding.message_en, finding.message_zh)
    shape = b"" if finding.geometry is None else finding.geometry.wkb
    return (_ORDER[finding.severity], *texts, *numbers, shape)


def frame_findings(findings: Iterable[Finding]) -> gpd.GeoDataFrame:
    """Put findings into a frame, worst first, with stable ids.

    Parameters
    ----------
    findings : iterable of Finding
        Any number, also none.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns ``id, name, rule, severity, layer, feature_id, message_zh, message_en, value, limit,
        geometry`` in EPSG:4490; `value`, `limit` and geometry may be null.

    Examples
    --------
    >>> frame_findings([Finding("demo.rule", "info", "zones", "", "好", "good")])["id"].tolist()
    ['finding-0001']
    """
    rows = sorted(findings, key=_rank)
    columns: dict[str, list[object]] = {field: [getattr(row, field) for row in rows] for field in _FIELDS}
    frame = gpd.GeoDataFrame(
        {
            "id": [f"finding-{number:04d}" for number in range(1, len(rows) + 1)],
            "name": [row.message_zh for row in rows],
            **columns,
        },
        geometry=[row.geometry for row in rows],
        crs=STORED_CRS,
    )
    # Said outright, because an empty list tells pandas nothing.
    texts = dict.fromkeys(("id", "name", *_FIELDS[:-2]), "str")
    return frame.astype({**texts, "value": "float64", "limit": "float64"})
