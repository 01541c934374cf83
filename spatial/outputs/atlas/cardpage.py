"""Pages of score cards: head, score and rank, how firm they are, inset of the zone, and its indicators."""

from __future__ import annotations

import numpy as np
import shapely

from spatial.outputs.atlas.cardcanvas import GREY, INK, LEFT, RIGHT, RULE, Canvas
from spatial.outputs.atlas.cardmap import draw_inset
from spatial.outputs.atlas.cardtable import draw_pulls, draw_table
from spatial.outputs.atlas.fonts import clean_text, measure_text, wrap_text
from spatial.outputs.atlas.ink import draw_line, draw_shape
from spatial.outputs.atlas.paper import Box
from spatial.outputs.atlas.scorecards import Card
from spatial.outputs.atlas.sheets import Stock
from spatial.outputs.papers.words import STANDINGS, find_words
from spatial.plan.base import Text
from spatial.plan.styles import ClassStyle

_FIGURES = Box(LEFT, 163.0, 98.0, 241.0)
_MAP = Box(104.0, 163.0, RIGHT, 241.0)
_STRIP = Box(LEFT, 141.0, RIGHT, 157.0)
_TOLD_SHARE = 0.01
_NAME_PT, _LONG_NAME_PT, _NAME_MM = 21.0, 13.0, 122.0


def draw_card(canvas: Canvas, card: Card, stock: Stock, place: Text, page: tuple[int, int]) -> None:
    """Draw the page of one zone.

    Parameters
    ----------
    canvas : Canvas
    card : Card
    stock : Stock
        For the inset.
    place : Text
        What stands above the name: plan and year.
    page : tuple of int
        Which of how many.
    """
    rule = stock.styles.layers["assessment"].classes.get(card.grade) or stock.styles.unstyled
    draw_heading(canvas, place, page)
    _draw_name(canvas, card, rule)
    if card.scored:
        _draw_figures(canvas, card, rule)
        _draw_strip(canvas, card, rule)
    else:
        _draw_excuse(canvas, card)
    draw_inset(canvas.axes, stock, card, _MAP, canvas.tongue)
    draw_table(canvas, card, rule)
    draw_pulls(canvas, card)
    draw_method(canvas, card)


def draw_heading(canvas: Canvas, place: Text, page: tuple[int, int]) -> None:
    """Write what the pages are of at the top, and the number of the page."""
    canvas.put((LEFT, 284.0), canvas.tongue.line(place.zh, place.en, " · "), 8.5, 150.0, colour=GREY)
    canvas.put((RIGHT, 284.0), f"{page[0]} / {page[1]}", 8.5, 25.0, colour=GREY, align="right")
    draw_line(canvas.ink, [(LEFT, 280.5), (RIGHT, 280.5)], INK, 0.6)


def _draw_name(canvas: Canvas, card: Card, rule: ClassStyle) -> None:
    lines = canvas.tongue.lines(card.name)
    if measure_text(lines[0], _NAME_PT) <= _NAME_MM:
        canvas.put((LEFT, 272.0), lines[0], _NAME_PT, _NAME_MM, bold=True)
    else:
        for step, line in enumerate(wrap_text(lines[0], _LONG_NAME_PT, _NAME_MM, 2)):
            canvas.put((LEFT, 275.5 - 6.0 * step), line, _LONG_NAME_PT, _NAME_MM, bold=True)
    if len(lines) > 1:
        canvas.put((LEFT, 264.3), lines[1], 10.0, 122.0, colour=GREY)
    standing = STANDINGS.get(card.standing, Text(zh=card.standing))
    kind = canvas.tongue.lines(
        Text(
            zh=f"{card.kind_name.pick('zh')} · {standing.zh}",
            en=f"{card.kind_name.pick('en')} · {standing.en}",
        )
    )
    box = Box(RIGHT - 52.0, 265.0, RIGHT, 277.0)
    draw_shape(canvas.ink, box.polygon, fc=rule.fill or "#ffffff", ec=rule.stroke or INK, lw=0.8)
    dark = sum(int((rule.fill or "#ffffff")[at : at + 2], 16) for at in (1, 3, 5)) < 400
    middle = (box.left + box.right) / 2
    for step, line in enumerate(kind):
        at = (middle, 271.0 + (2.4 if len(kind) > 1 else 0.0) - step * 4.8)
        colour = "#ffffff" if dark else INK
        canvas.put(at, line, 10.0 - 2.0 * step, 49.0, align="center", colour=colour, bold=step == 0)
    said = Text(
        zh="；".join(f"{label.zh}：{text.pick('zh')}" for label, text in card.traits),
        en=";  ".join(f"{label.en}: {text.pick('en')}" for label, text in card.traits),
    )
    y = 258.0
    for step, part in enumerate(canvas.tongue.lines(said)):
        size = 8.5 if step == 0 else 7.0
        for line in wrap_text(clean_text(part), size, RIGHT - LEFT, 2):
            canvas.put((LEFT, y), line, size, RIGHT - LEFT, colour=GREY)
            y -= size * 0.5


