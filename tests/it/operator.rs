//! The operator's verbs: init lays out whole or not at all, doctor sees what is wrong, serve stops
//! when it is told to.

use std::{os::unix::fs::PermissionsExt, process::Output};

use serde_json::Value;

use crate::support::{
    engines::{drop_database, fresh_database, tally},
    parties::credit_code,
    server::{Server, on_every_server, program},
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
