/* What every optimizer of the list must do, whatever it is. */
#include "worker/stepping.h"

#include "memory.h"

#include <stdlib.h>

enum { SMALL = 14, BIG = 3 * OPTIMIZER_BLOCK + 17 };

static struct two_pieces small_pieces, big_pieces, single_piece;

static int make_pieces(void **state)
{
    (void)state;
    two_pieces_init(&small_pieces, SMALL);
    two_pieces_init(&big_pieces, BIG);
    two_pieces_init(&single_piece, 1);
    return 0;
}

/* Those that need no learning rate keep their own. */
static struct stepper open_stepper(const struct optimizer *optimizer, double lr,
                                   const struct two_pieces *two)
{
    AUTO_FREE char *settings =
        optimizer->settings[OPTIMIZER_LR].required ? xprintf("{\"lr\": %g}", lr) : xstrdup("{}");
    return stepper_on(optimizer->name, settings, &two->pieces);
}

/* f = 1/2 sum lambda_i x_i^2 with lambda between 1 and 4. */
static double curvature(size_t i)
{
    return 1.0 + 3.0 * (double)(i % 7) / 6.0;
}

static double bowl(const float *theta, size_t dimension, float *gradient)
{
    double sum = 0.0;
    for (size_t i = 0; i < dimension; i++) {
        gradient[i] = (float)(curvature(i) * (double)theta[i]);
        sum += 0.5 * curvature(i) * (double)theta[i] * (double)theta[i];
    }
    return sum;
}

static void begin(float *theta, size_t dimension)
{
    for (size_t i = 0; i < dimension; i++)
        theta[i] = (float)(i % 5) - 2.5F;
}

/* The bowl for those that drive it themselves. */
static double bowl_loss(struct landscape *landscape, const float *theta, struct sample sample)
{
    AUTO_FREE float *unused = xcalloc(landscape->dimension, sizeof *unused);
    (void)sample;
    return bowl(theta, landscape->dimension, unused);
}

static double bowl_gradient(struct landscape *landscape, const float *theta, struct sample sample,
                            float *gradient, float *squares)
{
    (void)sample;
    const double loss = bowl(theta, landscape->dimension, gradient);
    for (size_t i = 0; squares && i < landscape->dimension; i++)
        squares[i] = gradient[i] * gradient[i];
    return loss;
}

static void bowl_curve_at(struct landscape *landscape, const float *theta, struct sample sample)
{
    (void)landscape;
    (void)theta;
    (void)sample;
}

static void bowl_product(struct landscape *landscape, const float *direction, float *product)
{
    for (size_t i = 0; i < landscape->dimension; i++)
        product[i] = (float)(curvature(i) * (double)direction[i]);
}

static const struct landscape_methods bowl_methods = {
    .loss = bowl_loss,
    .gradient = bowl_gradient,
    .curve_at = bowl_curve_at,
    .product = bowl_product,
};

static void drive_once(struct stepper *stepper, float *theta, float *gradient, int64_t t)
{
    struct landscape landscape = {.methods = &bowl_methods,
                                  .dimension = stepper->pieces.dimension,
                                  .examples = 1,
                                  .has_curvature = true,
                                  .has_squares = true};
    const struct step step = {.theta = theta, .gradient = gradient, .factor = 1.0, .t = t};
    struct error err;
    if (stepper_drive(stepper, &step, &landscape, &err) < 0)
        fail_msg("%s: %s", stepper->optimizer->name, err.sentence);
}

static void walk(struct stepper *stepper, float *theta, int64_t first, int64_t last)
{
    AUTO_FREE float *gradient = xcalloc(stepper->pieces.dimension, sizeof *gradient);
    for (int64_t t = first; t <= last; t++) {
        if (stepper->optimizer->drive) {
            drive_once(stepper, theta, gradient, t);
            continue;
        }
        bowl(theta, stepper->pieces.dimension, gradient);
        step_once(stepper, theta, gradient, stepper_rate(stepper, 1.0), 1.0, t, NULL);
    }
}

/* --- the list ------------------------------------------------------------------------------ */

