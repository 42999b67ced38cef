/* telemetry.h - telemetry in SQLite: DIR/telemetry.db, tables for people to query (docs/query.md).
 *
 * Units    kW, kWh, money per kWh, g/kWh in the tables; seconds since 1970 as REAL.
 * Threads  the functions of sg_telemetry belong to one thread. The queue in front of them
 *          (sg_telemetry_queue_*) takes views from the loop without blocking it and writes them
 *          from a thread of its own, one commit a second.
 * Rows     one a second of site time (or one a step, where steps are longer). When the queue is
 *          full the oldest row goes and is counted; a settled interval is never dropped with it,
 *          and is never there twice. */
#ifndef SG_STORE_TELEMETRY_H
#define SG_STORE_TELEMETRY_H
#include "base/status.h"
#include "engine/view.h"
#include "port/store.h"
#include "site/site.h"

#include <stdbool.h>
#include <stdint.h>

enum { SG_TELEMETRY_TEXT = 512 };
#define SG_TELEMETRY_FILE "telemetry.db"

typedef struct sg_telemetry sg_telemetry;
typedef struct sg_telemetry_queue sg_telemetry_queue;

/* Open or make DIR/telemetry.db. A damaged file is renamed to telemetry.db.corrupt-<n> and a new
 * one begun: SG_OK, and ret_line says so (else ""). On failure ret_line is the error. `simulated`
 * decides what NOW() means in queries.
 * @effects alloc=yes block=disk */
SG_MUST_CHECK sg_status sg_telemetry_open(const char *dir, const sg_site *site, bool simulated,
                                          sg_telemetry **ret, char ret_line[SG_TELEMETRY_TEXT]);

/* Store a view as a row; opens a transaction where none is. @effects alloc=in SQLite block=disk */
SG_MUST_CHECK sg_status sg_telemetry_append(sg_telemetry *self, const sg_view *view);

/* Store a settled interval; one that is already there stays as it is. For the running site and for
 * recovery from the journal. */
SG_MUST_CHECK sg_status sg_telemetry_settlement(sg_telemetry *self, const sg_settlement *interval);

/* End the transaction; where `idle`, also carry the write-ahead log over and enforce retention. */
SG_MUST_CHECK sg_status sg_telemetry_commit(sg_telemetry *self, bool idle);

const char *sg_telemetry_error(const sg_telemetry *self); /* one line about the last failure */

/* Commit and release. Accepts NULL. */
void sg_telemetry_close(sg_telemetry *self);

/* The store as a port: append = sg_telemetry_append, close = sg_telemetry_close. */
sg_store_port sg_telemetry_port(sg_telemetry *self);

/* Put a queue and a thread before the store; from here on until stop the store belongs to that
 * thread. log (may be NULL) receives one line when writing begins to fail and one when it works
 * again, from that thread. */
SG_MUST_CHECK sg_status sg_telemetry_queue_start(sg_telemetry *store,
                                                 void (*log)(void *self, const char *line),
                                                 void *log_self, sg_telemetry_queue **ret);

/* Offer a view, from one thread. may_wait = false never blocks (the live loop); true waits for room
 * (as fast as possible).
 * @effects alloc=no block=only with may_wait */
void sg_telemetry_queue_offer(sg_telemetry_queue *self, const sg_view *view, bool may_wait);

/* Rows that were dropped because the queue was full or the disk refused them. Any thread. */
uint64_t sg_telemetry_queue_dropped(const sg_telemetry_queue *self);

/* Write what is queued, end the thread; the store is the caller's again. Accepts NULL. */
void sg_telemetry_queue_stop(sg_telemetry_queue *self);
#endif
