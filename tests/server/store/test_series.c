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

static void check_range(struct kit *kit, const struct metric_row *rows, int from, int to,
                        int points)
{
    struct answered got = read_run(kit, 1, "loss", rows[from].step, rows[to].step, points);
    assert_true(got.list[0].reduced);
    check_against_oracle(got.list, rows + from, to - from + 1, rows[from].step, rows[to].step,
                         points);
    release(&got);
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

/* --- blocks: 16 rows each, written 16 at a time ------------------------------------------------
 */

/* Answers below come from blocks where they can; the oracle knows rows alone. */
static void check_reductions(struct kit *kit, const struct metric_row *rows, int count,
                             uint64_t seed)
{
    const int points[] = {1, 2, 3, 10, 33};
    struct rng rng = rng_stream(seed, RANDOM_TEST, 1);
    for (size_t i = 0; i < COUNT_OF(points); i++) {
        check_range(kit, rows, 0, count - 1, points[i]);
        for (int times = 0; times < 5; times++) {
            const int from = (int)rng_below(&rng, (uint32_t)count / 2);
            const int more = points[i] + (int)rng_below(&rng, (uint32_t)count / 3);
            check_range(kit, rows, from, from + more < count ? from + more : count - 1, points[i]);
        }
    }
}

static void lengths_around_the_ends_of_blocks_agree_with_brute_force(void **state)
{
    struct kit *kit = *state;
    enum { ROWS = 800 };
    const int lengths[] = {79, 80, 81, 255, 256, 257, 258, 271, 272, 273, 511, 512, 513, ROWS};
    struct metric_row *rows = xcalloc(ROWS, sizeof *rows);
    make_rows(rows, ROWS, kit_name(kit, "loss"), 3);
    int there = 0;
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        kit_add_rows(kit, 1, 1, rows + there, lengths[i] - there);
        there = lengths[i];
        check_reductions(kit, rows, there, i);
    }
    free(rows);
}

/* As after a resume: each command begins with rows that are there already. */
static void rows_sent_again_change_no_block(void **state)
{
    struct kit *kit = *state;
    enum { ROWS = 1500, EACH = 70, AGAIN = 45 };
    struct metric_row *rows = xcalloc(ROWS, sizeof *rows);
    make_rows(rows, ROWS, kit_name(kit, "loss"), 4);
    for (int at = 0; at < ROWS; at += EACH) {
        const int from = at > AGAIN ? at - AGAIN : 0;
        const int to = at + EACH < ROWS ? at + EACH : ROWS;
        assert_int_equal(kit_add_rows(kit, 1, 1, rows + from, to - from).mismatches, 0);
    }
    check_reductions(kit, rows, ROWS, 4);
    free(rows);
}

static void swap_rows(struct metric_row *one, struct metric_row *other)
{
    const struct metric_row kept = *one;
    *one = *other;
    *other = kept;
}

/* Rows come in an order of chance, `reach` places from their own at most in one exchange, a few at
 * a time. */
static void add_out_of_order(struct kit *kit, const struct metric_row *rows, int count, int reach,
                             uint64_t seed)
{
    struct rng rng = rng_stream(seed, RANDOM_TEST, 2);
    struct metric_row *mixed = xcalloc((size_t)count, sizeof *mixed);
    memcpy(mixed, rows, (size_t)count * sizeof *mixed);
    for (int i = 0; i + reach < count; i++)
        swap_rows(&mixed[i], &mixed[i + (int)rng_below(&rng, (uint32_t)reach)]);
    enum { EACH = 23 };
    for (int at = 0; at < count; at += EACH)
        kit_add_rows(kit, 1, 1, mixed + at, count - at < EACH ? count - at : EACH);
    free(mixed);
}

static void late_rows_are_in_the_blocks(void **state)
{
    struct kit *kit = *state;
    enum { ROWS = 900 };
    const int reaches[] = {2, 20, 300, ROWS};
    struct metric_row *rows = xcalloc(ROWS, sizeof *rows);
    for (size_t i = 0; i < COUNT_OF(reaches); i++) {
        make_rows(rows, ROWS, kit_name(kit, "loss"), 20 + i);
        add_out_of_order(kit, rows, ROWS, reaches[i], i);
        check_reductions(kit, rows, ROWS, i);
        close_kit(state);
        open_kit(state);
        kit = *state;
    }
    free(rows);
}

static void a_series_may_come_backwards(void **state)
{
    struct kit *kit = *state;
    enum { ROWS = 600, EACH = 12 };
    struct metric_row *rows = xcalloc(ROWS, sizeof *rows);
    make_rows(rows, ROWS, kit_name(kit, "loss"), 5);
    for (int at = ROWS - EACH; at >= 0; at -= EACH)
        kit_add_rows(kit, 1, 1, &rows[at], EACH);
    check_reductions(kit, rows, ROWS, 5);
    free(rows);
}

