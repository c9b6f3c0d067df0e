/* Reduced series against an oracle that puts every row into its bucket by brute force. */
#include "server/store/kit.h"

#include "random.h"

static int open_kit(void **state)
{
    struct kit *kit = kit_new(NULL);
    kit_add_job(kit, 2, 6);
    for (int run = 1; run <= 6; run++)
        kit_start_run(kit, run, 1);
    *state = kit;
    return 0;
}

static int close_kit(void **state)
{
    kit_free(*state);
    return 0;
}

/* --- reading ---------------------------------------------------------------------------------- */

struct answered {
    struct series *list;
    int count;
};

static struct answered read_run(struct kit *kit, int64_t run, const char *name, int64_t first,
                                int64_t last, int points)
{
    struct answered got;
    struct error err;
    if (store_read_series(kit->reader, run, name, first, last, points, &got.list, &got.count,
                          &err) < 0)
        fail_msg("%s", err.sentence);
    return got;
}

static struct answered read_job(struct kit *kit, const char *name, int phase, int points)
{
    struct answered got;
    struct error err;
    if (store_read_job_series(kit->reader, 1, name, phase, points, &got.list, &got.count, &err) < 0)
        fail_msg("%s", err.sentence);
    return got;
}

static void release(struct answered *got)
{
    for (int i = 0; i < got->count; i++)
        series_release(&got->list[i]);
    free(got->list);
}

/* --- an oracle -------------------------------------------------------------------------------- */

struct bucket {
    bool used;
    int64_t step;
    double value, low, high;
};

static void lay(struct bucket *bucket, const struct metric_row *row)
{
    if (!bucket->used)
        *bucket = (struct bucket){.low = (double)INFINITY, .high = (double)-INFINITY};
    bucket->used = true;
    bucket->step = row->step;
    bucket->value = row->value;
    if (row->value < bucket->low)
        bucket->low = row->value;
    if (row->value > bucket->high)
        bucket->high = row->value;
}

static bool same(double got, double want)
{
    return got == want || (isnan(got) && !isfinite(want));
}

/* The buckets are as wide as makes `points` of them cover low_step … high_step. */
static void check_against_oracle(const struct series *series, const struct metric_row *rows,
                                 int count, int64_t low_step, int64_t high_step, int points)
{
    struct bucket *buckets = xcalloc((size_t)points, sizeof *buckets);
    const int64_t width = (high_step - low_step) / points + 1;
    for (int i = 0; i < count; i++)
        lay(&buckets[(rows[i].step - low_step) / width], &rows[i]);

    int at = 0;
    for (int i = 0; i < points; i++) {
        if (!buckets[i].used)
            continue;
        assert_true(at < series->count);
        assert_int_equal(series->step[at], buckets[i].step);
        assert_true(same(series->value[at], buckets[i].value));
        assert_true(same(series->low[at], buckets[i].low));
        assert_true(same(series->high[at], buckets[i].high));
        at++;
    }
    assert_int_equal(series->count, at);
    free(buckets);
}

/* Rows at growing, uneven steps, with spikes and a few that are not finite. */
static int make_rows(struct metric_row *rows, int count, uint32_t name, uint64_t seed)
{
    struct rng rng = rng_stream(seed, RANDOM_TEST, 0);
    int64_t step = (int64_t)rng_below(&rng, 50);
    for (int i = 0; i < count; i++) {
        const double value = rng_below(&rng, 100) == 0 ? (double)NAN : rng_normal(&rng);
        rows[i] = (struct metric_row){step, value, name};
        step += 1 + (int64_t)rng_below(&rng, 9);
    }
    return count;
}

/* --- of a run --------------------------------------------------------------------------------- */

