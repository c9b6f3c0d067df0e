#include "describe.h"

#include "datasets/dataset.h"
#include "dynamics/dynamics.h"
#include "losses/losses.h"
#include "math/fingerprint.h"
#include "metrics.h"
#include "model.h"
#include "objectives/objectives.h"
#include "optimizers/optimizers.h"
#include "schedules.h"
#include "version.h"

static const struct setting stop_when[] = {
    {.name = "metric",
     .type = SETTING_CHOICE,
     .required = true,
     .choices = METRIC_NAMES,
     .help = "looked at whenever it is reported"},
    {.name = "at_most",
     .type = SETTING_NUMBER,
     .nullable = true,
     .low = -1e300,
     .high = 1e300,
     .help = "stop when it is this or less"},
    {.name = "at_least",
     .type = SETTING_NUMBER,
     .nullable = true,
     .low = -1e300,
     .high = 1e300,
     .help = "stop when it is this or more"},
    {0},
};

static const struct setting branch[] = {
    {.name = "run",
     .type = SETTING_INTEGER,
     .required = true,
     .low = 1,
     .high = 9007199254740992.0,
     .help = "the other run, whose keep_at led to that step"},
    {.name = "step",
     .type = SETTING_INTEGER,
     .required = true,
     .low = 1,
     .high = 1e12,
     .unit = "steps",
     .help = "how many it had made there"},
    {0},
};

