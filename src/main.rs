//! The program: runs the library with the ports of this machine.

use std::process::exit;
use tidp::{Ports, harden};

fn main() {
    // Before any secret is read: no core dump, no debugger of the same user.
    harden();
    std::panic::set_hook(Box::new(|panic| {
        exit(tidp::fail_by_panic(std::env::args_os(), &Ports::system(), panic).into());
    }));
    // `exit` also ends a keyring call that hangs on its own thread.
    exit(tidp::run(std::env::args_os(), &Ports::system()).into());
}
