#include "search/tpe/parzen.h"

#include "server/search/kit.h"

/* Points of a space in its own values, one after the other. */
struct cloud {
    struct space space;
    double values[128][2];
    const double *points[128];
    double weights[128];
    int count;
};

static struct cloud make_cloud(const char *space)
{
    return (struct cloud){.space = make_space(space)};
}

static void add(struct cloud *cloud, double x, double y, double weight)
{
    cloud->values[cloud->count][0] = x;
    cloud->values[cloud->count][1] = y;
    cloud->weights[cloud->count++] = weight;
}

static struct parzen *density(struct cloud *cloud, struct parzen_rule rule)
{
    const int both[] = {0, 1};
    for (int i = 0; i < cloud->count; i++)
        cloud->points[i] = cloud->values[i];
    return parzen_new(&rule, &cloud->space, both, cloud->space.count, cloud->points, cloud->weights,
                      cloud->count);
}

static const struct parzen_rule gaps = {.widths = PARZEN_GAPS, .floor = 1};
static const struct parzen_rule scott = {.widths = PARZEN_SCOTT, .scale = 0.2, .floor = 1};

#define ONE_FLOAT "{'x':{'type':'float','low':0,'high':1}}"

/* want [..][2]: a value and the logarithm of its density. */
static void assert_densities(struct cloud *cloud, struct parzen_rule rule, const double want[][2],
                             size_t count)
{
    struct parzen *parzen = density(cloud, rule);
    for (size_t i = 0; i < count; i++)
        assert_near(parzen_log_density(parzen, want[i]), want[i][1], 1e-11);
    parzen_free(parzen);
}

/* All expected densities: tests/reference/parzen.py, with scipy's normal distribution. One point:
 * the gap reaches to the farther end, 0.75; of scott's rule 0.2 is below the floor of a third. */
static void one_point_is_at_least_a_third_of_the_range_wide(void **state)
{
    (void)state;
    struct cloud cloud = make_cloud(ONE_FLOAT);
    const double of_gaps[][2] = {
        {0, -0.0071840576386035474}, {0.25, 0.066237798761797945}, {0.9, -0.14156233882362157}};
    const double of_scott[][2] = {
        {0, 0.051794269978271815}, {0.25, 0.25548369380744368}, {0.9, -0.51364897057125536}};

    add(&cloud, 0.25, 0, 1);
    assert_densities(&cloud, gaps, of_gaps, COUNT_OF(of_gaps));
    assert_densities(&cloud, scott, of_scott, COUNT_OF(of_scott));
    space_release(&cloud.space);
}

/* 120 points at distances of 1 / 119. */
static void many_points_are_at_least_a_hundredth_of_the_range_wide(void **state)
{
    (void)state;
    struct cloud cloud = make_cloud(ONE_FLOAT);
    const double want[][2] = {
        {0.004, 0.16733587020806823}, {0.5, -0.0079502887442418364}, {0.9999, 0.05839256466323834}};
    for (int i = 0; i < 120; i++)
        add(&cloud, (i * 37 % 120) / 119.0, 0, 1);
    assert_densities(&cloud, gaps, want, COUNT_OF(want));
    space_release(&cloud.space);
}

/* 40 points in two dimensions, not in order and with ties, of different weights; at (0.1, 0.2),
 * (0.5, 0.5) and (0.93, 0.01). */
static void a_kernel_is_the_product_over_the_parameters(void **state)
{
    (void)state;
    const struct {
        struct parzen_rule rule;
        double want[3];
    } rules[] = {
        {gaps, {-4.0702008947658399, -1.6853957770973393, -0.30252911639779029}},
        {{PARZEN_GAPS, 0, 0.5, false},
         {-4.0310169675911265, -1.6637183170388705, -0.34701266589701579}},
        {{PARZEN_SCOTT, 0.1, 1, false},
         {-3.4046101140040119, -1.2752983983604849, -0.94802179674544862}},
        {{PARZEN_SCOTT, 0.1, 1, true},
         {-2.4635804026105528, -2.2935746582578798, -2.4703235204862701}},
        {{PARZEN_GAPS, 0, 1, true}, {-2.467452095755259, -2.3224043762177655, -2.5198255747889311}},
    };
    const double at[3][2] = {{0.1, 0.2}, {0.5, 0.5}, {0.93, 0.01}};
    struct cloud cloud =
        make_cloud("{'x':{'type':'float','low':0,'high':1},'y':{'type':'float','low':0,'high':1}}");

    for (int i = 0; i < 40; i++)
        add(&cloud, floor(50 * fmod(i * 0.6180339887498949, 1)) / 50,
            floor(64 * fmod(i * 0.7548776662466927, 1)) / 64, 0.25 + i % 4);
    for (size_t r = 0; r < COUNT_OF(rules); r++) {
        struct parzen *parzen = density(&cloud, rules[r].rule);
        for (int i = 0; i < 3; i++)
            assert_near(parzen_log_density(parzen, at[i]), rules[r].want[i], 1e-11);
        parzen_free(parzen);
    }
    space_release(&cloud.space);
}

