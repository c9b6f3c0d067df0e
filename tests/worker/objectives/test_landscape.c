/* What second-order optimizers see of an objective, against derivatives taken another way. */
#include "support/check.h"

#include "json.h"
#include "losses/losses.h"
#include "math/vectors.h"
#include "memory.h"
#include "objectives/objectives.h"
#include "objectives/supervised.h"
#include "random.h"
#include "support/choose.h"

#include <complex.h>
#include <stdlib.h>

/* --- data in memory ----------------------------------------------------------------------------*/

enum { FEATURES = 4, CLASSES = 3, MOST = 1200 };

static float features[MOST * FEATURES], targets[MOST * CLASSES];
static uint16_t labels[MOST];
static float feature_mean[FEATURES], feature_deviation[FEATURES] = {1, 1, 1, 1};

/* Features and targets within 0 … 1; row r is row r % distinct. */
static void draw_data(uint32_t distinct)
{
    for (uint32_t r = 0; r < MOST; r++) {
        struct rng rng = rng_stream(3, RANDOM_TEST, r % distinct);
        for (int j = 0; j < FEATURES; j++)
            features[r * FEATURES + j] = (float)rng_uniform(&rng);
        for (int j = 0; j < CLASSES; j++)
            targets[r * CLASSES + j] = (float)rng_uniform(&rng);
        labels[r] = (uint16_t)rng_below(&rng, CLASSES);
    }
}

static struct dataset data_of(uint32_t count, bool classes)
{
    return (struct dataset){
        .rank = 1,
        .shape = {FEATURES},
        .feature_count = FEATURES,
        .classes = classes ? CLASSES : 0,
        .target_count = classes ? 0 : CLASSES,
        .train = {.count = count,
                  .floats = features,
                  .labels = classes ? labels : NULL,
                  .targets = classes ? NULL : targets},
        .mean = 0.5,
        .deviation = 0.25,
        .feature_mean = feature_mean,
        .feature_deviation = feature_deviation,
    };
}

struct kind {
    const char *loss, *activation;
    bool gives_back;
};

static struct objective *open_objective(const struct kind *kind, const struct dataset *data,
                                        const char *hidden, int batch_size)
{
    json_auto_t *widths = json_loads(hidden, 0, NULL);
    json_auto_t *spec =
        json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:{s:s, s:O, s:s, s:f, s:s}}", "dataset",
                  "memory", "standardize", "none", "loss", kind->loss, "targets",
                  kind->gives_back ? "inputs" : "labels", "batch_size", batch_size, "seed", 5,
                  "model", "type", "mlp", "hidden", widths, "activation", kind->activation,
                  "dropout", 0.0, "init", "uniform");
    struct objective *objective;
    struct error err;
    if (supervised_over(spec, data, &objective, &err) < 0)
        fail_msg("%s", err.sentence);
    assert_non_null(objective->landscape);
    if (objective->landscape->methods->prepare(objective->landscape, &err) < 0)
        fail_msg("%s", err.sentence);
    return objective;
}

static float *theta_of(struct objective *objective)
{
    float *theta = xcalloc(objective->dimension, sizeof *theta);
    objective->methods->init(objective, theta);
    return theta;
}

static float *random_direction(size_t dimension)
{
    float *direction = xcalloc(dimension, sizeof *direction);
    struct rng rng = rng_stream(3, RANDOM_TEST, 1 << 20);
    for (size_t i = 0; i < dimension; i++)
        direction[i] = (float)rng_normal(&rng);
    return direction;
}

static void expect_near(size_t count, const float *got, const double *want, double relative)
{
    double distance = 0.0, size = 0.0;
    for (size_t i = 0; i < count; i++) {
        distance += ((double)got[i] - want[i]) * ((double)got[i] - want[i]);
        size += want[i] * want[i];
    }
    if (!(sqrt(distance) <= relative * sqrt(size)))
        fail_msg("off by %.3g of %.3g: %.3g", sqrt(distance), sqrt(size), sqrt(distance / size));
}

/* --- AV-15: the product, taken apart in double -------------------------------------------------*/

