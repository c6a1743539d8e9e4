//! Framing as a whole: the same records however the bytes come.

use super::*;
use proptest::prelude::*;

/// Offset and text of each record; of a line that is too long, its length.
fn frames(bytes: &[u8], framing: Framing, limits: Limits) -> Vec<(u64, String)> {
    let mut framer = Framer::new(bytes, framing, limits);
    let (mut batch, mut all, mut taken) = (Batch::default(), Vec::new(), 0);
    while framer.fill(&mut batch).unwrap() {
        taken += batch.taken;
        for frame in &batch.frames {
            all.push(match frame {
                Frame::Record(range) => {
                    let text = String::from_utf8_lossy(batch.record(range)).into_owned();
                    (batch.offset + range.start as u64, text)
                }
                Frame::TooLong { offset, length, .. } => (*offset, format!("too long: {length}")),
                Frame::Unclosed { offset } => (*offset, "unclosed".to_owned()),
            });
        }
    }
    assert_eq!(taken, bytes.len() as u64);
    all
}

const CHUNKS: [usize; 5] = [1, 2, 3, 7, 1 << 20];

#[test]
fn lines_are_records_however_they_end() {
    for chunk in CHUNKS {
        for (bytes, expected) in [
            (&b"a\nb\n"[..], vec![(0, "a"), (2, "b")]),
            (b"a\nb", vec![(0, "a"), (2, "b")]),
            (b"a\r\nb\r\n", vec![(0, "a"), (3, "b")]),
            (b"\xef\xbb\xbfa\nb", vec![(3, "a"), (5, "b")]),
            (b"\n\r\n  \t\na\n\n", vec![(7, "a")]),
            (b"", vec![]),
            (b"\xef\xbb\xbf", vec![]),
            (b"a\r", vec![(0, "a")]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(o, t)| (o, t.to_owned())).collect();
            assert_eq!(
                frames(bytes, Framing::Ndjson, Limits { chunk, record: 100 }),
                expected,
                "{chunk}: {bytes:?}"
            );
        }
    }
}

#[test]
fn a_blank_line_over_the_limit_is_seen_before_the_framing_is_decided_too() {
    for chunk in CHUNKS {
        let found = frames(b"\t\t\n1\n", Framing::Auto, Limits { chunk, record: 1 });
        assert_eq!(found, [(0, "too long: 2".to_owned()), (3, "1".to_owned())], "{chunk}");
    }
}

#[test]
fn a_line_over_the_limit_is_passed_and_counted() {
    for chunk in CHUNKS {
        let limits = Limits { chunk, record: 3 };
        let found = frames(b"abc\r\nabcd\r\nab\nabcdefghij\nabc\nabcd", Framing::Ndjson, limits);
        let expected = [
            (0, "abc"),
            (5, "too long: 4"),
            (11, "ab"),
            (14, "too long: 10"),
            (25, "abc"),
            (29, "too long: 4"),
        ];
        assert_eq!(found, expected.map(|(o, t)| (o, t.to_owned())), "{chunk}");
    }
}

#[test]
fn a_long_line_is_not_held_in_memory() {
    let line = vec![b'x'; 1 << 20];
    let mut framer = Framer::new(&line[..], Framing::Ndjson, Limits { chunk: 4096, record: 1000 });
    let mut batch = Batch::default();
    while framer.fill(&mut batch).unwrap() {
        assert!(batch.bytes.len() <= 4096 + 1001);
    }
}

/// Fails after some bytes.
struct Failing<'a>(&'a [u8]);

impl Read for Failing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() { Err(io::Error::other("gone")) } else { self.0.read(buffer) }
    }
}

#[test]
fn what_was_read_before_a_failure_is_given() {
    let mut framer = Framer::new(Failing(b"a\nb"), Framing::Ndjson, Limits { chunk: 100, record: 100 });
    let (mut first, mut last) = (Batch::default(), Batch::default());
    assert!(framer.fill(&mut first).unwrap());
    assert_eq!((first.record(&(0..1)), first.frames.len()), (&b"a"[..], 1));
    assert!(framer.fill(&mut last).is_err());
    assert_eq!((last.record(&(0..1)), last.frames.len()), (&b"b"[..], 1));
    assert!(!framer.fill(&mut last).unwrap());
}

