//! Runs a target, or all, over mutations of its seeds for some seconds: `blind [TARGET|all] [SECONDS] [SEED]`.

use fuzz_targets::dice::Dice;
use fuzz_targets::{Target, targets};
use std::process::ExitCode;
use std::time::{Duration, Instant};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "all".to_owned());
    let number = |text: Option<String>, default| text.and_then(|text| text.parse().ok()).unwrap_or(default);
    let seconds = number(arguments.next(), 2);
    let seed = number(arguments.next(), 1);
    let chosen: Vec<Target> = match Target::named(&name) {
        Some(target) => vec![target],
        None if name == "all" => targets::ALL.to_vec(),
        None => {
            let names: Vec<&str> = targets::ALL.iter().map(|target| target.name).collect();
            eprintln!("no target is called {name}; name one of {}, or all", names.join(", "));
            return ExitCode::from(2);
        }
    };
    for target in chosen {
        let (started, mut executions, mut dice) = (Instant::now(), 0_u64, Dice::new(seed));
        while started.elapsed() < Duration::from_secs(seconds) {
            executions += target.run_blind(&mut dice);
        }
        println!("{}: {executions} executions in {seconds} s, seed {seed}", target.name);
    }
    ExitCode::SUCCESS
}
