#include "http/forwarded.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static bool read_v6(const char *text, char out[ADDRESS_BYTES])
{
    struct in6_addr v6;
    if (inet_pton(AF_INET6, text, &v6) != 1)
        return false;
    if (IN6_IS_ADDR_V4MAPPED(&v6))
        return inet_ntop(AF_INET, &v6.s6_addr[12], out, ADDRESS_BYTES);
    return inet_ntop(AF_INET6, &v6, out, ADDRESS_BYTES);
}

/* "[::1]:80" and "10.0.0.1:80" are told too by some. */
static void strip(const char **text, size_t *bytes)
{
    while (*bytes > 0 && ((*text)[0] == ' ' || (*text)[0] == '\t'))
        (*text)++, (*bytes)--;
    while (*bytes > 0 && ((*text)[*bytes - 1] == ' ' || (*text)[*bytes - 1] == '\t'))
        (*bytes)--;
    const char *end = *bytes > 0 && (*text)[0] == '[' ? memchr(*text, ']', *bytes) : NULL;
    if (end) {
        (*text)++;
        *bytes = (size_t)(end - *text);
        return;
    }
    const char *colon = memchr(*text, ':', *bytes);
    const char *rest = colon ? colon + 1 : NULL;
    if (colon && !memchr(rest, ':', (size_t)(*text + *bytes - rest)))
        *bytes = (size_t)(colon - *text);
}

bool address_read(const char *text, size_t bytes, char out[ADDRESS_BYTES])
{
    char copy[ADDRESS_BYTES];
    struct in_addr v4;
    strip(&text, &bytes);
    if (bytes == 0 || bytes >= sizeof copy)
        return false;
    memcpy(copy, text, bytes);
    copy[bytes] = '\0';
    if (inet_pton(AF_INET, copy, &v4) == 1)
        return inet_ntop(AF_INET, &v4, out, ADDRESS_BYTES);
    return read_v6(copy, out);
}

bool address_is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

bool address_is_proxy(const char *address, const char *const *proxies)
{
    char proxy[ADDRESS_BYTES];
    for (; proxies && *proxies; proxies++)
        if (address_read(*proxies, strlen(*proxies), proxy) && strcmp(proxy, address) == 0)
            return true;
    return false;
}

void forwarded_client(const char *peer, const char *header, size_t bytes,
                      const char *const *proxies, char out[ADDRESS_BYTES])
{
    char next[ADDRESS_BYTES];
    snprintf(out, ADDRESS_BYTES, "%s", peer);
    while (bytes > 0 && address_is_proxy(out, proxies)) {
        const char *comma = memrchr(header, ',', bytes);
        const char *entry = comma ? comma + 1 : header;
        if (!address_read(entry, (size_t)(header + bytes - entry), next))
            return;
        memcpy(out, next, sizeof next);
        bytes = comma ? (size_t)(comma - header) : 0;
    }
}
