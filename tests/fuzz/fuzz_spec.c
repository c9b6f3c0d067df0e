/* side: worker */
/*
 * Bytes as a specification: read, resolved against the worker's own catalogue, and where nothing is
 * wrong with it, resolved again (to itself) and taken by its optimizer and schedule.
 */
#include "describe.h"
#include "json.h"
#include "memory.h"
#include "optimizers/optimizers.h"
#include "schedules.h"
#include "spec.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static void use_schedule(const json_t *choice)
{
    const struct schedule *schedule = schedule_find(json_text_at(choice, "type", ""));
    struct chosen chosen;
    assert(schedule);
    chosen_read(schedule->settings, choice, &chosen);
    for (int64_t k = 0; k < 20; k++) {
        const double factor = schedule_factor(schedule, &chosen, k, 17);
        assert(factor >= 0.0 && factor <= 1.0 + 1e-9);
    }
    chosen_release(&chosen);
}

static void use_optimizer(const json_t *choice)
{
    const struct optimizer *optimizer = optimizer_find(json_text_at(choice, "type", ""));
    float memory[OPTIMIZER_MEMORY_MAX][2] = {0};
    float value[2] = {1.0F, -2.0F}, gradient[2] = {0.5F, 0.0F};
    struct weights weights = {.count = 2, .value = value, .gradient = gradient, .step = 1};
    struct chosen chosen;

    assert(optimizer);
    for (int i = 0; i < OPTIMIZER_MEMORY_MAX; i++)
        weights.memory[i] = memory[i];
    chosen_read(optimizer->settings, choice, &chosen);
    assert(optimizer_memory(optimizer, &chosen) <= optimizer->memory_per_weight);
    optimizer->step(&chosen, (float)chosen.number[OPTIMIZER_LR], &weights);
    chosen_release(&chosen);
}

static void use(const json_t *catalog, const json_t *spec)
{
    AUTO_PROBLEMS struct problems problems = {0};
    json_t *again = spec_resolve(catalog, spec, "", &problems);
    assert(problems.found == 0);
    AUTO_FREE char *text = json_compact(spec);
    AUTO_FREE char *same = json_compact(again);
    assert(strcmp(text, same) == 0);
    json_decref(again);
    use_optimizer(json_object_get(spec, "optimizer"));
    use_schedule(json_object_get(spec, "schedule"));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    static json_t *catalog;
    AUTO_PROBLEMS struct problems problems = {0};
    json_t *given = NULL;
    struct error err;

    if (!catalog)
        catalog = describe();
    if (json_read((const char *)bytes, count, &given, &err) < 0)
        return 0;
    json_t *spec = spec_resolve(catalog, given, "", &problems);
    if (problems.found == 0)
        use(catalog, spec);
    json_decref(problems_json(&problems));
    json_decref(spec);
    json_decref(given);
    return 0;
}
