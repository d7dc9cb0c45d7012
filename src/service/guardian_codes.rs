//! One-time codes for guardians: handed over in person by an institution that has to do with the
//! child, and kept as a keyed digest, never as the code.

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

use super::{
    caller::Claim,
    change::Change,
    error::Error,
    gateway::Gateway,
    guardianships::{leaf, must_serve},
    reason::Reason,
};
use crate::{
    domain::{
        guardianship::{GuardianCodeUse, Guardianship},
        id::Id,
        region::RegionCode,
    },
    pki::GuardianCode,
    store::guardianships::{self, NewCode},
};

/// How long a guardian's code lasts.
pub const CODE_LASTS: TimeDelta = TimeDelta::hours(24);

/// The digest of a code in a region.
pub fn digest(gateway: &Gateway, region: RegionCode, code: &GuardianCode) -> String {
    let key = gateway.keyring().index().keyed_digest(b"guardian-code");
    HEXLOWER.encode(&code.keyed_digest(&key, &region.to_string()))
}

/// A code, to be shown once and handed over in person.
pub struct IssuedCode {
    /// Its text.
    pub text: Zeroizing<String>,
    /// When it ends.
    pub expires: DateTime<Utc>,
}

/// Hands a guardian a one-time code, and says so in the ledger: by a medical institution that serves
/// the child, never by a facility, which would be consenting to itself.
///
/// # Errors
/// `CHILD_NOT_SERVED` to who only recorded the guardianship; to any other stranger `NOT_FOUND`.
pub async fn issue(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    guardianship: Id<Guardianship>,
    usage: GuardianCodeUse,
) -> Result<IssuedCode, Error> {
    let mut change = Change::begin(gateway, region, claim).await?;
    change.caller.must_be_medical()?;
    let found = guardianships::find(&mut change.tx, region, guardianship).await?;
    let of = found.ok_or(Reason::NotFound)?.child;
    let child = change.lock_child(of).await?.ok_or(Reason::NotFound)?;
    // Read again under the child's lock.
    let row = guardianships::find(&mut change.tx, region, guardianship).await?;
    let row = row.ok_or(Reason::NotFound)?;
    let us = change.caller.organization;
    must_serve(&mut change, of, Some(&row), Reason::NotFound).await?;
    // A disputed guardian may still withdraw; what a code opens is decided when it is used.
    if !row.holds_on(change.settings.zone.day(change.now)) {
        return Err(Reason::GuardianshipNotHeld.into());
    }
    let code = GuardianCode::generate(&mut change.chance);
    let expires = change.now + CODE_LASTS;
    let kept = NewCode {
        digest: digest(gateway, region, &code),
        guardianship,
        child: of,
        usage,
        issued_by: us,
        issued_actor: change.caller.actor_id(),
        expires,
    };
    guardianships::insert_code(&mut change.tx, region, kept, change.now).await?;
    let use_of = vec![("code.use".to_owned(), usage.as_str().to_owned())];
    leaf(&mut change, &row, &child, "GUARDIAN_CODE_ISSUED", use_of)?;
    change.commit().await?;
    Ok(IssuedCode {
        text: code.reveal(),
        expires,
    })
}
