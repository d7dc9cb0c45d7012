//! What is due, and who is fit for care: nothing of a child without every key, the answer names the key
//! that is missing, and what was shown is in the ledger.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use yuqiao::{
    access::Closed,
    clinical::{
        fitness::Grade,
        schedule::{Status, Track},
    },
    domain::{
        alert::Category,
        checkup::{CheckUp, CheckUpParts, CheckUpStatus, VisitKind},
        child::Child,
        finding::{Finding, FindingStatus, RawValue},
        guardianship::GuardianCodeUse,
        id::Id,
        purpose::Purpose,
    },
    ledger::{Leaf, LeafBody},
    pki::GuardianCode,
    service::{
        Error, Reason,
        agreements::{self, Which},
        caller::Claim,
        consents::{self, Evidence, Wish as Wanted},
        disclosure::{self, Answer, Ask, ChildDue, DayFitness, Page, Question, Why, Wish},
        enrolments::{self, Placement},
        guardian_codes,
        guardianships::{self, Turn},
        organizations,
        push::{Row, RowParts, Verdict},
    },
    store::alerts::Part,
};

use crate::support::{
    Bench, Raw,
    care::Care,
    county::{BORN, Ward, coded, day},
    on_every_engine, region,
};

const DUE: &str = "AlertService.ListDueItems";
const FITNESS: &str = "AlertService.ListFitness";

fn page(after: &str, children: usize) -> Page {
    Page {
        after: after.to_owned(),
        children,
    }
}

fn ask(care: &Care, by: &Claim, child: Option<Id<Child>>, page: Page) -> Ask {
    Ask {
        claim: by.clone(),
        region: region(),
        method: DUE,
        question: Question::DueAt {
            facility: care.county.facilities[0].id,
            purpose: None,
            child,
            page,
        },
    }
}

