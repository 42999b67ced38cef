"""Random dispatch problems with zones: `symgrid plan` against HiGHS by tests/golden/plan/zones_reference.py, and HiGHS behind
`symgrid plan --solver highs` (the shared library in the highsbox wheel) against both.
"""
import json
import os
import random
import subprocess
import sys

import highsbox

sys.path += [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden", "plan")]
from zones_reference import least_cost  # noqa: E402
from dispatch_highs import objective_by_highs, random_problem  # noqa: E402

LIBRARY = os.path.join(highsbox.highs_lib_dir(), "libhighs.so")


def zoned_problem(seed):
    """The random problem of dispatch_highs.py with its parts spread over zones, on a tree of links and some more."""
    r = random.Random(10_000 + seed)
    p = random_problem(seed)
    names = [f"z{i}" for i in range(r.randint(2, 6))]
    shares = [[r.random() for _ in names] for _ in range(p["steps"])]
    load = p.pop("load_kw")
    p["zones"] = [{"id": z, "load_kw": [round(v * s[i] / sum(s), 3) for v, s in zip(load, shares)]} for i, z in enumerate(names)]
    ends = [(names[i], names[r.randrange(i)]) for i in range(1, len(names))] + [r.sample(names, 2) for _ in range(r.randint(0, 2))]
    p["links"] = []
    for i, (a, b) in enumerate(ends):
        link = {"id": f"l{i}", "from": a, "to": b}
        link.update({key: r.choice([150, 400, 900]) for key in ("forward_kw_max", "back_kw_max") if r.random() < 0.8})
        if r.random() < 0.7:
            link["loss_frac"] = round(r.uniform(0, 0.15), 3)
        p["links"].append(link)
    for item in p["sources"] + p["stores"] + p["shed"] + p.get("shiftable", []) + [p["grid"]]:
        if r.random() < 0.8:
            item["zone"] = r.choice(names)
    if r.random() < 0.3:
        p["reserve"] = {"up_kw": 60, "down_kw": 40, "duration_s": 900}
    return p


def plan(problem, *options):
    ours = subprocess.run([os.environ["SYMGRID"], "plan", "--problem", "-", "--json", *options], input=json.dumps(problem),
                          capture_output=True, text=True, check=False, env={**os.environ, "SYMGRID_HIGHS_LIB": LIBRARY})
    assert ours.stdout, ours.stderr
    return json.loads(ours.stdout)


def main():
    counts, worst = {"solved": 0, "infeasible": 0}, 0.0
    for seed in range(60):
        zoned = seed % 2
        problem = zoned_problem(seed) if zoned else random_problem(seed)
        theirs = least_cost(problem) if zoned else objective_by_highs(problem)
        for solver in ("auto", "highs"):
            answer = plan(problem, "--solver", solver)
            assert answer["solver"].startswith("highs ") == (solver == "highs"), answer["solver"]
            assert answer["outcome"] == ("infeasible" if theirs is None else "solved"), (seed, solver, answer["outcome"])
            counts[answer["outcome"]] += 1
            if theirs is None:
                assert answer["softened"], (seed, solver)
                continue
            gap = abs(answer["objective"] - theirs) / max(1, abs(theirs))
            worst = max(worst, gap, answer["relative_gap"])
            assert gap < 1e-6 and answer["relative_gap"] < 1e-6, (seed, solver, answer["objective"], theirs)
    assert min(counts.values()) > 5, counts
    print(f"ok: {counts['solved']} answers with and without zones, by auto and by libhighs, within {worst:.1e} of HiGHS and of their "
          f"own bound; {counts['infeasible']} infeasible by all")


if __name__ == "__main__":
    sys.exit(main())
