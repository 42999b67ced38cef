/* reliability_systems.h - the published test systems, read from tests/golden/models/. Include after cmocka.h. */
#ifndef SG_TEST_RELIABILITY_SYSTEMS_H
#define SG_TEST_RELIABILITY_SYSTEMS_H
#include "model/reliability.h"

#include <stdio.h>
#include <string.h>

enum { SYSTEM_HOURS = 52 * 7 * 24 };

/* One entry a unit; returns how many. outage[] has the published rates, units[] the published times. */
static inline int system_units(const char *path, sg_unit *units, double *outage)
{
    FILE *file = fopen(path, "r");
    char line[256];
    int made = 0;
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        int count;
        double capacity_mw, rate, mtbf_h, mttr_h;
        if (sscanf(line, "%d,%lf,%lf,%lf,%lf", &count, &capacity_mw, &rate, &mtbf_h, &mttr_h) !=
            5) {
            continue; /* head and comments */
        }
        for (int i = 0; i < count; i++, made++) {
            units[made] = (sg_unit){capacity_mw * 1e6, mtbf_h * 3600, mttr_h * 3600};
            outage[made] = rate;
        }
    }
    fclose(file);
    assert_true(made > 0);
    return made;
}

/* 52 weeks from Monday, hour by hour. */
static inline void system_load(double peak_w, double *load_w)
{
    static const char *const tables[] = {"week",
                                         "day",
                                         "winter_weekday",
                                         "winter_weekend",
                                         "summer_weekday",
                                         "summer_weekend",
                                         "spring_autumn_weekday",
                                         "spring_autumn_weekend"};
    static double percent[8][64];
    FILE *file = fopen("tests/golden/models/rts_load_factors.csv", "r");
    char line[256], name[64];
    int rows = 0;
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        int index;
        double value;
        if (sscanf(line, "%63[^,],%d,%lf", name, &index, &value) != 3) {
            continue;
        }
        for (int t = 0; t < 8; t++) {
            if (strcmp(name, tables[t]) == 0) {
                percent[t][index] = value;
                rows++;
            }
        }
    }
    fclose(file);
    assert_int_equal(rows, 52 + 7 + 6 * 24);
    for (int h = 0; h < SYSTEM_HOURS; h++) {
        int week = h / 168 + 1, day = h / 24 % 7 + 1;
        int season = week <= 8 || week >= 44 ? 2 : week >= 18 && week <= 30 ? 4 : 6;
        load_w[h] = peak_w * percent[0][week] * percent[1][day] *
                    percent[season + (day > 5)][h % 24 + 1] * 1e-6;
    }
}
#endif
