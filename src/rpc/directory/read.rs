//! What callers of the directory write, read and checked.

use chrono::TimeDelta;

use super::LONGEST_PERSON;
use crate::{
    domain::{
        escalation::EscalationHours,
        identifier::SocialCreditCode,
        organization::OrganizationKind,
        region::{RegionCode, Settings},
    },
    pki::PublicKey,
    rpc::{convert::Fields, wire},
    service::{
        Error, Reason,
        actors::NewActor,
        certificates::Enrolling,
        organizations::{Invitation, LONGEST_CODE, USUAL_CODE},
        regions::Edit,
    },
};

const LONGEST_NAME: usize = 100;
const LONGEST_FILING: usize = 64;
const LONGEST_CODE_TEXT: usize = 200;
const MOST_PLACES: u32 = 10_000;

pub(super) fn read_hours(f: &mut Fields, hours: u32) -> Option<TimeDelta> {
    if hours == 0 {
        return Some(USUAL_CODE);
    }
    let lasts = TimeDelta::hours(hours.into());
    f.number("code_hours", lasts, TimeDelta::hours(1)..=LONGEST_CODE)
}

pub(super) fn read_invitation(
    f: &mut Fields,
    of: Option<wire::Organization>,
) -> Option<Invitation> {
    let of = f.message("organization", of)?;
    let kind = f.word::<OrganizationKind>("organization.kind", of.kind);
    let display_name = f.text("organization.display_name", &of.display_name, LONGEST_NAME);
    let code = "organization.social_credit_code";
    let code = f.identifier(code, &of.social_credit_code, SocialCreditCode::parse);
    let filing = "organization.filing_number";
    let filing_number = f.optional_text(filing, &of.filing_number, LONGEST_FILING);
    let places = "organization.licensed_places";
    let licensed_places = f.number(places, of.licensed_places, 0..=MOST_PLACES);
    Some(Invitation {
        kind: kind?,
        display_name: display_name?,
        social_credit_code: code?,
        filing_number: filing_number?,
        licensed_places: licensed_places?,
        inclusive_places: of.inclusive_places,
    })
}

pub(super) fn read_enrolling(message: wire::EnrollRequest) -> Result<Enrolling, Error> {
    let mut f = Fields::default();
    let code = f.text("enrolment_code", &message.enrolment_code, LONGEST_CODE_TEXT);
    let key = read_key(&mut f, &message.signing_key_pem);
    let person = f.text(
        "responsible_person",
        &message.responsible_person,
        LONGEST_PERSON,
    );
    let csr_pem = message.certificate_request_pem;
    f.finish((|| {
        Some(Enrolling {
            code: code?,
            csr_pem,
            signing_key: key?,
            responsible_person: person?,
        })
    })())
}

pub(super) fn read_key(f: &mut Fields, pem: &str) -> Option<PublicKey> {
    let key = PublicKey::from_spki_pem(pem).ok();
    if key.is_none() {
        f.refuse("signing_key_pem", Reason::SigningKeyInvalid);
    }
    key
}

pub(super) fn read_actor(
    f: &mut Fields,
    of: Option<wire::Actor>,
    region: Option<RegionCode>,
) -> Option<NewActor> {
    let of = f.message("actor", of)?;
    let display_name = f.text("actor.display_name", &of.display_name, LONGEST_PERSON);
    let role = f.word("actor.role", of.role);
    let practitioner = f.optional_name_in("actor.practitioner", &of.practitioner, region);
    Some(NewActor {
        display_name: display_name?,
        role: role?,
        practitioner: practitioner?,
    })
}

pub(super) fn read_edit(message: wire::UpdateRegionRequest) -> Result<(RegionCode, Edit), Error> {
    let mut f = Fields::default();
    let region = f.parent("name", &message.name);
    let altitude_m = message.altitude_m;
    f.number(
        "altitude_m",
        altitude_m.unwrap_or(0),
        0..=Settings::HIGHEST_ALTITUDE_M,
    );
    let escalation = message.escalation.map(|of| {
        let hours = EscalationHours::new(of.instructor, of.mch_centre, of.commission);
        if hours.is_none() {
            f.refuse("escalation", Reason::FieldOutOfRange);
        }
        hours
    });
    let growth_standard = f.optional_word("growth_standard", message.growth_standard);
    let (region, growth_standard) = f.finish(region.zip(growth_standard))?;
    let correct_for_altitude = message.correct_for_altitude;
    let edit = Edit {
        altitude_m,
        correct_for_altitude,
        growth_standard,
        mongolian_medicine: message.mongolian_medicine,
        escalation: escalation.flatten(),
    };
    Ok((region, edit))
}
