//! The program: runs the library with the ports of this machine.

use std::process::exit;
use tidp::{Ports, harden};

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    // First of all, before any secret is read.
    harden();
    std::panic::set_hook(Box::new(|panic| {
        exit(tidp::report_panic(std::env::args_os(), &Ports::system(), panic));
    }));
    // `exit` also ends threads on which a keyring call hangs.
    exit(tidp::run(std::env::args_os(), &Ports::system()));
}
