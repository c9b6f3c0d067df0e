/*
 * The metrics of a run: what the trainer reports, as data for the catalogue and for stop_when.
 */
#ifndef METRICS_H
#define METRICS_H

#include <stdbool.h>

/* _(CONSTANT, name, unit, goal, repeats, help); a NULL goal: neither is better; repeats: the same
 * specification and seed give the same bits. */
#define FOR_EACH_METRIC(_)                                                                         \
    _(TRAIN_LOSS, "train_loss", NULL, "minimize", true,                                            \
      "mean loss of the batches since the last report; of a problem, its exact value after this "  \
      "step")                                                                                      \
    _(VALID_LOSS, "valid_loss", NULL, "minimize", true, "mean loss over the validation part")      \
    _(VALID_ACCURACY, "valid_accuracy", NULL, "maximize", true,                                    \
      "share of the validation part that is classified right")                                     \
    _(LR, "lr", NULL, NULL, true, "learning rate of this step, adapted where the optimizer does")  \
    _(GRADIENT_NORM, "gradient_norm", NULL, NULL, true,                                            \
      "Euclidean norm of this step's gradient, before clipping")                                   \
    _(GRADIENT_NORM_L1, "gradient_norm_l1", NULL, NULL, true,                                      \
      "sum of the absolute values of this step's gradient")                                        \
    _(UPDATE_NORM, "update_norm", NULL, NULL, true, "Euclidean norm of what this step changed")    \
    _(SAMPLES_PER_S, "samples_per_s", "1/s", "maximize", false,                                    \
      "training examples a second since the last report, by the clock")                            \
    _(HYPERGRADIENT, "hypergradient", NULL, NULL, true,                                            \
      "derivative of this batch's loss by the learning rate of the step before")                   \
    _(HYPERGRADIENT_COSINE, "hypergradient_cosine", NULL, NULL, true,                              \
      "cosine of the angle between this gradient and the direction of the step before")            \
    _(MOMENTUM, "momentum", NULL, NULL, true, "momentum, where the optimizer adapts it")           \
    _(BETA1, "beta1", NULL, NULL, true, "Adam's beta1, where the optimizer adapts it")             \
    _(BETA2, "beta2", NULL, NULL, true, "Adam's beta2, where the optimizer adapts it")             \
    _(DISTANCE, "distance", NULL, NULL, true,                                                      \
      "estimate of the distance from the first weights to a minimum (D-Adaptation, Prodigy, DoG)") \
    _(CG_ITERATIONS, "cg_iterations", NULL, NULL, true,                                            \
      "iterations of conjugate gradients in this outer iteration")                                 \
    _(LAMBDA, "lambda", NULL, NULL, true, "Levenberg-Marquardt damping after this iteration")      \
    _(RHO, "rho", NULL, NULL, true, "change of the loss by the change that the model predicted")   \
    _(STEP_LENGTH, "step_length", NULL, NULL, true, "what the line search found, 0: no step")      \
    _(GRADIENT_SAMPLE, "gradient_sample", "examples", NULL, true, "examples of this gradient")     \
    _(CURVATURE_SAMPLE, "curvature_sample", "examples", NULL, true,                                \
      "examples of this iteration's curvature products")                                           \
    _(WORK, "work", "passes", NULL, true,                                                          \
      "what the run has cost so far, in forward passes over the whole training part")              \
    _(LOSS_DEVIATION, "loss_deviation", NULL, NULL, true,                                          \
      "standard deviation of the loss over the replicas")                                          \
    _(LOSS_Q05, "loss_q05", NULL, NULL, true, "5 % of the replicas have at most this loss")        \
    _(LOSS_Q25, "loss_q25", NULL, NULL, true, "25 % of the replicas have at most this loss")       \
    _(LOSS_MEDIAN, "loss_median", NULL, NULL, true, "half the replicas have at most this loss")    \
    _(LOSS_Q75, "loss_q75", NULL, NULL, true, "75 % of the replicas have at most this loss")       \
    _(LOSS_Q95, "loss_q95", NULL, NULL, true, "95 % of the replicas have at most this loss")       \
    _(LOSS_AVERAGE, "loss_average", NULL, "minimize", true,                                        \
      "mean loss over the replicas and over the steps since the burn-in")                          \
    _(NOISE_TRACE, "noise_trace", NULL, NULL, true,                                                \
      "trace of the covariance of one example's gradient, estimated from micro-batches")           \
    _(NOISE_SCALE, "noise_scale", "examples", NULL, true,                                          \
      "gradient noise scale: that trace by the squared norm of the gradient (McCandlish et al., "  \
      "2018)")                                                                                     \
    _(NOISE_TAIL, "noise_tail", NULL, NULL, true,                                                  \
      "Hill's tail index of the gradient noise; below 2 its variance is infinite")

#define METRIC_CONSTANT(constant, name, unit, goal, repeats, help) METRIC_##constant,
enum metric { FOR_EACH_METRIC(METRIC_CONSTANT) METRICS };

/* For the choices of a setting: "|train_loss|valid_loss…" from its second byte. */
#define METRIC_NAME(constant, name, unit, goal, repeats, help) "|" name
#define METRIC_NAMES                                           (&(FOR_EACH_METRIC(METRIC_NAME))[1])

struct metric_kind {
    const char *name;
    const char *unit; /* or NULL */
    const char *goal; /* "minimize", "maximize", or NULL: neither is better */
    bool repeats;     /* the same spec and seed give the same bits */
    const char *help;
};

extern const struct metric_kind metric_kinds[METRICS];

/* METRICS where there is none of that name. */
enum metric metric_find(const char *name);

#endif
