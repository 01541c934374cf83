"""Two versions of a published plan side by side as files: a GeoPackage of what differs, or a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import pandas as pd

from spatial.errors import Fault, OutputError
from spatial.outputs.files import replacing
from spatial.outputs.formats.geopackage import write_geopackage
from spatial.plan.base import Text
from spatial.plan.contract import Column, Contract
from spatial.plan.styles import ClassStyle, LayerStyle, read_styles

_ENDINGS = (".gpkg", ".csv")
CHANGES = Contract(
    "版本差异",
    "What differs between two versions",
    "any",
    {
        "layer": Column("text", "图层", "Layer"),
        "feature_id": Column("text", "要素标识", "Feature"),
        "change": Column("text", "变化", "Change"),
        "what": Column("text", "变化字段", "What differs"),
        "before": Column("text", "改前", "Before"),
        "after": Column("text", "改后", "After"),
        "area_m2": Column("number", "要素变动面积（m²）", "Land that the row got or gave (m²)"),
    },
)
TABLE = Contract(
    "版本差异汇总",
    "Differences by layer",
    "none",
    {
        "name_en": Column("text", "英文名称", "English name"),
        "layer": Column("text", "图层", "Layer"),
        "rows_before": Column("integer", "改前行数", "Rows before"),
        "rows_after": Column("integer", "改后行数", "Rows after"),
        "added": Column("integer", "新增", "Added"),
        "removed": Column("integer", "删除", "Removed"),
        "changed": Column("integer", "修改", "Changed"),
        "renumbered": Column("integer", "仅编号变化", "Only the id differs"),
        "area_before_ha": Column("number", "改前面积（公顷）", "Area before (ha)"),
        "area_after_ha": Column("number", "改后面积（公顷）", "Area after (ha)"),
        "area_moved_ha": Column("number", "类别变动面积（公顷）", "Land of another class (ha)"),
    },
)
_CLASSES = {
    "added": ClassStyle(
        label=Text(zh="新增", en="Added"), fill="#1d6fb8", fill_opacity=0.5, stroke="#0e4a80", width=1.2
    ),
    "removed": ClassStyle(
        label=Text(zh="删除", en="Removed"), fill="#c2500a", fill_opacity=0.5, stroke="#8a3800",
        width=1.2, hatch="diagonal",
    ),
    "changed": ClassStyle(
        label=Text(zh="修改", en="Changed"), fill="#8064a2", fill_opacity=0.5, stroke="#523b70", width=1.2
    ),
}  # fmt: skip


def check_target(path: Path) -> None:
    """Refuse a file of another kind before anything is read.

    Raises
    ------
    OutputError
        Its name ends neither in ``.gpkg`` nor in ``.csv``.
    """
    if path.suffix.lower() not in _ENDINGS:
        problem = f"{path.suffix or 'no ending'} is not written"
        raise OutputError(Fault("--out", str(path), problem, f"write {' or '.join(_ENDINGS)}"))


def write_revision(
    path: Path,
    table: pd.DataFrame,
    changes: gpd.GeoDataFrame,
    *,
    provenance: Mapping[str, str],
    stamp: dt.date,
) -> None:
    """Write what differs, atomically: all of it as GeoPackage, the rows without shapes as CSV.

    Parameters
    ----------
    path : Path
        ``….gpkg`` with the layers ``changes``, drawn by kind, and ``changes_by_layer``; or ``….csv``.
    table, changes : DataFrame, GeoDataFrame
        As `compare_versions` returns them.
    provenance : mapping of str to str
        Which versions they are of.
    stamp : datetime.date
        The date that the file bears.

    Raises
    ------
    OutputError
        The file cannot be written; the last good one stays.
    """
    check_target(path)
    if path.suffix.lower() == ".csv":
        with replacing(path) as beside:
            rows = pd.DataFrame(changes.drop(columns="geometry"))
            rows.to_csv(beside, index=False, encoding="utf-8-sig", lineterminator="\n")
        return
    shipped = read_styles()
    style = LayerStyle(
        title=Text(zh=CHANGES.zh, en=CHANGES.en),
        group=next(iter(shipped.groups)),
        order=1,
        class_column="change",
        classes=_CLASSES,
    )
    write_geopackage(
        path,
        {"changes": changes, "changes_by_layer": table},
        contracts={"changes": CHANGES, "changes_by_layer": TABLE},
        styles=shipped.model_copy(update={"layers": {"changes": style}}),
        provenance=provenance,
        stamp=stamp,
    )
