#include "forecast/forecaster.h"

#include "base/hash.h"

#include <string.h>

#define SG_FORECASTER(name) extern const sg_forecaster sg_forecaster_##name;
#include "forecast/forecasters.def"
#undef SG_FORECASTER

const sg_forecaster *const sg_forecasters[] = {
#define SG_FORECASTER(name) &sg_forecaster_##name,
#include "forecast/forecasters.def"
#undef SG_FORECASTER
};
const int sg_forecaster_count = sizeof sg_forecasters / sizeof sg_forecasters[0];

static const int32_t block_ends[] = {1, 6, 24, 96, 336, 1024, 2048, SG_FORECAST_HORIZON_MAX};

int32_t sg_horizon_block(int32_t ahead)
{
    int32_t block = 0;
    while (ahead >= block_ends[block] && ahead < SG_FORECAST_HORIZON_MAX) {
        block++;
    }
    return block;
}

int32_t sg_horizon_block_end(int32_t block)
{
    return block_ends[block];
}

const sg_forecaster *sg_forecaster_find(const char *name)
{
    for (int i = 0; i < sg_forecaster_count; i++) {
        if (strcmp(sg_forecasters[i]->name, name) == 0) {
            return sg_forecasters[i];
        }
    }
    return NULL;
}

bool sg_forecaster_suits(const sg_forecaster *self, const sg_forecast_shape *shape)
{
    return self->use == SG_USE_ALWAYS || (self->use == SG_USE_INPUTS && shape->input_count > 0) ||
           (self->use == SG_USE_SKY && shape->sky);
}

/* --- kept across a restart --- */

static const char magic[8] = "SGFCAST";
enum { VERSION = 2, NAME_SIZE = 32 };

typedef struct head {
    char magic[8], name[NAME_SIZE];
    uint32_t version;
    int32_t series_count, horizon, season;
    int64_t fit_rows;
    int32_t input_count, known_count;
    uint64_t sky, size;
    uint32_t checksum, zero; /* of head without it and of the state */
} head;

static head head_of(const sg_forecaster *self, const sg_forecast_shape *shape)
{
    head ret = {.version = VERSION,
                .series_count = shape->series_count,
                .horizon = shape->horizon,
                .season = shape->season,
                .fit_rows = shape->fit_rows,
                .input_count = shape->input_count,
                .known_count = shape->known_count,
                .sky = shape->sky,
                .size = self->size(shape, self->variant)};
    memcpy(ret.magic, magic, sizeof magic);
    strncpy(ret.name, self->name, NAME_SIZE - 1);
    return ret;
}

size_t sg_forecaster_saved_size(const sg_forecaster *self, const sg_forecast_shape *shape)
{
    return sizeof(head) + self->size(shape, self->variant);
}

static uint32_t checksum(head of, const void *state)
{
    of.checksum = 0;
    return sg_crc32c(sg_crc32c(0, &of, sizeof of), state, (size_t)of.size);
}

void sg_forecaster_save(const sg_forecaster *self, const sg_forecast_shape *shape,
                        const void *state, void *ret)
{
    head first = head_of(self, shape);
    first.checksum = checksum(first, state);
    memcpy(ret, &first, sizeof first);
    memcpy((char *)ret + sizeof first, state, (size_t)first.size);
}

sg_status sg_forecaster_load(const sg_forecaster *self, const sg_forecast_shape *shape,
                             const void *saved, size_t size, void *state)
{
    head expected = head_of(self, shape), got;
    if (size < sizeof got) {
        return SG_FORMAT;
    }
    memcpy(&got, saved, sizeof got);
    if (memcmp(got.magic, magic, sizeof magic) != 0 || got.version != VERSION ||
        memcmp(got.name, expected.name, NAME_SIZE) != 0) {
        return SG_FORMAT;
    }
    if (got.series_count != expected.series_count || got.horizon != expected.horizon ||
        got.season != expected.season || got.fit_rows != expected.fit_rows ||
        got.input_count != expected.input_count || got.known_count != expected.known_count ||
        got.sky != expected.sky || got.size != expected.size) {
        return SG_RANGE;
    }
    if (size != sizeof got + got.size ||
        checksum(got, (const char *)saved + sizeof got) != got.checksum) {
        return SG_CORRUPT;
    }
    memcpy(state, (const char *)saved + sizeof got, (size_t)got.size);
    return SG_OK;
}
