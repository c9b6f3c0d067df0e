/*
 * POST …/replay against a real server that is killed on the way: every algorithm proposes the same
 * points from what is kept, with four runs under way that end in any order; and what a replay
 * leaves out.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"

#include "memory.h"
#include "random.h"
#include "search/search.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 20, HALF = 10, UNDER_WAY = 4 };

struct play {
    const struct search_algorithm *algorithm;
    int64_t job;
    int64_t pending[UNDER_WAY];
    int asked, told, under_way;
};

/* Those that go on from weights need workers of this server. */
static bool is_tried(const struct search_algorithm *algorithm)
{
    return !(algorithm->can & CAN_CHANGE_WEIGHTS);
}

static void begin_search(struct play *play, const char *objectives)
{
    AUTO_FREE char *body = xprintf(
        "{'kind': 'search', 'runner': 'external', 'algorithm': {'type': '%s'}, 'parallel': 4,"
        " 'space': {'x': {'type': 'int', 'low': 1, 'high': 60},"
        "           'y': {'type': 'int', 'low': 1, 'high': 60}},"
        " 'enqueue': [{'x': 30, 'y': 30}], 'objectives': [%s], 'budget': {'runs': %d}}",
        play->algorithm->name, objectives, RUNS);
    play->job = api_submit(port, body);
}

static void ask_for_one(struct play *play)
{
    json_auto_t *asked =
        api_change(port, "POST", "{}", 200, "/api/v1/jobs/%lld/ask", (long long)play->job);
    play->pending[play->under_way++] = api_integer(asked, "/runs/0/id");
    play->asked++;
}

/* Any value will do: what matters is what follows from it. */
static void tell_one(struct play *play, struct rng *rng)
{
    const int place = (int)rng_below(rng, (uint32_t)play->under_way);
    AUTO_FREE char *body = xprintf("{'state': '%s', 'values': [%.17g]}",
                                   play->told % 7 == 3 ? "pruned" : "succeeded", rng_uniform(rng));
    json_decref(api_change(port, "POST", body, 200, "/api/v1/runs/%lld/tell",
                           (long long)play->pending[place]));
    play->pending[place] = play->pending[--play->under_way];
    play->told++;
}

static void play_until(struct play *play, int told)
{
    struct rng rng = rng_stream(11, RANDOM_SEARCH, (uint64_t)told);
    while (play->told < told) {
        while (play->under_way < UNDER_WAY && play->asked < RUNS)
            ask_for_one(play);
        tell_one(play, &rng);
    }
}

static void check_replay(const struct play *play)
{
    json_auto_t *replayed =
        api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/replay", (long long)play->job);
    AUTO_FREE char *text = json_dumps(replayed, JSON_COMPACT);
    if (api_integer(replayed, "/checked") != RUNS - 1 || /* without the one that was enqueued */
        api_integer(replayed, "/same") != RUNS - 1 || api_integer(replayed, "/skipped") != 1 ||
        api_size(replayed, "/different") != 0)
        fail_msg("%s: %s", play->algorithm->name, text);
}

static void every_algorithm_proposes_the_same_again(void **state)
{
    (void)state;
    struct play plays[32] = {0};
    int count = 0;
    for (int i = 0; search_algorithms[i]; i++)
        if (is_tried(search_algorithms[i]))
            plays[count++].algorithm = search_algorithms[i];
    for (int i = 0; i < count; i++) {
        begin_search(&plays[i], "{'metric': 'loss'}");
        play_until(&plays[i], HALF);
    }
    service_kill_and_restart(&service);
    port = service.port;
    for (int i = 0; i < count; i++) {
        play_until(&plays[i], RUNS);
        check_replay(&plays[i]);
    }
}

static void only_the_last_ones_are_checked_where_that_is_asked(void **state)
{
    (void)state;
    struct play play = {.algorithm = search_find("random")};
    begin_search(&play, "{'metric': 'loss'}");
    play_until(&play, RUNS);
    json_auto_t *last =
        api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/replay?last=5", (long long)play.job);
    api_assert_equal(last, "{'checked': 5, 'same': 5, 'skipped': 15, 'different': []}");
    struct http_answer none =
        api_ask(port, "POST", NULL, NULL, "/api/v1/jobs/%lld/replay?last=0", (long long)play.job);
    api_expect(&none, 422);
    answer_release(&none);
}

static void a_cancelled_run_is_a_change_by_hand(void **state)
{
    (void)state;
    struct play play = {.algorithm = search_find("tpe")};
    begin_search(&play, "{'metric': 'loss'}");
    play_until(&play, HALF);
    json_decref(api_change(port, "POST", NULL, 200, "/api/v1/runs/%lld/cancel",
                           (long long)play.pending[0]));
    play.pending[0] = play.pending[--play.under_way];
    play.told++;
    const int before = play.asked;
    play_until(&play, RUNS);
    json_auto_t *replayed =
        api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/replay", (long long)play.job);
    assert_int_equal(api_integer(replayed, "/checked"), RUNS - before);
    assert_int_equal(api_integer(replayed, "/same"), RUNS - before);
}

/* Replays that take a while are under way on more threads than there are; who reads does not wait
 * for any of them to end. */
static void reads_have_their_turn_between_replays(void **state)
{
    enum { REPLAYS = 4, ASKS = 2 };
    (void)state;
    const int64_t job = api_submit(
        port, "{'kind': 'search', 'runner': 'external', 'algorithm': 'random',"
              " 'space': {'x': {'type': 'float', 'low': 0, 'high': 1}}, 'budget': {'runs': 2000}}");
    AUTO_FREE char *target = xprintf("/api/v1/jobs/%lld/replay?last=2000", (long long)job);
    struct http_client clients[REPLAYS];
    int answered = 0;
    for (int i = 0; i < ASKS; i++)
        json_decref(api_change(port, "POST", "{'count': 1000}", 200, "/api/v1/jobs/%lld/ask",
                               (long long)job));
    for (int i = 0; i < REPLAYS; i++) {
        clients[i] = client_open(port);
        client_send_request(&clients[i], "POST", target, NULL, NULL, 0);
    }
    json_decref(api_get(port, "/api/v1/jobs/%lld", (long long)job));
    for (int i = 0; i < REPLAYS; i++) {
        struct pollfd socket = {.fd = clients[i].fd, .events = POLLIN};
        answered += poll(&socket, 1, 0) > 0;
    }
    assert_in_range(answered, 0, REPLAYS / 2 - 1);
    for (int i = 0; i < REPLAYS; i++) {
        struct http_answer answer = client_read(&clients[i]);
        json_auto_t *replayed = api_json(&answer);
        api_assert_equal(replayed,
                         "{'checked': 2000, 'same': 2000, 'skipped': 0, 'different': []}");
        answer_release(&answer);
        client_close(&clients[i]);
    }
}

static void a_search_that_is_none_is_refused(void **state)
{
    (void)state;
    struct http_answer answer = api_ask(port, "POST", NULL, NULL, "/api/v1/jobs/999999/replay");
    api_expect(&answer, 404);
    answer_release(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_algorithm_proposes_the_same_again),
        cmocka_unit_test(only_the_last_ones_are_checked_where_that_is_asked),
        cmocka_unit_test(a_cancelled_run_is_a_change_by_hand),
        cmocka_unit_test(reads_have_their_turn_between_replays),
        cmocka_unit_test(a_search_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, start_service, end_service);
}
