#include "datasets/labels.h"

#include "datasets/number.h"
#include "json.h"
#include "memory.h"

#include <math.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

struct label {
    char *text; /* NULL for a number */
    double number;
    uint32_t place;
};

static int compare(const void *one, const void *other)
{
    const struct label *a = one, *b = other;

    if (!a->text != !b->text)
        return a->text ? 1 : -1;
    if (a->text)
        return strcmp(a->text, b->text);
    return (a->number > b->number) - (a->number < b->number);
}

static int refuse_count(uint32_t most, struct error *err)
{
    return error_of(err, ERROR_TOO_LARGE,
                    "more than %u different labels; for a number to be predicted, say task "
                    "regression",
                    most);
}

/* Keeps a copy of a label that is not there yet. */
static struct label *keep(struct labels *labels, const struct label *wanted)
{
    struct label *kept = xcalloc(1, sizeof *kept);
    *kept = (struct label){
        .text = wanted->text ? xstrdup(wanted->text) : NULL,
        .number = wanted->number,
        .place = labels->count,
    };
    if (labels->count == labels->room) {
        labels->room = labels->room ? 2 * labels->room : 16;
        labels->places = xrealloc(labels->places, labels->room, sizeof(struct label *));
    }
    labels->places[labels->count++] = kept;
    if (!tsearch(kept, &labels->tree, compare))
        abort(); /* memory is gone */
    return kept;
}

static int add(struct labels *labels, const struct label *wanted, uint32_t most, uint32_t *place,
               struct error *err)
{
    struct label *const *found = tfind(wanted, &labels->tree, compare);
    if (!found && labels->count >= most)
        return refuse_count(most, err);
    const struct label *label = found ? *found : keep(labels, wanted);
    *place = label->place;
    return 0;
}

int labels_add_number(struct labels *labels, double number, uint32_t most, uint32_t *place,
                      struct error *err)
{
    const struct label wanted = {.number = number == 0 ? 0 : number}; /* no -0 */
    return add(labels, &wanted, most, place, err);
}

int labels_add_text(struct labels *labels, const char *text, size_t bytes, uint32_t most,
                    uint32_t *place, struct error *err)
{
    char copy[LABEL_TEXT_MAX + 1];
    double number;

    if (number_read(text, bytes, &number))
        return labels_add_number(labels, number, most, place, err);
    if (bytes > LABEL_TEXT_MAX)
        return error_set(err, "a label longer than %d bytes", LABEL_TEXT_MAX);
    if (memchr(text, '\0', bytes))
        return error_set(err, "a label with a NUL byte");
    memcpy(copy, text, bytes);
    copy[bytes] = '\0';
    const struct label wanted = {.text = copy};
    return add(labels, &wanted, most, place, err);
}

void labels_release(struct labels *labels)
{
    for (uint32_t i = 0; i < labels->count; i++) {
        tdelete(labels->places[i], &labels->tree, compare);
        free(labels->places[i]->text);
        free(labels->places[i]);
    }
    free(labels->places);
    *labels = (struct labels){0};
}

static uint32_t count_texts(const struct labels *labels)
{
    uint32_t texts = 0;
    for (uint32_t i = 0; i < labels->count; i++)
        texts += labels->places[i]->text != NULL;
    return texts;
}

bool labels_are_numbers(const struct labels *labels)
{
    return count_texts(labels) == 0;
}

bool labels_are_mixed(const struct labels *labels)
{
    const uint32_t texts = count_texts(labels);
    return texts > 0 && texts < labels->count;
}

bool labels_are_whole(const struct labels *labels)
{
    if (!labels_are_numbers(labels))
        return false;
    for (uint32_t i = 0; i < labels->count; i++)
        if (labels->places[i]->number != floor(labels->places[i]->number))
            return false;
    return true;
}

static int compare_pointed(const void *one, const void *other)
{
    const struct label *const *a = one, *const *b = other;
    return compare(*a, *b);
}

static json_t *name_of(const struct label *label)
{
    char text[NUMBER_BYTES_MAX];
    if (label->text)
        return json_text(label->text);
    number_write(label->number, text);
    return json_text(text);
}

void labels_sort(struct labels *labels, uint16_t *class_of, json_t **out_names)
{
    AUTO_FREE struct label **sorted = xcalloc(labels->count, sizeof(struct label *));
    json_t *names = json_array();

    if (labels->count > 0)
        memcpy(sorted, labels->places, labels->count * sizeof(struct label *));
    qsort(sorted, labels->count, sizeof(struct label *), compare_pointed);
    for (uint32_t i = 0; i < labels->count; i++) {
        class_of[sorted[i]->place] = (uint16_t)i;
        json_array_append_new(names, name_of(sorted[i]));
    }
    *out_names = names;
}