/* Masses over the cells of the values, whose sum is 1; far narrower cells than the kernels are
 * taken at their middle, within 1e-4. */
static void a_stepped_number_has_the_mass_of_its_step(void **state)
{
    (void)state;
    const double of_gaps[][2] = {{1, -1.9480408174549164},
                                 {2, -2.2658798696409042},
                                 {7, -2.4263557581311468},
                                 {12, -2.9487061351313399}};
    const double of_scott[][2] = {{1, -1.9268144112610046},
                                  {2, -2.1852375354010292},
                                  {7, -2.4626399483207435},
                                  {12, -3.0773014169321806}};
    struct cloud cloud = make_cloud("{'n':{'type':'int','low':1,'high':12,'scale':'log'}}");
    double sum = 0;

    for (int i = 0; i < 9; i++)
        add(&cloud, 1 + i * 7 % 12, 0, 1);
    struct parzen *parzen = density(&cloud, gaps), *smooth = density(&cloud, scott);
    for (size_t i = 0; i < COUNT_OF(of_gaps); i++) {
        assert_near(parzen_log_density(parzen, of_gaps[i]), of_gaps[i][1], 1e-4);
        assert_near(parzen_log_density(smooth, of_scott[i]), of_scott[i][1], 1e-4);
    }
    for (double n = 1; n <= 12; n++)
        sum += exp(parzen_log_density(parzen, &n));
    assert_near(sum, 1, 1e-4);
    parzen_free(parzen);
    parzen_free(smooth);
    space_release(&cloud.space);
}

static void steps_of_ten_are_cells_of_ten(void **state)
{
    (void)state;
    const double want[][2] = {
        {10, -5.0007619081663623}, {600, -5.0543251833809446}, {1990, -5.7999371425166597}};
    const double at[] = {10, 500, 700, 2000};
    struct cloud cloud = make_cloud("{'n':{'type':'int','low':10,'high':2000,'step':10}}");

    for (int i = 0; i < 4; i++)
        add(&cloud, at[i], 0, 1);
    struct parzen *parzen = density(&cloud, gaps);
    for (size_t i = 0; i < COUNT_OF(want); i++)
        assert_near(parzen_log_density(parzen, want[i]), want[i][1], 1e-5);
    parzen_free(parzen);
    space_release(&cloud.space);
}

static void a_choice_has_a_table(void **state)
{
    (void)state;
    const double want[][2] = {{0, -1.6094379124341005},
                              {1, -1.6094379124341005},
                              {2, -2.1484344131667874},
                              {3, -1.0033021088637848},
                              {4, -2.1484344131667874}};
    struct cloud cloud = make_cloud("{'c':{'type':'choice','values':['a','b','c','d','e']}}");

    add(&cloud, 0, 0, 1);
    add(&cloud, 3, 0, 2);
    add(&cloud, 3, 0, 1);
    add(&cloud, 1, 0, 1);
    assert_densities(&cloud, gaps, want, COUNT_OF(want));
    space_release(&cloud.space);
}

/* Share of draws in each of the cells against the density's: chi-square with 19 degrees of freedom
 * is above 43.8 in one of 1,000 seeds. */
static void assert_draws_follow(struct cloud *cloud, struct parzen_rule rule, const double *chances,
                                int cells, int (*cell_of)(const double *))
{
    enum { DRAWS = 20000 };
    struct parzen *parzen = density(cloud, rule);
    struct rng rng = rng_stream(3, RANDOM_TEST, 0);
    int counts[20] = {0};
    double chi = 0;

    for (int i = 0; i < DRAWS; i++) {
        double values[2];
        parzen_draw(parzen, &rng, values);
        counts[cell_of(values)]++;
    }
    for (int i = 0; i < cells; i++) {
        const double expected = DRAWS * chances[i];
        chi += (counts[i] - expected) * (counts[i] - expected) / expected;
    }
    assert_true(chi < 43.8);
    parzen_free(parzen);
}

