/*
 * The worker's half of the protocol (wire.h), over one connected descriptor: says hello, then
 * trains what is assigned and parses what is to be prepared, one thing at a time, until the server
 * says shutdown or is gone.
 *
 * When the server is gone the process ends at once, without a checkpoint: another attempt at the
 * same run may begin at any moment. Until then a lock on the run's folder keeps that one waiting.
 */
#ifndef SESSION_H
#define SESSION_H

#include "error.h"

enum session_end {
    SESSION_SHUTDOWN, /* as the server asked */
    SESSION_REFUSED,  /* the server does not want this worker; err says why */
    SESSION_BAD_LINE, /* the server sent what no server sends; err says what */
    SESSION_LOST,     /* the server was gone while the worker was idle */
};

enum { SESSION_EXIT_LOST = 3 }; /* exit status where the server is gone in the midst of work */

enum session_end session_serve(int fd, struct error *err);

#endif
