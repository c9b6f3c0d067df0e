/* Unfinished jobs in memory: found by their id and by any of their runs', counted as runs move. */
#include "support/check.h"

#include "workers/job.h"

#include <stdlib.h>

static struct job *job_of_kind(enum job_kind kind, int64_t id, int64_t first_run, int runs)
{
    struct run_plan plans[8] = {0};
    struct variant_plan variant = {.threads = 2};
    for (int i = 0; i < runs; i++)
        plans[i] = (struct run_plan){.arm = -1, .phase = PHASE_TRAIN, .seed = (uint64_t)i};
    const struct job_plan plan = {.kind = kind,
                                  .request = (char[]){"{}"},
                                  .name = (char[]){"a job"},
                                  .point_count = 1,
                                  .variants = &variant,
                                  .variant_count = 1,
                                  .runs = plans,
                                  .run_count = runs};
    const struct added_job added = {.job = id, .first_run = first_run, .first_variant = 5};
    return job_of_plan(&plan, &added, 1000);
}

static struct job *job_with(int64_t id, int64_t first_run, int runs)
{
    return job_of_kind(JOB_TRAIN, id, first_run, runs);
}

static void a_job_is_found_by_each_of_its_runs_and_no_other(void **state)
{
    (void)state;
    struct job_index *index = job_index_new();
    job_index_add(index, job_with(3, 10, 2));
    job_index_add(index, job_with(4, 12, 3));
    job_index_add(index, job_with(9, 40, 1));

    assert_int_equal(job_index_find(index, 4)->first_run, 12);
    assert_null(job_index_find(index, 5));
    assert_int_equal(job_index_find_run(index, 14)->job->id, 4);
    assert_int_equal(job_index_find_run(index, 14)->number, 2);
    assert_int_equal(job_index_find_run(index, 40)->job->id, 9);
    assert_null(job_index_find_run(index, 9));
    assert_null(job_index_find_run(index, 15));
    assert_null(job_index_find_run(index, 41));
    job_index_free(index);
}

static void a_removed_job_is_not_found(void **state)
{
    (void)state;
    struct job_index *index = job_index_new();
    struct job *job = job_with(3, 10, 2);
    job_index_add(index, job);
    job_index_add(index, job_with(4, 12, 1));
    job_index_remove(index, job);
    assert_null(job_index_find(index, 3));
    assert_null(job_index_find_run(index, 11));
    assert_non_null(job_index_find(index, 4));
    job_free(job);
    job_index_free(index);
}

/* Whoever points to a run still does, and ids that were cut off may be another job's. */
static void a_search_grows_and_is_cut(void **state)
{
    (void)state;
    struct job_index *index = job_index_new();
    struct job *search = job_of_kind(JOB_SEARCH, 3, 10, 2);
    job_index_add(index, search);
    job_index_add(index, job_with(4, 12, 3));
    const struct run *first = &search->runs[0];

    job_grow(index, search, 15, 3, 7, 1);
    assert_ptr_equal(&search->runs[0], first);
    assert_int_equal(search->run_count, 5);
    assert_int_equal(search->counts[RUN_WAITING], 3);
    assert_int_equal(job_index_find_run(index, 11)->number, 1);
    assert_int_equal(job_index_find_run(index, 15)->number, 2);
    assert_int_equal(job_index_find_run(index, 17)->id, 17);
    assert_int_equal(job_index_find_run(index, 17)->seed, 7);
    assert_int_equal(job_index_find_run(index, 12)->job->id, 4);
    assert_null(job_index_find_run(index, 18));

    job_cut(index, search, 2);
    assert_int_equal(search->run_count, 2);
    assert_null(job_index_find_run(index, 15));
    job_index_add(index, job_with(5, 15, 1));
    job_grow(index, search, 16, 1, 7, 1);
    assert_int_equal(job_index_find_run(index, 15)->job->id, 5);
    assert_int_equal(job_index_find_run(index, 16)->number, 2);
    job_index_remove(index, search);
    assert_null(job_index_find_run(index, 16));
    assert_int_equal(job_index_find_run(index, 15)->job->id, 5);
    job_free(search);
    job_index_free(index);
}

static void moves_are_counted_and_refused_ones_change_nothing(void **state)
{
    (void)state;
    struct job *job = job_with(1, 1, 2);
    struct error err;

    assert_int_equal(job->counts[RUN_QUEUED], 2);
    assert_int_equal(job_move(&job->runs[0], EVENT_START, &err), 0);
    assert_int_equal(job->counts[RUN_QUEUED], 1);
    assert_int_equal(job->counts[RUN_RUNNING], 1);
    assert_int_equal(job_state(job), JOB_RUNNING);
    assert_int_equal(job_move(&job->runs[0], EVENT_START, &err), -1);
    assert_int_equal(job->counts[RUN_RUNNING], 1);

    assert_int_equal(job_move(&job->runs[0], EVENT_SUCCEEDED, &err), 0);
    assert_false(job_is_final(job));
    assert_int_equal(job_move(&job->runs[1], EVENT_CANCEL, &err), 0);
    assert_true(job_is_final(job));
    assert_int_equal(job_state(job), JOB_CANCELLED);
    job_free(job);
}

static void the_events_show_a_job_as_a_list_does(void **state)
{
    (void)state;
    struct job *job = job_with(7, 21, 2);
    json_t *json = job_json(job);
    json_t *runs = json_object_get(json, "runs");
    assert_string_equal(json_string_value(json_object_get(json, "state")), "queued");
    assert_int_equal(json_integer_value(json_object_get(runs, "total")), 2);
    assert_int_equal(json_integer_value(json_object_get(runs, "queued")), 2);
    assert_true(json_is_null(json_object_get(json, "finished_ms")));
    json_decref(json);

    json = run_json(&job->runs[1]);
    assert_int_equal(json_integer_value(json_object_get(json, "id")), 22);
    assert_true(json_is_null(json_object_get(json, "objective"))); /* NaN is not JSON */
    json_decref(json);
    job_free(job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_is_found_by_each_of_its_runs_and_no_other),
        cmocka_unit_test(a_removed_job_is_not_found),
        cmocka_unit_test(a_search_grows_and_is_cut),
        cmocka_unit_test(moves_are_counted_and_refused_ones_change_nothing),
        cmocka_unit_test(the_events_show_a_job_as_a_list_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
