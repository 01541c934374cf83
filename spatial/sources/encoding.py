"""Which encoding a text is in: said, told from its bytes, or refused. GBK is read as GB 18030."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from spatial.errors import SourceError
from spatial.sources.files import find_sidecar
from spatial.sources.origin import Origin

BYTES = "ISO-8859-1"
"""Decoding with this keeps every byte, so that a table can be decoded again once its encoding is known."""

_SUPERSETS = {"gbk": "gb18030", "gb2312": "gb18030", "utf-8": "utf-8-sig"}
_SHOWN = {"gb18030": "gbk", "utf-8-sig": "utf-8"}
# Code page mark, byte 29 of a .dbf; 0x57 ("the system's") and 0 say nothing.
_CODE_PAGES = {0x4D: "gb18030", 0x7A: "gb18030", 0x4F: "cp950", 0x78: "cp950", 0x01: "cp437", 0x03: "cp1252"}
_DAMAGE = ("\ufffd", "锟斤拷")
_HAN = re.compile("[\u4e00-\u9fff]")
_NOT_ASCII = re.compile("[^\x00-\x7f]")


def find_codec(origin: Origin, name: str) -> str:
    """Return Python's name of an encoding.

    Raises
    ------
    SourceError
        There is no such encoding.

    Examples
    --------
    >>> from spatial.plan.records import Source
    >>> find_codec(Origin("a", Source(file="a.shp"), "a.shp"), "GBK")
    'gb18030'
    """
    try:
        "".encode(name.strip())
        codec = codecs.lookup(name.strip()).name
    except (LookupError, UnicodeError) as error:
        raise origin.refuse("encoding", f"{name!r} is not an encoding", "write utf-8, gbk or big5") from error
    return _SUPERSETS.get(codec, codec)


def decode_text(origin: Origin, data: bytes) -> str:
    """Decode a whole text: as the plan says, else by its byte order mark, UTF-8 or GBK (with a finding).

    Raises
    ------
    SourceError
        None of these fits.

    Examples
    --------
    >>> from spatial.plan.records import Source
    >>> origin = Origin("a", Source(file="a.csv"), "a.csv")
    >>> decode_text(origin, "济源".encode("gbk")), origin.findings[0].rule
    ('济源', 'sources.encoding')
    """
    asked = origin.source.encoding
    candidates = ["utf-8-sig", "gb18030"]
    if asked:
        candidates = [find_codec(origin, asked)]
    elif data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    for codec in candidates:
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        if codec == "gb18030" and not asked:
            _note_gbk(origin)
        return text
    problem = f"the bytes are not {asked}" if asked else "the bytes are neither UTF-8 nor GBK"
    raise origin.refuse(
        "encoding", problem, "write the right `encoding:`, such as gbk or big5, or save as UTF-8"
    )


def as_utf8(origin: Origin, path: Path, workspace: Path) -> Path:
    """Return a text file itself if it is UTF-8, else a copy in UTF-8 of the same name in `workspace`.

    Examples
    --------
    >>> import tempfile
    >>> from spatial.plan.records import Source
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "a.geojson")
    ...     _ = file.write_text("{}", encoding="utf-8")
    ...     as_utf8(Origin("a", Source(file="a.geojson"), "a.geojson"), file, Path(folder)) == file
    True
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise origin.refuse(
            "", f"cannot be read: {error.strerror}", "check the file's permissions"
        ) from error
    text = decode_text(origin, data)
    declared = re.match(r"""\s*<\?xml[^>]*?encoding=["']([^"']*)["']""", text)
    if declared:
        text = text[: declared.start(1)] + "UTF-8" + text[declared.end(1) :]
    plain = text.encode("utf-8")
    if plain == data:
        return path
    copy = workspace / path.name
    copy.write_bytes(plain)
    return copy


_SAY_ZH, _SAY_EN = "请在方案中写明 `encoding: gbk`", "write `encoding: gbk` in the plan"
_CHECK_ZH, _CHECK_EN = "请核对文字，或另存为 UTF-8", "check its texts, or save it as UTF-8"


def _note_gbk(origin: Origin) -> None:
    zh, en = (_CHECK_ZH, _CHECK_EN) if origin.lenient else (_SAY_ZH, _SAY_EN)
    origin.note(
        "encoding",
        "warning",
        f"没有注明编码且不是 UTF-8，已按 GBK 读取；{zh}。",
        f"states no encoding and is not UTF-8, so it was read as GBK; {en}.",
    )


