/* doctor.h - what `symgrid doctor` looks at: each check adds findings, one line each. Private to the command line.
 *
 * Memory   findings are values in the caller's report. Every text goes through sg_redact before anybody reads it. */
#ifndef SG_CLI_DOCTOR_H
#define SG_CLI_DOCTOR_H
#include "site/site.h"

typedef enum sg_health { SG_HEALTH_OK, SG_HEALTH_WARN, SG_HEALTH_BAD, SG_HEALTH_COUNT } sg_health;

enum { SG_FINDING_MAX = 64, SG_FINDING_TEXT = 320 };

typedef struct sg_finding {
    const char *area; /* "clock"; static */
    sg_health health;
    char text[SG_FINDING_TEXT];   /* what is so */
    char advice[SG_FINDING_TEXT]; /* what to do, "" = nothing */
} sg_finding;

typedef struct sg_checkup {
    const char *site_path;    /* NULL: none was named */
    const char *dir, *listen; /* data folder; address of the API */
    int count;
    sg_finding finding[SG_FINDING_MAX];
} sg_checkup;

__attribute__((format(printf, 5, 6))) void sg_find(sg_checkup *self, const char *area,
                                                   sg_health health, const char *advice,
                                                   const char *format, ...);

void sg_doctor_program(sg_checkup *self);     /* version, machine, limits of the process */
void sg_doctor_site(sg_checkup *self);        /* the site file and its series */
void sg_doctor_data(sg_checkup *self);        /* journal, telemetry, who writes them */
void sg_doctor_clock(sg_checkup *self);       /* synchronised? do sleeps end in time? */
void sg_doctor_disk(sg_checkup *self);        /* room, and how long a sync takes */
void sg_doctor_port(sg_checkup *self);        /* free, or who answers there */
void sg_doctor_permissions(sg_checkup *self); /* who may read and write what */
#endif
