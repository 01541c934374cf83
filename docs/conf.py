"""Settings of the documentation site.

Build it with ``python -m sphinx -W --keep-going docs out/docs``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from spatial.version import __version__

project = "spatial-planning-toolkit 国土空间规划工具集"
author = "The founders"
copyright = "BSD-3-Clause"
version = release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "generate"]
exclude_patterns = ["generated/README.md"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb", ".rst": "restructuredtext"}
language = "en"
html_theme = "alabaster"
html_theme_options = {
    "description": "From a territorial plan's text to checked maps and honest minutes",
    "page_width": "1100px",
    "sidebar_width": "240px",
    "font_family": "'Noto Sans SC', 'Microsoft YaHei', 'PingFang SC', sans-serif",
}
html_static_path = ["static"]
html_css_files = ["pages.css"]
html_sidebars = {"**": ["about.html", "navigation.html", "searchbox.html"]}
html_copy_source = False
html_show_sourcelink = False

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
# Notebooks are executed by the tests; here they are shown as they are unless asked for.
nb_execution_mode = os.environ.get("SPATIAL_DOCS_EXECUTE", "off")
nb_execution_timeout = 300
nb_execution_raise_on_error = True
napoleon_google_docstring = False
autodoc_typehints = "none"
autodoc_member_order = "bysource"
suppress_warnings = ["mystnb.unknown_mime_type"]
