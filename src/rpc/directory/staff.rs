//! The yearly health certificates of those who work in care, on the wire.

use chrono::NaiveDate;

use crate::{
    domain::{actor::Actor, id::Id, region::RegionCode},
    rpc::{
        convert::{self, Fields, WireWord, name},
        wire,
    },
    service::{
        Error,
        health_certificates::{HealthCertificate, StaffCertificates},
    },
};

/// Whose certificate, and the day it was issued.
type Recorded = ((RegionCode, Id<Actor>), Option<NaiveDate>);

pub(super) fn read_certificate(
    message: &wire::RecordHealthCertificateRequest,
) -> Result<Recorded, Error> {
    let mut f = Fields::default();
    let named = f.name("name", &message.name);
    let issued = f.optional_day("issued_day", &message.issued_day);
    f.finish(named.zip(issued))
}

pub(super) fn certificate_message(of: HealthCertificate) -> wire::HealthCertificate {
    wire::HealthCertificate {
        status: of.status.number(),
        issued_day: convert::maybe_day(of.issued),
        due_day: convert::maybe_day(of.due),
        expiry_day: convert::maybe_day(of.expiry),
    }
}

pub(super) fn count_message(region: RegionCode, of: StaffCertificates) -> wire::StaffCertificates {
    wire::StaffCertificates {
        organization: name(region, of.facility),
        display_name: of.display_name,
        workers: of.workers,
        valid: of.valid,
        renewal_due: of.renewal_due,
        lapsed: of.lapsed,
        missing: of.missing,
    }
}
