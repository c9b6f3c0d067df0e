/* Who did what: in the same transaction as what they did, or neither. */
#include "server/store/kit.h"

#include "store/teams.h"

#include <sqlite3.h>

static const struct audit_entry entry = {.at_ms = 77,
                                         .team = TEAM_DEFAULT,
                                         .method = "POST",
                                         .what = "/api/v1/teams",
                                         .subject = "/api/v1/teams/red",
                                         .origin = "192.0.2.1"};

static int start(void **state)
{
    *state = kit_new(NULL);
    return 0;
}

static int stop(void **state)
{
    kit_free(*state);
    return 0;
}

static json_t *read_audit(struct kit *kit)
{
    json_t *page;
    struct error err;
    if (store_read_audit(kit->reader, &(struct page){.limit = 100}, &page, &err) < 0)
        fail_msg("%s", err.sentence);
    return page;
}

static void assert_audit(struct kit *kit, const char *want)
{
    json_auto_t *page = read_audit(kit);
    assert_member(page, "audit", want);
}

static struct answer add_team(struct kit *kit, const char *name, const struct audit_entry *audit)
{
    struct answer answer = {.loop = kit->loop};
    struct team team = {.share = 1, .created_ms = 1};
    snprintf(team.name, sizeof team.name, "%s", name);
    store_add_team(kit->store, &team, audit, kit_id_done, &answer);
    loop_run(kit->loop);
    return answer;
}

static struct answer add_job(struct kit *kit, const char *key, const struct audit_entry *audit)
{
    struct answer answer = {.loop = kit->loop};
    struct job_plan plan = kit_plan(0, 2);
    const struct new_job job = {.plan = &plan,
                                .request_text = "{}",
                                .idempotency_key = key,
                                .body_digest = key,
                                .now_ms = 1000,
                                .audit = audit};
    store_add_job(kit->store, &job, kit_job_added, &answer);
    loop_run(kit->loop);
    kit_plan_release(&plan);
    return answer;
}

static void a_change_and_its_entry_are_on_disk_together(void **state)
{
    struct kit *kit = *state;
    assert_false(add_team(kit, "red", &entry).failed);
    kit_restart(kit);
    assert_audit(kit, "[{\"id\": 1, \"at_ms\": 77, \"team\": \"default\", \"token\": null,"
                      " \"who\": \"without a token\", \"what\": \"POST /api/v1/teams\","
                      " \"subject\": \"/api/v1/teams/red\", \"from\": \"192.0.2.1\"}]");
}

static void an_entry_names_what_was_made_by_its_number(void **state)
{
    struct kit *kit = *state;
    struct audit_entry made = entry;
    made.subject = "/api/v1/jobs";
    made.adds_id = true;
    add_job(kit, NULL, NULL);
    assert_int_equal(add_job(kit, "key", &made).added.job, 2);
    assert_true(add_job(kit, "key", &made).added.repeated); /* makes nothing, tells nothing */
    json_auto_t *page = read_audit(kit);
    const json_t *list = json_object_get(page, "audit");
    assert_int_equal(json_array_size(list), 1);
    assert_member(json_array_get(list, 0), "subject", "\"/api/v1/jobs/2\"");
}

static void a_change_that_is_refused_leaves_no_entry(void **state)
{
    struct kit *kit = *state;
    add_team(kit, "red", NULL);
    assert_true(add_team(kit, "red", &entry).failed);
    assert_audit(kit, "[]");
}

