#include "search/gp/several.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

/* A memo begins with the number of blocks and the length of each. */
static const double *block_of(const struct trial *trial, int objectives, int k, int *out_count)
{
    int at = 1 + objectives;

    *out_count = 0;
    if (trial->memo_count < at || trial->memo[0] != objectives)
        return trial->memo;
    for (int i = 0; i < k; i++)
        at += (int)trial->memo[1 + i];
    const int count = (int)trial->memo[1 + k];
    if (at < 0 || count < 0 || at + count > trial->memo_count)
        return trial->memo;
    *out_count = count;
    return trial->memo + at;
}

static struct trial *view_trials(const struct history *history, const struct trial *trials,
                                 int count, int k)
{
    struct trial *view = xcalloc((size_t)count + 1, sizeof *view);

    for (int i = 0; i < count; i++) {
        view[i] = trials[i];
        view[i].objective = trials[i].objective + k;
        view[i].memo = block_of(&trials[i], history->objectives, k, &view[i].memo_count);
        if (k > 0)
            view[i].error = 0; /* it is the first one's */
    }
    return view;
}

/* Constraints are seen with the first objective only. */
static struct history view_of(const struct history *history, int k)
{
    struct history view = *history;

    view.objectives = 1;
    view.constraints = k == 0 ? history->constraints : 0;
    view.trials = view_trials(history, history->trials, history->count, k);
    view.earlier = view_trials(history, history->earlier, history->earlier_count, k);
    return view;
}

/* One process of one table, with the others behind it. */
static int stand(struct gp_several *several, int objective, int process)
{
    struct gp_standing *standing = &several->standing[several->standing_count];

    if (gp_stand(standing, &several->fitted[objective], &several->tables[objective], process) < 0)
        return -1;
    several->standing_count++;
    return 0;
}

static int stand_all(struct gp_several *several)
{
    for (int k = 0; k < several->objectives; k++)
        if (stand(several, k, 0) < 0)
            return -1;
    for (int i = 0; i < several->limits; i++)
        if (stand(several, 0, 1 + i) < 0)
            return -1;
    return 0;
}

int gp_several_init(struct gp_several *several, const struct history *history, int only_warp)
{
    const int objectives = history->objectives;
    bool known = true;

    *several = (struct gp_several){0};
    several->views = xcalloc((size_t)objectives, sizeof *several->views);
    several->tables = xcalloc((size_t)objectives, sizeof *several->tables);
    several->fitted = xcalloc((size_t)objectives, sizeof *several->fitted);
    several->standing = xcalloc((size_t)objectives + GP_LIMITS_MAX, sizeof *several->standing);
    for (int k = 0; k < objectives; k++) {
        several->views[k] = view_of(history, k);
        gp_table_init(&several->tables[k], &several->views[k]);
        several->objectives++;
        if (k > 0)
            several->tables[k].limits = 0; /* the first one has them */
        known &= several->tables[k].known >= 2 && several->tables[k].code.count > 0;
    }
    several->limits = several->tables[0].limits;
    for (int k = 0; k < objectives && known; k++)
        gp_fitted_init(&several->fitted[k], &several->tables[k], &several->views[k], only_warp);
    if (known && stand_all(several) == 0)
        return 0;
    gp_several_release(several);
    return -1;
}

void gp_several_release(struct gp_several *several)
{
    while (several->standing_count > 0)
        gp_standing_release(&several->standing[--several->standing_count]);
    for (int k = 0; k < several->objectives; k++) {
        gp_table_release(&several->tables[k]);
        free((struct trial *)(uintptr_t)several->views[k].trials); /* ours: view_trials() */
        free((struct trial *)(uintptr_t)several->views[k].earlier);
    }
    free(several->standing);
    free(several->fitted);
    free(several->tables);
    free(several->views);
    *several = (struct gp_several){0};
}

int gp_several_write(const struct gp_several *several, double *memo)
{
    const struct gp_code *code = gp_several_code(several);
    AUTO_FREE double *block = xcalloc(MEMO_MAX, sizeof *block);
    int count = 1 + several->objectives;

    memo[0] = several->objectives;
    for (int k = 0; k < several->objectives; k++) {
        const int length = gp_fitted_write(&several->fitted[k], code->count, block);
        if (count + length > MEMO_MAX)
            return 0;
        memcpy(memo + count, block, (size_t)length * sizeof *memo);
        memo[1 + k] = length;
        count += length;
    }
    return count;
}

const struct gp_code *gp_several_code(const struct gp_several *several)
{
    return &several->tables[0].code;
}
