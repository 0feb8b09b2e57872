#pragma once

// What Swift can't import of OpenSSL (function-like macros, stacks) or what needs many steps on one C object.
// Every function leaves the thread's error queue empty.

#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

// A key in an encrypted PEM: no passphrase is ever asked for on a terminal.
static inline int sp_no_passphrase(char *buffer, int size, int writing, void *context) {
    (void)buffer, (void)size, (void)writing, (void)context;
    return -1;
}

static inline EVP_PKEY *sp_read_private_key(const void *pem, int length) {
    BIO *source = BIO_new_mem_buf(pem, length);
    EVP_PKEY *key = source ? PEM_read_bio_PrivateKey(source, NULL, sp_no_passphrase, NULL) : NULL;
    BIO_free(source);
    ERR_clear_error();
    return key;
}

static inline EVP_PKEY *sp_read_public_key(const void *pem, int length) {
    BIO *source = BIO_new_mem_buf(pem, length);
    EVP_PKEY *key = source ? PEM_read_bio_PUBKEY(source, NULL, sp_no_passphrase, NULL) : NULL;
    BIO_free(source);
    ERR_clear_error();
    return key;
}

// 1 where the public halves are the same.
static inline int sp_same_public_key(const EVP_PKEY *one, const EVP_PKEY *other) {
    int equal = EVP_PKEY_eq(one, other) == 1;
    ERR_clear_error();
    return equal;
}

static inline int sp_key_is_rsa(const EVP_PKEY *key) { return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA; }

static inline int sp_key_is_p256(const EVP_PKEY *key) {
    char group[64];
    size_t length = 0;
    int known = EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && EVP_PKEY_get_group_name(key, group, sizeof group, &length) == 1;
    ERR_clear_error();
    return known && strcmp(group, "prime256v1") == 0;
}

// SHA-256 and the key's own scheme (RSA: PKCS #1 v1.5; EC: ECDSA, DER). The signature's length, or 0.
static inline size_t sp_sign(EVP_PKEY *key, const void *message, size_t length, unsigned char *signature, size_t capacity) {
    size_t written = capacity;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int done = context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
               EVP_DigestSign(context, signature, &written, message, length) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return done ? written : 0;
}

static inline int sp_verify(EVP_PKEY *key, const void *message, size_t length, const unsigned char *signature, size_t count) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int valid = context && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                EVP_DigestVerify(context, signature, count, message, length) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return valid;
}

// An ECDSA signature from DER to r || s of 32 bytes each; 1 on success.
static inline int sp_ecdsa_to_raw(const unsigned char *der, long length, unsigned char raw[64]) {
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, length);
    int done = signature && BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, 32) == 32 &&
               BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + 32, 32) == 32;
    ECDSA_SIG_free(signature);
    ERR_clear_error();
    return done;
}

// The other way; the length of the DER, at most 80, or 0.
static inline int sp_ecdsa_from_raw(const unsigned char raw[64], unsigned char der[80]) {
    int length = 0;
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, 32, NULL), *s = BN_bin2bn(raw + 32, 32, NULL);
    if (signature && r && s && ECDSA_SIG_set0(signature, r, s) == 1) {
        r = s = NULL;
        length = i2d_ECDSA_SIG(signature, NULL);
        length = length > 0 && length <= 80 ? i2d_ECDSA_SIG(signature, &der) : 0;
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(signature);
    ERR_clear_error();
    return length;
}

static inline int sp_sha256(const void *message, size_t length, unsigned char digest[32]) {
    int done = EVP_Digest(message, length, digest, NULL, EVP_sha256(), NULL) == 1;
    ERR_clear_error();
    return done;
}

static inline int sp_hmac_sha256(const void *key, int key_length, const void *message, size_t length, unsigned char mac[32]) {
    unsigned int written = 0;
    unsigned char *result = HMAC(EVP_sha256(), key, key_length, message, length, mac, &written);
    ERR_clear_error();
    return result && written == 32;
}

static inline BIO *sp_reader(const void *bytes, int length) { return BIO_new_mem_buf(bytes, length); }

static inline void sp_reader_free(BIO *reader) { BIO_free(reader); }

// 1 and a certificate to be freed, 0 where no more begins, -1 where one can't be read.
static inline int sp_next_certificate(BIO *reader, X509 **certificate) {
    *certificate = PEM_read_bio_X509(reader, NULL, sp_no_passphrase, NULL);
    unsigned long failure = ERR_peek_last_error();
    int at_end = ERR_GET_LIB(failure) == ERR_LIB_PEM && ERR_GET_REASON(failure) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    return *certificate ? 1 : at_end ? 0 : -1;
}

static inline int sp_certificate_fingerprint(const X509 *certificate, unsigned char digest[32]) {
    unsigned int written = 0;
    int done = X509_digest(certificate, EVP_sha256(), digest, &written) == 1 && written == 32;
    ERR_clear_error();
    return done;
}

// RFC 2253 text of the subject or the issuer in a buffer that is cut where it is too small; the length, or -1.
static inline int sp_certificate_name(const X509 *certificate, int issuer, char *text, int capacity) {
    BIO *sink = BIO_new(BIO_s_mem());
    X509_NAME *name = issuer ? X509_get_issuer_name(certificate) : X509_get_subject_name(certificate);
    int length = -1;
    if (sink && name && X509_NAME_print_ex(sink, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
        length = BIO_pending(sink) > 0 ? BIO_read(sink, text, capacity) : 0;
    }
    BIO_free(sink);
    ERR_clear_error();
    return length;
}

// Unix seconds of the first or the last moment of validity; 1 on success.
static inline int sp_certificate_time(const X509 *certificate, int last, long long *seconds) {
    struct tm moment;
    const ASN1_TIME *time = last ? X509_get0_notAfter(certificate) : X509_get0_notBefore(certificate);
    int done = time && ASN1_TIME_to_tm(time, &moment) == 1;
    ERR_clear_error();
    if (done) *seconds = timegm(&moment);
    return done;
}

static inline EVP_PKEY *sp_certificate_key(X509 *certificate) {
    EVP_PKEY *key = X509_get_pubkey(certificate);
    ERR_clear_error();
    return key;
}

// The subject's alternative names; NULL where there are none.
static inline GENERAL_NAMES *sp_alternative_names(const X509 *certificate) {
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    ERR_clear_error();
    return names;
}

static inline int sp_alternative_name_count(const GENERAL_NAMES *names) { return names ? sk_GENERAL_NAME_num(names) : 0; }

static inline void sp_alternative_names_free(GENERAL_NAMES *names) { GENERAL_NAMES_free(names); }

// 1 for a DNS name, 2 for an address, 0 for another kind; the bytes belong to the names.
static inline int sp_alternative_name(const GENERAL_NAMES *names, int index, const unsigned char **bytes, int *length) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    if (name->type != GEN_DNS && name->type != GEN_IPADD) return 0;
    const ASN1_STRING *value = name->type == GEN_DNS ? name->d.dNSName : name->d.iPAddress;
    *bytes = ASN1_STRING_get0_data(value);
    *length = ASN1_STRING_length(value);
    return name->type == GEN_DNS ? 1 : 2;
}
