/* Requests answered later, clients that do not wait for it, and a server that stops meanwhile. */
#include "serving.h"

#include <sys/socket.h>

enum { PARKED_MOST = 64 };

static struct serving *serving;

/* Of the loop. */
static struct request *parked[PARKED_MOST];
static int parked_count;
static sem_t parked_more; /* posted for each */

static struct reply park(struct request *req)
{
    assert_true(parked_count < PARKED_MOST);
    parked[parked_count++] = req;
    sem_post(&parked_more);
    return reply_later();
}

static struct reply answer_early(struct request *req)
{
    request_answer(req, reply_json(200, json_string("early")));
    return reply_later();
}

static struct reply say_ok(struct request *req)
{
    (void)req;
    return reply_json(200, json_string("ok"));
}

static const struct route routes[] = {
    {METHOD_GET, "/park/{id}", park, BODY_NONE, 0, 0},
    {METHOD_POST, "/park/{id}", park, BODY_JSON, 0, 0},
    {METHOD_POST, "/form", park, BODY_FORM, 0, 0},
    {METHOD_GET, "/early", answer_early, BODY_NONE, 0, 0},
    {METHOD_GET, "/ok", say_ok, BODY_NONE, 0, 0},
    {0},
};
static const struct route *const tables[] = {routes, NULL};

static int setup(void **state)
{
    (void)state;
    parked_count = 0;
    sem_init(&parked_more, 0, 0);
    serving = serving_new(tables);
    serving_start(serving);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    serving_free(serving);
    sem_destroy(&parked_more);
    return 0;
}

static void wait_until_parked(int count)
{
    for (int i = 0; i < count; i++)
        sem_wait(&parked_more);
}

/* --- on the loop --------------------------------------------------------------------------- */

/* The last one first, each with what it was asked for. */
static void answer_all(void *context)
{
    (void)context;
    while (parked_count > 0) {
        struct request *req = parked[--parked_count];
        request_answer(req, reply_json(200, json_pack("{s:s, s:s, s:O?}", "id", req->param[0],
                                                      "path", req->path, "json", req->json)));
    }
}

/* Whatever a handler kept of its request must still be there, also when nobody listens. */
static void look_and_answer_all(void *context)
{
    (void)context;
    for (int i = 0; i < parked_count; i++) {
        assert_true(strlen(parked[i]->path) > 0);
        request_header(parked[i], "Host");
        request_query(parked[i], "x");
    }
    answer_all(NULL);
}

static void close_door(void *context)
{
    const struct serving *mine = context;
    http_close_door(mine->http);
}

static void count_connections(void *context)
{
    *(int *)context = http_connection_count(serving->http);
}

static int connections_now(void)
{
    int count = -1;
    serving_call(serving, count_connections, &count);
    return count;
}

/* Connections end in the loop's own time. */
static void wait_until_connections(int wanted)
{
    for (int i = 0; i < 500 && connections_now() != wanted; i++)
        usleep(10000);
    assert_int_equal(connections_now(), wanted);
}

/* --- later --------------------------------------------------------------------------------- */

static void parked_requests_are_answered_in_any_order(void **state)
{
    enum { COUNT = 20 };
    struct http_client clients[COUNT];
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        char target[32], body[32];
        snprintf(target, sizeof target, "/park/%d", i);
        snprintf(body, sizeof body, "[%d]", i * i);
        clients[i] = client_open(serving->port);
        client_send_request(&clients[i], "POST", target, NULL, body, strlen(body));
    }
    wait_until_parked(COUNT);
    serving_call(serving, answer_all, NULL);
    for (int i = 0; i < COUNT; i++) {
        char expected[64];
        snprintf(expected, sizeof expected, "{\"id\":\"%d\",\"path\":\"/park/%d\",\"json\":[%d]}",
                 i, i, i * i);
        struct http_answer answer = client_read(&clients[i]);
        assert_status(answer, 200);
        assert_string_equal(answer.body, expected);
        answer_release(&answer);
        client_close(&clients[i]);
    }
}

