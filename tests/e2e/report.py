#!/usr/bin/env python3
"""A report says the same as a page, as JSON, and as lines of CSV. The page is read by parsers that others wrote (expat, and
Python's for HTML); every figure on it is held against the JSON, as written for people and in full; every figure of the JSON
is on it. What can be known otherwise is: the baseline is a run of `static` by itself, the parts of the cost make the cost,
months make the year, bars are as high as their figures. No figure is compared with one of an earlier run.

ctest: parallel
"""

import csv
import html.parser
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree

symgrid = os.environ["SYMGRID"]
failures = []


def check(condition, message):
    if not condition:
        failures.append(message)


def simulate(*words):
    done = subprocess.run([symgrid, "simulate", *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"simulate {' '.join(words)} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def close(a, b, relative=1e-9, absolute=1e-6):
    return math.isclose(a, b, rel_tol=relative, abs_tol=absolute)


def resolve(document, pointer):
    """RFC 6901."""
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


def leaves(document, pointer=""):
    if isinstance(document, dict):
        for key, item in document.items():
            yield from leaves(item, f"{pointer}/{key}")
    elif isinstance(document, list):
        for index, item in enumerate(document):
            yield from leaves(item, f"{pointer}/{index}")
    else:
        yield pointer, document


# ---- reading a page as people do --------------------------------------------------------------------
UNITS = {
    "kWh": 1, "MWh": 1e3, "GWh": 1e6, "TWh": 1e9, "kW": 1, "MW": 1e3, "GW": 1e6, "kg": 1, "t": 1e3,
    "s": 1, "min": 60, "h": 3600, "days": 86400, "%": 0.01, "": 1,
}


def read_back(text, unit):
    """A figure as written: its value in the report's unit, and by how much rounding may have moved it."""
    found = re.fullmatch(r"(\u2212?)([0-9\u202f]+)(?:\.([0-9]+))? ?([A-Za-z%]*)", text)
    if not found:
        return None
    sign, whole, decimals, own = found.groups()
    scale = UNITS[own or unit or ""]
    value = float(whole.replace("\u202f", "") + "." + (decimals or "0")) * scale
    return (-value if sign else value), 0.5000001 * 10.0 ** -len(decimals or "") * scale


class Balanced(html.parser.HTMLParser):
    """The HTML reading of the page: every element that is not void is closed in order."""

    VOID = {"meta", "br"}

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.wrong, self.tags = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> at {self.getpos()}")


def check_shape(page, name):
    reader = Balanced()
    reader.feed(page)
    reader.close()
    check(not reader.wrong and not reader.open, f"{name}: {reader.wrong[:3]} {reader.open[:3]}")
    for tag, attrs in reader.tags:
        check(tag not in ("script", "link", "iframe", "img"), f"{name}: a <{tag}>")
        for key in attrs:
            check(key not in ("src", "href") and not key.startswith("on"), f"{name}: {key} in <{tag}>")
    check("http:" not in page and "https:" not in page and "url(" not in page, f"{name}: asks for something outside")
    check("nan" not in re.findall(r"[a-z]+", re.sub(r"<[^>]*>", " ", page).lower()), f"{name}: a nan")
    return tree.fromstring(page)  # expat: well-formed, or an exception


def check_figures(root, report, name):
    """All figures of the page against the JSON; which pointers there were."""
    seen = set()
    for element in root.iter():
        pointer = element.get("data-json")
        if pointer is None:
            continue
        seen.add(pointer)
        try:
            value = resolve(report, pointer)
        except (KeyError, IndexError, ValueError):
            failures.append(f"{name}: {pointer} is not in the JSON")
            continue
        text = "".join(element.itertext())
        if element.tag == "data":
            check(float(element.get("value")) == value, f"{name}: {pointer} is {element.get('value')}, JSON {value}")
            shown = read_back(text, element.get("data-unit"))
            if shown is None:
                failures.append(f"{name}: {pointer} reads {text!r}")
            else:
                small = abs(value) < 0.0051 * UNITS.get(element.get("data-unit") or "", 1)
                check(
                    abs(shown[0] - value) <= shown[1] + 1e-9 * abs(value) or (shown[0] == 0 and small),
                    f"{name}: {pointer} reads {text!r}, JSON {value}",
                )
        elif element.tag == "span":
            check(value is None and text == "\u2013", f"{name}: {pointer} reads {text!r}, JSON {value}")
        else:
            check(text == str(value), f"{name}: {pointer} reads {text!r}, JSON {value!r}")
    return seen


# Of the JSON only: what stands on the page in other words, in a picture, or as a share.
NOT_SHOWN = re.compile(
    r"/format|/site/.*|/policy|/from|/to|/step_s|/assumptions/.*|/metrics/(demand|throughput)_kwh|"
    r"/metrics/forecast/[^/]+/persistence_mae_kw|/metrics/baseline/(load_kwh|downtime_s|overload_s)|"
    r"/metrics/(saving|carbon_saving_kg)|/metrics/stores/[^/]+/(energy_mean_kwh|level_time_frac/\d)|"
    r"/months/\d+/(unserved_kwh|losses_kwh|(baseline_)?cost|(baseline_)?carbon_kg|sources/[^/]+/energy_in_kwh)|"
    r"/limits/\d+/(kind|id|beyond_s)|/days/\d+/(day|why|load_kwh|generation_kwh)|"
    r"/regulation/(correlation|delay|precision|up_kwh|down_kwh)"
)
OF_ONE_MONTH = re.compile(r"/months/0/(?!self_funding).*")  # they are those of the whole


def check_page(words, name, size_max=400_000):
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "page.html")
        report = json.loads(simulate(*words, "--json", "--report", path))
        with open(path, encoding="utf-8") as file:
            page = file.read()
    check(len(page.encode()) < size_max, f"{name}: {len(page.encode())} bytes")
    root = check_shape(page, name)
    seen = check_figures(root, report, name)
    known = {pointer for pointer, value in leaves(report) if value is not None}
    left_out = {p for p in known if NOT_SHOWN.fullmatch(p) or len(report["months"]) == 1 and OF_ONE_MONTH.fullmatch(p)}
    if report["metrics"]["baseline_cost"] is None:
        left_out |= {p for p in known if "/self_funding/" in p}  # it is about the difference
    missing = sorted(known - seen - left_out)
    check(not missing, f"{name}: not on the page: {missing[:8]}")
    words_of_page = " ".join("".join(root.itertext()).split())
    for row in report["assumptions"]:
        check(" ".join(row["what"].split()) in words_of_page, f"{name}: no assumption {row}")
    return report, root, seen


# ---- what must be so --------------------------------------------------------------------------------
def check_sums(report, name):
    m = report["metrics"]
    cost = sum(m[k] for k in ("import_cost", "demand_charge_cost", "fuel_cost", "wear_cost", "unserved_cost"))
    cost -= m["revenue"]["export"] + m["inventory_credit"]
    check(close(cost, m["cost"]), f"{name}: the parts of the cost make {cost}, not {m['cost']}")
    for key, whole in (("cost", m["cost"]), ("carbon_kg", m["carbon_kg"]), ("import_kwh", m["import_kwh"])):
        parts = sum(month[key] for month in report["months"])
        check(close(parts, whole, 1e-7), f"{name}: months' {key} make {parts}, not {whole}")
    wear = sum(store["wear_cost"] for store in m["stores"].values())
    check(close(wear, m["wear_cost"], 1e-6, 1e-3), f"{name}: wear by store is {wear}, not {m['wear_cost']}")
    for id, store in m["stores"].items():
        check(close(sum(store["level_time_frac"]), 1), f"{name}: {id} was not somewhere all the time")
        for end in ("energy_last_kwh", "energy_mean_kwh"):
            inside = store["energy_least_kwh"] - 1e-6 <= store[end] <= store["energy_most_kwh"] + 1e-6
            check(inside, f"{name}: {id} {end} is not between the least and the most")
    for limit in report["limits"]:
        if limit["used_frac"] is not None:
            used = limit["most_kw"] / limit["limit_kw"]
            check(close(limit["used_frac"], used), f"{name}: {limit}")


def check_baseline(words, report, name):
    """The baseline is what `static` comes to by itself."""
    alone = json.loads(simulate(*words, "--policy", "static", "--json"))["metrics"]
    m = report["metrics"]
    for key, value in m["baseline"].items():
        other = alone["revenue"]["export"] if key == "export_revenue" else alone[key]
        check(close(value, other), f"{name}: baseline {key} is {value}, a static run has {other}")
    check(close(m["baseline_cost"], alone["cost"]), f"{name}: baseline_cost")
    check(close(m["saving"], alone["cost"] - m["cost"]), f"{name}: saving")
    check(close(m["carbon_saving_kg"], alone["carbon_kg"] - m["carbon_kg"]), f"{name}: carbon_saving_kg")


def bars_of(root, title):
    """Heights of the bars of a figure by their class, from left to right."""
    for figure in root.iter("figure"):
        if figure.find("figcaption/b").text == title:
            heights = {}
            for group in figure.find("svg").findall("g"):
                for rect in group.findall("rect"):
                    heights.setdefault(group.get("class"), []).append(float(rect.get("height")))
            return heights
    failures.append(f"no figure {title!r}")
    return {}


def check_bars(root, report):
    """One scale for the whole picture, and it is the figures'."""
    months = report["months"]
    energy = bars_of(root, "Energy by month: local sources and import")
    pairs = list(zip(energy["grid"], (m["import_kwh"] for m in months)))
    source = next(iter(months[0]["sources"]))
    pairs += list(zip(energy["source"], (m["sources"][source]["energy_out_kwh"] for m in months)))
    scale = max(h for h, _ in pairs) / max(v for _, v in pairs)
    for height, value in pairs:
        check(abs(height - value * scale) < 0.3, f"a bar of {value} kWh is {height} px high at {scale} px/kWh")
    cost = bars_of(root, "Cost by month")
    pairs = list(zip(cost["store"], (m["cost"] for m in months)))
    pairs += list(zip(cost["loss"], (m["baseline_cost"] for m in months)))
    scale = max(h for h, _ in pairs) / max(v for _, v in pairs)
    for height, value in pairs:
        check(abs(height - abs(value) * scale) < 0.3, f"a bar of {value} is {height} px high at {scale} px")


def check_year():
    words = ["sites/floating.maml.md", "--from", "2023-01-01", "--for", "365d"]
    report, root, seen = check_page(words, "year")
    check_sums(report, "year")
    check_baseline(words, report, "year")
    check_bars(root, report)
    check(len(report["months"]) == 13 and len(seen) > 250, f"year: {len(report['months'])} months, {len(seen)} figures")
    days = {day["why"]: day for day in report["days"]}
    # at steps of a quarter hour the meter's highest quarter hour is the day's highest bin and the connection's most
    check(close(days["highest import"]["peak_kw"], report["metrics"]["peak_kw"], 1e-6), "year: the day of the peak")
    import_limit = next(limit for limit in report["limits"] if limit["kind"] == "import")
    check(close(import_limit["most_kw"], report["metrics"]["peak_kw"], 1e-6), "year: the most imported")
    check("365 days" in report["result"] and report["result"].endswith("every limit was kept."), report["result"])
    saved = read_back(re.search(r", ([0-9.\u202f]+) EUR \(", report["result"]).group(1), "")
    check(abs(saved[0] - report["metrics"]["saving"]) <= saved[1], report["result"])


def check_csv_and_json():
    words = ["sites/hall.maml.md", "--from", "2023-06-30", "--for", "2d"]
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "lines.CSV")
        report = json.loads(simulate(*words, "--json", "--report", path))
        with open(path, newline="", encoding="utf-8") as file:
            lines = list(csv.reader(file))
        path = os.path.join(scratch, "report.json")
        printed = json.loads(simulate(*words, "--json", "--report", path))
        with open(path, encoding="utf-8") as file:
            check(json.load(file) == printed, "FILE.json is not what --json prints")
    check(lines[0] == ["period", "figure", "value"], f"CSV begins with {lines[0]}")
    wanted = []
    for pointer, value in leaves(report):
        parts, period = pointer.split("/")[1:], "all"
        if parts[0] == "months":
            period = report["months"][int(parts[1])]["month"]
            parts = parts[2:]
            if parts == ["month"]:
                continue
        elif parts[0] == "metrics":
            parts = parts[1:]
        wanted.append((period, ".".join(parts), value))
    check(len(wanted) == len(lines) - 1 > 150, f"{len(lines) - 1} lines of CSV for {len(wanted)} values")
    for (period, figure, value), line in zip(wanted, lines[1:]):
        same = line[:2] == [period, figure]
        if isinstance(value, (int, float)):
            same = same and float(line[2]) == value
        else:
            same = same and line[2] == ("" if value is None else value)
        check(same, f"CSV has {line}, JSON {period} {figure} {value!r}")


