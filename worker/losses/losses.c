#include "losses/losses.h"

#include <string.h>

extern const struct loss binary_cross_entropy_loss, cross_entropy_loss, mean_squared_loss;

const struct loss *const losses_list[] = {
    &cross_entropy_loss,
    &mean_squared_loss,
    &binary_cross_entropy_loss,
    NULL,
};

const struct loss *loss_find(const char *name)
{
    for (const struct loss *const *loss = losses_list; *loss; loss++)
        if (strcmp((*loss)->name, name) == 0)
            return *loss;
    return NULL;
}

const struct loss *loss_for(bool classes)
{
    for (const struct loss *const *loss = losses_list; *loss; loss++)
        if ((*loss)->of_classes == classes)
            return *loss;
    return NULL; /* the list has one of each */
}
