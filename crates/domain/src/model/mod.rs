//! Pure values and rules. No async, no I/O, no clock: moments come in as arguments.

pub(crate) mod words;

pub mod agent;
pub mod breaker;
pub mod call;
pub mod delivery;
pub mod endpoint;
pub mod evidence;
pub mod exchange;
pub mod holds;
pub mod ids;
pub mod moment;
pub mod nearest;
pub mod notice;
pub mod pacing;
pub mod phone;
pub mod provider;
pub mod quota;
pub mod rate;
pub mod retry;
pub mod secret;

pub use agent::{Agent, Route, Voicemail};
pub use call::{
    Asked, Call, CallEvent, CallState, Deadline, EndedBy, EndedReason, Erasure, Forbidden, Stale, Status, Terms, Transition,
};
pub use delivery::{Delivery, DeliveryResult, NotSent, Sent, Verdict};
pub use endpoint::{Endpoint, EndpointChange, EndpointSecret, EndpointUrl};
pub use evidence::{Evidence, Seen, Source};
pub use exchange::{Answer, Exchange};
pub use holds::{Hold, OnHold};
pub use ids::{
    AgentKey, AttemptId, AuditId, CallId, ClientId, ConnectionId, DeliveryId, EndpointId, Fence, InboxId, KeyId, NoticeId,
    ProviderCallId, ProviderId, Revision, WorkerId,
};
pub use notice::{Notice, NoticeType};
pub use phone::Phone;
pub use provider::{Placing, Retry};
pub use quota::{Overrun, Quota, Spending};
pub use retry::RetryPlan;
pub use secret::Secret;
