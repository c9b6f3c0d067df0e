/*
 * Changes of a search by hand. One at a time, and none while the study is lent or proposals are on
 * their way to the disk: so each proposal is made either before a change or after it. A change is
 * written first, then made; nothing is proposed in between.
 */
#include "workers/search_edits.h"

#include "jobs/planner.h"
#include "json.h"
#include "memory.h"
#include "workers/search_prune.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct hand_edit {
    struct conductor *conductor;
    struct search *search;
    struct search_wish wish;
    struct audit_entry *audit; /* or NULL */
    conductor_answered *done;
    void *context;
    struct search_plan *next_plan; /* the search's, once this is on disk */
    char *request;                 /* likewise, as it is kept */
    struct search_edit edit;
    struct hand_edit *next;
};

void search_wish_release(struct search_wish *wish)
{
    for (int i = 0; i < wish->point_count; i++) {
        free(wish->points[i].values);
        search_variant_release(&wish->points[i].variant);
    }
    free(wish->points);
    free(wish->parameter);
    json_decref(wish->choice);
    search_plan_free(wish->plan);
    *wish = (struct search_wish){0};
}

static void edit_free(struct hand_edit *edit)
{
    search_wish_release(&edit->wish);
    search_plan_free(edit->next_plan);
    free((void *)(uintptr_t)edit->edit.runs);
    free(edit->request);
    free(edit->audit);
    free(edit);
}

static bool has_results(const struct search_wish *wish)
{
    return wish->point_count > 0 && wish->points[0].has_results;
}

/* --- the plan as it will be ----------------------------------------------------------------------
 */

static void swap_documents(json_t **a, json_t **b)
{
    json_t *kept = *a;
    *a = *b;
    *b = kept;
}

static void take_sections(struct hand_edit *edit)
{
    const unsigned sections = edit->wish.sections;
    struct search_plan *from = edit->wish.plan, *to = edit->next_plan;
    if (sections & SECTION_RUNS)
        to->budget.runs = from->budget.runs;
    if (sections & SECTION_TIME)
        to->budget.time_ms = from->budget.time_ms;
    if (sections & SECTION_STEPS)
        to->budget.steps = from->budget.steps;
    if (sections & SECTION_PARALLEL)
        to->parallel = from->parallel;
    if (sections & SECTION_PRUNER)
        swap_documents(&to->pruner, &from->pruner);
    if (sections & SECTION_STOP)
        swap_documents(&to->stop, &from->stop);
}

/* Checked before the wish came here; since then another one may have added the same value. */
static int add_choice(const struct hand_edit *edit, struct space *space, struct error *err)
{
    struct error why;
    if (!edit->wish.parameter)
        return 0;
    const int parameter = space_find(space, edit->wish.parameter);
    if (parameter < 0)
        return error_of(err, ERROR_CONFLICT, "there is no parameter \"%.100s\"",
                        edit->wish.parameter);
    if (space_add_choice(space, parameter, edit->wish.choice, &why) < 0)
        return error_of(err, ERROR_CONFLICT, "%s", why.sentence);
    return 0;
}

static void add_enqueued(const struct hand_edit *edit)
{
    struct search_plan *plan = edit->next_plan;
    const size_t width = (size_t)plan->space.count;
    const int count = edit->wish.point_count;
    plan->enqueued =
        xrealloc(plan->enqueued, ((size_t)plan->enqueued_count + (size_t)count) * width,
                 sizeof *plan->enqueued);
    for (int i = 0; i < count; i++)
        memcpy(plan->enqueued + (size_t)plan->enqueued_count++ * width, edit->wish.points[i].values,
               width * sizeof *plan->enqueued);
}

/* --- how many runs there will be -----------------------------------------------------------------
 */

/* Rows that nobody has proposed, and may: none where they were cancelled with the job. */
static int free_rows(const struct search *search)
{
    const struct job *job = search->job;
    if (search->proposed < job->run_count &&
        job->runs[search->proposed].position.state != RUN_WAITING)
        return 0;
    return job->run_count - search->proposed;
}

