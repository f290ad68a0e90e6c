//! Times two commands in turns: `pairs COUNT INPUT COMMAND… -- YARDSTICK…`, each with the file INPUT as standard input. A
//! command may begin with NAME=VALUE.
//!
//! Prints three lines: the microseconds of the command, those of the yardstick, and the ratios of the pairs, each as first
//! quartile, median and third quartile. A shell would do, but its `fork` takes as long as the programs that are measured.
//! `benches/processes.sh` compiles it.

use std::fs::File;
use std::process::{Command, Stdio};
use std::time::Instant;

/// How long it takes from the start to the end, in microseconds.
///
/// # Panics
/// If it fails: then it has not done the work that is timed.
fn timed(command: &[String], input: &str) -> f64 {
    let input = File::open(input).expect("the input");
    let variables = command.iter().take_while(|word| word.contains('='));
    let (names, words) = command.split_at(variables.count());
    let mut started = Command::new(&words[0]);
    started.args(&words[1..]).envs(names.iter().filter_map(|name| name.split_once('=')));
    started.stdin(input).stdout(Stdio::null()).stderr(Stdio::null());
    let from = Instant::now();
    let status = started.status().expect("the command");
    let took = from.elapsed();
    assert!(status.success(), "{command:?}: {status}");
    took.as_secs_f64() * 1e6
}

fn print_quartiles(mut values: Vec<f64>) {
    values.sort_by(f64::total_cmp);
    let [low, middle, high] = [1, 2, 3].map(|quarter| values[(values.len() - 1) * quarter / 4]);
    println!("{low:.3} {middle:.3} {high:.3}");
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [count, input, commands @ ..] = &arguments[..] else { panic!("usage") };
    let mut commands = commands.splitn(2, |word| word == "--");
    let (ours, theirs) = (commands.next().expect("a command"), commands.next().expect("a yardstick"));
    timed(ours, input);
    timed(theirs, input);
    let pair = |number: usize| {
        if number % 2 == 0 {
            let yardstick = timed(theirs, input);
            return (timed(ours, input), yardstick);
        }
        (timed(ours, input), timed(theirs, input))
    };
    let pairs: Vec<(f64, f64)> = (0..count.parse().expect("a count")).map(pair).collect();
    print_quartiles(pairs.iter().map(|(ours, _)| *ours).collect());
    print_quartiles(pairs.iter().map(|(_, theirs)| *theirs).collect());
    print_quartiles(pairs.iter().map(|(ours, theirs)| ours / theirs).collect());
}
