#include "insight/findings.h"

#include "memory.h"
#include "search/standing.h"
#include "search/telling.h"

#include <stdlib.h>

static void look_at_one(struct findings *findings)
{
    const struct history *history = findings->history;
    findings->trials = xcalloc((size_t)history->count + 1, sizeof *findings->trials);
    for (int i = 0; i < history->count; i++) {
        findings->trials[i] = history->trials[i];
        findings->trials[i].objective += findings->objective;
    }
    findings->view = *history;
    findings->view.trials = findings->trials;
    findings->view.objectives = 1;
    findings->view.earlier_count = 0;
    findings->earlier = telling_earlier(findings->plan);
    for (int i = 0; i < findings->plan->warm_count; i++)
        findings->earlier[i].objective += findings->objective;
}

static void put_in_order(struct findings *findings)
{
    const struct history *view = &findings->view;
    AUTO_FREE struct standing *standings = xcalloc((size_t)view->told_count + 1, sizeof *standings);

    findings->ended = view->told_count;
    findings->order = xcalloc((size_t)view->told_count + 1, sizeof *findings->order);
    findings->told = xcalloc((size_t)view->told_count + 1, sizeof *findings->told);
    for (int i = 0; i < view->told_count; i++) {
        const int number = findings->told[i] = view->told[i];
        standings[i] = trial_standing(view, &view->trials[number], number);
    }
    qsort(standings, (size_t)findings->ended, sizeof *standings, standing_compare);
    for (int i = 0; i < findings->ended; i++) {
        findings->order[i] = standings[i].number;
        findings->good += standings[i].class == STANDING_GOOD;
    }
}

void findings_init(struct findings *findings)
{
    findings->good = 0;
    look_at_one(findings);
    put_in_order(findings);
    evidence_init(&findings->evidence, findings->plan, &findings->view, findings->earlier,
                  findings->plan->warm_count);
}

void findings_release(struct findings *findings)
{
    free(findings->order);
    free(findings->told);
    free(findings->trials);
    free(findings->earlier);
    evidence_release(&findings->evidence);
    findings->earlier = NULL;
    findings->order = findings->told = NULL;
    findings->trials = NULL;
}

double findings_shown(const struct findings *findings, double minimised)
{
    return findings->plan->objectives[findings->objective].maximize ? -minimised : minimised;
}

double findings_value(const struct findings *findings, int number)
{
    return findings_shown(findings, findings->view.trials[number].objective[0]);
}
