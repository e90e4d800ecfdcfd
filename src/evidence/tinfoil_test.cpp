// SPDX-License-Identifier: Apache-2.0
// Tinfoil documents (api.md 10): each member bent, each ceiling, and the two ways to make report_data.
#include "evidence/tinfoil.hpp"

#include "evidence/gzip_write.hpp"
#include "evidence/testing/json_bends.hpp"
#include "evidence/testing/pcs_answers.hpp"

#include <gtest/gtest.h>

namespace lumoz::evidence {
namespace {

using testing::Dump;
using testing::expect_json_bends;

const std::string kHash(64, 'a');
const std::string kTls = "https://tinfoil.sh/key/spki-fp-sha256/v1",
                  kHpke = "https://tinfoil.sh/key/x25519-hpke/v1";

std::string base64(std::string_view text) {
    return to_base64(as_bytes(text));
}

std::string object(std::initializer_list<std::pair<std::string_view, std::string>> members) {
    json::Writer out;
    out.object();
    for (const auto& [name, value] : members)
        out.key(name).raw(value);
    out.end();
    return std::move(out).text();
}

/// `count` times `element`, in which `#` is the number.
std::string list_of(std::size_t count, std::string_view element) {
    std::string out = "[";
    for (std::size_t i = 0; i < count; ++i) {
        std::string one(element);
        if (const std::size_t at = one.find('#'); at != std::string::npos)
            one.replace(at, 1, std::to_string(i));
        out += (i == 0 ? "" : ",") + one;
    }
    return out + "]";
}

std::string packed(const Bytes& evidence) {
    return to_base64(gzip(evidence));
}

std::string v2_document(const std::string& body) {
    return object(
        {{"format", "\"https://tinfoil.sh/predicate/tdx-guest/v2\""}, {"body", json::quoted(body)}});
}

std::string section_text(std::string_view format, const std::string& items) {
    return object(
        {{"format", json::quoted("https://tinfoil.sh/" + std::string(format) + "/v1")}, {"items", items}});
}

std::string key_item(std::string_view id, std::string_view format, std::string_view data) {
    return object({{"id", json::quoted(id)}, {"format", json::quoted(format)}, {"data", json::quoted(data)}});
}

std::string keys_with(const std::string& items) {
    return section_text("crypto-material", items);
}

std::string good_keys() {
    return keys_with("[" + key_item("tls", kTls, kHash) + "," +
                     key_item("hpke", kHpke, std::string(64, 'b')) + "," + key_item("other", "x", "00") +
                     "]");
}

std::string devices_with(const std::string& items) {
    return section_text("device-evidence", items);
}

constexpr std::string_view kDevice =
    R"({"id":"gpu#","kind":"gpu","vendor":"nvidia","format":"f","evidence":{}})";

constexpr std::string_view kOtherEntry =
    R"({"id":"c#","role":"endorsement","format":"https://example.com/other","subjects":["cpu"],"data":1})";

/// A v3 document in parts; the default is a good one.
struct Parts {
    std::string keys = good_keys();
    std::string devices = devices_with(list_of(1, kDevice));
    std::string collateral = list_of(1, kOtherEntry);
    std::string evidence = base64("quote");
    std::string cpu_format = "https://tinfoil.sh/format/tdx-quote/v1";

