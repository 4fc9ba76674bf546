//! Processes that do not leak, looked at every ten minutes for days.

use fathom_trends::{Process, Series, Shape, Thresholds, judge};

use crate::scrapes::{
    DAY, HOUR, MIB, MINUTE, Memory, Noise, Scrape, Scraped, daily, since_collection, steady, wave,
};

/// A million allocated bytes a second at a load of 1.
const RATE: f64 = 20.0 * MIB;

fn busy(value: f64, load: f64) -> Scrape {
    Scrape {
        value,
        load: load * RATE,
    }
}

/// Asserts that a process is never said to leak, and gives the shape at the end.
fn innocent(
    name: &str,
    days: f64,
    interval: f64,
    mut process: impl FnMut(u64) -> Box<dyn FnMut(f64, &mut Noise) -> Scrape>,
) -> Vec<Shape> {
    let seeds = 1..=std::env::var("SEEDS").map_or(2, |it| it.parse().unwrap());
    let mut shapes = Vec::new();
    let mut accused = Vec::new();
    for seed in seeds {
        let scraped = Scraped::each(interval, days * DAY, seed, process(seed));
        let said = scraped.said_to_leak(days * DAY, &Thresholds::bytes());
        if !said.is_empty() {
            let minutes: Vec<f64> = said.iter().map(|it| it / MINUTE).collect();
            let verdict = scraped.judged_at(said[0], &Thresholds::bytes());
            accused.push((seed, minutes, verdict));
        }
        shapes.push(scraped.judged_at(days * DAY, &Thresholds::bytes()).shape);
    }
    assert!(accused.is_empty(), "{name} is said to leak: {accused:?}");
    shapes
}

#[test]
fn a_bounded_cache() {
    // Filled after a quarter of an hour; every entry is replaced after that.
    let shapes = innocent("a cache filled evenly", 1.0, 15.0, |_| {
        Box::new(|time, noise| {
            let cached = 200.0 * MIB * (time / (15.0 * MINUTE)).min(1.0);
            busy(80.0 * MIB + cached + MIB * noise.normal(), steady(noise))
        })
    });
    assert!(shapes.iter().all(|it| *it == Shape::Flat), "{shapes:?}");
    // What is not there yet is asked for ever more rarely.
    for minutes in [10.0, 20.0, 40.0] {
        innocent(
            &format!("a cache filled by misses, {minutes}"),
            1.0,
            15.0,
            |_| {
                Box::new(move |time, noise| {
                    let cached = 300.0 * MIB * (1.0 - (-time / (minutes * MINUTE)).exp());
                    busy(80.0 * MIB + cached + MIB * noise.normal(), steady(noise))
                })
            },
        );
    }
}

#[test]
fn a_pool() {
    // Buffers are taken as requests come and dropped by every second collection.
    innocent("a sync.Pool", 2.0, 15.0, |_| {
        let mut pool: f64 = 0.0;
        Box::new(move |_, noise| {
            let load = steady(noise);
            pool = (pool + 8.0 * MIB * load * noise.uniform()).min(90.0 * MIB);
            if noise.uniform() < 0.3 {
                pool *= 0.3 * noise.uniform();
            }
            busy(60.0 * MIB + pool, load)
        })
    });
}

#[test]
fn a_daily_load() {
    innocent("a daily load", 3.0, 30.0, |_| {
        Box::new(|time, noise| {
            let load = daily(time, noise);
            busy((100.0 + 150.0 * load) * MIB + MIB * noise.normal(), load)
        })
    });
    innocent("a daily load that noise does not follow", 3.0, 60.0, |_| {
        Box::new(|time, noise| {
            let value = (50.0 + 150.0 * wave(time)) * MIB;
            busy(value + 2.0 * MIB * noise.normal(), daily(time, noise))
        })
    });
}

