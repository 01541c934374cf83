"""Layers as Shapefiles: short field names that can be read, texts in GBK or UTF-8 never cut in two."""

from __future__ import annotations

import datetime as dt
import unicodedata
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

import pandas as pd
import pyogrio

from spatial.errors import Fault, OutputError
from spatial.outputs.formats.slices import Slice
from spatial.plan.base import Text

Encoding: TypeAlias = Literal["utf-8", "gbk"]

FIELD_LENGTH = 10
"""Longest name of a field in a dBase table, in bytes."""
TEXT_BYTES = 254
"""Longest text in a dBase table, in bytes of its encoding."""
RESERVED = frozenset(
    [
        "add", "alter", "and", "as", "asc", "between", "by", "case", "column", "create", "date", "delete",
        "desc", "drop", "exists", "for", "from", "group", "in", "insert", "into", "is", "like", "not", "null",
        "or", "order", "select", "set", "table", "to", "update", "values", "where",
    ]
)  # fmt: skip
"""Words that ArcGIS refuses as names of fields."""

# What the .cpg says, which ArcGIS, QGIS and GDAL read, and the language byte of the table, for older readers.
_CODE_PAGES: dict[Encoding, tuple[str, int]] = {"utf-8": ("UTF-8", 0), "gbk": ("936", 0x4D)}
_LANGUAGE_BYTE = 29
_LISTED = 10
_PLAIN = {"−": "-", "\u00a0": " "}


def shorten_names(names: Iterable[str], length: int = FIELD_LENGTH) -> dict[str, str]:
    """Shorten names of columns so that they fit a dBase table and all differ, whatever their case.

    The longest word of a name loses its end first, so that units and languages (``_km2``, ``_en``) stay. A
    name that is taken already ends in a number.

    Parameters
    ----------
    names : iterable of str
        Lower-case words joined by ``_``.
    length : int
        Longest name, in characters.

    Returns
    -------
    dict of str to str
        Name to short name, in the same order.

    Examples
    --------
    >>> shorten_names(
    ...     ["area_ha", "stated_area_km2", "group", "required_share", "requested_share"]
    ... )  # doctest: +NORMALIZE_WHITESPACE
    {'area_ha': 'area_ha', 'stated_area_km2': 'st_are_km2', 'group': 'group_', 'required_share': 'requ_share',
     'requested_share': 'requ_shar2'}
    """
    short: dict[str, str] = {}
    for name in names:
        wanted = _shorten(f"{name}_" if name.lower() in RESERVED else name, length)
        taken = {other.lower() for other in short.values()}
        number, unique = 2, wanted
        while unique.lower() in taken:
            unique = f"{wanted[: length - len(str(number))]}{number}"
            number += 1
        short[name] = unique
    return short


def _shorten(name: str, length: int) -> str:
    words = name.split("_")
    while len("_".join(words)) > length:
        longest = max(range(len(words)), key=lambda at: (len(words[at]), -at))
        if len(words[longest]) == 1:
            return "".join(words)[:length]
        words[longest] = words[longest][:-1]
    return "_".join(words)


def cut_text(text: str, encoding: Encoding) -> str:
    """Return as much of a text as a dBase table holds, ending with a whole character.

    Examples
    --------
    >>> len(cut_text("镇" * 200, "utf-8")), len(cut_text("镇" * 200, "gbk"))
    (84, 127)
    """
    return text.encode(encoding)[:TEXT_BYTES].decode(encoding, "ignore")


def fit_characters(slices: Iterable[Slice], encoding: Encoding, folder: Path) -> Text | None:
    """Replace signs that an encoding lacks by their plain form (``²`` by ``2``); refuse what has none.

    Parameters
    ----------
    slices : iterable of Slice
        Their frames are changed in place.
    encoding : {"utf-8", "gbk"}
        What the texts are to be written in.
    folder : Path
        Where to, for the message.

    Returns
    -------
    Text or None
        Which signs were replaced.

    Raises
    ------
    OutputError
        Names, for all columns at once, the characters that the encoding lacks and a text that has them.
    """
    columns = [(piece, key) for piece in slices for key in _text_columns(piece)]
    lost = [(piece, key, _find_lost(piece.frame[key], encoding)) for piece, key in columns]
    plain = {sign: _simplify(sign) for *_, texts in lost for signs in texts.values() for sign in signs}
    hard = {sign for sign, form in plain.items() if _lacking(form, encoding)}
    faults = [
        _refuse_signs(
            f"{piece.layer}.{key}", {text: signs & hard for text, signs in texts.items()}, encoding, folder
        )
        for piece, key, texts in lost
        if any(signs & hard for signs in texts.values())
    ]
    if faults:
        raise OutputError(dict.fromkeys(faults))
    table = str.maketrans(plain)
    for piece, key, texts in lost:
        if texts:
            piece.frame[key] = piece.frame[key].map(lambda text: text.translate(table), na_action="ignore")
    return _tell_replaced(plain, encoding) if plain else None


def _find_lost(texts: pd.Series[Any], encoding: Encoding) -> dict[str, set[str]]:
    """Return the texts that an encoding cannot hold, each with the signs that it lacks."""
    return {text: signs for text in texts.dropna() if (signs := _lacking(text, encoding))}


