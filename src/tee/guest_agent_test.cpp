// SPDX-License-Identifier: Apache-2.0
#include "tee/guest_agent.hpp"

#include "tee/testing/fake_agent.hpp"
#include "tee/testing/temp_tree.hpp"

#include <gtest/gtest.h>

#include <mutex>

namespace lumoz::tee {
namespace {

using testing::bare_quote;
using testing::FakeAgent;
using testing::with_length;
using Send = std::function<bool(std::string_view)>;
using namespace std::chrono_literals;

ReportData report_data(std::uint8_t value) {
    ReportData out;
    out.bytes.fill(value);
    return out;
}

std::string answer_for(const ReportData& asked) {
    return R"({"quote":")" + to_hex(bare_quote(asked)) +
           R"(","event_log":"[]","report_data":"00","vm_config":"{\"a\":1}","attestation":"00"})";
}

/// The rule of a quote that fails, with an agent that sends `raw` and closes.
std::string rule_with(const std::string& raw, std::chrono::milliseconds limit = 2000ms) {
    FakeAgent agent([&raw](const std::string&, const Send& send) { send(raw); });
    auto device = open_guest_agent(agent.path(), limit);
    if (!device) return "open failed";
    const auto evidence = (*device)->quote(report_data(7));
    return evidence ? std::string() : std::string(evidence.error().rule);
}

TEST(GuestAgent, AsksForAQuoteAndReadsIt) {
    std::string seen;
    FakeAgent agent([&seen](const std::string& request, const Send& send) {
        seen = request;
        send(with_length(answer_for(report_data(7))));
    });
    auto device = open_guest_agent(agent.path(), 2000ms);
    ASSERT_TRUE(device);
    EXPECT_EQ((*device)->kind(), "guest-agent");
    EXPECT_EQ((*device)->tee_type(), "tdx");
    const auto evidence = (*device)->quote(report_data(7));
    ASSERT_TRUE(evidence) << evidence.error().detail;
    EXPECT_EQ(evidence->quote, bare_quote(report_data(7)));
    EXPECT_EQ(evidence->event_log, "[]");
    EXPECT_EQ(evidence->vm_config, R"({"a":1})");
    EXPECT_TRUE(seen.starts_with("POST /GetQuote HTTP/1.1\r\n"));
    EXPECT_TRUE(seen.ends_with(R"({"report_data":")" + to_hex(report_data(7).view()) + R"("})"));
}

TEST(GuestAgent, ReadsAChunkedAnswerSentByteByByte) {
    const std::string body = answer_for(report_data(7));
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", body.size());
    const std::string raw =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + (size + body) + "\r\n0\r\n\r\n";
    FakeAgent agent([&raw](const std::string&, const Send& send) {
        for (const char c : raw) {
            send({&c, 1});
        }
    });
    auto device = open_guest_agent(agent.path(), 5000ms);
    ASSERT_TRUE(device);
    EXPECT_TRUE((*device)->quote(report_data(7)));
}

TEST(GuestAgent, GivesTheInfoAsItStands) {
    FakeAgent agent([](const std::string&, const Send& send) { send(with_length(R"( {"app_id": "x"} )")); });
    auto device = open_guest_agent(agent.path(), 2000ms);
    ASSERT_TRUE(device);
    const auto info = (*device)->info();
    ASSERT_TRUE(info);
    EXPECT_EQ(info->info_json, R"({"app_id": "x"})");
}

TEST(GuestAgent, RefusesInfoThatIsNoObject) {
    FakeAgent agent([](const std::string&, const Send& send) { send(with_length("[1]")); });
    auto device = open_guest_agent(agent.path(), 2000ms);
    ASSERT_TRUE(device);
    const auto info = (*device)->info();
    ASSERT_FALSE(info);
    EXPECT_EQ(info.error().rule, "E_TEE_ANSWER");
}

TEST(GuestAgent, RefusesAQuoteOverOtherReportData) {
    EXPECT_EQ(rule_with(with_length(answer_for(report_data(8)))), "E_TEE_REPORT_DATA");
}

TEST(GuestAgent, PassesOnThatTheAgentRefuses) {
    FakeAgent agent([](const std::string&, const Send& send) {
        send(with_length("{\"error\":\"no quote\\u0007 today\"}", "500 Internal Server Error"));
    });
    auto device = open_guest_agent(agent.path(), 2000ms);
    ASSERT_TRUE(device);
    const auto evidence = (*device)->quote(report_data(7));
    ASSERT_FALSE(evidence);
    EXPECT_EQ(evidence.error().rule, "E_TEE_REFUSED");
    EXPECT_EQ(evidence.error().detail, "status 500: no quote? today");
    EXPECT_EQ(rule_with(with_length("<html>", "404 Not Found")), "E_TEE_REFUSED");
}

