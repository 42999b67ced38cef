/* symgrid forecast - what a measured series will do next, and how far that is to be trusted. */
#include "base/clock.h"
#include "base/quantity.h"
#include "base/time.h"
#include "cli/forecast_overload.h"
#include "cli/forecast_plot.h"
#include "cli/forecast_rows.h"
#include "cli/slurp.h"
#include "cli/verbs.h"
#include "study/backtest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char HELP[] =
    "symgrid forecast - what measured series do next, with intervals and the skill of it\n"
    "\n"
    "usage: symgrid forecast FILE.csv --horizon N [--time COL] [--target COL,...|all]\n"
    "                        [--model auto|NAME] [--intervals 0.8,0.95] [--season N]\n"
    "                        [--inputs COL,...] [--known COL,...] [--calendar] [--holidays COL]\n"
    "                        [--sun LAT,LON] [--zone UTC+N] [--overload LIMIT|p98]\n"
    "                        [--plot FILE.svg] [--json]\n"
    "       symgrid forecast FILE.csv --horizon N --backtest --train N --val N --test N\n"
    "                        [--stride N] [--standardize] [--fixed] ...\n"
    "       symgrid forecast --list\n"
    "\n"
    "  --horizon N       rows to look ahead, up to 4096\n"
    "  --time COL        the column with the rows' times; else the first one named date, datetime "
    "or\n"
    "                    time, time_utc, timestamp ..., if there is one\n"
    "  --target COL,...  the columns to forecast; else all that are not the time\n"
    "  --model NAME      one model alone; auto, the default, mixes all of them by what they were\n"
    "                    worth on rows that they did not learn from; NAME,NAME,... mixes these\n"
    "                    (auto,trees: trees as well)\n"
    "  --inputs COL,...  columns that tell something of the targets and are seen up to now\n"
    "  --known COL,...   the same of what is known ahead (weather forecast, price of tomorrow):\n"
    "                    their next N rows stand in the file, the targets' cells there are empty\n"
    "  --calendar        the time of day, days off, Mondays, made from the times\n"
    "  --holidays COL    --calendar, and rows where COL is not 0 are holidays; COL is known ahead\n"
    "  --sun LAT,LON     targets are sunlight or its power there, in degrees north and east: "
    "beside\n"
    "                    the clear sky's; LAT,LON,TILT,AZIMUTH for a plane (180: facing south)\n"
    "  --zone UTC+N      of times that name no zone, and of the calendar; else UTC\n"
    "  --intervals L,... shares of the truth that lie inside: 0.8,0.95 unless told otherwise\n"
    "  --season N        rows of a day; else from the times\n"
    "  --overload LIMIT  how likely each column passes it within the horizon, and what warnings of "
    "it\n"
    "                    were worth on the test rows; p98: the 98th percentile of its own values\n"
    "  --plot FILE.svg   a picture of the first four series\n"
    "  --backtest        learn from the first rows and be held against the last ones\n"
    "  --train N --val N --test N   rows in order; --val 0: the last fifth of the train rows\n"
    "  --stride N        every Nth window of the test rows; 1 unless told otherwise\n"
    "  --standardize     each column by mean and deviation of its train rows\n"
    "  --fixed           auto's weights stay as the val rows left them, instead of following what\n"
    "                    each model misses in the test rows\n"
    "  --list            the models\n"
    "  --json            write symgrid.forecast/1 instead of a table\n"
    "\n"
    "FILE is CSV with a header; '-' is standard input, an empty cell a missing value. Persistence "
    "and\n"
    "the value of the day before are always beside; skill is 1 - mae / mae of persistence. A\n"
    "forecast without --backtest is first tested on the last fifth of the rows.\n"
    "\n"
    "Exit status: 0 done, 2 bad input or usage, 3 the file cannot be read or written.\n"
    "\n"
    "Example: symgrid forecast data/prices/DE-LU_2023.csv --horizon 24\n";

static const int64_t rows_max = INT64_C(1) << 40;

typedef struct words {
    const char *file, *model, *plot, *overload;
    sg_forecast_wish wish;
    sg_clear_sky sun;
    bool json, backtest, standardize, fixed;
    bool mixed; /* more than one model */
    int64_t horizon, train, val, test, stride, season;
    double level[SG_BANDS_LEVEL_MAX];
    int32_t level_count;
} words;

