#include "trainer/inside.h"

#include "branching.h"
#include "json.h"
#include "math/fingerprint.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double limit_at(const json_t *object, const char *key, double none)
{
    return json_number_at(object, key, none);
}

static struct course course_of(const json_t *spec, const struct objective *objective,
                               const struct optimizer *optimizer)
{
    const bool drives = optimizer->drive != NULL; /* an iteration is its epoch and its report */
    const int64_t per_epoch = drives ? 1 : (int64_t)objective->steps_per_epoch;
    const int64_t epochs = json_integer_at(spec, "epochs", 1);
    const json_t *stop = json_object_get(spec, "stop_when");
    return (struct course){
        .steps =
            json_integer_at(spec, "steps", json_integer_at(spec, "iterations", epochs * per_epoch)),
        .report_every = drives ? 1 : json_integer_at(spec, "report_every_steps", 20),
        .norms_every = json_integer_at(spec, "norms_every_steps", 0),
        .probe_every = json_integer_at(spec, "probe_noise_every_steps", 0),
        .evaluate_every = json_integer_at(spec, "evaluate_every_epochs", 1) * per_epoch,
        .clip_norm = limit_at(spec, "clip_norm", HUGE_VAL),
        .checkpoint_every_ns = (int64_t)(json_number_at(spec, "checkpoint_every_s", 30) * 1e9),
        .stop_metric = metric_find(json_text_at(stop, "metric", "")),
        .stop_at_most = limit_at(stop, "at_most", -HUGE_VAL),
        .stop_at_least = limit_at(stop, "at_least", HUGE_VAL),
        .patience = json_integer_at(spec, "patience", 0),
        .burn_in = -1,
    };
}

/* Only of a problem whose steps are random does the average say more than the last loss. */
static void begin_average(struct trainer *trainer)
{
    const struct noise *noise = trainer->objective->noise;
    const double share = json_number_at(trainer->training->spec, "burn_in", 0.5);
    if (noise && !noise->silent)
        trainer->course.burn_in = (int64_t)(share * (double)trainer->course.steps);
}

static int open_schedule(struct trainer *trainer, const json_t *choice, struct error *err)
{
    const char *name = json_text_at(choice, "type", "");
    trainer->schedule = schedule_find(name);
    if (!trainer->schedule)
        return error_set(err, "unknown schedule \"%.64s\"", name);
    chosen_read(trainer->schedule->settings, choice, &trainer->schedule_chosen);
    if (trainer->schedule->accepts)
        return trainer->schedule->accepts(choice, err);
    return 0;
}

static void note_identity(struct trainer *trainer)
{
    json_t *numeric = fingerprint();
    AUTO_FREE char *spec = json_compact(trainer->training->spec);
    trainer->fingerprint = json_compact(numeric);
    digest_of(spec, strlen(spec), trainer->spec_digest);
    json_decref(numeric);
}

static int open_stepper(struct trainer *trainer, const json_t *choice, struct error *err)
{
    const struct objective *objective = trainer->objective;
    const struct pieces pieces = {objective->dimension, objective->tensors,
                                  objective->tensor_count};
    if (stepper_init(&trainer->stepper, choice, &pieces, err) < 0)
        return -1;
    const struct stepper *stepper = &trainer->stepper;
    const struct optimizer *optimizer = stepper->optimizer;
    struct landscape *landscape = objective->landscape;
    if (optimizer->drive && !landscape)
        return error_set(err,
                         "%s drives the objective itself, which this one does not offer; take "
                         "a data set, or a problem without noise and replicas",
                         optimizer->name);
    if (optimizer->accepts && optimizer->accepts(&stepper->chosen, landscape, err) < 0)
        return -1;
    return optimizer->drive && landscape->methods->prepare
               ? landscape->methods->prepare(landscape, err)
               : 0;
}

/* Replicas are independent only where each parameter goes its own way. */
static int check_replicas(const struct trainer *trainer, struct error *err)
{
    const struct optimizer *optimizer = trainer->stepper.optimizer;
    if (trainer->objective->replicas <= 1)
        return 0;
    if (optimizer->whole)
        return error_set(err,
                         "%s looks at all parameters at once, so replicas would not be "
                         "independent; take one replica, or an optimizer that works element by "
                         "element, such as sgd or adam",
                         optimizer->name);
    if (limit_at(trainer->training->spec, "clip_norm", 0) > 0)
        return error_set(err, "clip_norm would go by the norm over all replicas; leave it out, or "
                              "take one replica");
    return 0;
}

static int open_dynamics(struct trainer *trainer, struct error *err)
{
    const json_t *spec = trainer->training->spec;
    struct stepper *stepper = &trainer->stepper;

    if (strcmp(json_text_at(spec, "dynamics", "discrete"), "sde") != 0)
        return 0;
    if (limit_at(spec, "clip_norm", 0) > 0)
        return error_set(err, "an SDE has no clipped gradients; leave clip_norm out");
    if (dynamics_open(&trainer->dynamics, stepper->optimizer, &stepper->chosen,
                      trainer->objective->noise, json_text_at(spec, "integrator", NULL), err) < 0)
        return -1;
    stepper->dynamics = &trainer->dynamics;
    return 0;
}

static int allocate_vectors(struct trainer *trainer, struct error *err)
{
    const size_t dimension = trainer->objective->dimension;
    const bool apart = trainer->stepper.optimizer->point != NULL;

    trainer->theta = aligned_block(dimension, sizeof(real));
    trainer->gradient = aligned_block(dimension, sizeof(real));
    trainer->point = apart ? aligned_block(dimension, sizeof(real)) : NULL;
    if (trainer->theta && trainer->gradient && (trainer->point || !apart))
        return 0;
    return error_of(err, ERROR_INTERNAL, "not enough memory for %zu parameters", dimension);
}

int trainer_open(struct trainer *trainer, struct error *err)
{
    const struct training *training = trainer->training;
    const json_t *spec = training->spec;

    note_identity(trainer);
    if (objective_open(spec, training->data, training->cache, &trainer->objective, err) < 0 ||
        open_stepper(trainer, json_object_get(spec, "optimizer"), err) < 0 ||
        check_replicas(trainer, err) < 0 || open_dynamics(trainer, err) < 0 ||
        open_schedule(trainer, json_object_get(spec, "schedule"), err) < 0 ||
        allocate_vectors(trainer, err) < 0)
        return -1;

    trainer->course = course_of(spec, trainer->objective, trainer->stepper.optimizer);
    if (trainer->course.steps < 1)
        return error_set(err, "there is not one step to make");
    if (training->pause_at > 0)
        trainer->course.pause_step = rung_step(training->pause_at, trainer->course.steps,
                                               json_integer_at(spec, "epochs", 0));
    begin_average(trainer);
    trainer->progress.best_loss = HUGE_VAL;
    return 0;
}

void trainer_close(struct trainer *trainer)
{
    free(trainer->theta);
    free(trainer->gradient);
    free(trainer->point);
    free(trainer->fingerprint);
    chosen_release(&trainer->schedule_chosen);
    dynamics_close(&trainer->dynamics);
    stepper_release(&trainer->stepper);
    if (trainer->objective)
        trainer->objective->methods->free(trainer->objective);
}
