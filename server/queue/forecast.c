#include "queue/inside.h"

#include "memory.h"

#include <stdlib.h>

enum {
    MOST_STARTS = 4096,
    MOST_LOOKS = 131072,  /* starts times teams */
    MOST_FLOWS = 33554432 /* jobs that are through, times teams */
};

/* A team's line, as far as it has been played. */
struct player {
    const struct team *team;
    struct heap_walk walk;
    const struct queue_job *job; /* the first one now; NULL: none is left */
    size_t left;                 /* of its runs */
    bool told;                   /* its place and start are known */
    double flow;                 /* slot-ms of its first job, once things are only estimated */
};

struct play {
    const struct queue *queue;
    struct order order; /* own teams: those that run something or have it in line */
    struct player *players;
    struct ending_of_play *endings; /* a heap by time */
    size_t ending_count, ending_room;
    int64_t begin_ms, fallback_ms;
    bool guessing; /* a length that nobody knows has played a part */
    struct queue_place *places;
    size_t count, most;
};

/* --- runs that end ------------------------------------------------------------------------------
 */

struct ending_of_play {
    int64_t at_ms;
    int team, slots;
};

static bool ends_before(const struct ending_of_play *a, const struct ending_of_play *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->team < b->team;
}

static void add_ending(struct play *play, struct ending_of_play ending)
{
    if (play->ending_count == play->ending_room) {
        play->ending_room = play->ending_room ? 2 * play->ending_room : 64;
        play->endings = xrealloc(play->endings, play->ending_room, sizeof *play->endings);
    }
    struct ending_of_play *heap = play->endings;
    size_t at = play->ending_count++;
    for (; at > 0 && ends_before(&ending, &heap[(at - 1) / 2]); at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = ending;
}

static struct ending_of_play take_ending(struct play *play)
{
    struct ending_of_play *heap = play->endings;
    const struct ending_of_play first = heap[0], moved = heap[--play->ending_count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= play->ending_count)
            break;
        if (child + 1 < play->ending_count && ends_before(&heap[child + 1], &heap[child]))
            child++;
        if (!ends_before(&heap[child], &moved))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
    return first;
}

/* --- setting up ---------------------------------------------------------------------------------
 */

/* Where nobody knows, an hour: the order of starts is still worth something, the times are not. */
static int64_t length_of(struct play *play, const struct queue_job *job)
{
    const int64_t known_ms = job_expected_ms(play->queue, job);
    if (known_ms > 0)
        return known_ms;
    if (play->fallback_ms > 0)
        return play->fallback_ms;
    play->guessing = true;
    return 3600000;
}

static const struct entry *first_of(const struct queue_job *job)
{
    return (const struct entry *)heap_first(&job->waiting);
}

static void next_job(struct play *play, int team)
{
    struct player *player = &play->players[team];
    player->job = (const struct queue_job *)heap_walk_next(&player->walk);
    player->left = player->job ? player->job->waiting.count : 0;
    player->told = false;
}

static int slots_of_next(const struct play *play, int team)
{
    const struct queue_job *job = play->players[team].job;
    return job ? slots_given(play->queue, play->players[team].team, first_of(job)->slots) : 0;
}

static void tell_order(struct play *play, int team)
{
    order_wants(&play->order, team, slots_of_next(play, team), play->order.teams[team].demand, 0);
}

/* Where the team that has that place in the queue is in the play. Idle ones are not in it: there
 * may be thousands, and they change nothing. */
static int enter_team(struct play *play, int place)
{
    const struct queue *queue = play->queue;
    const struct team *team = queue->teams[place];
    if (team->line.count == 0 && queue->order.teams[place].running == 0)
        return -1;
    const int player = play->order.count++;
    play->order.teams[player] = queue->order.teams[place];
    play->players[player].team = team;
    heap_walk_begin(&play->players[player].walk, &team->line);
    next_job(play, player);
    return player;
}

static void set_up(struct play *play)
{
    const struct queue *queue = play->queue;
    const size_t count = (size_t)queue->order.count;
    AUTO_FREE int *players = xcalloc(count + 1, sizeof *players); /* by place in the queue */

    play->order = queue->order;
    play->order.count = 0;
    play->order.teams = xcalloc(count + 1, sizeof *play->order.teams);
    play->players = xcalloc(count + 1, sizeof *play->players);
    for (int i = 0; i < queue->order.count; i++)
        players[i] = enter_team(play, i);
    play->order.reserved = queue->order.reserved < 0 ? -1 : players[queue->order.reserved];
    play->order.blocked = queue->order.blocked < 0 ? -1 : players[queue->order.blocked];
    for (size_t i = 0; i < queue->running.count; i++) {
        const struct entry *entry = (const struct entry *)queue->running.nodes[i];
        const int64_t length_ms = entry->ends_ms > 0 ? 0 : length_of(play, entry->job);
        const int64_t ends_ms = entry_ends_ms(entry, length_ms, play->order.now_ms);
        add_ending(play, (struct ending_of_play){entry->yielding ? play->order.now_ms : ends_ms,
                                                 players[entry->job->team->place], entry->slots});
    }
}

static void tear_down(struct play *play)
{
    for (int i = 0; i < play->order.count; i++)
        heap_walk_end(&play->players[i].walk);
    free(play->players);
    free(play->endings);
    free(play->order.teams);
}

static void note(struct play *play, const struct queue_job *job, int64_t start_ms)
{
    const size_t place = play->count++;
    play->places[place] = (struct queue_place){.job = job->id,
                                               .team = job->team->id,
                                               .waiting = job->waiting.count + job->held,
                                               .place = (int)place + 1,
                                               .paused = job->paused,
                                               .start_ms = start_ms};
}

/* --- start by start -----------------------------------------------------------------------------
 */

static void play_start(struct play *play, int team)
{
    struct player *player = &play->players[team];
    const struct queue_job *job = player->job;
    const int slots = slots_of_next(play, team);
    const int64_t now_ms = play->order.now_ms;
    const int64_t ran_ms = player->told ? 0 : first_of(job)->ran_ms;

    if (!player->told)
        note(play, job, play->guessing && now_ms > play->begin_ms ? -1 : now_ms);
    player->told = true;
    const int64_t length_ms = length_of(play, job);
    add_ending(play, (struct ending_of_play){now_ms + (length_ms > ran_ms ? length_ms - ran_ms : 1),
                                             team, slots});
    order_starts(&play->order, team, slots);
    if (--player->left == 0)
        next_job(play, team);
    tell_order(play, team);
}

static void play_end(struct play *play)
{
    const struct ending_of_play ending = take_ending(play);
    order_advance(&play->order, ending.at_ms);
    order_ends(&play->order, ending.team, ending.slots);
    play->order.teams[ending.team].demand -= ending.slots;
    tell_order(play, ending.team);
}

static void play_starts(struct play *play)
{
    const int teams = play->order.count > 0 ? play->order.count : 1;
    int starts = MOST_LOOKS / teams < MOST_STARTS ? MOST_LOOKS / teams : MOST_STARTS;

    while (play->count < play->most && starts > 0) {
        const int team = order_next(&play->order, NULL, NULL);
        if (team >= 0) {
            play_start(play, team);
            starts--;
        } else if (play->ending_count > 0) {
            play_end(play);
        } else {
            return; /* what is left cannot start at all */
        }
    }
}

/* --- the rest, as if it flowed ------------------------------------------------------------------
 */

static void load_flow(struct play *play, int team)
{
    struct player *player = &play->players[team];
    player->flow = player->job ? (double)player->left * (double)length_of(play, player->job) *
                                     slots_of_next(play, team)
                               : 0;
}

/* Whose first job is through first, at the rates of now; -1: none will ever be. */
static int first_through(const struct play *play, double *out_ms)
{
    int best = -1;
    *out_ms = 0;
    for (int i = 0; i < play->order.count; i++) {
        const double part = play->order.teams[i].part;
        const double takes_ms = part > 0 ? play->players[i].flow / part : 0;
        if (!play->players[i].job || part <= 0 || (best >= 0 && takes_ms >= *out_ms))
            continue;
        best = i;
        *out_ms = takes_ms;
    }
    return best;
}

/* The first job of every team is under way from the beginning: its next run starts soon. */
static void note_flow(struct play *play, int team, double at_ms)
{
    struct player *player = &play->players[team];
    const bool known = at_ms >= 0 && at_ms < 1e17 && !play->guessing;
    if (player->job && !player->told && play->count < play->most)
        note(play, player->job, known ? (int64_t)at_ms : -1);
    player->told = true;
}

/* A team whose line is through leaves its part to the others. */
static void flow_on(struct play *play, int team, double at_ms)
{
    next_job(play, team);
    load_flow(play, team);
    note_flow(play, team, at_ms);
    if (play->players[team].job)
        return;
    play->order.teams[team].running = 0;
    play->order.teams[team].demand = 0;
    order_share_out(&play->order);
}

static void play_flow(struct play *play)
{
    double at_ms = (double)play->order.now_ms, takes_ms;
    int through, jobs = MOST_FLOWS / (play->order.count + 1);

    order_share_out(&play->order);
    for (int i = 0; i < play->order.count; i++) {
        load_flow(play, i);
        if (play->order.teams[i].part > 0)
            note_flow(play, i, at_ms);
    }
    while (play->count < play->most && jobs-- > 0 &&
           (through = first_through(play, &takes_ms)) >= 0) {
        at_ms += takes_ms;
        for (int i = 0; i < play->order.count; i++)
            play->players[i].flow -= takes_ms * play->order.teams[i].part;
        flow_on(play, through, at_ms);
    }
    for (int i = 0; i < play->order.count; i++) /* those that never start, or too late to tell */
        for (; play->players[i].job && play->count < play->most; next_job(play, i))
            note_flow(play, i, -1);
}

/* --- jobs that stand aside ----------------------------------------------------------------------
 */

static bool has_place(const struct play *play, size_t from, const struct queue_job *job)
{
    for (size_t i = from; i < play->count; i++)
        if (play->places[i].job == job->id)
            return true;
    return false;
}

/* Jobs whose runs are all held back: not before the first of these is due. */
static void note_held(struct play *play)
{
    const size_t from = play->count;
    size_t looks = 8 * play->most; /* one job may have many such runs */
    struct heap_walk walk;
    struct heap_node *node;

    heap_walk_begin(&walk, &play->queue->held);
    while (play->count < play->most && looks-- > 0 && (node = heap_walk_next(&walk))) {
        const struct entry *entry = (const struct entry *)node;
        const struct queue_job *job = entry->job;
        if (!job->paused && job->waiting.count == 0 && !has_place(play, from, job))
            note(play, job, entry->when_ms);
    }
    heap_walk_end(&walk);
}

static void note_paused(struct play *play)
{
    struct heap_walk walk;
    struct heap_node *node;
    heap_walk_begin(&walk, &play->queue->paused);
    while (play->count < play->most && (node = heap_walk_next(&walk))) {
        note(play, (const struct queue_job *)node, -1);
        play->places[play->count - 1].place = 0;
    }
    heap_walk_end(&walk);
}

size_t queue_forecast(const struct queue *queue, int64_t now_ms, int64_t fallback_ms,
                      struct queue_place *places, size_t most)
{
    struct play play = {.queue = queue, .fallback_ms = fallback_ms, .places = places, .most = most};
    set_up(&play);
    order_advance(&play.order, now_ms);
    play.begin_ms = play.order.now_ms;
    play_starts(&play);
    play_flow(&play);
    note_held(&play);
    note_paused(&play);
    tear_down(&play);
    return play.count;
}
