// SPDX-License-Identifier: Apache-2.0
// Event logs beside a quote: how each event is shown, what counts, and what is said of registers that a log
// does not explain.
#include "verify/event_log_check.hpp"

#include "base/testing.hpp"
#include "verify/test_bends.hpp"
#include "verify/test_service.hpp"

#include <gtest/gtest.h>

namespace lumoz::verify {
namespace {

using evidence::Content;
using testing::Approved;
using testing::difference;
using testing::said;
using testing::Said;
using testing::tee;
using testing::TestTd;

evidence::Quote quote_of(const evidence::Rtmrs& rtmr) {
    TestTd td;
    td.rtmr = rtmr;
    return *evidence::Quote::parse(tee().quote(td));
}

Digest384 sha384(std::string_view text) {
    return crypto::sha384(as_bytes(text));
}

Said said_of(const LogReplay& log) {
    Said out = {{"form", std::string(log.form())}, {"json", log.json()}};
    for (unsigned i = 0; i < 4; ++i) {
        const LoggedRegister& r = log.registers()[i];
        const std::string name = "rtmr" + std::to_string(i);
        out[name] = to_hex(r.replay.view().first(4)) +
                    (r.quote ? " " + to_hex(r.quote->view().first(4)) : "") +
                    (r.covered ? "" : " not covered") + (r.differs() ? " differs" : "");
        for (std::size_t n = 0; n < r.events.size(); ++n) {
            const LoggedEvent& e = r.events[n];
            out[name + " " + std::to_string(100 + n)] = e.name + "|" + hex_word(e.type) + "|" + e.type_name +
                                                        "|" + to_hex(e.digest.view().first(4)) + "|" +
                                                        std::string(to_text(e.content)) + "|" + e.payload +
                                                        "|" + e.text + (e.late ? "|late" : "");
        }
    }
    return out;
}

Said read(std::string_view text) {
    const auto log = LogReplay::read(as_bytes(text));
    return log ? said_of(*log) : said(log.error());
}

evidence::Event boot(unsigned imr, std::uint32_t type, std::string name, std::string_view payload,
                     bool proven) {
    return {imr, type, proven ? sha384(payload) : sha384("elsewhere"), std::move(name),
            to_bytes(as_bytes(payload))};
}

evidence::Event runtime(std::string name, std::string_view payload) {
    return {3, evidence::kRuntimeEvent, evidence::runtime_event_digest(name, as_bytes(payload)),
            std::move(name), to_bytes(as_bytes(payload))};
}

constexpr std::uint32_t kSeparator = 4, kAction = 0x80000007, kTag = 6, kUnknown = 0x12345678;

TEST(EventLogCheck, EachEventOfAListAsItIsShown) {
    const std::string printable96(96, 'p');
    const std::vector<evidence::Event> events = {boot(0, kSeparator, "", "0000", true),
                                                 boot(0, kAction, "", "Calling EFI", true),
                                                 boot(0, kAction, "its own name", "text", true),
                                                 boot(1, kAction, "", "another", false),
                                                 boot(1, kTag, "", "abcdefghtagged", false),
                                                 boot(2, kUnknown, "", "abcd", false),
                                                 boot(2, kUnknown, "named", "", false),
                                                 boot(2, kSeparator, "", "0000", true),
                                                 boot(2, kAction, "", "", false),
                                                 runtime("app-id", "abc"),
                                                 runtime("compose-hash", "abcd"),
                                                 runtime("compose-hash", "abcde"),
                                                 runtime("", "\x20\x7e\x20\x7e"),
                                                 runtime("low", "\x1f\x7e\x20\x7e"),
                                                 runtime("high", "\x20\x7f\x20\x7e"),
                                                 runtime("long", printable96),
                                                 runtime("longer", printable96 + "q"),
                                                 runtime("system-ready", ""),
                                                 runtime("app-id", "late")};
    Approved approved("event_log_list");
    const std::string list = evidence::to_json(events);
    approved.whole("list", read(list));
    const auto log = LogReplay::read(as_bytes(list));
    ASSERT_TRUE(log.has_value()) << log.error().detail;
    for (const Content content : {Content::Proven, Content::Partly, Content::Unproven, Content::Differs})
        approved.line("events that are " + std::string(to_text(content)),
                      std::to_string(log->events_with(content)));
}

TEST(EventLogCheck, TheJsonOfALog) {
    const std::vector<evidence::Event> events = {boot(0, kSeparator, "", "0000", true),
                                                 runtime("system-ready", ""), runtime("app-id", "late")};
    auto log = *LogReplay::read(as_bytes(evidence::to_json(events)));
    EXPECT_EQ(log.mismatches(), std::vector<unsigned>());
    log.compare(quote_of({}));
    EXPECT_EQ(log.mismatches(), (std::vector<unsigned>{0, 3}));
    const auto hex = [](const Digest384& digest) { return json::quoted(to_hex(digest.view())); };
    const std::string zeros = hex(Digest384());
    EXPECT_EQ(
        log.json(),
        R"({"form":"dstack","registers":[{"rtmr":0,"result":"differs","replay":)" +
            hex(log.registers()[0].replay) + R"(,"quote":)" + zeros +
            R"(,"events":[{"event":"EV_SEPARATOR","event_type":4,"type":"EV_SEPARATOR","digest":)" +
            hex(events[0].digest) +
            R"(,"content":"proven","payload":"30303030"}]},{"rtmr":1,"result":"matches","replay":)" + zeros +
            R"(,"quote":)" + zeros + R"(,"events":[]},{"rtmr":2,"result":"matches","replay":)" + zeros +
            R"(,"quote":)" + zeros + R"(,"events":[]},{"rtmr":3,"result":"differs","replay":)" +
            hex(log.registers()[3].replay) + R"(,"quote":)" + zeros +
            R"(,"events":[{"event":"system-ready","event_type":134217729,"type":"runtime event","digest":)" +
            hex(events[1].digest) +
            R"(,"content":"proven"},{"event":"app-id","event_type":134217729,"type":"runtime event","digest":)" +
            hex(events[2].digest) +
            R"(,"content":"proven","payload":"6c617465","counts":false}]}],"mismatch":[0,3]})");
}

void put(Bytes& out, std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i)
        out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

/// A record of a binary log behind the others.
void add_record(Bytes& log, std::uint32_t index, std::uint32_t type, std::string_view hashed,
                std::string_view data) {
    put(log, index, 4);
    put(log, type, 4);
    put(log, 1, 4);
    put(log, 0x0c, 2);
    append(log, sha384(hashed).view());
    put(log, data.size(), 4);
    append(log, as_bytes(data));
}

/// The first record of a binary log: one bank of SHA-384.
Bytes binary_log() {
    return *from_base64(
        "AQAAAAMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACEAAABTcGVjIElEIEV2ZW50MDMAAAAAAAACAAIBAAAADAAwAAA=");
}

/// Events of every kind but in RTMR3.
Bytes mixed_log() {
    Bytes log = binary_log();
    add_record(log, 1, kSeparator, "0000", "0000");
    add_record(log, 0, kAction, "x", "not in a register");
    add_record(log, 2, 3, "x", "no action");
    add_record(log, 2, kAction, "Calling", "Calling");
    add_record(log, 3, kAction, "x", "false");
    add_record(log, 3, kUnknown, "x", "unknown");
    return log;
}

std::string text_of(const Bytes& log) {
    return std::string(as_text(log));
}

TEST(EventLogCheck, EachEventOfABinaryLogAsItIsShown) {
    Approved("event_log_binary").whole("log", read(text_of(mixed_log())));
}

TEST(EventLogCheck, FormsOfALog) {
    Approved approved("event_log_forms");
    const std::string list =
        evidence::to_json(std::vector<evidence::Event>{boot(0, kSeparator, "", "0000", true)});
    const auto line = [&](const std::string& what, const std::string& text) {
        approved.line(what, difference(read(list), read(text)));
    };
    line("blanks before a list", " \t\r\n" + list);
    line("in a document", R"({"event_log":)" + list + "}");
    line("as a text in a document", R"({"event_log":)" + json::quoted(list) + "}");
    line("blanks before a document", "\n" + (R"({"event_log":)" + list + "}"));
    for (const char* text : {"", " ", "{", "{}", "[", "[]", R"({"event_log":7})", R"({"event_log":"x"})",
                             R"({"event_log":[1]})", R"({"other":[]})", "x"})
        line(text, text);
    line("binary", text_of(binary_log()));
}

Said checked(const Bytes& log, const evidence::Quote* quote) {
    Verdict verdict;
    const auto read_log = check_event_log(verdict, log, quote);
    Said out = said(verdict);
    if (read_log) out.merge(said_of(*read_log));
    return out;
}

TEST(EventLogCheck, ALogBesideAQuote) {
    Approved approved("event_log_verdict");
    const Bytes log = mixed_log();
    evidence::Rtmrs rtmr = evidence::parse_cc_log(log)->rtmr;
    const evidence::Quote same = quote_of(rtmr);
    const Said good = checked(log, &same);
    approved.whole("the same registers", good);
    const auto line = [&](const std::string& what, const Bytes& other, const evidence::Quote* quote) {
        approved.line(what, difference(good, checked(other, quote)));
    };
    line("no quote", log, nullptr);
    line("no log", Bytes{0}, &same);
    rtmr[3].bytes[0] = 1;
    const evidence::Quote runtime_extended = quote_of(rtmr);
    line("RTMR3 extended by the runtime", log, &runtime_extended);
    Bytes with_runtime = log;
    add_record(with_runtime, 4, kSeparator, "0000", "0000");
    line("RTMR3 in the log and otherwise in the quote", with_runtime, &runtime_extended);
    rtmr[1].bytes[0] ^= 1;
    const evidence::Quote different = quote_of(rtmr);
    line("another RTMR1", log, &different);
    Bytes proven = binary_log();
    add_record(proven, 1, kSeparator, "0000", "0000");
    const evidence::Quote of_proven = quote_of(evidence::parse_cc_log(proven)->rtmr);
    line("all contents proven", proven, &of_proven);
    add_record(proven, 1, kUnknown, "x", "y");
    line("one content unproven", proven, &of_proven);
    const std::vector<evidence::Event> events = {runtime("system-ready", "")};
    const Bytes list = to_bytes(as_bytes(evidence::to_json(events)));
    evidence::Rtmrs of_list{};
    of_list[3] = evidence::extend({}, events[0].digest);
    const evidence::Quote quote_of_list = quote_of(of_list);
    line("a list", list, &quote_of_list);
    line("an empty list", to_bytes(as_bytes("[]")), &quote_of_list);
}

TEST(EventLogCheck, AnSgxQuoteHasNoRegisters) {
    const auto vectors = lumoz::testing::vectors_dir();
    if (!vectors) GTEST_SKIP() << "no shared vectors";
    const auto sgx = evidence::Quote::parse(
        as_bytes(lumoz::testing::read_file(*vectors / "tdx/quotes/syn/ok-sgx-processor-ca.bin")));
    Verdict verdict;
    const auto log = check_event_log(verdict, as_bytes("[]"), &*sgx);
    EXPECT_TRUE(log.has_value());
    EXPECT_EQ(verdict.error()->rule, "E_RTMR_MISMATCH");
    EXPECT_EQ(verdict.error()->detail, "not a TDX quote");
    EXPECT_TRUE(verdict.established("event_log").has_value());
}

}  // namespace
}  // namespace lumoz::verify
