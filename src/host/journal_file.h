/* journal_file.h - the engine's journal on disk: recovery at start, records in the loop, degradation when the disk is full.
 *
 * Order    append, then flush (and sync) before the step's outputs leave.
 * Degraded while the disk takes nothing, control goes on, nothing is acknowledged, and a retry each second of wall time begins
 *          a new segment with a snapshot, so that the journal is whole again from there; intervals settled meanwhile follow it.
 * Memory   all at open. Threads: the loop's. */
#ifndef SG_HOST_JOURNAL_FILE_H
#define SG_HOST_JOURNAL_FILE_H
#include "engine/journal.h"

typedef struct sg_journal_file sg_journal_file;

typedef struct sg_journal_recovery {
    sg_engine
        *engine; /* as the journal left it, NULL when there is no journal; the caller frees it */
    uint64_t frames, mismatches;
    bool
        unrecorded_any; /* the last step settled an interval whose own record did not reach the disk */
    sg_settlement unrecorded;
    char line[600]; /* for the operator when something was cut or did not fit, else "" */
} sg_journal_recovery;

/* Be the only one in DIR from here on; the lock goes to sg_journal_open, or is closed. SG_UNAVAILABLE = another process is
 * there, SG_IO; ret_error is one line. */
SG_MUST_CHECK sg_status sg_journal_lock(const char *dir, int *ret_lock, char ret_error[600]);

/* Rebuild the engine from the last usable segment of DIR. settled (may be NULL) is told every interval in that segment, those
 * after it and the one before it, perhaps twice. SG_OK also when there is nothing; SG_CORRUPT when no segment can be used
 * (line says why). */
SG_MUST_CHECK sg_status sg_journal_recover(const char *dir,
                                           void (*settled)(void *self,
                                                           const sg_settlement *interval),
                                           void *self, sg_journal_recovery *ret);

/* Open DIR for writing under the lock (which is the journal's from here on, in failure too) and begin a segment with a snapshot
 * of the engine, and with `unrecorded` where it is not NULL. On failure ret_error is one line. */
SG_MUST_CHECK sg_status sg_journal_open(const char *dir, int lock, const sg_engine *engine,
                                        const sg_settlement *unrecorded, sg_journal_file **ret,
                                        char ret_error[600]);
void sg_journal_plan(sg_journal_file *self, const sg_plan *plan);
void sg_journal_frame(sg_journal_file *self, const sg_frame *frame);
/* pool: as sg_record_command_of(). */
void sg_journal_command(sg_journal_file *self, const sg_engine *engine, sg_pool *pool);
/* What was appended is handed to the kernel and, with `sync`, to the disk; a full segment gives way to the next. True when the
 * records of this step are as safe as was asked for. */
bool sg_journal_commit(sg_journal_file *self, const sg_engine *engine, bool sync);
/* Go on with another engine, of another size: a new segment that its snapshot begins. False: the disk does not take it, and it is
 * tried again with the next commits, or memory is exhausted, and nothing is journaled any more. @effects alloc=yes block=disk */
bool sg_journal_change(sg_journal_file *self, const sg_engine *engine);
bool sg_journal_degraded(const sg_journal_file *self);
const char *sg_journal_error(const sg_journal_file *self);
uint64_t sg_journal_bytes(const sg_journal_file *self);
void sg_journal_close(sg_journal_file *self);
#endif
