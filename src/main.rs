//! The program: the system's world, the command line, an exit code.

use std::process::exit;
use tidp::world::World;

fn main() {
    // Left through `exit`, so that a keyring call that hangs on its own thread cannot keep the process alive.
    exit(tidp::run(std::env::args_os(), &World::system()).into());
}
