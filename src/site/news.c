#include "site/news.h"

#include "base/check.h"
#include "base/sweep.h"

#include <string.h>

#define SG_NEWS_MAGIC UINT64_C(0x312053574E474753) /* "SGGNWS 1" */

static size_t align_up(size_t size)
{
    return (size + 63) & ~(size_t)63;
}

size_t sg_news_size(int32_t node_count, int32_t load_count)
{
    size_t nodes = (size_t)node_count, loads = (size_t)load_count;
    size_t size = align_up(sizeof(sg_news_head));
#define X(name, type, count) size += align_up(sizeof(type) * (count));
    SG_NEWS_ARRAYS(X)
#undef X
    return size;
}

static sg_news resolve(void *memory, const sg_plant *plant)
{
    sg_news self = {.head = memory};
    size_t nodes = (size_t)plant->node_count, loads = (size_t)plant->load_count;
    unsigned char *at = (unsigned char *)memory + align_up(sizeof(sg_news_head));
#define X(name, type, count)        \
    self.name = (type *)(void *)at; \
    at += align_up(sizeof(type) * (count));
    SG_NEWS_ARRAYS(X)
#undef X
    return self;
}

/* Counts become ends, and ends are walked down to firsts. */
static void order_loads(const sg_news *self, const sg_plant *plant)
{
    int32_t end = 0;
    memset(self->first, 0, sizeof *self->first * ((size_t)plant->node_count + 1));
    for (int32_t l = 0; l < plant->load_count; l++) {
        self->first[plant->load_node[l]]++;
    }
    for (int32_t n = 0; n <= plant->node_count; n++) {
        end += self->first[n];
        self->first[n] = end;
    }
    for (int32_t l = plant->load_count - 1; l >= 0; l--) {
        self->load[--self->first[plant->load_node[l]]] = l;
    }
}

/* A part ends with the node that fills it: there are no more of them than loads fill. */
static void find_parts(const sg_news *self, const sg_plant *plant)
{
    int32_t parts = 0;
    self->part[0] = 0;
    for (int32_t n = 0; n < plant->node_count; n++) {
        int32_t loads = self->first[n + 1] - self->first[self->part[parts]];
        if (loads >= SG_NEWS_PART_LOADS && n + 1 < plant->node_count) {
            self->part[++parts] = n + 1;
        }
    }
    self->part[++parts] = plant->node_count;
    self->head->part_count = parts;
    SG_CHECK(parts <= SG_NEWS_PART_MAX);
}

sg_news sg_news_at(void *memory, const sg_plant *plant)
{
    sg_news self = resolve(memory, plant);
    sg_news_head *head = self.head;
    if (head->magic != SG_NEWS_MAGIC || head->node_count != plant->node_count ||
        head->load_count != plant->load_count) {
        memset(memory, 0, sg_news_size(plant->node_count, plant->load_count));
        *head = (sg_news_head){.magic = SG_NEWS_MAGIC,
                               .node_count = plant->node_count,
                               .load_count = plant->load_count,
                               .all = 1,
                               .size = (int64_t)sg_news_size(plant->node_count, plant->load_count)};
        order_loads(&self, plant);
        find_parts(&self, plant);
        memset(self.readings, 1, (size_t)plant->node_count);
        memset(self.given, 1, (size_t)plant->node_count);
        memset(self.waits, 1, (size_t)plant->node_count);
        memset(self.restless, 1, (size_t)plant->node_count);
        memset(self.least, 1, (size_t)plant->node_count);
    }
    return self;
}

typedef struct marking {
    const sg_news *news;
    const sg_plant *plant;
    const int32_t *changed;
    int32_t count;
} marking;

/* Two parts may mark the same node, with the same mark. */
static void mark_part(void *context, int part)
{
    const marking *m = context;
    sg_span s = sg_sweep_span(part, m->count);
    const int32_t loads = m->plant->load_count,
                  demand = m->plant->points.first[SG_POINT_LOAD_DEMAND], *changed = m->changed,
                  *node = m->plant->load_node;
    uint8_t *readings = m->news->readings;
    int32_t before = s.from > 0 ? changed[s.from - 1] : -1;
    for (int32_t i = s.from; i < s.to; i++) {
        SG_CHECK(changed[i] > before);
        before = changed[i];
        int32_t l = before - demand; /* powers come behind the demands */
        l -= l >= loads ? loads : 0;
        if (before >= demand && l < loads) {
            __atomic_store_n(&readings[node[l]], 1, __ATOMIC_RELAXED);
        }
    }
    SG_CHECK(before < m->plant->points.count);
}

void sg_news_begin(const sg_news *self, const sg_plant *plant, const int32_t *changed,
                   int32_t changed_count, double dt_s, sg_pool *pool)
{
    sg_news_head *head = self->head;
    size_t nodes = (size_t)plant->node_count;
    /* long steps are judged otherwise than short ones; with so many changed, hardly a node is without */
    bool all = head->all || !changed || changed_count > plant->load_count || dt_s != head->dt_s ||
               dt_s > SG_LONG_STEP_S;
    head->all = 0;
    head->dt_s = dt_s;
    memset(self->given, 0, nodes);
    if (all) {
        sg_news_all(self);
        return;
    }
    for (size_t n = 0; n < nodes; n++) {
        self->readings[n] = self->restless[n];
    }
    marking m = {self, plant, changed, changed_count};
    sg_pool_run(pool, mark_part, &m, sg_sweep_blocks(changed_count));
}

void sg_news_all(const sg_news *self)
{
    memset(self->readings, 1, (size_t)self->head->node_count);
    memset(self->given, 1, (size_t)self->head->node_count);
}

void sg_news_forget(const sg_news *self)
{
    self->head->all = 1;
}
