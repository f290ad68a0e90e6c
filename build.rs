//! How the program is linked, where Cargo has no setting for it.

#![allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "how a build script speaks with Cargo")]

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|found| found == value);
    // In release builds a panic aborts, and all that is left for libgcc is to print backtraces. Linked in (24 kB), it is a
    // shared library less to find, map and bind before `main`: a twentieth of the time of `tidp token`. A linker that
    // reads its libraries once and in order, as GNU ld does, takes the shared one all the same.
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") && is("PROFILE", "release") {
        println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
    }
}
