"""The pictures of README and reference, drawn from the shipped plans as a delivery draws them.

Run ``python docs/pictures.py`` after a change of styles or plans; a test tells when they are out of date.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

PICTURES = Path(__file__).parent / "pictures"
SHEETS: dict[str, tuple[str, ...]] = {
    "jiyuan": (
        "structure",
        "zones",
        "lines",
        "conflicts",
        "circles",
        "circles_beside",
        "promises",
        "gaps",
        "life_circles",
        "connections",
        "urban",
        "ecology",
        "proposed_lines",
        "green_network",
        "functional_zones",
        "directions",
    ),
    "hebi": (
        "structure",
        "boundary_roads",
        "service_districts",
        "service_sites",
        "industry",
        "industry_clusters",
        "green_network",
        "ledger_parcels",
    ),
    "chengdu": (
        "ecosystem_zones",
        "zone_parts",
        "assessment",
        "industry_competition",
        "job_balance",
        "commute_flows",
    ),
}
"""Sheets of the atlas by shipped plan; each picture is called as its sheet, in the folder of its plan."""
WIDTH_MM, DPI, COLOURS = 300, 96, 255


def draw_pictures(plan: str, folder: Path) -> list[Path]:
    """Draw the sheets of a shipped plan into a folder, in few colours so that they stay small."""
    from PIL import Image

    import spatial
    from spatial.outputs.atlas.book import save_picture

    order = spatial.check_plan(plan).order(language="both")
    folder.mkdir(exist_ok=True, parents=True)
    made = []
    with TemporaryDirectory() as beside:
        for sheet in SHEETS[plan]:
            large = Path(beside) / f"{sheet}.png"
            save_picture(order, sheet, large, width_mm=WIDTH_MM, dpi=DPI)
            made.append(folder / large.name)
            with Image.open(large) as picture:
                few = picture.convert("RGB").quantize(
                    COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
                )
                few.save(made[-1], optimize=True)
    return made


if __name__ == "__main__":
    for one in sys.argv[1:] or SHEETS:
        for path in draw_pictures(one, PICTURES / one):
            print(path)
