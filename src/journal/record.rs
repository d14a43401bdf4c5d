//! How an entry lies in the file, and what of a file can be believed.
//!
//! A record is `length (u32) · CRC32C (u32) · sequence (u64) · JSON`, little endian. The length is
//! that of the JSON; the checksum covers sequence and JSON; sequences count up by one from 1.

/// Before the JSON.
const HEADER: usize = 16;
/// Of the JSON of one record: more is damage, not an entry.
const MOST: usize = 1 << 20;

/// A record as bytes.
pub(super) fn encode(sequence: u64, json: &[u8]) -> Vec<u8> {
    let mut record = Vec::with_capacity(HEADER + json.len());
    record.extend_from_slice(&(json.len() as u32).to_le_bytes());
    record.extend_from_slice(&[0; 4]);
    record.extend_from_slice(&sequence.to_le_bytes());
    record.extend_from_slice(json);
    let checksum = crc32c(&record[8..]);
    record[4..8].copy_from_slice(&checksum.to_le_bytes());
    record
}

/// The records of a file, as far as they can be believed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scan<'a> {
    /// The JSON of each, in order.
    pub(super) records: Vec<&'a [u8]>,
    /// Bytes of the longest valid prefix.
    pub(super) valid: usize,
    pub(super) tail: Tail,
}

/// What follows the longest valid prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// Nothing.
    Clean,
    /// A record that was being written when the machine or the program stopped: its `fsync` never
    /// returned, so nothing was sent for it.
    Torn,
    /// There are valid records after what is not one: the file was damaged.
    Damaged,
}

/// Reads as much as can be believed. Never fails, never panics.
pub(super) fn scan(bytes: &[u8]) -> Scan<'_> {
    let mut records = Vec::new();
    let mut at = 0;
    while let Some((sequence, json)) = record_at(bytes, at)
        && sequence == records.len() as u64 + 1
    {
        records.push(json);
        at += HEADER + json.len();
    }
    let tail = if at == bytes.len() {
        Tail::Clean
    } else if record_at(bytes, at).is_some()
        || (at + 1..bytes.len()).any(|later| later_record(bytes, later, records.len() as u64))
    {
        Tail::Damaged
    } else {
        Tail::Torn
    };
    Scan { records, valid: at, tail }
}

fn later_record(bytes: &[u8], at: usize, last: u64) -> bool {
    record_at(bytes, at).is_some_and(|(sequence, _)| sequence > last)
}

/// The record that begins here, if one does.
fn record_at(bytes: &[u8], at: usize) -> Option<(u64, &[u8])> {
    let header = bytes.get(at..at.checked_add(HEADER)?)?;
    let length = u32::from_le_bytes(header[..4].try_into().ok()?) as usize;
    let checksum = u32::from_le_bytes(header[4..8].try_into().ok()?);
    if length > MOST {
        return None;
    }
    let json = bytes.get(at + HEADER..at + HEADER + length)?;
    if crc32c(&bytes[at + 8..at + HEADER + length]) != checksum {
        return None;
    }
    Some((u64::from_le_bytes(header[8..].try_into().ok()?), json))
}

/// CRC32C (Castagnoli), as RFC 3720 defines it.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| (crc >> 8) ^ TABLE[((crc ^ u32::from(*byte)) & 0xff) as usize])
}

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = index as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_crc32c() {
        // The check value of the algorithm, and RFC 3720's examples.
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
    }

    #[test]
    fn records_are_read_back_in_order() {
        let mut file = encode(1, b"{}");
        file.extend(encode(2, b"[1]"));
        let scan = scan(&file);
        assert_eq!(scan.records, [&b"{}"[..], &b"[1]"[..]]);
        assert_eq!((scan.valid, scan.tail), (file.len(), Tail::Clean));
    }

    #[test]
    fn a_gap_in_the_sequence_is_damage() {
        let mut file = encode(1, b"{}");
        let good = file.len();
        file.extend(encode(3, b"{}"));
        let scan = scan(&file);
        assert_eq!((scan.valid, scan.tail), (good, Tail::Damaged));
    }
}
