#include "problems.h"

#include "json.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>

void problems_release(struct problems *problems)
{
    for (int i = 0; i < problems->count; i++) {
        free(problems->list[i].pointer);
        free(problems->list[i].detail);
    }
    free(problems->list);
    *problems = (struct problems){0};
}

void problems_add(struct problems *problems, const char *pointer, const char *key,
                  const char *format, ...)
{
    problems->found++;
    if (problems->count == PROBLEMS_MAX)
        return;
    if (!problems->list)
        problems->list = xcalloc(PROBLEMS_MAX, sizeof *problems->list);

    char detail[ERROR_SENTENCE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    problems->list[problems->count++] = (struct problem){
        .pointer = key ? json_pointer_join(pointer, key) : xstrdup(pointer),
        .detail = xstrdup(detail),
    };
}

json_t *problems_json(const struct problems *problems)
{
    json_t *array = json_array();
    for (int i = 0; i < problems->count; i++) {
        const struct problem *problem = &problems->list[i];
        json_array_append_new(array, json_pack("{s:o, s:o}", "pointer", json_text(problem->pointer),
                                               "detail", json_text(problem->detail)));
    }
    return array;
}

int problems_check(const struct problems *problems, struct error *err)
{
    if (problems->found == 0)
        return 0;
    const struct problem *first = &problems->list[0];
    const char *where = first->pointer[0] ? first->pointer : "the document";
    if (problems->found == 1)
        return error_set(err, "%s: %s", where, first->detail);
    return error_set(err, "%s: %s (and %d more)", where, first->detail, problems->found - 1);
}
