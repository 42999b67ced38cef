#!/usr/bin/env python3
"""Forecasts at work in a running site: they begin as the last value and say so, learn from what the site has seen, are scored as truths
come, and go on after a restart; a damaged file costs one line.

    SYMGRID=build/release/symgrid tests/e2e/foresight.py

ctest: serial timeout=300
"""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import _symgrid as sg  # noqa: E402

SITE = os.path.join(sg.ROOT, "sites", "floating.maml.md")
LEADS = ("15min", "1h", "4h", "24h")


def metrics(run):
    status, text = run.get("/metrics")
    sg.require(status == 200, f"/metrics answers ({status})")
    found = {}
    for line in text.splitlines():
        match = re.fullmatch(r"(symgrid_forecast_\w+)(\{[^}]*\})? (\S+)", line)
        if match:
            labels = tuple(sorted(re.findall(r'(\w+)="([^"]*)"', match.group(2) or "")))
            found[match.group(1), labels] = float(match.group(3))
    return found


def of(found, name, **labels):
    return found["symgrid_forecast_" + name, tuple(sorted(labels.items()))]


def speaker(found, series, lead):
    names = [n for n in ("mixture", "online", "persistence") if of(found, "speaker", series=series, lead=lead, speaker=n) == 1]
    sg.require(len(names) == 1, f"one speaks of {series} {lead} ahead: {names}")
    return names[0]


def live_through(data, days):
    """Days of the site as fast as it goes; a new folder begins in June."""
    new = [] if os.path.exists(os.path.join(data, "forecast.state")) else ["--from", "2023-06-10"]
    done = sg.call("run", SITE, "--data", data, "--no-serve", "--speed", "max", "--step", "60s", "--policy", "mpc", "--for", f"{days}d", *new)
    sg.require(done.returncode == 0, f"the run ends well: {done.stderr[-300:]}")
    return done


def watch(data, look):
    run = sg.Run(SITE, data, "--speed", "600", "--step", "1s", "--policy", "mpc").ready()
    try:
        return look(run)
    finally:
        sg.require(run.stop() == 0, "the run ends well")


def young(run):
    found = sg.wait_for("forecasts", lambda: {k: v for k, v in metrics(run).items() if "speaker" in k[0]} and metrics(run))
    sg.check(speaker(found, "load", "24h") == "persistence", "a young site is told the last value again")
    load = run.telemetry()["forecast"]["load"]
    sg.check(load["text"] == "the forecast is the last value again: there is too little history to learn from", "and says why")
    sg.check(of(found, "fits_total", series="load") == 0, "nothing was fitted")


def grown(run):
    def scored():
        found = metrics(run)
        key = "symgrid_forecast_scored_total", (("lead", "24h"), ("series", "load"))
        return found if found.get(key, 0) > 900 else None  # nothing is told before the first look
    found = sg.wait_for("scores", scored, 60)
    sg.check(all(speaker(found, "load", lead) == "mixture" for lead in LEADS), "after twelve days the mixture of models speaks of the load")
    sg.check(of(found, "fits_total", series="load") >= 1, "which was fitted anew after the restart")
    skills = {lead: of(found, "skill", series="load", lead=lead) for lead in LEADS}
    sg.check(skills["1h"] > 0.1 and skills["4h"] > 0.1, f"it is better than the last value ({skills})")
    for series in ("load", "generation", "price", "carbon"):
        for lead in LEADS:
            inside = of(found, "inside_share", series=series, lead=lead)
            sg.require(0.5 < inside <= 1, f"{series} {lead}: {inside} inside the interval")
    sg.check(of(found, "history_seconds", series="load") >= 12 * 86400, "all that was seen is history")
    sg.check(of(found, "error_watts", series="load", lead="1h") > 0, "the error is told in watts")
    forecast = run.telemetry()["forecast"]
    sg.check([lead["lead"] for lead in forecast["price"]["leads"]] == list(LEADS), "the API tells the same leads")
    sg.check(abs(forecast["load"]["leads"][1]["skill_vs_persistence"] - skills["1h"]) < 0.05, "and the same skill")
    lead = forecast["carbon"]["leads"][0]
    sg.check(lead["low_g_per_kwh"] <= lead["mean_g_per_kwh"] <= lead["high_g_per_kwh"], "with intervals around the mean")
    return of(found, "scored_total", series="load", lead="24h")


def test(folder):
    data = os.path.join(folder, "data")
    live_through(data, 0.25)
    watch(data, young)
    live_through(data, 12)
    before = watch(data, grown)
    live_through(data, 0.25)
    after = watch(data, grown)
    sg.check(after >= before, "scores go on over restarts")

    state = os.path.join(data, "forecast.state")
    with open(state, "r+b") as file:
        file.seek(5000)
        file.write(b"\xff\xff\xff")
    done = live_through(data, 0.25)
    lines = [line for line in done.stderr.splitlines() if "forecast.state" in line]
    sg.check(len(lines) == 1 and "without history" in lines[0], f"a damaged file costs one line: {lines}")
    replay = sg.call("replay", data)
    sg.check(replay.returncode == 0 and " 0 of them differ" in replay.stdout, "replay needs no forecasts: plans are inputs")


sg.main(test)
