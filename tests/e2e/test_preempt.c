/*
 * A run that gives way to another team's, again and again, ends with the same metrics and weights,
 * bit for bit, as one that nobody disturbed.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/remains.h"
#include "support/service.h"
#include "support/team.h"

#include <inttypes.h>
#include <signal.h>
#include <unistd.h>

enum { TIMES = 2, END_LOOKS = 5000, END_LOOK_MS = 20 };

static const char long_job[] =
    "{'kind': 'train', 'name': 'to give way', 'spec': {'dataset': 'digits', 'model': {'type': "
    "'mlp', 'hidden': [128], 'dropout': 0.1}, 'optimizer': {'type': 'adam', 'lr': 0.002}, "
    "'schedule': {'type': 'cosine'}, 'epochs': 80, 'batch_size': 64, 'report_every_steps': 20, "
    "'seed': 7, 'checkpoint_every_s': 600}}"; /* none but those it makes when it is stopped */

static const char short_job[] = "{'kind': 'train', 'reuse': false, 'spec': {'optimizer': {'type': "
                                "'sgd', 'lr': 0.1}, 'steps': 40, 'problem': "
                                "{'type': 'quadratic', 'eigenvalues': [1], 'start': [1]}}}";

/* On a machine that has much else to do the run takes a while. */
static json_t *await_end(int port, int64_t run)
{
    for (int looks = 0; looks < END_LOOKS; looks++) {
        json_t *looked = api_get(port, "/api/v1/runs/%" PRId64, run);
        if (!api_is_null(looked, "/finished_ms"))
            return looked;
        json_decref(looked);
        usleep(END_LOOK_MS * 1000);
    }
    fail_msg("run %" PRId64 " does not end", run);
    return NULL;
}

static struct remains train_undisturbed(void)
{
    static const char *const arguments[] = {"--slots", "1", NULL};
    struct service service;
    service_start(&service, arguments);
    const int64_t run = api_run_of(service.port, api_submit(service.port, long_job), 0);
    json_decref(await_end(service.port, run));
    const struct remains remains = remains_of(service.port, run);
    service_end(&service);
    return remains;
}

/* Where its worker took it up; waits for that. */
static int64_t resumed_step(int port, int64_t run)
{
    int64_t since_ms = 0;
    do {
        json_auto_t *looked = api_get(port, "/api/v1/runs/%" PRId64, run);
        if (!api_is_null(looked, "/resumed_step"))
            return api_integer(looked, "/resumed_step");
    } while (api_wait_on(&since_ms));
    fail_msg("run %" PRId64 " was not taken up", run);
    return -1;
}

/* One slot. The other team's run starts within about a second, while this one has seconds to go. */
static void a_run_that_gives_way_ends_with_the_same_bits(void **state)
{
    (void)state;
    static const char *const arguments[] = {"--slots", "1", "--preempt-after", "1", NULL};
    char admin[TEAM_TOKEN_BYTES], one[TEAM_TOKEN_BYTES], other[TEAM_TOKEN_BYTES];
    struct remains want = train_undisturbed();
    struct service service;
    service_start(&service, arguments);
    const int port = service.port;
    team_admin(port, admin);
    team_add(port, "one", "", one);
    team_add(port, "other", "", other);

    client_use_token(one);
    const int64_t job = api_submit(port, long_job), run = api_run_of(port, job, 0);
    int64_t resumed = 0;
    for (int time = 0; time < TIMES; time++) {
        client_use_token(one);
        api_await_step(port, run, resumed + 40);
        client_use_token(other);
        json_decref(api_await_job(port, api_submit(port, short_job), "succeeded"));
        client_use_token(one);
        json_auto_t *again = api_await_run(port, run, "running");
        assert_int_equal(api_integer(again, "/attempt"), time + 2);
        const int64_t from = resumed_step(port, run);
        assert_true(from > resumed);
        resumed = from;
    }
    json_auto_t *end = await_end(port, run);
    assert_string_equal(api_text(end, "/state"), "succeeded");
    assert_int_equal(api_integer(end, "/resume_mismatches"), 0);
    struct remains got = remains_of(port, run);
    assert_same_remains(&got, &want);
    remains_release(&got);
    remains_release(&want);
    client_use_token(NULL);
    service_end(&service);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_that_gives_way_ends_with_the_same_bits),
    };
    json_object_seed(0);
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
