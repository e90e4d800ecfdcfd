// SPDX-License-Identifier: Apache-2.0
// Certificates of web servers: each element bent, ceilings, and bytes carried in names.
#include "evidence/web_certificate.hpp"

#include "evidence/testing.hpp"
#include "evidence/testing/der_bends.hpp"

#include <gtest/gtest.h>

namespace lumoz::evidence {
namespace {

namespace der = crypto::der;
using testing::Dump;
using testing::extension;
using testing::list;

constexpr std::string_view kAltName = "2.5.29.17";

Bytes dns(std::string_view name) {
    return der::element(0x82, as_bytes(name));
}

Bytes critical_extension() {
    return der::sequence(
        {der::oid("2.5.29.15"), der::boolean(true), der::octet_string(Bytes{3, 2, 5, 0xa0})});
}

/// A certificate with these names, and one that is an address.
Bytes certificate(const std::vector<Bytes>& names) {
    const Bytes algorithm = der::sequence({der::oid("1.2.840.10045.4.3.2")});
    const Bytes name = der::sequence({der::set({der::sequence({der::oid("2.5.4.3"), der::utf8("ca")})})});
    const Bytes spki = der::sequence({algorithm, der::bit_string(Bytes{4, 7})});
    const Bytes extensions = list({critical_extension(), extension(kAltName, list(names))});
    const Bytes tbs = list({der::context(0, der::integer(std::uint64_t{2})), der::integer(std::uint64_t{5}),
                            algorithm, name, der::sequence({der::time(1000), der::time(2000)}), name, spki,
                            der::element(0x81, Bytes{0, 1}), der::context(3, extensions)});
    return list({tbs, algorithm, der::bit_string(Bytes{0xff, 0xfe})});
}

Dump dump(const WebCertificate& certificate) {
    Dump out;
    out.add("spki", certificate.spki_sha256.view())
        .add("from", certificate.not_before)
        .add("until", certificate.not_after);
    for (const std::string& name : certificate.dns_names)
        out.add("name", name);
    return out;
}

std::string error_of(const Result<WebCertificate>& got) {
    return got ? "accepted" : got.error().detail;
}

TEST(WebCertificateReader, EachElementBent) {
    const Bytes good = certificate({dns("a.example.com"), der::element(0x87, Bytes{10, 0, 0, 1}), dns("b")});
    testing::expect_der_bends<WebCertificate>("web_certificate", good, WebCertificate::parse, dump);
}

TEST(WebCertificateReader, NamesArePrintableAscii) {
    const auto error = [](std::string_view name) {
        return error_of(WebCertificate::parse(certificate({dns(name)})));
    };
    EXPECT_EQ(error("!~"), "accepted");
    for (const std::string_view bad : {"a b", "a\x7f", "\x1f", "\xc3\xa9"})
        EXPECT_EQ(error(bad), "a name is not printable ASCII") << bad;
}

TEST(WebCertificateReader, HasAtMost256Names) {
    std::vector<Bytes> names(256, dns("x"));
    EXPECT_EQ(WebCertificate::parse(certificate(names))->dns_names.size(), 256U);
    names.push_back(dns("x"));
    EXPECT_EQ(error_of(WebCertificate::parse(certificate(names))), "more than 256 names");
}

TEST(WebCertificateReader, TakesTheFirstBlockOfAPem) {
    const auto error = [](std::string_view pem) { return error_of(WebCertificate::parse_pem(pem)); };
    const std::string pem = der::to_pem("CERTIFICATE", certificate({dns("first")}));
    const std::string two = pem + der::to_pem("CERTIFICATE", certificate({dns("second")}));
    EXPECT_EQ(WebCertificate::parse_pem(two)->dns_names, std::vector<std::string>{"first"});
    EXPECT_EQ(error(""), "not a PEM certificate");
    EXPECT_EQ(error("\n"), "not a PEM certificate");
    EXPECT_EQ(error("x"), "not a PEM certificate");
    EXPECT_EQ(error(der::to_pem("PRIVATE KEY", certificate({}))), "not a PEM certificate");
    EXPECT_EQ(error(der::to_pem("CERTIFICATE", Bytes{0x30, 0x00})),
              "der.element: offset 0: want tag 48, have 0");
    const std::string filled = pem + std::string(65536 - pem.size(), '\n');
    EXPECT_EQ(error(filled), "accepted");
    EXPECT_EQ(error(filled + "\n"), "larger than 64 KiB");
}

/// What names carry under `hatt`, in hex; "none" when they do not.
std::string carried(std::vector<std::string> names) {
    WebCertificate certificate;
    certificate.dns_names = std::move(names);
    const auto out = certificate.carried("hatt");
    return out ? "0x" + to_hex(*out) : "none";
}

TEST(WebCertificateCarries, BytesInNumberedChunks) {
    // base32 of 00 44 32 14 c7 42 54 b6 35 cf (RFC 4648, lower case).
    EXPECT_EQ(carried({"00abcdefgh.hatt.example.com", "01ijklmnop.hatt.example.com"}),
              "0x00443214c74254b635cf");
    EXPECT_EQ(carried({"01ijklmnop.hatt.example.com", "example.com", "localhost", "00abcdefgh.hatt."}),
              "0x00443214c74254b635cf")
        << "in order of the numbers, other names left alone";
    EXPECT_EQ(carried({"00a.hatt.x", "01a.hatt.x"}), "0x00") << "chunks of one letter";
    EXPECT_EQ(carried({"00aa.hatt.x", "x.01aa.hatt.x", "02.hatt.x"}), "0x00") << "not the form of a chunk";
}

TEST(WebCertificateCarries, NothingWhenTheSeriesIsNotWhole) {
    EXPECT_EQ(carried({}), "none");
    EXPECT_EQ(carried({"example.com", "localhost"}), "none");
    EXPECT_EQ(carried({"01aa.hatt.x"}), "none") << "begins with 1";
    EXPECT_EQ(carried({"00aa.hatt.x", "02aa.hatt.x"}), "none") << "a gap";
    EXPECT_EQ(carried({"00aa.hatt.x", "00aa.hatt.y"}), "none") << "one number twice";
    std::vector<std::string> eleven;
    for (const std::string_view number : {"00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10"})
        eleven.push_back(std::string(number) + (number == "10" ? "aaaaaa" : "a") + ".hatt.x");
    EXPECT_EQ(carried(eleven), "0x00000000000000000000");
}

TEST(WebCertificateCarries, OnlyCanonicalBase32) {
    EXPECT_EQ(carried({"00a2345z.hatt.x"}), "none") << "six letters";
    EXPECT_EQ(carried({"00az27.hatt.x"}), "none") << "unused bits";
    EXPECT_EQ(carried({"00az2q.hatt.x"}), "0x0675") << "four letters";
    for (const std::string_view text : {"a", "aaa", "aaaaaa", "ab", "1a", "8a", "Aa", "`a", "{a", "=a"})
        EXPECT_EQ(carried({"00" + std::string(text) + ".hatt.x"}), "none") << text;
    EXPECT_EQ(carried({"00zza2y7y.hatt.x"}), "0xce41ac7f");
}

}  // namespace
}  // namespace lumoz::evidence
