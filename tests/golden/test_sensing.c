/* Rangers, their fusion and clocks against hand calculations, printed equations and another filter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golden/golden.h"
#include "model/clock.h"
#include "model/fusion.h"
#include "model/ranging.h"

static int read_table(void **state)
{
    (void)state;
    return golden_load("tests/golden/models/sensing.csv");
}

static sg_fusion_config plain(bool velocity, double process, double lidar_m, double sonar_m)
{
    return (sg_fusion_config){.velocity = velocity,
                              .process = process,
                              .std_m = {lidar_m, sonar_m},
                              .gate = 1e9,
                              .health_steps = 50,
                              .relock_steps = 20,
                              .speed_ms = 1,
                              .coast_s = 1e9,
                              .bias_s = 60,
                              .bias_sigma = 5,
                              .bias_allow_m = 1e9};
}

static void two_readings_weigh_by_their_variance(void **state)
{
    (void)state;
    sg_fusion_config config = plain(false, 1, 2, 1);
    static const double reading_m[] = {10, 11};
    static const bool both[] = {true, true};
    sg_fusion fusion = {0};
    sg_fusion_result result;
    sg_fusion_step(&fusion, &config, reading_m, both, 1, &result);
    expect("fusion_of_two", result.estimate_m);
    expect("fusion_of_two_variance", result.std_m * result.std_m);
}

static void a_random_walk_settles_at_the_golden_ratio(void **state)
{
    (void)state;
    sg_fusion_config config = plain(false, 1, 1, 1);
    static const bool one[] = {true, false};
    sg_fusion fusion = {0};
    sg_fusion_result result;
    for (int k = 0; k < 40; k++) {
        sg_fusion_step(&fusion, &config, (const double[]){0, 0}, one, 1, &result);
    }
    expect("walk_posterior", result.std_m * result.std_m);
    expect("walk_prior", result.std_m * result.std_m + 1);
    sg_fusion_step(&fusion, &config, (const double[]){1, 0}, one, 1, &result);
    expect("walk_gain", result.estimate_m); /* of a reading 1 m off the prediction 0 */
}

static void rangers(void **state)
{
    (void)state;
    expect("lidar_bin_0.1ns", 1000 * sg_lidar_resolution_m(1e-10));
    expect("sound_25_35_1000", sg_sound_speed_ms(25, 35, 1000));
}

typedef struct series_row {
    double dt_s, first, second, x, v, std;
    int first_valid, second_valid;
} series_row;

static int read_series(const char *name, series_row rows[100])
{
    FILE *file = fopen("tests/golden/models/reference/kalman_filterpy.csv", "r");
    char line[256], series[16];
    int count = 0;
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        series_row *r = &rows[count];
        if (sscanf(line, "%15[^,],%lf,%lf,%d,%lf,%d,%lf,%lf,%lf", series, &r->dt_s, &r->first,
                   &r->first_valid, &r->second, &r->second_valid, &r->x, &r->v, &r->std) == 9 &&
            strcmp(series, name) == 0) {
            count++;
            assert_true(count < 100);
        }
    }
    fclose(file);
    return count;
}

static void another_filter_finds_the_same_heights(void **state)
{
    (void)state;
    series_row rows[100];
    int count = read_series("height", rows);
    assert_int_equal(count, 60);
    sg_fusion_config config = plain(true, 0.2, 0.03, 0.1);
    sg_fusion fusion = {0};
    sg_fusion_result result;
    double worst_x = 0, worst_std = 0;
    for (int k = 0; k < count; k++) {
        const series_row *r = &rows[k];
        const double reading_m[] = {r->first, r->second};
        const bool valid[] = {r->first_valid, r->second_valid};
        sg_fusion_step(&fusion, &config, reading_m, valid, r->dt_s, &result);
        worst_x = fmax(worst_x, fabs(result.estimate_m - r->x));
        worst_std = fmax(worst_std, fabs(result.std_m - r->std));
    }
    expect("fusion_series_x", worst_x);
    expect("fusion_series_std", worst_std);
}

static void another_filter_finds_the_same_clock(void **state)
{
    (void)state;
    series_row rows[100];
    int count = read_series("clock", rows);
    assert_int_equal(count, 80);
    static const sg_clock_noise noise = {1e-18, 1e-22};
    sg_clock clock;
    sg_clock_start(&clock, 1e-2, 1e-5);
    double worst_x = 0, worst_v = 0, worst_std = 0;
    for (int k = 0; k < count; k++) {
        const series_row *r = &rows[k];
        double ahead_s = sg_clock_holdover_std_s(&clock, &noise, r->dt_s);
        sg_clock_predict(&clock, &noise, r->dt_s);
        assert_true(ahead_s == sqrt(clock.p00));
        if (r->first_valid) {
            sg_clock_correct(&clock, r->first, 2e-5);
        }
        worst_x = fmax(worst_x, fabs(clock.offset_s - r->x));
        worst_v = fmax(worst_v, fabs(clock.drift - r->v));
        worst_std = fmax(worst_std, fabs(sqrt(clock.p00) / r->std - 1));
    }
    expect("clock_series_offset", worst_x);
    expect("clock_series_drift", worst_v);
    expect("clock_series_std", worst_std);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_readings_weigh_by_their_variance),
        cmocka_unit_test(a_random_walk_settles_at_the_golden_ratio),
        cmocka_unit_test(rangers),
        cmocka_unit_test(another_filter_finds_the_same_heights),
        cmocka_unit_test(another_filter_finds_the_same_clock),
        cmocka_unit_test(every_row_was_used),
    };
    return cmocka_run_group_tests(tests, read_table, NULL);
}
