//! Checks by reading the sources what each room of `src` may import, and that files do not import each other in a
//! circle. The reasons are in `src/lib.rs`.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A room, and what it may import: whole rooms, or single items of one.
const DOORS: [(&str, &[&str]); 16] = [
    ("domain", &[]),
    ("jwt", &["domain"]),
    ("oidc", &["domain", "jwt", "ports::Body", "ports::Method", "ports::Request", "ports::Response"]),
    ("ports", &["domain"]),
    ("adapters", &["domain", "ports"]),
    ("sandbox", &["domain", "ports::Clock", "ports::Entropy"]),
    (
        "cli",
        &[
            "config::keys_with_meanings",
            "domain::acr_values",
            "domain::command_line",
            "domain::decision",
            "domain::policy",
            "domain::spelling",
        ],
    ),
    ("error", &["domain", "oidc", "ports"]),
    ("config", &["domain", "error", "explain::claims", "oidc", "ports"]),
    ("terminal", &["cli", "domain", "error", "ports"]),
    (
        "explain",
        &[
            "domain",
            "error::Kind",
            "error::quote",
            "error::with_profile",
            "jwt",
            "terminal::layout",
            "terminal::styled_text",
            "terminal::table",
        ],
    ),
    ("flows", &["config", "domain", "error", "explain", "jwt", "oidc", "ports"]),
    ("commands", &["cli", "config", "domain", "error", "explain", "flows", "jwt", "oidc", "ports", "terminal"]),
    (
        "lib",
        &[
            "adapters", "cli", "commands", "config", "domain", "error", "explain", "flows", "jwt", "oidc", "ports",
            "sandbox", "terminal",
        ],
    ),
    (
        "testing",
        &["adapters", "cli", "commands", "config", "domain", "explain", "jwt", "oidc", "ports", "sandbox", "terminal"],
    ),
    ("main", &[]),
];

/// Files or folders that may import more than their room does.
const WIDER: [(&str, &str); 3] =
    [("commands/demo.rs", "sandbox"), ("commands/sandbox.rs", "sandbox"), ("explain/simulation/", "sandbox")];

/// Reads a clock or waits, and where that is allowed.
const CLOCK: [&str; 3] = ["Instant::now", "SystemTime::now", "thread::sleep"];
const CLOCK_ROOM: &str = "adapters";

#[test]
fn rooms_import_only_through_their_doors() {
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
fn every_wider_door_is_used() {
    for (name, door) in WIDER {
        let is_used =
            |source: &Source| source.name.starts_with(name) && source.imports().iter().any(|i| i.starts_with(door));
        assert!(sources().iter().any(is_used), "src/{name} imports nothing of {door}");
    }
}

#[test]
fn crate_documentation_has_the_same_table() {
    let lib = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let backticked = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<String>>();
    let documented: Vec<(String, BTreeSet<String>)> = lib
        .lines()
        .filter_map(|line| line.strip_prefix("//! | `")?.strip_suffix(" |")?.split_once("` | "))
        .map(|(room, cells)| (room.to_owned(), backticked(cells.rsplit_once(" | ").unwrap().1)))
        .collect();
    let rooms = DOORS.iter().filter(|(room, _)| !["lib", "testing", "main"].contains(room));
    let checked: Vec<(String, BTreeSet<String>)> = rooms
        .map(|(room, doors)| {
            let wider = WIDER.iter().filter(|(file, _)| file.split('/').next() == Some(room)).map(|(_, door)| door);
            let imported = doors.iter().chain(wider).map(|door| door.split("::").next().unwrap().to_owned());
            ((*room).to_owned(), imported.collect())
        })
        .collect();
    assert_eq!(documented, checked, "the crate documentation in src/lib.rs, and DOORS with WIDER");
}

#[test]
fn no_import_climbs_out_of_its_room() {
    // One `super` per level names the crate's root, and would pass by the doors.
    for source in sources().iter().filter(|source| source.module.len() > 1) {
        let roof = "super::".repeat(source.module.len());
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
            assert!(!source.code.contains(call), "src/{} calls {call}: use the Clock port", source.name);
        }
    }
}

