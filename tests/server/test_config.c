/* The command line: defaults, both ways to give a value, and refusals that say what is accepted. */
#include "support/check.h"

#include "config.h"

#include <stdio.h>
#include <stdlib.h>

static int read_line(struct config *config, struct error *err, int count, const char *const *words)
{
    char *argv[8] = {(char[]){"sweepd"}};
    for (int i = 0; i < count; i++)
        argv[i + 1] = (char *)(uintptr_t)words[i]; /* main()'s type; nobody writes */
    return config_read(count + 1, argv, config, err);
}

#define READ(...)                                                                                  \
    read_line(&config, &err, (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)),        \
              (const char *[]){__VA_ARGS__})

static void what_is_not_given_has_its_default(void **state)
{
    struct config config;
    struct error err;
    (void)state;
    assert_int_equal(read_line(&config, &err, 0, NULL), 0);
    assert_string_equal(config.data, "var");
    assert_string_equal(config.listen, "127.0.0.1:8080");
    assert_int_equal(config.slots, -1);
    assert_int_equal(config.body_most, 1048576);
    assert_int_equal(config.upload_most, 4294967296);
    assert_int_equal(config.connections, 1024);
    assert_int_equal(config.streams, 256);
    assert_int_equal(config.ring, 4096);
    assert_int_equal(config.mailbox, 8192);
    assert_int_equal(config.lease_s, 30);
    assert_false(config.demo);
}

static void a_value_stands_behind_a_space_or_an_equals_sign(void **state)
{
    struct config config;
    struct error err;
    (void)state;
    assert_int_equal(READ("--slots", "3", "--data=/somewhere", "--demo"), 0);
    assert_int_equal(config.slots, 3);
    assert_string_equal(config.data, "/somewhere");
    assert_true(config.demo);
}

static void refusals_name_the_option_and_what_it_takes(void **state)
{
    struct config config;
    struct error err;
    (void)state;
    assert_int_equal(READ("--slots", "many"), -1);
    assert_says(err.sentence, "--slots takes a whole number from -1 to 1024");
    assert_int_equal(READ("--slots", "1025"), -1);
    assert_int_equal(READ("--slots"), -1);
    assert_says(err.sentence, "--slots needs a value");
    assert_int_equal(READ("--slot", "1"), -1);
    assert_says(err.sentence, "no option --slot");
    assert_int_equal(READ("data"), -1);
    assert_says(err.sentence, "\"data\" is not an option");
    assert_int_equal(READ("--auth", "require"), -1);
    assert_says(err.sentence, "--auth takes one of auto, required, not \"require\"");
    assert_int_equal(READ("--auth", "required"), 0);
    assert_string_equal(config.auth, "required");
    assert_int_equal(READ("--demo=yes"), -1);
    assert_says(err.sentence, "--demo takes no value");
    assert_int_equal(READ("--data="), -1);
    assert_says(err.sentence, "--data");
}

static void the_help_has_a_line_for_each_option(void **state)
{
    static const char *const names[] = {"--data",   "--listen", "--worker", "--slots",
                                        "--lease",  "--ring",   "--demo",   "--request-deadline",
                                        "--ballast"};
    (void)state;
    char *help = config_help();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_says(help, names[i]);
    free(help);
}

/* README.md shows the same table. */
static void the_readme_shows_the_settings_as_they_are(void **state)
{
    (void)state;
    FILE *file = fopen("README.md", "re");
    assert_non_null(file);
    static char text[65536];
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    char *table = config_markdown();
    assert_says(text, table);
    free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_given_has_its_default),
        cmocka_unit_test(a_value_stands_behind_a_space_or_an_equals_sign),
        cmocka_unit_test(refusals_name_the_option_and_what_it_takes),
        cmocka_unit_test(the_help_has_a_line_for_each_option),
        cmocka_unit_test(the_readme_shows_the_settings_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
