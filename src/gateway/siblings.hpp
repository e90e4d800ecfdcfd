// SPDX-License-Identifier: Apache-2.0
// The other replicas behind the same balancer (specs/api.md 3.1, 3.2): asked for their own reports, so that a
// report lists all nodes, and so that a node is found by its signing address whichever replica was reached.
// What they answer is evidence that proves itself: nothing of it is believed here, only bounded and placed.
#pragma once

#include "engine/engine.hpp"

namespace lumoz::gateway {

/// The query parameter by which a replica is asked for itself alone: replicas that list each other must not
/// ask for ever.
inline constexpr std::string_view kAlone = "siblings=none";

/// Thread-safe.
class Siblings {
public:
    /// `http://…` or `https://…`, each the base URL of one replica. `E_URL`.
    static Result<std::unique_ptr<Siblings>> make(const std::vector<std::string>& urls,
                                                  std::chrono::milliseconds limit);

    [[nodiscard]] bool empty() const { return clients_.empty(); }
    /// The whole reports that came in time, in the order of the URLs: JSON objects of at most 4 MiB. All are
    /// asked at once. `query`: of the report route, without `?`.
    net::Task<std::vector<std::string>> reports(net::Loop& loop, std::string query);

private:
    class Round;
    Siblings() = default;
    net::Task<void> ask(net::Loop& loop, std::size_t index, std::shared_ptr<Round> round);

    std::vector<std::unique_ptr<engine::ClientPerLoop>> clients_;
    std::chrono::milliseconds limit_{};  ///< for one whole answer
};

/// `report` with the nodes of `siblings` behind its own in `all_attestations` and `model_attestations`. Each
/// sibling's node is its `gateway_attestation`; reports without one are left out, and so is the node of
/// `report` itself, so that all replicas may have the same list.
[[nodiscard]] std::string with_siblings(std::string_view report, const std::vector<std::string>& siblings);

}  // namespace lumoz::gateway
