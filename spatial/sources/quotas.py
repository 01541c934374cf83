"""Quotas of the land ledger from a CSV file beside the plan."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from spatial.errors import Fault, SourceError
from spatial.plan.parts.ledger import Ledger, Quota
from spatial.plan.records import Source
from spatial.sources.encoding import decode_text
from spatial.sources.origin import name_origin

_COLUMNS = {
    "district": ("district", "区县", "行政区", "乡镇"),
    "kind": ("kind", "用途", "类别", "用地类型"),
    "area": ("area_ha", "公顷", "面积（公顷）", "指标（公顷）"),
}


def complete_ledger(ledger: Ledger | None, folder: Path) -> Ledger | None:
    r"""Return a ledger with the quotas of its file among its own.

    Raises
    ------
    SourceError
        The file cannot be read, lacks a column, or a row of it is no quota: all rows at once.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "q.csv").write_text("district,kind,area_ha\n城关镇,industry,12.5\n", "utf-8")
    ...     made = complete_ledger(Ledger(parcels="stock", quota_file="q.csv"), Path(folder))
    >>> made.quotas[0].area_m2
    125000.0
    """
    if ledger is None or ledger.quota_file is None:
        return ledger
    quotas = (*ledger.quotas, *_read_quotas(ledger.quota_file, folder))
    try:
        return Ledger.model_validate(
            ledger.model_dump(exclude={"quotas", "quota_file"})
            | {"quotas": [_dump(quota) for quota in quotas]}
        )
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise SourceError(
            Fault(ledger.quota_file, "", message, "give each district and kind once")
        ) from error


def _dump(quota: Quota) -> dict[str, str]:
    return {"district": quota.district, "kind": quota.kind, "area": f"{quota.area_m2!r} m2"}


def _read_quotas(file: str, folder: Path) -> list[Quota]:
    origin = name_origin("ledger", Source(file=file))
    try:
        data = (folder / file).read_bytes()
    except OSError as error:
        remedy = "paths are relative to the plan's folder"
        raise origin.refuse("quota_file", f"cannot be read: {error.strerror}", remedy) from error
    rows = list(csv.reader(io.StringIO(decode_text(origin, data), newline="")))
    head = [name.strip() for name in rows[0]] if rows else []
    places = {
        key: next((head.index(name) for name in names if name in head), -1) for key, names in _COLUMNS.items()
    }
    lacking = [names[0] for key, names in _COLUMNS.items() if places[key] < 0]
    if lacking:
        problem = f"there is no column {', '.join(lacking)}"
        raise origin.refuse("", problem, "the first row names district, kind and area_ha")
    faults: list[Fault] = []
    quotas = list(_parse(file, rows, places, faults))
    if faults:
        raise SourceError(faults)
    return quotas


def _parse(file: str, rows: list[list[str]], places: dict[str, int], faults: list[Fault]) -> Iterator[Quota]:
    for number, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        try:
            cells = {key: row[place].strip() for key, place in places.items()}
            yield Quota.model_validate(cells | {"area": f"{cells['area']} ha"})
        except (IndexError, ValidationError):
            problem = f"{','.join(row)[:60]!r} is no quota"
            faults.append(Fault(f"{file}:{number}", "", problem, "write district, kind, hectares"))
