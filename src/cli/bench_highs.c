/* HiGHS on the planner's programs, in a Python of this machine: module highspy, else SciPy's linprog. The
 * script travels in the program, for an installed one has no source tree beside it. */
#include "base/text.h"
#include "cli/bench_plan.h"
#include "cli/bench_python.h"
#include "plan/program.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The file: six counts (columns, rows, terms, first balance row, steps, rounds), then costs, bounds of
 * columns, bounds of rows, terms as value, row, column, then the loads of each round. Little endian. */
static const char READ_SCRIPT[] =
    "import json, os, sys, time\n"
    "answer = os.fdopen(os.dup(1), \"w\")  # solvers print what they like where they like\n"
    "os.dup2(os.open(os.devnull, os.O_WRONLY), 1)\n"
    "try:\n"
    "    import numpy as np\n"
    "except ImportError:\n"
    "    sys.exit(4)\n"
    "path, repeats, most_s = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])\n"
    "with open(path, \"rb\") as f:\n"
    "    n, m, k, balance, steps, rounds = (int(x) for x in np.fromfile(f, \"<i8\", 6))\n"
    "    cost, low, high = (np.fromfile(f, \"<f8\", n) for _ in range(3))\n"
    "    row_low, row_high = (np.fromfile(f, \"<f8\", m) for _ in range(2))\n"
    "    value, row, column = (np.fromfile(f, t, k) for t in (\"<f8\", \"<i4\", \"<i4\"))\n"
    "    loads = np.fromfile(f, \"<f8\", rounds * steps).reshape(rounds, steps)\n"
    "SOLVED, LIMIT, INFEASIBLE, UNBOUNDED, NUMERIC = range(5)\n"
    "\n"
    "def several(once, most):\n"
    "    began, times = time.perf_counter(), []\n"
    "    while len(times) < most and (not times or time.perf_counter() - began < most_s):\n"
    "        times.append(once())\n"
    "    solve_s, call_s = (float(np.median(t)) for t in zip(*times))\n"
    "    return dict(repeats=len(times), solve_s=solve_s, call_s=call_s)\n";

static const char HIGHSPY_SCRIPT[] =
    "def with_highspy():\n"
    "    import highspy\n"
    "    status = highspy.HighsModelStatus\n"
    "    outcome = {status.kOptimal: SOLVED, status.kTimeLimit: LIMIT,\n"
    "               status.kInfeasible: INFEASIBLE, status.kUnbounded: UNBOUNDED}\n"
    "    order = np.lexsort((row, column))\n"
    "    lp = highspy.HighsLp()\n"
    "    lp.num_col_, lp.num_row_ = n, m\n"
    "    lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, low, high\n"
    "    lp.row_lower_, lp.row_upper_ = row_low, row_high\n"
    "    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise\n"
    "    lp.a_matrix_.start_ = np.searchsorted(column[order], np.arange(n + 1)).astype(\"i4\")\n"
    "    lp.a_matrix_.index_, lp.a_matrix_.value_ = row[order], value[order]\n"
    "\n"
    "    def new(solver):\n"
    "        h = highspy.Highs()\n"
    "        h.setOptionValue(\"output_flag\", False)\n"
    "        h.setOptionValue(\"solver\", solver)\n"
    "        h.setOptionValue(\"threads\", 1)\n"
    "        h.setOptionValue(\"time_limit\", 10 * most_s)\n"
    "        return h\n"
    "\n"
    "    def told(name, h, times):\n"
    "        info = h.getInfo()\n"
    "        turns = max(info.simplex_iteration_count, 0) + max(info.ipm_iteration_count, 0)\n"
    "        return dict(times, solver=\"highs-%s %s\" % (name, h.version()), iterations=turns,\n"
    "                    objective=h.getObjectiveValue(),\n"
    "                    outcome=outcome.get(h.getModelStatus(), NUMERIC))\n"
    "\n"
    "    def cold(name, solver):\n"
    "        last = []\n"
    "        def once():\n"
    "            last[:] = [new(solver)]\n"
    "            began = time.perf_counter()\n"
    "            last[0].passModel(lp)\n"
    "            passed = time.perf_counter()\n"
    "            last[0].run()\n"
    "            done = time.perf_counter()\n"
    "            return done - passed, done - began\n"
    "        times = several(once, repeats)\n"
    "        return told(name, last[0], times)\n"
    "\n"
    "    def again():\n"
    "        h, left = new(\"simplex\"), list(loads)\n"
    "        h.passModel(lp)\n"
    "        h.run()\n"
    "        def once():\n"
    "            for t, load in enumerate(left.pop(0)):\n"
    "                h.changeRowBounds(balance + t, load, load)\n"
    "            began = time.perf_counter()\n"
    "            h.run()\n"
    "            return time.perf_counter() - began, float(\"nan\")\n"
    "        times = several(once, len(left))\n"
    "        return told(\"ds\", h, dict(times, call_s=None))\n"
    "\n"
    "    return [cold(\"ds\", \"simplex\"), cold(\"ipm\", \"ipm\")], again() if rounds else None\n";

