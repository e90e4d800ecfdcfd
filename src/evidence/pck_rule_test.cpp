// SPDX-License-Identifier: Apache-2.0
// Each rule of the SGX extension of a PCK certificate (tdx.md 3) by an extension that breaks it alone.
#include "crypto/p256.hpp"
#include "crypto/sha2.hpp"
#include "evidence/platform.hpp"
#include "evidence/testing.hpp"
#include "evidence/testing/der_bends.hpp"

#include <gtest/gtest.h>

namespace lumoz::evidence {
namespace {

namespace der = crypto::der;
using testing::extension;
using testing::list;

Bytes member(std::string_view arc, const Bytes& value) {
    return der::sequence({der::oid("1.2.840.113741.1.13.1." + std::string(arc)), value});
}

/// A leaf with this SGX extension, and a subject of this common name.
Certificate leaf(const Bytes& sgx, std::string_view name = "leaf") {
    static const auto key = crypto::P256Key::derive(crypto::sha256(as_bytes("pck rules")), "key");
    const Bytes algorithm = der::sequence({der::oid("1.2.840.10045.4.3.2")});
    const Bytes nothing = der::sequence({});
    const Bytes subject = der::sequence({der::set({der::sequence({der::oid("2.5.4.3"), der::utf8(name)})})});
    const Bytes extensions =
        list({extension("2.5.29.35", nothing), extension("2.5.29.14", der::octet_string({})),
              extension("2.5.29.31", nothing), extension("2.5.29.15", Bytes{0x03, 0x02, 0x06, 0xc0}),
              extension("2.5.29.19", nothing), extension("1.2.840.113741.1.13.1", sgx)});
    const Bytes tbs =
        der::sequence({der::context(0, der::integer(std::uint64_t{2})), der::integer(std::uint64_t{5}),
                       algorithm, nothing, der::sequence({der::time(1), der::time(2)}), subject,
                       crypto::p256_spki(key.public_key()), der::context(3, extensions)});
    crypto::P256Signature any;  // nothing here looks at it
    any.bytes.fill(1);
    return *Certificate::parse(
        der::sequence({tbs, algorithm, der::bit_string(crypto::p256_signature_to_der(any))}));
}

struct Parts {
    std::vector<Bytes> tcb;
    std::vector<Bytes> members;
    std::vector<Bytes> flags;
    Bytes behind;

