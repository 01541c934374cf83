"""What a build came to, in the terminal: balance, promises, findings, files.

Texts from plans and sources are printed as they are: no markup is read from them, and characters that steer
a terminal are taken out. Signs of our own are few and known to GBK terminals too.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from rich.box import SIMPLE
from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from spatial.outputs.evaluationsummary import tell_evaluation_lines
from spatial.plan.contract import Contract
from spatial.plan.styles import read_styles

Language = Literal["zh", "en", "both"]

_LISTED = 20
_MOST_ALIKE = 5
_UNKNOWN = "-"
_SQUARE_METRES = 1e4
_TRACE = 1e-8
_VERDICTS = {
    "kept": ("√ 兑现", "kept", "green"),
    "broken": ("× 未兑现", "broken", "bold red"),
    "undecidable": ("? 无法判定", "undecidable", "yellow"),
    "info": ("- 参考", "for information", "dim"),
}
_SEVERITIES = {
    "error": ("错误", "error", "bold red"),
    "warning": ("警告", "warning", "yellow"),
    "info": ("提示", "note", "cyan"),
}
_UNITS = {
    "towns": ("个", "towns"),
    "points": ("个", "points"),
    "area": ("km2", "km2"),
    "people": ("人", "people"),
}


def print_summary(
    console: Console,
    layers: Mapping[str, pd.DataFrame],
    contracts: Mapping[str, Contract],
    findings: pd.DataFrame,
    files: Iterable[Path],
    *,
    language: Language,
    title: str,
) -> None:
    """Print what a build came to.

    Parameters
    ----------
    console : rich.console.Console
        Where to print; looks best from 80 columns.
    layers : mapping of str to DataFrame
        Layers by name. ``zone_balance`` (areas in hectares, shares of the territory) and ``circle_coverage``
        (of which rows with a promise) are told as tables where they are there and have rows.
    contracts : mapping of str to Contract
        Titles and column names of the layers.
    findings : DataFrame
        As `frame_findings` makes it. Errors and warnings are listed, up to 20 of each; notes are counted by
        rule.
    files : iterable of pathlib.Path
        Files of the output folder, listed with their sizes; paths are never broken over lines.
    language : {"zh", "en", "both"}
        Language of headings and messages.
    title : str
        Title of the plan.

    Examples
    --------
    >>> import sys
    >>> from spatial.plan.findings import frame_findings
    >>> console = Console(file=sys.stdout, width=60)
    >>> print_summary(console, {}, {}, frame_findings([]), [], language="en", title="Jiyuan")
    ────────────────────────── Jiyuan ──────────────────────────
    <BLANKLINE>
    Findings: none
    """
    words = _Words(language)
    console.print(Rule(_line(title, "bold")))
    balance, coverage = layers.get("zone_balance"), layers.get("circle_coverage")
    if balance is not None and len(balance):
        _print_heading(console, words.pick(contracts["zone_balance"].zh, contracts["zone_balance"].en))
        _print_balance(console, words, balance, contracts["zone_balance"])
    if told := tell_evaluation_lines(layers, language):
        _print_heading(console, words.pick("双评价", "Evaluation"))
        for line in told:
            console.print(_line(line))
    if coverage is not None and len(promised := coverage[coverage["promise"].notna()]):
        _print_heading(console, words.pick("通勤圈承诺", "Promises of the circles"))
        _print_promises(console, words, promised, contracts["circle_coverage"])
    _print_findings(console, words, findings, contracts)
    _print_files(console, words, list(files))


class _Words:
    """Chooses between Chinese and English, or sets both."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def pick(self, zh: str, en: str, joint: str = " ") -> str:
        """Return the text in the language; in both, the English behind `joint`."""
        if self.language == "both" and zh and en and zh != en:
            return f"{zh}{joint}{en}"
        return (en or zh) if self.language == "en" else (zh or en)

    def heads(self, contract: Contract, *columns: str) -> list[Text]:
        """Return the names of columns, two lines high in both languages."""
        named = contract.all_columns()
        return [_text(self.pick(named[column].zh, named[column].en, "\n"), "bold") for column in columns]

    def name(self, key: str, name: object) -> str:
        """Return a zone's or line's name; the English one is the label of its style."""
        layers = read_styles().layers
        labels = [
            layers[layer].classes[key].label for layer in ("zones", "lines") if key in layers[layer].classes
        ]
        return self.pick(str(name), labels[0].pick("en") if labels else "")


