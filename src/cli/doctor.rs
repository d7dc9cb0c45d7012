//! `yuqiao doctor`: is everything in place for serving? It looks and changes nothing.
//!
//! Exit code 0 when nothing is wrong (warnings may stand), 1 otherwise.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use comfy_table::{Table, presets};

use super::{fault::Fault, house};
use crate::{
    clock::{Clock, SystemClock},
    config::{Config, DataDir, Overrides, files},
    pki::certificate::{dates_of_pem, is_of_key},
    rpc::tls::ServerTls,
    service::keyring::Keyring,
    store::{
        Store,
        survey::{self, Schema, Survey},
    },
};

/// Certificates that end sooner than this are warned of.
const SOON: TimeDelta = TimeDelta::days(30);
/// How far two clocks may be apart.
const CLOCKS_APART: TimeDelta = TimeDelta::seconds(5);

/// Arguments of `yuqiao doctor`.
#[derive(Args, Debug)]
pub struct Doctor {
    /// The data directory that `init` made
    dir: PathBuf,
    /// A PostgreSQL database instead of the configured one
    #[arg(
        long,
        value_name = "URL",
        env = "YUQIAO_DATABASE",
        hide_env_values = true
    )]
    database: Option<String>,
}

/// How one thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Good,
    Warning,
    Bad,
}

/// What was looked at, and what was seen.
struct Finding {
    what: String,
    verdict: Verdict,
    seen: String,
}

/// Everything seen so far.
#[derive(Default)]
struct Chart(Vec<Finding>);

impl Chart {
    fn add(&mut self, what: impl Into<String>, verdict: Verdict, seen: impl Into<String>) {
        self.0.push(Finding {
            what: what.into(),
            verdict,
            seen: seen.into(),
        });
    }

    fn check(&mut self, what: impl Into<String>, good: bool, seen: impl Into<String>) {
        self.add(what, if good { Verdict::Good } else { Verdict::Bad }, seen);
    }

    /// The value, or what is wrong with it.
    fn take<T, E: std::fmt::Display>(&mut self, what: &str, got: Result<T, E>) -> Option<T> {
        match got {
            Ok(value) => Some(value),
            Err(error) => {
                self.add(what, Verdict::Bad, error.to_string());
                None
            }
        }
    }
}

