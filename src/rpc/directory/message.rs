//! What callers of the directory are told.

use super::staff;
use crate::{
    domain::{
        escalation::EscalationStep,
        organization::Standing,
        region::{RegionCode, Settings},
    },
    rpc::{
        convert::{self, WireWord, name, region_name},
        wire,
    },
    service::{
        actors::NamedActor,
        organizations::{IssuedCode, OrganizationRow},
    },
};

pub(super) fn invited_message(
    region: RegionCode,
    (row, code): (OrganizationRow, IssuedCode),
) -> wire::InviteOrganizationResponse {
    wire::InviteOrganizationResponse {
        organization: Some(organization_message(region, row)),
        enrolment_code: code.text.to_string(),
        expire_time: convert::time(code.expires),
    }
}

pub(super) fn organization_message(region: RegionCode, row: OrganizationRow) -> wire::Organization {
    let of = row.organization;
    wire::Organization {
        name: name(region, of.id),
        kind: of.kind.number(),
        display_name: of.display_name,
        social_credit_code: of.social_credit_code.as_str().to_owned(),
        filing_number: of.filing_number,
        licensed_places: of.licensed_places,
        inclusive_places: of.inclusive_places,
        active: row.standing == Standing::Active,
        enrolled: row.enrolled,
    }
}

pub(super) fn actor_message(region: RegionCode, of: NamedActor) -> wire::Actor {
    let NamedActor {
        row,
        display_name,
        certificate,
    } = of;
    wire::Actor {
        name: name(region, row.id),
        organization: name(region, row.organization),
        display_name,
        role: row.role.number(),
        practitioner: row
            .practitioner
            .map_or_else(String::new, |id| name(region, id)),
        state: row.state.number(),
        health_certificate: certificate.map(staff::certificate_message),
    }
}

pub(super) fn region_message(region: RegionCode, settings: &Settings) -> wire::Region {
    wire::Region {
        name: region_name(region),
        utc_offset_minutes: settings.zone.minutes(),
        altitude_m: settings.altitude_m,
        correct_for_altitude: settings.correct_for_altitude,
        growth_standard: settings.growth_standard.number(),
        mongolian_medicine: settings.mongolian_medicine,
        escalation: Some(wire::EscalationHours {
            instructor: settings.escalation.until(EscalationStep::ToInstructor),
            mch_centre: settings.escalation.until(EscalationStep::ToMchCentre),
            commission: settings.escalation.until(EscalationStep::ToCommission),
        }),
    }
}
