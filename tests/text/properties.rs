//! What holds for every text (R4).

use proptest::prelude::*;
use quarterdeck::text::{CELL_BYTES, IDENTITY_CELLS, LINE_BYTES, Profile, is_hostile, present};
use unicode_segmentation::UnicodeSegmentation;

use super::corpus::CASES;

const PROFILES: [Profile; 4] = [Profile::Identity, Profile::Line, Profile::Opened, Profile::Code];

/// Bytes with far more trouble in them than chance would bring.
fn nasty() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => any::<char>().prop_map(|c| c.to_string().into_bytes()),
        3 => "[ -~]{0,12}".prop_map(String::into_bytes),
        2 => prop::collection::vec(any::<u8>(), 0..6),
        4 => prop::sample::select(CASES).prop_map(|case| case.payload.to_vec()),
        2 => prop::sample::select(vec!["\u{301}", "\u{200d}", "\u{fe0f}", "👩", "ᄀ", "क्", "\x1b", "\x1b[", "\t", "\r", " "])
            .prop_map(|piece| piece.as_bytes().to_vec()),
        1 => (any::<char>(), 0..400_usize).prop_map(|(c, n)| c.to_string().repeat(n).into_bytes()),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_control_and_nothing_invisible_is_left(bytes in nasty()) {
        for profile in PROFILES {
            let safe = present(&bytes, profile);
            prop_assert!(!safe.as_str().chars().any(|c| c.is_control() || is_hostile(c)), "{:?}", safe);
        }
    }

    #[test]
    fn presenting_twice_changes_nothing(bytes in nasty()) {
        for profile in PROFILES {
            let once = present(&bytes, profile);
            let twice = present(once.as_str().as_bytes(), profile);
            prop_assert_eq!(once.as_str(), twice.as_str(), "{:?}", profile);
        }
    }

    #[test]
    fn the_result_is_bounded(bytes in nasty()) {
        for profile in PROFILES {
            let safe = present(&bytes, profile);
            prop_assert!(safe.as_str().len() <= 8 * bytes.len() + 64);
            prop_assert!(safe.as_str().len() <= LINE_BYTES);
            prop_assert!(safe.as_str().graphemes(true).all(|cluster| cluster.len() <= CELL_BYTES));
            if profile == Profile::Identity {
                prop_assert!(safe.width() <= IDENTITY_CELLS);
            }
        }
    }

    #[test]
    fn runs_are_sorted_apart_and_on_characters(bytes in nasty()) {
        for profile in PROFILES {
            let safe = present(&bytes, profile);
            let mut end = 0;
            for run in safe.runs() {
                prop_assert!(run.start >= end && run.start < run.end);
                prop_assert!(safe.as_str().get(run.start as usize..run.end as usize).is_some());
                end = run.end;
            }
            let pieces: String = safe.pieces().map(|(piece, _)| piece).collect();
            prop_assert_eq!(pieces.as_str(), safe.as_str());
        }
    }

    #[test]
    fn cutting_fits_and_keeps_the_rest(bytes in nasty(), columns in 0..60_usize, from in 0..60_usize) {
        let safe = present(&bytes, Profile::Line);
        prop_assert!(safe.truncate(columns).width() <= columns);
        prop_assert_eq!(safe.pad_end(columns).width(), columns);
        let part = safe.columns(from..from + columns);
        prop_assert!(part.width() <= columns);
        prop_assert!(safe.as_str().contains(part.as_str()));
    }
}
