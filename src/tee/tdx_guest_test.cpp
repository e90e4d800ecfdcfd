// SPDX-License-Identifier: Apache-2.0
#include "tee/tdx_guest.hpp"

#include "tee/testing/fake_agent.hpp"
#include "tee/testing/fake_quote_service.hpp"

#include <gtest/gtest.h>

namespace lumoz::tee {
namespace {

using namespace std::chrono_literals;
using testing::bare_quote;
using testing::bare_td_report;
using testing::FakeQuoteService;
using testing::QgsAnswer;
using Send = std::function<bool(ByteView)>;

/// A device that gives the report it is told to give.
class FakeReports final : public TdReportSource {
public:
    std::function<Result<TdReport>(const ReportData&)> give = bare_td_report;
    std::atomic<int> asked = 0;

    Result<TdReport> report(const ReportData& report_data, Deadline) override {
        ++asked;
        return give(report_data);
    }
};

ReportData asked_for() {
    ReportData out;
    out.bytes.fill(7);
    return out;
}

Bytes good_answer() {
    return QgsAnswer{.quote = bare_quote(asked_for())}.wire();
}

class TdxGuestTest : public ::testing::Test {
protected:
    /// The quote with a service that behaves so.
    Result<Evidence> quote(FakeQuoteService::Behaviour behaviour, std::chrono::milliseconds limit = 2000ms) {
        FakeQuoteService service(std::move(behaviour));
        auto device = open_tdx_guest({.reports = reports, .quote_service = service.connect()}, limit);
        if (!device) return std::unexpected(device.error());
        return (*device)->quote(asked_for());
    }
    std::string rule_for(Bytes wire, std::chrono::milliseconds limit = 2000ms) {
        const auto evidence = quote([&wire](const Bytes&, const Send& send) { send(wire); }, limit);
        return evidence ? std::string() : std::string(evidence.error().rule);
    }

    std::shared_ptr<FakeReports> reports = std::make_shared<FakeReports>();
};

TEST_F(TdxGuestTest, TurnsATdReportIntoAQuote) {
    Bytes seen;
    FakeQuoteService service([&seen](const Bytes& request, const Send& send) {
        seen = request;
        send(good_answer());
    });
    auto device = open_tdx_guest(
        {.reports = reports, .quote_service = service.connect(), .log = {.bytes = {1}, .missing = "x"}},
        2000ms);
    ASSERT_TRUE(device);
    EXPECT_EQ((*device)->kind(), "tdx-guest");
    EXPECT_EQ((*device)->tee_type(), "tdx");
    EXPECT_EQ((*device)->no_event_log(), "x");
    EXPECT_EQ((*device)->info()->info_json, "{}");
    const auto evidence = (*device)->quote(asked_for());
    ASSERT_TRUE(evidence) << evidence.error().detail;
    EXPECT_EQ(evidence->quote, bare_quote(asked_for()));
    EXPECT_EQ(evidence->cc_log, Bytes{1});
    ASSERT_EQ(seen.size(), 1052U);
    EXPECT_TRUE(equal(ByteView(seen).subspan(28), bare_td_report(asked_for()).view()));
}

TEST_F(TdxGuestTest, ReadsAnAnswerThatComesByteByByte) {
    const auto evidence = quote([](const Bytes&, const Send& send) {
        for (const std::uint8_t byte : good_answer())
            send({&byte, 1});
    });
    EXPECT_TRUE(evidence) << evidence.error().detail;
}

TEST_F(TdxGuestTest, RefusesAnAnswerThatIsCutAnywhere) {
    const Bytes whole = good_answer();
    for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{3}, std::size_t{4},
                                std::size_t{19}, std::size_t{27}, std::size_t{28}, whole.size() - 1}) {
        EXPECT_EQ(rule_for(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n))),
                  "E_TEE_ANSWER")
            << n;
    }
}

TEST_F(TdxGuestTest, RefusesWrongLengthsTypesAndSizes) {
    const Bytes quote = bare_quote(asked_for());
    EXPECT_EQ(rule_for(QgsAnswer{.quote = quote, .prefix = 3}.wire()), "E_TEE_ANSWER");
    EXPECT_EQ(rule_for(QgsAnswer{.quote = quote, .prefix = 100}.wire()), "E_TEE_ANSWER");
    EXPECT_EQ(rule_for(QgsAnswer{.quote = quote, .prefix = 0x7fffffff}.wire()), "E_TEE_TOO_LARGE");
    EXPECT_EQ(rule_for(QgsAnswer{.type = 3, .quote = quote}.wire()), "E_TEE_ANSWER");
    EXPECT_EQ(rule_for(QgsAnswer{.error = 0x12001, .body = false}.wire()), "E_TEE_REFUSED");
    EXPECT_EQ(rule_for(QgsAnswer{.quote = Bytes(65537)}.wire()), "E_TEE_TOO_LARGE");
    EXPECT_EQ(rule_for(QgsAnswer{}.wire()), "E_TEE_EMPTY");
    EXPECT_EQ(rule_for(QgsAnswer{.quote = Bytes(700, 1)}.wire()), "E_TEE_ANSWER");
}

TEST_F(TdxGuestTest, RefusesAQuoteOverOtherReportData) {
    ReportData other;
    EXPECT_EQ(rule_for(QgsAnswer{.quote = bare_quote(other)}.wire()), "E_TEE_REPORT_DATA");
}

TEST_F(TdxGuestTest, RefusesATdReportOverOtherReportDataBeforeTheHostIsAsked) {
    reports->give = [](const ReportData&) { return bare_td_report(ReportData()); };
    int requests = 0;
    const auto evidence = quote([&](const Bytes&, const Send&) { ++requests; });
    ASSERT_FALSE(evidence);
    EXPECT_EQ(evidence.error().rule, "E_TEE_REPORT_DATA");
    EXPECT_EQ(requests, 0);
}

