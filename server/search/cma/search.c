#include "search/cma/search.h"

#include "memory.h"
#include "search/cma/margin.h"
#include "search/cma/warm.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a memo holds; the coordinates follow. */
enum { MEMO_RUN, MEMO_GENERATION, MEMO_FIRST_POPULATION, MEMO_POINT, MEMO_X };

/* Of random numbers: a restart draws from the stream of the proposal with its own number. */
enum { STREAM_RESTART = SEARCH_STREAMS - 1 };

static const struct parameter *number(const struct cma_search *search,
                                      const struct history *history, int i)
{
    return &history->space->parameters[search->coding.numbers[i]];
}

/* A name of the point that fits a number of the memo. */
static double point_name(const struct space *space, const double *values)
{
    return (double)(space_hash(space, values) >> 11);
}

static bool was_drawn_here(const struct cma_search *search, const struct history *history,
                           const struct trial *trial)
{
    return trial->memo_count == MEMO_X + search->coding.number_count &&
           trial->memo[MEMO_POINT] == point_name(history->space, trial->values);
}

/* --- beginning ----------------------------------------------------------------------------------
 */

/* A population for which each who asks finds a result of theirs in the next two generations. It is
 * that of the first proposal, for good: how many run at once may change. */
static int first_population(const struct cma_search *search, const struct history *history)
{
    const int d = search->coding.number_count + search->coding.choice_count;
    int population = cma_population(d);

    if (population < history->parallel)
        population = history->parallel;
    if (search->options.population > 0)
        population = search->options.population;
    for (int i = 0; i < history->count; i++)
        if (was_drawn_here(search, history, &history->trials[i])) {
            population = (int)history->trials[i].memo[MEMO_FIRST_POPULATION];
            break;
        }
    return population < 4 ? 4 : population > CMA_POPULATION_MAX ? CMA_POPULATION_MAX : population;
}

static void begin_chances(struct cma_search *search, const struct history *history)
{
    const int count = search->coding.choice_count;
    double freedom = 0;

    for (int i = 0; i < count; i++)
        freedom += history->space->parameters[search->coding.choices[i]].choices - 1;
    const double parents = search->cma.rates.effective;
    for (int i = 0; i < count; i++) {
        const int places = history->space->parameters[search->coding.choices[i]].choices;
        chances_release(&search->chances[i]);
        chances_init(&search->chances[i], places, count, parents / (freedom + 2 * parents));
    }
}

static void begin_run(struct cma_search *search, const struct history *history, const double *mean,
                      double sigma, const double *covariance)
{
    const size_t n = (size_t)search->coding.number_count;
    const size_t population = (size_t)search->restarts.population;

    cma_release(&search->cma);
    cma_init(&search->cma, (int)n, (int)population, mean, sigma, covariance);
    search->points = xrealloc(search->points, population * n + 1, sizeof *search->points);
    search->results = xrealloc(search->results, population, sizeof *search->results);
    search->result_count = 0;
    for (size_t i = 0; i < n; i++)
        search->stretch[i] = 1;
    begin_chances(search, history);
}

static void begin(struct cma_search *search, const struct history *history)
{
    const size_t n = (size_t)search->coding.number_count;
    AUTO_FREE double *mean = xcalloc(n + 1, sizeof *mean);
    AUTO_FREE double *covariance = xcalloc(n * n + 1, sizeof *covariance);
    double sigma = search->options.sigma;

    for (size_t i = 0; i < n; i++)
        mean[i] = 0.5;
    search->warm = cma_warm_start(history, &search->coding, mean, &sigma, covariance);
    cma_restarts_release(&search->restarts);
    cma_restarts_init(&search->restarts, search->options.restarts, (int)n,
                      first_population(search, history), search->options.sigma);
    search->told = 0;
    search->earlier = history->earlier_count;
    begin_run(search, history, mean, sigma, search->warm ? covariance : NULL);
}

struct cma_search *cma_search_new(const struct history *history, const struct cma_options *options)
{
    struct cma_search *search = xcalloc(1, sizeof *search);

    search->options = *options;
    search->coding = cma_coding_of(history->space);
    search->stretch = xcalloc((size_t)search->coding.number_count + 1, sizeof *search->stretch);
    search->chances = xcalloc((size_t)search->coding.choice_count + 1, sizeof *search->chances);
    begin(search, history);
    return search;
}

