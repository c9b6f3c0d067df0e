/* Values by the C library in double, and known points of each function. */
#include "support/check.h"

#include "layers/layers.h"
#include "memory.h"

enum { COUNT = 9 };
static const float points[COUNT] = {-20, -3, -1, -0.25F, 0, 0.5F, 1, 3, 20};

static void check_values(const char *name, double (*exact)(double), double (*exact_slope)(double))
{
    struct layer layer;
    float output[COUNT], slope[COUNT];
    const struct layer_pass pass = {.rows = 1, .training = true, .input = points, .output = output};

    layer_plan(&layer, layer_kind_find(name), COUNT, NULL);
    layer.kind->forward(&layer, &pass);
    for (int i = 0; i < COUNT; i++)
        slope[i] = 1;
    layer.kind->slope(&layer, &pass, slope);
    for (int i = 0; i < COUNT; i++) {
        const double x = (double)points[i];
        assert_true(fabs((double)output[i] - exact(x)) < 3e-7 * (1 + fabs(x)));
        assert_true(fabs((double)slope[i] - exact_slope(x)) < 3e-7);
    }
}

static double relu(double x)
{
    return x > 0 ? x : 0;
}

static double relu_slope(double x)
{
    return x > 0;
}

static double tanh_slope(double x)
{
    return 1 / (cosh(x) * cosh(x));
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double sigmoid_slope(double x)
{
    return sigmoid(x) * sigmoid(-x);
}

static double normal(double x)
{
    return erfc(-x / sqrt(2)) / 2;
}

static double gelu(double x)
{
    return x * normal(x);
}

static double gelu_slope(double x)
{
    return normal(x) + x * exp(-x * x / 2) / sqrt(2 * acos(-1));
}

static void each_activation_has_its_values_and_slopes(void **state)
{
    (void)state;
    check_values("relu", relu, relu_slope);
    check_values("tanh", tanh, tanh_slope);
    check_values("sigmoid", sigmoid, sigmoid_slope);
    check_values("gelu", gelu, gelu_slope);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_activation_has_its_values_and_slopes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
