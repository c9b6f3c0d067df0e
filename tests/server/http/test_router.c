/* From paths to routes. */
#include "http/router.h"

#include "memory.h"
#include "support/check.h"

#include <stdio.h>
#include <stdlib.h>

static struct reply handle(struct request *req)
{
    (void)req;
    return reply_later();
}

static const struct route jobs[] = {
    {METHOD_GET, "/api/v1/jobs", handle, BODY_NONE, 0, 0},
    {METHOD_POST, "/api/v1/jobs", handle, BODY_JSON, 0, 0},
    {METHOD_GET, "/api/v1/jobs/{id}", handle, BODY_NONE, 0, 0},
    {METHOD_GET, "/api/v1/jobs/newest", handle, BODY_NONE, 0, 0},
    {METHOD_POST, "/api/v1/jobs/{id}/cancel", handle, BODY_NONE, 0, 0},
    {METHOD_GET, "/api/v1/jobs/{id}/runs/{run}", handle, BODY_NONE, 0, 0},
    {0},
};
static const struct route others[] = {
    {METHOD_GET, "/healthz", handle, BODY_NONE, 0, 0},
    {METHOD_DELETE, "/api/v1/jobs/{id}", handle, BODY_NONE, 0, 0},
    {METHOD_PATCH, "/api/v1/jobs/{id}", handle, BODY_JSON, 0, 0},
    {0},
};
static const struct route *const tables[] = {jobs, others, NULL};

static struct router *router;

static int setup(void **state)
{
    (void)state;
    router = router_new(tables);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    router_free(router);
    return 0;
}

static const struct place *find(const char *path, struct span params[REQUEST_PARAMS_MAX])
{
    return router_find(router, path, strlen(path), params);
}

static void plain_paths_are_found_whole(void **state)
{
    struct span params[REQUEST_PARAMS_MAX];
    (void)state;
    assert_string_equal(find("/healthz", params)->path, "/healthz");
    assert_ptr_equal(find("/api/v1/jobs", params)->by_method[METHOD_POST], &jobs[1]);
    assert_null(find("/health", params));
    assert_null(find("/healthzz", params));
    assert_null(find("/healthz/", params));
    assert_null(find("//healthz", params));
    assert_null(find("/", params));
    assert_null(find("", params));
}

static void parameters_take_one_segment_each(void **state)
{
    struct span params[REQUEST_PARAMS_MAX];
    (void)state;
    assert_string_equal(find("/api/v1/jobs/17/runs/4", params)->path,
                        "/api/v1/jobs/{id}/runs/{run}");
    assert_int_equal(params[0].bytes, 2);
    assert_memory_equal(params[0].text, "17", 2);
    assert_int_equal(params[1].bytes, 1);
    assert_memory_equal(params[1].text, "4", 1);
    assert_null(find("/api/v1/jobs/", params));
    assert_null(find("/api/v1/jobs//cancel", params));
    assert_null(find("/api/v1/jobs/17/", params));
    assert_null(find("/api/v1/jobs/17/cancel/now", params));
    assert_null(find("/api/v1/jobs/17/runs", params));
}

static void a_plain_path_wins_over_a_parameter(void **state)
{
    struct span params[REQUEST_PARAMS_MAX];
    (void)state;
    assert_string_equal(find("/api/v1/jobs/newest", params)->path, "/api/v1/jobs/newest");
    assert_string_equal(find("/api/v1/jobs/newer", params)->path, "/api/v1/jobs/{id}");
}

static void a_place_knows_its_methods_from_all_tables(void **state)
{
    struct span params[REQUEST_PARAMS_MAX];
    (void)state;
    assert_string_equal(find("/api/v1/jobs", params)->allow, "GET, HEAD, POST, OPTIONS");
    const struct place *job = find("/api/v1/jobs/3", params);
    assert_string_equal(job->allow, "GET, HEAD, PATCH, DELETE, OPTIONS");
    assert_ptr_equal(job->by_method[METHOD_DELETE], &others[1]);
    assert_null(job->by_method[METHOD_PUT]);
    assert_string_equal(find("/api/v1/jobs/3/cancel", params)->allow, "POST, OPTIONS");
}

static void no_tables_serve_nothing(void **state)
{
    static const struct route *const none[] = {NULL};
    struct span params[REQUEST_PARAMS_MAX];
    (void)state;
    struct router *empty = router_new(none);
    assert_null(router_find(empty, "/", 1, params));
    router_free(empty);
}

/* More plain paths than would fit without collisions in their table. */
static void paths_whose_hashes_collide_are_all_found(void **state)
{
    enum { COUNT = 120 };
    struct route *many = xcalloc(COUNT + 1, sizeof *many);
    struct span params[REQUEST_PARAMS_MAX];
    (void)state;
    for (int i = 0; i < COUNT; i++)
        many[i] = (struct route){METHOD_GET, xprintf("/p%d", i), handle, BODY_NONE, 0, 0};
    const struct route *const list[] = {many, NULL};
    struct router *wide = router_new(list);
    for (int i = 0; i < COUNT; i++)
        assert_string_equal(router_find(wide, many[i].path, strlen(many[i].path), params)->path,
                            many[i].path);
    router_free(wide);
    for (int i = 0; i < COUNT; i++) {
        char *path;
        memcpy(&path, &many[i].path, sizeof path);
        free(path);
    }
    free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(plain_paths_are_found_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(parameters_take_one_segment_each, setup, teardown),
        cmocka_unit_test_setup_teardown(a_plain_path_wins_over_a_parameter, setup, teardown),
        cmocka_unit_test_setup_teardown(a_place_knows_its_methods_from_all_tables, setup, teardown),
        cmocka_unit_test(no_tables_serve_nothing),
        cmocka_unit_test(paths_whose_hashes_collide_are_all_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
