// SPDX-License-Identifier: Apache-2.0
// Each rule of the certificate profile (tdx.md 3) by a certificate that breaks it alone, with the place of
// the error.
#include "crypto/p256.hpp"
#include "crypto/sha2.hpp"
#include "evidence/pck.hpp"
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

const crypto::P256Key& key() {
    static const auto out = crypto::P256Key::derive(crypto::sha256(as_bytes("certificate rules")), "key");
    return out;
}

Bytes attribute(std::string_view oid, const Bytes& value) {
    return der::sequence({der::oid(oid), value});
}

Bytes name(std::string_view text) {
    return der::sequence({der::set({attribute("2.5.4.3", der::utf8(text))})});
}

Bytes critical(std::string_view oid, const Bytes& value, const Bytes& flag = der::boolean(true)) {
    return der::sequence({der::oid(oid), flag, der::octet_string(value)});
}

constexpr std::string_view kAuthority = "2.5.29.35", kSubjectKey = "2.5.29.14", kDistribution = "2.5.29.31",
                           kUsage = "2.5.29.15", kConstraints = "2.5.29.19";

/// A certificate in parts; the default is a good one.
struct Parts {
    Bytes version = der::context(0, der::integer(std::uint64_t{2}));
    Bytes serial = der::integer(std::uint64_t{5});
    Bytes inner_algorithm = der::sequence({der::oid("1.2.840.10045.4.3.2")});
    Bytes issuer = name("issuer");
    Bytes validity = der::sequence({der::time(1000), der::time(2000)});
    Bytes subject = name("subject");
    Bytes spki = crypto::p256_spki(key().public_key());
    Bytes authority = extension(kAuthority, der::sequence({der::element(0x80, Bytes{1, 2})}));
    Bytes subject_key = extension(kSubjectKey, der::octet_string(Bytes{3, 4}));
    Bytes distribution = extension(kDistribution, der::sequence({}));
    Bytes usage = extension(kUsage, Bytes{0x03, 0x02, 0x06, 0xc0});
    Bytes constraints = extension(kConstraints, der::sequence({}));
    Bytes more;               ///< further extensions
    Bytes behind_extensions;  ///< inside the TBS
    Bytes outer_algorithm = inner_algorithm;
    std::optional<Bytes> signature;
    Bytes behind_signature, behind_all;

    [[nodiscard]] Bytes build() const {
        const Bytes extensions = list({authority, subject_key, distribution, usage, constraints, more});
        const Bytes tbs = list({version, serial, inner_algorithm, issuer, validity, subject, spki,
                                der::context(3, extensions), behind_extensions});
        const Bytes bits =
            signature.value_or(der::bit_string(crypto::p256_signature_to_der(key().sign(tbs))));
        return join({list({tbs, outer_algorithm, bits, behind_signature}), behind_all});
    }
};

/// "accepted", or the place of the error and, for errors of DER, the place inside.
std::string error_of(const Parts& parts) {
    const auto got = Certificate::parse(parts.build());
    if (got) return "accepted";
    std::string out(got.error().where);
    if (out == "cert.der" || out == "cert.extensions") out += " " + got.error().detail;
    return out;
}

