/* telemetry_sql.h - the tables of telemetry.db and the statements that fill them. Static texts. */
#ifndef SG_STORE_TELEMETRY_SQL_H
#define SG_STORE_TELEMETRY_SQL_H

/* Counts up when a table changes so that an older program could misread it. */
#define SG_SCHEMA_VERSION "1"

enum {
    SG_STATEMENT_BEGIN,
    SG_STATEMENT_COMMIT,
    SG_STATEMENT_ENERGY,
    SG_STATEMENT_DEVICE,
    SG_STATEMENT_DECISION,
    SG_STATEMENT_SETTLEMENT,
    SG_STATEMENT_META,
    SG_STATEMENT_MINUTE,     /* ?1 < rows <= ?2, the average stands at ?2 */
    SG_STATEMENT_QUARTER,    /* likewise                                  */
    SG_STATEMENT_OLD_ENERGY, /* before ?1, at most ?2 rows             */
    SG_STATEMENT_OLD_DEVICE,
    SG_STATEMENT_OLD_MINUTE,
    SG_STATEMENT_COUNT
};

extern const char sg_telemetry_schema[];
extern const char *const sg_telemetry_statements[SG_STATEMENT_COUNT];
#endif
