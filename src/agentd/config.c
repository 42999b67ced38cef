#include "agentd/config.h"

#include "base/quantity.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum kind { NUMBER, PATH, WORD, INTEGER };

typedef struct field {
    const char *name;
    enum kind kind;
    sg_dimension dimension; /* NUMBER: of the text                 */
    double scale;           /* and from SI to what is stored       */
    double least, most;     /* of what is stored                   */
    size_t place;
    const char *usual; /* NULL: must be given; "": may be left out */
    const char *help;
} field;

#define AT(member)     offsetof(sg_agentd_config, member)
#define POWER(member)  NUMBER, SG_DIM_POWER, 1e3, 0, SG_AGENT_POWER_MW_MAX, AT(member)
#define ENERGY(member) NUMBER, SG_DIM_ENERGY, 1, 0, UINT32_MAX, AT(member)
#define TIME(member)   NUMBER, SG_DIM_TIME, 1e3, 0, 86400000, AT(member)
#define RAMP(member)   NUMBER, SG_DIM_RAMP, 1, 1, SG_AGENT_POWER_MW_MAX, AT(member)
#define TEXT(member)   WORD, SG_DIM_NONE, 0, 0, 0, AT(member)
#define FILE_(member)  PATH, SG_DIM_NONE, 0, 0, 0, AT(member)

/* Two keys have no member of their own: safe_store also chooses the mode, droop is turned into mW per mHz. */
enum { NO_PLACE = -1 };
#define NOWHERE ((size_t)NO_PLACE)

static const field FIELDS[] = {
    {"device", INTEGER, SG_DIM_NONE, 1, 0, 0, AT(device), NULL, "its number, 1 to 2^64 - 1"},
    {"key_file", FILE_(key_file), NULL,
     "64 hexadecimal digits or 32 bytes; nobody else may read it"},
    {"key_number", NUMBER, SG_DIM_NONE, 1, 0, 65535, AT(key_number), "0", "which key that is"},
    {"state", FILE_(state), NULL, "where fence and registers survive a restart"},
    {"listen", TEXT(listen), "127.0.0.1:8049", "where set-points come, ADDRESS:PORT or unix:PATH"},
    {"report_to", TEXT(report_to), "", "where reports go"},
    {"report_every", TIME(report_ms), "100ms", "how often"},
    {"cap_min", POWER(limits.cap_mw_min), NULL, "least cap: the load needs so much"},
    {"cap_max", POWER(limits.cap_mw_max), NULL, "greatest: the feed bears so much"},
    {"load_max", POWER(limits.load_mw_max), NULL, "samples above cannot be true"},
    {"idle", POWER(limits.idle_mw), "0W", "up to this the load is idle"},
    {"charge_max", POWER(limits.charge_mw_max), "0W", "of the store; 0W: there is none"},
    {"discharge_max", POWER(limits.discharge_mw_max), "0W", "of the store"},
    {"export_max", POWER(limits.export_mw_max), "0W", "discharge beyond the load"},
    {"floor", ENERGY(limits.floor_j), "0Wh", "the store gives nothing below"},
    {"low_mark", ENERGY(limits.low_j), "0Wh", "below it asks to be charged"},
    {"high_mark", ENERGY(limits.high_j), "0Wh", "above it gives while the load is idle"},
    {"full", ENERGY(limits.full_j), "0Wh", "the store takes nothing from here on"},
    {"store_ramp", RAMP(limits.store_ramp_mw_per_ms), "1kW/s", "greatest change of the store"},
    {"cap_ramp", RAMP(limits.cap_ramp_mw_per_ms), "1kW/s", "greatest rise of the cap"},
    {"frequency", NUMBER, SG_DIM_FREQUENCY, 1e3, 40000, 70000, AT(limits.nominal_mhz), "50Hz",
     "nominal"},
    {"dead_band", NUMBER, SG_DIM_FREQUENCY, 1e3, 0, 5000, AT(limits.deadband_mhz), "36mHz",
     "deviation without droop"},
    {"droop", NUMBER, SG_DIM_FRACTION, 1, 0, 1, NOWHERE, "0%",
     "deviation for discharge_max, of the nominal; 0%: none"},
    {"silence", TIME(limits.silence_ms), "2s", "without a set-point until it goes safe, below 5 s"},
    {"validity_max", TIME(limits.valid_ms_max), "10s", "longest that a set-point may claim"},
    {"image_every", TIME(limits.image_ms), "15min", "between two savings of the registers"},
    {"safe_cap", POWER(limits.safe.cap_mw), NULL, "the safe behaviour: cap"},
    {"safe_store", NUMBER, SG_DIM_POWER, 1e3, -SG_AGENT_POWER_MW_MAX, SG_AGENT_POWER_MW_MAX,
     NOWHERE, "", "and store, > 0 to discharge; left out: by its marks"},
    {"meter", TEXT(meter), NULL, "simulated or files"},
    {"simulated_load", POWER(simulated_load_mw), "0W", "what the simulated load wants"},
    {"simulated_store", ENERGY(simulated_store_j), "0Wh", "in the simulated store at the start"},
    {"load_file", FILE_(load_file), "", "read: power of the load, uW"},
    {"store_file", FILE_(store_file), "", "read: power of the store, uW, > 0 while it discharges"},
    {"stored_file", FILE_(stored_file), "", "read: energy in the store, uWh"},
    {"frequency_file", FILE_(frequency_file), "", "read: mHz"},
    {"stop_file", FILE_(stop_file), "", "read: the local stop, not 0 while it is pressed"},
    {"cap_to", FILE_(cap_to), "", "written: the cap, uW"},
    {"store_to", FILE_(store_to), "", "written: power asked of the store, uW"},
};
enum { FIELD_COUNT = sizeof FIELDS / sizeof *FIELDS };