static int twentieth(const double *values)
{
    return (int)(20 * values[0]);
}

static void draws_of_a_float_follow_the_density(void **state)
{
    (void)state;
    struct cloud cloud = make_cloud(ONE_FLOAT);
    double chances[20] = {0}, total = 0;

    add(&cloud, 0.02, 0, 1);
    add(&cloud, 0.3, 0, 3);
    add(&cloud, 0.35, 0, 0.5);
    struct parzen *parzen = density(&cloud, gaps);
    for (int i = 0; i < 20000; i++) {
        const double x = (i + 0.5) / 20000;
        chances[i / 1000] += exp(parzen_log_density(parzen, &x)) / 20000;
    }
    for (int i = 0; i < 20; i++)
        total += chances[i];
    assert_near(total, 1, 1e-6); /* it is a density */
    assert_draws_follow(&cloud, gaps, chances, 20, twentieth);
    parzen_free(parzen);
    space_release(&cloud.space);
}

static int pair(const double *values)
{
    return (int)(values[0] * 5 + values[1] - 1);
}

static void draws_of_a_choice_and_an_int_follow_the_density(void **state)
{
    (void)state;
    struct cloud cloud = make_cloud(
        "{'c':{'type':'choice','values':['a','b','c','d']},'n':{'type':'int','low':1,'high':5}}");
    double chances[20], total = 0;

    add(&cloud, 0, 2, 1);
    add(&cloud, 3, 5, 2);
    add(&cloud, 3, 1, 1);
    struct parzen *parzen = density(&cloud, gaps);
    for (int i = 0; i < 20; i++) {
        chances[i] = exp(parzen_log_density(parzen, (const double[]){i / 5, 1 + i % 5}));
        total += chances[i];
    }
    assert_near(total, 1, 1e-4);
    assert_draws_follow(&cloud, gaps, chances, 20, pair);
    parzen_free(parzen);
    space_release(&cloud.space);
}

static void without_points_it_is_the_prior(void **state)
{
    (void)state;
    struct cloud cloud = make_cloud(ONE_FLOAT);
    /* phi(0) / (Phi(1/2) - Phi(-1/2)), by tables of the normal distribution */
    const double want[][2] = {{0.5, log(0.3989422804014327 / 0.3829249225480262)}};
    assert_densities(&cloud, gaps, want, 1);
    space_release(&cloud.space);
}

/* exp() of numbers beyond the range of doubles would be 0 everywhere. */
static void far_from_all_points_the_logarithm_stays_finite(void **state)
{
    (void)state;
    char text[8192] = "{";
    for (int i = 0; i < PARAMETERS_MAX; i++)
        sprintf(text + strlen(text), "%s'x%d':{'type':'float','low':0,'high':1}", i ? "," : "", i);
    strcat(text, "}");
    struct space space = make_space(text);
    double low[PARAMETERS_MAX] = {0}, high[PARAMETERS_MAX];
    const double *points[100];
    double weights[100];
    int all[PARAMETERS_MAX];

    for (int i = 0; i < PARAMETERS_MAX; i++) {
        all[i] = i;
        high[i] = 1;
    }
    for (int i = 0; i < 100; i++) {
        points[i] = low;
        weights[i] = 1;
    }
    const struct parzen_rule narrow = {.widths = PARZEN_SCOTT, .scale = 0.01, .floor = 1};
    struct parzen *parzen = parzen_new(&narrow, &space, all, PARAMETERS_MAX, points, weights, 100);
    assert_true(isfinite(parzen_log_density(parzen, high)));
    assert_true(parzen_log_density(parzen, low) > parzen_log_density(parzen, high) + 100);
    parzen_free(parzen);
    space_release(&space);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_point_is_at_least_a_third_of_the_range_wide),
        cmocka_unit_test(many_points_are_at_least_a_hundredth_of_the_range_wide),
        cmocka_unit_test(a_kernel_is_the_product_over_the_parameters),
        cmocka_unit_test(a_stepped_number_has_the_mass_of_its_step),
        cmocka_unit_test(steps_of_ten_are_cells_of_ten),
        cmocka_unit_test(a_choice_has_a_table),
        cmocka_unit_test(draws_of_a_float_follow_the_density),
        cmocka_unit_test(draws_of_a_choice_and_an_int_follow_the_density),
        cmocka_unit_test(without_points_it_is_the_prior),
        cmocka_unit_test(far_from_all_points_the_logarithm_stays_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
