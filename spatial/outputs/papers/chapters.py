"""Chapters of the report: what is said, shown and tabled, from the layers; document and page set the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from spatial.outputs.order import Order
from spatial.outputs.papers import sentences
from spatial.outputs.papers.assessment_chapter import tell_assessment
from spatial.outputs.papers.blocks import (
    MOST_ROWS,
    MOST_SIGNS,
    Block,
    Chapter,
    Picture,
    Stock,
    pick_columns,
    shorten_cells,
    shorten_table,
)
from spatial.outputs.papers.cells import Language, number_of, say
from spatial.outputs.papers.circle_tables import name_aim, name_circles
from spatial.outputs.papers.commuting_chapter import tell_commuting
from spatial.outputs.papers.evaluation_chapter import tell_evaluation
from spatial.outputs.papers.functional_chapter import tell_functional
from spatial.outputs.papers.headings import head_chapter
from spatial.outputs.papers.indicator_chapter import tell_indicators
from spatial.outputs.papers.industry_chapter import tell_industry
from spatial.outputs.papers.plan_tables import VERIFIED, list_rules
from spatial.outputs.papers.service_chapter import tell_services
from spatial.outputs.papers.tables import list_tables
from spatial.outputs.papers.words import CONNECTION_KINDS, decode, join_texts, make_text, split_reason
from spatial.plan.base import Text


def list_chapters(order: Order, pictures: Mapping[str, Path]) -> list[Chapter]:
    """Return the chapters that the order has layers for; pictures that none asks for have their own.

    Parameters
    ----------
    order : Order
        What is to be told.
    pictures : mapping of str to Path
        Image files by the name of their sheet.
    """
    stock = Stock(order, {table.key: table for table in list_tables(order)}, pictures)
    made = [(title, tuple(make(stock))) for title, make in _CHAPTERS]
    shown = {block.name for _, blocks in made for block in blocks if isinstance(block, Picture)}
    others = tuple(stock.draw(*(name for name in pictures if name not in shown)))
    made.insert(-1, (Text(zh="其他图件", en="Other maps"), others))
    last = len(made) - 1
    return [Chapter(title, blocks, at < last) for at, (title, blocks) in enumerate(made) if blocks]


def head_chapters(chapters: Sequence[Chapter], language: Language) -> list[str]:
    """Return the headings of chapters; appendices have no number."""
    return [
        head_chapter(chapter.title, at, language) if chapter.numbered else say(chapter.title, language)
        for at, chapter in enumerate(chapters, start=1)
    ]


def _tell_basis(stock: Stock) -> Iterator[Block]:
    order = stock.order
    period = order.plan.period or str(order.plan.year)
    yield sentences.tell_basis(order.place, period, order.metric_crs)
    territory = stock.layer("territory")
    if territory is not None:
        row = territory.iloc[0]
        stated = row.get("stated_area_km2")
        yield sentences.tell_territory(float(row["area_km2"]), _float(stated))
    sources = order.plan.sources.values()
    yield sentences.tell_sources(len(sources), sum(source.illustrative for source in sources))
    yield from stock.draw("territory")
    yield from stock.table("sources", (0, 1, 2, 3, 4, 6))


def _float(value: object) -> float | None:
    if isinstance(value, int | float | np.number) and np.isfinite(value):
        return float(value)
    return None


def _tell_structure(stock: Stock) -> Iterator[Block]:
    structure = stock.layer("structure")
    if structure is None:
        return
    spec = stock.order.plan.structure
    counts = structure["kind"].value_counts(sort=False)
    kinds = [(_text("structure", "kind", kind), int(number)) for kind, number in counts.items()]
    if spec is not None and spec.formula:
        yield sentences.tell_formula(str(spec.formula), kinds)
    yield from stock.draw("structure")
    yield from stock.table("structure", (0, 1, 2, 3, 4, 5, 6))


def _text(layer: str, column: str, value: object) -> Text:
    word = decode(layer, column, value)
    return word if isinstance(word, Text) else make_text(word)


def _tell_zones(stock: Stock) -> Iterator[Block]:
    balance = stock.tables.get("zone_balance")
    if balance is None:
        return
    frame = stock.order.layers["zone_balance"]
    whole = float(frame["area_ha"][frame["section"] == "territory"].sum())
    for row in frame[frame["section"] != "territory"].to_dict("records"):
        name = _text("conflicts", "winner", row["key"])
        yield sentences.tell_class(name, row["area_ha"], row["share"], int(row["parts"]))
    zones = frame[frame["section"] == "zone"]
    if len(zones) and whole:
        yield sentences.tell_zone_sum(float(zones["area_ha"].sum()), whole)
    yield from stock.draw("zones", "lines")
    yield from stock.table("zone_balance")
    parts = stock.tables.get("district_balance")
    # Shares by district are in the workbook: a page of the report has no room for them.
    areas = [at for at, head in enumerate(parts.heads) if head.form != "share"] if parts else []
    yield from stock.table("district_balance", areas)
    conflicts = stock.tables.get("conflict_sums")
    for row in conflicts.rows[: -conflicts.totals] if conflicts else ():
        patches, area = number_of(row[4]) or 0.0, number_of(row[5]) or 0.0
        yield sentences.tell_conflict(_as_text(row[1]), _as_text(row[2]), str(row[3]), int(patches), area)
    yield from stock.draw("conflicts")
    yield from stock.table("conflict_sums")


def _as_text(cell: object) -> Text:
    return cell if isinstance(cell, Text) else make_text(cell)


def _tell_circles(stock: Stock) -> Iterator[Block]:
    table = stock.tables.get("commute_circles")
    if table is None:
        return
    for row in table.rows:
        time, area = number_of(row[1]), number_of(row[4])
        if time is not None and area is not None:
            mode = join_texts([_as_text(row[2]), _as_text(row[3])])
            yield sentences.tell_circle(_as_text(row[0]), time, mode, area, number_of(row[6]))
    yield from stock.draw("circles", "circles_beside")
    yield from stock.table("commute_circles", (0, 1, 2, 3, 4, 6, 7))
    yield from _tell_towns(stock)
    yield from _tell_promises(stock)
    yield from _tell_gaps(stock)


def _tell_towns(stock: Stock) -> Iterator[Block]:
    """Say of each circle which towns it reaches, from the arrival times."""
    times = stock.layer("circle_times")
    if times is None:
        return
    towns = times[times["target"].str.startswith("town-")]
    names = name_circles(stock.order)
    for circle, rows in towns.groupby("circle", sort=False):
        beyond = rows[rows["state"] != "inside"]
        late = [
            (make_text(zh, en), _float(minutes))
            for zh, en, minutes in zip(beyond["name"], beyond["name_en"], beyond["time_min"], strict=True)
        ]
        name = names.get(str(circle), make_text(circle))
        if (rows["state"] != "unknown").any():
            yield sentences.tell_towns(name, len(rows) - len(beyond), len(rows), late)


def _tell_promises(stock: Stock) -> Iterator[Block]:
    promises = stock.layer("promises")
    if promises is None:
        return
    names = name_circles(stock.order)
    for row in promises.to_dict("records"):
        circle = names.get(str(row["circle"]), make_text(row["name"], row["name_en"]))
        yield sentences.tell_verdict(
            circle,
            name_aim(stock.order, str(row["promise"])),
            str(row["verdict"]),
            share=_float(row["share"]),
            required=float(row["required_share"]),
            reason=split_reason(row["outside"]),
        )
        if _float(row["share"]) is not None:
            flags = str(row["flags"]).split(",")
            yield sentences.tell_firmness(_float(row["flip_factor"]), _float(row["margin_min"]), flags)
    yield from stock.draw("promises")
    yield from stock.table("promises", (0, 1, 4, 5, 6, 7, 8, 13))


def _tell_gaps(stock: Stock) -> Iterator[Block]:
    gaps = stock.layer("gaps")
    for row in gaps.to_dict("records") if gaps is not None else ():
        name = make_text(row["name"], row["name_en"])
        shares = float(row["share_before"]), float(row["share_after"])
        yield sentences.tell_gap(name, float(row["length_km"]), *shares, str(row["verdict_after"]))
    yield from _tell_tries(stock)
    yield from stock.draw("gaps")
    yield from stock.table("gaps", (0, 2, 3, 6, 8, 9, 10, 13))


def _tell_tries(stock: Stock) -> Iterator[Block]:
    """Say what was tried for promises in trouble, in the words of the check that counted the tries."""
    found = stock.layer("findings")
    if found is None:
        return
    for row in found[found["rule"] == "gaps.tried"].to_dict("records"):
        yield make_text(row["message_zh"], row["message_en"])


def _tell_connections(stock: Stock) -> Iterator[Block]:
    connections = stock.layer("connections")
    if connections is None:
        return
    for kind, rows in connections.groupby("kind", sort=False):
        measure, unit = ("time", "min") if rows["time_min"].notna().any() else ("distance", "m")
        values = rows[f"{measure}_{unit}"]
        limit = _float(rows[f"limit_{unit}"].iloc[0])
        counts = rows["verdict"].value_counts()
        if limit is None:
            continue
        yield sentences.tell_connections(
            CONNECTION_KINDS.get(str(kind), make_text(kind)),
            total=len(rows),
            kept=int(counts.get("kept", 0)),
            beyond=int(counts.get("broken", 0)),
            limit=limit,
            unit=unit,
        )
        if values.notna().any():
            far = rows.loc[values.idxmax()]
            yield sentences.tell_farthest(make_text(far["name"], far["name_en"]), float(values.max()), unit)
    yield from stock.draw("connections")
    yield from stock.table("connections")


def _tell_life(stock: Stock) -> Iterator[Block]:
    coverage = stock.layer("life_coverage")
    if coverage is None:
        return
    told = coverage[coverage["standard"] & coverage["share"].notna()]
    for row in told.to_dict("records"):
        subject = _text("life_coverage", "subject", row["subject"])
        category = _text("life_coverage", "category", row["category"])
        minutes = f"{row['time_min']:g}"
        name = make_text(
            f"{category.pick('zh')} {minutes} 分钟，{subject.pick('zh')}",
            f"{category.pick('en')}, {minutes} min, {subject.pick('en')}",
        )
        yield sentences.tell_life(name, row["share"], row["inside"], row["total"])
    yield from stock.draw("life", "life_circles", "life_places")
    yield from stock.table("life_coverage", (1, 2, 4, 5, 6, 7))
    yield from stock.table("life_places")


def _tell_findings(stock: Stock) -> Iterator[Block]:
    found = stock.order.layers.get("findings")
    if found is None or "severity" not in found:
        return
    counts = found["severity"].value_counts()
    errors, warnings, notes = (int(counts.get(word, 0)) for word in ("error", "warning", "info"))
    yield sentences.tell_findings(errors, warnings, notes)
    yield from stock.table("finding_counts")
    yield from stock.table("findings", (0, 1, 2))


def _tell_limits(stock: Stock) -> Iterator[Block]:
    order = stock.order
    parts: dict[str, list[Text]] = {}
    for name, part in order.not_built.items():
        contract = order.contracts.get(name)
        parts.setdefault(part, []).append(
            make_text(contract.zh, contract.en) if contract else make_text(name)
        )
    for part, titles in parts.items():
        yield sentences.tell_absent(titles, part)
    rules = list_rules(order)
    loose = [rule for _, rule in rules if rule.confidence not in VERIFIED]
    if rules:
        yield sentences.tell_rules(len(rules), len(loose))
    table = stock.tables.get("rules")
    if table is not None and loose:
        kept = tuple(row for row in table.rows if row[5])
        title = Text(zh="未核实的规则", en="Rules not verified")
        chosen = pick_columns(replace(table, rows=kept, title=title), (1, 2, 3, 4, 6, 7))
        yield shorten_table(shorten_cells(chosen, MOST_SIGNS), MOST_ROWS * 2)


def _tell_provenance(stock: Stock) -> Iterator[Block]:
    yield from stock.table("provenance")


_CHAPTERS = (
    (Text(zh="总则与依据", en="Basis"), _tell_basis),
    (Text(zh="规划指标", en="Indicators"), tell_indicators),
    (Text(zh="国土空间总体格局", en="Spatial structure"), _tell_structure),
    (Text(zh="三区三线", en="Zones and lines"), _tell_zones),
    (Text(zh="双评价", en="Evaluation of land"), tell_evaluation),
    (Text(zh="通勤圈", en="Commute circles"), _tell_circles),
    (Text(zh="交通连接", en="Connections"), _tell_connections),
    (Text(zh="生活圈", en="Living circles"), _tell_life),
    (Text(zh="产业功能区", en="Functional zones"), tell_functional),
    (Text(zh="公共服务落差", en="Gap in public services"), tell_services),
    (Text(zh="职住平衡", en="Jobs and homes"), tell_commuting),
    (Text(zh="产业地图", en="Industry"), tell_industry),
    (Text(zh="功能区差异化考核", en="Assessment of functional zones"), tell_assessment),
    (Text(zh="校核结果", en="Findings of the checks"), _tell_findings),
    (Text(zh="局限与说明", en="Limits"), _tell_limits),
    (Text(zh="附录：溯源信息", en="Appendix: provenance"), _tell_provenance),
)
