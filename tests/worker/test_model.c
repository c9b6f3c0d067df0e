#include "support/check.h"

#include "losses/losses.h"
#include "math/vectors.h"
#include "memory.h"
#include "model.h"
#include "random.h"

#include <stdlib.h>

/* --- an outside reference ----------------------------------------------------------------------*/

enum { INPUTS = 3, OUTPUTS = 3, ROWS = 2, DIMENSION = 31 };

/* What tests/reference/mlp_gradient.py prints. */
static const struct {
    const char *activation, *loss;
    double value, gradient[DIMENSION], along[ROWS * OUTPUTS];
} references[] = {
    {
        .activation = "relu",
        .loss = "cross_entropy",
        .value = 1.39548358436,
        .gradient = {0,
                     0.124085096,
                     -0.186127644,
                     0,
                     0,
                     0,
                     0,
                     0,
                     0,
                     -0.0762143941,
                     -0.228643182,
                     0.152428788,
                     -0.124085096,
                     0,
                     0,
                     0.152428788,
                     -0.0734713964,
                     0,
                     0,
                     0.0178551564,
                     0.0432665068,
                     0,
                     0,
                     0.0492996677,
                     0.0302048896,
                     0,
                     0,
                     -0.0671548241,
                     -0.296619947,
                     0.493686264,
                     -0.197066317},
        .along = {-0.515625, 0.46875, -0.25, -0.40625, 0.515625, -0.265625},
    },
    {
        .activation = "tanh",
        .loss = "cross_entropy",
        .value = 1.49069821404,
        .gradient = {0.114545545,  0.480285736,   -0.434064743,  -0.0709312761, -0.393885222,
                     0.413499643,  0.0632238317,  0.254927153,   -0.224331151,  -0.0824633621,
                     -0.45195084,  0.471767854,   -0.365740192,  0.322953946,   -0.191703321,
                     0.369487478,  -0.0783456635, 0.103032171,   0.226722807,   0.0656271006,
                     0.0288855343, -0.210994537,  -0.382043222,  0.0224316068,  0.0494601292,
                     0.107962366,  0.155320415,   -0.0880587074, -0.301030529,  0.545500924,
                     -0.244470395},
        .along = {0.0505580552, 0.545051713, -0.440923188, 0.240114001, 0.662442541, -0.289053285},
    },
    {
        .activation = "sigmoid",
        .loss = "cross_entropy",
        .value = 1.43782452299,
        .gradient = {0.025383792,   0.109559928,   -0.100880412, -0.0178225351, -0.103274105,
                     0.11035482,    0.0216368431,  0.0921717738, -0.084165553,  -0.0185257599,
                     -0.106954452,  0.114117278,   -0.084176136, 0.08545157,    -0.0705349307,
                     0.0884286919,  -0.182172634,  -0.132994087, -0.0887289475, -0.144801523,
                     0.259917137,   0.201716751,   0.148672384,  0.256578177,   -0.0777445029,
                     -0.0687226637, -0.0599434361, -0.111776654, -0.323305854,  0.504658821,
                     -0.181352966},
        .along = {-0.225905819, 0.201166863, -0.0678167979, -0.175603091, 0.234139815,
                  -0.038642535},
    },
    {
        .activation = "gelu",
        .loss = "cross_entropy",
        .value = 1.39680337463,
        .gradient = {0.0469034003, 0.223761377,    -0.218383565,  -0.0130036499, -0.0810988304,
                     0.0891391207, -0.00257978434, -0.0162969682, 0.0179959915,  -0.0489044385,
                     -0.225394665, 0.215830902,    -0.176857977,  0.0680951804,  0.0137171839,
                     0.176490227,  -0.0449929307,  0.0374965043,  0.0470566683,  0.0326320862,
                     0.0176567956, -0.069145751,   -0.0827740743, 0.0148612033,  0.0273361351,
                     0.0316492467, 0.035717406,    -0.0474932894, -0.291594271,  0.497346512,
                     -0.205752241},
        .along = {-0.363802469, 0.46873482, -0.278292569, -0.283009108, 0.506558717, -0.204944033},
    },
    {
        .activation = "tanh",
        .loss = "mean_squared",
        .value = 0.585402431201,
        .gradient = {0.0526569204,   0.0256506746,  0.0931662892, -0.0935683455, -0.457796307,
                     0.452773597,    0.0647411544,  0.268781025,  -0.241318652,  -0.0461192266,
                     -0.0443109652,  -0.0488316186, 0.0270062458, 0.364227962,   -0.204039871,
                     -0.00180826134, -0.0703599734, 0.236998291,  0.452832739,   0.0200016179,
                     -0.0519375051,  0.0392696779,  0.100216119,  0.0513308733,  -0.00372854424,
                     0.151620487,    0.263889229,   -0.036419066, -0.633182757,  -0.126643708,
                     -0.382810732},
        .along = {0.0505580552, 0.545051713, -0.440923188, 0.240114001, 0.662442541, -0.289053285},
    },
};

