/* The same kinds of forecasts by statsmodels, in a Python of this machine; the script travels in the program. */
#include "cli/bench_forecast.h"
#include "cli/bench_python.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

/* Times are medians of what fits into some seconds. The long series is made as sg_bench_forecaster() makes its own. */
static const char SCRIPT[] =
    "import json, os, sys, time, warnings\n"
    "answer = os.fdopen(os.dup(1), \"w\")\n"
    "os.dup2(os.open(os.devnull, os.O_WRONLY), 1)\n"
    "warnings.simplefilter(\"ignore\")\n"
    "try:\n"
    "    import numpy as np\n"
    "    import statsmodels\n"
    "    from statsmodels.tsa.api import AutoReg, ExponentialSmoothing, Holt\n"
    "    from statsmodels.regression.recursive_ls import RecursiveLS\n"
    "except ImportError:\n"
    "    sys.exit(4)\n"
    "t, noise = np.arange(8640), np.random.default_rng(1).normal(size=8640)\n"
    "x = 50 + 10 * np.sin(t / 24 * 2 * np.pi) + 3 * np.sin(t / 168 * 2 * np.pi) + noise\n"
    "\n"
    "def took(work, most, seconds):\n"
    "    began, times = time.perf_counter(), []\n"
    "    while len(times) < most and (not times or time.perf_counter() - began < seconds):\n"
    "        start = time.perf_counter()\n"
    "        work()\n"
    "        times.append(time.perf_counter() - start)\n"
    "    return float(np.median(times))\n"
    "\n"
    "def holt():\n"
    "    model = Holt(x[:60], damped_trend=True, initialization_method=\"known\",\n"
    "                 initial_level=x[0], initial_trend=0)\n"
    "    model.fit(smoothing_level=0.5, smoothing_trend=0.2, damping_trend=0.9,\n"
    "              optimized=False).forecast(60)\n"
    "\n"
    "lags = np.column_stack([x[16 - i:1016 - i] for i in range(1, 17)] + [np.ones(1000)])\n"
    "def recursive():\n"
    "    RecursiveLS(x[16:1016], lags).fit()\n"
    "\n"
    "def autoreg():\n"
    "    AutoReg(x, 16).fit().forecast(96)\n"
    "\n"
    "def smoothing():\n"
    "    ExponentialSmoothing(x, trend=\"add\", damped_trend=True, seasonal=\"add\",\n"
    "                         seasonal_periods=24).fit().forecast(96)\n"
    "\n"
    "json.dump(dict(version=statsmodels.__version__, holt_s=took(holt, 100, 2),\n"
    "               recursive_s=took(recursive, 20, 2) / 1000, autoreg_s=took(autoreg, 20, 2),\n"
    "               smoothing_s=took(smoothing, 3, 3)), answer)\n"
    "answer.flush()\n";

static double number_of(json_t *root, const char *key)
{
    json_t *value = json_object_get(root, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

sg_status sg_bench_statsmodels_ask(sg_bench_statsmodels *ret)
{
    sg_out answer = {0};
    sg_status status = sg_bench_python(SCRIPT, NULL, 0, &answer);
    json_t *root =
        status == SG_OK ? json_loadb(answer.text ? answer.text : "", answer.length, 0, NULL) : NULL;
    const char *version = json_string_value(json_object_get(root, "version"));
    *ret = (sg_bench_statsmodels){.holt_s = number_of(root, "holt_s"),
                                  .recursive_s = number_of(root, "recursive_s"),
                                  .autoreg_s = number_of(root, "autoreg_s"),
                                  .smoothing_s = number_of(root, "smoothing_s")};
    snprintf(ret->version, sizeof ret->version, "%s", version ? version : "");
    json_decref(root);
    sg_out_free(&answer);
    return status == SG_OK && !root ? SG_FORMAT : status;
}
