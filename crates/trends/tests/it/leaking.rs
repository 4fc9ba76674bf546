//! Processes that leak, and when that is said.

use fathom_trends::{Condition, Shape, Thresholds, Verdict};

use crate::scrapes::{HOUR, MIB, MINUTE, Noise, Scrape, Scraped, daily, since_collection, steady};

/// The warm-up that is dropped, and half an hour of data.
const HALF_AN_HOUR: f64 = 10.0 * MINUTE + 30.0 * MINUTE;

fn seeds() -> std::ops::RangeInclusive<u64> {
    1..=std::env::var("SEEDS").map_or(5, |it| it.parse().unwrap())
}

/// Asserts that a leak of so many bytes a second is said at a time, and its size.
fn found(
    name: &str,
    bytes_per_second: f64,
    now: f64,
    interval: f64,
    rest: impl Fn(f64, &mut Noise) -> Scrape,
) {
    let mut missed = Vec::new();
    for seed in seeds() {
        let scraped = Scraped::each(interval, now + 1.0, seed, |time, noise| {
            let scrape = rest(time, noise);
            Scrape {
                value: scrape.value + bytes_per_second * time,
                ..scrape
            }
        });
        let verdict = scraped.judged_at(now + 1.0, &Thresholds::bytes());
        let slope = verdict.slope.unwrap();
        let right = (0.5..1.5).contains(&(slope.per_second / bytes_per_second));
        if !(verdict.leaks && right && verdict.shape == Shape::Linear) {
            let why: Vec<_> = verdict.failed().copied().collect();
            missed.push((seed, slope.per_second, verdict.growth, why));
        }
    }
    assert!(
        missed.is_empty(),
        "{name}, {bytes_per_second} B/s: {} of {} missed: {missed:#?}",
        missed.len(),
        seeds().count(),
    );
}

const FAST: [f64; 5] = [10e3, 30e3, 100e3, 300e3, 1e6];

#[test]
fn a_steady_heap() {
    for interval in [15.0, 30.0, 60.0] {
        for leak in FAST {
            found("a steady heap", leak, HALF_AN_HOUR, interval, |_, noise| {
                Scrape {
                    value: 100.0 * MIB + MIB * noise.normal(),
                    load: MIB * steady(noise),
                }
            });
        }
    }
}

#[test]
fn on_top_of_a_daily_load() {
    for leak in FAST {
        found("a daily load", leak, HALF_AN_HOUR, 15.0, |time, noise| {
            let load = daily(time, noise);
            Scrape {
                value: (40.0 + 60.0 * load) * MIB + MIB * noise.normal(),
                load: 20.0 * MIB * load,
            }
        });
    }
}

#[test]
fn on_top_of_a_saw_tooth() {
    for leak in FAST {
        found("a saw-tooth", leak, HALF_AN_HOUR, 15.0, |time, noise| {
            let phase = since_collection(25.0, time, noise);
            Scrape {
                value: 20.0 * MIB * (1.0 + phase) + 0.3 * MIB * noise.normal(),
                load: MIB * steady(noise),
            }
        });
    }
}

#[test]
fn on_top_of_both() {
    for leak in FAST {
        found("both", leak, HALF_AN_HOUR, 15.0, |time, noise| {
            let load = daily(time, noise);
            let phase = since_collection(25.0, time, noise);
            Scrape {
                value: (10.0 + 10.0 * load) * MIB * (1.0 + phase) + 0.3 * MIB * noise.normal(),
                load: 20.0 * MIB * load,
            }
        });
    }
}

