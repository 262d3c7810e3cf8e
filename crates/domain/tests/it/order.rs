//! Evidence in any order: what is true of a call comes out the same, however it was told.
//!
//! A true story is made up first; evidence is cut from it, in part, twice over, by webhook and look-up, and told in two
//! orders. Only evidence of an end is whole as to how it ended: what a client was told at the end stays.

use callgate_domain::model::call::{Role, Turn};
use callgate_domain::model::{Call, CallEvent, CallState, EndedBy, EndedReason, Evidence, Placing, Seen, Source, Transition};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use crate::made::{Steps, at, cases, in_state, theirs};

/// What really happened at the provider.
#[derive(Debug, Clone)]
struct Story {
    end: Seen,
    reason: EndedReason,
    by: EndedBy,
    answered: i64,
    ended: i64,
    words: String,
    with_turns: bool,
    opt_out: bool,
}

/// What one message tells of it.
#[derive(Debug, Clone)]
struct Told {
    source: Source,
    stage: Stage,
    id: bool,
    words: Option<usize>,
    duration: bool,
    summary: bool,
    extracted: u8,
    recording: bool,
    opt_out: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Nothing,
    Accepted,
    Ringing,
    Answered,
    Over,
    End,
}

/// One thing that reaches the gateway.
#[derive(Debug, Clone)]
enum News {
    Told(Told),
    Replied(Placing),
    LeaseRanOut,
}

fn any_story() -> impl Strategy<Value = Story> {
    let ends = vec![
        (Seen::Completed, EndedReason::UserHangup, EndedBy::User),
        (Seen::Completed, EndedReason::MaxDuration, EndedBy::Provider),
        (Seen::Completed, EndedReason::Unknown, EndedBy::Unknown),
        (Seen::NoAnswer, EndedReason::NoAnswer, EndedBy::Carrier),
        (Seen::NoAnswer, EndedReason::Declined, EndedBy::User),
        (Seen::Busy, EndedReason::Busy, EndedBy::Carrier),
        (Seen::Failed, EndedReason::CarrierRejected, EndedBy::Carrier),
        (Seen::Canceled, EndedReason::CanceledByClient, EndedBy::Client),
    ];
    let words = select(vec!["agent: Hello\nuser: Привет\nagent: Как дела?", "agent: Hi", "user: Да"]);
    (select(ends), 3i64..30, 1i64..300, words, any::<bool>(), proptest::bool::weighted(0.2)).prop_map(
        |((end, reason, by), answered, talk, words, with_turns, opt_out)| Story {
            end,
            reason,
            by,
            answered,
            ended: answered + talk,
            words: words.to_owned(),
            with_turns,
            opt_out: opt_out && end == Seen::Completed,
        },
    )
}

fn any_told(stage: impl Strategy<Value = Stage>) -> impl Strategy<Value = News> {
    let words = proptest::option::of(0usize..60);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (stage, select(vec![Source::Webhook, Source::LookUp]), words, flags, 0u8..4).prop_map(
        |(stage, source, words, (id, duration, summary, recording, opt_out), extracted)| {
            News::Told(Told { source, stage, id, words, duration, summary, extracted, recording, opt_out })
        },
    )
}

fn any_news() -> impl Strategy<Value = Vec<News>> {
    let stages = vec![Stage::Nothing, Stage::Accepted, Stage::Ringing, Stage::Answered, Stage::Over, Stage::End];
    let news = prop_oneof![
        8 => any_told(select(stages)),
        1 => Just(News::Replied(Placing::Dialed(theirs("theirs-1")))),
        1 => Just(News::Replied(Placing::default())),
        1 => Just(News::LeaseRanOut),
    ];
    (vec(news, 0..10), any_told(Just(Stage::End)), vec(any::<prop::sample::Index>(), 0..4)).prop_map(|(mut news, end, again)| {
        news.push(end);
        let repeated: Vec<_> = again.iter().map(|which| which.get(&news).clone()).collect();
        news.extend(repeated);
        news
    })
}

impl Story {
    fn talked(&self) -> bool {
        self.end == Seen::Completed
    }

