"""Random dispatch problems solved by `symgrid plan` and by HiGHS (scipy), which reads the same rules from docs/formats.md.

The two share no code: the program below is built from the equations of the format, with sparse rows of its own.
"""
import json
import os
import random
import subprocess
import sys

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import lil_matrix


class Program:
    def __init__(self):
        self.cost, self.bounds, self.rows = [], [], []

    def variable(self, cost=0.0, high=None):
        self.cost.append(cost)
        self.bounds.append((0, high))
        return len(self.cost) - 1

    def row(self, terms, kind, right):
        self.rows.append((terms, kind, right))

    def solve(self):
        blocks = {}
        for kind, sign in (("=", 1), ("<", 1), (">", -1)):
            chosen = [r for r in self.rows if r[1] == kind]
            matrix = lil_matrix((len(chosen), len(self.cost)))
            for i, (terms, _, _) in enumerate(chosen):
                for variable, factor in terms:
                    matrix[i, variable] += sign * factor
            blocks[kind] = matrix.tocsr(), np.array([sign * r[2] for r in chosen])
        from scipy.sparse import vstack
        upper = vstack([blocks["<"][0], blocks[">"][0]])
        return linprog(self.cost, A_eq=blocks["="][0], b_eq=blocks["="][1], A_ub=upper,
                       b_ub=np.concatenate([blocks["<"][1], blocks[">"][1]]), bounds=self.bounds, method="highs")


def random_problem(seed):
    r = random.Random(seed)
    steps = r.choice([8, 24, 48])
    problem = {
        "format": "symgrid.dispatch/1", "start": "2023-07-01T00:00:00Z", "step_s": r.choice([300, 900, 3600]), "steps": steps,
        "load_kw": [round(r.uniform(200, 900), 3) for _ in range(steps)],
        "sources": [{"id": "pv", "available_kw": [round(max(0, r.uniform(-300, 700)), 3) for _ in range(steps)]},
                    {"id": "diesel", "available_kw": 400, "cost_per_kwh": 0.31}],
        "grid": {"import_kw_max": r.choice([40, 600, 1500]), "export_kw_max": r.choice([0, 400]),
                 "import_price_per_kwh": [round(r.uniform(0.02, 0.4), 4) for _ in range(steps)],
                 "export_price_per_kwh": [round(r.uniform(-0.05, 0.018), 4) for _ in range(steps)]},
        "stores": [{"id": f"s{i}", "energy_kwh_min": 20, "energy_kwh_max": r.choice([300, 900]), "charge_kw_max": 200,
                    "discharge_kw_max": 220, "charge_eff": round(r.uniform(0.8, 1), 3), "discharge_eff": 0.93,
                    "standing_loss_per_h": r.choice([0, 0.01]), "initial_kwh": 150, "final_kwh_min": r.choice([20, 150]),
                    "wear_cost_per_kwh": 0.008, "terminal_value_per_kwh": r.choice([0, 0.1])} for i in range(r.randint(1, 3))],
        "shed": [{"id": "batch", "max_kw": 250, "cost_per_kwh": 0.8}],
    }
    if r.random() < 0.5:
        problem["grid"]["demand_periods"] = [{"from": 0, "to": steps, "charge_per_kw": 2.5, "peak_so_far_kw": 180}]
    if r.random() < 0.4:
        problem["shiftable"] = [{"id": "job", "from": 1, "to": steps - 1, "energy_kwh": 120, "power_kw_max": 90,
                                 "unserved_cost_per_kwh": 2}]
    if r.random() < 0.3:
        problem["grid"]["ramp_kw_per_step"] = 450
    return problem


