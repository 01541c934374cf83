"""The rules of the house: imports run one way, modules stay short, the door is sealed, rooms are listed."""

from __future__ import annotations

import ast
import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest

import spatial

TOP = Path(__file__).resolve().parents[1]
PACKAGE = TOP / "spatial"
MODULES = sorted(PACKAGE.rglob("*.py"))
ROOMS = ("sources", "themes", "checks", "outputs")
LEVEL = {
    "version": 0,
    "errors": 0,
    "engine": 1,
    "plan": 2,
    **dict.fromkeys(ROOMS, 3),
    "blame": 4,
    "cache": 4,
    "grading": 5,
    "inputs": 5,
    "options": 5,
    "results": 5,
    "terminal": 5,
    "pipeline": 6,
    "starter": 6,
    "studies": 7,
    "commands": 8,
    "cli": 9,
}
LONGEST_MODULE = 400
LONGEST_FUNCTION = 60
READERS = {
    "open",
    "read_text",
    "read_bytes",
    "read_file",
    "write_text",
    "write_bytes",
    "to_file",
    "read_dataframe",
}


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def name_of(file: Path) -> str:
    return ".".join(file.relative_to(TOP).with_suffix("").parts).removesuffix(".__init__")


def imports_of(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            found.add(node.module or "")
            if node.module == "spatial":
                found |= {f"spatial.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_imports_run_one_way(file: Path) -> None:
    own = room_of(name_of(file))
    if not own:
        return
    for imported in imports_of(file):
        other = room_of(imported) if imported.startswith("spatial.") else ""
        if not other or other == own or other not in LEVEL:
            continue
        assert LEVEL[other] < LEVEL[own] or (own, other) in {("cli", "starter")}, f"{own} imports {other}"


def test_every_module_has_a_level() -> None:
    rooms = {room_of(name_of(file)) for file in MODULES} - {""}
    assert rooms == set(LEVEL)


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_only_the_pipeline_imports_the_driver(file: Path) -> None:
    if name_of(file) in ("spatial.pipeline", "spatial.cache"):
        return
    assert not any(name.split(".")[0] == "hamilton" for name in imports_of(file))


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_modules_and_functions_stay_short(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_MODULE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            doc = ast.get_docstring(node, clean=False) or ""
            first = node.body[0]
            length = (node.end_lineno or 0) - node.lineno + 1 - (len(doc.splitlines()) if doc else 0)
            assert length <= LONGEST_FUNCTION, f"{node.name} at line {first.lineno} has {length} lines"


@pytest.mark.parametrize(
    "file", [f for f in MODULES if room_of(name_of(f)) in ("engine", "themes", "checks")], ids=name_of
)
def test_engine_themes_and_checks_open_no_file(file: Path) -> None:
    called = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called.add(getattr(node.func, "attr", getattr(node.func, "id", "")))
    assert not called & READERS


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_no_room_is_a_junk_drawer(file: Path) -> None:
    assert not {"utils", "helpers", "common", "misc", "core"} & set(
        file.relative_to(TOP).with_suffix("").parts
    )


def test_the_door_is_short_sorted_and_leads_somewhere() -> None:
    assert spatial.__all__ == sorted(spatial.__all__)
    assert dir(spatial) == spatial.__all__
    assert len(spatial.__all__) <= 12
    for name in spatial.__all__:
        assert getattr(spatial, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = spatial.nothing


def test_rooms_are_listed_in_the_packages() -> None:
    config = configparser.ConfigParser()
    config.read(TOP / "setup.cfg", encoding="utf-8")
    listed = set(config["options"]["packages"].split())
    folders = {name_of(file) for file in PACKAGE.rglob("__init__.py")}
    assert listed == folders | {"spatial.layers"}


@pytest.mark.parametrize("file", [f for f in MODULES if f.name != "__init__.py"], ids=name_of)
def test_modules_are_listed_in_contributing(file: Path) -> None:
    about = (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").splitlines()[0].rstrip(".")
    text = (TOP / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert re.search(rf"^ +{file.stem} +{re.escape(about)}$", text, re.MULTILINE), (
        f"list {file.stem}: {about}"
    )


def test_planners_room_holds_no_code() -> None:
    assert not [file for file in (TOP / "layers").rglob("*") if file.suffix in (".py", ".pyc", ".ipynb")]


def test_starting_is_light() -> None:
    code = "import sys, spatial.cli; print(sorted({'geopandas', 'folium', 'hamilton', 'pandera', 'pydantic'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_nothing_of_a_machine_is_in_the_tree() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=TOP, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    words = ["/" + "/".join(parts) + "/" for parts in (("work", "main"), ("tmp", "w"), ("root",))]
    for name in listed.stdout.split():
        file = TOP / name
        if file.suffix in (".py", ".md", ".yaml", ".cfg", ".toml", ".ipynb", ".js", ".css"):
            text = file.read_text(encoding="utf-8")
            assert not [word for word in words if word in text], name
