// SPDX-License-Identifier: Apache-2.0
// Each rule of the CRL profile (tdx.md 4.3) by a list that breaks it alone, with the place of the error.
#include "crypto/p256.hpp"
#include "crypto/sha2.hpp"
#include "evidence/crl.hpp"
#include "evidence/testing.hpp"
#include "evidence/testing/der_bends.hpp"

#include <gtest/gtest.h>

namespace lumoz::evidence {
namespace {

namespace der = crypto::der;
using testing::Bend;
using testing::expect_all;
using testing::extension;
using testing::join;
using testing::list;

Bytes revoked(const Bytes& serial) {
    return der::sequence({serial, der::time(900)});
}

constexpr std::string_view kNumber = "2.5.29.20", kAuthority = "2.5.29.35";

/// A list in parts; the default is a good one.
struct Parts {
    Bytes version = der::integer(std::uint64_t{1});
    Bytes inner_algorithm = der::sequence({der::oid("1.2.840.10045.4.3.2")});
    Bytes issuer = der::sequence({der::set({der::sequence({der::oid("2.5.4.3"), der::utf8("issuer")})})});
    Bytes this_update = der::time(1000), next_update = der::time(2000);
    Bytes entries = list({revoked(der::integer(std::uint64_t{9})), revoked(der::integer(std::uint64_t{4})),
                          revoked(der::integer(std::uint64_t{300}))});
    std::vector<Bytes> extensions = {extension(kNumber, der::integer(std::uint64_t{1})),
                                     extension(kAuthority, der::sequence({der::element(0x80, Bytes{1, 2})}))};
    Bytes behind_extensions;
    Bytes outer_algorithm = inner_algorithm;
    Bytes signature = one();
    Bytes behind_signature, behind_all;

