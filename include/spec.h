/*
 * Checks a specification against a catalogue and fills in every default.
 *
 * The catalogue is the JSON that `sweepd-worker --describe` prints: {"spec": [settings…],
 * "registries": {"optimizer": [{"name", "help", "settings": […]}, …], …}, …}. The server has it
 * from a worker, the worker from its own tables, so both give the same answer.
 */
#ifndef SPEC_H
#define SPEC_H

#include "problems.h"
#include <jansson.h>

/* Checks `object` against a list of settings of the catalogue (such as its "spec"); `pointer` is
 * where the object stands in what the person sent. Adds what is wrong to `problems`; the answer is
 * a new object with every default laid in, members in the order of the settings, meaningful only
 * where no problem was added. */
json_t *settings_resolve(const json_t *catalog, const json_t *settings, const json_t *object,
                         const char *pointer, struct problems *problems);

/* The whole specification: its settings, then what they mean together: dataset or problem, epochs
 * or steps (never both; 10 epochs, or 1,000 steps of a problem, where neither is given). */
json_t *spec_resolve(const json_t *catalog, const json_t *spec, const char *pointer,
                     struct problems *problems);

/* What an optimizer that drives the objective itself (hf, lbfgs) asks of it: no dropout, noise or
 * clipping, and curvature where it needs that. Another part of spec_resolve(). */
void spec_check_driven(const json_t *catalog, const json_t *resolved, const char *pointer,
                       struct problems *problems);

/* What a loss asks of targets that are the inputs; another part. */
void spec_check_targets(const json_t *catalog, const json_t *resolved, const char *pointer,
                        struct problems *problems);

/* What the settings of a problem mean together with replicas, dynamics and the optimizer; a part of
 * spec_resolve(), which calls it where nothing else was wrong. */
void spec_check_problem(const json_t *catalog, const json_t *resolved, const char *pointer,
                        struct problems *problems);
enum { PROBLEM_NUMBERS_MAX = 10000000 }; /* replicas times axes */

/* An entry of a registry by name, borrowed; NULL where there is none. */
json_t *catalog_find(const json_t *catalog, const char *registry, const char *name);

/* Of a number of the specification no more than `high`, however much the catalogue allows: what
 * this machine has. Problems end with the note, which says so, and the catalogue shows it as
 * "high_note". Nothing where there is no such setting, or its maximum is no higher. */
void catalog_lower_high(json_t *catalog, const char *name, double high, const char *note);

/* What settings_describe() made, as a table for --help, one line a setting. The caller frees it. */
char *settings_table(const json_t *settings, const char *indent);

#endif
