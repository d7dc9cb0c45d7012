//! The growth standard a county goes by: a setting of the region, never mixed with the other in one
//! statement.

use super::text_code::text_codes;

text_codes! {
    /// Whose cut-offs decide a child's growth classes.
    GrowthStandard {
        /// WS/T 423-2022 7岁以下儿童生长标准: what China recommends, and what holds if a region does
        /// not say otherwise.
        Wst423 = "WST423",
        /// WHO Child Growth Standards 2006, and from five years on the WHO Reference 2007.
        Who = "WHO",
    }
}

impl GrowthStandard {
    /// Its name as people read it.
    pub fn label(self) -> &'static str {
        match self {
            GrowthStandard::Wst423 => "WS/T 423-2022",
            GrowthStandard::Who => "WHO 2006/2007",
        }
    }
}

// A derived `Default` would need an attribute inside the list of codes.
#[allow(
    clippy::derivable_impls,
    reason = "the variants are written by text_codes!"
)]
impl Default for GrowthStandard {
    fn default() -> Self {
        GrowthStandard::Wst423
    }
}
