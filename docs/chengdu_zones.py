"""Functional zones of the drawing of Chengdu: sixty-six roundish areas in their districts.

Counts and the names of five ecosystems are facts (see ``chengdu``). Which zone lies in which district, what
it makes and where it stands is made up.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import shapely
from chengdu import INNER, SEATS, Rows, draw_blob, draw_mountains, find_territory, read_districts, to_metres
from shapely import affinity
from shapely.geometry.base import BaseGeometry

ECOSYSTEMS: tuple[tuple[str, str, str, str, str], ...] = (
    ("电子信息产业生态圈", "Electronic information", "manufacturing", "electronics",
     "郫都区 郫都区 双流区 简阳市"),
    ("医药健康产业生态圈", "Medicine and health", "manufacturing", "medicine",
     "温江区 双流区 彭州市 邛崃市"),
    ("绿色智能网联汽车产业生态圈", "Green connected cars", "manufacturing", "cars",
     "龙泉驿区 龙泉驿区 青白江区 简阳市"),
    ("航空航天产业生态圈", "Aviation and space", "manufacturing", "aviation",
     "双流区 青羊区 新都区 简阳市"),
    ("轨道交通产业生态圈", "Rail transit", "manufacturing", "rail",
     "金牛区 新都区 新津区"),
    ("生态圈 06", "Ecosystem 06", "manufacturing", "materials",
     "青白江区 金堂县 大邑县 新津区"),
    ("生态圈 07", "Ecosystem 07", "manufacturing", "food",
     "新都区 郫都区 邛崃市 蒲江县"),
    ("生态圈 08", "Ecosystem 08", "manufacturing", "machines",
     "金堂县 彭州市 崇州市 双流区"),
    ("生态圈 09", "Ecosystem 09", "services", "finance",
     "锦江区 青羊区 武侯区 金牛区"),
    ("生态圈 10", "Ecosystem 10", "services", "logistics",
     "青白江区 双流区 龙泉驿区 简阳市"),
    ("生态圈 11", "Ecosystem 11", "services", "tourism",
     "都江堰市 都江堰市 大邑县 崇州市"),
    ("生态圈 12", "Ecosystem 12", "services", "commerce",
     "锦江区 成华区 青羊区 武侯区"),
    ("生态圈 13", "Ecosystem 13", "new_economy", "software",
     "武侯区 成华区 郫都区 双流区"),
    ("生态圈 14", "Ecosystem 14", "new_economy", "platforms",
     "成华区 锦江区 温江区"),
    ("生态圈 15", "Ecosystem 15", "farming", "crops",
     "新津区 崇州市 邛崃市 蒲江县"),
    ("生态圈 16", "Ecosystem 16", "farming", "livestock",
     "温江区 彭州市 都江堰市"),
    ("生态圈 17（军民融合）", "Ecosystem 17 (civil-military)", "manufacturing", "joint",
     "金牛区 新都区 龙泉驿区 金堂县 大邑县"),
)  # fmt: skip
"""Name, English name, kind of its zones, what they make, and the district of each zone."""
INDUSTRIES = {
    "electronics": "计算机与通信设备制造、电子器件与元件制造", "medicine": "医药制造、医疗器械制造",
    "cars": "汽车整车制造、汽车零部件制造", "aviation": "航空航天器制造、专用设备制造",
    "rail": "轨道交通装备制造、通用设备制造", "materials": "非金属与化工新材料制造、金属制品制造",
    "food": "食品与酒饮料制造、农副食品加工", "machines": "电气机械制造、通用设备制造",
    "finance": "货币金融服务、资本市场服务", "logistics": "多式联运与仓储、道路运输",
    "tourism": "文化旅游、住宿餐饮", "commerce": "批发零售、商务服务",
    "software": "软件开发、信息技术服务", "platforms": "互联网服务、研发设计",
    "crops": "种植业、农业辅助活动", "livestock": "畜牧业、农副食品加工",
    "joint": "仪器仪表制造、金属制品制造",
}  # fmt: skip
"""Leading industries 主导产业 in words."""
LEANS = {
    "electronics": ("356", "电子专用设备制造"), "medicine": ("358", "医疗器械制造"),
    "cars": ("292", "橡塑配件制造"), "aviation": ("401", "仪器仪表制造"), "rail": ("345", "传动部件制造"),
    "materials": ("331", "金属结构制造"), "food": ("137", "果蔬加工"),
    "machines": ("344", "泵阀与压缩机制造"),
    "finance": ("725", "广告与商务服务"), "logistics": ("543", "道路货物运输"),
    "tourism": ("786", "游览景区管理"), "commerce": ("724", "咨询与调查"),
    "software": ("642", "互联网信息服务"), "platforms": ("731", "研究和试验发展"),
    "crops": ("137", "果蔬加工"), "livestock": ("135", "肉类加工"), "joint": ("339", "金属制品制造"),
}  # fmt: skip
"""What the second of four zones leans to: group of GB/T 4754-2017, and in words."""
RADIUS_M = {
    "farming": (2900, 3700),
    "manufacturing": (2000, 2900),
    "services": (1500, 2100),
    "new_economy": (1400, 1900),
}
NEAR_M = 20_000.0
GAP_M, INNER_SHARE = 350.0, 0.52
"""Between two zones; and how wide a zone of the main city is against one outside."""
OFF_KIND = {"电子信息产业生态圈 3": "new_economy", "生态圈 11 4": "farming", "生态圈 10 2": "new_economy"}
"""Zones of another kind than their ecosystem's."""


