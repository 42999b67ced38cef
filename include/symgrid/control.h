/* symgrid/control.h - who may draw what, what each store and source does, and why. */
#ifndef SYMGRID_CONTROL_H
#define SYMGRID_CONTROL_H
#ifdef __cplusplus
extern "C" {
#endif

#include "control/allocate.h"
#include "control/control.h"
#include "control/regulate.h"
#include "control/tasks.h"

#ifdef __cplusplus
}
#endif
#endif
