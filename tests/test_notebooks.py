"""Every notebook runs from top to bottom."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))


@pytest.mark.filterwarnings(
    "default"
)  # the kernel's own libraries warn; the notebook's code runs in its process
@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_notebook_runs(file: Path) -> None:
    book = nbformat.read(file, as_version=4)
    NotebookClient(book, timeout=240, resources={"metadata": {"path": str(file.parent)}}).execute()
    shown = [cell for cell in book.cells if cell.cell_type == "code" and cell.outputs]
    assert len(shown) >= 5


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_notebook_is_kept_without_outputs(file: Path) -> None:
    book = nbformat.read(file, as_version=4)
    assert not [
        cell for cell in book.cells if cell.cell_type == "code" and (cell.outputs or cell.execution_count)
    ]
