"""``spatial dossier`` as a user types it: exit codes and messages."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("matplotlib", reason="matplotlib is not installed: extra atlas")

from spatial.cli import main

BORDER = (
    '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"南部功能区"},'
    '"geometry":{"type":"Polygon","coordinates":[[[111,34],[111.1,34],[111.1,34.1],[111,34.1],[111,34]]]}}]}'
)
PLAN = """\
name: small
title: 小城
year: 2020
territory: {source: border}
ZONES
sources:
  border: {file: border.geojson, crs: "EPSG:4490"}
"""


def run(monkeypatch: pytest.MonkeyPatch, *words: str | Path) -> int:
    monkeypatch.setattr(sys, "argv", ["spatial", *map(str, words)])
    code: Any = 0
    try:
        main()
    except SystemExit as leaving:
        code = leaving.code or 0
    return int(code)


@pytest.mark.parametrize(
    ("zones", "word", "said"),
    [
        ("functional_zones: {source: border, units: border}", "南部功能", "did you mean '南部功能区'"),
        ("", "南部功能区", "the plan has no functional zones"),
    ],
)
def test_bad_input_ends_with_two(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, own_cache: Path,
    zones: str, word: str, said: str,
) -> None:  # fmt: skip
    (tmp_path / "border.geojson").write_text(BORDER, encoding="utf-8")
    (tmp_path / "plan.yaml").write_text(PLAN.replace("ZONES", zones), encoding="utf-8")
    out = tmp_path / "out"
    assert run(monkeypatch, "dossier", tmp_path, "--zone", word, "-o", out) == 2
    assert said in capsys.readouterr().err
    assert not out.exists()
