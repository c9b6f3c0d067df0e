#include "server/search/play.h"
#include "server/search/within.h"

#include "random.h"
#include "search/fronts/hypervolume.h"
#include "search/fronts/variation.h"

enum { D = 10 };

static const char *ten_floats(void)
{
    return "{\"/a\": {\"type\": \"float\", \"low\": 0, \"high\": 1},"
           " \"/b\": {\"type\": \"float\", \"low\": 0, \"high\": 1},"
           " \"/c\": {\"type\": \"float\", \"low\": 0, \"high\": 1},"
           " \"/d\": {\"type\": \"float\", \"low\": 0, \"high\": 1},"
           " \"/e\": {\"type\": \"float\", \"low\": 0, \"high\": 1},"
           " \"/f\": {\"type\": \"float\", \"low\": 0, \"high\": 1},"
           " \"/g\": {\"type\": \"float\", \"low\": 0, \"high\": 1},"
           " \"/h\": {\"type\": \"float\", \"low\": 0, \"high\": 1},"
           " \"/i\": {\"type\": \"float\", \"low\": 0, \"high\": 1},"
           " \"/j\": {\"type\": \"float\", \"low\": 0, \"high\": 1}}";
}

static const char *const mixed =
    "{\"/lr\": {\"type\": \"float\", \"low\": 1e-5, \"high\": 1, \"scale\": \"log\"},"
    " \"/type\": {\"type\": \"choice\", \"values\": [\"a\", \"b\", \"c\"]},"
    " \"/momentum\": {\"type\": \"float\", \"low\": 0.5, \"high\": 0.99,"
    "   \"when\": {\"/type\": [\"b\"]}},"
    " \"/width\": {\"type\": \"int\", \"low\": 16, \"high\": 1024, \"scale\": \"log\"},"
    " \"/size\": {\"type\": \"choice\", \"values\": [\"s\", \"m\", \"l\"], \"ordered\": true},"
    " \"/seven\": {\"type\": \"int\", \"low\": 7, \"high\": 7}}";

enum { LR, TYPE, MOMENTUM, WIDTH, SIZE, SEVEN };

/* Loss and cost of a training. */
static void loss_and_cost(const double *v, double *out)
{
    out[0] = fabs(log10(v[LR]) + 2) + 3 / log(v[WIDTH]) + (v[TYPE] == 1 ? 1 - v[MOMENTUM] : 0.5);
    out[1] = v[WIDTH] * (1 + v[SIZE]);
}

/* ZDT1 (Zitzler, Deb and Thiele, 2000). */
static void zdt1(const double *x, double *out)
{
    double g = 1;
    for (int i = 1; i < D; i++)
        g += 9 * x[i] / (D - 1);
    out[0] = x[0];
    out[1] = g * (1 - sqrt(x[0] / g));
}

static void run_alone(struct play *play, void (*objectives)(const double *, double *), int count)
{
    for (int k = 0; k < count; k++) {
        double values[OBJECTIVES_MAX];
        const int number = play_propose(play);
        objectives(play->trials[number].values, values);
        play_tell(play, number, values, NULL);
    }
}

static double volume_of(const struct play *play, const double *reference)
{
    const int objectives = play->history.objectives;
    AUTO_FREE double *points = xcalloc((size_t)play->history.count * objectives, sizeof *points);
    for (int k = 0; k < play->history.count; k++)
        memcpy(points + (size_t)k * objectives, play->trials[k].objective,
               (size_t)objectives * sizeof *points);
    return hypervolume(points, play->history.count, objectives, reference);
}

/* The true front is f2 = 1 - sqrt(f1): below (1.1, 1.1) it has 1.1 * 0.1 + 0.1 + 2/3. A random
 * search does not reach that box at all. */
static void the_front_of_zdt1_is_found(void **state)
{
    (void)state;
    const double reference[] = {1.1, 1.1}, whole = 0.11 + 0.1 + 2.0 / 3;
    struct play play = play_begin("nsga2", ten_floats(), "{}", 2, 0, 2000, 1);

    run_alone(&play, zdt1, 2000);
    const double found = volume_of(&play, reference);
    assert_true(found > 0.95 * whole && found < whole);
    play_end(&play);

    play = play_begin("random", ten_floats(), "{}", 2, 0, 2000, 1);
    run_alone(&play, zdt1, 2000);
    assert_true(volume_of(&play, reference) == 0);
    play_end(&play);
}