TEST(CertificateRule, AGoodOneIsReadWhole) {
    Parts parts;
    EXPECT_EQ(error_of(parts), "accepted");
    const Certificate got = *Certificate::parse(parts.build());
    EXPECT_EQ(to_bytes(got.serial()), Bytes{5});
    EXPECT_EQ(got.common_name(), "subject");
    EXPECT_EQ(to_bytes(got.issuer()), name("issuer"));
    EXPECT_EQ(to_bytes(got.subject()), name("subject"));
    EXPECT_EQ(got.not_before, 1000);
    EXPECT_EQ(got.not_after, 2000);
    EXPECT_EQ(to_bytes(got.authority_key_id()), (Bytes{1, 2}));
    EXPECT_EQ(to_bytes(got.subject_key_id()), (Bytes{3, 4}));
    EXPECT_TRUE(got.digital_signature);
    EXPECT_FALSE(got.key_cert_sign);
    EXPECT_FALSE(got.ca);
    EXPECT_TRUE(crypto::p256_verify(got.key, got.tbs(), got.signature));
    EXPECT_EQ(got.key, key().public_key());
    parts.usage = extension(kUsage, Bytes{0x03, 0x02, 0x01, 0x06});
    parts.constraints =
        extension(kConstraints, der::sequence({der::boolean(true), der::integer(std::uint64_t{0})}));
    const Certificate ca = *Certificate::parse(parts.build());
    EXPECT_FALSE(ca.digital_signature);
    EXPECT_TRUE(ca.key_cert_sign);
    EXPECT_TRUE(ca.ca);
    parts.usage = extension(kUsage, Bytes{0x03, 0x03, 0x07, 0x06, 0x80});
    EXPECT_EQ(error_of(parts), "accepted") << "two bytes of bits";
}

/// One with everything that the profile reads.
Parts full() {
    Parts parts;
    const Bytes uri = der::element(0x86, as_bytes("https://crl"));
    parts.subject = der::sequence({der::set({attribute("2.5.4.6", der::element(0x13, as_bytes("US"))),
                                             attribute("2.5.4.3", der::utf8("subject"))})});
    parts.authority =
        extension(kAuthority, der::sequence({der::element(0x80, Bytes{1, 2}), der::element(0xa1, Bytes{}),
                                             der::element(0x82, Bytes{7})}));
    parts.distribution =
        extension(kDistribution, der::sequence({der::sequence({der::context(0, der::context(0, uri))})}));
    parts.usage = critical(kUsage, Bytes{0x03, 0x02, 0x01, 0x06});
    parts.constraints =
        critical(kConstraints, der::sequence({der::boolean(true), der::integer(std::uint64_t{1})}));
    parts.more = join({extension("1.2.840.113741.1.13.1", Bytes{9}), extension("1.2.3", Bytes{8})});
    crypto::P256Signature one;
    one.bytes.fill(1);
    parts.signature = der::bit_string(crypto::p256_signature_to_der(one));
    return parts;
}

testing::Dump dump(const Certificate& got) {
    testing::Dump out;
    out.add("signed", got.digest() == crypto::sha256(got.tbs())).add("serial", got.serial());
    out.add("issuer", got.issuer()).add("subject", got.subject()).add("common_name", got.common_name());
    out.add("spki", got.spki_digest() == crypto::sha256(got.spki())).add("key", got.key.view());
    out.add("subject_key_id", got.subject_key_id()).add("authority_key_id", got.authority_key_id());
    out.add("sgx", got.sgx_extension()).add("url", got.crl_url()).add("signature", got.signature.view());
    out.add("from", got.not_before).add("until", got.not_after);
    return out.add("ca", got.ca).add("signs", got.key_cert_sign).add("digital", got.digital_signature);
}

TEST(CertificateRule, EachElementBent) {
    testing::expect_der_bends<Certificate>("certificate", full().build(), Certificate::parse, dump);
}

TEST(CertificateRule, WithoutExtensionsItLacksThem) {
    const Bytes name_bytes = name("x");
    const Bytes tbs = list({Parts().version, Parts().serial, Parts().inner_algorithm, name_bytes,
                            Parts().validity, name_bytes, Parts().spki});
    const Bytes bare = list({tbs, Parts().outer_algorithm, *full().signature});
    EXPECT_EQ(Certificate::parse(bare).error().detail, "missing: authority key id");
    Bytes cut = bare;
    *std::ranges::search(cut, Parts().spki).begin() = 0x1f;
    EXPECT_EQ(Certificate::parse(cut).error().detail, "der.element: offset 80: tag not supported");
}

TEST(CertificateRule, ASerialOfZeroIsOne) {
    Parts parts;
    parts.serial = der::integer(std::uint64_t{0});
    EXPECT_EQ(error_of(parts), "accepted");
}

