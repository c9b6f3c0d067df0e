/* sweepd-worker: options, and the environment that the numeric libraries must be loaded in. */
#include "alone.h"
#include "describe.h"
#include "environment.h"
#include "json.h"
#include "memory.h"
#include "sandbox.h"
#include "session.h"
#include "spec.h"
#include "version.h"

#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum exit_status {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,      /* the run failed or diverged, the files were refused */
    EXIT_BAD_REQUEST = 2, /* an option, the specification */
    EXIT_LOST = SESSION_EXIT_LOST,
    EXIT_REFUSED = 4, /* by the server, or it broke the protocol */
    EXIT_STOPPED = 5, /* --train was stopped by a signal */
};

struct options {
    int fd; /* -1: not given */
    const char *train, *prepare;
    bool describe, help, version;
    struct alone_options alone;
};

static const struct option names[] = {
    {"fd", required_argument, NULL, 'f'},
    {"train", required_argument, NULL, 't'},
    {"data", required_argument, NULL, 'd'},
    {"cache", required_argument, NULL, 'c'},
    {"folder", required_argument, NULL, 'o'},
    {"weights", no_argument, NULL, 'w'},
    {"prepare", required_argument, NULL, 'p'},
    {"describe", no_argument, NULL, 'D'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static const char usage[] =
    "sweepd-worker trains one run at a time for sweepd, or alone.\n"
    "\n"
    "  --fd N              serve the server at descriptor N, 0 … 1023 (sweepd starts it so, with "
    "3)\n"
    "    --folder DIR        with --cache: write below these two alone, where the kernel can see "
    "to "
    "it\n"
    "  --describe          print the catalogue of everything a specification may say, as JSON\n"
    "  --train FILE        train the specification in FILE (JSON, the inner object of a job, at "
    "most 1 MiB);\n"
    "                      the lines of the wire go to standard output, the last one is "
    "\"result\"\n"
    "    --data FILE         its data set's cache file (default: a built-in one)\n"
    "    --cache DIR         where cache files are kept (default: var/datasets; made where "
    "missing)\n"
    "    --weights           the result carries the weights, where there are at most 10,000\n"
    "    --folder DIR        keep checkpoints and model.safetensors there, and go on from the "
    "newest\n"
    "                        checkpoint (default: keep nothing)\n"
    "  --prepare FILE      parse the files named in FILE, {\"format\", \"settings\", \"parts\": "
    "{NAME: PATH}},\n"
    "                      into a cache file, and print one line about it\n"
    "  --version           print the version\n"
    "  --help              print this\n"
    "\n"
    "Exit status: 0 done; 1 the run failed or diverged, or the files were refused; 2 a wrong "
    "option or\n"
    "specification; 3 the server is gone; 4 the server refused or broke the protocol; 5 stopped by "
    "a signal.\n";

/* --- help ---------------------------------------------------------------------------------- */

static void print_entries(const json_t *entries, const char *title)
{
    size_t i;
    json_t *entry;
    json_array_foreach(entries, i, entry)
    {
        AUTO_FREE char *table = settings_table(json_object_get(entry, "settings"), "    ");
        printf("\n  %s \"%s\": %s\n%s", title, json_text_at(entry, "name", ""),
               json_text_at(entry, "help", ""), table);
    }
}

static void print_metrics(const json_t *metrics)
{
    size_t i;
    json_t *metric;
    printf("\nMetrics:\n");
    json_array_foreach(metrics, i, metric)
    {
        printf("  %-18s %s\n", json_text_at(metric, "name", ""), json_text_at(metric, "help", ""));
    }
}

static void print_help(void)
{
    json_auto_t *catalog = describe();
    AUTO_FREE char *spec = settings_table(json_object_get(catalog, "spec"), "  ");
    const json_t *registries = json_object_get(catalog, "registries");
    const char *registry;
    json_t *entries;

    fputs(usage, stdout);
    printf("\nA specification (name, range, default, meaning):\n%s", spec);
    json_object_foreach((json_t *)(uintptr_t)registries, registry, entries)
    {
        printf("\nEach \"%s\":\n", registry);
        print_entries(entries, registry);
    }
    printf("\nFormats of data sets:\n");
    print_entries(json_object_get(catalog, "formats"), "format");
    print_metrics(json_object_get(catalog, "metrics"));
}

static void print_description(void)
{
    json_auto_t *catalog = describe();
    AUTO_FREE char *text = json_dumps(catalog, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    puts(text);
}

/* --- options ------------------------------------------------------------------------------- */

static int parse_descriptor(const char *text)
{
    if (!*text || strlen(text) > 4 || strspn(text, "0123456789") != strlen(text))
        return -1;
    const int fd = (int)strtol(text, NULL, 10);
    return fd < 1024 ? fd : -1;
}

static bool take_option(int letter, struct options *options)
{
    switch (letter) {
    case 'f':
        options->fd = parse_descriptor(optarg);
        if (options->fd < 0)
            fprintf(stderr, "--fd: must be a whole number from 0 to 1023, not \"%s\"\n", optarg);
        return options->fd >= 0;
    case 't':
        options->train = optarg;
        return true;
    case 'd':
        options->alone.data = optarg;
        return true;
    case 'c':
        options->alone.cache = optarg;
        return true;
    case 'o':
        options->alone.folder = optarg;
        return true;
    case 'w':
        options->alone.weights = true;
        return true;
    case 'p':
        options->prepare = optarg;
        return true;
    case 'D':
        return options->describe = true;
    case 'h':
        return options->help = true;
    case 'V':
        return options->version = true;
    default: /* getopt has said what is wrong */
        return false;
    }
}

static bool parse_options(int count, char **arguments, struct options *options)
{
    *options = (struct options){.fd = -1, .alone = {.cache = "var/datasets"}};
    for (int letter; (letter = getopt_long(count, arguments, "", names, NULL)) != -1;) {
        if (!take_option(letter, options))
            return false;
    }
    if (optind < count) {
        fprintf(stderr, "\"%s\" is not an option\n", arguments[optind]);
        return false;
    }
    const int asked = (options->fd >= 0) + (options->train != NULL) + (options->prepare != NULL) +
                      options->describe + options->help + options->version;
    if (asked != 1)
        fprintf(stderr, "say one of --fd, --train, --prepare, --describe, --help, --version\n");
    return asked == 1;
}

/* --- the environment ----------------------------------------------------------------------- */

/* OpenBLAS has read the environment before main(): a process that was started with another one
 * starts itself once more. Where even that changes nothing, the run's own check will tell. */
static void enter_environment(char **arguments, int threads, bool portable)
{
    if (environment_is(threads, portable))
        return;
    char **environment = worker_environment(threads, portable);
    char path[PATH_MAX] = "";
    /* By its path first: valgrind answers that one, where /proc/self/exe would be valgrind itself.
     */
    if (readlink("/proc/self/exe", path, sizeof path - 1) > 0)
        execve(path, arguments, environment);
    execve("/proc/self/exe", arguments, environment);
    environment_free(environment);
}

/* The environment of a worker that serves was chosen by whoever started it, if by sweepd. */
static void enter_any_environment(char **arguments)
{
    if (!getenv("SWEEPD_NUMERIC"))
        enter_environment(arguments, 1, false);
}

/* --- what was asked for -------------------------------------------------------------------- */

static int make_folder(const char *path)
{
    AUTO_FREE char *partial = xstrdup(path);
    for (char *slash = strchr(partial + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(partial, 0755);
        *slash = '/';
    }
    mkdir(partial, 0755);
    if (access(partial, W_OK) == 0)
        return 0;
    perror(path);
    return -1;
}

static int serve(const struct options *options)
{
    const char *const folders[] = {options->alone.folder, options->alone.cache};
    struct error err;

    signal(SIGINT, SIG_IGN); /* Ctrl-C reaches the server too; it tells its workers what to do */
    sandbox_enter(folders, options->alone.folder ? 2 : 0);
    const enum session_end end = session_serve(options->fd, &err);
    if (end == SESSION_SHUTDOWN)
        return EXIT_DONE;
    if (end == SESSION_LOST)
        return EXIT_LOST;
    fprintf(stderr, "sweepd-worker: %s\n", err.sentence);
    return EXIT_REFUSED;
}

static int train_alone(const struct options *options, char **arguments)
{
    AUTO_PROBLEMS struct problems problems = {0};
    json_auto_t *spec = alone_read_spec(options->train, &problems);

    for (int i = 0; i < problems.count; i++)
        fprintf(stderr, "%s: %s%s%s\n", options->train, problems.list[i].pointer,
                problems.list[i].pointer[0] ? ": " : "", problems.list[i].detail);
    if (!spec)
        return EXIT_BAD_REQUEST;
    enter_environment(arguments, (int)json_integer_at(spec, "threads", 1),
                      strcmp(json_text_at(spec, "numeric", ""), "portable") == 0);
    const struct alone_options *alone = &options->alone;
    if (make_folder(alone->cache) < 0 || (alone->folder && make_folder(alone->folder) < 0))
        return EXIT_BAD_REQUEST;
    switch (alone_train(spec, alone, STDOUT_FILENO)) {
    case OUTCOME_SUCCEEDED:
        return EXIT_DONE;
    case OUTCOME_STOPPED:
        return EXIT_STOPPED;
    case OUTCOME_FAILED:
    case OUTCOME_DIVERGED:
        break;
    }
    return EXIT_FAILED;
}

static int prepare_alone(const struct options *options)
{
    struct error err;
    if (make_folder(options->alone.cache) < 0)
        return EXIT_BAD_REQUEST;
    if (alone_prepare(options->prepare, options->alone.cache, STDOUT_FILENO, &err) == 0)
        return EXIT_DONE;
    fprintf(stderr, "sweepd-worker: %s\n", err.sentence);
    return EXIT_FAILED;
}

int main(int count, char **arguments)
{
    struct options options;

    json_object_seed(0);
    signal(SIGPIPE, SIG_IGN);
    if (!parse_options(count, arguments, &options)) {
        fprintf(stderr, "Try sweepd-worker --help.\n");
        return EXIT_BAD_REQUEST;
    }
    if (options.train) /* the specification says which environment */
        return train_alone(&options, arguments);
    enter_any_environment(arguments);
    if (options.fd >= 0)
        return serve(&options);
    if (options.prepare)
        return prepare_alone(&options);
    if (options.describe)
        print_description();
    else if (options.help)
        print_help();
    else
        printf("sweepd-worker %s, protocol %d\n", SWEEPD_VERSION, SWEEPD_PROTOCOL);
    return EXIT_DONE;
}
