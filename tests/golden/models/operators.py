"""The figures of operators.csv, from the study's own program text.

Takes the Python blocks out of tests/golden/source/pi0-qten.md, runs them as they stand, and prints what they give for the
cases of test_operators.c. What the study states only as a formula is evaluated here with numpy.

usage (from the source root, with numpy): python3 tests/golden/models/operators.py > tests/golden/models/operators.csv
"""
import math
import re

import numpy as np

TEXT = open("tests/golden/source/pi0-qten.md", encoding="utf-8").read()
STUDY = {"math": math, "np": np}
for block in re.findall(r"```python\n(.*?)```", TEXT, re.S):
    exec(block, STUDY)  # the study's own classes, as printed

HBAR = 6.62607015e-34 / (2 * math.pi)


def row(case, figure, unit, source):
    # the same formula by another libm may differ in the last place
    print(f"{case},{figure:.17g},{abs(figure) * 1e-14:.1e},{unit},Pi0-QTEN {source}")


print("case,figure,tolerance,unit,source")

for difference in (0, 0.5, 1, 5, 24, 150):
    for quantum in (True, False):
        made = STUDY["QuantumTemporalEnergyTransferOperator"](3, 3 + difference, 1000.0, quantum)
        got = made.execute_transfer()
        name = f"transfer_{difference:g}_{'on' if quantum else 'off'}"
        row(f"{name}_efficiency", got["efficiency"], "1", "7.1 run as printed")
        row(f"{name}_energy", got["transferred_energy"], "J", "7.1 run as printed")

ledger = STUDY["MultiDimensionalStorageOperator"]()
NAMES = list(ledger.dimensions)
row("total", ledger.calculate_total_capacity(), "J", "7.2 run as printed")
weights = {name: 0.25 * (i + 1) for i, name in enumerate(NAMES)}
row("total_weighted", ledger.calculate_total_capacity(weights), "J", "7.2 run as printed")
# a walk over all dimensions: store some, store more than fits, take some, take more than there is
for i, name in enumerate(NAMES):
    for j, (amount, store) in enumerate(((300.5, True), (1e4, True), (123.25, False), (1e4, False))):
        case = f"ledger_{i}_{j}"
        if store:
            got = ledger.store_energy(name, amount)
            row(f"{case}_moved", got["actual_stored"], "J", "7.2 run as printed")
            row(f"{case}_rest", got["excess"], "J", "7.2 run as printed")
        else:
            got = ledger.retrieve_energy(name, amount)
            row(f"{case}_moved", got["actual_retrieved"], "J", "7.2 run as printed")
            row(f"{case}_rest", got["shortfall"], "J", "7.2 run as printed")
        row(f"{case}_level", got["new_level"], "J", "7.2 run as printed")

for difference, factor in ((0, 1.0), (7, 1.0), (-12, 0.8), (3, 1.2)):
    row(f"shift_{difference}_{factor:g}", 500.0 * 0.95 * np.exp(-0.01 * abs(difference)) * factor, "J",
        "equation 1.3 by numpy")

row("conduit_plain", np.prod([0.97, 1.0, 0.98, 0.9, 0.95]), "1", "equation 2.2 by numpy")
row("conduit_quantum", np.prod([0.99, 1.1, 1.0, 0.98, 1.0]), "1", "equation 2.2 by numpy")

capacity = np.array([1000.0, 2000, 1500, 3000, 500, 2000, 1000])
eta = np.array([0.92, 0.85, 0.88, 0.75, 0.99, 0.95, 0.97])
weight = np.array([1.0, 0.5, 1, 0.25, 0, 2, 1])
coupling = np.array([1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
row("capacity", np.sum(weight * capacity * eta * coupling), "J", "equation 1.2 by numpy")

row("sync_1_joule", HBAR / 2, "s", "equation 2.3")
row("sync_1_ev", HBAR / (2 * 1.602176634e-19), "s", "equation 2.3")

# 1.1 over 41 instants and 25 cells: trapezoids in time, one value a cell
time = np.linspace(0, 10, 41) ** 1.5
x = (np.arange(25) + 0.5) / 25
volume = 0.5 + x
density = 1000 * (1 + x[None, :]) * np.exp(-time[:, None] / 20)
state = np.cos(x[None, :]) ** 2 + 0 * time[:, None]
efficiency = 0.9 - 0.01 * time[:, None] * x[None, :]
power = np.sum(density * state * efficiency * volume[None, :], axis=1)
row("potential", np.trapezoid(power, time), "J", "equation 1.1 by numpy")

# 7.3: prices, costs and efficiencies by plain arithmetic, so that any program has the same doubles
ARBITRAGE = {  # periods, prices, cost, efficiency, most per period, available
    "day": (6, lambda i: 0.1 + 0.05 * ((i * 7) % 5), lambda i, j: 0.01 * abs(i - j), lambda i, j: 0.95 - 0.02 * abs(i - j), 10, 2.5),
    "ties": (4, lambda i: 0.25 * (i % 2), lambda i, j: 0.0, lambda i, j: 0.75, 4, 1.25),
    "plenty": (5, lambda i: (i * i) % 7 - 1.0, lambda i, j: 0.125 * j, lambda i, j: 0.5 + 0.25 * ((i + j) % 4), 3, 100),
}
for name, (n, price, cost, efficiency, most, available) in ARBITRAGE.items():
    made = STUDY["EnergyArbitrageOperator"](list(range(n)), [price(i) for i in range(n)],
                                            np.array([[cost(i, j) for j in range(n)] for i in range(n)]),
                                            np.array([[efficiency(i, j) for j in range(n)] for i in range(n)]))
    matrix = made.calculate_optimal_arbitrage(most)
    plan = made.execute_arbitrage_plan(matrix, available)
    for i in range(n):
        for j in range(n):
            row(f"arbitrage_{name}_{i}_{j}", matrix[i, j], "1", "7.3 run as printed")
            row(f"arbitrage_{name}_{i}_{j}_energy", plan["energy_allocation"][i, j], "1", "7.3 run as printed")
    row(f"arbitrage_{name}_profit", plan["total_profit"], "1", "7.3 run as printed")
    row(f"arbitrage_{name}_remaining", plan["remaining_energy"], "1", "7.3 run as printed")
