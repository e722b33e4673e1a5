// WebSockets (RFC 6455) as a load: a server that echoes, and clients that each send a message, wait for its echo and send
// the next one.
//
//   websocket serve PORT
//   websocket load [-c CONNECTIONS] [-d SECONDS] [-s BYTES] IPv4:PORT PATH
//
// One thread. Messages have at most 125 bytes, so that a frame has a short head. The load prints one line of JSON.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "histogram.h"

enum { MAX_FD = 1 << 16, BUFFER = 4096, EVENTS = 256, BINARY = 0x82, CLOSE = 0x88, MASKED = 0x80, LONGEST = 125 };
static const uint64_t SECOND = 1000000000;

// The key and the answer of RFC 6455 section 1.3. All clients send the same key, so that the server needs no SHA-1.
static const char KEY[] = "dGhlIHNhbXBsZSBub25jZQ==";
static const char ACCEPT[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

struct connection {
    int fd;
    bool open;  // the handshake is complete
    int length;
    uint64_t sent;
    unsigned char buffer[BUFFER];
};

static struct connection *connections[MAX_FD];
static int events_fd;

static void die(const char *what) {
    fprintf(stderr, "websocket: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

static struct connection *watch(int fd) {
    if (fd < 0 || fd >= MAX_FD) die("descriptor");
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection) die("calloc");
    connection->fd = fd;
    connections[fd] = connection;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(events_fd, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
    return connection;
}

static void forget(struct connection *connection) {
    connections[connection->fd] = NULL;
    close(connection->fd);
    free(connection);
}

static bool send_all(int fd, const void *bytes, size_t length) {
    return send(fd, bytes, length, MSG_NOSIGNAL) == (ssize_t)length;
}

// Receives more bytes. Returns false at the end of the connection.
static bool receive(struct connection *connection) {
    ssize_t count = recv(connection->fd, connection->buffer + connection->length,
                         (size_t)(BUFFER - connection->length), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (count <= 0) return false;
    connection->length += (int)count;
    return true;
}

static void consume(struct connection *connection, int count) {
    connection->length -= count;
    memmove(connection->buffer, connection->buffer + count, (size_t)connection->length);
}

// The length of the head at the front, or 0 if it is incomplete.
static int head_length(struct connection *connection) {
    unsigned char *end = memmem(connection->buffer, (size_t)connection->length, "\r\n\r\n", 4);
    return end ? (int)(end - connection->buffer) + 4 : 0;
}

static bool contains(struct connection *connection, int length, const char *text) {
    return memmem(connection->buffer, (size_t)length, text, strlen(text)) != NULL;
}

// The length of the frame at the front; 0 if it is incomplete, -1 if it is not one that is expected here.
static int frame_length(struct connection *connection, bool masked) {
    if (connection->length < 2) return 0;
    int size = connection->buffer[1] & 0x7F;
    if (size > LONGEST || ((connection->buffer[1] & MASKED) != 0) != masked) return -1;
    int whole = 2 + (masked ? 4 : 0) + size;
    return connection->length < whole ? 0 : whole;
}

// MARK: The server

static bool accept_handshake(struct connection *connection) {
    int head = head_length(connection);
    if (!head) return connection->length < BUFFER;
    if (!contains(connection, head, KEY)) return false;
    char response[256];
    int length = snprintf(response, sizeof response,
                          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Accept: %s\r\n\r\n", ACCEPT);
    consume(connection, head);
    connection->open = true;
    return send_all(connection->fd, response, (size_t)length);
}

// Sends the frames that have arrived back, without masks.
static bool echo(struct connection *connection) {
    unsigned char output[BUFFER];
    int used = 0, read = 0;
    bool closes = false;
    for (;;) {
        consume(connection, read);
        read = frame_length(connection, true);
        if (read < 0) return false;
        if (read == 0) break;
        int size = read - 6;
        output[used] = connection->buffer[0];
        output[used + 1] = (unsigned char)size;
        for (int i = 0; i < size; i++) output[used + 2 + i] = connection->buffer[6 + i] ^ connection->buffer[2 + i % 4];
        used += 2 + size;
        closes |= connection->buffer[0] == CLOSE;
    }
    return (used == 0 || send_all(connection->fd, output, (size_t)used)) && !closes;
}

_Noreturn static void serve(int port) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 4096) != 0) die("listen");
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(events_fd, EPOLL_CTL_ADD, listener, &event);
    for (struct epoll_event events[EVENTS];;) {
        int count = epoll_wait(events_fd, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listener) {
                int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
                if (fd >= 0) watch(fd);
                continue;
            }
            struct connection *connection = connections[events[i].data.fd];
            if (!connection) continue;
            bool goes_on = receive(connection) && (connection->open || accept_handshake(connection));
            if (!goes_on || (connection->open && !echo(connection))) forget(connection);
        }
    }
}

// MARK: The load

static struct {
    struct sockaddr_in address;
    char request[1024], message[LONGEST];
    int size;
    uint64_t answered, errors;
    struct histogram latency;
} load;

// Blocking, because it happens before the clock starts.
static void open_connection(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&load.address, sizeof load.address) != 0) die("connect");
    struct connection *connection = watch(fd);
    if (!send_all(fd, load.request, strlen(load.request))) die("send");
    int head = 0;
    while (!(head = head_length(connection))) {
        ssize_t count = recv(fd, connection->buffer + connection->length, (size_t)(BUFFER - connection->length), 0);
        if (count <= 0) die("handshake");
        connection->length += (int)count;
    }
    if (!contains(connection, head, " 101 ") || !contains(connection, head, ACCEPT)) {
        fprintf(stderr, "websocket: the handshake was refused: %.*s\n", head, connection->buffer);
        exit(1);
    }
    consume(connection, head);
}

