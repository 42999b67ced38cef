#include "store/telemetry_sql.h"

/* The columns that averages are kept of. */
#define AVERAGED(X)          X("load") X("generation") X("import") X("export") X("surplus")

#define AVERAGE_COLUMN(name) ", " name " REAL, " name "_min REAL, " name "_max REAL"
#define AVERAGE_TABLE(name)                                                                  \
    "CREATE TABLE IF NOT EXISTS " name "(timestamp REAL PRIMARY KEY, rows INTEGER" AVERAGED( \
        AVERAGE_COLUMN) ") STRICT, WITHOUT ROWID;"

const char sg_telemetry_schema[] =
    "CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT) STRICT;"
    "CREATE TABLE IF NOT EXISTS energy(timestamp REAL PRIMARY KEY, load REAL, demand REAL,"
    " generation REAL, available REAL, import REAL, export REAL, charge REAL, discharge REAL,"
    " losses REAL, surplus REAL, unserved REAL, curtailed REAL, task REAL, import_price REAL,"
    " export_price REAL, carbon REAL, grid_up INTEGER) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS device(timestamp REAL, id TEXT, role TEXT, power REAL,"
    " setpoint REAL, energy REAL, soc REAL, reason TEXT, quality TEXT,"
    " PRIMARY KEY(timestamp, id)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS decision(timestamp REAL, device TEXT, reason TEXT, text TEXT,"
    " state TEXT, from_kw REAL, to_kw REAL, PRIMARY KEY(timestamp, device, reason))"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS settlement(start REAL PRIMARY KEY, \"end\" REAL, import_kwh REAL,"
    " export_kwh REAL, load_kwh REAL, generation_kwh REAL, charge_kwh REAL, discharge_kwh REAL,"
    " losses_kwh REAL, unserved_kwh REAL, curtailed_kwh REAL, cost REAL, revenue REAL,"
    " wear_cost REAL, fuel_cost REAL, demand_cost REAL, carbon_kg REAL, carbon_credit_kg REAL,"
    " suspect_steps INTEGER, steps INTEGER) STRICT, WITHOUT ROWID;" AVERAGE_TABLE("energy_1min")
        AVERAGE_TABLE("energy_15min");

#define AVERAGE_VALUE(name) ", avg(" name "), min(" name "), max(" name ")"
#define AVERAGE(table)                                               \
    "INSERT OR REPLACE INTO " table " SELECT ?2, count(*)" AVERAGED( \
        AVERAGE_VALUE) " FROM energy WHERE timestamp > ?1 AND timestamp <= ?2 GROUP BY ?2"
#define OLD(table)                                                                  \
    "DELETE FROM " table                                                            \
    " WHERE timestamp <= (SELECT max(timestamp) FROM (SELECT timestamp FROM " table \
    " WHERE timestamp < ?1 ORDER BY timestamp LIMIT ?2))"

const char *const sg_telemetry_statements[SG_STATEMENT_COUNT] = {
    [SG_STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [SG_STATEMENT_COMMIT] = "COMMIT",
    [SG_STATEMENT_ENERGY] = "INSERT OR REPLACE INTO energy VALUES"
                            "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [SG_STATEMENT_DEVICE] = "INSERT OR REPLACE INTO device VALUES(?,?,?,?,?,?,?,?,?)",
    [SG_STATEMENT_DECISION] = "INSERT OR IGNORE INTO decision VALUES(?,?,?,?,?,?,?)",
    [SG_STATEMENT_SETTLEMENT] = "INSERT OR IGNORE INTO settlement VALUES"
                                "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [SG_STATEMENT_META] = "INSERT OR REPLACE INTO meta VALUES(?,?)",
    [SG_STATEMENT_MINUTE] = AVERAGE("energy_1min"),
    [SG_STATEMENT_QUARTER] = AVERAGE("energy_15min"),
    [SG_STATEMENT_OLD_ENERGY] = OLD("energy"),
    [SG_STATEMENT_OLD_DEVICE] = OLD("device"),
    [SG_STATEMENT_OLD_MINUTE] = OLD("energy_1min"),
};
