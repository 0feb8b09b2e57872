#pragma once

// What Swift can't import of libcurl: variadic functions, unions and function-like macros. libcurl hands the OpenSSL
// context of each connection to CURLOPT_SSL_CTX_FUNCTION, so the trust store that goes into it is built here too.

#ifndef CURL_DISABLE_TYPECHECK
#define CURL_DISABLE_TYPECHECK 1
#endif
#include <curl/curl.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

// Allocator: libcurl copies headers, URLs and bodies into memory of its own; whatever it lets go is wiped first.

static inline void sp_wiping_free(void *memory) {
    if (!memory) return;
    explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

static inline void *sp_wiping_realloc(void *memory, size_t size) {
    if (!memory) return malloc(size);
    size_t held = malloc_usable_size(memory);
    if (size > 0 && size <= held && size >= held / 2) return memory;
    void *moved = malloc(size);
    if (!moved) return NULL;
    memcpy(moved, memory, size < held ? size : held);
    sp_wiping_free(memory);
    return moved;
}

static inline void *sp_plain_malloc(size_t size) { return malloc(size); }
static inline void *sp_plain_calloc(size_t count, size_t size) { return calloc(count, size); }
static inline char *sp_plain_strdup(const char *text) { return strdup(text); }

static inline CURLcode sp_curl_global_init(void) {
    return curl_global_init_mem(CURL_GLOBAL_ALL, sp_plain_malloc, sp_wiping_free, sp_wiping_realloc, sp_plain_strdup,
                                sp_plain_calloc);
}

static inline unsigned int sp_curl_version_number(void) { return curl_version_info(CURLVERSION_NOW)->version_num; }

static inline int sp_curl_uses_openssl(void) {
    const char *library = curl_version_info(CURLVERSION_NOW)->ssl_version;
    return library && strncmp(library, "OpenSSL/", 8) == 0;
}

// Easy handle.

static inline CURLcode sp_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode sp_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}

// Copied by libcurl.
static inline CURLcode sp_set_string(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode sp_set_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode sp_set_list(CURL *easy, CURLoption option, struct curl_slist *list) {
    return curl_easy_setopt(easy, option, list);
}

static inline CURLcode sp_on_write(CURL *easy, curl_write_callback callback, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, callback);
    return code ? code : curl_easy_setopt(easy, CURLOPT_WRITEDATA, context);
}

static inline CURLcode sp_on_header(CURL *easy, curl_write_callback callback, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, callback);
    return code ? code : curl_easy_setopt(easy, CURLOPT_HEADERDATA, context);
}

static inline CURLcode sp_on_read(CURL *easy, curl_read_callback callback, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_READFUNCTION, callback);
    return code ? code : curl_easy_setopt(easy, CURLOPT_READDATA, context);
}

static inline CURLcode sp_on_seek(CURL *easy, curl_seek_callback callback, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, callback);
    return code ? code : curl_easy_setopt(easy, CURLOPT_SEEKDATA, context);
}

static inline CURLcode sp_on_open_socket(CURL *easy, curl_opensocket_callback callback, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, callback);
    return code ? code : curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, context);
}

static inline CURLcode sp_on_tls_context(CURL *easy, curl_ssl_ctx_callback callback, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, callback);
    return code ? code : curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, context);
}

static inline CURLcode sp_get_long(CURL *easy, CURLINFO info, long *value) {
    return curl_easy_getinfo(easy, info, value);
}

// Multi handle.

static inline CURLMcode sp_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

static inline CURLMcode sp_multi_on_socket(CURLM *multi, curl_socket_callback callback, void *context) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, callback);
    return code ? code : curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
}

static inline CURLMcode sp_multi_on_timer(CURLM *multi, curl_multi_timer_callback callback, void *context) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, callback);
    return code ? code : curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
}

// The next transfer that ended, or NULL.
static inline CURL *sp_multi_next_done(CURLM *multi, CURLcode *result) {
    int left = 0;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &left))) {
        if (message->msg != CURLMSG_DONE) continue;
        *result = message->data.result;
        return message->easy_handle;
    }
    return NULL;
}

// Sockets.

// Writes the address in network order and returns its length: 4, 16, or 0 for another family.
static inline int sp_address_bytes(const struct curl_sockaddr *address, unsigned char bytes[16]) {
    const struct sockaddr *socket_address = &address->addr;
    if (address->family == AF_INET && address->addrlen >= sizeof(struct sockaddr_in)) {
        memcpy(bytes, &((const struct sockaddr_in *)(const void *)socket_address)->sin_addr, 4);
        return 4;
    }
    if (address->family == AF_INET6 && address->addrlen >= sizeof(struct sockaddr_in6)) {
        memcpy(bytes, &((const struct sockaddr_in6 *)(const void *)socket_address)->sin6_addr, 16);
        return 16;
    }
    return 0;
}

