// SPDX-License-Identifier: Apache-2.0
#include "engine/supervised_engine.hpp"

#include "base/log.hpp"
#include "crypto/random.hpp"
#include "engine/child_process.hpp"
#include "net/blocking.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace lumoz::engine {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kProbeEvery{50};
constexpr std::chrono::milliseconds kPoll{10};
constexpr int kDrainReads = 256;
/// An engine that was up this long starts again without the memory of earlier failures.
constexpr std::chrono::seconds kStable{60};

Status make_private_dir(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        return fail(Errc::Io, "E_ENGINE_RUN_DIR", "engine.run_dir", "errno " + std::to_string(errno));
    }
    struct stat found{};
    if (::lstat(path.c_str(), &found) != 0 || !S_ISDIR(found.st_mode) || found.st_uid != ::geteuid() ||
        ::chmod(path.c_str(), 0700) != 0) {
        return fail(Errc::Refused, "E_ENGINE_RUN_DIR", "engine.run_dir.owner");
    }
    return {};
}

net::Url socket_url(const std::string& path) {
    net::Url url;
    url.scheme = net::Url::Scheme::Unix;
    url.socket_path = path;
    return url;
}

net::ClientOptions one_per_request(net::ClientOptions options) {
    options.pool_size = 0;
    return options;
}

/// Between half and the whole of `base`, so that restarts of several nodes do not meet.
std::chrono::milliseconds with_jitter(std::chrono::milliseconds base) {
    std::array<std::uint8_t, 2> random{};
    crypto::random_fill(random);
    const auto part = random[0] * 256 + random[1];
    return base / 2 + base * part / (2 * 65535);
}

}  // namespace

SupervisedEngine::SupervisedEngine(SupervisedOptions options)
    : options_(std::move(options)),
      socket_dir_(options_.run_dir + "/" + options_.socket_dir),
      socket_path_(socket_dir_ + "/llama.sock"),
      clients_(socket_url(socket_path_), one_per_request(options_.client)) {}

Result<std::unique_ptr<SupervisedEngine>> SupervisedEngine::create(SupervisedOptions options) {
    if (!options.binary.starts_with('/') || ::access(options.binary.c_str(), X_OK) != 0) {
        return fail(Errc::Usage, "E_ENGINE_BINARY", "engine.binary");
    }
    if (::access(options.model_path.c_str(), R_OK) != 0) {
        return fail(Errc::Usage, "E_ENGINE_MODEL", "engine.model_path");
    }
    std::unique_ptr<SupervisedEngine> engine(new SupervisedEngine(std::move(options)));
    if (engine->socket_path_.size() > 107 || !engine->socket_path_.starts_with('/')) {
        return fail(Errc::Usage, "E_ENGINE_RUN_DIR", "engine.socket_path");
    }
    LUMOZ_CHECK_OK(make_private_dir(engine->socket_dir_));
    return engine;
}

SupervisedEngine::~SupervisedEngine() {
    stop();
}

net::Task<Result<std::unique_ptr<net::ClientExchange>>> SupervisedEngine::send(
    net::Loop& loop, std::string method, std::string target, const net::Headers& headers, net::Payload body,
    net::CancelToken* cancel) {
    if (!ready()) co_return fail(Errc::Unavailable, "E_ENGINE_UNAVAILABLE", "engine.supervised.send");
    const net::Headers out = forwarded_headers(headers, !body.upgrade.empty());
    net::Client& client = clients_.of(loop);
    co_return co_await client.send(std::move(method), std::move(target), out, body, cancel);
}

std::vector<std::string> SupervisedEngine::arguments() const {
    std::vector<std::string> out = {options_.binary, "--model",   options_.model_path, "--alias",
                                    options_.alias,  "--host",    socket_path_,        "--offline",
                                    "--no-slots",    "--metrics", "--log-disable"};
    if (!options_.allow_shared_prompt_cache) {
        // Neither the shared cache nor the state that a slot kept of the last conversation.
        out.insert(out.end(), {"--cache-ram", "0", "--no-cache-prompt"});
    }
    const auto number = [&](const char* name, unsigned value) {
        if (value != 0) out.insert(out.end(), {name, std::to_string(value)});
    };
    number("--ctx-size", options_.context_size);
    number("--threads", options_.threads);
    number("--parallel", options_.parallel);
    if (options_.embeddings) out.insert(out.end(), {"--embeddings", "--pooling", "mean"});
    out.insert(out.end(), options_.extra_args.begin(), options_.extra_args.end());
    return out;
}

