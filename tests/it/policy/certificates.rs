//! A certificate's end is an end: of its validity on streams that outlive it, of its word when the
//! organization enrols anew, and when it is revoked.

use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::sleep;
use yuqiao::{
    domain::checkup::CheckUpStatus,
    pki::{Fingerprint, Request, SigningKey},
    service::{
        Error, Reason, caller::Claim, certificates, consents, disclosure::Looks, push::Pushes,
        regions,
    },
    store::{Tx, certificates as rows, ledger},
};

use crate::support::{
    Bench, Party,
    county::{County, day, haemoglobin},
    on_every_engine, region,
};

fn reason<T>(result: Result<T, Error>) -> Reason {
    result.err().expect("a refusal").reason()
}

/// Everything that a stream goes on deciding, by the time of the decision. Break it: in
/// `service/caller.rs`, let `asker` pass over `not_after`.
#[tokio::test]
async fn an_open_stream_does_not_outlive_its_certificate() {
    on_every_engine(async |bench| {
        let county = County::lay_out(&bench, 1).await;
        let (gateway, ward) = (&bench.gateway, &county.children[0]);
        let (looks, pushes) = (
            Looks::start(gateway.clone()),
            Pushes::start(gateway.clone()),
        );
        let row = |key: &str| {
            let version = (key, 1, CheckUpStatus::Final);
            let (from, found) = (&county.hospital, vec![haemoglobin(120)]);
            county.check_up(gateway, from, &ward.number, key, version, found)
        };
        let last = county.facilities[0].claim.not_after - yuqiao::clock::Clock::now(&*bench.clock);
        bench.clock.advance(last - TimeDelta::seconds(1));
        looks.ask(county.following(0, 0, 9)).await.unwrap();
        pushes.submit(row("in time")).await.unwrap();
        bench.clock.advance(TimeDelta::seconds(2));
        let follows = looks.ask(county.following(0, 0, 9)).await;
        assert_eq!(reason(follows), Reason::CertificateExpired);
        let pushed = pushes.submit(row("late")).await;
        assert_eq!(reason(pushed), Reason::CertificateExpired);
        let first = county.enrol(gateway, 0, ward.id, day("2026-09-01")).await;
        assert_eq!(reason(first), Reason::CertificateExpired);
        let read = regions::get(gateway, region(), &county.hospital.claim).await;
        assert_eq!(reason(read), Reason::CertificateExpired);
    })
    .await;
}

/// Revokes the party's certificates as enrolling anew does, while `call` has come as far as it can.
async fn while_enrolling<T>(
    bench: &Bench,
    party: &Party,
    call: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let mut tx: Tx = bench.gateway.store().begin().await.unwrap();
    let head = ledger::take_head(&mut tx, region()).await.unwrap();
    rows::revoke_all(&mut tx, region(), party.id, head.now)
        .await
        .unwrap();
    let enrolling = async {
        sleep(Duration::from_millis(300)).await;
        tx.commit().await.unwrap();
    };
    tokio::join!(call, enrolling).0
}

/// Break it: in `service/certificates.rs`, let `renew` or `register_signing_key` admit without the
/// ledger's head (PostgreSQL shows it: SQLite has one writer).
#[tokio::test]
async fn no_renewal_and_no_signing_key_slips_past_an_enrolment_anew() {
    on_every_engine(async |bench| {
        let commission = bench.commission().await;
        let kind = yuqiao::domain::organization::OrganizationKind::Hospital;
        let gateway = &bench.gateway;
        let hospital = bench.party(&commission, kind, "示例医院").await;
        let request = Request::generate().unwrap();
        let renewal = certificates::renew(gateway, &hospital.claim, &request.csr_pem);
        let renewed = while_enrolling(&bench, &hospital, renewal).await;
        assert_eq!(reason(renewed), Reason::CertificateRevoked);
        let hospital = bench.party(&commission, kind, "示例第二医院").await;
        let key = SigningKey::generate().unwrap().0.public_key();
        let claim = &hospital.claim;
        let registering = certificates::register_signing_key(gateway, region(), claim, &key);
        let registered = while_enrolling(&bench, &hospital, registering).await;
        assert_eq!(reason(registered), Reason::CertificateRevoked);
    })
    .await;
}

/// Break it: in `store/certificates.rs`, let `revoke` only update; in `service/caller.rs`, pass over
/// `of_another`.
#[tokio::test]
async fn any_certificate_is_revoked_by_its_fingerprint_and_speaks_for_its_owner_alone() {
    on_every_engine(async |bench| {
        let county = County::lay_out(&bench, 0).await;
        let gateway = &bench.gateway;
        let (hospital, facility) = (&county.hospital, &county.facilities[0]);
        let calls = async |claim: &Claim| consents::list(gateway, claim, region(), "", 1).await;
        // As an outside authority would certify it: nothing is kept here.
        let print = Fingerprint::of(b"issued elsewhere");
        let outside = Claim {
            fingerprint: print.to_string(),
            ..hospital.claim.clone()
        };
        calls(&outside).await.unwrap();
        let revoke = async |by: &Party, of: &Party, print: &Fingerprint| {
            certificates::revoke(gateway, region(), &by.claim, of.id, print).await
        };
        let stranger = revoke(facility, hospital, &print).await;
        assert_eq!(reason(stranger), Reason::NotFound);
        for by in [hospital, &county.commission, hospital] {
            revoke(by, hospital, &print).await.unwrap();
            assert_eq!(reason(calls(&outside).await), Reason::CertificateRevoked);
        }
        calls(&hospital.claim).await.unwrap();
        // Another's certificate is neither revoked under one's own name nor used under it.
        let of_facility: Fingerprint = facility.claim.fingerprint.parse().unwrap();
        let claimed = revoke(hospital, hospital, &of_facility).await;
        assert_eq!(reason(claimed), Reason::NotFound);
        calls(&facility.claim).await.unwrap();
        let borrowed = Claim {
            fingerprint: facility.claim.fingerprint.clone(),
            ..hospital.claim.clone()
        };
        assert_eq!(reason(calls(&borrowed).await), Reason::CertificateUnknown);
    })
    .await;
}
