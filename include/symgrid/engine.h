/* symgrid/engine.h - one step of a site: frame in, command out; journal records and replay. */
#ifndef SYMGRID_ENGINE_H
#define SYMGRID_ENGINE_H
#ifdef __cplusplus
extern "C" {
#endif

#include "engine/engine.h"
#include "engine/foresight.h"
#include "engine/foretold.h"
#include "engine/frame.h"
#include "engine/journal.h"
#include "engine/view.h"

#ifdef __cplusplus
}
#endif
#endif