static void a_short_series_comes_whole(void **state)
{
    struct kit *kit = *state;
    for (int i = 0; i < 5; i++)
        kit_add_value(kit, 1, "loss", 10 * i, i);
    struct answered got = read_run(kit, 1, NULL, 0, INT64_MAX, 5);
    assert_int_equal(got.count, 1);
    assert_string_equal(got.list[0].name, "loss");
    assert_int_equal(got.list[0].run, 1);
    assert_int_equal(got.list[0].count, 5);
    assert_false(got.list[0].reduced);
    assert_null(got.list[0].low);
    assert_int_equal(got.list[0].step[4], 40);
    assert_true(got.list[0].value[4] == 4);
    assert_int_equal(got.list[0].wall_ms[4], 7);
    release(&got);
}

/* By hand: steps 0, 10, 20, 30 in two buckets of (30 - 0) / 2 + 1 = 16 steps: {0, 10}, {20, 30}. */
static void buckets_keep_min_max_and_last(void **state)
{
    struct kit *kit = *state;
    const double values[] = {3, 1, 5, 4};
    for (int i = 0; i < 4; i++)
        kit_add_value(kit, 1, "loss", 10 * i, values[i]);
    struct answered got = read_run(kit, 1, "loss", 0, INT64_MAX, 2);
    const struct series *series = got.list;
    assert_true(series->reduced);
    assert_int_equal(series->count, 2);
    assert_int_equal(series->step[0], 10);
    assert_true(series->value[0] == 1 && series->low[0] == 1 && series->high[0] == 3);
    assert_int_equal(series->step[1], 30);
    assert_true(series->value[1] == 4 && series->low[1] == 4 && series->high[1] == 5);
    release(&got);
}

static void long_series_agree_with_brute_force(void **state)
{
    struct kit *kit = *state;
    enum { ROWS = 3000 };
    struct metric_row *rows = xcalloc(ROWS, sizeof *rows);
    const int points[] = {1, 2, 7, 100, 999, 2999};
    make_rows(rows, ROWS, kit_name(kit, "loss"), 1);
    kit_add_rows(kit, 1, 1, rows, ROWS);
    for (size_t i = 0; i < COUNT_OF(points); i++) {
        struct answered got = read_run(kit, 1, "loss", 0, INT64_MAX, points[i]);
        check_against_oracle(got.list, rows, ROWS, rows[0].step, rows[ROWS - 1].step, points[i]);
        release(&got);
    }
    free(rows);
}

static void a_range_is_reduced_by_itself(void **state)
{
    struct kit *kit = *state;
    enum { ROWS = 1000, FROM = 300, TO = 700 };
    struct metric_row *rows = xcalloc(ROWS, sizeof *rows);
    make_rows(rows, ROWS, kit_name(kit, "loss"), 2);
    kit_add_rows(kit, 1, 1, rows, ROWS);

    struct answered got = read_run(kit, 1, "loss", rows[FROM].step, rows[TO].step, 50);
    check_against_oracle(got.list, rows + FROM, TO - FROM + 1, rows[FROM].step, rows[TO].step, 50);
    release(&got);

    struct answered whole = read_run(kit, 1, "loss", rows[FROM].step, rows[FROM + 9].step, 50);
    assert_false(whole.list[0].reduced);
    assert_int_equal(whole.list[0].count, 10);
    assert_int_equal(whole.list[0].step[0], rows[FROM].step);
    release(&whole);

    struct answered none = read_run(kit, 1, "loss", rows[ROWS - 1].step + 1, INT64_MAX, 50);
    assert_int_equal(none.count, 1);
    assert_int_equal(none.list[0].count, 0);
    release(&none);
    free(rows);
}

/* By hand: (2^63 - 1 - (-2^63 + 1)) / 2 + 1 = 2^63 steps a bucket, so 0 is the last of the first.
 */
static void steps_from_end_to_end_of_the_numbers_do_not_overflow(void **state)
{
    struct kit *kit = *state;
    const uint32_t loss = kit_name(kit, "loss");
    const struct metric_row rows[] = {
        {INT64_MIN + 1, 1, loss}, {-1, 2, loss}, {0, 3, loss}, {INT64_MAX, 4, loss}};
    kit_add_rows(kit, 1, 1, rows, 4);
    struct answered got = read_run(kit, 1, "loss", INT64_MIN, INT64_MAX, 2);
    assert_int_equal(got.list[0].count, 2);
    assert_int_equal(got.list[0].step[0], 0);
    assert_int_equal(got.list[0].step[1], INT64_MAX);
    release(&got);
}