def check_trace():
    """Means over time make the energies, charges end where the stores end."""
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "trace.csv")
        words = ["sites/floating.maml.md", "--from", "2023-06-01", "--for", "3d", "--json", "--trace", path]
        metrics = json.loads(simulate(*words))["metrics"]
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    check(len(rows) == 3 * 96 and rows[1]["time"] == "2023-06-01T00:15:00Z", f"trace: {len(rows)} rows")
    sums = {"load_kw": metrics["load_kwh"], "generation_kw": sum(metrics["energy_kwh"].values()),
            "import_kw": metrics["import_kwh"], "export_kw": metrics["export_kwh"]}
    for column, energy in sums.items():
        total = sum(float(row[column]) for row in rows) / 4
        check(close(total, energy, 1e-7), f"trace: {column} makes {total} kWh, the report {energy}")
    for id, store in metrics["stores"].items():
        check(close(float(rows[-1][id + "_kwh"]), store["energy_last_kwh"]), f"trace: {id} at the end")
        least = min(float(row[id + "_kwh"]) for row in rows)
        check(close(least, store["energy_least_kwh"]), f"trace: {id} held {least} at least, {store}")


def check_command():
    """The command on the page is one that a shell takes."""
    with tempfile.TemporaryDirectory(suffix=" it's") as scratch:
        path = os.path.join(scratch, "a page.json")
        simulate("sites/hall.maml.md", "--from=2023-06-01", "--for", "1d", "--report", path)
        with open(path, encoding="utf-8") as file:
            first = json.load(file)
        os.remove(path)
        command = first["reproduce"]["command"].replace("symgrid", f"'{symgrid}'", 1)
        subprocess.run(["sh", "-c", command], check=True, capture_output=True)
        with open(path, encoding="utf-8") as file:
            again = json.load(file)
    first["metrics"].pop("wall_s")
    again["metrics"].pop("wall_s")
    check(first == again, "the command of a report does not reproduce it")


