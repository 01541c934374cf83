"""Plans written to a folder and read, with their faults as text."""

import re

import pytest

from spatial.errors import PlanError
from spatial.plan.reading.reader import load_plan


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("plans")


@pytest.fixture
def load(folder):
    def load(text, *overrides):
        file = folder / "plan.yaml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_plan(file, overrides)

    return load


@pytest.fixture
def faults(load, folder):
    def faults(text, *overrides):
        with pytest.raises(PlanError) as caught:
            load(text, *overrides)
        return [str(fault).replace(f"{folder / 'plan.yaml'}:", "") for fault in caught.value.faults]

    return faults


@pytest.fixture(scope="module")
def judge():
    """Read a plan and let nothing pass but a plan or faults that stand at lines which exist."""

    def judge(file, overrides=()):
        try:
            load_plan(file, overrides)
        except PlanError as error:
            rows = len(re.split(r"\r\n|[\r\n\x85\u2028\u2029]", file.read_bytes().decode("utf-8", "replace")))
            assert error.faults  # noqa: PT017 - most of what comes here is refused, and not all
            for fault in error.faults:
                line = fault.where.removeprefix(f"{file}:")
                assert fault.where.startswith("--set") or 1 <= int(line) <= rows
                assert fault.problem

    return judge
