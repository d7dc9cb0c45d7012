//! What lets somebody of a medical institution see children for a medical purpose: the MCH centre's
//! statutory follow-up, and the health guidance of facilities the person is assigned to.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Audience, Withheld,
    facility::{Ward, instructor_denial, may_view},
    gathered::Care,
    sitting::Sitting,
};
use crate::{
    access::{
        self, Asker, Denial, Permit, Scope,
        facts::{AskerFacts, ChildFacts, Facts},
    },
    domain::{
        alert::Alert,
        child::Child,
        escalation::EscalationStep,
        id::Id,
        organization::{Organization, OrganizationKind},
        purpose::Purpose,
    },
    service::{caller::Caller, error::Error},
    store::{
        alerts::{self, Disclosed, Part, Wanted},
        children, facts,
    },
};

/// Permits of one medical asker, grouped so that of each child a group has one at most: what an alert
/// is shown under is the first group that reaches it.
pub(super) struct MedicalSide {
    pub(super) groups: Vec<Vec<Permit>>,
    /// Why not, where the asker has an office or a post there that does not open just now.
    pub(super) denial: Option<Denial>,
}

/// Who reads what one group of permits reaches: an MCH centre by its duty, or an instructor, to whom the
/// consents say how much.
pub(super) fn audience(permits: &[Permit]) -> Audience {
    let by_duty = |p: &Permit| *p.scope() == Scope::AbnormalFindings;
    if permits.iter().all(by_duty) {
        Audience::MedicalSide
    } else {
        Audience::Instructor {
            may_view: may_view(permits),
        }
    }
}

/// How far an alert was passed on, and whether nobody took note of it.
type Presses = (Option<EscalationStep>, bool);

impl Sitting {
    /// Decides over children for somebody of a medical institution.
    pub(super) async fn medical_side(
        &mut self,
        asker: &AskerFacts,
        caller: &Caller,
        children: &[Id<Child>],
    ) -> Result<MedicalSide, Error> {
        let mut side = MedicalSide {
            groups: Vec::new(),
            denial: None,
        };
        if caller.kind == OrganizationKind::MchCentre {
            self.decide_follow_up(asker, children, &mut side).await?;
        }
        if caller.actor.practitioner.is_some() {
            self.decide_guidance(asker, caller, children, &mut side)
                .await?;
        }
        Ok(side)
    }

    async fn decide_follow_up(
        &mut self,
        asker: &AskerFacts,
        of: &[Id<Child>],
        side: &mut MedicalSide,
    ) -> Result<(), Error> {
        let mut permits = Vec::with_capacity(of.len());
        for row in children::find(&mut self.tx, self.region, of).await? {
            let child = ChildFacts::bare(row.id, row.birth_date);
            match self.decide_over(asker, &child, Asker::MchCentre, Purpose::FollowUp) {
                Ok(permit) => permits.push(permit),
                Err(denial) => side.denial = Some(denial),
            }
        }
        side.groups.push(permits);
        Ok(())
    }

    async fn decide_guidance(
        &mut self,
        asker: &AskerFacts,
        caller: &Caller,
        of: &[Id<Child>],
        side: &mut MedicalSide,
    ) -> Result<(), Error> {
        let (region, today) = (self.region, self.settings.zone.day(self.now));
        let enrolled = facts::enrolled(&mut self.tx, region, of, today).await?;
        let mut consents = facts::consents(&mut self.tx, region, of, None).await?;
        let mut wards: BTreeMap<Id<Organization>, Vec<ChildFacts>> = BTreeMap::new();
        for (facility, mut child) in enrolled {
            let place = (child.child, facility);
            child.consents = consents.remove(&place).unwrap_or_default();
            wards.entry(facility).or_default().push(child);
        }
        let ids: Vec<Id<Organization>> = wards.keys().copied().collect();
        for (id, mut facility) in facts::facilities(&mut self.tx, region, &ids).await? {
            let practitioner = caller.actor.practitioner;
            facts::assignments(&mut self.tx, region, &mut facility, practitioner).await?;
            let ward = Ward {
                asker: asker.clone(),
                capacity: Asker::Instructor,
                care: Care {
                    facility: Arc::new(facility),
                    children: Arc::new(wards.remove(&id).unwrap_or_default()),
                },
            };
            let (permits, withheld) = self.decide_all(&ward, Purpose::HealthGuidance);
            let denied = withheld.into_iter().find_map(Withheld::denial);
            // A child whose own keys are closed is not the instructor's to know.
            let denied = denied
                .and_then(|denial| instructor_denial(&ward, denial))
                .filter(|denial| denial.missing().next().is_some());
            side.denial = denied.or(side.denial.take());
            side.groups.push(permits);
        }
        Ok(())
    }

    fn decide_over(
        &self,
        asker: &AskerFacts,
        child: &ChildFacts,
        capacity: Asker,
        purpose: Purpose,
    ) -> Result<Permit, Denial> {
        let facts = Facts {
            zone: self.settings.zone,
            asker,
            facility: None,
            child: Some(child),
        };
        let ask = access::Ask {
            asker: capacity,
            purpose,
        };
        access::decide(&facts, ask, self.now)
    }

    /// Reads of these alerts what each group reaches. What several reach is told once: as it stands at
    /// the facility that left it alone longest, or else has not taken note.
    pub(super) async fn read_by_group(
        &mut self,
        side: &MedicalSide,
        only: Vec<Id<Alert>>,
        part: Part,
    ) -> Result<Vec<Vec<Disclosed>>, Error> {
        let wanted = Wanted {
            only: Some(only),
            part,
        };
        let mut by_group = Vec::with_capacity(side.groups.len());
        let mut told: BTreeMap<Id<Alert>, (Presses, usize)> = BTreeMap::new();
        for (at, permits) in side.groups.iter().enumerate() {
            let found = alerts::under(&mut self.tx, self.region, permits, &wanted).await?;
            for alert in &found {
                let presses = (alert.escalated_to, alert.acknowledged.is_none());
                let of = told.entry(alert.row.id).or_insert((presses, at));
                if of.0 < presses {
                    *of = (presses, at);
                }
            }
            by_group.push(found);
        }
        for (at, found) in by_group.iter_mut().enumerate() {
            found.retain(|alert| told.get(&alert.row.id).is_some_and(|of| of.1 == at));
        }
        Ok(by_group)
    }
}