void cma_search_free(struct cma_search *search)
{
    if (!search)
        return;
    for (int i = 0; i < search->coding.choice_count; i++)
        chances_release(&search->chances[i]);
    free(search->chances);
    cma_coding_release(&search->coding);
    cma_release(&search->cma);
    cma_restarts_release(&search->restarts);
    free(search->stretch);
    free(search->results);
    free(search->points);
    free(search);
}

static void restart(struct cma_search *search, const struct history *history)
{
    const int n = search->coding.number_count;
    AUTO_FREE double *mean = xcalloc((size_t)n + 1, sizeof *mean);
    const uint64_t stream = (uint64_t)search->restarts.runs * SEARCH_STREAMS + STREAM_RESTART;
    struct rng rng = rng_stream(search->options.seed, RANDOM_SEARCH, stream);

    cma_restarts_next(&search->restarts, n, &rng);
    for (int i = 0; i < n; i++)
        mean[i] = rng_uniform(&rng);
    begin_run(search, history, mean, search->restarts.sigma, NULL);
}

/* --- generations --------------------------------------------------------------------------------
 */

/* A coordinate that takes single values keeps a chance to change; one that does not is no wider
 * than its range. */
static void keep_margins(struct cma_search *search, const struct history *history)
{
    struct cma *cma = &search->cma;
    const int n = search->coding.number_count;
    const double margin = 1.0 / ((n + search->coding.choice_count) * (double)cma->population);
    double widest = 0;

    for (int i = 0; i < n; i++) {
        const struct parameter *parameter = number(search, history, i);
        double low, high;
        if (!cma_is_stepped(parameter)) {
            widest = fmax(widest, cma_deviation(cma, i));
            continue;
        }
        cma_thresholds(parameter, cma->mean[i], &low, &high);
        cma_margin(low, high, margin, fmax(cma_deviation(cma, i), DBL_MIN), &cma->mean[i],
                   &search->stretch[i]);
    }
    if (widest > 1)
        cma->sigma /= widest;
}

static void move_chances(struct cma_search *search, const struct history *history)
{
    const int parents = search->cma.rates.parents;
    AUTO_FREE int *places = xcalloc((size_t)parents, sizeof *places);

    for (int i = 0; i < search->coding.choice_count; i++) {
        for (int k = 0; k < parents; k++) {
            const struct trial *trial = &history->trials[search->results[k].standing.number];
            const double value = trial->values[search->coding.choices[i]];
            places[k] = isnan(value) ? -1 : (int)value;
        }
        chances_tell(&search->chances[i], places, search->cma.weights, parents);
    }
}

/* Where result_count results stood, before they were sorted, their points still stand. */
struct placed {
    struct cma_result result;
    const double *point;
};

static int by_standing(const void *left, const void *right)
{
    const struct placed *a = left, *b = right;
    return standing_compare(&a->result.standing, &b->result.standing);
}

static void tell_sorted(struct cma_search *search)
{
    const int count = search->cma.population;
    const size_t n = (size_t)search->coding.number_count;
    AUTO_FREE struct placed *placed = xcalloc((size_t)count, sizeof *placed);
    AUTO_FREE const double **points = xcalloc((size_t)count, sizeof *points);
    AUTO_FREE bool *foreign = xcalloc((size_t)count, sizeof *foreign);

    for (int k = 0; k < count; k++)
        placed[k] = (struct placed){search->results[k], search->points + k * n};
    qsort(placed, (size_t)count, sizeof *placed, by_standing);
    for (int k = 0; k < count; k++) {
        search->results[k] = placed[k].result;
        points[k] = placed[k].point;
        foreign[k] = placed[k].result.foreign;
    }
    cma_tell(&search->cma, points, foreign);
}

static double value_of(const struct cma_result *result)
{
    return result->standing.class == STANDING_GOOD ? result->standing.first : (double)INFINITY;
}

static void finish_generation(struct cma_search *search, const struct history *history)
{
    const int count = search->cma.population;

    tell_sorted(search);
    search->result_count = 0;
    if (search->results[0].standing.class == STANDING_FAILED) {
        restart(search, history); /* nothing is known of here, except that it is no place to be */
        return;
    }
    move_chances(search, history);
    keep_margins(search, history);
    if (cma_restarts_over(&search->restarts, &search->cma, value_of(&search->results[0]),
                          value_of(&search->results[count - 1])))
        restart(search, history);
}

/* --- tells --------------------------------------------------------------------------------------
 */