TEST_F(TdxGuestTest, RefusesAReportThatIsNotATds) {
    reports->give = [](const ReportData& data) {
        TdReport report = bare_td_report(data);
        report.bytes[0] = 0;
        return report;
    };
    EXPECT_EQ(rule_for(good_answer()), "E_TEE_ANSWER");
}

TEST_F(TdxGuestTest, PassesOnTheErrorsOfTheDevice) {
    reports->give = [](const ReportData&) -> Result<TdReport> {
        return fail(Errc::Io, "E_TEE_IO", "tee.test", "gone");
    };
    EXPECT_EQ(rule_for(good_answer()), "E_TEE_IO");
}

TEST_F(TdxGuestTest, GivesUpAtTheDeadlineOnASlowService) {
    std::atomic<const FakeQuoteService*> self = nullptr;
    FakeQuoteService service([&self](const Bytes&, const Send& send) {
        for (const std::uint8_t byte : good_answer()) {
            if (self.load()->stopping() || !send({&byte, 1})) return;
            std::this_thread::sleep_for(5ms);
        }
    });
    self = &service;
    auto device = open_tdx_guest({.reports = reports, .quote_service = service.connect()}, 150ms);
    ASSERT_TRUE(device);
    const auto begin = std::chrono::steady_clock::now();
    const auto evidence = (*device)->quote(asked_for());
    ASSERT_FALSE(evidence);
    EXPECT_EQ(evidence.error().rule, "E_TEE_TIMEOUT");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2000ms);
}

TEST_F(TdxGuestTest, AHangingDeviceCostsOneTimeLimitAndNoSecondRequest) {
    std::mutex hang;
    std::unique_lock held(hang);
    reports->give = [&hang](const ReportData& data) {
        const std::lock_guard wait(hang);
        return bare_td_report(data);
    };
    FakeQuoteService service([](const Bytes&, const Send& send) { send(good_answer()); });
    auto device = open_tdx_guest({.reports = reports, .quote_service = service.connect()}, 100ms);
    ASSERT_TRUE(device);
    const auto first = (*device)->quote(asked_for());
    ASSERT_FALSE(first);
    EXPECT_EQ(first.error().rule, "E_TEE_TIMEOUT");
    const auto second = (*device)->quote(asked_for());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().rule, "E_TEE_BUSY");
    EXPECT_EQ(reports->asked, 1);
    held.unlock();
    bool good = false;
    for (int i = 0; i < 50 && !good; ++i)
        good = (*device)->quote(asked_for()).has_value();
    EXPECT_TRUE(good);
}

TEST_F(TdxGuestTest, DoesNotOpenWhenNobodyListens) {
    const auto device =
        open_tdx_guest({.reports = reports,
                        .quote_service = [](Deadline) -> Result<Descriptor> {
                            return fail(Errc::Io, "E_TEE_IO", "tee.test", "connect: Connection refused");
                        }},
                       1000ms);
    ASSERT_FALSE(device);
    EXPECT_EQ(device.error().rule, "E_TEE_IO");
}

TEST(TdxGuestDeviceNode, SaysWhyItCannotBeOpened) {
    TdxGuestDevice missing("/nonexistent/tdx_guest");
    const auto probe = missing.probe();
    ASSERT_FALSE(probe);
    EXPECT_EQ(probe.error().detail, "open: No such file or directory");
    const auto report = missing.report(asked_for(), std::chrono::steady_clock::now() + 1s);
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().rule, "E_TEE_IO");
}

TEST(TdxGuestDeviceNode, AnotherDeviceGivesNoReport) {
    TdxGuestDevice other("/dev/null");
    ASSERT_TRUE(other.probe());
    const auto report = other.report(asked_for(), std::chrono::steady_clock::now() + 1s);
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().rule, "E_TEE_IO");
    EXPECT_TRUE(report.error().detail.starts_with("TDREPORT: ")) << report.error().detail;
}

TEST(QuoteServicePort, IsReadFromTheConfiguration) {
    const auto port = [](std::string_view text) {
        const auto out = quote_service_port(text);
        return out ? std::to_string(*out) : std::string(out.error().rule);
    };
    EXPECT_EQ(port(""), "4050");
    EXPECT_EQ(port("port=4051"), "4051");
    EXPECT_EQ(port("# remark\r\n  port = 4052 # mine\r\n"), "4052");
    EXPECT_EQ(port("#port=1\nother = x\nport\n"), "4050");
    EXPECT_EQ(port("port=1\nport=2\n"), "2");
    EXPECT_EQ(port("port=4294967295"), "4294967295");
    for (const std::string_view bad :
         {"port=", "port=0", "port=-1", "port=4294967296", "port=40 50", "port=0x1"})
        EXPECT_EQ(port(bad), "E_TEE_CONF") << bad;
    SystemKernelFiles files;
    EXPECT_EQ(*read_quote_service_port(files, "/nonexistent/tdx-attest.conf"), kDefaultQuotePort);
    EXPECT_FALSE(read_quote_service_port(files, "/"));
}

TEST(Vsock, NobodyListensOrThereIsNoVsock) {
    // The port is one that no service uses; where the machine has no vsock, the socket or the way is missing.
    const auto fd = vsock_connect(kVsockHost, 0xfffffff0, std::chrono::steady_clock::now() + 5s);
    ASSERT_FALSE(fd);
    EXPECT_TRUE(fd.error().rule == "E_TEE_IO" || fd.error().rule == "E_TEE_TIMEOUT");
}

}  // namespace
}  // namespace lumoz::tee
