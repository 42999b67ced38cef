/* symgrid/measure.h - readings in, trusted values out. */
#ifndef SYMGRID_MEASURE_H
#define SYMGRID_MEASURE_H
#ifdef __cplusplus
extern "C" {
#endif

#include "measure/measure.h"

#ifdef __cplusplus
}
#endif
#endif
