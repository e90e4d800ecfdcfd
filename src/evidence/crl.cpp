// SPDX-License-Identifier: Apache-2.0
#include "evidence/crl.hpp"

#include "base/hex.hpp"
#include "crypto/sha2.hpp"
#include "evidence/der_profile.hpp"

namespace lumoz::evidence {

namespace der = crypto::der;

namespace {

/// A platform CA's list grows with revoked platforms; Intel's is a few kilobytes.
constexpr std::size_t kMostBytes = std::size_t{1} << 20;

std::unexpected<Error> bad(std::string_view where, std::string detail = {}) {
    return fail(Errc::Refused, "E_CRL_PARSE", where, std::move(detail));
}

bool serial_less(ByteView a, ByteView b) {
    return std::ranges::lexicographical_compare(a, b);
}

}  // namespace

Result<Bytes> decode_crl(std::string_view text) {
    if (text.empty()) return bad("crl.empty");
    if (text.size() > 2 * kMostBytes) return bad("crl.size");
    if (text.starts_with("-----")) {
        auto blocks = der::parse_pem(text);
        if (!blocks) return bad("crl.pem", blocks.error().detail);
        if (blocks->size() != 1 || blocks->front().label != "X509 CRL") return bad("crl.pem.label");
        return std::move(blocks->front().der);
    }
    auto raw = from_hex(text);
    if (!raw) return bad("crl.hex", raw.error().detail);
    return std::move(*raw);
}

class CrlReader {
public:
    explicit CrlReader(ByteView der) { crl_.der_ = to_bytes(der); }

    Result<Crl> run() {
        const Status read = structure();
        if (!read) {
            const Error& e = read.error();
            if (e.rule != "E_DER") return std::unexpected(e);
            return bad("crl.der", profile::nested(e));
        }
        const ByteView all = crl_.der_;
        const auto less = [all](const Span& a, const Span& b) { return serial_less(a.in(all), b.in(all)); };
        if (!std::ranges::is_sorted(crl_.revoked_, less)) std::ranges::sort(crl_.revoked_, less);
        return std::move(crl_);
    }

private:
    Status structure() {
        const ByteView all = crl_.der_;
        der::Cursor file(all);
        LUMOZ_TRY(const der::Element whole, file.expect(der::kSequence));
        LUMOZ_CHECK_OK(file.end());
        der::Cursor in(whole.content);
        LUMOZ_TRY(const der::Element tbs, in.expect(der::kSequence));
        crl_.tbs_ = profile::place(all, tbs.whole);
        crl_.digest_ = crypto::sha256(tbs.whole);
        LUMOZ_TRY(const der::Element algorithm, in.next());
        if (!equal(algorithm.whole, profile::kEcdsaSha256)) return bad("crl.signature_algorithm");
        LUMOZ_TRY(const ByteView bits, profile::read_signature_bits(in));
        LUMOZ_CHECK_OK(in.end());
        LUMOZ_TRY(crl_.signature, crypto::p256_signature_from_der(bits));
        return tbs_part(tbs.content);
    }

    Status tbs_part(ByteView tbs) {
        constexpr std::uint8_t kVersion2[] = {0x02, 0x01, 0x01};
        constexpr std::uint8_t kExtensionsTag = 0xa0;
        der::Cursor in(tbs);
        LUMOZ_TRY(const der::Element version, in.next());
        if (!equal(version.whole, kVersion2)) return bad("crl.version");
        LUMOZ_TRY(const der::Element algorithm, in.next());
        if (!equal(algorithm.whole, profile::kEcdsaSha256)) return bad("crl.inner_algorithm");
        LUMOZ_TRY(const profile::Name issuer, profile::read_name(in));
        crl_.issuer_ = profile::place(crl_.der_, issuer.whole);
        LUMOZ_TRY(const der::Element update, in.next());
        LUMOZ_TRY(crl_.this_update, der::to_time(update));
        if (in.peek() == der::kUtcTime || in.peek() == der::kGeneralizedTime) {
            LUMOZ_TRY(const der::Element next, in.next());
            LUMOZ_TRY(crl_.next_update, der::to_time(next));
        }
        if (in.peek() == der::kSequence) {
            LUMOZ_TRY(const der::Element list, in.next());
            LUMOZ_CHECK_OK(revoked_part(list.content));
        }
        if (in.done()) return {};
        LUMOZ_TRY(const der::Element extensions, in.expect(kExtensionsTag));
        LUMOZ_CHECK_OK(in.end());
        return extensions_part(extensions.content);
    }

    Status revoked_part(ByteView list) {
        // Entries repeat their date and their reason: what equals the one before is as good as that was.
        ByteView last_date, last_extensions;
        der::Cursor in(list);
        while (!in.done()) {
            LUMOZ_TRY(const der::Element element, in.expect(der::kSequence));
            der::Cursor entry(element.content);
            LUMOZ_TRY(const der::Element serial, entry.expect(der::kInteger));
            LUMOZ_CHECK_OK(profile::check_integer(serial.content));
            LUMOZ_TRY(const der::Element date, entry.next());
            if (!equal(date.whole, last_date)) {
                LUMOZ_TRY([[maybe_unused]] const std::int64_t time, der::to_time(date));
                last_date = date.whole;
            }
            if (!entry.done()) {
                LUMOZ_TRY(const der::Element extensions, entry.expect(der::kSequence));
                if (!equal(extensions.whole, last_extensions)) {
                    LUMOZ_TRY([[maybe_unused]] const auto read, profile::read_extensions(extensions.whole));
                    last_extensions = extensions.whole;
                }
                LUMOZ_CHECK_OK(entry.end());
            }
            crl_.revoked_.push_back(profile::place(crl_.der_, serial.content));
        }
        return {};
    }

    Status extensions_part(ByteView content) {
        LUMOZ_TRY(const std::vector<profile::Extension> extensions, profile::read_extensions(content));
        for (const profile::Extension& e : extensions) {
            if (equal(e.oid, profile::kOidCrlNumber)) {
                der::Cursor in(e.value);
                LUMOZ_TRY(const der::Element number, in.expect(der::kInteger));
                LUMOZ_CHECK_OK(profile::check_integer(number.content));
                LUMOZ_CHECK_OK(in.end());
                crl_.has_number_ = true;
            } else if (equal(e.oid, profile::kOidAuthorityKeyId)) {
                LUMOZ_TRY(const ByteView id, profile::read_authority_key_id(e.value));
                crl_.authority_key_id_ = profile::place(crl_.der_, id);
            } else if (e.critical) {
                // An issuing distribution point or a delta list would change what the list means.
                return bad("crl.extension.critical");
            }
        }
        return {};
    }

    Crl crl_;
};

Result<Crl> Crl::parse(ByteView der) {
    if (der.size() > kMostBytes) return bad("crl.size");
    return CrlReader(der).run();
}

bool Crl::lists(ByteView serial) const {
    const ByteView all = der_;
    const auto it =
        std::ranges::lower_bound(revoked_, serial, serial_less, [all](const Span& s) { return s.in(all); });
    return it != revoked_.end() && equal(it->in(all), serial);
}

}  // namespace lumoz::evidence
