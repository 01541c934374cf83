"""The page of the parallel-approval form: its markup and its style sheet, for A4 paper and for the screen."""

from __future__ import annotations

CSS = """\
@page { size: A4 portrait; margin: 9mm 12mm 8mm; }
* { box-sizing: border-box; }
html { font: 9pt/1.35 "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", SimSun,
  sans-serif;
  color: #111; background: #d8dbde; }
body { margin: 0; }
.page { width: 210mm; min-height: 297mm; padding: 11mm 12mm 10mm; margin: 6mm auto;
  background: #fff; display: flex; flex-direction: column; break-after: page; }
@media print { html { background: #fff; } .page { width: auto; min-height: 278mm; padding: 0 0.4mm 0 0;
  margin: 0; }
  .page:last-child { break-after: auto; } .item .en, .side p .en { display: none; } }
h1 { font-size: 16pt; text-align: center; margin: 0; letter-spacing: 0.12em; }
.en { color: #666; font-size: 7pt; }
h1 + .en { text-align: center; margin: 0 0 1mm; font-size: 8pt; }
.bar { display: flex; justify-content: space-between; gap: 4mm; margin: 0 0 1.5mm; }
.stamp { border: 1.5px solid #c8102e; color: #c8102e; padding: 0 2mm; font-weight: bold;
  white-space: nowrap; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 0.8px solid #333; padding: 0.6mm 1.2mm; text-align: left; vertical-align: top;
  overflow-wrap: anywhere; }
th { background: #eef1f3; font-weight: 600; }
.facts th { width: 22mm; white-space: nowrap; }
.facts td:first-of-type { width: 42mm; }
.hands { margin-top: 1.2mm; }
.hands th { width: 17mm; }
.hands td { width: 45mm; height: 6mm; text-align: right; vertical-align: bottom; }
.verdict { font-weight: 700; white-space: nowrap; }
.whole { font-size: 13pt; }
.middle { display: flex; gap: 3mm; margin: 1.2mm 0; }
.map { width: 84mm; flex: none; }
.map svg { width: 84mm; height: auto; display: block; font-family: inherit; }
.caption { font-size: 7pt; color: #444; margin: 0.6mm 0 0; }
.side { flex: 1; font-size: 8pt; min-width: 0; }
.side h2 { font-size: 9pt; margin: 0 0 0.8mm; border-bottom: 0.8px solid #333; }
.side p { margin: 0 0 1.2mm; }
.legend { list-style: none; margin: 0 0 2mm; padding: 0; columns: 2; column-gap: 2mm; font-size: 7.5pt; }
.legend li { display: flex; align-items: center; gap: 1mm; break-inside: avoid; }
.legend svg { flex: none; width: 6mm; height: 3mm; }
.form { font-size: 8pt; line-height: 1.25; flex: none; }
.form td, .form th { padding: 0.15mm 1.2mm; }
.form td.name { width: 19mm; font-weight: 600; }
.form td.result { width: 20mm; }
.form td.basis { width: 44mm; font-size: 7.2pt; }
.form td.sign { width: 23mm; font-size: 7pt; color: #666; }
.form tr { break-inside: avoid; }
.item + .item { border-top: 0.5px dotted #999; margin-top: 0.6mm; padding-top: 0.6mm; }
.todo { font-weight: 600; }
.clear, .small { color: #555; font-size: 7.2pt; }
.weak { color: #8a4b00; }
.foot { margin-top: auto; padding-top: 1mm; font-size: 7pt; color: #444; }
.foot p { margin: 0 0 0.5mm; }
.list td, .list th { font-size: 7.6pt; padding: 0.8mm 1mm; }
.list td.c { text-align: center; white-space: nowrap; }
.list td.r { text-align: right; white-space: nowrap; }
.list a { color: inherit; }
.counts { display: flex; gap: 6mm; margin: 2mm 0; font-size: 11pt; }
"""

