"""Put every script, stylesheet and image of a page inside it, so that it opens with no network at all.

The content comes from carriers that lie on this machine: PyPI packages that bring Leaflet and jQuery, and
the scripts beside this module. A tag without a carrier is an error at build, never a link that stays.
"""

from __future__ import annotations

import base64
import html
import importlib
import mimetypes
import re
from collections.abc import Mapping
from pathlib import Path

from spatial.errors import Fault, OutputError

OWN = "spatial/"
"""What the address of a script or stylesheet of ours begins with."""

_PACKAGES = {
    "leaflet.js": ("xstatic.pkg.leaflet", "leaflet.js"),
    "leaflet.css": ("xstatic.pkg.leaflet", "leaflet.css"),
    "jquery.min.js": ("xstatic.pkg.jquery", "jquery.min.js"),
    "jquery.js": ("xstatic.pkg.jquery", "jquery.min.js"),
}
_SCRIPT = re.compile(r"""<script\b[^>]*?\bsrc\s*=\s*(["'])(?P<url>.*?)\1[^>]*>\s*</script\s*>""", re.I | re.S)
_LINK = re.compile(r"<link\b[^>]*>", re.I | re.S)
_REL = re.compile(r"""\brel\s*=\s*["']?stylesheet\b""", re.I)
_HREF = re.compile(r"""\bhref\s*=\s*(["'])(?P<url>.*?)\1""", re.I | re.S)
_VERSION = re.compile(r"[@-](\d+)\.(\d+)(?:\.\d+)*")
_CSS_URL = re.compile(r"""url\(\s*(["']?)(?P<url>[^)"']+)\1\s*\)""", re.I)
_CSS_IMPORT = re.compile(r"@import\b[^;]*;", re.I)
_SOURCE_MAP = re.compile(r"^\s*(?://[#@]\s*sourceMappingURL=.*|/\*[#@]\s*sourceMappingURL=.*?\*/)\s*$", re.M)
_ICONS = {
    "iconUrl": "marker-icon.png",
    "iconRetinaUrl": "marker-icon-2x.png",
    "shadowUrl": "marker-shadow.png",
}


def inline_page(page: str) -> str:
    """Replace each script and stylesheet tag of a page by the content of its local carrier.

    Parameters
    ----------
    page : str
        HTML, as folium renders it. Addresses that begin with ``spatial/`` are files beside this module.

    Returns
    -------
    str
        HTML without any reference to another file. Images of stylesheets are data URIs; after Leaflet comes
        a line that gives its default icon as data URIs too.

    Raises
    ------
    OutputError
        Scripts or stylesheets have no carrier, or one of another version; all are named at once.

    Examples
    --------
    >>> page = inline_page('<script src="https://cdn.example/leaflet@1.9.3/leaflet.js"></script>')
    >>> "cdn.example" in page, "L.Icon.Default" in page
    (False, True)
    """
    faults: list[Fault] = []

    def script(found: re.Match[str]) -> str:
        file = _find_carrier(html.unescape(found["url"]), faults)
        return f"<script>\n{read_script(file)}</script>" if file else found[0]

    def link(found: re.Match[str]) -> str:
        target = _HREF.search(found[0])
        if not _REL.search(found[0]) or target is None:
            return found[0]
        file = _find_carrier(html.unescape(target["url"]), faults)
        return f"<style>\n{read_stylesheet(file)}</style>" if file else found[0]

    page = _LINK.sub(link, _SCRIPT.sub(script, page))
    if faults:
        raise OutputError(faults)
    return page


def _find_carrier(url: str, faults: list[Fault]) -> Path | None:
    """Return the local file with the content of `url`, or note the fault."""
    if url.startswith(OWN):
        file = Path(__file__).with_name(url.removeprefix(OWN))
        if file.is_file():
            return file
        faults.append(Fault("map page", url, "the script is missing", "install the package again"))
        return None
    name = _VERSION.sub("", url.split("?", maxsplit=1)[0].rsplit("/", maxsplit=1)[-1])
    if name not in _PACKAGES:
        remedy = "leave it out, or add its carrier to spatial/outputs/web/offline.py"
        faults.append(Fault("map page", url, "no package on this machine carries it", remedy))
        return None
    module, inner = _PACKAGES[name]
    carrier = importlib.import_module(module)
    wanted = _VERSION.search(url)
    if wanted and wanted.groups() != tuple(carrier.VERSION.split(".")[:2]):
        problem = f"the carrier {carrier.PACKAGE_NAME} has version {carrier.VERSION}"
        faults.append(
            Fault("map page", url, problem, f"install the version of {name} that the page asks for")
        )
        return None
    return Path(carrier.BASE_DIR, inner)


def read_script(file: Path) -> str:
    """Return a script as it may stand between script tags; behind Leaflet, its icons as data URIs.

    Raises
    ------
    OutputError
        The script holds a text that would end its tag or open a comment in it.

    Examples
    --------
    >>> read_script(Path(__file__).with_name("panel.js")).startswith("/*")
    True
    """
    text = _SOURCE_MAP.sub("", file.read_text(encoding="utf-8"))
    if re.search(r"</script|<!--", text, re.I):
        raise OutputError(f"{file.name}: holds </script or <!--, which cannot stand inside a page")
    return text + (_set_default_icon(file.parent) if file.name == "leaflet.js" else "")


def _set_default_icon(folder: Path) -> str:
    """Return the script that gives Leaflet's default marker its images, so that it fetches none."""
    options = ", ".join(f'{key}: "{_as_data_uri(folder / "images" / name)}"' for key, name in _ICONS.items())
    return f'\nL.Icon.Default.imagePath = "";\nL.Icon.Default.mergeOptions({{{options}}});\n'


def read_stylesheet(file: Path) -> str:
    """Return a stylesheet as it may stand between style tags, its images as data URIs.

    Raises
    ------
    OutputError
        It imports another stylesheet, or names an image that does not lie beside it.
    """
    text = _SOURCE_MAP.sub("", file.read_text(encoding="utf-8"))
    if _CSS_IMPORT.search(text) or re.search(r"</style", text, re.I):
        raise OutputError(f"{file.name}: imports another stylesheet or holds </style; put it in one file")
    return _CSS_URL.sub(lambda found: _inline_image(found, file), text)


def _inline_image(found: re.Match[str], sheet: Path) -> str:
    url = found["url"].strip()
    if url.startswith(("#", "data:")):
        return found[0]
    image = sheet.parent / url.split("?")[0].split("#")[0]
    if "://" in url or url.startswith("//") or not image.is_file():
        raise OutputError(
            Fault(sheet.name, url, "the image does not lie beside the stylesheet", "carry it along")
        )
    return f'url("{_as_data_uri(image)}")'


def _as_data_uri(file: Path) -> str:
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(file.read_bytes()).decode('ascii')}"


def write_policy(hosts: tuple[str, ...] = ()) -> str:
    """Return the meta tag that forbids a page every request, but for images from `hosts`.

    Parameters
    ----------
    hosts : tuple of str
        Such as ``https://*.tianditu.gov.cn``; none for a page that must stay off the network.

    Examples
    --------
    >>> "img-src data:;" in write_policy()
    True
    """
    rules: Mapping[str, str] = {
        "default-src": "'none'",
        "script-src": "'unsafe-inline'",
        "style-src": "'unsafe-inline'",
        "img-src": " ".join(("data:", *hosts)),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    policy = "; ".join(f"{name} {value}" for name, value in rules.items()) + ";"
    return f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}"/>'
