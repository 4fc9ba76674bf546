//! Days of scraping in simulated time: no clock, no thread, every run the same.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;
use std::time::Duration;

use fathom_scrape::config::Config;
use fathom_scrape::schedule::{Bounds, First, MOST_BACK_OFF, Moment, Schedule};
use fathom_scrape::{Failure, Labels, Part, Reason, Target, Task};

const START: Moment = Moment(1_700_000_000_000_000_000);
const DAY: Duration = Duration::from_hours(24);

type Outcome = Result<Vec<Part>, Failure>;

/// How the targets behave: what a task brings, and after how long; `None` never comes back.
type Behaviour<'a> = dyn FnMut(&Task, Moment) -> Option<(Duration, Outcome)> + 'a;

/// One look that was begun.
struct Begun {
    at: Moment,
    target: Arc<Target>,
    readings: bool,
    profiles: Vec<String>,
}

/// Runs a schedule in simulated time.
struct Simulation {
    schedule: Schedule,
    now: Moment,
    begun: Vec<Begun>,
    told: Vec<String>,
    ends: BinaryHeap<Reverse<(Moment, u64)>>,
    outcomes: BTreeMap<u64, Outcome>,
    most_running: usize,
}

impl Simulation {
    fn new(bounds: Bounds) -> Self {
        Self {
            schedule: Schedule::new(bounds),
            now: START,
            begun: Vec::new(),
            told: Vec::new(),
            ends: BinaryHeap::new(),
            outcomes: BTreeMap::new(),
            most_running: 0,
        }
    }

    fn set(&mut self, targets: &[Arc<Target>]) {
        self.schedule.set_targets(self.now, targets.iter().cloned());
    }

    fn run(&mut self, time: Duration, behave: &mut Behaviour<'_>) {
        let end = self.now.after(time);
        loop {
            let next_end = self.ends.peek().map(|Reverse((moment, _))| *moment);
            let wake = self.schedule.wake_at().into_iter().chain(next_end).min();
            let Some(wake) = wake.filter(|wake| *wake <= end) else {
                break;
            };
            self.now = self.now.max(wake);
            while let Some(&Reverse((moment, id))) = self.ends.peek()
                && moment <= self.now
            {
                self.ends.pop();
                let outcome = self.outcomes.remove(&id).unwrap();
                self.schedule.answered(self.now, id, &outcome);
                self.schedule.stored(id);
            }
            for task in self.schedule.next(self.now) {
                self.begun.push(Begun {
                    at: self.now,
                    target: Arc::clone(&task.target),
                    readings: task.readings,
                    profiles: task.profiles.clone(),
                });
                if let Some((time, outcome)) = behave(&task, self.now) {
                    self.ends.push(Reverse((self.now.after(time), task.id)));
                    self.outcomes.insert(task.id, outcome);
                }
            }
            self.most_running = self.most_running.max(self.ends.len());
            self.told.extend(self.schedule.take_told());
        }
        self.now = end;
    }

    /// When looks at a target with its readings began.
    fn looks(&self, instance: &str) -> Vec<Moment> {
        let begun = self.begun.iter();
        begun
            .filter(|begun| begun.target.labels.get("instance") == instance && begun.readings)
            .map(|begun| begun.at)
            .collect()
    }

    /// When a profile of a target was begun.
    fn profiles(&self, instance: &str, profile: &str) -> Vec<Moment> {
        let begun = self.begun.iter();
        begun
            .filter(|begun| begun.target.labels.get("instance") == instance)
            .filter(|begun| begun.profiles.iter().any(|name| name == profile))
            .map(|begun| begun.at)
            .collect()
    }
}

fn targets(yaml: &str, count: usize) -> Vec<Arc<Target>> {
    let text = format!("scrape_configs:\n- job_name: api\n{yaml}");
    let config = Config::parse(&text, "test.yaml", "".as_ref()).unwrap();
    let job = Arc::new(config.jobs.into_iter().next().unwrap());
    (0..count)
        .map(|index| {
            let address = format!("host{index}:6060");
            let target = Target::new(&job, &address, &Labels::new());
            Arc::new(target.unwrap().unwrap())
        })
        .collect()
}