TEMPLATE = """\
<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>建设项目并联审批意见单 · {{ heading.plan }}</title>
<style>
{{ css | safe }}
</style>
</head>
<body>
{% macro verdict(v) %}<span class="verdict" style="color:{{ v.colour }}">{{ v.zh }}</span>{% endmacro %}
{% macro foot() %}
<div class="foot">
<p>说明：面积为 CGCS2000 椭球面积；距离按 {{ heading.crs }} 量算。
重叠低于容差（{{ heading.tolerance }}）的按相接处理并注明。
“未审查”表示规划缺少所需图层或项目缺少所需信息，不等于同意。
依据栏<span class="weak">橙色</span>为工具默认，未见规范依据，须由主管部门核定。</p>
<p>{{ heading.note }}
本单为自动核对结果，供各部门审查参考，不代替行政许可；示意图不作为法定图件。</p>
<p>规划 {{ heading.plan }}（{{ heading.year }}，{{ heading.hash }}） ·
{{ heading.rules }} · {{ heading.tool }}</p>
</div>
{% endmacro %}
<section class="page">
<h1>建设项目并联审批意见汇总表</h1>
<p class="en">Summary of opinions of all departments, judged at the same time</p>
<div class="bar"><span>依据规划：{{ heading.plan }} <span class="en">{{ heading.plan_en }}</span></span>
<span>送审文件：{{ heading.file }}</span>
{% if heading.illustrative %}<span class="stamp">示意数据，非法定 Illustrative</span>{% endif %}</div>
<div class="counts">
{% for one in counts %}<span><b style="color:{{ one.colour }}">{{ one.count }}</b> {{ one.name }}
<span class="en">{{ one.en }}</span></span>
{% endfor %}
</div>
<table class="list">
<thead><tr><th>编号</th><th>项目名称</th><th>规模</th><th>综合结论</th>
{% for name in departments %}<th>{{ name }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in overview %}
<tr><td class="c">{{ row.id }}</td><td><a href="#p{{ loop.index }}">{{ row.name }}</a></td>
<td class="r">{{ row.size }}</td>
<td class="c">{{ verdict(row.verdict) }}</td>
{% for one in row.departments %}<td class="c">{{ verdict(one) }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table>
{% if left_out %}<p class="small">另有 {{ left_out }} 个项目只列于表格和数据库。</p>{% endif %}
{% if findings %}
<h2 style="font-size:10pt;margin:3mm 0 1mm">数据检查 <span class="en">Findings on the data</span></h2>
{% for one in findings %}
<p class="small" style="margin:0 0 0.6mm">• {{ one.zh }} <span class="en">{{ one.en }}</span></p>
{% endfor %}
{% endif %}
{{ foot() }}
</section>
{% for page in pages %}
<section class="page" id="p{{ loop.index }}">
<h1>建设项目并联审批意见单</h1>
<p class="en">Parallel-approval form: opinions of all departments on one project</p>
<div class="bar"><span>编号：{{ page.id }}</span><span>依据规划：{{ heading.plan }}</span>
{% if heading.illustrative %}<span class="stamp">示意数据，非法定 Illustrative</span>{% endif %}</div>
<table class="facts">
<tr><th>项目名称</th><td>{{ page.name }}</td><th>综合结论</th>
<td><span class="verdict whole" style="color:{{ page.verdict.colour }}">{{ page.verdict.zh }}</span>
<span class="en">{{ page.verdict.en }}</span><br><span class="small">{{ page.summary }}</span></td></tr>
{% for pair in (page.particulars + page.facts) | batch(2) %}
<tr>{% for fact in pair %}<th>{{ fact[0] }}</th>
<td{% if pair | length == 1 %} colspan="3"{% endif %}>{{ fact[1] }}</td>
{% endfor %}</tr>
{% endfor %}
</table>
<div class="middle">
<div class="map">{{ page.map.svg | safe }}
<p class="caption">{{ page.centre }}；
约 1∶{{ "{:,}".format(page.map.scale) }}</p></div>
<div class="side">
<h2>图例 <span class="en">Legend</span></h2>
<ul class="legend">
<li><svg viewBox="0 0 24 12"><rect x="1" y="1" width="22" height="10" fill="none" stroke="#111"
 stroke-width="2"/></svg>项目范围</li>
<li><svg viewBox="0 0 24 12"><rect width="24" height="12" fill="url(#reject)" stroke="#c8102e"/></svg>
不同意部分</li>
<li><svg viewBox="0 0 24 12"><rect width="24" height="12" fill="url(#conditional)" stroke="#d97706"/></svg>
有条件部分</li>
{% for colour, look, label in page.map.legend %}
<li><svg viewBox="0 0 24 12">
{% if look == "" %}<rect width="24" height="12" fill="{{ colour }}" fill-opacity="0.45"/>
{% elif look == "line" %}<path d="M0 6h24" stroke="{{ colour }}" stroke-width="3"/>
{% else %}<rect x="1" y="1" width="22" height="10" fill="none" stroke="{{ colour }}" stroke-width="2"
 stroke-dasharray="5 3"/>{% endif %}</svg>{{ label }}</li>
{% endfor %}
</ul>
{% if page.notes %}
<h2>数据提示 <span class="en">On its data</span></h2>
{% for one in page.notes %}<p class="weak">{{ one.zh }}<br><span class="en">{{ one.en }}</span></p>
{% endfor %}
{% endif %}
{% if page.suggestions %}
<h2>调整建议 <span class="en">What would pass</span></h2>
{% for one in page.suggestions %}<p><b>{{ one.method }}</b> {{ one.zh }} {{ one.after }}<br>
<span class="en">{{ one.en }}</span></p>
{% endfor %}
{% endif %}
</div>
</div>
<table class="form">
<thead><tr><th>部门</th><th>结论</th><th>审查意见与办理要求</th><th>依据（可信度）</th>
<th>签章</th></tr></thead>
<tbody>
{% for row in page.rows %}
<tr><td class="name">{{ row.name }}<br><span class="en">{{ row.en }}</span></td>
<td class="result">{{ verdict(row.verdict) }}<br><span class="en">{{ row.verdict.en }}</span></td>
<td>{% for item in row["items"] %}<div class="item"><b>{{ item.title }}</b>：{{ item.zh }}。
{% if item.todo %}<span class="todo">{{ item.todo }}。</span>{% endif %}
<span class="en">{{ item.en }}. {{ item.todo_en }}</span></div>{% endfor %}
{% if row["clear"] %}<div class="clear">无冲突或不适用：{{ row["clear"] }}。</div>{% endif %}</td>
<td class="basis">{% for item in row["items"] if item.basis %}
<div class="item{% if item.weak %} weak{% endif %}">
{{ item.basis }}（{{ item.confidence }}）</div>{% endfor %}</td>
<td class="sign">（盖章）<br>年&emsp;月&emsp;日</td></tr>
{% endfor %}
</tbody>
</table>
<table class="facts hands">
<tr><th>经办人</th><td></td><th>复核人</th><td></td><th>审查日期</th><td>&emsp;&emsp;年&emsp;月&emsp;日</td></tr>
</table>
{{ foot() }}
</section>
{% endfor %}
</body>
</html>
"""
