// SPDX-License-Identifier: Apache-2.0
// lumozd --config FILE [--check]: the service. Exit code 0 only after a clean drain (or a good --check).
#include "app/lumozd/daemon.hpp"
#include "app/lumozd/read_config.hpp"
#include "app/lumozd/reload.hpp"
#include "base/log.hpp"
#include "crypto/selftest.hpp"
#include "identity/hardening.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>

namespace {

using lumoz::Error;
using lumoz::Status;

int refuse(const Error& error) {
    lumoz::log::error("refused", {{"rule", error.rule}, {"where", error.where}, {"detail", error.detail}});
    return 1;
}

/// The main thread takes these by sigtimedwait; every thread started later inherits the mask.
void block_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1})
        sigaddset(&set, signal);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

int run(const std::string& config_path, bool check) {
    if (const auto hardened = lumoz::identity::harden_process(); !hardened) return refuse(hardened.error());
    block_signals();
    const auto config = lumoz::app::read_config(config_path);
    if (!config) return refuse(config.error());
    if (!lumoz::app::set_log_level(config->log_level))
        return refuse(
            {lumoz::Errc::Usage, "E_CONFIG", "app.log", "log.level must be debug, info, warn or error"});
    if (const Status tested = lumoz::crypto::self_test(); !tested) return refuse(tested.error());
    lumoz::app::Daemon daemon(*config, config_path);
    if (check) {
        if (const Status checked = daemon.check(); !checked) return refuse(checked.error());
        lumoz::log::info("check_passed");
        return 0;
    }
    if (const Status started = daemon.start(); !started) return refuse(started.error());
    return daemon.serve() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("lumozd: an AI service inside a TEE whose answers anybody can check");
    std::string config_path;
    bool check = false;
    bool reference = false;
    app.add_option("--config", config_path, "TOML file of the configuration");
    app.add_flag("--check", check, "Validate configuration and TEE, start nothing");
    app.add_flag("--print-config-reference", reference, "Write the reference of all keys as Markdown");
    app.set_version_flag("--version", LUMOZ_VERSION);
    CLI11_PARSE(app, argc, argv);
    if (reference) {
        const std::string page = lumoz::gateway::config_reference();
        return std::fwrite(page.data(), 1, page.size(), stdout) == page.size() ? 0 : 1;
    }
    if (config_path.empty()) {
        std::fputs("lumozd: --config FILE is needed\n", stderr);
        return 1;
    }
    return run(config_path, check);
}
