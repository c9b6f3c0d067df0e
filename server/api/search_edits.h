/*
 * PATCH of a job that is a search, by more than its priority: "budget" (of which what is not there
 * stays), "parallel", "pruner", "stop", "priority".
 */
#ifndef API_SEARCH_EDITS_H
#define API_SEARCH_EDITS_H

#include "http/http.h"

struct reply api_change_search(struct request *req);

#endif
