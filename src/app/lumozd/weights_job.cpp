// SPDX-License-Identifier: Apache-2.0
#include "app/lumozd/weights_job.hpp"

#include "base/log.hpp"
#include "engine/model_identity.hpp"

#include <algorithm>

namespace lumoz::app {

WeightsJob::WeightsJob(std::set<std::string> paths)
    : paths_(paths.begin(), paths.end()), progress_(paths_.size()) {
    const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
    const std::size_t at_once = std::min(cores, paths_.size());
    threads_each_ = static_cast<unsigned>(cores / std::max<std::size_t>(1, at_once));
    running_ = at_once;
    for (std::size_t i = 0; i < at_once; ++i)
        workers_.emplace_back([this] { work(); });
}

WeightsJob::~WeightsJob() {
    stop_ = true;
    for (std::thread& worker : workers_)
        worker.join();
}

void WeightsJob::work() {
    for (std::size_t index = next_.fetch_add(1); index < paths_.size(); index = next_.fetch_add(1))
        hash(index);
    --running_;
}

void WeightsJob::hash(std::size_t index) {
    const std::string& path = paths_[index];
    Progress& progress = progress_[index];
    engine::ModelRootOptions options;
    options.threads = threads_each_;
    options.stop = &stop_;
    options.progress = [&progress](std::uint64_t done, std::uint64_t all) {
        progress.done = done;
        progress.all = all;
    };
    const Result<engine::ModelIdentity> identity = engine::model_identity(path, options);
    Result<receipt::ModelEvent> result;
    if (identity) {
        result = receipt::ModelEvent{
            .model_root = identity->root, .method = identity->method, .publisher_key = {}};
        log::info("model",
                  {{"root", identity->model_root()}, {"bytes", static_cast<std::int64_t>(identity->bytes)}});
    } else {
        result = std::unexpected(identity.error());
    }
    const std::scoped_lock lock(mutex_);
    results_.emplace(path, std::move(result));
}

void WeightsJob::log_progress() {
    const auto now = std::chrono::steady_clock::now();
    if (done() || now - logged_ < std::chrono::seconds(1)) return;
    logged_ = now;
    std::uint64_t done = 0;
    std::uint64_t all = 0;
    for (const Progress& progress : progress_) {
        done += progress.done.load();
        all += progress.all.load();
    }
    log::info("model_hash",
              {{"done", static_cast<std::int64_t>(done)}, {"of", static_cast<std::int64_t>(all)}});
}

Result<receipt::ModelEvent> WeightsJob::result(const std::string& path) const {
    const std::scoped_lock lock(mutex_);
    const auto found = results_.find(path);
    if (found == results_.end()) return fail(Errc::Closed, "E_STOPPED", "app.weights_job");
    return found->second;
}

}  // namespace lumoz::app
