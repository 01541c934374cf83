"""The options of the command line: what each is called, what it takes and what its help says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

_AT_HELP = "Longitude and latitude of a place. 经纬度"
_PLAN_HELP = "A plan.yaml, its folder, or a shipped plan such as jiyuan. 规划文件"
_SET_HELP = "Replace a value: circles.0.speed=40km/h. 临时改值"
_ONLY_HELP = "Make only this layer. 只做某层"
_DELIVER_HELP = "Write all that is handed in: text, atlas, tables, database, map. 全部成果"
_KEY_HELP = "Key for the Tianditu basemap. 天地图密钥"
_CITY_HELP = "Folder of the new plan; its last part is the name. 新规划文件夹"
_ROADS_HELP = "OpenStreetMap extract (.osm.pbf) or any file of lines. 道路文件"
_FROM_HELP = "A place, or a file of places; may be repeated. 起点"
_PLANS_HELP = "One plan and --set, or two plans; none with --roads. 规划"
_AFTER_HELP = "Change a value of the second scenario: roads.speeds.secondary=60km/h. 改值"
_PAIR_HELP = "The roads before; given again, the roads after. 前后两个道路文件"
_MEASURED_HELP = "Places whose minutes are compared. 对比时间的地点"
_TO_HELP = "Likewise, where journeys lead to; the origins unless given. 终点"
_COUNT_HELP = "Places that are counted; or give --people. 计数对象"
_COUNTED_HELP = "What each of them offers, such as jobs; one each unless given. 计数字段"
_HEX_HELP = "Places to start from instead of hexagons. 起点"
_SPEED_HELP = "One speed for all roads, or for a class. 速度"
_COLUMN_HELP = "Of a file of lines: class, speed, oneway, level, bridge, tunnel, surface. 字段"
_DEM_HELP = "Elevation model: walking and cycling follow its slope. 高程"
_METHOD_HELP = "Along roads, or over terrain too (needs --dem). 沿路网或按地形"
_COVER_HELP = "Raster of land cover: speeds over terrain, water. 地表覆盖"
_CODES_HELP = "Its classes: clcd, globeland30, nlcd, worldcover. 地类编码"
_PEOPLE_HELP = "Grid of counts, or points or areas with a count. 人口"
_SNAP_HELP = "Farthest road that a place is snapped to. 接入路网的最大距离"
_CRS_HELP = "Of files that do not say theirs. 未注明时的坐标系"

_PROFILE_HELP = "Layers of a database norm: planning, survey. 数据库图层规范"

PlanArgument = Annotated[str, typer.Argument(metavar="PLAN", help=_PLAN_HELP)]
AtOption = Annotated[str, typer.Option("--at", metavar="LON,LAT", help=_AT_HELP)]
SetOption = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help=_SET_HELP)]
OnlyOption = Annotated[list[str] | None, typer.Option("--only", metavar="LAYER", help=_ONLY_HELP)]
DirOption = Annotated[
    Path | None,
    typer.Option("-o", "--out", metavar="DIR", help="Output folder; out/NAME unless given. 成果文件夹"),
]
FileOption = Annotated[
    Path | None, typer.Option("-o", "--out", metavar="FILE", help="Write it there. 写入文件")
]
GraphOption = Annotated[
    Path | None, typer.Option(metavar="FILE.svg", help="Draw what is made from what. 绘制依赖图")
]
DeliverOption = Annotated[bool, typer.Option("--deliver", help=_DELIVER_HELP)]
LanguageOption = Annotated[
    Literal["zh", "en", "both"] | None,
    typer.Option("--lang", metavar="zh|en|both", help="Of all files; the plan's unless given. 成果语言"),
]
FormatOption = Annotated[
    Literal["shp", "fgdb", "parquet", "gpkg", "geojson", "sld", "txt"] | None,
    typer.Option("--format", metavar="shp|fgdb|parquet|gpkg|geojson|sld|txt", help="Format. 格式"),
]
EncodingOption = Annotated[
    Literal["utf-8", "gbk"] | None,
    typer.Option(metavar="utf-8|gbk", help="Of Shapefiles, and of txt (gbk unless given). 文字编码"),
]
ProfileOption = Annotated[str | None, typer.Option("--profile", metavar="NAME", help=_PROFILE_HELP)]
KeyOption = Annotated[str | None, typer.Option(envvar="TIANDITU_KEY", help=_KEY_HELP)]
CodeOption = Annotated[int | None, typer.Option(metavar="CODE", help="Six-digit division code. 行政区划代码")]
RoadsOrNoneOption = Annotated[Path | None, typer.Option("--roads", metavar="FILE", help=_ROADS_HELP)]
MethodOption = Annotated[str, typer.Option(metavar="network|surface", help=_METHOD_HELP)]
CoverOption = Annotated[Path | None, typer.Option("--land-cover", metavar="FILE", help=_COVER_HELP)]
CodesOption = Annotated[str | None, typer.Option("--codes", metavar="LIST", help=_CODES_HELP)]
RoadsOption = Annotated[Path, typer.Option(metavar="FILE", help=_ROADS_HELP)]
FromOption = Annotated[list[str], typer.Option("--from", metavar="LON,LAT|FILE", help=_FROM_HELP)]
ToOption = Annotated[list[str] | None, typer.Option("--to", metavar="LON,LAT|FILE", help=_TO_HELP)]
LimitOption = Annotated[str | None, typer.Option("--minutes", metavar="60", help="Longest. 时限")]
CountOption = Annotated[list[str] | None, typer.Option("--to", metavar="LON,LAT|FILE", help=_COUNT_HELP)]
CountedOption = Annotated[str | None, typer.Option("--count", metavar="COLUMN", help=_COUNTED_HELP)]
HexagonOption = Annotated[str, typer.Option(metavar="500m", help="Between their centres. 六边形间距")]
OriginsOption = Annotated[list[str] | None, typer.Option("--from", metavar="LON,LAT|FILE", help=_HEX_HELP)]
MinutesOption = Annotated[str, typer.Option(metavar="15,30,60", help="Rising. 时间，由小到大")]
ModeOption = Annotated[str, typer.Option(metavar="drive|cycle|walk", help="How one travels. 出行方式")]
SpeedOption = Annotated[list[str] | None, typer.Option(metavar="5km/h|CLASS=5km/h", help=_SPEED_HELP)]
ColumnOption = Annotated[list[str] | None, typer.Option(metavar="WHAT=COLUMN", help=_COLUMN_HELP)]
DemOption = Annotated[Path | None, typer.Option(metavar="FILE", help=_DEM_HELP)]
PeopleOption = Annotated[Path | None, typer.Option(metavar="GRID.tif|FILE", help=_PEOPLE_HELP)]
PeopleColumnOption = Annotated[str | None, typer.Option(metavar="COLUMN", help="Its counts. 人口字段")]
SnapOption = Annotated[str, typer.Option(metavar="1km", help=_SNAP_HELP)]
CellOption = Annotated[str, typer.Option(metavar="25m", help="Cells that rings are drawn with. 格网")]
OffRoadOption = Annotated[str, typer.Option(metavar="100m", help="Land so far off roads belongs. 离路距离")]
TowardsOption = Annotated[bool, typer.Option("--towards", help="Journeys to the places. 到达而非出发")]
TilesOption = Annotated[str, typer.Option(metavar="none|osm|gaode|NAME", help="Tiles below. 底图")]
CrsOption = Annotated[str | None, typer.Option(metavar="EPSG:4547", help=_CRS_HELP)]
TableOption = Annotated[Path, typer.Option("-o", "--out", metavar="FILE.csv", help="Table. 成果表")]
FolderOption = Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Output folder. 成果文件夹")]
BorderOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Vector file of the territory. 边界文件")
]
CityArgument = Annotated[Path, typer.Argument(metavar="CITY", help=_CITY_HELP)]
PlansArgument = Annotated[list[str] | None, typer.Argument(metavar="[PLAN] [PLAN]", help=_PLANS_HELP)]
AfterOption = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help=_AFTER_HELP)]
PairOption = Annotated[list[Path] | None, typer.Option("--roads", metavar="FILE", help=_PAIR_HELP)]
MeasuredOption = Annotated[
    list[str] | None, typer.Option("--to", metavar="LON,LAT|FILE", help=_MEASURED_HELP)
]
