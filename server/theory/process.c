#include "theory/process.h"

#include "json.h"
#include "memory.h"
#include "theory/special.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char process_optimizers[] = "sgd, signsgd, lion, rmsprop, rmspropw, adam, adamw";

static const struct known {
    const char *name;
    enum process_kind kind;
    bool decoupled;
    const char *first, *second; /* names of beta1 and beta2, where the law has them */
} known_optimizers[] = {
    {"sgd", PROCESS_PLAIN, false, NULL, NULL},
    {"signsgd", PROCESS_SIGN, true, NULL, NULL},
    {"lion", PROCESS_SIGN, true, NULL, NULL},
    {"rmsprop", PROCESS_NORMALIZED, false, NULL, "rho"},
    {"rmspropw", PROCESS_NORMALIZED, true, NULL, "rho"},
    {"adam", PROCESS_NORMALIZED, false, "beta1", "beta2"},
    {"adamw", PROCESS_NORMALIZED, true, "beta1", "beta2"},
};

static const struct known *find_known(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(known_optimizers); i++) {
        if (strcmp(known_optimizers[i].name, name) == 0)
            return &known_optimizers[i];
    }
    return NULL;
}

/* Options that would make another optimizer of it. */
static int check_options(const json_t *optimizer, const char **out_key, struct error *err)
{
    static const char *const flags[] = {"centred", "amsgrad"};

    if (json_number_at(optimizer, "momentum", 0) > 0) {
        *out_key = "momentum";
        return error_set(err, "there is no law with momentum; take 0");
    }
    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        if (!json_flag_at(optimizer, flags[i], false))
            continue;
        *out_key = flags[i];
        return error_set(err, "there is no law with \"%s\"; take false", flags[i]);
    }
    return 0;
}

static double rest_of(const json_t *optimizer, const char *name)
{
    return name ? 1.0 - json_number_at(optimizer, name, 0) : 1.0;
}

int process_read(const json_t *optimizer, struct process *process, const char **out_key,
                 struct error *err)
{
    const char *name = json_text_at(optimizer, "type", "");
    const struct known *known = find_known(name);
    const double decay = json_number_at(optimizer, "weight_decay", 0);

    if (!known) {
        *out_key = "type";
        return error_set(err, "there is no law for \"%.64s\"; there are laws for %s", name,
                         process_optimizers);
    }
    if (check_options(optimizer, out_key, err) < 0)
        return -1;
    *process = (struct process){
        .kind = known->kind,
        .optimizer = name,
        .lr = json_number_at(optimizer, "lr", 0),
        .first_rest = rest_of(optimizer, known->first),
        .second_rest = rest_of(optimizer, known->second),
        .epsilon = json_number_at(optimizer, "epsilon", 0),
        .pull = known->decoupled ? 0 : decay,
        .decay = known->decoupled ? decay : 0,
        .nu = HUGE_VAL,
    };
    return 0;
}

/* --- along one axis ----------------------------------------------------------------------------
 */

double process_curvature(const struct process *process, int i)
{
    return process->curvature[i] + process->pull;
}

double process_deviation(const struct process *process, int i)
{
    return process->deviation[i] * sqrt(student_variance(process->nu));
}

double process_sign_slope(const struct process *process, int i)
{
    return 2.0 * student_density(process->nu) * process_curvature(process, i) /
           process->deviation[i];
}

double process_relaxation(const struct process *process, int i)
{
    const double curvature = process_curvature(process, i);
    if (process->kind == PROCESS_PLAIN)
        return curvature;
    if (process->kind == PROCESS_SIGN)
        return process_sign_slope(process, i) + process->decay;
    return curvature / process_deviation(process, i) + process->decay;
}

/* --- where the laws hold ------------------------------------------------------------------------
 */

/* E[gradient^2] by the variance of its noise (sign: of Y^2, whose unit is the width of the phases),
 * by the law's leading order. */
static double gradient_share(const struct process *process, int i)
{
    const double relaxation = process_relaxation(process, i);
    const double variance = 0.5 * process->lr / relaxation;
    const double by_noise = process->kind == PROCESS_SIGN ? sqrt(2.0) * process->deviation[i]
                                                          : process_deviation(process, i);
    const double gradient = process_curvature(process, i) / by_noise;
    return gradient * gradient * variance;
}

/* E[x erf(y)] is 2/sqrt(pi) E[xy (1 - y^2/3)] and E[y^4] = 3 E[y^2]^2; the root of a mean square
 * that is larger by q is larger by q/2. */
double process_coarseness(const struct process *process, int i)
{
    if (process->kind == PROCESS_PLAIN)
        return 0;
    const double share = gradient_share(process, i);
    return process->kind == PROCESS_SIGN ? share : 0.5 * share;
}

