"""The documentation builds without a warning, and what it tells users to type can be typed."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import yaml
from typer.main import get_command

from spatial.cli import app
from spatial.pipeline import list_layers
from spatial.plan.records import Plan
from spatial.plan.systems import read_systems

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if "generated" not in path.parts)
COMMANDS = [
    (page.stem, line)
    for page in PAGES
    for block in re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    for line in block.splitlines()
    if line.startswith("spatial ")
]
EXAMPLES = [
    (page.stem, block)
    for page in PAGES
    for block in re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
]


def load_script(name: str) -> ModuleType:
    """Load one of the programs beside the pages."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def generated() -> ModuleType:
    pytest.importorskip("sphinx", reason="the documentation needs the extra `docs`")
    return load_script("generate")


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("myst_nb", reason="the documentation needs the extra `docs`")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", tmp_path / "trees", DOCS]
    made = subprocess.run([*command, tmp_path / "site"], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    layers = (tmp_path / "site" / "generated" / "layers.html").read_text(encoding="utf-8")
    assert not [name for name in list_layers() if "<code" not in layers or name not in layers]


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_commands_of_the_pages_can_be_typed(page: str, line: str) -> None:
    _, name, *words = shlex.split(line)
    command = get_command(app).commands[name]
    context = command.make_context(name, words, resilient_parsing=False)
    assert context.params


@pytest.mark.parametrize(("page", "text"), EXAMPLES)
def test_plans_of_the_pages_can_be_read(page: str, text: str) -> None:
    bare = {"name": "demo", "title": "示例", "year": 2035, "territory": {"adcode": 410600}}
    Plan.model_validate(bare | yaml.safe_load(text))


@pytest.mark.parametrize("plan", ["jiyuan", "hebi", "chengdu"])
def test_pictures_are_what_a_delivery_draws(plan: str, tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    pictures = load_script("pictures")
    for fresh in pictures.draw_pictures(plan, tmp_path):
        kept = DOCS / "pictures" / plan / fresh.name
        with image.open(fresh) as one, image.open(kept) as other:
            assert one.size == other.size, f"{kept.name} is out of date: run python docs/pictures.py"
            new, old = (np.asarray(picture.convert("L"), dtype=float) for picture in (one, other))
        assert np.abs(new - old).mean() < 1.5, f"{kept.name} is out of date: run python docs/pictures.py"


@pytest.mark.parametrize("number", [f"S{number}" for number in range(1, 26)])
def test_each_system_has_command_layers_and_picture(number: str, generated: ModuleType) -> None:
    system = read_systems().systems[number]
    assert get_command(app).commands[shlex.split(system.command)[1]]
    assert set(system.layers) <= set(list_layers())
    assert system.layers or system.files
    told = generated.page_of_systems()
    (row,) = [line for line in told.splitlines() if line.startswith(f"| {number} |")]
    shown = re.findall(r"\.\./pictures/([\w/]+\.png)", row)
    assert shown
    assert all((DOCS / "pictures" / one).is_file() for one in shown)