#[expect(clippy::unnecessary_wraps, reason = "an outcome is a result")]
fn fine(task: &Task, bytes: u64, duration: Duration) -> Outcome {
    let readings = task.readings.then_some(None);
    let profiles = task.profiles.iter().map(|name| Some(name.clone()));
    Ok(readings
        .into_iter()
        .chain(profiles)
        .map(|profile| Part {
            profile,
            bytes,
            duration,
            missing: None,
        })
        .collect())
}

fn quick(task: &Task) -> (Duration, Outcome) {
    let millis = Duration::from_millis(20);
    let recorded = Duration::from_secs(u64::from(task.seconds.unwrap_or(0)));
    (recorded + millis, fine(task, 1000, millis))
}

fn refused() -> Outcome {
    Err(Failure {
        reason: Reason::Unreachable,
        what: "connection refused".to_owned(),
    })
}

fn gaps(moments: &[Moment]) -> Vec<f64> {
    moments
        .windows(2)
        .map(|pair| pair[1].since(pair[0]).as_secs_f64())
        .collect()
}

#[test]
fn a_thousand_targets_for_a_day() {
    let all = targets("  scrape_interval: 60s\n", 1000);
    let mut simulation = Simulation::new(Bounds::default());
    simulation.set(&all);
    simulation.run(DAY, &mut |task, _| Some(quick(task)));

    let health = simulation.schedule.health();
    assert_eq!((health.targets, health.up), (1000, 1000));
    assert_eq!(health.skipped, 0);
    assert!(simulation.told.is_empty(), "{:?}", simulation.told);
    // 1,440 minutes a target, each with a heap and a goroutine profile.
    let looks = simulation.begun.len();
    assert!((1_439_000..=1_441_000).contains(&looks), "{looks}");
    assert!((2 * looks as u64).abs_diff(health.profiles) < 4000);

    for target in ["host0:6060", "host999:6060"] {
        let gaps = gaps(&simulation.looks(target));
        assert!(gaps.iter().all(|gap| (58.9..=61.1).contains(gap)));
    }
    // Spread over the minute: no second has more than a few times its share of 17.
    let mut of_second = [0_u32; 60];
    for begun in simulation.begun.iter().take(1000) {
        let second = begun.at.0 / 1_000_000_000 % 60;
        of_second[usize::try_from(second).unwrap()] += 1;
    }
    assert!(
        of_second.iter().all(|count| (3..=40).contains(count)),
        "{of_second:?}"
    );
    assert!(simulation.most_running <= 8, "{}", simulation.most_running);
}

#[test]
fn a_restart_keeps_each_target_where_it_was() {
    let all = targets("  scrape_interval: 60s\n", 20);
    let run = |start: Duration| {
        let mut simulation = Simulation::new(Bounds::default());
        simulation.now = START.after(start);
        simulation.set(&all);
        simulation.run(
            Duration::from_hours(2).saturating_sub(start),
            &mut |task, _| Some(quick(task)),
        );
        simulation
    };
    let (long, short) = (run(Duration::ZERO), run(Duration::from_mins(50)));
    let after = START.after(Duration::from_secs(3100));
    let later = |simulation: &Simulation| {
        let mut looks = simulation.looks("host7:6060");
        looks.retain(|moment| *moment > after);
        looks
    };
    assert_eq!(later(&long), later(&short));
    assert!(later(&long).len() > 60);
}

#[test]
fn targets_that_hang_do_not_delay_others() {
    let all = targets("  scrape_interval: 15s\n  profiles: {}\n", 100);
    let mut simulation = Simulation::new(Bounds {
        concurrent: 8,
        ..Bounds::default()
    });
    simulation.set(&all);
    // Every second target never comes back, and its prober ignores the timeout.
    let is_stuck = |task: &Task| task.target.address.as_bytes()[4].is_multiple_of(2);
    simulation.run(Duration::from_hours(1), &mut |task, _| {
        (!is_stuck(task)).then(|| quick(task))
    });
    let health = simulation.schedule.health();
    let stuck = all
        .iter()
        .filter(|target| target.address.as_bytes()[4].is_multiple_of(2))
        .count();
    // Only so many are given up, so that threads cannot pile up without end.
    assert_eq!(health.hanging, stuck.min(4 * 8 + 8));
    assert!(health.failures[&Reason::Hung] >= 32);
    let told = simulation
        .told
        .iter()
        .filter(|line| line.contains("did not come back"));
    assert!(told.count() >= 32);
}