impl Doctor {
    /// Looks at everything and tells what it saw.
    ///
    /// # Errors
    /// Where standard output has ended.
    pub async fn run(&self, json: bool) -> Result<ExitCode, Fault> {
        let mut chart = Chart::default();
        let overrides = Overrides {
            listen: None,
            database: self.database.clone(),
        };
        let config = Config::load(&self.dir, overrides);
        if let Some(config) = chart.take("configuration", config) {
            chart.add(
                "configuration",
                Verdict::Good,
                self.dir.display().to_string(),
            );
            let dir = DataDir::new(&self.dir);
            let clock: Arc<dyn Clock> = Arc::new(SystemClock);
            let now = clock.now();
            modes(&mut chart, &dir, &config);
            certificates(&mut chart, &dir, &config, &clock);
            if let Some(seen) = database(&mut chart, &dir, &config, now).await
                && seen.schema == Schema::Current
            {
                keys(&mut chart, &dir, &config, clock).await;
            }
        }
        tell(&chart, json)?;
        let bad = chart
            .0
            .iter()
            .any(|finding| finding.verdict == Verdict::Bad);
        Ok(if bad {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }
}

fn modes(chart: &mut Chart, dir: &DataDir, config: &Config) {
    let mut secret = vec![PathBuf::from(crate::config::FILE)];
    secret.extend(config.master_key.file.clone());
    let server_key = config.tls.server_key.clone();
    secret.push(server_key.unwrap_or_else(|| files::SERVER_KEY.into()));
    if dir.file(files::CA_KEY).exists() {
        secret.push(files::CA_KEY.into());
    }
    for name in secret {
        let what = format!("mode of {}", name.display());
        if let Some(open) = chart.take(&what, dir.is_open_to_others(&name)) {
            let seen = if open {
                "others may read it: chmod 600"
            } else {
                "owner only"
            };
            chart.check(what, !open, seen);
        }
    }
}

fn certificates(chart: &mut Chart, dir: &DataDir, config: &Config, clock: &Arc<dyn Clock>) {
    let now = clock.now();
    if let Some(authority) = chart.take("authority", dir.authority()) {
        match authority {
            Some(authority) => until(chart, "authority", authority.not_after(), now, SOON),
            None => chart.add(
                "authority",
                Verdict::Warning,
                "certificates are issued outside",
            ),
        }
    }
    let own = (files::SERVER.into(), files::SERVER_KEY.into());
    let brought = config
        .tls
        .server_cert
        .clone()
        .zip(config.tls.server_key.clone());
    let is_own = brought.is_none();
    let (chain, key) = brought.unwrap_or(own);
    let chain = chart.take("server certificate", dir.read(chain));
    let key = chart.take("server key", dir.key(key));
    let (Some(chain), Some(key)) = (chain, key) else {
        return;
    };
    if let Some(dates) = chart.take("server certificate", dates_of_pem(&chain)) {
        // The own one is renewed by `serve`; one that was brought along is the operator's care.
        let early = if is_own { TimeDelta::zero() } else { SOON };
        until(chart, "server certificate", dates.not_after, now, early);
        chart.add("hosts", Verdict::Good, dates.hosts.join(", "));
    }
    chart.check(
        "server key",
        is_of_key(&chain, &key),
        "belongs to the certificate",
    );
    if let Some(believed) = chart.take("believed authorities", dir.believed(config)) {
        if let Some(end) = believed.earliest_end() {
            until(chart, "believed authorities", end, now, SOON);
        }
        let tls = ServerTls::new(&chain, &key, &believed, clock.clone());
        if chart.take("tls", tls).is_some() {
            chart.add("tls", Verdict::Good, "can be served");
        }
    }
    chart.take("authorities told to clients", dir.told(config));
}

fn until(chart: &mut Chart, what: &str, end: DateTime<Utc>, now: DateTime<Utc>, early: TimeDelta) {
    let (verdict, word) = if end < now {
        (Verdict::Bad, "ended")
    } else if end - now < early {
        (Verdict::Warning, "ends soon:")
    } else {
        (Verdict::Good, "until")
    };
    chart.add(what, verdict, format!("{word} {}", end.format("%Y-%m-%d")));
}

async fn database(
    chart: &mut Chart,
    dir: &DataDir,
    config: &Config,
    now: DateTime<Utc>,
) -> Option<Survey> {
    let surveyed = match &config.database.url {
        Some(url) => survey::postgres(url).await,
        None => survey::sqlite(&dir.file(files::DATABASE)).await,
    };
    let surveyed = surveyed.map_err(Fault::Store);
    let survey = chart.take("database", surveyed)?;
    let engine = if config.database.url.is_some() {
        "postgres"
    } else {
        "sqlite"
    };
    chart.add("database", Verdict::Good, format!("{engine}, reachable"));
    let (verdict, seen) = match survey.schema {
        Schema::Current => (Verdict::Good, "current".to_owned()),
        Schema::Behind(steps) => (
            Verdict::Warning,
            format!("{steps} step(s) behind: serve takes them"),
        ),
        Schema::Ahead => (Verdict::Warning, "of a newer program".to_owned()),
        Schema::Altered => (Verdict::Bad, "a released step was altered".to_owned()),
    };
    chart.add("schema", verdict, seen);
    for (setting, value, safe) in &survey.durability {
        chart.check(format!("durability: {setting}"), *safe, value);
    }
    if let Some(theirs) = survey.clock {
        let apart = (theirs - now).abs();
        let verdict = if apart > CLOCKS_APART {
            Verdict::Warning
        } else {
            Verdict::Good
        };
        let seen = format!("{:.1} s from the database's", apart.as_seconds_f64());
        chart.add("clock", verdict, seen);
    }
    let deciding = survey.clock.unwrap_or(now);
    for (region, last) in &survey.heads {
        let what = format!("ledger of {region}");
        match last {
            // The ledger is the clock: a clock behind it stands still until it has caught up.
            Some(last) if *last > deciding + CLOCKS_APART => {
                chart.add(what, Verdict::Bad, "the clock is behind the last leaf");
            }
            Some(last) => {
                let seen = format!("last leaf {}", last.format("%Y-%m-%d %H:%M:%SZ"));
                chart.add(what, Verdict::Good, seen);
            }
            None => chart.add(what, Verdict::Good, "empty"),
        }
    }
    Some(survey)
}

/// Whether the master key opens the deployment's keys.
async fn keys(chart: &mut Chart, dir: &DataDir, config: &Config, clock: Arc<dyn Clock>) {
    let Some(masters) = chart.take("master key", dir.master_keys(config)) else {
        return;
    };
    let version = masters.current().version();
    let opened = async {
        let store = match &config.database.url {
            Some(url) => Store::postgres(url, 1, clock).await?,
            None => Store::sqlite(&dir.file(files::DATABASE), clock).await?,
        };
        let mut tx = store.snapshot().await?;
        let opened = Keyring::look(&masters, &mut tx).await;
        drop(tx);
        store.close().await;
        Ok::<_, Fault>(opened?)
    };
    if let Some(known) = chart.take("master key", opened.await) {
        let seen = if known {
            "opens this database"
        } else {
            "no keys in this database yet"
        };
        chart.add(
            "master key",
            Verdict::Good,
            format!("version {version}, {seen}"),
        );
    }
}

fn tell(chart: &Chart, json: bool) -> Result<(), Fault> {
    let word = |verdict| match verdict {
        Verdict::Good => "ok",
        Verdict::Warning => "warning",
        Verdict::Bad => "bad",
    };
    if json {
        for Finding {
            what,
            verdict,
            seen,
        } in &chart.0
        {
            let line = serde_json::json!({"what": what, "verdict": word(*verdict), "seen": seen});
            house::say(&line.to_string())?;
        }
        return Ok(());
    }
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_BORDERS_ONLY)
        .set_header(["", "what", "seen"]);
    for Finding {
        what,
        verdict,
        seen,
    } in &chart.0
    {
        table.add_row([word(*verdict), what, seen]);
    }
    house::say(&table.to_string())
}
