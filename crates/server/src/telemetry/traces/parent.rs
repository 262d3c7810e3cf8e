//! `traceparent` (W3C Trace Context, 3.2): what a client's is read as, and how ours is written.

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

/// What version 00 is long, and what every later one begins with.
const LENGTH: usize = 55;

/// `00-<trace>-<span>-<flags>`, in small letters. A later version may go on behind that; anything else is nothing.
pub fn read(text: &str) -> Option<SpanContext> {
    let (known, more) = text.split_at_checked(LENGTH)?;
    let mut parts = known.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex =
        |text: &str, length: usize| text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let fits = is_hex(version, 2) && is_hex(trace, 32) && is_hex(span, 16) && is_hex(flags, 2) && parts.next().is_none();
    let goes_on = more.is_empty() || (version != "00" && more.starts_with('-'));
    if !fits || !goes_on || version == "ff" {
        return None;
    }
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    // Of the flags one has a meaning that is known.
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED;
    Some(SpanContext::new(trace, span, flags, true, TraceState::default())).filter(SpanContext::is_valid)
}

/// The same, the other way.
pub fn write(context: &SpanContext) -> String {
    format!("00-{}-{}-{:02x}", context.trace_id(), context.span_id(), context.trace_flags())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, is_one: bool) {
        assert_eq!(read(text).is_some(), is_one, "{text}");
    }

    #[test]
    fn a_traceparent_is_read_to_the_letter_or_left_alone() {
        check("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true);
        check("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", true);
        check("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", false);
        check("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", false);
        check("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0", false);
        check(" 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false);
        check("00-00000000000000000000000000000000-b7ad6b7169203331-01", false);
        check("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false);
        check("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false);
        check("00-0af7651916cd43dd8448eb211c80319c-b7ad6b71692033-01", false);
        check("00-0af7651916cd43dd8448eb211c80319cb7ad6b7169203331-01-", false);
        check("nonsense", false);
        check("", false);
    }

    #[test]
    fn what_a_later_version_adds_is_passed_over() {
        check("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true);
        check("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what the future brings", true);
        check("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.", false);
    }

    #[test]
    fn what_is_written_is_what_was_read() {
        let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(read(text).map(|context| write(&context)).as_deref(), Some(text));
    }
}