#[test]
fn a_few_that_hang_cost_the_others_nothing() {
    let all = targets("  scrape_interval: 15s\n  profiles: {}\n", 100);
    let mut simulation = Simulation::new(Bounds {
        concurrent: 8,
        ..Bounds::default()
    });
    simulation.set(&all);
    simulation.run(Duration::from_hours(1), &mut |task, _| {
        let is_stuck = task.target.address.starts_with("host1");
        (!is_stuck).then(|| quick(task))
    });
    // host1, host10 … host19 are looked at once and never again.
    assert_eq!(simulation.schedule.health().hanging, 11);
    assert_eq!(simulation.looks("host12:6060").len(), 1);
    // The others lose nothing once the eleven were given up.
    let looks = simulation.looks("host55:6060");
    let late: Vec<Moment> = looks
        .iter()
        .filter(|moment| moment.since(START) > Duration::from_mins(2))
        .copied()
        .collect();
    assert!(gaps(&late).iter().all(|gap| (14.0..=16.0).contains(gap)));
    assert!(late.len() >= 230, "{}", late.len());
    let told: Vec<&String> = simulation.told.iter().collect();
    assert_eq!(told.len(), 11, "{told:?}");
    assert!(
        told[0].ends_with("did not come back within 15s"),
        "{}",
        told[0]
    );
}

#[test]
fn what_hung_is_looked_at_again_once_it_comes_back() {
    let all = targets("  scrape_interval: 15s\n  profiles: {}\n", 1);
    let mut simulation = Simulation::new(Bounds::default());
    simulation.set(&all);
    let mut first = true;
    simulation.run(Duration::from_mins(30), &mut |task, _| {
        let time = if std::mem::take(&mut first) { 600 } else { 0 };
        Some((Duration::from_secs(time), fine(task, 1, Duration::ZERO)))
    });
    let looks = simulation.looks("host0:6060");
    assert!(
        (599.0..=616.0).contains(&gaps(&looks)[0]),
        "{:?}",
        &gaps(&looks)[..3]
    );
    assert!((14.0..=16.0).contains(&gaps(&looks)[2]));
    assert_eq!(simulation.told.len(), 2);
    assert_eq!(simulation.told[1], "api host0:6060 answers again");
    assert_eq!(simulation.schedule.health().hanging, 0);
}

#[test]
fn a_target_that_fails_is_left_alone_more_and_more_and_comes_back() {
    let all = targets("  scrape_interval: 15s\n", 1);
    let mut simulation = Simulation::new(Bounds::default());
    simulation.set(&all);
    let back = START.after(Duration::from_hours(1));
    simulation.run(Duration::from_hours(2), &mut |task, now| {
        if now < back {
            return Some((Duration::from_millis(1), refused()));
        }
        Some(quick(task))
    });
    let looks = simulation.looks("host0:6060");
    let gaps = gaps(&looks);
    for (index, expected) in [15.0, 30.0, 60.0, 120.0, 240.0, 300.0, 300.0]
        .iter()
        .enumerate()
    {
        let gap = gaps[index];
        assert!(
            (0.85 * expected..=expected + 16.0).contains(&gap),
            "{index}: {gap}"
        );
    }
    let most = MOST_BACK_OFF.as_secs_f64();
    assert!(gaps.iter().all(|gap| *gap <= most + 1.0));
    // As often as ever once it answers.
    let after: Vec<f64> = gaps[gaps.len() - 50..].to_vec();
    assert!(
        after.iter().all(|gap| (14.0..=16.0).contains(gap)),
        "{after:?}"
    );
    assert_eq!(
        simulation.told,
        [
            "api host0:6060: connection refused",
            "api host0:6060 answers again"
        ]
    );
    // What was wanted with the first look is taken with the first that succeeds.
    let heap = simulation.profiles("host0:6060", "heap");
    let first_success = looks.iter().find(|look| **look >= back).unwrap();
    assert!(heap.contains(first_success));
}

