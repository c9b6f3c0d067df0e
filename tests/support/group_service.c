#include "support/group_service.h"

#include "support/http_client.h"

#include <stddef.h>

struct service service;
int port;

void start_service_with(const char *const *arguments)
{
    service_start(&service, arguments);
    port = service.port;
}

int start_service(void **state)
{
    static const char *const arguments[] = {"--slots", "2", NULL};
    (void)state;
    start_service_with(arguments);
    return 0;
}

int end_service(void **state)
{
    (void)state;
    client_use_token(NULL);
    service_end(&service);
    return 0;
}