TEST(GuestAgent, RefusesGarbageAndOddAnswers) {
    const std::string good = with_length(answer_for(report_data(7)));
    const std::string cases[] = {
        "\x01\x02\x03\x04\r\n\r\n",
        "",
        with_length(""),
        with_length("[]"),
        with_length("{\"quote\":1}"),
        with_length(R"({"quote":"0"})"),
        with_length(R"({"quote":"zz"})"),
        with_length(R"({"quote":"00"})"),
        with_length(R"({"quote":"00","quote":"00"})"),
        with_length(R"({"quote":")" + to_hex(Bytes(632, 3)) + R"("})"),
        with_length(R"({"quote":")" + to_hex(bare_quote(report_data(7))) + R"(","event_log":[]})"),
        good + "x",
        good.substr(0, good.size() - 1),
        good.substr(0, 30),
    };
    for (const std::string& raw : cases) {
        EXPECT_EQ(rule_with(raw), "E_TEE_ANSWER") << raw.substr(0, 200);
    }
}

TEST(GuestAgent, RefusesAnEmptyQuote) {
    EXPECT_EQ(rule_with(with_length("{}")), "E_TEE_EMPTY");
    EXPECT_EQ(rule_with(with_length(R"({"quote":""})")), "E_TEE_EMPTY");
}

TEST(GuestAgent, RefusesWhatIsTooLarge) {
    EXPECT_EQ(rule_with(with_length(R"({"quote":")" + std::string(2 * 65537, '0') + R"("})")),
              "E_TEE_TOO_LARGE");
    EXPECT_EQ(rule_with("HTTP/1.1 200 OK\r\nContent-Length: 4194305\r\n\r\n"), "E_TEE_TOO_LARGE");
    EXPECT_EQ(rule_with(std::string(40000, 'x')), "E_TEE_TOO_LARGE");
}

TEST(GuestAgent, GivesUpAtTheDeadlineOnASlowAgent) {
    const auto begin = std::chrono::steady_clock::now();
    std::atomic<const FakeAgent*> self = nullptr;
    FakeAgent agent([&self](const std::string&, const Send& send) {
        for (int i = 0; i < 1000 && !self.load()->stopping(); ++i) {
            if (!send("H")) return;
            std::this_thread::sleep_for(5ms);
        }
    });
    self = &agent;
    auto device = open_guest_agent(agent.path(), 200ms);
    ASSERT_TRUE(device);
    const auto evidence = (*device)->quote(report_data(7));
    ASSERT_FALSE(evidence);
    EXPECT_EQ(evidence.error().rule, "E_TEE_TIMEOUT");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2000ms);
}

TEST(GuestAgent, MakesOneQuoteAtATime) {
    std::atomic<int> inside = 0;
    std::atomic<int> most = 0;
    FakeAgent agent([&](const std::string&, const Send& send) {
        most = std::max(most.load(), ++inside);
        std::this_thread::sleep_for(5ms);
        --inside;
        send(with_length(answer_for(report_data(7))));
    });
    auto device = open_guest_agent(agent.path(), 5000ms);
    ASSERT_TRUE(device);
    std::vector<std::thread> callers;
    std::atomic<int> good = 0;
    for (int i = 0; i < 8; ++i) {
        callers.emplace_back([&] { good += (*device)->quote(report_data(7)).has_value() ? 1 : 0; });
    }
    for (std::thread& caller : callers) {
        caller.join();
    }
    EXPECT_EQ(good, 8);
    EXPECT_EQ(most, 1);
}

/// What an agent of some age answers to a target, and the targets it was asked.
struct OldAgent {
    std::string knows;
    std::string answer = answer_for(report_data(7));
    std::vector<std::string> asked = {};
    std::string last = {};

    void operator()(const std::string& request, const Send& send) {
        asked.push_back(request.substr(5, request.find(' ', 5) - 5));
        last = request.substr(request.find("\r\n\r\n") + 4);
        send(asked.back() == knows ? with_length(answer)
                                   : with_length(R"({"error":"Service not found"})", "404 Not Found"));
    }
};