static const struct setting specification[] = {
    {.name = "dataset",
     .type = SETTING_TEXT,
     .absent = true,
     .high = 64,
     .help = "name of the data set to train on; or give a problem"},
    {.name = "problem",
     .type = SETTING_PLUGIN,
     .absent = true,
     .registry = "problem",
     .help = "analytic problem to minimise; or give a data set"},
    {.name = "replicas",
     .type = SETTING_INTEGER,
     .low = 1,
     .high = 1e5,
     .fallback = 1,
     .with = "problem",
     .help =
         "independent copies of theta that are trained at once, each with its own noise; losses "
         "are means over them"},
    {.name = "burn_in",
     .type = SETTING_NUMBER,
     .low = 0,
     .high = 1,
     .below_high = true,
     .fallback = 0.5,
     .with = "problem",
     .unit = "of the steps",
     .help = "loss_average leaves this part out"},
    {.name = "dynamics",
     .type = SETTING_CHOICE,
     .choices = "discrete|sde",
     .fallback_text = "discrete",
     .with = "problem",
     .help = "the optimizer's own steps, or the stochastic differential equation that stands for "
             "them (Compagnoni et al., 2025), by Euler-Maruyama with lr for a time step"},
    {.name = "integrator",
     .type = SETTING_CHOICE,
     .absent = true,
     .choices = "explicit|semi_implicit",
     .with = "problem",
     .help = "of the SDE of adam and adamw; semi_implicit for beta1 up to 0.95 where it is not "
             "given, else explicit"},
    {.name = "standardize",
     .type = SETTING_CHOICE,
     .choices = "none|global|feature",
     .fallback_text = "global",
     .with = "dataset",
     .help = "take the training part's mean off and divide by its deviation: over all features, "
             "or each by itself"},
    {.name = "model",
     .type = SETTING_PLUGIN,
     .required = true,
     .registry = "model",
     .with = "dataset",
     .help = "what is trained"},
    {.name = "loss",
     .type = SETTING_NAME,
     .nullable = true,
     .registry = "loss",
     .with = "dataset",
     .help = "what is minimised; null: the one that suits the data set's labels"},
    {.name = "targets",
     .type = SETTING_CHOICE,
     .absent = true,
     .choices = "labels|inputs",
     .with = "dataset",
     .help = "what the model is to give: the data set's labels (without this), or its own inputs, "
             "as an autoencoder"},
    {.name = "optimizer",
     .type = SETTING_PLUGIN,
     .required = true,
     .registry = "optimizer",
     .help = "how the weights are changed"},
    {.name = "schedule",
     .type = SETTING_PLUGIN,
     .fallback_text = "{\"type\": \"constant\"}",
     .registry = "schedule",
     .help = "the course of the learning rate"},
    {.name = "epochs",
     .type = SETTING_INTEGER,
     .absent = true,
     .low = 1,
     .high = 1e6,
     .unit = "epochs",
     .help = "passes over the training part; 10 where neither epochs nor steps are given"},
    {.name = "steps",
     .type = SETTING_INTEGER,
     .absent = true,
     .low = 1,
     .high = 1e12,
     .unit = "steps",
     .help = "instead of epochs; 1,000 for a problem where it is not given"},
    {.name = "iterations",
     .type = SETTING_INTEGER,
     .absent = true,
     .low = 1,
     .high = 1e9,
     .unit = "iterations",
     .help = "instead of epochs, for an optimizer that takes its own samples (hf, lbfgs, hdm)"},
    {.name = "batch_size",
     .type = SETTING_INTEGER,
     .low = 1,
     .high = 65536,
     .fallback = 128,
     .with = "dataset",
     .unit = "examples",
     .help = "how many examples a gradient is the mean of"},
    {.name = "clip_norm",
     .type = SETTING_NUMBER,
     .nullable = true,
     .low = 0,
     .above_low = true,
     .high = 1e12,
     .help = "gradients with a greater Euclidean norm are scaled down to it; null: none are"},
    {.name = "seed",
     .type = SETTING_INTEGER,
     .low = 0,
     .high = 9007199254740992.0,
     .fallback = 1,
     .help = "of the first weights, the order of examples, dropout and noise"},
    {.name = "threads",
     .type = SETTING_INTEGER,
     .low = 1,
     .high = 64,
     .fallback = 1,
     .unit = "threads",
     .help = "of the matrix products; other numbers give other bits"},
    {.name = "report_every_steps",
     .type = SETTING_INTEGER,
     .low = 1,
     .high = 1e9,
     .fallback = 20,
     .unit = "steps",
     .help = "between two rows of metrics; the last step reports too"},
    {.name = "norms_every_steps",
     .type = SETTING_INTEGER,
     .absent = true,
     .low = 1,
     .high = 1e9,
     .unit = "steps",
     .help = "rows of gradient_norm and gradient_norm_l1 this often, to refine a schedule from; "
             "with the other metrics where it is not given"},
    {.name = "probe_noise_every_steps",
     .type = SETTING_INTEGER,
     .absent = true,
     .low = 1,
     .high = 1e9,
     .with = "dataset",
     .unit = "steps",
     .help = "rows of noise_trace, noise_scale and noise_tail this often, from the gradients of up "
             "to 128 parts of the batch: as much work as so many small steps"},
    {.name = "evaluate_every_epochs",
     .type = SETTING_INTEGER,
     .low = 1,
     .high = 1e6,
     .fallback = 1,
     .with = "dataset",
     .unit = "epochs",
     .help = "between two evaluations on the validation part; the end has one too"},
    {.name = "keep_at",
     .type = SETTING_NUMBERS,
     .absent = true,
     .low = 0,
     .above_low = true,
     .high = 1,
     .below_high = true,
     .least = 1,
     .most = 64,
     .rising = true,
     .unit = "of the steps",
     .help = "points from which other runs may go on; their checkpoints stay"},
    {.name = "branch",
     .type = SETTING_OBJECT,
     .absent = true,
     .members = branch,
     .help = "go on from another run instead of fresh weights; made from an arm's branch_from"},
    {.name = "checkpoint_every_s",
     .type = SETTING_NUMBER,
     .low = 0,
     .high = 86400,
     .fallback = 30,
     .unit = "s",
     .help = "between two checkpoints; 0: one at every report"},
    {.name = "stop_when",
     .type = SETTING_OBJECT,
     .nullable = true,
     .members = stop_when,
     .help = "end early, as succeeded, when a metric gets there"},
    {.name = "patience",
     .type = SETTING_INTEGER,
     .nullable = true,
     .low = 1,
     .high = 1e6,
     .with = "dataset",
     .unit = "evaluations",
     .help = "end early, as succeeded, when valid_loss has not improved for so many"},
    {.name = "numeric",
     .type = SETTING_CHOICE,
     .choices = "native|portable",
     .fallback_text = "native",
     .help = "the machine's fastest kernels, or those whose checkpoints go on on any machine"},
    {0},
};

static json_t *entry(const char *name, const char *help, const struct setting *settings)
{
    return json_pack("{s:s, s:s, s:o}", "name", name, "help", help, "settings",
                     settings_describe(settings));
}