#[test]
fn imports_are_read_in_every_form() {
    let code = "use crate::domain::time::{Seconds, Time};\nuse crate::ports::{\n    Body, Request as R,\n    self,\n};\n\
                use crate::{adapters::http, cli};\nfn f() { crate::config::profile() }\n// crate::sandbox::Engine\n";
    let found = read_source("a.rs", code).imports();
    let expected =
        ["adapters::http", "cli", "config::profile", "domain::time", "ports", "ports::Body", "ports::Request"];
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

#[test]
fn files_do_not_import_each_other() {
    let graph = import_graph(&sources());
    let found: Vec<String> = circles(&graph).iter().map(|circle| describe(circle, &graph)).collect();
    assert!(found.is_empty(), "files that import each other:\n{}", found.join("\n\n"));
}

#[test]
fn import_circle_is_found_in_any_form() {
    let files = [
        ("lib.rs", "pub mod a;\nmod b;\nfn run() { a::start() }"),
        (
            "a.rs",
            "mod child;\npub use child::{Item, Other};\nuse crate::b::{self as other, deep::Leaf};\nfn f() -> Item {}",
        ),
        ("a/child.rs", "use super::Thing;"),
        ("b/mod.rs", "pub(crate) mod deep;\npub use deep::Leaf;"),
        ("b/deep.rs", "fn f() { crate::a::Other }\n#[cfg(test)]\nmod tests {\n    use crate::c;\n}"),
        ("c.rs", "use crate::b::Leaf;\n#[cfg(test)]\nmod fixtures;"),
        ("c/fixtures.rs", "use crate::c::Thing;"),
    ];
    let files: Vec<Source> = files.iter().map(|(name, code)| read_source(name, code)).collect();
    let graph = import_graph(&files);
    let targets = |file: &str| graph[file].keys().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(targets("lib.rs"), ["a.rs"]);
    assert_eq!(targets("a.rs"), ["a/child.rs", "b/deep.rs", "b/mod.rs"]);
    assert_eq!(targets("a/child.rs"), ["a.rs"]);
    assert_eq!(targets("b/mod.rs"), [""; 0]);
    assert_eq!(targets("b/deep.rs"), ["a/child.rs"]);
    assert_eq!(targets("c.rs"), ["b/deep.rs"]);
    assert!(!graph.contains_key("c/fixtures.rs"));
    assert_eq!(circles(&graph), [["a.rs", "a/child.rs", "b/deep.rs"]]);
}

/// File → imported file → imported names.
type Graph = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// What each file imports from which other file, without tests. A re-exported item belongs to its own file; a
/// re-export alone is no import.
fn import_graph(sources: &[Source]) -> Graph {
    let tests: Vec<Vec<String>> = sources
        .iter()
        .flat_map(|source| {
            source.test_modules.iter().map(|name| [&source.module[..], std::slice::from_ref(name)].concat())
        })
        .collect();
    let sources: Vec<&Source> =
        sources.iter().filter(|source| !tests.iter().any(|test| source.module.starts_with(test))).collect();
    let files: BTreeMap<&[String], &str> =
        sources.iter().map(|source| (&source.module[..], source.name.as_str())).collect();
    let paths: BTreeMap<&str, Vec<ImportPath>> =
        sources.iter().map(|source| (source.name.as_str(), source.paths())).collect();
    let reexports: BTreeMap<Vec<String>, &[String]> = sources
        .iter()
        .flat_map(|source| paths[source.name.as_str()].iter().map(move |path| (source, path)))
        .filter(|(_, path)| path.public)
        .map(|(source, path)| ([&source.module[..], std::slice::from_ref(&path.alias)].concat(), &path.segments[..]))
        .collect();
    let mut graph = Graph::new();
    for source in sources {
        let imports = graph.entry(source.name.clone()).or_default();
        for path in paths[source.name.as_str()].iter().filter(|path| !path.public || source.mentions(&path.alias)) {
            let mut segments = &path.segments[..];
            let (file, item) = loop {
                let depth = (0..=segments.len()).rev().find(|depth| files.contains_key(&segments[..*depth])).unwrap();
                match segments.get(..=depth).and_then(|named| reexports.get(named)) {
                    Some(target) => segments = target,
                    None => break (files[&segments[..depth]], segments[depth..].join("::")),
                }
            };
            if file != source.name && !(item.is_empty() && path.public) {
                let item = if item.is_empty() { "the module".to_owned() } else { item };
                imports.entry(file.to_owned()).or_default().insert(item);
            }
        }
    }
    graph
}

/// The groups of files that reach each other, sorted.
fn circles(graph: &Graph) -> Vec<Vec<String>> {
    let reachable: BTreeMap<&str, BTreeSet<&str>> = graph
        .keys()
        .map(|file| {
            let (mut found, mut open) = (BTreeSet::new(), vec![file.as_str()]);
            while let Some(next) = open.pop() {
                open.extend(graph[next].keys().map(String::as_str).filter(|target| found.insert(*target)));
            }
            (file.as_str(), found)
        })
        .collect();
    let circle = |file: &str| -> Vec<String> {
        let back = |other: &&&str| reachable[**other].contains(file);
        reachable[file].iter().filter(back).map(|other| (*other).to_owned()).collect()
    };
    let found: BTreeSet<Vec<String>> = graph.keys().map(|file| circle(file)).filter(|files| files.len() > 1).collect();
    found.into_iter().collect()
}

fn describe(circle: &[String], graph: &Graph) -> String {
    let mut lines = vec![circle.join(" ↔ ")];
    for file in circle {
        for (target, items) in graph[file].iter().filter(|(target, _)| circle.contains(target)) {
            lines.push(format!("  {file} uses {target}: {}", items.iter().cloned().collect::<Vec<_>>().join(", ")));
        }
    }
    lines.join("\n")
}

/// A file of `src`.
struct Source {
    /// The path below `src`.
    name: String,
    /// The room: the first directory, or the file's own name.
    room: String,
    /// The module's path; empty for the crate's root.
    module: Vec<String>,
    /// The text without comments and test modules.
    code: String,
    /// The modules it declares only for tests.
    test_modules: Vec<String>,
}

/// A path into the crate, from its root.
struct ImportPath {
    segments: Vec<String>,
    /// The name in the importing file.
    alias: String,
    /// Whether it is a `pub use`.
    public: bool,
}

impl Source {
    /// The room and item it names.
    fn imports(&self) -> BTreeSet<String> {
        self.paths().iter().map(|path| path.segments[..path.segments.len().min(2)].join("::")).collect()
    }

    /// All paths into the crate, in `use` items and in code.
    fn paths(&self) -> Vec<ImportPath> {
        let (mut paths, mut code) = (Vec::new(), String::new());
        for statement in self.code.split_inclusive(';') {
            let start = statement.match_indices("use ").map(|(at, _)| at).find(|at| is_use(statement, *at));
            let (before, tree) = start.map_or((statement, ""), |at| statement.split_at(at));
            code += before;
            let public = before.lines().last().is_some_and(|line| line.trim_start().starts_with("pub"));
            expand("", tree.trim_start_matches("use ").trim_end_matches(';'), public, &mut paths);
        }
        let inline =
            code.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).filter(|word| word.contains("::"));
        for word in inline {
            expand("", word.trim_end_matches(':'), false, &mut paths);
        }
        let children: Vec<&str> = code
            .split_inclusive(';')
            .filter_map(|item| item.strip_suffix(';')?.rsplit_once("mod ").map(|(_, name)| name))
            .collect();
        paths.into_iter().filter_map(|path| self.path_from_root(path, &children)).collect()
    }

    /// The path with `crate`, `self`, `super` and `children` of this file resolved; `None` for another crate.
    fn path_from_root(&self, path: ImportPath, children: &[&str]) -> Option<ImportPath> {
        let supers = path.segments.iter().take_while(|segment| *segment == "super").count();
        let (base, skipped) = match path.segments[0].as_str() {
            "crate" => (&[][..], 1),
            "self" => (&self.module[..], 1),
            "super" => (&self.module[..self.module.len().checked_sub(supers)?], supers),
            child if children.contains(&child) => (&self.module[..], 0),
            _ => return None,
        };
        Some(ImportPath { segments: [base, &path.segments[skipped..]].concat(), ..path })
    }

    /// Whether the code uses the name, besides importing it.
    fn mentions(&self, name: &str) -> bool {
        let uses = self
            .code
            .split(';')
            .filter(|statement| !statement.match_indices("use ").any(|(at, _)| is_use(statement, at)));
        uses.flat_map(|code| code.split(|c: char| !(c.is_alphanumeric() || c == '_'))).any(|word| word == name)
    }
}

