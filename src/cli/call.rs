//! `yuqiao call`: every method of the API, with requests as proto3 JSON.
//!
//! Several requests may follow each other, one a line or however they are spaced. Answers come in
//! the order of the requests; one that is refused stands in its place as `{"error": …}` and does
//! not stop the others.

use std::fs;
use std::io::{self, Read};
use std::process::ExitCode;

use clap::Args;
use futures_util::{StreamExt, stream};
use prost_reflect::DynamicMessage;
use serde::de::IgnoredAny;
use serde_json::{Deserializer, json};

use super::Global;
use super::connection::Connection;
use super::dynamic::{Caller, method, methods};
use super::error::{CliError, SOME_REFUSED};
use super::output::{Output, table};
use super::refusal::Refusal;
use crate::rpc::json::{JsonError, dynamic_from_json, dynamic_to_json};

/// The most calls at once.
const MOST_IN_FLIGHT: u16 = 256;

/// Arguments of `yuqiao call`.
#[derive(Args, Debug)]
pub struct Call {
    /// SERVICE.METHOD, e.g. RosterService.EnrolChild; without it, every method is listed
    method: Option<String>,
    /// The request as JSON, - for standard input, @FILE for a file; several may follow each other
    #[arg(default_value = "{}", hide_default_value = true)]
    requests: String,
    /// How many calls may wait for their answers at once
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=i64::from(MOST_IN_FLIGHT)))]
    in_flight: u16,
}

impl Call {
    /// Makes the calls and prints each answer.
    ///
    /// # Errors
    /// Where a request is not the method's message, or the only request is refused.
    pub async fn run(self, global: &Global, out: Output) -> Result<ExitCode, CliError> {
        let Some(named) = self.method else {
            return list(out).map(|()| ExitCode::SUCCESS);
        };
        let method = method(&named)
            .ok_or_else(|| CliError::Usage(format!("no method {named}: yuqiao call lists them")))?;
        let text = read(&self.requests)?;
        let connection = Connection::open(global).await?;
        let caller = Caller::new(connection.service(), method)?;
        let requests = split(&text)?
            .into_iter()
            .map(|request| dynamic_from_json(&caller.input(), request))
            .collect::<Result<Vec<_>, _>>()?;
        let calls = if caller.takes_stream() {
            vec![requests]
        } else {
            requests.into_iter().map(|request| vec![request]).collect()
        };
        let many = calls.len() > 1;
        let mut answers = stream::iter(calls)
            .map(|requests| caller.clone().call(requests))
            .buffered(usize::from(self.in_flight));
        let mut refused = 0_usize;
        while let Some(answer) = answers.next().await {
            let ended = match answer {
                Ok(mut messages) => print_all(&mut messages, out).await?,
                Err(status) => Some(status),
            };
            match ended {
                None => {}
                Some(status) if !many => return Err(status.into()),
                Some(status) => {
                    refused += 1;
                    out.value(&json!({"error": Refusal::of(&status).to_json()}))?;
                }
            }
        }
        Ok(if refused > 0 {
            ExitCode::from(SOME_REFUSED)
        } else {
            ExitCode::SUCCESS
        })
    }
}

/// Prints a call's answers as they come; gives the status if it does not end well.
async fn print_all(
    messages: &mut tonic::Streaming<DynamicMessage>,
    out: Output,
) -> Result<Option<tonic::Status>, CliError> {
    loop {
        match messages.message().await {
            Ok(Some(message)) => {
                let value = dynamic_to_json(&message)?;
                if out.is_json() {
                    out.value(&value)?
                } else {
                    out.line(&format!("{value:#}"))?
                }
            }
            Ok(None) => return Ok(None),
            Err(status) => return Ok(Some(status)),
        }
    }
}

fn list(out: Output) -> Result<(), CliError> {
    let name = |method: &prost_reflect::MethodDescriptor| {
        format!("{}.{}", method.parent_service().name(), method.name())
    };
    if out.is_json() {
        return methods().try_for_each(|method| {
            out.value(&json!({
                "method": name(&method),
                "request": method.input().name(),
                "response": method.output().name(),
            }))
        });
    }
    let flow = |streams: bool, message: &str| {
        if streams {
            format!("stream {message}")
        } else {
            message.to_owned()
        }
    };
    let rows = methods().map(|method| {
        vec![
            name(&method),
            flow(method.is_client_streaming(), method.input().name()),
            flow(method.is_server_streaming(), method.output().name()),
        ]
    });
    out.line(&table(&["method", "request", "response"], rows))
}

fn read(given: &str) -> Result<String, CliError> {
    match given.strip_prefix('@') {
        Some(path) => fs::read_to_string(path).map_err(CliError::file(path)),
        None if given == "-" => {
            let mut text = String::new();
            io::stdin()
                .read_to_string(&mut text)
                .map_err(CliError::file("standard input"))?;
            Ok(text)
        }
        None => Ok(given.to_owned()),
    }
}

/// The JSON values of a text, however they are spaced.
fn split(text: &str) -> Result<Vec<&str>, JsonError> {
    let mut values = Deserializer::from_str(text).into_iter::<IgnoredAny>();
    let mut found = Vec::new();
    let mut start = 0;
    while let Some(value) = values.next() {
        let end = values.byte_offset();
        value.map_err(|error| JsonError::Syntax {
            line: error.line(),
            column: error.column(),
        })?;
        found.push(text.get(start..end).unwrap_or_default().trim());
        start = end;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_apart_however_they_are_spaced() {
        assert_eq!(
            split("{\"a\":1}\n{\"b\":\n 2} {}").unwrap(),
            ["{\"a\":1}", "{\"b\":\n 2}", "{}"]
        );
        assert_eq!(split(" \n").unwrap(), Vec::<&str>::new());
        let broken = split("{}\n{\"a\":").unwrap_err();
        assert!(
            matches!(broken, JsonError::Syntax { line: 2, .. }),
            "{broken}"
        );
    }
}
