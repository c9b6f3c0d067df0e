/*
 * sweepd admin: teams and tokens from the command line of the machine that holds the data folder.
 *
 * Where a server has the folder, the command asks it over HTTP with the key that the server has
 * written beside its database (admin.json, mode 0600, a new one at each start): who may read the
 * folder may do this. Where none has it, the command takes the folder's lock and opens the store
 * itself. So two never write at once, and it does not matter which of the two it is.
 */
#ifndef ADMIN_H
#define ADMIN_H

#include "auth/auth.h"

/* arguments: behind the word "admin". Prints; answers the exit status: 0, 1 refused, 2 misused. */
int admin_main(int count, char **arguments);

/* For the server: gives out its key (admin.json in the folder), and takes it back. */
int admin_invite(const char *folder, const char *listen, int port, struct auth *auth,
                 struct error *err);
void admin_uninvite(const char *folder);

#endif
