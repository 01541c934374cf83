"""What all records of a plan share: the frozen base, bilingual text, names and coordinates."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)


class Record(BaseModel):
    """Base of all plan records: frozen, unknown keys refused, aliases are what the plan writes."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _truth_is_no_number(cls, value: Any) -> Any:
        # Python counts True as 1, and YAML reads a bare yes, no, on or off as true or false.
        if not isinstance(value, dict) or not any(isinstance(item, bool) for item in value.values()):
            return value
        welcome = {
            field.alias or name
            for name, field in cls.model_fields.items()
            if bool in (field.annotation, *get_args(field.annotation))
        }
        strange = {key for key, item in value.items() if isinstance(item, bool) and key not in welcome}
        return {key: _Truth(item) if key in strange else item for key, item in value.items()}


@dataclass(frozen=True)
class _Truth:
    """Stands for true or false where neither is welcome: no type takes it, so the key is reported."""

    value: bool


def show_value(value: Any) -> str:
    """Write a value for a message, much as a plan writes it, shortened if it is long.

    Examples
    --------
    >>> show_value({"name": "济源", "plain": True})
    '{"name": "济源", "plain": true}'
    """
    plain = json.dumps(
        value, ensure_ascii=False, default=lambda item: item.value if isinstance(item, _Truth) else str(item)
    )
    return plain if len(plain) <= 60 else plain[:57] + "…"


def _as_text_schema(schema: dict[str, Any]) -> None:
    both = {key: schema.pop(key) for key in ("type", "properties", "additionalProperties")}
    schema["anyOf"] = [{"type": "string", "minLength": 1}, both | {"minProperties": 1}]


class Text(Record):
    """A text in Chinese, English or both. A bare string in the plan is taken as Chinese.

    Examples
    --------
    >>> Text.model_validate("济源市").pick("en")
    '济源市'
    """

    model_config = ConfigDict(json_schema_extra=_as_text_schema)

    # Without blanks round it, as in `Name`, or a name would not be found by what looks the same.
    zh: Annotated[str, StringConstraints(strip_whitespace=True)] = ""
    en: Annotated[str, StringConstraints(strip_whitespace=True)] = ""

    @model_validator(mode="before")
    @classmethod
    def _from_string(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"zh": value}
        if value is None:
            raise ValueError("nothing is written here; write a text, or remove the key")
        if not isinstance(value, (dict, Text)):
            raise ValueError(f"{show_value(value)} is not text; put it in quotes")
        return value

    @model_validator(mode="after")
    def _not_empty(self) -> Text:
        if not (self.zh or self.en):
            raise ValueError("the text is empty; write it in zh, en or both")
        return self

    def pick(self, language: str) -> str:
        """Return the text in `language` (``zh`` or ``en``), else in the other one."""
        return (self.en or self.zh) if language == "en" else (self.zh or self.en)


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
"""A name as it is written in the plan, not empty."""

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=63)]
"""A short machine name: lower-case letters, digits and underscores, beginning with a letter."""

TAG_PATTERN = r"[^\s,;，；、\[\]\(\)\{\}（）【】]+"
Tag = Annotated[str, StringConstraints(pattern=f"^{TAG_PATTERN}$", max_length=63)]
"""A short word to choose by, in any script: without blanks, separators and brackets, which end it."""


def _two_numbers(value: Any) -> Any:
    numbers = isinstance(value, (list, tuple)) and [
        part for part in value if isinstance(part, (int, float)) and not isinstance(part, bool)
    ]
    if not numbers or len(numbers) != 2 or len(value) != 2:
        remedy = "write [longitude, latitude], such as [112.59, 35.09]"
        raise ValueError(f"{show_value(value)} is not a position; {remedy}")
    return value


def _within_the_world(position: tuple[float, float]) -> tuple[float, float]:
    lon, lat = position
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        remedy = "write [longitude, latitude], such as [112.59, 35.09]"
        if -90 <= lon <= 90 and -180 <= lat <= 180:
            remedy = f"is the latitude first? write [{lat:.15g}, {lon:.15g}]"
        elif min(abs(lon), abs(lat)) > 180:
            remedy = "are these metres? " + remedy
        raise ValueError(f"[{lon:.15g}, {lat:.15g}] is no longitude and latitude in degrees; {remedy}")
    return position


Position = Annotated[
    tuple[float, float],
    BeforeValidator(_two_numbers),
    AfterValidator(_within_the_world),
    WithJsonSchema(
        {
            "type": "array",
            "prefixItems": [
                {"type": "number", "minimum": -180, "maximum": 180},
                {"type": "number", "minimum": -90, "maximum": 90},
            ],
            "minItems": 2,
            "maxItems": 2,
            "examples": [[112.59, 35.09]],
        }
    ),
]
"""Longitude and latitude in degrees, CGCS2000."""