static const char SCIPY_SCRIPT[] =
    "def with_scipy():\n"
    "    import scipy\n"
    "    from scipy.optimize import linprog, _linprog_highs\n"
    "    from scipy.sparse import csr_matrix, vstack\n"
    "    inner, spent = _linprog_highs._highs_wrapper, [0.0]\n"
    "    def timed(*args, **named):\n"
    "        began = time.perf_counter()\n"
    "        answer = inner(*args, **named)\n"
    "        spent[0] = time.perf_counter() - began\n"
    "        return answer\n"
    "    _linprog_highs._highs_wrapper = timed\n"
    "    matrix = csr_matrix((value, (row, column)), shape=(m, n))\n"
    "    same = row_low == row_high\n"
    "    above, below = np.isfinite(row_high) & ~same, np.isfinite(row_low) & ~same\n"
    "    asked = dict(A_eq=matrix[same], b_eq=row_low[same],\n"
    "                 A_ub=vstack([matrix[above], -matrix[below]]).tocsr(),\n"
    "                 b_ub=np.concatenate([row_high[above], -row_low[below]]),\n"
    "                 bounds=np.column_stack([low, high]))\n"
    "\n"
    "    limit = dict(time_limit=10 * most_s)\n"
    "    def cold(method):\n"
    "        last = []\n"
    "        def once():\n"
    "            began = time.perf_counter()\n"
    "            last[:] = [linprog(cost, method=method, options=limit, **asked)]\n"
    "            return spent[0], time.perf_counter() - began\n"
    "        times, r = several(once, repeats), last[0]\n"
    "        return dict(times, solver=\"%s scipy %s\" % (method, scipy.__version__),\n"
    "                    objective=None if r.fun is None else float(r.fun), "
    "iterations=int(r.nit),\n"
    "                    outcome=r.status)\n"
    "\n"
    "    return [cold(\"highs-ds\"), cold(\"highs-ipm\")], None\n";

static const char SHIFT_SCRIPT[] =
    "import json, os, sys, time\n"
    "answer = os.fdopen(os.dup(1), \"w\")\n"
    "os.dup2(os.open(os.devnull, os.O_WRONLY), 1)\n"
    "try:\n"
    "    import highspy\n"
    "    import numpy as np\n"
    "except ImportError:\n"
    "    sys.exit(4)\n"
    "path, repeats, most_s = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])\n"
    "status, stands = highspy.HighsModelStatus, highspy.HighsBasisStatus\n"
    "names = [stands.kLower, stands.kUpper, stands.kBasic]\n"
    "outcome = {status.kOptimal: 0, status.kTimeLimit: 1, status.kInfeasible: 2, "
    "status.kUnbounded: 3}\n"
    "\n"
    "def near(bound):\n"
    "    return np.where(np.abs(bound) >= 1e300, np.copysign(np.inf, bound), bound)\n"
    "\n"
    "def standing(stand, low, high):\n"
    "    stand = np.where((stand == 0) & np.isinf(low) & np.isfinite(high), 1, stand)\n"
    "    stand = np.where((stand == 1) & np.isinf(high), 0, stand)\n"
    "    return [names[s] for s in stand]\n"
    "\n"
    "h, took, began = highspy.Highs(), [], time.perf_counter()\n"
    "h.setOptionValue(\"output_flag\", False)\n"
    "h.setOptionValue(\"solver\", \"simplex\")\n"
    "h.setOptionValue(\"threads\", 1)\n"
    "h.setOptionValue(\"time_limit\", 10 * most_s)\n"
    "with open(path, \"rb\") as f:\n"
    "    while not took or time.perf_counter() - began < most_s:\n"
    "        counts = np.fromfile(f, \"<i8\", 3)\n"
    "        if len(counts) < 3:\n"
    "            break\n"
    "        n, m, k = (int(x) for x in counts)\n"
    "        money = float(np.fromfile(f, \"<f8\", 1)[0])\n"
    "        lp = highspy.HighsLp()\n"
    "        lp.num_col_, lp.num_row_ = n, m\n"
    "        lp.col_cost_ = np.fromfile(f, \"<f8\", n)\n"
    "        low, high = (near(np.fromfile(f, \"<f8\", n)) for _ in range(2))\n"
    "        row_low, row_high = (near(np.fromfile(f, \"<f8\", m)) for _ in range(2))\n"
    "        lp.col_lower_, lp.col_upper_ = low, high\n"
    "        lp.row_lower_, lp.row_upper_ = row_low, row_high\n"
    "        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise\n"
    "        lp.a_matrix_.start_ = np.fromfile(f, \"<i4\", n + 1)\n"
    "        lp.a_matrix_.index_ = np.fromfile(f, \"<i4\", k)\n"
    "        lp.a_matrix_.value_ = np.fromfile(f, \"<f8\", k)\n"
    "        stand = np.fromfile(f, \"i1\", n + m)\n"
    "        basis = highspy.HighsBasis()\n"
    "        basis.col_status = standing(stand[:n], low, high)\n"
    "        basis.row_status = standing(stand[n:], row_low, row_high)\n"
    "        basis.valid = True\n"
    "        h.passModel(lp)\n"
    "        h.setBasis(basis)\n"
    "        start = time.perf_counter()\n"
    "        h.run()\n"
    "        took.append(time.perf_counter() - start)\n"
    "json.dump(dict(cold=[dict(repeats=len(took), solve_s=float(np.median(took)), call_s=None,\n"
    "    solver=\"highs-ds \" + h.version(), outcome=outcome.get(h.getModelStatus(), 4),\n"
    "    iterations=max(h.getInfo().simplex_iteration_count, 0),\n"
    "    objective=h.getObjectiveValue() * money)]), answer)\n"
    "answer.flush()\n";

