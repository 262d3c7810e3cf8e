//! The yardstick: the least that an HTTP handler in the same framework can do with the same request.

use std::io::Write;

use actix_web::http::header::AUTHORIZATION;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use anyhow::Result;

/// Serves on a free port of loopback, and prints its address.
pub fn serve() -> Result<()> {
    actix_web::rt::System::new().block_on(async {
        let app = || {
            App::new()
                .route("/v1/calls", web::post().to(create))
                .route("/v1/calls", web::get().to(read))
                .route("/v1/calls/{id}", web::get().to(read))
                .route("/v1/webhooks/call-completed", web::post().to(create))
        };
        let server = HttpServer::new(app).bind("127.0.0.1:0")?;
        let address = server.addrs().first().copied().ok_or_else(|| anyhow::anyhow!("no address"))?;
        writeln!(std::io::stdout(), "{address}")?;
        server.run().await?;
        Ok(())
    })
}

async fn create(request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let known = request.headers().get(AUTHORIZATION).is_some_and(|value| value.as_bytes().starts_with(b"Bearer "));
    if !known || body.is_empty() {
        return HttpResponse::Unauthorized().finish();
    }
    HttpResponse::Created().content_type("application/json").body(r#"{"call_id":"019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d"}"#)
}

async fn read(request: HttpRequest) -> HttpResponse {
    let known = request.headers().get(AUTHORIZATION).is_some_and(|value| value.as_bytes().starts_with(b"Bearer "));
    if !known {
        return HttpResponse::Unauthorized().finish();
    }
    HttpResponse::Ok().content_type("application/json").body(r#"{"call_id":"019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d"}"#)
}