/* The formulas of the script. */
static void fill(float *values, int count, int times, int plus, int modulus, int minus, int divisor)
{
    for (int i = 0; i < count; i++)
        values[i] = (float)((times * i + plus) % modulus - minus) / (float)divisor;
}

static struct model *open_model(const char *text, struct model_size size, uint64_t seed)
{
    json_auto_t *spec = json_loads(text, 0, NULL);
    struct model *model;
    struct error err;
    assert_non_null(spec);
    if (model_open(spec, &size, seed, &model, &err) < 0)
        fail_msg("%s", err.sentence);
    return model;
}

static struct model *open_reference(const char *activation)
{
    AUTO_FREE char *text = xprintf("{\"type\": \"mlp\", \"hidden\": [4], \"activation\": \"%s\", "
                                   "\"dropout\": 0.0, \"init\": \"he\"}",
                                   activation);
    return open_model(text, (struct model_size){INPUTS, OUTPUTS, ROWS, true}, 1);
}

static void assert_vector_near(const float *got, const double *want, int count)
{
    for (int i = 0; i < count; i++) {
        if (fabs((double)got[i] - want[i]) > 5e-7) {
            print_error("number %d is %.9g, not %.9g\n", i, (double)got[i], want[i]);
            fail();
        }
    }
}

static void loss_gradient_and_derivative_agree_with_the_reference(void **state)
{
    (void)state;
    float theta[DIMENSION], input[ROWS * INPUTS], targets[ROWS * OUTPUTS], direction[DIMENSION];
    const uint16_t labels[ROWS] = {2, 0};
    fill(theta, DIMENSION, 7, 3, 11, 5, 8);
    fill(direction, DIMENSION, 3, 1, 5, 2, 4);
    fill(input, ROWS * INPUTS, 5, 2, 7, 3, 2);
    fill(targets, ROWS * OUTPUTS, 1, 0, 5, 0, 4);

    for (size_t i = 0; i < COUNT_OF(references); i++) {
        struct model *model = open_reference(references[i].activation);
        const struct loss *loss = loss_find(references[i].loss);
        float gradient[DIMENSION];
        assert_int_equal(model_dimension(model), DIMENSION);

        const float *outputs = model_train(model, theta, input, ROWS, 0);
        const struct loss_batch batch = {ROWS, OUTPUTS, outputs, labels, targets};
        assert_near(loss->sum(&batch, model_d_outputs(model)) / ROWS, references[i].value, 1e-6);
        assert_vector_near(model_derivative(model, direction), references[i].along, ROWS * OUTPUTS);
        model_backward(model, gradient);
        assert_vector_near(gradient, references[i].gradient, DIMENSION);
        model_free(model);
    }
}

/* --- deep models, by what must hold in any -----------------------------------------------------*/

static float *random_vector(size_t count, uint64_t step)
{
    float *vector = xcalloc(count, sizeof *vector);
    struct rng rng = rng_stream(9, RANDOM_TEST, step);
    for (size_t i = 0; i < count; i++)
        vector[i] = (float)rng_normal(&rng);
    return vector;
}

/* For every u and v: u . (J v) = (J' u) . v, forward and backward being transposes. Dropout is on.
 */
