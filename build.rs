//! How the program is linked, where Cargo has no setting for it.

#![allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "how a build script speaks with Cargo")]

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-env=TIDP_TARGET={}", std::env::var("TARGET").unwrap_or_default());
    println!("cargo::rustc-env=TIDP_COMMIT={}", commit().unwrap_or_else(|| "unknown".into()));
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|found| found == value);
    // In release builds a panic aborts, and all that is left for libgcc is to print backtraces. Linked in (24 kB), it is a
    // shared library less to find, map and bind before `main`: a twentieth of the time of `tidp token`. A linker that
    // reads its libraries once and in order, as GNU ld does, takes the shared one all the same.
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") && is("PROFILE", "release") {
        println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
    }
}

/// The commit that is built, with `-dirty` where files differ from it: of the checkout, or of the one that the registry's
/// package was made from.
fn commit() -> Option<String> {
    if let Ok(package) = std::fs::read_to_string(".cargo_vcs_info.json") {
        let hash = package.split('"').find(|word| word.len() == 40 && word.chars().all(|c| c.is_ascii_hexdigit()))?;
        return Some(hash[..12].to_owned());
    }
    for path in ["HEAD", "logs/HEAD"] {
        println!("cargo::rerun-if-changed={}", git(&["rev-parse", "--git-path", path])?);
    }
    for path in ["src", "Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={path}");
    }
    git(&["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = std::process::Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