void SupervisedEngine::start() {
    // A socket that an earlier engine left makes the bind fail.
    (void)::unlink(socket_path_.c_str());
    const auto child = spawn_child(arguments(), engine_environment());
    started_ = Clock::now();
    if (!child) {
        died(-1);
        return;
    }
    pid_.store(child->pid);
    output_fd_ = child->output_fd;
    log::info("engine_started", {{"model", options_.alias}, {"pid", std::int64_t{child->pid}}});
}

/// The output is read so that the engine does not wait on it, counted, and forgotten: it can quote prompts.
/// At most `kDrainReads` buffers at once: an engine that writes without end must not keep us from ending it.
void SupervisedEngine::drain_output() {
    std::array<char, 4096> buffer;
    for (int reads = 0; output_fd_ >= 0 && reads < kDrainReads; ++reads) {
        const ssize_t n = ::read(output_fd_, buffer.data(), buffer.size());
        if (n > 0) {
            output_bytes_.fetch_add(static_cast<std::uint64_t>(n));
            continue;
        }
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
        (void)::close(output_fd_);
        output_fd_ = -1;
    }
}

void SupervisedEngine::died(int status) {
    ready_.store(false, std::memory_order_release);
    pid_.store(0);
    drain_output();
    if (output_fd_ >= 0) (void)::close(output_fd_);
    output_fd_ = -1;
    last_status_ = status;
    if (stopping_since_) {
        log::info("engine_stopped", {{"model", options_.alias}, {"status", std::int64_t{status}}});
        return;
    }
    const auto now = Clock::now();
    if (now - started_ > kStable) failures_ = 0;
    const unsigned shift = std::min(failures_, 16U);
    ++failures_;
    const auto pause = with_jitter(std::min(options_.backoff_max, options_.backoff_min * (1U << shift)));
    next_start_ = now + pause;
    log::warn("engine_ended", {{"model", options_.alias},
                               {"status", std::int64_t{status}},
                               {"next_start_ms", std::int64_t{pause.count()}}});
}

void SupervisedEngine::reap() {
    const pid_t pid = pid_.load();
    int status = 0;
    if (pid != 0 && ::waitpid(pid, &status, WNOHANG) == pid) died(status);
}

void SupervisedEngine::probe() {
    const auto now = Clock::now();
    if (now < next_probe_) return;
    next_probe_ = now + kProbeEvery;
    struct stat found{};
    if (::stat(socket_path_.c_str(), &found) != 0) return;
    const net::BlockingOptions options{
        .client = {.connect_timeout = 50ms, .head_timeout = 50ms, .read_timeout = 50ms},
        .max_bytes = 4096,
        .total = 100ms};
    const auto answer = net::http_get(socket_url(socket_path_), "/health", {}, options);
    if (!answer || answer->head.status != 200) return;
    ready_.store(true, std::memory_order_release);
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(now - started_);
    log::info("engine_ready", {{"model", options_.alias}, {"start_ms", std::int64_t{took.count()}}});
}

void SupervisedEngine::step() {
    drain_output();
    reap();
    const auto now = Clock::now();
    if (stopping_since_) {
        if (pid_.load() != 0 && now - *stopping_since_ > options_.stop_timeout)
            (void)::kill(-pid_.load(), SIGKILL);
        return;
    }
    if (pid_.load() == 0) {
        if (now < next_start_) return;
        if (started_ != Clock::time_point{}) restarts_.fetch_add(1);
        start();
        return;
    }
    if (ready()) return;
    if (now - started_ > options_.start_timeout) {
        // It ends like any other death, with back-off.
        (void)::kill(-pid_.load(), SIGKILL);
        return;
    }
    probe();
}

Status SupervisedEngine::wait_ready(std::chrono::milliseconds limit) {
    const auto until = Clock::now() + limit;
    while (Clock::now() < until) {
        step();
        if (ready()) return {};
        std::this_thread::sleep_for(kPoll);
    }
    return fail(Errc::Unavailable, "E_ENGINE_START", "engine.wait_ready",
                "last wait status " + std::to_string(last_status_));
}

void SupervisedEngine::begin_stop() {
    ready_.store(false, std::memory_order_release);
    if (stopping_since_) return;
    stopping_since_ = Clock::now();
    if (pid_.load() != 0) (void)::kill(-pid_.load(), SIGTERM);
}

void SupervisedEngine::stop() {
    begin_stop();
    for (step(); !stopped(); step())
        std::this_thread::sleep_for(kPoll);
    (void)::unlink(socket_path_.c_str());
    (void)::rmdir(socket_dir_.c_str());
}

}  // namespace lumoz::engine