static void check_adjoint(const char *text)
{
    enum { EXAMPLES = 9, IN = 6, OUT = 5 };
    struct model *model = open_model(text, (struct model_size){IN, OUT, EXAMPLES, true}, 3);
    const size_t dimension = model_dimension(model);
    AUTO_FREE float *theta = xcalloc(dimension, sizeof *theta);
    AUTO_FREE float *gradient = xcalloc(dimension, sizeof *gradient);
    AUTO_FREE float *input = random_vector(EXAMPLES * IN, 0);
    AUTO_FREE float *u = random_vector(EXAMPLES * OUT, 1);
    AUTO_FREE float *v = random_vector(dimension, 2);

    model_init(model, theta);
    model_train(model, theta, input, EXAMPLES, 17);
    const double forward = vector_dot(EXAMPLES * OUT, u, model_derivative(model, v));
    memcpy(model_d_outputs(model), u, EXAMPLES * OUT * sizeof *u);
    model_backward(model, gradient);
    assert_near(vector_dot(dimension, gradient, v), forward, 1e-4);
    model_free(model);
}

static void forward_and_backward_derivatives_are_transposes(void **state)
{
    (void)state;
    static const char *const activations[] = {"relu", "tanh", "sigmoid", "gelu"};
    check_adjoint("{\"type\": \"softmax\", \"init\": \"uniform\"}");
    for (size_t i = 0; i < COUNT_OF(activations); i++) {
        for (int drops = 0; drops < 2; drops++) {
            AUTO_FREE char *text = xprintf("{\"type\": \"mlp\", \"hidden\": [7, 3, 8], "
                                           "\"activation\": \"%s\", \"dropout\": %s, "
                                           "\"init\": \"uniform\"}",
                                           activations[i], drops ? "0.3" : "0.0");
            check_adjoint(text);
        }
    }
}

static const char dropping[] =
    "{\"type\": \"mlp\", \"hidden\": [20], \"activation\": \"tanh\", \"dropout\": 0.5, "
    "\"init\": \"lecun\"}";

static void dropout_depends_on_the_step_and_not_on_what_ran_before(void **state)
{
    (void)state;
    enum { EXAMPLES = 4, IN = 6, OUT = 2, BYTES = EXAMPLES * OUT * sizeof(float) };
    const struct model_size size = {IN, OUT, EXAMPLES, false};
    struct model *model = open_model(dropping, size, 1), *fresh = open_model(dropping, size, 1);
    AUTO_FREE float *theta = xcalloc(model_dimension(model), sizeof *theta);
    AUTO_FREE float *input = random_vector(EXAMPLES * IN, 0);
    float fifth[EXAMPLES * OUT], sixth[EXAMPLES * OUT], evaluated[EXAMPLES * OUT];

    model_init(model, theta);
    memcpy(fifth, model_train(model, theta, input, EXAMPLES, 5), BYTES);
    memcpy(evaluated, model_evaluate(model, theta, input, EXAMPLES), BYTES);
    memcpy(sixth, model_train(model, theta, input, EXAMPLES, 6), BYTES);
    assert_memory_not_equal(fifth, sixth, BYTES);
    assert_memory_not_equal(fifth, evaluated, BYTES);
    assert_memory_equal(model_train(fresh, theta, input, EXAMPLES, 6), sixth, BYTES);
    assert_memory_equal(model_evaluate(fresh, theta, input, EXAMPLES), evaluated, BYTES);
    model_free(model);
    model_free(fresh);
}

/* --- parameters --------------------------------------------------------------------------------*/

static void tensors_fill_theta_and_are_named_as_in_pytorch(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int rank;
        size_t shape[2], offset;
    } want[] = {
        {"layers.0.weight", 2, {20, 6}, 0},
        {"layers.0.bias", 1, {20}, 120},
        {"layers.1.weight", 2, {2, 20}, 140},
        {"layers.1.bias", 1, {2}, 180},
    };
    struct model *model = open_model(dropping, (struct model_size){6, 2, 4, false}, 1);
    int count;
    const struct tensor *tensors = model_tensors(model, &count);

    assert_int_equal(count, COUNT_OF(want));
    for (int i = 0; i < count; i++) {
        assert_string_equal(tensors[i].name, want[i].name);
        assert_int_equal(tensors[i].rank, want[i].rank);
        assert_memory_equal(tensors[i].shape, want[i].shape, (size_t)want[i].rank * sizeof(size_t));
        assert_int_equal(tensors[i].offset, want[i].offset);
    }
    assert_int_equal(model_dimension(model), 182);
    model_free(model);
}

