// SPDX-License-Identifier: Apache-2.0
// The dstack event list (tdx.md 11.2): each member bent, phases of boot, what is written. More is in
// intel_documents_test.cpp.
#include "evidence/event_log.hpp"

#include "evidence/testing/json_bends.hpp"

#include <gtest/gtest.h>

namespace lumoz::evidence {
namespace {

using testing::Dump;

std::string runtime_event(std::string_view name, std::string_view payload) {
    return R"({"imr":3,"event_type":134217729,"event":")" + std::string(name) + R"(","event_payload":")" +
           std::string(payload) + "\"}";
}

std::string boot_event(std::string_view name, unsigned imr = 0) {
    return R"({"imr":)" + std::to_string(imr) + R"(,"event_type":1,"digest":")" + std::string(96, 'a') +
           R"(","event":")" + std::string(name) + R"(","event_payload":"01"})";
}

/// A runtime event with everything that it may state.
std::string full_event() {
    const Bytes payload = {7};
    return R"({"imr":3,"event_type":134217729,"digest":")" +
           to_hex(runtime_event_digest("app-id", payload, 2).view()) +
           R"(","event":"app-id","event_payload":"07","version":2,"preimage":")" +
           to_hex(as_bytes(runtime_event_preimage("app-id", payload))) + "\"}";
}

Dump dump(const EventLog& log) {
    Dump out;
    for (const Event& event : log.events)
        out.add("event", std::to_string(event.imr) + " " + std::to_string(event.type) + " " + event.name +
                             " " + to_hex(event.payload) + " " + to_hex(event.digest.view().first(4)));
    for (std::size_t i = 0; i < 4; ++i)
        out.add("rtmr" + std::to_string(i), log.rtmr[i].view()).add("extends", log.extends[i]);
    return out;
}

Result<EventLog> read(std::string_view text) {
    return parse_event_list(text);
}

std::string error_of(std::string_view text) {
    const auto got = parse_event_list(text);
    return got ? "accepted" : got.error().detail;
}

TEST(EventList, EachMemberBent) {
    testing::expect_json_bends<EventLog>("event_log", "[" + boot_event("a") + "," + full_event() + "]", read,
                                         dump);
}

TEST(EventList, HasAtMost16384Events) {
    std::string text = "[" + runtime_event("a", "");
    for (int i = 1; i < 16384; ++i)
        text += "," + runtime_event("a", "");
    EXPECT_EQ(error_of(text + "]"), "accepted");
    EXPECT_EQ(error_of(text + "," + runtime_event("a", "") + "]"), "log: too many events");
}

TEST(EventList, IsWrittenAsItIsRead) {
    const std::string text = "[" + boot_event("a", 1) + "]";
    const auto log = parse_event_list(text);
    ASSERT_TRUE(log.has_value());
    EXPECT_EQ(to_json(log->events), text);
}

TEST(EventList, ADigestHas48Bytes) {
    std::string event = boot_event("a");
    event.erase(event.find("aaaa"), 2);
    EXPECT_EQ(error_of("[" + event + "]"), "offset 1: event 0: digest: not 48 bytes");
}

TEST(EventList, NullIsLikeAbsent) {
    std::string event = runtime_event("a", "");
    event.insert(event.size() - 1, R"(,"version":null,"preimage":null,"digest":null)");
    EXPECT_EQ(error_of("[" + event + "]"), "accepted");
    event.replace(event.find(R"("version":null)"), 14, R"("version":1)");
    EXPECT_EQ(error_of("[" + event + "]"), "accepted");
}

TEST(BootPhase, OfApplicationNamesEndsWithSystemReadyToo) {
    BootPhases phases;
    EXPECT_TRUE(phases.counts("system-ready"));
    EXPECT_FALSE(phases.counts("app-id"));
    EXPECT_FALSE(phases.counts("boot-mr-done"));
    EXPECT_EQ(BootPhases::end_of("app-id"), "boot-mr-done");
    EXPECT_EQ(BootPhases::end_of("os-image-hash"), "system-ready");
    EXPECT_EQ(BootPhases::end_of("mine"), "system-ready");
    const auto log =
        parse_event_list("[" + runtime_event("system-ready", "") + "," + runtime_event("app-id", "01") + "]");
    EXPECT_EQ(log->boot_event("app-id"), nullptr);
}

TEST(BootPhase, LooksAtRuntimeEventsOnly) {
    const auto log = parse_event_list("[" + boot_event("app-id") + "," + boot_event("system-ready") + "," +
                                      runtime_event("app-id", "02") + "]");
    ASSERT_NE(log->boot_event("app-id"), nullptr);
    EXPECT_EQ(log->boot_event("app-id")->payload, Bytes{2});
}

}  // namespace
}  // namespace lumoz::evidence
