#!/usr/bin/env python3
"""gru_reference.py - states of a gated recurrent unit over a few steps, in double precision, for tests/golden/gru_states.csv.

Written from equations 5 to 8 of Cho et al., Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine
Translation, EMNLP 2014, number by number and without any library. Weights and inputs are small fractions, exact in single precision.

usage: tools/gru_reference.py >tests/golden/gru_states.csv
"""
from math import exp

INPUTS, UNITS, LANES, STEPS = 8, 16, 8, 4


def weight(gate, unit, column):
    return ((gate * 311 + unit * 97 + column * 57 + 13) * 37 % 129 - 64) / 128


def entry(step, column, lane):
    return ((step * 71 + column * 29 + lane * 17 + 5) * 53 % 257 - 128) / 64


def sigmoid(a):
    return 1 / (1 + exp(-a))


def tanh(a):
    return (exp(a) - exp(-a)) / (exp(a) + exp(-a))


def total(gate, unit, x, h):
    return sum(weight(gate, unit, i) * x[i] for i in range(INPUTS)) + sum(
        weight(gate, unit, INPUTS + i) * h[i] for i in range(UNITS))


def step(x, h):
    update = [sigmoid(total(0, j, x, h)) for j in range(UNITS)]
    reset = [sigmoid(total(1, j, x, h)) for j in range(UNITS)]
    seen = [reset[j] * h[j] for j in range(UNITS)]
    candidate = [tanh(total(2, j, x, seen)) for j in range(UNITS)]
    return [update[j] * h[j] + (1 - update[j]) * candidate[j] for j in range(UNITS)]


print("# made by tools/gru_reference.py from Cho et al., EMNLP 2014, equations 5 to 8; double precision")
print("step,lane," + ",".join(f"h{j}" for j in range(UNITS)))
for lane in range(LANES):
    h = [0.0] * UNITS
    for t in range(STEPS):
        h = step([entry(t, i, lane) for i in range(INPUTS)], h)
        print(f"{t},{lane}," + ",".join(f"{value:.12f}" for value in h))
