// SPDX-License-Identifier: Apache-2.0
// Steps of a quote's verification on quotes and collateral made here: certification data of every type, the
// dates of every document, chains that were prepared for another quote.
#include "crypto/der.hpp"
#include "verify/test_bends.hpp"
#include "verify/test_service.hpp"

#include <gtest/gtest.h>

namespace lumoz::verify {
namespace {

using testing::Approved;
using testing::difference;
using testing::kNow;
using testing::said;
using testing::Said;
using testing::tee;
using testing::TestDates;
using testing::TestTd;
using testing::TestTee;

RootPins roots() {
    RootPins out;
    out.also_accept(tee().root_pin());
    return out;
}

Said verified(const TestTd& td, const evidence::Collateral& collateral, UnixTime now = kNow) {
    return said(verify_tdx(tee().quote(td), collateral, roots(), now).verdict);
}

/// PCK certificate chain as DER, leaf first.
std::vector<Bytes> certificates() {
    return *evidence::split_certificates(tee().pck_chain());
}

std::string issuers() {
    const std::string& chain = tee().pck_chain();
    return chain.substr(chain.find("-----BEGIN", 1));
}

/// Certification data of types 1 to 3: an id, CPUSVN, PCESVN, PCEID.
Bytes platform_id(std::size_t id_size) {
    Bytes out(id_size, 0xa1);
    append(out, Bytes(16, 7));
    append(out, Bytes{13, 0, 0, 0});
    return out;
}

TEST(TdxRule, CertificationDataOfEachType) {
    evidence::Collateral collateral = tee().collateral();
    collateral.pck_certificate_chain = tee().pck_chain();
    Approved approved("tdx_cert_data");
    const Said good = verified({}, collateral);
    const auto line = [&](const std::string& what, std::uint16_t type, const Bytes& data) {
        TestTd td;
        td.cert_type = type;
        td.cert_data = data;
        approved.line(what, difference(good, verified(td, collateral)));
    };
    for (const std::uint16_t type : {std::uint16_t{1}, std::uint16_t{2}, std::uint16_t{3}}) {
        const std::size_t id = type == 1 ? 16 : type == 2 ? 256 : 384;
        const Bytes data = platform_id(id);
        const std::string name = "type " + std::to_string(type);
        line(name, type, data);
        for (const std::size_t at : {std::size_t{0}, id, id + 15, id + 16, id + 17, id + 18, id + 19}) {
            Bytes bent = data;
            bent[at] ^= 1;
            line(name + ", byte " + (at < id ? "0" : "id+" + std::to_string(at - id)), type, bent);
        }
        for (const std::size_t size : {std::size_t{0}, id + 17, id + 18, id + 19, id + 21}) {
            Bytes bent = data;
            bent.resize(size);
            line(name + ", length " + (size < id ? "0" : "id+" + std::to_string(size - id)), type, bent);
        }
    }
    line("type 4", 4, certificates()[0]);
    line("type 4, another certificate", 4, certificates()[1]);
    line("type 5", 5, to_bytes(as_bytes(tee().pck_chain())));
    line("type 5, nothing", 5, {});
    line("type 5, issuers only", 5, to_bytes(as_bytes(issuers())));
    line("type 5, a leaf without a platform", 5, to_bytes(as_bytes(tee().nameless_chain())));
    collateral.pck_certificate_chain = issuers();
    line("type 4, issuers in the collateral", 4, certificates()[0]);
    line("type 4, issuers in the collateral, another certificate", 4, certificates()[1]);
    line("type 4, issuers in the collateral, no certificate", 4, {1});
    line("type 3, issuers in the collateral", 3, platform_id(384));
    collateral.pck_certificate_chain.clear();
    line("type 4, no chain", 4, certificates()[0]);
}

TEST(TdxRule, APreparedChainIsForItsOwnTextOnly) {
    const auto error = [](const PreparedCollateral& prepared, const std::string& chain) {
        TestTd td;
        td.cert_data = to_bytes(as_bytes(chain));
        const auto e = verify_tdx(tee().quote(td), prepared, kNow).verdict.error();
        return e ? std::string(e->rule) : "accepted";
    };
    const auto for_good = PreparedCollateral::prepare_for(tee().quote({}), tee().collateral(), roots());
    const auto for_none = PreparedCollateral::prepare(tee().collateral(), roots());
    const auto for_garbage = PreparedCollateral::prepare_for(Bytes{1}, tee().collateral(), roots());
    for (const PreparedCollateral& prepared : {for_good, for_none, for_garbage}) {
        EXPECT_EQ(error(prepared, tee().pck_chain()), "accepted");
        EXPECT_EQ(error(prepared, tee().nameless_chain()), "E_PCK_EXTENSION");
        EXPECT_EQ(error(prepared, issuers()), "E_CHAIN_LENGTH");
    }
}

TEST(TdxRule, ALeafIsPutBeforeIssuersOnly) {
    TestTd td;
    td.cert_type = 4;
    td.cert_data = certificates()[0];
    for (const std::string& chain : {issuers(), tee().pck_chain()}) {
        evidence::Collateral collateral = tee().collateral();
        collateral.pck_certificate_chain = chain;
        const auto prepared = PreparedCollateral::prepare(collateral, roots());
        EXPECT_TRUE(verify_tdx(tee().quote(td), prepared, kNow).tdx.has_value());
    }
}

/// The issuer chain of the CRL helps and is not trusted: a quote brings its own issuers.
TEST(TdxRule, AnIssuerChainThatCannotBeReadIsPassedOver) {
    const std::vector<Bytes> chain = certificates();
    const auto pem = [](const Bytes& der) { return crypto::der::to_pem("CERTIFICATE", der); };
    const std::string junk = pem({1, 2}), ca = pem(chain[1]), root = pem(chain[2]), leaf = pem(chain[0]);
    for (const std::string& text : {std::string(), std::string("x"), junk, ca, junk + junk, ca + junk,
                                    junk + root, leaf + junk + root, leaf + ca + root + root}) {
        evidence::Collateral collateral = tee().collateral();
        collateral.pck_crl_issuer_chain = text;
        const auto prepared = PreparedCollateral::prepare(collateral, roots());
        EXPECT_TRUE(verify_tdx(tee().quote({}), prepared, kNow).tdx.has_value()) << text;
    }
}

TEST(TdxRule, EachDocumentHasItsDates) {
    Approved approved("tdx_dates");
    const std::pair<const char*, std::int64_t TestDates::*> documents[] = {
        {"certificates", &TestDates::certificates},
        {"root CRL", &TestDates::root_crl},
        {"PCK CRL", &TestDates::pck_crl},
        {"TCB info", &TestDates::tcb_info},
        {"QE identity", &TestDates::qe_identity}};
    const Said good = verified({}, tee().collateral());
    for (const auto& [name, member] : documents) {
        TestDates dates;
        dates.*member = 10;
        const TestTee other(dates);
        const Bytes quote = other.quote({});
        for (const int after : {-11, -10, 10, 11})
            approved.line(
                std::string(name) + "\t" + std::to_string(after) + " s",
                difference(good, said(verify_tdx(quote, other.collateral(), roots(), kNow + after).verdict)));
        const auto prepared = PreparedCollateral::prepare(other.collateral(), roots());
        EXPECT_EQ(prepared.not_before(), kNow - 10) << name;
        EXPECT_EQ(prepared.not_after(), kNow + 10) << name;
    }
}

TEST(TdxRule, UnusableCollateralHasNoDates) {
    const evidence::Collateral good = tee().collateral();
    Approved approved("tdx_unusable");
    const Said as_it_is = verified({}, good);
    std::string evidence::Collateral::* const texts[] = {&evidence::Collateral::root_ca_crl,
                                                         &evidence::Collateral::pck_crl,
                                                         &evidence::Collateral::tcb_info_issuer_chain,
                                                         &evidence::Collateral::qe_identity_issuer_chain,
                                                         &evidence::Collateral::tcb_info,
                                                         &evidence::Collateral::qe_identity,
                                                         &evidence::Collateral::tcb_info_signature,
                                                         &evidence::Collateral::qe_identity_signature};
    for (std::size_t i = 0; i < std::size(texts); ++i)
        for (const std::string& value : {std::string(), std::string("zz"), std::string("3000")}) {
            evidence::Collateral bent = good;
            bent.*texts[i] = value;
            const auto prepared = PreparedCollateral::prepare(bent, roots());
            EXPECT_EQ(prepared.not_before(), 0) << i;
            EXPECT_EQ(prepared.not_after(), -1) << i;
            approved.line("text " + std::to_string(i) + "\t" + value,
                          difference(as_it_is, verified({}, bent)));
        }
}

/// The TCB info with another mask of the module's attributes.
evidence::Collateral with_mask(std::string_view mask) {
    std::string info = tee().collateral().tcb_info;
    const std::string_view name = "\"attributesMask\":\"";
    info.replace(info.find(name) + name.size(), mask.size(), mask);
    return tee().collateral_with_tcb(info);
}

TEST(TdxRule, ModuleAttributesOutsideTheMaskAreZero) {
    const auto where = [](std::string_view mask, std::uint8_t attribute) {
        TestTd td;
        td.fields["seam_attributes"] = Bytes{attribute, 0, 0, 0, 0, 0, 0, 0};
        const auto e = verify_tdx(tee().quote(td), with_mask(mask), roots(), kNow).verdict.error();
        return e ? std::string(e->where) : "accepted";
    };
    EXPECT_EQ(where("FFFFFFFFFFFFFFFF", 0), "accepted");
    EXPECT_EQ(where("FFFFFFFFFFFFFFFF", 1), "tdx.module.seam_attributes");
    EXPECT_EQ(where("00FFFFFFFFFFFFFF", 0), "accepted");
    EXPECT_EQ(where("00FFFFFFFFFFFFFF", 1), "tdx.module.seam_attributes") << "no mask makes a set bit good";
}

TEST(TdxRule, AttributesAreNamed) {
    const auto names = [](std::initializer_list<unsigned> bits) {
        Bytes attributes(8, 0);
        for (const unsigned bit : bits)
            attributes[bit / 8] |= static_cast<std::uint8_t>(1U << (bit % 8));
        TestTd td;
        td.fields["td_attributes"] = attributes;
        Verdict verdict;
        const auto quote = *evidence::Quote::parse(tee().quote(td));
        establish(verdict, quote);
        EXPECT_EQ(verdict.established("quote"), quote_json(quote));
        return std::string(*verdict.established("td_attributes"));
    };
    EXPECT_EQ(names({}), "[]");
    EXPECT_EQ(names({0, 28}), R"(["DEBUG","SEPT_VE_DISABLE"])");
    EXPECT_EQ(names({40, 63}), R"(["BIT_40","PERFMON"])");
}

}  // namespace
}  // namespace lumoz::verify
