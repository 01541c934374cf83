"""The report's chapter on jobs and homes 职住平衡: balance of zones, the commute as it is and could be."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from spatial.outputs.order import Order
from spatial.outputs.papers.blocks import Block, Stock
from spatial.outputs.papers.cells import Cell, Head, Quantity, Table, is_absent
from spatial.outputs.papers.layouts import Formula, Layout, lay_out, make_head
from spatial.outputs.papers.sentences import count_things, write_number, write_share
from spatial.outputs.papers.words import decode, make_text
from spatial.plan.base import Text
from spatial.plan.contract import Contract

COMMUTING_TABLES = (
    "commuting",
    "job_balance",
    "job_bands",
    "commute_flows",
    "minimal_flows",
    "zone_facilities",
)
"""Keys of the tables, in the order in which they are read."""
_TIMES = Text(
    zh="时间沿路网按单元中心之间计算；单元内的平均时间由其面积推算（规则表“职住平衡”），单元内人员可更近或更远。",
    en="Times are along roads between middles of zones; inside a zone they follow from its area by the rule "
    "table, and single people have it nearer or farther.",
)
_LINES = Text(
    zh="图中为单元中心之间的示意线，不是路径；由居住地往就业地向右弯，往返两条因此分开。",
    en="Lines on maps join middles of zones and are no routes; they bend to the right on the way to work.",
)
_BANDS = Text(
    zh="时间圈为累计圈：圈内各单元整个计入，单元本身始终计入；圈内有单元缺岗位数或就业人口的，不给出职住比。",
    en="Bands lie within each other; a zone within one counts whole, and its own zone always does. A band "
    "with a zone whose jobs or workers are not known has no ratio.",
)
_EXCESS = Text(
    zh="最小可能平均通勤：岗位与住处不动、人员互换后的最小值（运输问题）。过剩通勤率＝（现状－最小）÷现状；"
    "潜力利用率＝（现状－最小）÷（最大－最小）。所有人可任意互换岗位是假定，不是建议。",
    en="The least possible mean leaves homes and jobs in place and lets people change over (the transport "
    "problem). Excess share = (now - least) / now; potential used = (now - least) / (greatest - least). That "
    "everybody could do everybody's job is an assumption, no advice.",
)
_LIMITS = ("tolerable_min", "extreme_min", "near_km")
_SHARES = ("jobs_share", "self_containment", "self_sufficiency", "tolerable_share", "extreme_share")
_LAYOUTS = {
    "job_balance": Layout(
        ("name", "jobs", "workers", "ratio", "balance", "band_min", "band_jobs", "band_workers", "band_ratio",
         "band_balance",
         "balanced_band", "jobs_share", "jobs_per_worker", "within_min", "mean_min", "internal",
         "out_trips", "in_trips", "self_containment", "self_sufficiency", "independence", "facilities",
         "facility_kinds", "facilities_per_1000", "reached", "source", "zone", "id"),
        formulas={"ratio": Formula("ratio", "jobs", "workers"),
                  "band_ratio": Formula("ratio", "band_jobs", "band_workers")},
        sums=("jobs", "workers", "internal", "out_trips", "in_trips", "facilities"), notes=(_TIMES, _BANDS),
    ),
    "job_bands": Layout(formulas={"ratio": Formula("ratio", "jobs", "workers")}, notes=(_TIMES, _BANDS)),
    "commute_flows": Layout(notes=(_LINES,)),
    "minimal_flows": Layout(notes=(_LINES,)),
    "zone_facilities": Layout(),
}  # fmt: skip
_WHOLE = ("jobs", "workers", "band_jobs", "band_workers", "internal", "out_trips", "in_trips", "facilities",
          "facility_kinds")  # fmt: skip


def list_commuting_tables(order: Order) -> list[Table]:
    """Return the tables of jobs and homes; none without them."""
    made = []
    for name, layout in _LAYOUTS.items():
        frame = order.layers.get(name)
        if frame is not None and len(frame):
            contract = order.contracts[name]
            made.append(lay_out(name, frame, contract, _with_heads(keep_sure(layout, frame), contract)))
    whole = order.layers.get("commuting")
    if whole is not None and len(whole):
        made.append(_turn(whole, order.contracts["commuting"]))
    return made


def keep_sure(layout: Layout, frame: pd.DataFrame) -> Layout:
    """Return a layout without the formulas that would make numbers where the layer has none."""
    formulas = {
        target: how
        for target, how in layout.formulas.items()
        if not (frame[target].isna() & frame[how.first].notna() & (frame[how.second] > 0)).any()
    }
    return replace(layout, formulas=formulas)


def _with_heads(layout: Layout, contract: Contract) -> Layout:
    """Return a layout whose counts are whole, shares in percent and ratios to two decimals or more."""
    heads = dict[str, Head]()
    for name, column in contract.all_columns().items():
        title = make_text(column.zh, column.en)
        if name in _SHARES:
            heads[name] = Head(title, "share", 1)
        elif name in _WHOLE:
            heads[name] = Head(title, "integer", 0)
        elif name in ("ratio", "band_ratio", "jobs_per_worker", "independence"):
            heads[name] = Head(title, "number", 2)
        elif name in ("per_1000", "facilities_per_1000"):
            heads[name] = Head(title, "number", 3)
    return Layout(layout.columns, heads, layout.formulas, layout.sums, layout.notes)


def _turn(whole: pd.DataFrame, contract: Contract) -> Table:
    """Return the commute of the whole with a row a measure and a column a basis."""
    rows: list[tuple[Cell, ...]] = []
    records = whole.to_dict("records")
    labels = _name_shares(records[0])
    merged = whole["groups"].any()
    hidden = {"id", "name", "name_en", "basis", *_LIMITS, *([] if merged else ["groups"])}
    for name, column in contract.all_columns().items():
        if name not in hidden:
            cells = [_cell(name, record[name], make_head(name, column)) for record in records]
            rows.append((labels.get(name) or make_text(column.zh, column.en), *cells))
    titles = [Head(make_text(record["name"], record["name_en"]), "general") for record in records]
    first = Head(Text(zh="指标", en="Measure"))
    return Table("commuting", make_text(contract.zh, contract.en), (first, *titles), tuple(rows),
                 notes=(_TIMES, _EXCESS))  # fmt: skip


def _name_shares(row: Mapping[Hashable, Any]) -> dict[str, Text]:
    """Return what shares are called, with the limits that they were measured by."""
    tolerable, extreme, near = (f"{row[name]:g}" for name in _LIMITS)
    return {
        "tolerable_share": make_text(f"{tolerable} 分钟以内通勤占比", f"Up to {tolerable} minutes"),
        "extreme_share": make_text(f"{extreme} 分钟以上通勤占比", f"Above {extreme} minutes"),
        "near_share": make_text(f"直线 {near} 公里以内通勤占比", f"Straight distance below {near} km"),
    }


def _cell(name: str, value: Any, head: Head) -> Cell:
    if is_absent(value):
        return None
    if isinstance(value, str):
        return decode("commuting", name, value)
    if name.endswith("share"):
        return Quantity(float(value), "share", 1)
    return Quantity(float(value), head.form if name.endswith(("_min", "_km")) else "integer", head.digits)


def tell_commuting(stock: Stock) -> Iterator[Block]:
    """Yield the chapter: how many zones are in balance, the commute, its excess, maps and tables."""
    balance = stock.layer("job_balance")
    if balance is None:
        return
    yield tell_balance(balance)
    if balance["reached"].any():
        yield tell_reach(balance)
    whole = stock.layer("commuting")
    for row in whole.to_dict("records") if whole is not None else ():
        if not is_absent(row["least_min"]):
            yield tell_commute({str(key): value for key, value in row.items()})
    yield from stock.draw("job_balance", "job_band", "job_access", "commute_flows", "minimal_flows")
    yield from stock.table("commuting")
    yield from stock.table("job_balance", (0, 1, 2, 3, 4, 10, 11, 18, 20))
    yield from stock.table("commute_flows", (0, 4, 5, 7))


def tell_balance(balance: pd.DataFrame) -> Text:
    """Say how many jobs and workers there are, and how many zones are in balance.

    Examples
    --------
    >>> rows = pd.DataFrame({"jobs": [90.0], "workers": [100.0], "balance": ["balanced"]})
    >>> tell_balance(rows).en
    '1 zone has 90 jobs and 100 resident workers, 0.90 jobs for each worker; 1 of them is in balance.'
    """
    jobs, workers = float(balance["jobs"].sum()), float(balance["workers"].sum())
    count, good = len(balance), int((balance["balance"] == "balanced").sum())
    ratio = write_number(jobs / workers) if workers > 0 else "—"
    have = "has" if count == 1 else "have"
    return make_text(
        f"{count} 个单元共有岗位 {jobs:,.0f} 个、就业人口 {workers:,.0f} 人，职住比 {ratio}；"
        f"其中 {good} 个单元职住平衡。",
        f"{count_things(count, 'zone', 'zones')} {have} {jobs:,.0f} jobs and {workers:,.0f} "
        "resident workers, "
        f"{ratio} jobs for each worker; {good} of them {'is' if good == 1 else 'are'} in balance.",
    )


def tell_reach(balance: pd.DataFrame) -> Text:
    """Say how many zones are in balance within the main band, and the worker's usual share of jobs.

    Examples
    --------
    >>> rows = pd.DataFrame({"band_min": [30.0], "band_balance": ["balanced"], "jobs_share": [0.4],
    ...                      "workers": [10.0], "reached": [True]})
    >>> tell_reach(rows).en
    'Within 30 minutes 1 of 1 zone is in balance; a worker reaches 40.00% of all jobs on average.'
    """
    reached = balance[balance["reached"]]
    minutes, good = f"{reached['band_min'].iloc[0]:g}", int((reached["band_balance"] == "balanced").sum())
    weights = reached["workers"].fillna(0.0)
    share = float((reached["jobs_share"] * weights).sum() / weights.sum()) if weights.sum() > 0 else 0.0
    zones = count_things(len(reached), "zone", "zones")
    return make_text(
        f"{minutes} 分钟圈内，{len(reached)} 个道路可达单元中有 {good} 个达到职住平衡；"
        f"就业人口平均可达全部岗位的 {write_share(share)}。",
        f"Within {minutes} minutes {good} of {zones} {'is' if good == 1 else 'are'} in balance; a worker "
        f"reaches {write_share(share)} of all jobs on average.",
    )


def tell_commute(row: Mapping[str, Any]) -> Text:
    """Say the least, the random and, where flows tell it, the present commute with its excess.

    Examples
    --------
    >>> tell_commute({"basis": "counts", "least_min": 7.0, "random_min": 34.58, "most_min": 43.7,
    ...               "present_min": float("nan"), "solved": "exact"}).en
    'From jobs and workers: the least possible mean commute is 7.0 min, at random 34.6, at most 43.7.'
    """
    least, random, most = (write_number(row[f"{name}_min"], 1) for name in ("least", "random", "most"))
    zh = f"最小可能平均通勤 {least} 分钟，随机 {random} 分钟，最大 {most} 分钟"
    en = f"the least possible mean commute is {least} min, at random {random}, at most {most}"
    if row["solved"] == "merged":
        zh, en = f"{zh}（单元合并后求解，未证明最小）", f"{en} (zones merged, not proved to be the least)"
    if is_absent(row["present_min"]):
        return make_text(f"按岗位与就业人口：{zh}。", f"From jobs and workers: {en}.")
    now = write_number(row["present_min"], 1)
    zh, en = (
        f"按通勤流量：现状平均通勤 {now} 分钟；{zh}",
        f"From the flows: the mean commute is {now} min; {en}",
    )
    if not is_absent(row["excess_share"]):
        share = write_share(row["excess_share"])
        zh, en = f"{zh}；过剩通勤率 {share}", f"{en}; the excess is {share} of the present"
    return make_text(f"{zh}。", f"{en}.")
