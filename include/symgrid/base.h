/* symgrid/base.h - what all rooms stand on: statuses, quantities, time, text, JSON, memory. */
#ifndef SYMGRID_BASE_H
#define SYMGRID_BASE_H
#ifdef __cplusplus
extern "C" {
#endif

#include "base/arena.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/pool.h"
#include "base/prng.h"
#include "base/quantity.h"
#include "base/status.h"
#include "base/sweep.h"
#include "base/text.h"
#include "base/time.h"
#include "base/worker.h"
#include "base/zone.h"

#ifdef __cplusplus
}
#endif
#endif
