/* Teams and tokens in memory, beside a real store; and whose jobs are. */
#include "server/store/kit.h"

#include "auth/auth.h"
#include "auth/owners.h"

static struct kit *kit;
static struct auth *auth;

static void open_auth(void)
{
    struct error err;
    if (auth_open(kit->store, kit->folder.path, &auth, &err) < 0)
        fail_msg("%s", err.sentence);
}

static int start(void **state)
{
    (void)state;
    kit = kit_new(NULL);
    open_auth();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    kit_stop(kit);
    auth_free(auth);
    kit_free(kit);
    return 0;
}

static void restart(void)
{
    kit_stop(kit);
    auth_free(auth);
    kit_start(kit);
    open_auth();
}

static struct answer add_team(const char *name)
{
    struct answer answer = {.loop = kit->loop};
    struct team team = {.share = 2, .max_running = 8, .created_ms = 1};
    snprintf(team.name, sizeof team.name, "%s", name);
    auth_add_team(auth, &team, NULL, kit_id_done, &answer);
    loop_run(kit->loop);
    return answer;
}

static int64_t add_token(int64_t team, int64_t expires_ms, char text[SECRET_TOKEN_LENGTH + 1])
{
    struct answer answer = {.loop = kit->loop};
    const struct token token = {.team = team,
                                .role = ROLE_MEMBER,
                                .name = "ci",
                                .created_ms = 10,
                                .expires_ms = expires_ms};
    struct error err;
    assert_int_equal(auth_add_token(auth, &token, text, NULL, kit_id_done, &answer, &err), 0);
    loop_run(kit->loop);
    assert_false(answer.failed);
    return answer.id;
}

static void a_fresh_server_has_one_team_and_no_token(void **state)
{
    (void)state;
    assert_int_equal(auth_team_count(auth), 1);
    assert_string_equal(auth_team(auth, TEAM_DEFAULT)->name, "default");
    assert_near(auth_team(auth, TEAM_DEFAULT)->share, 1, 0);
    assert_false(auth_has_tokens(auth));
}

static void a_team_is_known_by_name_also_after_a_restart(void **state)
{
    (void)state;
    const struct answer added = add_team("vision");
    assert_false(added.failed);
    assert_int_equal(auth_team_named(auth, "vision")->id, added.id);
    assert_int_equal(add_team("vision").err.kind, ERROR_CONFLICT);
    restart();
    const struct team *team = auth_team_named(auth, "vision");
    assert_int_equal(team->id, added.id);
    assert_int_equal(team->max_running, 8);
    assert_near(team->share, 2, 0);
    assert_null(auth_team_named(auth, "speech"));
}

static void a_token_opens_and_a_changed_one_does_not(void **state)
{
    char text[SECRET_TOKEN_LENGTH + 1];
    (void)state;
    const int64_t vision = add_team("vision").id;
    const int64_t id = add_token(vision, 0, text);
    const struct token *token = auth_find(auth, text, 100);
    assert_int_equal(token->id, id);
    assert_int_equal(token->team, vision);
    assert_int_equal(token->role, ROLE_MEMBER);
    assert_memory_equal(token->prefix, text, SECRET_PREFIX_LENGTH);
    text[SECRET_TOKEN_LENGTH - 1] ^= 1;
    assert_null(auth_find(auth, text, 100));
    text[SECRET_TOKEN_LENGTH - 1] ^= 1;
    restart();
    assert_non_null(auth_find(auth, text, 100));
}

static void a_token_ends_at_its_time(void **state)
{
    char text[SECRET_TOKEN_LENGTH + 1];
    (void)state;
    const int64_t id = add_token(TEAM_DEFAULT, 1000, text);
    assert_non_null(auth_find(auth, text, 999));
    assert_null(auth_find(auth, text, 1000));
    assert_true(auth_is_good(auth, id, 999));
    assert_false(auth_is_good(auth, id, 1000));
}

