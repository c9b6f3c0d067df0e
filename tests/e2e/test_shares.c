/*
 * Three teams share a server, and one floods it: another team's run starts within one run's length,
 * the machine is shared as set, and everybody sees where their jobs stand and nobody else's.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"
#include "support/team.h"

#include "memory.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* Shares of 2, 1 and 1 are 2, 1 and 1 slots of 4. */
enum { SLOTS = 4, FLOOD_SEEDS = 2500, WINDOW_S = 10 };

static char admin[TEAM_TOKEN_BYTES];

struct member {
    const char *name, *more;
    char token[TEAM_TOKEN_BYTES];
};
static struct member vision = {"vision", ", 'share': 2", ""}, speech = {"speech", "", ""},
                     text = {"text", "", ""};

static int start_with(const char *slots)
{
    static const char *arguments[] = {"--slots", NULL, NULL};
    struct member *const members[] = {&vision, &speech, &text};
    arguments[1] = slots;
    start_service_with(arguments);
    team_admin(port, admin);
    for (int i = 0; i < 3; i++)
        team_add(port, members[i]->name, members[i]->more, members[i]->token);
    return 0;
}

static int start(void **state)
{
    (void)state;
    return start_with("4");
}

static int start_without_slots(void **state)
{
    (void)state;
    return start_with("0");
}

static int start_with_one_slot(void **state)
{
    (void)state;
    return start_with("1");
}

/* --- jobs --------------------------------------------------------------------------------------
 */

#define BOWL(steps)                                                                                \
    "{'optimizer': {'type': 'sgd', 'lr': 0.1}, 'steps': " steps ", 'report_every_steps': "         \
    "100000000, 'problem': {'type': 'quadratic', 'eigenvalues': [1], 'start': [1]}}"
#define SHORT "400000" /* 50 ms of a core's time */

static int64_t submit(const struct member *member, const char *body)
{
    client_use_token(member->token);
    return api_submit(port, body);
}

static int64_t submit_one(const struct member *member)
{
    return submit(member, "{'kind': 'train', 'reuse': false, 'spec': " BOWL(SHORT) "}");
}

/* Two arms on as many seeds. */
static int64_t submit_many(const struct member *member, int seeds)
{
    char *list = NULL;
    size_t bytes;
    FILE *out = xmemstream(&list, &bytes);
    for (int seed = 1; seed <= seeds; seed++)
        fprintf(out, "%s%d", seed > 1 ? "," : "", seed);
    fclose(out);
    AUTO_FREE char *body =
        xprintf("{'kind': 'compare', 'reuse': false, 'base': " BOWL(
                    SHORT) ", 'arms': [{'name': "
                           "'a', 'patch': {}}, {'name': 'b', 'patch': {}}], 'seeds': [%s]}",
                list);
    free(list);
    return submit(member, body);
}

static void cancel(const struct member *member, int64_t job)
{
    client_use_token(member->token);
    json_decref(api_change(port, "POST", NULL, 200, "/api/v1/jobs/%" PRId64 "/cancel", job));
}

/* --- one run in a flood ------------------------------------------------------------------------
 */

struct in_between {
    int started;        /* while it waited */
    int64_t longest_ms; /* of those that ran then */
};

/* Among the flood's runs, which start in order. */
static struct in_between look_between(int64_t flood, int64_t from_ms, int64_t until_ms)
{
    struct in_between between = {0};
    client_use_token(vision.token);
    for (int64_t after = 0; after >= 0;) {
        json_auto_t *page =
            api_get(port, "/api/v1/jobs/%" PRId64 "/runs?limit=1000&after=%" PRId64, flood, after);
        const json_t *run, *runs = json_object_get(page, "runs");
        size_t i;
        json_array_foreach(runs, i, run)
        {
            const int64_t started = json_integer_value(json_object_get(run, "started_ms"));
            const int64_t finished = json_integer_value(json_object_get(run, "finished_ms"));
            if (!started)
                return between;
            between.started += started > from_ms && started <= until_ms;
            if (finished >= from_ms && started <= until_ms &&
                finished - started > between.longest_ms)
                between.longest_ms = finished - started;
        }
        after = api_is_null(page, "/next") ? -1 : api_integer(page, "/next");
    }
    return between;
}

