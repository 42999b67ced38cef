/* What belongs to the site: its file, journal, telemetry, and who may touch them. */
#include "base/time.h"
#include "cli/doctor.h"
#include "cli/verbs.h"
#include "store/query.h"
#include "store/segment.h"
#include "store/telemetry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

void sg_doctor_site(sg_checkup *self)
{
    static sg_diagnostics diagnostics; /* too large for the stack */
    sg_site site;
    if (!self->site_path) {
        return;
    }
    sg_status status = sg_site_load(self->site_path, &site, &diagnostics);
    for (int i = 0; i < diagnostics.count && i < 12; i++) {
        const sg_diagnostic *d = &diagnostics.items[i];
        if (d->severity != SG_NOTE) {
            sg_find(self, "site", d->severity == SG_ERROR ? SG_HEALTH_BAD : SG_HEALTH_WARN, d->hint,
                    "%s:%d:%d: %s", d->file, d->line, d->column, d->message);
        }
    }
    if (status == SG_OK) {
        sg_find(self, "site", SG_HEALTH_OK, "",
                "%s: %d nodes, %d sources, %d stores, %d loads, %d series", site.title,
                (int)site.node_count, (int)site.device_count[SG_SOURCE],
                (int)site.device_count[SG_STORE], (int)site.device_count[SG_LOAD],
                (int)site.series_count);
    }
    sg_site_free(&site);
    sg_diagnostics_free(&diagnostics);
}

/* ---- data ---- */

static void check_lock(sg_checkup *self)
{
    char path[600], owner[24] = "";
    snprintf(path, sizeof path, "%s/lock", self->dir);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return;
    }
    bool held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    ssize_t got = read(fd, owner, sizeof owner - 1);
    owner[got > 0 ? strcspn(owner, "\n") : 0] = '\0';
    close(fd);
    sg_find(self, "data", SG_HEALTH_OK, "",
            held ? "process %s writes it at this moment"
                 : "nobody writes it at this moment (last: process %s)",
            owner[0] ? owner : "?");
}

/* Every record of the last segment, checked. */
static void check_journal(sg_checkup *self)
{
    uint32_t first, last;
    char error[SG_SEGMENT_TEXT] = "";
    sg_segment_reader *reader = NULL;
    sg_segment_record record;
    sg_status status;
    unsigned long long records = 0, damaged = 0;
    if (sg_segment_span(self->dir, &first, &last) != SG_OK) {
        sg_find(self, "journal", SG_HEALTH_OK, "", "there is none yet");
        return;
    }
    status = sg_segment_read_open(self->dir, last, &reader, error);
    while (status == SG_OK || status == SG_CORRUPT) {
        status = sg_segment_read(reader, &record);
        records += status == SG_OK;
        if (status == SG_CORRUPT) {
            damaged++;
            sg_find(self, "journal", SG_HEALTH_WARN,
                    "a torn tail after a crash is cut at the next start; anything else: keep the "
                    "folder, and let symgrid replay tell what is lost",
                    "%s", sg_segment_read_error(reader));
        }
    }
    sg_segment_read_close(reader);
    sg_find(self, "journal", records > 0 ? SG_HEALTH_OK : SG_HEALTH_BAD,
            records > 0 ? "" : "keep the folder; symgrid run goes on from an earlier segment",
            "segments %u to %u; %llu whole records in the last, %llu damaged", first, last, records,
            damaged);
}

static void check_telemetry(sg_checkup *self)
{
    static const char sql[] =
        "SELECT count(*), (SELECT value FROM meta WHERE key='site') FROM settlement";
    sg_out out = {0};
    sg_query_answer answer;
    sg_query_error error = {0};
    char path[600];
    snprintf(path, sizeof path, "%s/" SG_TELEMETRY_FILE, self->dir);
    if (access(path, F_OK) != 0) {
        sg_find(self, "telemetry", SG_HEALTH_OK, "", "there is none yet");
        return;
    }
    sg_status status =
        sg_query_run(self->dir, sql, sizeof sql - 1, SG_QUERY_CSV, NULL, &out, &answer, &error);
    const char *row = status == SG_OK && out.text ? strchr(out.text, '\n') : NULL;
    sg_find(self, "telemetry", row ? SG_HEALTH_OK : SG_HEALTH_BAD,
            row ? "" : "move telemetry.db away: the next start begins a new one", "%s%.*s%s",
            row ? "it opens, with " : "it cannot be read: ",
            row ? (int)strcspn(row + 1, ",\r\n") : (int)strlen(error.text),
            row ? row + 1 : error.text, row ? " settled intervals" : "");
    sg_out_free(&out);
}

void sg_doctor_data(sg_checkup *self)
{
    struct stat about;
    if (stat(self->dir, &about) != 0) {
        sg_find(self, "data", errno == ENOENT ? SG_HEALTH_OK : SG_HEALTH_BAD,
                errno == ENOENT ? "symgrid run makes it" : "name another folder with --data",
                "%s: %s", self->dir, strerror(errno));
        return;
    }
    if (!S_ISDIR(about.st_mode)) {
        sg_find(self, "data", SG_HEALTH_BAD, "name a folder with --data", "%s is no folder",
                self->dir);
        return;
    }
    check_lock(self);
    check_journal(self);
    check_telemetry(self);
}

/* ---- permissions ---- */

static bool is_private(const char *name)
{
    static const char *const words[] = {"token", "secret", "key", ".pem", "password"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasestr(name, words[i])) {
            return true;
        }
    }
    return false;
}

static void check_files(sg_checkup *self)
{
    DIR *folder = opendir(self->dir);
    for (const struct dirent *entry; folder && (entry = readdir(folder));) {
        struct stat about;
        bool there = fstatat(dirfd(folder), entry->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
                     S_ISREG(about.st_mode);
        if (there && (about.st_mode & S_IWOTH)) {
            sg_find(self, "permissions", SG_HEALTH_BAD, "chmod o-w on it",
                    "everybody may write %s/%s", self->dir, entry->d_name);
        }
        if (there && is_private(entry->d_name) && (about.st_mode & (S_IRGRP | S_IROTH))) {
            sg_find(self, "permissions", SG_HEALTH_BAD, "chmod 600 on it", "others may read %s/%s",
                    self->dir, entry->d_name);
        }
    }
    if (folder) {
        closedir(folder);
    }
}

void sg_doctor_permissions(sg_checkup *self)
{
    struct stat about;
    int before = self->count;
    if (stat(self->dir, &about) == 0) {
        if (access(self->dir, W_OK | X_OK) != 0) {
            sg_find(self, "permissions", SG_HEALTH_BAD,
                    "run symgrid as the folder's owner, or give it another one", "%s: %s",
                    self->dir, strerror(errno));
        }
        if (about.st_mode & S_IWOTH) {
            sg_find(self, "permissions", SG_HEALTH_BAD, "chmod o-w on it", "everybody may write %s",
                    self->dir);
        }
        check_files(self);
    }
    if (geteuid() == 0) {
        sg_find(self, "permissions", SG_HEALTH_WARN,
                "nothing here needs it; the unit of the package runs as a user of its own",
                "this is root");
    }
    if (self->count == before) {
        sg_find(self, "permissions", SG_HEALTH_OK, "", "nothing is open to others");
    }
}
