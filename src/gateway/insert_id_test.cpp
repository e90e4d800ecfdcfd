// SPDX-License-Identifier: Apache-2.0
#include "gateway/insert_id.hpp"

#include "crypto/sha2.hpp"

#include <gtest/gtest.h>

namespace lumoz::gateway {
namespace {

Bytes bytes_of(std::string_view text) {
    const ByteView view = as_bytes(text);
    return {view.begin(), view.end()};
}

TEST(InsertId, IsASpliceBehindTheBrace) {
    const std::string odd = " \r\n{ \"a\" :1e400,\"b\":[1.0, {\"id\":\"x\"}],\"c\":\"\\u00fc\xc3\xbc\"}\n";
    Bytes body = bytes_of(odd);
    const auto id = insert_id(body, "emb");
    ASSERT_TRUE(id);
    EXPECT_EQ(id->size(), 4U + 24U);
    EXPECT_TRUE(id->starts_with("emb-"));
    EXPECT_EQ(as_text(body), " \r\n{\"id\":\"" + *id + "\"," + odd.substr(4));
    Bytes empty = bytes_of("{ }");
    const auto other = insert_id(empty, "rerank");
    ASSERT_TRUE(other);
    EXPECT_EQ(as_text(empty), "{\"id\":\"" + *other + "\" }");
    EXPECT_NE(other->substr(7), id->substr(4));
}

TEST(InsertId, LeavesEverythingElseAlone) {
    for (const char* text : {"", "[]", "[{\"a\":1}]", "{\"id\":\"x\"}", "{\"id\":null}", "{\"\\u0069d\":1}",
                             "{\"a\":1,\"a\":2}", "{nope}", "hello", "{\"a\":1} x"}) {
        Bytes body = bytes_of(text);
        EXPECT_EQ(insert_id(body, "emb"), std::nullopt) << text;
        EXPECT_EQ(as_text(body), text);
    }
}

TEST(InsertId, EventIsCanonical) {
    EXPECT_EQ(
        inserted_id_event(crypto::sha256({})),
        "{\"engine_body_hash\":\"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\","
        "\"type\":\"lumoz.id_inserted\"}");
}

}  // namespace
}  // namespace lumoz::gateway
