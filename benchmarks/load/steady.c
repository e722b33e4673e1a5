// An open-loop load generator: requests start at a constant rate, whether or not earlier ones have been answered,
// and latency counts from the moment when a request was due. A stall of the server therefore shows in every
// request that became due during it, whereas a closed loop (rate 0 here, or wrk) would have paused, too.
//
//   steady [-c CONNECTIONS] [-r REQUESTS_PER_SECOND] [-d SECONDS] [-H "Name: value"]… IPv4:PORT PATH
//
// One thread, HTTP/1.1 keep-alive, no pipelining: a request that becomes due while all connections wait for a response is
// queued, and its wait counts. Prints one line of JSON.
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
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "histogram.h"
#include "response.h"

enum { MAX_CONNECTIONS = 16384, EVENTS = 256, READ_SIZE = 1 << 18 };
static const uint64_t SECOND = 1000000000, DRAIN = 2 * 1000000000ull;

struct connection {
    int fd;
    bool busy;
    uint64_t due;
    struct response response;
};

static struct {
    struct connection *connections;
    int count;
    int *idle;  // a ring: the connection that has been idle longest is next, so that all are used
    int idle_first, idle_count;
    int epoll, timer;
    struct sockaddr_in address;
    char request[16384];
    size_t request_length;
    uint64_t start, end;  // nanoseconds
    uint64_t rate;  // requests per second; 0: each follows the previous response
    uint64_t freed;  // when a connection became free after all were busy
    uint64_t due, sent, answered, bytes;
    uint64_t statuses[600];
    uint64_t connect_errors, read_errors, write_errors, unanswered;
    struct histogram latency, lag;
} load;

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

static void die(const char *what) {
    fprintf(stderr, "steady: %s: %s\n", what, strerror(errno));
    exit(1);
}

// Multiplies before it divides, so that the rate does not drift because of a rounded interval.
static uint64_t due_time(uint64_t number) {
    return load.start + (uint64_t)((__uint128_t)number * SECOND / load.rate);
}

static void rest(int index) {
    load.connections[index].busy = false;
    if (load.idle_count == 0) load.freed = now();
    load.idle[(load.idle_first + load.idle_count++) % load.count] = index;
}

// Blocking, because it happens before the clock starts. A later reconnect is an error of the run anyway.
static bool open_connection(int index) {
    struct connection *connection = &load.connections[index];
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0) die("socket");
    if (connect(connection->fd, (struct sockaddr *)&load.address, sizeof load.address) != 0) {
        load.connect_errors++;
        close(connection->fd);
        connection->fd = -1;
        return false;
    }
    int one = 1;
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    response_begin(&connection->response);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)index};
    if (epoll_ctl(load.epoll, EPOLL_CTL_ADD, connection->fd, &event) != 0) die("epoll_ctl");
    rest(index);
    return true;
}

// An idle connection that fails is removed from the ring, so that it is never in it twice.
static void leave_ring(int index) {
    for (int i = 0; i < load.idle_count; i++) {
        if (load.idle[(load.idle_first + i) % load.count] != index) continue;
        for (int j = i; j + 1 < load.idle_count; j++)
            load.idle[(load.idle_first + j) % load.count] = load.idle[(load.idle_first + j + 1) % load.count];
        load.idle_count--;
        return;
    }
}

static void replace(int index) {
    if (!load.connections[index].busy) leave_ring(index);
    close(load.connections[index].fd);
    open_connection(index);
}