/* A network of one hidden layer in complex numbers: Im f(x + ih) / h is the derivative to rounding
 * (Squire and Trapp, 1998). Nothing here is shared with the model. */
enum { HIDDEN = 5, FEW = 7, DIMENSION_MOST = HIDDEN * (FEATURES + 1) + FEATURES * (HIDDEN + 1) };
#define TINY 1e-30

static double complex complex_erf(double complex z)
{
    double complex term = z, total = z;
    for (int n = 1; n < 200; n++) {
        term *= -z * z / n;
        total += term / (2 * n + 1);
    }
    return 2.0 * total / sqrt(acos(-1.0));
}

static double complex activate(const char *name, double complex z)
{
    if (strcmp(name, "relu") == 0)
        return creal(z) > 0.0 ? z : 0.0;
    if (strcmp(name, "tanh") == 0)
        return ctanh(z);
    if (strcmp(name, "sigmoid") == 0)
        return 1.0 / (1.0 + cexp(-z));
    return z * (1.0 + complex_erf(z / sqrt(2.0))) / 2.0;
}

static void network(const char *activation, int width, const double complex *theta,
                    const float *input, double complex *outputs)
{
    const double complex *bias = theta + HIDDEN * FEATURES, *second = bias + HIDDEN;
    double complex hidden[HIDDEN];
    for (int h = 0; h < HIDDEN; h++) {
        double complex sum = bias[h];
        for (int j = 0; j < FEATURES; j++)
            sum += theta[h * FEATURES + j] * (double)input[j];
        hidden[h] = activate(activation, sum);
    }
    for (int o = 0; o < width; o++) {
        outputs[o] = second[width * HIDDEN + o];
        for (int h = 0; h < HIDDEN; h++)
            outputs[o] += second[o * HIDDEN + h] * hidden[h];
    }
}

/* The gradient of one example's loss by its outputs, from the loss's definition. */
static void loss_slope(const char *loss, int width, const double complex *outputs, int label,
                       const float *wanted, double complex *slope)
{
    double complex total = 0.0;
    for (int o = 0; o < width; o++)
        total += cexp(outputs[o]);
    for (int o = 0; o < width; o++) {
        if (strcmp(loss, "cross_entropy") == 0)
            slope[o] = cexp(outputs[o]) / total - (o == label);
        else if (strcmp(loss, "mean_squared") == 0)
            slope[o] = 2.0 * (outputs[o] - (double)wanted[o]) / width;
        else
            slope[o] = 1.0 / (1.0 + cexp(-outputs[o])) - (double)wanted[o];
    }
}

struct apart {
    const struct kind *kind;
    int width;
    size_t dimension;
    const float *theta;
};

/* d(outputs of the example) along a direction. */
static void jacobian_times(const struct apart *apart, const float *input, const double *direction,
                           double *along, double complex *outputs)
{
    double complex theta[DIMENSION_MOST];
    for (size_t i = 0; i < apart->dimension; i++)
        theta[i] = (double)apart->theta[i] + (double complex)I * TINY * direction[i];
    network(apart->kind->activation, apart->width, theta, input, outputs);
    for (int o = 0; o < apart->width; o++)
        along[o] = cimag(outputs[o]) / TINY;
}

/* Adds J' H J v of one example by FEW. */
static void add_product(const struct apart *apart, uint32_t row, const double *direction,
                        double *product)
{
    const float *input = features + row * FEATURES;
    const float *wanted = apart->kind->gives_back ? input : targets + row * CLASSES;
    double along[FEATURES], unit[DIMENSION_MOST] = {0}, column[FEATURES];
    double complex outputs[FEATURES], slope[FEATURES];

    jacobian_times(apart, input, direction, along, outputs);
    for (int o = 0; o < apart->width; o++)
        outputs[o] = creal(outputs[o]) + (double complex)I * TINY * along[o];
    loss_slope(apart->kind->loss, apart->width, outputs, labels[row], wanted, slope);
    for (size_t i = 0; i < apart->dimension; i++) {
        unit[i] = 1.0;
        jacobian_times(apart, input, unit, column, outputs);
        for (int o = 0; o < apart->width; o++)
            product[i] += column[o] * cimag(slope[o]) / TINY / FEW;
        unit[i] = 0.0;
    }
}