static const char CHOOSE_SCRIPT[] = "for attempt in (with_highspy, with_scipy):\n"
                                    "    try:\n"
                                    "        cold, again = attempt()\n"
                                    "    except ImportError:\n"
                                    "        continue\n"
                                    "    json.dump(dict(cold=cold, again=again), answer)\n"
                                    "    answer.flush()\n"
                                    "    sys.exit(0)\n"
                                    "sys.exit(4)\n";

/* ---- the program as a file -------------------------------------------------------------------- */

static bool put(FILE *file, const void *block, size_t size, size_t count)
{
    return count == 0 || fwrite(block, size, count, file) == count;
}

static bool put_program(FILE *file, const sg_program *program, int rounds)
{
    const sg_lp *lp = &program->lp;
    size_t columns = lp->column_count, rows = lp->row_count, terms = lp->term_count;
    int64_t counts[6] = {(int64_t)columns, (int64_t)rows,           (int64_t)terms,
                         program->balance, program->problem->steps, rounds};
    return put(file, counts, sizeof *counts, 6) &&
           put(file, lp->column_cost, sizeof(double), columns) &&
           put(file, lp->column_lower, sizeof(double), columns) &&
           put(file, lp->column_upper, sizeof(double), columns) &&
           put(file, lp->row_lower, sizeof(double), rows) &&
           put(file, lp->row_upper, sizeof(double), rows) &&
           put(file, lp->term_value, sizeof(double), terms) &&
           put(file, lp->term_row, sizeof(int32_t), terms) &&
           put(file, lp->term_column, sizeof(int32_t), terms);
}

static sg_status write_file(FILE *file, sg_bench_site *site, int rounds)
{
    sg_program program = {0};
    sg_arena scratch = {0};
    sg_status status = sg_program_build(&program, &site->problem, false, &scratch);
    bool written = status == SG_OK && put_program(file, &program, rounds);
    for (int k = 0; written && k < rounds; k++) {
        sg_bench_site_jitter(site, k);
        written = put(file, site->load_kw, sizeof(double), (size_t)site->problem.steps);
    }
    sg_lp_free(&program.lp);
    sg_arena_free(&scratch);
    return status != SG_OK ? status : written && fflush(file) == 0 ? SG_OK : SG_IO;
}

/* Three counts (columns, rows, cells), the unit of money, then costs, bounds of columns and of rows, starts of the columns, rows, values, and where each variable
 * stands. */
bool sg_bench_highs_put(FILE *file, const sg_lp_model *m, const signed char *stand)
{
    size_t columns = (size_t)m->column_count, rows = (size_t)m->row_count;
    size_t cells = (size_t)m->start[columns];
    int64_t counts[3] = {(int64_t)columns, (int64_t)rows, (int64_t)cells};
    double money = m->unit * m->price;
    return put(file, counts, sizeof *counts, 3) && put(file, &money, sizeof money, 1) &&
           put(file, m->cost, sizeof(double), columns) &&
           put(file, m->lower, sizeof(double), columns) &&
           put(file, m->upper, sizeof(double), columns) &&
           put(file, m->row_lower, sizeof(double), rows) &&
           put(file, m->row_upper, sizeof(double), rows) &&
           put(file, m->start, sizeof(int32_t), columns + 1) &&
           put(file, m->index, sizeof(int32_t), cells) &&
           put(file, m->value, sizeof(double), cells) && put(file, stand, 1, columns + rows);
}