#[test]
fn a_slow_target_is_not_looked_at_twice_at_a_time() {
    let all = targets("  scrape_interval: 10s\n  profiles: {}\n", 1);
    let mut simulation = Simulation::new(Bounds::default());
    simulation.set(&all);
    simulation.run(Duration::from_secs(1000), &mut |task, _| {
        Some((
            Duration::from_secs(12),
            fine(task, 1, Duration::from_secs(12)),
        ))
    });
    assert!(
        gaps(&simulation.looks("host0:6060"))
            .iter()
            .all(|gap| *gap >= 12.0)
    );
    assert_eq!(simulation.most_running, 1);
    assert!(simulation.schedule.health().skipped > 0);
}

#[test]
fn a_dear_profile_is_taken_less_often_until_it_is_cheap_again() {
    let all = targets(
        "  scrape_interval: 15s\n  profiles: {heap: {interval: 1m}, goroutine: {interval: 1m}}\n",
        1,
    );
    let mut simulation = Simulation::new(Bounds::default());
    simulation.set(&all);
    let mut run = |millis: u64, bytes: u64, minutes: u64| {
        simulation.run(Duration::from_secs(60 * minutes), &mut |task, _| {
            let mut parts = fine(task, 1000, Duration::from_millis(5)).unwrap();
            for part in &mut parts {
                if part.profile.as_deref() == Some("heap") {
                    (part.duration, part.bytes) = (Duration::from_millis(millis), bytes);
                }
            }
            Some((Duration::from_millis(millis), Ok(parts)))
        });
        std::mem::take(&mut simulation.told)
    };
    // Five per cent of a minute are three seconds.
    assert!(run(2900, 1000, 60).is_empty());
    assert_eq!(
        run(7000, 1000, 120),
        [
            "api host0:6060: heap takes 7.0 s to serve, more than 5 % of its interval of 1m: \
          it is taken every 4m from now on"
        ]
    );
    assert_eq!(
        run(10, 1000, 120),
        [
            "api host0:6060: heap costs less than it did: it is taken every 2m again",
            "api host0:6060: heap costs less than it did: it is taken every 1m again",
        ]
    );
    assert_eq!(
        run(10, 17 << 20, 120),
        [
            "api host0:6060: heap takes 17.0 MB, more than 16.0 MB of its interval of 1m: \
          it is taken every 2m from now on"
        ]
    );
    assert_eq!(simulation.schedule.health().stretched, 1);
    let heap = gaps(&simulation.profiles("host0:6060", "heap"));
    assert!(
        heap[heap.len() - 20..]
            .iter()
            .all(|gap| (119.0..=121.0).contains(gap))
    );
    assert!(
        heap[70..80].iter().all(|gap| (239.0..=241.0).contains(gap)),
        "{heap:?}"
    );
    // The other profile and the readings keep their pace.
    let goroutine = gaps(&simulation.profiles("host0:6060", "goroutine"));
    assert!(goroutine.iter().all(|gap| (59.0..=61.0).contains(gap)));
    let looks = gaps(&simulation.looks("host0:6060"));
    assert!(looks.iter().all(|gap| (14.0..=16.0).contains(gap)));
}

#[test]
fn a_profile_that_is_not_there_is_asked_for_less_and_less() {
    let all = targets("  profiles: {goroutineleak: {interval: 10m}, heap: }\n", 1);
    let mut simulation = Simulation::new(Bounds::default());
    simulation.set(&all);
    simulation.run(DAY, &mut |task, _| {
        let mut parts = fine(task, 1000, Duration::from_millis(5)).unwrap();
        for part in &mut parts {
            if part.profile.as_deref() == Some("goroutineleak") {
                part.missing = Some("the server answers 404".to_owned());
            }
        }
        Some((Duration::from_millis(9), Ok(parts)))
    });
    assert_eq!(
        simulation.told,
        ["api host0:6060: no goroutineleak: the server answers 404"]
    );
    let asked = simulation.profiles("host0:6060", "goroutineleak");
    assert!((24..=30).contains(&asked.len()), "{}", asked.len());
    assert!(simulation.profiles("host0:6060", "heap").len() > 1430);
}

