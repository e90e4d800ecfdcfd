// SPDX-License-Identifier: Apache-2.0
#include "collateral/documents.hpp"

#include "base/hex.hpp"
#include "evidence/crl.hpp"
#include "evidence/pck.hpp"

namespace lumoz::collateral {
namespace {

constexpr std::size_t kMostChain = std::size_t{64} << 10;
constexpr json::Limits kLimits{.max_bytes = std::size_t{1} << 20, .max_depth = 16};

std::unexpected<Error> bad_platform(std::string detail) {
    return fail(Errc::Usage, "E_COLLATERAL_PLATFORM", "collateral.platform", std::move(detail));
}

std::string query_of(const Edition& edition) {
    if (edition.evaluation) return "tcbEvaluationDataNumber=" + std::to_string(*edition.evaluation);
    return edition.early ? "update=early" : "update=standard";
}

std::string_view prefix_of(const Platform& platform) {
    return platform.tdx ? "/tdx/certification/v4/" : "/sgx/certification/v4/";
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

Result<Platform> make_platform(std::string_view tee, std::string_view fmspc, std::string_view ca) {
    if (tee != "tdx" && tee != "sgx") return bad_platform("the TEE is tdx or sgx");
    if (ca != "platform" && ca != "processor") return bad_platform("the CA is platform or processor");
    const auto raw = fixed_from_hex<evidence::Fmspc>(fmspc);
    if (!raw) return bad_platform("an FMSPC has 12 hex digits");
    return Platform{.tdx = tee == "tdx", .fmspc = to_hex(raw->view()), .ca = std::string(ca)};
}

Result<Platform> platform_of(ByteView quote) {
    LUMOZ_TRY(const evidence::Quote parsed, evidence::Quote::parse(quote));
    if (parsed.cert_type() != evidence::kCertTypePckChain)
        return fail(Errc::Refused, "E_PCK_CHAIN_MISSING", "collateral.platform",
                    "the quote brings no PCK chain");
    LUMOZ_TRY(const std::vector<Bytes> chain, evidence::split_certificates(as_text(parsed.cert_data())));
    if (chain.empty())
        return fail(Errc::Refused, "E_PCK_CHAIN_MISSING", "collateral.platform", "an empty chain");
    LUMOZ_TRY(const evidence::Certificate leaf, evidence::Certificate::parse(chain.front()));
    LUMOZ_TRY(const evidence::PckExtension pck, evidence::parse_pck_extension(leaf));
    // The issuer's name tells the CA; whether the chain is right shows later.
    const bool processor = as_text(leaf.issuer()).find("Processor CA") != std::string_view::npos;
    return Platform{.tdx = parsed.is_tdx(),
                    .fmspc = to_hex(pck.fmspc.view()),
                    .ca = processor ? "processor" : "platform"};
}

std::string Edition::text() const {
    if (evaluation) return std::to_string(*evaluation);
    return early ? "early" : "standard";
}

std::string tcb_info_path(const Platform& platform, const Edition& edition) {
    return std::string(prefix_of(platform)) + "tcb?fmspc=" + platform.fmspc + "&" + query_of(edition);
}

std::string qe_identity_path(const Platform& platform, const Edition& edition) {
    return std::string(prefix_of(platform)) + "qe/identity?" + query_of(edition);
}

std::string pck_crl_path(const Platform& platform) {
    return "/sgx/certification/v4/pckcrl?ca=" + platform.ca + "&encoding=der";
}

Result<std::string> decode_chain_header(std::string_view value) {
    const auto bad = [](std::string_view why) {
        return fail(Errc::Refused, "E_CERT_PARSE", "collateral.chain_header", std::string(why));
    };
    if (value.size() > kMostChain) return bad("over 64 KiB");
    std::string out;
    out.reserve(value.size());
    for (std::size_t i = 0; i < value.size(); ++i) {
        char c = value[i];
        if (c == '%') {
            const int high = i + 2 < value.size() ? hex_value(value[i + 1]) : -1;
            const int low = i + 2 < value.size() ? hex_value(value[i + 2]) : -1;
            if (high < 0 || low < 0) return bad("a % without two hex digits");
            c = static_cast<char>(high * 16 + low);
            i += 2;
        }
        if (static_cast<unsigned char>(c) >= 0x7f ||
            (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r'))
            return bad("a byte outside PEM");
        out += c;
    }
    return out;
}

Result<SignedText> cut_signed_text(std::string_view body, std::string_view member) {
    const auto bad = [&](std::string_view why) {
        return fail(Errc::Malformed, "E_COLLATERAL_PARSE", "collateral.document",
                    std::string(member) + ": " + std::string(why));
    };
    const auto document = json::Document::parse(body, kLimits);
    if (!document) return bad(document.error().detail);
    const auto value = document->root().find(member);
    const auto signature = document->root().find("signature");
    if (!value || !value->is_object()) return bad("is not there");
    const auto text = signature ? signature->as_string() : std::nullopt;
    if (!text || text->size() != 128 || !from_hex(*text)) return bad("its signature is not 128 hex digits");
    return SignedText{.text = std::string(value->raw()), .signature = *text};
}

Result<std::string> normalized_crl(ByteView body) {
    constexpr std::uint8_t kSequence = 0x30;
    std::string_view text = as_text(body);
    // DER begins with 0x30, which is also the digit 0: a list of less than 256 bytes would be 0x30 0x7f at
    // most, hex text has only digits.
    const bool all_hex = !text.empty() && std::ranges::all_of(text, [](char c) {
        return hex_value(c) >= 0 || c == '\n' || c == '\r';
    });
    Bytes der;
    if (!body.empty() && body[0] == kSequence && !all_hex) {
        der = to_bytes(body);
    } else {
        while (text.ends_with('\n') || text.ends_with('\r'))
            if (!text.starts_with('-'))
                text.remove_suffix(1);
            else
                break;
        LUMOZ_TRY(der, evidence::decode_crl(text));
    }
    LUMOZ_TRY([[maybe_unused]] const evidence::Crl crl, evidence::Crl::parse(der));
    return to_hex(der);
}

}  // namespace lumoz::collateral