static void check_product(const struct kind *kind)
{
    const bool classes = strcmp(kind->loss, "cross_entropy") == 0;
    const struct dataset data = data_of(FEW, classes || kind->gives_back);
    struct objective *objective = open_objective(kind, &data, "[5]", FEW);
    struct landscape *landscape = objective->landscape;
    const size_t dimension = objective->dimension;
    AUTO_FREE float *theta = theta_of(objective);
    AUTO_FREE float *direction = random_direction(dimension);
    AUTO_FREE float *product = xcalloc(dimension, sizeof *product);
    const struct apart apart = {kind, kind->gives_back ? FEATURES : CLASSES, dimension, theta};
    double wide[DIMENSION_MOST], want[DIMENSION_MOST] = {0};

    assert_true(dimension <= DIMENSION_MOST && landscape->has_curvature);
    for (size_t i = 0; i < dimension; i++)
        wide[i] = (double)direction[i];
    for (uint32_t row = 0; row < FEW; row++)
        add_product(&apart, row, wide, want);
    landscape->methods->curve_at(landscape, theta, (struct sample){1, FEW});
    landscape->methods->product(landscape, direction, product);
    expect_near(dimension, product, want, 1e-6);
    objective->methods->free(objective);
}

static void every_loss_and_activation_has_its_gauss_newton_product(void **state)
{
    static const char *const activations[] = {"relu", "tanh", "sigmoid", "gelu"};
    (void)state;

    draw_data(MOST);
    for (const struct loss *const *loss = losses_list; *loss; loss++) {
        for (size_t i = 0; i < COUNT_OF(activations); i++) {
            check_product(&(struct kind){(*loss)->name, activations[i], false});
            if (!(*loss)->of_classes)
                check_product(&(struct kind){(*loss)->name, activations[i], true});
        }
    }
}

/* --- loss, gradient, squares -------------------------------------------------------------------*/

static const struct kind classifier = {"cross_entropy", "tanh", false};

/* More than two chunks of 512 against one batch of all. */
static void loss_and_gradient_of_all_are_those_of_one_batch(void **state)
{
    (void)state;
    draw_data(MOST);
    const struct dataset data = data_of(MOST, true);
    struct objective *objective = open_objective(&classifier, &data, "[5]", MOST);
    struct landscape *landscape = objective->landscape;
    const size_t dimension = objective->dimension;
    AUTO_FREE float *theta = theta_of(objective);
    AUTO_FREE float *got = xcalloc(dimension, sizeof *got);
    AUTO_FREE float *batch = xcalloc(dimension, sizeof *batch);
    double want[DIMENSION_MOST];
    uint32_t samples;

    const double loss = objective->methods->loss_gradient(objective, theta, 0, batch, &samples);
    assert_int_equal(samples, MOST);
    for (size_t i = 0; i < dimension; i++)
        want[i] = (double)batch[i];
    const struct sample all = {0, MOST};
    assert_near(landscape->methods->loss(landscape, theta, all), loss, 1e-6);
    assert_near(landscape->methods->gradient(landscape, theta, all, got, NULL), loss, 1e-6);
    expect_near(dimension, got, want, 1e-5);
    objective->methods->free(objective);
}

