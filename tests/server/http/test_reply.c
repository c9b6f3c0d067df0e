/* Replies as values: problems, tags, and how JSON is written. */
#include "http/reply.h"

#include "http/json_text.h"
#include "memory.h"
#include "support/check.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

/* --- JSON ---------------------------------------------------------------------------------- */

static void assert_text(json_t *value, const char *expected)
{
    size_t count;
    char *text = json_as_text(value, &count);
    assert_string_equal(text, expected);
    assert_int_equal(count, strlen(expected));
    free(text);
    json_decref(value);
}

static void reals_have_as_few_digits_as_read_back(void **state)
{
    (void)state;
    assert_text(json_real(0.1), "0.1");
    assert_text(json_real(0.1 + 0.2), "0.30000000000000004");
    assert_text(json_real(1.0), "1.0");
    assert_text(json_real(-0.0), "-0.0");
    assert_text(json_real(1e300), "1e+300");
    assert_text(json_real(5e-324), "4.94065645841247e-324");
    assert_text(json_real(1.0 / 3.0), "0.3333333333333333");
    assert_text(json_real(123456789012345680.0), "1.2345678901234568e+17");
}

static void reals_read_back_as_the_same_bits(void **state)
{
    uint64_t bits = 1;
    (void)state;
    for (int i = 0; i < 20000; i++) {
        double value;
        bits = bits * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        json_t *real = json_real(value);
        size_t count;
        char *text = json_as_text(real, &count);
        assert_true(strtod(text, NULL) == value);
        free(text);
        json_decref(real);
    }
}

static void strings_are_escaped_as_json_wants(void **state)
{
    (void)state;
    assert_text(json_stringn("a\"b\\c\n\t\x01\0z", 10), "\"a\\\"b\\\\c\\n\\u0009\\u0001\\u0000z\"");
    assert_text(json_string("\xc3\xa9 </script>"), "\"\xc3\xa9 </script>\"");
    assert_text(json_string(""), "\"\"");
}

static void containers_keep_their_order(void **state)
{
    (void)state;
    assert_text(json_pack("{s:i, s:[b,b,n,s,I], s:{}, s:[]}", "z", 1, "a", 1, 0, "{",
                          (json_int_t)INT64_MIN, "{", "e"),
                "{\"z\":1,\"a\":[true,false,null,\"{\",-9223372036854775808],\"{\":{},\"e\":[]}");
}

/* --- problems ------------------------------------------------------------------------------ */

static void assert_problem(struct reply reply, int status, const char *body)
{
    assert_int_equal(reply.status, status);
    assert_string_equal(reply.type, "application/problem+json");
    assert_string_equal(reply.bytes, body);
    assert_int_equal(reply.count, strlen(body));
    reply_release(&reply);
}

static void a_problem_tells_type_title_status_and_detail(void **state)
{
    (void)state;
    assert_problem(reply_problem(404, "there is no job %d", 7), 404,
                   "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
                   "\"detail\":\"there is no job 7\"}");
}

static void every_kind_of_error_has_its_status(void **state)
{
    static const struct {
        enum error_kind kind;
        int status;
    } expected[] = {
        {ERROR_INTERNAL, 500},    {ERROR_INVALID, 422},  {ERROR_MALFORMED, 400},
        {ERROR_NOT_FOUND, 404},   {ERROR_CONFLICT, 409}, {ERROR_TOO_LARGE, 413},
        {ERROR_UNAVAILABLE, 503},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        const struct error err = {.kind = expected[i].kind, .sentence = "no"};
        struct reply reply = reply_error(&err);
        assert_int_equal(reply.status, expected[i].status);
        assert_string_equal(reply.reason, "no");
        assert_int_equal(reply.retry_after_s, expected[i].status == 503 ? 1 : 0);
        reply_release(&reply);
    }
}

static void problems_are_listed_by_pointer(void **state)
{
    struct problems problems = {0};
    (void)state;
    problems_add(&problems, "/spec", "lr", "must be above 0");
    problems_add(&problems, "", NULL, "is odd");
    assert_problem(reply_problems(&problems), 422,
                   "{\"type\":\"about:blank\",\"title\":\"Unprocessable Content\",\"status\":422,"
                   "\"detail\":\"/spec/lr: must be above 0 (and 1 more)\",\"errors\":["
                   "{\"pointer\":\"/spec/lr\",\"detail\":\"must be above 0\"},"
                   "{\"pointer\":\"\",\"detail\":\"is odd\"}]}");
    assert_int_equal(problems.count, 0);
}

static void a_sentence_that_is_no_utf_8_still_makes_json(void **state)
{
    (void)state;
    struct reply reply = reply_problem(404, "no \"\xff\"");
    assert_says(reply.bytes, "no \\\"\xef\xbf\xbd\\\"");
    reply_release(&reply);
}

/* --- others -------------------------------------------------------------------------------- */

static void created_things_say_where_they_are(void **state)
{
    (void)state;
    struct reply reply = reply_created(xstrdup("/api/v1/jobs/7"), json_pack("{s:i}", "id", 7));
    assert_int_equal(reply.status, 201);
    assert_string_equal(reply.location, "/api/v1/jobs/7");
    assert_string_equal(reply.bytes, "{\"id\":7}");
    reply_release(&reply);
}

static void count_close(void *context)
{
    ++*(int *)context;
}

static void a_reply_that_is_not_sent_gives_back_what_it_holds(void **state)
{
    int ends[2], closed = 0;
    char byte;
    (void)state;
    assert_int_equal(pipe(ends), 0);
    struct reply file = reply_file("text/plain", ends[1]);
    reply_release(&file);
    assert_int_equal(read(ends[0], &byte, 1), 0); /* the other end is closed */
    close(ends[0]);

    struct reply stream = reply_stream(
        "text/event-stream", (struct stream_source){.closed = count_close, .context = &closed});
    reply_release(&stream);
    reply_release(&stream);
    assert_int_equal(closed, 1);
}

static void tags_match_by_the_weak_comparison(void **state)
{
    (void)state;
    assert_true(etag_matches("\"a\"", "\"a\""));
    assert_true(etag_matches("W/\"a\"", "\"a\""));
    assert_true(etag_matches("\"a\"", "W/\"a\""));
    assert_true(etag_matches("\"b\", \"a\"", "\"a\""));
    assert_true(etag_matches(" \"b,c\" ,W/\"a\"", "\"a\""));
    assert_true(etag_matches("*", "\"a\""));
    assert_false(etag_matches("\"b\"", "\"a\""));
    assert_false(etag_matches("", "\"a\""));
    assert_false(etag_matches("a", "\"a\""));
    assert_false(etag_matches("\"aa\"", "\"a\""));
    assert_false(etag_matches("\"x, \"", "\"a\""));
    assert_false(etag_matches("\"unclosed", "\"a\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reals_have_as_few_digits_as_read_back),
        cmocka_unit_test(reals_read_back_as_the_same_bits),
        cmocka_unit_test(strings_are_escaped_as_json_wants),
        cmocka_unit_test(containers_keep_their_order),
        cmocka_unit_test(a_problem_tells_type_title_status_and_detail),
        cmocka_unit_test(every_kind_of_error_has_its_status),
        cmocka_unit_test(problems_are_listed_by_pointer),
        cmocka_unit_test(a_sentence_that_is_no_utf_8_still_makes_json),
        cmocka_unit_test(created_things_say_where_they_are),
        cmocka_unit_test(a_reply_that_is_not_sent_gives_back_what_it_holds),
        cmocka_unit_test(tags_match_by_the_weak_comparison),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
