// SPDX-License-Identifier: Apache-2.0
// SupervisedEngine: llama-server as a child process on a Unix socket in a directory that only we can enter.
// It is restarted with back-off when it dies, and it dies with us, also on SIGKILL (design/decisions.md
// 19–21). Its output can quote prompts and is counted, not kept.
#pragma once

#include "engine/engine.hpp"

#include <atomic>
#include <optional>
#include <sys/types.h>

namespace lumoz::engine {

struct SupervisedOptions {
    std::string binary{};               ///< absolute path of llama-server
    std::string model_path{};           ///< absolute path of the GGUF file
    std::string alias{};                ///< name of the model in answers
    std::string run_dir{};              ///< the socket's directory is made below it
    std::string socket_dir = "engine";  ///< its name
    unsigned context_size = 0;          ///< tokens; 0: the model's own
    unsigned threads = 0;               ///< 0: number of cores
    unsigned parallel = 0;              ///< slots; 0: llama-server's default
    bool embeddings = false;            ///< `--embeddings --pooling mean`
    /// Keeps `--cache-ram` at its default. Only safe with one credential (design/decisions.md 19).
    bool allow_shared_prompt_cache = false;
    std::vector<std::string> extra_args{};
    std::chrono::milliseconds start_timeout{300'000};  ///< until /health answers 200, else it is killed
    std::chrono::milliseconds stop_timeout{5'000};     ///< between SIGTERM and SIGKILL
    std::chrono::milliseconds backoff_min{200}, backoff_max{30'000};
    net::ClientOptions client{};  ///< `pool_size` is ignored: one connection per request
};

class SupervisedEngine final : public Engine {
public:
    /// Makes the socket directory (0700). `E_ENGINE_BINARY`, `E_ENGINE_MODEL`, `E_ENGINE_RUN_DIR`.
    static Result<std::unique_ptr<SupervisedEngine>> create(SupervisedOptions options);
    /// Stops the engine.
    ~SupervisedEngine() override;

    net::Task<Result<std::unique_ptr<net::ClientExchange>>> send(net::Loop& loop, std::string method,
                                                                 std::string target,
                                                                 const net::Headers& headers,
                                                                 net::Payload body,
                                                                 net::CancelToken* cancel) override;
    [[nodiscard]] bool ready() const override { return ready_.load(std::memory_order_acquire); }
    [[nodiscard]] bool starting() const override { return !ready() && pid_.load() != 0; }
    [[nodiscard]] std::string_view kind() const override { return "llama-server"; }
    [[nodiscard]] std::string_view name() const override { return options_.alias; }

    /// Main thread only (PR_SET_PDEATHSIG fires when the spawning thread ends): one step of the supervisor.
    /// Starts, probes, reaps, restarts. Blocks for at most 100 ms, and only while the engine starts; call it
    /// every 50 to 200 ms. An engine that is up is not probed: when it is busy it answers late, and death is
    /// seen.
    void step();
    /// Main thread only: steps until ready or `limit`. `E_ENGINE_START` with the exit status in `detail`.
    Status wait_ready(std::chrono::milliseconds limit);
    /// Main thread only: SIGTERM, then SIGKILL, then the socket is removed.
    void stop();
    /// Main thread only: SIGTERM, and from here on `step` starts it no more: it ends the process after
    /// `stop_timeout`. The object stays as it is.
    void begin_stop();
    /// After `begin_stop`: whether the process is gone.
    [[nodiscard]] bool stopped() const { return stopping_since_ && pid_.load() == 0; }
    /// Main thread only, after `stopped`: the clients' connections end while the loops run.
    void end_clients() { clients_.end_on_loops(); }

    [[nodiscard]] pid_t pid() const { return pid_.load(); }
    [[nodiscard]] unsigned restarts() const { return restarts_.load(); }
    [[nodiscard]] std::uint64_t output_bytes() const { return output_bytes_.load(); }
    [[nodiscard]] const std::string& socket_path() const { return socket_path_; }

private:
    explicit SupervisedEngine(SupervisedOptions options);
    void start();
    void drain_output();
    void reap();
    void probe();
    void died(int status);
    [[nodiscard]] std::vector<std::string> arguments() const;

    SupervisedOptions options_;
    std::string socket_dir_, socket_path_;
    std::atomic<pid_t> pid_{0};
    std::atomic<bool> ready_{false};
    std::atomic<unsigned> restarts_{0};
    std::atomic<std::uint64_t> output_bytes_{0};
    int output_fd_ = -1;
    int last_status_ = 0;
    unsigned failures_ = 0;
    std::chrono::steady_clock::time_point started_{}, next_start_{}, next_probe_{};
    std::optional<std::chrono::steady_clock::time_point> stopping_since_;
    ClientPerLoop clients_;
};

}  // namespace lumoz::engine
