#include "cli/plan_arbitrage.h"

#include "base/text.h"
#include "cli/verbs.h"

#include <stdio.h>

static const char *const KEYS[] = {"format",
                                   "prices",
                                   "transfer_costs",
                                   "transfer_efficiencies",
                                   "max_energy_per_period",
                                   "available_energy",
                                   NULL};

/* What the study's program gives, and the optimum. */
typedef struct answer {
    double *matrix;
    sg_transfer_plan greedy, optimum;
} answer;

static double number_of(sg_json_in *in, json_t *value, const char *key, const sg_json_range *range)
{
    if (!json_is_number(value)) {
        sg_json_in_fail(in, key, "expected a number");
        return 0.0;
    }
    double number = json_number_value(value);
    if (!(number >= range->low && number <= range->high)) {
        sg_json_in_fail(in, key, "expected a number of at least %.12g, found %.12g", range->low,
                        number);
    }
    return number;
}

/* A square matrix: `count` rows of `count` numbers. */
static const double *read_matrix(sg_json_in *in, const char *key, int count,
                                 const sg_json_range *range, sg_arena *arena)
{
    json_t *rows = sg_json_in_array(in, in->root, key);
    size_t n = (size_t)count, before, before_row;
    double *matrix = sg_arena_array(arena, n * n + 1, sizeof *matrix);
    if (!matrix) {
        sg_json_in_fail_memory(in);
        return NULL;
    }
    if (!rows || json_array_size(rows) != n) {
        sg_json_in_fail(in, key, "expected %d rows, one for each price, found %zu", count,
                        rows ? json_array_size(rows) : 0);
        return NULL;
    }
    sg_json_in_enter(in, key, &before);
    for (size_t i = 0; i < n && !in->failed; i++) {
        json_t *row = json_array_get(rows, i);
        sg_json_in_enter_item(in, i, &before_row);
        if (!json_is_array(row) || json_array_size(row) != n) {
            sg_json_in_fail(in, NULL, "expected an array of %d numbers", count);
        }
        for (size_t j = 0; j < n && !in->failed; j++) {
            char place[24];
            snprintf(place, sizeof place, "%zu", j);
            matrix[i * n + j] = number_of(in, json_array_get(row, j), place, range);
        }
        sg_json_in_leave(in, before_row);
    }
    sg_json_in_leave(in, before);
    return matrix;
}

bool sg_transfer_from_json(sg_json_in *in, sg_arena *arena, sg_transfer *ret)
{
    *ret = (sg_transfer){0};
    if (!sg_json_in_object(in, in->root, KEYS)) {
        return false;
    }
    json_t *prices = sg_json_in_array(in, in->root, "prices");
    size_t count = prices ? json_array_size(prices) : 0;
    if (count < 1 || count > SG_TRANSFER_PERIODS_MAX) {
        sg_json_in_fail(in, "prices", "expected an array of 1 to %d numbers, found %zu",
                        SG_TRANSFER_PERIODS_MAX, count);
        return false;
    }
    int n = ret->periods = (int)count;
    ret->price = sg_json_in_series(in, in->root, "prices", n, &SG_JSON_ANY, arena);
    ret->cost = read_matrix(in, "transfer_costs", n, &SG_JSON_ANY, arena);
    ret->efficiency = read_matrix(in, "transfer_efficiencies", n, &SG_JSON_NOT_NEGATIVE, arena);
    ret->max_energy =
        sg_json_in_number(in, in->root, "max_energy_per_period", &SG_JSON_NOT_NEGATIVE);
    ret->available_energy =
        sg_json_in_number(in, in->root, "available_energy", &SG_JSON_NOT_NEGATIVE);
    return !in->failed;
}

static sg_status solve(const sg_transfer *trade, sg_arena *arena, answer *ret)
{
    size_t cells = (size_t)trade->periods * (size_t)trade->periods;
    ret->matrix = sg_arena_array(arena, cells, sizeof *ret->matrix);
    ret->greedy.energy = sg_arena_array(arena, cells, sizeof *ret->matrix);
    ret->optimum.energy = sg_arena_array(arena, cells, sizeof *ret->matrix);
    if (!ret->matrix || !ret->greedy.energy || !ret->optimum.energy) {
        return SG_NOMEM;
    }
    sg_transfer_matrix(trade, ret->matrix);
    sg_status status = sg_transfer_greedy(trade, ret->matrix, &ret->greedy);
    return status == SG_OK ? sg_transfer_optimum(trade, &ret->optimum) : status;
}

