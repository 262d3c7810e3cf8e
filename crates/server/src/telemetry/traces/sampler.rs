//! Which traces are sent, as `OTEL_TRACES_SAMPLER` says.
//!
//! Whoever works on a call has to come to the same answer about its trace, in any process, without asking: it follows from the
//! trace's id alone. OpenTelemetry's own share of traces goes by the id's upper bits as well, which are the same in every UUID.

use opentelemetry::trace::{Link, SpanKind, TraceContextExt, TraceId, TraceState};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample};

/// As many values as the random part of an id has: its last 56 bits (W3C Trace Context Level 2).
const VALUES: u64 = 1 << 56;

/// Which traces are sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampler {
    /// Of the traces that begin here, and of all where whoever began one is not heeded.
    share: f64,
    /// Whether a client's own trace is added to only where the client sends it.
    heeds_parent: bool,
}

impl Sampler {
    /// As the two variables say; all where they say nothing, or nothing that is known.
    pub fn of(name: Option<&str>, argument: Option<&str>) -> Self {
        let name = name.unwrap_or("parentbased_always_on");
        let (heeds_parent, kind) = name.strip_prefix("parentbased_").map_or((false, name), |kind| (true, kind));
        let share = match kind {
            "always_on" => 1.0,
            "always_off" => 0.0,
            "traceidratio" => argument.map_or(Some(1.0), share).unwrap_or_else(|| {
                tracing::warn!(argument, "OTEL_TRACES_SAMPLER_ARG is no share from 0 to 1; all traces are sent");
                1.0
            }),
            _ => {
                tracing::warn!(name, "OTEL_TRACES_SAMPLER names a sampler that is not known here; all traces are sent");
                return Self { share: 1.0, heeds_parent: true };
            }
        };
        Self { share, heeds_parent }
    }

    /// Whether a trace that begins here is sent.
    #[expect(clippy::cast_precision_loss, reason = "a share of so many is no more exact than a float")]
    pub fn takes(self, trace: TraceId) -> bool {
        let random = u128::from_be_bytes(trace.to_bytes()) % u128::from(VALUES);
        random as f64 >= (1.0 - self.share) * VALUES as f64
    }
}

fn share(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|share| (0.0..=1.0).contains(share))
}

impl ShouldSample for Sampler {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        _name: &str,
        _kind: &SpanKind,
        _attributes: &[KeyValue],
        _links: &[Link],
    ) -> SamplingResult {
        let parent = parent.filter(|context| context.has_active_span()).map(|context| context.span().span_context().clone());
        let takes = match &parent {
            Some(parent) if self.heeds_parent => parent.is_sampled(),
            _ => self.takes(trace),
        };
        SamplingResult {
            decision: if takes { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop },
            attributes: Vec::new(),
            trace_state: parent.map_or_else(TraceState::default, |parent| parent.trace_state().clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use callgate_domain::model::CallId;
    use jiff::Timestamp;

    use super::*;

    fn check(name: Option<&str>, argument: Option<&str>, share: f64, heeds_parent: bool) {
        assert_eq!(Sampler::of(name, argument), Sampler { share, heeds_parent }, "{name:?} {argument:?}");
    }

    #[test]
    fn it_is_as_the_variables_say() {
        check(None, None, 1.0, true);
        check(Some("always_on"), None, 1.0, false);
        check(Some("parentbased_always_off"), None, 0.0, true);
        check(Some("traceidratio"), Some("0.25"), 0.25, false);
        check(Some("parentbased_traceidratio"), None, 1.0, true);
        check(Some("traceidratio"), Some("25 %"), 1.0, false);
        check(Some("traceidratio"), Some("NaN"), 1.0, false);
        check(Some("xray"), None, 1.0, true);
    }

    /// How many of the traces of 1,000 calls are sent.
    fn taken(share: f64) -> usize {
        let sampler = Sampler { share, heeds_parent: true };
        let calls = (0..1_000_u64).map(|n| {
            let mut random = [7; 10];
            random.iter_mut().skip(2).zip(n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes()).for_each(|(to, from)| *to = from);
            CallId::new(Timestamp::UNIX_EPOCH, random)
        });
        calls.filter(|call| sampler.takes(TraceId::from_bytes(call.as_uuid().into_bytes()))).count()
    }

    #[test]
    fn a_share_of_the_calls_is_taken_although_ids_are_not_random_in_every_bit() {
        assert_eq!((taken(0.0), taken(1.0)), (0, 1_000));
        for (share, about) in [(0.1, 100), (0.5, 500), (0.9, 900)] {
            assert!(taken(share).abs_diff(about) < 60, "{share}: {}", taken(share));
        }
    }
}