static void each_is_found_by_its_name_and_says_what_it_is(void **state)
{
    (void)state;
    for (int i = 0; optimizers[i]; i++) {
        const struct optimizer *optimizer = optimizers[i];
        assert_ptr_equal(optimizer_find(optimizer->name), optimizer);
        assert_string_equal(optimizer->settings[OPTIMIZER_LR].name, "lr");
        assert_string_equal(optimizer->settings[OPTIMIZER_WEIGHT_DECAY].name, "weight_decay");
        assert_in_range(optimizer->memory_per_weight, 0, OPTIMIZER_MEMORY_MAX);
        assert_true(strlen(optimizer->help) > 10);
        for (const struct setting *setting = optimizer->settings; setting->name; setting++)
            assert_non_null(setting->help);
    }
    assert_null(optimizer_find("sdg"));
}

static void each_descends_the_bowl(void **state)
{
    (void)state;
    for (int i = 0; optimizers[i]; i++) {
        struct stepper stepper = open_stepper(optimizers[i], 0.02, &small_pieces);
        float theta[SMALL], gradient[SMALL];
        begin(theta, SMALL);
        const double before = bowl(theta, SMALL, gradient);
        walk(&stepper, theta, 1, 300);
        const double after = bowl(theta, SMALL, gradient);
        if (!(after < 0.7 * before))
            fail_msg("%s: from %g to %g", optimizers[i]->name, before, after);
        stepper_release(&stepper);
    }
}

static void each_repeats_bit_for_bit(void **state)
{
    AUTO_FREE float *one = xcalloc(BIG, sizeof *one);
    AUTO_FREE float *other = xcalloc(BIG, sizeof *other);
    (void)state;

    for (int i = 0; optimizers[i]; i++) {
        struct stepper first = open_stepper(optimizers[i], 0.02, &big_pieces);
        struct stepper second = open_stepper(optimizers[i], 0.02, &big_pieces);
        begin(one, BIG);
        begin(other, BIG);
        walk(&first, one, 1, 5);
        walk(&second, other, 1, 5);
        assert_memory_equal(one, other, BIG * sizeof *one);
        stepper_release(&first);
        stepper_release(&second);
    }
}

/* An element by element one must not notice where a block ends: one call for all gives its bits. */
static void blocks_do_not_show(void **state)
{
    AUTO_FREE float *blocks = xcalloc(BIG, sizeof *blocks);
    AUTO_FREE float *whole = xcalloc(BIG, sizeof *whole);
    AUTO_FREE float *gradient = xcalloc(BIG, sizeof *gradient);
    (void)state;

    for (int i = 0; optimizers[i]; i++) {
        const struct optimizer *optimizer = optimizers[i];
        if (optimizer->whole)
            continue;
        struct stepper one = open_stepper(optimizer, 0.02, &big_pieces);
        struct stepper other = open_stepper(optimizer, 0.02, &big_pieces);
        one.chosen.number[OPTIMIZER_WEIGHT_DECAY] = 0.0;
        begin(blocks, BIG);
        begin(whole, BIG);
        walk(&one, blocks, 1, 3);
        for (int64_t t = 1; t <= 3; t++) {
            struct weights weights = {.count = BIG,
                                      .value = whole,
                                      .gradient = gradient,
                                      .scalars = other.scalars,
                                      .step = t};
            for (int j = 0; j < other.memory_count; j++)
                weights.memory[j] = other.memory + (size_t)j * other.stride;
            bowl(whole, BIG, gradient);
            optimizer->step(&other.chosen, (float)stepper_rate(&other, 1.0), &weights);
        }
        assert_memory_equal(blocks, whole, BIG * sizeof *whole);
        stepper_release(&one);
        stepper_release(&other);
    }
}

/* Theta, memory, scalars and extra are all there is: a copy of them goes on bit for bit. */
static void each_goes_on_from_what_a_checkpoint_holds(void **state)
{
    (void)state;

    for (int i = 0; optimizers[i]; i++) {
        struct stepper one = open_stepper(optimizers[i], 0.02, &small_pieces);
        struct stepper other = open_stepper(optimizers[i], 0.02, &small_pieces);
        float theta[SMALL], copy[SMALL];
        begin(theta, SMALL);
        walk(&one, theta, 1, 7);
        memcpy(copy, theta, sizeof copy);
        memcpy(other.memory, one.memory, (size_t)one.memory_count * one.stride * sizeof(float));
        memcpy(other.extra, one.extra, one.extra_count * sizeof(float));
        memcpy(other.scalars, one.scalars, (size_t)optimizers[i]->scalar_count * sizeof(double));
        walk(&one, theta, 8, 20);
        walk(&other, copy, 8, 20);
        assert_memory_equal(theta, copy, sizeof theta);
        stepper_release(&one);
        stepper_release(&other);
    }
}

