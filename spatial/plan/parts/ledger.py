"""The land ledger 用地台账: quotas by district and kind, and the parcels that draw on them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from spatial.plan.base import Name, Record, Slug, Text
from spatial.plan.reading.units import Area

Status = Literal["approved", "supplied", "unused", "inefficient"]
"""已批准, 已供应, 批而未供, 低效."""
STATUS_NAMES: dict[str, Text] = {
    "approved": Text(zh="已批准", en="Approved"),
    "supplied": Text(zh="已供应", en="Supplied"),
    "unused": Text(zh="批而未供", en="Approved, not supplied"),
    "inefficient": Text(zh="低效用地", en="Inefficient"),
}
"""Statuses in the order in which they are listed."""
DRAWING = ("approved", "supplied", "unused")
"""Statuses that draw on a quota; inefficient land drew on one long ago."""
STATUS_WORDS: dict[str, Status] = {
    "已批准": "approved",
    "批准": "approved",
    "已批": "approved",
    "已供应": "supplied",
    "已供": "supplied",
    "供应": "supplied",
    "批而未供": "unused",
    "未供": "unused",
    "低效": "inefficient",
    "低效用地": "inefficient",
    "approved": "approved",
    "supplied": "supplied",
    "unused": "unused",
    "inefficient": "inefficient",
}
"""What files write for a status."""


class Quota(Record):
    """So much land of a kind may be drawn in a district."""

    district: Name
    kind: Name
    area_m2: Area = Field(alias="area")


class Ledger(Record):
    """用地台账: quotas, and the source of the parcels that draw on them.

    Quotas stand here, or in a CSV file beside the plan with the columns ``district, kind, area_ha``. Parcels
    are polygons with columns of district, kind and status; statuses in other words than 已批准, 已供应,
    批而未供 and 低效 are translated by `statuses`.
    """

    parcels: Slug
    district_column: Name = "district"
    kind_column: Name = "kind"
    status_column: Name = "status"
    statuses: dict[Name, Status] = Field(default_factory=dict)
    quotas: tuple[Quota, ...] = ()
    quota_file: Name | None = None

    @model_validator(mode="after")
    def _each_quota_once(self) -> Ledger:
        if not self.quotas and self.quota_file is None:
            raise ValueError("give `quotas`, or `quota_file` with a CSV file of them")
        pairs = [(quota.district, quota.kind) for quota in self.quotas]
        twice = sorted({f"{one} {other}" for one, other in pairs if pairs.count((one, other)) > 1})
        if twice:
            raise ValueError(f"quotas are given twice: {', '.join(twice)}")
        return self
