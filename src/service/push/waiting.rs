//! What is sealed of a check-up that waits for its child: its findings, and what was stated of the
//! child besides its numbers, which must agree with whoever claims it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    domain::{region::RegionCode, sex::Sex},
    service::{assessment::FINDINGS_PLACE, error::Error},
    vault::{self, DataKey, Place},
};

/// The sealed body.
#[derive(Serialize, Deserialize)]
pub struct Waiting {
    /// Day of birth as stated.
    pub birth_date: Option<NaiveDate>,
    /// Sex as stated.
    pub sex: Option<Sex>,
    /// The findings, as [`Finding::encode_all`](crate::domain::finding::Finding::encode_all) wrote
    /// them.
    pub findings: String,
}

impl Waiting {
    /// Seals it under the region's key for the unmatched.
    pub fn seal(
        &self,
        key: &DataKey,
        region: RegionCode,
        row: &str,
        chance: &mut dyn rand::RngCore,
    ) -> Result<Vec<u8>, Error> {
        let plain = serde_json::to_vec(self).map_err(|_| Error::Broken("a waiting check-up"))?;
        let plain = Zeroizing::new(plain);
        let region = region.to_string();
        Ok(vault::seal(key, &place(&region, row), &plain, chance)?)
    }

    /// Opens it.
    pub fn open(
        key: &DataKey,
        region: RegionCode,
        row: &str,
        sealed: &[u8],
    ) -> Result<Self, Error> {
        let region = region.to_string();
        let plain = vault::open(key, &place(&region, row), sealed)?;
        serde_json::from_slice(&plain).map_err(|_| Error::Broken("a waiting check-up"))
    }
}

fn place<'a>(region: &'a str, row: &'a str) -> Place<'a> {
    let (table, _) = FINDINGS_PLACE;
    Place {
        table,
        region,
        row,
        column: "waiting",
    }
}
