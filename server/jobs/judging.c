#include "jobs/judging.h"

#include "jobs/fields.h"
#include "memory.h"

#include <math.h>

const char *const curve_band_names[CURVE_BANDS] = {
    [BAND_STANDARD_ERROR] = "standard_error",
    [BAND_QUANTILES] = "quantiles",
};

static double read_level(const json_t *body, struct problems *problems)
{
    const json_t *value = json_object_get(body, "level");
    const double level = json_number_value(value);
    if (!value)
        return JUDGING_LEVEL;
    if (json_is_number(value) && level >= JUDGING_LEVEL_LOW && level <= JUDGING_LEVEL_TOP)
        return level;
    problems_add(problems, "", "level",
                 "must be a number from %g to %g: the chance of a false win, such as 0.05",
                 JUDGING_LEVEL_LOW, JUDGING_LEVEL_TOP);
    return JUDGING_LEVEL;
}

static double read_share(const json_t *band, struct problems *problems)
{
    static const char *const fields[] = {"relative"};
    const json_t *value = json_object_get(band, "relative");
    const double share = json_number_value(value);

    fields_refuse_unknown(band, "/equivalent_within", fields, (int)COUNT_OF(fields), problems);
    if (json_is_number(value) && share > 0 && share <= 1)
        return share;
    problems_add(problems, "/equivalent_within", "relative",
                 "%s a number above 0 and at most 1: a share of the baseline's mean",
                 value ? "must be" : "is missing:");
    return 0;
}

static void read_within(const json_t *body, struct judging *judging, struct problems *problems)
{
    const json_t *value = json_object_get(body, "equivalent_within");
    const double within = json_number_value(value);

    judging->relative = json_is_object(value);
    if (judging->relative)
        judging->within = read_share(value, problems);
    else if (json_is_number(value) && within > 0)
        judging->within = within;
    else if (value)
        problems_add(problems, "", "equivalent_within",
                     "must be a number above 0, in the metric's unit, or {\"relative\": 0.01}: the "
                     "difference that counts as none");
}

static void read_target(const json_t *body, struct judging *judging, struct problems *problems)
{
    const json_t *value = json_object_get(body, "target");
    judging->has_target = json_is_number(value);
    judging->target = json_number_value(value);
    if (value && !judging->has_target)
        problems_add(problems, "", "target",
                     "must be a number: the value of the metric that the arms are to reach");
}

static void read_looks(const json_t *body, struct judging *judging, struct problems *problems)
{
    static const char *const fields[] = {"looks"};
    const json_t *sequential = json_object_get(body, "sequential");

    if (!sequential || json_is_null(sequential))
        return;
    if (!json_is_object(sequential)) {
        problems_add(problems, "", "sequential",
                     "must be an object such as {\"looks\": 5}: how often to look, at most");
        return;
    }
    fields_refuse_unknown(sequential, "/sequential", fields, (int)COUNT_OF(fields), problems);
    if (json_object_get(sequential, "looks"))
        judging->looks =
            (int)fields_integer(sequential, "/sequential", "looks", 2, LOOKS_MAX, 0, problems);
    else
        problems_add(problems, "/sequential", "looks",
                     "is missing: how often to look, 2 to %d times", LOOKS_MAX);
}

struct judging judging_read(const json_t *body, struct problems *problems)
{
    struct judging judging = {.level = read_level(body, problems)};
    const int band = fields_choice(body, "", "band", curve_band_names, CURVE_BANDS, problems);

    read_within(body, &judging, problems);
    read_target(body, &judging, problems);
    read_looks(body, &judging, problems);
    judging.band = band < 0 ? BAND_STANDARD_ERROR : (enum curve_band)band;
    return judging;
}

struct judging judging_of(const json_t *request)
{
    AUTO_PROBLEMS struct problems ignored = {0};
    return judging_read(request, &ignored);
}
