"""Pictures of what commands besides ``build`` write: sheets, tables and pages, as a user opens them.

Run ``python docs/shots.py`` after a change of these. It needs Chromium and, for the shared database, a
PostgreSQL server with PostGIS; a test asks only that every picture that is named is there.
"""

from __future__ import annotations

import html
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent
PICTURES = HERE / "pictures" / "commands"
LAYERS = HERE.parent / "layers"
COLOURS, WIDE_PX = 255, 1180


def keep(image: Path, name: str) -> Path:
    """Keep a picture in few colours, no wider than a page shows it."""
    from PIL import Image

    made = PICTURES / f"{name}.png"
    with Image.open(image) as picture:
        whole = picture.convert("RGB")
        if whole.width > WIDE_PX:
            whole = whole.resize((WIDE_PX, round(whole.height * WIDE_PX / whole.width)))
        few = whole.quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        few.save(made, optimize=True)
    return made


def shoot(page: Path, image: Path, wide: int = 1180, high: int = 780, wait_ms: int = 2500) -> Path:
    """Open a page in Chromium and take its picture."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        window = browser.new_page(viewport={"width": wide, "height": high})
        window.goto(page.resolve().as_uri())
        window.wait_for_timeout(wait_ms)
        window.screenshot(path=image)
        browser.close()
    return image


def shoot_conform(folder: Path) -> Path:
    """Draw the overview of the parallel-approval form."""
    import spatial

    spatial.check_projects("jiyuan", LAYERS / "jiyuan" / "projects.geojson", suggest=True, out=folder)
    return shoot(folder / "opinions.html", folder / "shot.png", high=900)


def _shoot_blueprint(plans: list[Path], folder: Path) -> Path:
    import spatial

    spatial.reconcile_plans(plans, out=folder)
    return shoot(next(folder.glob("*.html")), folder / "shot.png")


def shoot_reconcile(folder: Path) -> Path:
    """Draw the map of three sector plans held against each other."""
    names = ("landuse", "urban", "forest")
    return _shoot_blueprint([LAYERS / "jiyuan" / "sectors" / f"{name}.yaml" for name in names], folder)


def shoot_base(folder: Path) -> Path:
    """Draw the map of three districts held to one base."""
    return _shoot_blueprint(sorted((LAYERS / "hebi" / "base").glob("*.yaml")), folder)


def shoot_dossier(folder: Path) -> Path:
    """Draw the first map of one zone's dossier."""
    from spatial.studies.dossier import write_dossiers

    made = write_dossiers("chengdu", folder, zones=["生态圈 01 · 功能区 02"])
    return sorted(made.folders[0].glob("*.png"))[0]


def shoot_indicators(folder: Path) -> Path:
    """Draw the charts of the indicators of Hebi."""
    import spatial
    from spatial.outputs.atlas.trendcharts import save_trend_charts

    save_trend_charts(spatial.check_plan("hebi").order(language="both"), folder / "shot.png")
    return folder / "shot.png"


def shoot_publish(folder: Path) -> Path:
    """Draw what the terminal says of two versions in a shared database."""
    sys.path.insert(0, str(HERE.parent / "tests"))
    from cluster import PASSWORD, make_database, start_cluster

    url = make_database(start_cluster(), "plans").url()
    changed = ["--set", "circles.0.time=20 min"]
    said = []
    for words in (
        ["publish", "hebi", "--to", url],
        ["publish", "hebi", "--to", url, *changed],
        ["versions", "--at", url],
    ):
        command = [sys.executable, "-m", "spatial.cli", *words]
        settings = {**os.environ, "PGPASSWORD": PASSWORD, "COLUMNS": "120"}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=settings)
        shown = ["postgresql://planner@server/plans" if word == url else word for word in words]
        lines = done.stdout.replace(url, shown[-1]).strip().splitlines()
        said += ["$ spatial " + " ".join(shown), *lines[-14:], ""]
    page, text = folder / "said.html", html.escape("\n".join(said))
    page.write_text(f"<meta charset=utf-8><pre style='font:14px/1.45 monospace'>{text}</pre>", "utf-8")
    return shoot(page, folder / "shot.png", high=620, wait_ms=200)


SHOTS: dict[str, Callable[[Path], Path]] = {
    "conform": shoot_conform,
    "reconcile": shoot_reconcile,
    "base": shoot_base,
    "dossier": shoot_dossier,
    "indicators": shoot_indicators,
    "publish": shoot_publish,
}
"""Pictures by name, and how each is made in a folder."""


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True, parents=True)
    for one in sys.argv[1:] or SHOTS:
        with TemporaryDirectory() as beside:
            print(keep(SHOTS[one](Path(beside)), one))