static void an_answer_may_come_before_the_handler_returns(void **state)
{
    (void)state;
    assert_request(serving, "GET", "/early", NULL, NULL, 200, "early");
}

static void others_are_served_while_one_waits(void **state)
{
    (void)state;
    struct http_client waiting = client_open(serving->port);
    client_send_request(&waiting, "GET", "/park/1", NULL, NULL, 0);
    wait_until_parked(1);
    assert_request(serving, "GET", "/ok", NULL, NULL, 200, NULL);
    serving_call(serving, answer_all, NULL);
    struct http_answer answer = client_read(&waiting);
    assert_status(answer, 200);
    answer_release(&answer);
    client_close(&waiting);
}

static void a_parked_connection_goes_on_with_its_next_request(void **state)
{
    (void)state;
    struct http_client client = client_open(serving->port);
    for (int i = 0; i < 3; i++) {
        client_send_request(&client, "GET", "/park/1", NULL, NULL, 0);
        client_send_request(&client, "GET", "/ok", NULL, NULL, 0);
        wait_until_parked(1);
        serving_call(serving, answer_all, NULL);
        for (int j = 0; j < 2; j++) {
            struct http_answer answer = client_read(&client);
            assert_status(answer, 200);
            answer_release(&answer);
        }
    }
    client_close(&client);
}

static void clients_that_are_gone_do_no_harm(void **state)
{
    enum { COUNT = 10 };
    struct http_client clients[COUNT];
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        clients[i] = client_open(serving->port);
        client_send_request(&clients[i], "POST", "/park/1", NULL, "[1]", 3);
    }
    wait_until_parked(COUNT);
    for (int i = 0; i < COUNT; i++) {
        if (i % 2) /* some by a reset, some politely */
            setsockopt(clients[i].fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        client_close(&clients[i]);
    }
    assert_int_equal(connections_now(), COUNT); /* a suspended one does not notice */
    serving_call(serving, look_and_answer_all, NULL);
    wait_until_connections(0);
    assert_request(serving, "GET", "/ok", NULL, NULL, 200, NULL);
}

/* The hang-up comes in one piece with the request, which libmicrohttpd does not see by itself. */
static void a_client_that_shuts_its_side_is_answered_and_let_go(void **state)
{
    enum { COUNT = 20 };
    struct http_client clients[COUNT];
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        clients[i] = client_open(serving->port);
        client_send_request(&clients[i], "GET", "/ok", NULL, NULL, 0);
        shutdown(clients[i].fd, SHUT_WR);
    }
    for (int i = 0; i < COUNT; i++) {
        struct http_answer answer = client_read(&clients[i]);
        assert_status(answer, 200);
        assert_true(client_sees_end(&clients[i], 5000));
        answer_release(&answer);
        client_close(&clients[i]);
    }
    wait_until_connections(0);
}

static void a_form_may_be_answered_later(void **state)
{
    static const char type[] = "Content-Type: multipart/form-data; boundary=XX\r\n";
    static const char body[] =
        "--XX\r\nContent-Disposition: form-data; name=\"a\"; filename=\"b\"\r\n\r\nabc\r\n--XX--";
    (void)state;
    struct http_client client = client_open(serving->port);
    client_send_request(&client, "POST", "/form", type, body, sizeof body - 1);
    wait_until_parked(1);
    assert_int_equal(parked[0]->part_count, 1);
    assert_int_equal(access(parked[0]->parts[0].path, R_OK), 0); /* there until the answer */
    parked[0]->param[0] = "none";
    serving_call(serving, answer_all, NULL);
    struct http_answer answer = client_read(&client);
    assert_status(answer, 200);
    answer_release(&answer);
    client_close(&client);
}

/* --- stopping ------------------------------------------------------------------------------ */

