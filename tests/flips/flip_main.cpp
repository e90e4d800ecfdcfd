// SPDX-License-Identifier: Apache-2.0
// flip_campaign [EVERY]: bends genuine evidence of the shared vectors (specification tdx.md 9, decision 36):
// one bit of each byte of every real quote and of every signed document; cuts and extensions. LUMOZ_FULL=1:
// all bits of all bytes, all lengths. EVERY bends only each EVERY-th byte. Exit code 0: nothing was accepted;
// 77: there are no vectors.
#include "base/testing.hpp"
#include "campaign.hpp"

#include <cstdio>
#include <cstring>
#include <thread>

namespace {

using namespace lumoz::flips;

void print_row(std::string_view kind, const Row& row) {
    std::printf("%-22.*s %4zu %8zu %9zu %8zu %9zu %8zu %9zu %8zu %8zu\n", static_cast<int>(kind.size()),
                kind.data(), row.documents, row.bytes, row.flips.tried, row.flips.accepted, row.cuts.tried,
                row.cuts.accepted, row.extensions.tried, row.extensions.accepted, row.padded);
}

void print_errors(std::string_view kind, const Row& row) {
    std::printf("%.*s:", static_cast<int>(kind.size()), kind.data());
    for (const auto& [rule, n] : row.errors)
        std::printf(" %.*s %zu", static_cast<int>(rule.size()), rule.data(), n);
    std::printf("\n");
}

void print(const Summary& summary) {
    std::printf("%-22s %4s %8s %9s %8s %9s %8s %9s %8s %8s\n", "document", "n", "bytes", "flips", "accepted",
                "cuts", "accepted", "longer", "accepted", "padding");
    Row all;
    for (const auto& [kind, row] : summary.rows) {
        print_row(kind, row);
        all.documents += row.documents;
        all.bytes += row.bytes;
        for (const auto& [to, from] : {std::pair{&all.flips, &row.flips},
                                       {&all.cuts, &row.cuts},
                                       {&all.extensions, &row.extensions}}) {
            to->tried += from->tried;
            to->accepted += from->accepted;
        }
        all.padded += row.padded;
    }
    print_row("all", all);
    std::printf("\nrefusals by rule\n");
    for (const auto& [kind, row] : summary.rows)
        print_errors(kind, row);
}

std::size_t number(const char* text) {
    const long n = std::strtol(text, nullptr, 10);
    return n > 0 ? static_cast<std::size_t>(n) : 1;
}

}  // namespace

int main(int argc, char** argv) {
    const auto vectors = lumoz::testing::vectors_dir();
    if (!vectors || !std::filesystem::exists(*vectors / "tdx/MANIFEST.json")) {
        std::puts("skipped: there are no shared vectors; set LUMOZ_VECTORS");
        return 77;
    }
    const char* full = std::getenv("LUMOZ_FULL");
    const char* jobs = std::getenv("LUMOZ_JOBS");
    Options options;
    options.whole = full != nullptr && std::strcmp(full, "1") == 0;
    options.every = argc > 1 ? number(argv[1]) : 1;
    options.threads = jobs != nullptr ? static_cast<unsigned>(number(jobs))
                                      : std::max(1U, std::thread::hardware_concurrency());
    const Evidence evidence = read_evidence(*vectors / "tdx");
    for (const Base& base : evidence.quotes) {
        const std::string how = base.outcome.accepted ? "accepted" : std::string(base.outcome.rule);
        std::printf("%s with %s: %s\n", base.name.c_str(),
                    base.bundle == nullptr ? "nothing" : base.bundle->name.c_str(), how.c_str());
    }
    std::vector<std::string> faults;
    const std::vector<Target> targets = make_targets(evidence, faults);
    for (std::string& name : faults)
        name += ": the unbent document, written again, is judged otherwise";
    Summary summary = run_campaign(targets, options);
    print(summary);
    faults.insert(faults.end(), summary.faults.begin(), summary.faults.end());
    constexpr std::size_t kShown = 40;
    for (std::size_t i = 0; i < std::min(faults.size(), kShown); ++i)
        std::printf("FAULT %s\n", faults[i].c_str());
    const bool enough = targets.size() > 50;
    std::printf("%zu documents, %zu faults%s\n", targets.size(), faults.size(),
                enough ? "" : ", too few documents");
    return faults.empty() && enough ? 0 : 1;
}
