"""One blueprint as files: map, database, table of differences and workbook."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from spatial.outputs.answers.blueprinttables import (
    BlueprintPapers,
    compare_indicators,
    tabulate_blueprint,
)
from spatial.outputs.answers.trio import Face, write_trio
from spatial.outputs.papers.spreadsheet import Imprint, write_tables
from spatial.plan.base import Text
from spatial.plan.contract import Column, Contract
from spatial.plan.settling import KINDS, STATES
from spatial.plan.styles import ClassStyle, LayerStyle, Styles, read_styles

STEM = "blueprint"
_TITLE = Text(
    zh="一张蓝图：多规差异与统一底数（建议）",
    en="One blueprint: differences, reconciled base (proposed)",
)
LOOKS = {
    "conflict": ("#c0392b", "diagonal"),
    "edge": ("#e67e22", "none"),
    "missing": ("#7d3c98", "back"),
    "self": ("#1f618d", "cross"),
    "code": ("#b7950b", "none"),
    "unclaimed": ("#616a6b", "back"),
}
"""Colour and hatch of each kind of difference."""
_GROUPS = {
    "differences": Text(zh="差异图斑", en="Differences"),
    "base": Text(zh="统一底数（建议）", en="Reconciled base (proposed)"),
    "findings": Text(zh="检查", en="Checks"),
}
_ENGLISH = Column("text", "英文名称", "English name")


def write_blueprint(
    folder: Path, frames: Mapping[str, Any], papers: BlueprintPapers
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Write ``blueprint.gpkg``, ``blueprint.csv``, ``blueprint.html`` and ``blueprint.xlsx`` into a folder.

    Parameters
    ----------
    folder : Path
        Made if absent.
    frames : mapping of str to frame
        ``differences, base, matrix, balance`` as `spatial.studies.blueprint.differences` makes them, and
        ``findings``: what was wrong with the plans' files and codes.
    papers : BlueprintPapers

    Returns
    -------
    tuple of Path, tuple of str
        Files, and what a reader should know.

    Raises
    ------
    OutputError
        A file cannot be written; the last good one stays.
    """
    from spatial.outputs.web.webmap import MapHeading

    contracts = _declare(papers)
    layers = {
        name: frames[name][[*contracts[name].all_columns(), "geometry"]]
        for name in ("differences", "base", "findings")
    }
    matrix, balance = frames["matrix"], frames["balance"]
    styles = _choose_styles(papers, set(layers["base"]["landuse"]))
    subtitle = Text(
        zh="、".join(title.pick("zh") for title in papers.plans.values()),
        en=", ".join(title.pick("en") for title in papers.plans.values()),
    )
    title = Text(
        zh="一张蓝图：多规差异与统一底数（建议）", en="One blueprint: differences and reconciled base"
    )
    heading = MapHeading(title=title, subtitle=subtitle, language="both", provenance=papers.provenance)
    files, notes = write_trio(
        folder,
        STEM,
        stored=Face({**layers, **_store_tables(matrix, balance)}, contracts, styles),
        drawn=Face(layers, contracts, styles),
        table=pd.DataFrame(layers["differences"].drop(columns="geometry")),
        heading=heading,
        papers=papers,
    )
    book = folder / f"{STEM}.xlsx"
    tables = tabulate_blueprint(layers["differences"], matrix, balance, papers)
    if len(frames["indicators"]):
        tables.append(compare_indicators(frames["indicators"], papers))
    imprint = Imprint(title=_TITLE, subtitle=subtitle, language="both", date=papers.stamp,
                      illustrative=papers.illustrative)  # fmt: skip
    return (*files, book), (*notes, *write_tables(tables, imprint, book))


