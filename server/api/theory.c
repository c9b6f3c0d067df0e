/* Closed forms for noisy descent on a quadratic: answered on a helper thread, nothing is stored. */
#include "api/api.h"
#include "theory/answer.h"
#include "theory/stationary.h"

#include "json.h"
#include "memory.h"
#include "settings.h"
#include "spec.h"

#include <math.h>
#include <string.h>

enum { AXES_MOST = 10000, STEPS_MOST = 1000, WORK_MOST = 1000000, STEPS_DEFAULT = 51 };

static const struct setting nu_setting = {
    .name = "nu",
    .type = SETTING_NUMBER,
    .nullable = true,
    .low = 0,
    .above_low = true,
    .high = 1e6,
    .help = "degrees of freedom of Student's t; null: normal noise",
};

/* --- the question as settings ----------------------------------------------------------------- */

/* The deviation is one number for every axis, or a list: its type says which table reads it. */
static json_t *noise_settings(const json_t *body)
{
    const struct setting one = {.name = "deviation",
                                .type = SETTING_NUMBER,
                                .required = true,
                                .low = 0,
                                .high = 1e6,
                                .help = "of the noise along every axis"};
    const struct setting list = {.name = "deviation",
                                 .type = SETTING_NUMBERS,
                                 .required = true,
                                 .low = 0,
                                 .high = 1e6,
                                 .least = 1,
                                 .most = AXES_MOST,
                                 .help = "of the noise along each axis"};
    const json_t *noise = json_object_get(body, "noise");
    const bool is_list = json_is_array(json_object_get(noise, "deviation"));
    const struct setting members[] = {is_list ? list : one, nu_setting, {0}};
    const struct setting table[] = {{.name = "noise",
                                     .type = SETTING_OBJECT,
                                     .required = true,
                                     .members = members,
                                     .help = "{\"deviation\": 0.1}, or a list of one for each "
                                             "axis; \"nu\" for Student's t"},
                                    {0}};
    return settings_describe(table);
}

static const struct setting question_settings[] = {
    {.name = "optimizer",
     .type = SETTING_PLUGIN,
     .required = true,
     .registry = "optimizer",
     .help = "such as {\"type\": \"adamw\", \"lr\": 0.01}"},
    {.name = "curvatures",
     .type = SETTING_NUMBERS,
     .required = true,
     .low = 0,
     .above_low = true,
     .high = 1e12,
     .least = 1,
     .most = AXES_MOST,
     .help = "the curvature along each axis, such as [1, 2]"},
    {.name = "start",
     .type = SETTING_NUMBERS,
     .nullable = true,
     .low = -1e12,
     .high = 1e12,
     .least = 1,
     .most = AXES_MOST,
     .as_many_as = "curvatures",
     .help = "where x begins; null: 1 along each axis"},
    {.name = "steps",
     .type = SETTING_INTEGERS,
     .nullable = true,
     .rising = true,
     .low = 0,
     .high = 1e12,
     .least = 1,
     .most = STEPS_MOST,
     .unit = "steps",
     .help = "where the transient is wanted; null: until the start is forgotten"},
    {.name = "times",
     .type = SETTING_NUMBERS,
     .nullable = true,
     .rising = true,
     .low = 0,
     .high = 1e12,
     .least = 1,
     .most = STEPS_MOST,
     .help = "the same in time, lr x steps"},
    {0},
};

static json_t *resolve(const json_t *catalog, const json_t *body, struct problems *problems)
{
    if (!json_is_object(body)) {
        problems_add(problems, "", NULL,
                     "must be an object: {\"optimizer\": {\"type\": \"sgd\", \"lr\": 0.01}, "
                     "\"noise\": {\"deviation\": 0.1}, \"curvatures\": [1, 2]}");
        return json_object();
    }
    json_auto_t *settings = settings_describe(question_settings);
    json_t *noise = noise_settings(body);
    json_array_extend(settings, noise);
    json_decref(noise);
    return settings_resolve(catalog, settings, body, "", problems);
}

/* --- the question as numbers --------------------------------------------------------------------
 */

struct question {
    struct process process;
    double *curvatures, *deviations, *start;
    double *steps;
    int step_count;
};

static void question_release(struct question *question)
{
    free(question->curvatures);
    free(question->deviations);
    free(question->start);
    free(question->steps);
}

/* A list of `count`: the value's entries, or the value itself (or the fallback) for each. */
static double *numbers_of(const json_t *value, double fallback, int count)
{
    double *numbers = xcalloc((size_t)count, sizeof *numbers);
    for (int i = 0; i < count; i++) {
        const json_t *entry = json_is_array(value) ? json_array_get(value, (size_t)i) : value;
        numbers[i] = json_is_number(entry) ? json_number_value(entry) : fallback;
    }
    return numbers;
}

