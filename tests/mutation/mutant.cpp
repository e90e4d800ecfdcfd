// SPDX-License-Identifier: Apache-2.0
#include "mutant.hpp"

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace lumoz::mutation {

namespace {

/// Open addressing; larger than any number of mutants that the tool makes.
constexpr std::size_t kSlots = std::size_t{1} << 15;
using Table = std::array<std::atomic<std::uint32_t>, kSlots>;
Table passed, inert;

void insert(Table& table, std::uint32_t id) {
    for (std::size_t i = id % kSlots;; i = (i + 1) % kSlots) {
        std::uint32_t seen = 0;
        if (table[i].compare_exchange_strong(seen, id) || seen == id) return;
    }
}

std::uint32_t from_environment() {
    const char* text = std::getenv("LUMOZ_MUTANT");
    return text == nullptr ? 0 : static_cast<std::uint32_t>(std::strtoul(text, nullptr, 16));
}

void write_trace() {
    std::FILE* file = std::fopen(std::getenv("LUMOZ_MUTANT_TRACE"), "w");
    if (file == nullptr) return;
    for (const auto& slot : passed)
        if (slot != 0) std::fprintf(file, "%08x\n", slot.load());
    for (const auto& slot : inert)
        if (slot != 0) std::fprintf(file, "inert %08x\n", slot.load());
    std::fclose(file);
}

bool begin_trace() {
    return std::getenv("LUMOZ_MUTANT_TRACE") != nullptr && std::atexit(write_trace) == 0;
}

}  // namespace

std::uint32_t chosen = from_environment();
bool tracing = begin_trace();

void note(std::uint32_t id) {
    insert(passed, id);
}

void note_inert(std::uint32_t id) {
    insert(inert, id);
}

void drain(void (*seen)(std::uint32_t)) {
    for (auto& slot : passed)
        if (const std::uint32_t id = slot.exchange(0); id != 0) seen(id);
}

}  // namespace lumoz::mutation