static void a_revoked_token_is_none_but_there_was_one(void **state)
{
    char text[SECRET_TOKEN_LENGTH + 1];
    struct answer answer = {.loop = kit->loop};
    (void)state;
    const int64_t id = add_token(TEAM_DEFAULT, 0, text);
    auth_revoke_token(auth, id, 50, NULL, kit_done, &answer);
    loop_run(kit->loop);
    assert_false(answer.failed);
    assert_null(auth_find(auth, text, 100));
    assert_true(auth_has_tokens(auth));
    auth_revoke_token(auth, id, 60, NULL, kit_done, &answer);
    loop_run(kit->loop);
    assert_int_equal(answer.err.kind, ERROR_CONFLICT);
    restart();
    assert_null(auth_find(auth, text, 100));
    assert_true(auth_has_tokens(auth));
}

static void a_rotated_token_gives_way_to_the_new_one(void **state)
{
    char old[SECRET_TOKEN_LENGTH + 1], new[SECRET_TOKEN_LENGTH + 1];
    struct answer answer = {.loop = kit->loop};
    struct error err;
    (void)state;
    const int64_t id = add_token(TEAM_DEFAULT, 0, old);
    struct token like = *auth_token(auth, id);
    like.created_ms = 70;
    assert_int_equal(auth_replace_token(auth, id, &like, new, NULL, kit_id_done, &answer, &err), 0);
    loop_run(kit->loop);
    assert_false(answer.failed);
    assert_null(auth_find(auth, old, 100));
    assert_int_equal(auth_find(auth, new, 100)->id, answer.id);
    assert_int_equal(auth_token(auth, id)->revoked_ms, 70);
}

static void among_thousands_each_is_found(void **state)
{
    enum { MANY = 2000 };
    char(*texts)[SECRET_TOKEN_LENGTH + 1] = xcalloc(MANY, sizeof *texts);
    (void)state;
    for (int i = 0; i < MANY; i++)
        add_token(TEAM_DEFAULT, 0, texts[i]);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(auth_find(auth, texts[i], 20)->id, i + 1);
    free(texts);
}

static void the_last_use_is_kept_to_the_minute(void **state)
{
    char text[SECRET_TOKEN_LENGTH + 1];
    (void)state;
    const int64_t id = add_token(TEAM_DEFAULT, 0, text);
    auth_find(auth, text, 100000);
    auth_find(auth, text, 100001);
    restart();
    assert_int_equal(auth_token(auth, id)->used_ms, 100000);
}

static struct answer remove_team(int64_t team)
{
    struct answer answer = {.loop = kit->loop};
    auth_remove_team(auth, team, 90, NULL, kit_done, &answer);
    loop_run(kit->loop);
    return answer;
}

static void a_removed_team_takes_its_tokens_with_it(void **state)
{
    char text[SECRET_TOKEN_LENGTH + 1];
    (void)state;
    const int64_t vision = add_team("vision").id;
    add_token(vision, 0, text);
    assert_false(remove_team(vision).failed);
    assert_null(auth_find(auth, text, 100));
    assert_null(auth_team(auth, vision));
    assert_true(auth_has_tokens(auth));
    assert_true(add_team("vision").id > vision); /* its number is not given again */
    assert_null(auth_find(auth, text, 100));
}

static struct answer try_job(int64_t team, int runs)
{
    struct job_plan plan = kit_plan(0, runs);
    const struct answer added = kit_add_job_of(
        kit, &(struct new_job){.plan = &plan, .request_text = "{}", .now_ms = 1, .team = team});
    kit_plan_release(&plan);
    return added;
}

static int64_t add_job(int64_t team, int runs)
{
    const struct answer added = try_job(team, runs);
    assert_false(added.failed);
    return added.added.job;
}