/* --- words --- */

static int whole(const char *name, const char *text, int64_t low, int64_t high, int64_t *ret)
{
    double value;
    if (!text) {
        return SG_EXIT_DONE;
    }
    if (sg_number_scan(text, strlen(text), &value) != strlen(text) || value != floor(value) ||
        !(value >= (double)low && value <= (double)high)) {
        fprintf(stderr,
                "symgrid forecast: %s: expected a whole number from %lld to %lld, got '%s'\n", name,
                (long long)low, (long long)high, text);
        return SG_EXIT_USAGE;
    }
    *ret = (int64_t)value;
    return SG_EXIT_DONE;
}

static int levels(const char *text, words *ret)
{
    for (const char *at = text; at && *at;) {
        size_t length = strcspn(at, ",");
        double value;
        if (ret->level_count == SG_BANDS_LEVEL_MAX ||
            sg_number_scan(at, length, &value) != length || !(value > 0 && value < 1)) {
            fprintf(stderr,
                    "symgrid forecast: --intervals: expected at most 4 shares between 0 and 1, got "
                    "'%s'\n",
                    text);
            return SG_EXIT_USAGE;
        }
        ret->level[ret->level_count++] = value;
        at += length + (at[length] == ',');
    }
    return SG_EXIT_DONE;
}

static bool is_name(const char *text, size_t length, const char *name)
{
    return strlen(name) == length && strncmp(text, name, length) == 0;
}

