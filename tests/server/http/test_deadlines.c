/* Clients that are slow on purpose, and too many of them. One second is the shortest deadline. */
#include "serving.h"

#include <poll.h>

static struct serving *serving;

static struct reply say_ok(struct request *req)
{
    (void)req;
    return reply_json(200, json_string("ok"));
}

static const struct route routes[] = {
    {METHOD_GET, "/ok", say_ok, BODY_NONE, 0, 0},
    {METHOD_POST, "/json", say_ok, BODY_JSON, 0, 0},
    {METHOD_POST, "/form", say_ok, BODY_FORM, 0, 0},
    {0},
};
static const struct route *const tables[] = {routes, NULL};

static int setup(void **state)
{
    (void)state;
    serving = serving_new(tables);
    serving->options.request_deadline_s = 1;
    serving->options.upload_deadline_s = 1;
    serving->options.connections_most = 20;
    serving->options.connections_each_most = 10;
    serving_start(serving);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    serving_free(serving);
    return 0;
}

/* Clients that have begun in different ways and then send a byte each 100 ms, which no timeout of
 * inactivity would notice. All must be cut off between 1 and 2 s. */
static void drips_are_cut_off_at_the_deadline(void **state)
{
    static const char form_begins[] =
        "POST /form HTTP/1.1\r\nHost: localhost:PORT\r\nContent-Length: 1000\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\nA: ";
    static const char *const beginnings[] = {
        "",
        "GET /ok HT",
        "GET /ok HTTP/1.1\r\nHost: localhost",
        "POST /json HTTP/1.1\r\nHost: localhost:PORT\r\nContent-Length: 1000\r\n\r\n[",
        "POST /json HTTP/1.1\r\nHost: localhost:PORT\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n",
        form_begins,
    };
    enum { COUNT = sizeof beginnings / sizeof beginnings[0] };
    struct http_client clients[COUNT];
    int64_t ended_ms[COUNT] = {0};
    (void)state;
    const int64_t start_ms = clock_ms();
    for (size_t i = 0; i < COUNT; i++) {
        const char *port = strstr(beginnings[i], "PORT");
        char *text = port ? xprintf("%.*s%d%s", (int)(port - beginnings[i]), beginnings[i],
                                    serving->port, port + 4)
                          : xstrdup(beginnings[i]);
        clients[i] = client_open(serving->port);
        client_send_text(&clients[i], text);
        free(text);
    }
    for (int left = COUNT; left > 0 && clock_ms() - start_ms < 4000;) {
        poll(NULL, 0, 100);
        for (size_t i = 0; i < COUNT; i++) {
            if (ended_ms[i])
                continue;
            if (client_sees_end(&clients[i], 0)) {
                ended_ms[i] = clock_ms() - start_ms;
                left--;
            } else if (i > 0) {
                client_send_text(&clients[i], "a");
            }
        }
    }
    for (size_t i = 0; i < COUNT; i++) {
        if (ended_ms[i] < 1000 || ended_ms[i] > 2500)
            fail_msg("client %zu was cut off after %d ms", i, (int)ended_ms[i]);
        client_close(&clients[i]);
    }
}

/* A keep-alive connection may rest longer than a request may take. */
static void an_idle_connection_outlives_the_deadline_of_a_request(void **state)
{
    struct http_client client = client_open(serving->port);
    (void)state;
    for (int i = 0; i < 2; i++) {
        client_send_request(&client, "GET", "/ok", NULL, NULL, 0);
        struct http_answer answer = client_read(&client);
        assert_status(answer, 200);
        answer_release(&answer);
        if (i == 0)
            assert_false(client_sees_end(&client, 1600));
    }
    client_close(&client);
}

static void one_address_has_its_share_of_connections(void **state)
{
    enum { COUNT = 10 };
    struct http_client clients[COUNT + 1];
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        clients[i] = client_open(serving->port);
        client_send_request(&clients[i], "GET", "/ok", NULL, NULL, 0);
        struct http_answer answer = client_read(&clients[i]);
        assert_status(answer, 200);
        answer_release(&answer);
    }
    clients[COUNT] = client_open(serving->port);
    assert_true(client_sees_end(&clients[COUNT], 5000));
    for (int i = 0; i <= COUNT; i++)
        client_close(&clients[i]);
}

int main(void)
{
    json_object_seed(0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(drips_are_cut_off_at_the_deadline, setup, teardown),
        cmocka_unit_test_setup_teardown(an_idle_connection_outlives_the_deadline_of_a_request,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(one_address_has_its_share_of_connections, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
