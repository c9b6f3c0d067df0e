/*
 * The worker's catalogue: what a specification may say, as JSON. `--describe` prints it, `hello`
 * carries it, the server checks jobs against it, `--help` shows it as tables.
 */
#ifndef DESCRIBE_H
#define DESCRIBE_H

#include <jansson.h>

/* {"protocol", "version", "numeric": the fingerprint, "spec": [settings…],
 *  "registries": {"optimizer": [{"name", "help", "settings": […]}, …], "schedule", "model", "loss",
 *  "problem"}, "formats", "builtins", "metrics": [{"name", "unit", "goal", "repeats", "help"}, …]}
 * The caller owns it. */
json_t *describe(void);

#endif
