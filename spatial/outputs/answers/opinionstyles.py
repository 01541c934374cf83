"""How opinions look in QGIS, what their columns are called, and what coded words mean."""

from __future__ import annotations

from collections.abc import Mapping

from spatial.outputs.answers.ringstyles import CONTRACTS as SHARED
from spatial.plan.base import Text
from spatial.plan.contract import Column, Contract
from spatial.plan.departments import VERDICTS, Departments
from spatial.plan.styles import ClassStyle, LayerStyle, Styles, read_styles

COLOURS = {
    "reject": "#c8102e", "conditional": "#d97706", "incomplete": "#7a5ea8", "not_judged": "#7d7d7d",
    "pass": "#2e7d46",
}  # fmt: skip
"""Of verdicts, told apart in grey print by the words beside them."""
CONFIDENCE = {
    "found": Text(zh="见于资料", en="found in a source"),
    "high": Text(zh="较高，未核对原文", en="high, text not checked"),
    "medium": Text(zh="中，未核对原文", en="medium, text not checked"),
    "low": Text(zh="低", en="low"),
    "default": Text(zh="低：工具默认，非规范", en="low: default of this tool, no norm"),
    "given": Text(zh="规划给定", en="given by the plan"),
}
"""Confidence of a basis, in words."""
METHODS = {
    "trim": Text(zh="核减", en="Trim"),
    "shift": Text(zh="平移", en="Shift"),
    "none": Text(zh="无", en="None"),
}

_AREA = Column("number", "面积（平方米）", "Area (m²)")
_LENGTH = Column("number", "长度（米）", "Length (m)")
_SAID = {
    "text_zh": Column("text", "意见（中文）", "Opinion (Chinese)"),
    "text_en": Column("text", "意见（英文）", "Opinion (English)"),
}
_OPINION = {
    "name_en": Column("text", "英文名称", "English name"),
    "project_id": Column("text", "项目标识", "Project"),
    "department": Column("text", "部门", "Department"),
    "rule": Column("text", "规则", "Rule"),
    "verdict": Column("text", "结论", "Verdict"),
    "area_m2": Column("number", "涉及面积（平方米）", "Area concerned (m²)"),
    "length_m": Column("number", "涉及长度（米）", "Length concerned (m)"),
    "share": Column("number", "占项目比例", "Share of the project"),
    "distance_m": Column("number", "最近距离（米）", "Distance (m)", nullable=True),
    "touch": Column("truth", "仅相接或细碎", "Touch or sliver only"),
    **_SAID,
    "todo_zh": Column("text", "办理要求（中文）", "What to do (Chinese)"),
    "todo_en": Column("text", "办理要求（英文）", "What to do (English)"),
    "basis_zh": Column("text", "依据（中文）", "Basis (Chinese)"),
    "basis_en": Column("text", "依据（英文）", "Basis (English)"),
    "confidence": Column("text", "依据可信度", "Confidence of the basis"),
    "features": Column("text", "涉及要素", "Features"),
    "layer": Column("text", "审查图层", "Layer"),
}
_VERDICT = {
    "verdict": Column("text", "综合结论", "Verdict"),
    "rejects": Column("integer", "不同意（条）", "Rejections"),
    "conditions": Column("integer", "有条件（条）", "Conditions"),
    "not_judged": Column("integer", "未审查（条）", "Not judged"),
    "passes": Column("integer", "同意（条）", "Passes"),
    "area_m2": _AREA,
    "length_m": _LENGTH,
}
_SUGGESTION = {
    "project_id": Column("text", "项目标识", "Project"),
    "method": Column("text", "方式", "Method"),
    "verdict": Column("text", "调整后结论", "Verdict after it"),
    "kept": Column("number", "保留比例", "Share kept", nullable=True),
    "distance_m": Column("number", "平移距离（米）", "Shift (m)", nullable=True),
    "bearing_deg": Column("number", "方位角（度）", "Bearing (degrees)", nullable=True),
    "area_m2": _AREA,
    **_SAID,
}


