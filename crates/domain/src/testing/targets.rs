//! What must hold for any bytes whatsoever: run by the fuzzer (`just fuzz`), and by the tests over what it found.

use std::path::Path;

use crate::model::Phone;

/// The fewest inputs that a corpus has: fewer means that it was not found whole.
const FEWEST: usize = 40;

/// Runs what the fuzzer found worth keeping for `target`, in the folder `tests/corpus` of a crate.
///
/// # Panics
/// Where an input does not hold, naming its file, or the corpus is not there.
pub fn replay(crate_folder: &str, target: &str, run: fn(&[u8])) {
    let folder = Path::new(crate_folder).join("tests/corpus").join(target);
    let inputs: Vec<_> = std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    assert!(inputs.len() >= FEWEST, "{}: {} inputs", folder.display(), inputs.len());
    for input in inputs {
        let bytes = std::fs::read(&input).unwrap_or_default();
        assert!(std::panic::catch_unwind(|| run(&bytes)).is_ok(), "{}", input.display());
    }
}

/// A phone number as somebody may write it.
///
/// # Panics
/// Where a number that was read is not in E.164, is read as another one when it is read again, or prints itself.
pub fn phone(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let phone = match Phone::parse(text) {
        Ok(phone) => phone,
        Err(fault) => return assert!(!fault.to_string().is_empty()),
    };
    let e164 = phone.e164();
    let digits = e164.strip_prefix('+').unwrap_or_default();
    assert!((5..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()), "{e164}");
    assert!(!digits.starts_with('0'), "{e164}: no country's code begins so");
    let spaced: String = digits.chars().flat_map(|digit| [' ', digit, '-']).collect();
    for again in [e164.to_owned(), format!("00{digits}"), format!(" +{spaced}"), format!("(00){spaced}")] {
        assert_eq!(Phone::parse(&again).as_ref(), Ok(&phone), "{again}");
    }
    assert_eq!(format!("{phone:?}"), format!("Phone(..{})", phone.tail()));
    assert_eq!(phone.tail().len(), 2, "no more of it is ever shown");
}