def _refuse_signs(key: str, lost: Mapping[str, set[str]], encoding: Encoding, folder: Path) -> Fault:
    signs = "".join(sorted(set().union(*lost.values())))
    where = next(text for text, lacking in lost.items() if lacking)
    problem = f"{encoding.upper()} has no {_name_signs(signs)}, as in “{where[:40]}”"
    return Fault(str(folder), key, problem, "write it with --encoding utf-8, or change the name")


def _text_columns(piece: Slice) -> list[str]:
    return [key for key, column in piece.columns.items() if column.kind == "text"]


def _simplify(sign: str) -> str:
    """Return the plain form of a sign, as Unicode has it; the sign itself where there is none."""
    return _PLAIN.get(sign) or unicodedata.normalize("NFKC", sign)


def _tell_replaced(plain: Mapping[str, str], encoding: Encoding) -> Text:
    named = ", ".join(f"{sign} → {form}" for sign, form in sorted(plain.items()))
    name = encoding.upper()
    return Text(
        zh=f"{name} 没有的符号已换写：{named}。", en=f"Signs that {name} lacks are written plainly: {named}."
    )


def write_shapefile(
    piece: Slice, folder: Path, *, encoding: Encoding, stamp: dt.date
) -> tuple[dict[str, str], list[Text]]:
    """Write a slice as a Shapefile, or as a dBase table if it has no shapes.

    Parameters
    ----------
    piece : Slice
        What to write.
    folder : Path
        Where the files ``<name>.shp`` and so on are put; it must exist.
    encoding : {"utf-8", "gbk"}
        Of texts; the ``.cpg`` says which.
    stamp : datetime.date
        The date that the table bears.

    Returns
    -------
    dict of str to str
        Column to field.
    list of Text
        What a user should know: which texts were too long.

    Notes
    -----
    A text holds 254 bytes: 84 Chinese characters in UTF-8, 127 in GBK. Numbers are written with 15 decimals,
    true and false as T and F, nulls as blanks.
    """
    names = shorten_names(piece.columns)
    table = piece.frame.copy()
    notes = [
        _fit(table, key, piece.name, encoding)
        for key, column in piece.columns.items()
        if column.kind == "text"
    ]
    file = folder / f"{piece.name}{'.dbf' if piece.kind == 'none' else '.shp'}"
    with warnings.catch_warnings():
        # A value with more digits than the column is wide is rounded by GDAL in its last ones.
        warnings.filterwarnings("ignore", "Value .* has been written without loss|.*not successfully written")
        pyogrio.write_dataframe(
            table.rename(columns=names),
            file,
            layer=piece.name,
            driver="ESRI Shapefile",
            geometry_type=piece.geometry_type,
            promote_to_multi=bool(piece.geometry_type and piece.geometry_type.startswith("Multi")),
            encoding=encoding.upper(),
            layer_options={"DBF_DATE_LAST_UPDATE": stamp.isoformat()},
        )
    state_encoding(folder / f"{piece.name}.dbf", encoding)
    return names, [note for note in notes if note]


def _fit(table: pd.DataFrame, key: str, name: str, encoding: Encoding) -> Text | None:
    """Cut the texts of a column that are too long, and say which."""
    texts: pd.Series[Any] = table[key].dropna()
    long = texts[[len(text.encode(encoding)) > TEXT_BYTES for text in texts]]
    if long.empty:
        return None
    table.loc[long.index, key] = [cut_text(text, encoding) for text in long]
    named = [str(row) for row in table.loc[long.index[:_LISTED], "id"]]
    rest = f" … +{len(long) - _LISTED}" if len(long) > _LISTED else ""
    return Text(
        zh=f"{name}.{key}：{len(long)} 个文本超过 {TEXT_BYTES} 字节，已截断（{'、'.join(named)}{rest}）；"
        "全文见 GeoPackage。",
        en=f"{name}.{key}: {len(long)} longer than {TEXT_BYTES} bytes, cut ({', '.join(named)}{rest}); "
        "the GeoPackage has all of it.",
    )


def state_encoding(table: Path, encoding: Encoding) -> None:
    """Say in the ``.cpg`` and in the table itself which encoding its texts are in."""
    page, language = _CODE_PAGES[encoding]
    table.with_suffix(".cpg").write_text(page, encoding="ascii")
    with table.open("r+b") as stream:
        stream.seek(_LANGUAGE_BYTE)
        stream.write(bytes([language]))


def _lacking(text: str, encoding: Encoding) -> set[str]:
    """Return the characters of a text that an encoding lacks."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return {sign for sign in set(text) if not _has(sign, encoding)}
    return set()


def _has(sign: str, encoding: Encoding) -> bool:
    return sign.encode(encoding, "replace") != b"?" or sign == "?"


def _name_signs(signs: str) -> str:
    shown = signs[:_LISTED]
    return ", ".join(f"{sign} (U+{ord(sign):04X})" for sign in shown) + (
        " …" if len(signs) > len(shown) else ""
    )


def describe_fields(renamed: Mapping[str, Mapping[str, str]], slices: Iterable[Slice]) -> pd.DataFrame:
    """Return which column became which field, with its names in Chinese and English and its type."""
    rows = [
        (piece.name, renamed[piece.name][key], key, column.zh, column.en, column.kind)
        for piece in slices
        for key, column in piece.columns.items()
    ]
    heads = ["layer", "field", "column", "zh", "en", "type"]
    return pd.DataFrame(rows, columns=heads)
