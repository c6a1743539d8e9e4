//! Compressed bytes to plain ones: gzip and zstd, of several members each, told by the first bytes.
//!
//! ```text
//! stored bytes ──magic number──> gzip, zstd or plain ──Bounded──> plain bytes
//! ```

use super::{Expansion, Progress};
use flate2::bufread::GzDecoder;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::fmt;
use std::io::{self, BufRead, BufReader, Cursor, Read};

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// Bytes of a magic number, at most.
pub(super) const MAGIC: usize = ZSTD.len();
/// Bytes of a file read at once, before decompression.
const BUFFER: usize = 256 * 1024;

/// Whether bytes that begin so are compressed.
pub(super) fn is_compressed(head: &[u8]) -> bool {
    head.starts_with(GZIP) || head.starts_with(ZSTD) || is_skippable(head)
}

/// The bytes behind gzip or zstd, or as they are. `progress` counts what is read of `raw`.
pub(super) fn decompressed(
    mut raw: impl Read + Send + 'static,
    progress: &Progress,
    expansion: Expansion,
) -> io::Result<Box<dyn Read + Send>> {
    let mut head = Vec::with_capacity(MAGIC);
    raw.by_ref().take(MAGIC as u64).read_to_end(&mut head)?;
    let (gzip, zstd) = (head.starts_with(GZIP), head.starts_with(ZSTD) || is_skippable(&head));
    let whole = Cursor::new(head).chain(raw);
    if !gzip && !zstd {
        return Ok(counted(whole, progress));
    }
    let stored = Progress::default();
    let counted = Counted { inner: Counted { inner: whole, count: stored.clone() }, count: progress.clone() };
    let buffered = BufReader::with_capacity(BUFFER, counted);
    let inner: Box<dyn Read + Send> =
        if gzip { Box::new(GzipReader::Between(buffered)) } else { Box::new(ZstdReader::Between(buffered)) };
    Ok(Box::new(Bounded { inner, stored, expansion, given: 0 }))
}

/// The same bytes, counted.
pub(super) fn counted(raw: impl Read + Send + 'static, progress: &Progress) -> Box<dyn Read + Send> {
    Box::new(Counted { inner: raw, count: progress.clone() })
}

/// Counts what is read.
struct Counted<R> {
    inner: R,
    count: Progress,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.add(read as u64);
        Ok(read)
    }
}

/// Refuses to expand more than is allowed.
struct Bounded {
    inner: Box<dyn Read + Send>,
    /// Compressed bytes read.
    stored: Progress,
    expansion: Expansion,
    /// Plain bytes given.
    given: u64,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.given += read as u64;
        self.expansion.check(self.stored.bytes(), self.given)?;
        Ok(read)
    }
}

/// Members of gzip one after the other. Behind each there may be zeros, as on tapes and in blocks of a fixed size.
enum GzipReader<R: BufRead> {
    /// At the start of a member or at the end of input.
    Between(R),
    /// Within a member.
    Member(Box<GzDecoder<R>>),
    /// After an error.
    Broken,
}

impl<R: BufRead> Read for GzipReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self {
                GzipReader::Between(reader) => {
                    let head = reader.fill_buf()?;
                    if head.is_empty() {
                        return Ok(0);
                    }
                    let zeros = head.iter().take_while(|byte| **byte == 0).count();
                    if zeros > 0 {
                        reader.consume(zeros);
                        continue;
                    }
                    if let GzipReader::Between(reader) = std::mem::replace(self, GzipReader::Broken) {
                        *self = GzipReader::Member(Box::new(GzDecoder::new(reader)));
                    }
                }
                GzipReader::Member(member) => match member.read(buffer) {
                    Ok(0) if !buffer.is_empty() => {
                        if let GzipReader::Member(member) = std::mem::replace(self, GzipReader::Broken) {
                            *self = GzipReader::Between(member.into_inner());
                        }
                    }
                    Err(error) if !is_of_system(&error) => {
                        let error = match error.kind() {
                            // All of the member was there, and is not what its checksum says.
                            io::ErrorKind::InvalidInput => damaged("gzip", &error),
                            _ => broken("gzip", member.get_mut(), &error),
                        };
                        *self = GzipReader::Broken;
                        return Err(error);
                    }
                    read => return read,
                },
                GzipReader::Broken => return Ok(0),
            }
        }
    }
}

