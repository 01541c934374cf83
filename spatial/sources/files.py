"""Where a source's bytes are: its file and sidecars, or its copy of a download."""

from __future__ import annotations

import difflib
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

import platformdirs

from spatial.errors import SourceError
from spatial.sources.origin import FORMATS, Origin

_SIDECARS = {
    ".shp": (".shx", ".dbf", ".prj", ".cpg"),
    ".tab": (".dat", ".map", ".id", ".ind"),
    ".mif": (".mid",),
    ".gpkg": (".gpkg-wal",),
}
_NEEDED = {
    ".shx": "the index of its shapes",
    ".dbf": "the table of its attributes",
    ".dat": "the table of its attributes",
    ".map": "its shapes",
}
_BLOCK_BYTES = 1 << 20
_LARGEST_BYTES = 4 << 30
_TIMEOUT_S = 60


def locate_source(origin: Origin, folder: Path, formats: Mapping[str, str] = FORMATS) -> Path:
    """Return the file of a source; a URL is downloaded once into the user's cache.

    Parameters
    ----------
    origin : Origin
    folder : Path
        Files are relative to it.
    formats : mapping of str to str
        Endings that are read.

    Raises
    ------
    SourceError
        No such file (near names are listed), a format that is not read, no network.

    Examples
    --------
    >>> from spatial.plan.records import Source
    >>> locate_source(Origin("a", Source(url="ftp://h/a"), "ftp://h/a"), Path("."))
    Traceback (most recent call last):
    spatial.errors.SourceError: ftp://h/a: url: ftp:// is not fetched; give an https:// address, or `file:`
    """
    url = origin.source.url
    path = _fetch(origin, url) if url else folder / str(origin.source.file)
    try:
        there = path.exists()
    except (OSError, ValueError) as error:
        raise origin.refuse("", f"cannot be looked up: {error}", "write a plain file name") from error
    if not there:
        raise _missing_file(origin, path)
    origin.refuse_format(path.suffix, formats)
    if path.is_dir() != (path.suffix.lower() == ".gdb"):
        kind = "a folder" if path.is_dir() else "a file"
        raise origin.refuse("", f"is {kind}", "give a file; only a geodatabase (.gdb) is a folder")
    return path


def _missing_file(origin: Origin, path: Path) -> SourceError:
    try:
        names = sorted(entry.name for entry in path.parent.iterdir())
    except OSError:
        return origin.refuse("", f"no such file, nor a folder {path.parent.name!r}", "check the path")
    near = difflib.get_close_matches(path.name, names, 3, 0.5)
    if near:
        return origin.refuse("", "no such file", f"did you mean {' or '.join(map(repr, near))}?")
    data = [name for name in names if Path(name).suffix.lower() in (*FORMATS, ".zip")]
    there = f"the folder holds {', '.join(data[:8])}" if data else "the folder holds no vector files"
    return origin.refuse("", "no such file", f"{there}; paths are relative to the plan's folder")


def find_sidecar(path: Path, ending: str) -> Path | None:
    """Return the file beside `path` with the same stem and another ending, in lower or upper case.

    Examples
    --------
    >>> find_sidecar(Path("nowhere.shp"), ".dbf") is None
    True
    """
    for other in (ending, ending.upper()):
        beside = path.with_suffix(other)
        if beside.is_file():
            return beside
    return None


def check_sidecars(origin: Origin, path: Path) -> None:
    """Refuse a Shapefile or a MapInfo table that came without its other files.

    Raises
    ------
    SourceError
        Names every file that is missing and what it holds.

    Examples
    --------
    >>> from spatial.plan.records import Source
    >>> check_sidecars(Origin("a", Source(file="a.mif"), "a.mif"), Path("a.mif"))
    """
    wanted = [ending for ending in _SIDECARS.get(path.suffix.lower(), ()) if ending in _NEEDED]
    lost = [ending for ending in wanted if find_sidecar(path, ending) is None]
    if lost:
        what = " and ".join(f"{path.stem}{ending} ({_NEEDED[ending]})" for ending in lost)
        verb = "is" if len(lost) == 1 else "are"
        raise origin.refuse("", f"{what} {verb} missing", f"copy it from where {path.name} came from")