TEST(GuestAgent, AsksAnOlderAgentByItsOldNames) {
    OldAgent old{.knows = "/prpc/Tappd.RawQuote"};
    // An old answer has fewer members, and one that names what was done with the data.
    old.answer = R"({"quote":"0x)" + to_hex(bare_quote(report_data(7))) +
                 R"(","event_log":"[]","hash_algorithm":"raw","prefix":""})";
    FakeAgent agent(std::ref(old));
    auto device = open_guest_agent(agent.path(), 2000ms);
    ASSERT_TRUE(device);
    const auto evidence = (*device)->quote(report_data(7));
    ASSERT_TRUE(evidence) << evidence.error().detail;
    EXPECT_EQ(evidence->quote, bare_quote(report_data(7)));
    EXPECT_EQ(evidence->event_log, "[]");
    EXPECT_EQ(evidence->vm_config, "");
    EXPECT_EQ(old.last, R"({"report_data":")" + to_hex(report_data(7).view()) + R"("})");
    // What the agent knows is remembered.
    ASSERT_TRUE((*device)->quote(report_data(7)));
    EXPECT_EQ(old.asked,
              (std::vector<std::string>{"/GetQuote", "/prpc/Tappd.RawQuote", "/prpc/Tappd.RawQuote"}));
}

TEST(GuestAgent, TellsTheOldestAgentNotToHash) {
    OldAgent old{.knows = "/prpc/Tappd.TdxQuote"};
    FakeAgent agent(std::ref(old));
    auto device = open_guest_agent(agent.path(), 2000ms);
    ASSERT_TRUE(device);
    ASSERT_TRUE((*device)->quote(report_data(7)));
    EXPECT_EQ(old.last, R"({"report_data":")" + to_hex(report_data(7).view()) +
                            R"(","hash_algorithm":"raw","prefix":""})");
}

TEST(GuestAgent, AsksForTheInfoByTheOldNameToo) {
    OldAgent old{.knows = "/prpc/Tappd.Info", .answer = R"({"app_id":"x","tcb_info":"{}"})"};
    FakeAgent agent(std::ref(old));
    auto device = open_guest_agent(agent.path(), 2000ms);
    ASSERT_TRUE(device);
    EXPECT_EQ((*device)->info()->info_json, R"({"app_id":"x","tcb_info":"{}"})");
}

TEST(GuestAgent, ASocketOfTheOlderFormIsAskedByTheOldNamesFirst) {
    OldAgent old{.knows = "/prpc/Tappd.RawQuote"};
    FakeAgent agent(std::ref(old));
    const testing::TempTree tree;
    const std::filesystem::path socket = tree.root() / "tappd.sock";
    std::filesystem::create_symlink(agent.path(), socket);
    auto device = open_guest_agent(socket, 2000ms);
    ASSERT_TRUE(device);
    ASSERT_TRUE((*device)->quote(report_data(7)));
    EXPECT_EQ(old.asked, std::vector<std::string>{"/prpc/Tappd.RawQuote"});
}

TEST(GuestAgent, AnAgentThatHashesAllTheSameIsRefused) {
    OldAgent old{.knows = "/prpc/Tappd.TdxQuote", .answer = answer_for(report_data(9))};
    FakeAgent agent(std::ref(old));
    auto device = open_guest_agent(agent.path(), 2000ms);
    ASSERT_TRUE(device);
    EXPECT_EQ((*device)->quote(report_data(7)).error().rule, "E_TEE_REPORT_DATA");
}

TEST(GuestAgent, OnlyAnUnknownNameLeadsToAnOlderOne) {
    OldAgent old{.knows = ""};
    FakeAgent agent([&old](const std::string& request, const Send& send) {
        old.asked.push_back(request.substr(5, request.find(' ', 5) - 5));
        send(with_length(R"({"error":"no device"})", "500 Internal Server Error"));
    });
    auto device = open_guest_agent(agent.path(), 2000ms);
    ASSERT_TRUE(device);
    EXPECT_EQ((*device)->quote(report_data(7)).error().rule, "E_TEE_REFUSED");
    EXPECT_EQ(old.asked, std::vector<std::string>{"/GetQuote"});
}

TEST(GuestAgent, SaysThatTheAgentIsGone) {
    std::unique_ptr<Device> device;
    {
        FakeAgent agent([](const std::string&, const Send&) {});
        auto opened = open_guest_agent(agent.path(), 1000ms);
        ASSERT_TRUE(opened);
        device = *std::move(opened);
    }
    const auto evidence = device->quote(report_data(7));
    ASSERT_FALSE(evidence);
    EXPECT_EQ(evidence.error().rule, "E_TEE_IO");
}

}  // namespace
}  // namespace lumoz::tee