static void a_closing_server_answers_what_is_parked(void **state)
{
    (void)state;
    struct http_client client = client_open(serving->port);
    client_send_request(&client, "GET", "/park/1", NULL, NULL, 0);
    wait_until_parked(1);
    serving_call(serving, close_door, serving);
    struct http_answer answer = client_read(&client);
    assert_status(answer, 503);
    assert_non_null(answer_header(&answer, "Retry-After"));
    assert_string_equal(answer_header(&answer, "Connection"), "close");
    assert_says(answer.body, "the server is stopping");
    assert_true(client_sees_end(&client, 5000));
    answer_release(&answer);
    client_close(&client);
    wait_until_connections(0);
    serving_call(serving, look_and_answer_all, NULL); /* the handler learns of it too late */
}

static void a_handler_that_never_answers_does_not_keep_the_server(void **state)
{
    (void)state;
    struct http_client client = client_open(serving->port);
    client_send_request(&client, "GET", "/park/1", NULL, NULL, 0);
    wait_until_parked(1);
    serving_call(serving, close_door, serving);
    struct http_answer answer = client_read(&client);
    assert_status(answer, 503);
    answer_release(&answer);
    client_close(&client);
    parked_count = 0;
}

static void a_server_may_end_with_requests_parked_and_clients_connected(void **state)
{
    (void)state;
    struct http_client client = client_open(serving->port);
    client_send_request(&client, "GET", "/park/1", NULL, NULL, 0);
    wait_until_parked(1);
    parked_count = 0; /* teardown frees it all */
    client_close(&client);
}

static void a_closed_door_ends_idle_connections_and_takes_no_new_ones(void **state)
{
    (void)state;
    struct http_client idle = client_open(serving->port);
    client_send_request(&idle, "GET", "/ok", NULL, NULL, 0);
    struct http_answer answer = client_read(&idle);
    assert_status(answer, 200);
    answer_release(&answer);
    struct http_client silent = client_open(serving->port);
    client_send_text(&silent, "GET /o");
    wait_until_connections(2);

    serving_call(serving, close_door, serving);
    serving_call(serving, close_door, serving); /* once more changes nothing */
    assert_true(client_sees_end(&idle, 5000));
    assert_true(client_sees_end(&silent, 5000));
    client_close(&idle);
    client_close(&silent);
    wait_until_connections(0);

    struct http_client late = client_open(serving->port);
    client_send_request(&late, "GET", "/ok", NULL, NULL, 0);
    answer = client_read(&late);
    assert_status(answer, 0);
    client_close(&late);
}

static void a_request_on_its_way_is_finished_behind_a_closed_door(void **state)
{
    (void)state;
    struct http_client client = client_open(serving->port);
    client_send_request(&client, "POST", "/park/1", "Content-Length: 7\r\n", NULL, 0);
    client_send_text(&client, "[1, ");
    wait_until_connections(1);
    /* the head has been read once another request is answered */
    assert_request(serving, "GET", "/ok", NULL, NULL, 200, NULL);
    serving_call(serving, close_door, serving);
    client_send_text(&client, "2] ");
    wait_until_parked(1);
    serving_call(serving, answer_all, NULL);
    struct http_answer answer = client_read(&client);
    assert_status(answer, 200);
    assert_string_equal(answer_header(&answer, "Connection"), "close");
    assert_says(answer.body, "\"json\":[1,2]");
    answer_release(&answer);
    client_close(&client);
}

int main(void)
{
    json_object_seed(0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(parked_requests_are_answered_in_any_order, setup, teardown),
        cmocka_unit_test_setup_teardown(an_answer_may_come_before_the_handler_returns, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(others_are_served_while_one_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(a_parked_connection_goes_on_with_its_next_request, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(clients_that_are_gone_do_no_harm, setup, teardown),
        cmocka_unit_test_setup_teardown(a_client_that_shuts_its_side_is_answered_and_let_go, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_form_may_be_answered_later, setup, teardown),
        cmocka_unit_test_setup_teardown(a_closing_server_answers_what_is_parked, setup, teardown),
        cmocka_unit_test_setup_teardown(a_handler_that_never_answers_does_not_keep_the_server,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_server_may_end_with_requests_parked_and_clients_connected,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_closed_door_ends_idle_connections_and_takes_no_new_ones,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_request_on_its_way_is_finished_behind_a_closed_door,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