#[test]
fn slow_ones_in_the_time_to_leak_8_mib() {
    for leak in [1e3, 2e3, 5e3] {
        let now = 10.0 * MINUTE + (8.0 * MIB / leak).max(30.0 * MINUTE);
        found("a slow leak", leak, now, 15.0, |_, noise| Scrape {
            value: 50.0 * MIB + MIB * noise.normal(),
            load: MIB * steady(noise),
        });
        found(
            "a slow leak on a saw-tooth",
            leak,
            now,
            15.0,
            |time, noise| {
                let phase = since_collection(25.0, time, noise);
                Scrape {
                    value: 10.0 * MIB * (1.0 + phase) + 0.3 * MIB * noise.normal(),
                    load: MIB * steady(noise),
                }
            },
        );
    }
}

#[test]
fn one_that_begins_later() {
    let begin = 7.0 * HOUR;
    for seed in seeds() {
        let scraped = Scraped::each(15.0, 10.0 * HOUR, seed, |time, noise| {
            let load = daily(time, noise);
            let leaked = 50e3 * (time - begin).max(0.0);
            Scrape {
                value: (40.0 + 60.0 * load) * MIB + MIB * noise.normal() + leaked,
                load: 20.0 * MIB * load,
            }
        });
        let said = scraped.said_to_leak(10.0 * HOUR, &Thresholds::bytes());
        let first = said.first().copied().unwrap_or(f64::INFINITY);
        assert!(first > begin, "said at {first}");
        assert!(first <= begin + 90.0 * MINUTE, "said at {first}, {said:?}");
        // And at every look from then on.
        let looks = ((10.0 * HOUR - first) / (10.0 * MINUTE)).round() + 1.0;
        assert!(
            said.len() as f64 >= 0.9 * looks,
            "{} of {looks}",
            said.len()
        );
    }
}

#[test]
fn goroutines() {
    for per_minute in [6.0, 60.0, 600.0] {
        for seed in seeds() {
            let mut leaked = 0.0;
            let scraped = Scraped::each(15.0, HALF_AN_HOUR + 1.0, seed, |_, noise| {
                leaked += noise.poisson(per_minute / 4.0);
                Scrape {
                    value: (120.0 + 10.0 * noise.normal()).round() + leaked,
                    load: MIB * steady(noise),
                }
            });
            let verdict = scraped.judged_at(HALF_AN_HOUR + 1.0, &Thresholds::counts());
            assert!(
                verdict.leaks,
                "{per_minute} a minute, seed {seed}: {verdict:#?}"
            );
        }
    }
    let quiet = Scraped::each(15.0, 24.0 * HOUR, 1, |time, noise| Scrape {
        value: (50.0 + 500.0 * daily(time, noise) + 20.0 * noise.normal()).round(),
        load: MIB * daily(time, noise),
    });
    assert!(
        quiet
            .said_to_leak(24.0 * HOUR, &Thresholds::counts())
            .is_empty()
    );
}

fn leaking(now: f64) -> Verdict {
    let scraped = Scraped::each(15.0, now, 1, |time, noise| Scrape {
        value: 100.0 * MIB + 100e3 * time + MIB * noise.normal(),
        load: MIB * steady(noise),
    });
    scraped.judged_at(now, &Thresholds::bytes())
}

#[test]
fn says_when_the_limit_is_reached() {
    let verdict = leaking(HOUR);
    let time = verdict.time_to_limit.unwrap();
    // 924 MiB above the first level, of which an hour's leak is used.
    let expected = (924.0 * MIB - 100e3 * HOUR) / 100e3;
    assert!(
        (time.expected / expected - 1.0).abs() < 0.05,
        "{time:?} for {expected}"
    );
    assert!(time.soonest < time.expected);
    assert!(time.latest.unwrap() > time.expected);
}

#[test]
fn says_why_it_does_not_say_so_yet() {
    let verdict = leaking(25.0 * MINUTE);
    assert!(!verdict.leaks);
    assert!(verdict.time_to_limit.is_none());
    let failed: Vec<Condition> = verdict.failed().map(|check| check.condition).collect();
    assert!(failed.contains(&Condition::Duration), "{failed:?}");
    for check in verdict.failed() {
        assert!(!check.condition.describe().is_empty());
    }
}
