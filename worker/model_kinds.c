/* The types of models and the layers they are made of. */
#include "model.h"

#include <assert.h>

/* --- softmax regression ------------------------------------------------------------------------*/

enum { SOFTMAX_INIT };

/* The choices of DENSE_INITS, in the same order. */
static const struct setting softmax_settings[] = {
    [SOFTMAX_INIT] = {.name = "init",
                      .type = SETTING_CHOICE,
                      .choices = DENSE_INITS,
                      .fallback_text = "zero",
                      .help = "how the weights start; zero is best here, the loss being convex"},
    {0},
};

static void build_softmax(struct model *model, const struct chosen *chosen, size_t outputs)
{
    const double dense[] = {
        [DENSE_OUTPUTS] = (double)outputs, [DENSE_INIT] = chosen->number[SOFTMAX_INIT]};
    model_add(model, &dense_layer, dense);
}

static const struct model_kind softmax_model = {
    .name = "softmax",
    .help = "one dense layer: softmax regression on classes, linear regression on targets",
    .settings = softmax_settings,
    .build = build_softmax,
};

/* --- multilayer perceptron ---------------------------------------------------------------------*/

enum { MLP_HIDDEN, MLP_ACTIVATION, MLP_DROPOUT, MLP_INIT };

static const char *const activations[] = {"relu", "tanh", "sigmoid", "gelu"};

static const struct setting mlp_settings[] = {
    [MLP_HIDDEN] = {.name = "hidden",
                    .type = SETTING_INTEGERS,
                    .required = true,
                    .least = 1,
                    .most = MODEL_HIDDEN_MAX,
                    .low = 1,
                    .high = MODEL_WIDTH_MAX,
                    .help = "widths of the hidden layers, from the data on"},
    [MLP_ACTIVATION] = {.name = "activation",
                        .type = SETTING_CHOICE,
                        .choices = "relu|tanh|sigmoid|gelu",
                        .fallback_text = "relu",
                        .help = "the function behind each hidden layer"},
    [MLP_DROPOUT] = {.name = "dropout",
                     .type = SETTING_NUMBER,
                     .low = 0,
                     .high = 1,
                     .below_high = true,
                     .fallback = 0,
                     .help = "the part of each hidden layer that is set to 0 in training"},
    [MLP_INIT] = {.name = "init",
                  .type = SETTING_CHOICE,
                  .choices = DENSE_INITS,
                  .fallback_text = "he",
                  .help = "how the weights start: normal by fan-in (he, lecun), uniform by both "
                          "fans (xavier), uniform(1/sqrt(fan-in)) as in PyTorch, zero, 15 normal "
                          "weights a unit (sparse, as Martens has it for hf)"},
    {0},
};

static void add_hidden(struct model *model, const struct chosen *chosen, double width)
{
    const struct layer_kind *activation =
        layer_kind_find(activations[(int)chosen->number[MLP_ACTIVATION]]);
    const double dense[] = {[DENSE_OUTPUTS] = width, [DENSE_INIT] = chosen->number[MLP_INIT]};

    assert(activation);
    model_add(model, &dense_layer, dense);
    model_add(model, activation, NULL);
    if (chosen->number[MLP_DROPOUT] > 0)
        model_add(model, &dropout_layer, &chosen->number[MLP_DROPOUT]);
}

static void build_mlp(struct model *model, const struct chosen *chosen, size_t outputs)
{
    const double dense[] = {
        [DENSE_OUTPUTS] = (double)outputs, [DENSE_INIT] = chosen->number[MLP_INIT]};

    for (int i = 0; i < chosen->count[MLP_HIDDEN]; i++)
        add_hidden(model, chosen, chosen->list[MLP_HIDDEN][i]);
    model_add(model, &dense_layer, dense);
}

static const struct model_kind mlp_model = {
    .name = "mlp",
    .help = "dense layers with an activation and dropout behind each but the last",
    .settings = mlp_settings,
    .build = build_mlp,
};

const struct model_kind *const model_kinds[] = {&softmax_model, &mlp_model, NULL};
