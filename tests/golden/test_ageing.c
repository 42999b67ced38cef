/* Rainflow counting and capacity fade against published figures: tests/golden/models/ageing.csv names the sources. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "golden/golden.h"
#include "model/ageing.h"
#include "model/model.h"

static int read_table(void **state)
{
    (void)state;
    return golden_load("tests/golden/models/ageing.csv");
}

/* --- rainflow --- */

static const double astm[] = {-2, 1, -3, 5, -1, 3, -4, 4, -2};
static const double longer[] = {-1.5, 1, -3, 10, -1, 3,   -8, 4, -2, 6, -1,  -4,
                                -8,   2, 1,  -5, 0,  2.5, -4, 1, 0,  2, -0.5};

enum { CYCLE_MAX = 64 };

static int count_all(const double *value, int count, bool streaming, sg_rainflow_cycle *ret)
{
    double work[CYCLE_MAX];
    if (!streaming) {
        return (int)sg_rainflow_array(value, count, work, ret);
    }
    double state[SG_RAINFLOW_STATE] = {0};
    int cycles = 0;
    for (int i = 0; i < count; i++) {
        cycles += sg_rainflow_push(state, value[i], ret + cycles);
    }
    return cycles + sg_rainflow_residue(state, ret + cycles);
}

static double counted(const sg_rainflow_cycle *cycle, int count, double range, double mean)
{
    double sum = 0;
    for (int i = 0; i < count; i++) {
        bool fits = cycle[i].range == range && (isnan(mean) || cycle[i].mean == mean);
        sum += fits || isnan(range) ? cycle[i].count : 0;
    }
    return sum;
}

static void cycles_of_the_standard(void **state)
{
    (void)state;
    static const double ranges[] = {3, 4, 6, 8, 9};
    static const double means[][2] = {{3, -.5}, {4, -1}, {4, 1}, {8, 1}, {9, .5}, {8, 0}, {6, 1}};
    static const double more[] = {1, 2.5, 4, 6, 6.5, 7, 10.5, 13, 14, 18};
    for (int streaming = 0; streaming < 2; streaming++) {
        sg_rainflow_cycle cycle[CYCLE_MAX + SG_RAINFLOW_POINTS];
        char name[64];
        int count = count_all(astm, SG_COUNT(astm), streaming, cycle);
        expect("astm_total", counted(cycle, count, NAN, NAN));
        for (int i = 0; i < SG_COUNT(ranges); i++) {
            snprintf(name, sizeof name, "astm_%g", ranges[i]);
            expect(name, counted(cycle, count, ranges[i], NAN));
        }
        for (int i = 0; i < SG_COUNT(means); i++) {
            snprintf(name, sizeof name, "astm_%g_%g", means[i][0], means[i][1]);
            expect(name, counted(cycle, count, means[i][0], means[i][1]));
        }
        count = count_all(longer, SG_COUNT(longer), streaming, cycle);
        double sum = 0;
        for (int i = 0; i < SG_COUNT(more); i++) {
            double found = counted(cycle, count, more[i], NAN);
            snprintf(name, sizeof name, "long_%g", more[i]);
            expect(name, found);
            sum += found;
        }
        assert_true(sum == counted(cycle, count, NAN, NAN)); /* and none beside them */
    }
}

/* --- table of cycles, counted as SAM counts --- */

static const sg_cycle_point sam_table[] = {{0.2, 0, 1}, {0.2, 5000, 0.8}, {0.2, 10000, 0.6},
                                           {0.8, 0, 1}, {0.8, 1000, 0.8}, {0.8, 2000, 0.6}};

typedef struct history {
    double rainflow[SG_RAINFLOW_STATE], loss, cycles, range_sum, last_range;
} history;

/* SAM's tests feed depths of discharge in percent. */
static void feed(history *self, double depth_percent)
{
    sg_rainflow_cycle closed[SG_RAINFLOW_POINTS];
    int count = sg_rainflow_push_whole(self->rainflow, depth_percent / 100, 2e-5, closed);
    for (int i = 0; i < count; i++) {
        double range = closed[i].range;
        self->cycles += closed[i].count;
        self->range_sum += range;
        self->last_range = range;
        self->loss += sg_cycle_table_frac(sam_table, SG_COUNT(sam_table), range, self->cycles) -
                      sg_cycle_table_frac(sam_table, SG_COUNT(sam_table), range, self->cycles + 1);
    }
}

