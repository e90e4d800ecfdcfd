// SPDX-License-Identifier: Apache-2.0
#include "gateway/metrics.hpp"

#include <gtest/gtest.h>

#include <set>

namespace lumoz::gateway {
namespace {

TEST(Metrics, CountsByRouteAndStatus) {
    Metrics metrics;
    metrics.request_done(Page::ChatCompletions, 200, std::chrono::milliseconds(2));
    metrics.request_done(Page::ChatCompletions, 200, std::chrono::milliseconds(200));
    metrics.request_done(std::nullopt, 404, std::chrono::milliseconds(0));
    metrics.request_done(Page::Root, 418, std::chrono::milliseconds(0));
    std::string out;
    metrics.write(out);
    EXPECT_NE(out.find("lumoz_http_requests_total{endpoint=\"/v1/chat/completions\",status=\"200\"} 2\n"),
              std::string::npos);
    EXPECT_NE(out.find("lumoz_http_requests_total{endpoint=\"other\",status=\"404\"} 1\n"),
              std::string::npos);
    EXPECT_NE(out.find("lumoz_http_requests_total{endpoint=\"/\",status=\"other\"} 1\n"), std::string::npos);
    EXPECT_NE(out.find("endpoint=\"/v1/chat/completions\",le=\"0.0025\"} 1\n"), std::string::npos);
    EXPECT_NE(out.find("endpoint=\"/v1/chat/completions\",le=\"+Inf\"} 2\n"), std::string::npos);
}

TEST(Metrics, ThreadsAddUp) {
    Metrics a;
    Metrics b;
    a.receipts_issued.add(3);
    b.receipts_issued.add(4);
    a.error("unauthorized");
    b.error("never heard of");
    Metrics sum;
    a.add_to(sum);
    b.add_to(sum);
    std::string out;
    sum.write(out);
    EXPECT_NE(out.find("lumoz_receipts_issued_total 7\n"), std::string::npos);
    EXPECT_NE(out.find("error_type=\"unauthorized\"} 1\n"), std::string::npos);
    EXPECT_NE(out.find("error_type=\"other\"} 1\n"), std::string::npos);
}

TEST(Metrics, EveryPageHasAName) {
    std::set<std::string_view> names;
    for (std::size_t p = 0; p < kPageCount; ++p) {
        const std::string_view name = page_name(static_cast<Page>(p));
        EXPECT_TRUE(names.insert(name).second) << name;
        Metrics metrics;
        metrics.request_done(static_cast<Page>(p), 200, {});
        std::string out;
        metrics.write(out);
        EXPECT_NE(out.find("endpoint=\"" + std::string(name) + "\",status=\"200\"} 1\n"), std::string::npos)
            << name;
    }
    EXPECT_EQ(page_name(Page::CatchAll), "/v1/{path}");
}

}  // namespace
}  // namespace lumoz::gateway
