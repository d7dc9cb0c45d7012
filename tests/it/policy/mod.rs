//! Rules of the gateway, through its use cases, on every engine.

mod absences;
mod agreements;
mod alert_life;
mod bounds;
mod certificates;
mod consents;
mod deliveries;
mod due;
mod erasure;
mod escalation;
mod explained;
mod freshness;
mod guardian_codes;
mod instructors;
mod invariants;
mod ledger;
mod permits;
mod plans;
mod pushes;
mod reassessment;
mod regions;
mod roster;
mod scope;
mod standing;
mod tide;
mod unreadable;