static bool changes_budget(const struct search_wish *wish)
{
    return (wish->sections & (SECTION_RUNS | SECTION_TIME | SECTION_STEPS | SECTION_STOP)) != 0;
}

/* A budget brings the rows up to its number of runs, and a smaller one cuts them; points by hand
 * bring those that they have not got. */
static void find_rows(struct hand_edit *edit)
{
    const struct search *search = edit->search;
    const struct search_wish *wish = &edit->wish;
    struct search_plan *plan = edit->next_plan;
    const int rows = free_rows(search), have = search->proposed + rows;
    int wanted = have;

    if (changes_budget(wish)) {
        wanted = plan->budget.runs > search->proposed ? plan->budget.runs : search->proposed;
    } else if (has_results(wish)) {
        wanted = have + wish->point_count;
        plan->budget.runs += wish->point_count;
    } else if (wish->point_count > 0) {
        const int needed =
            search->proposed + repeated_enqueued(search->study) + plan->seeds * wish->point_count;
        wanted = needed > have ? needed : have;
        if (wanted > plan->budget.runs)
            plan->budget.runs = wanted;
    }
    const bool cuts = have < search->job->run_count || wanted < have;
    edit->edit.cut_from = !cuts ? -1 : wanted < have ? wanted : have;
    edit->edit.more_runs = wanted > have ? wanted - have : 0;
    edit->edit.reopens = wanted > search->proposed;
}

static int check_rows(const struct hand_edit *edit, struct error *err)
{
    const struct search *search = edit->search;
    const char *spent = search_spent(search, &edit->next_plan->budget);
    if (edit->next_plan->budget.runs > RUNS_MAX ||
        search->proposed + free_rows(search) + edit->edit.more_runs > RUNS_MAX)
        return error_of(err, ERROR_CONFLICT, "a search has at most %d runs", RUNS_MAX);
    if (has_results(&edit->wish) && search->plan->seeds > 1)
        return error_of(err, ERROR_CONFLICT,
                        "each point of the search is trained with %d seeds: a result of one run "
                        "from elsewhere cannot stand for it",
                        search->plan->seeds);
    if (spent && edit->wish.point_count > 0 && !has_results(&edit->wish))
        return error_of(err, ERROR_CONFLICT, "nothing more is tried: %s; raise its budget first",
                        spent);
    return 0;
}

/* Whether the job has ended once this is done. */
static bool ends(const struct hand_edit *edit)
{
    const struct search *search = edit->search;
    const struct job *job = search->job;
    const int cut_from = edit->edit.cut_from;
    int open = edit->edit.more_runs - edit->edit.run_count;
    for (int i = 0; i < job->run_count; i++)
        open += !run_is_final(job->runs[i].position.state) && (cut_from < 0 || i < cut_from);
    return open == 0;
}

/* --- writing -------------------------------------------------------------------------------------
 */

static void list_results(struct hand_edit *edit)
{
    const struct search *search = edit->search;
    const int rows = free_rows(search);
    struct hand_run *runs = xcalloc((size_t)edit->wish.point_count, sizeof *runs);
    for (int i = 0; i < edit->wish.point_count; i++) {
        const struct hand_point *point = &edit->wish.points[i];
        const int number = search->proposed + i;
        runs[i] = (struct hand_run){
            .run = i < rows ? job_run_id(search->job, number) : 0,
            .number = number,
            .point = point->values,
            .point_count = search->plan->space.count,
            .tuned = point->variant.tuned,
            .spec = point->variant.spec,
            .dataset = point->variant.dataset,
            .outcome = point->outcome,
            .results = point->results,
            .result_count = search_result_count(search),
            .step = point->step,
        };
    }
    edit->edit.runs = runs;
    edit->edit.run_count = edit->wish.point_count;
}

static struct job_change change_of(const struct hand_edit *edit)
{
    const struct job *job = edit->search->job;
    struct job_change change = job_change_of(job);
    if (edit->wish.sections & SECTION_PRIORITY)
        change.priority = edit->wish.priority;
    change.finished_ms = !ends(edit) ? 0 : job->finished_ms ? job->finished_ms : wall_ms();
    change.audit = edit->audit;
    return change;
}

