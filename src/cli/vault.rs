//! `yuqiao vault`: the operator's care for the keys. Rotating the master key: add a line with the
//! next version where the keys come from, start the gateways anew, `rotate`, `retire` the old one.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};

use super::{error::SOME_REFUSED, fault::Fault, house, serve::opened};
use crate::{
    clock::SystemClock,
    config::{Config, DataDir, Overrides},
    domain::region::RegionCode,
    service::{Error, Gateway, Reason, erasures, rotation},
    store::erasures::Erasure,
};

/// What to do with the keys.
#[derive(Subcommand, Debug)]
pub enum Vault {
    /// How many keys are wrapped under each version of the master key
    Status(Place),
    /// Wrap every key anew under the newest version; may be stopped and begun again (轮换主密钥)
    Rotate(Place),
    /// Let an old version go, once no key is wrapped under it: what was erased is then erased in
    /// every backup too (停用旧主密钥)
    Retire {
        #[command(flatten)]
        place: Place,
        /// The version
        version: u32,
    },
    /// Print every erasure, one object a line: keep them apart from the backups (删除记录)
    Erasures(Place),
    /// After a restore: erase again whoever is in a file that `erasures` wrote
    ReplayErasures {
        #[command(flatten)]
        place: Place,
        /// The file
        file: PathBuf,
    },
}

/// Where the keys and the database are.
#[derive(Args, Debug)]
pub struct Place {
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

impl Place {
    async fn open(&self) -> Result<(DataDir, Config, Gateway), Fault> {
        let overrides = Overrides {
            listen: None,
            database: self.database.clone(),
        };
        let config = Config::load(&self.dir, overrides)?;
        let dir = DataDir::new(&self.dir);
        let gateway = opened(&dir, &config, Arc::new(SystemClock)).await?;
        Ok((dir, config, gateway))
    }
}

/// A line of the list of erasures. It names nobody: the child's id is pseudonymous.
#[derive(Serialize, Deserialize)]
struct Line {
    region: String,
    id: String,
    child: String,
    at_us: i64,
    evidence: String,
}

impl Line {
    fn of(region: RegionCode, erasure: &Erasure) -> Self {
        Self {
            region: region.to_string(),
            id: erasure.id.to_string(),
            child: erasure.child.to_string(),
            at_us: erasure.at.timestamp_micros(),
            evidence: erasure.evidence.clone(),
        }
    }

    fn read(text: &str) -> Option<(RegionCode, Erasure)> {
        let line: Self = serde_json::from_str(text).ok()?;
        let erasure = Erasure {
            id: line.id.parse().ok()?,
            child: line.child.parse().ok()?,
            at: chrono::DateTime::from_timestamp_micros(line.at_us)?,
            recorded_by: None,
            evidence: line.evidence,
        };
        Some((line.region.parse().ok()?, erasure))
    }
}

impl Vault {
    /// Does it and tells what was done.
    ///
    /// # Errors
    /// Where the directory, the database or the file can't be used, or a version is still needed.
    pub async fn run(&self, json: bool) -> Result<ExitCode, Fault> {
        let (Self::Status(place)
        | Self::Rotate(place)
        | Self::Retire { place, .. }
        | Self::Erasures(place)
        | Self::ReplayErasures { place, .. }) = self;
        let (dir, config, gateway) = place.open().await?;
        let mut passed_over = 0;
        let done = match self {
            Self::Status(_) => status(&gateway, json).await,
            Self::Rotate(_) => rotate(&gateway, json).await,
            Self::Retire { version, .. } => {
                let retiring = retire(&dir, &config, &gateway, *version);
                retiring
                    .await
                    .and_then(|told| say(json, "retired", *version, &told))
            }
            Self::Erasures(_) => list(&gateway).await,
            Self::ReplayErasures { file, .. } => replay(&gateway, file, json)
                .await
                .map(|lines| passed_over = lines),
        };
        gateway.store().close().await;
        done.map(|()| match passed_over {
            0 => ExitCode::SUCCESS,
            _ => ExitCode::from(SOME_REFUSED),
        })
    }
}

fn say(
    json: bool,
    what: &str,
    value: impl Into<serde_json::Value>,
    text: &str,
) -> Result<(), Fault> {
    if json {
        house::say(&serde_json::json!({ what: value.into() }).to_string())
    } else {
        house::say(text)
    }
}

async fn status(gateway: &Gateway, json: bool) -> Result<(), Fault> {
    for (version, keys) in rotation::census(gateway).await? {
        house::say(&if json {
            serde_json::json!({"version": version, "keys": keys}).to_string()
        } else {
            format!("version {version}: {keys} keys")
        })?;
    }
    Ok(())
}

async fn rotate(gateway: &Gateway, json: bool) -> Result<(), Fault> {
    let wrapped = rotation::rotate(gateway).await?;
    let newest = gateway.keyring().newest();
    let text = format!("{wrapped} keys wrapped anew under version {newest}");
    say(json, "wrapped", wrapped, &text)
}

async fn retire(
    dir: &DataDir,
    config: &Config,
    gateway: &Gateway,
    version: u32,
) -> Result<String, Fault> {
    let newest = gateway.keyring().newest();
    if version >= newest {
        return Err(Fault::Usage(format!("version {version} is not an old one")));
    }
    let keys = rotation::census(gateway).await?.remove(&version);
    if let Some(keys) = keys {
        let why = format!("{keys} keys are wrapped under version {version}: rotate first");
        return Err(Fault::Usage(why));
    }
    if dir.retire_master_key(config, version, newest)? {
        Ok(format!(
            "version {version} is gone; start the gateways anew, and destroy its copies"
        ))
    } else {
        Ok(format!(
            "nothing is wrapped under version {version}: take it out where the keys come from"
        ))
    }
}

async fn list(gateway: &Gateway) -> Result<(), Fault> {
    for (region, erasure) in erasures::list(gateway).await? {
        let line = serde_json::to_string(&Line::of(region, &erasure));
        house::say(&line.map_err(|e| Fault::Usage(e.to_string()))?)?;
    }
    Ok(())
}

/// Erases again whoever a line names, and goes on past a line it can't carry out: each is told with
/// its number, so that none of the others stays readable for its sake. Gives how many those were.
async fn replay(gateway: &Gateway, file: &PathBuf, json: bool) -> Result<u64, Fault> {
    let text = std::fs::read_to_string(file).map_err(|error| Fault::File {
        path: file.clone(),
        error,
    })?;
    let (mut erased, mut passed_over) = (0_u64, 0_u64);
    let lines = (1..).zip(text.lines());
    for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let replayed = match Line::read(line) {
            Some((region, erasure)) => erasures::replay(gateway, region, &erasure).await,
            None => Err(Reason::FieldMalformed.into()),
        };
        match replayed {
            Ok(anew) => erased += u64::from(anew),
            Err(Error::Refused(reason)) => {
                passed_over += 1;
                let file = file.display();
                eprintln!("{file}: line {number}: {}", reason.code());
            }
            Err(error) => return Err(error.into()),
        }
    }
    let text = format!("{erased} children erased again; {passed_over} lines passed over");
    if json {
        let told = serde_json::json!({"erased": erased, "passedOver": passed_over});
        house::say(&told.to_string())?;
    } else {
        house::say(&text)?;
    }
    Ok(passed_over)
}
