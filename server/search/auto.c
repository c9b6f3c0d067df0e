/*
 * The search for those who do not want to choose one: looks at the space, the budget, how many
 * objectives there are and how much is known by now, and asks the algorithm that suits.
 *
 * Who is asked depends on nothing but the history, and each algorithm sees all of it: what others
 * proposed is a point like one that people entered. Only CMA-ES, which learns from its own draws,
 * is shown the time before it as earlier searches.
 */
#include "search/search.h"

#include "memory.h"
#include "spec.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GRID_MOST = 1000,   /* points; a grid takes as many values of one number */
    GRID_UNKNOWN = 64,  /* where no budget is known */
    PROCESS_RUNS = 500, /* results up to which a Gaussian process takes well below a second */
    FRONTS_RUNS = 300,  /* and several of them */
    FRONTS_OBJECTIVES = 4,
    PROCESS_PARALLEL = 32, /* more who ask at once would wait for each other */
    CHEAP_EVERY = 2,       /* then every other proposal is left to a quick algorithm */
    HURRY_RUNS = 20,       /* results from which a model takes long enough to be left out */
};

static const struct setting settings[] = {{0}};

enum part { GRID, GP, TPE, CMAES, EHVI, NSGA2, PARTS };
static const char *const part_names[PARTS] = {"grid", "gp", "tpe", "cmaes", "ehvi", "nsga2"};

/* Opened where it is asked for the first time. */
struct subject {
    const struct search_algorithm *algorithm;
    struct chosen chosen;
    void *state;
    bool is_open;
};

struct auto_search {
    struct subject subjects[PARTS];
    uint64_t seed;
    bool has_numbers, has_choices;
    uint64_t size;         /* of the space */
    struct trial *earlier; /* what CMA-ES is shown as such; NULL: not yet */
    int earlier_count;
};

/* --- who is asked -------------------------------------------------------------------------------
 */

static bool is_enumerable(const struct auto_search *search, const struct history *history)
{
    const int64_t budget = history->budget > 0 ? history->budget : GRID_UNKNOWN;
    return search->size <= GRID_MOST && search->size <= (uint64_t)budget;
}

static bool is_known_well(const struct history *history, int runs)
{
    return history->told_count + history->earlier_count >= runs;
}

/*
 * Where processes would take too long. Of 1,500 runs CMA-ES made the most on valleys and funnels of
 * numbers, NSGA-II on many separate minima and on choices with conditions; each sees what the other
 * has found.
 */
static enum part quick_part(const struct auto_search *search, const struct history *history)
{
    if (!search->has_numbers)
        return NSGA2;
    return history->count % (search->has_choices ? 2 : 4) == 0 ? NSGA2 : CMAES;
}

static bool hurries(const struct history *history)
{
    return history->hurry && is_known_well(history, HURRY_RUNS);
}

static enum part part_for(const struct auto_search *search, const struct history *history)
{
    const bool others_wait = history->parallel > PROCESS_PARALLEL;
    if (is_enumerable(search, history))
        return GRID;
    if (history->objectives > 1)
        return hurries(history) || is_known_well(history, FRONTS_RUNS) ||
                       history->objectives > FRONTS_OBJECTIVES
                   ? NSGA2
                   : EHVI;
    if (is_known_well(history, PROCESS_RUNS))
        return quick_part(search, history);
    if (hurries(history))
        return history->count % 2 == 0 ? NSGA2 : TPE;
    return others_wait && history->count % CHEAP_EVERY == 1 ? TPE : GP;
}

/* --- asking -------------------------------------------------------------------------------------
 */

/* Defaults, but for a grid with all values. */
static void choose(enum part part, struct subject *subject)
{
    AUTO_PROBLEMS struct problems problems = {0};
    const struct setting *table = subject->algorithm->settings;
    json_auto_t *given = part == GRID ? json_pack("{s:i}", "points", GRID_MOST) : json_object();
    json_auto_t *described = settings_describe(table);
    json_auto_t *resolved = settings_resolve(NULL, described, given, "", &problems);
    chosen_read(table, resolved, &subject->chosen);
}