/* Of a point that came from elsewhere: the strategy's own coordinates. */
static void coordinates_of(const struct cma_search *search, const struct history *history,
                           const struct trial *trial, double *x)
{
    for (int i = 0; i < search->coding.number_count; i++) {
        const double value = trial->values[search->coding.numbers[i]];
        const double mean = search->cma.mean[i];
        x[i] = mean;
        if (!isnan(value))
            x[i] +=
                (parameter_to_unit(number(search, history, i), value) - mean) / search->stretch[i];
    }
}

static void take(struct cma_search *search, const struct history *history, int told)
{
    const struct trial *trial = &history->trials[told];
    const int n = search->coding.number_count;
    const bool own = was_drawn_here(search, history, trial);
    double *x = search->points + (size_t)search->result_count * n;
    bool late = false;

    if (own) {
        const double generation = trial->memo[MEMO_GENERATION];
        late = generation < search->cma.generation;
        if (trial->memo[MEMO_RUN] != search->restarts.runs ||
            generation < search->cma.generation - 1)
            return;
        memcpy(x, trial->memo + MEMO_X, (size_t)n * sizeof *x);
    } else {
        coordinates_of(search, history, trial, x);
    }
    search->results[search->result_count++] =
        (struct cma_result){trial_standing(history, trial, told), !own || late};
    if (search->result_count == search->cma.population)
        finish_generation(search, history);
}

void cma_search_read(struct cma_search *search, const struct history *history)
{
    if (history->told_count < search->told || history->earlier_count != search->earlier)
        begin(search, history);
    while (search->told < history->told_count)
        take(search, history, history->told[search->told++]);
}

/* --- drawing ------------------------------------------------------------------------------------
 */

/* Coordinates that round need not stay inside: beyond the ends are the first and last values. */
static bool is_inside(const struct cma_search *search, const struct history *history,
                      const double *x)
{
    for (int i = 0; i < search->coding.number_count; i++)
        if ((x[i] < 0 || x[i] > 1) && !cma_is_stepped(number(search, history, i)))
            return false;
    return true;
}

static void clip(const struct cma_search *search, const struct history *history, double *x)
{
    for (int i = 0; i < search->coding.number_count; i++)
        if (!cma_is_stepped(number(search, history, i)))
            x[i] = fmin(fmax(x[i], 0), 1);
}

static void draw_inside(const struct cma_search *search, const struct history *history,
                        struct rng *rng, double *x)
{
    const int tries = 10 * search->coding.number_count + 1;

    for (int i = 0; i < tries; i++) {
        cma_draw(&search->cma, rng, x);
        if (is_inside(search, history, x))
            return;
    }
    clip(search, history, x);
}

static void set_numbers(const struct cma_search *search, const struct history *history,
                        const double *x, double *values)
{
    for (int i = 0; i < search->coding.number_count; i++) {
        const double mean = search->cma.mean[i];
        const double shown =
            search->stretch[i] == 1 ? x[i] : mean + search->stretch[i] * (x[i] - mean);
        values[search->coding.numbers[i]] = parameter_from_unit(number(search, history, i), shown);
    }
}

static void leave_out_what_does_not_apply(const struct space *space, double *values)
{
    for (int i = 0; i < space->count; i++)
        if (!space_applies(space, i, values))
            values[i] = (double)NAN;
}

void cma_search_draw(const struct cma_search *search, const struct history *history,
                     uint64_t stream, struct proposal *proposal)
{
    struct rng rng = rng_stream(search->options.seed, RANDOM_SEARCH, stream);
    double *memo = proposal->memo, *values = proposal->values;

    for (int i = 0; i < history->space->count; i++)
        values[i] = history->space->parameters[i].low; /* what has one value only */
    for (int i = 0; i < search->coding.choice_count; i++)
        values[search->coding.choices[i]] = chances_pick(&search->chances[i], rng_uniform(&rng));
    draw_inside(search, history, &rng, memo + MEMO_X);
    set_numbers(search, history, memo + MEMO_X, values);
    leave_out_what_does_not_apply(history->space, values);

    memo[MEMO_RUN] = search->restarts.runs;
    memo[MEMO_GENERATION] = search->cma.generation;
    memo[MEMO_FIRST_POPULATION] = search->restarts.first_population;
    memo[MEMO_POINT] = point_name(history->space, values);
    proposal->memo_count = MEMO_X + search->coding.number_count;
}
