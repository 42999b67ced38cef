/* owner.h - whose a file is that the command line makes for a service. */
#ifndef SG_SERVE_OWNER_H
#define SG_SERVE_OWNER_H

/* Where root runs, give the open file to the owner of the folder that holds `path`, so that a service
 * under its own user can read what `sudo symgrid token` wrote. Elsewhere nothing happens; a file
 * system without owners is no error. @effects alloc=no block=no */
void sg_owner_follow(int fd, const char *path);
#endif
