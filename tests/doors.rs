//! The rooms of the house and the doors between them, checked by reading the sources. The table is the rule; the crate
//! documentation in `src/lib.rs` gives the reasons.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A room, and what it may import of the crate beside itself: a whole room, or single items of one.
const DOORS: [(&str, &[&str]); 15] = [
    ("domain", &[]),
    ("jwt", &["domain"]),
    ("oidc", &["domain", "jwt", "ports::Body", "ports::Method", "ports::Request", "ports::Response"]),
    ("ports", &["domain"]),
    ("adapters", &["domain", "ports"]),
    ("sandbox", &["domain", "ports::Clock", "ports::Entropy"]),
    ("cli", &[]),
    ("error", &["domain", "oidc", "ports"]),
    ("config", &["domain", "error", "explain::claims", "oidc", "ports"]),
    ("terminal", &["cli", "domain", "error", "explain", "ports"]),
    ("explain", &["domain", "jwt", "terminal"]),
    ("flows", &["cli", "config", "domain", "error", "explain", "jwt", "oidc", "ports", "terminal"]),
    ("commands", &["cli", "config", "domain", "error", "explain", "flows", "jwt", "oidc", "ports", "terminal"]),
    (
        "lib",
        &[
            "adapters", "cli", "commands", "config", "domain", "error", "explain", "flows", "jwt", "oidc", "ports",
            "sandbox", "terminal",
        ],
    ),
    ("main", &[]),
];

/// Files, or folders, that may import more than their room: these run the stand-in provider.
const WIDER: [(&str, &str); 4] = [
    ("commands/demo.rs", "sandbox"),
    ("commands/sandbox.rs", "sandbox"),
    ("commands/policy_simulate.rs", "sandbox"),
    ("explain/simulation/", "sandbox"),
];

/// Where a clock is read and time is waited for.
const CLOCK: [&str; 3] = ["Instant::now", "SystemTime::now", "thread::sleep"];
const CLOCK_ROOM: &str = "adapters";

#[test]
fn every_room_imports_through_its_doors_alone() {
    let mut wrong = Vec::new();
    for source in sources() {
        let (_, doors) = DOORS.iter().find(|(room, _)| *room == source.room).unwrap_or_else(|| {
            panic!("src/{} is in no room: give it one in DOORS, and in the crate documentation", source.name)
        });
        let wider = WIDER.iter().filter(|(name, _)| source.name.starts_with(name)).map(|(_, door)| *door);
        let open: BTreeSet<&str> = doors.iter().copied().chain(wider).chain([source.room.as_str()]).collect();
        for import in source.imports() {
            let room = import.split("::").next().unwrap_or_default();
            if !open.contains(room) && !open.contains(import.as_str()) {
                wrong.push(format!("src/{} imports {import}", source.name));
            }
        }
    }
    assert!(wrong.is_empty(), "through no door of tests/doors.rs:\n{}", wrong.join("\n"));
}

#[test]
fn nobody_leaves_a_room_through_its_roof() {
    // `super` as often as a module is deep names the crate's root, past the doors.
    for source in sources().iter().filter(|source| source.depth > 1) {
        let roof = "super::".repeat(source.depth);
        assert!(!source.code.contains(&roof), "src/{} reaches the crate's root with {roof}", source.name);
    }
}

#[test]
fn the_program_uses_only_the_library() {
    let main = sources().into_iter().find(|source| source.name == "main.rs").unwrap();
    assert!(!main.code.lines().any(|line| line.trim_start().starts_with("mod ")), "main.rs has a module of its own");
}

#[test]
fn time_is_read_and_waited_for_in_one_room() {
    for source in sources().iter().filter(|source| source.room != CLOCK_ROOM) {
        for call in CLOCK {
            assert!(!source.code.contains(call), "src/{} calls {call}: take the Ports's Clock", source.name);
        }
    }
}

#[test]
fn imports_are_read_however_they_are_written() {
    let code = "use crate::domain::time::{Seconds, Time};\nuse crate::ports::{\n    Body, Request as R,\n    self,\n};\n\
                use crate::{adapters::http, cli};\nlet x = crate::config::profile();\n";
    let found = imports(&without_comments(&format!("{code}// crate::sandbox::Engine\n")));
    let expected =
        ["adapters::http", "cli", "config::profile", "domain::time", "ports::Body", "ports::Request", "ports::self"];
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

/// A file of `src`.
struct Source {
    /// Its path below `src`.
    name: String,
    /// The room it is in: its first directory, or its own name.
    room: String,
    /// How many names its module's path has.
    depth: usize,
    /// Its text without comments.
    code: String,
}

impl Source {
    fn imports(&self) -> BTreeSet<String> {
        imports(&self.code)
    }
}

fn sources() -> Vec<Source> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&src, &mut files);
    assert!(files.len() > 50, "only {} files were found", files.len());
    files.iter().map(|path| source(&src, path)).collect()
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn source(src: &Path, path: &Path) -> Source {
    let name = path.strip_prefix(src).unwrap().to_str().unwrap().replace('\\', "/");
    let module: Vec<&str> = name.trim_end_matches(".rs").trim_end_matches("/mod").split('/').collect();
    let (room, depth) = (module[0].to_owned(), module.len());
    Source { code: without_comments(&std::fs::read_to_string(path).unwrap()), room, depth, name }
}

fn without_comments(text: &str) -> String {
    let code = |line: &str| line.find("//").filter(|at| !line[..*at].ends_with(':')).map_or(line.len(), |at| at);
    text.lines().map(|line| &line[..code(line)]).collect::<Vec<_>>().join("\n")
}

/// Everything that is named from the crate's root, two names deep: `use` lines and paths in the code.
fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, root) in code.match_indices("crate::") {
        for room in group(&code[at + root.len()..]) {
            match room.split_once("::") {
                Some((room, rest)) => found.extend(group(rest).iter().map(|item| format!("{room}::{}", first(item)))),
                None => drop(found.insert(room)),
            }
        }
    }
    found
}

/// What a path goes on with: the members of a `{…}`, or the one path that follows.
fn group(text: &str) -> Vec<String> {
    let Some(inside) = text.strip_prefix('{') else {
        let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(text.len());
        let braces = if text[end..].starts_with('{') { members(&text[end + 1..]).join(",") } else { String::new() };
        return vec![if braces.is_empty() { text[..end].to_owned() } else { format!("{}{{{braces}}}", &text[..end]) }];
    };
    members(inside)
}

/// The members up to the brace that closes them, nested braces left whole.
fn members(text: &str) -> Vec<String> {
    let (mut depth, mut members) = (0, vec![String::new()]);
    for c in text.chars() {
        match c {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                members.push(String::new());
                continue;
            }
            _ => {}
        }
        members.last_mut().unwrap().push(c);
    }
    members.iter().map(|member| member.trim().to_owned()).filter(|member| !member.is_empty()).collect()
}

/// The first name of a path.
fn first(path: &str) -> &str {
    path.split([':', ' ', '{']).next().unwrap_or_default()
}
