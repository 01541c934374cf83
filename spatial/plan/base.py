"""What all records of a plan share: the frozen base, bilingual text, names and coordinates."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)


class Record(BaseModel):
    """Base of all plan records: frozen, unknown keys refused, aliases are what the plan writes."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False)


class Text(Record):
    """A text in Chinese, English or both. A bare string in the plan is taken as Chinese.

    Examples
    --------
    >>> Text.model_validate("济源市").pick("en")
    '济源市'
    """

    zh: str = ""
    en: str = ""

    @model_validator(mode="before")
    @classmethod
    def _from_string(cls, value: Any) -> Any:
        return {"zh": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _not_empty(self) -> Text:
        if not (self.zh.strip() or self.en.strip()):
            raise ValueError("the text is empty; write it in zh, en or both")
        return self

    def pick(self, language: str) -> str:
        """Return the text in `language` (``zh`` or ``en``), else in the other one."""
        return (self.en or self.zh) if language == "en" else (self.zh or self.en)


def _as_text_schema(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [{"type": "string"}, {"type": "object"}]


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
"""A name as it is written in the plan, not empty."""

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=63)]
"""A short machine name: lower-case letters, digits and underscores, beginning with a letter."""


def _within_the_world(position: tuple[float, float]) -> tuple[float, float]:
    lon, lat = position
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        hint = " (latitude first? write longitude, then latitude)" if -90 <= lon <= 90 and abs(lat) <= 180 else ""
        raise ValueError(f"[{lon}, {lat}] is not a longitude and latitude in degrees{hint}")
    return position


def _refuse_bool(value: Any) -> Any:
    if isinstance(value, (list, tuple)) and any(isinstance(part, bool) for part in value):
        raise ValueError("true and false are not coordinates")
    return value


Position = Annotated[
    tuple[float, float],
    BeforeValidator(_refuse_bool),
    AfterValidator(_within_the_world),
    Field(examples=[[112.59, 35.09]]),
]
"""Longitude and latitude in degrees, CGCS2000."""