/// What was told: lists, the keys that were missing for others, and where the next page begins.
struct Told {
    lists: Vec<ChildDue>,
    missing: BTreeMap<Id<Child>, Vec<(&'static str, Closed)>>,
    next: Option<String>,
}

async fn told(bench: &Bench, care: &Care, ask: Ask) -> Result<Told, Error> {
    let Answer::Due(due) = care.looks.ask(ask).await? else {
        panic!("another answer than was asked for");
    };
    let missing = due.withheld.iter().map(|withheld| {
        let Why::Denied(denial) = &withheld.why else {
            panic!("something does not open");
        };
        let keys = denial.missing();
        let keys = keys.map(|k| (k.key.code(), k.state.unwrap_err()));
        (withheld.child, keys.collect())
    });
    Ok(Told {
        missing: missing.collect(),
        next: due.next.clone(),
        lists: {
            let told = disclosure::due_lists(&bench.gateway, region(), due, 0);
            let (lists, unreadable) = told.unwrap();
            assert!(unreadable.is_empty());
            lists
        },
    })
}

/// The leaves of looks by a method, each with its categories, and the entries of the last of them.
async fn looks_by(bench: &Bench, method: &str) -> (usize, BTreeSet<String>, BTreeSet<String>) {
    let mut raw = Raw::connect(&bench.place).await;
    let sql = format!(
        "SELECT bytes FROM ledger_leaves WHERE region = '{}' ORDER BY sequence",
        region()
    );
    let leaves = raw.blobs(sql).await;
    let leaves = leaves.iter().map(|bytes| Leaf::from_bytes(bytes).unwrap());
    let of: Vec<_> = leaves
        .filter_map(|leaf| match leaf.body {
            LeafBody::Look(look) if look.method == method => Some((leaf.sequence, look)),
            _ => None,
        })
        .collect();
    let Some((sequence, last)) = of.last() else {
        return (0, BTreeSet::new(), BTreeSet::new());
    };
    let sql = format!(
        "SELECT child FROM ledger_entries WHERE region = '{}' AND sequence = {sequence}",
        region()
    );
    let children = raw.texts(sql).await;
    let children = children.into_iter().flatten().collect();
    (
        of.len(),
        last.categories.iter().cloned().collect(),
        children,
    )
}

fn reason<T>(result: Result<T, Error>) -> Reason {
    result.err().expect("a refusal").reason()
}

/// Break it: in `service/disclosure/facility.rs`, let `DueAt` decide as the others do (urgent safety
/// outlives a dispute); or in `disclosure/due.rs`, leave out the `partition`.
#[tokio::test]
async fn one_key_missing_and_nothing_is_due() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 6, Vec::new()).await;
        let (county, gateway) = (&care.county, &bench.gateway);
        let [open, withdrawn, _left, disputed, narrow, other] = &county.children[..] else {
            panic!("six children");
        };
        county.withdraw(gateway, care.consents[1].id).await.unwrap();
        let last_day = day("2026-09-01");
        county
            .leave(gateway, 0, care.enrolments[2], last_day)
            .await
            .unwrap();
        let office = &county.commission.claim;
        let dispute = guardianships::turn(
            gateway,
            office,
            region(),
            disputed.guardianship,
            Turn::Dispute,
            "测试",
        );
        dispute.await.unwrap();
        let days = (last_day, day("2026-12-31"));
        let only = [Category::Growth, Category::Allergy];
        let renewed = county.consent(gateway, 0, narrow, &only, days).await;
        renewed.unwrap();
        bench.clock.advance(TimeDelta::days(1));

        let staff = &county.facilities[0].claim;
        let seen = told(&bench, &care, ask(&care, staff, None, page("", 50)))
            .await
            .unwrap();
        let children: BTreeSet<_> = seen.lists.iter().map(|list| list.child).collect();
        assert_eq!(children, [open.id, other.id].into());
        for list in &seen.lists {
            let entry = list.items.iter().find(|item| item.item == "ENTRY");
            assert_eq!(entry.map(|item| item.status), Some(Status::Due));
        }
        let expected = BTreeMap::from([
            (withdrawn.id, vec![("CONSENT", Closed::Withdrawn)]),
            (
                disputed.id,
                vec![
                    ("GUARDIANSHIP", Closed::Disputed),
                    ("CONSENT", Closed::Disputed),
                ],
            ),
            (narrow.id, vec![("AGREEMENT", Closed::NothingCovered)]),
        ]);
        assert_eq!(seen.missing, expected);
        let (count, categories, entries) = looks_by(&bench, DUE).await;
        let open_categories = ["CHECK_UP_DUE", "ENTRY_CHECK", "IMMUNISATION"];
        assert_eq!(count, 1);
        assert_eq!(categories, open_categories.map(str::to_owned).into());
        assert_eq!(entries, [open.id, other.id].map(|c| c.to_string()).into());

        for (ward, closed) in [
            (withdrawn, &["CONSENT"][..]),
            (disputed, &["GUARDIANSHIP", "CONSENT"]),
            (narrow, &["AGREEMENT"]),
        ] {
            let one = ask(&care, staff, Some(ward.id), page("", 50));
            let Err(Error::Denied(denial)) = told(&bench, &care, one).await else {
                panic!("{closed:?}");
            };
            let missing: Vec<_> = denial.missing().map(|k| k.key.code()).collect();
            assert_eq!(missing, closed);
        }
        // An instructor hears neither of whom nor why.
        let all = ask(&care, &care.instructor, None, page("", 50));
        let guided = told(&bench, &care, all).await.unwrap();
        assert!(guided.missing.is_empty());
        assert!(guided.lists.iter().all(|list| list.child != disputed.id));
        let one = ask(&care, &care.instructor, Some(narrow.id), page("", 50));
        assert_eq!(reason(told(&bench, &care, one).await), Reason::NotFound);
        let (so_far, ..) = looks_by(&bench, DUE).await;

        let which = Which {
            region: region(),
            id: county.agreements[0],
            seen: None,
        };
        let suspended = agreements::suspend(gateway, office, which, "整改".to_owned()).await;
        suspended.unwrap();
        let seen = told(&bench, &care, ask(&care, staff, None, page("", 50)))
            .await
            .unwrap();
        assert!(seen.lists.is_empty());
        let closed = vec![("AGREEMENT", Closed::Suspended)];
        assert_eq!(seen.missing.get(&open.id), Some(&closed));
        agreements::resume(gateway, office, which).await.unwrap();
        let facility = county.facilities[0].id;
        organizations::suspend(gateway, region(), office, facility, "整改")
            .await
            .unwrap();
        let refused = told(&bench, &care, ask(&care, staff, None, page("", 50))).await;
        assert!(refused.is_err());
        let (after, ..) = looks_by(&bench, DUE).await;
        assert_eq!(
            after, so_far,
            "what shows nothing of a child leaves no leaf"
        );
    })
    .await;
}

