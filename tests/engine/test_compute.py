"""The executor: order, bounds, errors and reports."""

from __future__ import annotations

import threading

import pytest

from spatial.engine.compute import Pace, reporting, run_ordered


def square(number: int) -> int:
    return number * number


@pytest.mark.parametrize(("workers", "kind"), [(1, "threads"), (3, "threads"), (2, "processes")])
def test_results_come_in_order(workers: int, kind) -> None:
    assert list(run_ordered(square, range(20), workers=workers, kind=kind)) == [n * n for n in range(20)]


def test_no_more_is_begun_than_can_be_held() -> None:
    begun, lock = [], threading.Lock()

    def task(number: int) -> int:
        with lock:
            begun.append(number)
        return number

    run = run_ordered(task, range(100), workers=2)
    for taken in range(10):
        next(run)
        assert len(begun) <= taken + 4
    run.close()
    assert len(begun) < 100


def test_an_error_comes_in_its_turn() -> None:
    run = run_ordered(lambda number: 1 // (3 - number), range(6), workers=2)
    assert [next(run) for _ in range(3)] == [0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        next(run)


def test_reports_tell_of_earlier_runs_too() -> None:
    seen: list[Pace] = []
    with reporting(seen.append):
        list(run_ordered(square, range(4), workers=2, name="slope", done=6))
    assert [(pace.done, pace.total) for pace in seen] == [(7, 10), (8, 10), (9, 10), (10, 10)]
    assert seen[-1].left_s == 0
    assert str(Pace("slope", 3, 10, 2.5, 63.4)) == "slope 3/10, 2.5/s, 1:03 left"
