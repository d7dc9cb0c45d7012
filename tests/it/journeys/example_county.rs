//! The demonstration holds, and a Python client (grpcio, stubs from `proto/`) joins the gateway it
//! leaves running: it pushes a check-up, sees an alert, and without a certificate is refused.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

const YUQIAO: &str = env!("CARGO_BIN_EXE_yuqiao");

/// The gateway that the demonstration left running, ended with the test.
struct Left {
    endpoint: String,
    process: String,
    dir: PathBuf,
    checks: Vec<Value>,
}

impl Left {
    fn play(dir: &Path) -> Self {
        let dir = dir.join("demo");
        let mut demo = Command::new(YUQIAO);
        demo.args(["--json", "demo", "--keep", "--dir"]).arg(&dir);
        let said = succeeded(&demo.output().unwrap());
        let (last, checks) = said.split_last().unwrap();
        Self {
            endpoint: last["endpoint"].as_str().unwrap().replace("https://", ""),
            process: last["process"].to_string(),
            dir,
            checks: checks.to_vec(),
        }
    }

    fn client(&self, key: &str) -> PathBuf {
        self.dir.join("clients").join(key)
    }

    fn setting(&self, key: &str, name: &str) -> String {
        let profile = fs::read_to_string(self.client(key).join("profile.toml")).unwrap();
        let profile: toml::Table = profile.parse().unwrap();
        profile[name].as_str().unwrap().to_owned()
    }

    /// Runs the example client as one of the parties.
    fn python(&self, key: &str, arguments: &[&str], input: &str) -> Output {
        let python = std::env::var("YUQIAO_TEST_PYTHON").expect(
            "YUQIAO_TEST_PYTHON names a Python with grpcio and grpcio-tools: `make test` does",
        );
        let actor = self.setting(key, "actor");
        let mut child = Command::new(python)
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/examples/python/client.py"
            ))
            .args(arguments)
            .env("YUQIAO_ENDPOINT", &self.endpoint)
            .env("YUQIAO_REGION", "150627")
            .env("YUQIAO_CA", self.client(key).join("ca.pem"))
            .env("YUQIAO_CERT", self.client(key).join("client.pem"))
            .env("YUQIAO_KEY", self.client(key).join("client.key"))
            .env("YUQIAO_ACTOR", actor.rsplit('/').next().unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(&self.process).status();
    }
}

/// The JSON lines of a process that went well.
fn succeeded(output: &Output) -> Vec<Value> {
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn the_demonstration_holds_and_a_python_client_joins_it() {
    let dir = tempfile::tempdir().unwrap();
    let left = Left::play(dir.path());
    let steps: std::collections::BTreeSet<_> = left
        .checks
        .iter()
        .map(|check| check["step"].as_u64().unwrap())
        .collect();
    assert!(
        steps.len() >= 10 && left.checks.len() >= 30,
        "{:?}",
        left.checks
    );

    // The first child of the example county that is in care, with a check-up of its own today.
    let exported = fs::read_to_string(left.dir.join("exports/mch.ndjson")).unwrap();
    let row: Value = serde_json::from_str(exported.lines().last().unwrap()).unwrap();
    let row = json!({"checkUp": {
        "recordId": "P-1",
        "revision": 1,
        "status": "FINAL",
        "date": row["checkUp"]["date"],
        "visit": "OTHER",
        "subject": row["checkUp"]["subject"],
        "findings": [{"code": "HEARING", "coded": "PASS"}],
    }});
    let first = succeeded(&left.python("mch", &["push"], &row.to_string()));
    assert_eq!(first[0]["outcome"], "ACCEPTED");
    let again = succeeded(&left.python("mch", &["push"], &row.to_string()));
    assert_eq!(
        (&again[0]["checkUp"], &again[0]["replayed"]),
        (&first[0]["checkUp"], &json!(true))
    );

    // Both clients read the same inbox, with the same numbers.
    let mut watch = Command::new(YUQIAO);
    watch
        .args(["--json", "watch", "--until-idle", "1", "--profile"])
        .arg(left.client("public"));
    let shown = succeeded(&watch.output().unwrap());
    let facility = left.setting("public", "organization");
    let count = shown.len().to_string();
    let watch = ["watch", "--facility", &facility, "--count", &count];
    let events = succeeded(&left.python("public", &watch, ""));
    assert_eq!(events, shown);
    assert!(
        events
            .iter()
            .any(|event| event["alert"]["careCard"].is_string()),
        "{events:?}"
    );

    let refused = left.python("mch", &["refused"], "");
    assert!(
        refused.status.success(),
        "{}",
        String::from_utf8_lossy(&refused.stderr)
    );
    assert_eq!(
        String::from_utf8_lossy(&refused.stdout).trim(),
        "UNAUTHENTICATED"
    );
}
