#pragma once
#include <sodium.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* prctl is variadic, which Swift does not import. Each returns 0 on success. */

static inline int sallyport_forbid_dumps(void) {
    const struct rlimit none = {0, 0};
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        return -1;
    }
    return setrlimit(RLIMIT_CORE, &none);
}

static inline int sallyport_forbid_new_privileges(void) {
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* Raises the soft limit of locked memory to the hard one; the soft limit now in force, or 0 if it is unknown. */
static inline unsigned long long sallyport_raise_lockable_bytes(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0) {
        return 0;
    }
    if (limit.rlim_cur != limit.rlim_max) {
        const struct rlimit raised = {limit.rlim_max, limit.rlim_max};
        if (setrlimit(RLIMIT_MEMLOCK, &raised) == 0) {
            limit = raised;
        }
    }
    return (unsigned long long)limit.rlim_cur;
}

/* A forked child sees zeros in these pages. Best effort: older kernels refuse the advice. */
static inline void sallyport_wipe_on_fork(void *address, size_t length) {
#ifdef MADV_WIPEONFORK
    (void)madvise(address, length, MADV_WIPEONFORK);
#else
    (void)address;
    (void)length;
#endif
}
