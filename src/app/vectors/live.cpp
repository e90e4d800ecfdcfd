// SPDX-License-Identifier: Apache-2.0
#include "app/vectors/live.hpp"

#include "app/cli/chat.hpp"
#include "app/output/files.hpp"
#include "app/process/child.hpp"
#include "app/process/temp_dir.hpp"
#include "base/hex.hpp"
#include "crypto/random.hpp"
#include "crypto/sha2.hpp"

#include <algorithm>

namespace lumoz::app::vectors {
namespace {

constexpr std::chrono::milliseconds kStartLimit{20'000};
constexpr json::Limits kLimits{.max_bytes = std::size_t{16} << 20, .max_depth = 64};

std::string upper(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c; });
    return text;
}

Result<std::string> member_text(std::string_view document, std::string_view name) {
    LUMOZ_TRY(const json::Document parsed, json::Document::parse(document, kLimits));
    const auto found = parsed.root().find(name);
    const auto value = found ? found->as_string() : std::nullopt;
    if (!value) return fail(Errc::Io, "E_SERVICE", "vectors.live", "no member " + std::string(name));
    return *value;
}

std::string config_text(const std::string& dir) {
    return "state_dir = \"" + dir + "/state\"\n" +
           "[listen]\naddress = \"127.0.0.1:0\"\n"
           "[model]\nname = \"scripted\"\npath = \"" +
           dir + "/model.bin\"\n" + "[engine]\nkind = \"url\"\nurl = \"unix:" + dir + "/engine.sock\"\n" +
           "[tee]\nguest_agent_socket = \"" + dir + "/tee.sock\"\n" + "[collateral]\nfile = \"" + dir +
           "/tee/collateral.json\"\n" + "[auth]\ntoken_file = \"" + dir + "/tokens\"\n";
}

}  // namespace

/// Members end in the opposite order: first the service, last the folder.
struct Live::Started {
    explicit Started(TempDir folder) : dir(std::move(folder)) {}
    TempDir dir;
    std::vector<std::unique_ptr<Child>> children;
    ~Started() {
        while (!children.empty())
            children.pop_back();
    }
};

Live::Live(LiveOptions options) : options_(std::move(options)) {}
Live::~Live() = default;

Status Live::ready() {
    if (!state_) {
        state_ = [&]() -> Status {
            if (options_.url.empty()) {
                LUMOZ_CHECK_OK(start());
            } else {
                LUMOZ_TRY(url_, net::parse_url(options_.url));
                if (url_->scheme == net::Url::Scheme::Https) {
                    LUMOZ_TRY(net::TlsContext tls, net::TlsContext::client_without_verification());
                    net_.client.tls = std::make_shared<const net::TlsContext>(std::move(tls));
                }
                if (!options_.token_file.empty()) {
                    LUMOZ_TRY(names_["token"], read_token(options_.token_file));
                }
            }
            return learn();
        }();
    }
    return *state_;
}

Status Live::start() {
    LUMOZ_TRY(TempDir folder, TempDir::make("lumoz-live"));
    started_ = std::make_unique<Started>(std::move(folder));
    const std::string dir = started_->dir.path().string();
    const std::string programs = options_.programs.empty() ? own_folder() : options_.programs;
    names_["token"] = to_hex(crypto::random_fixed<Digest256>().view());
    const std::string digest = to_hex(crypto::sha256(as_bytes(names_["token"])).view());
    LUMOZ_CHECK_OK(write_output(dir + "/tokens", as_bytes("vectors sha256:" + digest + "\n")));
    LUMOZ_CHECK_OK(write_output(dir + "/model.bin", as_bytes("scripted model\n")));
    LUMOZ_CHECK_OK(write_output(dir + "/lumozd.toml", as_bytes(config_text(dir))));
    const auto run = [&](const std::string& name,
                         const std::vector<std::string>& arguments) -> Result<std::string> {
        LUMOZ_TRY(Child child, Child::start(programs + "/" + name, arguments, dir + "/" + name + ".log"));
        started_->children.push_back(std::make_unique<Child>(std::move(child)));
        return started_->children.back()->wait_for_line("\"listening\"", kStartLimit);
    };
    LUMOZ_CHECK_OK(run("lumoz-simtee", {"--socket", dir + "/tee.sock", "--state", dir + "/tee"}));
    LUMOZ_CHECK_OK(run("lumoz-fake-engine", {"--unix", dir + "/engine.sock"}));
    LUMOZ_TRY(const std::string line, run("lumozd", {"--config", dir + "/lumozd.toml"}));
    LUMOZ_TRY(const std::string address, member_text(line, "address"));
    LUMOZ_TRY(url_, net::parse_url(address.find("://") == std::string::npos ? "http://" + address : address));
    return {};
}

Status Live::learn() {
    LUMOZ_CHECK_OK(learn_keys());
    return learn_exchange();
}

Status Live::learn_keys() {
    LUMOZ_TRY(const net::Response ecdsa, net::http_get(*url_, "/v1/attestation/report", {}, net_));
    LUMOZ_TRY(const std::string address, member_text(as_text(ecdsa.body), "signing_address"));
    names_["ecdsa_address"] = address;
    names_["ecdsa_address_upper_hex"] =
        "0x" + upper(address.substr(std::min<std::size_t>(2, address.size())));
    LUMOZ_TRY(const net::Response ed25519,
              net::http_get(*url_, "/v1/attestation/report?signing_algo=ed25519", {}, net_));
    LUMOZ_TRY(names_["ed25519_public_key"], member_text(as_text(ed25519.body), "signing_address"));
    return {};
}

/// One small exchange, so that there is an id to ask for. A service without a free model still answers the
/// other cases.
Status Live::learn_exchange() {
    net::Headers headers{{"Content-Type", "application/json"}};
    if (!names_["token"].empty()) headers.add("Authorization", "Bearer " + names_["token"]);
    LUMOZ_TRY(const net::Response models, net::http_get(*url_, "/v1/models", headers, net_));
    LUMOZ_TRY(const json::Document list, json::Document::parse(as_text(models.body), kLimits));
    const auto data = list.root().find("data");
    if (!data || data->size() == 0) return fail(Errc::Io, "E_SERVICE", "vectors.live", "no model is served");
    const auto model = data->elements().front().find("id");
    const std::string body = chat_body(
        {.model = model ? model->as_string().value_or("") : "", .prompt = "Say one word.", .max_tokens = 4});
    LUMOZ_TRY(const net::Response response,
              net::http_post(*url_, "/v1/chat/completions", headers, as_bytes(body), net_));
    if (response.head.status != 200) return service_error("/v1/chat/completions", response);
    LUMOZ_TRY(const ChatAnswer answer, chat_answer(as_text(response.body)));
    names_["chat_id"] = answer.id;
    names_["receipt_id"] = std::string(response.head.headers.get("X-Receipt-Id"));
    return {};
}

Result<net::Response> Live::request(std::string_view method, std::string_view target,
                                    const net::Headers& headers, ByteView body) {
    LUMOZ_CHECK_OK(ready());
    return net::http_request(*url_, method, target, headers, body, net_);
}

Result<std::string> Live::fill_in(std::string text) {
    LUMOZ_CHECK_OK(ready());
    for (const auto& [name, value] : names_) {
        const std::string place = "{" + name + "}";
        for (std::size_t at = text.find(place); at != std::string::npos;
             at = text.find(place, at + value.size()))
            text.replace(at, place.size(), value);
    }
    return text;
}

}  // namespace lumoz::app::vectors