/* The registries are lists of pointers to structs that end with NULL. */
#define DESCRIBE_LIST(list)                                                                        \
    json_t *array = json_array();                                                                  \
    for (int i = 0; (list)[i]; i++)                                                                \
        json_array_append_new(array,                                                               \
                              entry((list)[i]->name, (list)[i]->help, (list)[i]->settings));       \
    return array

/* What the server must know of an optimizer's SDE; null where there is none. */
static json_t *describe_dynamics(const char *optimizer)
{
    const struct dynamics_kind *kind = dynamics_find(optimizer);
    if (!kind)
        return json_null();
    return json_pack("{s:o, s:b, s:b}", "only", json_loads(kind->only ? kind->only : "{}", 0, NULL),
                     "integrators", (int)kind->has_integrators, "any_noise", (int)kind->any_noise);
}

/* With what the server must know: whether it takes its own samples, whether parameters may be
 * trained side by side as if each were alone, and by which norms its schedules are refined. */
static json_t *describe_optimizers(void)
{
    json_t *array = json_array();
    for (const struct optimizer *const *optimizer = optimizers; *optimizer; optimizer++) {
        json_t *described = entry((*optimizer)->name, (*optimizer)->help, (*optimizer)->settings);
        if ((*optimizer)->conflicts)
            json_object_set_new(described, "conflicts",
                                conflicts_describe((*optimizer)->conflicts));
        json_object_set_new(described, "drives", json_boolean((*optimizer)->drive != NULL));
        json_object_set_new(described, "curvature", json_boolean((*optimizer)->needs_curvature));
        json_object_set_new(described, "elementwise", json_boolean(!(*optimizer)->whole));
        json_object_set_new(described, "adaptive", json_boolean((*optimizer)->adaptive));
        json_object_set_new(described, "sde", describe_dynamics((*optimizer)->name));
        json_array_append_new(array, described);
    }
    return array;
}

static json_t *describe_schedules(void)
{
    DESCRIBE_LIST(schedules);
}

static json_t *describe_models(void)
{
    DESCRIBE_LIST(model_kinds);
}

/* With what they compare, so that the server refuses a loss that does not suit a data set. */
static json_t *describe_losses(void)
{
    json_t *array = json_array();
    for (const struct loss *const *loss = losses_list; *loss; loss++) {
        json_t *described = entry((*loss)->name, (*loss)->help, (*loss)->settings);
        json_object_set_new(described, "labels",
                            json_string((*loss)->of_classes ? "classes" : "targets"));
        json_object_set_new(described, "probabilities", json_boolean((*loss)->of_probabilities));
        json_array_append_new(array, described);
    }
    return array;
}

/* With the setting that says how many axes there are. */
static json_t *describe_problems(void)
{
    json_t *array = json_array();
    for (const struct problem_kind *const *kind = problem_kinds; *kind; kind++) {
        json_t *described = entry((*kind)->name, (*kind)->help, (*kind)->settings);
        json_object_set_new(described, "axes", json_string((*kind)->settings[(*kind)->size].name));
        json_object_set_new(described, "curvature", json_boolean((*kind)->curvature != NULL));
        json_array_append_new(array, described);
    }
    return array;
}

static json_t *describe_metrics(void)
{
    json_t *array = json_array();
    for (int i = 0; i < METRICS; i++) {
        const struct metric_kind *kind = &metric_kinds[i];
        json_array_append_new(array, json_pack("{s:s, s:s?, s:s?, s:b, s:s}", "name", kind->name,
                                               "unit", kind->unit, "goal", kind->goal, "repeats",
                                               (int)kind->repeats, "help", kind->help));
    }
    return array;
}

json_t *describe(void)
{
    json_t *registries = json_pack("{s:o, s:o, s:o, s:o, s:o}", "optimizer", describe_optimizers(),
                                   "schedule", describe_schedules(), "model", describe_models(),
                                   "loss", describe_losses(), "problem", describe_problems());
    return json_pack("{s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "protocol", SWEEPD_PROTOCOL,
                     "version", SWEEPD_VERSION, "numeric", fingerprint(), "spec",
                     settings_describe(specification), "registries", registries, "formats",
                     formats_describe(), "builtins", builtins_describe(), "metrics",
                     describe_metrics());
}
