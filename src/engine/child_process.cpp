// SPDX-License-Identifier: Apache-2.0
#include "engine/child_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char** environ;

namespace lumoz::engine {

namespace {

/// What the child needs, made before the fork: behind it only async-signal-safe calls are allowed.
struct Plan {
    std::vector<char*> argv;
    std::vector<char*> envp;
    int null_fd = -1;
    int output_fd = -1;
    pid_t parent = 0;
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> out;
    out.reserve(texts.size() + 1);
    for (const std::string& text : texts) {
        out.push_back(const_cast<char*>(text.c_str()));
    }
    out.push_back(nullptr);
    return out;
}

void close_from(unsigned first) {
    if (::syscall(SYS_close_range, first, ~0U, 0U) == 0) return;
    // Kernels before 5.9.
    for (int fd = static_cast<int>(first); fd < 65536; ++fd) {
        (void)::close(fd);
    }
}

[[noreturn]] void become_child(const Plan& plan) {
    (void)::setpgid(0, 0);
    (void)::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    // The parent may have died before the line above.
    if (::getppid() != plan.parent) ::_exit(126);
    (void)::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const rlimit no_core{0, 0};
    (void)::setrlimit(RLIMIT_CORE, &no_core);
    struct sigaction usual{};
    usual.sa_handler = SIG_DFL;
    for (int signal = 1; signal < 32; ++signal) {
        (void)::sigaction(signal, &usual, nullptr);
    }
    sigset_t none;
    (void)::sigemptyset(&none);
    (void)::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (::dup2(plan.null_fd, 0) < 0 || ::dup2(plan.output_fd, 1) < 0 || ::dup2(plan.output_fd, 2) < 0) {
        ::_exit(126);
    }
    close_from(3);
    (void)::execve(plan.argv[0], plan.argv.data(), plan.envp.data());
    ::_exit(127);
}

std::unexpected<Error> spawn_error(std::string_view where) {
    return fail(Errc::Io, "E_ENGINE_SPAWN", where, "errno " + std::to_string(errno));
}

}  // namespace

Result<ChildProcess> spawn_child(const std::vector<std::string>& arguments,
                                 const std::vector<std::string>& environment) {
    Plan plan{pointers(arguments), pointers(environment), -1, -1, ::getpid()};
    std::array<int, 2> pipe_fds{-1, -1};
    if (::pipe2(pipe_fds.data(), O_CLOEXEC | O_NONBLOCK) != 0) return spawn_error("engine.child.pipe");
    plan.output_fd = pipe_fds[1];
    // The engine writes in its own time: only our end does not wait.
    (void)::fcntl(plan.output_fd, F_SETFL, 0);
    plan.null_fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (plan.null_fd < 0) {
        const auto failed = spawn_error("engine.child.null");
        (void)::close(pipe_fds[0]);
        (void)::close(pipe_fds[1]);
        return failed;
    }
    const pid_t pid = ::fork();
    if (pid == 0) become_child(plan);
    const int fork_errno = errno;
    (void)::close(plan.null_fd);
    (void)::close(plan.output_fd);
    if (pid < 0) {
        (void)::close(pipe_fds[0]);
        errno = fork_errno;
        return spawn_error("engine.child.fork");
    }
    // Also here: a signal to the group must not miss a child that has not come so far yet.
    (void)::setpgid(pid, pid);
    return ChildProcess{pid, pipe_fds[0]};
}

std::vector<std::string> engine_environment() {
    static constexpr std::array<std::string_view, 9> kNames = {
        "PATH=", "HOME=", "LANG=", "LC_ALL=", "TMPDIR=", "LD_LIBRARY_PATH=", "CUDA_", "GGML_", "OMP_"};
    std::vector<std::string> out;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        if (std::ranges::any_of(kNames, [&](std::string_view name) { return text.starts_with(name); })) {
            out.emplace_back(text);
        }
    }
    return out;
}

}  // namespace lumoz::engine
