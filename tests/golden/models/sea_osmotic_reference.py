#!/usr/bin/env python3
"""Figures that stand in sea.csv and osmotic.csv as computed by independent tools: prints their rows.

pip install scipy gsw seawater phreeqpython
"""
import math
import warnings

warnings.simplefilter("ignore")
import gsw
import phreeqpython
import seawater
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import exp1

G = 9.80665


def row(case, figure, tolerance, unit, source):
    print(f"{case},{figure:.9g},{tolerance:.3g},{unit},{source}")


def spectrum(f, hs, tp, gamma):
    b = 1.25 / tp**4
    s = b * (hs / 2) ** 2 * f**-5 * math.exp(-b / f**4)
    sigma = 0.07 if f <= 1 / tp else 0.09
    return s * (1 - 0.287 * math.log(gamma)) * gamma ** math.exp(-((f - 1 / tp) ** 2) / (2 * sigma**2 / tp**2))


def integral(function, tp, cut):
    edges = [0.3, 0.8, 1, 1.2, 2, 4, cut]
    return sum(quad(function, a / tp, b / tp, epsabs=0, epsrel=1e-11, limit=400)[0] for a, b in zip(edges, edges[1:]))


def waves():
    how = "IEC TS 62600-2 form integrated by scipy.integrate.quad"
    for gamma in (1, 3.3):
        m = [integral(lambda f, n=n: f**n * spectrum(f, 2.5, 8, gamma), 8, 10) for n in (-1, 0, 1, 2)]
        row(f"te_{gamma}", m[0] / m[1], 1e-5, "s", how)
        row(f"t1_{gamma}", m[1] / m[2], 1e-5, "s", how)
        row(f"tz_{gamma}", math.sqrt(m[1] / m[3]), 1e-5, "s", how)
        row(f"hm0_{gamma}", 4 * math.sqrt(m[1]), 1e-5, "m", how)
        k2 = (4 * math.pi**2 / G) ** 2
        row(f"slope_{gamma}", math.degrees(math.sqrt(k2 * integral(lambda f: f**4 * spectrum(f, 2.5, 8, gamma), 8, 10))), 1e-4, "deg", "k^2 S to 10 times the peak by scipy.integrate.quad")
    b = 1.25 / 8**4
    row("slope_closed", math.degrees(math.sqrt(k2 * b * 1.25**2 / 4 * exp1(1.25e-4))), 1e-4, "deg", "k^2 S of Pierson-Moskowitz to 10 times the peak: exponential integral by scipy.special.exp1")
    for f, depth in ((0.1, 10), (0.1, 50), (0.05, 20), (0.2, 4)):
        w = 2 * math.pi * f
        k = brentq(lambda k: G * k * math.tanh(k * depth) - w * w, 1e-9, 100, xtol=1e-16, rtol=1e-15)
        row(f"number_{f}_{depth}", k, 1e-9, "rad/m", "omega^2 = g k tanh(k h) by scipy.optimize.brentq")


def platform():
    """The deck's tilt with the share of the slope that platform.h states, and with the line fitted to a cosine."""
    def rao_stated(x):
        return 1 / (1 + x * x / 5 + 4 * x**4 / 175 + x**6 / 200)

    def rao_line(x):
        return (3 * (math.sin(x) - x * math.cos(x)) / x**3) ** 2

    for name, rao, share in (("deck", rao_stated, 1e-4), ("line", rao_line, 0.01)):
        for length, tp, gamma in ((20, 8, 1), (20, 8, 3.3), (60, 10, 1), (120, 12, 1)):
            def density(f):
                k = (2 * math.pi * f) ** 2 / G
                return k * k * rao(k * length / 2) * spectrum(f, 2.5, tp, gamma)
            m0 = integral(lambda f: spectrum(f, 2.5, tp, gamma), tp, 24)
            rms = math.sqrt(integral(density, tp, 24) / (m0 / (2.5 / 4) ** 2))
            row(f"{name}_{length}_{tp}_{gamma}", rms, share * rms, "rad", f"integral of RAO^2 k^2 S ({'the stated RAO' if name == 'deck' else 'straight line fitted to a cosine'}) by scipy.integrate.quad")


def water():
    for s, t in ((35, 25), (0, 5), (35, 5), (10, 20), (40, 30)):
        row(f"density_{s}_{t}", seawater.dens0(s, t), 1e-5, "kg/m3", "EOS-80 in the package seawater 3.3")
    for s, t in ((35, 15), (35, 25), (10, 5), (20, 20), (40, 30), (5, 25), (0.3, 25), (1, 10)):
        c = brentq(lambda c: gsw.SP_from_C(c, t, 0) - s, 0.05 + s / 2, 90, xtol=1e-12) / 10
        row(f"conductivity_{s}_{t}", c, 1e-5 if s > 2 else 2e-3 * c, "S/m", "inverse of gsw.SP_from_C (PSS-78 with Hill's extension)")
    for s, t, d in ((35, 25, 1000), (30, 5, 0), (38, 15, 4000)):
        row(f"sound_teos_{s}_{t}_{d}", gsw.sound_speed(gsw.SA_from_SP(s, gsw.p_from_z(-d, 30), 330, 30), gsw.CT_from_t(gsw.SA_from_SP(s, gsw.p_from_z(-d, 30), 330, 30), t, gsw.p_from_z(-d, 30)), gsw.p_from_z(-d, 30)), 0.5, "m/s", "TEOS-10 (gsw); Mackenzie's equation stands within its own error")


def solutions():
    pp = phreeqpython.PhreeqPython(database="pitzer.dat")
    for t in (5, 25, 40):
        for m in (0.1, 0.6, 1.2, 5):
            s = pp.add_solution({"units": "mol/kgw", "temp": t, "Na": m, "Cl": m, "pH": 7})
            gamma = math.sqrt(s.activity("Na+", units="mol") * s.activity("Cl-", units="mol")) / m
            row(f"gamma_phreeqc_{m}_{t}", gamma, 0.005 * gamma, "1", "PHREEQC 3 with pitzer.dat")
            row(f"volume_phreeqc_{m}_{t}", s.volume, 0.007 * s.volume, "l/kg", "PHREEQC 3 with pitzer.dat")
            if t == 25:  # away from it that database follows the viscosity of water alone
                row(f"kappa_phreeqc_{m}_{t}", s.sc * 1e-4, 0.07 * s.sc * 1e-4, "S/m", "PHREEQC 3 with pitzer.dat")


if __name__ == "__main__":
    import sys
    if "osmotic" in sys.argv:
        solutions()
    else:
        waves()
        platform()
        water()
