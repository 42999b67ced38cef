#include "cli/verb_site.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char HELP[] =
    "symgrid init - write an example site file to start from\n"
    "\n"
    "usage: symgrid init [DIR]\n"
    "\n"
    "  DIR  folder for site.maml.md, made where it is missing (default: the current one)\n"
    "\n"
    "The example needs no data files. An existing site.maml.md is never overwritten.\n"
    "\n"
    "Exit status: 0 done, 2 wrong usage or the file exists, 3 it cannot be written.\n"
    "\n"
    "Example: symgrid init my-site && symgrid check my-site/site.maml.md\n";

/* Two parts: the id and the date go between them. */
static const char EXAMPLE_HEAD[] =
    "---\n"
    "maml_version: \"2.0.0\"\n"
    "id: urn:uuid:%s\n"
    "type: site\n"
    "title: Example site\n"
    "created_at: %s\n"
    "timezone: UTC+1        # fixed offset; series and schedules without one of their own use it\n"
    "mode: observe          # observe, advise or control\n"
    "currency: EUR\n"
    "---\n";

static const char EXAMPLE_BODY[] =
    "# Example site\n"
    "\n"
    "Four racks on two PDUs, solar panels, a battery, a grid connection with a day and a night "
    "price.\n"
    "Only yaml blocks below a heading that ends in `_Schema` are read; the rest is for people.\n"
    "`symgrid check site.maml.md` says what is wrong; `symgrid model KIND --help` lists the keys "
    "of a kind.\n"
    "\n"
    "## Power_Schema\n"
    "```yaml\n"
    "nodes:                 # the power tree: one root, every other node names its parent\n"
    "  site: {limit: 500kW}\n"
    "  pdu:                 # two of them, pdu-1 and pdu-2\n"
    "    parent: site\n"
    "    count: 2\n"
    "    breaker: 250A      # 80 % of its rating may be used: 139 kW at 400 V\n"
    "    voltage: 400V\n"
    "    cable_length: [20m, 35m]   # a list is dealt out in turn\n"
    "    cable_section: 95mm2\n"
    "  rack: {parent: pdu, count: 2, limit: 60kW}   # two for each PDU: rack-1 to rack-4\n"
    "grid:\n"
    "  import_max: 400kW\n"
    "  export_max: 100kW\n"
    "  import_price: tariff       # the series below\n"
    "  export_price: 0.06 EUR/kWh # or a constant\n"
    "  demand_charge: 10 EUR/kW\n"
    "```\n"
    "\n"
    "## Devices_Schema\n"
    "```yaml\n"
    "templates:             # keys that several entries share; an entry's own keys win\n"
    "  server: {rating: 6kW, minimum: 1kW, idle_below: 1.2kW}\n"
    "loads:\n"
    "  batch: {template: server, node: rack, count: 6, class: 2, demand: shift}\n"
    "  web:   {template: server, node: rack, count: 2, class: 0, weight: 2, demand: [3.5kW, "
    "4.5kW]}\n"
    "  cooling: {rating: 60kW, minimum: 15kW, class: 0, demand: 35kW}   # no node: at the root\n"
    "sources:\n"
    "  roof:\n"
    "    type: solar\n"
    "    capacity: 150kW\n"
    "    coverage_area: 700m2\n"
    "    efficiency: 22%\n"
    "    irradiance: sun\n"
    "    air_temperature: 18degC\n"
    "stores:\n"
    "  battery: {type: lithium_ion, capacity: 600kWh, discharge_rate: 200kW, reserve: 10%, wear: "
    "0.01 EUR/kWh}\n"
    "  cell:    {type: lithium_ion, beside: web, capacity: 60Wh, discharge_rate: 600W, "
    "charge_rate: 100W, duty: device}\n"
    "```\n"
    "\n"
    "## Series_Schema\n"
    "```yaml\n"
    "series:\n"
    "  tariff:              # a day that repeats\n"
    "    daily: [{from: \"00:00\", value: 0.12 EUR/kWh}, {from: \"06:00\", value: 0.30 EUR/kWh}, "
    "{from: \"22:00\", value: 0.12 EUR/kWh}]\n"
    "  sun:\n"
    "    daily: [{from: \"00:00\", value: 0 W/m2}, {from: \"07:00\", value: 200 W/m2}, {from: "
    "\"10:00\", value: 700 W/m2},\n"
    "            {from: \"15:00\", value: 350 W/m2}, {from: \"19:00\", value: 0 W/m2}]\n"
    "  shift:\n"
    "    daily: [{from: \"00:00\", value: 5.5kW}, {from: \"08:00\", value: 2kW}, {from: \"20:00\", "
    "value: 5.5kW}]\n"
    "# Measured series come from CSV files with a header row, relative to this file's folder:\n"
    "#  price: {file: prices.csv, time: time_utc, column: price_eur_mwh, unit: EUR/MWh}\n"
    "#  ghi:   {file: weather.csv, time: time_local, timezone: UTC-5, column: ghi_wm2, unit: "
    "W/m2,\n"
    "#          align: calendar, between: linear, gaps: linear, max_gap: 6h}\n"
    "#  power: {file: servers.csv, time: t_s, column: \"node_{n:02}_w\", count: 64, unit: W, "
    "repeat: true}\n"
    "```\n"
    "\n"
    "## Faults_Schema\n"
    "```yaml\n"
    "# What a simulation may let happen:\n"
    "faults: []\n"
    "#  - {at: 12h, kind: grid_loss, duration: 10min}\n"
    "#  - {at: 20h, kind: trip, target: battery, duration: 1h}\n"
    "```\n";

