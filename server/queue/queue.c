#include "queue/inside.h"

#include "memory.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

/* --- orders ------------------------------------------------------------------------------------
 */

static bool job_goes_before(const struct heap_node *a, const struct heap_node *b)
{
    const struct queue_job *one = (const struct queue_job *)a, *other = (const struct queue_job *)b;
    if (one->priority != other->priority)
        return one->priority > other->priority;
    if ((one->interrupted > 0) != (other->interrupted > 0))
        return one->interrupted > 0;
    return one->id < other->id;
}

static bool run_goes_before(const struct heap_node *a, const struct heap_node *b)
{
    const struct entry *one = (const struct entry *)a, *other = (const struct entry *)b;
    if (one->interrupted != other->interrupted)
        return one->interrupted;
    return one->number != other->number ? one->number < other->number : one->run < other->run;
}

static bool is_due_before(const struct heap_node *a, const struct heap_node *b)
{
    const struct entry *one = (const struct entry *)a, *other = (const struct entry *)b;
    return one->when_ms != other->when_ms ? one->when_ms < other->when_ms : one->run < other->run;
}

/* --- making and freeing ------------------------------------------------------------------------
 */

/* A run has one slot at least, so there are never more of them. */
static void make_room_for_running(struct queue *queue, int slots)
{
    if ((size_t)slots <= queue->running.room && queue->endings)
        return;
    heap_reserve(&queue->running, (size_t)slots);
    queue->endings = xrealloc(queue->endings, queue->running.room + 1, sizeof *queue->endings);
}

struct queue *queue_new(int slots, int64_t half_life_ms, int64_t now_ms)
{
    struct queue *queue = xcalloc(1, sizeof *queue);
    assert(slots >= 0 && now_ms >= 0);
    queue->order = (struct order){.now_ms = now_ms,
                                  .scale = usage_scale_at(now_ms, half_life_ms),
                                  .slots = slots,
                                  .reserved = -1,
                                  .blocked = -1};
    heap_init(&queue->paused, job_goes_before);
    heap_init(&queue->held, is_due_before);
    heap_init(&queue->running, is_due_before);
    make_room_for_running(queue, slots);
    return queue;
}

static void team_free(struct team *team)
{
    heap_release(&team->line);
    free(team);
}

static void job_free(struct queue_job *job)
{
    heap_release(&job->waiting);
    free(job);
}

void queue_free(struct queue *queue)
{
    if (!queue)
        return;
    for (size_t i = 0; i < queue->by_run.room; i++)
        free(queue->by_run.slots[i].item);
    for (size_t i = 0; i < queue->by_job.room; i++)
        if (queue->by_job.slots[i].item)
            job_free(queue->by_job.slots[i].item);
    for (int i = 0; i < queue->order.count; i++)
        team_free(queue->teams[i]);
    index_release(&queue->by_run);
    index_release(&queue->by_job);
    index_release(&queue->by_team);
    heap_release(&queue->paused);
    heap_release(&queue->held);
    heap_release(&queue->running);
    free(queue->endings);
    free(queue->teams);
    free(queue->order.teams);
    free(queue);
}

/* Teams, jobs and runs are added before they are used: another id is our own mistake. */
static struct team *team_of(const struct queue *queue, int64_t id)
{
    struct team *team = index_find(&queue->by_team, id);
    assert(team);
    return team;
}

static struct queue_job *job_of(const struct queue *queue, int64_t id)
{
    struct queue_job *job = index_find(&queue->by_job, id);
    assert(job);
    return job;
}

/* --- what follows from a change ----------------------------------------------------------------
 */

static struct standing *standing_of(const struct queue *queue, const struct team *team)
{
    return &queue->order.teams[team->place];
}

static int limit_of(const struct team *team)
{
    return team->max_running ? team->max_running : INT_MAX;
}

int slots_given(const struct queue *queue, const struct team *team, int slots)
{
    const int limit = limit_of(team);
    const int most = queue->order.slots < limit ? queue->order.slots : limit;
    return slots < most ? slots : most;
}

static int64_t known_ms(const struct queue_job *job)
{
    return job->lengths.count > 0 ? job->lengths.sum_ms / job->lengths.count : job->expected_ms;
}

int64_t job_expected_ms(const struct queue *queue, const struct queue_job *job)
{
    if (known_ms(job) > 0)
        return known_ms(job);
    return queue->lengths.count > 0 ? queue->lengths.sum_ms / queue->lengths.count : 0;
}

