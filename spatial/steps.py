"""Steps: a bar on the terminal that shows what is being done, and how far it is."""

from __future__ import annotations

from collections.abc import Callable


class Steps:
    """A progress bar on the terminal; silent where the output goes to a file."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as Bar

        console = Console(stderr=True, highlight=False)
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
        """The callback that the pipeline calls."""

        def show(step: str, done: int, total: int) -> None:
            self._bar.update(self._task, description=step, completed=done, total=total or None)

        return show