TEST(CertificateRule, TheOuterStructure) {
    const Bytes other = der::sequence({der::oid("1.2.840.10045.4.3.3")});
    const Bytes extra = der::boolean(true);
    const Bend<Parts> bends[] = {
        {"bytes behind", [&](Parts& p) { p.behind_all = extra; }, "cert.der der."},
        {"an element behind the signature", [&](Parts& p) { p.behind_signature = extra; }, "cert.der der."},
        {"outer algorithm", [&](Parts& p) { p.outer_algorithm = other; }, "cert.signature_algorithm"},
        {"outer algorithm is no sequence", [&](Parts& p) { p.outer_algorithm = extra; },
         "cert.signature_algorithm"},
        {"inner algorithm", [&](Parts& p) { p.inner_algorithm = other; }, "cert.inner_algorithm"},
        {"inner algorithm is no sequence", [&](Parts& p) { p.inner_algorithm = extra; },
         "cert.inner_algorithm"},
        {"signature is no bit string", [&](Parts& p) { p.signature = extra; }, "cert.der der."},
        {"signature without a byte", [](Parts& p) { p.signature = der::element(der::kBitString, {}); },
         "cert.der der.signature_bits"},
        {"unused bits", [](Parts& p) { p.signature = der::element(der::kBitString, Bytes{1, 0}); },
         "cert.der der.signature_bits"},
        {"signature is no pair", [](Parts& p) { p.signature = der::bit_string(Bytes{0x30, 0x00}); },
         "cert.der"},
    };
    expect_all<Parts>(bends, error_of);
}

TEST(CertificateRule, TheSignedPart) {
    const Bytes extra = der::boolean(true);
    const Bend<Parts> bends[] = {
        {"version 2", [](Parts& p) { p.version = der::context(0, der::integer(std::uint64_t{1})); },
         "cert.version"},
        {"version as integer", [](Parts& p) { p.version = der::integer(std::uint64_t{2}); }, "cert.version"},
        {"serial of another type", [&](Parts& p) { p.serial = extra; }, "cert.der der."},
        {"negative serial", [](Parts& p) { p.serial = der::element(der::kInteger, Bytes{0x80}); },
         "cert.der der.integer"},
        {"serial without bytes", [](Parts& p) { p.serial = der::element(der::kInteger, {}); },
         "cert.der der.integer"},
        {"serial with a zero in front", [](Parts& p) { p.serial = der::element(der::kInteger, Bytes{0, 1}); },
         "cert.der der.integer.minimal"},
        {"issuer is no sequence", [&](Parts& p) { p.issuer = extra; }, "cert.der der."},
        {"issuer unreadable", [&](Parts& p) { p.issuer = der::sequence({extra}); }, "cert.der der."},
        {"validity is no sequence", [&](Parts& p) { p.validity = extra; }, "cert.der der."},
        {"validity without an end", [](Parts& p) { p.validity = der::sequence({der::time(1)}); },
         "cert.der der."},
        {"validity empty", [](Parts& p) { p.validity = der::sequence({}); }, "cert.der der."},
        {"validity with more",
         [&](Parts& p) { p.validity = der::sequence({der::time(1), der::time(2), extra}); }, "cert.der der."},
        {"begin is no time", [&](Parts& p) { p.validity = der::sequence({extra, der::time(2)}); },
         "cert.der der."},
        {"end is no time", [&](Parts& p) { p.validity = der::sequence({der::time(1), extra}); },
         "cert.der der."},
        {"subject is no sequence", [&](Parts& p) { p.subject = extra; }, "cert.der der."},
        {"key is no sequence", [&](Parts& p) { p.spki = extra; }, "cert.key"},
        {"key of another size", [](Parts& p) { p.spki = der::sequence({der::boolean(true)}); }, "cert.key"},
        {"key of another kind", [](Parts& p) { p.spki[10] ^= 1; }, "cert.key"},
        {"key off the curve", [](Parts& p) { p.spki.back() ^= 1; }, "cert.key.point"},
        {"behind the extensions", [&](Parts& p) { p.behind_extensions = extra; }, "cert.der der."},
    };
    expect_all<Parts>(bends, error_of);
}

