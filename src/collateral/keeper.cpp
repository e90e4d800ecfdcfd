// SPDX-License-Identifier: Apache-2.0
#include "collateral/keeper.hpp"

#include "collateral/chance.hpp"

namespace lumoz::collateral {
namespace {

/// A service keeps documents of its own platform only; a command of one.
constexpr std::size_t kMaxKept = 64;
/// The largest part of a wait that chance takes off: one tenth.
constexpr std::int64_t kJitterPart = 10;

bool is_fresh(UnixTime now, UnixTime refresh_at, UnixTime fetched_at) {
    return fetched_at <= now && now < refresh_at;
}

std::unexpected<Error> older(Item item, const Checked& fresh, const Checked& kept) {
    return fail(Errc::Refused, "E_COLLATERAL_OLDER", "collateral.older",
                std::string(to_text(item)) + " of " + to_rfc3339(fresh.issued) + ", kept is of " +
                    to_rfc3339(kept.issued));
}

}  // namespace

Keeper::Keeper(Client* client, const Cache* cache, KeeperOptions options)
    : client_(client), cache_(cache), options_(std::move(options)) {}

UnixTime Keeper::due(const Document& document, const Checked& checked) const {
    const std::int64_t life = std::max<std::int64_t>(0, checked.not_after - document.fetched_at);
    const std::int64_t wait = std::min<std::int64_t>(options_.refresh.count(), life / 2);
    return document.fetched_at + wait - chance_below(wait / kJitterPart);
}

const Keeper::Kept* Keeper::find(Item item, const Request& request, const std::string& key) {
    if (const auto known = kept_.find(key); known != kept_.end()) return &known->second;
    if (cache_ == nullptr || kept_.size() >= kMaxKept) return nullptr;
    std::optional<Document> stored = cache_->load(item, key);
    if (!stored) return nullptr;
    auto checked = check(*stored, request, options_.roots);
    if (!checked) return nullptr;
    const UnixTime refresh_at = due(*stored, *checked);
    return &kept_.emplace(key, Kept{std::move(*stored), std::move(*checked), refresh_at}).first->second;
}

Result<const Keeper::Kept*> Keeper::take(Document document, const Request& request, UnixTime now) {
    const Item item = document.item;
    const std::string key = cache_key(item, request);
    LUMOZ_TRY(Checked checked, check(document, request, options_.roots));
    LUMOZ_CHECK_OK(check_dates(document, checked, now));
    // An older data set never replaces a newer one, even when the newer one has run out: it may lack what
    // was learned since.
    if (const Kept* kept = find(item, request, key); kept != nullptr && checked.older_than(kept->checked))
        return older(item, checked, kept->checked);
    if (cache_ != nullptr) {
        // Another process may have stored a newer one meanwhile.
        if (const auto stored = cache_->load(item, key)) {
            const auto other = check(*stored, request, options_.roots);
            if (other && checked.older_than(*other)) return older(item, checked, *other);
        }
        if (Status stored = cache_->store(document, key); !stored) cache_status_ = std::move(stored);
    }
    if (kept_.size() >= kMaxKept) kept_.clear();
    const UnixTime refresh_at = due(document, checked);
    Kept& kept = kept_[key];
    kept = Kept{std::move(document), std::move(checked), refresh_at};
    return &kept;
}

/// The service's document, or the kept one with the reason in `supply`.
Result<const Keeper::Kept*> Keeper::renew(Item item, const Request& request, const std::string& root,
                                          UnixTime now, Supply& supply) {
    auto fetched = client_->fetch(item, request, root, now);
    Result<const Kept*> taken =
        fetched ? take(std::move(*fetched), request, now) : std::unexpected(fetched.error());
    if (taken) {
        ++supply.fetched;
        return taken;
    }
    const Kept* kept = find(item, request, cache_key(item, request));
    if (kept == nullptr || !kept->checked.valid_at(now)) return taken;
    supply.troubles.push_back({item, std::move(taken).error()});
    return kept;
}

Result<Supply> Keeper::collect(const Request& request, UnixTime now, bool force) {
    Supply supply;
    DocumentSet documents;
    std::string root;
    for (const Item item : kItems) {
        const Kept* kept = find(item, request, cache_key(item, request));
        const bool good = kept != nullptr && kept->checked.valid_at(now);
        const bool fresh = good && !force && is_fresh(now, kept->refresh_at, kept->document.fetched_at);
        if (!fresh && client_ != nullptr) {
            LUMOZ_TRY(kept, renew(item, request, root, now, supply));
        } else if (!good) {
            if (kept != nullptr) {
                LUMOZ_CHECK_OK(check_dates(kept->document, kept->checked, now));
            }
            return fail(Errc::Unavailable, "E_COLLATERAL_NONE", "collateral.offline",
                        std::string(to_text(item)));
        }
        documents[static_cast<std::size_t>(item)] = kept->document;
        supply.refresh_at = item == Item::TcbInfo ? kept->refresh_at
                                                  : std::min(supply.refresh_at, kept->refresh_at);
        if (item == Item::TcbInfo) {
            LUMOZ_TRY(root, root_of(kept->document.chain));
        }
    }
    LUMOZ_TRY(supply.bundle, assemble(documents, request, options_.roots));
    return supply;
}

Result<Supply> Keeper::get(const Request& request, UnixTime now, bool force) {
    cache_status_ = {};
    auto supply = collect(request, now, force);
    // Documents of different days may not fit each other (a signer that was revoked since): ask for all.
    const bool unfit = !supply && (supply.error().where == kWhereBundle || supply.error().where == kWhereSigner);
    if (unfit && !force && client_ != nullptr) supply = collect(request, now, true);
    if (supply && !cache_status_)
        supply->troubles.push_back({Item::TcbInfo, std::move(cache_status_).error()});
    return supply;
}

Status Keeper::put(const DocumentSet& documents, const Request& request, UnixTime now) {
    cache_status_ = {};
    for (const Document& document : documents) {
        LUMOZ_CHECK_OK(take(document, request, now));
    }
    return cache_status_;
}

}  // namespace lumoz::collateral
