// SPDX-License-Identifier: Apache-2.0
// The program as a process: what it says, what it leaves, how it ends.
#include "base/hex.hpp"
#include "base/json.hpp"
#include "evidence/collateral.hpp"
#include "simtee/machine.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace lumoz::simtee {
namespace {

using namespace std::chrono_literals;

class SimProgram : public ::testing::Test {
protected:
    void SetUp() override {
        const std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
        dir_ =
            std::filesystem::temp_directory_path() / ("lumoz-program-" + std::to_string(::getpid()) + name);
        std::filesystem::remove_all(dir_);
        std::filesystem::create_directories(dir_);
    }
    void TearDown() override {
        if (child_ > 0) {
            ::kill(child_, SIGKILL);
            ::waitpid(child_, nullptr, 0);
        }
        std::filesystem::remove_all(dir_);
    }

    /// Starts it with stderr in DIR/log.
    void start(const std::vector<std::string>& arguments) {
        std::vector<std::string> all = {LUMOZ_SIMTEE_PROGRAM};
        all.insert(all.end(), arguments.begin(), arguments.end());
        std::vector<char*> argv;
        for (std::string& argument : all) {
            argv.push_back(argument.data());
        }
        argv.push_back(nullptr);
        const std::string log = (dir_ / "log").string();
        std::filesystem::remove(log);
        child_ = ::fork();
        if (child_ == 0) {
            const int fd = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
            ::dup2(fd, STDERR_FILENO);
            ::execv(argv[0], argv.data());
            ::_exit(127);
        }
    }
    std::vector<std::string> usual() const {
        return {"--socket",   (dir_ / "s").string(),   "--state", (dir_ / "state").string(),
                "--root-out", (dir_ / "root").string()};
    }
    bool listening() const {
        for (int i = 0; i < 1000; ++i) {
            if (read("log").find("\"event\":\"listening\",\"address\":\"") != std::string::npos) return true;
            std::this_thread::sleep_for(10ms);
        }
        return false;
    }
    int end(int signal) {
        if (signal != 0) ::kill(child_, signal);
        int status = 0;
        ::waitpid(child_, &status, 0);
        child_ = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    std::string read(std::string_view name) const {
        std::ifstream in(dir_ / name, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    }

    std::filesystem::path dir_;
    pid_t child_ = 0;
};

TEST_F(SimProgram, SaysSimulatedServesAndEndsOnSigterm) {
    start(usual());
    ASSERT_TRUE(listening()) << read("log");
    EXPECT_NE(read("log").find("\"event\":\"SIMULATED\""), std::string::npos);
    EXPECT_TRUE(std::filesystem::is_socket(dir_ / "s"));
    EXPECT_TRUE(evidence::Collateral::parse(read("state/collateral.json")));
    EXPECT_TRUE(json::Document::parse(read("state/policy.json")));
    EXPECT_EQ(read("root").size(), 65U);
    EXPECT_EQ(end(SIGTERM), 0);
    EXPECT_FALSE(std::filesystem::exists(dir_ / "s"));
}

TEST_F(SimProgram, KeepsItsRootOverARestartAndAKill) {
    start(usual());
    ASSERT_TRUE(listening());
    const std::string root = read("root");
    end(SIGKILL);
    start(usual());
    ASSERT_TRUE(listening()) << read("log");
    EXPECT_EQ(read("root"), root);
    EXPECT_EQ(end(SIGINT), 0);
}

TEST_F(SimProgram, TakesItsKeysFromASeed) {
    auto arguments = usual();
    arguments.insert(arguments.end(), {"--seed", std::string(64, '5')});
    start(arguments);
    ASSERT_TRUE(listening()) << read("log");
    const Machine machine(*fixed_from_hex<Digest256>(std::string(64, '5')));
    EXPECT_EQ(read("root"), to_hex(machine.vendor().root_pin().view()) + "\n");
    EXPECT_EQ(read("state/policy.json"), machine.policy_json() + "\n");
    EXPECT_EQ(end(SIGTERM), 0);
}

TEST_F(SimProgram, RefusesAWrongCall) {
    start({"--socket", "/s"});
    EXPECT_EQ(end(0), 1);
    EXPECT_NE(read("log").find("E_USAGE"), std::string::npos);
}

}  // namespace
}  // namespace lumoz::simtee
