// Finds the end of an HTTP/1.1 response that arrives in pieces: by Content-Length, chunks, or a status without a body.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum response_result { RESPONSE_PARTIAL, RESPONSE_COMPLETE, RESPONSE_BROKEN };
enum response_state { RESPONSE_HEAD, RESPONSE_BODY, RESPONSE_CHUNK_SIZE, RESPONSE_CHUNK, RESPONSE_TRAILER };

struct response {
    enum response_state state;
    int status;
    bool closes;
    uint64_t left;  // bytes left in the body, or in the chunk with its CRLF
    size_t length;  // bytes of the head or line so far
    char text[8192];
};

static inline void response_begin(struct response *response) {
    response->state = RESPONSE_HEAD;
    response->length = 0;
    response->closes = false;
}

static inline enum response_result response_parse_head(struct response *response) {
    char *text = response->text;
    if (strncmp(text, "HTTP/1.1 ", 9) != 0) return RESPONSE_BROKEN;
    response->status = atoi(text + 9);
    if (response->status < 200 || response->status > 599) return RESPONSE_BROKEN;
    bool chunked = false, sized = false;
    response->left = 0;
    for (char *line = strstr(text, "\r\n"); line && line[2] != '\r'; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, "content-length:", 15) == 0) {
            response->left = strtoull(line + 15, NULL, 10);
            sized = true;
        } else if (strncasecmp(line, "transfer-encoding: chunked", 26) == 0) {
            chunked = true;
        } else if (strncasecmp(line, "connection: close", 17) == 0) {
            response->closes = true;
        }
    }
    if (response->status == 204 || response->status == 304) return RESPONSE_COMPLETE;
    if (chunked) {
        response->state = RESPONSE_CHUNK_SIZE;
        response->length = 0;
        return RESPONSE_PARTIAL;
    }
    if (!sized) return RESPONSE_BROKEN;  // it would end with the connection, which no peer should close
    response->state = RESPONSE_BODY;
    return response->left == 0 ? RESPONSE_COMPLETE : RESPONSE_PARTIAL;
}

// Consumes a byte of a line. Returns true at its end, with the line in text.
static inline bool response_line(struct response *response, char byte) {
    if (response->length < sizeof response->text - 1) response->text[response->length++] = byte;
    if (byte != '\n') return false;
    response->text[response->length] = 0;
    return true;
}

static inline enum response_result response_feed(struct response *response, const char *bytes, size_t count) {
    enum response_result result = RESPONSE_PARTIAL;
    for (size_t at = 0; at < count;) {
        if (result == RESPONSE_COMPLETE) return RESPONSE_BROKEN;  // more than was requested
        switch (response->state) {
        case RESPONSE_HEAD:
            if (response->length == sizeof response->text - 1) return RESPONSE_BROKEN;
            response->text[response->length++] = bytes[at++];
            if (response->length < 4 || memcmp(response->text + response->length - 4, "\r\n\r\n", 4) != 0) break;
            response->text[response->length] = 0;
            result = response_parse_head(response);
            break;
        case RESPONSE_BODY:
        case RESPONSE_CHUNK: {
            size_t taken = count - at < response->left ? count - at : (size_t)response->left;
            at += taken;
            response->left -= taken;
            if (response->left > 0) break;
            if (response->state == RESPONSE_BODY) result = RESPONSE_COMPLETE;
            response->state = RESPONSE_CHUNK_SIZE;
            response->length = 0;
            break;
        }
        case RESPONSE_CHUNK_SIZE:
            if (!response_line(response, bytes[at++])) break;
            response->left = strtoull(response->text, NULL, 16);
            response->state = response->left == 0 ? RESPONSE_TRAILER : RESPONSE_CHUNK;
            response->left += 2;
            response->length = 0;
            break;
        case RESPONSE_TRAILER:
            if (!response_line(response, bytes[at++])) break;
            if (response->length <= 2) result = RESPONSE_COMPLETE;
            response->length = 0;
            break;
        }
        if (result == RESPONSE_BROKEN) return result;
    }
    return result;
}
