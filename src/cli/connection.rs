//! A channel to the gateway with the caller's actor on every call.

use std::env;
use std::path::PathBuf;
use std::sync::Arc;

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};

use super::Global;
use super::error::CliError;
use super::output::id;
use super::profile::Profile;
use crate::clock::SystemClock;
use crate::rpc::caller::ACTOR;
use crate::rpc::dial::{Dial, Trust};

/// What every generated client is built on.
pub type Service = InterceptedService<Channel, CallAs>;

/// Puts the actor on every call.
#[derive(Clone, Debug)]
pub struct CallAs(MetadataValue<Ascii>);

impl Interceptor for CallAs {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert(ACTOR, self.0.clone());
        Ok(request)
    }
}

/// An open connection of one organization and actor.
#[derive(Clone)]
pub struct Connection {
    /// `regions/{region}`.
    pub region: String,
    /// `regions/{region}/organizations/{id}`.
    pub organization: String,
    channel: Channel,
    call_as: CallAs,
}

impl Connection {
    /// Connects as the profile says, or as the actor named on the command line.
    ///
    /// # Errors
    /// Where there is no profile, or the gateway is not reached or not the one meant.
    pub async fn open(global: &Global) -> Result<Self, CliError> {
        Self::of(
            &Profile::load(&profile_dir(global)?)?,
            global.actor.as_deref(),
        )
        .await
    }

    /// Connects as a profile that was read already.
    ///
    /// # Errors
    /// Where the gateway is not reached or not the one meant.
    pub async fn of(profile: &Profile, actor: Option<&str>) -> Result<Self, CliError> {
        let settings = &profile.settings;
        let actor = id(actor.unwrap_or(&settings.actor));
        let call_as = actor
            .parse()
            .map_err(|_| CliError::Usage("the actor is not a plain id".to_owned()))?;
        let trust = Trust::Bundle(profile.authorities.clone());
        let channel = Dial::new(&settings.endpoint, trust, Arc::new(SystemClock))?
            .identity(&profile.certificate_pem, &profile.key)
            .connect()
            .await?;
        Ok(Self {
            region: format!("regions/{}", settings.region),
            organization: settings.organization.clone(),
            channel,
            call_as: CallAs(call_as),
        })
    }

    /// Over a channel that a test opened, without TLS.
    #[cfg(test)]
    pub fn over(channel: Channel) -> Self {
        Self {
            region: "regions/150627".to_owned(),
            organization: "regions/150627/organizations/o1".to_owned(),
            channel,
            call_as: CallAs(MetadataValue::from_static("a1")),
        }
    }

    /// For the generated clients.
    #[must_use]
    pub fn service(&self) -> Service {
        InterceptedService::new(self.channel.clone(), self.call_as.clone())
    }

    /// A resource name: what was given, or the id given within the profile's region.
    #[must_use]
    pub fn name(&self, collection: &str, given: &str) -> String {
        if given.contains('/') {
            given.to_owned()
        } else {
            format!("{}/{collection}/{given}", self.region)
        }
    }
}

/// The client directory: `--profile`, `YUQIAO_PROFILE`, or `yuqiao` in the user's configuration.
///
/// # Errors
/// Where nothing names one and there is no home directory.
pub fn profile_dir(global: &Global) -> Result<PathBuf, CliError> {
    if let Some(dir) = &global.profile {
        return Ok(dir.clone());
    }
    let under = |variable: &str| {
        env::var_os(variable)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    under("XDG_CONFIG_HOME")
        .or_else(|| under("HOME").map(|home| home.join(".config")))
        .map(|config| config.join("yuqiao"))
        .ok_or_else(|| CliError::Usage("name a client directory with --profile".to_owned()))
}
