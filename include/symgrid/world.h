/* symgrid/world.h - a simulated plant, behind the port that a real one stands behind too. */
#ifndef SYMGRID_WORLD_H
#define SYMGRID_WORLD_H
#ifdef __cplusplus
extern "C" {
#endif

#include "port/field.h"
#include "world/checker.h"
#include "world/fleet.h"
#include "world/world.h"

#ifdef __cplusplus
}
#endif
#endif
