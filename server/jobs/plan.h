/*
 * What a POST asks for, checked and expanded into runs; no input or output here.
 *
 * A variant is one fully resolved specification without its seed: the only one of a `train` job,
 * one per arm and grid point of a `compare` job. A run is a variant and a seed.
 *
 * Comparison: each arm is the base with the arm's merge patch; with "tasks" there is such an arm
 * for each task (tasks.h), and what follows counts them all. Tuning runs are arm x grid point x
 * tuning seed; report runs are arm x seed, waiting until the arm's tuning is done (no `tune`:
 * queued at once, point 0); those of later rounds (looks.h) until there have been the looks before.
 * Order of runs: tuning seed outermost, then grid point, then arm, so that all arms get their first
 * results together; then report seed, then arm.
 *
 * Arms that start from other arms: where an arm's schedule is refined from another arm, its first
 * runs (tuning, or report without `tune`) wait too, until that arm's have ended; its variants get
 * their curve then. A branched arm has no tuning runs: it takes the other arm's choice.
 */
#ifndef PLAN_H
#define PLAN_H

#include "jobs/halving.h"
#include "jobs/judging.h"
#include "jobs/options.h"
#include "problems.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { RUNS_MAX = 100000, ARMS_MAX = 64, JOB_NAME_BYTES = 200, PRIORITY_MAX = 1000 };
enum { ARM_NOTE_BYTES = 1000 }; /* what stands beside an arm for the reader of the report */
/* A resolved specification as JSON: with the rest of its assignment it fits a line to a worker.
 * All variants of a job together: they are held in memory until they are on disk. */
enum { SPEC_BYTES_MAX = 48 * 1024, VARIANTS_BYTES_MAX = 128 * 1024 * 1024 };

enum job_kind { JOB_TRAIN, JOB_COMPARE, JOB_SEARCH, JOB_KINDS };
extern const char *const job_kind_names[JOB_KINDS];

extern const char *const visibility_names[2]; /* of a bool for_everyone: "team", "everyone" */

enum run_phase { PHASE_TRAIN, PHASE_TUNE, PHASE_REPORT, PHASE_SEARCH, PHASES };
extern const char *const run_phase_names[PHASES];

struct metric_choice {
    char name[64];
    bool maximize; /* goal */
    bool best;     /* at: best instead of last */
};

/* Variants stand in the order arm * point_count + point. */
/* Its documents are compact JSON text: a comparison may have 100,000 variants, and as text they
 * take a tenth of the memory. */
struct variant_plan {
    int arm;       /* -1 for train */
    int point;     /* of the grid, 0 … */
    char *dataset; /* its name; NULL: a problem */
    char *spec;    /* resolved; "seed" is overlaid per run */
    char *tuned;   /* {"/optimizer/lr": 0.1, …} of this point; {} where nothing is tuned */
    int threads;
};

struct run_plan {
    int variant; /* into variants; -1 while waiting for an arm to be tuned */
    int arm;     /* -1 for train */
    int point;   /* -1 while waiting for an arm to be tuned */
    enum run_phase phase;
    uint64_t seed;
    bool waiting;
};

/* What an arm starts from, where that is another arm. */
enum source_kind {
    SOURCE_NONE,
    SOURCE_REFINED, /* its schedule comes from that arm's gradient norms */
    SOURCE_BRANCH,  /* its report runs go on from that arm's runs with the same seeds */
    SOURCE_KINDS,
};
extern const char *const source_kind_names[SOURCE_KINDS];

struct arm_source {
    enum source_kind kind;
    int arm;   /* the other one */
    double at; /* SOURCE_BRANCH: from there on, of the steps; 0 < at < 1 */
    /* Fractions at which this arm's own report runs keep what others go on from, as a JSON list;
     * NULL: none. */
    char *keep_at;
};

struct search_plan;

struct job_plan {
    enum job_kind kind;
    char *name;
    struct job_options options;
    char *request;               /* the body as it is to be kept; NULL: as it was sent */
    int priority;                /* -PRIORITY_MAX … PRIORITY_MAX, higher first, default 0 */
    bool for_everyone;           /* to read; else its team alone may */
    char **arms;                 /* names */
    int arm_count, point_count;  /* points of the grid per arm; 1 without tune */
    int baseline;                /* an arm, -1 for train */
    struct metric_choice metric; /* default: valid_loss, minimize, last; a problem's: train_loss */
    struct variant_plan *variants; /* of arm a and point p: variants[a * point_count + p] */
    int variant_count;
    size_t variant_bytes; /* of their specifications */
    struct run_plan *runs;
    int run_count, tuning_run_count;
    struct arm_source *sources; /* [arm_count]; NULL: no arm has to do with another */
    struct halving halving;     /* of the tuning runs */
    struct search_plan *search; /* of a search; owned; NULL: it is none */
    struct judging judging;     /* of a comparison */
    int64_t from_search;        /* of one that confirms a search's runs (confirm.h); 0: of none */
};

/* What is known about a data set beside its name, for checks that need it. */
struct data_facts {
    bool known;
    int classes;         /* 0: regression */
    const char *nearest; /* where not known: a known name like it, or NULL */
};
typedef struct data_facts data_lookup(void *context, const char *name);

/* Reads and checks the body of POST /api/v1/jobs. On problems the plan is empty. Takes some 10 us a
 * variant: comparisons with big grids belong on a helper thread (the lookup is then called there).
 * The catalogue's own "builtins" are known data sets whatever the lookup says. */
void job_plan_read(const json_t *catalog, data_lookup *lookup, void *lookup_context,
                   const json_t *body, struct job_plan *plan, struct problems *problems);
void job_plan_release(struct job_plan *plan);

/* Which grid point of an arm to report on, from the objective of its tuning runs:
 *     values [point_count][seed_count]   NaN: failed or diverged, worse than any number
 * The best mean wins; a point with fewer failures beats one with more; ties go to the first. -1
 * where no run of any point has a value. */
int comparison_choose(const double *values, int point_count, int seed_count, bool maximize);

#endif
