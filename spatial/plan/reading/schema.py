"""The JSON Schema of ``plan.yaml``: editors complete and check a plan by it."""

from __future__ import annotations

import json

from spatial.plan.records import Plan


def export_schema() -> str:
    """Return the JSON Schema as text, stable from run to run.

    Examples
    --------
    >>> '"title": "Territorial plan"' in export_schema()
    True
    """
    schema = Plan.model_json_schema(by_alias=True)
    for record in (schema, *schema["$defs"].values()):
        if "description" in record:  # editors show it; examples in Python say nothing there
            record["description"] = record["description"].partition("\n\nExamples\n")[0]
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Territorial plan"
    return json.dumps(schema, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
