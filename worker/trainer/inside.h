/*
 * What the files of the trainer share; nobody else includes this.
 *
 *   trainer.c  a run from its start or a checkpoint to its end
 *   setup.c    what the specification says, opened
 *   resume.c   checkpoints: written, and gone on from
 *   rows.c     metrics on their way out, and how the run's own rules end it
 *   steps.c    one step, or one iteration of an optimizer that drives the objective
 *   evaluation.c  the validation part
 */
#ifndef INSIDE_H
#define INSIDE_H

#include "digest.h"
#include "metrics.h"
#include "objectives/objectives.h"
#include "schedules.h"
#include "stepper.h"
#include "trainer/trainer.h"

struct course {
    int64_t steps;
    int64_t report_every;
    int64_t norms_every;    /* 0: with the reports only */
    int64_t probe_every;    /* 0: the gradient's noise is not probed */
    int64_t evaluate_every; /* steps; 0: there is nothing to evaluate on */
    double clip_norm;       /* infinity: no clipping */
    int64_t checkpoint_every_ns;
    enum metric stop_metric; /* METRICS: no such rule */
    double stop_at_most, stop_at_least;
    int64_t patience;   /* evaluations; 0: endless */
    int64_t pause_step; /* stop there; 0: nowhere */
    int64_t burn_in;    /* steps that loss_average leaves out; below 0: there is none */
};

/* All that changes while it trains, but the arrays: a section of the checkpoint as it is. */
struct progress {
    int64_t step;    /* made so far */
    double loss_sum; /* of the batches since the last report */
    int64_t loss_count;
    double average_sum; /* of the losses since the burn-in */
    int64_t average_count;
    double best_loss; /* of the validation part */
    int64_t evaluations_since_best;
    double wall_ms;
    double last[METRICS];  /* last value of each metric */
    int64_t seen[METRICS]; /* whether there is one */
};

struct trainer {
    const struct training *training;
    const struct report *report;
    struct course course;
    struct objective *objective;
    struct stepper stepper;
    struct dynamics dynamics; /* what the stepper integrates, if it does */
    const struct schedule *schedule;
    struct chosen schedule_chosen;
    real *theta, *gradient;
    real *point; /* where to evaluate, for an optimizer that trains elsewhere; or NULL */
    struct progress progress;
    char *fingerprint;
    char spec_digest[DIGEST_TEXT_BYTES];
    int64_t begun_ns;        /* this attempt */
    double earlier_ms;       /* the attempts before it */
    int64_t checkpointed_ns; /* the last checkpoint, or the beginning */
    int64_t reported_ns;     /* the last report, for samples_per_s */
    uint64_t samples;        /* since then */
    bool ends;               /* one of the run's own rules says: this was the last step */
    struct outcome *outcome;
};

/* Whether a step is one of every so many; 0: none is. */
static inline bool is_due(int64_t step, int64_t every)
{
    return every > 0 && step % every == 0;
}

/* setup.c */
int trainer_open(struct trainer *trainer, struct error *err);
void trainer_close(struct trainer *trainer); /* also of one that did not open */

/* resume.c */
int resume(struct trainer *trainer, struct error *err);
void keep_checkpoint(struct trainer *trainer, int64_t now_ns);
/* Where this step is one that others go on from. True: they take over there, and the run itself
 * needs no checkpoint of it. */
bool keep_for_branches(struct trainer *trainer, int64_t now_ns);
bool checkpoint_is_due(const struct trainer *trainer, int64_t now_ns);

/* rows.c */
void say(struct trainer *trainer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void emit(struct trainer *trainer, enum metric metric, double value);
/* The mean over the batches since the last report; a problem's value is exact, so its present one
 * says more. */
void emit_train_loss(struct trainer *trainer, bool exact);
void emit_samples_per_s(struct trainer *trainer);
void diverge(struct trainer *trainer, const char *what); /* "the weights are" */
bool has_diverged(const struct trainer *trainer);
const real *point_of(struct trainer *trainer); /* where evaluations and the kept model are */

/* steps.c */
void make_step(struct trainer *trainer);
int make_iteration(struct trainer *trainer, struct error *err);

/* evaluation.c */
void evaluate(struct trainer *trainer);
bool evaluates(const struct trainer *trainer); /* whether this step ends with one */

#endif