def _draw_figures(canvas: Canvas, card: Card, rule: ClassStyle) -> None:
    """Write score and rank in large figures, and below them how firm they are."""
    box, numbers = _FIGURES, card.numbers
    canvas.put_lines((box.left, box.top - 3.0), Text(zh="得分（0–100）", en="Score (0–100)"), 9.0, 40.0)
    canvas.put((box.left, box.top - 19.0), f"{numbers['score']:.1f}", 40.0, 44.0, bold=True)
    head = Text(zh=f"{card.kind_name.zh}类名次", en=f"Rank, {card.kind_name.en.lower()}")
    canvas.put_lines((box.left + 46.0, box.top - 3.0), head, 9.0, 38.0)
    canvas.put((box.left + 46.0, box.top - 19.0), f"{numbers['rank']:.0f}", 40.0, 22.0, bold=True)
    wide = 8.0 + 8.0 * len(f"{numbers['rank']:.0f}")
    canvas.put(
        (box.left + 46.0 + wide, box.top - 21.5), f"/ {numbers['ranked']:.0f}", 16.0, 20.0, colour=GREY
    )
    y = box.top - 31.5
    for label, said in _list_facts(card):
        canvas.put_lines((box.left, y), label, 8.0, 46.0)
        canvas.put_lines((box.right, y), said, 8.0, 36.0, align="right")
        draw_line(canvas.ink, [(box.left, y - 5.2), (box.right, y - 5.2)], RULE, 0.3)
        y -= 7.6


def _list_facts(card: Card) -> list[tuple[Text, Text]]:
    numbers = card.numbers
    ranks = [numbers[key] for key in ("expert_rank", "entropy_rank", "combined_rank")]
    shown = " / ".join("—" if np.isnan(rank) else f"{rank:.0f}" for rank in ranks)
    used = find_words("assessment", "weighing").get(card.weighing, Text(zh=card.weighing))
    facts = [
        (Text(zh="采用权重", en="Weights used"), used),
        (Text(zh="专家 / 熵 / 组合权重名次", en="Rank: expert / entropy / combined"), Text(zh=shown)),
        (Text(zh="权重扰动下名次保持", en="Rank kept when weights move"),
         Text(zh=f"{numbers['stability']:.0%}")),
        (Text(zh="5–95% 名次区间", en="Ranks in 5–95 % of runs"),
         Text(zh=f"{numbers['rank_low']:.0f} – {numbers['rank_high']:.0f}")),
        (Text(zh="达到目标的指标", en="Targets reached"),
         Text(zh=f"{numbers['reached']:.0f} / {numbers['targets']:.0f}")),
    ]  # fmt: skip
    if card.missing.zh:
        facts.append((Text(zh="缺数据指标", en="Without value"), card.missing))
    elif card.rival.zh and numbers["rival_share"] >= _TOLD_SHARE:
        share = f"（{numbers['rival_share']:.0%}）"
        name = Text(zh=card.rival.zh + share, en=f"{card.rival.en} ({numbers['rival_share']:.0%})")
        facts.append((Text(zh="最易被其超越", en="Most often overtaken by"), name))
    return facts