TEST(CertificateRule, Names) {
    const auto subject = [](Bytes value) { return [value](Parts& p) { p.subject = value; }; };
    const Bytes cn = attribute("2.5.4.3", der::utf8("subject"));
    const Bytes extra = der::boolean(true);
    const Bend<Parts> bends[] = {
        {"an RDN that is no set", subject(der::sequence({cn})), "cert.der der."},
        {"an empty RDN", subject(der::sequence({der::set({})})), "cert.der der."},
        {"an attribute that is no sequence", subject(der::sequence({der::set({extra})})), "cert.der der."},
        {"an attribute without a value",
         subject(der::sequence({der::set({der::sequence({der::oid("2.5.4.3")})})})), "cert.der der."},
        {"an attribute with two values",
         subject(der::sequence(
             {der::set({der::sequence({der::oid("2.5.4.3"), der::utf8("a"), der::utf8("b")})})})),
         "cert.der der."},
        {"an attribute without an OID", subject(der::sequence({der::set({der::sequence({extra})})})),
         "cert.der der."},
        {"a value of another type",
         subject(der::sequence({der::set({attribute("2.5.4.3", der::octet_string(Bytes{65}))})})),
         "cert.der der.name.type"},
        {"a text that is not UTF-8",
         subject(
             der::sequence({der::set({attribute("2.5.4.3", der::element(der::kUtf8String, Bytes{0xff}))})})),
         "cert.der der.name.utf8"},
        {"printable",
         subject(der::sequence({der::set({attribute("2.5.4.3", der::element(0x13, Bytes{65}))})})),
         "accepted"},
        {"OID without bytes",
         subject(der::sequence({der::set({der::sequence({der::element(der::kOid, {}), der::utf8("a")})})})),
         "cert.der der.oid"},
        {"OID with a leading zero",
         subject(der::sequence(
             {der::set({der::sequence({der::element(der::kOid, Bytes{0x55, 0x80, 1}), der::utf8("a")})})})),
         "cert.der der.oid.minimal"},
        {"OID cut",
         subject(der::sequence(
             {der::set({der::sequence({der::element(der::kOid, Bytes{0x55, 0x81}), der::utf8("a")})})})),
         "cert.der der.oid.cut"},
    };
    expect_all<Parts>(bends, error_of);
    const auto common_name = [&](const Bytes& value) {
        Parts parts;
        parts.subject = value;
        return Certificate::parse(parts.build())->common_name();
    };
    const Bytes country = attribute("2.5.4.6", der::utf8("US"));
    EXPECT_EQ(common_name(der::sequence({der::set({country}), der::set({cn})})), "subject");
    EXPECT_EQ(common_name(der::sequence({der::set({cn}), der::set({country})})), "subject");
    EXPECT_EQ(common_name(der::sequence({der::set({cn, country})})), "subject");
    EXPECT_EQ(common_name(der::sequence({der::set({country, cn})})), "subject");
    const Bytes far = der::sequence({der::element(der::kOid, Bytes{0x55, 0x81, 0x80, 0x01}), der::utf8("a")});
    EXPECT_EQ(common_name(der::sequence({der::set({far}), der::set({cn})})), "subject")
        << "an arc of 3 bytes";
    EXPECT_EQ(common_name(der::sequence({der::set({cn}), der::set({cn})})), "")
        << "two common names are none";
    EXPECT_EQ(common_name(der::sequence({der::set({country})})), "");
}

