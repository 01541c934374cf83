"""The terminal: a console for results, and a progress bar that is silent where output goes to a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def open_console(*, stderr: bool = False) -> Console:
    """Return a console that prints texts as they are."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


class Steps:
    """A progress bar on the terminal; silent where the output goes to a file."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as Bar

        console = open_console(stderr=True)
        self._bar = Bar(
            TextColumn("{task.description:<20}", markup=False), BarColumn(), MofNCompleteColumn(),
            console=console, transient=True, disable=not console.is_terminal,
        )  # fmt: skip
        self._task = self._bar.add_task("reading")

    def __enter__(self) -> Steps:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    @property
    def show(self) -> Callable[[str, int, int], None]:
        """The callback that the pipeline calls with (step, done, total)."""

        def show(step: str, done: int, total: int) -> None:
            self._bar.update(self._task, description=step, completed=done, total=total or None)

        return show
