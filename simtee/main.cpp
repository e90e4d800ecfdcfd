// SPDX-License-Identifier: Apache-2.0
// lumoz-simtee: a stand-in for TEE hardware on a developer's machine. It proves nothing, and says so.
#include "base/hex.hpp"
#include "base/log.hpp"
#include "simtee/options.hpp"
#include "simtee/server.hpp"
#include "simtee/state.hpp"

#include <csignal>
#include <cstdio>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace lumoz::simtee {
namespace {

constexpr int kRenewalCheckMs = 60000;

int report(const Error& error) {
    log::error("failed",
               {{"rule", error.rule}, {"where", error.where}, {"detail", std::string_view(error.detail)}});
    return exit_code(error.code);
}

Result<Digest256> seed_of(const Options& options) {
    if (!options.seed) return load_or_make_seed(options.state);
    std::error_code error;
    std::filesystem::create_directories(options.state, error);
    if (error) return fail(Errc::Io, "E_STATE", "simtee.state", error.message());
    return *options.seed;
}

/// A descriptor that is readable once SIGTERM or SIGINT came. Threads made later inherit the mask.
int termination_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    return ::signalfd(-1, &set, SFD_CLOEXEC);
}

/// Renews the collateral until it is time to end.
void keep_fresh(PublishedFiles& files, int signals) {
    const SystemClock clock;
    for (;;) {
        pollfd entry{.fd = signals, .events = POLLIN, .revents = 0};
        if (::poll(&entry, 1, kRenewalCheckMs) > 0) return;
        const auto renewed = files.renew_collateral(clock.now());
        if (!renewed) log::error("collateral", {{"detail", std::string_view(renewed.error().detail)}});
    }
}

Status run(const Options& options) {
    const int signals = termination_signals();
    if (signals < 0) return fail(Errc::Internal, "E_SIGNALS", "simtee.main", "no signalfd");
    LUMOZ_TRY(const Digest256 seed, seed_of(options));
    Machine machine(seed);
    PublishedFiles files(options.state, machine);
    LUMOZ_CHECK_OK(files.renew_collateral(SystemClock().now()));
    LUMOZ_CHECK_OK(files.write_policy());
    const std::string pin = to_hex(machine.vendor().root_pin().view());
    if (!options.root_out.empty()) {
        LUMOZ_CHECK_OK(write_atomically(options.root_out, pin + "\n"));
    }

    const Service service(machine, [&files] {
        const Status written = files.write_policy();
        if (!written) log::error("policy", {{"detail", std::string_view(written.error().detail)}});
    });
    LUMOZ_TRY(const auto server, Server::listen(options.socket, service, {}));
    log::warn("SIMULATED", {{"detail", "this is no TEE: its evidence proves nothing"},
                            {"root_spki_sha256", std::string_view(pin)}});
    log::info("listening", {{"address", std::string_view(options.socket)}, {"simulated", true}});
    keep_fresh(files, signals);
    log::info("stopped");
    return {};
}

}  // namespace

/// The exit code of the program.
int run_program(std::span<const std::string_view> arguments) {
    const auto options = Options::parse(arguments);
    if (!options) return report(options.error());
    if (options->help) {
        std::fputs(std::string(usage()).c_str(), stdout);
        return 0;
    }
    const Status status = run(*options);
    return status ? 0 : report(status.error());
}

}  // namespace lumoz::simtee

int main(int argc, char** argv) {
    const std::vector<std::string_view> arguments(argv + 1, argv + argc);
    return lumoz::simtee::run_program(arguments);
}
