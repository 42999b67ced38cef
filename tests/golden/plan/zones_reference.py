"""Three dispatch problems with zones, and their least costs by HiGHS: writes zones-*.json and adds to expected.json.

usage: python3 zones_reference.py        in this folder, with SciPy (1.17.1 wrote what is here)

Prices, sunshine and load are those of day96-4.json, shared out among the zones. The linear program is built from
docs/formats.md; it shares no code with Symgrid.
"""
import json
import random

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_matrix


def series(value, steps):
    return [float(value)] * steps if np.isscalar(value) else [float(v) for v in value]


def scaled(values, factor, seed=None):
    r = random.Random(seed)
    return [round(factor * v * (r.uniform(0.6, 1.4) if seed is not None else 1), 3) for v in values]


def store(name, zone, hours, power, **more):
    return {"id": name, "zone": zone, "energy_kwh_min": 0.05 * hours * power, "energy_kwh_max": hours * power,
            "charge_kw_max": power, "discharge_kw_max": power, "charge_eff": 0.95, "discharge_eff": 0.94,
            "standing_loss_per_h": 0.0003, "initial_kwh": 0.5 * hours * power, "final_kwh_min": 0.4 * hours * power,
            "wear_cost_per_kwh": 0.006, **more}


def problems():
    day = json.load(open("day96-4.json"))
    steps, load, sun, buy = day["steps"], day["load_kw"], day["sources"][0]["available_kw"], day["grid"]["import_price_per_kwh"]
    sell = [round(0.8 * v, 5) for v in buy]
    head = {"format": "symgrid.dispatch/1", "start": day["start"], "step_s": day["step_s"], "steps": steps}
    most = max(load)
    # two halls: sun and battery in one, the grid in the other, a tie that is too small at noon
    yield "zones96-2", {
        **head, "zones": [{"id": "north", "load_kw": scaled(load, 0.35, 1)}, {"id": "south", "load_kw": scaled(load, 0.65, 2)}],
        "links": [{"id": "tie", "from": "north", "to": "south", "forward_kw_max": round(0.2 * most), "back_kw_max": round(0.3 * most),
                   "loss_frac": 0.03}],
        "sources": [{"id": "pv", "zone": "north", "available_kw": sun}],
        "grid": {"zone": "south", "import_kw_max": 3 * most, "export_kw_max": most, "import_price_per_kwh": buy,
                 "export_price_per_kwh": sell, "demand_periods": [{"from": 0, "to": steps, "charge_per_kw": 0.4,
                                                                   "peak_so_far_kw": round(0.5 * most)}]},
        "stores": [store("battery", "north", 2, round(0.25 * most))],
        "shed": [{"id": "batch", "zone": "north", "max_kw": scaled(load, 0.3), "cost_per_kwh": 0.9}]}
    # a chain: the far hall lives on what two links let through, its own engine and work that can wait
    yield "zones96-3", {
        **head, "zones": [{"id": "gate", "load_kw": scaled(load, 0.2)}, {"id": "middle", "load_kw": scaled(load, 0.5, 3)},
                          {"id": "far", "load_kw": scaled(load, 0.3, 4)}],
        "links": [{"id": "a", "from": "gate", "to": "middle", "forward_kw_max": round(0.75 * most), "back_kw_max": 0, "loss_frac": 0.02},
                  {"id": "b", "from": "far", "to": "middle", "forward_kw_max": round(0.3 * most), "back_kw_max": round(0.25 * most),
                   "loss_frac": 0.05}],
        "sources": [{"id": "pv", "zone": "middle", "available_kw": scaled(sun, 0.6)},
                    {"id": "engine", "zone": "far", "available_kw": round(0.5 * most), "cost_per_kwh": 0.24},
                    {"id": "reserve-engine", "zone": "middle", "available_kw": most, "cost_per_kwh": 0.6}],
        "grid": {"import_kw_max": 2 * most, "import_price_per_kwh": buy, "ramp_kw_per_step": round(0.3 * most)},
        "stores": [store("cells", "far", 1, round(0.2 * most)), store("wheel", "gate", 0.25, round(0.3 * most), wear_cost_per_kwh=0.001)],
        "shiftable": [{"id": "train", "zone": "far", "from": 20, "to": 80, "energy_kwh": round(2 * most), "power_kw_max": round(0.4 * most),
                       "unserved_cost_per_kwh": 1.5}],
        "reserve": {"up_kw": round(0.1 * most), "down_kw": round(0.05 * most), "duration_s": 900}}
    # a ring of four, so that power can take two ways; one link without limit, one without loss; prices below zero
    ring = ["w", "x", "y", "z"]
    yield "zones96-4", {
        **head, "zones": [{"id": z, "load_kw": scaled(load, 0.25, 5 + k)} for k, z in enumerate(ring)],
        "links": [{"id": "wx", "from": "w", "to": "x", "forward_kw_max": round(0.2 * most), "back_kw_max": round(0.2 * most), "loss_frac": 0.01},
                  {"id": "xy", "from": "x", "to": "y", "loss_frac": 0.04},
                  {"id": "yz", "from": "y", "to": "z", "forward_kw_max": round(0.1 * most), "back_kw_max": round(0.3 * most)},
                  {"id": "zw", "from": "z", "to": "w", "forward_kw_max": round(0.15 * most), "back_kw_max": round(0.4 * most), "loss_frac": 0.02}],
        "sources": [{"id": "pv", "zone": "x", "available_kw": scaled(sun, 0.5)}, {"id": "roof", "zone": "z", "available_kw": scaled(sun, 0.4, 9)},
                    {"id": "engine", "zone": "y", "available_kw": most, "cost_per_kwh": 0.5}],
        "grid": {"zone": "w", "import_kw_max": 2 * most, "export_kw_max": round(0.5 * most),
                 "import_price_per_kwh": [round(v - 0.12, 5) for v in buy], "export_price_per_kwh": [round(v - 0.14, 5) for v in buy]},
        "stores": [store(f"s-{z}", z, 1 + k, round(0.1 * most), terminal_value_per_kwh=0.05) for k, z in enumerate(ring)]}


