//! The statements that store functions really send, overheard as sqlx reports them. Nothing is
//! copied, so nothing can drift from what runs.

use std::{
    fmt,
    sync::{Arc, Mutex, Once},
};

use tracing::{Event, Instrument, Metadata, Subscriber, field::Visit, span};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
};

/// The span in which statements are listened to; sqlx carries it to SQLite's worker thread.
const SPAN: &str = "overhear";

/// Runs `work` and gives the statements it sent.
pub async fn overhear<T>(work: impl Future<Output = T>) -> (T, Vec<String>) {
    static LISTEN: Once = Once::new();
    LISTEN.call_once(|| {
        let listening = tracing_subscriber::registry().with(Ear);
        tracing::subscriber::set_global_default(listening)
            .expect("no other test of this binary listens to all threads");
    });
    let heard: Heard = Arc::default();
    let span = tracing::info_span!(SPAN);
    span.with_subscriber(|(id, dispatch)| {
        let registry = dispatch.downcast_ref::<tracing_subscriber::Registry>();
        let data = registry.and_then(|r| LookupSpan::span(r, id));
        data.expect("the span just made")
            .extensions_mut()
            .insert(heard.clone());
    });
    let done = work.instrument(span).await;
    let statements = heard.lock().unwrap().clone();
    (done, statements)
}

type Heard = Arc<Mutex<Vec<String>>>;

struct Ear;

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Ear {
    fn register_callsite(&self, of: &'static Metadata<'static>) -> tracing::subscriber::Interest {
        if of.name() == SPAN {
            tracing::subscriber::Interest::always()
        } else if of.target() == "sqlx::query" {
            tracing::subscriber::Interest::sometimes()
        } else {
            tracing::subscriber::Interest::never()
        }
    }

    /// Other tests run beside this one and pay nothing for it.
    fn enabled(&self, of: &Metadata<'_>, context: Context<'_, S>) -> bool {
        of.name() == SPAN || (of.target() == "sqlx::query" && inside(&context))
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let Some(span) = context.lookup_current() else {
            return;
        };
        if let Some(heard) = span.extensions().get::<Heard>() {
            let mut statement = Statement::default();
            event.record(&mut statement);
            heard.lock().unwrap().push(statement.text());
        }
    }

    fn on_new_span(&self, _: &span::Attributes<'_>, _: &span::Id, _: Context<'_, S>) {}
}

fn inside<S: Subscriber + for<'s> LookupSpan<'s>>(context: &Context<'_, S>) -> bool {
    context
        .lookup_current()
        .is_some_and(|span| span.name() == SPAN)
}

/// sqlx reports a short statement as its summary and a long one in full beside it.
#[derive(Default)]
struct Statement {
    summary: String,
    full: String,
}

impl Statement {
    fn text(self) -> String {
        let text = if self.full.trim().is_empty() {
            self.summary
        } else {
            self.full
        };
        text.trim().to_owned()
    }
}

impl Visit for Statement {
    fn record_str(&mut self, field: &tracing::field::Field, value: &str) {
        match field.name() {
            "summary" => self.summary = value.to_owned(),
            "db.statement" => self.full = value.to_owned(),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
