/* symgrid/plan.h - the day's schedule as a linear program, alone or made again and again. */
#ifndef SYMGRID_PLAN_H
#define SYMGRID_PLAN_H
#ifdef __cplusplus
extern "C" {
#endif

#include "plan/dispatch.h"
#include "plan/explain.h"
#include "plan/interior.h"
#include "plan/rolling.h"
#include "plan/value.h"

#ifdef __cplusplus
}
#endif
#endif
