/* Expected values: FIPS 180-4's examples, as NIST's CSRC publishes them with the standard. */
#include "support/check.h"

#include "digest.h"

static const char of_nothing[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
static const char of_abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char of_two_blocks[] =
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";
static const char of_a_million_a[] =
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

static void published_examples_come_out(void **state)
{
    char text[DIGEST_TEXT_BYTES];
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    (void)state;

    digest_of("", 0, text);
    assert_string_equal(text, of_nothing);
    digest_of("abc", 3, text);
    assert_string_equal(text, of_abc);
    digest_of(two_blocks, sizeof two_blocks - 1, text);
    assert_string_equal(text, of_two_blocks);
}

static void pieces_give_the_digest_of_the_whole(void **state)
{
    char text[DIGEST_TEXT_BYTES], thousand[1000];
    struct digest *digest = digest_new();
    (void)state;

    memset(thousand, 'a', sizeof thousand);
    for (int i = 0; i < 1000; i++)
        digest_add(digest, thousand, sizeof thousand);
    digest_finish(digest, text);
    assert_string_equal(text, of_a_million_a);
    digest_free(digest);
}

static void finishing_starts_anew(void **state)
{
    char text[DIGEST_TEXT_BYTES];
    struct digest *digest = digest_new();
    (void)state;

    digest_add(digest, "something else", 14);
    digest_finish(digest, text);
    digest_add(digest, "abc", 3);
    digest_finish(digest, text);
    assert_string_equal(text, of_abc);
    digest_free(digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_examples_come_out),
        cmocka_unit_test(pieces_give_the_digest_of_the_whole),
        cmocka_unit_test(finishing_starts_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
