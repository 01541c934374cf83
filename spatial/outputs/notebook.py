"""How a build shows itself in a notebook: the map in a frame, layers as tables, a short summary."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import pandas as pd

from spatial.errors import Fault, OutputError
from spatial.outputs.files import replacing
from spatial.outputs.jobs import write_map
from spatial.outputs.order import Order
from spatial.outputs.papers.words import decode, find_words
from spatial.plan.base import Text
from spatial.plan.contract import Contract

Language = Literal["zh", "en", "both"]

_HEIGHT_PX = 560
_ROWS_SHOWN = 60
_SHAPES = {
    "Polygon": ("面", "areas"),
    "LineString": ("线", "lines"),
    "Point": ("点", "points"),
    "any": ("混合", "mixed"),
    "none": ("表", "table"),
}
_SEVERITIES = {"error": ("错误", "errors"), "warning": ("警告", "warnings"), "info": ("提示", "notes")}


@dataclass(frozen=True)
class MapView:
    """The plan's map, which a notebook shows in a frame and needs no network for.

    Parameters
    ----------
    page : str
        The whole page, as ``map.html`` is.
    notes : tuple of str
        What a user should know of it.
    height : int
        Height of the frame in pixels.
    """

    page: str
    notes: tuple[str, ...] = ()
    height: int = _HEIGHT_PX

    def save(self, path: str | Path) -> Path:
        """Write the page to a file, atomically, and return its path.

        Raises
        ------
        OutputError
            The file cannot be written.
        """
        with replacing(path) as beside:
            beside.write_text(self.page, encoding="utf-8", newline="\n")
        return Path(path)

    def _repr_html_(self) -> str:
        # The page has no origin of its own in this frame: its scripts reach neither notebook nor server.
        frame = (
            f'<iframe srcdoc="{html.escape(self.page)}" sandbox="allow-scripts allow-downloads allow-modals" '
            f'style="width:100%;height:{self.height}px;border:1px solid #cfd4d8" title="map"></iframe>'
        )
        return frame + "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)


@dataclass(frozen=True)
class TableView:
    """A layer as a table to be read: heads in words and units, codes in words, no geometry.

    Parameters
    ----------
    title : str
        Title of the layer.
    frame : pandas.DataFrame
        Its rows, with heads as they shall be read.
    """

    title: str
    frame: pd.DataFrame

    def __len__(self) -> int:
        return len(self.frame)

    def _repr_html_(self) -> str:
        shown = self.frame.head(_ROWS_SHOWN)
        formats = {name: _choose_format(shown[name]) for name in shown.select_dtypes("float")}
        table = shown.to_html(index=False, na_rep="", border=0, justify="left", formatters=formats)
        hidden = len(self.frame) - _ROWS_SHOWN
        more = f"<p>… +{hidden:,}</p>" if hidden > 0 else ""
        return f"<strong>{html.escape(self.title)}</strong>{table}{more}"


def show_map(order: Order, height: int = _HEIGHT_PX) -> MapView:
    """Return the map of an order.

    Raises
    ------
    OutputError
        The basemap is unknown, or a script has no local carrier.
    """
    with TemporaryDirectory(prefix="spatial-") as folder:
        file = Path(folder, "map.html")
        notes = write_map(order, file)
        return MapView(file.read_text(encoding="utf-8"), tuple(notes), height)


def show_table(
    name: str, layers: Mapping[str, pd.DataFrame], contracts: Mapping[str, Contract], language: Language
) -> TableView:
    """Return a layer as a table with titles and codes in words.

    Parameters
    ----------
    name : str
        Name of the layer.
    layers, contracts : mapping
        As a build has them.
    language : {"zh", "en", "both"}
        Language of heads and codes.

    Raises
    ------
    OutputError
        There is no such layer.
    """
    if name not in layers:
        raise OutputError(Fault("table", name, "there is no such layer", f"there is {', '.join(layers)}"))
    contract, frame = contracts[name], layers[name]
    columns = contract.all_columns()
    heads = _tell_apart([_say(column.zh, column.en, language) for column in columns.values()], columns)
    told = {head: _decode(name, key, frame[key], language) for head, key in zip(heads, columns, strict=True)}
    return TableView(_say(contract.zh, contract.en, language), pd.DataFrame(told, index=frame.index))


def summarize(
    title: Text,
    layers: Mapping[str, pd.DataFrame],
    contracts: Mapping[str, Contract],
    not_built: Mapping[str, str],
    language: Language,
) -> str:
    """Return a build as a short table in HTML: each layer, what it is, its rows; and how many findings."""
    heads = [("图层", "Layer"), ("名称", "Title"), ("几何", "Geometry"), ("要素", "Rows"), ("说明", "Note")]
    rows = [
        [name, _say(contract.zh, contract.en, language), _say(*_SHAPES[contract.shape], language),
         f"{len(layers[name]):,}", _explain(not_built.get(name, ""), language)]
        for name, contract in contracts.items()
        if name in layers
    ]  # fmt: skip
    head = "".join(f"<th>{html.escape(_say(zh, en, language))}</th>" for zh, en in heads)
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    found = html.escape(_count_findings(layers["findings"], language))
    name = html.escape(_say(title.pick("zh"), title.pick("en"), language))
    return (
        f"<strong>{name}</strong><p>{found}</p><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


def _explain(part: str, language: Language) -> str:
    return _say(f"未生成：规划未写 {part}", f"not built: the plan has no {part}", language) if part else ""


def _count_findings(findings: pd.DataFrame, language: Language) -> str:
    counts = [
        f"{number} {_say(zh, en, language)}"
        for severity, (zh, en) in _SEVERITIES.items()
        if (number := int((findings["severity"] == severity).sum()))
    ]
    return f"{_say('检查结果', 'Findings', language)}: {' · '.join(counts) or _say('无', 'none', language)}"


def _tell_apart(heads: Iterable[str], keys: Iterable[str]) -> list[str]:
    """Return heads of which none repeats: one that does bears its key."""
    seen: set[str] = set()
    told = []
    for head, key in zip(heads, keys, strict=True):
        told.append(f"{head} ({key})" if head in seen else head)
        seen.add(head)
    return told


def _decode(layer: str, key: str, values: pd.Series[Any], language: Language) -> pd.Series[Any]:
    if key != "flags" and not find_words(layer, key):
        return values
    texts = [decode(layer, key, value) for value in values]
    told = [
        text if isinstance(text, str) else _say(text.pick("zh"), text.pick("en"), language) for text in texts
    ]
    return pd.Series(told, index=values.index, dtype=object)


def _say(zh: str, en: str, language: Language) -> str:
    if language == "both":
        return " ".join(dict.fromkeys(part for part in (zh, en) if part))
    return (en or zh) if language == "en" else (zh or en)


def _choose_format(values: pd.Series[Any]) -> Callable[[float], str]:
    """Return a format for all numbers of a column: shares with more decimals than areas."""
    small = bool((values.abs().dropna() <= 1).all())
    return lambda value: "" if pd.isna(value) else f"{value:,.4f}" if small else f"{value:,.2f}"
