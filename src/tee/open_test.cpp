// SPDX-License-Identifier: Apache-2.0
#include "tee/device.hpp"
#include "tee/testing/fake_agent.hpp"

#include <gtest/gtest.h>

namespace lumoz::tee {
namespace {

TEST(TeeOpen, NamesEverythingItLookedFor) {
    const auto device =
        open({.guest_agent_socket = {}, .configfs_root = "/nonexistent/tsm/report", .time_limit = {}});
    ASSERT_FALSE(device);
    EXPECT_EQ(device.error().rule, "E_TEE_NONE");
    for (const std::string_view place :
         {"/var/run/dstack.sock (", "/var/run/dstack/dstack.sock (", "/nonexistent/tsm/report ("}) {
        EXPECT_NE(device.error().detail.find(place), std::string::npos) << device.error().detail;
    }
}

TEST(TeeOpen, TriesOnlyTheSocketThatIsNamed) {
    const auto device = open({.guest_agent_socket = "/nonexistent/agent.sock"});
    ASSERT_FALSE(device);
    EXPECT_EQ(device.error().rule, "E_TEE_NONE");
    EXPECT_EQ(device.error().detail.find("configfs"), std::string::npos);
    EXPECT_EQ(device.error().detail.find("dstack"), std::string::npos);
}

TEST(TeeOpen, RefusesAPathThatIsTooLongForASocket) {
    const auto device = open({.guest_agent_socket = "/" + std::string(200, 'a')});
    ASSERT_FALSE(device);
    EXPECT_NE(device.error().detail.find("too long"), std::string::npos);
}

TEST(TeeOpen, FindsTheAgent) {
    const testing::FakeAgent agent([](const std::string&, const auto&) {});
    const auto device = open({.guest_agent_socket = agent.path()});
    ASSERT_TRUE(device);
    EXPECT_EQ((*device)->kind(), "guest-agent");
}

TEST(TeeOpen, HeedsNoEnvironment) {
    const testing::FakeAgent agent([](const std::string&, const auto&) {});
    ::setenv("DSTACK_SIMULATOR_ENDPOINT", agent.path().c_str(), 1);
    const auto device = open({.guest_agent_socket = {}, .configfs_root = "/nonexistent", .time_limit = {}});
    ::unsetenv("DSTACK_SIMULATOR_ENDPOINT");
    EXPECT_FALSE(device);
}

}  // namespace
}  // namespace lumoz::tee
