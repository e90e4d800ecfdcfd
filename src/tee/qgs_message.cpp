// SPDX-License-Identifier: Apache-2.0
#include "tee/qgs_message.hpp"

#include "base/hex.hpp"
#include "base/reader.hpp"
#include "evidence/tdx_layout.hpp"

namespace lumoz::tee {
namespace {

constexpr std::string_view kWhere = "tee.quote_service";
constexpr std::size_t kHeader = 16;
constexpr std::uint16_t kMajor = 1;
constexpr std::uint16_t kMinor = 0;
enum class Type : std::uint32_t { QuoteRequest = 0, QuoteAnswer = 1 };

std::unexpected<Error> no_answer(std::string detail) {
    return fail(Errc::Malformed, "E_TEE_ANSWER", kWhere, std::move(detail));
}

void put16(Bytes& out, std::uint16_t value) {
    out.push_back(static_cast<std::uint8_t>(value));
    out.push_back(static_cast<std::uint8_t>(value >> 8));
}
void put32(Bytes& out, std::uint32_t value) {
    put16(out, static_cast<std::uint16_t>(value));
    put16(out, static_cast<std::uint16_t>(value >> 16));
}
std::string_view meaning(std::uint32_t error) {
    constexpr std::uint32_t kFirst = 0x00012001;
    constexpr std::string_view kMeanings[] = {"unexpected error",  "out of memory", "invalid parameter",
                                              "unknown version",   "unknown type",  "invalid size",
                                              "invalid error code"};
    if (error < kFirst || error - kFirst >= std::size(kMeanings)) return "no error of the protocol's own";
    return kMeanings[error - kFirst];
}

/// u16 major, u16 minor, u32 type, u32 size, u32 error. Looked at as version, size, error, type: an error
/// says more than the type it comes with.
Status check_header(Reader& in, std::size_t whole) {
    LUMOZ_TRY(const std::uint16_t major, in.le<std::uint16_t>());
    LUMOZ_TRY([[maybe_unused]] const std::uint16_t minor, in.le<std::uint16_t>());
    LUMOZ_TRY(const std::uint32_t type, in.le<std::uint32_t>());
    LUMOZ_TRY(const std::uint32_t size, in.le<std::uint32_t>());
    LUMOZ_TRY(const std::uint32_t error, in.le<std::uint32_t>());
    if (major != kMajor) return no_answer("version " + std::to_string(major) + ", want 1");
    if (size != whole) {
        return no_answer("the header says " + std::to_string(size) + " bytes, there are " +
                         std::to_string(whole));
    }
    if (error != 0) {
        return fail(Errc::Unavailable, "E_TEE_REFUSED", kWhere,
                    "error " + hex_word(error) + " (" + std::string(meaning(error)) + ")");
    }
    if (type != static_cast<std::uint32_t>(Type::QuoteAnswer)) {
        return no_answer("a message of type " + std::to_string(type) + ", want 1");
    }
    return {};
}

}  // namespace

Bytes qgs_quote_request(ByteView td_report) {
    const auto size = static_cast<std::uint32_t>(kHeader + 8 + td_report.size());
    Bytes out;
    for (const unsigned shift : {24U, 16U, 8U, 0U})
        out.push_back(static_cast<std::uint8_t>(size >> shift));
    put16(out, kMajor);
    put16(out, kMinor);
    put32(out, static_cast<std::uint32_t>(Type::QuoteRequest));
    put32(out, size);
    put32(out, 0);
    put32(out, static_cast<std::uint32_t>(td_report.size()));
    put32(out, 0);
    append(out, td_report);
    return out;
}

Result<std::size_t> qgs_message_size(ByteView prefix) {
    std::size_t size = 0;
    for (const std::uint8_t byte : prefix)
        size = size << 8 | byte;
    if (size < kHeader) return no_answer("a message of " + std::to_string(size) + " bytes");
    if (size > kMaxQgsMessage) {
        return fail(Errc::Limit, "E_TEE_TOO_LARGE", kWhere,
                    "a message of " + std::to_string(size) + " bytes");
    }
    return size;
}

Result<Bytes> parse_qgs_quote(ByteView message) {
    Reader in(message, "E_TEE_ANSWER", kWhere);
    LUMOZ_CHECK_OK(check_header(in, message.size()));
    LUMOZ_TRY(const std::uint32_t id_size, in.le<std::uint32_t>());
    LUMOZ_TRY(const std::uint32_t quote_size, in.le<std::uint32_t>());
    if (std::uint64_t{id_size} + quote_size != in.left()) {
        return no_answer("an id of " + std::to_string(id_size) + " and a quote of " +
                         std::to_string(quote_size) + " bytes in " + std::to_string(in.left()));
    }
    if (quote_size == 0) {
        return fail(Errc::Malformed, "E_TEE_EMPTY", kWhere, "the service gave an empty quote");
    }
    if (quote_size > evidence::kMaxQuoteSize) {
        return fail(Errc::Limit, "E_TEE_TOO_LARGE", kWhere, std::to_string(quote_size) + " bytes");
    }
    return to_bytes(in.rest().subspan(id_size));
}

}  // namespace lumoz::tee