/* Batches of one example show each one's own gradient. */
static void squares_are_the_sum_of_the_examples_own(void **state)
{
    enum { COUNT = 600 };
    (void)state;
    draw_data(MOST);
    const struct dataset data = data_of(COUNT, true);
    struct objective *objective = open_objective(&classifier, &data, "[5]", 1);
    struct landscape *landscape = objective->landscape;
    const size_t dimension = objective->dimension;
    AUTO_FREE float *theta = theta_of(objective);
    AUTO_FREE float *gradient = xcalloc(dimension, sizeof *gradient);
    AUTO_FREE float *squares = xcalloc(dimension, sizeof *squares);
    double want[DIMENSION_MOST] = {0};
    uint32_t samples;

    for (uint64_t k = 0; k < COUNT; k++) {
        objective->methods->loss_gradient(objective, theta, k, gradient, &samples);
        for (size_t i = 0; i < dimension; i++)
            want[i] += (double)gradient[i] * (double)gradient[i];
    }
    assert_true(landscape->has_squares);
    landscape->methods->gradient(landscape, theta, (struct sample){0, COUNT}, gradient, squares);
    expect_near(dimension, squares, want, 1e-5);
    objective->methods->free(objective);
}

/* --- samples -----------------------------------------------------------------------------------*/

static void a_sample_is_a_function_of_its_draw(void **state)
{
    (void)state;
    draw_data(MOST);
    const struct dataset data = data_of(MOST, true);
    struct objective *objective = open_objective(&classifier, &data, "[5]", 16);
    struct landscape *landscape = objective->landscape;
    AUTO_FREE float *theta = theta_of(objective);
    double (*const loss)(struct landscape *, const float *, struct sample) =
        landscape->methods->loss;

    const double first = loss(landscape, theta, (struct sample){1, 700});
    const double second = loss(landscape, theta, (struct sample){2, 700});
    assert_true(first != second);
    assert_true(loss(landscape, theta, (struct sample){1, 700}) == first);
    assert_true(loss(landscape, theta, (struct sample){1, MOST}) ==
                loss(landscape, theta, (struct sample){2, MOST}));
    objective->methods->free(objective);
}

/* --- long samples ------------------------------------------------------------------------------*/

/* A hidden layer so wide that 300 examples are kept with their forward pass and 900 are not:
 * three times the same 300 have the same curvature. */
static void products_by_chunks_are_those_of_a_kept_pass(void **state)
{
    enum { KEPT = 300 };
    static const struct kind wide = {"mean_squared", "tanh", false};
    double passes[2];
    float *products[2];
    size_t dimension = 0;
    (void)state;

    draw_data(KEPT);
    for (int i = 0; i < 2; i++) {
        const uint32_t count = i == 0 ? KEPT : 3 * KEPT;
        const struct dataset data = data_of(count, false);
        struct objective *objective = open_objective(&wide, &data, "[20000]", 16);
        struct landscape *landscape = objective->landscape;
        dimension = objective->dimension;
        AUTO_FREE float *theta = theta_of(objective);
        AUTO_FREE float *direction = random_direction(dimension);
        products[i] = xcalloc(dimension, sizeof *products[i]);
        landscape->methods->curve_at(landscape, theta, (struct sample){0, count});
        const double before = landscape->passes;
        landscape->methods->product(landscape, direction, products[i]);
        passes[i] = landscape->passes - before;
        objective->methods->free(objective);
    }
    assert_true(passes[0] == 4.0 * KEPT);     /* the pass is kept */
    assert_true(passes[1] == 5.0 * 3 * KEPT); /* it is made again */
    const double distance = vector_squared_distance(dimension, products[0], products[1]);
    assert_true(distance < 1e-10 * vector_sum_squares(dimension, products[0]));
    free(products[0]);
    free(products[1]);
}

static void count_call(void *context)
{
    ++*(int *)context;
}

static void it_says_that_it_is_alive_and_what_it_costs(void **state)
{
    (void)state;
    draw_data(MOST);
    const struct dataset data = data_of(MOST, true);
    struct objective *objective = open_objective(&classifier, &data, "[5]", 16);
    struct landscape *landscape = objective->landscape;
    AUTO_FREE float *theta = theta_of(objective);
    AUTO_FREE float *gradient = xcalloc(objective->dimension, sizeof *gradient);
    AUTO_FREE float *squares = xcalloc(objective->dimension, sizeof *squares);
    int calls = 0;

    landscape->alive = count_call;
    landscape->alive_context = &calls;
    landscape->methods->loss(landscape, theta, (struct sample){0, MOST});
    assert_int_equal(calls, 3); /* 512, 512 and 176 */
    assert_true(landscape->passes == MOST);
    landscape->methods->gradient(landscape, theta, (struct sample){0, 100}, gradient, NULL);
    assert_true(landscape->passes == MOST + 300);
    landscape->methods->gradient(landscape, theta, (struct sample){0, 100}, gradient, squares);
    assert_true(landscape->passes == MOST + 700);
    objective->methods->free(objective);
}