def objective_by_highs(p):
    n, h = p["steps"], p["step_s"] / 3600
    at = lambda value, t: value[t] if isinstance(value, list) else value
    lp = Program()
    balance = [[] for _ in range(n)]
    for source in p["sources"]:
        for t in range(n):
            balance[t].append((lp.variable(h * source.get("cost_per_kwh", 0), at(source["available_kw"], t)), 1))
    grid = p["grid"]
    imports = [lp.variable(h * at(grid["import_price_per_kwh"], t), grid["import_kw_max"]) for t in range(n)]
    exports = [lp.variable(-h * at(grid["export_price_per_kwh"], t), grid["export_kw_max"]) for t in range(n)]
    for t in range(n):
        balance[t] += [(imports[t], 1), (exports[t], -1)]
        if "ramp_kw_per_step" in grid and t > 0:
            change = [(imports[t], 1), (exports[t], -1), (imports[t - 1], -1), (exports[t - 1], 1)]
            lp.row(change, "<", grid["ramp_kw_per_step"])
            lp.row(change, ">", -grid["ramp_kw_per_step"])
    constant = 0.0
    for period in grid.get("demand_periods", []):
        peak = lp.variable(period["charge_per_kw"])
        constant -= period["charge_per_kw"] * period["peak_so_far_kw"]
        lp.row([(peak, 1)], ">", period["peak_so_far_kw"])
        for t in range(period["from"], period["to"]):
            lp.row([(peak, 1), (imports[t], -1)], ">", 0)
    for store in p["stores"]:
        before, keep = None, (1 - store["standing_loss_per_h"]) ** h
        for t in range(n):
            charge = lp.variable(h * store["wear_cost_per_kwh"], store["charge_kw_max"])
            discharge = lp.variable(h * store["wear_cost_per_kwh"], store["discharge_kw_max"])
            energy = lp.variable(-store["terminal_value_per_kwh"] if t == n - 1 else 0, store["energy_kwh_max"])
            lp.row([(energy, 1)], ">", max(store["energy_kwh_min"], store["final_kwh_min"] if t == n - 1 else 0))
            terms = [(energy, 1), (charge, -h * store["charge_eff"]), (discharge, h / store["discharge_eff"])]
            right = keep * store["initial_kwh"] if before is None else 0
            lp.row(terms if before is None else terms + [(before, -keep)], "=", right)
            balance[t] += [(discharge, 1), (charge, -1)]
            before = energy
    for item in p.get("shed", []):
        for t in range(n):
            balance[t].append((lp.variable(h * item["cost_per_kwh"], at(item["max_kw"], t)), 1))
    for job in p.get("shiftable", []):
        work = [lp.variable(0, job["power_kw_max"]) for _ in range(job["from"], job["to"])]
        unserved = lp.variable(job["unserved_cost_per_kwh"])
        lp.row([(w, h) for w in work] + [(unserved, 1)], "=", job["energy_kwh"])
        for i, w in enumerate(work):
            balance[job["from"] + i].append((w, -1))
    for t in range(n):
        lp.row(balance[t], "=", p["load_kw"][t])
    result = lp.solve()
    return result.fun + constant if result.status == 0 else None


def main():
    infeasible = worst = 0.0
    for seed in range(60):
        problem = random_problem(seed)
        ours = subprocess.run([os.environ["SYMGRID"], "plan", "--problem", "-", "--json"], input=json.dumps(problem),
                              capture_output=True, text=True, check=False)
        answer, theirs = json.loads(ours.stdout), objective_by_highs(problem)
        if theirs is None:
            infeasible += 1
            assert answer["outcome"] == "infeasible" and answer["softened"] and ours.returncode == 1, (seed, answer["outcome"])
            continue
        assert answer["outcome"] == "solved" and ours.returncode == 0, (seed, answer["outcome"])
        gap = abs(answer["objective"] - theirs) / max(1, abs(theirs))
        worst = max(worst, gap)
        assert gap < 1e-6, (seed, answer["objective"], theirs)
    print(f"ok: 60 random problems, {infeasible:.0f} without a solution in both, the others within {worst:.1e} of HiGHS")


if __name__ == "__main__":
    sys.exit(main())
