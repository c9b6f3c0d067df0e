#include "insight/insight.h"

#include "compare/csv.h"
#include "json.h"
#include "memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static void write_head(FILE *out, const struct search_plan *plan)
{
    fputs("number,run,state,told,how", out);
    for (int i = 0; i < plan->space.count; i++) {
        fputc(',', out);
        csv_text(out, plan->space.parameters[i].name);
    }
    for (int i = 0; i < plan->objective_count; i++) {
        fputc(',', out);
        csv_text(out, plan->objectives[i].name);
    }
    for (int i = 0; i < plan->constraint_count; i++) {
        fputc(',', out);
        csv_text(out, plan->constraints[i].metric.name);
    }
    fputs(",step\n", out);
}

static void write_value(FILE *out, const struct parameter *parameter, double value)
{
    if (isnan(value))
        return;
    if (parameter->type != PARAMETER_CHOICE) {
        csv_number(out, value);
        return;
    }
    const json_t *choice = json_array_get(parameter->values, (size_t)value);
    AUTO_FREE char *text = json_is_string(choice) ? NULL : json_compact(choice);
    csv_text(out, text ? text : json_string_value(choice));
}

static const char *state_of(const struct trial *trial)
{
    switch (trial->state) {
    case TRIAL_DONE:
        return "done";
    case TRIAL_PRUNED:
        return "pruned";
    case TRIAL_FAILED:
        return "failed";
    case TRIAL_GONE:
        return "deleted";
    case TRIAL_PENDING:
        break;
    }
    return "pending";
}

static void write_line(FILE *out, const struct findings *findings, int number)
{
    const struct search_plan *plan = findings->plan;
    const struct trial *trial = &findings->history->trials[number];
    const struct finding *finding = &findings->list[number];

    fprintf(out, "%d,%" PRId64 ",%s,", number, finding->run, state_of(trial));
    if (finding->place >= 0)
        fprintf(out, "%d", finding->place);
    fputc(',', out);
    csv_text(out, finding->how);
    for (int i = 0; i < plan->space.count; i++) {
        fputc(',', out);
        write_value(out, &plan->space.parameters[i], trial->values[i]);
    }
    for (int i = 0; i < plan->objective_count + plan->constraint_count; i++) {
        fputc(',', out);
        if (finding->results)
            csv_number(out, finding->results[i]);
    }
    fputc(',', out);
    if (finding->place >= 0 && trial->step >= 0)
        fprintf(out, "%" PRId64, trial->step);
    fputc('\n', out);
}

char *insight_csv(const struct findings *findings)
{
    char *text;
    size_t bytes;
    FILE *out = xmemstream(&text, &bytes);
    write_head(out, findings->plan);
    for (int i = 0; i < findings->history->count; i++)
        write_line(out, findings, i);
    fclose(out);
    return text;
}