static void cycles_through_a_table(void **state)
{
    (void)state;
    history h = {0};
    for (int i = 0; i < 1000; i++) {
        if (i == 500) {
            expect("alternate_500", 100 * (1 - h.loss));
            expect("alternate_500_cycles", h.cycles);
            expect("alternate_500_range", 100 * h.range_sum / h.cycles);
        }
        feed(&h, i < 500 ? (i % 2 ? 95 : 5) : (i % 2 ? 90 : 80));
    }
    expect("alternate_1000", 100 * (1 - h.loss));
    expect("alternate_1000_cycles", h.cycles);
    expect("alternate_1000_range", 100 * h.range_sum / h.cycles);
    h = (history){0};
    for (int i = 0; i < 1500; i++) {
        feed(&h, i % 2 ? 95 : 5);
    }
    expect("alternate_1500", 100 * (1 - h.loss));
    expect("alternate_1500_cycles", h.cycles);
}

static void jagged_and_measured_profiles(void **state)
{
    (void)state;
    static const double jagged[] = {5, 95, 50, 85, 10, 50, 5, 95, 5};
    static const double kokam[] = {0.66,
                                   1.0,
                                   0.24722075172048893,
                                   1.0,
                                   0.24559790735021855,
                                   0.9989411900454035,
                                   0.24559790735021936,
                                   0.9989411900454057,
                                   0.24573025859454606,
                                   0.9990735412897335,
                                   0.24625966357184892,
                                   0.9992058925340614,
                                   0.2466567173048243,
                                   0.9992058925340647,
                                   0.2465243660605033,
                                   0.9982794338237967,
                                   0.24718612228213058,
                                   0.9992058925340731,
                                   0.24718612228213466,
                                   0.9982794338238032,
                                   0.24612731232753976,
                                   0.9981470825794796,
                                   0.24625966357186685,
                                   0.9984117850681331,
                                   0.24678906854916766,
                                   0.9984117850681358,
                                   0.24731847352646982,
                                   0.9985441363124643,
                                   0.24784787850377074,
                                   0.9988088388011173,
                                   0.24784787850377454};
    history h = {0};
    for (int i = 0; i < SG_COUNT(jagged); i++) {
        feed(&h, jagged[i]);
    }
    expect("jagged", 100 * (1 - h.loss));
    expect("jagged_cycles", h.cycles);
    expect("jagged_range", 100 * h.range_sum / h.cycles);
    h = (history){0};
    for (int i = 0; i < SG_COUNT(kokam); i++) {
        feed(&h, (1 - kokam[i]) * 100);
    }
    expect("kokam", 100 * (1 - h.loss));
    expect("kokam_cycles", h.cycles);
    expect("kokam_range", 100 * h.range_sum / h.cycles);
    expect("kokam_last_range", 100 * h.last_range);
}

/* The same through the law itself, counted by the standard with its half cycles. */
static double law_after(const double *depth, int first, int second, double *ret_cycles)
{
    double age[SG_AGEING_STATE] = {0};
    sg_ageing ageing = {
        .law = SG_AGEING_TABLE, .table = sam_table, .table_count = SG_COUNT(sam_table)};
    for (int i = 0; i < first + second; i++) {
        double low = i < first ? depth[0] : depth[2], high = i < first ? depth[1] : depth[3];
        sg_ageing_step(&ageing, 1 - (i % 2 ? high : low), 20, 3600, age);
    }
    *ret_cycles = age[SG_AGE_CYCLES];
    return 100 * (1 - age[SG_AGE_CYCLE]);
}

static void order_of_cycles_does_not_matter(void **state)
{
    (void)state;
    history deep = {0}, shallow = {0};
    for (int i = 0; i < 8000; i++) {
        bool second = i >= 4000;
        feed(&deep, i % 2 ? 0 : (second ? 20 : 100));
        feed(&shallow, i % 2 ? 0 : (second ? 100 : 20));
    }
    expect("order_deep_first", 100 * (1 - deep.loss));
    expect("order_shallow_first", 100 * (1 - shallow.loss));
    double cycles;
    double one = law_after((double[]){0, 1, 0, 0.2}, 4000, 4000, &cycles);
    double other = law_after((double[]){0, 0.2, 0, 1}, 4000, 4000, &cycles);
    assert_true(fabs(one - other) < 0.02 &&
                fabs(one - 52) < 0.02); /* the cycle at the change of depth */
    expect("alternate_500", law_after((double[]){0.05, 0.95, 0, 0}, 500, 0, &cycles));
    expect("alternate_500_cycles", cycles);
    expect("alternate_1000", law_after((double[]){0.05, 0.95, 0.8, 0.9}, 500, 500, &cycles));
    expect("alternate_1000_cycles", cycles);
}

/* --- calendar --- */

static double smith_after(double degc, double first_soc, double soc, int hours, double *ret_loss)
{
    double age[SG_AGEING_STATE] = {0};
    sg_ageing ageing = {
        .law = SG_AGEING_TABLE, .table = sam_table, .table_count = SG_COUNT(sam_table)};
    for (int h = 0; h < hours; h++) {
        sg_ageing_step(&ageing, h ? soc : first_soc, degc, 3600, age);
    }
    *ret_loss = age[SG_AGE_CALENDAR];
    return 100 * (1.02 - *ret_loss);
}