static int check_name(const char *text, size_t length)
{
    const char *names[SG_FORECASTER_MAX];
    char name[64];
    for (int i = 0; i < sg_forecaster_count; i++) {
        const sg_forecaster *model = sg_forecasters[i];
        names[i] = model->name;
        if (is_name(text, length, model->name)) {
            const char *lacks = model->lacks ? model->lacks() : NULL;
            if (lacks) {
                fprintf(stderr, "symgrid forecast: --model %s: %s\n", model->name, lacks);
            }
            return lacks ? SG_EXIT_ENVIRONMENT : SG_EXIT_DONE;
        }
    }
    snprintf(name, sizeof name, "%.*s", (int)(length < 60 ? length : 60), text);
    const char *nearest = sg_text_nearest(name, names, sg_forecaster_count);
    fprintf(stderr,
            "symgrid forecast: there is no model '%s'%s%s%s; symgrid forecast --list names them\n",
            name, nearest ? ", did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
    return SG_EXIT_USAGE;
}

/* One name, or several to be mixed. */
static int check_model(words *ret)
{
    int status = SG_EXIT_DONE, count = 0;
    const char *at = ret->model;
    do {
        size_t length = strcspn(at, ",");
        bool is_auto = is_name(at, length, "auto");
        ret->mixed = ret->mixed || is_auto || count > 0;
        status = is_auto ? SG_EXIT_DONE : check_name(at, length);
        at += length;
        count++;
    } while (status == SG_EXIT_DONE && *at++ == ',');
    return status;
}

/* LAT,LON or LAT,LON,TILT,AZIMUTH, all in degrees. */
static int place(const char *text, words *ret)
{
    static const double low[] = {-90, -180, 0, 0}, high[] = {90, 180, 90, 360};
    double value[4] = {0};
    int count = 0;
    bool ok = true;
    for (const char *at = text; ok && at && *at; count++) {
        size_t length = strcspn(at, ",");
        ok = count < 4 && sg_number_scan(at, length, &value[count]) == length &&
             value[count] >= low[count] && value[count] <= high[count];
        at += length + (at[length] == ',');
    }
    if (text && !(ok && (count == 2 || count == 4))) {
        fprintf(stderr,
                "symgrid forecast: --sun: expected LATITUDE,LONGITUDE or "
                "LATITUDE,LONGITUDE,TILT,AZIMUTH in degrees, got '%s'\n",
                text);
        return SG_EXIT_USAGE;
    }
    ret->sun = sg_clear_sky_of(value[0] * SG_DEGREE, value[1] * SG_DEGREE, value[2] * SG_DEGREE,
                               value[3] * SG_DEGREE);
    ret->wish.sun = text ? &ret->sun : NULL;
    return SG_EXIT_DONE;
}

static int zone_of(const char *text, words *ret)
{
    if (text && sg_zone_parse(text, strlen(text), &ret->wish.zone_s) != SG_OK) {
        fprintf(stderr, "symgrid forecast: --zone: expected a zone such as UTC-5, got '%s'\n",
                text);
        return SG_EXIT_USAGE;
    }
    return SG_EXIT_DONE;
}

static int read_words(int argc, char **argv, words *w, bool *ret_list, bool *ret_help)
{
    const char *horizon = NULL, *train = NULL, *val = NULL, *test = NULL, *stride = NULL,
               *season = NULL, *sun = NULL, *zone = NULL, *intervals = NULL;
    const sg_option options[] = {{"--horizon", &horizon, NULL},
                                 {"--time", &w->wish.time, NULL},
                                 {"--target", &w->wish.targets, NULL},
                                 {"--inputs", &w->wish.inputs, NULL},
                                 {"--known", &w->wish.known, NULL},
                                 {"--calendar", NULL, &w->wish.calendar},
                                 {"--holidays", &w->wish.holidays, NULL},
                                 {"--sun", &sun, NULL},
                                 {"--zone", &zone, NULL},
                                 {"--model", &w->model, NULL},
                                 {"--intervals", &intervals, NULL},
                                 {"--season", &season, NULL},
                                 {"--plot", &w->plot, NULL},
                                 {"--overload", &w->overload, NULL},
                                 {"--backtest", NULL, &w->backtest},
                                 {"--train", &train, NULL},
                                 {"--val", &val, NULL},
                                 {"--test", &test, NULL},
                                 {"--stride", &stride, NULL},
                                 {"--standardize", NULL, &w->standardize},
                                 {"--fixed", NULL, &w->fixed},
                                 {"--list", NULL, ret_list},
                                 {"--json", NULL, &w->json},
                                 {"--help", NULL, ret_help}};
    int count = sg_options_parse(argc, argv, options, sizeof options / sizeof options[0], 1);
    if (count < 0) {
        return SG_EXIT_USAGE;
    }
    if (*ret_list || *ret_help) {
        return SG_EXIT_DONE;
    }
    const struct {
        const char *name, *text;
        int64_t low, high, *to;
    } numbers[] = {{"--horizon", horizon, 1, SG_FORECAST_HORIZON_MAX, &w->horizon},
                   {"--train", train, 1, rows_max, &w->train},
                   {"--val", val, 0, rows_max, &w->val},
                   {"--test", test, 1, rows_max, &w->test},
                   {"--stride", stride, 1, rows_max, &w->stride},
                   {"--season", season, 0, rows_max, &w->season}};
    int status = levels(intervals ? intervals : w->overload ? "0.5,0.8,0.95,0.99" : "0.8,0.95", w);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && status == SG_EXIT_DONE; i++) {
        status =
            whole(numbers[i].name, numbers[i].text, numbers[i].low, numbers[i].high, numbers[i].to);
    }
    if (status == SG_EXIT_DONE && (count == 0 || !horizon || (w->backtest && (!train || !test)))) {
        fprintf(stderr, "symgrid forecast: expected %s; see symgrid forecast --help\n",
                count == 0 ? "a file of CSV rows"
                : !horizon ? "--horizon N"
                           : "--train N and --test N with --backtest");
        return SG_EXIT_USAGE;
    }
    if (status == SG_EXIT_DONE && w->overload && w->standardize) {
        fputs("symgrid forecast: --overload: a limit is in the columns' own units, expected no "
              "--standardize\n",
              stderr);
        return SG_EXIT_USAGE;
    }
    w->file = count > 0 ? argv[1] : NULL;
    w->wish.ahead = w->backtest ? 0 : w->horizon;
    status = status == SG_EXIT_DONE ? place(sun, w) : status;
    status = status == SG_EXIT_DONE ? zone_of(zone, w) : status;
    return status == SG_EXIT_DONE ? check_model(w) : status;
}

/* --- what is written --- */

