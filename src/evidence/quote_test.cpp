// SPDX-License-Identifier: Apache-2.0
#include "evidence/tdx_quote.hpp"
#include "evidence/testing/approval.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace lumoz::evidence {
namespace {

void put_le(Bytes& out, std::size_t at, std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i)
        out.at(at + i) = static_cast<std::uint8_t>(value >> (8 * i));
}

/// The smallest quote there is: v3, no authentication data, no certification data.
Bytes v3() {
    Bytes out(1020, 0);
    put_le(out, 0, 3, 2);
    put_le(out, 2, 2, 2);
    std::ranges::copy(kIntelVendor, out.begin() + 12);
    put_le(out, 432, 1020 - 436, 4);
    put_le(out, 436 + 578, 1, 2);
    return out;
}

/// v4 with a TD body and 4 bytes of authentication data.
Bytes v4() {
    const std::size_t envelope = 384 + 64 + 2 + 4 + 2 + 4;
    Bytes out(636 + 128 + 6 + envelope, 0);
    put_le(out, 0, 4, 2);
    put_le(out, 2, 2, 2);
    put_le(out, 4, 0x81, 4);
    std::ranges::copy(kIntelVendor, out.begin() + 12);
    put_le(out, 632, 128 + 6 + envelope, 4);
    put_le(out, 764, 6, 2);
    put_le(out, 766, envelope, 4);
    put_le(out, 1218, 4, 2);
    put_le(out, 1224, 5, 2);
    return out;
}

std::string error_of(const Bytes& quote) {
    const auto parsed = Quote::parse(quote);
    return parsed ? "accepted" : std::string(parsed.error().rule);
}

TEST(Quote, ReadsTheSmallestQuote) {
    const auto quote = Quote::parse(v3());
    ASSERT_TRUE(quote.has_value());
    EXPECT_FALSE(quote->is_tdx());
    EXPECT_EQ(quote->signed_range().size(), 432U);
    EXPECT_EQ(quote->body().size(), 384U);
    EXPECT_EQ(quote->cert_type(), 1);
    EXPECT_TRUE(quote->trailing().empty());
    EXPECT_FALSE(quote->field("mr_td").has_value());
    EXPECT_TRUE(quote->field("mr_enclave").has_value());
}

TEST(Quote, PartsOfVersion4StandWhereTheSpecificationSays) {
    const auto quote = Quote::parse(v4());
    ASSERT_TRUE(quote.has_value());
    const QuoteParts& parts = quote->parts();
    EXPECT_EQ(parts.body.begin, 48U);
    EXPECT_EQ(parts.signature.begin, 636U);
    EXPECT_EQ(parts.attestation_key.begin, 700U);
    EXPECT_EQ(parts.qe_report.begin, 770U);
    EXPECT_EQ(parts.qe_report_signature.begin, 1154U);
    EXPECT_EQ(parts.qe_auth.begin, 1220U);
    EXPECT_EQ(parts.qe_auth.size, 4U);
    EXPECT_EQ(quote->field("report_data")->size(), 64U);
}

TEST(Quote, EveryTruncationIsNamed) {
    for (const Bytes& whole : {v3(), v4()})
        for (std::size_t size = 0; size < whole.size(); ++size)
            ASSERT_EQ(error_of(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))),
                      "E_QUOTE_TRUNCATED")
                << size;
}

/// v5 with a body of this type and size.
Bytes v5(std::uint16_t type, std::uint32_t size, std::uint32_t tee) {
    Bytes out = v4();
    put_le(out, 0, 5, 2);
    put_le(out, 4, tee, 4);
    out.erase(out.begin() + 48, out.begin() + 632);
    out.insert(out.begin() + 48, 6 + std::size_t{size}, 0);
    put_le(out, 48, type, 2);
    put_le(out, 50, size, 4);
    return out;
}

std::string whole_error_of(ByteView quote) {
    return testing::whole_error_of(Quote::parse(quote));
}

