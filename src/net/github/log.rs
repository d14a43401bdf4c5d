//! The log of a finished job: the API says where it lies, for a minute, and it is fetched there
//! without the token (apis.md §6.3).

use http::{StatusCode, Uri, header};
use tokio::time::timeout;

use super::stack::{self, Keep, Origin};
use super::{ERROR_LIMIT, GitHub, Share};
use crate::net::error::NetError;
use crate::net::read::BodyStream;

impl GitHub {
    /// Opens a log as it comes. `path` is the API's; where that leads is followed once.
    pub async fn log(&self, path: &str) -> Result<BodyStream, NetError> {
        let location = {
            let held = self.held().await?;
            let _slot = self.inner.slots.acquire().await;
            let answer = self.open(path, None, Share::Ours, &held).await?;
            if answer.status() != StatusCode::FOUND && answer.status() != StatusCode::TEMPORARY_REDIRECT {
                if answer.status().is_success() {
                    let told = self.heard(answer.status(), answer.headers(), &held);
                    return Ok(BodyStream::new(answer.into_body(), told.date, self.inner.deadlines.idle));
                }
                return match self.whole(answer, &held).await {
                    Err(error) => Err(error),
                    Ok(_) => Err(NetError::Transport("the answer names no log".to_owned())),
                };
            }
            self.heard(answer.status(), answer.headers(), &held);
            let location = answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
            location.and_then(|text| text.parse::<Uri>().ok())
        };
        let place = location.as_ref().and_then(Origin::of);
        let (Some(uri), Some(place)) = (location, place) else {
            return Err(NetError::Transport("the answer names no place of the log".to_owned()));
        };
        if !place.is_private() {
            return Err(NetError::Unusable(format!(
                "the log lies at {}, which is not https, and is not fetched",
                place.host()
            )));
        }
        self.fetch(uri, &place).await
    }

    /// From wherever it lies; the URL is a secret for as long as it lives, and stands in no message.
    async fn fetch(&self, uri: Uri, place: &Origin) -> Result<BodyStream, NetError> {
        let client = stack::client(place, None, Keep::Nothing, self.inner.deadlines.connect)?;
        let after = self.inner.deadlines.headers;
        let answer = timeout(after, client._get(uri)).await;
        let answer = answer
            .map_err(|_| NetError::Deadline { what: "answer", after })?
            .map_err(|error| stack::failed(place.host(), &error, self.inner.place))?;
        let status = answer.status();
        let stream = BodyStream::new(answer.into_body(), None, self.inner.deadlines.idle);
        if status == StatusCode::OK {
            return Ok(stream);
        }
        if status.is_redirection() {
            return Err(NetError::Redirected { server: String::new(), from: place.host().to_owned() });
        }
        let body = stream.collect(ERROR_LIMIT).await.unwrap_or_default();
        Err(NetError::from_status(status.as_u16(), &body, None))
    }
}
