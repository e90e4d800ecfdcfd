// SPDX-License-Identifier: Apache-2.0
// lumozd --config FILE [--check]: the service. Exit code 0 only after a clean drain (or a good --check).
// lumozd config from-env: the environment of a compatible proxy as a configuration of ours.
#include "app/lumozd/daemon.hpp"
#include "app/lumozd/from_env.hpp"
#include "app/lumozd/read_config.hpp"
#include "app/lumozd/reload.hpp"
#include "base/log.hpp"
#include "crypto/selftest.hpp"
#include "identity/hardening.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

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

std::optional<std::string> variable(const std::string& name) {
    const char* const value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

bool write_new_file(const std::string& path, const std::string& text) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return false;
    const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    return ::close(fd) == 0 && written;
}

/// The configuration goes to stdout, what it lacks to stderr, the hashes of the tokens into a new file.
int from_env(const std::string& token_file) {
    const auto moved = lumoz::app::config_from_env(variable, token_file);
    if (!moved) {
        std::fprintf(stderr, "lumozd: %s: %s\n", std::string(moved.error().rule).c_str(),
                     moved.error().detail.c_str());
        return 1;
    }
    if (!moved->token_lines.empty() && !write_new_file(token_file, moved->token_lines)) {
        std::fprintf(stderr,
                     "lumozd: cannot write %s: it must not exist yet; --token-file PATH names another\n",
                     token_file.c_str());
        return 1;
    }
    std::fputs(moved->toml.c_str(), stdout);
    for (const auto& note : moved->notes)
        std::fprintf(stderr, "%s: %s\n", note.name.c_str(), note.why.c_str());
    return 0;
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
    std::string token_file = "lumozd-tokens";
    CLI::App* const config = app.add_subcommand("config", "Makes configurations");
    CLI::App* const env = config->add_subcommand(
        "from-env",
        "Turns the environment of vllm-proxy or inference-proxy into a configuration, on stdout; "
        "what has no counterpart is listed on stderr");
    config->require_subcommand(1);
    env->add_option("--token-file", token_file, "New file for the hashes of TOKEN")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    if (env->parsed()) return from_env(token_file);
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