/// What ever shorter quotes are refused for. The count of bytes that are left is the only difference of most:
/// those are one line.
class Cuts {
public:
    explicit Cuts(std::string_view file) : approval_(file) {}
    void add(const char* name, const std::string& cut, ByteView quote) {
        const std::string error = whole_error_of(quote);
        std::string start = name + error.substr(0, error.find(", have"));
        if (start != last_) approval_.add(name, cut, error);
        last_ = std::move(start);
    }
    void check() const { approval_.check(); }

private:
    testing::Approval approval_;
    std::string last_;
};

TEST(Quote, EachTruncationByPlaceAndDetail) {
    Cuts cuts("quote_cut");
    const std::pair<const char*, Bytes> quotes[] = {{"v3", v3()}, {"v4", v4()}, {"v5", v5(2, 584, 0x81)}};
    for (const auto& [name, whole] : quotes)
        for (std::size_t size = 0; size <= whole.size(); ++size)
            cuts.add(name, std::to_string(size) + " bytes", ByteView(whole).first(size));
    cuts.check();
}

TEST(Quote, EachCutInsideTheSignatureSectionByPlaceAndDetail) {
    Cuts cuts("quote_section_cut");
    const std::pair<const char*, Bytes> quotes[] = {{"v3", v3()}, {"v4", v4()}};
    for (const auto& [name, whole] : quotes) {
        const std::size_t size_at = whole[0] == 3 ? 432 : 632;
        for (std::size_t size = 0; size + size_at + 4 < whole.size(); ++size) {
            Bytes cut = whole;
            put_le(cut, size_at, size, 4);
            cuts.add(name, std::to_string(size) + " bytes of the section", cut);
        }
    }
    cuts.check();
}

TEST(Quote, EachCutInsideTheEnvelopeByPlaceAndDetail) {
    Cuts cuts("quote_envelope_cut");
    const Bytes whole = v4();
    const std::size_t envelope = whole.size() - 770;
    for (std::size_t size = 0; size < envelope; ++size) {
        Bytes cut(whole.begin(), whole.end() - static_cast<std::ptrdiff_t>(envelope - size));
        put_le(cut, 632, cut.size() - 636, 4);
        put_le(cut, 766, size, 4);
        cuts.add("v4", std::to_string(size) + " bytes of the envelope", cut);
    }
    cuts.check();
}

TEST(Quote, BodiesOfVersion5) {
    constexpr std::uint32_t kTdx = 0x81, kSgx = 0;
    EXPECT_EQ(whole_error_of(v5(1, 384, kSgx)), "accepted");
    EXPECT_EQ(whole_error_of(v5(2, 584, kTdx)), "accepted");
    EXPECT_EQ(whole_error_of(v5(3, 648, kTdx)), "accepted");
    EXPECT_EQ(whole_error_of(v5(4, 885, kTdx)), "accepted");
    const std::string type = "E_QUOTE_BODY_TYPE tdx.quote.body_type offset 48: ";
    EXPECT_EQ(whole_error_of(v5(1, 384, kTdx)), type + "1");
    EXPECT_EQ(whole_error_of(v5(5, 0, kTdx)), type + "5");
    EXPECT_EQ(whole_error_of(v5(0, 584, kTdx)), type + "0");
    EXPECT_EQ(whole_error_of(v5(2, 584, kSgx)), type + "2");
    EXPECT_EQ(whole_error_of(v5(2, 583, kTdx)), "E_QUOTE_BODY_TYPE tdx.quote.body_size offset 50: 583");
}

