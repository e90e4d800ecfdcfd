// SPDX-License-Identifier: Apache-2.0
#include "app/process/child.hpp"

#include "app/output/files.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace lumoz::app {
namespace {

std::unexpected<Error> spawn_error(const std::string& program, int code) {
    return fail(Errc::Io, "E_SPAWN", "app.child", program + ": " + std::strerror(code));
}

/// Between fork and exec: only async-signal-safe calls.
[[noreturn]] void become(const char* program, char* const* argv, const char* log, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    const int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int out = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    execv(program, argv);
    _exit(127);
}

std::string log_tail(const std::string& path) {
    const auto content = read_text(path, std::size_t{64} << 20);
    if (!content) return {};
    constexpr std::size_t kShown = 2000;
    return content->size() > kShown ? content->substr(content->size() - kShown) : *content;
}

std::optional<std::string> find_line(const std::string& path, std::string_view text) {
    const auto content = read_text(path, std::size_t{64} << 20);
    if (!content) return std::nullopt;
    const std::size_t at = content->find(text);
    const std::size_t end = content->find('\n', at);
    if (at == std::string::npos || end == std::string::npos) return std::nullopt;
    const std::size_t before = content->rfind('\n', at);
    const std::size_t begin = before == std::string::npos ? 0 : before + 1;
    return content->substr(begin, end - begin);
}

}  // namespace

Result<Child> Child::start(const std::string& program, const std::vector<std::string>& arguments,
                           const std::string& log) {
    if (access(program.c_str(), X_OK) != 0) return spawn_error(program, errno);
    std::vector<std::string> words = {program};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid == 0) become(program.c_str(), argv.data(), log.c_str(), parent);
    if (pid < 0) return spawn_error(program, errno);
    return Child(pid, program, log);
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), program_(std::move(other.program_)), log_(std::move(other.log_)) {}

Child::~Child() {
    if (pid_ <= 0) return;
    kill(pid_, SIGTERM);
    for (int i = 0; i < 200; ++i) {
        if (ended()) return;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
}

bool Child::ended() {
    if (pid_ > 0 && waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = -1;
    return pid_ <= 0;
}

Result<std::string> Child::wait_for_line(std::string_view text, std::chrono::milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    for (;;) {
        const bool gone = ended();
        if (auto line = find_line(log_, text)) return *std::move(line);
        if (gone) return fail(Errc::Io, "E_CHILD_ENDED", "app.child", program_ + " ended: " + log_tail(log_));
        if (std::chrono::steady_clock::now() >= end) {
            return fail(Errc::Timeout, "E_CHILD_TIMEOUT", "app.child",
                        program_ + " did not become ready: " + log_tail(log_));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

std::string own_folder() {
    std::error_code error;
    return std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
}

}  // namespace lumoz::app
