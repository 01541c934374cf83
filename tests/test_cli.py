"""The command as a user types it: exit codes, messages, no traces."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spatial.plan.shelf import find_shelf


def run(*arguments: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "spatial.cli", *arguments],
        cwd=cwd, env={**os.environ, "PYTHONUTF8": "1", "COLUMNS": "120", **env}, capture_output=True, text=True, check=False, encoding="utf-8",
    )  # fmt: skip


def test_help_answers_at_once() -> None:
    def seconds() -> float:
        before = os.times()
        start = time.perf_counter()
        assert run("--help").returncode == 0
        after = os.times()
        # Seconds of the processor, where the system counts them: other tests run at the same time.
        spent = after.children_user - before.children_user + after.children_system - before.children_system
        return spent or time.perf_counter() - start

    assert min(seconds() for _ in range(5)) < 0.5


def test_version() -> None:
    assert "spatial-planning-toolkit" in run("--version").stdout


def test_build_ends_with_the_paths(tmp_path: Path) -> None:
    done = run("build", "jiyuan", "-o", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    last = done.stdout[done.stdout.index("文件 Files") :]
    for file in (Path("out/plan.gpkg"), Path("out/map.html"), Path("out/rasters")):
        assert str(file) in last
    for word in ("生态空间", "农业空间", "城镇空间"):
        assert word in done.stdout
    again = run("build", "jiyuan", "-o", "out", cwd=tmp_path)
    assert "nothing changed" in again.stdout
    assert "up to date" in again.stdout
    assert str(Path("out/map.html")) in again.stdout


def test_check_writes_nothing(tmp_path: Path) -> None:
    done = run("check", "jiyuan", cwd=tmp_path)
    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_an_error_finding_gives_exit_code_1(tmp_path: Path) -> None:
    done = run("check", "jiyuan", "--set", "structure.formula=一核三带多点")
    assert done.returncode == 1
    assert "三带" in done.stdout
    assert "2" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("build", "nowhere"), ["nowhere", "jiyuan"]),
        (("check", "jiyuan", "--set", "circles.9.speed=40km/h"), ["--set", "no such item"]),
        (("check", "jiyuan", "--set", "circles.0.speed=40"), ["--set", "unit"]),
        (("check", "jiyuan", "--set", "structure.formula=一锅粥"), ["formula"]),
        (("build", "jiyuan", "--only", "zone"), ["no such layer", "zones"]),
        (("new", "x",), ["--adcode"]),
        (("new", "x", "--adcode", "999999"), ["999999"]),
    ],
)  # fmt: skip
def test_bad_input_gives_one_clear_message_and_exit_code_2(
    arguments: tuple[str, ...], words: list[str], tmp_path: Path
) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr
    assert not (tmp_path / "x").exists()


def test_a_cache_that_cannot_be_kept_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = run("check", "jiyuan", SPATIAL_CACHE=str(tmp_path / "file" / "cache"))
    assert done.returncode == 2
    assert "SPATIAL_CACHE" in done.stderr


def test_debug_shows_the_trace() -> None:
    done = run("--debug", "build", "nowhere")
    assert done.returncode != 0
    assert "Traceback" in done.stderr


@pytest.mark.parametrize("adcode", ["410600", "419001", "410611"])
def test_a_new_plan_builds_at_once(adcode: str, tmp_path: Path) -> None:
    made = run("new", "city", "--adcode", adcode, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    done = run("build", "city", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "out" / "city" / "map.html").stat().st_size > 100_000
    again = run("new", "city", "--adcode", adcode, cwd=tmp_path)
    assert again.returncode == 2
    assert "already" in again.stderr


def test_a_new_plan_from_a_boundary_file_builds_at_once(tmp_path: Path) -> None:
    import geopandas as gpd
    import shapely

    ring = shapely.Point(112.4, 35.1).buffer(0.2)
    gpd.GeoDataFrame({"name": ["某县"]}, geometry=[ring], crs=4490).to_file(
        tmp_path / "border.shp", encoding="utf-8"
    )
    made = run("new", "folder/某县", "--boundary", "border.shp", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    done = run("build", "folder/某县", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_layers_are_listed_and_drawn(tmp_path: Path) -> None:
    assert "commute_circles" in run("layers").stdout
    done = run("layers", "--graph", "layers.svg", cwd=tmp_path)
    assert done.returncode == 0
    assert (tmp_path / "layers.svg").is_file()


def test_schema_is_the_shipped_one() -> None:
    shipped = (find_shelf() / "schema" / "plan.json").read_text(encoding="utf-8")
    assert json.loads(run("schema").stdout) == json.loads(shipped)


def test_names_survive_a_console_in_another_code_page() -> None:
    done = run("--help", PYTHONIOENCODING="cp1252", PYTHONUTF8="0")
    assert done.returncode == 0