/* ---- Python ----------------------------------------------------------------------------------- */

/* The script's answer. SG_UNAVAILABLE where there is no Python, or no HiGHS in it. */
static sg_status run_python(const char *script, const char *file, const sg_bench_effort *effort,
                            sg_out *ret)
{
    char repeats[16], seconds[32];
    const char *words[] = {file, repeats, seconds};
    snprintf(repeats, sizeof repeats, "%d", effort->repeats);
    snprintf(seconds, sizeof seconds, "%.9g", effort->seconds_max);
    return sg_bench_python(script, words, 3, ret);
}

/* ---- the answer ------------------------------------------------------------------------------- */

static double number_or_nan(json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static void take(json_t *object, const sg_dispatch *p, sg_bench_answer *ret)
{
    const char *solver = json_string_value(json_object_get(object, "solver"));
    json_int_t outcome = json_integer_value(json_object_get(object, "outcome"));
    *ret = (sg_bench_answer){
        .repeats = (int)json_integer_value(json_object_get(object, "repeats")),
        .outcome = outcome >= SG_SOLVED && outcome < SG_NUMERIC ? (sg_outcome)outcome : SG_NUMERIC,
        .solve_s = number_or_nan(object, "solve_s"),
        .call_s = number_or_nan(object, "call_s"),
        .objective = number_or_nan(object, "objective") - sg_bench_paid_already(p),
        .iterations = json_integer_value(json_object_get(object, "iterations"))};
    snprintf(ret->solver, sizeof ret->solver, "%s", solver ? solver : "highs");
}

/* Up to `most` cold answers. */
static sg_status take_all(const sg_out *text, const sg_dispatch *p, sg_bench_answer *ret_cold,
                          size_t most, int *ret_count, sg_bench_answer *ret_again)
{
    json_t *root = json_loadb(text->text ? text->text : "", text->length, 0, NULL);
    json_t *cold = json_object_get(root, "cold"), *again = json_object_get(root, "again");
    size_t count = json_array_size(cold);
    for (size_t k = 0; k < count && k < most; k++) {
        take(json_array_get(cold, k), p, &ret_cold[k]);
    }
    *ret_count = (int)(count < most ? count : most);
    if (json_is_object(again)) {
        take(again, p, ret_again);
    }
    json_decref(root);
    return root ? SG_OK : SG_FORMAT;
}

sg_status sg_bench_highs(sg_bench_site *site, const sg_bench_effort *effort, int rounds,
                         sg_bench_answer ret_cold[SG_BENCH_HIGHS_MAX], int *ret_count,
                         sg_bench_answer *ret_again)
{
    char path[] = "/tmp/symgrid-bench-XXXXXX";
    sg_out script = {0}, answer = {0};
    *ret_count = 0;
    *ret_again = (sg_bench_answer){0};
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "wb") : NULL;
    if (!file) {
        return SG_IO;
    }
    sg_out_text(&script, READ_SCRIPT);
    sg_out_text(&script, HIGHSPY_SCRIPT);
    sg_out_text(&script, SCIPY_SCRIPT);
    sg_out_text(&script, CHOOSE_SCRIPT);
    sg_status status = script.failed ? SG_NOMEM : write_file(file, site, rounds);
    fclose(file);
    if (status == SG_OK) {
        status = run_python(script.text, path, effort, &answer);
    }
    if (status == SG_OK) {
        status =
            take_all(&answer, &site->problem, ret_cold, SG_BENCH_HIGHS_MAX, ret_count, ret_again);
    }
    remove(path);
    sg_out_free(&script);
    sg_out_free(&answer);
    return status;
}

sg_status sg_bench_highs_from(const char *path, const sg_dispatch *last,
                              const sg_bench_effort *effort, sg_bench_answer *ret)
{
    sg_bench_answer again;
    sg_out answer = {0};
    int count = 0;
    *ret = (sg_bench_answer){0};
    sg_status status = run_python(SHIFT_SCRIPT, path, effort, &answer);
    if (status == SG_OK) {
        status = take_all(&answer, last, ret, 1, &count, &again);
    }
    sg_out_free(&answer);
    return status;
}
