// SPDX-License-Identifier: Apache-2.0
#include "base/hex.hpp"
#include "crypto/der.hpp"

#include <gtest/gtest.h>

namespace lumoz::crypto::der {
namespace {

const Bytes kContent = element(kOctetString, Bytes(100, 0xab));

TEST(Pem, RoundTrips) {
    const std::string text = to_pem("CERTIFICATE", kContent) + to_pem("X509 CRL", Bytes{1});
    const auto blocks = parse_pem(text);
    ASSERT_TRUE(blocks.has_value()) << blocks.error().detail;
    ASSERT_EQ(blocks->size(), 2U);
    EXPECT_EQ((*blocks)[0].label, "CERTIFICATE");
    EXPECT_EQ((*blocks)[0].der, kContent);
    EXPECT_EQ((*blocks)[1].label, "X509 CRL");
    EXPECT_EQ((*blocks)[1].der, Bytes{1});
}

TEST(Pem, AcceptsLineEndsAndFinalNulsOfQuotes) {
    std::string crlf;
    for (const char c : to_pem("CERTIFICATE", kContent))
        crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
    EXPECT_TRUE(parse_pem(crlf).has_value());
    EXPECT_TRUE(parse_pem("\n\r\n" + crlf + "\n" + crlf + std::string(3, '\0')).has_value());
    std::string no_last_newline = to_pem("CERTIFICATE", kContent);
    no_last_newline.pop_back();
    EXPECT_TRUE(parse_pem(no_last_newline).has_value());
    EXPECT_TRUE(parse_pem("").value().empty());
}

TEST(Pem, RefusesEverythingElse) {
    const std::string good = to_pem("CERTIFICATE", kContent);
    const auto replaced = [&](std::string_view from, std::string_view to) {
        std::string text = good;
        const std::size_t at = text.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        return text.replace(at, from.size(), to);
    };
    for (const std::string& text : {"text\n" + good,
                                    good + "text\n",
                                    good + " ",
                                    " " + good,
                                    good + std::string("\0x", 2),
                                    std::string("x"),
                                    replaced("END CERT", "END cert"),
                                    replaced("END CERTIFICATE", "END X"),
                                    replaced("BEGIN CERTIFICATE", "BEGIN "),
                                    replaced("BEGIN CERTIFICATE", "BEGIN certificate"),
                                    replaced("-----\n", "-----"),
                                    replaced("-----\n", "----\n"),
                                    replaced("\n-----END", "-----END"),
                                    replaced("q6", "q!"),
                                    replaced("q6", "q 6"),
                                    replaced("q6urq", "q6=urq"),
                                    replaced("\n-----END", "=\n-----END"),
                                    std::string("-----BEGIN A-----\n-----END A-----\n"),
                                    std::string("-----BEGIN A-----\nZh==\n-----END A-----\n"),
                                    std::string("-----BEGIN A-----\nProc-Type: 4\n\nZg==\n-----END A-----\n"),
                                    std::string("-----BEGIN A-----\nZg==\n-----END A-----x")}) {
        const auto blocks = parse_pem(text);
        ASSERT_FALSE(blocks.has_value()) << text;
        EXPECT_EQ(blocks.error().rule, "E_PEM");
    }
}

TEST(Pem, EveryCutIsRefused) {
    const std::string good = to_pem("CERTIFICATE", kContent);
    for (std::size_t cut = 1; cut + 1 < good.size(); ++cut)
        ASSERT_FALSE(parse_pem(std::string_view(good).substr(0, cut)).has_value()) << cut;
}

}  // namespace
}  // namespace lumoz::crypto::der
