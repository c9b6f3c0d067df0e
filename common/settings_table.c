/* Settings as lines of --help; the words are in spec.h. */
#include "spec.h"

#include "json.h"
#include "memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_ends(const json_t *setting, FILE *out)
{
    const json_t *low = json_object_get(setting, "low"), *high = json_object_get(setting, "high");

    if (json_is_number(low))
        fprintf(out, "%s%.10g", json_flag_at(setting, "above_low", false) ? ">" : "",
                json_number_value(low));
    fputs(" … ", out);
    if (json_is_number(high))
        fprintf(out, "%s%.10g", json_flag_at(setting, "below_high", false) ? "<" : "",
                json_number_value(high));
}

static void write_range(const json_t *setting, FILE *out)
{
    const json_t *choices = json_object_get(setting, "choices");
    const char *registry = json_text_at(setting, "registry", NULL);
    const char *type = json_text_at(setting, "type", "");
    size_t i;
    json_t *choice;

    if (json_is_array(choices)) {
        json_array_foreach(choices, i, choice)
        {
            fprintf(out, "%s%s", i ? "|" : "", json_string_value(choice));
        }
    } else if (registry) {
        fprintf(out, "%s %s", strchr("aeiou", registry[0]) ? "an" : "a", registry);
    } else if (strcmp(type, "text") == 0) {
        fprintf(out, "text of 1 … %.0f bytes", json_number_at(setting, "high", 0));
    } else if (!json_object_get(setting, "low")) {
        fputs(type, out);
    } else {
        if (json_object_get(setting, "most"))
            fprintf(out, "%d … %d of ", (int)json_integer_at(setting, "least", 0),
                    (int)json_integer_at(setting, "most", 0));
        write_ends(setting, out);
    }
}

/* Bytes to fill so that the text takes up this many columns: "…" is three bytes and one column. */
static int bytes_for(const char *text, int columns)
{
    for (; *text; text++)
        columns += ((unsigned char)*text & 0xC0) == 0x80;
    return columns;
}

static const char *without_default(const json_t *setting)
{
    if (!json_flag_at(setting, "required", false))
        return "-";
    return json_object_get(setting, "with") ? "required there" : "required";
}

static void write_line(const json_t *setting, const char *indent, FILE *out)
{
    char *range = NULL;
    size_t bytes = 0;
    FILE *words = xmemstream(&range, &bytes);
    write_range(setting, words);
    fclose(words);

    json_t *fallback = json_object_get(setting, "default");
    AUTO_FREE char *text =
        fallback ? json_dumps(fallback, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6))
                 : xstrdup(without_default(setting));
    const char *unit = json_text_at(setting, "unit", "");
    const char *with = json_text_at(setting, "with", "");
    fprintf(out, "%s%-22s %-*s %-16s %s", indent, json_text_at(setting, "name", ""),
            bytes_for(range, 28), range, text, json_text_at(setting, "help", ""));
    if (*unit)
        fprintf(out, " [%s]", unit);
    if (*with)
        fprintf(out, " (with \"%s\")", with);
    fputc('\n', out);
    free(range);
}

char *settings_table(const json_t *settings, const char *indent)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = xmemstream(&text, &bytes);
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
