"""A crew: every item once and in order, whoever does it; failures told, and nothing lost when a process dies."""

from __future__ import annotations

import operator
from pathlib import Path

import pytest

from spatial.errors import Fault, OutputError
from spatial.outputs import crew
from spatial.outputs.crew import Task, Written, run_crew

GIVEN = {str(number): [f"note {number}"] for number in range(12)}


@pytest.mark.parametrize("workers", [1, 3])
def test_items_come_back_in_their_order(workers: int) -> None:
    told: list[tuple[str, int]] = []
    task = Task(dict, operator.getitem, GIVEN, tuple(GIVEN))
    made = run_crew(task, workers=workers, said=lambda item, done: told.append((item, done)))
    assert made == [Written((f"note {number}",)) for number in range(12)]
    done = [count for _, count in told]
    assert done == sorted(done)
    assert max(done) <= 12
    if workers == 1:
        assert [item for item, _ in told] == list(GIVEN)


@pytest.mark.parametrize("workers", [1, 3])
def test_a_failure_costs_no_other_item(workers: int) -> None:
    task = Task(dict, operator.getitem, GIVEN, ("0", "missing", *GIVEN))
    made = run_crew(task, workers=workers)
    assert [one.error is None for one in made] == [True, False, *[True] * 12]
    error = made[1].error
    assert error is not None
    assert "while writing missing" in "\n".join(error.__notes__)


def test_errors_of_ours_stay_what_they_are() -> None:
    error = OutputError(Fault("file", "", "cannot be written", "free some space"))
    assert crew._portable(Written(error=error)).error is error
    assert isinstance(crew._portable(Written(error=KeyError("x"))).error, RuntimeError)


def test_an_item_is_taken_once(tmp_path: Path) -> None:
    assert [crew._claim(tmp_path / "0.claim") for _ in range(3)] == [True, False, False]


def test_what_a_dead_process_took_is_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    # One item is taken before anybody begins, as by a process that died with it.
    claim = crew._claim
    monkeypatch.setattr(crew, "_claim", lambda file: file.name != "3.claim" and claim(file))
    made = run_crew(Task(dict, operator.getitem, GIVEN, tuple(GIVEN)), workers=1)
    assert made[3] == Written(("note 3",))


def test_no_items_no_work() -> None:
    assert run_crew(Task(dict, operator.getitem, {}, ())) == []
