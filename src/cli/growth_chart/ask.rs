//! The chart of a child the gateway knows.

use super::{Drawn, GrowthChart};
use crate::cli::Global;
use crate::cli::connection::Connection;
use crate::cli::error::CliError;
use crate::rpc::convert::WireWord;
use crate::rpc::wire::GetGrowthChartRequest;
use crate::rpc::wire::exchange_service_client::ExchangeServiceClient;

impl GrowthChart {
    pub(super) async fn ask(&self, global: &Global, child: &str) -> Result<Drawn, CliError> {
        let connection = Connection::open(global).await?;
        let mut exchange = ExchangeServiceClient::new(connection.service());
        let (from, until) = self.range.unwrap_or_default();
        let request = GetGrowthChartRequest {
            child: connection.name("children", child),
            guardian_code: self.code.clone().unwrap_or_default(),
            kind: self.chart.kind().number(),
            standard: self.standard.map(WireWord::number).unwrap_or_default(),
            scale: self.lines.scale().number(),
            from: from.into(),
            until: until.into(),
        };
        let chart = exchange.get_growth_chart(request).await?.into_inner();
        Ok(Drawn {
            svg: chart.svg,
            points: chart.points as usize,
            doubtful: chart.doubtful as usize,
        })
    }
}
