// SPDX-License-Identifier: Apache-2.0
// Exchanges with engines by endpoint, model of our own table, and whether the answer was streamed.
#pragma once

#include "gateway/router.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <tuple>

namespace lumoz::gateway {

/// One inference request that ended.
struct Exchanged {
    std::string_view endpoint;  ///< static text of the router
    std::string_view model;     ///< of our own table; empty when none was found
    bool stream = false;
    int engine_status = 0;  ///< 0: the engine did not answer, or was not asked
    bool receipt = false;
    std::string_view cut_by = {};  ///< static text; empty when whole
};

/// One writer thread; any thread may read.
class Traffic {
public:
    void add(const Exchanged& exchanged);
    void add_to(Traffic& sum) const;
    /// `private_ai_gateway_…` of specs/api.md 12.
    void write_compatible(std::string& out) const;

private:
    static constexpr std::size_t kMaxModels = 1'024;
    static constexpr std::size_t kClasses = 6;
    struct Key {
        std::string_view endpoint;
        std::string model;
        bool stream;
        auto operator<=>(const Key&) const = default;
    };
    struct Cell {
        std::uint64_t requests = 0;
        std::uint64_t receipts = 0;
        std::array<std::uint64_t, kClasses> responses{};
    };
    mutable std::mutex mutex_;
    std::map<Key, Cell> cells_;
    std::map<std::pair<std::string_view, std::string_view>, std::uint64_t> cuts_;
};

}  // namespace lumoz::gateway
