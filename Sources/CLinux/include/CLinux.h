// Linux calls that the Glibc module map does not carry, as typed inline functions.
#pragma once

#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <unistd.h>

// Readiness bits, usable as plain unsigned integers.
static const uint32_t linux_epoll_in = EPOLLIN;
static const uint32_t linux_epoll_out = EPOLLOUT;
static const uint32_t linux_epoll_err = EPOLLERR;
static const uint32_t linux_epoll_hup = EPOLLHUP;
static const uint32_t linux_epoll_rdhup = EPOLLRDHUP;

/// One ready descriptor: the token it was added with, and what it is ready for.
typedef struct linux_epoll_ready {
    uint64_t token;
    uint32_t events;
} linux_epoll_ready;

/// A new epoll descriptor that children don't inherit; -1 and errno on failure.
static inline int linux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

/// Watches `fd` for `events`; 0, or -1 and errno (EEXIST when it is watched already).
static inline int linux_epoll_add(int epoll, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data = {.u64 = token}};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/// Changes what `fd` is watched for; 0, or -1 and errno (ENOENT when it is not watched).
static inline int linux_epoll_modify(int epoll, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data = {.u64 = token}};
    return epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
}

/// Stops watching `fd`; 0, or -1 and errno.
static inline int linux_epoll_remove(int epoll, int fd) {
    struct epoll_event event = {0};
    return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &event);
}

/// Waits at most `timeout_ms` (-1: without limit) and writes up to `capacity` (at most 64) ready descriptors.
/// Returns how many; 0 after the timeout or an interrupting signal; -1 and errno on failure.
static inline int linux_epoll_wait(int epoll, linux_epoll_ready *ready, int capacity, int timeout_ms) {
    struct epoll_event events[64];
    int limit = capacity < 64 ? capacity : 64;
    int count = epoll_wait(epoll, events, limit, timeout_ms);
    if (count < 0) return errno == EINTR ? 0 : -1;
    for (int i = 0; i < count; i++) {
        ready[i].token = events[i].data.u64;
        ready[i].events = events[i].events;
    }
    return count;
}

/// A non-blocking event counter that children don't inherit; -1 and errno on failure.
static inline int linux_eventfd_create(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

/// Makes the counter readable. It cannot block; a full counter is readable already.
static inline void linux_eventfd_signal(int fd) {
    uint64_t one = 1;
    ssize_t written = write(fd, &one, sizeof one);
    (void)written;
}

/// Makes the counter unreadable again.
static inline void linux_eventfd_drain(int fd) {
    uint64_t count;
    ssize_t got = read(fd, &count, sizeof count);
    (void)got;
}

/// A non-blocking monotonic timer that children don't inherit; -1 and errno on failure.
static inline int linux_timerfd_create(void) { return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK); }

/// Arms the timer to fire once after `nanoseconds` (0 disarms); 0, or -1 and errno.
static inline int linux_timerfd_arm(int fd, uint64_t nanoseconds) {
    struct itimerspec when = {
        .it_value = {.tv_sec = (time_t)(nanoseconds / 1000000000u), .tv_nsec = (long)(nanoseconds % 1000000000u)}};
    return timerfd_settime(fd, 0, &when, 0);
}

/// Forbids core dumps and reading this process's memory by others of the same user; 0, or -1 and errno.
static inline int linux_set_undumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

/// Whether dumps are forbidden: 0 forbidden, 1 allowed, 2 readable by root only.
static inline int linux_get_dumpable(void) { return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0); }

/// Programs started from here on gain no privileges by setuid bits; 0, or -1 and errno.
static inline int linux_set_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

/// Sends `signal` to the calling process when the thread that created it ends; 0, or -1 and errno.
static inline int linux_set_parent_death_signal(int signal) {
    return prctl(PR_SET_PDEATHSIG, (unsigned long)signal, 0, 0, 0);
}

/// Names the calling thread as `ps -L` and debuggers show it; at most 15 bytes count.
static inline void linux_set_thread_name(const char *name) { (void)prctl(PR_SET_NAME, name, 0, 0, 0); }

/// A pipe that children don't inherit, reading end first; 0, or -1 and errno.
int linux_pipe(int ends[2]);

/// Starts the program `arguments[0]` (an absolute path) in a session of its own, with `/` as working directory, default
/// signal handling, `input` as standard input and `output` as both outputs. Both lists end with a null pointer.
/// Returns 0 and the process, or an errno value.
int linux_spawn(pid_t *process, char *const arguments[], char *const environment[], int input, int output);
