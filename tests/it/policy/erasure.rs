//! Erasing a child destroys its key; rotating the master key makes that final; a restore replays it.

use chrono::Days;
use yuqiao::{
    domain::{
        alert::Category,
        checkup::{CheckUp, CheckUpParts, CheckUpStatus, VisitKind},
        guardianship::GuardianCodeUse,
    },
    ledger::{KeyState, Leaf, LeafBody},
    pki::GuardianCode,
    service::{
        Error, Reason, children,
        consents::Evidence,
        disclosure::Looks,
        erasures, guardian_codes,
        push::{Pushes, Row, RowParts, Verdict},
        rotation,
    },
    store::inboxes::{self, Pointer},
    vault::{MasterKeys, VaultError},
};

use crate::{
    support::{
        Bench, Raw,
        county::{County, allergy, day, haemoglobin, registration, shown},
        engines::Place,
        on_every_engine, region,
    },
    survival::audit::audit,
};

/// Two children in care, entrusted and allergic.
async fn entrusted(bench: &Bench) -> County {
    let county = County::lay_out(bench, 2).await;
    let (gateway, today) = (&bench.gateway, day("2026-09-01"));
    let days = (today, today + Days::new(30));
    let pushes = Pushes::start(gateway.clone());
    for (n, ward) in county.children.iter().enumerate() {
        county.enrol(gateway, 0, ward.id, today).await.unwrap();
        let granted = county.consent(gateway, 0, ward, Category::ALL, days).await;
        granted.unwrap();
        let key = format!("r{n}");
        let version = (key.as_str(), 1, CheckUpStatus::Final);
        let found = vec![allergy("花生酱"), haemoglobin(67)];
        let from = &county.hospital;
        let row = county.check_up(gateway, from, &ward.number, &key, version, found);
        pushes.submit(row).await.unwrap();
    }
    county
}

async fn code(bench: &Bench, county: &County, which: usize) -> Evidence {
    let claim = &county.mch.claim;
    let guardianship = county.children[which].guardianship;
    let usage = GuardianCodeUse::Decide;
    let issued = guardian_codes::issue(&bench.gateway, claim, region(), guardianship, usage);
    Evidence::Code(GuardianCode::parse(&issued.await.unwrap().text).unwrap())
}

/// A check-up of the hospital.
fn of_another_day(county: &County, record: &str) -> CheckUp {
    let parts = CheckUpParts {
        source: county.hospital.id.to_string(),
        record_id: record.to_owned(),
        revision: 1,
        status: CheckUpStatus::Final,
        date: day("2026-08-20"),
        visit: VisitKind::Other,
        findings: vec![haemoglobin(80)],
    };
    CheckUp::new(parts, None, None).unwrap()
}

fn reason<T>(answer: Result<T, Error>) -> Reason {
    answer.err().expect("a refusal").reason()
}

/// The changes that closed a key, in order.
async fn closed(bench: &Bench) -> Vec<String> {
    let sql = "SELECT bytes FROM ledger_leaves ORDER BY sequence".to_owned();
    let bytes = Raw::connect(&bench.place).await.blobs(sql).await;
    let leaves = bytes.iter().map(|b| Leaf::from_bytes(b).unwrap());
    let closing = leaves.filter_map(|leaf| match leaf.body {
        LeafBody::Change(c) if KeyState::read(&c.facts) == Some(KeyState::Closed) => Some(c.change),
        _ => None,
    });
    closing.collect()
}

