"""Pages made from the code: layers, commands, plan keys, rule tables, systems. A Sphinx extension."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from typer.main import get_command

from spatial.cli import app as program
from spatial.pipeline import list_layers, relate_layers
from spatial.plan.base import Record
from spatial.plan.contract import Column, Contract
from spatial.plan.departments import read_departments
from spatial.plan.reading.schema import export_schema
from spatial.plan.rules import read_rules
from spatial.plan.shelf import find_shelf
from spatial.plan.styles import read_styles
from spatial.plan.systems import System, read_systems

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HERE = Path(__file__).parent
GENERATED = HERE / "generated"
CITIES = {"jiyuan": "济源 Jiyuan", "hebi": "鹤壁 Hebi", "chengdu": "成都 Chengdu"}
KINDS = {"text": "text", "integer": "whole number", "number": "number", "truth": "true or false"}
TYPES = {
    "string": "text", "integer": "whole number", "number": "number", "boolean": "true or false",
}  # fmt: skip
UNITS = {
    "_km2": "km²", "_ha": "ha", "_m2": "m²", "_km": "km", "_m": "m", "_min": "min", "_kmh": "km/h", "_s": "s",
}  # fmt: skip


def setup(sphinx: Sphinx) -> dict[str, Any]:
    """Write the pages before Sphinx looks for them."""
    sphinx.connect("config-inited", lambda *_: write_pages(GENERATED))
    return {"parallel_read_safe": True}


def write_pages(folder: Path) -> list[Path]:
    """Write every generated page; return their files."""
    folder.mkdir(exist_ok=True)
    pages = {
        "layers": page_of_layers(),
        "commands": page_of_commands(),
        "plan": page_of_plan(),
        "rules": page_of_rules(),
        "systems": page_of_systems(),
    }
    files = [copy_notebook(path, folder) for path in sorted((HERE.parent / "notebooks").glob("*.ipynb"))]
    for name, text in pages.items():
        files.append(folder / f"{name}.md")
        # A page that did not change keeps its time, so Sphinx does not read it again.
        if not files[-1].exists() or files[-1].read_text(encoding="utf-8") != text:
            files[-1].write_text(text, encoding="utf-8")
    return files


def copy_notebook(path: Path, folder: Path) -> Path:
    """Bring a notebook to where Sphinx looks; its text is not changed."""
    copy = folder / path.name
    if not copy.exists() or copy.read_bytes() != path.read_bytes():
        copy.write_bytes(path.read_bytes())
    return copy


def write_table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table; bars and line breaks in cells are made harmless."""
    lines = [heads, ["---"] * len(heads), *([_clean(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"


def _clean(cell: object) -> str:
    return " ".join(str(cell).split()).replace("|", "\\|").replace("<", "&lt;")


def page_of_layers() -> str:
    """Return the reference of layers: what each is, what it is made from, its columns."""
    needs = relate_layers()
    parts = ["# Layers 图层\n", "Made from the code. Geometry is stored in CGCS2000 (EPSG:4490).\n"]
    for name, contract in list_layers().items():
        parts += [
            f"(layer-{name})=",
            f"## `{name}` {contract.zh} · {contract.en}\n",
            _tell_what(contract),
        ]
        parts += [f"Made from: {_join(sorted(needs.get(name, ()))) or 'nothing else'}.\n"]
        parts += [f"![{contract.en}](../pictures/{one}.png)\n" for one in _find_pictures(name)[:1]]
        rows = [_tell_column(key, column) for key, column in contract.all_columns().items()]
        parts += [write_table(["column", "字段", "title", "kind", "unit", "may be null"], rows)]
    return "\n".join(parts)


def _find_pictures(layer: str, first: str = "") -> list[str]:
    """Return the pictures of the sheets that need a layer, as ``plan/sheet``, those of one plan first."""
    styles = read_styles()
    of = {name: style.of or name for name, style in styles.layers.items()}
    sheets = [
        name
        for name, sheet in styles.sheets.items()
        if layer in {of.get(one, one) for one in (*sheet.needs, sheet.table)}
    ]
    plans = sorted(CITIES, key=lambda plan: plan != first)
    return [
        f"{plan}/{sheet}"
        for plan in plans
        for sheet in sheets
        if (HERE / "pictures" / plan / f"{sheet}.png").exists()
    ]


def _tell_what(contract: Contract) -> str:
    shape = {"none": "A table without geometry.", "any": "Geometry of any kind."}
    return f"{contract.about}\n\n{shape.get(contract.shape, f'Geometry: {contract.shape}.')}\n"


def _tell_column(key: str, column: Column) -> tuple[str, ...]:
    unit = next((text for ending, text in UNITS.items() if key.endswith(ending)), "")
    return f"`{key}`", column.zh, column.en, KINDS[column.kind], unit, "yes" if column.nullable else ""


def _join(names: Iterable[str]) -> str:
    known = set(list_layers())
    return ", ".join(f"[`{name}`](#layer-{name})" if name in known else f"`{name}`" for name in names)


def page_of_commands() -> str:
    """Return the reference of the command line, from the commands themselves."""
    parts = ["# Commands 命令\n", "Exit codes: 0 fine, 1 a finding is an error, 2 bad input.\n"]
    for name, command in sorted(get_command(program).commands.items()):  # type: ignore[attr-defined]
        parts += [f"## `spatial {name}`\n", f"{command.help or ''}\n"]
        rows = [(_name_option(one), _tell_default(one), getattr(one, "help", "")) for one in command.params]
        parts += [write_table(["option", "unless given", "what it says"], rows)]
    return "\n".join(parts)


def _name_option(option: Any) -> str:
    if option.param_type_name == "argument":
        return f"`{option.metavar or option.name.upper()}`"
    metavar = "" if getattr(option, "is_flag", False) else f" {option.metavar or ''}".rstrip()
    return ", ".join(f"`{flag}`" for flag in option.opts) + (f" `{metavar.strip()}`" if metavar else "")


def _tell_default(option: Any) -> str:
    value = option.default
    return "" if value is None or value is False or callable(value) or not str(value) else f"`{value}`"


def page_of_plan() -> str:
    """Return the keys of ``plan.yaml``, from its JSON Schema."""
    schema = json.loads(export_schema())
    parts = ["# Keys of `plan.yaml` 规划文件\n", "Keys in bold must be there.\n", "## The plan 规划\n"]
    parts += [_list_keys(schema)]
    for name, record in sorted(schema.get("$defs", {}).items()):
        if "properties" in record:
            parts += [f"(record-{name.lower()})=", f"## {name}\n", f"{_first(record)}\n", _list_keys(record)]
    return "\n".join(parts)


def _first(record: dict[str, Any]) -> str:
    return " ".join(record.get("description", "").split("\n\n")[0].split())


def _list_keys(record: dict[str, Any]) -> str:
    must = set(record.get("required", ()))
    rows = [
        (f"**`{key}`**" if key in must else f"`{key}`", _tell_type(kind), _tell_value(kind.get("default")))
        for key, kind in record.get("properties", {}).items()
    ]
    return write_table(["key", "what it takes", "unless written"], rows)


def _tell_value(value: object) -> str:
    return "" if value in (None, "", [], {}) else f"`{json.dumps(value, ensure_ascii=False)}`"


def _tell_type(kind: dict[str, Any]) -> str:
    """Say in a few words what a key takes."""
    if "$ref" in kind:
        name = kind["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#record-{name.lower()})" if name[:1].isupper() and name != "Text" else name
    if "enum" in kind:
        return ", ".join(f"`{value}`" for value in kind["enum"])
    for several in ("anyOf", "oneOf"):
        if several in kind:
            told = [_tell_type(one) for one in kind[several] if one.get("type") != "null"]
            return " or ".join(dict.fromkeys(told))
    if kind.get("type") == "array":
        return f"list of {_tell_type(kind.get('items', {}))}"
    if kind.get("type") == "object":
        return "keys and values"
    return TYPES.get(kind.get("type", ""), "anything")


def page_of_rules() -> str:
    """Return every rule table with source and confidence of each row."""
    parts = ["# Rule tables 规则表\n", "Confidence: `found`, `high`, `medium`, `low`, `default` (no norm).\n"]
    for file in sorted((find_shelf() / "rules").glob("*.yaml")):
        if file.stem == "departments":
            parts.append(_list_departments())
            continue
        table = read_rules(file.stem)
        rows = [
            (
                f"`{rule.key}`",
                rule.label.pick("zh"),
                _show(rule.value),
                rule.unit,
                rule.source,
                rule.confidence,
            )
            for rule in table.rules
        ]
        parts += [f"## `{file.stem}` {table.title.pick('zh')} · {table.title.pick('en')}\n"]
        parts += [f"Version {table.version}.\n"]
        parts += [write_table(["key", "名称", "value", "unit", "source", "confidence"], rows)]
    return "\n".join(parts)


def _list_departments() -> str:
    """Return the rules by which departments judge projects: a table of another form than all others."""
    table = read_departments()
    rows = [
        (
            f"`{rule.id}`",
            department.name.pick("zh"),
            rule.title.pick("zh"),
            f"{rule.relation} `{rule.layer or rule.source}`",
            rule.verdict,
            rule.basis.pick("zh"),
            rule.confidence,
        )
        for department in table.departments
        for rule in department.rules
    ]
    heads = ["rule", "部门", "名称", "holds against", "verdict", "basis", "confidence"]
    title = f"## `departments` {table.title.pick('zh')} · {table.title.pick('en')}\n"
    return "\n".join([title, f"Version {table.version}.\n", write_table(heads, rows)])


def _show(value: object) -> str:
    if isinstance(value, Record):
        value = value.model_dump(mode="json")
    return yaml.safe_dump(value, allow_unicode=True, default_flow_style=True).replace("...", "").strip()


def page_of_systems() -> str:
    """Return the systems of the three cities' documents, and where each is answered."""
    rows = [
        (
            number,
            CITIES[system.city],
            f"{system.title.pick('zh')} · {system.title.pick('en')}",
            f"`{system.command}`",
            ", ".join(
                [
                    *(f"[`{name}`](layers.md#layer-{name})" for name in system.layers),
                    *(f"`{name}`" for name in system.files),
                ]
            ),
            _show_pictures(system),
        )
        for number, system in read_systems().systems.items()
    ]
    heads = ["", "city", "system", "command", "layers", "picture"]
    return "# Systems S1–S25\n\nFrom `layers/systems.yaml`.\n\n" + write_table(heads, rows)


def _show_pictures(system: System) -> str:
    """Return links to the pictures of a system: one for each layer, and those that it names itself."""
    sheets = read_styles().sheets
    found = [one for layer in system.layers for one in _find_pictures(layer, system.city)[:1]]
    named = {one: sheets[one.rpartition("/")[2]].title.pick("zh") for one in found}
    named |= {one: title.pick("zh") for one, title in system.pictures.items()}
    return ", ".join(f"[{title}](../pictures/{one}.png)" for one, title in named.items())