/// Whether an error is not of the data, but of reading it.
fn is_of_system(error: &io::Error) -> bool {
    error.raw_os_error().is_some()
        || matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock)
}

/// What to say of compressed data that `reader` gave and that cannot be read on.
fn broken(format: &str, reader: &mut impl BufRead, error: &dyn fmt::Display) -> io::Error {
    let is_cut_off = reader.fill_buf().is_ok_and(<[u8]>::is_empty);
    if is_cut_off {
        let message = format!(
            "its {format} data is cut off; what came before that was read; is it still being written, or was its \
             transfer cut off?"
        );
        return io::Error::new(io::ErrorKind::UnexpectedEof, message);
    }
    damaged(format, error)
}

fn damaged(format: &str, error: &dyn fmt::Display) -> io::Error {
    let message = format!(
        "its {format} data is damaged, or is followed by what is none ({error}); what came before was read"
    );
    io::Error::new(io::ErrorKind::InvalidData, message)
}

/// Frames of zstd one after the other, as `zstd` and `cat` write them. Pure Rust, so that the binary stays one static
/// file without a C compiler; audit archives are read slower than with the C library, yet faster than they parse.
enum ZstdReader<R: BufRead> {
    /// At the start of a frame or at the end of input.
    Between(R),
    /// Within a frame.
    Frame(R, Box<FrameDecoder>),
    /// After an error.
    Broken,
}

impl<R: BufRead> Read for ZstdReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match std::mem::replace(self, ZstdReader::Broken) {
                ZstdReader::Between(mut reader) => {
                    if !skip_to_frame(&mut reader)? {
                        *self = ZstdReader::Between(reader);
                        return Ok(0);
                    }
                    let mut decoder = Box::new(FrameDecoder::new());
                    if let Err(error) = decoder.init(&mut reader) {
                        return Err(broken("zstd", &mut reader, &error));
                    }
                    *self = ZstdReader::Frame(reader, decoder);
                }
                ZstdReader::Frame(mut reader, mut decoder) => {
                    if decoder.can_collect() > 0 {
                        let read = decoder.read(buffer);
                        *self = ZstdReader::Frame(reader, decoder);
                        return read;
                    }
                    if decoder.is_finished() {
                        verify(&decoder)?;
                        *self = ZstdReader::Between(reader);
                        continue;
                    }
                    if let Err(error) =
                        decoder.decode_blocks(&mut reader, BlockDecodingStrategy::UptoBlocks(1))
                    {
                        return Err(broken("zstd", &mut reader, &error));
                    }
                    *self = ZstdReader::Frame(reader, decoder);
                }
                ZstdReader::Broken => return Ok(0),
            }
        }
    }
}

/// Passes skippable frames; whether another frame follows.
fn skip_to_frame(reader: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let head = match reader.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            head => head?,
        };
        if head.is_empty() {
            return Ok(false);
        }
        if !is_skippable(head) {
            return Ok(true);
        }
        let mut header = [0; 8];
        if let Err(error) = reader.read_exact(&mut header) {
            return Err(broken("zstd", reader, &error));
        }
        let length = u64::from(u32::from_le_bytes([header[4], header[5], header[6], header[7]]));
        if io::copy(&mut reader.by_ref().take(length), &mut io::sink())? < length {
            return Err(broken("zstd", reader, &"a frame to be skipped is not whole"));
        }
    }
}