def list_zones() -> list[dict[str, object]]:
    """Return all zones without their shapes: ecosystem by ecosystem."""
    rows: list[dict[str, object]] = []
    for number, (name, name_en, kind, makes, districts) in enumerate(ECOSYSTEMS, 1):
        for each, district in enumerate(districts.split(), 1):
            leads = INDUSTRIES[makes]
            if len(rows) % 4 == 1:
                leads = f"{LEANS[makes][1]}、{leads.partition('、')[0]}"
            rows.append({
                "name": f"生态圈 {number:02d} · 功能区 {each:02d}",
                "name_en": f"Ecosystem {number:02d} · Zone {each:02d}",
                "short": f"{number:02d}-{each:02d}",
                "ecosystem": name, "ecosystem_en": name_en, "kind": OFF_KIND.get(f"{name} {each}", kind),
                "makes": makes, "industries": leads, "district": district,
            })  # fmt: skip
    return rows


@cache
def place_zones() -> tuple[tuple[dict[str, object], BaseGeometry, float], ...]:
    """Return all zones with their shapes and radii, the largest placed first, none near another."""
    random = np.random.default_rng(51)
    rows = list_zones()
    reach = [random.uniform(*RADIUS_M[str(row["kind"])]) for row in rows]
    radii = [
        r * (INNER_SHARE if row["district"] in INNER else 1.0) for r, row in zip(reach, rows, strict=True)
    ]
    shapes: dict[int, BaseGeometry] = {}
    for position in sorted(range(len(rows)), key=lambda p: -radii[p]):
        shapes[position] = _place(
            str(rows[position]["district"]), radii[position], list(shapes.values()), random
        )
    return tuple((rows[p], shapes[p], radii[p]) for p in range(len(rows)))


def _place(
    district: str, radius: float, others: list[BaseGeometry], random: np.random.Generator
) -> BaseGeometry:
    """Return one zone within its district, outside the mountains, apart from the others."""
    land = shapely.difference(read_districts()[district], draw_mountains())
    room = shapely.intersection(shapely.buffer(land, -GAP_M), shapely.buffer(find_territory(), -GAP_M))
    taken = shapely.buffer(shapely.union_all(others), GAP_M) if others else shapely.Polygon()
    seat, reach = to_metres(SEATS[district][1:]), 0.2 * NEAR_M if district in INNER else 0.4 * NEAR_M
    for _ in range(4000):
        # Zones stand near their town; where it is full, farther out.
        reach = min(reach * 1.002, 2 * NEAR_M)
        shape = draw_blob(seat + random.uniform(-reach, reach, 2), radius, random)
        if room.contains(shape) and not shape.intersects(taken):
            return shape
    raise ValueError(f"no room in {district} for a zone {radius:.0f} m wide")


def draw_functional_zones() -> Rows:
    """Return the zones with the columns of the file."""
    from chengdu_tables import count_people

    hidden = ("makes", "ecosystem_en")
    said = [{key: value for key, value in row.items() if key not in hidden} for row, _, _ in place_zones()]
    counted = zip(said, count_people(), place_zones(), strict=True)
    return [(row | people, shape) for row, people, (_, shape, _) in counted]


@cache
def place_parts() -> tuple[tuple[int, str, BaseGeometry], ...]:
    """Return the parts within each zone: a start-up area and two or three communities, all apart."""
    random = np.random.default_rng(52)
    parts: list[tuple[int, str, BaseGeometry]] = []
    for position, (_, zone, radius) in enumerate(place_zones()):
        inside = shapely.buffer(zone, -0.05 * radius)
        taken: BaseGeometry = shapely.Polygon()
        middle = np.array(zone.centroid.coords[0])
        for kind in ("startup", *["community"] * int(random.integers(2, 4))):
            size = radius * (random.uniform(0.28, 0.34) if kind == "startup" else random.uniform(0.18, 0.24))
            shape = _place_part(inside, taken, middle, (radius, size), random)
            taken = shapely.union(taken, shapely.buffer(shape, 0.06 * radius))
            parts.append((position, kind, shape))
    return tuple(parts)