typedef struct answer {
    const words *words;
    const sg_forecast_rows *rows;
    const sg_backtest *test;              /* scores    */
    const sg_backtest *next;              /* NULL: only the backtest was asked for */
    int32_t voice;                        /* that was asked for */
    const sg_forecast_overload *overload; /* NULL: not asked for */
} answer;

static const char *voice_name(const sg_backtest *it, int32_t voice)
{
    return voice < it->ensemble.model_count ? it->ensemble.model[voice]->name : "auto";
}

/* The models, and the whole of them where it was asked for. */
static bool shown(const answer *a, int32_t voice)
{
    return voice < a->test->ensemble.model_count || voice == a->voice;
}

static void level_key(double level, char ret[16])
{
    snprintf(ret, 16, "%.6g", level);
}

static void write_by_level(const sg_bands *bands, const char *name, const double *value,
                           sg_out *out)
{
    sg_json_begin(out, name, '{');
    for (int32_t l = 0; l < bands->level_count; l++) {
        char key[16];
        level_key(bands->level[l], key);
        sg_json_number(out, key, value[l]);
    }
    sg_json_end(out, '}');
}

static void write_score(const sg_backtest *it, int32_t voice, sg_out *out)
{
    const sg_voice_score *score = &it->score[voice];
    const sg_bands *bands = &it->bands[voice];
    double predict_s = 0, fit_s = 0;
    for (int32_t v = 0; v <= voice; v++) { /* the mixture needs all of them */
        bool counts = v == voice || voice == sg_ensemble_whole(&it->ensemble);
        predict_s += counts ? it->score[v].predict_s : 0;
        fit_s += counts ? it->score[v].fit_s : 0;
    }
    sg_json_begin(out, voice_name(it, voice), '{');
    sg_json_number(out, "mse", score->mse);
    sg_json_number(out, "mae", score->mae);
    sg_json_number(out, "rmse", score->rmse);
    sg_json_number(out, "smape", score->smape);
    sg_json_number(out, "skill_vs_persistence", score->skill);
    write_by_level(bands, "coverage", score->coverage, out);
    write_by_level(bands, "interval_width", score->width, out);
    sg_json_fixed(out, "fit_s", fit_s, 6);
    sg_json_fixed(out, "predict_s", predict_s, 6);
    sg_json_end(out, '}');
}

static void block_key(const sg_ensemble *e, int32_t block, char ret[32])
{
    int32_t from = block > 0 ? sg_horizon_block_end(block - 1) + 1 : 1;
    int32_t to = sg_horizon_block_end(block);
    to = to < e->shape.horizon ? to : e->shape.horizon;
    snprintf(ret, 32, from == to ? "%d" : "%d-%d", from, to);
}

/* "0.54 ridge + 0.46 profile_week" */
static void mixture_text(const sg_ensemble *e, int32_t series, int32_t block, sg_out *out)
{
    const double *weight = sg_ensemble_weights(e, series, block);
    const char *between = "";
    for (int32_t m = 0; m < e->model_count; m++) {
        if (weight[m] >= 0.005) {
            sg_out_format(out, "%s%.2f %s", between, weight[m], e->model[m]->name);
            between = " + ";
        }
    }
}

static void write_auto_model(const answer *a, sg_out *out)
{
    const sg_ensemble *e = &a->test->ensemble;
    sg_out text = {0};
    sg_json_begin(out, "auto_model", '{');
    for (int32_t s = 0; s < e->shape.series_count; s++) {
        sg_json_begin(out, a->rows->name[s], '{');
        for (int32_t b = 0; b < e->block_count; b++) {
            char key[32];
            block_key(e, b, key);
            sg_out_clear(&text);
            mixture_text(e, s, b, &text);
            sg_json_text(out, key, text.text);
        }
        sg_json_end(out, '}');
    }
    sg_json_end(out, '}');
    sg_out_free(&text);
}

static double said(const answer *a, int32_t series, int32_t ahead)
{
    const sg_ensemble *e = &a->next->ensemble;
    return e
        ->guess[((int64_t)a->voice * e->shape.series_count + series) * e->shape.horizon + ahead];
}