/* Whatever keeps the entry from being written: here a trigger. */
static void refuse_entries(const struct kit *kit)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(folder_path(&kit->folder, "sweepd.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "CREATE TRIGGER refuse BEFORE INSERT ON audit BEGIN"
                                  " SELECT raise(ABORT, 'no entries today'); END",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
}

static void change_share(struct kit *kit, const struct audit_entry *audit, struct answer *answer)
{
    const struct team_change change = {
        .team = TEAM_DEFAULT, .fields = TEAM_SHARE, .to.share = audit ? 3 : 2};
    store_change_team(kit->store, &change, audit, answer ? kit_done : NULL, answer);
}

static void cancel_all(struct kit *kit, int64_t job, const struct audit_entry *audit,
                       struct answer *answer)
{
    const struct job_change of_job = {.job = job, .audit = audit};
    const struct runs_change cancel = {.job = job,
                                       .arm = -1,
                                       .phase = -1,
                                       .from = RUN_QUEUED,
                                       .waiting_too = true,
                                       .to = RUN_CANCELLED,
                                       .now_ms = 5,
                                       .change = &of_job};
    store_change_runs(kit->store, &cancel, kit_done, answer);
    loop_run(kit->loop);
}

static void keep_share(void *context, const struct team *team)
{
    if (team->id == TEAM_DEFAULT)
        *(double *)context = team->share;
}

static void keep_nothing(void *context, const struct token *token)
{
    (void)context;
    (void)token;
}

static void a_change_whose_entry_cannot_be_written_is_not_made(void **state)
{
    struct kit *kit = *state;
    struct answer answer = {.loop = kit->loop};
    struct error err;
    double share = 0;
    const int64_t job = add_job(kit, NULL, NULL).added.job;
    refuse_entries(kit);
    assert_true(add_team(kit, "red", &entry).failed);
    assert_true(add_job(kit, NULL, &entry).failed);
    cancel_all(kit, job, &entry, &answer);
    assert_true(answer.failed);
    change_share(kit, NULL, NULL); /* in the same transaction as the next, which fails */
    change_share(kit, &entry, &answer);
    loop_run(kit->loop);
    assert_true(answer.failed);

    assert_false(add_team(kit, "red", NULL).failed); /* the name was not taken */
    assert_int_equal(add_job(kit, NULL, NULL).added.job, job + 1);
    json_auto_t *kept = kit_job(kit, job);
    assert_member(kept, "state", "\"queued\"");
    assert_int_equal(store_load_teams(kit->store, keep_share, keep_nothing, &share, &err), 0);
    assert_near(share, 2, 0);
}

static void runs_that_wait_are_cancelled_with_those_in_line(void **state)
{
    struct kit *kit = *state;
    struct answer answer = {.loop = kit->loop};
    struct job_plan plan = kit_plan(0, 3);
    plan.runs[1].waiting = true;
    const int64_t job = kit_add_plan(kit, &plan, NULL, NULL, 1000).added.job;
    kit_plan_release(&plan);
    cancel_all(kit, job, &entry, &answer);
    assert_false(answer.failed);
    json_auto_t *kept = kit_job(kit, job);
    assert_member(kept, "state", "\"cancelled\"");
    assert_member(json_object_get(kept, "runs"), "cancelled", "3");
    json_auto_t *page = read_audit(kit);
    assert_int_equal(json_array_size(json_object_get(page, "audit")), 1);
}

static void what_changes_nothing_has_an_entry_alone(void **state)
{
    struct kit *kit = *state;
    struct answer answer = {.loop = kit->loop};
    struct audit_entry login = entry;
    login.team = AUDIT_NOBODY;
    store_add_audit(kit->store, &login, kit_done, &answer);
    loop_run(kit->loop);
    assert_false(answer.failed);
    json_auto_t *page = read_audit(kit);
    const json_t *list = json_object_get(page, "audit");
    assert_member(json_array_get(list, 0), "team", "null");
    assert_member(json_array_get(list, 0), "who", "\"without a token\"");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_change_and_its_entry_are_on_disk_together),
        TEST(an_entry_names_what_was_made_by_its_number),
        TEST(a_change_that_is_refused_leaves_no_entry),
        TEST(a_change_whose_entry_cannot_be_written_is_not_made),
        TEST(runs_that_wait_are_cancelled_with_those_in_line),
        TEST(what_changes_nothing_has_an_entry_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
