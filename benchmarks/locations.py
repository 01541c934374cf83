"""Sites of facilities against spopt (PuLP and HiGHS): p-median, maximal covering, and the narrowest gap."""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.sheet import Sheet, is_there, run_alone
from spatial.engine.disparities import Groups
from spatial.engine.travel.location_models import (
    Sites,
    choose_sites,
    covering_gains,
    mean_minutes,
    median_gains,
    share_beyond,
)

LIMIT_MIN = 15.0


@dataclass(frozen=True, eq=False)
class Case:
    """Places with people, minutes to what is there, and minutes to candidates."""

    now: np.ndarray
    then: np.ndarray
    people: np.ndarray

    @classmethod
    def draw(cls, places: int, sites: int) -> Case:
        """Draw places, eight facilities and candidates in a square of two hours' walk."""
        chance = np.random.default_rng(0)
        xy, there, built = chance.random((places, 2)), chance.random((sites, 2)), chance.random((8, 2))
        far = [np.hypot(*(xy[:, None] - other).transpose(2, 0, 1)) * 120 for other in (built, there)]
        people = chance.integers(1, 300, places).astype(float)
        return cls(np.minimum(far[0].min(axis=1), 120), np.minimum(far[1], 120), people)

    def median(self, add: int) -> Sites:
        """Lower the mean minutes."""
        gains = median_gains(self.now, self.then, self.people)
        return choose_sites(self.now, self.then, add, mean_minutes(self.people), gains=gains)

    def covering(self, add: int) -> Sites:
        """Bring most people within the limit."""
        gains = covering_gains(self.now, self.then, self.people, LIMIT_MIN)
        return choose_sites(self.now, self.then, add, share_beyond(self.people, LIMIT_MIN), gains=gains)

    def narrow(self, add: int) -> Sites:
        """Lower Theil's index between eight districts."""
        groups = Groups.of(np.arange(len(self.now)) % 8, self.people, 8)
        return choose_sites(self.now, self.then, add, lambda minutes: groups.theil(minutes)[1])

    def rival(self, model: str, add: int) -> float:
        """Solve by spopt, what is there already being one facility that is kept; the objective."""
        import pulp
        from spopt.locate import MCLP, PMedian

        both = np.column_stack([self.now, self.then])
        kept = np.array([1] + [0] * self.then.shape[1])
        more: dict[str, Any] = {"p_facilities": add + 1, "predefined_facilities_arr": kept}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # spopt builds models as PuLP 4 will not
            if model == "covering":
                made = MCLP.from_cost_matrix(both, self.people[:, None], service_radius=LIMIT_MIN, **more)
            else:
                made = PMedian.from_cost_matrix(both, self.people[:, None], **more)
            made.solve(pulp.HiGHS(msg=False))
        return float(made.problem.objective.value())


def measure(sheet: Sheet) -> None:
    """Small cases beside spopt, a large one alone."""
    sheet.begin("Sites of facilities (spopt, PuLP and HiGHS)")
    if is_there(sheet, "spopt", "pulp", "highspy"):
        case = Case.draw(1000, 50)
        for model, ours in (("median", case.median), ("covering", case.covering)):
            for add in (1, 3):
                found = ours(add)
                value = found.after * case.people.sum()
                value = value if model == "median" else case.people.sum() - value
                what = f"{model}, 1000 places x 50 sites, {add} added, by {found.method}"
                tasks = {"ours": lambda ours=ours, add=add: ours(add),
                         "spopt": lambda model=model, add=add: case.rival(model, add)}  # fmt: skip
                sheet.bound(f"{what}: relative gap to spopt's optimum",
                            abs(value / case.rival(model, add) - 1), 1e-6)  # fmt: skip
                sheet.compare(what, sheet.race(tasks, rounds=1))
    case = Case.draw(10_000, 200)
    for name, solve in (("median", case.median), ("covering", case.covering), ("narrow", case.narrow)):
        for add in (1, 3):
            found = solve(add)
            seen = sheet.race({"ours": lambda solve=solve, add=add: solve(add)}, rounds=1)
            sheet.compare(f"{name}, 10 000 x 200, {add} added, by {found.method}", seen)
            if np.isfinite(found.gap):
                sheet.bound(f"{name}, {add} added: optimality gap", found.gap, 0.05)


if __name__ == "__main__":
    sys.exit(run_alone(measure))
