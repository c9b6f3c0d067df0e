/*
 * How many different points a space has, and which is which.
 *
 * A parameter that no condition names multiplies the number of points by its values where it
 * applies. One that is named is walked through, though not value by value: those between which no
 * condition tells the difference go together, as one stretch. Parameters that no chain of
 * conditions connects are counted apart, so that the walk does not multiply their stretches.
 */
#include "jobs/space.h"

#include "jobs/grid.h"
#include "memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* More combinations of stretches are not walked through: there are more points than any search
 * tries. */
enum { WALK_MAX = 1 << 17 };

struct stretch {
    uint64_t first, length; /* places */
};

struct stretches {
    struct stretch *list;
    int count; /* 0: no condition names the parameter */
};

struct counter {
    const struct space *space;
    struct stretches *stretches; /* [space->count] */
    int *group;                  /* [space->count] the same where conditions connect */
    double *values;              /* [space->count] of the walk */
    int walked;
};

/* --- what goes together -------------------------------------------------------------------------
 */

static int by_size(const void *left, const void *right)
{
    const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* Places at which a condition may begin or cease to hold; beyond the last one is none. */
static int find_cuts(const struct parameter *parent, const struct condition *condition,
                     uint64_t *cuts)
{
    int count = 0;
    if (!condition->allowed) {
        cuts[count++] = parameter_place_from(parent, condition->low);
        cuts[count++] = parameter_place_from(parent, nextafter(condition->high, HUGE_VAL));
        return count;
    }
    for (int i = 1; i < parent->choices; i++) {
        if (condition->allowed[i] != condition->allowed[i - 1])
            cuts[count++] = (uint64_t)i;
    }
    return count;
}

static struct stretches cut(const struct parameter *parent, uint64_t *cuts, int count)
{
    const uint64_t size = parameter_size(parent);
    struct stretches stretches = {xcalloc((size_t)count + 1, sizeof(struct stretch)), 0};
    uint64_t from = 0;

    qsort(cuts, (size_t)count, sizeof *cuts, by_size);
    for (int i = 0; i <= count; i++) {
        const uint64_t end = i < count && cuts[i] < size ? cuts[i] : size;
        if (end > from)
            stretches.list[stretches.count++] = (struct stretch){from, end - from};
        from = end;
    }
    return stretches;
}

static struct stretches stretches_of(const struct space *space, int parent)
{
    const struct parameter *parameter = &space->parameters[parent];
    const size_t most = (size_t)(parameter->choices > 2 ? parameter->choices : 2);
    uint64_t *cuts = NULL;
    int count = 0;
    bool named = false;

    for (int i = parent + 1; i < space->count; i++) {
        const struct parameter *child = &space->parameters[i];
        for (int k = 0; k < child->condition_count; k++) {
            if (child->conditions[k].parameter != parent)
                continue;
            named = true;
            cuts = xrealloc(cuts, (size_t)count + most, sizeof *cuts);
            count += find_cuts(parameter, &child->conditions[k], cuts + count);
        }
    }
    const struct stretches stretches = named ? cut(parameter, cuts, count) : (struct stretches){0};
    free(cuts);
    return stretches;
}

static void connect(int *group, int count, int a, int b)
{
    const int from = group[a], into = group[b];
    for (int i = 0; i < count; i++) {
        if (group[i] == from)
            group[i] = into;
    }
}

static void counter_init(struct counter *counter, const struct space *space)
{
    const size_t count = (size_t)space->count;
    *counter = (struct counter){
        .space = space,
        .stretches = xcalloc(count, sizeof *counter->stretches),
        .group = xcalloc(count, sizeof *counter->group),
        .values = xcalloc(count, sizeof *counter->values),
    };
    for (int i = 0; i < space->count; i++) {
        counter->group[i] = i;
        counter->stretches[i] = stretches_of(space, i);
    }
    for (int i = 0; i < space->count; i++) {
        for (int k = 0; k < space->parameters[i].condition_count; k++)
            connect(counter->group, space->count, i, space->parameters[i].conditions[k].parameter);
    }
}

static void counter_release(struct counter *counter)
{
    for (int i = 0; i < counter->space->count; i++)
        free(counter->stretches[i].list);
    free(counter->stretches);
    free(counter->group);
    free(counter->values);
}

/* --- counting -----------------------------------------------------------------------------------
 */

static uint64_t count_group(struct counter *counter, int group, int from);

static uint64_t walk_stretches(struct counter *counter, int group, int i)
{
    const struct stretches *stretches = &counter->stretches[i];
    uint64_t sum = 0;
    for (int k = 0; k < stretches->count; k++) {
        const struct stretch *stretch = &stretches->list[k];
        counter->values[i] = parameter_value(&counter->space->parameters[i], stretch->first);
        sum = add_capped(sum, multiply_capped(stretch->length, count_group(counter, group, i + 1)));
    }
    return sum;
}

/* In how many ways a group's parameters from number `from` on can go on from the values before. */
static uint64_t count_group(struct counter *counter, int group, int from)
{
    const struct space *space = counter->space;
    uint64_t product = 1;
    if (counter->walked > WALK_MAX)
        return UINT64_MAX;
    for (int i = from; i < space->count; i++) {
        if (counter->group[i] != group)
            continue;
        counter->values[i] = (double)NAN;
        if (!space_applies(space, i, counter->values))
            continue;
        if (counter->stretches[i].count > 0)
            return multiply_capped(product, walk_stretches(counter, group, i));
        product = multiply_capped(product, parameter_size(&space->parameters[i]));
    }
    counter->walked++;
    return product;
}

/* In how many ways the groups other than one can go on. */
static uint64_t count_others(struct counter *counter, int but, int from)
{
    uint64_t product = 1;
    for (int i = 0; i < counter->space->count; i++) {
        if (counter->group[i] == i && i != but)
            product = multiply_capped(product, count_group(counter, i, from));
    }
    return product;
}

bool space_is_continuous(const struct space *space)
{
    for (int i = 0; i < space->count; i++) {
        if (parameter_size(&space->parameters[i]) == 0)
            return true;
    }
    return false;
}

uint64_t space_size(const struct space *space)
{
    struct counter counter;
    if (space_is_continuous(space))
        return UINT64_MAX;
    counter_init(&counter, space);
    const uint64_t size = count_others(&counter, -1, 0);
    counter_release(&counter);
    return size;
}

/* --- which one ----------------------------------------------------------------------------------
 */

/* The stretch that holds the point; *number becomes its number among those that begin there. */
static const struct stretch *find_stretch(struct counter *counter, int i, uint64_t others,
                                          uint64_t *number, uint64_t *ways)
{
    const struct stretches *stretches = &counter->stretches[i];
    for (int k = 0;; k++) {
        const struct stretch *stretch = &stretches->list[k];
        counter->values[i] = parameter_value(&counter->space->parameters[i], stretch->first);
        *ways = multiply_capped(others, count_group(counter, counter->group[i], i + 1));
        const uint64_t all = multiply_capped(stretch->length, *ways);
        if (*number < all || k + 1 == stretches->count)
            return stretch;
        *number -= all;
    }
}

static double value_of(struct counter *counter, int i, uint64_t *number)
{
    const uint64_t others = count_others(counter, counter->group[i], i + 1);
    uint64_t first = 0, ways;

    counter->values[i] = (double)NAN;
    if (counter->stretches[i].count > 0)
        first = find_stretch(counter, i, others, number, &ways)->first;
    else
        ways = multiply_capped(others, count_group(counter, counter->group[i], i + 1));
    const uint64_t place = first + *number / ways;
    *number %= ways;
    return parameter_value(&counter->space->parameters[i], place);
}

void space_point(const struct space *space, uint64_t number, double *values)
{
    struct counter counter;
    assert(!space_is_continuous(space));
    counter_init(&counter, space);
    for (int i = 0; i < space->count; i++) {
        values[i] = space_applies(space, i, values) ? value_of(&counter, i, &number) : (double)NAN;
        counter.values[i] = values[i];
        counter.walked = 0;
    }
    counter_release(&counter);
}

/* --- the same ones ------------------------------------------------------------------------------
 */

bool space_same(const struct space *space, const double *a, const double *b)
{
    for (int i = 0; i < space->count; i++) {
        if (a[i] != b[i] && !(isnan(a[i]) && isnan(b[i])))
            return false;
    }
    return true;
}

/* The finisher of splitmix64 (Steele, Lea and Flood, OOPSLA 2014) over the bits of each value; 0
 * and -0 are the same value, and so are all NaN. */
uint64_t space_hash(const struct space *space, const double *values)
{
    uint64_t hash = 0;
    for (int i = 0; i < space->count; i++) {
        const double value = isnan(values[i]) ? HUGE_VAL : values[i] + 0.0;
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        hash = (hash ^ bits) + 0x9E3779B97F4A7C15;
        hash = (hash ^ hash >> 30) * 0xBF58476D1CE4E5B9;
        hash = (hash ^ hash >> 27) * 0x94D049BB133111EB;
        hash ^= hash >> 31;
    }
    return hash;
}
