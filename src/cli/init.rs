//! `yuqiao init`: lays out a data directory, its database and a region with its commission.
//!
//! It appears whole or not at all: everything is made beside it and moved into place last. The
//! commission's one-time code is shown once.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use chrono::{DateTime, Utc};
use clap::Args;
use rand::RngCore;

use super::{fault::Fault, house, serve::opened, words};
use crate::{
    clock::{Clock, SystemClock, system_chance},
    config::{Config, DataDir, Database, FILE, MasterKeySource, Tls, USUAL_LISTEN, files},
    domain::{
        escalation::EscalationHours,
        growth_standard::GrowthStandard,
        identifier::SocialCreditCode,
        organization::OrganizationKind,
        region::{RegionCode, Settings, Zone},
    },
    pki::{Authority, authority::CA_VALIDITY},
    service::organizations::{self, Invitation, IssuedCode, USUAL_CODE},
    store::survey,
    vault::MasterKey,
};

/// Arguments of `yuqiao init`.
#[derive(Args, Debug)]
pub struct Init {
    /// The data directory to make
    dir: PathBuf,
    /// The region (行政区划代码, six digits of GB/T 2260)
    #[arg(long, value_name = "CODE")]
    region: String,
    /// Full name of the region's health commission (卫生健康委)
    #[arg(long)]
    name: String,
    /// Its unified social credit code (统一社会信用代码)
    #[arg(long, value_name = "CODE")]
    credit_code: String,
    /// Altitude in metres, for haemoglobin
    #[arg(long, value_name = "METRES", default_value_t = 0,
          value_parser = clap::value_parser!(u32).range(0..=6000))]
    altitude_m: u32,
    /// Raise haemoglobin limits with altitude
    #[arg(long)]
    correct_for_altitude: bool,
    /// Whose growth classes raise alerts (生长标准)
    #[arg(long, value_name = "STANDARD", default_value = "wst423", value_parser = words::parse_growth_standard)]
    growth_standard: GrowthStandard,
    /// Minutes east of UTC
    #[arg(
        long,
        value_name = "MINUTES",
        default_value_t = 480,
        allow_negative_numbers = true
    )]
    utc_offset_minutes: i32,
    /// DNS names and addresses the gateway is reached by
    #[arg(
        long,
        value_name = "HOST,…",
        value_delimiter = ',',
        default_value = "localhost,127.0.0.1"
    )]
    host: Vec<String>,
    /// Where it will listen
    #[arg(long, value_name = "ADDRESS:PORT", default_value = USUAL_LISTEN)]
    listen: String,
    /// A PostgreSQL database instead of the embedded one
    #[arg(
        long,
        value_name = "URL",
        env = "YUQIAO_DATABASE",
        hide_env_values = true
    )]
    database: Option<String>,
}

impl Init {
    /// Lays everything out.
    ///
    /// # Errors
    /// Where the arguments are wrong, the directory is not empty, or the database refuses.
    pub async fn run(&self, json: bool) -> Result<ExitCode, Fault> {
        let region: RegionCode = self
            .region
            .parse()
            .map_err(|e| Fault::Usage(format!("--region: {e}")))?;
        let code = SocialCreditCode::parse(&self.credit_code)
            .map_err(|e| Fault::Usage(format!("--credit-code: {e}")))?;
        let zone = Zone::east(self.utc_offset_minutes)
            .ok_or_else(|| Fault::Usage("--utc-offset-minutes: not within a day".to_owned()))?;
        let settings = Settings {
            zone,
            altitude_m: self.altitude_m,
            correct_for_altitude: self.correct_for_altitude,
            growth_standard: self.growth_standard,
            mongolian_medicine: false,
            rule_set: None,
            escalation: EscalationHours::USUAL,
        };
        let commission = Invitation {
            kind: OrganizationKind::HealthCommission,
            display_name: self.name.trim().to_owned(),
            social_credit_code: code,
            filing_number: String::new(),
            licensed_places: 0,
            inclusive_places: 0,
        };
        must_be_free(&self.dir)?;
        if let Some(url) = &self.database {
            // Told at once: the pool that serves would wait for a database that comes up later.
            survey::postgres(url).await?;
        }

        let mut chance = system_chance();
        let beside = beside(&self.dir, chance.next_u64());
        let made = self
            .make(&beside, region, &settings, commission, &mut chance)
            .await;
        let moved = made.and_then(|code| {
            fs::rename(&beside, &self.dir).map_err(|error| Fault::File {
                path: self.dir.clone(),
                error,
            })?;
            Ok(code)
        });
        match moved {
            Ok((organization, code)) => {
                self.tell(json, region, &organization, &code)?;
                Ok(ExitCode::SUCCESS)
            }
            Err(fault) => {
                let _ = fs::remove_dir_all(&beside);
                Err(fault)
            }
        }
    }

