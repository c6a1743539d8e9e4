//! Fail points, for the fault tests alone: the feature `fail-points` has them, the shipped binary does not.
//!
//! A test program calls [`arm`] and then runs as usual. Every operation that writes to disk counts; at the chosen one
//! the process ends at once, in the middle of the write if so wished, or the disk is full from there on. The clock can be set
//! as well.

use rule_model::Timespan;
use std::io;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering};

/// What happens at the chosen operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Fault {
    /// Nothing.
    None,
    /// The process ends before it.
    Abort,
    /// Half of what was to be written is written, then the process ends.
    Torn,
    /// From here on there is no space left.
    Full,
    /// It fails; those after it do not.
    Failing,
    /// Half of each write is done, every other one is interrupted first.
    Slow,
}

static OPERATIONS: AtomicU64 = AtomicU64::new(0);
static AT: AtomicU64 = AtomicU64::new(u64::MAX);
static FAULT: AtomicU8 = AtomicU8::new(Fault::None as u8);
static CLOCK_OFFSET: AtomicI64 = AtomicI64::new(0);

/// Has `fault` happen at the operation of this number, counted from 0.
pub fn arm(fault: Fault, at: u64) {
    FAULT.store(fault as u8, Ordering::SeqCst);
    AT.store(at, Ordering::SeqCst);
}

/// Has the clock go wrong by so much: ahead, or behind.
pub fn set_clock(offset: Timespan) {
    CLOCK_OFFSET.store(offset.0, Ordering::SeqCst);
}

/// By how much the clock goes wrong.
pub(crate) fn clock_offset() -> Timespan {
    Timespan(CLOCK_OFFSET.load(Ordering::SeqCst))
}

/// Operations so far.
pub fn operations() -> u64 {
    OPERATIONS.load(Ordering::SeqCst)
}

/// An operation that is done whole or not at all.
pub(crate) fn point() -> io::Result<()> {
    match due() {
        (Fault::Abort | Fault::Torn, _) => std::process::abort(),
        (Fault::Full, _) => Err(full()),
        (Fault::Failing, 0) => Err(failed()),
        (Fault::None | Fault::Slow | Fault::Failing, _) => Ok(()),
    }
}

/// A write: as many of its bytes as may be written.
pub(crate) fn permitted(bytes: &[u8]) -> io::Result<&[u8]> {
    let half = bytes.get(..bytes.len().div_ceil(2)).unwrap_or(bytes);
    match due() {
        (Fault::Abort, _) => std::process::abort(),
        (Fault::Torn, past) if past > 0 => std::process::abort(),
        (Fault::Torn | Fault::Slow, past) if past % 2 == 0 => Ok(half),
        (Fault::Slow, _) => Err(io::ErrorKind::Interrupted.into()),
        (Fault::Full, _) => Err(full()),
        (Fault::Failing, 0) => Err(failed()),
        _ => Ok(bytes),
    }
}

/// The fault that is due, and how many operations ago it fell due.
fn due() -> (Fault, u64) {
    let number = OPERATIONS.fetch_add(1, Ordering::SeqCst);
    let at = AT.load(Ordering::SeqCst);
    let fault = match FAULT.load(Ordering::SeqCst) {
        fault if fault == Fault::Abort as u8 => Fault::Abort,
        fault if fault == Fault::Torn as u8 => Fault::Torn,
        fault if fault == Fault::Full as u8 => Fault::Full,
        fault if fault == Fault::Failing as u8 => Fault::Failing,
        fault if fault == Fault::Slow as u8 => Fault::Slow,
        _ => Fault::None,
    };
    if number < at { (Fault::None, 0) } else { (fault, number - at) }
}

/// What a full disk says.
fn full() -> io::Error {
    const ENOSPC: i32 = 28;
    io::Error::from_raw_os_error(ENOSPC)
}

/// What a disk says that has failed.
fn failed() -> io::Error {
    const EIO: i32 = 5;
    io::Error::from_raw_os_error(EIO)
}
