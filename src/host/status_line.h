/* status_line.h - one line on a terminal that says how the site does. */
#ifndef SG_HOST_STATUS_LINE_H
#define SG_HOST_STATUS_LINE_H
#include "engine/view.h"

void sg_status_line(const sg_view *view);
void sg_status_line_end(void);
#endif
