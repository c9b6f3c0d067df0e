/*
 * One server for all tests of a program: its group's set-up and tear-down.
 */
#ifndef SUPPORT_GROUP_SERVICE_H
#define SUPPORT_GROUP_SERVICE_H

#include "support/service.h"

extern struct service service;
extern int port;

int start_service(void **state); /* with two slots */
/* For set-ups that do more; the arguments are those of service_start(). */
void start_service_with(const char *const *arguments);
/* The client carries no token any more. */
int end_service(void **state);

#endif