def list_parts(path: Path) -> list[Path]:
    """Return the files that make up a source: itself and its sidecars, or all files of a folder, sorted.

    Lock files of a geodatabase are left out: they come and go while it is looked at.

    Examples
    --------
    >>> [part.name for part in list_parts(Path("nowhere.shp"))]
    ['nowhere.shp']
    """
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.is_file() and file.suffix.lower() != ".lock")
    endings = _SIDECARS.get(path.suffix.lower(), ())
    return [path, *(beside for ending in endings if (beside := find_sidecar(path, ending)))]


def hash_parts(paths: Iterable[Path], root: Path) -> str:
    """Return the SHA-256 of the names (relative to `root`) and the bytes of files.

    Examples
    --------
    >>> hash_parts([], Path("."))[:8]
    'e3b0c442'
    """
    digest = sha256()
    for path in paths:
        name = os.fsencode(path.relative_to(root).as_posix())
        digest.update(len(name).to_bytes(4, "little") + name + path.stat().st_size.to_bytes(8, "little"))
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK_BYTES):
                digest.update(block)
    return digest.hexdigest()


def find_downloads() -> Path:
    """Return the folder of downloads in the user's cache; ``SPATIAL_CACHE`` overrides its root.

    Examples
    --------
    >>> find_downloads().name
    'downloads'
    """
    root = os.environ.get("SPATIAL_CACHE") or platformdirs.user_cache_dir("spatial-planning-toolkit")
    return Path(root) / "downloads"


def _fetch(origin: Origin, url: str) -> Path:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https", "file"):
        scheme = f"{parts.scheme}://" if parts.scheme else "an address without https://"
        raise origin.refuse("url", f"{scheme} is not fetched", "give an https:// address, or `file:`")
    name = re.sub(r"[^\w.\-]", "_", PurePosixPath(urllib.parse.unquote(parts.path)).name) or "download"
    target = find_downloads() / sha256(url.encode()).hexdigest()[:16] / name
    if not target.exists():
        _download(origin, url, target)
    origin.note(
        "download",
        "info",
        "使用首次下载时的缓存副本，网址上其后的改动不会读到。",
        "is read from the copy of its first download; later changes at the address are not seen.",
    )
    return target


def _download(origin: Origin, url: str, target: Path) -> None:
    """Write beside and rename, so that a broken download is never taken for the file."""
    beside = target.with_name(f".{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:
            _stream(origin, answer, beside)
        beside.replace(target)
    except urllib.error.HTTPError as error:
        error.close()
        problem = f"the server answers {error.code} {error.reason}"
        raise origin.refuse("url", problem, "check the address in a browser") from error
    except (OSError, ValueError, urllib.error.URLError) as error:
        if isinstance(error, SourceError):
            raise
        problem = f"cannot be downloaded, perhaps there is no network: {getattr(error, 'reason', error)}"
        remedy = "connect and run again, or download it elsewhere and give it as `file:`"
        raise origin.refuse("url", problem, remedy) from error
    finally:
        beside.unlink(missing_ok=True)


def _stream(origin: Origin, answer: Any, beside: Path) -> None:
    written = 0
    with beside.open("wb") as stream:
        while block := answer.read(_BLOCK_BYTES):
            written += stream.write(block)
            if written > _LARGEST_BYTES:
                raise origin.refuse(
                    "url", "is larger than 4 GiB", "download it yourself and give it as `file:`"
                )
    promised = answer.headers.get("Content-Length")
    if promised is not None and written != int(promised):
        raise origin.refuse("url", f"broke off after {written} of {promised} bytes", "run it again")
