#include "admin.h"

#include "api/manage.h"
#include "asking.h"

#include "json.h"
#include "memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, INVITATION_BYTES = 4096, TRIES = 30, TRY_EVERY_MS = 100 };

static const char usage[] =
    "usage: sweepd admin [--data FOLDER] COMMAND\n\n"
    "  team add NAME [LIMITS]       make a team\n"
    "  team set NAME [LIMITS]       change it; --name NEW names it anew\n"
    "  team list\n"
    "  team remove NAME             one that owns nothing; its tokens end\n"
    "  token create --team TEAM --name WHAT-FOR [--role viewer|member|admin] [--expires-days N]\n"
    "                               prints it, this once\n"
    "  token list\n"
    "  token revoke ID              it ends at once\n"
    "  token rotate ID              prints another one, and this one ends\n\n"
    "  LIMITS: --share N            of the machine, against other teams (1)\n"
    "          --max-running N      slots; 0: no limit, as below\n"
    "          --max-queued N       runs\n"
    "          --max-bytes N        of data sets, files of runs and their metrics\n"
    "          --max-streams N      of events, open at once (64)\n"
    "          --requests-per-s N\n";

/* --- what was asked -----------------------------------------------------------------------------
 */

struct order;

/* The store of a folder that no server has. */
struct office {
    struct loop *loop;
    struct store *store;
    struct auth *auth;
    struct audit_entry audit;
    json_t *answer;
    struct error *err;
    int outcome;
};

struct command {
    const char *noun, *verb;
    enum { NOTHING, TEAM, TOKEN } operand; /* the word behind it */
    bool takes_limits, takes_token;
    const char *method, *path; /* the operand behind the path, then `tail` */
    const char *tail;
    int (*here)(struct office *office, const struct order *order);
};

struct order {
    const struct command *command;
    const char *folder;
    const char *operand;
    json_t *body;
};

/* --- where no server has the folder -------------------------------------------------------------
 */

static void done(void *context, const struct error *err)
{
    struct office *office = context;
    office->outcome = err ? -1 : 0;
    if (err)
        *office->err = *err;
    loop_stop(office->loop);
}

static void made(void *context, int64_t id, const struct error *err)
{
    struct office *office = context;
    if (!err)
        office->answer = json_pack("{s:I}", "id", id);
    done(office, err);
}

static int turn(struct office *office)
{
    loop_run(office->loop);
    return office->outcome;
}

static const struct team *find_team(const struct office *office, const struct order *order)
{
    const struct team *team = auth_team_named(office->auth, order->operand);
    if (!team)
        error_of(office->err, ERROR_NOT_FOUND, "there is no team \"%.64s\"", order->operand);
    return team;
}

static const struct token *find_token(const struct office *office, const struct order *order)
{
    const struct token *token = auth_token(office->auth, atoll(order->operand));
    if (!token)
        error_of(office->err, ERROR_NOT_FOUND, "there is no token %.20s", order->operand);
    return token;
}

static int add_team(struct office *office, const struct order *order)
{
    AUTO_PROBLEMS struct problems problems = {0};
    struct team team;
    manage_read_team(order->body, wall_ms(), &team, &problems);
    if (problems_check(&problems, office->err) < 0)
        return -1;
    auth_add_team(office->auth, &team, &office->audit, made, office);
    return turn(office);
}

static int set_team(struct office *office, const struct order *order)
{
    AUTO_PROBLEMS struct problems problems = {0};
    const struct team *team = find_team(office, order);
    if (!team)
        return -1;
    struct team_change change = {.team = team->id};
    manage_read_change(order->body, &change, &problems);
    if (problems_check(&problems, office->err) < 0)
        return -1;
    auth_change_team(office->auth, &change, &office->audit, done, office);
    return turn(office);
}

static int list_teams(struct office *office, const struct order *order)
{
    (void)order;
    office->answer = teams_json(office->auth);
    return 0;
}

static int remove_team(struct office *office, const struct order *order)
{
    const struct team *team = find_team(office, order);
    if (!team)
        return -1;
    if (team->id == TEAM_DEFAULT)
        return error_of(office->err, ERROR_CONFLICT,
                        "team 1 (\"%s\") stays: it owns what nobody else does", team->name);
    auth_remove_team(office->auth, team->id, wall_ms(), &office->audit, done, office);
    return turn(office);
}

static int make_token(struct office *office, int64_t old, const struct token *like)
{
    char text[SECRET_TOKEN_LENGTH + 1];
    office->audit.subject = "/api/v1/tokens";
    office->audit.adds_id = true;
    if (auth_replace_token(office->auth, old, like, text, &office->audit, made, office,
                           office->err) < 0 ||
        turn(office) < 0)
        return -1;
    json_object_set_new(office->answer, "token", json_string(text));
    explicit_bzero(text, sizeof text);
    return 0;
}

