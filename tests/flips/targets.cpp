// SPDX-License-Identifier: Apache-2.0
#include "targets.hpp"

#include "base/hex.hpp"
#include "crypto/der.hpp"
#include "evidence/crl.hpp"
#include "evidence/pck.hpp"

#include <map>
#include <memory>
#include <set>

namespace lumoz::flips {

namespace {

using evidence::Collateral;
using Text = std::string Collateral::*;
/// Decoded bytes back to the text that stands in the bundle.
using Encode = std::function<std::string(ByteView)>;

std::string chain_with(std::vector<Bytes> chain, std::size_t index, ByteView bent) {
    chain[index] = to_bytes(bent);
    std::string out;
    for (const Bytes& der : chain)
        out += crypto::der::to_pem("CERTIFICATE", der);
    return out;
}

std::string as_is(ByteView bytes) {
    return std::string(as_text(bytes));
}

class Targets {
public:
    explicit Targets(std::vector<std::string>& broken) : broken_(broken) {}

    void quote(const Base& base) {
        const auto prepared =
            verify::PreparedCollateral::prepare_for(base.quote, base.bundle->collateral, base.bundle->roots);
        const UnixTime now = base.bundle->now;
        const auto judge = [prepared, now](ByteView bent) {
            return outcome_of(verify::verify_tdx(bent, prepared, now));
        };
        const auto parsed = evidence::Quote::parse(base.quote);
        const std::size_t end = parsed ? parsed->parts().signature_section.end() : base.quote.size();
        add({"quote", base.name, base.quote, end, base.outcome, judge});
        if (parsed && parsed->cert_type() == evidence::kCertTypePckChain) pck_chain(base, *parsed, judge);
    }

    void bundle(const Bundle& bundle, const Base& base) {
        const auto text = [&](std::string_view kind, Text member) {
            document(kind, bundle, base, member, to_bytes(as_bytes(bundle.collateral.*member)), as_is);
        };
        text("TCB info", &Collateral::tcb_info);
        text("QE identity", &Collateral::qe_identity);
        const auto decoded = [&](std::string_view kind, Text member, const Result<Bytes>& bytes) {
            if (bytes) document(kind, bundle, base, member, *bytes, to_hex);
        };
        const Collateral& c = bundle.collateral;
        decoded("TCB info signature", &Collateral::tcb_info_signature, from_hex(c.tcb_info_signature));
        decoded("QE identity signature", &Collateral::qe_identity_signature,
                from_hex(c.qe_identity_signature));
        decoded("root CRL", &Collateral::root_ca_crl, evidence::decode_crl(c.root_ca_crl));
        decoded("PCK CRL", &Collateral::pck_crl, evidence::decode_crl(c.pck_crl));
        chain("TCB info chain", bundle, base, &Collateral::tcb_info_issuer_chain);
        chain("QE identity chain", bundle, base, &Collateral::qe_identity_issuer_chain);
        chain("PCK chain", bundle, base, &Collateral::pck_certificate_chain);
    }

    std::vector<Target> take() && { return std::move(targets_); }

private:
    void add(Target target) {
        const Outcome got = target.judge(target.bytes);
        if (got.accepted != target.genuine.accepted || got.passed != target.genuine.passed)
            broken_.push_back(target.name + ", " + std::string(target.kind));
        targets_.push_back(std::move(target));
    }

    /// The DER of the certificates inside a quote; a bent one has the same size, so that only it changes.
    void pck_chain(const Base& base, const evidence::Quote& quote,
                   const std::function<Outcome(ByteView)>& judge) {
        const auto chain = evidence::split_certificates(as_text(quote.cert_data()));
        if (!chain) return;
        for (std::size_t i = 0; i < chain->size(); ++i) {
            if (!is_new("PCK chain", i, (*chain)[i])) continue;
            const auto with = [quote = base.quote, at = quote.parts().cert_data, chain = *chain, i,
                               judge](ByteView bent) {
                return judge(with_certificates(quote, at, chain_with(chain, i, bent)));
            };
            add({"PCK chain", base.name + " certificate " + std::to_string(i), (*chain)[i],
                 (*chain)[i].size(), base.outcome, with});
        }
    }

    /// The quote with other certification data; the lengths that name it follow.
    static Bytes with_certificates(const Bytes& quote, const evidence::Span& at, std::string_view pem) {
        Bytes out(quote.begin(), quote.begin() + static_cast<std::ptrdiff_t>(at.begin));
        append(out, as_bytes(pem));
        const auto adjust = [&](std::size_t offset) {
            std::uint32_t size = 0;
            for (std::size_t i = 4; i-- > 0;)
                size = size << 8 | out[offset + i];
            size += static_cast<std::uint32_t>(pem.size() - at.size);
            for (std::size_t i = 0; i < 4; ++i)
                out[offset + i] = static_cast<std::uint8_t>(size >> (8 * i));
        };
        adjust(at.begin - 4);
        const auto parsed = evidence::Quote::parse(quote);
        adjust(parsed->parts().signature_section.begin - 4);
        // The envelope of versions 4 and 5: type and size behind signature and key.
        if (parsed->version() != 3) adjust(parsed->parts().qe_report.begin - 4);
        return out;
    }

    void document(std::string_view kind, const Bundle& bundle, const Base& base, Text member,
                  const Bytes& bytes, const Encode& encode, std::size_t part = 0) {
        if (!is_new(kind, part, bytes)) return;
        const auto judge = [&bundle, &base, member, encode](ByteView bent) {
            Collateral changed = bundle.collateral;
            changed.*member = encode(bent);
            return outcome_of(verify::verify_tdx(base.quote, changed, bundle.roots, bundle.now));
        };
        const Outcome genuine =
            outcome_of(verify::verify_tdx(base.quote, bundle.collateral, bundle.roots, bundle.now));
        add({kind, bundle.name, bytes, bytes.size(), genuine, judge});
    }

    void chain(std::string_view kind, const Bundle& bundle, const Base& base, Text member) {
        const auto certificates = evidence::split_certificates(bundle.collateral.*member);
        if (!certificates) return;
        for (std::size_t i = 0; i < certificates->size(); ++i) {
            document(
                kind, bundle, base, member, (*certificates)[i],
                [chain = *certificates, i](ByteView bent) { return chain_with(chain, i, bent); }, i);
        }
    }

    bool is_new(std::string_view kind, std::size_t part, const Bytes& bytes) {
        return seen_.emplace(std::string(kind) + std::to_string(part), bytes).second;
    }

    std::vector<std::string>& broken_;
    std::vector<Target> targets_;
    std::set<std::pair<std::string, Bytes>> seen_;
};

}  // namespace

std::vector<Target> make_targets(const Evidence& evidence, std::vector<std::string>& broken) {
    Targets out(broken);
    for (const Base& base : evidence.quotes)
        if (base.bundle != nullptr) out.quote(base);
    for (const auto& bundle : evidence.bundles) {
        // A quote that this bundle accepts at its time.
        for (const Base& base : evidence.quotes) {
            if (!verify::verify_tdx(base.quote, bundle->collateral, bundle->roots, bundle->now).tdx) continue;
            out.bundle(*bundle, base);
            break;
        }
    }
    return std::move(out).take();
}

}  // namespace lumoz::flips
