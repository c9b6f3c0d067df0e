/*
 * Teams in the conductor: their limits hold for what runs, and what they have used outlives it.
 */
#include "server/workers/scene.h"

#include "store/usage.h"

enum { HOUR_MS = 3600000 };

/* Two teams that share alike, with limits of 1 slot and none. */
static struct scene *scene_of_two(void)
{
    struct scene *scene = scene_new(NULL);
    scene->teams[0] = (struct team){.id = 1, .share = 1, .max_running = 1};
    scene->teams[1] = (struct team){.id = 2, .share = 1};
    return scene;
}

static struct queue_standing standing_of(const struct scene *scene, int64_t team)
{
    size_t count;
    AUTO_FREE struct queue_standing *all = conductor_standings(scene->conductor, &count);
    for (size_t i = 0; i < count; i++)
        if (all[i].team == team)
            return all[i];
    fail_msg("there is no team %" PRId64, team);
    return (struct queue_standing){0};
}

static void a_team_at_its_limit_waits_until_the_limit_is_raised(void **state)
{
    (void)state;
    struct scene *scene = scene_of_two();
    begin(scene, 3);
    const int64_t first = submit_of(scene, 1, "wait", 2), other = submit_of(scene, 2, "wait", 1);
    await_only(scene, first, "running");
    await_only(scene, other, "running");
    look_for_some_time(scene, 50);
    await_only(scene, first + 1, "queued");
    assert_int_equal(standing_of(scene, 1).running, 1);

    scene->teams[0].max_running = 2;
    conductor_set_team(scene->conductor, &scene->teams[0]);
    await_only(scene, first + 1, "running");
    assert_int_equal(standing_of(scene, 1).max_running, 2);
    scene_free(scene);
}

/* One slot: the team that has used nothing goes first, though the other one was there before. */
static void who_has_used_less_goes_first(void **state)
{
    (void)state;
    struct scene *scene = scene_of_two();
    store_save_usage(scene->kit->store,
                     &(struct team_usage){.team = 1, .slot_s = 500, .at_ms = wall_ms()}, 1);
    settle(scene);
    begin(scene, 0);
    const int64_t first = submit_of(scene, 1, "wait", 1), other = submit_of(scene, 2, "wait", 1);
    begin_again(scene, 1);
    await_only(scene, other, "running");
    await_only(scene, first, "queued");
    scene_free(scene);
}

/* Half-life 1 h: of 1,000 slot-seconds 250 are left after two hours. */
static void what_a_team_has_used_is_halved_while_the_server_is_away(void **state)
{
    (void)state;
    struct scene *scene = scene_of_two();
    const struct team_usage kept[] = {
        {.team = 1, .slot_s = 1000, .at_ms = wall_ms() - INT64_C(2) * HOUR_MS},
        {.team = 2, .slot_s = 100, .at_ms = wall_ms()},
        {.team = 77, .slot_s = 100, .at_ms = wall_ms()}, /* which is gone */
    };
    store_save_usage(scene->kit->store, kept, 3);
    settle(scene);
    begin(scene, 0);
    assert_near(standing_of(scene, 1).used_slot_s, 250, 0.2);
    assert_near(standing_of(scene, 2).used_slot_s, 100, 0.2);

    begin_again(scene, 0); /* written at the end, and taken up again */
    assert_near(standing_of(scene, 1).used_slot_s, 250, 0.2);
    assert_near(standing_of(scene, 2).used_slot_s, 100, 0.2);
    scene_free(scene);
}

static void what_runs_is_counted_for_its_team_over_a_restart(void **state)
{
    (void)state;
    struct scene *scene = scene_of_two();
    begin(scene, 1);
    await_only(scene, submit_of(scene, 2, "wait", 1), "running");
    look_for_some_time(scene, 200);
    const double before = standing_of(scene, 2).used_slot_s;
    assert_true(before >= 0.2);
    assert_true(standing_of(scene, 2).last_hour_slot_s >= 0.2);
    begin_again(scene, 0);
    assert_true(standing_of(scene, 2).used_slot_s >= 0.99 * before);
    assert_true(standing_of(scene, 2).last_hour_slot_s >= 0.2);
    assert_near(standing_of(scene, 1).used_slot_s, 0, 1e-9);
    scene_free(scene);
}

/* The minute before, and a minute of half an hour ago; the server was away for a quarter. */
static void the_last_hour_is_taken_up_again(void **state)
{
    (void)state;
    struct scene *scene = scene_of_two();
    struct team_usage kept = {.team = 1, .slot_s = 100, .at_ms = wall_ms() - HOUR_MS / 4};
    kept.minutes[0] = 30000;
    kept.minutes[30] = 60000;
    kept.minutes[50] = 7000; /* more than an hour ago by now */
    store_save_usage(scene->kit->store, &kept, 1);
    settle(scene);
    begin(scene, 0);
    assert_near(standing_of(scene, 1).last_hour_slot_s, 90, 1e-9);
    assert_near(standing_of(scene, 2).last_hour_slot_s, 0, 0);
    begin_again(scene, 0);
    begin_again(scene, 0);
    assert_near(standing_of(scene, 1).last_hour_slot_s, 90, 1e-9);
    scene_free(scene);
}

/* As when a team is removed while its first job is on the way to the disk. */
static void a_job_of_a_team_that_is_gone_runs_all_the_same(void **state)
{
    (void)state;
    struct scene *scene = scene_of_two();
    begin(scene, 1);
    conductor_remove_team(scene->conductor, 2);
    await_only(scene, submit_of(scene, 2, "succeed", 1), "succeeded");
    assert_near(standing_of(scene, 2).share, 1, 0);
    scene_free(scene);
}

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "--fd=3") == 0)
        return fake_worker();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_team_at_its_limit_waits_until_the_limit_is_raised),
        cmocka_unit_test(who_has_used_less_goes_first),
        cmocka_unit_test(what_a_team_has_used_is_halved_while_the_server_is_away),
        cmocka_unit_test(what_runs_is_counted_for_its_team_over_a_restart),
        cmocka_unit_test(the_last_hour_is_taken_up_again),
        cmocka_unit_test(a_job_of_a_team_that_is_gone_runs_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
