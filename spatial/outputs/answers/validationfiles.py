"""What came of checking a data file, as files: findings as a GeoPackage layer, a table and a workbook."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.outputs.files import replacing
from spatial.outputs.papers.cells import Head, Quantity, Table
from spatial.outputs.papers.spreadsheet import Imprint, write_tables
from spatial.plan.base import Text
from spatial.plan.contract import Contract
from spatial.plan.styles import read_styles

_SEVERITIES = {"error": "错误", "warning": "警告", "info": "提示"}
_COLUMNS = (
    "id", "severity", "severity_zh", "rule", "title", "layer", "feature_id", "message_zh", "message_en",
    "value", "limit", "lon", "lat",
)  # fmt: skip
_HEADS = (
    Head(Text(zh="级别", en="Severity")), Head(Text(zh="图层", en="Layer")),
    Head(Text(zh="标识码或行号", en="Identifier or row")), Head(Text(zh="检查项", en="Check")),
    Head(Text(zh="说明", en="Message")), Head(Text(zh="数值", en="Value")), Head(Text(zh="限值", en="Limit")),
    Head(Text(zh="经度", en="Longitude"), "number", 6), Head(Text(zh="纬度", en="Latitude"), "number", 6),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Report:
    """What is written of a check.

    Parameters
    ----------
    findings : geopandas.GeoDataFrame
        As `frame_findings` makes it.
    contract : Contract
        Of the layer of findings.
    titles : mapping of str to Text
        What each rule is called, all of them, found or not, by its id.
    source : str
        The file that was checked.
    profile : Text
    provenance : dict of str to str
    stamp : datetime.date
        That files bear.
    notes : tuple of Text
    """

    findings: gpd.GeoDataFrame
    contract: Contract
    titles: Mapping[str, Text]
    source: str
    profile: Text
    provenance: dict[str, str]
    stamp: dt.date
    notes: tuple[Text, ...] = ()


def write_report(report: Report, folder: Path) -> tuple[Path, ...]:
    """Write ``findings.gpkg``, ``findings.csv`` and ``findings.xlsx`` into a folder.

    Parameters
    ----------
    report : Report
    folder : Path
        Made if need be; files of these names are replaced, each atomically.

    Returns
    -------
    tuple of Path
        The layer ``findings`` has points, lines and areas where each finding is; table and workbook have the
        same rows with a place as longitude and latitude, and the workbook a sheet that counts by rule.

    Raises
    ------
    OutputError
        A file cannot be written; the last good one stays.
    """
    from spatial.outputs.formats.geopackage import write_geopackage

    files = tuple(folder / f"findings.{ending}" for ending in ("gpkg", "csv", "xlsx"))
    layers: dict[str, pd.DataFrame] = {"findings": report.findings}
    write_geopackage(
        files[0], layers, contracts={"findings": report.contract}, styles=read_styles().fit(layers),
        provenance=report.provenance, stamp=report.stamp,
    )  # fmt: skip
    table = tabulate_findings(report.findings, report.titles)
    with replacing(files[1]) as beside:
        table.to_csv(beside, index=False, encoding="utf-8-sig", lineterminator="\r\n")
    imprint = Imprint(
        title=Text(zh="数据库质检报告", en="Check of a database"),
        subtitle=Text(
            zh=f"{report.source} · {report.profile.zh}", en=f"{report.source} · {report.profile.en}"
        ),
        language="both",
        date=report.stamp,
        comment="; ".join(f"{key}: {value}" for key, value in report.provenance.items()),
    )
    write_tables([_lay_out_counts(report), _lay_out_findings(table)], imprint, files[2])
    return files


def tabulate_findings(findings: gpd.GeoDataFrame, titles: Mapping[str, Text]) -> pd.DataFrame:
    """Return findings as a plain table, with what each rule is called and a place on each.

    Examples
    --------
    >>> from spatial.plan.findings import Finding, frame_findings
    >>> one = Finding("database.gap", "error", "GHFQ", "", "缝", "gap", geometry=shapely.Point(112, 35))
    >>> table = tabulate_findings(frame_findings([one]), {"database.gap": Text(zh="缝隙", en="Gap")})
    >>> table[["title", "lon"]].values.tolist()
    [['缝隙', 112.0]]
    """
    shapes = findings.geometry.to_numpy()
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    places = np.full((len(findings), 2), np.nan)
    points = shapely.point_on_surface(shapes[there])
    places[there] = np.column_stack([shapely.get_x(points), shapely.get_y(points)])
    table = pd.DataFrame(findings.drop(columns=["geometry", "name"]))
    table["severity_zh"] = table["severity"].map(_SEVERITIES)
    table["title"] = [titles[rule].pick("zh") if rule in titles else "" for rule in table["rule"]]
    table["lon"], table["lat"] = places.T.round(9)
    return table[list(_COLUMNS)]


def _lay_out_findings(table: pd.DataFrame) -> Table:
    rows: tuple[tuple[Any, ...], ...] = tuple(
        (
            Text(zh=row.severity_zh, en=row.severity), row.layer, row.feature_id,
            Text(zh=row.title, en=row.rule), Text(zh=row.message_zh, en=row.message_en),
            _number(row.value), _number(row.limit),
            *(None if np.isnan(at) else at for at in (row.lon, row.lat)),
        )
        for row in table.itertuples(index=False)
    )  # fmt: skip
    return Table("findings", Text(zh="质检问题", en="Findings"), _HEADS, rows)


def _number(value: float) -> str | Quantity:
    """Return a number with as many decimals as it needs: areas have two, angles and widths of fields none."""
    if np.isnan(value):
        return ""
    most = 2 if abs(value) >= 100 else 4
    digits = next((digits for digits in range(most) if round(value, digits) == round(value, 6)), most)
    return Quantity(value, "number", digits)


def _lay_out_counts(report: Report) -> Table:
    """Lay out how often each rule was broken; rules that were not stand there too, with nothing."""
    counts = report.findings.groupby(["rule", "severity"]).size().to_dict() if len(report.findings) else {}
    heads = (
        Head(Text(zh="检查项", en="Check")), Head(Text(zh="规则", en="Rule")),
        *(Head(Text(zh=zh, en=en.capitalize()), "integer", 0) for en, zh in _SEVERITIES.items()),
    )  # fmt: skip
    rows: tuple[tuple[Any, ...], ...] = tuple(
        (title, rule, *(int(counts.get((rule, severity), 0)) for severity in _SEVERITIES))
        for rule, title in report.titles.items()
    )
    notes = (
        Text(
            zh="依据未经规范原文核实的条目（置信度 medium、low、default）产生的问题最多为警告。",
            en="Findings that rest on what is not established (medium, low, default) are warnings at most.",
        ),
        *report.notes,
    )
    return Table("counts", Text(zh="检查项汇总", en="Checks"), heads, rows, notes=notes)
