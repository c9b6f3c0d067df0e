/*
 * A store in a folder of its own with a loop to run it: each kit_…() sends one command, turns the
 * loop until it is answered, and hands the answer over. For tests of the store only.
 */
#ifndef KIT_H
#define KIT_H

#include "support/check.h"

#include "json.h"
#include "memory.h"
#include "store/store.h"
#include "support/folder.h"

#include <stdlib.h>

#define KIT_FUNCTION static inline __attribute__((unused))

struct kit {
    struct folder folder;
    struct loop *loop;
    struct store *store;
    struct reader *reader;
    struct store_options options;
};

struct answer {
    struct loop *loop;
    bool failed;
    struct error err;
    struct added_job added;
    double objective;
    int mismatches;
    char spec[4096], data[256], fingerprint[256], file[256];
    int64_t checkpoint, steps_seen;
    bool file_unused;
    int64_t id;
};

KIT_FUNCTION void kit_start(struct kit *kit)
{
    struct error err = {0};
    kit->options.folder = kit->folder.path;
    if (store_open(kit->loop, &kit->options, &kit->store, &err) < 0)
        fail_msg("%s", err.sentence);
    kit->reader = store_reader_start(kit->store);
}

KIT_FUNCTION struct kit *kit_new(const struct store_options *options)
{
    struct kit *kit = xcalloc(1, sizeof *kit);
    struct error err;
    kit->folder = folder_make();
    assert_int_equal(loop_new(&kit->loop, &err), 0);
    if (options)
        kit->options = *options;
    kit_start(kit);
    return kit;
}

KIT_FUNCTION void kit_stop(struct kit *kit)
{
    store_reader_end(kit->reader);
    store_close(kit->store);
    kit->store = NULL;
}

KIT_FUNCTION void kit_restart(struct kit *kit)
{
    kit_stop(kit);
    kit_start(kit);
}

KIT_FUNCTION void kit_free(struct kit *kit)
{
    if (kit->store)
        kit_stop(kit);
    loop_free(kit->loop);
    folder_remove(&kit->folder);
    free(kit);
}

/* --- plans ------------------------------------------------------------------------------------ */

/* `runs` runs with seeds 1 …, of one variant; where arms is above 0, a comparison whose run i is of
 * arm i % arms, with one variant an arm, on data set "digits". */
KIT_FUNCTION struct job_plan kit_plan(int arms, int runs)
{
    const int variants = arms > 0 ? arms : 1;
    struct job_plan plan = {
        .kind = arms > 0 ? JOB_COMPARE : JOB_TRAIN,
        .name = xstrdup("first try"),
        .arms = xcalloc((size_t)variants, sizeof(char *)),
        .arm_count = arms,
        .point_count = 1,
        .baseline = arms > 0 ? 0 : -1,
        .metric = {.name = "valid_loss"},
        .variants = xcalloc((size_t)variants, sizeof *plan.variants),
        .variant_count = variants,
        .runs = xcalloc((size_t)runs, sizeof *plan.runs),
        .run_count = runs,
    };
    for (int i = 0; i < variants; i++) {
        plan.variants[i] = (struct variant_plan){
            .arm = arms > 0 ? i : -1,
            .dataset = xstrdup("digits"),
            .spec = xprintf("{\"dataset\":\"digits\",\"optimizer\":{\"lr\":%g,\"type\":\"sgd\"},"
                            "\"seed\":0}",
                            0.1 * (i + 1)),
            .tuned = arms > 0 ? xprintf("{\"/optimizer/lr\":%g}", 0.1 * (i + 1)) : xstrdup("{}"),
            .threads = i + 1,
        };
        if (arms > 0)
            plan.arms[i] = xprintf("arm %c", 'A' + i);
    }
    for (int i = 0; i < runs; i++)
        plan.runs[i] = (struct run_plan){.variant = arms > 0 ? i % arms : 0,
                                         .arm = arms > 0 ? i % arms : -1,
                                         .phase = arms > 0 ? PHASE_REPORT : PHASE_TRAIN,
                                         .seed = (uint64_t)i + 1};
    return plan;
}

KIT_FUNCTION void kit_plan_release(struct job_plan *plan)
{
    for (int i = 0; i < plan->variant_count; i++) {
        free(plan->variants[i].dataset);
        free(plan->variants[i].spec);
        free(plan->variants[i].tuned);
    }
    for (int i = 0; i < plan->arm_count; i++)
        free(plan->arms[i]);
    free(plan->arms);
    free(plan->variants);
    free(plan->runs);
    free(plan->name);
}

/* --- commands --------------------------------------------------------------------------------- */

KIT_FUNCTION void kit_note(struct answer *answer, const struct error *err)
{
    answer->failed = err != NULL;
    if (err)
        answer->err = *err;
    loop_stop(answer->loop);
}

KIT_FUNCTION void kit_done(void *context, const struct error *err)
{
    kit_note(context, err);
}

KIT_FUNCTION void kit_id_done(void *context, int64_t id, const struct error *err)
{
    ((struct answer *)context)->id = id;
    kit_note(context, err);
}

KIT_FUNCTION void kit_job_added(void *context, const struct added_job *added,
                                const struct error *err)
{
    struct answer *answer = context;
    if (added)
        answer->added = *added;
    kit_note(answer, err);
}

KIT_FUNCTION void kit_copy(char *into, size_t bytes, const char *text)
{
    snprintf(into, bytes, "%s", text ? text : "");
}

