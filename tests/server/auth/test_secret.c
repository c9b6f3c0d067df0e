/*
 * The keyed hash against RFC 4231 (HMAC-SHA-256), and the files that keys are in.
 */
#include "support/check.h"
#include "support/folder.h"

#include "auth/secret.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static size_t bytes_of(const char *hex, unsigned char *out)
{
    size_t count = 0;
    for (unsigned byte; sscanf(hex + 2 * count, "%2x", &byte) == 1; count++)
        out[count] = (unsigned char)byte;
    return count;
}

/* RFC 4231, 4.2 to 4.4, 4.7 and 4.8. */
static void the_hash_is_that_of_rfc_4231(void **state)
{
    static const struct {
        const char *key, *data, *hash;
    } cases[] = {
        {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "ddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
         "d"
         "dddddddddd",
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        unsigned char key[200], data[200], want[SECRET_BYTES], got[SECRET_BYTES];
        const size_t key_bytes = bytes_of(cases[i].key, key);
        const size_t data_bytes = bytes_of(cases[i].data, data);
        assert_int_equal(bytes_of(cases[i].hash, want), SECRET_BYTES);
        secret_hash(key, key_bytes, data, data_bytes, got);
        assert_memory_equal(got, want, SECRET_BYTES);
        assert_true(secret_equal(got, want));
        got[SECRET_BYTES - 1] ^= 1;
        assert_false(secret_equal(got, want));
    }
}

/* RFC 4231, 4.7: a key longer than a block. */
static void a_long_key_is_hashed_first(void **state)
{
    static const char text[] = "Test Using Larger Than Block-Size Key - Hash Key First";
    unsigned char key[131], want[SECRET_BYTES], got[SECRET_BYTES];
    (void)state;
    memset(key, 0xaa, sizeof key);
    bytes_of("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54", want);
    secret_hash(key, sizeof key, text, sizeof text - 1, got);
    assert_memory_equal(got, want, SECRET_BYTES);
}

static void tokens_have_one_shape_and_never_repeat(void **state)
{
    char tokens[64][SECRET_TOKEN_LENGTH + 1];
    struct error err;
    (void)state;
    for (int i = 0; i < 64; i++) {
        assert_int_equal(secret_token(tokens[i], &err), 0);
        assert_true(secret_is_token(tokens[i]));
        assert_int_equal(strlen(tokens[i]), SECRET_TOKEN_LENGTH);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(tokens[i], tokens[j]);
    }
    tokens[0][SECRET_TOKEN_LENGTH - 1] = '\0';
    assert_false(secret_is_token(tokens[0]));
    tokens[1][0] = 'S';
    assert_false(secret_is_token(tokens[1]));
    tokens[2][10] = 'g';
    assert_false(secret_is_token(tokens[2]));
    assert_false(secret_is_token(""));
}

static int open_folder(void **state)
{
    static struct folder folder;
    folder = folder_make();
    *state = &folder;
    return 0;
}

static int remove_folder(void **state)
{
    folder_remove(*state);
    return 0;
}

static void the_key_is_made_once_and_for_its_owner_alone(void **state)
{
    const struct folder *folder = *state;
    unsigned char first[SECRET_BYTES], again[SECRET_BYTES], none[SECRET_BYTES] = {0};
    struct error err;
    struct stat status;
    assert_int_equal(secret_key(folder->path, true, first, &err), 0);
    assert_int_equal(secret_key(folder->path, false, again, &err), 0);
    assert_memory_equal(first, again, SECRET_BYTES);
    assert_memory_not_equal(first, none, SECRET_BYTES);
    assert_int_equal(stat(folder_path(folder, "token.key"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void a_key_that_others_may_read_is_refused(void **state)
{
    const struct folder *folder = *state;
    unsigned char key[SECRET_BYTES];
    struct error err;
    assert_int_equal(secret_key(folder->path, true, key, &err), 0);
    assert_int_equal(chmod(folder_path(folder, "token.key"), 0640), 0);
    assert_int_equal(secret_key(folder->path, true, key, &err), -1);
    assert_says(err.sentence, "chmod 600");
}

static void half_a_key_is_refused_and_left_alone(void **state)
{
    const struct folder *folder = *state;
    unsigned char key[SECRET_BYTES];
    struct error err;
    struct stat status;
    folder_write(folder, "token.key", "half", 4);
    assert_int_equal(chmod(folder_path(folder, "token.key"), 0600), 0);
    assert_int_equal(secret_key(folder->path, true, key, &err), -1);
    assert_says(err.sentence, "not a key of 32 bytes");
    assert_int_equal(stat(folder_path(folder, "token.key"), &status), 0);
    assert_int_equal(status.st_size, 4);
}

static void a_key_that_is_missing_beside_tokens_is_not_made_anew(void **state)
{
    const struct folder *folder = *state;
    unsigned char key[SECRET_BYTES];
    struct error err;
    struct stat status;
    assert_int_equal(secret_key(folder->path, false, key, &err), -1);
    AUTO_FREE char *says = xprintf("there is no \"%s\"", folder_path(folder, "token.key"));
    assert_says(err.sentence, says);
    assert_says(err.sentence, "head -c 32 /dev/urandom >");
    assert_int_equal(stat(folder_path(folder, "token.key"), &status), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_is_that_of_rfc_4231),
        cmocka_unit_test(a_long_key_is_hashed_first),
        cmocka_unit_test(tokens_have_one_shape_and_never_repeat),
        TEST(the_key_is_made_once_and_for_its_owner_alone),
        TEST(a_key_that_others_may_read_is_refused),
        TEST(half_a_key_is_refused_and_left_alone),
        TEST(a_key_that_is_missing_beside_tokens_is_not_made_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
