//! The name a client certificate carries: one organization of one region, as a URI.
//!
//! `yuqiao://regions/150627/organizations/01JD3Z9V7M0000000000000000`
//!
//! It stands in the subject alternative name. One spelling names one organization: no other case
//! of the scheme, no escapes, no trailing slash. Whether the organization exists is not known here.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

const SCHEME: &str = "yuqiao://";
const MAX_ORGANIZATION: usize = 64;

/// The organization a certificate was issued to, and the region that issued it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CertificateName {
    region: String,
    organization: String,
}

/// Why a text is not a certificate's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NameError {
    /// Not of the form `yuqiao://regions/{region}/organizations/{id}`.
    #[error("name is not of the form yuqiao://regions/{{region}}/organizations/{{id}}")]
    Form,
    /// The region is not six ASCII digits (GB/T 2260).
    #[error("region in the name is not six digits")]
    Region,
    /// The organization id is empty, longer than 64 characters, or holds something other than
    /// ASCII letters, digits and inner hyphens.
    #[error("organization id in the name is not an id")]
    Organization,
}

impl CertificateName {
    /// A name from a region's six digits and an organization's id text.
    pub fn new(region: &str, organization: &str) -> Result<Self, NameError> {
        if region.len() != 6 || !region.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NameError::Region);
        }
        let plain = organization
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let ends = organization.starts_with('-') || organization.ends_with('-');
        if organization.is_empty() || organization.len() > MAX_ORGANIZATION || !plain || ends {
            return Err(NameError::Organization);
        }
        Ok(Self {
            region: region.to_owned(),
            organization: organization.to_owned(),
        })
    }

    /// The region's six digits (GB/T 2260).
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The organization's id as text.
    pub fn organization(&self) -> &str {
        &self.organization
    }

    /// Whether a URI claims to be a name of ours, well formed or not.
    pub fn claims(uri: &str) -> bool {
        uri.get(..SCHEME.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(SCHEME))
    }
}

impl fmt::Display for CertificateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{SCHEME}regions/{}/organizations/{}",
            self.region, self.organization
        )
    }
}

impl FromStr for CertificateName {
    type Err = NameError;

    fn from_str(uri: &str) -> Result<Self, NameError> {
        let path = uri.strip_prefix(SCHEME).ok_or(NameError::Form)?;
        let mut parts = path.split('/');
        match (
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
        ) {
            (Some("regions"), Some(region), Some("organizations"), Some(organization), None) => {
                Self::new(region, organization)
            }
            _ => Err(NameError::Form),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(region in "[0-9]{6}", id in "[0-9A-Za-z]{1,30}(-[0-9a-z]{1,9})?") {
            let name = CertificateName::new(&region, &id).unwrap();
            prop_assert_eq!(name.to_string().parse::<CertificateName>(), Ok(name));
        }

        #[test]
        fn what_is_read_is_written_the_same(uri in "yuqiao://regions/.{0,8}/organizations/.{0,8}") {
            if let Ok(name) = uri.parse::<CertificateName>() {
                prop_assert_eq!(name.to_string(), uri);
            }
        }
    }

    #[test]
    fn near_misses_are_refused() {
        for (uri, error) in [
            ("", NameError::Form),
            ("YUQIAO://regions/150627/organizations/a1", NameError::Form),
            ("https://regions/150627/organizations/a1", NameError::Form),
            ("yuqiao://regions/150627/organizations/a1/", NameError::Form),
            (
                "yuqiao://regions/150627/organizations/a1/x",
                NameError::Form,
            ),
            ("yuqiao://regions/150627", NameError::Form),
            ("yuqiao://region/150627/organizations/a1", NameError::Form),
            ("yuqiao://regions/15062/organizations/a1", NameError::Region),
            (
                "yuqiao://regions/15062七/organizations/a1",
                NameError::Region,
            ),
            (
                "yuqiao://regions/150627/organizations/",
                NameError::Organization,
            ),
            (
                "yuqiao://regions/150627/organizations/-a",
                NameError::Organization,
            ),
            (
                "yuqiao://regions/150627/organizations/a%2f",
                NameError::Organization,
            ),
            (
                "yuqiao://regions/150627/organizations/a?b",
                NameError::Organization,
            ),
        ] {
            assert_eq!(uri.parse::<CertificateName>(), Err(error), "{uri}");
        }
        assert_eq!(
            CertificateName::new("150627", &"a".repeat(65)),
            Err(NameError::Organization)
        );
    }
}
