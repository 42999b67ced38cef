/* segment_file.h - what writer and reader of segments share: names, headers and the check of one
 * record. */
#ifndef SG_STORE_SEGMENT_FILE_H
#define SG_STORE_SEGMENT_FILE_H
#include "store/segment.h"

#include <stdio.h>

#define SG_SEGMENT_MAGIC "SGJRNL1\n"
enum { SG_SEGMENT_NAME = 32 }; /* "journal-00000001.sgj" */

static inline void sg_segment_put_u32(unsigned char *at, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        at[i] = (unsigned char)(value >> (8 * i));
    }
}

static inline uint32_t sg_segment_get_u32(const unsigned char *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

void sg_segment_name(uint32_t number, char ret[SG_SEGMENT_NAME]);

/* Header of segment `number`, as it stands in the file. */
void sg_segment_header(uint32_t number, unsigned char ret[SG_SEGMENT_HEADER]);

/* One file under a check from front to back. */
typedef struct sg_segment_scan {
    FILE *file;
    uint32_t number;
    uint64_t size, offset; /* offset: end of the last whole record */
    unsigned char *payload;
    size_t room;
    char why[96]; /* what is wrong at offset, after SG_CORRUPT */
} sg_segment_scan;

/* SG_OK; SG_CORRUPT: the header is not one of this segment; SG_MISSING, SG_IO. On SG_CORRUPT the
 * file is open as well. */
sg_status sg_segment_scan_open(sg_segment_scan *self, int dir_fd, uint32_t number);
/* SG_OK, SG_MISSING at the exact end, SG_CORRUPT, SG_IO, SG_NOMEM. */
sg_status sg_segment_scan_next(sg_segment_scan *self, sg_segment_record *ret);
/* Closes the file, keeps the payload's memory for the next one. */
void sg_segment_scan_close(sg_segment_scan *self);

/* Numbers of all segments of a directory, ascending; the caller frees. SG_OK with count 0 where
 * there is none. */
sg_status sg_segment_list(int dir_fd, uint32_t **ret, int *ret_count);
#endif
