"""QGIS opens the current views over the network, with the plan's own styles and Chinese names of columns."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spatial.outputs.postgis.publication import Publication

PROBE = Path(__file__).parents[1] / "formats" / "qgis_probe.py"


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """What Debian's QGIS is run with; skips where there is none."""
    found = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    found["QT_QPA_PLATFORM"] = "offscreen"
    try:
        done = subprocess.run(
            ["/usr/bin/python3", "-c", "import qgis.core"], capture_output=True, check=False, env=found
        )
    except OSError:
        pytest.skip("no Python of the system")
    if done.returncode:
        pytest.skip("no QGIS: apt-get install --no-install-recommends qgis qgis-providers python3-qgis")
    return found


@pytest.mark.parametrize("schema", ["demo", "demo_v0001"])
def test_qgis_draws_published_zones_by_class(
    database: Any,
    publish: Callable[..., Publication],
    environment: dict[str, str],
    tmp_path: Path,
    schema: str,
) -> None:
    publish()
    viewer = database.add_user("reader", "viewer")
    port = database.cluster.port
    uri = (
        f"dbname='{database.name}' host=127.0.0.1 port={port} user='{viewer}' key='id' srid=4490"
        f' type=MultiPolygon table="{schema}"."zones" (geom)'
    )
    jobs = tmp_path / "jobs.json"
    jobs.write_text(json.dumps([{"uri": uri, "provider": "postgres", "png": str(tmp_path / "zones.png")}]))
    done = subprocess.run(
        ["/usr/bin/python3", str(PROBE), str(jobs)],
        capture_output=True,
        check=True,
        env={**environment, "XDG_RUNTIME_DIR": str(tmp_path), "PGPASSWORD": os.environ["PGPASSWORD"]},
        timeout=300,
    )
    (seen,) = json.loads(done.stdout)
    assert seen["ok"], seen["message"]
    assert seen["features"] == 3
    counts = {label: count for label, count in seen["counts"].items() if label}
    assert counts == {"生态空间": 1, "农业空间": 1, "城镇空间": 1}
    assert seen["inked"] > 1000