/// Whether the `use ` at `at` begins an item.
fn is_use(statement: &str, at: usize) -> bool {
    let line = statement[..at].rsplit('\n').next().unwrap_or_default().trim_start();
    line.is_empty() || line.starts_with("pub ") || (line.starts_with("pub(") && line.ends_with(") "))
}

/// Collects the paths of a `use` tree below `prefix`.
fn expand(prefix: &str, tree: &str, public: bool, paths: &mut Vec<ImportPath>) {
    let tree = tree.trim();
    if let Some(members) = tree.strip_prefix('{') {
        let (mut depth, mut start) = (0, 0);
        for (at, c) in members.char_indices() {
            match c {
                ',' | '}' if depth == 0 => {
                    expand(prefix, &members[start..at], public, paths);
                    start = at + 1;
                }
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
        }
    } else if let Some((head, rest)) = tree.split_once("::").filter(|(head, _)| !head.contains(' ')) {
        expand(&format!("{prefix}{head}::"), rest, public, paths);
    } else if !tree.is_empty() {
        let (name, alias) = tree.split_once(" as ").unwrap_or((tree, tree));
        let path = if name == "self" { prefix.to_owned() } else { format!("{prefix}{name}") };
        let segments: Vec<String> = path.split("::").filter(|segment| !segment.is_empty()).map(str::to_owned).collect();
        if let Some(last) = segments.last() {
            let alias = if alias == "self" { last } else { alias }.to_owned();
            paths.push(ImportPath { alias, segments, public });
        }
    }
}

fn sources() -> Vec<Source> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&src, &mut files);
    assert!(files.len() > 50, "only {} files were found", files.len());
    let read = |path: &PathBuf| {
        let name = path.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
        read_source(&name, &std::fs::read_to_string(path).unwrap())
    };
    files.iter().map(read).collect()
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

