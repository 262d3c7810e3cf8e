//! The audio of a call, fetched from a real local server: what is passed on, where keys go, and where nobody asks.

use std::sync::Arc;

use callgate_adapters::providers::kind;
use callgate_domain::model::provider::{AudioOrder, ByteRange, Extent};
use callgate_domain::ports::{Audio, ProviderError, VoiceProvider};
use callgate_domain::testing::provider_contract::{Answer, Asked, Engine, the_attempt};
use serde_json::json;

use super::bench::{open, settings};
use super::engine::LocalEngine;

fn provider(base_url: &str) -> Arc<dyn VoiceProvider> {
    let kind = kind("vapi").unwrap();
    let secrets: &[(&str, &[&str])] = &[("api_key", &["the-key"]), ("webhook_secret", &["the-secret"])];
    open(kind, &settings(kind, base_url, &[("number_id", json!("number-1"))], secrets), "2026-01-01T00:00:00Z".parse().unwrap())
}

fn order(told: &str, range: Option<ByteRange>) -> AudioOrder {
    AudioOrder { attempt: the_attempt(), provider_call: None, told: Some(told.to_owned()), range }
}

fn says(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Answer::Is { status, headers, body: body.to_owned() }
}

fn header<'a>(asked: &'a Asked, name: &str) -> Option<&'a str> {
    asked.headers.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str())
}

async fn whole(mut audio: Audio) -> Result<Vec<u8>, ProviderError> {
    let mut all = Vec::new();
    while let Some(bytes) = audio.body.next().await? {
        all.extend(bytes);
    }
    Ok(all)
}

#[tokio::test]
async fn audio_of_the_providers_own_host_is_asked_for_with_its_key() {
    let engine = LocalEngine::start().await;
    engine.answer(says(200, &[("content-type", "audio/wav"), ("set-cookie", "a=b")], "RIFF"));
    let audio = provider(&engine.url).recording(&order(&format!("{}/call/1/mono-recording", engine.url), None)).await.unwrap();
    assert_eq!((audio.content_type.as_deref(), audio.extent, audio.length), (Some("audio/wav"), Extent::Whole, Some(4)));
    assert_eq!(whole(audio).await.unwrap(), b"RIFF");
    let asked = engine.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].path.as_str(), header(&asked[0], "authorization")), ("/call/1/mono-recording", Some("Bearer the-key")));
    assert_eq!(header(&asked[0], "range"), None);
}

#[tokio::test]
async fn a_range_is_passed_on_and_so_is_what_comes_of_it() {
    let engine = LocalEngine::start().await;
    let provider = provider(&engine.url);
    let told = format!("{}/1", engine.url);
    engine.answer(says(206, &[("content-range", "bytes 1-2/4")], "IF"));
    let part = provider.recording(&order(&told, Some(ByteRange::From(1, Some(2))))).await.unwrap();
    assert_eq!(part.extent, Extent::Part { first: 1, last: 2, total: Some(4) });
    assert_eq!(header(&engine.asked()[0], "range"), Some("bytes=1-2"));
    engine.answer(says(416, &[("content-range", "bytes */4")], ""));
    let outside = provider.recording(&order(&told, Some(ByteRange::From(9, None)))).await.unwrap();
    assert_eq!(outside.extent, Extent::Outside { total: Some(4) });
    assert_eq!(header(&engine.asked()[0], "range"), Some("bytes=9-"));
    // Who does not know ranges sends all.
    engine.answer(says(200, &[], "RIFF"));
    assert_eq!(provider.recording(&order(&told, Some(ByteRange::Last(1)))).await.unwrap().extent, Extent::Whole);
    for odd in [says(206, &[], "IF"), says(206, &[("content-range", "bytes 3-1/4")], "IF")] {
        engine.answer(odd);
        let odd = provider.recording(&order(&told, Some(ByteRange::Last(1)))).await;
        assert!(matches!(odd, Err(ProviderError::Failed(_))));
    }
    engine.answer(says(206, &[("content-range", "bytes 1-2/4")], "IF"));
    assert!(matches!(provider.recording(&order(&told, None)).await, Err(ProviderError::Failed(_))));
}

#[tokio::test]
async fn redirects_are_followed_three_times_and_never_into_a_network_of_our_own() {
    let engine = LocalEngine::start().await;
    let provider = provider(&engine.url);
    let told = format!("{}/1", engine.url);
    let to = |path: &str| says(302, &[("location", path)], "");
    engine.answer_aside(vec![("/1".to_owned(), to("/2")), ("/2".to_owned(), to("/3")), ("/3".to_owned(), to("/4"))]);
    engine.answer(says(200, &[], "RIFF"));
    assert_eq!(whole(provider.recording(&order(&told, None)).await.unwrap()).await.unwrap(), b"RIFF");
    engine.answer(to("/5"));
    assert!(matches!(provider.recording(&order(&told, None)).await, Err(ProviderError::Failed(_))));

    let other = LocalEngine::start().await;
    other.answer(says(200, &[], "secret"));
    let elsewhere =
        [other.url.as_str(), "https://127.0.0.1/", "https://169.254.169.254/", "http://storage.example/", "file:///etc/passwd"];
    for place in elsewhere {
        engine.answer_aside(vec![("/1".to_owned(), to(place))]);
        assert!(matches!(provider.recording(&order(&told, None)).await, Err(ProviderError::Failed(_))), "{place}");
        assert!(matches!(provider.recording(&order(place, None)).await, Err(ProviderError::Failed(_))), "{place}");
    }
    // A name that stands for this machine is found out when it is asked for.
    assert!(matches!(provider.recording(&order("https://localhost./", None)).await, Err(ProviderError::Failed(_))));
    assert!(other.asked().is_empty());
}

#[tokio::test]
async fn what_is_gone_is_gone_and_what_fails_may_be_asked_for_again() {
    let engine = LocalEngine::start().await;
    let provider = provider(&engine.url);
    let told = format!("{}/1", engine.url);
    for status in [404, 410] {
        engine.answer(says(status, &[], ""));
        assert!(matches!(provider.recording(&order(&told, None)).await, Err(ProviderError::Gone)), "{status}");
    }
    for status in [401, 403, 500, 302, 204] {
        engine.answer(says(status, &[], ""));
        assert!(matches!(provider.recording(&order(&told, None)).await, Err(ProviderError::Failed(_))), "{status}");
    }
    engine.answer(says(429, &[("retry-after", "7")], ""));
    assert!(matches!(provider.recording(&order(&told, None)).await, Err(ProviderError::Busy { retry_after: Some(_) })));
    let none = AudioOrder { told: None, ..order(&told, None) };
    assert!(matches!(provider.recording(&none).await, Err(ProviderError::Gone)));
}

#[tokio::test]
async fn audio_that_breaks_off_is_not_taken_for_all_of_it() {
    let engine = LocalEngine::start().await;
    engine.answer(Answer::CutOff { status: 200, body: "RIFF and much more".to_owned() });
    let audio = provider(&engine.url).recording(&order(&format!("{}/1", engine.url), None)).await.unwrap();
    assert!(matches!(whole(audio).await, Err(ProviderError::Failed(_))));
}