/* It was planned while there still was one. */
static void a_job_of_a_team_that_is_gone_is_refused(void **state)
{
    (void)state;
    const int64_t vision = add_team("vision").id;
    assert_false(remove_team(vision).failed);
    const struct answer refused = try_job(vision, 2);
    assert_true(refused.failed);
    assert_int_equal(refused.err.kind, ERROR_CONFLICT);
    assert_says(refused.err.sentence, "the team was just removed");
}

static void a_team_that_owns_something_stays(void **state)
{
    (void)state;
    const int64_t vision = add_team("vision").id;
    add_job(vision, 2);
    const struct answer refused = remove_team(vision);
    assert_int_equal(refused.err.kind, ERROR_CONFLICT);
    assert_says(refused.err.sentence, "owns 1 jobs and 0 data sets");
    assert_non_null(auth_team(auth, vision));
}

static void a_limit_below_what_there_is_is_refused(void **state)
{
    struct answer answer = {.loop = kit->loop};
    (void)state;
    const int64_t vision = add_team("vision").id;
    add_job(vision, 5);
    struct team_change change = {.team = vision, .fields = TEAM_MAX_QUEUED, .to.max_queued = 4};
    auth_change_team(auth, &change, NULL, kit_done, &answer);
    loop_run(kit->loop);
    assert_int_equal(answer.err.kind, ERROR_INVALID);
    assert_says(answer.err.sentence, "max_queued 4 is below what the team has at present, 5");
    assert_int_equal(auth_team(auth, vision)->max_queued, 0);
    change.to.max_queued = 5;
    answer.failed = false;
    auth_change_team(auth, &change, NULL, kit_done, &answer);
    loop_run(kit->loop);
    assert_false(answer.failed);
    assert_int_equal(auth_team(auth, vision)->max_queued, 5);
}

/* Neither has seen what the other wants when it asks. */
static void two_changes_at_once_both_hold(void **state)
{
    struct answer second = {.loop = kit->loop};
    (void)state;
    const int64_t vision = add_team("vision").id;
    const struct team_change share = {.team = vision, .fields = TEAM_SHARE, .to.share = 5};
    const struct team_change queued = {
        .team = vision, .fields = TEAM_MAX_QUEUED, .to.max_queued = 7};
    auth_change_team(auth, &share, NULL, NULL, NULL);
    auth_change_team(auth, &queued, NULL, kit_done, &second);
    loop_run(kit->loop);
    assert_false(second.failed);
    for (int i = 0; i < 2; i++) { /* in memory, and on disk */
        const struct team *team = auth_team(auth, vision);
        assert_near(team->share, 5, 0);
        assert_int_equal(team->max_queued, 7);
        assert_int_equal(team->max_running, 8);
        assert_string_equal(team->name, "vision");
        restart();
    }
}

static void jobs_and_runs_are_their_teams(void **state)
{
    struct owners *owners;
    struct error err;
    (void)state;
    const int64_t vision = add_team("vision").id;
    const int64_t first = add_job(TEAM_DEFAULT, 3), second = add_job(vision, 2);
    assert_int_equal(owners_load(kit->store, &owners, &err), 0);
    assert_int_equal(owners_job(owners, first)->team, TEAM_DEFAULT);
    assert_int_equal(owners_job(owners, second)->team, vision);
    assert_null(owners_job(owners, second + 1));
    assert_null(owners_job(owners, 0));
    for (int64_t run = 1; run <= 5; run++)
        assert_int_equal(owners_run(owners, run)->id, run <= 3 ? first : second);
    assert_null(owners_run(owners, 6));
    assert_null(owners_run(owners, 0));
    owners_free(owners);
}

