/* symgrid/model.h - kinds of devices and models: their parameters and the physics behind them. */
#ifndef SYMGRID_MODEL_H
#define SYMGRID_MODEL_H
#ifdef __cplusplus
extern "C" {
#endif

#include "model/kind.h"
#include "model/model.h"
#include "model/reservoir.h"

#ifdef __cplusplus
}
#endif
#endif