static void send_request(uint64_t due, uint64_t time) {
    int index = load.idle[load.idle_first];
    load.idle_first = (load.idle_first + 1) % load.count;
    load.idle_count--;
    struct connection *connection = &load.connections[index];
    connection->busy = true;
    connection->due = due;
    load.sent++;
    // The generator's own delay: time spent waiting for a connection is due to the server.
    uint64_t possible = due > load.freed ? due : load.freed;
    histogram_add(&load.lag, time > possible ? time - possible : 0);
    ssize_t written = send(connection->fd, load.request, load.request_length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (written != (ssize_t)load.request_length) {
        load.write_errors++;
        replace(index);
    }
}

// Sends the due requests, as far as connections are free.
static void send_due(uint64_t time) {
    if (load.rate == 0) {
        while (load.idle_count > 0 && time < load.end) send_request(time, time);
        return;
    }
    while (load.idle_count > 0 && load.due <= time && load.due < load.end) {
        send_request(load.due, time);
        load.due = due_time(load.sent);
    }
}

static void arm_timer(void) {
    uint64_t at = load.rate == 0 || load.due > load.end ? load.end : load.due;
    // Without a free connection, the next response or the end wakes the loop.
    if (load.idle_count == 0 && at < load.end) at = load.end;
    struct itimerspec when = {.it_value = {.tv_sec = (time_t)(at / SECOND), .tv_nsec = (long)(at % SECOND)}};
    timerfd_settime(load.timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void read_answer(int index) {
    static char buffer[READ_SIZE];
    struct connection *connection = &load.connections[index];
    ssize_t length = recv(connection->fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (length <= 0 || !connection->busy) {
        load.read_errors++;
        replace(index);
        return;
    }
    load.bytes += (uint64_t)length;
    switch (response_feed(&connection->response, buffer, (size_t)length)) {
    case RESPONSE_PARTIAL: return;
    case RESPONSE_BROKEN:
        load.read_errors++;
        replace(index);
        return;
    case RESPONSE_COMPLETE: break;
    }
    histogram_add(&load.latency, now() - connection->due);
    load.answered++;
    load.statuses[connection->response.status]++;
    bool closes = connection->response.closes;
    response_begin(&connection->response);
    if (closes) {
        load.read_errors++;
        replace(index);
    } else {
        rest(index);
    }
}

static bool busy(void) {
    for (int i = 0; i < load.count; i++)
        if (load.connections[i].fd >= 0 && load.connections[i].busy) return true;
    return false;
}

static void run(void) {
    struct epoll_event events[EVENTS];
    for (;;) {
        uint64_t time = now();
        send_due(time);
        // Requests that became due before the end are sent and answered, however late.
        bool left = load.rate != 0 && load.due < load.end;
        if (time >= load.end && ((!left && !busy()) || time >= load.end + DRAIN)) break;
        int timeout = 100;
        if (time < load.end) {
            arm_timer();
            timeout = -1;
        }
        int count = epoll_wait(load.epoll, events, EVENTS, timeout);
        if (count < 0 && errno != EINTR) die("epoll_wait");
        for (int i = 0; i < count; i++) {
            if (events[i].data.u32 < (uint32_t)load.count) {
                read_answer((int)events[i].data.u32);
            } else {
                uint64_t expirations;
                if (read(load.timer, &expirations, sizeof expirations) < 0 && errno != EAGAIN) die("timerfd");
            }
        }
        if (load.connect_errors) break;
    }
}

static void summarise(double seconds) {
    // A due request that was never sent counts as unanswered.
    uint64_t scheduled = load.rate ? (uint64_t)((__uint128_t)(load.end - load.start) * load.rate / SECOND) : load.sent;
    uint64_t failed = load.read_errors + load.write_errors;
    uint64_t known = load.answered + failed;
    load.unanswered = scheduled > known ? scheduled - known : 0;
    printf("SUMMARY {\"requests\":%" PRIu64 ",\"microseconds\":%.0f,\"bytes\":%" PRIu64 ",\"scheduled\":%" PRIu64,
           load.answered, seconds * 1e6, load.bytes, scheduled);
    const char *names[] = {"p50_us", "p90_us", "p99_us", "p999_us", "max_us"};
    const double quantiles[] = {0.5, 0.9, 0.99, 0.999, 1};
    for (int i = 0; i < 5; i++) printf(",\"%s\":%.1f", names[i], histogram_quantile(&load.latency, quantiles[i]) / 1e3);
    printf(",\"lag_p99_us\":%.1f", histogram_quantile(&load.lag, 0.99) / 1e3);
    printf(",\"connect_errors\":%" PRIu64 ",\"read_errors\":%" PRIu64 ",\"write_errors\":%" PRIu64
           ",\"timeouts\":%" PRIu64 ",\"statuses\":{",
           load.connect_errors, load.read_errors, load.write_errors, load.unanswered);
    const char *comma = "";
    for (int i = 0; i < 600; i++) {
        if (load.statuses[i] == 0) continue;
        printf("%s\"%d\":%" PRIu64, comma, i, load.statuses[i]);
        comma = ",";
    }
    printf("}}\n");
}

static void usage(void) {
    fprintf(stderr, "usage: steady [-c CONNECTIONS] [-r RATE] [-d SECONDS] [-H HEADER]... IPv4:PORT PATH\n");
    exit(2);
}

static void parse_address(char *text) {
    char *colon = strrchr(text, ':');
    if (!colon) usage();
    *colon = 0;
    load.address.sin_family = AF_INET;
    load.address.sin_port = htons((uint16_t)atoi(colon + 1));
    if (inet_pton(AF_INET, text, &load.address.sin_addr) != 1) usage();
    *colon = ':';
}

int main(int count, char **arguments) {
    double seconds = 5;
    char headers[8192] = "";
    load.count = 64;
    for (int option; (option = getopt(count, arguments, "c:r:d:H:")) != -1;) {
        switch (option) {
        case 'c': load.count = atoi(optarg); break;
        case 'r': load.rate = (uint64_t)atoll(optarg); break;
        case 'd': seconds = atof(optarg); break;
        case 'H':
            if (strlen(headers) + strlen(optarg) + 3 > sizeof headers) usage();
            strcat(strcat(headers, optarg), "\r\n");
            break;
        default: usage();
        }
    }
    if (count - optind != 2 || load.count < 1 || load.count > MAX_CONNECTIONS || seconds <= 0) usage();
    parse_address(arguments[optind]);
    int length = snprintf(load.request, sizeof load.request, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n",
                          arguments[optind + 1], arguments[optind], headers);
    if (length < 0 || (size_t)length >= sizeof load.request) usage();
    load.request_length = (size_t)length;

    load.connections = calloc((size_t)load.count, sizeof *load.connections);
    load.idle = calloc((size_t)load.count, sizeof *load.idle);
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    load.timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (!load.connections || !load.idle || load.epoll < 0 || load.timer < 0) die("setup");
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = UINT32_MAX};
    epoll_ctl(load.epoll, EPOLL_CTL_ADD, load.timer, &event);
    for (int i = 0; i < load.count; i++)
        if (!open_connection(i)) die("connect");

    load.start = load.due = now();
    load.end = load.start + (uint64_t)(seconds * 1e9);
    run();
    summarise(seconds);
    return 0;
}