#[test]
fn a_cpu_profile_is_recorded_beside_the_looks_and_never_twice() {
    let all = targets(
        "  scrape_interval: 5s\n  profiles: {cpu: {}, fgprof: {seconds: 20, interval: 5m}}\n",
        3,
    );
    let mut simulation = Simulation::new(Bounds::default());
    simulation.set(&all);
    simulation.run(DAY, &mut |task, _| {
        assert!(task.seconds.is_none() || (task.profiles.len() == 1 && !task.readings));
        if let Some(seconds) = task.seconds {
            assert!(task.timeout > Duration::from_secs(u64::from(seconds)));
        }
        Some(quick(task))
    });
    let cpu = simulation.profiles("host0:6060", "cpu");
    let all_recordings: Vec<(Moment, u64)> = {
        let mut recordings: Vec<(Moment, u64)> = cpu.iter().map(|&at| (at, 10)).collect();
        let fgprof = simulation.profiles("host0:6060", "fgprof");
        recordings.extend(fgprof.iter().map(|&at| (at, 20)));
        recordings.sort();
        recordings
    };
    // Ten seconds of ten minutes.
    assert!((143..=145).contains(&cpu.len()), "{}", cpu.len());
    for pair in all_recordings.windows(2) {
        let end = pair[0].0.after(Duration::from_secs(pair[0].1));
        assert!(pair[1].0 >= end, "{pair:?}");
    }
    // Not at the same place of every ten minutes, and not at that of the other targets.
    let gaps_between = gaps(&cpu);
    let spread = gaps_between
        .iter()
        .filter(|gap| (**gap - 600.0).abs() > 60.0)
        .count();
    assert!(spread > 70, "{spread}");
    assert_ne!(cpu, simulation.profiles("host1:6060", "cpu"));
    // Looks go on meanwhile.
    let looks = gaps(&simulation.looks("host0:6060"));
    assert!(looks.iter().all(|gap| (4.5..=5.5).contains(gap)));
}

#[test]
fn targets_come_and_go_without_a_trace() {
    let all = targets("  scrape_interval: 15s\n", 4);
    let mut simulation = Simulation::new(Bounds::default());
    let mut behave = |task: &Task, _: Moment| Some(quick(task));
    simulation.set(&all[..3]);
    simulation.run(Duration::from_mins(10), &mut behave);
    let changes = simulation
        .schedule
        .set_targets(simulation.now, all[1..].iter().cloned());
    assert_eq!(changes.added, 1);
    assert_eq!(changes.removed.len(), 1);
    assert_eq!(changes.removed[0].address, "host0:6060");
    let gone_at = simulation.now;
    simulation.run(Duration::from_mins(10), &mut behave);
    assert!(
        simulation
            .looks("host0:6060")
            .iter()
            .all(|moment| *moment <= gone_at)
    );
    assert!(
        simulation
            .looks("host3:6060")
            .iter()
            .all(|moment| *moment > gone_at)
    );
    let kept = gaps(&simulation.looks("host1:6060"));
    assert!(kept.len() > 75 && kept.iter().all(|gap| (14.0..=16.0).contains(gap)));
    assert_eq!(simulation.schedule.health().targets, 3);

    // A list every second, as a discovery that is asked often gives, disturbs nobody.
    for _ in 0..300 {
        simulation.set(&all[1..]);
        simulation.run(Duration::from_secs(1), &mut behave);
    }
    let kept = gaps(&simulation.looks("host1:6060"));
    assert!(kept.len() > 95 && kept.iter().all(|gap| (14.0..=16.0).contains(gap)));
}