def _print_heading(console: Console, heading: str) -> None:
    console.print()
    console.print(_line(heading, "bold"))


def _print_balance(console: Console, words: _Words, balance: pd.DataFrame, contract: Contract) -> None:
    """Print the areas of the zones, their sum and the territory, then those of the lines."""
    table = Table(box=SIMPLE, pad_edge=False, show_edge=False)
    for at, head in enumerate(words.heads(contract, "name", "area_ha", "share", "parts")):
        table.add_column(head, justify="right" if at else "left")
    zones, lines, territory = (balance[balance["section"] == part] for part in ("zone", "line", "territory"))
    for part in (zones, territory, lines):
        for row in part.to_dict("records"):
            _add_area(
                table, words.name(str(row["key"]), row["name"]), row, "bold" if part is territory else ""
            )
        if part is zones and len(zones):
            table.add_section()
            total = zones[["area_ha", "share", "parts"]].sum().to_dict()
            _add_area(table, words.pick("三区合计", "Sum of zones"), total, "bold")
        if part is territory:
            table.add_section()
    console.print(table)
    if len(zones) and len(territory):
        gap = (zones["area_ha"].sum() - territory["area_ha"].sum()) * _SQUARE_METRES
        text = words.pick("三区合计减规划范围", "Sum of zones less the territory", " ")
        console.print(_text(f"{text}: {gap:+,.2f} m2", "dim"))


def _add_area(table: Table, name: str, row: Mapping[Any, Any], style: str = "") -> None:
    figures = (_number(row["area_ha"], 2), _share(row["share"]), _number(row["parts"], 0))
    table.add_row(_line(name), *figures, style=style)


def _print_promises(console: Console, words: _Words, coverage: pd.DataFrame, contract: Contract) -> None:
    """Print how much of what each circle promises lies inside, and under the table what lies outside."""
    verdict, name, share, required = words.heads(contract, "verdict", "name", "share", "required_share")
    table = Table(box=SIMPLE, pad_edge=False, show_edge=False)
    table.add_column(verdict, no_wrap=True)
    table.add_column(name, overflow="fold", min_width=12)
    for head in (_text(words.pick("圈内 / 总量", "Inside / total", "\n"), "bold"), share, required):
        table.add_column(head, justify="right", no_wrap=True)
    rows = coverage.to_dict("records")
    for row in rows:
        zh, en, style = _VERDICTS[row["verdict"]]
        table.add_row(
            _text(words.pick(zh, en, "\n"), style),
            _line(row["name"]) + _text("\n") + _line(row["promise"], "dim"),
            _line(_measure(words, row)),
            _share(row["share"]),
            _share(row["required_share"]),
        )
    console.print(table)
    for row in rows:
        if row["verdict"] != "info" and (outside := _flat(row["outside"]).strip()):
            known = row["verdict"] != "undecidable"
            intro = words.pick("圈外", "outside") if known else words.pick("原因", "reason")
            lead = _line(f"{row['name']} · {intro}: ", _VERDICTS[row["verdict"]][2])
            console.print(lead + _line(outside))


def _measure(words: _Words, row: Mapping[Any, Any]) -> str:
    unit = words.pick(*_UNITS.get(row["subject"], ("", "")))
    return f"{_number(row['inside'], 1)} / {_number(row['total'], 1)} {unit}".rstrip()


