#include "support/group_service.h"

struct service service;
int port;

int start_service(void **state)
{
    static const char *const arguments[] = {"--slots", "2", NULL};
    (void)state;
    service_start(&service, arguments);
    port = service.port;
    return 0;
}

int end_service(void **state)
{
    (void)state;
    service_end(&service);
    return 0;
}
