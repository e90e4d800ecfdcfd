/* SPDX-License-Identifier: Apache-2.0 */
/*
 * liblumoz: verification of Intel TDX and SGX quotes, of attestation reports, and of signed answers. Offline,
 * no globals, no clock: the caller says which time it is. Every function may be called from any thread.
 *
 * A call gives an exit status as `lumoz` does (LUMOZ_ACCEPTED …) and a document, the same JSON that
 * `lumoz verify … --json` prints: `result`, `error`, everything established, `findings`, `not_checked`,
 * `rules`. Only LUMOZ_ACCEPTED means that everything demanded holds.
 */
#ifndef LUMOZ_H
#define LUMOZ_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define LUMOZ_API __attribute__((visibility("default")))
#else
#define LUMOZ_API
#endif

/* Number of the binary interface; lumoz_abi() of the library must equal it. */
#define LUMOZ_ABI 1u

enum {
    LUMOZ_ACCEPTED = 0,     /* everything demanded holds */
    LUMOZ_FAILED = 1,       /* wrong use; nothing was judged */
    LUMOZ_REFUSED = 10,     /* checked: at least one rule does not hold, or the policy objects */
    LUMOZ_UNSUPPORTED = 20, /* of a kind that this version does not check */
    LUMOZ_MALFORMED = 30    /* not readable as what it claims to be */
};

/* Bytes of the caller, read during the call only. `data` may be NULL only when `size` is 0. */
typedef struct lumoz_bytes {
    const uint8_t* data;
    size_t size;
} lumoz_bytes;

/* A text of the library, ended by a NUL that `size` does not count. Freed by lumoz_text_free. */
typedef struct lumoz_text {
    char* data;
    size_t size;
} lumoz_text;

/*
 * What the caller trusts. Zero it, set `size`, then what is wanted. The vendor's root is always trusted. A
 * verdict that rests on one of `roots` says "simulated": true.
 */
typedef struct lumoz_trust {
    size_t size;          /* sizeof(lumoz_trust) */
    int64_t now;          /* seconds since 1970-01-01T00:00:00Z; must be set */
    lumoz_bytes policy;   /* a policy file (JSON); empty: the default policy */
    const uint8_t* roots; /* 32 bytes each: SHA-256 of the SubjectPublicKeyInfo of a further root */
    size_t root_count;    /* at most 1024 */
} lumoz_trust;

/* Version of the library, e.g. "0.1.0". Static. */
LUMOZ_API const char* lumoz_version(void);
LUMOZ_API uint32_t lumoz_abi(void);

/*
 * A quote (bytes or hex text) with its collateral (JSON bundle). `event_log` (dstack JSON list or binary CC
 * log) may be empty. `out` may be NULL when the document is not wanted; else it is always filled, and must be
 * freed.
 */
LUMOZ_API int lumoz_verify_quote(const lumoz_trust* trust, lumoz_bytes quote, lumoz_bytes collateral,
                                 lumoz_bytes event_log, lumoz_text* out);

/*
 * An attestation report. `nonce` points to the 32 bytes that the caller sent, or is NULL (then freshness is
 * not shown, and the document says so). `collateral` is used instead of the stapled one when it is not empty.
 */
LUMOZ_API int lumoz_verify_report(const lumoz_trust* trust, lumoz_bytes report, const uint8_t* nonce,
                                  lumoz_bytes collateral, lumoz_text* out);

/*
 * One answer: the bytes sent, the bytes received, the proof file, and the evidence of the signer (a report,
 * or stored evidence of the keyset; empty: the signer is unknown, which the policy must allow). Stored
 * evidence is judged as of its making, a report as of `now`.
 */
LUMOZ_API int lumoz_verify_answer(const lumoz_trust* trust, lumoz_bytes request, lumoz_bytes response,
                                  lumoz_bytes proof, lumoz_bytes evidence, lumoz_text* out);

/* Frees a text and empties it. NULL and an empty text are fine. */
LUMOZ_API void lumoz_text_free(lumoz_text* text);

#ifdef __cplusplus
}
#endif

#endif
