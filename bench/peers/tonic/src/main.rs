//! The benchmark's contract on tonic: a far reference, in another language. Its argument is the port.
use std::pin::Pin;

use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming, transport::Server};

mod probe {
    tonic::include_proto!("probe.v1");
}
use probe::probe_service_server::{ProbeService, ProbeServiceServer};

struct Probe;

type Messages<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// New for each answer, as it is in the other servers.
fn payload() -> Option<probe::Payload> {
    Some(probe::Payload {
        n: 1_700_000_000,
        text: "Ada Lovelace".into(),
        blob: b"ada@example.com".to_vec(),
        short: "reader".into(),
    })
}

#[tonic::async_trait]
impl ProbeService for Probe {
    async fn unary(&self, _: Request<probe::UnaryRequest>) -> Result<Response<probe::UnaryResponse>, Status> {
        Ok(Response::new(probe::UnaryResponse { payload: payload() }))
    }

    type ServerStreamStream = Messages<probe::ServerStreamResponse>;

    async fn server_stream(
        &self,
        request: Request<probe::ServerStreamRequest>,
    ) -> Result<Response<Self::ServerStreamStream>, Status> {
        let count = request.into_inner().payload.map_or(0, |payload| payload.n);
        let messages = (0..count).map(|_| Ok(probe::ServerStreamResponse { payload: payload() }));
        Ok(Response::new(Box::pin(tokio_stream::iter(messages))))
    }

    async fn client_stream(
        &self,
        _: Request<Streaming<probe::ClientStreamRequest>>,
    ) -> Result<Response<probe::ClientStreamResponse>, Status> {
        Err(Status::unimplemented("not measured"))
    }

    type BidiStreamStream = Messages<probe::BidiStreamResponse>;

    async fn bidi_stream(
        &self,
        _: Request<Streaming<probe::BidiStreamRequest>>,
    ) -> Result<Response<Self::BidiStreamStream>, Status> {
        Err(Status::unimplemented("not measured"))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::args().nth(1).ok_or("the argument is the port")?;
    let address = format!("127.0.0.1:{port}").parse()?;
    Server::builder().add_service(ProbeServiceServer::new(Probe)).serve(address).await?;
    Ok(())
}
