#include "metrics.h"

#include <string.h>

const struct metric_kind metric_kinds[METRICS] = {
    [METRIC_TRAIN_LOSS] = {"train_loss", NULL, "minimize", true,
                           "mean loss of the batches since the last report; of a problem, its "
                           "exact value after this step"},
    [METRIC_VALID_LOSS] = {"valid_loss", NULL, "minimize", true,
                           "mean loss over the validation part"},
    [METRIC_VALID_ACCURACY] = {"valid_accuracy", NULL, "maximize", true,
                               "share of the validation part that is classified right"},
    [METRIC_LR] = {"lr", NULL, NULL, true, "learning rate of this step"},
    [METRIC_GRADIENT_NORM] = {"gradient_norm", NULL, NULL, true,
                              "Euclidean norm of this step's gradient, before clipping"},
    [METRIC_GRADIENT_NORM_L1] = {"gradient_norm_l1", NULL, NULL, true,
                                 "sum of the absolute values of this step's gradient"},
    [METRIC_UPDATE_NORM] = {"update_norm", NULL, NULL, true,
                            "Euclidean norm of what this step changed"},
    [METRIC_SAMPLES_PER_S] = {"samples_per_s", "1/s", "maximize", false,
                              "training examples a second since the last report, by the clock"},
};

enum metric metric_find(const char *name)
{
    int i = 0;
    while (i < METRICS && strcmp(metric_kinds[i].name, name) != 0)
        i++;
    return (enum metric)i;
}