/// Invariant 10. Break it: in `store/erasures.rs`, let `erase` keep `wrapped_key`, or what waits; or in
/// `service/erasures.rs`, leave out `change.touch`.
#[tokio::test]
async fn an_erased_child_is_nobodys_any_more_and_whoever_held_it_forgets_it() {
    on_every_engine(async |bench| {
        let county = entrusted(&bench).await;
        let (gateway, looks) = (&bench.gateway, Looks::start(bench.gateway.clone()));
        let [gone, stays] = [0, 1].map(|n| county.children[n].clone());
        let erase = async |claim, child, evidence| {
            erasures::erase(gateway, claim, region(), child, evidence).await
        };
        let paper = || Evidence::Document("测试删除申请 2026-1".to_owned());
        let facility = &county.facilities[0].claim;
        let refused = erase(facility, gone.id, paper()).await;
        assert_eq!(reason(refused), Reason::NotForThisOrganization);
        let others = code(&bench, &county, 1).await;
        let refused = erase(facility, gone.id, others).await;
        assert_eq!(reason(refused), Reason::GuardianCodeInvalid);
        let (alerts, _) = shown(&looks, county.morning(0, None)).await.unwrap();
        assert_eq!(alerts.len(), 4, "nothing happened yet");

        // A check-up under its number, of another birth date, waits; and one under two children's.
        let mut raw = Raw::connect(&bench.place).await;
        let waiting = "SELECT id, id FROM check_ups WHERE child IS NULL
                       UNION ALL SELECT identifier, check_up FROM unmatched_identifiers";
        let of = |key: &str, identifiers| RowParts {
            claim: county.hospital.claim.clone(),
            region: region(),
            key: key.to_owned(),
            identifiers,
            birth_date: Some(day("2024-03-06")),
            sex: None,
            check_up: of_another_day(&county, key),
        };
        let other_day = of("another day", vec![gone.number.clone()]);
        let both = of("both", vec![gone.number.clone(), stays.number.clone()]);
        let pushed = Pushes::start(gateway.clone());
        for row in [other_day, both] {
            let verdict = pushed.submit(Row::new(gateway, row)).await;
            assert!(matches!(verdict, Ok(Verdict::Held { .. })), "{verdict:?}");
        }
        assert_eq!(raw.texts(waiting.to_owned()).await.len(), 5);

        let guardians = code(&bench, &county, 0).await;
        erase(facility, gone.id, guardians).await.unwrap();
        let left = raw.texts(waiting.to_owned()).await;
        assert_eq!(left.len(), 2, "what names another child waits for that one");
        assert_eq!(left[0][0], left[1][1]);
        let (alerts, _) = shown(&looks, county.morning(0, None)).await.unwrap();
        assert_eq!(alerts.len(), 2);
        assert!(alerts.iter().all(|a| a.row.child == stays.id));
        let mut tx = gateway.store().snapshot().await.unwrap();
        let of = county.facilities[0].id;
        let inbox = inboxes::after(&mut tx, region(), of, 0, 100).await.unwrap();
        tx.rollback().await.unwrap();
        let last = inbox.last().unwrap();
        assert_eq!(last.child, gone.id);
        assert!(
            matches!(last.pointer, Pointer::Retracted { .. }),
            "told to forget"
        );

        // Its keys are closed, and the ledger says so of each.
        let closed = closed(&bench).await;
        for what in [
            "CONSENT_ENDS_WITH_ERASURE",
            "GUARDIANSHIP_ENDS_WITH_ERASURE",
            "CHILD_ERASED",
        ] {
            assert!(closed.iter().any(|c| c == what), "{what}: {closed:?}");
        }

        // Nothing that could open or find it is left.
        let keys = format!(
            "SELECT wrapped_key FROM children WHERE id = '{}' AND wrapped_key IS NOT NULL",
            gone.id
        );
        assert!(raw.blobs(keys).await.is_empty());
        for table in ["child_identifiers", "identifier_slots"] {
            let left = format!("SELECT child FROM {table} WHERE child = '{}'", gone.id);
            assert!(raw.texts(left).await.is_empty(), "{table}");
        }
        // The ledger stays whole: what can't be read any more is unopened, not wrong.
        let (summary, violations) = audit(&bench).await;
        assert!(violations.is_empty(), "{violations:?}");
        assert!(summary.unopened > 0);

        // Once more, by anybody: as of a child there never was.
        let office = &county.commission.claim;
        assert_eq!(
            reason(erase(office, gone.id, paper()).await),
            Reason::NotFound
        );
        let enrolled = county.enrol(gateway, 1, gone.id, day("2026-09-01")).await;
        assert_eq!(reason(enrolled), Reason::NotFound);
        // Whoever registers the number anew registers another child; the commission may erase too.
        let anew = county.register(gateway, 0).await;
        assert_ne!(anew.id, gone.id);
        erase(office, stays.id, paper()).await.unwrap();
        let listed = erasures::list(gateway).await.unwrap();
        let listed: Vec<_> = listed.iter().map(|(_, e)| e.child).collect();
        assert_eq!(listed, [gone.id, stays.id]);
        let (alerts, _) = shown(&looks, county.morning(0, None)).await.unwrap();
        assert!(alerts.is_empty());
    })
    .await;
}

