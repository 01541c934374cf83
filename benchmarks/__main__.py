"""All benchmarks, or those that are named, on one sheet.

``python -m benchmarks [routing parse …] [--processor]``. A module takes part if it has a function
``measure(sheet)``, see `benchmarks.sheet`, or at least ``main()``, which prints in its own way and returns 1
where it misses a target. Exit code 1 if any promise is broken.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from typing import Any, cast

from benchmarks.sheet import Measure, Sheet, run


def find_modules() -> dict[str, str]:
    """Return the modules that measure something, and what."""
    found = {}
    for file in sorted(Path(__file__).parent.glob("*.py")):
        text = file.read_text(encoding="utf-8")
        takes_part = "\ndef measure(" in text or "\ndef main(" in text
        if takes_part and not file.stem.startswith("_"):
            found[file.stem] = text.removeprefix('"""').splitlines()[0].removesuffix('"""')
    return found


def find_measure(name: str) -> Measure:
    """Return what a module measures by, or its own main function with the sheet's verdict."""
    module = importlib.import_module(f"benchmarks.{name}")
    if hasattr(module, "measure"):
        return cast(Measure, module.measure)

    def measure(sheet: Sheet) -> None:
        sheet.begin((module.__doc__ or name).splitlines()[0])
        sys.argv[1:] = []
        sheet.bound(f"{name}: targets missed, by its own exit code", float(module.main()), 0)

    return measure


def main() -> int:
    """Run what is asked for."""
    known = find_modules()
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=(__doc__ or "").splitlines()[0],
        epilog="\n".join(f"{name}: {what}" for name, what in known.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("modules", nargs="*", metavar="module", help="all by default")

    def choose(asked: dict[str, Any]) -> list[Measure]:
        names = asked["modules"] or list(known)
        if strange := [name for name in names if name not in known]:
            parser.error(f"{', '.join(strange)}: not among {', '.join(known)}")
        return [find_measure(name) for name in names]

    return run(choose, parser, sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
