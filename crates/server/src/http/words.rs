//! The closed lists of words as the API document names them: each is made from the model's own list.

use std::borrow::Cow;

use callgate_domain::model::call::TranscriptStatus;
use callgate_domain::model::call::conversation::Role;
use callgate_domain::model::call::history::{By, What};
use callgate_domain::model::{DeliveryResult, EndedBy, EndedReason, NotSent, NoticeType, Status};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

macro_rules! document {
    ($($word:ident $name:literal $of:ty: $about:literal;)+) => {$(
        #[doc = $about]
        pub struct $word;

        impl PartialSchema for $word {
            fn schema() -> RefOr<Schema> {
                words($about, <$of>::ALL.iter().map(|word| word.as_str()))
            }
        }

        impl ToSchema for $word {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }
        }
    )+};
}

document! {
    StatusWord "CallStatus" Status: "Where a call is. `completed`, `no_answer`, `busy`, `failed`, `canceled`, `expired` and `blocked` are terminal and final.";
    EndedReasonWord "EndedReason" EndedReason: "Why a call ended.";
    EndedByWord "EndedBy" EndedBy: "Who ended a call.";
    TranscriptStatusWord "TranscriptStatus" TranscriptStatus: "What there is of the words.";
    RoleWord "Role" Role: "Who speaks.";
    WhatWord "TimelineWhat" What: "What changed.";
    ByWord "TimelineBy" By: "What caused a change.";
    SentTypeWord "WebhookType" NoticeType: "What a notice tells; `webhook.test` is a sample that was asked for.";
    DeliveryResultWord "WebhookDeliveryResult" DeliveryResult: "What became of a delivery: `failed` can be sent again on request.";
    DeliveryFaultWord "WebhookDeliveryFault" NotSent: "Why a receiver did not answer.";
}

/// What an endpoint can choose to be told.
pub struct NoticeTypeWord;

impl PartialSchema for NoticeTypeWord {
    fn schema() -> RefOr<Schema> {
        let about = "What an endpoint is told: `call.completed` once per call, at any terminal status; `call.updated` for \
                     each thing learned after that.";
        words(about, NoticeType::CHOICES.iter().map(|word| word.as_str()))
    }
}

impl ToSchema for NoticeTypeWord {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("WebhookEvent")
    }
}

fn words(about: &str, words: impl Iterator<Item = &'static str>) -> RefOr<Schema> {
    let list = ObjectBuilder::new().schema_type(Type::String).description(Some(about)).enum_values(Some(words));
    RefOr::T(Schema::Object(list.build()))
}