static void write_matrix(sg_out *out, const char *key, const double *matrix, int count)
{
    sg_json_begin(out, key, '[');
    for (int i = 0; i < count; i++) {
        sg_json_begin(out, NULL, '[');
        for (int j = 0; j < count; j++) {
            sg_json_number(out, NULL, matrix[(size_t)i * (size_t)count + (size_t)j]);
        }
        sg_json_end(out, ']');
    }
    sg_json_end(out, ']');
}

static void write_json(sg_out *out, const sg_transfer *trade, const answer *a)
{
    sg_json_begin(out, NULL, '{');
    sg_json_text(out, "format", "symgrid.arbitrage-plan/1");
    write_matrix(out, "arbitrage_matrix", a->matrix, trade->periods);
    sg_json_begin(out, "greedy", '{');
    write_matrix(out, "energy_allocation", a->greedy.energy, trade->periods);
    sg_json_number(out, "total_profit", a->greedy.printed_profit);
    sg_json_number(out, "remaining_energy", a->greedy.remaining);
    sg_json_number(out, "profit", a->greedy.profit);
    sg_json_number(out, "beyond_limits_by", a->greedy.excess);
    sg_json_end(out, '}');
    sg_json_begin(out, "optimum", '{');
    write_matrix(out, "energy_allocation", a->optimum.energy, trade->periods);
    sg_json_number(out, "remaining_energy", a->optimum.remaining);
    sg_json_number(out, "profit", a->optimum.profit);
    sg_json_number(out, "bound", a->optimum.bound);
    sg_json_end(out, '}');
    sg_json_number(out, "difference", a->optimum.profit - a->greedy.profit);
    sg_json_integer(out, "refused_transfers", a->optimum.refused);
    sg_json_end(out, '}');
    sg_out_text(out, "\n");
}

static void write_transfers(sg_out *out, const sg_transfer *trade, const answer *a)
{
    int n = trade->periods;
    sg_out_format(out, "%6s %6s %14s %14s %14s\n", "from", "to", "study's matrix", "study's plan",
                  "optimum");
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            size_t at = (size_t)i * (size_t)n + (size_t)j;
            if (a->matrix[at] > 0.0 || a->optimum.energy[at] > 0.0) {
                sg_out_format(out, "%6d %6d %14.6g %14.6g %14.6g\n", i, j, a->matrix[at],
                              a->greedy.energy[at], a->optimum.energy[at]);
            }
        }
    }
}

static void write_table(sg_out *out, const sg_transfer *trade, const answer *a)
{
    sg_out_format(out, "%-44s %14.6g\n", "study's plan, profit as its program adds it up",
                  a->greedy.printed_profit);
    sg_out_format(out, "%-44s %14.6g\n", "study's plan, profit by formula 3.3", a->greedy.profit);
    sg_out_format(out, "%-44s %14.6g\n", "optimum by formula 3.3", a->optimum.profit);
    sg_out_format(out, "%-44s %14.6g\n", "difference", a->optimum.profit - a->greedy.profit);
    if (a->greedy.excess > 0.0) {
        sg_out_format(out, "the study's plan passes a limit by %.6g\n", a->greedy.excess);
    }
    if (a->optimum.refused > 0) {
        sg_out_format(out, "%d transfers would create energy: not used in the optimum\n",
                      a->optimum.refused);
    }
    sg_out_text(out, "\n");
    write_transfers(out, trade, a);
}

static int print(const sg_transfer *trade, const answer *a, bool json)
{
    sg_out out = {0};
    if (json) {
        write_json(&out, trade, a);
    } else {
        write_table(&out, trade, a);
    }
    bool written =
        !out.failed && fwrite(out.text, 1, out.length, stdout) == out.length && fflush(stdout) == 0;
    sg_out_free(&out);
    if (!written) {
        fputs("symgrid plan: expected to be able to write the answer\n", stderr);
    }
    return written ? SG_EXIT_DONE : SG_EXIT_ENVIRONMENT;
}

int sg_cli_plan_arbitrage(const char *file, bool json)
{
    sg_arena arena = {0};
    sg_json_in in;
    sg_transfer trade;
    answer a = {0};
    bool read = sg_json_in_open(&in, file, SG_ARBITRAGE_FORMAT) &&
                sg_transfer_from_json(&in, &arena, &trade);
    sg_json_in_close(&in);
    int status = in.environment ? SG_EXIT_ENVIRONMENT : SG_EXIT_USAGE;
    if (!read) {
        fprintf(stderr, "%s\n", in.message);
    } else {
        sg_status solved = solve(&trade, &arena, &a);
        status = SG_EXIT_ENVIRONMENT;
        if (solved == SG_OK) {
            status = print(&trade, &a, json);
        } else {
            fprintf(stderr, "symgrid plan: %s\n", sg_status_text(solved));
        }
    }
    sg_arena_free(&arena);
    return status;
}