TEST(CertificateRule, Extensions) {
    const Bytes extra = der::boolean(true), nothing = der::sequence({});
    const auto usage = [](Bytes value) { return [value](Parts& p) { p.usage = extension(kUsage, value); }; };
    const auto constraints = [](Bytes value) {
        return [value](Parts& p) { p.constraints = extension(kConstraints, value); };
    };
    const auto authority = [](Bytes value) {
        return [value](Parts& p) { p.authority = extension(kAuthority, value); };
    };
    const Bend<Parts> bends[] = {
        {"no authority key id", [](Parts& p) { p.authority.clear(); },
         "cert.extensions missing: authority key id"},
        {"no subject key id", [](Parts& p) { p.subject_key.clear(); },
         "cert.extensions missing: subject key id"},
        {"no distribution points", [](Parts& p) { p.distribution.clear(); }, "cert.extensions missing: CRL"},
        {"no key usage", [](Parts& p) { p.usage.clear(); }, "cert.extensions missing: key usage"},
        {"no constraints", [](Parts& p) { p.constraints.clear(); }, "cert.extensions missing: basic"},
        {"unknown", [&](Parts& p) { p.more = extension("1.2.3", nothing); }, "accepted"},
        {"unknown and critical", [&](Parts& p) { p.more = critical("1.2.3", nothing); },
         "cert.extension.critical"},
        {"known and critical", [&](Parts& p) { p.usage = critical(kUsage, Bytes{0x03, 0x02, 0x06, 0xc0}); },
         "accepted"},
        {"FALSE written", [&](Parts& p) { p.more = critical("1.2.3", nothing, der::boolean(false)); },
         "cert.der der.extension.critical"},
        {"TRUE of two bytes",
         [&](Parts& p) {
             p.more = critical("1.2.3", nothing, der::element(der::kBoolean, Bytes{0xff, 0xff}));
         },
         "cert.der der.extension.critical"},
        {"twice", [&](Parts& p) { p.more = p.distribution; }, "cert.der der.extensions.twice"},
        {"no octet string", [&](Parts& p) { p.more = der::sequence({der::oid("1.2.3"), nothing}); },
         "cert.der der."},
        {"no sequence", [&](Parts& p) { p.more = extra; }, "cert.der der."},
        {"more in one",
         [&](Parts& p) { p.more = der::sequence({der::oid("1.2.3"), der::octet_string({}), extra}); },
         "cert.der der."},
        {"no OID", [&](Parts& p) { p.more = der::sequence({extra}); }, "cert.der der."},
        {"authority is no sequence", authority(extra), "cert.der der."},
        {"bytes behind the authority", authority(join({nothing, extra})), "cert.der der."},
        {"authority cut", authority(der::element(der::kSequence, Bytes{0x80})), "cert.der der."},
        {"subject key is no octet string", [&](Parts& p) { p.subject_key = extension(kSubjectKey, extra); },
         "cert.der der."},
        {"bytes behind the subject key",
         [&](Parts& p) { p.subject_key = extension(kSubjectKey, join({der::octet_string({}), extra})); },
         "cert.der der."},
        {"points are no sequence", [&](Parts& p) { p.distribution = extension(kDistribution, extra); },
         "cert.der der."},
        {"bytes behind the points",
         [&](Parts& p) { p.distribution = extension(kDistribution, join({nothing, extra})); },
         "cert.der der."},
        {"usage is no bit string", usage(extra), "cert.der der."},
        {"bytes behind the usage", usage(join({Bytes{0x03, 0x02, 0x06, 0xc0}, extra})), "cert.der der."},
        {"usage without bits", usage(Bytes{0x03, 0x01, 0x00}), "cert.key_usage"},
        {"usage of three bytes", usage(Bytes{0x03, 0x04, 0x00, 1, 2, 3}), "cert.key_usage"},
        {"seven unused bits", usage(Bytes{0x03, 0x02, 0x07, 0x80}), "accepted"},
        {"constraints are no sequence", constraints(extra), "cert.der der."},
        {"bytes behind the constraints", constraints(join({nothing, extra})), "cert.der der."},
        {"CA is FALSE", constraints(der::sequence({der::boolean(false)})), "cert.basic_constraints.ca"},
        {"CA of two bytes", constraints(der::sequence({der::element(der::kBoolean, Bytes{0xff, 0xff})})),
         "cert.basic_constraints.ca"},
        {"path length below zero",
         constraints(der::sequence({der::boolean(true), der::element(der::kInteger, Bytes{0x80})})),
         "cert.der der."},
        {"more in the constraints", constraints(der::sequence({der::boolean(true), der::utf8("x")})),
         "cert.der der."},
    };
    expect_all<Parts>(bends, error_of);
}