fn masters(versions: &[u32]) -> MasterKeys {
    use rand::{SeedableRng, rngs::StdRng};
    let line = |v: &u32| {
        // The bench's own key is drawn from this seed.
        let key =
            yuqiao::vault::MasterKey::generate(*v, &mut StdRng::seed_from_u64(6 + u64::from(*v)));
        key.to_hex_line().to_string()
    };
    let lines: Vec<String> = versions.iter().map(line).collect();
    MasterKeys::from_hex_lines(&lines.join("\n")).unwrap()
}

/// Invariant 10. Break it: in `service/rotation.rs`, let `rotate` pass over the keys of children; or
/// in `service/erasures.rs`, let `replay` leave out `erasures::erase`; or in `service/keyring.rs`, let
/// `new_child` leave out `must_not_be_rotated_away`.
#[tokio::test]
async fn rotation_makes_an_erasure_final_and_a_restore_replays_it() {
    on_every_engine(async |bench| {
        let county = entrusted(&bench).await;
        let [gone, stays] = [0, 1].map(|n| county.children[n].clone());
        let key_of = format!(
            "SELECT wrapped_key FROM children WHERE id = '{}' AND wrapped_key IS NOT NULL",
            gone.id
        );
        let mut raw = Raw::connect(&bench.place).await;
        let backup = raw.blobs(key_of.clone()).await.remove(0);
        let guardians = code(&bench, &county, 0).await;
        let claim = &county.mch.claim;
        let erased = erasures::erase(&bench.gateway, claim, region(), gone.id, guardians).await;
        erased.unwrap();
        let list = erasures::list(&bench.gateway).await.unwrap();

        // Restored from a backup: the wrapped key is back, and opens.
        let hex: String = backup.iter().map(|b| format!("{b:02x}")).collect();
        let blob = match &bench.place {
            Place::Sqlite(_) => format!("x'{hex}'"),
            Place::Postgres(_) => format!("'\\x{hex}'::bytea"),
        };
        let restore = format!(
            "UPDATE children SET wrapped_key = {blob} WHERE id = '{}'",
            gone.id
        );
        raw.execute(restore.clone()).await;
        let keyring = bench.gateway.keyring();
        assert!(
            keyring
                .child(region(), gone.id, Some(&backup))
                .unwrap()
                .is_some()
        );
        for (expected, (of, erasure)) in [true, false].into_iter().zip([&list[0], &list[0]]) {
            let again = erasures::replay(&bench.gateway, *of, erasure)
                .await
                .unwrap();
            assert_eq!(again, expected, "erased again, once");
        }
        assert!(raw.blobs(key_of.clone()).await.is_empty());

        // A second version; every key moves to it, whoever stops meanwhile.
        let both = Bench::open_with(
            bench.place.clone(),
            bench.clock.clone(),
            5,
            masters(&[1, 2]),
        )
        .await;
        let before = rotation::census(&both.gateway).await.unwrap();
        assert_eq!(before.keys().copied().collect::<Vec<_>>(), [1]);
        let moved = rotation::rotate(&both.gateway).await.unwrap();
        let after = rotation::census(&both.gateway).await.unwrap();
        assert_eq!((after.len(), after[&2]), (1, moved));
        assert_eq!(
            rotation::rotate(&both.gateway).await.unwrap(),
            0,
            "once is enough"
        );
        // A gateway that was not started anew wraps no key that would be lost with the old version.
        let claim = &county.mch.claim;
        let late = children::register(&bench.gateway, claim, region(), registration(7)).await;
        let unknown = VaultError::UnknownMaster(2);
        assert!(matches!(late, Err(Error::Vault(why)) if why == unknown));
        county.register(&both.gateway, 7).await;
        let after = rotation::census(&both.gateway).await.unwrap();
        assert_eq!(after.into_iter().collect::<Vec<_>>(), [(2, moved + 1)]);
        both.gateway.store().close().await;

        // The old version is gone: the others are read, and the backup's key opens no more.
        let only =
            Bench::open_with(bench.place.clone(), bench.clock.clone(), 6, masters(&[2])).await;
        let looks = Looks::start(only.gateway.clone());
        let (alerts, _) = shown(&looks, county.morning(0, None)).await.unwrap();
        assert!(alerts.len() == 2 && alerts.iter().all(|a| a.row.child == stays.id));
        let closed = only
            .gateway
            .keyring()
            .child(region(), gone.id, Some(&backup));
        assert!(closed.is_err(), "final");
        only.gateway.store().close().await;
    })
    .await;
}
