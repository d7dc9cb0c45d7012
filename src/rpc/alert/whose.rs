//! Of whom something is asked, and by which right: a facility's children, an area's, or a guardian's
//! own. The lists of alerts, of fitness for care and of what is due ask alike.

use crate::{
    domain::{
        child::Child, id::Id, organization::Organization, purpose::Purpose, region::RegionCode,
    },
    rpc::convert::{Fields, names},
    service::{Error, Gateway, Reason, guardian_codes},
};

/// The fields every such request has.
pub(super) struct Request<'r> {
    pub(super) parent: &'r str,
    pub(super) purpose: i32,
    pub(super) child: &'r str,
    pub(super) guardian_code: &'r str,
}

/// Who is asked about.
pub(super) enum Whose {
    /// A facility's children, or one of them.
    Facility {
        facility: Id<Organization>,
        purpose: Option<Purpose>,
        child: Option<Id<Child>>,
    },
    /// The area an MCH centre follows up.
    Area,
    /// A guardian's own child, by the keyed digest of a code.
    Own { child: Id<Child>, code: String },
}

enum Parent {
    Facility(Id<Organization>),
    Area,
    Child(Id<Child>),
}

impl Request<'_> {
    /// The region and whose children; every field that is wrong is named.
    pub(super) fn read(&self, gateway: &Gateway) -> Result<(RegionCode, Whose), Error> {
        let mut f = Fields::default();
        let parent = parent(&mut f, self.parent);
        let region = parent.as_ref().map(|(region, _)| *region);
        let purpose = f.optional_word("purpose", self.purpose);
        let child = f.optional_name_in::<Child>("child", self.child, region);
        let code = f.optional_guardian_code("guardian_code", self.guardian_code);
        let ((region, parent), purpose, child, code) =
            f.finish((|| Some((parent?, purpose?, child?, code?)))())?;
        let whose = match (parent, code) {
            (Parent::Facility(facility), None) => Whose::Facility {
                facility,
                purpose,
                child,
            },
            (Parent::Area, None) => Whose::Area,
            (Parent::Child(child), Some(code)) => Whose::Own {
                child,
                code: guardian_codes::digest(gateway, region, &code),
            },
            (Parent::Child(_), None) => {
                return Err(Error::field("guardian_code", Reason::FieldRequired));
            }
            (_, Some(_)) => return Err(Error::field("parent", Reason::FieldMalformed)),
        };
        Ok((region, whose))
    }

    /// What chooses the children, in one spelling: page tokens are bound to it.
    pub(super) fn filter(&self) -> String {
        format!("{} {} {}", self.parent, self.purpose, self.child)
    }
}

fn parent(f: &mut Fields, text: &str) -> Option<(RegionCode, Parent)> {
    if let Some((region, facility)) = names::parse::<Organization>(text) {
        return Some((region, Parent::Facility(facility)));
    }
    if let Some((region, child)) = names::parse::<Child>(text) {
        return Some((region, Parent::Child(child)));
    }
    f.parent("parent", text)
        .map(|region| (region, Parent::Area))
}
