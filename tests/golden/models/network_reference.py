#!/usr/bin/env python3
"""Reference voltages for tests/golden/test_network.c, from solvers that others wrote.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install pandapower==3.5.6 power-grid-model==1.12.110
    /tmp/venv/bin/python tests/golden/models/network_reference.py

Reads network_feeders.csv (two published feeders), draws radial networks at random, solves all with pandapower
(Newton-Raphson), those without transformers with power-grid-model as well, and writes network_random.csv and the
feeders' figures. Volts and watts are three-phase, resistances of a phase; the last network is direct current: no reactance.
"""
import csv
import math
import os
import random

import numpy
import pandapower
import power_grid_model as pgm

HERE = os.path.dirname(os.path.abspath(__file__))


def solve_pandapower(nodes, nominal_v, source_pu):
    net = pandapower.create_empty_network(sn_mva=1)
    for v in nominal_v:
        pandapower.create_bus(net, vn_kv=v / 1e3)
    pandapower.create_ext_grid(net, 0, vm_pu=source_pu)
    for i, n in enumerate(nodes):
        if i > 0 and n["ratio"] == 1:
            pandapower.create_line_from_parameters(net, n["parent"], i, 1, n["r"], n["x"], 0, 10)
        elif i > 0:
            # a winding ratio of its own, its impedance given at the low-voltage side
            high_v, rated_va = nominal_v[n["parent"]], 1e6
            low_v = n["ratio"] * high_v
            base = low_v**2 / rated_va
            pandapower.create_transformer_from_parameters(
                net, n["parent"], i, 1, high_v / 1e3, low_v / 1e3, 100 * n["r"] / base,
                100 * math.hypot(n["r"], n["x"]) / base, 0, 0)
        pandapower.create_load(net, i, n["p"] / 1e6, n["q"] / 1e6,
                               const_z_p_percent=100 * n["share_z"], const_z_q_percent=100 * n["share_z"],
                               const_i_p_percent=100 * n["share_i"], const_i_q_percent=100 * n["share_i"])
        if n["g"] or n["b"]:
            square = nominal_v[i] ** 2 / 1e6
            pandapower.create_shunt(net, i, -n["b"] * square, n["g"] * square)
    pandapower.runpp(net, tolerance_mva=1e-9, max_iteration=100, numba=False, trafo_model="pi",
                     init="flat")
    loss_w = 1e6 * (net.res_line.pl_mw.sum() + net.res_trafo.pl_mw.sum())
    v = net.res_bus.vm_pu.values * numpy.exp(1j * numpy.radians(net.res_bus.va_degree.values))
    return v, loss_w, 1e6 * net.res_ext_grid.p_mw.sum(), 1e6 * net.res_ext_grid.q_mvar.sum()


def solve_pgm(nodes, nominal_v, source_pu):
    count = len(nodes)
    node = pgm.initialize_array("input", "node", count)
    node["id"], node["u_rated"] = range(count), nominal_v
    line = pgm.initialize_array("input", "line", count - 1)
    line["id"] = range(count, 2 * count - 1)
    line["from_node"] = [n["parent"] for n in nodes[1:]]
    line["to_node"] = range(1, count)
    line["from_status"] = line["to_status"] = 1
    line["r1"], line["x1"] = [n["r"] for n in nodes[1:]], [n["x"] for n in nodes[1:]]
    line["c1"] = line["tan1"] = 0
    line["i_n"] = 1e4
    source = pgm.initialize_array("input", "source", 1)
    source["id"], source["node"], source["status"], source["u_ref"] = 10 * count, 0, 1, source_pu
    source["sk"] = 1e30
    load = pgm.initialize_array("input", "sym_load", 3 * count)
    load["id"] = range(3 * count, 6 * count)
    load["status"] = 1
    kinds = [pgm.LoadGenType.const_power, pgm.LoadGenType.const_current, pgm.LoadGenType.const_impedance]
    for i, n in enumerate(nodes):
        for k, part in enumerate([1 - n["share_i"] - n["share_z"], n["share_i"], n["share_z"]]):
            load[3 * i + k]["node"], load[3 * i + k]["type"] = i, kinds[k]
            load[3 * i + k]["p_specified"], load[3 * i + k]["q_specified"] = part * n["p"], part * n["q"]
    shunt = pgm.initialize_array("input", "shunt", count)
    shunt["id"], shunt["node"], shunt["status"] = range(7 * count, 8 * count), range(count), 1
    shunt["g1"], shunt["b1"] = [n["g"] for n in nodes], [n["b"] for n in nodes]
    data = {"node": node, "line": line, "source": source, "sym_load": load, "shunt": shunt}
    out = pgm.PowerGridModel(data).calculate_power_flow(error_tolerance=1e-12, max_iterations=100)
    return out["node"]["u_pu"] * numpy.exp(1j * out["node"]["u_angle"]), out["source"]["p"][0]