    [[nodiscard]] std::string text() const {
        return object(
            {{"format", "\"https://tinfoil.sh/predicate/attestation/v3\""},
             {"challenge", object({{"nonce", json::quoted(kHash)},
                                   {"report_data", json::quoted(kHash + kHash)},
                                   {"report_data_algorithm", "\"https://tinfoil.sh/report-data/v1\""}})},
             {"cpu_evidence",
              object({{"format", json::quoted(cpu_format)},
                      {"report_base64", json::quoted(evidence)},
                      {"endorsed", object({{"crypto_material_hash", json::quoted(kHash)},
                                           {"device_evidence_hash", json::quoted(kHash)}})}})},
             {"crypto_material", json::quoted(base64(keys))},
             {"device_evidence", json::quoted(base64(devices))},
             {"collateral", collateral}});
    }
};

template <class T>
Result<T> read(std::string_view text) {
    LUMOZ_TRY(const json::Document document,
              json::Document::parse(text, {.max_bytes = std::size_t{16} << 20}));
    return T::from(document.root());
}

/// Place and detail of the error.
template <class T>
std::string error_of(const Result<T>& got) {
    return got ? "accepted" : std::string(got.error().rule) + " " + got.error().detail;
}

std::string error_of(const Parts& parts) {
    return error_of(read<TinfoilV3>(parts.text()));
}

Dump dump_v2(const TinfoilV2& v2) {
    return Dump()
        .add("cpu", to_text(v2.cpu))
        .add("evidence", ByteView(v2.evidence))
        .add("document_hash", v2.document_hash.view());
}

Dump dump_bundle(const TinfoilBundle& bundle) {
    Dump out = dump_v2(bundle.document);
    return out.add("domain", bundle.domain)
        .add("certificate", bundle.certificate)
        .add("sigstore", bundle.sigstore)
        .add("vcek", bundle.vcek);
}

Dump dump_v3(const TinfoilV3& v3) {
    Dump out;
    out.add("cpu", to_text(v3.cpu)).add("evidence", ByteView(v3.evidence));
    out.add("nonce", v3.nonce.view()).add("report_data", v3.report_data.view());
    out.add("crypto_hash", v3.crypto_material_hash.view()).add("device_hash", v3.device_evidence_hash.view());
    out.add("crypto", v3.crypto_material_sha256.view()).add("devices", v3.device_evidence_sha256.view());
    for (const TinfoilKey& key : v3.keys)
        out.add("key.id", key.id).add("key.format", key.format).add("key.data", ByteView(key.data));
    for (const TinfoilDevice& device : v3.devices)
        out.add("device", device.id + " " + device.kind + " " + device.vendor + " " + device.format);
    for (const std::string& format : v3.other_formats)
        out.add("other", format);
    return out;
}

TEST(TinfoilV2Reader, EachMemberBent) {
    expect_json_bends<TinfoilV2>("tinfoil_v2", v2_document(packed({1, 2, 3})), read, dump_v2);
}

TEST(TinfoilV2Reader, TellsTheTwoProcessors) {
    EXPECT_EQ(read<TinfoilV2>(v2_document(packed({1})))->cpu, CpuEvidence::TdxQuote);
    std::string snp = v2_document(packed({1}));
    snp.replace(snp.find("tdx-guest"), 9, "sev-snp-guest");
    ASSERT_EQ(error_of(read<TinfoilV2>(snp)), "accepted");
    EXPECT_EQ(read<TinfoilV2>(snp)->cpu, CpuEvidence::SevSnpReport);
    EXPECT_EQ(to_text(CpuEvidence::TdxQuote), "tdx");
    EXPECT_EQ(to_text(CpuEvidence::SevSnpReport), "sev_snp");
}

TEST(TinfoilV2Reader, PackedAndUnpackedAreAtMost64KiB) {
    constexpr std::size_t kMost = 65536;
    const auto error = [](const std::string& body) { return error_of(read<TinfoilV2>(v2_document(body))); };
    EXPECT_EQ(error(packed(Bytes(kMost, 7))), "accepted");
    EXPECT_EQ(error(packed(Bytes(kMost + 1, 7))), "E_GZIP larger than 65536 bytes");
    EXPECT_EQ(error(to_base64(Bytes(kMost, 7))), "E_GZIP damaged");
    EXPECT_EQ(error(to_base64(Bytes(kMost + 1, 7))), "E_REPORT_PARSE body: too large");
    EXPECT_EQ(error(to_base64(Bytes(kMost - 1, 7))), "E_GZIP damaged");
    EXPECT_EQ(error(to_base64(Bytes(kMost + 2, 7))), "E_REPORT_PARSE body: too large");
}

std::string bundle_with(std::string_view domain) {
    return object({{"domain", json::quoted(domain)},
                   {"enclaveAttestationReport", v2_document(packed({1, 2, 3}))},
                   {"digest", "\"d\""},
                   {"sigstoreBundle", "{}"},
                   {"vcek", "\"v\""},
                   {"enclaveCert", "\"PEM\""}});
}

TEST(TinfoilBundleReader, EachMemberBent) {
    expect_json_bends<TinfoilBundle>("tinfoil_bundle", bundle_with("example.com"), read, dump_bundle);
}

TEST(TinfoilBundleReader, ADomainHas1To253Bytes) {
    EXPECT_EQ(error_of(read<TinfoilBundle>(bundle_with(std::string(253, 'a')))), "accepted");
    EXPECT_EQ(error_of(read<TinfoilBundle>(bundle_with(std::string(254, 'a')))),
              "E_REPORT_PARSE domain: not 1 to 253 bytes");
}

TEST(TinfoilV3Reader, EachMemberBent) {
    expect_json_bends<TinfoilV3>("tinfoil_v3", Parts().text(), read, dump_v3);
}

template <std::string Parts::* kSection>
Result<TinfoilV3> read_with(std::string_view section) {
    Parts parts;
    parts.*kSection = section;
    return read<TinfoilV3>(parts.text());
}

TEST(TinfoilV3Reader, EachMemberOfTheKeysBent) {
    expect_json_bends<TinfoilV3>("tinfoil_keys", good_keys(), read_with<&Parts::keys>, dump_v3);
}

TEST(TinfoilV3Reader, EachMemberOfTheDevicesBent) {
    expect_json_bends<TinfoilV3>("tinfoil_devices", devices_with(list_of(2, kDevice)),
                                 read_with<&Parts::devices>, dump_v3);
}

TEST(TinfoilV3Reader, TellsTheTwoProcessors) {
    EXPECT_EQ(read<TinfoilV3>(Parts().text())->cpu, CpuEvidence::TdxQuote);
    Parts snp;
    snp.cpu_format = "https://tinfoil.sh/format/sev-snp-report/v1";
    ASSERT_EQ(error_of(snp), "accepted");
    EXPECT_EQ(read<TinfoilV3>(snp.text())->cpu, CpuEvidence::SevSnpReport);
}

TEST(TinfoilV3Reader, ListsHaveAtMost256Elements) {
    const std::string key = key_item("k#", "x", "00");
    for (const auto& [count, want] :
         {std::pair(std::size_t{256}, "accepted"), {std::size_t{257}, "E_REPORT_PARSE"}}) {
        Parts parts;
        parts.keys = keys_with(list_of(count, key));
        EXPECT_EQ(error_of(parts).substr(0, 14), want) << "keys";
        parts = {};
        parts.devices = devices_with(list_of(count, kDevice));
        EXPECT_EQ(error_of(parts).substr(0, 14), want) << "devices";
        parts = {};
        parts.collateral = list_of(count, kOtherEntry);
        EXPECT_EQ(error_of(parts).substr(0, 14), want) << "collateral";
        parts = {};
        parts.collateral.replace(parts.collateral.find(R"(["cpu"])"), 7, list_of(count, "\"s\""));
        EXPECT_EQ(error_of(parts).substr(0, 14), want) << "subjects";
    }
}

TEST(TinfoilV3Reader, IdsHave1To128BytesAndFormatsAreCut) {
    Parts parts;
    parts.keys = keys_with("[" + key_item(std::string(128, 'i'), "x", "00") + "]");
    EXPECT_EQ(error_of(parts), "accepted");
    parts.keys = keys_with("[" + key_item(std::string(129, 'i'), "x", "00") + "]");
    EXPECT_EQ(error_of(parts), "E_REPORT_PARSE crypto_material: an id of 1 to 128 bytes is missing");
    parts = {};
    parts.collateral.replace(parts.collateral.find("https://example.com/other"), 25, std::string(129, 'f'));
    EXPECT_EQ(read<TinfoilV3>(parts.text())->other_formats, std::vector{std::string(128, 'f')});
}

TEST(TinfoilV3Reader, EvidenceHasAtMost64KiBAndSectionsAreJson) {
    Parts parts;
    parts.evidence = to_base64(Bytes(65536, 7));
    EXPECT_EQ(error_of(parts), "accepted");
    parts.evidence = to_base64(Bytes(65537, 7));
    EXPECT_EQ(error_of(parts), "E_REPORT_PARSE report_base64: too large");
    parts = {};
    parts.keys = "{";
    EXPECT_EQ(error_of(parts), "E_REPORT_PARSE crypto_material: not JSON");
    parts = {};
    parts.devices = "[]";
    EXPECT_EQ(error_of(parts), "E_REPORT_PARSE device_evidence: not an object");
}

TEST(TinfoilV3Reader, KeysOfKnownFormatsHave32Bytes) {
    for (const std::string& format : {kTls, kHpke}) {
        Parts parts;
        parts.keys = keys_with("[" + key_item("k", format, std::string(62, 'a')) + "]");
        EXPECT_EQ(error_of(parts), "E_REPORT_PARSE data: not 32 bytes") << format;
    }
    Parts other;
    other.keys = keys_with("[" + key_item("k", "other", std::string(62, 'a')) + "]");
    EXPECT_EQ(error_of(other), "accepted");
}

TEST(TinfoilV3Reader, CollateralOfIntelsServiceIsReadOnce) {
    const auto entry = [](std::string_view id) {
        return R"({"id":")" + std::string(id) +
               R"(","role":"r","format":"https://tinfoil.sh/collateral/intel-pcs/v1","data":)" +
               testing::PcsAnswers().text() + "}";
    };
    Parts parts;
    parts.collateral = "[" + entry("a") + "]";
    const auto got = read<TinfoilV3>(parts.text());
    ASSERT_TRUE(got && got->collateral);
    EXPECT_EQ(got->collateral->tcb_info_signature, "aa");
    EXPECT_TRUE(got->other_formats.empty());
    parts.collateral = "[" + entry("a") + "," + entry("b") + "]";
    EXPECT_EQ(error_of(parts), "E_REPORT_PARSE collateral: two entries of Intel's service");
    parts.collateral = "[" + entry("a").replace(entry("a").find("responses"), 9, "answers__") + "]";
    EXPECT_EQ(error_of(parts), "E_COLLATERAL_PARSE responses: missing");
}

