#include "server/store/kit.h"

static int open_kit(void **state)
{
    struct kit *kit = kit_new(NULL);
    kit_add_job(kit, 0, 3);
    kit_start_run(kit, 1, 1);
    *state = kit;
    return 0;
}

static int close_kit(void **state)
{
    kit_free(*state);
    return 0;
}

struct rows_seen {
    char text[4096];
    int most;
};

static int see_row(void *context, const char *name, int64_t step, double value, int64_t wall)
{
    struct rows_seen *seen = context;
    const size_t used = strlen(seen->text);
    snprintf(seen->text + used, sizeof seen->text - used, "%s %d %g %d;", name, (int)step, value,
             (int)wall);
    return --seen->most == 0;
}

static void assert_rows(struct kit *kit, int64_t run, const char *want)
{
    struct rows_seen seen = {.most = 1000};
    struct error err;
    if (store_each_row(kit->reader, run, NULL, see_row, &seen, &err) < 0)
        fail_msg("%s", err.sentence);
    assert_string_equal(seen.text, want);
}

static int64_t counter(struct kit *kit, const char *name)
{
    json_auto_t *counters = store_counters(kit->store);
    return json_integer_at(counters, name, -1);
}

/* --- rows ------------------------------------------------------------------------------------- */

static void rows_are_kept_by_name_and_step(void **state)
{
    struct kit *kit = *state;
    const uint32_t loss = kit_name(kit, "train_loss"), rate = kit_name(kit, "lr");
    const struct metric_row rows[] = {
        {20, 0.5, loss}, {20, 0.1, rate}, {10, 0.75, loss}, {10, 0.2, rate}};
    const struct answer answer = kit_add_rows(kit, 1, 1, rows, 4);
    assert_false(answer.failed);
    assert_int_equal(answer.mismatches, 0);
    assert_rows(kit, 1, "lr 10 0.2 7;lr 20 0.1 7;train_loss 10 0.75 7;train_loss 20 0.5 7;");
    assert_rows(kit, 2, "");
    assert_int_equal(counter(kit, "metric_rows"), 4);
}

static void a_command_without_rows_does_nothing(void **state)
{
    struct kit *kit = *state;
    struct answer answer = {.loop = kit->loop};
    store_add_metrics(kit->store, 1, 1, 7, NULL, 0, kit_rows_added, &answer);
    loop_run(kit->loop);
    assert_false(answer.failed);
    assert_rows(kit, 1, "");
}

static void values_that_are_not_finite_become_null(void **state)
{
    struct kit *kit = *state;
    kit_add_value(kit, 1, "loss", 1, (double)INFINITY);
    kit_add_value(kit, 1, "loss", 2, 3);
    kit_add_value(kit, 1, "loss", 3, (double)-INFINITY);
    kit_add_value(kit, 1, "loss", 4, (double)NAN);
    assert_rows(kit, 1, "loss 1 nan 7;loss 2 3 7;loss 3 nan 7;loss 4 nan 7;");
    json_auto_t *run = kit_run(kit, 1);
    assert_member(run, "series",
                  "[{\"name\":\"loss\",\"count\":4,\"first\":null,\"last\":null,"
                  "\"best_low\":3.0,\"best_high\":3.0,\"last_step\":4}]");
}

static void the_extreme_numbers_keep_their_bits(void **state)
{
    struct kit *kit = *state;
    const double values[] = {0, 5e-324, 1.7976931348623157e308, 1.0 / 3, 9007199254740993.0, 2};
    const uint32_t name = kit_name(kit, "value");
    for (int i = 0; i < 6; i++)
        kit_add_rows(kit, 1, 1, &(struct metric_row){i - 3, values[i], name}, 1);
    struct series *series;
    struct error err;
    int count;
    assert_int_equal(
        store_read_series(kit->reader, 1, NULL, INT64_MIN, INT64_MAX, 0, &series, &count, &err), 0);
    assert_int_equal(count, 1);
    assert_int_equal(series->count, 6);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(series->step[i], i - 3);
        assert_memory_equal(&series->value[i], &values[i], sizeof values[i]);
    }
    series_release(series);
    free(series);
}

static void rows_of_no_run_are_refused(void **state)
{
    struct kit *kit = *state;
    const struct answer answer =
        kit_add_rows(kit, 99, 1, &(struct metric_row){1, 1, kit_name(kit, "loss")}, 1);
    assert_true(answer.failed);
    assert_int_equal(answer.err.kind, ERROR_NOT_FOUND);
}

