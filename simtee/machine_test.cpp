// SPDX-License-Identifier: Apache-2.0
#include "simtee/machine.hpp"

#include "base/hex.hpp"
#include "base/json.hpp"
#include "crypto/sha2.hpp"

#include <gtest/gtest.h>

namespace lumoz::simtee {
namespace {

Digest256 seed() {
    Digest256 out;
    out.bytes.fill(1);
    return out;
}
ReportData report_data() {
    ReportData out;
    for (std::size_t i = 0; i < out.bytes.size(); ++i) {
        out.bytes[i] = static_cast<std::uint8_t>(i + 1);
    }
    return out;
}

/// A text member, "" when there is none.
std::string member(const std::string& json, std::string_view name) {
    const auto document = json::Document::parse(json);
    const auto value = document ? document->root().find(name) : std::nullopt;
    return value ? value->as_string().value_or("") : "";
}
bool says_simulated(const std::string& json) {
    const auto document = json::Document::parse(json);
    const auto value = document ? document->root().find("simulated") : std::nullopt;
    return value && value->as_bool() == true;
}
evidence::Quote quote_of(const std::string& answer) {
    return *evidence::Quote::parse(*from_hex(member(answer, "quote")));
}

TEST(SimMachine, QuoteHasTheFormOfTheSpecification) {
    const Machine machine(seed());
    const evidence::Quote quote = quote_of(machine.quote_json(report_data()));
    EXPECT_EQ(quote.version(), 4);
    EXPECT_EQ(quote.key_type(), 2);
    EXPECT_TRUE(quote.is_tdx());
    EXPECT_EQ(quote.body_kind(), evidence::BodyKind::Td10);
    EXPECT_EQ(quote.cert_type(), 5);
    EXPECT_TRUE(quote.trailing().empty());
    EXPECT_EQ(quote.report_data(), report_data());
    EXPECT_EQ(to_hex(*quote.field("td_attributes")), "0000001000000000");
    EXPECT_EQ(to_hex(*quote.field("xfam")), "e702060000000000");
    EXPECT_EQ(to_hex(*quote.field("mr_signer_seam")), std::string(96, '0'));
    EXPECT_EQ(to_hex(*quote.field("mr_owner")), std::string(96, '0'));
    EXPECT_EQ(quote.qe_auth().size(), 32U);
}

TEST(SimMachine, QuoteIsSignedInEveryStep) {
    const Machine machine(seed());
    const evidence::Quote quote = quote_of(machine.quote_json(report_data()));
    const auto key = *crypto::P256Public::from(quote.attestation_key());
    EXPECT_TRUE(
        crypto::p256_verify(key, quote.signed_range(), *crypto::P256Signature::from(quote.signature())));
    const auto chain = evidence::split_certificates(as_text(quote.cert_data()));
    ASSERT_TRUE(chain);
    const auto leaf = evidence::Certificate::parse(chain->at(0));
    ASSERT_TRUE(leaf);
    EXPECT_TRUE(crypto::p256_verify(leaf->key, quote.qe_report(),
                                    *crypto::P256Signature::from(quote.qe_report_signature())));
    Bytes bound = to_bytes(quote.attestation_key());
    append(bound, quote.qe_auth());
    Bytes expected = to_bytes(crypto::sha256(bound).view());
    expected.resize(64);
    EXPECT_TRUE(equal(quote.qe_field("report_data"), expected));
}

TEST(SimMachine, EventLogReplaysToTheRegisters) {
    const Machine machine(seed());
    const std::string answer = machine.quote_json(report_data());
    const auto log = evidence::parse_event_list(member(answer, "event_log"));
    ASSERT_TRUE(log) << log.error().detail;
    EXPECT_TRUE(evidence::rtmr_mismatches(log->rtmr, quote_of(answer)).empty());
    for (const std::size_t extends : log->extends) {
        EXPECT_GT(extends, 0U);
    }
    for (const std::string_view name : {"system-preparing", "app-id", "compose-hash", "instance-id",
                                        "boot-mr-done", "os-image-hash", "key-provider"}) {
        EXPECT_NE(log->boot_event(name), nullptr) << name;
    }
}

TEST(SimMachine, ConfigIdNamesTheComposeHash) {
    const Machine machine(seed());
    const std::string answer = machine.quote_json(report_data());
    const auto log = evidence::parse_event_list(member(answer, "event_log"));
    ASSERT_TRUE(log);
    Bytes expected = {1};
    append(expected, log->boot_event("compose-hash")->payload);
    expected.resize(48);
    EXPECT_EQ(to_hex(*quote_of(answer).field("mr_config_id")), to_hex(expected));
    EXPECT_EQ(to_hex(log->boot_event("compose-hash")->payload), member(machine.info_json(), "compose_hash"));
    const std::string compose = member(member(machine.info_json(), "tcb_info"), "app_compose");
    EXPECT_EQ(to_hex(crypto::sha256(as_bytes(compose)).view()), member(machine.info_json(), "compose_hash"));
}

TEST(SimMachine, AnEventExtendsRegisterAndLogTogether) {
    Machine machine(seed());
    const Digest384 before = quote_of(machine.quote_json(report_data())).rtmr(3);
    ASSERT_TRUE(machine.emit("app-id", as_bytes("later")));
    const std::string answer = machine.quote_json(report_data());
    EXPECT_NE(quote_of(answer).rtmr(3), before);
    const auto log = evidence::parse_event_list(member(answer, "event_log"));
    ASSERT_TRUE(log);
    EXPECT_TRUE(evidence::rtmr_mismatches(log->rtmr, quote_of(answer)).empty());
    EXPECT_NE(as_text(log->boot_event("app-id")->payload), "later");
}

TEST(SimMachine, EventsAreBounded) {
    Machine machine(seed());
    EXPECT_EQ(machine.emit("", {}).error().rule, "E_EVENT");
    EXPECT_EQ(machine.emit(std::string(129, 'a'), {}).error().rule, "E_EVENT");
    EXPECT_EQ(machine.emit("a", Bytes(4097)).error().rule, "E_EVENT");
    int added = 0;
    while (added < 1000 && machine.emit("a", Bytes(4096))) {
        ++added;
    }
    EXPECT_LT(added, 256);
    // A full log is still within what a device answers at most.
    EXPECT_LT(machine.quote_json(report_data()).size(), std::size_t{4} << 20);
}

TEST(SimMachine, EveryAnswerSaysSimulated) {
    const Machine machine(seed());
    const std::string answer = machine.quote_json(report_data());
    EXPECT_TRUE(says_simulated(answer));
    EXPECT_TRUE(says_simulated(member(answer, "vm_config")));
    EXPECT_TRUE(says_simulated(machine.info_json()));
    EXPECT_TRUE(says_simulated(member(machine.info_json(), "tcb_info")));
    EXPECT_TRUE(says_simulated(member(machine.info_json(), "vm_config")));
}

TEST(SimMachine, PolicyListsTheMeasurementsOfTheQuote) {
    Machine machine(seed());
    ASSERT_TRUE(machine.emit("a", {}));
    const evidence::Quote quote = quote_of(machine.quote_json(report_data()));
    const std::string policy = machine.policy_json();
    const auto document = json::Document::parse(policy);
    ASSERT_TRUE(document);
    for (const std::string_view name : {"mr_td", "mr_config_id", "rtmr0", "rtmr1", "rtmr2", "rtmr3"}) {
        const auto values = document->root().find(name);
        ASSERT_TRUE(values) << name;
        EXPECT_EQ(values->elements().back().as_string(), to_hex(*quote.field(name))) << name;
    }
    EXPECT_EQ(document->root().find("rtmr3")->size(), 2U);
}

TEST(SimMachine, TheSameSeedMeasuresTheSame) {
    EXPECT_EQ(Machine(seed()).policy_json(), Machine(seed()).policy_json());
}

}  // namespace
}  // namespace lumoz::simtee
