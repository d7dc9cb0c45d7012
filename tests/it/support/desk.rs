//! An organization at the command line: the real program, by its own profile, over TLS.

use std::{
    fs,
    io::Write,
    path::PathBuf,
    process::{Output, Stdio},
};

use serde_json::Value;
use yuqiao::{cli::profile::Settings, rpc::wire};

use super::{
    clients::{Client, Credentials, id},
    server::{Server, program},
    wire_county::County,
};

/// An organization that works at the command line, as its clinician.
pub struct Desk {
    profile: PathBuf,
    /// Its clinician's resource name.
    pub clinician: String,
}

impl Desk {
    /// A party that has enrolled already, as who speaks for it.
    pub fn of(server: &Server, who: &Client) -> Self {
        let profile = server.home().join(id(&who.actor));
        fs::create_dir(&profile).unwrap();
        let settings = Settings {
            endpoint: server.endpoint(),
            region: "150627".to_owned(),
            organization: who.organization.clone(),
            actor: who.actor.clone(),
        };
        let settings = toml::to_string(&settings).unwrap();
        let Credentials {
            certificate_pem,
            key,
            ca_pem,
        } = &who.credentials;
        for (name, text) in [
            ("profile.toml", &*settings),
            ("ca.pem", ca_pem),
            ("client.pem", certificate_pem),
            ("client.key", key.reveal_pem()),
        ] {
            fs::write(profile.join(name), text).unwrap();
        }
        Self {
            profile,
            clinician: String::new(),
        }
    }

    /// A second MCH centre of the county.
    pub async fn of_the_mch_centre(server: &Server, county: &County) -> Self {
        let kind = wire::OrganizationKind::MchCentre;
        let invited = county.commission.invites(kind, "测试第二妇幼保健院").await;
        let code = invited.unwrap().enrolment_code;
        let mut desk = Self {
            profile: server.home().join("desk"),
            clinician: String::new(),
        };
        let enrolled = program()
            .args(["enroll", "--responsible", "测试负责人", "--server"])
            .arg(server.endpoint())
            .args(["--code", &code, "--dir"])
            .arg(&desk.profile)
            .output()
            .unwrap();
        assert!(enrolled.status.success(), "{enrolled:?}");
        let person = [
            "actor",
            "register",
            "--name",
            "测试保健医",
            "--role",
            "clinician",
        ];
        let registered = desk.told(&person, "");
        let name = registered[0]["name"].as_str().unwrap().to_owned();
        desk.told(&["actor", "approve", &name], "");
        desk.clinician = name;
        desk
    }

    /// Runs a verb with `--json`, and says this to its standard input.
    pub fn run(&self, arguments: &[&str], said: &str) -> Output {
        let mut desk = program();
        desk.args(["--json", "--profile"]).arg(&self.profile);
        if !self.clinician.is_empty() {
            desk.args(["--actor", id(&self.clinician)]);
        }
        let desk = desk.args(arguments).stdin(Stdio::piped());
        let mut running = desk
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = running.stdin.take().unwrap();
        stdin.write_all(said.as_bytes()).unwrap();
        drop(stdin);
        running.wait_with_output().unwrap()
    }

    /// The lines of a verb that must succeed.
    pub fn told(&self, arguments: &[&str], said: &str) -> Vec<Value> {
        let output = self.run(arguments, said);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect()
    }
}
