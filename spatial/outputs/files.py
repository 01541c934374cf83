"""Atomic writing: a file appears whole under its name, or the last good one stays.

A writer gets a path beside the target, fills it, and on leaving the block the file is flushed to disk and
renamed over the target in one step. Killing the process at any moment leaves the old file untouched.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from spatial.errors import Fault, OutputError

_MARK = ".part-"
_ABANDONED_S = 24 * 3600.0

_REMEDIES = {
    errno.ENOSPC: "free some space or choose another folder",
    errno.EDQUOT: "free some of your quota or choose another folder",
    errno.EFBIG: "this disk or account limits the size of a file; choose another folder",
    errno.EROFS: "the disk is read-only; choose another folder",
    errno.EACCES: "close the file in other programs, allow writing there, or choose another folder",
    errno.EPERM: "close the file in other programs, allow writing there, or choose another folder",
    errno.EBUSY: "close the file in other programs, then run again",
    errno.ENOTDIR: "a file stands where a folder is needed; choose another folder",
    errno.EEXIST: "a file stands where a folder is needed; choose another folder",
    errno.EISDIR: "a folder has this name; remove it or choose another name",
    errno.ENOTEMPTY: "a folder has this name; remove it or choose another name",
    errno.ENAMETOOLONG: "choose a shorter name",
}


def refuse(path: Path, error: OSError) -> OutputError:
    """Say in an `OutputError` why a file could not be written and what would help.

    Parameters
    ----------
    path : pathlib.Path
        The file that the user asked for.
    error : OSError
        What the system said.

    Returns
    -------
    OutputError
        To be raised from `error`.

    Examples
    --------
    >>> print(refuse(Path("plan.gpkg"), OSError(errno.ENOSPC, "No space left on device")))
    plan.gpkg: cannot be written: No space left on device; free some space or choose another folder
    """
    code = error.errno or 0
    remedy = _REMEDIES.get(code, "choose another folder or name")
    return OutputError(Fault(str(path), "", f"cannot be written: {error.strerror or error}", remedy))


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a hidden path beside `path` to write to; put it in the place of `path` when all went well.

    Folders on the way are made. The given path has the suffix of `path` and does not exist yet. If the block
    raises, what it wrote is removed and `path` stays as it was.

    Parameters
    ----------
    path : path-like
        The file to write or replace.

    Yields
    ------
    pathlib.Path
        Where to write; the block must leave a file there.

    Raises
    ------
    OutputError
        The system refused (disk full, read-only folder, file open in another program): says file, cause and
        remedy. Other errors of the block pass unchanged.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = Path(folder, "out", "note.txt")
    ...     with replacing(target) as beside:
    ...         _ = beside.write_text("whole", encoding="utf-8")
    ...     target.read_text(encoding="utf-8"), [file.name for file in target.parent.iterdir()]
    ('whole', ['note.txt'])
    """
    target = Path(path)
    beside = target.with_name(f".{target.stem}{_MARK}{secrets.token_hex(4)}{target.suffix}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        yield beside
        _flush(beside)
        beside.replace(target)
        _flush_folder(target.parent)
    except OutputError:
        raise
    except OSError as error:
        raise refuse(target, error) from error
    finally:
        _remove(beside)


def _flush(file: Path) -> None:
    """Force a file to disk: a rename that outlives a power cut must not name a file whose bytes did not."""
    descriptor = os.open(file, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _flush_folder(folder: Path) -> None:
    """Force the rename itself to disk, where the system can (Windows opens no folder)."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove(beside: Path) -> None:
    """Remove a file and what SQLite may have put next to it; silent, for the real error must show."""
    for ending in ("", "-journal", "-wal", "-shm"):
        with suppress(OSError):
            beside.with_name(beside.name + ending).unlink()


def _sweep(target: Path) -> None:
    """Remove what runs killed long ago left behind; younger ones may belong to a run under way."""
    head = f".{target.stem}{_MARK}"
    with suppress(OSError):
        for file in target.parent.iterdir():
            if file.name.startswith(head) and time.time() - file.stat().st_mtime > _ABANDONED_S:
                _remove(file)


@contextmanager
def replacing_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a hidden folder beside `path` to fill; put it in the place of `path` when all went well.

    For formats whose files are folders, such as a file geodatabase. The given folder exists and is empty. If
    the block raises, what it wrote is removed and `path` stays as it was.

    Parameters
    ----------
    path : path-like
        The folder to write or replace.

    Yields
    ------
    pathlib.Path
        What to fill.

    Raises
    ------
    OutputError
        The system refused.
    """
    target = Path(path)
    beside = target.with_name(f".{target.stem}{_MARK}{secrets.token_hex(4)}{target.suffix}")
    old = beside.with_name(f"{beside.name}.old")
    try:
        beside.mkdir(parents=True)
        yield beside
        if target.exists():
            target.replace(old)
        try:
            beside.replace(target)
        except OSError:
            if old.exists():
                old.replace(target)
            raise
        _flush_folder(target.parent)
    except OutputError:
        raise
    except OSError as error:
        raise refuse(target, error) from error
    finally:
        for rest in (beside, old):
            shutil.rmtree(rest, ignore_errors=True)
