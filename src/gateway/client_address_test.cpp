// SPDX-License-Identifier: Apache-2.0
#include "gateway/client_address.hpp"

#include <gtest/gtest.h>

#include <random>

namespace lumoz::gateway {
namespace {

ProxyTrust trust(std::initializer_list<std::string_view> proxies,
                 ForwardedHeader header = ForwardedHeader::XForwardedFor) {
    ProxyTrust out{.proxies = {}, .header = header};
    for (const std::string_view text : proxies)
        out.proxies.push_back(*parse_prefix(text));
    return out;
}

IpAddress ip(std::string_view text) {
    const std::optional<IpAddress> out = parse_ip(text);
    EXPECT_TRUE(out) << text;
    return out.value_or(IpAddress{});
}

TEST(IpAddress, ReadsNumericAddressesOnly) {
    EXPECT_EQ(ip("1.2.3.4"), ip("::ffff:1.2.3.4"));
    EXPECT_TRUE(ip("1.2.3.4").is_v4());
    EXPECT_FALSE(ip("::1.2.3.4").is_v4());
    for (const std::string_view bad :
         {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", "::1%lo", "[::1]", "localhost",
          ":::", "1::2::3", "0x7f.1", "1.2.3.4/8"})
        EXPECT_FALSE(parse_ip(bad)) << bad;
    EXPECT_FALSE(parse_ip(std::string_view("1.2.3.4\0", 8)));
}

TEST(IpAddress, ReadsPortsAndBrackets) {
    EXPECT_EQ(parse_ip_and_port("1.2.3.4:80"), ip("1.2.3.4"));
    EXPECT_EQ(parse_ip_and_port("[2001:db8::1]:443"), ip("2001:db8::1"));
    EXPECT_EQ(parse_ip_and_port("[2001:db8::1]"), ip("2001:db8::1"));
    EXPECT_EQ(parse_ip_and_port("2001:db8::1"), ip("2001:db8::1"));
    for (const std::string_view bad :
         {"1.2.3.4:", "1.2.3.4:70000", "1.2.3.4:a", "[1.2.3.4]:80", "[::1", "[::1]80", "[::1]:", "[::1]:-1",
          "[::1]:80:80", "unknown", "_hidden", "_SEVKISEK", ":80"})
        EXPECT_FALSE(parse_ip_and_port(bad)) << bad;
}

TEST(IpPrefix, HoldsItsAddressesOnly) {
    EXPECT_TRUE(parse_prefix("10.0.0.0/8")->contains(ip("10.255.0.1")));
    EXPECT_FALSE(parse_prefix("10.0.0.0/8")->contains(ip("11.0.0.1")));
    EXPECT_TRUE(parse_prefix("10.0.0.0/8")->contains(ip("::ffff:10.0.0.1")));
    EXPECT_TRUE(parse_prefix("fd00::/9")->contains(ip("fd7f::1")));
    EXPECT_FALSE(parse_prefix("fd00::/9")->contains(ip("fd80::1")));
    EXPECT_TRUE(parse_prefix("192.0.2.1")->contains(ip("192.0.2.1")));
    EXPECT_FALSE(parse_prefix("192.0.2.1")->contains(ip("192.0.2.2")));
    EXPECT_TRUE(parse_prefix("0.0.0.0/0")->contains(ip("8.8.8.8")));
    EXPECT_FALSE(parse_prefix("0.0.0.0/0")->contains(ip("2001:db8::1")));
    EXPECT_TRUE(parse_prefix("::/0")->contains(ip("8.8.8.8")));
    for (const std::string_view bad : {"", "10.0.0.0/33", "10.0.0.1/8", "::1/129", "fd00::1/8", "10.0.0.0/",
                                       "10.0.0.0/-1", "10/8", "10.0.0.0/8/8", "proxy.example", "[::1]"}) {
        const auto prefix = parse_prefix(bad);
        ASSERT_FALSE(prefix) << bad;
        EXPECT_EQ(prefix.error().rule, "E_CONFIG");
    }
}

TEST(ClientAddress, IsThePeerUnlessItIsTrusted) {
    const net::Headers spoofed{{"X-Forwarded-For", "9.9.9.9"}, {"Forwarded", "for=9.9.9.9"}};
    EXPECT_EQ(client_address("1.2.3.4:5", spoofed, trust({})), ip("1.2.3.4"));
    EXPECT_EQ(client_address("1.2.3.4:5", spoofed, trust({"1.2.3.5"})), ip("1.2.3.4"));
    EXPECT_EQ(client_address("[2001:db8::1]:5", spoofed, trust({"10.0.0.0/8"})), ip("2001:db8::1"));
    EXPECT_EQ(client_address("1.2.3.4:5", spoofed, trust({"1.2.3.4"})), ip("9.9.9.9"));
    EXPECT_FALSE(client_address("unix", spoofed, trust({"::/0"})));
}

TEST(ClientAddress, IsTheRightmostThatIsNoProxy) {
    struct Case {
        std::string_view value;
        std::string_view client;
    };
    for (const Case& c : std::vector<Case>{
             {"9.9.9.9", "9.9.9.9"},
             {"6.6.6.6, 9.9.9.9", "9.9.9.9"},
             {"6.6.6.6, 9.9.9.9, 10.0.0.7", "9.9.9.9"},
             {"6.6.6.6,9.9.9.9,10.0.0.7,10.0.0.8", "9.9.9.9"},
             {"2001:db8::9, [fd00::1]:99", "2001:db8::9"},
             {"9.9.9.9:1234", "9.9.9.9"},
             {"10.0.0.3, 10.0.0.4", "10.0.0.3"},
             {"", "10.0.0.1"},
             {" , ", "10.0.0.1"},
             {"unknown", "10.0.0.1"},
             {"6.6.6.6, unknown", "10.0.0.1"},
             {"6.6.6.6, garbage, 10.0.0.7", "10.0.0.7"},
             {"6.6.6.6, _obfuscated", "10.0.0.1"},
             {"6.6.6.6, <script>", "10.0.0.1"},
             {"6.6.6.6,", "6.6.6.6"},
         }) {
        const net::Headers headers{{"X-Forwarded-For", c.value}, {"Forwarded", "for=7.7.7.7"}};
        EXPECT_EQ(client_address("10.0.0.1:99", headers, trust({"10.0.0.0/8", "fd00::/8"})), ip(c.client))
            << c.value;
    }
}

TEST(ClientAddress, SeveralLinesAreOneList) {
    const net::Headers headers{
        {"X-Forwarded-For", "6.6.6.6"}, {"X-Other", "a"}, {"x-forwarded-for", "9.9.9.9"}};
    EXPECT_EQ(client_address("10.0.0.1:1", headers, trust({"10.0.0.0/8"})), ip("9.9.9.9"));
    const net::Headers proxies{{"X-Forwarded-For", "6.6.6.6"}, {"X-Forwarded-For", "10.0.0.9"}};
    EXPECT_EQ(client_address("10.0.0.1:1", proxies, trust({"10.0.0.0/8"})), ip("6.6.6.6"));
}

TEST(ClientAddress, ReadsForwarded) {
    struct Case {
        std::string_view value;
        std::string_view client;
    };
    for (const Case& c : std::vector<Case>{
             {"for=9.9.9.9", "9.9.9.9"},
             {"For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"},
             {"for=6.6.6.6;proto=http;by=203.0.113.43, for=9.9.9.9", "9.9.9.9"},
             {"for=9.9.9.9, for=10.0.0.7;by=10.0.0.8", "9.9.9.9"},
             {"proto=https; for=\"9.9.9.9:80\"", "9.9.9.9"},
             {"for=6.6.6.6, for=unknown", "10.0.0.1"},
             {"for=6.6.6.6, for=_gazonk", "10.0.0.1"},
             {"for=6.6.6.6, for=\"_gazonk\"", "10.0.0.1"},
             {"for=6.6.6.6, proto=https", "10.0.0.1"},
             {"by=6.6.6.6", "10.0.0.1"},
             {"for=9.9.9.9;ext=\"a,for=6.6.6.6\"", "9.9.9.9"},
             {"for=9.9.9.9;ext=\"\\\",for=6.6.6.6;\"", "9.9.9.9"},
             {"for=6.6.6.6;for=9.9.9.9", "10.0.0.1"},
             {"for=\"6.6.6.6", "10.0.0.1"},
             {"for=", "10.0.0.1"},
             {"for", "10.0.0.1"},
             {"6.6.6.6", "10.0.0.1"},
         }) {
        const net::Headers headers{{"Forwarded", c.value}, {"X-Forwarded-For", "7.7.7.7"}};
        EXPECT_EQ(client_address("10.0.0.1:99", headers, trust({"10.0.0.0/8"}, ForwardedHeader::Forwarded)),
                  ip(c.client))
            << c.value;
    }
}

// Whatever a client writes in front of what the proxy adds, it is the proxy's word that counts.
TEST(ClientAddress, NothingInFrontChangesIt) {
    std::mt19937 random(5);
    const std::string alphabet = "0123456789abcdef.:,;=\"\\[]_ \tforFOR%/-";
    for (int round = 0; round < 20'000; ++round) {
        std::string front;
        const std::size_t length = random() % 60;
        for (std::size_t i = 0; i < length; ++i)
            front.push_back(alphabet[random() % alphabet.size()]);
        const net::Headers plain{{"X-Forwarded-For", front + ", 9.9.9.9"}};
        ASSERT_EQ(client_address("10.0.0.1:1", plain, trust({"10.0.0.0/8"})), ip("9.9.9.9")) << front;
        const net::Headers own_line{{"Forwarded", front}, {"Forwarded", "for=9.9.9.9"}};
        ASSERT_EQ(client_address("10.0.0.1:1", own_line, trust({"10.0.0.0/8"}, ForwardedHeader::Forwarded)),
                  ip("9.9.9.9"))
            << front;
        const net::Headers alone{{"X-Forwarded-For", front}, {"Forwarded", front}};
        ASSERT_EQ(client_address("1.1.1.1:1", alone, trust({"10.0.0.0/8"})), ip("1.1.1.1")) << front;
        ASSERT_TRUE(client_address("10.0.0.1:1", alone, trust({"10.0.0.0/8"})));
    }
}

TEST(ClientAddress, LongListsCostABoundedWalk) {
    std::string many = "6.6.6.6";
    for (int i = 0; i < 1'000; ++i)
        many += ", 10.0.0.2";
    EXPECT_EQ(forwarded_entries(many, ForwardedHeader::XForwardedFor).size(), 64U);
    const net::Headers headers{{"X-Forwarded-For", many}};
    EXPECT_EQ(client_address("10.0.0.1:1", headers, trust({"10.0.0.0/8"})), ip("10.0.0.2"));
}

}  // namespace
}  // namespace lumoz::gateway