/* A weight that is lost must be seen, not hidden. */
static void a_gradient_that_is_no_number_shows_in_the_weights(void **state)
{
    (void)state;
    for (int i = 0; optimizers[i]; i++) {
        if (strncmp(optimizers[i]->name, "sign", 4) == 0 ||
            strcmp(optimizers[i]->name, "lion") == 0 || optimizers[i]->drive)
            continue; /* sign(NaN) = 0: the weights stand still; a line search takes no step */
        struct stepper stepper = open_stepper(optimizers[i], 0.02, &single_piece);
        float theta = 1.0F, gradient = nanf("");
        double update_norm = 0.0;
        step_once(&stepper, &theta, &gradient, 0.02, 1.0, 1, &update_norm);
        assert_true(isnan(theta));
        assert_true(isnan(update_norm));
        stepper_release(&stepper);
    }
}

/* --- the stepper around them --------------------------------------------------------------- */

static void the_update_norm_is_the_distance_gone(void **state)
{
    AUTO_FREE float *theta = xcalloc(BIG, sizeof *theta);
    AUTO_FREE float *gradient = xcalloc(BIG, sizeof *gradient);
    double update_norm = 0.0;
    (void)state;

    struct stepper stepper = open_stepper(optimizer_find("sgd"), 0.5, &big_pieces);
    for (size_t i = 0; i < BIG; i++)
        gradient[i] = i == 0 || i == BIG - 1 ? 4.0F : 0.0F;
    gradient[1] = 2.0F;
    /* 0.5 * sqrt(16 + 4 + 16) = 3 */
    step_once(&stepper, theta, gradient, 0.5, 1.0, 1, &update_norm);
    assert_near(update_norm, 3.0, 1e-12);
    stepper_release(&stepper);
}

/* Clipping comes before coupled decay: g = 0.5*8 + 0.1*10 = 5, w = 10 - 0.1*5 = 9.5. */
static void decay_is_added_to_the_clipped_gradient(void **state)
{
    (void)state;
    struct stepper stepper = open_stepper(optimizer_find("sgd"), 0.1, &single_piece);
    float theta = 10.0F, gradient = 8.0F;
    stepper.chosen.number[OPTIMIZER_WEIGHT_DECAY] = 0.1;
    step_once(&stepper, &theta, &gradient, 0.1, 0.5, 1, NULL);
    assert_near((double)theta, 9.5, 1e-6);
    stepper_release(&stepper);
}

static void fewer_arrays_where_fewer_are_needed(void **state)
{
    (void)state;
    struct chosen plain = choose(optimizer_find("rmsprop")->settings, "{\"lr\": 1}");
    struct chosen both = choose(optimizer_find("rmsprop")->settings,
                                "{\"lr\": 1, \"momentum\": 0.5, \"centred\": true}");
    assert_int_equal(optimizer_memory(optimizer_find("rmsprop"), &plain), 1);
    assert_int_equal(optimizer_memory(optimizer_find("rmsprop"), &both), 3);
    chosen_release(&plain);
    chosen_release(&both);
}

static void an_unknown_optimizer_is_refused(void **state)
{
    struct stepper stepper;
    struct error err;
    json_t *choice = json_pack("{s:s}", "type", "sdg");
    (void)state;
    assert_int_equal(stepper_init(&stepper, choice, &small_pieces.pieces, &err), -1);
    assert_says(err.sentence, "\"sdg\"");
    json_decref(choice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_found_by_its_name_and_says_what_it_is),
        cmocka_unit_test(each_descends_the_bowl),
        cmocka_unit_test(each_repeats_bit_for_bit),
        cmocka_unit_test(blocks_do_not_show),
        cmocka_unit_test(each_goes_on_from_what_a_checkpoint_holds),
        cmocka_unit_test(a_gradient_that_is_no_number_shows_in_the_weights),
        cmocka_unit_test(the_update_norm_is_the_distance_gone),
        cmocka_unit_test(decay_is_added_to_the_clipped_gradient),
        cmocka_unit_test(fewer_arrays_where_fewer_are_needed),
        cmocka_unit_test(an_unknown_optimizer_is_refused),
    };
    return cmocka_run_group_tests(tests, make_pieces, NULL);
}
