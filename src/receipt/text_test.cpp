// SPDX-License-Identifier: Apache-2.0
#include "receipt/text.hpp"

#include "base/hex.hpp"
#include "base/json.hpp"
#include "base/testing.hpp"
#include "crypto/sha2.hpp"

#include <gtest/gtest.h>

namespace lumoz::receipt {
namespace {

TEST(SignatureText, IsTwoHashesJoinedByAColon) {
    const RequestHash request = *fixed_from_hex<RequestHash>(std::string(64, 'a'));
    const ResponseHash response = *fixed_from_hex<ResponseHash>(std::string(64, 'B'));
    const std::string text = signature_text(request, response);
    EXPECT_EQ(text, std::string(64, 'a') + ":" + std::string(64, 'b'));
    EXPECT_EQ(text.size(), kTextSize);
}

TEST(SignatureText, RefusesAModelNameThatBreaksTheThreePartForm) {
    const auto bad = signature_text_with_model("qwen:7b", {}, {});
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().rule, "E_TEXT_MODEL");
    EXPECT_EQ(bad.error().where, "receipt.text.model");
    EXPECT_FALSE(signature_text_with_model("", {}, {}));
}

TEST(SignatureText, AgreesWithTheSharedVectors) {
    const auto dir = testing::vectors_dir();
    if (!dir) GTEST_SKIP() << "no shared vectors here; set LUMOZ_VECTORS";
    const std::string file = testing::read_file(*dir / "api/signature_text.json");
    const auto document = json::Document::parse(file, {.max_bytes = std::size_t{8} << 20, .max_depth = 16});
    ASSERT_TRUE(document) << document.error().detail;
    std::size_t seen = 0;
    for (const json::Value& item : document->root().find("cases")->elements()) {
        const auto text_of = [&](std::string_view name) { return *item.find(name)->as_string(); };
        SCOPED_TRACE(text_of("id"));
        const Bytes request = *from_base64(text_of("request_body_b64"));
        const Bytes response = *from_base64(text_of("response_body_b64"));
        const RequestHash request_hash(crypto::sha256(request).bytes);
        const ResponseHash response_hash(crypto::sha256(response).bytes);
        EXPECT_EQ(signature_text(request_hash, response_hash), text_of("text"));
        const auto with_model = signature_text_with_model(text_of("model"), request_hash, response_hash);
        if (text_of("model").find(':') == std::string::npos) {
            ASSERT_TRUE(with_model);
            EXPECT_EQ(*with_model, text_of("text_with_model"));
        } else {
            EXPECT_FALSE(with_model);
        }
        ++seen;
    }
    EXPECT_GE(seen, 10U);
}

}  // namespace
}  // namespace lumoz::receipt
