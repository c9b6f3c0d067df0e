/*
 * One server with two slots for all tests of a program: its group's set-up and tear-down.
 */
#ifndef SUPPORT_GROUP_SERVICE_H
#define SUPPORT_GROUP_SERVICE_H

#include "support/service.h"

extern struct service service;
extern int port;

int start_service(void **state);
int end_service(void **state);

#endif