fn read_source(name: &str, text: &str) -> Source {
    let module: Vec<String> =
        name.trim_end_matches(".rs").trim_end_matches("/mod").split('/').map(str::to_owned).collect();
    let room = module[0].clone();
    let module = if name == "lib.rs" { Vec::new() } else { module };
    let (code, test_modules) = without_tests(&without_comments(text));
    Source { code: flattened(&without_scopes(&code)), test_modules, room, module, name: name.to_owned() }
}

fn without_comments(text: &str) -> String {
    let code = |line: &str| line.find("//").filter(|at| !line[..*at].ends_with(':')).map_or(line.len(), |at| at);
    text.lines().map(|line| &line[..code(line)]).collect::<Vec<_>>().join("\n")
}

/// The code with every `pub(in crate::…)` written as `pub`.
fn without_scopes(code: &str) -> String {
    let mut pieces = code.split("pub(in ");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |kept, piece| kept + "pub" + piece.split_once(')').map_or("", |(_, rest)| rest))
}

/// The code without items that are compiled only for tests, and the test modules in other files.
fn without_tests(code: &str) -> (String, Vec<String>) {
    let mut pieces = code.split("#[cfg(test)]\n");
    let (mut kept, mut modules) = (pieces.next().unwrap_or_default().to_owned(), Vec::new());
    for piece in pieces {
        let item = &piece[..item_end(piece)];
        modules
            .extend(item.strip_suffix(';').and_then(|item| item.rsplit_once("mod ")).map(|(_, name)| name.to_owned()));
        kept += &piece[item.len()..];
    }
    (kept, modules)
}

/// The end of the first item of `code`, as rustfmt writes it.
fn item_end(code: &str) -> usize {
    let head = code.find([';', '{']).unwrap_or(code.len());
    if code[head..].starts_with(';') {
        return head + 1;
    }
    let close = format!("\n{}}}", &code[..code.len() - code.trim_start_matches(' ').len()]);
    code.find(&close).map_or(code.len(), |at| at + close.len())
}

/// The code with the `super` of inline modules written as `self`.
fn flattened(code: &str) -> String {
    let mut flat = String::new();
    for (n, piece) in code.split("\nmod ").enumerate() {
        let end = if n > 0 && piece.find('{') < piece.find(';') { item_end(piece) } else { 0 };
        flat += if n > 0 { "\nmod " } else { "" };
        flat += &piece[..end]
            .replace("super::super::", "SUPER::")
            .replace("super::", "self::")
            .replace("SUPER::", "super::");
        flat += &piece[end..];
    }
    flat
}