    fn evidence(&self, told: &Told) -> Evidence {
        let stage = match told.stage {
            Stage::Answered | Stage::Over if !self.talked() => Stage::Ringing,
            stage => stage,
        };
        let mut evidence = Evidence::new(told.source);
        evidence.seen = match stage {
            Stage::Nothing => None,
            Stage::Accepted => Some(Seen::Accepted),
            Stage::Ringing => Some(Seen::Ringing),
            Stage::Answered => Some(Seen::Answered),
            Stage::Over => Some(Seen::Over),
            Stage::End => Some(self.end),
        };
        evidence.provider_call = told.id.then(|| theirs("theirs-1"));
        let answered = matches!(stage, Stage::Answered | Stage::Over | Stage::End) && self.talked();
        evidence.answered_at = answered.then(|| at(self.answered));
        evidence.ended_at = matches!(stage, Stage::Over | Stage::End).then(|| at(self.ended));
        if stage == Stage::End {
            evidence.ended_reason = Some(self.reason);
            evidence.ended_by = Some(self.by);
        }
        if self.talked() && !matches!(stage, Stage::Accepted | Stage::Ringing) {
            self.outcome(told, stage, &mut evidence);
        }
        evidence
    }

    /// What comes of a talk: cut short where it is told early.
    fn outcome(&self, told: &Told, stage: Stage, evidence: &mut Evidence) {
        if let Some(length) = told.words {
            evidence.words_final = length >= self.words.len() && stage != Stage::Answered;
            let cut = self.words.floor_char_boundary(length);
            let text = if evidence.words_final { &self.words } else { &self.words[..cut] };
            evidence.transcript = Some(text.to_owned());
            if self.with_turns {
                evidence.turns = vec![Turn { role: Role::Agent, text: text.to_owned(), start_ms: Some(7), end_ms: None }];
            }
        }
        let over = stage != Stage::Answered;
        evidence.duration_s = (told.duration && over).then(|| u32::try_from(self.ended - self.answered).unwrap());
        evidence.summary = told.summary.then(|| "They greeted.".to_owned());
        evidence.recording = told.recording.then(|| "https://audio.example/1".to_owned());
        evidence.opt_out = told.opt_out && self.opt_out;
        for n in 0..told.extracted {
            evidence.extracted.insert(format!("fact-{n}"), json!(n));
        }
    }
}

/// The call after all the news in this order, without what only says in which order they came.
fn told(story: &Story, news: &[News]) -> Call {
    let mut call = in_state(CallState::Sending);
    for (n, one) in news.iter().enumerate() {
        let event = match one {
            News::Told(told) => CallEvent::Evidence { attempt: call.newest(), evidence: Box::new(story.evidence(told)) },
            News::Replied(placing) => {
                CallEvent::Placed { attempt: call.newest().id, placing: placing.clone(), other_route: false }
            }
            News::LeaseRanOut => CallEvent::Released,
        };
        if let Ok(Transition::Moved { call: next, .. }) = call.apply(&event, at(1_000 + i64::try_from(n).unwrap())) {
            call = *next;
        }
    }
    call
}

/// Everything but revision, history and looks, and whether the same words were told by webhook or look-up.
fn essence(mut call: Call) -> Call {
    let blank = in_state(CallState::Sending);
    call.revision = blank.revision;
    call.history_head = blank.history_head;
    call.looks = blank.looks;
    call.look_at = None;
    if let Some(words) = call.result.transcript.as_mut() {
        words.source = Source::Webhook;
    }
    call
}

fn news_in_two_orders() -> impl Strategy<Value = (Vec<News>, Vec<News>)> {
    any_news().prop_flat_map(|news| (Just(news.clone()), Just(news).prop_shuffle()))
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn the_same_news_in_any_order_make_the_same_call(story in any_story(), (news, other) in news_in_two_orders()) {
        let call = told(&story, &news);
        prop_assert!(call.state == story.end.state(), "{} is not {}", call.state, story.end);
        prop_assert_eq!(essence(call), essence(told(&story, &other)));
    }

    #[test]
    fn the_same_news_again_change_nothing(story in any_story(), news in any_news()) {
        let once = told(&story, &news);
        let twice = told(&story, &[news.clone(), news].concat());
        prop_assert_eq!(once.newest().contradicted_at, None);
        prop_assert_eq!(essence(once), essence(twice));
    }
}