void sg_agentd_config_help(FILE *out)
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        const field *f = &FIELDS[i];
        fprintf(out, "  %-16s %s%s%s%s\n", f->name, f->help, f->usual && *f->usual ? " (" : "",
                f->usual && *f->usual ? f->usual : "", f->usual && *f->usual ? ")" : "");
    }
}

typedef struct reader {
    const char *path;
    int line;
    sg_agentd_config *config;
    bool given[FIELD_COUNT];
    double droop_frac, safe_store_mw;
} reader;

__attribute__((format(printf, 3, 4))) static bool wrong(const reader *r, int column,
                                                        const char *format, ...)
{
    va_list values;
    fprintf(stderr, "%s:%d:%d: ", r->path, r->line, column);
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputc('\n', stderr);
    return false;
}

static bool set_number(reader *r, const field *f, const char *text, int column)
{
    sg_quantity quantity;
    const char *what = "";
    if (sg_quantity_parse_as(text, strlen(text), f->dimension, &quantity, &what) != SG_OK) {
        return wrong(r, column, "expected %s such as %s", sg_dimension_text(f->dimension),
                     sg_dimension_example(f->dimension));
    }
    double value = quantity.value * f->scale;
    if (!(value >= f->least && value <= f->most)) {
        return wrong(r, column, "%s: '%s' is out of range", f->name, text);
    }
    if (f->place == NOWHERE) {
        *(f->dimension == SG_DIM_POWER ? &r->safe_store_mw : &r->droop_frac) = value;
        return true;
    }
    /* what is stored are int32_t below 2^31 and uint32_t: the bits are the same */
    uint32_t whole = (uint32_t)llround(value);
    memcpy((char *)r->config + f->place, &whole, sizeof whole);
    return true;
}

static bool set_integer(reader *r, const field *f, const char *text, int column)
{
    char *end;
    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || value == 0) {
        return wrong(r, column, "%s: expected a whole number above 0, got '%s'", f->name, text);
    }
    memcpy((char *)r->config + f->place, &value, sizeof value);
    return true;
}

/* Relative names are relative to the file that they stand in. */
static bool set_path(reader *r, const field *f, const char *text, int column)
{
    char *ret = (char *)r->config + f->place;
    const char *slash = strrchr(r->path, '/');
    size_t folder =
        f->kind == PATH && *text && *text != '/' && slash ? (size_t)(slash - r->path + 1) : 0;
    if (folder + strlen(text) >= SG_AGENTD_PATH) {
        return wrong(r, column, "%s: '%.40s...' is too long", f->name, text);
    }
    memcpy(ret, r->path, folder);
    memcpy(ret + folder, text, strlen(text) + 1);
    return true;
}

static bool set(reader *r, const field *f, const char *text, int column)
{
    return f->kind == NUMBER    ? set_number(r, f, text, column)
           : f->kind == INTEGER ? set_integer(r, f, text, column)
                                : set_path(r, f, text, column);
}