def check_endings():
    for name in ("page.pdf", "page", ".html"):
        done = subprocess.run(
            [symgrid, "simulate", "sites/hall.maml.md", "--for", "1h", "--report", name],
            capture_output=True, text=True, check=False,
        )
        last = done.stderr.splitlines()[-1:]
        check(done.returncode == 2 and last and ".html, .json or .csv" in last[0], f"--report {name}: {last}")
        check(not os.path.exists(name), f"{name} was written")


def check_others():
    """Other shapes: no baseline (dashes), minutes, a signal that is followed, a household without export limits."""
    for name, words in {
        "no baseline": ["sites/floating.maml.md", "--from", "2023-06-01", "--for", "3d", "--no-baseline"],
        "static": ["sites/hall.maml.md", "--from", "2023-06-01", "--for", "1d", "--policy", "static"],
        "minutes": ["sites/hall.maml.md", "--from", "2023-06-01", "--for", "30min", "--step", "1s"],
        "regulation": ["sites/regulation.maml.md", "--from", "2020-07-17", "--for", "20min", "--step", "1s"],
        "household": ["sites/household.maml.md", "--for", "40d", "--policy", "mpc"],
    }.items():
        report, _, _ = check_page(words, name)
        check_sums(report, name)
        check(("regulation" in report) == (name == "regulation"), f"{name}: a signal was followed?")
        if name == "no baseline":
            check(report["metrics"]["saving"] is None, "no baseline, but a saving")


def main():
    # the reader can fail
    check(read_back("12.3 MWh", None) == (12300.0, 0.5000001 * 100), "read_back")
    check(read_back("\u22121\u202f234.50", None)[0] == -1234.5 and read_back("about 3", None) is None, "read_back")
    check_year()
    check_csv_and_json()
    check_trace()
    check_command()
    check_endings()
    check_others()
    for line in failures[:40]:
        print("FAILED:", line)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
