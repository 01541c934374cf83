"""Atomic writing: whole or not at all, and a clear word why not."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from spatial.errors import OutputError
from spatial.outputs.files import replacing


def listing(folder):
    return sorted(file.name for file in folder.iterdir())


def fail_halfway(target, error):
    with replacing(target) as beside:
        beside.write_text("half")
        Path(f"{beside}-journal").write_text("half")
        raise error


def test_a_file_appears_whole_and_alone(tmp_path):
    target = tmp_path / "输出" / "方案.html"
    with replacing(target) as beside:
        assert beside.parent == target.parent
        assert beside.name.startswith(".")
        assert beside.suffix == ".html"
        assert not beside.exists()
        beside.write_text("新", encoding="utf-8")
        assert not target.exists()
    assert target.read_text(encoding="utf-8") == "新"
    assert listing(target.parent) == ["方案.html"]


def test_a_replaced_file_has_the_rights_of_a_new_one(tmp_path):
    with replacing(tmp_path / "a.txt") as beside:
        beside.write_text("a")
    (tmp_path / "b.txt").write_text("b")
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "b.txt").stat().st_mode


def test_any_error_keeps_the_last_good_file_and_passes_unchanged(tmp_path):
    target = tmp_path / "plan.gpkg"
    target.write_text("last good")
    with pytest.raises(ZeroDivisionError):
        fail_halfway(target, ZeroDivisionError())
    assert target.read_text() == "last good"
    assert listing(tmp_path) == ["plan.gpkg"]


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "close the file in other programs"),
        (errno.EIO, "choose another folder"),
    ],
)
def test_system_errors_name_file_cause_and_remedy(tmp_path, code, remedy):
    target = tmp_path / "map.html"
    target.write_text("last good")
    with pytest.raises(OutputError) as caught:
        fail_halfway(target, OSError(code, os.strerror(code)))
    message = str(caught.value)
    assert str(target) in message
    assert os.strerror(code) in message
    assert remedy in message
    assert ".part-" not in message
    assert target.read_text() == "last good"
    assert listing(tmp_path) == ["map.html"]


def test_a_writer_that_speaks_for_itself_is_heard(tmp_path):
    with pytest.raises(OutputError, match="my own words"), replacing(tmp_path / "x.gpkg"):
        raise OutputError("my own words")


def test_a_folder_under_the_files_name_is_refused(tmp_path):
    (tmp_path / "map.html" / "kept").mkdir(parents=True)
    with (
        pytest.raises(OutputError, match="a folder has this name"),
        replacing(tmp_path / "map.html") as beside,
    ):
        beside.write_text("x")
    assert listing(tmp_path) == ["map.html"]


def test_a_file_where_a_folder_is_needed_is_refused(tmp_path):
    (tmp_path / "out").write_text("a file")
    with (
        pytest.raises(OutputError, match="a file stands where a folder is needed"),
        replacing(tmp_path / "out" / "map.html"),
    ):
        pass


def test_a_block_that_writes_nothing_is_refused(tmp_path):
    (tmp_path / "map.html").write_text("last good")
    with pytest.raises(OutputError), replacing(tmp_path / "map.html"):
        pass
    assert (tmp_path / "map.html").read_text() == "last good"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits and signals")
def test_a_full_disk_keeps_the_last_good_file(tmp_path):
    target = tmp_path / "map.html"
    target.write_text("last good")
    script = (
        "import resource, signal, sys\n"
        "from spatial.outputs.files import replacing\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "with replacing(sys.argv[1]) as beside:\n"
        "    beside.write_bytes(b'x' * 100000)\n"
    )
    run = subprocess.run([sys.executable, "-c", script, target], capture_output=True, text=True, check=False)
    assert "OutputError" in run.stderr
    assert "choose another folder" in run.stderr
    assert target.read_text() == "last good"
    assert listing(tmp_path) == ["map.html"]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits and signals")
def test_a_killed_run_keeps_the_last_good_file_and_its_remains_are_swept_later(tmp_path):
    target = tmp_path / "plan.gpkg"
    target.write_text("last good")
    script = (
        "import os, signal, sys\n"
        "from spatial.outputs.files import replacing\n"
        "with replacing(sys.argv[1]) as beside:\n"
        "    beside.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    run = subprocess.run([sys.executable, "-c", script, target], check=False)
    assert run.returncode == -signal.SIGKILL
    assert target.read_text() == "last good"
    (remains,) = (file for file in tmp_path.iterdir() if file != target)

    def write(text):
        with replacing(target) as beside:
            beside.write_text(text)

    write("new")
    assert remains.exists(), "it may belong to a run under way"
    os.utime(remains, (0, 0))
    write("newer")
    assert listing(tmp_path) == ["plan.gpkg"]
    assert target.read_text() == "newer"