static void a_reader_that_has_enough_gets_no_more(void **state)
{
    struct kit *kit = *state;
    for (int i = 0; i < 3; i++)
        kit_add_value(kit, 1, "loss", i, i);
    struct rows_seen seen = {.most = 2};
    struct error err;
    assert_int_equal(store_each_row(kit->reader, 1, "loss", see_row, &seen, &err), 0);
    assert_string_equal(seen.text, "loss 0 0 7;loss 1 1 7;");
    assert_int_equal(store_each_row(kit->reader, 77, "loss", see_row, &seen, &err), -1);
    assert_int_equal(err.kind, ERROR_NOT_FOUND);
}

static int count_row(void *context, const char *name, int64_t step, double value, int64_t wall)
{
    (void)name;
    (void)wall;
    int64_t *next = context;
    assert_int_equal(step, *next);
    assert_true(value == 0.5 * (double)step);
    (*next)++;
    return 0;
}

/* More than are read at once. */
static void every_row_of_a_long_series_comes_once(void **state)
{
    struct kit *kit = *state;
    enum { ROWS = 12288 }; /* three whole chunks */
    struct metric_row *rows = xcalloc(ROWS, sizeof *rows);
    for (int i = 0; i < ROWS; i++)
        rows[i] = (struct metric_row){i, 0.5 * i, kit_name(kit, "loss")};
    kit_add_rows(kit, 1, 1, rows, ROWS);
    free(rows);
    int64_t next = 0;
    struct error err;
    assert_int_equal(store_each_row(kit->reader, 1, NULL, count_row, &next, &err), 0);
    assert_int_equal(next, ROWS);
}

/* --- attempts and resumes --------------------------------------------------------------------- */

static void rows_of_an_older_attempt_are_dropped_and_counted(void **state)
{
    struct kit *kit = *state;
    kit_change_run(kit, &(struct run_change){.run = 1, .position = {RUN_QUEUED, 1, 1}, .step = -1});
    kit_start_run(kit, 1, 2);
    const struct metric_row rows[] = {{1, 1, kit_name(kit, "loss")}, {2, 1, kit_name(kit, "loss")}};
    const struct answer answer = kit_add_rows(kit, 1, 1, rows, 2);
    assert_false(answer.failed);
    assert_int_equal(answer.mismatches, 0);
    assert_rows(kit, 1, "");
    assert_int_equal(counter(kit, "stale_rows"), 2);
    assert_int_equal(counter(kit, "metric_rows"), 0);
}

static void a_row_sent_again_is_the_same_row(void **state)
{
    struct kit *kit = *state;
    kit_add_value(kit, 1, "loss", 1, 0.1);
    kit_add_value(kit, 1, "loss", 2, (double)NAN);
    const struct metric_row again[] = {{1, 0.1, kit_name(kit, "loss")},
                                       {2, (double)NAN, kit_name(kit, "loss")},
                                       {3, 0.3, kit_name(kit, "loss")}};
    const struct answer answer = kit_add_rows(kit, 1, 1, again, 3);
    assert_int_equal(answer.mismatches, 0);
    assert_rows(kit, 1, "loss 1 0.1 7;loss 2 nan 7;loss 3 0.3 7;");
    json_auto_t *run = kit_run(kit, 1);
    assert_member(run, "resume_mismatches", "0");
    assert_int_equal(counter(kit, "metric_rows"), 3);
}

static void other_bits_are_counted_and_the_first_stay(void **state)
{
    struct kit *kit = *state;
    kit_add_value(kit, 1, "loss", 1, 0.1);
    kit_add_value(kit, 1, "loss", 2, 0.0);
    kit_add_value(kit, 1, "loss", 3, 0.5);
    const struct metric_row again[] = {{1, nextafter(0.1, 1), kit_name(kit, "loss")},
                                       {2, 5e-324, kit_name(kit, "loss")},
                                       {3, (double)NAN, kit_name(kit, "loss")}};
    assert_int_equal(kit_add_rows(kit, 1, 1, again, 3).mismatches, 3);
    assert_int_equal(kit_add_value(kit, 1, "loss", 1, 0.2).mismatches, 1);
    assert_rows(kit, 1, "loss 1 0.1 7;loss 2 0 7;loss 3 0.5 7;");
    json_auto_t *run = kit_run(kit, 1);
    assert_member(run, "resume_mismatches", "4");
    assert_int_equal(counter(kit, "mismatches"), 4);
}

/* SQLite keeps no sign of zero, so a comparison of bits must not ask for it. */
static void minus_zero_is_zero(void **state)
{
    struct kit *kit = *state;
    kit_add_value(kit, 1, "loss", 1, -0.0);
    assert_int_equal(kit_add_value(kit, 1, "loss", 1, -0.0).mismatches, 0);
    assert_int_equal(kit_add_value(kit, 1, "loss", 1, 0.0).mismatches, 0);
}