    static Bytes one() {
        crypto::P256Signature out;
        out.bytes.fill(1);
        return der::bit_string(crypto::p256_signature_to_der(out));
    }
    [[nodiscard]] Bytes build() const {
        const Bytes tail = extensions.empty() ? Bytes() : der::context(0, list(extensions));
        const Bytes tbs = list(
            {version, inner_algorithm, issuer, this_update, next_update, entries, tail, behind_extensions});
        return join({list({tbs, outer_algorithm, signature, behind_signature}), behind_all});
    }
};

std::string error_of(const Parts& parts) {
    const auto got = Crl::parse(parts.build());
    if (got) return "accepted";
    std::string out(got.error().where);
    EXPECT_EQ(got.error().rule, "E_CRL_PARSE");
    if (out == "crl.der") out += " " + got.error().detail;
    return out;
}

TEST(CrlRule, AGoodOneIsReadWhole) {
    const Parts parts;
    ASSERT_EQ(error_of(parts), "accepted");
    const Bytes raw = parts.build();
    const Crl got = *Crl::parse(raw);
    EXPECT_EQ(to_bytes(got.issuer()), parts.issuer);
    EXPECT_EQ(got.this_update, 1000);
    EXPECT_EQ(got.next_update, 2000);
    EXPECT_EQ(to_bytes(got.authority_key_id()), (Bytes{1, 2}));
    EXPECT_EQ(got.digest(), crypto::sha256(got.tbs()));
    EXPECT_TRUE(got.has_number());
    for (const int serial : {9, 4})
        EXPECT_TRUE(got.lists(Bytes{static_cast<std::uint8_t>(serial)}));
    EXPECT_TRUE(got.lists(Bytes{1, 44}));
    for (const int serial : {1, 5, 10})
        EXPECT_FALSE(got.lists(Bytes{static_cast<std::uint8_t>(serial)}));
    EXPECT_FALSE(got.lists(Bytes{1, 45}));
    EXPECT_FALSE(got.lists(Bytes{0xff}));
}

testing::Dump dump(const Crl& got) {
    testing::Dump out;
    out.add("signed", got.digest() == crypto::sha256(got.tbs())).add("issuer", got.issuer());
    out.add("from", got.this_update).add("until", got.next_update).add("number", got.has_number());
    out.add("authority_key_id", got.authority_key_id()).add("signature", got.signature.view());
    for (unsigned serial = 0; serial < 256; ++serial)
        if (got.lists(Bytes{static_cast<std::uint8_t>(serial)})) out.add("lists", serial);
    return out;
}

TEST(CrlRule, EachElementBent) {
    const Bytes reason = list({extension("2.5.29.21", der::element(der::kEnumerated, Bytes{1}))});
    Parts parts;
    parts.entries = list({list({der::integer(std::uint64_t{9}), der::time(900), reason}),
                          revoked(der::integer(std::uint64_t{4}))});
    testing::expect_der_bends<Crl>("crl", parts.build(), Crl::parse, dump);
}

TEST(CrlRule, AnAlgorithmThatIsCut) {
    const Parts parts;
    const Bytes tbs = list({parts.version, Bytes{0x30}});
    EXPECT_EQ(Crl::parse(list({tbs, parts.outer_algorithm, parts.signature})).error().detail,
              "der.element: offset 3: cut");
}

TEST(CrlRule, WhatMayBeAbsent) {
    Parts parts;
    parts.next_update.clear();
    EXPECT_FALSE(Crl::parse(parts.build())->next_update.has_value());
    parts.entries.clear();
    EXPECT_FALSE(Crl::parse(parts.build())->lists(Bytes{9}));
    parts.extensions.clear();
    const Crl got = *Crl::parse(parts.build());
    EXPECT_FALSE(got.has_number());
    EXPECT_TRUE(got.authority_key_id().empty());
    parts.next_update = der::time(4'000'000'000);
    EXPECT_EQ(Crl::parse(parts.build())->next_update, 4'000'000'000) << "as GeneralizedTime";
}

TEST(CrlRule, TheStructure) {
    const Bytes other = der::sequence({der::oid("1.2.840.10045.4.3.3")});
    const Bytes extra = der::boolean(true);
    const Bend<Parts> bends[] = {
        {"bytes behind", [&](Parts& p) { p.behind_all = extra; }, "crl.der der."},
        {"an element behind the signature", [&](Parts& p) { p.behind_signature = extra; }, "crl.der der."},
        {"outer algorithm", [&](Parts& p) { p.outer_algorithm = other; }, "crl.signature_algorithm"},
        {"outer algorithm is no sequence", [&](Parts& p) { p.outer_algorithm = extra; },
         "crl.signature_algorithm"},
        {"inner algorithm", [&](Parts& p) { p.inner_algorithm = other; }, "crl.inner_algorithm"},
        {"inner algorithm is no sequence", [&](Parts& p) { p.inner_algorithm = extra; },
         "crl.inner_algorithm"},
        {"signature is no bit string", [&](Parts& p) { p.signature = extra; }, "crl.der der."},
        {"signature is no pair", [](Parts& p) { p.signature = der::bit_string(Bytes{0x30, 0x00}); },
         "crl.der"},
        {"version 1", [](Parts& p) { p.version = der::integer(std::uint64_t{0}); }, "crl.version"},
        {"version is no integer", [&](Parts& p) { p.version = extra; }, "crl.version"},
        {"issuer is no sequence", [&](Parts& p) { p.issuer = extra; }, "crl.der der."},
        {"no time", [&](Parts& p) { p.this_update = extra; }, "crl.der der."},
        {"a time that is none", [](Parts& p) { p.next_update = der::element(der::kUtcTime, Bytes{1}); },
         "crl.der der."},
        {"an entry that is no sequence", [&](Parts& p) { p.entries = list({extra}); }, "crl.der der."},
        {"an entry without a serial", [&](Parts& p) { p.entries = list({list({extra})}); }, "crl.der der."},
        {"a negative serial",
         [](Parts& p) { p.entries = list({revoked(der::element(der::kInteger, Bytes{0x80}))}); },
         "crl.der der.integer"},
        {"an entry without a date",
         [](Parts& p) { p.entries = list({list({der::integer(std::uint64_t{1})})}); }, "crl.der der."},
        {"an entry with a date that is none",
         [&](Parts& p) { p.entries = list({list({der::integer(std::uint64_t{1}), extra})}); },
         "crl.der der."},
        {"an entry with extensions that are none",
         [&](Parts& p) { p.entries = list({list({der::integer(std::uint64_t{1}), der::time(9), extra})}); },
         "crl.der der."},
        {"an entry with an empty list of extensions",
         [&](Parts& p) {
             p.entries = list({list({der::integer(std::uint64_t{1}), der::time(9), list({})})});
         },
         "crl.der der.extensions.empty"},
        {"an entry with a reason",
         [&](Parts& p) {
             const Bytes reason = list({extension("2.5.29.21", der::element(der::kEnumerated, Bytes{1}))});
             p.entries = list({list({der::integer(std::uint64_t{1}), der::time(9), reason})});
         },
         "accepted"},
        {"an entry with more",
         [&](Parts& p) {
             const Bytes reason = list({extension("2.5.29.21", der::element(der::kEnumerated, Bytes{1}))});
             p.entries = list({list({der::integer(std::uint64_t{1}), der::time(9), reason, extra})});
         },
         "crl.der der."},
        {"something else than extensions",
         [&](Parts& p) {
             p.extensions.clear();
             p.behind_extensions = extra;
         },
         "crl.der der."},
        {"behind the extensions", [&](Parts& p) { p.behind_extensions = extra; }, "crl.der der."},
    };
    expect_all<Parts>(bends, error_of);
}

TEST(CrlRule, Extensions) {
    const Bytes extra = der::boolean(true);
    const auto number = [](Bytes value) {
        return [value](Parts& p) { p.extensions[0] = extension(kNumber, value); };
    };
    const Bend<Parts> bends[] = {
        {"a number that is none", number(extra), "crl.der der."},
        {"a negative number", number(der::element(der::kInteger, Bytes{0x80})), "crl.der der.integer"},
        {"bytes behind the number", number(join({der::integer(std::uint64_t{1}), extra})), "crl.der der."},
        {"an authority that is none", [&](Parts& p) { p.extensions[1] = extension(kAuthority, extra); },
         "crl.der der."},
        {"unknown", [](Parts& p) { p.extensions.push_back(extension("1.2.3", {})); }, "accepted"},
        {"unknown and critical",
         [](Parts& p) {
             p.extensions.push_back(
                 der::sequence({der::oid("2.5.29.28"), der::boolean(true), der::octet_string({})}));
         },
         "crl.extension.critical"},
        {"twice", [](Parts& p) { p.extensions.push_back(p.extensions[0]); }, "crl.der der.extensions.twice"},
    };
    expect_all<Parts>(bends, error_of);
}

TEST(CrlRule, SizesAndTextsHaveBounds) {
    constexpr std::size_t kMost = std::size_t{1} << 20;
    const auto where = [](const auto& result) {
        return result ? "accepted" : std::string(result.error().where);
    };
    EXPECT_EQ(where(Crl::parse(Bytes(kMost + 1, 0))), "crl.size");
    EXPECT_EQ(where(Crl::parse(Bytes(kMost, 0))), "crl.der");
    EXPECT_EQ(where(decode_crl(std::string(2 * kMost, '0'))), "accepted");
    EXPECT_EQ(where(decode_crl(std::string(2 * kMost + 2, '0'))), "crl.size");
    EXPECT_EQ(where(decode_crl("")), "crl.empty");
    EXPECT_EQ(where(decode_crl("0")), "crl.hex");
    EXPECT_EQ(where(decode_crl("-----BEGIN X509 CRL-----")), "crl.pem");
    const std::string pem = der::to_pem("X509 CRL", Bytes{1});
    EXPECT_EQ(*decode_crl(pem), Bytes{1});
    EXPECT_EQ(where(decode_crl(pem + pem)), "crl.pem.label");
    EXPECT_EQ(where(decode_crl(der::to_pem("CRL", Bytes{1}))), "crl.pem.label");
}

}  // namespace
}  // namespace lumoz::evidence
