/* bench_control.h - how long the control step takes on sites of up to a million devices. Private to the command line.
 *
 * Site     devices are loads: 40 to a rack, 25 racks to a feeder, 10 feeders to a zone, four classes, two weights; one rack in
 *          three and every level above are short of what is wanted.
 * Tick     taking in the changed values, one sg_engine_step() (quality, short forecast, allocation, envelope, set-points) and
 *          writing the journal's records down. What the field sends is made up outside of the measured time.
 * Pass     e = a + b c + d over five columns of doubles, 40 bytes a device, on as many threads: what memory lets a sweep do. */
#ifndef SG_CLI_BENCH_CONTROL_H
#define SG_CLI_BENCH_CONTROL_H
#include <stdbool.h>
#include <stdint.h>

enum { SG_BENCH_CONTROL_SIZE_MAX = 16, SG_BENCH_DEVICE_MAX = 1000000, SG_BENCH_TICK_MAX = 1000000 };

typedef struct sg_bench_control_options {
    const int32_t *sizes;
    int size_count;
    double changed_frac; /* of the devices, a tick */
    int ticks, threads;
    bool peers, json;
} sg_bench_control_options;

/* Times of a series of ticks, s. */
typedef struct sg_bench_times {
    double least_s, median_s, p99_s, p999_s, worst_s;
} sg_bench_times;

typedef struct sg_bench_control_row {
    int32_t devices;
    int ticks;
    sg_bench_times tick;
    double ingest_s, step_s, journal_s; /* medians */
    double allocate_s;                  /* one exact allocation, as many demands changed; median */
    double pass_s, pass_least_s;
    double engine_bytes,
        journal_bytes; /* a device: state with its scratch; both sides of the codec */
    double peer_s;     /* one linear program by Clp; NAN: not asked */
} sg_bench_control_row;

/* SG_EXIT_DONE, or another status after one line on stderr. */
int sg_bench_control(const sg_bench_control_options *options);

/* One size. Needs options->threads, ticks, changed_frac and peers. */
int sg_bench_control_size(const sg_bench_control_options *options, int32_t devices,
                          sg_bench_control_row *ret);
#endif
