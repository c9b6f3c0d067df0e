#include "http/gate.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static int refuse(struct gate_refusal *refusal, int status, const char *sentence)
{
    *refusal = (struct gate_refusal){status, sentence};
    return -1;
}

/* --- bytes --------------------------------------------------------------------------------- */

static bool is_token_byte(unsigned char byte)
{
    return isalnum(byte) || (byte != 0 && strchr("!#$%&'*+-.^_`|~", byte));
}

static bool is_token(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (!is_token_byte((unsigned char)text[i]))
            return false;
    return bytes > 0;
}

/* Tab and space are fine inside a value; CR and LF here would be a folded line. */
static bool is_value(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        const unsigned char byte = (unsigned char)text[i];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
            return false;
    }
    return true;
}

static bool is_same(const char *text, size_t bytes, const char *word)
{
    return strlen(word) == bytes && strncasecmp(text, word, bytes) == 0;
}

/* --- headers ------------------------------------------------------------------------------- */

static struct gate_field *field_of(struct gate_head *head, const char *name, size_t bytes)
{
    switch (bytes) {
    case 4:
        return is_same(name, bytes, "Host") ? &head->host : NULL;
    case 6:
        return is_same(name, bytes, "Origin") ? &head->origin : NULL;
    case 12:
        return is_same(name, bytes, "Content-Type") ? &head->type : NULL;
    case 14:
        return is_same(name, bytes, "Content-Length") ? &head->length : NULL;
    case 15:
        return is_same(name, bytes, "X-Forwarded-For") ? &head->forwarded_for : NULL;
    case 16:
        return is_same(name, bytes, "Content-Encoding") ? &head->encoding : NULL;
    case 17:
        return is_same(name, bytes, "X-Forwarded-Proto")   ? &head->forwarded_proto
               : is_same(name, bytes, "Transfer-Encoding") ? &head->transfer
                                                           : NULL;
    default:
        return NULL;
    }
}

/* Via and Forwarded are the standard's (RFC 9110, 7.6.3; RFC 7239), the others what is common. */
static bool is_of_proxy(const char *name, size_t bytes)
{
    static const char family[] = "X-Forwarded-";
    const size_t family_bytes = sizeof family - 1;
    return is_same(name, bytes, "Via") || is_same(name, bytes, "Forwarded") ||
           is_same(name, bytes, "X-Real-IP") ||
           (bytes > family_bytes && strncasecmp(name, family, family_bytes) == 0);
}

void gate_add_header(struct gate_head *head, const char *name, size_t name_bytes, const char *value,
                     size_t value_bytes)
{
    head->header_count++;
    if (!is_token(name, name_bytes))
        head->has_bad_name = true;
    if (!is_value(value, value_bytes))
        head->has_bad_value = true;
    head->is_forwarded = head->is_forwarded || is_of_proxy(name, name_bytes);
    struct gate_field *field = field_of(head, name, name_bytes);
    if (field) {
        field->text = value;
        field->bytes = value_bytes;
        field->count++;
    }
}

/* --- the request line ---------------------------------------------------------------------- */