static int prepare(struct hand_edit *edit, struct error *err)
{
    struct search *search = edit->search;
    if (!search->study)
        return error_of(err, ERROR_CONFLICT,
                        "this program does not know the algorithm of job %" PRId64,
                        search->job->id);
    edit->next_plan = search_plan_of(edit->conductor->options.catalog, search->job->request);
    take_sections(edit);
    if (add_choice(edit, &edit->next_plan->space, err) < 0)
        return -1;
    if (!has_results(&edit->wish))
        add_enqueued(edit);
    find_rows(edit);
    if (check_rows(edit, err) < 0)
        return -1;
    if (has_results(&edit->wish))
        list_results(edit);
    json_auto_t *body = json_loads(search->job->request, 0, NULL);
    edit->request = search_request(body, edit->next_plan);
    edit->edit.request = edit->request;
    edit->edit.seeds = edit->next_plan->seeds;
    edit->edit.seed = (uint64_t)json_integer_at(edit->next_plan->base, "seed", 1);
    edit->edit.job = change_of(edit);
    edit->edit.now_ms = wall_ms();
    return 0;
}

/* --- making it so --------------------------------------------------------------------------------
 */

static void change_rows(struct hand_edit *edit, int64_t first_run)
{
    struct search *search = edit->search;
    struct conductor *conductor = edit->conductor;
    struct job *job = search->job;
    if (edit->edit.cut_from >= 0)
        job_cut(conductor->jobs, job, edit->edit.cut_from);
    if (edit->edit.more_runs > 0) {
        job_grow(conductor->jobs, job, first_run, edit->edit.more_runs, edit->edit.seed,
                 edit->edit.seeds);
        search_grow(search, job->run_count);
        if (conductor->options.runs_added)
            conductor->options.runs_added(conductor->options.world, job->id, first_run,
                                          edit->edit.more_runs);
    }
    job->finished_ms = edit->edit.job.finished_ms;
    if (!edit->edit.reopens)
        return;
    search->ended = search->exhausted = false;
    free(search->stopped);
    search->stopped = NULL;
}

static void change_plan(struct hand_edit *edit)
{
    struct search *search = edit->search;
    struct search_plan *old = search->plan;
    struct error err;

    search->plan = edit->next_plan;
    edit->next_plan = old;
    free(search->job->request);
    search->job->request = edit->request;
    edit->request = NULL;
    if (edit->wish.parameter)
        repeated_add_choice(search->study, space_find(&search->plan->space, edit->wish.parameter),
                            edit->wish.choice, &err);
    for (int i = 0; !has_results(&edit->wish) && i < edit->wish.point_count; i++)
        repeated_enqueue(search->study, edit->wish.points[i].values);
    repeated_set_budget(search->study, search->plan->budget.runs, search_parallel(search));
    if (edit->wish.sections & SECTION_PRUNER)
        search_prune_change(search);
}

static void change_priority(const struct hand_edit *edit)
{
    struct job *job = edit->search->job;
    if (!(edit->wish.sections & SECTION_PRIORITY))
        return;
    job->priority = edit->wish.priority;
    queue_set_priority(edit->conductor->queue, clock_ms(), job->id, job->priority);
}

static const enum run_event end_events[PROPOSAL_OUTCOMES] = {
    [PROPOSAL_DONE] = EVENT_SUCCEEDED,
    [PROPOSAL_PRUNED] = EVENT_PRUNED,
    [PROPOSAL_FAILED] = EVENT_FAILED,
    [PROPOSAL_DELETED] = EVENT_CANCEL,
};

static void take_result(struct search *search, const struct hand_point *point)
{
    struct run *run = &search->job->runs[search->proposed];
    const int number = search->proposed++;
    run->point = number;
    run->started_ms = wall_ms();
    job_move(run, EVENT_RELEASED, NULL);
    job_move(run, EVENT_START, NULL);
    job_move(run, end_events[point->outcome], NULL);
    run->objective = point->outcome == PROPOSAL_DONE ? point->results[0] : (double)NAN;
    repeated_restore(search->study, point->values, NULL, 0);
    search->outcomes[number].point = repeated_values(search->study, number);
    search_learn(search, number, point->outcome, point->results, point->step);
}