def _print_findings(
    console: Console, words: _Words, findings: pd.DataFrame, contracts: Mapping[str, Contract]
) -> None:
    """Print how many findings there are; list errors and warnings, count notes by rule."""
    console.print()
    heading = _text(words.pick("检查结果", "Findings"), "bold") + _text(": ")
    counts = [
        _text(f"{number} {words.pick(zh, en)}", style)
        for severity, (zh, en, style) in _SEVERITIES.items()
        if (number := int((findings["severity"] == severity).sum()))
    ]
    console.print(
        heading + (_text(" · ").join(counts) if counts else _text(words.pick("无", "none"), "green"))
    )
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for severity in ("error", "warning"):
        _list_findings(grid, words, findings[findings["severity"] == severity], severity, contracts)
    _count_notes(grid, words, findings[findings["severity"] == "info"])
    if grid.row_count:
        console.print(grid)


def _list_findings(
    grid: Table, words: _Words, found: pd.DataFrame, severity: str, contracts: Mapping[str, Contract]
) -> None:
    zh, en, style = _SEVERITIES[severity]
    for row in found.head(_LISTED).to_dict("records"):
        message = _text(words.pick(_flat(row["message_zh"]), _flat(row["message_en"]), "\n"))
        grid.add_row(_text(words.pick(zh, en), style), message)
        place = [row["rule"], _layer_title(words, row["layer"], contracts), row["feature_id"]]
        grid.add_row("", _line(" · ".join(part for part in place if part), "dim"))
    if len(found) > _LISTED:
        more = len(found) - _LISTED
        text = words.pick(f"另有 {more} 条，见图层 findings", f"{more} more in the layer findings")
        grid.add_row("", _text(text, "dim"))


def _count_notes(grid: Table, words: _Words, found: pd.DataFrame) -> None:
    zh, en, style = _SEVERITIES["info"]
    for rule, rows in found.groupby("rule", sort=True):
        first = rows.iloc[0]
        message = words.pick(_flat(first["message_zh"]), _flat(first["message_en"]), "\n")
        times = f" (x{len(rows)})" if len(rows) > 1 else ""
        grid.add_row(_text(words.pick(zh, en), style), _text(message) + _line(f" {rule}{times}", "dim"))


def _layer_title(words: _Words, layer: str, contracts: Mapping[str, Contract]) -> str:
    return words.pick(contracts[layer].zh, contracts[layer].en) if layer in contracts else layer


def _print_files(console: Console, words: _Words, files: list[Path]) -> None:
    """Print files with their sizes; many of a kind in one folder are told as one."""
    if not files:
        return
    _print_heading(console, words.pick("文件", "Files"))
    alike: dict[Path, list[Path]] = {}
    for file in files:
        alike.setdefault(file.with_name(f"*{file.suffix}"), []).append(file)
    for pattern, group in alike.items():
        folded = len(group) > _MOST_ALIKE
        for name, members in [(pattern, group)] if folded else [(file, [file]) for file in group]:
            known = [file.stat().st_size for file in members if file.is_file()]
            size = _size(sum(known)) if known else _UNKNOWN
            count = f" ({len(members)})" if folded else ""
            console.print(_text(f"{size:>9}  ", "dim") + _line(name) + _text(count, "dim"), soft_wrap=True)


def _text(content: str, style: str = "") -> Text:
    """Return a text as it is, without markup and without characters that steer a terminal."""
    kept = (
        " " if unicodedata.category(sign) in {"Cc", "Cf", "Cs"} and sign != "\n" else sign for sign in content
    )
    return Text("".join(kept), style=style)


def _flat(content: object) -> str:
    missing = content is None or content is pd.NA or (isinstance(content, float) and math.isnan(content))
    return "" if missing else " ".join(str(content).splitlines())


def _line(content: object, style: str = "") -> Text:
    """Return a text on one line."""
    return _text(_flat(content), style)


def _number(value: float, digits: int) -> str:
    if pd.isna(value):
        return _UNKNOWN
    return f"{value:,.0f}" if float(value).is_integer() and digits < 2 else f"{value:,.{digits}f}"


def _share(value: float) -> str:
    """Write a share in percent; one that lacks a trace of the whole must not read as the whole."""
    if pd.isna(value):
        return _UNKNOWN
    return ">99.99%" if 0.99995 <= value < 1 - _TRACE else f"{value:.2%}"


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 1e6 else f"{max(count / 1e3, 0.1):,.1f} kB"
