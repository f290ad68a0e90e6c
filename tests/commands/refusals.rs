//! Checks the table in `refusals.md` against the tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const TABLE: &str = include_str!("refusals.md");

/// Case numbers that are not in use.
const NO_CASE: &[u16] =
    &[14, 17, 22, 32, 36, 38, 45, 50, 51, 56, 62, 63, 71, 73, 80, 81, 83, 91, 102, 105, 107, 113, 124, 128, 137, 141];

#[test]
fn every_case_has_tests_or_a_reason() {
    let (applies, does_not) = TABLE.split_once("## Cases that do not apply").unwrap();
    let (tested, excused) = (cases(applies), cases(does_not));
    assert_eq!(tested.intersection(&excused).collect::<Vec<_>>(), Vec::<&u16>::new());
    let there: BTreeSet<u16> = (1..=144).filter(|case| !NO_CASE.contains(case)).collect();
    assert_eq!(tested.union(&excused).copied().collect::<BTreeSet<_>>(), there);
    let tests = tests_of_the_tree();
    let rows: Vec<[&str; 3]> = rows(applies).map(|row| row.try_into().expect("three cells")).collect();
    assert!(rows.len() > 60, "{}", rows.len());
    for [behaviour, _, named] in rows {
        assert!(!named.is_empty(), "{behaviour}");
        for name in named.split(", ").map(|name| name.trim_matches('`')) {
            assert!(tests.contains(name), "`{behaviour}` names a test that is not there: {name}");
        }
    }
}

/// The cells of each table row, without headings.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let is_head = |line: &&str| line.starts_with("| behaviour |") || line.starts_with("| case |");
    let rows = text.lines().filter(move |line| line.starts_with("| ") && !is_head(line));
    rows.map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
}

/// The case numbers, such as `S42`.
fn cases(text: &str) -> BTreeSet<u16> {
    let words = rows(text).flat_map(|row| row.join(" ").split(' ').map(str::to_owned).collect::<Vec<_>>());
    words.filter_map(|word| word.strip_prefix('S')?.parse().ok()).collect()
}

/// The names of all tests in the tree.
fn tests_of_the_tree() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src"), root.join("tests")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() && !path.ends_with("node_modules") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(path).unwrap();
                for test in text.split("#[test]").skip(1) {
                    let name = test.split_once("fn ").and_then(|(_, rest)| rest.split_once('('));
                    names.extend(name.map(|(name, _)| name.to_owned()));
                }
            }
        }
    }
    names
}
