/* symgrid.racks/1: every load by the rack it stands in; as JSON, or as bytes for whoever asks for them ten times a second. */
#include "serve/http.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_BYTES = 40 };

static void put_le(uint8_t *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

static enum MHD_Result send_bytes(sg_http_request *request, const sg_cells *cells)
{
    sg_out out = {0};
    uint8_t header[HEADER_BYTES] = {'S', 'G', 'R', 'A', 'C', 'K', 'S', '1'};
    put_le(header + 8, cells->site->hash, 8);
    put_le(header + 16, cells->tick, 8);
    put_le(header + 24, (uint64_t)cells->time_us, 8);
    put_le(header + 32, (uint64_t)cells->count, 4);
    put_le(header + 36, HEADER_BYTES, 4);
    sg_out_bytes(&out, header, sizeof header);
    sg_out_bytes(&out, cells->share, (size_t)cells->count);
    sg_out_bytes(&out, cells->state, (size_t)cells->count);
    return sg_http_reply(request, MHD_HTTP_OK, "application/octet-stream", &out, NULL, NULL);
}

/* Racks are the nodes that carry loads, in the order of the site's nodes: rank[node] counts them, -1 for all others. */
static int rank_nodes(const sg_site *site, int32_t count, int32_t *rank)
{
    int racks = 0;
    memset(rank, 0xff, sizeof *rank * (size_t)site->node_count);
    for (int32_t l = 0; l < count; l++) {
        rank[site->devices[SG_LOAD][l].node] = 0;
    }
    for (int n = 0; n < site->node_count; n++) {
        rank[n] = rank[n] == 0 ? racks++ : -1;
    }
    return racks;
}

static void put_racks(const sg_site *site, const int32_t *rank, sg_out *out)
{
    char name[SG_ID_MAX];
    sg_json_begin(out, "racks", '[');
    for (int n = 0; n < site->node_count; n++) {
        if (rank[n] < 0) {
            continue;
        }
        sg_json_begin(out, NULL, '{');
        sg_site_node_name(site, n, name);
        sg_json_text(out, "id", name);
        if (site->nodes[n].parent >= 0) {
            sg_site_node_name(site, site->nodes[n].parent, name);
            sg_json_text(out, "parent", name);
        } else {
            sg_json_null(out, "parent");
        }
        sg_json_fixed(out, "limit_kw", site->nodes[n].limit_w / 1e3, 3);
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
}

static void put_groups(const sg_site *site, sg_out *out)
{
    sg_json_begin(out, "groups", '[');
    for (int g = 0; g < site->group_count; g++) {
        const sg_group *group = &site->groups[g];
        if (group->role != SG_LOAD || group->count < 1) {
            continue;
        }
        const sg_device *first = &site->devices[SG_LOAD][group->first];
        sg_json_begin(out, NULL, '{');
        sg_json_text(out, "id", group->id);
        sg_json_integer(out, "first", group->first);
        sg_json_integer(out, "count", group->count);
        sg_json_fixed(out, "rating_kw", first->p[SG_LOAD_RATING] / 1e3, 4);
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
}

/* [rack, servers in a row], [rack, ...]: loads of a site come rack by rack. */
static void put_runs(const sg_site *site, const int32_t *rank, int32_t count, sg_out *out)
{
    sg_json_begin(out, "runs", '[');
    for (int32_t l = 0, next; l < count; l = next) {
        int32_t node = site->devices[SG_LOAD][l].node;
        for (next = l + 1; next < count && site->devices[SG_LOAD][next].node == node;) {
            next++;
        }
        sg_json_begin(out, NULL, '[');
        sg_json_integer(out, NULL, rank[node]);
        sg_json_integer(out, NULL, next - l);
        sg_json_end(out, ']');
    }
    sg_json_end(out, ']');
}

static void put_columns(const sg_cells *cells, sg_out *out)
{
    sg_json_begin(out, "power_frac", '[');
    for (int32_t l = 0; l < cells->count; l++) {
        bool known = cells->share[l] != SG_CELL_UNKNOWN;
        sg_json_fixed(out, NULL, known ? (double)cells->share[l] / SG_CELL_RATING : (double)NAN, 3);
    }
    sg_json_end(out, ']');
    sg_json_begin(out, "state", '[');
    for (int32_t l = 0; l < cells->count; l++) {
        sg_json_integer(out, NULL, cells->state[l]);
    }
    sg_json_end(out, ']');
}

static enum MHD_Result send_json(sg_http_request *request, const sg_cells *cells)
{
    const sg_site *site = cells->site;
    int32_t *rank = malloc(sizeof *rank * (size_t)(site->node_count + 1));
    sg_out out = {0};
    char layout[20];
    if (!rank) {
        return MHD_NO;
    }
    int racks = rank_nodes(site, cells->count, rank);
    snprintf(layout, sizeof layout, "%016llx", (unsigned long long)site->hash);
    sg_json_begin(&out, NULL, '{');
    sg_json_text(&out, "format", "symgrid.racks/1");
    sg_json_time(&out, "time", cells->time_us);
    sg_json_integer(&out, "tick", (int64_t)cells->tick);
    sg_json_text(&out, "layout", layout);
    sg_json_integer(&out, "servers", cells->count);
    sg_json_integer(&out, "rack_count", racks);
    put_groups(site, &out);
    put_racks(site, rank, &out);
    put_runs(site, rank, cells->count, &out);
    put_columns(cells, &out);
    sg_json_end(&out, '}');
    free(rank);
    return sg_http_reply(request, MHD_HTTP_OK, "application/json", &out, NULL, NULL);
}

enum MHD_Result sg_http_racks(sg_http_request *request)
{
    const sg_serve_config *config = &request->serve->config;
    const char *accept =
        MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
    sg_cells cells;
    if (!config->cells || !config->cells(config->host, &cells)) {
        return sg_http_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, "not-ready", "Not ready",
                               "the first step is not done", NULL, MHD_HTTP_HEADER_RETRY_AFTER,
                               "1");
    }
    return accept && strstr(accept, "application/octet-stream") ? send_bytes(request, &cells)
                                                                : send_json(request, &cells);
}
