//! The one question that Kubernetes wants as a POST: whether this user may do a thing.
//!
//! A SelfSubjectAccessReview is answered by the server's authorizer and kept nowhere: no object is
//! made, no controller hears of it, and asking it twice differs in nothing from asking once. It is a
//! read in all but its method, so it stands beside [`ReadStack`] and goes into no journal. So that it
//! cannot become a way around the write path, the path is fixed here and the body is made of a
//! [`Deed`]; it is sent once, on a connection of its own, within the deadline of a read.

use http::{Method, Request, header};
use kube::client::Body;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::error::NetError;
use super::read::{ReadStack, accept};

const PATH: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
/// Of an answer, which is some lines.
const BODY_LIMIT: usize = 1 << 20;

/// What one may want to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deed<'a> {
    pub verb: &'a str,
    /// API group; empty for the core one.
    pub group: &'a str,
    pub resource: &'a str,
    /// Empty for the object itself.
    pub subresource: &'a str,
    /// Empty for all of them, and for kinds outside of namespaces.
    pub namespace: &'a str,
    /// Of one object only; empty for any.
    pub name: &'a str,
}

/// What the authorizer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Review {
    Allowed,
    /// With its reason, where it gives one.
    Denied(String),
}

impl ReadStack {
    /// Asks once. See the module for why this is no write.
    pub async fn review(&self, deed: Deed<'_>) -> Result<Review, NetError> {
        let after = self.deadlines().headers;
        // A credential may take an exec plug-in its time; the server is not asked meanwhile.
        let client = self.access.fresh().await?;
        let whole = async {
            let sent = client.send(request(deed)?).await;
            let response = sent.map_err(|error| NetError::from_send(&error, &self.access.server()))?;
            let stream = accept(response, self.deadlines().idle).await?;
            decode(&stream.collect(BODY_LIMIT).await?)
        };
        timeout(after, whole).await.unwrap_or(Err(NetError::Deadline { what: "answer", after }))
    }
}

fn request(deed: Deed<'_>) -> Result<Request<Body>, NetError> {
    Request::builder()
        .method(Method::POST)
        .uri(PATH)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json")
        .body(Body::from(body(deed).to_string().into_bytes()))
        .map_err(|error| NetError::Unusable(error.to_string()))
}

fn body(deed: Deed<'_>) -> Value {
    json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": { "resourceAttributes": {
            "verb": deed.verb, "group": deed.group, "resource": deed.resource,
            "subresource": deed.subresource, "namespace": deed.namespace, "name": deed.name,
        } },
    })
}

fn decode(body: &[u8]) -> Result<Review, NetError> {
    #[derive(Deserialize)]
    struct Answer {
        status: Status,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Status {
        allowed: bool,
        #[serde(default)]
        reason: String,
        #[serde(default)]
        evaluation_error: String,
    }
    let Ok(Answer { status }) = serde_json::from_slice(body) else {
        return Err(NetError::Transport("the answer is no access review".to_owned()));
    };
    Ok(if status.allowed {
        Review::Allowed
    } else {
        let known = [status.reason, status.evaluation_error].into_iter().find(|words| !words.is_empty());
        Review::Denied(known.unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_yes_is_a_yes() {
        assert_eq!(decode(br#"{"status":{"allowed":true}}"#), Ok(Review::Allowed));
        let said = br#"{"status":{"allowed":false,"denied":true,"reason":"","evaluationError":"no such role"}}"#;
        assert_eq!(decode(said), Ok(Review::Denied("no such role".to_owned())));
        for odd in ["{}", "[]", "", r#"{"status":{}}"#, r#"{"status":{"allowed":"true"}}"#] {
            assert!(decode(odd.as_bytes()).is_err(), "{odd}");
        }
    }
}