static void mixed_spaces_give_settled_points(void **state)
{
    (void)state;
    const double reference[] = {5, 3072};
    double volumes[2] = {0};
    static const char *const algorithms[] = {"nsga2", "random"};

    for (int a = 0; a < 2; a++)
        for (uint64_t seed = 1; seed <= 5; seed++) {
            struct play play = play_begin(algorithms[a], mixed, "{}", 2, 0, 300, seed);
            run_alone(&play, loss_and_cost, 300);
            for (int k = 0; k < 300; k++) {
                const double *v = play.trials[k].values;
                assert_true((v[TYPE] == 1) == !isnan(v[MOMENTUM]));
                assert_true(v[SEVEN] == 7 && v[WIDTH] == rint(v[WIDTH]));
            }
            volumes[a] += volume_of(&play, reference);
            play_end(&play);
        }
    assert_true(volumes[0] > volumes[1]);
}

static void one_objective_works_too(void **state)
{
    (void)state;
    struct play play = play_begin("nsga2", ten_floats(), "{}", 1, 0, 1500, 1);
    for (int k = 0; k < 1500; k++) {
        const int number = play_propose(&play);
        double value = 0;
        for (int i = 0; i < D; i++)
            value += pow(play.trials[number].values[i] - 0.3, 2);
        play_tell(&play, number, &value, NULL);
    }
    /* a ball of that radius has 2.5e-10 of the cube's volume */
    assert_true(play.trials[history_best(&play.history)].objective[0] < 0.01);
    play_end(&play);
}

static void constraints_come_first(void **state)
{
    (void)state;
    struct play play = play_begin("nsga2", ten_floats(), "{}", 2, 1, 1000, 1);
    int kept = 0;

    for (int k = 0; k < 1000; k++) {
        double values[2];
        const int number = play_propose(&play);
        const double *x = play.trials[number].values;
        const double over = 0.8 - x[1]; /* away from the front */
        zdt1(x, values);
        play_tell(&play, number, values, &over);
        kept += k >= 500 && over <= 0;
    }
    assert_in_range(kept, 400, 500);
    play_end(&play);
}

static void failures_are_no_parents(void **state)
{
    (void)state;
    struct play play = play_begin("nsga2", ten_floats(), "{}", 2, 0, 600, 1);
    int failed = 0;

    for (int k = 0; k < 600; k++) {
        double values[2];
        const int number = play_propose(&play);
        zdt1(play.trials[number].values, values);
        const bool fails = play.trials[number].values[2] > 0.5;
        play_tell(&play, number, fails ? NULL : values, NULL);
        failed += k >= 300 && fails;
    }
    assert_in_range(failed, 0, 60);
    play_end(&play);
}

static void a_fresh_state_proposes_the_same_bits(void **state)
{
    (void)state;
    enum { COUNT = 120 };
    const char *settings = "{\"population\": 20}";
    struct play one = play_begin("nsga2", mixed, settings, 2, 0, COUNT, 8);
    struct play fresh = play_begin("nsga2", mixed, settings, 2, 0, COUNT, 8);

    for (int k = 0; k < COUNT; k++) {
        play_propose(&one);
        play_close_state(&fresh);
        play_propose(&fresh);
        assert_memory_equal(one.trials[k].values, fresh.trials[k].values,
                            sizeof(double) * (size_t)one.space.count);
        if (k < 4)
            continue;
        double values[2];
        loss_and_cost(one.trials[k - 4].values, values);
        const double *told = k % 11 == 0 ? NULL : values;
        play_tell(&one, k - 4, told, NULL);
        play_tell(&fresh, k - 4, told, NULL);
    }
    assert_string_equal(one.how, "child");
    play_end(&one);
    play_end(&fresh);
}

/* AV-8 */
static void defaults_are_the_published_ones(void **state)
{
    (void)state;
    const struct setting *settings = search_find("nsga2")->settings;
    assert_string_equal(settings[0].name, "population");
    assert_true(settings[0].fallback == 50);
    assert_string_equal(settings[1].name, "crossover");
    assert_true(settings[1].fallback == 0.9);
}

/* Where all fit in, the survivors are the same whoever came first. */
static void the_order_of_the_first_tells_does_not_matter(void **state)
{
    (void)state;
    const char *settings = "{\"population\": 20}";
    struct play one = play_begin("nsga2", ten_floats(), settings, 2, 0, 30, 8);
    struct play other = play_begin("nsga2", ten_floats(), settings, 2, 0, 30, 8);

    for (int k = 0; k < 20; k++) {
        play_propose(&one);
        play_propose(&other);
    }
    for (int k = 0; k < 20; k++) {
        double first[2], last[2];
        zdt1(one.trials[k].values, first);
        zdt1(one.trials[19 - k].values, last);
        play_tell(&one, k, first, NULL);
        play_tell(&other, 19 - k, last, NULL);
    }
    for (int k = 20; k < 30; k++) {
        play_propose(&one);
        play_propose(&other);
        assert_memory_equal(one.trials[k].values, other.trials[k].values, D * sizeof(double));
        for (int i = 0; i < k; i++) /* those under way differ */
            assert_true(memcmp(one.trials[i].values, one.trials[k].values, D * sizeof(double)));
    }
    play_end(&one);
    play_end(&other);
}

