/* services_bench.h - a rig whose regulation signal and frequency a test sets step by step. Include after cmocka.h. */
#ifndef SG_TEST_SERVICES_BENCH_H
#define SG_TEST_SERVICES_BENCH_H
#include "rig.h"

typedef struct bench {
    rig r;
    double *value;
    uint8_t *quality;
    double signal, frequency_hz;
    sg_quality signal_quality;
} bench;

static inline void bench_start(bench *b, const char *text, sg_policy policy)
{
    *b = (bench){.frequency_hz = 50, .signal_quality = SG_GOOD};
    rig_parse("small.yaml", text, strlen(text), &b->r.site);
    rig_start(&b->r, policy, rig_time("2026-01-01T00:00:00Z"));
    b->value = calloc((size_t)b->r.points.count, sizeof *b->value);
    b->quality = calloc((size_t)b->r.points.count, 1);
    assert_non_null(b->value);
    assert_non_null(b->quality);
}

static inline void bench_stop(bench *b)
{
    free(b->value);
    free(b->quality);
    rig_free(&b->r);
}

static inline void bench_step(bench *b, double dt_s)
{
    sg_world_read(b->r.world, dt_s, &b->r.readings);
    size_t count = (size_t)b->r.points.count;
    memcpy(b->value, b->r.readings.value, count * sizeof *b->value);
    memcpy(b->quality, b->r.readings.quality, count);
    int site = b->r.points.first[SG_POINT_SITE];
    b->value[site + SG_SITE_REGULATION] = b->signal;
    b->quality[site + SG_SITE_REGULATION] = (uint8_t)b->signal_quality;
    b->value[site + SG_SITE_FREQUENCY] = b->frequency_hz;
    sg_frame frame = rig_frame(&b->r);
    frame.value = b->value;
    frame.quality = b->quality;
    sg_engine_step(b->r.engine, &frame, NULL);
    sg_command command = sg_engine_command(b->r.engine);
    sg_world_write(b->r.world, &command);
}

static inline double bench_told_w(const bench *b, int store)
{
    return sg_engine_command(b->r.engine).store_w[store];
}
#endif
