/* Which comparisons a search's report lists: those that say they are of it, to whom may see them.
 */
#include "kit.h"

#include "store/searches.h"
#include "store/teams.h"

enum { MOST = 3 };

static int64_t add_team(struct kit *kit)
{
    struct answer answer = {.loop = kit->loop};
    const struct team team = {.name = "red", .share = 1, .created_ms = 1};
    store_add_team(kit->store, &team, NULL, kit_id_done, &answer);
    loop_run(kit->loop);
    assert_false(answer.failed);
    return answer.id;
}

struct submitted {
    const char *request;
    int arms; /* 0: no comparison */
    int64_t team;
    bool for_everyone;
};

static int64_t submit(struct kit *kit, struct submitted from)
{
    struct job_plan plan = kit_plan(from.arms, 1);
    plan.for_everyone = from.for_everyone;
    const struct answer answer = kit_add_job_of(
        kit, &(struct new_job){
                 .plan = &plan, .request_text = from.request, .now_ms = 1000, .team = from.team});
    kit_plan_release(&plan);
    assert_false(answer.failed);
    return answer.added.job;
}

static int64_t compare(struct kit *kit, const char *request)
{
    return submit(kit, (struct submitted){.request = request, .arms = 2});
}

static void assert_listed(struct kit *kit, int64_t search, int64_t team, const int64_t *wanted,
                          int wanted_count)
{
    int64_t jobs[MOST];
    int count = -1;
    struct error err;
    if (store_read_confirmations(kit->reader, search, team, MOST, jobs, &count, &err) < 0)
        fail_msg("%s", err.sentence);
    assert_int_equal(count, wanted_count);
    for (int i = 0; i < count; i++)
        assert_int_equal(jobs[i], wanted[i]);
}

#define LISTED(...) (const int64_t[]){__VA_ARGS__}, COUNT_OF(((const int64_t[]){__VA_ARGS__}))

/* Ids begin at 1 in a new store, so that texts can name them. */
static void those_that_say_so_are_listed_newest_first(void **state)
{
    (void)state;
    struct kit *kit = kit_new(NULL);
    const int64_t search = submit(kit, (struct submitted){.request = "{\"kind\":\"search\"}"});
    assert_int_equal(search, 1);
    assert_listed(kit, search, TEAM_DEFAULT, NULL, 0);
    const int64_t first = compare(kit, "{ \"from_search\" : 1 }"); /* as a person wrote it */
    compare(kit, "{\"kind\":\"compare\"}");
    compare(kit, "{\"from_search\":2}");
    compare(kit, "{\"name\":\"\\\"from_search\\\":1\"}");
    compare(kit, "{\"base\":{\"from_search\":1}}");
    submit(kit, (struct submitted){.request = "{\"from_search\":1}"}); /* no comparison */
    const int64_t second = compare(kit, "{\"kind\":\"compare\",\"from_search\":1}");
    assert_listed(kit, search, TEAM_DEFAULT, LISTED(second, first));

    const int64_t third = compare(kit, "{\"from_search\":1}");
    const int64_t fourth = compare(kit, "{\"from_search\":1}");
    assert_listed(kit, search, TEAM_DEFAULT,
                  LISTED(fourth, third, second)); /* no more than asked */
    kit_free(kit);
}

static void other_teams_see_what_is_for_everyone(void **state)
{
    (void)state;
    struct kit *kit = kit_new(NULL);
    const int64_t red = add_team(kit);
    const int64_t search = submit(kit, (struct submitted){.request = "{}", .for_everyone = true});
    const int64_t own = compare(kit, "{\"from_search\":1}");
    const int64_t open = submit(
        kit, (struct submitted){.request = "{\"from_search\":1}", .arms = 2, .for_everyone = true});
    submit(kit, (struct submitted){.request = "{\"from_search\":1}",
                                   .arms = 2,
                                   .team = red,
                                   .for_everyone = true}); /* not the search's team */

    assert_listed(kit, search, TEAM_DEFAULT, LISTED(open, own));
    assert_listed(kit, search, red, LISTED(open));
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_that_say_so_are_listed_newest_first),
        cmocka_unit_test(other_teams_see_what_is_for_everyone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
