//! What grows over a series of heap profiles.

use std::fmt::Write as _;

use fathom_explain::{GrowingSite, Leaks, Rate, bytes, count, percent, seconds, signed_bytes};

use crate::style::{Emphasis, emphasise};
use crate::table::{Cell, Column, Overflow, Table};
use crate::{Ink, Style, bold, visible, wrap};

/// Draws what grows: the live heap and whether it leaks, the sites, then what must hold for a
/// leak and does not.
pub fn leaks(leaks: &Leaks, sites: usize, style: &Style) -> String {
    let mut out = String::new();
    let nanos = leaks.until_unix_nanos.saturating_sub(leaks.from_unix_nanos);
    let head = format!(
        "{} heap profiles over {}: live heap {} to {}{}.",
        count(leaks.profiles as u64),
        seconds(nanos.max(0) as f64 / 1e9),
        bytes(leaks.first_bytes),
        bytes(leaks.last_bytes),
        leaks
            .rate
            .map_or(String::new(), |rate| format!(", {}", an_hour(&rate))),
    );
    out.push_str(&wrap::hanging("", "", &head, style.width));
    if leaks.profiles_of_earlier_runs > 0 {
        let note = format!(
            "{} profiles are of earlier runs of the process, and are left out.",
            leaks.profiles_of_earlier_runs
        );
        out.push_str(&wrap::hanging("", "", &note, style.width));
    }
    if leaks.leaks {
        let verdict = "The live heap grows as a leak does: steadily, keeping what it gains.";
        out.push_str(&emphasise(verdict, Ink::Orange, Emphasis::Bold, style));
        out.push('\n');
    } else {
        out.push_str(&bold("The live heap is not shown to leak", style));
        let course = match leaks.shape {
            "unknown" => String::new(),
            shape => format!(": its course is {shape}"),
        };
        let _ = writeln!(out, "{course}.");
    }
    if let Some(limit) = &leaks.limit {
        let latest = limit.latest.map_or("never".to_owned(), seconds);
        let text = format!(
            "It reaches {} in {} (95 %: {} to {latest}).",
            bytes(limit.bytes),
            seconds(limit.seconds),
            seconds(limit.soonest),
        );
        out.push_str(&wrap::hanging("", "", &text, style.width));
    }
    if !leaks.sites.is_empty() {
        out.push('\n');
        out.push_str(&bold("What grows by more than sampling explains", style));
        out.push('\n');
        out.push_str(&self::sites(&leaks.sites, sites).render(style));
        let further = leaks.sites.len().saturating_sub(sites);
        if further > 0 {
            let _ = writeln!(out, "{further} more (--limit-sites 0 shows all)");
        }
    }
    let failed: Vec<_> = leaks.checks.iter().filter(|check| !check.holds).collect();
    if !failed.is_empty() {
        out.push('\n');
        out.push_str(&bold("What is missing for a leak", style));
        out.push('\n');
        for check in failed {
            let text = format!(
                "{} ({} of {} needed)",
                check.what,
                number(check.value),
                number(check.needed)
            );
            out.push_str(&wrap::hanging("  ", "    ", &text, style.width));
        }
    }
    out
}

/// The sites that grow; `limit` of them, all with 0.
pub(crate) fn sites(sites: &[GrowingSite], limit: usize) -> Table {
    let mut table = Table::new([
        Column::right("growth"),
        Column::right("share"),
        Column::right("an hour"),
        Column::right("now"),
        Column::left("allocated at").overflow(Overflow::Wrap),
    ]);
    let limit = if limit == 0 { usize::MAX } else { limit };
    for site in sites.iter().take(limit) {
        table.row([
            Cell::from(signed_bytes(signed(site.growth_bytes as f64))),
            Cell::from(percent(whole(site.share * 1e6), 1_000_000)),
            Cell::from(signed_bytes(signed(site.rate.bytes_per_hour))),
            Cell::from(bytes(site.last_bytes)),
            Cell::from(visible(&site.place).into_owned()),
        ]);
    }
    table
}

fn an_hour(rate: &Rate) -> String {
    format!(
        "{} an hour (95 %: {} to {})",
        signed_bytes(signed(rate.bytes_per_hour)),
        signed_bytes(signed(rate.low)),
        signed_bytes(signed(rate.high))
    )
}

/// A number of any size, in three digits.
fn number(value: f64) -> String {
    if value.abs() >= 1000.0 {
        count(whole(value.abs()))
    } else {
        format!("{value:.2}")
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "what does not fit saturates"
)]
pub(crate) fn signed(value: f64) -> i64 {
    value.round() as i64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "not negative; what does not fit saturates"
)]
pub(crate) fn whole(value: f64) -> u64 {
    value.round() as u64
}
