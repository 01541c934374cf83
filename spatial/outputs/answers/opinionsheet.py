"""The parallel-approval form as pages: an overview, then an A4 page a project; opens with no network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from spatial.outputs.answers.opinionmap import Mapper
from spatial.outputs.answers.opinionpage import CSS, TEMPLATE
from spatial.outputs.answers.opinionstyles import COLOURS, CONFIDENCE, METHODS
from spatial.outputs.files import replacing
from spatial.plan.departments import VERDICTS

if TYPE_CHECKING:
    from spatial.outputs.answers.opinions import OpinionPapers

MOST_PAGES = 500
"""Projects with a page of their own; a browser opens no more. All are in the workbook and the database."""
_MU_M2 = 2000 / 3
_WORST = {name: rank for rank, name in enumerate(VERDICTS)}
_SAID = ("reject", "conditional", "not_judged")


def write_sheets(
    path: Path, frames: Mapping[str, gpd.GeoDataFrame], papers: OpinionPapers
) -> tuple[str, ...]:
    """Write the pages as one HTML file: no script, no request, every text escaped.

    Parameters
    ----------
    path : Path
        The ``.html`` file to write or replace.
    frames : mapping of str to GeoDataFrame
        As `write_opinions` takes them.
    papers : OpinionPapers

    Returns
    -------
    tuple of str
        What a reader should know.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    from jinja2 import Environment, StrictUndefined

    template = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string(TEMPLATE)
    verdicts = _sort(frames["verdicts"])
    shown = verdicts.head(MOST_PAGES)
    text = template.render(
        css=CSS,
        heading=_set_heading(papers),
        departments=[one.name.zh for one in papers.table.departments],
        overview=[_set_overview(row, papers) for row in shown.to_dict("records")],
        counts=_count(verdicts),
        left_out=len(verdicts) - len(shown),
        findings=_set_findings(frames["findings"]),
        pages=list(_set_pages(shown, frames, papers)),
    )
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")
    if len(verdicts) == len(shown):
        return ()
    return (
        f"{path.name} has pages for the {MOST_PAGES} worst of {len(verdicts)} projects 其余见表格和数据库",
    )


