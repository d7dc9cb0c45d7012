//! The operator's verbs: init lays out whole or not at all, doctor sees what is wrong, serve stops
//! when it is told to.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Output};

use serde_json::{Value, json};
use yuqiao::rpc::wire;

use crate::support::{
    clients::{Client, PARENT, id},
    engines::{drop_database, fresh_database, tally},
    parties::credit_code,
    server::{Server, on_every_server, program},
    wire_county::{County, Family, haemoglobin, row},
};

fn doctor(server: &Server) -> (bool, Vec<Value>) {
    let output = program()
        .args(["--json", "doctor"])
        .arg(server.dir())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    (output.status.success(), lines)
}

fn verdict(lines: &[Value], what: &str) -> String {
    let found: Vec<_> = lines.iter().filter(|line| line["what"] == what).collect();
    let last = found
        .last()
        .unwrap_or_else(|| panic!("nothing about {what}: {lines:?}"));
    last["verdict"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn doctor_finds_a_fresh_house_in_order_and_each_fault_in_it() {
    sees_each_fault(Server::laid_out(None));
    tally("sqlite", "");
    if let Some(url) = fresh_database().await {
        sees_each_fault(Server::laid_out(Some(url.clone())));
        drop_database(&url).await;
        tally("postgres", "");
    }
}

fn sees_each_fault(server: Server) {
    let (well, seen) = doctor(&server);
    // A throw-away cluster may be told to be fast instead of durable; then doctor says so.
    let fast = server.database.is_some() && std::env::var_os("YUQIAO_PG_FAST").is_some();
    assert_eq!(well, !fast, "{seen:?}");
    for what in [
        "authority",
        "server certificate",
        "tls",
        "schema",
        "master key",
    ] {
        assert_eq!(verdict(&seen, what), "ok");
    }
    let setting = match server.database {
        Some(_) => "durability: synchronous_commit",
        None => "durability: synchronous",
    };
    assert_eq!(verdict(&seen, setting), if fast { "bad" } else { "ok" });

    let key = server.dir().join("ca.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (well, seen) = doctor(&server);
    assert!(!well);
    assert_eq!(verdict(&seen, "mode of ca.key"), "bad");

    let other = format!("1:{}\n", "ab".repeat(32));
    std::fs::write(server.dir().join("master.key"), other).unwrap();
    assert_eq!(verdict(&doctor(&server).1, "master key"), "bad");
    std::fs::write(server.dir().join("server.key"), "nothing").unwrap();
    assert_eq!(verdict(&doctor(&server).1, "server key"), "bad");
    let nowhere = program()
        .args([
            "--json",
            "doctor",
            "--database",
            "postgres://nobody@127.0.0.1:1/nothing",
        ])
        .arg(server.dir())
        .output()
        .unwrap();
    assert!(!nowhere.status.success());
}

fn init(dir: &std::path::Path, arguments: &[&str]) -> Output {
    program()
        .arg("init")
        .arg(dir)
        .args(["--name", "示例卫生健康委"])
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn init_lays_out_whole_or_not_at_all() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("data");
    let code = credit_code();
    let code = code.as_str();
    let left = || std::fs::read_dir(home.path()).unwrap().count();
    for bad in [
        ["--region", "1506", "--credit-code", code],
        ["--region", "150627", "--credit-code", "91110000600037341M"],
    ] {
        let refused = init(&dir, &bad);
        assert_eq!((refused.status.code(), left()), (Some(2), 0), "{refused:?}");
    }
    let unreachable = "postgres://nobody@127.0.0.1:1/nothing";
    let good = ["--region", "150627", "--credit-code", code];
    let refused = init(&dir, &[&good[..], &["--database", unreachable]].concat());
    assert_eq!((refused.status.code(), left()), (Some(1), 0), "{refused:?}");
    assert!(init(&dir, &good).status.success());
    let again = init(&dir, &good);
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("not empty"));
    assert_eq!(left(), 1);
    for secret in ["ca.key", "server.key", "master.key", "yuqiao.toml"] {
        let mode = std::fs::metadata(dir.join(secret))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{secret}");
    }
}

#[tokio::test]
async fn what_was_enrolled_is_there_after_a_stop_and_after_a_kill() {
    on_every_server(async |server| {
        let commission = server.commission().await;
        let get = || yuqiao::rpc::wire::GetRegionRequest {
            name: "regions/150627".to_owned(),
        };
        for end in ["stop", "kill"] {
            if end == "stop" {
                server.stop().await;
            } else {
                server.kill();
            }
            server.start().await;
            let back = commission.at(&server.endpoint()).await;
            back.directory().get_region(get()).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_certificate_near_its_end_is_issued_anew_at_the_start() {
    on_every_server(async |server| {
        let commission = server.commission().await;
        server.stop().await;
        // Other hosts, and a key that is not the certificate's (a crash between two renames).
        let file = server.dir().join("yuqiao.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replace("\"localhost\", ", "")).unwrap();
        std::fs::copy(server.dir().join("ca.key"), server.dir().join("server.key")).unwrap();
        server.start().await;
        commission.at(&server.endpoint()).await;
        let (well, seen) = doctor(server);
        assert!(well || server.database.is_some(), "{seen:?}");
        let hosts = seen.iter().find(|line| line["what"] == "hosts").unwrap();
        assert_eq!(hosts["seen"], "127.0.0.1");
        assert_eq!(verdict(&seen, "server key"), "ok");
    })
    .await;
}

fn vault(server: &Server, verb: &str, arguments: &[&str]) -> Output {
    program()
        .args(["--json", "vault", verb])
        .arg(server.dir())
        .args(arguments)
        .output()
        .unwrap()
}

/// The lines of a verb that must succeed.
fn kept(server: &Server, verb: &str, arguments: &[&str]) -> Vec<Value> {
    let output = vault(server, verb, arguments);
    assert!(output.status.success(), "{verb}: {output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

/// How many keys are wrapped under each version.
fn census(server: &Server) -> Vec<(u64, u64)> {
    let of = |line: &Value, what: &str| line[what].as_u64().unwrap();
    let lines = kept(server, "status", &[]);
    lines
        .iter()
        .map(|l| (of(l, "version"), of(l, "keys")))
        .collect()
}

async fn restart(server: &mut Server) {
    server.stop().await;
    server.start().await;
}

/// What is sealed under a child's key opens: what an alert says of it.
async fn opens(server: &Server, county: &County, family: &Family) {
    let mch = county.mch.at(&server.endpoint()).await;
    let request = wire::ListAlertsRequest {
        parent: PARENT.to_owned(),
        ..Default::default()
    };
    let alerts = mch.alerts().list_alerts(request).await.unwrap();
    let alerts = alerts.into_inner().alerts;
    let of_child = alerts.iter().find(|alert| alert.child == family.child);
    assert!(!of_child.unwrap().care_card.is_empty());
}

async fn erases(by: &Client, child: &str) {
    let document = "示例决定书-1".to_owned();
    let request = wire::EraseChildRequest {
        child: child.to_owned(),
        evidence: Some(wire::erase_child_request::Evidence::Document(document)),
    };
    by.roster().erase_child(request).await.unwrap();
}

/// The master key is rotated beside the running gateway, whatever ends the lines of its file.
///
/// Break it: in `MasterKeys::text_without`, split by line ends alone.
#[tokio::test]
async fn the_master_key_is_rotated_and_the_old_one_retired() {
    on_every_server(async |server| {
        let county = County::at(server).await;
        let family = county.family().await;
        county
            .pushes(&row(&family.number, "r", vec![haemoglobin(670)]))
            .await;
        let file = server.dir().join("master.key");
        let text = fs::read_to_string(&file).unwrap();
        let keys = census(server);
        assert_eq!(keys.len(), 1);
        let (_, keys) = keys[0];
        assert_eq!(vault(server, "retire", &["1"]).status.code(), Some(2));

        let newer = format!("2:{}", "5a".repeat(32));
        fs::write(&file, format!("{};{newer}\n", text.trim())).unwrap();
        restart(server).await;
        assert_eq!(census(server), [(1, keys)]);
        let early = vault(server, "retire", &["1"]);
        assert_eq!(early.status.code(), Some(2), "keys are still under it");
        assert_eq!(kept(server, "rotate", &[]), [json!({ "wrapped": keys })]);
        assert_eq!(kept(server, "rotate", &[]), [json!({ "wrapped": 0 })]);
        assert_eq!(census(server), [(2, keys)]);
        opens(server, &county, &family).await;
        assert_eq!(vault(server, "retire", &["2"]).status.code(), Some(2));
        assert_eq!(kept(server, "retire", &["1"]), [json!({ "retired": 1 })]);
        assert_eq!(fs::read_to_string(&file).unwrap().trim(), newer);
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        restart(server).await;
        opens(server, &county, &family).await;
    })
    .await;
}

fn database(dir: &Path) -> Vec<std::path::PathBuf> {
    let files = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let of = |path: &std::path::PathBuf| path.to_string_lossy().contains("yuqiao.db");
    files.filter(of).collect()
}

/// What was erased comes back with a restored database, and is erased again from the list; a line that
/// can't be carried out holds up none of the others.
#[tokio::test]
async fn erasures_are_replayed_after_a_restore() {
    on_every_server(async |server| {
        let county = County::at(server).await;
        let (gone, stays) = (county.family().await, county.family().await);
        for family in [&gone, &stays] {
            let row = row(&family.number, &family.number, vec![haemoglobin(670)]);
            let pushed = county.pushes(&row).await;
            assert_eq!(pushed.outcome(), wire::Outcome::Accepted, "{pushed:?}");
        }
        server.stop().await;
        let backup = server.home().join("backup");
        fs::create_dir(&backup).unwrap();
        for file in database(&server.dir()) {
            fs::copy(&file, backup.join(file.file_name().unwrap())).unwrap();
        }
        let before = census(server);
        server.start().await;
        let commission = county.commission.at(&server.endpoint()).await;
        erases(&commission, &gone.child).await;
        server.stop().await;

        let listed = vault(server, "erasures", &[]);
        assert!(listed.status.success(), "{listed:?}");
        let list = String::from_utf8(listed.stdout).unwrap();
        let line: Value = serde_json::from_str(list.trim()).unwrap();
        assert_eq!(line["child"], id(&gone.child));
        let stranger = list.trim().replace("150627", "150626");
        let file = server.home().join("erasures");
        fs::write(&file, format!("\n{stranger}\nnothing\n{list}\n")).unwrap();

        // A PostgreSQL database is restored with its own tools; here it stays as it is.
        let restored = server.database.is_none();
        if restored {
            for file in database(&server.dir()) {
                fs::remove_file(file).unwrap();
            }
            for file in database(&backup) {
                fs::copy(&file, server.dir().join(file.file_name().unwrap())).unwrap();
            }
            assert_eq!(census(server), before);
        }
        let file = file.to_str().unwrap();
        for anew in [u64::from(restored), 0] {
            let replayed = vault(server, "replay-erasures", &[file]);
            assert_eq!(replayed.status.code(), Some(3), "{replayed:?}");
            let told: Value = serde_json::from_slice(&replayed.stdout).unwrap();
            assert_eq!(told, json!({"erased": anew, "passedOver": 2}));
            let lines = String::from_utf8(replayed.stderr).unwrap();
            assert!(
                lines.contains("line 2:") && lines.contains("line 3:"),
                "{lines}"
            );
        }
        let (version, keys) = before[0];
        assert_eq!(census(server), [(version, keys - 1)]);
        server.start().await;
        opens(server, &county, &stays).await;
    })
    .await;
}
