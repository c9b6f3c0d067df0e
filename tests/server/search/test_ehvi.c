#include "server/search/play.h"
#include "server/search/within.h"

#include "search/fronts/hypervolume.h"

enum { D = 4, RUNS = 40 };

static const char *const floats = "{\"/a\": {\"type\": \"float\", \"low\": 0, \"high\": 1},"
                                  " \"/b\": {\"type\": \"float\", \"low\": 0, \"high\": 1},"
                                  " \"/c\": {\"type\": \"float\", \"low\": 0, \"high\": 1},"
                                  " \"/d\": {\"type\": \"float\", \"low\": 0, \"high\": 1}}";

static const char *const mixed =
    "{\"/lr\": {\"type\": \"float\", \"low\": 1e-5, \"high\": 1, \"scale\": \"log\"},"
    " \"/type\": {\"type\": \"choice\", \"values\": [\"a\", \"b\", \"c\"]},"
    " \"/momentum\": {\"type\": \"float\", \"low\": 0.5, \"high\": 0.99,"
    "   \"when\": {\"/type\": [\"b\"]}},"
    " \"/width\": {\"type\": \"int\", \"low\": 16, \"high\": 1024, \"scale\": \"log\"}}";

/* ZDT1 (Zitzler, Deb and Thiele, 2000). */
static void zdt1(const double *x, double *out)
{
    double g = 1;
    for (int i = 1; i < D; i++)
        g += 9 * x[i] / (D - 1);
    out[0] = x[0];
    out[1] = g * (1 - sqrt(x[0] / g));
}

static double volume_of(const struct play *play)
{
    static const double reference[] = {1.1, 1.1};
    double points[2 * RUNS];
    int count = 0;

    for (int k = 0; k < play->history.count; k++)
        if (trial_is_feasible(&play->history, &play->trials[k]))
            memcpy(points + 2 * count++, play->trials[k].objective, 2 * sizeof *points);
    return hypervolume(points, count, 2, reference);
}

/* The true front has 1.1 * 0.1 + 0.1 + 2/3 below (1.1, 1.1). */
static void the_front_of_zdt1_is_found_in_forty_runs(void **state)
{
    (void)state;
    const double whole = 0.11 + 0.1 + 2.0 / 3;
    struct play play = play_begin("ehvi", floats, "{}", 2, 0, RUNS, 1);

    for (int k = 0; k < RUNS; k++) {
        double values[2];
        const int number = play_propose(&play);
        zdt1(play.trials[number].values, values);
        play_tell(&play, number, values, NULL);
    }
    assert_string_equal(play.how, "model");
    assert_true(volume_of(&play) > 0.95 * whole && volume_of(&play) < whole);
    play_end(&play);
}

/* Four at once: none of them near another one, since what is on its way counts. */
static void those_under_way_all_differ(void **state)
{
    (void)state;
    struct play play = play_begin("ehvi", floats, "{}", 2, 0, 24, 1);

    for (int k = 0; k < 24; k++) {
        double values[2];
        const int number = play_propose(&play);
        for (int i = k > 4 ? k - 4 : 0; i < k; i++) {
            double squares = 0;
            for (int j = 0; j < D; j++)
                squares += pow(play.trials[i].values[j] - play.trials[number].values[j], 2);
            assert_true(squares > 1e-6);
        }
        if (k < 4)
            continue;
        zdt1(play.trials[k - 4].values, values);
        play_tell(&play, k - 4, values, NULL);
    }
    play_end(&play);
}

/* Some fail, some break the constraint that b is at least 0.3. */
static void constraints_and_failures_are_learned(void **state)
{
    (void)state;
    struct play play = play_begin("ehvi", floats, "{}", 2, 1, RUNS, 1);
    int kept = 0;

    for (int k = 0; k < RUNS; k++) {
        double values[2];
        const int number = play_propose(&play);
        const double *x = play.trials[number].values, over = 0.3 - x[1];
        zdt1(x, values);
        play_tell(&play, number, x[2] > 0.9 ? NULL : values, &over);
        kept += k >= RUNS / 2 && over <= 0 && x[2] <= 0.9;
    }
    assert_in_range(kept, RUNS / 4, RUNS / 2);
    play_end(&play);
}

static void mixed_spaces_repeat_their_bits(void **state)
{
    (void)state;
    enum { COUNT = 14 };
    struct play one = play_begin("ehvi", mixed, "{\"warp\": \"auto\"}", 2, 0, COUNT, 8);
    struct play other = play_begin("ehvi", mixed, "{\"warp\": \"auto\"}", 2, 0, COUNT, 8);

    for (int k = 0; k < COUNT; k++) {
        play_propose(&one);
        play_propose(&other);
        const double *v = one.trials[k].values;
        assert_memory_equal(v, other.trials[k].values, sizeof(double) * (size_t)one.space.count);
        assert_int_equal(one.trials[k].memo_count, other.trials[k].memo_count);
        assert_true((v[1] == 1) == !isnan(v[2]) && v[3] == rint(v[3]));
        const double values[] = {fabs(log10(v[0]) + 2) + (v[1] == 1 ? 1 - v[2] : 0.5), v[3]};
        play_tell(&one, k, k % 5 == 3 ? NULL : values, NULL);
        play_tell(&other, k, k % 5 == 3 ? NULL : values, NULL);
    }
    assert_string_equal(one.how, "model");
    assert_true(one.trials[COUNT - 1].memo_count > 0);
    play_end(&one);
    play_end(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_front_of_zdt1_is_found_in_forty_runs),
        cmocka_unit_test(those_under_way_all_differ),
        cmocka_unit_test(constraints_and_failures_are_learned),
        cmocka_unit_test(mixed_spaces_repeat_their_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