def _declare(papers: BlueprintPapers) -> dict[str, Contract]:
    says = {
        f"says_{key}": Column("text", f"{title.pick('zh')}", title.pick("en"))
        for key, title in papers.plans.items()
    }
    state = Column("text", "状态", "State")
    return {
        "differences": Contract("差异图斑", "Differences", "Polygon", {
            "name_en": _ENGLISH, "kind": Column("text", "差异类型", "Kind"),
            "area_m2": Column("number", "面积（平方米）", "Area (m²)"), **says,
            "proposed": Column("text", "建议地类", "Class proposed"),
            "proposed_name": Column("text", "建议地类名称", "Class proposed, name"), "state": state,
            "proposal_zh": Column("text", "处置建议", "Proposal (Chinese)"),
            "proposal_en": Column("text", "处置建议（英文）", "Proposal"),
            "agree": Column("text", "须协商部门", "Who must agree"), "rule": Column("text", "规则", "Rule"),
            "confidence": Column("text", "规则可信度", "Confidence of the rule"),
        }),
        "base": Contract("统一底数（建议）", "Reconciled base (proposed)", "Polygon", {
            "name_en": _ENGLISH, "landuse": Column("text", "地类", "Class"), "state": state,
            "area_ha": Column("number", "面积（公顷）", "Area (ha)"),
        }),
        "matrix": Contract("两两对照", "Plans two by two", "none", {
            "plan_a": Column("text", "规划一", "Plan A"),
            "class_a": Column("text", "规划一地类", "Class in A"),
            "plan_b": Column("text", "规划二", "Plan B"),
            "class_b": Column("text", "规划二地类", "Class in B"),
            "area_ha": Column("number", "面积（公顷）", "Area (ha)"),
            "same": Column("truth", "一致", "Agree"),
        }),
        "balance": Contract("地类平衡", "Balance of classes", "none", {
            "landuse": Column("text", "地类", "Class"),
            **{f"{key}_ha": Column("number", f"{title.pick('zh')}（公顷）", f"{title.pick('en')} (ha)")
               for key, title in papers.plans.items()},
            "base_ha": Column("number", "统一底数（公顷）", "Base (ha)"),
        }),
        "findings": _findings(),
    }  # fmt: skip


def _findings() -> Contract:
    from spatial.outputs.answers.ringstyles import CONTRACTS

    return CONTRACTS["findings"]


def _store_tables(matrix: pd.DataFrame, balance: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the tables with the two columns that every layer has."""
    crossed = matrix.assign(
        id=[f"pair-{number:04d}" for number in range(1, len(matrix) + 1)],
        name=matrix["plan_a"] + " × " + matrix["plan_b"],
    )
    summed = balance.assign(id=[f"class-{number:03d}" for number in range(1, len(balance) + 1)])
    order = ["id", "name"]
    return {
        name: frame[[*order, *(column for column in frame if column not in order)]]
        for name, frame in (("matrix", crossed), ("balance", summed))
    }


def _choose_styles(papers: BlueprintPapers, used: set[str]) -> Styles:
    shipped = read_styles()
    differences = LayerStyle(
        title=_GROUPS["differences"], group="differences", order=60, class_column="kind",
        details=("kind", *(f"says_{key}" for key in papers.plans), "proposed_name", "state", "proposal_zh",
                 "agree", "area_m2"),
        classes={kind: ClassStyle(label=KINDS[kind], fill=colour, fill_opacity=0.45, stroke=colour, width=1.2,
                                  hatch=hatch)
                 for kind, (colour, hatch) in LOOKS.items()},
    )  # fmt: skip
    known = {code: name for code, name in papers.classes.items() if code in used}
    landuse = {
        code: ClassStyle(
            label=Text(zh=f"{code} {name.pick('zh')}", en=f"{code} {name.pick('en')}"),
            fill=papers.colours.get(code, "#cccccc"), fill_opacity=0.75, stroke="#8a8a8a", width=0.3,
        )
        for code, name in known.items()
    }  # fmt: skip
    landuse["other"] = ClassStyle(label=STATES["open"], fill="#ffffff", fill_opacity=0.6, stroke="#000000",
                                  width=0.8, hatch="cross")  # fmt: skip
    base = LayerStyle(title=_GROUPS["base"], group="base", order=20, class_column="landuse",
                      details=("landuse", "state", "area_ha"), classes=landuse)  # fmt: skip
    findings = shipped.layers["findings"].model_copy(update={"show": False})
    layers = {"base": base, "differences": differences, "findings": findings}
    terms = {**shipped.terms, "kind": KINDS, "state": STATES}
    return shipped.model_copy(update={"groups": _GROUPS, "views": {}, "layers": layers, "terms": terms})
