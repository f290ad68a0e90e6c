//! The program: the system's world, the command line, an exit code.

use std::process::exit;
use tidp::{Ports, harden};

fn main() {
    // Before a secret is touched: no core dump, no debugger of the same user.
    harden();
    std::panic::set_hook(Box::new(|panic| {
        exit(tidp::fail_by_panic(std::env::args_os(), &Ports::system(), panic).into());
    }));
    // Left through `exit`, so that a keyring call that hangs on its own thread cannot keep the process alive.
    exit(tidp::run(std::env::args_os(), &Ports::system()).into());
}
