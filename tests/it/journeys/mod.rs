//! Whole journeys against the real binary, over TLS, as its users run it.

mod absence;
mod agreement;
mod alert_life;
mod arrival;
mod due;
mod end;
mod example_county;
mod growth_chart;
mod look;
mod offline_rules;
mod rule_sets;
mod z_scores;
