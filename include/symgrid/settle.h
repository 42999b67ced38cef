/* symgrid/settle.h - what each interval came to: energy, money, carbon. */
#ifndef SYMGRID_SETTLE_H
#define SYMGRID_SETTLE_H
#ifdef __cplusplus
extern "C" {
#endif

#include "settle/meter.h"
#include "settle/regulation.h"

#ifdef __cplusplus
}
#endif
#endif
