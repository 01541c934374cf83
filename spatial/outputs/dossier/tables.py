"""Tables of a dossier 一表: key and supporting firms, the zone, its blocks and its communities."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from spatial.outputs.dossier.extract import ROLES, Extract, locate_firms, measure_ha
from spatial.outputs.dossier.panels import ROLE_NAMES
from spatial.outputs.order import Order
from spatial.outputs.papers.cells import Cell, Head, Quantity, Table
from spatial.outputs.papers.spreadsheet import Imprint
from spatial.outputs.papers.words import find_words
from spatial.plan.base import Text
from spatial.plan.parts.functional import CONTROLS, KIND_NAMES

FIRMS = "firms"
_OTHER = Text(zh="其他企业", en="Other firms")


def make_imprint(order: Order, extract: Extract) -> Imprint:
    """Return what the workbook of a zone says of itself."""
    plan = order.plan
    english = str(extract.zone.get("name_en") or "")
    return Imprint(
        title=Text(zh=f"{extract.name} 三图一表", en=f"Dossier of {english or extract.name}"),
        subtitle=plan.title,
        language=order.tongue,
        date=order.stamp,
        compiler=plan.outputs.compiler or "",
        comment="\n".join(f"{key}: {value}" for key, value in order.provenance.items()),
        illustrative=order.illustrative,
    )


def list_tables(extract: Extract) -> list[Table]:
    """Return the tables of a zone: firms first, then what the zone is made of."""
    return [list_firms(extract), _describe_zone(extract), *_list_blocks(extract), *_list_communities(extract)]


def list_firms(extract: Extract) -> Table:
    """Return the table of key and supporting firms; others follow them, counted in a note."""
    heads = (
        Head(Text(zh="序号", en="No."), "integer"),
        Head(Text(zh="企业名称", en="Firm")),
        Head(Text(zh="类型", en="Role")),
        Head(Text(zh="行业代码", en="Code")),
        Head(Text(zh="行业", en="Industry")),
        Head(Text(zh="从业人员（人）", en="Jobs"), "integer"),
        Head(Text(zh="产值（万元）", en="Output (10 000 yuan)"), "number", 0),
        Head(Text(zh="数据年份", en="Year")),
        Head(Text(zh="位置", en="Place")),
    )
    title = Text(zh="重点企业与配套企业表", en="Key and supporting firms")
    firms = extract.firms
    if firms is None:
        note = Text(
            zh="规划未给出企业（industry），本表为空。",
            en="The plan gives no firms (industry); the table is empty.",
        )
        return Table(FIRMS, title, heads, (), notes=(note,))
    places = locate_firms(extract)
    rows = tuple(
        (number, _name(row), ROLE_NAMES.get(str(row["role"]), _OTHER), str(row["code"]), _industry(row),
         _number(row["jobs"]), _number(row["output_wan"]), str(row["year"]), place)
        for number, (row, place) in enumerate(zip(firms.to_dict("records"), places, strict=True), 1)
    )  # fmt: skip
    return Table(FIRMS, title, heads, rows, notes=tuple(_note_firms(firms)))


def _note_firms(firms: pd.DataFrame) -> Iterator[Text]:
    counts = firms["role"].value_counts()
    key, support = (int(counts.get(role, 0)) for role in ROLES)
    other = len(firms) - key - support
    zh = f"重点企业 {key} 家，配套企业 {support} 家" + (f"，未注明类型 {other} 家" if other else "")
    en = f"{key} key firms, {support} supporting ones" + (f", {other} without a role" if other else "")
    yield Text(zh=f"{zh}。", en=f"{en}.")
    if len(firms) and firms["jobs"].isna().all():
        yield Text(
            zh="规划不公开单个企业的从业人员与产值。", en="The plan shows no jobs or output of single firms."
        )


def _name(row: dict[str, object]) -> Text:
    return Text(zh=str(row["name"]) or "—", en=str(row.get("name_en") or ""))


def _industry(row: dict[str, object]) -> Text:
    return Text(zh=str(row["industry"]) or "—", en=str(row.get("industry_en") or ""))


def _number(value: object) -> float | None:
    return None if value is None or pd.isna(value) else float(str(value))


def _describe_zone(extract: Extract) -> Table:
    zone = extract.zone
    startup = extract.startup
    kind = str(zone.get("kind") or "")
    facts: list[tuple[Text, Cell]] = [
        (Text(zh="名称", en="Name"), Text(zh=extract.name, en=str(zone.get("name_en") or ""))),
        (Text(zh="产业生态圈", en="Ecosystem"),
         Text(zh=str(zone.get("ecosystem") or "—"), en=str(zone.get("ecosystem_en") or ""))),
        (Text(zh="类别", en="Kind"), KIND_NAMES.get(kind, Text(zh=kind or "—"))),
        (Text(zh="主导产业", en="Leading industries"), str(zone.get("industries") or "—")),
        (Text(zh="管理区县（规划）", en="Managing district"), str(zone.get("district") or "—")),
        (Text(zh="主要所在区县", en="District it lies in"), str(zone.get("district_in") or "—")),
        (Text(zh="面积（公顷）", en="Area (ha)"), Quantity(float(zone["area_ha"]))),
        (Text(zh="核心起步区（公顷）", en="Start-up area (ha)"),
         None if startup is None else Quantity(measure_ha(startup))),
        (Text(zh="产业社区（个）", en="Communities"), Quantity(float(len(extract.communities)), "integer")),
        (Text(zh="产业社区（公顷）", en="Communities (ha)"),
         Quantity(float(extract.communities["area_ha"].sum()))),
    ]  # fmt: skip
    words = find_words("zones", "zone")
    for key, area in extract.spaces.items():
        space = words.get(key, Text(zh=key))
        title = Text(zh=f"{space.pick('zh')}（公顷）", en=f"{space.pick('en')} (ha)")
        facts.append((title, Quantity(area)))
    heads = (Head(Text(zh="项目", en="Item")), Head(Text(zh="内容", en="Value")))
    return Table("zone", Text(zh="功能区概况", en="The zone"), heads, tuple(facts))


def _list_blocks(extract: Extract) -> Iterator[Table]:
    if extract.startup is None:
        return
    heads = (
        Head(Text(zh="地块编号", en="Block")), Head(Text(zh="名称", en="Name")),
        Head(Text(zh="用地性质", en="Land use")), Head(Text(zh="面积（公顷）", en="Area (ha)"), "number"),
        *(Head(title, "general") for title in CONTROLS.values()),
    )  # fmt: skip
    rows = tuple(
        (str(row["mark"]), Text(zh=str(row["name"]), en=str(row["name_en"] or "")), str(row["use"] or "—"),
         float(row["area_ha"]), *(_number(row[key]) for key in CONTROLS))
        for row in extract.blocks.to_dict("records")
    )  # fmt: skip
    lacking = [CONTROLS[key] for key in extract.lacking_controls]
    zh, en = "、".join(one.zh for one in lacking), ", ".join(one.en for one in lacking)
    notes = [Text(zh=f"规划未给出：{zh}。", en=f"Not given by the plan: {en}.")] if lacking else []
    title = Text(zh="起步区地块控制指标表", en="Control of start-up blocks")
    yield Table("blocks", title, heads, rows, notes=tuple(notes))


def _list_communities(extract: Extract) -> Iterator[Table]:
    frame = extract.communities
    if not len(frame):
        return
    heads = (
        Head(Text(zh="名称", en="Name")), Head(Text(zh="面积（公顷）", en="Area (ha)"), "number"),
        Head(Text(zh="在功能区外（公顷）", en="Outside the zone (ha)"), "number"),
    )  # fmt: skip
    rows = tuple(
        (
            Text(zh=str(row["name"]), en=str(row["name_en"] or "")),
            float(row["area_ha"]),
            float(row["outside_ha"]),
        )
        for row in frame.to_dict("records")
    )
    yield Table("communities", Text(zh="产业社区表", en="Communities"), heads, rows)