    Parts() {
        for (unsigned i = 1; i <= 16; ++i)
            tcb.push_back(member("2." + std::to_string(i), der::integer(std::uint64_t{i})));
        tcb.push_back(member("2.17", der::integer(std::uint64_t{65535})));
        tcb.push_back(member("2.18", der::octet_string(Bytes(16, 7))));
        members = {member("1", der::octet_string(Bytes(16, 1))),
                   Bytes(),
                   member("3", der::octet_string(Bytes(2, 3))),
                   member("4", der::octet_string(Bytes(6, 4))),
                   member("5", der::element(der::kEnumerated, Bytes{2})),
                   member("6", der::octet_string(Bytes(16, 6))),
                   Bytes()};
        flags = {member("7.1", der::boolean(true)), member("7.2", der::boolean(false)),
                 member("7.3", der::boolean(true))};
    }
    [[nodiscard]] Bytes build() const {
        std::vector<Bytes> all = members;
        if (all[1].empty()) all[1] = member("2", list(tcb));
        if (all[6].empty()) all[6] = member("7", list(flags));
        Bytes out = list(all);
        append(out, behind);
        return out;
    }
};

std::string error_of(const Parts& parts) {
    const auto got = parse_pck_extension(leaf(parts.build()));
    if (got) return "accepted";
    EXPECT_EQ(got.error().rule, "E_PCK_EXTENSION");
    return std::string(got.error().where);
}

TEST(PckRule, AGoodOneIsReadWhole) {
    const PckExtension got = *parse_pck_extension(leaf(Parts().build()));
    for (unsigned i = 0; i < 16; ++i)
        EXPECT_EQ(got.components[i], i + 1);
    EXPECT_EQ(got.pcesvn, 65535);
    EXPECT_EQ(to_bytes(got.cpusvn.view()), Bytes(16, 7));
    EXPECT_EQ(to_bytes(got.ppid.view()), Bytes(16, 1));
    EXPECT_EQ(to_bytes(got.pceid.view()), Bytes(2, 3));
    EXPECT_EQ(to_bytes(got.fmspc.view()), Bytes(6, 4));
    EXPECT_EQ(got.sgx_type, 2);
    EXPECT_EQ(to_bytes(got.platform_instance_id->view()), Bytes(16, 6));
    ASSERT_TRUE(got.configuration.has_value());
    EXPECT_TRUE(got.configuration->dynamic_platform);
    EXPECT_FALSE(got.configuration->cached_keys);
    EXPECT_TRUE(got.configuration->smt_enabled);
}

testing::Dump dump(const PckExtension& got) {
    testing::Dump out;
    out.add("ppid", got.ppid.view()).add("components", ByteView(got.components)).add("pcesvn", got.pcesvn);
    out.add("cpusvn", got.cpusvn.view()).add("pceid", got.pceid.view()).add("fmspc", got.fmspc.view());
    out.add("type", got.sgx_type);
    if (got.platform_instance_id) out.add("instance", got.platform_instance_id->view());
    if (got.configuration)
        out.add("dynamic", got.configuration->dynamic_platform)
            .add("cached", got.configuration->cached_keys)
            .add("smt", got.configuration->smt_enabled);
    return out;
}

TEST(PckRule, EachElementBent) {
    Parts parts;
    parts.members.push_back(member("9", der::boolean(true)));
    parts.members.push_back(member("0", der::boolean(true)));
    testing::expect_der_bends<PckExtension>(
        "pck", parts.build(), [](ByteView sgx) { return parse_pck_extension(leaf(to_bytes(sgx))); }, dump);
}

TEST(PckRule, EachMemberIsThereOnceAndOfItsKind) {
    const Bytes flag = der::boolean(true), big = der::integer(std::uint64_t{256});
    const auto octets = [](std::size_t size) { return der::octet_string(Bytes(size, 0)); };
    const struct {
        const char* what;
        std::function<void(Parts&)> bend;
        const char* error;
    } bends[] = {
        {"bytes behind", [&](Parts& p) { p.behind = flag; }, "pck.der"},
        {"no PPID", [&](Parts& p) { p.members[0] = member("9", flag); }, "pck.ppid"},
        {"PPID of another type", [&](Parts& p) { p.members[0] = member("1", flag); }, "pck.ppid"},
        {"PPID too short", [&](Parts& p) { p.members[0] = member("1", octets(15)); }, "pck.ppid"},
        {"PPID of another type, right size",
         [&](Parts& p) { p.members[0] = member("1", der::utf8("0123456789abcdef")); }, "pck.ppid"},
        {"no TCB", [&](Parts& p) { p.members[1] = member("9", flag); }, "pck.tcb"},
        {"TCB of another type", [&](Parts& p) { p.members[1] = member("2", flag); }, "pck.tcb"},
        {"no PCEID", [&](Parts& p) { p.members[2] = member("9", flag); }, "pck.pceid"},
        {"no FMSPC", [&](Parts& p) { p.members[3] = member("9", flag); }, "pck.fmspc"},
        {"no type", [&](Parts& p) { p.members[4] = member("9", flag); }, "pck.sgx_type"},
        {"type as integer", [&](Parts& p) { p.members[4] = member("5", der::integer(std::uint64_t{1})); },
         "pck.sgx_type"},
        {"type 3", [&](Parts& p) { p.members[4] = member("5", der::element(der::kEnumerated, Bytes{3})); },
         "pck.sgx_type"},
        {"type below zero",
         [&](Parts& p) { p.members[4] = member("5", der::element(der::kEnumerated, Bytes{0x80})); },
         "pck.der"},
        {"instance of another size", [&](Parts& p) { p.members[5] = member("6", octets(2)); },
         "pck.platform_instance_id"},
        {"configuration of another type", [&](Parts& p) { p.members[6] = member("7", flag); },
         "pck.configuration"},
        {"one twice", [&](Parts& p) { p.members[6] = p.members[0]; }, "pck.twice"},
        {"a member that is no sequence", [&](Parts& p) { p.members[6] = flag; }, "pck.der"},
        {"a member without a value",
         [&](Parts& p) { p.members[6] = der::sequence({der::oid("1.2.840.113741.1.13.1.9")}); }, "pck.der"},
        {"a member with two values",
         [&](Parts& p) { p.members[6] = der::sequence({der::oid("1.2.840.113741.1.13.1.9"), flag, flag}); },
         "pck.der"},
        {"a member without an OID", [&](Parts& p) { p.members[6] = der::sequence({flag}); }, "pck.der"},
        {"an SVN above 255", [&](Parts& p) { p.tcb[0] = member("2.1", big); }, "pck.tcb.component"},
        {"no last SVN", [&](Parts& p) { p.tcb[15] = member("2.99", flag); }, "pck.tcb.component"},
        {"an SVN of another type", [&](Parts& p) { p.tcb[3] = member("2.4", flag); }, "pck.tcb.component"},
        {"an SVN twice", [&](Parts& p) { p.tcb[1] = p.tcb[0]; }, "pck.tcb.twice"},
        {"PCESVN above 65535",
         [&](Parts& p) { p.tcb[16] = member("2.17", der::integer(std::uint64_t{65536})); }, "pck.tcb.pcesvn"},
        {"no CPUSVN", [&](Parts& p) { p.tcb[17] = member("2.19", octets(16)); }, "pck.tcb.cpusvn"},
        {"a flag missing", [&](Parts& p) { p.flags[2] = member("7.4", flag); }, "pck.configuration.flag"},
        {"a flag twice", [&](Parts& p) { p.flags[1] = p.flags[0]; }, "pck.configuration.twice"},
        {"a flag of another type", [&](Parts& p) { p.flags[0] = member("7.1", der::octet_string(Bytes{0})); },
         "pck.configuration.flag"},
        {"a flag of another value",
         [&](Parts& p) { p.flags[0] = member("7.1", der::element(der::kBoolean, Bytes{1})); },
         "pck.configuration.flag"},
        {"a flag of two bytes",
         [&](Parts& p) { p.flags[0] = member("7.1", der::element(der::kBoolean, Bytes{0, 0})); },
         "pck.configuration.flag"},
        {"an arc of two bytes is unknown", [&](Parts& p) { p.members.push_back(member("129", flag)); },
         "accepted"},
        {"an OID that goes on is unknown", [&](Parts& p) { p.members.push_back(member("1.1", flag)); },
         "accepted"},
        {"an OID of another family is unknown",
         [&](Parts& p) { p.members.push_back(der::sequence({der::oid("1.2.840.113741.1.13.2.1"), flag})); },
         "accepted"},
        {"arc 8 is unknown", [&](Parts& p) { p.members.push_back(member("8", flag)); }, "accepted"},
        {"arc 0 is unknown", [&](Parts& p) { p.members.push_back(member("0", flag)); }, "accepted"},
    };
    for (const auto& b : bends) {
        Parts parts;
        b.bend(parts);
        EXPECT_EQ(error_of(parts), b.error) << b.what;
    }
    Parts largest;
    largest.tcb[0] = member("2.1", der::integer(std::uint64_t{255}));
    EXPECT_EQ(error_of(largest), "accepted");
    EXPECT_EQ(parse_pck_extension(leaf(Bytes())).error().where, "pck.missing");
    EXPECT_EQ(parse_pck_extension(leaf(der::boolean(true))).error().where, "pck.der");
}

/// The smallest quote: SGX, version 3, without certification data.
Bytes quote() {
    Bytes out(1020, 0);
    out[0] = 3;
    out[2] = 2;
    std::ranges::copy(kIntelVendor, out.begin() + 12);
    out[432] = (1020 - 436) & 0xff;
    out[433] = (1020 - 436) >> 8;
    out[436 + 578] = 1;
    return out;
}

std::string pem(const Certificate& certificate) {
    return der::to_pem("CERTIFICATE", certificate.der());
}

std::string platform_error(std::string_view chain) {
    const auto got = platform_of(quote(), chain);
    return got ? "accepted" : std::string(got.error().rule) + " " + std::string(got.error().where);
}

TEST(PckRule, ErrorsNameTheByteInTheirList) {
    EXPECT_EQ(parse_pck_extension(leaf(der::boolean(true))).error().detail,
              "der.element: offset 0: want tag 48, have 1");
    Parts parts;
    parts.members[0] = der::boolean(true);
    EXPECT_EQ(parse_pck_extension(leaf(parts.build())).error().detail,
              "der.element: offset 0: want tag 48, have 1");
    Parts unknown;
    unknown.members.push_back(member("0", der::boolean(true)));
    unknown.members.push_back(member("129", der::boolean(true)));
    unknown.members.push_back(member("130", der::boolean(true)));
    EXPECT_EQ(error_of(unknown), "accepted") << "several that are unknown";
}

TEST(PlatformOf, IsInTheLeafAndItsIssuer) {
    const Bytes sgx = Parts().build();
    for (const PckCa ca : {PckCa::Platform, PckCa::Processor}) {
        const auto got = platform_of(quote(), pem(leaf(sgx)) + pem(leaf(sgx, common_name(ca))));
        ASSERT_TRUE(got.has_value());
        EXPECT_FALSE(got->tdx);
        EXPECT_EQ(to_bytes(got->fmspc.view()), Bytes(6, 4));
        EXPECT_EQ(got->ca, ca);
    }
    EXPECT_EQ(to_text(PckCa::Platform), "platform");
    EXPECT_EQ(to_text(PckCa::Processor), "processor");
    EXPECT_EQ(common_name(PckCa::Platform), "Intel SGX PCK Platform CA");
    EXPECT_EQ(common_name(PckCa::Processor), "Intel SGX PCK Processor CA");
}

TEST(PlatformOf, NamesWhatIsMissing) {
    const Bytes sgx = Parts().build();
    const std::string good = pem(leaf(sgx)), ca = pem(leaf(sgx, common_name(PckCa::Platform)));
    EXPECT_EQ(platform_error(""), "E_COLLATERAL_NEEDS collateral.platform");
    EXPECT_EQ(platform_of(quote()).error().detail, "the quote has no PCK chain, certification data type 1");
    EXPECT_EQ(platform_of(quote(), good).error().detail, "no chain of certificates");
    EXPECT_EQ(platform_error("x"), "E_CERT_PARSE cert.pem");
    EXPECT_EQ(platform_error("\n"), "E_COLLATERAL_NEEDS collateral.platform");
    EXPECT_EQ(platform_error(good + ca), "accepted");
    EXPECT_EQ(platform_error(good + good), "E_CHAIN_NAME collateral.platform_ca");
    EXPECT_EQ(platform_error(pem(leaf(Bytes{})) + ca), "E_PCK_EXTENSION pck.missing");
    const std::string broken = der::to_pem("CERTIFICATE", Bytes{1});
    EXPECT_EQ(platform_error(broken + ca), "E_CERT_PARSE cert.der");
    EXPECT_EQ(platform_error(good + broken), "E_CERT_PARSE cert.der");
    EXPECT_EQ(platform_of(Bytes(), good + ca).error().rule, "E_QUOTE_TRUNCATED");
}

TEST(PckRule, InstanceAndConfigurationMayBeAbsent) {
    Parts parts;
    parts.members[5] = member("9", der::boolean(true));
    parts.members[6] = member("10", der::boolean(true));
    const PckExtension got = *parse_pck_extension(leaf(parts.build()));
    EXPECT_FALSE(got.platform_instance_id.has_value());
    EXPECT_FALSE(got.configuration.has_value());
}

}  // namespace
}  // namespace lumoz::evidence
