"""The report as one page of HTML: the document's twin, pictures inside, which opens with no network."""

from __future__ import annotations

import base64
import mimetypes
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from spatial.errors import Fault, OutputError
from spatial.outputs.files import replacing
from spatial.outputs.order import Order
from spatial.outputs.papers.blocks import Block, Chapter, Picture
from spatial.outputs.papers.cells import Language, Table, say, show_row
from spatial.outputs.papers.chapters import head_chapters, list_chapters
from spatial.outputs.papers.headings import CONTENTS, write_caption
from spatial.outputs.papers.key_figures import MARK
from spatial.plan.base import Text

_LONGEST = 32
_TEMPLATE = """\
<!DOCTYPE html>
<html lang="{{ lang }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{{ title }}</title>
<style>
{{ css | safe }}
</style>
</head>
<body>
<header>
<h1>{{ title }}</h1>
{% for line in subtitles %}
<p class="subtitle">{{ line }}</p>
{% endfor %}
{% if mark %}
<p class="subtitle mark">{{ mark }}</p>
{% endif %}
</header>
<nav>
<p class="subtitle">{{ contents }}</p>
<ol>
{% for chapter in chapters %}
<li><a href="#{{ chapter.anchor }}">{{ chapter.heading }}</a></li>
{% endfor %}
</ol>
</nav>
<main>
{% for chapter in chapters %}
<section id="{{ chapter.anchor }}">
<h2>{{ chapter.heading }}</h2>
{% for block in chapter.blocks %}
{% if block.kind == "sentence" %}
<p class="{{ block.lang }}" lang="{{ block.lang }}">{{ block.text }}</p>
{% if block.twin %}
<p class="twin" lang="en">{{ block.twin }}</p>
{% endif %}
{% elif block.kind == "picture" %}
<figure>
<img src="{{ block.data }}" alt="{{ block.alt }}">
<figcaption>{{ block.caption }}</figcaption>
</figure>
{% else %}
<div class="frame">
<table>
<caption>{{ block.caption }}</caption>
<thead>
<tr>{% for head in block.heads %}<th scope="col">{{ head }}</th>{% endfor %}</tr>
</thead>
<tbody>
{% for row in block.rows %}
<tr{% if row.strong %} class="strong"{% endif %}>
{% for cell in row.cells %}
<td{% if cell.look %} class="{{ cell.look }}"{% endif %}>{{ cell.text }}</td>
{% endfor %}
</tr>
{% endfor %}
</tbody>
</table>
</div>
{% for note in block.notes %}
<p class="note">{{ note }}</p>
{% endfor %}
{% endif %}
{% endfor %}
</section>
{% endfor %}
</main>
</body>
</html>
"""


def write_page(order: Order, path: Path, pictures: Mapping[str, Path]) -> list[str]:
    """Write the report as one HTML file: no script, no request, every text escaped.

    Parameters
    ----------
    order : Order
        What is to be told; `order.tongue` is the language.
    path : pathlib.Path
        The ``.html`` file to write or replace.
    pictures : mapping of str to Path
        Image files by the name of their sheet in the atlas.

    Returns
    -------
    list of str
        What a user should know; nothing so far.

    Raises
    ------
    OutputError
        A picture is not there, or the file cannot be written.
    """
    from jinja2 import Environment, StrictUndefined

    language = order.tongue
    # Every text is escaped where it stands; only the style sheet, our own, is not.
    template = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string(_TEMPLATE)
    numbers: Counter[str] = Counter()
    text = template.render(
        lang="en" if language == "en" else "zh-CN",
        title=say(order.plan.title, language),
        subtitles=[line for line in _list_subtitles(order) if line],
        mark=say(MARK, language) if order.illustrative else "",
        contents=say(CONTENTS, language),
        chapters=list(_set_chapters(list_chapters(order, pictures), language, numbers)),
        css=Path(__file__).with_name("report.css").read_text(encoding="utf-8"),
    )
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")
    return []


def _list_subtitles(order: Order) -> Iterator[str]:
    yield say(order.subtitle, order.tongue)
    yield say(order.plan.outputs.compiler or "", order.tongue)
    yield order.date
    number = order.plan.outputs.approval_number
    if number:
        yield say(Text(zh=f"审图号：{number}", en=f"Map approval number: {number}"), order.tongue)


def _set_chapters(
    chapters: Sequence[Chapter], language: Language, numbers: Counter[str]
) -> Iterator[dict[str, Any]]:
    for at, (chapter, heading) in enumerate(zip(chapters, head_chapters(chapters, language), strict=True), 1):
        yield {
            "anchor": f"chapter-{at}",
            "heading": heading,
            "blocks": [_set_block(block, language, numbers) for block in chapter.blocks],
        }


def _set_block(block: Block, language: Language, numbers: Counter[str]) -> dict[str, Any]:
    if isinstance(block, Text):
        first: Language = "en" if language == "en" else "zh"
        twin = say(block, "en") if language == "both" and block.en != block.zh else ""
        return {"kind": "sentence", "lang": first, "text": say(block, first), "twin": twin}
    kind = "table" if isinstance(block, Table) else "picture"
    numbers[kind] += 1
    caption = write_caption(kind, numbers[kind], block.title, language)
    if isinstance(block, Picture):
        return {"kind": kind, "caption": caption, "alt": say(block.title, language), "data": _embed(block)}
    return {"kind": kind, "caption": caption} | _set_table(block, language)


def _set_table(table: Table, language: Language) -> dict[str, Any]:
    return {
        "heads": [say(head.title, language, "\n") for head in table.heads],
        "notes": [say(note, language) for note in table.notes],
        "rows": [
            {"strong": table.is_strong(at), "cells": _set_row(table, at, language)}
            for at in range(len(table.rows))
        ],
    }


def _set_row(table: Table, at: int, language: Language) -> list[dict[str, Any]]:
    texts = show_row(table, at, language)
    return [
        {"text": text, "look": "long" if _is_long(text) else "" if head.form == "text" else "number"}
        for text, head in zip(texts, table.heads, strict=True)
    ]


def _is_long(text: str) -> bool:
    """Tell whether a word of the text is too long for a column, such as a hash."""
    return max(map(len, text.split()), default=0) > _LONGEST


def _embed(picture: Picture) -> str:
    kind = mimetypes.guess_type(picture.path.name)[0] or "image/png"
    try:
        data = picture.path.read_bytes()
    except OSError as error:
        fault = Fault(
            str(picture.path), picture.name, "there is no such picture", "draw it first, or leave it out"
        )
        raise OutputError(fault) from error
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