class Program:
    def __init__(self):
        self.cost, self.bounds, self.rows, self.constant = [], [], {"=": [], "<": []}, 0.0

    def column(self, cost, high, low=0.0):
        self.cost.append(cost)
        self.bounds.append((low, high))
        return len(self.cost) - 1

    def row(self, kind, terms, right):
        self.rows[kind].append((terms, right))

    def solve(self):
        def matrix(kind):
            terms = [(i, j, v) for i, (row, _) in enumerate(self.rows[kind]) for j, v in row]
            if not self.rows[kind]:
                return None, None
            i, j, v = zip(*terms)
            return coo_matrix((v, (i, j)), (len(self.rows[kind]), len(self.cost))).tocsr(), [r for _, r in self.rows[kind]]
        (equal, equal_right), (upper, upper_right) = matrix("="), matrix("<")
        result = linprog(self.cost, upper, upper_right, equal, equal_right, self.bounds, method="highs-ds")
        return result.fun + self.constant if result.status == 0 else None


def least_cost(p):
    lp, hours, steps, grid = Program(), p["step_s"] / 3600, p["steps"], p["grid"]
    first = p["zones"][0]["id"]
    balance = {z["id"]: [[] for _ in range(steps)] for z in p["zones"]}
    place = lambda item: balance[item.get("zone", first)]
    for link in p["links"]:
        for sender, receiver, most in (("from", "to", "forward_kw_max"), ("to", "from", "back_kw_max")):
            for t in range(steps):
                sent = lp.column(0, link.get(most))
                balance[link[sender]][t].append((sent, -1))
                balance[link[receiver]][t].append((sent, 1 - link.get("loss_frac", 0)))
    for source in p["sources"]:
        available, cost = series(source["available_kw"], steps), source.get("cost_per_kwh", 0)
        for t in range(steps):
            place(source)[t].append((lp.column(hours * cost, available[t]), 1))
    buy, sell = series(grid["import_price_per_kwh"], steps), series(grid.get("export_price_per_kwh", 0), steps)
    imports = [lp.column(hours * buy[t], grid["import_kw_max"]) for t in range(steps)]
    exports = [lp.column(-hours * sell[t], grid.get("export_kw_max", 0)) for t in range(steps)]
    for t in range(steps):
        place(grid)[t] += [(imports[t], 1), (exports[t], -1)]
        if "ramp_kw_per_step" in grid and t:
            change = [(imports[t], 1), (exports[t], -1), (imports[t - 1], -1), (exports[t - 1], 1)]
            lp.row("<", change, grid["ramp_kw_per_step"])
            lp.row("<", [(j, -v) for j, v in change], grid["ramp_kw_per_step"])
    for period in grid.get("demand_periods", []):
        peak = lp.column(period["charge_per_kw"], None, period["peak_so_far_kw"])
        lp.constant -= period["charge_per_kw"] * period["peak_so_far_kw"]
        for t in range(period["from"], period["to"]):
            lp.row("<", [(imports[t], 1), (peak, -1)], 0)
    reserve = p.get("reserve", {})
    needs = {name: [[] for _ in range(steps)] for name in ("up_kw", "down_kw") if name in reserve}
    lasts = reserve.get("duration_s", 0) / 3600
    for s in p["stores"]:
        keep, before = (1 - s["standing_loss_per_h"]) ** hours, None
        for t in range(steps):
            last = t == steps - 1
            charge = lp.column(hours * s["wear_cost_per_kwh"], s["charge_kw_max"])
            discharge = lp.column(hours * s["wear_cost_per_kwh"], s["discharge_kw_max"])
            energy = lp.column(-s.get("terminal_value_per_kwh", 0) if last else 0, s["energy_kwh_max"],
                               max(s["energy_kwh_min"], s["final_kwh_min"]) if last else s["energy_kwh_min"])
            place(s)[t] += [(discharge, 1), (charge, -1)]
            kept = [] if before is None else [(before, -keep)]
            lp.row("=", [(energy, 1), (charge, -hours * s["charge_eff"]), (discharge, hours / s["discharge_eff"])] + kept,
                   keep * s["initial_kwh"] if before is None else 0)
            before = energy
            if "up_kw" in needs:
                share = lp.column(0, None)
                needs["up_kw"][t].append((share, -1))
                lp.row("<", [(share, 1), (discharge, 1), (charge, -1)], s["discharge_kw_max"])
                lp.row("<", [(share, lasts / s["discharge_eff"]), (energy, -1)], -s["energy_kwh_min"])
            if "down_kw" in needs:
                share = lp.column(0, None)
                needs["down_kw"][t].append((share, -1))
                lp.row("<", [(share, 1), (charge, 1), (discharge, -1)], s["charge_kw_max"])
                lp.row("<", [(share, lasts * s["charge_eff"]), (energy, 1)], s["energy_kwh_max"])
    for name, rows in needs.items():
        for t, terms in enumerate(rows):
            lp.row("<", terms, -series(reserve[name], steps)[t])
    for shed in p.get("shed", []):
        for t, most in enumerate(series(shed["max_kw"], steps)):
            place(shed)[t].append((lp.column(hours * shed["cost_per_kwh"], most), 1))
    for job in p.get("shiftable", []):
        work = {t: lp.column(0, job["power_kw_max"]) for t in range(job["from"], job["to"])}
        lp.row("=", [(j, hours) for j in work.values()] + [(lp.column(job["unserved_cost_per_kwh"], None), 1)], job["energy_kwh"])
        for t, j in work.items():
            place(job)[t].append((j, -1))
    for z in p["zones"]:
        for t, load in enumerate(series(z["load_kw"], steps)):
            lp.row("=", balance[z["id"]][t], load)
    return lp.solve()


def main():
    expected = json.load(open("expected.json"))
    for name, problem in problems():
        json.dump(problem, open(f"{name}.json", "w"), separators=(",", ":"))
        expected[name] = {"outcome": "solved", "objective": least_cost(problem)}
        print(name, expected[name]["objective"])
    lines = [f' "{name}": ' + json.dumps(answer, separators=(",", ":")) for name, answer in expected.items()]
    open("expected.json", "w").write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
