"""What became of a publication, which versions there are and what differs, in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from spatial.outputs.postgis.publication import Publication
from spatial.plan.published import Version

_ROWS = 40
_HASH = 12
_CHANGES = {"added": "新增 added", "removed": "删除 removed", "changed": "修改 changed"}


def print_publication(console: Console, made: Publication) -> None:
    """Print the version that is current now, and where it lies."""
    for note in made.notes:
        console.print(f"note 注意: {note}", markup=False)
    rows = sum(made.rows.values())
    if made.is_new:
        size = f"{len(made.rows)} layers, {rows:,} rows"
        told = f"published 已发布: {made.plan} version 第 {made.version} 版, {size}"
    else:
        told = f"nothing changed, no new version 未变化，未生成新版本: {made.plan} version {made.version}"
    console.print(told, markup=False)
    console.print(f"tables 数据表: {made.schema}", markup=False)
    console.print(f"current views 现行视图: {made.stem}", markup=False)


def print_versions(console: Console, versions: Sequence[Version]) -> None:
    """Print versions, the current ones marked."""
    grid = Table(box=None, pad_edge=False)
    for head in ("规划\nplan", "版本\nversion", "时间\nwhen", "发布人\nwho"):
        grid.add_column(head, overflow="fold")
    for head in ("行数\nrows", "修改\nedits"):
        grid.add_column(head, justify="right", no_wrap=True)
    for head in ("规划哈希\nplan hash", "说明\nnote"):
        grid.add_column(head, overflow="fold")
    for one in versions:
        note = f"← {one.restored_from} {one.note}".strip() if one.restored_from else one.note
        grid.add_row(
            escape(one.plan),
            f"{one.version}{' 现行 current' if one.current else ''}",
            f"{one.published_at:%Y-%m-%d %H:%M}",
            escape(one.published_by),
            f"{one.rows:,}",
            f"{one.edits:,}",
            escape(one.plan_hash[:_HASH]),
            escape(note),
        )
    console.print(grid)


def print_revision(console: Console, table: pd.DataFrame, changes: pd.DataFrame) -> None:
    """Print what differs by layer, then the first rows that do."""
    listed = table[table[["added", "removed", "changed"]].sum(axis=1) > 0]
    if not len(listed):
        console.print("the versions are the same 两个版本没有差别", markup=False)
        return
    grid = Table(box=None, pad_edge=False)
    grid.add_column("图层\nlayer", overflow="fold")
    for head in ("改前\nbefore", "改后\nafter", "新增\nadded", "删除\nremoved", "修改\nchanged"):
        grid.add_column(head, justify="right", no_wrap=True)
    for head in ("改前 ha\nbefore", "改后 ha\nafter", "类别变动 ha\nother class"):
        grid.add_column(head, justify="right", no_wrap=True)
    counts = ("rows_before", "rows_after", "added", "removed", "changed")
    areas = ("area_before_ha", "area_after_ha", "area_moved_ha")
    for row in listed.to_dict("records"):
        cells = [f"{row[key]:,}" for key in counts] + [f"{row[key]:,.2f}" for key in areas]
        grid.add_row(escape(f"{row['layer']} {row['name']}"), *cells)
    console.print(grid)
    if renumbered := int(table["renumbered"].sum()):
        told = f"{renumbered:,} rows bear another id only, which is no change 仅编号不同，不计为变化"
        console.print(told, markup=False)
    console.print()
    for row in changes.head(_ROWS).to_dict("records"):
        line = f"{_CHANGES[row['change']]}  {row['layer']}  {row['feature_id']}  {row['name']}  {row['what']}"
        console.print(line.rstrip(), markup=False)
        if row["before"] or row["after"]:
            console.print(f"    {row['before']} → {row['after']}", markup=False)
    if len(changes) > _ROWS:
        console.print(f"… {len(changes) - _ROWS} more: -o FILE.gpkg has all 其余见文件", markup=False)