static int create_token(struct office *office, const struct order *order)
{
    AUTO_PROBLEMS struct problems problems = {0};
    struct token token;
    manage_read_token(office->auth, order->body, wall_ms(), &token, &problems);
    if (problems_check(&problems, office->err) < 0)
        return -1;
    return make_token(office, 0, &token);
}

static int list_tokens(struct office *office, const struct order *order)
{
    (void)order;
    office->answer = tokens_json(office->auth);
    return 0;
}

static int rotate_token(struct office *office, const struct order *order)
{
    const struct token *old = find_token(office, order);
    if (!old)
        return -1;
    const struct token like = manage_rotated(old, wall_ms());
    return make_token(office, old->id, &like);
}

static int revoke_token(struct office *office, const struct order *order)
{
    const struct token *token = find_token(office, order);
    if (!token)
        return -1;
    auth_revoke_token(office->auth, token->id, wall_ms(), &office->audit, done, office);
    return turn(office);
}

static const struct command commands[] = {
    {"team", "add", TEAM, true, false, "POST", "/api/v1/teams", NULL, add_team},
    {"team", "set", TEAM, true, false, "PATCH", "/api/v1/teams/", "", set_team},
    {"team", "list", NOTHING, false, false, "GET", "/api/v1/teams", NULL, list_teams},
    {"team", "remove", TEAM, false, false, "DELETE", "/api/v1/teams/", "", remove_team},
    {"token", "create", NOTHING, false, true, "POST", "/api/v1/tokens", NULL, create_token},
    {"token", "list", NOTHING, false, false, "GET", "/api/v1/tokens", NULL, list_tokens},
    {"token", "revoke", TOKEN, false, false, "DELETE", "/api/v1/tokens/", "", revoke_token},
    {"token", "rotate", TOKEN, false, false, "POST", "/api/v1/tokens/", "/rotate", rotate_token},
};

/* ERROR_CONFLICT where a server has the folder. */
static int open_office(struct office *office, const char *folder)
{
    const struct store_options options = {.folder = folder};
    if (loop_new(&office->loop, office->err) < 0 ||
        store_open(office->loop, &options, &office->store, office->err) < 0)
        return -1;
    return auth_open(office->store, folder, &office->auth, office->err);
}

static void close_office(struct office *office)
{
    store_close(office->store);
    auth_free(office->auth);
    if (office->loop)
        loop_free(office->loop);
}

static int do_here(const struct order *order, bool *out_taken, json_t **out, struct error *err)
{
    const struct command *command = order->command;
    AUTO_FREE char *what = xprintf("%s %s", command->noun, command->verb);
    AUTO_FREE char *subject =
        xprintf("/api/v1/%ss/%s", command->noun, order->operand ? order->operand : "");
    struct office office = {.err = err,
                            .audit = {.at_ms = wall_ms(),
                                      .method = "sweepd admin",
                                      .what = what,
                                      .subject = subject,
                                      .origin = "command line"}};
    const int opened = open_office(&office, order->folder);
    *out_taken = opened < 0 && !office.store && err->kind == ERROR_CONFLICT;
    const int outcome = opened < 0 ? -1 : command->here(&office, order);
    close_office(&office);
    *out = office.answer;
    return outcome;
}

/* --- where one has ------------------------------------------------------------------------------
 */

static char *invitation_path(const char *folder)
{
    return xprintf("%s/admin.json", folder);
}

/* "0.0.0.0" hears on loopback too. */
static char *own_address(const char *listen, int port)
{
    const int host = (int)(strrchr(listen, ':') - listen);
    if (strncmp(listen, "0.0.0.0:", 8) == 0 || strncmp(listen, "localhost:", 10) == 0)
        return xprintf("127.0.0.1:%d", port);
    if (strncmp(listen, "[::]:", 5) == 0)
        return xprintf("[::1]:%d", port);
    return xprintf("%.*s:%d", host, listen, port);
}

int admin_invite(const char *folder, const char *listen, int port, struct auth *auth,
                 struct error *err)
{
    char key[SECRET_TOKEN_LENGTH + 1];
    if (secret_token(key, err) < 0)
        return -1;
    auth_set_master(auth, key);
    AUTO_FREE char *path = invitation_path(folder);
    AUTO_FREE char *address = own_address(listen, port);
    AUTO_FREE char *text = xprintf("{\"address\":\"%s\",\"key\":\"%s\"}\n", address, key);
    const int outcome = secret_write(path, text, strlen(text), err);
    explicit_bzero(key, sizeof key);
    explicit_bzero(text, strlen(text));
    return outcome;
}

void admin_uninvite(const char *folder)
{
    AUTO_FREE char *path = invitation_path(folder);
    unlink(path);
}