TEST(Quote, FieldsByName) {
    Bytes bytes = v4();
    put_le(bytes, 48 + 120, 0x0807060504030201, 8);
    for (unsigned i = 0; i < 4; ++i)
        bytes[48 + 328 + 48 * i] = static_cast<std::uint8_t>(i + 1);
    bytes[770 + 258] = 9;
    const auto quote = Quote::parse(bytes);
    ASSERT_TRUE(quote.has_value());
    EXPECT_EQ(quote->integer("td_attributes"), 0x0807060504030201U);
    EXPECT_FALSE(quote->integer("tee_tcb_svn").has_value()) << "16 bytes are no integer";
    EXPECT_FALSE(quote->integer("mr_td").has_value());
    EXPECT_FALSE(quote->integer("isv_svn").has_value());
    for (unsigned i = 0; i < 4; ++i)
        EXPECT_EQ(quote->rtmr(i).bytes[0], i + 1);
    EXPECT_EQ(to_bytes(quote->qe_field("isv_svn")), (Bytes{9, 0}));
    EXPECT_TRUE(quote->qe_field("rtmr0").empty());
    EXPECT_EQ(Quote::parse(v3())->rtmr(0), Digest384()) << "SGX has none";
}

TEST(Quote, NamesTheFirstByteOfThePaddingThatIsNotZero) {
    Bytes quote = v4();
    const std::size_t size = quote.size();
    quote.resize(size + 10, 0);
    quote[size + 7] = 1;
    quote[size + 9] = 1;
    EXPECT_EQ(Quote::parse(quote)->check_trailing().error().detail,
              "offset " + std::to_string(size + 7) + ": not zero");
    std::fill_n(quote.end() - 10, 10, std::uint8_t{1});
    EXPECT_EQ(Quote::parse(quote)->check_trailing().error().detail,
              "offset " + std::to_string(size) + ": not zero");
}

struct Bend {
    std::size_t at;
    std::uint64_t value;
    unsigned size;
    const char* error;
    int exit_code;
};

TEST(Quote, TruncationNamesTheByteOfTheWholeQuote) {
    Bytes auth = v4();
    put_le(auth, 1218, 0xffff, 2);
    EXPECT_TRUE(Quote::parse(auth).error().detail.starts_with("offset 1220: want 65535 bytes"))
        << Quote::parse(auth).error().detail;
    Bytes certs = v4();
    put_le(certs, 1226, 1, 4);
    EXPECT_TRUE(Quote::parse(certs).error().detail.starts_with("offset 1230: want 1 bytes, have 0"))
        << Quote::parse(certs).error().detail;
    Bytes section = v3();
    put_le(section, 432, 10, 4);
    EXPECT_TRUE(Quote::parse(section).error().detail.starts_with("offset 436: want 64 bytes, have 10"))
        << Quote::parse(section).error().detail;
    EXPECT_TRUE(Quote::parse(Bytes(kMaxQuoteSize + 1, 0)).error().detail.starts_with("offset 65536: "));
}

TEST(Quote, EachBadValueIsNamedInReadingOrder) {
    const Bend bends[] = {
        {0, 2, 2, "E_QUOTE_VERSION", 20},
        {0, 6, 2, "E_QUOTE_VERSION", 20},
        {2, 3, 2, "E_QUOTE_KEY_TYPE", 20},
        {4, 0x80, 4, "E_QUOTE_TEE_TYPE", 20},
        {4, 0x10081, 4, "E_QUOTE_TEE_TYPE", 20},
        {12, 0, 1, "E_QUOTE_VENDOR", 10},
        {632, 128, 4, "E_QUOTE_TRUNCATED", 30},
        {632, 0xffffffff, 4, "E_QUOTE_TRUNCATED", 30},
        {764, 5, 2, "E_QUOTE_CERT_TYPE", 10},
        {766, 0, 4, "E_QUOTE_LENGTHS", 30},
        {766, 0x7fffffff, 4, "E_QUOTE_TRUNCATED", 30},
        {1218, 0xffff, 2, "E_QUOTE_TRUNCATED", 30},
        {1218, 3, 2, "E_QUOTE_CERT_TYPE", 10},
        {1224, 6, 2, "E_QUOTE_CERT_TYPE", 10},
        {1224, 0, 2, "E_QUOTE_CERT_TYPE", 10},
        {1226, 1, 4, "E_QUOTE_TRUNCATED", 30},
    };
    for (const Bend& b : bends) {
        Bytes quote = v4();
        put_le(quote, b.at, b.value, b.size);
        const auto parsed = Quote::parse(quote);
        ASSERT_FALSE(parsed.has_value()) << b.at;
        EXPECT_EQ(parsed.error().rule, b.error) << b.at;
        EXPECT_EQ(exit_code(parsed.error().code), b.exit_code) << b.at;
    }
    Bytes tdx_v3 = v3();
    put_le(tdx_v3, 4, 0x81, 4);
    EXPECT_EQ(error_of(tdx_v3), "E_QUOTE_TEE_TYPE");
}

