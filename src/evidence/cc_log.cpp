// SPDX-License-Identifier: Apache-2.0
// The binary CC event log of firmware (TCG crypto-agile form; specification tdx.md 11.1).
#include "base/reader.hpp"
#include "evidence/event_log.hpp"

namespace lumoz::evidence {

namespace {

constexpr std::uint32_t kNoAction = 3;
constexpr std::uint16_t kSha384 = 0x0c;
constexpr std::uint32_t kMostAlgorithms = 16;
constexpr std::size_t kSpecIdAt = 32;  ///< data of the first record
constexpr std::string_view kTruncated = "E_EVENTLOG_TRUNCATED";

std::optional<std::size_t> digest_size(std::uint16_t algorithm) {
    switch (algorithm) {
        case 0x04:
            return 20;
        case 0x0b:
        case 0x12:
            return 32;
        case kSha384:
            return 48;
        case 0x0d:
            return 64;
        default:
            return std::nullopt;
    }
}

std::unexpected<Error> bad(std::string_view rule, std::string_view where, std::size_t offset,
                           std::string_view why) {
    return fail(Errc::Malformed, rule, where, "offset " + std::to_string(offset) + ": " + std::string(why));
}

class CcLogReader {
public:
    explicit CcLogReader(ByteView bytes) : in_(bytes, kTruncated, "cc_log") {}

    Result<CcLog> run() {
        LUMOZ_CHECK_OK(first_record());
        while (!at_end()) {
            LUMOZ_CHECK_OK(record());
        }
        return log_;
    }

private:
    Status first_record() {
        LUMOZ_TRY(const ByteView head, in_.take(28));  // index, type, digest
        if (little_endian(head.subspan(4, 4)) != kNoAction)
            return bad("E_EVENTLOG_HEADER", "cc_log.header.type", 4, "the first record is not EV_NO_ACTION");
        LUMOZ_TRY(const std::uint32_t size, in_.le<std::uint32_t>());
        LUMOZ_TRY(const ByteView data, in_.take(size));
        return spec_id(data);
    }

    Status spec_id(ByteView data) {
        constexpr std::string_view kSignature("Spec ID Event03\0", 16);
        Reader in(data, kTruncated, "cc_log.header", kSpecIdAt);
        LUMOZ_TRY(const ByteView signature, in.take(kSignature.size()));
        if (as_text(signature) != kSignature)
            return bad("E_EVENTLOG_HEADER", "cc_log.header.signature", kSpecIdAt, "not Spec ID Event03");
        LUMOZ_TRY([[maybe_unused]] const ByteView versions, in.take(8));
        LUMOZ_TRY(const std::uint32_t count, in.le<std::uint32_t>());
        if (count == 0 || count > kMostAlgorithms)
            return bad("E_EVENTLOG_ALG", "cc_log.header.count", kSpecIdAt + 24, "not 1 to 16 algorithms");
        bool sha384 = false;
        for (std::uint32_t i = 0; i < count; ++i) {
            LUMOZ_TRY(const ByteView entry, in.take(4));
            const auto algorithm = static_cast<std::uint16_t>(little_endian(entry.first(2)));
            const std::optional<std::size_t> size(little_endian(entry.subspan(2)));
            if (digest_size(algorithm) != size || !seen(algorithm, banks_))
                return bad("E_EVENTLOG_ALG", "cc_log.header.algorithm", kSpecIdAt + 28 + 4 * std::size_t{i},
                           "unknown or repeated algorithm, or another digest size");
            sha384 = sha384 || algorithm == kSha384;
        }
        if (!sha384) return bad("E_EVENTLOG_ALG", "cc_log.header.sha384", kSpecIdAt + 24, "no SHA-384 bank");
        LUMOZ_TRY(const std::uint8_t vendor, in.le<std::uint8_t>());
        LUMOZ_TRY([[maybe_unused]] const ByteView vendor_data, in.take(vendor));
        if (in.left() != 0)
            return bad("E_EVENTLOG_HEADER", "cc_log.header.size", 28, "bytes behind the last member");
        return {};
    }

    /// False when the algorithm is in the list already; puts it there otherwise.
    static bool seen(std::uint16_t algorithm, std::vector<std::uint16_t>& list) {
        if (std::ranges::find(list, algorithm) != list.end()) return false;
        list.push_back(algorithm);
        return true;
    }

    bool at_end() {
        log_.end_offset = in_.offset();
        const ByteView rest = in_.rest();
        const auto all = [&](std::size_t n, std::uint8_t value) {
            return rest.size() >= n &&
                   std::ranges::all_of(rest.first(n), [value](auto b) { return b == value; });
        };
        if (rest.empty()) {
            log_.end = "eof";
        } else if (all(4, 0xff)) {
            log_.end = "ff";
        } else if (all(8, 0)) {
            log_.end = "zero";
        } else {
            return false;
        }
        return true;
    }

    Status record() {
        const std::size_t at = in_.offset();
        LUMOZ_TRY(const ByteView head, in_.take(12));
        const auto index = static_cast<std::uint32_t>(little_endian(head.first(4)));
        const auto type = static_cast<std::uint32_t>(little_endian(head.subspan(4, 4)));
        const auto count = static_cast<std::uint32_t>(little_endian(head.subspan(8)));
        if (index > 4) return bad("E_EVENTLOG_INDEX", "cc_log.index", at, "no such register");
        if (count == 0 || count > kMostAlgorithms)
            return bad("E_EVENTLOG_ALG", "cc_log.count", at + 8, "not 1 to 16 digests");
        std::optional<Digest384> digest;
        std::vector<std::uint16_t> algorithms;
        for (std::uint32_t i = 0; i < count; ++i) {
            const std::size_t algorithm_at = in_.offset();
            LUMOZ_TRY(const std::uint16_t algorithm, in_.le<std::uint16_t>());
            const auto size = digest_size(algorithm);
            if (!size || !seen(algorithm, algorithms))
                return bad("E_EVENTLOG_ALG", "cc_log.algorithm", algorithm_at,
                           "unknown or repeated algorithm");
            LUMOZ_TRY(const ByteView value, in_.take(*size));
            if (algorithm == kSha384) digest = fixed_prefix<Digest384>(value);
        }
        LUMOZ_TRY(const std::uint32_t size, in_.le<std::uint32_t>());
        LUMOZ_TRY(const ByteView data, in_.take(size));
        if (!digest) return bad("E_EVENTLOG_ALG", "cc_log.sha384", at, "no SHA-384 digest");
        ++log_.events;
        log_.records.push_back({index, type, *digest, to_bytes(data), at});
        if (index == 0 || type == kNoAction) return {};
        log_.rtmr[index - 1] = extend(log_.rtmr[index - 1], *digest);
        ++log_.extends[index - 1];
        return {};
    }

    Reader in_;
    CcLog log_;
    std::vector<std::uint16_t> banks_;
};

}  // namespace

Result<CcLog> parse_cc_log(ByteView bytes) {
    return CcLogReader(bytes).run();
}

}  // namespace lumoz::evidence
