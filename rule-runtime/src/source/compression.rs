//! Compressed bytes to plain ones: gzip and zstd, of several members each, told by the first bytes.
//!
//! ```text
//! stored bytes ──magic number──> gzip, zstd or plain ──Bounded──> plain bytes
//! ```

use super::{Expansion, Progress};
use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};
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
        if gzip { Box::new(MultiGzDecoder::new(buffered)) } else { Box::new(ZstdReader::Between(buffered)) };
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

/// Frames of zstd one after the other, as `zstd` and `cat` write them. Pure Rust, so that the binary stays one static
/// file without a C compiler; audit archives are read slower than with the C library, yet faster than they parse.
enum ZstdReader<R: BufRead> {
    /// At the start of a frame or at the end of input.
    Between(R),
    /// Within a frame.
    Frame(Box<StreamingDecoder<R, FrameDecoder>>),
    /// After an error.
    Broken,
}

impl<R: BufRead> Read for ZstdReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match std::mem::replace(self, ZstdReader::Broken) {
                ZstdReader::Between(mut reader) => {
                    if skip_to_frame(&mut reader)? {
                        let frame = StreamingDecoder::new(reader).map_err(io::Error::other)?;
                        *self = ZstdReader::Frame(Box::new(frame));
                    } else {
                        *self = ZstdReader::Between(reader);
                        return Ok(0);
                    }
                }
                ZstdReader::Frame(mut frame) => {
                    let read = frame.read(buffer)?;
                    if read > 0 || buffer.is_empty() {
                        *self = ZstdReader::Frame(frame);
                        return Ok(read);
                    }
                    verify(&frame.decoder)?;
                    *self = ZstdReader::Between(frame.into_inner());
                }
                ZstdReader::Broken => return Ok(0),
            }
        }
    }
}

/// Passes skippable frames; whether another frame follows.
fn skip_to_frame(reader: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let head = reader.fill_buf()?;
        if head.is_empty() {
            return Ok(false);
        }
        if !is_skippable(head) {
            return Ok(true);
        }
        let mut header = [0; 8];
        reader.read_exact(&mut header)?;
        let length = u64::from(u32::from_le_bytes([header[4], header[5], header[6], header[7]]));
        if io::copy(&mut reader.by_ref().take(length), &mut io::sink())? < length {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "zstd frame cut off"));
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
            assert!(open(half, Expansion::default()).read_to_end(&mut bytes).is_err());
            assert!(text.starts_with(&bytes));
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
