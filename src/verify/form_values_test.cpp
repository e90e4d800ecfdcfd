// SPDX-License-Identifier: Apache-2.0
#include "verify/form_values.hpp"

#include "crypto/sha2.hpp"

#include <gtest/gtest.h>

namespace lumoz::verify {
namespace {

constexpr std::string_view kForm =
    "--b1\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper"
    "\r\n--b1\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n"
    "Content-Type: audio/wav\r\n\r\nRIFF\r\n....\r\n--b1--\r\n";

std::optional<Digest256> hash_of(std::string_view body) {
    return form_values_sha256(as_bytes(body));
}

TEST(FormValues, AreHashedWithoutNamesAndBoundaries) {
    EXPECT_EQ(hash_of(kForm), crypto::sha256(as_bytes("whisperRIFF\r\n....")));
    std::string other(kForm);
    for (std::size_t at = other.find("b1"); at != std::string::npos; at = other.find("b1", at))
        other.replace(at, 2, "zz");
    EXPECT_EQ(hash_of(other), hash_of(kForm)) << "another boundary";
    other.replace(other.find("model"), 5, "owner");
    EXPECT_EQ(hash_of(other), hash_of(kForm)) << "another name: why this hash proves nothing";
}

TEST(FormValues, EveryCutIsNoForm) {
    const std::size_t whole = kForm.find("--\r\n", kForm.size() - 4) + 2;
    for (std::size_t size = 0; size < whole; ++size)
        EXPECT_EQ(hash_of(kForm.substr(0, size)), std::nullopt) << size;
    EXPECT_TRUE(hash_of(kForm.substr(0, whole)));
}

TEST(FormValues, OtherBodiesAreNoForms) {
    for (const std::string_view body :
         {R"({"model":"m"})", "-b\r\n\r\nx\r\n-b--", "--\r\n\r\nx\r\n----", "--b\n\nx\n--b--",
          "xxb\r\n\r\nx\r\nxxb--", "--b\r\nname\r\nx\r\n--b--"})
        EXPECT_EQ(hash_of(body), std::nullopt) << body;
    const std::string longest = "--" + std::string(70, 'b');
    EXPECT_TRUE(hash_of(longest + "\r\n\r\n\r\nx\r\n" + longest + "--"));
    EXPECT_FALSE(hash_of(longest + "b\r\n\r\n\r\nx\r\n" + longest + "b--"));
}

}  // namespace
}  // namespace lumoz::verify
