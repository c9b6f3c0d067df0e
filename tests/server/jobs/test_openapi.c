/* schema/openapi.json: it can be read, its references lead somewhere, and what it shows as jobs is
 * accepted. What the server does is held against it by the tests of the API. */
#include "support/check.h"

#include "memory.h"
#include "sample.h"

#include <stdlib.h>

static json_t *document;

/* Visits every object within a value. */
static void visit_objects(const json_t *value, void (*visit)(const json_t *object))
{
    const char *key;
    size_t i;
    json_t *child;

    if (json_is_object(value))
        visit(value);
    json_object_foreach((json_t *)(uintptr_t)value, key, child)
    {
        visit_objects(child, visit);
    }
    json_array_foreach(value, i, child)
    {
        visit_objects(child, visit);
    }
}

static int references;

static void check_reference(const json_t *object)
{
    const char *reference = json_text_at(object, "$ref", NULL);
    if (!reference)
        return;
    references++;
    if (reference[0] != '#' || !json_pointer_get(document, reference + 1))
        fail_msg("%s leads nowhere", reference);
}

static void every_reference_leads_somewhere(void **state)
{
    (void)state;
    references = 0;
    visit_objects(document, check_reference);
    assert_true(references > 100);
}

static int required_members;

static void check_required(const json_t *object)
{
    const json_t *properties = json_object_get(object, "properties");
    size_t i;
    json_t *name;
    if (!json_is_object(properties))
        return;
    json_array_foreach(json_object_get(object, "required"), i, name)
    {
        required_members++;
        if (!json_object_get(properties, json_string_value(name)))
            fail_msg("required \"%s\" is not among the properties", json_string_value(name));
    }
}

static void every_required_member_is_described(void **state)
{
    (void)state;
    required_members = 0;
    visit_objects(json_pointer_get(document, "/components/schemas"), check_required);
    assert_true(required_members > 100);
}

static const json_t *behind_reference(const json_t *value)
{
    const char *reference = json_text_at(value, "$ref", NULL);
    return reference ? json_pointer_get(document, reference + 1) : value;
}

static bool has_path_parameter(const json_t *operation, const char *name)
{
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(operation, "parameters"), i, entry)
    {
        const json_t *parameter = behind_reference(entry);
        if (strcmp(json_text_at(parameter, "in", ""), "path") == 0 &&
            strcmp(json_text_at(parameter, "name", ""), name) == 0)
            return true;
    }
    return false;
}

static void check_operation(const char *path, const json_t *operation, json_t *names)
{
    const char *id = json_text_at(operation, "operationId", "");
    const char *open = strchr(path, '{');

    assert_true(*id && !json_object_get(names, id));
    json_object_set_new(names, id, json_true());
    assert_true(json_object_size(json_object_get(operation, "responses")) > 0);
    if (!open)
        return;
    AUTO_FREE char *name = xstrndup(open + 1, strcspn(open + 1, "}"));
    if (!has_path_parameter(operation, name))
        fail_msg("%s does not declare {%s}", path, name);
}

static void every_operation_has_its_own_name_and_its_path_parameters(void **state)
{
    (void)state;
    json_auto_t *names = json_object();
    const char *path, *method;
    json_t *place, *operation;

    json_object_foreach(json_object_get(document, "paths"), path, place)
    {
        json_object_foreach(place, method, operation)
        {
            check_operation(path, operation, names);
        }
    }
    assert_true(json_object_size(names) >= 25);
}

static void the_jobs_it_shows_are_accepted(void **state)
{
    (void)state;
    json_auto_t *catalog = sample_catalog();
    const json_t *examples = json_pointer_get(
        document, "/paths/~1api~1v1~1jobs/post/requestBody/content/application~1json/examples");
    const char *name;
    json_t *example;

    assert_int_equal(json_object_size(examples), 4);
    json_object_foreach((json_t *)(uintptr_t)examples, name, example)
    {
        struct job_plan plan;
        AUTO_PROBLEMS struct problems problems = {0};
        struct error err = {0};
        job_plan_read(catalog, sample_lookup, NULL, json_object_get(example, "value"), &plan,
                      &problems);
        if (problems_check(&problems, &err) < 0)
            fail_msg("%s: %s", name, err.sentence);
        job_plan_release(&plan);
    }
}

static int set_up(void **state)
{
    (void)state;
    struct error err;
    if (json_read_file("schema/openapi.json", 1 << 20, &document, &err) < 0)
        fail_msg("%s", err.sentence);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(document);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reference_leads_somewhere),
        cmocka_unit_test(every_required_member_is_described),
        cmocka_unit_test(every_operation_has_its_own_name_and_its_path_parameters),
        cmocka_unit_test(the_jobs_it_shows_are_accepted),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
