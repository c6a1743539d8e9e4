//! Framing: any bytes in any chunks give the same records, which with what lies between them are all the bytes.

use crate::Target;
use rule_runtime::framing::{Batch, Frame, Framer, Framing, Limits, Resume};

/// The first byte says how, the second how many bytes a chunk has, the third how many a record may have.
pub const TARGET: Target = Target {
    name: "framing",
    run,
    seeds: &[
        "\0\u{3}~{\"a\":1}\n{\"b\":[1,{}]}\n",
        "\u{1}\u{7}~{\"a\":\"x\ny\"}\r\n\n{}",
        "\u{2}\u{1}~[{\"a\":1},\n {\"b\":\"\\\"}\"}, 17]",
        "\0\u{5}~{\"@odata.context\":\"x\",\"value\":[{\"a\":1},{\"b\":2}],\"nextLink\":null}",
        "\u{2}\u{9}~{\"records\":[\n{\"a\":{\n{\"b\":1}\n]}{\"Records\":[{}]}",
        "\0\u{2}~\u{feff}{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n",
    ],
};

/// Where the frames are: offset and length, which is 0 for an array that is not closed.
fn frames(bytes: &[u8], framing: Framing, limits: Limits, anew: bool) -> Option<Vec<(u64, u64)>> {
    let (mut found, mut taken, mut batch) = (Vec::new(), 0, Batch::default());
    let mut framer = Framer::at(Resume::default(), bytes, framing, limits);
    while framer.fill(&mut batch).ok()? {
        taken += batch.taken;
        found.extend(batch.frames.iter().map(|frame| match frame {
            Frame::Record(range) => (batch.offset + range.start as u64, range.len() as u64),
            Frame::TooLong { offset, length, .. } => (*offset, *length),
            Frame::Unclosed { offset } => (*offset, 0),
        }));
        // As if the run had stopped here; not where nothing was taken, which would be tried for ever.
        if anew && batch.taken > 0 && batch.unfinished.is_none() {
            let rest = bytes.get(batch.next.offset as usize..).unwrap_or_default();
            framer = Framer::at(batch.next, rest, framing, limits);
        }
    }
    assert_eq!(taken, bytes.len() as u64, "bytes are taken once each");
    Some(found)
}

fn run(data: &[u8]) -> u64 {
    let [how, chunk, record, bytes @ ..] = data else { return 0 };
    let framing = match how % 3 {
        0 => Framing::Auto,
        1 => Framing::Ndjson,
        _ => Framing::Json,
    };
    let record = usize::from(*record) + 1;
    let limits = |chunk| Limits { chunk, record };
    // Another encoding is refused, whatever the chunks.
    let whole = frames(bytes, framing, limits(bytes.len() + 1), false);
    let small = usize::from(chunk % 32) + 1;
    assert_eq!(
        frames(bytes, framing, limits(small), false),
        whole,
        "chunks show: {framing:?} {small} {record} {:?}",
        String::from_utf8_lossy(bytes)
    );
    let Some(whole) = whole else { return 1 };
    if bytes.len() > 3 {
        assert_eq!(
            frames(bytes, framing, limits(small), true).as_ref(),
            Some(&whole),
            "a stop shows: {framing:?} {small} {record} {:?}",
            String::from_utf8_lossy(bytes)
        );
    }
    let mut end = 0;
    for (offset, length) in &whole {
        assert!(*offset >= end && offset + length <= bytes.len() as u64, "frames overlap or lie outside");
        if framing == Framing::Ndjson {
            assert_blank(bytes, end, *offset);
        }
        end = offset + length;
    }
    if framing == Framing::Ndjson {
        assert_blank(bytes, end, bytes.len() as u64);
    }
    1
}

/// Between lines there is nothing but blanks, and a byte order mark at the beginning.
fn assert_blank(bytes: &[u8], from: u64, to: u64) {
    let between = bytes.get(from as usize..to as usize).unwrap_or_default();
    let between = if from == 0 { between.strip_prefix(b"\xef\xbb\xbf").unwrap_or(between) } else { between };
    assert!(between.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')), "bytes are lost");
}
