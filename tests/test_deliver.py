"""A whole delivery of the shipped plan: the folder that is handed in, made once, and made anew only where need be."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest

from spatial.pipeline import build_plan, export_plan
from spatial.results import Build

HEADS = {
    ".pdf": b"%PDF-",
    ".png": b"\x89PNG",
    ".gpkg": b"SQLite format 3",
    ".xlsx": b"PK\x03\x04",
    ".docx": b"PK\x03\x04",
    ".sld": b"<?xml",
    ".tif": b"II",
    ".xml": b"<PAMDataset",
    ".html": b"<!DOCTYPE html>",
}


@dataclass
class Delivered:
    """A delivery and the folder that it lies in."""

    build: Build
    folder: Path

    @property
    def entries(self) -> dict[str, dict[str, object]]:
        return json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))["files"]


@pytest.fixture(scope="module")
def delivered(own_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Delivered:
    folder = tmp_path_factory.mktemp("deliver") / "成果"
    return Delivered(build_plan("jiyuan", folder, deliver=True), folder)


def test_the_folder_holds_what_is_handed_in_and_nothing_else(delivered: Delivered) -> None:
    there = {
        path.relative_to(delivered.folder).as_posix()
        for path in delivered.folder.rglob("*")
        if path.is_file()
    }
    assert there == {"manifest.json", *delivered.entries}
    wanted = {
        "文本/report.docx", "文本/report.html", "图集/atlas.pdf", "附表/tables.xlsx", "数据库/plan.gpkg",
        "数据库/styles/zones.sld", "map.html",
    }  # fmt: skip
    assert wanted <= there
    assert len([name for name in there if name.startswith("图集/") and name.endswith(".png")]) >= 8


def test_every_file_is_of_its_kind_and_as_the_manifest_says(delivered: Delivered) -> None:
    for path, entry in delivered.entries.items():
        data = (delivered.folder / path).read_bytes()
        assert hashlib.sha256(data).hexdigest() == entry["sha256"]
        assert len(data) == entry["bytes"]
        head = HEADS[Path(path).suffix]
        assert data[: len(head)].lower() == head.lower(), path
    for path in ("文本/report.docx", "附表/tables.xlsx"):
        assert zipfile.ZipFile(delivered.folder / path).testzip() is None
    layers = {name for name, _ in pyogrio.list_layers(delivered.folder / "数据库/plan.gpkg")}
    built = {name for name, frame in delivered.build.layers.items() if len(frame)}
    assert built <= layers
    assert not layers & set(delivered.build.order().not_built)


def test_nothing_is_made_twice(delivered: Delivered) -> None:
    before = {path: path.stat().st_mtime_ns for path in delivered.build.files}
    again = build_plan("jiyuan", delivered.folder, deliver=True)
    assert (again.rebuilt, again.written, again.removed) == ((), (), ())
    assert again.notes == delivered.build.notes
    assert {path: path.stat().st_mtime_ns for path in again.files} == before


def test_one_page_and_one_text_are_made_anew_alone_with_the_same_bytes(delivered: Delivered) -> None:
    gone = [delivered.folder / "图集/atlas_01_territory.png", delivered.folder / "文本/report.html"]
    bytes_before = [path.read_bytes() for path in gone]
    for path in gone:
        path.unlink()
    again = build_plan("jiyuan", delivered.folder, deliver=True)
    assert set(again.written) == {delivered.folder / "manifest.json", *gone}
    assert [path.read_bytes() for path in gone] == bytes_before


def test_the_command_says_in_its_language_what_it_made(delivered: Delivered, tmp_path: Path) -> None:
    done = run("build", "jiyuan", "--only", "zones", "--lang", "en", "-o", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "Files" in done.stdout
    assert "文件" not in done.stdout
    page = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert '"language": "en"' in page or '"language":"en"' in page
    assert json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))["language"] == "en"
    wrong = run("build", "jiyuan", "--lang", "fr", "-o", str(tmp_path))
    assert wrong.returncode == 2


def test_a_plan_may_ask_for_tables_beside_its_database(tmp_path: Path) -> None:
    made = build_plan("jiyuan", tmp_path, overrides=["outputs.files=[workbook, geopackage]"])
    files = [path.name for path in made.files if path.parent.name != "rasters"]
    assert files == ["manifest.json", "plan.gpkg", "tables.xlsx"]


def test_export_from_the_command_line(tmp_path: Path) -> None:
    done = run(
        "export", "jiyuan", "--only", "zones", "--format", "shp", "--encoding", "gbk", "-o", str(tmp_path)
    )
    assert done.returncode == 0, done.stderr
    read = gpd.read_file(tmp_path / "zones.shp")
    assert set(read["name"]) <= {"生态空间", "农业空间", "城镇空间"}
    assert "fields.csv" in done.stdout
    wrong = run("export", "jiyuan", "--format", "sld", "--encoding", "gbk", "-o", str(tmp_path))
    assert wrong.returncode == 2
    assert "--format shp" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_exported_layers_are_those_of_the_build(jiyuan: Build, tmp_path: Path) -> None:
    made = export_plan("jiyuan", tmp_path, "parquet")
    assert made.rebuilt == ()
    zones = gpd.read_parquet(tmp_path / "zones.parquet")
    assert zones.geometry.geom_equals(jiyuan.layers["zones"].geometry.reset_index(drop=True)).all()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "spatial.cli", *arguments],
        capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
