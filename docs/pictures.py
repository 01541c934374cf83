"""The pictures of README and reference, drawn from the shipped plan as a delivery draws them.

Run ``python docs/pictures.py`` after a change of styles or plan; a test tells when they are out of date.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

PICTURES = Path(__file__).parent / "pictures"
SHEETS = (
    "structure",
    "zones",
    "lines",
    "conflicts",
    "circles",
    "circles_beside",
    "promises",
    "gaps",
    "connections",
    "urban",
    "ecology",
    "proposed_lines",
    "green_network",
    "functional_zones",
    "directions",
)
WIDTH_MM, DPI, COLOURS = 300, 96, 255


def draw_pictures(folder: Path) -> list[Path]:
    """Draw the sheets of the shipped plan into a folder, in few colours so that they stay small."""
    from PIL import Image

    import spatial
    from spatial.outputs.atlas.book import save_picture

    order = spatial.check_plan("jiyuan").order(language="both")
    made = []
    with TemporaryDirectory() as beside:
        for sheet in SHEETS:
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
    PICTURES.mkdir(exist_ok=True)
    for path in draw_pictures(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES):
        print(path)