    async fn make(
        &self,
        path: &Path,
        region: RegionCode,
        settings: &Settings,
        commission: Invitation,
        chance: &mut (dyn RngCore + Send),
    ) -> Result<(String, IssuedCode), Fault> {
        use std::os::unix::fs::DirBuilderExt;
        let file = |error| Fault::File {
            path: path.to_owned(),
            error,
        };
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(file)?;
        let clock = Arc::new(SystemClock);
        let dir = DataDir::new(path);
        let config = self.config();
        dir.write(FILE, &config.to_toml()?, true)?;
        self.write_keys(&dir, region, clock.now(), chance)?;

        let gateway = opened(&dir, &config, clock).await?;
        let usual = USUAL_CODE;
        let founded = organizations::found(&gateway, region, settings, commission, usual).await;
        gateway.store().close().await;
        let (organization, code) = founded?;
        Ok((crate::rpc::convert::name(region, organization), code))
    }

    fn config(&self) -> Config {
        Config {
            listen: self.listen.clone(),
            database: Database {
                url: self.database.clone(),
                ..Database::default()
            },
            master_key: MasterKeySource {
                file: Some(files::MASTER_KEY.into()),
                ..MasterKeySource::default()
            },
            tls: Tls {
                hosts: self.host.clone(),
                ..Tls::default()
            },
            limits: Default::default(),
        }
    }

    fn write_keys(
        &self,
        dir: &DataDir,
        region: RegionCode,
        now: DateTime<Utc>,
        chance: &mut dyn RngCore,
    ) -> Result<(), Fault> {
        let master = MasterKey::generate(1, chance);
        dir.write(
            files::MASTER_KEY,
            &format!("{}\n", *master.to_hex_line()),
            true,
        )?;
        let name = format!("yuqiao {region}");
        let (authority, key) = Authority::create(&name, now, CA_VALIDITY, chance)?;
        dir.write(files::CA, &authority.certificate_pem(), false)?;
        dir.write(files::CA_KEY, key.reveal_pem(), true)?;
        // The gateway's own certificate: made now, so that a wrong host is told now.
        dir.shown(&self.config(), Some(&authority), now, chance)?;
        Ok(())
    }

    fn tell(
        &self,
        json: bool,
        region: RegionCode,
        organization: &str,
        code: &IssuedCode,
    ) -> Result<(), Fault> {
        let expires = crate::rpc::convert::time(code.expires);
        let dir = self.dir.display();
        house::say(&if json {
            serde_json::json!({
                "dir": self.dir,
                "region": crate::rpc::convert::region_name(region),
                "organization": organization,
                "enrolmentCode": code.text.as_str(),
                "expireTime": expires,
            })
            .to_string()
        } else {
            format!(
                "laid out      {dir}\n\
                 region        {region}\n\
                 commission    {organization}\n\
                 enrolment code (shown once, until {expires})\n\n  {}\n\n\
                 next: yuqiao serve {dir}",
                code.text.as_str()
            )
        })
    }
}

/// Nothing is written over: the directory must not be there, or be empty.
fn must_be_free(dir: &Path) -> Result<(), Fault> {
    match fs::read_dir(dir) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(Fault::NotEmpty(dir.to_owned())),
        },
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Fault::File {
            path: dir.to_owned(),
            error,
        }),
    }
}

/// A directory beside the one to be made, on the same file system.
fn beside(dir: &Path, chance: u64) -> PathBuf {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    dir.with_file_name(format!(".{name}.{chance:016x}"))
}