static struct entry *first_entry(const struct queue_job *job)
{
    return (struct entry *)heap_first(&job->waiting);
}

static int64_t left_ms(int64_t expected_ms, int64_t ran_ms)
{
    if (expected_ms <= 0)
        return 0;
    return ran_ms < expected_ms ? expected_ms - ran_ms : 1;
}

/* Brings the order up to date about a team. */
static void tell_order(struct queue *queue, const struct team *team)
{
    const struct queue_job *job = (const struct queue_job *)heap_first(&team->line);
    const int64_t demand = standing_of(queue, team)->running + team->ready;
    if (!job) {
        order_wants(&queue->order, team->place, 0, demand, 0);
        return;
    }
    const struct entry *first = first_entry(job);
    order_wants(&queue->order, team->place, slots_given(queue, team, first->slots), demand,
                left_ms(known_ms(job), first->ran_ms));
}

static struct heap *line_of(struct queue *queue, struct queue_job *job)
{
    return job->paused ? &queue->paused : &job->team->line;
}

static void leave_line(struct queue *queue, struct queue_job *job)
{
    if (job->node.place == NOT_IN_HEAP)
        return;
    heap_remove(line_of(queue, job), &job->node);
    job->team->ready -= job->paused ? 0 : job->ready;
}

static void join_line(struct queue *queue, struct queue_job *job)
{
    if (job->waiting.count == 0)
        return;
    heap_add(line_of(queue, job), &job->node);
    job->team->ready += job->paused ? 0 : job->ready;
}

static void add_waiting(struct queue *queue, struct entry *entry)
{
    struct queue_job *job = entry->job;
    entry->state = ENTRY_WAITING;
    heap_add(&job->waiting, &entry->node);
    job->ready += entry->slots;
    job->team->ready += job->paused ? 0 : entry->slots;
    job->interrupted += entry->interrupted;
    if (job->node.place != NOT_IN_HEAP)
        heap_move(line_of(queue, job), &job->node);
    else
        heap_add(line_of(queue, job), &job->node);
}

static void take_waiting(struct queue *queue, struct entry *entry)
{
    struct queue_job *job = entry->job;
    heap_remove(&job->waiting, &entry->node);
    job->ready -= entry->slots;
    job->team->ready -= job->paused ? 0 : entry->slots;
    job->interrupted -= entry->interrupted;
    if (job->waiting.count > 0)
        heap_move(line_of(queue, job), &job->node);
    else
        heap_remove(line_of(queue, job), &job->node);
    if (job->waiting.count == 0 && job->held == 0)
        heap_release(&job->waiting); /* there may be a million such jobs */
}

static void release_held(struct queue *queue)
{
    struct entry *entry;
    while ((entry = (struct entry *)heap_first(&queue->held)) &&
           entry->when_ms <= queue->order.now_ms) {
        heap_remove(&queue->held, &entry->node);
        entry->job->held--;
        add_waiting(queue, entry);
        tell_order(queue, entry->job->team);
    }
}

void queue_advance(struct queue *queue, int64_t now_ms)
{
    order_advance(&queue->order, now_ms);
    release_held(queue);
}

/* --- teams -------------------------------------------------------------------------------------
 */

static struct team *add_team(struct queue *queue, int64_t id)
{
    struct order *order = &queue->order;
    if (order->count == queue->team_room) {
        queue->team_room = queue->team_room ? 2 * queue->team_room : 8;
        queue->teams = xrealloc(queue->teams, queue->team_room, sizeof(struct team *));
        order->teams = xrealloc(order->teams, queue->team_room, sizeof *order->teams);
    }
    struct team *team = xcalloc(1, sizeof *team);
    team->id = id;
    team->place = order->count;
    heap_init(&team->line, job_goes_before);
    usage_hour_advance(&team->hour, order->now_ms, 0);
    queue->teams[order->count] = team;
    order->teams[order->count] = (struct standing){0};
    order->count++;
    index_put(&queue->by_team, id, team);
    return team;
}

void queue_set_team(struct queue *queue, int64_t now_ms, const struct queue_team *asked)
{
    assert(asked->share > 0 && asked->max_running >= 0);
    queue_advance(queue, now_ms);
    struct team *team = index_find(&queue->by_team, asked->id);
    if (!team)
        team = add_team(queue, asked->id);
    team->max_running = asked->max_running;
    standing_of(queue, team)->share = asked->share;
    standing_of(queue, team)->limit = limit_of(team);
    tell_order(queue, team);
}