/* Blocks without a finite value, and steps with holes wider than a bucket. */
static void gaps_and_stretches_that_are_not_finite_survive_blocks(void **state)
{
    struct kit *kit = *state;
    enum { ROWS = 2000 };
    struct metric_row *rows = xcalloc(ROWS, sizeof *rows);
    make_rows(rows, ROWS, kit_name(kit, "loss"), 6);
    for (int i = 0; i < ROWS; i++) {
        rows[i].step += i / 130 * 4001;
        if (i / 50 % 3 == 1)
            rows[i].value = (double)NAN;
    }
    kit_add_rows(kit, 1, 1, rows, ROWS);
    check_reductions(kit, rows, ROWS, 6);
    free(rows);
}

static void blocks_go_on_after_a_restart(void **state)
{
    struct kit *kit = *state;
    enum { ROWS = 700 };
    struct metric_row *rows = xcalloc(ROWS, sizeof *rows);
    make_rows(rows, ROWS, kit_name(kit, "loss"), 7);
    for (int at = 0; at < ROWS; at += 100) {
        kit_add_rows(kit, 1, 1, rows + at, 100);
        kit_restart(kit);
    }
    check_reductions(kit, rows, ROWS, 7);
    free(rows);
}

static void add_rows_at(struct kit *kit, const struct metric_row *rows, int count, int64_t wall_ms)
{
    struct answer answer = {.loop = kit->loop};
    struct metric_row *copy = xcalloc((size_t)count, sizeof *copy);
    memcpy(copy, rows, (size_t)count * sizeof *copy);
    store_add_metrics(kit->store, 1, 1, wall_ms, copy, count, kit_rows_added, &answer);
    loop_run(kit->loop);
    assert_false(answer.failed);
}

/* Row i has step i and comes at 1000 + i / 25 ms; by hand, four buckets of 599 / 4 + 1 = 150. */
static void blocks_keep_the_time_of_their_last_row(void **state)
{
    struct kit *kit = *state;
    enum { ROWS = 600, EACH = 25 };
    const uint32_t loss = kit_name(kit, "loss");
    for (int at = 0; at < ROWS; at += EACH) {
        struct metric_row rows[EACH];
        for (int i = 0; i < EACH; i++)
            rows[i] = (struct metric_row){at + i, 0.5, loss};
        add_rows_at(kit, rows, EACH, 1000 + at / EACH);
    }
    struct answered got = read_run(kit, 1, "loss", 0, INT64_MAX, 4);
    assert_int_equal(got.list[0].count, 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(got.list[0].step[i], 150 * i + 149);
        assert_int_equal(got.list[0].wall_ms[i], 1000 + (150 * i + 149) / EACH);
    }
    release(&got);
}

/* --- the ends --------------------------------------------------------------------------------- */

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

static void a_job_has_the_last_value_of_each_run(void **state)
{
    struct kit *kit = *state;
    for (int i = 0; i < 5; i++)
        kit_add_value(kit, 2, "loss", 10 * i, i);
    kit_add_value(kit, 1, "loss", 3, (double)NAN);
    kit_add_value(kit, 3, "rate", 3, 0.5);
    AUTO_FREE struct last_value *lasts = NULL;
    struct error err;
    int count;
    assert_int_equal(
        store_read_job_last(kit->reader, 1, "loss", PHASE_REPORT, &lasts, &count, &err), 0);
    assert_int_equal(count, 2);
    assert_int_equal(lasts[0].run, 1);
    assert_true(isnan(lasts[0].value));
    assert_int_equal(lasts[1].run, 2);
    assert_true(lasts[1].value == 4);

    struct last_value *none;
    assert_int_equal(store_read_job_last(kit->reader, 1, "loss", PHASE_TUNE, &none, &count, &err),
                     0);
    assert_int_equal(count, 0);
    assert_null(none);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_kit, close_kit)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_short_series_comes_whole),
        TEST(buckets_keep_min_max_and_last),
        TEST(long_series_agree_with_brute_force),
        TEST(a_range_is_reduced_by_itself),
        TEST(lengths_around_the_ends_of_blocks_agree_with_brute_force),
        TEST(rows_sent_again_change_no_block),
        TEST(late_rows_are_in_the_blocks),
        TEST(a_series_may_come_backwards),
        TEST(gaps_and_stretches_that_are_not_finite_survive_blocks),
        TEST(blocks_go_on_after_a_restart),
        TEST(blocks_keep_the_time_of_their_last_row),
        TEST(steps_from_end_to_end_of_the_numbers_do_not_overflow),
        TEST(all_names_come_in_order_and_only_long_ones_are_reduced),
        TEST(a_name_that_is_not_there_gives_none),
        TEST(the_runs_of_a_job_share_their_buckets),
        TEST(a_job_is_read_by_phase),
        TEST(a_job_has_the_last_value_of_each_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