/* In one run's length each slot comes free once. */
static void a_run_starts_within_one_run_s_length_of_a_flood(void **state)
{
    (void)state;
    const int64_t flood = submit_many(&vision, FLOOD_SEEDS);
    client_use_token(vision.token);
    api_await_step(port, api_run_of(port, flood, 8), 1);
    for (int time = 0; time < 5; time++) {
        const int64_t job = submit_one(&speech), run = api_run_of(port, job, 0);
        json_decref(api_await_job(port, job, "succeeded"));
        json_auto_t *ran = api_get(port, "/api/v1/runs/%" PRId64, run);
        const int64_t queued = api_integer(ran, "/queued_ms"),
                      started = api_integer(ran, "/started_ms");
        usleep(300000); /* until the flood's runs of that time have ended */
        const struct in_between between = look_between(flood, queued, started);
        print_message("waited %" PRId64 " ms; the flood's took up to %" PRId64 " ms; %d started\n",
                      started - queued, between.longest_ms, between.started);
        assert_in_range(between.started, 0, SLOTS);
        assert_in_range(started - queued, 0, between.longest_ms);
    }
    cancel(&vision, flood);
}

/* --- shares ------------------------------------------------------------------------------------
 */

/* Slot-seconds that the team has used; as an admin. */
static double used_by(const struct member *member)
{
    json_auto_t *queue = api_get(port, "/api/v1/queue");
    const json_t *team, *teams = json_object_get(queue, "teams");
    size_t i;
    json_array_foreach(teams, i, team)
    {
        if (strcmp(api_text(team, "/team"), member->name) == 0)
            return api_number(team, "/last_hour_slot_s");
    }
    fail_msg("team %s is not listed", member->name);
    return 0;
}

static void the_machine_is_shared_as_set(void **state)
{
    (void)state;
    static const double due[] = {0.5, 0.25, 0.25};
    struct member *const members[] = {&vision, &speech, &text};
    int64_t jobs[3];
    double used[3], sum = 0;
    for (int i = 0; i < 3; i++)
        jobs[i] = submit_many(members[i], i == 0 ? FLOOD_SEEDS : FLOOD_SEEDS / 2);
    sleep(1); /* those that came first have the whole machine until their runs end */
    client_use_token(admin);
    for (int i = 0; i < 3; i++)
        used[i] = used_by(members[i]);
    sleep(WINDOW_S);
    for (int i = 0; i < 3; i++) {
        used[i] = used_by(members[i]) - used[i];
        sum += used[i];
    }
    for (int i = 0; i < 3; i++)
        print_message("%s: %.3f of %.1f slot-seconds\n", members[i]->name, used[i] / sum, sum);
    assert_near(sum, SLOTS * WINDOW_S, 0.1 * SLOTS * WINDOW_S); /* nothing stands idle */
    for (int i = 0; i < 3; i++)
        assert_near(used[i] / sum, due[i], 0.02);
    for (int i = 0; i < 3; i++)
        cancel(members[i], jobs[i]);
}

/* --- what is seen ------------------------------------------------------------------------------
 */

static void everybody_sees_their_place_and_only_counts_of_others(void **state)
{
    (void)state;
    const int64_t first = submit_many(&vision, 3), second = submit_one(&vision);
    const int64_t paused = submit_one(&vision), other = submit_one(&speech);
    client_use_token(vision.token);
    json_decref(api_change(port, "POST", NULL, 200, "/api/v1/jobs/%" PRId64 "/pause", paused));
    json_auto_t *queue = api_get(port, "/api/v1/queue");
    assert_int_equal(api_size(queue, "/waiting"), 3);
    assert_int_equal(api_integer(queue, "/waiting/0/job"), first);
    assert_int_equal(api_integer(queue, "/waiting/0/runs"), 6);
    assert_int_equal(api_integer(queue, "/waiting/1/job"), second);
    assert_int_equal(api_integer(queue, "/waiting/2/job"), paused);
    assert_true(api_is_null(queue, "/waiting/2/place"));
    assert_true(api_is_null(queue, "/waiting/0/expected_start_ms")); /* there are no slots */
    assert_int_equal(api_integer(queue, "/waiting_runs"), 9);
    assert_int_equal(api_integer(queue, "/others/waiting_runs"), 1);
    /* vision, and all others as one: speech, text and the default team. */
    assert_int_equal(api_size(queue, "/teams"), 2);
    assert_string_equal(api_text(queue, "/teams/0/team"), "vision");
    assert_int_equal(api_integer(queue, "/teams/0/waiting_runs"), 8);
    assert_true(api_is_null(queue, "/teams/1/team"));
    assert_near(api_number(queue, "/teams/1/share"), 3, 0);
    assert_int_equal(api_integer(queue, "/teams/1/waiting_runs"), 1);

    client_use_token(speech.token);
    json_auto_t *theirs = api_get(port, "/api/v1/queue");
    assert_int_equal(api_size(theirs, "/waiting"), 1);
    assert_int_equal(api_integer(theirs, "/waiting/0/job"), other);
    assert_int_equal(api_integer(theirs, "/others/waiting_runs"), 8);
    client_use_token(admin);
    json_auto_t *all = api_get(port, "/api/v1/queue");
    assert_int_equal(api_size(all, "/waiting"), 0); /* an admin reads no other team's jobs either */
    assert_int_equal(api_size(all, "/teams"), 4);
    json_auto_t *some =
        api_get(port, "/api/v1/queue?limit=1"); /* who wants most, its own, others */
    assert_int_equal(api_size(some, "/teams"), 3);
    assert_string_equal(api_text(some, "/teams/0/team"), "vision");
    assert_string_equal(api_text(some, "/teams/1/team"), "default");
    assert_true(api_is_null(some, "/teams/2/team"));
    assert_near(api_number(some, "/teams/2/share"), 2, 0);
}