static void speeds_may_differ_when_sent_again(void **state)
{
    struct kit *kit = *state;
    const uint32_t speed = store_metric_name(kit->store, "samples_per_s", 13, false);
    kit_add_rows(kit, 1, 1, &(struct metric_row){1, 100, speed}, 1);
    const struct answer again = kit_add_rows(kit, 1, 1, &(struct metric_row){1, 200, speed}, 1);
    assert_int_equal(again.mismatches, 0);
    assert_rows(kit, 1, "samples_per_s 1 100 7;");
}

static void of_two_rows_of_one_step_the_first_stays(void **state)
{
    struct kit *kit = *state;
    const uint32_t loss = kit_name(kit, "loss");
    const struct metric_row rows[] = {{1, 0.5, loss}, {1, 0.25, loss}, {1, 0.5, loss}};
    assert_int_equal(kit_add_rows(kit, 1, 1, rows, 3).mismatches, 1);
    assert_rows(kit, 1, "loss 1 0.5 7;");
}

static void a_late_row_takes_its_place(void **state)
{
    struct kit *kit = *state;
    kit_add_value(kit, 1, "loss", 10, 3);
    kit_add_value(kit, 1, "loss", 5, 9);
    kit_add_value(kit, 1, "loss", 7, 1);
    assert_rows(kit, 1, "loss 5 9 7;loss 7 1 7;loss 10 3 7;");
    json_auto_t *run = kit_run(kit, 1);
    assert_member(run, "series",
                  "[{\"name\":\"loss\",\"count\":3,\"first\":9.0,\"last\":3.0,"
                  "\"best_low\":1.0,\"best_high\":9.0,\"last_step\":10}]");
}

/* --- names ------------------------------------------------------------------------------------ */

static void a_name_has_one_number_and_keeps_it(void **state)
{
    struct kit *kit = *state;
    const uint32_t loss = kit_name(kit, "loss"), rate = kit_name(kit, "lr");
    assert_int_not_equal(loss, rate);
    assert_int_equal(kit_name(kit, "loss"), loss);
    assert_int_equal(store_metric_name(kit->store, "losses", 4, true), loss);
    kit_add_value(kit, 1, "lr", 1, 1);
    kit_restart(kit);
    assert_int_equal(kit_name(kit, "lr"), rate);
    kit_add_value(kit, 1, "loss", 1, 2);
    kit_restart(kit);
    assert_rows(kit, 1, "loss 1 2 7;lr 1 1 7;");
}

static void names_that_nobody_could_read_are_refused(void **state)
{
    struct kit *kit = *state;
    char longest[64];
    memset(longest, 'x', sizeof longest);
    assert_int_equal(store_metric_name(kit->store, "", 0, true), 0);
    assert_int_equal(store_metric_name(kit->store, longest, 64, true), 0);
    assert_int_not_equal(store_metric_name(kit->store, longest, 63, true), 0);
    assert_int_equal(store_metric_name(kit->store, "a\nb", 3, true), 0);
    assert_int_equal(store_metric_name(kit->store, "a\0b", 3, true), 0);
    assert_int_equal(store_metric_name(kit->store, "\xc3\xa9", 2, true), 0);
}

static void there_are_at_most_10000_names(void **state)
{
    struct kit *kit = *state;
    char name[32];
    for (int i = 0; i < 10000; i++) {
        snprintf(name, sizeof name, "metric %d", i);
        assert_int_equal(kit_name(kit, name), i + 1);
    }
    assert_int_equal(kit_name(kit, "one more"), 0);
    assert_int_equal(kit_name(kit, "metric 9999"), 10000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_kit, close_kit)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_are_kept_by_name_and_step),
        TEST(a_command_without_rows_does_nothing),
        TEST(values_that_are_not_finite_become_null),
        TEST(the_extreme_numbers_keep_their_bits),
        TEST(rows_of_no_run_are_refused),
        TEST(a_reader_that_has_enough_gets_no_more),
        TEST(every_row_of_a_long_series_comes_once),
        TEST(rows_of_an_older_attempt_are_dropped_and_counted),
        TEST(a_row_sent_again_is_the_same_row),
        TEST(other_bits_are_counted_and_the_first_stay),
        TEST(minus_zero_is_zero),
        TEST(speeds_may_differ_when_sent_again),
        TEST(of_two_rows_of_one_step_the_first_stays),
        TEST(a_late_row_takes_its_place),
        TEST(a_name_has_one_number_and_keeps_it),
        TEST(names_that_nobody_could_read_are_refused),
        TEST(there_are_at_most_10000_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