/// Break it: in `due_at`, forget to sort, or take the cursor's own child again.
#[tokio::test]
async fn pages_hold_each_child_once() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 5, Vec::new()).await;
        let staff = &care.county.facilities[0].claim;
        let (mut met, mut after, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let asked = ask(&care, staff, None, page(&after, 2));
            let seen = told(&bench, &care, asked).await.unwrap();
            assert!(seen.lists.len() <= 2);
            met.extend(seen.lists.iter().map(|list| list.child));
            let (_, _, entries) = looks_by(&bench, DUE).await;
            assert_eq!(
                entries.len(),
                seen.lists.len(),
                "a page tells of its children"
            );
            pages += 1;
            match seen.next {
                Some(next) => after = next,
                None => break,
            }
        }
        assert_eq!((met.len(), pages), (5, 3));
        let once: BTreeSet<_> = met.iter().copied().collect();
        assert_eq!(once.len(), 5);
    })
    .await;
}

fn dose(code: &str) -> Finding {
    let raw = RawValue::Coded { code, text: None };
    Finding::parse("VACCINE_DOSE", raw, FindingStatus::Final, "").unwrap()
}

/// Break it: in `disclosure/due.rs`, let the MCH centre read as a guardian does.
#[tokio::test]
async fn an_mch_centre_follows_up_its_area_and_a_guardian_reads_the_whole_plan() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 1, Vec::new()).await;
        let (county, ward) = (&care.county, &care.county.children[0]);
        let version = ("doses", 1, CheckUpStatus::Final);
        let given = vec![dose("HepB-1"), dose("BCG-1")];
        care.push_revision(&bench, ward, version, day("2024-03-05"), given)
            .await;
        let area = |by: &Claim, after: &str| Ask {
            claim: by.clone(),
            region: region(),
            method: DUE,
            question: Question::DueIn(page(after, 1)),
        };
        let seen = told(&bench, &care, area(&care.clinician, ""))
            .await
            .unwrap();
        let items = &seen.lists[0].items;
        assert!(items.iter().any(|item| item.track == Track::EntryCheck));
        let asks = |status| matches!(status, Status::Due | Status::Overdue);
        assert!(
            items
                .iter()
                .all(|item| asks(item.status) && item.done.is_none())
        );
        let rest = area(&care.clinician, &seen.next.unwrap());
        let rest = told(&bench, &care, rest).await.unwrap();
        assert!(rest.lists.is_empty() && rest.next.is_none());
        for stranger in [&county.facilities[0].claim, &county.hospital.claim] {
            let refused = told(&bench, &care, area(stranger, "")).await;
            assert_eq!(reason(refused), Reason::NotForThisOrganization);
        }

        let read = GuardianCodeUse::Read;
        let (gateway, by) = (&bench.gateway, &county.mch.claim);
        let issued = guardian_codes::issue(gateway, by, region(), ward.guardianship, read).await;
        let code = GuardianCode::parse(&issued.unwrap().text).unwrap();
        let own = |child: Id<Child>| Ask {
            claim: county.facilities[1].claim.clone(),
            region: region(),
            method: DUE,
            question: Question::Guardian {
                child,
                code: guardian_codes::digest(gateway, region(), &code),
                about: Wish::Due,
            },
        };
        let plan = told(&bench, &care, own(ward.id)).await.unwrap();
        let items = &plan.lists[0].items;
        let done: Vec<_> = items.iter().filter(|i| i.status == Status::Done).collect();
        assert_eq!(done.len(), 2);
        assert!(done.iter().all(|i| i.done == Some(day("2024-03-05"))));
        assert!(items.iter().any(|item| item.track == Track::Tcm));
        let (count, _, entries) = looks_by(&bench, DUE).await;
        assert_eq!((count, entries.len()), (2, 1));
    })
    .await;
}

