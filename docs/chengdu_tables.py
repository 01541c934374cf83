"""Tables of the drawing of Chengdu: firms, suppliers, scores, journeys to work and community facilities.

Every number is drawn by a seeded chance, of a size that such a zone may have; none is a statistic. Firms are
a part of all that a zone would have. Zones of one ecosystem mostly share a mix of industries, which is what
competes; of four one leans to another industry than its neighbours, and one has another mix.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely
from chengdu import DIGITS, MIDDLE, SCALE_M
from chengdu_zones import LEANS, draw_communities, place_zones
from shapely.geometry.base import BaseGeometry

YEAR = 2019
Table = list[dict[str, object]]
Numbers = npt.NDArray[np.float64]
MIXES: dict[str, tuple[tuple[str, float], ...]] = {
    "electronics": (("391", 0.30), ("397", 0.25), ("398", 0.20), ("356", 0.15), ("292", 0.10)),
    "medicine": (("272", 0.30), ("276", 0.25), ("358", 0.20), ("274", 0.15), ("734", 0.10)),
    "cars": (("361", 0.15), ("367", 0.45), ("384", 0.20), ("292", 0.10), ("339", 0.10)),
    "aviation": (("374", 0.40), ("356", 0.20), ("401", 0.20), ("339", 0.20)),
    "rail": (("371", 0.35), ("372", 0.20), ("345", 0.25), ("382", 0.20)),
    "materials": (("302", 0.30), ("266", 0.25), ("331", 0.25), ("292", 0.20)),
    "food": (("146", 0.30), ("151", 0.25), ("137", 0.20), ("135", 0.15), ("223", 0.10)),
    "machines": (("381", 0.40), ("382", 0.20), ("344", 0.25), ("348", 0.15)),
    "finance": (("662", 0.35), ("671", 0.30), ("681", 0.20), ("725", 0.15)),
    "logistics": (("581", 0.25), ("582", 0.20), ("543", 0.30), ("599", 0.25)),
    "tourism": (("611", 0.25), ("621", 0.35), ("786", 0.20), ("901", 0.20)),
    "commerce": (("513", 0.40), ("521", 0.30), ("724", 0.15), ("728", 0.15)),
    "software": (("651", 0.45), ("653", 0.25), ("654", 0.15), ("642", 0.15)),
    "platforms": (("642", 0.30), ("643", 0.20), ("731", 0.20), ("749", 0.30)),
    "crops": (("014", 0.35), ("015", 0.25), ("051", 0.20), ("137", 0.20)),
    "livestock": (("031", 0.35), ("053", 0.20), ("135", 0.25), ("132", 0.20)),
    "joint": (("401", 0.45), ("339", 0.25), ("356", 0.15), ("393", 0.15)),
}
"""Shares of groups (three digits) of GB/T 4754-2017 in what each kind of zone makes."""
EVERYWHERE = ("621", "543")
FEWEST, LOOSE = 3, 33
"""An industry of a zone has so many firms at least, so that nothing has to be kept back; but every so manieth
zone has smaller ones."""
OUTPUT_A_JOB = {"farming": 18.0, "manufacturing": 110.0, "services": 70.0, "new_economy": 60.0}
"""10 000 yuan."""
JOBS_A_HA = {"farming": (3, 6), "manufacturing": (12, 28), "services": (40, 75), "new_economy": (55, 110)}
LEAN = ((0.9, 1.1), (0.85, 1.15), (1.25, 2.1), (0.9, 1.15), (0.85, 1.1), (0.55, 0.75))
"""From and to of jobs a worker, zone by zone in turn."""
IN_CITY = 3.2
"""How much denser jobs are in the zones of the main city."""
SCORES: dict[str, dict[str, tuple[float, float, int]]] = {
    "farming": {
        "farm_output_per_ha": (7, 14, 1), "processing_ratio": (1.2, 3.0, 2),
        "certified_share": (35, 70, 1), "fertiliser_per_ha": (190, 330, 0),
        "farm_income": (22_000, 31_000, 0),
    },
    "manufacturing": {
        "output_per_ha": (3200, 7400, 0), "tax_per_ha": (120, 360, 0), "leading_share": (55, 92, 1),
        "local_supply_share": (18, 48, 1), "rd_intensity": (1.6, 5.2, 2), "energy_intensity": (0.18, 0.52, 3),
    },
    "services": {
        "output_per_ha": (4800, 11000, 0), "tax_per_ha": (240, 640, 0),
        "producer_services_share": (28, 66, 1), "visits": (90, 720, 0), "vacancy_rate": (8, 28, 1),
    },
    "new_economy": {
        "revenue_growth": (4, 31, 1), "hightech_share": (42, 84, 1), "rd_intensity": (3.0, 9.0, 2),
        "patents_per_1000": (9, 42, 1), "talent_share": (38, 76, 1),
    },
}  # fmt: skip
"""From and to, and decimals; what follows from jobs is counted instead, see `_count_scores`."""
FACILITIES = {
    "kindergarten": ("幼儿园", "Kindergarten", 0.9), "primary": ("小学", "Primary school", 0.75),
    "middle": ("初中", "Middle school", 0.45), "health_centre": ("社区卫生服务中心", "Health centre", 0.5),
    "day_care": ("日间照料中心", "Day care centre", 0.55), "sport": ("体育设施", "Sports ground", 0.7),
    "culture_centre": ("文化活动中心", "Cultural centre", 0.5), "market": ("菜市场", "Food market", 0.7),
    "park": ("公园", "Park", 0.8),
}  # fmt: skip
"""Name, English name, and how often a community has one."""
DECAY_M, LEAST = 8_000.0, 25
"""How far people go to work, and the smallest flow that is listed."""


def _spread(shape: BaseGeometry, count: int, random: np.random.Generator) -> Numbers:
    """Return places in a shape, denser towards its middle, in metres."""
    middle, reach = np.array(shape.centroid.coords[0]), np.sqrt(shape.area / np.pi)
    found: list[Numbers] = []
    while len(found) < count:
        spot = middle + random.normal(0, 0.45 * reach, 2)
        if shape.contains(shapely.Point(spot)):
            found.append(spot)
    return np.array(found).reshape(-1, 2)


def _place(spot: Numbers) -> dict[str, object]:
    lon, lat = (round(float(value), DIGITS) for value in spot / SCALE_M + MIDDLE)
    return {"lon": lon, "lat": lat}


@cache
def draw_firms() -> Table:
    """Return firms in the zones: key ones 重点 first in each, then those that support them 配套."""
    random = np.random.default_rng(61)
    rows: Table = []
    for position, (zone, shape, _) in enumerate(place_zones()):
        count = int(random.integers(22, 33))
        codes = _draw_codes(str(zone["makes"]), position, count, random)
        jobs = np.sort(np.round(random.lognormal(5.0, 0.9, count)).clip(12, 4000))[::-1]
        if zone["kind"] == "farming":
            jobs = np.ceil(jobs / 4)
        for each, (code, spot) in enumerate(zip(codes, _spread(shape, count, random), strict=True)):
            output = jobs[each] * OUTPUT_A_JOB[str(zone["kind"])] * random.uniform(0.6, 1.5)
            number = len(rows) + 1
            rows.append({
                "name": f"企业 {number:04d}", "name_en": f"Firm {number:04d}", "code": code,
                "jobs": int(jobs[each]), "output": round(output), "year": YEAR,
                "role": "key" if each < 3 else "supporting", "zone": zone["name"],
                **_place(spot), "illustrative": True,
            })  # fmt: skip
    return rows


def _draw_codes(makes: str, position: int, count: int, random: np.random.Generator) -> list[str]:
    """Return the industry of each firm; of four zones one leans to one industry and one has another mix."""
    codes, shares = zip(*MIXES[makes], strict=True)
    weights = np.array(shares)
    if position % 4 == 1:
        weights = weights + 1.4 * (np.array(codes) == LEANS[makes][0])
    elif position % 4 == 3:
        weights = np.roll(weights, 1)
    weights = 0.9 * weights / weights.sum()
    drawn = random.choice(
        [*codes, *EVERYWHERE], count, p=[*weights, *[0.1 / len(EVERYWHERE)] * len(EVERYWHERE)]
    )
    main = codes[int(np.argmax(weights))]
    drawn[:3] = main
    own = np.array([code[:2] for code in drawn])
    names, counts = np.unique(own, return_counts=True)
    if position % LOOSE != LOOSE - 1:
        drawn[np.isin(own, names[counts < FEWEST])] = main
    return [str(code) for code in drawn]


def draw_links() -> Table:
    """Return who supplies whom: key firms buy in their zone, some in their ecosystem, a few elsewhere."""
    random = np.random.default_rng(62)
    firms = draw_firms()
    zones = np.array([str(row["zone"]) for row in firms])
    systems = np.array([name.partition(" · ")[0] for name in zones])
    key = np.array([row["role"] == "key" for row in firms])
    rows: Table = []
    for buyer in np.flatnonzero(key):
        near = np.flatnonzero((zones == zones[buyer]) & ~key)
        kin = np.flatnonzero((systems == systems[buyer]) & (zones != zones[buyer]) & ~key)
        chosen = list(random.choice(near, 2, replace=False))
        if random.random() < 0.4:
            chosen.append(int(random.choice(kin)))
        if random.random() < 0.06:
            chosen.append(int(random.choice(np.flatnonzero(~key & (systems != systems[buyer])))))
        for supplier in chosen:
            amount = round(float(str(firms[supplier]["output"])) * random.uniform(0.05, 0.4))
            names = {"supplier": firms[supplier]["name"], "buyer": firms[buyer]["name"]}
            rows.append(names | {"amount": amount, "illustrative": True})
    return rows


@cache
def count_journeys() -> npt.NDArray[np.int64]:
    """Return people by the zone they live in (row) and the zone they work in (column)."""
    random = np.random.default_rng(63)
    zones = place_zones()
    jobs, workers = np.empty(len(zones)), np.empty(len(zones))
    for at, (zone, shape, radius) in enumerate(zones):
        dense = IN_CITY if radius < 1_300 else 1.0
        jobs[at] = shape.area / 1e4 * random.uniform(*JOBS_A_HA[str(zone["kind"])]) * dense
        # Most zones are near balance; a third leans to works or to homes.
        workers[at] = jobs[at] / random.uniform(*LEAN[at % 6])
    workers *= jobs.sum() / workers.sum()
    middles = np.array([shape.centroid.coords[0] for _, shape, _ in zones])
    far = np.hypot(*(middles[:, None] - middles[None]).transpose(2, 0, 1))
    people = _balance(np.exp(-np.maximum(far, 1_500) / DECAY_M), workers, jobs)
    people = _balance(np.where(people < LEAST, 0, people), workers, jobs)
    return np.round(people).astype(np.int64)


def _balance(flows: Numbers, out: Numbers, into: Numbers) -> Numbers:
    """Return flows scaled by rows and columns, in turn, until both sums are nearly right."""
    for _ in range(60):
        flows = flows * (out / flows.sum(axis=1))[:, None]
        flows = flows * (into / flows.sum(axis=0))[None]
    return flows


def count_people() -> list[dict[str, object]]:
    """Return jobs and resident workers of each zone: what its journeys come to, so that all sums agree."""
    people = count_journeys()
    pairs = zip(people.sum(axis=0), people.sum(axis=1), strict=True)
    return [{"jobs": int(jobs), "workers": int(workers)} for jobs, workers in pairs]


def draw_flows() -> Table:
    """Return journeys to work between zones, those within one included."""
    names, people = [str(zone["name"]) for zone, _, _ in place_zones()], count_journeys()
    return [
        {"from": names[one], "to": names[two], "people": int(people[one, two]), "illustrative": True}
        for one, two in np.argwhere(people > 0)
    ]


def draw_scores() -> Table:
    """Return values of the indicators of each zone by its kind."""
    random = np.random.default_rng(64)
    rows: Table = []
    for (zone, shape, _), counted in zip(place_zones(), count_people(), strict=True):
        kind = str(zone["kind"])
        strength = random.uniform(0.1, 0.9)
        values: dict[str, object] = {}
        for name, (low, high, digits) in SCORES[kind].items():
            good = np.clip(strength + random.normal(0, 0.18), 0, 1)
            worse = name in ("fertiliser_per_ha", "energy_intensity", "vacancy_rate")
            value = low + (high - low) * (1 - good if worse else good)
            values[name] = round(float(value), digits) if digits else round(float(value))
        values |= _count_scores(kind, shape.area / 1e4, counted)
        rows += [{"zone": zone["name"], "indicator": name, "value": value, "year": YEAR, "illustrative": True}
                 for name, value in values.items()]  # fmt: skip
    return rows


def _count_scores(kind: str, area_ha: float, counted: dict[str, object]) -> dict[str, object]:
    """Return the indicators that follow from jobs and workers."""
    jobs, workers = float(str(counted["jobs"])), float(str(counted["workers"]))
    found: dict[str, object] = {}
    if kind in ("services", "new_economy"):
        found["jobs_per_ha"] = round(jobs / area_ha, 1)
    if kind != "farming":
        found["jobs_per_worker"] = round(jobs / workers, 2)
    return found


def draw_facilities() -> Table:
    """Return facilities in the communities of the zones."""
    random = np.random.default_rng(65)
    rows: Table = []
    counted = dict.fromkeys(FACILITIES, 0)
    for community, shape in draw_communities():
        for category, (name, name_en, often) in FACILITIES.items():
            if random.random() < often:
                counted[category] += 1
                names = {
                    "name": f"{name} {counted[category]:03d}",
                    "name_en": f"{name_en} {counted[category]:03d}",
                }
                rows.append({
                    **names, "category": category, "zone": community["zone"],
                    **_place(_spread(shape, 1, random)[0]), "illustrative": True,
                })  # fmt: skip
    return rows


def draw_tables() -> dict[str, Table]:
    """Return all tables by the stem of the name of their file."""
    return {
        "firms": draw_firms(),
        "links": draw_links(),
        "flows": draw_flows(),
        "scores": draw_scores(),
        "facilities": draw_facilities(),
    }


def write_table(path: Path, rows: Table) -> Path:
    """Write rows as CSV in UTF-8 with a mark that Excel reads."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(
            {key: str(v).lower() if isinstance(v, bool) else v for key, v in row.items()} for row in rows
        )
    return path
