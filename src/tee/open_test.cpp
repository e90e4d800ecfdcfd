// SPDX-License-Identifier: Apache-2.0
#include "tee/device.hpp"
#include "tee/testing/fake_agent.hpp"
#include "tee/testing/temp_tree.hpp"

#include <gtest/gtest.h>

namespace lumoz::tee {
namespace {

/// Options that look for everything below a folder.
OpenOptions below(const testing::TempTree& tree) {
    OpenOptions options;
    options.root = tree.root();
    options.time_limit = std::chrono::milliseconds(1000);
    return options;
}

std::string detail_of(const OpenOptions& options) {
    const auto device = open(options);
    EXPECT_FALSE(device);
    return device ? std::string() : device.error().detail;
}

TEST(TeeOpen, NamesEverythingItLookedForALineEach) {
    const testing::TempTree tree;
    const auto device = open(below(tree));
    ASSERT_FALSE(device);
    EXPECT_EQ(device.error().rule, "E_TEE_NONE");
    const std::string& detail = device.error().detail;
    std::size_t at = 0;
    std::vector<std::string> places;
    for (const std::string_view socket : agent_sockets())
        places.push_back("\n  guest agent at " + tree.root().string() + std::string(socket) +
                         ": connect: No such");
    places.push_back(
        "\n  configfs-tsm at " + tree.root().string() +
        "/sys/kernel/config/tsm/report: mkdir: No such file or directory (configfs is not mounted");
    places.push_back("\n  TDX device at " + tree.root().string() +
                     "/dev/tdx_guest with quote service: open: No such file");
    for (const std::string& place : places) {
        const std::size_t found = detail.find(place);
        ASSERT_NE(found, std::string::npos) << place << " in " << detail;
        EXPECT_GE(found, at) << place;
        at = found;
    }
    EXPECT_EQ(std::ranges::count(detail, '\n'), 10);
}

TEST(TeeOpen, SaysWhatIsWrongWithWhatItFinds) {
    const testing::TempTree tree;
    tree.write("run/dstack.sock", "not a socket");
    std::filesystem::create_directories(tree.root() / "sys/kernel/config/tsm/report");
    tree.write("dev/tdx_guest", "");
    tree.write("etc/tdx-attest.conf", "port = none\n");
    const std::string detail = detail_of(below(tree));
    EXPECT_NE(detail.find("/run/dstack.sock: connect: Connection refused"), std::string::npos) << detail;
    EXPECT_NE(detail.find("tsm/report: provider: No such file or directory"), std::string::npos) << detail;
    EXPECT_NE(detail.find("quote service: the quote service's port is not a number"), std::string::npos)
        << detail;
    // The folder of the look is gone.
    EXPECT_TRUE(std::filesystem::is_empty(tree.root() / "sys/kernel/config/tsm/report"));
}

TEST(TeeOpen, FindsAgentsByTheirOlderNames) {
    for (const std::string_view socket : agent_sockets()) {
        const testing::TempTree tree;
        const testing::FakeAgent agent([](const std::string&, const auto&) {});
        const std::filesystem::path place = tree.root() / socket.substr(1);
        std::filesystem::create_directories(place.parent_path());
        std::filesystem::create_symlink(agent.path(), place);
        const auto device = open(below(tree));
        ASSERT_TRUE(device) << socket << device.error().detail;
        EXPECT_EQ((*device)->kind(), "guest-agent");
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
