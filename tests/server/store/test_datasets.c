#include "server/store/kit.h"

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

static struct answer delete_dataset(struct kit *kit, const char *name)
{
    struct answer answer = {.loop = kit->loop};
    store_delete_dataset(kit->store, name, kit_dataset_gone, &answer);
    loop_run(kit->loop);
    return answer;
}

static void a_data_set_is_read_as_it_was_added(void **state)
{
    struct kit *kit = *state;
    json_t *out;
    struct error err;
    assert_false(add(kit, "mnist", "idx", "d1.data").failed);
    assert_int_equal(store_read_dataset(kit->reader, "mnist", &out, &err), 0);
    json_auto_t *want = json_loads("{\"name\":\"mnist\",\"format\":\"idx\",\"built_in\":false,"
                                   "\"ready\":true,\"bytes\":4096,\"created_ms\":5000,"
                                   "\"summary\":{\"classes\":10,\"shape\":[28,28]}}",
                                   0, NULL);
    assert_true(json_equal(out, want));
    json_decref(out);
    assert_int_equal(store_read_dataset(kit->reader, "other", &out, &err), -1);
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
    assert_int_equal(store_read_datasets(kit->reader, &out, &err), 0);
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

static void note_dataset(void *context, const char *name, int classes, const char *file)
{
    char *text = context;
    const size_t used = strlen(text);
    snprintf(text + used, 256 - used, "%s %d %s;", name, classes, file);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