KIT_FUNCTION void kit_run_started(void *context, const struct started_run *started,
                                  const struct error *err)
{
    struct answer *answer = context;
    if (started) {
        kit_copy(answer->spec, sizeof answer->spec, started->spec);
        kit_copy(answer->data, sizeof answer->data, started->data);
        kit_copy(answer->fingerprint, sizeof answer->fingerprint, started->fingerprint);
        answer->checkpoint = started->checkpoint;
        answer->steps_seen = started->steps_seen;
    }
    kit_note(answer, err);
}

KIT_FUNCTION void kit_run_changed(void *context, double objective, const struct error *err)
{
    ((struct answer *)context)->objective = objective;
    kit_note(context, err);
}

KIT_FUNCTION void kit_rows_added(void *context, int mismatches, const struct error *err)
{
    ((struct answer *)context)->mismatches = mismatches;
    kit_note(context, err);
}

KIT_FUNCTION void kit_dataset_gone(void *context, const char *file, bool file_unused,
                                   const struct error *err)
{
    struct answer *answer = context;
    kit_copy(answer->file, sizeof answer->file, file);
    answer->file_unused = file_unused;
    kit_note(answer, err);
}

KIT_FUNCTION struct answer kit_add_job_of(struct kit *kit, const struct new_job *job)
{
    struct answer answer = {.loop = kit->loop};
    store_add_job(kit->store, job, kit_job_added, &answer);
    loop_run(kit->loop);
    return answer;
}

KIT_FUNCTION struct answer kit_add_plan(struct kit *kit, const struct job_plan *plan,
                                        const char *key, const char *digest, int64_t now_ms)
{
    struct answer answer = {.loop = kit->loop};
    store_add_job(kit->store,
                  &(struct new_job){.plan = plan,
                                    .request_text = "{\"kind\":\"train\"}",
                                    .idempotency_key = key,
                                    .body_digest = digest,
                                    .now_ms = now_ms},
                  kit_job_added, &answer);
    loop_run(kit->loop);
    return answer;
}

KIT_FUNCTION struct answer kit_add_job(struct kit *kit, int arms, int runs)
{
    struct job_plan plan = kit_plan(arms, runs);
    struct answer answer = kit_add_plan(kit, &plan, NULL, NULL, 1000);
    kit_plan_release(&plan);
    if (answer.failed)
        fail_msg("%s", answer.err.sentence);
    return answer;
}

KIT_FUNCTION struct answer kit_start_run(struct kit *kit, int64_t run, int attempt)
{
    struct answer answer = {.loop = kit->loop};
    store_start_run(kit->store, run, attempt, "worker 1", 2000, kit_run_started, &answer);
    loop_run(kit->loop);
    return answer;
}

KIT_FUNCTION struct answer kit_change_run(struct kit *kit, const struct run_change *change)
{
    struct answer answer = {.loop = kit->loop};
    store_change_run(kit->store, change, kit_run_changed, &answer);
    loop_run(kit->loop);
    return answer;
}

KIT_FUNCTION struct answer kit_finish_run(struct kit *kit, int64_t run, enum run_state state)
{
    return kit_change_run(
        kit,
        &(struct run_change){.run = run, .position = {state, 1, 0}, .step = 10, .now_ms = 3000});
}

KIT_FUNCTION struct answer kit_add_rows(struct kit *kit, int64_t run, int attempt,
                                        const struct metric_row *rows, int count)
{
    struct answer answer = {.loop = kit->loop};
    struct metric_row *copy = xcalloc((size_t)count, sizeof *copy);
    memcpy(copy, rows, (size_t)count * sizeof *copy);
    store_add_metrics(kit->store, run, attempt, 7, copy, count, kit_rows_added, &answer);
    loop_run(kit->loop);
    return answer;
}

KIT_FUNCTION uint32_t kit_name(struct kit *kit, const char *name)
{
    return store_metric_name(kit->store, name, strlen(name), true);
}

/* One row, as the metric of that name. */
KIT_FUNCTION struct answer kit_add_value(struct kit *kit, int64_t run, const char *name,
                                         int64_t step, double value)
{
    return kit_add_rows(kit, run, 1, &(struct metric_row){step, value, kit_name(kit, name)}, 1);
}

/* --- reads ------------------------------------------------------------------------------------ */

KIT_FUNCTION json_t *kit_job(struct kit *kit, int64_t job)
{
    json_t *object;
    struct error err;
    if (store_read_job(kit->reader, job, &object, &err) < 0)
        fail_msg("%s", err.sentence);
    return object;
}

KIT_FUNCTION json_t *kit_run(struct kit *kit, int64_t run)
{
    json_t *object;
    struct error err;
    if (store_read_run(kit->reader, run, &object, &err) < 0)
        fail_msg("%s", err.sentence);
    return object;
}

/* The member equals the JSON text; prints both where not. */
#define assert_member(object, key, text)                                                           \
    kit_check_member((object), (key), (text), __FILE__, __LINE__)

KIT_FUNCTION void kit_check_member(const json_t *object, const char *key, const char *text,
                                   const char *file, int line)
{
    json_auto_t *want = json_loads(text, JSON_DECODE_ANY, NULL);
    const json_t *got = json_object_get(object, key);
    if (!got || !want || !json_equal(got, want)) {
        AUTO_FREE char *shown = got ? json_compact(got) : xstrdup("absent");
        print_error("\"%s\" is %s, not %s\n", key, shown, text);
        _fail(file, line);
    }
}

#endif
