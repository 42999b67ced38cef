/* query_alarms.h - the table `alarm` of a question: what is kept in DIR/alarms.json (docs/formats.md, symgrid.alarms/1).
 *
 * The alarms are not telemetry: the running site keeps them whole, those that stand and the last past ones, and writes them anew with
 * each change. So the table is made for each question that names it, and gone with its connection. */
#ifndef SG_STORE_QUERY_ALARMS_H
#define SG_STORE_QUERY_ALARMS_H
#include "store/query.h"

#include <sqlite3.h>

/* Does a question speak of it at all? @effects alloc=no block=no fails=never */
bool sg_query_names_alarms(const char *sql, size_t length);
/* Empty where there is no file. SG_CORRUPT: the file is none of ours; SG_IO, SG_NOMEM; error says which.
 * @effects alloc=yes block=disk */
SG_MUST_CHECK sg_status sg_query_add_alarms(sqlite3 *db, const char *dir, sg_query_error *error);
#endif
