// SPDX-License-Identifier: Apache-2.0
#include "simtee/service.hpp"

#include "base/hex.hpp"
#include "base/json.hpp"

#include <gtest/gtest.h>

namespace lumoz::simtee {
namespace {

class SimService : public ::testing::Test {
protected:
    ServiceAnswer post(std::string path, std::string body) const {
        return service_.handle(
            {.method = "POST", .path = std::move(path), .query = {}, .body = std::move(body)});
    }
    ServiceAnswer get(std::string path, std::string query = {}) const {
        return service_.handle(
            {.method = "GET", .path = std::move(path), .query = std::move(query), .body = {}});
    }
    /// REPORTDATA of the quote in an answer, in hex.
    static std::string quoted(const ServiceAnswer& answer) {
        const auto document = json::Document::parse(answer.json);
        if (!document || !document->root().find("quote")) return answer.json;
        const auto quote = evidence::Quote::parse(*from_hex(*document->root().find("quote")->as_string()));
        return to_hex(quote->report_data().view());
    }

    Machine machine_{Digest256()};
    int changes_ = 0;
    Service service_{machine_, [this] { ++changes_; }};
};

TEST_F(SimService, QuotesByPostAndByGet) {
    const std::string hex = std::string(126, 'a') + "01";
    const ServiceAnswer answer = post("/GetQuote", R"({"report_data":")" + hex + R"("})");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(quoted(answer), hex);
    EXPECT_EQ(quoted(get("/GetQuote", "report_data=" + hex)), hex);
}

TEST_F(SimService, PadsShortReportDataAtTheEnd) {
    EXPECT_EQ(quoted(post("/GetQuote", R"({"report_data":"01ff"})")), "01ff" + std::string(124, '0'));
    EXPECT_EQ(quoted(post("/GetQuote", R"({"report_data":""})")), std::string(128, '0'));
}

TEST_F(SimService, RefusesBadReportData) {
    const std::string bodies[] = {
        "",
        "{}",
        "[]",
        "nonsense",
        R"({"report_data":1})",
        R"({"report_data":"0"})",
        R"({"report_data":"zz"})",
        R"({"report_data":"00","report_data":"00"})",
        R"({"report_data":")" + std::string(130, '0') + R"("})",
        R"({"report_data":[[[[[[["00"]]]]]]]})",
    };
    for (const std::string& body : bodies) {
        const ServiceAnswer answer = post("/GetQuote", body);
        EXPECT_EQ(answer.status, 400) << body;
        EXPECT_TRUE(answer.json.starts_with("{\"error\":")) << answer.json;
    }
    EXPECT_EQ(get("/GetQuote", "report_data").status, 400);
    EXPECT_EQ(get("/GetQuote", "report_data=00&report_data=00").status, 400);
}

TEST_F(SimService, AnswersInfoAndVersion) {
    EXPECT_EQ(post("/Info", "{}").json, machine_.info_json());
    EXPECT_NE(get("/Version").json.find("\"simulated\":true"), std::string::npos);
}

TEST_F(SimService, EmitsEventsAndTellsOfThem) {
    EXPECT_EQ(post("/EmitEvent", R"({"event":"a","payload":"00"})").json, "{}");
    EXPECT_EQ(changes_, 1);
    EXPECT_EQ(post("/EmitEvent", R"({"event":"","payload":"00"})").status, 400);
    EXPECT_EQ(post("/EmitEvent", R"({"event":"a","payload":"0"})").status, 400);
    EXPECT_EQ(post("/EmitEvent", R"({"event":"a"})").status, 400);
    EXPECT_EQ(get("/EmitEvent", "event=a&payload=00").status, 405);
    EXPECT_EQ(changes_, 1);
}

TEST_F(SimService, GivesNoKeysAndNoOtherPath) {
    for (const std::string path : {"/GetKey", "/GetTlsKey", "/Sign", "/", "/getquote"}) {
        EXPECT_EQ(post(path, "{}").status, 404) << path;
    }
    EXPECT_EQ(service_.handle({.method = "PUT", .path = "/Info", .query = {}, .body = {}}).status, 405);
}

}  // namespace
}  // namespace lumoz::simtee