TEST(TinfoilV3Reader, EntriesWithoutSubjectsAreFine) {
    Parts parts;
    parts.collateral.replace(parts.collateral.find(R"("subjects":["cpu"],)"), 19, "");
    EXPECT_EQ(error_of(parts), "accepted");
}

TEST(TinfoilV3Reader, AKeyIsFoundByIdAndFormat) {
    TinfoilV3 v3;
    const Bytes data(32, 1);
    v3.keys = {
        {"tls", kHpke, data}, {"hpke", kTls, data}, {"other", kTls, data}, {"tls", kTls, Bytes(31, 2)}};
    EXPECT_FALSE(v3.key("tls").has_value()) << "of another format, and too short";
    EXPECT_FALSE(v3.key("hpke").has_value());
    v3.keys.push_back({"tls", kTls, data});
    v3.keys.push_back({"hpke", kHpke, Bytes(32, 3)});
    ASSERT_TRUE(v3.key("tls").has_value());
    EXPECT_EQ(to_bytes(v3.key("tls")->view()), data);
    EXPECT_EQ(to_bytes(v3.key("hpke")->view()), Bytes(32, 3));
    EXPECT_FALSE(v3.key("none").has_value());
}

TEST(TinfoilReportData, IsMadeOfTheKeys) {
    Nonce nonce;
    nonce.bytes.fill(1);
    Digest256 keys, devices;
    keys.bytes.fill(2);
    devices.bytes.fill(3);
    // printf of the URI and 32 bytes each of 01, 02, 03 through sha256sum.
    EXPECT_EQ(to_hex(tinfoil_v3_report_data(nonce, keys, devices).view()),
              "2644c3d1ea3d2f268d5732e4410fe48cf63485929d4dcea2239907a8230c1f51" + std::string(64, '0'));
    EXPECT_EQ(to_hex(tinfoil_v2_report_data(keys, devices.view()).view()),
              to_hex(keys.view()) + to_hex(devices.view()));
    EXPECT_EQ(to_hex(tinfoil_v2_report_data(keys, Bytes(33, 4)).view()),
              to_hex(keys.view()) + to_hex(Bytes(32, 4)));
}

}  // namespace
}  // namespace lumoz::evidence
