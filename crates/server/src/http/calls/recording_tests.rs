//! What is passed on of audio, and what is not.

use actix_web::body::to_bytes;
use async_trait::async_trait;
use callgate_domain::ports::ProviderError;

use super::*;

struct Bits(Vec<Result<&'static str, &'static str>>);

#[async_trait]
impl AudioBody for Bits {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, ProviderError> {
        match self.0.pop() {
            None => Ok(None),
            Some(Ok(bytes)) => Ok(Some(bytes.as_bytes().to_vec())),
            Some(Err(why)) => Err(ProviderError::Failed(anyhow::anyhow!(why))),
        }
    }
}

fn audio(content_type: Option<&str>, extent: Extent, length: Option<u64>, bits: &[Result<&'static str, &'static str>]) -> Audio {
    let bits = bits.iter().rev().copied().collect();
    Audio { content_type: content_type.map(str::to_owned), extent, length, body: Box::new(Bits(bits)) }
}

fn header<'a>(response: &'a HttpResponse, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

#[actix_web::test]
async fn all_of_it_or_a_part_comes_bit_by_bit() {
    let whole = answer(audio(Some("audio/wav"), Extent::Whole, Some(4), &[Ok("ab"), Ok("cd")])).unwrap();
    assert_eq!((whole.status().as_u16(), header(&whole, "content-type")), (200, Some("audio/wav")));
    assert_eq!(to_bytes(whole.into_body()).await.unwrap(), "abcd");
    let extent = Extent::Part { first: 2, last: 3, total: Some(4) };
    let part = answer(audio(None, extent, None, &[Ok("cd")])).unwrap();
    assert_eq!((part.status().as_u16(), header(&part, "content-range")), (206, Some("bytes 2-3/4")));
    assert_eq!(to_bytes(part.into_body()).await.unwrap(), "cd");
}

#[actix_web::test]
async fn what_breaks_off_is_no_end() {
    let broken = answer(audio(None, Extent::Whole, None, &[Ok("ab"), Err("gone"), Ok("cd")])).unwrap();
    assert!(to_bytes(broken.into_body()).await.is_err());
}

#[test]
fn bytes_that_are_not_there_are_a_problem() {
    let problem = answer(audio(None, Extent::Outside { total: Some(4) }, None, &[])).unwrap_err();
    assert_eq!(problem.code, Code::RangeNotSatisfiable);
    assert_eq!(problem.headers, [(CONTENT_RANGE, HeaderValue::from_static("bytes */4"))]);
}

#[test]
fn only_types_of_audio_are_passed_on() {
    for (told, shown) in [
        (Some("audio/mpeg"), "audio/mpeg"),
        (Some("Audio/X-WAV; codecs=1"), "audio/x-wav"),
        (Some("text/html"), SOMETHING),
        (Some("audio/"), SOMETHING),
        (Some("audio/a b"), SOMETHING),
        (Some("audio/mpeg, text/html"), SOMETHING),
        (None, SOMETHING),
    ] {
        assert_eq!(type_of(told), shown, "{told:?}");
    }
}

fn check(ranges: &[&str], expected: Option<ByteRange>) {
    let mut headers = HeaderMap::new();
    ranges.iter().for_each(|range| headers.append(RANGE, HeaderValue::from_str(range).unwrap()));
    assert_eq!(range_of(&headers), expected, "{ranges:?}");
}

#[test]
fn one_stretch_of_bytes_is_understood() {
    check(&["bytes=0-9"], Some(ByteRange::From(0, Some(9))));
    check(&["bytes=5-"], Some(ByteRange::From(5, None)));
    check(&["bytes=-7"], Some(ByteRange::Last(7)));
    for odd in
        ["", "bytes", "bytes=-", "bytes=9-0", "bytes=0-1,4-5", "items=0-1", "bytes=+1-2", "bytes=0-99999999999999999999999"]
    {
        check(&[odd], None);
    }
    check(&["bytes=0-1", "bytes=2-3"], None);
    check(&[], None);
}

#[test]
fn what_cannot_be_had_now_says_when_to_ask_again() {
    let not_now = |retry_after| problem(NoAudio::NotNow { retry_after, cause: anyhow::anyhow!("secret") });
    for (retry_after, seconds) in [(None, "30"), (Some(Duration::from_secs(7)), "7"), (Some(Duration::ZERO), "1")] {
        let problem = not_now(retry_after);
        assert_eq!((problem.code, problem.headers[0].1.to_str().unwrap()), (Code::Unavailable, seconds));
        assert!(!problem.detail.contains("secret"));
    }
}
