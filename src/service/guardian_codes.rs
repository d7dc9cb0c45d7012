//! A guardian's one-time code as it is stored and looked up: a keyed digest, never the code.

use data_encoding::HEXLOWER;

use super::gateway::Gateway;
use crate::{domain::region::RegionCode, pki::GuardianCode};

/// The digest of a code in a region.
pub fn digest(gateway: &Gateway, region: RegionCode, code: &GuardianCode) -> String {
    let key = gateway.keyring().index().keyed_digest(b"guardian-code");
    HEXLOWER.encode(&code.keyed_digest(&key, &region.to_string()))
}