static json_t *answer_of(const struct hand_edit *edit, int64_t first_run)
{
    const struct hand_run *runs = edit->edit.runs;
    const int64_t first = edit->edit.run_count == 0 ? 0 : runs[0].run ? runs[0].run : first_run;
    return json_pack("{s:I, s:o, s:i}", "job", edit->search->job->id, "first_run",
                     first ? json_integer(first) : json_null(), "added", edit->edit.run_count);
}

static void finish(struct hand_edit *edit, json_t *answer, const struct error *err)
{
    struct search *search = edit->search;
    struct job *job = search->job;
    search->editing = false;
    edit->done(edit->context, answer, err);
    edit_free(edit);
    search_feed(search);
    search_step(search);
    drop_job(search->conductor, job);
}

static void edit_written(void *context, int64_t first_run, const struct error *err)
{
    struct hand_edit *edit = context;
    struct search *search = edit->search;
    if (err) {
        finish(edit, NULL, err);
        return;
    }
    change_rows(edit, first_run);
    change_plan(edit);
    change_priority(edit);
    for (int i = 0; i < edit->edit.run_count; i++)
        take_result(search, &edit->wish.points[i]);
    search->edits++;
    wake_pump(edit->conductor);
    publish_job(edit->conductor, search->job);
    events_publish(edit->conductor->events, "reload", search->job->id, json_object());
    finish(edit, answer_of(edit, first_run), NULL);
}

bool search_is_edited(const struct search *search)
{
    return search->editing || search->edits_waiting;
}

void search_try_edit(struct search *search)
{
    struct hand_edit *edit = search->edits_waiting;
    struct error err;
    if (!edit || search->editing || search->lent || search->proposing > 0)
        return;
    search->edits_waiting = edit->next;
    search->editing = true;
    if (prepare(edit, &err) < 0)
        finish(edit, NULL, &err);
    else
        store_edit_search(edit->conductor->store, &edit->edit, edit_written, edit);
}

void search_drop_edits(struct search *search)
{
    while (search->edits_waiting) {
        struct hand_edit *edit = search->edits_waiting;
        search->edits_waiting = edit->next;
        edit_free(edit);
    }
}

/* --- asking for it -------------------------------------------------------------------------------
 */

static void add_edit(struct search *search, struct hand_edit *edit)
{
    struct hand_edit **at = &search->edits_waiting;
    while (*at)
        at = &(*at)->next;
    *at = edit;
    edit->search = search;
    hold_job(search->job);
    search_try_edit(search);
}

static int check_search(const struct job *job, struct error *err)
{
    if (job->search)
        return 0;
    return error_of(err, ERROR_CONFLICT, "job %" PRId64 " is not a search", job->id);
}

static void edit_ready(void *context, struct job *job, const struct error *err)
{
    struct hand_edit *edit = context;
    struct error trouble;
    if (job && check_search(job, &trouble) == 0) {
        add_edit(job->search, edit);
        return;
    }
    edit->done(edit->context, NULL, err ? err : &trouble);
    edit_free(edit);
}

void conductor_edit_search(struct conductor *conductor, int64_t job, struct search_wish *wish,
                           const struct audit_entry *audit, conductor_answered *done, void *context)
{
    struct hand_edit *edit = xcalloc(1, sizeof *edit);
    *edit = (struct hand_edit){.conductor = conductor,
                               .wish = *wish,
                               .audit = audit_copy(audit),
                               .done = done,
                               .context = context};
    *wish = (struct search_wish){0};
    with_job(conductor, job, edit_ready, edit);
}

/* --- a run's result ------------------------------------------------------------------------------
 */

struct correcting {
    struct conductor *conductor;
    struct run_correction correction;
    struct run *run;
    struct run_position position; /* as it will be */
    struct audit_entry *audit;    /* or NULL */
    store_done *done;
    void *context;
};