/// An expected child is listed for the entry check, with that alone.
#[tokio::test]
async fn of_an_expected_child_the_entry_check_is_told_and_nothing_else() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 1, Vec::new()).await;
        let (county, gateway) = (&care.county, &bench.gateway);
        let newcomer = county.register(gateway, 77).await;
        let staff = &county.facilities[0].claim;
        let placement = Placement {
            child: newcomer.id,
            care: yuqiao::domain::enrolment::CareKind::FullDay,
            first_day: day("2026-09-20"),
        };
        let expected = enrolments::expect(gateway, staff, region(), placement).await;
        expected.unwrap();
        entry_consent(&care, gateway, &newcomer).await;
        let mut asked = ask(&care, staff, Some(newcomer.id), page("", 50));
        // The agreement says nothing of the entry check yet.
        if let Question::DueAt { purpose, .. } = &mut asked.question {
            *purpose = Some(Purpose::EntryExamination);
        }
        let Err(Error::Denied(denial)) = told(&bench, &care, asked.clone()).await else {
            panic!("no agreement covers the purpose");
        };
        assert!(denial.missing().any(|k| k.key.code() == "AGREEMENT"));
        let days = (day("2026-09-01"), day("2027-08-31"));
        let purposes = [Purpose::EntryExamination].into();
        county.agree_to(gateway, 0, days, purposes).await;
        let seen = told(&bench, &care, asked).await.unwrap();
        let items: Vec<_> = seen.lists[0].items.iter().map(|i| &*i.item).collect();
        assert_eq!(items, ["ENTRY"]);
        assert_eq!(seen.lists[0].considered, [Category::EntryCheck].into());
        let (_, categories, _) = looks_by(&bench, DUE).await;
        assert_eq!(categories, ["ENTRY_CHECK".to_owned()].into());
    })
    .await;
}

async fn entry_consent(care: &Care, gateway: &yuqiao::service::Gateway, ward: &Ward) {
    let wish = Wanted {
        child: ward.id,
        recipient: care.county.facilities[0].id,
        sources: BTreeSet::new(),
        purposes: [Purpose::EntryExamination].into(),
        categories: Category::ALL.iter().copied().collect(),
        mode: yuqiao::domain::consent::ConsentMode::View,
        data_from: None,
        data_until: None,
        first_day: Some(day("2026-09-01")),
        last_day: day("2027-08-31"),
        notice_version: "1".to_owned(),
    };
    let evidence = Evidence::Document("测试同意书".to_owned());
    let by = Some(ward.guardianship);
    let claim = &care.county.hospital.claim;
    let granted = consents::grant(gateway, claim, region(), by, wish, evidence);
    granted.await.unwrap();
}

/// The hospital pushes one check-up of the last day of August.
async fn examined(bench: &Bench, care: &Care, ward: &Ward, visit: VisitKind, of: Vec<Finding>) {
    let from = &care.county.hospital;
    let record_id = format!("{} {}", visit.as_str(), ward.id);
    let parts = CheckUpParts {
        source: from.id.to_string(),
        record_id: record_id.clone(),
        revision: 1,
        status: CheckUpStatus::Final,
        date: day("2026-08-31"),
        visit,
        findings: of,
    };
    let parts = RowParts {
        claim: from.claim.clone(),
        region: region(),
        key: record_id,
        identifiers: vec![ward.number.clone()],
        birth_date: Some(day(BORN)),
        sex: None,
        check_up: CheckUp::new(parts, None, None).unwrap(),
    };
    let verdict = care.pushes.submit(Row::new(&bench.gateway, parts)).await;
    assert!(
        matches!(verdict, Ok(Verdict::Accepted { .. })),
        "{verdict:?}"
    );
}