static inline int sp_open_socket(const struct curl_sockaddr *address) {
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// Readiness. The number that comes back with an event is the one given with its descriptor.

// A descriptor, or the negated error number; the same below.
static inline int sp_epoll_create(void) {
    int descriptor = epoll_create1(EPOLL_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

// Adds a descriptor or changes what it waits for.
static inline int sp_epoll_watch(int poller, int descriptor, uint32_t events, uint64_t number) {
    struct epoll_event event = {.events = events, .data = {.u64 = number}};
    if (epoll_ctl(poller, EPOLL_CTL_MOD, descriptor, &event) == 0) return 0;
    return epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event);
}

static inline void sp_epoll_forget(int poller, int descriptor) {
    epoll_ctl(poller, EPOLL_CTL_DEL, descriptor, NULL);
}

// At most 64 events; numbers and events in parallel arrays. An interrupted wait is no events.
static inline int sp_epoll_wait(int poller, int timeout_ms, uint64_t numbers[64], uint32_t masks[64]) {
    struct epoll_event events[64];
    int count = epoll_wait(poller, events, 64, timeout_ms);
    for (int i = 0; i < count; i++) {
        numbers[i] = events[i].data.u64;
        masks[i] = events[i].events;
    }
    return count < 0 ? 0 : count;
}

static inline int sp_eventfd_create(void) {
    int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

static inline void sp_close(int descriptor) { close(descriptor); }

static inline void sp_eventfd_signal(int descriptor) { eventfd_write(descriptor, 1); }

static inline void sp_eventfd_clear(int descriptor) {
    eventfd_t value;
    eventfd_read(descriptor, &value);
}

// Starts a detached thread with every signal blocked: signals belong to the threads that wait for them, and SIGPIPE
// must not end the process.
static inline int sp_start_thread(void *(*body)(void *), void *context) {
    sigset_t all, before;
    pthread_attr_t attributes;
    pthread_t thread;
    int code = pthread_attr_init(&attributes);
    if (code) return code;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    code = pthread_create(&thread, &attributes, body, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (!code) pthread_setname_np(thread, "outbound");
    return code;
}

// Trust.

// An empty store that accepts any certificate in it as an anchor, an intermediate one included.
static inline X509_STORE *sp_trust_create(void) {
    X509_STORE *store = X509_STORE_new();
    if (store) X509_STORE_set_flags(store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
    return store;
}

static inline void sp_trust_free(X509_STORE *store) { X509_STORE_free(store); }

// Adds every certificate of a PEM file; 1 where there was one at least.
static inline int sp_trust_add_file(X509_STORE *store, const char *path) {
    int code = X509_STORE_load_file(store, path);
    ERR_clear_error();
    return code == 1;
}

// Adds every certificate of a PEM text; how many, or -1 where one can't be read.
static inline int sp_trust_add_pem(X509_STORE *store, const char *pem, int length) {
    int count = 0;
    BIO *source = BIO_new_mem_buf(pem, length);
    if (!source) return -1;
    X509 *certificate;
    while (count >= 0 && (certificate = PEM_read_bio_X509(source, NULL, NULL, NULL))) {
        count = X509_STORE_add_cert(store, certificate) == 1 ? count + 1 : -1;
        X509_free(certificate);
    }
    unsigned long failure = ERR_peek_last_error();
    if (ERR_GET_LIB(failure) != ERR_LIB_PEM || ERR_GET_REASON(failure) != PEM_R_NO_START_LINE) count = -1;
    ERR_clear_error();
    BIO_free(source);
    return count;
}

// Adds every certificate of another store, by reference.
static inline int sp_trust_add_all(X509_STORE *store, X509_STORE *other) {
    STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(other);
    for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
        X509 *certificate = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
        if (certificate && X509_STORE_add_cert(store, certificate) != 1) return 0;
    }
    return 1;
}

// Puts the store into the context of a new connection; plaintext is wiped from OpenSSL's buffers once it was read.
static inline void sp_tls_prepare(void *context, X509_STORE *store) {
    SSL_CTX *tls = (SSL_CTX *)context;
    SSL_CTX_set1_cert_store(tls, store);
    SSL_CTX_set_options(tls, SSL_OP_CLEANSE_PLAINTEXT | SSL_OP_NO_RENEGOTIATION);
}
