/* config.h - the file that describes a device: one `key: value` a line, `#` begins a comment. Keys: docs/agent.md.
 *
 * Errors   one line on stderr, `file:line:col: what was expected`; for the key file and for limits that contradict each
 *          other too. Only functions of this file write diagnostics about the configuration. */
#ifndef SG_AGENTD_CONFIG_H
#define SG_AGENTD_CONFIG_H
#include "agent/agent.h"

#include <stdio.h>

enum { SG_AGENTD_PATH = 256 };

typedef struct sg_agentd_config {
    uint64_t device;
    uint32_t key_number, report_ms;
    uint8_t key[SG_AGENT_KEY_SIZE];
    sg_agent_limits limits;
    char key_file[SG_AGENTD_PATH], state[SG_AGENTD_PATH];
    char listen[SG_AGENTD_PATH], report_to[SG_AGENTD_PATH]; /* "ADDRESS:PORT", "unix:PATH" or "" */
    char meter[SG_AGENTD_PATH];                             /* "simulated" or "files"            */
    int32_t simulated_load_mw;
    uint32_t simulated_store_j;
    char load_file[SG_AGENTD_PATH], store_file[SG_AGENTD_PATH], stored_file[SG_AGENTD_PATH],
        frequency_file[SG_AGENTD_PATH], stop_file[SG_AGENTD_PATH]; /* read    */
    char cap_to[SG_AGENTD_PATH], store_to[SG_AGENTD_PATH];         /* written */
} sg_agentd_config;

/* Read the file and the key that it names. False after one line on stderr; *ret_environment tells whether a file could
 * not be read at all (else what stands in it is wrong). @effects alloc=yes block=yes */
bool sg_agentd_config_read(const char *path, sg_agentd_config *ret, bool *ret_environment);

/* The keys with their meanings, for --help. */
void sg_agentd_config_help(FILE *out);
#endif