/* Ids of runs that were never tried are given once more, to whoever comes next. */
static void runs_that_a_search_got_later_are_its_own(void **state)
{
    struct owners *owners;
    struct error err;
    (void)state;
    const int64_t first = add_job(TEAM_DEFAULT, 3), second = add_job(TEAM_DEFAULT, 2);
    assert_int_equal(owners_load(kit->store, &owners, &err), 0);
    owners_add_runs(owners, first, 6, 5);
    for (int64_t run = 1; run <= 10; run++)
        assert_int_equal(owners_run(owners, run)->id, run <= 3 || run > 5 ? first : second);
    assert_null(owners_run(owners, 11));
    owners_add_runs(owners, second, 8, 1);
    assert_int_equal(owners_run(owners, 7)->id, first);
    assert_int_equal(owners_run(owners, 8)->id, second);
    const struct owned_job third = {.id = second + 1, .first_run = 8, .run_count = 2};
    owners_add(owners, &third);
    assert_int_equal(owners_run(owners, 7)->id, first);
    assert_int_equal(owners_run(owners, 9)->id, third.id);
    owners_add_runs(owners, first, 8, 1); /* the third one has tried none of its own */
    assert_int_equal(owners_run(owners, 8)->id, first);
    assert_int_equal(owners_job(owners, third.id)->id, third.id);
    owners_free(owners);
}

static void the_key_of_the_machine_opens_as_an_admin(void **state)
{
    char text[SECRET_TOKEN_LENGTH + 1];
    struct error err;
    (void)state;
    assert_int_equal(secret_token(text, &err), 0);
    assert_null(auth_find(auth, text, 1));
    auth_set_master(auth, text);
    assert_int_equal(auth_find(auth, text, 1)->role, ROLE_ADMIN);
    assert_int_equal(auth_find(auth, text, 1)->id, 0);
    assert_false(auth_has_tokens(auth));
}

struct told {
    int calls;
    int64_t id;
    bool is_gone;
    int64_t max_running;
};

static void note_team(void *context, int64_t id, const struct team *team)
{
    struct told *told = context;
    *told = (struct told){told->calls + 1, id, !team, team ? team->max_running : 0};
}

static void whoever_watches_hears_of_each_team_that_comes_changes_or_goes(void **state)
{
    struct told told = {0};
    struct answer answer = {.loop = kit->loop};
    (void)state;
    auth_watch_teams(auth, note_team, &told);
    assert_int_equal(told.calls, 1); /* the one that is there */
    assert_int_equal(told.id, TEAM_DEFAULT);

    const int64_t vision = add_team("vision").id;
    assert_int_equal(told.calls, 2);
    assert_int_equal(told.id, vision);
    assert_int_equal(told.max_running, 8);
    assert_true(add_team("vision").failed);
    assert_int_equal(told.calls, 2);

    const struct team_change change = {
        .team = vision, .fields = TEAM_MAX_RUNNING, .to.max_running = 3};
    auth_change_team(auth, &change, NULL, kit_done, &answer);
    loop_run(kit->loop);
    assert_int_equal(told.max_running, 3);
    auth_remove_team(auth, vision, 5, NULL, kit_done, &answer);
    loop_run(kit->loop);
    assert_int_equal(told.id, vision);
    assert_true(told.is_gone);
    assert_int_equal(told.calls, 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_fresh_server_has_one_team_and_no_token),
        TEST(a_team_is_known_by_name_also_after_a_restart),
        TEST(a_token_opens_and_a_changed_one_does_not),
        TEST(a_token_ends_at_its_time),
        TEST(a_revoked_token_is_none_but_there_was_one),
        TEST(a_rotated_token_gives_way_to_the_new_one),
        TEST(among_thousands_each_is_found),
        TEST(the_last_use_is_kept_to_the_minute),
        TEST(a_removed_team_takes_its_tokens_with_it),
        TEST(a_team_that_owns_something_stays),
        TEST(a_job_of_a_team_that_is_gone_is_refused),
        TEST(a_limit_below_what_there_is_is_refused),
        TEST(whoever_watches_hears_of_each_team_that_comes_changes_or_goes),
        TEST(two_changes_at_once_both_hold),
        TEST(jobs_and_runs_are_their_teams),
        TEST(runs_that_a_search_got_later_are_its_own),
        TEST(the_key_of_the_machine_opens_as_an_admin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
