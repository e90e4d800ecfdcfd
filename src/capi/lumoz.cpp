// SPDX-License-Identifier: Apache-2.0
// The C interface: turns plain buffers into the types of verify/ and verdicts into JSON. Nothing is judged
// here.
#include "capi/lumoz.h"

#include "verify/answer.hpp"
#include "verify/quote.hpp"

#include <cstdlib>
#include <cstring>
#include <exception>

namespace lumoz {
namespace {

ByteView view(lumoz_bytes bytes) {
    return bytes.data == nullptr ? ByteView{} : ByteView(bytes.data, bytes.size);
}

std::string_view text(lumoz_bytes bytes) {
    return as_text(view(bytes));
}

constexpr std::size_t kMostRoots = 1024;

/// NULL with a size is a mistake of the caller, and must not pass for "nothing given".
Status check_buffers(std::initializer_list<lumoz_bytes> buffers) {
    for (const lumoz_bytes& bytes : buffers) {
        if (bytes.data == nullptr && bytes.size > 0)
            return fail(Errc::Usage, "E_USAGE", "lumoz.bytes", "data is NULL and size is not 0");
    }
    return {};
}

Result<verify::Trust> read_trust(const lumoz_trust* trust) {
    if (trust == nullptr) return fail(Errc::Usage, "E_USAGE", "lumoz.trust", "no lumoz_trust is given");
    if (trust->size != sizeof(lumoz_trust))
        return fail(Errc::Usage, "E_USAGE", "lumoz.trust.size",
                    "size is not sizeof(lumoz_trust): another version");
    LUMOZ_CHECK_OK(check_buffers({trust->policy}));
    if (trust->now <= 0) return fail(Errc::Usage, "E_USAGE", "lumoz.trust.now", "the time is not set");
    if (trust->root_count > kMostRoots)
        return fail(Errc::Usage, "E_USAGE", "lumoz.trust.root_count", "more than 1024 roots");
    if (trust->root_count > 0 && trust->roots == nullptr)
        return fail(Errc::Usage, "E_USAGE", "lumoz.trust.roots", "roots is NULL");
    verify::Trust out;
    out.now = trust->now;
    if (trust->policy.size > 0) {
        auto policy = verify::Policy::parse(text(trust->policy));
        if (!policy)
            return fail(Errc::Usage, policy.error().rule, "lumoz.trust.policy", policy.error().detail);
        out.policy = *std::move(policy);
    }
    for (std::size_t i = 0; i < trust->root_count; ++i) {
        LUMOZ_TRY(const Digest256 pin,
                  Digest256::from(ByteView(trust->roots + i * Digest256::kSize, Digest256::kSize)));
        out.roots.also_accept(pin);
    }
    return out;
}

void give(lumoz_text* out, std::string_view document) {
    if (out == nullptr) return;
    out->data = static_cast<char*>(std::malloc(document.size() + 1));
    out->size = out->data == nullptr ? 0 : document.size();
    if (out->data == nullptr) return;
    std::memcpy(out->data, document.data(), document.size());
    out->data[document.size()] = '\0';
}

/// Runs `check` and hands its verdict over. No exception leaves the library: memory that ran out is
/// LUMOZ_FAILED.
template <class Check>
int run(const lumoz_trust* trust, std::initializer_list<lumoz_bytes> buffers, lumoz_text* out,
        Check check) noexcept {
    if (out != nullptr) *out = {nullptr, 0};
    try {
        const auto judge = [&]() -> Result<verify::Verdict> {
            LUMOZ_CHECK_OK(check_buffers(buffers));
            LUMOZ_TRY(const verify::Trust trusted, read_trust(trust));
            return check(trusted);
        };
        const Result<verify::Verdict> verdict = judge();
        if (!verdict) {
            give(out, verify::error_json(verdict.error()));
            return exit_code(verdict.error().code);
        }
        give(out, verdict->to_json());
        return verdict->exit_code();
    } catch (const std::exception&) {
        return LUMOZ_FAILED;
    }
}

Result<verify::Verdict> check_quote(const verify::Trust& trust, lumoz_bytes quote, lumoz_bytes collateral,
                                    lumoz_bytes event_log) {
    LUMOZ_TRY(const Bytes raw, verify::quote_bytes(view(quote)));
    const auto log = event_log.size > 0 ? std::optional(view(event_log)) : std::nullopt;
    return verify::verify_quote(raw, text(collateral), log, trust).verdict;
}

Result<verify::Verdict> check_report(const verify::Trust& trust, lumoz_bytes report,
                                     const std::uint8_t* nonce, lumoz_bytes collateral) {
    verify::ReportDemand demand(trust);
    if (nonce != nullptr) {
        LUMOZ_TRY(demand.nonce, Nonce::from(ByteView(nonce, Nonce::kSize)));
    }
    if (collateral.size > 0) {
        auto given = evidence::Collateral::parse(text(collateral));
        if (!given) {
            verify::Verdict unread;
            unread.fail("tdx.collateral", "the collateral can be read", given.error());
            return unread;
        }
        demand.collateral = *std::move(given);
    }
    return verify::verify_report(text(report), demand).verdict;
}

}  // namespace
}  // namespace lumoz

const char* lumoz_version(void) {
    return LUMOZ_VERSION;
}

uint32_t lumoz_abi(void) {
    return LUMOZ_ABI;
}

int lumoz_verify_quote(const lumoz_trust* trust, lumoz_bytes quote, lumoz_bytes collateral,
                       lumoz_bytes event_log, lumoz_text* out) {
    return lumoz::run(trust, {quote, collateral, event_log}, out, [&](const lumoz::verify::Trust& t) {
        return lumoz::check_quote(t, quote, collateral, event_log);
    });
}

int lumoz_verify_report(const lumoz_trust* trust, lumoz_bytes report, const uint8_t* nonce,
                        lumoz_bytes collateral, lumoz_text* out) {
    return lumoz::run(trust, {report, collateral}, out, [&](const lumoz::verify::Trust& t) {
        return lumoz::check_report(t, report, nonce, collateral);
    });
}

int lumoz_verify_answer(const lumoz_trust* trust, lumoz_bytes request, lumoz_bytes response,
                        lumoz_bytes proof, lumoz_bytes evidence, lumoz_text* out) {
    return lumoz::run(trust, {request, response, proof, evidence}, out, [&](const lumoz::verify::Trust& t) {
        return lumoz::verify::verify_signed_answer(lumoz::view(request), lumoz::view(response),
                                                   lumoz::text(proof), lumoz::text(evidence),
                                                   lumoz::verify::ReportDemand(t), std::nullopt);
    });
}

void lumoz_text_free(lumoz_text* text) {
    if (text == nullptr) return;
    std::free(text->data);
    *text = {nullptr, 0};
}