bool queue_has_team(const struct queue *queue, int64_t id)
{
    return index_find(&queue->by_team, id);
}

size_t queue_waiting_of(const struct queue *queue, int64_t id)
{
    const struct team *team = index_find(&queue->by_team, id);
    return team ? team->waiting : 0;
}

/* The place of one that has gone, or moved. */
static int place_after(int place, int gone, int moved)
{
    return place == gone ? -1 : place == moved ? gone : place;
}

void queue_remove_team(struct queue *queue, int64_t id)
{
    struct order *order = &queue->order;
    struct team *team = team_of(queue, id);
    const int gone = team->place, last = --order->count;
    assert(team->job_count == 0);

    queue->teams[last]->place = gone;
    queue->teams[gone] = queue->teams[last];
    order->teams[gone] = order->teams[last];
    order->reserved = place_after(order->reserved, gone, last);
    order->blocked = place_after(order->blocked, gone, last);
    index_take(&queue->by_team, id);
    team_free(team);
}

void queue_set_slots(struct queue *queue, int64_t now_ms, int slots)
{
    assert(slots >= 0);
    queue_advance(queue, now_ms);
    queue->order.slots = slots;
    make_room_for_running(queue, slots);
    for (int i = 0; i < queue->order.count; i++)
        tell_order(queue, queue->teams[i]);
}

void queue_set_usage(struct queue *queue, int64_t now_ms, int64_t id, double slot_seconds)
{
    queue_advance(queue, now_ms);
    usage_set(&queue->order.scale, &standing_of(queue, team_of(queue, id))->usage, slot_seconds);
}

void queue_last_hour(const struct queue *queue, int64_t now_ms, int64_t id,
                     int64_t minutes[QUEUE_HOUR_MINUTES])
{
    const struct team *team = team_of(queue, id);
    struct usage_hour hour = team->hour;
    static_assert((int)QUEUE_HOUR_MINUTES == USAGE_MINUTES - 1, "whole minutes");
    usage_hour_advance(&hour, now_ms, standing_of(queue, team)->running);
    usage_hour_read(&hour, minutes);
}

void queue_set_last_hour(struct queue *queue, int64_t now_ms, int64_t id,
                         const int64_t minutes[QUEUE_HOUR_MINUTES], int64_t age_ms)
{
    queue_advance(queue, now_ms);
    usage_hour_write(&team_of(queue, id)->hour, queue->order.now_ms, minutes, age_ms);
}

static double used_later(const struct queue *queue, const struct standing *team, int64_t now_ms)
{
    struct usage_scale scale = queue->order.scale;
    struct usage usage = team->usage;
    usage_shift(&usage, usage_scale_advance(&scale, now_ms));
    return usage_now(&scale, &usage, team->running);
}

static struct queue_standing standing_at(const struct queue *queue, int i, int64_t now_ms)
{
    const struct team *team = queue->teams[i];
    const struct standing *standing = &queue->order.teams[i];
    struct usage_hour hour = team->hour;

    usage_hour_advance(&hour, now_ms, standing->running);
    return (struct queue_standing){
        .team = team->id,
        .share = standing->share,
        .max_running = team->max_running,
        .running = standing->running,
        .waiting = team->waiting,
        .used_slot_s = used_later(queue, standing, now_ms),
        .last_hour_slot_s = usage_hour_sum(&hour),
        .part = standing->part,
    };
}

size_t queue_team_count(const struct queue *queue)
{
    return (size_t)queue->order.count;
}

void queue_standings(const struct queue *queue, int64_t now_ms, struct queue_standing *out)
{
    struct order order = queue->order; /* shares out into the same teams, whose parts are scratch */

    order_share_out(&order);
    now_ms = now_ms > order.now_ms ? now_ms : order.now_ms;
    for (int i = 0; i < order.count; i++)
        out[i] = standing_at(queue, i, now_ms);
}

/* --- jobs --------------------------------------------------------------------------------------
 */

void queue_add_job(struct queue *queue, int64_t id, int64_t team_id, int priority, bool paused)
{
    struct queue_job *job = xcalloc(1, sizeof *job);
    struct team *team = team_of(queue, team_id);
    *job = (struct queue_job){
        .node = {NOT_IN_HEAP}, .id = id, .team = team, .priority = priority, .paused = paused};
    heap_init(&job->waiting, run_goes_before);
    index_put(&queue->by_job, id, job);
    team->job_count++;
    /* Later, jobs only move between lines: nothing is allocated then. */
    heap_reserve(&team->line, (size_t)team->job_count);
    heap_reserve(&queue->paused, queue->by_job.count);
}

