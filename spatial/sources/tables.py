"""Tables without shapes: CSV files and sheets of a workbook, read as rows that remember their lines."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd

from spatial.sources.encoding import decode_text
from spatial.sources.origin import Origin

WORKBOOKS = {".xlsx": "Excel", ".ods": "OpenDocument"}
"""Endings of workbooks that tables are read from; features are not."""
TABLES = {".csv": "CSV", **WORKBOOKS}
"""Endings of files that tables are read from."""
_WHOLE = r"[+-]?(?:0|[1-9]\d{0,17})"
_NUMBER = r"[+-]?(?:0|[1-9]\d*)?(?:\.\d+)?(?:[eE][+-]?\d+)?"


def read_table(origin: Origin, path: Path) -> pd.DataFrame:
    r"""Read a table: a CSV file, or the first sheet of an Excel or OpenDocument workbook.

    Returns
    -------
    pandas.DataFrame
        One row a line that is not empty, its index the line in the file. The first of them is the header.
        Columns that hold only numbers are numbers, unless a leading zero says that they are codes; empty
        cells are None or NaN.

    Raises
    ------
    SourceError
        The file cannot be read, is empty, has ragged rows or a column twice.

    Examples
    --------
    >>> import tempfile
    >>> from spatial.plan.records import Source
    >>> from spatial.sources.origin import name_origin
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "flows.csv")
    ...     _ = path.write_text("from,to,people\n东区,西区,120\n\n西区,东区,\n", "utf-8")
    ...     read_table(name_origin("flows", Source(file="flows.csv")), path)
      from  to  people
    2   东区  西区   120.0
    4   西区  东区     NaN
    """
    if path.suffix.lower() == ".csv":
        texts = split_text(origin, read_text(origin, path))
    else:
        texts = _read_sheet(origin, path)
    return texts.apply(as_numbers)


def read_text(origin: Origin, path: Path) -> str:
    """Return the text of a file in whichever encoding it is.

    Raises
    ------
    SourceError
        The file cannot be read or decoded.

    Examples
    --------
    >>> from spatial.plan.records import Source
    >>> from spatial.sources.origin import name_origin
    >>> read_text(name_origin("seats", Source(file="none.csv")), Path("none.csv"))
    Traceback (most recent call last):
    spatial.errors.SourceError: none.csv: cannot be read: No such file or directory; check the file
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise origin.refuse("", f"cannot be read: {error.strerror}", "check the file") from error
    return decode_text(origin, data)


def split_text(origin: Origin, text: str) -> pd.DataFrame:
    r"""Return the cells of a CSV text as texts, with the line that each row ends on as index.

    Raises
    ------
    SourceError
        No header, ragged rows, a column twice.

    Examples
    --------
    >>> from spatial.plan.records import Source
    >>> from spatial.sources.origin import name_origin
    >>> split_text(name_origin("a", Source(file="a.csv")), "code;n\n003;5\n").to_dict("index")
    {2: {'code': '003', 'n': '5'}}
    """
    header = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(",;\t", key=header.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        rows = dict((reader.line_num, row) for row in reader)
    except csv.Error as error:
        raise origin.refuse("", f"is not a table: {error}", "save it again as CSV") from error
    return _take_rows(origin, rows)


def as_numbers(column: pd.Series) -> pd.Series:
    """Return numbers where every filled cell is one; a code such as 003 stays text.

    Examples
    --------
    >>> as_numbers(pd.Series(["1", "2"])).dtype, as_numbers(pd.Series(["1", ""])).dtype
    (dtype('int64'), dtype('float64'))
    >>> as_numbers(pd.Series(["01", ""], dtype=object)).tolist()
    ['01', None]
    """
    texts = column.str.strip()
    filled = texts != ""
    if filled.all() and len(texts) and texts.str.fullmatch(_WHOLE).all():
        return texts.astype("int64")
    if (
        filled.any()
        and texts[filled].str.fullmatch(_NUMBER).all()
        and texts[filled].str.contains(r"\d").all()
    ):
        return pd.to_numeric(texts.where(filled, None)).astype("float64")
    return column.where(filled, None)


def _read_sheet(origin: Origin, path: Path) -> pd.DataFrame:
    """Return the cells of a workbook's first sheet as texts, with their rows as index."""
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        sheet = pyogrio.list_layers(path)[0][0]
        frame = pyogrio.read_dataframe(
            path, layer=sheet, read_geometry=False, HEADERS="DISABLE", FIELD_TYPES="STRING", use_arrow=False
        )
    except (DataSourceError, DataLayerError, IndexError) as error:
        raise origin.refuse("", "is not a workbook that can be read", "save it again, or as CSV") from error
    cells = frame.astype(object).where(frame.notna(), "").to_numpy()
    rows = {line: [str(cell) for cell in row] for line, row in enumerate(cells, 1)}
    return _take_rows(origin, rows)


def _take_rows(origin: Origin, numbered: dict[int, list[str]]) -> pd.DataFrame:
    rows = {line: row for line, row in numbered.items() if any(map(str.strip, row))}
    if not rows:
        raise origin.refuse("", "is empty", "give a table with a header and at least one row")
    if origin.where.lower().endswith(tuple(WORKBOOKS)):
        rows = _trim(rows)
    names = [name.strip() for name in rows.pop(min(rows))]
    ragged = next((line for line, row in rows.items() if len(row) != len(names)), None)
    if ragged:
        problem = f"line {ragged} has {len(rows[ragged])} fields, the header has {len(names)}"
        raise origin.refuse("", problem, "put texts that hold separators in double quotes")
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise origin.refuse(
            twice[0], "the column stands twice in the header", "give each column its own name"
        )
    return pd.DataFrame(list(rows.values()), columns=names, index=list(rows), dtype=object)


def _trim(rows: dict[int, list[str]]) -> dict[int, list[str]]:
    """Leave out the columns of a sheet in which nothing stands: it once was wider."""
    filled = [any(cell.strip() for cell in column) for column in zip(*rows.values(), strict=True)]
    return {
        line: [cell for cell, keep in zip(row, filled, strict=True) if keep] for line, row in rows.items()
    }
