/*
 * Endless answers. libmicrohttpd asks for bytes whenever the socket takes some; where there are
 * none the connection is suspended until http_wake(). A suspended connection does not notice that
 * its client has gone, so event streams get a comment line now and then.
 */
#include "http/inside.h"

#include <string.h>

static const char event_media[] = "text/event-stream";
static const char beat[] = ":\n\n";

static ssize_t read_stream(void *context, uint64_t position, char *bytes, size_t most)
{
    struct exchange *exchange = ((struct connection *)context)->exchange;
    const struct stream_source *source = &exchange->answer.source;
    (void)position;
    if (exchange->is_over)
        return MHD_CONTENT_READER_END_OF_STREAM;

    exchange->was_woken = false;
    const bool wants_beat = exchange->wants_beat;
    exchange->wants_beat = false;
    long count = source->fill(source->context, bytes, most);
    if (count == 0 && wants_beat && most >= sizeof beat) {
        memcpy(bytes, beat, sizeof beat - 1);
        count = sizeof beat - 1;
    }
    if (count < 0)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (count > 0)
        exchange->last_written_ms = exchange->http->now_ms;
    else if (!exchange->was_woken && !exchange->is_suspended)
        exchange_suspend(exchange);
    return (ssize_t)count;
}

struct MHD_Response *stream_response(struct exchange *exchange)
{
    struct http *http = exchange->http;
    exchange->is_event_stream =
        strncmp(exchange->answer.type, event_media, sizeof event_media - 1) == 0;
    http->stream_count += exchange->is_event_stream;
    exchange->last_written_ms = http->now_ms;
    exchange->stream_until_ms = exchange->is_event_stream
                                    ? http->now_ms + INT64_C(1000) * http->options.stream_age_s
                                    : INT64_MAX;
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream,
                                             exchange->connection, NULL);
}

void stream_end(struct exchange *exchange)
{
    exchange->is_over = true;
    exchange_resume(exchange);
}

void stream_sweep(struct exchange *exchange)
{
    const struct http *http = exchange->http;
    if (!exchange->is_event_stream)
        return;
    if (http->now_ms >= exchange->stream_until_ms) {
        stream_end(exchange);
    } else if (http->now_ms - exchange->last_written_ms >=
               INT64_C(1000) * http->options.stream_beat_s) {
        exchange->wants_beat = true;
        exchange_resume(exchange);
    }
}