TEST(Quote, LeftOverBytesInsideTheSectionAreRefused) {
    Bytes quote = v3();
    quote.push_back(0);
    put_le(quote, 432, 1020 - 436 + 1, 4);
    EXPECT_EQ(error_of(quote), "E_QUOTE_LENGTHS");
}

TEST(Quote, Version5NamesItsBody) {
    Bytes quote = v3();
    put_le(quote, 0, 5, 2);
    quote.insert(quote.begin() + 48, 6, 0);
    put_le(quote, 48, 2, 2);
    EXPECT_EQ(error_of(quote), "E_QUOTE_BODY_TYPE");
    put_le(quote, 48, 1, 2);
    put_le(quote, 50, 383, 4);
    EXPECT_EQ(error_of(quote), "E_QUOTE_BODY_TYPE");
    put_le(quote, 50, 384, 4);
    EXPECT_EQ(error_of(quote), "E_QUOTE_CERT_TYPE") << "v5 has the envelope of v4";
}

TEST(Quote, PaddingIsLegalAndOnlyZeros) {
    Bytes quote = v4();
    quote.resize(quote.size() + 100, 0);
    EXPECT_TRUE(Quote::parse(quote)->check_trailing().has_value());
    EXPECT_EQ(Quote::parse(quote)->trailing().size(), 100U);
    quote.back() = 1;
    EXPECT_EQ(Quote::parse(quote)->check_trailing().error().rule, "E_QUOTE_TRAILING");
    quote.back() = 0;
    quote.resize(kMaxQuoteSize, 0);
    EXPECT_EQ(error_of(quote), "accepted");
    quote.push_back(0);
    EXPECT_EQ(error_of(quote), "E_QUOTE_TOO_LARGE");
}

TEST(Layout, AttributesOfATdAreInOrder) {
    unsigned last = 0;
    for (const TdAttribute& attribute : td_attributes()) {
        EXPECT_TRUE(attribute.bit > last || attribute.name == "DEBUG") << attribute.name;
        EXPECT_LT(attribute.bit, 64);
        last = attribute.bit;
    }
    EXPECT_EQ(td_attributes().size(), 13U);
}

TEST(Layout, FieldsAreInOrderAndInsideTheirBody) {
    for (const BodyKind kind :
         {BodyKind::SgxReport, BodyKind::Td10, BodyKind::Td15, BodyKind::Td15Extended}) {
        std::size_t end = 0;
        for (const Field& field : body_fields(kind)) {
            EXPECT_GE(field.offset, end) << field.name;
            end = std::size_t{field.offset} + field.size;
        }
        EXPECT_LE(end, body_size(kind));
    }
    EXPECT_EQ(find_field(BodyKind::Td10, "tee_tcb_svn2"), nullptr);
    EXPECT_EQ(find_field(BodyKind::Td15Extended, "cur_servtd_attr")->offset, 877);
    EXPECT_EQ(header_fields().back().offset + header_fields().back().size, kQuoteHeaderSize);
}

}  // namespace
}  // namespace lumoz::evidence