#[test]
fn a_load_that_rises_for_hours() {
    let scraped = Scraped::each(15.0, 6.0 * HOUR, 1, |time, noise| {
        let load = 1.0 + time / (6.0 * HOUR) + 0.05 * noise.normal();
        busy((40.0 + 200.0 * load) * MIB + MIB * noise.normal(), load)
    });
    assert!(
        scraped
            .said_to_leak(6.0 * HOUR, &Thresholds::bytes())
            .is_empty()
    );
    let verdict = scraped.judged_at(6.0 * HOUR, &Thresholds::bytes());
    assert_eq!(verdict.shape, Shape::GrowsWithLoad, "{verdict:?}");
}

#[test]
fn a_saw_tooth_of_collections() {
    for (period, interval) in [(20.0, 15.0), (97.0, 15.0), (240.0, 60.0)] {
        let shapes = innocent("a saw-tooth", 1.0, interval, |_| {
            Box::new(move |time, noise| {
                let phase = since_collection(period, time, noise);
                busy(
                    100.0 * MIB * (1.0 + phase) + MIB * noise.normal(),
                    steady(noise),
                )
            })
        });
        assert!(shapes.iter().all(|it| *it == Shape::SawTooth), "{shapes:?}");
    }
}

#[test]
fn a_map_that_grows_and_shrinks() {
    for (rise, fall, rest) in [(20.0, 20.0, 5.0), (25.0, 2.0, 90.0), (28.0, 60.0, 0.0)] {
        innocent("a map that grows and shrinks", 1.0, 15.0, |_| {
            Box::new(move |time, noise| {
                let minute = (time / MINUTE) % (rise + fall + rest);
                let full = if minute < rise {
                    minute / rise
                } else {
                    (1.0 - (minute - rise) / fall).max(0.0)
                };
                busy(
                    (60.0 + 300.0 * full) * MIB + MIB * noise.normal(),
                    steady(noise),
                )
            })
        });
    }
}

#[test]
fn a_step_at_a_deploy() {
    for at in [25.0, 60.0, 403.0, 1000.0] {
        let shapes = innocent("a step", 1.0, 15.0, |_| {
            Box::new(move |time, noise| {
                let level = if time < at * MINUTE { 100.0 } else { 150.0 };
                busy(level * MIB + 3.0 * MIB * noise.normal(), steady(noise))
            })
        });
        // A step before the first half hour is over is not within what is looked at for long.
        if at > 60.0 {
            assert!(shapes.iter().all(|it| *it == Shape::Step), "{shapes:?}");
        }
    }
}

#[test]
fn noise_with_a_memory() {
    for (memory, percent) in [(2.0, 5.0), (5.0, 3.0), (15.0, 3.0), (30.0, 2.0)] {
        innocent("noise with a memory", 2.0, 30.0, |_| {
            let mut wander = Memory::of(memory * MINUTE);
            Box::new(move |_, noise| {
                let value = 300.0 * (1.0 + percent / 100.0 * wander.after(30.0, noise));
                busy(value * MIB, steady(noise))
            })
        });
    }
}

#[test]
fn odd_series_have_an_answer() {
    let odd: [Vec<f64>; 6] = [
        vec![],
        vec![1.0],
        vec![f64::NAN; 300],
        vec![0.0; 300],
        (0..300)
            .map(|at| if at == 150 { 1e300 } else { 0.0 })
            .collect(),
        (0..300)
            .map(|at| if at % 50 == 0 { 7.0 } else { f64::NAN })
            .collect(),
    ];
    for values in odd {
        let times = (0..values.len()).map(|at| at as f64 * 60.0).collect();
        let series = Series::new(times, values).unwrap();
        for load in [None, Some(&series)] {
            let process = Process {
                values: &series,
                load,
                collections: load,
                limit: Some(0.0),
            };
            let verdict = judge(&process, &Thresholds::bytes());
            assert!(!verdict.leaks, "{verdict:?}");
            assert!(verdict.failed().count() > 0);
        }
    }
}

#[test]
fn a_day_of_load_is_no_leak_in_one_look() {
    let scraped = Scraped::each(15.0, DAY, 1, |time, noise| {
        let load = daily(time, noise);
        busy((100.0 + 50.0 * load) * MIB + MIB * noise.normal(), load)
    });
    let verdict = scraped.judged_at(DAY, &Thresholds::bytes());
    assert!(!verdict.leaks);
}