/* A random (version 4) UUID, RFC 9562. */
static bool make_uuid(char ret[40])
{
    unsigned char r[16];
    if (getrandom(r, sizeof r, 0) != (ssize_t)sizeof r) {
        return false;
    }
    r[6] = (unsigned char)((r[6] & 0x0f) | 0x40);
    r[8] = (unsigned char)((r[8] & 0x3f) | 0x80);
    size_t used = 0;
    for (int i = 0; i < 16; i++) {
        const char *dash = i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "";
        used += (size_t)snprintf(ret + used, 40 - used, "%s%02x", dash, r[i]);
    }
    return true;
}

static int write_example(const char *path)
{
    char id[40], day[16];
    time_t now = time(NULL);
    struct tm civil;
    if (!make_uuid(id) || !gmtime_r(&now, &civil) ||
        !strftime(day, sizeof day, "%Y-%m-%d", &civil)) {
        fputs("symgrid init: the system gives no random numbers or no time\n", stderr);
        return 3;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) {
        bool exists = errno == EEXIST;
        fprintf(stderr, "symgrid init: %s: %s\n", path,
                exists ? "exists already and is not overwritten" : strerror(errno));
        return exists ? 2 : 3;
    }
    FILE *file = fdopen(fd, "w");
    if (!file) {
        close(fd);
        return 3;
    }
    bool good = fprintf(file, EXAMPLE_HEAD, id, day) > 0 && fputs(EXAMPLE_BODY, file) >= 0;
    good = fclose(file) == 0 && good;
    if (!good) {
        fprintf(stderr, "symgrid init: cannot write %s\n", path);
        return 3;
    }
    printf("wrote %s; try: symgrid check %s\n", path, path);
    return 0;
}

int sg_cli_init(int argc, char **argv)
{
    const char *folder = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(HELP, stdout);
            return 0;
        }
        if (argv[i][0] == '-' || folder) {
            fprintf(
                stderr,
                "symgrid init: expected at most one folder, got '%s'; see symgrid init --help\n",
                argv[i]);
            return 2;
        }
        folder = argv[i];
    }
    char path[4096];
    int length = folder ? snprintf(path, sizeof path, "%s/site.maml.md", folder)
                        : snprintf(path, sizeof path, "site.maml.md");
    if (length < 0 || (size_t)length >= sizeof path) {
        fputs("symgrid init: the path is too long\n", stderr);
        return 2;
    }
    if (folder && mkdir(folder, 0755) != 0 && errno != EEXIST) {
        fprintf(stderr, "symgrid init: %s: %s\n", folder, strerror(errno));
        return 3;
    }
    return write_example(path);
}
