/*
 * All that the store has of a search, as its report and what follows from that look at it.
 */
#ifndef SEARCH_GATHERED_H
#define SEARCH_GATHERED_H

#include "insight/findings.h"
#include "store/searches.h"

struct gathered_search {
    int64_t job;
    struct search_plan *plan;
    struct kept_search kept;
    struct history history;   /* `parallel` as asked for, 1 where that is left to the server */
    struct trial *trials;     /* [room] */
    struct finding *findings; /* [room] */
    double **numbers; /* [room] a block each: point, results, objectives, constraints, memo */
    int *told;        /* [room] numbers by place, then the history's */
    int room;
};

/* `job` as store_read_asked() has it, of a search. The caller releases it, after an error as well.
 * On a helper thread. */
int search_gather(struct reader *reader, const json_t *catalog, const json_t *job,
                  struct gathered_search *gathered, struct error *err);
void search_gathered_release(struct gathered_search *gathered);

#endif