static void check_lists(const json_t *resolved, struct problems *problems)
{
    const json_t *deviation = json_pointer_get(resolved, "/noise/deviation");
    const size_t axes = json_array_size(json_object_get(resolved, "curvatures"));
    const json_t *steps = json_object_get(resolved, "steps");
    const json_t *times = json_object_get(resolved, "times");
    const size_t count = json_array_size(steps) + json_array_size(times);

    if (json_is_array(deviation) && json_array_size(deviation) != axes)
        problems_add(problems, "/noise", "deviation",
                     "must be one number, or as many as \"curvatures\": %zu, not %zu", axes,
                     json_array_size(deviation));
    if (json_is_array(steps) && json_is_array(times))
        problems_add(problems, "", "times", "stands instead of \"steps\", not beside them");
    if (axes * count > WORK_MOST)
        problems_add(problems, "", json_is_array(steps) ? "steps" : "times",
                     "%zu steps x %zu axes are too many: at most %d together", count, axes,
                     WORK_MOST);
}

static void read_steps(const json_t *resolved, struct question *question)
{
    const json_t *steps = json_object_get(resolved, "steps");
    const json_t *times = json_object_get(resolved, "times");
    const json_t *given = json_is_array(steps) ? steps : times;

    question->step_count = json_is_array(given) ? (int)json_array_size(given) : STEPS_DEFAULT;
    question->steps = numbers_of(given, 0, question->step_count);
    if (!json_is_array(given))
        theory_steps(&question->process, question->steps, question->step_count);
    for (int i = 0; given == times && json_is_array(given) && i < question->step_count; i++)
        question->steps[i] /= question->process.lr;
}

static void blame(const char *what, const struct error *err, struct problems *problems)
{
    const bool of_optimizer = strcmp(what, "lr") == 0;
    problems_add(problems, of_optimizer ? "/optimizer" : "/noise", what, "%s", err->sentence);
}

/* False with a problem where the theory has no answer. */
static bool read_question(const json_t *resolved, struct question *question,
                          struct problems *problems)
{
    struct process *process = &question->process;
    const json_t *curvatures = json_object_get(resolved, "curvatures");
    const char *what = "type";
    struct error err;

    if (process_read(json_object_get(resolved, "optimizer"), process, &what, &err) < 0) {
        problems_add(problems, "/optimizer", what, "%s", err.sentence);
        return false;
    }
    process->count = (int)json_array_size(curvatures);
    process->curvature = question->curvatures = numbers_of(curvatures, 0, process->count);
    process->deviation = question->deviations =
        numbers_of(json_pointer_get(resolved, "/noise/deviation"), 0, process->count);
    process->nu = json_number_at(json_object_get(resolved, "noise"), "nu", HUGE_VAL);
    question->start = numbers_of(json_object_get(resolved, "start"), 1.0, process->count);
    if (process_check(process, &what, &err) < 0) {
        blame(what, &err, problems);
        return false;
    }
    read_steps(resolved, question);
    return true;
}

/* --- the answer ---------------------------------------------------------------------------------
 */

static json_t *list_of(const double *numbers, int count)
{
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(list, json_real(numbers[i]));
    return list;
}

static json_t *answer_json(const struct question *question, const json_t *resolved)
{
    const struct process *process = &question->process;
    const json_t *nu = json_pointer_get(resolved, "/noise/nu");
    json_t *warnings = json_array();

    process_warn(process, warnings);
    return json_pack(
        "{s:O, s:{s:o, s:O}, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "optimizer",
        json_object_get(resolved, "optimizer"), "noise", "deviation",
        list_of(process->deviation, process->count), "nu", nu, "curvatures",
        list_of(process->curvature, process->count), "start",
        list_of(question->start, process->count), "law", stationary_best(process, false)->name,
        "stationary", theory_stationary(process, true), "transient",
        theory_transient(process, question->start, question->steps, question->step_count), "phases",
        theory_phases(process, question->start), "bounds",
        theory_bounds(process, question->start, question->steps, question->step_count), "symbols",
        theory_symbols(), "warnings", warnings);
}

/* On a helper thread: the request's body and the catalogue stay as they are meanwhile. */
static int answer_theory(struct reader *reader, struct api_read *read, struct reply *out,
                         struct error *err)
{
    AUTO_PROBLEMS struct problems problems = {0};
    struct question question = {0};
    (void)reader;
    (void)err;

    json_auto_t *resolved = resolve(world_of(read->req)->catalog, read->req->json, &problems);
    if (!problems.found)
        check_lists(resolved, &problems);
    if (!problems.found && read_question(resolved, &question, &problems))
        *out = reply_json(200, answer_json(&question, resolved));
    else
        *out = reply_problems(&problems);
    question_release(&question);
    return 0;
}

static struct reply ask_theory(struct request *req)
{
    return api_read(req, &(struct api_read){.make = answer_theory});
}

const struct route theory_routes[] = {
    {METHOD_POST, "/api/v1/theory", ask_theory, BODY_JSON, 0, FOR_VIEWERS},
    {0},
};