/* The sentence of a problem, with its fields. */
static int refused(const json_t *problem, int status, struct error *err)
{
    const json_t *first = json_array_get(json_object_get(problem, "errors"), 0);
    if (first)
        return error_set(err, "%s: %s", json_text_at(first, "pointer", ""),
                         json_text_at(first, "detail", ""));
    return error_set(err, "%.400s",
                     json_text_at(problem, "detail", status ? "refused" : "no answer"));
}

static int ask_server(const struct order *order, json_t **out, struct error *err)
{
    const struct command *command = order->command;
    AUTO_FREE char *path = invitation_path(order->folder);
    json_auto_t *invitation = NULL;
    json_auto_t *answer = NULL;
    int status;
    if (json_read_file(path, INVITATION_BYTES, &invitation, err) < 0)
        return -1;
    AUTO_FREE char *target = command->tail
                                 ? xprintf("%s%s%s", command->path, order->operand, command->tail)
                                 : xstrdup(command->path);
    AUTO_FREE char *body = order->body ? json_compact(order->body) : NULL;
    const struct question question = {.address = json_text_at(invitation, "address", ""),
                                      .token = json_text_at(invitation, "key", ""),
                                      .method = command->method,
                                      .target = target,
                                      .body = body};
    if (asking(&question, &status, &answer, err) < 0)
        return -1;
    if (status >= 300)
        return refused(answer, status, err) - 1; /* -2: it did answer */
    *out = json_incref(answer);
    return 0;
}

/* The server may be starting or ending just now: then its key is not there yet, or no more. */
static int carry_out(const struct order *order, json_t **out, struct error *err)
{
    const struct timespec pause = {.tv_nsec = TRY_EVERY_MS * 1000000L};
    for (int i = 0;; i++) {
        bool taken;
        const int here = do_here(order, &taken, out, err);
        if (!taken)
            return here;
        const int there = ask_server(order, out, err);
        if (there == 0 || there == -2 || i == TRIES)
            return there;
        nanosleep(&pause, NULL);
    }
}

/* --- reading the line ---------------------------------------------------------------------------
 */

static const struct option {
    const char *name, *key;
    bool of_limits; /* else of a token */
} options[] = {
    {"--share", "share", true},
    {"--max-running", "max_running", true},
    {"--max-queued", "max_queued", true},
    {"--max-bytes", "max_bytes", true},
    {"--max-streams", "max_streams", true},
    {"--name", "name", true},
    {"--requests-per-s", "requests_per_s", true},
    {"--team", "team", false},
    {"--role", "role", false},
    {"--name", "name", false},
    {"--expires-days", "expires_days", false},
};

static int misused(struct error *err, const char *what, const char *word)
{
    return error_set(err, "%s \"%.64s\"; see sweepd admin --help", what, word);
}

/* A number as one, anything else as text: whoever checks it says what it must be. */
static json_t *value_of(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    if (json_is_number(value))
        return value;
    json_decref(value);
    return json_text(text);
}

static int read_option(struct order *order, const char *name, const char *value, struct error *err)
{
    if (strcmp(name, "--data") == 0) {
        order->folder = value;
        return 0;
    }
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        const bool fits =
            options[i].of_limits ? order->command->takes_limits : order->command->takes_token;
        if (!fits || strcmp(options[i].name, name) != 0)
            continue;
        const bool is_text =
            strcmp(options[i].key, "name") == 0 || strcmp(options[i].key, "team") == 0;
        json_object_set_new(order->body, options[i].key,
                            is_text ? json_text(value) : value_of(value));
        return 0;
    }
    return misused(err, "there is no option", name);
}

/* Options may stand before, between and behind the words. */
static int read_words(int count, char **arguments, char **words, int most, int *out_count,
                      struct error *err)
{
    *out_count = 0;
    for (int i = 0; i < count; i++) {
        if (strncmp(arguments[i], "--", 2) == 0) {
            if (i + 1 == count)
                return misused(err, "a value is missing behind", arguments[i]);
            i++;
        } else if (*out_count == most) {
            return misused(err, "one word too many:", arguments[i]);
        } else {
            words[(*out_count)++] = arguments[i];
        }
    }
    return 0;
}

static const struct command *find_command(const char *noun, const char *verb)
{
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (strcmp(commands[i].noun, noun) == 0 && strcmp(commands[i].verb, verb) == 0)
            return &commands[i];
    return NULL;
}

static int take_operand(struct order *order, const char *word, struct error *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
    const bool is_token = order->command->operand == TOKEN;
    if (!word)
        return error_set(err, "%s is missing; see sweepd admin --help",
                         is_token ? "the number of the token" : "the name of the team");
    if (strspn(word, is_token ? "0123456789" : letters) != strlen(word) || strlen(word) > 64)
        return misused(err,
                       is_token ? "not the number of a token:" : "not the name of a team:", word);
    order->operand = word;
    if (order->command->here == add_team)
        json_object_set_new(order->body, "name", json_text(word));
    return 0;
}

