/* bench_pv.c - time of the photovoltaic chain, from the sun's place to AC, on one core: processor time, for machines that others use too.
 *
 * usage: bench_pv [ROWS]        default: 35040, a year of quarter hours
 *
 * Rows of a year in the North Sea, global irradiance only (direct and diffuse by Erbs), in all cases the full chain with zenith and
 * angle of incidence. Best and median of 41 rounds, as nanoseconds a row and millions of rows a second. */
#include "model/pv.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 41 };

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double *must(size_t count)
{
    double *block = calloc(count, sizeof *block);
    if (!block) {
        fputs("out of memory\n", stderr);
        exit(3);
    }
    return block;
}

typedef struct rows {
    int64_t count;
    int64_t *time_us;
    double *in[SG_PV_INPUTS], *out[SG_PV_OUTPUTS];
} rows;

static rows rows_new(int64_t count)
{
    rows r = {.count = count, .time_us = calloc((size_t)count, sizeof(int64_t))};
    for (int i = 0; i < SG_PV_INPUTS; i++) {
        r.in[i] = must((size_t)count);
    }
    for (int i = 0; i < SG_PV_OUTPUTS; i++) {
        r.out[i] = must((size_t)count);
    }
    for (int64_t k = 0; r.time_us && k < count; k++) {
        r.time_us[k] = INT64_C(1767225600000000) + k * INT64_C(900000000);
        r.in[SG_PV_GHI][k] = (double)(k % 96 > 24 && k % 96 < 72 ? 50 + k * 7919 % 600 : 0);
        r.in[SG_PV_DNI][k] = r.in[SG_PV_DHI][k] = -1;
        r.in[SG_PV_AIR][k] = (double)(k * 31 % 25);
        r.in[SG_PV_WIND][k] = (double)(k * 17 % 12);
        r.in[SG_PV_SOILING][k] = 1;
    }
    return r;
}

static void measure(const char *name, const sg_pv_params *p, const rows *r, bool single)
{
    sg_pv plant;
    double took_ns[ROUNDS], sum_w = 0;
    sg_pv_prepare(p, &plant);
    for (int round = 0; round < ROUNDS; round++) {
        double began = now_s();
        if (single) {
            for (int64_t k = 0; k < r->count; k++) {
                double in[SG_PV_INPUTS], out[SG_PV_OUTPUTS];
                for (int i = 0; i < SG_PV_INPUTS; i++) {
                    in[i] = r->in[i][k];
                }
                sg_pv_point(&plant, r->time_us[k], in, out);
                r->out[SG_PV_AC][k] = out[SG_PV_AC];
            }
        } else {
            sg_pv_rows(&plant, r->count, r->time_us, (const double *const *)r->in, r->out);
        }
        took_ns[round] = (now_s() - began) * 1e9 / (double)r->count;
    }
    for (int64_t k = 0; k < r->count; k++) {
        sum_w += r->out[SG_PV_AC][k];
    }
    qsort(took_ns, ROUNDS, sizeof took_ns[0], compare);
    printf("%-24s %8.1f %8.1f %9.1f   mean %.1f kW\n", name, took_ns[0], took_ns[ROUNDS / 2],
           1e3 / took_ns[ROUNDS / 2], sum_w / (double)r->count * 1e-3);
}

int main(int argc, char **argv)
{
    long long count = argc > 1 ? strtoll(argv[1], NULL, 10) : 35040;
    if (count < 1 || count > 100000000) {
        fprintf(stderr, "bench_pv: expected a number of rows from 1 to 100000000\n");
        return 2;
    }
    rows r = rows_new(count);
    sg_pv_params p = {.latitude_rad = 54.5 * SG_DEGREE,
                      .longitude_rad = 3 * SG_DEGREE,
                      .tilt_rad = 10 * SG_DEGREE,
                      .azimuth_rad = SG_PI,
                      .albedo_frac = 0.08,
                      .dc_rating_w = 1e6,
                      .gamma_per_k = -0.0035,
                      .inverter_w = 0.8e6,
                      .inverter_eff = 0.96,
                      .loss_frac = 0.14,
                      .u0_w_m2k = 25,
                      .u1_w_m3sk = 6.84};
    if (!r.time_us) {
        return 3;
    }
    printf("%-24s %8s %8s %9s\n", "chain", "best ns", "median", "million/s");
    measure("hay_davies", &p, &r, false);
    p.sky = SG_PV_ISOTROPIC;
    measure("isotropic", &p, &r, false);
    p.sky = SG_PV_PEREZ;
    measure("perez", &p, &r, false);
    p.sky = SG_PV_HAY_DAVIES;
    for (int64_t k = 0; k < count; k++) {
        r.in[SG_PV_ROLL][k] = 0.05;
    }
    measure("hay_davies, rolling", &p, &r, false);
    measure("row by row, rolling", &p, &r, true);
    for (int i = 0; i < SG_PV_INPUTS; i++) {
        free(r.in[i]);
    }
    for (int i = 0; i < SG_PV_OUTPUTS; i++) {
        free(r.out[i]);
    }
    free(r.time_us);
    return 0;
}