static void calendar_of_sam(void **state)
{
    (void)state;
    static const int hours[] = {500, 1000, 200000};
    static const double days[] = {0, 3650, 7300}, frac[] = {1, 0.8, 0.5};
    for (int i = 0; i < 3; i++) {
        double loss;
        char name[64];
        snprintf(name, sizeof name, "smith_%dh", hours[i]);
        expect(name, smith_after(4.85, 0.2, 0.9, hours[i], &loss));
        snprintf(name, sizeof name, "smith_%dh_loss", hours[i]);
        expect(name, loss);
        snprintf(name, sizeof name, "calendar_table_%dh", hours[i]);
        expect(name, 100 * sg_calendar_table_frac(days, frac, 3, (hours[i] - 1) / 24.0));
    }
    double loss;
    expect("smith_year_20_80", smith_after(20, 0.8, 0.8, 8760, &loss));
    static const double cases[][2] = {{25, 50}, {25, 80}, {35, 80}};
    for (int c = 0; c < 3; c++) {
        for (int y = 1; y <= 20; y += y == 1 ? 9 : 10) {
            char name[64];
            snprintf(name, sizeof name, "smith_%g_%g_%dy", cases[c][0], cases[c][1], y);
            double soc = cases[c][1] / 100;
            expect(name, smith_after(cases[c][0], soc, soc, 8760 * y, &loss));
        }
    }
}

/* --- BLAST-Lite --- */

static void rates_of_blast(void **state)
{
    (void)state;
    expect("graphite_half", sg_graphite_potential_v(0.5));
    expect("lfp_kcal", sg_lfp_calendar_rate(298.15, 0.5));
    expect("lfp_kcyc", sg_lfp_cycle_rate(298.15, 0.8, 0.8 / 12));
}

/* One cycle a day about half charge, of the energy of 80 % of the capacity when new: deeper as capacity fades. */
static void years_of_blast(sg_ageing_law law, const char *stem, double degc, bool cycling,
                           int years)
{
    double age[SG_AGEING_STATE] = {0}, amplitude = cycling ? 0.4 : 0;
    sg_ageing ageing = {.law = law, .of_present = true};
    sg_ageing_begin(0.5 - amplitude, age);
    for (int h = 1; h <= 8760 * years; h++) {
        int hour = h % 24;
        double soc = 0.5 + amplitude * ((hour <= 12 ? hour : 24 - hour) / 6.0 - 1);
        sg_ageing_step(&ageing, soc, degc, 3600, age);
        if (cycling && hour == 0) {
            amplitude = 0.4 / sg_ageing_health_frac(&ageing, age);
        }
        if (h == 8760 || h == 43800 || h == 87600) {
            char name[64];
            snprintf(name, sizeof name, "%s_%g_%dy", stem, degc, h / 8760);
            expect(name, sg_ageing_health_frac(&ageing, age));
            if (cycling && law == SG_AGEING_LFP) {
                snprintf(name, sizeof name, "lfp_full_cycles_%dy", h / 8760);
                expect(name, age[SG_AGE_FULL_CYCLES]);
            }
        }
    }
}

static void lithium_iron_phosphate_over_ten_years(void **state)
{
    (void)state;
    years_of_blast(SG_AGEING_LFP, "lfp_stand", 25, false, 10);
    years_of_blast(SG_AGEING_LFP, "lfp_stand", 35, false, 10);
    years_of_blast(SG_AGEING_LFP, "lfp_cycle", 25, true, 10);
    years_of_blast(SG_AGEING_LFP, "lfp_cycle", 35, true, 10);
}

static void nickel_manganese_cobalt_over_ten_years(void **state)
{
    (void)state;
    years_of_blast(SG_AGEING_NMC, "nmc_stand", 25, false, 10);
    years_of_blast(SG_AGEING_NMC, "nmc_cycle", 25, true, 10);
    years_of_blast(SG_AGEING_NMC, "nmc_cycle", 35, true, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cycles_of_the_standard),
        cmocka_unit_test(cycles_through_a_table),
        cmocka_unit_test(jagged_and_measured_profiles),
        cmocka_unit_test(order_of_cycles_does_not_matter),
        cmocka_unit_test(calendar_of_sam),
        cmocka_unit_test(rates_of_blast),
        cmocka_unit_test(lithium_iron_phosphate_over_ten_years),
        cmocka_unit_test(nickel_manganese_cobalt_over_ten_years),
        cmocka_unit_test(every_row_was_used),
    };
    return cmocka_run_group_tests(tests, read_table, NULL);
}
