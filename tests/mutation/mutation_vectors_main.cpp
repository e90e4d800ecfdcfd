// SPDX-License-Identifier: Apache-2.0
// The cases of a vector manifest against many mutants, each in a child process that ends at the first case
// that fails: `mutation_vectors MANIFEST --reach KIND…` prints the mutants that a case passes, else ids are
// read from stdin, one a line, and `ID killed CASE`, `ID killed crash`, `ID killed time` or `ID survived`
// printed.
#include "app/vectors/runner.hpp"
#include "app/vectors/suites.hpp"
#include "mutant.hpp"

#include <cstdio>
#include <cstring>
#include <iostream>
#include <memory>
#include <set>
#include <sys/wait.h>
#include <unistd.h>

namespace {

namespace vectors = lumoz::app::vectors;
namespace mutation = lumoz::mutation;

constexpr unsigned kSecondsPerMutant = 20;

vectors::Handlers all_handlers() {
    vectors::Handlers handlers;
    vectors::add_primitives(handlers);
    vectors::add_signing(handlers);
    vectors::add_aci(handlers);
    vectors::add_tdx(handlers);
    vectors::add_event_logs(handlers);
    return handlers;
}

/// Cases whose number `wanted` takes are run and go to `after`; the others count as passed.
template <class W, class F>
vectors::Handlers each(const W& wanted, const F& after) {
    const auto number = std::make_shared<std::size_t>(0);
    vectors::Handlers out;
    for (auto& [kind, handler] : all_handlers())
        out[kind] = [number, wanted, handler, after](const vectors::Case& one) {
            if (!wanted((*number)++)) return lumoz::Status();
            const lumoz::Status status = handler(one);
            after(one, status);
            return status;
        };
    return out;
}

/// Which mutants each case passes, by their order; filled by a first run without a mutant.
std::vector<std::set<std::uint32_t>> passed_by_case;

/// Runs every case once, unmutated. False, and the cases on stdout, when one fails.
bool learn(const vectors::Options& options) {
    mutation::chosen = 0;
    mutation::tracing = true;
    mutation::drain([](std::uint32_t) {});
    const auto note = [](const vectors::Case& one, const lumoz::Status& status) {
        if (!status) std::printf("%s fails unmutated: %s\n", one.id.c_str(), status.error().detail.c_str());
        passed_by_case.emplace_back();
        mutation::drain([](std::uint32_t mutant) { passed_by_case.back().insert(mutant); });
    };
    const auto summary = vectors::run(options, each([](std::size_t) { return true; }, note));
    mutation::tracing = false;
    return summary && summary->failed == 0;
}

int reach() {
    std::set<std::uint32_t> all;
    for (const auto& passed : passed_by_case)
        all.insert(passed.begin(), passed.end());
    for (const std::uint32_t mutant : all)
        std::printf("%08x\n", mutant);
    return 0;
}

[[noreturn]] void child(const vectors::Options& options, int out) {
    ::alarm(kSecondsPerMutant);
    const auto stop = [out](const vectors::Case& one, const lumoz::Status& status) {
        if (status) return;
        if (::write(out, one.id.data(), one.id.size()) < 0) ::_exit(2);
        ::_exit(1);
    };
    const auto wanted = [](std::size_t i) { return passed_by_case[i].contains(mutation::chosen); };
    const auto summary = vectors::run(options, each(wanted, stop));
    ::_exit(summary && summary->failed == 0 ? 0 : 1);
}

std::string verdict_of(const vectors::Options& options) {
    int pipe[2];
    if (::pipe(pipe) != 0) return "failed to start";
    const pid_t pid = ::fork();
    if (pid == 0) child(options, pipe[1]);
    ::close(pipe[1]);
    std::array<char, 256> text{};
    const ssize_t size = ::read(pipe[0], text.data(), text.size());
    ::close(pipe[0]);
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (WIFSIGNALED(status)) return WTERMSIG(status) == SIGALRM ? "killed time" : "killed crash";
    if (WEXITSTATUS(status) == 0) return "survived";
    return "killed " + std::string(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return 1;
    vectors::Options options;
    options.manifest = argv[1];
    bool tracing = false;
    for (int i = 2; i < argc; ++i) {
        if (std::strcmp(argv[i], "--reach") == 0) {
            tracing = true;
        } else {
            options.kinds.emplace_back(argv[i]);
        }
    }
    if (!learn(options)) return 1;
    if (tracing) return reach();
    for (std::string line; std::getline(std::cin, line);) {
        mutation::chosen = static_cast<std::uint32_t>(std::strtoul(line.c_str(), nullptr, 16));
        std::printf("%s %s\n", line.c_str(), verdict_of(options).c_str());
        std::fflush(stdout);
    }
    return 0;
}