static void earlier_searches_are_parents(void **state)
{
    (void)state;
    double values[60][D], objective[60][2];
    struct trial earlier[60];
    struct play play = play_begin("nsga2", ten_floats(), "{}", 2, 0, 10, 1);

    for (int i = 0; i < 60; i++) { /* all on the front: so are most of their children */
        for (int j = 0; j < D; j++)
            values[i][j] = j ? 0 : i / 59.0;
        zdt1(values[i], objective[i]);
        earlier[i] =
            (struct trial){.state = TRIAL_DONE, .values = values[i], .objective = objective[i]};
    }
    play.history.earlier = earlier;
    play.history.earlier_count = 60;
    run_alone(&play, zdt1, 10);
    for (int k = 0; k < 10; k++)
        assert_true(play.trials[k].objective[1] < 2);
    assert_string_equal(play.how, "child");
    play_end(&play);
}

/* --- variation --- */

/* Deb and Agrawal, 1995: without bounds in reach, the spread factor has the density
 * (eta + 1) / 2 b^eta below 1: half of the children lie between the parents, whose mean stays. */
static void crossover_spreads_as_published(void **state)
{
    (void)state;
    enum { DRAWS = 100000 };
    struct rng rng = rng_stream(1, RANDOM_TEST, 0);
    int between = 0, near = 0;

    for (int i = 0; i < DRAWS; i++) {
        const double u = rng_uniform(&rng);
        const double low = sbx_child(0.499, 0.501, 2, u, false);
        const double high = sbx_child(0.501, 0.499, 2, u, true);
        const double b = (high - low) / 0.002;
        assert_within(low + high, 1, 1e-12);
        between += b <= 1;
        near += b <= 0.5; /* chance 0.5^3 / 2 */
    }
    /* Four standard errors: 2 / sqrt(DRAWS) for a half. */
    assert_within(between / (double)DRAWS, 0.5, 2 / sqrt(DRAWS));
    assert_within(near / (double)DRAWS, 0.0625, 1 / sqrt(DRAWS));
}

static void variation_stays_in_the_cube(void **state)
{
    (void)state;
    struct rng rng = rng_stream(2, RANDOM_TEST, 0);

    for (int i = 0; i < 20000; i++) {
        const double a = i % 7 ? rng_uniform(&rng) : 0, b = i % 5 ? rng_uniform(&rng) : 1;
        const double eta = 20 * rng_uniform(&rng);
        const double u = i % 11 ? rng_uniform(&rng) : 0;
        const double child = sbx_child(a, b, eta, u, i & 1);
        const double moved = polynomial_mutation(a, eta, u);
        assert_true(child >= 0 && child <= 1);
        assert_true(moved >= 0 && moved <= 1);
    }
    /* By hand: u = 1/2 moves nothing, u = 0 goes to the end. */
    assert_within(polynomial_mutation(0.3, 5, 0.5), 0.3, 1e-15);
    assert_within(polynomial_mutation(0.3, 5, 0), 0, 1e-15);
    assert_within(polynomial_mutation(0.3, 5, 1), 1, 1e-15);
}

static void a_mutated_value_is_another_one(void **state)
{
    (void)state;
    struct play play = play_begin("nsga2", mixed, "{}", 2, 0, 1, 1);
    struct rng rng = rng_stream(3, RANDOM_TEST, 0);
    double values[8];

    for (int i = 0; i < 2000; i++) {
        space_draw(&play.space, &rng, values);
        for (int j = 0; j < play.space.count; j++) {
            if (isnan(values[j]))
                continue;
            const struct parameter *parameter = &play.space.parameters[j];
            const double other = mutated(parameter, values[j], 20, &rng);
            assert_true((other != values[j]) == (j != SEVEN));
            assert_true(other >= parameter->low && other <= parameter->high);
        }
    }
    play_end(&play);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_front_of_zdt1_is_found),
        cmocka_unit_test(mixed_spaces_give_settled_points),
        cmocka_unit_test(one_objective_works_too),
        cmocka_unit_test(constraints_come_first),
        cmocka_unit_test(failures_are_no_parents),
        cmocka_unit_test(a_fresh_state_proposes_the_same_bits),
        cmocka_unit_test(defaults_are_the_published_ones),
        cmocka_unit_test(the_order_of_the_first_tells_does_not_matter),
        cmocka_unit_test(earlier_searches_are_parents),
        cmocka_unit_test(crossover_spreads_as_published),
        cmocka_unit_test(variation_stays_in_the_cube),
        cmocka_unit_test(a_mutated_value_is_another_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