/* The first weight's start does not depend on what comes behind it. */
static void the_start_depends_on_seed_and_tensor(void **state)
{
    (void)state;
    const struct model_size size = {6, 2, 4, false};
    struct model *one = open_model(dropping, size, 1), *other = open_model(dropping, size, 2);
    float first[182], again[182], second[182];

    model_init(one, first);
    model_init(one, again);
    model_init(other, second);
    assert_memory_equal(first, again, sizeof first);
    assert_memory_not_equal(first, second, sizeof first);
    assert_memory_not_equal(first, first + 140, 40 * sizeof(float));
    model_free(one);
    model_free(other);
}

static void softmax_starts_at_zero_where_it_says_so(void **state)
{
    (void)state;
    struct model *model = open_model("{\"type\": \"softmax\", \"init\": \"zero\"}",
                                     (struct model_size){6, 2, 4, false}, 1);
    float theta[14] = {1}, zero[14] = {0};
    assert_int_equal(model_dimension(model), COUNT_OF(theta));
    model_init(model, theta);
    assert_memory_equal(theta, zero, sizeof zero);
    model_free(model);
}

/* --- refusals ----------------------------------------------------------------------------------*/

static void assert_refused(const char *text, struct model_size size, const char *piece)
{
    json_auto_t *spec = json_loads(text, 0, NULL);
    struct model *model = NULL;
    struct error err = {0};
    assert_int_equal(model_open(spec, &size, 1, &model, &err), -1);
    assert_null(model);
    assert_says(err.sentence, piece);
}

static void what_takes_too_much_memory_is_refused(void **state)
{
    (void)state;
    const char *wide = "{\"type\": \"mlp\", \"hidden\": [65536], \"activation\": \"relu\", "
                       "\"dropout\": 0.0, \"init\": \"zero\"}";
    const char *deep = "{\"type\": \"mlp\", \"hidden\": [65536, 65536], \"activation\": \"relu\", "
                       "\"dropout\": 0.0, \"init\": \"zero\"}";
    assert_refused(wide, (struct model_size){6, 2, SIZE_MAX / 8, false}, "batch_size");
    assert_refused(wide, (struct model_size){6, 2, 20000, false}, "batch_size");
    assert_refused(deep, (struct model_size){6, 2, 1, false}, "at most 2147483648");
}

static void data_outside_the_limits_are_refused(void **state)
{
    (void)state;
    const char *softmax = "{\"type\": \"softmax\", \"init\": \"zero\"}";
    assert_refused(softmax, (struct model_size){0, 2, 1, false}, "1 …");
    assert_refused(softmax, (struct model_size){MODEL_INPUTS_MAX + 1, 2, 1, false}, "16777216");
    assert_refused(softmax, (struct model_size){6, 0, 1, false}, "1 …");
    assert_refused(softmax, (struct model_size){6, MODEL_WIDTH_MAX + 1, 1, false}, "65536");
    assert_refused("{\"type\": \"oracle\"}", (struct model_size){6, 2, 1, false}, "type");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_gradient_and_derivative_agree_with_the_reference),
        cmocka_unit_test(forward_and_backward_derivatives_are_transposes),
        cmocka_unit_test(dropout_depends_on_the_step_and_not_on_what_ran_before),
        cmocka_unit_test(tensors_fill_theta_and_are_named_as_in_pytorch),
        cmocka_unit_test(the_start_depends_on_seed_and_tensor),
        cmocka_unit_test(softmax_starts_at_zero_where_it_says_so),
        cmocka_unit_test(what_takes_too_much_memory_is_refused),
        cmocka_unit_test(data_outside_the_limits_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
