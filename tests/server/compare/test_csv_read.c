/* CSV texts as tables: the cases of RFC 4180, and what is refused with the line it is in. */
#include "support/check.h"

#include "compare/csv_read.h"

#include <string.h>

static struct csv_table read_well(const char *text)
{
    struct csv_table table;
    struct error err;
    if (csv_read(text, strlen(text), 10, &table, &err) < 0)
        fail_msg("%s", err.sentence);
    return table;
}

static void refuse(const char *text, size_t bytes, const char *words)
{
    struct csv_table table;
    struct error err;
    assert_int_equal(csv_read(text, bytes, 2, &table, &err), -1);
    assert_says(err.sentence, words);
    assert_null(table.cells);
}

static void lines_are_rows_of_cells(void **state)
{
    (void)state;
    struct csv_table table = read_well("\xEF\xBB\xBFx,y\r\n1,\n\n,2");
    assert_int_equal(table.columns, 2);
    assert_int_equal(table.rows, 2);
    assert_string_equal(csv_cell(&table, -1, 0), "x");
    assert_string_equal(csv_cell(&table, -1, 1), "y");
    assert_string_equal(csv_cell(&table, 0, 0), "1");
    assert_string_equal(csv_cell(&table, 0, 1), "");
    assert_string_equal(csv_cell(&table, 1, 0), "");
    assert_string_equal(csv_cell(&table, 1, 1), "2");
    csv_table_release(&table);
}

static void quoted_cells_may_hold_anything(void **state)
{
    (void)state;
    struct csv_table table = read_well("\"a,b\",\"say \"\"so\"\"\"\n\"two\r\nlines\",\"\"\n");
    assert_int_equal(table.rows, 1);
    assert_string_equal(csv_cell(&table, -1, 0), "a,b");
    assert_string_equal(csv_cell(&table, -1, 1), "say \"so\"");
    assert_string_equal(csv_cell(&table, 0, 0), "two\r\nlines");
    assert_string_equal(csv_cell(&table, 0, 1), "");
    csv_table_release(&table);
}

static void what_is_no_table_is_refused(void **state)
{
    (void)state;
    refuse("", 0, "no line with the names");
    refuse("\n\r\n", 3, "no line with the names");
    refuse("a,b\n1\n", 6, "line 2 has 1 cells, and the first line has 2");
    refuse("a\n\"1\n", 5, "line 2: a quote does not end");
    refuse("a\n\"1\"2\n", 7, "line 2: something follows");
    refuse("a\n\"1\n2\"\n3,4\n", 12, "line 4 has 2 cells");
    refuse("a\n1\n2\n3\n", 8, "more than 2 lines");
    refuse("a\n\0\n", 4, "zero byte");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_rows_of_cells),
        cmocka_unit_test(quoted_cells_may_hold_anything),
        cmocka_unit_test(what_is_no_table_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