/// Every kind of input with its records.
const JSON: &[(&str, &[&str])] = &[
    ("", &[]),
    (" \n ", &[]),
    (r#"{"a":1}{"b":2} {"c":3}"#, &[r#"{"a":1}"#, r#"{"b":2}"#, r#"{"c":3}"#]),
    ("{\n \"a\": 1\n}\n{\n}\n", &["{\n \"a\": 1\n}", "{\n}"]),
    ("\u{feff}[{}]", &["{}"]),
    ("[]", &[]),
    ("[{},{}][{}]", &["{}", "{}", "{}"]),
    ("[\n  {\"a\":[{}]},\n  {}\n]\n", &["{\"a\":[{}]}", "{}"]),
    // What is no object is for the parser to reject.
    ("[1, \"x\",[{}],null]", &["1", "\"x\"", "[{}]", "null"]),
    (r#"{"records":[{"a":1},{"b":2}]}"#, &[r#"{"a":1}"#, r#"{"b":2}"#]),
    ("{\"Records\":[{}]}\n{\"Records\":[{}]}\n", &["{}", "{}"]),
    (r#"{"@odata.context":"x","value":[{}],"nextLink":"{}"}{}"#, &["{}", "{}"]),
    (r#"{"value":[]}"#, &[]),
    (r#"{"value":[1]}"#, &[r#"{"value":[1]}"#]),
    (r#"{"value":1}{"value":[{}]}"#, &[r#"{"value":1}"#, "{}"]),
    // Only at the top is an object an envelope.
    (r#"[{"value":[{}]}]"#, &[r#"{"value":[{}]}"#]),
    // An error costs the value that is broken, up to the next line that begins with a record.
    ("{\"a\":\"x\n{\"b\":1}\n{\"c\":1}", &["{\"a\":\"x", "{\"b\":1}", "{\"c\":1}"]),
    ("{\"a\":{\n{\"b\":1}\n{\"c\":1}", &["{\"a\":{", "{\"b\":1}", "{\"c\":1}"]),
    ("{\"a\":\n{\"b\":1}\n{\"c\":1}", &["{\"a\":", "{\"b\":1}", "{\"c\":1}"]),
    ("{\"a\":[\n{\"b\":1}", &["{\"a\":[", "{\"b\":1}"]),
    ("[\n{\"a\":{\"b\":\n{\"c\":1},\n{}\n]", &["{\"a\":{\"b\":", "{\"c\":1}", "{}"]),
    ("{\"records\":[\n {\"a\":]},\n {}\n]}", &["{\"a\":]},", "{}"]),
    ("{}\nhello\nworld\n{}", &["{}", "hello\nworld", "{}"]),
    ("{}} x\n {}\n{}", &["{}", "} x\n {}", "{}"]),
    // What lies deeper than records do is part of one.
    (
        "[\n {\n  \"a\": [\n  {\"b\": 1},\n  {\"c\" 1}\n ]\n },\n {}\n]",
        &["{\n  \"a\": [\n  {\"b\": 1},\n  {\"c\" 1}\n ]\n },", "{}"],
    ),
    // Cut off.
    ("[{},{\"a\":1", &["{}", "{\"a\":1"]),
    ("[{},", &["{}", "unclosed"]),
    ("{\"value\":[{}]", &["{}", "unclosed"]),
    ("{\"value\":[{}]\n{}", &["{}", "unclosed", "{}"]),
    ("{\"value\":[{}],\"x", &["{}", "unclosed"]),
    ("[{},17", &["{}", "17"]),
    ("{\"value\":[{}],\"x\n\":1}\n{}", &["{}", "unclosed", "\":1}", "{}"]),
    // A form feed is no blank.
    ("\u{c}\n{}", &["\u{c}", "{}"]),
];

#[test]
fn values_are_records_wherever_they_lie() {
    for chunk in CHUNKS {
        for (text, expected) in JSON {
            let found = frames(text.as_bytes(), Framing::Json, Limits { chunk, record: 100 });
            let (offsets, texts): (Vec<u64>, Vec<String>) = found.into_iter().unzip();
            assert_eq!(texts, *expected, "{chunk}: {text}");
            for (offset, record) in offsets.iter().zip(&texts) {
                let there = &text[*offset as usize..];
                assert!(record == "unclosed" || there.starts_with(record), "{chunk}: {text}");
            }
            assert!(offsets.is_sorted());
        }
    }
}

#[test]
fn a_value_over_the_limit_is_passed_and_counted() {
    for chunk in CHUNKS {
        for (text, expected) in [
            (r#"{"abcdefg":1}{}"#, &[(0, "too long: 13"), (13, "{}")][..]),
            (r#"[{"abcdefg":1},{}]"#, &[(1, "too long: 13"), (15, "{}")]),
            ("hello to you\n{}", &[(0, "too long: 13"), (13, "{}")]),
            ("[{\"abcdefg\":\"\n{}\n{}]", &[(1, "too long: 13"), (14, "{}"), (17, "{}")]),
            (r#"{"abcdefgh":1,"value":[{}]}"#, &[(0, "too long: 27")]),
            (r#"{"value":[{}],"abcdefghijk":"#, &[(10, "{}"), (28, "unclosed")]),
        ] {
            let expected: Vec<_> =
                expected.iter().map(|(offset, text)| (*offset, (*text).to_owned())).collect();
            let found = frames(text.as_bytes(), Framing::Json, Limits { chunk, record: 12 });
            assert_eq!(found, expected, "{chunk}: {text}");
        }
    }
}

#[test]
fn an_array_takes_no_more_memory_than_its_records() {
    let array = [b"[".to_vec(), b"{\"a\":1},\n".repeat(100_000), b"{}]".to_vec()].concat();
    let mut framer = Framer::new(&array[..], Framing::Auto, Limits { chunk: 4096, record: 1000 });
    let (mut batch, mut records) = (Batch::default(), 0);
    while framer.fill(&mut batch).unwrap() {
        assert!(batch.bytes.capacity() <= 4 * 4096);
        records += batch.frames.len();
    }
    assert_eq!((records, framer.framing()), (100_001, Framing::Json));
}

#[test]
fn another_encoding_is_an_error_and_gives_no_record() {
    let text: Vec<u8> = "{\"a\":1}\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for framing in [Framing::Auto, Framing::Ndjson, Framing::Json] {
        let mut framer = Framer::new(&text[..], framing, Limits { chunk: 5, record: 100 });
        let mut batch = Batch::default();
        assert!(framer.fill(&mut batch).unwrap_err().to_string().contains("UTF-16LE"));
        assert!(batch.frames.is_empty() && !framer.fill(&mut batch).unwrap());
    }
}

/// Gives what it has, then says that there is nothing now.
struct Live(std::collections::VecDeque<&'static [u8]>);

impl Read for Live {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.pop_front() {
            Some(bytes) => (&mut &*bytes).read(buffer),
            None => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

#[test]
fn a_source_that_has_nothing_now_is_asked_again() {
    let reader = Live([&b"{}\n{\"a\""[..]].into());
    let mut framer = Framer::new(reader, Framing::Auto, Limits::default());
    let mut batch = Batch::default();
    assert!(framer.fill(&mut batch).unwrap() && !framer.is_idle());
    assert_eq!(batch.frames, [Frame::Record(0..2)]);
    assert!(framer.fill(&mut batch).unwrap() && framer.is_idle() && batch.frames.is_empty());
    framer.reader.0.push_back(b":1}\n");
    assert!(framer.fill(&mut batch).unwrap() && !framer.is_idle());
    assert_eq!(batch.record(&(0..7)), b"{\"a\":1}");
}

fn offsets(batch: &Batch) -> Vec<u64> {
    let offset = |frame: &Frame| match frame {
        Frame::Record(range) => batch.offset + range.start as u64,
        Frame::TooLong { offset, .. } | Frame::Unclosed { offset } => *offset,
    };
    batch.frames.iter().map(offset).collect()
}

/// Text that is JSON here and there.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        &b"{"[..],
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\"",
        b"\\",
        b"\n",
        b" ",
        b"1",
        b"\"a\":",
        b"\"value\":[",
        b"{\"a\":1}",
        b"\n{\"b\":2}\n",
        b"{\"records\":[{\"c\":3}]}",
        b"\xef\xbb\xbf",
        b"\xff",
        b"hello",
        b"\r\n",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// The bytes that are in no frame.
fn between(bytes: &[u8], framing: Framing) -> Vec<u8> {
    let mut framer = Framer::new(bytes, framing, Limits { chunk: 1 << 20, record: 1 << 20 });
    let (mut batch, mut at, mut between) = (Batch::default(), 0, Vec::new());
    while framer.fill(&mut batch).unwrap_or(true) {
        for frame in &batch.frames {
            if let Frame::Record(range) = frame {
                let start = batch.offset as usize + range.start;
                between.extend_from_slice(&bytes[at..start]);
                at = start + range.len();
            }
        }
        if framer.at_end {
            break;
        }
    }
    between.extend_from_slice(&bytes[at..]);
    between
}

#[test]
fn an_empty_source_may_still_begin_with_a_byte_order_mark() {
    let mut framer = Framer::new(&b""[..], Framing::Ndjson, Limits::default());
    let mut batch = Batch::default();
    while framer.fill(&mut batch).unwrap() {}
    let grown = &b"\xef\xbb\xbf{\"a\":1}\n"[..];
    let mut framer = Framer::at(framer.resume(), grown, Framing::Ndjson, Limits::default());
    assert!(framer.fill(&mut batch).unwrap());
    assert_eq!(batch.frames, [Frame::Record(3..10)]);
}

/// The records of a batch, cut or left in lines.
fn records_of(batch: &Batch) -> Vec<Frame> {
    let mut frames = batch.frames.clone();
    let mut start = batch.lines.start;
    for line in batch.record(&batch.lines).split_inclusive(|byte| *byte == b'\n') {
        let record = super::record_of(line.strip_suffix(b"\n").unwrap_or(line));
        frames.extend(record.map(|record| Frame::Record(start..start + record.len())));
        start += line.len();
    }
    frames
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn lines_that_are_left_hold_the_records_that_are_cut(
        bytes in pieces(), chunk in 1_usize..40, record in 1_usize..40
    ) {
        let limits = Limits { chunk, record };
        let mut cut = Framer::new(&bytes[..], Framing::Ndjson, limits);
        let mut left = Framer::new(&bytes[..], Framing::Ndjson, limits).leaving_lines();
        let (mut expected, mut found) = (Vec::new(), Vec::new());
        let mut batch = Batch::default();
        let at = |batch: &Batch, frame: &Frame| match frame {
            Frame::Record(range) => (batch.offset + range.start as u64, range.len() as u64),
            Frame::TooLong { offset, length, .. } => (*offset, *length),
            Frame::Unclosed { offset } => (*offset, 0),
        };
        while cut.fill(&mut batch).unwrap() {
            expected.extend(batch.frames.iter().map(|frame| at(&batch, frame)));
        }
        while left.fill(&mut batch).unwrap() {
            found.extend(records_of(&batch).iter().map(|frame| at(&batch, frame)));
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn chunks_do_not_show(bytes in pieces(), chunk in 1_usize..9, record in 1_usize..40) {
        for framing in [Framing::Auto, Framing::Ndjson, Framing::Json] {
            let whole = frames(&bytes, framing, Limits { chunk: 1 << 20, record });
            prop_assert_eq!(frames(&bytes, framing, Limits { chunk, record }), whole);
        }
    }

    #[test]
    fn reading_goes_on_anywhere_as_if_it_had_not_stopped(bytes in pieces(), chunk in 1_usize..9, record in 1_usize..40) {
        let limits = Limits { chunk, record };
        for framing in [Framing::Auto, Framing::Ndjson, Framing::Json] {
            let whole = frames(&bytes, framing, limits);
            let (mut found, mut resume, mut batch) = (Vec::new(), Resume::default(), Batch::default());
            loop {
                let rest = &bytes[resume.offset as usize..];
                // Each time anew, as if the run had been killed after the batch.
                let mut framer = Framer::at(resume, rest, framing, limits);
                let mut more = framer.fill(&mut batch).unwrap();
                while more && batch.frames.is_empty() && batch.next.offset == resume.offset {
                    more = framer.fill(&mut batch).unwrap();
                }
                found.extend(offsets(&batch));
                resume = batch.next;
                if !more || framer.at_end {
                    break;
                }
            }
            let offsets: Vec<u64> = whole.iter().map(|(offset, _)| *offset).collect();
            prop_assert_eq!(found, offsets);
        }
    }

    #[test]
    fn what_only_the_end_ended_is_read_again_once_there_is_more(bytes in pieces(), more in pieces()) {
        let limits = Limits { chunk: 1 << 20, record: 1 << 20 };
        let grown = [&bytes[..], &more].concat();
        for framing in [Framing::Ndjson, Framing::Json] {
            let mut framer = Framer::new(&bytes[..], framing, limits);
            let (mut batch, mut found, mut resume) = (Batch::default(), Vec::new(), Resume::default());
            while framer.fill(&mut batch).unwrap() {
                found.extend(offsets(&batch));
                resume = batch.unfinished.unwrap_or(batch.next);
            }
            found.retain(|offset| *offset < resume.offset);
            let mut framer = Framer::at(resume, &grown[resume.offset as usize..], framing, limits);
            while framer.fill(&mut batch).unwrap() {
                found.extend(offsets(&batch));
            }
            let whole: Vec<u64> = frames(&grown, framing, limits).iter().map(|(offset, _)| *offset).collect();
            prop_assert_eq!(found, whole);
        }
    }

    #[test]
    fn every_byte_of_lines_is_in_a_record_or_ends_a_line(bytes in pieces()) {
        let between = between(&bytes, Framing::Ndjson);
        let between = between.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&between);
        prop_assert!(between.iter().all(u8::is_ascii_whitespace));
    }

    #[test]
    fn records_written_in_any_way_come_back(records in prop::collection::vec(prop::sample::select(vec![
        "{}", "{\"a\":\"}{\\\"\"}", "{\"value\":{\"x\":[]}}", "{\"a\":[{},{\"b\":null}],\n\"c\":-1.5e3}",
    ]), 1..6), way in 0_usize..6, blank in prop::sample::select(vec!["", " ", "\n", "\r\n\t"])) {
        let (open, separator, close) = [
            ("", "", ""),
            ("[", ",", "]"),
            ("{\"records\":[", ",", "]}"),
            ("{\"Records\" :\n[", " ,", "], \"x\": {\"records\": [{}]}}"),
            ("{\"@odata.context\":\"{[\",\"value\":[", ",", "],\"nextLink\":null}"),
            ("[{\"z\":0}]", "", "[]"),
        ][way];
        let text = format!("{blank}{open}{blank}{}{blank}{close}{blank}", records.join(&format!("{blank}{separator}{blank}")));
        let mut found: Vec<String> = frames(text.as_bytes(), Framing::Json, Limits { chunk: 3, record: 1000 })
            .into_iter().map(|(_, text)| text).collect();
        if way == 5 {
            prop_assert_eq!(found.remove(0), "{\"z\":0}");
        }
        prop_assert_eq!(found, records);
    }
}
