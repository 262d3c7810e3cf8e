//! Commands in hints, written the way this program was started, so that they work when pasted.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::NAME;

/// `arguments` after this program's name as it was called: `target/release/callgate`, or `callgate` when on the path.
#[must_use]
pub fn command(arguments: &str) -> String {
    let started_as = env::args_os().next().unwrap_or_else(|| NAME.into());
    let folders: Vec<PathBuf> = env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default();
    let program = program(Path::new(&started_as), &folders, env::current_dir().ok().as_deref());
    format!("{} {arguments}", quoted(&program))
}

fn program(started_as: &Path, path: &[PathBuf], here: Option<&Path>) -> String {
    let name = started_as.file_name().unwrap_or(OsStr::new(NAME));
    let is_bare = started_as.parent().is_none_or(|folder| folder.as_os_str().is_empty());
    let found = || path.iter().map(|folder| folder.join(name)).find(|candidate| candidate.is_file());
    if is_bare || found().is_some_and(|found| is_same(&found, started_as)) {
        return name.to_string_lossy().into_owned();
    }
    let below = here.and_then(|here| started_as.strip_prefix(here).ok()).filter(|below| below.parent() != Some(Path::new("")));
    below.unwrap_or(started_as).to_string_lossy().into_owned()
}

fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// As a shell takes it.
#[must_use]
pub fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:=,@%~".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(started_as: &str, expected: &str) {
        assert_eq!(program(Path::new(started_as), &[], Some(Path::new("/home/me/callgate"))), expected, "{started_as}");
    }

    #[test]
    fn the_program_is_called_as_it_was_started() {
        check("callgate", "callgate");
        check("target/release/callgate", "target/release/callgate");
        check("./callgate", "./callgate");
        check("/home/me/callgate/target/debug/callgate", "target/debug/callgate");
        check("/opt/callgate", "/opt/callgate");
        check("/home/me/callgate/callgate", "/home/me/callgate/callgate");
    }

    #[test]
    fn what_lies_on_the_path_needs_no_folder() {
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().join("callgate");
        std::fs::write(&there, "").unwrap();
        assert_eq!(program(&there, &[folder.path().to_owned()], None), "callgate");
        assert_eq!(program(&there, &[], None), there.to_string_lossy());
    }

    #[test]
    fn words_are_quoted_for_a_shell_where_they_must_be() {
        assert_eq!(quoted("target/release/callgate"), "target/release/callgate");
        assert_eq!(quoted("my files/it's"), "'my files/it'\\''s'");
    }
}
