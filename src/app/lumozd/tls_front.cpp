// SPDX-License-Identifier: Apache-2.0
#include "app/lumozd/tls_front.hpp"

#include "base/log.hpp"
#include "crypto/sha2.hpp"
#include "net/tls_written.hpp"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

namespace lumoz::app {
namespace {

/// Clients whose clocks are behind accept a certificate that is made now.
constexpr UnixTime kClockSkew = 300;

std::optional<std::string> first_domain(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        const bool address =
            name.find(':') != std::string::npos || name.find_first_not_of("0123456789.") == std::string::npos;
        if (!address) return name;
    }
    return std::nullopt;
}

SharedTlsKey new_key() {
    return std::make_shared<const crypto::P256Key>(crypto::P256Key::generate());
}

Digest256 spki_of(const SharedTlsKey& key) {
    return crypto::sha256(crypto::p256_spki(key->public_key()));
}

std::string request_path(const gateway::Config& config) {
    if (!config.tls_request_file.empty()) return config.tls_request_file;
    return (std::filesystem::path(config.state_dir) / "tls" / "request.pem").string();
}

/// Whole or not at all.
Status write_file(const std::string& path, const std::string& text) {
    const std::filesystem::path target(path);
    const std::filesystem::path half = target.string() + ".new";
    std::error_code error;
    if (target.has_parent_path()) std::filesystem::create_directories(target.parent_path(), error);
    std::ofstream out(half, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    if (out) std::filesystem::rename(half, target, error);
    if (!out || error) return fail(Errc::Io, "E_TLS_REQUEST", "app.tls.request", "cannot write " + path);
    return {};
}

}  // namespace

TlsFront::TlsFront(const gateway::Config& config, const Clock& clock)
    : names_(config.tls_names),
      chain_file_(config.tls_chain_file),
      request_file_(request_path(config)),
      clock_(clock) {}

Result<std::unique_ptr<TlsFront>> TlsFront::open(const gateway::Config& config, const Clock& clock) {
    std::unique_ptr<TlsFront> out(new TlsFront(config, clock));
    if (out->is_public()) {
        LUMOZ_CHECK_OK(out->request());
    }
    out->poll();
    return out;
}

Status TlsFront::request() {
    requested_ = new_key();
    LUMOZ_CHECK_OK(write_file(request_file_, net::make_certificate_request(*requested_, names_)));
    log::info("certificate_request", {{"file", request_file_}});
    return {};
}

Result<SharedFace> TlsFront::next(UnixTime lifetime) const {
    TlsFace made;
    made.domain = first_domain(names_);
    if (chain_is_good()) {
        made.key = chain_->key;
        made.certificate_pem = chain_->pem;
        made.chain_not_after = chain_->not_after;
    } else {
        const UnixTime now = clock_.now();
        // A key that somebody is asked to certify, or has certified, goes on.
        made.key = !is_public() ? new_key() : face_ ? face_->key : requested_;
        made.certificate_pem = net::make_self_signed(*made.key, names_, now - kClockSkew, now + lifetime);
    }
    std::string pem = made.key->private_pem_for_tls();
    Result<net::TlsContext> context = net::TlsContext::server(pem, made.certificate_pem);
    wipe(std::span(reinterpret_cast<std::uint8_t*>(pem.data()), pem.size()));
    if (!context) return std::unexpected(context.error());
    made.context = std::make_shared<const net::TlsContext>(std::move(*context));
    return std::make_shared<const TlsFace>(std::move(made));
}

void TlsFront::in_force(SharedFace face) {
    face_ = std::move(face);
    if (!face_->chain_not_after || face_->key != requested_) return;
    // The requested key is in use with its chain: the next certificate is for a new one.
    if (const Status asked = request(); !asked) {
        log::error("certificate_request_failed", {{"rule", asked.error().rule}});
        trouble_ = asked;
    }
}

bool TlsFront::file_changed() {
    struct stat info{};
    std::string state = "absent";
    if (::stat(chain_file_.c_str(), &info) == 0)
        state = std::to_string(info.st_ino) + "/" + std::to_string(info.st_size) + "/" +
                std::to_string(info.st_mtim.tv_sec) + "." + std::to_string(info.st_mtim.tv_nsec);
    const bool changed = state != file_state_;
    file_state_ = std::move(state);
    return changed;
}

Result<TlsFront::Chain> TlsFront::read_chain() const {
    std::ifstream in(chain_file_, std::ios::binary);
    if (!in) return fail(Errc::NotFound, "E_TLS_CHAIN", "app.tls.chain_file", "not there");
    std::string pem(net::kMostChainBytes + 1, '\0');
    in.read(pem.data(), static_cast<std::streamsize>(pem.size()));
    pem.resize(static_cast<std::size_t>(in.gcount()));
    std::vector<SharedTlsKey> keys{requested_};
    if (face_ && face_->key != requested_) keys.push_back(face_->key);
    std::vector<Digest256> digests;
    for (const SharedTlsKey& key : keys)
        digests.push_back(spki_of(key));
    LUMOZ_TRY(const net::CertificateChain checked, net::check_chain(pem, digests, names_, clock_.now()));
    const auto found = std::ranges::find(digests, checked.spki_sha256) - digests.begin();
    return Chain{std::move(pem), keys[static_cast<std::size_t>(found)], checked.not_after};
}

bool TlsFront::poll(bool again) {
    if (!is_public()) return false;
    if (file_changed() || again) {
        Result<Chain> read = read_chain();
        trouble_ = read ? Status() : Status(std::unexpected(read.error()));
        if (read) {
            chain_ = std::move(*read);
        } else if (read.error().code != Errc::NotFound) {
            log::error("certificate_refused", {{"rule", read.error().rule},
                                               {"where", read.error().where},
                                               {"detail", read.error().detail}});
        }
    }
    if (!face_) return false;
    if (!chain_is_good()) return face_->chain_not_after.has_value();
    return face_->certificate_pem != chain_->pem;
}

std::string TlsFront::warning(std::chrono::seconds warn_before) const {
    if (!is_public()) return {};
    std::string out;
    const auto add = [&out](const std::string& text) { out.append(out.empty() ? "" : "; ").append(text); };
    if (!face_ || !face_->chain_not_after) {
        add("self-signed: no certificate for the request in " + request_file_);
    } else if (const UnixTime left = *face_->chain_not_after - clock_.now(); left <= warn_before.count()) {
        add("the certificate runs out in " + std::to_string(left) + " s");
    }
    if (!trouble_ && trouble_.error().code != Errc::NotFound)
        add("refused: " + std::string(trouble_.error().rule) + " " + std::string(trouble_.error().where));
    return out;
}

}  // namespace lumoz::app