static int find_field(const char *name)
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (strcmp(FIELDS[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

static bool unknown_key(const reader *r, int column, const char *name)
{
    const char *names[FIELD_COUNT];
    for (int i = 0; i < FIELD_COUNT; i++) {
        names[i] = FIELDS[i].name;
    }
    const char *nearest = sg_text_nearest(name, names, FIELD_COUNT);
    return nearest ? wrong(r, column, "unknown key '%.60s', did you mean %s?", name, nearest)
                   : wrong(r, column, "unknown key '%.60s'; symgrid-agent --help lists them", name);
}

static bool read_line(reader *r, char *line)
{
    char *hash = line; /* a comment begins the line or follows a blank */
    while ((hash = strchr(hash, '#')) && hash > line && hash[-1] != ' ' && hash[-1] != '\t') {
        hash++;
    }
    size_t end = hash ? (size_t)(hash - line) : strlen(line);
    while (end > 0 && strchr(" \t\r\n", line[end - 1])) {
        end--;
    }
    line[end] = '\0';
    char *key = line + strspn(line, " \t"), *colon = strchr(key, ':');
    int column = (int)(key - line) + 1;
    if (!*key) {
        return true;
    }
    if (!colon) {
        return wrong(r, column, "expected `key: value`, got '%.60s'", key);
    }
    *colon = '\0';
    char *value = colon + 1 + strspn(colon + 1, " \t");
    int found = find_field(key);
    if (found < 0) {
        return unknown_key(r, column, key);
    }
    if (r->given[found]) {
        return wrong(r, column, "%s was given before", key);
    }
    if (!*value) {
        return wrong(r, (int)(value - line) + 1, "%s: expected a value", key);
    }
    r->given[found] = true;
    return set(r, &FIELDS[found], value, (int)(value - line) + 1);
}

static bool fill_in(reader *r)
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (!r->given[i] && !FIELDS[i].usual) {
            return wrong(r, 1, "%s is missing: %s", FIELDS[i].name, FIELDS[i].help);
        }
        if (!r->given[i] && *FIELDS[i].usual && !set(r, &FIELDS[i], FIELDS[i].usual, 1)) {
            return false;
        }
    }
    return true;
}

/* What depends on more than one key. */
static bool conclude(reader *r)
{
    static const char *const faults[] = {
#define X(code, text) text,
        SG_AGENT_FAULT_LIST(X)
#undef X
    };
    sg_agentd_config *c = r->config;
    if (r->given[find_field("safe_store")]) {
        c->limits.safe.mode = SG_AGENT_POWER;
        c->limits.safe.store_mw = (int32_t)lround(r->safe_store_mw);
    }
    if (r->droop_frac > 0) {
        double mw_per_mhz = c->limits.discharge_mw_max / (r->droop_frac * c->limits.nominal_mhz);
        c->limits.droop_mw_per_mhz = (uint32_t)llround(mw_per_mhz);
    }
    sg_agent_fault fault = sg_agent_limits_check(&c->limits);
    if (fault != SG_AGENT_SOUND) {
        return wrong(r, 1, "the limits cannot be kept: %s", faults[fault]);
    }
    bool simulated = strcmp(c->meter, "simulated") == 0;
    if (!simulated && strcmp(c->meter, "files") != 0) {
        return wrong(r, 1, "meter: expected simulated or files, got '%.40s'", c->meter);
    }
    bool store = c->limits.charge_mw_max > 0 || c->limits.discharge_mw_max > 0;
    if (!simulated && (!*c->load_file || (store && !*c->stored_file))) {
        return wrong(r, 1, "meter: files needs load_file%s", store ? " and stored_file" : "");
    }
    if (c->report_ms < SG_AGENT_STEP_MS) {
        return wrong(r, 1, "report_every: expected 10ms or more");
    }
    return true;
}

static bool is_hex(const char *text, size_t count)
{
    return strspn(text, "0123456789abcdefABCDEF") == count;
}

/* 32 bytes as they are, or as 64 digits with or without an end of line. */
static bool take_key(const char *text, size_t size, uint8_t ret[SG_AGENT_KEY_SIZE])
{
    if (size == SG_AGENT_KEY_SIZE) {
        memcpy(ret, text, SG_AGENT_KEY_SIZE);
        return true;
    }
    enum { DIGITS = 2 * SG_AGENT_KEY_SIZE };
    if (size < DIGITS || size > DIGITS + 1 || !is_hex(text, DIGITS) ||
        (size == DIGITS + 1 && text[DIGITS] != '\n')) {
        return false;
    }
    for (int i = 0; i < SG_AGENT_KEY_SIZE; i++) {
        char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};
        ret[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return true;
}

static bool read_key(const char *path, uint8_t ret[SG_AGENT_KEY_SIZE], bool *ret_environment)
{
    char text[2 * SG_AGENT_KEY_SIZE + 3] = {0};
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0) {
        fprintf(stderr, "%s: the key cannot be read: %s\n", path, strerror(errno));
        *ret_environment = true;
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    ssize_t size = read(fd, text, sizeof text - 1);
    close(fd);
    bool open_to_others = info.st_mode & (S_IRWXG | S_IRWXO);
    bool good = !open_to_others && size > 0 && take_key(text, (size_t)size, ret);
    explicit_bzero(text, sizeof text);
    if (open_to_others) {
        fprintf(stderr, "%s:1:1: expected a file that only its owner can read: chmod 600\n", path);
    } else if (!good) {
        fprintf(stderr, "%s:1:1: expected a key: 64 hexadecimal digits, or 32 bytes\n", path);
    }
    return good;
}

bool sg_agentd_config_read(const char *path, sg_agentd_config *ret, bool *ret_environment)
{
    memset(ret, 0, sizeof *ret);
    reader r = {.path = path, .config = ret};
    char line[512];
    FILE *file = fopen(path, "re");
    *ret_environment = !file;
    if (!file) {
        fprintf(stderr, "%s: cannot be read: %s\n", path, strerror(errno));
        return false;
    }
    bool good = true;
    while (good && fgets(line, sizeof line, file)) {
        r.line++;
        bool whole = strchr(line, '\n') || feof(file);
        good = whole ? read_line(&r, line) : wrong(&r, 1, "the line is too long");
    }
    fclose(file);
    r.line += r.line == 0;
    return good && fill_in(&r) && conclude(&r) &&
           read_key(ret->key_file, ret->key, ret_environment);
}
