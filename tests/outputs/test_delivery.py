"""The output folder: nothing twice, nothing lost, nothing of others removed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from spatial.errors import Fault, OutputError
from spatial.outputs import delivery, jobs, press
from spatial.outputs.delivery import Delivery, write_outputs
from spatial.outputs.jobs import KINDS, Job, list_jobs, require_extras
from spatial.outputs.order import Order
from spatial.pipeline import build_plan
from spatial.results import Build


@dataclass
class Bench:
    """A folder and made-up writers that note what they were asked for."""

    order: Order
    folder: Path
    groups: list[tuple[str, ...]] = field(
        default_factory=lambda: [
            ("数据库/plan.gpkg",),
            ("map.html",),
            ("文本/report.docx", "文本/report.html"),
        ]
    )
    asked: list[str] = field(default_factory=list)
    broken: dict[str, Exception] = field(default_factory=dict)

    def write(self, order: Order, targets: Sequence[Path]) -> list[str]:
        for target in targets:
            self.asked.append(target.relative_to(self.folder).as_posix())
            if target.name in self.broken:
                raise self.broken[target.name]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(f"{target.name} {order.tongue} {order.provenance['plan_sha256']}")
        return [f"note on {targets[0].name}"]

    def list(self, *_: object, **__: object) -> list[Job]:
        return [Job("geopackage", paths, self.write) for paths in self.groups]

    def run(self, *, whole: bool = True, **changes: object) -> Delivery:
        self.asked.clear()
        return write_outputs(replace(self.order, **changes), self.folder, whole=whole)  # type: ignore[arg-type]

    @property
    def manifest(self) -> dict[str, dict[str, object]]:
        return json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture
def bench(jiyuan: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = Bench(jiyuan.order(), tmp_path / "out")
    monkeypatch.setattr(delivery, "list_jobs", made.list)
    return made


def test_the_manifest_lists_every_file_with_hash_and_size(bench: Bench) -> None:
    made = bench.run()
    assert [path.name for path in made.files] == [
        "manifest.json", "plan.gpkg", "map.html", "report.docx", "report.html",
    ]  # fmt: skip
    for path, entry in bench.manifest["files"].items():
        data = (bench.folder / path).read_bytes()
        assert entry["sha256"] == delivery.hash_bytes(data)  # type: ignore[index]
        assert entry["bytes"] == len(data)  # type: ignore[index]
    assert bench.manifest["provenance"] == dict(bench.order.provenance)
    assert made.notes == ("note on plan.gpkg", "note on map.html", "note on report.docx")


def test_nothing_is_written_twice(bench: Bench) -> None:
    first = bench.run()
    again = bench.run()
    assert (bench.asked, again.written) == ([], ())
    assert (again.files, again.notes) == (first.files, first.notes)


@pytest.mark.parametrize("change", ["removed", "edited", "truncated"])
def test_a_file_that_is_gone_or_changed_is_made_anew_alone(bench: Bench, change: str) -> None:
    bench.run()
    file = bench.folder / "文本/report.html"
    whole = file.read_bytes()
    if change == "removed":
        file.unlink()
    else:
        file.write_bytes(whole[:-1] if change == "truncated" else bytes(reversed(whole)))
    made = bench.run()
    assert bench.asked == ["文本/report.html"]
    assert [path.name for path in made.written] == ["manifest.json", "report.html"]
    assert file.read_bytes() == whole


@pytest.mark.parametrize(
    "change",
    [{"language": "en"}, {"provenance": {"plan_sha256": "other"}}],
    ids=["language", "inputs"],
)
def test_other_inputs_or_another_language_write_all(bench: Bench, change: dict[str, object]) -> None:
    bench.run()
    assert len(bench.run(**change).written) == 5


def test_a_tianditu_key_is_in_no_manifest(bench: Bench) -> None:
    bench.run(tianditu_key="0123456789abcdef")
    assert "0123456789abcdef" not in (bench.folder / "manifest.json").read_text(encoding="utf-8")


def test_a_failing_writer_costs_no_other_file_and_is_named(bench: Bench) -> None:
    bench.run()
    old = (bench.folder / "map.html").read_bytes()
    bench.broken["map.html"] = OutputError(Fault("map.html", "", "the disk is full"))
    with pytest.raises(OutputError, match=r"map\.html: the disk is full"):
        bench.run(language="en")
    assert (bench.folder / "map.html").read_bytes() == old
    assert "en" in (bench.folder / "文本/report.html").read_text()
    bench.broken.clear()
    bench.run(language="en")
    assert bench.asked == ["map.html"]


def test_faults_of_several_writers_come_at_once_and_a_bug_names_its_file(bench: Bench) -> None:
    for name in ("map.html", "plan.gpkg"):
        bench.broken[name] = OutputError(Fault(name, "", "cannot be written"))
    with pytest.raises(OutputError) as caught:
        bench.run()
    assert len(caught.value.faults) == 2
    bench.broken = {"map.html": ZeroDivisionError("oh")}
    with pytest.raises(ZeroDivisionError) as bug:
        bench.run()
    assert bug.value.__notes__ == ["while writing map.html"]


def test_files_no_longer_made_are_removed_but_only_our_own(bench: Bench) -> None:
    bench.groups.append(("图集/atlas_03_old.png", "图集/atlas_04_edited.png"))
    bench.run()
    theirs = bench.folder / "图集" / "atlas_05_theirs.png"
    theirs.write_text("mine")
    (bench.folder / "图集/atlas_04_edited.png").write_text("painted over")
    del bench.groups[-1]
    made = bench.run()
    assert sorted(path.name for path in theirs.parent.iterdir()) == [
        "atlas_04_edited.png",
        "atlas_05_theirs.png",
    ]
    assert bench.folder / "图集/atlas_03_old.png" in made.removed
    assert not any("图集" in path for path in bench.manifest["files"])


def test_a_plain_build_leaves_a_delivery_where_it_is(bench: Bench) -> None:
    bench.run()
    bench.groups = [("map.html",)]
    assert bench.run(whole=False).removed == ()
    assert (bench.folder / "文本/report.docx").is_file()
    assert "文本/report.docx" in bench.manifest["files"]


@pytest.mark.parametrize("path", ["../victim.txt", "/victim.txt", "C:/victim.txt", "a\\..\\victim.txt"])
def test_a_manifest_that_leads_out_of_the_folder_removes_nothing(bench: Bench, path: str) -> None:
    bench.run()
    victim = bench.folder.parent / "victim.txt"
    victim.write_text("dear")
    record = bench.manifest
    record["files"][path] = {
        "sha256": delivery.hash_bytes(b"dear"), "bytes": 4, "made_from": "", "notes": [],
    }  # fmt: skip
    (bench.folder / "manifest.json").write_text(json.dumps(record), encoding="utf-8")
    bench.run()
    assert victim.read_text() == "dear"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": 3}', '{"files": {"map.html": 1}}', "\0"])
def test_a_broken_manifest_is_as_good_as_none(bench: Bench, text: str) -> None:
    bench.run()
    (bench.folder / "manifest.json").write_text(text, encoding="utf-8")
    assert len(bench.run().written) == 5


def test_missing_libraries_are_told_before_anything_is_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_is_there", lambda module: module not in ("matplotlib", "docx"))
    with pytest.raises(OutputError) as caught:
        build_plan("jiyuan", tmp_path / "out", deliver=True, progress=refuse_progress)
    text = str(caught.value)
    assert "matplotlib" in text
    assert "python-docx" in text
    assert "pip install 'spatial-planning-toolkit[atlas,report]'" in text
    assert not (tmp_path / "out").exists()
    require_extras(["geopackage", "webmap", "workbook"])


def refuse_progress(step: str, *_: int) -> None:
    raise AssertionError(f"{step} was computed")


def test_every_kind_has_a_folder_of_its_own_only_in_a_delivery(jiyuan: Build) -> None:
    listed = list_jobs(jiyuan.order(), KINDS, whole=True)
    paths = [path for job in listed for path in job.paths]
    assert len(set(paths)) == len(paths)
    for path in (
        "文本/report.docx",
        "文本/report.html",
        "图集/atlas.pdf",
        "附表/tables.xlsx",
        "数据库/plan.gpkg",
        "map.html",
    ):
        assert path in paths
    assert "数据库/styles/zones.sld" in paths
    assert any(path.startswith("图集/") and path.endswith(".png") for path in paths)
    flat = [path for job in list_jobs(jiyuan.order(), KINDS, whole=False) for path in job.paths]
    assert not [path for path in flat if "/" in path and not path.startswith("rasters/")]


def drawn(paths: Sequence[str], write: Callable[[Order, Sequence[Path]], list[str]]) -> list[Job]:
    """Jobs that a second process takes, beside one that this one keeps."""
    kept = Job("geopackage", ("here.gpkg",), write)
    return [kept, *(Job("atlas", (path,), write) for path in paths)]


def test_a_second_process_writes_the_same_bytes(jiyuan: Build, tmp_path: Path) -> None:
    told: list[str] = []
    outcomes = press.run_jobs(
        drawn(["a.gpkg", "b.gpkg", "c.gpkg"], jobs._write_geopackage), jiyuan.order(), tmp_path, told.append
    )
    assert [outcome.error for outcome in outcomes] == [None] * 4
    assert sorted(told) == ["a.gpkg", "b.gpkg", "c.gpkg", "here.gpkg"]
    assert len({file.read_bytes() for file in tmp_path.iterdir()}) == 1


def test_an_error_comes_back_from_a_second_process(jiyuan: Build, tmp_path: Path) -> None:
    (tmp_path / "a.gpkg").mkdir()
    outcomes = press.run_jobs(
        drawn(["a.gpkg", "b.gpkg", "c.gpkg"], jobs._write_geopackage), jiyuan.order(), tmp_path
    )
    assert isinstance(outcomes[1].error, OutputError)
    assert "a.gpkg" in str(outcomes[1].error)
    assert [outcome.error for outcome in (outcomes[0], *outcomes[2:])] == [None] * 3


def test_what_a_dead_process_left_undone_is_done_here(
    jiyuan: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(press.sys, "executable", "/bin/false")
    outcomes = press.run_jobs(
        drawn(["a.gpkg", "b.gpkg", "c.gpkg"], jobs._write_geopackage), jiyuan.order(), tmp_path
    )
    assert [outcome.error for outcome in outcomes] == [None] * 4
    assert {file.name for file in tmp_path.iterdir()} == {"a.gpkg", "b.gpkg", "c.gpkg", "here.gpkg"}
