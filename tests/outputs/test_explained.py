"""Explanations as text: codes with names, amounts with units, polygons as in or out, and what decided."""

from __future__ import annotations

import numpy as np

from spatial import themes
from spatial.grading.streaming import find_layers
from spatial.outputs.explained import tell_explanation
from spatial.plan.base import Text
from spatial.plan.judging import Judge
from spatial.plan.parts.evaluation import Evaluation
from spatial.plan.rules import read_rules
from spatial.plan.traces import Note, making, tracing

LAYERS = find_layers(themes, 1) | find_layers(themes, 2)
NAMED = {"landcover": {8: Text(zh="不透水面", en="Impervious")}}


def tell(*notes: Note, inputs: dict[str, float | int | None] | None = None) -> str:
    return "\n".join(tell_explanation(inputs or {}, notes, {}, LAYERS, None, NAMED))


def test_codes_have_names_amounts_units_and_polygons_are_in_or_out() -> None:
    given = {"landcover": 8, "erosivity": 2689.13, "protection": 0, "existing_urban": 1, "rain": None}
    told = tell(inputs=given)
    for part in ("Land cover: 8 不透水面 Impervious", "2689.13 MJ·mm/(ha·h·a)", "不在其内 not inside",
                 "Existing built area: 在内 inside", "Rain a year: 缺失 missing"):  # fmt: skip
        assert part in told
    noted = tell(Note("biodiversity_importance", "made", {"protection": None, "sand": 20.0}, 3))
    assert "protection 不在其内 not inside, sand 20 % → 3 一般 General" in noted
    assert "sand 1 →" in tell(Note("sand_sensitivity", "combine", {"sand": 1}, 1))  # a grade has no unit


def test_support_says_of_how_many() -> None:
    told = tell(Note("evaluation_support", "made", {"farming_land": 1, "farming_heat": None}, 1))
    assert "of 2 that the plan gives data for" in told


def test_a_layer_that_the_rules_do_without_says_so_at_its_head() -> None:
    made = Note("erosion_sensitivity", "made", {"erosivity": 2689.0}, 2)
    unused = Note("sensitivity", "unused", {"erosion_sensitivity": 2}, 3)
    assert "by water（不采用（本规则表另有依据） not used, the rules go by another）" in tell(made, unused)
    assert "not used" not in tell(made)


def test_weights_and_the_exemption_of_large_patches_are_printed() -> None:
    judge = Judge.of(read_rules("evaluation_farming"), Evaluation(), "farming")
    one, three = np.array([[1]], np.uint8), np.array([[3]], np.uint8)
    with tracing() as notes, making("farming_base"):
        judge.weigh({"land": one, "water": three, "heat": three}, {"land": 0.6, "water": 0.2, "heat": 0.2})
        judge.compact(one, np.array([[0.3125]], np.float32), np.array([[8.26e8]], np.float32))
    told = tell(*notes)
    for part in ("weighted mean 1.8 → 2", "land: 0.6, water: 0.2, heat: 0.2", "ratio 0.3125 → 2",
                 "evaluation_farming:concentration.max_area", "large patch, not lowered 1"):  # fmt: skip
        assert part in told
