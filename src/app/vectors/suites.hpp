// SPDX-License-Identifier: Apache-2.0
// The suites that `lumoz-vectors` knows, one function per family.
#pragma once

#include "app/vectors/runner.hpp"

namespace lumoz::app::vectors {

class Live;

/// `jcs`, `keys`.
void add_primitives(Handlers& handlers);
/// `report_data`, `signature_text`, `signature_verify`.
void add_signing(Handlers& handlers);
/// `aci_keyset`, `aci_receipt`.
void add_aci(Handlers& handlers);
/// `attestation_query`, `http_errors`, `aci_attestation_query`, `aci_serving_constraints`: asked of a running
/// service, which must outlive the handlers.
void add_service(Handlers& handlers, Live& live);
/// `tinfoil_key_binding_v2`, `tinfoil_report_data_v3`, `tinfoil_bundle_v2`, `dstack_report`.
void add_reports(Handlers& handlers);
/// `dstack_report_edits`.
void add_report_edits(Handlers& handlers);
/// `multipart_hash`, `compose_manager_hash`.
void add_forms(Handlers& handlers);
/// `anthropic_translation`.
void add_translation(Handlers& handlers);
/// `oms_root`.
void add_oms(Handlers& handlers);
/// `verify`, `policy`, `parse` of vectors/tdx.
void add_tdx(Handlers& handlers);
/// `eventlog-json`, `eventlog-ccel` of vectors/tdx.
void add_event_logs(Handlers& handlers);

}  // namespace lumoz::app::vectors
