//! Each rule fires on a small bad sample, and stays silent on the good one beside it: a rule that
//! never fires would guard nothing.

use super::{Rule, check, source::Source};

/// The rules broken by a file of that path and text, its module doc put before it.
fn broken(path: &str, text: &str) -> Vec<Rule> {
    check(&Source::read(path, &format!("//! Why.\n{text}")))
        .into_iter()
        .map(|b| b.rule)
        .collect()
}

fn good(path: &str, text: &str) {
    assert_eq!(broken(path, text), [], "src/{path}: {text}");
}

fn bad(rule: Rule, path: &str, text: &str) {
    assert_eq!(broken(path, text), [rule], "src/{path}: {text}");
}

#[test]
fn direction() {
    good(
        "domain/child.rs",
        "use crate::{clock::Clock, domain::id::Id};",
    );
    good(
        "service/alerts.rs",
        "use crate::store::alerts; use super::error::Error;",
    );
    good(
        "store/alerts.rs",
        "use crate::access::Permit; pub(crate) fn f() {}",
    );
    good("cli/serve.rs", "use crate::{rpc, service, console};");
    good(
        "domain/child.rs",
        "// use crate::store::Tx;\n#[cfg(test)]\nmod tests { use crate::store::Tx; }",
    );
    bad(
        Rule::Direction,
        "domain/child.rs",
        "use crate::access::Permit;",
    );
    bad(
        Rule::Direction,
        "domain/child.rs",
        "fn f() { crate::store::open() }",
    );
    bad(
        Rule::Direction,
        "domain/child.rs",
        "use super::super::store::Tx;",
    );
    bad(Rule::Direction, "domain.rs", "use super::store::Tx;");
    bad(
        Rule::Direction,
        "access/decide.rs",
        "use crate::clock::Clock;",
    );
    bad(
        Rule::Direction,
        "access/decide.rs",
        "use crate::vault::Sealed;",
    );
    bad(
        Rule::Direction,
        "ledger/leaf.rs",
        "use crate::{domain::id::Id, vault::Salt};",
    );
    bad(
        Rule::Direction,
        "store/alerts.rs",
        "use crate::service::Error;",
    );
    bad(
        Rule::Direction,
        "rpc/alerts.rs",
        "use crate::console::Page;",
    );
    bad(Rule::Direction, "clinical/growth.rs", "use crate::*;");
    bad(Rule::Direction, "attic/old.rs", "");
}

#[test]
fn purity() {
    good(
        "clinical/growth.rs",
        "const T: &str = include_str!(\"growth.csv\"); use std::fmt;",
    );
    good("store/engine.rs", "use tokio::sync::Mutex; async fn f() {}");
    bad(Rule::Purity, "domain/child.rs", "use tokio::sync::Mutex;");
    good("pki/ca.rs", "use std::net::{IpAddr, Ipv4Addr};");
    bad(Rule::Purity, "pki/ca.rs", "use std::net::TcpStream;");
    bad(Rule::Purity, "vault/key.rs", "use std::{fmt, fs};");
    bad(Rule::Purity, "ledger/leaf.rs", "async fn f() {}");
    assert_eq!(
        broken("pki/ca.rs", "use tonic::Status;"),
        [Rule::Purity, Rule::Wire]
    );
    assert_eq!(
        broken("access/facts.rs", "use sqlx::Row;"),
        [Rule::Purity, Rule::Sql]
    );
}

#[test]
fn sql_stays_in_the_store() {
    good(
        "store/alerts.rs",
        "use sqlx::Row; const Q: &str = \"SELECT id FROM alerts\";",
    );
    good(
        "cli/doctor.rs",
        "const HINT: &str = \"Select a region\"; const VERB: &str = \"DELETE\";",
    );
    bad(Rule::Sql, "service/alerts.rs", "fn f() { sqlx::query(q) }");
    bad(
        Rule::Sql,
        "service/alerts.rs",
        "const Q: &str = \"\n    UPDATE alerts SET state = $1\";",
    );
    bad(
        Rule::Sql,
        "cli/doctor.rs",
        "const Q: &str = r#\"SELECT \"x\"\"#;",
    );
}

#[test]
fn the_wire_ends_at_the_doors() {
    good("rpc/convert.rs", "use prost::Message;");
    bad(Rule::Wire, "service/exchange.rs", "use prost::Message;");
    bad(Rule::Wire, "store/alerts.rs", "use tonic::Status;");
}

#[test]
fn status_codes_have_one_home() {
    good(
        "rpc/status.rs",
        "use tonic::{Code, Status}; fn f() { Status::new(Code::Internal, m) }",
    );
    good(
        "rpc/alerts.rs",
        "use tonic::{Request, Response, Status}; type R = Result<u8, Status>;",
    );
    good(
        "rpc/convert.rs",
        "use crate::domain::{check_up::Status, finding::Code}; \
                            fn f() { (Status::Final, Status::parse(x), Code::parse(y)) }",
    );
    good(
        "cli/push.rs",
        "fn f(s: tonic::Status) -> bool { s.code() == tonic::Code::Unavailable }",
    );
    bad(
        Rule::Status,
        "rpc/alerts.rs",
        "fn f() { Status::not_found(m) }",
    );
    bad(Rule::Status, "rpc/alerts.rs", "use tonic::{Code, Status};");
    bad(
        Rule::Status,
        "rpc/alerts.rs",
        "fn f() { tonic::Status::new(c, m) }",
    );
    bad(
        Rule::Status,
        "console/page.rs",
        "fn f() { Code::PermissionDenied }",
    );
    bad(
        Rule::Status,
        "cli/push.rs",
        "fn f() { tonic::Status::internal(m) }",
    );
}

#[test]
fn length_names_and_words() {
    good("domain/child.rs", &"\n".repeat(500));
    bad(Rule::Length, "domain/child.rs", &"\n".repeat(600));
    bad(Rule::Name, "domain/utils.rs", "");
    bad(Rule::Name, "rpc/helpers/tls.rs", "");
    good("domain/commons.rs", "");
    let silent = check(&Source::read("domain/child.rs", "use std::fmt;"));
    assert_eq!(
        silent.iter().map(|b| b.rule).collect::<Vec<_>>(),
        [Rule::ModuleDoc]
    );
}

#[test]
fn no_way_round_the_clock() {
    bad(
        Rule::Time,
        "service/alerts.rs",
        "#[allow(clippy::disallowed_methods, reason = \"\")]",
    );
}
