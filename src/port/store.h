/* store.h - where telemetry goes: a port with one method, called from the store's own thread. */
#ifndef SG_PORT_STORE_H
#define SG_PORT_STORE_H
#include "base/status.h"

/* Rows are views (engine/view.h), once a second of site time; see src/store/telemetry.h for the SQLite one. */
struct sg_view;
typedef struct sg_store_port {
    void *self;
    sg_status (*append)(void *self, const struct sg_view *view);
    void (*close)(void *self);
} sg_store_port;
#endif