def _draw_excuse(canvas: Canvas, card: Card) -> None:
    """Say why a zone has no rank."""
    box = _FIGURES
    canvas.put_lines((box.left, box.top - 8.0), Text(zh="未参评", en="Not ranked"), 22.0, 80.0)
    if not card.lines:
        why = Text(
            zh="该功能区没有类别，或其类别没有考核指标。",
            en="The zone has no kind, or its kind has no indicators.",
        )
    elif card.missing.zh and len(card.peers):
        share = card.numbers["missing_weight"]
        why = Text(
            zh=f"缺失指标的权重占 {share:.0%}，超过规则允许的份额：{card.missing.zh}。",
            en=f"Missing indicators hold {share:.0%} of the weight, more than the rules allow: "
            f"{card.missing.en}.",
        )
    else:
        why = Text(
            zh="同类功能区中可参评的不足两个，无从排名。",
            en="Fewer than two zones of this kind can be scored, so there is no ranking.",
        )
    y = box.top - 26.0
    for text in canvas.tongue.lines(why):
        for line in wrap_text(clean_text(text), 9.5, box.width, 6):
            canvas.put((box.left, y), line, 9.5, box.width)
            y -= 5.2
        y -= 1.5


def _draw_strip(canvas: Canvas, card: Card, rule: ClassStyle) -> None:
    """Draw where the zone stands among the scores of its kind, from 0 to 100."""
    box = _STRIP
    head = canvas.tongue.line(
        f"在 {len(card.peers)} 个{card.kind_name.zh}类功能区中的位置（得分）",
        f"Among the {len(card.peers)} zones of its kind (score)",
        " / ",
    )
    canvas.put((box.left, box.top - 1.0), head, 8.5, box.width, bold=True)
    y, wide = box.bottom + 6.5, box.width - 6.0
    spot = box.left + 3.0 + wide * np.asarray(card.peers) / 100.0
    draw_line(canvas.ink, [(box.left + 3.0, y), (box.right - 3.0, y)], RULE, 0.8)
    for mark in range(0, 101, 20):
        x = box.left + 3.0 + wide * mark / 100
        draw_line(canvas.ink, [(x, y - 1.2), (x, y)], GREY, 0.4)
        canvas.put((x, y - 3.4), str(mark), 6.8, 10.0, colour=GREY, align="center")
    for x in spot:
        draw_shape(canvas.ink.above(1), shapely.Point(x, y).buffer(1.1), fc="#9aa1a7", ec="#ffffff", lw=0.3)
    own = box.left + 3.0 + wide * card.numbers["score"] / 100.0
    dot = shapely.Point(own, y).buffer(2.0)
    draw_shape(canvas.ink.above(2), dot, fc=rule.stroke or INK, ec="#ffffff", lw=0.6)
    canvas.put((own, y + 4.2), f"{card.numbers['score']:.1f}", 8.5, 14.0, align="center", bold=True)


def draw_method(canvas: Canvas, card: Card | None = None) -> None:
    """Say at the foot how scores come about, and that they compare zones of one kind only."""
    notes = [
        Text(
            zh="方法：指标按方向极差标准化，TOPSIS 计算与同类最优、最劣的相对接近度（×100）；"
            "组合权重为专家权重×熵权后归一。差距份额：与同类最优的加权距离平方中该指标所占的份额。"
            "得分只在同类功能区之间可比，不跨类比较；"
            "指标集与目标如为默认值，仅为示例，不是规范。",
            en="Method: indicators scaled from worst to best of the kind; TOPSIS closeness to the best "
            "(× 100); combined weights are expert × entropy, normalised. Gap: the indicator's share of the "
            "squared distance from the best. Scores compare zones of one kind only. Default indicators and "
            "targets are examples, no norm.",
        )
    ]
    if card is not None and card.illustrative:
        notes.append(
            Text(
                zh="示意数据：功能区边界或数值非实际资料。",
                en="Illustrative: boundary or values are not real data.",
            )
        )
    y = 30.0
    draw_line(canvas.ink, [(LEFT, y + 3.5), (RIGHT, y + 3.5)], RULE, 0.5)
    for note in notes:
        for text in canvas.tongue.lines(note):
            for line in wrap_text(text, 6.8, RIGHT - LEFT, 3):
                canvas.put((LEFT, y), line, 6.8, RIGHT - LEFT, colour=GREY)
                y -= 3.3
