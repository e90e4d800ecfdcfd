// SPDX-License-Identifier: Apache-2.0
// WeightsJob: the weights of several models hashed on threads of its own, so that the main thread can go on
// watching engines and signals.
#pragma once

#include "base/result.hpp"
#include "receipt/receipt.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace lumoz::app {

class WeightsJob {
public:
    /// Begins. Files or folders; as many at once as there are cores.
    explicit WeightsJob(std::set<std::string> paths);
    /// Gives up what is not done.
    ~WeightsJob();
    WeightsJob(const WeightsJob&) = delete;
    WeightsJob& operator=(const WeightsJob&) = delete;

    [[nodiscard]] bool done() const { return running_.load() == 0; }
    /// One log line about how far it is, at most once a second.
    void log_progress();
    /// Requires: `done`, and the path was given. Errors of `engine::model_identity`.
    [[nodiscard]] Result<receipt::ModelEvent> result(const std::string& path) const;

private:
    struct Progress {
        std::atomic<std::uint64_t> done{0}, all{0};
    };
    void work();
    void hash(std::size_t index);

    std::vector<std::string> paths_;
    std::vector<Progress> progress_;
    unsigned threads_each_;
    std::atomic<std::size_t> next_{0};
    std::atomic<std::size_t> running_{0};
    std::atomic<bool> stop_{false};
    mutable std::mutex mutex_;
    std::map<std::string, Result<receipt::ModelEvent>> results_;
    std::chrono::steady_clock::time_point logged_ = std::chrono::steady_clock::now();
    std::vector<std::thread> workers_;
};

}  // namespace lumoz::app