static void write_bound(const answer *a, const char *key, bool high, sg_out *out)
{
    const sg_bands *bands = &a->next->bands[a->voice];
    sg_json_begin(out, key, '{');
    for (int32_t l = 0; l < bands->level_count; l++) {
        char level[16];
        level_key(bands->level[l], level);
        sg_json_begin(out, level, '{');
        for (int32_t s = 0; s < bands->series_count; s++) {
            sg_json_begin(out, a->rows->name[s], '[');
            for (int32_t h = 0; h < bands->horizon; h++) {
                double bound[2];
                sg_bands_bounds(bands, l, s, h, &bound[0], &bound[1]);
                sg_json_number(out, NULL, said(a, s, h) + bound[high]);
            }
            sg_json_end(out, ']');
        }
        sg_json_end(out, '}');
    }
    sg_json_end(out, '}');
}

static void write_next(const answer *a, sg_out *out)
{
    const sg_bands *bands = &a->next->bands[a->voice];
    sg_json_begin(out, "time", '[');
    for (int32_t h = 0; h < bands->horizon; h++) {
        if (a->rows->step_us > 0) {
            sg_json_time(out, NULL, a->rows->last_us + (h + 1) * a->rows->step_us);
        } else {
            sg_json_integer(out, NULL, a->rows->panel.row_count + h);
        }
    }
    sg_json_end(out, ']');
    sg_json_begin(out, "mean", '{');
    for (int32_t s = 0; s < bands->series_count; s++) {
        sg_json_begin(out, a->rows->name[s], '[');
        for (int32_t h = 0; h < bands->horizon; h++) {
            sg_json_number(out, NULL, said(a, s, h));
        }
        sg_json_end(out, ']');
    }
    sg_json_end(out, '}');
    write_bound(a, "lower", false, out);
    write_bound(a, "upper", true, out);
}

static void write_names(const char *names, sg_out *out)
{
    for (const char *at = names; at && *at;) {
        char name[SG_FORECAST_NAME_MAX];
        size_t length = strcspn(at, ",");
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        sg_json_text(out, NULL, name);
        at += length + (at[length] == ',');
    }
}

/* What was looked at beside the series. */
static void write_inputs(const sg_forecast_wish *wish, sg_out *out)
{
    if (wish->inputs) {
        sg_json_begin(out, "inputs", '[');
        write_names(wish->inputs, out);
        sg_json_end(out, ']');
    }
    if (wish->known || wish->holidays || wish->calendar || wish->sun) {
        sg_json_begin(out, "known", '[');
        write_names(wish->sun ? "--sun" : NULL, out);
        write_names(wish->calendar || wish->holidays ? "--calendar" : NULL, out);
        write_names(wish->holidays, out);
        write_names(wish->known, out);
        sg_json_end(out, ']');
    }
}

static void write_json(const answer *a, sg_out *out)
{
    sg_json_begin(out, NULL, '{');
    sg_json_text(out, "format", "symgrid.forecast/1");
    sg_json_text(out, "model", a->words->model);
    sg_json_integer(out, "horizon", a->words->horizon);
    sg_json_integer(out, "season", a->rows->panel.season);
    sg_json_integer(out, "rows", a->rows->panel.row_count);
    sg_json_integer(out, "missing_cells", a->rows->missing);
    sg_json_integer(out, "irregular_steps", a->rows->irregular);
    sg_json_integer(out, "windows", a->test->window_count);
    write_inputs(&a->words->wish, out);
    if (a->next) {
        write_next(a, out);
    }
    sg_json_begin(out, "metrics", '{');
    for (int32_t v = 0; v <= a->voice || v < a->test->ensemble.model_count; v++) {
        if (shown(a, v)) {
            write_score(a->test, v, out);
        }
    }
    sg_json_end(out, '}');
    if (a->words->mixed) {
        write_auto_model(a, out);
    }
    if (a->overload) {
        sg_forecast_overload_json(a->overload, a->rows, a->next, out);
    }
    sg_json_end(out, '}');
    sg_out_text(out, "\n");
}