static void dropout_cannot_be_driven(void **state)
{
    (void)state;
    const struct dataset data = data_of(FEW, true);
    json_auto_t *spec =
        json_pack("{s:s, s:s, s:n, s:i, s:i, s:{s:s, s:[i], s:s, s:f, s:s}}", "dataset", "memory",
                  "standardize", "none", "loss", "batch_size", 4, "seed", 5, "model", "type", "mlp",
                  "hidden", 5, "activation", "tanh", "dropout", 0.5, "init", "he");
    struct objective *objective;
    assert_int_equal(supervised_over(spec, &data, &objective, NULL), 0);
    assert_null(objective->landscape);
    objective->methods->free(objective);
}

/* --- problems ----------------------------------------------------------------------------------*/

static struct objective *open_problem(const char *text)
{
    json_auto_t *spec = json_loads(text, 0, NULL);
    struct objective *objective;
    struct error err;
    assert_non_null(spec);
    if (problem_open(spec, &objective, &err) < 0)
        fail_msg("%s", err.sentence);
    return objective;
}

#define NO_NOISE "\"noise\": 0, \"noise_deviation\": null, \"noise_nu\": null"

/* Twice J'J of Rosenbrock's residuals at (-1.2, 1), by hand: rows (24, 10) and (-1, 0), so that
 * v = (1, 2) goes to 2 (24 * 44 + 1, 10 * 44). */
static void problems_have_their_curvature(void **state)
{
    float theta[2], product[2];
    (void)state;

    struct objective *objective = open_problem("{\"problem\": {\"type\": \"rosenbrock\", " NO_NOISE
                                               ", \"dimension\": 2, \"start\": [-1.2, 1]}}");
    struct landscape *landscape = objective->landscape;
    objective->methods->init(objective, theta);
    landscape->methods->curve_at(landscape, theta, (struct sample){0, 1});
    landscape->methods->product(landscape, (const float[]){1, 2}, product);
    assert_near((double)product[0], 2114, 1e-6);
    assert_near((double)product[1], 880, 1e-6);
    objective->methods->free(objective);

    objective = open_problem("{\"problem\": {\"type\": \"quadratic\", " NO_NOISE
                             ", \"eigenvalues\": [1, 4], \"start\": null}}");
    landscape = objective->landscape;
    landscape->methods->curve_at(landscape, theta, (struct sample){0, 1});
    landscape->methods->product(landscape, (const float[]){3, 5}, product);
    assert_memory_equal(product, ((const float[]){3, 20}), sizeof product);
    objective->methods->free(objective);
}

static void a_problem_with_noise_cannot_be_driven(void **state)
{
    (void)state;
    struct objective *objective =
        open_problem("{\"problem\": {\"type\": \"quadratic\", \"noise\": 0.1, "
                     "\"noise_deviation\": null, \"noise_nu\": null, \"eigenvalues\": [1, 4], "
                     "\"start\": null}}");
    assert_null(objective->landscape);
    objective->methods->free(objective);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_loss_and_activation_has_its_gauss_newton_product),
        cmocka_unit_test(loss_and_gradient_of_all_are_those_of_one_batch),
        cmocka_unit_test(squares_are_the_sum_of_the_examples_own),
        cmocka_unit_test(a_sample_is_a_function_of_its_draw),
        cmocka_unit_test(products_by_chunks_are_those_of_a_kept_pass),
        cmocka_unit_test(it_says_that_it_is_alive_and_what_it_costs),
        cmocka_unit_test(dropout_cannot_be_driven),
        cmocka_unit_test(problems_have_their_curvature),
        cmocka_unit_test(a_problem_with_noise_cannot_be_driven),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
