//! How plots are written down.

use super::expr::{Expr, Mode};
use super::{Group, Heat, Line, Plot, Style};
use crate::Unit;

pub(super) const fn expr(mode: Mode, terms: &'static [(&'static str, f64)]) -> Expr {
    Expr {
        mode,
        terms,
        over: None,
    }
}

/// The value of one reading.
macro_rules! value {
    ($name:literal) => {
        expr(Mode::Value, &[($name, 1.0)])
    };
}

/// A sum or difference of readings: `sum!(+ "a", - "b")`.
macro_rules! sum {
    (@ +) => { 1.0 };
    (@ -) => { -1.0 };
    ($($sign:tt $name:literal),+ $(,)?) => {
        expr(Mode::Value, &[$(($name, sum!(@ $sign))),+])
    };
}

/// What a counter grew by, a second.
macro_rules! rate {
    ($name:literal) => {
        expr(Mode::Rate, &[($name, 1.0)])
    };
}

/// What a counter grew by.
macro_rules! increase {
    ($name:literal) => {
        expr(Mode::Increase, &[($name, 1.0)])
    };
}

macro_rules! lines {
    ($($label:literal: $($from:expr),+;)+) => {
        &[$(Line { label: $label, from: &[$($from),+] }),+]
    };
}

pub(super) const fn curves(
    group: Group,
    id: &'static str,
    title: &'static str,
    unit: Unit,
    about: &'static str,
    lines: &'static [Line],
) -> Plot {
    Plot {
        id,
        title,
        about,
        group,
        style: Style::Lines,
        unit,
        per_second: false,
        lines,
        heat: &[],
    }
}

pub(super) const fn stacked(plot: Plot) -> Plot {
    Plot {
        style: Style::Stacked,
        ..plot
    }
}

pub(super) const fn per_second(plot: Plot) -> Plot {
    Plot {
        per_second: true,
        ..plot
    }
}

pub(super) const fn heatmap(
    group: Group,
    id: &'static str,
    title: &'static str,
    unit: Unit,
    about: &'static str,
    heat: &'static [Heat],
) -> Plot {
    Plot {
        style: Style::Heatmap,
        heat,
        ..curves(group, id, title, unit, about, &[])
    }
}

pub(super) use {increase, lines, rate, sum, value};