static void *open_auto(const struct history *history, const struct chosen *chosen, uint64_t seed)
{
    struct auto_search *search = xcalloc(1, sizeof *search);
    const unsigned needs = search_needs(history->space, 1, 0);
    (void)chosen;

    search->seed = seed;
    search->has_numbers = needs & CAN_NUMBERS;
    search->has_choices = needs & (CAN_CHOICES | CAN_CONDITIONS);
    search->size = space_size(history->space);
    for (int part = 0; part < PARTS; part++) {
        search->subjects[part].algorithm = search_find(part_names[part]);
        choose((enum part)part, &search->subjects[part]);
    }
    return search;
}

static void close_auto(void *state)
{
    struct auto_search *search = state;
    for (int part = 0; part < PARTS; part++) {
        struct subject *subject = &search->subjects[part];
        if (subject->algorithm->close && subject->state)
            subject->algorithm->close(subject->state);
        chosen_release(&subject->chosen);
    }
    free(search->earlier);
    free(search);
}

/* The results before its time, those of earlier searches among them, are what it begins with. */
static struct history history_for_cmaes(struct auto_search *search, const struct history *history)
{
    const int before = PROCESS_RUNS - history->earlier_count;
    const int own = before > 0 ? before : 0;
    struct history view = *history;

    if (!search->earlier) {
        search->earlier_count = history->earlier_count + own;
        search->earlier = xcalloc((size_t)search->earlier_count + 1, sizeof *search->earlier);
        for (int i = 0; i < history->earlier_count; i++)
            search->earlier[i] = history->earlier[i];
        for (int i = 0; i < own; i++)
            search->earlier[history->earlier_count + i] = history->trials[history->told[i]];
    }
    view.earlier = search->earlier;
    view.earlier_count = search->earlier_count;
    view.told = history->told + own;
    view.told_count = history->told_count - own;
    return view;
}

static void propose(void *state, const struct history *history, const struct chosen *chosen,
                    uint64_t seed, int again, struct proposal *proposal)
{
    struct auto_search *search = state;
    const enum part part = part_for(search, history);
    struct subject *subject = &search->subjects[part];
    const struct history view = part == CMAES ? history_for_cmaes(search, history) : *history;
    (void)chosen;

    if (!subject->is_open && subject->algorithm->open)
        subject->state = subject->algorithm->open(&view, &subject->chosen, seed);
    subject->is_open = true;
    subject->algorithm->propose(subject->state, &view, &subject->chosen, seed, again, proposal);
}

/* --- what it says -------------------------------------------------------------------------------
 */

static char *explain_one(const struct auto_search *search, const struct history *history)
{
    const bool waits = history->parallel > PROCESS_PARALLEL;
    const char *const quick = search->has_numbers ? "cmaes and nsga2 by turns" : "nsga2";
    if (is_known_well(history, PROCESS_RUNS))
        return xprintf("There are %d results or more, so proposals come from %s; the first ones "
                       "came from gp.",
                       PROCESS_RUNS, quick);
    if (hurries(history))
        return xprintf(
            "Runs end faster than gp could propose the next ones, so tpe and nsga2 propose "
            "by turns; from %d results on %s.",
            PROCESS_RUNS, quick);
    return xprintf("One objective and a space of %s: gp proposes%s, as it needs the fewest runs; "
                   "from %d results on %s, to stay quick.",
                   search->has_choices ? "numbers, choices and conditions" : "numbers",
                   waits ? ", by turns with tpe because many ask at once" : "", PROCESS_RUNS,
                   quick);
}

static char *explain_several(const struct history *history)
{
    if (history->objectives > FRONTS_OBJECTIVES)
        return xprintf("%d objectives: nsga2 proposes, as models of so many take too long.",
                       history->objectives);
    return xprintf("%d objectives: ehvi proposes, as it needs the fewest runs; from %d results on "
                   "nsga2, to stay quick.",
                   history->objectives, FRONTS_RUNS);
}

static char *explain(void *state, const struct history *history)
{
    const struct auto_search *search = state;
    if (is_enumerable(search, history))
        return xprintf("The space has %llu points and the budget is for all of them: grid.",
                       (unsigned long long)search->size);
    return history->objectives > 1 ? explain_several(history) : explain_one(search, history);
}

const struct search_algorithm auto_search = {
    .name = "auto",
    .help = "chooses by the space, the budget and what is known by then, and says what and why",
    .settings = settings,
    .can = CAN_NUMBERS | CAN_CHOICES | CAN_CONDITIONS | CAN_OBJECTIVES | CAN_CONSTRAINTS,
    .open = open_auto,
    .close = close_auto,
    .propose = propose,
    .explain = explain,
};
