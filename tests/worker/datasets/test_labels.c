#include "support/check.h"

#include "datasets/labels.h"

#include <stdio.h>

enum { MANY = 65535 };

static uint32_t add(struct labels *labels, const char *text)
{
    struct error err;
    uint32_t place = 99;
    assert_int_equal(labels_add_text(labels, text, strlen(text), MANY, &place, &err), 0);
    return place;
}

static void check_classes(struct labels *labels, const uint16_t *want_class,
                          const char *const *want_names)
{
    uint16_t class_of[16];
    json_t *names;

    labels_sort(labels, class_of, &names);
    assert_int_equal(json_array_size(names), labels->count);
    for (uint32_t i = 0; i < labels->count; i++) {
        assert_int_equal(class_of[i], want_class[i]);
        assert_string_equal(json_string_value(json_array_get(names, i)), want_names[i]);
    }
    json_decref(names);
}

static void equal_labels_share_a_place(void **state)
{
    struct labels labels = {0};
    (void)state;
    assert_int_equal(add(&labels, "+1"), 0);
    assert_int_equal(add(&labels, "-1"), 1);
    assert_int_equal(add(&labels, "1.0"), 0);
    assert_int_equal(add(&labels, "0"), 2);
    assert_int_equal(add(&labels, "-0"), 2);
    assert_int_equal(add(&labels, "cat"), 3);
    assert_int_equal(add(&labels, "Cat"), 4);
    assert_int_equal(labels.count, 5);
    labels_release(&labels);
}

static void classes_are_numbers_by_value_then_texts_by_bytes(void **state)
{
    struct labels labels = {0};
    static const char *const come[] = {"dog", "10", "9", "-2.5", "Cat"};
    static const uint16_t class_of[] = {4, 2, 1, 0, 3};
    static const char *const names[] = {"-2.5", "9", "10", "Cat", "dog"};
    (void)state;

    for (size_t i = 0; i < 5; i++)
        add(&labels, come[i]);
    check_classes(&labels, class_of, names);
    assert_false(labels_are_numbers(&labels));
    assert_true(labels_are_mixed(&labels));
    labels_release(&labels);
}

static void whole_numbers_are_told_from_others(void **state)
{
    struct labels labels = {0};
    (void)state;
    add(&labels, "3");
    add(&labels, "-4.0");
    assert_true(labels_are_whole(&labels));
    add(&labels, "0.5");
    assert_false(labels_are_whole(&labels));
    assert_true(labels_are_numbers(&labels));
    assert_false(labels_are_mixed(&labels));
    labels_release(&labels);
}

static void one_label_too_many_is_refused_but_known_ones_are_not(void **state)
{
    struct labels labels = {0};
    struct error err;
    uint32_t place;
    (void)state;

    for (int i = 0; i < MANY; i++)
        assert_int_equal(labels_add_number(&labels, i, MANY, &place, &err), 0);
    assert_int_equal(labels_add_number(&labels, MANY, MANY, &place, &err), -1);
    assert_int_equal(err.kind, ERROR_TOO_LARGE);
    assert_says(err.sentence, "65535");
    assert_int_equal(labels_add_number(&labels, 7, MANY, &place, &err), 0);
    assert_int_equal(place, 7);
    labels_release(&labels);
}

static void long_texts_and_nuls_are_refused(void **state)
{
    struct labels labels = {0};
    struct error err;
    uint32_t place;
    char text[LABEL_TEXT_MAX + 1];
    (void)state;

    memset(text, 'x', sizeof text);
    assert_int_equal(labels_add_text(&labels, text, sizeof text, MANY, &place, &err), -1);
    assert_says(err.sentence, "longer than 256 bytes");
    assert_int_equal(labels_add_text(&labels, text, sizeof text - 1, MANY, &place, &err), 0);
    text[3] = '\0';
    assert_int_equal(labels_add_text(&labels, text, 9, MANY, &place, &err), -1);
    assert_says(err.sentence, "NUL");
    labels_release(&labels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_labels_share_a_place),
        cmocka_unit_test(classes_are_numbers_by_value_then_texts_by_bytes),
        cmocka_unit_test(whole_numbers_are_told_from_others),
        cmocka_unit_test(one_label_too_many_is_refused_but_known_ones_are_not),
        cmocka_unit_test(long_texts_and_nuls_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
