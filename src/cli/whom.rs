//! Of whom a list is asked, and by which right: what alerts, fitness for care and due lists share.

use clap::Args;

use super::connection::Connection;
use super::words;
use crate::rpc::wire::Purpose;

/// Of whom.
#[derive(Args, Debug)]
pub struct Whom {
    /// The facility, the region (an MCH centre's follow-up) or the child (a guardian, with a code);
    /// the caller's own organization if left out
    #[arg(long)]
    parent: Option<String>,
    /// Why, e.g. daily-care or health-guidance; what the caller's kind implies if left out
    #[arg(long, value_parser = words::parse_purpose)]
    purpose: Option<Purpose>,
    /// Only this child
    #[arg(long)]
    child: Option<String>,
    /// A guardian's one-time code for reading (监护人查阅码)
    #[arg(long, env = "YUQIAO_GUARDIAN_CODE", hide_env_values = true)]
    code: Option<String>,
}

impl Whom {
    /// The parent's resource name.
    #[must_use]
    pub fn parent(&self, connection: &Connection) -> String {
        let own = || connection.organization.clone();
        self.parent.clone().unwrap_or_else(own)
    }

    /// Whether the caller's own organization is asked about: for a facility, as its staff.
    #[must_use]
    pub fn is_own(&self, connection: &Connection) -> bool {
        self.parent(connection) == connection.organization
    }

    /// The one child's resource name; empty for all.
    #[must_use]
    pub fn child(&self, connection: &Connection) -> String {
        let name = |given| connection.name("children", given);
        self.child.as_deref().map(name).unwrap_or_default()
    }

    /// The purpose as the wire's number.
    #[must_use]
    pub fn purpose(&self) -> i32 {
        self.purpose.unwrap_or_default().into()
    }

    /// The guardian's code; empty without one.
    #[must_use]
    pub fn code(&self) -> String {
        self.code.clone().unwrap_or_default()
    }
}