static void a_changed_share_counts_at_once(void **state)
{
    (void)state;
    client_use_token(admin);
    json_decref(
        api_change(port, "PATCH", "{'share': 5, 'max_running': 3}", 200, "/api/v1/teams/text"));
    json_auto_t *queue = api_get(port, "/api/v1/queue");
    assert_string_equal(api_text(queue, "/teams/3/team"), "text");
    assert_near(api_number(queue, "/teams/3/share"), 5, 0);
    assert_int_equal(api_integer(queue, "/teams/3/max_running"), 3);
}

/* One slot, ten like runs before it: told after the first ones, it starts about then. */
static void a_run_starts_about_when_it_was_expected_to(void **state)
{
    (void)state;
    const int64_t before = submit_many(&vision, 5), last = submit_one(&vision);
    json_decref(api_await_run(port, api_run_of(port, before, 1), "succeeded"));
    json_auto_t *queue = api_get(port, "/api/v1/queue");
    assert_int_equal(api_integer(queue, "/waiting/1/job"), last);
    assert_int_equal(api_integer(queue, "/waiting/1/place"), 2);
    json_decref(api_await_job(port, last, "succeeded"));
    json_auto_t *run = api_get(port, "/api/v1/runs/%" PRId64, api_run_of(port, last, 0));
    json_auto_t *second = api_get(port, "/api/v1/runs/%" PRId64, api_run_of(port, before, 1));
    const double asked = (double)api_integer(second, "/finished_ms");
    const double expected = (double)api_integer(queue, "/waiting/1/expected_start_ms") - asked;
    const double waited = (double)api_integer(run, "/started_ms") - asked;
    print_message("expected %.0f ms, waited %.0f ms\n", expected, waited);
    assert_true(expected > waited / 3 && expected < 3 * waited); /* whatever else runs here */
}

/* One that has not ended tells how long the others of its job take, by its steps. */
static void a_start_is_expected_before_any_run_has_ended(void **state)
{
    (void)state;
    static const char watched[] =
        "{'kind': 'train', 'reuse': false, 'spec': {'optimizer': {'type': 'sgd', 'lr': 0.001}, "
        "'steps': 30000000, 'report_every_steps': 10000, 'problem': {'type': 'quadratic', "
        "'eigenvalues': [1], 'start': [1]}}}";
    const int64_t job = submit(&vision, watched), next = submit_one(&vision);
    api_await_step(port, api_run_of(port, job, 0), 20000);
    json_auto_t *queue = api_get(port, "/api/v1/queue");
    assert_int_equal(api_integer(queue, "/waiting/0/job"), next);
    assert_true(api_integer(queue, "/waiting/0/expected_start_ms") >
                api_integer(queue, "/running/0/started_ms") +
                    api_integer(queue, "/running/0/elapsed_ms"));
    cancel(&vision, job);
    json_decref(api_await_job(port, next, "succeeded"));
}

#define TEST(name, setup) cmocka_unit_test_setup_teardown(name, setup, end_service)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_run_starts_within_one_run_s_length_of_a_flood, start),
        TEST(the_machine_is_shared_as_set, start),
        TEST(everybody_sees_their_place_and_only_counts_of_others, start_without_slots),
        TEST(a_changed_share_counts_at_once, start_without_slots),
        TEST(a_run_starts_about_when_it_was_expected_to, start_with_one_slot),
        TEST(a_start_is_expected_before_any_run_has_ended, start_with_one_slot),
    };
    json_object_seed(0);
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