def decode_table(origin: Origin, frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Decode the names and texts of a Shapefile's table that was read as `BYTES`.

    Parameters
    ----------
    frame : pandas.DataFrame
        Attributes; each text holds one byte a character.
    path : Path
        The .shp; its .cpg and .dbf say the encoding, unless the plan does.

    Returns
    -------
    pandas.DataFrame
        Same rows and columns. A character that the field's width cut in half is dropped and reported.

    Raises
    ------
    SourceError
        A text that is not in the encoding said, or in none that can be told; names column and value.

    Examples
    --------
    >>> from spatial.plan.records import Source
    >>> table = pd.DataFrame({"name": ["济源市".encode("gbk").decode(BYTES)]})
    >>> origin = Origin("a", Source(file="a.shp", encoding="gbk"), "a.shp")
    >>> decode_table(origin, table, Path("a.shp"))["name"].tolist()
    ['济源市']
    """
    columns = [name for name in frame.columns if _is_text(frame[name])]
    values = {
        name: [text for text in frame[name].unique().tolist() if isinstance(text, str)] for name in columns
    }
    data = {str(name): str(name).encode(BYTES) for name in frame.columns}
    data |= {text: text.encode(BYTES) for texts in values.values() for text in texts}
    codec = _said_codec(origin, path) or _tell_codec(origin, data.values())
    known, cut = dict[str, str](), 0
    for column, texts in [("", [str(name) for name in frame.columns]), *values.items()]:
        for text in texts:
            decoded, whole = _decode_field(data[text], codec)
            if decoded is None:
                raise _undecodable(origin, column, data[text], codec)
            known[text], cut = decoded, cut + (not whole)
    if cut:
        origin.note(
            "cut_text",
            "warning",
            f"{cut} 个属性值在字段末尾被截断半个汉字，已去掉残余字节；请加大字段宽度。",
            f"{cut} values end in half a character, which was dropped; make the field wider.",
            value=float(cut),
        )
    decoded = frame.assign(**{name: frame[name].map(known) for name in columns})
    return decoded.rename(columns=known)


def _is_text(column: pd.Series) -> bool:
    return bool(column.dtype == object or pd.api.types.is_string_dtype(column))


def _said_codec(origin: Origin, path: Path) -> str | None:
    """Return the encoding that the plan, the .cpg or the mark in the .dbf states."""
    if origin.source.encoding:
        return find_codec(origin, origin.source.encoding)
    page = find_sidecar(path, ".cpg")
    if page is not None:
        return _read_code_page(
            origin, page.read_bytes().decode("ascii", "replace").strip("\ufffd \r\n\t\x00")
        )
    table = find_sidecar(path, ".dbf")
    head = table.read_bytes()[:32] if table else b""
    return _CODE_PAGES.get(head[29]) if len(head) == 32 else None


def _read_code_page(origin: Origin, text: str) -> str | None:
    name = text.lower().removeprefix("ansi").strip()
    name = re.sub(r"^iso[ _-]?8859[ _-]?0?", "iso-8859-", name)
    name = {"936": "gb18030", "54936": "gb18030", "950": "cp950", "65001": "utf-8"}.get(name, name)
    if name.isdigit():
        name = f"iso-8859-{name[4:]}" if name.startswith("8859") else f"cp{name}"
    try:
        return find_codec(origin, name) if name else None
    except SourceError as error:
        problem = f"the .cpg names an encoding {text!r} that is not known"
        raise origin.refuse(
            "encoding", problem, "write `encoding: gbk` or `encoding: utf-8` in the plan"
        ) from error


def _tell_codec(origin: Origin, texts: Iterable[bytes]) -> str:
    foreign = [text for text in texts if not text.isascii()]
    decoded = [_decode_field(text, "utf-8-sig") for text in foreign]
    fits = all(text is not None for text, _ in decoded)
    if fits and (not foreign or any(whole for _, whole in decoded)) and not _is_rather_gbk(foreign):
        return "utf-8-sig"
    if all(_decode_field(text, "gb18030")[0] is not None for text in foreign):
        _note_gbk(origin)
        return "gb18030"
    raise origin.refuse(
        "encoding",
        "the attributes are neither UTF-8 nor GBK, and no .cpg says what they are",
        "write `encoding:` in the plan, such as big5",
    )


def _is_rather_gbk(texts: Iterable[bytes]) -> bool:
    """Say whether bytes that are valid UTF-8 are common Chinese words in GBK, and no Chinese in UTF-8.

    Short words can be both: 路 in GBK is · in UTF-8. Chinese in UTF-8 has characters of three bytes, which
    settles it; what would be Chinese in the midst of Latin letters is an accent, by a number a unit.
    """
    data = b"\n".join(texts)
    if data.isascii() or re.search(rb"[\xe0-\xf4]", data):
        return False
    try:
        text = data.decode("gb2312")
    except UnicodeDecodeError:
        return False
    if re.search(r"\d[°²³±×µ]|[±×]\d", data.decode("utf-8", "replace")):
        return False
    foreign = "".join(_NOT_ASCII.findall(text))
    among_letters = re.search("[A-Za-z][\u4e00-\u9fff]|[\u4e00-\u9fff][A-Za-z]", text)
    return len(_HAN.findall(foreign)) == len(foreign) and _is_common(foreign) and not among_letters


def _decode_field(data: bytes, codec: str) -> tuple[str | None, bool]:
    """Return the text, or None, and whether it is whole: a field's width may cut its last character."""
    try:
        return data.decode(codec), True
    except UnicodeDecodeError as error:
        at_the_end = error.end == len(data) and re.match("incomplete|unexpected end", error.reason)
        return (data[: error.start].decode(codec), False) if at_the_end else (None, False)


def _undecodable(origin: Origin, column: str, data: bytes, codec: str) -> SourceError:
    fits = [
        name for name in ("utf-8-sig", "gb18030", "cp950") if _decode_field(data, name)[1] and name != codec
    ]
    shown = data[:24].decode("ascii", "backslashreplace")
    what = f"the value '{shown}'" if column else f"the field name '{shown}'"
    column = column.encode(BYTES).decode(codec, "replace")
    remedy = (
        f"write `encoding: {_SHOWN.get(fits[0], fits[0])}` in the plan"
        if fits
        else "write the right `encoding:`"
    )
    return origin.refuse(column or "encoding", f"{what} is not {_SHOWN.get(codec, codec)}", remedy)


def check_garbled(origin: Origin, frame: pd.DataFrame, name_column: str | None) -> None:
    """Refuse names whose characters were decoded wrongly before; report other such columns.

    Raises
    ------
    SourceError
        The names hold U+FFFD, or characters that only make sense when decoded in another way.

    Examples
    --------
    >>> from spatial.plan.records import Source
    >>> table = pd.DataFrame({"note": ["济源市".encode().decode("latin-1")]})
    >>> origin = Origin("a", Source(file="a.gpkg"), "a.gpkg")
    >>> check_garbled(origin, table, None)
    >>> origin.findings[0].rule
    'sources.garbled'
    """
    for column in [name for name in frame.columns if _is_text(frame[name])]:
        texts = [
            text for text in frame[column].unique().tolist() if isinstance(text, str) and not text.isascii()
        ]
        lost = [text for text in texts if any(mark in text for mark in _DAMAGE)]
        guess = None if lost else guess_garbled(texts)
        if not (lost or guess):
            continue
        shown = repr((lost or texts)[0][:24])
        problem = f"{shown} has lost characters" if lost else f"{shown} is garbled; it was {guess} text"
        stated = guess and Path(origin.where).suffix.lower() in (".shp", ".csv")
        remedy = "export it again as UTF-8 from the program that shows it right"
        remedy = f"write `encoding: {guess}` in the plan, or {remedy}" if stated else remedy
        if column == name_column:
            raise origin.refuse(str(column), problem, remedy)
        origin.note(
            "garbled",
            "warning",
            f"字段 {column} 的文字已成乱码，如 {shown}；请从原始数据重新导出为 UTF-8。",
            f"column {column}: {problem}; {remedy}.",
        )


def guess_garbled(texts: list[str]) -> str | None:
    """Return the encoding that texts were in before they were decoded wrongly, or None.

    Chinese text decoded as Latin-1 or Windows-1252 shows as ``¼ÃÔ´ÊÐ``; UTF-8 decoded as GBK as ``娴庢簮``.
    All texts must make sense in the same way, and what comes out must be common Chinese characters.

    Examples
    --------
    >>> guess_garbled(["济源市".encode("gbk").decode("latin-1")]), guess_garbled(["济源市", "créée"])
    ('gbk', None)
    """
    for wrong, right, fewest in (
        ("latin-1", "utf-8", 1),
        ("cp1252", "utf-8", 1),
        ("latin-1", "gb2312", 2),
        ("cp1252", "gb2312", 2),
        ("gbk", "utf-8", 4),
    ):
        try:
            again = [_decode_field(text.encode(wrong), right)[0] for text in texts]
        except UnicodeEncodeError:
            continue
        if None in again:
            continue
        foreign = "".join(char for text in again if text for char in _NOT_ASCII.findall(text))
        han = len(_HAN.findall(foreign))
        if han >= fewest and han >= 0.8 * len(foreign) and (right != "gb2312" or _is_common(foreign)):
            return "gbk" if right == "gb2312" else right
    return None


def _is_common(text: str) -> bool:
    """Say whether at least half of the characters are of level 1 of GB 2312, the 3 755 common ones."""
    return 2 * sum(0xB0 <= char.encode("gb2312")[0] <= 0xD7 for char in text) >= len(text)
