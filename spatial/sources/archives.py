"""Zipped sources: unpacked into a folder that is gone after reading."""

from __future__ import annotations

import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from spatial.sources.encoding import as_utf8
from spatial.sources.origin import FORMATS, Origin, list_some

_TEXTS = {".geojson", ".json", ".geojsonl", ".kml", ".gml", ".gpx"}
_UTF8_NAME = 0x800
_BLOCK_BYTES = 1 << 20
_LARGEST_BYTES = 4 << 30


@contextmanager
def open_plain(origin: Origin, path: Path) -> Iterator[Path]:
    """Give a path that GDAL can open: unpacked if it is a .zip, in UTF-8 if it is a text format.

    Copies live in a temporary folder until the block ends; the file itself is never changed.

    Raises
    ------
    SourceError
        A broken, locked, oversized or ambiguous archive; text whose encoding cannot be told.

    Examples
    --------
    >>> from spatial.plan.records import Source
    >>> from spatial.sources.origin import name_origin
    >>> with open_plain(name_origin("roads", Source(file="roads.gpkg")), Path("roads.gpkg")) as plain:
    ...     plain.name
    'roads.gpkg'
    """
    with tempfile.TemporaryDirectory(prefix="spatial-", ignore_cleanup_errors=True) as workspace:
        plain = path
        if path.suffix.lower() == ".zip":
            _unpack(origin, path, Path(workspace) / "zip")
            plain = _choose_member(origin, Path(workspace) / "zip")
            origin.where = f"{origin.where}/{plain.relative_to(Path(workspace) / 'zip').as_posix()}"
        if plain.suffix.lower() in _TEXTS:
            plain = as_utf8(origin, plain, Path(workspace))
        if re.search(r"[!?]", str(plain)):  # these have a meaning of their own in pyogrio's paths
            raise origin.refuse("", f"the path {plain} holds ! or ?", "rename the file or its folder")
        yield plain


def _unpack(origin: Origin, path: Path, root: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            size = sum(member.file_size for member in members)
            if size > _LARGEST_BYTES:
                raise origin.refuse(
                    "", f"unpacks to {size / 2**30:.0f} GiB", "unpack it and name the file inside"
                )
            for member in members:
                _extract(archive, member, root)
            _note_paths(origin, [member.filename for member in members])
    except (zipfile.BadZipFile, OSError, RuntimeError, EOFError, zlib.error) as error:
        remedy = "pack it again as a plain .zip without password"
        raise origin.refuse("", f"the archive cannot be unpacked: {error}", remedy) from error


def _note_paths(origin: Origin, names: list[str]) -> None:
    """Say which members were named to lie outside the folder that they are unpacked to."""
    led = [name for name in names if ".." in PurePosixPath(name.replace("\\", "/")).parts]
    if led:
        origin.note(
            "member_paths", "warning",
            f"压缩包内 {len(led)} 个文件的路径含 ../（{list_some(led)}），"
            "已只在临时文件夹内解压；请核对文件来源。",
            f"{len(led)} of the archive's files have ../ in their paths ({list_some(led)}); they were "
            "unpacked inside a temporary folder only. Check who made it.",
            value=float(len(led)),
        )  # fmt: skip


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, root: Path) -> None:
    parts = _split_name(member)
    if not parts or parts[0] == "__MACOSX":
        return
    target = root.joinpath(*parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as packed, target.open("wb") as unpacked:
        while block := packed.read(_BLOCK_BYTES):
            unpacked.write(block)


def _split_name(member: zipfile.ZipInfo) -> list[str]:
    """Return the steps of a member's path, none of which leads out of the folder it is unpacked to."""
    name = member.filename
    if not member.flag_bits & _UTF8_NAME:  # Chinese Windows writes names in GBK without saying so
        data = name.encode("cp437", "replace")
        name = next((text for codec in ("utf-8", "gb18030") if (text := _decode(data, codec))), name)
    steps = PurePosixPath(name.replace("\\", "/")).parts
    return [re.sub(r'[<>:"|?*!\x00-\x1f]', "_", step) for step in steps if step not in ("/", "..", ".")]


def _decode(data: bytes, codec: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return ""


def _choose_member(origin: Origin, root: Path) -> Path:
    entries = sorted(path for path in root.rglob("*") if path.suffix.lower() in FORMATS)
    # A text beside other data tells about it; alone it is data itself.
    entries = [path for path in entries if path.suffix.lower() != ".txt"] or entries
    found = [path for path in entries if not any(parent in entries for parent in path.parents)]
    if not found:
        raise origin.refuse("", "the archive holds no vector file", f"pack one of {', '.join(FORMATS)}")
    if len(found) == 1:
        return found[0]
    asked = origin.source.layer
    chosen = [path for path in found if path.stem == asked]
    if len(chosen) == 1:
        return chosen[0]
    names = list_some((path.relative_to(root).as_posix() for path in found), 20)
    problem = f"there is no {asked!r} in the archive" if asked else "the archive holds several files"
    raise origin.refuse("layer", f"{problem}: {names}", f"write for example `layer: {found[0].stem}`")