static void correcting_free(struct correcting *correcting)
{
    free(correcting->audit);
    free(correcting);
}

static void place_corrected(const struct correcting *correcting)
{
    struct run *run = correcting->run;
    struct job *job = run->job;
    job->counts[run->position.state]--;
    run->position = correcting->position;
    job->counts[run->position.state]++;
    run->objective = correcting->correction.outcome == PROPOSAL_DONE
                         ? correcting->correction.results[0]
                         : (double)NAN;
}

static void corrected(void *context, const struct error *err)
{
    struct correcting *correcting = context;
    struct run *run = correcting->run;
    struct job *job = run->job;
    struct search *search = job->search;

    run->endings--;
    if (!err) {
        place_corrected(correcting);
        search_learn(search, run->number, correcting->correction.outcome,
                     correcting->correction.results, search->outcomes[run->number].step);
        search->edits++;
        publish_run(correcting->conductor, run);
        publish_job(correcting->conductor, job);
    }
    correcting->done(correcting->context, err);
    correcting_free(correcting);
    search_feed(search);
    search_step(search);
    drop_job(search->conductor, job);
}

/* Whose result is good now has succeeded, and its attempt is one that a person made. */
static void find_position(struct correcting *correcting)
{
    struct run_position *position = &correcting->position;
    *position = correcting->run->position;
    if (correcting->correction.outcome != PROPOSAL_DONE ||
        (position->state != RUN_FAILED && position->state != RUN_CANCELLED))
        return;
    run_apply(position, EVENT_RETRY, NULL);
    run_apply(position, EVENT_START, NULL);
    run_apply(position, EVENT_SUCCEEDED, NULL);
}

static int check_correction(const struct correcting *correcting, const struct job *job,
                            const struct run *run, struct error *err)
{
    if (check_search(job, err) < 0)
        return -1;
    if (!run || run->job != job)
        return error_of(err, ERROR_NOT_FOUND, "job %" PRId64 " has no run %" PRId64, job->id,
                        correcting->correction.run);
    if (run->endings > 0)
        return error_of(err, ERROR_UNAVAILABLE,
                        "the end of run %" PRId64 " is being written; try "
                        "again",
                        run->id);
    if (run->number >= job->search->proposed || !run_is_final(run->position.state) ||
        !job->search->outcomes[run->number].is_told)
        return error_of(err, ERROR_CONFLICT,
                        "run %" PRId64 " is %s and has no result yet; cancel it first", run->id,
                        run_state_names[run->position.state]);
    return 0;
}

static void write_correction(struct correcting *correcting)
{
    struct run *run = correcting->run;
    struct search *search = run->job->search;
    find_position(correcting);
    struct corrected_run change = {
        .run = run->id,
        .outcome = correcting->correction.outcome,
        .results = correcting->correction.results,
        .result_count = search_result_count(search),
        .position =
            correcting->position.state != run->position.state ? &correcting->position : NULL,
        .job = job_change_of(run->job),
        .now_ms = wall_ms(),
    };
    change.job.audit = correcting->audit;
    run->endings++;
    hold_job(run->job);
    store_correct_run(correcting->conductor->store, &change, corrected, correcting);
}

static void correction_ready(void *context, struct job *job, const struct error *err)
{
    struct correcting *correcting = context;
    struct run *run =
        job ? job_index_find_run(correcting->conductor->jobs, correcting->correction.run) : NULL;
    struct error trouble;
    if (job && check_correction(correcting, job, run, &trouble) == 0) {
        correcting->run = run;
        write_correction(correcting);
        return;
    }
    correcting->done(correcting->context, err ? err : &trouble);
    correcting_free(correcting);
}

void conductor_correct_run(struct conductor *conductor, const struct run_correction *correction,
                           const struct audit_entry *audit, store_done *done, void *context)
{
    struct correcting *correcting = xcalloc(1, sizeof *correcting);
    *correcting = (struct correcting){.conductor = conductor,
                                      .correction = *correction,
                                      .audit = audit_copy(audit),
                                      .done = done,
                                      .context = context};
    with_job(conductor, correction->job, correction_ready, correcting);
}
