// SPDX-License-Identifier: Apache-2.0
#include "app/cli/quote_sections.hpp"

#include "base/hex.hpp"

#include <gtest/gtest.h>

namespace lumoz::app {
namespace {

/// A TD quote of version 4 with these registers, unsigned.
evidence::Quote quote_with(const evidence::Rtmrs& rtmrs) {
    constexpr std::size_t kEnvelope = 384 + 64 + 2 + 2 + 4;
    Bytes raw(636 + 128 + 6 + kEnvelope, 0);
    const auto put = [&raw](std::size_t at, std::size_t value) {
        raw[at] = static_cast<std::uint8_t>(value);
        raw[at + 1] = static_cast<std::uint8_t>(value >> 8);
    };
    put(0, 4);
    put(2, 2);
    put(4, 0x81);
    std::ranges::copy(evidence::kIntelVendor, raw.begin() + 12);
    put(632, 128 + 6 + kEnvelope);
    put(764, 6);
    put(766, kEnvelope);
    put(1220, 5);
    for (std::size_t i = 0; i < 4; ++i)
        std::ranges::copy(rtmrs[i].bytes, raw.begin() + 48 + 328 + static_cast<std::ptrdiff_t>(48 * i));
    auto quote = evidence::Quote::parse(raw);
    EXPECT_TRUE(quote.has_value()) << quote.error().detail;
    return *std::move(quote);
}

std::string event(std::string_view name, std::string_view payload) {
    return R"({"imr":3,"event_type":134217729,"digest":"","event":")" + std::string(name) +
           R"(","event_payload":")" + std::string(payload) + "\"}";
}

std::string text_of(const verify::LogReplay& log, bool explain) {
    const std::vector<Section> sections = {event_log_section(log)};
    return sections_text(sections, {.explain = explain}, Style(false));
}

TEST(EventLogView, NamesEventsRegisterByRegister) {
    const std::string text =
        "[" + event("app-id", "01") + "," + event("mine", "68656c6c6f") + "," + event("mine", "02") + "]";
    auto log = verify::LogReplay::read(as_bytes(text));
    ASSERT_TRUE(log.has_value()) << log.error().detail;
    EXPECT_EQ(log->form(), "dstack");
    EXPECT_NE(text_of(*log, false).find("not compared: the quote is not verified; 3 events"),
              std::string::npos);
    log->compare(quote_with(evidence::parse_event_list(text)->rtmr));
    const std::string folded = text_of(*log, false);
    EXPECT_NE(folded.find("RTMR3  matches the quote; 3 events\n         app-id, mine (2 times)\n"),
              std::string::npos)
        << folded;
    const std::string whole = text_of(*log, true);
    EXPECT_NE(whole.find("runtime event  mine = hello  (content proven)"), std::string::npos) << whole;
    EXPECT_EQ(log->events_with(evidence::Content::Proven), 3U);
}

TEST(EventLogView, MarksWhatDiffersWithBothValues) {
    auto log = verify::LogReplay::read(as_bytes("[" + event("a", "") + "]"));
    ASSERT_TRUE(log.has_value());
    log->compare(quote_with({}));
    EXPECT_TRUE(log->registers()[3].differs());
    EXPECT_FALSE(log->registers()[0].differs());
    const std::string text = text_of(*log, false);
    EXPECT_NE(text.find("RTMR3  DIFFERS from the quote; 1 event\n         quote  0000"), std::string::npos)
        << text;
    EXPECT_NE(text.find("replay " + to_hex(log->registers()[3].replay.view())), std::string::npos) << text;
    EXPECT_NE(log->json().find(R"("mismatch":[3])"), std::string::npos);
}

TEST(EventLogView, NamesOfOthersCannotBeginALine) {
    auto log = verify::LogReplay::read(as_bytes("[" + event(R"(a\nRTMR0  matches\u001b[2J)", "") + "]"));
    ASSERT_TRUE(log.has_value()) << log.error().detail;
    const std::string text = text_of(*log, true);
    EXPECT_EQ(text.find("\nRTMR0"), std::string::npos) << text;
    EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
}

TEST(EventLogView, LateEventsDoNotCount) {
    auto log = verify::LogReplay::read(as_bytes("[" + event("system-ready", "") + "," +
                                                event("app-id", "01") + "," + event("mine", "") + "]"));
    ASSERT_TRUE(log.has_value());
    const auto& events = log->registers()[3].events;
    EXPECT_FALSE(events[0].late);
    EXPECT_TRUE(events[1].late);
    EXPECT_FALSE(events[2].late);
    EXPECT_NE(log->json().find(R"("counts":false)"), std::string::npos);
}

TEST(EventLogView, TheFormIsSeenByTheFirstByte) {
    EXPECT_EQ(verify::LogReplay::read({}).error().rule, "E_EVENTLOG_PARSE");
    EXPECT_EQ(verify::LogReplay::read(as_bytes(" {}")).error().rule, "E_EVENTLOG_PARSE");
    EXPECT_TRUE(verify::LogReplay::read(as_bytes(R"({"quote":"","event_log":"[]"})")));
    EXPECT_TRUE(verify::LogReplay::read(as_bytes(R"({"event_log":[]})")));
    EXPECT_EQ(verify::LogReplay::read(as_bytes(R"({"event_log":"[{}]"})")).error().rule, "E_EVENTLOG_PARSE");
    EXPECT_EQ(verify::LogReplay::read(as_bytes(R"({"event_log":7})")).error().rule, "E_EVENTLOG_PARSE");
    EXPECT_EQ(verify::LogReplay::read(Bytes(3, 0)).error().rule, "E_EVENTLOG_TRUNCATED");
}

TEST(SectionText, WrapsUnderItsColumnAndCutsLongWords) {
    const Section section{"title",
                          {{"label", std::string(128, 'a'), Tone::Good, When::Always},
                           {"", "explained", Tone::Plain, When::Explain},
                           {"", "folded", Tone::Plain, When::Folded}}};
    EXPECT_EQ(sections_text(std::span(&section, 1), {}, Style(false)),
              "\ntitle\n  label  " + std::string(96, 'a') + "\n         " + std::string(32, 'a') +
                  "\n         folded\n");
    EXPECT_NE(sections_text(std::span(&section, 1), {.explain = true}, Style(false)).find("explained"),
              std::string::npos);
    const Section empty{"title", {{"", "explained", Tone::Plain, When::Explain}}};
    EXPECT_EQ(sections_text(std::span(&empty, 1), {}, Style(false)), "");
    EXPECT_EQ(sections_text(std::span(&section, 1), {.brief = true}, Style(false)), "");
}

}  // namespace
}  // namespace lumoz::app
