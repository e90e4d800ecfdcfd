// SPDX-License-Identifier: Apache-2.0
// lumoz-simtee: a stand-in for TEE hardware on a developer's machine. It proves nothing, and says so.
#include "base/hex.hpp"
#include "base/log.hpp"
#include "simtee/server.hpp"
#include "simtee/state.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace {

using namespace lumoz;

constexpr int kRenewalCheckMs = 60000;

struct Options {
    std::string socket;
    std::string state;
    std::string root_out;
    std::string seed;
};

int report(const Error& error) {
    log::error("failed",
               {{"rule", error.rule}, {"where", error.where}, {"detail", std::string_view(error.detail)}});
    return exit_code(error.code);
}

Result<Digest256> seed_of(const Options& options) {
    if (options.seed.empty()) return simtee::load_or_make_seed(options.state);
    auto seed = fixed_from_hex<Digest256>(options.seed);
    if (!seed) return fail(Errc::Usage, "E_USAGE", "simtee.options", "--seed wants 64 hex digits");
    std::error_code error;
    std::filesystem::create_directories(options.state, error);
    if (error) return fail(Errc::Io, "E_STATE", "simtee.state", error.message());
    return *seed;
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
void keep_fresh(simtee::PublishedFiles& files, int signals) {
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
    simtee::Machine machine(seed);
    simtee::PublishedFiles files(options.state, machine);
    LUMOZ_CHECK_OK(files.renew_collateral(SystemClock().now()));
    LUMOZ_CHECK_OK(files.write_policy());
    const std::string pin = to_hex(machine.vendor().root_pin().view());
    if (!options.root_out.empty()) {
        LUMOZ_CHECK_OK(simtee::write_atomically(options.root_out, pin + "\n"));
    }

    const simtee::Service service(machine, [&files] {
        const Status written = files.write_policy();
        if (!written) log::error("policy", {{"detail", std::string_view(written.error().detail)}});
    });
    LUMOZ_TRY(const auto server, simtee::Server::listen(options.socket, service, {}));
    log::warn("SIMULATED", {{"detail", "this is no TEE: its evidence proves nothing"},
                            {"root_spki_sha256", std::string_view(pin)}});
    log::info("listening", {{"address", std::string_view(options.socket)}, {"simulated", true}});
    keep_fresh(files, signals);
    log::info("stopped");
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app("SIMULATED TEE: answers like a guest agent, with evidence signed by a root of its own");
    app.add_option("--socket", options.socket, "Unix socket to serve")->required();
    app.add_option("--state", options.state, "directory of the root seed, collateral.json and policy.json")
        ->required();
    app.add_option("--root-out", options.root_out,
                   "file that gets the SHA-256 of the root's public key, in hex");
    app.add_option("--seed", options.seed, "64 hex digits that all keys follow from, for reproducible tests");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : exit_code(Errc::Usage);
    }
    const Status status = run(options);
    return status ? 0 : report(status.error());
}
