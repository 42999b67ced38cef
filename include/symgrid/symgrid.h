/* symgrid/symgrid.h - all rooms of the library.
 *
 *     cc $(pkg-config --cflags symgrid) mine.c $(pkg-config --libs symgrid)
 *
 * Every function's own header says units, sign, ownership and errors, and whether it allocates or
 * blocks. Before version 1 names and layouts may change with each minor release; the name of the
 * shared library carries the number. */
#ifndef SYMGRID_H
#define SYMGRID_H
#include "symgrid/agent.h"
#include "symgrid/base.h"
#include "symgrid/control.h"
#include "symgrid/engine.h"
#include "symgrid/forecast.h"
#include "symgrid/measure.h"
#include "symgrid/model.h"
#include "symgrid/plan.h"
#include "symgrid/settle.h"
#include "symgrid/site.h"
#include "symgrid/study.h"
#include "symgrid/world.h"
#endif