void queue_remove_job(struct queue *queue, int64_t id)
{
    struct queue_job *job = index_take(&queue->by_job, id);
    assert(job && job->waiting.count == 0 && job->held == 0 && job->running == 0);
    job->team->job_count--;
    job_free(job);
}

void queue_set_priority(struct queue *queue, int64_t now_ms, int64_t id, int priority)
{
    struct queue_job *job = job_of(queue, id);
    queue_advance(queue, now_ms);
    job->priority = priority;
    if (job->node.place != NOT_IN_HEAP)
        heap_move(line_of(queue, job), &job->node);
    tell_order(queue, job->team);
}

void queue_set_paused(struct queue *queue, int64_t now_ms, int64_t id, bool paused)
{
    struct queue_job *job = job_of(queue, id);
    queue_advance(queue, now_ms);
    leave_line(queue, job);
    job->paused = paused;
    join_line(queue, job);
    tell_order(queue, job->team);
}

void queue_expect_job(struct queue *queue, int64_t id, int64_t run_ms)
{
    struct queue_job *job = job_of(queue, id);
    job->expected_ms = run_ms;
    tell_order(queue, job->team);
}

/* --- runs --------------------------------------------------------------------------------------
 */

void queue_enter(struct queue *queue, int64_t now_ms, const struct queue_run *run)
{
    struct queue_job *job = job_of(queue, run->job);
    struct entry *entry = xcalloc(1, sizeof *entry);
    assert(run->slots >= 1 && run->run != 0);
    queue_advance(queue, now_ms);
    *entry = (struct entry){.node = {NOT_IN_HEAP},
                            .run = run->run,
                            .job = job,
                            .number = run->number,
                            .slots = run->slots,
                            .state = ENTRY_HELD,
                            .interrupted = run->interrupted,
                            .when_ms = run->not_before_ms,
                            .ran_ms = run->ran_ms};
    index_put(&queue->by_run, run->run, entry);
    job->team->waiting++;
    heap_reserve(&job->waiting, job->waiting.count + job->held + 1);
    if (run->not_before_ms > queue->order.now_ms) {
        heap_add(&queue->held, &entry->node);
        job->held++;
        return;
    }
    add_waiting(queue, entry);
    tell_order(queue, job->team);
}

static void forget_entry(struct queue *queue, struct entry *entry)
{
    entry->job->team->waiting--;
    index_take(&queue->by_run, entry->run);
    free(entry);
}

bool queue_leave(struct queue *queue, int64_t now_ms, int64_t run)
{
    struct entry *entry = index_find(&queue->by_run, run);
    if (!entry || entry->state == ENTRY_RUNNING)
        return false;
    struct team *team = entry->job->team;
    queue_advance(queue, now_ms);
    if (entry->state == ENTRY_HELD) {
        heap_remove(&queue->held, &entry->node);
        entry->job->held--;
    } else {
        take_waiting(queue, entry);
    }
    forget_entry(queue, entry);
    tell_order(queue, team);
    return true;
}

/* Builds the heap anew, in its own array, from the runs of other jobs. */
static void forget_held(struct queue *queue, struct queue_job *job)
{
    const size_t count = queue->held.count;
    if (job->held == 0)
        return;
    queue->held.count = 0;
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = (struct entry *)queue->held.nodes[i];
        entry->node.place = NOT_IN_HEAP;
        if (entry->job == job)
            forget_entry(queue, entry);
        else
            heap_add(&queue->held, &entry->node);
    }
    job->held = 0;
}

void queue_clear_job(struct queue *queue, int64_t now_ms, int64_t id)
{
    struct queue_job *job = job_of(queue, id);
    queue_advance(queue, now_ms);
    leave_line(queue, job);
    for (size_t i = 0; i < job->waiting.count; i++)
        forget_entry(queue, (struct entry *)job->waiting.nodes[i]);
    heap_release(&job->waiting);
    job->ready = 0;
    job->interrupted = 0;
    forget_held(queue, job);
    tell_order(queue, job->team);
}

/* --- starting and ending -----------------------------------------------------------------------
 */

