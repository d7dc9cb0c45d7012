//! What an operator reads: events on standard error. Nothing personal is ever in one: events carry
//! stable reasons, methods and pseudonymous ids.
//!
//! `YUQIAO_LOG` chooses the level (`info` if not set; `yuqiao=debug,…`), `YUQIAO_LOG_FORMAT=json`
//! one JSON object a line.

use std::{io::IsTerminal, panic};

use tracing_subscriber::{EnvFilter, fmt};

const USUAL: &str = "info,sqlx=warn,h2=warn,hyper=warn,rustls=warn";

/// Begins to tell. Called once, by a verb that serves.
pub fn begin() {
    let filter = EnvFilter::try_from_env("YUQIAO_LOG").unwrap_or_else(|_| EnvFilter::new(USUAL));
    let json = std::env::var("YUQIAO_LOG_FORMAT").is_ok_and(|format| format == "json");
    let told = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start in one process keeps the first: there is nothing to tell about that.
    let _ = if json {
        told.json().try_init()
    } else {
        told.with_ansi(std::io::stderr().is_terminal()).try_init()
    };
    // What a panic says may hold anything: where it happened is enough to find it.
    panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        tracing::error!(place, "panic");
    }));
}
