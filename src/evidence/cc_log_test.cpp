// SPDX-License-Identifier: Apache-2.0
// The binary CC log: places of errors and checks of contents. Real logs and their replay are in the vectors.
#include "crypto/sha2.hpp"
#include "evidence/event_log.hpp"
#include "evidence/testing/approval.hpp"

#include <gtest/gtest.h>

namespace lumoz::evidence {
namespace {

void put(Bytes& out, std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i)
        out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

constexpr std::string_view kSignature("Spec ID Event03\0", 16);

/// The first record with SHA-256 and SHA-384 banks: 69 bytes.
Bytes header() {
    Bytes spec;
    append(spec, as_bytes(kSignature));
    put(spec, 0, 4);
    put(spec, 0x02000200, 4);
    put(spec, 2, 4);
    put(spec, 0x0b, 2);
    put(spec, 32, 2);
    put(spec, 0x0c, 2);
    put(spec, 48, 2);
    put(spec, 0, 1);
    Bytes out;
    put(out, 0, 4);
    put(out, 3, 4);
    out.resize(28);
    put(out, spec.size(), 4);
    append(out, spec);
    return out;
}

constexpr std::size_t kHeaderSize = 32 + 16 + 8 + 4 + 8 + 1;

Bytes record(std::uint32_t index, std::uint32_t type, const Digest384& digest, ByteView data) {
    Bytes out;
    put(out, index, 4);
    put(out, type, 4);
    put(out, 1, 4);
    put(out, 0x0c, 2);
    append(out, digest.view());
    put(out, data.size(), 4);
    append(out, data);
    return out;
}

Bytes log_of(std::initializer_list<Bytes> records) {
    Bytes out = header();
    for (const Bytes& r : records)
        append(out, r);
    return out;
}

Content content_of(std::uint32_t type, ByteView hashed, ByteView shown) {
    return check_content({1, type, crypto::sha384(hashed), to_bytes(shown), 0});
}

/// UEFI_VARIABLE_DATA of name "db".
Bytes variable(std::string_view value) {
    Bytes out(16, 0x11);
    put(out, 2, 8);
    put(out, value.size(), 8);
    for (const char c : {'d', 'b'})
        put(out, static_cast<std::uint8_t>(c), 2);
    append(out, as_bytes(value));
    return out;
}

TEST(CcLog, KeepsItsRecordsWithTheirPlaces) {
    const Digest384 digest = crypto::sha384(as_bytes("x"));
    const auto log = parse_cc_log(log_of({record(1, 4, digest, as_bytes("x")), record(0, 1, digest, {}),
                                          record(2, 3, digest, {}), record(4, 0x80000007, digest, {})}));
    ASSERT_TRUE(log.has_value()) << log.error().detail;
    EXPECT_EQ(log->events, 4U);
    ASSERT_EQ(log->records.size(), 4U);
    EXPECT_EQ(log->records[0].offset, kHeaderSize);
    EXPECT_EQ(log->records[3].type, 0x80000007U);
    EXPECT_EQ(log->extends, (std::array<std::size_t, 4>{1, 0, 0, 1}))
        << "index 0 and EV_NO_ACTION extend nothing";
    EXPECT_EQ(log->rtmr[0], extend(Digest384(), digest));
    EXPECT_EQ(log->rtmr[1], Digest384());
}

TEST(CcLog, ErrorsNameTheByteOfTheLog) {
    const auto detail = [](Bytes log, std::size_t at, std::uint8_t value) {
        log.at(at) = value;
        const auto parsed = parse_cc_log(log);
        return parsed ? std::string("accepted")
                      : std::string(parsed.error().rule) + " " + parsed.error().detail;
    };
    const Digest384 digest;
    const Bytes log = log_of({record(1, 4, digest, as_bytes("xyz"))});
    const std::string at = std::to_string(kHeaderSize);
    EXPECT_EQ(detail(log, 4, 4), "E_EVENTLOG_HEADER offset 4: the first record is not EV_NO_ACTION");
    EXPECT_EQ(detail(log, 32, 'X'), "E_EVENTLOG_HEADER offset 32: not Spec ID Event03");
    EXPECT_EQ(detail(log, 56, 17), "E_EVENTLOG_ALG offset 56: not 1 to 16 algorithms");
    EXPECT_EQ(detail(log, 56, 3), "E_EVENTLOG_TRUNCATED offset 68: want 4 bytes, have 1");
    EXPECT_EQ(detail(log, 64, 0x0b),
              "E_EVENTLOG_ALG offset 64: unknown or repeated algorithm, or another digest size");
    EXPECT_EQ(detail(log, 64, 0x0d),
              "E_EVENTLOG_ALG offset 64: unknown or repeated algorithm, or another digest size");
    EXPECT_EQ(detail(log, kHeaderSize, 5), "E_EVENTLOG_INDEX offset " + at + ": no such register");
    EXPECT_EQ(detail(log, kHeaderSize + 8, 0),
              "E_EVENTLOG_ALG offset " + std::to_string(kHeaderSize + 8) + ": not 1 to 16 digests");
    EXPECT_EQ(
        detail(log, kHeaderSize + 12, 0x99),
        "E_EVENTLOG_ALG offset " + std::to_string(kHeaderSize + 12) + ": unknown or repeated algorithm");
    EXPECT_EQ(detail(log, kHeaderSize + 62, 4),
              "E_EVENTLOG_TRUNCATED offset " + std::to_string(kHeaderSize + 66) + ": want 4 bytes, have 3");
}

/// A first record with these banks (algorithm, digest size) and these bytes behind them.
Bytes header_of(const std::vector<std::pair<unsigned, unsigned>>& banks, const Bytes& behind = {0}) {
    Bytes spec;
    append(spec, as_bytes(kSignature));
    put(spec, 0, 8);
    put(spec, banks.size(), 4);
    for (const auto& [algorithm, size] : banks) {
        put(spec, algorithm, 2);
        put(spec, size, 2);
    }
    append(spec, behind);
    Bytes out;
    put(out, 0, 4);
    put(out, 3, 4);
    out.resize(28);
    put(out, spec.size(), 4);
    append(out, spec);
    return out;
}

std::string error_of(const Bytes& log) {
    return testing::whole_error_of(parse_cc_log(log));
}

TEST(CcLog, BanksOfTheHeaderComeInAnyOrderAndOnce) {
    using Banks = std::vector<std::pair<unsigned, unsigned>>;
    const Banks all = {{0x0c, 48}, {0x04, 20}, {0x0b, 32}, {0x0d, 64}, {0x12, 32}};
    EXPECT_EQ(error_of(header_of(all)), "accepted");
    EXPECT_EQ(error_of(header_of({{0x0b, 32}, {0x0c, 48}})), "accepted");
    EXPECT_EQ(error_of(header_of({{0x0b, 32}})),
              "E_EVENTLOG_ALG cc_log.header.sha384 offset 56: no SHA-384 bank");
    EXPECT_EQ(error_of(header_of({})),
              "E_EVENTLOG_ALG cc_log.header.count offset 56: not 1 to 16 algorithms");
    for (const Banks& bad :
         {Banks{{0x0c, 48}, {0x0c, 48}}, Banks{{0x0c, 48}, {0x0b, 48}}, Banks{{0x0c, 48}, {1, 0}}})
        EXPECT_EQ(
            error_of(header_of(bad)),
            "E_EVENTLOG_ALG cc_log.header.algorithm offset 64: unknown or repeated algorithm, or another "
            "digest size");
    const std::string last = "E_EVENTLOG_ALG cc_log.header.algorithm offset 64: ";
    EXPECT_TRUE(error_of(header_of(Banks(16, {0x0c, 48}))).starts_with(last)) << "16 are not too many";
    EXPECT_EQ(error_of(header_of(Banks(17, {0x0c, 48}))),
              "E_EVENTLOG_ALG cc_log.header.count offset 56: not 1 to 16 algorithms");
}

TEST(CcLog, VendorDataEndsTheHeader) {
    EXPECT_EQ(error_of(header_of({{0x0c, 48}}, {2, 7, 7})), "accepted");
    EXPECT_EQ(error_of(header_of({{0x0c, 48}}, {2, 7})),
              "E_EVENTLOG_TRUNCATED cc_log.header offset 65: want 2 bytes, have 1");
    EXPECT_EQ(error_of(header_of({{0x0c, 48}}, {2, 7, 7, 7})),
              "E_EVENTLOG_HEADER cc_log.header.size offset 28: bytes behind the last member");
    EXPECT_EQ(error_of(header_of({{0x0c, 48}}, {})),
              "E_EVENTLOG_TRUNCATED cc_log.header offset 64: want 1 bytes, have 0");
}

TEST(CcLog, ARecordHas1To16DigestsAndOneOfThemIsSha384) {
    const auto record_with = [](std::uint32_t count,
                                std::initializer_list<std::pair<unsigned, unsigned>> digests) {
        Bytes out = header();
        put(out, 1, 4);
        put(out, 4, 4);
        put(out, count, 4);
        for (const auto& [algorithm, size] : digests) {
            put(out, algorithm, 2);
            out.resize(out.size() + size, 9);
        }
        put(out, 0, 4);
        return error_of(out);
    };
    EXPECT_EQ(record_with(2, {{0x0b, 32}, {0x0c, 48}}), "accepted");
    EXPECT_EQ(record_with(2, {{0x0c, 48}, {0x0b, 32}}), "accepted");
    EXPECT_EQ(record_with(1, {{0x0b, 32}}), "E_EVENTLOG_ALG cc_log.sha384 offset 69: no SHA-384 digest");
    EXPECT_EQ(record_with(2, {{0x0c, 48}, {0x0c, 48}}),
              "E_EVENTLOG_ALG cc_log.algorithm offset 131: unknown or repeated algorithm");
    EXPECT_EQ(record_with(16, {{0x0c, 48}}),
              "E_EVENTLOG_ALG cc_log.algorithm offset 131: unknown or repeated algorithm")
        << "16 are not too many";
    EXPECT_EQ(record_with(17, {{0x0c, 48}}), "E_EVENTLOG_ALG cc_log.count offset 77: not 1 to 16 digests");
}

TEST(CcLog, EndsWithFourBytesOfOnesOrEightZeros) {
    const auto end = [](std::size_t count, std::uint8_t value) {
        Bytes log = header();
        log.resize(log.size() + count, value);
        const auto parsed = parse_cc_log(log);
        return parsed ? std::string(parsed->end) + " " + std::to_string(parsed->end_offset)
                      : parsed.error().detail;
    };
    EXPECT_EQ(end(0, 0), "eof 69");
    EXPECT_EQ(end(4, 0xff), "ff 69");
    EXPECT_EQ(end(40, 0xff), "ff 69");
    EXPECT_EQ(end(3, 0xff), "offset 69: want 12 bytes, have 3");
    EXPECT_EQ(end(8, 0), "zero 69");
    EXPECT_EQ(end(7, 0), "offset 69: want 12 bytes, have 7");
}

TEST(CcLog, EachTruncationByPlaceAndDetail) {
    const Digest384 digest;
    const Bytes log = log_of({record(1, 4, digest, as_bytes("xyz"))});
    testing::Approval approval("cc_log");
    for (std::size_t size = 0; size < log.size(); ++size)
        approval.add(std::to_string(size), "bytes of the log", error_of(to_bytes(ByteView(log).first(size))));
    for (std::size_t size = 0; size < kHeaderSize - 32; ++size) {
        Bytes cut = to_bytes(ByteView(log).first(32 + size));
        cut[28] = static_cast<std::uint8_t>(size);
        approval.add(std::to_string(size), "bytes of the header's data", error_of(cut));
    }
    approval.check();
}

TEST(CcLog, EveryTruncationIsNamedOrEndsAtARecord) {
    const Digest384 digest;
    const Bytes log = log_of({record(1, 4, digest, as_bytes("xyz")), record(2, 4, digest, {})});
    for (std::size_t size = 0; size < log.size(); ++size) {
        const auto parsed = parse_cc_log(ByteView(log).first(size));
        if (parsed) {
            EXPECT_TRUE(size == kHeaderSize || size == kHeaderSize + 69) << size;
        } else {
            EXPECT_EQ(parsed.error().rule, "E_EVENTLOG_TRUNCATED") << size;
        }
    }
}

TEST(CcContent, OfTypesThatHashTheirDataCountsOrIsFalse) {
    constexpr std::uint32_t kSeparator = 4, kAction = 0x80000007, kDriverConfig = 0x80000001;
    for (const std::uint32_t type : {kSeparator, kAction, kDriverConfig}) {
        EXPECT_EQ(content_of(type, as_bytes("x"), as_bytes("x")), Content::Proven) << type;
        EXPECT_EQ(content_of(type, as_bytes("x"), as_bytes("y")), Content::Differs) << type;
    }
}

TEST(CcContent, OfABootVariableIsItsValueAndNotItsName) {
    constexpr std::uint32_t kVariableBoot = 0x80000002;
    const Bytes shown = variable("value");
    EXPECT_EQ(content_of(kVariableBoot, as_bytes("value"), shown), Content::Partly);
    EXPECT_EQ(content_of(kVariableBoot, shown, shown), Content::Proven);
    EXPECT_EQ(content_of(kVariableBoot, as_bytes("other"), shown), Content::Differs);
    EXPECT_EQ(content_of(kVariableBoot, as_bytes("value"), as_bytes("short")), Content::Differs);
    Bytes huge = shown;
    huge[24] = 0xff;
    huge[31] = 0xff;
    EXPECT_EQ(content_of(kVariableBoot, as_bytes("value"), huge), Content::Differs) << "lengths are bounded";
    EXPECT_EQ(content_text({1, kVariableBoot, {}, shown, 0}), "db");
    EXPECT_EQ(content_text({1, kVariableBoot, {}, huge, 0}), "");
}

/// Of a variable with these sizes in its head and this behind it.
CcEvent variable_event(std::uint64_t name_units, std::uint64_t value_size, std::string_view behind) {
    Bytes data(16, 0x11);
    put(data, name_units, 8);
    put(data, value_size, 8);
    append(data, as_bytes(behind));
    return {1, 0x80000002, crypto::sha384(as_bytes("value")), data, 0};
}

TEST(CcContent, OfAVariableThatIsCut) {
    EXPECT_EQ(check_content(variable_event(1, 5, std::string_view("d\0value", 7))), Content::Partly);
    EXPECT_EQ(check_content(variable_event(100, 5, "value")), Content::Differs) << "the name is cut";
    EXPECT_EQ(check_content(variable_event(0, 6, "value")), Content::Differs) << "the value is cut";
    CcEvent head = variable_event(1, 0, std::string_view("d\0", 2));
    EXPECT_EQ(content_text(head), "d");
    head.data.erase(head.data.begin());
    EXPECT_EQ(content_text(head), "");
    head.data.resize(31);
    EXPECT_EQ(content_text(head), "");
    EXPECT_EQ(check_content({1, 0x80000002, crypto::sha384({}), Bytes(31, 0), 0}), Content::Differs);
    EXPECT_EQ(check_content({1, 0x80000002, crypto::sha384({}), Bytes(32, 0), 0}), Content::Partly);
}

TEST(CcContent, OfABootLoadersTextWithItsNul) {
    constexpr std::uint32_t kIpl = 0x0d;
    const std::string_view with_nul("MokList\0", 8), without("MokList");
    EXPECT_EQ(content_of(kIpl, as_bytes(with_nul), as_bytes(with_nul)), Content::Proven);
    EXPECT_EQ(content_of(kIpl, as_bytes(without), as_bytes(with_nul)), Content::Proven);
    EXPECT_EQ(content_of(kIpl, as_bytes(without), as_bytes("MokListX")), Content::Unproven);
    EXPECT_EQ(content_of(kIpl, as_bytes("x"), {}), Content::Unproven);
    const std::string prefix(31, 'p');
    EXPECT_EQ(content_of(kIpl, as_bytes("x"), as_bytes(prefix + ": x")), Content::Partly);
    EXPECT_EQ(content_of(kIpl, as_bytes("x"), as_bytes("p" + prefix + ": x")), Content::Unproven);
}

TEST(CcContent, OfATaggedTextIsWhatStandsBehindItsSize) {
    const auto text = [](std::uint32_t type, std::string_view data) {
        return content_text({1, type, {}, to_bytes(as_bytes(data)), 0});
    };
    EXPECT_EQ(text(6, "tag.size"), "");
    EXPECT_EQ(text(6, "tag.sizetext"), "text");
    EXPECT_EQ(text(0x8000000a, ""), "");
    EXPECT_EQ(text(0x8000000a, "\x02name"), "na");
    EXPECT_EQ(text(0x12345678, "text"), "") << "an unknown type";
}

TEST(CcContent, OfABootLoadersTextIsWhatStandsBehindThePrefix) {
    constexpr std::uint32_t kIpl = 0x0d;
    constexpr std::string_view kShown("grub_cmd: set default=2\0", 24);
    EXPECT_EQ(content_of(kIpl, as_bytes("set default=2"), as_bytes(kShown)), Content::Partly);
    EXPECT_EQ(content_of(kIpl, as_bytes("set default=3"), as_bytes(kShown)), Content::Unproven);
    EXPECT_EQ(content_of(kIpl, as_bytes("MokList"), as_bytes("MokList")), Content::Proven);
    EXPECT_EQ(content_text({3, kIpl, {}, to_bytes(as_bytes(kShown)), 0}), "grub_cmd: set default=2");
}

TEST(CcContent, OfAnImageOrAnUnknownTypeIsALabel) {
    EXPECT_EQ(content_of(0x80000003, as_bytes("image"), as_bytes("path")), Content::Unproven);
    EXPECT_EQ(content_of(0x12345678, as_bytes("a"), as_bytes("b")), Content::Unproven);
    EXPECT_EQ(content_of(0x12345678, as_bytes("a"), as_bytes("a")), Content::Proven);
    EXPECT_EQ(cc_type_name(0x12345678), "");
    EXPECT_EQ(cc_type_name(4), "EV_SEPARATOR");
}

TEST(CcContent, TextIsPrintableAndBounded) {
    const CcEvent action{1, 0x80000007, {}, to_bytes(as_bytes("a\x1b[31m\xc3\xa9")), 0};
    EXPECT_EQ(content_text(action), "a?[31m??");
    const CcEvent edges{1, 0x80000007, {}, {0x1f, 0x20, 0x7e, 0x7f}, 0};
    EXPECT_EQ(content_text(edges), "? ~?");
    const CcEvent longest{1, 0x80000007, {}, Bytes(5000, 'a'), 0};
    EXPECT_EQ(content_text(longest).size(), 200U);
    const CcEvent tag{3, 6, {}, Bytes(7, 'a'), 0};
    EXPECT_EQ(content_text(tag), "") << "shorter than tag and size";
    const CcEvent blob{1, 0x8000000a, {}, {200, 'F', 'v'}, 0};
    EXPECT_EQ(content_text(blob), "Fv") << "the size inside is not believed";
}

}  // namespace
}  // namespace lumoz::evidence