def _place_part(
    inside: BaseGeometry,
    taken: BaseGeometry,
    middle: object,
    sizes: tuple[float, float],
    random: np.random.Generator,
) -> BaseGeometry:
    radius, size = sizes
    for _ in range(4000):
        off = random.uniform(-0.75 * radius, 0.75 * radius, 2)
        shape = draw_blob(np.asarray(middle) + off, size, random, 0.3)
        if inside.contains(shape) and not shape.intersects(taken):
            return shape
    raise ValueError("no room for a part of a zone")


def draw_startups() -> Rows:
    """Return the blocks of the core start-up areas 核心起步区, with what a 控规 sets for each."""
    random = np.random.default_rng(53)
    zones = place_zones()
    rows: Rows = []
    for position, kind, area in place_parts():
        if kind == "startup":
            zone = zones[position][0]
            for number, block in enumerate(_cut_blocks(area, random), 1):
                names = {"name": f"{zone['name']} 起步区 {number:02d} 街区", "zone": zone["name"]}
                names["name_en"] = f"{zone['name_en']} start-up block {number:02d}"
                rows.append((names | _control(str(zone["kind"]), number, random), block))
    return rows


def _cut_blocks(area: BaseGeometry, random: np.random.Generator) -> list[BaseGeometry]:
    """Return blocks of an area with streets between them: two crossing cuts, turned by chance."""
    turn, middle = random.uniform(0, np.pi / 2), area.centroid
    size = np.sqrt(area.area)
    cuts = [
        affinity.translate(shapely.LineString([(-size, 0), (size, 0)]), 0, off * size) for off in (-0.2, 0.2)
    ]
    cuts.append(shapely.LineString([(0, -size), (0, size)]))
    streets = [
        affinity.translate(affinity.rotate(cut, turn, origin=(0, 0), use_radians=True), middle.x, middle.y)
        for cut in cuts
    ]
    rest = shapely.difference(area, shapely.buffer(shapely.union_all(streets), 14, cap_style="flat"))
    blocks = [part for part in shapely.get_parts(rest) if part.area > 8_000]
    return sorted(blocks, key=lambda block: (-block.centroid.y, block.centroid.x))


def _control(kind: str, number: int, random: np.random.Generator) -> dict[str, object]:
    """Return use, plot ratio, height, density and green share of a block, of the size usual for its use."""
    uses = {
        "manufacturing": ("工业用地", "工业用地", "工业用地", "科研用地", "公园绿地", "商业用地"),
        "services": ("商业用地", "商务金融用地", "商业用地", "居住用地", "公园绿地", "商务金融用地"),
        "new_economy": ("科研用地", "商务金融用地", "科研用地", "居住用地", "公园绿地", "商业用地"),
        "farming": ("设施农用地", "农产品加工用地", "科研用地", "农业展示用地", "公园绿地", "设施农用地"),
    }
    usual = {
        "工业用地": (1.6, 36, 45, 15), "科研用地": (2.0, 50, 35, 30), "商业用地": (2.5, 60, 45, 20),
        "商务金融用地": (3.5, 100, 40, 25), "居住用地": (2.2, 60, 25, 35), "公园绿地": (0.1, 8, 5, 70),
    }  # fmt: skip
    use = uses[kind][(number - 1) % 6]
    ratio, height, density, green = usual.get(use, (0.6, 15, 30, 25))
    swing = random.uniform(0.85, 1.15)
    return {"use": use, "plot_ratio": round(ratio * swing, 1), "height_m": round(height * swing),
            "building_density": density, "green_share": green}  # fmt: skip


def draw_communities() -> Rows:
    """Return the communities of the zones 产业社区."""
    return _list_parts("community", "产业社区", "community")


def _list_parts(kind: str, word: str, word_en: str) -> Rows:
    zones, counted = place_zones(), dict[int, int]()
    rows: Rows = []
    for position, part, shape in place_parts():
        if part == kind:
            counted[position] = counted.get(position, 0) + 1
            zone = zones[position][0]
            number = f" {counted[position]}" if kind == "community" else ""
            name, name_en = f"{zone['name']} {word}{number}", f"{zone['name_en']} {word_en}{number}"
            rows.append(({"name": name, "name_en": name_en, "zone": zone["name"]}, shape))
    return rows
