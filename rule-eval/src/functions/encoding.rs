//! gzip and zlib in base64.
//!
//! Compression stores the text without shrinking it: that is what the documented results of Kusto are, byte by byte.
//! Source: Kusto documentation, the pages of the four functions.

use crate::function::{Accepts, Function, Param, Signature};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::bufread::{GzDecoder, ZlibDecoder};
use flate2::write::{DeflateEncoder, ZlibEncoder};
use flate2::{Compression, Crc};
use rule_model::{Type, Value};
use std::io::{Read, Write};

const TEXT: &[Signature] =
    &[Signature::new(&[Param::one("text", Accepts::Type(Type::String))], Type::String)];

/// Bytes that a compressed text may grow to, so that a small one cannot fill memory.
const MOST_BYTES: u64 = 64 << 20;

/// Magic number, deflate, no flags, no time, no level, system unknown.
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "gzip_compress_to_base64_string",
        "The text in gzip's format, in base64.",
        TEXT,
        |_, args| encoded(gzip(bytes(&args[0]))),
        &[(
            "gzip_compress_to_base64_string('1234567890qwertyuiop')",
            "'H4sIAAAAAAAA/wEUAOv/MTIzNDU2Nzg5MHF3ZXJ0eXVpb3A6m7f2FAAAAA=='",
        )],
    ),
    Function::scalar(
        "gzip_decompress_from_base64_string",
        "The text that is in gzip's format in base64; empty if it is not.",
        TEXT,
        |_, args| decompressed(&args[0], |bytes| read(GzDecoder::new(bytes))),
        &[
            (
                "gzip_decompress_from_base64_string('H4sIAAAAAAAA/wEUAOv/MTIzNDU2Nzg5MHF3ZXJ0eXVpb3A6m7f2FAAAAA==')",
                "'1234567890qwertyuiop'",
            ),
            ("gzip_decompress_from_base64_string('x0x0x0')", "''"),
        ],
    ),
    Function::scalar(
        "zlib_compress_to_base64_string",
        "The text in zlib's format, in base64.",
        TEXT,
        |_, args| encoded(zlib(bytes(&args[0]))),
        &[(
            "zlib_compress_to_base64_string('1234567890qwertyuiop')",
            "'eAEBFADr/zEyMzQ1Njc4OTBxd2VydHl1aW9wOAkGdw=='",
        )],
    ),
    Function::scalar(
        "zlib_decompress_from_base64_string",
        "The text that is in zlib's format in base64; empty if it is not.",
        TEXT,
        |_, args| decompressed(&args[0], |bytes| read(ZlibDecoder::new(bytes))),
        &[
            ("zlib_decompress_from_base64_string('eJwLSS0uUSguKcrMS1cwNDIGACxqBQ4=')", "'Test string 123'"),
            ("zlib_decompress_from_base64_string('x0x0x0')", "''"),
        ],
    ),
];

fn bytes(text: &Value) -> &[u8] {
    text.as_str().unwrap_or_default().as_bytes()
}

fn encoded(bytes: std::io::Result<Vec<u8>>) -> Value {
    bytes.map_or(Value::EMPTY, |bytes| STANDARD.encode(bytes).into())
}

fn decompressed(text: &Value, decompress: fn(&[u8]) -> Option<String>) -> Value {
    let bytes = STANDARD.decode(bytes(text)).ok();
    bytes.and_then(|bytes| decompress(&bytes)).map_or(Value::EMPTY, Value::from)
}

fn read(reader: impl Read) -> Option<String> {
    let mut text = String::new();
    reader.take(MOST_BYTES).read_to_string(&mut text).ok()?;
    Some(text)
}

fn zlib(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::none());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(GZIP_HEADER.to_vec(), Compression::none());
    encoder.write_all(bytes)?;
    let mut stream = encoder.finish()?;
    let mut crc = Crc::new();
    crc.update(bytes);
    stream.extend(crc.sum().to_le_bytes());
    stream.extend((bytes.len() as u32).to_le_bytes());
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compressed_forms_are_those_that_the_documentation_shows() {
        let text = Value::from("1234567890qwertyuiop");
        let gzipped = encoded(gzip(bytes(&text)));
        assert_eq!(gzipped, "H4sIAAAAAAAA/wEUAOv/MTIzNDU2Nzg5MHF3ZXJ0eXVpb3A6m7f2FAAAAA==".into());
        assert_eq!(encoded(zlib(bytes(&text))), "eAEBFADr/zEyMzQ1Njc4OTBxd2VydHl1aW9wOAkGdw==".into());
        assert_eq!(decompressed(&gzipped, |bytes| read(GzDecoder::new(bytes))), text);
    }

    #[test]
    fn what_is_not_compressed_text_decompresses_to_nothing() {
        for text in ["", "x0x0x0", "eJw=", "!"] {
            let text = Value::from(text);
            assert_eq!(decompressed(&text, |bytes| read(ZlibDecoder::new(bytes))), Value::EMPTY, "{text:?}");
            assert_eq!(decompressed(&text, |bytes| read(GzDecoder::new(bytes))), Value::EMPTY, "{text:?}");
        }
    }
}
