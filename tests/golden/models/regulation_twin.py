#!/usr/bin/env python3
"""The performance score of settle/regulation.h, written a second time from its definition, for the figures in regulation.csv.

usage: tests/golden/models/regulation_twin.py        (from the source root) prints the rows of the measured days
"""
import csv
import math

WINDOW = 30


def mean(v):
    return sum(v) / len(v)


def correlation(a, b):
    ma, mb = mean(a), mean(b)
    sab = sum((x - ma) * (y - mb) for x, y in zip(a, b))
    saa = sum((x - ma) ** 2 for x in a)
    sbb = sum((y - mb) ** 2 for y in b)
    return sab / math.sqrt(saa * sbb) if saa > 1e-18 and sbb > 1e-18 else 0.0


def slope(v):
    t = [i / (len(v) - 1) for i in range(len(v))]
    mt, mv = mean(t), mean(v)
    return sum((x - mt) * (y - mv) for x, y in zip(t, v)) / sum((x - mt) ** 2 for x in t)


def window(x, y):
    """x: 30 samples of the signal; y: 60 of the response, from the same one on."""
    size = mean([abs(v) for v in x])
    miss = mean([abs(q - p) for p, q in zip(x, y)])
    precision = max(0.0, 1 - miss / size) if size > 0 else float(miss == 0)
    m = mean(x)
    if math.sqrt(mean([(v - m) ** 2 for v in x])) < 0.01:
        return max(0.0, 1 - abs(slope(x) - slope(y[:WINDOW]))), 1.0, precision
    best, lag = 0.0, WINDOW
    for shift in range(WINDOW + 1):
        r = correlation(x, y[shift:shift + WINDOW])
        if r > best + 1e-12:
            best, lag = r, shift
    return best, abs(10 * lag - 300) / 300, precision


def score(x, y):
    parts = [window(x[a:a + WINDOW], y[a:a + 2 * WINDOW])
             for a in range(0, len(x) - 2 * WINDOW + 1, WINDOW)]
    three = [mean([p[i] for p in parts]) for i in range(3)]
    return three + [sum(three) / 3]


def main():
    with open("data/pjm_regulation/regd_2020-07-17_and_22.csv") as file:
        signal = [float(row["regd"]) for row in csv.DictReader(file)]
    for day, first in (("july17", 0), ("july22", 43200)):
        x = signal[first:first + 43200:5]
        lagged, y = [], 0.0
        for v in x:
            y += (v - y) * (1 - math.exp(-10 / 30))
            lagged.append(y)
        cases = {"as_asked": x,
                 "ten_seconds_late": [x[0]] + x[:-1],
                 "lag_30s": lagged,
                 "four_fifths": [0.8 * v for v in x],
                 "half_power": [max(-0.5, min(0.5, v)) for v in x],
                 "offset": [v - 0.1 for v in x],
                 "against": [-v for v in x]}
        for name, y in cases.items():
            for part, value in zip(("correlation", "delay", "precision", "score"), score(x, y)):
                print(f"{day}_{name}_{part},{value:.9f},1e-8,-,"
                      "regulation_twin.py on PJM RegD of that day of 2020")


if __name__ == "__main__":
    main()
