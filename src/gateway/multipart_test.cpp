// SPDX-License-Identifier: Apache-2.0
#include "gateway/multipart.hpp"

#include <gtest/gtest.h>

namespace lumoz::gateway {
namespace {

const std::string kBoundary = "XyZ-09";

std::string part(const std::string& disposition, const std::string& value) {
    return "--" + kBoundary + "\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + value +
           "\r\n";
}
const std::string kEnd = "--" + kBoundary + "--\r\n";

/// value, `none` (whole, no such field), `open` (not settled) or `malformed`; the same for every piece size.
std::string read(const std::string& body, bool whole = true) {
    std::string first;
    for (const std::size_t step : {body.size() + 1, std::size_t{1}, std::size_t{2}, std::size_t{7}}) {
        MultipartScanner scanner(kBoundary, "model");
        for (std::size_t at = 0; at < body.size(); at += step)
            scanner.feed(as_bytes(std::string_view(body).substr(at, step)));
        if (whole) scanner.end();
        std::string verdict = scanner.malformed() ? "malformed" : scanner.settled() ? "none" : "open";
        if (scanner.value()) verdict = "=" + *scanner.value();
        if (first.empty()) first = verdict;
        EXPECT_EQ(verdict, first) << "in pieces of " << step << ": " << body;
    }
    return first;
}

TEST(Multipart, FindsTheFieldWhereverItStands) {
    EXPECT_EQ(read(part("name=\"model\"", "whisper") + kEnd), "=whisper");
    EXPECT_EQ(read(part("name=model", "whisper") + kEnd), "=whisper");
    EXPECT_EQ(read(part("name=\"file\"; filename=\"a.wav\"", std::string("RIFF\r\n--Xy\0\r\r\n", 14)) +
                   part("name=\"model\"", "whisper") + kEnd),
              "=whisper");
    EXPECT_EQ(read(part("name=\"model\"", "a\r\n--XyZ\r\n") + kEnd), "=a\r\n--XyZ\r\n");
    EXPECT_EQ(read(part("name=\"model\"", "") + kEnd), "=");
    EXPECT_EQ(read("--" + kBoundary +
                   " \t\r\nX: y\r\ncontent-disposition:form-data;name=\"model\"\r\n\r\nw\r\n" + kEnd),
              "=w");
}

TEST(Multipart, OtherFieldsAreNotIt) {
    EXPECT_EQ(read(kEnd), "none");
    EXPECT_EQ(read(part("name=\"Model\"", "x") + kEnd), "none");
    EXPECT_EQ(read(part("name=\"model\"; filename=\"f\"", "x") + kEnd), "none");
    EXPECT_EQ(read(part("name=\"models\"", "x") + kEnd), "none");
    EXPECT_EQ(read("--" + kBoundary + "\r\n\r\nname=\"model\"\r\n" + kEnd), "none");
    EXPECT_EQ(
        read("--" + kBoundary + "\r\nContent-Disposition: attachment; name=\"model\"\r\n\r\nx\r\n" + kEnd),
        "none");
}

TEST(Multipart, WhatIsNotWholeIsNotSettled) {
    const std::string body =
        part("name=\"file\"; filename=\"a\"", "x") + part("name=\"model\"", "whisper") + kEnd;
    const std::size_t settled = body.size() - 4;  // the delimiter behind the value
    for (std::size_t size = 0; size < body.size(); ++size)
        EXPECT_EQ(read(body.substr(0, size), false), size < settled ? "open" : "=whisper") << size;
}

TEST(Multipart, RefusesWhatIsNotTheBoundarysBody) {
    for (const std::string& body :
         {std::string(), std::string("{}"), "preamble\r\n" + part("name=\"a\"", "x") + kEnd,
          "\r\n" + part("name=\"a\"", "x") + kEnd, std::string("--XyZ-0\r\n\r\n"), "--" + kBoundary + "x\r\n",
          "--" + kBoundary + "\n\n", "--" + kBoundary + "-x", part("name=\"a\"", "x"),
          part("name=\"a\"", "x\r\n--XyZ-09junk") + kEnd,
          "--" + kBoundary + "\r\nX: " + std::string(9'000, 'a') + "\r\n\r\nx\r\n" + kEnd,
          part("name=\"model\"", std::string(257, 'm')) + kEnd,
          part("name=\"model\"", std::string(100'000, 'm'))})
        EXPECT_EQ(read(body), "malformed") << body.substr(0, 80);
}

TEST(Multipart, BoundariesOfContentTypes) {
    EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=abc"), "abc");
    EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=\"a b\""), "a b");
    EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=" + std::string(70, 'a')),
              std::string(70, 'a'));
    for (const std::string& type :
         {std::string("multipart/form-data"), std::string("multipart/form-data; boundary=\"\""),
          "multipart/form-data; boundary=" + std::string(71, 'a'),
          std::string("multipart/form-data; boundary=\"a \""),
          std::string("multipart/form-data; boundary=a{b"),
          std::string("multipart/form-data; boundary=\"a\rb\""),
          std::string("multipart/form-data; boundary=a; boundary=a")})
        EXPECT_EQ(multipart_boundary(type), std::nullopt) << type;
}

}  // namespace
}  // namespace lumoz::gateway
