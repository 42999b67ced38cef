/* symgrid/agent.h - the loop of one device, freestanding. The controller's side of a
 * set-point is sg_agent_seal(). */
#ifndef SYMGRID_AGENT_H
#define SYMGRID_AGENT_H
#ifdef __cplusplus
extern "C" {
#endif

#include "agent/agent.h"
#include "agent/sha256.h"

#ifdef __cplusplus
}
#endif
#endif
