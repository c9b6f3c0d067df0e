#include "server/store/kit.h"

#include "store/teams.h"

static int open_kit(void **state)
{
    *state = kit_new(NULL);
    return 0;
}

static int close_kit(void **state)
{
    kit_free(*state);
    return 0;
}

static struct answer add_of(struct kit *kit, int64_t team, bool for_everyone, const char *name)
{
    struct answer answer = {.loop = kit->loop};
    const struct dataset_row row = {.name = name,
                                    .format = "csv",
                                    .file = name,
                                    .digest = "d",
                                    .summary =
                                        for_everyone ? "{\"of\":\"all\"}" : "{\"of\":\"one\"}",
                                    .bytes = 1000,
                                    .now_ms = 5000,
                                    .team = team,
                                    .for_everyone = for_everyone,
                                    .max_bytes = 2500};
    store_add_dataset(kit->store, &row, kit_done, &answer);
    loop_run(kit->loop);
    return answer;
}

static struct answer add(struct kit *kit, const char *name, const char *format, const char *file)
{
    struct answer answer = {.loop = kit->loop};
    const struct dataset_row row = {.name = name,
                                    .format = format,
                                    .file = file,
                                    .digest = "d1",
                                    .summary = "{\"classes\":10,\"shape\":[28,28]}",
                                    .bytes = 4096,
                                    .now_ms = 5000};
    store_add_dataset(kit->store, &row, kit_done, &answer);
    loop_run(kit->loop);
    return answer;
}

static struct answer delete_of(struct kit *kit, int64_t team, const char *name)
{
    struct answer answer = {.loop = kit->loop};
    store_delete_dataset(kit->store, team, name, NULL, kit_dataset_gone, &answer);
    loop_run(kit->loop);
    return answer;
}

static struct answer delete_dataset(struct kit *kit, const char *name)
{
    return delete_of(kit, TEAM_DEFAULT, name);
}

static void a_data_set_is_read_as_it_was_added(void **state)
{
    struct kit *kit = *state;
    json_t *out;
    struct error err;
    assert_false(add(kit, "mnist", "idx", "d1.data").failed);
    assert_int_equal(store_read_dataset(kit->reader, TEAM_DEFAULT, "mnist", &out, &err), 0);
    json_auto_t *want = json_loads("{\"name\":\"mnist\",\"team\":\"default\",\"visibility\":"
                                   "\"team\",\"format\":\"idx\",\"built_in\":false,"
                                   "\"ready\":true,\"bytes\":4096,\"created_ms\":5000,"
                                   "\"summary\":{\"classes\":10,\"shape\":[28,28]}}",
                                   0, NULL);
    assert_true(json_equal(out, want));
    json_decref(out);
    assert_int_equal(store_read_dataset(kit->reader, TEAM_DEFAULT, "other", &out, &err), -1);
    assert_int_equal(err.kind, ERROR_NOT_FOUND);
    assert_string_equal(err.sentence, "there is no data set \"other\"");
}

static void data_sets_are_listed_by_name(void **state)
{
    struct kit *kit = *state;
    add(kit, "mnist", "idx", "d1.data");
    add(kit, "digits", "built-in", "d2.data");
    json_t *out;
    struct error err;
    assert_int_equal(store_read_datasets(kit->reader, TEAM_DEFAULT, &out, &err), 0);
    const json_t *list = json_object_get(out, "datasets");
    assert_int_equal(json_array_size(list), 2);
    assert_member(json_array_get(list, 0), "name", "\"digits\"");
    assert_member(json_array_get(list, 0), "built_in", "true");
    assert_member(json_array_get(list, 1), "name", "\"mnist\"");
    json_decref(out);
}

static void a_name_is_taken_once(void **state)
{
    struct kit *kit = *state;
    add(kit, "mnist", "idx", "d1.data");
    const struct answer again = add(kit, "mnist", "csv", "d2.data");
    assert_int_equal(again.err.kind, ERROR_CONFLICT);
    assert_says(again.err.sentence, "there is a data set \"mnist\" already");
}

static void the_file_of_a_deleted_data_set_may_go_unless_shared(void **state)
{
    struct kit *kit = *state;
    add(kit, "one", "idx", "d1.data");
    add(kit, "two", "idx", "d1.data");
    const struct answer first = delete_dataset(kit, "one");
    assert_false(first.failed);
    assert_string_equal(first.file, "d1.data");
    assert_false(first.file_unused);
    assert_true(delete_dataset(kit, "two").file_unused);
    const struct answer gone = delete_dataset(kit, "two");
    assert_int_equal(gone.err.kind, ERROR_NOT_FOUND);
}

static void a_data_set_in_use_stays(void **state)
{
    struct kit *kit = *state;
    add(kit, "digits", "built-in", "d2.data");
    add(kit, "other", "idx", "d1.data");
    kit_add_job(kit, 0, 1); /* on digits */
    assert_false(delete_dataset(kit, "other").failed);
    const struct answer held = delete_dataset(kit, "digits");
    assert_int_equal(held.err.kind, ERROR_CONFLICT);
    assert_says(held.err.sentence, "data set \"digits\" is used by job 1");

    kit_start_run(kit, 1, 1);
    assert_true(delete_dataset(kit, "digits").failed);
    kit_finish_run(kit, 1, RUN_SUCCEEDED);
    assert_false(delete_dataset(kit, "digits").failed);
}

