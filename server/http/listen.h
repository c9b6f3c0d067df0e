/*
 * The listening socket, and the names by which this server may be called.
 */
#ifndef LISTEN_H
#define LISTEN_H

#include "error.h"

/* "127.0.0.1:8080", "[::1]:0", "localhost:80": numbers or localhost, no other name. Port 0: any
 * free one. The caller closes the socket. */
int listen_open(const char *address, int *out_fd, int *out_port, struct error *err);

/* Every "name:port" that may stand in a Host header: loopback, the address listened on, and what
 * else is ours, with and without the port. Ends with NULL; listen_free_names(). */
char **listen_names(const char *address, int port, const char *const *further);
void listen_free_names(char **names);

#endif
