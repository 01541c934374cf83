"""Set up the toolkit beside its source and run it. Needs Python 3.11 or newer and nothing else.

    python3 start.py build jiyuan      install, then run `spatial build jiyuan`
    python3 start.py test              install what the tests need, then run them

Everything goes into `.venv` in this folder, so a system Python that is managed by somebody else is left
alone. On Windows write `py` where it says `python3`, if that name is unknown there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge", "chrome")
PROGRAMS = {
    "soffice": ["libreoffice-calc", "libreoffice-writer"],
    "pdftotext": ["poppler-utils"],
    "qgis": ["qgis", "qgis-providers", "python3-qgis"],
    "gdaldem": ["gdal-bin"],
    "pg_ctlcluster": ["postgresql", "postgresql-postgis"],
}
"""Programs that tests hold our files against, and the Debian packages that bring them."""


def run(*command: str | Path) -> int:
    """Run a command and show it, so that nothing happens in secret."""
    print("+", " ".join(str(part) for part in command), flush=True)
    return subprocess.call([str(part) for part in command], cwd=HERE)


def must(*command: str | Path) -> None:
    """Run a command; stop where it fails."""
    code = run(*command)
    if code:
        sys.exit(code)


def make_environment() -> list[str | Path]:
    """Make `.venv` and return the command that installs into it.

    Debian and Ubuntu split pip off Python; then the system's pip installs into the environment.
    """
    try:
        import ensurepip  # noqa: F401

        bare = False
    except ImportError:
        bare = True
    if not PYTHON.exists():
        must(sys.executable, "-m", "venv", *(["--without-pip"] if bare else []), VENV)
    if not bare:
        return [PYTHON, "-m", "pip"]
    pip = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False)
    if pip.returncode == 0:
        return [sys.executable, "-m", "pip", "--python", PYTHON]
    shutil.rmtree(VENV, ignore_errors=True)
    sys.exit("This Python has no venv and no pip; on Debian or Ubuntu run: sudo apt install python3-venv")


def install(extra: str) -> None:
    """Install the toolkit (editable) unless this very set-up is installed already."""
    what = hashlib.sha256((HERE / "setup.cfg").read_bytes() + extra.encode()).hexdigest()
    mark = VENV / f"installed{extra.replace('[', '-').replace(']', '')}"
    if PYTHON.exists() and mark.exists() and mark.read_text() == what:
        return
    quiet = ("--quiet", "--disable-pip-version-check")
    must(*make_environment(), "install", *quiet, "--editable", f"{HERE}{extra}")
    mark.write_text(what)


def find_browser() -> bool:
    """Tell whether a Chromium is there for the tests of the map."""
    if os.environ.get("SPATIAL_BROWSER") or any(map(shutil.which, BROWSERS)):
        return True
    usual = ("/Applications/Google Chrome.app", r"C:\Program Files\Google\Chrome\Application\chrome.exe",
             r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe")  # fmt: skip
    return any(Path(path).exists() for path in usual)


def fetch_programs() -> None:
    """Get what the tests need beside Python: from Debian's packages as root, else from Playwright.

    A Chromium and Chinese fonts always; where `CI` is set also what large tests would else be skipped for.
    Each is asked for alone: one that is not to be had must not keep out the others.
    """
    wanted = [] if find_browser() else [["chromium", "fonts-noto-cjk"]]
    if os.environ.get("CI"):
        wanted += [packages for program, packages in PROGRAMS.items() if not shutil.which(program)]
    if wanted and shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        run("apt-get", "update", "-qq")
        for packages in wanted:
            run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages)
    if not find_browser():
        run(PYTHON, "-m", "playwright", "install", "chromium")


def main(arguments: list[str]) -> int:
    """Install, then run the tests or the command line."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is run by whatever Python there is
        sys.exit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}")
    if arguments[:1] == ["test"]:
        install("[dev]")
        fetch_programs()
        return run(PYTHON, "-m", "pytest", *arguments[1:])
    install("[all]")
    return run(BIN / "spatial", *(arguments or ["--help"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