TEST(CertificateRule, NoMoreThan32ExtensionsAndNoEmptyList) {
    Parts parts;
    for (unsigned i = 1; i <= 27; ++i)
        append(parts.more, extension("1.2." + std::to_string(i), der::sequence({})));
    EXPECT_EQ(error_of(parts), "accepted");
    append(parts.more, extension("1.2.28", der::sequence({})));
    EXPECT_EQ(error_of(parts), "cert.der der.extensions.count");
    Parts none;
    for (Bytes* part :
         {&none.authority, &none.subject_key, &none.distribution, &none.usage, &none.constraints})
        part->clear();
    EXPECT_EQ(error_of(none), "cert.der der.extensions.empty");
}

TEST(CertificateRule, MembersOfAnAuthorityKeyIdAscendAndAreKnown) {
    const auto with = [](std::initializer_list<std::uint8_t> tags) {
        Parts parts;
        Bytes members;
        for (const std::uint8_t tag : tags)
            append(members, der::element(tag, Bytes{tag}));
        parts.authority = extension(kAuthority, der::element(der::kSequence, members));
        return parts;
    };
    for (const auto& good : {with({0x80}), with({0x80, 0xa1, 0x82}), with({0x80, 0x82})}) {
        ASSERT_EQ(error_of(good), "accepted");
        EXPECT_EQ(to_bytes(Certificate::parse(good.build())->authority_key_id()), Bytes{0x80});
    }
    EXPECT_TRUE(Certificate::parse(with({}).build())->authority_key_id().empty());
    for (const auto& bad : {with({0x82, 0x80}), with({0x80, 0x80}), with({0x83}), with({0x81}), with({0xa0})})
        EXPECT_EQ(error_of(bad), "cert.der der.authority_key_id");
}

TEST(CertificateRule, BitsOfTheKeyUsageThatAreNotUsedAreZero) {
    Parts parts;
    parts.usage = extension(kUsage, Bytes{0x03, 0x02, 0x08, 0xc0});
    EXPECT_EQ(error_of(parts), "cert.key_usage") << "eight bits";
    parts.usage = extension(kUsage, Bytes{0x03, 0x02, 0x06, 0xe0});
    EXPECT_EQ(error_of(parts), "cert.key_usage.unused");
    parts.usage = extension(kUsage, Bytes{0x03, 0x03, 0x07, 0x01, 0xc0});
    EXPECT_EQ(error_of(parts), "cert.key_usage.unused");
    parts.usage = extension(kUsage, Bytes{0x03, 0x03, 0x07, 0x01, 0x80});
    EXPECT_EQ(error_of(parts), "accepted");
}

TEST(CertificateRule, TheSizeIsBounded) {
    constexpr std::size_t kMost = 16384;
    const auto padded = [](std::size_t padding) {
        Parts parts;
        parts.more = extension("1.2.3", Bytes(padding, 0));
        // Signatures differ in length; this one is of no message and always the same.
        crypto::P256Signature one;
        one.bytes.fill(1);
        parts.signature = der::bit_string(crypto::p256_signature_to_der(one));
        return parts;
    };
    const std::size_t fixed = padded(15000).build().size() - 15000;
    EXPECT_EQ(padded(kMost - fixed).build().size(), kMost);
    EXPECT_EQ(error_of(padded(kMost - fixed)), "accepted");
    EXPECT_EQ(error_of(padded(kMost - fixed + 1)), "cert.size");
}

}  // namespace
}  // namespace lumoz::evidence