def _sort(verdicts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Keep the order of the file, unless there are too many: then the worst come first."""
    if len(verdicts) <= MOST_PAGES:
        return verdicts
    return verdicts.iloc[verdicts["verdict"].map(_WORST).argsort(kind="stable")]


def _set_heading(papers: OpinionPapers) -> dict[str, Any]:
    limits, plan = papers.tolerance, papers.plan
    return {
        "plan": plan.title.pick("zh"),
        "plan_en": plan.title.pick("en"),
        "compiler": plan.outputs.compiler.pick("zh") if plan.outputs.compiler else "",
        "year": plan.year,
        "rules": f"{papers.table.title.pick('zh')} {papers.table.version}",
        "note": papers.table.note.pick("zh") if papers.table.note else "",
        "tolerance": f"{limits.area_m2:g} 平方米、宽 {limits.width_m:g} 米",
        "crs": papers.metric_crs,
        "illustrative": papers.illustrative,
        "tool": papers.provenance.get("tool", ""),
        "hash": papers.provenance.get("plan_sha256", "")[:12],
        "file": papers.provenance.get("projects", ""),
    }


def _count(verdicts: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    return [
        {
            "name": label.zh,
            "en": label.en,
            "colour": COLOURS[key],
            "count": int((verdicts["verdict"] == key).sum()),
        }
        for key, label in VERDICTS.items()
        if key != "not_judged"
    ]


def _set_verdict(key: str) -> dict[str, str]:
    return {"zh": VERDICTS[key].zh, "en": VERDICTS[key].en, "colour": COLOURS[key], "key": key}


def _set_overview(row: dict[Any, Any], papers: OpinionPapers) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "size": _write_size(row),
        "verdict": _set_verdict(str(row["verdict"])),
        "departments": [_set_verdict(str(row[one.key])) for one in papers.table.departments],
    }


def _write_size(row: Mapping[Any, Any]) -> str:
    if row["length_m"] > 0:
        return f"{row['length_m']:,.0f} 米"
    return f"{row['area_m2'] / 1e4:,.4f} 公顷" if row["area_m2"] > 0 else "—"


def _set_findings(findings: pd.DataFrame) -> list[dict[str, str]]:
    rows = findings[findings["severity"] != "info"].head(12)
    return [
        {"zh": str(zh), "en": str(en)} for zh, en in zip(rows["message_zh"], rows["message_en"], strict=True)
    ]


def _set_pages(
    verdicts: gpd.GeoDataFrame, frames: Mapping[str, gpd.GeoDataFrame], papers: OpinionPapers
) -> Iterator[dict[str, Any]]:
    mapper = Mapper(papers.ground, papers.metric_crs)
    said = dict(list(frames["opinions"].groupby("project_id", sort=False)))
    projects = frames["projects"].set_index("id")
    changed = dict(list(frames["suggestions"].groupby("project_id", sort=False)))
    noted = dict(list(frames["findings"].groupby("feature_id", sort=False)))
    for row in verdicts.itertuples(index=False):
        key = row.id
        opinions, suggestions = said[key], changed.get(key)
        pieces = {name: list(_find_pieces(opinions, name)) for name in ("reject", "conditional")}
        shapes = [] if suggestions is None else list(suggestions.geometry)
        project, notes = projects.loc[key], noted.get(key)
        yield {
            "id": key,
            "name": row.name,
            "particulars": list(_list_particulars(project, papers)),
            "facts": list(_list_facts(project, papers)),
            "verdict": _set_verdict(row.verdict),
            "summary": _summarise(row),
            "map": mapper.draw(project.geometry, pieces, shapes),
            "centre": _write_centre(project.geometry),
            "notes": [] if notes is None else _set_notes(notes),
            "suggestions": [] if suggestions is None else list(_set_suggestions(suggestions)),
            "rows": [_set_department(one, opinions) for one in papers.table.departments],
        }


def _set_notes(findings: pd.DataFrame) -> list[dict[str, str]]:
    """Return what was noticed about one project while its file was read and laid on the map."""
    own = findings[findings["layer"] == "projects"]
    return [
        {"zh": str(zh), "en": str(en)} for zh, en in zip(own["message_zh"], own["message_en"], strict=True)
    ]


def _find_pieces(opinions: gpd.GeoDataFrame, verdict: str) -> Iterator[Any]:
    shapes = opinions.geometry[opinions["verdict"] == verdict]
    yield from (shape for shape in shapes if shape is not None and not shape.is_empty)


def _write_centre(shape: Any) -> str:
    point = shape.representative_point()
    return f"东经 {point.x:.5f}°，北纬 {point.y:.5f}°（CGCS2000）"


def _list_facts(project: pd.Series[Any], papers: OpinionPapers) -> Iterator[tuple[str, str]]:
    if project["length_m"] > 0:
        yield "长度", f"{project['length_m']:,.1f} 米"
    else:
        area = float(project["area_m2"])
        yield "用地面积", f"{area:,.2f} 平方米（{area / 1e4:.4f} 公顷，{area / _MU_M2:,.2f} 亩，椭球面积）"
    for attribute in papers.table.attributes:
        value = str(project[attribute.key])
        known = attribute.values.get(value)
        said = known.pick("zh") if known else value or "未填写"
        if attribute.key == "district" and project["located"] not in ("", value):
            said = f"{said}（按图：{project['located']}）"
        if not attribute.by_hand:
            yield attribute.name.pick("zh"), said


def _list_particulars(project: pd.Series[Any], papers: OpinionPapers) -> Iterator[tuple[str, str]]:
    """Yield what the applicant fills in: what the file states, else nothing, to be written by hand."""
    for attribute in papers.table.attributes:
        if attribute.by_hand:
            yield attribute.name.pick("zh"), str(project[attribute.key])


def _summarise(row: Any) -> str:
    parts = [
        (row.rejects, "条不同意"), (row.conditions, "条有条件"), (row.not_judged, "条未审查"),
        (row.passes, "条同意或不适用"),
    ]  # fmt: skip
    return "，".join(f"{count} {what}" for count, what in parts if count)


def _set_suggestions(suggestions: gpd.GeoDataFrame) -> Iterator[dict[str, str]]:
    for row in suggestions.itertuples(index=False):
        after = "" if row.method == "none" else f"调整后：{VERDICTS[row.verdict].zh}"
        yield {"method": METHODS[row.method].zh, "zh": row.text_zh, "after": after, "en": row.text_en}


def _set_department(department: Any, opinions: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return a row of the form: what a department says, its basis, and room for its stamp."""
    own = opinions[opinions["department"] == department.key]
    spoken = own[own["verdict"].isin(_SAID) | own["touch"]]
    worst = min(own["verdict"], key=lambda name: _WORST[name])
    all_unjudged = bool((own["verdict"] == "not_judged").all())
    key = "incomplete" if worst == "not_judged" and not all_unjudged else worst
    clear = [name for name, quiet in zip(own["name"], ~own.index.isin(spoken.index), strict=True) if quiet]
    return {
        "name": department.name.zh,
        "en": department.name.en,
        "verdict": _set_verdict(key),
        "items": [_set_item(row) for row in _gather_unjudged(spoken.to_dict("records"))],
        "clear": "；".join(clear),
    }


def _gather_unjudged(rows: list[dict[Any, Any]]) -> Iterator[dict[Any, Any]]:
    """Put rules that were not judged for the same reason into one item."""
    together: dict[str, list[str]] = {}
    for row in rows:
        if row["verdict"] == "not_judged":
            together.setdefault(row["text_zh"], []).append(row["name"])
    for row in rows:
        if row["verdict"] != "not_judged":
            yield row
        elif names := together.pop(row["text_zh"], None):
            yield {**row, "name": "；".join(names)}


def _set_item(row: dict[Any, Any]) -> dict[str, Any]:
    judged = row["verdict"] != "not_judged"
    return {
        "verdict": _set_verdict(str(row["verdict"])),
        "title": row["name"],
        "zh": row["text_zh"],
        "en": row["text_en"],
        "todo": row["todo_zh"],
        "todo_en": row["todo_en"],
        "basis": row["basis_zh"] if judged else "",
        "confidence": CONFIDENCE[row["confidence"]].zh if judged else "",
        "weak": row["confidence"] in ("default", "low"),
        "features": row["features"],
    }
