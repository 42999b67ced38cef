/* Site files are what strangers hand over: whatever the bytes, reading ends in a site or in diagnostics. The first byte
 * chooses between a document and a bare YAML file. Beyond the sanitizers it checks what the reader promises. */
#include "base/check.h"
#include "base/text.h"
#include "site/reader.h"

#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_diagnostics(const sg_diagnostics *d, sg_status status)
{
    SG_CHECK((status == SG_OK) == (d->errors == 0));
    SG_CHECK(d->count >= 0 && d->count <= SG_DIAGNOSTIC_MAX);
    for (int i = 0; i < d->count; i++) {
        const sg_diagnostic *item = &d->items[i];
        SG_CHECK(item->message && item->hint && item->file && item->message[0]);
        SG_CHECK(item->line >= 0 && item->column >= 0);
        SG_CHECK(!strchr(item->message, '\n') && !strchr(item->hint, '\n'));
    }
}

static void check_site(const sg_site *site)
{
    SG_CHECK(site->node_count >= 1 && site->nodes[0].parent == -1 &&
             site->group_count <= SG_GROUP_MAX);
    for (int32_t i = 0; i < site->node_count; i++) {
        const sg_node *n = &site->nodes[i];
        SG_CHECK((i == 0) == (n->parent == -1) && n->parent < i);
        SG_CHECK(n->limit_w > 0 && n->loss_ohm >= 0 && isfinite(n->loss_ohm));
        SG_CHECK(n->converter_eff > 0 && n->converter_eff <= 1);
    }
    for (int role = 0; role < SG_ROLE_COUNT; role++) {
        for (int32_t i = 0; i < site->device_count[role]; i++) {
            const sg_device *d = &site->devices[role][i];
            const sg_group *g = &site->groups[d->group];
            SG_CHECK(d->node >= 0 && d->node < site->node_count && (int)g->role == role);
            SG_CHECK(i >= g->first && i < g->first + g->count &&
                     d->beside < site->device_count[SG_LOAD]);
            for (int k = 0; k < g->kind->param_count; k++) {
                SG_CHECK(isfinite(d->p[k]));
            }
            for (int k = 0; k < g->kind->input_count; k++) {
                SG_CHECK(d->input_series[k] < site->series_count && isfinite(d->input_value[k]));
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    sg_site site;
    sg_diagnostics diagnostics;
    const char *path = data[0] % 2 ? "fuzz/site.yaml" : "fuzz/site.maml.md";
    sg_status status =
        sg_site_parse(path, (const char *)data + 1, size - 1, false, &site, &diagnostics);
    check_diagnostics(&diagnostics, status);
    if (status == SG_OK) {
        check_site(&site);
    }
    sg_site_free(&site);
    sg_diagnostics_free(&diagnostics);
    return 0;
}
