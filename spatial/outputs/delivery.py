"""The output folder as a whole: what is written, what is up to date, and the note of what went in."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from spatial.engine.stacks import RasterStack
from spatial.outputs.files import replacing
from spatial.outputs.rasters import list_rasters, sweep_rasters, write_rasters
from spatial.plan.base import Text
from spatial.plan.contract import Contract
from spatial.plan.records import Plan
from spatial.plan.styles import read_styles

FILE_NAMES = {"geopackage": "plan.gpkg", "webmap": "map.html"}
"""Kind of output to its file name."""
_NOTE = "provenance.json"


@dataclass(frozen=True)
class Order:
    """All that the writers need: layers with their contracts, the plan, and what went in."""

    plan: Plan
    layers: Mapping[str, pd.DataFrame]
    contracts: Mapping[str, Contract]
    provenance: Mapping[str, str]
    metric_crs: str
    tianditu_key: str | None = None
    rasters: RasterStack | None = None


@dataclass(frozen=True)
class Delivery:
    """What stands in the folder; `written` are the files of this run, the others were up to date."""

    files: tuple[Path, ...]
    written: tuple[Path, ...]
    notes: tuple[str, ...]


def deliver(order: Order, folder: Path) -> Delivery:
    """Write the plan's outputs into `folder`, each atomically, unless they are up to date.

    A file is up to date when what went in is what the folder's note says and its own bytes are too.

    Raises
    ------
    OutputError
        The folder or a file cannot be written; the last good files stay.
    """
    wanted = {kind: folder / FILE_NAMES[kind] for kind in order.plan.outputs.files}
    rasters = list_rasters(order.rasters, folder)
    outputs = (*wanted.values(), *rasters.values())
    note = folder / _NOTE
    inputs = {**order.provenance, "tianditu": hash_bytes((order.tianditu_key or "").encode())}
    known = _read_note(note)
    files = (note, *outputs)
    if known.get("inputs") == inputs and known.get("files") == _hash_files(outputs):
        return Delivery(files, (), tuple(known.get("notes", ())))
    notes = [text for kind, path in wanted.items() for text in _WRITERS[kind](order, path)]
    sweep_rasters(folder, set(known.get("files", ())) - {path.name for path in outputs})
    if order.rasters is not None:
        write_rasters(order.rasters, folder, read_styles(), order.provenance)
    with replacing(note) as beside:
        record = {"inputs": inputs, "files": _hash_files(outputs), "notes": notes}
        text = json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        beside.write_text(text, encoding="utf-8")
    return Delivery(files, files, tuple(notes))


def hash_bytes(data: bytes) -> str:
    """Return the SHA-256 of some bytes in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def _hash_files(paths: Any) -> dict[str, str]:
    return {path.name: _hash_file(path) for path in paths if path.is_file()}


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_note(note: Path) -> dict[str, Any]:
    """Return the note of an earlier run; an unreadable one is as good as none."""
    try:
        known = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _write_geopackage(order: Order, path: Path) -> list[str]:
    from spatial.outputs.geopackage import write_geopackage

    # The clock would change the bytes from run to run, so files carry the plan's own date.
    stamp = order.plan.date or dt.date(order.plan.year, 1, 1)
    write_geopackage(
        path,
        order.layers,
        contracts=order.contracts,
        styles=read_styles(),
        provenance=order.provenance,
        stamp=stamp,
    )
    return []


def _write_webmap(order: Order, path: Path) -> list[str]:
    from spatial.outputs.webmap import MapHeading, write_webmap

    plan, frames = order.plan, order.layers.values()
    territory = order.layers.get("territory")
    name = plan.territory.name or Text(
        zh=str(territory["name"].iloc[0]) if territory is not None else plan.name
    )
    heading = MapHeading(
        title=plan.title,
        subtitle=Text(
            zh=f"{name.pick('zh')} {plan.period or plan.year}",
            en=f"{name.pick('en')} {plan.period or plan.year}",
        ),
        language=plan.language,
        approval_number=plan.outputs.approval_number,
        compiler=plan.outputs.compiler,
        # Without an approval number a map is a sketch, whatever its sources are.
        illustrative=not plan.outputs.approval_number
        or any("illustrative" in frame and bool(frame["illustrative"].any()) for frame in frames),
        provenance=dict(order.provenance),
        date=str(plan.date or plan.year),
    )
    return list(
        write_webmap(
            path,
            order.layers,
            heading=heading,
            styles=read_styles(),
            contracts=order.contracts,
            basemap=plan.outputs.basemap,
            tianditu_key=order.tianditu_key,
            metric_crs=order.metric_crs,
        )
    )


_WRITERS: dict[str, Callable[[Order, Path], list[str]]] = {
    "geopackage": _write_geopackage,
    "webmap": _write_webmap,
}
