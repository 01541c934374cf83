"""The systems of the source documents: all are listed, and what a row names is there."""

from __future__ import annotations

import re

import pytest
from typer.main import get_command

from spatial.cli import app
from spatial.pipeline import list_layers
from spatial.plan.systems import System, read_systems

SYSTEMS = read_systems().systems


def test_the_list_is_whole_and_in_order() -> None:
    assert list(SYSTEMS) == [f"S{number}" for number in range(1, 26)]


def test_titles_are_bilingual() -> None:
    for system in SYSTEMS.values():
        assert re.search("[\u4e00-\u9fff]", system.title.zh)
        assert system.title.en.isascii()


@pytest.mark.parametrize(
    "system", [one for one in SYSTEMS.values() if one.command], ids=lambda one: one.title.en
)
def test_what_a_row_names_is_there(system: System) -> None:
    assert not set(system.layers) - set(list_layers())
    program, command, *_ = system.command.split()
    assert program == "spatial"
    assert command in get_command(app).commands


def test_a_system_without_layers_and_files_promises_no_command() -> None:
    assert not [number for number, one in SYSTEMS.items() if one.command and not (one.layers or one.files)]
