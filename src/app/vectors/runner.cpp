// SPDX-License-Identifier: Apache-2.0
#include "app/vectors/runner.hpp"

#include "app/output/files.hpp"
#include "app/output/style.hpp"
#include "base/hex.hpp"
#include "crypto/sha2.hpp"

#include <algorithm>

namespace lumoz::app::vectors {
namespace {

constexpr json::Limits kLimits{.max_bytes = std::size_t{64} << 20, .max_depth = 64};

/// A JSON file that stays where it is while values point into it.
struct JsonFile {
    std::string text;
    std::optional<json::Document> document;
};

Status load(const std::filesystem::path& path, JsonFile& out) {
    LUMOZ_TRY(out.text, read_text(path.string(), kLimits.max_bytes));
    LUMOZ_TRY(out.document, json::Document::parse(out.text, kLimits));
    return {};
}

std::string text_of(const json::Value& value, std::string_view name) {
    const auto member = value.find(name);
    return member ? member->as_string().value_or("") : "";
}

class Run {
public:
    Run(const Options& options, const Handlers& handlers) : options_(options), handlers_(handlers) {}

    Status manifest() {
        JsonFile file;
        if (Status loaded = load(options_.manifest, file); !loaded) {
            return fail(Errc::Usage, "E_MANIFEST", "vectors.manifest", loaded.error().detail);
        }
        const json::Value root = file.document->root();
        const auto files = root.find("files");
        const auto cases = root.find("cases");
        const bool has_files = files && files->is_array();
        if (!has_files && !(cases && cases->is_array())) {
            return fail(Errc::Usage, "E_MANIFEST", "vectors.manifest", "neither files nor cases");
        }
        if (has_files) {
            for (const json::Value& entry : files->elements())
                run_file(entry);
        } else {
            run_cases(root, "");
        }
        if (summary_.outcomes.empty()) {
            return fail(Errc::Usage, "E_NO_CASE", "vectors.select", "no case matches --kind and --case");
        }
        return {};
    }
    Summary take() && { return std::move(summary_); }

private:
    [[nodiscard]] bool wanted(std::string_view suite, std::string_view kind) const {
        if (options_.kinds.empty()) return true;
        return std::ranges::any_of(options_.kinds,
                                   [&](const std::string& k) { return k == suite || k == kind; });
    }

    void record(std::string kind, std::string id, State state, std::string detail) {
        switch (state) {
            case State::Passed:
                ++summary_.passed;
                break;
            case State::Failed:
                ++summary_.failed;
                break;
            case State::Skipped:
                ++summary_.skipped;
                break;
        }
        summary_.outcomes.push_back({std::move(kind), std::move(id), state, std::move(detail)});
    }

    void run_file(const json::Value& entry) {
        const std::string name = text_of(entry, "path");
        std::string suite = text_of(entry, "suite");
        if (suite.empty()) return;  // data that the cases of other files name
        const std::filesystem::path path = options_.manifest.parent_path() / name;
        JsonFile file;
        if (Status loaded = load(path, file); !loaded) {
            record(suite, name, State::Failed, loaded.error().detail);
            return;
        }
        const std::string want = text_of(entry, "sha256");
        if (!want.empty() && want != to_hex(crypto::sha256(as_bytes(file.text)).view())) {
            record(suite, name, State::Failed, "the file does not have the hash that the manifest gives");
            return;
        }
        run_cases(file.document->root(), suite);
    }

    void run_cases(const json::Value& document, const std::string& suite) {
        const auto cases = document.find("cases");
        if (!cases || !cases->is_array()) {
            run_case(document, document, suite);
            return;
        }
        for (const json::Value& value : cases->elements())
            run_case(value, document, suite);
    }

    void run_case(const json::Value& value, const json::Value& document, const std::string& suite) {
        const std::string own_kind = text_of(value, "kind");
        if (!wanted(suite, own_kind)) return;
        std::string id = text_of(value, "id");
        if (!options_.case_id.empty() && id != options_.case_id) return;
        auto handler = handlers_.find(own_kind);
        if (handler == handlers_.end()) handler = handlers_.find(suite);
        const std::string kind = own_kind.empty() ? suite : own_kind;
        if (handler == handlers_.end()) {
            record(kind, id, options_.skip_unknown ? State::Skipped : State::Failed, "unknown kind");
            return;
        }
        const Case one{id, kind, value, document, options_.manifest.parent_path()};
        const Status status = handler->second(one);
        if (status) {
            record(kind, id, State::Passed, "");
            return;
        }
        const bool skip = status.error().code == Errc::Unavailable;
        std::string detail(status.error().rule);
        if (!status.error().detail.empty()) detail += ": " + status.error().detail;
        record(kind, id, skip ? State::Skipped : State::Failed, std::move(detail));
    }

    const Options& options_;
    const Handlers& handlers_;
    Summary summary_;
};

}  // namespace

Result<Summary> run(const Options& options, const Handlers& handlers) {
    Run one(options, handlers);
    LUMOZ_CHECK_OK(one.manifest());
    return std::move(one).take();
}

std::string to_text(const Summary& summary) {
    std::string out;
    std::map<std::pair<std::string, std::string>, std::size_t> skipped;
    for (const Outcome& o : summary.outcomes) {
        if (o.state == State::Failed) {
            out += "FAIL " + printable(o.kind) + " " + printable(o.id) + ": " + printable(o.detail) + "\n";
        } else if (o.state == State::Skipped) {
            ++skipped[{o.kind, o.detail}];
        }
    }
    for (const auto& [what, count] : skipped) {
        out += "SKIP " + printable(what.first) + ": " + printable(what.second) + " (" +
               std::to_string(count) + (count == 1 ? " case)\n" : " cases)\n");
    }
    return out + std::to_string(summary.passed) + " passed, " + std::to_string(summary.failed) + " failed, " +
           std::to_string(summary.skipped) + " skipped\n";
}

std::string to_json(const Summary& summary) {
    json::Writer w;
    w.object();
    w.key("result").string(summary.failed == 0 ? "accept" : "reject");
    w.key("passed").integer(static_cast<std::int64_t>(summary.passed));
    w.key("failed").integer(static_cast<std::int64_t>(summary.failed));
    w.key("skipped").integer(static_cast<std::int64_t>(summary.skipped));
    w.key("mismatches").array();
    for (const Outcome& o : summary.outcomes) {
        if (o.state != State::Failed) continue;
        w.object();
        w.key("kind").string(o.kind);
        w.key("case").string(o.id);
        w.key("detail").string(o.detail);
        w.end();
    }
    w.end().end();
    return std::move(w).text() + "\n";
}

}  // namespace lumoz::app::vectors