/// A skippable frame of zstd: magic number 0x184D2A5?, then its length.
fn is_skippable(head: &[u8]) -> bool {
    matches!(head, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

fn verify(decoder: &FrameDecoder) -> io::Result<()> {
    match (decoder.get_checksum_from_data(), decoder.get_calculated_checksum()) {
        (Some(stored), Some(calculated)) if stored != calculated => {
            Err(io::Error::new(io::ErrorKind::InvalidData, "zstd checksum does not match its data"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest)
    }

    fn open(bytes: Vec<u8>, expansion: Expansion) -> Box<dyn Read + Send> {
        decompressed(Cursor::new(bytes), &Progress::default(), expansion).unwrap()
    }

    fn read(bytes: Vec<u8>) -> io::Result<String> {
        let mut text = String::new();
        open(bytes, Expansion::default()).read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn compression_is_told_by_the_first_bytes() {
        let skippable = [0x51, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
        for (bytes, text) in [
            (b"plain".to_vec(), "plain"),
            (b"".to_vec(), ""),
            (b"{".to_vec(), "{"),
            (gzip(b"one"), "one"),
            ([gzip(b"one "), gzip(b""), gzip(b"two")].concat(), "one two"),
            (zstd(b"one"), "one"),
            ([zstd(b"one "), skippable.to_vec(), zstd(b"two")].concat(), "one two"),
            ([skippable.to_vec(), zstd(b"one")].concat(), "one"),
            ([gzip(b"one"), vec![0; 1000], gzip(b" two"), vec![0; 300_000]].concat(), "one two"),
        ] {
            assert_eq!(read(bytes).unwrap(), text);
        }
    }

    #[test]
    fn a_cut_off_archive_is_an_error_after_what_can_be_read() {
        let text = b"some text that is long enough to be split ".repeat(1000);
        for whole in [gzip(&text), zstd(&text)] {
            let half = whole[..whole.len() / 2].to_vec();
            let mut bytes = Vec::new();
            let error = open(half, Expansion::default()).read_to_end(&mut bytes).unwrap_err();
            assert!(error.to_string().contains("data is cut off"), "{error}");
            assert!(text.starts_with(&bytes));
        }
    }

    #[test]
    fn an_archive_that_is_not_what_its_checksum_says_is_damaged() {
        let mut whole = gzip(b"text");
        let checksum = whole.len() - 8;
        whole[checksum] ^= 1;
        let mut bytes = Vec::new();
        let error = open(whole, Expansion::default()).read_to_end(&mut bytes).unwrap_err();
        assert!(error.to_string().contains("data is damaged"), "{error}");
        assert_eq!(bytes, b"text");
    }

    #[test]
    fn what_follows_an_archive_and_is_none_is_an_error_after_the_archive() {
        for whole in [gzip(b"text"), zstd(b"text")] {
            let mut bytes = Vec::new();
            let mut reader = open([whole, b"what else there is".to_vec()].concat(), Expansion::default());
            let error = reader.read_to_end(&mut bytes).unwrap_err();
            assert!(error.to_string().contains("is followed by what is none"), "{error}");
            assert_eq!(bytes, b"text");
        }
    }

    #[test]
    fn a_signal_that_interrupts_the_reading_loses_nothing() {
        struct Interrupted<R>(R, bool);
        impl<R: Read> Read for Interrupted<R> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.1 = !self.1;
                let few = buffer.len().min(3);
                if self.1 { Err(io::ErrorKind::Interrupted.into()) } else { self.0.read(&mut buffer[..few]) }
            }
        }
        let text = b"some text that is long enough to be split ".repeat(1000);
        for whole in [[gzip(&text), gzip(b"!")].concat(), [zstd(&text), zstd(b"!")].concat()] {
            let raw = Interrupted(Cursor::new(whole), false);
            let mut reader = decompressed(raw, &Progress::default(), Expansion::default()).unwrap();
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes).unwrap();
            assert!(bytes == [&text[..], b"!"].concat(), "{} bytes", bytes.len());
        }
    }

    #[test]
    fn what_expands_too_much_is_an_error_that_says_how_to_allow_it() {
        let zeros = vec![0; 1 << 20];
        for stored in [gzip(&zeros), zstd(&zeros), [gzip(&zeros[..1000]), gzip(&zeros)].concat()] {
            let ratio = |ratio| Expansion { ratio, free: 1 << 16 };
            let error = io::copy(&mut open(stored.clone(), ratio(20)), &mut io::sink()).unwrap_err();
            assert!(error.to_string().contains("--max-expansion"), "{error}");
            let length = io::copy(&mut open(stored, ratio(1_000_000)), &mut io::sink()).unwrap();
            assert!(length >= zeros.len() as u64);
        }
        let little = Expansion { ratio: 1, free: 1 << 21 };
        assert_eq!(io::copy(&mut open(gzip(&zeros), little), &mut io::sink()).unwrap(), 1 << 20);
    }
}
