"""Values of a data file: filled, of the right form, in their domain, not twice, referring to what is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from spatial.checks.profile.subject import FileStep, Holding, LayerStep, Subject
from spatial.plan.findings import Finding
from spatial.plan.profiles import FieldSpec
from spatial.plan.rules import Rule

Truths = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

_STRANGE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u200e\u200f\ufeff]|^[ \u3000]|[ \u3000]$|[\r\n\t]"
)
_KEY = "BSM"


def _filled(texts: Texts) -> Truths:
    return np.array([bool(text.strip()) for text in texts], dtype=bool)


def _over_fields(check: Callable[[Subject, FieldSpec, pd.Series[Any]], Iterator[Finding]]) -> LayerStep:
    """Return a check of a layer that runs a check of a field over all fields with values."""

    def run(subject: Subject) -> Iterator[Finding]:
        for spec in subject.spec.fields:
            column = subject.column(spec.name)
            if column is not None and len(column):
                yield from check(subject, spec, column)

    return run


def _check_filled(subject: Subject, spec: FieldSpec, column: pd.Series[Any]) -> Iterator[Finding]:
    if spec.filled:
        rows = np.flatnonzero(~_filled(subject.texts(spec.name)))
        name = f"{subject.data.name}.{spec.name}"
        yield from subject.tell_rows(
            "value_missing", rows,
            lambda _: (f"必填字段 {name} 为空；请补填。", f"{name} is empty; fill it in."),
        )  # fmt: skip


def _check_length(subject: Subject, spec: FieldSpec, column: pd.Series[Any]) -> Iterator[Finding]:
    """Texts longer than the profile allows; in a Shapefile the table itself cannot hold longer ones."""
    if spec.kind != "text" or not spec.width:
        return
    lengths = np.array([len(text) for text in subject.texts(spec.name)])
    rows = np.flatnonzero(lengths > spec.width)
    name, width = f"{subject.data.name}.{spec.name}", spec.width
    yield from subject.tell_rows(
        "value_long", rows,
        lambda at: (
            f"{name} 有 {lengths[rows[at]]} 个字符，超过 {width}；请缩短。",
            f"{name} has {lengths[rows[at]]} characters, more than {width}; shorten it.",
        ),
        sure=spec.sure,
        more=lambda at: {
            "value": float(lengths[rows[at]]), "limit": float(width)
        },
    )  # fmt: skip


def _check_domain(subject: Subject, spec: FieldSpec, column: pd.Series[Any]) -> Iterator[Finding]:
    if not spec.codes:
        return
    texts = subject.texts(spec.name)
    known = np.isin(texts, np.array(list(spec.codes), dtype=object).astype(str))
    rows = np.flatnonzero(~known & _filled(texts))
    name, hint = f"{subject.data.name}.{spec.name}", _hint(spec)
    sure = spec.sure and spec.closed
    yield from subject.tell_rows(
        "value_domain", rows,
        lambda at: (
            f"{name} 的值“{texts[rows[at]]}”不在值域内；{hint[0]}。",
            f"{name}: {texts[rows[at]]!r} is not in the domain; {hint[1]}.",
        ),
        sure=sure,
    )  # fmt: skip


def _hint(spec: FieldSpec) -> tuple[str, str]:
    codes = list(spec.codes)
    shown = ", ".join(codes[:8]) + (" …" if len(codes) > 8 else "")
    if spec.closed:
        return f"应为 {shown} 之一", f"it is one of {shown}"
    return "本工具收录的代码表不全，请核对规范原文", "the table of codes here is not complete: see the norm"


def _check_forms(subject: Subject) -> Iterator[Finding]:
    for rule in subject.profile.table.rules:
        name = rule.key.removeprefix("form.")
        if rule.key.startswith("form.") and subject.spec.field(name) and subject.column(name) is not None:
            yield from _check_form(subject, name, rule)
    yield from _check_feature_code(subject)


def _check_form(subject: Subject, name: str, rule: Rule) -> Iterator[Finding]:
    texts, pattern = subject.texts(name), re.compile(str(rule.value))
    fits = np.array([bool(pattern.fullmatch(text)) for text in texts], dtype=bool)
    rows = np.flatnonzero(~fits & _filled(texts))
    full = f"{subject.data.name}.{name}"
    yield from subject.tell_rows(
        "value_form", rows,
        lambda at: (
            f"{full} 的值“{texts[rows[at]]}”形式不符，应匹配 {rule.value}。",
            f"{full}: {texts[rows[at]]!r} has not the form {rule.value}.",
        ),
        sure=rule.confidence in ("found", "high"),
    )  # fmt: skip


def _check_feature_code(subject: Subject) -> Iterator[Finding]:
    """Hold YSDM against the code of the layer, where that is established."""
    code, texts = subject.spec.feature_code, subject.texts("YSDM")
    if not code:
        return
    rows = np.flatnonzero((texts != code) & _filled(texts))
    sure = subject.profile.table[f"feature_code.{subject.spec.name}"].confidence in ("found", "high")
    yield from subject.tell_rows(
        "value_domain", rows,
        lambda at: (
            f"{subject.data.name}.YSDM 的值“{texts[rows[at]]}”应为 {code}。",
            f"{subject.data.name}.YSDM: {texts[rows[at]]!r} should be {code}.",
        ),
        sure=sure,
    )  # fmt: skip


def _check_names(subject: Subject) -> Iterator[Finding]:
    """Hold names against the codes that they stand beside."""
    for code_field, name_field in subject.profile.table.under("same").items():
        spec = subject.spec.field(code_field)
        codes, names = subject.texts(code_field), subject.texts(str(name_field))
        if spec is not None and len(codes) == len(names):
            yield from _check_name(subject, spec, codes, names)


def _check_name(subject: Subject, spec: FieldSpec, texts: Texts, said: Texts) -> Iterator[Finding]:
    meant = np.array([spec.codes.get(text, "") for text in texts], dtype=object)
    rows = np.flatnonzero((meant != "") & (said != meant) & _filled(said))
    yield from subject.tell_rows(
        "value_name", rows,
        lambda at: (
            f"代码 {texts[rows[at]]} 的名称应为“{meant[rows[at]]}”，现写作“{said[rows[at]]}”。",
            f"{spec.name} {texts[rows[at]]} is {meant[rows[at]]}, but its name says {said[rows[at]]}.",
        ),
    )  # fmt: skip


def _check_characters(subject: Subject, spec: FieldSpec, column: pd.Series[Any]) -> Iterator[Finding]:
    if spec.kind != "text":
        return
    texts = subject.texts(spec.name)
    rows = np.flatnonzero([bool(_STRANGE.search(text)) and bool(text.strip()) for text in texts])
    name = f"{subject.data.name}.{spec.name}"
    yield from subject.tell_rows(
        "value_characters", rows,
        lambda at: (
            f"{name} 含首尾空格、换行或控制字符：{texts[rows[at]][:30]!r}；请清理。",
            f"{name} has blanks at an end, line breaks or control characters: {texts[rows[at]][:30]!r}.",
        ),
    )  # fmt: skip


def _check_numbers(subject: Subject, spec: FieldSpec, column: pd.Series[Any]) -> Iterator[Finding]:
    area = subject.spec.area_field
    if spec.kind != "number":
        return
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    name = f"{subject.data.name}.{spec.name}"
    wrong = np.isinf(numbers) | (numbers < 0) | ((numbers == 0) & (spec.name == area))
    rows = np.flatnonzero(wrong)
    yield from subject.tell_rows(
        "value_range", rows,
        lambda at: (
            f"{name} 为 {numbers[rows[at]]:g}，应为正的有限数值。",
            f"{name} is {numbers[rows[at]]:g}, it should be a finite number above zero.",
        ),
        more=lambda at: (
            {"value": float(numbers[rows[at]])} if np.isfinite(numbers[rows[at]]) else {}
        ),
    )  # fmt: skip
    yield from _check_decimals(subject, spec, numbers)


def _check_decimals(subject: Subject, spec: FieldSpec, numbers: npt.NDArray[np.float64]) -> Iterator[Finding]:
    if spec.decimals is None:
        return
    with np.errstate(invalid="ignore"):
        # What a double cannot hold is no decimal: large numbers differ by that much when rounded.
        slack = np.maximum(1e-6, np.abs(numbers) * 1e-12)
        rows = np.flatnonzero(np.abs(numbers - np.round(numbers, spec.decimals)) > slack)
    name = f"{subject.data.name}.{spec.name}"
    yield from subject.tell_rows(
        "value_decimals", rows,
        lambda at: (
            f"{name} 为 {numbers[rows[at]]!r}，应保留 {spec.decimals} 位小数。",
            f"{name} is {numbers[rows[at]]!r}, it should have {spec.decimals} decimals.",
        ),
    )  # fmt: skip


def _check_dates(subject: Subject, spec: FieldSpec, column: pd.Series[Any]) -> Iterator[Finding]:
    first, last = subject.profile.table.value("years")
    if spec.name == "SJNF":
        years = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    elif spec.kind == "date":
        years = pd.to_datetime(column, errors="coerce").dt.year.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        return
    rows = np.flatnonzero((years < first) | (years > last))
    name = f"{subject.data.name}.{spec.name}"
    yield from subject.tell_rows(
        "value_date", rows,
        lambda at: (
            f"{name} 的年份 {years[rows[at]]:g} 不合理，应在 {first} 至 {last} 之间。",
            f"{name}: the year {years[rows[at]]:g} makes no sense, it should be {first} to {last}.",
        ),
    )  # fmt: skip


def _check_keys(holding: Holding) -> Iterator[Finding]:
    """Find identifiers that are given twice, in a layer or in the whole file."""
    seen: dict[str, str] = {}
    for subject in holding.subjects:
        yield from _check_key(subject, subject.texts(_KEY), seen)


def _check_key(subject: Subject, texts: Texts, seen: dict[str, str]) -> Iterator[Finding]:
    rows, owners = list[int](), list[str]()
    for row, text in enumerate(texts):
        if text in seen:
            rows.append(row)
            owners.append(seen[text])
        elif text.strip():
            seen[text] = f"{subject.data.name} #{row + 1}"
    yield from subject.tell_rows(
        "key_repeated", rows,
        lambda at: (
            f"标识码 {texts[rows[at]]} 与 {owners[at]} 重复；请重新编码。",
            f"The identifier {texts[rows[at]]} is that of {owners[at]} too; number them anew.",
        ),
    )  # fmt: skip


def _check_references(holding: Holding) -> Iterator[Finding]:
    """Find codes that refer to a layer and do not stand in it."""
    for name, target in holding.profile.table.under("refers").items():
        owner = holding.find(str(target))
        if owner is None or owner.column(name) is None:
            continue
        known = np.unique(owner.texts(name).astype(str))
        for subject in holding.subjects:
            if subject.spec.name != target:
                yield from _check_reference(
                    subject, f"{subject.data.name}.{name}", subject.texts(name), known
                )


def _check_reference(subject: Subject, name: str, texts: Texts, known: Any) -> Iterator[Finding]:
    rows = np.flatnonzero(~np.isin(texts.astype(str), known) & _filled(texts))
    yield from subject.tell_rows(
        "reference_broken", rows,
        lambda at: (
            f"{name} 的值“{texts[rows[at]]}”在 {subject.profile.territory} 中没有。",
            f"{name}: {texts[rows[at]]!r} does not stand in {subject.profile.territory}.",
        ),
    )  # fmt: skip


FILE_STEPS: tuple[FileStep, ...] = (_check_keys, _check_references)
"""Checks of the file."""
LAYER_STEPS: tuple[LayerStep, ...] = (
    *map(_over_fields, (_check_filled, _check_length, _check_domain, _check_characters, _check_numbers)),
    _over_fields(_check_dates),
    _check_forms,
    _check_names,
)
"""Checks of each layer."""
