"""Faults of sources' files, told with the line of the plan that names the file."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spatial.blame import blame_line, blaming
from spatial.cli import app
from spatial.errors import CrsError, Fault, SourceError
from spatial.plan.reading.reader import PlanFile, load_plan
from spatial.plan.shelf import list_plans

PLAN = """\
name: demo
title: 示范
year: 2035
territory: {adcode: 419001}
sources:
  roads:
    file: data/roads.gpkg
    layer: 道路
  seats: {file: data/seats.csv}
  again: {file: data/seats.csv}
"""


@pytest.fixture
def file(tmp_path: Path) -> PlanFile:
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    return load_plan(tmp_path)


@pytest.mark.parametrize(
    ("where", "key", "line", "said"),
    [
        ("data/roads.gpkg", "", 7, "sources.roads.file: data/roads.gpkg: is broken"),
        ("roads.gpkg", "", 7, "sources.roads.file: roads.gpkg: is broken"),
        ("roads", "speed", 7, "sources.roads.file: data/roads.gpkg: speed: is broken"),
        ("data/roads.gpkg", "layer", 8, "sources.roads.layer: data/roads.gpkg: layer: is broken"),
        ("data/roads.gpkg", "crs", 7, "sources.roads.file: data/roads.gpkg: crs: is broken"),
        ("data/seats.csv", "", 9, "sources.seats.file, sources.again.file: data/seats.csv: is broken"),
    ],
)
def test_a_fault_gets_the_line_of_its_source(file: PlanFile, where, key, line, said) -> None:
    told = str(blame_line(Fault(where, key, "is broken", "mend it"), file))
    assert told.endswith(f"plan.yaml:{line}: {said}; mend it")


def test_a_fault_of_no_source_stays(file: PlanFile) -> None:
    fault = Fault("elsewhere.tif", "", "is broken")
    assert blame_line(fault, file) is fault
    error = CrsError(fault)
    with pytest.raises(CrsError) as caught, blaming(file):
        raise error
    assert caught.value is error


def test_the_kind_of_error_and_all_its_faults_stay(file: PlanFile) -> None:
    faults = [Fault("roads.gpkg", "", "one"), Fault("elsewhere.tif", "", "two")]
    with pytest.raises(SourceError) as caught, blaming(file):
        raise SourceError(faults)
    assert [fault.where.rpartition(":")[2] for fault in caught.value.faults] == ["7", "elsewhere.tif"]


def test_an_overridden_file_is_blamed_on_the_override(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    given = "sources.roads.file=new.gpkg"
    told = blame_line(Fault("new.gpkg", "", "is broken"), load_plan(tmp_path, [given]))
    assert str(told).startswith(f"--set {given}: sources.roads.file: new.gpkg: is broken")


@pytest.mark.parametrize("broken", ["rivers.geojson", "roads.geojson"])
def test_the_command_names_file_and_line(tmp_path: Path, broken: str) -> None:
    folder = tmp_path / "plan"
    shutil.copytree(list_plans()["jiyuan"].parent, folder)
    (folder / broken).write_text("not a map", encoding="utf-8")
    done = CliRunner().invoke(app, ["check", str(folder)])
    assert isinstance(done.exception, SourceError)
    lines = (folder / "plan.yaml").read_text(encoding="utf-8").splitlines()
    name = broken.removesuffix(".geojson")
    number = next(at for at, line in enumerate(lines, 1) if line.startswith(f"  {name}: {{file:"))
    assert f"plan.yaml:{number}: sources.{name}.file: {broken}" in str(done.exception)
    (folder / broken).unlink()
    gone = CliRunner().invoke(app, ["check", str(folder)])
    assert f"plan.yaml:{number}: sources.{name}.file: {broken}" in str(gone.exception)
