//! Where bytes come from: files and standard input, decompressed as their first bytes say.
//!
//! ```text
//! file or stdin ──count──> magic bytes ──gzip, zstd or plain──> bytes as they were before compression
//! ```

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
    /// Bytes that the program carries.
    Embedded {
        /// What reports call them.
        name: &'static str,
        /// The bytes, compressed or not.
        bytes: &'static [u8],
    },
}

/// An open source.
pub struct Source {
    /// What reports call it: the path as given, `-` for standard input.
    pub name: Arc<str>,
    /// The decompressed bytes.
    pub reader: Box<dyn Read + Send>,
}

/// How much of the compressed bytes has been read; cheap to share with who draws a progress bar.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<AtomicU64>);

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// Bytes of a file read at once, before decompression.
const BUFFER: usize = 256 * 1024;

impl Origin {
    /// The origin that an argument names: `-` is standard input.
    pub fn of(argument: &str) -> Origin {
        if argument == "-" { Origin::Stdin } else { Origin::File(PathBuf::from(argument)) }
    }

    /// What reports call it.
    pub fn name(&self) -> String {
        match self {
            Origin::Stdin => "-".to_owned(),
            Origin::Embedded { name, .. } => (*name).to_owned(),
            Origin::File(path) => path.display().to_string(),
        }
    }

    /// Size in bytes as stored; `None` of what has no size.
    pub fn size(&self) -> Option<u64> {
        match self {
            Origin::Stdin => None,
            Origin::Embedded { bytes, .. } => Some(bytes.len() as u64),
            Origin::File(path) => path.metadata().ok().filter(std::fs::Metadata::is_file).map(|m| m.len()),
        }
    }

    /// Opens it, and reads its first bytes to see how it is compressed.
    pub fn open(&self, progress: &Progress) -> io::Result<Source> {
        let raw: Box<dyn Read + Send> = match self {
            Origin::Stdin => Box::new(io::stdin()),
            Origin::Embedded { bytes, .. } => Box::new(*bytes),
            Origin::File(path) => Box::new(open_file(path)?),
        };
        let reader = decompressed(Counted { inner: raw, progress: progress.clone() })?;
        Ok(Source { name: self.name().into(), reader })
    }
}

impl Progress {
    /// Bytes read so far, as stored.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The bytes behind gzip or zstd, or as they are.
pub fn decompressed(mut raw: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    let mut head = Vec::with_capacity(ZSTD.len());
    raw.by_ref().take(ZSTD.len() as u64).read_to_end(&mut head)?;
    let (gzip, zstd) = (head.starts_with(GZIP), head.starts_with(ZSTD));
    let whole = Cursor::new(head).chain(raw);
    Ok(if gzip {
        Box::new(MultiGzDecoder::new(BufReader::with_capacity(BUFFER, whole)))
    } else if zstd {
        Box::new(ZstdReader::Between(BufReader::with_capacity(BUFFER, whole)))
    } else {
        Box::new(whole)
    })
}

/// A directory opens like a file and fails only when read; say so at once.
fn open_file(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a directory; name the files in it"));
    }
    Ok(file)
}

/// Counts what is read.
struct Counted<R> {
    inner: R,
    progress: Progress,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.progress.0.fetch_add(read as u64, Ordering::Relaxed);
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
        match head {
            [] => return Ok(false),
            // A skippable frame: magic number 0x184D2A5?, then its length.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                let mut header = [0; 8];
                reader.read_exact(&mut header)?;
                let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
                io::copy(&mut reader.by_ref().take(u64::from(length)), &mut io::sink())?;
            }
            _ => return Ok(true),
        }
    }
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

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(text: &str) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(text.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest)
    }

    fn read(bytes: Vec<u8>) -> io::Result<String> {
        let mut text = String::new();
        decompressed(Cursor::new(bytes))?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn compression_is_told_by_the_first_bytes() {
        let skippable = [0x51, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
        for (bytes, text) in [
            (b"plain".to_vec(), "plain"),
            (b"".to_vec(), ""),
            (b"{".to_vec(), "{"),
            (gzip("one"), "one"),
            ([gzip("one "), gzip("two")].concat(), "one two"),
            (zstd("one"), "one"),
            ([zstd("one "), skippable.to_vec(), zstd("two")].concat(), "one two"),
        ] {
            assert_eq!(read(bytes).unwrap(), text);
        }
    }

    #[test]
    fn a_cut_off_archive_is_an_error_after_what_can_be_read() {
        let text = "some text that is long enough to be split ".repeat(1000);
        for whole in [gzip(&text), zstd(&text)] {
            let half = whole[..whole.len() / 2].to_vec();
            let mut reader = decompressed(Cursor::new(half)).unwrap();
            let mut bytes = Vec::new();
            assert!(reader.read_to_end(&mut bytes).is_err());
            assert!(text.as_bytes().starts_with(&bytes));
        }
    }

    #[test]
    fn a_directory_is_refused() {
        let error = Origin::of("src").open(&Progress::default()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::IsADirectory);
    }

    #[test]
    fn a_minus_is_standard_input() {
        assert_eq!(Origin::of("-"), Origin::Stdin);
        assert_eq!(Origin::of("./-"), Origin::File("./-".into()));
    }
}
