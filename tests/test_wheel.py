"""The wheel: installs `spatial` and nothing else at top level, with the planners' room inside."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    ignore = shutil.ignore_patterns(
        ".git", ".venv", "out", "build", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis"
    )
    shutil.copytree(TOP, source, ignore=ignore)
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(folder),
        str(source),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return next(folder.glob("*.whl"))


def test_wheel_has_one_top_level_package(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"spatial"}
    assert wheel.name.startswith("spatial_planning_toolkit-")


def test_wheel_carries_the_planners_room_and_the_panel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for file in (TOP / "layers").rglob("*"):
        if file.is_file():
            assert f"spatial/layers/{file.relative_to(TOP / 'layers').as_posix()}" in names
    for file in (
        *(TOP / "spatial").rglob("*.js"),
        *(TOP / "spatial").rglob("*.css"),
        TOP / "spatial" / "py.typed",
    ):
        assert file.relative_to(TOP).as_posix() in names


def test_wheel_says_who_and_how(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    info = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    text = archive.read(info).decode()
    assert "Requires-Python: >=3.11" in text
    assert "BSD-3-Clause" in text
    entry = archive.read(info.replace("METADATA", "entry_points.txt")).decode()
    assert "spatial = spatial.cli:main" in entry


def test_wheel_finds_its_shelf_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n"
        "from spatial.plan.shelf import find_shelf, list_plans\n"
        "print(find_shelf()); print('jiyuan' in list_plans())"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "site" / "spatial" / "layers") in done.stdout
    assert "True" in done.stdout


@pytest.mark.parametrize("plan", ["jiyuan", "hebi", "chengdu"])
def test_shipped_plans_are_delivered_from_the_installed_wheel(
    wheel: Path, own_cache: Path, tmp_path: Path, plan: str
) -> None:
    site, out = tmp_path / "site", tmp_path / "成果"
    zipfile.ZipFile(wheel).extractall(site)
    code = (
        f"import sys; sys.path.insert(0, {str(site)!r}); sys.argv[0] = 'spatial'\n"
        f"import spatial; assert spatial.__file__.startswith({str(site)!r}), spatial.__file__\n"
        "from spatial.cli import main; main()"
    )
    command = [sys.executable, "-c", code, "build", plan, "--deliver", "-o", str(out)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    for file in ("map.html", "图集/atlas.pdf", "附表/tables.xlsx", "文本/report.docx", "数据库/plan.gpkg"):
        assert (out / file).stat().st_size > 10_000, file