#[test]
fn a_target_that_left_and_came_back_is_still_looked_at_once_at_a_time() {
    let all = targets("  scrape_interval: 10s\n  profiles: {}\n", 1);
    let mut simulation = Simulation::new(Bounds {
        first: First::AtOnce,
        ..Bounds::default()
    });
    simulation.set(&all);
    let mut slow =
        |task: &Task, _: Moment| Some((Duration::from_secs(13), fine(task, 1, Duration::ZERO)));
    simulation.run(Duration::from_secs(1), &mut slow);
    assert_eq!(simulation.begun.len(), 1);
    simulation.set(&[]);
    simulation.set(&all);
    simulation.run(Duration::from_secs(11), &mut slow);
    assert_eq!(simulation.begun.len(), 1);
    simulation.run(Duration::from_secs(10), &mut slow);
    assert_eq!(simulation.begun.len(), 2);
}

#[test]
fn changed_settings_keep_what_was_learnt() {
    let all = targets("  profiles: {heap: {interval: 1m}}\n", 1);
    let mut simulation = Simulation::new(Bounds::default());
    simulation.set(&all);
    let mut dear = |task: &Task, _: Moment| {
        Some((
            Duration::from_secs(4),
            fine(task, 1, Duration::from_secs(4)),
        ))
    };
    simulation.run(Duration::from_mins(10), &mut dear);
    assert_eq!(simulation.schedule.health().stretched, 1);
    let slower = targets(
        "  scrape_interval: 30s\n  profiles: {heap: {interval: 1m}}\n",
        1,
    );
    simulation.set(&slower);
    assert_eq!(simulation.schedule.health().stretched, 1);
    assert_eq!(simulation.schedule.health().up, 1);
    let before = simulation.looks("host0:6060").len();
    simulation.run(Duration::from_mins(10), &mut dear);
    assert!((19..=21).contains(&(simulation.looks("host0:6060").len() - before)));
}

#[test]
fn too_many_targets_for_the_bound_are_served_in_turn() {
    let all = targets("  scrape_interval: 10s\n  profiles: {}\n", 100);
    let mut simulation = Simulation::new(Bounds {
        concurrent: 5,
        first: First::AtOnce,
        ..Bounds::default()
    });
    simulation.set(&all);
    // A hundred seconds of work every ten seconds, in five places.
    simulation.run(Duration::from_secs(1000), &mut |task, _| {
        Some((Duration::from_secs(1), fine(task, 1, Duration::ZERO)))
    });
    assert_eq!(simulation.most_running, 5);
    let counts: Vec<usize> = all
        .iter()
        .map(|target| simulation.looks(&target.address).len())
        .collect();
    let (fewest, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
    assert!(*fewest >= 45 && *most <= 52, "{fewest} to {most}");
    assert!(simulation.schedule.health().skipped > 4000);
}

#[test]
fn two_targets_with_the_same_labels_are_one() {
    let yaml = "  relabel_configs: [{target_label: instance, replacement: one}]\n";
    let mut simulation = Simulation::new(Bounds::default());
    simulation.set(&targets(yaml, 2));
    assert_eq!(simulation.schedule.health().targets, 1);
    let told = simulation.schedule.take_told();
    assert_eq!(told.len(), 1);
    assert!(
        told[0].starts_with("host0:6060 and host1:6060 have the same labels"),
        "{}",
        told[0]
    );
}

#[test]
fn what_is_stored_slowly_holds_its_place() {
    let all = targets("  scrape_interval: 10s\n  profiles: {}\n", 3);
    let mut schedule = Schedule::new(Bounds {
        concurrent: 2,
        first: First::AtOnce,
        ..Bounds::default()
    });
    schedule.set_targets(START, all);
    let tasks = schedule.next(START);
    assert_eq!(tasks.len(), 2);
    for task in &tasks {
        let outcome = fine(task, 1, Duration::ZERO);
        schedule.answered(START, task.id, &outcome);
    }
    // An hour of storing is nothing that the targets are to blame for.
    let later = START.after(Duration::from_hours(1));
    assert!(schedule.next(later).is_empty());
    assert_eq!(schedule.wake_at(), None);
    assert_eq!(schedule.health().hanging, 0);
    schedule.stored(tasks[0].id);
    assert_eq!(schedule.next(later).len(), 1);
}
