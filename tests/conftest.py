"""What several rooms of tests share: a cache of their own, real data where it is, one build of Jiyuan."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spatial.results import Build

TOP = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep the tests out of the user's cache."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["SPATIAL_CACHE"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("SPATIAL_TEST_DATA") or TOP.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("no real data: set SPATIAL_TEST_DATA to its folder")
    return folder


@pytest.fixture(scope="session")
def jiyuan(own_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The shipped plan, built once in a process."""
    from spatial.pipeline import build_plan

    return build_plan("jiyuan", tmp_path_factory.mktemp("jiyuan"))
