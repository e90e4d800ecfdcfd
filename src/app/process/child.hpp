// SPDX-License-Identifier: Apache-2.0
// A program that is started, watched by what it writes and ended with its object. It never outlives us: the
// kernel kills it when the thread that started it ends.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <string>
#include <sys/types.h>
#include <vector>

namespace lumoz::app {

class Child {
public:
    /// stdin is empty, stdout and stderr go to the file `log`. `E_SPAWN`.
    static Result<Child> start(const std::string& program, const std::vector<std::string>& arguments,
                               const std::string& log);
    Child(Child&& other) noexcept;
    Child& operator=(Child&&) = delete;
    Child(const Child&) = delete;
    /// SIGTERM, then SIGKILL after two seconds.
    ~Child();

    /// The first line of the log that holds this text. `E_CHILD_ENDED`, `E_CHILD_TIMEOUT`; the detail has the
    /// log.
    Result<std::string> wait_for_line(std::string_view text, std::chrono::milliseconds limit);
    [[nodiscard]] pid_t pid() const { return pid_; }

private:
    Child(pid_t pid, std::string program, std::string log)
        : pid_(pid), program_(std::move(program)), log_(std::move(log)) {}
    [[nodiscard]] bool ended();
    pid_t pid_;  ///< -1 once it was reaped or moved away
    std::string program_;
    std::string log_;
};

/// Folder of the running program.
[[nodiscard]] std::string own_folder();

}  // namespace lumoz::app