static void all_names_come_in_order_and_only_long_ones_are_reduced(void **state)
{
    struct kit *kit = *state;
    for (int i = 0; i < 20; i++)
        kit_add_value(kit, 1, "train_loss", i, i);
    kit_add_value(kit, 1, "lr", 19, 0.5);
    struct answered got = read_run(kit, 1, NULL, 0, INT64_MAX, 10);
    assert_int_equal(got.count, 2);
    assert_string_equal(got.list[0].name, "lr");
    assert_false(got.list[0].reduced);
    assert_string_equal(got.list[1].name, "train_loss");
    assert_true(got.list[1].reduced);
    assert_int_equal(got.list[1].count, 10);
    release(&got);
}

static void a_name_that_is_not_there_gives_none(void **state)
{
    struct kit *kit = *state;
    struct answered got = read_run(kit, 1, "nothing", 0, INT64_MAX, 10);
    assert_int_equal(got.count, 0);
    release(&got);

    struct series *list;
    struct error err;
    int count;
    assert_int_equal(store_read_series(kit->reader, 9, NULL, 0, INT64_MAX, 0, &list, &count, &err),
                     -1);
    assert_int_equal(err.kind, ERROR_NOT_FOUND);
    assert_int_equal(count, 0);
}

/* --- of a job --------------------------------------------------------------------------------- */

static void the_runs_of_a_job_share_their_buckets(void **state)
{
    struct kit *kit = *state;
    enum { ROWS = 500 };
    struct metric_row *rows[2] = {xcalloc(ROWS, sizeof **rows), xcalloc(ROWS, sizeof **rows)};
    const int counts[2] = {ROWS, 20}; /* the short one lies on the same grid */
    int64_t low = INT64_MAX, high = INT64_MIN;
    for (int i = 0; i < 2; i++) {
        make_rows(rows[i], counts[i], kit_name(kit, "loss"), 10 + (uint64_t)i);
        kit_add_rows(kit, 2 + 3 * i, 1, rows[i], counts[i]);
        low = rows[i][0].step < low ? rows[i][0].step : low;
        const int64_t last = rows[i][counts[i] - 1].step;
        high = last > high ? last : high;
    }
    struct answered got = read_job(kit, "loss", -1, 40);
    assert_int_equal(got.count, 2);
    assert_int_equal(got.list[0].run, 2);
    assert_int_equal(got.list[1].run, 5);
    for (int i = 0; i < 2; i++) {
        assert_true(got.list[i].reduced);
        check_against_oracle(&got.list[i], rows[i], counts[i], low, high, 40);
        free(rows[i]);
    }
    release(&got);
}

static void a_job_is_read_by_phase(void **state)
{
    struct kit *kit = *state;
    kit_add_value(kit, 1, "loss", 1, 1);
    struct answered tuning = read_job(kit, "loss", PHASE_TUNE, 40);
    assert_int_equal(tuning.count, 0);
    release(&tuning);
    struct answered report = read_job(kit, "loss", PHASE_REPORT, 40);
    assert_int_equal(report.count, 1);
    assert_false(report.list[0].reduced);
    release(&report);

    struct series *list;
    struct error err;
    int count;
    assert_int_equal(store_read_job_series(kit->reader, 9, "loss", -1, 10, &list, &count, &err),
                     -1);
    assert_int_equal(err.kind, ERROR_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_kit, close_kit)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_short_series_comes_whole),
        TEST(buckets_keep_min_max_and_last),
        TEST(long_series_agree_with_brute_force),
        TEST(a_range_is_reduced_by_itself),
        TEST(steps_from_end_to_end_of_the_numbers_do_not_overflow),
        TEST(all_names_come_in_order_and_only_long_ones_are_reduced),
        TEST(a_name_that_is_not_there_gives_none),
        TEST(the_runs_of_a_job_share_their_buckets),
        TEST(a_job_is_read_by_phase),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