static int check_method(const char *method, enum gate_method *out, struct gate_refusal *refusal)
{
    static const char *const names[] = {
        [GATE_GET] = "GET",         [GATE_HEAD] = "HEAD",   [GATE_POST] = "POST",
        [GATE_PUT] = "PUT",         [GATE_PATCH] = "PATCH", [GATE_DELETE] = "DELETE",
        [GATE_OPTIONS] = "OPTIONS",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(method, names[i]) == 0) {
            *out = (enum gate_method)i;
            return 0;
        }
    if (!is_token(method, strlen(method)))
        return refuse(refusal, 400, "the method is not a token");
    return refuse(refusal, 501,
                  "the method is not one of GET, HEAD, POST, PUT, PATCH, DELETE, "
                  "OPTIONS");
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    const int lower = tolower((unsigned char)digit);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* `at` is just behind the '%'. An encoded slash or NUL in a path is how checks are walked around;
 * in a query both slashes are ordinary (JSON pointers). */
static int check_escape(const char *at, bool is_in_path, struct gate_refusal *refusal)
{
    const int high = hex_value(at[0]), low = high < 0 ? -1 : hex_value(at[1]);
    if (low < 0)
        return refuse(refusal, 400, "a % in the target is not followed by two hexadecimal digits");
    const int byte = high * 16 + low;
    if (byte == 0)
        return refuse(refusal, 400, "the target holds an encoded NUL");
    if (is_in_path && (byte == '/' || byte == '\\'))
        return refuse(refusal, 400, "the path holds an encoded slash or backslash");
    return 0;
}

int gate_check_target(const char *target, size_t *out_path_bytes, struct gate_refusal *refusal)
{
    if (target[0] != '/')
        return refuse(refusal, 400, "the target does not begin with /");
    const char *query = NULL;
    int arguments = 0;
    size_t i = 0;
    for (; target[i]; i++) {
        const unsigned char byte = (unsigned char)target[i];
        if (i == GATE_TARGET_MOST)
            return refuse(refusal, 414, "the target is longer than 8192 bytes");
        if (byte < 0x21 || byte > 0x7e || byte == '#')
            return refuse(refusal, 400, "the target holds a byte that must be percent-encoded");
        if (byte == '?' && !query)
            query = target + i;
        if (byte == '&' && query && ++arguments >= GATE_ARGUMENTS_MOST)
            return refuse(refusal, 414, "the query has more than 128 arguments");
        if (byte == '%' && check_escape(target + i + 1, !query, refusal) < 0)
            return -1;
    }
    *out_path_bytes = query ? (size_t)(query - target) : i;
    return 0;
}

static bool is_version_1_0(const struct gate_head *head)
{
    return strcmp(head->version, "HTTP/1.0") == 0;
}

/* --- host and origin ----------------------------------------------------------------------- */

static bool is_ours(const char *text, size_t bytes, const char *const *hosts)
{
    for (; *hosts; hosts++)
        if (is_same(text, bytes, *hosts))
            return true;
    return false;
}

/* A page of another site may send us requests by its visitors' browsers: by a name of its own that
 * points here (DNS rebinding; the Host gives it away), or openly (the Origin does). */
static int check_host(const struct gate_head *head, const char *const *hosts,
                      struct gate_refusal *refusal)
{
    if (head->host.count != 1)
        return refuse(refusal, 400, "there must be exactly one Host header");
    if (!is_ours(head->host.text, head->host.bytes, hosts))
        return refuse(refusal, 421, "the Host is not a name of this server");
    return 0;
}

static int check_origin(const struct gate_head *head, const char *const *hosts,
                        struct gate_refusal *refusal)
{
    static const char http[] = "http://", https[] = "https://";
    if (head->origin.count == 0)
        return 0;
    const char *text = head->origin.text;
    const size_t bytes = head->origin.bytes;
    const size_t skip = bytes >= sizeof http - 1 && strncmp(text, http, sizeof http - 1) == 0
                            ? sizeof http - 1
                        : bytes >= sizeof https - 1 && strncmp(text, https, sizeof https - 1) == 0
                            ? sizeof https - 1
                            : 0;
    if (head->origin.count > 1 || skip == 0 || !is_ours(text + skip, bytes - skip, hosts))
        return refuse(refusal, 403, "the Origin is not this server");
    return 0;
}

/* --- the body's frame ---------------------------------------------------------------------- */

static int check_length(const struct gate_head *head, int64_t *out, struct gate_refusal *refusal)
{
    enum { DIGITS_MOST = 10 };
    *out = 0;
    if (head->length.count == 0)
        return 0;
    if (head->length.count > 1)
        return refuse(refusal, 400, "there is more than one Content-Length header");
    if (head->length.bytes == 0)
        return refuse(refusal, 400, "the Content-Length is not a whole number");
    for (size_t i = 0; i < head->length.bytes; i++) {
        if (head->length.text[i] < '0' || head->length.text[i] > '9')
            return refuse(refusal, 400, "the Content-Length is not a whole number");
        if (i == DIGITS_MOST)
            return refuse(refusal, 413, "the Content-Length has more than ten digits");
        *out = *out * 10 + (head->length.text[i] - '0');
    }
    return 0;
}

static int check_frame(const struct gate_head *head, struct gate_pass *pass,
                       struct gate_refusal *refusal)
{
    if (check_length(head, &pass->length, refusal) < 0)
        return -1;
    pass->is_chunked = head->transfer.count > 0;
    if (!pass->is_chunked)
        return 0;
    if (head->length.count > 0)
        return refuse(refusal, 400, "there is a Content-Length beside a Transfer-Encoding");
    if (is_version_1_0(head))
        return refuse(refusal, 400, "HTTP/1.0 has no Transfer-Encoding");
    if (head->transfer.count > 1)
        return refuse(refusal, 400, "there is more than one Transfer-Encoding header");
    if (!is_same(head->transfer.text, head->transfer.bytes, "chunked"))
        return refuse(refusal, 501, "the Transfer-Encoding is not chunked");
    pass->length = -1;
    return 0;
}

int gate_check(const struct gate_head *head, const char *const *hosts, struct gate_pass *out_pass,
               struct gate_refusal *refusal)
{
    struct gate_pass pass = {0};
    if (strcmp(head->version, "HTTP/1.1") != 0 && !is_version_1_0(head))
        return refuse(refusal, 505, "the version is neither HTTP/1.1 nor HTTP/1.0");
    if (check_method(head->method, &pass.method, refusal) < 0 ||
        gate_check_target(head->target, &pass.path_bytes, refusal) < 0)
        return -1;
    if (head->has_bad_name)
        return refuse(refusal, 400, "a header's name is not a token");
    if (head->has_bad_value)
        return refuse(refusal, 400, "a header's value holds a control byte");
    if (head->header_count > GATE_HEADERS_MOST)
        return refuse(refusal, 431, "there are more than 100 headers");
    if (check_host(head, hosts, refusal) < 0 || check_frame(head, &pass, refusal) < 0)
        return -1;
    const bool is_safe =
        pass.method == GATE_GET || pass.method == GATE_HEAD || pass.method == GATE_OPTIONS;
    if (!is_safe && check_origin(head, hosts, refusal) < 0)
        return -1;
    *out_pass = pass;
    return 0;
}

/* --- what the route takes ------------------------------------------------------------------ */

static bool is_media_type(const struct gate_field *type, const char *word)
{
    size_t bytes = 0;
    while (bytes < type->bytes && type->text[bytes] != ';' && type->text[bytes] != ' ' &&
           type->text[bytes] != '\t')
        bytes++;
    if (word[0] != '+')
        return is_same(type->text, bytes, word);
    const size_t suffix = strlen(word);
    return bytes > suffix && is_same(type->text + bytes - suffix, suffix, word);
}

static int check_type(const struct gate_head *head, enum body_kind kind,
                      struct gate_refusal *refusal)
{
    if (head->type.count > 1)
        return refuse(refusal, 400, "there is more than one Content-Type header");
    if (kind == BODY_FORM) {
        if (head->type.count == 0 || !is_media_type(&head->type, "multipart/form-data"))
            return refuse(refusal, 415, "the Content-Type must be multipart/form-data");
    } else if (head->type.count == 1 && !is_media_type(&head->type, "application/json") &&
               !is_media_type(&head->type, "+json")) {
        if (kind != BODY_TABLE)
            return refuse(refusal, 415, "the Content-Type must be application/json");
        if (!is_media_type(&head->type, "text/csv"))
            return refuse(refusal, 415, "the Content-Type must be application/json or text/csv");
    }
    return 0;
}

int gate_check_body(const struct gate_head *head, const struct gate_pass *pass, enum body_kind kind,
                    int64_t most, struct gate_refusal *refusal)
{
    if (kind == BODY_NONE)
        return pass->length > 0 ? refuse(refusal, 400, "this request takes no body") : 0;
    if (pass->length > most)
        return refuse(refusal, 413, "the body is larger than this server takes");
    if (head->encoding.count > 0)
        return refuse(refusal, 415, "the body must come without a Content-Encoding");
    return check_type(head, kind, refusal);
}