static void a_started_run_learns_the_file_of_its_data_set(void **state)
{
    struct kit *kit = *state;
    add(kit, "digits", "built-in", "d2.data");
    kit_add_job(kit, 0, 1);
    assert_string_equal(kit_start_run(kit, 1, 1).data, "d2.data");
}

static void note_dataset(void *context, const struct known_dataset *dataset)
{
    char *text = context;
    const size_t used = strlen(text);
    snprintf(text + used, 256 - used, "%s %d %s;", dataset->name, dataset->classes, dataset->file);
}

static void data_sets_are_known_again_after_a_restart(void **state)
{
    struct kit *kit = *state;
    char text[256] = "";
    struct error err;
    add(kit, "mnist", "idx", "d1.data");
    add(kit, "a", "csv", "d2.data");
    kit_restart(kit);
    assert_int_equal(store_load_datasets(kit->store, note_dataset, text, &err), 0);
    assert_string_equal(text, "a 10 d2.data;mnist 10 d1.data;");
}

/* --- teams ------------------------------------------------------------------------------------ */

static void found(struct kit *kit, int64_t team, const char *name, const char *summary)
{
    json_t *out;
    struct error err;
    if (store_read_dataset(kit->reader, team, name, &out, &err) < 0) {
        assert_null(summary);
        assert_int_equal(err.kind, ERROR_NOT_FOUND);
        return;
    }
    assert_member(out, "summary", summary ? summary : "\"nothing\"");
    json_decref(out);
}

static int64_t add_team(struct kit *kit, const char *name)
{
    struct answer answer = {.loop = kit->loop};
    struct team team = {.share = 1, .created_ms = 1};
    snprintf(team.name, sizeof team.name, "%s", name);
    store_add_team(kit->store, &team, NULL, kit_id_done, &answer);
    loop_run(kit->loop);
    assert_false(answer.failed);
    return answer.id;
}

static void a_name_means_something_else_to_each_team(void **state)
{
    struct kit *kit = *state;
    const int64_t red = add_team(kit, "red"), blue = add_team(kit, "blue");
    assert_false(add_of(kit, red, false, "points").failed);
    found(kit, red, "points", "{\"of\":\"one\"}");
    found(kit, blue, "points", NULL);
    assert_false(add_of(kit, blue, true, "points").failed); /* does not tell of red's */
    found(kit, red, "points", "{\"of\":\"one\"}");
    found(kit, blue, "points", "{\"of\":\"all\"}");
    found(kit, TEAM_DEFAULT, "points", "{\"of\":\"all\"}");
    assert_int_equal(add_of(kit, TEAM_DEFAULT, false, "points").err.kind, ERROR_CONFLICT);
    assert_int_equal(delete_of(kit, TEAM_DEFAULT, "points").err.kind, ERROR_NOT_FOUND);
    assert_false(delete_of(kit, red, "points").failed);
    found(kit, red, "points", "{\"of\":\"all\"}");
}

static void a_data_set_in_use_by_others_stays_and_does_not_say_by_whom(void **state)
{
    struct kit *kit = *state;
    const int64_t red = add_team(kit, "red"), blue = add_team(kit, "blue");
    struct job_plan plan = kit_plan(0, 1); /* on digits */
    assert_false(add_of(kit, red, false, "digits").failed);
    assert_false(add_of(kit, blue, true, "digits").failed);
    assert_false(
        kit_add_job_of(kit, &(struct new_job){.plan = &plan, .request_text = "{}", .team = red})
            .failed);
    assert_true(delete_of(kit, red, "digits").failed);
    assert_false(delete_of(kit, blue, "digits").failed); /* red's job is on red's */

    assert_false(add_of(kit, blue, true, "digits").failed);
    assert_false(
        kit_add_job_of(kit, &(struct new_job){.plan = &plan, .request_text = "{}"}).failed);
    const struct answer held = delete_of(kit, blue, "digits");
    assert_int_equal(held.err.kind, ERROR_CONFLICT);
    assert_string_equal(held.err.sentence, "data set \"digits\" is used by another team");
    kit_plan_release(&plan);
}

static void a_team_keeps_no_more_bytes_than_it_may(void **state)
{
    struct kit *kit = *state;
    const int64_t red = add_team(kit, "red");
    assert_false(add_of(kit, red, false, "a").failed);
    assert_false(add_of(kit, red, true, "b").failed);
    const struct answer third = add_of(kit, red, false, "c");
    assert_int_equal(third.err.kind, ERROR_FORBIDDEN);
    assert_says(third.err.sentence, "may keep 2500 bytes: its data sets have 2000");
    assert_false(add_of(kit, TEAM_DEFAULT, false, "c").failed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_kit, close_kit)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_data_set_is_read_as_it_was_added),
        TEST(data_sets_are_listed_by_name),
        TEST(a_name_is_taken_once),
        TEST(the_file_of_a_deleted_data_set_may_go_unless_shared),
        TEST(a_data_set_in_use_stays),
        TEST(a_started_run_learns_the_file_of_its_data_set),
        TEST(data_sets_are_known_again_after_a_restart),
        TEST(a_name_means_something_else_to_each_team),
        TEST(a_data_set_in_use_by_others_stays_and_does_not_say_by_whom),
        TEST(a_team_keeps_no_more_bytes_than_it_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