def draw(seed, count, drop, zip_loads=False, shunts=False, transformers=False, direct=False):
    """A random tree whose loads are scaled until the deepest drop is as asked."""
    r = random.Random(seed)
    nodes, nominal_v = [], []
    for i in range(count):
        parent = -1 if i == 0 else r.choice([i - 1, r.randrange(max(0, i - 12), i)])
        ohm = r.uniform(0.05, 0.6)
        n = dict(parent=parent, r=ohm, x=0 if direct else ohm * r.uniform(0.3, 1.5), ratio=1, g=0, b=0,
                 share_i=0, share_z=0, p=r.uniform(5e3, 1e5), q=0)
        nominal_v.append(12660 if i == 0 else nominal_v[parent])
        if transformers and i % 9 == 5 and nominal_v[i] == 12660:
            nominal_v[i] = 400
            n["ratio"] = 400 / 12660 * r.uniform(0.97, 1.04)
            n["p"] *= 0.3
        if nominal_v[i] == 400:
            n["r"] *= 1e-3
            n["x"] *= 1e-3
        if not direct:
            n["q"] = n["p"] * r.uniform(-0.2, 0.7)
        if r.random() < 0.1:
            n["p"] = -n["p"]  # generates
        if zip_loads:
            n["share_i"], n["share_z"] = r.uniform(0, 0.5), r.uniform(0, 0.5)
        if shunts and r.random() < 0.2:
            n["g"], n["b"] = r.uniform(0, 1e-4), r.uniform(-1e-4, 4e-4)
        nodes.append(n)
    for _ in range(8):
        v = solve_pandapower(nodes, nominal_v, 1.0)[0]
        scale = min(4, drop / max(1e-9, 1 - min(abs(v))))
        for n in nodes:
            n["p"], n["q"] = n["p"] * scale, n["q"] * scale
    for n in nodes:
        for key in n:
            if key != "parent":
                n[key] = float("%.9g" % n[key])
    return nodes, nominal_v


def as_nodes(rows):
    return [dict(parent=int(row["parent"]) - 1 if int(row["parent"]) else -1, r=float(row["r_ohm"]),
                 x=float(row["x_ohm"]), ratio=1, g=0, b=0, share_i=0, share_z=0, p=1e3 * float(row["p_kw"]),
                 q=1e3 * float(row["q_kvar"])) for row in rows]


def main():
    with open(f"{HERE}/network_feeders.csv", encoding="ascii") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    for feeder in ("case33bw", "case69"):
        nodes = as_nodes([row for row in rows if row["feeder"] == feeder])
        nominal = [12660.0] * len(nodes)
        v, loss_w, p, q = solve_pandapower(nodes, nominal, 1.0)
        other = solve_pgm(nodes, nominal, 1.0)[0]
        print(f"{feeder}: loss {loss_w / 1e3:.6f} kW, source {p / 1e3:.6f} kW {q / 1e3:.6f} kvar, lowest "
              f"{min(abs(v)):.8f} at bus {1 + numpy.argmin(abs(v))}; power-grid-model {max(abs(v - other)):.1e} off")
    cases = [("power", draw(1, 40, 0.06), 1.0), ("heavy", draw(2, 40, 0.22), 1.0),
             ("zip", draw(3, 40, 0.08, zip_loads=True), 1.02),
             ("shunts", draw(4, 40, 0.08, zip_loads=True, shunts=True), 0.98),
             ("ratios", draw(5, 40, 0.07, transformers=True), 1.0),
             ("direct", draw(6, 40, 0.07, zip_loads=True, direct=True), 1.0)]
    with open(f"{HERE}/network_random.csv", "w", encoding="ascii") as file:
        file.write("network,parent,r_ohm,x_ohm,ratio,g_s,b_s,current_share,impedance_share,p_w,q_var,nominal_v,re_pu,"
                   "im_pu\n")
        for name, (nodes, nominal), source_pu in cases:
            v, loss_w, p, q = solve_pandapower(nodes, nominal, source_pu)
            if all(n["ratio"] == 1 for n in nodes):
                # pandapower's figure takes a load at the source bus at nominal voltage
                other, p = solve_pgm(nodes, nominal, source_pu)
                print(f"{name}: power-grid-model {max(abs(v - other)):.1e} off", end="; ")
            print(f"{name}: lowest {min(abs(v)):.6f}, loss {loss_w:.4f} W, source {p:.4f} W {q:.4f} var")
            for n, at, volts in zip(nodes, v, nominal):
                file.write(f"{name},{n['parent']},{n['r']:.9g},{n['x']:.9g},{n['ratio']:.9g},{n['g']:.9g},{n['b']:.9g},"
                           f"{n['share_i']:.9g},{n['share_z']:.9g},{n['p']:.9g},{n['q']:.9g},{volts},{at.real:.12f},"
                           f"{at.imag:.12f}\n")


if __name__ == "__main__":
    main()
