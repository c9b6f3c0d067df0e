#include "jobs/seeds.h"

#include "jobs/fields.h"
#include "json.h"
#include "memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED_MAX INT64_C(9007199254740992) /* 2^53 */

void seeds_release(struct seed_list *list)
{
    free(list->seeds);
    free(list->sorted);
    *list = (struct seed_list){0};
}

static int by_size(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

bool seeds_have(const struct seed_list *list, uint64_t seed)
{
    return list->count > 0 &&
           bsearch(&seed, list->sorted, (size_t)list->count, sizeof seed, by_size) != NULL;
}

static void sort(struct seed_list *list)
{
    memcpy(list->sorted, list->seeds, (size_t)list->count * sizeof *list->seeds);
    qsort(list->sorted, (size_t)list->count, sizeof *list->sorted, by_size);
}

static void read_entries(const json_t *value, const char *pointer, struct seed_list *list,
                         struct problems *problems)
{
    size_t i;
    json_t *entry;
    json_array_foreach(value, i, entry)
    {
        int64_t seed;
        char index[24];
        snprintf(index, sizeof index, "%zu", i);
        if (fields_is_whole(entry, 0, SEED_MAX, &seed))
            list->seeds[list->count++] = (uint64_t)seed;
        else
            problems_add(problems, pointer, index,
                         "must be a whole number, at least 0 and at most %" PRId64, SEED_MAX);
    }
}

/* The place where a seed comes the second time. */
static int second_place(const struct seed_list *list, uint64_t seed)
{
    int place = 0, times = 0;
    for (; place < list->count; place++) {
        if (list->seeds[place] == seed && ++times == 2)
            break;
    }
    return place;
}

static void refuse_repeated(const struct seed_list *list, const char *pointer,
                            struct problems *problems)
{
    for (int i = 1; i < list->count && problems->count < PROBLEMS_MAX; i++) {
        const uint64_t seed = list->sorted[i];
        if (seed != list->sorted[i - 1] || (i > 1 && seed == list->sorted[i - 2]))
            continue;
        char index[16];
        snprintf(index, sizeof index, "%d", second_place(list, seed));
        problems_add(problems, pointer, index, "%" PRIu64 " is in the list already; seeds differ",
                     seed);
    }
}

struct seed_list seeds_read(const json_t *object, const char *pointer, const char *key, int most,
                            bool required, struct problems *problems)
{
    const json_t *value = json_object_get(object, key);
    const size_t count = json_array_size(value); /* 0 for what is no list */
    const int found_before = problems->found;
    struct seed_list list = {0};

    if (!value && !required)
        return list;
    if (count < 1 || count > (size_t)most) {
        problems_add(problems, pointer, key,
                     "%s a list of 1 to %d whole numbers, such as [1, 2, 3]",
                     value ? "must be" : "is missing:", most);
        return list;
    }
    AUTO_FREE char *here = json_pointer_join(pointer, key);
    list.seeds = xcalloc(count, sizeof *list.seeds);
    list.sorted = xcalloc(count, sizeof *list.sorted);
    read_entries(value, here, &list, problems);
    sort(&list);
    if (problems->found == found_before)
        refuse_repeated(&list, here, problems);
    if (problems->found > found_before)
        seeds_release(&list);
    return list;
}

struct seed_list seeds_apart_from(const struct seed_list *other)
{
    struct seed_list list = {.count = 1};
    list.seeds = xcalloc(1, sizeof *list.seeds);
    list.sorted = xcalloc(1, sizeof *list.sorted);
    list.seeds[0] = 1;
    while (seeds_have(other, list.seeds[0]))
        list.seeds[0]++;
    sort(&list);
    return list;
}
