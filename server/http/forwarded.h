/*
 * Who is behind a proxy. What a request says of that is believed only where its connection comes
 * from a proxy that was named at the start: anybody else may write what he likes. Pure.
 */
#ifndef FORWARDED_H
#define FORWARDED_H

#include <stdbool.h>
#include <stddef.h>

enum { ADDRESS_BYTES = 46 }; /* INET6_ADDRSTRLEN */

/* An address in the one way that all are compared in: IPv4 inside IPv6 as IPv4, no brackets, no
 * port. False: it is none. */
bool address_read(const char *text, size_t bytes, char out[ADDRESS_BYTES]);

bool address_is_loopback(const char *address);

/* proxies: addresses, ends with NULL; NULL: none. */
bool address_is_proxy(const char *address, const char *const *proxies);

/* The client, as X-Forwarded-For ("client, proxy, proxy"; not always closed by a NUL) tells: from
 * the right, the first address that is none of the proxies. Each proxy adds on the right whom it
 * heard, so what stands further left is hearsay. Where that is no address: the last one known. */
void forwarded_client(const char *peer, const char *header, size_t bytes,
                      const char *const *proxies, char out[ADDRESS_BYTES]);

#endif
