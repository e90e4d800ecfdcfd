// SPDX-License-Identifier: Apache-2.0
#include "evidence.hpp"

#include "base/hex.hpp"
#include "base/testing.hpp"

#include <map>
#include <set>

namespace lumoz::flips {

namespace {

using testing::read_file;

std::string text(const json::Value& object, std::string_view name) {
    const auto value = object.find(name);
    return value ? value->as_string().value_or("") : "";
}

verify::RootPins roots_of(const json::Value& manifest, const std::string& root) {
    verify::RootPins out;
    const auto entry = manifest.find("roots")->find(root);
    if (!entry) return out;
    const auto pin = fixed_from_hex<Digest256>(text(*entry, "spki_sha256"));
    if (pin) out.also_accept(*pin);
    return out;
}

bool is_real(std::string_view path) {
    return path.find("/real/") != std::string_view::npos;
}

/// What the manifest says about real evidence: the quotes, and each bundle with one case that it decides.
class Reader {
public:
    Reader(std::filesystem::path dir, const json::Value& manifest) : dir_(std::move(dir)) {
        for (const json::Value& c : manifest.find("cases")->elements()) {
            const std::string quote = text(c, "quote");
            if (!is_real(quote)) continue;
            quotes_.insert(quote);
            if (text(c, "kind") == "verify" && is_real(text(c, "collateral"))) bundle(manifest, c);
        }
    }

    Evidence run() && {
        for (const std::string& path : quotes_)
            out_.quotes.push_back(furthest(path));
        return std::move(out_);
    }

private:
    void bundle(const json::Value& manifest, const json::Value& c) {
        const auto expect = c.find("expect");
        if (!expect || text(*expect, "result") != "accept") return;
        const std::string path = text(c, "collateral");
        if (!seen_.insert(path).second) return;
        auto collateral = evidence::Collateral::parse(read_file(dir_ / path));
        const auto now = parse_rfc3339(text(c, "now"));
        if (!collateral || !now) return;
        out_.bundles.push_back(
            std::make_unique<Bundle>(Bundle{std::filesystem::path(path).stem(), *std::move(collateral),
                                            roots_of(manifest, text(c, "root")), *now}));
    }

    Base furthest(const std::string& path) const {
        Base out;
        out.name = std::filesystem::path(path).filename();
        out.quote = to_bytes(as_bytes(read_file(dir_ / path)));
        for (const auto& bundle : out_.bundles) {
            const Outcome got =
                outcome_of(verify::verify_tdx(out.quote, bundle->collateral, bundle->roots, bundle->now));
            const bool further = got.accepted ? !out.outcome.accepted : got.passed > out.outcome.passed;
            if (out.bundle != nullptr && !further) continue;
            out.bundle = bundle.get();
            out.outcome = got;
        }
        return out;
    }

    std::filesystem::path dir_;
    std::set<std::string> quotes_, seen_;
    Evidence out_;
};

}  // namespace

Outcome outcome_of(const verify::TdxVerdict& verdict) {
    Outcome out;
    out.accepted = verdict.tdx.has_value();
    for (const verify::Rule& rule : verdict.verdict.rules()) {
        if (rule.outcome == verify::Outcome::Pass) ++out.passed;
        if (rule.outcome == verify::Outcome::Fail && out.rule.empty()) out.rule = rule.error;
    }
    return out;
}

Evidence read_evidence(const std::filesystem::path& dir) {
    const std::string manifest = read_file(dir / "MANIFEST.json");
    const auto document =
        json::Document::parse(manifest, {.max_bytes = std::size_t{64} << 20, .max_depth = 16});
    if (!document || !document->root().find("cases") || !document->root().find("roots")) return {};
    return Reader(dir, document->root()).run();
}

}  // namespace lumoz::flips