static int read_order(int count, char **arguments, struct order *order, struct error *err)
{
    char *words[3] = {NULL};
    int word_count;
    *order = (struct order){.folder = "var"};
    if (read_words(count, arguments, words, (int)COUNT_OF(words), &word_count, err) < 0)
        return -1;
    if (word_count < 2)
        return error_set(err, "a command is missing; see sweepd admin --help");
    order->command = find_command(words[0], words[1]);
    if (!order->command)
        return error_set(err, "there is no command \"%.32s %.32s\"; see sweepd admin --help",
                         words[0], words[1]);
    if (order->command->takes_limits || order->command->takes_token)
        order->body = json_object();
    for (int i = 0; i < count; i++)
        if (strncmp(arguments[i], "--", 2) == 0 &&
            read_option(order, arguments[i], arguments[i + 1], err) < 0)
            return -1;
        else if (strncmp(arguments[i], "--", 2) == 0)
            i++;
    if (order->command->operand != NOTHING)
        return take_operand(order, words[2], err);
    return words[2] ? misused(err, "one word too many:", words[2]) : 0;
}

/* --- telling ------------------------------------------------------------------------------------
 */

static void print_limit(const json_t *team, const char *key)
{
    const double limit = json_number_at(team, key, 0);
    if (limit > 0)
        printf(" %14.15g", limit);
    else
        printf(" %14s", "-");
}

static void print_teams(const json_t *teams)
{
    static const char *const limits[] = {"share",     "max_running", "max_queued",
                                         "max_bytes", "max_streams", "requests_per_s"};
    size_t i;
    json_t *team;
    printf("%-20s", "team");
    for (size_t limit = 0; limit < COUNT_OF(limits); limit++)
        printf(" %14s", limits[limit]);
    putchar('\n');
    json_array_foreach(teams, i, team)
    {
        printf("%-20s", json_text_at(team, "name", ""));
        for (size_t limit = 0; limit < COUNT_OF(limits); limit++)
            print_limit(team, limits[limit]);
        putchar('\n');
    }
}

static void print_day(const json_t *token, const char *key)
{
    const time_t seconds = json_integer_at(token, key, 0) / 1000;
    struct tm day;
    char text[32] = "-";
    if (seconds > 0 && gmtime_r(&seconds, &day))
        strftime(text, sizeof text, "%Y-%m-%d", &day);
    printf(" %-10s", text);
}

static void print_tokens(const json_t *tokens)
{
    size_t i;
    json_t *token;
    printf("%4s %-20s %-6s %-14s %-10s %-10s %-10s %-10s %s\n", "id", "team", "role", "prefix",
           "created", "expires", "used", "revoked", "name");
    json_array_foreach(tokens, i, token)
    {
        printf("%4" PRId64 " %-20s %-6s %-14s", json_integer_at(token, "id", 0),
               json_text_at(token, "team", "-"), json_text_at(token, "role", ""),
               json_text_at(token, "prefix", ""));
        print_day(token, "created_ms");
        print_day(token, "expires_ms");
        print_day(token, "used_ms");
        print_day(token, "revoked_ms");
        printf(" %s\n", json_text_at(token, "name", ""));
    }
}

static void tell(const json_t *answer)
{
    const char *token = json_text_at(answer, "token", NULL);
    if (json_object_get(answer, "teams"))
        print_teams(json_object_get(answer, "teams"));
    else if (json_object_get(answer, "tokens"))
        print_tokens(json_object_get(answer, "tokens"));
    else if (token)
        printf("%s\n", token);
    if (token)
        fprintf(stderr, "token %" PRId64 ": keep it, it is not shown again\n",
                json_integer_at(answer, "id", 0));
}

static int check_folder(const char *folder, struct error *err)
{
    struct stat status;
    if (stat(folder, &status) == 0 && S_ISDIR(status.st_mode))
        return 0;
    return error_set(err, "there is no folder \"%s\": name the server's with --data", folder);
}

int admin_main(int count, char **arguments)
{
    struct order order;
    struct error err;
    json_auto_t *answer = NULL;
    if (count > 0 && strcmp(arguments[0], "--help") == 0) {
        fputs(usage, stdout);
        return EXIT_SUCCESS;
    }
    int status = EXIT_SUCCESS;
    if (read_order(count, arguments, &order, &err) < 0)
        status = EXIT_USAGE;
    else if (check_folder(order.folder, &err) < 0 || carry_out(&order, &answer, &err) < 0)
        status = EXIT_FAILURE;
    json_decref(order.body);
    if (status == EXIT_SUCCESS)
        tell(answer);
    else
        fprintf(stderr, "sweepd admin: %s\n", err.sentence);
    return status;
}