int64_t entry_ends_ms(const struct entry *entry, int64_t expected_ms, int64_t now_ms)
{
    if (entry->ends_ms > 0)
        return entry->ends_ms > now_ms ? entry->ends_ms : now_ms + 1;
    const int64_t left = left_ms(expected_ms, entry->ran_ms), ran_ms = now_ms - entry->when_ms;
    if (left == 0)
        return 0;
    return left > ran_ms ? entry->when_ms + left : now_ms + 1 + ran_ms / 10;
}

/* Entered under the number of slots it has been given: limits may change while it runs. */
static void start(struct queue *queue, struct entry *entry)
{
    struct team *team = entry->job->team;
    const int slots = slots_given(queue, team, entry->slots);

    take_waiting(queue, entry);
    team->waiting--;
    entry->state = ENTRY_RUNNING;
    entry->slots = slots;
    entry->when_ms = queue->order.now_ms;
    entry->ends_ms = 0;
    entry->job->running++;
    heap_add(&queue->running, &entry->node);
    usage_hour_advance(&team->hour, queue->order.now_ms, standing_of(queue, team)->running);
    order_starts(&queue->order, team->place, slots);
    tell_order(queue, team);
}

static int by_time(const void *a, const void *b)
{
    const struct ending *one = a, *other = b;
    return (one->at_ms > other->at_ms) - (one->at_ms < other->at_ms);
}

/* When that many slots will be free, if all runs take as long as their like and nothing starts. */
static int64_t fits_at(const void *context, int slots)
{
    const struct queue *queue = context;
    const int64_t now_ms = queue->order.now_ms;
    int free_slots = queue->order.slots - queue->order.used;
    size_t count = 0;

    for (size_t i = 0; i < queue->running.count; i++) {
        const struct entry *entry = (const struct entry *)queue->running.nodes[i];
        const int64_t at_ms = entry_ends_ms(entry, job_expected_ms(queue, entry->job), now_ms);
        if (at_ms > 0)
            queue->endings[count++] = (struct ending){at_ms, entry->slots};
    }
    qsort(queue->endings, count, sizeof *queue->endings, by_time);
    for (size_t i = 0; i < count; i++) {
        free_slots += queue->endings[i].slots;
        if (free_slots >= slots)
            return queue->endings[i].at_ms;
    }
    return 0;
}

int64_t queue_next(struct queue *queue, int64_t now_ms, int64_t *look_again_ms)
{
    queue_advance(queue, now_ms);
    if (look_again_ms) {
        const struct entry *held = (const struct entry *)heap_first(&queue->held);
        *look_again_ms = held ? held->when_ms : 0;
    }
    const int next = order_next(&queue->order, fits_at, queue);
    if (next < 0)
        return 0;
    struct entry *entry = first_entry((struct queue_job *)heap_first(&queue->teams[next]->line));
    start(queue, entry);
    return entry->run;
}

static void learn(struct lengths *lengths, int64_t ms)
{
    lengths->sum_ms += ms > 0 ? ms : 1; /* 0 would say that nobody knows */
    lengths->count++;
}

bool queue_end(struct queue *queue, int64_t now_ms, int64_t run, bool completed)
{
    struct entry *entry = index_find(&queue->by_run, run);
    if (!entry || entry->state != ENTRY_RUNNING)
        return false;
    struct queue_job *job = entry->job;
    struct team *team = job->team;

    queue_advance(queue, now_ms);
    if (completed) {
        const int64_t took_ms = entry->ran_ms + queue->order.now_ms - entry->when_ms;
        learn(&job->lengths, took_ms);
        learn(&queue->lengths, took_ms);
    }
    usage_hour_advance(&team->hour, queue->order.now_ms, standing_of(queue, team)->running);
    order_ends(&queue->order, team->place, entry->slots);
    queue->yielding -= entry->yielding ? entry->slots : 0;
    job->running--;
    heap_remove(&queue->running, &entry->node);
    index_take(&queue->by_run, run);
    free(entry);
    tell_order(queue, team);
    return true;
}

void queue_expect_end(struct queue *queue, int64_t run, int64_t end_ms)
{
    struct entry *entry = index_find(&queue->by_run, run);
    if (entry && entry->state == ENTRY_RUNNING)
        entry->ends_ms = end_ms;
}

/* --- looking -----------------------------------------------------------------------------------
 */

size_t queue_length(const struct queue *queue)
{
    return queue->by_run.count - queue->running.count;
}

int queue_used(const struct queue *queue)
{
    return queue->order.used;
}
