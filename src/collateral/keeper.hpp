// SPDX-License-Identifier: Apache-2.0
// Brings the documents of a platform together: from memory, from the cache, from the service, whichever is
// good and fresh enough. A fetched document replaces a kept one only when its signature and dates hold and it
// is not older; without a service, what is kept serves until it really expires, and not a second longer.
#pragma once

#include "collateral/bundle.hpp"
#include "collateral/cache.hpp"
#include "collateral/client.hpp"

#include <map>

namespace lumoz::collateral {

struct KeeperOptions {
    verify::RootPins roots{};
    /// A document is asked for again this long after it was fetched, or after half of the life it had left
    /// then, whichever is sooner; up to a tenth earlier by chance, so that many machines do not ask together.
    std::chrono::seconds refresh = std::chrono::hours(24);
};

/// Why one document could not be renewed; the kept one stands in for it.
struct Trouble {
    Item item;
    Error error;
};

struct Supply {
    Bundle bundle;  ///< valid at the time it was asked for
    UnixTime refresh_at = 0;  ///< when the first document is due again
    unsigned fetched = 0;     ///< documents that came from the service this time
    std::vector<Trouble> troubles;
};

/// Used by one thread at a time.
class Keeper {
public:
    /// `client` null: offline, nothing is fetched. `cache` null: in memory only. Requires: both outlive the
    /// keeper.
    Keeper(Client* client, const Cache* cache, KeeperOptions options);

    /// `force`: asks for every document, fresh or not. Fails when a document is neither at hand nor to be
    /// had: with the reason of the service, `E_COLLATERAL_NONE` offline, or the expiry of what is kept;
    /// errors of `assemble`.
    Result<Supply> get(const Request& request, UnixTime now, bool force = false);
    /// Takes documents from elsewhere (an import). Older ones are refused (`E_COLLATERAL_OLDER`), all others
    /// kept; errors of `check`, `check_dates`, `E_COLLATERAL_CACHE`.
    Status put(const DocumentSet& documents, const Request& request, UnixTime now);

private:
    struct Kept {
        Document document;
        Checked checked;
        UnixTime refresh_at = 0;
    };
    const Kept* find(Item item, const Request& request, const std::string& key);
    Result<const Kept*> renew(Item item, const Request& request, const std::string& root, UnixTime now,
                              Supply& supply);
    Result<const Kept*> take(Document document, const Request& request, UnixTime now);
    Result<Supply> collect(const Request& request, UnixTime now, bool force);
    [[nodiscard]] UnixTime due(const Document& document, const Checked& checked) const;

    Client* client_;
    const Cache* cache_;
    KeeperOptions options_;
    std::map<std::string, Kept, std::less<>> kept_;  ///< by cache key; bounded by kMaxKept
    Status cache_status_;
};

}  // namespace lumoz::collateral