static bool send_message(struct connection *connection) {
    static const unsigned char mask[4] = {0x37, 0xFA, 0x21, 0x3D};
    unsigned char frame[6 + LONGEST] = {BINARY, (unsigned char)(MASKED | load.size), mask[0], mask[1], mask[2], mask[3]};
    for (int i = 0; i < load.size; i++) frame[6 + i] = (unsigned char)load.message[i] ^ mask[i % 4];
    connection->sent = now();
    return send_all(connection->fd, frame, (size_t)(6 + load.size));
}

// Returns false if the connection failed or the echo is not what was sent.
static bool receive_echo(struct connection *connection, bool again) {
    if (!receive(connection)) return false;
    int length = frame_length(connection, false);
    if (length == 0) return true;
    if (length != 2 + load.size || connection->length != length || connection->buffer[0] != BINARY ||
        memcmp(connection->buffer + 2, load.message, (size_t)load.size) != 0)
        return false;
    histogram_add(&load.latency, now() - connection->sent);
    load.answered++;
    consume(connection, length);
    return !again || send_message(connection);
}

static int run(int count, double seconds) {
    for (int i = 0; i < count; i++) open_connection();
    for (int i = 0; i < load.size; i++) load.message[i] = (char)('a' + i % 26);
    uint64_t start = now(), end = start + (uint64_t)(seconds * 1e9);
    for (int fd = 0; fd < MAX_FD; fd++)
        if (connections[fd] && !send_message(connections[fd])) load.errors++;
    for (struct epoll_event events[EVENTS]; now() < end && load.errors == 0;) {
        int ready = epoll_wait(events_fd, events, EVENTS, 100);
        for (int i = 0; i < ready; i++) {
            struct connection *connection = connections[events[i].data.fd];
            if (receive_echo(connection, true)) continue;
            load.errors++;
            epoll_ctl(events_fd, EPOLL_CTL_DEL, connection->fd, NULL);
        }
    }
    printf("SUMMARY {\"requests\":%" PRIu64 ",\"microseconds\":%.0f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f"
           ",\"max_us\":%.1f,\"read_errors\":%" PRIu64 "}\n",
           load.answered, (double)(now() - start) / 1e3, histogram_quantile(&load.latency, 0.5) / 1e3,
           histogram_quantile(&load.latency, 0.99) / 1e3, histogram_quantile(&load.latency, 0.999) / 1e3,
           histogram_quantile(&load.latency, 1) / 1e3, load.errors);
    return 0;
}

static int usage(void) {
    fprintf(stderr, "usage: websocket serve PORT\n"
                    "       websocket load [-c CONNECTIONS] [-d SECONDS] [-s BYTES] IPv4:PORT PATH\n");
    return 2;
}

int main(int count, char **arguments) {
    events_fd = epoll_create1(EPOLL_CLOEXEC);
    if (count == 3 && strcmp(arguments[1], "serve") == 0) serve(atoi(arguments[2]));
    if (count < 2 || strcmp(arguments[1], "load") != 0) return usage();
    int clients = 64;
    double seconds = 5;
    load.size = 64;
    optind = 2;
    for (int option; (option = getopt(count, arguments, "c:d:s:")) != -1;) {
        switch (option) {
        case 'c': clients = atoi(optarg); break;
        case 'd': seconds = atof(optarg); break;
        case 's': load.size = atoi(optarg); break;
        default: return usage();
        }
    }
    if (count - optind != 2 || clients < 1 || seconds <= 0 || load.size < 1 || load.size > LONGEST) return usage();
    char *colon = strrchr(arguments[optind], ':');
    if (!colon) return usage();
    snprintf(load.request, sizeof load.request,
             "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: %s\r\n\r\n", arguments[optind + 1], arguments[optind], KEY);
    *colon = 0;
    load.address.sin_family = AF_INET;
    load.address.sin_port = htons((uint16_t)atoi(colon + 1));
    if (inet_pton(AF_INET, arguments[optind], &load.address.sin_addr) != 1) return usage();
    return run(clients, seconds);
}
