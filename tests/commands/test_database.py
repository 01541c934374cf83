"""Commands of the shared database as a user types them: exit codes, messages, files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from spatial.cli import main

pytest.importorskip("psycopg", reason="psycopg is not installed: extra postgis")

SECRET = "Geheim-7351"


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory, own_cache: Path) -> Path:
    """A plan that builds in a moment."""
    from spatial.starter import start_plan

    return start_plan(tmp_path_factory.mktemp("plans") / "demo", adcode=410611).parent


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Call the program as its entry point does, within this process: a new one takes seconds to start."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")

    def call(*words: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["spatial", *map(str, words)])
        code: Any = 0
        try:
            main()
        except SystemExit as leaving:
            code = leaving.code or 0
        said = capsys.readouterr()
        return Done(int(code), said.out, said.err)

    return call


def test_a_plan_is_published_changed_compared_restored_and_fetched(
    database: Any, run: Run, plan: Path, tmp_path: Path
) -> None:
    url = database.url()
    first = run("publish", plan, "--to", url, "--as", "示例", "--note", "初稿")
    assert first.code == 0, first.err
    assert "version 第 1 版" in first.out
    assert "no new version" in run("publish", plan, "--to", url, "--as", "示例").out
    database.ask("UPDATE 示例.territory SET name_en = 'Edited'; DELETE FROM 示例.districts")
    second = run("publish", plan, "--to", url, "--as", "示例", "--set", "year=2036")
    assert second.code == 0, second.err
    assert "edits made in the database" in second.out
    listed = run("versions", "--at", url).out
    assert "初稿" in listed
    assert "2 现行 current" in listed
    told = run("diff", "示例", "1", "2", "--at", url, "-o", "diff.gpkg")
    assert told.code == 1, told.err
    assert "name_en=Edited → name_en=" in told.out
    assert set(gpd.read_file(tmp_path / "diff.gpkg", layer="changes")["change"]) == {"added", "changed"}
    assert run("diff", "示例", "2", "2", "--at", url).code == 0
    back = run("restore", "示例", "1", "--at", url, "--note", "退回")
    assert back.code == 0, back.err
    assert "version 第 3 版" in back.out
    assert run("diff", "示例", "1", "3", "--at", url).code == 0
    got = run("fetch", "示例", "--at", url, "-o", "back.gpkg")
    assert got.code == 0, got.err
    territory = gpd.read_file(tmp_path / "back.gpkg", layer="territory")
    assert territory["name_en"].tolist() == ["Edited"]
    assert len(gpd.read_file(tmp_path / "back.gpkg", layer="districts")) == 0


def test_computed_opinions_are_submitted(database: Any, run: Run, plan: Path, tmp_path: Path) -> None:
    url = database.url()
    assert run("publish", plan, "--to", url, "--as", "demo").code == 0
    box = shapely.box(114.2, 35.7, 114.21, 35.71)
    sites = gpd.GeoDataFrame({"id": ["p1"], "name": ["项目一"]}, geometry=[box], crs=4490)
    sites.to_file(tmp_path / "projects.gpkg", layer="projects")
    done = run("conform", plan, "projects.gpkg", "-o", "out")
    assert done.code in {0, 1}, done.err
    sent = run("submit", "demo", tmp_path / "out" / "opinions.gpkg", "--at", url)
    assert sent.code == 0, sent.err
    computed = gpd.read_file(tmp_path / "out" / "opinions.gpkg", layer="opinions")
    kept = database.ask(
        "SELECT project_id, department, rule, verdict FROM spatial_registry.opinions WHERE origin = 'computed'"
    )
    columns = ["project_id", "department", "rule", "verdict"]
    assert sorted(kept) == sorted(computed[columns].itertuples(index=False, name=None))
    verdicts = gpd.read_file(tmp_path / "out" / "opinions.gpkg", layer="verdicts")
    assert database.ask("SELECT project_id, verdict, project_name FROM spatial_registry.verdicts") == list(
        verdicts[["id", "verdict", "name"]].itertuples(index=False, name=None)
    )
    assert run("submit", "demo", "projects.gpkg", "--at", url).code == 2
    absent = run("submit", "demo", "none.gpkg", "--at", url)
    assert (absent.code, "there is no such file" in absent.err) == (2, True)
    assert run("publish", plan, "--to", url, "--as", "demo", "--set", "year=2036").code == 0
    old = run("submit", "demo", tmp_path / "out" / "opinions.gpkg", "--at", url)
    assert (old.code, "--version 1" in old.err) == (2, True)
    again = run("submit", "demo", tmp_path / "out" / "opinions.gpkg", "--at", url, "--version", "1")
    assert again.code == 0, again.err


def test_what_cannot_be_is_one_message_and_exit_code_2(database: Any, run: Run, plan: Path) -> None:
    url = database.url()
    away = "postgresql://wang@127.0.0.1:1/plan"
    cases: list[tuple[tuple[str | Path, ...], str]] = [
        (("publish", plan, "--to", f"postgresql://wang:{SECRET}@host/plan"), "the address holds a password"),
        (("publish", plan, "--to", "plan.gpkg"), "--to"),
        (("publish", plan, "--to", away), "no answer from the server"),
        (("publish", "nowhere", "--to", url), "nowhere"),
        (("publish", plan, "--to", url, "--departments", "none.yaml"), "none.yaml"),
        (("versions", "--at", url), "holds no published plan"),
        (("versions", "--at", away), "no answer"),
        (("diff", "demo", "1", "2", "--at", url), "holds no published plan"),
        (("diff", "demo", "1", "2", "--at", url, "-o", "diff.shp"), ".gpkg"),
        (("restore", "demo", "1", "--at", url), "no such published plan"),
        (("fetch", "demo", "--at", url, "-o", "x.shp"), ".gpkg"),
    ]
    for words, said in cases:
        done = run(*words)
        assert done.code == 2, (words, done.out, done.err)
        assert said in done.err
        assert "Traceback" not in done.err
        assert SECRET not in done.err + done.out
    assert database.ask("SELECT to_regnamespace('spatial_registry')") == [(None,)]


def test_a_wrong_password_is_exit_code_2_and_not_repeated(
    database: Any, run: Run, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", SECRET)
    done = run("publish", plan, "--to", database.url())
    assert done.code == 2
    assert "does not let you in" in done.err
    assert SECRET not in done.err


def test_a_password_is_asked_for_where_somebody_sits(
    database: Any,
    run: Run,
    plan: Path,
    postgres: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PGPASSWORD")
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none"))
    asked: list[str] = []

    def answer(text: str, **options: Any) -> str:
        assert options["hide_input"]
        asked.append(text)
        return str(postgres.PASSWORD)

    monkeypatch.setattr("typer.prompt", answer)
    assert "wants a password and none is known" in run("publish", plan, "--to", database.url()).err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    assert run("publish", plan, "--to", database.url()).code == 0
    assert len(asked) == 1
    assert database.name in asked[0]


def test_a_trace_holds_no_password_either() -> None:
    url = f"postgresql://w:{SECRET}@h/plan"
    done = subprocess.run(
        [sys.executable, "-m", "spatial.cli", "--debug", "versions", "--at", url],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode
    assert "the address holds a password" in done.stderr
    assert SECRET not in done.stderr
