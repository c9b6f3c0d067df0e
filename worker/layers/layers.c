#include "layers/layers.h"

#include <assert.h>
#include <string.h>

extern const struct layer_kind gelu_layer, relu_layer, sigmoid_layer, tanh_layer;

const struct layer_kind *const layer_kinds[] = {
    &dense_layer, &relu_layer, &tanh_layer, &sigmoid_layer, &gelu_layer, &dropout_layer, NULL,
};

const struct layer_kind *layer_kind_find(const char *name)
{
    for (const struct layer_kind *const *kind = layer_kinds; *kind; kind++)
        if (strcmp((*kind)->name, name) == 0)
            return *kind;
    return NULL;
}

void layer_plan(struct layer *layer, const struct layer_kind *kind, size_t inputs,
                const double *chosen)
{
    *layer = (struct layer){.kind = kind, .inputs = inputs, .outputs = inputs};
    for (int i = 0; kind->settings[i].name; i++) {
        assert(i < LAYER_SETTINGS_MAX);
        layer->chosen[i] = chosen[i];
    }
    if (kind->plan)
        kind->plan(layer);
}