async fn fit(bench: &Bench, care: &Care) -> (DayFitness, BTreeSet<Id<Child>>) {
    let facility = &care.county.facilities[0];
    let ask = Ask {
        claim: facility.claim.clone(),
        region: region(),
        method: FITNESS,
        question: Question::Facility {
            facility: facility.id,
            purpose: None,
            child: None,
            part: Part::Standing,
        },
    };
    let Answer::Alerts {
        alerts,
        audience,
        withheld,
        seen,
        ..
    } = care.looks.ask(ask).await.unwrap()
    else {
        panic!("another answer than was asked for");
    };
    let found = disclosure::fitness(&bench.gateway, region(), (alerts, &audience), seen);
    (
        found.await.unwrap(),
        withheld.into_iter().map(|w| w.child).collect(),
    )
}

/// A limit that may not be seen makes no child unfit, and no child fit. Break it: in
/// `service/disclosure/fitness.rs`, let `is_known` say yes.
#[tokio::test]
async fn fitness_goes_by_what_may_be_seen_and_says_what_it_goes_by() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 5, Vec::new()).await;
        let (county, gateway) = (&care.county, &bench.gateway);
        let [ill, hidden, well, urgent, closed] = &county.children[..] else {
            panic!("five children");
        };
        let days = (day("2026-09-01"), day("2026-12-31"));
        let narrow = [Category::Growth, Category::EntryCheck];
        let renewed = county.consent(gateway, 0, hidden, &narrow, days).await;
        renewed.unwrap();
        county.withdraw(gateway, care.consents[4].id).await.unwrap();
        // What was consented to before the dispute still speaks.
        bench.clock.advance(TimeDelta::minutes(1));
        let turn = Turn::Dispute;
        let office = &county.commission.claim;
        guardianships::turn(gateway, office, region(), urgent.guardianship, turn, "测试")
            .await
            .unwrap();
        let entry = || vec![coded("ENTRY_CONCLUSION", "FIT")];
        for ward in [ill, hidden, well, urgent, closed] {
            examined(&bench, &care, ward, VisitKind::Entry, entry()).await;
        }
        for ward in [ill, hidden, closed] {
            let hfmd = vec![coded("INFECTIOUS_DISEASE", "HFMD")];
            examined(&bench, &care, ward, VisitKind::Outpatient, hfmd).await;
        }
        let (found, withheld) = fit(&bench, &care).await;
        assert_eq!(found.day, day("2026-09-01"));
        assert_eq!(withheld, [closed.id].into());
        let order: Vec<_> = found.children.iter().map(|c| c.child).collect();
        assert_eq!((order[0], order[3]), (ill.id, well.id));
        for child in &found.children {
            let grade = child.fitness.grade;
            if child.child == ill.id {
                assert_eq!((grade, child.fitness.because.len()), (Grade::Unfit, 1));
                assert_eq!(child.fitness.because[0].0.category, Category::Infectious);
            } else {
                assert_eq!((grade, child.fitness.because.len()), (Grade::Fit, 0));
            }
            let known = child.child == ill.id || child.child == well.id;
            assert_eq!(
                (child.is_known(), child.not_considered.is_empty()),
                (known, known)
            );
            if child.child == hidden.id {
                assert_eq!(child.considered, [Category::EntryCheck].into());
                assert!(child.not_considered.contains(&Category::Infectious));
            }
            if child.child == urgent.id {
                assert!(
                    child.considered.is_empty(),
                    "urgent safety opens no category whole"
                );
            }
        }
        // A look a basis: daily care, and urgent safety for the child in dispute.
        let (looks, _, entries) = looks_by(&bench, FITNESS).await;
        assert_eq!(looks, 2);
        assert!(!entries.contains(&closed.id.to_string()));
    })
    .await;
}
