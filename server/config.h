/*
 * The server's settings: one table of name, default, range, unit and help, which reads the command
 * line, prints --help and stands in README.md.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include "error.h"
#include <stdbool.h>
#include <stdint.h>

enum { CONFIG_HOSTS_MAX = 8 };

struct config {
    const char *data;                        /* folder */
    const char *listen;                      /* ADDRESS:PORT */
    const char *worker;                      /* path of sweepd-worker; NULL: beside this program */
    const char *hosts[CONFIG_HOSTS_MAX + 1]; /* further names that browsers may use for us */
    const char *proxies[CONFIG_HOSTS_MAX + 1]; /* whose X-Forwarded-For is believed */
    const char *auth;                          /* auto, required */
    int64_t slots;                             /* -1: as many as cores */
    int64_t body_most, upload_most;
    int64_t connections, connections_each, streams, stream_age_s, stream_beat_s;
    int64_t request_deadline_s, upload_deadline_s;
    int64_t ring, mailbox, readers, ballast_mib;
    int64_t lease_s, preempt_after_s, stop_grace_s;
    bool demo, progress, quiet;
    bool help, version;
};

/* Reads argv; refuses unknown names and values outside their range with a sentence. */
int config_read(int argc, char **argv, struct config *config, struct error *err);

/* --help, and the rows of the README's table ("| name | default | range | what |"). */
char *config_help(void);
char *config_markdown(void);

#endif
