//! The real server: the program itself, laid out with `init` and run with `serve`, on each engine.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;
use yuqiao::{
    clock::SystemClock,
    config::{Config, DataDir, Overrides},
    service::Gateway,
};

use super::{
    clients::{Client, enrol},
    engines::{Place, drop_database, fresh_database, tally},
    parties::{REGION, credit_code},
};

/// How long a start or a stop may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// A laid-out data directory, and the server on it while it runs.
pub struct Server {
    /// The PostgreSQL database; none on the embedded one.
    pub database: Option<String>,
    /// The commission's first one-time code.
    pub code: String,
    /// `regions/{region}/organizations/{id}` of the commission.
    pub commission: String,
    home: TempDir,
    running: Option<Running>,
}

struct Running {
    child: Child,
    address: String,
}

impl Server {
    /// Lays out a data directory on a fresh database.
    pub fn laid_out(database: Option<String>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("data");
        let mut init = program();
        init.args(["--json", "init"])
            .arg(&dir)
            .args(["--region", REGION]);
        init.args([
            "--name",
            "示例卫生健康委",
            "--credit-code",
            credit_code().as_str(),
        ]);
        init.args(["--altitude-m", "1300", "--correct-for-altitude"]);
        if let Some(url) = &database {
            init.args(["--database", url]);
        }
        let told = init.output().unwrap();
        assert!(
            told.status.success(),
            "{}",
            String::from_utf8_lossy(&told.stderr)
        );
        let told: Value = serde_json::from_slice(&told.stdout).unwrap();
        let text = |field: &str| told[field].as_str().unwrap().to_owned();
        let (code, commission) = (text("enrolmentCode"), text("organization"));
        Self {
            database,
            code,
            commission,
            home,
            running: None,
        }
    }

    /// The data directory.
    pub fn dir(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// A place for the test's own files.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Changes its configuration file, before a start.
    pub fn configure(&self, change: impl FnOnce(String) -> String) {
        let file = self.dir().join("yuqiao.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let changed = change(text.clone());
        assert_ne!(text, changed, "nothing was changed");
        std::fs::write(&file, changed).unwrap();
    }

    /// Starts it on a free port, and waits until it can be reached.
    pub async fn start(&mut self) {
        let ready = self.home.path().join("ready");
        let _ = std::fs::remove_file(&ready);
        let mut serve = program();
        serve
            .arg("serve")
            .arg(self.dir())
            .args(["--listen", "127.0.0.1:0", "--ready-file"]);
        let log = std::fs::File::create(self.home.path().join("log")).unwrap();
        serve.arg(&ready).stdout(Stdio::null()).stderr(log);
        let mut child = serve.spawn().unwrap();
        let address = wait_for(|| {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none(), "the server ended: {}", self.log());
            std::fs::read_to_string(&ready).ok()
        });
        let address = address.await.trim().to_owned();
        self.running = Some(Running { child, address });
    }

    /// `https://127.0.0.1:port`.
    pub fn endpoint(&self) -> String {
        format!("https://{}", self.running.as_ref().unwrap().address)
    }

    /// Asks it to stop, and waits until it has.
    pub async fn stop(&mut self) {
        let Some(mut running) = self.running.take() else {
            return;
        };
        let pid = running.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        let status = wait_for(|| running.child.try_wait().unwrap()).await;
        assert!(status.success(), "{status}: {}", self.log());
    }

    /// Kills it where it stands.
    pub fn kill(&mut self) {
        let Some(mut running) = self.running.take() else {
            return;
        };
        running.child.kill().unwrap();
        running.child.wait().unwrap();
    }

    /// What it told standard error.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.home.path().join("log")).unwrap_or_default()
    }

    /// What it told, once it says `what`: a refused caller may know before the line is written.
    pub async fn logged(&self, what: &str) -> String {
        for _ in 0..200 {
            let log = self.log();
            if log.contains(what) {
                return log;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no {what:?} in the log: {}", self.log());
    }

    /// Another gateway on the same database with the same keys, beside the running server.
    pub async fn gateway(&self) -> Gateway {
        let overrides = Overrides::default();
        let config = Config::load(&self.dir(), overrides).unwrap();
        let dir = DataDir::new(self.dir());
        let clock = Arc::new(SystemClock);
        yuqiao::cli::serve::opened(&dir, &config, clock)
            .await
            .unwrap()
    }

    /// Its database.
    pub fn place(&self) -> Place {
        match &self.database {
            Some(url) => Place::Postgres(url.clone()),
            None => Place::Sqlite(self.dir().join("yuqiao.db")),
        }
    }

    /// The commission, enrolled with its first code.
    pub async fn commission(&self) -> Client {
        enrol(&self.endpoint(), &self.code, "测试负责人").await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(running) = &mut self.running {
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }
}

/// The program under test.
pub fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_yuqiao"));
    program
        .env_remove("YUQIAO_DATABASE")
        .env_remove("YUQIAO_LISTEN")
        .stdin(Stdio::null());
    program
}

async fn wait_for<T>(mut check: impl FnMut() -> Option<T>) -> T {
    let waited = async {
        loop {
            if let Some(found) = check() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waited)
        .await
        .expect("the server in time")
}

/// Runs a test against the running program on a fresh database of each engine there is.
pub async fn on_every_server(test: impl AsyncFn(&mut Server)) {
    run(None, &test).await;
    tally("sqlite", "");
    if let Some(url) = fresh_database().await {
        run(Some(url.clone()), &test).await;
        drop_database(&url).await;
        tally("postgres", "");
    }
}

async fn run(database: Option<String>, test: &impl AsyncFn(&mut Server)) {
    let mut server = Server::laid_out(database);
    server.start().await;
    test(&mut server).await;
    server.stop().await;
}