static void write_table(const answer *a, sg_out *out)
{
    const sg_bands *bands = &a->test->bands[a->voice];
    sg_out_format(out, "%lld windows of %lld rows ahead, %d series\n\n%-18s %12s %12s %8s %8s",
                  (long long)a->test->window_count, (long long)a->words->horizon,
                  a->rows->panel.series_count, "model", "mse", "mae", "smape", "skill");
    for (int32_t l = 0; l < bands->level_count; l++) {
        sg_out_format(out, " %5.6g in", bands->level[l]);
    }
    sg_out_text(out, "\n");
    for (int32_t v = 0; v <= a->voice || v < a->test->ensemble.model_count; v++) {
        if (!shown(a, v)) {
            continue;
        }
        const sg_voice_score *score = &a->test->score[v];
        sg_out_format(out, "%-18s %12.6g %12.6g %7.2f%% %7.2f%%", voice_name(a->test, v),
                      score->mse, score->mae, 100 * score->smape, 100 * score->skill);
        for (int32_t l = 0; l < bands->level_count; l++) {
            sg_out_format(out, " %7.1f%%", 100 * score->coverage[l]);
        }
        sg_out_text(out, "\n");
    }
    if (a->overload) {
        sg_forecast_overload_table(a->overload, a->rows, a->next, out);
    }
    for (int32_t s = 0; a->next && s < bands->series_count; s++) {
        const sg_bands *b = &a->next->bands[a->voice];
        sg_out_format(out, "\n%-24s %12s\n", a->rows->name[s], "mean");
        for (int32_t h = 0; h < b->horizon; h++) {
            char time[SG_TIME_TEXT];
            snprintf(time, sizeof time, "row %lld", (long long)(a->rows->panel.row_count + h));
            if (a->rows->step_us > 0) {
                sg_time_format(a->rows->last_us + (h + 1) * a->rows->step_us, time);
            }
            sg_out_format(out, "%-24s %12.6g", time, said(a, s, h));
            for (int32_t l = 0; l < b->level_count; l++) {
                double low, high;
                sg_bands_bounds(b, l, s, h, &low, &high);
                sg_out_format(out, "  %.6g: %.6g to %.6g", b->level[l], said(a, s, h) + low,
                              said(a, s, h) + high);
            }
            sg_out_text(out, "\n");
        }
    }
}

/* --- the work --- */

static void progress(void *context, const char *what, double done)
{
    double *last = context;
    double now_s = sg_clock_s();
    if (now_s - *last > 0.5) {
        fprintf(stderr, "\r%-16s %3.0f %%", what, 100 * done);
        *last = now_s;
    }
}

static int fails(sg_status status, const words *w, const sg_forecast_rows *rows)
{
    if (status == SG_RANGE) {
        fprintf(stderr,
                "%s: expected at least %lld rows for this horizon%s, and fifths no shorter than "
                "it, got "
                "%lld\n",
                w->file, (long long)(w->backtest ? w->train + w->val + w->test : 5 * w->horizon),
                w->backtest ? " and --train, --val, --test" : "", (long long)rows->panel.row_count);
        return SG_EXIT_USAGE;
    }
    fprintf(stderr, "symgrid forecast: %s\n", sg_status_text(status));
    return SG_EXIT_ENVIRONMENT;
}

static int write_file(const char *path, const sg_out *out)
{
    FILE *file = path ? fopen(path, "wb") : stdout;
    bool ok = file && !out->failed && fwrite(out->text, 1, out->length, file) == out->length;
    ok = file && (path ? fclose(file) : fflush(file)) == 0 && ok;
    if (!ok) {
        fprintf(stderr, "symgrid forecast: %s cannot be written\n", path ? path : "the answer");
    }
    return ok ? SG_EXIT_DONE : SG_EXIT_ENVIRONMENT;
}

static int write_answer(const answer *a)
{
    sg_out out = {0};
    int status = SG_EXIT_DONE;
    if (a->words->plot && a->next) {
        sg_forecast_plot(a->rows, a->next, a->voice, &out);
        status = write_file(a->words->plot, &out);
        sg_out_clear(&out);
    }
    if (status == SG_EXIT_DONE) {
        a->words->json ? write_json(a, &out) : write_table(a, &out);
        status = write_file(NULL, &out);
    }
    sg_out_free(&out);
    return status;
}

