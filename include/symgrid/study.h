/* symgrid/study.h - days to years of a site: simulate a policy and report. */
#ifndef SYMGRID_STUDY_H
#define SYMGRID_STUDY_H
#ifdef __cplusplus
extern "C" {
#endif

#include "study/figures.h"
#include "study/report.h"
#include "study/simulate.h"
#include "study/swarm.h"

#ifdef __cplusplus
}
#endif
#endif