static int check_noise(const struct process *process, int i, const char **out_what,
                       struct error *err)
{
    const bool any = process->kind == PROCESS_SIGN;
    if (!any && isinf(process_deviation(process, i))) {
        *out_what = "nu";
        return error_set(err,
                         "Student's t with nu = %g has no finite variance, so %s has no stationary "
                         "law; take nu above 2, or signsgd, which has one for every nu",
                         process->nu, process->optimizer);
    }
    if (process->kind != PROCESS_PLAIN && process->deviation[i] <= 0) {
        *out_what = "deviation";
        return error_set(err,
                         "%s steps by the gradient over its noise: there is no law without noise; "
                         "take a deviation above 0 on every axis, or sgd",
                         process->optimizer);
    }
    return 0;
}

/* Each rate from which on something breaks is in proportion to lr. */
static double rate_limit(const struct process *process, int i)
{
    const double stable = 2.0 / process_relaxation(process, i);
    if (process->kind == PROCESS_PLAIN)
        return stable;
    return fmin(stable, process->lr / gradient_share(process, i));
}

static int refuse_rate(const struct process *process, int i, double limit, struct error *err)
{
    if (process->kind == PROCESS_PLAIN)
        return error_set(err,
                         "is too large for curvature %g (axis %d): lr x curvature must be below 2, "
                         "or x grows without end; take less than %.6g",
                         process_curvature(process, i), i, limit);
    return error_set(err,
                     "is too large for the noise on axis %d (curvature %g, deviation %g): x would "
                     "go to and fro beyond where the noise rules; take less than %.6g, or more "
                     "noise",
                     i, process_curvature(process, i), process->deviation[i], limit);
}

int process_check(const struct process *process, const char **out_what, struct error *err)
{
    double limit = HUGE_VAL;
    int tightest = -1;

    for (int i = 0; i < process->count; i++) {
        if (check_noise(process, i, out_what, err) < 0)
            return -1;
        const double here = rate_limit(process, i);
        if (here <= process->lr && here < limit) {
            limit = here;
            tightest = i;
        }
    }
    if (tightest < 0)
        return 0;
    *out_what = "lr";
    return refuse_rate(process, tightest, limit, err);
}

static void warn(json_t *warnings, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void warn(json_t *warnings, const char *format, ...)
{
    char text[480];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    json_array_append_new(warnings, json_text(text));
}

/* The axis with the greatest value of a measure. */
static int greatest(const struct process *process,
                    double (*measure)(const struct process *process, int i))
{
    int best = 0;
    for (int i = 1; i < process->count; i++) {
        if (measure(process, i) > measure(process, best))
            best = i;
    }
    return best;
}

static double noisiest_epsilon(const struct process *process, int i)
{
    return process->epsilon / process_deviation(process, i);
}

static void warn_normalized(const struct process *process, json_t *warnings)
{
    const double fluctuating = 0.1, share = 0.01;
    const int i = greatest(process, noisiest_epsilon);

    if (process->second_rest > fluctuating)
        warn(warnings,
             "the mean square keeps only %g of its past, so it fluctuates; the law takes it for "
             "constant",
             1.0 - process->second_rest);
    if (noisiest_epsilon(process, i) > share)
        warn(warnings, "epsilon is %.3g of the noise on axis %d; the law leaves it out",
             noisiest_epsilon(process, i), i);
    if (process->nu <= 4.0)
        warn(warnings,
             "the mean square of noise with nu = %g has no finite variance itself; the law takes "
             "it for constant",
             process->nu);
}

void process_warn(const struct process *process, json_t *warnings)
{
    const double coarse = 0.05, curved = 0.2;
    const int roughest = greatest(process, process_coarseness);
    const int steepest = greatest(process, process_relaxation);
    const double most = process_coarseness(process, roughest);
    const double turn = process->lr * process_relaxation(process, steepest);

    if (most > coarse)
        warn(warnings,
             "lr is large for the noise on axis %d: the laws leave out about %.0f %% of the loss "
             "there",
             roughest, 100.0 * most);
    if (turn > curved)
        warn(warnings,
             "x on axis %d loses %.3g of itself at each step: the continuous forms are off by up "
             "to about half of that%s",
             steepest, turn,
             process->kind == PROCESS_PLAIN ? "; the discrete one is exact up to lr x curvature = 2"
                                            : "");
    if (process->kind == PROCESS_NORMALIZED)
        warn_normalized(process, warnings);
    if (strcmp(process->optimizer, "lion") == 0)
        warn(warnings,
             "the law is that of signsgd: the means that lion's betas make are not in it");
}