_DRAW = {
    "project_id": Column("text", "项目标识", "Project"),
    "district": Column("text", "所在区镇", "District"),
    "kind": Column("text", "项目类型", "Kind"),
    "verdict": Column("text", "结论", "Verdict"),
    "quota_ha": Column("number", "指标（公顷）", "Quota (ha)", nullable=True),
    "before_ha": Column("number", "此前余额（公顷）", "Balance before (ha)", nullable=True),
    "inside_ha": Column("number", "台账地块内（公顷）", "On parcels of the ledger (ha)"),
    "new_ha": Column("number", "新增用地（公顷）", "New land (ha)"),
    "after_ha": Column("number", "此后余额（公顷）", "Balance after (ha)", nullable=True),
    "counted": Column("truth", "已扣减", "Taken from the balance"),
    **_SAID,
}


def make_contracts(table: Departments) -> dict[str, Contract]:
    """Return the contracts of the layers of ``opinions.gpkg``: departments and attributes are columns.

    Examples
    --------
    >>> from spatial.plan.departments import read_departments
    >>> list(make_contracts(read_departments()))
    ['verdicts', 'opinions', 'projects', 'suggestions', 'draws', 'findings']
    """
    departments = {
        one.key: Column("text", one.name.pick("zh"), one.name.pick("en")) for one in table.departments
    }
    attributes = {
        one.key: Column("text", one.name.pick("zh"), one.name.pick("en")) for one in table.attributes
    }
    own = {
        "located": Column("text", "所在区镇（按图）", "District by the map"),
        "area_m2": _AREA,
        "length_m": _LENGTH,
        "illustrative": Column("truth", "示意", "Illustrative"),
    }
    return {
        "verdicts": Contract("项目结论", "Verdicts", "any", _VERDICT | departments),
        "opinions": Contract("部门意见", "Opinions", "any", _OPINION),
        "projects": Contract("送审项目", "Projects", "any", attributes | own),
        "suggestions": Contract("调整建议", "Suggestions", "any", _SUGGESTION),
        "draws": Contract("指标扣减", "Draws on quotas", "none", _DRAW),
        "findings": SHARED["findings"],
    }


def make_styles() -> Styles:
    """Return the styles of those layers."""
    shipped = read_styles()
    return shipped.model_copy(
        update={
            "groups": {
                "approval": Text(zh="并联审批", en="Parallel approval"),
                "findings": Text(zh="检查", en="Checks"),
            },
            "views": {},
            "layers": {**_style_layers(), "findings": shipped.layers["findings"]},
        }
    )  # fmt: skip


def _style_layers() -> Mapping[str, LayerStyle]:
    verdicts = {
        key: ClassStyle(
            label=label, fill=COLOURS[key], fill_opacity=0.25, stroke=COLOURS[key], width=2, radius=6
        )
        for key, label in VERDICTS.items()
    }
    hatched = {
        key: style.model_copy(update={"hatch": "diagonal", "width": 1.0, "fill_opacity": 0.35})
        for key, style in verdicts.items()
        if key != "incomplete"
    }
    made = ClassStyle(
        label=Text(zh="调整后范围", en="Changed shape"), stroke="#0b7a3b", width=1.5, dash=(4, 2)
    )
    plain = ClassStyle(label=Text(zh="送审项目", en="Project"), stroke="#111111", width=1.5, radius=5)
    return {
        "verdicts": LayerStyle(
            title=Text(zh="项目结论", en="Verdicts"), group="approval", order=60, class_column="verdict",
            label_column="name", classes=verdicts,
        ),
        "opinions": LayerStyle(
            title=Text(zh="部门意见", en="Opinions"), group="approval", order=70, class_column="verdict",
            classes=hatched,
        ),
        "projects": LayerStyle(
            title=Text(zh="送审项目", en="Projects"), group="approval", order=50, show=False,
            label_column="name", classes={"all": plain},
        ),
        "suggestions": LayerStyle(
            title=Text(zh="调整建议", en="Suggestions"), group="approval", order=80, classes={"all": made}
        ),
    }  # fmt: skip
