// SPDX-License-Identifier: Apache-2.0
// Time that something took, for people.
#pragma once

#include <array>
#include <chrono>
#include <cstdio>
#include <string>

namespace lumoz::app {

class Stopwatch {
public:
    Stopwatch() : start_(std::chrono::steady_clock::now()) {}
    [[nodiscard]] double ms() const {
        return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_).count();
    }

private:
    std::chrono::steady_clock::time_point start_;
};

/// A JSON number with two decimals.
[[nodiscard]] inline std::string json_ms(double ms) {
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%.2f", ms);
    return text.data();
}

}  // namespace lumoz::app
