#include "support/schema.h"

#include "json.h"
#include "memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct check {
    const json_t *document;
    struct error *err;
};

static int check_value(const struct check *check, const json_t *schema, const json_t *value,
                       const char *where);

static int refuse(const struct check *check, const char *where, const char *why, const json_t *what)
{
    AUTO_FREE char *text = json_dumps(what, JSON_ENCODE_ANY | JSON_COMPACT);
    return error_set(check->err, "%s: %s %.300s", *where ? where : "the value", why,
                     text ? text : "");
}

static const char *type_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "object";
    case JSON_ARRAY:
        return "array";
    case JSON_STRING:
        return "string";
    case JSON_INTEGER:
        return "integer";
    case JSON_REAL:
        return "number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "boolean";
    case JSON_NULL:
        break;
    }
    return "null";
}

static bool is_of_type(const char *type, const json_t *value)
{
    return strcmp(type, type_of(value)) == 0 ||
           (strcmp(type, "number") == 0 && json_is_number(value));
}

/* --- keywords ------------------------------------------------------------------------------- */

static int check_type(const struct check *check, const json_t *wanted, const json_t *value,
                      const char *where)
{
    size_t i;
    json_t *type;
    if (json_is_string(wanted) && is_of_type(json_string_value(wanted), value))
        return 0;
    json_array_foreach(wanted, i, type)
    {
        if (is_of_type(json_string_value(type), value))
            return 0;
    }
    return refuse(check, where, type_of(value), wanted);
}

static int check_enum(const struct check *check, const json_t *wanted, const json_t *value,
                      const char *where)
{
    size_t i;
    json_t *one;
    json_array_foreach(wanted, i, one)
    {
        if (json_equal(one, value))
            return 0;
    }
    return refuse(check, where, "is none of those listed:", value);
}

static int check_required(const struct check *check, const json_t *names, const json_t *value,
                          const char *where)
{
    size_t i;
    json_t *name;
    json_array_foreach(names, i, name)
    {
        if (json_is_object(value) && !json_object_get(value, json_string_value(name)))
            return refuse(check, where, "lacks", name);
    }
    return 0;
}

static int check_members(const struct check *check, const json_t *schema, const json_t *value,
                         const char *where)
{
    const json_t *known = json_object_get(schema, "properties");
    const json_t *others = json_object_get(schema, "additionalProperties");
    const char *name;
    json_t *member;

    if (!json_is_object(value) || (!known && !others))
        return 0;
    json_object_foreach((json_t *)(uintptr_t)value, name, member)
    {
        const json_t *described = json_object_get(known, name);
        AUTO_FREE char *there = json_pointer_join(where, name);
        if (!described && !json_is_object(others) && !json_is_true(others))
            return refuse(check, there, "is not described:", member);
        if (!described && json_is_true(others))
            continue;
        if (check_value(check, described ? described : others, member, there) < 0)
            return -1;
    }
    return 0;
}

static int check_items(const struct check *check, const json_t *schema, const json_t *value,
                       const char *where)
{
    size_t i;
    json_t *item;
    json_array_foreach(value, i, item)
    {
        AUTO_FREE char *there = xprintf("%s/%zu", where, i);
        if (check_value(check, schema, item, there) < 0)
            return -1;
    }
    return 0;
}

static int check_one_of(const struct check *check, const json_t *schemas, const json_t *value,
                        const char *where)
{
    size_t i;
    json_t *schema;
    int fitting = 0;
    json_array_foreach(schemas, i, schema)
    {
        struct error trouble;
        const struct check quiet = {check->document, &trouble};
        fitting += check_value(&quiet, schema, value, where) == 0;
    }
    return fitting == 1 ? 0 : refuse(check, where, "does not fit one alternative alone:", value);
}

static size_t size_of(const json_t *value)
{
    if (json_is_array(value))
        return json_array_size(value);
    return json_is_object(value) ? json_object_size(value) : json_string_length(value);
}

/* True where the value breaks the bound; a bound of another type than the value's says nothing. */
static bool breaks_bound(const char *keyword, const json_t *bound, const json_t *value)
{
    const double limit = json_number_value(bound), number = json_number_value(value);
    const bool counts = !json_is_number(value);
    if (strcmp(keyword, "minimum") == 0)
        return !counts && number < limit;
    if (strcmp(keyword, "maximum") == 0)
        return !counts && number > limit;
    if (strcmp(keyword, "exclusiveMinimum") == 0)
        return !counts && number <= limit;
    if (strcmp(keyword, "exclusiveMaximum") == 0)
        return !counts && number >= limit;
    if (strncmp(keyword, "min", 3) == 0)
        return counts && (double)size_of(value) < limit;
    return counts && (double)size_of(value) > limit;
}

static bool is_in(const char *keyword, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(keyword, *list) == 0)
            return true;
    return false;
}

static int check_keyword(const struct check *check, const json_t *schema, const char *keyword,
                         const json_t *value, const char *where)
{
    static const char *const notes[] = {"description",
                                        "default",
                                        "example",
                                        "examples",
                                        "title",
                                        "required",
                                        "properties",
                                        "discriminator",
                                        "contentMediaType",
                                        "additionalProperties",
                                        "uniqueItems",
                                        "format",
                                        NULL};
    static const char *const bounds[] = {
        "minimum",   "maximum",   "exclusiveMinimum", "exclusiveMaximum", "minItems", "maxItems",
        "minLength", "maxLength", "minProperties",    "maxProperties",    NULL};
    const json_t *wanted = json_object_get(schema, keyword);

    if (strcmp(keyword, "type") == 0)
        return check_type(check, wanted, value, where);
    if (strcmp(keyword, "enum") == 0)
        return check_enum(check, wanted, value, where);
    if (strcmp(keyword, "const") == 0)
        return json_equal(wanted, value) ? 0 : refuse(check, where, "is not", wanted);
    if (strcmp(keyword, "items") == 0)
        return check_items(check, wanted, value, where);
    if (strcmp(keyword, "oneOf") == 0)
        return check_one_of(check, wanted, value, where);
    if (is_in(keyword, bounds))
        return breaks_bound(keyword, wanted, value) ? refuse(check, where, keyword, value) : 0;
    return is_in(keyword, notes) ? 0 : refuse(check, keyword, "is a keyword not known", schema);
}

static int check_value(const struct check *check, const json_t *schema, const json_t *value,
                       const char *where)
{
    const char *reference = json_text_at(schema, "$ref", NULL);
    const char *keyword;
    json_t *unused;

    if (reference)
        schema = json_pointer_get(check->document, reference + 1);
    if (!json_is_object(schema))
        return refuse(check, where, "has no schema:", value);
    if (check_required(check, json_object_get(schema, "required"), value, where) < 0 ||
        check_members(check, schema, value, where) < 0)
        return -1;
    json_object_foreach((json_t *)(uintptr_t)schema, keyword, unused)
    {
        if (check_keyword(check, schema, keyword, value, where) < 0)
            return -1;
    }
    return 0;
}

int schema_check(const json_t *document, const json_t *schema, const json_t *value,
                 struct error *err)
{
    const struct check check = {document, err};
    return check_value(&check, schema, value, "");
}
