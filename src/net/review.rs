//! The one question that Kubernetes wants as a POST: whether this user may do a thing.
//!
//! A SelfSubjectAccessReview, and the SelfSubjectRulesReview that tells all rules of a namespace at once, are answered by the server's authorizer and kept nowhere: no object is
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
const RULES: &str = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
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

/// The rules that hold for this account in one namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    rules: Vec<Rule>,
    /// Another authorizer has a say too, and told nothing.
    pub incomplete: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Rule {
    verbs: Vec<String>,
    api_groups: Vec<String>,
    resources: Vec<String>,
    resource_names: Vec<String>,
}

impl Rules {
    /// Whether a rule allows it, for every object of its kind.
    #[must_use]
    pub fn allow(&self, deed: Deed<'_>) -> bool {
        let whole = match deed.subresource {
            "" => deed.resource.to_owned(),
            sub => format!("{}/{sub}", deed.resource),
        };
        let any_of = format!("*/{}", deed.subresource);
        let has = |words: &[String], word: &str| words.iter().any(|one| one == "*" || one == word);
        self.rules.iter().any(|rule| {
            let resource =
                has(&rule.resources, &whole) || !deed.subresource.is_empty() && rule.resources.contains(&any_of);
            resource
                && rule.resource_names.is_empty()
                && has(&rule.verbs, deed.verb)
                && has(&rule.api_groups, deed.group)
        })
    }

    /// Everything, on everything.
    #[must_use]
    pub fn is_all(&self) -> bool {
        let any = |words: &[String]| words.iter().any(|one| one == "*");
        self.rules.iter().any(|rule| {
            any(&rule.verbs) && any(&rule.api_groups) && any(&rule.resources) && rule.resource_names.is_empty()
        })
    }
}

impl ReadStack {
    /// Asks once. See the module for why this is no write.
    pub async fn review(&self, deed: Deed<'_>) -> Result<Review, NetError> {
        decode(&self.reviewed(request(PATH, &body(deed))?).await?)
    }

    /// The rules of one namespace, asked once.
    pub async fn rules(&self, namespace: &str) -> Result<Rules, NetError> {
        let body = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview",
            "spec": { "namespace": namespace },
        });
        decode_rules(&self.reviewed(request(RULES, &body)?).await?)
    }

    async fn reviewed(&self, request: Request<Body>) -> Result<Vec<u8>, NetError> {
        let after = self.deadlines().headers;
        // A credential may take an exec plug-in its time; the server is not asked meanwhile.
        let client = self.access.fresh().await?;
        let whole = async {
            let sent = client.send(request).await;
            let response = sent.map_err(|error| NetError::from_send(&error, &self.access.server()))?;
            let stream = accept(response, self.deadlines().idle).await?;
            Ok(stream.collect(BODY_LIMIT).await?.to_vec())
        };
        timeout(after, whole).await.unwrap_or(Err(NetError::Deadline { what: "answer", after }))
    }
}

fn request(path: &str, body: &Value) -> Result<Request<Body>, NetError> {
    Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json")
        .body(Body::from(body.to_string().into_bytes()))
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

fn decode_rules(body: &[u8]) -> Result<Rules, NetError> {
    #[derive(Deserialize)]
    struct Answer {
        status: Status,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Status {
        resource_rules: Vec<Rule>,
        #[serde(default)]
        incomplete: bool,
    }
    let answer: Result<Answer, _> = serde_json::from_slice(body);
    let Ok(Answer { status }) = answer else {
        return Err(NetError::Transport("the answer is no review of rules".to_owned()));
    };
    Ok(Rules { rules: status.resource_rules, incomplete: status.incomplete })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_allows_what_it_names_for_every_object() {
        let rules = |text: &str| decode_rules(text.as_bytes()).unwrap();
        let deed =
            |verb, group, resource, subresource| Deed { verb, group, resource, subresource, namespace: "", name: "" };
        let status = deed("patch", "argoproj.io", "rollouts", "status");
        let rollouts = deed("patch", "argoproj.io", "rollouts", "");
        let of = |resources: &str, more: &str| {
            rules(&format!(
                r#"{{"status":{{"resourceRules":[{{"verbs":["get","patch"],"apiGroups":["argoproj.io"],"resources":[{resources}]{more}}}],"nonResourceRules":[]}}}}"#
            ))
        };
        assert!(of(r#""rollouts""#, "").allow(rollouts) && !of(r#""rollouts""#, "").allow(status));
        assert!(of(r#""rollouts/status""#, "").allow(status) && !of(r#""rollouts/status""#, "").allow(rollouts));
        assert!(of(r#""*/status""#, "").allow(status) && of(r#""*""#, "").allow(status));
        assert!(!of(r#""rollouts""#, r#","resourceNames":["checkout"]"#).allow(rollouts), "for one of them only");
        assert!(!of(r#""rollouts""#, "").allow(deed("patch", "", "rollouts", "")), "of another group");
        assert!(!of(r#""*""#, "").is_all());
        let all =
            r#"{"status":{"resourceRules":[{"verbs":["*"],"apiGroups":["*"],"resources":["*"]}],"incomplete":true}}"#;
        assert!(rules(all).is_all() && rules(all).incomplete && rules(all).allow(status));
        for odd in ["{}", "", r#"{"status":{}}"#, r#"{"status":{"resourceRules":7}}"#] {
            assert!(decode_rules(odd.as_bytes()).is_err(), "{odd}");
        }
    }

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
