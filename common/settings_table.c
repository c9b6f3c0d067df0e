/* Settings as lines of --help; the words are in spec.h. */
#include "spec.h"

#include "json.h"
#include "memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_range(const json_t *setting, FILE *out)
{
    const json_t *choices = json_object_get(setting, "choices");
    size_t i;
    json_t *choice;

    if (json_is_array(choices)) {
        json_array_foreach(choices, i, choice)
        {
            fprintf(out, "%s%s", i ? "|" : "", json_string_value(choice));
        }
        return;
    }
    const char *registry = json_text_at(setting, "registry", NULL);
    if (registry) {
        fprintf(out, "a %s", registry);
        return;
    }
    const json_t *low = json_object_get(setting, "low"), *high = json_object_get(setting, "high");
    if (!low && !high) {
        fputs(json_text_at(setting, "type", ""), out);
        return;
    }
    if (json_is_number(low))
        fprintf(out, "%s%.10g", json_flag_at(setting, "above_low", false) ? ">" : "",
                json_number_value(low));
    fputs(" … ", out);
    if (json_is_number(high))
        fprintf(out, "%s%.10g", json_flag_at(setting, "below_high", false) ? "<" : "",
                json_number_value(high));
}

static void write_line(const json_t *setting, const char *indent, FILE *out)
{
    char *range = NULL;
    size_t bytes = 0;
    FILE *words = open_memstream(&range, &bytes);
    write_range(setting, words);
    fclose(words);

    json_t *fallback = json_object_get(setting, "default");
    AUTO_FREE char *text =
        fallback ? json_dumps(fallback, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6))
                 : xstrdup(json_flag_at(setting, "required", false) ? "required" : "-");
    const char *unit = json_text_at(setting, "unit", "");
    fprintf(out, "%s%-22s %-28s %-16s %s%s%s%s\n", indent, json_text_at(setting, "name", ""), range,
            text, json_text_at(setting, "help", ""), *unit ? " [" : "", unit, *unit ? "]" : "");
    free(range);
}

char *settings_table(const json_t *settings, const char *indent)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    size_t i;
    json_t *setting;

    json_array_foreach(settings, i, setting)
    {
        write_line(setting, indent, out);
        AUTO_FREE char *deeper = xprintf("%s  ", indent);
        const json_t *members = json_object_get(setting, "members");
        if (members) {
            AUTO_FREE char *inner = settings_table(members, deeper);
            fputs(inner, out);
        }
    }
    fclose(out);
    return text;
}