/* The last fifth of the rows is the test, the fifth before it the val rows. */
static void split(const words *w, const sg_forecast_rows *rows, sg_backtest_plan *plan)
{
    plan->train = w->train;
    plan->val = w->val;
    plan->test = w->test;
    if (!w->backtest) {
        int64_t count = rows->panel.row_count, fifth = count / 5;
        plan->test = plan->val = fifth > w->horizon ? fifth : w->horizon;
        plan->train = count - plan->test - plan->val;
        int64_t windows = plan->test - w->horizon + 1;
        plan->stride = (int32_t)((windows + 999) / 1000);
    }
}

static int work(const words *w, sg_forecast_rows *rows)
{
    char models[512];
    snprintf(models, sizeof models, "persistence,seasonal_naive,%s", w->model);
    double last = 0;
    sg_backtest_plan plan = {.horizon = (int32_t)w->horizon,
                             .stride = (int32_t)(w->stride < INT32_MAX ? w->stride : INT32_MAX),
                             .standardize = w->standardize && w->backtest,
                             .fixed = w->fixed,
                             .models = models,
                             .level_count = w->level_count,
                             .progress = isatty(STDERR_FILENO) ? progress : NULL,
                             .context = &last};
    memcpy(plan.level, w->level, sizeof plan.level);
    split(w, rows, &plan);
    static sg_backtest test, next;
    sg_forecast_overload overload = {0};
    answer a = {
        .words = w, .rows = rows, .test = &test, .overload = w->overload ? &overload : NULL};
    bool first = strcmp(w->model, "persistence") == 0;
    int32_t alone = first ? 0 : strcmp(w->model, "seasonal_naive") == 0 ? 1 : 2;
    int exit = w->overload ? sg_forecast_overload_start(&overload, w->overload,
                                                        w->mixed ? -1 : alone, rows, &plan)
                           : SG_EXIT_DONE;
    if (exit != SG_EXIT_DONE) {
        return exit;
    }
    sg_status status = sg_backtest_run(&plan, &rows->panel, &test);
    if (status == SG_OK && !w->backtest) {
        status = sg_outlook_run(&plan, &rows->panel, &next);
        a.next = status == SG_OK ? &next : NULL;
    }
    if (plan.progress && last > 0) {
        fputs("\r                          \r", stderr);
    }
    a.voice = w->mixed ? sg_ensemble_whole(&test.ensemble) : alone;
    exit = status == SG_OK ? write_answer(&a) : fails(status, w, rows);
    sg_backtest_free(&test);
    sg_backtest_free(&next);
    sg_forecast_overload_free(&overload);
    return exit;
}

static void list(void)
{
    for (int i = 0; i < sg_forecaster_count; i++) {
        const sg_forecaster *model = sg_forecasters[i];
        const char *lacks = model->lacks ? model->lacks() : NULL;
        printf("%-18s %s%s%s\n", model->name, model->title, lacks ? "; " : "", lacks ? lacks : "");
    }
    puts("auto               all of them, mixed by what each of them misses as rows come");
}

int sg_cli_forecast(int argc, char **argv)
{
    words w = {.model = "auto", .wish.targets = "all", .stride = 1, .season = -1};
    bool wants_list = false, wants_help = false;
    int status = read_words(argc, argv, &w, &wants_list, &wants_help);
    if (status != SG_EXIT_DONE || wants_list || wants_help) {
        wants_list ? list() : wants_help ? (void)fputs(HELP, stdout) : (void)0;
        return status;
    }
    char *text = sg_slurp("forecast", w.file, &status);
    if (!text) {
        return status;
    }
    sg_forecast_rows rows;
    status = sg_forecast_rows_read(w.file, text, &w.wish, &rows);
    if (status == SG_EXIT_DONE) {
        if (w.season >= 0) {
            rows.panel.season = (int32_t)(w.season < INT32_MAX ? w.season : INT32_MAX);
        }
        if (rows.irregular > 0) {
            fprintf(stderr,
                    "%s: %lld steps are not as long as the others: rows count in their order\n",
                    w.file, (long long)rows.irregular);
        }
        status = work(&w, &rows);
        sg_forecast_rows_free(&rows);
    }
    free(text);
    return status;
}
